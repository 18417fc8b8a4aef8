//! Matrix products: f32 ones go to `kernel` where the processor can, all others to `ndarray`'s `matrixmultiply`. The
//! only file that chooses.
//!
//! Always one thread a call: how a product is split decides the order of its sums, and a result must not depend on the
//! number of threads. Splitting is done above, in pieces whose shapes depend only on the network and the batch.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::kernel;
pub use super::kernel::Soon;
use super::network::Network;
use super::scalar::Scalar;

/// A matrix somewhere in memory: element (i, j) at `data + i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    /// Of element (0, 0) in `data`.
    start: usize,
    pub rows: usize,
    pub cols: usize,
    row_stride: isize,
    column_stride: isize,
}

impl<'a, T> MatRef<'a, T> {
    /// `[rows, cols]`, row-major and contiguous.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> MatRef<'a, T> {
        assert_eq!(data.len(), rows * cols);
        MatRef { data, start: 0, rows, cols, row_stride: cols as isize, column_stride: 1 }
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
        MatRef { start: self.start + from * self.column_stride as usize, cols: to - from, ..self }
    }

    fn as_ptr(&self) -> *const T {
        // In bounds, or one row past the end of an empty matrix: never read then.
        self.data.as_ptr().wrapping_add(self.start)
    }

    fn array(&self) -> ArrayView2<'a, T> {
        let strides = (self.row_stride as usize, self.column_stride as usize);
        let shape = (self.rows, self.cols).strides(strides);
        ArrayView2::from_shape(shape, &self.data[self.start..]).expect("a part of a matrix that was checked")
    }

    fn view(&self) -> kernel::View {
        kernel::View { data: self.as_ptr().cast(), row_stride: self.row_stride, column_stride: self.column_stride }
    }
}

/// `dst = alpha * a b`, dst `[a.rows, b.cols]` row-major; brings `soon` into the cache meanwhile.
pub fn multiply<T: Scalar>(alpha: T, a: MatRef<T>, b: MatRef<T>, dst: &mut [T], mut soon: Soon) {
    assert_eq!(a.cols, b.rows);
    assert_eq!(dst.len(), a.rows * b.cols);
    if b.column_stride == 1
        && let Some(token) = kernel::detect_for::<T>()
    {
        let shape = [a.rows, b.cols, a.cols];
        let dst = kernel::as_f32_mut(dst);
        // SAFETY: T is f32, or there were no token; the matrices lie in their slices, and `dst` is exclusive.
        unsafe {
            kernel::multiply(
                token,
                shape,
                alpha.to_f64() as f32,
                a.view(),
                b.view(),
                dst.as_mut_ptr(),
                b.cols,
                None,
                &mut soon,
            );
        }
        return;
    }
    let mut dst = ArrayViewMut2::from_shape((a.rows, b.cols), dst).expect("the length was checked");
    general_mat_mul(alpha, &a.array(), &b.array(), T::ZERO, &mut dst);
}

/// True when products of `T` run on the kernels, which allocate nothing.
pub fn has_kernels<T: Scalar>() -> bool {
    kernel::detect_for::<T>().is_some()
}

/// Rows (start, count) of a weight that one panel of [`Transposed`] holds: a piece that can be updated and refreshed alone.
pub fn weight_panels(fan_out: usize) -> impl Iterator<Item = (usize, usize)> {
    kernel::column_panels(fan_out)
}

/// A second copy of all weights, transposed and cut into the panels that the forward product reads. Empty where the kernels do
/// not run: `matrixmultiply` packs for itself.
#[derive(Clone, Debug)]
pub struct Transposed<T> {
    pub(super) data: Vec<T>,
    /// Where each layer begins.
    pub(super) offsets: Vec<usize>,
}

impl<T: Scalar> Transposed<T> {
    pub fn new(network: &Network<T>) -> Transposed<T> {
        let mut offsets = vec![0];
        for l in 0..network.layers() {
            offsets.push(offsets[l] + network.weight(l).len());
        }
        let len = if kernel::detect_for::<T>().is_some() { offsets[network.layers()] } else { 0 };
        let mut copy = Transposed { data: vec![T::ZERO; len], offsets };
        if len > 0 {
            for l in 0..network.layers() {
                let fan_in = network.fan_in(l);
                for (from, width) in weight_panels(network.fan_out(l)) {
                    let (start, end) = (from * fan_in, (from + width) * fan_in);
                    let to = &mut copy.data[copy.offsets[l] + start..copy.offsets[l] + end];
                    refresh(&network.weight(l)[start..end], fan_in, to);
                }
            }
        }
        copy
    }

    /// The panels of layer `l`; empty where there are none.
    fn layer(&self, l: usize) -> &[T] {
        if self.data.is_empty() { &[] } else { &self.data[self.offsets[l]..self.offsets[l + 1]] }
    }

    /// `dst [x.rows, fan_out] = x weight^T` for layer `l` of the network that this is the copy of.
    pub fn forward(&self, network: &Network<T>, l: usize, x: MatRef<T>, dst: &mut [T], soon: Soon) {
        let (fan_in, fan_out) = (network.fan_in(l), network.fan_out(l));
        let panels = self.layer(l);
        match kernel::detect_for::<T>() {
            Some(token) if !panels.is_empty() => {
                assert!(x.cols == fan_in && dst.len() == x.rows * fan_out && panels.len() == fan_in * fan_out);
                let (panels, dst) = (kernel::as_f32(panels), kernel::as_f32_mut(dst));
                // SAFETY: shapes as asserted; `dst` is exclusive.
                unsafe {
                    kernel::multiply_panels(
                        token,
                        [x.rows, fan_out, fan_in],
                        x.view(),
                        panels.as_ptr(),
                        dst.as_mut_ptr(),
                        fan_out,
                        soon,
                    );
                }
            }
            _ => multiply(T::ONE, x, MatRef::new(network.weight(l), fan_out, fan_in).transposed(), dst, soon),
        }
    }
}

/// Writes one of the [`weight_panels`], rows `[width, fan_in]` of the weight, into its place `to` in the transposed copy.
pub fn refresh<T: Scalar>(rows: &[T], fan_in: usize, to: &mut [T]) {
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
        let want: Vec<f64> =
            (0..m * n).map(|i| 0.5 * (0..k).map(|p| a[(i / n) * k + p] * b[p * n + i % n]).sum::<f64>()).collect();
        for lhs in [MatRef::new(&a, m, k), MatRef::new(&at, k, m).transposed()] {
            for rhs in [MatRef::new(&b, k, n), MatRef::new(&bt, n, k).transposed()] {
                let mut got = vec![f64::NAN; m * n];
                multiply(0.5, lhs, rhs, &mut got, Soon::NOTHING);
                assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-14));
            }
        }
        let mut part = vec![0.0; m * 2];
        multiply(0.5, MatRef::new(&a, m, k), MatRef::new(&b, k, n).columns(1, 3), &mut part, Soon::NOTHING);
        assert!((part[2] - want[n + 1]).abs() < 1e-14);
    }
}
