//! What is done to every element of the signal between the products: activation, slope, and the squares that
//! are recorded.
//!
//! Squares are summed in f32 over runs of [`RUN`] vectors and the runs in f64, as in [`crate::nn::norm`]. A
//! sum that may have left f32's range is `careful`ly made again there.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::Avx512;
use crate::nn::norm::checked;
use crate::nn::scalar::Scalar;

/// Vectors of 16 whose squares are added in f32 before the sum goes on in f64: 16 for each of two
/// accumulators.
const RUN: usize = 32;

/// Elements of a run.
pub(super) const CHUNK: usize = 16 * RUN;

/// The mask of the first `n` lanes, n <= 16.
#[inline(always)]
pub(super) fn first_lanes(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as u16
}

/// Lanes 0..8 and 8..16 in f64, added.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
pub(super) fn widen(x: __m512) -> __m512d {
    _mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(x)), _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(x)))
}

/// Two vectors at a time over `0..len`: calls `body(offset, mask, which of two accumulators)`.
macro_rules! each_vector {
    ($len:expr, |$at:ident, $mask:ident, $lane:ident| $body:block) => {{
        let len = $len;
        let mut $at = 0;
        while $at + 32 <= len {
            {
                let ($mask, $lane) = (0xFFFFu16, 0usize);
                $body
            }
            $at += 16;
            {
                let ($mask, $lane) = (0xFFFFu16, 1usize);
                $body
            }
            $at += 16;
        }
        while $at < len {
            let ($mask, $lane) = (first_lanes((len - $at).min(16)), 0usize);
            $body
            $at += 16;
        }
    }};
}

pub(super) use each_vector;

/// Stores the first `n <= 16` lanes without touching what follows: a masked store would make the next load,
/// if it overlaps the lanes that are masked out, wait until it is done.
///
/// # Safety
/// The processor has the features; `n` elements at `to` may be written.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
unsafe fn store_first(to: *mut f32, n: usize, x: __m512) {
    // SAFETY: the pieces are disjoint and end at element n.
    unsafe {
        if n >= 16 {
            return _mm512_storeu_ps(to, x);
        }
        let (mut to, mut half) = (to, _mm512_castps512_ps256(x));
        if n & 8 != 0 {
            _mm256_storeu_ps(to, half);
            to = to.wrapping_add(8);
            half = _mm512_extractf32x8_ps::<1>(x);
        }
        let mut quarter = _mm256_castps256_ps128(half);
        if n & 4 != 0 {
            _mm_storeu_ps(to, quarter);
            to = to.wrapping_add(4);
            quarter = _mm256_extractf128_ps::<1>(half);
        }
        if n & 2 != 0 {
            _mm_storel_pd(to.cast(), _mm_castps_pd(quarter));
            to = to.wrapping_add(2);
            quarter = _mm_movehl_ps(quarter, quarter);
        }
        if n & 1 != 0 {
            _mm_store_ss(to, quarter);
        }
    }
}

/// Sum of squares as the fast path makes it: may under- or overflow.
///
/// # Safety
/// The processor has the features; `x` holds `len` elements.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn squares(x: *const f32, len: usize) -> f64 {
    let mut total = _mm512_setzero_pd();
    let mut start = 0;
    while start < len {
        let n = CHUNK.min(len - start);
        let mut sums = [_mm512_setzero_ps(); 2];
        each_vector!(n, |at, mask, lane| {
            // SAFETY: the lanes of the mask are elements of x.
            let v = unsafe { _mm512_maskz_loadu_ps(mask, x.wrapping_add(start + at)) };
            sums[lane] = _mm512_fmadd_ps(v, v, sums[lane]);
        });
        total = _mm512_add_pd(total, widen(_mm512_add_ps(sums[0], sums[1])));
        start += n;
    }
    _mm512_reduce_add_pd(total)
}

/// |row|^2 of each row of `values [squares.len(), width]`.
pub fn row_squares(_: Avx512, values: &[f32], width: usize, squares: &mut [f64]) {
    assert!(values.len() == width * squares.len());
    // SAFETY: the token proves the features.
    unsafe { row_squares_512(values, width, squares) }
}

/// Sums of the lanes of eight vectors, in f64.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn reduce_8(x: [__m512; 8]) -> __m512d {
    // Adds neighbours of two vectors, within each 128 bits: [a0 + a2, b0 + b2, a1 + a3, b1 + b3].
    let pairs = |a, b| _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    let quads = |a: __m512, b: __m512| {
        let (a, b) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
        _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)))
    };
    let fold = |x: __m512| _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x));
    let low = fold(quads(pairs(x[0], x[1]), pairs(x[2], x[3])));
    let high = fold(quads(pairs(x[4], x[5]), pairs(x[6], x[7])));
    let sums =
        _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high));
    _mm512_cvtps_pd(sums)
}

