//! Batch and layer normalisation: what they are, and their arithmetic on rows `[rows, width]`.
//!
//! `normal = (z - mean) / sqrt(variance + 1e-5)`, then `scale normal + shift`, the scale and the bias,
//! PyTorch's `weight` (gamma) and `bias` (beta). Batch normalisation takes mean and variance of each column
//! over the batch (of maps: of each channel over the batch and all positions), layer normalisation of each
//! row over its columns; the variance is the biased one (divided by the number of values). Evaluation after
//! batch normalisation uses running averages, `running <- 0.9 running + 0.1 batch` after every step, for
//! which the batch's variance is the unbiased one, as in PyTorch.
//!
//! Sums run in f64 whatever the network's type is.

use serde::{Deserialize, Serialize};

use super::scalar::{Scalar, simd};

/// What is normalised in every hidden layer, and where. Definitions are PyTorch's `BatchNorm1d`,
/// `BatchNorm2d` and `LayerNorm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    #[default]
    None,
    /// Each pre-activation over the batch, before the activation (Ioffe, Szegedy 2015).
    Batch,
    /// Each unit over the batch, after the activation.
    BatchAfter,
    /// All pre-activations of one sample, before the activation (Ba, Kiros, Hinton 2016).
    Layer,
    /// All units of one sample, after the activation.
    LayerAfter,
}

impl Normalisation {
    pub const ALL: [(Normalisation, &'static str); 5] = [
        (Normalisation::None, "none"),
        (Normalisation::Batch, "batch"),
        (Normalisation::BatchAfter, "batch-after"),
        (Normalisation::Layer, "layer"),
        (Normalisation::LayerAfter, "layer-after"),
    ];

    /// Whether the samples of a batch meet in it.
    pub fn is_batch(self) -> bool {
        matches!(self, Normalisation::Batch | Normalisation::BatchAfter)
    }

    /// Whether it comes after the activation.
    pub fn is_after(self) -> bool {
        matches!(self, Normalisation::BatchAfter | Normalisation::LayerAfter)
    }
}

crate::names::named!(Normalisation, "normalisation", Normalisation::ALL);

/// Added to a variance before its root.
pub const EPSILON: f64 = 1e-5;

/// Share of the new batch in the running mean and variance.
pub const MOMENTUM: f64 = 0.1;

/// Mean and sum of squared deviations of each column of some rows `values [rows, width]`, in `moments [2,
/// width]`.
pub(super) fn column_moments<T: Scalar>(values: &[T], width: usize, moments: &mut [f64]) {
    let rows = (values.len() / width) as f64;
    let (means, deviations) = moments.split_at_mut(width);
    simd(
        #[inline(always)]
        || {
            means.fill(0.0);
            deviations.fill(0.0);
            for row in values.chunks_exact(width) {
                means.iter_mut().zip(row).for_each(|(m, &x)| *m += x.to_f64());
            }
            means.iter_mut().for_each(|m| *m /= rows);
            for row in values.chunks_exact(width) {
                for ((d, &m), &x) in deviations.iter_mut().zip(means.iter()).zip(row) {
                    let apart = x.to_f64() - m;
                    *d += apart * apart;
                }
            }
        },
    );
}

/// [`column_moments`] of maps, `values [rows, channels, positions]`: of each channel over rows and positions.
pub(super) fn map_moments<T: Scalar>(values: &[T], positions: usize, moments: &mut [f64]) {
    let channels = moments.len() / 2;
    let count = (values.len() / channels) as f64;
    let (means, deviations) = moments.split_at_mut(channels);
    simd(
        #[inline(always)]
        || {
            means.fill(0.0);
            deviations.fill(0.0);
            for row in values.chunks_exact(channels * positions) {
                means
                    .iter_mut()
                    .zip(row.chunks_exact(positions))
                    .for_each(|(m, map)| *m += lane_sum(map, |x| x));
            }
            means.iter_mut().for_each(|m| *m /= count);
            for row in values.chunks_exact(channels * positions) {
                for ((d, &m), map) in deviations.iter_mut().zip(means.iter()).zip(row.chunks_exact(positions))
                {
                    *d += lane_sum(map, |x| (x - m) * (x - m));
                }
            }
        },
    );
}

/// Joins the moments of `more` further rows into those of `count` rows (Chan, Golub, LeVeque 1979).
pub(super) fn join_moments(moments: &mut [f64], count: usize, further: &[f64], more: usize) {
    let width = moments.len() / 2;
    let (means, deviations) = moments.split_at_mut(width);
    let (count, more) = (count as f64, more as f64);
    let total = count + more;
    for j in 0..width {
        let apart = further[j] - means[j];
        deviations[j] += further[width + j] + apart * apart * (count * more / total);
        means[j] += apart * (more / total);
    }
}

/// 1 / sqrt(variance + eps)
#[inline(always)]
pub(super) fn inverse_deviation(variance: f64) -> f64 {
    1.0 / (variance + EPSILON).sqrt()
}

/// `values [rows, width]` minus the columns' means, times their inverse deviations.
pub(super) fn normalise_columns<T: Scalar>(values: &mut [T], means: &[T], inverse: &[T]) {
    simd(
        #[inline(always)]
        || {
            for row in values.chunks_exact_mut(means.len()) {
                for ((x, &m), &i) in row.iter_mut().zip(means).zip(inverse) {
                    *x = (*x - m) * i;
                }
            }
        },
    );
}

/// [`normalise_columns`] and [`stretch`] of maps, `values [rows, channels, positions]`, with one mean,
/// inverse deviation, scale and shift a channel.
pub(super) fn normalise_maps<T: Scalar>(
    values: &mut [T],
    positions: usize,
    [means, inverse]: [&[T]; 2],
    [scale, shift]: [&[T]; 2],
    out: &mut [T],
) {
    let width = means.len() * positions;
    simd(
        #[inline(always)]
        || {
            for (row, out) in values.chunks_exact_mut(width).zip(out.chunks_exact_mut(width)) {
                let maps = row.chunks_exact_mut(positions).zip(out.chunks_exact_mut(positions));
                for (c, (map, out)) in maps.enumerate() {
                    let (mean, inverse, scale, shift) = (means[c], inverse[c], scale[c], shift[c]);
                    for (x, o) in map.iter_mut().zip(out) {
                        *x = (*x - mean) * inverse;
                        *o = scale * *x + shift;
                    }
                }
            }
        },
    );
}

/// The same over the values of each row; keeps the inverse deviations, `inverse [rows]`.
pub(super) fn normalise_rows<T: Scalar>(values: &mut [T], width: usize, inverse: &mut [T]) {
    let n = width as f64;
    simd(
        #[inline(always)]
        || {
            for (row, kept) in values.chunks_exact_mut(width).zip(inverse) {
                let mean = lane_sum(row, |x| x) / n;
                let variance = lane_sum(row, |x| (x - mean) * (x - mean)) / n;
                let inverse = inverse_deviation(variance);
                for x in row.iter_mut() {
                    *x = T::from_f64((x.to_f64() - mean) * inverse);
                }
                *kept = T::from_f64(inverse);
            }
        },
    );
}

/// Sum of f(x) in f64, in eight chains.
#[inline(always)]
fn lane_sum<T: Scalar>(values: &[T], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let whole = values.chunks_exact(8);
    let rest = whole.remainder();
    for part in whole {
        lanes.iter_mut().zip(part).for_each(|(lane, &x)| *lane += f(x.to_f64()));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, &x)| *lane += f(x.to_f64()));
    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
}

