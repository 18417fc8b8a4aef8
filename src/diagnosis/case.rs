//! The data that rules judge: one run, its performance, and the quantities that several rules need, each
//! computed once.
//!
//! "First" and "last" rows are [`edge_rows`] of the step table; rows from the first one on that holds a
//! number that is not finite are left out, since what a diverged run does afterwards says nothing about how
//! it got there.

use std::ops::Range;

use super::performance::{self, Performance, State};
use super::{Evidence, Measure, Missing, Severity, Thresholds};
use crate::analysis::{AnalysisError, Grid, Summary, edge_rows};
use crate::record::{
    DISTANCE_FROM_INIT, DRIVEN_NORM, GRAD_RMS, LOSS, MetricId, PARAM_NORM, Record, Role, SIGNAL_RMS,
    UPDATE_NORM,
};
use crate::stats::{Measured, ValueScale, typical};

/// Which rows stand for a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first row alone: the network at initialisation.
    Start,
    First,
    /// As many rows as the first ones, in the middle.
    Middle,
    Last,
    Whole,
}

/// Layer 1 over the last hidden layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ratio {
    /// There are not two hidden layers.
    NoDepth,
    /// The quantity is exactly zero in one of the two.
    Zero,
    /// The ratio (0 where layer 1 is too small for any number) and the steps it is the median of.
    Of(f64, (u64, u64)),
}

/// A run that is being diagnosed.
#[derive(Debug)]
pub struct Case<'a> {
    pub run: Summary<'a>,
    pub limits: &'a Thresholds,
    pub training: Performance,
    pub test: Performance,
    /// Rows of the step table before the first one that is not finite.
    sane: usize,
}

