//! The number types that networks are trained in, and their elementary functions.
//!
//! `f32` functions are branch-free polynomials that the compiler vectorises inside [`simd`]; they are written
//! without fused multiply-add, so that every processor gives the same bits. `f64` is the reference and uses
//! the system's functions.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use super::kernel::Lanes;
use crate::stats::bins::Piece;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// Whether it is no number, in a form that becomes vector code.
#[inline(always)]
#[allow(clippy::eq_op)] // Only a NaN differs from itself.
pub(crate) fn is_nan<T: Scalar>(x: T) -> bool {
    x != x
}

/// `f32` or `f64`.
pub trait Scalar:
    sealed::Sealed
    + Copy
    + Send
    + Sync
    + Default
    + Debug
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + ndarray::LinalgScalar
    + Lanes
    + Piece
{
    const ZERO: Self;
    const ONE: Self;
    /// `f32` or `f64`.
    const NAME: &'static str;
    /// A mean square inside these bounds was summed without loss from squares in this type (see
    /// [`super::norm`]).
    const SAFE_MEAN_SQUARE: (f64, f64);

    fn from_f64(x: f64) -> Self;
    /// The slice itself where the type is the same, else a converted copy.
    fn from_f32s(values: &[f32]) -> Cow<'_, [Self]>;
    /// Appends the little-endian bytes.
    fn write_bytes(self, to: &mut Vec<u8>);
    fn to_f64(self) -> f64;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn max(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    /// `yes` or `no`, both computed: a choice without a branch, so that loops over it become vector code.
    fn pick(condition: bool, yes: Self, no: Self) -> Self;
    /// e^x, correct to about 1 unit in the last place, gradual underflow included.
    fn exp(self) -> Self;
    /// e^x - 1, relatively right near 0.
    fn exp_m1(self) -> Self;
    /// ln(1 + x) for x >= 0, relatively right near 0.
    fn ln_1p(self) -> Self;
    fn ln(self) -> Self;
    fn tanh(self) -> Self;
    /// The distribution function of N(0, 1), relatively right in the lower tail.
    fn normal_cdf(self) -> Self;
}

/// Runs `f` compiled for the widest vector instructions of this processor. `f` must be `#[inline(always)]`.
#[inline]
pub fn simd<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

impl Scalar for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const NAME: &'static str = "f32";
    // Squares under 1.2e-38 lose digits or vanish: with a mean square above 1e-29 they make less than 1e-9 of
    // the sum.
    const SAFE_MEAN_SQUARE: (f64, f64) = (1e-29, 1e28);

    #[inline(always)]
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    fn from_f32s(values: &[f32]) -> Cow<'_, [f32]> {
        Cow::Borrowed(values)
    }
    fn write_bytes(self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self as f64
    }
    #[inline(always)]
    fn abs(self) -> f32 {
        f32::abs(self)
    }
    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn max(self, other: f32) -> f32 {
        // Not f32::max: this form is one instruction, and a NaN in `self` survives.
        if other > self { other } else { self }
    }
    #[inline(always)]
    fn min(self, other: f32) -> f32 {
        if other < self { other } else { self }
    }
    #[inline(always)]
    fn pick(condition: bool, yes: f32, no: f32) -> f32 {
        let mask = (condition as u32).wrapping_neg();
        f32::from_bits((yes.to_bits() & mask) | (no.to_bits() & !mask))
    }
    #[inline(always)]
    fn copysign(self, sign: f32) -> f32 {
        f32::copysign(self, sign)
    }

    /// Range reduction after Cody and Waite, polynomial of Cephes `expf` (S. Moshier), 2^n in two factors so
    /// that results down to the smallest subnormal number are right.
    #[inline(always)]
    fn exp(self) -> f32 {
        let x = Scalar::max(Scalar::min(self, 89.0), -104.0);
        let (p, n) = exp_reduced(x);
        let half = n >> 1;
        let scale = |k: i32| f32::from_bits(((k + 127) << 23) as u32);
        p * scale(half) * scale(n - half)
    }

    /// Near 0 the polynomial for (e^x - 1 - x) / x^2; elsewhere e^x - 1, which loses less than 2 bits there.
    #[inline(always)]
    fn exp_m1(self) -> f32 {
        let x = self;
        // Minimax of Cephes `expf` is (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2.
        let near = x + x * x * exp_tail(x);
        let far = Scalar::exp(x) - 1.0;
        f32::pick(f32::abs(x) < 0.34, near, far)
    }

    #[inline(always)]
    fn ln_1p(self) -> f32 {
        libm::log1pf(self)
    }
    #[inline(always)]
    fn ln(self) -> f32 {
        f32::ln(self)
    }

    /// Polynomial of Cephes `tanhf` near 0, (1 - e) / (1 + e) with e = exp(-2|x|) elsewhere.
    #[inline(always)]
    fn tanh(self) -> f32 {
        let a = f32::abs(self);
        let e = Scalar::exp(-2.0 * a);
        let far = f32::copysign((1.0 - e) / (1.0 + e), self);
        let s = self * self;
        let p = (((-5.704_988_7e-3 * s + 2.063_908_8e-2) * s - 5.373_971_6e-2) * s + 1.333_144_2e-1) * s
            - 3.333_328e-1;
        let near = p * s * self + self;
        f32::pick(a < 0.625, near, far)
    }

    #[inline(always)]
    fn normal_cdf(self) -> f32 {
        // In f64: rounding the argument to f32 already costs 1e-5 in the tail.
        (0.5 * libm::erfc(-(self as f64) * std::f64::consts::FRAC_1_SQRT_2)) as f32
    }
}

