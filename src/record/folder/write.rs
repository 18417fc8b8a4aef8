//! Writing a run folder while the run goes on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::npy::{Element, NpyWriter};
use super::super::sink::{Widths, follows, invalid};
use super::super::{
    ActivationMetric, EarlyStop, EvalRow, Header, LayerMetric, Record, RecordError, RecordSink, SnapshotRow, Status,
    StepRow, TensorMetric,
};
use super::{
    DISTANCE, EVAL_SCALARS, EVAL_STEP, EVAL_VALIDATION, META, META_PART, SKETCH, SNAPSHOT_STEP, STEP, STEP_SCALARS,
    WEIGHTS, ZEROS, array_stems, file_name,
};

/// Rows are committed at least this often while steps come in: what a kill costs at most.
pub const MAX_UNCOMMITTED: Duration = Duration::from_millis(500);

/// Rows buffered between two commits: about this many bytes for each table, so that the writer's memory does not depend
/// on the length of the run, ...
const BUFFER_BYTES: usize = 1 << 20;
/// ... and not more rows than this, which for small networks is already far cheaper to write than to compute.
const BUFFER_ROWS: usize = 1024;

/// Writes a run folder. See [`super`] for what a reader sees at any moment.
///
/// Commits by itself when a buffer is full, after [`MAX_UNCOMMITTED`], with every evaluation, and when dropped (where an
/// error has nobody to go to: call [`finish`](RunWriter::finish)). After `create`, taking a row allocates nothing.
#[derive(Debug)]
pub struct RunWriter {
    dir: PathBuf,
    header: Header,
    widths: Widths,
    steps: StepColumns,
    snapshots: SnapshotColumns,
    evals: EvalColumns,
    clock: CommitClock,
    finished: bool,
}

#[derive(Debug)]
struct StepColumns {
    key: Key,
    scalars: [NpyWriter<f64>; 4],
    tensors: [NpyWriter<f64>; 5],
    layers: [NpyWriter<f64>; 2],
}

#[derive(Debug)]
struct SnapshotColumns {
    key: Key,
    distance: NpyWriter<f64>,
    zeros: NpyWriter<f64>,
    activations: [NpyWriter<f64>; 5],
    sketch: Option<NpyWriter<f32>>,
}

#[derive(Debug)]
struct EvalColumns {
    key: Key,
    scalars: [NpyWriter<f64>; 5],
    validation: [NpyWriter<f64>; 2],
}

/// The step column of a table, and how full its buffers are.
#[derive(Debug)]
struct Key {
    column: NpyWriter<i64>,
    last: Option<u64>,
    buffered: usize,
    /// Rows for which every column of the table has reserved memory.
    room: usize,
}

impl RunWriter {
    /// Starts a run in `dir`, which is created when it is not there. The status of `header` is taken as running.
    ///
    /// An existing folder must be empty; with `overwrite` it may also hold a run, of which the files of the format and the
    /// saved weights are removed and nothing else.
    ///
    /// # Errors
    /// [`RecordError::Exists`] and [`RecordError::NotOurs`] when the folder is not free, [`RecordError::Io`] when it cannot be
    /// written, [`RecordError::Invalid`] when the header contradicts itself. An existing run is touched only after all of
    /// these have been checked. Where the files cannot be made (a full disk), those that were are removed again.
    pub fn create(dir: &Path, header: &Header, overwrite: bool) -> Result<RunWriter, RecordError> {
        header.check()?;
        let header = Header { status: Status::Running, elapsed_secs: None, ..header.clone() };
        let was_there = dir.exists();
        fs::create_dir_all(dir).map_err(RecordError::io("create the folder", dir))?;
        let replaces = claim(dir, overwrite)?;
        // The error of what went wrong is the one that is told, not that of tidying up.
        let leave = || {
            if !was_there {
                let _ = fs::remove_dir(dir);
            }
        };
        // The new header first goes beside its place, which shows that the folder can be written before anything in it
        // is removed, and marks it as a run's. The old header goes before the old arrays and the new one comes after the
        // new arrays: whenever a kill comes, a header stands only before whole arrays of its own.
        write_meta_part(dir, &header).inspect_err(|_| leave())?;
        if replaces {
            remove(&dir.join(META))?;
            remove_arrays(dir)?;
        }
        RunWriter::fill(dir, header).inspect_err(|_| {
            if remove_arrays(dir).is_ok() {
                let _ = fs::remove_file(dir.join(META_PART));
            }
            leave();
        })
    }

