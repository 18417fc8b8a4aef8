//! One training step, and what is measured of it.
//!
//! A step is two phases. First every block of rows goes forward and backward alone ([`super::pass`]); then every *panel*, some
//! rows of one weight matrix, computes its gradient over the whole batch into a buffer that stays in the cache, applies the
//! update and measures both ([`super::update`]). No gradient of the whole network is ever stored. Gains and shifts, small as they
//! are, follow last.

use super::dropout::mix;
use super::kernel;
use super::loss::{Loss, LossSum};
use super::matmul::{MatRef, Soon, Transposed, multiply, refresh, weight_panels};
use super::network::{Network, Part};
use super::norm::{SquareSum, dot, sum};
use super::optimizer::{Constants, Optimizer, State};
use super::pass::{Tape, Wanted};
use super::scalar::{Scalar, simd};
use super::threads::{Shared, Threads};
use super::update::{StateSlice, UpdateSums, apply};
use crate::stats::{MISSING, UNDERFLOW};

/// Samples that are evaluated together.
const EVAL_ROWS: usize = 256;

/// Buckets of the sketch.
pub const SKETCH_BUCKETS: usize = 64;

/// Some rows of one weight matrix, with the same elements of its bias.
#[derive(Clone, Copy, Debug)]
struct Panel {
    layer: usize,
    from: usize,
    to: usize,
}

/// What one step measured; the arrays of [`crate::record`] in their order.
#[derive(Clone, Debug, Default)]
pub struct StepMeasure {
    /// Mean over the batch.
    pub loss: f64,
    pub accuracy: f64,
    /// `[5][T]`: gradient, update, driven, decay, parameter norms.
    pub tensors: [Vec<f64>; 5],
    /// `[2][L]`: RMS of the backward signal, RMS of the per-sample weight gradient.
    pub layers: [Vec<f64>; 2],
}

/// What a snapshot measured.
#[derive(Clone, Debug, Default)]
pub struct SnapshotMeasure {
    /// `[T]`
    pub distance_from_init: Vec<f64>,
    /// `[T]`
    pub zero_share: Vec<f64>,
    /// `[5][L]`
    pub activations: [Vec<f64>; 5],
    /// `[T * SKETCH_BUCKETS]`
    pub sketch: Vec<f32>,
}

/// A network in training: parameters, optimiser state and all buffers, allocated once.
pub struct Engine<T> {
    network: Network<T>,
    /// The weights again, as the forward pass reads them; refreshed with every update.
    transposed: Transposed<T>,
    loss: Loss,
    optimizer: Optimizer,
    state: State<T>,
    tape: Tape<T>,
    panels: Vec<Panel>,
    partials: Vec<[UpdateSums; 2]>,
    /// Of gain and shift of each layer.
    gain_sums: Vec<[UpdateSums; 2]>,
    exponents: Vec<i32>,
    /// Gradient buffers, one a thread.
    scratch: Vec<T>,
    scratch_len: usize,
    threads: Threads,
    evaluators: Vec<Tape<T>>,
    initial: Option<Network<T>>,
    measure: StepMeasure,
    snapshot: SnapshotMeasure,
    step: u64,
}

impl<T: Scalar> Engine<T> {
    /// A network that will be trained on batches of `batch_size` samples.
    pub fn new(network: Network<T>, loss: Loss, optimizer: Optimizer, batch_size: usize, threads: usize) -> Engine<T> {
        let threads = Threads::new(threads);
        let layers = network.layers();
        let panels = split_panels(&network);
        let scratch_len = panels.iter().map(|p| (p.to - p.from) * (network.fan_in(p.layer) + 1)).max().unwrap_or(0);
        let tensors = network.shape.tensor_count();
        Engine {
            loss,
            optimizer,
            state: State::new(&optimizer, network.parameters.len()),
            tape: Tape::new(&network, batch_size),
            partials: vec![Default::default(); panels.len()],
            panels,
            gain_sums: vec![Default::default(); layers],
            exponents: vec![0; layers],
            scratch: vec![T::ZERO; scratch_len * threads.count()],
            scratch_len,
            evaluators: Vec::new(),
            initial: None,
            measure: StepMeasure {
                tensors: std::array::from_fn(|_| vec![MISSING; tensors]),
                layers: std::array::from_fn(|_| vec![MISSING; layers]),
                ..StepMeasure::default()
            },
            snapshot: SnapshotMeasure {
                distance_from_init: vec![MISSING; tensors],
                zero_share: vec![MISSING; tensors],
                activations: std::array::from_fn(|_| vec![MISSING; layers]),
                sketch: vec![0.0; tensors * SKETCH_BUCKETS],
            },
            threads,
            transposed: Transposed::new(&network),
            network,
            step: 0,
        }
    }

    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Keeps a copy of the parameters as they are now, from which snapshots measure the distance.
    pub fn remember_initial(&mut self) {
        self.initial = Some(self.network.clone());
    }

