//! Many finished runs side by side: the cells of a sweep, sorted into *series* of one network at several
//! depths.
//!
//! A series is what stays the same while the depth and the seed vary: `sigmoid`, or `tanh with orthogonal
//! weights`. Which settings tell series apart is read from the cells: a setting counts only where it splits
//! what the settings before it have not split yet, so that the default initialisation of an activation is not
//! named beside the activation.
//!
//! Several seeds become one number by [`typical`]: the median, because one run that
//! diverged or was lucky must not move it.

use std::collections::{BTreeMap, BTreeSet};

use super::{AnalysisError, Grid, Summary};
use crate::record::cell::Cell;
use crate::record::{MetricId, Status};
use crate::stats::{Measured, ValueScale, median, typical};

/// Settings that may tell series apart, the one that a reader asks for first in front. Others follow by their
/// names.
const AXES: [&str; 7] =
    ["activation", "initialisation", "optimizer", "learning_rate", "batch_size", "width", "data"];
/// Settings that vary inside of a series.
/// (`width` says what networks of one series have in common.)
const INSIDE: [&str; 3] = ["hidden_layers", "network", "seed"];

/// Networks that differ in depth and seed only.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// The settings in which this series differs from others, as (setting, value), in the order of the axes;
    /// empty when there is only one series.
    pub key: Vec<(String, String)>,
    /// Activation, which all cells of the series share.
    pub activation: String,
    /// Runs by number of hidden layers; the seeds in the order of their cells.
    pub depths: BTreeMap<usize, Vec<Run<'a>>>,
}

/// A cell with its digest summarised.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    pub number: usize,
    pub summary: Summary<'a>,
}

/// All series of a sweep.
#[derive(Clone, Debug)]
pub struct Ensemble<'a> {
    pub series: Vec<Series<'a>>,
    /// Cells without any record.
    pub failed: usize,
    /// Cells that ended because the loss was no longer finite.
    pub diverged: usize,
    /// Most seeds at one depth of one series.
    pub seeds: usize,
}

/// The share of the most frequent class differs by less than this between samples that two seeds draw from one
/// data set.
const SAMPLING: f64 = 0.02;

/// Smallest, median and largest of several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    /// Range of the finite values; `None` without any.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let finite: Vec<f64> = values.into_iter().filter(|x| x.is_finite()).collect();
        Some(Spread {
            low: finite.iter().copied().reduce(f64::min)?,
            median: median(finite.iter().copied())?,
            high: finite.iter().copied().reduce(f64::max)?,
        })
    }
}

impl<'a> Ensemble<'a> {
    /// Sorts cells, which come in the order of their numbers.
    ///
    /// # Errors
    /// A digest whose shapes contradict its header.
    pub fn new(cells: &'a [Cell]) -> Result<Ensemble<'a>, AnalysisError> {
        let axes = telling(cells);
        let mut series: Vec<Series<'a>> = Vec::new();
        let (mut failed, mut diverged) = (0, 0);
        for cell in cells {
            let Ok(record) = &cell.result else {
                failed += 1;
                continue;
            };
            diverged += usize::from(matches!(record.header.status, Status::Diverged { .. }));
            let value = |axis: &&str| ((*axis).to_string(), cell.setting(axis).to_string());
            let key: Vec<(String, String)> = axes.iter().map(value).collect();
            let at = series.iter().position(|s| s.key == key).unwrap_or_else(|| {
                let activation = cell.setting("activation").to_string();
                series.push(Series { key, activation, depths: BTreeMap::new() });
                series.len() - 1
            });
            let summary = Summary::new(record)?;
            let depth = summary.hidden();
            series[at].depths.entry(depth).or_default().push(Run { number: cell.number, summary });
        }
        let seeds = series.iter().flat_map(|s| s.depths.values()).map(Vec::len).max().unwrap_or(0);
        Ok(Ensemble { series, failed, diverged, seeds })
    }

    /// Every depth that occurs, ascending.
    pub fn depths(&self) -> Vec<usize> {
        let all: BTreeSet<usize> = self.series.iter().flat_map(|s| s.depths.keys().copied()).collect();
        all.into_iter().collect()
    }

    pub fn runs(&self) -> impl Iterator<Item = &Run<'a>> {
        self.series.iter().flat_map(|s| s.depths.values().flatten())
    }

    /// Chance ([`Summary::chance`]), where all runs have the same: the median of what their samples give.
    pub fn chance(&self) -> Option<f64> {
        let all: Option<Vec<f64>> = self.runs().map(|r| r.summary.chance()).collect();
        let all = Spread::of(all?)?;
        (all.high - all.low <= SAMPLING).then_some(all.median)
    }
}

