//! `distributions`: how the activations, pre-activations or backward signals of each layer are distributed,
//! at the first and the last snapshot that counted them.
//!
//! **How to read it.** As figures 6 and 7 of Glorot and Bengio (2010): one row a layer, layer 1 at the bottom.
//! A bounded function's peaks at the dashed lines are saturated units; rows that narrow toward the output are
//! layers whose values fade on the way forward, signals whose rows wander to the left toward the input fade on
//! the way back.
//!
//! **When it misleads.** Every row is as high as its own peak, so heights of two rows say nothing; areas of a
//! row do. Exact zeros and what lies outside the axis are not drawn but written at the right. It is one batch,
//! of which a part is counted (`docs/format.md`).

use super::chart::{Axis, AxisKind, Figure, Panel, Placed};
use super::ridges::{Ridge, Ridges};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options, options::Choice};
use crate::activation::Activation;
use crate::analysis::Summary;
use crate::analysis::histogram::{Bin, Counted, Histogram};
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "distributions",
    summary: "how activations (or pre-activations, signals) of each layer are distributed, first and last",
    build: Build::Run(build),
};

impl Choice for Counted {}

/// Cells of a linear axis are not narrower than this part of it.
pub(super) const FINEST: f64 = 1.0 / 64.0;
/// Sizes of layers that differ by more than this factor are not seen on one linear axis.
const WIDE: f64 = 20.0;
/// Share of a layer's values that a linear axis reaches at least.
const REACHED: f64 = 0.995;
/// Shares under this are not written beside a row.
pub(super) const LEAST_WORDS: f64 = 0.005;
/// Less than this share is few.
const FEW: f64 = 0.01;
/// How near an end of its function an activation counts as at it.
const NEAR: f64 = 1.0 / 16.0;

/// The distributions of the layers that a figure draws at a snapshot; those that were not counted are `None`.
struct Moment {
    step: u64,
    layers: Vec<Option<Histogram>>,
}

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang, counted) = (runs.run(), options.lang, options.get::<Counted>());
    let rows = rows(runs, counted)?;
    let moments: Vec<Moment> = ends(&rows).iter().map(|&row| moment(run, counted, row)).collect();
    let function = function(run).filter(|_| counted != Counted::Signal);
    let all = || moments.iter().flat_map(|m| m.layers.iter().flatten());
    let x = axis(lang, counted, extent(counted, function, &all().collect::<Vec<_>>()));
    let magnitudes = x.kind == AxisKind::Log10;
    let bounds = function.filter(|_| !magnitudes).map_or(Vec::new(), |f| bounds(counted, f).to_vec());
    let panels: Vec<Placed> = moments
        .iter()
        .enumerate()
        .map(|(column, moment)| {
            let panel = panel(run, lang, moment, &x, bounds.clone(), column == 0);
            Placed::new(column, 0, Panel::Ridges(panel))
        })
        .collect();
    let beyond = all().any(|h| !Beyond::of(lang, h, &x).words.is_empty());
    let words = Words {
        title: title(lang, run, vec![finding(run, counted, &rows, options)]),
        subtitle: vec![
            lang.ridges_note(magnitudes),
            function
                .filter(|_| !bounds.is_empty())
                .map_or(String::new(), |f| lang.bounds_note(counted, &f.to_string())),
            if beyond { lang.beyond_note() } else { String::new() },
        ],
        caption: caption(lang, run),
        reading: vec![lang.reading_ridges(counted)],
    };
    let layers = moments[0].layers.len() as u32;
    let height = (200 + 40 * layers).clamp(400, 900);
    let columns = vec![1.0; panels.len()];
    let sheet = Sheet { columns, rows: vec![1.0], panels, scales: Vec::new(), size: (960, height) };
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// The snapshots that counted, of which there is one at least.
pub(super) fn rows(runs: &Runs, counted: Counted) -> Result<Vec<usize>, FigureError> {
    let rows = runs.run().counted_rows(counted);
    if rows.is_empty() || drawn(runs.run(), counted) == 0 {
        let hint = "train it again: `gradfade train` counts them at its snapshots";
        return Err(runs.nothing(runs.run(), "distributions of its layers", hint));
    }
    Ok(rows)
}

