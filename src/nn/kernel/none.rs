//! Other processors: no proof can be had, so nothing here can be called.

use std::convert::Infallible;

use super::{Avx512, Prefetch, View};
use crate::nn::norm::SquareSum;

pub type Able = Infallible;

/// # Safety
/// None is needed: there is no token.
#[allow(clippy::too_many_arguments)] // The same as the real one.
pub unsafe fn multiply(
    token: Avx512,
    _: [usize; 3],
    _: f32,
    _: View,
    _: View,
    _: *mut f32,
    _: usize,
    _: Option<usize>,
    _: &mut Prefetch,
) {
    match token.0 {}
}

/// # Safety
/// None is needed: there is no token.
pub unsafe fn multiply_panels(
    token: Avx512,
    _: [usize; 3],
    _: View,
    _: *const f32,
    _: *mut f32,
    _: usize,
    _: Prefetch,
) {
    match token.0 {}
}

pub fn transpose_panel(token: Avx512, _: &[f32], _: usize, _: usize, _: &mut [f32]) {
    match token.0 {}
}

pub fn row_squares(token: Avx512, _: &[f32], _: usize, _: &mut [f64]) {
    match token.0 {}
}

pub fn sigmoid(token: Avx512, _: &[f32], _: &mut [f32], _: &mut [f32]) {
    match token.0 {}
}

pub fn times_slope(token: Avx512, _: &mut [f32], _: &[f32], _: usize, _: &mut [f64]) {
    match token.0 {}
}

pub fn sgd(token: Avx512, _: &mut [f32], _: &[f32], _: f32, _: f32, _: bool) -> [SquareSum; 3] {
    match token.0 {}
}

pub fn column_sums(token: Avx512, _: &[f32], _: usize, _: usize, _: &mut [f32]) {
    match token.0 {}
}

pub fn sketch(
    token: Avx512,
    _: &[f32],
    _: &[f32],
    _: impl Fn(u64) -> (u64, u64),
    _: &mut [f32; 64],
) -> SquareSum {
    match token.0 {}
}

pub fn statistics(token: Avx512, _: &[f32], _: &[f32], _: [f32; 3], _: &mut [bool]) -> [f64; 4] {
    match token.0 {}
}
