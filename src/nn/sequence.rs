//! A network without its parameters: layers one after another, and where their parameters stand.

use std::ops::Range;
use std::sync::Arc;

use super::layer::{Layer, Part, Tensor};
use super::scalar::Scalar;
use crate::activation::Activation;

/// Why layers do not make a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("layer {layer} ({kind}): {problem}")]
pub(crate) struct SequenceError {
    /// Place in the sequence, from 1.
    pub layer: usize,
    pub kind: String,
    pub problem: String,
}

/// Where a layer's numbers stand, and what is around it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Numbers of one sample before and behind the layer.
    pub inputs: usize,
    pub outputs: usize,
    /// Channels of its output, where that is a map, else as many as it has numbers: what can be dead.
    pub units: usize,
    /// Its tensors, among all.
    pub tensors: Range<usize>,
    /// Its parameters, among all.
    pub parameters: Range<usize>,
    /// Its place in the packed copy of the parameters.
    pub packed: Range<usize>,
    /// Its running numbers, among all.
    pub running: Range<usize>,
    /// The recorded layer that it belongs to ([`NetworkLayer`]).
    pub group: usize,
    /// Where the statistics of that recorded layer's activations are read: their place among all statistics.
    pub observed: Option<usize>,
    /// Where the signal of that recorded layer's weights is counted: their place among all of these.
    pub counted: Option<usize>,
    /// Whether its signal is measured, so that the blocks of a batch must be brought to one power of two.
    pub measured: bool,
}

/// A parameter tensor of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkTensor {
    /// The recorded layer that it belongs to, from 0.
    pub layer: usize,
    /// The list of modules that the tensor is saved in, as `layers` in `layers.3.weight`.
    pub module: &'static str,
    pub tensor: Tensor,
}

impl NetworkTensor {
    /// The name in saved parameters and in a record, such as `layers.3.weight`.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.module, self.layer + 1, self.tensor.name)
    }
}

/// A recorded layer: one with weights, or pooling, and those behind it, up to the next of these. The first
/// one also has what is before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkLayer {
    /// The kind of its first one.
    pub kind: &'static str,
    /// A name that tells it from others of its kind.
    pub label: String,
    /// Shapes of one sample before and behind.
    pub input: Vec<usize>,
    pub output: Vec<usize>,
    /// Inputs that one output of the weights is made of, and outputs that one input goes into; `None` without
    /// weights.
    pub fans: Option<[usize; 2]>,
    /// What follows the weights; `None` where nothing does.
    pub activation: Option<Activation>,
}

/// Layers one after another.
#[derive(Debug)]
pub(crate) struct Sequence<T> {
    pub layers: Vec<Box<dyn Layer<T>>>,
    pub sites: Vec<Site>,
    pub tensors: Vec<NetworkTensor>,
    /// Where tensor t begins, and, last, the number of parameters: `[T + 1]`.
    pub offsets: Vec<usize>,
    /// The recorded layers.
    pub groups: Vec<NetworkLayer>,
}

impl<T: Scalar> Sequence<T> {
    /// Layers for samples of shape `input`.
    ///
    /// # Errors
    /// The first layer that cannot take what comes to it.
    pub fn new(input: &[usize], layers: Vec<Box<dyn Layer<T>>>) -> Result<Arc<Sequence<T>>, SequenceError> {
        let (mut shape, mut widths) = (input.to_vec(), vec![input.iter().product::<usize>()]);
        let (mut sites, mut tensors, mut offsets) = (Vec::<Site>::new(), Vec::new(), vec![0]);
        let (mut packed, mut running, mut groups) = (0, 0, Vec::<NetworkLayer>::new());
        let mut counted = 0..;
        for (i, layer) in layers.iter().enumerate() {
            let error = |problem: String| SequenceError { layer: i + 1, kind: format!("{layer:?}"), problem };
            let next = layer.shape(&shape).map_err(&error)?;
            let (inputs, outputs) = (widths[i], next.iter().product());
            if let Some(span) = layer.skips()
                && (span == 0 || span > i || widths[i - span] != layer.skipped(inputs))
            {
                return Err(error("the skip needs as many values at both ends".into()));
            }
            let own = layer.tensors();
            let has_weight = own.iter().any(|tensor| tensor.part == Part::Weight);
            if layer.is_recorded() {
                let weight = own.iter().find(|tensor| tensor.part == Part::Weight);
                groups.push(NetworkLayer {
                    kind: layer.kind(),
                    label: layer.label(),
                    input: if groups.is_empty() { input.to_vec() } else { shape.clone() },
                    output: Vec::new(),
                    fans: weight.map(|weight| [weight.fan_in, weight.fan_out]),
                    activation: None,
                });
            }
            if let Some(group) = groups.last_mut() {
                group.output.clone_from(&next);
                group.activation = layer.activation().or(group.activation);
            }
            let group = groups.len().saturating_sub(1);
            let first = tensors.len();
            for tensor in own {
                offsets.push(offsets[tensors.len()] + tensor.elements());
                tensors.push(NetworkTensor { layer: group, module: layer.module(), tensor });
            }
            let after = |from: &mut usize, len: usize| {
                *from += len;
                *from - len..*from
            };
            sites.push(Site {
                inputs,
                outputs,
                units: if next.len() > 1 { next[0] } else { outputs },
                tensors: first..tensors.len(),
                parameters: offsets[first]..offsets[tensors.len()],
                packed: after(&mut packed, layer.packed()),
                running: after(&mut running, layer.memory().running),
                group,
                observed: None,
                counted: if has_weight { counted.next() } else { None },
                measured: layer.is_recorded() || first < tensors.len(),
            });
            widths.push(outputs);
            shape = next;
        }
        let mut observed = 0;
        for group in 0..groups.len() {
            let of = |i: &usize| sites[*i].group == group;
            let all: Vec<usize> = (0..layers.len()).filter(of).collect();
            let activation = all.iter().rev().find(|&&i| layers[i].activation().is_some());
            let weights = all.iter().find(|&&i| !sites[i].tensors.is_empty());
            if let Some(&i) = activation.or(weights) {
                sites[i].observed = Some(observed);
                observed += 1;
            }
        }
        Ok(Arc::new(Sequence { layers, sites, tensors, offsets, groups }))
    }

    /// Layers and their places.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&dyn Layer<T>, &Site)> + ExactSizeIterator {
        self.layers.iter().map(|layer| &**layer).zip(&self.sites)
    }

    /// Numbers of one sample at the input.
    pub fn inputs(&self) -> usize {
        self.sites[0].inputs
    }

    pub fn parameters(&self) -> usize {
        self.offsets[self.tensors.len()]
    }

    /// A tensor of a recorded layer, among all.
    pub fn index(&self, layer: usize, part: Part) -> Option<usize> {
        self.tensors.iter().position(|t| t.layer == layer && t.tensor.part == part)
    }
}
