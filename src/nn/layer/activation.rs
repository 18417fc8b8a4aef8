//! The activation layer: `y = phi(x)`, element by element, and `dx = phi'(x) dy`.
//!
//! phi and phi' are defined in [`crate::activation`]; here are their vectorised forms, which the tests hold
//! against the definitions. Value and slope come from one evaluation in the forward pass; the slope is kept,
//! in the form that is right relatively where the unit saturates.

use super::{Backward, Forward, Layer, Memory};
use crate::activation::{Activation, LEAK, NORMAL_DENSITY, SELU_ALPHA, SELU_SCALE};
use crate::nn::kernel;
use crate::nn::scalar::{Scalar, simd};
use crate::nn::statistics::Statistics;

/// The activation layer. Maxout, which is no function of a single pre-activation, has a layer of its own.
#[derive(Clone, Debug)]
pub(crate) struct ActivationLayer<T> {
    activation: Activation,
    /// As wide as the layer.
    no_bias: Vec<T>,
}

impl<T: Scalar> ActivationLayer<T> {
    pub fn new(activation: Activation, width: usize) -> ActivationLayer<T> {
        ActivationLayer { activation, no_bias: vec![T::ZERO; width] }
    }
}

impl<T: Scalar> Layer<T> for ActivationLayer<T> {
    fn kind(&self) -> &'static str {
        "activation"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let (width, given) = (self.no_bias.len(), input.iter().product::<usize>());
        if given == width { Ok(input.to_vec()) } else { Err(format!("takes {width} inputs, not {given}")) }
    }

    fn memory(&self) -> Memory {
        Memory { cache: self.no_bias.len(), ..Memory::default() }
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn forward(&self, pass: Forward<'_, T>) {
        if let Some(before) = pass.before {
            before.read(pass.first_row, pass.x, &[], 0);
        }
        pass.cache.copy_from_slice(pass.x);
        activate(self.activation, &self.no_bias, pass.cache, pass.y);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        let (dy, slopes) = (&*pass.dy, &*pass.cache);
        simd(
            #[inline(always)]
            || {
                for ((dx, &dy), &slope) in dx.iter_mut().zip(dy).zip(slopes) {
                    *dx = slope * dy;
                }
            },
        );
    }

    fn observe(&self, y: &[T], cache: &[T], statistics: &mut Statistics) {
        statistics.read(y, cache, self.activation.largest_slope(), self.activation.is_smooth());
    }
}

/// Value and slope at one point, as the layer computes them.
pub fn value_and_slope<T: Scalar>(activation: Activation, h: T) -> (T, T) {
    let (mut slope, mut value) = ([h], [T::ZERO]);
    activate(activation, &[T::ZERO], &mut slope, &mut value);
    (value[0], slope[0])
}

/// Adds the bias to the pre-activations of some rows, `hidden [rows, bias.len()]`, and replaces each by the
/// slope there; `out`, as large, takes the values.
pub(super) fn activate<T: Scalar>(activation: Activation, bias: &[T], hidden: &mut [T], out: &mut [T]) {
    let c = T::from_f64;
    let (zero, one) = (T::ZERO, T::ONE);
    /// Value and slope of each element.
    macro_rules! each {
        (|$h:ident| $pair:expr) => {
            each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |$h| $pair,
            )
        };
    }
    match activation {
        Activation::Sigmoid => match kernel::detect_for::<T>() {
            Some(token) => {
                kernel::sigmoid(
                    token,
                    kernel::as_f32(bias),
                    kernel::as_f32_mut(hidden),
                    kernel::as_f32_mut(out),
                );
            }
            None => each!(|h| sigmoid(h)),
        },
        Activation::Tanh => each!(|h| {
            let e = (c(-2.0) * h.abs()).exp();
            let inverse = one / (one + e);
            (h.tanh(), c(4.0) * e * inverse * inverse)
        }),
        // `max` keeps a NaN: it must not become a healthy zero.
        Activation::Relu => each!(|h| (h.max(zero), T::pick(h > zero, one, zero))),
        Activation::LeakyRelu => each!(|h| {
            let slope = T::pick(h > zero, one, c(LEAK));
            (h * slope, slope)
        }),
        Activation::Elu => each!(|h| {
            let below = h.min(zero);
            (T::pick(h > zero, h, below.exp_m1()), T::pick(h > zero, one, below.exp()))
        }),
        Activation::Selu => each!(|h| {
            let below = h.min(zero);
            let value = T::pick(h > zero, h, c(SELU_ALPHA) * below.exp_m1());
            let slope = T::pick(h > zero, one, c(SELU_ALPHA) * below.exp());
            (c(SELU_SCALE) * value, c(SELU_SCALE) * slope)
        }),
        Activation::Gelu => each!(|h| {
            let below = h.normal_cdf();
            let density = c(NORMAL_DENSITY) * (c(-0.5) * h * h).exp();
            (h * below, below + h * density)
        }),
        Activation::Silu => each!(|h| {
            let (s, _) = sigmoid(h);
            let (complement, _) = sigmoid(-h);
            (h * s, s * (one + h * complement))
        }),
        Activation::Softplus => each!(|h| {
            let e = (-h.abs()).exp();
            (h.max(zero) + e.ln_1p(), sigmoid(h).0)
        }),
        Activation::Softsign => each!(|h| {
            let inverse = one / (one + h.abs());
            (h * inverse, inverse * inverse)
        }),
        Activation::HardSigmoid => each!(|h| {
            let inside = h > c(-3.0) && h < c(3.0);
            let value = (h + c(3.0)).max(zero).min(c(6.0)) * c(1.0 / 6.0);
            (value, T::pick(inside, c(1.0 / 6.0), zero))
        }),
        // The pieces of maxout are linear; the layer that takes the largest is `Maxout`.
        Activation::Identity | Activation::Maxout(_) => each!(|h| (h, one)),
    }
}

/// sigma(h) and sigma(h) sigma(-h), both relatively right for any h.
#[inline(always)]
pub(crate) fn sigmoid<T: Scalar>(h: T) -> (T, T) {
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
                let (v64, s64) = value_and_slope(activation, h);
                let (v32, s32) = value_and_slope(activation, h as f32);
                // The slopes of gelu and silu cross zero, where only an absolute error means something.
                let crosses = matches!(activation, Activation::Gelu | Activation::Silu) && h.abs() < 4.0;
                for (what, want, double, single) in
                    [("value", want[0], v64, v32), ("slope", want[1], s64, s32)]
                {
                    let floor = if crosses { 2e-2 * h.abs().min(1.0) } else { 0.0 };
                    let size = want.abs().max(floor);
                    assert!((double - want).abs() <= 1e-14 * size, "{name} {what} at {h}: {double} {want}");
                    // Where the result is a normal number of f32. Gelu's tail has an exponent of h^2 / 2,
                    // which is rounded.
                    let tolerance = if activation == Activation::Gelu { 6e-6 } else { 2e-6 };
                    let error = (f64::from(single) - want).abs();
                    let normal = want == 0.0 || want.abs() > 1.2e-38;
                    assert!(
                        !normal || error <= tolerance * size,
                        "{name} f32 {what} at {h}: {single} {want}"
                    );
                }
            }
        }
    }

    #[test]
    fn not_a_number_is_never_made_healthy() {
        for (activation, name) in Activation::ALL {
            assert!(value_and_slope(activation, f32::NAN).0.is_nan(), "{name}");
        }
    }
}
