//! The common language of both wings: what one training run left behind.
//!
//! A [`Record`] is a [`Header`] and four tables of rows. On disk it is a *run folder* ([`folder`]): `meta.json` and one
//! `.npy` array for each column, all of which `numpy.load` opens as they are, also while the run is going on.
//!
//! # Timing rule
//! Row `step = t` of the step table holds the batch loss and the gradients at the parameters theta_t, and the update
//! theta_{t+1} - theta_t that was made from them. Row `step = t` of the snapshot and evaluation tables describes theta_t, so
//! that a run of S updates ends with a snapshot and an evaluation at `step = S`.
//!
//! # Tables and arrays
//! S, K, E: rows of the step, snapshot and evaluation tables; T tensors and L layers in the order of the header (input
//! side first); M buckets of the sketch.
//!
//! | file | shape | what |
//! |---|---|---|
//! | `step.npy` | `[S]` i64 | index of the update, from 0 |
//! | `epoch.npy` | `[S]` f64 | epochs finished before this step, with its fraction |
//! | `learning_rate.npy` | `[S]` f64 | as the schedule gave it |
//! | `loss.npy`, `batch_accuracy.npy` | `[S]` f64 | of the batch, before the update |
//! | `grad_norm.npy` | `[S, T]` f64 | L2 norm of the batch-mean gradient of the loss (no decay, no L1 in it) |
//! | `update_norm.npy` | `[S, T]` f64 | L2 norm of the applied update, theta_{t+1} - theta_t as the numbers were stored |
//! | `driven_norm.npy` | `[S, T]` f64 | the part of the update that the gradient made |
//! | `decay_norm.npy` | `[S, T]` f64 | the part of the update that weight decay and L1 made |
//! | `param_norm.npy` | `[S, T]` f64 | L2 norm of theta_t |
//! | `signal_rms.npy` | `[S, L]` f64 | sqrt(mean over samples of \|delta_a\|^2), delta_a = d loss_a / d pre-activation |
//! | `grad_rms.npy` | `[S, L]` f64 | sqrt(mean over samples of \|delta_a\|^2 \|x_a\|^2): the norm of one sample's weight gradient |
//! | `snapshot_step.npy` | `[K]` i64 | |
//! | `distance_from_init.npy` | `[K, T]` f64 | L2 norm of theta_t - theta_0 |
//! | `zero_share.npy` | `[K, T]` f64 | share of the tensor's numbers that are exactly zero |
//! | `activation_mean.npy`, `activation_std.npy` | `[K, L]` f64 | over the units and samples of the batch |
//! | `saturated_share.npy` | `[K, L]` f64 | share of (sample, unit) pairs with a slope under 5.91 % of the largest slope |
//! | `dead_share.npy` | `[K, L]` f64 | share of units with slope 0 (under the saturation bound for smooth functions) in the whole batch |
//! | `mean_squared_slope.npy` | `[K, L]` f64 | mean of phi'(pre-activation)^2 |
//! | `sketch.npy` | `[K, T, M]` f32 | CountSketch of theta_t - theta_0 (see [`Record::distance_to_final`]) |
//! | `eval_step.npy` | `[E]` i64 | |
//! | `eval_epoch.npy`, `train_loss.npy`, `train_accuracy.npy`, `test_loss.npy`, `test_accuracy.npy` | `[E]` f64 | over the whole sets, evaluation mode |
//! | `validation_loss.npy`, `validation_accuracy.npy` | `[E]` f64 | the same of samples kept out of the training set; missing where there are none |
//!
//! The output layer is linear: its activation columns describe the logits (slope 1 throughout).
//!
//! **Normalised layers, skips, dropout, maxout** ([`crate::nn::shape`] has the formulas). The activation columns describe the
//! activation function itself: its values before a normalisation that follows it, before dropout and before the skip is added, and its
//! slopes where it was evaluated, so after a normalisation that comes before it. Of a maxout unit exactly one piece passes the signal
//! on, with slope 1: it is never dead nor saturated and its squared slope is 1, and `activation_mean` and `_std` are over the largest
//! pieces. delta_a is taken at h = W x + b, of maxout over all K pieces (0 for those that lost), and x_a is what the layer was fed
//! with, skip and dropout included. With batch normalisation a sample's pre-activation acts on the losses of the whole batch:
//! delta_a is then the derivative of the *sum* of the batch's losses by it. Without, that is the same as of its own loss.
//! How missing, zero, underflow, NaN and infinity are stored: [`crate::stats`].
//!
//! # The header
//! `meta.json` is one JSON object with the fields of [`Header`]; those that are not in this list may be left out.
//!
//! | field | what |
//! |---|---|
//! | `schema` | the version of this format, 1; a reader refuses a greater one |
//! | `source` | `{"tool": .., "version": ..}`: the program that made the numbers |
//! | `run` | short name for figures |
//! | `layers` | `[L]` of `{"name", "fan_in", "fan_out", "activation"}`, the input side first |
//! | `tensors` | `[T]` of `{"layer", "kind", "shape"}`: layers from 1, in their order; of a layer `weight`, `bias`, `gain`, `shift`, as far as there are |
//! | `sketch_buckets` | M, at least 1; absent or null without a sketch |
//! | `early_stop` | `{"best_step", "stopped"}`: the final parameters are those of `best_step`; absent or null without early stopping |
//! | `status` | `{"state": ..}`: `running`, `complete`, `interrupted` (with `step`), `diverged` (with `step`, `what`) |
//!
//! # Reading, writing, tears
//! A file is little-endian, in C order, and every array of the table above is written, also where all its values are
//! missing (`sketch.npy` only with `sketch_buckets`). The steps of each table increase. A reader takes as many rows as the
//! shortest array of a table has, needs `meta.json` and `step.npy`, and takes missing values for other arrays that are not
//! there (`zero_share`, `validation_loss` and `validation_accuracy` came later: an older run without them is whole): [`folder`] has the rules, [`npy`] says why they hold after a kill or on a full disk.
//!
//! ```no_run
//! # fn main() -> Result<(), gradfade::record::RecordError> {
//! let (record, warnings) = gradfade::record::Record::read("runs/sigmoid".as_ref())?;
//! for warning in &warnings {
//!     eprintln!("warning: {warning}");
//! }
//! println!("{} steps of {} tensors", record.len(), record.header.tensors.len());
//! # Ok(())
//! # }
//! ```
//!
//! In Python: `numpy.load("runs/sigmoid/grad_norm.npy", mmap_mode="r")`.

