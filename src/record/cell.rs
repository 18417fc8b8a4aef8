//! One finished cell of a sweep, as `cell.json` holds it: what was set, how it ended, and a [`digest`](Ends) of its record.
//!
//! The digest is a [`Record`] of the first and the last recorded step, the first and the last snapshot and every evaluation:
//! what comparisons across many runs need, in a few kilobytes however long the run was. Its JSON writes numbers that JSON
//! has no form for as words: `"nan"`, `"inf"`, `"-inf"`; missing is `null`, an underflow `-0.0` ([`crate::stats`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    ActivationMetric, EvalRow, Header, LayerMetric, Record, RecordError, RecordSink, SnapshotRow, StepRow, TensorMetric,
};
use crate::stats::{MISSING, is_missing};

/// A cell that has been run.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// From 1, in the order of the plan.
    pub number: usize,
    /// What the sweep varies and what every figure needs, as words: `activation`, `hidden_layers`, `width`,
    /// `initialisation`, `optimizer`, `learning_rate`, `batch_size`, `data`, `seed`.
    pub settings: BTreeMap<String, String>,
    /// Digest of the run, or why there is none.
    pub result: Result<Record, String>,
    /// Wall time of the cell.
    pub seconds: f64,
}

impl Cell {
    /// A setting, or an empty string.
    pub fn setting(&self, key: &str) -> &str {
        self.settings.get(key).map_or("", String::as_str)
    }
}

/// Keeps the first and the last row of the step and snapshot tables, and every evaluation: memory does not grow with steps.
/// Sketches are left out.
#[derive(Clone, Debug)]
pub struct Ends {
    pub record: Record,
}

impl Ends {
    pub fn new(header: Header) -> Ends {
        Ends { record: Record::new(Header { sketch_buckets: None, ..header }) }
    }
}

impl RecordSink for Ends {
    fn step(&mut self, row: &StepRow<'_>) -> Result<(), RecordError> {
        let s = &mut self.record.steps;
        if s.step.len() > 1 && s.step[1] < row.step {
            let (t, l) = (row.tensors[0].len(), row.layers[0].len());
            s.step.truncate(1);
            for column in [&mut s.epoch, &mut s.learning_rate, &mut s.loss, &mut s.batch_accuracy] {
                column.truncate(1);
            }
            s.tensors.iter_mut().for_each(|c| c.truncate(t));
            s.layers.iter_mut().for_each(|c| c.truncate(l));
        }
        self.record.step(row)
    }

    fn snapshot(&mut self, row: &SnapshotRow<'_>) -> Result<(), RecordError> {
        let s = &mut self.record.snapshots;
        if s.step.len() > 1 && s.step[1] < row.step {
            s.step.truncate(1);
            s.distance_from_init.truncate(row.distance_from_init.len());
            s.zero_share.truncate(row.zero_share.len());
            s.activations.iter_mut().for_each(|c| c.truncate(row.activations[0].len()));
        }
        self.record.snapshot(&SnapshotRow { sketch: &[], ..*row })
    }

    fn eval(&mut self, row: &EvalRow) -> Result<(), RecordError> {
        self.record.eval(row)
    }
}

/// A number that JSON can hold, whatever it is.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if is_missing(x) => to.serialize_none(),
            x if x.is_nan() => to.serialize_str("nan"),
            f64::INFINITY => to.serialize_str("inf"),
            f64::NEG_INFINITY => to.serialize_str("-inf"),
            x => to.serialize_f64(x),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Number, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Word(String),
        }
        match Option::<Form>::deserialize(from)? {
            None => Ok(Number(MISSING)),
            Some(Form::Number(x)) => Ok(Number(x)),
            Some(Form::Word(word)) => match word.as_str() {
                "nan" => Ok(Number(f64::NAN)),
                "inf" => Ok(Number(f64::INFINITY)),
                "-inf" => Ok(Number(f64::NEG_INFINITY)),
                other => Err(serde::de::Error::custom(format!("`{other}` is no number"))),
            },
        }
    }
}

/// `cell.json`. `seconds` and the file's sizes are all in it that may differ between two runs of a cell.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    /// Fingerprint of the plan that the cell belongs to.
    plan: String,
    cell: usize,
    settings: BTreeMap<String, String>,
    seconds: f64,
    /// The other files of the folder and their sizes in bytes.
    files: BTreeMap<String, u64>,
    failure: Option<String>,
    digest: Option<Digest>,
}

#[derive(Serialize, Deserialize)]
struct Digest {
    header: Header,
    step: Vec<u64>,
    /// Columns of the step table by name.
    steps: BTreeMap<String, Vec<Number>>,
    snapshot_step: Vec<u64>,
    snapshots: BTreeMap<String, Vec<Number>>,
    eval_step: Vec<u64>,
    evals: BTreeMap<String, Vec<Number>>,
}

