//! `accuracy-by-depth`: training and test accuracy of networks of growing depth.
//!
//! **How to read it.** Solid: accuracy on the whole training set after the same number of updates; dashed: on
//! the test set. The band reaches from the worst to the best seed. A solid line that falls to the chance
//! level says that depth destroyed the *training*: nothing was learned that could be overfitted, and no
//! regulariser can help.
//!
//! **When it misleads.** A network that has not finished training looks like one that cannot be trained: look
//! at `error-by-updates` too. Runs that diverged were not evaluated at their end and are left out.

use super::super::chart::{Axis, AxisKind, Figure, Panel, Placed, Series as Curve, Stroke};
use super::super::frame::{accuracy_axis, lines, order_by_ramp};
use super::super::sheet::{Sheet, Words};
use super::super::size::{ABREAST, evenly};
use super::super::spec::{Build, FigureSpec};
use super::super::{FigureError, Options};
use super::{FEW, Sweeps, caption, names, panels};
use crate::analysis::Ensemble;
use crate::analysis::ensemble::{Series, Spread};
use crate::field::Field;
use crate::record::{MetricId, TEST_ACCURACY, TRAIN_ACCURACY};
use crate::text::{Counted, Hint, Lang};

pub const SPEC: FigureSpec = FigureSpec {
    name: "accuracy-by-depth",
    summary: "training and test accuracy by depth, median and range of the seeds, with the chance level",
    build: Build::Sweep(build),
};

fn build(drawn: &Sweeps, options: &Options) -> Result<Figure, FigureError> {
    let (lang, all) = (options.lang, &drawn.all);
    let depths = all.depths();
    let (Some(&first), Some(&last)) = (depths.first(), depths.last()) else {
        return Err(drawn.nothing("cell with a record", "run it first"));
    };
    if first == last {
        return Err(drawn.nothing("second depth", format!("vary {}", Field::HiddenLayers)));
    }
    let train = TRAIN_ACCURACY;
    if all.series.iter().all(|s| depths.iter().all(|d| s.last(*d, train).is_none())) {
        return Err(drawn
            .nothing("accuracy of a complete run", "every one diverged or failed; lower the learning rate"));
    }
    let x = Axis {
        label: lang.depth_axis(),
        kind: AxisKind::Whole,
        low: first as f64,
        high: last as f64,
        percent: false,
        show_labels: true,
    };
    let place = |(column, (title, members)): (usize, (String, Vec<(usize, String)>))| {
        Placed::new(column, 0, panel(lang, all, title, &members, &x))
    };
    let panels = panels(lang, all).into_iter().flat_map(few_lines);
    let placed: Vec<Placed> = panels.enumerate().map(place).collect();
    let title = heading(lang, drawn, &depths);
    let words = Words {
        reading: vec![lang.reading_depths(), lang.sentence(&title), lang.reading_hint(Hint::AccuracyByDepth)],
        title,
        subtitle: vec![
            lang.solid_and_dashed_note(),
            lang.seeds_note(all.seeds),
            lang.left_out_note(all.failed, &drawn.lost(&names(lang, all), None), Counted::Never),
            drawn.unfinished(lang),
        ],
        caption: caption(lang, drawn),
    };
    let columns = placed.len();
    let (across, blocks) = evenly(columns, ABREAST);
    let width = if columns == 1 { 960 } else { 160 + 500 * across as u32 };
    let sheet = Sheet {
        columns: vec![1.0; columns],
        rows: vec![1.0],
        panels: placed,
        scales: Vec::new(),
        size: (width, if blocks == 1 { 540 } else { 160 + 300 * blocks as u32 }),
    };
    Ok(Figure { tiles: true, ..Figure::new(drawn.figure, lang, words, sheet) })
}

/// More lines than this in a panel are not told apart; then each has a panel of its own.
const MOST_LINES: usize = 8;

type Members = Vec<(usize, String)>;

