//! What one field says.

/// Words for a value that is not there, in any case; an empty field is one too.
const MISSING: [&str; 5] = ["na", "n/a", "nan", "null", "?"];

/// What a field can be taken for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    Missing,
    Number(f32),
    /// A number only when its comma is a decimal point.
    Comma(f32),
    /// A number beyond 32 bits, or an infinity.
    Infinite,
    Text,
}

impl Reading {
    /// The reading of a trimmed field.
    pub(super) fn of(field: &str) -> Reading {
        if is_missing(field) {
            return Reading::Missing;
        }
        match field.parse::<f32>() {
            Ok(value) if value.is_finite() => Reading::Number(value),
            // `-nan`, with which C programs write a missing number.
            Ok(value) if value.is_nan() => Reading::Missing,
            Ok(_) => Reading::Infinite,
            Err(_) => match with_point(field).map(|number| number.parse::<f32>()) {
                Some(Ok(value)) if value.is_finite() => Reading::Comma(value),
                _ => Reading::Text,
            },
        }
    }
}

pub(super) fn is_missing(field: &str) -> bool {
    // Most fields are numbers, and there are many.
    if field.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    field.is_empty() || field.len() < 5 && MISSING.iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// The field with its one comma as a point; none where it has no comma, several, or a point as well.
pub(super) fn with_point(field: &str) -> Option<String> {
    let (whole, decimals) = field.split_once(',')?;
    (!decimals.contains(',') && !field.contains('.')).then(|| format!("{whole}.{decimals}"))
}

/// Signs that stand before or behind an amount.
const SIGNS: [char; 6] = ['$', '€', '£', '¥', '%', '‰'];

/// A number with something around it: a sign of a currency, a per cent sign, separators of thousands. As a
/// text it would be a category.
pub(super) fn is_decorated(field: &str) -> bool {
    let bare = field.trim_start_matches(['-', '+']).trim_matches(|c: char| SIGNS.contains(&c) || c == ' ');
    let plain = matches!(Reading::of(bare), Reading::Number(_) | Reading::Comma(_));
    plain && bare.len() < field.len() || has_thousands(bare)
}

/// `1,234,567.8` or `1.234,5`, with commas, points, apostrophes or blanks between groups of three digits.
fn has_thousands(field: &str) -> bool {
    let Some(separator) = field.chars().find(|c| !c.is_ascii_digit()) else { return false };
    let mut groups = field.split(separator);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    let rest: Vec<&str> = groups.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let (end, decimals) = last.split_once([',', '.']).unwrap_or((last, ""));
    let are_groups = middle.iter().chain([&end]).all(|group| group.len() == 3 && is_digits(group));
    // One group alone may as well be decimals.
    let is_clear = !middle.is_empty() || !decimals.is_empty();
    matches!(separator, ',' | '.' | '\'' | ' ' | '’' | '\u{a0}')
        && first
        && are_groups
        && is_clear
        && is_digits(decimals)
}

/// Digits alone, with or without a sign.
pub(super) fn is_written_whole(field: &str) -> bool {
    let digits = field.strip_prefix(['-', '+']).unwrap_or(field);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A finite number of 64 bits; -0 is 0.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(|value| value + 0.0)
}

/// A field as an error shows it.
pub(super) fn shortened(field: &str) -> String {
    if field.chars().count() <= 40 {
        field.to_string()
    } else {
        field.chars().take(37).chain("...".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_number_a_text_or_missing() {
        for (field, reading) in [
            ("1.5", Reading::Number(1.5)),
            ("-3e2", Reading::Number(-300.0)),
            ("1,5", Reading::Comma(1.5)),
            ("-,5", Reading::Comma(-0.5)),
            ("1,5e3", Reading::Comma(1500.0)),
            ("1.000,5", Reading::Text),
            ("1,000,5", Reading::Text),
            (",", Reading::Text),
            ("1e39", Reading::Infinite),
            ("-inf", Reading::Infinite),
            ("", Reading::Missing),
            ("?", Reading::Missing),
            ("NaN", Reading::Missing),
            ("-nan", Reading::Missing),
            ("n/a", Reading::Missing),
            ("NULL", Reading::Missing),
            ("none", Reading::Text),
            ("red", Reading::Text),
        ] {
            assert_eq!(Reading::of(field), reading, "'{field}'");
        }
        for field in ["$5", "-$1,50", "12 %", "3€", "1,234,567", "1.234,5", "1'234'567.25", "$1,234.50"] {
            assert!(is_decorated(field), "{field}");
        }
        for field in
            ["5", "1,5", "20-29", ">50", "12:30", "2024-01-02", "1.2.3", "a%", "%", "1,2,3", "1.234.56"]
        {
            assert!(!is_decorated(field), "{field}");
        }
        assert!(is_written_whole("-12") && !is_written_whole("1.0") && !is_written_whole("-"));
    }
}
