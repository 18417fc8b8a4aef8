//! What a fully connected network is made of, and its parameters.
//!
//! A hidden layer l computes, with what [`Shape`] has switched on, from its input x^{l-1}
//!
//! ```text
//! h = W x^{l-1} + b                          K W rows for maxout with K pieces
//! f = D(phi(N(h)))  or, normalised after,  f = D(N(phi(h)))
//! x^l = f,  or x^{l-1} + f where the skip is on and both are equally wide
//! ```
//!
//! phi is the activation, N the normalisation, D dropout: normalisation and dropout are inside the branch, nothing is done to
//! the sum, and the skip is the identity. The output layer is h = W x + b alone. Before batch normalisation there is no b: N
//! takes it out again, its gradient would be rounding noise around an exact zero, and the shift of N does its work
//! (Ioffe, Szegedy 2015, section 3.2; `bias=False` in PyTorch).

use super::init::Initialisation;
use super::normalise::Normalisation;
use super::scalar::Scalar;
use crate::activation::Activation;

/// What a network is, without its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// `[inputs, hidden.., classes]`: L + 1 sizes.
    pub sizes: Vec<usize>,
    /// Follows every layer but the last.
    pub activation: Activation,
    /// Of every layer but the last.
    pub normalisation: Normalisation,
    /// Skips around hidden layers with as many outputs as inputs.
    pub residual: bool,
    /// Share of a hidden layer's outputs that is dropped in training, in [0, 1).
    pub dropout: f64,
}

/// What a parameter tensor is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `[fan_out, fan_in]`
    Weight,
    /// `[fan_out]`
    Bias,
    /// gamma of the normalisation, one for each normalised column.
    Gain,
    /// beta, as many.
    Shift,
}

impl Shape {
    /// Without normalisation, skips and dropout.
    pub fn plain(sizes: &[usize], activation: Activation) -> Shape {
        let normalisation = Normalisation::None;
        Shape { sizes: sizes.to_vec(), activation, normalisation, residual: false, dropout: 0.0 }
    }

    /// Whether each hidden layer is one pre-activation and one activation of it for every unit, and nothing else.
    pub fn is_plain(&self) -> bool {
        self.normalisation == Normalisation::None
            && !self.residual
            && self.dropout == 0.0
            && self.activation.pieces() == 1
    }

    /// Number of weight layers L.
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Inputs of layer `l` (from 0).
    pub fn fan_in(&self, l: usize) -> usize {
        self.sizes[l]
    }

    /// Rows of the weight of layer `l`: its units, for a hidden maxout layer times the pieces.
    pub fn fan_out(&self, l: usize) -> usize {
        self.sizes[l + 1] * if l + 1 < self.layers() { self.activation.pieces() } else { 1 }
    }

    /// Columns that layer `l` normalises; 0 where it does not.
    pub fn normalised(&self, l: usize) -> usize {
        match self.normalisation {
            _ if l + 1 >= self.layers() => 0,
            Normalisation::None => 0,
            Normalisation::Batch | Normalisation::Layer => self.fan_out(l),
            Normalisation::BatchAfter | Normalisation::LayerAfter => self.sizes[l + 1],
        }
    }

    /// Whether there is a skip around layer `l`.
    pub fn skips(&self, l: usize) -> bool {
        self.residual && l + 1 < self.layers() && self.sizes[l] == self.sizes[l + 1]
    }

    /// The tensors of layer `l`, in the order in which they are stored.
    pub fn parts(&self, l: usize) -> &'static [Part] {
        match self.normalisation {
            _ if l + 1 >= self.layers() => &[Part::Weight, Part::Bias],
            Normalisation::None => &[Part::Weight, Part::Bias],
            Normalisation::Batch => &[Part::Weight, Part::Gain, Part::Shift],
            _ => &[Part::Weight, Part::Bias, Part::Gain, Part::Shift],
        }
    }

    /// Index of a tensor of layer `l` among all tensors.
    pub fn index(&self, l: usize, part: Part) -> Option<usize> {
        let place = self.parts(l).iter().position(|&p| p == part)?;
        // All layers before the last are hidden ones, with as many tensors each.
        Some(l * self.parts(0).len() + place)
    }

    /// Layer (from 0), part and shape of every tensor, input side first.
    pub fn tensors(&self) -> impl Iterator<Item = (usize, Part, Vec<usize>)> + '_ {
        (0..self.layers()).flat_map(move |l| {
            self.parts(l).iter().map(move |&part| {
                let shape = match part {
                    Part::Weight => vec![self.fan_out(l), self.fan_in(l)],
                    Part::Bias => vec![self.fan_out(l)],
                    Part::Gain | Part::Shift => vec![self.normalised(l)],
                };
                (l, part, shape)
            })
        })
    }

    /// Number of tensors T.
    pub fn tensor_count(&self) -> usize {
        (0..self.layers()).map(|l| self.parts(l).len()).sum()
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.tensors().map(|(_, _, shape)| shape.iter().product::<usize>()).sum()
    }
}

