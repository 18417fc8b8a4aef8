//! A run in a page: its header, and one line a layer.

use serde_json::{Value, json};

use crate::record::{
    DEAD_SHARE, DISTANCE_FROM_INIT, EVAL_EPOCH, GRAD_NORM, LayerInfo, PARAM_NORM, Record, Role,
    SATURATED_SHARE, SIGNAL_RMS, Status, TEST_ACCURACY, TEST_LOSS, TRAIN_ACCURACY, TRAIN_LOSS, UPDATE_NORM,
    VALIDATION_ACCURACY, VALIDATION_LOSS, ZERO_SHARE,
};
use crate::stats::{MISSING, Measured};
use crate::text::summary::Column;
use crate::text::{Lang, columns};

/// One layer of the table. Values are stored ones: see [`crate::stats`].
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLine {
    /// Place in the header, from 1 at the input.
    pub layer: usize,
    /// Its number among the layers with weights, as figures and verdicts count them.
    pub number: Option<usize>,
    /// What the producing program calls it, where that says more than its number.
    pub name: Option<String>,
    pub fan_in: Option<usize>,
    pub fan_out: Option<usize>,
    /// Shapes before and behind in words, where one of them is a map.
    pub maps: Option<[String; 2]>,
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
    /// Share of the weights that are exactly zero, at the last snapshot.
    pub zero_share: f64,
}

/// Shapes before and behind, where one of them is more than a number.
fn maps(info: &LayerInfo) -> Option<[String; 2]> {
    let words = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    let shapes = [&info.input_shape, &info.output_shape];
    shapes.iter().any(|shape| shape.len() > 1).then(|| shapes.map(|shape| words(shape)))
}

/// The table by layer.
pub fn layers(record: &Record) -> Vec<LayerLine> {
    let header = &record.header;
    let last = record.len().checked_sub(1);
    let snapshots = record.snapshots.step().len();
    (0..header.layers.len())
        .map(|l| {
            let info = &header.layers[l];
            let weight = header.tensor_index(l + 1, Role::Weight);
            let ends = |f: &dyn Fn(usize) -> f64| last.map_or([MISSING; 2], |last| [f(0), f(last)]);
            let tensor = |m, row| weight.map_or(MISSING, |t| record.value(m, row, t));
            let ratios = (0..record.len()).map(|r| tensor(UPDATE_NORM, r) / tensor(PARAM_NORM, r));
            let initial = if last.is_some() { tensor(PARAM_NORM, 0) } else { MISSING };
            let (distance, zero_share) = match (weight, snapshots.checked_sub(1)) {
                (Some(t), Some(k)) => {
                    (record.value(DISTANCE_FROM_INIT, k, t), record.value(ZERO_SHARE, k, t))
                }
                _ => (MISSING, MISSING),
            };
            let share = |metric| {
                let values = (0..snapshots).rev().map(|k| record.value(metric, k, l));
                values.into_iter().find(|v| !v.is_nan()).unwrap_or(MISSING)
            };
            LayerLine {
                layer: l + 1,
                number: weight
                    .map(|_| (0..=l).filter(|&l| header.tensor_index(l + 1, Role::Weight).is_some()).count()),
                maps: maps(info),
                name: info.own_name().map(String::from),
                fan_in: info.fan_in,
                fan_out: info.fan_out,
                activation: info.activation().to_string(),
                signal: ends(&|r| record.value(SIGNAL_RMS, r, l)),
                grad: ends(&|r| tensor(GRAD_NORM, r)),
                relative_update: crate::stats::median(ratios).unwrap_or(MISSING),
                moved: if initial > 0.0 { distance / initial } else { MISSING },
                saturated_share: share(SATURATED_SHARE),
                dead_share: share(DEAD_SHARE),
                zero_share,
            }
        })
        .collect()
}

