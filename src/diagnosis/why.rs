//! Why a layer shrinks the signal.
//!
//! At any step, with sums over the samples of a batch,
//!
//! `|delta^l|^2 / |delta^{l+1}|^2 = (|W^{l+1}|_F^2 / N_{l+1}) x mean phi'^2 x A_l`,
//!
//! N_{l+1} being the width of layer l + 1: *weight scale*, *slope* and *alignment*. The first two are measured, so the third
//! is what is left. For random weights A_l is 1 within some per cent; a layer whose alignment is still 1 after training has
//! not learned to pass the signal. Factors are given on the norm, the square root of those above.
//!
//! When it misleads: normalisation, residual connections and dropout stand between W and phi; their part is then in the
//! alignment. No split is made of layers whose slope was not recorded.

use super::case::Case;
use crate::record::{MEAN_SQUARED_SLOPE, PARAM_NORM, SIGNAL_RMS, TensorKind};
use crate::text::Lang;

/// What makes most of a layer's loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The layer does not shrink the signal.
    None,
    WeightScale,
    /// The slope is as large as this function's slopes are.
    FlatFunction,
    /// The activations lie where the function is flat.
    Slope,
    Alignment,
}

impl Cause {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Cause::None => "none",
            Cause::WeightScale => "weight-scale",
            Cause::FlatFunction => "flat-function",
            Cause::Slope => "slope",
            Cause::Alignment => "alignment",
        }
    }

    pub fn words(self, lang: Lang, activation: &str) -> String {
        match self {
            Cause::None => lang.cause_none(),
            Cause::WeightScale => lang.cause_weight_scale(),
            Cause::FlatFunction => lang.cause_flat_function(activation),
            Cause::Slope => lang.cause_slope(),
            Cause::Alignment => lang.cause_alignment(),
        }
    }
}

/// One hidden layer's factors on the norm of the signal that it hands down to the layer below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// From 1 at the input.
    pub layer: usize,
    /// Signal of this layer over that of the layer above.
    pub total: f64,
    pub weight_scale: f64,
    pub slope: f64,
    pub alignment: f64,
    pub cause: Cause,
}

/// A layer whose total is above this passes the signal on.
const PASSES: f64 = 0.9;

/// A slope of at least this share of the function's largest one is no saturation (mean over units that lie on both sides of
/// the steepest point).
const NEAR_LARGEST: f64 = 0.7;

/// Alignment within this factor of 1 is that of random weights: at the start 0.97 to 1.02 was measured for width 128, on the
/// square; some more is left to narrow layers.
pub const RANDOM_ALIGNMENT: f64 = 1.15;

/// The split of every hidden layer at the last step for which norms and slopes are both recorded, with that step; empty when there is
/// none.
pub fn split(case: &Case) -> (Vec<Split>, Option<u64>) {
    let record = case.record();
    let (steps, snapshots) = (record.steps.step(), record.snapshots.step());
    let row = |k: usize| steps.binary_search(&snapshots[k]).ok();
    let slope = |k: usize, l: usize| case.run.layer_value(MEAN_SQUARED_SLOPE, k, l);
    let whole = |k: usize| row(k).is_some() && (0..case.hidden()).all(|l| slope(k, l).is_finite());
    let Some(k) = (0..snapshots.len()).rev().find(|&k| whole(k)) else { return (Vec::new(), None) };
    let Some(r) = row(k) else { return (Vec::new(), None) };
    let signal = |l: usize| case.run.layer_value(SIGNAL_RMS, r, l);
    let split = |l: usize| {
        let above = case.run.tensor_value(PARAM_NORM, TensorKind::Weight, r, l + 1);
        let width = case.run.layer(l + 1).fan_out.map_or(f64::NAN, |n| n as f64);
        let (total, weight_scale, slope) = (signal(l) / signal(l + 1), above / width.sqrt(), slope(k, l).sqrt());
        let alignment = total / (weight_scale * slope);
        let known = [total, weight_scale, slope, alignment].iter().all(|x| x.is_finite() && *x > 0.0);
        known.then(|| {
            let least = weight_scale.min(slope).min(alignment);
            let largest = largest_slope(&super::activation(case.run.layer(l)));
            let cause = match () {
                () if total >= PASSES => Cause::None,
                () if least == weight_scale => Cause::WeightScale,
                () if least == slope && largest.is_some_and(|s| slope >= NEAR_LARGEST * s) => Cause::FlatFunction,
                () if least == slope => Cause::Slope,
                () => Cause::Alignment,
            };
            Split { layer: l + 1, total, weight_scale, slope, alignment, cause }
        })
    };
    let all: Option<Vec<Split>> = (0..case.hidden()).map(split).collect();
    (all.unwrap_or_default(), Some(snapshots[k]))
}

/// The root of the mean squared slope that a function has where its inputs are small, for the functions whose slope is small
/// everywhere; a rectifier's is 1 or 0, and a half of its units is off.
fn largest_slope(activation: &str) -> Option<f64> {
    match activation {
        "sigmoid" => Some(0.25),
        "hard-sigmoid" => Some(1.0 / 6.0),
        // Half of the inputs lie on the flat side.
        "relu" | "leaky-relu" => Some(0.5f64.sqrt()),
        "softplus" => Some(0.5),
        _ => None,
    }
}
