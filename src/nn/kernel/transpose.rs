//! The transposed copy of the weights that the forward pass reads.

use std::arch::x86_64::*;

use super::Avx512;

/// `to [columns, rows]` = transpose of `from [rows, columns]`, both contiguous.
pub fn transpose_panel(_: Avx512, from: &[f32], rows: usize, columns: usize, to: &mut [f32]) {
    assert!(from.len() == rows * columns && to.len() == from.len());
    // SAFETY: the token proves the features; the lengths were checked.
    unsafe { transpose(from.as_ptr(), rows, columns, to.as_mut_ptr()) }
}

/// # Safety
/// The processor has the features; `from` and `to` hold `rows * columns` elements.
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
unsafe fn transpose(from: *const f32, rows: usize, columns: usize, to: *mut f32) {
    for c in (0..columns).step_by(8) {
        let width = (columns - c).min(8);
        for r in (0..rows).step_by(8) {
            let height = (rows - r).min(8);
            // SAFETY: the block lies inside; whole ones are compiled apart, without the masks.
            unsafe {
                let (from, to) = (from.wrapping_add(r * columns + c), to.wrapping_add(c * rows + r));
                if (height, width) == (8, 8) {
                    transpose_block(from, columns, to, rows, 8, 8);
                } else {
                    transpose_block(from, columns, to, rows, height, width);
                }
            }
        }
    }
}

/// # Safety
/// The processor has the features; `height` rows of `width` elements may be read and their transpose written.
#[inline(always)]
unsafe fn transpose_block(
    from: *const f32,
    from_stride: usize,
    to: *mut f32,
    to_stride: usize,
    height: usize,
    width: usize,
) {
    let read = ((1u32 << width) - 1) as u8;
    let write = ((1u32 << height) - 1) as u8;
    // SAFETY: the masks and bounds keep to what the caller promised.
    unsafe {
        let mut block = [_mm256_setzero_ps(); 8];
        for (i, row) in block.iter_mut().enumerate() {
            if i < height {
                *row = _mm256_maskz_loadu_ps(read, from.wrapping_add(i * from_stride));
            }
        }
        for (i, column) in transpose_8x8(block).into_iter().enumerate() {
            if i < width {
                _mm256_mask_storeu_ps(to.wrapping_add(i * to_stride), write, column);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn transpose_8x8(x: [__m256; 8]) -> [__m256; 8] {
    let mut pairs = [_mm256_setzero_ps(); 8];
    for i in 0..4 {
        pairs[2 * i] = _mm256_unpacklo_ps(x[2 * i], x[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_ps(x[2 * i], x[2 * i + 1]);
    }
    let mut quads = [_mm256_setzero_ps(); 8];
    for i in 0..2 {
        for j in 0..2 {
            let (low, high) = (pairs[4 * i + j], pairs[4 * i + 2 + j]);
            quads[4 * i + 2 * j] = _mm256_shuffle_ps::<0x44>(low, high);
            quads[4 * i + 2 * j + 1] = _mm256_shuffle_ps::<0xEE>(low, high);
        }
    }
    let mut out = [_mm256_setzero_ps(); 8];
    for i in 0..4 {
        out[i] = _mm256_permute2f128_ps::<0x20>(quads[i], quads[4 + i]);
        out[4 + i] = _mm256_permute2f128_ps::<0x31>(quads[i], quads[4 + i]);
    }
    out
}
