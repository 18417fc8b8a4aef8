//! One sample on its way through a network and its gradient on the way back, with everything between them.
//!
//! ```text
//! x_0 = sample        x_i = layer_i(x_{i-1})        loss = loss(x_L, label)        s_i = d loss / d x_i
//! ```
//!
//! The network is in evaluation: running averages in batch normalisation, which then meets no other sample,
//! and no dropout. Training keeps of all this only what it needs, in two phases and in blocks of rows
//! (`tape`); here the same layers run one after another on one row, and nothing is thrown away.

use super::layer::{Backward, Forward, Joint, Layer, Mode, Parameters};
use super::loss::Loss;
use super::matmul::Prefetch;
use super::network::Network;
use super::sequence::Site;
use crate::stats::UNDERFLOW;

/// What one sample did in a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// h^L `[classes]`
    pub logits: Vec<f64>,
    /// The sample's own loss.
    pub loss: f64,
    /// The layers that take the largest of some inputs, from the input side on.
    pub choices: Vec<Choice>,
}

/// A layer that takes the largest of some inputs, and what one sample and its gradient did there.
///
/// Gradients are stored as a record stores numbers: an exact zero is `+0.0`, one too small for `f64` is
/// [`UNDERFLOW`].
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The recorded layer that it belongs to, from 0.
    pub layer: usize,
    /// Shapes of the values before and behind it; `[pieces, units]` and `[units]` of maxout.
    pub input: Vec<usize>,
    pub output: Vec<usize>,
    /// Side and stride of its square windows; `None` of maxout, whose pieces are a unit's own.
    pub window: Option<[usize; 2]>,
    pub before: Vec<f64>,
    pub after: Vec<f64>,
    /// d loss / d before, and d loss / d after.
    pub gradient_before: Vec<f64>,
    pub gradient_after: Vec<f64>,
    /// For each value behind it the place of the one before it that it is.
    pub winners: Vec<usize>,
}

/// How a layer took the largest of some inputs, for one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub winners: Vec<usize>,
    /// As in [`Choice`].
    pub window: Option<[usize; 2]>,
    /// The shape of its input where the layer knows one better than what is behind the layer before it.
    pub input: Option<Vec<usize>>,
}

/// A gradient as it is stored: `true = stored * 2^exponent`.
#[derive(Clone, Debug, Default)]
struct Signal {
    stored: Vec<f64>,
    exponent: i32,
}

impl Signal {
    /// The true numbers, in the form of a record.
    fn values(&self) -> Vec<f64> {
        // Two factors: 2^exponent itself may be outside f64.
        let half = self.exponent / 2;
        let (a, b) = (2f64.powi(half), 2f64.powi(self.exponent - half));
        let value = |&x: &f64| match x * a * b {
            y if y != 0.0 => y,
            _ if x == 0.0 => 0.0,
            _ => UNDERFLOW,
        };
        self.stored.iter().map(value).collect()
    }

    /// Adds another one. The sum has the larger exponent: what the other loses is beyond the last digit.
    fn add(&mut self, other: &Signal) {
        let common = self.exponent.max(other.exponent);
        let [own, others] = [self.exponent, other.exponent].map(|e| 2f64.powi(e - common));
        self.stored.iter_mut().zip(&other.stored).for_each(|(s, &x)| *s = *s * own + x * others);
        self.exponent = common;
    }
}

/// A layer with what it keeps of one row.
struct Seat<'a> {
    layer: &'a dyn Layer<f64>,
    site: &'a Site,
    joint: Joint<f64>,
    cache: Vec<f64>,
    numbers: Vec<f64>,
    sums: Vec<f64>,
    scratch: Vec<f64>,
    /// Shape of its input.
    input: Vec<usize>,
}

impl<'a> Seat<'a> {
    fn new(network: &Network<f64>, layer: &'a dyn Layer<f64>, site: &'a Site, input: Vec<usize>) -> Seat<'a> {
        let memory = layer.memory();
        let mut joint = Joint {
            values: vec![0.0; memory.joint],
            wide: vec![0.0; memory.joint_wide],
            // A moment that does not depend on the sample gives its gradient nothing back.
            means: vec![0.0; memory.sums],
        };
        if !site.running.is_empty() {
            layer.use_running(&network.running[site.running.clone()], &mut joint);
        }
        Seat {
            layer,
            site,
            joint,
            cache: vec![0.0; memory.cache],
            numbers: vec![0.0; memory.numbers],
            sums: vec![0.0; memory.sums],
            scratch: vec![0.0; memory.scratch],
            input,
        }
    }
}

