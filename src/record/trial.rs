//! What remedies did: a run and the same run with one thing changed, again and again, in one small file.
//!
//! `remedies.json` is `{"schema": 1, "trials": [..]}`. Each trial has the form of a sweep's cell
//! ([`super::cell`]) with the digest of its record; the first one is the run as it was. Its `settings` are
//! those of [`Trial`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cell::{self, Cell, Ends};
use super::{Record, RecordError, RecordSink, Table};
use crate::{escape, files};

/// Name of the file.
pub const FILE: &str = "remedies.json";

const SCHEMA: u32 = 1;

/// In bytes; a trial has some kilobytes.
const LONGEST: u64 = 256 << 20;

/// One run, and how it was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Name of the remedy, such as `relu`; for the original run, its own name.
    pub name: String,
    /// What kind of remedy it is, as diagnoses advise it; empty for the run as it was.
    pub kind: String,
    /// Whether it suits what is wrong. A remedy that does not is tried to show that.
    pub fits: bool,
    /// What was found wrong, by key; the most urgent first.
    pub faults: Vec<String>,
    /// `healthy`, `faulty`, `unexplained` or `undecided`.
    pub conclusion: String,
    /// Settings that differ from the run as it was: (name, before, after).
    pub changes: Vec<(String, String, String)>,
    /// Digest of the run, or why there is none.
    pub result: Result<Record, String>,
    /// Wall time of training.
    pub seconds: f64,
}

/// A run and what each remedy made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    pub before: Trial,
    /// In the order of the table of remedies.
    pub after: Vec<Trial>,
}

#[derive(Serialize, Deserialize)]
struct File {
    schema: u32,
    trials: Vec<serde_json::Value>,
}

/// First and last rows of a record that is already there: what [`Ends`] keeps of one that is being made.
///
/// # Errors
/// Never for a record whose shapes agree with its header.
pub fn digest(record: &Record) -> Result<Record, RecordError> {
    let mut ends = Ends::new(record.header.clone());
    for table in Table::ALL {
        let rows = record.table(table);
        let is_end = |i: &usize| table == Table::Evaluation || *i == 0 || i + 1 == rows.len();
        (0..rows.len()).filter(is_end).try_for_each(|i| ends.row(&rows.row(i)))?;
    }
    Ok(ends.record)
}

impl Trials {
    /// The run as it was, and then the others.
    pub fn all(&self) -> impl Iterator<Item = &Trial> {
        std::iter::once(&self.before).chain(&self.after)
    }

    /// Reads the file of a folder.
    ///
    /// # Errors
    /// One line that names the file: it is not there, is cut short, of another format, or contradicts itself.
    pub fn read(dir: &Path) -> Result<Trials, RecordError> {
        let path = dir.join(FILE);
        let text = files::read(&path, LONGEST).map_err(RecordError::io("read it", &path))?;
        let wrong = |what: String| RecordError::Invalid { place: path.display().to_string(), what };
        let text = escape::json_words(&text);
        let file: File = serde_json::from_slice(&text).map_err(|e| wrong(e.to_string()))?;
        if file.schema != SCHEMA {
            return Err(wrong(format!("its format is {}, this program reads {SCHEMA}", file.schema)));
        }
        let read = |value: &serde_json::Value| {
            let text = serde_json::to_vec(value).map_err(|e| wrong(e.to_string()))?;
            cell::from_json(&text).map_err(wrong).and_then(|(cell, ..)| of_cell(cell).map_err(wrong))
        };
        let mut trials = file.trials.iter().map(read).collect::<Result<Vec<Trial>, _>>()?.into_iter();
        match trials.next() {
            Some(before) if before.result.is_ok() => Ok(Trials { before, after: trials.collect() }),
            _ => Err(wrong("it does not begin with the run as it was".into())),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// What JSON cannot hold, of which there is nothing in a trial.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let value = |(number, trial): (usize, &Trial)| {
            let text = cell::to_json(&to_cell(trial, number + 1)?, "", BTreeMap::new())?;
            serde_json::from_slice(&text)
        };
        let trials = self.all().enumerate().map(value).collect::<serde_json::Result<Vec<_>>>()?;
        let mut text = serde_json::to_vec(&File { schema: SCHEMA, trials })?;
        text.push(b'\n');
        Ok(text)
    }
}

fn to_cell(trial: &Trial, number: usize) -> serde_json::Result<Cell> {
    let settings = [
        ("name", trial.name.clone()),
        ("kind", trial.kind.clone()),
        ("fits", trial.fits.to_string()),
        ("faults", trial.faults.join(",")),
        ("conclusion", trial.conclusion.clone()),
        ("changes", serde_json::to_string(&trial.changes)?),
    ];
    let settings = settings.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    Ok(Cell { number, settings, result: trial.result.clone(), seconds: trial.seconds })
}

