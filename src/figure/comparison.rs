//! `comparison`: two or more runs side by side, gradient above, movement in the middle, accuracy below.
//!
//! **How to read it.** Each column is a run; all gradients share one colour scale, all movements another, and all columns one
//! step axis, so that a colour means the same everywhere. A run that ended early leaves the rest of its panel empty; the subtitle names
//! those of which next to nothing is seen. The
//! gradient is that of one sample's weights (RMS over the batch) unless another one is asked for, or this one was not
//! recorded: the batch mean can hide vanishing (see `gradient-heatmap`).
//!
//! **When it misleads.** Runs that differ in more than the setting under test: the caption names every difference. Loss is not
//! drawn, since losses of different kinds have no common scale; accuracy has.

use super::chart::{Figure, Panel, Placed};
use super::frame::{
    Legend, STRIP, Words, accuracy_axis, accuracy_series, heatmap, lines, log_scale, page, reached_edges,
    show_last_labels, step_edges, time_axis,
};
use super::words::{brief_outcome, caption_of_many, described, is_bias, names};
use super::{FigureError, GradientMetric, Input, Options, Runs, Spec};
use crate::analysis::{Grid, Movement, Summary};
use crate::text::{Lang, Quantity, columns};

/// Width of a title's letter, margins and the ragged ends of two lines included, in CSS pixels.
const LETTER: f64 = 10.0;

/// A panel needs at least one part in this many of the width; in a narrower one layers and steps cannot be read.
const SLIVER: u64 = 20;

pub const SPEC: Spec = Spec {
    name: "comparison",
    summary: "two or more runs side by side: gradient, movement and accuracy on shared scales",
    runs: Runs::Many,
    build,
};

