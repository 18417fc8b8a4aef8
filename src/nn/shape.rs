//! What a network is, without its parameters: pieces and what its hidden layers have. It builds the sequence
//! of layers.
//!
//! A hidden layer with weights, dense or a convolution, computes, with what [`Shape`] has switched on, from
//! its input x
//!
//! ```text
//! h = W x + b                                K W rows for maxout with K pieces
//! f = D(phi(N(h)))  or, normalised after,  f = D(N(phi(h)))
//! y = f,  or x + f where `residual` is on and both have the same shape
//! ```
//!
//! phi is the activation, N the normalisation, D dropout: normalisation and dropout are inside the branch,
//! nothing is done to the sum, and the skip is the identity. The output layer is h = W x + b alone. Before
//! batch normalisation there is no b: N takes it out again, its gradient would be rounding noise around an
//! exact zero, and the bias (beta) of N takes its place (Ioffe, Szegedy 2015, section 3.2; `bias=False` in
//! PyTorch).
//!
//! A group `res(..)` is a block of He et al. 2016: its skip joins before the activation of the group's last
//! layer, `y = phi(S x + N(h))`, where S is the identity, or a 1 x 1 convolution where the shapes differ.
//!
//! Maps are `[channels, rows, columns]`: batch normalisation is by channel, as `BatchNorm2d`, layer
//! normalisation over the whole map, as `LayerNorm([channels, rows, columns])`. A dense layer takes them
//! flattened.

use std::sync::Arc;

use super::architecture::{Architecture, Piece};
use super::engine::EVAL_ROWS;
use super::layer::{
    ActivationLayer, AveragePooling, BatchNormalisation, Convolution, Dense, DenseActivation, Dropout, Layer,
    LayerNormalisation, MaxPooling, Maxout, Panel, Part, ProjectedSkip, Skip,
};
use super::normalise::Normalisation;
use super::scalar::Scalar;
use super::sequence::{NetworkLayer, NetworkTensor, Sequence};
use super::tape::Tape;
use super::winners::WATCHED_ROWS;
use crate::activation::Activation;
use crate::field::Field;

/// What a network is, without its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Shape of one sample: `[features]` or `[channels, rows, columns]`.
    pub input: Vec<usize>,
    /// The hidden layers.
    pub architecture: Architecture,
    /// Units of the output layer.
    pub classes: usize,
    /// The activation of every hidden layer that has none of its own.
    pub activation: Activation,
    /// The normalisation of every hidden layer.
    pub normalisation: Normalisation,
    /// Skips around hidden layers whose outputs have the shape of their inputs.
    pub residual: bool,
    /// Share of a hidden layer's outputs that is dropped in training, in [0, 1).
    pub dropout: f64,
}

/// Why pieces do not make a network for samples of this shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{piece}' (layer {place}) cannot take {}: {problem}", shown(.input))]
pub struct ShapeError {
    /// From 1, groups not counted.
    pub place: usize,
    pub piece: String,
    /// Shape of what comes to it.
    pub input: Vec<usize>,
    pub problem: String,
}

/// A shape in words: `8 channels of 14 x 14`.
pub(crate) fn shown(shape: &[usize]) -> String {
    match shape {
        [1, rows, columns] => format!("1 channel of {rows} x {columns}"),
        [channels, rows, columns] => format!("{channels} channels of {rows} x {columns}"),
        [n] => format!("{n} numbers"),
        other => format!("{other:?}"),
    }
}

impl Shape {
    /// Dense layers of `[inputs, hidden.., classes]` without normalisation, skips and dropout.
    pub fn plain(sizes: &[usize], activation: Activation) -> Shape {
        let [inputs, hidden @ .., classes] = sizes else { panic!("inputs and classes are needed") };
        Shape::of(&[*inputs], Architecture::dense(hidden), *classes, activation)
    }

    /// Any hidden layers without normalisation, skips around single layers and dropout.
    pub fn of(input: &[usize], architecture: Architecture, classes: usize, activation: Activation) -> Shape {
        let (normalisation, input) = (Normalisation::None, input.to_vec());
        Shape { input, architecture, classes, activation, normalisation, residual: false, dropout: 0.0 }
    }

    /// Numbers of one sample.
    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// Whether the layers fit each other and the samples.
    ///
    /// # Errors
    /// The first piece that cannot take what comes to it.
    pub fn check(&self) -> Result<(), ShapeError> {
        Builder::<f32>::new(self, true).whole().map(|_| ())
    }

    /// Number of layers with weights L.
    pub fn layers(&self) -> usize {
        self.build::<f32>(true).groups.len()
    }

    /// Whether a hidden layer has a skip around it, or a group.
    pub fn has_skips(&self) -> bool {
        self.build::<f32>(true).layers.iter().any(|layer| layer.skips().is_some())
    }

