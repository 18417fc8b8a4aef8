//! The bins of recorded histograms: signed, logarithmic, the same for every layer and step.
//!
//! ```text
//! number   0        1 ... 61            62         63    64        65 ... 125        126      127
//! values   < -top   (-top, -bottom)     (-b, 0)    0     (0, b]    (bottom, top]     > top    NaN
//! ```
//!
//! Magnitudes are cut at powers of two, and some of the octaves into equal parts: those of values from 2^-25
//! to 2^8 with eight parts to each octave from 1/4 to 4, where activation functions bend and saturate;
//! those of signals from 2^-48 to 2^13, for signals that fall by a factor in every layer. A magnitude lies
//! in the bin whose upper edge it does not exceed, so that the end 1 of a sigmoid belongs to (15/16, 1].

use std::ops::Range;
use std::sync::LazyLock;

/// Bins of a histogram.
pub const BINS: usize = 128;

/// Bins of magnitudes on either side of zero.
const SIDE: usize = 61;
/// The bin of exact zeros.
const ZERO: usize = SIDE + 2;
/// The bin of what is not a number.
const NAN: usize = BINS - 1;

/// Bits of the mantissa that tell the parts of an octave apart: eight.
const PART_BITS: u32 = 3;
/// Pieces of the magnitudes that are told apart before they are put into bins: those of f32's exponents.
const SIDE_PIECES: usize = 256 << PART_BITS;
/// Those of either sign, then zero and NaN; a power of two, so that no place in their table is checked.
const PIECES: usize = 4 * SIDE_PIECES;
const ZERO_PIECE: u16 = 2 * SIDE_PIECES as u16;
const NAN_PIECE: u16 = ZERO_PIECE + 1;

/// What histograms count, on either side of zero.
#[derive(Debug)]
pub struct Bins {
    /// Ascending, `SIDE + 1`.
    edges: Vec<f64>,
    /// The bin of each piece.
    bins: Box<[u8; PIECES]>,
}

/// The piece of the numbers that a number times a power of two belongs to: a few bits of it, which a loop
/// over many numbers finds at once.
pub trait Piece: Copy {
    fn piece(self, exponent: i32) -> u16;
}

macro_rules! piece {
    ($float:ty, $bits:ty, $signed:ty, $bias:literal) => {
        impl Piece for $float {
            #[inline(always)]
            fn piece(self, exponent: i32) -> u16 {
                const MANTISSA: u32 = <$float>::MANTISSA_DIGITS - 1;
                let bits = self.to_bits();
                let magnitude = bits & (<$bits>::MAX >> 1);
                // One less, so that an edge belongs to the bin below it.
                let piece = (magnitude.wrapping_sub(1) >> (MANTISSA - PART_BITS)) as $signed;
                let shift = (exponent as $signed - ($bias - 127)) << PART_BITS;
                let side = (piece + shift).clamp(0, SIDE_PIECES as $signed - 1) as u16;
                let sign = (bits >> (<$bits>::BITS - 1)) as u16;
                let piece = side + sign * SIDE_PIECES as u16;
                let piece = if magnitude > <$float>::INFINITY.to_bits() { NAN_PIECE } else { piece };
                if magnitude == 0 { ZERO_PIECE } else { piece }
            }
        }
    };
}
piece!(f32, u32, i32, 127);
piece!(f64, u64, i64, 1023);

static VALUES: LazyLock<Bins> = LazyLock::new(|| Bins::new(-25..8, -2..2));
static SIGNALS: LazyLock<Bins> = LazyLock::new(|| Bins::new(-48..13, 0..0));

