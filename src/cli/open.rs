//! Opening what the command line names, by [`crate::source`]; warnings go to stderr.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::{Failure, output};
use crate::record::Record;
use crate::source::{self, Kind};

/// Reads a run; its warnings go to stderr.
pub(super) fn read_run(path: &Path) -> anyhow::Result<Record> {
    let run = source::open_run(path)?;
    let of_path = |note: String| format!("{}: {note}", path.display());
    let warnings = run.warnings.iter().map(ToString::to_string).chain(run.notes.into_iter().map(of_path));
    for warning in warnings {
        output::say(format!("gradfade: warning: {warning}"));
    }
    Ok(run.record)
}

/// Reads runs; their warnings go to stderr.
pub(super) fn read_runs(paths: &[PathBuf]) -> anyhow::Result<Vec<Record>> {
    paths.iter().map(|path| read_run(path)).collect()
}

/// What all the paths are: runs, or one sweep, or one folder of remedies. A path that is nothing counts as a
/// run, whose reader says what is wrong with it.
pub(super) fn kind(paths: &[PathBuf]) -> Result<Kind, Failure> {
    let kinds: Vec<Kind> = paths.iter().map(|path| source::kind(path).unwrap_or(Kind::Run)).collect();
    match kinds.as_slice() {
        [one] => Ok(*one),
        many if many.contains(&Kind::Remedies) => {
            let error = anyhow!("a folder of remedies is drawn alone; name one, or the run folders in it");
            Err(Failure::usage(error))
        }
        many if many.contains(&Kind::Sweep) => {
            Err(Failure::usage(anyhow!("a sweep is drawn alone; name one sweep, or run folders")))
        }
        _ => Ok(Kind::Run),
    }
}