/// The first and the last, once where they are one.
fn ends(rows: &[usize]) -> Vec<usize> {
    let mut ends = vec![rows[0], rows[rows.len() - 1]];
    ends.dedup();
    ends
}

/// Layers that are drawn, from the input: the output layer has signals, but no function.
pub(super) fn drawn(run: &Summary, counted: Counted) -> usize {
    if counted == Counted::Signal || run.hidden() == 0 { run.layers() } else { run.hidden() }
}

fn moment(run: &Summary, counted: Counted, row: usize) -> Moment {
    let layers = (0..drawn(run, counted)).map(|layer| run.histogram(counted, row, layer));
    Moment { step: run.record().snapshots.step()[row], layers: layers.collect() }
}

/// The function of all hidden layers, where it is one and bounded.
pub(super) fn function(run: &Summary) -> Option<Activation> {
    let of = |layer: usize| run.layer(layer).activation().parse::<Activation>().ok();
    let first = (run.hidden() > 0).then(|| of(0)).flatten()?;
    let same = (0..run.hidden()).all(|layer| of(layer) == Some(first));
    (same && first.is_bounded()).then_some(first)
}

/// Where the dashed lines of a bounded function stand.
fn bounds(counted: Counted, function: Activation) -> [f64; 2] {
    if counted == Counted::Activation {
        let (low, high) = function.range();
        return [low + NEAR, high - NEAR];
    }
    let flat = flat_beyond(function);
    [-flat, flat]
}

/// The least edge of a bin at which the slope is at most a tenth of the largest one, on either side.
fn flat_beyond(function: Activation) -> f64 {
    let edges = Counted::PreActivation.bins();
    let ranges = (0..crate::stats::bins::BINS).filter_map(|bin| edges.range(bin));
    let low = 0.1 * function.largest_slope();
    let is_flat = |&h: &f64| h > 0.0 && function.slope(h).max(function.slope(-h)) <= low;
    ranges.map(|(_, high)| high).filter(is_flat).fold(f64::INFINITY, f64::min)
}

/// Share of the values on the flat ends of a bounded function.
pub(super) fn at_ends(counted: Counted, function: Activation, of: &Histogram) -> f64 {
    let [low, high] = bounds(counted, function);
    of.share(|bin| bin.high <= low || bin.low >= high)
}

/// What the title says of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// At the flat ends of a bounded function.
    Ends(Activation),
    Zeros,
    Sizes,
}

/// How the layers are told apart, and by how much: the share at the ends or of exact zeros.
pub(super) fn kind(run: &Summary, counted: Counted, last: &[Option<Histogram>]) -> Kind {
    let fades = || fade(&last.iter().flatten().collect::<Vec<_>>());
    match function(run) {
        Some(function) if counted != Counted::Signal && !fades() => Kind::Ends(function),
        _ => {
            let zeros = last.iter().flatten().map(|h| h.share(Bin::is_zero)).fold(0.0, f64::max);
            if counted == Counted::Activation && zeros >= 0.2 { Kind::Zeros } else { Kind::Sizes }
        }
    }
}

pub(super) fn share(kind: Kind, counted: Counted, of: &Histogram) -> f64 {
    match kind {
        Kind::Ends(function) => at_ends(counted, function, of),
        Kind::Zeros => of.share(Bin::is_zero),
        Kind::Sizes => 0.0,
    }
}

/// The layer with the largest share, from 0.
pub(super) fn largest(kind: Kind, counted: Counted, layers: &[Option<Histogram>]) -> Option<(usize, f64)> {
    let shares = layers.iter().enumerate();
    let shares = shares.filter_map(|(l, h)| Some((l, share(kind, counted, h.as_ref()?))));
    shares.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
}

