//! How the maps of a sample lie in memory while a convolution reads them.
//!
//! A sample is `[channels, height, width]`. With zeros around every map, what one place (i, j) of the kernel
//! reads at all positions is one piece of memory, shifted by i rows and j elements: the matrix of patches
//! (im2col; Chellapilla, Puri, Simard 2006), `kernel^2` times as large as the sample, is never written.
//! Positions are counted along the padded rows; what the last elements of a row hold is thrown away.
//!
//! ```text
//! y_oq  = sum_cij w_ocij x_c[q + i pitch + j]            dW_ocij = sum_q dy_oq x_c[q + i pitch + j]
//! dx_cq = sum_oij w_ocij dy_o[q - i pitch - j]
//! ```
//!
//! A row's zeros on the right are those on the left of the next row. With a stride s, the places whose rows
//! and columns leave the same rests by s form a *phase*, a plane of its own: within it neighbours are
//! adjacent again. Only one sample is laid out at a time.

use crate::nn::kernel::{BLOCK, MOST_LANES, Rectangle, row_len};
use crate::nn::scalar::Scalar;

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
}

/// Planes one after another, and what is around the values on each.
#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    top: usize,
    left: usize,
    rows: usize,
    pitch: usize,
    planes: usize,
}

impl Layout {
    fn plane(&self) -> usize {
        self.rows * self.pitch
    }

    /// Elements, with the zeros on the right of the last row, and room for the last vector.
    fn len(&self) -> usize {
        self.planes * self.plane() + self.left + MOST_LANES
    }
}

/// The places along one side of the input that leave the rest `rest` by the stride.
#[derive(Clone, Copy, Debug)]
struct Rest {
    rest: usize,
    /// The first of them on the map, counted in strides from the beginning of the padding, and their number.
    first: usize,
    count: usize,
    /// Places of the kernel that reach them.
    reach: usize,
}

/// For each rest that places of the side leave; how many zeros their sums need before and behind the signal.
fn rests(size: usize, outputs: usize, geometry: &Geometry) -> (Vec<Rest>, [usize; 2]) {
    let Geometry { kernel, stride, padding, .. } = *geometry;
    let (mut all, mut zeros) = (Vec::new(), [0; 2]);
    for rest in 0..stride.min(padding + size) {
        let first = padding.saturating_sub(rest).div_ceil(stride);
        let count = ((padding + size - rest).div_ceil(stride)).saturating_sub(first);
        let reach = kernel.saturating_sub(rest).div_ceil(stride);
        if count == 0 {
            continue;
        }
        if reach > 0 {
            zeros[0] = zeros[0].max((reach - 1).saturating_sub(first));
            zeros[1] = zeros[1].max((first + count).saturating_sub(outputs));
        }
        all.push(Rest { rest, first, count, reach });
    }
    (all, zeros)
}

/// The places of the input in one phase, and how their signal is made.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    /// Row and column of its first place in the map.
    first: [usize; 2],
    count: [usize; 2],
    /// The places of the kernel that reach it.
    pub taps: Vec<usize>,
    /// For each channel of the signal and each of `taps`, where its summands begin.
    pub shifts: Vec<usize>,
}

/// The layouts of a convolution.
#[derive(Clone)]
pub(super) struct Planes {
    pub geometry: Geometry,
    input: Layout,
    signal: Layout,
    /// For each place of the kernel, channel by channel, where its summands begin. `[patch]`
    pub shifts: Vec<usize>,
    pub phases: Vec<Phase>,
}

/// The sizes say all.
impl std::fmt::Debug for Planes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.geometry.fmt(f)
    }
}

impl Planes {
    /// For `out` channels of output.
    pub fn new(geometry: Geometry, out: usize) -> Planes {
        let Geometry { channels, height, width, kernel, stride, padding, rows, columns } = geometry;
        let further = kernel.div_ceil(stride) - 1;
        // With stride 1 a row is read to its end, where the next one's zeros begin. More padding than the
        // kernel is wide makes more positions.
        let pitch = if stride == 1 { (width + padding).max(columns) } else { columns + further };
        let left = if stride == 1 { padding } else { 0 };
        let planes = channels * stride * stride;
        let input = Layout { top: 0, left, rows: rows + further, pitch, planes };
        let place = |k: usize| {
            let (c, i, j) = (k / (kernel * kernel), k / kernel % kernel, k % kernel);
            let plane = (c * stride + i % stride) * stride + j % stride;
            plane * input.plane() + i / stride * pitch + j / stride
        };
        let (vertical, [top, bottom]) = rests(height, rows, &geometry);
        let (horizontal, [before, behind]) = rests(width, columns, &geometry);
        let left = before.max(behind);
        let signal = Layout { top, left, rows: top + rows + bottom, pitch: columns + left, planes: out };
        let pairs = vertical.iter().flat_map(|v| horizontal.iter().map(move |h| (v, h)));
        Planes {
            geometry,
            input,
            signal,
            shifts: (0..geometry.patch()).map(place).collect(),
            phases: pairs.map(|(v, h)| phase(&geometry, &signal, v, h)).collect(),
        }
    }

