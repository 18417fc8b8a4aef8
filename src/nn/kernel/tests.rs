//! The kernels against plain sums in f64, for every small shape; what lies around the operands is poison.

use super::*;
use crate::nn::norm::SquareSum;

/// Numbers in [-1, 1) that look random.
fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        x = x.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (x >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// A matrix `[rows, cols]` in a buffer where all else is NaN; element (i, j) at `start + i * row + j *
/// column`.
struct Fenced {
    data: Vec<f32>,
    start: usize,
    row: usize,
    column: usize,
}

impl Fenced {
    fn new(rows: usize, cols: usize, transposed: bool, gap: usize, values: &[f32]) -> Fenced {
        let (row, column) = if transposed { (1, rows + gap) } else { (cols + gap, 1) };
        let start = 7;
        let mut data = vec![f32::NAN; start + (rows + gap) * (cols + gap) + 64];
        for i in 0..rows {
            for j in 0..cols {
                data[start + i * row + j * column] = values[i * cols + j];
            }
        }
        Fenced { data, start, row, column }
    }

    fn view(&self) -> View {
        View {
            data: self.data[self.start..].as_ptr(),
            row_stride: self.row as isize,
            column_stride: self.column as isize,
        }
    }
}

fn plain_product([m, n, k]: [usize; 3], a: &[f32], b: &[f32]) -> Vec<f64> {
    let mut out = vec![0.0; m * n];
    for i in 0..m {
        for p in 0..k {
            let x = a[i * k + p] as f64;
            for j in 0..n {
                out[i * n + j] += x * b[p * n + j] as f64;
            }
        }
    }
    out
}

fn check_product(token: Avx512, shape: [usize; 3], transposed: bool, gap: usize) {
    let [m, n, k] = shape;
    let (a, b) = (noise(m * k, 1 + m as u64), noise(k * n, 1000 + n as u64));
    let want = plain_product(shape, &a, &b);
    let (fa, fb) = (Fenced::new(m, k, transposed, gap, &a), Fenced::new(k, n, false, gap, &b));
    let stride = n + gap;
    let mut c = vec![-7.0f32; m * stride + 64];
    let prefetch = &mut Prefetch::NOTHING.and(&want);
    // SAFETY: the operands hold these shapes.
    unsafe { multiply(token, shape, 0.5, fa.view(), fb.view(), c.as_mut_ptr(), stride, None, prefetch) };
    for (at, &got) in c.iter().enumerate() {
        let (i, j) = (at / stride, at % stride);
        if i < m && j < n {
            let want = 0.5 * want[i * n + j];
            assert!(
                (got as f64 - want).abs() <= 1e-6 * (k as f64).sqrt(),
                "{shape:?} ({i}, {j}): {got} {want}"
            );
        } else {
            assert_eq!(got, -7.0, "{shape:?}: wrote outside at ({i}, {j})");
        }
    }
}

#[test]
fn products_of_every_small_shape_agree_with_plain_sums() {
    let Some(token) = detect() else { return };
    for n in 1..=70 {
        for m in (1..=18).chain([25, 31, 32, 47, 64, 70]) {
            for k in [0, 1, 2, 13] {
                check_product(token, [m, n, k], (m + n) % 2 == 0, (m + k) % 4);
            }
        }
    }
    for shape in [[100, 100, 100], [10, 784, 30], [33, 500, 70], [70, 70, 70]] {
        check_product(token, shape, false, 0);
        check_product(token, shape, true, 5);
    }
}

#[test]
fn the_forward_product_reads_transposed_panels() {
    let Some(token) = detect() else { return };
    for n in 1..=70 {
        for (m, k) in [(1, 1), (3, 17), (8, 8), (13, 70), (9, 33)] {
            let (a, weight) = (noise(m * k, 5), noise(n * k, 6));
            let mut panels = vec![f32::NAN; n * k];
            for (from, width) in column_panels(n) {
                let range = from * k..(from + width) * k;
                transpose_panel(token, &weight[range.clone()], width, k, &mut panels[range]);
            }
            let b: Vec<f32> = (0..k * n).map(|i| weight[(i % n) * k + i / n]).collect();
            let want = plain_product([m, n, k], &a, &b);
            let mut c = vec![f32::NAN; m * n];
            let a = View { data: a.as_ptr(), row_stride: k as isize, column_stride: 1 };
            // SAFETY: the operands hold these shapes.
            unsafe {
                multiply_panels(token, [m, n, k], a, panels.as_ptr(), c.as_mut_ptr(), n, Prefetch::NOTHING)
            };
            assert!(c.iter().zip(&want).all(|(&g, w)| (g as f64 - w).abs() < 1e-5), "{m} {n} {k}");
        }
    }
}

#[test]
fn an_element_does_not_depend_on_its_place_in_a_tile() {
    // Same rows and columns, cut differently: same bits.
    let Some(token) = detect() else { return };
    let (k, n) = (37, 100);
    let (a, b) = (noise(20 * k, 3), noise(k * n, 4));
    let product = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        let (m, width) = (rows.len(), columns.len());
        let mut c = vec![0.0f32; m * width];
        let a = View { data: a[rows.start * k..].as_ptr(), row_stride: k as isize, column_stride: 1 };
        let b = View { data: b[columns.start..].as_ptr(), row_stride: n as isize, column_stride: 1 };
        let mut prefetch = Prefetch::NOTHING;
        // SAFETY: the operands hold these shapes.
        unsafe { multiply(token, [m, width, k], 1.0, a, b, c.as_mut_ptr(), width, None, &mut prefetch) };
        c
    };
    let whole = product(0..20, 0..n);
    for rows in [0..1, 3..9, 13..20] {
        for columns in [0..5, 30..47, 90..100, 17..99] {
            let part = product(rows.clone(), columns.clone());
            for (i, r) in rows.clone().enumerate() {
                for (j, c) in columns.clone().enumerate() {
                    assert_eq!(part[i * columns.len() + j].to_bits(), whole[r * n + c].to_bits());
                }
            }
        }
    }
}

