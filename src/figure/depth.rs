//! What depth does to a quantity, as a title says it.
//!
//! A run that diverged has no usual step: of it the title says how large the quantity grew, never that its
//! layers are alike.

use crate::analysis::{Attenuation, Grid, Summary, edge_rows};
use crate::diagnosis::{Ailment, Thresholds, diagnose};
use crate::record::{SIGNAL_RMS, Status};
use crate::stats::Measured;
use crate::text::{Lang, Moment, Quantity, Special};

/// From one decade on, two layers are told apart by their ratio; below that all layers by their spread.
const ONE_DECADE: f64 = 1.0;

#[derive(Clone, Debug, PartialEq)]
pub enum Depth {
    /// Layer 1 has no finite value in at least half of the steps, or is zero in a quarter; with it all `layers`
    /// (from 1) of which the same holds, at least and at most in so many steps of all.
    Special {
        layers: Vec<usize>,
        kind: Special,
        steps: [usize; 2],
        of: usize,
    },
    /// The ratio layer 1 / last hidden layer (log10) changes by a decade or more from the first `rows` recorded
    /// steps to the last ones.
    Changing {
        ends: [f64; 2],
        rows: usize,
        typical: f64,
    },
    /// The ratio is a decade or more.
    Ratio {
        ratio: f64,
        moment: Moment,
    },
    /// Neither: so many decades lie between the smallest and the largest hidden layer.
    Even {
        spread: f64,
        moment: Moment,
    },
    /// As even, but the per-sample signal falls or grows by a decade or more.
    Hidden {
        spread: f64,
        signal: f64,
        moment: Moment,
    },
    /// As even, but the per-sample signal does this.
    OfSignal(Box<Depth>),
    /// There are not two hidden layers: layer 1 at the start and at the end.
    Size {
        first: f64,
        last: f64,
        moment: Moment,
    },
    /// The run diverged: the largest of all layers (step, log10) at first, and at the last step with a finite
    /// number, where that is another one.
    Grew {
        first: (u64, f64),
        last: Option<(u64, f64)>,
    },
    Unknown,
}

impl Depth {
    /// Typical of the run, over its recorded steps.
    pub fn of(run: &Summary, grid: &Grid) -> Depth {
        match run.header().status {
            Status::Diverged { .. } => growth(run, grid),
            _ => Depth::of_steps(grid),
        }
    }

    fn of_steps(grid: &Grid) -> Depth {
        let moment = if grid.columns() == 1 { Moment::Only } else { Moment::Median };
        match Depth::at(grid, moment) {
            Depth::Ratio { ratio: typical, .. } | Depth::Even { spread: typical, .. } => {
                let [first, last] = [Attenuation::first(grid), Attenuation::last(grid)];
                match (first.log10_hidden_ratio, last.log10_hidden_ratio) {
                    (Some(a), Some(b)) if (a - b).abs() >= ONE_DECADE => {
                        let typical = Attenuation::typical(grid).log10_hidden_ratio.unwrap_or(typical);
                        Depth::Changing { ends: [a, b], rows: edge_rows(grid.columns()), typical }
                    }
                    _ => Depth::at(grid, moment),
                }
            }
            other => other,
        }
    }

    /// The same of columns that are one moment of several runs, or all steps of one.
    pub fn at(grid: &Grid, moment: Moment) -> Depth {
        if grid.columns() == 0 || grid.layers() == 0 {
            return Depth::Unknown;
        }
        if let Some(special) = mostly_special(grid) {
            return special;
        }
        let typical = Attenuation::typical(grid);
        match (typical.log10_hidden_ratio, typical.log10_hidden_spread) {
            (Some(ratio), Some(_)) if ratio.abs() >= ONE_DECADE => Depth::Ratio { ratio, moment },
            (Some(_), Some(spread)) => Depth::Even { spread, moment },
            _ => {
                let mut finite = grid.row(0).iter().filter_map(|c| c.log10());
                match finite.next() {
                    Some(first) => Depth::Size { first, last: finite.next_back().unwrap_or(first), moment },
                    None => Depth::Unknown,
                }
            }
        }
    }

    /// A batch-mean gradient, which may look even while the signal of every sample decays or explodes.
    pub fn of_batch_mean(run: &Summary, grid: &Grid) -> Depth {
        match (Depth::of(run, grid), signal_ratio(run)) {
            // A batch mean whose own spread is half of the signal's change does not look even beside it.
            (Depth::Even { spread, moment }, Some(signal))
                if signal.abs() >= ONE_DECADE && spread < 0.5 * signal.abs() =>
            {
                Depth::Hidden { spread, signal, moment }
            }
            // What explodes at one end of the run alone.
            (depth @ Depth::Even { .. }, _) if explodes(run) => {
                match Depth::of(run, &run.layer_grid(SIGNAL_RMS)) {
                    signal @ Depth::Changing { .. } => Depth::OfSignal(Box::new(signal)),
                    _ => depth,
                }
            }
            (depth, _) => depth,
        }
    }

