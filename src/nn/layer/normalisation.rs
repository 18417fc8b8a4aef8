//! Batch and layer normalisation: `y = scale n + shift`, `n = (x - mean) / sqrt(variance + 1e-5)`, with one
//! scale (gamma, `scale`) and one bias (beta, `shift`) for each column. The arithmetic is in
//! [`crate::nn::normalise`].
//!
//! Batch normalisation takes the moments of each column over the batch, so that all blocks of rows must meet
//! before they can go on, forward and back; of maps, those of each channel over samples and positions, with
//! one scale and bias a channel (`BatchNorm2d`). Layer normalisation takes those of each row, maps and all,
//! with a scale and a bias for each of its values (`LayerNorm` over `[channels, height, width]`).

use super::{Backward, Forward, Joint, Kept, Layer, Memory, PANEL_TENSORS, Panel, Parameters, Part, Tensor};
use crate::nn::init::Initialisation;
use crate::nn::matmul::Prefetch;
use crate::nn::normalise::{
    MOMENTUM, column_moments, column_products, columns_backward, inverse_deviation, join_moments,
    map_moments, map_products, maps_backward, normalise_columns, normalise_maps, normalise_rows,
    rows_backward, stretch,
};
use crate::nn::scalar::Scalar;

fn tensors(shape: &[usize]) -> Vec<Tensor> {
    let tensor = |name, part| Tensor { name, part, shape: shape.to_vec(), fan_in: 1, fan_out: 1 };
    vec![tensor("weight", Part::Scale), tensor("bias", Part::Shift)]
}

/// Scales (gamma) start at 1, biases (beta) at 0.
fn initial(width: usize) -> Vec<f64> {
    [vec![1.0; width], vec![0.0; width]].concat()
}

fn same_shape(width: usize, input: &[usize]) -> Result<Vec<usize>, String> {
    let given: usize = input.iter().product();
    if given == width { Ok(input.to_vec()) } else { Err(format!("takes {width} inputs, not {given}")) }
}

fn scale_and_shift<T>(parameters: Parameters<'_, T>) -> (&[T], &[T]) {
    parameters.tensors.split_at(parameters.tensors.len() / 2)
}

/// The means of `dy n` and `dy` over the batch are the gradients of scale (gamma) and bias (beta).
fn gradient<T: Scalar>(means: &[f64], out: [&mut [T]; PANEL_TENSORS]) {
    let mut means = means.iter();
    for (g, &mean) in out.into_iter().flatten().zip(&mut means) {
        *g = T::from_f64(mean);
    }
}

/// Over the batch, one mean and variance a column, or a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNormalisation {
    /// Columns or channels.
    width: usize,
    /// Numbers of a sample that share their moments: 1, or the positions of a map.
    positions: usize,
}

impl BatchNormalisation {
    /// Batch normalisation of `width` columns.
    pub fn new(width: usize) -> BatchNormalisation {
        BatchNormalisation { width, positions: 1 }
    }

    /// Batch normalisation of `channels` maps with so many positions each.
    pub fn of_maps(channels: usize, positions: usize) -> BatchNormalisation {
        BatchNormalisation { width: channels, positions }
    }
}

