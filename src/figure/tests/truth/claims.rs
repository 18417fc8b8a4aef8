//! What the clauses of one run claim, each with the arithmetic that holds it against the plotted table.

use std::collections::BTreeMap;

use super::numbers::{says, says_log10, says_percent, whole};
pub use super::plotted::middle;
use super::plotted::{Plot, Point};
use crate::analysis::Summary;

/// What the texts of a figure are held against.
pub struct Facts<'a> {
    pub run: &'a Summary<'a>,
    pub name: &'static str,
    /// The figure's own table.
    pub plots: BTreeMap<usize, Plot>,
    /// Maps of the gradients, which other figures speak of, by their names in sentences.
    pub maps: BTreeMap<&'static str, Plot>,
}

/// A sentence with holes, and what must be true of what fills them.
pub struct Claim {
    pub template: &'static str,
    pub holds: fn(&Facts, &[String]) -> bool,
}

impl Facts<'_> {
    /// The map that a noun speaks of.
    pub fn map(&self, noun: &str) -> Option<&Plot> {
        if noun.ends_with("update") { self.plots.get(&1) } else { self.maps.get(noun) }
    }

    pub fn hidden(&self) -> usize {
        self.run.hidden()
    }

    /// The training curve of a panel whose axis says this.
    fn training(&self, axis: &str) -> Option<&[Point]> {
        self.plots.values().find(|p| p.title == axis)?.row("training")
    }

    pub fn accuracies(&self) -> Vec<f64> {
        match self.training("accuracy") {
            Some(points) => points.iter().filter_map(|p| p.value).collect(),
            // The recipe has no curves.
            None => {
                let all = &self.run.record().evals[crate::record::TRAIN_ACCURACY];
                all.iter().copied().filter(|x| x.is_finite()).collect()
            }
        }
    }
}

/// Layer 1 against another layer, times a sign.
pub fn ratio(
    facts: &Facts,
    noun: &str,
    factor: &str,
    sign: f64,
    layer: &str,
    over: fn(&[f64]) -> f64,
) -> bool {
    let Some(map) = facts.map(noun) else { return false };
    whole(layer) == facts.hidden() && says_log10(factor, sign * over(&map.ratios(1, whole(layer))))
}

pub fn level(facts: &Facts, noun: &str, over: fn(&[f64]) -> f64) -> bool {
    facts.map(noun).is_some_and(|map| over(&map.ratios(1, facts.hidden())).abs() < 1.06f64.log10())
}

/// Medians of the first or the last rows of a run.
pub fn edge(values: &[f64], rows: usize, last: bool) -> f64 {
    let n = values.len();
    middle(if last { &values[n - rows..] } else { &values[..rows] })
}

/// `3.2 times smaller`, `about as large`.
pub fn compares(words: &str, log10: f64) -> bool {
    match words.split_once(" times ") {
        Some((factor, "smaller")) => says_log10(factor, -log10),
        Some((factor, "larger")) => says_log10(factor, log10),
        _ => words == "about as large" && log10.abs() < 1.06f64.log10(),
    }
}

pub fn changing(facts: &Facts, noun: &str, [first, last]: [&str; 2], rows: usize) -> bool {
    let Some(map) = facts.map(noun) else { return false };
    let ratios = map.ratios(1, facts.hidden());
    rows == (ratios.len() / 20).clamp(1, 50)
        && compares(first, edge(&ratios, rows, false))
        && compares(last, edge(&ratios, rows, true))
}

pub fn spread(facts: &Facts, nouns: &str, factor: &str) -> bool {
    let Some(map) = facts.map(singular(nouns)) else { return false };
    says_log10(factor, middle(&map.spreads(facts.hidden())))
}

/// The largest of all layers at a step.
pub fn largest(map: &Plot, step: &str) -> Option<f64> {
    let at = |p: &&Point| p.from == Some(whole(step) as f64);
    map.points().filter(at).filter_map(|p| p.value).filter(|x| *x > 0.0).reduce(f64::max)
}

pub fn grew(facts: &Facts, h: &[String]) -> bool {
    let is = |x: &str, step: &str| {
        facts.map(&h[0]).and_then(|map| largest(map, step)).is_some_and(|largest| says(x, largest))
    };
    is(&h[1], &h[2]) && is(&h[3], &h[4])
}

/// `layers 1–3, 5`, `layer 2`, as numbers.
pub fn layers(words: &str) -> Option<Vec<usize>> {
    let words = words.trim().trim_start_matches("Here ");
    let list = words.strip_prefix("layers ").or_else(|| words.strip_prefix("layer "))?;
    let mut all = Vec::new();
    for part in list.split(", ") {
        let (a, b) = part.split_once('–').unwrap_or((part, part));
        all.extend(a.parse::<usize>().ok()?..=b.parse::<usize>().ok()?);
    }
    Some(all)
}

/// The kind of cell that words name.
pub fn kind_of(words: &str) -> Option<&'static str> {
    Some(match words {
        "exactly zero" => "zero",
        "too small to be stored" | "lost to rounding" => "underflow",
        "not a number" => "nan",
        "infinite" => "infinite",
        "not recorded" | "without a unit" => "missing",
        _ => return None,
    })
}