const EVALUATION: Mode = Mode { training: None, measure: false };

/// Runs `input` forward and the gradient of its own loss back.
///
/// # Panics
/// Where `input` has not as many numbers as the network takes.
pub fn probe(network: &Network<f64>, loss: Loss, input: &[f64], label: u32) -> Probe {
    assert_eq!(input.len(), network.sequence.inputs(), "the sample has as many numbers as the network takes");
    let packed = network.pack();
    let parameters = |site: &Site| Parameters {
        tensors: &network.parameters[site.parameters.clone()],
        packed: &packed[site.packed.clone()],
    };
    let mut shape = network.sequence.groups[0].input.clone();
    let mut seats = Vec::new();
    for (layer, site) in network.sequence.iter() {
        let next = layer.shape(&shape).expect("the layers of a network fit each other");
        seats.push(Seat::new(network, layer, site, std::mem::replace(&mut shape, next)));
    }
    let values = forward(&mut seats, input, &parameters);
    let logits = values[seats.len()].clone();
    let mut delta = logits.clone();
    let sum = loss.delta(&mut delta, &[label]);
    let signals = backward(&mut seats, &values, delta, &parameters);
    let choice = |(i, seat): (usize, &Seat)| {
        let chosen = seat.layer.chosen(&seat.cache)?;
        Some(Choice {
            layer: seat.site.group,
            input: chosen.input.unwrap_or_else(|| seat.input.clone()),
            output: seat.layer.shape(&seat.input).expect("checked above"),
            window: chosen.window,
            before: values[i].clone(),
            after: values[i + 1].clone(),
            gradient_before: signals[i].values(),
            gradient_after: signals[i + 1].values(),
            winners: chosen.winners,
        })
    };
    let choices = seats.iter().enumerate().filter_map(choice).collect();
    Probe { logits, loss: sum.loss, choices }
}

/// The values at every place between two layers, the sample first and the logits last.
fn forward<'p>(
    seats: &mut [Seat],
    input: &[f64],
    parameters: &impl Fn(&Site) -> Parameters<'p, f64>,
) -> Vec<Vec<f64>> {
    let mut values = vec![input.to_vec()];
    for (i, seat) in seats.iter_mut().enumerate() {
        let mut y = vec![0.0; seat.site.outputs];
        seat.layer.forward(Forward {
            before: None,
            mode: EVALUATION,
            first_row: 0,
            parameters: parameters(seat.site),
            x: &values[i],
            skipped: seat.layer.skips().map_or(&[], |span| &values[i - span]),
            y: &mut y,
            cache: &mut seat.cache,
            numbers: &mut seat.numbers,
            joint: &seat.joint,
            scratch: &mut seat.scratch,
            prefetch: Prefetch::NOTHING,
        });
        values.push(y);
    }
    values
}