    /// As a clause of a title; `last_hidden` is the number of the last hidden layer.
    pub fn clause(&self, lang: Lang, q: Quantity, last_hidden: usize) -> String {
        match self {
            Depth::Special { layers, kind, steps, of } => lang.special_clause(q, layers, *kind, *steps, *of),
            Depth::Changing { ends, rows, .. } => lang.changing_ratio_clause(q, last_hidden, *ends, *rows),
            Depth::Ratio { ratio, moment } => lang.ratio_clause(q, last_hidden, *ratio, *moment),
            Depth::Even { spread, moment } => lang.spread_clause(q, *spread, *moment),
            Depth::Hidden { spread, signal, moment } => {
                lang.hidden_change_clause(q, last_hidden, *spread, *signal, *moment)
            }
            Depth::OfSignal(depth) => depth.clause(lang, Quantity::Signal, last_hidden),
            Depth::Size { first, last, moment } => lang.size_clause(q, *first, *last, *moment),
            Depth::Grew { first, last: Some(last) } => lang.growth_clause(q, *first, *last),
            Depth::Grew { first, last: None } => lang.only_finite_clause(q, *first),
            Depth::Unknown => String::new(),
        }
    }

    /// As few words as a title of several runs has room for.
    pub fn brief(self, lang: Lang, q: Quantity, last_hidden: usize) -> String {
        let brief = |moment| if moment == Moment::Median { Moment::Brief } else { moment };
        match self {
            Depth::Changing { typical, .. } => lang.ratio_clause(q, last_hidden, typical, Moment::Brief),
            Depth::Ratio { ratio, moment } => lang.ratio_clause(q, last_hidden, ratio, brief(moment)),
            Depth::Even { spread, moment } => lang.spread_clause(q, spread, brief(moment)),
            Depth::Hidden { signal, moment, .. } => {
                lang.ratio_clause(Quantity::Signal, last_hidden, signal, brief(moment))
            }
            Depth::OfSignal(depth) => depth.brief(lang, Quantity::Signal, last_hidden),
            other => other.clause(lang, q, last_hidden),
        }
    }

    /// What is there of layer 1 instead of numbers, at one moment.
    pub fn at_one_moment(&self, lang: Lang, q: Quantity, last_hidden: usize, moment: Moment) -> String {
        match self {
            Depth::Special { layers, kind, .. } => lang.special_at_clause(q, layers, *kind, moment),
            other => other.clause(lang, q, last_hidden),
        }
    }
}

/// A gradient that is somewhat larger near the input, or that is mostly zero, does not explode: that takes a
/// diagnosis.
pub fn explodes(run: &Summary) -> bool {
    diagnose(run.record(), &Thresholds::default()).is_ok_and(|d| d.found(Ailment::ExplodingGradient))
}

/// log10(layer 1 / last hidden layer) of the per-sample backward signal, typical of the run.
pub fn signal_ratio(run: &Summary) -> Option<f64> {
    Attenuation::typical(&run.layer_grid(SIGNAL_RMS)).log10_hidden_ratio
}

/// The largest of all layers at the first and at the last step that has a finite number.
fn growth(run: &Summary, grid: &Grid) -> Depth {
    let steps = run.record().steps.step();
    let largest = |column: usize| {
        let finite = (0..grid.layers()).filter_map(|l| grid.at(l, column).log10());
        Some((*steps.get(column)?, finite.reduce(f64::max)?))
    };
    let mut all = (0..grid.columns()).filter_map(largest);
    let Some(first) = all.next() else { return Depth::Unknown };
    let last = all.next_back();
    let not_finite = |c: &Measured| matches!(c, Measured::Nan | Measured::Infinite);
    match last {
        None if !grid.cells().iter().any(not_finite) => Depth::Unknown,
        last => Depth::Grew { first, last },
    }
}

/// The kind of cell that fills much of layer 1's row, when that is not a finite one.
fn mostly_special(grid: &Grid) -> Option<Depth> {
    let count = |layer: usize, cell| grid.row(layer).iter().filter(|c| **c == cell).count();
    // A layer that is dead in a quarter of the steps is the finding, whatever it was in the others.
    let enough = |cell| if matches!(cell, Measured::Zero | Measured::Underflow) { 4 } else { 2 };
    let mostly = |layer: usize, cell| enough(cell) * count(layer, cell) >= grid.columns();
    let kinds = [
        (Measured::Zero, Special::Zero),
        (Measured::Underflow, Special::Underflow),
        (Measured::Nan, Special::Nan),
        (Measured::Infinite, Special::Infinite),
        (Measured::Missing, Special::Missing),
    ];
    let (cell, kind) = kinds.into_iter().find(|(cell, _)| mostly(0, *cell))?;
    let layers: Vec<usize> = (0..grid.layers()).filter(|&l| mostly(l, cell)).collect();
    let counts = || layers.iter().map(|&l| count(l, cell));
    let steps = [counts().min()?, counts().max()?];
    Some(Depth::Special { layers: layers.iter().map(|l| l + 1).collect(), kind, steps, of: grid.columns() })
}
