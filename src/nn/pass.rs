//! Forward and backward over blocks of rows of a batch.
//!
//! Samples do not meet between the first product and the last `delta`, so a block of rows goes the whole way alone:
//! forward, loss, backward. Only the weight gradients join the blocks ([`super::engine`]). Networks that are more than layers and
//! activations go by `compose`.
//!
//! **Scale.** In a deep sigmoid network `delta` leaves f32's range long before it leaves f64's. Each block of each layer
//! carries a power of two, `true delta = stored delta * 2^exponent`; whenever the root mean square of what is stored leaves
//! [2^-20, 2^20] it is brought back to about 1. Multiplying by a power of two is exact: a network whose signal stays in the
//! range is computed as if there were no scale.

mod compose;

use compose::Composite;

use super::activation;
use super::kernel;
use super::loss::{Loss, LossSum};
use super::matmul::{MatRef, Soon, Transposed, multiply};
use super::network::Network;
use super::norm::{square_sum_inline, sum};
use super::scalar::{Scalar, simd};
use super::statistics::Statistics;
use super::threads::{Shared, Threads};

/// Mean square below which, and above whose inverse, a stored signal is rescaled: (2^-20)^2.
const LOWEST_MEAN: f64 = 1.0 / (1u64 << 40) as f64;

/// Work, in multiply-adds of the forward pass, that is worth a block of its own.
const BLOCK_WORK: usize = 24_000_000;

/// Rows of a block are at least this many, or the products become inefficient.
const BLOCK_ROWS: usize = 48;

/// Elements of two buffers that stay in the first-level cache between two passes over them.
const ELEMENTS_AT_ONCE: usize = 2048;

/// Everything that one batch leaves behind in the forward and backward pass. Each buffer holds all layers, one after another.
pub struct Tape<T> {
    pub rows: usize,
    /// x^0 `[rows, sizes[0]]`
    pub batch: Vec<T>,
    pub labels: Vec<u32>,
    /// x^l `[rows, sizes[l]]` for l = 1..L-1.
    hidden: Vec<T>,
    /// Of layer l (from 0), `[rows, sizes[l + 1]]`: pre-activation, then slope, then delta.
    deltas: Vec<T>,
    /// |delta_a|^2 of each row as stored, `[L][rows]`.
    delta_squares: Vec<f64>,
    /// |x^l_a|^2 of each row, `[L][rows]`; made when `measure` is set.
    input_squares: Vec<f64>,
    /// `[blocks][L]`
    exponents: Vec<i32>,
    sums: Vec<LossSum>,
    /// `[blocks][L]`, made when `statistics` is set.
    statistics: Vec<Statistics>,
    /// First row of each block and, last, `rows`.
    blocks: Vec<usize>,
    /// Products of the backward pass, `[rows, widest]`.
    scratch: Vec<T>,
    sizes: Vec<usize>,
    /// Columns of all hidden layers before x^l: where x^l begins, for each row. `[L + 1]`, the first unused.
    starts: Vec<usize>,
    /// Columns of all layers before layer l: where its delta begins. `[L]`
    delta_starts: Vec<usize>,
    widest: usize,
    /// Of networks that are not plain.
    composite: Option<Composite<T>>,
}

/// What to do besides training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Row norms of the inputs, for the per-sample gradient.
    pub measure: bool,
    /// Statistics of the activations.
    pub statistics: bool,
    /// The step, of which dropout makes its masks.
    pub step: u64,
}

/// First row of each block and, last, the number of rows: a function of the shapes alone.
fn split_rows(rows: usize, parameters: usize) -> Vec<usize> {
    let at_least = (BLOCK_WORK / parameters.max(1)).max(BLOCK_ROWS);
    let blocks = ((rows + at_least / 2) / at_least).max(1);
    (0..=blocks).map(|b| b * rows / blocks).collect()
}

/// Where x^l begins among the hidden columns of a row.
fn starts(sizes: &[usize]) -> Vec<usize> {
    let mut starts = vec![0, 0];
    for &size in &sizes[1..sizes.len() - 1] {
        starts.push(starts[starts.len() - 1] + size);
    }
    starts
}