fn few_lines((title, members): (String, Members)) -> Vec<(String, Members)> {
    if members.len() <= MOST_LINES {
        return vec![(title, members)];
    }
    let alone = |(i, name): (usize, String)| {
        let full = if title.is_empty() { name } else { format!("{title}, {name}") };
        (full, vec![(i, String::new())])
    };
    members.into_iter().map(alone).collect()
}

/// The curves of these series, each with the name that it has here: training accuracy solid, test accuracy
/// dashed.
fn panel(lang: Lang, all: &Ensemble, title: String, members: &[(usize, String)], x: &Axis) -> Panel {
    let depths = all.depths();
    let mut curves = Vec::new();
    for (colour, (i, name)) in members.iter().enumerate() {
        let series = &all.series[*i];
        let mut test = curve(series, &depths, TEST_ACCURACY, Stroke::Dashed, colour, String::new());
        // Two bands of one colour over each other tell nothing.
        test.band.clear();
        curves.push(test);
        curves.push(curve(series, &depths, TRAIN_ACCURACY, Stroke::Solid, colour, name.clone()));
    }
    curves.retain(|c: &Curve| c.points.iter().any(|p| p.1.is_some()));
    if all.series.iter().all(|s| s.key.last().is_some_and(|(_, value)| value.parse::<f64>().is_ok())) {
        order_by_ramp(&mut curves);
    }
    let marks = all.chance().map(|c| (c, lang.chance_mark(c))).into_iter().collect();
    lines(title, x, accuracy_axis(lang), curves, marks)
}

fn curve(
    series: &Series,
    depths: &[usize],
    metric: MetricId,
    style: Stroke,
    colour: usize,
    label: String,
) -> Curve {
    let at: Vec<(f64, Option<Spread>)> = depths
        .iter()
        .filter(|d| series.depths.contains_key(d))
        .map(|d| (*d as f64, series.last(*d, metric)))
        .collect();
    let wide = at.iter().filter_map(|(x, s)| s.filter(|s| s.high > s.low).map(|_| *x)).count() > 0;
    Curve {
        label,
        points: at.iter().map(|(x, s)| (*x, s.map(|s| s.median))).collect(),
        style,
        colour,
        ramp: None,
        markers: style == Stroke::Solid,
        band: if wide {
            at.iter().filter_map(|(x, s)| s.map(|s| (*x, s.low, s.high))).collect()
        } else {
            Vec::new()
        },
    }
}

/// What depth does to the training accuracy of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Trend {
    /// Medians at two depths: on both sides of the depth from which on the network does not train, or at the
    /// least and the largest one.
    Between([(usize, f64); 2]),
    /// No run has less.
    Above(f64),
    /// No run has more.
    Below(f64),
}

/// Medians that differ by less than this are about the same.
const SAME: f64 = 0.02;

/// A fall from one depth to the next that is seen as one.
const CLIFF: f64 = 0.25;

/// Trained means: more than half of the way from chance to 1.
pub(super) fn trend(accuracy: &[(usize, Spread)], chance: f64) -> Option<Trend> {
    let mark = 0.5 * (1.0 + chance);
    let medians: Vec<(usize, f64)> = accuracy.iter().map(|(depth, s)| (*depth, s.median)).collect();
    let (first, last) = (*medians.first()?, *medians.last()?);
    let least = accuracy.iter().map(|a| a.1.low).reduce(f64::min)?;
    let most = accuracy.iter().map(|a| a.1.high).reduce(f64::max)?;
    let until = medians.iter().rposition(|m| m.1 >= mark);
    if let Some([a, b]) = until.and_then(|u| medians.get(u..u + 2)).and_then(|m| <[_; 2]>::try_from(m).ok())
        && a.1 - b.1 >= CLIFF
    {
        return Some(Trend::Between([a, b]));
    }
    let range = |pick: fn(f64, f64) -> f64| medians.iter().map(|m| m.1).reduce(pick);
    let apart = range(f64::max)? - range(f64::min)?;
    Some(match apart {
        _ if most < mark => Trend::Below(most),
        _ if first.0 == last.0 => Trend::Above(least),
        apart if apart < SAME && least >= mark => Trend::Above(least),
        _ => Trend::Between([first, last]),
    })
}

