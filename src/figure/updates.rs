//! `update-heatmap`: how much each step changes each layer, the gradient's part and the decay's part told
//! apart.
//!
//! **How to read it.** Above, the part of the update that the gradient made; below, the part that weight
//! decay and L1 made; one colour scale for both. Unless absolute norms are asked for, both are relative to
//! the tensor's norm at that step, which makes a 784 x 100 matrix comparable with a 100 x 10 one; about 10^-3
//! is usual. A layer whose lower row is as bright as its upper one is not learning, it is shrinking. Without
//! decay the lower panel is left out, and a line says so; with decay configured and no effect it is drawn, as
//! the exact zeros that it is.
//!
//! Hatched is an update that was *lost to rounding*: the gradient asked for a change so small that no stored
//! parameter changed. Such a layer stands still however long the training goes on.
//!
//! **When it misleads.** Adam and RMSprop divide the gradient by its own size: their updates are even across
//! layers although the gradients vanish. The title then says both. Biases usually start at zero, so their
//! updates are drawn as absolute norms.

use super::chart::{Figure, Panel};
use super::depth::{Depth, signal_ratio};
use super::frame::{
    Legend, heatmap, log_scale, show_last_labels, sparse_note, step_edges, strips, time_axis,
};
use super::reading::across;
use super::sheet::{STRIP, Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, diverged, title_of};
use super::{Choice, FigureError, Options};
use crate::analysis::{Attenuation, Grid, Summary};
use crate::record::{DECAY_NORM, DRIVEN_NORM, GRAD_NORM, UPDATE_NORM};
use crate::stats::{Measured, median};
use crate::text::{Decay, Hint, Moment, Quantity, Special};

/// Sizes of updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norms {
    /// Relative to the norm of the parameters.
    #[default]
    Relative,
    /// As they are.
    Absolute,
}

impl Choice for Norms {}

pub const SPEC: FigureSpec = FigureSpec {
    name: "update-heatmap",
    summary: "size of each update relative to the parameters, driven part and decay part",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang, tensor) = (runs.run(), options.lang, options.tensor());
    let record = run.record();
    if record.is_empty() {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let bias = options.bias();
    let relative = options.get::<Norms>() == Norms::Relative && !bias;
    let grid = |metric| if relative { run.grid_relative(metric, tensor) } else { run.grid(metric, tensor) };
    let (driven, decay) = (grid(DRIVEN_NORM), grid(DECAY_NORM));
    let driven = without_lost(run, driven, options);
    if driven.all_missing() {
        return Err(runs.nothing(run, "update norms", "draw `gradient-heatmap` instead"));
    }
    let (q, qd) = if relative {
        (Quantity::DrivenRelative, Quantity::DecayRelative)
    } else {
        (Quantity::Driven, Quantity::Decay)
    };
    let show_decay = has_decay(run, &decay);
    let drawn: Vec<&Grid> = if show_decay { vec![&driven, &decay] } else { vec![&driven] };
    let edges = step_edges(record.steps.step(), run.end());
    let x = time_axis(run, &edges, options);
    // Where the update was measured and only the ratio is missing, the parameters were all zero.
    let measured = || !run.grid(DRIVEN_NORM, tensor).cells().contains(&Measured::Missing);
    let missing = if relative && measured() { Special::NoNorm } else { Special::Missing };
    let legend = Legend { underflow: Special::Lost, missing, ..Legend::PLAIN };
    let (scale, clamped) = log_scale(lang, lang.quantity(q, bias), &drawn, false, legend);

    let decay_note = match (show_decay, decay.all_missing()) {
        (true, _) => String::new(),
        (false, true) => lang.decay_not_recorded_note(),
        (false, false) => lang.no_decay_note(),
    };
    let found = finding(run, q, &driven, missing, options);
    // The clause before it says which steps these are.
    let moment = match driven.columns() {
        1 => Moment::Only,
        _ if found.contains(&lang.moment(Moment::Median)) => Moment::Told,
        _ => Moment::Median,
    };
    let words = Words {
        title: title_of(
            lang,
            run,
            bias,
            vec![found.clone(), dominance(run, &driven, &decay, moment, options)],
        ),
        subtitle: vec![
            if show_decay { lang.explain(qd, bias) } else { lang.explain_update(relative, bias) },
            decay_note,
            clamped,
            sparse_note(lang, run),
        ],
        caption: caption(lang, run),
        reading: vec![lang.reading_axes(true), reading(run, options), lang.reading_hint(Hint::Update)],
    };
    let driven_title = if show_decay { lang.driven_panel() } else { String::new() };
    let map = |title: String, grid: &Grid| {
        Panel::Heatmap(heatmap(lang, title, grid, run, edges.clone(), x.clone(), 0))
    };
    let mut panels = vec![map(driven_title, &driven)];
    if show_decay {
        panels.push(map(lang.decay_panel(decay_by(run)), &decay));
    }
    panels.extend(strips(run, &x, lang));
    show_last_labels(&mut panels);
    let weight = |p: &Panel| if matches!(p, Panel::Heatmap(_)) { 1.0 } else { STRIP };
    let height = if show_decay { 780 } else { 600 };
    let panels = panels.into_iter().map(|p| (weight(&p), p)).collect();
    Ok(Figure::new(runs.figure, lang, words, Sheet::stack(panels, vec![scale], (960, height))))
}