impl<T: Scalar> Tape<T> {
    /// Buffers for batches of `rows` samples.
    pub fn new(network: &Network<T>, rows: usize) -> Tape<T> {
        let layers = network.layers();
        let shape = &network.shape;
        let sizes = shape.sizes.clone();
        let blocks = split_rows(rows, network.parameters.len());
        let count = blocks.len() - 1;
        let widest = sizes[1..].iter().copied().max().unwrap_or(0);
        let statistics = sizes[1..].iter().map(|&units| Statistics::new(units)).collect::<Vec<_>>();
        let mut delta_starts = vec![0];
        (0..layers).for_each(|l| delta_starts.push(delta_starts[l] + shape.fan_out(l)));
        let zeros = |n: usize| vec![T::ZERO; rows * n];
        Tape {
            rows,
            batch: zeros(sizes[0]),
            labels: vec![0; rows],
            hidden: zeros(sizes[1..layers].iter().sum()),
            deltas: zeros(delta_starts[layers]),
            delta_squares: vec![0.0; rows * layers],
            input_squares: vec![0.0; rows * layers],
            exponents: vec![0; count * layers],
            sums: vec![LossSum::default(); count],
            statistics: statistics.iter().cycle().take(count * layers).cloned().collect(),
            composite: (!shape.is_plain()).then(|| Composite::new(shape, rows, count)),
            blocks,
            scratch: zeros(widest),
            starts: starts(&sizes),
            delta_starts,
            sizes,
            widest,
        }
    }

    fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Takes samples `order` of the data `[n, inputs]` as the batch. `order.len()` must be `rows`.
    pub fn load(&mut self, data: &[T], labels: &[u32], order: &[u32]) {
        let width = self.sizes[0];
        for ((row, label), &i) in self.batch.chunks_exact_mut(width).zip(&mut self.labels).zip(order) {
            let i = i as usize;
            row.copy_from_slice(&data[i * width..(i + 1) * width]);
            *label = labels[i];
        }
    }

    /// x^l, `[rows, sizes[l]]`: what layer l (from 0) was fed with.
    pub fn input(&self, l: usize) -> &[T] {
        if l == 0 {
            return &self.batch;
        }
        let start = self.rows * self.starts[l];
        &self.hidden[start..start + self.rows * self.sizes[l]]
    }

    /// delta of layer l (from 0) as stored, `[rows, sizes[l + 1]]`.
    pub fn delta(&self, l: usize) -> &[T] {
        let (start, end) = (self.delta_starts[l], self.delta_starts[l + 1]);
        &self.deltas[self.rows * start..self.rows * end]
    }

    /// |delta_a|^2 as stored and |x^l_a|^2 for each row of layer l.
    pub fn squares(&self, l: usize) -> (&[f64], &[f64]) {
        let range = l * self.rows..(l + 1) * self.rows;
        (&self.delta_squares[range.clone()], &self.input_squares[range])
    }

    /// Forward, loss and backward over the loaded batch.
    pub fn run(
        &mut self,
        network: &Network<T>,
        transposed: &Transposed<T>,
        loss: Loss,
        wanted: Wanted,
        threads: &Threads,
    ) -> LossSum {
        if self.composite.is_some() {
            return self.run_composite(network, transposed, loss, wanted, threads);
        }
        let layers = self.layers();
        let view = View {
            starts: &self.starts,
            hidden: Shared::new(&mut self.hidden),
            deltas: Shared::new(&mut self.deltas),
            delta_squares: Shared::new(&mut self.delta_squares),
            input_squares: Shared::new(&mut self.input_squares),
            capacity: self.rows,
        };
        let (exponents, sums) = (Shared::new(&mut self.exponents), Shared::new(&mut self.sums));
        let (statistics, scratch) = (Shared::new(&mut self.statistics), Shared::new(&mut self.scratch));
        let (blocks, labels, batch) = (&self.blocks, &self.labels, &self.batch);
        let (width, widest) = (self.sizes[0], self.widest);
        threads.each(blocks.len() - 1, |b, _| {
            let (from, to) = (blocks[b], blocks[b + 1]);
            let batch = &batch[from * width..to * width];
            let block = Block { view: &view, from, rows: to - from, batch, network, transposed };
            // SAFETY: block b takes rows from..to, and its own elements of what is kept for each block.
            unsafe {
                block.forward(wanted, statistics.slice(b * layers, layers));
                sums.slice(b, 1)[0] = block.loss(loss, &labels[from..to]);
                let scratch = scratch.slice(from * widest, (to - from) * widest);
                block.backward(exponents.slice(b * layers, layers), scratch);
            }
        });
        self.sums.iter().fold(LossSum::default(), |a, b| a.plus(*b))
    }

    /// Forward and loss of up to `rows` samples, `batch [n, inputs]`, without touching the loaded batch.
    pub fn evaluate(
        &mut self,
        network: &Network<T>,
        transposed: &Transposed<T>,
        loss: Loss,
        batch: &[T],
        labels: &[u32],
    ) -> LossSum {
        assert!(labels.len() <= self.rows);
        if self.composite.is_some() {
            return self.evaluate_composite(network, transposed, loss, batch, labels);
        }
        let view = View {
            starts: &self.starts,
            hidden: Shared::new(&mut self.hidden),
            deltas: Shared::new(&mut self.deltas),
            delta_squares: Shared::new(&mut []),
            input_squares: Shared::new(&mut []),
            capacity: self.rows,
        };
        let block = Block { view: &view, from: 0, rows: labels.len(), batch, network, transposed };
        // SAFETY: one block, and `self` is borrowed exclusively.
        unsafe {
            block.forward(Wanted::default(), &mut []);
            block.loss(loss, labels)
        }
    }

