//! What remedies did, as a table and as JSON.
//!
//! # JSON
//! `gradfade remedy RUN --json` prints one object; its fields are stable, and more may be added:
//!
//! | field | what |
//! |---|---|
//! | `schema` | 1 |
//! | `folder` | where the runs are |
//! | `branch` | `training`, `test`, or `done`: whose faults the run has |
//! | `pairs` | how many pairs were tried |
//! | `before` | the run as it was: `run`, `faults` (keys, as `diagnose` has them), `conclusion`, `train_accuracy`, `test_accuracy`, `signal_ratio` (one sample's backward signal, layer 1 over the last hidden layer), `seconds` |
//! | `remedies[]` | the same, and `remedy`, `kind` (as `diagnose` advises it), `parts` (the names of its changes, two of a pair), `fits`, `outcome` (`cured`; `better`: only not trained long enough; `not-cured`; `not-trained`), `cured` (no fault of the branch is left), `layerwise_steps` (updates of earlier stages, 0 without), `changes` (`setting`, `from`, `to`), `zero_share` (of all weights), `failure` (why it was not trained, or null) |
//! | `left_out[]` | `remedy`, `reason` (a key), `words` |

use serde_json::{Value, json};

use crate::diagnosis::Unfit;
use crate::diagnosis::cure::{self, Cure};
use crate::figure::remedy::{ordered, parts, reason, remarks, result, verdict};
use crate::record::trial::{Trial, Trials};
use crate::text::{Lang, TrialColumn, columns};

const COLUMNS: [TrialColumn; 7] = [
    TrialColumn::Remedy,
    TrialColumn::Train,
    TrialColumn::Test,
    TrialColumn::Signal,
    TrialColumn::Seconds,
    TrialColumn::Outcome,
    TrialColumn::Verdict,
];

/// Between two columns.
const GAP: usize = 2;

/// A heading and a table for those that fit and those that do not.
pub fn text(lang: Lang, trials: &Trials, left_out: &[(String, Unfit)]) -> String {
    let hidden = trials.before.result.as_ref().map_or(0, |r| r.header.layers.len().saturating_sub(1));
    let mut out = lang.trials_head(&trials.before.name, &verdict(lang, &trials.before), hidden);
    let heading = COLUMNS.map(|c| lang.trial_column(c));
    let (fitting, others): (Vec<&Trial>, Vec<&Trial>) = ordered(trials).into_iter().partition(|t| t.fits);
    let reasons: Vec<String> = others.iter().map(|t| reason(lang, t, trials)).collect();
    let lines = |all: &[&Trial]| all.iter().map(|t| cells(lang, trials, t)).collect::<Vec<_>>();
    let (fitting, others) = (lines(&fitting), lines(&others));
    let all = std::iter::once(&heading).chain(&fitting).chain(&others);
    let widths: Vec<usize> =
        (0..COLUMNS.len()).map(|c| all.clone().map(|row| columns(&row[c])).max().unwrap_or(0)).collect();
    let line = |row: &[String; 7]| {
        let mut line = String::from("  ");
        for (c, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[c] - columns(cell));
            // Words to the left, numbers to the right.
            match c {
                0 | 5 => line += &format!("{cell}{pad}"),
                6 => line += cell,
                _ => line += &format!("{pad}{cell}"),
            }
            line += &" ".repeat(GAP);
        }
        line.trim_end().to_string() + "\n"
    };
    out += &format!("\n{}", line(&heading));
    if !fitting.is_empty() {
        out += &format!("{}\n", lang.fits_heading());
        fitting.iter().for_each(|row| out += &line(row));
    }
    if !others.is_empty() {
        out += &format!("{}\n", lang.unfit_heading());
    }
    for (row, reason) in others.iter().zip(reasons) {
        out += &format!("{}      {reason}\n", line(row));
    }
    if !left_out.is_empty() {
        out += &format!("{}\n", lang.left_out_heading());
        for (name, why) in left_out {
            out += &format!("  {}\n", lang.title(name, &[lang.unfit(*why)]));
        }
    }
    out.replace('\u{a0}', " ")
}

fn cells(lang: Lang, trials: &Trials, trial: &Trial) -> [String; 7] {
    let (before, after) = (result(&trials.before), result(trial));
    let accuracy = |set: usize| match (before.accuracy[set], after.accuracy[set]) {
        (_, None) => lang.unknown(),
        (None, Some(b)) => lang.tenths(b),
        (Some(a), Some(b)) => {
            format!("{} → {}", lang.tenths(a).trim_end_matches(['%', '\u{a0}']), lang.tenths(b))
        }
    };
    let changes: Vec<String> = trial.changes.iter().map(|(n, a, b)| lang.changed(n, a, b)).collect();
    let words = [vec![lang.list(&changes)], remarks(lang, trial)];
    [
        trial.name.clone(),
        accuracy(0),
        accuracy(1),
        after.signal.map_or_else(|| lang.unknown(), |s| lang.power(s)),
        format!("{:.1}", trial.seconds),
        lang.cure(cure::of(trial, trials)),
        lang.title(&verdict(lang, trial), &words.concat()),
    ]
}

/// The table in the module's docs is the schema.
pub fn json(lang: Lang, trials: &Trials, left_out: &[(String, Unfit)], folder: &str) -> Value {
    let pairs = trials.after.iter().filter(|t| parts(t).count() > 1).count();
    let common = |t: &Trial| {
        let r = result(t);
        json!({
            "faults": t.faults, "conclusion": t.conclusion, "train_accuracy": r.accuracy[0], "test_accuracy": r.accuracy[1],
            "signal_ratio": r.signal.map(|s| 10f64.powf(s)), "seconds": t.seconds,
        })
    };
    let merged = |mut a: Value, b: Value| {
        if let (Value::Object(a), Value::Object(b)) = (&mut a, b) {
            a.extend(b);
        }
        a
    };
    let remedy = |t: &Trial| {
        let changes = t.changes.iter().map(|(n, a, b)| json!({ "setting": n, "from": a, "to": b }));
        let own = json!({
            "remedy": t.name, "kind": t.kind, "parts": parts(t).collect::<Vec<_>>(), "fits": t.fits,
            "outcome": cure::of(t, trials).key(), "cured": cure::of(t, trials) == Cure::Cured,
            "layerwise_steps": result(t).stages.map_or(0, |s| s.0),
            "changes": changes.collect::<Vec<_>>(), "zero_share": result(t).zeros, "failure": t.result.as_ref().err(),
        });
        merged(own, common(t))
    };
    json!({
        "schema": 1,
        "folder": folder,
        "branch": cure::branch(trials).key(),
        "pairs": pairs,
        "before": merged(json!({ "run": trials.before.name }), common(&trials.before)),
        "remedies": trials.after.iter().map(remedy).collect::<Vec<_>>(),
        "left_out": left_out.iter().map(|(name, why)| {
            json!({ "remedy": name, "reason": why.key(), "words": lang.unfit(*why) })
        }).collect::<Vec<_>>(),
    })
}