    /// Multiply-adds of each recorded layer in the forward pass of one sample.
    pub fn work(&self) -> Vec<usize> {
        let sequence = self.build::<f32>(true);
        let mut work = vec![0; sequence.groups.len()];
        sequence.iter().filter(|(_, site)| !site.tensors.is_empty()).for_each(|(layer, site)| {
            work[site.group] += layer.work();
        });
        work
    }

    /// Bytes of everything that a training step and an evaluation on so many threads work in, but for
    /// parameters, optimiser and data: the values and signals of a batch, what the layers keep of it, and one
    /// sample's worth of a convolution's workspace for each thread. It is counted from the same lengths by
    /// which the memory is allocated.
    pub fn buffers<T: Scalar>(&self, batch: usize, threads: usize) -> f64 {
        let sequence = self.build::<T>(true);
        let evaluation = threads as f64 * Tape::bytes(&sequence, EVAL_ROWS, 1, false);
        let winners = sequence.layers.iter().filter(|layer| layer.has_winners());
        let kept: usize = winners.map(|layer| layer.memory().cache).sum();
        let watch = match kept {
            0 => 0.0,
            _ => {
                let numbers = WATCHED_ROWS * (kept + self.inputs());
                Tape::bytes(&sequence, WATCHED_ROWS, 1, false) + (size_of::<T>() * numbers) as f64
            }
        };
        let panels = sequence.layers.iter().flat_map(|layer| layer.panels());
        let elements = |panel: Panel| panel.pieces.iter().map(|(_, range)| range.len()).sum::<usize>();
        // The gradient of a panel, one for each thread.
        let gradient = size_of::<T>() * threads * panels.map(elements).max().unwrap_or(0);
        Tape::bytes(&sequence, batch, threads, true) + evaluation + watch + gradient as f64
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
    ///
    /// # Panics
    /// Where [`Shape::check`] finds an error.
    pub(crate) fn build<T: Scalar>(&self, fused: bool) -> Arc<Sequence<T>> {
        let layers = Builder::new(self, fused).whole().unwrap_or_else(|error| panic!("{error}"));
        Sequence::new(&self.input, layers).expect("each layer is built for the outputs of the one before")
    }
}

/// Where a skip begins.
struct Open {
    /// The number of layers before it.
    first: usize,
    /// The shape there.
    shape: Vec<usize>,
}

/// Layers so far.
struct Builder<'a, T> {
    of: &'a Shape,
    fused: bool,
    layers: Vec<Box<dyn Layer<T>>>,
    /// The shape behind the last layer.
    shape: Vec<usize>,
    /// Pieces so far, groups not counted, and hidden layers with weights.
    pieces: usize,
    number: usize,
}