    /// Brings all blocks of a layer to one exponent and returns it.
    pub fn align(&mut self, layer: usize) -> i32 {
        let layers = self.layers();
        let count = self.blocks.len() - 1;
        let common = (0..count).map(|b| self.exponents[b * layers + layer]).max().unwrap_or(0);
        let start = self.rows * self.delta_starts[layer];
        let width = self.delta_starts[layer + 1] - self.delta_starts[layer];
        for b in 0..count {
            let by = self.exponents[b * layers + layer] - common;
            if by != 0 {
                let (from, to) = (self.blocks[b], self.blocks[b + 1]);
                let factor = T::from_f64(2f64.powi(by));
                self.deltas[start + from * width..start + to * width].iter_mut().for_each(|d| *d = *d * factor);
                let squares = &mut self.delta_squares[layer * self.rows..][from..to];
                squares.iter_mut().for_each(|s| *s *= 4f64.powi(by));
                self.exponents[b * layers + layer] = common;
            }
        }
        common
    }

    /// The five activation metrics of a layer over the whole batch. Joins the blocks into the first one.
    pub fn activation_metrics(&mut self, layer: usize) -> [f64; 5] {
        let layers = self.layers();
        let (first, rest) = self.statistics.split_at_mut(layers);
        for other in rest.chunks_exact(layers) {
            first[layer].join(&other[layer]);
        }
        first[layer].values()
    }
}

/// The tape's buffers, to be cut into rows.
struct View<'a, T> {
    starts: &'a [usize],
    hidden: Shared<T>,
    deltas: Shared<T>,
    delta_squares: Shared<f64>,
    input_squares: Shared<f64>,
    /// Rows that the buffers were made for.
    capacity: usize,
}

/// Some rows of the tape. Its methods are unsafe because they write these rows: one block may exist for a row.
struct Block<'a, T> {
    view: &'a View<'a, T>,
    from: usize,
    rows: usize,
    /// These rows of x^0.
    batch: &'a [T],
    network: &'a Network<T>,
    transposed: &'a Transposed<T>,
}

impl<T: Scalar> Block<'_, T> {
    /// This block's rows of x^l, l >= 1.
    #[allow(clippy::mut_from_ref)] // As `Shared::slice`.
    unsafe fn hidden(&self, l: usize) -> &mut [T] {
        let sizes = &self.network.shape.sizes;
        let start = self.view.capacity * self.view.starts[l];
        // SAFETY: the caller's promise.
        unsafe { self.view.hidden.slice(start + self.from * sizes[l], self.rows * sizes[l]) }
    }

    #[allow(clippy::mut_from_ref)] // As `Shared::slice`.
    unsafe fn delta(&self, l: usize) -> &mut [T] {
        let sizes = &self.network.shape.sizes;
        let start = self.view.capacity * self.view.starts[l + 1];
        // SAFETY: the caller's promise.
        unsafe { self.view.deltas.slice(start + self.from * sizes[l + 1], self.rows * sizes[l + 1]) }
    }

    #[allow(clippy::mut_from_ref)] // As `Shared::slice`.
    unsafe fn input_squares(&self, l: usize) -> &mut [f64] {
        // SAFETY: the caller's promise.
        unsafe { self.view.input_squares.slice(l * self.view.capacity + self.from, self.rows) }
    }

    unsafe fn forward(&self, wanted: Wanted, statistics: &mut [Statistics]) {
        let net = self.network;
        let layers = net.layers();
        for l in 0..layers {
            let fan_in = net.fan_in(l);
            // SAFETY: this block's rows; x and h are in different buffers.
            let (x, h) = unsafe { (if l == 0 { self.batch } else { &*self.hidden(l) }, self.delta(l)) };
            let mut soon = Soon::NOTHING;
            if l + 1 < layers {
                // SAFETY: other layers' buffers, of which only the addresses are taken.
                soon = unsafe { soon.and(self.hidden(l + 1)).and(self.delta(l + 1)) };
            }
            self.transposed.forward(net, l, MatRef::new(x, self.rows, fan_in), h, soon);
            if l + 1 < layers {
                // SAFETY: x^{l+1} does not overlap x^l.
                let out = unsafe { self.hidden(l + 1) };
                // SAFETY: this block's rows.
                let squares = wanted.measure.then(|| unsafe { self.input_squares(l + 1) });
                activate(net, l, h, out, squares);
                if let Some(statistics) = statistics.get_mut(l).filter(|_| wanted.statistics) {
                    statistics.read(out, h, net.shape.activation.largest_slope(), net.shape.activation.is_smooth());
                }
            } else {
                add_bias(net.bias(l), h);
                if let Some(statistics) = statistics.get_mut(l).filter(|_| wanted.statistics) {
                    statistics.read(h, &[], 1.0, true);
                }
            }
            if wanted.measure && l == 0 {
                // SAFETY: this block's rows.
                row_squares(x, fan_in, unsafe { self.input_squares(0) });
            }
        }
    }

    unsafe fn loss(&self, loss: Loss, labels: &[u32]) -> LossSum {
        // SAFETY: this block's rows.
        loss.delta(unsafe { self.delta(self.network.layers() - 1) }, labels)
    }

    unsafe fn backward(&self, exponents: &mut [i32], scratch: &mut [T]) {
        let net = self.network;
        let mut exponent = 0;
        for l in (0..net.layers()).rev() {
            let n = net.fan_out(l);
            // SAFETY: this block's rows.
            let (delta, squares) = unsafe {
                let start = l * self.view.capacity + self.from;
                (self.delta(l), self.view.delta_squares.slice(start, self.rows))
            };
            if l + 1 < net.layers() {
                let above = net.fan_out(l + 1);
                // SAFETY: another layer's buffer.
                let next = unsafe { self.delta(l + 1) };
                let product = &mut scratch[..self.rows * n];
                let weight = MatRef::new(net.weight(l + 1), above, n);
                let soon = Soon::NOTHING.and(delta).and(net.weight(l));
                multiply(T::ONE, MatRef::new(next, self.rows, above), weight, product, soon);
                times_slope(delta, product, n, squares);
            } else {
                row_squares(delta, n, squares);
            }
            exponent += rescale(delta, squares);
            exponents[l] = exponent;
        }
    }
}

