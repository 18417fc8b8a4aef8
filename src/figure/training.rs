//! `training-curves`: loss and accuracy against steps, and what chance would give.
//!
//! **How to read it.** Faint: each minibatch, whose noise is the batch's, not the network's. Solid and
//! dashed: the whole training and test set, in evaluation mode; dotted: samples that were kept out of
//! training, where there are any. A training curve that lies on the chance line has learned nothing, and no
//! test accuracy is needed to say so; a gap between the two is overfitting.
//!
//! **When it misleads.** Of long runs the faint curve keeps the smallest and the largest value of each
//! stretch, so it looks noisier than a few neighbouring batches are. Accuracy can stand still while the loss
//! falls, and the reverse.

use super::chart::{Figure, Panel, Stroke};
use super::frame::{
    accuracy_axis, accuracy_series, lines, series, show_last_labels, spacing, time_axis, value_axis,
};
use super::norm::loss_course;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, diverged, kept, name, outcome, title};
use super::{FigureError, Options, reading};
use crate::analysis::Summary;
use crate::analysis::curves::{Curve, Ending, MAX_POINTS, envelope};
use crate::record::{LOSS, TEST_ACCURACY, TEST_LOSS, TRAIN_LOSS, VALIDATION_ACCURACY, VALIDATION_LOSS};
use crate::text::{Hint, Lang};

pub const SPEC: FigureSpec = FigureSpec {
    name: "training-curves",
    summary: "loss and accuracy on training and test data against steps, with the chance level",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let record = run.record();
    let first =
        record.steps.step().first().copied().into_iter().chain(record.evals.step().first().copied()).min();
    let x = time_axis(run, &[first.unwrap_or(0) as f64, run.end() as f64], options);

    let raw = |values: &[f64]| Curve { points: envelope(record.steps.step(), values), band: Vec::new() };
    let loss = [
        (lang.faint_batch_series(), raw(&record.steps[LOSS]), Stroke::Faint, 0),
        (lang.train_series(), run.eval_curve(TRAIN_LOSS), Stroke::Solid, 0),
        (lang.test_series(), run.eval_curve(TEST_LOSS), Stroke::Dashed, 1),
        (lang.validation_series(), run.eval_curve(VALIDATION_LOSS), Stroke::Dotted, 2),
    ];
    let values: Vec<f64> = loss.iter().flat_map(|c| c.1.values()).collect();
    let y = value_axis(lang.loss(), values.iter().copied(), true);
    let log = y.kind == super::chart::AxisKind::Log10;
    let zeros = loss.iter().flat_map(|c| &c.1.points).filter(|p| p.1 == Some(0.0)).count();
    let loss: Vec<_> = loss
        .into_iter()
        .filter(|c| !c.1.is_empty())
        .map(|(label, curve, style, colour)| series(label, curve, style, colour, log))
        .collect();
    let zeros = if log { lang.zero_loss_note(zeros) } else { String::new() };
    let accuracy = accuracy_series(run, lang, 0, spacing(&x));
    let validation = !run.eval_curve(VALIDATION_ACCURACY).is_empty();
    let mut panels: Vec<Panel> = Vec::new();
    if !loss.is_empty() {
        panels.push(lines(String::new(), &x, y, loss, Vec::new()));
    }
    if !accuracy.is_empty() {
        let marks = run.chance().map(|c| (c, lang.chance_mark(c))).into_iter().collect();
        panels.push(lines(String::new(), &x, accuracy_axis(lang), accuracy, marks));
    }
    if panels.is_empty() {
        return Err(runs.nothing(run, "finite loss or accuracy", "draw `gradient-heatmap` instead"));
    }
    show_last_labels(&mut panels);
    let thinned = record.len() > 2 * MAX_POINTS;
    let words = Words {
        title: heading(lang, run),
        subtitle: vec![
            lang.curves_note(validation),
            if thinned { lang.thinned_note() } else { String::new() },
            zeros,
        ],
        caption: caption(lang, run),
        reading: vec![lang.reading_curves(), reading::outcome(lang, run), lang.reading_hint(Hint::Curves)],
    };
    let panels = panels.into_iter().map(|p| (1.0, p)).collect();
    Ok(Figure::new(runs.figure, lang, words, Sheet::stack(panels, Vec::new(), (960, 540))))
}

/// Accuracies where both are known and above chance; else what every title says; without any accuracy, the
/// loss.
fn heading(lang: Lang, run: &Summary) -> String {
    let record = run.record();
    let last = record.evals[TEST_ACCURACY].iter().rev().copied().find(|x| x.is_finite());
    let test = if kept(run).is_some() { record.final_eval().map(|e| e.value(TEST_ACCURACY)) } else { last };
    let test = test.filter(|x| x.is_finite());
    if let (Ending::Reached { accuracy }, Some(test), false) = (run.ending(), test, diverged(run)) {
        let head = super::words::head(lang, &name(lang, run), run);
        return lang.title(&head, &[lang.accuracies_reached(accuracy, test, kept(run))]);
    }
    let mut clauses = Vec::new();
    if outcome(lang, run).is_empty() {
        clauses.push(loss_course(lang, run));
    }
    title(lang, run, clauses)
}
