//! What the figures say: the finding (title), the settings (caption), and the picture in plain words
//! (description).

use super::chart::{
    ColourScale, DotRow, Dots, Figure, Heatmap, Lines, Overlay, Panel, Placed, Series, Stroke,
};
use super::flow::Tone;
use super::maps::Maps;
use super::ridges::Ridges;
use crate::analysis::curves::Ending;
use crate::analysis::{Attenuation, Grid, Summary};
use crate::font;
use crate::record::{SIGNAL_RMS, Status};
use crate::stats::{Measured, ValueScale};
use crate::text::{Lang, Quantity, Special};

/// From one decade on, two layers are told apart by their ratio; below that all layers by their spread.
const ONE_DECADE: f64 = 1.0;

/// A description does not list the values of more layers than this.
pub const MANY: usize = 12;

/// The usual width of a sheet in CSS pixels. A title there has at most so many lines.
const SHEET: f64 = 960.0;
const TITLE_LINES: usize = 2;

/// `head: finding; outcome`, without the number of layers where that would grow too long.
pub fn title(lang: Lang, summary: &Summary, clauses: Vec<String>) -> String {
    title_of(lang, summary, false, clauses)
}

/// The same of a figure of one kind of tensor; biases are named, weights are what a reader expects.
pub fn title_of(lang: Lang, summary: &Summary, bias: bool, mut clauses: Vec<String>) -> String {
    clauses.push(outcome(lang, summary));
    let name = match bias {
        true => lang.biases_of(&name(lang, summary)),
        false => name(lang, summary),
    };
    let full = lang.title(&head(lang, &name, summary), &clauses);
    if font::title_lines(&full, SHEET).len() <= TITLE_LINES { full } else { lang.title(&name, &clauses) }
}

/// `sigmoid, 8 hidden layers`; the name alone where the record holds nothing by layer, which is no network
/// without hidden layers.
pub fn head(lang: Lang, name: &str, summary: &Summary) -> String {
    if summary.layers() == 0 || summary.header().is_part {
        name.to_string()
    } else {
        lang.head(name, summary.hidden())
    }
}

/// What a figure calls a run: its name, or only the activation where the name was made from settings
/// (`sigmoid-8x100-sgd-seed1`), which the caption gives in words.
pub fn name(lang: Lang, summary: &Summary) -> String {
    let header = summary.header();
    let activation = header.label("activation");
    let seed = header.seed.map(|s| format!("-seed{s}")).unwrap_or_default();
    let made = !activation.is_empty()
        && !seed.is_empty()
        && header.run.ends_with(&seed)
        && header.run.strip_prefix(activation).is_some_and(|rest| rest.starts_with('-'));
    lang.run_name(if made { activation } else { &header.run })
}

/// How the training ended, as a clause; empty if it was not measured.
pub fn outcome(lang: Lang, summary: &Summary) -> String {
    if let Status::Diverged { step, .. } = summary.header().status {
        return lang.diverged(step);
    }
    match summary.ending() {
        Ending::AtChance { accuracy } => lang.accuracy_stays(accuracy),
        Ending::FellBack { accuracy, best } => lang.accuracy_fell(best, accuracy),
        Ending::Reached { accuracy } => lang.accuracy_reached(accuracy),
        Ending::NotEvaluated => String::new(),
    }
}

/// What depth does to a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Depth {
    /// Layer 1 has no finite value in at least half of the steps.
    Special {
        kind: Special,
        share: f64,
    },
    /// The ratio layer 1 / last hidden layer (log10) changes by a decade or more from the start to the end.
    Changing {
        first: f64,
        last: f64,
        typical: f64,
    },
    /// The ratio is a decade or more.
    Ratio {
        ratio: f64,
    },
    /// Neither: all hidden layers lie within this many decades.
    Even {
        spread: f64,
    },
    /// As even, but the per-sample signal falls by a decade or more.
    HiddenDecay {
        spread: f64,
        signal: f64,
    },
    /// There are not two hidden layers: layer 1 at the start and at the end.
    Size {
        first: f64,
        last: f64,
    },
    Unknown,
}

