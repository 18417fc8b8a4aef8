//! Writing a run folder while the run goes on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::npy::{self, NpyWriter};
use super::super::rows::{Widths, follows, invalid};
use super::super::{
    Element, Ended, Header, METRICS, MetricId, Record, RecordError, RecordSink, Row, Status, Table,
    ValueKind, Values,
};
use super::{META, META_PART, WEIGHTS, array_stems, file_name, part_name};
use crate::files::{LOCK, Lock, is_temporary, try_folder};
use crate::stats::MISSING;

/// Rows are committed at least this often while steps come in: what a kill costs at most.
pub const MAX_UNCOMMITTED: Duration = Duration::from_millis(500);

/// Rows buffered between two commits: about this many bytes for each table, so that the writer's memory does
/// not depend on the length of the run, ...
const BUFFER_BYTES: usize = 1 << 20;
/// ... and not more rows than this, which for small networks is already far cheaper to write than to compute.
const BUFFER_ROWS: usize = 1024;

/// Writes a run folder. See [`super`] for what a reader sees at any moment.
///
/// Commits by itself when a buffer is full, after [`MAX_UNCOMMITTED`], with every evaluation, and when
/// dropped (where an error cannot be returned: call [`finish`](RecordSink::finish)). The file of a metric is
/// made with its first value; after that, taking a row allocates nothing.
#[derive(Debug)]
pub struct RunWriter {
    dir: PathBuf,
    header: Header,
    /// In the order of [`Table::ALL`].
    tables: Vec<TableWriter>,
    clock: CommitClock,
    finished: bool,
    /// Held until all else is done.
    _lock: Lock,
}

/// The columns of one table.
#[derive(Debug)]
struct TableWriter {
    dir: PathBuf,
    table: Table,
    widths: Widths,
    key: Option<NpyWriter<i64>>,
    columns: Vec<Column>,
    last: Option<u64>,
    /// Rows behind the last commit, and before it.
    buffered: usize,
    committed: u64,
    /// Rows for which every column has reserved memory.
    room: usize,
}

/// The column of a metric; it has no file as long as nothing of it was measured.
#[derive(Debug)]
struct Column {
    metric: MetricId,
    file: Option<ColumnFile>,
    /// One row of missing values, in the type of the metric; none of the sketch, which has no number for them.
    missing: Vec<f64>,
    missing_singles: Vec<f32>,
}

#[derive(Debug)]
enum ColumnFile {
    Double(NpyWriter<f64>),
    Single(NpyWriter<f32>),
}

impl RunWriter {
    /// Starts a run in `dir`, which is created when it is not there. The status of `header` is taken as
    /// running.
    ///
    /// An existing folder must be empty; with `overwrite` it may also hold a run, of which the files of the
    /// format and the saved weights are removed and nothing else.
    ///
    /// # Errors
    /// [`RecordError::Exists`] and [`RecordError::NotOurs`] when the folder is not free, [`RecordError::Io`]
    /// when it cannot be written, [`RecordError::Invalid`] when the header contradicts itself. An existing
    /// run is touched only after all of these have been checked. Where the files cannot be made (a full
    /// disk), those that were are removed again.
    pub fn create(dir: &Path, header: &Header, overwrite: bool) -> Result<RunWriter, RecordError> {
        header.check()?;
        let header = Header { status: Status::Running, elapsed_secs: None, ..header.clone() };
        let was_there = dir.exists();
        let lock = enter(dir)?;
        let replaces = claim(dir, overwrite)?;
        // The error of what went wrong is the one that is told, not that of tidying up.
        let leave = || {
            if !was_there {
                let _ = fs::remove_dir(dir);
            }
        };
        // The new header first goes beside its place, which shows that the folder can be written before
        // anything in it is removed, and marks it as a run's. The old header goes before the old arrays and
        // the new one comes after the new arrays: whenever a kill comes, a header stands only before whole
        // arrays of its own.
        write_meta_part(dir, &header).inspect_err(|_| leave())?;
        if replaces {
            remove(&dir.join(META))?;
            remove_arrays(dir)?;
        }
        RunWriter::fill(dir, header, lock).inspect_err(|_| {
            if remove_arrays(dir).is_ok() {
                let _ = fs::remove_file(dir.join(META_PART));
            }
            leave();
        })
    }

