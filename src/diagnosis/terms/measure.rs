//! The quantities that verdicts rest on, and their units.

super::terms! {
    /// A quantity that a verdict rests on.
    Measure {
        /// Per-sample backward signal of layer 1 over that of the last hidden layer.
        SignalRatio = "signal_ratio",
        /// One sample's weight gradient of layer 1 over that of the last hidden layer.
        GradientRatio = "gradient_ratio",
        /// Batch-mean weight gradient of layer 1 over that of the last hidden layer.
        BatchGradientRatio = "batch_gradient_ratio",
        /// Gradient-driven update of layer 1 over that of the last hidden layer.
        UpdateRatio = "update_ratio",
        /// That ratio of the updates over that of the batch-mean gradients.
        UpdateEvening = "update_ratio_over_gradient_ratio",
        /// Largest over smallest of the hidden layers, one sample's weight gradient.
        GradientSpread = "gradient_spread",
        /// Norm of an update over the norm of the weights.
        RelativeUpdate = "relative_update",
        /// Norm of one sample's weight gradient over the norm of the weights.
        RelativeGradient = "relative_gradient",
        /// Signal at the end over the signal at the start.
        KeptSignal = "kept_signal",
        TrainAccuracy = "train_accuracy",
        TestAccuracy = "test_accuracy",
        Skill = "skill",
        /// Share of itself that the training loss lost over the last quarter, or half.
        LossFallQuarter = "loss_fall_last_quarter",
        LossFallHalf = "loss_fall_last_half",
        /// Training loss at the end over that at the start.
        LossOverStart = "loss_over_start",
        /// Training loss at the end over its smallest.
        TrainLossRise = "train_loss_rise",
        /// Training loss of the first step over that of an answer that ignores the input.
        StartLoss = "start_loss",
        /// Training loss at the end over that of an answer that ignores the input.
        LossOverPrior = "loss_over_prior",
        /// Share of the error at the outputs that their slope lets through to the pre-activations.
        PassedError = "passed_error",
        /// Training loss at the end.
        TrainLoss = "train_loss",
        /// What the loss of a right answer cannot fall below.
        LossFloor = "loss_floor",
        /// Batch loss, gradient or parameter that is no number.
        NotFinite = "not_finite",
        /// Root mean square of a column of the inputs, or of all, as they were fed.
        InputSize = "input_size",
        /// Deviation of the initial weights times the square root of the fan-in: what one layer multiplies the
        /// size of its input by, before the activation.
        InitialScale = "initial_scale",
        InitialNorm = "initial_norm",
        SaturatedShare = "saturated_share",
        DeadShare = "dead_share",
        LostShare = "lost_share",
        /// Probability that a unit is dropped.
        Dropout = "dropout",
        /// Units of a layer.
        LayerWidth = "layer_width",
        Movement = "movement",
        /// Movement of layer 1 over the largest of the hidden layers.
        MovementRatio = "movement_ratio",
        /// How often the training set was seen.
        Epochs = "epochs",
        /// Sum of all relative updates.
        Path = "path",
        DecayTravel = "decay_travel",
        AccuracyGap = "accuracy_gap",
        GapDeviations = "gap_in_standard_errors",
        TestLossRise = "test_loss_rise",
    }
}

super::terms! {
    /// The unit of a measure.
    Unit {
        Ratio = "ratio",
        /// Whatever the loss is measured in.
        Loss = "loss",
        Share = "share",
        Norm = "norm",
        /// Standard errors.
        Deviations = "standard_errors",
        Steps = "steps",
        Epochs = "epochs",
        /// Units of a layer.
        Units = "units",
        /// Whatever the inputs are measured in.
        Input = "input",
    }
}

impl Measure {
    /// Whether it compares the first hidden layer with the last one.
    pub fn compares_ends(self) -> bool {
        use Measure::{BatchGradientRatio, GradientRatio, SignalRatio, UpdateRatio};
        matches!(self, SignalRatio | GradientRatio | BatchGradientRatio | UpdateRatio)
    }

    /// The unit of its values.
    pub fn unit(self) -> Unit {
        match self {
            Measure::SignalRatio
            | Measure::GradientRatio
            | Measure::BatchGradientRatio
            | Measure::UpdateRatio
            | Measure::UpdateEvening
            | Measure::GradientSpread
            | Measure::RelativeUpdate
            | Measure::RelativeGradient
            | Measure::KeptSignal
            | Measure::LossOverStart
            | Measure::TrainLossRise
            | Measure::StartLoss
            | Measure::LossOverPrior
            | Measure::InitialScale
            | Measure::MovementRatio
            | Measure::Path
            | Measure::TestLossRise => Unit::Ratio,
            Measure::TrainAccuracy
            | Measure::TestAccuracy
            | Measure::Skill
            | Measure::LossFallQuarter
            | Measure::LossFallHalf
            | Measure::PassedError
            | Measure::SaturatedShare
            | Measure::DeadShare
            | Measure::LostShare
            | Measure::Dropout
            | Measure::Movement
            | Measure::DecayTravel
            | Measure::AccuracyGap => Unit::Share,
            Measure::TrainLoss | Measure::LossFloor => Unit::Loss,
            Measure::InitialNorm => Unit::Norm,
            Measure::GapDeviations => Unit::Deviations,
            Measure::NotFinite => Unit::Steps,
            Measure::Epochs => Unit::Epochs,
            Measure::LayerWidth => Unit::Units,
            Measure::InputSize => Unit::Input,
        }
    }
}
