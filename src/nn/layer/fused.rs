//! A dense layer and the activation behind it in one: `y_a = phi(W x_a + b)`.
//!
//! An optimisation of the pair [`super::Dense`], [`super::ActivationLayer`], with the same bits: one buffer
//! holds the pre-activations, then the slopes, then the signal `delta_a = phi'(h_a) dy_a`, and the bias is
//! added on the way through phi.

use super::activation::activate;
use super::dense::Linear;
use super::{Backward, Forward, Kept, Layer, Memory, PANEL_TENSORS, Panel, Tensor};
use crate::activation::Activation;
use crate::nn::init::Initialisation;
use crate::nn::matmul::{Prefetch, pack, packed_len};
use crate::nn::scalar::Scalar;
use crate::nn::signal::{rescale, shift, times_slope};
use crate::nn::statistics::Statistics;

/// Dense and activation. Maxout has a layer of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DenseActivation {
    linear: Linear,
    activation: Activation,
}

impl DenseActivation {
    pub fn new(fan_in: usize, fan_out: usize, activation: Activation) -> DenseActivation {
        DenseActivation { linear: Linear { fan_in, fan_out, bias: true }, activation }
    }
}

impl<T: Scalar> Layer<T> for DenseActivation {
    fn kind(&self) -> &'static str {
        "dense"
    }

    fn label(&self) -> String {
        format!("dense {}", self.linear.fan_out)
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        self.linear.check(input).map(|()| vec![self.linear.fan_out])
    }

    fn tensors(&self) -> Vec<Tensor> {
        self.linear.tensors()
    }

    fn initial(&self, init: Initialisation, seed: u64, number: usize) -> Vec<f64> {
        self.linear.initial(init, seed, number)
    }

    fn memory(&self) -> Memory {
        Memory { cache: self.linear.fan_out, ..self.linear.memory() }
    }

    fn reads_input(&self) -> bool {
        true
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let Forward { mode, first_row, parameters, x, y, cache, numbers, before, prefetch, .. } = pass;
        self.linear.product(x, parameters, cache, numbers, mode.measure, prefetch);
        if let Some(before) = before {
            before.read(first_row, cache, self.linear.bias(parameters), 0);
        }
        activate(self.activation, self.linear.bias(parameters), cache, y);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Backward { first_row, parameters, dy, dx, cache, numbers, exponent, signal, prefetch, .. } = pass;
        let squares = self.linear.delta_squares(numbers);
        times_slope(cache, dy, self.linear.fan_out, squares);
        *exponent += rescale(cache, squares);
        if let Some(signal) = signal {
            signal.read(first_row, cache, &[], *exponent);
        }
        if let Some(dx) = dx {
            self.linear.back(cache, parameters, dx, prefetch);
        }
    }

    fn observe(&self, y: &[T], cache: &[T], statistics: &mut Statistics) {
        statistics.read(y, cache, self.activation.largest_slope(), self.activation.is_smooth());
    }

    fn scale(&self, by: i32, cache: &mut [T], numbers: &mut [f64]) {
        shift(cache, by);
        self.linear.delta_squares(numbers).iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn sample_squares(&self, numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) -> bool {
        self.linear.sample_squares(numbers, signal, gradient);
        true
    }

    fn panels(&self) -> Vec<Panel> {
        self.linear.panels()
    }

    fn gradient(&self, panel: &Panel, kept: Kept<'_, T>, out: [&mut [T]; PANEL_TENSORS], prefetch: Prefetch) {
        self.linear.gradient(panel, [kept.rows, self.linear.first(panel)], kept.x, kept.cache, out, prefetch);
    }

    fn packed(&self) -> usize {
        packed_len::<T>(self.linear.fan_in * self.linear.fan_out)
    }

    fn pack(&self, piece: &[T], packed: &mut [T]) {
        pack(piece, self.linear.fan_in, packed);
    }
}