    /// Puts empty arrays into a folder that holds none, and then the header.
    fn fill(dir: &Path, header: Header) -> Result<RunWriter, RecordError> {
        let widths = Widths::of(&header);
        let step_room = room(8 * (5 + 5 * widths.tensors + 2 * widths.layers));
        let snapshot_room = room(8 * (1 + 2 * widths.tensors + 5 * widths.layers) + widths.sketch.saturating_mul(4));
        let [t, l] = [&[widths.tensors][..], &[widths.layers][..]];
        let steps = StepColumns {
            key: Key::create(dir, STEP, step_room)?,
            scalars: columns(dir, STEP_SCALARS, &[], step_room)?,
            tensors: columns(dir, TensorMetric::ALL.map(TensorMetric::name), t, step_room)?,
            layers: columns(dir, LayerMetric::ALL.map(LayerMetric::name), l, step_room)?,
        };
        let snapshots = SnapshotColumns {
            key: Key::create(dir, SNAPSHOT_STEP, snapshot_room)?,
            distance: column(dir, DISTANCE, t, snapshot_room)?,
            zeros: column(dir, ZEROS, t, snapshot_room)?,
            activations: columns(dir, ActivationMetric::ALL.map(ActivationMetric::name), l, snapshot_room)?,
            sketch: match header.sketch_buckets {
                Some(m) => Some(column(dir, SKETCH, &[widths.tensors, m], snapshot_room)?),
                None => None,
            },
        };
        // Evaluations are committed one by one; more are buffered only while the disk refuses them.
        let evals = EvalColumns {
            key: Key::create(dir, EVAL_STEP, 1)?,
            scalars: columns(dir, EVAL_SCALARS, &[], 1)?,
            validation: columns(dir, EVAL_VALIDATION, &[], 1)?,
        };
        publish_meta(dir)?;
        let clock = CommitClock::new();
        Ok(RunWriter { dir: dir.to_path_buf(), header, widths, steps, snapshots, evals, clock, finished: false })
    }

    /// Whether [`RunWriter::create`] would find a place, without leaving anything there: to be asked before the work that
    /// is to be recorded begins.
    ///
    /// # Errors
    /// As `create`'s for the folder.
    pub fn check_place(dir: &Path, overwrite: bool) -> Result<(), RecordError> {
        let there = dir.ancestors().find(|p| p.exists() || p.as_os_str().is_empty()).unwrap_or(dir);
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        if there == dir {
            claim(dir, overwrite)?;
        }
        // The probe's own error would name the probe.
        let probe = tempfile::Builder::new().prefix(".gradfade-").tempfile_in(there);
        probe.map(drop).map_err(|e| RecordError::io("write there", there)(e.kind().into()))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes all rows taken so far readable.
    ///
    /// # Errors
    /// [`RecordError::Io`] naming the file. Rows that were committed before stay readable, the others stay buffered.
    pub fn commit(&mut self) -> Result<(), RecordError> {
        self.clock.restart();
        self.steps.commit()?;
        self.snapshots.commit()?;
        self.evals.commit()
    }

    /// What early stopping did, for the header that [`finish`](RunWriter::finish) writes.
    pub fn set_early_stop(&mut self, early_stop: Option<EarlyStop>) {
        self.header.early_stop = early_stop;
    }

    /// Commits, and writes how the run ended into `meta.json`.
    ///
    /// # Errors
    /// [`RecordError::Io`]; the run then still reads as running.
    pub fn finish(self, status: Status, elapsed_secs: f64) -> Result<(), RecordError> {
        self.close(status, Some(elapsed_secs))
    }

    fn close(mut self, status: Status, elapsed_secs: Option<f64>) -> Result<(), RecordError> {
        self.commit()?;
        self.finished = true;
        self.header.status = status;
        self.header.elapsed_secs = elapsed_secs.filter(|secs| secs.is_finite());
        write_meta_part(&self.dir, &self.header)?;
        publish_meta(&self.dir)
    }
}

impl Drop for RunWriter {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.commit();
        }
    }
}

impl RecordSink for RunWriter {
    fn step(&mut self, row: &StepRow<'_>) -> Result<(), RecordError> {
        self.widths.fits_step(row).map_err(|what| invalid(&self.header, what))?;
        follows("step", self.steps.key.last, row.step).map_err(|what| invalid(&self.header, what))?;
        // Before the row is taken, not after: while the disk refuses, rows are refused, and the buffers do not grow.
        if self.steps.key.is_full() {
            self.commit()?;
        }
        self.steps.push(row)?;
        if self.clock.is_due() { self.commit() } else { Ok(()) }
    }

