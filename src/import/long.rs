//! Long tables: a name, a step and a value in each line; and TensorBoard's "download as CSV", whose name of
//! the file says the name of the series.

use super::log::Axis;
use super::names::Kind;
use super::text::{Cell, Table, cell, field, first_rows, whole};
use super::wide::BadCells;
use super::{ImportError, Importer, Log, Peek, Sniff};

const NAMES: &[&str] = &["tag", "name", "metric", "key", "variable", "series"];
const STEPS: &[&str] = &["step", "_step", "global_step", "iteration", "iter"];
const VALUES: &[&str] = &["value", "values", "val", "scalar"];
const RUNS: &[&str] = &["run", "run_name", "run_id", "experiment"];
/// Columns that may stand beside them.
const OTHERS: &[&str] =
    &["wall time", "wall_time", "walltime", "time", "timestamp", "index", "", "unnamed: 0"];

pub struct Long;

/// Columns by their indices.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    run: Option<usize>,
    name: Option<usize>,
    step: usize,
    is_epoch: bool,
    value: usize,
}

impl Columns {
    fn of(header: &[String]) -> Option<Columns> {
        let lower: Vec<String> = header.iter().map(|name| name.to_lowercase()).collect();
        let place = |names: &[&str]| lower.iter().position(|name| names.contains(&name.as_str()));
        let step = place(STEPS);
        let known = [NAMES, STEPS, VALUES, RUNS, OTHERS, &["epoch"]];
        if !lower.iter().all(|name| known.iter().any(|names| names.contains(&name.as_str()))) {
            return None;
        }
        Some(Columns {
            run: place(RUNS),
            name: place(NAMES),
            step: step.or_else(|| place(&["epoch"]))?,
            is_epoch: step.is_none(),
            value: place(VALUES)?,
        })
    }
}

/// The name in `run-NAME-tag-LOSS.csv`, or the name of the file.
fn name_of_file(file: &Peek) -> String {
    let stem = file.stem();
    stem.split_once("-tag-").map_or(stem.clone(), |(_, tag)| tag.to_string())
}

impl Importer for Long {
    fn name(&self) -> &'static str {
        "long table"
    }

    fn word(&self) -> &'static str {
        "long"
    }

    fn about(&self) -> &'static str {
        "CSV with a name, a step and a value in each line (tag,step,value), or step and value of one series"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        first_rows(file, 1).first().is_some_and(|header| Columns::of(header).is_some()).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let mut table = Table::open(file)?;
        let header: Vec<String> =
            table.next_row()?.map(|row| row.iter().map(field).collect()).unwrap_or_default();
        let wanted = "the first line names no columns for a step and a value, such as tag,step,value";
        let columns = Columns::of(&header).ok_or_else(|| table.broken(wanted))?;
        let axis = if columns.is_epoch { Axis::Epoch } else { Axis::Step };
        let name = name_of_file(file);
        let (comma, mut bad) = (table.comma, BadCells::default());
        while let Some(row) = table.next_row()? {
            let text = |column: usize| field(row.get(column).unwrap_or_default());
            let (step, value) = (text(columns.step), text(columns.value));
            let wrong = match (whole(&step, comma), cell(&value, comma)) {
                (Some(step), Cell::Number(value)) => {
                    let run = log.run(&columns.run.map(text).unwrap_or_default())?;
                    let tag = columns.name.map(text);
                    let series = log.series(run, tag.as_deref().unwrap_or(&name), Kind::Number, axis)?;
                    if let Some(series) = series {
                        log.push(series, step, if value == 0.0 { 0.0 } else { value });
                    }
                    continue;
                }
                (_, Cell::Empty) => continue,
                (None, _) => step,
                (_, Cell::Text) => value,
            };
            bad.note(table.line(), &wrong);
        }
        if let Some(said) = bad.said(&file.file_name()) {
            log.warn(said);
        }
        log.set_tool("CSV", "");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names_and_others_make_it_no_long_table() {
        let of = |names: &[&str]| Columns::of(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        let found = of(&["tag", "step", "value"]).unwrap();
        assert_eq!((found.name, found.step, found.value, found.run), (Some(0), 1, 2, None));
        assert_eq!(of(&["Wall time", "Step", "Value"]).unwrap().name, None);
        assert_eq!(of(&["run", "tag", "step", "wall_time", "value"]).unwrap().run, Some(0));
        assert!(of(&["name", "epoch", "value"]).unwrap().is_epoch);
        assert_eq!(of(&["step", "value", "loss"]), None);
        assert_eq!(of(&["step", "layer", "tensor", "metric", "value"]), None);
        assert_eq!(of(&["tag", "value"]), None);
    }
}
