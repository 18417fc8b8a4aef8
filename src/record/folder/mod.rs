//! A run as a folder: `meta.json` (the [`Header`](super::Header)) and one `.npy` array for each column.
//!
//! The table of files is in the docs of [`crate::record`]. Rules of the folder:
//!
//! * A table has as many rows as the shortest of its arrays: the columns of a row are written one after the other, so
//!   a writer that was stopped leaves some of them one commit ahead.
//! * Only committed rows count ([`super::npy`]); arrays only ever grow, so whatever was read stays true.
//! * `meta.json` is written beside its place and renamed: it is the old one or the new one. `status` says `running` until
//!   the run ends; a run that was killed stays `running`.
//! * `step.npy` must be there. Of what was not measured there is no file: it reads as [`crate::stats::MISSING`], and a
//!   table without its steps as one of no rows. (Our runs of schema 1 had a file for everything; of those a lost one is
//!   worth a warning.)
//! * A metric that is measured for the first time in the middle of a run begins as `NAME.npy.part`, with missing values
//!   for the rows before, and is then renamed: a table never has fewer rows than it had.
//! * One program at a time writes a folder ([`crate::files::Lock`]).
//! * Other files may lie in the folder (weights, figures, notes): they are neither read nor removed.

mod read;
mod write;

pub use read::Warning;
pub use write::{FolderSink, MAX_UNCOMMITTED, RunWriter};

use super::{MetricId, Table};

pub(super) const META: &str = "meta.json";
const META_PART: &str = "meta.json.part";

/// Weights that a trainer may put beside the record; they belong to the run and go when it is overwritten.
pub const INITIAL_WEIGHTS: &str = "weights-init.safetensors";
pub const FINAL_WEIGHTS: &str = "weights-final.safetensors";
const WEIGHTS: [&str; 2] = [INITIAL_WEIGHTS, FINAL_WEIGHTS];

/// Stems of all arrays of the format.
fn array_stems() -> impl Iterator<Item = &'static str> {
    Table::ALL.into_iter().map(Table::key).chain(MetricId::all().map(|metric| metric.id))
}

fn file_name(stem: &str) -> String {
    format!("{stem}.npy")
}

/// Name of an array that is not whole yet.
fn part_name(stem: &str) -> String {
    format!("{stem}.npy.part")
}