    /// Takes samples `order` (as many as the batch size) of `data [n, inputs]` as the next batch.
    pub fn load(&mut self, data: &[T], labels: &[u32], order: &[u32]) {
        self.tape.load(data, labels, order);
    }

    /// One step on the loaded batch. With `measure` the norms are in [`Engine::measured`] afterwards; with `snapshot`, which
    /// describes the parameters before the update, in [`Engine::snapshot`]. Neither changes the arithmetic of the step.
    pub fn step(&mut self, learning_rate: f64, measure: bool, snapshot: bool) -> (f64, f64) {
        let sum = self.forward_backward(Wanted { measure, statistics: snapshot, step: self.step });
        if snapshot {
            self.measure_distance();
            for l in 0..self.network.layers() {
                let values = self.tape.activation_metrics(l);
                self.snapshot.activations.iter_mut().zip(values).for_each(|(column, v)| column[l] = v);
            }
        }
        let constants = Constants::new(&self.optimizer, self.step, learning_rate);
        self.update(&constants, measure);
        self.update_gains(&constants, measure);
        for l in 0..self.network.layers() {
            let range = self.network.running_range(l);
            if !range.is_empty() {
                self.tape.follow(l, &mut self.network.running[range]);
            }
        }
        self.step += 1;
        let rows = self.tape.rows as f64;
        self.measure.loss = sum.loss / rows;
        self.measure.accuracy = sum.correct as f64 / rows;
        if measure {
            self.collect();
        }
        (self.measure.loss, self.measure.accuracy)
    }

    pub fn measured(&self) -> &StepMeasure {
        &self.measure
    }

    pub fn snapshot(&self) -> &SnapshotMeasure {
        &self.snapshot
    }

    /// A snapshot of the parameters alone, as after the last step: the activation columns are missing.
    pub fn final_snapshot(&mut self) -> &SnapshotMeasure {
        self.measure_distance();
        self.snapshot.activations.iter_mut().for_each(|column| column.fill(MISSING));
        &self.snapshot
    }

    /// Goes on from other parameters of the same network. The optimiser's state stays as it is.
    pub fn restore(&mut self, network: &Network<T>) {
        self.network.copy_from(network);
        self.transposed = Transposed::new(&self.network);
    }

    /// Mean loss and accuracy over `data [n, inputs]`: running averages in batch normalisation, no dropout.
    pub fn evaluate(&mut self, data: &[T], labels: &[u32]) -> (f64, f64) {
        let (width, n) = (self.network.shape.sizes[0], labels.len());
        while self.evaluators.len() < self.threads.count() {
            self.evaluators.push(Tape::new(&self.network, EVAL_ROWS));
        }
        let mut sums = vec![LossSum::default(); n.div_ceil(EVAL_ROWS)];
        let (shared, tapes) = (Shared::new(&mut sums), Shared::new(&mut self.evaluators));
        let (network, transposed, loss) = (&self.network, &self.transposed, self.loss);
        self.threads.each(n.div_ceil(EVAL_ROWS), |i, thread| {
            let range = i * EVAL_ROWS..((i + 1) * EVAL_ROWS).min(n);
            let rows = &data[range.start * width..range.end * width];
            // SAFETY: element i is this piece's, and a thread's tape is used by one piece at a time.
            unsafe {
                shared.slice(i, 1)[0] =
                    tapes.slice(thread, 1)[0].evaluate(network, transposed, loss, rows, &labels[range]);
            }
        });
        let sum = sums.iter().fold(LossSum::default(), |a, b| a.plus(*b));
        (sum.loss / n as f64, sum.correct as f64 / n as f64)
    }

