//! Hand-written f32 kernels for processors with AVX-512, and the products of convolutions for all processors
//! (`shifted`). The only module with vector intrinsics.
//!
//! The matrices of a training step are small (100 x 100 is typical): a general library spends a third of its
//! time there on packing and on padding to its tile. Here a tile is 8 rows by up to 48 columns held in
//! registers, edges are handled by narrower tiles and masks, and the right-hand matrix is read where it lies.
//! Every element of a product is one chain of fused multiply-adds in the order of the inner index, so that
//! the result does not depend on how the matrix was cut.
//!
//! Measured on one core of a Zen 4 server (117 GFLOP/s at most): products 105 to 116 GFLOP/s on matrices in
//! the cache. A step of 10 layers x 100 units, batch 100, is 83 % products, 4 % sigmoid, 2 % copying the
//! batch, 2 % transposing weights, 4 % updates and their norms.
//!
//! [`detect`] says whether the processor supports them; without an [`Avx512`] token they cannot be called.
//! Everything else runs on `matrixmultiply` and on what the compiler makes of plain loops.

#[cfg(target_arch = "x86_64")]
mod product;
#[cfg(target_arch = "x86_64")]
mod snapshot;
#[cfg(target_arch = "x86_64")]
mod step;
#[cfg(all(test, target_arch = "x86_64"))]
mod tests;
#[cfg(target_arch = "x86_64")]
mod transpose;
#[cfg(target_arch = "x86_64")]
mod vector;

#[cfg(not(target_arch = "x86_64"))]
mod none;
mod shifted;

use std::any::TypeId;

#[cfg(not(target_arch = "x86_64"))]
pub use none::{
    Able, column_sums, row_squares, sgd, sigmoid, sketch, statistics, times_slope, transpose_panel,
};
#[cfg(not(target_arch = "x86_64"))]
use none::{multiply, multiply_panels};
#[cfg(target_arch = "x86_64")]
use product::{multiply, multiply_panels};
pub use shifted::{
    BLOCK, Lanes, MOST_LANES, Rectangle, gradient_width, row_len, shifted_gradient, shifted_product,
    transpose_padded,
};
#[cfg(target_arch = "x86_64")]
pub use snapshot::{sketch, statistics};
#[cfg(target_arch = "x86_64")]
pub use step::sgd;
#[cfg(target_arch = "x86_64")]
pub use transpose::transpose_panel;
#[cfg(target_arch = "x86_64")]
pub use vector::{column_sums, row_squares, sigmoid, times_slope};

#[cfg(target_arch = "x86_64")]
type Able = ();

/// Proof that the processor has the instructions that the kernels are made of.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(target_arch = "x86_64", allow(dead_code))]
pub struct Avx512(Able);

/// The proof, on a processor that can. The answer is cached by the standard library.
#[inline]
pub fn detect() -> Option<Avx512> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("fma")
    {
        return Some(Avx512(()));
    }
    None
}

/// A matrix `[rows, cols]` in a slice: element (i, j) at `start + i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub start: usize,
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

impl Matrix<'_> {
    /// Where the elements are, all of which are inside the slice.
    fn view(&self) -> View {
        if self.rows > 0 && self.cols > 0 {
            let last = self.start + (self.rows - 1) * self.row_stride + (self.cols - 1) * self.column_stride;
            assert!(last < self.data.len(), "the matrix lies in its slice");
        }
        View {
            data: self.data.as_ptr().wrapping_add(self.start),
            row_stride: self.row_stride as isize,
            column_stride: self.column_stride as isize,
        }
    }
}

/// `to = alpha a b`, `to` being row-major `[a.rows, b.cols]`; brings `prefetch` into the cache meanwhile.
/// Columns of b are adjacent.
pub fn product(token: Avx512, alpha: f32, a: Matrix, b: Matrix, to: &mut [f32], prefetch: &mut Prefetch) {
    assert!(a.cols == b.rows && to.len() == a.rows * b.cols && b.column_stride == 1);
    let shape = [a.rows, b.cols, a.cols];
    // SAFETY: the shapes agree, both matrices lie in their slices, and `to` is exclusive.
    unsafe { multiply(token, shape, alpha, a.view(), b.view(), to.as_mut_ptr(), b.cols, None, prefetch) }
}

