//! `remedy`: what each remedy made of a run, at the same data, seed and budget.
//!
//! **How to read it.** The first row is the run as it was; its accuracies are drawn on through all rows as
//! dashed lines. In each other row one thing was changed. The full dot is the training set, the ring the test
//! set, the line between them the gap. On the training side look at the full dots: those that move right
//! train. On the test side look at the rings. Rows that fit the verdict stand above, the best first; below,
//! grey, what does not fit, and why: the other branch of the recipe.
//!
//! **When it misleads.** One seed, one strength of each remedy: a remedy that fails here may work at another
//! rate. A remedy may change how many steps its budget buys (early stopping trains on fewer samples).

use super::chart::{Axis, AxisKind, DotRow, Dots, Figure, Panel};
use super::flow::Tone;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec};
use super::words::{caption, name, signal_ratio};
use super::{FigureError, Options};
use crate::analysis::Summary;
use crate::diagnosis::{Ailment, Branch, RULES, Remedy, Treatment};
use crate::field::Field;
use crate::record::trial::{Trial, Trials};
use crate::record::{Record, Role, TEST_ACCURACY, TRAIN_ACCURACY, ZERO_SHARE};
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "remedy",
    summary: "a run and what each remedy made of it: training and test accuracy, and the verdict after",
    build: Build::Trials(build),
};

/// CSS pixels.
const WIDTH: u32 = 960;
const ROW: u32 = 32;
const AROUND: u32 = 190;

/// Verdicts in a row before the others are counted.
const MOST: usize = 2;

/// What a trial came to, as far as words and tables need it.
pub struct TrialResult {
    /// Accuracy on the training and the test set, if they were evaluated.
    pub accuracy: [Option<f64>; 2],
    /// Per-sample signal of layer 1 over that of the last hidden layer, log10.
    pub signal: Option<f64>,
    /// Share of all weights that are exactly zero.
    pub zeros: Option<f64>,
}

/// Reads the numbers of a trial off its digest.
pub fn result(trial: &Trial) -> TrialResult {
    let Ok(record) = &trial.result else {
        return TrialResult { accuracy: [None; 2], signal: None, zeros: None };
    };
    let last = record.final_eval();
    let accuracy = last.map_or([None; 2], |e| {
        [e.value(TRAIN_ACCURACY), e.value(TEST_ACCURACY)].map(|a| a.is_finite().then_some(a))
    });
    let signal = Summary::new(record).ok().and_then(|s| signal_ratio(&s));
    TrialResult { accuracy, signal, zeros: zeros(record) }
}

fn zeros(record: &Record) -> Option<f64> {
    let row = record.snapshots.step().len().checked_sub(1)?;
    let weights = record.header.tensors.iter().enumerate().filter(|(_, t)| t.role == Role::Weight);
    let (mut zero, mut all) = (0.0, 0.0);
    for (i, tensor) in weights {
        let size = tensor.count() as f64;
        zero += size * record.value(ZERO_SHARE, row, i);
        all += size;
    }
    (all > 0.0 && f64::is_finite(zero)).then_some(zero / all)
}

/// The branch that the run's faults belong to: the training set first.
pub fn branch(trials: &Trials) -> Branch {
    let of = |key: &String| RULES.iter().find(|r| r.ailment.key() == key).map(|r| r.branch);
    let mut all = trials.before.faults.iter().filter_map(of);
    match all.next() {
        Some(Branch::Test) if !all.any(|b| b == Branch::Training) => Branch::Test,
        Some(_) => Branch::Training,
        // Not good, and no rule says why: that is asked of the training set.
        None if trials.before.conclusion == "unexplained" => Branch::Training,
        None => Branch::Done,
    }
}

/// Is what was wrong gone? On the training side: training is good, and a network that overfits now has come
/// to the next question. On the test side: nothing is wrong at all; a regulariser that is so strong that
/// training fails closes the gap too.
pub fn cured(trial: &Trial, branch: Branch) -> bool {
    let training =
        |key: &String| RULES.iter().any(|r| r.ailment.key() == key && r.branch == Branch::Training);
    match (trial.conclusion.as_str(), branch) {
        _ if trial.result.is_err() => false,
        ("healthy", _) => true,
        ("faulty", Branch::Training) => !trial.faults.iter().any(training),
        _ => false,
    }
}

/// The verdict of a trial in words.
pub fn verdict(lang: Lang, trial: &Trial) -> String {
    if let Err(why) = &trial.result {
        return lang.not_tried(why);
    }
    let known = |key: &String| Ailment::from_key(key).map(|ailment| lang.ailment(ailment));
    let names = lang.cut(trial.faults.iter().filter_map(known).collect(), MOST);
    match (names.is_empty(), trial.conclusion.as_str()) {
        (false, _) => lang.list(&names),
        (true, "healthy") => lang.concluded_healthy(),
        (true, "unexplained") => lang.concluded_unexplained(),
        (true, _) => lang.concluded_undecided(),
    }
}

/// What was tried, in words; another program's record may name what this one does not know.
fn treatment(lang: Lang, name: &str) -> String {
    Treatment::from_key(name).map_or_else(|| name.to_string(), |treatment| lang.treatment(treatment))
}

