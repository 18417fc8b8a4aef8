//! `layer-profile`: one gradient against the layers, at the first, the middle and the last recorded step.
//!
//! **How to read it.** A straight line that rises to the right is exponential decay toward the input; its
//! slope is the factor per layer. The title compares layer 1 with the last hidden layer at the first and at the
//! last step that is drawn, and gives the factor of one layer on average. Level lines are healthy. Three panels because there are three gradients: the backward signal of one sample (what depth
//! does), one sample's weight gradient, and the batch-mean weight gradient (what frameworks show).
//!
//! **When it misleads.** Each curve is one minibatch, and a minibatch is noisy. The batch-mean panel may be
//! level although the signal decays, and its first point is lifted by the many inputs of layer 1. The last
//! point is the output layer, which has its own width and no activation.

use super::chart::{Axis, AxisKind, Figure, Lines, Panel, Placed, Series, Stroke};
use super::depth::Depth;
use super::frame::log_axis;
use super::reading::across;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, GradientMetric, Options};
use crate::analysis::{Attenuation, Grid, Row, Summary};
use crate::text::{Hint, Lang, Quantity};

pub const SPEC: FigureSpec = FigureSpec {
    name: "layer-profile",
    summary: "gradient norms by layer at the first, middle and last step",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang, tensor) = (runs.run(), options.lang, options.tensor());
    if run.record().is_empty() {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let bias = options.bias();
    let metrics = [GradientMetric::Signal, GradientMetric::PerSample, GradientMetric::BatchMean];
    let grids: Vec<(Quantity, Grid)> = metrics
        .into_iter()
        .map(|m| (m.quantity(), super::gradient::grid(run, m, tensor)))
        .filter(|(_, grid)| !grid.all_missing())
        .collect();
    let Some((first_quantity, first_grid)) = grids.first() else {
        return Err(runs.nothing(run, "gradient", "draw `movement-heatmap` instead"));
    };
    let rows = rows(run, first_grid);
    let clause = clause(run, lang, *first_quantity, first_grid, &rows);
    let panels: Vec<Placed> = grids
        .iter()
        .enumerate()
        .map(|(column, (q, grid))| {
            let panel = panel(run, lang, *q, bias, grid, &rows);
            Placed::new(column, 0, panel)
        })
        .collect();
    let mut series = panels.iter().filter_map(|p| p.panel.as_lines()).flat_map(|l| &l.series);
    let gaps = series.any(|s| s.points.iter().any(|p| p.1.is_none()));
    let words = Words {
        title: title(lang, run, vec![clause]),
        subtitle: vec![
            lang.profile_note(),
            layers_by_name(run, lang),
            if gaps { lang.gaps_note() } else { String::new() },
        ],
        caption: caption(lang, run),
        reading: vec![
            lang.reading_profile(),
            across(lang, *first_quantity, run, first_grid),
            lang.reading_hint(Hint::Profile),
        ],
    };
    let width = [560, 820, 1180][panels.len() - 1];
    let columns = vec![1.0; panels.len()];
    let sheet = Sheet { columns, rows: vec![1.0], panels, scales: Vec::new(), size: (width, 460) };
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// Layer 1 against the last hidden layer at the first and at the last step that is drawn.
fn clause(run: &Summary, lang: Lang, q: Quantity, grid: &Grid, rows: &[usize]) -> String {
    let steps = run.record().steps.step();
    let mut ends = vec![rows[0], rows[rows.len() - 1]];
    ends.dedup();
    let ratio = |&row: &usize| Some((steps[row], Attenuation::at(grid, row).log10_hidden_ratio?));
    match ends.iter().map(ratio).collect::<Option<Vec<_>>>() {
        Some(at) => lang.profile_clause(q, run.hidden(), &at),
        None => Depth::of(run, grid).clause(lang, q, run.hidden()),
    }
}

/// Longer lists are not read.
const MOST_NAMES: usize = 12;

/// What the layers are, neighbours of one name together; empty where their numbers say as much.
fn layers_by_name(run: &Summary, lang: Lang) -> String {
    let mut runs: Vec<(Option<[usize; 2]>, &str)> = Vec::new();
    for row in run.rows(run.layers()) {
        let (number, info) = match row {
            Row::Layer(layer) => (Some(layer + 1), run.layer(layer)),
            Row::Bare(index) => (None, &run.header().layers[index]),
        };
        let Some(name) = info.own_name() else { return String::new() };
        match (runs.last_mut(), number) {
            (Some((Some([_, last]), before)), Some(number)) if *before == name => *last = number,
            _ => runs.push((number.map(|number| [number, number]), name)),
        }
    }
    // Where every layer has a name that no other has, the list is as long as
    // the network.
    if runs.len() > MOST_NAMES { String::new() } else { lang.what_layers_are(&runs) }
}

/// Rows of the first, the middle (by step) and the last step, each once. Of a run that diverged, the last
/// step at which at least half of the layers were finite.
pub(super) fn rows(run: &Summary, grid: &Grid) -> Vec<usize> {
    let steps = run.record().steps.step();
    let finite = |row: usize| (0..grid.layers()).filter(|&l| grid.at(l, row).log10().is_some()).count();
    let last = (0..steps.len()).rev().find(|&r| 2 * finite(r) >= grid.layers()).unwrap_or(steps.len() - 1);
    let half = steps[0] + (steps[last] - steps[0]) / 2;
    let middle = (0..=last).min_by_key(|&r| steps[r].abs_diff(half)).unwrap_or(0);
    let mut rows = vec![0, middle, last];
    rows.dedup();
    rows
}

fn panel(run: &Summary, lang: Lang, q: Quantity, bias: bool, grid: &Grid, rows: &[usize]) -> Panel {
    let styles = [Stroke::Solid, Stroke::Dashed, Stroke::Dotted];
    let series: Vec<Series> = rows
        .iter()
        .enumerate()
        .map(|(i, &row)| Series {
            label: lang.step_series(run.record().steps.step()[row]),
            points: (0..grid.layers()).map(|l| ((l + 1) as f64, grid.at(l, row).positive())).collect(),
            style: styles[i % styles.len()],
            colour: i,
            ramp: None,
            markers: true,
            band: Vec::new(),
        })
        .collect();
    let values: Vec<f64> = series.iter().flat_map(|s| s.points.iter().filter_map(|p| p.1)).collect();
    let x = Axis {
        label: lang.layer_axis(),
        kind: AxisKind::Whole,
        low: 0.5,
        high: grid.layers() as f64 + 0.5,
        percent: false,
        show_labels: true,
    };
    Panel::Lines(Lines {
        title: lang.quantity(q, bias),
        x,
        y: log_axis(lang.norm_axis(), values.into_iter()),
        series,
        marks: Vec::new(),
        direct_labels: false,
    })
}
