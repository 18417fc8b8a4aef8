//! Products in which one matrix is never written down: its rows are one piece of memory, read from another
//! place each time. A convolution is made of two of them (see `layer::planes`).
//!
//! ```text
//! shifted_product     y_oq = sum_k w_ok m[shift_k + q]
//! shifted_gradient    g_ko = sum_q m[shift_k + place_q] d_qo
//! ```
//!
//! One code for every instruction set: `pulp` gives it vectors of AVX-512, AVX2, NEON, or of one element. A
//! tile of sums stays in registers, at most 12 vectors, which hides the latency of the additions and leaves
//! room for what is read among 16 registers; every sum is one chain in the order of its index, so that it
//! does not depend on how the matrices were cut.

use pulp::{Arch, Simd, WithSimd};

/// Numbers that are computed with in vectors.
pub trait Lanes: Copy + Default + 'static {
    type Vector<S: Simd>: Copy;

    /// Elements of a vector.
    fn count<S: Simd>() -> usize;

    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;

    /// a b + c, rounded once where the processor can.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
}

impl Lanes for f32 {
    type Vector<S: Simd> = S::f32s;

    #[inline(always)]
    fn count<S: Simd>() -> usize {
        S::F32_LANES
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: f32) -> S::f32s {
        simd.splat_f32s(x)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }
}

impl Lanes for f64 {
    type Vector<S: Simd> = S::f64s;

    #[inline(always)]
    fn count<S: Simd>() -> usize {
        S::F64_LANES
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: f64) -> S::f64s {
        simd.splat_f64s(x)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }
}

/// The most elements that a vector has on any processor: lengths of memory are multiples of it, or have as
/// many elements to spare.
pub const MOST_LANES: usize = 16;

/// Most rows of a block of [`shifted_product`].
pub const BLOCK: usize = 6;

/// Vectors of a tile of [`shifted_product`]. With 6 rows: 12 sums, 2 vectors of the maps and a broadcast of
/// 16 registers; 4 rows by 3 vectors would need all 16, and the compiler then keeps sums in memory.
const ACROSS: usize = 2;

/// The rows of the next block: 6, or 4 where 6 would leave a block of 1 or 2 behind.
fn next_block(left: usize) -> usize {
    match left {
        7 | 8 => 4,
        _ => left.min(BLOCK),
    }
}

/// `y [rows, count]` from `w [rows, shifts.len()]` and the maps, in blocks of up to [`BLOCK`] rows: each row
/// is handed to `done` with its index. `block` is memory for `BLOCK` rows of [`row_len`] of the count.
///
/// # Panics
/// Where a shifted row would end more than [`MOST_LANES`] before the end of the maps.
pub fn shifted_product<T: Lanes>(
    weight: &[T],
    shifts: &[usize],
    maps: &[T],
    count: usize,
    block: &mut [T],
    done: impl FnMut(usize, &[T]),
) {
    let last = shifts.iter().max().copied().unwrap_or(0);
    assert!(last + row_len(count) <= maps.len() && block.len() >= BLOCK * row_len(count));
    Arch::new().dispatch(Product { weight, shifts, maps, count, block, done });
}

/// `count` elements and what the last vector has more.
pub fn row_len(count: usize) -> usize {
    count.next_multiple_of(MOST_LANES)
}

struct Product<'a, T, F> {
    weight: &'a [T],
    shifts: &'a [usize],
    maps: &'a [T],
    count: usize,
    block: &'a mut [T],
    done: F,
}

impl<T: Lanes, F: FnMut(usize, &[T])> WithSimd for Product<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { weight, shifts, maps, count, block, mut done } = self;
        let (depth, stride) = (shifts.len(), row_len(count));
        let rows = weight.len().checked_div(depth).unwrap_or(0);
        let mut first = 0;
        while first < rows {
            let weight = &weight[first * depth..];
            let rows = next_block(rows - first);
            let tiles = Tiles { simd, weight, shifts, maps, stride };
            // SAFETY: `shifted_product` has checked what the tiles read and write.
            unsafe {
                match rows {
                    1 => tiles.block::<1>(count, block),
                    2 => tiles.block::<2>(count, block),
                    3 => tiles.block::<3>(count, block),
                    4 => tiles.block::<4>(count, block),
                    5 => tiles.block::<5>(count, block),
                    _ => tiles.block::<6>(count, block),
                }
            }
            for (r, row) in block.chunks_exact(stride).take(rows).enumerate() {
                done(first + r, &row[..count]);
            }
            first += rows;
        }
    }
}

/// What the tiles of a block share.
#[derive(Clone, Copy)]
struct Tiles<'a, T, S> {
    simd: S,
    weight: &'a [T],
    shifts: &'a [usize],
    maps: &'a [T],
    stride: usize,
}

