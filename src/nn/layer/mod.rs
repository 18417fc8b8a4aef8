//! Layers: what a network is a sequence of. One file for each kind.
//!
//! A layer maps `x [rows, inputs]` to `y [rows, outputs]`, one row for each sample of a batch. `dy` is the
//! derivative of the *sum* of the batch's losses by y (where samples do not meet: of each sample's own loss),
//! `dx` that by x:
//!
//! ```text
//! dx_a = (dy / dx)^T dy_a        gradient of a tensor = 1/B sum_a (dy / dtensor)^T dy_a
//! ```
//!
//! **A step has two phases**, and a layer takes part in both. First blocks of rows go forward and backward,
//! each alone ([`Layer::forward`], [`Layer::backward`]). Then every [`Panel`], a piece of the layer's
//! tensors, gets its gradient over the whole batch ([`Layer::gradient`]), its update and its norms while it
//! is in the cache. A layer that must see the whole batch before it can go on says so with
//! [`Layer::barrier`]: it gathers sums of each block, and all blocks wait until they are joined.
//!
//! **Scale.** A signal is stored with a power of two, `true = stored * 2^exponent`, because it leaves f32's
//! range in deep networks. A layer is linear in dy, so that it need not know the exponent; one that keeps the
//! signal brings it back into the range with [`super::signal::rescale`] and adds what that took out to
//! [`Backward::exponent`].
//!
//! To add a kind: a file here, and a line in [`super::shape`] where the short form of a network is to build
//! it.

mod activation;
mod convolution;
mod dense;
mod dropout;
mod fused;
mod maxout;
mod normalisation;
mod planes;
mod pooling;
mod skip;

use std::fmt::Debug;
use std::ops::Range;

pub use activation::value_and_slope;
pub(crate) use activation::{ActivationLayer, sigmoid};
pub(crate) use convolution::{Convolution, ProjectedSkip};
pub(crate) use dense::Dense;
pub(crate) use dropout::{Dropout, mix};
pub(crate) use fused::DenseActivation;
pub(crate) use maxout::Maxout;
pub(crate) use normalisation::{BatchNormalisation, LayerNormalisation};
pub(crate) use pooling::{AveragePooling, MaxPooling};
pub(crate) use skip::Skip;

use super::histogram::Histogram;
use super::init::Initialisation;
use super::matmul::Prefetch;
use super::probe::Chosen;
use super::scalar::Scalar;
use super::statistics::Statistics;
use crate::activation::Activation;

/// What a parameter tensor is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `[outputs, fan_in]`; of a convolution `[channels, in, kernel, kernel]`.
    Weight,
    /// One for each row of the weight.
    Bias,
    /// Scale (gamma) of a normalisation, one for each normalised column.
    Scale,
    /// Bias (beta) of a normalisation, as many.
    Shift,
    /// Anything else, by the word that a record calls its role.
    Other(&'static str),
}

impl Part {
    /// What a record calls its role.
    pub fn role(self) -> &'static str {
        match self {
            Part::Weight => "weight",
            Part::Bias => "bias",
            Part::Scale => "scale",
            Part::Shift => "shift",
            Part::Other(role) => role,
        }
    }
}

/// A parameter tensor of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// What PyTorch calls it within its module.
    pub name: &'static str,
    pub part: Part,
    pub shape: Vec<usize>,
    /// Inputs that one output is made of.
    pub fan_in: usize,
    /// Outputs that one input goes into.
    pub fan_out: usize,
}

impl Tensor {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// What a layer keeps between its forward pass, its backward pass and the gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Numbers of each row, in the network's type.
    pub cache: usize,
    /// Numbers of each row, in f64.
    pub numbers: usize,
    /// Sums of each block of rows, in f64. What the backward pass leaves there must be linear in the signal:
    /// it is added up over the batch.
    pub sums: usize,
    /// Numbers that all blocks share, in the network's type, and in f64.
    pub joint: usize,
    pub joint_wide: usize,
    /// Numbers that follow the batches without a gradient, as running averages do; they belong to the
    /// network.
    pub running: usize,
    /// Numbers that are only needed while a block of rows is in the layer.
    pub scratch: usize,
}

/// A piece of a layer's tensors that is updated at once: some elements of at most two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// Index of the tensor in the layer, and which elements.
    pub pieces: Vec<(usize, Range<usize>)>,
    /// The place of the first piece in the packed copy.
    pub packed: Range<usize>,
}

/// Most tensors of a panel.
pub(crate) const PANEL_TENSORS: usize = 2;