/// `out = scale * normal + shift`, column by column.
pub(super) fn stretch<T: Scalar>(normal: &[T], scale: &[T], shift: &[T], out: &mut [T]) {
    let width = scale.len();
    simd(
        #[inline(always)]
        || {
            for (out, row) in out.chunks_exact_mut(width).zip(normal.chunks_exact(width)) {
                for (((o, &x), &g), &b) in out.iter_mut().zip(row).zip(scale).zip(shift) {
                    *o = g * x + b;
                }
            }
        },
    );
}

/// Sums over some rows of `signal * normal` and of `signal`, column by column, in `sums [2, width]`: what
/// scale (gamma) and bias (beta) follow.
pub(super) fn column_products<T: Scalar>(signal: &[T], normal: &[T], width: usize, sums: &mut [f64]) {
    let (scale, shift) = sums.split_at_mut(width);
    simd(
        #[inline(always)]
        || {
            scale.fill(0.0);
            shift.fill(0.0);
            for (signal, normal) in signal.chunks_exact(width).zip(normal.chunks_exact(width)) {
                for (((g, s), &d), &x) in scale.iter_mut().zip(shift.iter_mut()).zip(signal).zip(normal) {
                    let d = d.to_f64();
                    *g += d * x.to_f64();
                    *s += d;
                }
            }
        },
    );
}