/// The gradient at the same places.
fn backward<'p>(
    seats: &mut [Seat],
    values: &[Vec<f64>],
    delta: Vec<f64>,
    parameters: &impl Fn(&Site) -> Parameters<'p, f64>,
) -> Vec<Signal> {
    let empty = |x: &Vec<f64>| Signal { stored: vec![0.0; x.len()], exponent: 0 };
    let mut signals: Vec<Signal> = values.iter().map(empty).collect();
    // What comes over skips, at the place where each begins.
    let mut over: Vec<Vec<Signal>> = vec![Vec::new(); values.len()];
    signals[seats.len()].stored = delta;
    for (i, seat) in seats.iter_mut().enumerate().rev() {
        for skip in std::mem::take(&mut over[i + 1]) {
            signals[i + 1].add(&skip);
        }
        let (below, above) = signals.split_at_mut(i + 1);
        let from = seat.layer.skips().map(|span| i - span);
        let mut skip = from.map(|from| empty(&values[from]));
        let mut dy = above[0].stored.clone();
        let mut exponent = above[0].exponent;
        seat.layer.backward(Backward {
            signal: None,
            mode: EVALUATION,
            first_row: 0,
            parameters: parameters(seat.site),
            x: if seat.layer.reads_input() { &values[i] } else { &[] },
            skipped_values: from.map_or(&[], |from| &values[from]),
            dy: &mut dy,
            dx: Some(&mut below[i].stored),
            cache: &mut seat.cache,
            numbers: &mut seat.numbers,
            sums: &mut seat.sums,
            joint: &seat.joint,
            exponent: &mut exponent,
            skipped: skip.as_mut().map(|s| (&mut s.stored[..], &mut s.exponent)),
            scratch: &mut seat.scratch,
            prefetch: Prefetch::NOTHING,
        });
        below[i].exponent = exponent;
        if let (Some(from), Some(skip)) = (from, skip) {
            over[from].push(skip);
        }
    }
    for skip in std::mem::take(&mut over[0]) {
        signals[0].add(&skip);
    }
    signals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::nn::engine::Engine;
    use crate::nn::{Architecture, Initialisation, Normalisation, Optimizer, OptimizerKind, Part, Shape};

    fn network(input: &[usize], hidden: &str, change: impl Fn(&mut Shape)) -> Network<f64> {
        let hidden: Architecture = hidden.parse().unwrap();
        let mut shape = Shape::of(input, hidden, 3, Activation::Tanh);
        change(&mut shape);
        let mut network = Network::of(shape, Initialisation::GlorotNormal, 5);
        // Nothing at a place where it has no effect: biases and running numbers of their own.
        network.parameters.iter_mut().enumerate().for_each(|(i, p)| *p += 0.03 * ((i * 7 % 11) as f64 - 5.0));
        network.running.iter_mut().enumerate().for_each(|(i, r)| *r += 0.1 + 0.05 * (i % 3) as f64);
        network
    }

    fn sample(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 13 + 5) % 17) as f64 / 8.5 - 1.0).collect()
    }

    /// Cross-entropy of what a dense layer makes of `x`.
    fn loss_behind(network: &Network<f64>, x: &[f64], label: usize) -> f64 {
        let last = network.layers() - 1;
        let (weight, bias) = (network.weight(last), network.bias(last));
        let logits: Vec<f64> = weight
            .chunks(x.len())
            .zip(bias)
            .map(|(row, b)| b + row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
            .collect();
        logits.iter().map(|h| h.exp()).sum::<f64>().ln() - logits[label]
    }

    #[test]
    fn the_gradient_before_a_maximum_is_that_of_central_differences_through_it() {
        let net = network(&[2, 6, 7], "conv:3x3,pool:2", |_| {});
        let probed = probe(&net, Loss::CrossEntropy, &sample(84), 1);
        let [choice] = &probed.choices[..] else { panic!("{probed:?}") };
        assert_eq!((choice.layer, choice.window), (1, Some([2, 2])));
        assert_eq!((&choice.input[..], &choice.output[..]), (&[3, 6, 7][..], &[3, 3, 3][..]));
        // Max pooling written down once more: windows of 2 x 2, the last column belongs to none.
        let pooled = |x: &[f64]| -> Vec<f64> {
            let window = |o: usize| (o / 9 * 42 + o / 3 % 3 * 14 + o % 3 * 2, [0, 1, 7, 8]);
            let largest = |o| window(o).1.map(|d| x[window(o).0 + d]).into_iter().fold(f64::MIN, f64::max);
            (0..27).map(largest).collect()
        };
        assert_eq!(choice.after, pooled(&choice.before));
        assert!((loss_behind(&net, &choice.after, 1) - probed.loss).abs() < 1e-12);
        let mut nonzero = 0;
        for i in 0..choice.before.len() {
            let at = |h: f64| {
                let mut x = choice.before.clone();
                x[i] += h;
                loss_behind(&net, &pooled(&x), 1)
            };
            let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
            let analytic = choice.gradient_before[i];
            assert!((numeric - analytic).abs() < 1e-8, "place {i}: {numeric} {analytic}");
            nonzero += usize::from(analytic != 0.0);
        }
        assert_eq!(nonzero, 27);
        for (o, &winner) in choice.winners.iter().enumerate() {
            assert_eq!(choice.before[winner], choice.after[o]);
            assert_eq!(choice.gradient_before[winner], choice.gradient_after[o]);
        }
    }

    #[test]
    fn overlapping_windows_add_their_gradients_up() {
        let net = network(&[1, 5, 5], "conv:2x3,pool:3s1", |_| {});
        let probed = probe(&net, Loss::Mse, &sample(25), 0);
        let choice = &probed.choices[0];
        let mut sums = vec![0.0; choice.before.len()];
        choice.winners.iter().zip(&choice.gradient_after).for_each(|(&i, g)| sums[i] += g);
        assert!(sums.iter().zip(&choice.gradient_before).all(|(a, b)| (a - b).abs() < 1e-15));
        assert!(choice.gradient_before.iter().filter(|g| **g != 0.0).count() < choice.winners.len());
    }

    #[test]
    fn only_the_largest_piece_of_a_maxout_unit_has_the_unit_s_gradient() {
        let net = network(&[4], "dense:5@maxout:3,dense:6@maxout:2", |_| {});
        let probed = probe(&net, Loss::Bce, &sample(4), 2);
        assert_eq!(probed.choices.iter().map(|c| c.layer).collect::<Vec<_>>(), [0, 1]);
        assert_eq!((&probed.choices[0].input[..], &probed.choices[0].output[..]), (&[3, 5][..], &[5][..]));
        let x = sample(4);
        for (j, &winner) in probed.choices[0].winners.iter().enumerate() {
            let piece = |k: usize| {
                let row = k * 5 + j;
                let weight = &net.weight(0)[row * 4..][..4];
                net.bias(0)[row] + weight.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>()
            };
            let best = (0..3).max_by(|&a, &b| piece(a).total_cmp(&piece(b))).unwrap();
            assert_eq!(winner, best * 5 + j);
            for k in 0..3 {
                let wanted = if k == best { probed.choices[0].gradient_after[j] } else { 0.0 };
                assert_eq!(probed.choices[0].gradient_before[k * 5 + j].to_bits(), wanted.to_bits());
            }
        }
    }

    /// With the identity behind it, the shift of a convolution's channel moves each of its places alike: the
    /// gradient by the shift is the sum over the places.
    #[test]
    fn skips_normalisation_and_dropout_are_those_of_an_evaluation() {
        let hidden = "conv:3x3@identity,pool:2,res(conv:4x3,conv:4x3),conv:4x3,dense:5";
        for normalisation in [Normalisation::None, Normalisation::Batch, Normalisation::Layer] {
            let net = network(&[1, 8, 8], hidden, |shape| {
                (shape.normalisation, shape.residual, shape.dropout) = (normalisation, true, 0.4);
            });
            let (x, labels) = (sample(64), [2]);
            let probed = probe(&net, Loss::CrossEntropy, &x, 2);
            let mut engine =
                Engine::new(net.clone(), Loss::CrossEntropy, Optimizer::new(OptimizerKind::Sgd), 1, 1);
            assert!((engine.evaluate(&x, &labels).0 - probed.loss).abs() < 1e-12);
            let shift = if normalisation == Normalisation::None { Part::Bias } else { Part::Shift };
            let t = net.index(0, shift).unwrap();
            // Layer normalisation has a shift of every place.
            let each = net.tensor(t).len() / 3;
            let choice = &probed.choices[0];
            let gradient = |i: usize| -> f64 {
                let places = choice.gradient_before.chunks(64 / each).nth(i).unwrap();
                places.iter().sum()
            };
            for i in 0..net.tensor(t).len() {
                let mut at = |h: f64| {
                    let mut moved = net.clone();
                    moved.tensor_mut(t)[i] += h;
                    engine.restore(&moved);
                    engine.evaluate(&x, &labels).0
                };
                let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!(
                    (numeric - gradient(i)).abs() < 1e-8,
                    "{normalisation} {i}: {numeric} {}",
                    gradient(i)
                );
            }
        }
    }

    #[test]
    fn a_gradient_below_the_range_of_numbers_is_an_underflow_and_not_zero() {
        let signal = Signal { stored: vec![1.5, 0.0, -0.0, -1.0], exponent: -1200 };
        let bits: Vec<u64> = signal.values().iter().map(|x| x.to_bits()).collect();
        assert_eq!(bits, [UNDERFLOW, 0.0, 0.0, UNDERFLOW].map(f64::to_bits));
        let mut sum = Signal { stored: vec![1.0], exponent: 3 };
        sum.add(&Signal { stored: vec![1.0], exponent: 5 });
        assert_eq!(sum.values(), [40.0]);
    }
}