/// Header and table as text.
pub fn text(record: &Record, lang: Lang) -> String {
    let header = &record.header;
    let mut out = format!("{}\n", lang.run_line(&header.run));
    let mut line = |name: &str, value: &str| out += &format!("  {} {value}\n", padded(name, 16));
    for (key, value) in &header.labels {
        if !value.is_empty() {
            line(&lang.setting_name(key), &lang.setting_value(key, value));
        }
    }
    if let Some(seed) = header.seed {
        line(&lang.setting_name("seed"), &seed.to_string());
    }
    line(&lang.setting_name("status"), &status(&header.status, lang));
    let recorded = lang.recorded_line(record.len(), record.snapshots.step().len());
    line(&lang.setting_name("recorded"), &recorded);
    let best = header.early_stop.and_then(|_| record.final_eval());
    for (name, row) in [
        (lang.evaluation_name(record.evals.step().first().copied().or(Some(0))), record.evals.first()),
        (lang.evaluation_name(None), record.evals.last()),
        (lang.kept_evaluation_name(), best),
    ] {
        if let Some(row) = row {
            let train = [number(row.value(TRAIN_LOSS)), percent(lang, row.value(TRAIN_ACCURACY))];
            let test = [number(row.value(TEST_LOSS)), percent(lang, row.value(TEST_ACCURACY))];
            let mut words = lang.evaluation_line(row.step(), [&train[0], &train[1]], [&test[0], &test[1]]);
            if !row.value(VALIDATION_LOSS).is_nan() {
                words += &lang.validation_part(
                    &number(row.value(VALIDATION_LOSS)),
                    &percent(lang, row.value(VALIDATION_ACCURACY)),
                );
            }
            line(&name, &words);
        }
    }
    let zeros: Vec<f64> = layers(record).iter().map(|l| l.zero_share).collect();
    if zeros.iter().any(|&share| share > 0.0) {
        let [name, words] =
            lang.zeros_line(&zeros.iter().map(|&share| percent(lang, share)).collect::<Vec<_>>());
        line(&name, &words);
    }
    // A log of losses has no rows for it.
    if !header.layers.is_empty() {
        out += &table(record, lang);
    }
    out
}

/// Columns of the table and what they are padded to; a column of two values has two widths.
const WIDTHS: [(Column, usize, usize); 9] = [
    (Column::Layer, 5, 0),
    (Column::Widths, 12, 0),
    (Column::Activation, 12, 0),
    (Column::Signal, 9, 12),
    (Column::Gradient, 9, 12),
    (Column::RelativeUpdate, 13, 0),
    (Column::Moved, 11, 0),
    (Column::Saturated, 9, 0),
    (Column::Dead, 6, 0),
];

fn table(record: &Record, lang: Lang) -> String {
    let all = layers(record);
    let named = all.iter().any(|line| line.name.is_some());
    let maps = |line: &LayerLine| line.maps.as_ref().map(|[a, b]| a.len() + b.len() + 4);
    let wide = all.iter().filter_map(maps).fold(12, usize::max);
    let mut lines = [String::from("\n"), String::new()];
    let [first, last] = lang.first_and_last();
    for (column, a, b) in WIDTHS.into_iter().chain(named.then_some((Column::Name, 0, 0))) {
        let a = if matches!(column, Column::Widths) { wide } else { a };
        let [upper, lower] = lang.column_head(column);
        let gap = if b > 0 { 2 } else { 0 };
        lines[0] += &format!("{}  ", padded(&upper, a + gap + b));
        lines[1] += &match b {
            0 => format!("{}  ", padded(&lower, a)),
            _ => format!("{}  {}  ", padded(&first, a), padded(&last, b)),
        };
    }
    let mut out: String = lines.iter().map(|line| format!("{}\n", line.trim_end_matches(' '))).collect();
    // The output side first, as in the figures, whose bottom is the input.
    for line in all.iter().rev() {
        let widths = match line.maps.as_ref() {
            Some([before, behind]) => format!("{before} -> {behind}"),
            None => format!("{} -> {}", width(line.fan_in), width(line.fan_out)),
        };
        let cells: [(String, usize); 10] = [
            (widths, wide),
            (line.activation.clone(), 12),
            (number(line.signal[0]), 9),
            (number(line.signal[1]), 12),
            (number(line.grad[0]), 9),
            (number(line.grad[1]), 12),
            (number(line.relative_update), 13),
            (percent(lang, line.moved), 11),
            (percent(lang, line.saturated_share), 9),
            (percent(lang, line.dead_share), 6),
        ];
        let cells: Vec<String> = cells.iter().map(|(text, width)| padded(text, *width)).collect();
        let name = line.name.as_ref().map_or_else(String::new, |name| format!("  {name}"));
        let number = line.number.map_or_else(String::new, |number| number.to_string());
        let row = format!("{number:>5}  {}{name}", cells.join("  "));
        out += &format!("{}\n", row.trim_end());
    }
    out
}

