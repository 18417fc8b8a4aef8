//! Losses on the logits h^L `[batch, classes]`.
//!
//! `delta_a = d loss_a / d h^L` is that of one sample, so that the mean of the `loss_a` is the batch loss:
//!
//! | name | loss of one sample | delta |
//! |---|---|---|
//! | cross-entropy | -ln softmax(h)\[label\] | softmax(h) - y |
//! | bce | sum over outputs of the binary cross-entropy of sigma(h) (Nielsen, ch. 3) | sigma(h) - y |
//! | mse | mean over outputs of (h - y)^2, linear outputs, as PyTorch's `MSELoss` | 2 (h - y) / classes |
//! | quadratic | half the sum over outputs of (a - y)^2, a = sigma(h) (Nielsen, ch. 1) | (a - y) a (1 - a) |
//! | softmax-mse | mean over outputs of (p - y)^2, p = softmax(h) | 2 / classes p_j (p_j - y_j - sum_k p_k (p_k - y_k)) |
//!
//! y is the one-hot label. In the last two the slope of the output multiplies the error: an answer that is
//! wrong and confident gets almost no gradient, which is why they suit no classifier; they are here for the
//! networks of books and questions that have them.

use serde::{Deserialize, Serialize};

use super::layer::sigmoid;
use super::scalar::{Scalar, simd};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    CrossEntropy,
    Bce,
    Mse,
    Quadratic,
    SoftmaxMse,
}

/// Sums over some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossSum {
    pub loss: f64,
    pub correct: u64,
}

impl LossSum {
    pub fn plus(self, other: LossSum) -> LossSum {
        LossSum { loss: self.loss + other.loss, correct: self.correct + other.correct }
    }
}

