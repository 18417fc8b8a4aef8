//! How a page holds numbers: three significant digits and an exponent, in two bytes.
//!
//! A value is its record's value rounded to three digits, `m/100 x 10^e` with `m` from 100 to 999; what a
//! page says is what it holds, with no second rounding. One row of codes (little-endian, base64) covers 72
//! decades in two bytes; where a grid spans more, four bytes a value are used.
//!
//! | code | what |
//! |---|---|
//! | 0 to 4 | zero, underflow, NaN, infinite, missing |
//! | 5 + 900 (e - `exponent`) + (m - 100) | the value |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::stats::Measured;

/// Codes below this are the five special kinds.
pub const FIRST: u32 = 5;
/// Mantissas of one exponent.
pub const MANTISSAS: u32 = 900;
/// Exponents that two bytes have room for.
pub const NARROW: i32 = 72;

/// Three significant digits: `mantissa / 100 x 10^exponent`, mantissa from 100 to 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    pub mantissa: u32,
    pub exponent: i32,
}

impl Digits {
    /// Code of 10^`log10`, which must be finite.
    pub fn of(log10: f64) -> Digits {
        let floor = log10.floor();
        let mantissa = 10f64.powf(log10 - floor + 2.0).round() as u32;
        let exponent = floor as i32;
        // 9.996 is 1.00 of the next decade.
        if mantissa >= 1000 {
            Digits { mantissa: 100, exponent: exponent + 1 }
        } else {
            Digits { mantissa, exponent }
        }
    }
}

/// A cell as a page holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Index in the order zero, underflow, NaN, infinite, missing.
    Special(usize),
    Value(Digits),
}

impl Held {
    pub fn of(cell: Measured) -> Held {
        match cell.positive().map_or(cell, Measured::from_stored) {
            Measured::Finite(x) => Held::Value(Digits::of(x.log10())),
            // A share of zero has the code of zero: the scale of its heatmap says that it is a value.
            Measured::Zero => Held::Special(0),
            Measured::Underflow => Held::Special(1),
            Measured::Nan => Held::Special(2),
            Measured::Infinite => Held::Special(3),
            Measured::Missing => Held::Special(4),
        }
    }

    /// True for what must be seen however many steps there are.
    pub fn is_alarm(self) -> bool {
        matches!(self, Held::Special(2 | 3))
    }
}

/// Values in a row, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// The least exponent.
    pub exponent: i32,
    /// Bytes a value: 2 or 4.
    pub bytes: u8,
    pub base64: String,
}

impl Codes {
    pub fn of(values: &[Held]) -> Codes {
        let exponents =
            || values.iter().filter_map(|v| if let Held::Value(d) = v { Some(d.exponent) } else { None });
        let least = exponents().min().unwrap_or(0);
        let bytes = if exponents().max().unwrap_or(0) - least < NARROW { 2 } else { 4 };
        let mut raw = Vec::with_capacity(values.len() * usize::from(bytes));
        for value in values {
            let code = match value {
                Held::Special(kind) => *kind as u32,
                Held::Value(d) => FIRST + MANTISSAS * (d.exponent - least) as u32 + (d.mantissa - 100),
            };
            raw.extend(&code.to_le_bytes()[..usize::from(bytes)]);
        }
        Codes { exponent: least, bytes, base64: STANDARD.encode(&raw) }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The other direction, written for the tests: nothing in the program reads a page.
    pub fn decode(codes: &Codes) -> Vec<Held> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut bits, mut held, mut raw) = (0u32, 0, Vec::new());
        for c in codes.base64.bytes().filter(|c| *c != b'=') {
            bits = (bits << 6) | alphabet.iter().position(|a| *a == c).unwrap() as u32;
            held += 6;
            if held >= 8 {
                held -= 8;
                raw.push((bits >> held) as u8);
                bits &= (1 << held) - 1;
            }
        }
        let read = |b: &[u8]| b.iter().rev().fold(0u32, |n, x| (n << 8) | u32::from(*x));
        raw.chunks(usize::from(codes.bytes))
            .map(read)
            .map(|code| match code.checked_sub(FIRST) {
                None => Held::Special(code as usize),
                Some(v) => Held::Value(Digits {
                    mantissa: v % MANTISSAS + 100,
                    exponent: (v / MANTISSAS) as i32 + codes.exponent,
                }),
            })
            .collect()
    }

    /// As `format!("{x:.2e}")` writes the value: an independent rounding to three digits.
    pub fn written(held: Held) -> String {
        match held {
            Held::Special(k) => ["zero", "underflow", "nan", "infinite", "missing"][k].into(),
            Held::Value(d) => format!("{}.{:02}e{}", d.mantissa / 100, d.mantissa % 100, d.exponent),
        }
    }

    #[test]
    fn three_digits_are_those_of_the_standard_library() {
        for x in [
            1.0,
            9.994,
            9.996,
            0.1,
            1e-3,
            1000.0,
            2.5e-9,
            6.02214076e23,
            1.3e-40,
            4.9e-324,
            1.79e308,
            0.999_6,
        ] {
            let x: f64 = x;
            assert_eq!(written(Held::of(Measured::from_stored(x))), format!("{x:.2e}"), "{x:e}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(values in proptest::collection::vec(proptest::num::f64::ANY, 0..40)) {
            let held: Vec<Held> = values.iter().map(|x| Held::of(Measured::from_stored(x.abs()))).collect();
            proptest::prop_assert_eq!(decode(&Codes::of(&held)), held);
        }

        #[test]
        fn digits_are_within_half_a_unit(x in 1e-300f64..1e300) {
            let d = Digits::of(x.log10());
            let back = f64::from(d.mantissa) * 0.01;
            let mantissa = x / 10f64.powi(d.exponent);
            proptest::prop_assert!((back - mantissa).abs() <= 0.005 + 1e-9, "{} {:?}", x, d);
        }
    }

    #[test]
    fn five_special_kinds_and_a_wide_span() {
        let cells = [
            Measured::Zero,
            Measured::Underflow,
            Measured::Nan,
            Measured::Infinite,
            Measured::Missing,
            Measured::Finite(1e-45),
        ];
        let held: Vec<Held> = cells.iter().map(|c| Held::of(*c)).collect();
        let codes = Codes::of(&held);
        assert_eq!((codes.bytes, codes.exponent), (2, -45));
        assert_eq!(decode(&codes), held);
        let wide = [Held::of(Measured::Finite(5e-301)), Held::of(Measured::Finite(5e300))];
        assert_eq!(Codes::of(&wide).bytes, 4);
        assert_eq!(decode(&Codes::of(&wide)), wide);
    }
}
