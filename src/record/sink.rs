//! Where a producing program puts its rows: a run folder, memory, or nowhere.
//!
//! A sink never changes what it is given and never feeds anything back, so that a run with a sink and a run without one
//! end in the same bits.

use super::{EvalRow, Header, Record, RecordError, SnapshotRow, StepRow};

/// Takes the rows of one run, each table in the order of its steps.
///
/// # Errors
/// [`RecordError::Invalid`] when a row does not fit the header or does not come after the row before it (the row is
/// then not taken); [`RecordError::Io`] when the rows cannot be stored (the row may have been taken into a buffer: stop the
/// run, do not push it again).
pub trait RecordSink {
    fn step(&mut self, row: &StepRow<'_>) -> Result<(), RecordError>;
    fn snapshot(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError>;
    fn eval(&mut self, row: &EvalRow) -> Result<(), RecordError>;
}

impl<S: RecordSink + ?Sized> RecordSink for &mut S {
    fn step(&mut self, row: &StepRow<'_>) -> Result<(), RecordError> {
        (**self).step(row)
    }
    fn snapshot(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        (**self).snapshot(row)
    }
    fn eval(&mut self, row: &EvalRow) -> Result<(), RecordError> {
        (**self).eval(row)
    }
}

/// Forgets everything: training without a record.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullSink;

impl RecordSink for NullSink {
    fn step(&mut self, _row: &StepRow<'_>) -> Result<(), RecordError> {
        Ok(())
    }
    fn snapshot(&mut self, _row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        Ok(())
    }
    fn eval(&mut self, _row: &EvalRow) -> Result<(), RecordError> {
        Ok(())
    }
}

/// Keeps the whole run in memory, which grows with the number of steps.
#[derive(Clone, Debug)]
pub struct MemorySink {
    pub record: Record,
}

impl MemorySink {
    pub fn new(header: Header) -> MemorySink {
        MemorySink { record: Record::new(header) }
    }
}

impl RecordSink for MemorySink {
    fn step(&mut self, row: &StepRow<'_>) -> Result<(), RecordError> {
        self.record.step(row)
    }
    fn snapshot(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        self.record.snapshot(row)
    }
    fn eval(&mut self, row: &EvalRow) -> Result<(), RecordError> {
        self.record.eval(row)
    }
}

impl RecordSink for Record {
    fn step(&mut self, row: &StepRow<'_>) -> Result<(), RecordError> {
        let widths = Widths::of(&self.header);
        widths.fits_step(row).map_err(|what| invalid(&self.header, what))?;
        follows("step", self.steps.step.last().copied(), row.step).map_err(|what| invalid(&self.header, what))?;
        self.push_step(row);
        Ok(())
    }

    fn snapshot(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        let widths = Widths::of(&self.header);
        widths.fits_snapshot(row).map_err(|what| invalid(&self.header, what))?;
        follows("snapshot", self.snapshots.step.last().copied(), row.step)
            .map_err(|what| invalid(&self.header, what))?;
        self.push_snapshot(row);
        Ok(())
    }

    fn eval(&mut self, row: &EvalRow) -> Result<(), RecordError> {
        follows("evaluation", self.evals.last().map(|e| e.step), row.step)
            .map_err(|what| invalid(&self.header, what))?;
        self.evals.push(*row);
        Ok(())
    }
}

pub(super) fn invalid(header: &Header, what: String) -> RecordError {
    RecordError::Invalid { place: format!("run `{}`", header.run), what }
}

/// Numbers of values in the rows of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    pub tensors: usize,
    pub layers: usize,
    /// T * M, 0 without a sketch.
    pub sketch: usize,
}

impl Widths {
    pub fn of(header: &Header) -> Widths {
        let tensors = header.tensors.len();
        let sketch = tensors.saturating_mul(header.sketch_buckets.unwrap_or(0));
        Widths { tensors, layers: header.layers.len(), sketch }
    }

    pub fn fits_step(&self, row: &StepRow<'_>) -> Result<(), String> {
        for (values, metric) in row.tensors.iter().zip(super::TensorMetric::ALL) {
            fits("step", row.step, metric.name(), values.len(), self.tensors, "tensors")?;
        }
        for (values, metric) in row.layers.iter().zip(super::LayerMetric::ALL) {
            fits("step", row.step, metric.name(), values.len(), self.layers, "layers")?;
        }
        Ok(())
    }

    pub fn fits_snapshot(&self, row: &SnapshotRow<'_>) -> Result<(), String> {
        let given = row.distance_from_init.len();
        fits("snapshot", row.step, "distance_from_init", given, self.tensors, "tensors")?;
        fits("snapshot", row.step, "zero_share", row.zero_share.len(), self.tensors, "tensors")?;
        for (values, metric) in row.activations.iter().zip(super::ActivationMetric::ALL) {
            fits("snapshot", row.step, metric.name(), values.len(), self.layers, "layers")?;
        }
        fits("snapshot", row.step, "sketch", row.sketch.len(), self.sketch, "buckets in all")
    }
}

fn fits(table: &str, step: u64, column: &str, given: usize, expected: usize, of: &str) -> Result<(), String> {
    if given == expected {
        return Ok(());
    }
    Err(format!("{table} row {step}: {given} values of {column}, but the header has {expected} {of}"))
}

/// Steps of a table must increase, and fit the signed numbers of the file.
pub(super) fn follows(table: &str, last: Option<u64>, step: u64) -> Result<(), String> {
    if step > i64::MAX as u64 {
        return Err(format!("{table} table: step {step} is too large"));
    }
    match last {
        Some(last) if step <= last => {
            Err(format!("{table} table: step {step} comes after step {last}; steps must increase"))
        }
        _ => Ok(()),
    }
}
