//! Why a layer shrinks the signal.
//!
//! At any step, with sums over the samples of a batch,
//!
//! `|delta^l|^2 / |delta^{l+1}|^2 = (|W^{l+1}|_F^2 / N_{l+1}) x mean phi'^2 x A_l`,
//!
//! N_{l+1} being the width of layer l + 1, of a convolution its channels: *weight scale*, *slope* and
//! *alignment*. The first two are
//! measured, so the third is the remaining factor. For random weights A_l is 1 within a few per cent; a layer
//! whose alignment is still 1 after training has not learned to pass the signal. Factors are given on the
//! norm, the square root of those above.
//!
//! When it misleads: normalisation, residual connections, dropout and pooling stand between W and phi; their
//! effect is then contained in the alignment. So is the edge of a map: there a convolution reads padding, which
//! no signal reaches. Layers whose slope was not recorded are not split.

use super::case::Case;
use crate::activation::Activation;
use crate::record::{MEAN_SQUARED_SLOPE, PARAM_NORM, Role, SIGNAL_RMS};

/// The main cause of the loss of signal in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The layer does not shrink the signal.
    None,
    WeightScale,
    /// The slope is as large as that of this function is for small pre-activations.
    FlatFunction(Activation),
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
            Cause::FlatFunction(_) => "flat-function",
            Cause::Slope => "slope",
            Cause::Alignment => "alignment",
        }
    }
}

/// One hidden layer's factors on the norm of the signal that it passes to the layer below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Layer, counted from 1 at the input.
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

/// A slope of at least this share of the function's largest one is no saturation (mean over units that lie on
/// both sides of the steepest point).
const NEAR_LARGEST: f64 = 0.7;

/// Alignment within this factor of 1 is that of random weights: at the start 0.97 to 1.02 was measured for
/// width 128, on the square; some more is left to narrow layers.
pub const RANDOM_ALIGNMENT: f64 = 1.15;

/// The split of every hidden layer at the last step for which norms and slopes are both recorded, with that
/// step; empty when there is none.
pub fn split(case: &Case) -> (Vec<Split>, Option<u64>) {
    match moments(case).last() {
        Some(moment) => (split_at(case, *moment), Some(moment.step)),
        None => (Vec::new(), None),
    }
}

/// A step for which norms and slopes are both recorded, with its rows in the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub step: u64,
    row: usize,
    snapshot: usize,
}

/// Every such step.
pub fn moments(case: &Case) -> Vec<Moment> {
    let record = case.record();
    let (steps, snapshots) = (record.steps.step(), record.snapshots.step());
    let slope = |k: usize, l: usize| case.run.layer_value(MEAN_SQUARED_SLOPE, k, l);
    let moment = |snapshot: usize| {
        let row = steps.binary_search(&snapshots[snapshot]).ok()?;
        let whole = (0..case.hidden()).all(|l| slope(snapshot, l).is_finite());
        whole.then_some(Moment { step: snapshots[snapshot], row, snapshot })
    };
    (0..snapshots.len()).filter_map(moment).collect()
}

/// The split of every hidden layer at one moment; empty where a factor of one of them is not known or not above
/// zero.
pub fn split_at(case: &Case, Moment { row: r, snapshot: k, .. }: Moment) -> Vec<Split> {
    let slope = |l: usize| case.run.layer_value(MEAN_SQUARED_SLOPE, k, l);
    let signal = |l: usize| case.run.layer_value(SIGNAL_RMS, r, l);
    let split = |l: usize| {
        let above = case.run.tensor_value(PARAM_NORM, Role::Weight, r, l + 1);
        let width = width(case, l + 1);
        let (total, weight_scale, slope) = (signal(l) / signal(l + 1), above / width.sqrt(), slope(l).sqrt());
        let alignment = total / (weight_scale * slope);
        let known = [total, weight_scale, slope, alignment].iter().all(|x| x.is_finite() && *x > 0.0);
        known.then(|| {
            let least = weight_scale.min(slope).min(alignment);
            let flat = flat_function(case.run.layer(l).activation());
            let cause = match () {
                () if total >= PASSES => Cause::None,
                () if least == weight_scale => Cause::WeightScale,
                () if least == slope => match flat {
                    Some(activation) if slope >= NEAR_LARGEST * activation.slope_near_zero() => {
                        Cause::FlatFunction(activation)
                    }
                    _ => Cause::Slope,
                },
                () => Cause::Alignment,
            };
            Split { layer: l + 1, total, weight_scale, slope, alignment, cause }
        })
    };
    let all: Option<Vec<Split>> = (0..case.hidden()).map(split).collect();
    all.unwrap_or_default()
}

/// Rows of a layer's weight: units, or channels; NaN where it is not known.
pub(super) fn width(case: &Case, layer: usize) -> f64 {
    let info = case.run.layer(layer);
    let weights = case.run.count(layer, Role::Weight);
    match (info.fan_in, info.fan_out) {
        (Some(fan_in), _) if fan_in > 0 && weights > 0 => weights as f64 / fan_in as f64,
        (_, Some(fan_out)) => fan_out as f64,
        _ => f64::NAN,
    }
}

/// The activation of a layer, in any program's spelling, if its slope is below 1 for small pre-activations:
/// such a function shrinks the signal of a layer without any saturation.
fn flat_function(name: &str) -> Option<Activation> {
    name.parse::<Activation>().ok().filter(|activation| activation.slope_near_zero() < 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_shrink_the_signal_without_saturation_are_known_in_any_spelling() {
        for name in [
            "sigmoid",
            "Sigmoid",
            "logistic",
            "ReLU",
            "LeakyReLU",
            "hard_sigmoid",
            "Softplus",
            "GELU",
            "swish",
        ] {
            assert!(flat_function(name).is_some(), "{name}");
        }
        for name in ["tanh", "Tanh", "SELU", "linear", "identity", "maxout:2", "", "attention"] {
            assert_eq!(flat_function(name), None, "{name}");
        }
    }
}
