//! What the figures share: time axes and cell edges, colour scales, the strips of loss and accuracy.

use super::chart::{Axis, AxisKind, ColourScale, Heatmap, Lines, Mask, Panel, Series, Stroke};
use super::{Options, StepAxis};
use crate::analysis::curves::{Curve, Spacing};
use crate::analysis::{Grid, Row, Summary};
use crate::record::{TEST_ACCURACY, TRAIN_ACCURACY, VALIDATION_ACCURACY};
use crate::stats::{Measured, ValueScale, typical};
use crate::text::{Lang, Special, brief_layer_name};

/// A colour scale spans at most this many decades: as many as there are in f32 from its least number to 1. A
/// signal that falls evenly through 56 sigmoid layers is one ramp on it, and a ramp is what a reader should
/// see.
const MAX_DECADES: f64 = 45.0;

/// Where values span more than this many decades, the top of the scale is looked for: see [`log_scale`].
const WINDOW: f64 = 12.0;

/// Share of the cells at either end that may not stretch a scale by more than [`STRETCH`] decades (else they
/// are clamped, and the figure says so).
const OUTLIERS: f64 = 0.001;
const STRETCH: f64 = 2.0;

/// As [`OUTLIERS`] and [`STRETCH`], for the upper end alone: it takes more to cut what is large.
const TAIL: f64 = 0.05;
const TAIL_STRETCH: f64 = 3.0;
/// And a tail that stands apart: an even decay through many decades has none.
const TAIL_SHARE: f64 = 0.5;

/// Evaluations up to this many get a mark each.
const MAX_MARKERS: usize = 60;

// ---- time -----------------------------------------------------------------------------------------------------------

/// Measured edges of step rows: each row reaches to the next recorded one, the last as far as the one before
/// it, but not beyond the run's last known step (an update from t to t + 1 always has its width).
pub fn step_edges(steps: &[u64], end: u64) -> Vec<f64> {
    let Some(&last) = steps.last() else { return Vec::new() };
    let gap = steps.len().checked_sub(2).map_or(1, |i| last - steps[i]);
    let right = last.saturating_add(gap).min(end).max(last + 1);
    steps.iter().copied().chain([right]).map(|s| s as f64).collect()
}

/// Measured edges of snapshot rows that say how far something has come by then: a cell ends at its snapshot
/// and begins at the one before. A snapshot at step 0 has no cell, since nothing has gone anywhere before the
/// first step; `None` where no other one is left. Also how many snapshots were left out.
pub fn reached_edges(steps: &[u64]) -> Option<(Vec<f64>, usize)> {
    let skip = usize::from(steps.first() == Some(&0));
    (steps.len() > skip)
        .then(|| (std::iter::once(0.0).chain(steps[skip..].iter().map(|&s| s as f64)).collect(), skip))
}

/// Measured edges of snapshot rows that say what is: as [`step_edges`], but the last snapshot describes the
/// end of the run, so that nothing comes after it; it takes the second half of the cell before.
pub fn snapshot_edges(steps: &[u64]) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else { return Vec::new() };
    let Some(before) = steps.len().checked_sub(2).map(|i| steps[i]) else {
        return vec![first as f64, first as f64 + 1.0];
    };
    let half = before as f64 + 0.5 * (last - before) as f64;
    steps[..steps.len() - 1].iter().map(|&s| s as f64).chain([half, last as f64]).collect()
}

/// The step axis of a figure whose cells have these edges.
pub fn time_axis(summary: &Summary, edges: &[f64], options: &Options) -> Axis {
    let low = edges.first().copied().unwrap_or(0.0);
    let high = edges.last().copied().unwrap_or(1.0).max(low + 1.0);
    Axis {
        label: options.lang.step_axis(summary.header().steps_per_epoch),
        kind: match options.get() {
            StepAxis::Log => AxisKind::Log1p,
            // There is no step 0.5.
            StepAxis::Linear if high - low <= 10.0 => AxisKind::Whole,
            StepAxis::Linear => AxisKind::Linear,
        },
        low,
        high,
        percent: false,
        show_labels: true,
    }
}

/// Cells wider than this share of the run are said to reach to the next recorded step.
const WIDE: f64 = 0.2;

