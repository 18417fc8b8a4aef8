//! What a snapshot reads: distances, their sketch, and the statistics of activations.

use std::arch::x86_64::*;

use super::Avx512;
use super::vector::{first_lanes, widen};
use crate::nn::norm::{SquareSum, careful_sum, is_safe};

/// Elements of a run of the sketch, and its buckets.
const BUCKETS: usize = 64;

/// Runs whose squares are added in f32: 32 in each lane.
const RUNS: usize = 32;

/// Squared norm of `now - initial`, and its CountSketch: element j of run r is added to bucket (j + rotation)
/// mod 64 with the sign that bit j of `random(r)` gives; `random` returns signs and rotation.
pub fn sketch(
    _: Avx512,
    now: &[f32],
    initial: &[f32],
    random: impl Fn(u64) -> (u64, u64),
    buckets: &mut [f32; BUCKETS],
) -> SquareSum {
    assert_eq!(now.len(), initial.len());
    let mut sum = SquareSum::ZERO;
    let mut sums = Sums { by_turn: [[[0.0; 16]; 4]; 4] };
    for (block, (now, initial)) in now.chunks(RUNS * BUCKETS).zip(initial.chunks(RUNS * BUCKETS)).enumerate()
    {
        let mut random_words = [(0, 0); RUNS];
        for (r, word) in random_words[..now.len().div_ceil(BUCKETS)].iter_mut().enumerate() {
            *word = random((block * RUNS + r) as u64);
        }
        // SAFETY: the token proves the features; the slices are equally long and no longer than a block.
        let (square, moved) = unsafe { sketch_block(now, initial, &random_words, &mut sums) };
        if moved {
            sum = sum.plus(trusted(now, initial, square));
        }
    }
    *buckets = [0.0; BUCKETS];
    for (turn, parts) in sums.by_turn.iter().enumerate() {
        for (v, bucket) in buckets.chunks_exact_mut(16).enumerate() {
            bucket.iter_mut().zip(&parts[(v + turn) % 4]).for_each(|(b, &x)| *b += x);
        }
    }
    sum
}

/// Bucket sums; the four vectors of a run are turned by a multiple of 16 only when all is added up.
#[repr(align(64))]
struct Sums {
    by_turn: [[[f32; 16]; 4]; 4],
}

fn trusted(now: &[f32], initial: &[f32], square: f64) -> SquareSum {
    if is_safe::<f32>(square, now.len()) {
        return SquareSum { sum: square, exponent: 0 };
    }
    let mut difference = [0.0; RUNS * BUCKETS];
    let difference = &mut difference[..now.len()];
    for ((d, &a), &b) in difference.iter_mut().zip(now).zip(initial) {
        *d = a - b;
    }
    careful_sum(difference)
}

/// # Safety
/// The processor has the features; the slices are equally long, at most `RUNS * BUCKETS`.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn sketch_block(
    now: &[f32],
    initial: &[f32],
    random: &[(u64, u64); RUNS],
    sums: &mut Sums,
) -> (f64, bool) {
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut squares = [_mm512_setzero_ps(); 4];
    let mut bits = _mm512_setzero_si512();
    for (run, &(signs, rotation)) in random[..now.len().div_ceil(BUCKETS)].iter().enumerate() {
        let at = run * BUCKETS;
        let len = (now.len() - at).min(BUCKETS);
        let mut d = [_mm512_setzero_ps(); 4];
        for v in 0..4 {
            let mask = first_lanes(len.saturating_sub(16 * v).min(16));
            // SAFETY: the lanes of the mask are elements of both.
            let x = unsafe {
                _mm512_sub_ps(
                    _mm512_maskz_loadu_ps(mask, now.as_ptr().wrapping_add(at + 16 * v)),
                    _mm512_maskz_loadu_ps(mask, initial.as_ptr().wrapping_add(at + 16 * v)),
                )
            };
            squares[v] = _mm512_fmadd_ps(x, x, squares[v]);
            bits = _mm512_or_si512(bits, _mm512_castps_si512(x));
            d[v] = _mm512_mask_sub_ps(x, (signs >> (16 * v)) as u16, _mm512_setzero_ps(), x);
        }
        // Bucket b takes element (b + 64 - rotation) mod 64.
        let turn = (BUCKETS as u64 - rotation) % BUCKETS as u64;
        let index = _mm512_add_epi32(lanes, _mm512_set1_epi32((turn % 16) as i32));
        let sums = &mut sums.by_turn[(turn / 16) as usize];
        for v in 0..4 {
            let shifted = _mm512_permutex2var_ps(d[v], index, d[(v + 1) % 4]);
            // SAFETY: 16 numbers.
            unsafe {
                let sum = _mm512_add_ps(_mm512_loadu_ps(sums[v].as_ptr()), shifted);
                _mm512_storeu_ps(sums[v].as_mut_ptr(), sum);
            }
        }
    }
    let total = _mm512_add_ps(_mm512_add_ps(squares[0], squares[1]), _mm512_add_ps(squares[2], squares[3]));
    (_mm512_reduce_add_pd(widen(total)), _mm512_test_epi32_mask(bits, bits) != 0)
}

