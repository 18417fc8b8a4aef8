//! Forward and backward over blocks of rows of a batch: the first phase of a step.
//!
//! Where samples do not meet, a block of rows goes the whole way alone: all layers forward, the loss, all
//! layers back. A layer with a barrier (batch normalisation) cuts the way into stages, and all blocks finish
//! one stage before the next begins; sums over the batch are joined in the order of the blocks, so that the
//! bits do not depend on the number of threads.
//!
//! What a layer reads and writes lies on *sheets*, buffers `[rows, width]` that are allocated once and cut
//! into the blocks' rows by safe splits. Each block of rows carries the power of two of its signal (see
//! [`super::layer`]); [`Tape::align`] brings the blocks of a layer to one.

use std::mem::take;

use super::histogram::{Around, Histogram};
use super::layer::{Backward, Forward, Joint, Kept, Layer, Mode, Parameters};
use super::loss::{Loss, LossSum};
use super::matmul::Prefetch;
use super::network::Network;
use super::scalar::Scalar;
use super::sequence::{Sequence, Site};
use super::signal::shift;
use super::slots::Slots;
use super::statistics::{ActivationStatistics, Statistics};
use super::threads::{Threads, chunks, each};
use crate::stats::bins::Bins;

/// Work, in multiply-adds of the forward pass, that is worth a block of its own.
const BLOCK_WORK: usize = 24_000_000;

/// Rows of a block are at least this many, or the products become inefficient.
const BLOCK_ROWS: usize = 48;

/// The sheets of a layer.
#[derive(Clone, Debug)]
struct Seat {
    /// `None`: the batch.
    x: Option<usize>,
    y: usize,
    cache: Option<usize>,
    /// Where the signal at y arrives, and where that at x goes.
    dy: usize,
    dx: Option<usize>,
    /// Whether x is still there on the way back.
    keeps_x: bool,
    /// Where the values at the other end of a skip lie (`None`: in the batch).
    skipped: Option<Option<usize>>,
    /// Where this layer puts the signal that goes over its skip.
    skip_signal: Option<usize>,
    /// Layers whose skips begin at y: their signal joins dy.
    joined_by: Vec<usize>,
    /// Its numbers of a row begin after so many.
    numbers: usize,
    /// Its sums of a block.
    sums: std::ops::Range<usize>,
}

/// What belongs to a block of rows alone.
#[derive(Clone, Debug, Default)]
struct Block {
    from: usize,
    rows: usize,
    loss: LossSum,
    /// The power of two of the signal on its way back, and what the next layer must multiply it by, also as a
    /// power of two.
    exponent: i32,
    pending: i32,
    /// Powers of two of what each layer keeps, and of the signal on its skip. `[layers]`
    exponents: Vec<i32>,
    skip_exponents: Vec<i32>,
    /// Layer after layer, `[numbers, rows]`.
    numbers: Vec<f64>,
    sums: Vec<f64>,
    /// Statistics at every place where activations are observed, filled when they are wanted.
    statistics: Vec<Statistics>,
    /// Distributions at the same places, and of the signals ([`Site::counted`]).
    around: Vec<Around>,
    signals: Vec<Histogram>,
}

/// What to do besides training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The norms of single samples' gradients.
    pub measure: bool,
    /// Statistics of the activations.
    pub statistics: bool,
    /// How activations and signals are distributed.
    pub distributions: bool,
    /// The step, of which dropout makes its masks.
    pub step: u64,
}

/// Everything that one batch leaves behind in the forward and backward pass.
pub(crate) struct Tape<T: Scalar> {
    pub rows: usize,
    /// `[rows, inputs]`
    pub batch: Vec<T>,
    pub labels: Vec<u32>,
    sheets: Vec<Vec<T>>,
    widths: Vec<usize>,
    seats: Vec<Seat>,
    blocks: Vec<Block>,
    /// `[layers]`
    joints: Vec<Joint<T>>,
    /// Layers with a barrier.
    barriers: Vec<usize>,
    slots: Slots<T>,
    /// Memory to work in, one for each thread, and the length of each.
    scratch: Vec<Vec<T>>,
    scratch_len: usize,
}

