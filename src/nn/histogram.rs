//! How the numbers of a layer are distributed: counts in the bins of [`crate::stats::bins`].
//!
//! At most about [`MOST`] numbers of a layer and batch are counted, so that a snapshot stays cheap beside the
//! steps around it: a share p is then known to within sqrt(p (1 - p) / MOST), 1.1 percentage points at most. They are
//! taken in pieces of up to [`PIECE`] neighbours of a row, every so many pieces over the whole batch. Which
//! ones depends on the shapes alone, and not on the blocks that the batch is cut into.

use super::scalar::{Scalar, simd};
use crate::stats::bins::{BINS, Bins};

/// Numbers of a layer that are counted, where it has more.
const MOST: usize = 2048;
/// Neighbours in a row that are counted together.
const PIECE: usize = 64;

/// Counts over some rows of a layer that is `width` wide.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    bins: &'static Bins,
    width: usize,
    /// Pieces of a row, and of how many pieces one is counted.
    pieces: usize,
    stride: usize,
    /// Their sum counts.
    counts: [[u32; BINS]; 2],
}

/// The distributions of a layer where its activations are observed: before and behind the function.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    pub before: Histogram,
    pub after: Histogram,
}

impl Around {
    pub fn clear(&mut self) {
        self.before.clear();
        self.after.clear();
    }
}

fn have_no_common_factor(a: usize, b: usize) -> bool {
    if b == 0 { a == 1 } else { have_no_common_factor(b, a % b) }
}

impl Histogram {
    /// Of a layer in batches of so many rows.
    pub fn new(bins: &'static Bins, rows: usize, width: usize) -> Histogram {
        let pieces = width.div_ceil(PIECE);
        let at_least = (rows * width).div_ceil(MOST).max(1);
        // Without a common factor every place of a row has its turn.
        let stride = (at_least..).find(|&stride| have_no_common_factor(stride, pieces)).unwrap_or(at_least);
        Histogram { bins, width, pieces, stride, counts: [[0; BINS]; 2] }
    }

    pub fn clear(&mut self) {
        self.counts = [[0; BINS]; 2];
    }

    /// Counts `(values + bias) * 2^exponent` for rows of a block, `values [rows, width]`, that begins at row
    /// `first` of the batch; an empty bias is none.
    pub fn read<T: Scalar>(&mut self, first: usize, values: &[T], bias: &[T], exponent: i32) {
        let (start, end) = (first * self.pieces, (first + values.len() / self.width) * self.pieces);
        for piece in (start.next_multiple_of(self.stride)..end).step_by(self.stride) {
            let (row, from) = (piece / self.pieces - first, piece % self.pieces * PIECE);
            let columns = from..(from + PIECE).min(self.width);
            let numbers = &values[row * self.width..][columns.clone()];
            self.count(numbers, if bias.is_empty() { bias } else { &bias[columns] }, exponent);
        }
    }

    /// First where each number belongs, all at once, then the counts: two tables in turn, because numbers that
    /// follow one another often share a bin, and each would wait for the one before it.
    fn count<T: Scalar>(&mut self, numbers: &[T], bias: &[T], exponent: i32) {
        let mut pieces = [0; PIECE];
        let pieces = &mut pieces[..numbers.len()];
        simd(
            #[inline(always)]
            || match bias.is_empty() {
                true => pieces.iter_mut().zip(numbers).for_each(|(to, x)| *to = x.piece(exponent)),
                false => {
                    let sums = numbers.iter().zip(bias).map(|(&x, &b)| x + b);
                    pieces.iter_mut().zip(sums).for_each(|(to, x)| *to = x.piece(exponent));
                }
            },
        );
        let (pairs, odd) = pieces.as_chunks::<2>();
        for [a, b] in pairs {
            self.counts[0][self.bins.of_piece(*a) % BINS] += 1;
            self.counts[1][self.bins.of_piece(*b) % BINS] += 1;
        }
        odd.iter().for_each(|a| self.counts[0][self.bins.of_piece(*a) % BINS] += 1);
    }

    /// Adds the counts to those of other blocks.
    pub fn add_to(&self, counts: &mut [f32]) {
        let [a, b] = &self.counts;
        counts.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += (a + b) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Histogram {
        fn sum(&self) -> [f32; BINS] {
            let mut counts = [0.0; BINS];
            self.add_to(&mut counts);
            counts
        }
    }

    #[test]
    fn a_batch_of_few_numbers_is_counted_whole_and_a_larger_one_evenly() {
        for (rows, width) in [(10, 30), (100, 40), (100, 100), (128, 784), (3, 12_544), (5000, 1), (1, 1)] {
            let mut of = Histogram::new(Bins::values(), rows, width);
            // Each number is its column, so that the bins tell columns apart only roughly; the sum does not.
            let values: Vec<f64> = (0..rows * width).map(|i| 1.0 + (i % width) as f64).collect();
            of.read(0, &values, &[], 0);
            let counted: u32 = of.counts.iter().flatten().sum();
            let all = (rows * width) as f64;
            let expected = all.min(MOST as f64);
            let share = f64::from(counted) / expected;
            assert!((0.5..=1.1).contains(&share), "{rows} x {width}: {counted} of {expected}");
            if all <= MOST as f64 {
                assert_eq!(f64::from(counted), all);
            }
            // In blocks it is the same.
            let mut cut = Histogram::new(Bins::values(), rows, width);
            let half = rows / 2;
            cut.read(0, &values[..half * width], &[], 0);
            cut.read(half, &values[half * width..], &[], 0);
            assert_eq!(of.sum(), cut.sum());
        }
    }

    #[test]
    fn bias_and_power_of_two_are_part_of_the_number() {
        let mut of = Histogram::new(Bins::values(), 2, 2);
        of.read(0, &[1.0f32, -2.0, 0.0, 4.0], &[0.5, 2.0], 1);
        let mut expected = [0.0; BINS];
        for x in [3.0, 0.0, 1.0, 12.0] {
            expected[Bins::values().of(x, 0)] += 1.0;
        }
        assert_eq!(of.sum(), expected);
        of.clear();
        assert_eq!(of.sum(), [0.0; BINS]);
    }
}