/// All parameters in one buffer: for each layer its weight `[fan_out, fan_in]` (row-major, as PyTorch stores it), then its
/// bias `[fan_out]`, gain and shift as far as there are; input side first.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    pub shape: Shape,
    pub parameters: Vec<T>,
    /// Running mean, then running variance, of every batch-normalised layer: what evaluation uses. No parameters: nothing
    /// follows a gradient there.
    pub running: Vec<T>,
    /// Of the masks of dropout.
    pub(super) seed: u64,
    /// Where tensor t begins, and, last, the length of `parameters`: `[T + 1]`.
    pub(super) offsets: Vec<usize>,
}

impl<T: Scalar> Network<T> {
    /// A network without normalisation, skips and dropout.
    pub fn new(sizes: &[usize], activation: Activation, init: Initialisation, seed: u64) -> Network<T> {
        Network::of(Shape::plain(sizes, activation), init, seed)
    }

    /// Draws the parameters; gains begin at 1, shifts at 0. f32 and f64 networks of one seed are the same up to rounding, and
    /// weights are those of the network without normalisation.
    pub fn of(shape: Shape, init: Initialisation, seed: u64) -> Network<T> {
        let mut parameters = Vec::with_capacity(shape.parameters());
        let mut offsets = vec![0];
        for l in 0..shape.layers() {
            let (weight, bias) = init.draw(seed, l + 1, shape.fan_in(l), shape.fan_out(l));
            for part in shape.parts(l) {
                match part {
                    Part::Weight => parameters.extend(weight.iter().map(|&w| T::from_f64(w))),
                    Part::Bias => parameters.extend(bias.iter().map(|&b| T::from_f64(b))),
                    Part::Gain => parameters.extend(std::iter::repeat_n(T::ONE, shape.normalised(l))),
                    Part::Shift => parameters.extend(std::iter::repeat_n(T::ZERO, shape.normalised(l))),
                }
                offsets.push(parameters.len());
            }
        }
        let mut running = Vec::new();
        if shape.normalisation.is_batch() {
            for l in 0..shape.layers() {
                running.extend(std::iter::repeat_n(T::ZERO, shape.normalised(l)));
                running.extend(std::iter::repeat_n(T::ONE, shape.normalised(l)));
            }
        }
        Network { shape, parameters, running, seed, offsets }
    }

    /// Takes the numbers of another network of the same shape, without allocating.
    pub fn copy_from(&mut self, other: &Network<T>) {
        assert_eq!(self.shape, other.shape);
        self.parameters.copy_from_slice(&other.parameters);
        self.running.copy_from_slice(&other.running);
    }

    /// Number of weight layers L.
    pub fn layers(&self) -> usize {
        self.shape.layers()
    }

    /// Inputs of layer `l` (from 0).
    pub fn fan_in(&self, l: usize) -> usize {
        self.shape.fan_in(l)
    }

    /// Rows of the weight of layer `l`, see [`Shape::fan_out`].
    pub fn fan_out(&self, l: usize) -> usize {
        self.shape.fan_out(l)
    }

    /// Where tensor `t` stands in `parameters`.
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
        self.part(l, Part::Weight)
    }

    /// Bias of layer `l`; empty where it has none.
    pub fn bias(&self, l: usize) -> &[T] {
        self.part(l, Part::Bias)
    }

    /// A tensor of layer `l`; empty where it has none.
    pub fn part(&self, l: usize, part: Part) -> &[T] {
        self.shape.index(l, part).map_or(&[], |t| self.tensor(t))
    }

    /// Running mean and variance of layer `l`; empty where there is no batch normalisation.
    pub fn running(&self, l: usize) -> (&[T], &[T]) {
        self.running[self.running_range(l)].split_at(self.running_range(l).len() / 2)
    }

    /// Where both stand.
    pub(super) fn running_range(&self, l: usize) -> std::ops::Range<usize> {
        if self.running.is_empty() {
            return 0..0;
        }
        let start = (0..l).map(|l| 2 * self.shape.normalised(l)).sum();
        start..start + 2 * self.shape.normalised(l)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_stand_where_the_shape_says() {
        for (normalisation, _) in Normalisation::ALL {
            for activation in [Activation::Relu, Activation::Maxout(3)] {
                for sizes in [vec![4, 3], vec![4, 4, 3], vec![5, 4, 6, 3]] {
                    let shape = Shape { normalisation, ..Shape::plain(&sizes, activation) };
                    let network = Network::<f32>::of(shape.clone(), Initialisation::HeNormal, 1);
                    assert_eq!(network.parameters.len(), shape.parameters());
                    assert_eq!(shape.tensors().count(), shape.tensor_count());
                    for (t, (l, part, dims)) in shape.tensors().enumerate() {
                        assert_eq!(shape.index(l, part), Some(t), "{normalisation} {sizes:?}");
                        assert_eq!(network.tensor(t).len(), dims.iter().product::<usize>());
                        assert_eq!(network.part(l, part).len(), network.tensor(t).len());
                    }
                    for l in 0..shape.layers() {
                        let (mean, variance) = network.running(l);
                        let columns = if normalisation.is_batch() { shape.normalised(l) } else { 0 };
                        assert!(mean.len() == columns && variance.len() == columns);
                        assert!(mean.iter().all(|&m| m == 0.0) && variance.iter().all(|&v| v == 1.0));
                    }
                }
            }
        }
    }
}
