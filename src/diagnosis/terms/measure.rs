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
        /// Batch loss, gradient or parameter that is no number.
        NotFinite = "not_finite",
        InitialNorm = "initial_norm",
        SaturatedShare = "saturated_share",
        DeadShare = "dead_share",
        LostShare = "lost_share",
        Movement = "movement",
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
        Share = "share",
        Norm = "norm",
        /// Standard errors.
        Deviations = "standard_errors",
        Steps = "steps",
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
            | Measure::GradientSpread
            | Measure::RelativeUpdate
            | Measure::RelativeGradient
            | Measure::KeptSignal
            | Measure::LossOverStart
            | Measure::TrainLossRise
            | Measure::TestLossRise => Unit::Ratio,
            Measure::TrainAccuracy
            | Measure::TestAccuracy
            | Measure::Skill
            | Measure::LossFallQuarter
            | Measure::LossFallHalf
            | Measure::SaturatedShare
            | Measure::DeadShare
            | Measure::LostShare
            | Measure::Movement
            | Measure::DecayTravel
            | Measure::AccuracyGap => Unit::Share,
            Measure::InitialNorm => Unit::Norm,
            Measure::GapDeviations => Unit::Deviations,
            Measure::NotFinite => Unit::Steps,
        }
    }
}
