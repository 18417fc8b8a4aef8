//! One training step, and what is measured of it.
//!
//! ```text
//! g_t = 1/B sum_a dl_a/dtheta at theta_t        theta_{t+1} = theta_t + u(g_t, theta_t)
//! ```
//!
//! A step is two phases. First every block of rows goes forward and backward ([`super::tape`]); then every
//! *panel*, a piece of a layer's tensors, computes its gradient over the whole batch into a buffer that stays
//! in the cache, applies the update and measures both ([`super::update`]). No gradient of the whole network
//! is ever stored. What kinds of layers there are is not known here.

use super::clip::{Clip, Clipping};
use super::kernel;
use super::layer::{PANEL_TENSORS, Panel, mix};
use super::loss::{Loss, LossSum};
use super::matmul::Prefetch;
use super::network::Network;
use super::norm::{SquareSum, square_sum, sum};
use super::optimizer::{Constants, Optimizer, State};
use super::scalar::{Scalar, simd};
use super::slots::{Place, Slots, cut};
use super::tape::{Tape, Wanted};
use super::threads::{Threads, chunks, each};
use super::update::{StateSlice, UpdateSums, apply};
use super::winners::Watch;
use crate::stats::bins::BINS;
use crate::stats::{MISSING, UNDERFLOW};

/// Samples that are evaluated together.
pub(super) const EVAL_ROWS: usize = 256;

/// Buckets of the sketch.
pub const SKETCH_BUCKETS: usize = 64;

/// Slices of a panel: its pieces of the parameters, of the optimiser's three buffers, and its place in the
/// packed copy.
const PANEL_SLICES: usize = 4 * PANEL_TENSORS + 1;
/// The last of them.
const PACKED: usize = PANEL_SLICES - 1;

/// A panel of the network.
#[derive(Clone, Debug)]
struct PanelSite {
    layer: usize,
    panel: Panel,
    /// Its pieces: the index of the tensor and its range in the parameters.
    tensors: Vec<(usize, std::ops::Range<usize>)>,
}

