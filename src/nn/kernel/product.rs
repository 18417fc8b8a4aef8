//! Matrix products: C = alpha A B in tiles of up to 8 x 48 that stay in registers.
//!
//! Elements of A are broadcast, so A may have any strides; rows of B are read as vectors, so its columns must
//! be adjacent.

use std::arch::x86_64::*;

use super::{Avx512, Prefetch, View, column_panels};

/// Rows of a full tile. With 3 vectors of 16 columns: 24 accumulators, 3 columns and a broadcast of the 32
/// registers.
const ROWS: usize = 8;

/// What all tiles of a product share.
#[derive(Clone, Copy)]
struct Tile {
    depth: usize,
    a: *const f32,
    a_row: isize,
    a_depth: isize,
    b: *const f32,
    b_depth: isize,
    c: *mut f32,
    c_row: usize,
    alpha: f32,
    /// Columns of the edge vector that exist.
    mask: u16,
    /// What to fetch into the second-level cache meanwhile: one line for each step of `depth`.
    fetch: *const f32,
    fetch_step: isize,
    /// The same for what the caller needs soon.
    prefetch: *const u8,
    prefetch_step: usize,
}

/// The last vector of a tile is full.
const FULL: u8 = 0;
/// The last of the vectors of 16 is masked.
const MASKED: u8 = 1;
/// A masked vector of 8 follows the vectors of 16: half the work for at most 8 columns.
const HALF: u8 = 2;

/// One tile: MR rows by NZ vectors of 16 columns and, for `HALF`, one of 8.
///
/// # Safety
/// The processor has the features; the addressed elements of A and B may be read, and those of C written.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
#[allow(clippy::needless_range_loop)] // Indices over registers: all loops are unrolled.
unsafe fn tile<const MR: usize, const NZ: usize, const EDGE: u8>(t: &Tile) {
    let mask = t.mask;
    let half_mask = t.mask as u8;
    let mut sums = [[_mm512_setzero_ps(); NZ]; MR];
    let mut half_sums = [_mm256_setzero_ps(); MR];
    let (mut a, mut b) = (t.a, t.b);
    let (mut fetch, mut prefetch) = (t.fetch, t.prefetch);
    for _ in 0..t.depth {
        let mut columns = [_mm512_setzero_ps(); NZ];
        let mut half = _mm256_setzero_ps();
        // Any address will do.
        _mm_prefetch::<_MM_HINT_T1>(fetch.cast());
        fetch = fetch.wrapping_offset(t.fetch_step);
        _mm_prefetch::<_MM_HINT_T1>(prefetch.cast());
        prefetch = prefetch.wrapping_add(t.prefetch_step);
        // SAFETY: columns of row p of B that exist, by the masks; rows of column p of A. The caller's
        // promise.
        unsafe {
            for j in 0..NZ {
                columns[j] = if EDGE == MASKED && j + 1 == NZ {
                    _mm512_maskz_loadu_ps(mask, b.wrapping_add(16 * j))
                } else {
                    _mm512_loadu_ps(b.wrapping_add(16 * j))
                };
            }
            if EDGE == HALF {
                half = _mm256_maskz_loadu_ps(half_mask, b.wrapping_add(16 * NZ));
            }
            for i in 0..MR {
                let x = _mm512_set1_ps(*a.wrapping_offset(i as isize * t.a_row));
                for j in 0..NZ {
                    sums[i][j] = _mm512_fmadd_ps(x, columns[j], sums[i][j]);
                }
                if EDGE == HALF {
                    half_sums[i] = _mm256_fmadd_ps(_mm512_castps512_ps256(x), half, half_sums[i]);
                }
            }
        }
        a = a.wrapping_offset(t.a_depth);
        b = b.wrapping_offset(t.b_depth);
    }
    let alpha = _mm512_set1_ps(t.alpha);
    for i in 0..MR {
        let c = t.c.wrapping_add(i * t.c_row);
        // SAFETY: columns of row i of C that exist, by the masks. The caller's promise.
        unsafe {
            for j in 0..NZ {
                let sum = _mm512_mul_ps(sums[i][j], alpha);
                if EDGE == MASKED && j + 1 == NZ {
                    _mm512_mask_storeu_ps(c.wrapping_add(16 * j), mask, sum);
                } else {
                    _mm512_storeu_ps(c.wrapping_add(16 * j), sum);
                }
            }
            if EDGE == HALF {
                let sum = _mm256_mul_ps(half_sums[i], _mm512_castps512_ps256(alpha));
                _mm256_mask_storeu_ps(c.wrapping_add(16 * NZ), half_mask, sum);
            }
        }
    }
}

type TileFn = unsafe fn(&Tile);