fn of_cell(cell: Cell) -> Result<Trial, String> {
    let word = |key: &str| cell.setting(key).to_string();
    let changes = escape::json_words(cell.setting("changes").as_bytes());
    let changes = serde_json::from_slice(&changes).map_err(|e| format!("`changes`: {e}"))?;
    let fits = cell.setting("fits").parse().map_err(|_| "`fits` is neither true nor false".to_string())?;
    Ok(Trial {
        name: word("name"),
        kind: word("kind"),
        fits,
        faults: word("faults").split(',').filter(|f| !f.is_empty()).map(String::from).collect(),
        conclusion: word("conclusion"),
        changes,
        result: cell.result,
        seconds: cell.seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::*;
    use crate::stats::{MISSING, UNDERFLOW};

    fn record() -> Record {
        let layers = [1, 2].map(|n| LayerInfo::dense(format!("layers.{n}"), 2, 2).with_activation("relu"));
        let tensors = [1, 2].map(|layer| TensorInfo::new("", layer, "weight", &[2, 2]));
        let facts = Facts { classes: Some(2), ..Facts::default() };
        let header =
            Header::builder("r", layers.to_vec(), tensors.to_vec()).facts(facts).status(Status::Complete);
        let mut record = Record::new(header.build().unwrap());
        for step in 0..5 {
            let x = [0.1 + step as f64, UNDERFLOW];
            let mut row =
                Row::of_step(step).with(EPOCH, 0.0).with(LEARNING_RATE, 0.1).with(BATCH_ACCURACY, 0.5);
            row.set(LOSS, 1.0 / (step + 3) as f64).set(GRAD_NORM, &x).set(PARAM_NORM, &x);
            record.push(&row.with(SIGNAL_RMS, &[f64::INFINITY, MISSING])).unwrap();
        }
        for step in [0, 2, 5] {
            let x = [step as f64, 0.0];
            let row = Row::of_snapshot(step).with(DISTANCE_FROM_INIT, &x).with(ZERO_SHARE, &x);
            record.push(&row.with(ACTIVATION_MEAN, &x)).unwrap();
        }
        for step in [0, 3, 5] {
            let row = Row::of_evaluation(step).with(EVAL_EPOCH, 0.0).with(TRAIN_LOSS, 1.0);
            record.push(&row.with(TRAIN_ACCURACY, 1.0 / 3.0)).unwrap();
        }
        record
    }

    #[test]
    fn a_digest_has_the_first_and_the_last_row_and_every_evaluation() {
        let (whole, d) = (record(), digest(&record()).unwrap());
        assert_eq!((d.steps.step(), d.snapshots.step()), (&[0, 4][..], &[0, 5][..]));
        assert_eq!(d.steps[LOSS], [whole.steps[LOSS][0], whole.steps[LOSS][4]]);
        assert_eq!(d.steps[GRAD_NORM][2], whole.steps[GRAD_NORM][8]);
        assert_eq!(d.snapshots[ZERO_SHARE], [0.0, 0.0, 5.0, 0.0]);
        assert_eq!(d.evals.len(), 3);
        d.check().unwrap();
    }

    #[test]
    fn what_is_written_is_read_and_what_is_torn_is_refused() {
        let trial = |name: &str, result| Trial {
            name: name.into(),
            kind: "new-activation".into(),
            fits: name != "control",
            faults: vec!["overfitting".into(), "diverged".into()],
            conclusion: "faulty".into(),
            changes: vec![("activation".into(), "sigmoid".into(), "a, \"b\"".into())],
            result,
            seconds: 0.1 + 0.2,
        };
        let before = trial("run", digest(&record()).map_err(|e| e.to_string()));
        let before = Trial { faults: Vec::new(), changes: Vec::new(), ..before };
        let all = Trials { before, after: vec![trial("control", Err("no: why".into()))] };
        let dir = tempfile::tempdir().unwrap();
        let text = all.to_json().unwrap();
        let path = dir.path().join(FILE);
        std::fs::write(&path, &text).unwrap();
        // NaN is what missing is stored as: compare the text.
        assert_eq!(Trials::read(dir.path()).unwrap().to_json().unwrap(), text);
        for length in (0..text.len() - 1).step_by(97) {
            std::fs::write(&path, &text[..length]).unwrap();
            let error = Trials::read(dir.path()).unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
        }
        std::fs::write(&path, r#"{"schema":1,"trials":[]}"#).unwrap();
        assert!(Trials::read(dir.path()).unwrap_err().to_string().contains("the run as it was"));
        std::fs::write(&path, r#"{"schema":9,"trials":[]}"#).unwrap();
        assert!(Trials::read(dir.path()).unwrap_err().to_string().contains("format is 9"));
    }
}
