//! The pass of networks with normalisation, skips, dropout or maxout.
//!
//! Batch normalisation lets the samples of a batch meet in every layer, so that a block of rows cannot go the whole way alone.
//! Here all blocks finish one stage of a layer before the next begins, with sums over the batch joined in the order of the blocks
//! between: the bits do not depend on the number of threads. `delta_a` is the derivative of the *sum* of the batch's losses by the
//! pre-activation of sample a, which without batch normalisation is that of its own loss.
//!
//! One power of two belongs to a whole layer. The signal on the skip has its own: it can be many decades larger than the signal
//! that came through the branches, and each must keep its digits until they are added.

use super::super::activation;
use super::super::dropout::Mask;
use super::super::loss::{Loss, LossSum};
use super::super::matmul::{MatRef, Soon, Transposed, multiply};
use super::super::network::{Network, Part, Shape};
use super::super::normalise::{
    MOMENTUM, Normalisation, column_moments, column_products, columns_backward, inverse_deviation, join_moments,
    normalise_columns, normalise_rows, rows_backward, stretch,
};
use super::super::scalar::{Scalar, simd};
use super::super::statistics::Statistics;
use super::super::threads::{Shared, Threads};
use super::{Tape, Wanted, add_bias, rescale, row_squares, times_slope};

/// What such a network needs on the tape besides.
pub(super) struct Composite<T> {
    /// Normalised values of each hidden layer, `[rows, normalised(l)]`, one layer after another.
    normal: Vec<T>,
    /// Normalised columns before layer l. `[L + 1]`
    starts: Vec<usize>,
    /// Batch normalisation: the columns' means, and inverse deviations; their unbiased variances.
    means: Vec<T>,
    inverse: Vec<T>,
    variances: Vec<f64>,
    /// Layer normalisation: inverse deviations of each row, `[L - 1][rows]`.
    row_inverse: Vec<T>,
    /// Batch-mean gradients of gain and shift as stored, `[2][normalised(l)]` a layer.
    gradients: Vec<T>,
    /// Powers of two of these, `[L]`.
    exponents: Vec<i32>,
    /// Sums of each block, `[blocks][2 * widest]`.
    partials: Vec<f64>,
    /// The signal on the skip around the layer above, `[rows, widest]`, and the squares of its rows.
    skip: Vec<T>,
    skip_squares: Vec<f64>,
    /// Most normalised columns of a layer.
    widest: usize,
}

impl<T: Scalar> Composite<T> {
    pub fn new(shape: &Shape, rows: usize, blocks: usize) -> Composite<T> {
        let layers = shape.layers();
        let mut starts = vec![0];
        (0..layers).for_each(|l| starts.push(starts[l] + shape.normalised(l)));
        let all = starts[layers];
        let widest = (0..layers).map(|l| shape.normalised(l)).max().unwrap_or(0);
        let by_batch = if shape.normalisation.is_batch() { all } else { 0 };
        let by_row = if shape.normalisation.is_batch() || all == 0 { 0 } else { rows * (layers - 1) };
        let skipped = (0..layers).filter(|&l| shape.skips(l)).map(|l| shape.sizes[l + 1]).max().unwrap_or(0);
        Composite {
            normal: vec![T::ZERO; rows * all],
            starts,
            means: vec![T::ZERO; by_batch],
            inverse: vec![T::ZERO; by_batch],
            variances: vec![0.0; by_batch],
            row_inverse: vec![T::ZERO; by_row],
            gradients: vec![T::ZERO; 2 * all],
            exponents: vec![0; layers],
            partials: vec![0.0; blocks * 2 * widest],
            skip: vec![T::ZERO; rows * skipped],
            skip_squares: vec![0.0; if skipped > 0 { rows } else { 0 }],
            widest,
        }
    }
}

impl<T: Scalar> Tape<T> {
    /// As [`Tape::run`].
    pub(super) fn run_composite(
        &mut self,
        network: &Network<T>,
        transposed: &Transposed<T>,
        loss: Loss,
        wanted: Wanted,
        threads: &Threads,
    ) -> LossSum {
        let pass = Pass::over(self, network, transposed, Some(wanted));
        // SAFETY: the tape is this pass's alone.
        unsafe {
            pass.forward(threads);
            pass.loss(loss, threads);
            pass.backward(threads);
        }
        self.sums.iter().fold(LossSum::default(), |a, b| a.plus(*b))
    }

