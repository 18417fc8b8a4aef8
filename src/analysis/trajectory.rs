//! How far each layer went, and how far it still has to go.
//!
//! With theta_t the parameters of a layer at step t and T the last snapshot:
//!
//! - *movement* m_t = |theta_t - theta_0| / |theta_0|: distance from the start in units of the layer's own initial norm;
//! - *remaining share* r_t = |theta_t - theta_T| / |theta_0 - theta_T|: 1 at the start and 0 at the end for every layer,
//!   also for one that never went anywhere. So r_t alone cannot tell "still random" from "already converged":
//!   it has to be read together with m_T, and [`Displacement`] is that reading.
//!
//! r_t comes from the record's CountSketch, numerator and denominator alike, so that it starts at exactly 1.
//! The sketch estimates a squared distance with a relative standard deviation of at most sqrt(2/M), a
//! distance with about half of that ([`sketch_error`]).
//!
//! When it misleads: the straight way to the final point is not the way that was gone, and weight decay
//! shrinks a layer that learns nothing; [`Summary::decay_parts`] says how much of the movement decay alone
//! can have made.

use super::{Grid, Summary, ratio};
use crate::record::{DECAY_NORM, DISTANCE_FROM_INIT, PARAM_NORM, Role};
use crate::stats::{MISSING, Measured};

/// A layer that ends less than this from its start, relative to its initial norm, is called still random. One
/// per cent: in sigmoid networks that stay at chance the input layers end at 2e-5 to 1.5e-2, in networks that
/// train every layer passes 1e-1; beyond this mark the words are about distance, never about learning.
pub const STILL_RANDOM: f64 = 0.01;

/// Movement of every layer, and what it was measured against.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// `[layer, snapshot row]`
    pub grid: Grid,
    /// True when biases were measured against the initial norm of their layer's *weights*, since some biases
    /// began at 0.
    pub against_weights: bool,
    /// Layers (from 0) whose reference norm is zero or unknown: their movement has no unit and is missing.
    pub without_reference: Vec<usize>,
}

/// What the gradient cannot have done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecayPart {
    /// Sum of the decay parts of all updates relative to the initial norm: the farthest that decay can have
    /// moved the layer. Rows that were not recorded are taken to be like the recorded row before them.
    pub travel: f64,
    /// Final movement of the layer.
    pub movement: f64,
}

/// How a layer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Displacement {
    /// It moved less than [`STILL_RANDOM`].
    StillRandom,
    /// It moved, but no farther than weight decay alone may have carried it.
    DecayOnly,
    Moved,
    /// No unit, no snapshot, or not a number.
    Unknown,
}

/// Remaining share of the way of every layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// `[layer, snapshot row]`, shares (1 at the start, 0 at the end).
    pub remaining: Grid,
    /// Standard deviation of a sketched distance, relative.
    pub relative_error: f64,
}

impl Trajectory {
    /// Row of the first snapshot at which a layer has at most `share` of its way ahead.
    pub fn first_row_below(&self, layer: usize, share: f64) -> Option<usize> {
        self.remaining.row(layer).iter().position(|c| c.value().is_some_and(|x| x <= share))
    }
}

/// Relative standard deviation of a distance from a CountSketch of M buckets: half of sqrt(2/M), the bound
/// for its square (Charikar, Chen, Farach-Colton 2002; Thorup, Zhang 2004).
pub fn sketch_error(buckets: usize) -> f64 {
    0.5 * (2.0 / buckets.max(1) as f64).sqrt()
}

