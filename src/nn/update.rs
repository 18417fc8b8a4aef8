//! One fused pass over a piece of a tensor: make the update, apply it, and measure it while it is in the
//! cache.
//!
//! The pass works in runs of `CHUNK` elements: the optimiser writes the update and its decay part into small
//! buffers, then the parameters change and the squares are summed. The arithmetic on the parameters is the
//! same whether or not anything is measured, so recording cannot change a run.

use super::kernel;
use super::norm::{SquareSum, square_sum_inline};
use super::optimizer::{Constants, OptimizerKind};
use super::scalar::{Scalar, simd};

/// Elements handled at a time: four buffers of it stay in the first-level cache.
const CHUNK: usize = 512;

/// Squared norms over a piece of a tensor.
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateSums {
    /// Sum of squares of the true gradient, which is the stored one times its power of two.
    pub grad: SquareSum,
    /// Sum of squares of the applied update: new minus old parameter, as stored.
    pub update: SquareSum,
    /// Sum of squares of the computed update without its decay part.
    pub driven: SquareSum,
    pub decay: SquareSum,
    /// Sum of squares of the parameter before the update.
    pub param: SquareSum,
}

impl UpdateSums {
    pub fn plus(self, other: UpdateSums) -> UpdateSums {
        UpdateSums {
            grad: self.grad.plus(other.grad),
            update: self.update.plus(other.update),
            driven: self.driven.plus(other.driven),
            decay: self.decay.plus(other.decay),
            param: self.param.plus(other.param),
        }
    }
}

/// A piece of the optimiser's state: each buffer as long as the piece, or empty.
pub struct StateSlice<'a, T> {
    pub first: &'a mut [T],
    pub second: &'a mut [T],
    pub decay_first: &'a mut [T],
}

/// Updates `param` from `grad`, whose true value is `grad * 2^exponent`. With `measure` the sums are made as
/// well.
pub fn apply<T: Scalar>(
    constants: &Constants<T>,
    param: &mut [T],
    grad: &[T],
    exponent: i32,
    state: StateSlice<'_, T>,
    measure: bool,
) -> UpdateSums {
    assert_eq!(param.len(), grad.len());
    if constants.kind == OptimizerKind::Sgd
        && !constants.decays
        && let Some(token) = kernel::detect_for::<T>()
    {
        let (rate, unscale) = (-constants.learning_rate.to_f64() as f32, 2f64.powi(exponent) as f32);
        let (param, grad) = (kernel::as_f32_mut(param), kernel::as_f32(grad));
        let [grad, update, param] = kernel::sgd(token, param, grad, rate, unscale, measure);
        let grad = grad.scaled(exponent);
        return UpdateSums {
            grad,
            update,
            driven: driven_by(grad, constants),
            decay: SquareSum::ZERO,
            param,
        };
    }
    simd(
        #[inline(always)]
        || {
            if constants.decays {
                run::<T, true>(constants, param, grad, exponent, state, measure)
            } else {
                run::<T, false>(constants, param, grad, exponent, state, measure)
            }
        },
    )
}

#[inline(always)]
fn run<T: Scalar, const DECAYS: bool>(
    constants: &Constants<T>,
    param: &mut [T],
    grad: &[T],
    exponent: i32,
    state: StateSlice<'_, T>,
    measure: bool,
) -> UpdateSums {
    let unscale = T::from_f64(2f64.powi(exponent));
    let mut sums = UpdateSums::default();
    let mut update = [T::ZERO; CHUNK];
    let mut decay = [T::ZERO; CHUNK];
    let StateSlice { first, second, decay_first } = state;
    let mut at = 0;
    while at < param.len() {
        let len = CHUNK.min(param.len() - at);
        let range = at..at + len;
        let (p, g) = (&mut param[range.clone()], &grad[range.clone()]);
        let (u, d) = (&mut update[..len], &mut decay[..len]);
        fn piece<T>(v: &mut [T], range: std::ops::Range<usize>) -> &mut [T] {
            if v.is_empty() { v } else { &mut v[range] }
        }
        let moments = [piece(first, range.clone()), piece(second, range.clone()), piece(decay_first, range)];
        compute::<T, DECAYS>(constants, p, g, unscale, moments, u, d);
        if measure {
            sums.grad = sums.grad.plus(square_sum_inline(g));
            sums.param = sums.param.plus(square_sum_inline(p));
        }
        if DECAYS && constants.threshold > T::ZERO {
            let [driven, decay, update] = shrink(constants.threshold, p, u, d, measure);
            sums.driven = sums.driven.plus(driven);
            sums.decay = sums.decay.plus(decay);
            sums.update = sums.update.plus(update);
            at += len;
            continue;
        }
        if measure {
            if DECAYS {
                sums.decay = sums.decay.plus(square_sum_inline(d));
                for (d, &u) in d.iter_mut().zip(u.iter()) {
                    *d = u - *d;
                }
                sums.driven = sums.driven.plus(square_sum_inline(d));
            } else if constants.kind != OptimizerKind::Sgd {
                sums.driven = sums.driven.plus(square_sum_inline(u));
            }
        }
        for (p, u) in p.iter_mut().zip(u.iter_mut()) {
            let new = *p + *u;
            *u = new - *p;
            *p = new;
        }
        if measure {
            sums.update = sums.update.plus(square_sum_inline(u));
        }
        at += len;
    }
    sums.grad = sums.grad.scaled(exponent);
    if measure && !DECAYS && constants.kind == OptimizerKind::Sgd {
        sums.driven = driven_by(sums.grad, constants);
    }
    sums
}