/// In how many steps the cells of these layers are of the kind that the words name: the least and the most.
pub fn steps_of(facts: &Facts, noun: &str, which: &str, words: &str) -> Option<[usize; 2]> {
    let kind = kind_of(words)?;
    let map = facts.map(noun)?;
    let counts: Vec<usize> =
        layers(which)?.iter().map(|&l| map.layer(l).iter().filter(|p| p.kind == kind).count()).collect();
    Some([*counts.iter().min()?, *counts.iter().max()?])
}

pub fn special(
    facts: &Facts,
    noun: &str,
    which: &str,
    words: &str,
    expected: [usize; 2],
    of: Option<usize>,
) -> bool {
    let noun = singular(noun);
    let columns = facts.map(noun).map_or(0, |map| map.layer(1).len());
    let expected = if expected == [0, 0] { [columns; 2] } else { expected };
    of.is_none_or(|of| of == columns) && steps_of(facts, noun, which, words) == Some(expected)
}

/// Movement of a layer: the last cell of its row, or the length of its way.
pub fn moved<'f>(facts: &'f Facts, layer: &str) -> Option<&'f Point> {
    facts.plots.get(&1)?.rows.get(whole(layer) - 1)?.1.last()
}

pub fn moves(facts: &Facts, layer: &str, share: &str) -> bool {
    moved(facts, layer).and_then(|p| p.value).is_some_and(|x| says_percent(share, x))
}

pub fn ways(facts: &Facts) -> Option<Vec<Option<f64>>> {
    let plot = facts.plots.values().find(|p| p.title.contains("way"))?;
    Some(plot.rows.iter().map(|r| r.1[0].value).collect())
}

pub fn random(facts: &Facts, which: Vec<usize>) -> bool {
    let Some(ways) = ways(facts) else { return facts.name != "convergence-heatmap" };
    which.iter().all(|&l| ways[l - 1].is_none_or(|x| x < 0.01))
}

/// A layer has at most half of its way ahead at this snapshot, and had more before.
pub fn half_way(facts: &Facts, layer: &str, step: &str) -> bool {
    let row = facts.plots[&1].layer(whole(layer));
    let at = row.iter().position(|p| p.from == Some(whole(step) as f64));
    at.is_some_and(|k| {
        row[k].value.is_some_and(|x| x <= 0.5) && row[..k].iter().all(|p| p.value.is_none_or(|x| x > 0.5))
    })
}

/// The largest share of a panel at the last snapshot that has any, and its layer.
pub fn most(facts: &Facts, panel: usize, step: &str, share: &str, layer: Option<&str>) -> bool {
    let plot = &facts.plots[&panel];
    let at = |l: usize| {
        let point = plot.layer(l).iter().find(|p| p.from == Some(whole(step) as f64))?;
        point.value
    };
    let known: Vec<(usize, f64)> = (1..=facts.hidden()).filter_map(|l| Some((l, at(l)?))).collect();
    let Some(top) = known.iter().map(|k| k.1).reduce(f64::max) else { return false };
    says_percent(share, top) && layer.is_none_or(|layer| known.contains(&(whole(layer), top)))
}

pub fn last_accuracy(facts: &Facts, text: &str) -> bool {
    facts.accuracies().last().is_some_and(|x| says_percent(text, *x))
}

pub fn kept_accuracy(facts: &Facts, text: &str, step: &str, series: &str) -> bool {
    let evals = &facts.run.record().evals;
    let plots = || facts.plots.values().filter(|p| p.title == "accuracy");
    let drawn = plots().filter_map(|p| p.row(series)).flatten().find(|p| p.from == Some(whole(step) as f64));
    let at = evals.step().iter().position(|s| *s == whole(step) as u64);
    let value = drawn.and_then(|p| p.value).or(at.map(|k| evals[crate::record::TRAIN_ACCURACY][k]));
    value.is_some_and(|x| says_percent(text, x))
}

/// First and last value of a curve, or the medians of so many.
pub fn course(facts: &Facts, panel: usize, series: &str, ends: [&str; 2], rows: usize) -> bool {
    let Some(row) = facts.plots.get(&panel).and_then(|p| p.row(series)) else { return false };
    let values: Vec<f64> = row.iter().map(|p| p.value.unwrap_or(f64::NAN)).collect();
    says(ends[0], edge(&values, rows, false)) && says(ends[1], edge(&values, rows, true))
}

/// `from 2.4 to 1.3`, `2.3 at first and at the end`, `2.3`: the ends of the only or the first curve of a panel.
pub fn goes(facts: &Facts, panel: usize, words: &str, rows: usize) -> bool {
    let series = if panel == 1 && facts.name == "gradient-norm" { "all parameters" } else { "batch" };
    let ends = match words.strip_prefix("from ").and_then(|w| w.split_once(" to ")) {
        Some((a, b)) => [a, b],
        None => [&words[..super::template::number(words).unwrap_or(0)]; 2],
    };
    course(facts, panel, series, ends, rows)
}