/// The parameters of a layer.
#[derive(Clone, Copy)]
pub struct Parameters<'a, T> {
    /// All tensors, one after another.
    pub tensors: &'a [T],
    /// The packed copy, see [`Layer::packed`].
    pub packed: &'a [T],
}

/// What all layers of a pass share.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Seed and number of the step in training; `None` in evaluation.
    pub training: Option<(u64, u64)>,
    /// Whether the norms of single samples' gradients are wanted.
    pub measure: bool,
}

/// Numbers that all blocks of rows share.
#[derive(Clone, Debug, Default)]
pub struct Joint<T> {
    pub values: Vec<T>,
    pub wide: Vec<f64>,
    /// What the backward pass left in the blocks' sums, added up over the batch and divided by its rows.
    pub means: Vec<f64>,
}

/// A block of rows on its way forward.
pub struct Forward<'a, T> {
    pub mode: Mode,
    /// Place of the first row in the batch.
    pub first_row: usize,
    pub parameters: Parameters<'a, T>,
    /// `[rows, inputs]`
    pub x: &'a [T],
    /// The values at the other end of a skip, `[rows, skipped]`.
    pub skipped: &'a [T],
    /// `[rows, outputs]`, to be written.
    pub y: &'a mut [T],
    /// `[rows, cache]`
    pub cache: &'a mut [T],
    /// `[numbers, rows]`
    pub numbers: &'a mut [f64],
    pub joint: &'a Joint<T>,
    /// Where a layer with an activation function counts what that is given, when it is wanted.
    pub before: Option<&'a mut Histogram>,
    /// Memory to work in, with anything in it.
    pub scratch: &'a mut [T],
    /// What will be read and written next.
    pub prefetch: Prefetch,
}

/// A block of rows on its way back.
pub struct Backward<'a, T> {
    pub mode: Mode,
    pub first_row: usize,
    pub parameters: Parameters<'a, T>,
    /// `[rows, inputs]`; empty unless [`Layer::reads_input`].
    pub x: &'a [T],
    /// The values at the other end of a skip, `[rows, skipped]`.
    pub skipped_values: &'a [T],
    /// The signal at y, `[rows, outputs]`.
    pub dy: &'a mut [T],
    /// The signal at x, to be written; `None` if it is not needed.
    pub dx: Option<&'a mut [T]>,
    pub cache: &'a mut [T],
    pub numbers: &'a mut [f64],
    /// Sums of this block.
    pub sums: &'a mut [f64],
    pub joint: &'a Joint<T>,
    /// The power of two of dy, and afterwards of dx and of what the layer keeps.
    pub exponent: &'a mut i32,
    /// Where a layer with weights counts the signal at their output, when it is wanted.
    pub signal: Option<&'a mut Histogram>,
    /// The signal that goes over a skip, to be written, and its power of two.
    pub skipped: Option<(&'a mut [T], &'a mut i32)>,
    pub scratch: &'a mut [T],
    pub prefetch: Prefetch,
}

/// What one batch left behind, for the gradients of the tensors.
#[derive(Clone, Copy)]
pub struct Kept<'a, T> {
    pub rows: usize,
    /// `[rows, inputs]`; empty unless [`Layer::reads_input`].
    pub x: &'a [T],
    /// The signal at y, `[rows, outputs]`; empty unless [`Layer::keeps_signal`].
    pub dy: &'a [T],
    pub cache: &'a [T],
    /// [`Joint::means`]
    pub means: &'a [f64],
}

/// One kind of layer, with its sizes. It holds no parameters: they are handed in.
pub trait Layer<T: Scalar>: Debug + Send + Sync {
    /// What a record calls this kind of layer.
    fn kind(&self) -> &'static str;

    /// A name that tells it from others of its kind, such as `conv 3x3, 16`.
    fn label(&self) -> String {
        self.kind().into()
    }

    /// Whether a recorded layer begins with it: one with weights does, and one that a reader looks for by
    /// itself.
    fn is_recorded(&self) -> bool {
        self.tensors().iter().any(|tensor| tensor.part == Part::Weight)
    }