impl Depth {
    pub fn of(grid: &Grid) -> Depth {
        if grid.columns() == 0 || grid.layers() == 0 {
            return Depth::Unknown;
        }
        if let Some((kind, share)) = mostly_special(grid, 0) {
            return Depth::Special { kind, share };
        }
        let typical = Attenuation::typical(grid);
        let (Some(ratio), Some(spread)) = (typical.log10_hidden_ratio, typical.log10_hidden_spread) else {
            let mut finite = grid.row(0).iter().filter_map(|c| c.log10());
            return match finite.next() {
                Some(first) => Depth::Size { first, last: finite.next_back().unwrap_or(first) },
                None => Depth::Unknown,
            };
        };
        match (Attenuation::first(grid).log10_hidden_ratio, Attenuation::last(grid).log10_hidden_ratio) {
            (Some(first), Some(last)) if (first - last).abs() >= ONE_DECADE => {
                Depth::Changing { first, last, typical: ratio }
            }
            _ if ratio.abs() >= ONE_DECADE => Depth::Ratio { ratio },
            _ => Depth::Even { spread },
        }
    }

    /// A batch-mean gradient, which may look even while the signal of every sample decays.
    pub fn of_batch_mean(grid: &Grid, summary: &Summary) -> Depth {
        match (Depth::of(grid), signal_ratio(summary)) {
            // A batch mean whose own spread is half of the signal's fall does not look even beside it.
            (Depth::Even { spread }, Some(signal))
                if signal <= -ONE_DECADE && spread < 0.5 * signal.abs() =>
            {
                Depth::HiddenDecay { spread, signal }
            }
            (depth, _) => depth,
        }
    }

    /// As a clause of a title; `last_hidden` is the number of the last hidden layer.
    pub fn clause(self, lang: Lang, q: Quantity, last_hidden: usize) -> String {
        match self {
            Depth::Special { kind, share } => lang.special_clause(q, 1, kind, share),
            Depth::Changing { first, last, .. } => lang.changing_ratio_clause(q, last_hidden, first, last),
            Depth::Ratio { ratio } => lang.ratio_clause(q, last_hidden, ratio),
            Depth::Even { spread } => lang.even_clause(q, spread),
            Depth::HiddenDecay { spread, signal } => lang.hidden_decay_clause(q, last_hidden, spread, signal),
            Depth::Size { first, last } => lang.size_clause(q, first, last),
            Depth::Unknown => String::new(),
        }
    }

    /// As few words as a title of two runs has room for.
    pub fn brief(self, lang: Lang, q: Quantity, last_hidden: usize) -> String {
        match self {
            Depth::Changing { typical: ratio, .. } | Depth::Ratio { ratio } => {
                lang.brief_ratio_clause(q, last_hidden, ratio)
            }
            Depth::Even { spread } => lang.brief_even_clause(q, spread),
            Depth::HiddenDecay { signal, .. } => {
                lang.brief_ratio_clause(Quantity::Signal, last_hidden, signal)
            }
            other => other.clause(lang, q, last_hidden),
        }
    }
}

/// How the training ended, in as few words.
pub fn brief_outcome(lang: Lang, summary: &Summary) -> String {
    if let Status::Diverged { step, .. } = summary.header().status {
        return lang.brief_diverged(step);
    }
    match summary.ending() {
        Ending::AtChance { accuracy } | Ending::FellBack { accuracy, .. } | Ending::Reached { accuracy } => {
            lang.brief_accuracy(accuracy)
        }
        Ending::NotEvaluated => String::new(),
    }
}

/// log10(layer 1 / last hidden layer) of the per-sample backward signal, typical of the run.
pub fn signal_ratio(summary: &Summary) -> Option<f64> {
    Attenuation::typical(&summary.layer_grid(SIGNAL_RMS)).log10_hidden_ratio
}

