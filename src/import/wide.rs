//! Tables with a name above each column: Lightning's `metrics.csv`, Keras' CSVLogger and `History` through
//! pandas, the history of a wandb run, and tables written by hand.
//!
//! A column counts the steps, the others are series. Cells may be empty: programs that log some numbers by
//! the step and others by the epoch fill other columns in other rows.

use super::log::{Axis, SeriesId};
use super::names::{self, Grain, Kind, Known, Meaning};
use super::text::{Cell, Table, broken, cell, field, first_rows, whole};
use super::{ImportError, Importer, Log, Peek, Sniff};
use crate::record::Per;

/// Rows that are looked at to tell what an epoch column counts.
const LOOK: usize = 300;

pub struct Wide;

/// A column that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// The smaller number is the better name for the steps.
    Step(usize),
    Epoch,
    /// Within its epoch.
    Batch,
    /// The index that pandas writes, without a name.
    Index,
}

/// Names of columns that count steps, the best first.
const STEPS: &[&str] = &[
    "step",
    "steps",
    "_step",
    "global_step",
    "global step",
    "train_step",
    "training_step",
    "trainer/global_step",
    "train/global_step",
    "iteration",
    "iterations",
    "iter",
    "it",
    "update",
    "updates",
    "n_iter",
    "num_updates",
];
const BATCHES: &[&str] = &["batch", "batch_idx", "batch_index"];

/// What a column counts, from its name.
pub fn counter(name: &str) -> Option<Counter> {
    let name = name.trim().to_ascii_lowercase();
    if let Some(place) = STEPS.iter().position(|step| *step == name) {
        return Some(Counter::Step(place));
    }
    match name.as_str() {
        "epoch" | "epochs" => Some(Counter::Epoch),
        "" | "index" | "unnamed: 0" => Some(Counter::Index),
        _ if BATCHES.contains(&name.as_str()) => Some(Counter::Batch),
        _ => None,
    }
}

/// Names that Keras' `History` and CSVLogger have.
fn is_of_keras(name: &str) -> bool {
    let stem = name.strip_prefix("val_").unwrap_or(name);
    matches!(stem, "loss" | "acc" | "accuracy" | "lr" | "learning_rate") || stem.ends_with("_accuracy")
}

impl Importer for Wide {
    fn name(&self) -> &'static str {
        "table"
    }

    fn word(&self) -> &'static str {
        "table"
    }

    fn about(&self) -> &'static str {
        "CSV with a name above each column: Lightning's metrics.csv, Keras' CSVLogger, a history of wandb"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let rows = first_rows(file, 2);
        let Some(header) = rows.first().filter(|header| header.len() > 1) else { return Sniff::NotMine };
        let is_number = |text: &String| matches!(cell(text, true), Cell::Number(_));
        let counts = header.iter().any(|name| counter(name).is_some());
        let known = |name: &String| {
            let found = names::meaning(name, Kind::Number);
            found.is_some_and(|known| !matches!(known.meaning, Meaning::Clock | Meaning::Epoch))
        };
        let numbers = rows.get(1).is_none_or(|row| row.iter().all(|text| is_number(text) || text.is_empty()));
        (!header.iter().any(is_number)
            && (counts && header.iter().any(known) || numbers && (counts || header.iter().any(known))))
        .into()
    }

    fn marks_folder(&self, file_name: &str) -> bool {
        file_name == "metrics.csv"
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let mut table = Table::open(file)?;
        let header: Vec<String> = match table.next_row()? {
            Some(row) => row.iter().map(field).collect(),
            None => return Err(broken(file, None, "empty")),
        };
        let axes = Axes::of(&header, &first_rows(file, LOOK));
        log.set_tool(tool(&header, &axes), "");
        let run = log.run("")?;
        let columns = columns(&header, &axes, run, log)?;
        let mut reader = Reader { names: header, columns, axes, offset: 0, epoch: None, batch: 0 };
        let mut bad = BadCells::default();
        let mut rows = 0;
        let comma = table.comma;
        while let Some(row) = table.next_row()? {
            let taken = reader.row(row, rows, comma, log, &mut bad);
            rows += 1;
            if let Some(what) = taken {
                let line = table.line();
                bad.note(line, &what);
            }
        }
        if let Some(said) = bad.said(&file.file_name()) {
            log.warn(said);
        }
        Ok(())
    }
}

/// Columns that count, by their indices.
#[derive(Debug, Default)]
struct Axes {
    step: Option<usize>,
    epoch: Option<usize>,
    batch: Option<usize>,
    /// Whether the rows are epochs.
    by_epoch: bool,
}

impl Axes {
    fn of(header: &[String], rows: &[Vec<String>]) -> Axes {
        let place = |is_it: fn(Counter) -> bool| {
            let found = header.iter().enumerate().filter_map(|(i, name)| Some((counter(name)?, i)));
            found.filter(|(counter, _)| is_it(*counter)).min().map(|(_, i)| i)
        };
        let mut axes = Axes {
            step: place(|c| matches!(c, Counter::Step(_))),
            epoch: place(|c| c == Counter::Epoch),
            batch: place(|c| c == Counter::Batch),
            by_epoch: false,
        };
        let index = header.first().filter(|name| counter(name) == Some(Counter::Index)).map(|_| 0);
        match (axes.step, axes.epoch) {
            (Some(_), _) => axes.batch = None,
            (None, Some(_)) if axes.batch.is_some() => {}
            (None, Some(epoch)) if increases(rows, epoch) => axes.by_epoch = true,
            (None, Some(_)) => axes.step = index,
            (None, None) => {
                axes.step = index.or(axes.batch.take());
                let names = || header.iter().enumerate().filter(|(i, _)| Some(*i) != axes.step);
                axes.by_epoch =
                    names().all(|(_, name)| is_of_keras(name)) && names().any(|(_, n)| n.contains("loss"));
            }
        }
        axes
    }

