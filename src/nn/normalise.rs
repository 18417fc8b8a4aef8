//! Batch and layer normalisation.

use serde::{Deserialize, Serialize};

/// What is normalised in every hidden layer, and where. Definitions are PyTorch's `BatchNorm1d` and `LayerNorm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    #[default]
    None,
    /// Each pre-activation over the batch, before the activation (Ioffe, Szegedy 2015).
    Batch,
    /// Each unit over the batch, after the activation.
    BatchAfter,
    /// All pre-activations of one sample, before the activation (Ba, Kiros, Hinton 2016).
    Layer,
    /// All units of one sample, after the activation.
    LayerAfter,
}

impl Normalisation {
    pub const ALL: [(Normalisation, &'static str); 5] = [
        (Normalisation::None, "none"),
        (Normalisation::Batch, "batch"),
        (Normalisation::BatchAfter, "batch-after"),
        (Normalisation::Layer, "layer"),
        (Normalisation::LayerAfter, "layer-after"),
    ];

    /// Whether the samples of a batch meet in it.
    pub fn is_batch(self) -> bool {
        matches!(self, Normalisation::Batch | Normalisation::BatchAfter)
    }

    /// Whether it comes after the activation.
    pub fn is_after(self) -> bool {
        matches!(self, Normalisation::BatchAfter | Normalisation::LayerAfter)
    }
}

super::named!(Normalisation, "normalisation", Normalisation::ALL);