impl<'a> Case<'a> {
    /// # Errors
    /// When the record's tables contradict its header.
    pub fn new(record: &'a Record, limits: &'a Thresholds) -> Result<Case<'a>, AnalysisError> {
        let run = Summary::new(record)?;
        let training = performance::training(&run, limits);
        let test = performance::test(&run, &training, limits);
        let sane = super::diverged::first_bad_row(record).unwrap_or(record.len());
        Ok(Case { run, limits, training, test, sane })
    }

    pub fn record(&self) -> &'a Record {
        self.run.record()
    }

    pub fn hidden(&self) -> usize {
        self.run.hidden()
    }

    /// What a rule on the hidden layers says where there is none: `Err` of a record that holds nothing by layer,
    /// such as a log of losses, since that is no network without hidden layers.
    ///
    /// # Errors
    /// [`Missing::Layers`].
    pub fn has_hidden(&self) -> Result<bool, Missing> {
        if self.run.layers() == 0 { Err(Missing::Layers) } else { Ok(self.hidden() > 0) }
    }

    /// A fault of a network that does well nevertheless is only a note.
    pub fn severity(&self) -> Severity {
        if self.training.state == State::Good { Severity::Note } else { Severity::Fault }
    }

    /// The training performance as evidence.
    pub fn skill(&self) -> Option<Evidence> {
        let steps = self.training.step.map(|s| (s, s));
        self.training.skill.map(|s| Evidence { steps, ..Evidence::new(Measure::Skill, s) })
    }

    /// Rows of the step table.
    pub fn rows(&self, part: Part) -> Range<usize> {
        let n = self.sane;
        match part {
            Part::Start => 0..n.min(1),
            Part::First => 0..edge_rows(n),
            Part::Middle => {
                let from = (n - edge_rows(n)) / 2;
                from..from + edge_rows(n)
            }
            Part::Last => n - edge_rows(n)..n,
            Part::Whole => 0..n,
        }
    }

    /// First and last step of some rows.
    pub fn steps(&self, rows: &Range<usize>) -> Option<(u64, u64)> {
        let steps = self.record().steps.step();
        let last = rows.end.checked_sub(1)?;
        Some((*steps.get(rows.start)?, *steps.get(last)?))
    }

    /// What the rows of each layer amount to ([`typical`]). A row in which nothing was measured in any layer is no
    /// gap: a costly quantity may have a schedule of its own.
    pub fn profile(&self, grid: &Grid, rows: Range<usize>) -> Vec<Measured> {
        let is_measured = |r: &usize| (0..grid.layers()).any(|l| grid.at(l, *r) != Measured::Missing);
        let measured: Vec<usize> = rows.clone().filter(is_measured).collect();
        if measured.len() == rows.len() {
            return (0..grid.layers())
                .map(|l| typical(&grid.row(l)[rows.clone()], ValueScale::Log10))
                .collect();
        }
        let cells = |l: usize| measured.iter().map(|&r| grid.at(l, r)).collect::<Vec<_>>();
        (0..grid.layers()).map(|l| typical(&cells(l), ValueScale::Log10)).collect()
    }

    /// Layer 1 over the last hidden layer.
    ///
    /// # Errors
    /// What is missing: `absent` when nothing is recorded, a gap when it stops before these rows.
    pub fn ratio(
        &self,
        grid: &Grid,
        part: Part,
        column: &'static str,
        absent: Missing,
    ) -> Result<Ratio, Missing> {
        if !self.has_hidden()? || self.hidden() < 2 {
            return Ok(Ratio::NoDepth);
        }
        if self.sane == 0 {
            return Err(if self.record().is_empty() { Missing::Steps } else { absent });
        }
        if grid.all_missing() {
            return Err(absent);
        }
        let rows = self.rows(part);
        let profile = self.profile(grid, rows.clone());
        let (low, high) = (profile[0], profile[self.hidden() - 1]);
        if low == Measured::Missing || high == Measured::Missing {
            let recorded =
                |r: usize| [0, self.hidden() - 1].iter().all(|&l| grid.at(l, r) != Measured::Missing);
            let last = (0..self.sane).rev().find(|&r| recorded(r)).map(|r| self.record().steps.step()[r]);
            return Err(Missing::Gap { column, last: last.filter(|_| part == Part::Last) });
        }
        let steps = self.steps(&rows).unwrap_or_default();
        Ok(match (low, high) {
            (Measured::Finite(a), Measured::Finite(b)) => Ratio::Of(a / b, steps),
            (Measured::Underflow, Measured::Finite(_)) => Ratio::Of(0.0, steps),
            _ => Ratio::Zero,
        })
    }

    /// The per-sample backward signal, layer 1 over the last hidden layer.
    ///
    /// # Errors
    /// What is missing.
    pub fn signal_ratio(&self, part: Part) -> Result<Ratio, Missing> {
        let grid = self.run.layer_grid(SIGNAL_RMS);
        self.ratio(&grid, part, SIGNAL_RMS.id, Missing::Signal)
    }

    /// The smaller of the ratios of the first row and of the first rows: adaptive optimisers repair a signal
    /// that starts faint within a few steps, but not what these steps did to the weights.
    ///
    /// # Errors
    /// What is missing.
    pub fn early_signal_ratio(&self) -> Result<Ratio, Missing> {
        let first = self.signal_ratio(Part::First)?;
        Ok(match (self.signal_ratio(Part::Start), first) {
            (Ok(Ratio::Of(start, at)), Ratio::Of(first, _)) if start < first => Ratio::Of(start, at),
            _ => first,
        })
    }

    /// The ratio of the signal at or below which it is attenuated, with the key of the threshold: two hidden
    /// layers are only one step apart, and a decade is too much for one step.
    pub fn faint(&self) -> (&'static str, f64) {
        match self.hidden() {
            2 => ("layer_ratio", self.limits.layer_ratio.max(self.limits.signal_ratio)),
            _ => ("signal_ratio", self.limits.signal_ratio),
        }
    }

    /// The same as evidence, with its limit for attenuation.
    pub fn attenuation(&self, ratio: f64, steps: (u64, u64)) -> Evidence {
        let (key, limit) = self.faint();
        Evidence::new(Measure::SignalRatio, ratio).at(&[1, self.hidden()], Some(steps)).at_most(key, limit)
    }

    /// Deviation of the initial weights of a layer (from 0) times the square root of its fan-in, where the
    /// first step was recorded.
    pub fn initial_scale(&self, layer: usize) -> Option<f64> {
        (self.record().steps.step().first() == Some(&0)).then_some(())?;
        let scale =
            self.run.tensor_value(PARAM_NORM, Role::Weight, 0, layer) / super::why::width(self, layer).sqrt();
        scale.is_finite().then_some(scale)
    }

    /// Why the start of a run is not known: nothing recorded, no first step, or not this quantity.
    pub fn without_start(&self, metric: MetricId, absent: Missing) -> Missing {
        match self.record().steps.step().first() {
            None => Missing::Steps,
            Some(0) if self.record().has(metric) => Missing::Gap { column: metric.id, last: None },
            Some(0) => absent,
            Some(_) => Missing::FirstStep,
        }
    }

    /// Numbers that a hidden layer (from 0) passes on for each sample: units, of a map all its places.
    pub fn outputs(&self, layer: usize) -> Option<usize> {
        let (shape, width) = (&self.run.layer(layer).output_shape, super::why::width(self, layer));
        let units = (width >= 1.0).then_some(width as usize);
        if shape.is_empty() { units } else { Some(shape.iter().product()) }
    }

    /// True where the activation of a layer (from 0) has two flat ends, in any program's spelling.
    pub fn is_bounded(&self, layer: usize) -> bool {
        layer < self.hidden() && super::saturated::is_bounded(self.run.layer(layer).activation())
    }

    /// Training loss of the first step over that of an answer that ignores the input: the frequencies of the
    /// classes, or zeros where these cost more, as they do behind sigmoid outputs.
    pub fn start_loss(&self) -> Option<Evidence> {
        (self.record().steps.step().first() == Some(&0)).then_some(())?;
        let first = self.record().steps[LOSS].first().copied().filter(|loss| loss.is_finite())?;
        let prior = performance::prior_loss(&self.run)?;
        let prior = performance::undecided_loss(&self.run).map_or(prior, |zeros| zeros.max(prior));
        let limit = self.limits.start_loss;
        Some(
            Evidence::new(Measure::StartLoss, first / prior)
                .at(&[], Some((0, 0)))
                .at_least("start_loss", limit),
        )
    }

    /// Norm of the gradient-driven update over the norm of the weights, `[layer, row]`.
    pub fn relative_updates(&self) -> Grid {
        let driven = self.run.grid_relative(DRIVEN_NORM, Role::Weight);
        if driven.all_missing() { self.run.grid_relative(UPDATE_NORM, Role::Weight) } else { driven }
    }

    /// How far the layer that moves most can have gone, the output layer too: the mean of its relative updates
    /// times the number of steps.
    pub fn path(&self) -> Option<Evidence> {
        let grid = self.relative_updates();
        let rows = self.rows(Part::Whole);
        let steps = self.steps(&rows)?;
        let sum = |l: usize| {
            let values = grid.row(l)[rows.clone()].iter().map(|cell| match cell {
                Measured::Finite(x) => Some(*x),
                Measured::Zero | Measured::Underflow => Some(0.0),
                _ => None,
            });
            let known: Vec<f64> = values.flatten().collect();
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            (!known.is_empty()).then_some(mean * self.run.end() as f64)
        };
        let (layer, path) =
            (0..grid.layers()).filter_map(|l| Some((l, sum(l)?))).max_by(|a, b| a.1.total_cmp(&b.1))?;
        let limit = self.limits.short_path;
        Some(Evidence::new(Measure::Path, path).at(&[layer + 1], Some(steps)).at_most("short_path", limit))
    }

    /// The path, where steps of a usual size were too few for it to lead anywhere: nothing else can be said of
    /// such a network.
    pub fn short_path(&self) -> Option<Evidence> {
        let usual = self.limits.small_update * self.run.end() as f64;
        self.path().filter(|path| path.value <= self.limits.short_path && path.value >= usual)
    }

    /// Movement of layer 1, relative to its weights, over that of the hidden layer that moved most, at the last
    /// snapshot.
    pub fn movement_ratio(&self) -> Option<Evidence> {
        let record = self.record();
        (record.steps.step().first() == Some(&0)).then_some(())?;
        let last = record.snapshots.step().len().checked_sub(1)?;
        let step = record.snapshots.step()[last];
        let moved = |l: usize| {
            let far = self.run.tensor_value(DISTANCE_FROM_INIT, Role::Weight, last, l);
            far / self.run.tensor_value(PARAM_NORM, Role::Weight, 0, l)
        };
        let all: Vec<f64> = (0..self.hidden()).map(moved).collect();
        let most = all.iter().copied().fold(0.0, f64::max);
        let ratio = all.first()? / most;
        let limit = self.limits.moved_alike;
        let evidence = Evidence::new(Measure::MovementRatio, ratio).at(&[], Some((step, step)));
        (ratio.is_finite() && all.iter().all(|m| m.is_finite()))
            .then(|| evidence.at_least("moved_alike", limit))
    }

    /// How often the training set was seen, where that is known and too few times for the course of the loss to
    /// say how it goes on: not once, or a few times by a network that has learned something.
    pub fn few_epochs(&self) -> Option<Evidence> {
        let header = self.run.header();
        let a_batch =
            || header.facts.train_size.zip(header.facts.batch_size).map(|(n, b)| n as f64 / b as f64);
        let per_epoch = header.steps_per_epoch.map(|n| n as f64).or_else(a_batch).filter(|&n| n > 0.0)?;
        let (key, limit) = match self.training.state {
            State::Partly => ("few_epochs", self.limits.few_epochs),
            _ => ("first_epochs", self.limits.first_epochs),
        };
        let epochs = self.run.end() as f64 / per_epoch;
        let evidence = Evidence::new(Measure::Epochs, epochs).at(&[], Some((0, self.run.end())));
        (epochs <= limit).then(|| evidence.at_most(key, limit))
    }

    /// True where the optimiser divides each gradient by its usual size: the rate alone says how long a step is,
    /// however faint the signal.
    pub fn is_adaptive(&self) -> bool {
        let optimizer = self.run.header().facts.optimizer.as_ref();
        optimizer.is_some_and(|o| super::advice::is_adaptive(&o.name))
    }

    /// The layers whose relative updates are judged: the hidden ones, or the only layer.
    pub fn working_layers(&self) -> Range<usize> {
        0..self.hidden().max(1).min(self.run.layers())
    }

    /// The largest relative update of a working layer, typical of the first rows, the last ones or the whole
    /// run, whichever is largest: a warm-up begins with small updates, a collapsed network ends with them.
    /// Returned with its layer (from 0) and steps.
    ///
    /// # Errors
    /// What is missing.
    pub fn fastest_update(&self) -> Result<(f64, usize, (u64, u64)), Missing> {
        self.fastest_update_in(&[Part::First, Part::Whole, Part::Last], self.working_layers())
    }

    /// The same without the first rows, unless they are faster by `even_factor`: the first steps of an
    /// adaptive optimiser are several times too long, but a network that large first steps have killed is not
    /// slow.
    ///
    /// # Errors
    /// What is missing.
    pub fn usual_update(&self) -> Result<(f64, usize, (u64, u64)), Missing> {
        let fastest = self.fastest_update()?;
        match self.fastest_update_in(&[Part::Whole, Part::Last], self.working_layers()) {
            Ok(usual) if fastest.0 < self.limits.even_factor * usual.0 => Ok(usual),
            _ => Ok(fastest),
        }
    }

    /// The largest relative update of any layer, the output layer too.
    ///
    /// # Errors
    /// What is missing.
    pub fn fastest_update_anywhere(&self) -> Result<f64, Missing> {
        Ok(self.fastest_update_in(&[Part::First, Part::Whole, Part::Last], 0..self.run.layers())?.0)
    }

    fn fastest_update_in(
        &self,
        parts: &[Part],
        layers: Range<usize>,
    ) -> Result<(f64, usize, (u64, u64)), Missing> {
        let grid = self.relative_updates();
        if grid.all_missing() {
            return Err(Missing::Updates);
        }
        let mut best: Option<(f64, usize, (u64, u64))> = None;
        for &part in parts {
            let rows = self.rows(part);
            let Some(steps) = self.steps(&rows) else { continue };
            let profile = self.profile(&grid, rows);
            for l in layers.clone() {
                let value = match profile[l] {
                    Measured::Finite(x) => x,
                    Measured::Zero | Measured::Underflow => 0.0,
                    _ => continue,
                };
                if best.is_none_or(|b| value > b.0) {
                    best = Some((value, l, steps));
                }
            }
        }
        best.ok_or(Missing::Gap { column: "update_norm", last: None })
    }

    /// Norm of one sample's weight gradient over the norm of the weights, `[layer, row]`.
    pub fn relative_gradients(&self) -> Grid {
        Grid::from_stored(self.run.layers(), self.record().len(), |l, r| {
            let norm = self.run.tensor_value(PARAM_NORM, Role::Weight, r, l);
            crate::analysis::ratio(self.run.layer_value(GRAD_RMS, r, l), norm)
        })
    }

    /// The last snapshot whose activations were measured, if it is late enough to represent the end of the
    /// run.
    ///
    /// # Errors
    /// What is missing.
    pub fn late_activations(&self, metric: MetricId) -> Result<(usize, u64), Missing> {
        let steps = self.record().snapshots.step();
        let known = |k: usize| (0..self.hidden()).all(|l| self.run.layer_value(metric, k, l).is_finite());
        let last = (0..steps.len()).rev().find(|&k| known(k)).ok_or(Missing::Activations)?;
        let step = steps[last];
        if (step as f64) < self.limits.judged_share * (self.run.end().saturating_sub(1)) as f64 {
            return Err(Missing::Gap { column: metric.id, last: Some(step) });
        }
        Ok((last, step))
    }
}