pub mod cell;
mod check;
pub mod error;
pub mod export;
pub mod folder;
pub mod header;
pub mod npy;
pub mod sink;
pub mod trial;

pub use error::RecordError;
pub use export::export_csv;
pub use folder::{RunWriter, Warning};
pub use header::{EarlyStop, Header, LayerInfo, Source, Status, TensorInfo, TensorKind};
pub use sink::{MemorySink, NullSink, RecordSink};

use serde::{Deserialize, Serialize};

/// A per-tensor quantity of the step table, `[S, T]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorMetric {
    GradNorm,
    UpdateNorm,
    DrivenNorm,
    DecayNorm,
    ParamNorm,
}

impl TensorMetric {
    pub const ALL: [TensorMetric; 5] = [
        TensorMetric::GradNorm,
        TensorMetric::UpdateNorm,
        TensorMetric::DrivenNorm,
        TensorMetric::DecayNorm,
        TensorMetric::ParamNorm,
    ];

    /// File stem and name in exported tables.
    pub fn name(self) -> &'static str {
        match self {
            TensorMetric::GradNorm => "grad_norm",
            TensorMetric::UpdateNorm => "update_norm",
            TensorMetric::DrivenNorm => "driven_norm",
            TensorMetric::DecayNorm => "decay_norm",
            TensorMetric::ParamNorm => "param_norm",
        }
    }
}

/// A per-layer quantity of the step table, `[S, L]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerMetric {
    SignalRms,
    GradRms,
}

