//! Analytic gradients against central differences, in f64.

use super::engine::Engine;
use super::loss::Loss;
use super::network::Network;
use super::optimizer::{Optimizer, OptimizerKind};

/// The largest disagreement found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disagreement {
    /// |analytic - numeric| over the largest element of the tensor's analytic gradient.
    pub relative: f64,
    /// Index in the record's order of tensors, and element.
    pub tensor: usize,
    pub element: usize,
    pub analytic: f64,
    pub numeric: f64,
}

/// The gradient of every tensor on one batch (`inputs [n, d]`) in training mode, as the engine computes it:
/// what [`check`] takes.
pub fn analytic(network: &Network<f64>, loss: Loss, inputs: &[f64], labels: &[u32]) -> Vec<Vec<f64>> {
    loaded(network, loss, inputs, labels).gradients().1
}

/// Compares up to `samples` elements of every tensor of an analytic gradient, `[T]`, with differences of the
/// loss on one batch (`inputs [n, d]`) in training mode, with the masks of the first step.
///
/// The numeric derivative is Richardson's extrapolation of central differences with step h and 2h, whose
/// error is of order h^4 where the loss is smooth; h shrinks where the two quotients disagree. An element's
/// error is relative to the largest element of its tensor's analytic gradient; a NaN or an infinity on either
/// side is an infinite error.
pub fn check(
    network: &Network<f64>,
    loss: Loss,
    inputs: &[f64],
    labels: &[u32],
    analytic: &[Vec<f64>],
    samples: usize,
) -> Disagreement {
    let mut engine = loaded(network, loss, inputs, labels);
    let mut probe = network.clone();
    let mut worst = Disagreement { relative: 0.0, tensor: 0, element: 0, analytic: 0.0, numeric: 0.0 };
    assert_eq!(analytic.len(), network.tensor_count(), "a gradient of every tensor");
    for (t, gradient) in analytic.iter().enumerate() {
        let scale = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        let stride = gradient.len().div_ceil(samples).max(1);
        for element in (0..gradient.len()).step_by(stride) {
            let start = probe.tensor(t)[element];
            let mut central = |h: f64| {
                let mut at = |w: f64| {
                    probe.tensor_mut(t)[element] = w;
                    engine.restore(&probe);
                    engine.batch_loss()
                };
                let difference = (at(start + h) - at(start - h)) / (2.0 * h);
                probe.tensor_mut(t)[element] = start;
                difference
            };
            let mut h = 1e-3 * (1.0 + start.abs());
            let numeric = loop {
                let (near, far) = (central(h), central(2.0 * h));
                // Two quotients that disagree have a kink (of ReLU, say) between them: look closer.
                if (near - far).abs() <= 1e-6 * scale || h < 1e-5 {
                    break (4.0 * near - far) / 3.0;
                }
                h *= 0.1;
            };
            // The loss itself is known to 1e-16: differences below that are no evidence.
            let floor = 1e-16 / h;
            let error = ((gradient[element] - numeric).abs() - 10.0 * floor).max(0.0);
            let finite = gradient[element].is_finite() && numeric.is_finite();
            let relative = if finite { error / scale.max(f64::MIN_POSITIVE) } else { f64::INFINITY };
            if relative > worst.relative {
                worst = Disagreement { relative, tensor: t, element, analytic: gradient[element], numeric };
            }
        }
    }
    worst
}

fn loaded(network: &Network<f64>, loss: Loss, inputs: &[f64], labels: &[u32]) -> Engine<f64> {
    let mut engine = Engine::new(network.clone(), loss, Optimizer::new(OptimizerKind::Sgd), labels.len(), 1);
    engine.load(inputs, labels, &(0..labels.len() as u32).collect::<Vec<_>>());
    engine
}
