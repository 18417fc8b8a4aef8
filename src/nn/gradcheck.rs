//! Analytic gradients against central differences, in f64.

use super::engine::Engine;
use super::loss::Loss;
use super::network::Network;
use super::optimizer::{Optimizer, OptimizerKind};

/// The largest disagreement found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disagreement {
    /// |analytic - numeric| / |gradient of the tensor|, the norm taken per element (root mean square).
    pub relative: f64,
    /// Index in the record's order of tensors, and element.
    pub tensor: usize,
    pub element: usize,
    pub analytic: f64,
    pub numeric: f64,
}

/// Compares up to `samples` elements of every tensor on one batch (`inputs [n, d]`).
///
/// The numeric derivative is Richardson's extrapolation of central differences with step h and 2h, whose error is of order
/// h^4 where the loss is smooth; h shrinks where the two quotients disagree. An element's error is relative to the largest element of its tensor's gradient.
pub fn check(network: &Network<f64>, loss: Loss, inputs: &[f64], labels: &[u32], samples: usize) -> Disagreement {
    let order: Vec<u32> = (0..labels.len() as u32).collect();
    let mut engine = Engine::new(network.clone(), loss, Optimizer::new(OptimizerKind::Sgd), labels.len(), 1);
    engine.load(inputs, labels, &order);
    let (_, analytic) = engine.gradients();
    let mut probe = network.clone();
    let mut worst = Disagreement { relative: 0.0, tensor: 0, element: 0, analytic: 0.0, numeric: 0.0 };
    for (t, gradient) in analytic.iter().enumerate() {
        let scale = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        let stride = gradient.len().div_ceil(samples).max(1);
        for element in (0..gradient.len()).step_by(stride) {
            let start = probe.tensor(t)[element];
            let mut central = |h: f64| {
                let mut at = |w: f64| {
                    probe.tensor_mut(t)[element] = w;
                    loss_of(&probe, loss, inputs, labels)
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
            let relative = ((gradient[element] - numeric).abs() - 10.0 * floor).max(0.0) / scale.max(f64::MIN_POSITIVE);
            if relative.is_nan() || relative > worst.relative {
                worst = Disagreement { relative, tensor: t, element, analytic: gradient[element], numeric };
            }
        }
    }
    worst
}

/// In training mode, with the masks of the first step.
fn loss_of(network: &Network<f64>, loss: Loss, inputs: &[f64], labels: &[u32]) -> f64 {
    let mut engine = Engine::new(network.clone(), loss, Optimizer::new(OptimizerKind::Sgd), labels.len(), 1);
    if network.shape.is_plain() {
        return engine.evaluate(inputs, labels).0;
    }
    engine.load(inputs, labels, &(0..labels.len() as u32).collect::<Vec<_>>());
    engine.gradients().0
}