impl Bins {
    /// Of pre-activations and activations.
    pub fn values() -> &'static Bins {
        &VALUES
    }

    /// Of backward signals.
    pub fn signals() -> &'static Bins {
        &SIGNALS
    }

    /// Octaves that begin at these powers of two; those of `fine` are cut.
    fn new(octaves: Range<i32>, fine: Range<i32>) -> Bins {
        let parts = 1i32 << PART_BITS;
        let cuts = octaves.clone().flat_map(|octave| {
            let parts = if fine.contains(&octave) { parts } else { 1 };
            (0..parts).map(move |part| 2f64.powi(octave) * (1.0 + f64::from(part) / f64::from(parts)))
        });
        let edges: Vec<f64> = cuts.chain([2f64.powi(octaves.end)]).collect();
        assert_eq!(edges.len(), SIDE + 1);
        let mut bins = Box::new([NAN as u8; PIECES]);
        bins[usize::from(ZERO_PIECE)] = ZERO as u8;
        for at in 0..SIDE_PIECES {
            let (octave, part) = ((at >> PART_BITS) as i32 - 127, at & ((1 << PART_BITS) - 1));
            // Inside the piece, whose ends may be edges.
            let inside = 2f64.powi(octave) * (1.0 + (part as f64 + 0.5) / f64::from(parts));
            let side = edges.partition_point(|&edge| edge < inside);
            bins[at] = (ZERO + 1 + side) as u8;
            bins[at + SIDE_PIECES] = (ZERO - 1 - side) as u8;
        }
        Bins { bins, edges }
    }

    /// The bin of a piece.
    #[inline(always)]
    pub fn of_piece(&self, piece: u16) -> usize {
        usize::from(self.bins[usize::from(piece) % PIECES])
    }

    /// The bin of `x * 2^exponent`.
    pub fn of(&self, x: impl Piece, exponent: i32) -> usize {
        self.of_piece(x.piece(exponent))
    }

    /// The values of a bin: from the lower to the higher end, of which the one farther from zero belongs to
    /// it. The outermost bins reach to infinity; that of zeros is `(0, 0)`. `None` for NaN.
    pub fn range(&self, bin: usize) -> Option<(f64, f64)> {
        let side = |from_zero: usize| {
            let low = if from_zero == 0 { 0.0 } else { self.edges[from_zero - 1] };
            (low, self.edges.get(from_zero).copied().unwrap_or(f64::INFINITY))
        };
        match bin {
            ZERO => Some((0.0, 0.0)),
            bin if bin > ZERO && bin < NAN => Some(side(bin - ZERO - 1)),
            bin if bin < ZERO => {
                let (low, high) = side(ZERO - 1 - bin);
                Some((-high, -low))
            }
            _ => None,
        }
    }

    /// The largest magnitude below which all lie in one bin, and the one above which they do.
    pub fn ends(&self) -> [f64; 2] {
        [self.edges[0], self.edges[SIDE]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: which of the documented ranges holds the value.
    fn looked_up(bins: &Bins, x: f64) -> usize {
        let holds = |bin: &usize| match bins.range(*bin) {
            None => x.is_nan(),
            Some((0.0, 0.0)) => x == 0.0,
            Some((low, high)) if *bin > ZERO => x > low && x <= high,
            Some((low, high)) => x < high && x >= low,
        };
        let found: Vec<usize> = (0..BINS).filter(holds).collect();
        assert_eq!(found.len(), 1, "{x} lies in the bins {found:?}");
        found[0]
    }

    #[test]
    fn every_number_lies_in_one_bin_the_one_that_is_found() {
        for bins in [Bins::values(), Bins::signals()] {
            let edges = bins.edges.iter().flat_map(|&e| [e.next_down(), e, e.next_up()]);
            let sizes = (-1074..1024).map(|e| 2f64.powi(e) * 1.3);
            let others = [0.0, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, 5e-324];
            for x in edges.chain(sizes).chain(others).flat_map(|x| [x, -x]) {
                assert_eq!(bins.of(x, 0), looked_up(bins, x), "{x}");
                let single = f64::from(x as f32);
                assert_eq!(bins.of(x as f32, 0), looked_up(bins, single), "{single}");
            }
            assert_eq!([bins.of(f64::NAN, 0), bins.of(-f64::NAN, 9), bins.of(-f32::NAN, -9)], [NAN; 3]);
            for exponent in [-300, -7, 0, 1, 90] {
                for x in [1.0, 1.125, -1.3, 0.0, -0.99f64] {
                    let expected = looked_up(bins, x * 2f64.powi(exponent));
                    assert_eq!([bins.of(x, exponent), bins.of(x as f32, exponent)], [expected; 2]);
                }
            }
        }
    }

    #[test]
    fn the_edges_are_those_of_the_document() {
        let values = Bins::values();
        assert_eq!(values.ends(), [2f64.powi(-25), 256.0]);
        assert_eq!(values.range(values.of(1.0, 0)), Some((0.9375, 1.0)));
        assert_eq!(values.range(values.of(-0.2, 0)), Some((-0.25, -0.125)));
        assert_eq!(values.range(values.of(-3.8, 0)), Some((-4.0, -3.75)));
        assert_eq!(values.range(0), Some((f64::NEG_INFINITY, -256.0)));
        let signals = Bins::signals();
        assert_eq!(signals.ends(), [2f64.powi(-48), 8192.0]);
        assert_eq!(signals.range(signals.of(0.3, 0)), Some((0.25, 0.5)));
        assert_eq!((signals.range(63), signals.range(127)), (Some((0.0, 0.0)), None));
        assert_eq!(signals.range(126), Some((8192.0, f64::INFINITY)));
    }
}
