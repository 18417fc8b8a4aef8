//! `gradient-heatmap` and `signal-heatmap`: how large a gradient is, by layer and step.
//!
//! **How to read them.** Each row is a layer, the input side at the bottom; each column a recorded step;
//! brighter is larger, one tick of the colour bar a factor of ten. Vanishing is a picture that darkens from
//! top to bottom; a healthy network has rows of much the same colour, which may darken together from left to
//! right as the loss falls.
//!
//! **`gradient-heatmap`** draws the L2 norm of the *batch-mean* gradient of the weights, the number that
//! every framework shows. It misleads in two ways. The first layer has as many inputs as the data has
//! features (784 for MNIST), which lifts its norm (`per-parameter` divides that out). And averaging over a
//! batch can hide vanishing: once the output bias has learned the class frequencies, the full-batch gradient
//! of a collapsed sigmoid network is the same in every layer. The title then says that the picture looks even
//! but is not.
//!
//! **`signal-heatmap`** draws the RMS over the samples of |d loss_a / d pre-activation|: what arrives at a
//! layer from the loss of one sample. Neither fault applies; no tensor is involved, so `tensor` changes
//! nothing.
//!
//! The ratio in the title compares layer 1 with the last *hidden* layer (the output layer has its own width
//! and no activation behind it), as a median over the recorded steps.

use super::chart::Figure;
use super::depth::{Depth, signal_ratio};
use super::frame::{Legend, heatmap, log_scale, sparse_note, step_edges, strips, time_axis};
use super::reading::{across, gradient_hint};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, diverged, title_of};
use super::{FigureError, GradientMetric, Options};
use crate::analysis::{Grid, Row, Summary};
use crate::record::{GRAD_NORM, GRAD_RMS, Role, SIGNAL_RMS};
use crate::stats::Measured;
use crate::text::Hint;

pub const GRADIENT: FigureSpec = FigureSpec {
    name: "gradient-heatmap",
    summary: "norm of the batch-mean gradient, layer by step",
    build: Build::Run(|runs, options| {
        let hint = gradient_hint(runs.run());
        draw(runs, options, options.get::<Option<_>>().unwrap_or(GradientMetric::BatchMean), hint)
    }),
};

pub const SIGNAL: FigureSpec = FigureSpec {
    name: "signal-heatmap",
    summary: "backward signal of one sample (RMS over the batch), layer by step",
    build: Build::Run(|runs, options| draw(runs, options, GradientMetric::Signal, Hint::Signal)),
};

/// `[layer, step row]` of a gradient.
pub(super) fn grid(summary: &Summary, metric: GradientMetric, tensor: Role) -> Grid {
    match metric {
        GradientMetric::BatchMean => summary.grid(GRAD_NORM, tensor),
        GradientMetric::PerParameter => summary.grid_per_parameter(GRAD_NORM, tensor),
        GradientMetric::PerSample => summary.layer_grid(GRAD_RMS),
        GradientMetric::Signal => summary.layer_grid(SIGNAL_RMS),
    }
}

/// What is drawn of runs side by side where no gradient was chosen: one sample's weight gradient; where a run
/// holds it at few steps, one sample's signal; the batch mean where a run does not hold that either.
pub fn default_metric<'s, 'a: 's>(
    runs: impl IntoIterator<Item = &'s Summary<'a>>,
    options: &Options,
) -> GradientMetric {
    if options.bias() {
        return GradientMetric::BatchMean;
    }
    let runs: Vec<&Summary> = runs.into_iter().collect();
    let held = |metric: &GradientMetric| {
        runs.iter().all(|run| grid(run, *metric, options.tensor()).mostly_measured())
    };
    [GradientMetric::PerSample, GradientMetric::Signal]
        .into_iter()
        .find(held)
        .unwrap_or(GradientMetric::BatchMean)
}

/// The finding about a gradient; a batch mean is checked against the per-sample signal.
pub(super) fn finding(summary: &Summary, metric: GradientMetric, grid: &Grid) -> Depth {
    match metric {
        GradientMetric::BatchMean | GradientMetric::PerParameter => Depth::of_batch_mean(summary, grid),
        GradientMetric::PerSample | GradientMetric::Signal => Depth::of(summary, grid),
    }
}

fn draw(runs: &Runs, options: &Options, metric: GradientMetric, hint: Hint) -> Result<Figure, FigureError> {
    let (run, lang, tensor) = (runs.run(), options.lang, options.tensor());
    let q = metric.quantity();
    let record = run.record();
    if record.is_empty() {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let cells = grid(run, metric, tensor);
    if cells.all_missing() {
        return Err(runs.nothing(
            run,
            "gradient of this kind",
            "draw another one (batch-mean, per-sample, signal)",
        ));
    }
    let bias = options.bias();
    let edges = step_edges(record.steps.step(), run.end());
    let x = time_axis(run, &edges, options);
    let bare = if metric == GradientMetric::Signal { bare_signal(run) } else { Vec::new() };
    let bare_cells = Grid::from_cells(bare.len(), cells.columns(), |row, step| bare[row].1[step]);
    let (scale, clamped) =
        log_scale(lang, lang.quantity(q, bias), &[&cells, &bare_cells], false, Legend::PLAIN);

    // Per-sample quantities are those of the layer, whichever tensor was asked for.
    let metric_is_of_tensor = matches!(metric, GradientMetric::BatchMean | GradientMetric::PerParameter);
    let mut subtitle = vec![lang.explain(q, bias)];
    let inputs = run.layer(0).fan_in.unwrap_or(0);
    let width = run.layer(0).fan_out.unwrap_or(0);
    let wide = !bias && run.hidden() > 1 && inputs > 2 * width && metric == GradientMetric::BatchMean;
    if wide {
        subtitle.push(lang.wide_input_note(inputs));
    }
    if let Some(signal) =
        signal_ratio(run).filter(|s| metric == GradientMetric::BatchMean && s.abs() >= 1.0 && !diverged(run))
    {
        subtitle.push(lang.signal_note(signal, wide));
    }
    subtitle.push(clamped);
    subtitle.push(sparse_note(lang, run));
    let words = Words {
        title: title_of(
            lang,
            run,
            bias && metric_is_of_tensor,
            vec![finding(run, metric, &cells).clause(lang, q, run.hidden())],
        ),
        subtitle,
        caption: caption(lang, run),
        reading: vec![lang.reading_axes(true), across(lang, q, run, &cells), lang.reading_hint(hint)],
    };
    let mut map = heatmap(lang, String::new(), &cells, run, edges, x.clone(), 0);
    bare.into_iter().for_each(|(row, signal)| map.cells[row] = signal);
    if metric == GradientMetric::Signal {
        map.masks.clear();
    }
    Ok(Figure::new(runs.figure, lang, words, Sheet::over_strips(map, strips(run, &x, lang), scale)))
}

/// The signal at the outputs of the layers without weights, each with its row of the map.
fn bare_signal(run: &Summary) -> Vec<(usize, Vec<Measured>)> {
    let record = run.record();
    let signal =
        |index| (0..record.len()).map(move |row| Measured::from_stored(record.value(SIGNAL_RMS, row, index)));
    let rows = run.rows(run.layers()).into_iter().enumerate();
    rows.filter_map(|(at, row)| match row {
        Row::Bare(index) => Some((at, signal(index).collect())),
        Row::Layer(_) => None,
    })
    .collect()
}