/// The finding: the layer that is most at the ends or zero at the last snapshot, and how much it was at the
/// first; else the sizes of the first and the last layer.
fn finding(run: &Summary, counted: Counted, rows: &[usize], options: &Options) -> String {
    let lang = options.lang;
    let [first, last] = [rows[0], rows[rows.len() - 1]].map(|row| moment(run, counted, row));
    let kind = kind(run, counted, &last.layers);
    if kind == Kind::Sizes {
        let known: Vec<(usize, f64)> = (last.layers.iter().enumerate())
            .filter_map(|(l, h)| Some((l + 1, h.as_ref()?.reach_of(0.5))))
            .filter(|(_, reach)| reach.is_finite())
            .collect();
        return match known[..] {
            [first, .., end] => lang.halves_clause(counted, last.step, [first, end]),
            _ => String::new(),
        };
    }
    let Some((layer, now)) = largest(kind, counted, &last.layers) else { return String::new() };
    let before = first.layers[layer].as_ref().filter(|_| rows.len() > 1);
    let before = before.map(|h| (first.step, share(kind, counted, h)));
    clause(lang, kind, counted, layer + 1, (last.step, now), before)
}

/// A share of a layer (from 1) at a step, and what it was before.
pub(super) fn clause(
    lang: Lang,
    kind: Kind,
    counted: Counted,
    layer: usize,
    now: (u64, f64),
    before: Option<(u64, f64)>,
) -> String {
    let few = now.1 < FEW && before.is_none_or(|(_, share)| share < FEW);
    match kind {
        Kind::Ends(function) if few => {
            let bound = (counted == Counted::PreActivation).then(|| flat_beyond(function));
            lang.few_at_ends_clause(&function.to_string(), bound, layer, now)
        }
        Kind::Ends(function) if counted == Counted::Activation => {
            lang.ends_clause(&function.to_string(), layer, now, before)
        }
        Kind::Ends(function) => {
            lang.flat_share_clause(&function.to_string(), flat_beyond(function), layer, now, before)
        }
        Kind::Zeros | Kind::Sizes => lang.zeros_clause(counted, layer, now, before),
    }
}

/// The values that a figure has room for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub low: f64,
    pub high: f64,
    /// Sizes on a logarithmic axis, because layers or moments differ too much for a linear one.
    pub magnitudes: bool,
}

/// Do the sizes of layers or moments differ too much for one linear axis?
pub(super) fn fade(all: &[&Histogram]) -> bool {
    let reaches = all.iter().map(|h| h.reach_of(0.9)).filter(|r| *r > 0.0);
    let (low, high) = reaches.fold((f64::INFINITY, 0.0), |(a, b), r| (r.min(a), r.max(b)));
    high > WIDE * low
}

/// A bounded function's activations have its range; else the axis is linear, as far as nearly all values
/// reach, unless those are so different in size that the sizes themselves are drawn.
pub(super) fn extent(counted: Counted, function: Option<Activation>, all: &[&Histogram]) -> Extent {
    let most = |share: f64| all.iter().map(move |h| h.reach_of(share)).filter(|r| r.is_finite() && *r > 0.0);
    let fade = fade(all);
    if let (Counted::Activation, Some(function), false) = (counted, function, fade) {
        let (low, high) = function.range();
        return Extent { low, high, magnitudes: false };
    }
    let high = most(REACHED).fold(0.0, f64::max);
    let high = if high > 0.0 { high } else { 1.0 };
    if counted == Counted::Signal || fade {
        let least = all.iter().map(|h| h.sizes_from(1.0 - REACHED)).filter(|&x| x > 0.0);
        let low = least.fold(high, f64::min).min(0.5 * high);
        return Extent { low, high, magnitudes: true };
    }
    let has_negative = all.iter().any(|h| h.share(|b| b.high <= 0.0 && !b.is_zero()) > LEAST_WORDS);
    Extent { low: if has_negative { -high } else { 0.0 }, high, magnitudes: false }
}

/// The axis of these values; of sizes on whole decades.
fn axis(lang: Lang, counted: Counted, of: Extent) -> Axis {
    let decade = |x: f64, end: fn(f64) -> f64| 10f64.powf(end(x.log10()));
    let (kind, low, high) = match of.magnitudes {
        true => (AxisKind::Log10, decade(of.low, f64::floor), decade(of.high, f64::ceil)),
        false => (AxisKind::Linear, of.low, of.high),
    };
    let label = lang.counted_axis(counted, of.magnitudes);
    Axis { label, kind, low, high, percent: false, show_labels: true }
}

/// What the axis has no place for.
struct Beyond {
    all: Vec<(String, f64)>,
    words: String,
}

