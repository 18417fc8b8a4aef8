//! Activation functions on rows of pre-activations: value and slope together, from one evaluation, vectorised.
//!
//! The definitions are in [`crate::activation`]; the tests hold these forms against them. The slope is computed in the forward pass
//! and kept, in the form that is right relatively where the unit saturates.
//!
//! Maxout is the one that is no function of a single pre-activation: its layer computes K of them for each unit (`maxout`).

use super::kernel;
use super::scalar::{Scalar, simd};
use crate::activation::{Activation, LEAK, NORMAL_DENSITY, SELU_ALPHA, SELU_SCALE};

/// Value and slope at one point; of maxout, where all pieces have this value, the slope of the first.
pub fn at<T: Scalar>(activation: Activation, h: T) -> (T, T) {
    let (mut slope, mut value) = ([h], [T::ZERO]);
    let alone = if let Activation::Maxout(_) = activation { Activation::Identity } else { activation };
    forward(alone, &[T::ZERO], &mut slope, &mut value);
    (value[0], slope[0])
}

/// Adds the bias to the pre-activations of some rows, `hidden [rows, bias.len()]`, and replaces each by the slope there;
/// `out` takes the values, of maxout `[rows, bias.len() / K]`.
pub fn forward<T: Scalar>(activation: Activation, bias: &[T], hidden: &mut [T], out: &mut [T]) {
    let c = T::from_f64;
    let one = T::ONE;
    match activation {
        Activation::Sigmoid => match kernel::detect_for::<T>() {
            Some(token) => {
                kernel::sigmoid(token, kernel::as_f32(bias), kernel::as_f32_mut(hidden), kernel::as_f32_mut(out));
            }
            None => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| sigmoid(h),
            ),
        },
        Activation::Tanh => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let e = (c(-2.0) * h.abs()).exp();
                let inverse = one / (one + e);
                (h.tanh(), c(4.0) * e * inverse * inverse)
            },
        ),
        Activation::Relu => {
            // `max` keeps a NaN: it must not become a healthy zero.
            each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| (h.max(T::ZERO), T::pick(h > T::ZERO, one, T::ZERO)),
            )
        }
        Activation::LeakyRelu => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let slope = T::pick(h > T::ZERO, one, c(LEAK));
                (h * slope, slope)
            },
        ),
        Activation::Elu => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let below = h.min(T::ZERO);
                (T::pick(h > T::ZERO, h, below.exp_m1()), T::pick(h > T::ZERO, one, below.exp()))
            },
        ),
        Activation::Selu => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let below = h.min(T::ZERO);
                let value = T::pick(h > T::ZERO, h, c(SELU_ALPHA) * below.exp_m1());
                let slope = T::pick(h > T::ZERO, one, c(SELU_ALPHA) * below.exp());
                (c(SELU_SCALE) * value, c(SELU_SCALE) * slope)
            },
        ),
        Activation::Gelu => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let below = h.normal_cdf();
                let density = c(NORMAL_DENSITY) * (c(-0.5) * h * h).exp();
                (h * below, below + h * density)
            },
        ),
        Activation::Silu => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let (s, _) = sigmoid(h);
                let (complement, _) = sigmoid(-h);
                (h * s, s * (one + h * complement))
            },
        ),
        Activation::Softplus => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let e = (-h.abs()).exp();
                (h.max(T::ZERO) + e.ln_1p(), sigmoid(h).0)
            },
        ),
        Activation::Softsign => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let inverse = one / (one + h.abs());
                (h * inverse, inverse * inverse)
            },
        ),
        Activation::HardSigmoid => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| {
                let inside = h > c(-3.0) && h < c(3.0);
                let value = (h + c(3.0)).max(T::ZERO).min(c(6.0)) * c(1.0 / 6.0);
                (value, T::pick(inside, c(1.0 / 6.0), T::ZERO))
            },
        ),
        Activation::Identity => each(
            bias,
            hidden,
            out,
            #[inline(always)]
            |h| (h, one),
        ),
        Activation::Maxout(pieces) => maxout(pieces, bias, hidden, out),
    }
}

/// The largest piece of each unit. `hidden [rows, pieces * units]` becomes the derivative of the unit by each of its pieces: 1
/// for the first that was the maximum, 0 for the others. A NaN among the pieces is the maximum: it must not disappear.
fn maxout<T: Scalar>(pieces: usize, bias: &[T], hidden: &mut [T], out: &mut [T]) {
    let units = bias.len() / pieces;
    simd(
        #[inline(always)]
        move || {
            for (row, best) in hidden.chunks_exact_mut(bias.len()).zip(out.chunks_exact_mut(units)) {
                row.iter_mut().zip(bias).for_each(|(h, &b)| *h += b);
                best.copy_from_slice(&row[..units]);
                for piece in row.chunks_exact(units).skip(1) {
                    for (best, &h) in best.iter_mut().zip(piece) {
                        *best = T::pick(h > *best || is_nan(h), h, *best);
                    }
                }
                for unit in 0..units {
                    let mut free = true;
                    for k in 0..pieces {
                        let h = &mut row[k * units + unit];
                        let wins = free && (*h == best[unit] || is_nan(*h));
                        *h = if wins { T::ONE } else { T::ZERO };
                        free &= !wins;
                    }
                }
            }
        },
    );
}