impl<'a> Series<'a> {
    pub fn deepest(&self) -> Option<usize> {
        self.depths.keys().next_back().copied()
    }

    /// How many runs diverged, at this depth or at any, and of how many.
    pub fn diverged(&self, depth: Option<usize>) -> [usize; 2] {
        let of_depth = |at: &&usize| depth.is_none_or(|depth| depth == **at);
        let runs = || self.depths.iter().filter(|(at, _)| of_depth(at)).flat_map(|(_, runs)| runs);
        let diverged = |r: &&Run| matches!(r.summary.header().status, Status::Diverged { .. });
        [runs().filter(diverged).count(), runs().count()]
    }

    /// A metric of the last evaluation at one depth, over the seeds. A run that diverged was not evaluated at
    /// its end and does not count.
    pub fn last(&self, depth: usize, metric: MetricId) -> Option<Spread> {
        let runs = self.depths.get(&depth)?.iter().filter(|r| r.summary.header().status == Status::Complete);
        Spread::of(runs.filter_map(|r| r.summary.record().final_eval().map(|e| e.value(metric))))
    }

    /// Typical cell of each layer at one depth, input side first; `column` picks one of each run's grid.
    pub fn profile(
        &self,
        depth: usize,
        grid: impl Fn(&Summary<'a>) -> Grid,
        column: Column,
    ) -> Vec<Measured> {
        let runs = self.depths.get(&depth).map_or(&[][..], |r| r);
        let grids: Vec<Grid> = runs.iter().map(|r| grid(&r.summary)).collect();
        (0..=depth)
            .map(|layer| {
                let cells: Vec<Measured> = grids.iter().map(|g| column.of(g, layer)).collect();
                typical(&cells, ValueScale::Log10)
            })
            .collect()
    }
}

/// Which column of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    First,
    Last,
}

impl Column {
    fn of(self, grid: &Grid, layer: usize) -> Measured {
        match (self, grid.columns()) {
            (_, 0) => Measured::Missing,
            (Column::First, _) => grid.at(layer, 0),
            (Column::Last, n) => grid.at(layer, n - 1),
        }
    }
}

/// The axes that split the cells, each of which splits further than those before it.
pub fn telling(cells: &[Cell]) -> Vec<&str> {
    let names: BTreeSet<&str> = cells.iter().flat_map(|c| c.settings.keys()).map(String::as_str).collect();
    let others = names.into_iter().filter(|name| !AXES.contains(name) && !INSIDE.contains(name));
    let groups = |axes: &[&str]| {
        let keys = cells.iter().map(|c| axes.iter().map(|axis| c.setting(axis)).collect::<Vec<_>>());
        keys.collect::<BTreeSet<_>>().len()
    };
    let mut axes: Vec<&str> = Vec::new();
    let mut count = 1;
    for axis in AXES.into_iter().chain(others) {
        axes.push(axis);
        match groups(&axes) {
            more if more > count => count = more,
            _ => drop(axes.pop()),
        }
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(number: usize, settings: &[(&str, &str)]) -> Cell {
        let settings = settings.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
        Cell { number, settings, result: Err("not run".into()), seconds: 0.0 }
    }

    #[test]
    fn a_setting_that_follows_from_another_does_not_tell_series_apart() {
        let a = [("activation", "sigmoid"), ("initialisation", "glorot-uniform"), ("learning_rate", "0.1")];
        let b = [("activation", "relu"), ("initialisation", "he-uniform"), ("learning_rate", "0.1")];
        assert_eq!(telling(&[cell(1, &a), cell(2, &b)]), ["activation"]);
        let c = [("activation", "relu"), ("initialisation", "orthogonal"), ("learning_rate", "0.1")];
        assert_eq!(telling(&[cell(1, &a), cell(2, &b), cell(3, &c)]), ["activation", "initialisation"]);
        assert_eq!(telling(&[cell(1, &a), cell(2, &a)]), [""; 0]);
        // A setting of which this program knows nothing but its name.
        let d = [&a[..], &[("dropout", "0.5"), ("hidden_layers", "3"), ("seed", "2")]].concat();
        let e = [&a[..], &[("dropout", "0"), ("hidden_layers", "2"), ("seed", "1")]].concat();
        assert_eq!(telling(&[cell(1, &d), cell(2, &e)]), ["dropout"]);
        let ensemble = [cell(1, &a), cell(2, &b)];
        assert_eq!(Ensemble::new(&ensemble).unwrap().failed, 2);
    }

    #[test]
    fn the_spread_of_seeds_is_that_of_the_finite_ones() {
        assert_eq!(Spread::of([0.3, f64::NAN, 0.1, 0.2]), Some(Spread { low: 0.1, median: 0.2, high: 0.3 }));
        assert_eq!(Spread::of([f64::NAN]), None);
    }
}
