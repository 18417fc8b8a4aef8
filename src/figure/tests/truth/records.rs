//! Runs of every kind: that diverged, stand still, have one step, miss metrics, or hold what is no number.

use crate::figure::testing::{Synthetic, healthy};
use crate::record::*;
use crate::stats::{MISSING, UNDERFLOW};

/// SplitMix64 (Steele, Lea, Flood 2014): a sequence that never changes.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both among them.
    pub fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.real(0.0, 1.0) < share
    }
}

/// Increasing steps from 0, close together at first or evenly spaced.
fn steps(dice: &mut Dice, count: u64, gap: u64) -> Vec<u64> {
    let mut at = 0;
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(at);
        at += dice.whole(1, gap);
    }
    all
}

/// How a quantity of layers goes: decades per layer, decades over the run, noise, and what is no number.
struct Course {
    size: f64,
    per_layer: f64,
    over_time: f64,
    noise: f64,
    /// Share of the cells of the first `special_layers` that are this instead.
    special: f64,
    special_share: f64,
    special_layers: usize,
}

impl Course {
    fn of(dice: &mut Dice, layers: usize) -> Course {
        let special = [0.0, UNDERFLOW, f64::NAN, f64::INFINITY, MISSING][dice.whole(0, 4) as usize];
        let common = dice.chance(0.25);
        Course {
            size: dice.real(-4.0, 2.0),
            per_layer: if dice.chance(0.4) { 0.0 } else { dice.real(-1.5, 1.5) },
            over_time: if dice.chance(0.6) { 0.0 } else { dice.real(-3.0, 3.0) },
            noise: if dice.chance(0.3) { 0.0 } else { dice.real(0.0, 0.6) },
            special,
            special_share: match (common, dice.chance(0.5)) {
                (false, _) => 0.0,
                (true, true) => 1.0,
                (true, false) => dice.real(0.1, 0.9),
            },
            special_layers: dice.whole(1, layers as u64) as usize,
        }
    }

    fn value(&self, dice: &mut Dice, layer: usize, share_of_run: f64) -> f64 {
        if layer <= self.special_layers && dice.chance(self.special_share) {
            return self.special;
        }
        let noise = if self.noise > 0.0 { dice.real(-self.noise, self.noise) } else { 0.0 };
        let slope = self.per_layer * (1.0 + self.over_time * share_of_run);
        10f64.powf(self.size + slope * layer as f64 + noise)
    }
}

/// A run of this many weight layers.
pub fn run(dice: &mut Dice, layers: usize) -> Record {
    let (count, gap) = (dice.whole(1, 45), dice.whole(1, 12));
    let steps = steps(dice, count, gap);
    let last = steps.last().unwrap() + 1;
    let mut snapshots: Vec<u64> = (0..dice.whole(0, 7)).map(|k| k * last / 8).collect();
    snapshots.push(last);
    snapshots.dedup();
    let mut at: Vec<u64> = (0..dice.whole(0, 3)).map(|k| k * last / 4).collect();
    at.push(last);
    at.dedup();
    let level = dice.real(0.05, 1.0);
    let accuracy = at.iter().map(|s| (*s, dice.real(0.05, 1.0).min(level))).collect();
    let base = if dice.chance(0.5) { Synthetic::default() } else { healthy() };
    // A sketch holds the distances of the model; those without one get others.
    let sketch = dice.chance(0.5);
    let mut record = Synthetic { layers, steps, snapshots, accuracy, sketch, ..base }.record();
    fill(dice, &mut record, layers);
    if dice.chance(0.25) {
        diverge(dice, &mut record);
    } else if dice.chance(0.15) {
        let best_step = record.evals.step()[0];
        record.header.early_stop = Some(EarlyStop { best_step, stopped: true });
    }
    if dice.chance(0.3) {
        record.header.facts.weight_decay = Some(0.01);
    }
    if dice.chance(0.3) {
        record.header.facts.l1 = Some(0.001);
    }
    record
}

/// Random numbers in place of every measured quantity.
fn fill(dice: &mut Dice, record: &mut Record, layers: usize) {
    let (rows, tensors) = (record.len(), record.header.tensors.len());
    for metric in [GRAD_NORM, DRIVEN_NORM, DECAY_NORM, UPDATE_NORM, PARAM_NORM] {
        let none = metric == DECAY_NORM && dice.chance(0.6);
        let course = Course::of(dice, layers);
        for (i, value) in record.steps.values_mut(metric).iter_mut().enumerate() {
            let (row, tensor) = (i / tensors, i % tensors);
            *value = course.value(dice, 1 + tensor / 2, row as f64 / rows as f64);
            if none {
                *value = 0.0;
            }
        }
    }
    for metric in [GRAD_RMS, SIGNAL_RMS] {
        let course = Course::of(dice, layers);
        let missing = dice.chance(0.1);
        for (i, value) in record.steps.values_mut(metric).iter_mut().enumerate() {
            *value = course.value(dice, 1 + i % layers, (i / layers) as f64 / rows as f64);
            if missing {
                *value = MISSING;
            }
        }
    }
    for value in record.steps.values_mut(LOSS) {
        *value = 10f64.powf(dice.real(-3.0, 1.0));
    }
    if record.header.sketch_buckets.is_none() {
        fill_distances(dice, record, layers);
    }
    for metric in [SATURATED_SHARE, DEAD_SHARE] {
        let none = dice.chance(0.4);
        for value in record.snapshots.values_mut(metric) {
            if !value.is_nan() {
                *value = if none { 0.0 } else { dice.real(0.0, 1.0) };
            }
        }
    }
}

fn fill_distances(dice: &mut Dice, record: &mut Record, layers: usize) {
    let tensors = record.header.tensors.len();
    let course = Course::of(dice, layers);
    let columns = record.snapshots.step().len();
    let far: Vec<f64> = (0..tensors).map(|t| course.value(dice, 1 + t / 2, 0.0)).collect();
    for (i, value) in record.snapshots.values_mut(DISTANCE_FROM_INIT).iter_mut().enumerate() {
        let share = (i / tensors) as f64 / (columns - 1).max(1) as f64;
        *value = if share == 0.0 { 0.0 } else { far[i % tensors] * share };
    }
}

/// The last steps grow without bound, and then are no numbers.
fn diverge(dice: &mut Dice, record: &mut Record) {
    let rows = record.len();
    let from = dice.whole(0, rows as u64 - 1) as usize;
    let lost = dice.chance(0.7);
    for metric in [GRAD_NORM, GRAD_RMS, SIGNAL_RMS, DRIVEN_NORM, UPDATE_NORM, LOSS] {
        let values = record.steps.values_mut(metric);
        let width = values.len() / rows;
        for (i, value) in values.iter_mut().enumerate() {
            let row = i / width;
            *value = match row {
                r if r + 1 == rows && lost => f64::NAN,
                r if r >= from => *value * 10f64.powi(3 * (r - from + 1) as i32),
                _ => *value,
            };
        }
    }
    let step = record.steps.step()[rows - 1];
    record.header.status = Status::Diverged { step, what: "the loss is NaN".into() };
}
