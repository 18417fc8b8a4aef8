//! What a path is: [`open`] makes it a run, a sweep or remedies, or says in one line why it is none of them.
//!
//! | in the folder | it is |
//! |---|---|
//! | `meta.json` | a run ([`crate::record`]) |
//! | `plan.toml` | a sweep ([`crate::sweep`]) |
//! | `remedies.json` | remedies ([`crate::record::trial`]) |
//! | what an importer knows | a log of another program ([`crate::import`]) |
//!
//! Every command that takes a path goes through here, so that a path means the same to all of them.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::import::{self, IMPORTERS, ImportError, Importer};
use crate::record::trial::{self, Trials};
use crate::record::{Record, RecordError, Warning};
use crate::sweep::{Store, SweepError};

/// The header of a run, the plan of a sweep.
const META: &str = "meta.json";
const PLAN: &str = "plan.toml";

/// What lies at a path.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    Run(Box<Run>),
    Sweep(Box<Store>),
    Remedies(Box<Trials>),
}

/// A run that was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run {
    pub record: Record,
    /// What was lost of it.
    pub warnings: Vec<Warning>,
    /// What an importer did not understand, left out or mended.
    pub notes: Vec<String>,
    /// The importer that read it; none for a run of our own.
    pub importer: Option<&'static str>,
}

/// What a path is, told from the names in it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    Run,
    Sweep,
    Remedies,
}

/// Why a path cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    #[error("{}: no such folder; give one that a training run wrote", path.display())]
    Missing { path: PathBuf },
    /// None of the things that can be opened; `looks` says what it seems to be instead, and the way out.
    #[error("{}: not a run folder{looks}", path.display())]
    Neither { path: PathBuf, looks: Looks },
    /// It can be opened, but something else was asked for.
    #[error("{}: {found}, not {wanted}{}", path.display(), inside(*.found, .examples))]
    Other { path: PathBuf, found: Kind, wanted: Kind, examples: Vec<PathBuf> },
    /// A log that cannot be read, or is no single run.
    #[error("{}: {cause}", path.display())]
    Import { path: PathBuf, cause: ImportError },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Sweep(#[from] SweepError),
}

/// What a path seems to be that is none of the things that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Looks {
    /// Runs, sweeps or remedies lie in it.
    FolderOf {
        inside: Vec<PathBuf>,
    },
    /// One of the files of a run.
    FileOf {
        run: PathBuf,
    },
    File,
    Folder,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Run => "a run folder",
            Kind::Sweep => "the folder of a sweep",
            Kind::Remedies => "a folder of remedies",
        })
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Looks::FolderOf { inside } => write!(f, ", but a folder of them; name one: {}", listed(inside)),
            Looks::FileOf { run } => write!(f, ", but a file of one; give {}", run.display()),
            Looks::File => {
                f.write_str(", but a file; give the folder that a training run wrote, or a log of a format that import knows")
            }
            Looks::Folder => write!(f, " (it has no {META}); give the folder that a training run wrote"),
        }
    }
}

/// The first of many paths, and how many more there are.
fn listed(paths: &[PathBuf]) -> String {
    const MOST: usize = 3;
    let first = paths.iter().take(MOST).map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    if paths.len() > MOST { format!("{first} and {} more", paths.len() - MOST) } else { first }
}

/// Where the thing that was wanted is to be found in the one that was named.
fn inside(found: Kind, examples: &[PathBuf]) -> String {
    match (found, examples) {
        (Kind::Sweep, []) => "; its cells kept their summaries only, so no run can be opened in it".into(),
        (_, []) => String::new(),
        (_, examples) => format!("; name one in it: {}", listed(examples)),
    }
}

/// Opens a path, whatever it is.
///
/// # Errors
/// [`SourceError`]: nothing that can be opened, or it is damaged.
///
/// ```no_run
/// match gradfade::source::open("runs/sigmoid".as_ref())? {
///     gradfade::source::Source::Run(run) => println!("{} steps", run.record.len()),
///     gradfade::source::Source::Sweep(store) => println!("{} cells", store.plan().count()),
///     gradfade::source::Source::Remedies(trials) => println!("{} remedies", trials.after.len()),
///     _ => {}
/// }
/// # Ok::<(), gradfade::source::SourceError>(())
/// ```
pub fn open(path: &Path) -> Result<Source, SourceError> {
    open_with(path, IMPORTERS)
}