/// The same where most of the work is done sample by sample, in convolutions.
const BLOCK_ROWS_OF_MAPS: usize = 8;

/// First row of each block and, last, the number of rows: a function of the shapes alone. `work` is that of a
/// sample.
fn split_rows(rows: usize, work: usize, parameters: usize) -> Vec<usize> {
    let fewest = if work > 2 * parameters { BLOCK_ROWS_OF_MAPS } else { BLOCK_ROWS };
    let at_least = (BLOCK_WORK / work.max(1)).max(fewest);
    let blocks = ((rows + at_least / 2) / at_least).max(1);
    (0..=blocks).map(|b| b * rows / blocks).collect()
}

/// Gives every layer its sheets; returns their widths too.
fn seats<T: Scalar>(sequence: &Sequence<T>, training: bool) -> (Vec<Seat>, Vec<usize>) {
    let mut widths = Vec::new();
    let mut add = |width: usize| {
        widths.push(width);
        widths.len() - 1
    };
    let layers = &sequence.layers;
    let last = layers.len() - 1;
    let mut seats = Vec::<Seat>::new();
    let (mut numbers, mut sums) = (0, 0);
    for (i, (layer, site)) in sequence.iter().enumerate() {
        let memory = layer.memory();
        let y = add(site.outputs);
        let keeps = training && layer.keeps_signal();
        // If y is not read in the backward pass, the signal takes its place; the loss puts its own there,
        // too.
        let free = i == last || !layers[i + 1].reads_input();
        let value = |v: usize| v.checked_sub(1).map(|below| seats[below].y);
        let skip = layer.skips().map(|span| i - span);
        let seat = Seat {
            x: value(i),
            y,
            cache: (memory.cache > 0).then(|| add(memory.cache)),
            dy: if i == last || keeps && free || !training {
                y
            } else if keeps {
                add(site.outputs)
            } else {
                usize::MAX
            },
            dx: i.checked_sub(1).map(|below| seats[below].dy),
            keeps_x: layer.reads_input(),
            skipped: skip.map(value),
            skip_signal: skip.filter(|&v| training && v > 0).map(|v| add(sequence.sites[v].inputs)),
            joined_by: Vec::new(),
            numbers,
            sums: sums..sums + memory.sums,
        };
        numbers += memory.numbers;
        sums += memory.sums;
        if let Some(v) = skip.filter(|&v| v > 0) {
            seats[v - 1].joined_by.push(i);
        }
        seats.push(seat);
    }
    // Signals that are not kept use two buffers in turn.
    let passing = |i: &usize| seats[*i].dy == usize::MAX;
    let widest = (0..=last).filter(passing).map(|i| sequence.sites[i].outputs).max();
    if let Some(widest) = widest {
        let scratch = [add(widest), add(widest)];
        for i in 0..=last {
            if seats[i].dy == usize::MAX {
                seats[i].dy = scratch[i % 2];
            }
            seats[i].dx = i.checked_sub(1).map(|below| seats[below].dy);
        }
    }
    (seats, widths)
}

impl<T: Scalar> Tape<T> {
    /// Buffers for batches of `rows` samples.
    pub fn new(network: &Network<T>, rows: usize) -> Tape<T> {
        let work = network.sequence.layers.iter().map(|layer| layer.work()).sum();
        Tape::with(network, rows, &split_rows(rows, work, network.parameters.len()), true)
    }

    /// Buffers for the evaluation of up to `rows` samples at a time.
    pub fn for_evaluation(network: &Network<T>, rows: usize) -> Tape<T> {
        Tape::with(network, rows, &[0, rows], false)
    }

