//! How numbers are written. Two significant digits: a reader compares orders of magnitude, not digits.

use super::Lang;

/// Between a number and its unit, where no line may break.
const NBSP: char = '\u{a0}';

impl Lang {
    /// `1234567` as `1,234,567`.
    pub fn count(self, n: u64) -> String {
        match self {
            Lang::En | Lang::Zh => thousands(&n.to_string()),
        }
    }

    /// Two significant digits, plain where that is readable: `3.2`, `0.045`, `2,600`, else `3.2 × 10⁻⁹`.
    pub fn number(self, x: f64) -> String {
        let size = x.abs();
        if x.is_nan() {
            match self {
                Lang::En => "not a number".into(),
                Lang::Zh => "非数".into(),
            }
        } else if size == f64::INFINITY {
            match self {
                Lang::En => if x > 0.0 { "infinite" } else { "minus infinite" }.into(),
                Lang::Zh => if x > 0.0 { "无穷大" } else { "负无穷大" }.into(),
            }
        } else if x == 0.0 {
            "0".into()
        } else if !(1e-3..1e6).contains(&size) {
            self.scientific(x)
        } else if size >= 99.5 {
            // Rounded to two digits, written in full.
            let unit = 10f64.powf(size.log10().floor() - 1.0).round();
            let rounded = self.count(((size / unit).round() * unit) as u64);
            if x < 0.0 { format!("-{rounded}") } else { rounded }
        } else if size >= 9.95 {
            format!("{x:.0}")
        } else if size >= 0.995 {
            format!("{x:.1}")
        } else {
            let decimals = (1.0 - size.log10().floor()) as usize;
            format!("{x:.decimals$}")
        }
    }

    /// `3.2 × 10⁻⁹`; a mantissa of 1.0 is left out.
    pub fn scientific(self, x: f64) -> String {
        let text = format!("{x:.1e}");
        let Some((mantissa, exponent)) = text.split_once('e') else { return text };
        let power = format!("10{}", superscript(exponent));
        match mantissa {
            "1.0" => power,
            "-1.0" => format!("-{power}"),
            _ => format!("{mantissa}{NBSP}×{NBSP}{power}"),
        }
    }

    /// 10^`log10` as [`Lang::number`] writes it, also where the power itself leaves the range of `f64`.
    pub fn power(self, log10: f64) -> String {
        if log10.abs() < 290.0 {
            return self.number(10f64.powf(log10));
        }
        if !log10.is_finite() {
            return self.number(10f64.powf(log10));
        }
        let exponent = log10.floor();
        format!("{:.1}{NBSP}×{NBSP}10{}", 10f64.powf(log10 - exponent), superscript(&format!("{exponent}")))
    }

    /// A number that was chosen by hand, as it was written; from 10⁵ on and below 10⁻⁴, where digits have to
    /// be counted, as a power of ten. What is no number stays as it is.
    pub fn chosen(self, text: &str) -> String {
        match text.parse::<f64>() {
            Ok(x) if x != 0.0 && x.is_finite() && !(1e-4..1e5).contains(&x.abs()) => {
                let digits = format!("{x:e}");
                let Some((mantissa, exponent)) = digits.split_once('e') else { return digits };
                let power = format!("10{}", superscript(exponent));
                if mantissa == "1" { power } else { format!("{mantissa}{NBSP}×{NBSP}{power}") }
            }
            _ => text.into(),
        }
    }

    /// All digits: the shortest number that reads as this one.
    pub fn exact(self, x: f64) -> String {
        exact(x, 0)
    }

    /// A share as a percentage, with all its digits.
    pub fn exact_percent(self, share: f64) -> String {
        exact(share, 2) + self.percent_sign()
    }

    /// A difference of two shares in percentage points, as [`Lang::percent`] rounds them.
    pub fn points(self, difference: f64) -> String {
        self.as_points(difference, &self.percent(difference))
    }

    /// The same with all its digits.
    pub fn exact_points(self, difference: f64) -> String {
        self.as_points(difference, &self.exact_percent(difference))
    }

    fn as_points(self, difference: f64, percent: &str) -> String {
        let number = percent.trim_end_matches(self.percent_sign());
        match self {
            Lang::En if difference == 0.01 => format!("{number}{NBSP}point"),
            Lang::En => format!("{number}{NBSP}points"),
            Lang::Zh => format!("{number} 个百分点"),
        }
    }

    /// Behind a number: English sets a no-break space before the sign, as ISO 80000-1 does, Chinese none.
    pub fn percent_sign(self) -> &'static str {
        match self {
            Lang::En => "\u{a0}%",
            Lang::Zh => "%",
        }
    }

    /// A threshold as a percentage: round numbers stay round (`1 %`).
    pub fn mark(self, share: f64) -> String {
        let sign = self.percent_sign();
        self.percent(share).replace(&format!(".0{sign}"), sign)
    }

    /// A share as a percentage with two significant digits; one under 100 % is never rounded up to it.
    pub fn percent(self, share: f64) -> String {
        let p = 100.0 * share;
        let text = if (99.5..100.0).contains(&p) {
            format!("{:.1}", (p * 10.0).floor() / 10.0)
        } else if (99.5..1e6).contains(&p) {
            self.count(p.round() as u64)
        } else if p > 0.0 && p < 1e-3 {
            self.scientific(p)
        } else {
            self.number(p)
        };
        if share.is_finite() { text + self.percent_sign() } else { text }
    }
}

