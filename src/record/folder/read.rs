//! Reading a run folder, also one that is being written or that was torn.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::error::again;
use super::super::header::SCHEMA;
use super::super::metrics::*;
use super::super::npy::{self, NpyArray};
use super::super::rows::Widths;
use super::super::schema1;
use super::super::{Header, Record, RecordError, Rows};
use super::{META, array_stems, file_name};
use crate::escape;
use crate::field::Field;
use crate::stats::is_missing;

/// What every folder of schema 1 holds: a file of these that is not there was lost. Later metrics are not
/// expected in it.
const OF_SCHEMA_1: [MetricId; 23] = [
    EPOCH,
    LEARNING_RATE,
    LOSS,
    BATCH_ACCURACY,
    GRAD_NORM,
    UPDATE_NORM,
    DRIVEN_NORM,
    DECAY_NORM,
    PARAM_NORM,
    SIGNAL_RMS,
    GRAD_RMS,
    DISTANCE_FROM_INIT,
    ACTIVATION_MEAN,
    ACTIVATION_STD,
    SATURATED_SHARE,
    DEAD_SHARE,
    MEAN_SQUARED_SLOPE,
    SKETCH,
    EVAL_EPOCH,
    TRAIN_LOSS,
    TRAIN_ACCURACY,
    TEST_LOSS,
    TEST_ACCURACY,
];

/// The longest name of a run and the longest label that are shown, in characters: figures have no room for
/// more.
const LONGEST_NAME: usize = 200;

/// A header is a few kilobytes; a file above this is something else.
const MAX_META_BYTES: u64 = 64 << 20;

/// What a reader of a run should know although the run could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The array is shorter than its header says; the whole rows that exist were read.
    Truncated { path: PathBuf, promised: u64, found: usize },
    /// The arrays of a table differ in length; the rows that all of them have were kept.
    Uneven { table: &'static str, kept: usize, longest: usize },
    /// Numbers that are not a number although the loss is finite, in a record of another program.
    NotANumber { path: PathBuf, place: String, step: u64, count: usize },
    /// The array is not there although the program that wrote the run always wrote it; its values are
    /// missing.
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
                "{table} table: the arrays hold {kept} to {longest} rows, the first {kept} are used (the run is still going on, or was cut off)"
            ),
            Warning::NotANumber { path, place, step, count } => write!(
                f,
                "{}: {place} is NaN at step {step}, {count} values in all, although the loss is finite; not measured? leave the file out",
                path.display()
            ),
            Warning::Absent { path } => {
                write!(f, "{}: not there, its values count as missing", path.display())
            }
        }
    }
}

impl Record {
    /// Reads a run folder. The record is checked; the warnings tell what was lost.
    ///
    /// # Errors
    /// [`RecordError::NotARun`] without `meta.json`; [`RecordError::Newer`] and [`RecordError::Json`] when
    /// that cannot be read; [`RecordError::NoSteps`] without `step.npy`; [`RecordError::Array`] when an array
    /// is broken or its shape disagrees with the header; [`RecordError::Invalid`] when the steps of a table
    /// do not increase; [`RecordError::Io`].
    pub fn read(dir: &Path) -> Result<(Record, Vec<Warning>), RecordError> {
        let (mut header, schema) = read_header(dir)?;
        let expects_all = schema == 1 && header.source.tool == env!("CARGO_PKG_NAME");
        let mut warnings = Vec::new();
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            tables.push(Files::new(dir, table, expects_all, &mut warnings).read(&header)?);
        }
        // A sketch has no number for "missing", so a run that lost its file counts as one without a sketch.
        let lost = |t: &Columns| !t.step.is_empty() && !t.singles.contains_key(&SKETCH);
        if tables.iter().any(|t| t.table == Table::Snapshot && lost(t)) {
            header.sketch_buckets = None;
        }
        let record = assemble(header, tables, dir)?;
        warnings.extend(MetricId::all().filter_map(|metric| gap(&record, dir, metric)));
        Ok((record, warnings))
    }

    /// Reads the end of a run that may still be going on: the last `rows` rows of its step table and all
    /// evaluations, but no snapshots. Costs as much after an hour of training as at its beginning.
    ///
    /// # Errors
    /// As [`Record::read`].
    pub fn read_end(dir: &Path, rows: usize) -> Result<Record, RecordError> {
        let (header, _) = read_header(dir)?;
        let mut unsaid = Vec::new();
        let mut steps = Files::new(dir, Table::Step, false, &mut unsaid);
        steps.first = steps.rows_to_skip(rows)?;
        let steps = steps.read(&header)?;
        let evaluations = Files::new(dir, Table::Evaluation, false, &mut unsaid).read(&header)?;
        assemble(header, vec![steps, evaluations], dir)
    }
}

