//! `profiles`: one gradient against the layers, several runs or initialisations on one pair of axes, at the first
//! step and at the last.
//!
//! **How to read it.** Each line is a network. A line that rises to the right loses its signal on the way to the
//! input, a level one keeps it; on the logarithmic axis a straight line is a constant factor a layer. The left
//! panel is the work of activation and initialisation alone, as in Glorot and Bengio (2010); the right one shows
//! what training made of it.
//!
//! **When it misleads.** Each line is one minibatch. Networks of other widths or losses have other norms: compare
//! slopes, not heights. The last point of a network is its output layer, which has its own width and no
//! activation.

use super::chart::{Axis, AxisKind, Figure, Lines, Panel, Placed, Series, Stroke};
use super::frame::log_axis;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption_of_many, names};
use super::{FigureError, GradientMetric, Options};
use crate::analysis::{Attenuation, Grid, Summary};
use crate::record::Status;
use crate::text::{Hint, Lang, Quantity};

pub const SPEC: FigureSpec = FigureSpec {
    name: "profiles",
    summary: "gradient by layer of several runs, at the first step and the last, one line a run",
    build: Build::Runs(build),
};

/// A run with its gradient and the rows that are drawn of it.
struct Side<'a> {
    run: &'a Summary<'a>,
    name: String,
    grid: Grid,
    first: usize,
    last: usize,
}

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (all, lang) = (&runs.all, options.lang);
    if let Some(run) = all.iter().find(|run| run.record().is_empty()) {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let metric = options.get::<Option<_>>().unwrap_or_else(|| default_metric(all, options));
    let mut sides = Vec::new();
    for (run, name) in all.iter().zip(names(lang, all)) {
        let grid = super::gradient::grid(run, metric, options.tensor());
        if grid.all_missing() {
            let hint = "draw another one (batch-mean, per-sample, signal)";
            return Err(runs.nothing(run, "gradient of this kind", hint));
        }
        let rows = super::profile::rows(run, &grid);
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        sides.push(Side { run, name, grid, first, last });
    }
    let q = metric.quantity();
    let title = heading(lang, q, &sides);
    let words = Words {
        subtitle: vec![
            lang.explain(q, options.bias()),
            lang.last_steps_note(&last_steps(&sides)),
            if has_gaps(&sides) { lang.gaps_note() } else { String::new() },
        ],
        caption: caption_of_many(lang, all),
        reading: vec![lang.reading_profile(), lang.sentence(&title), lang.reading_hint(Hint::Profile)],
        title,
    };
    let moments: &[bool] = if sides.iter().all(|s| s.first == s.last) { &[false] } else { &[false, true] };
    let y = log_axis(
        lang.quantity(q, options.bias()),
        moments.iter().flat_map(|&last| {
            sides.iter().flat_map(move |side| points(side, last).into_iter().filter_map(|p| p.1))
        }),
    );
    let panel =
        |(column, &last): (usize, &bool)| Placed::new(column, 0, panel(lang, &sides, last, &y, column));
    let sheet = Sheet {
        columns: vec![1.0; moments.len()],
        rows: vec![1.0],
        panels: moments.iter().enumerate().map(panel).collect(),
        scales: Vec::new(),
        size: ([760, 1180][moments.len() - 1], 500),
    };
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// The backward signal, which depth alone changes; where a run does not hold it, the batch mean.
fn default_metric(all: &[Summary], options: &Options) -> GradientMetric {
    let held = |run: &Summary| {
        super::gradient::grid(run, GradientMetric::Signal, options.tensor()).mostly_measured()
    };
    if !options.bias() && all.iter().all(held) { GradientMetric::Signal } else { GradientMetric::BatchMean }
}

fn points(side: &Side, last: bool) -> Vec<(f64, Option<f64>)> {
    let row = if last { side.last } else { side.first };
    (0..side.grid.layers()).map(|l| ((l + 1) as f64, side.grid.at(l, row).positive())).collect()
}

fn has_gaps(sides: &[Side]) -> bool {
    sides
        .iter()
        .any(|side| [false, true].iter().any(|&last| points(side, last).iter().any(|p| p.1.is_none())))
}

fn panel(lang: Lang, sides: &[Side], last: bool, y: &Axis, column: usize) -> Panel {
    let line = |(colour, side): (usize, &Side)| Series {
        label: side.name.clone(),
        points: points(side, last),
        style: Stroke::Solid,
        colour,
        ramp: None,
        markers: true,
        band: Vec::new(),
    };
    let layers = sides.iter().map(|side| side.grid.layers()).max().unwrap_or(1);
    let x = Axis {
        label: lang.layer_axis(),
        kind: AxisKind::Whole,
        low: 0.5,
        high: layers as f64 + 0.5,
        percent: false,
        show_labels: true,
    };
    let label = if column == 0 { y.label.clone() } else { String::new() };
    Panel::Lines(Lines {
        title: if last { lang.last_step_panel() } else { lang.first_step_title() },
        x,
        y: Axis { label, show_labels: column == 0, ..y.clone() },
        series: sides.iter().enumerate().map(line).collect(),
        marks: Vec::new(),
        direct_labels: true,
    })
}

/// The steps of the right panel, each once, ascending.
fn last_steps(sides: &[Side]) -> Vec<u64> {
    let mut all: Vec<u64> = sides.iter().map(|s| s.run.record().steps.step()[s.last]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Layer 1 beside the last hidden layer at the first step, of every run or of the two extremes, and which runs
/// diverged later.
fn heading(lang: Lang, q: Quantity, sides: &[Side]) -> String {
    let ratio = |side: &Side| {
        (side.run.hidden() > 1).then(|| Attenuation::at(&side.grid, side.first).log10_hidden_ratio)
    };
    let ratios: Vec<(&str, Option<f64>)> =
        sides.iter().filter_map(|side| Some((side.name.as_str(), ratio(side)?))).collect();
    let mut clauses = vec![lang.first_step_ratios(q, &ratios)];
    let diverged = |side: &&Side| matches!(side.run.header().status, Status::Diverged { .. });
    let names: Vec<String> = sides.iter().filter(diverged).map(|side| side.name.clone()).collect();
    clauses.push(lang.these_diverged(&names));
    clauses.retain(|clause| !clause.is_empty());
    if clauses.is_empty() { lang.quantity(q, false) } else { lang.clauses(&clauses) }
}
