//! Maps cut into the patches that a convolution reads, and put together again.
//!
//! A sample is `[channels, height, width]`. Its patches are a matrix
//! `[channels * kernel * kernel, positions]`: column p holds what the kernel covers at output position p,
//! with zeros outside the map, so that a convolution is one product, `y = W patches` (im2col; Chellapilla,
//! Puri, Simard 2006). Folding is the adjoint of unfolding: it adds up what goes back to each place of the
//! map.

use crate::nn::scalar::{Scalar, simd};

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    /// Height and width of the output.
    pub rows: usize,
    pub columns: usize,
}

/// Outputs of a window that moves over `size` places, as in PyTorch: what is left over at the end is not
/// read.
pub(super) fn places(size: usize, window: usize, stride: usize) -> Option<usize> {
    Some(size.checked_sub(window)? / stride + 1)
}

impl Geometry {
    /// # Errors
    /// In words, where a size is 0 or the kernel is larger than the padded map.
    pub fn new(
        [channels, height, width]: [usize; 3],
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Geometry, String> {
        if channels * height * width == 0 {
            return Err(format!("an input of {channels} x {height} x {width} has no values"));
        }
        if kernel == 0 || stride == 0 {
            return Err(format!("kernel and stride are at least 1, not {kernel} and {stride}"));
        }
        let over = |size: usize| places(size + 2 * padding, kernel, stride);
        let (Some(rows), Some(columns)) = (over(height), over(width)) else {
            let [padded_height, padded_width] = [height, width].map(|size| size + 2 * padding);
            return Err(format!(
                "a kernel of {kernel} x {kernel} is larger than the padded map of {padded_height} x {padded_width}"
            ));
        };
        Ok(Geometry { channels, height, width, kernel, stride, padding, rows, columns })
    }

    /// Values of a sample.
    pub fn inputs(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Values of a patch.
    pub fn patch(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// Positions of the kernel.
    pub fn positions(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether the patches are the sample itself.
    pub fn is_identity(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0
    }

    /// The outputs along a side of `size`, of `outputs`, at which place `offset` of the kernel lies on the map.
    fn inside(&self, offset: usize, size: usize, outputs: usize) -> std::ops::Range<usize> {
        let from = self.padding.saturating_sub(offset).div_ceil(self.stride);
        let to = (size + self.padding).saturating_sub(offset).div_ceil(self.stride).min(outputs);
        from.min(to)..to
    }

    /// The patches of a sample.
    pub fn unfold<T: Scalar>(&self, x: &[T], patches: &mut [T]) {
        let maps = x.chunks_exact(self.height * self.width);
        let of_map = patches.chunks_exact_mut(self.kernel * self.kernel * self.positions());
        simd(
            #[inline(always)]
            || {
                for (map, patches) in maps.zip(of_map) {
                    for (k, to) in patches.chunks_exact_mut(self.positions()).enumerate() {
                        self.unfold_place(map, [k / self.kernel, k % self.kernel], to);
                    }
                }
            },
        );
    }

    /// What one place of the kernel reads of one map at all positions.
    #[inline(always)]
    fn unfold_place<T: Scalar>(&self, map: &[T], [i, j]: [usize; 2], to: &mut [T]) {
        let rows = self.inside(i, self.height, self.rows);
        let columns = self.inside(j, self.width, self.columns);
        for (row, to) in to.chunks_exact_mut(self.columns).enumerate() {
            if !rows.contains(&row) || columns.is_empty() {
                to.iter_mut().for_each(|t| *t = T::ZERO);
                continue;
            }
            let from = (row * self.stride + i - self.padding) * self.width;
            let from = &map[from + columns.start * self.stride + j - self.padding..];
            to[..columns.start].iter_mut().for_each(|t| *t = T::ZERO);
            to[columns.end..].iter_mut().for_each(|t| *t = T::ZERO);
            let to = &mut to[columns.clone()];
            if self.stride == 1 {
                copy_short(&from[..to.len()], to);
            } else {
                to.iter_mut().zip(from.iter().step_by(self.stride)).for_each(|(t, &x)| *t = x);
            }
        }
    }

    /// `dx`, the sum of what the patches say about each place of the sample.
    pub fn fold<T: Scalar>(&self, patches: &[T], dx: &mut [T]) {
        let maps = dx.chunks_exact_mut(self.height * self.width);
        let of_map = patches.chunks_exact(self.kernel * self.kernel * self.positions());
        simd(
            #[inline(always)]
            || {
                for (map, patches) in maps.zip(of_map) {
                    map.fill(T::ZERO);
                    for (k, from) in patches.chunks_exact(self.positions()).enumerate() {
                        self.fold_place(from, [k / self.kernel, k % self.kernel], map);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn fold_place<T: Scalar>(&self, from: &[T], [i, j]: [usize; 2], map: &mut [T]) {
        let columns = self.inside(j, self.width, self.columns);
        if columns.is_empty() {
            return;
        }
        for row in self.inside(i, self.height, self.rows) {
            let from = &from[row * self.columns..][columns.clone()];
            let to = (row * self.stride + i - self.padding) * self.width;
            let to = &mut map[to + columns.start * self.stride + j - self.padding..];
            if self.stride == 1 {
                to[..from.len()].iter_mut().zip(from).for_each(|(t, &x)| *t += x);
            } else {
                to.iter_mut().step_by(self.stride).zip(from).for_each(|(t, &x)| *t += x);
            }
        }
    }
}

/// Copies a row that is a few dozen elements long: a call of `memcpy` takes longer than its work there.
#[inline(always)]
fn copy_short<T: Copy>(from: &[T], to: &mut [T]) {
    const RUN: usize = 8;
    let n = to.len();
    if n < RUN {
        to.iter_mut().zip(from).for_each(|(t, &x)| *t = x);
        return;
    }
    let mut run = |at: usize| {
        let x: [T; RUN] = from[at..at + RUN].try_into().expect("a run");
        to[at..at + RUN].copy_from_slice(&x);
    };
    (0..n / RUN).for_each(|k| run(k * RUN));
    // The last run may overlap the one before.
    run(n - RUN);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_the_adjoint_of_unfolding() {
        for (input, kernel, stride, padding) in [
            ([2, 5, 4], 3, 1, 1),
            ([1, 7, 9], 3, 2, 0),
            ([3, 4, 4], 1, 2, 0),
            ([1, 2, 12], 5, 1, 2),
            ([1, 1, 1], 3, 1, 1),
            ([1, 3, 3], 5, 2, 3),
        ] {
            let g = Geometry::new(input, kernel, stride, padding).unwrap();
            let x: Vec<f64> = (0..g.inputs()).map(|i| (i as f64 * 0.7).sin()).collect();
            let d: Vec<f64> = (0..g.patch() * g.positions()).map(|i| (i as f64 * 1.3).cos()).collect();
            let (mut patches, mut dx) = (vec![f64::NAN; d.len()], vec![f64::NAN; x.len()]);
            g.unfold(&x, &mut patches);
            g.fold(&d, &mut dx);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            assert!((dot(&patches, &d) - dot(&x, &dx)).abs() < 1e-12, "{g:?}");
            // Each patch, place by place.
            for (at, got) in patches.iter().enumerate() {
                let (k, p) = (at / g.positions(), at % g.positions());
                let row = (p / g.columns * stride + k / kernel % kernel) as isize - padding as isize;
                let column = (p % g.columns * stride + k % kernel) as isize - padding as isize;
                let inside = (0..g.height as isize).contains(&row) && (0..g.width as isize).contains(&column);
                let map = &x[k / (kernel * kernel) * g.height * g.width..];
                let want = if inside { map[row as usize * g.width + column as usize] } else { 0.0 };
                assert_eq!(*got, want, "{g:?} {k} {p}");
            }
        }
    }
}
