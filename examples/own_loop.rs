//! Records a training loop that knows nothing of gradfade: a deep sigmoid network and its gradient, written
//! by hand.
//!
//! The loop hands gradient, update and parameters of each tensor to a recorder, which makes the norms. The
//! record is then diagnosed like one of gradfade's own.

use std::error::Error;

use gradfade::prelude::*;
use gradfade::record::{Facts, GRAD_NORM, LayerInfo, Recorder, Status, TensorInfo, TensorStep};

const LAYERS: usize = 6;
const WIDTH: usize = 8;
const RATE: f64 = 0.1;
const STEPS: usize = 60;

/// A fully connected layer: weights `[outputs, inputs]` row by row, and their gradient.
struct Dense {
    inputs: usize,
    weights: Vec<f64>,
    gradient: Vec<f64>,
    update: Vec<f64>,
}

impl Dense {
    /// Weights from a small generator of our own, uniform within 1 / sqrt(inputs).
    fn new(inputs: usize, outputs: usize, seed: &mut u64) -> Dense {
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut uniform = || {
            *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (*seed >> 11) as f64 / (1u64 << 53) as f64
        };
        let weights: Vec<f64> = (0..inputs * outputs).map(|_| bound * (2.0 * uniform() - 1.0)).collect();
        let zeros = vec![0.0; weights.len()];
        Dense { inputs, gradient: zeros.clone(), update: zeros, weights }
    }

    /// sigmoid(W x)
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        let dot = |row: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        self.weights.chunks(self.inputs).map(|row| 1.0 / (1.0 + (-dot(row)).exp())).collect()
    }

    /// Adds the gradient of one sample; `delta` is that of the layer's output `y`. Returns that of its input
    /// `x`.
    fn backward(&mut self, x: &[f64], y: &[f64], delta: &[f64]) -> Vec<f64> {
        let mut below = vec![0.0; self.inputs];
        for (i, (y, delta)) in y.iter().zip(delta).enumerate() {
            let delta = delta * y * (1.0 - y);
            for (j, below) in below.iter_mut().enumerate() {
                self.gradient[i * self.inputs + j] += delta * x[j];
                *below += delta * self.weights[i * self.inputs + j];
            }
        }
        below
    }
}

/// Points of the plane, and whether they lie in the unit circle.
fn samples() -> Vec<([f64; 2], f64)> {
    let grid = |k: usize| (k as f64 - 3.5) / 2.0;
    let points = (0..8).flat_map(|a| (0..8).map(move |b| [grid(a), grid(b)]));
    points.map(|p| (p, f64::from(p[0] * p[0] + p[1] * p[1] < 1.5))).collect()
}

/// The mean loss |y - target|^2 / 2 and its gradient, left in the layers.
fn measure(layers: &mut [Dense], samples: &[([f64; 2], f64)]) -> f64 {
    layers.iter_mut().for_each(|layer| layer.gradient.fill(0.0));
    let mut loss = 0.0;
    for (point, target) in samples {
        let mut signals = vec![point.to_vec()];
        for layer in layers.iter() {
            signals.push(layer.forward(signals.last().expect("it begins with the input")));
        }
        let error = signals[layers.len()][0] - target;
        loss += 0.5 * error * error;
        let mut delta = vec![error];
        for (l, layer) in layers.iter_mut().enumerate().rev() {
            delta = layer.backward(&signals[l], &signals[l + 1], &delta);
        }
    }
    let count = samples.len() as f64;
    layers.iter_mut().flat_map(|layer| &mut layer.gradient).for_each(|g| *g /= count);
    loss / count
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut seed = 1;
    let sizes: Vec<usize> = [2].into_iter().chain([WIDTH; LAYERS]).chain([1]).collect();
    let mut layers: Vec<Dense> =
        sizes.windows(2).map(|pair| Dense::new(pair[0], pair[1], &mut seed)).collect();
    let samples = samples();

    // What is recorded: the layers, and one tensor of each.
    let name = |l: usize| format!("dense{}", l + 1);
    let infos =
        sizes.windows(2).enumerate().map(|(l, pair)| LayerInfo::dense(name(l), pair[0], pair[1])).collect();
    let shape = |l: usize| [sizes[l + 1], sizes[l]];
    let tensors = (0..layers.len()).map(|l| TensorInfo::new(name(l), l + 1, "weight", &shape(l))).collect();
    let mut recorder = Recorder::builder("by hand", infos, tensors)
        .source("own_loop", "1")
        .facts(Facts::default())
        .planned_steps(STEPS as u64)
        .in_memory()?;

    for _ in 0..STEPS {
        let loss = measure(&mut layers, &samples);
        for layer in &mut layers {
            layer.update = layer.gradient.iter().map(|g| -RATE * g).collect();
        }
        recorder.step(loss, |t| TensorStep {
            gradient: &layers[t].gradient,
            update: &layers[t].update,
            parameter: &layers[t].weights,
        })?;
        for layer in &mut layers {
            layer.weights.iter_mut().zip(&layer.update).for_each(|(w, u)| *w += u);
        }
    }
    let record = recorder.finish(Status::Complete)?;

    let norms = &record.steps[GRAD_NORM][..layers.len()];
    for (l, norm) in norms.iter().enumerate() {
        println!("layer {}: |gradient| {norm:.2e}", l + 1);
    }
    let own: f64 = {
        let mut fresh = 1;
        let mut layers: Vec<Dense> =
            sizes.windows(2).map(|pair| Dense::new(pair[0], pair[1], &mut fresh)).collect();
        measure(&mut layers, &samples);
        layers[0].gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    };
    assert!((norms[0] - own).abs() <= 1e-12 * own, "the recorder's norm is that of the gradient");
    assert!(norms[0] < 1e-3 * norms[layers.len() - 1], "it fades on its way to the first layer");
    assert_eq!(record.steps.len(), STEPS);

    let found = diagnose(&record, &Thresholds::default())?;
    println!("{}: {:?}", record.header.run, found.conclusion());
    Ok(())
}