/// The activation of layer `l`, and the squared norms of its rows of values while they are in the first-level cache.
fn activate<T: Scalar>(net: &Network<T>, l: usize, h: &mut [T], out: &mut [T], mut squares: Option<&mut [f64]>) {
    let width = net.fan_out(l);
    let at_once = (ELEMENTS_AT_ONCE / width.max(1)).next_multiple_of(8).max(8);
    for (i, (h, out)) in h.chunks_mut(at_once * width).zip(out.chunks_mut(at_once * width)).enumerate() {
        activation::forward(net.shape.activation, net.bias(l), h, out);
        if let Some(squares) = &mut squares {
            row_squares(out, width, &mut squares[i * at_once..][..out.len() / width]);
        }
    }
}

fn add_bias<T: Scalar>(bias: &[T], h: &mut [T]) {
    for row in h.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(h, &b)| *h += b);
    }
}

fn row_squares<T: Scalar>(values: &[T], width: usize, squares: &mut [f64]) {
    if let Some(token) = kernel::detect_for::<T>() {
        return kernel::row_squares(token, kernel::as_f32(values), width, squares);
    }
    simd(
        #[inline(always)]
        || {
            for (row, square) in values.chunks_exact(width).zip(squares) {
                *square = square_sum_inline(row).value();
            }
        },
    );
}

/// slope <- slope * product, and the squared norms of its rows.
fn times_slope<T: Scalar>(slope: &mut [T], product: &[T], width: usize, squares: &mut [f64]) {
    if let Some(token) = kernel::detect_for::<T>() {
        let (slope, product) = (kernel::as_f32_mut(slope), kernel::as_f32(product));
        return kernel::times_slope(token, slope, product, width, squares);
    }
    simd(
        #[inline(always)]
        || {
            let rows = slope.chunks_exact_mut(width).zip(product.chunks_exact(width)).zip(squares);
            for ((d_row, p_row), square) in rows {
                for (d, &p) in d_row.iter_mut().zip(p_row) {
                    *d = *d * p;
                }
                *square = square_sum_inline(d_row).value();
            }
        },
    );
}

/// Brings the stored signal back to about 1 when it has left the range; returns the exponent that this took out.
fn rescale<T: Scalar>(delta: &mut [T], squares: &mut [f64]) -> i32 {
    let mean = sum(squares) / delta.len() as f64;
    if mean == 0.0 || !mean.is_finite() {
        return 0;
    }
    if (LOWEST_MEAN..=1.0 / LOWEST_MEAN).contains(&mean) {
        return 0;
    }
    let level = 0.5 * mean.log2();
    let exponent = level.round() as i32;
    let half = -exponent / 2;
    // Two factors: 2^-exponent itself may be outside f32.
    let (a, b) = (T::from_f64(2f64.powi(half)), T::from_f64(2f64.powi(-exponent - half)));
    delta.iter_mut().for_each(|d| *d = *d * a * b);
    squares.iter_mut().for_each(|s| *s *= 4f64.powi(-exponent));
    exponent
}
