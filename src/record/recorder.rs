//! A record of somebody else's training loop: hand over gradient, update and parameters of each tensor, and
//! the norms are made.

#[cfg(feature = "fs")]
use std::path::Path;

use super::rows::invalid;
use super::{DISTANCE_FROM_INIT, GRAD_NORM, LOSS, PARAM_NORM, UPDATE_NORM, ZERO_SHARE};
use super::{
    Ended, Facts, Header, HeaderBuilder, LayerInfo, MetricId, Per, Record, RecordError, RecordSink, Row,
    Source, Status, Table, TensorInfo, Values,
};
use crate::stats::MISSING;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number that can be recorded: `f32` or `f64`.
pub trait Number: Copy + Into<f64> + sealed::Sealed {}
impl Number for f32 {}
impl Number for f64 {}

/// One tensor at one step, in any order of its values that is the same for all three. What is not known is an
/// empty slice.
#[derive(Clone, Copy, Debug)]
pub struct TensorStep<'a, T> {
    /// The batch-mean gradient at theta_t.
    pub gradient: &'a [T],
    /// theta_{t+1} - theta_t.
    pub update: &'a [T],
    /// theta_t.
    pub parameter: &'a [T],
}

/// Records a training loop into a sink: a [`Record`] in memory, a run folder
/// ([`RunWriter`](super::RunWriter)), or another.
///
/// Norms are summed in f64 without overflow or underflow, so that a norm is zero only where every number is.
///
/// ```
/// use gradfade::record::{LayerInfo, Recorder, Status, TensorInfo, TensorStep, GRAD_NORM};
///
/// // One weight w, trained to be 3: the loss is (w - 3)^2 / 2.
/// let layers = vec![LayerInfo::dense("w", 1, 1)];
/// let tensors = vec![TensorInfo::new("w", 1, "weight", &[1, 1])];
/// let mut recorder = Recorder::builder("toy", layers, tensors).in_memory()?;
/// let mut w = 0.0f32;
/// for _ in 0..10 {
///     let (loss, gradient) = (0.5 * (w - 3.0).powi(2), w - 3.0);
///     let update = -0.5 * gradient;
///     let step = TensorStep { gradient: &[gradient], update: &[update], parameter: &[w] };
///     recorder.step(loss.into(), |_| step)?;
///     w += update;
/// }
/// let record = recorder.finish(Status::Complete)?;
/// assert_eq!(record.steps[GRAD_NORM][..2], [3.0, 1.5]);
/// # Ok::<(), gradfade::record::RecordError>(())
/// ```
#[derive(Debug)]
pub struct Recorder<S> {
    header: Header,
    sink: S,
    next_step: u64,
    /// What [`Recorder::set`] was given for the next step.
    extra: Vec<(MetricId, Vec<f64>)>,
    /// theta_0, from the first snapshot on.
    initial: Option<Vec<Vec<f64>>>,
}

/// Says what is recorded, before it begins.
#[derive(Clone, Debug)]
pub struct RecorderBuilder {
    header: HeaderBuilder,
}

impl Recorder<Record> {
    /// Names the run, its layers from the input to the output, and their tensors in the order in which steps
    /// give them.
    pub fn builder(
        run: impl Into<String>,
        layers: Vec<LayerInfo>,
        tensors: Vec<TensorInfo>,
    ) -> RecorderBuilder {
        RecorderBuilder { header: Header::builder(run, layers, tensors) }
    }
}

impl RecorderBuilder {
    /// What diagnoses go by: classes, sizes of the sets, optimiser, ...
    #[must_use]
    pub fn facts(mut self, facts: Facts) -> RecorderBuilder {
        self.header = self.header.facts(facts);
        self
    }

    /// The program that trains.
    #[must_use]
    pub fn source(mut self, tool: impl Into<String>, version: impl Into<String>) -> RecorderBuilder {
        self.header = self.header.source(Source { tool: tool.into(), version: version.into() });
        self
    }

    /// Steps that the run is to make: without it nobody can tell a run that was cut short.
    #[must_use]
    pub fn planned_steps(mut self, steps: u64) -> RecorderBuilder {
        self.header = self.header.planned_steps(steps);
        self
    }

    /// Updates in one epoch, from which the epoch of each step follows.
    #[must_use]
    pub fn steps_per_epoch(mut self, steps: u64) -> RecorderBuilder {
        self.header = self.header.steps_per_epoch(steps);
        self
    }

    /// Keeps a sketch of this many buckets of each tensor at each snapshot, from which the distance between
    /// any two snapshots is estimated ([`Record::distance_to_final`]).
    #[must_use]
    pub fn sketch(mut self, buckets: usize) -> RecorderBuilder {
        self.header = self.header.sketch_buckets(buckets);
        self
    }

    /// Records into memory.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] when layers and tensors contradict each other.
    pub fn in_memory(self) -> Result<Recorder<Record>, RecordError> {
        let header = self.header.build()?;
        let sink = Record::new(header.clone());
        Ok(Recorder::start(header, sink))
    }

