//! `distribution-over-time`: how the numbers of one layer are distributed, snapshot by snapshot.
//!
//! **How to read it.** Each column is a histogram of the layer at that step: rows are ranges of values, the
//! largest on top, the colour is the share that lies there, for rows of different widths in equal parts of the
//! value (the "colorful dimension" of Howard and Gugger's
//! fast.ai course). A band that narrows to zero again and again in the first steps is a run whose rate is too
//! large; one that moves to the ends of a bounded function saturates.
//!
//! **When it misleads.** Rows are ranges of the record's bins, which grow with the distance from 0: their heights
//! are no scale. Signals and other numbers of many sizes have octaves for rows, on both sides of one row of all
//! that is smaller. One batch a column.

use super::chart::Figure;
use super::distribution::{
    Extent, FINEST, Kind, LEAST_WORDS, clause, drawn, extent, function, kind, largest, rows, share, together,
};
use super::frame::{Legend, labelled_heatmap, log_scale, step_edges, strips, time_axis};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options, options::Choice};
use crate::analysis::histogram::{Bin, Counted, Histogram};
use crate::analysis::{Grid, Summary};
use crate::stats::Measured;
use crate::text::{Lang, Special};

pub const SPEC: FigureSpec = FigureSpec {
    name: "distribution-over-time",
    summary: "how the activations (or pre-activations, signals) of one layer are distributed, step by step",
    build: Build::Run(build),
};

/// The layer with weights that is drawn, from 1; by default the one that `distributions` speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneLayer(pub Option<usize>);

impl Choice for OneLayer {}

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang, counted) = (runs.run(), options.lang, options.get::<Counted>());
    let all = rows(runs, counted)?;
    let at = |row: usize| -> Vec<Option<Histogram>> {
        (0..drawn(run, counted)).map(|layer| run.histogram(counted, row, layer)).collect()
    };
    let last = at(all[all.len() - 1]);
    let kind = kind(run, counted, &last);
    let layer = layer(run, counted, kind, &last, options);
    let moments: Vec<(u64, Histogram)> = all
        .iter()
        .filter_map(|&row| Some((run.record().snapshots.step()[row], run.histogram(counted, row, layer)?)))
        .collect();
    let (Some(start), Some(end)) = (moments.first(), moments.last()) else {
        return Err(runs.nothing(run, "distributions of this layer", "choose another one"));
    };
    let all: Vec<&Histogram> = moments.iter().map(|m| &m.1).collect();
    let extent = extent(counted, function(run), &all);
    let (bands, unit) = bands(&start.1, extent);
    let grid = Grid::from_cells(bands.len(), all.len(), |row, column| cell(&bands[row], all[column], unit));
    let outside =
        |h: &&Histogram| 1.0 - h.share(|b| bands.iter().any(|r| b.low >= r.low && b.high <= r.high));
    let outside = all.iter().map(outside).fold(0.0, f64::max);
    let steps: Vec<u64> = moments.iter().map(|m| m.0).collect();
    let edges = step_edges(&steps, run.end());
    let x = time_axis(run, &edges, options);
    let legend = Legend { zero: Special::NothingThere, ..Legend::PLAIN };
    let (scale, clamped) = log_scale(lang, lang.share_of_layer(counted, unit), &[&grid], true, legend);
    let found = match kind {
        Kind::Sizes => halves(lang, counted, layer, start, end),
        _ => {
            let of = |m: &(u64, Histogram)| (m.0, share(kind, counted, &m.1));
            clause(lang, kind, counted, layer + 1, of(end), (moments.len() > 1).then(|| of(start)))
        }
    };
    let name = lang.layer(layer + 1, run.layer(layer).own_name());
    let words = Words {
        title: title(lang, run, vec![found]),
        subtitle: vec![
            lang.bins_note(&name, counted),
            if outside > LEAST_WORDS { lang.outside_note(outside) } else { String::new() },
            clamped,
        ],
        caption: caption(lang, run),
        reading: vec![lang.reading_over_time()],
    };
    let labels = bands.iter().map(|row| lang.band_label(row.low, row.high)).collect();
    let mut map = labelled_heatmap(lang, String::new(), (labels, grid.rows()), edges, x.clone(), 0);
    map.y_label = lang.bins_axis(counted);
    (map.bottom_note, map.top_note) = (String::new(), String::new());
    let sheet = Sheet::over_strips(map, strips(run, &x, lang), scale);
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// The layer that was asked for, else the one with the largest share, else the first.
fn layer(
    run: &Summary,
    counted: Counted,
    kind: Kind,
    last: &[Option<Histogram>],
    options: &Options,
) -> usize {
    let asked = options.get::<OneLayer>().0.map(|n| n.clamp(1, run.layers().max(1)) - 1);
    let found = || (kind != Kind::Sizes).then(|| largest(kind, counted, last)).flatten().map(|(l, _)| l);
    asked.or_else(found).unwrap_or(0)
}

/// The bins that a row puts together.
struct Row {
    low: f64,
    high: f64,
}

/// The rows from the lowest to the highest value, and what the colours are shares of: as much of the values,
/// in rows of linear widths.
fn bands(h: &Histogram, of: Extent) -> (Vec<Row>, Option<f64>) {
    let inside = |b: &&Bin| !b.is_zero() && b.low.is_finite() && b.high.is_finite();
    let sides: Vec<&Bin> =
        h.bins.iter().filter(inside).filter(|b| b.low >= 0.0 && b.high <= of.high).collect();
    let (unit, first) = match of.magnitudes {
        true => (None, of.low),
        false => {
            let unit = 2f64.powf(((of.high - of.low) * FINEST).log2().ceil());
            (Some(unit), unit)
        }
    };
    // Whatever is nearer to zero than this is one row.
    let from = sides.iter().map(|b| b.low).filter(|&low| low >= first).fold(of.high, f64::min);
    let outer = sides.iter().filter(|b| b.low >= from).map(|b| (b.low, b.high, 0.0));
    let wide = |low: f64, high: f64| unit.map_or(high >= 2.0 * low, |unit| high - low >= unit);
    let positive: Vec<Row> =
        together(outer, wide).into_iter().map(|(low, high, _)| Row { low, high }).collect();
    let has_negative = of.low < 0.0 || of.magnitudes && h.bins.iter().any(|b| b.low < 0.0);
    let negative: Vec<Row> = positive.iter().rev().map(|r| Row { low: -r.high, high: -r.low }).collect();
    let middle = Row { low: if has_negative { -from } else { 0.0 }, high: from };
    let below = if has_negative { negative } else { Vec::new() };
    (below.into_iter().chain([middle]).chain(positive).collect(), unit)
}

/// The share in a row, for each unit of its width.
fn cell(row: &Row, h: &Histogram, unit: Option<f64>) -> Measured {
    let share = h.share(|b| b.low >= row.low && b.high <= row.high && (row.low <= 0.0 || !b.is_zero()));
    match share * unit.map_or(1.0, |unit| unit / (row.high - row.low)) {
        0.0 => Measured::Zero,
        share => Measured::Finite(share),
    }
}

/// How large the layer's numbers are at the first and the last step.
fn halves(
    lang: Lang,
    counted: Counted,
    layer: usize,
    start: &(u64, Histogram),
    end: &(u64, Histogram),
) -> String {
    let [first, last] = [start, end].map(|m| (m.0, m.1.reach_of(0.5)));
    if !first.1.is_finite() || !last.1.is_finite() {
        return String::new();
    }
    lang.halves_over_time_clause(counted, layer + 1, [first, last])
}