impl LayerMetric {
    pub const ALL: [LayerMetric; 2] = [LayerMetric::SignalRms, LayerMetric::GradRms];

    pub fn name(self) -> &'static str {
        match self {
            LayerMetric::SignalRms => "signal_rms",
            LayerMetric::GradRms => "grad_rms",
        }
    }
}

/// A per-layer quantity of the snapshot table, `[K, L]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationMetric {
    Mean,
    Std,
    SaturatedShare,
    DeadShare,
    MeanSquaredSlope,
}

impl ActivationMetric {
    pub const ALL: [ActivationMetric; 5] = [
        ActivationMetric::Mean,
        ActivationMetric::Std,
        ActivationMetric::SaturatedShare,
        ActivationMetric::DeadShare,
        ActivationMetric::MeanSquaredSlope,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ActivationMetric::Mean => "activation_mean",
            ActivationMetric::Std => "activation_std",
            ActivationMetric::SaturatedShare => "saturated_share",
            ActivationMetric::DeadShare => "dead_share",
            ActivationMetric::MeanSquaredSlope => "mean_squared_slope",
        }
    }
}

/// One row of the step table. The slices borrow the trainer's buffers: a sink copies what it keeps.
#[derive(Clone, Copy, Debug)]
pub struct StepRow<'a> {
    pub step: u64,
    pub epoch: f64,
    pub learning_rate: f64,
    pub loss: f64,
    pub batch_accuracy: f64,
    /// `[5][T]`, in the order of [`TensorMetric::ALL`].
    pub tensors: [&'a [f64]; 5],
    /// `[2][L]`, in the order of [`LayerMetric::ALL`].
    pub layers: [&'a [f64]; 2],
}

/// One row of the snapshot table.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotRow<'a> {
    pub step: u64,
    /// `[T]`
    pub distance_from_init: &'a [f64],
    /// `[T]`
    pub zero_share: &'a [f64],
    /// `[5][L]`, in the order of [`ActivationMetric::ALL`]; missing where no batch was run (the last row).
    pub activations: [&'a [f64]; 5],
    /// `[T * M]`, tensor by tensor; empty when the run keeps no sketch.
    pub sketch: &'a [f32],
}

/// One row of the evaluation table. Missing values (no test set) are [`crate::stats::MISSING`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvalRow {
    pub step: u64,
    pub epoch: f64,
    pub train_loss: f64,
    pub train_accuracy: f64,
    pub test_loss: f64,
    pub test_accuracy: f64,
    /// Of samples that were kept out of the training set.
    pub validation_loss: f64,
    pub validation_accuracy: f64,
}

/// Columns of the step table. All vectors hold S rows; the two-dimensional ones are row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    pub step: Vec<u64>,
    pub epoch: Vec<f64>,
    pub learning_rate: Vec<f64>,
    pub loss: Vec<f64>,
    pub batch_accuracy: Vec<f64>,
    /// One `[S, T]` matrix for each [`TensorMetric`].
    pub tensors: [Vec<f64>; 5],
    /// One `[S, L]` matrix for each [`LayerMetric`].
    pub layers: [Vec<f64>; 2],
}

/// Columns of the snapshot table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshots {
    pub step: Vec<u64>,
    /// `[K, T]`
    pub distance_from_init: Vec<f64>,
    /// `[K, T]`
    pub zero_share: Vec<f64>,
    /// One `[K, L]` matrix for each [`ActivationMetric`].
    pub activations: [Vec<f64>; 5],
    /// `[K, T, M]`; empty when there is no sketch.
    pub sketch: Vec<f32>,
}

/// A whole run in memory. Built by a reader or a memory sink; the shapes agree with the header ([`Record::check`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub header: Header,
    pub steps: Steps,
    pub snapshots: Snapshots,
    pub evals: Vec<EvalRow>,
}

impl Record {
    /// An empty record for this header.
    pub fn new(header: Header) -> Record {
        Record { header, steps: Steps::default(), snapshots: Snapshots::default(), evals: Vec::new() }
    }