    /// Records into a run folder.
    ///
    /// # Errors
    /// As [`RunWriter::create`](super::RunWriter::create).
    #[cfg(feature = "fs")]
    pub fn in_folder(self, dir: &Path, overwrite: bool) -> Result<Recorder<super::RunWriter>, RecordError> {
        let header = self.header.build()?;
        let sink = super::RunWriter::create(dir, &header, overwrite)?;
        Ok(Recorder::start(header, sink))
    }
}

impl<S: RecordSink> Recorder<S> {
    fn start(header: Header, sink: S) -> Recorder<S> {
        Recorder { header, sink, next_step: 0, extra: Vec::new(), initial: None }
    }

    /// Sets a further metric of the next step, such as [`LEARNING_RATE`](super::LEARNING_RATE),
    /// [`BATCH_ACCURACY`](super::BATCH_ACCURACY) or [`SIGNAL_RMS`](super::SIGNAL_RMS).
    pub fn set<'v>(&mut self, metric: MetricId, values: impl Into<Values<'v>>) -> &mut Recorder<S> {
        let values = match values.into() {
            Values::One(value) => vec![value],
            Values::Many(values) => values.to_vec(),
            Values::Absent | Values::Single(_) => return self,
        };
        self.extra.push((metric, values));
        self
    }

    /// The number of the next step, where not every step is recorded.
    pub fn skip_to(&mut self, step: u64) {
        self.next_step = step;
    }

    /// Records a step: the loss of its batch and, for each tensor of the header by its index, what was done
    /// to it.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] when a slice has not the length that the tensor's shape says, and what the
    /// sink reports.
    pub fn step<'a, T: Number + 'a>(
        &mut self,
        loss: f64,
        mut tensor: impl FnMut(usize) -> TensorStep<'a, T>,
    ) -> Result<(), RecordError> {
        let count = self.header.tensors.len();
        let mut norms =
            [GRAD_NORM, UPDATE_NORM, PARAM_NORM].map(|metric| (metric, Vec::with_capacity(count)));
        for t in 0..count {
            let TensorStep { gradient, update, parameter } = tensor(t);
            for ((metric, norms), values) in norms.iter_mut().zip([gradient, update, parameter]) {
                self.fits(t, metric.id, values.len())?;
                norms.push(if values.is_empty() { MISSING } else { norm(values.iter().map(|&x| x.into())) });
            }
        }
        let extra = std::mem::take(&mut self.extra);
        let mut row = Row::of_step(self.next_step).with(LOSS, loss);
        if let Some(per_epoch) = self.header.steps_per_epoch.filter(|&n| n > 0) {
            row.set(super::EPOCH, self.next_step as f64 / per_epoch as f64);
        }
        for (metric, values) in norms.iter().chain(&extra) {
            if metric.per == Per::Run {
                row.set(*metric, values[0])
            } else {
                row.set(*metric, values)
            };
        }
        self.sink.row(&row)?;
        self.next_step += 1;
        Ok(())
    }

    /// Records the state theta_t of the step that comes next: for each tensor its distance from the first
    /// snapshot (take that before the first step), its share of exact zeros, and its sketch where there is
    /// one.
    ///
    /// # Errors
    /// As [`Recorder::step`].
    pub fn snapshot<'a, T: Number + 'a>(
        &mut self,
        mut parameter: impl FnMut(usize) -> &'a [T],
    ) -> Result<(), RecordError> {
        let count = self.header.tensors.len();
        let mut now: Vec<Vec<f64>> = Vec::with_capacity(count);
        for t in 0..count {
            let values = parameter(t);
            self.fits(t, "parameters", values.len())?;
            now.push(values.iter().map(|&x| x.into()).collect());
        }
        let initial = self.initial.get_or_insert_with(|| now.clone());
        let buckets = self.header.sketch_buckets.unwrap_or(0);
        let (mut distance, mut zeros) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut sketch = Vec::with_capacity(count * buckets);
        for (now, initial) in now.iter().zip(initial.iter()) {
            let moved = || now.iter().zip(initial).map(|(a, b)| a - b);
            let zero = now.iter().filter(|x| **x == 0.0).count() as f64;
            distance.push(if now.is_empty() { MISSING } else { norm(moved()) });
            zeros.push(if now.is_empty() { MISSING } else { zero / now.len() as f64 });
            sketch.extend(sketch_of(moved(), buckets).into_iter().map(|x| x as f32));
        }
        let row =
            Row::of_snapshot(self.next_step).with(DISTANCE_FROM_INIT, &distance).with(ZERO_SHARE, &zeros);
        self.sink.row(&if buckets > 0 { row.with_sketch(&sketch) } else { row })
    }

    /// Records an evaluation, or another row of one's own.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        if row.table() == Table::Step {
            self.next_step = row.step() + 1;
        }
        self.sink.row(row)
    }

    /// Ends the run and gives the sink back: the [`Record`], where it is in memory.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn finish(mut self, status: Status) -> Result<S, RecordError> {
        self.sink.finish(&Ended::new(status))?;
        Ok(self.sink)
    }

    fn fits(&self, tensor: usize, what: &str, given: usize) -> Result<(), RecordError> {
        let info = &self.header.tensors[tensor];
        if given == 0 || given == info.count() {
            return Ok(());
        }
        let (name, shape) = (&info.name, &info.shape);
        Err(invalid(&self.header, format!("{what} of `{name}`: {given} values, but its shape is {shape:?}")))
    }
}