impl<'a, T: Scalar> Builder<'a, T> {
    fn new(of: &'a Shape, fused: bool) -> Builder<'a, T> {
        Builder { of, fused, layers: Vec::new(), shape: of.input.clone(), pieces: 0, number: 0 }
    }

    /// All layers, the output layer included.
    fn whole(mut self) -> Result<Vec<Box<dyn Layer<T>>>, ShapeError> {
        self.pieces(&self.of.architecture.pieces, None)?;
        self.layers.push(Box::new(Dense::new(self.width(), self.of.classes, true)));
        Ok(self.layers)
    }

    /// Some pieces; the last one with weights closes `group`.
    fn pieces(&mut self, pieces: &[Piece], group: Option<Open>) -> Result<(), ShapeError> {
        let mut group = group;
        let last = pieces.iter().rposition(|piece| piece.depth() > 0);
        for (i, piece) in pieces.iter().enumerate() {
            let closes = if Some(i) == last { group.take() } else { None };
            if let Piece::Residual(inner) = piece {
                let open = self.open();
                self.pieces(inner, Some(open))?;
                if let Some(open) = closes {
                    // The outer group ends with an inner one: its sum stands behind that group's activation.
                    self.join(&open).map_err(|problem| self.error(piece, problem))?;
                }
                continue;
            }
            self.pieces += 1;
            self.piece(piece, closes).map_err(|problem| self.error(piece, problem))?;
        }
        Ok(())
    }

    fn error(&self, piece: &Piece, problem: String) -> ShapeError {
        ShapeError { place: self.pieces, piece: piece.to_string(), input: self.shape.clone(), problem }
    }

    /// The shape of the map that a layer needs.
    fn map(&self) -> Result<[usize; 3], String> {
        <[usize; 3]>::try_from(self.shape.as_slice()).map_err(|_| {
            format!(
                "it needs a map of channels, rows and columns: put it before dense layers, and for a table say \
                 which image its columns are ({} 1x28x28)",
                Field::Image
            )
        })
    }

    /// Numbers of one sample behind the last layer.
    fn width(&self) -> usize {
        self.shape.iter().product()
    }

    fn put(&mut self, layer: impl Layer<T> + 'static) -> Result<(), String> {
        self.shape = layer.shape(&self.shape)?;
        self.layers.push(Box::new(layer));
        Ok(())
    }

    fn piece(&mut self, piece: &Piece, group: Option<Open>) -> Result<(), String> {
        let own = self.open();
        match *piece {
            Piece::Dense { units, activation } => {
                self.dense(units, activation.unwrap_or(self.of.activation), own, group)
            }
            Piece::Convolution { channels, kernel, stride, padding, activation } => {
                let activation = activation.unwrap_or(self.of.activation);
                if matches!(activation, Activation::Maxout(_)) {
                    return Err(
                        "maxout is of dense layers; give it another activation, as conv:16x3@relu".into()
                    );
                }
                let [_, height, width] = self.map()?;
                if padding.is_none() && kernel > 2 * height.max(width) + 1 {
                    return Err(format!(
                        "most of a kernel of {kernel} x {kernel} would lie outside a map of {height} x {width}; \
                         take a smaller one"
                    ));
                }
                let (padding, bias) = (padding.unwrap_or(kernel / 2), self.has_bias());
                self.put(Convolution::new(self.map()?, channels, kernel, stride, padding, bias)?)?;
                self.finish(activation, own, group)
            }
            Piece::MaxPooling(of) => self.put(MaxPooling::new(self.map()?, of.size, of.stride)?),
            Piece::AveragePooling(of) => self.put(AveragePooling::new(self.map()?, of.size, of.stride)?),
            Piece::GlobalPooling => self.put(AveragePooling::global(self.map()?)?),
            Piece::Residual(_) => unreachable!("groups are taken apart before"),
        }
    }

    /// The place behind the last layer, where a skip can begin.
    fn open(&self) -> Open {
        Open { first: self.layers.len(), shape: self.shape.clone() }
    }

    /// Whether weights have a bias: the one of batch normalisation takes its place.
    fn has_bias(&self) -> bool {
        self.of.normalisation != Normalisation::Batch
    }

    fn normalises_before(&self) -> bool {
        matches!(self.of.normalisation, Normalisation::Batch | Normalisation::Layer)
    }

    fn dense(
        &mut self,
        units: usize,
        activation: Activation,
        own: Open,
        group: Option<Open>,
    ) -> Result<(), String> {
        let columns = units * activation.pieces();
        if self.fused && !self.normalises_before() && columns == units && group.is_none() {
            self.put(DenseActivation::new(self.width(), units, activation))?;
            return self.behind(&own);
        }
        self.put(Dense::new(self.width(), columns, self.has_bias()))?;
        self.finish(activation, own, group)
    }

    /// Normalisation, the end of a group's skip, the activation, and what is behind it.
    fn finish(&mut self, activation: Activation, own: Open, group: Option<Open>) -> Result<(), String> {
        if self.normalises_before() {
            self.normalise()?;
        }
        if let Some(open) = group {
            self.join(&open)?;
        }
        match activation {
            Activation::Maxout(pieces) => self.put(Maxout { pieces, units: self.width() / pieces })?,
            activation => self.put(ActivationLayer::new(activation, self.width()))?,
        }
        self.behind(&own)
    }

    /// Normalisation after the activation, dropout, and the skip around a single layer.
    fn behind(&mut self, own: &Open) -> Result<(), String> {
        if self.of.normalisation.is_after() {
            self.normalise()?;
        }
        if self.of.dropout > 0.0 {
            self.put(Dropout { width: self.width(), share: self.of.dropout, number: self.number })?;
        }
        self.number += 1;
        if self.of.residual && own.shape == self.shape {
            self.put(Skip { width: self.width(), span: self.layers.len() - own.first })?;
        }
        Ok(())
    }

    fn normalise(&mut self) -> Result<(), String> {
        if !self.of.normalisation.is_batch() {
            return self.put(LayerNormalisation::new(&self.shape));
        }
        match *self.shape {
            [channels, rows, columns] => self.put(BatchNormalisation::of_maps(channels, rows * columns)),
            _ => self.put(BatchNormalisation::new(self.width())),
        }
    }

    /// Adds what comes over a group's skip.
    fn join(&mut self, open: &Open) -> Result<(), String> {
        let span = self.layers.len() - open.first;
        if open.shape == self.shape {
            return self.put(Skip { width: self.width(), span });
        }
        let maps = (<[usize; 3]>::try_from(&*open.shape), <[usize; 3]>::try_from(&*self.shape));
        let (Ok(from), Ok(to)) = maps else {
            return Err(format!(
                "the skip around its group begins with {} and ends with {}, which can only be joined between \
                 maps; give the group's last layer as many units",
                shown(&open.shape),
                shown(&self.shape)
            ));
        };
        self.put(ProjectedSkip::new(from, to, span)?)
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