impl Beyond {
    fn of(lang: Lang, h: &Histogram, x: &Axis) -> Beyond {
        let outside = h.share(|b| !b.is_zero() && !is_on(x, b));
        let kinds = [("0", h.share(Bin::is_zero)), (lang.beyond_axis(), outside), ("NaN", h.nan)];
        let all: Vec<(String, f64)> =
            kinds.into_iter().filter(|k| k.1 > 0.0).map(|(what, share)| (what.to_string(), share)).collect();
        let largest = all.iter().filter(|k| k.1 >= LEAST_WORDS).max_by(|a, b| a.1.total_cmp(&b.1));
        let words = largest.map_or(String::new(), |(what, share)| lang.beyond_beside(what, *share));
        Beyond { all, words }
    }
}

fn is_on(x: &Axis, bin: &Bin) -> bool {
    match x.kind {
        AxisKind::Log10 => bin.least() >= x.low && bin.reach() <= x.high,
        _ => bin.low >= x.low && bin.high <= x.high,
    }
}

/// The bins on the axis, those that are too narrow for it together with their neighbours: from zero outward,
/// so that both sides are cut alike.
fn cells(h: &Histogram, x: &Axis) -> Vec<(f64, f64, f64)> {
    let on = h.bins.iter().filter(|b| !b.is_zero() && is_on(x, b));
    if x.kind == AxisKind::Log10 {
        let mut sizes: Vec<(f64, f64, f64)> = on.map(|b| (b.least(), b.reach(), b.share)).collect();
        sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Both signs have the same edges.
        return together(sizes.into_iter(), |low, high| high >= 2.0 * low);
    }
    let wide = |low: f64, high: f64| (high - low).abs() >= FINEST * (x.high - x.low);
    let all: Vec<&Bin> = on.collect();
    let left = all.iter().rev().filter(|b| b.high <= 0.0).map(|b| (-b.high, -b.low, b.share));
    let mut out: Vec<(f64, f64, f64)> =
        together(left, wide).into_iter().rev().map(|(low, high, share)| (-high, -low, share)).collect();
    out.extend(together(all.iter().filter(|b| b.low >= 0.0).map(|b| (b.low, b.high, b.share)), wide));
    // Turns -0 into 0.
    out.into_iter().map(|(low, high, share)| (low + 0.0, high + 0.0, share)).collect()
}

/// Neighbours (ascending) put together until they are wide enough; what is left over at the end joins the last.
pub(super) fn together(
    cells: impl Iterator<Item = (f64, f64, f64)>,
    wide: impl Fn(f64, f64) -> bool,
) -> Vec<(f64, f64, f64)> {
    let mut out: Vec<(f64, f64, f64)> = Vec::new();
    for (low, high, share) in cells {
        match out.last_mut() {
            Some(last) if !wide(last.0, last.1) || last.1 > low => {
                last.1 = high.max(last.1);
                last.2 += share;
            }
            _ => out.push((low, high, share)),
        }
    }
    if out.len() > 1 && out.last().is_some_and(|last| !wide(last.0, last.1)) {
        let rest = out.pop().expect("there are two");
        let last = out.last_mut().expect("there is another");
        (last.1, last.2) = (rest.1, last.2 + rest.2);
    }
    out
}

fn panel(run: &Summary, lang: Lang, moment: &Moment, x: &Axis, bounds: Vec<f64>, first: bool) -> Ridges {
    let labels = super::layer_rows(run, moment.layers.len(), lang);
    let row = |(label, of): (String, &Option<Histogram>)| match of {
        Some(h) => {
            let beyond = Beyond::of(lang, h, x);
            Ridge { label, cells: cells(h, x), beyond: beyond.all, words: beyond.words }
        }
        None => Ridge { label, cells: Vec::new(), beyond: Vec::new(), words: String::new() },
    };
    Ridges {
        title: lang.step_series(moment.step),
        x: x.clone(),
        y_label: lang.layer_axis(),
        rows: labels.into_iter().zip(&moment.layers).map(row).collect(),
        bounds: bounds.into_iter().filter(|b| (x.low..=x.high).contains(b)).collect(),
        labelled: first,
    }
}
