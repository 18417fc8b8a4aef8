//! One finished cell of a sweep, as `cell.json` holds it: what was set, how it ended, and a [`digest`](Ends)
//! of its record.
//!
//! The digest is a [`Record`] of the first and the last recorded step, the first and the last snapshot and
//! every evaluation: what comparisons across many runs need, in a few kilobytes however long the run was. Its
//! JSON writes numbers that JSON has no form for as words: `"nan"`, `"inf"`, `"-inf"`; missing is `null`, an
//! underflow `-0.0` ([`crate::stats`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rows::Widths;
use super::{
    EPOCH, EVAL_EPOCH, Element, Ended, Header, MetricId, Record, RecordError, RecordSink, Row, Rows, SKETCH,
    Table,
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

/// Keeps the first and the last row of the step and snapshot tables, and every evaluation: memory does not
/// grow with steps. Sketches are left out.
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
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        *self = Ends::new(header.clone());
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        let rows = self.record.table_mut(row.table());
        if row.table() != Table::Evaluation && rows.step().get(1).is_some_and(|&last| last < row.step()) {
            rows.truncate(1);
        }
        self.record.push(&row.without(SKETCH))
    }

    /// Without the time that it took, which is the cell's.
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.record.finish(&Ended { elapsed_secs: None, ..ended.clone() })
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
        #[serde(untagged, expecting = "a number, or one of nan, inf and -inf")]
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

const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Digest {
    #[serde(deserialize_with = "super::header::any_schema")]
    header: Header,
    step: Vec<u64>,
    /// Columns of the step table by the id of their metric, of those that were measured.
    steps: BTreeMap<String, Vec<Number>>,
    snapshot_step: Vec<u64>,
    snapshots: BTreeMap<String, Vec<Number>>,
    eval_step: Vec<u64>,
    evals: BTreeMap<String, Vec<Number>>,
}

impl Digest {
    fn of(record: &Record) -> Digest {
        let columns = |table: Table| {
            let rows = record.table(table);
            let recorded =
                table.metrics().filter(|&metric| metric.element == Element::F64 && rows.has(metric));
            recorded
                .map(|metric| (metric.id.to_string(), rows[metric].iter().copied().map(Number).collect()))
                .collect()
        };
        Digest {
            header: record.header.clone(),
            step: record.steps.step().to_vec(),
            steps: columns(Table::Step),
            snapshot_step: record.snapshots.step().to_vec(),
            snapshots: columns(Table::Snapshot),
            eval_step: record.evals.step().to_vec(),
            evals: columns(Table::Evaluation),
        }
    }

    /// The record, checked.
    fn record(mut self) -> Result<Record, RecordError> {
        let mut record = Record::new(Header { sketch_buckets: None, ..self.header });
        // Evaluations called it so first.
        if let Some(epoch) = self.evals.remove(EPOCH.id) {
            self.evals.entry(EVAL_EPOCH.id.into()).or_insert(epoch);
        }
        let tables =
            [(self.step, self.steps), (self.snapshot_step, self.snapshots), (self.eval_step, self.evals)];
        for (table, (step, mut columns)) in Table::ALL.into_iter().zip(tables) {
            let widths = Widths::of(&record.header);
            let rows = step.len();
            let column = |metric: MetricId| {
                let values = columns.remove(metric.id)?;
                // One of another length is as good as none.
                let fits = rows.checked_mul(widths.of_metric(metric)) == Some(values.len());
                fits.then(|| values.into_iter().map(|n| n.0).collect())
            };
            *record.table_mut(table) = Rows::from_columns(table, &record.header, step, column, |_| None);
        }
        record.check()?;
        Ok(record)
    }
}

/// The text of `cell.json`. `plan` is the fingerprint of the plan, `files` the sizes of the folder's other
/// files.
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
