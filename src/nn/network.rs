//! The parameters of a network.

use std::sync::Arc;

use super::init::Initialisation;
use super::layer::{Layer, Part};
use super::scalar::Scalar;
use super::sequence::{NetworkTensor, Sequence, SequenceError};
use super::shape::Shape;
use crate::activation::Activation;

/// All parameters in one buffer, layer after layer, input side first: for each layer its weight
/// `[fan_out, fan_in]` (row-major, as PyTorch stores it), then its bias `[fan_out]`, and the scale (gamma)
/// and bias (beta) of its normalisation, if it has one.
#[derive(Clone, Debug)]
pub struct Network<T> {
    pub(crate) sequence: Arc<Sequence<T>>,
    pub parameters: Vec<T>,
    /// Running mean, then running variance, of every batch-normalised layer: what evaluation uses. No
    /// parameters: nothing follows a gradient there.
    pub running: Vec<T>,
    /// Seed of the dropout masks.
    pub(crate) seed: u64,
}

impl<T: PartialEq> PartialEq for Network<T> {
    fn eq(&self, other: &Network<T>) -> bool {
        self.sequence.tensors == other.sequence.tensors
            && self.parameters == other.parameters
            && self.running == other.running
    }
}

impl<T: Scalar> Network<T> {
    /// A fully connected network without normalisation, skips and dropout.
    pub fn new(sizes: &[usize], activation: Activation, init: Initialisation, seed: u64) -> Network<T> {
        Network::of(Shape::plain(sizes, activation), init, seed)
    }

    /// Draws the parameters; scales (gamma) start at 1, biases (beta) at 0. f32 and f64 networks of one seed
    /// are the same up to rounding, and weights are those of the network without normalisation.
    pub fn of(shape: Shape, init: Initialisation, seed: u64) -> Network<T> {
        Network::with(shape.build(true), init, seed)
    }

    /// A network of any layers, for samples of shape `input`.
    ///
    /// # Errors
    /// The first layer that cannot take what comes to it.
    #[allow(dead_code)] // What is not fully connected is made in tests so far.
    pub(crate) fn of_layers(
        input: &[usize],
        layers: Vec<Box<dyn Layer<T>>>,
        init: Initialisation,
        seed: u64,
    ) -> Result<Network<T>, SequenceError> {
        Ok(Network::with(Sequence::new(input, layers)?, init, seed))
    }

    pub(crate) fn with(sequence: Arc<Sequence<T>>, init: Initialisation, seed: u64) -> Network<T> {
        let mut parameters = Vec::with_capacity(sequence.parameters());
        let mut running = Vec::new();
        for (layer, site) in sequence.iter() {
            parameters.extend(layer.initial(init, seed, site.group + 1).into_iter().map(T::from_f64));
            running.extend(layer.initial_running().into_iter().map(T::from_f64));
        }
        assert_eq!(parameters.len(), sequence.parameters());
        Network { sequence, parameters, running, seed }
    }

    /// The same with all biases of the layers below the output layer at `value`.
    #[must_use]
    pub fn with_hidden_biases(mut self, value: f64) -> Network<T> {
        for l in 0..self.layers().saturating_sub(1) {
            if let Some(t) = self.index(l, Part::Bias) {
                self.tensor_mut(t).fill(T::from_f64(value));
            }
        }
        self
    }

    /// Takes the numbers of another network of the same layers, without allocating.
    pub fn copy_from(&mut self, other: &Network<T>) {
        assert_eq!(self.sequence.tensors, other.sequence.tensors);
        self.parameters.copy_from_slice(&other.parameters);
        self.running.copy_from_slice(&other.running);
    }

    /// Number of recorded layers L: each begins at a layer with weights, and what follows belongs to it.
    pub fn layers(&self) -> usize {
        self.sequence.groups.len()
    }

    /// All tensors, input side first.
    pub fn tensors(&self) -> &[NetworkTensor] {
        &self.sequence.tensors
    }

    /// Number of tensors T.
    pub fn tensor_count(&self) -> usize {
        self.sequence.tensors.len()
    }

    /// Index of a tensor of layer `l` (from 0) among all tensors.
    pub fn index(&self, l: usize, part: Part) -> Option<usize> {
        self.sequence.index(l, part)
    }

    /// Where tensor `t` stands in `parameters`.
    pub fn range(&self, t: usize) -> std::ops::Range<usize> {
        self.sequence.offsets[t]..self.sequence.offsets[t + 1]
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
        self.part(l, Part::Weight)
    }

    /// Bias of layer `l`; empty where it has none.
    pub fn bias(&self, l: usize) -> &[T] {
        self.part(l, Part::Bias)
    }

    /// A tensor of layer `l`; empty where it has none.
    pub fn part(&self, l: usize, part: Part) -> &[T] {
        self.index(l, part).map_or(&[], |t| self.tensor(t))
    }

    /// Running mean and variance of layer `l`; empty where there is no batch normalisation.
    pub fn running(&self, l: usize) -> (&[T], &[T]) {
        let site = self.sequence.sites.iter().find(|site| site.group == l && !site.running.is_empty());
        let numbers = site.map_or(&[][..], |site| &self.running[site.running.clone()]);
        numbers.split_at(numbers.len() / 2)
    }

    /// The packed copies of all parameters, see [`Layer::packed`].
    pub(crate) fn pack(&self) -> Vec<T> {
        let len = self.sequence.sites.last().map_or(0, |site| site.packed.end);
        let mut packed = vec![T::ZERO; len];
        for (layer, site) in self.sequence.iter().filter(|(_, site)| !site.packed.is_empty()) {
            let (parameters, packed) =
                (&self.parameters[site.parameters.clone()], &mut packed[site.packed.clone()]);
            for panel in layer.panels() {
                layer.pack(&parameters[panel.pieces[0].1.clone()], &mut packed[panel.packed]);
            }
        }
        packed
    }
}