/// What a reader of a run with few recorded steps must know; empty for others.
pub fn sparse_note(lang: Lang, summary: &Summary) -> String {
    let steps = summary.record().steps.step();
    let widest = steps.windows(2).map(|s| s[1] - s[0]).max().unwrap_or(0);
    let wide = widest > 1 && widest as f64 > WIDE * summary.end() as f64;
    if wide { lang.sparse_note(steps.len()) } else { String::new() }
}

/// Where each layer of a grid stands among the rows of its heatmap.
pub fn places_of_layers(run: &Summary, layers: usize) -> Vec<usize> {
    let rows = run.rows(layers);
    (0..rows.len()).filter(|&at| matches!(rows[at], Row::Layer(_))).collect()
}

/// One mask for each group of neighbours among these rows (ascending).
pub fn masks(rows: &[usize], words: &str) -> Vec<Mask> {
    let mut out: Vec<Mask> = Vec::new();
    for &row in rows {
        match out.last_mut() {
            Some(mask) if mask.last + 1 == row => mask.last = row,
            _ => out.push(Mask { first: row, last: row, words: words.to_string() }),
        }
    }
    out
}

// ---- heatmaps ---------------------------------------------------------------------------------------------------------

/// Names of a run's layers with weights, from the input, for the rows of a grid: as many as `layers`, which
/// may leave out the output layer.
pub fn layer_rows(run: &Summary, layers: usize, lang: Lang) -> Vec<String> {
    let is_output = |l| l == run.layers() && !run.header().is_part;
    (1..=layers).map(|l| lang.layer_row(l, run.layer(l - 1).own_name(), is_output(l))).collect()
}

/// A heatmap of a run's layers, one a row of the grid. Layers without weights, such as pooling, have a row in
/// their place too: a quiet one that says so.
pub fn heatmap(
    lang: Lang,
    title: String,
    grid: &Grid,
    run: &Summary,
    edges: Vec<f64>,
    x: Axis,
    scale: usize,
) -> Heatmap {
    let mut labels = layer_rows(run, grid.layers(), lang).into_iter();
    let (mut rows, mut cells, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for (at, row) in run.rows(grid.layers()).into_iter().enumerate() {
        match row {
            Row::Layer(layer) => {
                rows.push(labels.next().expect("a label for each layer"));
                cells.push(grid.row(layer).to_vec());
            }
            Row::Bare(index) => {
                rows.push(brief_layer_name(&run.header().layers[index].name));
                cells.push(vec![Measured::Missing; grid.columns()]);
                bare.push(at);
            }
        }
    }
    let masks = masks(&bare, &lang.no_weights_row());
    Heatmap { bare, masks, ..labelled_heatmap(lang, title, (rows, cells), edges, x, scale) }
}

/// A heatmap of rows of cells with their labels, the input side first.
pub fn labelled_heatmap(
    lang: Lang,
    title: String,
    (rows, cells): (Vec<String>, Vec<Vec<Measured>>),
    edges: Vec<f64>,
    x: Axis,
    scale: usize,
) -> Heatmap {
    Heatmap {
        title,
        x,
        y_label: lang.layer_axis(),
        rows,
        bottom_note: lang.input_side(),
        top_note: lang.output_side(),
        edges,
        cells,
        scale,
        masks: Vec::new(),
        bare: Vec::new(),
        columns: Vec::new(),
        heights: Vec::new(),
    }
}

/// What a zero, an underflow and a missing cell mean in a figure; the other kinds mean the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legend {
    pub zero: Special,
    pub underflow: Special,
    pub missing: Special,
}

impl Legend {
    pub const PLAIN: Legend =
        Legend { zero: Special::Zero, underflow: Special::Underflow, missing: Special::Missing };

    /// Legend of movements; `no_unit` if values are missing because layers have no initial norm.
    pub fn movement(no_unit: bool) -> Legend {
        let missing = if no_unit { Special::NoUnit } else { Special::Missing };
        Legend { zero: Special::NotMoved, missing, ..Legend::PLAIN }
    }
}

/// The kinds without a place on the scale that occur in these grids, in the order that
/// [`ColourScale::special`] asks for.
pub fn specials(lang: Lang, grids: &[&Grid], legend: Legend, scale: ValueScale) -> Vec<(Measured, String)> {
    [
        (Measured::Zero, legend.zero),
        (Measured::Underflow, legend.underflow),
        (Measured::Nan, Special::Nan),
        (Measured::Infinite, Special::Infinite),
        (Measured::Missing, legend.missing),
    ]
    .into_iter()
    .filter(|(kind, _)| scale.value(*kind).is_none() && grids.iter().any(|g| g.cells().contains(kind)))
    .map(|(kind, words)| (kind, lang.special(words)))
    .collect()
}

