//! What is done to the signal between the products: biases, slopes, squared norms of rows, and its power of
//! two.
//!
//! In a deep sigmoid network the signal leaves f32's range long before it leaves f64's. So `true = stored *
//! 2^exponent`: whenever the root mean square of what is stored leaves [2^-20, 2^20] it is brought back to
//! about 1. Multiplying by a power of two is exact: a network whose signal stays in the range is computed as
//! if there were no scale.

use super::kernel;
use super::norm::{square_sum_inline, sum};
use super::scalar::{Scalar, simd};

/// Mean square below which, and above whose inverse, a stored signal is rescaled: (2^-20)^2.
const LOWEST_MEAN: f64 = 1.0 / (1u64 << 40) as f64;

/// Adds `bias` to every row of `h [rows, bias.len()]`; an empty one changes nothing.
pub(crate) fn add_bias<T: Scalar>(bias: &[T], h: &mut [T]) {
    if bias.is_empty() {
        return;
    }
    for row in h.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(h, &b)| *h += b);
    }
}

/// |row|^2 of each row of `values [squares.len(), width]`.
pub(crate) fn row_squares<T: Scalar>(values: &[T], width: usize, squares: &mut [f64]) {
    if let Some(token) = kernel::detect_for::<T>() {
        return kernel::row_squares(token, kernel::as_f32(values), width, squares);
    }
    simd(
        #[inline(always)]
        || {
            for (row, square) in values.chunks_exact(width).zip(squares) {
                *square = square_sum_inline(row).value();
            }
        },
    );
}

/// slope <- slope * signal, and the squared norms of its rows.
pub(crate) fn times_slope<T: Scalar>(slope: &mut [T], signal: &[T], width: usize, squares: &mut [f64]) {
    if let Some(token) = kernel::detect_for::<T>() {
        let (slope, signal) = (kernel::as_f32_mut(slope), kernel::as_f32(signal));
        return kernel::times_slope(token, slope, signal, width, squares);
    }
    simd(
        #[inline(always)]
        || {
            let rows = slope.chunks_exact_mut(width).zip(signal.chunks_exact(width)).zip(squares);
            for ((d_row, p_row), square) in rows {
                for (d, &p) in d_row.iter_mut().zip(p_row) {
                    *d = *d * p;
                }
                *square = square_sum_inline(d_row).value();
            }
        },
    );
}

/// Brings the stored signal, whose rows have the given squared norms, back to about 1 when it has left the
/// range; returns the exponent that this took out.
pub(crate) fn rescale<T: Scalar>(signal: &mut [T], squares: &mut [f64]) -> i32 {
    let mean = sum(squares) / signal.len() as f64;
    if mean == 0.0 || !mean.is_finite() {
        return 0;
    }
    if (LOWEST_MEAN..=1.0 / LOWEST_MEAN).contains(&mean) {
        return 0;
    }
    let level = 0.5 * mean.log2();
    let exponent = level.round() as i32;
    let half = -exponent / 2;
    // Two factors: 2^-exponent itself may be outside f32.
    let (a, b) = (T::from_f64(2f64.powi(half)), T::from_f64(2f64.powi(-exponent - half)));
    signal.iter_mut().for_each(|d| *d = *d * a * b);
    squares.iter_mut().for_each(|s| *s *= 4f64.powi(-exponent));
    exponent
}

/// Multiplies stored values by `2^by`.
pub(crate) fn shift<T: Scalar>(values: &mut [T], by: i32) {
    let factor = T::from_f64(2f64.powi(by));
    values.iter_mut().for_each(|d| *d = *d * factor);
}
