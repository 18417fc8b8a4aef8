//! Pure numbers: what a measured value is, where it lies on a scale, and what many of them amount to.
//!
//! A recorded norm is one of six facts, and a figure shows all six: a finite positive number, an exact zero,
//! an underflow (the true value is not zero, but the number format could not hold it), not-a-number,
//! infinity, and missing (it was not measured). They travel inside ordinary `f64` arrays, so that any program
//! can read them:
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

pub mod bins;

/// The stored form of "not measured": a quiet NaN that carries R's `NA` payload.
pub const MISSING: f64 = f64::from_bits(0x7FF8_0000_0000_07A2);

/// The stored form of "not zero, but too small for the number format".
pub const UNDERFLOW: f64 = -0.0;

/// True for the one NaN that means missing.
pub fn is_missing(value: f64) -> bool {
    value.to_bits() == MISSING.to_bits()
}

/// A measured non-negative quantity: the number with the bits that were recorded, or the reason why there is
/// none.
///
/// It knows nothing of logarithms: whether a zero can be drawn, and where a number lies, is a matter of the
/// [`ValueScale`] that it is put on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Measured {
    /// A finite number above zero.
    Finite(f64),
    Zero,
    Underflow,
    Nan,
    Infinite,
    Missing,
}

impl Measured {
    /// The five kinds that are not a finite number above zero, in the order in which legends list them.
    pub const SPECIAL: [Measured; 5] =
        [Measured::Zero, Measured::Underflow, Measured::Nan, Measured::Infinite, Measured::Missing];

    /// Classifies a stored value (see the table in the module docs). A negative number is not a norm: NaN.
    pub fn from_stored(value: f64) -> Measured {
        if is_missing(value) {
            Measured::Missing
        } else if value.is_nan() || value < 0.0 {
            Measured::Nan
        } else if value.is_infinite() {
            Measured::Infinite
        } else if value == 0.0 {
            if value.is_sign_negative() { Measured::Underflow } else { Measured::Zero }
        } else {
            Measured::Finite(value)
        }
    }

    /// The number, where there is a finite one; an exact zero is one, an underflow is not.
    pub fn value(self) -> Option<f64> {
        match self {
            Measured::Finite(x) => Some(x),
            Measured::Zero => Some(0.0),
            _ => None,
        }
    }

    /// The number where it is finite and above zero.
    pub fn positive(self) -> Option<f64> {
        match self {
            Measured::Finite(x) => Some(x),
            _ => None,
        }
    }

    /// log10 of the number where it is finite and above zero.
    pub fn log10(self) -> Option<f64> {
        self.positive().map(f64::log10)
    }
}

/// How values are laid along a bar, an axis or a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueScale {
    /// Shares: zero has a place like any other number.
    Linear,
    /// Norms: equal factors are equal distances, and zero has no place.
    Log10,
}

impl ValueScale {
    /// Where a measurement lies: the number itself or its log10; `None` for what has no place on this scale.
    pub fn place(self, measured: Measured) -> Option<f64> {
        match self {
            ValueScale::Linear => measured.value(),
            ValueScale::Log10 => measured.log10(),
        }
    }

    /// The number where a measurement has a place on this scale.
    pub fn value(self, measured: Measured) -> Option<f64> {
        match self {
            ValueScale::Linear => measured.value(),
            ValueScale::Log10 => measured.positive(),
        }
    }

    /// Median of the numbers that have a place on this scale: the middle one, or of the middle two the mean
    /// (geometric on a logarithmic scale).
    pub fn median(self, all: &[Measured]) -> Option<f64> {
        let mut v: Vec<f64> = all.iter().filter_map(|m| self.value(*m)).filter(|x| x.is_finite()).collect();
        v.sort_by(f64::total_cmp);
        let upper = *v.get(v.len() / 2)?;
        if v.len() % 2 == 1 {
            return Some(upper);
        }
        let lower = v[v.len() / 2 - 1];
        Some(match self {
            _ if lower == upper => upper,
            ValueScale::Linear => 0.5 * (lower + upper),
            ValueScale::Log10 => lower.sqrt() * upper.sqrt(),
        })
    }
}

