//! Nielsen's table: the published numbers that our gradients are held against.
//!
//! M. Nielsen, *Neural Networks and Deep Learning* (2015), chapter 5: networks 784-30-..-30-10, the sigmoid
//! in every layer and at the output, cross-entropy, weights from N(0, 1) / sqrt(fan_in) and biases from N(0,
//! 1); the gradient of the biases is averaged over the first 1,000 training images of MNIST, and its L2 norm
//! is printed for each hidden layer. He gives one run each without a seed, so that only the distribution over
//! seeds can agree: the logarithm of each published number must lie within [`MOST_DEVIATIONS`] standard
//! deviations of ours, and the norm must grow about fivefold from layer to layer, in every network.

use crate::activation::Activation;
use crate::nn::{Engine, Initialisation, Loss, Network, Optimizer, OptimizerKind};

/// Hidden layers and the published norms, input side first.
pub const PUBLISHED: [&[f64]; 3] =
    [&[0.0657, 0.3092], &[0.0118, 0.0600, 0.2831], &[0.0030, 0.0171, 0.0695, 0.2851]];

/// Images that the gradient is averaged over.
pub const IMAGES: usize = 1000;

/// The growth of the norm from a hidden layer to the next: measured over seeds 4.87 to 5.09.
pub const GROWTH: std::ops::RangeInclusive<f64> = 4.5..=5.5;

/// Standard deviations of the logarithm within which a published number agrees. Nine draws are judged at
/// once: with the two-sided level 0.05 / 9 for each (Bonferroni), a right program fails with a probability of
/// at most 5 %. Quantiles would not do: of nine right numbers about one lies outside [5 %, 95 %].
pub const MOST_DEVIATIONS: f64 = 2.77;

/// One hidden layer of one network, over all seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub hidden_layers: usize,
    /// From 1 at the input.
    pub layer: usize,
    pub published: f64,
    pub geometric_mean: f64,
    pub low: f64,
    pub high: f64,
    /// Distance of the published number from the mean, in standard deviations of the logarithm.
    pub deviations: f64,
}

impl Row {
    pub fn agrees(&self) -> bool {
        self.deviations.abs() <= MOST_DEVIATIONS
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub rows: Vec<Row>,
    /// Growth from each hidden layer to the next, geometric mean over the seeds, for 2, 3 and 4 hidden layers
    /// in turn.
    pub growth: Vec<f64>,
    /// Networks in which every hidden layer's norm is larger than the one before, of all networks.
    pub monotone: usize,
    pub networks: usize,
}

impl Verification {
    /// Whether everything agrees.
    pub fn passes(&self) -> bool {
        self.rows.iter().all(Row::agrees)
            && self.growth.iter().all(|g| GROWTH.contains(g))
            && self.monotone == self.networks
    }
}

/// Computes the table in f64 over seeds 1..=seeds. `inputs [IMAGES, 784]` are the first training images in
/// [0, 1].
pub fn verify(inputs: &[f32], labels: &[u32], seeds: u64) -> Verification {
    let inputs: Vec<f64> = inputs.iter().map(|&x| f64::from(x)).collect();
    let order: Vec<u32> = (0..labels.len() as u32).collect();
    let (mut rows, mut growth, mut monotone, mut networks) = (Vec::new(), Vec::new(), 0, 0);
    for published in PUBLISHED {
        let depth = published.len();
        let mut sizes = vec![inputs.len() / labels.len()];
        sizes.extend(vec![30; depth]);
        sizes.push(10);
        // [seed][layer]
        let norms: Vec<Vec<f64>> = (1..=seeds)
            .map(|seed| {
                let network = Network::new(&sizes, Activation::Sigmoid, Initialisation::Nielsen, seed);
                let sgd = Optimizer::new(OptimizerKind::Sgd);
                let mut engine = Engine::new(network, Loss::Bce, sgd, labels.len(), 1);
                engine.load(&inputs, labels, &order);
                let (_, gradients) = engine.gradients();
                (0..depth).map(|l| crate::nn::norm(&gradients[2 * l + 1])).collect()
            })
            .collect();
        networks += norms.len();
        monotone += norms.iter().filter(|n| n.windows(2).all(|w| w[0] < w[1])).count();
        let mean_log = |f: &dyn Fn(&[f64]) -> f64| {
            (norms.iter().map(|n| f(n).ln()).sum::<f64>() / norms.len() as f64).exp()
        };
        for (l, &published) in published.iter().enumerate() {
            let mut sorted: Vec<f64> = norms.iter().map(|n| n[l]).collect();
            sorted.sort_by(f64::total_cmp);
            let at = |q: f64| sorted[(q * (sorted.len() - 1) as f64).round() as usize];
            let logs: Vec<f64> = sorted.iter().map(|n| n.ln()).collect();
            let mean = logs.iter().sum::<f64>() / logs.len() as f64;
            let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (logs.len() as f64 - 1.0);
            rows.push(Row {
                hidden_layers: depth,
                layer: l + 1,
                published,
                geometric_mean: mean.exp(),
                low: at(0.05),
                high: at(0.95),
                deviations: (published.ln() - mean) / variance.sqrt(),
            });
            if l > 0 {
                growth.push(mean_log(&|n| n[l] / n[l - 1]));
            }
        }
    }
    Verification { rows, growth, monotone, networks }
}