    /// Buffers for batches of `rows` samples in blocks that end at `bounds`.
    pub fn with(network: &Network<T>, rows: usize, bounds: &[usize], training: bool) -> Tape<T> {
        let sequence = &*network.sequence;
        let (seats, widths) = seats(sequence, training);
        let memories: Vec<_> = sequence.layers.iter().map(|layer| layer.memory()).collect();
        let numbers: usize = memories.iter().map(|m| m.numbers).sum();
        let sums: usize = memories.iter().map(|m| m.sums).sum();
        let observed = sequence.sites.iter().filter(|site| site.observed.is_some());
        let statistics: Vec<_> =
            observed.map(|site| Statistics::new(site.units, site.outputs / site.units)).collect();
        let (around, signals) = histograms(sequence, rows);
        let block = |pair: &[usize]| Block {
            from: pair[0],
            rows: pair[1] - pair[0],
            exponents: vec![0; seats.len()],
            skip_exponents: vec![0; seats.len()],
            numbers: vec![0.0; numbers * (pair[1] - pair[0])],
            sums: vec![0.0; sums],
            statistics: statistics.clone(),
            around: around.clone(),
            signals: signals.clone(),
            ..Block::default()
        };
        let joint = |m: &super::layer::Memory| Joint {
            values: vec![T::ZERO; m.joint],
            wide: vec![0.0; m.joint_wide],
            means: vec![0.0; m.sums],
        };
        Tape {
            rows,
            batch: vec![T::ZERO; rows * sequence.inputs()],
            labels: vec![0; rows],
            sheets: widths.iter().map(|width| vec![T::ZERO; rows * width]).collect(),
            blocks: bounds.windows(2).map(block).collect(),
            joints: memories.iter().map(joint).collect(),
            barriers: (0..seats.len()).filter(|&i| sequence.layers[i].barrier()).collect(),
            widths,
            seats,
            slots: Slots::new(),
            scratch: Vec::new(),
            scratch_len: memories.iter().map(|m| m.scratch).max().unwrap_or(0),
        }
    }

    /// Bytes that a tape takes: what [`Tape::new`] and [`Tape::for_evaluation`] allocate, and the memory that so
    /// many threads work in.
    pub fn bytes(sequence: &Sequence<T>, rows: usize, threads: usize, training: bool) -> f64 {
        let memories: Vec<_> = sequence.layers.iter().map(|layer| layer.memory()).collect();
        let all = |of: fn(&super::layer::Memory) -> usize| memories.iter().map(of).sum::<usize>() as f64;
        let work = sequence.layers.iter().map(|layer| layer.work()).sum();
        let blocks = if training { split_rows(rows, work, sequence.parameters()).len() - 1 } else { 1 };
        let (rows, blocks) = (rows as f64, blocks as f64);
        let sheets = seats(sequence, training).1.iter().sum::<usize>() + sequence.inputs();
        let scratch = memories.iter().map(|m| m.scratch).max().unwrap_or(0) as f64;
        let observed = sequence.sites.iter().filter(|site| site.observed.is_some());
        let numbers = rows * sheets as f64 + threads as f64 * scratch + all(|m| m.joint);
        let wide = rows * all(|m| m.numbers) + blocks * all(|m| m.sums) + all(|m| m.sums + m.joint_wide);
        // One byte for each activation that is observed.
        let statistics = blocks * observed.clone().map(|site| site.outputs).sum::<usize>() as f64;
        let signals = sequence.sites.iter().filter(|site| site.counted.is_some()).count();
        let counts = size_of::<Around>() * observed.count() + size_of::<Histogram>() * signals;
        size_of::<T>() as f64 * numbers + 8.0 * wide + statistics + blocks * counts as f64
    }

    /// Makes the memory that so many threads work in, once.
    fn make_scratch(&mut self, threads: usize) {
        if self.scratch.len() < threads {
            self.scratch.resize_with(threads, || vec![T::ZERO; self.scratch_len]);
        }
    }