    fn snapshot(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        self.widths.fits_snapshot(row).map_err(|what| invalid(&self.header, what))?;
        follows("snapshot", self.snapshots.key.last, row.step).map_err(|what| invalid(&self.header, what))?;
        if self.snapshots.key.is_full() {
            self.commit()?;
        }
        self.snapshots.push(row)
    }

    fn eval(&mut self, row: &EvalRow) -> Result<(), RecordError> {
        follows("evaluation", self.evals.key.last, row.step).map_err(|what| invalid(&self.header, what))?;
        if self.evals.key.is_full() {
            self.commit()?;
        }
        self.evals.push(row)?;
        self.commit()
    }
}

impl StepColumns {
    fn push(&mut self, row: &StepRow<'_>) -> Result<(), RecordError> {
        self.key.push(row.step)?;
        let scalars = [row.epoch, row.learning_rate, row.loss, row.batch_accuracy];
        self.scalars.iter_mut().zip(scalars).try_for_each(|(column, value)| column.push(&[value]))?;
        self.tensors.iter_mut().zip(row.tensors).try_for_each(|(column, values)| column.push(values))?;
        self.layers.iter_mut().zip(row.layers).try_for_each(|(column, values)| column.push(values))
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        self.scalars.iter_mut().chain(&mut self.tensors).chain(&mut self.layers).try_for_each(NpyWriter::commit)?;
        self.key.commit()
    }
}

impl SnapshotColumns {
    fn push(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        self.key.push(row.step)?;
        self.distance.push(row.distance_from_init)?;
        self.zeros.push(row.zero_share)?;
        self.activations.iter_mut().zip(row.activations).try_for_each(|(column, values)| column.push(values))?;
        self.sketch.as_mut().map_or(Ok(()), |column| column.push(row.sketch))
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        self.distance.commit()?;
        self.zeros.commit()?;
        self.activations.iter_mut().try_for_each(NpyWriter::commit)?;
        self.sketch.as_mut().map_or(Ok(()), NpyWriter::commit)?;
        self.key.commit()
    }
}

impl EvalColumns {
    fn push(&mut self, row: &EvalRow) -> Result<(), RecordError> {
        self.key.push(row.step)?;
        let scalars = [row.epoch, row.train_loss, row.train_accuracy, row.test_loss, row.test_accuracy];
        let validation = [row.validation_loss, row.validation_accuracy];
        let mut values = self.scalars.iter_mut().zip(scalars).chain(self.validation.iter_mut().zip(validation));
        values.try_for_each(|(column, value)| column.push(&[value]))
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        self.scalars.iter_mut().chain(&mut self.validation).try_for_each(NpyWriter::commit)?;
        self.key.commit()
    }
}

impl Key {
    fn create(dir: &Path, stem: &str, room: usize) -> Result<Key, RecordError> {
        Ok(Key { column: column(dir, stem, &[], room)?, last: None, buffered: 0, room })
    }

    fn is_full(&self) -> bool {
        self.buffered >= self.room
    }

    fn push(&mut self, step: u64) -> Result<(), RecordError> {
        self.last = Some(step);
        self.buffered += 1;
        self.column.push(&[step as i64])
    }

    /// The last column of a table to be committed: once it is, so are the others.
    fn commit(&mut self) -> Result<(), RecordError> {
        self.column.commit()?;
        self.buffered = 0;
        Ok(())
    }
}

/// Tells when [`MAX_UNCOMMITTED`] is over without asking the system's clock at every step, which can cost as much as
/// taking the row: it is asked about every 20 ms, judged by the pace of the steps before.
#[derive(Debug)]
struct CommitClock {
    committed: Instant,
    asked: Instant,
    /// Steps from one question to the next, and those left until then.
    stride: u32,
    left: u32,
}

impl CommitClock {
    const ASK_EVERY: Duration = Duration::from_millis(20);
    const MAX_STRIDE: u32 = 64;

    fn new() -> CommitClock {
        let now = Instant::now();
        CommitClock { committed: now, asked: now, stride: 1, left: 1 }
    }

    fn restart(&mut self) {
        self.committed = Instant::now();
    }

    fn is_due(&mut self) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        let now = Instant::now();
        let per_step = (now - self.asked).as_secs_f64() / f64::from(self.stride);
        // A float-to-integer cast saturates, so a pace too fast to measure gives the largest stride.
        self.stride = ((Self::ASK_EVERY.as_secs_f64() / per_step) as u32).clamp(1, Self::MAX_STRIDE);
        self.left = self.stride;
        self.asked = now;
        now - self.committed >= MAX_UNCOMMITTED
    }
}