    /// The list of modules that its tensors are saved in, as `layers` in `layers.3.weight`; a list has one
    /// place for each recorded layer.
    fn module(&self) -> &'static str {
        "layers"
    }

    /// Shape of the output for one sample, or why the layer cannot take this input.
    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String>;

    /// Its tensors, in the order in which they are stored.
    fn tensors(&self) -> Vec<Tensor> {
        Vec::new()
    }

    /// The initial values of its tensors, one after another. `number` counts layers with weights, from 1.
    fn initial(&self, _init: Initialisation, _seed: u64, _number: usize) -> Vec<f64> {
        Vec::new()
    }

    /// The initial values of its running numbers.
    fn initial_running(&self) -> Vec<f64> {
        Vec::new()
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }

    /// Multiply-adds of the forward pass of a sample. By default one for each parameter.
    fn work(&self) -> usize {
        self.tensors().iter().map(Tensor::elements).sum()
    }

    /// Whether x is needed after the forward pass.
    fn reads_input(&self) -> bool {
        false
    }

    /// Whether dy is needed after the backward pass.
    fn keeps_signal(&self) -> bool {
        false
    }

    /// How many layers before this one a skip begins whose values this layer adds.
    fn skips(&self) -> Option<usize> {
        None
    }

    /// How many values a skip takes of a sample, for a layer with so many inputs.
    fn skipped(&self, inputs: usize) -> usize {
        inputs
    }

    /// The function that it applies to every number, or units of several pieces: a snapshot's statistics of
    /// activations are read here.
    fn activation(&self) -> Option<Activation> {
        None
    }

    fn forward(&self, pass: Forward<'_, T>);

    fn backward(&self, pass: Backward<'_, T>);

    /// Statistics of the activations of some rows, after the forward pass. By default all slopes are 1.
    fn observe(&self, y: &[T], _cache: &[T], statistics: &mut Statistics) {
        statistics.read(y, &[], 1.0, true);
    }

    /// Share of the places of a pooling layer's input that get a gradient, after the forward pass of some
    /// rows; none for other layers.
    fn routed_share(&self, _cache: &[T]) -> Option<f64> {
        None
    }

    /// Whether the cache says which of its inputs became each output, and nothing else.
    fn has_winners(&self) -> bool {
        false
    }

    /// Share of the outputs of some rows that another input became than before, of two caches of such a
    /// layer.
    fn winners_changed(&self, _before: &[T], _now: &[T]) -> f64 {
        0.0
    }

    /// What a layer that takes the largest of some inputs chose, after the forward pass of one row; none for
    /// other layers.
    fn chosen(&self, _cache: &[T]) -> Option<Chosen> {
        None
    }

    /// Whether the blocks must meet before the forward pass of this layer, and before its backward pass.
    fn barrier(&self) -> bool {
        false
    }

    /// Sums of a block before the forward pass.
    fn gather_forward(&self, _x: &[T], _sums: &mut [f64]) {}

    /// Joins the blocks' sums and numbers of rows, in their order.
    fn join_forward(&self, _blocks: &mut dyn Iterator<Item = (&[f64], usize)>, _joint: &mut Joint<T>) {}

    /// Sums of a block before the backward pass. What the layer needs of them is in [`Joint::means`]
    /// afterwards.
    fn gather_backward(&self, _dy: &[T], _cache: &[T], _sums: &mut [f64]) {}

    /// Makes the joint numbers from the running ones, for evaluation.
    fn use_running(&self, _running: &[T], _joint: &mut Joint<T>) {}

    /// Lets the running numbers follow a batch.
    fn follow(&self, _joint: &Joint<T>, _running: &mut [T]) {}

    /// Multiplies what this layer keeps of a block in `cache` and `numbers` by `2^by` and `4^by`, as far as
    /// it is linear or quadratic in the signal. Kept signals and sums are not its business.
    fn scale(&self, _by: i32, _cache: &mut [T], _numbers: &mut [f64]) {}

    /// For each sample of a block, as stored: the squared norm of the signal at the layer's output, and of
    /// the gradient of the sample's own loss by the weight; of a recorded layer without weights that of the
    /// signal at its input. False where the layer has none.
    fn sample_squares(&self, _numbers: &[f64], _signal: &mut [f64], _gradient: &mut [f64]) -> bool {
        false
    }

    /// The pieces in which its tensors are updated. By default two whole tensors at a time.
    fn panels(&self) -> Vec<Panel> {
        let whole: Vec<_> =
            self.tensors().iter().enumerate().map(|(t, tensor)| (t, 0..tensor.elements())).collect();
        whole.chunks(PANEL_TENSORS).map(|pieces| Panel { pieces: pieces.to_vec(), packed: 0..0 }).collect()
    }

    /// The batch-mean gradient of a panel as stored, written to `out`, one slice for each of its pieces.
    fn gradient(&self, _panel: &Panel, _kept: Kept<'_, T>, _out: [&mut [T]; PANEL_TENSORS], _soon: Prefetch) {
    }

    /// Length of the second copy of the parameters, in the form that the forward pass reads.
    fn packed(&self) -> usize {
        0
    }

    /// Makes a panel's place in the packed copy from the parameters of its first piece.
    fn pack(&self, _piece: &[T], _packed: &mut [T]) {}
}