const SCHEMA: u32 = 1;
const SCALARS: [&str; 4] = ["epoch", "learning_rate", "loss", "batch_accuracy"];
const DISTANCE: &str = "distance_from_init";
const ZEROS: &str = "zero_share";
const EVALS: [&str; 7] =
    ["epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "validation_loss", "validation_accuracy"];

impl Digest {
    fn of(record: &Record) -> Digest {
        let numbers = |values: &[f64]| values.iter().copied().map(Number).collect::<Vec<_>>();
        let (s, k) = (&record.steps, &record.snapshots);
        let mut steps = BTreeMap::new();
        for (name, column) in SCALARS.iter().zip([&s.epoch, &s.learning_rate, &s.loss, &s.batch_accuracy]) {
            steps.insert((*name).to_string(), numbers(column));
        }
        for (metric, column) in TensorMetric::ALL.iter().zip(&s.tensors) {
            steps.insert(metric.name().to_string(), numbers(column));
        }
        for (metric, column) in LayerMetric::ALL.iter().zip(&s.layers) {
            steps.insert(metric.name().to_string(), numbers(column));
        }
        let mut snapshots = BTreeMap::from([
            (DISTANCE.to_string(), numbers(&k.distance_from_init)),
            (ZEROS.to_string(), numbers(&k.zero_share)),
        ]);
        for (metric, column) in ActivationMetric::ALL.iter().zip(&k.activations) {
            snapshots.insert(metric.name().to_string(), numbers(column));
        }
        let value = |e: &EvalRow, c: usize| {
            let EvalRow { epoch, train_loss, train_accuracy, test_loss, test_accuracy, .. } = *e;
            let test = [epoch, train_loss, train_accuracy, test_loss, test_accuracy];
            if c < test.len() { test[c] } else { [e.validation_loss, e.validation_accuracy][c - test.len()] }
        };
        let evals = EVALS
            .iter()
            .enumerate()
            .map(|(c, name)| ((*name).to_string(), record.evals.iter().map(|e| Number(value(e, c))).collect()));
        Digest {
            header: record.header.clone(),
            step: s.step.clone(),
            steps,
            snapshot_step: k.step.clone(),
            snapshots,
            eval_step: record.evals.iter().map(|e| e.step).collect(),
            evals: evals.collect(),
        }
    }

    /// The record, checked.
    fn record(mut self) -> Result<Record, RecordError> {
        let mut record = Record::new(Header { sketch_buckets: None, ..self.header });
        let (t, l) = (record.header.tensors.len(), record.header.layers.len());
        let rows = self.step.len();
        let mut take = |name: &str, length: usize| column(&mut self.steps, name, length);
        let s = &mut record.steps;
        for (name, into) in SCALARS.iter().zip([&mut s.epoch, &mut s.learning_rate, &mut s.loss, &mut s.batch_accuracy])
        {
            *into = take(name, rows);
        }
        for (metric, into) in TensorMetric::ALL.iter().zip(&mut s.tensors) {
            *into = take(metric.name(), rows * t);
        }
        for (metric, into) in LayerMetric::ALL.iter().zip(&mut s.layers) {
            *into = take(metric.name(), rows * l);
        }
        s.step = self.step;
        let rows = self.snapshot_step.len();
        let k = &mut record.snapshots;
        k.distance_from_init = column(&mut self.snapshots, DISTANCE, rows * t);
        k.zero_share = column(&mut self.snapshots, ZEROS, rows * t);
        for (metric, into) in ActivationMetric::ALL.iter().zip(&mut k.activations) {
            *into = column(&mut self.snapshots, metric.name(), rows * l);
        }
        k.step = self.snapshot_step;
        let rows = self.eval_step.len();
        let [epoch, train_loss, train_accuracy, test_loss, test_accuracy, validation_loss, validation_accuracy] =
            EVALS.map(|name| column(&mut self.evals, name, rows));
        record.evals = (0..rows)
            .map(|i| EvalRow {
                step: self.eval_step[i],
                epoch: epoch[i],
                train_loss: train_loss[i],
                train_accuracy: train_accuracy[i],
                test_loss: test_loss[i],
                test_accuracy: test_accuracy[i],
                validation_loss: validation_loss[i],
                validation_accuracy: validation_accuracy[i],
            })
            .collect();
        record.check()?;
        Ok(record)
    }
}

/// A column of the expected length; missing values where it is not there or has another length.
fn column(from: &mut BTreeMap<String, Vec<Number>>, name: &str, length: usize) -> Vec<f64> {
    match from.remove(name) {
        Some(values) if values.len() == length => values.into_iter().map(|n| n.0).collect(),
        _ => vec![MISSING; length],
    }
}

/// The text of `cell.json`. `plan` is the fingerprint of the plan, `files` the sizes of the folder's other files.
pub fn to_json(cell: &Cell, plan: &str, files: BTreeMap<String, u64>) -> serde_json::Result<Vec<u8>> {
    let (failure, digest) = match &cell.result {
        Ok(record) => (None, Some(Digest::of(record))),
        Err(why) => (Some(why.clone()), None),
    };
    let file = File {
        schema: SCHEMA,
        plan: plan.into(),
        cell: cell.number,
        settings: cell.settings.clone(),
        seconds: cell.seconds,
        files,
        failure,
        digest,
    };
    let mut text = serde_json::to_vec(&file)?;
    text.push(b'\n');
    Ok(text)
}

/// What `cell.json` says: the cell, the fingerprint of its plan and the sizes of the folder's other files.
///
/// # Errors
/// In words, when the text is cut short, of another format, or contradicts itself.
pub fn from_json(text: &[u8]) -> Result<(Cell, String, BTreeMap<String, u64>), String> {
    let text = crate::escape::json_words(text);
    let file: File = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    if file.schema != SCHEMA {
        return Err(format!("its format is {}, this program reads {SCHEMA}", file.schema));
    }
    let result = match (file.digest, file.failure) {
        (Some(digest), None) => Ok(digest.record().map_err(|e| e.to_string())?),
        (None, Some(why)) => Err(why),
        _ => return Err("it holds neither a run nor a failure".into()),
    };
    let cell = Cell { number: file.cell, settings: file.settings, result, seconds: file.seconds };
    Ok((cell, file.plan, file.files))
}