/// Text and blanks up to `width` columns of a terminal, where a Chinese character takes two.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Header and table for programs: values that are no finite number are words (`underflow`, `nan`, `inf`) or
/// null (missing).
pub fn json(record: &Record) -> Value {
    let lines = layers(record);
    json!({
        "header": record.header,
        "recorded_steps": record.len(),
        "snapshots": record.snapshots.step().len(),
        "first_step": record.steps.step().first(),
        "last_step": record.steps.step().last(),
        "evaluations": record.evals.iter().map(|r| json!({
            "step": r.step(), "epoch": value(r.value(EVAL_EPOCH)), "train_loss": value(r.value(TRAIN_LOSS)), "train_accuracy": value(r.value(TRAIN_ACCURACY)),
            "test_loss": value(r.value(TEST_LOSS)), "test_accuracy": value(r.value(TEST_ACCURACY)),
            "validation_loss": value(r.value(VALIDATION_LOSS)), "validation_accuracy": value(r.value(VALIDATION_ACCURACY)),
        })).collect::<Vec<_>>(),
        "layers": lines.iter().map(|l| json!({
            "layer": l.layer, "number": l.number, "name": l.name, "fan_in": l.fan_in, "fan_out": l.fan_out, "activation": l.activation,
            "signal_rms_first": value(l.signal[0]), "signal_rms_last": value(l.signal[1]),
            "grad_norm_first": value(l.grad[0]), "grad_norm_last": value(l.grad[1]),
            "relative_update_median": value(l.relative_update), "moved": value(l.moved),
            "saturated_share": value(l.saturated_share), "dead_share": value(l.dead_share),
            "zero_share": value(l.zero_share),
        })).collect::<Vec<_>>(),
    })
}

fn status(status: &Status, lang: Lang) -> String {
    match status {
        Status::Running => lang.running_or_killed(),
        Status::Complete => lang.complete(),
        Status::Interrupted { step } => lang.interrupted_after(*step),
        Status::Diverged { step, what } => lang.diverged_line(*step, what),
    }
}

fn word(stored: f64) -> Option<&'static str> {
    match Measured::from_stored(stored) {
        Measured::Finite(_) => None,
        Measured::Zero => Some("0"),
        Measured::Underflow => Some("underflow"),
        Measured::Nan => Some("nan"),
        Measured::Infinite => Some("inf"),
        Measured::Missing => Some("-"),
    }
}

fn number(stored: f64) -> String {
    match word(stored) {
        Some(word) => word.into(),
        None if (1e-3..1e4).contains(&stored) => format!("{stored:.4}"),
        None => format!("{stored:.2e}"),
    }
}

fn width(units: Option<usize>) -> String {
    units.map_or_else(|| "-".into(), |n| n.to_string())
}

fn percent(lang: Lang, share: f64) -> String {
    let text = match word(share) {
        Some("0") => lang.percent(0.0),
        Some(word) => word.into(),
        None if share < 1e-3 => format!("{:.1e}", 100.0 * share) + lang.percent_sign(),
        None => lang.tenths(share),
    };
    text.replace('\u{a0}', " ")
}

fn value(stored: f64) -> Value {
    match Measured::from_stored(stored) {
        Measured::Finite(_) | Measured::Zero => json!(stored),
        Measured::Missing => Value::Null,
        _ => json!(word(stored)),
    }
}