    /// Takes samples `order` of the data `[n, inputs]` as the batch. `order.len()` must be `rows`.
    pub fn load(&mut self, data: &[T], labels: &[u32], order: &[u32]) {
        let width = self.batch.len() / self.rows;
        for ((row, label), &i) in self.batch.chunks_exact_mut(width).zip(&mut self.labels).zip(order) {
            let i = i as usize;
            row.copy_from_slice(&data[i * width..(i + 1) * width]);
            *label = labels[i];
        }
    }

    /// Forward, loss and backward over the loaded batch.
    pub fn run(
        &mut self,
        network: &Network<T>,
        packed: &[T],
        loss: Loss,
        wanted: Wanted,
        threads: &Threads,
    ) -> LossSum {
        self.make_scratch(threads.count());
        let Tape { sheets, widths, seats, blocks, joints, barriers, slots, batch, labels, scratch, .. } =
            self;
        let (count, layers) = (widths.len(), seats.len());
        let mut rows = slots.lend(count * blocks.len());
        cut_rows(sheets, widths, blocks, &mut rows);
        let mode = Mode { training: Some((network.seed, wanted.step)), measure: wanted.measure };
        let Wanted { statistics, distributions, .. } = wanted;
        let mut stage =
            |blocks: &mut [Block], joints: &[Joint<T>], work: &(dyn Fn(&mut Rows<'_, '_, T>) + Sync)| {
                let pass =
                    Pass { network, packed, seats, joints, batch, labels, mode, statistics, distributions };
                let pieces = (each(blocks), chunks(&mut rows, count));
                threads.for_each(pieces, scratch, |_, (block, sheets), scratch| {
                    work(&mut Rows { pass: &pass, block, sheets, scratch });
                });
            };
        // Forward to each barrier, then to the loss and back to the last barrier.
        let mut from = 0;
        for &barrier in barriers.iter() {
            stage(blocks, joints, &|rows| {
                (from..barrier).for_each(|i| rows.forward(i));
                rows.gather_forward(barrier);
            });
            let sums = seats[barrier].sums.clone();
            let mut parts = blocks.iter().map(|block| (&block.sums[sums.clone()], block.rows));
            network.sequence.layers[barrier].join_forward(&mut parts, &mut joints[barrier]);
            from = barrier;
        }
        let mut below = barriers.iter().rev().copied();
        let mut next = below.next();
        stage(blocks, joints, &|rows| {
            (from..layers).for_each(|i| rows.forward(i));
            rows.loss(loss);
            rows.descend(layers, next);
        });
        // Back from each barrier to the one below.
        while let Some(barrier) = next {
            level(blocks, &seats[barrier]);
            join_means(blocks, &seats[barrier], &mut joints[barrier]);
            next = below.next();
            stage(blocks, joints, &|rows| {
                rows.back(barrier);
                rows.descend(barrier, next);
            });
        }
        slots.take_back(rows);
        self.blocks.iter().fold(LossSum::default(), |a, b| a.plus(b.loss))
    }

    /// Forward and loss of up to `rows` samples, `batch [n, inputs]`, in evaluation, without touching the
    /// loaded batch.
    pub fn evaluate(
        &mut self,
        network: &Network<T>,
        packed: &[T],
        loss: Loss,
        batch: &[T],
        labels: &[u32],
    ) -> LossSum {
        assert!(labels.len() <= self.rows);
        self.make_scratch(1);
        let Tape { sheets, widths, seats, blocks, joints, slots, scratch, .. } = self;
        for ((layer, site), joint) in network.sequence.iter().zip(joints.iter_mut()) {
            if !site.running.is_empty() {
                layer.use_running(&network.running[site.running.clone()], joint);
            }
        }
        blocks[0].rows = labels.len();
        let mut rows = slots.lend(widths.len());
        cut_rows(sheets, widths, blocks, &mut rows);
        let mode = Mode { training: None, measure: false };
        let (statistics, distributions) = (false, false);
        let pass = Pass { network, packed, seats, joints, batch, labels, mode, statistics, distributions };
        let mut block =
            Rows { pass: &pass, block: &mut blocks[0], sheets: &mut rows, scratch: &mut scratch[0] };
        (0..seats.len()).for_each(|i| block.forward(i));
        block.loss(loss);
        slots.take_back(rows);
        blocks[0].loss
    }

