//! Reading a run folder, also one that is being written or that was torn.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::error::again;
use super::super::header::SCHEMA;
use super::super::npy::{Element, NpyArray, read_npy};
use super::super::sink::Widths;
use super::super::{ActivationMetric, EvalRow, Header, LayerMetric, Record, RecordError, TensorMetric};
use super::{
    DISTANCE, EVAL_SCALARS, EVAL_STEP, EVAL_VALIDATION, META, SKETCH, SNAPSHOT_STEP, STEP, STEP_SCALARS, ZEROS,
    array_stems, file_name,
};
use crate::field::Field;
use crate::stats::MISSING;

/// A header is a few kilobytes; a file above this is something else.
const MAX_META_BYTES: u64 = 64 << 20;

/// What a reader of a run should know although the run could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The array is shorter than its header says; the whole rows that exist were read.
    Truncated { path: PathBuf, promised: u64, found: usize },
    /// The arrays of a table differ in length; the rows that all of them have were kept.
    Uneven { table: &'static str, kept: usize, longest: usize },
    /// The array is not there; its values are missing.
    Absent { path: PathBuf },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Truncated { path, promised, found } => {
                write!(f, "{}: cut short, {found} of {promised} rows are there", path.display())
            }
            Warning::Uneven { table, kept, longest } => write!(
                f,
                "{table} table: the arrays hold {kept} to {longest} rows, the first {kept} are used (the run goes on, or was cut off)"
            ),
            Warning::Absent { path } => write!(f, "{}: not there, its values count as missing", path.display()),
        }
    }
}

impl Record {
    /// Reads a run folder. The record is checked; the warnings tell what was lost.
    ///
    /// # Errors
    /// [`RecordError::NotARun`] without `meta.json`; [`RecordError::Newer`] and [`RecordError::Json`] when that cannot be
    /// read; [`RecordError::NoSteps`] without `step.npy`; [`RecordError::Array`] when an array is broken or its shape disagrees
    /// with the header; [`RecordError::Invalid`] when the steps of a table do not increase; [`RecordError::Io`].
    pub fn read(dir: &Path) -> Result<(Record, Vec<Warning>), RecordError> {
        let mut header = read_header(dir)?;
        let widths = Widths::of(&header);
        let (t, l) = (widths.tensors, widths.layers);
        let mut warnings = Vec::new();

        // The key column first: a running writer commits it last, so that the others have at least as many rows.
        let mut table = Table::open(dir, "step", STEP, &mut warnings)?
            .ok_or_else(|| RecordError::NoSteps { path: dir.join(file_name(STEP)) })?;
        let scalars = table.columns(STEP_SCALARS, &[])?;
        let tensors = table.columns(TensorMetric::ALL.map(TensorMetric::name), &[t])?;
        let layers = table.columns(LayerMetric::ALL.map(LayerMetric::name), &[l])?;
        let rows = table.rows();
        let step = table.keys()?;
        let [epoch, learning_rate, loss, batch_accuracy] = scalars.map(|c| fill(c, rows, 1));
        let mut record = Record::new(header.clone());
        let s = &mut record.steps;
        (s.step, s.epoch, s.learning_rate, s.loss, s.batch_accuracy) =
            (step, epoch, learning_rate, loss, batch_accuracy);
        s.tensors = tensors.map(|c| fill(c, rows, t));
        s.layers = layers.map(|c| fill(c, rows, l));

        if let Some(mut table) = Table::open(dir, "snapshot", SNAPSHOT_STEP, &mut warnings)? {
            let distance = table.column::<f64>(DISTANCE, &[t])?;
            let zeros = table.later_column(ZEROS, &[t])?;
            let activations = table.columns(ActivationMetric::ALL.map(ActivationMetric::name), &[l])?;
            let sketch = match header.sketch_buckets {
                Some(m) => table.column::<f32>(SKETCH, &[t, m])?,
                None => None,
            };
            let rows = table.rows();
            let s = &mut record.snapshots;
            s.step = table.keys()?;
            s.distance_from_init = fill(distance, rows, t);
            s.zero_share = fill(zeros, rows, t);
            s.activations = activations.map(|c| fill(c, rows, l));
            match sketch {
                Some(mut values) => {
                    values.truncate(rows * widths.sketch);
                    s.sketch = values;
                }
                // A sketch has no value for "missing", so the run counts as one without a sketch.
                None => header.sketch_buckets = None,
            }
        }

        if let Some(mut table) = Table::open(dir, "evaluation", EVAL_STEP, &mut warnings)? {
            let scalars = table.columns(EVAL_SCALARS, &[])?;
            let [loss, accuracy] = EVAL_VALIDATION;
            let validation = [table.later_column(loss, &[])?, table.later_column(accuracy, &[])?];
            let rows = table.rows();
            let [validation_loss, validation_accuracy] = validation.map(|c| fill(c, rows, 1));
            let [epoch, train_loss, train_accuracy, test_loss, test_accuracy] = scalars.map(|c| fill(c, rows, 1));
            let row = |(i, step)| EvalRow {
                step,
                epoch: epoch[i],
                train_loss: train_loss[i],
                train_accuracy: train_accuracy[i],
                test_loss: test_loss[i],
                test_accuracy: test_accuracy[i],
                validation_loss: validation_loss[i],
                validation_accuracy: validation_accuracy[i],
            };
            record.evals = table.keys()?.into_iter().enumerate().map(row).collect();
        }

        record.header = header;
        record.check().map_err(|e| at(e, dir))?;
        Ok((record, warnings))
    }
}

