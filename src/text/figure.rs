//! Words of the figures: quantities and subtitles. Axes and legends are in [`super::labels`], titles in
//! [`super::findings`], captions and descriptions in [`super::caption`].

use super::Lang;

/// What a heatmap or curve shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// L2 norm of the batch-mean gradient of a tensor.
    BatchGradient,
    /// The same, divided by the root of the number of parameters.
    GradientPerParameter,
    /// RMS over the samples of the norm of one sample's weight gradient.
    SampleGradient,
    /// RMS over the samples of the norm of d loss / d pre-activation.
    Signal,
    /// Part of the update that the gradient made, absolute or relative to the tensor's norm.
    Driven,
    DrivenRelative,
    /// Part of the update that weight decay and L1 made.
    Decay,
    DecayRelative,
    Movement,
    Remaining,
    SaturatedShare,
    DeadShare,
    MeanSquaredSlope,
}

/// A kind of cell that has no colour on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    Zero,
    /// Zero distance from the start.
    NotMoved,
    Underflow,
    /// An update that changed no stored parameter.
    Lost,
    Nan,
    Infinite,
    Missing,
    /// There is no initial norm to measure a movement by.
    NoUnit,
    /// The parameters are all zero, so that no change is relative to them.
    NoNorm,
    /// A layer that never moved has no way of which a share could be ahead.
    NoWay,
}

impl Lang {
    /// Label of a colour bar or axis. `bias` where the tensor is a bias (else a weight matrix).
    pub fn quantity(self, q: Quantity, bias: bool) -> String {
        match self {
            Lang::En => {
                let of = if bias { "biases" } else { "weights" };
                match q {
                    Quantity::BatchGradient => format!("gradient norm ({of}, batch mean)"),
                    Quantity::GradientPerParameter => format!("gradient RMS per parameter ({of}, batch mean)"),
                    Quantity::SampleGradient => "gradient norm (weights, one sample, RMS)".into(),
                    Quantity::Signal => "backward signal (one sample, RMS)".into(),
                    Quantity::Driven => format!("update norm ({of})"),
                    Quantity::DrivenRelative => format!("update norm / parameter norm ({of})"),
                    Quantity::Decay => format!("decay part of the update ({of})"),
                    Quantity::DecayRelative => format!("decay part / parameter norm ({of})"),
                    Quantity::Movement => format!("distance from initial {of}, relative"),
                    Quantity::Remaining => format!("share of the way still ahead ({of})"),
                    Quantity::SaturatedShare => "saturated share".into(),
                    Quantity::DeadShare => "dead units".into(),
                    Quantity::MeanSquaredSlope => "mean squared slope of the activation".into(),
                }
            }
        }
    }

