//! Running cells: the longest first, each into a folder of its own.

use std::path::Path;
use std::time::Instant;

use super::{PlannedCell, Sizes, Store, SweepError, costs};
use crate::config::{ConfigError, Every, Precision, TrainConfig, TrainPlan};
use crate::data::{Dataset, Loaded};
use crate::nn::Scalar;
use crate::pool::{self, JobEnd, Stop};
use crate::record::cell::{Cell, Ends};
use crate::record::{FolderSink, Record, RecordError, RecordSink, Status};
use crate::train::{Progress, Watch, header::header, train};

/// Watches a sweep and may end it. Workers count from 0.
pub trait Observer: Sync {
    fn started(&self, _worker: usize, _cell: &PlannedCell) {}
    fn progress(&self, _worker: usize, _progress: &Progress) {}
    fn finished(&self, _worker: usize, _cell: &Cell) {}
    /// The cell failed for a reason that may pass; it is not kept.
    fn broken(&self, _worker: usize, _cell: &PlannedCell, _why: &str) {}
    /// Asked after every update of every cell.
    fn should_stop(&self) -> bool {
        false
    }
}

/// What became of the cells that were to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Whether the observer ended it before all cells were run.
    pub stopped: bool,
    /// Cells that were trained.
    pub trained: usize,
    /// Cells whose settings can never be trained. They are kept as failures, with the reason.
    pub impossible: usize,
    /// Cells that failed for a reason that may pass, by number, and why. They are not kept: the next call
    /// runs them again.
    pub broken: Vec<(usize, String)>,
}

impl Ran {
    /// Whether there were cells and every one of them has impossible settings.
    pub fn none_trained(&self) -> bool {
        self.trained == 0 && self.impossible > 0 && self.broken.is_empty()
    }
}

/// Runs the cells, longest first, on `threads` threads, each cell into its folder. A cell that diverges is a
/// result like any other, and so is one whose settings can never be trained.
///
/// # Errors
/// When the folder of the sweep cannot be written: then no cell can be kept.
pub fn run(
    store: &Store,
    cells: &[PlannedCell],
    threads: usize,
    loaded: &Loaded,
    observer: &dyn Observer,
) -> Result<Ran, SweepError> {
    let queue = longest_first(cells, loaded);
    let (workers, threads_each) = pool::share(threads, queue.len());
    let stop = Stop::new();
    let work = |worker: usize, cell: &&PlannedCell| {
        if observer.should_stop() {
            stop.request();
            return Ok(Attempt::Stopped);
        }
        observer.started(worker, cell);
        let watch = CellWatch { worker, observer, stop: &stop };
        let attempt = run_cell(store, cell, threads_each, loaded, &watch);
        if matches!(attempt, Ok(Attempt::Stopped) | Err(_)) {
            stop.request();
        }
        attempt
    };
    let done = |worker: usize, cell: &&PlannedCell, job: &JobEnd<Result<Attempt, SweepError>>| match job {
        JobEnd::Panicked(what) => observer.broken(worker, cell, &panicked(what)),
        JobEnd::Done(Ok(Attempt::Broken(why))) => observer.broken(worker, cell, why),
        _ => {}
    };
    let mut ran = Ran::default();
    for (cell, job) in queue.iter().zip(pool::run(&queue, workers, &stop, work, done)) {
        match job {
            JobEnd::Done(Ok(Attempt::Trained)) => ran.trained += 1,
            JobEnd::Done(Ok(Attempt::Impossible)) => ran.impossible += 1,
            JobEnd::Done(Ok(Attempt::Broken(why))) => ran.broken.push((cell.number, why)),
            JobEnd::Done(Ok(Attempt::Stopped)) | JobEnd::NotRun => ran.stopped = true,
            JobEnd::Done(Err(error)) => return Err(error),
            JobEnd::Panicked(what) => ran.broken.push((cell.number, panicked(&what))),
        }
    }
    ran.broken.sort_unstable();
    Ok(ran)
}

