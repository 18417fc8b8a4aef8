//! The short form of a fully connected network: sizes and what its hidden layers have. It builds the sequence
//! of layers.
//!
//! A hidden layer l computes, with what [`Shape`] has switched on, from its input x^{l-1}
//!
//! ```text
//! h = W x^{l-1} + b                          K W rows for maxout with K pieces
//! f = D(phi(N(h)))  or, normalised after,  f = D(N(phi(h)))
//! x^l = f,  or x^{l-1} + f where the skip is on and both are equally wide
//! ```
//!
//! phi is the activation, N the normalisation, D dropout: normalisation and dropout are inside the branch,
//! nothing is done to the sum, and the skip is the identity. The output layer is h = W x + b alone. Before
//! batch normalisation there is no b: N takes it out again, its gradient would be rounding noise around an
//! exact zero, and the bias (beta) of N takes its place (Ioffe, Szegedy 2015, section 3.2; `bias=False` in PyTorch).

use std::sync::Arc;

use super::layer::{
    ActivationLayer, BatchNormalisation, Dense, DenseActivation, Dropout, Layer, LayerNormalisation, Maxout, Part, Skip,
};
use super::normalise::Normalisation;
use super::scalar::Scalar;
use super::sequence::{NetworkLayer, NetworkTensor, Sequence};
use crate::activation::Activation;

/// What a fully connected network is, without its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// `[inputs, hidden.., classes]`: L + 1 sizes.
    pub sizes: Vec<usize>,
    /// The activation of every hidden layer.
    pub activation: Activation,
    /// The normalisation of every hidden layer.
    pub normalisation: Normalisation,
    /// Skips around hidden layers with as many outputs as inputs.
    pub residual: bool,
    /// Share of a hidden layer's outputs that is dropped in training, in [0, 1).
    pub dropout: f64,
}

impl Shape {
    /// Without normalisation, skips and dropout.
    pub fn plain(sizes: &[usize], activation: Activation) -> Shape {
        let normalisation = Normalisation::None;
        Shape { sizes: sizes.to_vec(), activation, normalisation, residual: false, dropout: 0.0 }
    }

    /// Number of layers with weights L.
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Whether there is a skip around layer `l` (from 0).
    pub fn skips(&self, l: usize) -> bool {
        self.residual && l + 1 < self.layers() && self.sizes[l] == self.sizes[l + 1]
    }

    /// Number of weights of each layer.
    pub fn weights(&self) -> Vec<usize> {
        let weights = self.tensors().filter(|(_, part, _)| *part == Part::Weight);
        weights.map(|(_, _, shape)| shape.iter().product()).collect()
    }

    /// Recorded layer (from 0), part and shape of every tensor, input side first.
    pub fn tensors(&self) -> impl Iterator<Item = (usize, Part, Vec<usize>)> {
        let tensors = self.build::<f32>(true).tensors.clone();
        tensors.into_iter().map(|t| (t.layer, t.tensor.part, t.tensor.shape))
    }

    /// The recorded layers and all tensors, as a record's header describes them.
    pub fn described(&self) -> (Vec<NetworkLayer>, Vec<NetworkTensor>) {
        let sequence = self.build::<f32>(true);
        (sequence.groups.clone(), sequence.tensors.clone())
    }

    /// Index of a tensor of layer `l` (from 0) among all tensors.
    pub fn index(&self, l: usize, part: Part) -> Option<usize> {
        self.build::<f32>(true).index(l, part)
    }

    /// Number of tensors T.
    pub fn tensor_count(&self) -> usize {
        self.build::<f32>(true).tensors.len()
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.build::<f32>(true).parameters()
    }

    /// The layers. With `fused`, a dense layer and the activation behind it are one, with the same bits.
    pub(crate) fn build<T: Scalar>(&self, fused: bool) -> Arc<Sequence<T>> {
        let mut layers: Vec<Box<dyn Layer<T>>> = Vec::new();
        for l in 0..self.layers().saturating_sub(1) {
            self.hidden(l, fused, &mut layers);
        }
        if let [.., inputs, classes] = self.sizes[..] {
            layers.push(Box::new(Dense::new(inputs, classes, true)));
        }
        Sequence::new(&self.sizes[..1], layers).expect("each layer is built for the outputs of the one before")
    }

    /// The layers of hidden layer `l`, from 0.
    fn hidden<T: Scalar>(&self, l: usize, fused: bool, layers: &mut Vec<Box<dyn Layer<T>>>) {
        let [inputs, units] = [self.sizes[l], self.sizes[l + 1]];
        let first = layers.len();
        let before = matches!(self.normalisation, Normalisation::Batch | Normalisation::Layer);
        let columns = units * self.activation.pieces();
        if fused && !before && columns == units {
            layers.push(Box::new(DenseActivation::new(inputs, units, self.activation)));
        } else {
            layers.push(Box::new(Dense::new(inputs, columns, self.normalisation != Normalisation::Batch)));
            if before {
                layers.push(self.normalised(columns));
            }
            match self.activation {
                Activation::Maxout(pieces) => layers.push(Box::new(Maxout { pieces, units })),
                activation => layers.push(Box::new(ActivationLayer::new(activation, units))),
            }
        }
        if self.normalisation.is_after() {
            layers.push(self.normalised(units));
        }
        if self.dropout > 0.0 {
            layers.push(Box::new(Dropout { width: units, share: self.dropout, number: l }));
        }
        if self.skips(l) {
            layers.push(Box::new(Skip { width: units, span: layers.len() - first }));
        }
    }

    fn normalised<T: Scalar>(&self, width: usize) -> Box<dyn Layer<T>> {
        if self.normalisation.is_batch() {
            Box::new(BatchNormalisation { width })
        } else {
            Box::new(LayerNormalisation { width })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Initialisation, Network};

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
                    let hidden = sizes.len() - 2;
                    let after = if normalisation.is_after() { 1 } else { activation.pieces() };
                    for l in 0..shape.layers() {
                        let (mean, variance) = network.running(l);
                        let batch = normalisation.is_batch() && l < hidden;
                        let columns = if batch { after * sizes[l + 1] } else { 0 };
                        assert!(mean.len() == columns && variance.len() == columns);
                        assert!(mean.iter().all(|&m| m == 0.0) && variance.iter().all(|&v| v == 1.0));
                        let parts = shape.tensors().filter(|(layer, _, _)| *layer == l).count();
                        let want = match normalisation {
                            _ if l == hidden => 2,
                            Normalisation::None => 2,
                            Normalisation::Batch => 3,
                            _ => 4,
                        };
                        assert_eq!(parts, want);
                    }
                }
            }
        }
    }
}
