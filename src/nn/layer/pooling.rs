//! Pooling: what one window of a map says, `[channels, height, width]` to `[channels, rows, columns]`.
//!
//! ```text
//! max:      y_p = max over the window of x         dx goes to the place that was the maximum
//! average:  y_p = mean over the window of x        dx_i = dy_p / (places of a window)
//! ```
//!
//! Windows are not padded; what they do not reach at the end of an odd side is not read, as in PyTorch's
//! `MaxPool2d` and `AvgPool2d`. Of equal maxima the first in the order of rows wins; a NaN wins, and of
//! several the last.

use super::planes::places;
use super::{Backward, Forward, Layer, Memory};
use crate::nn::probe::Chosen;
use crate::nn::scalar::{Scalar, is_nan, simd};
use crate::nn::signal::row_squares;

/// A window that moves over maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    channels: usize,
    height: usize,
    width: usize,
    /// Height and width of the window.
    size: [usize; 2],
    stride: usize,
    rows: usize,
    columns: usize,
}

impl Window {
    fn new([channels, height, width]: [usize; 3], size: [usize; 2], stride: usize) -> Result<Window, String> {
        if size.contains(&0) || stride == 0 {
            return Err(format!("size and stride of pooling are at least 1, not {size:?} and {stride}"));
        }
        match (places(height, size[0], stride), places(width, size[1], stride)) {
            (Some(rows), Some(columns)) if channels > 0 => {
                Ok(Window { channels, height, width, size, stride, rows, columns })
            }
            _ => {
                let [rows, columns] = size;
                Err(format!("pooling {rows} x {columns} leaves nothing of maps of {height} x {width}"))
            }
        }
    }

    fn label(&self, name: &str) -> String {
        let [rows, columns] = self.size;
        if [rows, columns] == [self.height, self.width] {
            format!("{name}, whole map")
        } else {
            format!("{name} {rows}x{columns}")
        }
    }

    fn inputs(&self) -> usize {
        self.channels * self.height * self.width
    }

    fn outputs(&self) -> usize {
        self.channels * self.rows * self.columns
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let Window { channels, height, width, .. } = *self;
        if input == [channels, height, width] {
            Ok(vec![channels, self.rows, self.columns])
        } else {
            Err(format!("takes {channels} x {height} x {width}, not {input:?}"))
        }
    }

    /// Where the window of each output begins in the sample.
    #[inline(always)]
    fn corners(&self) -> impl Iterator<Item = usize> {
        let Window { height, width, stride, rows, columns, channels, .. } = *self;
        let rows =
            (0..channels).flat_map(move |c| (0..rows).map(move |row| (c * height + row * stride) * width));
        rows.flat_map(move |row| (0..columns).map(move |column| row + column * stride))
    }

    /// Where the window of output `at` begins in the sample.
    fn corner(&self, at: usize) -> usize {
        let Window { height, width, stride, rows, columns, .. } = *self;
        let (map, row, column) = (at / columns / rows, at / columns % rows, at % columns);
        (map * height + row * stride) * width + column * stride
    }

    /// The first place of each row of outputs in the sample.
    #[inline(always)]
    fn row_starts(&self) -> impl Iterator<Item = usize> {
        let Window { height, width, stride, rows, channels, .. } = *self;
        (0..channels).flat_map(move |c| (0..rows).map(move |row| (c * height + row * stride) * width))
    }
}

/// The largest value of each window.
#[derive(Clone, Debug)]
pub(crate) struct MaxPooling {
    window: Window,
    /// How far each place of the window is from its corner.
    offsets: Vec<usize>,
}

impl MaxPooling {
    /// Windows of `size` x `size`, `stride` places apart; PyTorch's default is a stride of `size`.
    ///
    /// # Errors
    /// In words, where no window fits.
    pub fn new(input: [usize; 3], size: usize, stride: usize) -> Result<MaxPooling, String> {
        let window = Window::new(input, [size; 2], stride)?;
        let offsets = (0..size).flat_map(|i| (0..size).map(move |j| i * window.width + j)).collect();
        Ok(MaxPooling { window, offsets })
    }

    #[inline(always)]
    fn offset<T: Scalar>(&self, place: T) -> usize {
        self.offsets[place.to_f64() as usize]
    }

