//! The quantities that are read off a record, each layer by step.

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
