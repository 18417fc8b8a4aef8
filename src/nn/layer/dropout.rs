//! Inverted dropout (Srivastava et al. 2014): in training a value is set to 0 with probability p and divided
//! by 1 - p otherwise, so that its mean stays; in evaluation nothing happens.
//!
//! Whether an element is dropped is a function of the seed, the step, the layer and the element's place in
//! the batch alone: a counter through a hash, not a stream that is drawn from. The same masks come for any
//! number of threads, and the backward pass makes them again instead of keeping them.

use super::{Backward, Forward, Layer, Mode};
use crate::nn::scalar::{Scalar, simd};

/// The dropout layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    pub width: usize,
    /// p, in [0, 1).
    pub share: f64,
    /// Tells the masks of the network's dropout layers apart.
    pub number: usize,
}

impl Dropout {
    fn mask(&self, mode: Mode) -> Option<Mask> {
        mode.training.map(|(seed, step)| Mask::new(seed, step, self.number, self.share))
    }
}

impl<T: Scalar> Layer<T> for Dropout {
    fn kind(&self) -> &'static str {
        "dropout"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let given: usize = input.iter().product();
        if given == self.width {
            Ok(input.to_vec())
        } else {
            Err(format!("takes {} inputs, not {given}", self.width))
        }
    }

    fn forward(&self, pass: Forward<'_, T>) {
        pass.y.copy_from_slice(pass.x);
        if let Some(mask) = self.mask(pass.mode) {
            mask.apply(pass.y, pass.first_row * self.width);
        }
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        dx.copy_from_slice(pass.dy);
        if let Some(mask) = self.mask(pass.mode) {
            mask.apply(dx, pass.first_row * self.width);
        }
    }
}

/// The masks of one layer in one step.
#[derive(Clone, Copy, Debug)]
struct Mask {
    key: u64,
    /// An element whose 32 bits are below this is dropped.
    threshold: u64,
    scale: f64,
}

impl Mask {
    /// `share` is p, in [0, 1).
    fn new(seed: u64, step: u64, layer: usize, share: f64) -> Mask {
        let key = mix(mix(mix(seed) ^ step) ^ layer as u64);
        Mask { key, threshold: (share * 2f64.powi(32)).round() as u64, scale: 1.0 / (1.0 - share) }
    }

    /// Multiplies elements `first ..` of the layer's `[rows, units]` by 0 or 1 / (1 - p).
    fn apply<T: Scalar>(&self, values: &mut [T], first: usize) {
        let Mask { key, threshold, .. } = *self;
        let scale = T::from_f64(self.scale);
        simd(
            #[inline(always)]
            move || {
                for (i, x) in values.iter_mut().enumerate() {
                    let bits = mix(key.wrapping_add((first + i) as u64)) >> 32;
                    // Not `x * 0`: the output of a unit that is dropped does not count, whatever it was.
                    *x = T::pick(bits < threshold, T::ZERO, *x * scale);
                }
            },
        );
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a fixed hash, the same in every run.
#[inline(always)]
pub(crate) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(step: u64, layer: usize, share: f64, n: usize) -> Vec<f64> {
        let mut values = vec![1.0; n];
        Mask::new(7, step, layer, share).apply(&mut values, 0);
        values
    }

    #[test]
    fn the_share_is_dropped_and_the_mean_stays() {
        let n = 200_000;
        for share in [0.0, 0.1, 0.5, 0.9] {
            let values = mask(3, 1, share, n);
            let dropped = values.iter().filter(|&&x| x == 0.0).count() as f64 / n as f64;
            // Five standard deviations of the share of independent draws.
            let deviation = (share * (1.0 - share) / n as f64).sqrt();
            assert!((dropped - share).abs() <= 5.0 * deviation, "{share}: {dropped}");
            assert!(values.iter().all(|&x| x == 0.0 || x == 1.0 / (1.0 - share)));
        }
    }

    #[test]
    fn masks_of_steps_layers_and_neighbours_are_independent() {
        let n = 100_000;
        let first = mask(3, 1, 0.5, n);
        let agree = |other: &[f64]| first.iter().zip(other).filter(|(a, b)| a == b).count() as f64 / n as f64;
        let shifted: Vec<f64> = first.iter().cycle().skip(1).take(n).copied().collect();
        for other in [mask(4, 1, 0.5, n), mask(3, 2, 0.5, n), shifted] {
            // Half of the places agree by chance, with deviation 0.5 / sqrt(n).
            assert!((agree(&other) - 0.5).abs() < 2.5 / (n as f64).sqrt());
        }
        assert_eq!(first, mask(3, 1, 0.5, n));
    }

    #[test]
    fn a_piece_is_that_part_of_the_whole() {
        let whole = mask(1, 1, 0.3, 100);
        let mut piece = vec![1.0; 40];
        Mask::new(7, 1, 1, 0.3).apply(&mut piece, 60);
        assert_eq!(piece, whole[60..]);
    }
}