#[inline(always)]
#[allow(clippy::eq_op)] // The definition of NaN.
fn is_nan<T: Scalar>(x: T) -> bool {
    x != x
}

/// sigma(h) and sigma(h) sigma(-h), both relatively right for any h.
#[inline(always)]
pub fn sigmoid<T: Scalar>(h: T) -> (T, T) {
    let e = (-h.abs()).exp();
    let inverse = T::ONE / (T::ONE + e);
    let small = e * inverse;
    (T::pick(h < T::ZERO, small, inverse), small * inverse)
}

#[inline(always)]
fn each<T: Scalar>(bias: &[T], hidden: &mut [T], out: &mut [T], f: impl Fn(T) -> (T, T)) {
    assert_eq!(hidden.len(), out.len());
    simd(
        // By value, so that nothing that the loop reads can be in memory that it writes.
        #[inline(always)]
        move || {
            for (h_row, x_row) in hidden.chunks_exact_mut(bias.len()).zip(out.chunks_exact_mut(bias.len())) {
                for ((h, x), &b) in h_row.iter_mut().zip(x_row.iter_mut()).zip(bias) {
                    let (value, slope) = f(*h + b);
                    *x = value;
                    *h = slope;
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places where the functions bend, saturate and underflow.
    fn places() -> impl Iterator<Item = f64> {
        let far = [17.0, 20.0, 37.0, 43.0, 50.0, 80.0].into_iter().flat_map(|h| [h, -h]);
        (-3000..3000).map(|i| f64::from(i as f32 * 0.004 + 0.0003)).chain(far)
    }

    #[test]
    fn these_forms_are_the_definitions() {
        for (activation, name) in Activation::ALL {
            for h in places() {
                let want = [activation.value(h), activation.slope(h)];
                let (v64, s64) = at(activation, h);
                let (v32, s32) = at(activation, h as f32);
                // The slopes of gelu and silu cross zero, where only an absolute error means something.
                let crosses = matches!(activation, Activation::Gelu | Activation::Silu) && h.abs() < 4.0;
                for (what, want, double, single) in [("value", want[0], v64, v32), ("slope", want[1], s64, s32)] {
                    let floor = if crosses { 2e-2 * h.abs().min(1.0) } else { 0.0 };
                    let size = want.abs().max(floor);
                    assert!((double - want).abs() <= 1e-14 * size, "{name} {what} at {h}: {double} {want}");
                    // Where the result is a normal number of f32. Gelu's tail has an exponent of h^2 / 2, which is rounded.
                    let tolerance = if activation == Activation::Gelu { 6e-6 } else { 2e-6 };
                    let error = (f64::from(single) - want).abs();
                    let normal = want == 0.0 || want.abs() > 1.2e-38;
                    assert!(!normal || error <= tolerance * size, "{name} f32 {what} at {h}: {single} {want}");
                }
            }
        }
    }

    #[test]
    fn maxout_gives_the_slope_to_the_first_largest_piece() {
        let largest = |pieces: [f64; 6], bias: [f64; 6]| {
            let (mut slopes, mut out) = (pieces, [f64::INFINITY; 2]);
            forward(Activation::Maxout(3), &bias, &mut slopes, &mut out);
            (out, slopes)
        };
        // Rows k W + j: pieces of unit 0 are 1, 3, 2; those of unit 1 are 5, 5, 4.
        let none = [0.0; 6];
        assert_eq!(largest([1.0, 5.0, 3.0, 5.0, 2.0, 4.0], none), ([3.0, 5.0], [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]));
        let bias = [9.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        assert_eq!(largest([1.0, 5.0, 3.0, 5.0, 2.0, 4.0], bias), ([10.0, 6.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]));
        for at in [0, 2, 4] {
            let mut row = [1.0, 5.0, 3.0, 5.0, 2.0, 4.0];
            row[at] = f64::NAN;
            let (out, slopes) = largest(row, none);
            assert!(out[0].is_nan() && slopes[at] == 1.0 && out[1] == 5.0, "{slopes:?}");
        }
    }

    #[test]
    fn not_a_number_is_never_made_healthy() {
        for (activation, name) in Activation::ALL {
            assert!(at(activation, f32::NAN).0.is_nan(), "{name}");
        }
    }
}
