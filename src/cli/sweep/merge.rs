//! `gradfade sweep merge`: the finished cells as one table and as figures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::plot::{chosen, save_all};
use super::super::{CommandResult, Failure, output};
use super::Draw;
use crate::figure::chart::Figure;
use crate::figure::sweep::SweepInput;
use crate::figure::{Draws, FigureError, FigureSpec, Options};
use crate::record::Record;
use crate::record::cell::Cell;
use crate::source;
use crate::sweep::{CellState, Store};

/// Folder of the pictures inside the sweep's.
const FIGURES: &str = "figures";

pub fn run(store: &Store, draw: &Draw, quiet: bool) -> CommandResult {
    let specs = if draw.no_figures { Vec::new() } else { chosen(&draw.figure, Draws::Sweep)? };
    let cells = read(store)?;
    let whole = cells.len() == store.plan().count() as usize;
    if whole {
        store.tidy()?;
    }
    let path = store.dir().join("cells.csv");
    output::write(&path, crate::report::sweep::cells_csv(&cells).as_bytes())?;
    output::print(format!("{}\n", path.display()))?;
    #[cfg(feature = "parquet")]
    if draw.parquet {
        let path = store.dir().join("cells.parquet");
        output::write(&path, &crate::report::sweep::cells_parquet(&cells)?)?;
        output::print(format!("{}\n", path.display()))?;
    }
    let options = draw.look.options();
    let asked = !draw.figure.is_empty();
    let (figures, left_out) = figures(store, &cells, &specs, asked, &options)?;
    if !quiet && cells.iter().any(|cell| cell.result.is_ok()) {
        left_out.iter().for_each(|why| output::say(format!("gradfade: not drawn: {why}")));
    }
    if !figures.is_empty() {
        let folder = store.dir().join(FIGURES);
        output::writable_folder(&folder)?;
        // They are made from the cells beside them: drawing them anew loses nothing.
        save_all(&figures, &draw.look, &draw.format, &folder, draw.csv)?;
    }
    // Which cells are missing was said; a script that goes on to use the table must not take a part for the
    // whole.
    Ok(if whole && !none_trained(&cells) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A table of failures only is said to be one.
fn none_trained(cells: &[Cell]) -> bool {
    let Some(Err(why)) = cells.first().map(|cell| &cell.result) else { return false };
    if cells.iter().any(|cell| cell.result.is_ok()) {
        return false;
    }
    let n = cells.len();
    output::say(format!("gradfade: none of the {n} cells can be trained; cell {}: {why}", cells[0].number));
    true
}

/// `gradfade plot SWEEP`: the named figures, or all that the cells hold.
pub fn plot(
    dir: &Path,
    asked: &[String],
    options: &Options,
    may_write: impl FnOnce(&[&FigureSpec]) -> anyhow::Result<()>,
) -> Result<Vec<Figure>, Failure> {
    let specs = chosen(asked, Draws::Sweep)?;
    may_write(&specs)?;
    let store = source::open_sweep(dir)?;
    let (figures, left_out) = figures(&store, &read(&store)?, &specs, !asked.is_empty(), options)?;
    match left_out.into_iter().next() {
        Some(why) if figures.is_empty() => Err(why.into()),
        _ => Ok(figures),
    }
}

/// Finished cells. Says on stderr which are missing.
fn read(store: &Store) -> Result<Vec<Cell>, Failure> {
    let plan = store.plan();
    let planned = plan.count() as usize;
    let mut cells: Vec<Cell> = Vec::new();
    let mut absent = Vec::new();
    for number in 1..=planned {
        match store.state(number)? {
            CellState::Finished(mut done) => {
                // The plan says it once for all cells; thousands of copies would be most of the memory.
                if let Ok(record) = &mut done.result {
                    record.header.config = None;
                }
                cells.push(*done);
            }
            CellState::Missing => absent.push(number),
            CellState::Broken(what) => {
                output::say(format!("gradfade: cell {number} cannot be trusted ({what}); left out"));
                absent.push(number);
            }
        }
    }
    if !plan.earlier.is_empty() {
        // What varies now may not have varied when a cell was made.
        let all = plan.cells();
        cells.iter_mut().for_each(|cell| cell.settings = all[cell.number - 1].settings(plan));
    }
    if !absent.is_empty() {
        let mut list = absent.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if absent.len() > 10 {
            list += ", ...";
        }
        let (n, dir) = (absent.len(), store.dir().display());
        output::say(format!(
            "gradfade: {n} of {planned} cells are missing ({list}); `gradfade sweep --out {dir}` runs them"
        ));
    }
    Ok(cells)
}

/// The figures, and why others were left out: those that were not asked for by name and have nothing to draw,
/// since no sweep suits all of them.
fn figures(
    store: &Store,
    cells: &[Cell],
    specs: &[&FigureSpec],
    asked: bool,
    options: &Options,
) -> Result<(Vec<Figure>, Vec<FigureError>), Failure> {
    let record = |number: usize| -> Option<Record> {
        let dir: PathBuf = store.cell_dir(number);
        Record::read(&dir).ok().map(|(record, _)| record)
    };
    let plan = store.plan();
    let input = SweepInput {
        name: &plan.name,
        cells,
        planned: plan.count() as usize,
        depths: plan.depths.as_deref(),
        record: &record,
    };
    let mut figures = Vec::new();
    let mut left_out = Vec::new();
    for spec in specs {
        match spec.build(&input, options) {
            Ok(figure) => figures.push(figure),
            Err(why @ FigureError::NothingInSweep { .. }) if !asked => left_out.push(why),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((figures, left_out))
}
