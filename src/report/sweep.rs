//! `cells.csv`: one row a cell of a sweep.

use crate::analysis::{Summary, ratio};
use crate::record::cell::Cell;
use crate::record::{EvalRow, Record, Status, TensorKind, TensorMetric};
use crate::stats::{MISSING, is_missing};

const SETTINGS: [&str; 9] = [
    "data",
    "activation",
    "initialisation",
    "optimizer",
    "learning_rate",
    "batch_size",
    "width",
    "hidden_layers",
    "seed",
];

/// The table as RFC 4180 text, sorted by number. Columns, of which only the last, `seconds`, may differ between two runs of
/// the same plan:
///
/// | column | what |
/// |---|---|
/// | `cell`, then the nine settings | from 1, in the order of the plan |
/// | `status`, `reason` | `complete`, `diverged` or `failed`, and why |
/// | `steps` | updates made |
/// | `train_accuracy` .. `test_loss` | of the last evaluation |
/// | `first_last_gradient_ratio_start`, `.._end` | weight gradient norm of layer 1 over that of the last hidden layer, at the first and the last recorded step; with two hidden layers or more |
/// | `movement_layer_1` .. | distance of each layer's weights from their start, over their norm at the start |
/// | `seconds` | wall time |
///
/// Missing is empty; what is no number is `nan`, `inf` or `-inf`.
pub fn cells_csv(cells: &[Cell]) -> String {
    let mut cells: Vec<&Cell> = cells.iter().collect();
    cells.sort_by_key(|cell| cell.number);
    let layers = |cell: &Cell| cell.result.as_ref().map_or(0, |record| record.header.layers.len());
    let most = cells.iter().map(|cell| layers(cell)).max().unwrap_or(0);
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = vec!["cell".into()];
    head.extend(SETTINGS.map(String::from));
    for name in [
        "status",
        "reason",
        "steps",
        "train_accuracy",
        "test_accuracy",
        "train_loss",
        "test_loss",
        "first_last_gradient_ratio_start",
        "first_last_gradient_ratio_end",
    ] {
        head.push(name.into());
    }
    head.extend((1..=most).map(|l| format!("movement_layer_{l}")));
    head.push("seconds".into());
    let mut rows = vec![head];
    rows.extend(cells.iter().map(|cell| row(cell, most)));
    for row in rows {
        // Writing to memory does not fail, and all rows have the same length.
        let _ = table.write_record(&row);
    }
    table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn row(cell: &Cell, most: usize) -> Vec<String> {
    let mut row = vec![cell.number.to_string()];
    row.extend(SETTINGS.map(|key| cell.setting(key).to_string()));
    let (status, reason) = match &cell.result {
        Err(why) => ("failed", why.clone()),
        Ok(record) => match &record.header.status {
            Status::Complete => ("complete", String::new()),
            Status::Diverged { step, what } => ("diverged", format!("step {step}: {what}")),
            Status::Running | Status::Interrupted { .. } => ("interrupted", String::new()),
        },
    };
    row.extend([status.to_string(), reason]);
    let record = cell.result.as_ref().ok();
    row.push(record.and_then(|r| r.steps.step.last()).map_or_else(String::new, |last| (last + 1).to_string()));
    let last = record.and_then(Record::final_eval);
    let evaluated = |f: fn(&EvalRow) -> f64| number(last.map_or(MISSING, f));
    row.extend([
        evaluated(|e| e.train_accuracy),
        evaluated(|e| e.test_accuracy),
        evaluated(|e| e.train_loss),
        evaluated(|e| e.test_loss),
    ]);
    let summary = record.and_then(|r| Summary::new(r).ok());
    let rows = record.map_or(0, Record::len);
    let gradient = |row: usize| {
        let summary = summary.as_ref().filter(|s| s.hidden() > 1 && row < rows)?;
        let norm = |layer| summary.tensor_value(TensorMetric::GradNorm, TensorKind::Weight, row, layer);
        Some(ratio(norm(0), norm(summary.hidden() - 1)))
    };
    row.push(number(gradient(0).unwrap_or(MISSING)));
    row.push(number(rows.checked_sub(1).and_then(gradient).unwrap_or(MISSING)));
    for layer in 0..most {
        row.push(number(summary.as_ref().filter(|s| layer < s.layers()).map_or(MISSING, |s| moved(s, layer))));
    }
    row.push(format!("{:.3}", cell.seconds));
    row
}

/// Distance of a layer's weights from their start at the last snapshot, over their norm at the start.
fn moved(summary: &Summary, layer: usize) -> f64 {
    let record = summary.record();
    let (Some(tensor), Some(last)) =
        (summary.tensor(layer, TensorKind::Weight), record.snapshots.step.len().checked_sub(1))
    else {
        return MISSING;
    };
    if record.is_empty() {
        return MISSING;
    }
    let distance = record.snapshots.distance_from_init[last * record.header.tensors.len() + tensor];
    ratio(distance, summary.tensor_value(TensorMetric::ParamNorm, TensorKind::Weight, 0, layer))
}

/// The shortest text that reads back as the same number.
fn number(x: f64) -> String {
    match x {
        x if is_missing(x) => String::new(),
        x if x.is_nan() => "nan".into(),
        f64::INFINITY => "inf".into(),
        f64::NEG_INFINITY => "-inf".into(),
        x if x != 0.0 && !(1e-4..1e15).contains(&x.abs()) => format!("{x:e}"),
        x => x.to_string(),
    }
}