/// A logarithmic colour scale for all of these grids together, its ends on whole decades, and a sentence
/// about the cells that it does not reach (empty when it reaches all).
///
/// It spans the finite cells as a picture shows them (see [`seen`]), but for the outermost 0.1 % at an end
/// that they would stretch by more than two decades, the upper 5 % where they would stretch it by more than
/// three, and at most 45 decades. Where they span more than 12, the scale's top is that of the highest
/// window of 12 decades that holds at least nine tenths as many cells as the fullest one: the top of a long
/// decay, but not the last exploding steps of a run that diverged.
pub fn log_scale(
    lang: Lang,
    label: String,
    grids: &[&Grid],
    percent: bool,
    legend: Legend,
) -> (ColourScale, String) {
    let mut v: Vec<f64> = grids.iter().flat_map(|g| seen(g)).filter_map(|c| c.log10()).collect();
    v.sort_by(f64::total_cmp);
    let (low, high) = decades(&v);
    let n = v.len().max(1) as f64;
    let below = v.partition_point(|&x| x < low) as f64 / n;
    let above = (v.len() - v.partition_point(|&x| x <= high)) as f64 / n;
    let scale = ColourScale {
        label,
        low,
        high,
        logarithmic: true,
        percent,
        signed: false,
        special: specials(lang, grids, legend, ValueScale::Log10),
    };
    (scale, lang.clamped_note(below, above))
}

/// A picture has hardly more columns than this for a heatmap; more cells share them.
const COLUMNS: usize = 1000;

/// The cells as a picture shows them: of many columns those that share a place become a typical one.
fn seen(grid: &Grid) -> Vec<Measured> {
    let share = grid.columns().div_ceil(COLUMNS);
    if share <= 1 {
        return grid.cells().to_vec();
    }
    let rows = (0..grid.layers()).map(|layer| grid.row(layer));
    rows.flat_map(|row| row.chunks(share).map(|cells| typical(cells, ValueScale::Log10))).collect()
}

fn decades(sorted: &[f64]) -> (f64, f64) {
    let n = sorted.len();
    if n == 0 {
        return (-1.0, 0.0);
    }
    let skip = (n as f64 * OUTLIERS) as usize;
    // Adding 0 turns the -0 of a rounded-up fraction into 0.
    let (low, high) = (sorted[skip].floor() + 0.0, sorted[n - 1 - skip].ceil() + 0.0);
    let (least, most) = (sorted[0].floor() + 0.0, sorted[n - 1].ceil() + 0.0);
    let low = if low - least > STRETCH { low } else { least };
    let high = (if most - high > STRETCH { high } else { most }).max(low + 1.0);
    // The last steps of a run that exploded would leave one colour for all the others.
    let top = sorted[((n as f64 * (1.0 - TAIL)) as usize).min(n - 1)].ceil() + 0.0;
    let tail = high - top;
    let cut = tail > TAIL_STRETCH && tail > TAIL_SHARE * (top - low);
    let high = if cut { top.max(low + 1.0) } else { high };
    if high - low <= WINDOW {
        return (low, high);
    }
    let held =
        |top: f64| sorted.partition_point(|&x| x <= top) - sorted.partition_point(|&x| x < top - WINDOW);
    let tops = || (0..=(high - low - WINDOW) as u32).map(|i| high - i as f64);
    let fullest = tops().map(held).max().unwrap_or(0);
    let top = tops().find(|&top| 10 * held(top) >= 9 * fullest).unwrap_or(high);
    (low.max(top - MAX_DECADES), top)
}

/// A plain scale from 0 to 100 %.
pub fn share_scale(lang: Lang, label: String, grids: &[&Grid], legend: Legend) -> ColourScale {
    let special = specials(lang, grids, legend, ValueScale::Linear);
    ColourScale { label, low: 0.0, high: 1.0, logarithmic: false, percent: true, signed: false, special }
}

// ---- lines ------------------------------------------------------------------------------------------------------------

