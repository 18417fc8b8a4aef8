//! A record as one long table, for spreadsheets, R and pandas.
//!
//! `step,layer,tensor,metric,value`, one value a line:
//!
//! * `step` counts from 0; the [timing rule](crate::record#timing) says what a step's values describe.
//! * `layer` counts from 1 at the input; empty for values of the whole run (`loss`, `train_accuracy`, ...).
//! * `tensor` is the role of the tensor: `weight`, `bias`, `scale`, `shift` or another word; its name where its layer has
//!   several of that role. Empty for values of a layer (`signal_rms`, `dead_share`, ...).
//! * `metric` is the name of the array. `epoch` is that of the step table, `eval_epoch` that of the evaluations.
//! * `value` is the shortest decimal number that reads back as the same bits, or one of the words `underflow`
//!   (see [`crate::stats`]), `nan`, `inf` and `-inf`. An exact zero is `0`. A missing value has no line.
//!
//! Lines are sorted by step; of one step first the step table, then the snapshot, then the evaluation. The
//! sketch is left out, whose numbers mean nothing one by one
//! ([`Record::distance_to_final`](super::Record::distance_to_final)), and so are histograms, whose bins are no
//! column of this table.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Header, Per, Record, Row, Table, TensorInfo};
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
        tensors: record
            .header
            .tensors
            .iter()
            .map(|t| (t.layer - 1, tensor_word(&record.header, t)))
            .collect(),
    };
    let mut lines = Lines { csv, step: String::new(), value: String::new() };
    let mut next = Table::ALL.map(|table| (record.table(table), 0));
    while let Some(step) = next.iter().filter_map(|(rows, i)| rows.step().get(*i).copied()).min() {
        lines.step.clear();
        let _ = write!(lines.step, "{step}");
        for (rows, i) in &mut next {
            if rows.step().get(*i) == Some(&step) {
                lines.row(&rows.row(*i), &names)?;
                *i += 1;
            }
        }
    }
    lines.csv.flush()
}

struct Names {
    /// `1` to `L`.
    layers: Vec<String>,
    /// Index into `layers`, and the word for the tensor.
    tensors: Vec<(usize, String)>,
}

fn tensor_word(header: &Header, tensor: &TensorInfo) -> String {
    let alike =
        header.tensors.iter().filter(|t| t.layer == tensor.layer && t.role_name() == tensor.role_name());
    if alike.count() > 1 { tensor.name.clone() } else { tensor.role_name().to_string() }
}

struct Lines<W: Write> {
    csv: csv::Writer<W>,
    step: String,
    value: String,
}

impl<W: Write> Lines<W> {
    fn row(&mut self, row: &Row<'_>, names: &Names) -> io::Result<()> {
        for metric in row.table().metrics() {
            for (index, &value) in row[metric].iter().enumerate() {
                let (layer, tensor) = match metric.per {
                    Per::Run => ("", ""),
                    Per::Layer => (names.layers[index].as_str(), ""),
                    Per::Tensor => {
                        let (layer, word) = &names.tensors[index];
                        (names.layers[*layer].as_str(), word.as_str())
                    }
                };
                let is_plain_zero = value == 0.0 && !metric.kind.can_underflow();
                self.line(layer, tensor, metric.id, if is_plain_zero { 0.0 } else { value })?;
            }
        }
        Ok(())
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
