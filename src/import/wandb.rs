//! "Export CSV" of a chart of wandb: `Step`, then `RUN - metric`, `RUN - metric__MIN` and `RUN - metric__MAX`
//! for every run of the chart.

use super::log::{Axis, SeriesId};
use super::names::Kind;
use super::text::{Cell, Table, cell, field, first_rows, whole};
use super::wide::{BadCells, Counter, counter};
use super::{ImportError, Importer, Log, Peek, Sniff};

/// Ends of columns that hold the spread of what was averaged into a point of the chart.
const SPREADS: &[&str] = &["__MIN", "__MAX"];

pub struct Chart;

/// Run and metric of a column.
fn parts(name: &str) -> Option<(&str, &str)> {
    let (run, metric) = name.rsplit_once(" - ")?;
    (!run.is_empty() && !metric.is_empty()).then_some((run, metric))
}

fn is_spread(name: &str) -> bool {
    SPREADS.iter().any(|end| name.ends_with(end))
}

impl Importer for Chart {
    fn name(&self) -> &'static str {
        "wandb chart"
    }

    fn word(&self) -> &'static str {
        "wandb-chart"
    }

    fn about(&self) -> &'static str {
        "CSV of a chart of wandb (Step, RUN - metric, ...): one run for each of the chart"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let rows = first_rows(file, 1);
        rows.first()
            .is_some_and(|header| header.len() > 1 && header[1..].iter().all(|name| parts(name).is_some()))
            .into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let mut table = Table::open(file)?;
        let header: Vec<String> =
            table.next_row()?.map(|row| row.iter().map(field).collect()).unwrap_or_default();
        let first = header.first().map(String::as_str).unwrap_or_default();
        let axis = match counter(first) {
            Some(Counter::Epoch) => Axis::Epoch,
            Some(_) => Axis::Step,
            // A counter of somebody's own that was chosen for the axis: `train/epoch`, `samples`.
            None if first.to_lowercase().contains("epoch") => Axis::Epoch,
            None if first.to_lowercase().contains("time") => {
                let what =
                    format!("its axis is `{first}`; set the axis of the chart to Step and export it again");
                return Err(table.broken(&what));
            }
            None => Axis::Step,
        };
        if !header.iter().skip(1).any(|name| parts(name).is_some()) {
            return Err(table.broken("no column is called as those of a chart, RUN - metric"));
        }
        let mut columns: Vec<Option<SeriesId>> = vec![None];
        for name in &header[1.min(header.len())..] {
            let Some((run, metric)) =
                parts(name).filter(|(_, metric)| !is_spread(metric) && *metric != "_step")
            else {
                columns.push(None);
                continue;
            };
            let run = log.run(run.strip_prefix("Group: ").unwrap_or(run))?;
            columns.push(log.series(run, metric, Kind::Number, axis)?);
        }
        log.set_tool("wandb", "");
        let (comma, mut bad) = (table.comma, BadCells::default());
        while let Some(row) = table.next_row()? {
            let step = field(row.get(0).unwrap_or_default());
            let Some(at) = whole(&step, comma) else {
                bad.note(table.line(), &step);
                continue;
            };
            let mut wrong = None;
            for (bytes, series) in row.iter().zip(&columns) {
                let Some(series) = series else { continue };
                match cell(&field(bytes), comma) {
                    Cell::Number(value) => log.push(*series, at, if value == 0.0 { 0.0 } else { value }),
                    Cell::Empty => {}
                    Cell::Text => wrong = Some(field(bytes)),
                }
            }
            if let Some(wrong) = wrong {
                bad.note(table.line(), &wrong);
            }
        }
        if let Some(said) = bad.said(&file.file_name()) {
            log.warn(said);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_of_a_run_and_a_metric() {
        assert_eq!(parts("a - b - train/loss"), Some(("a - b", "train/loss")));
        assert_eq!(parts("loss"), None);
        assert_eq!(parts(" - x"), None);
        assert!(is_spread("train/loss__MIN") && !is_spread("train/loss"));
    }
}
