//! Pure numbers: what a measured value is, and how it is put on a logarithmic scale.
//!
//! A recorded norm is one of six facts, and a figure shows all six: a finite positive number, an exact zero, an
//! underflow (the true value is not zero, but the number format could not hold it), not-a-number, infinity, and missing
//! (it was not measured). They travel inside ordinary `f64` arrays, so that any program can read them:
//!
//! | fact | stored as | test in NumPy |
//! |---|---|---|
//! | finite | the value, > 0 | `x > 0` |
//! | exact zero | `+0.0` | `(x == 0) & ~np.signbit(x)` |
//! | underflow | `-0.0` | `(x == 0) & np.signbit(x)` |
//! | not a number | any NaN but the next | `np.isnan(x)` |
//! | missing | the NaN with payload 1954, as R's `NA` | `x.view('u8') == 0x7FF80000000007A2` |
//! | infinite | `inf` | `np.isinf(x)` |

use serde::{Deserialize, Serialize};

/// The stored form of "not measured": a quiet NaN that carries R's `NA` payload.
pub const MISSING: f64 = f64::from_bits(0x7FF8_0000_0000_07A2);

/// The stored form of "not zero, but too small for the number format".
pub const UNDERFLOW: f64 = -0.0;

/// True for the one NaN that means missing.
pub fn is_missing(value: f64) -> bool {
    value.to_bits() == MISSING.to_bits()
}

/// A measured non-negative quantity on a log10 scale, with the reason where there is no logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// log10 of a finite positive value.
    Finite(f64),
    Zero,
    Underflow,
    Nan,
    Infinite,
    Missing,
}

impl Cell {
    /// Classifies a stored value (see the table in the module docs). A negative number is not a norm: NaN.
    pub fn from_stored(value: f64) -> Cell {
        if is_missing(value) {
            Cell::Missing
        } else if value.is_nan() || value < 0.0 {
            Cell::Nan
        } else if value.is_infinite() {
            Cell::Infinite
        } else if value == 0.0 {
            if value.is_sign_negative() { Cell::Underflow } else { Cell::Zero }
        } else {
            Cell::Finite(value.log10())
        }
    }

    /// log10 of the value where it is finite and positive.
    pub fn log10(self) -> Option<f64> {
        match self {
            Cell::Finite(x) => Some(x),
            _ => None,
        }
    }
}

/// Median of the finite values; `None` when there is none. Sorts a copy.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut v: Vec<f64> = values.into_iter().filter(|x| x.is_finite()).collect();
    if v.is_empty() {
        return None;
    }
    v.sort_by(f64::total_cmp);
    let mid = v.len() / 2;
    Some(if v.len() % 2 == 1 { v[mid] } else { 0.5 * (v[mid - 1] + v[mid]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_facts_are_told_apart() {
        assert_eq!(Cell::from_stored(100.0), Cell::Finite(2.0));
        assert_eq!(Cell::from_stored(0.0), Cell::Zero);
        assert_eq!(Cell::from_stored(UNDERFLOW), Cell::Underflow);
        assert_eq!(Cell::from_stored(f64::NAN), Cell::Nan);
        assert_eq!(Cell::from_stored(f64::INFINITY), Cell::Infinite);
        assert_eq!(Cell::from_stored(MISSING), Cell::Missing);
        assert_eq!(Cell::from_stored(-1.0), Cell::Nan);
        assert!(MISSING.is_nan() && !is_missing(f64::NAN));
    }

    #[test]
    fn median_ignores_what_is_not_finite() {
        assert_eq!(median([3.0, f64::NAN, 1.0]), Some(2.0));
        assert_eq!(median([f64::INFINITY]), None);
    }
}