fn longest_first<'a>(cells: &'a [PlannedCell], loaded: &Loaded) -> Vec<&'a PlannedCell> {
    let cost = |cell: &PlannedCell| match loaded.get(&cell.config.data, &cell.config.data_options) {
        Ok(data) => costs(&cell.config, &Sizes::of(&data)).flops,
        Err(_) => 0.0,
    };
    let mut queue: Vec<(f64, &PlannedCell)> = cells.iter().map(|cell| (cost(cell), cell)).collect();
    queue.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.number.cmp(&b.1.number)));
    queue.into_iter().map(|(_, cell)| cell).collect()
}

fn panicked(what: &str) -> String {
    format!("internal error: the training panicked ({what})")
}

struct CellWatch<'a> {
    worker: usize,
    observer: &'a dyn Observer,
    stop: &'a Stop,
}

impl Watch for CellWatch<'_> {
    fn progress(&self, progress: &Progress) {
        self.observer.progress(self.worker, progress);
    }

    fn should_stop(&self) -> bool {
        self.stop.is_requested() || self.observer.should_stop()
    }
}

/// How it ended to run one cell.
enum Attempt {
    /// Trained and kept.
    Trained,
    /// The settings can never be trained, whenever it is tried: kept as a failure.
    Impossible,
    /// Failed for a reason that may pass.
    Broken(String),
    Stopped,
}

fn run_cell(
    store: &Store,
    planned: &PlannedCell,
    threads: usize,
    loaded: &Loaded,
    watch: &CellWatch,
) -> Result<Attempt, SweepError> {
    let start = Instant::now();
    let keep = |made: tempfile::TempDir, result: Result<Record, String>| {
        let seconds = start.elapsed().as_secs_f64();
        let cell = Cell { number: planned.number, settings: planned.settings(store.plan()), result, seconds };
        store.finish(made, &cell)?;
        watch.observer.finished(watch.worker, &cell);
        Ok(if cell.result.is_ok() { Attempt::Trained } else { Attempt::Impossible })
    };
    let made = store.start(planned.number)?;
    let mut config = TrainConfig { threads, ..planned.config.clone() };
    if config.record == Every::Summary {
        config.snapshots = Every::Summary;
    }
    let data = match loaded.get(&config.data, &config.data_options) {
        Ok(data) => data,
        Err(error) if error.is_usage() => return keep(made, Err(error.to_string())),
        Err(error) => return Ok(Attempt::Broken(error.to_string())),
    };
    let plan = match config.plan(&data) {
        Ok(plan) => plan,
        // There may be more memory another time.
        Err(error @ ConfigError::Refused { .. }) => return Ok(Attempt::Broken(error.to_string())),
        Err(error) => return keep(made, Err(error.to_string())),
    };
    match trained(&plan, &data, &planned.label(store.plan()), made.path(), watch)? {
        Some(record) => keep(made, Ok(record)),
        None => Ok(Attempt::Stopped),
    }
}

/// Trains into `dir`. The answer is the digest; `None` when the run was stopped.
fn trained(
    plan: &TrainPlan,
    data: &Dataset,
    label: &str,
    dir: &Path,
    watch: &CellWatch,
) -> Result<Option<Record>, RecordError> {
    let mut ends = Ends::new(header(plan, data, label));
    let folder = (plan.config.record != Every::Summary).then(|| FolderSink::new(dir, false));
    let mut both = (&mut ends, folder);
    let status = match plan.config.precision {
        Precision::F32 => go::<f32>(plan, data, label, &mut both, watch)?,
        Precision::F64 => go::<f64>(plan, data, label, &mut both, watch)?,
    };
    Ok(if let Status::Interrupted { .. } = status { None } else { Some(ends.record) })
}

fn go<T: Scalar>(
    plan: &TrainPlan,
    data: &Dataset,
    label: &str,
    sink: &mut dyn RecordSink,
    watch: &dyn Watch,
) -> Result<Status, RecordError> {
    train::<T>(plan, data, label, sink, watch).map(|trained| trained.status)
}
