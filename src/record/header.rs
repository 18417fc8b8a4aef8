//! The header of a run: `meta.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Version of the format that this program writes.
pub const SCHEMA: u32 = 2;

/// What a run is, without its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`SCHEMA`], of older files too once they are read.
    #[serde(deserialize_with = "older_too")]
    pub schema: u32,
    pub source: Source,
    /// Short name that figures use, such as `sigmoid`.
    pub run: String,
    /// Settings in the words of the command line (`activation`, `initialisation`, `loss`, `optimizer`, `learning_rate`,
    /// `weight_decay`, `l1`, `schedule`, `batch_size`, `data`, `train_size`, `precision`, ...), for captions and tables.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub seed: Option<u64>,
    /// Weight layers from the input to the output; layer 1 is `layers[0]`.
    pub layers: Vec<LayerInfo>,
    /// Parameter tensors in the order of all `[.., T]` arrays: for each layer its weight, bias, scale (gamma) and bias (beta) of its normalisation, as far as there
    /// are.
    pub tensors: Vec<TensorInfo>,
    /// Number of classes, for the chance level.
    #[serde(default)]
    pub classes: Option<usize>,
    /// Updates in one epoch.
    #[serde(default)]
    pub steps_per_epoch: Option<u64>,
    /// Updates that the run was to make.
    #[serde(default)]
    pub planned_steps: Option<u64>,
    /// Buckets of the sketch, when there is one.
    #[serde(default)]
    pub sketch_buckets: Option<usize>,
    /// The whole configuration as the producing program wrote it.
    #[serde(default)]
    pub config: Option<serde_json::Value>,
    pub status: Status,
    /// Early stopping of a run that has a validation set and has ended by itself.
    #[serde(default)]
    pub early_stop: Option<EarlyStop>,
    /// Wall time of training in seconds, once the run has ended. Never in a figure.
    #[serde(default)]
    pub elapsed_secs: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub tool: String,
    pub version: String,
}

/// A weight layer with the activation that follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerInfo {
    /// `layers.N` as in saved weights, N from 1.
    pub name: String,
    pub fan_in: usize,
    pub fan_out: usize,
    /// Name of the activation; `identity` for the output layer.
    pub activation: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorKind {
    Weight,
    Bias,
    /// Scale (gamma) of a normalisation, which multiplies the normalised values.
    Gain,
    /// Bias (beta) of a normalisation, which is added to them.
    Shift,
}

impl TensorKind {
    pub fn name(self) -> &'static str {
        match self {
            TensorKind::Weight => "weight",
            TensorKind::Bias => "bias",
            TensorKind::Gain => "gain",
            TensorKind::Shift => "shift",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorInfo {
    /// From 1 at the input.
    pub layer: usize,
    pub kind: TensorKind,
    /// A weight `[fan_out, fan_in]`, K times the rows for maxout with K pieces; of the others as many as they belong to.
    pub shape: Vec<usize>,
}

/// What early stopping did. All rows of the record describe the way as it was gone, beyond `best_step` too; only the run's final
/// parameters are those of `best_step`, whose evaluation is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyStop {
    /// The step with the lowest validation loss of all evaluations, the first of equal ones: theta_`best_step` is the result.
    pub best_step: u64,
    /// Whether patience ran out. Otherwise the run went to its planned end.
    pub stopped: bool,
}

/// How the run ended, if it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// Still going, or killed: the arrays hold the committed steps.
    Running,
    Complete,
    /// Stopped by the user.
    Interrupted {
        step: u64,
    },
    /// The loss, a gradient or a parameter was no longer finite at this step.
    Diverged {
        step: u64,
        what: String,
    },
}

fn older_too<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    u32::deserialize(from).map(|schema| if schema == 1 { SCHEMA } else { schema })
}

impl Header {
    /// Index into `tensors` of a layer's tensor; `layer` counts from 1.
    pub fn tensor_index(&self, layer: usize, kind: TensorKind) -> Option<usize> {
        self.tensors.iter().position(|t| t.layer == layer && t.kind == kind)
    }

    /// Takes over how the run ended.
    pub fn end(&mut self, ended: &super::Ended) {
        self.status = ended.status.clone();
        self.early_stop = ended.early_stop;
        self.elapsed_secs = ended.elapsed_secs.filter(|secs| secs.is_finite());
    }

    /// A label, or an empty string.
    pub fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }
}
