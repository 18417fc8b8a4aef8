//! What a rule would have needed and the record does not hold.

/// What a rule would have needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Anything by layer.
    Layers,
    Steps,
    FirstStep,
    Signal,
    SampleGradient,
    Updates,
    Parameters,
    Activations,
    Movement,
    TrainingResult,
    TestResult,
    LossHistory,
    /// A loss on an unknown scale, and no accuracy.
    LossScale,
    Classes,
    Optimizer,
    /// Statistics of the inputs.
    Inputs,
    /// The loss function.
    Loss,
    /// Whether the loss takes logits or probabilities.
    LossInput,
    /// (recorded to, planned)
    CutShort(u64, Option<u64>),
    /// The last row of a quantity lies long before the run's end.
    Gap {
        column: &'static str,
        last: Option<u64>,
    },
}

impl Missing {
    /// The stable name in JSON.
    pub fn key(&self) -> &'static str {
        match self {
            Missing::Layers => "layers",
            Missing::Steps => "steps",
            Missing::FirstStep => "first_step",
            Missing::Signal => "signal_rms",
            Missing::SampleGradient => "grad_rms",
            Missing::Updates => "update_norm",
            Missing::Parameters => "param_norm",
            Missing::Activations => "activations",
            Missing::Movement => "distance_from_init",
            Missing::TrainingResult => "train_accuracy",
            Missing::TestResult => "test_accuracy",
            Missing::LossScale => "loss_scale",
            Missing::LossHistory => "loss_history",
            Missing::Classes => "classes",
            Missing::Optimizer => "optimizer",
            Missing::Inputs => "inputs",
            Missing::Loss => "loss",
            Missing::LossInput => "loss_input",
            Missing::CutShort(..) => "cut_short",
            Missing::Gap { .. } => "gap",
        }
    }
}