/// (e^r - 1 - r) / r^2 for |r| <= 0.35, Cephes `expf`.
#[inline(always)]
fn exp_tail(r: f32) -> f32 {
    ((((1.987_569_1e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r + 1.666_666_5e-1)
        * r
        + 0.5
}

/// e^x = p * 2^n with |ln p| <= ln(2)/2, for |x| <= 104.
#[inline(always)]
fn exp_reduced(x: f32) -> (f32, i32) {
    // Adding 1.5 * 2^23 rounds to the nearest integer, and leaves it in the low bits.
    const MAGIC: f32 = 12_582_912.0;
    let t = x * std::f32::consts::LOG2_E + MAGIC;
    let n = t - MAGIC;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = r * r * exp_tail(r) + r + 1.0;
    (p, (t.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32))
}

impl Scalar for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const NAME: &'static str = "f64";
    const SAFE_MEAN_SQUARE: (f64, f64) = (1e-290, 1e290);

    #[inline(always)]
    fn from_f64(x: f64) -> f64 {
        x
    }
    fn from_f32s(values: &[f32]) -> Cow<'_, [f64]> {
        Cow::Owned(values.iter().map(|&x| f64::from(x)).collect())
    }
    fn write_bytes(self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn abs(self) -> f64 {
        f64::abs(self)
    }
    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn max(self, other: f64) -> f64 {
        if other > self { other } else { self }
    }
    #[inline(always)]
    fn min(self, other: f64) -> f64 {
        if other < self { other } else { self }
    }
    #[inline(always)]
    fn pick(condition: bool, yes: f64, no: f64) -> f64 {
        let mask = (condition as u64).wrapping_neg();
        f64::from_bits((yes.to_bits() & mask) | (no.to_bits() & !mask))
    }
    #[inline(always)]
    fn copysign(self, sign: f64) -> f64 {
        f64::copysign(self, sign)
    }
    #[inline(always)]
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    #[inline(always)]
    fn exp_m1(self) -> f64 {
        f64::exp_m1(self)
    }
    #[inline(always)]
    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }
    #[inline(always)]
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    #[inline(always)]
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
    #[inline(always)]
    fn normal_cdf(self) -> f64 {
        0.5 * libm::erfc(-self * std::f64::consts::FRAC_1_SQRT_2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(got: f32, want: f64) -> f64 {
        if want == 0.0 { got.abs() as f64 } else { ((got as f64 - want) / want).abs() }
    }

    #[test]
    fn f32_functions_agree_with_f64_relatively() {
        let mut x = -86.0f64;
        while x < 86.0 {
            let v = x as f32;
            let w = v as f64;
            assert!(relative(Scalar::exp(v), w.exp()) < 3e-7, "exp {v}");
            assert!(relative(Scalar::exp_m1(v), w.exp_m1()) < 6e-7, "expm1 {v}");
            assert!(relative(Scalar::tanh(v), w.tanh()) < 3e-7, "tanh {v}");
            if v > -13.0 {
                // Beyond that the f32 value is subnormal.
                assert!(relative(v.normal_cdf(), w.normal_cdf()) < 3e-6, "cdf {v}");
            }
            x += 0.0137;
        }
        for e in 1..30 {
            let v = 10f32.powi(-e);
            assert!(relative(Scalar::exp_m1(v), (v as f64).exp_m1()) < 3e-7);
            assert!(relative(Scalar::tanh(-v), (-v as f64).tanh()) < 3e-7);
        }
    }

    #[test]
    fn exp_underflows_gradually_and_passes_on_what_is_not_finite() {
        assert!(relative(Scalar::exp(-100f32), (-100f64).exp()) < 0.02);
        assert!(Scalar::exp(-103f32) > 0.0);
        assert_eq!(Scalar::exp(-200f32), 0.0);
        assert_eq!(Scalar::exp(200f32), f32::INFINITY);
        assert!(Scalar::exp(f32::NAN).is_nan());
        assert_eq!(Scalar::exp(0f32), 1.0);
    }
}