    /// Elements of a sample, and of its signal, when laid out.
    pub fn lens(&self) -> [usize; 2] {
        [self.input.len(), self.signal.len()]
    }

    /// Elements of the memory in which rows of a product are made.
    pub fn block(&self) -> usize {
        let most = self.phases.iter().map(|phase| self.places_of(phase)).max().unwrap_or(0);
        BLOCK * row_len(self.places().max(most))
    }

    /// Positions along the padded rows.
    pub fn places(&self) -> usize {
        (self.geometry.rows - 1) * self.input.pitch + self.geometry.columns
    }

    /// Places of a phase along the padded rows.
    pub fn places_of(&self, phase: &Phase) -> usize {
        (phase.count[0] - 1) * self.signal.pitch + phase.count[1]
    }

    /// The positions of the output on the planes of the input.
    pub fn rectangle(&self) -> Rectangle {
        let Geometry { rows, columns, .. } = self.geometry;
        Rectangle { rows, columns, pitch: self.input.pitch }
    }

    /// Lays a sample out among zeros, which are there.
    #[inline(always)]
    pub fn lay_input<T: Scalar>(&self, x: &[T], maps: &mut [T]) {
        let Geometry { height, width, stride, padding, .. } = self.geometry;
        let Layout { rows, pitch, .. } = self.input;
        let planes = maps.chunks_exact_mut(self.input.plane());
        for (p, plane) in planes.take(self.input.planes).enumerate() {
            let map = &x[p / (stride * stride) * height * width..][..height * width];
            let (a, b) = (p / stride % stride, p % stride);
            let from = padding.saturating_sub(b).div_ceil(stride);
            let to = (padding + width).saturating_sub(b).div_ceil(stride).min(pitch);
            if from >= to {
                continue;
            }
            for (u, row) in plane.chunks_exact_mut(pitch).take(rows).enumerate() {
                let Some(h) = (u * stride + a).checked_sub(padding).filter(|&h| h < height) else { continue };
                let map = &map[h * width + from * stride + b - padding..(h + 1) * width];
                if stride == 1 {
                    copy_short(&map[..to - from], &mut row[from..to]);
                } else {
                    row[from..to].iter_mut().zip(map.iter().step_by(stride)).for_each(|(t, &x)| *t = x);
                }
            }
        }
    }

    /// Lays the signal of a sample out among zeros, which are there.
    #[inline(always)]
    pub fn lay_signal<T: Scalar>(&self, dy: &[T], maps: &mut [T]) {
        let Geometry { rows, columns, .. } = self.geometry;
        let Layout { top, left, pitch, .. } = self.signal;
        let planes = maps.chunks_exact_mut(self.signal.plane());
        for (map, plane) in dy.chunks_exact(rows * columns).zip(planes) {
            for (from, to) in map.chunks_exact(columns).zip(plane[top * pitch..].chunks_exact_mut(pitch)) {
                copy_short(from, &mut to[left..]);
            }
        }
    }

    /// Takes the positions of one channel from the padded rows, and adds its bias.
    #[inline(always)]
    pub fn take_output<T: Scalar>(&self, row: &[T], bias: T, y: &mut [T]) {
        let columns = self.geometry.columns;
        for (y, row) in y.chunks_exact_mut(columns).zip(row.chunks(self.input.pitch)) {
            y.iter_mut().zip(row).for_each(|(y, &x)| *y = x + bias);
        }
    }

    /// Takes the places of a phase in one channel from the padded rows.
    #[inline(always)]
    pub fn take_signal<T: Scalar>(&self, phase: &Phase, row: &[T], dx: &mut [T]) {
        let Geometry { width, stride, .. } = self.geometry;
        let ([top, left], [rows, columns]) = (phase.first, phase.count);
        for (u, row) in row.chunks(self.signal.pitch).take(rows).enumerate() {
            let dx = &mut dx[(top + u * stride) * width + left..];
            if stride == 1 {
                copy_short(&row[..columns], &mut dx[..columns]);
            } else {
                dx.iter_mut().step_by(stride).zip(&row[..columns]).for_each(|(d, &x)| *d = x);
            }
        }
    }
}

fn phase(geometry: &Geometry, signal: &Layout, v: &Rest, h: &Rest) -> Phase {
    let Geometry { kernel, stride, padding, .. } = *geometry;
    let on_map = |rest: &Rest| rest.first * stride + rest.rest - padding;
    let reach = || (0..v.reach).flat_map(|i| (0..h.reach).map(move |j| (i, j)));
    let tap = |(i, j)| (i * stride + v.rest) * kernel + j * stride + h.rest;
    let shift = |o: usize, (i, j)| {
        let (row, column) = (signal.top + v.first - i, signal.left + h.first - j);
        o * signal.plane() + row * signal.pitch + column
    };
    Phase {
        first: [on_map(v), on_map(h)],
        count: [v.count, h.count],
        taps: reach().map(tap).collect(),
        shifts: (0..signal.planes).flat_map(|o| reach().map(move |at| shift(o, at))).collect(),
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