/// The update, and then the proximal step of L1: toward zero by at most `threshold`, where it stops. The pull
/// counts as decay. Leaves nothing of use in `update` and `decay`; returns the sums of the driven part, the
/// decay and the whole update.
#[inline(always)]
fn shrink<T: Scalar>(
    threshold: T,
    param: &mut [T],
    update: &mut [T],
    decay: &mut [T],
    measure: bool,
) -> [SquareSum; 3] {
    let mut sums = [SquareSum::ZERO; 3];
    if measure {
        let mut driven = [T::ZERO; CHUNK];
        let driven = &mut driven[..update.len()];
        for ((to, &u), &d) in driven.iter_mut().zip(update.iter()).zip(decay.iter()) {
            *to = u - d;
        }
        sums[0] = square_sum_inline(driven);
    }
    for ((p, u), d) in param.iter_mut().zip(update.iter_mut()).zip(decay.iter_mut()) {
        let to = *p + *u;
        let rest = to.abs() - threshold;
        // A NaN stays one.
        let new = T::pick(rest <= T::ZERO, T::ZERO, rest.copysign(to));
        *d += new - to;
        *u = new - *p;
        *p = new;
    }
    if measure {
        sums[1] = square_sum_inline(decay);
        sums[2] = square_sum_inline(update);
    }
    sums
}

/// Sum of squares of the update of plain gradient descent: it is -lr times the gradient, so no pass over the
/// tensor is needed.
fn driven_by<T: Scalar>(grad: SquareSum, constants: &Constants<T>) -> SquareSum {
    let lr = constants.learning_rate.to_f64();
    SquareSum { sum: grad.sum * lr * lr, exponent: grad.exponent }
}