    /// Places of a sample that won at least one window, of its cache `[outputs]`; with overlapping windows
    /// fewer than there are windows. Allocates nothing.
    fn distinct<T: Scalar>(&self, cache: &[T]) -> usize {
        let Window { size, stride, rows, columns, .. } = self.window;
        if stride >= size[0] {
            return cache.len();
        }
        // So many windows before and behind can share a place with one.
        let reach = (size[0] - 1) / stride;
        let place = |at: usize| self.window.corner(at) + self.offset(cache[at]);
        let is_first = |&at: &usize| {
            let (row, column) = (at / columns % rows, at % columns);
            let from = at - row.min(reach) * columns - column;
            let rows = (from..=at).step_by(columns);
            let near = column.saturating_sub(reach)..=(column + reach).min(columns - 1);
            let mut before = rows.flat_map(|row| near.clone().map(move |c| row + c)).filter(|&w| w < at);
            !before.any(|w| place(w) == place(at))
        };
        (0..cache.len()).filter(is_first).count()
    }
}

impl<T: Scalar> Layer<T> for MaxPooling {
    fn kind(&self) -> &'static str {
        "max pooling"
    }

    fn label(&self) -> String {
        self.window.label("max pool")
    }

    fn is_recorded(&self) -> bool {
        true
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        self.window.shape(input)
    }

    /// The cache holds the winner's place in its window, counted row by row.
    fn memory(&self) -> Memory {
        Memory { cache: self.window.outputs(), ..measured() }
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let samples =
            pass.x.chunks_exact(self.window.inputs()).zip(pass.y.chunks_exact_mut(self.window.outputs()));
        for ((x, y), cache) in samples.zip(pass.cache.chunks_exact_mut(self.window.outputs())) {
            largest(&self.window, x, y, cache);
        }
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let (after, before) = pass.numbers.split_at_mut(pass.numbers.len() / 2);
        row_squares(pass.dy, self.window.outputs(), after);
        let Some(dx) = pass.dx else { return };
        let Window { size, width, height, columns, rows, stride, .. } = self.window;
        let tiles = size == [stride; 2] && [rows * stride, columns * stride] == [height, width];
        let samples =
            dx.chunks_exact_mut(self.window.inputs()).zip(pass.dy.chunks_exact(self.window.outputs()));
        for ((dx, dy), cache) in samples.zip(pass.cache.chunks_exact(self.window.outputs())) {
            if tiles && stride == 2 {
                to_winners_of_pairs(width, dx, dy, cache);
                continue;
            }
            dx.fill(T::ZERO);
            let rows = dy.chunks_exact(columns).zip(cache.chunks_exact(columns));
            for ((dy, cache), start) in rows.zip(self.window.row_starts()) {
                for (c, (&dy, &place)) in dy.iter().zip(cache).enumerate() {
                    dx[start + c * stride + self.offset(place)] += dy;
                }
            }
        }
        if pass.mode.measure {
            row_squares(dx, self.window.inputs(), before);
        }
    }

    fn routed_share(&self, cache: &[T]) -> Option<f64> {
        let samples = cache.chunks_exact(self.window.outputs());
        let all = samples.len() * self.window.inputs();
        let distinct: usize = samples.map(|cache| self.distinct(cache)).sum();
        (all > 0).then(|| distinct as f64 / all as f64)
    }

    fn has_winners(&self) -> bool {
        true
    }

    fn winners_changed(&self, before: &[T], now: &[T]) -> f64 {
        differing(before, now) as f64 / now.len() as f64
    }

    fn chosen(&self, cache: &[T]) -> Option<Chosen> {
        let place = |at: usize| self.window.corner(at) + self.offset(cache[at]);
        Some(Chosen {
            winners: (0..cache.len()).map(place).collect(),
            window: Some([self.window.size[0], self.window.stride]),
            input: None,
        })
    }

    fn scale(&self, by: i32, _: &mut [T], numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn sample_squares(&self, numbers: &[f64], after: &mut [f64], before: &mut [f64]) -> bool {
        sample_squares(numbers, after, before)
    }
}

/// |dy_a|^2 and |dx_a|^2 of each row.
fn measured() -> Memory {
    Memory { numbers: 2, ..Memory::default() }
}

/// Both, as the engine asks for them.
fn sample_squares(numbers: &[f64], after: &mut [f64], before: &mut [f64]) -> bool {
    let (of_output, of_input) = numbers.split_at(numbers.len() / 2);
    after.copy_from_slice(of_output);
    before.copy_from_slice(of_input);
    true
}

