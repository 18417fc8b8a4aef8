//! The convolution of maps: the same W `[out, in, kernel, kernel]` at every position p, and the skip whose
//! values go through one.
//!
//! ```text
//! y_a = W X_a + b    X_a [in kernel^2, positions]: the patches of sample a
//! dX_a = W^T dy_a        dW_a = dy_a X_a^T        db_a = sum_p dy_ap        dW = 1/B sum_a dW_a
//! ```
//!
//! As PyTorch's `Conv2d` it does not turn the kernel round (it is a cross-correlation), pads with zeros, and
//! leaves out what the stride does not reach.
//!
//! One sample at a time is laid out among zeros (see `planes`), on the way forward and again on the way back.
//! There `dW_a`, a sum over the positions, is formed for every sample: its norm is the exact one, |dy_a|^2
//! |x_a|^2 is not, and the sum over the samples of a block is added up in f64. So the memory of a thread is
//! that of one sample, and no patches of a batch are ever stored.

use super::planes::{Geometry, Planes};
use super::{Backward, Forward, Kept, Layer, Memory, PANEL_TENSORS, Panel, Part, Tensor};
use crate::nn::init::Initialisation;
use crate::nn::kernel::{MOST_LANES, gradient_width, shifted_gradient, shifted_product, transpose_padded};
use crate::nn::matmul::{Prefetch, weight_panels};
use crate::nn::norm::square_sum;
use crate::nn::scalar::{Scalar, simd};
use crate::nn::signal::{rescale, row_squares};

/// W and b, and the products with them: what a convolution and a projected skip share.
#[derive(Clone, Debug)]
struct Kernels {
    geometry: Geometry,
    planes: Planes,
    out: usize,
    bias: bool,
}

