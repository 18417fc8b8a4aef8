//! Everything that can go wrong with a record, one line each: what, where, and the way out.

use std::io;
use std::path::{Path, PathBuf};

use crate::field::Field;

/// The way out of a damaged run, at the end of a line.
pub(super) fn again() -> String {
    format!("train it again with {}, or copy it anew", Field::Force)
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The operating system refused (the cause is part of the line). After a failed commit the rows committed
    /// before it are still readable.
    #[error("{}: cannot {action}: {cause}", path.display())]
    Io { action: &'static str, path: PathBuf, cause: io::Error },

    #[error("{}: no such folder; give one that a training run wrote", path.display())]
    NoFolder { path: PathBuf },

    /// `hint` names a run that lies inside.
    #[error("{}: not a run folder (it has no meta.json); give the folder that a training run wrote{hint}", path.display())]
    NotARun { path: PathBuf, hint: String },

    #[error("{}: exists and is not empty; choose another folder with {}, or replace it with {}", path.display(), Field::Out, Field::Force)]
    Exists { path: PathBuf },

    #[error("{}: another program is writing there; wait for it, or choose another folder", path.display())]
    Busy { path: PathBuf },

    /// Force replaces runs, never anything else.
    #[error("{}: not empty and not a run folder ({why}), so it is not overwritten; choose another folder", path.display())]
    NotOurs { path: PathBuf, why: String },

    #[error("{}: written in format {found}, this program reads up to {known}; use a newer gradfade", path.display())]
    Newer { path: PathBuf, found: u64, known: u32 },

    #[error("{}: line {line}, column {column}: {what}; without a whole header a run cannot be read: {}", path.display(), again())]
    Json { path: PathBuf, line: usize, column: usize, what: String },

    /// A file that is not the `.npy` array that the format asks for.
    #[error("{}: {what}", path.display())]
    Array { path: PathBuf, what: String },

    #[error("{}: missing; without its step table a run cannot be read: {}", path.display(), again())]
    NoSteps { path: PathBuf },

    /// Header and arrays, or rows among themselves, contradict each other. `place` is a folder or the name of
    /// a run.
    #[error("{place}: {what}")]
    Invalid { place: String, what: String },
}

impl RecordError {
    /// For `map_err`: names the file and what was tried. Copies the path only when there is an error.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError {
        move |cause| RecordError::Io { action, path: path.to_path_buf(), cause }
    }
}
