//! Runs remedies: each becomes a run folder inside one folder that belongs to the run as it was.

use std::path::{Path, PathBuf};

use super::{Combination, Planned, changes};
use crate::analysis::AnalysisError;
use crate::config::{ConfigError, Precision, TrainConfig, TrainPlan};
use crate::data::{Dataset, Loaded};
use crate::diagnosis::{self, Diagnosis, Thresholds};
use crate::files::Lock;
use crate::nn::Scalar;
use crate::pool::{self, JobEnd, Stop};
use crate::record::trial::{self, Trial, Trials};
use crate::record::{FolderSink, Record, RecordError, RunWriter, Status};
use crate::train::{Finished, Watch, train};

/// Why remedies cannot be run in a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    #[error("{}: holds the remedies of another run ({run})", path.display())]
    OtherRun { path: PathBuf, run: String },
    #[error("{}: holds a run of other settings", path.display())]
    OtherSettings { path: PathBuf },
    #[error("{}: another program is running remedies here; wait until it has ended", path.display())]
    Busy { path: PathBuf },
    #[error("{}: cannot write into it: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

/// The folder of one run's remedies, which one program at a time may fill.
#[derive(Debug)]
pub struct Folder {
    _lock: Lock,
}

impl Folder {
    /// Locks `dir`, which must be there.
    ///
    /// # Errors
    /// [`RunnerError::Busy`] while another program holds it.
    pub fn lock(dir: &Path) -> Result<Folder, RunnerError> {
        let path = dir.to_path_buf();
        match Lock::of_folder(dir) {
            Ok(lock) => Ok(Folder { _lock: lock }),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => Err(RunnerError::Busy { path }),
            Err(source) => Err(RunnerError::Io { path, source }),
        }
    }
}

/// Names of the remedies that were tried in `dir` before; with `force`, none are kept.
///
/// # Errors
/// [`RunnerError::OtherRun`]: a folder of remedies belongs to one run.
pub fn tried_before(dir: &Path, record: &Record, force: bool) -> Result<Vec<String>, RunnerError> {
    if force || !dir.join(trial::FILE).exists() {
        return Ok(Vec::new());
    }
    let there = Trials::read(dir)?;
    if there.before.result.as_ref().is_ok_and(|r| r.header.config == record.header.config) {
        return Ok(there.after.into_iter().map(|t| t.name).collect());
    }
    Err(RunnerError::OtherRun { path: dir.to_path_buf(), run: there.before.name })
}

/// A remedy with its settings and its folder.
#[derive(Debug)]
pub struct Try {
    pub combination: Combination,
    /// Name of the remedy and of its run.
    name: String,
    fits: bool,
    config: TrainConfig,
    folder: PathBuf,
}

impl Try {
    /// `None` where there is nothing to change.
    pub fn new(planned: &Planned, dir: &Path) -> Option<Try> {
        let config = TrainConfig { threads: 1, ..planned.config.clone().ok()? };
        let name = planned.combination.name();
        let (combination, fits, folder) = (planned.combination, planned.fits, dir.join(&name));
        Some(Try { combination, name, fits, config, folder })
    }

    /// Name of the remedy and of its run.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder of its run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether its run is there and whole; with `force` it never is.
    ///
    /// # Errors
    /// [`RunnerError::OtherSettings`], and when something else lies in its folder.
    pub fn is_whole(&self, force: bool) -> Result<bool, RunnerError> {
        let there = self.folder.join("meta.json").exists();
        // A run that cannot be read was cut short; what is not a run at all is refused below.
        if let (true, false, Ok((record, _))) = (there, force, Record::read(&self.folder)) {
            if serde_json::to_value(&self.config).ok() != record.header.config {
                return Err(RunnerError::OtherSettings { path: self.folder.clone() });
            }
            if matches!(record.header.status, Status::Complete | Status::Diverged { .. }) {
                return Ok(true);
            }
        }
        // With `force` the error of what is no run must not advise it.
        RunWriter::check_place(&self.folder, there || force)?;
        Ok(false)
    }

    /// The remedy whose settings can never be trained, and why.
    pub fn impossible(&self, before: &TrainConfig, why: &str) -> Trial {
        Trial {
            name: self.name.clone(),
            kind: self.combination.kind(),
            fits: self.fits,
            faults: Vec::new(),
            conclusion: "undecided".into(),
            changes: changes(before, &self.config),
            result: Err(why.into()),
            seconds: 0.0,
        }
    }

    /// The remedy with its run, judged.
    ///
    /// # Errors
    /// Those of the diagnosis.
    pub fn judged(
        &self,
        before: &TrainConfig,
        record: &Record,
        by: &Thresholds,
    ) -> Result<Trial, RunnerError> {
        let judged = judged(record, &diagnosis::diagnose(record, by)?)?;
        Ok(Trial {
            faults: judged.faults,
            conclusion: judged.conclusion,
            result: judged.result,
            seconds: judged.seconds,
            ..self.impossible(before, "")
        })
    }
}