    /// Brings all blocks of a layer with tensors to one exponent, which is returned, and joins their sums.
    pub fn align(&mut self, layers: &Sequence<T>, i: usize) -> i32 {
        let (seat, layer) = (&self.seats[i], &layers.layers[i]);
        let common = self.blocks.iter().map(|b| b.exponents[i]).max().unwrap_or(0);
        for block in &mut self.blocks {
            let by = block.exponents[i] - common;
            if by == 0 {
                continue;
            }
            let rows = |sheet: usize| {
                let width = self.widths[sheet];
                (sheet, block.from * width..(block.from + block.rows) * width)
            };
            if layer.keeps_signal() {
                let (dy, range) = rows(seat.dy);
                shift(&mut self.sheets[dy][range], by);
            }
            let numbers =
                &mut block.numbers[seat.numbers * block.rows..][..layer.memory().numbers * block.rows];
            match seat.cache.map(rows) {
                Some((cache, range)) => layer.scale(by, &mut self.sheets[cache][range], numbers),
                None => layer.scale(by, &mut [], numbers),
            }
            block.sums[seat.sums.clone()].iter_mut().for_each(|s| *s *= 2f64.powi(by));
            block.exponents[i] = common;
        }
        join_means(&self.blocks, seat, &mut self.joints[i]);
        common
    }

    /// What layer `i` needs for its gradients.
    pub fn kept(&self, layers: &Sequence<T>, i: usize) -> Kept<'_, T> {
        let (seat, layer) = (&self.seats[i], &layers.layers[i]);
        let x = seat.x.map_or(&self.batch, |sheet| &self.sheets[sheet]);
        Kept {
            rows: self.rows,
            x: if seat.keeps_x { x } else { &[] },
            dy: if layer.keeps_signal() { &self.sheets[seat.dy] } else { &[] },
            cache: seat.cache.map_or(&[], |sheet| &self.sheets[sheet]),
            means: &self.joints[i].means,
        }
    }

    /// For each row of the batch the squared norms of [`Layer::sample_squares`]. False where layer `i` has
    /// none.
    pub fn sample_squares(
        &self,
        layer: &dyn Layer<T>,
        i: usize,
        signal: &mut [f64],
        gradient: &mut [f64],
    ) -> bool {
        let (first, count) = (self.seats[i].numbers, layer.memory().numbers);
        self.blocks.iter().all(|block| {
            let numbers = &block.numbers[first * block.rows..][..count * block.rows];
            let range = block.from..block.from + block.rows;
            layer.sample_squares(numbers, &mut signal[range.clone()], &mut gradient[range])
        })
    }

    /// Lets the running numbers follow the batch.
    pub fn follow(&self, sequence: &Sequence<T>, running: &mut [T]) {
        for ((layer, site), joint) in sequence.iter().zip(&self.joints) {
            if !site.running.is_empty() {
                layer.follow(joint, &mut running[site.running.clone()]);
            }
        }
    }

    /// Adds the counts of the whole batch: before and behind the activations of a place ([`Site::observed`]), ...
    pub fn count_around(&self, place: usize, [before, after]: [&mut [f32]; 2]) {
        for block in &self.blocks {
            block.around[place].before.add_to(before);
            block.around[place].after.add_to(after);
        }
    }

    /// ... and of the signals of one ([`Site::counted`]).
    pub fn count_signals(&self, place: usize, counts: &mut [f32]) {
        self.blocks.iter().for_each(|block| block.signals[place].add_to(counts));
    }

    /// Statistics of activations over the whole batch, by their place ([`Site::observed`]). Joins the blocks
    /// into the first one.
    pub fn activations(&mut self, place: usize) -> ActivationStatistics {
        let (first, rest) = self.blocks.split_at_mut(1);
        for other in rest {
            first[0].statistics[place].join(&other.statistics[place]);
        }
        first[0].statistics[place].values()
    }
}