/// True when the squares of all eight rows of `width` elements were summed without loss.
#[inline]
#[target_feature(enable = "avx512f")]
fn all_safe(sums: __m512d, width: usize) -> bool {
    let (low, high) = f32::SAFE_MEAN_SQUARE;
    let bound = |x: f64| _mm512_set1_pd(x * width as f64);
    let above = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(sums, bound(low));
    _mm512_mask_cmp_pd_mask::<_CMP_LT_OQ>(above, sums, bound(high)) == 0xFF
}

/// # Safety
/// The processor has the features.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn row_squares_512(values: &[f32], width: usize, out: &mut [f64]) {
    // Eight short rows share one horizontal sum.
    let together = if width <= CHUNK { out.len() / 8 * 8 } else { 0 };
    for (rows, out) in values.chunks_exact(8 * width).zip(out[..together].chunks_exact_mut(8)) {
        let mut sums = [_mm512_setzero_ps(); 8];
        for (i, sum) in sums.iter_mut().enumerate() {
            let x = rows.as_ptr().wrapping_add(i * width);
            let mut lanes = [_mm512_setzero_ps(); 2];
            each_vector!(width, |at, mask, lane| {
                // SAFETY: the lanes of the mask are elements of the row.
                let v = unsafe { _mm512_maskz_loadu_ps(mask, x.wrapping_add(at)) };
                lanes[lane] = _mm512_fmadd_ps(v, v, lanes[lane]);
            });
            *sum = _mm512_add_ps(lanes[0], lanes[1]);
        }
        // SAFETY: `rows` holds 8 rows, `out` 8 numbers.
        unsafe { store_squares(rows, width, reduce_8(sums), out) };
    }
    for (row, square) in values.chunks_exact(width).zip(out).skip(together) {
        // SAFETY: the row's own length.
        *square = checked(row, unsafe { squares(row.as_ptr(), width) }).value();
    }
}

/// Writes the sums of eight rows, after a look whether they can be trusted.
///
/// # Safety
/// The processor has the features; `rows` are 8 rows of `width`.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn store_squares(rows: &[f32], width: usize, sums: __m512d, out: &mut [f64]) {
    assert_eq!(out.len(), 8);
    // SAFETY: 8 numbers, as asserted.
    unsafe { _mm512_storeu_pd(out.as_mut_ptr(), sums) };
    if !all_safe(sums, width) {
        for (row, square) in rows.chunks_exact(width).zip(out) {
            *square = checked(row, *square).value();
        }
    }
}

/// The sigmoid of `hidden + bias` into `out`, and its slope into `hidden`; all `[rows, bias.len()]`.
pub fn sigmoid(_: Avx512, bias: &[f32], hidden: &mut [f32], out: &mut [f32]) {
    assert!(hidden.len() == out.len() && hidden.len().is_multiple_of(bias.len()));
    // SAFETY: the token proves the features; the lengths were checked.
    unsafe { sigmoid_512(bias, hidden, out) }
}

/// Widths whose rows are taken as one long vector, the bias going round: ragged row ends would cost a tenth
/// at width 100.
const ROUND: std::ops::RangeInclusive<usize> = 16..=1024;

/// # Safety
/// The processor has the features; `hidden` and `out` are equally long.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn sigmoid_512(bias: &[f32], hidden: &mut [f32], out: &mut [f32]) {
    let width = bias.len();
    if ROUND.contains(&width) {
        // Not initialised: filling it would cost as much as a row.
        let mut round = MaybeUninit::<[f32; *ROUND.end() + 16]>::uninit();
        let start = round.as_mut_ptr().cast::<f32>();
        // SAFETY: width + 16 elements are written, and only these are read: 16 elements of the bias follow
        // every place in a row.
        unsafe {
            start.copy_from_nonoverlapping(bias.as_ptr(), width);
            start.wrapping_add(width).copy_from_nonoverlapping(bias.as_ptr(), 16);
            sigmoid_run(std::slice::from_raw_parts(start, width + 16), width, hidden, out);
        }
        return;
    }
    for (hidden, out) in hidden.chunks_exact_mut(width).zip(out.chunks_exact_mut(width)) {
        let mut padded = [0.0f32; CHUNK + 16];
        for ((hidden, out), bias) in
            hidden.chunks_mut(CHUNK).zip(out.chunks_mut(CHUNK)).zip(bias.chunks(CHUNK))
        {
            padded[..bias.len()].copy_from_slice(bias);
            // SAFETY: one row, which never goes round.
            unsafe { sigmoid_run(&padded, usize::MAX, hidden, out) };
        }
    }
}