/// As [`open`], with other importers than those of the program.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, importers: &[&dyn Importer]) -> Result<Source, SourceError> {
    match own_kind(path) {
        Some(Kind::Run) => {
            let (record, warnings) = Record::read(path)?;
            Ok(Source::Run(Box::new(Run { record, warnings, notes: Vec::new(), importer: None })))
        }
        Some(Kind::Sweep) => Ok(Source::Sweep(Box::new(Store::open(path)?))),
        Some(Kind::Remedies) => Ok(Source::Remedies(Box::new(Trials::read(path)?))),
        None if import::knows(path, importers) => import_one(path, importers),
        None => Err(neither(path, importers)),
    }
}

/// Opens a path that has to be one run.
///
/// # Errors
/// As [`open`], and [`SourceError::Other`], which names runs in a sweep or among remedies.
pub fn open_run(path: &Path) -> Result<Run, SourceError> {
    open_run_with(path, IMPORTERS)
}

/// As [`open_run`], with other importers than those of the program.
///
/// # Errors
/// As [`open_run`].
pub fn open_run_with(path: &Path, importers: &[&dyn Importer]) -> Result<Run, SourceError> {
    match own_kind(path) {
        None | Some(Kind::Run) => match open_with(path, importers)? {
            Source::Run(run) => Ok(*run),
            _ => Err(other(path, Kind::Sweep, Kind::Run)),
        },
        Some(found) => Err(other(path, found, Kind::Run)),
    }
}

/// Opens a path that has to be a sweep.
///
/// # Errors
/// [`SweepError::NoPlan`] where nothing that can be opened lies there, [`SourceError::Other`] for a run or
/// remedies.
pub fn open_sweep(path: &Path) -> Result<Store, SourceError> {
    match own_kind(path) {
        None | Some(Kind::Sweep) => Ok(Store::open(path)?),
        Some(found) => Err(other(path, found, Kind::Sweep)),
    }
}

/// Whether a path may be opened as `wanted`: it is that, or nothing that is known.
///
/// # Errors
/// [`SourceError::Other`] where it is something else.
pub fn expect(path: &Path, wanted: Kind) -> Result<(), SourceError> {
    match own_kind(path) {
        Some(found) if found != wanted => Err(other(path, found, wanted)),
        _ => Ok(()),
    }
}

/// What a path is, without reading it; none where nothing knows it.
pub fn kind(path: &Path) -> Option<Kind> {
    kind_with(path, IMPORTERS)
}

/// As [`kind`], with other importers than those of the program.
pub fn kind_with(path: &Path, importers: &[&dyn Importer]) -> Option<Kind> {
    own_kind(path).or_else(|| import::knows(path, importers).then_some(Kind::Run))
}

fn own_kind(path: &Path) -> Option<Kind> {
    let marks = [(META, Kind::Run), (PLAN, Kind::Sweep), (trial::FILE, Kind::Remedies)];
    marks.into_iter().find(|(name, _)| path.join(name).exists()).map(|(_, kind)| kind)
}

fn import_one(path: &Path, importers: &[&dyn Importer]) -> Result<Source, SourceError> {
    let failed = |cause| SourceError::Import { path: path.to_path_buf(), cause };
    let mut imported = import::read_one(path, importers).map_err(failed)?;
    let record = imported.records.swap_remove(0);
    let importer = imported.formats.first().copied();
    Ok(Source::Run(Box::new(Run { record, warnings: Vec::new(), notes: imported.warnings, importer })))
}

fn neither(path: &Path, importers: &[&dyn Importer]) -> SourceError {
    let path = path.to_path_buf();
    let Ok(there) = std::fs::metadata(&path) else { return SourceError::Missing { path } };
    let looks = if there.is_file() {
        match path.parent().filter(|dir| own_kind(dir) == Some(Kind::Run)) {
            Some(run) => Looks::FileOf { run: run.to_path_buf() },
            None => Looks::File,
        }
    } else {
        let inside = openable(&path, importers);
        if inside.is_empty() { Looks::Folder } else { Looks::FolderOf { inside } }
    };
    SourceError::Neither { path, looks }
}

fn other(path: &Path, found: Kind, wanted: Kind) -> SourceError {
    let place = if found == Kind::Sweep { path.join("cells") } else { path.to_path_buf() };
    let wanted_inside = |p: &PathBuf| own_kind(p) == Some(wanted);
    let examples = openable(&place, &[]).into_iter().filter(wanted_inside).collect();
    SourceError::Other { path: path.to_path_buf(), found, wanted, examples }
}

/// What can be opened in a folder, by name.
fn openable(dir: &Path, importers: &[&dyn Importer]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| !is_hidden(path) && kind_with(path, importers).is_some())
        .collect();
    found.sort();
    found
}

/// Folders of unfinished work begin with a dot.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
