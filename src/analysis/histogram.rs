//! How the numbers of a layer are distributed at a snapshot, in shares of all that were counted.

use super::Summary;
use crate::record::{ACTIVATION_HISTOGRAM, MetricId, PRE_ACTIVATION_HISTOGRAM, SIGNAL_HISTOGRAM};
use crate::stats::bins::{BINS, Bins};

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counted {
    /// What an activation function made of its input.
    #[default]
    Activation,
    /// What it was given.
    PreActivation,
    /// d loss / d pre-activation of single samples.
    Signal,
}

impl Counted {
    pub const ALL: [Counted; 3] = [Counted::Activation, Counted::PreActivation, Counted::Signal];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Counted::Activation => "activation",
            Counted::PreActivation => "pre-activation",
            Counted::Signal => "signal",
        }
    }

    pub fn metric(self) -> MetricId {
        match self {
            Counted::Activation => ACTIVATION_HISTOGRAM,
            Counted::PreActivation => PRE_ACTIVATION_HISTOGRAM,
            Counted::Signal => SIGNAL_HISTOGRAM,
        }
    }

    pub fn bins(self) -> &'static Bins {
        if self == Counted::Signal { Bins::signals() } else { Bins::values() }
    }
}

/// Values from `low` to `high`, and the share of them. The end farther from zero belongs to them; where both
/// ends are 0 they are exact zeros.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    pub low: f64,
    pub high: f64,
    pub share: f64,
}

impl Bin {
    pub fn is_zero(&self) -> bool {
        self.low == 0.0 && self.high == 0.0
    }

    /// The largest magnitude in it.
    pub fn reach(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The magnitude that all of them exceed.
    pub fn least(&self) -> f64 {
        self.low.abs().min(self.high.abs())
    }
}

/// The distribution of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Ascending; the first and the last reach to infinity.
    pub bins: Vec<Bin>,
    /// Share of what is not a number.
    pub nan: f64,
}

impl Histogram {
    pub fn new(bins: &Bins, counts: &[f32]) -> Histogram {
        let total: f64 = counts.iter().map(|&n| f64::from(n)).sum();
        let share = |bin: usize| f64::from(counts[bin]) / total;
        let ranges = (0..BINS).filter_map(|bin| Some((bin, bins.range(bin)?)));
        let all = ranges.map(|(bin, (low, high))| Bin { low, high, share: share(bin) });
        let nan = (0..BINS).find(|&bin| bins.range(bin).is_none()).map_or(0.0, share);
        Histogram { bins: all.collect(), nan }
    }

    /// Share of the values in the bins for which `is` holds.
    pub fn share(&self, is: impl Fn(&Bin) -> bool) -> f64 {
        self.bins.iter().filter(|bin| is(bin)).map(|bin| bin.share).sum()
    }

    /// The largest edge of a bin below which at most this share of those lies that are not zero; 0 where all
    /// are zero.
    pub fn sizes_from(&self, share: f64) -> f64 {
        let mut sizes: Vec<&Bin> = self.bins.iter().filter(|b| b.share > 0.0 && !b.is_zero()).collect();
        sizes.sort_by(|a, b| a.least().total_cmp(&b.least()));
        let all: f64 = sizes.iter().map(|b| b.share).sum();
        let mut below = 0.0;
        for bin in sizes {
            below += bin.share;
            if below > share * all {
                return bin.least();
            }
        }
        0.0
    }

    /// The least edge of a bin that at least this share of the magnitudes does not exceed; infinite where it
    /// lies beyond the bins, or where too many are not numbers.
    pub fn reach_of(&self, share: f64) -> f64 {
        let mut reaches: Vec<(f64, f64)> =
            self.bins.iter().filter(|b| b.share > 0.0).map(|b| (b.reach(), b.share)).collect();
        reaches.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sum = 0.0;
        let reached = reaches.iter().find(|(_, own)| {
            sum += own;
            // A rounding error of the sum is no count.
            sum >= share - 1e-9
        });
        reached.map_or(f64::INFINITY, |(reach, _)| *reach)
    }
}

impl Summary<'_> {
    /// The distribution of a layer with weights at a snapshot; `None` where nothing was counted.
    pub fn histogram(&self, counted: Counted, row: usize, layer: usize) -> Option<Histogram> {
        let counts = self.record.snapshots.counts(counted.metric(), row, self.layers[layer])?;
        Some(Histogram::new(counted.bins(), counts))
    }

    /// The snapshots at which any layer was counted.
    pub fn counted_rows(&self, counted: Counted) -> Vec<usize> {
        let snapshots = &self.record.snapshots;
        let has =
            |row: &usize| self.layers.iter().any(|&l| snapshots.counts(counted.metric(), *row, l).is_some());
        (0..snapshots.len()).filter(has).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_all_that_was_counted_and_reaches_are_edges() {
        let bins = Bins::values();
        let mut counts = [0.0f32; BINS];
        for x in [0.0, 0.0, 1.0, -0.99, 0.3, f64::NAN, 1000.0, -1e-9] {
            counts[bins.of(x, 0)] += 1.0;
        }
        let of = Histogram::new(bins, &counts);
        assert_eq!(of.nan, 0.125);
        assert_eq!(of.share(Bin::is_zero), 0.25);
        assert_eq!(of.share(|b| b.least() >= 15.0 / 16.0), 0.375);
        assert_eq!(of.share(|b| b.high < 0.0), 0.125);
        assert_eq!(of.share(|_| true), 0.875);
        // Three of eight are not above 2^-25, five not above 0.3125, seven have a magnitude at all.
        assert_eq!([of.reach_of(0.25), of.reach_of(0.375)], [0.0, 2f64.powi(-25)]);
        assert_eq!([of.reach_of(0.5), of.reach_of(0.75)], [0.3125, 1.0]);
        // Of five that are not zero: below 2^-25, above 9/32, two above 15/16, above 256.
        assert_eq!([of.sizes_from(0.0), of.sizes_from(0.2), of.sizes_from(0.4)], [0.0, 0.28125, 0.9375]);
        assert!(of.reach_of(0.875).is_infinite() && of.reach_of(1.0).is_infinite());
    }
}