/// Consecutive elements; the bias of element i is `bias[i % width]`, and 15 more may be read after it.
///
/// # Safety
/// The processor has the features; the slices are equally long.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn sigmoid_run(bias: &[f32], width: usize, hidden: &mut [f32], out: &mut [f32]) {
    const N: usize = 4;
    let (h, x, len) = (hidden.as_mut_ptr(), out.as_mut_ptr(), hidden.len());
    let mut column = 0;
    let mut next_column = || {
        let at = column;
        column += 16;
        if column >= width {
            column -= width;
        }
        bias.as_ptr().wrapping_add(at)
    };
    let mut at = 0;
    // SAFETY: all vectors of the first loop are elements of `hidden` and `out`, and so are the lanes of the
    // mask in the second; the bias is long enough.
    unsafe {
        while at + 16 * N <= len {
            let mut sums = [_mm512_setzero_ps(); N];
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_add_ps(
                    _mm512_loadu_ps(h.wrapping_add(at + 16 * i)),
                    _mm512_loadu_ps(next_column()),
                );
            }
            let (value, slope) = sigmoid_of(sums);
            for i in 0..N {
                _mm512_storeu_ps(x.wrapping_add(at + 16 * i), value[i]);
                _mm512_storeu_ps(h.wrapping_add(at + 16 * i), slope[i]);
            }
            at += 16 * N;
        }
        while at < len {
            let mask = first_lanes((len - at).min(16));
            let h = h.wrapping_add(at);
            let sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, h), _mm512_loadu_ps(next_column()));
            let ([value], [slope]) = sigmoid_of([sum]);
            _mm512_mask_storeu_ps(x.wrapping_add(at), mask, value);
            _mm512_mask_storeu_ps(h, mask, slope);
            at += 16;
        }
    }
}

/// sigma(h) and sigma(h) sigma(-h), both relatively right: as [`crate::nn::activation::sigmoid`], with e^-|h|
/// by the polynomial of Cephes `expf`. A chain of 20 dependent operations: `N` vectors go side by side,
/// because the processor does not look far enough ahead to find the next vector by itself.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
fn sigmoid_of<const N: usize>(h: [__m512; N]) -> ([__m512; N], [__m512; N]) {
    let c = |x: f32| _mm512_set1_ps(x);
    let one = c(1.0);
    // max returns its second operand when one is a NaN.
    let x = h.map(|h| _mm512_max_ps(c(-104.0), _mm512_or_ps(h, c(-0.0))));
    // Adding 1.5 * 2^23 rounds to the nearest integer.
    let magic = c(12_582_912.0);
    let n = x.map(|x| _mm512_fmadd_ps(x, c(std::f32::consts::LOG2_E), magic));
    let n = n.map(|n| _mm512_sub_ps(n, magic));
    let mut r = x;
    for i in 0..N {
        r[i] = _mm512_fnmadd_ps(n[i], c(0.693_359_4), r[i]);
    }
    for i in 0..N {
        r[i] = _mm512_fmadd_ps(n[i], c(2.121_944_4e-4), r[i]);
    }
    let mut p = [c(1.987_569_1e-4); N];
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5, 1.0, 1.0] {
        for i in 0..N {
            p[i] = _mm512_fmadd_ps(p[i], r[i], c(coefficient));
        }
    }
    let mut e = p;
    for i in 0..N {
        e[i] = _mm512_scalef_ps(p[i], n[i]);
    }
    let inverse = e.map(|e| _mm512_div_ps(one, _mm512_add_ps(one, e)));
    let (mut value, mut slope) = (e, e);
    for i in 0..N {
        let small = _mm512_mul_ps(e[i], inverse[i]);
        value[i] = _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(h[i])), inverse[i], small);
        slope[i] = _mm512_mul_ps(small, inverse[i]);
    }
    (value, slope)
}

/// `slope <- slope * product`, `[squares.len(), width]`, and the squared norms of its rows.
pub fn times_slope(_: Avx512, slope: &mut [f32], product: &[f32], width: usize, squares: &mut [f64]) {
    assert!(slope.len() == product.len() && slope.len() == width * squares.len());
    // SAFETY: the token proves the features; the lengths were checked.
    unsafe { times_slope_512(slope, product, width, squares) }
}

