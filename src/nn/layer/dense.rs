//! The dense (fully connected) layer: `y_a = W x_a + b`, W `[fan_out, fan_in]`.
//!
//! ```text
//! dx_a = W^T dy_a        dW = 1/B sum_a dy_a x_a^T        db = 1/B sum_a dy_a        |dW_a|^2 = |dy_a|^2 |x_a|^2
//! ```

use super::{Backward, Forward, Kept, Layer, Memory, PANEL_TENSORS, Panel, Parameters, Part, Tensor};
use crate::nn::init::Initialisation;
use crate::nn::kernel;
use crate::nn::matmul::{MatRef, Prefetch, multiply, multiply_packed, pack, packed_len, weight_panels};
use crate::nn::scalar::{Scalar, simd};
use crate::nn::signal::{add_bias, rescale, row_squares};

/// Which of the numbers of a row is what: |delta_a|^2 as stored, and |x_a|^2.
const DELTA: usize = 0;
const INPUT: usize = 1;

/// W and b, and the products with them: what the dense layer shares with its fused form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear {
    pub fan_in: usize,
    pub fan_out: usize,
    pub bias: bool,
}

impl Linear {
    pub fn tensors(self) -> Vec<Tensor> {
        let Linear { fan_in, fan_out, bias } = self;
        let tensor = |name, part, shape| Tensor { name, part, shape, fan_in, fan_out };
        let mut tensors = vec![tensor("weight", Part::Weight, vec![fan_out, fan_in])];
        if bias {
            tensors.push(tensor("bias", Part::Bias, vec![fan_out]));
        }
        tensors
    }

    pub fn initial(self, init: Initialisation, seed: u64, number: usize) -> Vec<f64> {
        let (mut values, bias) = init.draw(seed, number, self.fan_in, self.fan_out);
        if self.bias {
            values.extend(bias);
        }
        values
    }

    pub fn check(self, input: &[usize]) -> Result<(), String> {
        let given: usize = input.iter().product();
        if given == self.fan_in { Ok(()) } else { Err(format!("takes {} inputs, not {given}", self.fan_in)) }
    }

    pub fn weight<T>(self, parameters: Parameters<'_, T>) -> &[T] {
        &parameters.tensors[..self.fan_in * self.fan_out]
    }

    /// Empty where there is none.
    pub fn bias<T>(self, parameters: Parameters<'_, T>) -> &[T] {
        &parameters.tensors[self.fan_in * self.fan_out..]
    }

    /// `to = x W^T`; keeps |x_a|^2 when that is wanted.
    pub fn product<T: Scalar>(
        self,
        x: &[T],
        parameters: Parameters<'_, T>,
        to: &mut [T],
        numbers: &mut [f64],
        measure: bool,
        prefetch: Prefetch,
    ) {
        let rows = x.len() / self.fan_in;
        if measure {
            row_squares(x, self.fan_in, &mut numbers[INPUT * rows..][..rows]);
        }
        let x = MatRef::new(x, rows, self.fan_in);
        multiply_packed(x, self.weight(parameters), parameters.packed, to, prefetch);
    }

    /// `to = delta W`
    pub fn back<T: Scalar>(
        self,
        delta: &[T],
        parameters: Parameters<'_, T>,
        to: &mut [T],
        prefetch: Prefetch,
    ) {
        let rows = delta.len() / self.fan_out;
        let weight = MatRef::new(self.weight(parameters), self.fan_out, self.fan_in);
        multiply(T::ONE, MatRef::new(delta, rows, self.fan_out), weight, to, prefetch);
    }

    /// The place of |delta_a|^2 among the numbers of a block.
    pub fn delta_squares(self, numbers: &mut [f64]) -> &mut [f64] {
        let rows = numbers.len() / self.memory().numbers;
        &mut numbers[DELTA * rows..][..rows]
    }

    pub fn memory(self) -> Memory {
        Memory { numbers: 2, ..Memory::default() }
    }

    pub fn sample_squares(self, numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) {
        let rows = signal.len();
        let (delta, input) = (&numbers[DELTA * rows..][..rows], &numbers[INPUT * rows..][..rows]);
        signal.copy_from_slice(delta);
        gradient.iter_mut().zip(delta).zip(input).for_each(|((g, d), x)| *g = d * x);
    }

