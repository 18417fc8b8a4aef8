//! What a snapshot says about the activations of a layer: mean, deviation, saturation, dead units, slopes.
//!
//! Of maps all are taken over samples, channels and positions; a unit is a channel there, dead where it has
//! no slope at any position of any sample: its weights, which all positions share, then learn nothing.

use super::kernel;
use super::scalar::{Scalar, simd};
use crate::activation::SATURATION;

/// Sums over some rows of the activations of one layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statistics {
    count: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    deviation: f64,
    saturated: f64,
    squared_slope: f64,
    /// Activations that had a slope on some sample: units one after another, each with all its positions.
    alive: Vec<bool>,
    positions: usize,
}

/// The statistics of the activations of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationStatistics {
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
    /// Share of activations whose slope is under [`SATURATION`] times the largest one.
    pub saturated_share: f64,
    /// Share of units that had no slope on any sample; of a map's channels, at no position either.
    pub dead_share: f64,
    pub mean_squared_slope: f64,
}

/// The sums that [`Statistics`] are made of: of x - pivot and its square, of slopes under the bound, of
/// squared slopes.
fn add_statistics<T: Scalar>(
    values: &[T],
    slopes: &[T],
    [pivot, bound, dead_bound]: [T; 3],
    alive: &mut [bool],
) -> [f64; 4] {
    let units = alive.len();
    let (mut sum, mut square, mut saturated, mut slope_square) = (0.0, 0.0, 0.0, 0.0);
    simd(
        #[inline(always)]
        || {
            const LANES: usize = 16;
            let mut lanes = [[T::ZERO; LANES]; 4];
            let mut flush = |lanes: &mut [[T; LANES]; 4]| {
                let total = |lane: &[T; LANES]| lane.iter().map(|x| x.to_f64()).sum::<f64>();
                sum += total(&lanes[0]);
                square += total(&lanes[1]);
                saturated += total(&lanes[2]);
                slope_square += total(&lanes[3]);
                *lanes = [[T::ZERO; LANES]; 4];
            };
            for (r, row) in values.chunks_exact(units).enumerate() {
                let slope_row = if slopes.is_empty() { slopes } else { &slopes[r * units..(r + 1) * units] };
                for part in row.chunks(LANES) {
                    for (j, &x) in part.iter().enumerate() {
                        let d = x - pivot;
                        lanes[0][j] += d;
                        lanes[1][j] += d * d;
                    }
                }
                for part in slope_row.chunks(LANES) {
                    for (j, &s) in part.iter().enumerate() {
                        lanes[2][j] += if s < bound { T::ONE } else { T::ZERO };
                        lanes[3][j] += s * s;
                    }
                }
                for (alive, &s) in alive.iter_mut().zip(slope_row) {
                    *alive |= s > dead_bound;
                }
                flush(&mut lanes);
            }
        },
    );
    [sum, square, saturated, slope_square]
}

impl Statistics {
    /// For a layer of `units` at so many positions each: 1, but for the maps of a convolution, whose units
    /// are its channels.
    pub(super) fn new(units: usize, positions: usize) -> Statistics {
        Statistics { alive: vec![false; units * positions], positions, ..Statistics::default() }
    }

    /// Reads some rows: values, and slopes (empty for the linear output layer, whose slope is 1).
    pub(super) fn read<T: Scalar>(&mut self, values: &[T], slopes: &[T], largest_slope: f64, smooth: bool) {
        let bound = T::from_f64(SATURATION * largest_slope);
        // A rectifier's unit is dead when its slope is 0; a smooth one practically never is, it saturates.
        let dead_bound = if smooth { bound } else { T::ZERO };
        // Deviations are summed from a pivot: activations that differ little keep their digits.
        let pivot = values.first().copied().unwrap_or(T::ZERO);
        self.alive.iter_mut().for_each(|a| *a = slopes.is_empty());
        let limits = [pivot, bound, dead_bound];
        let [sum, square, saturated, slope_square] = match kernel::detect_for::<T>() {
            Some(token) => {
                let limits = limits.map(|x| x.to_f64() as f32);
                kernel::statistics(
                    token,
                    kernel::as_f32(values),
                    kernel::as_f32(slopes),
                    limits,
                    &mut self.alive,
                )
            }
            None => add_statistics(values, slopes, limits, &mut self.alive),
        };
        let count = values.len() as f64;
        self.count = count;
        self.mean = pivot.to_f64() + sum / count;
        self.deviation = (square - sum * sum / count).max(0.0);
        self.saturated = saturated;
        self.squared_slope = if slopes.is_empty() { count } else { slope_square };
    }

    /// Joins another block's rows (Chan, Golub, LeVeque 1979).
    pub(super) fn join(&mut self, other: &Statistics) {
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        self.deviation += other.deviation + apart * apart * self.count * other.count / count;
        self.mean += apart * other.count / count;
        self.count = count;
        self.saturated += other.saturated;
        self.squared_slope += other.squared_slope;
        self.alive.iter_mut().zip(&other.alive).for_each(|(a, &b)| *a |= b);
    }

    pub(super) fn values(&self) -> ActivationStatistics {
        let units = self.alive.chunks_exact(self.positions);
        let count = units.len() as f64;
        let dead = units.filter(|unit| !unit.contains(&true)).count() as f64 / count;
        ActivationStatistics {
            mean: self.mean,
            std: (self.deviation / self.count).sqrt(),
            saturated_share: self.saturated / self.count,
            dead_share: dead,
            mean_squared_slope: self.squared_slope / self.count,
        }
    }
}
