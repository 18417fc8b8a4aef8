//! `error-by-updates`: training and test error against the number of updates, one line a depth.
//!
//! **How to read it.** Solid: error on the whole training set; dashed: on the test set; the band reaches from
//! the best to the worst seed. Look at the solid lines first. When the deeper network has the higher
//! *training* error, that is no sign of overfitting, whatever its test error is: it was not trained well. Only where
//! solid is low and dashed is high has a network overfitted. The example is He et al. 2016 (arXiv
//! 1512.03385), figure 1: 20 against 56 layers.
//!
//! **When it misleads.** Networks that are compared after too few updates. Runs that diverged end early, and
//! do not count in the median from there on.

use std::collections::BTreeMap;

use super::super::chart::{Axis, AxisKind, Figure, Panel, Placed, Series as Curve, Stroke};
use super::super::frame::{lines, order_by_ramp};
use super::super::sheet::{Sheet, Words};
use super::super::spec::{Build, FigureSpec};
use super::super::words::diverged;
use super::super::{FigureError, Options, StepAxis};
use super::{ABREAST, FEW, Sweeps, caption, name, names, spread};
use crate::analysis::Ensemble;
use crate::analysis::ensemble::{Run, Spread};
use crate::field::Field;
use crate::record::{MetricId, TEST_ACCURACY, TRAIN_ACCURACY};
use crate::text::{Counted, Hint, Lang, Lost};

pub const SPEC: FigureSpec = FigureSpec {
    name: "error-by-updates",
    summary: "training and test error against the number of updates, one line a depth",
    build: Build::Sweep(build),
};

/// More lines a panel have too few colours to be told apart.
const MOST_DEPTHS: usize = 5;

/// A line: its name, its panel's title, and its runs.
struct Line<'a> {
    panel: String,
    name: String,
    runs: &'a [Run<'a>],
}

impl Line<'_> {
    fn train_error(&self) -> BTreeMap<u64, Spread> {
        errors(self.runs, TRAIN_ACCURACY)
    }

    fn test_error(&self) -> BTreeMap<u64, Spread> {
        errors(self.runs, TEST_ACCURACY)
    }
}

fn build(drawn: &Sweeps, options: &Options) -> Result<Figure, FigureError> {
    let (lang, all) = (options.lang, &drawn.all);
    let there = all.depths();
    let depths = spread(&there, MOST_DEPTHS);
    let several = there.len() > 1;
    let lines = the_lines(lang, all, &depths, several);
    let most = lines.iter().flat_map(|l| l.train_error().into_keys()).max().unwrap_or(0);
    if most == 0 {
        return Err(
            drawn.nothing("evaluation after the first update", format!("run it with {} 1", Field::EvalEvery))
        );
    }
    let mut titles: Vec<&str> = Vec::new();
    for line in &lines {
        if !titles.contains(&line.panel.as_str()) {
            titles.push(&line.panel);
        }
    }
    let columns = titles.len().min(ABREAST);
    let rows = titles.len().div_ceil(columns);
    let place = |(i, title): (usize, &&str)| {
        let mut panel = panel(all, title, &lines, most, options);
        if let Panel::Lines(l) = &mut panel {
            l.x.show_labels = i + columns >= titles.len();
        }
        Placed::new(i % columns, i / columns, panel)
    };
    let panels = titles.iter().enumerate().map(place).collect();
    let title = heading(lang, &lines, all.seeds);
    let words = Words {
        reading: vec![lang.reading_curves(), lang.sentence(&title), lang.reading_hint(Hint::Errors)],
        title,
        subtitle: vec![
            lang.solid_and_dashed_note(),
            lang.seeds_note(all.seeds),
            if several { lang.training_error_note() } else { String::new() },
            if depths.len() < there.len() {
                lang.some_depths_note(depths.len(), there.len())
            } else {
                String::new()
            },
            lang.left_out_note(all.failed, &drawn.lost(&names(lang, all), None), Counted::UntilThen),
            drawn.unfinished(lang),
        ],
        caption: caption(lang, drawn),
    };
    let width = if columns == 1 { 960 } else { 160 + 420 * columns as u32 };
    let height = if rows == 1 { 540 } else { 160 + 260 * rows as u32 };
    let (columns, rows) = (vec![1.0; columns], vec![1.0; rows]);
    let sheet = Sheet { columns, rows, panels, scales: Vec::new(), size: (width, height) };
    Ok(Figure { tiles: true, ..Figure::new(drawn.figure, lang, words, sheet) })
}

/// Depths are lines and everything else is a panel; with one depth, everything else is a line.
fn the_lines<'a>(lang: Lang, all: &'a Ensemble<'a>, depths: &[usize], several: bool) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for series in &all.series {
        let own = name(lang, all, series, &series.key);
        for (depth, runs) in series.depths.iter().filter(|(depth, _)| depths.contains(depth)) {
            let (panel, name) = match several {
                true if all.series.len() > 1 => (own.clone(), lang.depth_series(*depth)),
                true => (String::new(), lang.depth_series(*depth)),
                false => (String::new(), own.clone()),
            };
            lines.push(Line { panel, name, runs });
        }
    }
    lines
}