impl<T: Scalar> Layer<T> for BatchNormalisation {
    fn kind(&self) -> &'static str {
        "batch normalisation"
    }

    fn module(&self) -> &'static str {
        "norms"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        same_shape(self.width * self.positions, input)
    }

    fn tensors(&self) -> Vec<Tensor> {
        tensors(&[self.width])
    }

    fn initial(&self, _: Initialisation, _: u64, _: usize) -> Vec<f64> {
        initial(self.width)
    }

    /// Means 0, variances 1.
    fn initial_running(&self) -> Vec<f64> {
        [vec![0.0; self.width], vec![1.0; self.width]].concat()
    }

    /// The cache holds n; joint are the columns' means and inverse deviations, and in f64 their means and
    /// variances.
    fn memory(&self) -> Memory {
        let columns = 2 * self.width;
        Memory {
            cache: self.width * self.positions,
            sums: columns,
            joint: columns,
            joint_wide: columns,
            running: columns,
            ..Memory::default()
        }
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let (scale, shift) = scale_and_shift(pass.parameters);
        let (means, inverse) = pass.joint.values.split_at(self.width);
        pass.cache.copy_from_slice(pass.x);
        if self.positions > 1 {
            return normalise_maps(pass.cache, self.positions, [means, inverse], [scale, shift], pass.y);
        }
        normalise_columns(pass.cache, means, inverse);
        stretch(pass.cache, scale, shift, pass.y);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        let (scale, _) = scale_and_shift(pass.parameters);
        let inverse = &pass.joint.values[self.width..];
        dx.copy_from_slice(pass.dy);
        if self.positions > 1 {
            return maps_backward(dx, pass.cache, self.positions, [scale, inverse], &pass.joint.means);
        }
        columns_backward(dx, pass.cache, scale, inverse, &pass.joint.means);
    }

    fn barrier(&self) -> bool {
        true
    }

    fn gather_forward(&self, x: &[T], sums: &mut [f64]) {
        if self.positions > 1 {
            return map_moments(x, self.positions, sums);
        }
        column_moments(x, self.width, sums);
    }

    fn join_forward(&self, blocks: &mut dyn Iterator<Item = (&[f64], usize)>, joint: &mut Joint<T>) {
        let mut rows = 0;
        for (sums, samples) in blocks {
            let more = samples * self.positions;
            if rows == 0 {
                joint.wide.copy_from_slice(sums);
            } else {
                join_moments(&mut joint.wide, rows, sums, more);
            }
            rows += more;
        }
        let (means, inverse) = joint.values.split_at_mut(self.width);
        let (moments, deviations) = joint.wide.split_at_mut(self.width);
        for j in 0..self.width {
            means[j] = T::from_f64(moments[j]);
            inverse[j] = T::from_f64(inverse_deviation(deviations[j] / rows as f64));
            // The unbiased variance, for the running one.
            deviations[j] /= rows as f64 - 1.0;
        }
    }

    fn gather_backward(&self, dy: &[T], cache: &[T], sums: &mut [f64]) {
        if self.positions > 1 {
            return map_products(dy, cache, self.positions, sums);
        }
        column_products(dy, cache, self.width, sums);
    }

    fn use_running(&self, running: &[T], joint: &mut Joint<T>) {
        let (means, variances) = running.split_at(self.width);
        joint.values[..self.width].copy_from_slice(means);
        for (inverse, variance) in joint.values[self.width..].iter_mut().zip(variances) {
            *inverse = T::from_f64(inverse_deviation(variance.to_f64()));
        }
    }

    fn follow(&self, joint: &Joint<T>, running: &mut [T]) {
        let keep =
            |old: &mut T, new: f64| *old = T::from_f64((1.0 - MOMENTUM) * old.to_f64() + MOMENTUM * new);
        let (means, variances) = running.split_at_mut(self.width);
        means.iter_mut().zip(&joint.values).for_each(|(m, new)| keep(m, new.to_f64()));
        variances.iter_mut().zip(&joint.wide[self.width..]).for_each(|(v, &new)| keep(v, new));
    }

    fn gradient(&self, _: &Panel, kept: Kept<'_, T>, out: [&mut [T]; PANEL_TENSORS], _: Prefetch) {
        gradient(kept.means, out);
    }
}

/// Over the columns of each row.
#[derive(Clone, Debug)]
pub(crate) struct LayerNormalisation {
    /// Shape of a sample.
    shape: Vec<usize>,
    width: usize,
}

impl LayerNormalisation {
    /// Over all values of a sample of this shape, `[width]` or `[channels, height, width]`.
    pub fn new(shape: &[usize]) -> LayerNormalisation {
        LayerNormalisation { shape: shape.to_vec(), width: shape.iter().product() }
    }
}

impl<T: Scalar> Layer<T> for LayerNormalisation {
    fn kind(&self) -> &'static str {
        "layer normalisation"
    }

    fn module(&self) -> &'static str {
        "norms"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        same_shape(self.width, input)
    }

    fn tensors(&self) -> Vec<Tensor> {
        tensors(&self.shape)
    }

    fn initial(&self, _: Initialisation, _: u64, _: usize) -> Vec<f64> {
        initial(self.width)
    }

    /// The cache holds n `[rows, width]`, then the inverse deviation of each row.
    fn memory(&self) -> Memory {
        Memory { cache: self.width + 1, sums: 2 * self.width, ..Memory::default() }
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let (scale, shift) = scale_and_shift(pass.parameters);
        let (normal, inverse) = pass.cache.split_at_mut(pass.x.len());
        normal.copy_from_slice(pass.x);
        normalise_rows(normal, self.width, inverse);
        stretch(normal, scale, shift, pass.y);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let (scale, _) = scale_and_shift(pass.parameters);
        let (normal, inverse) = pass.cache.split_at(pass.dy.len());
        column_products(pass.dy, normal, self.width, pass.sums);
        if let Some(dx) = pass.dx {
            dx.copy_from_slice(pass.dy);
            rows_backward(dx, normal, scale, inverse);
        }
    }

    fn gradient(&self, _: &Panel, kept: Kept<'_, T>, out: [&mut [T]; PANEL_TENSORS], _: Prefetch) {
        gradient(kept.means, out);
    }
}