/// # Safety
/// The processor has the features; `slope` and `product` are equally long.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn times_slope_512(slope: &mut [f32], product: &[f32], width: usize, out: &mut [f64]) {
    let together = if width <= CHUNK { out.len() / 8 * 8 } else { 0 };
    let (joint, single) = slope.split_at_mut(together * width);
    let (joint_product, single_product) = product.split_at(together * width);
    let (joint_out, single_out) = out.split_at_mut(together);
    let blocks = joint.chunks_exact_mut(8 * width).zip(joint_product.chunks_exact(8 * width));
    for ((rows, product), out) in blocks.zip(joint_out.chunks_exact_mut(8)) {
        let mut sums = [_mm512_setzero_ps(); 8];
        for (i, sum) in sums.iter_mut().enumerate() {
            let range = i * width..(i + 1) * width;
            // SAFETY: one row of both.
            *sum = unsafe { times_slope_run(&mut rows[range.clone()], &product[range]) };
        }
        // SAFETY: 8 rows.
        unsafe { store_squares(rows, width, reduce_8(sums), out) };
    }
    let rows = single.chunks_exact_mut(width).zip(single_product.chunks_exact(width));
    for ((row, product), square) in rows.zip(single_out) {
        let mut total = _mm512_setzero_pd();
        for (row, product) in row.chunks_mut(CHUNK).zip(product.chunks(CHUNK)) {
            // SAFETY: the same run of both.
            total = _mm512_add_pd(total, widen(unsafe { times_slope_run(row, product) }));
        }
        *square = checked(row, _mm512_reduce_add_pd(total)).value();
    }
}

/// At most [`CHUNK`] elements, and the sums of their squares in 16 lanes.
///
/// # Safety
/// The processor has the features; the slices are equally long.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn times_slope_run(slope: &mut [f32], product: &[f32]) -> __m512 {
    let (d, p) = (slope.as_mut_ptr(), product.as_ptr());
    let mut sums = [_mm512_setzero_ps(); 2];
    each_vector!(slope.len(), |at, mask, lane| {
        // SAFETY: the lanes of the mask are elements of both.
        unsafe {
            let v = _mm512_mul_ps(
                _mm512_maskz_loadu_ps(mask, d.wrapping_add(at)),
                _mm512_maskz_loadu_ps(mask, p.wrapping_add(at)),
            );
            store_first(d.wrapping_add(at), slope.len() - at, v);
            sums[lane] = _mm512_fmadd_ps(v, v, sums[lane]);
        }
    });
    _mm512_add_ps(sums[0], sums[1])
}

/// Sums of columns `from .. from + out.len()` of `values [.., width]`, in runs of 32 rows, which are added
/// then.
pub fn column_sums(_: Avx512, values: &[f32], width: usize, from: usize, out: &mut [f32]) {
    assert!(from + out.len() <= width && values.len().is_multiple_of(width));
    // SAFETY: the token proves the features; the columns exist.
    unsafe { column_sums_512(values, width, from, out) }
}

/// # Safety
/// The processor has the features; the columns exist.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
unsafe fn column_sums_512(values: &[f32], width: usize, from: usize, out: &mut [f32]) {
    const VECTORS: usize = 3;
    for (piece, out) in out.chunks_mut(16 * VECTORS).enumerate() {
        let first = from + piece * 16 * VECTORS;
        let masks: [__mmask16; VECTORS] =
            std::array::from_fn(|j| first_lanes(out.len().saturating_sub(16 * j).min(16)));
        let mut total = [_mm512_setzero_ps(); VECTORS];
        for run in values.chunks(32 * width) {
            let mut part = [_mm512_setzero_ps(); VECTORS];
            for row in run.chunks_exact(width) {
                let row = row.as_ptr().wrapping_add(first);
                for j in 0..VECTORS {
                    // SAFETY: the lanes of the mask are elements of the row.
                    let x = unsafe { _mm512_maskz_loadu_ps(masks[j], row.wrapping_add(16 * j)) };
                    part[j] = _mm512_add_ps(part[j], x);
                }
            }
            for j in 0..VECTORS {
                total[j] = _mm512_add_ps(total[j], part[j]);
            }
        }
        for j in 0..VECTORS {
            // SAFETY: the lanes of the mask are elements of `out`.
            unsafe { _mm512_mask_storeu_ps(out.as_mut_ptr().wrapping_add(16 * j), masks[j], total[j]) };
        }
    }
}