/// One table while its arrays are read.
struct Table<'a> {
    dir: &'a Path,
    name: &'static str,
    key_path: PathBuf,
    key: Vec<i64>,
    shortest: usize,
    longest: usize,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Table<'a> {
    fn open(
        dir: &'a Path,
        name: &'static str,
        key: &str,
        warnings: &'a mut Vec<Warning>,
    ) -> Result<Option<Table<'a>>, RecordError> {
        let key_path = dir.join(file_name(key));
        let mut table = Table { dir, name, key_path, key: Vec::new(), shortest: usize::MAX, longest: 0, warnings };
        let Some(key) = table.column(key, &[])? else { return Ok(None) };
        table.key = key;
        Ok(Some(table))
    }

    /// The values of an array with rows of shape `inner`; `None` with a warning when it is not there.
    fn column<T: Element>(&mut self, stem: &str, inner: &[usize]) -> Result<Option<Vec<T>>, RecordError> {
        debug_assert!(array_stems().any(|known| known == stem));
        let path = self.dir.join(file_name(stem));
        let array: NpyArray<T> = match read_npy(&path) {
            Err(RecordError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                self.warnings.push(Warning::Absent { path });
                return Ok(None);
            }
            Err(RecordError::Array { path, what }) => return Err(damaged(path, &what)),
            other => other?,
        };
        if array.shape[1..] != *inner {
            let found = &array.shape[1..];
            let what = format!("rows of shape {found:?}, but {META} describes rows of shape {inner:?}");
            return Err(damaged(path, &what));
        }
        let rows = array.rows();
        if array.truncated() {
            self.warnings.push(Warning::Truncated { path, promised: array.promised_rows, found: rows });
        }
        self.shortest = self.shortest.min(rows);
        self.longest = self.longest.max(rows);
        Ok(Some(array.data))
    }

    /// The same for an array that runs of the first version do not have.
    fn later_column(&mut self, stem: &str, inner: &[usize]) -> Result<Option<Vec<f64>>, RecordError> {
        if self.dir.join(file_name(stem)).exists() { self.column(stem, inner) } else { Ok(None) }
    }

    fn columns<const N: usize>(
        &mut self,
        stems: [&str; N],
        inner: &[usize],
    ) -> Result<[Option<Vec<f64>>; N], RecordError> {
        let mut columns = [const { None }; N];
        for (column, stem) in columns.iter_mut().zip(stems) {
            *column = self.column(stem, inner)?;
        }
        Ok(columns)
    }

    /// Rows that all arrays read so far have.
    fn rows(&self) -> usize {
        self.shortest
    }

    /// The steps of those rows; the last thing asked of a table.
    fn keys(self) -> Result<Vec<u64>, RecordError> {
        if self.longest > self.shortest {
            self.warnings.push(Warning::Uneven { table: self.name, kept: self.shortest, longest: self.longest });
        }
        let path = self.key_path;
        let key =
            |&step: &i64| u64::try_from(step).map_err(|_| damaged(path.clone(), &format!("negative step {step}")));
        self.key[..self.shortest].iter().map(key).collect()
    }
}