/// The lines of this title: training errors solid, test errors dashed.
fn panel(all: &Ensemble, title: &str, drawn: &[Line], most: u64, options: &Options) -> Panel {
    let lang = options.lang;
    let x = Axis {
        label: lang.updates_axis(),
        kind: if options.get::<StepAxis>() == StepAxis::Log { AxisKind::Log1p } else { AxisKind::Linear },
        low: 0.0,
        high: most as f64,
        percent: false,
        show_labels: true,
    };
    let y = Axis {
        label: lang.error(),
        kind: AxisKind::Linear,
        low: 0.0,
        high: 1.0,
        percent: true,
        show_labels: true,
    };
    let marks = all.chance().map(|c| (1.0 - c, lang.chance_error_mark(1.0 - c))).into_iter().collect();
    let mut curves = Vec::new();
    for (colour, line) in drawn.iter().filter(|l| l.panel == title).enumerate() {
        let mut dashed = curve(String::new(), &line.test_error(), Stroke::Dashed, colour);
        dashed.band.clear();
        curves.push(dashed);
        curves.push(curve(line.name.clone(), &line.train_error(), Stroke::Solid, colour));
    }
    curves.retain(|c: &Curve| !c.points.is_empty());
    if all.depths().len() > 1 {
        order_by_ramp(&mut curves);
    }
    lines(title.to_string(), &x, y, curves, marks)
}

/// Error over the seeds at every number of updates at which any run was evaluated.
fn errors(runs: &[Run], accuracy: MetricId) -> BTreeMap<u64, Spread> {
    let mut at: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in runs.iter().flat_map(|r| r.summary.record().evals.iter()) {
        at.entry(row.step()).or_default().push(1.0 - row.value(accuracy));
    }
    at.into_iter().filter_map(|(step, values)| Some((step, Spread::of(values)?))).collect()
}

fn curve(label: String, errors: &BTreeMap<u64, Spread>, style: Stroke, colour: usize) -> Curve {
    let wide = errors.values().any(|s| s.high > s.low);
    Curve {
        label,
        points: errors.iter().map(|(x, s)| (*x as f64, Some(s.median))).collect(),
        style,
        colour,
        ramp: None,
        markers: false,
        band: if wide {
            errors.iter().map(|(x, s)| (*x as f64, s.low, s.high)).collect()
        } else {
            Vec::new()
        },
    }
}

/// A line at its end: its name, its depth, the medians of the errors, and whether no run of it diverged.
struct End {
    name: String,
    depth: usize,
    train: f64,
    test: Option<f64>,
    lost: Lost,
}

/// Errors of every line at its end, or the extremes of many. A line that lost a run is not ranked.
fn heading(lang: Lang, all: &[Line], seeds: usize) -> String {
    let end = |errors: BTreeMap<u64, Spread>| errors.into_values().next_back().map(|s| s.median);
    let full = |l: &Line| match l.panel.is_empty() {
        true => l.name.clone(),
        false => lang.series_name(&[l.panel.clone(), l.name.clone()]),
    };
    let diverged = |l: &Line| l.runs.iter().filter(|r| diverged(&r.summary)).count();
    let ends = all.iter().filter_map(|l| {
        Some(End {
            name: full(l),
            depth: l.runs.first()?.summary.hidden(),
            train: end(l.train_error())?,
            test: end(l.test_error()),
            lost: Lost { group: full(l), diverged: diverged(l), of: l.runs.len() },
        })
    });
    let (ends, lost): (Vec<End>, Vec<End>) = ends.partition(|end| end.lost.diverged == 0);
    let lost: Vec<Lost> = lost.into_iter().map(|end| end.lost).collect();
    let found = match ends.as_slice() {
        [] => return lang.capitalised(&lang.lost_clause(&lost)),
        [a, b]
            if lost.is_empty() && all[0].panel == all[1].panel && a.depth < b.depth && a.train < b.train =>
        {
            let test = a.test.zip(b.test).map(|(a, b)| [a, b]);
            lang.deeper_is_worse((a.depth, a.train), (b.depth, b.train), test, seeds)
        }
        few if few.len() <= FEW => {
            let findings = few.iter().map(|e| lang.errors_reached(&e.name, e.train, e.test, seeds));
            lang.findings(&findings.collect::<Vec<_>>())
        }
        many => {
            let best = many.iter().min_by(|a, b| a.train.total_cmp(&b.train)).unwrap_or(&many[0]);
            let worst = many.iter().max_by(|a, b| a.train.total_cmp(&b.train)).unwrap_or(&many[0]);
            lang.errors_from_to((&best.name, best.train), (&worst.name, worst.train), [many.len(), seeds])
        }
    };
    let clauses = [found, lang.lost_clause(&lost)].into_iter().filter(|c| !c.is_empty());
    lang.clauses(&clauses.collect::<Vec<_>>())
}
