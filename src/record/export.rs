//! A record as one long table, for spreadsheets, R and pandas.
//!
//! `step,layer,tensor,metric,value`, one value a line:
//!
//! * `step` counts from 0; the [timing rule](crate::record#timing-rule) says what a step's values describe.
//! * `layer` counts from 1 at the input; empty for values of the whole run (`loss`, `train_accuracy`, ...).
//! * `tensor` is `weight`, `bias`, `gain` or `shift`; empty for values of a layer (`signal_rms`, `dead_share`, ...).
//! * `metric` is the name of the array. `epoch` is that of the step table, `eval_epoch` that of the evaluations.
//! * `value` is the shortest decimal number that reads back as the same bits, or one of the words `underflow`
//!   (see [`crate::stats`]), `nan`, `inf` and `-inf`. An exact zero is `0`. A missing value has no line.
//!
//! Lines are sorted by step; of one step first the step table, then the snapshot, then the evaluation. The sketch is
//! left out: its numbers mean nothing one by one ([`Record::distance_to_final`](super::Record::distance_to_final)).

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{ActivationMetric, LayerMetric, Record, TensorKind, TensorMetric};
use crate::stats::{UNDERFLOW, is_missing};

/// Writes the record as long CSV, line by line.
///
/// # Errors
/// What `out` reports; the caller knows its name. [`io::ErrorKind::InvalidData`] when the record is not whole
/// ([`Record::check`]).
pub fn export_csv(record: &Record, out: impl Write) -> io::Result<()> {
    record.check().map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["step", "layer", "tensor", "metric", "value"]).map_err(io_error)?;
    let names = Names {
        layers: (1..=record.header.layers.len()).map(|l| l.to_string()).collect(),
        tensors: record.header.tensors.iter().map(|t| (t.layer - 1, t.kind)).collect(),
    };
    let mut lines = Lines { csv, step: String::new(), value: String::new() };
    let (steps, snapshots, evals) = (&record.steps.step, &record.snapshots.step, &record.evals);
    let (mut s, mut k, mut e) = (0, 0, 0);
    let next = |s: usize, k: usize, e: usize| {
        [steps.get(s).copied(), snapshots.get(k).copied(), evals.get(e).map(|e| e.step)].into_iter().flatten().min()
    };
    while let Some(step) = next(s, k, e) {
        lines.step.clear();
        let _ = write!(lines.step, "{step}");
        if steps.get(s) == Some(&step) {
            lines.step_row(record, s, &names)?;
            s += 1;
        }
        if snapshots.get(k) == Some(&step) {
            lines.snapshot_row(record, k, &names)?;
            k += 1;
        }
        if evals.get(e).is_some_and(|e| e.step == step) {
            lines.eval_row(record, e)?;
            e += 1;
        }
    }
    lines.csv.flush()
}

struct Names {
    /// `1` to `L`.
    layers: Vec<String>,
    /// Index into `layers`, and the kind.
    tensors: Vec<(usize, TensorKind)>,
}

struct Lines<W: Write> {
    csv: csv::Writer<W>,
    step: String,
    value: String,
}

impl<W: Write> Lines<W> {
    fn step_row(&mut self, record: &Record, i: usize, names: &Names) -> io::Result<()> {
        let row = record.step_row(i);
        self.signed("", "epoch", row.epoch)?;
        self.signed("", "learning_rate", row.learning_rate)?;
        self.signed("", "loss", row.loss)?;
        self.signed("", "batch_accuracy", row.batch_accuracy)?;
        for (metric, values) in TensorMetric::ALL.into_iter().zip(row.tensors) {
            self.tensors(metric.name(), values, names)?;
        }
        for (metric, values) in LayerMetric::ALL.into_iter().zip(row.layers) {
            for (layer, &value) in names.layers.iter().zip(values) {
                self.norm(layer, "", metric.name(), value)?;
            }
        }
        Ok(())
    }

    fn snapshot_row(&mut self, record: &Record, i: usize, names: &Names) -> io::Result<()> {
        let row = record.snapshot_row(i);
        self.tensors("distance_from_init", row.distance_from_init, names)?;
        self.tensors("zero_share", row.zero_share, names)?;
        for (metric, values) in ActivationMetric::ALL.into_iter().zip(row.activations) {
            for (layer, &value) in names.layers.iter().zip(values) {
                match metric {
                    // The one quantity here that has a sign: its -0 is a zero.
                    ActivationMetric::Mean => self.signed(layer, metric.name(), value)?,
                    _ => self.norm(layer, "", metric.name(), value)?,
                }
            }
        }
        Ok(())
    }

    fn eval_row(&mut self, record: &Record, i: usize) -> io::Result<()> {
        let row = &record.evals[i];
        self.signed("", "eval_epoch", row.epoch)?;
        self.signed("", "train_loss", row.train_loss)?;
        self.signed("", "train_accuracy", row.train_accuracy)?;
        self.signed("", "test_loss", row.test_loss)?;
        self.signed("", "test_accuracy", row.test_accuracy)?;
        self.signed("", "validation_loss", row.validation_loss)?;
        self.signed("", "validation_accuracy", row.validation_accuracy)
    }

    fn tensors(&mut self, metric: &str, values: &[f64], names: &Names) -> io::Result<()> {
        for (&(layer, kind), &value) in names.tensors.iter().zip(values) {
            self.norm(&names.layers[layer], kind.name(), metric, value)?;
        }
        Ok(())
    }

    /// A quantity that may be negative, or that was not measured from numbers that can underflow.
    fn signed(&mut self, layer: &str, metric: &str, value: f64) -> io::Result<()> {
        self.line(layer, "", metric, if value == 0.0 { 0.0 } else { value })
    }

    fn norm(&mut self, layer: &str, tensor: &str, metric: &str, value: f64) -> io::Result<()> {
        self.line(layer, tensor, metric, value)
    }

    fn line(&mut self, layer: &str, tensor: &str, metric: &str, value: f64) -> io::Result<()> {
        if is_missing(value) {
            return Ok(());
        }
        write_value(&mut self.value, value);
        self.csv.write_record([&self.step, layer, tensor, metric, &self.value]).map_err(io_error)
    }
}

/// The error of `out` itself: csv's own conversion forgets its kind, by which a closed pipe is known.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn write_value(text: &mut String, value: f64) {
    text.clear();
    let word = match value {
        v if v.is_nan() => "nan",
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        v if v.to_bits() == UNDERFLOW.to_bits() => "underflow",
        0.0 => "0",
        // `{:?}` and not `{}`, which writes 1e-300 with all its zeros.
        v => {
            let _ = write!(text, "{v:?}");
            return;
        }
    };
    text.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_shortest_numbers_that_read_back_or_words() {
        let written = |value| {
            let mut text = String::new();
            write_value(&mut text, value);
            text
        };
        for (value, expected) in [
            (0.1, "0.1"),
            (1e-300, "1e-300"),
            (5e-324, "5e-324"),
            (2.5e-7, "2.5e-7"),
            (1.0, "1.0"),
            (-3.25, "-3.25"),
            (0.0, "0"),
            (UNDERFLOW, "underflow"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(written(value), expected);
        }
        for value in [f64::MAX, f64::MIN_POSITIVE, 0.1 + 0.2, 1.0 / 3.0, 123456789012345680.0] {
            assert_eq!(written(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