/// Writes the update of a chunk, and the part of it that decay made when `DECAYS`.
#[inline(always)]
fn compute<T: Scalar, const DECAYS: bool>(
    c: &Constants<T>,
    param: &[T],
    grad: &[T],
    unscale: T,
    [first, second, decay_first]: [&mut [T]; 3],
    update: &mut [T],
    decay: &mut [T],
) {
    let n = param.len();
    let lr = c.learning_rate;
    let term = |w: T| if DECAYS { c.weight_decay * w + c.l1 * sign(w) } else { T::ZERO };
    let whole = |g: T, d: T| if DECAYS { g * unscale + d } else { g * unscale };
    match c.kind {
        OptimizerKind::Sgd => {
            for i in 0..n {
                let d = term(param[i]);
                update[i] = -lr * whole(grad[i], d);
                decay[i] = -lr * d;
            }
        }
        OptimizerKind::Momentum | OptimizerKind::Nesterov => {
            let ahead = c.kind == OptimizerKind::Nesterov;
            let v = &mut first[..n];
            for i in 0..n {
                let g = whole(grad[i], term(param[i]));
                v[i] = c.momentum * v[i] + g;
                update[i] = -lr * if ahead { g + c.momentum * v[i] } else { v[i] };
            }
            // Without a term in the gradient, when proximal L1 alone decays, there is nothing to keep apart.
            if DECAYS && decay_first.is_empty() {
                decay.fill(T::ZERO);
            } else if DECAYS {
                let v = &mut decay_first[..n];
                for i in 0..n {
                    let d = term(param[i]);
                    v[i] = c.momentum * v[i] + d;
                    decay[i] = -lr * if ahead { d + c.momentum * v[i] } else { v[i] };
                }
            }
        }
        OptimizerKind::Adagrad | OptimizerKind::Rmsprop => {
            // Adagrad only adds: its beta2 is 1 and the new square has weight 1.
            let rest = if c.kind == OptimizerKind::Adagrad { T::ONE } else { c.beta2_rest };
            let s = &mut second[..n];
            for i in 0..n {
                let d = term(param[i]);
                let g = whole(grad[i], d);
                s[i] = c.beta2 * s[i] + rest * (g * g);
                let denominator = s[i].sqrt() + c.epsilon;
                update[i] = -lr * (g / denominator);
                decay[i] = -lr * (d / denominator);
            }
        }
        OptimizerKind::Adam | OptimizerKind::Adamw => {
            let (m, s) = (&mut first[..n], &mut second[..n]);
            for i in 0..n {
                let g = whole(grad[i], term(param[i]));
                m[i] = c.beta1 * m[i] + c.beta1_rest * g;
                s[i] = c.beta2 * s[i] + c.beta2_rest * (g * g);
                let denominator = s[i].sqrt() / c.second_correction + c.epsilon;
                update[i] = -c.step_size * (m[i] / denominator);
                if DECAYS {
                    // Kept for the decay part below.
                    decay[i] = denominator;
                    update[i] = update[i] - c.decoupled * param[i];
                }
            }
            if DECAYS {
                let in_moments = !decay_first.is_empty();
                for i in 0..n {
                    let through_moments = if in_moments {
                        decay_first[i] = c.beta1 * decay_first[i] + c.beta1_rest * term(param[i]);
                        -c.step_size * (decay_first[i] / decay[i])
                    } else {
                        T::ZERO
                    };
                    decay[i] = through_moments - c.decoupled * param[i];
                }
            }
        }
    }
}

#[inline(always)]
fn sign<T: Scalar>(w: T) -> T {
    if w > T::ZERO {
        T::ONE
    } else if w < T::ZERO {
        -T::ONE
    } else {
        T::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{L1Step, Optimizer};

    /// One update of `param` by gradient `grad`.
    fn step(optimizer: &Optimizer, param: &mut [f64], grad: &[f64]) -> UpdateSums {
        let state = StateSlice { first: &mut [], second: &mut [], decay_first: &mut [] };
        apply(&Constants::new(optimizer, 0, 0.1), param, grad, 0, state, true)
    }

    #[test]
    fn the_proximal_step_stops_at_zero_and_goes_a_constant_amount() {
        let sgd = Optimizer { l1: 1.0, l1_step: L1Step::Proximal, ..Optimizer::new(OptimizerKind::Sgd) };
        let mut w = [0.05, -0.05, 0.5, -0.5, 0.0, 0.0, 0.0, f64::NAN];
        // The threshold is 0.1; the gradients of the last ones ask for 0.05 and 0.3.
        let sums = step(&sgd, &mut w, &[0.0, 0.0, 0.0, 0.0, 0.0, -0.5, -3.0, 0.0]);
        let want = [0.0, 0.0, 0.4, -0.4, 0.0, 0.0, 0.2];
        assert!(w.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-15), "{w:?}");
        assert!(w[..2].iter().chain(&w[4..6]).all(|&x| x == 0.0) && w[7].is_nan());
        assert!(sums.update.norm().is_nan());

        let mut w = [0.05, -0.5, 0.0];
        let sums = step(&sgd, &mut w, &[0.0, 0.0, -3.0]);
        let norm = |parts: [f64; 3]| parts.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert!((sums.update.norm() - norm([0.05, 0.1, 0.2])).abs() < 1e-15);
        assert!((sums.decay.norm() - norm([0.05, 0.1, 0.1])).abs() < 1e-15);
        assert!((sums.driven.norm() - 0.3).abs() < 1e-15);
    }

    #[test]
    fn the_subgradient_jumps_over_zero() {
        let sgd = Optimizer { l1: 1.0, ..Optimizer::new(OptimizerKind::Sgd) };
        let mut w = [0.05];
        for _ in 0..7 {
            step(&sgd, &mut w, &[0.0]);
            assert!(w[0] != 0.0);
        }
    }
}