    /// Puts the empty step column into a folder that holds no array, and then the header.
    fn fill(dir: &Path, header: Header, lock: Lock) -> Result<RunWriter, RecordError> {
        let mut tables: Vec<_> =
            Table::ALL.into_iter().map(|table| TableWriter::new(dir, table, &header)).collect();
        tables[0].open_key()?;
        enough_handles(dir)?;
        publish_meta(dir)?;
        Ok(RunWriter {
            dir: dir.to_path_buf(),
            header,
            tables,
            clock: CommitClock::new(),
            finished: false,
            _lock: lock,
        })
    }

    /// Whether [`RunWriter::create`] would find a place, without leaving anything there: to be asked before
    /// the work that is to be recorded begins.
    ///
    /// # Errors
    /// As `create`'s for the folder.
    pub fn check_place(dir: &Path, overwrite: bool) -> Result<(), RecordError> {
        let there = dir.ancestors().find(|p| p.exists() || p.as_os_str().is_empty()).unwrap_or(dir);
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        if there == dir {
            let _lock = enter(dir)?;
            claim(dir, overwrite)?;
        }
        try_folder(there).map_err(RecordError::io("write there", there))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes all rows taken so far readable.
    ///
    /// # Errors
    /// [`RecordError::Io`] naming the file. Rows that were committed before stay readable, the others stay
    /// buffered.
    pub fn commit(&mut self) -> Result<(), RecordError> {
        self.clock.restart();
        self.tables.iter_mut().try_for_each(TableWriter::commit)
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
    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        if self.finished {
            return Err(invalid(&self.header, "a row came after the run was finished".into()));
        }
        let index = row.table() as usize;
        let table = &mut self.tables[index];
        table.widths.fits(row).map_err(|what| invalid(&self.header, what))?;
        follows(row.table(), table.last, row.step()).map_err(|what| invalid(&self.header, what))?;
        // Before the row is taken, not after: while the disk refuses, rows are refused, and the buffers do
        // not grow.
        if table.buffered >= table.room {
            self.commit()?;
        }
        self.tables[index].push(row)?;
        match row.table() {
            Table::Evaluation => self.commit(),
            Table::Step if self.clock.is_due() => self.commit(),
            _ => Ok(()),
        }
    }

    /// Commits, and writes how the run ended into `meta.json`. What comes after is refused.
    ///
    /// # Errors
    /// [`RecordError::Io`]; the run then still reads as running.
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.commit()?;
        self.header.end(ended);
        write_meta_part(&self.dir, &self.header)?;
        publish_meta(&self.dir)?;
        self.finished = true;
        Ok(())
    }
}

/// A run folder that is made when the run starts, by the header that it starts with.
#[derive(Debug)]
pub struct FolderSink {
    dir: PathBuf,
    overwrite: bool,
    writer: Option<RunWriter>,
}

impl FolderSink {
    /// Nothing is made or looked at yet; [`RunWriter::check_place`] looks.
    pub fn new(dir: &Path, overwrite: bool) -> FolderSink {
        FolderSink { dir: dir.to_path_buf(), overwrite, writer: None }
    }
}

impl RecordSink for FolderSink {
    /// As [`RunWriter::create`].
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        self.writer = Some(RunWriter::create(&self.dir, header, self.overwrite)?);
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        let not_started = || RecordError::Invalid {
            place: self.dir.display().to_string(),
            what: "a row came before the run was started".into(),
        };
        self.writer.as_mut().ok_or_else(not_started)?.row(row)
    }

    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.writer.finish(ended)
    }
}

