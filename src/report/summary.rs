//! A run in a page: its header, and one line a layer.

use serde_json::{Value, json};

use crate::record::{ActivationMetric, LayerMetric, Record, Status, TensorKind, TensorMetric};
use crate::stats::{Cell, MISSING};

/// One layer of the table. Values are stored ones: see [`crate::stats`].
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLine {
    /// From 1 at the input.
    pub layer: usize,
    pub fan_in: usize,
    pub fan_out: usize,
    pub activation: String,
    /// RMS backward signal at the first and the last recorded step.
    pub signal: [f64; 2],
    /// Weight gradient norm at the first and the last recorded step.
    pub grad: [f64; 2],
    /// Norm of the weight update over the norm of the weights, median over the recorded steps.
    pub relative_update: f64,
    /// Distance of the weights from their initial value at the last snapshot, over their initial norm.
    pub moved: f64,
    /// At the last snapshot that has them.
    pub saturated_share: f64,
    pub dead_share: f64,
}

/// The table by layer.
pub fn layers(record: &Record) -> Vec<LayerLine> {
    let header = &record.header;
    let last = record.len().checked_sub(1);
    let snapshots = record.snapshots.step.len();
    (0..header.layers.len())
        .map(|l| {
            let info = &header.layers[l];
            let weight = header.tensor_index(l + 1, TensorKind::Weight);
            let ends = |f: &dyn Fn(usize) -> f64| last.map_or([MISSING; 2], |last| [f(0), f(last)]);
            let tensor = |m, row| weight.map_or(MISSING, |t| record.tensor(m, row, t));
            let ratios =
                (0..record.len()).map(|r| tensor(TensorMetric::UpdateNorm, r) / tensor(TensorMetric::ParamNorm, r));
            let initial = if last.is_some() { tensor(TensorMetric::ParamNorm, 0) } else { MISSING };
            let distance = match (weight, snapshots.checked_sub(1)) {
                (Some(t), Some(k)) => record.distance_from_init(k, t),
                _ => MISSING,
            };
            let share = |metric| {
                let values = (0..snapshots).rev().map(|k| record.activation(metric, k, l));
                values.into_iter().find(|v| !v.is_nan()).unwrap_or(MISSING)
            };
            LayerLine {
                layer: l + 1,
                fan_in: info.fan_in,
                fan_out: info.fan_out,
                activation: info.activation.clone(),
                signal: ends(&|r| record.layer(LayerMetric::SignalRms, r, l)),
                grad: ends(&|r| tensor(TensorMetric::GradNorm, r)),
                relative_update: crate::stats::median(ratios).unwrap_or(MISSING),
                moved: if initial > 0.0 { distance / initial } else { MISSING },
                saturated_share: share(ActivationMetric::SaturatedShare),
                dead_share: share(ActivationMetric::DeadShare),
            }
        })
        .collect()
}