    /// The batch loss and the batch-mean gradient of every tensor on the loaded batch, in f64, with no update, in training
    /// mode: the batch's own moments, the masks of the next step.
    pub fn gradients(&mut self) -> (f64, Vec<Vec<f64>>) {
        let sum = self.forward_backward(Wanted { step: self.step, ..Wanted::default() });
        let shape = &self.network.shape;
        let mut gradients: Vec<Vec<f64>> =
            (0..shape.tensor_count()).map(|t| vec![0.0; self.network.tensor(t).len()]).collect();
        let mut put = |l: usize, part: Part, at: usize, stored: &[T], exponent: i32| {
            let Some(t) = shape.index(l, part) else { return };
            for (to, from) in gradients[t][at..].iter_mut().zip(stored) {
                *to = from.to_f64() * 2f64.powi(exponent);
            }
        };
        for panel in &self.panels {
            let (l, fan_in) = (panel.layer, shape.fan_in(panel.layer));
            let (weight, bias) = panel.gradient(&self.tape, fan_in, &mut self.scratch, Soon::NOTHING);
            put(l, Part::Weight, panel.from * fan_in, weight, self.exponents[l]);
            put(l, Part::Bias, panel.from, bias, self.exponents[l]);
        }
        for l in 0..shape.layers() {
            let (gain, shift, exponent) = self.tape.gain_gradient(l);
            put(l, Part::Gain, 0, gain, exponent);
            put(l, Part::Shift, 0, shift, exponent);
        }
        (sum.loss / self.tape.rows as f64, gradients)
    }

    fn forward_backward(&mut self, wanted: Wanted) -> LossSum {
        let sum = self.tape.run(&self.network, &self.transposed, self.loss, wanted, &self.threads);
        for l in 0..self.network.layers() {
            self.exponents[l] = self.tape.align(l);
        }
        sum
    }

    /// The second phase: panels of all layers, from the input side, where the backward pass ended.
    fn update(&mut self, constants: &Constants<T>, measure: bool) {
        let (tape, panels, exponents) = (&self.tape, &self.panels, &self.exponents);
        let shape = &self.network.shape;
        let offsets = &self.network.offsets;
        let starts = |l, part| shape.index(l, part).map(|t| offsets[t]);
        let parameters = Shared::new(&mut self.network.parameters);
        let state =
            [&mut self.state.first, &mut self.state.second, &mut self.state.decay_first].map(|v| Shared::new(v));
        let partials = Shared::new(&mut self.partials);
        let layer_starts = &self.transposed.offsets;
        let transposed = Shared::new(&mut self.transposed.data);
        let scratch = Shared::new(&mut self.scratch);
        let scratch_len = self.scratch_len;
        self.threads.each(panels.len(), |i, thread| {
            let panel = panels[i];
            let l = panel.layer;
            let fan_in = shape.fan_in(l);
            let (Some(weight_start), bias_start) = (starts(l, Part::Weight), starts(l, Part::Bias)) else { return };
            // SAFETY: panel i owns partial i, its thread's scratch, and its rows of the weight, the bias and the state.
            unsafe {
                let at = panel.from * fan_in;
                let len = (panel.to - panel.from) * fan_in;
                let mut soon = Soon::NOTHING.and(&*parameters.slice(weight_start + at, len));
                if !transposed.is_empty() {
                    soon = soon.and(&*transposed.slice(layer_starts[l] + at, len));
                }
                if let Some(next) = panels.get(i + 1).filter(|p| p.layer != l) {
                    soon = soon.and(tape.delta(next.layer)).and(tape.input(next.layer));
                }
                let scratch = scratch.slice(thread * scratch_len, scratch_len);
                let (grad, bias_grad) = panel.gradient(tape, fan_in, scratch, soon);
                let update = |start: usize, grad: &[T]| {
                    let param = parameters.slice(start, grad.len());
                    let [first, second, decay_first] =
                        state.map(|s| if s.is_empty() { Default::default() } else { s.slice(start, grad.len()) });
                    let state = StateSlice { first, second, decay_first };
                    apply(constants, param, grad, exponents[l], state, measure)
                };
                let bias = bias_start.map_or_else(UpdateSums::default, |start| update(start + panel.from, bias_grad));
                partials.slice(i, 1)[0] = [update(weight_start + at, grad), bias];
                if !transposed.is_empty() {
                    let weight = parameters.slice(weight_start + at, len);
                    refresh(weight, fan_in, transposed.slice(layer_starts[l] + at, len));
                }
            }
        });
    }

