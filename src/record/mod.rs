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
//! **Normalised layers, skips, dropout, maxout** ([`crate::nn::network`] has the formulas). The activation columns describe the
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
mod facts;
pub mod folder;
pub mod header;
pub mod metrics;
pub mod npy;
mod recorder;
mod rows;
mod schema1;
pub mod sink;
pub mod trial;

pub use error::RecordError;
pub use export::export_csv;
pub use facts::{Column, Facts, Inputs, Optimizer, Spread};
pub use folder::{FolderSink, RunWriter, Warning};
pub use header::{EarlyStop, Header, HeaderBuilder, LayerInfo, Role, Source, Status, TensorInfo, TensorKind};
pub use metrics::*;
pub use recorder::{Number, Recorder, RecorderBuilder, TensorStep};
pub use rows::{Row, Rows, Values};
#[cfg(test)]
pub(crate) use schema1::facts as facts_of_labels;
pub use sink::{Ended, MemorySink, NullSink, RecordSink};

use crate::stats::is_missing;

/// A whole run in memory. Built by a reader or a memory sink; the shapes agree with the header ([`Record::check`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub header: Header,
    pub steps: Rows,
    pub snapshots: Rows,
    pub evals: Rows,
}

impl Record {
    /// An empty record for this header.
    pub fn new(header: Header) -> Record {
        let [steps, snapshots, evals] = Table::ALL.map(|table| Rows::new(table, &header));
        Record { header, steps, snapshots, evals }
    }

    /// Number of recorded steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn table(&self, table: Table) -> &Rows {
        match table {
            Table::Step => &self.steps,
            Table::Snapshot => &self.snapshots,
            Table::Evaluation => &self.evals,
        }
    }

    pub fn table_mut(&mut self, table: Table) -> &mut Rows {
        match table {
            Table::Step => &mut self.steps,
            Table::Snapshot => &mut self.snapshots,
            Table::Evaluation => &mut self.evals,
        }
    }

    /// The evaluation of the run's final parameters: the last one, or after early stopping that of the best step.
    pub fn final_eval(&self) -> Option<Row<'_>> {
        match self.header.early_stop {
            Some(stop) => self.evals.iter().find(|e| e.step() == stop.best_step),
            None => self.evals.last(),
        }
    }

    /// The stored value of a metric at a row of its table; `index` is that of the layer or tensor in the header, 0 for one
    /// of the whole run. [`crate::stats::MISSING`] when it was not measured.
    pub fn value(&self, metric: MetricId, row: usize, index: usize) -> f64 {
        self.table(metric.table).value(metric, row, index)
    }

    /// Whether a metric was measured at any row.
    pub fn has(&self, metric: MetricId) -> bool {
        self.table(metric.table).has(metric)
    }

    /// The step before which a plain NaN can only be a value that nobody measured: another program wrote the record, and
    /// the loss was finite until then. 0 for our own runs, which have another number for what is missing.
    pub fn gaps_end(&self) -> u64 {
        if !self.is_foreign() {
            return 0;
        }
        let losses = self.steps.step().iter().zip(&self.steps[LOSS]);
        let lost = losses.into_iter().find(|(_, loss)| !loss.is_finite() && !is_missing(**loss)).map(|(&step, _)| step);
        let told = match self.header.status {
            Status::Diverged { step, .. } => Some(step),
            _ => None,
        };
        lost.into_iter().chain(told).min().unwrap_or(u64::MAX)
    }

    /// Whether another program than this one made the record.
    pub fn is_foreign(&self) -> bool {
        self.header.source.tool != env!("CARGO_PKG_NAME")
    }

    /// Estimated L2 distance |theta_t - theta_end| of a tensor, t being a row of the snapshot table and `end` its last row.
    ///
    /// From the CountSketch s(x) of x = theta_t - theta_0, which is linear: |s(a) - s(b)|^2 has mean |a - b|^2 and a relative
    /// standard deviation of at most sqrt(2 / M) (Charikar, Chen, Farach-Colton 2002; Thorup, Zhang 2004); the distance has
    /// about half of that. `None` when the run kept no sketch.
    pub fn distance_to_final(&self, row: usize, tensor: usize) -> Option<f64> {
        let (t, m) = (self.header.tensors.len(), self.header.sketch_buckets?);
        let rows = self.snapshots.len();
        let sketch = self.snapshots.singles(SKETCH);
        if sketch.len() != rows * t * m || row >= rows {
            return None;
        }
        let at = |k: usize| &sketch[(k * t + tensor) * m..][..m];
        let sum: f64 = at(row).iter().zip(at(rows - 1)).map(|(&a, &b)| (a as f64 - b as f64).powi(2)).sum();
        Some(sum.sqrt())
    }

    /// Appends a row to its table.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] when it does not fit the header or does not come after the row before it.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.table_mut(row.table()).push(row).map_err(|what| rows::invalid(&self.header, what))
    }
}