    /// The quantity in a sentence: `layer 1's ...`.
    pub(super) fn noun(self, q: Quantity) -> &'static str {
        match self {
            Lang::En => match q {
                Quantity::BatchGradient | Quantity::GradientPerParameter => "gradient",
                Quantity::SampleGradient => "per-sample gradient",
                Quantity::Signal => "backward signal",
                Quantity::Driven | Quantity::DrivenRelative => "update",
                Quantity::Decay | Quantity::DecayRelative => "decay",
                Quantity::Movement => "movement",
                Quantity::Remaining => "way ahead",
                Quantity::SaturatedShare => "saturated share",
                Quantity::DeadShare => "dead share",
                Quantity::MeanSquaredSlope => "squared slope",
            },
        }
    }

    // ---- subtitles

    /// What the drawn quantity is, in one sentence.
    pub fn explain(self, q: Quantity, bias: bool) -> String {
        match self {
            Lang::En => {
                let tensor = if bias { "bias vector" } else { "weight matrix" };
                match q {
                    Quantity::BatchGradient => format!("L2 norm of the batch-mean gradient of each layer's {tensor}."),
                    Quantity::GradientPerParameter => format!(
                        "Batch-mean gradient of each layer's {tensor}: its L2 norm over the root of the number of entries."
                    ),
                    Quantity::SampleGradient => {
                        "Norm of one sample's weight gradient, RMS over the batch: averaging cannot hide it.".into()
                    }
                    Quantity::Signal => {
                        "Norm of d loss / d pre-activation of one sample, RMS over the batch: what arrives at a layer."
                            .into()
                    }
                    Quantity::Driven | Quantity::Decay => {
                        format!("L2 norm of each step's change of the {tensor}, split by what made it.")
                    }
                    Quantity::DrivenRelative | Quantity::DecayRelative => {
                        format!("Each step's change of the {tensor} relative to its norm, split by what made it.")
                    }
                    Quantity::Movement => {
                        format!("Distance of each {tensor} from its random start, relative to its initial norm.")
                    }
                    Quantity::Remaining => format!(
                        "Colour: distance of each {tensor} to its final value, as a share of its whole way (bright: all still ahead, dark: arrived). Right: length of the way, relative to the initial norm."
                    ),
                    Quantity::SaturatedShare | Quantity::DeadShare | Quantity::MeanSquaredSlope => {
                        "Saturated: the slope is under 5.91 % of the largest one; dead: so for every sample of the batch. Hidden layers only: the output layer is linear.".into()
                    }
                }
            }
        }
    }

    /// The gradient's part of the updates alone.
    pub fn explain_update(self, relative: bool, bias: bool) -> String {
        match self {
            Lang::En => {
                let tensor = if bias { "bias vector" } else { "weight matrix" };
                match relative {
                    true => format!("Each step's change of the {tensor}, relative to its norm at that step."),
                    false => format!("L2 norm of each step's change of the {tensor}."),
                }
            }
        }
    }

    /// The first layer's norm is inflated by its many inputs.
    pub fn wide_input_note(self, inputs: usize) -> String {
        match self {
            Lang::En => format!("Layer 1 has {} inputs, which lift its norm.", self.count(inputs as u64)),
        }
    }

    pub fn signal_note(self, log10: f64) -> String {
        match self {
            Lang::En => {
                format!("Its per-sample backward signal is {} than the last hidden layer's.", self.compared(log10))
            }
        }
    }

    pub fn ratios_are_medians(self) -> String {
        match self {
            Lang::En => "Ratios are medians over the recorded steps.".into(),
        }
    }

    pub fn clamped_note(self, below: f64, above: f64) -> String {
        let [low, high] = [below, above].map(|s| self.percent(s));
        match self {
            Lang::En => match (below > 0.0, above > 0.0) {
                (true, true) => {
                    format!("{low} of the cells lie below the scale and {high} above it (drawn in its end colours).")
                }
                (true, false) => format!("{low} of the cells lie below the scale (drawn in its lowest colour)."),
                (false, true) => format!("{high} of the cells lie above the scale (drawn in its highest colour)."),
                (false, false) => String::new(),
            },
        }
    }

    pub fn no_decay_note(self) -> String {
        match self {
            Lang::En => "No weight decay and no L1: the gradient makes the whole update.".into(),
        }
    }

    pub fn decay_not_recorded_note(self) -> String {
        match self {
            Lang::En => "The decay part was not recorded.".into(),
        }
    }

    pub fn decay_travel_note(self, layer: usize, travel: f64) -> String {
        match self {
            Lang::En => {
                format!("Weight decay alone can have moved layer {layer} by up to {}.", self.percent(travel))
            }
        }
    }

    pub fn against_weights_note(self) -> String {
        match self {
            Lang::En => "Biases began at 0, so the unit is the initial norm of their layer's weights.".into(),
        }
    }

    pub fn no_unit_note(self, layers: &[usize]) -> String {
        let (which, _) = self.layers(layers);
        match self {
            Lang::En => format!("No relative movement for {which}: the initial norm is 0 or unknown."),
        }
    }

    pub fn sketch_note(self, relative_error: f64) -> String {
        match self {
            Lang::En => {
                format!("Distances are sketched, each with an error of about {}.", self.percent(relative_error))
            }
        }
    }

    pub fn profile_note(self) -> String {
        match self {
            Lang::En => "Norm by layer. A slope upward to the right means that less arrives at the input side.".into(),
        }
    }

    pub fn gaps_note(self) -> String {
        match self {
            Lang::En => "Gaps: zero, underflow, not finite or not recorded.".into(),
        }
    }

    pub fn curves_note(self) -> String {
        match self {
            Lang::En => "Faint: minibatches; solid: the whole training set; dashed: the test set.".into(),
        }
    }

    pub fn thinned_note(self) -> String {
        match self {
            Lang::En => "Of each stretch of minibatches only the smallest and the largest loss are drawn.".into(),
        }
    }

    pub fn comparison_note(self, q: Quantity, bias: bool) -> String {
        let (gradient, movement) = (self.quantity(q, bias), self.quantity(Quantity::Movement, bias));
        match self {
            Lang::En => format!("Above: {gradient}. Middle: {movement}. One colour scale for each row."),
        }
    }
}