/// The record of these columns, checked; a table that is not among them is empty.
fn assemble(header: Header, tables: Vec<Columns>, dir: &Path) -> Result<Record, RecordError> {
    let mut record = Record::new(header);
    for mut t in tables {
        let doubles = |metric: MetricId| t.doubles.remove(&metric);
        let singles = |metric: MetricId| t.singles.remove(&metric);
        *record.table_mut(t.table) = Rows::from_columns(t.table, &record.header, t.step, doubles, singles);
    }
    record.check().map_err(|e| at(e, dir))?;
    Ok(record)
}

/// The first plain NaN of a metric that no divergence explains.
fn gap(record: &Record, dir: &Path, metric: MetricId) -> Option<Warning> {
    if !record.is_foreign() {
        return None;
    }
    let rows = record.table(metric.table);
    let is_gap = |x: &f64| x.is_nan() && !is_missing(*x);
    let width = rows[metric].len().checked_div(rows.len())?;
    let first = rows[metric].iter().position(is_gap)?;
    let step = rows.step()[first / width];
    if metric == LOSS || step >= record.gaps_end() {
        return None;
    }
    let index = first % width;
    let place = match metric.per {
        Per::Run => metric.id.to_string(),
        Per::Layer => format!("layer {} ({})", index + 1, record.header.layers[index].name),
        Per::Tensor => {
            let tensor = &record.header.tensors[index];
            format!("layer {} ({})", tensor.layer, tensor.name)
        }
    };
    let path = dir.join(file_name(metric.id));
    Some(Warning::NotANumber { path, place, step, count: rows[metric].iter().filter(|x| is_gap(x)).count() })
}

/// The columns of one table, cut to the rows that all of them have.
struct Columns {
    table: Table,
    step: Vec<u64>,
    doubles: BTreeMap<MetricId, Vec<f64>>,
    singles: BTreeMap<MetricId, Vec<f32>>,
}