    /// Gains and shifts of all normalised layers.
    fn update_gains(&mut self, constants: &Constants<T>, measure: bool) {
        for l in 0..self.network.layers() {
            let (gain, shift, exponent) = self.tape.gain_gradient(l);
            for (k, (part, grad)) in [(Part::Gain, gain), (Part::Shift, shift)].into_iter().enumerate() {
                let Some(t) = self.network.shape.index(l, part) else { continue };
                let range = self.network.range(t);
                let piece = |v: &mut [T]| if v.is_empty() { 0..0 } else { range.clone() };
                let State { first, second, decay_first } = &mut self.state;
                let (a, b, c) = (piece(first), piece(second), piece(decay_first));
                let state =
                    StateSlice { first: &mut first[a], second: &mut second[b], decay_first: &mut decay_first[c] };
                let param = &mut self.network.parameters[range];
                self.gain_sums[l][k] = apply(constants, param, grad, exponent, state, measure);
            }
        }
    }

    /// Joins the panels' sums into norms, in the panels' order.
    fn collect(&mut self) {
        let rows = self.tape.rows as f64;
        let mut at = 0;
        for l in 0..self.network.layers() {
            let mut total = [UpdateSums::default(); 2];
            while at < self.panels.len() && self.panels[at].layer == l {
                total = [total[0].plus(self.partials[at][0]), total[1].plus(self.partials[at][1])];
                at += 1;
            }
            let [gain, shift] = self.gain_sums[l];
            let parts = [(Part::Weight, total[0]), (Part::Bias, total[1]), (Part::Gain, gain), (Part::Shift, shift)];
            for (part, sums) in parts {
                let Some(t) = self.network.shape.index(l, part) else { continue };
                let driven = sums.driven.norm();
                let update = sums.update.norm();
                let [g, u, dr, de, p] = &mut self.measure.tensors;
                g[t] = sums.grad.norm();
                // The parameters did not change although an update was computed: it was lost to rounding.
                let lost = update == 0.0 && (driven != 0.0 || sums.decay.sum != 0.0 || driven.is_sign_negative());
                u[t] = if lost { UNDERFLOW } else { update };
                dr[t] = driven;
                de[t] = sums.decay.norm();
                p[t] = sums.param.norm();
            }
            let (delta, input) = self.tape.squares(l);
            let signal = sum(delta) / rows;
            let grad = dot(delta, input) / rows;
            let norm = |sum: f64| SquareSum { sum, exponent: self.exponents[l] }.norm();
            self.measure.layers[0][l] = norm(signal);
            self.measure.layers[1][l] = norm(grad);
        }
    }

    /// Distances from the initial parameters, and their sketch; shares of exact zeros.
    fn measure_distance(&mut self) {
        let n = self.network.shape.tensor_count();
        for (t, share) in self.snapshot.zero_share.iter_mut().enumerate() {
            *share = share_of_zeros(self.network.tensor(t));
        }
        let Some(initial) = &self.initial else { return };
        let distances = Shared::new(&mut self.snapshot.distance_from_init);
        let sketches = Shared::new(&mut self.snapshot.sketch);
        let now = &self.network;
        self.threads.each(n, |t, _| {
            // SAFETY: element t and its buckets are this piece's.
            unsafe {
                let sketch = sketches.slice(t * SKETCH_BUCKETS, SKETCH_BUCKETS);
                let sum = sketch_difference(now.tensor(t), initial.tensor(t), t as u64, sketch);
                distances.slice(t, 1)[0] = sum.norm();
            }
        });
    }
}

impl Panel {
    /// Batch-mean gradient of this panel's weights `[to - from, fan_in]` and biases `[to - from]`, as stored (the layer's
    /// exponent is not applied), in the scratch buffer.
    fn gradient<'a, T: Scalar>(
        &self,
        tape: &Tape<T>,
        fan_in: usize,
        scratch: &'a mut [T],
        soon: Soon,
    ) -> (&'a [T], &'a [T]) {
        let rows = tape.rows;
        let fan_out = tape.delta(self.layer).len() / rows;
        let count = self.to - self.from;
        let (weight, rest) = scratch.split_at_mut(count * fan_in);
        let bias = &mut rest[..count];
        let mean = T::from_f64(1.0 / rows as f64);
        let delta = tape.delta(self.layer);
        let columns = MatRef::new(delta, rows, fan_out).columns(self.from, self.to);
        multiply(mean, columns.transposed(), MatRef::new(tape.input(self.layer), rows, fan_in), weight, soon);
        column_sums(delta, fan_out, self.from, bias);
        bias.iter_mut().for_each(|b| *b = *b * mean);
        (weight, bias)
    }
}

