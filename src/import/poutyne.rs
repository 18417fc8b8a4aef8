//! Poutyne's gradient logger: a CSV for each parameter, with `epoch`, `batch` and statistics of its gradient.
//! The name of the parameter is in that of the file.

use super::log::Axis;
use super::names::{Grain, Known, Meaning};
use super::text::{Cell, Table, cell, field, first_rows, whole};
use super::wide::BadCells;
use super::{ImportError, Importer, Log, Peek, Sniff};
use crate::record::GRAD_NORM;

/// What the column of the L2 norm is called.
const NORMS: &[&str] = &["l2", "l2.0", "l2_norm", "norm"];
/// Words before the name of a parameter in that of a file.
const BEFORE: &[&str] =
    &["gradient_stats", "gradients", "gradient", "grads", "grad", "stats", "norms", "norm", "csv", "log"];

pub struct Poutyne;

fn norm_column(header: &[String]) -> Option<usize> {
    header.iter().position(|name| NORMS.contains(&name.as_str()))
}

/// The parameter: `gradients_fc1.weight.csv` is of `fc1.weight`.
fn parameter(file_name: &str) -> String {
    let stem = file_name.strip_suffix(".csv").or_else(|| file_name.strip_suffix(".tsv")).unwrap_or(file_name);
    let mut rest = stem;
    while let Some(next) = BEFORE.iter().find_map(|word| rest.strip_prefix(word)?.strip_prefix(['_', '-'])) {
        rest = next;
    }
    rest.to_string()
}

impl Importer for Poutyne {
    fn name(&self) -> &'static str {
        "Poutyne"
    }

    fn word(&self) -> &'static str {
        "poutyne"
    }

    fn about(&self) -> &'static str {
        "CSV files of Poutyne's gradient logger, one a parameter: give them together"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let rows = first_rows(file, 1);
        let is_one = |header: &Vec<String>| {
            let begins =
                header.first().is_some_and(|n| n == "epoch") && header.get(1).is_some_and(|n| n == "batch");
            let statistics = ["mean", "var", "min", "max"].iter().any(|s| header.iter().any(|n| n == s));
            begins && statistics
        };
        rows.first().is_some_and(is_one).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let mut table = Table::open(file)?;
        let header: Vec<String> =
            table.next_row()?.map(|row| row.iter().map(field).collect()).unwrap_or_default();
        let no_norm = "it has no column of the L2 norm (l2); Poutyne writes it where it is asked for";
        let norm = norm_column(&header).ok_or_else(|| table.broken(no_norm))?;
        log.set_tool("Poutyne", "");
        let run = log.run("")?;
        let name = parameter(&file.file_name());
        let of = |meaning| Known { meaning, grain: Grain::Unsaid };
        let norms = log.known(
            run,
            &format!("gradient_stats/{name}"),
            of(Meaning::Norm(GRAD_NORM, name)),
            Axis::Step,
        )?;
        let epochs = log.known(run, "epoch", of(Meaning::Epoch), Axis::Step)?;
        let (mut offset, mut before) = (0i64, None);
        let (comma, mut bad) = (table.comma, BadCells::default());
        while let Some(row) = table.next_row()? {
            let text = |column: usize| field(row.get(column).unwrap_or_default());
            let numbers = (whole(&text(0), comma), whole(&text(1), comma), cell(&text(norm), comma));
            let (Some(epoch), Some(batch), Cell::Number(value)) = numbers else {
                let (line, wrong) = (table.line(), "a row without epoch, batch and norm");
                bad.note(line, wrong);
                continue;
            };
            if let Some((last, batches)) = before
                && last != epoch
            {
                offset = i64::saturating_add(offset, batches);
            }
            before = Some((epoch, batch));
            // Epochs and batches count from 1 there, steps from 0.
            let step = offset.saturating_add(batch).saturating_sub(1);
            if let Some(norms) = norms {
                log.push(norms, step, if value == 0.0 { 0.0 } else { value });
            }
            if let Some(epochs) = epochs.filter(|_| norms.is_some()) {
                log.push(epochs, step, epoch.saturating_sub(1) as f64);
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
    fn the_parameter_is_in_the_name_of_the_file() {
        for (file, name) in [
            ("gradients_fc1.weight.csv", "fc1.weight"),
            ("fc1.weight.csv", "fc1.weight"),
            ("gradient_stats-layer1.0.bias.csv", "layer1.0.bias"),
            ("grad", "grad"),
        ] {
            assert_eq!(parameter(file), name);
        }
    }
}