pub fn whole_gradient_at(facts: &Facts, norm: &str, step: &str) -> bool {
    let row = facts.plots[&1].row("all parameters").unwrap_or(&[]);
    let at = row.iter().find(|p| p.from == Some(whole(step) as f64)).and_then(|p| p.value);
    at.is_some_and(|x| says(norm, x))
}

/// Layer 1 over the last hidden layer in a curve of the profile, and the factor of one layer.
pub fn profile(facts: &Facts, words: &str, step: &str, per_layer: Option<&str>) -> bool {
    let Some(row) = facts.plots[&1].row(&format!("step {step}")) else { return false };
    let at = |layer: usize| row.iter().find(|p| p.from == Some(layer as f64)).and_then(|p| p.value);
    let Some((a, b)) = at(1).zip(at(facts.hidden())) else { return false };
    let ratio = (a / b).log10();
    let one = ratio.abs() / (facts.hidden() as f64 - 1.0);
    compares(words, ratio) && per_layer.is_none_or(|factor| says_log10(factor, one))
}

pub fn decay(facts: &Facts, by: &str, factor: &str) -> bool {
    let (driven, decay) = (&facts.plots[&1], &facts.plots[&2]);
    let logs = driven.layer(1).iter().zip(decay.layer(1)).map(|(g, d)| match (g.value, d.value) {
        (Some(g), Some(d)) if g > 0.0 && d > 0.0 => (d / g).log10(),
        _ => f64::NAN,
    });
    let facts = &facts.run.header().facts;
    let on = |x: Option<f64>| x.is_some_and(|x| x > 0.0);
    let right = match by {
        "L1" => on(facts.l1) && !on(facts.weight_decay),
        "weight decay with L1" => on(facts.l1) && on(facts.weight_decay),
        _ => !on(facts.l1),
    };
    right && says_log10(factor, middle(&logs.collect::<Vec<_>>()))
}

pub fn reads(facts: &Facts, noun: &str, last: &str, layer: &str, first: &str) -> bool {
    let relative = |noun: &str| if noun.ends_with("update") { facts.plots.get(&1) } else { facts.map(noun) };
    let Some(map) = relative(noun) else { return false };
    let typical = |layer: usize| {
        let logs = map.layer(layer).iter().map(|p| p.value.filter(|x| *x > 0.0).map_or(f64::NAN, f64::log10));
        middle(&logs.collect::<Vec<_>>())
    };
    says_log10(last, typical(whole(layer))) && says_log10(first, typical(1))
}

pub fn singular(nouns: &str) -> &str {
    nouns.trim_end_matches('s')
}

pub fn equal(facts: &Facts, nouns: &str) -> bool {
    facts.map(singular(nouns)).is_some_and(|map| middle(&map.spreads(facts.hidden())) < 1.06f64.log10())
}

/// `3.2 times smaller than` without its `than`.
pub fn compared(words: &str) -> &str {
    words.trim_end_matches(" than").trim_end_matches(" as")
}

/// The factor of one layer at the first drawn step.
pub fn per_layer(facts: &Facts, factor: &str) -> bool {
    let plot = &facts.plots[&1];
    plot.rows.iter().filter(|r| r.0.starts_with("step ")).any(|(_, row)| {
        let at = |layer: usize| row.iter().find(|p| p.from == Some(layer as f64)).and_then(|p| p.value);
        at(1)
            .zip(at(facts.hidden()))
            .is_some_and(|(a, b)| says_log10(factor, (a / b).log10().abs() / (facts.hidden() as f64 - 1.0)))
    })
}

/// The first and the last finite number of layer 1.
pub fn size(facts: &Facts, noun: &str, ends: [&str; 2]) -> bool {
    let Some(map) = facts.map(noun) else { return false };
    let mut finite = map.layer(1).iter().filter_map(|p| p.value.filter(|x| *x > 0.0));
    let Some(first) = finite.next() else { return false };
    says(ends[0], first) && says(ends[1], finite.next_back().unwrap_or(first))
}

/// The last cells of these layers are of a kind.
pub fn stays(facts: &Facts, which: &str, kind: &str) -> bool {
    let Some(all) = layers(which) else { return false };
    match facts.name {
        "movement-heatmap" => {
            all.iter().all(|l| moved(facts, &l.to_string()).is_some_and(|p| p.kind == kind))
        }
        // Beside the map of what is ahead stand the lengths of the ways, without those that are 0.
        _ => ways(facts).is_some_and(|ways| all.iter().all(|&l| ways[l - 1].is_none())),
    }
}

/// No layer ended less than 1 % from its start.
pub fn left(facts: &Facts) -> bool {
    match ways(facts) {
        Some(ways) => ways.iter().all(|way| way.is_some_and(|x| x >= 0.01)),
        None => {
            facts.plots[&1].rows.iter().all(|r| r.1.last().and_then(|p| p.value).is_some_and(|x| x >= 0.01))
        }
    }
}