impl TableWriter {
    fn new(dir: &Path, table: Table, header: &Header) -> TableWriter {
        let widths = Widths::of(header);
        let bytes = |metric: MetricId| {
            let size = if metric.element == Element::F64 { 8 } else { 4 };
            widths.of_metric(metric).saturating_mul(size)
        };
        let row_bytes = table.metrics().map(bytes).fold(8, usize::saturating_add);
        let column = |metric: MetricId| {
            let width = |kept: bool| if kept { widths.of_metric(metric) } else { 0 };
            Column {
                metric,
                file: None,
                missing: vec![MISSING; width(metric.element == Element::F64)],
                missing_singles: vec![f32::NAN; width(metric.kind == ValueKind::Histogram)],
            }
        };
        TableWriter {
            dir: dir.to_path_buf(),
            table,
            widths,
            key: None,
            columns: table.metrics().map(column).collect(),
            last: None,
            buffered: 0,
            committed: 0,
            // Evaluations are committed one by one; more are buffered only while the disk refuses them.
            room: if table == Table::Evaluation { 1 } else { room(row_bytes) },
        }
    }

    fn open_key(&mut self) -> Result<&mut NpyWriter<i64>, RecordError> {
        match &mut self.key {
            Some(key) => Ok(key),
            none => Ok(none.insert(begin(&self.dir, self.table.key(), &[], self.room, |_| Ok(()))?)),
        }
    }

    /// Takes a row that fits. The files that it needs are made before any column takes a value of it.
    fn push(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.open_key()?;
        let before = self.committed + self.buffered as u64;
        for column in &mut self.columns {
            // A snapshot has its sketch whatever that holds.
            let values = row.values(column.metric);
            let is_sketch =
                column.metric.kind == ValueKind::Sketch && matches!(values, Values::Single([_, ..]));
            if column.file.is_none() && (is_sketch || !values.is_missing()) {
                let shape = self.widths.shape(column.metric);
                column.file = Some(ColumnFile::create(&self.dir, column, &shape, self.room, before)?);
            }
        }
        self.last = Some(row.step());
        self.buffered += 1;
        self.open_key()?.push(&[row.step() as i64])?;
        self.columns.iter_mut().try_for_each(|column| column.push(row))
    }

    /// The steps are the last column to be committed: once they are, so are the others.
    fn commit(&mut self) -> Result<(), RecordError> {
        for column in &mut self.columns {
            match &mut column.file {
                Some(ColumnFile::Double(file)) => file.commit()?,
                Some(ColumnFile::Single(file)) => file.commit()?,
                None => {}
            }
        }
        if let Some(key) = &mut self.key {
            key.commit()?;
        }
        self.committed += self.buffered as u64;
        self.buffered = 0;
        Ok(())
    }
}

impl Column {
    fn push(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        match (&mut self.file, row.values(self.metric)) {
            (None, _) => Ok(()),
            (Some(ColumnFile::Double(file)), Values::One(value)) => file.push(&[value]),
            (Some(ColumnFile::Double(file)), Values::Many(values)) => file.push(values),
            (Some(ColumnFile::Double(file)), _) => file.push(&self.missing),
            (Some(ColumnFile::Single(file)), Values::Single(values)) => file.push(values),
            (Some(ColumnFile::Single(file)), _) => file.push(&self.missing_singles),
        }
    }
}

impl ColumnFile {
    /// Makes the file of a metric, with missing values for the rows `before` this one.
    fn create(
        dir: &Path,
        column: &Column,
        shape: &[usize],
        room: usize,
        before: u64,
    ) -> Result<ColumnFile, RecordError> {
        let id = column.metric.id;
        match column.metric.element {
            Element::F32 => {
                begin(dir, id, shape, room, |file| fill(file, &column.missing_singles, before, room))
                    .map(ColumnFile::Single)
            }
            Element::F64 => begin(dir, id, shape, room, |file| fill(file, &column.missing, before, room))
                .map(ColumnFile::Double),
        }
    }
}

