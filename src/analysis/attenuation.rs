//! What depth does to a quantity: how fast it falls from the output toward the input.
//!
//! With y_l = log10(norm of layer l), the *slope* is the least-squares slope of y over l (decades per layer;
//! positive means: smaller toward the input), and the *ratio* is y_first - y_last. Both are stated over the
//! hidden layers and over all layers: the output layer has its own width, and no activation behind it.
//!
//! When it misleads: the L2 norm of the first layer's weight gradient is inflated by its many inputs (784 for
//! MNIST), so a ratio of weight norms understates vanishing; and the batch-mean gradient of a collapsed net
//! can be even in all layers although the signal of every sample decays. Per-sample quantities (`signal_rms`,
//! `grad_rms`) have neither fault.

use super::Grid;
use crate::stats::{Measured, median};

/// Attenuation at one column of a grid, or typical of several.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attenuation {
    /// Decades per layer over the hidden layers, positive when the quantity falls toward the input.
    pub decades_per_layer: Option<f64>,
    /// log10(layer 1 / last hidden layer).
    pub log10_hidden_ratio: Option<f64>,
    /// log10(layer 1 / output layer).
    pub log10_full_ratio: Option<f64>,
    /// log10(largest / smallest) over the hidden layers that have a finite value.
    pub log10_hidden_spread: Option<f64>,
}

impl Attenuation {
    /// At one column.
    pub fn at(grid: &Grid, column: usize) -> Attenuation {
        Attenuation::of_profile(&(0..grid.layers()).map(|l| grid.at(l, column)).collect::<Vec<_>>())
    }

    /// Attenuation of a profile, one cell for each layer, input side first.
    pub fn of_profile(profile: &[Measured]) -> Attenuation {
        let y: Vec<Option<f64>> = profile.iter().map(|c| c.log10()).collect();
        let hidden = &y[..y.len().saturating_sub(1)];
        let finite: Vec<f64> = hidden.iter().flatten().copied().collect();
        let spread = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max)
            - finite.iter().copied().fold(f64::INFINITY, f64::min);
        Attenuation {
            decades_per_layer: slope(hidden.iter().enumerate().filter_map(|(l, y)| Some((l as f64, (*y)?)))),
            log10_hidden_ratio: first_minus_last(hidden),
            log10_full_ratio: first_minus_last(&y),
            log10_hidden_spread: (finite.len() > 1).then_some(spread),
        }
    }

    /// Median of each number over the columns that have it.
    pub fn median(grid: &Grid, columns: std::ops::Range<usize>) -> Attenuation {
        let all: Vec<Attenuation> = columns.map(|c| Attenuation::at(grid, c)).collect();
        let of = |f: fn(&Attenuation) -> Option<f64>| median(all.iter().filter_map(f));
        Attenuation {
            decades_per_layer: of(|a| a.decades_per_layer),
            log10_hidden_ratio: of(|a| a.log10_hidden_ratio),
            log10_full_ratio: of(|a| a.log10_full_ratio),
            log10_hidden_spread: of(|a| a.log10_hidden_spread),
        }
    }

    /// Typical of the first [`edge_rows`] columns.
    pub fn first(grid: &Grid) -> Attenuation {
        Attenuation::median(grid, 0..edge_rows(grid.columns()))
    }

    /// Typical of the last [`edge_rows`] columns.
    pub fn last(grid: &Grid) -> Attenuation {
        let n = grid.columns();
        Attenuation::median(grid, n - edge_rows(n)..n)
    }

    /// Typical of the whole run.
    pub fn typical(grid: &Grid) -> Attenuation {
        Attenuation::median(grid, 0..grid.columns())
    }
}

/// How many rows stand for "the first" and "the last" ones: a twentieth of the run, at least 1, at most 50. A
/// single minibatch is noisy; half a run would hide that training escaped its plateau.
pub fn edge_rows(rows: usize) -> usize {
    (rows / 20).clamp(1, 50).min(rows)
}

fn first_minus_last(y: &[Option<f64>]) -> Option<f64> {
    match y {
        [first, .., last] => Some((*first)? - (*last)?),
        _ => None,
    }
}

/// Least-squares slope of y over x; `None` with fewer than two points or only one x.
pub fn slope(points: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let p: Vec<(f64, f64)> = points.into_iter().collect();
    let n = p.len() as f64;
    let (mx, my) = (p.iter().map(|p| p.0).sum::<f64>() / n, p.iter().map(|p| p.1).sum::<f64>() / n);
    let sxx: f64 = p.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let sxy: f64 = p.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    (p.len() > 1 && sxx > 0.0).then(|| sxy / sxx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_slope_is_the_one_worked_out_by_hand() {
        // x = 0 1 2 3, y = 1 3 2 5: means 1.5 and 2.75, sxx = 5, sxy = (-1.5)(-1.75) + (-0.5)(0.25) +
        // (0.5)(-0.75) + (1.5)(2.25) = 2.625 - 0.125 - 0.375 + 3.375 = 5.5, slope 1.1.
        assert_relative_eq!(
            slope([(0.0, 1.0), (1.0, 3.0), (2.0, 2.0), (3.0, 5.0)]).unwrap(),
            1.1,
            epsilon = 1e-15
        );
        assert_eq!(slope([(1.0, 2.0)]), None);
        assert_eq!(slope([(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(slope([]), None);
    }

    #[test]
    fn special_cells_are_left_out_of_the_slope_and_void_the_ratio() {
        let a = Attenuation::of_profile(&[
            Measured::Underflow,
            Measured::Finite(1e-4),
            Measured::Finite(1e-2),
            Measured::Finite(1.0),
        ]);
        assert_eq!(a.decades_per_layer, Some(2.0));
        assert_eq!(a.log10_hidden_ratio, None);
        assert_eq!(a.log10_full_ratio, None);
        assert_eq!(a.log10_hidden_spread, Some(2.0));
    }

    #[test]
    fn the_output_layer_is_not_a_hidden_layer() {
        let a = Attenuation::of_profile(&[1e-6, 1e-5, 1e-4, 1e3].map(Measured::Finite));
        assert_relative_eq!(a.decades_per_layer.unwrap(), 1.0, epsilon = 1e-12);
        assert_eq!(a.log10_hidden_ratio, Some(-2.0));
        assert_eq!(a.log10_full_ratio, Some(-9.0));
    }

    #[test]
    fn edges_of_a_run() {
        assert_eq!([0, 1, 19, 20, 100, 10_000].map(edge_rows), [0, 1, 1, 1, 5, 50]);
    }
}
