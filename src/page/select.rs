//! Which cells of a sweep a page shows: those of one seed, and of as many depths as have room.

use super::{MOST_RUNS, fits};
use crate::field::Field;
use crate::figure::sweep::grid::chosen;
use crate::record::{Record, RecordError};
use crate::sweep::{CellState, PlannedCell, Store, SweepError};
use crate::text::Lang;

/// What a reader chose; what is not chosen follows from the sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The plan's first one, where none is given.
    pub seed: Option<u64>,
    /// All that have room, or those of the figure `heatmap-grid`, where none is given.
    pub depths: Vec<usize>,
}

impl Choice {
    /// These depths of this seed.
    pub fn new(seed: Option<u64>, depths: Vec<usize>) -> Choice {
        Choice { seed, depths }
    }

    /// Nothing was chosen.
    pub fn is_empty(&self) -> bool {
        *self == Choice::default()
    }
}

/// The networks of a sweep that a page shows.
#[derive(Debug)]
pub struct Selection {
    pub records: Vec<Record>,
    /// What the page does not show, as a sentence of its text.
    pub remark: Option<String>,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

/// Why a sweep has nothing for a page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    #[error("{} {seed}: {sweep} has no such seed; it has {there}", Field::Seed)]
    Seed { seed: u64, sweep: String, there: String },
    #[error("{} {depth}: {sweep} has no such depth; it has {there}", Field::Depths)]
    Depth { depth: usize, sweep: String, there: String },
    #[error("{sweep}: no cell that this page would show is finished; run the sweep first")]
    Unfinished { sweep: String },
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl SelectError {
    /// Whether the choice is wrong rather than the sweep.
    pub fn is_usage(&self) -> bool {
        matches!(self, SelectError::Seed { .. } | SelectError::Depth { .. })
    }
}

/// The finished cells of a sweep that a page shows.
///
/// # Errors
/// A seed or depth that the sweep does not have, no finished cell, and those of reading a cell.
pub fn select(store: &Store, choice: &Choice, lang: Lang) -> Result<Selection, SelectError> {
    let plan = store.plan();
    let sweep = store.dir().display().to_string();
    let all = plan.cells();
    let seeds = sorted(all.iter().map(|c| c.config.seed));
    let seed = choice.seed.unwrap_or(all.first().map_or(0, |c| c.config.seed));
    if !seeds.contains(&seed) {
        return Err(SelectError::Seed { seed, sweep, there: listed(&seeds) });
    }
    let there = sorted(all.iter().map(depth));
    if let Some(&depth) = choice.depths.iter().find(|d| !there.contains(d)) {
        return Err(SelectError::Depth { depth, sweep, there: listed(&there) });
    }
    let mut warnings = Vec::new();
    let of_seed: Vec<&PlannedCell> = all.iter().filter(|c| c.config.seed == seed).collect();
    let depths = depths(store, &of_seed, &there, &choice.depths).unwrap_or_else(|few| {
        warnings.push(format!(
            "{sweep}: {} depths are too much for one page; it shows {} ({} chooses)",
            there.len(),
            listed(&few),
            Field::Depths
        ));
        few
    });
    let (mut records, mut left_out) = (Vec::new(), 0);
    for planned in of_seed.into_iter().filter(|c| depths.contains(&depth(c))) {
        match record(store, planned, &mut warnings)? {
            Some(record) => records.push(record),
            None => left_out += 1,
        }
    }
    if records.is_empty() {
        return Err(SelectError::Unfinished { sweep });
    }
    if left_out > 0 {
        let all = left_out + records.len();
        warnings.push(format!("{sweep}: {left_out} of {all} cells failed or are not finished; left out"));
    }
    let all_shown = depths.len() == there.len() && seeds.len() == 1;
    let remark = lang.sweep_selection(&plan.name, seed, seeds.len(), &depths, there.len());
    Ok(Selection { records, remark: (!all_shown).then_some(remark), warnings })
}

/// The depths that were asked for, or all; as an error the few that have room.
fn depths(
    store: &Store,
    of_seed: &[&PlannedCell],
    there: &[usize],
    asked: &[usize],
) -> Result<Vec<usize>, Vec<usize>> {
    if !asked.is_empty() {
        return Ok(there.iter().copied().filter(|d| asked.contains(d)).collect());
    }
    // A cell that kept its summary only has two columns, and always room.
    let layers: Vec<usize> = of_seed.iter().filter(|c| is_whole(store, c)).map(|c| depth(c) + 1).collect();
    if fits(&layers) && of_seed.len() <= MOST_RUNS {
        return Ok(there.to_vec());
    }
    Err(chosen(there, store.plan().depths.as_deref()))
}

/// A cell's whole record where it was kept, else its digest; none where it failed or is not finished.
fn record(
    store: &Store,
    cell: &PlannedCell,
    warnings: &mut Vec<String>,
) -> Result<Option<Record>, SelectError> {
    let CellState::Finished(finished) = store.state(cell.number)? else { return Ok(None) };
    match finished.result {
        Ok(_) if is_whole(store, cell) => {
            let (record, lost) = Record::read(&store.cell_dir(cell.number))?;
            warnings.extend(lost.iter().map(|w| format!("warning: {w}")));
            Ok(Some(record))
        }
        Ok(digest) => Ok(Some(digest)),
        Err(_) => Ok(None),
    }
}

/// Number of hidden layers.
fn depth(cell: &PlannedCell) -> usize {
    cell.config.depth()
}

fn is_whole(store: &Store, cell: &PlannedCell) -> bool {
    store.cell_dir(cell.number).join("meta.json").exists()
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// `2, 4, 6 and 17 more`.
fn listed<T: ToString>(all: &[T]) -> String {
    const MOST: usize = 12;
    let text = all.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if all.len() > MOST { format!("{text} and {} more", all.len() - MOST) } else { text }
}