fn build(input: &Input, options: &Options) -> Result<Figure, FigureError> {
    let (runs, lang, tensor) = (&input.runs, options.lang, options.tensor);
    if let Some(run) = runs.iter().find(|r| r.record().is_empty()) {
        return Err(input.nothing(run, "recorded step", "train it for at least one step"));
    }
    let metric = options.gradient.unwrap_or_else(|| default_metric(runs, options));
    let gradients: Vec<Grid> = runs.iter().map(|r| super::gradient::grid(r, metric, tensor)).collect();
    if let Some(i) = gradients.iter().position(Grid::all_missing) {
        return Err(input.nothing(&runs[i], "such gradient", "draw another one (batch-mean, per-sample, signal)"));
    }
    let movements: Vec<Movement> = runs.iter().map(|r| r.movement(tensor)).collect();
    let no_unit = movements.iter().any(|m| !m.without_reference.is_empty());
    // A run without a snapshot after step 0 has no panel of movement.
    let reached = |r: &Summary| reached_edges(r.record().snapshots.step()).unwrap_or((Vec::new(), usize::MAX));
    let movements: Vec<Grid> =
        movements.into_iter().zip(runs).map(|(m, r)| m.grid.without_first_columns(reached(r).1)).collect();
    let bias = is_bias(tensor);
    let q = metric.quantity();
    let names = names(lang, runs);

    let (gradient_scale, clamped) =
        log_scale(lang, lang.quantity(q, bias), &gradients.iter().collect::<Vec<_>>(), false, Legend::PLAIN);
    let label = lang.quantity(Quantity::Movement, bias);
    let (movement_scale, clamped_movement) =
        log_scale(lang, label, &movements.iter().collect::<Vec<_>>(), true, Legend::movement(no_unit));
    // Movement needs snapshots; without any in any run its row is left out.
    let with_movement = movements.iter().any(|g| g.columns() > 0);

    let edges: Vec<Vec<f64>> = runs.iter().map(|r| step_edges(r.record().steps.step(), r.end())).collect();
    let snapshots: Vec<Vec<f64>> = runs.iter().map(|r| reached(r).0).collect();
    let all = || {
        let snapshots = snapshots.iter().filter(|_| with_movement);
        edges.iter().chain(snapshots).flatten().copied().chain(runs.iter().map(|r| r.end() as f64))
    };
    let span = [all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max)];

    let mut panels = Vec::new();
    for (column, run) in runs.iter().enumerate() {
        let x = time_axis(run, &span, options);
        let title = names[column].clone();
        let map = |title, grid: &Grid, edges: &Vec<f64>, scale| {
            Panel::Heatmap(heatmap(lang, title, grid, edges.clone(), x.clone(), scale, true))
        };
        let mut stack = vec![map(title, &gradients[column], &edges[column], 0)];
        let mut rows = vec![0];
        if movements[column].columns() > 0 {
            stack.push(map(String::new(), &movements[column], &snapshots[column], 1));
            rows.push(1);
        }
        rows.push(1 + usize::from(with_movement));
        let marks = run.chance().map(|c| (c, lang.chance_mark(c))).into_iter().collect();
        stack.push(lines(String::new(), &x, accuracy_axis(lang), accuracy_series(run, lang, 0), marks));
        show_last_labels(&mut stack);
        panels.extend(rows.into_iter().zip(stack).map(|(row, panel)| Placed { column, row, panel }));
    }
    let (row_weights, scales, height) = if with_movement {
        (vec![1.0, 1.0, 1.4 * STRIP], vec![gradient_scale, movement_scale], 720)
    } else {
        (vec![1.0, 1.4 * STRIP], vec![gradient_scale], 480)
    };
    let width = 320 + 430 * runs.len() as u32;
    let findings: Vec<String> = runs
        .iter()
        .zip(&gradients)
        .zip(&names)
        .map(|((run, grid), name)| {
            let depth = super::gradient::finding(run, metric, grid).brief(lang, q, run.hidden());
            let clauses: Vec<String> =
                [depth, brief_outcome(lang, run)].into_iter().filter(|c| !c.is_empty()).collect();
            lang.title(name, &[lang.list(&clauses)])
        })
        .collect();
    let words = Words {
        title: heading(lang, runs, &names, &findings, width),
        subtitle: lang.sentences(&[
            if with_movement { lang.comparison_note(q, bias) } else { lang.explain(q, bias) },
            clamped,
            clamped_movement,
            slivers(lang, runs, &names, options),
        ]),
        caption: caption_of_many(lang, runs),
        description: String::new(),
    };
    let columns = vec![1.0; runs.len()];
    Ok(described(lang, page(input.figure, words, columns, row_weights, panels, scales, (width, height))))
}

/// A run that diverged at once is a line beside one that went on: a reader should know where to look.
fn slivers(lang: Lang, runs: &[Summary], names: &[String], options: &Options) -> String {
    let longest = runs.iter().map(Summary::end).max().unwrap_or(0);
    let short = |run: &&Summary| !options.x_log && SLIVER * run.end() < longest;
    let short: Vec<(String, u64)> =
        runs.iter().zip(names).filter(|(r, _)| short(r)).map(|(r, name)| (name.clone(), r.end())).collect();
    lang.slivers_note(&short, longest)
}

/// One sample's weight gradient, or the batch mean where a run does not hold it.
fn default_metric(runs: &[Summary], options: &Options) -> GradientMetric {
    let recorded = |r: &Summary| !super::gradient::grid(r, GradientMetric::PerSample, options.tensor).all_missing();
    if options.tensor == crate::record::TensorKind::Weight && runs.iter().all(recorded) {
        GradientMetric::PerSample
    } else {
        GradientMetric::BatchMean
    }
}

/// The finding of each run; where that would take more than two lines, the outcome of each.
fn heading(lang: Lang, runs: &[Summary], names: &[String], findings: &[String], width: u32) -> String {
    let full = lang.findings(findings);
    if columns(&full) as f64 * LETTER <= 2.0 * f64::from(width) {
        return full;
    }
    let outcomes: Vec<String> =
        runs.iter().zip(names).map(|(r, name)| lang.title(name, &[brief_outcome(lang, r)])).collect();
    lang.findings(&outcomes)
}