    /// As [`Tape::evaluate`]: running averages, no dropout.
    pub(super) fn evaluate_composite(
        &mut self,
        network: &Network<T>,
        transposed: &Transposed<T>,
        loss: Loss,
        batch: &[T],
        labels: &[u32],
    ) -> LossSum {
        let pass = Pass { batch, ..Pass::over(self, network, transposed, None) };
        let piece = Piece { pass: &pass, block: 0, from: 0, rows: labels.len() };
        let last = network.layers() - 1;
        // SAFETY: one piece, and the tape is this pass's alone.
        unsafe {
            pass.use_running();
            for l in 0..last {
                piece.begin(l);
                piece.finish(l);
            }
            let delta = piece.delta(last);
            piece.product(last, delta);
            add_bias(network.bias(last), delta);
            loss.delta(delta, labels)
        }
    }

    /// The batch's moments join the running averages, `running [2, normalised]` of layer `l`.
    pub(in super::super) fn follow(&self, l: usize, running: &mut [T]) {
        let Some(composite) = &self.composite else { return };
        let (means, variances) = running.split_at_mut(running.len() / 2);
        let start = composite.starts[l];
        let keep = |old: &mut T, new: f64| *old = T::from_f64((1.0 - MOMENTUM) * old.to_f64() + MOMENTUM * new);
        means.iter_mut().zip(&composite.means[start..]).for_each(|(m, new)| keep(m, new.to_f64()));
        variances.iter_mut().zip(&composite.variances[start..]).for_each(|(v, &new)| keep(v, new));
    }

    /// Batch-mean gradients of gain and shift of layer `l` as stored, and their power of two.
    pub(in super::super) fn gain_gradient(&self, l: usize) -> (&[T], &[T], i32) {
        let Some(composite) = &self.composite else { return (&[], &[], 0) };
        let columns = composite.starts[l + 1] - composite.starts[l];
        let (gain, shift) = composite.gradients[2 * composite.starts[l]..][..2 * columns].split_at(columns);
        (gain, shift, composite.exponents[l])
    }
}

/// One pass over a tape: all its buffers, to be cut into rows.
struct Pass<'a, T> {
    network: &'a Network<T>,
    transposed: &'a Transposed<T>,
    /// `None` in evaluation.
    wanted: Option<Wanted>,
    /// x^0
    batch: &'a [T],
    labels: &'a [u32],
    blocks: &'a [usize],
    /// Rows that the buffers were made for.
    capacity: usize,
    starts: &'a [usize],
    delta_starts: &'a [usize],
    normal_starts: &'a [usize],
    widest_normal: usize,
    hidden: Shared<T>,
    deltas: Shared<T>,
    delta_squares: Shared<f64>,
    input_squares: Shared<f64>,
    exponents: Shared<i32>,
    sums: Shared<LossSum>,
    statistics: Shared<Statistics>,
    scratch: Shared<T>,
    normal: Shared<T>,
    means: Shared<T>,
    inverse: Shared<T>,
    variances: Shared<f64>,
    row_inverse: Shared<T>,
    gradients: Shared<T>,
    gradient_exponents: Shared<i32>,
    partials: Shared<f64>,
    skip: Shared<T>,
    skip_squares: Shared<f64>,
}

