//! The parameters of a fully connected network.

use super::activation::Activation;
use super::init::Initialisation;
use super::scalar::Scalar;

/// All parameters in one buffer: for each layer its weight `[fan_out, fan_in]` (row-major, as PyTorch stores it), then its
/// bias `[fan_out]`; input side first.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    /// `[inputs, hidden.., classes]`: L + 1 sizes.
    pub sizes: Vec<usize>,
    /// Follows every layer but the last.
    pub activation: Activation,
    pub parameters: Vec<T>,
    /// Where tensor t begins, and, last, the length of `parameters`: `[2 L + 1]`.
    pub(super) offsets: Vec<usize>,
}

impl<T: Scalar> Network<T> {
    /// Draws the parameters. f32 and f64 networks of one seed are the same up to rounding.
    pub fn new(sizes: &[usize], activation: Activation, init: Initialisation, seed: u64) -> Network<T> {
        let mut parameters = Vec::with_capacity(count_parameters(sizes));
        let mut offsets = vec![0];
        for (l, pair) in sizes.windows(2).enumerate() {
            let (weight, bias) = init.draw(seed, l + 1, pair[0], pair[1]);
            for tensor in [weight, bias] {
                parameters.extend(tensor.into_iter().map(T::from_f64));
                offsets.push(parameters.len());
            }
        }
        Network { sizes: sizes.to_vec(), activation, parameters, offsets }
    }

    /// Number of weight layers L.
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Inputs of layer `l` (from 0).
    pub fn fan_in(&self, l: usize) -> usize {
        self.sizes[l]
    }

    pub fn fan_out(&self, l: usize) -> usize {
        self.sizes[l + 1]
    }

    /// Where tensor `t` (2 l: weight, 2 l + 1: bias of layer l from 0) stands in `parameters`.
    pub fn range(&self, t: usize) -> std::ops::Range<usize> {
        self.offsets[t]..self.offsets[t + 1]
    }

    pub fn tensor(&self, t: usize) -> &[T] {
        &self.parameters[self.range(t)]
    }

    pub fn tensor_mut(&mut self, t: usize) -> &mut [T] {
        let range = self.range(t);
        &mut self.parameters[range]
    }

    /// Weight of layer `l` (from 0), `[fan_out, fan_in]`.
    pub fn weight(&self, l: usize) -> &[T] {
        self.tensor(2 * l)
    }

    pub fn bias(&self, l: usize) -> &[T] {
        self.tensor(2 * l + 1)
    }
}

/// Parameters of a fully connected network with these sizes.
pub fn count_parameters(sizes: &[usize]) -> usize {
    sizes.windows(2).map(|p| p[0] * p[1] + p[1]).sum()
}