/// What depth does to the relative update, whichever norms are drawn.
fn reading(run: &Summary, options: &Options) -> String {
    let relative = without_lost(run, run.grid_relative(DRIVEN_NORM, options.tensor()), options);
    across(options.lang, Quantity::DrivenRelative, run, &relative)
}

/// Updates that were computed and then lost: where the parameters are the same numbers after the update as
/// before it although the gradient asked for a change, every change was less than half of the last digit of
/// its parameter. Where decay changes the parameters as well it cannot be decided, and the cell keeps its
/// value.
fn without_lost(run: &Summary, driven: Grid, options: &Options) -> Grid {
    let applied = run.grid(UPDATE_NORM, options.tensor());
    Grid::from_cells(driven.layers(), driven.columns(), |l, r| match (driven.at(l, r), applied.at(l, r)) {
        (Measured::Finite(_), Measured::Zero | Measured::Underflow) => Measured::Underflow,
        (cell, _) => cell,
    })
}

/// True when decay did something, or was asked to.
fn has_decay(run: &Summary, decay: &Grid) -> bool {
    let asked =
        [run.header().facts.weight_decay, run.header().facts.l1].into_iter().flatten().any(|x| x > 0.0);
    let did = decay.cells().iter().any(|c| matches!(c, Measured::Finite(_) | Measured::Underflow));
    did || (asked && !decay.all_missing())
}

/// What the decay part of the run's updates is made of.
pub(super) fn decay_by(run: &Summary) -> Decay {
    let facts = &run.header().facts;
    let is_on = |x: Option<f64>| x.is_some_and(|x| x > 0.0);
    match (is_on(facts.weight_decay), is_on(facts.l1)) {
        (true, true) => Decay::Both,
        (false, true) => Decay::L1,
        _ => Decay::Weights,
    }
}

/// Where decay changes layer 1 ten times more than the gradient, the picture is one of shrinking.
fn dominance(run: &Summary, driven: &Grid, decay: &Grid, moment: Moment, options: &Options) -> String {
    let ratios = driven.row(0).iter().zip(decay.row(0)).filter_map(|(g, d)| Some(d.log10()? - g.log10()?));
    match median(ratios) {
        Some(ratio) if ratio >= 1.0 => options.lang.decay_dominates_clause(decay_by(run), 1, ratio, moment),
        _ => String::new(),
    }
}

/// Even updates over uneven gradients are an adaptive optimiser's mask: then both numbers are said.
fn finding(run: &Summary, q: Quantity, driven: &Grid, missing: Special, options: &Options) -> String {
    let typical = Attenuation::typical(driven);
    // Of the per-sample signal where there is one, since a batch mean can look even as well.
    let batch_mean = || Attenuation::typical(&run.grid(GRAD_NORM, options.tensor())).log10_hidden_ratio;
    let gradient = signal_ratio(run)
        .map(|r| (r, Quantity::Signal))
        .or_else(|| batch_mean().map(|r| (r, Quantity::BatchGradient)));
    match (typical.log10_hidden_spread, gradient) {
        (Some(spread), Some((ratio, of)))
            if !diverged(run) && ratio <= -1.0 && spread < 0.5 * ratio.abs() && spread < 1.0 =>
        {
            let moment = if driven.columns() == 1 { Moment::Only } else { Moment::Median };
            options.lang.masked_clause(q, spread, ratio, of, moment)
        }
        _ => match Depth::of(run, driven) {
            Depth::Special { layers, kind: Special::Underflow, steps, of } => {
                options.lang.special_clause(Quantity::Driven, &layers, Special::Lost, steps, of)
            }
            Depth::Special { layers, kind: Special::Missing, steps, of } => {
                options.lang.special_clause(q, &layers, missing, steps, of)
            }
            depth => depth.clause(options.lang, q, run.hidden()),
        },
    }
}