/// `x` times 10^`shift` with the digits of the shortest decimal that reads as `x`; no arithmetic rounds them.
fn exact(x: f64, shift: i32) -> String {
    let text = format!("{:e}", x.abs());
    let Some((digits, Ok(exponent))) =
        text.split_once('e').map(|(d, e)| (d.replace('.', ""), e.parse::<i32>()))
    else {
        return format!("{x}");
    };
    if x == 0.0 {
        return "0".into();
    }
    let sign = if x < 0.0 { "-" } else { "" };
    let point = exponent + shift + 1;
    match point {
        _ if !(-3..=15).contains(&point) => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{sign}{first}{dot}{rest}{NBSP}×{NBSP}10{}", superscript(&format!("{}", point - 1)))
        }
        ..=0 => format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
        _ if digits.len() <= point as usize => format!("{sign}{digits:0<width$}", width = point as usize),
        _ => format!("{sign}{}.{}", &digits[..point as usize], &digits[point as usize..]),
    }
}

/// Digits with a comma before every three: `1,234,567`.
pub fn thousands(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// 10 to a whole power, written as a person writes it: `10⁻³`.
pub fn power_of_ten(exponent: i32) -> String {
    format!("10{}", superscript(&exponent.to_string()))
}

fn superscript(integer: &str) -> String {
    integer
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '0'..='9' => char::from_u32(0x2070 + (c as u32 - '0' as u32)).unwrap_or(c),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn exact_numbers_keep_every_digit() {
        for (x, alone, percent) in [
            (0.12345, "0.12345", "12.345 %"),
            (0.07, "0.07", "7 %"),
            (0.285, "0.285", "28.5 %"),
            (-0.285, "-0.285", "-28.5 %"),
            (70.25, "70.25", "7025 %"),
            (1.234e-7, "1.234 × 10⁻⁷", "1.234 × 10⁻⁵ %"),
            (5e22, "5 × 10²²", "5 × 10²⁴ %"),
            (0.0, "0", "0 %"),
            (1.0, "1", "100 %"),
            (0.001, "0.001", "0.1 %"),
        ] {
            assert_eq!(
                (plain(Lang::En.exact(x)), plain(Lang::En.exact_percent(x))),
                (alone.into(), percent.into())
            );
        }
    }

    #[test]
    fn chosen_numbers_stay_as_they_are_while_they_can_be_read() {
        for (text, shown) in [
            ("0.1", "0.1"),
            ("0.0001", "0.0001"),
            ("0.00003", "3 × 10⁻⁵"),
            ("0.000015", "1.5 × 10⁻⁵"),
            ("99999", "99999"),
            ("100000", "10⁵"),
            ("1000000000000000000000000000000", "10³⁰"),
            ("0", "0"),
            ("full (64)", "full (64)"),
        ] {
            assert_eq!(plain(Lang::Zh.chosen(text)), shown);
        }
    }

    #[test]
    fn thresholds_stay_round() {
        assert_eq!(plain(Lang::En.mark(0.01)), "1 %");
        assert_eq!(plain(Lang::En.mark(0.105)), "10 %");
        assert_eq!(plain(Lang::En.mark(0.015)), "1.5 %");
    }

    #[test]
    fn numbers_are_written_for_people() {
        let en = Lang::En;
        for (x, text) in [
            (2617.0, "2,600"),
            (99.6, "100"),
            (99.4, "99"),
            (996.0, "1,000"),
            (123456.0, "120,000"),
            (3.249, "3.2"),
            (9.96, "10"),
            (0.996, "1.0"),
            (0.0451, "0.045"),
            (0.00999, "0.0100"),
            (3.21e-9, "3.2 × 10⁻⁹"),
            (1e-12, "10⁻¹²"),
            (4.56e30, "4.6 × 10³⁰"),
            (-2617.0, "-2,600"),
            (0.0, "0"),
            (f64::NAN, "not a number"),
            (f64::INFINITY, "infinite"),
        ] {
            assert_eq!(plain(en.number(x)), text, "{x}");
        }
        assert_eq!(en.count(999), "999");
        assert_eq!(en.count(12_345_678), "12,345,678");
        assert_eq!(plain(en.power(-4000.5)), "3.2 × 10⁻⁴⁰⁰¹");
        assert_eq!(en.power(2.0), "100");
    }

    #[test]
    fn percentages() {
        let en = Lang::En;
        for (x, text) in [
            (0.1123, "11 %"),
            (0.0151, "1.5 %"),
            (0.00021, "0.021 %"),
            (2e-9, "2.0 × 10⁻⁷ %"),
            (0.9996, "99.9 %"),
            (1.0, "100 %"),
            (1.404, "140 %"),
            (12.34, "1,234 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(plain(en.percent(x)), text, "{x}");
        }
    }
}