/// Over `values` and `slopes` `[rows, alive.len()]` (slopes may be empty): the sums of x - pivot and its
/// square, how many slopes are under `bound`, the sum of squared slopes. `alive` becomes true where a slope
/// is above `dead_bound`.
pub fn statistics(
    _: Avx512,
    values: &[f32],
    slopes: &[f32],
    [pivot, bound, dead_bound]: [f32; 3],
    alive: &mut [bool],
) -> [f64; 4] {
    assert!(values.len().is_multiple_of(alive.len()) && (slopes.is_empty() || slopes.len() == values.len()));
    // SAFETY: the token proves the features; the lengths were checked.
    unsafe { statistics_512(values, slopes, [pivot, bound, dead_bound], alive) }
}

/// # Safety
/// The processor has the features; the lengths are as in [`statistics`].
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn statistics_512(
    values: &[f32],
    slopes: &[f32],
    [pivot, bound, dead_bound]: [f32; 3],
    alive: &mut [bool],
) -> [f64; 4] {
    /// Rows whose terms are added in f32.
    const ROWS: usize = 32;
    let width = alive.len();
    let [pivot, bound, dead_bound] = [pivot, bound, dead_bound].map(|x| _mm512_set1_ps(x));
    let mut totals = [_mm512_setzero_pd(); 3];
    let mut saturated = 0u64;
    for (piece, alive) in alive.chunks_mut(16).enumerate() {
        let mask = first_lanes(alive.len());
        let mut is_alive = 0;
        for (b, rows) in values.chunks(ROWS * width).enumerate() {
            let mut sums = [_mm512_setzero_ps(); 3];
            let first = b * ROWS * width + 16 * piece;
            for r in 0..rows.len() / width {
                let at = first + r * width;
                // SAFETY: the lanes of the mask are elements of row r.
                let x = unsafe { _mm512_maskz_loadu_ps(mask, values.as_ptr().wrapping_add(at)) };
                let d = _mm512_maskz_sub_ps(mask, x, pivot);
                sums[0] = _mm512_add_ps(sums[0], d);
                sums[1] = _mm512_fmadd_ps(d, d, sums[1]);
                if !slopes.is_empty() {
                    // SAFETY: as above.
                    let s = unsafe { _mm512_maskz_loadu_ps(mask, slopes.as_ptr().wrapping_add(at)) };
                    saturated +=
                        u64::from(_mm512_mask_cmp_ps_mask::<_CMP_LT_OQ>(mask, s, bound).count_ones());
                    is_alive |= _mm512_mask_cmp_ps_mask::<_CMP_GT_OQ>(mask, s, dead_bound);
                    sums[2] = _mm512_fmadd_ps(s, s, sums[2]);
                }
            }
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total = _mm512_add_pd(*total, widen(sum));
            }
        }
        for (j, alive) in alive.iter_mut().enumerate() {
            *alive |= is_alive >> j & 1 == 1;
        }
    }
    let [sum, square, slope_square] = totals.map(|x| _mm512_reduce_add_pd(x));
    [sum, square, saturated as f64, slope_square]
}