/// An array that cannot be used. All but the steps may be absent.
fn damaged(path: PathBuf, what: &str) -> RecordError {
    let way_out = match path.ends_with(file_name(STEP)) {
        true => format!("without its steps a run cannot be read: {}", again()),
        false => format!("move this file away to read the run without it, or train it again with {}", Field::Force),
    };
    RecordError::Array { path, what: format!("{what}; {way_out}") }
}

/// Cuts a column to the table's rows; an absent one is filled with missing values.
fn fill(column: Option<Vec<f64>>, rows: usize, width: usize) -> Vec<f64> {
    match column {
        Some(mut values) => {
            values.truncate(rows * width);
            values
        }
        None => vec![MISSING; rows * width],
    }
}

/// A demo and a sweep hold runs; somebody who names them means one of those.
fn run_inside(dir: &Path) -> String {
    let runs_in = |dir: &Path| {
        let mut runs: Vec<_> = fs::read_dir(dir)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|e| e.path()))
            .filter(|p| p.join(META).is_file())
            .collect();
        runs.sort();
        runs.into_iter().next()
    };
    let run = runs_in(dir).or_else(|| runs_in(&dir.join("cells")));
    run.map(|run| format!(", such as {}", run.display())).unwrap_or_default()
}

fn read_header(dir: &Path) -> Result<Header, RecordError> {
    let path = dir.join(META);
    let meta = match fs::metadata(&path) {
        Ok(meta) => meta,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            // A folder that does not exist is another mistake than a folder without a run.
            let there = fs::metadata(dir);
            if there.is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
                return Err(RecordError::NoFolder { path: dir.to_path_buf() });
            }
            return Err(RecordError::NotARun { path: dir.to_path_buf(), hint: run_inside(dir) });
        }
        Err(e) => return Err(RecordError::io("read it", &path)(e)),
    };
    if !meta.is_file() || meta.len() > MAX_META_BYTES {
        return Err(RecordError::Array { path, what: "not the header of a run".to_string() });
    }
    let text = fs::read(&path).map_err(RecordError::io("read it", &path))?;

    #[derive(Deserialize)]
    struct Version {
        schema: u64,
    }
    // The version alone first: what follows it may look different in a newer format.
    let version: Version = parse(&text, &path)?;
    if version.schema > u64::from(SCHEMA) {
        return Err(RecordError::Newer { path, found: version.schema, known: SCHEMA });
    }
    let header: Header = parse(&text, &path)?;
    header.check().map_err(|e| at(e, &path))?;
    Ok(header)
}

fn parse<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<T, RecordError> {
    serde_json::from_slice(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let message = e.to_string();
        // serde_json repeats the place at the end of its message.
        let what = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message).to_string();
        RecordError::Json { path: path.to_path_buf(), line, column, what }
    })
}

/// Names the folder or file in place of the run's name, and the way out.
fn at(error: RecordError, path: &Path) -> RecordError {
    match error {
        RecordError::Invalid { what, .. } => {
            RecordError::Invalid { place: path.display().to_string(), what: format!("{what}; {}", again()) }
        }
        other => other,
    }
}