/// Why a remedy does not fit; empty where it does.
pub fn reason(lang: Lang, trial: &Trial, branch: Branch) -> String {
    let of_test = Remedy::from_key(&trial.kind).is_some_and(|remedy| remedy.branch() == Branch::Test);
    match branch {
        _ if trial.fits => String::new(),
        Branch::Training if of_test => lang.control_of_test_side(),
        Branch::Test if !of_test => lang.control_of_training_side(),
        Branch::Done => lang.nothing_to_repair(),
        Branch::Training | Branch::Test => lang.grey_not_advised(cured(trial, branch)),
    }
}

/// Rows in the order of the figure: those that fit, the best first; then the others.
pub fn ordered(trials: &Trials) -> Vec<&Trial> {
    let set = usize::from(branch(trials) == Branch::Test);
    let key = |t: &&Trial| (!t.fits, result(t).accuracy[set].map_or(f64::INFINITY, |a| -a));
    let mut all: Vec<&Trial> = trials.after.iter().collect();
    all.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    all
}

fn build(trials: &Trials, options: &Options) -> Result<Figure, FigureError> {
    let lang = options.lang;
    let nothing = |what, hint: String| FigureError::Nothing {
        figure: SPEC.name,
        run: trials.before.name.clone(),
        what,
        hint,
    };
    let Ok(record) = &trials.before.result else {
        return Err(nothing("run as it was", "try the remedies again".into()));
    };
    let before = Summary::new(record)?;
    let (branch, rows) = (branch(trials), ordered(trials));
    let results: Vec<TrialResult> =
        std::iter::once(&trials.before).chain(rows.iter().copied()).map(result).collect();
    if results.iter().all(|r| r.accuracy == [None; 2]) {
        return Err(nothing("evaluation", format!("train it with {} 1", Field::EvalEvery)));
    }
    let mut dots = vec![DotRow {
        label: lang.as_it_was(),
        values: results[0].accuracy,
        words: verdict(lang, &trials.before),
        tone: Tone::Open,
    }];
    for (trial, result) in rows.iter().zip(&results[1..]) {
        let zeros = result.zeros.filter(|_| trial.name == "l1").map(|z| lang.zeros(z)).unwrap_or_default();
        let verdict = lang.title(&verdict(lang, trial), &[zeros]);
        dots.push(DotRow {
            label: treatment(lang, &trial.name),
            values: result.accuracy,
            words: lang.title(&verdict, &[reason(lang, trial, branch)]),
            tone: if trial.fits { Tone::Taken } else { Tone::Greyed },
        });
    }
    // Dots need no zero: what differs by some per cent near the top is to be seen.
    let least = results.iter().flat_map(|r| r.accuracy).flatten().fold(1.0, f64::min);
    let low = if least > 0.5 { (10.0 * least - 0.5).floor() / 10.0 } else { 0.0 };
    let tested = results.iter().any(|r| r.accuracy[1].is_some());
    let panel = Dots {
        x: Axis {
            label: lang.accuracy(),
            kind: AxisKind::Linear,
            low,
            high: 1.0,
            percent: true,
            show_labels: true,
        },
        rows: dots,
        series: [lang.train_series(), if tested { lang.test_series() } else { String::new() }],
        reference: lang.before_lines(),
        mark: before.chance().filter(|c| *c >= low).map(|c| (c, lang.chance_mark(c))),
    };
    let longer = trials.after.iter().any(|t| matches!(t.name.as_str(), "more-epochs" | "more-data"));
    let head = lang.head(&name(lang, &before), before.hidden());
    let words = Words {
        title: lang.title(&head, &findings(lang, branch, &rows, &results)),
        subtitle: vec![lang.remedy_note(longer)],
        caption: caption(lang, &before),
        reading: vec![lang.remedy_reading()],
    };
    let height = AROUND + ROW * panel.rows.len() as u32;
    let sheet = Sheet::stack(vec![(1.0, Panel::Dots(panel))], Vec::new(), (WIDTH, height));
    Ok(Figure::new(SPEC.name, lang, words, sheet))
}

/// The best remedy, how many cure it, and what the control did. `results[0]` is the run as it was.
fn findings(lang: Lang, branch: Branch, rows: &[&Trial], results: &[TrialResult]) -> Vec<String> {
    let test = branch == Branch::Test;
    let of = |r: &TrialResult| r.accuracy[usize::from(test)];
    let mut clauses = Vec::new();
    let fitting = rows.iter().zip(&results[1..]).filter(|(t, _)| t.fits);
    if let (Some((best, after)), Some(from)) =
        (fitting.clone().find(|(_, r)| of(r).is_some()), of(&results[0]))
        && let Some(to) = of(after)
    {
        clauses.push(lang.best_remedy(test, from, to, &treatment(lang, &best.name)));
    }
    let count = fitting.clone().count();
    if count > 0 {
        clauses.push(lang.cured(fitting.filter(|(t, _)| cured(t, branch)).count(), count));
    }
    let control = rows.iter().zip(&results[1..]).find(|(t, r)| !t.fits && of(r).is_some());
    if let Some((trial, Some(to))) = control.map(|(t, r)| (t, of(r))) {
        clauses.push(lang.control_clause(&treatment(lang, &trial.name), test, to));
    }
    clauses
}