/// The methods are unsafe because they write the tape: one may run at a time, on one thread.
impl<'a, T: Scalar> Pass<'a, T> {
    fn over(
        tape: &'a mut Tape<T>,
        network: &'a Network<T>,
        transposed: &'a Transposed<T>,
        wanted: Option<Wanted>,
    ) -> Pass<'a, T> {
        let composite = tape.composite.as_mut().expect("made with the tape of such a network");
        Pass {
            network,
            transposed,
            wanted,
            batch: &tape.batch,
            labels: &tape.labels,
            blocks: &tape.blocks,
            capacity: tape.rows,
            starts: &tape.starts,
            delta_starts: &tape.delta_starts,
            normal_starts: &composite.starts,
            widest_normal: composite.widest,
            hidden: Shared::new(&mut tape.hidden),
            deltas: Shared::new(&mut tape.deltas),
            delta_squares: Shared::new(&mut tape.delta_squares),
            input_squares: Shared::new(&mut tape.input_squares),
            exponents: Shared::new(&mut tape.exponents),
            sums: Shared::new(&mut tape.sums),
            statistics: Shared::new(&mut tape.statistics),
            scratch: Shared::new(&mut tape.scratch),
            normal: Shared::new(&mut composite.normal),
            means: Shared::new(&mut composite.means),
            inverse: Shared::new(&mut composite.inverse),
            variances: Shared::new(&mut composite.variances),
            row_inverse: Shared::new(&mut composite.row_inverse),
            gradients: Shared::new(&mut composite.gradients),
            gradient_exponents: Shared::new(&mut composite.exponents),
            partials: Shared::new(&mut composite.partials),
            skip: Shared::new(&mut composite.skip),
            skip_squares: Shared::new(&mut composite.skip_squares),
        }
    }

    fn layers(&self) -> usize {
        self.network.layers()
    }

    /// Number of blocks.
    fn count(&self) -> usize {
        self.blocks.len() - 1
    }

    fn piece(&self, block: usize) -> Piece<'_, T> {
        let (from, to) = (self.blocks[block], self.blocks[block + 1]);
        Piece { pass: self, block, from, rows: to - from }
    }

    /// All rows, between two stages.
    fn whole(&self) -> Piece<'_, T> {
        Piece { pass: self, block: 0, from: 0, rows: self.capacity }
    }

    unsafe fn forward(&self, threads: &Threads) {
        let by_batch = self.network.shape.normalisation.is_batch();
        for l in 0..self.layers() - 1 {
            // SAFETY: each block writes its own rows, sums and statistics; what it reads besides nobody writes meanwhile.
            threads.each(self.count(), |b, _| unsafe {
                self.piece(b).begin(l);
                if !by_batch {
                    self.piece(b).finish(l);
                }
            });
            if by_batch {
                // SAFETY: between two stages; then as above.
                unsafe { self.join_moments(l) };
                threads.each(self.count(), |b, _| unsafe { self.piece(b).finish(l) });
            }
        }
    }

    unsafe fn loss(&self, loss: Loss, threads: &Threads) {
        let last = self.layers() - 1;
        // SAFETY: as in `forward`.
        threads.each(self.count(), |b, _| unsafe {
            let piece = self.piece(b);
            let delta = piece.delta(last);
            piece.product(last, delta);
            add_bias(self.network.bias(last), delta);
            piece.read(last, delta, &[]);
            let labels = &self.labels[piece.from..piece.from + piece.rows];
            self.sums.slice(b, 1)[0] = loss.delta(delta, labels);
            row_squares(delta, self.network.fan_out(last), piece.squares(last));
        });
    }

    unsafe fn backward(&self, threads: &Threads) {
        let shape = &self.network.shape;
        let (whole, last) = (self.whole(), self.layers() - 1);
        // SAFETY: between two stages.
        let mut exponent = unsafe { self.settle(last, 0) };
        let mut skip_exponent = 0;
        for l in (0..last).rev() {
            let skipped = shape.skips(l + 1);
            // The signal at x^{l+1} takes the larger of the two powers of two: what the other loses is beyond the last digit.
            let common = if skipped { exponent.max(skip_exponent) } else { exponent };
            let factors = skipped.then(|| [exponent, skip_exponent].map(|e| T::from_f64(2f64.powi(e - common))));
            // SAFETY: as in `forward`.
            threads.each(self.count(), |b, _| unsafe { self.piece(b).down(l, factors) });
            if shape.normalised(l) > 0 {
                // SAFETY: as in `forward`.
                unsafe { self.join_products(l, common) };
                threads.each(self.count(), |b, _| unsafe { self.piece(b).through_normalisation(l) });
            }
            // SAFETY: between two stages.
            unsafe {
                exponent = self.settle(l, common);
                if shape.skips(l) {
                    skip_exponent = common + rescale(whole.skip(l), whole.skip_squares());
                }
            }
        }
    }

    /// Brings the signal of a layer back into the range; returns its power of two, `common` at first.
    unsafe fn settle(&self, l: usize, common: i32) -> i32 {
        let whole = self.whole();
        // SAFETY: the caller's promise.
        unsafe {
            let exponent = common + rescale(whole.delta(l), whole.squares(l));
            for b in 0..self.count() {
                self.exponents.slice(b * self.layers() + l, 1)[0] = exponent;
            }
            exponent
        }
    }

    /// Joins the blocks' moments of layer `l` into means, inverse deviations and unbiased variances of its columns.
    unsafe fn join_moments(&self, l: usize) {
        let (start, columns) = (self.normal_starts[l], self.network.shape.normalised(l));
        // SAFETY: the caller's promise; the blocks' sums do not overlap.
        let (moments, means, inverse, variances) = unsafe {
            (
                self.partial(0, columns),
                self.means.slice(start, columns),
                self.inverse.slice(start, columns),
                self.variances.slice(start, columns),
            )
        };
        for b in 1..self.count() {
            // SAFETY: as above.
            let further = unsafe { self.partial(b, columns) };
            join_moments(moments, self.blocks[b], further, self.blocks[b + 1] - self.blocks[b]);
        }
        let rows = self.capacity as f64;
        for j in 0..columns {
            let (mean, deviation) = (moments[j], moments[columns + j]);
            means[j] = T::from_f64(mean);
            inverse[j] = T::from_f64(inverse_deviation(deviation / rows));
            variances[j] = deviation / (rows - 1.0);
        }
    }

    /// Joins the blocks' sums of layer `l` into the batch-mean gradients of gain and shift; in f64 they stay in the first
    /// block's place.
    unsafe fn join_products(&self, l: usize, exponent: i32) {
        let columns = self.network.shape.normalised(l);
        // SAFETY: the caller's promise; the blocks' sums do not overlap.
        unsafe {
            let sums = self.partial(0, columns);
            for b in 1..self.count() {
                sums.iter_mut().zip(self.partial(b, columns)).for_each(|(a, b)| *a += *b);
            }
            sums.iter_mut().for_each(|s| *s /= self.capacity as f64);
            let gradients = self.gradients.slice(2 * self.normal_starts[l], 2 * columns);
            gradients.iter_mut().zip(sums).for_each(|(g, s)| *g = T::from_f64(*s));
            self.gradient_exponents.slice(l, 1)[0] = exponent;
        }
    }

    /// Means and inverse deviations from the running averages.
    unsafe fn use_running(&self) {
        for l in 0..self.layers() {
            let (running, variances) = self.network.running(l);
            if running.is_empty() {
                continue;
            }
            let (start, columns) = (self.normal_starts[l], running.len());
            // SAFETY: the caller's promise.
            let (means, inverse) = unsafe { (self.means.slice(start, columns), self.inverse.slice(start, columns)) };
            means.copy_from_slice(running);
            for (inverse, variance) in inverse.iter_mut().zip(variances) {
                *inverse = T::from_f64(inverse_deviation(variance.to_f64()));
            }
        }
    }

    /// The sums of a block, `[2, columns]`.
    #[allow(clippy::mut_from_ref)] // As `Shared::slice`.
    unsafe fn partial(&self, block: usize, columns: usize) -> &mut [f64] {
        // SAFETY: the caller's promise.
        unsafe { self.partials.slice(block * 2 * self.widest_normal, 2 * columns) }
    }
}

