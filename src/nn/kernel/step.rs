//! The update of plain gradient descent, measured while the parameters are in registers.

use std::arch::x86_64::*;

use super::Avx512;
use super::vector::{CHUNK, each_vector, first_lanes, widen};
use crate::nn::norm::{SquareSum, careful_sum, checked, is_safe};

/// Elements whose old values are kept until their sums are known to be right.
const BLOCK: usize = 4 * CHUNK;

/// Plain gradient descent: `param += rate * (grad * unscale)`. With `measure`, squared norms of `grad` as
/// stored, of the change that `param` took, and of `param` before.
pub fn sgd(
    _: Avx512,
    param: &mut [f32],
    grad: &[f32],
    rate: f32,
    unscale: f32,
    measure: bool,
) -> [SquareSum; 3] {
    assert_eq!(param.len(), grad.len());
    let mut totals = [SquareSum::ZERO; 3];
    if !measure {
        // SAFETY: the token proves the features; the lengths were checked; nothing is written to `old`.
        unsafe { sgd_block::<false>(param, grad, rate, unscale, std::ptr::null_mut()) };
        return totals;
    }
    let mut old = std::mem::MaybeUninit::<[f32; BLOCK]>::uninit();
    for (param, grad) in param.chunks_mut(BLOCK).zip(grad.chunks(BLOCK)) {
        // SAFETY: the token proves the features; the lengths are equal, and `old` holds a block. After the
        // call, `old` is initialised as far as the block goes.
        let ([g, change, p], moved, old) = unsafe {
            let (sums, moved) = sgd_block::<true>(param, grad, rate, unscale, old.as_mut_ptr().cast());
            (sums, moved, std::slice::from_raw_parts(old.as_ptr().cast::<f32>(), param.len()))
        };
        // Whole updates are lost to rounding in deep networks: nothing to be careful about.
        let change = if moved { checked_change(param, old, change) } else { SquareSum::ZERO };
        for (total, sum) in totals.iter_mut().zip([checked(grad, g), change, checked(old, p)]) {
            *total = total.plus(sum);
        }
    }
    totals
}

/// The sum over new minus old parameters, as [`checked`] would have it.
#[inline]
fn checked_change(new: &[f32], old: &[f32], sum: f64) -> SquareSum {
    if is_safe::<f32>(sum, new.len()) {
        return SquareSum { sum, exponent: 0 };
    }
    let mut change = [0.0; CHUNK];
    let mut total = SquareSum::ZERO;
    for (new, old) in new.chunks(CHUNK).zip(old.chunks(CHUNK)) {
        let change = &mut change[..new.len()];
        for ((c, &n), &o) in change.iter_mut().zip(new).zip(old) {
            *c = n - o;
        }
        total = total.plus(careful_sum(change));
    }
    total
}

/// Updates a block. `MEASURE`: the sums of squares of gradient, change and old parameter, whether anything
/// changed; the old parameters go to `old`.
///
/// # Safety
/// The processor has the features; the slices are equally long; with `MEASURE`, `old` has room for as many.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn sgd_block<const MEASURE: bool>(
    param: &mut [f32],
    grad: &[f32],
    rate: f32,
    unscale: f32,
    old_param: *mut f32,
) -> ([f64; 3], bool) {
    let (rate, unscale) = (_mm512_set1_ps(rate), _mm512_set1_ps(unscale));
    let mut totals = [_mm512_setzero_pd(); 3];
    let mut moved_bits = _mm512_setzero_si512();
    let mut start = 0;
    while start < param.len() {
        let n = if MEASURE { CHUNK.min(param.len() - start) } else { param.len() };
        let (p, g) = (param.as_mut_ptr().wrapping_add(start), grad.as_ptr().wrapping_add(start));
        let mut sums = [[_mm512_setzero_ps(); 2]; 3];
        each_vector!(n, |at, mask, lane| {
            // SAFETY: the lanes of the mask are elements of all.
            unsafe {
                let g = _mm512_maskz_loadu_ps(mask, g.wrapping_add(at));
                let old = _mm512_maskz_loadu_ps(mask, p.wrapping_add(at));
                let new = _mm512_add_ps(old, _mm512_mul_ps(rate, _mm512_mul_ps(g, unscale)));
                _mm512_mask_storeu_ps(p.wrapping_add(at), mask, new);
                if MEASURE {
                    _mm512_mask_storeu_ps(old_param.wrapping_add(start + at), mask, old);
                    let change = _mm512_sub_ps(new, old);
                    moved_bits = _mm512_or_si512(moved_bits, _mm512_castps_si512(change));
                    for (sum, x) in sums.iter_mut().zip([g, change, old]) {
                        sum[lane] = _mm512_fmadd_ps(x, x, sum[lane]);
                    }
                }
            }
        });
        if MEASURE {
            for (total, [a, b]) in totals.iter_mut().zip(sums) {
                *total = _mm512_add_pd(*total, widen(_mm512_add_ps(a, b)));
            }
        }
        start += n;
    }
    // new - old is never -0 when it is zero.
    let moved = _mm512_test_epi32_mask(moved_bits, moved_bits) != 0;
    let mut sums = [0.0; 3];
    for (sum, total) in sums.iter_mut().zip(totals) {
        *sum = _mm512_reduce_add_pd(total);
    }
    (sums, moved)
}