/// Rows to reserve memory for, given the bytes of one.
fn room(row_bytes: usize) -> usize {
    (BUFFER_BYTES / row_bytes.max(1)).clamp(1, BUFFER_ROWS)
}

fn column<T: Element>(dir: &Path, stem: &str, inner: &[usize], room: usize) -> Result<NpyWriter<T>, RecordError> {
    NpyWriter::create(&dir.join(file_name(stem)), inner, room)
}

fn columns<const N: usize>(
    dir: &Path,
    stems: [&str; N],
    inner: &[usize],
    room: usize,
) -> Result<[NpyWriter<f64>; N], RecordError> {
    let made = stems.iter().map(|stem| column(dir, stem, inner, room)).collect::<Result<Vec<_>, _>>()?;
    made.try_into().map_err(|_| RecordError::Array { path: dir.to_path_buf(), what: "a column was lost".to_string() })
}

/// Checks that `dir` may be filled; true when it holds a run, or what is left of one, that is to be replaced.
fn claim(dir: &Path, overwrite: bool) -> Result<bool, RecordError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(RecordError::io("use it as the folder of a run", dir))? {
        names.push(entry.map_err(RecordError::io("list it", dir))?.file_name());
    }
    if names.is_empty() {
        return Ok(false);
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let unborn = has(META_PART) && !has(META);
    // A writer that was killed before its header came has recorded nothing.
    if unborn && names.iter().all(|name| name == META_PART || own_files().any(|own| *name == *own)) {
        return Ok(true);
    }
    if !overwrite {
        return Err(RecordError::Exists { path: dir.to_path_buf() });
    }
    let not_ours = |why: String| RecordError::NotOurs { path: dir.to_path_buf(), why };
    let meta = if unborn { META_PART } else { META };
    let text = match fs::read(dir.join(meta)) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(not_ours(format!("it has no {META}"))),
        Err(e) => return Err(RecordError::io("read it", &dir.join(meta))(e)),
    };
    // Any version of the format may be replaced, but somebody else's meta.json may not.
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    // A header that was cut short describes nothing; the files beside it tell whose it was.
    let own = |name: &std::ffi::OsString| name == META || name == META_PART || own_files().any(|own| *name == *own);
    let torn = value.is_null() && has(&file_name(STEP)) && names.iter().all(own);
    let described = value["schema"].is_u64() && value["layers"].is_array();
    if !described && !torn {
        return Err(not_ours(format!("its {meta} does not describe a run")));
    }
    Ok(true)
}

/// Names of the files that belong to a run, without its header.
fn own_files() -> impl Iterator<Item = String> {
    array_stems().map(file_name).chain(WEIGHTS.map(String::from))
}

/// Removes the arrays and weights of a run, and no other file.
fn remove_arrays(dir: &Path) -> Result<(), RecordError> {
    own_files().try_for_each(|name| remove(&dir.join(name)))
}

fn remove(path: &Path) -> Result<(), RecordError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RecordError::io("remove it", path)(e)),
        _ => Ok(()),
    }
}

fn write_meta_part(dir: &Path, header: &Header) -> Result<(), RecordError> {
    let path = dir.join(META_PART);
    let write = || -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(header)?;
        text.push(b'\n');
        let mut file = fs::File::create(&path)?;
        file.write_all(&text)?;
        // On the disk before it takes the old one's place, or a power failure could leave an empty file there.
        file.sync_all()
    };
    write().map_err(|e| {
        let _ = fs::remove_file(&path);
        RecordError::io("write it", &path)(e)
    })
}

fn publish_meta(dir: &Path) -> Result<(), RecordError> {
    let path = dir.join(META);
    fs::rename(dir.join(META_PART), &path).map_err(RecordError::io("put it in place", &path))
}

impl Record {
    /// Writes the whole record as a run folder, with the status that its header has.
    ///
    /// # Errors
    /// As [`Record::check`], [`RunWriter::create`] and [`RunWriter::commit`].
    pub fn write(&self, dir: &Path, overwrite: bool) -> Result<(), RecordError> {
        self.check()?;
        let mut writer = RunWriter::create(dir, &self.header, overwrite)?;
        (0..self.len()).try_for_each(|i| writer.step(&self.step_row(i)))?;
        (0..self.snapshots.step.len()).try_for_each(|i| writer.snapshot(&self.snapshot_row(i)))?;
        for row in &self.evals {
            writer.eval(row)?;
        }
        writer.close(self.header.status.clone(), self.header.elapsed_secs)
    }
}