/// Puts so many rows of missing values into a new file.
fn fill<T: npy::Element>(
    file: &mut NpyWriter<T>,
    missing: &[T],
    rows: u64,
    room: usize,
) -> Result<(), RecordError> {
    for row in 1..=rows {
        file.push(missing)?;
        if row % room as u64 == 0 {
            file.commit()?;
        }
    }
    file.commit()
}

/// Whether all arrays can be open at once. They are made with their first values, and a limit that is met
/// there would cost the run its record.
fn enough_handles(dir: &Path) -> Result<(), RecordError> {
    let key = dir.join(file_name(Table::Step.key()));
    let mut held = Vec::with_capacity(METRICS.len());
    for metric in METRICS {
        let path = dir.join(file_name(metric.id));
        held.push(fs::File::open(&key).map_err(RecordError::io("create", &path))?);
    }
    Ok(())
}

/// Makes an array beside its place and puts it there when it has its header and the rows that `fill` gives
/// it: a reader would take an empty file for a damaged one, and cut the table to the rows of a short one.
fn begin<T: npy::Element>(
    dir: &Path,
    stem: &str,
    shape: &[usize],
    room: usize,
    fill: impl FnOnce(&mut NpyWriter<T>) -> Result<(), RecordError>,
) -> Result<NpyWriter<T>, RecordError> {
    let part = dir.join(part_name(stem));
    remove(&part)?;
    let mut file = NpyWriter::create(&part, shape, room)?;
    fill(&mut file)?;
    file.rename(&dir.join(file_name(stem)))?;
    Ok(file)
}

/// Tells when [`MAX_UNCOMMITTED`] is over without asking the system's clock at every step, which can cost as
/// much as taking the row: it is asked about every 20 ms, judged by the pace of the steps before.
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

/// Makes the folder where it is not there, and locks it.
fn enter(dir: &Path) -> Result<Lock, RecordError> {
    for attempt in 1.. {
        fs::create_dir_all(dir).map_err(RecordError::io("create the folder", dir))?;
        match Lock::of_folder(dir) {
            Ok(lock) => return Ok(lock),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(RecordError::Busy { path: dir.to_path_buf() });
            }
            // Another writer that failed took its new folder away again.
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < 10 => {}
            Err(error) => return Err(RecordError::io("use it as the folder of a run", dir)(error)),
        }
    }
    unreachable!("the loop ends by itself")
}

/// Checks that `dir` may be filled; true when it holds a run, or what is left of one, that is to be replaced.
fn claim(dir: &Path, overwrite: bool) -> Result<bool, RecordError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(RecordError::io("use it as the folder of a run", dir))? {
        let name = entry.map_err(RecordError::io("list it", dir))?.file_name();
        // Temporary files are what a killed program left, or another one's for a moment.
        if name != LOCK && !name.to_str().is_some_and(is_temporary) {
            names.push(name);
        }
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
    // Any version of the format may be replaced, but not the meta.json of another program.
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    // A header that was cut short describes nothing; the files beside it tell whose it was.
    let own =
        |name: &std::ffi::OsString| name == META || name == META_PART || own_files().any(|own| *name == *own);
    let torn = value.is_null() && has(&file_name(Table::Step.key())) && names.iter().all(own);
    let described = value["schema"].is_u64() && value["layers"].is_array();
    if !described && !torn {
        return Err(not_ours(format!("its {meta} does not describe a run")));
    }
    Ok(true)
}

/// Names of the files that belong to a run, without its header.
fn own_files() -> impl Iterator<Item = String> {
    array_stems().map(file_name).chain(array_stems().map(part_name)).chain(WEIGHTS.map(String::from))
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
        // A symbolic link of this name is removed, not followed.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::File::create_new(&path)?;
        file.write_all(&text)?;
        // On the disk before it takes the old one's place, or a power failure could leave an empty file
        // there.
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
        for table in Table::ALL {
            self.table(table).iter().try_for_each(|row| writer.row(&row))?;
        }
        let Header { status, early_stop, elapsed_secs, .. } = self.header.clone();
        writer.finish(&Ended { status, early_stop, elapsed_secs })
    }
}