/// [`column_products`] of maps, `[rows, channels, positions]`: sums over rows and positions.
pub(super) fn map_products<T: Scalar>(signal: &[T], normal: &[T], positions: usize, sums: &mut [f64]) {
    let (scale, shift) = sums.split_at_mut(sums.len() / 2);
    let width = scale.len() * positions;
    simd(
        #[inline(always)]
        || {
            scale.fill(0.0);
            shift.fill(0.0);
            for (signal, normal) in signal.chunks_exact(width).zip(normal.chunks_exact(width)) {
                let maps = signal.chunks_exact(positions).zip(normal.chunks_exact(positions));
                for ((g, s), (signal, normal)) in scale.iter_mut().zip(shift.iter_mut()).zip(maps) {
                    *g += lane_product(signal, normal);
                    *s += lane_sum(signal, |d| d);
                }
            }
        },
    );
}

/// From the signal at the normalised columns to that before them, when the samples of a batch were normalised
/// together: `scale inverse (d - mean(d) - normal mean(d normal))`. `means [2, width]`: of d * normal and of
/// d over the batch.
pub(super) fn columns_backward<T: Scalar>(
    signal: &mut [T],
    normal: &[T],
    scale: &[T],
    inverse: &[T],
    means: &[f64],
) {
    let width = scale.len();
    let (with_normal, alone) = means.split_at(width);
    simd(
        #[inline(always)]
        || {
            for (signal, normal) in signal.chunks_exact_mut(width).zip(normal.chunks_exact(width)) {
                for j in 0..width {
                    let x = normal[j];
                    let rest = signal[j] - T::from_f64(alone[j]) - x * T::from_f64(with_normal[j]);
                    signal[j] = scale[j] * inverse[j] * rest;
                }
            }
        },
    );
}

/// [`columns_backward`] of maps, `[rows, channels, positions]`. `means [2, channels]` are those over the
/// batch of sums over the positions.
pub(super) fn maps_backward<T: Scalar>(
    signal: &mut [T],
    normal: &[T],
    positions: usize,
    [scale, inverse]: [&[T]; 2],
    means: &[f64],
) {
    let width = scale.len() * positions;
    let (with_normal, alone) = means.split_at(scale.len());
    simd(
        #[inline(always)]
        || {
            for (signal, normal) in signal.chunks_exact_mut(width).zip(normal.chunks_exact(width)) {
                let maps = signal.chunks_exact_mut(positions).zip(normal.chunks_exact(positions));
                for (c, (signal, normal)) in maps.enumerate() {
                    let [alone, with_normal] =
                        [alone[c], with_normal[c]].map(|m| T::from_f64(m / positions as f64));
                    let factor = scale[c] * inverse[c];
                    for (d, &x) in signal.iter_mut().zip(normal) {
                        *d = factor * (*d - alone - x * with_normal);
                    }
                }
            }
        },
    );
}

/// The same for the values of each row, with g = scale d: `inverse (g - mean(g) - normal mean(g normal))`.
pub(super) fn rows_backward<T: Scalar>(signal: &mut [T], normal: &[T], scale: &[T], inverse: &[T]) {
    let width = scale.len();
    let n = width as f64;
    simd(
        #[inline(always)]
        || {
            for ((signal, normal), &inverse) in
                signal.chunks_exact_mut(width).zip(normal.chunks_exact(width)).zip(inverse)
            {
                signal.iter_mut().zip(scale).for_each(|(d, &g)| *d = *d * g);
                let alone = T::from_f64(lane_sum(signal, |d| d) / n);
                let with_normal = T::from_f64(lane_product(signal, normal) / n);
                for (d, &x) in signal.iter_mut().zip(normal) {
                    *d = inverse * (*d - alone - x * with_normal);
                }
            }
        },
    );
}

/// Sum in f64.
pub(super) fn sum<T: Scalar>(values: &[T]) -> f64 {
    simd(
        #[inline(always)]
        || lane_sum(values, |x| x),
    )
}

#[inline(always)]
fn lane_product<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a.to_f64() * b.to_f64();
        }
    }
    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_blocks_are_those_of_all_rows() {
        // A large mean: the textbook E x^2 - (E x)^2 has no digit left there.
        let values: Vec<f64> = (0..7 * 3).map(|i| 1e9 + (i as f64 * 0.7).sin()).collect();
        let (mut whole, mut part, mut rest) = ([0.0; 6], [0.0; 6], [0.0; 6]);
        column_moments(&values, 3, &mut whole);
        column_moments(&values[..6], 3, &mut part);
        column_moments(&values[6..], 3, &mut rest);
        join_moments(&mut part, 2, &rest, 5);
        for (a, b) in whole.iter().zip(&part) {
            assert!((a - b).abs() <= 1e-6 * b.abs(), "{whole:?} {part:?}");
        }
    }
}
