//! `remedy`: what each remedy made of a run, at the same data, seed and budget.
//!
//! **How to read it.** The first row is the run as it was; its accuracies are drawn on through all rows as
//! dashed lines. In each other row one thing was changed, or two where no single change cured. The full dot
//! is the training set, the ring the test set, the line between them the gap. On the training side look at
//! the full dots: those that move right train. On the test side look at the rings. Rows that fit the verdict
//! stand above, the best first; below, grey, what does not fit, and why: the other branch of the recipe.
//!
//! **When it misleads.** One seed, one strength of each remedy: a remedy that fails here may work at another
//! rate. A remedy may change how many steps its budget buys (early stopping trains on fewer samples).

use super::chart::{Axis, AxisKind, DotRow, Dots, Figure, Panel};
use super::depth::signal_ratio;
use super::flow::Tone;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec};
use super::words::{caption, name};
use super::{FigureError, Options};
use crate::analysis::Summary;
use crate::diagnosis::cure::{self, Cure};
use crate::diagnosis::{Ailment, Branch, Remedy, Treatment};
use crate::field::Field;
use crate::record::trial::{Trial, Trials};
use crate::record::{Record, Role, TEST_ACCURACY, TRAIN_ACCURACY, ZERO_SHARE};
use crate::text::{Lang, Tally};

pub const SPEC: FigureSpec = FigureSpec {
    name: "remedy",
    summary: "a run and what each remedy made of it: training and test accuracy, and the verdict after",
    build: Build::Trials(build),
};

/// CSS pixels.
const WIDTH: u32 = 960;
/// As high as the words of its rows need.
const HEIGHT: u32 = 0;

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
    /// Updates of earlier stages of layer-wise training, and those of the run; `None` without stages.
    pub stages: Option<(u64, u64)>,
}

/// Reads the numbers of a trial off its digest.
pub fn result(trial: &Trial) -> TrialResult {
    let Ok(record) = &trial.result else {
        return TrialResult { accuracy: [None; 2], signal: None, zeros: None, stages: None };
    };
    let last = record.final_eval();
    let accuracy = last.map_or([None; 2], |e| {
        [e.value(TRAIN_ACCURACY), e.value(TEST_ACCURACY)].map(|a| a.is_finite().then_some(a))
    });
    let signal = Summary::new(record).ok().and_then(|s| signal_ratio(&s));
    let earlier = record.header.facts.layerwise_steps.filter(|steps| *steps > 0);
    TrialResult { accuracy, signal, zeros: zeros(record), stages: earlier.zip(record.header.planned_steps) }
}

/// What is worth saying of a trial beside its numbers and its verdict.
pub fn remarks(lang: Lang, trial: &Trial) -> Vec<String> {
    let result = result(trial);
    let zeros = result.zeros.filter(|_| parts(trial).any(|name| name == "l1")).map(|z| lang.zeros(z));
    let stages = result.stages.map(|(earlier, recorded)| lang.stages(earlier, recorded));
    zeros.into_iter().chain(stages).collect()
}