impl<T: Lanes, S: Simd> Tiles<'_, T, S> {
    /// `M` rows of the product.
    ///
    /// # Safety
    /// `weight` has `M` rows, `block` as many of `stride`; at every shift, the maps have `count` elements
    /// rounded up to whole vectors, and so has a row of the block.
    #[inline(always)]
    unsafe fn block<const M: usize>(self, count: usize, block: &mut [T]) {
        let lanes = T::count::<S>();
        let mut at = 0;
        // SAFETY: the caller's promise, for the vectors that begin before `count`.
        unsafe {
            while at + (ACROSS - 1) * lanes < count {
                self.tile::<M, ACROSS>(at, block);
                at += ACROSS * lanes;
            }
            if at < count {
                self.tile::<M, 1>(at, block);
            }
        }
    }

    /// `M` rows by `N` vectors from element `at` on.
    ///
    /// # Safety
    /// As [`Tiles::block`].
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // Indices over registers: all loops are unrolled.
    unsafe fn tile<const M: usize, const N: usize>(self, at: usize, block: &mut [T]) {
        let Tiles { simd, weight, shifts, maps, stride } = self;
        let (lanes, depth) = (T::count::<S>(), shifts.len());
        let mut sums = [[T::splat(simd, T::default()); N]; M];
        let (weight, maps) = (weight.as_ptr(), maps.as_ptr());
        for (k, &shift) in shifts.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let from = maps.add(shift + at);
                let mut values = [sums[0][0]; N];
                for j in 0..N {
                    values[j] = load::<T, S>(from.add(j * lanes));
                }
                for i in 0..M {
                    let w = T::splat(simd, *weight.add(i * depth + k));
                    for j in 0..N {
                        sums[i][j] = T::mul_add(simd, w, values[j], sums[i][j]);
                    }
                }
            }
        }
        for i in 0..M {
            for j in 0..N {
                // SAFETY: the caller's promise.
                unsafe { store::<T, S>(block.as_mut_ptr().add(i * stride + at + j * lanes), sums[i][j]) };
            }
        }
    }
}

/// # Safety
/// A vector may be read there.
#[inline(always)]
unsafe fn load<T: Lanes, S: Simd>(from: *const T) -> T::Vector<S> {
    // SAFETY: a vector is made of its elements, any bits of which are numbers.
    unsafe { from.cast::<T::Vector<S>>().read_unaligned() }
}

/// # Safety
/// A vector may be written there.
#[inline(always)]
unsafe fn store<T: Lanes, S: Simd>(to: *mut T, values: T::Vector<S>) {
    // SAFETY: as in `load`.
    unsafe { to.cast::<T::Vector<S>>().write_unaligned(values) }
}

/// The places of a rectangle `rows` x `columns` in maps whose rows are `pitch` elements apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    pub rows: usize,
    pub columns: usize,
    pub pitch: usize,
}

/// `g [shifts.len(), width]` from the maps and `d [rows * columns, width]`, the sum over all places of the
/// rectangle. `width` is a [`gradient_width`].
///
/// # Panics
/// Where the rectangle, shifted, does not lie in the maps, or a length is wrong.
pub fn shifted_gradient<T: Lanes>(
    maps: &[T],
    shifts: &[usize],
    over: Rectangle,
    signal: &[T],
    width: usize,
    to: &mut [T],
) {
    let last = shifts.iter().max().copied().unwrap_or(0);
    let end = (over.rows.max(1) - 1) * over.pitch + over.columns;
    assert!(last + end <= maps.len());
    assert!(signal.len() == over.rows * over.columns * width && to.len() == shifts.len() * width);
    Arch::new().dispatch(Gradient { maps, shifts, over, signal, width, to });
}

/// The width of [`shifted_gradient`] for so many outputs: whole vectors of this processor.
pub fn gradient_width<T: Lanes>(outputs: usize) -> usize {
    struct Count<T>(std::marker::PhantomData<T>);
    impl<T: Lanes> WithSimd for Count<T> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            T::count::<S>()
        }
    }
    outputs.next_multiple_of(Arch::new().dispatch(Count::<T>(std::marker::PhantomData)))
}

struct Gradient<'a, T> {
    maps: &'a [T],
    shifts: &'a [usize],
    over: Rectangle,
    signal: &'a [T],
    width: usize,
    to: &'a mut [T],
}