/// Header and table as text.
pub fn text(record: &Record) -> String {
    let header = &record.header;
    let mut out = format!("run {}\n", header.run);
    for (key, value) in &header.labels {
        if !value.is_empty() {
            out += &format!("  {key:16} {value}\n");
        }
    }
    if let Some(seed) = header.seed {
        out += &format!("  {:16} {seed}\n", "seed");
    }
    out += &format!("  {:16} {}\n", "status", status(&header.status));
    out += &format!(
        "  {:16} {}\n",
        "recorded",
        format_args!("{} steps, {} snapshots", record.len(), record.snapshots.step.len())
    );
    let best = record.header.early_stop.and_then(|_| record.final_eval());
    for (what, row) in
        [("before training", record.evals.first()), ("last evaluation", record.evals.last()), ("best, kept", best)]
    {
        if let Some(row) = row {
            out += &format!(
                "  {what:16} step {}: training loss {}, accuracy {}; test loss {}, accuracy {}{}\n",
                row.step,
                number(row.train_loss),
                percent(row.train_accuracy),
                number(row.test_loss),
                percent(row.test_accuracy),
                if row.validation_loss.is_nan() {
                    String::new()
                } else {
                    format!(
                        "; validation loss {}, accuracy {}",
                        number(row.validation_loss),
                        percent(row.validation_accuracy)
                    )
                }
            );
        }
    }
    out += "\nlayer  in -> out     activation    backward signal          weight gradient          update/weight  moved      saturated  dead\n";
    out += "                                   first      last          first      last          (median)       (of |W0|)\n";
    // The output side first, as in the figures, whose bottom is the input.
    for line in layers(record).iter().rev() {
        out += &format!(
            "{:>5}  {:<12}  {:<12}  {:<9}  {:<12}  {:<9}  {:<12}  {:<13}  {:<9}  {:<9}  {}\n",
            line.layer,
            format!("{} -> {}", line.fan_in, line.fan_out),
            line.activation,
            number(line.signal[0]),
            number(line.signal[1]),
            number(line.grad[0]),
            number(line.grad[1]),
            number(line.relative_update),
            percent(line.moved),
            percent(line.saturated_share),
            percent(line.dead_share)
        );
    }
    out
}

/// Header and table for programs: values that are no finite number are words (`underflow`, `nan`, `inf`) or null (missing).
pub fn json(record: &Record) -> Value {
    let lines = layers(record);
    json!({
        "header": record.header,
        "recorded_steps": record.len(),
        "snapshots": record.snapshots.step.len(),
        "first_step": record.steps.step.first(),
        "last_step": record.steps.step.last(),
        "evaluations": record.evals.iter().map(|r| json!({
            "step": r.step, "epoch": value(r.epoch), "train_loss": value(r.train_loss), "train_accuracy": value(r.train_accuracy),
            "test_loss": value(r.test_loss), "test_accuracy": value(r.test_accuracy),
            "validation_loss": value(r.validation_loss), "validation_accuracy": value(r.validation_accuracy),
        })).collect::<Vec<_>>(),
        "layers": lines.iter().map(|l| json!({
            "layer": l.layer, "fan_in": l.fan_in, "fan_out": l.fan_out, "activation": l.activation,
            "signal_rms_first": value(l.signal[0]), "signal_rms_last": value(l.signal[1]),
            "grad_norm_first": value(l.grad[0]), "grad_norm_last": value(l.grad[1]),
            "relative_update_median": value(l.relative_update), "moved": value(l.moved),
            "saturated_share": value(l.saturated_share), "dead_share": value(l.dead_share),
        })).collect::<Vec<_>>(),
    })
}

fn status(status: &Status) -> String {
    match status {
        Status::Running => "running, or killed".into(),
        Status::Complete => "complete".into(),
        Status::Interrupted { step } => format!("interrupted after {step} steps"),
        Status::Diverged { step, what } => format!("diverged at step {step}: {what}"),
    }
}

fn word(stored: f64) -> Option<&'static str> {
    match Cell::from_stored(stored) {
        Cell::Finite(_) => None,
        Cell::Zero => Some("0"),
        Cell::Underflow => Some("underflow"),
        Cell::Nan => Some("nan"),
        Cell::Infinite => Some("inf"),
        Cell::Missing => Some("-"),
    }
}

fn number(stored: f64) -> String {
    match word(stored) {
        Some(word) => word.into(),
        None if (1e-3..1e4).contains(&stored) => format!("{stored:.4}"),
        None => format!("{stored:.2e}"),
    }
}

fn percent(share: f64) -> String {
    match word(share) {
        Some("0") => "0 %".into(),
        Some(word) => word.into(),
        None if share < 1e-3 => format!("{:.1e} %", 100.0 * share),
        None => format!("{:.1} %", 100.0 * share),
    }
}

fn value(stored: f64) -> Value {
    match Cell::from_stored(stored) {
        Cell::Finite(_) | Cell::Zero => json!(stored),
        Cell::Missing => Value::Null,
        _ => json!(word(stored)),
    }
}