/// Sums of columns `from .. from + out.len()` of a row-major matrix with `width` columns. Runs of 32 rows are added first, and
/// the runs then: the rounding error grows with their number, not with the rows'.
fn column_sums<T: Scalar>(values: &[T], width: usize, from: usize, out: &mut [T]) {
    if let Some(token) = kernel::detect_for::<T>() {
        return kernel::column_sums(token, kernel::as_f32(values), width, from, kernel::as_f32_mut(out));
    }
    const PIECE: usize = 64;
    simd(
        #[inline(always)]
        || {
            for (k, out) in out.chunks_mut(PIECE).enumerate() {
                let mut total = [T::ZERO; PIECE];
                for run in values.chunks(32 * width) {
                    let mut part = [T::ZERO; PIECE];
                    for row in run.chunks_exact(width) {
                        let row = &row[from + k * PIECE..][..out.len()];
                        part.iter_mut().zip(row).for_each(|(p, &x)| *p += x);
                    }
                    total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
                }
                out.copy_from_slice(&total[..out.len()]);
            }
        },
    );
}

/// The panels of all weights: a function of the shapes alone.
fn split_panels<T: Scalar>(network: &Network<T>) -> Vec<Panel> {
    let panels =
        |layer| weight_panels(network.fan_out(layer)).map(move |(from, n)| Panel { layer, from, to: from + n });
    (0..network.layers()).flat_map(panels).collect()
}

fn share_of_zeros<T: Scalar>(values: &[T]) -> f64 {
    let zeros: usize = simd(
        #[inline(always)]
        || values.iter().map(|&x| usize::from(x == T::ZERO)).sum(),
    );
    zeros as f64 / values.len() as f64
}

/// Squared distance of two tensors and the CountSketch of their difference (Charikar, Chen, Farach-Colton 2002).
///
/// Element i goes to one bucket with a random sign. Elements are taken 64 at a time: a run is spread over all 64 buckets,
/// rotated by a random amount, so that two elements share a bucket with probability at most 1/64 and their signs are
/// independent: all that the bound on the variance needs.
fn sketch_difference<T: Scalar>(now: &[T], initial: &[T], tensor: u64, sketch: &mut [f32]) -> SquareSum {
    let random = |run: u64| {
        let signs = mix(tensor << 48 | run);
        (signs, mix(signs) & 63)
    };
    if let Some(token) = kernel::detect_for::<T>() {
        let buckets = sketch.try_into().expect("a tensor has as many numbers of sketch as there are buckets");
        return kernel::sketch(token, kernel::as_f32(now), kernel::as_f32(initial), random, buckets);
    }
    let mut difference = [T::ZERO; SKETCH_BUCKETS];
    let mut sum = SquareSum::ZERO;
    let mut buckets = [T::ZERO; 2 * SKETCH_BUCKETS];
    simd(
        #[inline(always)]
        || {
            for (run, (a, b)) in now.chunks(SKETCH_BUCKETS).zip(initial.chunks(SKETCH_BUCKETS)).enumerate() {
                let (signs, rotation) = random(run as u64);
                let rotation = rotation as usize;
                let part = &mut difference[..a.len()];
                for ((d, &a), &b) in part.iter_mut().zip(a).zip(b) {
                    *d = a - b;
                }
                sum = sum.plus(super::norm::square_sum_inline(part));
                for (j, (bucket, &d)) in buckets[rotation..].iter_mut().zip(part.iter()).enumerate() {
                    *bucket += if signs >> j & 1 == 1 { -d } else { d };
                }
            }
        },
    );
    for (j, s) in sketch.iter_mut().enumerate() {
        *s = (buckets[j] + buckets[j + SKETCH_BUCKETS]).to_f64() as f32;
    }
    sum
}
