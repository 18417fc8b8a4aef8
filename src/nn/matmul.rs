//! Matrix products: f32 ones go to `kernel` where the processor can, all others to `ndarray`'s
//! `matrixmultiply`. The only file that chooses.
//!
//! Always one thread a call: how a product is split decides the order of its sums, and a result must not
//! depend on the number of threads. Splitting is done above, in pieces whose shapes depend only on the
//! network and the batch.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::kernel;
pub use super::kernel::Prefetch;
use super::scalar::Scalar;

/// A matrix somewhere in memory: element (i, j) at `data + i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    /// Index of element (0, 0) in `data`.
    start: usize,
    pub rows: usize,
    pub cols: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> MatRef<'a, T> {
    /// `[rows, cols]`, row-major and contiguous.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> MatRef<'a, T> {
        assert_eq!(data.len(), rows * cols);
        MatRef { data, start: 0, rows, cols, row_stride: cols, column_stride: 1 }
    }

    pub fn transposed(self) -> MatRef<'a, T> {
        MatRef {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Columns `from..to`.
    pub fn columns(self, from: usize, to: usize) -> MatRef<'a, T> {
        assert!(from <= to && to <= self.cols);
        MatRef { start: self.start + from * self.column_stride, cols: to - from, ..self }
    }

    fn array(&self) -> ArrayView2<'a, T> {
        let shape = (self.rows, self.cols).strides((self.row_stride, self.column_stride));
        ArrayView2::from_shape(shape, &self.data[self.start..]).expect("a part of a matrix that was checked")
    }
}

impl<'a, T: 'static> MatRef<'a, T> {
    /// The same matrix, when `T` is f32.
    fn single(&self) -> kernel::Matrix<'a> {
        let MatRef { start, rows, cols, row_stride, column_stride, .. } = *self;
        kernel::Matrix { data: kernel::as_f32(self.data), start, rows, cols, row_stride, column_stride }
    }
}

/// `dst = alpha * a b`, dst `[a.rows, b.cols]` row-major; brings `prefetch` into the cache meanwhile.
pub fn multiply<T: Scalar>(alpha: T, a: MatRef<T>, b: MatRef<T>, dst: &mut [T], mut prefetch: Prefetch) {
    assert_eq!(a.cols, b.rows);
    assert_eq!(dst.len(), a.rows * b.cols);
    if b.column_stride == 1
        && let Some(token) = kernel::detect_for::<T>()
    {
        let alpha = alpha.to_f64() as f32;
        return kernel::product(token, alpha, a.single(), b.single(), kernel::as_f32_mut(dst), &mut prefetch);
    }
    let mut dst = ArrayViewMut2::from_shape((a.rows, b.cols), dst).expect("the length was checked");
    general_mat_mul(alpha, &a.array(), &b.array(), T::ZERO, &mut dst);
}

/// True when products of `T` run on the kernels, which allocate nothing.
pub fn has_kernels<T: Scalar>() -> bool {
    kernel::detect_for::<T>().is_some()
}

/// Rows (start, count) of a weight that are one panel: a piece that can be updated and packed alone.
pub fn weight_panels(fan_out: usize) -> impl Iterator<Item = (usize, usize)> {
    kernel::column_panels(fan_out)
}

/// Length of the second copy of a weight of `len` elements, transposed and cut into the [`weight_panels`],
/// that [`multiply_packed`] reads: 0 where the kernels do not run, because `matrixmultiply` packs for itself.
pub fn packed_len<T: Scalar>(len: usize) -> usize {
    if has_kernels::<T>() { len } else { 0 }
}

/// `dst [x.rows, fan_out] = x weight^T` for a weight `[fan_out, x.cols]` and its packed copy.
pub fn multiply_packed<T: Scalar>(
    x: MatRef<T>,
    weight: &[T],
    packed: &[T],
    dst: &mut [T],
    prefetch: Prefetch,
) {
    let fan_out = weight.len() / x.cols.max(1);
    match kernel::detect_for::<T>() {
        Some(token) if !packed.is_empty() => {
            kernel::panel_product(
                token,
                x.single(),
                fan_out,
                kernel::as_f32(packed),
                kernel::as_f32_mut(dst),
                prefetch,
            );
        }
        _ => multiply(T::ONE, x, MatRef::new(weight, fan_out, x.cols).transposed(), dst, prefetch),
    }
}

/// Writes one of the [`weight_panels`], rows `[width, fan_in]` of the weight, into its place `to` in the
/// packed copy.
pub fn pack<T: Scalar>(rows: &[T], fan_in: usize, to: &mut [T]) {
    assert_eq!(rows.len(), to.len());
    if let Some(token) = kernel::detect_for::<T>() {
        let width = rows.len() / fan_in.max(1);
        kernel::transpose_panel(token, kernel::as_f32(rows), width, fan_in, kernel::as_f32_mut(to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_sum_of_products_in_every_orientation() {
        let (m, n, k) = (7, 5, 9);
        let a: Vec<f64> = (0..m * k).map(|i| (i as f64 * 0.37).sin()).collect();
        let b: Vec<f64> = (0..k * n).map(|i| (i as f64 * 0.73).cos()).collect();
        let at: Vec<f64> = (0..k * m).map(|i| a[(i % m) * k + i / m]).collect();
        let bt: Vec<f64> = (0..n * k).map(|i| b[(i % k) * n + i / k]).collect();
        let want: Vec<f64> = (0..m * n)
            .map(|i| 0.5 * (0..k).map(|p| a[(i / n) * k + p] * b[p * n + i % n]).sum::<f64>())
            .collect();
        for lhs in [MatRef::new(&a, m, k), MatRef::new(&at, k, m).transposed()] {
            for rhs in [MatRef::new(&b, k, n), MatRef::new(&bt, n, k).transposed()] {
                let mut got = vec![f64::NAN; m * n];
                multiply(0.5, lhs, rhs, &mut got, Prefetch::NOTHING);
                assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-14));
            }
        }
        let mut part = vec![0.0; m * 2];
        multiply(
            0.5,
            MatRef::new(&a, m, k),
            MatRef::new(&b, k, n).columns(1, 3),
            &mut part,
            Prefetch::NOTHING,
        );
        assert!((part[2] - want[n + 1]).abs() < 1e-14);
    }
}