/// A y axis for these values, in their own units: logarithmic on whole decades where they span more than
/// three and `log` allows it, else linear from 0.
pub fn value_axis(label: String, values: impl Iterator<Item = f64> + Clone, log: bool) -> Axis {
    let positive = values.clone().filter(|x| *x > 0.0);
    let (low, high) = positive.fold((f64::INFINITY, 0.0), |(a, b), x| (x.min(a), x.max(b)));
    if log && high / low > 1e3 { log_axis(label, values) } else { linear_axis(label, values) }
}

fn linear_axis(label: String, values: impl Iterator<Item = f64>) -> Axis {
    let (low, high) = values.fold((0.0f64, 0.0f64), |(a, b), x| (a.min(x), b.max(x)));
    let high = if high > low { high * 1.05 } else { low + 1.0 };
    Axis { label, kind: AxisKind::Linear, low, high, percent: false, show_labels: true }
}

/// A y axis on whole decades, in the values' own units; values that have no logarithm do not count.
pub fn log_axis(label: String, values: impl Iterator<Item = f64>) -> Axis {
    let logs = values.filter(|x| *x > 0.0 && x.is_finite()).map(f64::log10);
    let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let (low, high) = if low <= high { (low.floor(), high.ceil()) } else { (-1.0, 0.0) };
    // 10^-307 is the last whole decade above the subnormal numbers, 10^308 the last below infinity.
    let (low, high) =
        (low.clamp(-307.0, 307.0), high.clamp(-306.0, 308.0).max(low.clamp(-307.0, 307.0) + 1.0));
    let (low, high) = (10f64.powf(low), 10f64.powf(high));
    Axis { label, kind: AxisKind::Log10, low, high, percent: false, show_labels: true }
}

/// The accuracy axis.
pub fn accuracy_axis(lang: Lang) -> Axis {
    Axis {
        label: lang.accuracy(),
        kind: AxisKind::Linear,
        low: 0.0,
        high: 1.0,
        percent: true,
        show_labels: true,
    }
}

/// A curve as a series; on a logarithmic axis a value that has no logarithm becomes a gap.
pub fn series(label: String, curve: Curve, style: Stroke, colour: usize, log: bool) -> Series {
    let ok = |x: f64| !log || x > 0.0;
    // A lone point would not be seen without a mark.
    let lone = curve.points.iter().filter(|p| p.1.is_some()).count() == 1;
    let markers =
        lone || style == Stroke::Solid && curve.points.len() <= MAX_MARKERS && curve.band.is_empty();
    Series {
        label,
        points: curve.points.into_iter().map(|(x, y)| (x, y.filter(|&y| ok(y)))).collect(),
        style,
        colour,
        ramp: None,
        markers,
        band: curve.band.into_iter().filter(|b| ok(b.1)).collect(),
    }
}

/// Gives lines of an ordered quantity, one group each and in its order, their places on the ramp. Two are
/// told apart better by two colours.
pub fn order_by_ramp(curves: &mut [Series]) {
    let groups = curves.iter().map(|s| s.colour + 1).max().unwrap_or(0);
    if groups > 2 {
        curves.iter_mut().for_each(|s| s.ramp = Some(s.colour as f64 / (groups - 1) as f64));
    }
}

/// The strips under a heatmap: batch loss, then accuracy, on the heatmap's own step axis. A strip for which
/// nothing was recorded is left out; the lowest one carries the axis labels.
pub fn strips(summary: &Summary, x: &Axis, lang: Lang) -> Vec<Panel> {
    let mut panels = Vec::new();
    let loss = summary.loss_curve(spacing(x));
    if !loss.is_empty() {
        let y = value_axis(lang.loss(), loss.values().collect::<Vec<_>>().into_iter(), true);
        let log = y.kind == AxisKind::Log10;
        let mut curve = series(lang.batch_series(), loss, Stroke::Solid, 0, log);
        curve.markers = curve.points.len() == 1;
        panels.push(lines(String::new(), x, y, vec![curve], Vec::new()));
    }
    let accuracy = accuracy_series(summary, lang, 0, spacing(x));
    if !accuracy.is_empty() {
        let marks = summary.chance().map(|c| (c, lang.chance_mark(c))).into_iter().collect();
        panels.push(lines(String::new(), x, accuracy_axis(lang), accuracy, marks));
    }
    show_last_labels(&mut panels);
    panels
}