impl<T: Lanes> WithSimd for Gradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = T::count::<S>();
        assert!(self.width.is_multiple_of(lanes));
        let mut at = 0;
        // SAFETY: `shifted_gradient` has checked what the tiles read and write.
        unsafe {
            while at + lanes < self.width {
                self.columns::<S, 6, 2>(simd, at);
                at += 2 * lanes;
            }
            if at < self.width {
                self.columns::<S, 8, 1>(simd, at);
            }
        }
    }
}

impl<T: Lanes> Gradient<'_, T> {
    /// All rows of `N` vectors of columns, `M` or fewer at a time.
    ///
    /// # Safety
    /// The lengths are those that [`shifted_gradient`] checks.
    #[inline(always)]
    unsafe fn columns<S: Simd, const M: usize, const N: usize>(&mut self, simd: S, at: usize) {
        let mut first = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while first < self.shifts.len() {
                let left = self.shifts.len() - first;
                // Nine rows, a kernel over one map, are better cut into 6 + 3 than into 8 + 1.
                first += match left {
                    9 => self.tile::<S, 6, N>(simd, first, at),
                    _ if left >= M => self.tile::<S, M, N>(simd, first, at),
                    6.. => self.tile::<S, 6, N>(simd, first, at),
                    3.. => self.tile::<S, 3, N>(simd, first, at),
                    _ => self.tile::<S, 1, N>(simd, first, at),
                };
            }
        }
    }

    /// `M` rows from `first` on by `N` vectors from column `at` on; returns `M`.
    ///
    /// # Safety
    /// As [`Gradient::columns`].
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // Indices over registers: all loops are unrolled.
    unsafe fn tile<S: Simd, const M: usize, const N: usize>(
        &mut self,
        simd: S,
        first: usize,
        at: usize,
    ) -> usize {
        let lanes = T::count::<S>();
        let Rectangle { rows, columns, pitch } = self.over;
        let mut sums = [[T::splat(simd, T::default()); N]; M];
        let mut from = [self.maps.as_ptr(); M];
        let mut signal = self.signal.as_ptr().wrapping_add(at);
        for i in 0..M {
            from[i] = from[i].wrapping_add(self.shifts[first + i]);
        }
        for _ in 0..rows {
            for column in 0..columns {
                // SAFETY: a place of the rectangle, in each map and in the signal. The caller's promise.
                unsafe {
                    let mut values = [sums[0][0]; N];
                    for j in 0..N {
                        values[j] = load::<T, S>(signal.add(j * lanes));
                    }
                    for i in 0..M {
                        let x = T::splat(simd, *from[i].add(column));
                        for j in 0..N {
                            sums[i][j] = T::mul_add(simd, x, values[j], sums[i][j]);
                        }
                    }
                }
                signal = signal.wrapping_add(self.width);
            }
            for i in 0..M {
                from[i] = from[i].wrapping_add(pitch);
            }
        }
        for i in 0..M {
            for j in 0..N {
                let to = (first + i) * self.width + at + j * lanes;
                // SAFETY: a vector of row `first + i`. The caller's promise.
                unsafe { store::<T, S>(self.to.as_mut_ptr().add(to), sums[i][j]) };
            }
        }
        M
    }
}

/// `to [positions, width]`, the transpose of `from [rows, positions]` with zeros in the columns behind.
pub fn transpose_padded<T: Lanes>(from: &[T], positions: usize, width: usize, to: &mut [T]) {
    let rows = from.len() / positions.max(1);
    assert!(from.len() == rows * positions && rows <= width && to.len() == positions * width);
    Arch::new().dispatch(
        #[inline(always)]
        || transpose_blocks(from, positions, width, to),
    );
}

