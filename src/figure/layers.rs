//! `layer-lines`: how large a gradient is, one line a layer, against steps.
//!
//! **How to read it.** The picture of Nielsen (2015, chapter 5): the learning speed of each layer over time, on
//! a logarithmic axis. Equal distances are equal factors, so the gap between two lines is the factor between
//! two layers and a gap that stays as wide is a ratio that training does not change. Lines that lie in the
//! order of the layers, the first one lowest, are a vanishing gradient; the first one highest is an exploding
//! one; lines that cross and mix are layers that learn alike.
//!
//! **When it misleads.** The batch mean has the faults that `gradient-heatmap` names: the many inputs of layer 1
//! lift its line, and averaging over a batch can hide vanishing. In long runs each point is a running median
//! (a single minibatch is noisy), so that a spike of one step is not seen here.

use super::chart::{Axis, AxisKind, Figure, Series, Stroke};
use super::depth::{Depth, signal_ratio};
use super::frame::{Legend, lines, log_scale, order_by_ramp, series, step_edges, time_axis};
use super::reading::{across, gradient_hint};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, diverged, title_of};
use super::{FigureError, GradientMetric, Options};
use crate::analysis::curves::{Curve, Spacing, running};
use crate::analysis::{Grid, Summary};
use crate::stats::Measured;
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "layer-lines",
    summary: "gradient norm against steps, one line a layer, on a logarithmic axis",
    build: Build::Run(build),
};

/// So many labels stand one above the other beside the lines and can be read.
const MOST_LABELS: usize = 12;

/// Many lines on one pair of axes are only told apart where they are smooth: from so many rows on each is a
/// running median over this share of them.
pub(super) const MOST_POINTS: usize = 100;
pub(super) const WINDOW: f64 = 0.05;

/// Lines of at most so many points get a mark on each.
const MARKED: usize = 20;

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang, bias) = (runs.run(), options.lang, options.bias());
    let record = run.record();
    if record.is_empty() {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let metric = options.get::<Option<_>>().unwrap_or(GradientMetric::BatchMean);
    let cells = super::gradient::grid(run, metric, options.tensor());
    if cells.all_missing() {
        let hint = "draw another one (batch-mean, per-sample, signal)";
        return Err(runs.nothing(run, "gradient of this kind", hint));
    }
    let q = metric.quantity();
    let curves = curves(record.steps.step(), &cells);
    let (y, outside) = axis(lang, lang.quantity(q, bias), &curves);
    let x = time_axis(run, &step_edges(record.steps.step(), run.end()), options);
    let drawn = drawn(lang, run, curves);
    let gaps = drawn.iter().any(|s| s.points.iter().any(|p| p.1.is_none()));
    let is_long = record.len() > MOST_POINTS;
    let of_tensor = matches!(metric, GradientMetric::BatchMean | GradientMetric::PerParameter);
    let finding = match super::gradient::finding(run, metric, &cells) {
        // What the lines show is said, and the signal beside them in the subtitle.
        Depth::OfSignal(_) => Depth::of(run, &cells),
        other => other,
    };
    let finding = finding.clause(lang, q, run.hidden());
    let signal = signal_ratio(run)
        .filter(|s| metric == GradientMetric::BatchMean && s.abs() >= 1.0 && !diverged(run))
        .map_or(String::new(), |s| lang.signal_note(s, false));
    let words = Words {
        title: title_of(lang, run, bias && of_tensor, vec![finding]),
        subtitle: vec![
            lang.explain(q, bias),
            signal,
            if is_long { lang.running_medians_note(WINDOW) } else { String::new() },
            lang.outside_axis_note(outside),
            if gaps { lang.gaps_note() } else { String::new() },
        ],
        caption: caption(lang, run),
        reading: vec![
            lang.reading_layer_lines(),
            across(lang, q, run, &cells),
            lang.reading_layer_order(gradient_hint(run)),
        ],
    };
    let panel = lines(String::new(), &x, y, drawn, Vec::new());
    Ok(Figure::new(runs.figure, lang, words, Sheet::stack(vec![(1.0, panel)], Vec::new(), (960, 540))))
}

/// One curve a layer, of the steps at which it was measured, without the range behind each median.
pub(super) fn curves(steps: &[u64], cells: &Grid) -> Vec<Curve> {
    let curve = |layer: usize| {
        let measured = steps.iter().zip(cells.row(layer)).filter(|(_, c)| **c != Measured::Missing);
        let (steps, values): (Vec<u64>, Vec<f64>) =
            measured.map(|(&step, cell)| (step, cell.positive().unwrap_or(f64::NAN))).unzip();
        Curve { band: Vec::new(), ..running(&steps, &values, Spacing::Even, MOST_POINTS, WINDOW) }
    };
    (0..cells.layers()).map(curve).collect()
}

/// A logarithmic axis of these curves, chosen as the colours of a heatmap are: a tail that exploded does not
/// press the rest together. Also the share of the points that lie outside of it.
fn axis(lang: Lang, label: String, curves: &[Curve]) -> (Axis, f64) {
    let all: Vec<f64> = curves.iter().flat_map(Curve::values).collect();
    let grid = Grid::from_stored(1, all.len(), |_, c| all[c]);
    let (scale, _) = log_scale(lang, String::new(), &[&grid], false, Legend::PLAIN);
    // 10^-307 is the last whole decade above the subnormal numbers, 10^308 the last below infinity.
    let [low, high] = [scale.low, scale.high].map(|decade| 10f64.powf(decade.clamp(-307.0, 308.0)));
    let outside = all.iter().filter(|x| !(low..=high).contains(*x)).count();
    let kind = AxisKind::Log10;
    (
        Axis { label, kind, low, high, percent: false, show_labels: true },
        outside as f64 / all.len().max(1) as f64,
    )
}

/// The lines, those of the layers that [`labelled`] names with their names at their ends.
pub(super) fn drawn(lang: Lang, run: &Summary, curves: Vec<Curve>) -> Vec<Series> {
    let count = curves.len();
    let named = labelled(count);
    let line = |(layer, curve): (usize, Curve)| {
        let is_output = layer + 1 == run.layers() && !run.header().is_part;
        let label =
            if named.contains(&layer) { lang.layer_line(layer + 1, is_output) } else { String::new() };
        let marked = curve.points.len() <= MARKED;
        let mut line = series(label, curve, Stroke::Solid, layer, true);
        line.markers &= marked || line.points.len() == 1;
        line
    };
    let mut all: Vec<Series> = curves.into_iter().enumerate().map(line).collect();
    order_by_ramp(&mut all);
    all
}

/// Which of so many layers (from 0) have their names at their lines: all, or the first, the last two and some
/// evenly between them.
fn labelled(layers: usize) -> Vec<usize> {
    if layers <= MOST_LABELS {
        return (0..layers).collect();
    }
    let hidden = layers - 2;
    let places = MOST_LABELS - 2;
    let mut all: Vec<usize> = (0..=places).map(|i| i * hidden / places).collect();
    all.push(layers - 1);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_has_its_name_while_there_is_room() {
        assert_eq!(labelled(9), (0..9).collect::<Vec<_>>());
        assert_eq!(labelled(0), [0; 0]);
        let many = labelled(57);
        assert_eq!((many[0], many[many.len() - 2], many[many.len() - 1], many.len()), (0, 55, 56, 12));
        assert!(many.windows(2).all(|w| w[0] < w[1]));
        assert!(labelled(13).windows(2).all(|w| w[0] < w[1]));
    }
}
