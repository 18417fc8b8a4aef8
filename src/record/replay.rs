//! What the saved parameters of a run show when they are read again: one sample on its way through the
//! trained network and back, and the first layer before and after training.
//!
//! Plain numbers for figures; `replay` makes them. Gradients follow the table of [`crate::stats`], with
//! signs: an exact zero is `+0.0`, one too small for `f64` is `-0.0`.

use super::Record;

/// A run with what its saved parameters show.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    pub record: Record,
    pub sample: Sample,
    /// The layers that take the largest of some inputs (max pooling, maxout), from the input side on.
    pub choices: Vec<Choice>,
    pub first: FirstLayer,
}

/// A sample of the training set, and what the trained network makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its place in the training set, from 1, and how many there are.
    pub number: usize,
    pub of: usize,
    /// Name of its class.
    pub class: String,
    /// `[channels, rows, columns]` of an image, else `[features]`.
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
    /// The sample's own loss, in evaluation: running averages, no dropout.
    pub loss: f64,
}

/// A layer that takes the largest of some inputs, and what the sample and the gradient of its loss did there.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The recorded layer that it belongs to, from 1.
    pub layer: usize,
    /// Shapes before and behind it: `[channels, rows, columns]` of max pooling, `[pieces, units]` and
    /// `[units]` of maxout.
    pub input: Vec<usize>,
    pub output: Vec<usize>,
    /// Side and stride of the square windows of max pooling; `None` of maxout.
    pub window: Option<[usize; 2]>,
    pub before: Vec<f64>,
    pub after: Vec<f64>,
    /// d loss / d before, and d loss / d after.
    pub gradient_before: Vec<f64>,
    pub gradient_after: Vec<f64>,
    /// For each value behind it the place of the one before it that it is.
    pub winners: Vec<usize>,
}

/// The weights of the first layer before and after training.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstLayer {
    /// `[units, inputs]`, of a convolution `[channels, in, kernel, kernel]`.
    pub shape: Vec<usize>,
    /// Shape of a sample.
    pub input: Vec<usize>,
    /// Pieces of each unit: 1, or those of maxout, whose row `k W + j` is piece k of unit j of W.
    pub pieces: usize,
    pub before: Vec<f64>,
    pub after: Vec<f64>,
}
