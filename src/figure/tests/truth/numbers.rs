//! Numbers as people write them, read back with what their digits leave open.

/// The same as log10; minus infinity for 0.
pub fn log10(text: &str) -> f64 {
    let digits = |s: &str| -> f64 {
        let plain: String = s
            .chars()
            .map(|c| match c {
                '⁻' => '-',
                '¹' => '1',
                '²' => '2',
                '³' => '3',
                '⁰' | '⁴'..='⁹' => char::from(b'0' + (c as u32 - 0x2070) as u8),
                c => c,
            })
            .filter(|c| *c != ',')
            .collect();
        plain.parse().unwrap_or_else(|_| panic!("no number: {s}"))
    };
    match text.split_once(" × 10") {
        Some((mantissa, exponent)) => digits(mantissa).log10() + digits(exponent),
        None if text.starts_with("10") && text.chars().nth(2).is_some_and(|c| !c.is_ascii()) => {
            digits(&text[2..])
        }
        None => digits(text).log10(),
    }
}

pub fn value(text: &str) -> f64 {
    10f64.powf(log10(text))
}

pub fn whole(text: &str) -> usize {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("no whole number: {text}"))
}

/// Does the text say this number (its log10), as far as two digits can?
pub fn says_log10(text: &str, x: f64) -> bool {
    let said = log10(text);
    if said == f64::NEG_INFINITY || x == f64::NEG_INFINITY {
        return said == x;
    }
    // Half of the second digit, of the smaller of the two numbers.
    let unit = 10f64.powf(said.min(x).floor() - said.min(x) - 1.0);
    let relative = (10f64.powf((said - x).abs()) - 1.0).abs();
    relative <= 0.5 * unit * (1.0 + 1e-6) * 1.06
}

pub fn says(text: &str, x: f64) -> bool {
    x >= 0.0 && says_log10(text, x.log10())
}

/// A share, written in per cent.
pub fn says_percent(text: &str, share: f64) -> bool {
    says(text, 100.0 * share)
}

#[test]
fn numbers_are_read_as_they_are_written() {
    for (text, x) in [
        ("9,300", 9300.0),
        ("3.2 × 10⁻⁹", 3.2e-9),
        ("10¹²", 1e12),
        ("0.045", 0.045),
        ("10", 10.0),
        ("100", 100.0),
    ] {
        assert!((value(text) / x - 1.0).abs() < 1e-9, "{text}");
    }
    assert!(
        says("9,300", 9347.0) && says("9,300", 9251.0) && !says("9,300", 9360.0) && !says("9,300", 9240.0)
    );
    assert!(says("1.0", 1.049) && !says("1.0", 1.06) && says("0", 0.0) && !says("0", 0.1));
    assert!(says_percent("99.9", 0.99999) && says_percent("11", 0.1149) && !says_percent("11", 0.1161));
}