/// The distributions of a block of a batch of so many rows, with nothing counted.
fn histograms<T: Scalar>(sequence: &Sequence<T>, rows: usize) -> (Vec<Around>, Vec<Histogram>) {
    let of = |bins, width| Histogram::new(bins, rows, width);
    let observed = sequence.iter().filter(|(_, site)| site.observed.is_some());
    let around = observed.map(|(layer, site)| {
        // A function without weights of its own is given what comes in: of maxout all pieces.
        let is_given = layer.activation().is_some() && site.tensors.is_empty();
        let before = of(Bins::values(), if is_given { site.inputs } else { site.outputs });
        (site.observed, Around { before, after: of(Bins::values(), site.outputs) })
    });
    let mut around: Vec<_> = around.collect();
    around.sort_by_key(|(place, _)| *place);
    let counted = sequence.sites.iter().filter(|site| site.counted.is_some());
    let signals = counted.map(|site| of(Bins::signals(), site.outputs)).collect();
    (around.into_iter().map(|(_, around)| around).collect(), signals)
}

/// Cuts all sheets into the blocks' rows: block after block, in each all sheets.
fn cut_rows<'a, T>(sheets: &'a mut [Vec<T>], widths: &[usize], blocks: &[Block], rows: &mut [&'a mut [T]]) {
    let count = sheets.len();
    for (s, sheet) in sheets.iter_mut().enumerate() {
        let mut rest = &mut sheet[..];
        for (b, block) in blocks.iter().enumerate() {
            let (piece, after) = rest.split_at_mut(block.rows * widths[s]);
            rows[b * count + s] = piece;
            rest = after;
        }
    }
}

/// Brings the signals of all blocks at a barrier to one exponent, and their sums with them.
fn level(blocks: &mut [Block], seat: &Seat) {
    let common = blocks.iter().map(|b| b.exponent).max().unwrap_or(0);
    for block in blocks {
        block.pending = block.exponent - common;
        block.exponent = common;
        if block.pending != 0 {
            block.sums[seat.sums.clone()].iter_mut().for_each(|s| *s *= 2f64.powi(block.pending));
        }
    }
}

/// The blocks' sums, added up in their order and divided by the rows of the batch.
fn join_means<T>(blocks: &[Block], seat: &Seat, joint: &mut Joint<T>) {
    if joint.means.is_empty() {
        return;
    }
    let rows: usize = blocks.iter().map(|b| b.rows).sum();
    joint.means.copy_from_slice(&blocks[0].sums[seat.sums.clone()]);
    for block in &blocks[1..] {
        joint.means.iter_mut().zip(&block.sums[seat.sums.clone()]).for_each(|(a, b)| *a += b);
    }
    joint.means.iter_mut().for_each(|m| *m /= rows as f64);
}

/// What all blocks of a pass read.
struct Pass<'a, T> {
    network: &'a Network<T>,
    packed: &'a [T],
    seats: &'a [Seat],
    joints: &'a [Joint<T>],
    batch: &'a [T],
    labels: &'a [u32],
    mode: Mode,
    statistics: bool,
    distributions: bool,
}

/// A block of rows on its way: its own rows of all sheets. A sheet that a layer works on is taken out of the
/// list meanwhile.
struct Rows<'a, 's, T> {
    pass: &'a Pass<'a, T>,
    block: &'a mut Block,
    sheets: &'a mut [&'s mut [T]],
    scratch: &'a mut [T],
}