/// The tiles of one width, by rows: 8, 6, 4, 2, 1.
#[derive(Clone, Copy)]
struct Tiles([TileFn; 5]);

impl Tiles {
    const fn of<const NZ: usize, const EDGE: u8>() -> Tiles {
        Tiles([
            tile::<8, NZ, EDGE>,
            tile::<6, NZ, EDGE>,
            tile::<4, NZ, EDGE>,
            tile::<2, NZ, EDGE>,
            tile::<1, NZ, EDGE>,
        ])
    }

    /// For a panel of `columns`, with the mask of its edge.
    fn for_columns(columns: usize) -> (Tiles, u16) {
        let (full, rest) = (columns / 16, columns % 16);
        let mask = (1u16 << rest).wrapping_sub(1);
        let tiles = match (full, rest) {
            (1, 0) => Tiles::of::<1, FULL>(),
            (2, 0) => Tiles::of::<2, FULL>(),
            (3, 0) => Tiles::of::<3, FULL>(),
            (0, 1..=8) => Tiles::of::<0, HALF>(),
            (1, 1..=8) => Tiles::of::<1, HALF>(),
            (2, 1..=8) => Tiles::of::<2, HALF>(),
            (0, _) => Tiles::of::<1, MASKED>(),
            (1, _) => Tiles::of::<2, MASKED>(),
            _ => Tiles::of::<3, MASKED>(),
        };
        (tiles, mask)
    }

    /// The tile for the next rows when `left` are left, and how many rows it takes.
    #[inline]
    fn take(&self, left: usize) -> (TileFn, usize) {
        match left {
            ROWS.. => (self.0[0], 8),
            6.. => (self.0[1], 6),
            4.. => (self.0[2], 4),
            2.. => (self.0[3], 2),
            _ => (self.0[4], 1),
        }
    }
}

/// `C = alpha A B` for A `[rows, depth]`, B `[depth, columns]` whose columns are adjacent, C row-major with
/// `c_stride`.
///
/// # Safety
/// All elements of A and B may be read and those of C written; C overlaps neither.
#[allow(clippy::too_many_arguments)] // A product has this many: the same as in every BLAS.
pub unsafe fn multiply(
    _: Avx512,
    [rows, columns, depth]: [usize; 3],
    alpha: f32,
    a: View,
    b: View,
    c: *mut f32,
    c_stride: usize,
    next: Option<usize>,
    prefetch: &mut Prefetch,
) {
    debug_assert_eq!(b.column_stride, 1);
    for (from, width) in column_panels(columns) {
        let (tiles, mask) = Tiles::for_columns(width);
        let next = next.unwrap_or(width);
        let mut row = 0;
        let mut line = 0;
        while row < rows {
            let (tile, count) = tiles.take(rows - row);
            // Each pass over this panel fetches one more column of cache lines of the next one.
            let (fetch, fetch_step) = if line < width + 16 {
                (b.data.wrapping_add(from + next + line), b.row_stride)
            } else {
                (b.data, 0)
            };
            line += 16;
            let (prefetch, prefetch_step) = match prefetch.take(depth) {
                Some(address) => (std::ptr::without_provenance(address), 64),
                None => (b.data.cast(), 0),
            };
            let t = Tile {
                depth,
                a: a.data.wrapping_offset(row as isize * a.row_stride),
                a_row: a.row_stride,
                a_depth: a.column_stride,
                b: b.data.wrapping_add(from),
                b_depth: b.row_stride,
                c: c.wrapping_add(row * c_stride + from),
                c_row: c_stride,
                alpha,
                mask,
                fetch,
                fetch_step,
                prefetch,
                prefetch_step,
            };
            // SAFETY: the token proves the features; the tile lies inside the matrices.
            unsafe { tile(&t) };
            row += count;
        }
    }
}

/// `C = A B` where B `[depth, columns]` is kept as panels: for each of [`column_panels`], its rows one after
/// another.
///
/// # Safety
/// As [`multiply`]; `b` has `depth * columns` elements.
pub unsafe fn multiply_panels(
    token: Avx512,
    [rows, columns, depth]: [usize; 3],
    a: View,
    b: *const f32,
    c: *mut f32,
    c_stride: usize,
    mut prefetch: Prefetch,
) {
    for (from, width) in column_panels(columns) {
        let panel = View { data: b.wrapping_add(depth * from), row_stride: width as isize, column_stride: 1 };
        // SAFETY: the caller's promise, for these columns.
        unsafe {
            multiply(
                token,
                [rows, width, depth],
                1.0,
                a,
                panel,
                c.wrapping_add(from),
                c_stride,
                Some(depth * width),
                &mut prefetch,
            )
        };
    }
}