/// Four by four elements at a time, which the compiler makes shuffles of registers of.
#[inline(always)]
fn transpose_blocks<T: Lanes>(from: &[T], positions: usize, width: usize, to: &mut [T]) {
    const SIDE: usize = 4;
    let rows = from.len() / positions.max(1);
    for first in (0..width).step_by(SIDE) {
        let here = rows.saturating_sub(first).min(SIDE);
        let whole = if here == SIDE { positions / SIDE * SIDE } else { 0 };
        let row = |r: usize| &from[(first + r) * positions..][..positions];
        if whole > 0 {
            let rows = [row(0), row(1), row(2), row(3)];
            for p in (0..whole).step_by(SIDE) {
                let block: [[T; SIDE]; SIDE] =
                    std::array::from_fn(|r| rows[r][p..p + SIDE].try_into().expect("four elements"));
                for c in 0..SIDE {
                    let column: [T; SIDE] = std::array::from_fn(|r| block[r][c]);
                    to[(p + c) * width + first..][..SIDE].copy_from_slice(&column);
                }
            }
        }
        for p in whole..positions {
            for r in 0..SIDE.min(width - first) {
                to[p * width + first + r] = if r < here { row(r)[p] } else { T::default() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all instruction sets of this processor make of it.
    fn on_each<W: WithSimd>(mut make: impl FnMut() -> W, mut check: impl FnMut(&str, W::Output)) {
        check("none", make().with_simd(pulp::Scalar));
        check("the widest", Arch::new().dispatch(make()));
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            check("AVX2", Simd::vectorize(simd, make()));
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V4::try_new() {
            check("AVX-512", Simd::vectorize(simd, make()));
        }
    }

    fn wave(n: usize, step: f64) -> Vec<f32> {
        (0..n).map(|i| (i as f64 * step).sin() as f32).collect()
    }

    fn near(got: &[f32], want: &[f64], what: &str) {
        assert_eq!(got.len(), want.len(), "{what}");
        for (i, (&g, w)) in got.iter().zip(want).enumerate() {
            assert!((f64::from(g) - w).abs() < 1e-5, "{what}, {i}: {g} {w}");
        }
    }

    #[test]
    fn products_are_the_sums_with_every_instruction_set() {
        for (rows, depth, count) in [(1, 1, 1), (2, 3, 5), (3, 4, 17), (5, 2, 33), (7, 9, 16), (14, 5, 47)] {
            let shifts: Vec<usize> = (0..depth).map(|k| k * k * 3 % 29).collect();
            let (weight, maps) = (wave(rows * depth, 0.7), wave(29 + row_len(count), 0.37));
            let sum = |o: usize, q: usize| {
                let term = |k: usize| f64::from(weight[o * depth + k]) * f64::from(maps[shifts[k] + q]);
                (0..depth).map(term).sum::<f64>()
            };
            let want: Vec<f64> = (0..rows * count).map(|i| sum(i / count, i % count)).collect();
            let got = std::cell::RefCell::new(Vec::new());
            let mut blocks = vec![vec![0.0; BLOCK * row_len(count)]; 4].into_iter();
            let make = || Product {
                weight: &weight,
                shifts: &shifts,
                maps: &maps,
                count,
                block: Box::leak(blocks.next().unwrap().into_boxed_slice()),
                done: |o: usize, row: &[f32]| {
                    assert_eq!(o * count, got.borrow().len());
                    got.borrow_mut().extend_from_slice(row);
                },
            };
            on_each(make, |name, ()| {
                near(&got.borrow(), &want, &format!("{name}, {rows} x {depth} x {count}"));
                got.borrow_mut().clear();
            });
        }
    }

    #[test]
    fn gradients_are_the_sums_with_every_instruction_set() {
        for (depth, rows, columns, width) in
            [(1, 1, 1, 16), (2, 3, 4, 32), (9, 2, 7, 48), (13, 5, 3, 16), (5, 4, 4, 64)]
        {
            let over = Rectangle { rows, columns, pitch: columns + 2 };
            let shifts: Vec<usize> = (0..depth).map(|k| k * 5 % 19).collect();
            let maps = wave(19 + rows * over.pitch, 0.37);
            let signal = wave(rows * columns * width, 0.53);
            let sum = |k: usize, o: usize| {
                let term = |q: usize| {
                    let place = shifts[k] + q / columns * over.pitch + q % columns;
                    f64::from(maps[place]) * f64::from(signal[q * width + o])
                };
                (0..rows * columns).map(term).sum::<f64>()
            };
            let want: Vec<f64> = (0..depth * width).map(|i| sum(i / width, i % width)).collect();
            let mut outs: Vec<_> = (0..4).map(|_| vec![f32::NAN; depth * width]).collect();
            let mut next = outs.iter_mut();
            let make = || {
                let to = next.next().unwrap();
                Gradient { maps: &maps, shifts: &shifts, over, signal: &signal, width, to }
            };
            let mut names = Vec::new();
            on_each(make, |name, ()| names.push(name.to_string()));
            for (name, got) in names.iter().zip(&outs) {
                near(got, &want, &format!("{name}, {depth} x {rows} x {columns} x {width}"));
            }
        }
    }

    #[test]
    fn the_transpose_has_zeros_behind() {
        for (rows, positions, width) in [(1, 1, 8), (4, 4, 4), (5, 7, 8), (8, 9, 16), (3, 10, 4)] {
            let from = wave(rows * positions, 0.9);
            let mut to = vec![f32::NAN; positions * width];
            transpose_padded(&from, positions, width, &mut to);
            for (i, &got) in to.iter().enumerate() {
                let (p, r) = (i / width, i % width);
                let want = if r < rows { from[r * positions + p] } else { 0.0 };
                assert_eq!(got, want, "{rows} x {positions}, {p} {r}");
            }
        }
    }
}