#[test]
fn panels_cover_all_columns() {
    for n in 0..2000 {
        let mut at = 0;
        for (from, width) in column_panels(n) {
            assert!(from == at && (1..=48).contains(&width), "{n}: {from} {width}");
            at += width;
        }
        assert_eq!(at, n);
    }
}

const WIDTHS: [usize; 14] = [1, 3, 10, 15, 16, 17, 31, 33, 64, 100, 511, 513, 1024, 1100];

fn plain_square(x: &[f32]) -> f64 {
    x.iter().map(|&x| (x as f64).powi(2)).sum()
}

fn close(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() <= 1e-6 * want.abs(), "{what}: {got} {want}");
}

#[test]
fn the_sigmoid_and_its_slope_are_right_relatively() {
    let Some(token) = detect() else { return };
    for width in WIDTHS {
        let rows = 3;
        let bias = noise(width, 8);
        let mut hidden: Vec<f32> = noise(rows * width, 9).iter().map(|x| x * 60.0).collect();
        let sums: Vec<f32> = hidden.iter().enumerate().map(|(i, h)| h + bias[i % width]).collect();
        let mut out = vec![f32::NAN; rows * width];
        sigmoid(token, &bias, &mut hidden, &mut out);
        for ((&h, &slope), &value) in sums.iter().zip(&hidden).zip(&out) {
            let e = (-(h as f64).abs()).exp();
            let want = if h < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
            close(value as f64, want, "value");
            close(slope as f64, e / (1.0 + e).powi(2), "slope");
        }
    }
    let mut hidden = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -102.0];
    let mut out = [0.5; 5];
    sigmoid(token, &[0.0; 5], &mut hidden, &mut out);
    assert!(out[0].is_nan() && hidden[0].is_nan());
    assert_eq!((out[1], out[3], hidden[3]), (1.0, 0.5, 0.25));
    assert!(out[4] > 0.0 && out[4] < 1e-44, "gradual underflow: {}", out[4]);
}

#[test]
fn rows_are_measured_at_every_scale() {
    let Some(token) = detect() else { return };
    for width in WIDTHS {
        for rows in [1, 8, 11] {
            for scale in [1e-30f32, 1e-18, 1.0, 1e17] {
                let values: Vec<f32> = noise(rows * width, 10).iter().map(|x| x * scale).collect();
                let mut squares = vec![f64::NAN; rows];
                row_squares(token, &values, width, &mut squares);
                for (row, &got) in values.chunks(width).zip(&squares) {
                    close(got, plain_square(row), "row");
                }
                let (mut slope, product) = (noise(rows * width, 11), values);
                let want: Vec<f32> = slope.iter().zip(&product).map(|(s, p)| s * p).collect();
                times_slope(token, &mut slope, &product, width, &mut squares);
                assert_eq!(slope, want);
                for (row, &got) in want.chunks(width).zip(&squares) {
                    close(got, plain_square(row), "product row");
                }
            }
        }
        // A row that is zero, one that is not a number, among sound ones.
        let mut values = noise(9 * width, 12);
        values[width..2 * width].fill(0.0);
        values[3 * width] = f32::NAN;
        let mut squares = vec![f64::NAN; 9];
        row_squares(token, &values, width, &mut squares);
        assert!(squares[1] == 0.0 && squares[3].is_nan());
        close(squares[8], plain_square(&values[8 * width..]), "sound");
    }
}