/// Declares what is measured: numbers of the whole run, and columns with one value a tensor, `[T]`, or one a
/// layer, `[L]`. A column is called as its metric in [`crate::record`], so that a row is made of all of them.
macro_rules! measures {
    ($(#[$doc:meta])* $name:ident { $($(#[$of_own:meta])* $own:ident: $type:ty,)* }
        tensors { $($(#[$of_tensor:meta])* $tensor:ident,)* }
        layers { $($(#[$of_layer:meta])* $layer:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $($(#[$of_own])* pub $own: $type,)*
            $($(#[$of_tensor])* pub $tensor: Vec<f64>,)*
            $($(#[$of_layer])* pub $layer: Vec<f64>,)*
        }

        impl $name {
            /// Every column with the id of its metric.
            pub fn columns(&self) -> impl Iterator<Item = (&'static str, &[f64])> {
                [$((stringify!($tensor), &*self.$tensor),)* $((stringify!($layer), &*self.$layer),)*].into_iter()
            }

            fn of_tensors(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
                [$(&mut self.$tensor),*].into_iter()
            }

            fn of_layers(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
                [$(&mut self.$layer),*].into_iter()
            }

            /// Columns in which nothing is measured yet.
            fn unmeasured(layers: usize, tensors: usize) -> $name {
                let mut new = $name::default();
                new.of_tensors().for_each(|column| column.resize(tensors, MISSING));
                new.of_layers().for_each(|column| column.resize(layers, MISSING));
                new
            }
        }
    };
}

measures! {
    /// What one step measured. Norms are L2 norms over a whole tensor of batch-mean gradients; a value has
    /// one of the six meanings of [`crate::stats`].
    StepMeasure {
        /// Mean over the batch.
        loss: f64,
        accuracy: f64,
    }
    tensors {
        /// Norm of the gradient.
        grad_norm,
        /// Norm of the update that the parameters took.
        update_norm,
        /// Norm of the part of the update that the gradient made.
        driven_norm,
        /// Norm of the part that decay made.
        decay_norm,
        /// Norm of the parameters before the update.
        param_norm,
    }
    layers {
        /// Root mean square over the samples of the norm of the backward signal.
        signal_rms,
        /// Root mean square over the samples of the norm of the gradient of the sample's own loss by the
        /// weight.
        grad_rms,
        /// Root mean square over the samples of the norm of the backward signal at the input of a layer
        /// without weights.
        signal_before_rms,
    }
}

measures! {
    /// What a snapshot measured. The columns of layers describe activations: they are missing where no batch
    /// was run.
    SnapshotMeasure {
        /// CountSketch of the difference from the initial parameters, `[T * SKETCH_BUCKETS]`
        sketch: Vec<f32>,
        /// Counts of what a layer's activation function was given and of what it made of it, and of the
        /// backward signal, in the bins of [`crate::stats::bins`]; NaN where nothing was counted. `[L * BINS]`
        pre_activation_histogram: Vec<f32>,
        activation_histogram: Vec<f32>,
        signal_histogram: Vec<f32>,
    }
    tensors {
        /// Distance from the initial parameters.
        distance_from_init,
        /// Share of parameters that are exactly zero.
        zero_share,
    }
    layers {
        activation_mean,
        activation_std,
        /// Share of activations whose slope is under [`crate::activation::SATURATION`] times the function's
        /// largest one.
        saturated_share,
        /// Share of units that had no slope on any sample.
        dead_share,
        mean_squared_slope,
        /// Share of the places of a pooling layer's input that get a gradient.
        routed_share,
        /// Share of the outputs of max pooling and maxout that another input became than at the snapshot
        /// before, over the samples of [`Engine::watch`].
        winners_changed,
    }
}

impl SnapshotMeasure {
    /// What is stored in single precision, with the ids of its metrics.
    pub fn singles(&self) -> [(&'static str, &[f32]); 4] {
        [
            ("sketch", &self.sketch),
            ("pre_activation_histogram", &self.pre_activation_histogram),
            ("activation_histogram", &self.activation_histogram),
            ("signal_histogram", &self.signal_histogram),
        ]
    }

    fn histograms(&mut self) -> [&mut Vec<f32>; 3] {
        [&mut self.pre_activation_histogram, &mut self.activation_histogram, &mut self.signal_histogram]
    }
}

/// A network in training: parameters, optimiser state and all buffers, allocated once.
pub struct Engine<T: Scalar> {
    network: Network<T>,
    /// The weights again, as the forward pass reads them; refreshed with every update.
    packed: Vec<T>,
    loss: Loss,
    optimizer: Optimizer,
    state: State<T>,
    tape: Tape<T>,
    panels: Vec<PanelSite>,
    /// Where the panels' pieces of the parameters and of the packed copy go.
    places: Vec<Place>,
    packed_places: Vec<Place>,
    slots: Slots<T>,
    partials: Vec<[UpdateSums; PANEL_TENSORS]>,
    /// `[T]`
    totals: Vec<UpdateSums>,
    /// Norms of the stored gradients of all tensors, where they are normalised. `[T]`
    norms: Vec<f64>,
    /// Powers of two of what the layers keep.
    exponents: Vec<i32>,
    /// Gradient buffers, one a thread.
    scratch: Vec<Vec<T>>,
    /// Squared norms of each row of the batch.
    signal_squares: Vec<f64>,
    gradient_squares: Vec<f64>,
    threads: Threads,
    evaluators: Vec<Tape<T>>,
    initial: Option<Network<T>>,
    watch: Option<Watch<T>>,
    /// Whether snapshots count how activations and signals are distributed.
    counts: bool,
    measure: StepMeasure,
    snapshot: SnapshotMeasure,
    step: u64,
}

impl<T: Scalar> Engine<T> {
    /// A network that will be trained on batches of `batch_size` samples. One thread means the calling one:
    /// nothing is spawned.
    pub fn new(
        network: Network<T>,
        loss: Loss,
        optimizer: Optimizer,
        batch_size: usize,
        threads: usize,
    ) -> Engine<T> {
        let threads = Threads::new(threads);
        let (layers, tensors) = (network.layers(), network.tensor_count());
        let panels = split_panels(&network);
        let len = |panel: &PanelSite| panel.tensors.iter().map(|(_, range)| range.len()).sum();
        let scratch = panels.iter().map(len).max().unwrap_or(0);
        let (places, packed_places) = places(&network, &panels);
        Engine {
            loss,
            optimizer,
            state: State::new(&optimizer, network.parameters.len()),
            tape: Tape::new(&network, batch_size),
            partials: vec![Default::default(); panels.len()],
            panels,
            places,
            packed_places,
            slots: Slots::new(),
            totals: vec![UpdateSums::default(); tensors],
            norms: vec![0.0; tensors],
            exponents: vec![0; network.sequence.layers.len()],
            scratch: vec![vec![T::ZERO; scratch]; threads.count()],
            signal_squares: vec![0.0; batch_size],
            gradient_squares: vec![0.0; batch_size],
            evaluators: Vec::new(),
            initial: None,
            watch: None,
            counts: true,
            measure: StepMeasure {
                loss: MISSING,
                accuracy: MISSING,
                ..StepMeasure::unmeasured(layers, tensors)
            },
            snapshot: SnapshotMeasure {
                sketch: vec![0.0; tensors * SKETCH_BUCKETS],
                pre_activation_histogram: vec![f32::NAN; layers * BINS],
                activation_histogram: vec![f32::NAN; layers * BINS],
                signal_histogram: vec![f32::NAN; layers * BINS],
                ..SnapshotMeasure::unmeasured(layers, tensors)
            },
            threads,
            packed: network.pack(),
            network,
            step: 0,
        }
    }

    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// Cuts the batch into other blocks of rows.
    #[cfg(test)]
    pub(crate) fn cut_at(&mut self, bounds: &[usize]) {
        self.tape = Tape::with(&self.network, self.tape.rows, bounds, true);
    }

    /// Keeps a copy of the parameters as they are now, from which snapshots measure the distance.
    pub fn remember_initial(&mut self) {
        self.initial = Some(self.network.clone());
    }

    /// The parameters of [`Engine::remember_initial`]; those that are there now where it was not called.
    pub fn initial(&self) -> &Network<T> {
        self.initial.as_ref().unwrap_or(&self.network)
    }

    /// Lets snapshots say how many winners of max pooling and maxout changed on the first samples of `data
    /// [n, inputs]` (at most 64), where the network has such layers.
    pub fn watch(&mut self, data: &[T], labels: &[u32]) {
        self.watch = Watch::new(&self.network, data, labels);
    }

    /// Whether the next snapshots count how activations and signals are distributed. They do at first.
    pub fn count(&mut self, on: bool) {
        self.counts = on;
    }

    /// Takes samples `order` (as many as the batch size) of `data [n, inputs]` as the next batch.
    pub fn load(&mut self, data: &[T], labels: &[u32], order: &[u32]) {
        self.tape.load(data, labels, order);
    }

    /// One step on the loaded batch; returns its mean loss and accuracy. With `measure` the norms are in
    /// [`Engine::measured`] afterwards; with `snapshot`, which describes the parameters before the update, in
    /// [`Engine::snapshot`]. Neither changes the arithmetic of the step.
    pub fn step(&mut self, learning_rate: f64, measure: bool, snapshot: bool) -> (f64, f64) {
        let distributions = snapshot && self.counts;
        let wanted = Wanted { measure, statistics: snapshot, distributions, step: self.step };
        let sum = self.forward_backward(wanted);
        if snapshot {
            self.measure_distance();
            self.measure_activations();
            self.measure_distributions(distributions);
            self.measure_winners();
        }
        let constants = Constants::new(&self.optimizer, self.step, learning_rate);
        let clip = self.optimizer.clip;
        let mut norms = std::mem::take(&mut self.norms);
        if clip == Clip::Unit {
            self.gradient_norms(&mut norms);
        }
        let clipping = clip.of(|| self.gradient_norm(), &norms);
        self.update(&constants, clipping, measure);
        self.norms = norms;
        self.tape.follow(&self.network.sequence, &mut self.network.running);
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

    /// A snapshot of the parameters alone, as after the last step: the columns of layers that describe a
    /// batch are missing.
    pub fn final_snapshot(&mut self) -> &SnapshotMeasure {
        self.measure_distance();
        self.snapshot.of_layers().for_each(|column| column.fill(MISSING));
        self.snapshot.histograms().into_iter().for_each(|counts| counts.fill(f32::NAN));
        self.measure_winners();
        &self.snapshot
    }

    /// Goes on from other parameters of the same network. The optimiser's state stays as it is.
    pub fn restore(&mut self, network: &Network<T>) {
        self.network.copy_from(network);
        self.packed = self.network.pack();
    }

    /// Mean loss and accuracy over `data [n, inputs]`: running averages in batch normalisation, no dropout.
    pub fn evaluate(&mut self, data: &[T], labels: &[u32]) -> (f64, f64) {
        let (width, n) = (self.network.sequence.inputs(), labels.len());
        while self.evaluators.len() < self.threads.count() {
            self.evaluators.push(Tape::for_evaluation(&self.network, EVAL_ROWS));
        }
        let mut sums = vec![LossSum::default(); n.div_ceil(EVAL_ROWS)];
        let (network, packed, loss) = (&self.network, &self.packed, self.loss);
        self.threads.for_each(each(&mut sums), &mut self.evaluators, |i, sum, tape| {
            let range = i * EVAL_ROWS..((i + 1) * EVAL_ROWS).min(n);
            let rows = &data[range.start * width..range.end * width];
            *sum = tape.evaluate(network, packed, loss, rows, &labels[range]);
        });
        let sum = sums.iter().fold(LossSum::default(), |a, b| a.plus(*b));
        (sum.loss / n as f64, sum.correct as f64 / n as f64)
    }

    /// The mean loss of the loaded batch in training mode: the batch's own moments, the masks of the next
    /// step. Changes nothing.
    pub fn batch_loss(&mut self) -> f64 {
        let sum = self.forward_backward(Wanted { step: self.step, ..Wanted::default() });
        sum.loss / self.tape.rows as f64
    }

    /// The batch loss, as [`Engine::batch_loss`], and the batch-mean gradient of every tensor, in f64, with
    /// no update.
    pub fn gradients(&mut self) -> (f64, Vec<Vec<f64>>) {
        let loss = self.batch_loss();
        let network = &self.network;
        let mut gradients: Vec<Vec<f64>> =
            (0..network.tensor_count()).map(|t| vec![0.0; network.tensor(t).len()]).collect();
        for site in &self.panels {
            let (layer, kept) =
                (&network.sequence.layers[site.layer], self.tape.kept(&network.sequence, site.layer));
            let lengths = site.lengths();
            let (first, rest) = self.scratch[0].split_at_mut(lengths[0]);
            let second = &mut rest[..lengths[1]];
            layer.gradient(&site.panel, kept, [&mut *first, &mut *second], Prefetch::NOTHING);
            for ((t, _), ((_, range), stored)) in
                site.tensors.iter().zip(site.panel.pieces.iter().zip([first, second]))
            {
                for (to, from) in gradients[*t][range.clone()].iter_mut().zip(stored) {
                    *to = from.to_f64() * 2f64.powi(self.exponents[site.layer]);
                }
            }
        }
        (loss, gradients)
    }

    fn forward_backward(&mut self, wanted: Wanted) -> LossSum {
        let sum = self.tape.run(&self.network, &self.packed, self.loss, wanted, &self.threads);
        let sequence = &self.network.sequence;
        for (i, site) in sequence.sites.iter().enumerate() {
            if site.measured {
                self.exponents[i] = self.tape.align(sequence, i);
            }
        }
        sum
    }

    /// The norm of the batch-mean gradient over all tensors.
    fn gradient_norm(&mut self) -> f64 {
        self.square_gradients();
        let sum = |sum: SquareSum, (site, sums): (&PanelSite, &[UpdateSums; PANEL_TENSORS])| {
            let exponent = self.exponents[site.layer];
            sums[..site.tensors.len()].iter().fold(sum, |sum, part| sum.plus(part.grad.scaled(exponent)))
        };
        self.panels.iter().zip(&self.partials).fold(SquareSum::ZERO, sum).norm()
    }

    /// The norms of the stored batch-mean gradients of all tensors: true norms are larger by a power of two.
    fn gradient_norms(&mut self, norms: &mut [f64]) {
        self.square_gradients();
        self.totals.fill(UpdateSums::default());
        for (site, sums) in self.panels.iter().zip(&self.partials) {
            for ((t, _), sums) in site.tensors.iter().zip(sums) {
                self.totals[*t].grad = self.totals[*t].grad.plus(sums.grad);
            }
        }
        norms.iter_mut().zip(&self.totals).for_each(|(norm, sums)| *norm = sums.grad.norm());
    }

    /// The squares of the stored batch-mean gradient of every panel. The update makes the gradient again: to
    /// keep it would take a second copy of the network.
    fn square_gradients(&mut self) {
        let (tape, panels) = (&self.tape, &self.panels);
        let sequence = &self.network.sequence;
        self.threads.for_each(each(&mut self.partials), &mut self.scratch, |i, sums, scratch| {
            let site = &panels[i];
            let (layer, kept) = (&sequence.layers[site.layer], tape.kept(sequence, site.layer));
            let [a, b] = site.lengths();
            let (first, rest) = scratch.split_at_mut(a);
            let second = &mut rest[..b];
            layer.gradient(&site.panel, kept, [&mut *first, &mut *second], Prefetch::NOTHING);
            for (k, gradient) in [first, second].into_iter().enumerate().take(site.tensors.len()) {
                sums[k].grad = square_sum(gradient);
            }
        });
    }

    /// The second phase: the panels of all layers, from the input side, where the backward pass ended.
    fn update(&mut self, constants: &Constants<T>, clipping: Clipping<'_>, measure: bool) {
        let (tape, panels, exponents) = (&self.tape, &self.panels, &self.exponents);
        let Network { sequence, parameters, .. } = &mut self.network;
        let mut slices = self.slots.lend(panels.len() * PANEL_SLICES);
        cut(parameters, &self.places, 0, &mut slices);
        let State { first, second, decay_first } = &mut self.state;
        for (k, buffer) in [first, second, decay_first].into_iter().enumerate() {
            if !buffer.is_empty() {
                cut(buffer, &self.places, (k + 1) * PANEL_TENSORS, &mut slices);
            }
        }
        cut(&mut self.packed, &self.packed_places, 0, &mut slices);
        let pieces = (each(&mut self.partials), chunks(&mut slices, PANEL_SLICES));
        self.threads.for_each(pieces, &mut self.scratch, |i, (sums, slices), scratch| {
            let site = &panels[i];
            let (layer, kept) = (&sequence.layers[site.layer], tape.kept(sequence, site.layer));
            let mut prefetch = Prefetch::NOTHING.and(slices[0]).and(slices[PACKED]);
            if let Some(next) = panels.get(i + 1).filter(|next| next.layer != site.layer) {
                let next = tape.kept(sequence, next.layer);
                prefetch = prefetch.and(next.dy).and(next.cache).and(next.x);
            }
            let [a, b] = site.lengths();
            let (first, rest) = scratch.split_at_mut(a);
            let second = &mut rest[..b];
            layer.gradient(&site.panel, kept, [&mut *first, &mut *second], prefetch);
            for (k, gradient) in [first, second].into_iter().enumerate().take(site.tensors.len()) {
                let mut slice = |buffer: usize| std::mem::take(&mut slices[buffer * PANEL_TENSORS + k]);
                let (param, first, second, decay_first) = (slice(0), slice(1), slice(2), slice(3));
                let state = StateSlice { first, second, decay_first };
                let exponent = exponents[site.layer];
                let before = clipping.apply(gradient, site.tensors[k].0, exponent);
                sums[k] = apply(constants, param, gradient, clipping.exponent(exponent), state, measure);
                if let Some(before) = before {
                    sums[k].grad = before;
                }
                if k == 0 && !slices[PACKED].is_empty() {
                    layer.pack(param, slices[PACKED]);
                }
            }
        });
        self.slots.take_back(slices);
    }

    /// Joins the panels' sums into norms, in the panels' order.
    fn collect(&mut self) {
        self.totals.fill(UpdateSums::default());
        for (site, sums) in self.panels.iter().zip(&self.partials) {
            for ((t, _), sums) in site.tensors.iter().zip(sums) {
                self.totals[*t] = self.totals[*t].plus(*sums);
            }
        }
        let m = &mut self.measure;
        for (t, sums) in self.totals.iter().enumerate() {
            let (driven, update) = (sums.driven.norm(), sums.update.norm());
            // The parameters did not change although an update was computed: it was lost to rounding.
            let lost = update == 0.0 && (driven != 0.0 || sums.decay.sum != 0.0 || driven.is_sign_negative());
            m.grad_norm[t] = sums.grad.norm();
            m.update_norm[t] = if lost { UNDERFLOW } else { update };
            m.driven_norm[t] = driven;
            m.decay_norm[t] = sums.decay.norm();
            m.param_norm[t] = sums.param.norm();
        }
        let rows = self.tape.rows as f64;
        for (i, (layer, site)) in self.network.sequence.iter().enumerate() {
            let (signal, gradient) = (&mut self.signal_squares, &mut self.gradient_squares);
            if self.tape.sample_squares(layer, i, signal, gradient) {
                let norm = |squares: &[f64]| {
                    SquareSum { sum: sum(squares) / rows, exponent: self.exponents[i] }.norm()
                };
                m.signal_rms[site.group] = norm(signal);
                // Pooling has a signal and no weights.
                // The signal at the input of the network is not computed.
                let before = site.tensors.is_empty() && i > 0;
                m.grad_rms[site.group] = if site.tensors.is_empty() { MISSING } else { norm(gradient) };
                m.signal_before_rms[site.group] = if before { norm(gradient) } else { MISSING };
            }
        }
    }

    fn measure_activations(&mut self) {
        let (s, sequence) = (&mut self.snapshot, &self.network.sequence);
        for (i, (layer, site)) in sequence.iter().enumerate() {
            let l = site.group;
            if let Some(share) = layer.routed_share(self.tape.kept(sequence, i).cache) {
                s.routed_share[l] = share;
            }
            let Some(place) = site.observed else { continue };
            let of = self.tape.activations(place);
            s.activation_mean[l] = of.mean;
            s.activation_std[l] = of.std;
            s.saturated_share[l] = of.saturated_share;
            s.dead_share[l] = of.dead_share;
            s.mean_squared_slope[l] = of.mean_squared_slope;
        }
    }

    fn measure_distributions(&mut self, counted: bool) {
        let [before, after, signal] = self.snapshot.histograms();
        if !counted {
            [before, after, signal].into_iter().for_each(|counts| counts.fill(f32::NAN));
            return;
        }
        let of = |counts: &mut Vec<f32>, l: usize| {
            let own = l * BINS..(l + 1) * BINS;
            counts[own.clone()].fill(0.0);
            own
        };
        for site in &self.network.sequence.sites {
            let l = site.group;
            if let Some(place) = site.observed {
                let own = of(before, l);
                of(after, l);
                self.tape.count_around(place, [&mut before[own.clone()], &mut after[own]]);
            }
            if let Some(place) = site.counted {
                let own = of(signal, l);
                self.tape.count_signals(place, &mut signal[own]);
            }
        }
    }

    fn measure_winners(&mut self) {
        let (column, Some(watch)) = (&mut self.snapshot.winners_changed, &mut self.watch) else { return };
        watch.look(&self.network, &self.packed, self.loss, |layer, share| column[layer] = share);
    }

    /// Distances from the initial parameters, and their sketch; shares of exact zeros.
    fn measure_distance(&mut self) {
        for (t, share) in self.snapshot.zero_share.iter_mut().enumerate() {
            *share = share_of_zeros(self.network.tensor(t));
        }
        let Some(initial) = &self.initial else { return };
        let (distances, sketch) = (&mut self.snapshot.distance_from_init, &mut self.snapshot.sketch);
        let now = &self.network;
        let pieces = (each(distances), chunks(sketch, SKETCH_BUCKETS));
        self.threads.for_each(pieces, &mut vec![(); self.threads.count()], |t, (distance, sketch), ()| {
            *distance = sketch_difference(now.tensor(t), initial.tensor(t), t as u64, sketch).norm();
        });
    }
}

impl PanelSite {
    /// Lengths of its pieces.
    fn lengths(&self) -> [usize; PANEL_TENSORS] {
        std::array::from_fn(|k| self.tensors.get(k).map_or(0, |(_, range)| range.len()))
    }
}

/// The panels of all layers: a function of the shapes alone.
fn split_panels<T: Scalar>(network: &Network<T>) -> Vec<PanelSite> {
    let sequence = &network.sequence;
    let mut all = Vec::new();
    for (i, (layer, site)) in sequence.iter().enumerate() {
        for panel in layer.panels() {
            assert!(panel.pieces.len() <= PANEL_TENSORS, "a panel has at most {PANEL_TENSORS} pieces");
            let place = |(t, range): &(usize, std::ops::Range<usize>)| {
                let (tensor, start) = (site.tensors.start + t, sequence.offsets[site.tensors.start + t]);
                (tensor, start + range.start..start + range.end)
            };
            let tensors = panel.pieces.iter().map(place).collect();
            all.push(PanelSite { layer: i, panel, tensors });
        }
    }
    all
}

/// Where the pieces of all panels go, in the order in which they stand in the parameters and in the packed
/// copy.
fn places<T: Scalar>(network: &Network<T>, panels: &[PanelSite]) -> (Vec<Place>, Vec<Place>) {
    let (mut places, mut packed) = (Vec::new(), Vec::new());
    for (p, site) in panels.iter().enumerate() {
        let first = p * PANEL_SLICES;
        for (k, (_, range)) in site.tensors.iter().enumerate() {
            places.push(Place { start: range.start, len: range.len(), slot: first + k });
        }
        let layer = &network.sequence.sites[site.layer];
        if !layer.packed.is_empty() {
            let start = layer.packed.start + site.panel.packed.start;
            packed.push(Place { start, len: site.panel.packed.len(), slot: first + PACKED });
        }
    }
    places.sort_by_key(|place| place.start);
    packed.sort_by_key(|place| place.start);
    (places, packed)
}

fn share_of_zeros<T: Scalar>(values: &[T]) -> f64 {
    let zeros: usize = simd(
        #[inline(always)]
        || values.iter().map(|&x| usize::from(x == T::ZERO)).sum(),
    );
    zeros as f64 / values.len() as f64
}

/// Squared distance of two tensors and the CountSketch of their difference (Charikar, Chen, Farach-Colton
/// 2002).
///
/// Element i goes to one bucket with a random sign. Elements are taken 64 at a time: a run is spread over all
/// 64 buckets, rotated by a random amount, so that two elements share a bucket with probability at most 1/64
/// and their signs are independent: all that the bound on the variance needs.
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