impl Summary<'_> {
    /// `[layer, snapshot row]` of the distance from the initial value relative to the initial norm (the
    /// parameter norm at the first recorded step).
    ///
    /// Biases that start at zero have no norm of their own; if any does, all biases are measured against
    /// their layer's weights, so that layers stay comparable.
    pub fn movement(&self, kind: Role) -> Movement {
        let initial = |kind, l| {
            if self.record().is_empty() { MISSING } else { self.tensor_value(PARAM_NORM, kind, 0, l) }
        };
        let layers = 0..self.layers();
        let against_weights = kind == Role::Bias
            && layers.clone().any(|l| self.tensor(l, kind).is_some() && initial(kind, l) == 0.0);
        let unit = if against_weights { Role::Weight } else { kind };
        let units: Vec<f64> = layers.map(|l| initial(unit, l)).collect();
        let grid = Grid::from_stored(self.layers(), self.record().snapshots.step().len(), |l, k| {
            let distance = self.tensor_value(DISTANCE_FROM_INIT, kind, k, l);
            // Not to have moved needs no unit.
            if Measured::from_stored(distance) == Measured::Zero { 0.0 } else { ratio(distance, units[l]) }
        });
        let unknown = |l: usize| grid.row(l).contains(&Measured::Missing);
        let without_reference =
            (0..self.layers()).filter(|&l| (units[l].is_nan() || units[l] == 0.0) && unknown(l)).collect();
        Movement { grid, against_weights, without_reference }
    }

    /// The last known movement of each layer, as stored.
    pub fn final_movement(&self, kind: Role) -> Vec<Measured> {
        let grid = self.movement(kind).grid;
        (0..self.layers()).map(|l| grid.row(l).last().copied().unwrap_or(Measured::Missing)).collect()
    }

    /// What decay can have contributed to the movement of each layer; `None` where decay or movement is not
    /// known, or decay did nothing.
    pub fn decay_parts(&self, kind: Role) -> Vec<Option<DecayPart>> {
        let (record, fin) = (self.record(), self.final_movement(kind));
        let steps = record.steps.step();
        let gap = |r: usize| steps.get(r + 1).map_or(1, |next| next - steps[r]) as f64;
        (0..self.layers())
            .map(|l| {
                let value = |metric, r| self.tensor_value(metric, kind, r, l);
                let sum: f64 = (0..record.len()).map(|r| value(DECAY_NORM, r) * gap(r)).sum();
                let initial = if record.is_empty() { return None } else { value(PARAM_NORM, 0) };
                let part = DecayPart { travel: sum / initial, movement: fin[l].positive()? };
                (part.travel.is_finite() && part.travel > 0.0).then_some(part)
            })
            .collect()
    }

    /// How each layer ended.
    pub fn displacements(&self, kind: Role) -> Vec<Displacement> {
        let decay = self.decay_parts(kind);
        self.final_movement(kind)
            .into_iter()
            .zip(decay)
            .map(|(cell, decay)| match (cell, decay) {
                (Measured::Zero | Measured::Underflow, _) => Displacement::StillRandom,
                (Measured::Finite(x), _) if x < STILL_RANDOM => Displacement::StillRandom,
                // What is left after decay's share is under the same mark.
                (Measured::Finite(_), Some(d)) if d.movement - d.travel < STILL_RANDOM => {
                    Displacement::DecayOnly
                }
                (Measured::Finite(_), _) => Displacement::Moved,
                _ => Displacement::Unknown,
            })
            .collect()
    }

    /// Remaining share of the way, from the sketch; `None` when the record has no sketch or fewer than two
    /// snapshots.
    pub fn trajectory(&self, kind: Role) -> Option<Trajectory> {
        let record = self.record();
        let columns = record.snapshots.step().len();
        if columns < 2 || self.header().sketch_buckets.is_none_or(|m| m == 0) {
            return None;
        }
        let to_final = |k, l: usize| self.distance_to_final(kind, k, l);
        to_final(0, 0)?;
        let whole: Vec<Option<f64>> = (0..self.layers()).map(|l| to_final(0, l)).collect();
        let remaining = Grid::from_cells(self.layers(), columns, |l, k| match (to_final(k, l), whole[l]) {
            (Some(d), Some(w)) => Measured::from_stored(ratio(d, w)),
            _ => Measured::Missing,
        });
        Some(Trajectory { remaining, relative_error: sketch_error(self.header().sketch_buckets?) })
    }
}
