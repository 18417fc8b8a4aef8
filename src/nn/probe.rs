//! One sample on its way through a network and its gradient on the way back, with everything between them.
//!
//! ```text
//! x_0 = sample,  x_i = layer_i(x_{i-1}),  loss(x_L, label)        s_L = d loss / d x_L,  s_{i-1} = d loss / d x_{i-1}
//! ```
//!
//! The network is in evaluation: running averages in batch normalisation, which then meets no other sample,
//! and no dropout. Training keeps of all this only what it needs, in two phases and in blocks of rows
//! ([`super::tape`]); here the same layers run one after another on one row, and nothing is thrown away.

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