/// How many numbers differ.
pub(super) fn differing<T: Scalar>(before: &[T], now: &[T]) -> usize {
    before.iter().zip(now).filter(|(before, now)| before != now).count()
}

/// The largest value of each window of a sample, and its place in the window.
fn largest<T: Scalar>(window: &Window, x: &[T], y: &mut [T], winners: &mut [T]) {
    simd(
        #[inline(always)]
        move || match window.stride {
            // Known strides become vector code.
            1 => largest_at::<T, 1>(window, x, y, winners),
            2 => largest_at::<T, 2>(window, x, y, winners),
            _ => largest_at::<T, 0>(window, x, y, winners),
        },
    );
}

/// [`largest`] for this stride; 0 is any.
#[inline(always)]
fn largest_at<T: Scalar, const STRIDE: usize>(window: &Window, x: &[T], y: &mut [T], winners: &mut [T]) {
    let columns = window.columns;
    let rows = y.chunks_exact_mut(columns).zip(winners.chunks_exact_mut(columns));
    for ((y, winners), start) in rows.zip(window.row_starts()) {
        let x = &x[start..];
        match columns {
            8.. => runs::<T, STRIDE, 8>(window, x, y, winners),
            4.. => runs::<T, STRIDE, 4>(window, x, y, winners),
            _ => runs::<T, STRIDE, 1>(window, x, y, winners),
        }
    }
}

/// A row of at least `N` windows, `N` at a time; the last run may overlap the one before.
#[inline(always)]
fn runs<T: Scalar, const STRIDE: usize, const N: usize>(
    window: &Window,
    x: &[T],
    y: &mut [T],
    winners: &mut [T],
) {
    let columns = y.len();
    for at in (0..columns).step_by(N) {
        let at = at.min(columns - N);
        let (values, places) = largest_of::<T, STRIDE, N>(window, &x[at * window.stride..]);
        y[at..at + N].copy_from_slice(&values);
        winners[at..at + N].copy_from_slice(&places);
    }
}

/// `N` windows beside each other: value and place, kept in registers over all places of a window.
#[inline(always)]
fn largest_of<T: Scalar, const STRIDE: usize, const N: usize>(window: &Window, x: &[T]) -> ([T; N], [T; N]) {
    let stride = if STRIDE == 0 { window.stride } else { STRIDE };
    let (mut best, mut winner) = ([T::ZERO; N], [T::ZERO; N]);
    let [rows, columns] = window.size;
    for i in 0..rows {
        for j in 0..columns {
            let x = &x[i * window.width + j..][..(N - 1) * stride + 1];
            let place = T::from_f64((i * columns + j) as f64);
            let first = i + j == 0;
            for k in 0..N {
                let value = x[k * stride];
                let wins = first | (value > best[k]) | is_nan(value);
                best[k] = T::pick(wins, value, best[k]);
                winner[k] = T::pick(wins, place, winner[k]);
            }
        }
    }
    (best, winner)
}

/// The signal of windows of 2 x 2 that tile the map, `dx` being rows of `width`: every place is written once,
/// with the signal where it won and with zero elsewhere.
fn to_winners_of_pairs<T: Scalar>(width: usize, dx: &mut [T], dy: &[T], winners: &[T]) {
    simd(
        #[inline(always)]
        || {
            let rows = dy.chunks_exact(width / 2).zip(winners.chunks_exact(width / 2));
            for (dx, (dy, winners)) in dx.chunks_exact_mut(2 * width).zip(rows) {
                let (upper, lower) = dx.split_at_mut(width);
                for (row, first) in [(upper, T::ZERO), (lower, T::ONE + T::ONE)] {
                    for ((pair, &dy), &winner) in row.chunks_exact_mut(2).zip(dy).zip(winners) {
                        pair[0] = T::pick(winner == first, dy, T::ZERO);
                        pair[1] = T::pick(winner == first + T::ONE, dy, T::ZERO);
                    }
                }
            }
        },
    );
}

/// The mean of each window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AveragePooling(Window);

impl AveragePooling {
    /// Windows of `size` x `size`, `stride` places apart; PyTorch's default is a stride of `size`.
    ///
    /// # Errors
    /// In words, where no window fits.
    pub fn new(input: [usize; 3], size: usize, stride: usize) -> Result<AveragePooling, String> {
        Window::new(input, [size; 2], stride).map(AveragePooling)
    }

