//! The record of a training run: the data that all other modules share.
//!
//! A [`Record`] is a [`Header`] and three tables of rows. On disk it is a *run folder* ([`folder`]):
//! `meta.json` and one `.npy` array for each column, all of which `numpy.load` opens as they are, also while
//! the run is going on.
//!
//! The files, the fields and the rules are those of `docs/format.md`, which follows; its tables are those of
//! [`METRICS`] and [`Facts`]. How missing, zero, underflow, NaN and infinity are stored: [`crate::stats`].
//! Why a reader finds whole rows after a kill or on a full disk: [`folder`] and [`npy`].
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
#![doc = include_str!("../../docs/format.md")]

pub mod cell;
mod check;
pub mod error;
#[cfg(feature = "data-files")]
pub mod export;
mod facts;
#[cfg(feature = "fs")]
pub mod folder;
pub mod header;
pub mod metrics;
#[cfg(feature = "fs")]
pub mod npy;
mod recorder;
pub mod replay;
mod rows;
mod schema1;
pub mod sink;
mod subset;
#[cfg(feature = "fs")]
pub mod trial;

pub use error::RecordError;
#[cfg(feature = "data-files")]
pub use export::export_csv;
pub use facts::{Column, Facts, Inputs, Optimizer, Spread};
#[cfg(feature = "fs")]
pub use folder::{FolderSink, RunWriter, Warning};
pub use header::{EarlyStop, Header, HeaderBuilder, LayerInfo, Role, Source, Status, TensorInfo};
pub use metrics::*;
pub use recorder::{Number, Recorder, RecorderBuilder, TensorStep};
pub use rows::{Row, Rows, Values};
#[cfg(test)]
pub(crate) use schema1::facts as facts_of_labels;
pub use sink::{Ended, MemorySink, NullSink, RecordSink};

use crate::stats::is_missing;

/// A whole run in memory. Built by a reader or a memory sink; the shapes agree with the header
/// ([`Record::check`]).
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

    /// The evaluation of the run's final parameters: the last one, or after early stopping that of the best
    /// step.
    pub fn final_eval(&self) -> Option<Row<'_>> {
        match self.header.early_stop {
            Some(stop) => self.evals.iter().find(|e| e.step() == stop.best_step),
            None => self.evals.last(),
        }
    }

    /// The stored value of a metric at a row of its table; `index` is that of the layer or tensor in the
    /// header, 0 for one of the whole run. [`crate::stats::MISSING`] when it was not measured.
    pub fn value(&self, metric: MetricId, row: usize, index: usize) -> f64 {
        self.table(metric.table).value(metric, row, index)
    }

    /// Whether a metric was measured at any row.
    pub fn has(&self, metric: MetricId) -> bool {
        self.table(metric.table).has(metric)
    }

    /// The step before which a plain NaN can only be a value that nobody measured: another program wrote the
    /// record, and the loss was finite until then. 0 for our own runs, which have another number for what is
    /// missing.
    pub fn gaps_end(&self) -> u64 {
        if !self.is_foreign() {
            return 0;
        }
        let losses = self.steps.step().iter().zip(&self.steps[LOSS]);
        let lost = losses
            .into_iter()
            .find(|(_, loss)| !loss.is_finite() && !is_missing(**loss))
            .map(|(&step, _)| step);
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

    /// Estimated L2 distance |theta_t - theta_end| of a tensor, t being a row of the snapshot table and `end`
    /// its last row.
    ///
    /// From the CountSketch s(x) of x = theta_t - theta_0, which is linear: |s(a) - s(b)|^2 has mean |a -
    /// b|^2 and a relative standard deviation of at most sqrt(2 / M) (Charikar, Chen, Farach-Colton 2002;
    /// Thorup, Zhang 2004); the distance has about half of that. `None` when the run kept no sketch.
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
