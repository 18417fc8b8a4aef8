//! What is done to a gradient before the update: clipping, as PyTorch's `clip_grad_norm_` and
//! `clip_grad_value_` do it, and normalisation.
//!
//! | kind | what becomes of the gradient |
//! |---|---|
//! | norm c | multiplied by min(1, c / (n + 1e-6)), n being the L2 norm over all tensors together |
//! | value c | every number is limited to [-c, c] |
//! | unit | that of every tensor, weight and bias each, is divided by its own L2 norm; a zero gradient stays zero |
//!
//! The last one is the block-normalised gradient of Yu et al. 2017 (arXiv 1707.04822), with one tensor a
//! block: under plain gradient descent every tensor moves by the learning rate at every step, whatever its
//! gradient. The gradient is the batch mean, before weight decay. Norms of gradients in a record are those
//! *before* clipping or normalisation; updates are made from what is left.

use serde::{Deserialize, Serialize};

use super::norm::{SquareSum, square_sum_inline};
use super::scalar::{Scalar, simd};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Clip {
    #[default]
    Nothing,
    Norm(f64),
    Value(f64),
    /// Every tensor's gradient has norm 1.
    Unit,
}

/// What is done to the gradient of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clipping<'a> {
    Nothing,
    Times(f64),
    Within(f64),
    /// Norms of the gradients of all tensors, as they are stored.
    Unit(&'a [f64]),
}

impl Clip {
    /// For a gradient whose norm over all tensors is `norm`, and whose tensors have the norms `norms`.
    pub(super) fn of(self, norm: impl FnOnce() -> f64, norms: &[f64]) -> Clipping<'_> {
        match self {
            Clip::Nothing => Clipping::Nothing,
            Clip::Norm(most) => match most / (norm() + 1e-6) {
                // A norm that is no number spoils the step, as in PyTorch.
                factor if factor >= 1.0 => Clipping::Nothing,
                factor => Clipping::Times(factor),
            },
            Clip::Value(most) => Clipping::Within(most),
            Clip::Unit => Clipping::Unit(norms),
        }
    }
}

impl Clipping<'_> {
    /// The power of two of what [`Clipping::apply`] leaves, where the gradient had `exponent`.
    pub(super) fn exponent(self, exponent: i32) -> i32 {
        // A gradient of norm 1 needs none, however small it was.
        if matches!(self, Clipping::Unit(_)) { 0 } else { exponent }
    }

    /// Changes a piece of the gradient of tensor `t`, whose true value is `grad * 2^exponent`, and returns
    /// its sum of squares as it was, in true values; `None` where nothing is changed.
    pub(super) fn apply<T: Scalar>(self, grad: &mut [T], t: usize, exponent: i32) -> Option<SquareSum> {
        if self == Clipping::Nothing {
            return None;
        }
        let before = simd(
            #[inline(always)]
            || square_sum_inline(grad),
        );
        match self {
            Clipping::Nothing => {}
            Clipping::Times(factor) => {
                let factor = T::from_f64(factor);
                grad.iter_mut().for_each(|g| *g = *g * factor);
            }
            Clipping::Within(most) => {
                let most = T::from_f64(most / 2f64.powi(exponent));
                for g in grad {
                    // NaN stays NaN.
                    if *g > most {
                        *g = most;
                    } else if *g < -most {
                        *g = -most;
                    }
                }
            }
            Clipping::Unit(norms) if norms[t] == 0.0 => {}
            Clipping::Unit(norms) => {
                let norm = T::from_f64(norms[t]);
                grad.iter_mut().for_each(|g| *g = *g / norm);
            }
        }
        Some(before.scaled(exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_above_the_limit_is_brought_to_it_and_one_below_stays() {
        let gradient = [3.0f64, -4.0];
        let clipped = |clip: Clip, exponent: i32| {
            let scale = 2f64.powi(exponent);
            let mut grad = gradient.map(|g| g / scale);
            let norms = [5.0 / scale];
            let clipping = clip.of(|| 5.0, &norms);
            let before = clipping.apply(&mut grad, 0, exponent);
            let scale = 2f64.powi(clipping.exponent(exponent));
            (grad.map(|g| g * scale), before.map(|b| b.norm()))
        };
        for exponent in [0, -30, 12] {
            let (grad, before) = clipped(Clip::Norm(1.0), exponent);
            let factor = 1.0 / (5.0 + 1e-6);
            assert!((grad[0] - 3.0 * factor).abs() < 1e-14 && (grad[1] + 4.0 * factor).abs() < 1e-14);
            assert!((before.unwrap() - 5.0).abs() < 1e-14);
            assert_eq!(clipped(Clip::Norm(6.0), exponent), (gradient, None));
            let (grad, before) = clipped(Clip::Value(3.5), exponent);
            assert_eq!(grad, [3.0, -3.5]);
            assert!((before.unwrap() - 5.0).abs() < 1e-14);
            let (grad, before) = clipped(Clip::Unit, exponent);
            assert!((grad[0] - 0.6).abs() < 1e-15 && (grad[1] + 0.8).abs() < 1e-15);
            assert!((before.unwrap() - 5.0).abs() < 1e-14);
        }
        let mut still = [0.0f64; 2];
        Clip::Unit.of(|| 0.0, &[0.0]).apply(&mut still, 0, 0);
        assert_eq!(still, [0.0; 2], "no direction, no step");
        assert_eq!(clipped(Clip::Nothing, 0), (gradient, None));
        let mut bad = [f64::NAN, 2.0];
        Clip::Value(1.0).of(|| f64::NAN, &[]).apply(&mut bad, 0, 0);
        assert!(bad[0].is_nan() && bad[1] == 1.0);
    }
}