/// What many measurements of one quantity amount to: seeds, recorded steps, the columns that fall on one
/// pixel.
///
/// 1. Where fewer than half of them were measured at all: missing. A few among many gaps stand for nothing.
/// 2. Where at least half of the measured ones have a place on the scale: their median
///    ([`ValueScale::median`]).
/// 3. Else the kind that occurs most often; of equally frequent ones the gravest (NaN, infinite, underflow,
///    zero).
///
/// There is one exception, and it is named where it is made: a pixel of a heatmap shows NaN or infinity when
/// it occurs at all (`render::raster::gather`), because a picture must not hide the one step at which a run
/// broke.
pub fn typical(all: &[Measured], scale: ValueScale) -> Measured {
    let measured = all.iter().filter(|m| **m != Measured::Missing).count();
    if 2 * measured < all.len().max(1) {
        return Measured::Missing;
    }
    let placed = all.iter().filter(|m| scale.value(**m).is_some()).count();
    if 2 * placed >= measured
        && let Some(middle) = scale.median(all)
    {
        // A median of zeros is a zero, on the scale that has a place for it.
        return if middle == 0.0 { Measured::Zero } else { Measured::Finite(middle) };
    }
    let count = |kind: &Measured| all.iter().filter(|m| *m == kind).count();
    let by_gravity = [Measured::Zero, Measured::Underflow, Measured::Infinite, Measured::Nan];
    // Of equal counts `max_by_key` takes the last.
    by_gravity.into_iter().max_by_key(count).unwrap_or(Measured::Missing)
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
        assert_eq!(Measured::from_stored(100.0), Measured::Finite(100.0));
        assert_eq!(Measured::from_stored(0.0), Measured::Zero);
        assert_eq!(Measured::from_stored(UNDERFLOW), Measured::Underflow);
        assert_eq!(Measured::from_stored(f64::NAN), Measured::Nan);
        assert_eq!(Measured::from_stored(f64::INFINITY), Measured::Infinite);
        assert_eq!(Measured::from_stored(MISSING), Measured::Missing);
        assert_eq!(Measured::from_stored(-1.0), Measured::Nan);
        assert!(MISSING.is_nan() && !is_missing(f64::NAN));
    }

    #[test]
    fn a_measurement_keeps_its_bits_and_the_scale_places_it() {
        for x in [0.1, 5e-324, 1.0 / 3.0, 1.797e308] {
            assert_eq!(Measured::from_stored(x).value().map(f64::to_bits), Some(x.to_bits()));
            assert_eq!(ValueScale::Log10.place(Measured::from_stored(x)), Some(x.log10()));
            assert_eq!(ValueScale::Linear.place(Measured::from_stored(x)), Some(x));
        }
        assert_eq!(ValueScale::Linear.place(Measured::Zero), Some(0.0));
        assert_eq!(ValueScale::Log10.place(Measured::Zero), None);
        for special in [Measured::Underflow, Measured::Nan, Measured::Infinite, Measured::Missing] {
            assert_eq!(ValueScale::Linear.place(special), None);
        }
    }

    #[test]
    fn many_measurements_become_one_by_one_rule() {
        use Measured::*;
        let log = |all: &[Measured]| typical(all, ValueScale::Log10);
        assert_eq!(log(&[Finite(1e-3), Finite(0.1), Finite(1e5)]), Finite(0.1));
        assert_eq!(log(&[Finite(1e-300), Finite(1e-300)]), Finite(1e-300));
        assert_eq!(log(&[Finite(4.0), Nan, Finite(9.0)]), Finite(6.0));
        assert_eq!(typical(&[Finite(4.0), Nan, Finite(9.0)], ValueScale::Linear), Finite(6.5));
        assert_eq!(log(&[Finite(4.0), Nan, Nan]), Nan);
        assert_eq!(log(&[Finite(4.0), Nan]), Finite(4.0));
        // The gravest of equally frequent kinds, whatever their order.
        assert_eq!(log(&[Underflow, Zero]), Underflow);
        assert_eq!(log(&[Zero, Underflow]), Underflow);
        assert_eq!(log(&[Zero, Nan, Infinite, Underflow]), Nan);
        // Zero is a value of a share, and none of a norm.
        assert_eq!(log(&[Zero, Zero, Finite(1.0)]), Zero);
        assert_eq!(typical(&[Zero, Zero, Finite(1.0)], ValueScale::Linear), Zero);
        assert_eq!(typical(&[Zero, Finite(0.5), Finite(1.0)], ValueScale::Linear), Finite(0.5));
        // Gaps do not vote, but too many of them leave nothing to be said.
        assert_eq!(log(&[Missing, Finite(2.0)]), Finite(2.0));
        assert_eq!(log(&[Missing, Missing, Finite(2.0)]), Missing);
        assert_eq!(log(&[]), Missing);
    }

    #[test]
    fn median_ignores_what_is_not_finite() {
        assert_eq!(median([3.0, f64::NAN, 1.0]), Some(2.0));
        assert_eq!(median([f64::INFINITY]), None);
    }
}
