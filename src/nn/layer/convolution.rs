//! The convolution of maps: the same W `[out, in, kernel, kernel]` at every position p, and the skip whose
//! values go through one.
//!
//! ```text
//! y_a = W X_a + b    X_a [in kernel^2, positions]: the patches of sample a (see `unfold`)
//! dX_a = W^T dy_a        dW_a = dy_a X_a^T        db_a = sum_p dy_ap        dW = 1/B sum_a dW_a
//! ```
//!
//! As PyTorch's `Conv2d` it does not turn the kernel round (it is a cross-correlation), pads with zeros, and
//! leaves out what the stride does not reach.
//!
//! One sample is unfolded at a time, on the way forward and again on the way back. There `dW_a`, a sum over
//! the positions, is formed for every sample: its norm is the exact one, |dy_a|^2 |x_a|^2 is not, and the sum
//! over the samples of a block is added up in f64.

use super::unfold::Geometry;
use super::{Backward, Forward, Kept, Layer, Memory, PANEL_TENSORS, Panel, Part, Tensor};
use crate::nn::init::Initialisation;
use crate::nn::matmul::{MatRef, Prefetch, has_kernels, multiply, transpose, weight_panels};
use crate::nn::norm::square_sum;
use crate::nn::scalar::{Scalar, simd};
use crate::nn::signal::{rescale, row_squares};

/// W and b, and the products with them: what a convolution and a projected skip share.
#[derive(Clone, Copy, Debug)]
struct Kernels {
    geometry: Geometry,
    out: usize,
    bias: bool,
}

impl Kernels {
    fn new(
        input: [usize; 3],
        out: usize,
        [kernel, stride, padding]: [usize; 3],
        bias: bool,
    ) -> Result<Kernels, String> {
        if out == 0 {
            return Err("a convolution has at least one channel".into());
        }
        Ok(Kernels { geometry: Geometry::new(input, kernel, stride, padding)?, out, bias })
    }

    fn area(&self) -> usize {
        self.geometry.kernel * self.geometry.kernel
    }

    fn weights(&self) -> usize {
        self.out * self.geometry.patch()
    }

    fn outputs(&self) -> usize {
        self.out * self.geometry.positions()
    }

    fn output(&self) -> Vec<usize> {
        vec![self.out, self.geometry.rows, self.geometry.columns]
    }

    fn tensors(&self) -> Vec<Tensor> {
        let Geometry { channels, kernel, .. } = self.geometry;
        let (fan_in, fan_out) = (self.geometry.patch(), self.out * self.area());
        let tensor = |name, part, shape| Tensor { name, part, shape, fan_in, fan_out };
        let mut tensors = vec![tensor("weight", Part::Weight, vec![self.out, channels, kernel, kernel])];
        if self.bias {
            tensors.push(tensor("bias", Part::Bias, vec![self.out]));
        }
        tensors
    }

    fn initial(&self, init: Initialisation, seed: u64, number: usize) -> Vec<f64> {
        let fans = [self.geometry.patch(), self.out * self.area()];
        let (mut values, bias) = init.draw_rows(seed, number, self.out, fans);
        if self.bias {
            values.extend(bias);
        }
        values
    }

    /// |dy_a|^2 and |dW_a|^2; the sums are dW^T `[patch, out]` and db; the scratch holds the patches, dy^T and dW_a^T.
    fn memory(&self) -> Memory {
        let (patch, positions) = (self.geometry.patch(), self.geometry.positions());
        let patches = if self.geometry.is_identity() { 0 } else { patch * positions };
        let biases = if self.bias { self.out } else { 0 };
        Memory {
            numbers: 2,
            sums: self.weights() + biases,
            scratch: patches + self.out * positions + self.weights(),
            ..Memory::default()
        }
    }