/// The names of the changes of a trial: one, or those of a pair.
pub fn parts(trial: &Trial) -> impl Iterator<Item = &str> {
    trial.name.split('+')
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

/// What a trial came to and its verdict, in words.
fn outcome(lang: Lang, trial: &Trial, trials: &Trials) -> String {
    let verdict = verdict(lang, trial);
    match cure::of(trial, trials) {
        Cure::NotTrained => verdict,
        // Where nothing was wrong, nothing is cured.
        _ if cure::branch(trials) == Branch::Done => verdict,
        Cure::Cured if !trial.faults.is_empty() => {
            lang.title(&lang.cure(Cure::Cured), &[lang.next_question(&verdict)])
        }
        Cure::Cured => lang.cure(Cure::Cured),
        cure => lang.title(&lang.cure(cure), &[verdict]),
    }
}

/// What was tried, in words; another program's record may name what this one does not know.
fn treatment(lang: Lang, trial: &Trial) -> String {
    let words = |name: &str| {
        Treatment::from_key(name).map_or_else(|| name.to_string(), |treatment| lang.treatment(treatment))
    };
    lang.together(&parts(trial).map(words).collect::<Vec<_>>())
}

/// Why a remedy does not fit; empty where it does.
pub fn reason(lang: Lang, trial: &Trial, trials: &Trials) -> String {
    let branch = cure::branch(trials);
    let is_of_test = |key| Remedy::from_key(key).is_some_and(|remedy| remedy.branch() == Branch::Test);
    let of_test = trial.kind.split('+').all(is_of_test);
    match branch {
        _ if trial.fits => String::new(),
        Branch::Training if of_test => lang.control_of_test_side(),
        Branch::Test if !of_test => lang.control_of_training_side(),
        Branch::Done => lang.nothing_to_repair(),
        Branch::Training | Branch::Test => lang.grey_not_advised(cure::of(trial, trials) == Cure::Cured),
    }
}

/// Rows in the order of the figure: those that fit, the best first; then the others.
pub fn ordered(trials: &Trials) -> Vec<&Trial> {
    let set = usize::from(cure::branch(trials) == Branch::Test);
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
    let rows = ordered(trials);
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
        let own = [outcome(lang, trial, trials), reason(lang, trial, trials)].into_iter();
        let own: Vec<String> = own.chain(remarks(lang, trial)).filter(|words| !words.is_empty()).collect();
        dots.push(DotRow {
            label: treatment(lang, trial),
            values: result.accuracy,
            words: lang.clauses(&own),
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
        beside: Dots::BESIDE,
    };
    let longer = trials.after.iter().flat_map(parts).any(|name| matches!(name, "more-epochs" | "more-data"));
    let pairs = trials.after.iter().any(|trial| parts(trial).count() > 1);
    let head = super::words::head(lang, &name(lang, &before), &before);
    let words = Words {
        title: lang.title(&head, &findings(lang, trials, &rows, &results)),
        subtitle: vec![lang.remedy_note(pairs, longer)],
        caption: caption(lang, &before),
        reading: vec![lang.remedy_reading()],
    };
    let sheet = Sheet::stack(vec![(1.0, Panel::Dots(panel))], Vec::new(), (WIDTH, HEIGHT));
    Ok(Figure::new(SPEC.name, lang, words, sheet))
}

/// The best remedy, how many cure it, and what the control did. `results[0]` is the run as it was.
fn findings(lang: Lang, trials: &Trials, rows: &[&Trial], results: &[TrialResult]) -> Vec<String> {
    let test = cure::branch(trials) == Branch::Test;
    let of = |r: &TrialResult| r.accuracy[usize::from(test)];
    let mut clauses = Vec::new();
    let fitting = rows.iter().zip(&results[1..]).filter(|(t, _)| t.fits);
    if let (Some((best, after)), Some(from)) =
        (fitting.clone().find(|(_, r)| of(r).is_some()), of(&results[0]))
        && let Some(to) = of(after)
    {
        clauses.push(lang.best_remedy(test, from, to, &treatment(lang, best)));
    }
    let tally = |pairs: bool| {
        let counted = fitting.clone().filter(|(t, _)| (parts(t).count() > 1) == pairs);
        counted.fold(Tally::default(), |tally, (trial, _)| {
            let cure = cure::of(trial, trials);
            Tally {
                cured: tally.cured + usize::from(cure == Cure::Cured),
                better: tally.better + usize::from(cure == Cure::Better),
                of: tally.of + 1,
            }
        })
    };
    if fitting.clone().count() > 0 {
        clauses.push(lang.cured(tally(false), tally(true)));
    }
    let control = rows.iter().zip(&results[1..]).find(|(t, r)| !t.fits && of(r).is_some());
    if let Some((trial, Some(to))) = control.map(|(t, r)| (t, of(r))) {
        clauses.push(lang.control_clause(&treatment(lang, trial), test, to));
    }
    clauses
}