impl Loss {
    pub const ALL: [(Loss, &'static str); 5] = [
        (Loss::CrossEntropy, "cross-entropy"),
        (Loss::Bce, "bce"),
        (Loss::Mse, "mse"),
        (Loss::Quadratic, "quadratic"),
        (Loss::SoftmaxMse, "softmax-mse"),
    ];

    /// Replaces logits `[rows, classes]` by `delta`, sample by sample, and returns the sums of losses and of
    /// right answers (the largest logit, the first one of equals; a row with a NaN is wrong).
    pub fn delta<T: Scalar>(self, logits: &mut [T], labels: &[u32]) -> LossSum {
        let classes = logits.len() / labels.len().max(1);
        simd(
            #[inline(always)]
            || {
                let mut sum = LossSum::default();
                for (row, &label) in logits.chunks_exact_mut(classes).zip(labels) {
                    sum.correct += u64::from(is_right(row, label as usize));
                    sum.loss += match self {
                        Loss::CrossEntropy => cross_entropy(row, label as usize),
                        Loss::Bce => binary_cross_entropy(row, label as usize),
                        Loss::Mse => mean_square(row, label as usize),
                        Loss::Quadratic => quadratic(row, label as usize),
                        Loss::SoftmaxMse => softmax_mean_square(row, label as usize),
                    };
                }
                sum
            },
        )
    }
}

#[inline(always)]
fn is_right<T: Scalar>(row: &[T], label: usize) -> bool {
    let best = row[label];
    row.iter().enumerate().all(|(j, &h)| j == label || h < best || (h == best && j > label))
}

/// The label's delta is -(sum of the other probabilities), not p - 1: it stays relatively right when p is
/// near 1.
#[inline(always)]
fn cross_entropy<T: Scalar>(row: &mut [T], label: usize) -> f64 {
    let mut largest = row[0];
    for &h in row.iter() {
        largest = largest.max(h);
    }
    let target = row[label] - largest;
    for h in row.iter_mut() {
        *h = (*h - largest).exp();
    }
    let mut others = T::ZERO;
    for (j, &e) in row.iter().enumerate() {
        others += if j == label { T::ZERO } else { e };
    }
    let total = others + row[label];
    let inverse = T::ONE / total;
    // ln(total) - target; when the label dominates, total = 1 + others and ln_1p keeps the small loss.
    let loss =
        if target == T::ZERO { others.to_f64().ln_1p() } else { total.to_f64().ln() - target.to_f64() };
    for h in row.iter_mut() {
        *h = *h * inverse;
    }
    row[label] = -(others * inverse);
    loss
}

#[inline(always)]
fn binary_cross_entropy<T: Scalar>(row: &mut [T], label: usize) -> f64 {
    let mut loss = 0.0;
    for (j, h) in row.iter_mut().enumerate() {
        // For y = 1 the loss is ln(1 + e^-h), for y = 0 ln(1 + e^h); delta is -sigma(-h) or sigma(h).
        let sign = if j == label { -T::ONE } else { T::ONE };
        let toward = sign * *h;
        let e = (-toward.abs()).exp();
        loss += (toward.max(T::ZERO)).to_f64() + e.to_f64().ln_1p();
        *h = sign * sigmoid(toward).0;
    }
    loss
}

#[inline(always)]
fn mean_square<T: Scalar>(row: &mut [T], label: usize) -> f64 {
    let classes = row.len() as f64;
    let factor = T::from_f64(2.0 / classes);
    let mut loss = 0.0;
    for (j, h) in row.iter_mut().enumerate() {
        let error = if j == label { *h - T::ONE } else { *h };
        loss += error.to_f64() * error.to_f64();
        *h = factor * error;
    }
    loss / classes
}

#[inline(always)]
fn quadratic<T: Scalar>(row: &mut [T], label: usize) -> f64 {
    let mut loss = 0.0;
    for (j, h) in row.iter_mut().enumerate() {
        // |a - y| is sigma(-h) for y = 1 and sigma(h) for y = 0, never a difference of numbers near 1.
        let sign = if j == label { -T::ONE } else { T::ONE };
        let (error, slope) = sigmoid(sign * *h);
        loss += 0.5 * error.to_f64() * error.to_f64();
        *h = sign * error * slope;
    }
    loss
}

/// With e = p - y, delta_j is 2 / classes p_j d_j, d_j = e_j - sum_k p_k e_k. Where one answer has nearly all
/// the probability, right or wrong, terms of size 1 cancel in e_j and in d_j; they are rewritten so that they
/// are sums of small numbers: `rest` is 1 - p of that answer, `others` the sum of all other p_k^2.
#[inline(always)]
fn softmax_mean_square<T: Scalar>(row: &mut [T], label: usize) -> f64 {
    let classes = row.len() as f64;
    let mut best = 0;
    for (j, &h) in row.iter().enumerate() {
        if h > row[best] {
            best = j;
        }
    }
    let largest = row[best];
    let mut rest = T::ZERO;
    for (j, h) in row.iter_mut().enumerate() {
        *h = (*h - largest).exp();
        rest += if j == best { T::ZERO } else { *h };
    }
    let inverse = T::ONE / (T::ONE + rest);
    rest = rest * inverse;
    let mut others = T::ZERO;
    for (j, p) in row.iter_mut().enumerate() {
        *p = *p * inverse;
        others += if j == best { T::ZERO } else { *p * *p };
    }
    let (top, right) = (row[best], row[label]);
    let factor = T::from_f64(2.0 / classes);
    // sum_k p_k e_k is p_best^2 + others - p_label; where the label is best, rest^2 + others - rest.
    let square = |x: T| x.to_f64() * x.to_f64();
    let mut loss = 0.0;
    for (j, p) in row.iter_mut().enumerate() {
        let (error, d) = match (j == label, best == label, j == best) {
            (true, true, _) => (-rest, -(rest * rest + others)),
            (false, true, _) => (*p, *p + (rest * top - others)),
            (true, false, _) => (*p - T::ONE, (*p + *p - T::ONE) - (top * top + others)),
            (false, false, true) => (*p, (top * rest - others) + right),
            (false, false, false) => (*p, *p + right - (top * top + others)),
        };
        loss += square(error);
        *p = factor * *p * d;
    }
    loss / classes
}

crate::names::named!(Loss, "loss", Loss::ALL);

#[cfg(test)]
mod tests {
    use super::*;

    fn loss_at(loss: Loss, logits: &[f64], label: u32) -> f64 {
        loss.delta(&mut logits.to_vec(), &[label]).loss
    }

