//! Maxout: the largest of K linear pieces, `y_j = max_k x_{kW + j}` for W units (Goodfellow et al. 2013).
//!
//! The signal goes to the piece that was the maximum alone, of equal ones to the first.

use super::pooling::differing;
use super::{Backward, Forward, Layer, Memory};
use crate::activation::Activation;
use crate::nn::probe::Chosen;
use crate::nn::scalar::{Scalar, is_nan, simd};
use crate::nn::statistics::Statistics;

/// `[rows, pieces * units]` to `[rows, units]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maxout {
    pub pieces: usize,
    pub units: usize,
}

impl<T: Scalar> Layer<T> for Maxout {
    fn kind(&self) -> &'static str {
        "maxout"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let (wanted, given) = (self.pieces * self.units, input.iter().product::<usize>());
        if given == wanted {
            Ok(vec![self.units])
        } else {
            Err(format!("takes {wanted} inputs, not {given}"))
        }
    }

    fn memory(&self) -> Memory {
        Memory { cache: self.pieces * self.units, ..Memory::default() }
    }

    fn activation(&self) -> Option<Activation> {
        Some(Activation::Maxout(self.pieces))
    }

    fn forward(&self, pass: Forward<'_, T>) {
        if let Some(before) = pass.before {
            before.read(pass.first_row, pass.x, &[], 0);
        }
        pass.cache.copy_from_slice(pass.x);
        largest(self.pieces, self.units, pass.cache, pass.y);
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        let (columns, units) = (self.pieces * self.units, self.units);
        let (dy, slopes) = (&*pass.dy, &*pass.cache);
        simd(
            #[inline(always)]
            || {
                let rows = dx
                    .chunks_exact_mut(columns)
                    .zip(slopes.chunks_exact(columns))
                    .zip(dy.chunks_exact(units));
                for ((dx, slopes), dy) in rows {
                    for (dx, slopes) in dx.chunks_exact_mut(units).zip(slopes.chunks_exact(units)) {
                        dx.iter_mut().zip(slopes).zip(dy).for_each(|((dx, &s), &dy)| *dx = s * dy);
                    }
                }
            },
        );
    }

    fn has_winners(&self) -> bool {
        true
    }

    /// A unit with another winner differs in two pieces.
    fn winners_changed(&self, before: &[T], now: &[T]) -> f64 {
        differing(before, now) as f64 / 2.0 / (now.len() / self.pieces) as f64
    }

    fn chosen(&self, cache: &[T]) -> Option<Chosen> {
        let won = |unit: usize| (0..self.pieces).map(|k| k * self.units + unit).find(|&i| cache[i] == T::ONE);
        Some(Chosen {
            winners: (0..self.units).map(|unit| won(unit).unwrap_or(unit)).collect(),
            window: None,
            input: Some(vec![self.pieces, self.units]),
        })
    }

    /// Exactly one piece of a unit has a slope, 1: as a linear unit.
    fn observe(&self, y: &[T], _: &[T], statistics: &mut Statistics) {
        statistics.read(y, &[], 1.0, false);
    }
}

/// The largest piece of each unit. `hidden [rows, pieces * units]` becomes the derivative of the unit by each
/// of its pieces: 1 for the first that was the maximum, 0 for the others. A NaN among the pieces is the
/// maximum: it must not disappear.
fn largest<T: Scalar>(pieces: usize, units: usize, hidden: &mut [T], out: &mut [T]) {
    simd(
        #[inline(always)]
        move || {
            for (row, best) in hidden.chunks_exact_mut(pieces * units).zip(out.chunks_exact_mut(units)) {
                best.copy_from_slice(&row[..units]);
                for piece in row.chunks_exact(units).skip(1) {
                    for (best, &h) in best.iter_mut().zip(piece) {
                        *best = T::pick(h > *best || is_nan(h), h, *best);
                    }
                }
                for unit in 0..units {
                    let mut free = true;
                    for k in 0..pieces {
                        let h = &mut row[k * units + unit];
                        let wins = free && (*h == best[unit] || is_nan(*h));
                        *h = if wins { T::ONE } else { T::ZERO };
                        free &= !wins;
                    }
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxout_gives_the_slope_to_the_first_largest_piece() {
        let of = |pieces: [f64; 6]| {
            let (mut slopes, mut out) = (pieces, [f64::INFINITY; 2]);
            largest(3, 2, &mut slopes, &mut out);
            (out, slopes)
        };
        // Rows k W + j: pieces of unit 0 are 1, 3, 2; those of unit 1 are 5, 5, 4.
        assert_eq!(of([1.0, 5.0, 3.0, 5.0, 2.0, 4.0]), ([3.0, 5.0], [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]));
        assert_eq!(of([10.0, 5.0, 3.0, 5.0, 2.0, 6.0]), ([10.0, 6.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]));
        for at in [0, 2, 4] {
            let mut row = [1.0, 5.0, 3.0, 5.0, 2.0, 4.0];
            row[at] = f64::NAN;
            let (out, slopes) = of(row);
            assert!(out[0].is_nan() && slopes[at] == 1.0 && out[1] == 5.0, "{slopes:?}");
        }
    }
}