    fn patches<'s, T: Scalar>(&self, x: &'s [T], scratch: &'s mut [T]) -> MatRef<'s, T> {
        let (patch, positions) = (self.geometry.patch(), self.geometry.positions());
        if self.geometry.is_identity() {
            return MatRef::new(x, patch, positions);
        }
        self.geometry.unfold(x, scratch);
        MatRef::new(scratch, patch, positions)
    }

    /// Splits the scratch: patches, dy^T, dW_a^T.
    fn split<'s, T>(&self, scratch: &'s mut [T]) -> [&'s mut [T]; 3] {
        let positions = self.geometry.positions();
        let patches = if self.geometry.is_identity() { 0 } else { self.geometry.patch() * positions };
        let (patches, rest) = scratch.split_at_mut(patches);
        let (transposed, rest) = rest.split_at_mut(self.out * positions);
        [patches, transposed, &mut rest[..self.weights()]]
    }

    /// y = W x + b, sample by sample.
    fn forward<T: Scalar>(&self, x: &[T], tensors: &[T], y: &mut [T], scratch: &mut [T]) {
        let (weight, bias) = tensors.split_at(self.weights());
        let [to, ..] = self.split(scratch);
        let weight = MatRef::new(weight, self.out, self.geometry.patch());
        for (x, y) in x.chunks_exact(self.geometry.inputs()).zip(y.chunks_exact_mut(self.outputs())) {
            multiply(T::ONE, weight, self.patches(x, to), y, Prefetch::NOTHING);
            for (y, &b) in y.chunks_exact_mut(self.geometry.positions()).zip(bias) {
                y.iter_mut().for_each(|y| *y += b);
            }
        }
    }

    /// Sums over the samples of a block of dW_a^T and db_a, and the numbers |dW_a|^2 where they are wanted;
    /// dx where it is asked for.
    fn backward<T: Scalar>(
        &self,
        [x, dy, tensors]: [&[T]; 3],
        mut dx: Option<&mut [T]>,
        sums: &mut [f64],
        mut squares: Option<&mut [f64]>,
        scratch: &mut [T],
    ) {
        let (inputs, patch, positions) =
            (self.geometry.inputs(), self.geometry.patch(), self.geometry.positions());
        let weight = MatRef::new(&tensors[..self.weights()], self.out, patch);
        let [patches, transposed, own] = self.split(scratch);
        sums.fill(0.0);
        let (by_weight, by_bias) = sums.split_at_mut(self.weights());
        for (a, (x, dy)) in x.chunks_exact(inputs).zip(dy.chunks_exact(self.outputs())).enumerate() {
            let signal = MatRef::new(dy, self.out, positions);
            let turned = if has_kernels::<T>() {
                transpose(dy, self.out, positions, transposed);
                MatRef::new(&*transposed, positions, self.out)
            } else {
                signal.transposed()
            };
            multiply(T::ONE, self.patches(x, patches), turned, own, Prefetch::NOTHING);
            add(own, by_weight);
            if let Some(squares) = &mut squares {
                squares[a] = square_sum(own).value();
            }
            for (sum, dy) in by_bias.iter_mut().zip(dy.chunks_exact(positions)) {
                *sum += crate::nn::normalise::sum(dy);
            }
            let Some(dx) = &mut dx else { continue };
            let dx = &mut dx[a * inputs..(a + 1) * inputs];
            if self.geometry.is_identity() {
                multiply(T::ONE, weight.transposed(), signal, dx, Prefetch::NOTHING);
            } else {
                multiply(T::ONE, weight.transposed(), signal, patches, Prefetch::NOTHING);
                self.geometry.fold(patches, dx);
            }
        }
    }

    /// Whole rows of W and their biases.
    fn panels(&self) -> Vec<Panel> {
        let patch = self.geometry.patch();
        let panel = |(from, count): (usize, usize)| {
            let mut pieces = vec![(0, from * patch..(from + count) * patch)];
            if self.bias {
                pieces.push((1, from..from + count));
            }
            Panel { pieces, packed: 0..0 }
        };
        weight_panels(self.out).map(panel).collect()
    }

    /// What the backward pass left, which is transposed.
    fn gradient<T: Scalar>(&self, panel: &Panel, means: &[f64], [weight, bias]: [&mut [T]; PANEL_TENSORS]) {
        let patch = self.geometry.patch();
        let first = panel.pieces[0].1.start / patch;
        for (r, row) in weight.chunks_exact_mut(patch).enumerate() {
            for (w, mean) in row.iter_mut().zip(means[first + r..].iter().step_by(self.out)) {
                *w = T::from_f64(*mean);
            }
        }
        let biases = &means[self.weights()..];
        for (b, &mean) in bias.iter_mut().zip(biases.get(first..).unwrap_or_default()) {
            *b = T::from_f64(mean);
        }
    }
}

