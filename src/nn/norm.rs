//! L2 norms that neither underflow nor overflow where the norm itself is representable in f64.
//!
//! Squares of f32 gradients vanish from 1e-19 on: half of a deep sigmoid network's record would be lost. The
//! fast path sums squares in the elements' own type over short runs, which vectorises, and adds the runs in
//! f64; when the mean square lies outside [`Scalar::SAFE_MEAN_SQUARE`] the sum is made again from elements
//! scaled by the largest one.

use super::scalar::{Scalar, is_nan};

const LANES: usize = 32;
/// Squares that one lane adds in the elements' own type: keeps the rounding error of f32 under 1e-6.
const RUN: usize = 16;

/// Sum of squares of `values`, as a fast path only: may under- or overflow.
#[inline(always)]
fn fast_sum<T: Scalar>(values: &[T]) -> f64 {
    let mut total = 0.0f64;
    let mut blocks = values.chunks_exact(LANES * RUN);
    for block in &mut blocks {
        let mut lanes = [T::ZERO; LANES];
        for row in block.chunks_exact(LANES) {
            for (lane, &x) in lanes.iter_mut().zip(row) {
                *lane += x * x;
            }
        }
        total += add_lanes(&lanes);
    }
    let mut rows = blocks.remainder().chunks_exact(LANES);
    let mut lanes = [T::ZERO; LANES];
    for row in &mut rows {
        for (lane, &x) in lanes.iter_mut().zip(row) {
            *lane += x * x;
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rows.remainder()) {
        *lane += x * x;
    }
    total + add_lanes(&lanes)
}

#[inline(always)]
pub(super) fn add_lanes<T: Scalar>(lanes: &[T; LANES]) -> f64 {
    let mut wide = [0.0f64; 8];
    for part in lanes.chunks_exact(8) {
        for (w, &x) in wide.iter_mut().zip(part) {
            *w += x.to_f64();
        }
    }
    ((wide[0] + wide[4]) + (wide[1] + wide[5])) + ((wide[2] + wide[6]) + (wide[3] + wide[7]))
}

/// A squared norm as `sum * 4^exponent`, so that the norm `sqrt(sum) * 2^exponent` can be far outside what
/// squares hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SquareSum {
    pub sum: f64,
    pub exponent: i32,
}

impl SquareSum {
    pub const ZERO: SquareSum = SquareSum { sum: 0.0, exponent: 0 };

    /// Sum of two; the smaller one is brought to the larger one's exponent.
    pub fn plus(self, other: SquareSum) -> SquareSum {
        if self.exponent == other.exponent || other.sum == 0.0 {
            return SquareSum { sum: self.sum + other.sum, exponent: self.exponent };
        }
        if self.sum == 0.0 {
            return other;
        }
        let (high, low) = if self.exponent > other.exponent { (self, other) } else { (other, self) };
        let shift = 2 * (low.exponent - high.exponent).max(-1000);
        SquareSum { sum: high.sum + low.sum * 2f64.powi(shift), exponent: high.exponent }
    }

    /// The same for values that are all `2^by` times as large.
    pub fn scaled(self, by: i32) -> SquareSum {
        SquareSum { sum: self.sum, exponent: self.exponent + by }
    }

    /// The squared norm itself, as far as f64 holds it.
    #[inline(always)]
    pub fn value(self) -> f64 {
        if self.exponent == 0 { self.sum } else { self.sum * 4f64.powi(self.exponent) }
    }

    /// The norm. [`crate::stats::UNDERFLOW`] when it is not zero but too small for f64.
    pub fn norm(self) -> f64 {
        if self.exponent == 0 {
            return self.sum.sqrt();
        }
        // Two factors, so that neither leaves the range where the product is inside.
        let half = self.exponent / 2;
        let norm = self.sum.sqrt() * 2f64.powi(half) * 2f64.powi(self.exponent - half);
        if norm == 0.0 && self.sum > 0.0 { crate::stats::UNDERFLOW } else { norm }
    }
}

/// Sum of squares in the safe form. NaN and infinity come out as such.
#[inline(always)]
pub(super) fn square_sum_inline<T: Scalar>(values: &[T]) -> SquareSum {
    checked(values, fast_sum(values))
}

/// `sum`, made of squares in the elements' own type, when it lost nothing there; else the careful sum.
#[inline(always)]
pub(super) fn checked<T: Scalar>(values: &[T], sum: f64) -> SquareSum {
    if is_safe::<T>(sum, values.len()) { SquareSum { sum, exponent: 0 } } else { careful_sum(values) }
}