#[test]
fn columns_are_summed() {
    let Some(token) = detect() else { return };
    for (rows, width, from, count) in [(1, 1, 0, 1), (100, 100, 32, 36), (70, 130, 1, 129), (33, 16, 0, 16)] {
        let values = noise(rows * width, 13);
        let mut out = vec![f32::NAN; count];
        column_sums(token, &values, width, from, &mut out);
        for (j, &got) in out.iter().enumerate() {
            let want: f64 = (0..rows).map(|r| values[r * width + from + j] as f64).sum();
            assert!((got as f64 - want).abs() < 1e-5, "{got} {want}");
        }
    }
}

#[test]
fn an_update_is_what_it_says_and_is_measured() {
    let Some(token) = detect() else { return };
    for n in [1, 15, 16, 100, 511, 2047, 2048, 2049, 5000] {
        for (scale, unscale) in
            [(1.0f32, 1.0f32), (1e-3, 1.0), (1e-30, 1.0), (1.0, 2f32.powi(-60)), (0.0, 1.0)]
        {
            let grad: Vec<f32> = noise(n, 14).iter().map(|x| x * scale).collect();
            for param_scale in [0.0, 1e-25, 1.0f32] {
                let old: Vec<f32> = noise(n, 15).iter().map(|x| x * param_scale).collect();
                let want: Vec<f32> = old.iter().zip(&grad).map(|(p, g)| p + -0.1 * (g * unscale)).collect();
                let (mut plain, mut measured) = (old.clone(), old.clone());
                assert_eq!(sgd(token, &mut plain, &grad, -0.1, unscale, false), [SquareSum::ZERO; 3]);
                let sums = sgd(token, &mut measured, &grad, -0.1, unscale, true);
                assert!(plain == want && measured == want);
                let change: Vec<f32> = want.iter().zip(&old).map(|(a, b)| a - b).collect();
                for (sum, values) in sums.iter().zip([&grad, &change, &old]) {
                    close(sum.norm(), plain_square(values).sqrt(), "norm");
                }
            }
        }
    }
    let sums = sgd(token, &mut [1.0, 2.0], &[f32::NAN, 1.0], -0.1, 1.0, true);
    assert!(sums[0].sum.is_nan() && sums[1].sum.is_nan() && sums[2].sum == 5.0);
}

#[test]
fn a_sketch_keeps_sum_and_place() {
    let Some(token) = detect() else { return };
    for n in [1, 63, 64, 65, 2048, 2049, 5000] {
        for scale in [1.0f32, 1e-25, 0.0] {
            let initial = noise(n, 16);
            let initial: Vec<f32> = initial.iter().map(|x| x * scale).collect();
            let now: Vec<f32> = noise(n, 17).iter().map(|x| x * scale).collect();
            let random =
                |run: u64| (run.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678, (run * 29 + 3) % 64);
            let mut got = [f32::NAN; 64];
            let sum = sketch(token, &now, &initial, random, &mut got);
            let mut want = [0.0f64; 64];
            let mut square = 0.0;
            for (i, (a, b)) in now.iter().zip(&initial).enumerate() {
                let d = (a - b) as f64;
                let (signs, rotation) = random(i as u64 / 64);
                let j = i as u64 % 64;
                want[((j + rotation) % 64) as usize] += if signs >> j & 1 == 1 { -d } else { d };
                square += d * d;
            }
            close(sum.norm(), square.sqrt(), "distance");
            for (g, w) in got.iter().zip(want) {
                assert!((*g as f64 - w).abs() <= 1e-5 * scale as f64, "{n} {scale}: {g} {w}");
            }
        }
    }
}

#[test]
fn statistics_are_those_of_plain_loops() {
    let Some(token) = detect() else { return };
    for width in WIDTHS {
        for rows in [1, 32, 70] {
            let (values, slopes) = (noise(rows * width, 18), noise(rows * width, 19));
            let limits = [0.25, 0.1, 0.9];
            let mut alive = vec![false; width];
            let got = statistics(token, &values, &slopes, limits, &mut alive);
            let sum =
                |f: &dyn Fn(f32, f32) -> f64| values.iter().zip(&slopes).map(|(&v, &s)| f(v, s)).sum::<f64>();
            let want = [
                sum(&|v, _| v as f64 - 0.25),
                sum(&|v, _| (v as f64 - 0.25).powi(2)),
                sum(&|_, s| f64::from(s < 0.1)),
                sum(&|_, s| (s as f64).powi(2)),
            ];
            for (g, w) in got.iter().zip(want) {
                assert!((g - w).abs() <= 1e-6 * want[1].max(want[0].abs()), "{width} {rows}: {g} {w}");
            }
            for (j, &a) in alive.iter().enumerate() {
                assert_eq!(a, (0..rows).any(|r| slopes[r * width + j] > 0.9));
            }
            let output = statistics(token, &values, &[], limits, &mut alive);
            assert_eq!((output[0], output[2], output[3]), (got[0], 0.0, 0.0));
        }
    }
}