    #[test]
    fn delta_is_the_derivative_of_the_loss() {
        let logits = [0.3, -1.2, 2.1, 0.05];
        for (loss, name) in Loss::ALL {
            for label in 0..4 {
                let mut delta = logits.to_vec();
                loss.delta(&mut delta, &[label]);
                for j in 0..4 {
                    let (mut up, mut down) = (logits, logits);
                    up[j] += 1e-6;
                    down[j] -= 1e-6;
                    let difference = (loss_at(loss, &up, label) - loss_at(loss, &down, label)) / 2e-6;
                    assert!(
                        (difference - delta[j]).abs() < 1e-9,
                        "{name} {label} {j}: {difference} {}",
                        delta[j]
                    );
                }
            }
        }
    }

    #[test]
    fn confident_samples_keep_their_small_loss_and_delta() {
        let mut row = [40.0f32, 0.0, 0.0];
        let sum = Loss::CrossEntropy.delta(&mut row, &[0]);
        let want = 2.0 * (-40f64).exp();
        assert!((sum.loss / want - 1.0).abs() < 1e-5 && (row[0] as f64 / -want - 1.0).abs() < 1e-5);
        assert_eq!(sum.correct, 1);
        let mut row = [1000.0f32, -1000.0];
        let sum = Loss::CrossEntropy.delta(&mut row, &[1]);
        assert_eq!((sum.loss, sum.correct), (2000.0, 0));
    }

    /// Against sums of f64 numbers that do not cancel, at logits where a naive form in f32 is 0 or noise.
    #[test]
    fn saturated_outputs_keep_the_small_delta_relatively_right() {
        let near = |got: f32, want: f64, what: &str| {
            assert!((f64::from(got) / want - 1.0).abs() < 1e-5, "{what}: {got:e} {want:e}");
        };
        for (h, label) in [(30.0f32, 0), (30.0, 1), (-30.0, 0), (-30.0, 1)] {
            let mut row = [h, -2.0];
            Loss::Quadratic.delta(&mut row, &[label]);
            let e = (-f64::from(h).abs()).exp();
            // sigma at the far end is e, its slope e too.
            let error = if (label == 0) == (h > 0.0) { e } else { 1.0 };
            near(row[0], if label == 0 { -error * e } else { error * e }, &format!("quadratic {h} {label}"));
        }
        // p = (1, r, s) / (1 + r + s), r = e^-20, s = e^-23; right, and wrong with confidence.
        let (r, s) = ((-20f64).exp(), (-23f64).exp());
        let top = 1.0 / (1.0 + r + s);
        let (p, q, rest) = (r * top, s * top, (r + s) * top);
        let mut row = [20.0f32, 0.0, -3.0];
        let sum = Loss::SoftmaxMse.delta(&mut row, &[0]);
        let squares = p * p + q * q;
        assert!((sum.loss * 3.0 / (rest * rest + squares) - 1.0).abs() < 1e-5);
        near(row[0], -2.0 / 3.0 * top * (rest * rest + squares), "right, the label");
        near(row[1], 2.0 / 3.0 * p * (p + rest * top - squares), "right, the second");
        let mut row = [20.0f32, 0.0, -3.0];
        Loss::SoftmaxMse.delta(&mut row, &[1]);
        near(row[0], 2.0 / 3.0 * top * (top * rest - squares + p), "wrong, the largest");
        near(row[1], 2.0 / 3.0 * p * (2.0 * p - 1.0 - top * top - squares), "wrong, the label");
        near(row[2], 2.0 / 3.0 * q * (q + p - top * top - squares), "wrong, another");
    }

    #[test]
    fn losses_of_an_undecided_network_are_those_of_the_table() {
        // All logits 0: a = 1/2 and p = 1/4.
        assert!((loss_at(Loss::Quadratic, &[0.0; 4], 1) - 4.0 / 8.0).abs() < 1e-15);
        assert!((loss_at(Loss::SoftmaxMse, &[0.0; 4], 1) - 0.25 * 0.75).abs() < 1e-15);
    }

    #[test]
    fn ties_and_nan_are_counted_once_or_never() {
        let count = |row: [f32; 3], label| Loss::Mse.delta(&mut row.clone(), &[label]).correct;
        assert_eq!((0..3).map(|l| count([1.0, 1.0, 0.0], l)).sum::<u64>(), 1);
        assert_eq!((0..3).map(|l| count([f32::NAN, 1.0, 0.0], l)).sum::<u64>(), 0);
    }
}