    fn is_counter(&self, column: usize) -> bool {
        [self.step, self.epoch, self.batch].contains(&Some(column))
    }
}

/// Whether a column of whole numbers increases from row to row.
fn increases(rows: &[Vec<String>], column: usize) -> bool {
    let mut last = None;
    rows.iter().skip(1).all(|row| {
        let number = row.get(column).and_then(|text| whole(text, false));
        let follows = number.is_some() && number > last;
        last = number;
        follows
    })
}

fn tool(header: &[String], axes: &Axes) -> &'static str {
    let has = |name: &str| header.iter().any(|n| n == name);
    if has("_step") || has("_runtime") {
        "wandb"
    } else if has("step") && has("epoch") {
        "Lightning"
    } else if axes.by_epoch && header.iter().any(|name| name.starts_with("val_") || name == "loss") {
        "Keras"
    } else {
        "CSV"
    }
}

/// Whether neither the name of a column nor a person says what it holds.
fn is_unsaid(name: &str, log: &Log) -> bool {
    let is_mapped = log.options().maps.iter().any(|(_, mapped)| mapped == name);
    !is_mapped && names::meaning(name, Kind::Number).is_none()
}

/// The series of each column.
fn columns(
    header: &[String],
    axes: &Axes,
    run: usize,
    log: &mut Log,
) -> Result<Vec<Option<SeriesId>>, ImportError> {
    let axis = if axes.by_epoch { Axis::Epoch } else { Axis::Step };
    let given = log.options().metric.filter(|metric| metric.per == Per::Tensor);
    let mut columns = Vec::with_capacity(header.len());
    for (i, name) in header.iter().enumerate() {
        let is_epoch_of_step = axes.epoch == Some(i) && !axes.by_epoch;
        let own = counter(name).is_some() && !is_epoch_of_step;
        columns.push(if axes.is_counter(i) && !is_epoch_of_step || own {
            None
        } else if let Some(metric) = given.filter(|_| is_unsaid(name, log)) {
            log.run_mut(run).is_ordered = true;
            log.known(
                run,
                name,
                Known { meaning: Meaning::Norm(metric, name.clone()), grain: Grain::Unsaid },
                axis,
            )?
        } else {
            log.series(run, name, Kind::Number, axis)?
        });
    }
    Ok(columns)
}

struct Reader {
    names: Vec<String>,
    columns: Vec<Option<SeriesId>>,
    axes: Axes,
    /// Batches of the epochs before.
    offset: i64,
    epoch: Option<i64>,
    batch: i64,
}

impl Reader {
    /// Takes over a row; what is wrong with its step.
    fn row(
        &mut self,
        row: &csv::ByteRecord,
        number: i64,
        comma: bool,
        log: &mut Log,
        bad: &mut BadCells,
    ) -> Option<String> {
        let step = match self.step(row, number, comma) {
            Ok(step) => step,
            Err(text) => return Some(text),
        };
        for (column, (bytes, series)) in row.iter().zip(&self.columns).enumerate() {
            let Some(series) = series else { continue };
            let value = std::str::from_utf8(bytes).map_or(Cell::Text, |text| cell(text, comma));
            match value {
                Cell::Number(value) => log.push(*series, step, if value == 0.0 { 0.0 } else { value }),
                Cell::Empty => {}
                Cell::Text => match super::json::buckets_in(&field(bytes)) {
                    Some(buckets) => {
                        if let Some(norm) = log.norm_of_buckets(&self.names[column], buckets.into_iter()) {
                            log.push(*series, step, norm);
                        }
                    }
                    None => bad.cell(row, bytes),
                },
            }
        }
        None
    }

    fn step(&mut self, row: &csv::ByteRecord, number: i64, comma: bool) -> Result<i64, String> {
        let at = |column: usize| {
            let text = field(row.get(column).unwrap_or_default());
            whole(&text, comma).ok_or(text)
        };
        if let Some(column) = self.axes.step {
            return at(column);
        }
        match (self.axes.epoch, self.axes.batch) {
            (Some(epoch), Some(batch)) => {
                let (epoch, batch) = (at(epoch)?, at(batch)?);
                if self.epoch.is_some_and(|before| before != epoch) {
                    self.offset = self.offset.saturating_add(self.batch);
                }
                (self.epoch, self.batch) = (Some(epoch), batch);
                Ok(self.offset.saturating_add(batch))
            }
            (Some(epoch), None) if self.axes.by_epoch => at(epoch),
            _ => Ok(number),
        }
    }
}

/// Cells and rows that could not be used: how many, and the first of them.
#[derive(Debug, Default)]
pub struct BadCells {
    count: u64,
    first: Option<(u64, String)>,
}

impl BadCells {
    fn cell(&mut self, row: &csv::ByteRecord, bytes: &[u8]) {
        let line = row.position().map_or(1, csv::Position::line);
        self.note(line, &field(bytes));
    }

    pub fn note(&mut self, line: u64, text: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| (line, crate::escape::shortened(text, 40).into_owned()));
    }

    pub fn said(&self, file: &str) -> Option<String> {
        let (line, text) = self.first.as_ref()?;
        let count = self.count;
        Some(format!(
            "{file}: {count} cells are no numbers and were left out, the first in line {line}: `{text}`"
        ))
    }
}