/// `sums += values`
fn add<T: Scalar>(values: &[T], sums: &mut [f64]) {
    simd(
        #[inline(always)]
        || sums.iter_mut().zip(values).for_each(|(sum, &x)| *sum += x.to_f64()),
    );
}

/// Both numbers of a sample, as the engine asks for them.
fn sample_squares(numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) {
    let (of_signal, of_gradient) = numbers.split_at(numbers.len() / 2);
    signal.copy_from_slice(of_signal);
    gradient.copy_from_slice(of_gradient);
}

/// The convolution of `[in, height, width]` to `[out, rows, columns]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convolution(Kernels);

impl Convolution {
    /// `out_channels` square kernels of `kernel` x `kernel`, `stride` places apart, over maps with `padding`
    /// zeros on every side; with a bias for each channel or without.
    ///
    /// # Errors
    /// In words, where a size is 0 or the kernel is larger than the padded map.
    pub fn new(
        input: [usize; 3],
        out_channels: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        bias: bool,
    ) -> Result<Convolution, String> {
        Ok(Convolution(Kernels::new(input, out_channels, [kernel, stride, padding], bias)?))
    }
}

impl<T: Scalar> Layer<T> for Convolution {
    fn kind(&self) -> &'static str {
        "convolution"
    }

    fn label(&self) -> String {
        let Geometry { kernel, stride, .. } = self.0.geometry;
        let stride = if stride > 1 { format!(" stride {stride}") } else { String::new() };
        format!("conv {kernel}x{kernel}{stride}, {}", self.0.out)
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let Geometry { channels, height, width, .. } = self.0.geometry;
        if input == [channels, height, width] {
            Ok(self.0.output())
        } else {
            Err(format!("takes {channels} x {height} x {width}, not {input:?}"))
        }
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

    fn work(&self) -> usize {
        self.0.weights() * self.0.geometry.positions()
    }

    fn reads_input(&self) -> bool {
        true
    }

    fn forward(&self, pass: Forward<'_, T>) {
        self.0.forward(pass.x, pass.parameters.tensors, pass.y, pass.scratch);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let (signal, gradient) = pass.numbers.split_at_mut(pass.numbers.len() / 2);
        row_squares(pass.dy, self.0.outputs(), signal);
        *pass.exponent += rescale(pass.dy, signal);
        let read = [pass.x, &*pass.dy, pass.parameters.tensors];
        self.0.backward(read, pass.dx, pass.sums, pass.mode.measure.then_some(gradient), pass.scratch);
    }

    fn scale(&self, by: i32, _: &mut [T], numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn sample_squares(&self, numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) -> bool {
        sample_squares(numbers, signal, gradient);
        true
    }

    fn panels(&self) -> Vec<Panel> {
        self.0.panels()
    }

    fn gradient(&self, panel: &Panel, kept: Kept<'_, T>, out: [&mut [T]; PANEL_TENSORS], _: Prefetch) {
        self.0.gradient(panel, kept.means, out);
    }
}

/// Added to the numbers of layers whose random numbers a projection draws.
const PROJECTIONS: usize = 1 << 24;

/// A skip between maps of different shapes: `y = x + W s`, a convolution of 1 x 1 without bias on the way of
/// the skipped values s (He et al. 2016, option B).
///
/// As in the paper it does not count as a layer: its W is a tensor of the layer that it joins, with the role
/// `projection`, and the signal and the per-sample gradients of that layer are those of its own weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProjectedSkip {
    kernels: Kernels,
    span: usize,
}