/// One table while its arrays are read.
struct Files<'a> {
    dir: &'a Path,
    table: Table,
    /// Whether its writer made a file for every metric that there was.
    expects_all: bool,
    /// Rows before this one are not read.
    first: u64,
    shortest: usize,
    longest: usize,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Files<'a> {
    fn new(dir: &'a Path, table: Table, expects_all: bool, warnings: &'a mut Vec<Warning>) -> Files<'a> {
        Files { dir, table, expects_all, first: 0, shortest: usize::MAX, longest: 0, warnings }
    }

    /// Rows before the last `rows` ones, as the key column has them.
    fn rows_to_skip(&self, rows: usize) -> Result<u64, RecordError> {
        let path = self.dir.join(file_name(self.table.key()));
        match npy::read_npy_from::<i64>(&path, u64::MAX) {
            Ok(none) => Ok(none.skipped.saturating_sub(rows as u64)),
            // What is wrong with it is said where it is read.
            Err(_) => Ok(0),
        }
    }

    fn read(&mut self, header: &Header) -> Result<Columns, RecordError> {
        let widths = Widths::of(header);
        let mut columns = Columns {
            table: self.table,
            step: Vec::new(),
            doubles: BTreeMap::new(),
            singles: BTreeMap::new(),
        };
        // The key column first: a running writer commits it last, so that the others have at least as many
        // rows.
        let path = self.dir.join(file_name(self.table.key()));
        let Some(key) = self.column::<i64>(self.table.key(), &[], self.expects_all)? else {
            return if self.table == Table::Step { Err(RecordError::NoSteps { path }) } else { Ok(columns) };
        };
        for metric in self.table.metrics() {
            let shape = widths.shape(metric);
            let is_expected = self.expects_all && OF_SCHEMA_1.contains(&metric);
            match metric.element {
                Element::F64 => {
                    let values = self.column(metric.id, &shape, is_expected)?;
                    columns.doubles.extend(values.map(|values| (metric, values)));
                }
                Element::F32 if metric != SKETCH || header.sketch_buckets.is_some() => {
                    let values = self.column(metric.id, &shape, is_expected)?;
                    columns.singles.extend(values.map(|values| (metric, values)));
                }
                Element::F32 => {}
            }
        }
        let rows = self.shortest;
        if self.longest > rows {
            self.warnings.push(Warning::Uneven {
                table: self.table.name(),
                kept: rows,
                longest: self.longest,
            });
        }
        columns
            .doubles
            .iter_mut()
            .for_each(|(&metric, values)| values.truncate(rows * widths.of_metric(metric)));
        columns
            .singles
            .iter_mut()
            .for_each(|(&metric, values)| values.truncate(rows * widths.of_metric(metric)));
        let step = |&step: &i64| {
            u64::try_from(step).map_err(|_| damaged(path.clone(), &format!("negative step {step}")))
        };
        columns.step = key[..rows].iter().map(step).collect::<Result<_, _>>()?;
        Ok(columns)
    }

    /// The values of an array with rows of shape `inner`; `None` when it is not there.
    fn column<T: npy::Element>(
        &mut self,
        stem: &str,
        inner: &[usize],
        is_expected: bool,
    ) -> Result<Option<Vec<T>>, RecordError> {
        debug_assert!(array_stems().any(|known| known == stem));
        let path = self.dir.join(file_name(stem));
        let array: NpyArray<T> = match npy::read_npy_from(&path, self.first) {
            Err(RecordError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                if is_expected {
                    self.warnings.push(Warning::Absent { path });
                }
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
}

/// An array that cannot be used. All but the steps may be absent.
fn damaged(path: PathBuf, what: &str) -> RecordError {
    let way_out = match path.ends_with(file_name(Table::Step.key())) {
        true => format!("without its steps a run cannot be read: {}", again()),
        false => {
            format!("move this file away to read the run without it, or train it again with {}", Field::Force)
        }
    };
    RecordError::Array { path, what: format!("{what}; {way_out}") }
}

/// A demo and a sweep hold runs; if their folder is named, one of those is meant.
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

/// The header, and the schema that it was written in.
fn read_header(dir: &Path) -> Result<(Header, u64), RecordError> {
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
    // The run may be of unknown origin, and its words go into terminals, notes and pages.
    let text = escape::json_words(&text);

    #[derive(Deserialize)]
    struct Version {
        schema: u64,
    }
    // The version alone first: what follows it may look different in a newer format.
    let version: Version = parse(&text, &path)?;
    if version.schema > u64::from(SCHEMA) {
        return Err(RecordError::Newer { path, found: version.schema, known: SCHEMA });
    }
    let mut header: Header = match version.schema {
        1 => parse::<schema1::Header>(&text, &path)?.into(),
        _ => parse(&text, &path)?,
    };
    header.run = escape::shortened(&header.run, LONGEST_NAME).into_owned();
    for label in header.labels.values_mut() {
        *label = escape::shortened(label, LONGEST_NAME).into_owned();
    }
    header.check().map_err(|e| at(e, &path))?;
    Ok((header, version.schema))
}

fn parse<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<T, RecordError> {
    serde_json::from_slice(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let message = e.to_string();
        // serde_json repeats the place at the end of its message.
        let what =
            message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message).to_string();
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
