//! Records of other programs: one file a format, and one line in [`IMPORTERS`].
//!
//! An importer says of a path whether it knows it ([`Importer::sniff`]), and makes a [`Record`] of it. That
//! it cannot is one of two answers: the file is of a version that this importer does not know, or it is
//! broken at a place that the error names. [`crate::source::open`] asks every importer, after it found no
//! run, sweep or remedies of our own.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::record::Record;

/// The formats that [`crate::source::open`] knows besides our own.
pub static IMPORTERS: &[&dyn Importer] = &[];

/// Reads the records of one other program.
pub trait Importer: Sync {
    /// The format as people call it, such as `TensorBoard`.
    fn name(&self) -> &'static str;

    /// Whether `path` is of this format, from its name, the names in it and its first bytes: cheap, and never
    /// an error.
    fn sniff(&self, path: &Path) -> Sniff;

    /// The record. Asked only where [`Importer::sniff`] said [`Sniff::Mine`].
    ///
    /// # Errors
    /// [`ImportError::Incompatible`] and [`ImportError::Broken`].
    fn read(&self, path: &Path, options: &ImportOptions) -> Result<Record, ImportError>;
}

/// What an importer says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniff {
    NotMine,
    Mine,
}

/// What a caller may ask of an importer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The run's name in figures; without one, the importer takes it from the file.
    pub name: Option<String>,
}

/// Why a file that an importer knows cannot be read by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing is wrong with the file, but it is of another version.
    #[error("version {found}, this program reads {wanted}")]
    Incompatible { found: String, wanted: String },
    /// The file contradicts its format.
    #[error("{at}: {what}")]
    Broken { at: Place, what: String },
}

/// Where a file is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// From 1; none in a file without lines.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}