/// Memory to work in, cut for the passes of a sample.
struct Workspace<'s, T> {
    /// The sample and its signal, laid out.
    maps: &'s mut [T],
    signal: &'s mut [T],
    /// dy^T `[positions, width]`
    transposed: &'s mut [T],
    /// dW_a^T `[patch, width]`
    own: &'s mut [T],
    /// For each phase W turned round, `[in, out * taps]`.
    turned: &'s mut [T],
    block: &'s mut [T],
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
        let geometry = Geometry::new(input, kernel, stride, padding)?;
        Ok(Kernels { geometry, planes: Planes::new(geometry, out), out, bias })
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

    /// Lengths of the parts of a [`Workspace`].
    fn lengths(&self) -> [usize; 6] {
        let width = self.out.next_multiple_of(MOST_LANES);
        let [maps, signal] = self.planes.lens();
        let Geometry { channels, .. } = self.geometry;
        let turned = self.planes.phases.iter().map(|phase| channels * self.out * phase.taps.len()).sum();
        let (positions, patch) = (self.geometry.positions(), self.geometry.patch());
        [maps, signal, positions * width, patch * width, turned, self.planes.block()]
    }

    /// |dy_a|^2 and |dW_a|^2; the sums are dW^T `[patch, out]` and db; the scratch is a [`Workspace`].
    fn memory(&self) -> Memory {
        let biases = if self.bias { self.out } else { 0 };
        Memory {
            numbers: 2,
            sums: self.weights() + biases,
            scratch: self.lengths().iter().sum(),
            ..Memory::default()
        }
    }

    fn workspace<'s, T: Scalar>(&self, scratch: &'s mut [T]) -> Workspace<'s, T> {
        let mut rest = scratch;
        let [maps, signal, transposed, own, turned, block] = self.lengths().map(|len| {
            let (part, after) = std::mem::take(&mut rest).split_at_mut(len);
            rest = after;
            part
        });
        maps.fill(T::ZERO);
        signal.fill(T::ZERO);
        Workspace { maps, signal, transposed, own, turned, block }
    }

    /// y = W x + b, sample by sample.
    fn forward<T: Scalar>(&self, x: &[T], tensors: &[T], y: &mut [T], scratch: &mut [T]) {
        let (weight, bias) = tensors.split_at(self.weights());
        let Workspace { maps, block, .. } = self.workspace(scratch);
        let (planes, positions) = (&self.planes, self.geometry.positions());
        for (x, y) in x.chunks_exact(self.geometry.inputs()).zip(y.chunks_exact_mut(self.outputs())) {
            planes.lay_input(x, maps);
            shifted_product(
                weight,
                &planes.shifts,
                maps,
                planes.places(),
                block,
                #[inline(always)]
                |o, row| {
                    let bias = bias.get(o).copied().unwrap_or(T::ZERO);
                    planes.take_output(row, bias, &mut y[o * positions..][..positions]);
                },
            );
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
        let (inputs, positions) = (self.geometry.inputs(), self.geometry.positions());
        let Workspace { maps, signal, transposed, own, turned, block } = self.workspace(scratch);
        let width = gradient_width::<T>(self.out);
        let transposed = &mut transposed[..positions * width];
        let own = &mut own[..self.geometry.patch() * width];
        if dx.is_some() {
            self.turn(&tensors[..self.weights()], turned);
        }
        sums.fill(0.0);
        let (by_weight, by_bias) = sums.split_at_mut(self.weights());
        for (a, (x, dy)) in x.chunks_exact(inputs).zip(dy.chunks_exact(self.outputs())).enumerate() {
            self.planes.lay_input(x, maps);
            transpose_padded(dy, positions, width, transposed);
            shifted_gradient(maps, &self.planes.shifts, self.planes.rectangle(), transposed, width, own);
            add_rows(own, width, by_weight, self.out);
            if let Some(squares) = &mut squares {
                squares[a] = square_sum(own).value();
            }
            for (sum, dy) in by_bias.iter_mut().zip(dy.chunks_exact(positions)) {
                *sum += crate::nn::normalise::sum(dy);
            }
            if let Some(dx) = &mut dx {
                self.planes.lay_signal(dy, signal);
                self.back(signal, turned, &mut dx[a * inputs..(a + 1) * inputs], block);
            }
        }
    }

    /// W as the way back reads it: for each phase `[in, out * taps]`.
    fn turn<T: Scalar>(&self, weight: &[T], mut to: &mut [T]) {
        let (channels, area) = (self.geometry.channels, self.area());
        for phase in &self.planes.phases {
            let (part, rest) = std::mem::take(&mut to).split_at_mut(channels * self.out * phase.taps.len());
            let mut part = part.iter_mut();
            for c in 0..channels {
                for of_output in weight.chunks_exact(channels * area) {
                    let kernel = &of_output[c * area..][..area];
                    phase.taps.iter().zip(part.by_ref()).for_each(|(&tap, t)| *t = kernel[tap]);
                }
            }
            to = rest;
        }
    }

    /// The signal of a sample at its input.
    fn back<T: Scalar>(&self, signal: &[T], mut turned: &[T], dx: &mut [T], block: &mut [T]) {
        let Geometry { channels, height, width, kernel, stride, .. } = self.geometry;
        if kernel < stride {
            // Places that no kernel reaches.
            dx.fill(T::ZERO);
        }
        for phase in self.planes.phases.iter().filter(|phase| !phase.taps.is_empty()) {
            let (weight, rest) = turned.split_at(channels * phase.shifts.len());
            shifted_product(
                weight,
                &phase.shifts,
                signal,
                self.planes.places_of(phase),
                block,
                #[inline(always)]
                |c, row| {
                    self.planes.take_signal(phase, row, &mut dx[c * height * width..][..height * width]);
                },
            );
            turned = rest;
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

/// `sums [rows, out] += values [rows, width]`, without the columns behind.
fn add_rows<T: Scalar>(values: &[T], width: usize, sums: &mut [f64], out: usize) {
    simd(
        #[inline(always)]
        || {
            for (sums, values) in sums.chunks_exact_mut(out).zip(values.chunks_exact(width)) {
                sums.iter_mut().zip(values).for_each(|(sum, &x)| *sum += x.to_f64());
            }
        },
    );
}

/// Both numbers of a sample, as the engine asks for them.
fn sample_squares(numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) {
    let (of_signal, of_gradient) = numbers.split_at(numbers.len() / 2);
    signal.copy_from_slice(of_signal);
    gradient.copy_from_slice(of_gradient);
}

/// The convolution of `[in, height, width]` to `[out, rows, columns]`.
#[derive(Clone, Debug)]
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
        let (squares, gradient) = pass.numbers.split_at_mut(pass.numbers.len() / 2);
        row_squares(pass.dy, self.0.outputs(), squares);
        *pass.exponent += rescale(pass.dy, squares);
        if let Some(signal) = pass.signal {
            signal.read(pass.first_row, pass.dy, &[], *pass.exponent);
        }
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
#[derive(Clone, Debug)]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: loops over samples, channels, positions and places of the kernel.
    struct Naive {
        y: Vec<f64>,
        dx: Vec<f64>,
        /// For each sample `[out, patch]`.
        by_weight: Vec<Vec<f64>>,
        by_bias: Vec<f64>,
    }

    fn naive(kernels: &Kernels, [x, dy, tensors]: [&[f64]; 3]) -> Naive {
        let Geometry { channels, height, width, kernel, stride, padding, rows, columns } = kernels.geometry;
        let (weight, bias) = tensors.split_at(kernels.weights());
        let samples = x.len() / kernels.geometry.inputs();
        let mut of = Naive {
            y: vec![0.0; dy.len()],
            dx: vec![0.0; x.len()],
            by_weight: vec![vec![0.0; weight.len()]; samples],
            by_bias: vec![0.0; bias.len()],
        };
        for (at, &dy) in dy.iter().enumerate() {
            let [p, o, a] =
                [at % columns, at / columns / rows % kernels.out, at / columns / rows / kernels.out];
            let r = at / columns % rows;
            of.y[at] += bias.get(o).unwrap_or(&0.0);
            of.by_bias.iter_mut().skip(o).take(1).for_each(|b| *b += dy);
            for k in 0..channels * kernel * kernel {
                let (c, i, j) = (k / (kernel * kernel), k / kernel % kernel, k % kernel);
                let row = (r * stride + i).checked_sub(padding).filter(|&h| h < height);
                let column = (p * stride + j).checked_sub(padding).filter(|&w| w < width);
                let (Some(row), Some(column)) = (row, column) else { continue };
                let from = ((a * channels + c) * height + row) * width + column;
                let w = o * channels * kernel * kernel + k;
                of.y[at] += weight[w] * x[from];
                of.dx[from] += weight[w] * dy;
                of.by_weight[a][w] += x[from] * dy;
            }
        }
        of
    }

    fn near<T: Scalar>(got: &[T], want: &[f64], what: &str) {
        assert_eq!(got.len(), want.len(), "{what}");
        let tolerance = if T::NAME == "f32" { 1e-4 } else { 1e-12 };
        for (i, (g, w)) in got.iter().zip(want).enumerate() {
            assert!((g.to_f64() - w).abs() < tolerance, "{} {what}, {i}: {g} {w}", T::NAME);
        }
    }

    fn agrees<T: Scalar>(input: [usize; 3], out: usize, sizes: [usize; 3], bias: bool) {
        const SAMPLES: usize = 3;
        let kernels = Kernels::new(input, out, sizes, bias).unwrap();
        let wave = |n: usize, step: f64| {
            (0..n).map(|i| f64::from((i as f64 * step).sin() as f32)).collect::<Vec<f64>>()
        };
        let (inputs, outputs) = (SAMPLES * kernels.geometry.inputs(), SAMPLES * kernels.outputs());
        let tensors = kernels.weights() + if bias { out } else { 0 };
        let wide = [wave(inputs, 0.7), wave(outputs, 1.3), wave(tensors, 0.37)];
        let [x, dy, tensors] =
            &wide.each_ref().map(|v| v.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>());
        let want = naive(&kernels, wide.each_ref().map(|v| &**v));
        let what = format!("{input:?} -> {out}, {sizes:?}");
        let memory = kernels.memory();
        let mut scratch = vec![T::from_f64(f64::NAN); memory.scratch];
        let nothing = T::from_f64(f64::NAN);
        let (mut y, mut dx) = (vec![nothing; outputs], vec![nothing; inputs]);
        kernels.forward(x, tensors, &mut y, &mut scratch);
        near(&y, &want.y, &format!("y, {what}"));
        let (mut sums, mut squares) = (vec![f64::NAN; memory.sums], [0.0; SAMPLES]);
        let read = [&**x, &**dy, &**tensors];
        kernels.backward(read, Some(&mut dx), &mut sums, Some(&mut squares), &mut scratch);
        near(&dx, &want.dx, &format!("dx, {what}"));
        let (weights, patch) = (kernels.weights(), kernels.geometry.patch());
        let turned = (0..weights).map(|i| {
            let of = |own: &Vec<f64>| own[i % out * patch + i / out];
            want.by_weight.iter().map(of).sum::<f64>()
        });
        let sums: Vec<T> = sums.iter().map(|&s| T::from_f64(s)).collect();
        near(&sums[..weights], &turned.collect::<Vec<f64>>(), &format!("dW, {what}"));
        near(&sums[weights..], &want.by_bias, &format!("db, {what}"));
        for (square, own) in squares.iter().zip(&want.by_weight) {
            let want = own.iter().map(|w| w * w).sum::<f64>();
            let tolerance = if T::NAME == "f32" { 1e-5 } else { 1e-12 };
            assert!((square / want - 1.0).abs() < tolerance || want == *square, "{what}: {square} {want}");
        }
        // Without the signal at the input the sums are the same, to the bit.
        let mut alone = vec![f64::NAN; memory.sums];
        kernels.backward(read, None, &mut alone, None, &mut scratch);
        near(&sums, &alone, &what);
    }

    #[test]
    fn every_size_stride_and_padding_is_the_definition() {
        for (input, out, sizes, bias) in [
            ([1, 1, 1], 1, [1, 1, 0], true),
            ([3, 4, 5], 2, [1, 1, 0], false),
            ([2, 5, 4], 3, [3, 1, 1], true),
            ([1, 28, 28], 16, [3, 1, 1], true),
            ([9, 7, 7], 17, [3, 1, 1], true),
            ([1, 7, 9], 4, [3, 2, 0], true),
            ([2, 8, 7], 5, [3, 2, 1], false),
            ([3, 4, 4], 6, [1, 2, 0], false),
            ([2, 5, 6], 3, [1, 3, 1], true),
            ([1, 2, 12], 8, [5, 1, 2], true),
            ([2, 6, 6], 7, [2, 2, 0], true),
            ([2, 9, 5], 3, [2, 3, 2], true),
            ([1, 1, 1], 2, [3, 1, 1], true),
            ([1, 3, 3], 2, [5, 2, 3], true),
            ([2, 4, 6], 9, [4, 3, 4], true),
            ([2, 3, 3], 2, [2, 1, 5], true),
            ([1, 11, 10], 3, [4, 4, 1], false),
        ] {
            agrees::<f32>(input, out, sizes, bias);
            agrees::<f64>(input, out, sizes, bias);
        }
    }
}