/// A run and what its diagnosis found.
///
/// # Errors
/// When its arrays contradict its header.
pub fn judged(record: &Record, found: &Diagnosis) -> Result<Trial, RunnerError> {
    Ok(Trial {
        name: record.header.run.clone(),
        kind: String::new(),
        fits: false,
        faults: found.causes().map(|v| v.rule.ailment.key().to_string()).collect(),
        conclusion: found.conclusion().key().to_string(),
        changes: Vec::new(),
        result: Ok(trial::digest(record)?),
        seconds: record.header.elapsed_secs.unwrap_or(0.0),
    })
}

/// Watches remedies while they are trained.
pub trait Observer: Watch {
    fn finished(&self, _name: &str, _finished: &Finished) {}
    fn failed(&self, _name: &str, _why: &str) {}
}

/// What became of the remedies that were to be run, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Whether the observer ended it before all were run.
    pub stopped: bool,
    /// Settings that can never be trained, and why.
    pub impossible: Vec<(String, String)>,
    /// Those that failed for a reason that may pass, and why: the next call runs them again.
    pub broken: Vec<(String, String)>,
}

impl Ran {
    /// Joins what became of others.
    pub fn add(&mut self, more: Ran) {
        self.stopped |= more.stopped;
        self.impossible.extend(more.impossible);
        self.broken.extend(more.broken);
    }
}

enum Attempt {
    Made(Finished),
    Impossible(String),
    Broken(String),
}

/// Trains the remedies on `threads` threads, each into its folder.
///
/// # Errors
/// When a run cannot be stored.
pub fn run(
    missing: &[&Try],
    threads: usize,
    loaded: &Loaded,
    observer: &dyn Observer,
) -> Result<Ran, RunnerError> {
    let (workers, threads_each) = pool::share(threads, missing.len());
    let stop = Stop::new();
    let work = |_: usize, one: &&Try| {
        let attempt = train_one(one, threads_each, loaded, observer);
        match &attempt {
            Ok(Attempt::Made(done)) if !matches!(done.status, Status::Interrupted { .. }) => {}
            Ok(Attempt::Impossible(_) | Attempt::Broken(_)) => {}
            _ => stop.request(),
        }
        if observer.should_stop() {
            stop.request();
        }
        attempt
    };
    let done = |_: usize, one: &&Try, ended: &JobEnd<Result<Attempt, RecordError>>| match ended {
        JobEnd::Done(Ok(Attempt::Made(done))) => observer.finished(one.name(), done),
        JobEnd::Done(Ok(Attempt::Impossible(why) | Attempt::Broken(why))) => observer.failed(one.name(), why),
        JobEnd::Panicked(what) => observer.failed(one.name(), &panicked(what)),
        JobEnd::Done(Err(_)) | JobEnd::NotRun => {}
    };
    let mut ran = Ran::default();
    for (one, ended) in missing.iter().zip(pool::run(missing, workers, &stop, work, done)) {
        let name = one.name().to_string();
        match ended {
            JobEnd::Done(Ok(Attempt::Made(done))) => {
                ran.stopped |= matches!(done.status, Status::Interrupted { .. })
            }
            JobEnd::Done(Ok(Attempt::Impossible(why))) => ran.impossible.push((name, why)),
            JobEnd::Done(Ok(Attempt::Broken(why))) => ran.broken.push((name, why)),
            JobEnd::Panicked(what) => ran.broken.push((name, panicked(&what))),
            JobEnd::NotRun => ran.stopped = true,
            JobEnd::Done(Err(error)) => return Err(error.into()),
        }
    }
    Ok(ran)
}

fn panicked(what: &str) -> String {
    format!("internal error: the training panicked ({what})")
}

fn train_one(
    one: &Try,
    threads: usize,
    loaded: &Loaded,
    watch: &dyn Observer,
) -> Result<Attempt, RecordError> {
    let config = TrainConfig { threads, ..one.config.clone() };
    let data = match loaded.get(&config.data, &config.data_options) {
        Ok(data) => data,
        Err(error) if error.is_usage() => return Ok(Attempt::Impossible(error.to_string())),
        Err(error) => return Ok(Attempt::Broken(error.to_string())),
    };
    let plan = match config.plan(&data) {
        Ok(plan) => plan,
        // There may be more memory another time.
        Err(error @ ConfigError::Refused { .. }) => return Ok(Attempt::Broken(error.to_string())),
        Err(error) => return Ok(Attempt::Impossible(error.to_string())),
    };
    let finished = match config.precision {
        Precision::F32 => train_into::<f32>(&plan, &data, one, watch)?,
        Precision::F64 => train_into::<f64>(&plan, &data, one, watch)?,
    };
    Ok(Attempt::Made(finished))
}

fn train_into<T: Scalar>(
    plan: &TrainPlan,
    data: &Dataset,
    one: &Try,
    watch: &dyn Observer,
) -> Result<Finished, RecordError> {
    let mut sink = FolderSink::new(&one.folder, true);
    train::<T>(plan, data, one.name(), &mut sink, watch).map(Finished::from)
}