    /// Number of recorded steps.
    pub fn len(&self) -> usize {
        self.steps.step.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The evaluation of the run's final parameters: the last one, or after early stopping that of the best step.
    pub fn final_eval(&self) -> Option<&EvalRow> {
        match self.header.early_stop {
            Some(stop) => self.evals.iter().find(|e| e.step == stop.best_step),
            None => self.evals.last(),
        }
    }

    /// The stored value of a tensor's metric at a row of the step table.
    pub fn tensor(&self, metric: TensorMetric, row: usize, tensor: usize) -> f64 {
        self.steps.tensors[metric as usize][row * self.header.tensors.len() + tensor]
    }

    /// The stored value of a layer's metric at a row of the step table; `layer` counts from 0 here.
    pub fn layer(&self, metric: LayerMetric, row: usize, layer: usize) -> f64 {
        self.steps.layers[metric as usize][row * self.header.layers.len() + layer]
    }

    /// The stored value of a layer's activation metric at a row of the snapshot table; `layer` counts from 0 here.
    pub fn activation(&self, metric: ActivationMetric, row: usize, layer: usize) -> f64 {
        self.snapshots.activations[metric as usize][row * self.header.layers.len() + layer]
    }

    /// The stored distance from the initial value at a row of the snapshot table.
    pub fn distance_from_init(&self, row: usize, tensor: usize) -> f64 {
        self.snapshots.distance_from_init[row * self.header.tensors.len() + tensor]
    }

    /// The stored share of exact zeros at a row of the snapshot table.
    pub fn zero_share(&self, row: usize, tensor: usize) -> f64 {
        self.snapshots.zero_share[row * self.header.tensors.len() + tensor]
    }

    /// Estimated L2 distance |theta_t - theta_end| of a tensor, t being a row of the snapshot table and `end` its last row.
    ///
    /// From the CountSketch s(x) of x = theta_t - theta_0, which is linear: |s(a) - s(b)|^2 has mean |a - b|^2 and a relative
    /// standard deviation of at most sqrt(2 / M) (Charikar, Chen, Farach-Colton 2002; Thorup, Zhang 2004); the distance has
    /// about half of that. `None` when the run kept no sketch.
    pub fn distance_to_final(&self, row: usize, tensor: usize) -> Option<f64> {
        let (t, m) = (self.header.tensors.len(), self.header.sketch_buckets?);
        let rows = self.snapshots.step.len();
        if self.snapshots.sketch.len() != rows * t * m || row >= rows {
            return None;
        }
        let at = |k: usize| &self.snapshots.sketch[(k * t + tensor) * m..][..m];
        let sum: f64 = at(row).iter().zip(at(rows - 1)).map(|(&a, &b)| (a as f64 - b as f64).powi(2)).sum();
        Some(sum.sqrt())
    }

    /// Appends a row as it is; [`RecordSink::step`] checks it first, [`Record::check`] all rows at once.
    pub fn push_step(&mut self, row: &StepRow<'_>) {
        let s = &mut self.steps;
        s.step.push(row.step);
        s.epoch.push(row.epoch);
        s.learning_rate.push(row.learning_rate);
        s.loss.push(row.loss);
        s.batch_accuracy.push(row.batch_accuracy);
        for (column, values) in s.tensors.iter_mut().zip(row.tensors) {
            column.extend_from_slice(values);
        }
        for (column, values) in s.layers.iter_mut().zip(row.layers) {
            column.extend_from_slice(values);
        }
    }

    /// Appends a row as it is, like [`Record::push_step`].
    pub fn push_snapshot(&mut self, row: &SnapshotRow<'_>) {
        let s = &mut self.snapshots;
        s.step.push(row.step);
        s.distance_from_init.extend_from_slice(row.distance_from_init);
        s.zero_share.extend_from_slice(row.zero_share);
        for (column, values) in s.activations.iter_mut().zip(row.activations) {
            column.extend_from_slice(values);
        }
        s.sketch.extend_from_slice(row.sketch);
    }
}