impl ProjectedSkip {
    /// Adds what the values from `span` layers below, `skipped [channels, height, width]`, become to its own
    /// input `[channels, height, width]`. The stride is the one that makes their sizes equal.
    ///
    /// # Errors
    /// In words, where no stride does.
    pub fn new(skipped: [usize; 3], input: [usize; 3], span: usize) -> Result<ProjectedSkip, String> {
        let [out, height, width] = input;
        if out * height * width == 0 {
            return Err(format!("an input of {out} x {height} x {width} has no values"));
        }
        let stride = skipped[1].div_ceil(height).max(1);
        let kernels = Kernels::new(skipped, out, [1, stride, 0], false)?;
        if kernels.output() != input {
            let [_, from_height, from_width] = skipped;
            return Err(format!(
                "a skip from maps of {from_height} x {from_width} to {height} x {width} has no stride that fits"
            ));
        }
        Ok(ProjectedSkip { kernels, span })
    }
}

impl<T: Scalar> Layer<T> for ProjectedSkip {
    fn kind(&self) -> &'static str {
        "projected skip"
    }

    fn label(&self) -> String {
        format!("skip 1x1, {}", self.kernels.out)
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let wanted = self.kernels.output();
        if input == wanted { Ok(wanted) } else { Err(format!("takes {wanted:?}, not {input:?}")) }
    }

    fn module(&self) -> &'static str {
        "projections"
    }

    fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = self.kernels.tensors();
        tensors.iter_mut().for_each(|tensor| tensor.part = Part::Other("projection"));
        tensors
    }

    /// Random numbers of their own: the layer that it joins has drawn those of its number.
    fn initial(&self, init: Initialisation, seed: u64, number: usize) -> Vec<f64> {
        self.kernels.initial(init, seed, PROJECTIONS + number)
    }

    /// Squares of the signal at the output and on the skip.
    fn memory(&self) -> Memory {
        Memory { numbers: 2, ..self.kernels.memory() }
    }

    fn work(&self) -> usize {
        self.kernels.weights() * self.kernels.geometry.positions()
    }

    fn skips(&self) -> Option<usize> {
        Some(self.span)
    }

    fn skipped(&self, _: usize) -> usize {
        self.kernels.geometry.inputs()
    }

    fn forward(&self, pass: Forward<'_, T>) {
        self.kernels.forward(pass.skipped, pass.parameters.tensors, pass.y, pass.scratch);
        pass.y.iter_mut().zip(pass.x).for_each(|(y, &x)| *y += x);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let (signal, on_skip) = pass.numbers.split_at_mut(pass.numbers.len() / 2);
        row_squares(pass.dy, self.kernels.outputs(), signal);
        *pass.exponent += rescale(pass.dy, signal);
        let read = [pass.skipped_values, &*pass.dy, pass.parameters.tensors];
        match pass.skipped {
            Some((ds, exponent)) => {
                self.kernels.backward(read, Some(&mut *ds), pass.sums, None, pass.scratch);
                row_squares(ds, self.kernels.geometry.inputs(), on_skip);
                *exponent = *pass.exponent + rescale(ds, on_skip);
            }
            None => self.kernels.backward(read, None, pass.sums, None, pass.scratch),
        }
        if let Some(dx) = pass.dx {
            dx.copy_from_slice(pass.dy);
        }
    }

    fn scale(&self, by: i32, _: &mut [T], numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn panels(&self) -> Vec<Panel> {
        self.kernels.panels()
    }

    fn gradient(&self, panel: &Panel, kept: Kept<'_, T>, out: [&mut [T]; PANEL_TENSORS], _: Prefetch) {
        self.kernels.gradient(panel, kept.means, out);
    }
}
