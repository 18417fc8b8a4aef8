//! Sweeps: many plans run as numbered, independent cells.
//!
//! A sweep is a folder:
//!
//! | entry | what |
//! |---|---|
//! | `plan.toml` | the [`SweepPlan`]; as soon as a cell was begun it can be grown, and any other plan is refused |
//! | `cells/000001/` | a finished cell: `cell.json` ([`crate::record::cell`]) and, unless the plan keeps summaries only, its run folder |
//! | `cells/.000001-*.part` | a cell that is being made, or was when its program was killed |
//! | `cells.csv` | one row a cell, made by merging |
//!
//! A cell is made under a temporary name and renamed when it is whole, so whatever has a number is finished.
//! `cell.json` names the sizes of the other files: a cell that was cut short afterwards is run again. A
//! cell's bytes depend on its settings only (timings aside): not on threads, order, shards or the other
//! cells.
//!
//! Several programs may work on one sweep at the same time. Each holds a lock of its own in the folder
//! (`.gradfade-work-*.lock`) as long as it runs; the plan is read and changed under `.gradfade.lock`. What
//! killed programs left is removed only while no program runs cells.
//!
//! A cell can fail in two ways. Settings that can never be trained are *impossible*: the cell is finished,
//! and its row says why. What may pass, such as data that cannot be read or a panic, leaves the cell
//! *broken*: it is not kept, the call says so, and the next call runs it again.

pub mod cells;
pub mod cost;
pub mod grid;
pub mod growth;
pub mod numbers;
pub mod plan;
pub mod preset;
pub mod run;
pub mod script;
pub mod store;

pub use cells::PlannedCell;
pub use cost::{Cost, Sizes, costs, shard};
pub use grid::{Axis, Grid};
pub use growth::Earlier;
pub use numbers::Numbers;
pub use plan::SweepPlan;
pub use preset::{PRESETS, preset};
pub use run::{Observer, Ran, run};
pub use store::{CellState, Store};

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::field::Field;
use crate::record::RecordError;

/// What can go wrong with a sweep as a whole. What goes wrong with one cell is that cell's result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    #[error("{place}: {what}")]
    Plan { place: String, what: String },
    #[error("{}: cannot {doing}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{}: is not empty and holds no sweep; choose another {}", path.display(), Field::Out)]
    NotOurs { path: PathBuf },
    #[error("{}: another program has held the plan of this sweep for 10 seconds; try again", path.display())]
    Busy { path: PathBuf },
    #[error("{}: holds no sweep (no plan.toml); start one with {}, {} or a grid", path.display(), Field::Preset, Field::Plan)]
    NoPlan { path: PathBuf },
    #[error(
        "{}: holds the sweep of another plan: {difference}; without {}, {} and settings that sweep goes on, else choose another {}, or remove that folder",
        path.display(), Field::Preset, Field::Plan, Field::Out
    )]
    OtherPlan { path: PathBuf, difference: String },
    #[error("{}: belongs to another plan than its folder; move it away, and the cell is run again", path.display())]
    OtherCell { path: PathBuf },
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl SweepError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SweepError {
        let path = path.to_path_buf();
        move |source| SweepError::Io { doing, path, source }
    }
}