/// True when a sum of `n` squares made in `T` lost nothing to underflow or overflow.
#[inline(always)]
pub(super) fn is_safe<T: Scalar>(sum: f64, n: usize) -> bool {
    let (low, high) = T::SAFE_MEAN_SQUARE;
    let n = n as f64;
    sum > low * n && sum < high * n
}

/// Sum of squares of a slice.
pub fn square_sum<T: Scalar>(values: &[T]) -> SquareSum {
    super::scalar::simd(
        #[inline(always)]
        || square_sum_inline(values),
    )
}

/// The witness and the rare path: elements scaled by a power of two near the largest one, squared in f64.
#[cold]
#[inline(never)]
pub fn careful_sum<T: Scalar>(values: &[T]) -> SquareSum {
    let (largest, any_nan) = super::scalar::simd(
        #[inline(always)]
        || largest(values),
    );
    // Whole updates are lost to rounding in deep networks: zeros are not rare.
    if largest == 0.0 && !any_nan {
        return SquareSum::ZERO;
    }
    if any_nan || largest == f64::INFINITY {
        return SquareSum { sum: if any_nan { f64::NAN } else { f64::INFINITY }, exponent: 0 };
    }
    let exponent = largest.log2().floor() as i32;
    let half = -exponent / 2;
    let (s1, s2) = (2f64.powi(half), 2f64.powi(-exponent - half));
    let sum = values.iter().map(|x| (x.to_f64() * s1 * s2).powi(2)).sum();
    SquareSum { sum, exponent }
}

/// The largest magnitude among the numbers, and whether there is something that is none.
#[inline(always)]
fn largest<T: Scalar>(values: &[T]) -> (f64, bool) {
    let mut lanes = [T::ZERO; LANES];
    let mut nan = [false; LANES];
    for part in values.chunks(LANES) {
        for ((lane, nan), &x) in lanes.iter_mut().zip(&mut nan).zip(part) {
            *lane = lane.max(x.abs());
            *nan |= is_nan(x);
        }
    }
    (lanes.iter().fold(0.0, |m, x| x.to_f64().max(m)), nan.iter().any(|&n| n))
}

/// Sum in eight lanes: a single chain of additions waits four cycles for each.
pub(super) fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    for part in values.chunks(8) {
        for (lane, x) in lanes.iter_mut().zip(part) {
            *lane += x;
        }
    }
    lanes.iter().sum()
}

/// L2 norm of a slice, in f64.
pub fn norm<T: Scalar>(values: &[T]) -> f64 {
    square_sum(values).norm()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(values: &[f32]) -> f64 {
        values.iter().map(|&x| (x as f64).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn f32_norms_are_right_from_the_smallest_to_the_largest() {
        for scale in [1e-44f32, 1e-38, 1e-30, 1e-20, 1e-15, 1e-5, 1.0, 1e10, 1e18, 1e37] {
            for n in [1, 7, 31, 32, 33, 255, 256, 257, 1000] {
                let v: Vec<f32> = (0..n).map(|i| ((i as f32 * 0.7).sin() + 1.5) * scale).collect();
                let (got, want) = (norm(&v), plain(&v));
                assert!((got - want).abs() <= 1e-6 * want, "{scale} {n}: {got} {want}");
            }
        }
    }

    #[test]
    fn f64_norms_survive_where_squares_do_not() {
        for scale in [1e-300, 1e-200, 1.0, 1e200, 1e300] {
            let got = norm(&[3.0 * scale, 4.0 * scale]);
            assert!((got / (5.0 * scale) - 1.0).abs() < 1e-14, "{scale}: {got}");
        }
    }

    #[test]
    fn zero_nan_infinity_and_underflow_stay_four_facts() {
        assert_eq!(norm(&[0.0f32; 40]).to_bits(), 0.0f64.to_bits());
        assert!(norm(&[1.0, f32::NAN, f32::INFINITY]).is_nan());
        assert_eq!(norm(&[1.0, f32::NEG_INFINITY]), f64::INFINITY);
        let tiny = square_sum(&[1e-300f64]).scaled(-500);
        assert_eq!(tiny.norm().to_bits(), crate::stats::UNDERFLOW.to_bits());
    }

    #[test]
    fn sums_add_across_exponents() {
        let a = SquareSum { sum: 9.0, exponent: -400 };
        let b = SquareSum { sum: 16.0, exponent: -400 };
        assert!((a.plus(b).norm() / (5.0 * 2f64.powi(-400)) - 1.0).abs() < 1e-15);
        let c = SquareSum { sum: 1.0, exponent: -398 };
        assert!((a.plus(c).norm() / 2f64.powi(-400) - 5.0).abs() < 1e-12);
        assert_eq!(SquareSum::ZERO.plus(a), a);
    }
}