/// The kind of cell that fills at least half of a layer's row, when that is not a finite one.
fn mostly_special(grid: &Grid, layer: usize) -> Option<(Special, f64)> {
    [
        (Measured::Zero, Special::Zero),
        (Measured::Underflow, Special::Underflow),
        (Measured::Nan, Special::Nan),
        (Measured::Infinite, Special::Infinite),
        (Measured::Missing, Special::Missing),
    ]
    .into_iter()
    .map(|(cell, kind)| (kind, grid.share(layer, |c| c == cell)))
    .find(|(_, share)| *share >= 0.5)
}

// ---- captions -----------------------------------------------------------------------------------------------------------

/// Settings in the order in which a reader asks for them; a value that says "none" is left out.
const SETTINGS: [&str; 25] = [
    "activation",
    "normalisation",
    "residual",
    "dropout",
    "initialisation",
    "bias_start",
    "loss",
    "optimizer",
    "learning_rate",
    "schedule",
    "warm_up",
    "weight_decay",
    "l1",
    "l1_step",
    "clip_norm",
    "clip_value",
    "normalise_gradients",
    "layerwise",
    "early_stopping",
    "batch_size",
    "data",
    "train_size",
    "validation_size",
    "seed",
    "precision",
];

/// A run's settings as (key, words), the architecture second and the way it ended last.
pub fn settings(lang: Lang, summary: &Summary) -> Vec<(&'static str, String)> {
    let header = summary.header();
    let seed = header.seed.map(|s| s.to_string()).unwrap_or_default();
    let mut all = Vec::new();
    for key in SETTINGS {
        let value = match header.label(key) {
            "" if key == "seed" => &seed,
            value => value,
        };
        let off = matches!(key, "weight_decay" | "l1") && value.parse() == Ok(0.0);
        if !(value.is_empty() || off || (key == "schedule" && value == "constant")) {
            all.push((key, lang.setting(key, value)));
        }
        let shape = architecture(summary);
        if key == "activation" && !shape.is_empty() {
            all.push(("architecture", lang.setting("architecture", &shape)));
        }
    }
    match &header.status {
        Status::Complete => {}
        Status::Running => all.push(("status", lang.still_running())),
        Status::Interrupted { step } => all.push(("status", lang.interrupted(*step))),
        Status::Diverged { step, what } => all.push(("status", lang.diverged_because(*step, what))),
    }
    all
}

/// `784-8x100-10`: widths from the input to the output, those of equal hidden layers counted; empty where they are
/// not known.
fn architecture(summary: &Summary) -> String {
    let layers = (0..summary.layers()).map(|l| summary.layer(l));
    let fans: Vec<(usize, usize)> = layers.filter_map(|layer| layer.fan_in.zip(layer.fan_out)).collect();
    let Some(&(inputs, _)) = fans.first() else { return String::new() };
    let first = summary.layer(0);
    // Widths say what a network is whose layers are all dense, also where its inputs are images.
    let is_dense = summary.header().layers.iter().all(|layer| layer.kind == "dense");
    if first.input_shape.len() > 1 && !is_dense {
        let input = first.input_shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        return match (summary.header().label("network"), fans.last()) {
            ("", Some((_, outputs))) => format!("{input}–…–{outputs}"),
            (notation, _) => format!("{input}: {notation}"),
        };
    }
    let mut widths: Vec<(usize, usize)> = vec![(1, inputs)];
    for (i, &(_, outputs)) in fans.iter().enumerate() {
        match widths.last_mut() {
            // Neither the input nor the output is counted with the hidden layers, however wide it is.
            Some(same) if i > 0 && i + 1 < fans.len() && same.1 == outputs => same.0 += 1,
            _ => widths.push((1, outputs)),
        }
    }
    let parts = widths.iter().map(|&(n, w)| if n == 1 { w.to_string() } else { format!("{n}×{w}") });
    parts.collect::<Vec<_>>().join("–")
}

pub fn caption(lang: Lang, summary: &Summary) -> String {
    lang.caption(&settings(lang, summary).into_iter().map(|s| s.1).collect::<Vec<_>>())
}

/// Names of runs that stand side by side: the run's name, and where two are called alike what tells them
/// apart.
pub fn names(lang: Lang, runs: &[Summary]) -> Vec<String> {
    named(lang, runs).into_iter().map(|n| n.0).collect()
}