    pub fn panels(self) -> Vec<Panel> {
        let panel = |(from, count): (usize, usize)| {
            let weight = from * self.fan_in..(from + count) * self.fan_in;
            let mut pieces = vec![(0, weight.clone())];
            if self.bias {
                pieces.push((1, from..from + count));
            }
            Panel { pieces, packed: weight }
        };
        weight_panels(self.fan_out).map(panel).collect()
    }

    /// Batch-mean gradient of the weights `[to - from, fan_in]` and biases `[to - from]` of a panel.
    pub fn gradient<T: Scalar>(
        self,
        panel: &Panel,
        [rows, from]: [usize; 2],
        x: &[T],
        delta: &[T],
        [weight, bias]: [&mut [T]; PANEL_TENSORS],
        prefetch: Prefetch,
    ) {
        let count = panel.pieces[0].1.len() / self.fan_in;
        let mean = T::from_f64(1.0 / rows as f64);
        let columns = MatRef::new(delta, rows, self.fan_out).columns(from, from + count);
        multiply(mean, columns.transposed(), MatRef::new(x, rows, self.fan_in), weight, prefetch);
        if !bias.is_empty() {
            column_sums(delta, self.fan_out, from, bias);
            bias.iter_mut().for_each(|b| *b = *b * mean);
        }
    }

    /// First row of the weight in a panel.
    pub fn first(self, panel: &Panel) -> usize {
        panel.pieces[0].1.start / self.fan_in
    }
}

/// Sums of columns `from .. from + out.len()` of a row-major matrix with `width` columns. Runs of 32 rows are
/// added first, and the runs then: the rounding error grows with their number, not with the rows'.
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

/// The dense layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dense(Linear);

impl Dense {
    pub fn new(fan_in: usize, fan_out: usize, bias: bool) -> Dense {
        Dense(Linear { fan_in, fan_out, bias })
    }
}

impl<T: Scalar> Layer<T> for Dense {
    fn kind(&self) -> &'static str {
        "dense"
    }

    fn label(&self) -> String {
        format!("dense {}", self.0.fan_out)
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        self.0.check(input).map(|()| vec![self.0.fan_out])
    }

    fn tensors(&self) -> Vec<Tensor> {
        self.0.tensors()
    }

    fn initial(&self, init: Initialisation, seed: u64, number: usize) -> Vec<f64> {
        self.0.initial(init, seed, number)
    }

    fn memory(&self) -> Memory {
        self.0.memory()
    }

    fn reads_input(&self) -> bool {
        true
    }

    fn keeps_signal(&self) -> bool {
        true
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let Forward { mode, parameters, x, y, numbers, prefetch, .. } = pass;
        self.0.product(x, parameters, y, numbers, mode.measure, prefetch);
        add_bias(self.0.bias(parameters), y);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Backward { first_row, parameters, dy, dx, numbers, exponent, signal, prefetch, .. } = pass;
        let squares = self.0.delta_squares(numbers);
        row_squares(dy, self.0.fan_out, squares);
        *exponent += rescale(dy, squares);
        if let Some(signal) = signal {
            signal.read(first_row, dy, &[], *exponent);
        }
        if let Some(dx) = dx {
            self.0.back(dy, parameters, dx, prefetch);
        }
    }

    fn scale(&self, by: i32, _: &mut [T], numbers: &mut [f64]) {
        self.0.delta_squares(numbers).iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn sample_squares(&self, numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) -> bool {
        self.0.sample_squares(numbers, signal, gradient);
        true
    }

    fn panels(&self) -> Vec<Panel> {
        self.0.panels()
    }

    fn gradient(&self, panel: &Panel, kept: Kept<'_, T>, out: [&mut [T]; PANEL_TENSORS], prefetch: Prefetch) {
        self.0.gradient(panel, [kept.rows, self.0.first(panel)], kept.x, kept.dy, out, prefetch);
    }

    fn packed(&self) -> usize {
        packed_len::<T>(self.0.fan_in * self.0.fan_out)
    }

    fn pack(&self, piece: &[T], packed: &mut [T]) {
        pack(piece, self.0.fan_in, packed);
    }
}