/// Where curves along this axis need their points.
pub fn spacing(x: &Axis) -> Spacing {
    if x.kind == AxisKind::Log1p { Spacing::Log } else { Spacing::Even }
}

/// Training and test accuracy, and the batch accuracy behind them.
pub fn accuracy_series(summary: &Summary, lang: Lang, colour: usize, spacing: Spacing) -> Vec<Series> {
    let mut batch = summary.batch_accuracy_curve(spacing);
    batch.band.clear();
    [
        series(lang.faint_batch_series(), batch, Stroke::Faint, colour, false),
        series(lang.train_series(), summary.eval_curve(TRAIN_ACCURACY), Stroke::Solid, colour, false),
        series(lang.test_series(), summary.eval_curve(TEST_ACCURACY), Stroke::Dashed, colour + 1, false),
        series(
            lang.validation_series(),
            summary.eval_curve(VALIDATION_ACCURACY),
            Stroke::Dotted,
            colour + 2,
            false,
        ),
    ]
    .into_iter()
    .filter(|s| s.points.iter().any(|p| p.1.is_some()))
    .collect()
}

/// A panel of curves with a legend at their ends.
pub fn lines(title: String, x: &Axis, y: Axis, series: Vec<Series>, marks: Vec<(f64, String)>) -> Panel {
    Panel::Lines(Lines { title, x: x.clone(), y, direct_labels: true, series, marks })
}

/// Only the lowest panel of a stack names its steps.
pub fn show_last_labels(stack: &mut [Panel]) {
    let last = stack.len().saturating_sub(1);
    for (i, panel) in stack.iter_mut().enumerate() {
        if let Some(x) = panel.x_mut() {
            x.show_labels = i == last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_reach_to_the_next_row_and_not_beyond_the_run() {
        assert_eq!(step_edges(&[0, 1, 2], 3), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(step_edges(&[0, 10, 20], 25), [0.0, 10.0, 20.0, 25.0]);
        assert_eq!(step_edges(&[0, 10, 20], 500), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(step_edges(&[0, 10, 20], 20), [0.0, 10.0, 20.0, 21.0]);
        assert_eq!(step_edges(&[7], 8), [7.0, 8.0]);
        assert_eq!(snapshot_edges(&[0, 10, 1000]), [0.0, 10.0, 505.0, 1000.0]);
        assert_eq!(snapshot_edges(&[0, 1]), [0.0, 0.5, 1.0]);
        assert_eq!(snapshot_edges(&[3]), [3.0, 4.0]);
        assert_eq!(reached_edges(&[0, 10, 1000]), Some((vec![0.0, 10.0, 1000.0], 1)));
        assert_eq!(reached_edges(&[5, 10]), Some((vec![0.0, 5.0, 10.0], 0)));
        assert_eq!((reached_edges(&[0]), reached_edges(&[])), (None, None));
    }

    #[test]
    fn a_scale_ends_on_whole_decades_and_holds_a_decay_but_no_explosion() {
        assert_eq!(decades(&[-3.2, -0.1]), (-4.0, 0.0));
        assert_eq!(decades(&[-3.0]), (-3.0, -2.0));
        assert_eq!(decades(&[]), (-1.0, 0.0));
        // A long even decay: all of it, down to what f32 can hold.
        let decay: Vec<f64> = (0..400).map(|i| -40.0 + i as f64 / 10.0).collect();
        assert_eq!(decades(&decay), (-40.0, 0.0));
        let longer: Vec<f64> = (0..900).map(|i| -90.0 + i as f64 / 10.0).collect();
        assert_eq!(decades(&longer), (-45.0, 0.0));
        // 97 sane steps and three exploding ones, seven decades higher.
        let mut v: Vec<f64> = (0..97).map(|i| -4.0 + i as f64 / 30.0).collect();
        v.extend([2.0, 4.0, 6.5]);
        assert_eq!(decades(&v), (-4.0, 0.0));
        // 90 sane steps and ten exploding ones: the sane ones.
        let mut v: Vec<f64> = (0..90).map(|i| -4.0 + i as f64 / 30.0).collect();
        v.extend((0..10).map(|i| 10.0 * (i + 1) as f64));
        let (low, high) = decades(&v);
        assert!(low == -4.0 && (-1.0..=10.0).contains(&high), "{low} {high}");
    }
}