/// `to = a b` for b `[a.cols, columns]` kept as panels: for each of [`column_panels`], its rows one after
/// another.
pub fn panel_product(
    token: Avx512,
    a: Matrix,
    columns: usize,
    panels: &[f32],
    to: &mut [f32],
    prefetch: Prefetch,
) {
    assert!(panels.len() == a.cols * columns && to.len() == a.rows * columns);
    let shape = [a.rows, columns, a.cols];
    // SAFETY: the shapes agree, the matrix lies in its slice, and `to` is exclusive.
    unsafe { multiply_panels(token, shape, a.view(), panels.as_ptr(), to.as_mut_ptr(), columns, prefetch) }
}

/// A matrix somewhere in memory: element (i, j) at `data + i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub struct View {
    pub data: *const f32,
    pub row_stride: isize,
    pub column_stride: isize,
}

/// Memory that will be needed prefetch: a product, which is busy with arithmetic, fetches it into the
/// second-level cache meanwhile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prefetch {
    /// Address and cache lines.
    ranges: [(usize, usize); 4],
    used: usize,
}

impl Prefetch {
    /// As much as is of use at a time: half of a usual second-level cache.
    const LIMIT: usize = 512 * 1024;

    pub const NOTHING: Prefetch = Prefetch { ranges: [(0, 0); 4], used: 0 };

    /// And `slice` after that; what is empty, too large or too much is left out.
    pub fn and<T>(mut self, slice: &[T]) -> Prefetch {
        self.push(slice.as_ptr().addr(), size_of_val(slice));
        self
    }

    fn push(&mut self, address: usize, bytes: usize) {
        if self.used < self.ranges.len() && (1..=Prefetch::LIMIT).contains(&bytes) {
            self.ranges[self.used] = (address, bytes.div_ceil(64));
            self.used += 1;
        }
    }

    /// The address of up to `lines` lines to fetch now.
    #[cfg(target_arch = "x86_64")]
    fn take(&mut self, lines: usize) -> Option<usize> {
        let (address, left) = self.ranges[..self.used].iter_mut().find(|(_, left)| *left > 0)?;
        let from = *address;
        *left = left.saturating_sub(lines);
        *address += 64 * lines;
        Some(from)
    }
}

/// Vectors of 16 columns in a tile, at most.
const VECTORS: usize = 3;

/// Cuts `columns` into panels (start, width) of at most 48, as even as multiples of 16 allow; the ragged one
/// comes last.
pub fn column_panels(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let units = columns.div_ceil(16);
    let count = units.div_ceil(VECTORS);
    (0..count).map(move |p| {
        let from = 16 * (p * units / count);
        let to = (16 * ((p + 1) * units / count)).min(columns);
        (from, to - from)
    })
}

/// The proof, when `T` is f32.
#[inline(always)]
pub fn detect_for<T: 'static>() -> Option<Avx512> {
    if is_f32::<T>() { detect() } else { None }
}

#[inline(always)]
fn is_f32<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<f32>()
}

/// The slice itself, when `T` is f32.
#[inline(always)]
pub fn as_f32<T: 'static>(slice: &[T]) -> &[f32] {
    assert!(is_f32::<T>());
    // SAFETY: T is f32.
    unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), slice.len()) }
}

/// The slice itself, when `T` is f32.
#[inline(always)]
pub fn as_f32_mut<T: 'static>(slice: &mut [T]) -> &mut [f32] {
    assert!(is_f32::<T>());
    // SAFETY: T is f32.
    unsafe { std::slice::from_raw_parts_mut(slice.as_mut_ptr().cast(), slice.len()) }
}