impl<'a, T: Scalar> Rows<'a, '_, T> {
    fn layer(&self, i: usize) -> (&'a dyn Layer<T>, &'a Site, &'a Seat) {
        let sequence = &self.pass.network.sequence;
        (&*sequence.layers[i], &sequence.sites[i], &self.pass.seats[i])
    }

    fn parameters(&self, site: &Site) -> Parameters<'a, T> {
        let packed = &self.pass.packed[site.packed.clone()];
        Parameters { tensors: &self.pass.network.parameters[site.parameters.clone()], packed }
    }

    /// These rows of the batch.
    fn batch(&self) -> &'a [T] {
        let width = self.pass.network.sequence.inputs();
        &self.pass.batch[self.block.from * width..][..self.block.rows * width]
    }

    fn forward(&mut self, i: usize) {
        let (layer, site, seat) = self.layer(i);
        let (parameters, batch) = (self.parameters(site), self.batch());
        let x = seat.x.map(|sheet| take(&mut self.sheets[sheet]));
        let skipped = seat.skipped.map(|sheet| sheet.map(|sheet| take(&mut self.sheets[sheet])));
        let (y, mut cache) =
            (take(&mut self.sheets[seat.y]), seat.cache.map(|sheet| take(&mut self.sheets[sheet])));
        let mut prefetch = Prefetch::NOTHING;
        if let Some(next) = self.pass.seats.get(i + 1) {
            prefetch = prefetch.and(y).and(self.sheets[next.cache.unwrap_or(next.y)]);
        }
        let counted = site.observed.filter(|_| self.pass.distributions);
        if let Some(place) = counted {
            self.block.around[place].clear();
        }
        layer.forward(Forward {
            mode: self.pass.mode,
            first_row: self.block.from,
            parameters,
            x: x.as_deref().unwrap_or(batch),
            skipped: skipped.as_ref().map_or(&[], |sheet| sheet.as_deref().unwrap_or(batch)),
            y,
            cache: cache.as_deref_mut().unwrap_or_default(),
            numbers: {
                let rows = self.block.rows;
                &mut self.block.numbers[seat.numbers * rows..][..layer.memory().numbers * rows]
            },
            joint: &self.pass.joints[i],
            before: match counted {
                Some(place) if layer.activation().is_some() => Some(&mut self.block.around[place].before),
                _ => None,
            },
            scratch: self.scratch,
            prefetch,
        });
        if let Some(place) = site.observed.filter(|_| self.pass.statistics) {
            layer.observe(y, cache.as_deref().unwrap_or_default(), &mut self.block.statistics[place]);
        }
        if let Some(place) = counted {
            let Around { before, after } = &mut self.block.around[place];
            after.read(self.block.from, y, &[], 0);
            // Without a function the value is the pre-activation itself.
            if layer.activation().is_none() {
                before.clone_from(after);
            }
        }
        self.sheets[seat.y] = y;
        self.put(seat.x, x);
        self.put(seat.cache, cache);
        self.put(seat.skipped.flatten(), skipped.flatten());
    }

    fn gather_forward(&mut self, i: usize) {
        let (layer, _, seat) = self.layer(i);
        let x = seat.x.map_or(self.batch(), |sheet| &*self.sheets[sheet]);
        layer.gather_forward(x, &mut self.block.sums[seat.sums.clone()]);
    }

    fn loss(&mut self, loss: Loss) {
        let last = &self.pass.seats[self.pass.seats.len() - 1];
        let labels = &self.pass.labels[self.block.from..self.block.from + self.block.rows];
        self.block.loss = loss.delta(self.sheets[last.y], labels);
        (self.block.exponent, self.block.pending) = (0, 0);
    }

    /// Back from layer `above` to the barrier, whose own way back waits for the other blocks.
    fn descend(&mut self, above: usize, barrier: Option<usize>) {
        for i in (barrier.map_or(0, |b| b + 1)..above).rev() {
            self.join_skips(i);
            self.back(i);
        }
        if let Some(i) = barrier {
            self.join_skips(i);
            let (layer, site, seat) = self.layer(i);
            let cache = seat.cache.map_or(&[][..], |sheet| &*self.sheets[sheet]);
            let dy = &self.sheets[seat.dy][..self.block.rows * site.outputs];
            layer.gather_backward(dy, cache, &mut self.block.sums[seat.sums.clone()]);
        }
    }

    /// Adds the signals of skips that begin behind layer `i` to dy. The sum has the larger of the two powers
    /// of two: what the other loses is beyond the last digit.
    fn join_skips(&mut self, i: usize) {
        let (_, _, seat) = self.layer(i);
        for &from in &seat.joined_by {
            let Some(sheet) = self.pass.seats[from].skip_signal else { continue };
            let (branch, skip) = (self.block.exponent, self.block.skip_exponents[from]);
            let common = branch.max(skip);
            let [branch, skip] = [branch, skip].map(|e| T::from_f64(2f64.powi(e - common)));
            let signal = take(&mut self.sheets[sheet]);
            self.sheets[seat.dy].iter_mut().zip(&*signal).for_each(|(s, &x)| *s = *s * branch + x * skip);
            self.sheets[sheet] = signal;
            self.block.exponent = common;
        }
    }

    /// Layer `i` on the way back.
    fn back(&mut self, i: usize) {
        let (layer, site, seat) = self.layer(i);
        let (parameters, batch) = (self.parameters(site), self.batch());
        let dy = take(&mut self.sheets[seat.dy]);
        if self.block.pending != 0 {
            shift(dy, take(&mut self.block.pending));
        }
        let mut dx = seat.dx.map(|sheet| take(&mut self.sheets[sheet]));
        let mut cache = seat.cache.map(|sheet| take(&mut self.sheets[sheet]));
        let mut skipped = seat.skip_signal.map(|sheet| take(&mut self.sheets[sheet]));
        let x_sheet = seat.x.filter(|_| seat.keeps_x);
        let x = x_sheet.map(|sheet| take(&mut self.sheets[sheet]));
        // Still there: the signal that may take their place comes to them later.
        let values = seat.skipped.map(|sheet| sheet.map(|sheet| take(&mut self.sheets[sheet])));
        let mut prefetch = Prefetch::NOTHING;
        if let Some(below) = i.checked_sub(1) {
            let (_, site, seat) = self.layer(below);
            prefetch = prefetch.and(seat.cache.map_or(&[][..], |sheet| self.sheets[sheet]));
            prefetch = prefetch.and(self.parameters(site).tensors);
        }
        let mut exponent = self.block.exponent;
        let block = &mut *self.block;
        let first = seat.numbers * block.rows;
        layer.backward(Backward {
            mode: self.pass.mode,
            first_row: block.from,
            parameters,
            x: if seat.keeps_x { x.as_deref().unwrap_or(batch) } else { &[] },
            skipped_values: values.as_ref().map_or(&[], |sheet| sheet.as_deref().unwrap_or(batch)),
            // The sheets of passing signals can be wider.
            dy: &mut dy[..block.rows * site.outputs],
            dx: dx.as_deref_mut().map(|dx| &mut dx[..block.rows * site.inputs]),
            cache: cache.as_deref_mut().unwrap_or_default(),
            numbers: &mut block.numbers[first..][..layer.memory().numbers * block.rows],
            sums: &mut block.sums[seat.sums.clone()],
            joint: &self.pass.joints[i],
            exponent: &mut exponent,
            signal: site.counted.filter(|_| self.pass.distributions).map(|place| {
                let signal = &mut block.signals[place];
                signal.clear();
                signal
            }),
            skipped: skipped.as_deref_mut().map(|signal| (signal, &mut block.skip_exponents[i])),
            scratch: self.scratch,
            prefetch,
        });
        (block.exponent, block.exponents[i]) = (exponent, exponent);
        self.sheets[seat.dy] = dy;
        self.put(seat.dx, dx);
        self.put(seat.cache, cache);
        self.put(seat.skip_signal, skipped);
        self.put(seat.skipped.flatten(), values.flatten());
        self.put(x_sheet, x);
    }
}

impl<'s, T> Rows<'_, 's, T> {
    /// Puts a sheet back that was taken.
    fn put(&mut self, sheet: Option<usize>, rows: Option<&'s mut [T]>) {
        if let (Some(sheet), Some(rows)) = (sheet, rows) {
            self.sheets[sheet] = rows;
        }
    }
}