    /// One window a channel, its whole map: to `[channels, 1, 1]`, as `AdaptiveAvgPool2d(1)`.
    ///
    /// # Errors
    /// In words, where there is nothing to average.
    pub fn global(input: [usize; 3]) -> Result<AveragePooling, String> {
        Window::new(input, [input[1], input[2]], 1).map(AveragePooling)
    }

    fn share<T: Scalar>(&self) -> T {
        T::from_f64(1.0 / (self.0.size[0] * self.0.size[1]) as f64)
    }
}

impl<T: Scalar> Layer<T> for AveragePooling {
    fn kind(&self) -> &'static str {
        "average pooling"
    }

    fn label(&self) -> String {
        self.0.label("mean pool")
    }

    fn is_recorded(&self) -> bool {
        true
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        self.0.shape(input)
    }

    fn memory(&self) -> Memory {
        measured()
    }

    fn routed_share(&self, _: &[T]) -> Option<f64> {
        // Every place under a window, a row and a column of windows at a time.
        let Window { size, stride, rows, columns, height, width, .. } = self.0;
        let covered = |windows: usize, size: usize| windows * size.min(stride) + size - size.min(stride);
        let of = |windows, size, all: usize| covered(windows, size) as f64 / all as f64;
        Some(of(rows, size[0], height) * of(columns, size[1], width))
    }

    fn scale(&self, by: i32, _: &mut [T], numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn sample_squares(&self, numbers: &[f64], after: &mut [f64], before: &mut [f64]) -> bool {
        sample_squares(numbers, after, before)
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let Window { size, width, .. } = self.0;
        let share = self.share();
        for (x, y) in pass.x.chunks_exact(self.0.inputs()).zip(pass.y.chunks_exact_mut(self.0.outputs())) {
            for (y, corner) in y.iter_mut().zip(self.0.corners()) {
                let rows = x[corner..].chunks(width).take(size[0]);
                let sum = rows.flat_map(|row| &row[..size[1]]).fold(T::ZERO, |sum, &x| sum + x);
                *y = sum * share;
            }
        }
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let (after, before) = pass.numbers.split_at_mut(pass.numbers.len() / 2);
        row_squares(pass.dy, self.0.outputs(), after);
        let Some(dx) = pass.dx else { return };
        let Window { size, width, .. } = self.0;
        let share = self.share();
        dx.fill(T::ZERO);
        for (dx, dy) in dx.chunks_exact_mut(self.0.inputs()).zip(pass.dy.chunks_exact(self.0.outputs())) {
            for (&dy, corner) in dy.iter().zip(self.0.corners()) {
                let rows = dx[corner..].chunks_mut(width).take(size[0]);
                rows.flat_map(|row| &mut row[..size[1]]).for_each(|dx| *dx += dy * share);
            }
        }
        if pass.mode.measure {
            row_squares(dx, self.0.inputs(), before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(input: [usize; 3], size: usize, stride: usize, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let pool = MaxPooling::new(input, size, stride).unwrap();
        let (mut y, mut winners) = (vec![0.0; pool.window.outputs()], vec![0.0; pool.window.outputs()]);
        largest(&pool.window, x, &mut y, &mut winners);
        (y, winners)
    }

    #[test]
    fn the_first_of_equal_maxima_wins_and_what_is_left_over_is_not_read() {
        // Odd sides: the last row and column, which hold the largest values, belong to no window.
        let x = [1.0, 1.0, 0.0, 2.0, 9.0, 1.0, 1.0, 2.0, 2.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0];
        assert_eq!(pooled([1, 3, 5], 2, 2, &x), (vec![1.0, 2.0], vec![0.0, 1.0]));
        let low = [f64::NEG_INFINITY; 4];
        assert_eq!(pooled([1, 2, 2], 2, 2, &low), (vec![f64::NEG_INFINITY], vec![0.0]));
        // Two channels.
        let x = [1.0, 2.0, 3.0, 4.0, -4.0, -3.0, -2.0, -5.0];
        assert_eq!(pooled([2, 2, 2], 2, 2, &x), (vec![4.0, -2.0], vec![3.0, 2.0]));
    }

    #[test]
    fn not_a_number_wins_and_of_several_the_last() {
        let nan = f64::NAN;
        for (x, place) in
            [([nan, 5.0, 1.0, 2.0], 0.0), ([1.0, nan, 7.0, 2.0], 1.0), ([nan, 1.0, nan, 2.0], 2.0)]
        {
            let (y, winners) = pooled([1, 2, 2], 2, 2, &x);
            assert!(y[0].is_nan() && winners == [place], "{x:?} {winners:?}");
        }
    }

    #[test]
    fn winners_are_counted_once_and_compared() {
        let pool = MaxPooling::new([1, 3, 3], 2, 1).unwrap();
        let (_, middle) = pooled([1, 3, 3], 2, 1, &[0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        let (_, corners) = pooled([1, 3, 3], 2, 1, &[5.0, 0.0, 5.0, 0.0, 0.0, 0.0, 5.0, 0.0, 5.0]);
        assert_eq!([middle, corners].map(|cache| pool.distinct(&cache)), [1, 4]);
        // The marks of a list, for windows that overlap more and less.
        for (side, size, stride) in [(7, 3, 1), (7, 3, 2), (8, 5, 2), (9, 4, 3), (8, 2, 2)] {
            let pool = MaxPooling::new([2, side, side], size, stride).unwrap();
            let x: Vec<f64> = (0..2 * side * side).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
            let (_, cache) = pooled([2, side, side], size, stride, &x);
            let places = (0..cache.len()).map(|at| pool.window.corner(at) + pool.offset(cache[at]));
            let want = places.collect::<std::collections::BTreeSet<_>>().len();
            assert_eq!(pool.distinct(&cache), want, "{side}, {size}, {stride}");
        }
    }

    /// Whatever the width, and however its runs overlap: the loops over each window, forward and back.
    #[test]
    fn runs_of_windows_are_the_windows() {
        for (side, size, stride) in [
            (2, 2, 2),
            (8, 2, 2),
            (9, 2, 2),
            (14, 2, 2),
            (28, 2, 2),
            (11, 3, 2),
            (12, 3, 1),
            (23, 3, 3),
            (5, 1, 1),
        ] {
            let pool = MaxPooling::new([2, side, side], size, stride).unwrap();
            let Window { rows, columns, .. } = pool.window;
            let x: Vec<f64> =
                (0..2 * side * side).map(|i| ((i * i) as f64 * 0.37).sin().round() + 0.0).collect();
            let (y, winners) = pooled([2, side, side], size, stride, &x);
            let dy: Vec<f64> = (0..y.len()).map(|i| i as f64 + 1.0).collect();
            let mut want = vec![0.0; x.len()];
            for at in 0..y.len() {
                let (map, row, column) = (at / columns / rows, at / columns % rows, at % columns);
                let place =
                    |k: usize| (map * side + row * stride + k / size) * side + column * stride + k % size;
                let best = (0..size * size).fold(0, |b, k| if x[place(k)] > x[place(b)] { k } else { b });
                assert_eq!(
                    (y[at], winners[at]),
                    (x[place(best)], best as f64),
                    "{side} {size} {stride} {at}"
                );
                want[place(best)] += dy[at];
            }
            let mut dx = vec![f64::NAN; x.len()];
            let layer: &dyn Layer<f64> = &pool;
            let (mut dy, mut cache, mut exponent) = (dy, winners, 0);
            layer.backward(Backward {
                signal: None,
                mode: super::super::Mode { training: None, measure: false },
                first_row: 0,
                parameters: super::super::Parameters { tensors: &[], packed: &[] },
                x: &[],
                skipped_values: &[],
                dy: &mut dy,
                dx: Some(&mut dx),
                cache: &mut cache,
                numbers: &mut [0.0],
                sums: &mut [],
                joint: &super::super::Joint::default(),
                exponent: &mut exponent,
                skipped: None,
                scratch: &mut [],
                prefetch: crate::nn::matmul::Prefetch::NOTHING,
            });
            assert_eq!(dx, want, "{side} {size} {stride}");
        }
    }

    #[test]
    fn pooling_that_leaves_nothing_is_an_error() {
        let error = MaxPooling::new([4, 1, 7], 2, 2).unwrap_err();
        assert_eq!(error, "pooling 2 x 2 leaves nothing of maps of 1 x 7");
        assert!(AveragePooling::new([4, 3, 3], 4, 1).is_err() && AveragePooling::global([3, 0, 2]).is_err());
        assert!(MaxPooling::new([4, 3, 3], 2, 0).is_err() && MaxPooling::new([4, 3, 3], 0, 1).is_err());
    }
}