/// Those names, and the settings that are told in each.
fn named(lang: Lang, runs: &[Summary]) -> Vec<(String, Vec<String>)> {
    let name = |r: &Summary| name(lang, r);
    let all: Vec<_> = runs.iter().map(|r| settings(lang, r)).collect();
    let one = |i: usize| {
        let mut alike: Vec<usize> =
            (0..runs.len()).filter(|&j| j != i && name(&runs[j]) == name(&runs[i])).collect();
        if alike.is_empty() {
            return (name(&runs[i]), Vec::new());
        }
        // Settings that some of those have otherwise, until no other run is called the same.
        let mut marks = Vec::new();
        for (key, words) in all[i].iter().filter(|s| s.0 != "status") {
            let before = alike.len();
            alike.retain(|&j| all[j].contains(&(*key, words.clone())));
            if alike.len() < before {
                marks.push(words.clone());
            }
        }
        if !alike.is_empty() {
            marks.push((i + 1).to_string());
        }
        (lang.told_apart(&name(&runs[i]), &lang.list(&marks)), marks)
    };
    (0..runs.len()).map(one).collect()
}

/// What of each run's settings is not in all others.
fn own_settings(lang: Lang, runs: &[Summary]) -> Vec<Vec<(&'static str, String)>> {
    let all: Vec<_> = runs.iter().map(|r| settings(lang, r)).collect();
    let shared = |s: &(&'static str, String)| all.iter().all(|other| other.contains(s));
    all.iter().map(|settings| settings.iter().filter(|s| !shared(s)).cloned().collect()).collect()
}

/// Settings that all runs share, once; then what is each run's own.
pub fn caption_of_many(lang: Lang, runs: &[Summary]) -> String {
    let own = own_settings(lang, runs);
    let Some(first) = runs.first() else { return String::new() };
    let shared = settings(lang, first).into_iter().filter(|s| !own[0].contains(s));
    let mut parts: Vec<String> = shared.map(|s| s.1).collect();
    for ((run, (name, marks)), own) in runs.iter().zip(named(lang, runs)).zip(&own) {
        // A run called `relu` need not say that its activation is relu, nor one called `relu (learning rate
        // 0.1)` its rate.
        let told = |s: &(&str, String)| {
            marks.contains(&s.1) || s.0 == "activation" && lang.run_name(&s.1) == self::name(lang, run)
        };
        let own: Vec<String> = own.iter().filter(|s| !told(s)).map(|s| s.1.clone()).collect();
        if !own.is_empty() {
            parts.push(lang.caption_of_run(&name, &own));
        }
    }
    lang.caption(&parts)
}

// ---- descriptions -------------------------------------------------------------------------------------------------------

/// The figure for a reader who cannot see it: the finding, then each panel in words and numbers.
pub(super) fn describe(lang: Lang, figure: &Figure) -> String {
    let mut all = vec![lang.sentence(&figure.title), figure.subtitle.clone()];
    let panels = || figure.panels.iter().map(|p| &p.panel);
    for map in panels().filter_map(Panel::as_heatmap) {
        if let Some(scale) = figure.scales.get(map.scale) {
            all.extend(describe_heatmap(lang, map, scale));
        }
    }
    let heatmaps = panels().any(|p| p.as_heatmap().is_some());
    match (heatmaps, panels().filter_map(Panel::as_lines).count()) {
        (_, 0) => {}
        (true, _) => all.push(lang.describe_strips()),
        (false, n) => {
            all.push(lang.describe_lines(n));
            all.extend(panels().filter_map(Panel::as_lines).flat_map(|l| describe_curves(lang, l)));
        }
    }
    for placed in &figure.panels {
        match &placed.panel {
            // Said above, those of one kind together.
            Panel::Heatmap(_) | Panel::Lines(_) => {}
            Panel::Rows(r) if r.rows.len() <= MANY => all.push(lang.describe_ways(&r.words)),
            Panel::Rows(_) => {}
            Panel::Ridges(r) => all.extend(describe_ridges(lang, r)),
            Panel::Flow(f) => all.extend(f.boxes.iter().map(|b| {
                let lines: Vec<String> = b.lines.iter().map(|l| l.text.clone()).collect();
                lang.describe_box(&b.heading, &lines, b.tone == Tone::Taken, b.tone == Tone::Greyed)
            })),
            Panel::Maps(m) => all.extend(describe_maps(lang, m, figure.scales.get(m.scale))),
            Panel::Dots(d) => all.extend(d.rows.iter().map(|row| describe_dots(lang, d, row))),
        }
        all.extend(placed.overlays.iter().map(|o| describe_overlay(lang, placed, o)));
    }
    lang.sentences(&all)
}

/// Where each row is densest.
fn describe_ridges(lang: Lang, r: &Ridges) -> Vec<String> {
    let mut all = vec![lang.describe_ridges(&r.title, &r.x.label, r.rows.len())];
    if r.rows.len() <= MANY {
        all.extend(r.rows.iter().filter(|row| !row.cells.is_empty()).map(|row| {
            let densest =
                |a: &&(f64, f64, f64), b: &&(f64, f64, f64)| r.density(**a).total_cmp(&r.density(**b));
            let peak = row.cells.iter().max_by(densest).map_or(String::new(), |c| lang.interval(c.0, c.1));
            lang.describe_ridge(&row.label, &peak, &row.words)
        }));
    }
    all
}

fn describe_heatmap(lang: Lang, map: &Heatmap, scale: &ColourScale) -> Vec<String> {
    // Numbers of layers count those with weights alone.
    let h = &map.without_bare_rows();
    let values = scale.values();
    let write = |x: f64| match (scale.logarithmic, scale.percent) {
        (_, true) => lang.percent(x),
        (true, false) => lang.power(x.log10()),
        (false, false) => lang.number(x),
    };
    let label = match h.title.as_str() {
        "" => scale.label.clone(),
        title if title == scale.label => scale.label.clone(),
        title => lang.list(&[scale.label.clone(), title.to_string()]),
    };
    let columns = h.edges.len().saturating_sub(1);
    let edge = |i: usize| h.edges.get(i).copied().unwrap_or(0.0) as u64;
    let mut all = vec![match h.columns.is_empty() {
        true => {
            lang.describe_heatmap(&label, h.rows.len(), columns, edge(0), edge(columns.saturating_sub(1)))
        }
        false => lang.describe_columns(&label, h.rows.len(), &h.x.label, &h.columns),
    }];
    let finite = || h.existing().filter_map(|c| values.value(c));
    match (finite().reduce(f64::min), finite().reduce(f64::max)) {
        (Some(a), Some(b)) => all.push(lang.describe_range(&write(a), &write(b))),
        _ => all.push(lang.describe_no_values()),
    }
    for (kind, words) in &scale.special {
        let count = h.existing().filter(|c| c == kind).count();
        if count > 0 {
            all.push(lang.describe_special(words, count as f64 / h.existing().count() as f64));
        }
    }
    all.extend(h.masks.iter().map(|v| lang.describe_mask(v.first + 1, v.last + 1, &v.words)));
    all.extend(map.bare.iter().enumerate().map(|(k, &row)| {
        let mask = map.masks.iter().find(|mask| (mask.first..=mask.last).contains(&row));
        lang.describe_bare(row - k, &map.rows[row], mask.map(|mask| &*mask.words))
    }));
    // On a scale of shares of the way every row ends at 0, which tells nothing.
    if h.rows.len() <= MANY && scale.logarithmic && h.columns.is_empty() {
        let ends: Vec<String> = h.cells.iter().map(|row| last_value(lang, row, values, &write)).collect();
        all.push(lang.describe_last(&ends));
    }
    all
}

fn describe_maps(lang: Lang, m: &Maps, scale: Option<&ColourScale>) -> Vec<String> {
    let Some(first) = m.tiles.first() else { return Vec::new() };
    let mut all = vec![lang.describe_maps(&m.title, m.tiles.len(), first.rows(), first.columns())];
    let cells = || m.tiles.iter().flat_map(|t| t.cells.iter().flatten());
    let special = |cell: &Measured| scale.is_some_and(|s| s.special.iter().any(|(kind, _)| kind == cell));
    let finite = || cells().filter(|c| !special(c)).filter_map(|c| c.value());
    match (finite().reduce(f64::min), finite().reduce(f64::max)) {
        (Some(a), Some(b)) => all.push(lang.describe_range(&lang.number(a), &lang.number(b))),
        _ => all.push(lang.describe_no_values()),
    }
    for (kind, words) in scale.iter().flat_map(|s| &s.special) {
        let count = cells().filter(|c| *c == kind).count();
        if count > 0 {
            all.push(lang.describe_special(words, count as f64 / cells().count() as f64));
        }
    }
    let rings: usize = m.tiles.iter().map(|t| t.rings.len()).sum();
    if rings > 0 {
        all.push(lang.describe_rings(rings));
    }
    all
}

fn describe_curves(lang: Lang, l: &Lines) -> Vec<String> {
    let panel = if l.title.is_empty() { &l.y.label } else { &l.title };
    let write = |x: f64| if l.y.percent { lang.percent(x) } else { lang.number(x) };
    let curve = |(i, s): (usize, &Series)| {
        let mut values = s.points.iter().filter_map(|p| p.1);
        let first = values.next()?;
        let last = values.next_back().unwrap_or(first);
        Some(lang.describe_series(panel, &series_name(lang, l, i), &write(first), &write(last)))
    };
    l.series.iter().enumerate().filter_map(curve).collect()
}

/// What a curve is called where it does not stand beside its picture. One without a label at its end belongs
/// to the labelled curve of its colour, and its stroke tells the two apart.
pub(super) fn series_name(lang: Lang, lines: &Lines, index: usize) -> String {
    let own = &lines.series[index];
    let labelled = lines.series.iter().find(|s| s.colour == own.colour && !s.label.is_empty());
    match labelled {
        Some(other) if own.label.is_empty() => lang.with_stroke(&other.label, own.style == Stroke::Dashed),
        _ => own.label.clone(),
    }
}

fn describe_dots(lang: Lang, dots: &Dots, row: &DotRow) -> String {
    let numbers = dots.series.iter().zip(row.values);
    let mut lines: Vec<String> = numbers
        .filter_map(|(series, value)| value.map(|v| lang.brief_evidence(series, &lang.percent(v))))
        .collect();
    lines.push(row.words.clone());
    lang.describe_box(&row.label, &lines, false, row.tone == Tone::Greyed)
}

fn describe_overlay(lang: Lang, placed: &Placed, overlay: &Overlay) -> String {
    let percent = placed.panel.as_lines().is_some_and(|l| l.y.percent);
    let write = |y: f64| if percent { lang.percent(y) } else { lang.number(y) };
    match overlay {
        Overlay::Curve { label, points, .. } => match (points.first(), points.last()) {
            (Some(first), Some(last)) => lang.describe_overlay_curve(label, &write(first.1), &write(last.1)),
            _ => String::new(),
        },
        Overlay::Band { label, points } => match points.last() {
            Some(last) => lang.describe_overlay_band(label, &write(last.1), &write(last.2)),
            None => String::new(),
        },
        Overlay::Step { at, words } => lang.describe_overlay_step(&lang.number(*at), words),
    }
}

/// The last value that was recorded in a row, or the name of what stands there instead. A last snapshot
/// without a batch is passed over.
fn last_value(lang: Lang, row: &[Measured], scale: ValueScale, write: &impl Fn(f64) -> String) -> String {
    let last = row.iter().rfind(|c| **c != Measured::Missing).copied().unwrap_or(Measured::Missing);
    scale.value(last).map_or_else(|| special_words(lang, last), write)
}

/// The name of what is no number.
fn special_words(lang: Lang, cell: Measured) -> String {
    lang.special(match cell {
        Measured::Zero => Special::Zero,
        Measured::Underflow => Special::Underflow,
        Measured::Finite(_) | Measured::Nan => Special::Nan,
        Measured::Infinite => Special::Infinite,
        Measured::Missing => Special::Missing,
    })
}
