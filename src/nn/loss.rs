//! Losses on the logits h^L `[batch, classes]`.
//!
//! `delta_a = d loss_a / d h^L` is that of one sample, so that the mean of the `loss_a` is the batch loss:
//!
//! | name | loss of one sample | delta |
//! |---|---|---|
//! | cross-entropy | -ln softmax(h)\[label\] | softmax(h) - y |
//! | bce | sum over outputs of the binary cross-entropy of sigma(h) (Nielsen, ch. 3) | sigma(h) - y |
//! | mse | mean over outputs of (h - y)^2, linear outputs, as PyTorch's `MSELoss` | 2 (h - y) / classes |
//!
//! y is the one-hot label.

use serde::{Deserialize, Serialize};

use super::layer::sigmoid;
use super::scalar::{Scalar, simd};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    CrossEntropy,
    Bce,
    Mse,
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
    pub const ALL: [(Loss, &'static str); 3] =
        [(Loss::CrossEntropy, "cross-entropy"), (Loss::Bce, "bce"), (Loss::Mse, "mse")];

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

    #[test]
    fn ties_and_nan_are_counted_once_or_never() {
        let count = |row: [f32; 3], label| Loss::Mse.delta(&mut row.clone(), &[label]).correct;
        assert_eq!((0..3).map(|l| count([1.0, 1.0, 0.0], l)).sum::<u64>(), 1);
        assert_eq!((0..3).map(|l| count([f32::NAN, 1.0, 0.0], l)).sum::<u64>(), 0);
    }
}