/// The L2 norm, in units of the largest magnitude so that no square overflows or underflows.
fn norm(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values
        .clone()
        .map(f64::abs)
        .fold(0.0, |a: f64, b| if b.is_nan() || a.is_nan() { f64::NAN } else { a.max(b) });
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * values.map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
}

/// CountSketch: each number is added to or taken from one of the buckets, both chosen by a hash of its index.
fn sketch_of(values: impl Iterator<Item = f64>, buckets: usize) -> Vec<f64> {
    let mut sketch = vec![0.0; buckets];
    if buckets > 0 {
        for (index, value) in values.enumerate() {
            let hash = mixed(index as u64);
            let signed = if hash >> 63 == 0 { value } else { -value };
            sketch[(hash % buckets as u64) as usize] += signed;
        }
    }
    sketch
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mixed(index: u64) -> u64 {
    let z = index.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BATCH_ACCURACY, TEST_ACCURACY};

    fn builder() -> RecorderBuilder {
        let layers =
            vec![LayerInfo::dense("a", 2, 2), LayerInfo::new("pool", "pooling"), LayerInfo::dense("b", 2, 1)];
        let weight = |name: &str, layer| TensorInfo::new(name, layer, "weight", &[2]);
        Recorder::builder("r", layers, vec![weight("a.w", 1), weight("b.w", 3)]).steps_per_epoch(2).sketch(64)
    }

    #[test]
    fn norms_neither_overflow_nor_underflow_and_zero_is_zero() {
        let of = |values: &[f64]| norm(values.iter().copied());
        assert_eq!((of(&[3.0, 4.0]), of(&[0.0, -0.0])), (5.0, 0.0));
        assert_eq!((of(&[3e-300, 4e-300]), of(&[3e300, 4e300])), (5e-300, 5e300));
        assert!(of(&[1.0, f64::NAN, 2.0]).is_nan() && of(&[1.0, f64::INFINITY]).is_infinite());
    }

    #[test]
    fn a_loop_is_recorded_alike_in_memory_and_in_a_folder_with_f32_and_f64() {
        fn run<S: RecordSink, T: Number>(mut recorder: Recorder<S>, values: [T; 2], nothing: &[T]) -> S {
            recorder.snapshot(|_| &values[..]).unwrap();
            for _ in 0..3 {
                recorder.set(BATCH_ACCURACY, 0.5);
                let step = TensorStep { gradient: &values[..], update: nothing, parameter: &values[..] };
                recorder.step(0.25, |_| step).unwrap();
            }
            recorder.row(&Row::of_evaluation(3).with(TEST_ACCURACY, 0.75)).unwrap();
            recorder.finish(Status::Complete).unwrap()
        }
        let memory = run(builder().in_memory().unwrap(), [3.0f32, 4.0], &[]);
        assert_eq!(memory.steps[GRAD_NORM], [5.0; 6]);
        assert!(!memory.has(UPDATE_NORM) && memory.header.status == Status::Complete);
        assert_eq!((memory.steps[super::super::EPOCH][1], memory.snapshots[ZERO_SHARE][0]), (0.5, 0.0));
        let dir = tempfile::tempdir().unwrap();
        drop(run(builder().in_folder(dir.path(), false).unwrap(), [3.0f64, 4.0], &[]));
        let (read, warnings) = Record::read(dir.path()).unwrap();
        assert_eq!(warnings, []);
        assert_eq!(read.steps[GRAD_NORM], memory.steps[GRAD_NORM]);
        assert_eq!((&read.header, read.evals[TEST_ACCURACY].to_vec()), (&memory.header, vec![0.75]));
    }

    #[test]
    fn distances_are_from_the_first_snapshot_and_the_sketch_keeps_them() {
        let mut recorder = builder().in_memory().unwrap();
        recorder.snapshot(|_| &[0.0, 1.0]).unwrap();
        recorder.skip_to(9);
        recorder.snapshot(|t| if t == 0 { &[3.0, 5.0] } else { &[0.0, 1.0] }).unwrap();
        let record = recorder.finish(Status::Complete).unwrap();
        assert_eq!(record.snapshots[DISTANCE_FROM_INIT], [0.0, 0.0, 5.0, 0.0]);
        assert_eq!(record.snapshots[ZERO_SHARE], [0.5, 0.5, 0.0, 0.5]);
        // Two numbers in two buckets: exact.
        assert_eq!(record.distance_to_final(0, 0), Some(5.0));
    }

    #[test]
    fn a_slice_of_another_length_is_refused_by_name() {
        let mut recorder = builder().in_memory().unwrap();
        let short = TensorStep { gradient: &[1.0f32], update: &[], parameter: &[] };
        let line = recorder.step(1.0, |_| short).unwrap_err().to_string();
        assert_eq!(line, "run `r`: grad_norm of `a.w`: 1 values, but its shape is [2]");
    }
}