/// Some rows of the tape. Its methods are unsafe because they write these rows: one piece may exist for a row.
struct Piece<'a, T> {
    pass: &'a Pass<'a, T>,
    block: usize,
    from: usize,
    rows: usize,
}

/// Layers count from 0; layer l makes x^{l+1} from x^l.
#[allow(clippy::mut_from_ref)] // As `Shared::slice`.
impl<'a, T: Scalar> Piece<'a, T> {
    /// These rows of a buffer whose columns begin at `start` and are `width` for each row.
    unsafe fn rows_of<U>(&self, buffer: Shared<U>, start: usize, width: usize) -> &'a mut [U] {
        // SAFETY: the caller's promise.
        unsafe { buffer.slice(self.pass.capacity * start + self.from * width, self.rows * width) }
    }

    fn shape(&self) -> &'a Shape {
        &self.pass.network.shape
    }

    /// x^l
    unsafe fn input(&self, l: usize) -> &'a [T] {
        let width = self.shape().sizes[l];
        match l {
            0 => &self.pass.batch[self.from * width..][..self.rows * width],
            // SAFETY: the caller's promise.
            _ => unsafe { self.rows_of(self.pass.hidden, self.pass.starts[l], width) },
        }
    }

    /// Pre-activations, then slopes, then the signal of layer `l`.
    unsafe fn delta(&self, l: usize) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { self.rows_of(self.pass.deltas, self.pass.delta_starts[l], self.shape().fan_out(l)) }
    }

    unsafe fn squares(&self, l: usize) -> &'a mut [f64] {
        // SAFETY: the caller's promise.
        unsafe { self.rows_of(self.pass.delta_squares, l, 1) }
    }

    unsafe fn normal(&self, l: usize) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { self.rows_of(self.pass.normal, self.pass.normal_starts[l], self.shape().normalised(l)) }
    }

    /// Inverse deviations of the rows.
    unsafe fn row_inverse(&self, l: usize) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { self.rows_of(self.pass.row_inverse, l, 1) }
    }

    /// Inverse deviations of the columns.
    unsafe fn inverse(&self, l: usize) -> &'a [T] {
        // SAFETY: the caller's promise.
        unsafe { self.pass.inverse.slice(self.pass.normal_starts[l], self.shape().normalised(l)) }
    }

    /// The signal on the skip around layer `l`.
    unsafe fn skip(&self, l: usize) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { self.rows_of(self.pass.skip, 0, self.shape().sizes[l + 1]) }
    }

    unsafe fn skip_squares(&self) -> &'a mut [f64] {
        // SAFETY: the caller's promise.
        unsafe { self.rows_of(self.pass.skip_squares, 0, 1) }
    }

    fn mask(&self, l: usize) -> Option<Mask> {
        let (network, wanted) = (self.pass.network, self.pass.wanted?);
        (self.shape().dropout > 0.0).then(|| Mask::new(network.seed, wanted.step, l, self.shape().dropout))
    }

    /// Statistics of the activations of layer `l`, when they are wanted.
    unsafe fn read(&self, l: usize, values: &[T], slopes: &[T]) {
        if self.pass.wanted.is_some_and(|w| w.statistics) {
            let activation = self.shape().activation;
            // SAFETY: the caller's promise.
            let statistics = unsafe { self.pass.statistics.slice(self.block * self.pass.layers() + l, 1) };
            // Of a maxout unit exactly one piece has a slope, 1: as a linear unit.
            let slopes = if activation.pieces() > 1 { &[] } else { slopes };
            statistics[0].read(values, slopes, activation.largest_slope(), activation.is_smooth());
        }
    }

    /// W x of layer `l`.
    unsafe fn product(&self, l: usize, to: &mut [T]) {
        let network = self.pass.network;
        // SAFETY: the caller's promise.
        let x = unsafe { self.input(l) };
        self.pass.transposed.forward(network, l, MatRef::new(x, self.rows, network.fan_in(l)), to, Soon::NOTHING);
        if l == 0 && self.pass.wanted.is_some_and(|w| w.measure) {
            // SAFETY: the caller's promise.
            row_squares(x, network.fan_in(0), unsafe { self.rows_of(self.pass.input_squares, 0, 1) });
        }
    }

    /// Up to what is to be normalised, and its moments over these rows.
    unsafe fn begin(&self, l: usize) {
        let (network, shape) = (self.pass.network, self.shape());
        // SAFETY: the caller's promise.
        unsafe {
            let h = self.delta(l);
            self.product(l, h);
            if shape.normalisation == Normalisation::None {
                return;
            }
            let normal = self.normal(l);
            if shape.normalisation.is_after() {
                activation::forward(shape.activation, network.bias(l), h, normal);
                self.read(l, normal, h);
            } else {
                if !network.bias(l).is_empty() {
                    add_bias(network.bias(l), h);
                }
                normal.copy_from_slice(h);
            }
            let columns = shape.normalised(l);
            if shape.normalisation.is_batch() && self.pass.wanted.is_some() {
                column_moments(normal, columns, self.pass.partial(self.block, columns));
            }
        }
    }

    /// From there to x^{l+1}.
    unsafe fn finish(&self, l: usize) {
        let (network, shape) = (self.pass.network, self.shape());
        let width = shape.sizes[l + 1];
        let (gain, shift) = (network.part(l, Part::Gain), network.part(l, Part::Shift));
        // SAFETY: the caller's promise; x^l and x^{l+1} do not overlap.
        unsafe {
            let out = self.rows_of(self.pass.hidden, self.pass.starts[l + 1], width);
            let (h, normal) = (self.delta(l), self.normal(l));
            if shape.normalisation.is_batch() {
                let means = self.pass.means.slice(self.pass.normal_starts[l], gain.len());
                normalise_columns(normal, means, self.inverse(l));
            } else if !gain.is_empty() {
                normalise_rows(normal, gain.len(), self.row_inverse(l));
            }
            if shape.normalisation.is_after() {
                stretch(normal, gain, Some(shift), out);
            } else {
                let mut bias = network.bias(l);
                if !gain.is_empty() {
                    stretch(normal, gain, None, h);
                    bias = shift;
                }
                activation::forward(shape.activation, bias, h, out);
                self.read(l, out, h);
            }
            if let Some(mask) = self.mask(l) {
                mask.apply(out, self.from * width);
            }
            if shape.skips(l) {
                out.iter_mut().zip(self.input(l)).for_each(|(o, &x)| *o += x);
            }
            if self.pass.wanted.is_some_and(|w| w.measure) {
                row_squares(out, width, self.rows_of(self.pass.input_squares, l + 1, 1));
            }
        }
    }

    /// The signal from layer `l + 1` down to the normalisation of layer `l`, or to its pre-activation where there is none.
    /// `factors` bring what comes through the branch and over the skip to one power of two.
    unsafe fn down(&self, l: usize, factors: Option<[T; 2]>) {
        let (network, shape) = (self.pass.network, self.shape());
        let (width, above) = (shape.sizes[l + 1], network.fan_out(l + 1));
        // SAFETY: the caller's promise.
        unsafe {
            let signal = self.rows_of(self.pass.scratch, 0, width);
            let weight = MatRef::new(network.weight(l + 1), above, width);
            multiply(T::ONE, MatRef::new(self.delta(l + 1), self.rows, above), weight, signal, Soon::NOTHING);
            if let Some([branch, skip]) = factors {
                signal.iter_mut().zip(&*self.skip(l)).for_each(|(s, &x)| *s = *s * branch + x * skip);
            }
            if shape.skips(l) {
                self.skip(l).copy_from_slice(signal);
                row_squares(signal, width, self.skip_squares());
            }
            if let Some(mask) = self.mask(l) {
                mask.apply(signal, self.from * width);
            }
            let columns = shape.normalised(l);
            if shape.normalisation.is_after() {
                column_products(signal, self.normal(l), columns, self.pass.partial(self.block, columns));
                return;
            }
            let delta = self.delta(l);
            times_slopes(delta, signal, width, network.fan_out(l), self.squares(l));
            if columns > 0 {
                column_products(delta, self.normal(l), columns, self.pass.partial(self.block, columns));
            }
        }
    }

    /// From there to the pre-activation, when the sums over the batch are known.
    unsafe fn through_normalisation(&self, l: usize) {
        let (network, shape) = (self.pass.network, self.shape());
        let (width, columns) = (shape.sizes[l + 1], shape.normalised(l));
        let gain = network.part(l, Part::Gain);
        // SAFETY: the caller's promise; the first block's sums are only read.
        unsafe {
            let signal = self.rows_of(self.pass.scratch, 0, width);
            let delta = self.delta(l);
            let (after, normal) = (shape.normalisation.is_after(), &*self.normal(l));
            let at = if after { &mut *signal } else { &mut *delta };
            if shape.normalisation.is_batch() {
                columns_backward(at, normal, gain, self.inverse(l), &*self.pass.partials.slice(0, 2 * columns));
            } else {
                rows_backward(at, normal, gain, self.row_inverse(l));
            }
            if after {
                times_slopes(delta, signal, width, network.fan_out(l), self.squares(l));
            } else {
                row_squares(delta, network.fan_out(l), self.squares(l));
            }
        }
    }
}

/// slope <- slope * signal, where each row has `columns` slopes for `width` signals: the pieces of maxout one after another. And
/// the squared norms of its rows.
fn times_slopes<T: Scalar>(slopes: &mut [T], signal: &[T], width: usize, columns: usize, squares: &mut [f64]) {
    if columns == width {
        return times_slope(slopes, signal, width, squares);
    }
    simd(
        #[inline(always)]
        || {
            for (row, signal) in slopes.chunks_exact_mut(columns).zip(signal.chunks_exact(width)) {
                for piece in row.chunks_exact_mut(width) {
                    piece.iter_mut().zip(signal).for_each(|(d, &s)| *d = *d * s);
                }
            }
        },
    );
    row_squares(slopes, columns, squares);
}