fn heading(lang: Lang, drawn: &Sweeps, depths: &[usize]) -> String {
    let all = &drawn.all;
    let names = names(lang, all);
    let chance = all.chance().unwrap_or(0.0);
    let spreads = |s: &Series| -> Vec<(usize, Spread)> {
        depths.iter().filter_map(|d| Some((*d, s.last(*d, TRAIN_ACCURACY)?))).collect()
    };
    if all.series.len() <= FEW {
        let clauses = all.series.iter().zip(&names).map(|(s, name)| {
            let [diverged, of] = s.diverged(None);
            let found = match trend(&spreads(s), chance) {
                Some(Trend::Between(two)) => lang.accuracy_at_depths(name, two, all.seeds),
                Some(Trend::Above(least)) => lang.every_accuracy_above(name, least),
                Some(Trend::Below(most)) => lang.every_accuracy_below(name, most),
                None => return lang.title(name, &[lang.runs_diverged(diverged, of)]),
            };
            let lost = lang.runs_diverged(diverged, of);
            lang.clauses(&[found, lost].into_iter().filter(|c| !c.is_empty()).collect::<Vec<_>>())
        });
        return lang.findings(&clauses.collect::<Vec<_>>());
    }
    let whole = |s: &&Series, depth: usize| s.diverged(Some(depth))[0] == 0;
    let at = |depth: usize| -> Vec<(&str, f64)> {
        let pairs = all.series.iter().zip(&names).filter(|(s, _)| whole(s, depth));
        pairs.filter_map(|(s, name)| Some((name.as_str(), s.last(depth, TRAIN_ACCURACY)?.median))).collect()
    };
    // The deepest at which a group finished whole.
    let Some(&deepest) = depths.iter().rev().find(|depth| !at(**depth).is_empty()) else {
        return lang.capitalised(&lang.lost_clause(&drawn.lost(&names, None)));
    };
    let at = at(deepest);
    let worst = at.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let best = at.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
    let found = worst
        .zip(best)
        .map(|(worst, best)| lang.accuracy_from_to(deepest, worst, best, [at.len(), all.seeds]));
    let lost = lang.lost_clause(&drawn.lost(&names, Some(deepest)));
    let clauses = found.into_iter().chain([lost]).filter(|c| !c.is_empty());
    lang.clauses(&clauses.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(low: f64, median: f64, high: f64) -> Spread {
        Spread { low, median, high }
    }

    #[test]
    fn a_fall_is_told_by_its_medians_and_a_bound_by_all_runs() {
        let one = |x: f64| spread(x, x, x);
        let a = [(1, one(0.98)), (2, one(0.97)), (3, one(0.88)), (4, spread(0.1, 0.11, 0.19)), (5, one(0.2))];
        assert_eq!(trend(&a, 0.1), Some(Trend::Between([(3, 0.88), (4, 0.11)])));
        assert_eq!(trend(&a[..3], 0.1), Some(Trend::Between([(1, 0.98), (3, 0.88)])));
        assert_eq!(trend(&a[3..], 0.1), Some(Trend::Below(0.2)));
        assert_eq!(trend(&[(1, spread(0.97, 0.98, 0.985)), (2, one(0.98))], 0.1), Some(Trend::Above(0.97)));
        // 58 % and 54 % are no cliff.
        let slope = [(1, one(0.8)), (2, one(0.58)), (3, one(0.54)), (4, one(0.5))];
        assert_eq!(trend(&slope, 0.1), Some(Trend::Between([(1, 0.8), (4, 0.5)])));
        assert_eq!(trend(&[], 0.1), None);
    }
}
