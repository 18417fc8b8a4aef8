//! Analysis of a record, before it is drawn or diagnosed: `Record -> Summary`.
//!
//! A [`Summary`] borrows a checked-enough record and answers in three forms:
//!
//! - [`Grid`]: one [`Measured`] for each layer and row, ready for a heatmap (`grid`, `movement`, `remaining`, ...);
//! - [`attenuation`]: what depth does to a quantity, in decades per layer and first/last ratios;
//! - [`ensemble`]: many runs side by side, by depth and seed;
//! - [`curves`]: loss and accuracy against steps, thinned and smoothed for the eye.
//!
//! Grids are computed on demand and not kept: 56 layers x 10,000 steps are 9 MB each. Layers count from 0 in
//! the indices of this module, as in the record's `[.., L]` arrays; only words shown to people count from 1.

pub mod attenuation;
pub mod curves;
pub mod ensemble;
mod quantity;
pub mod trajectory;

pub use attenuation::{Attenuation, edge_rows};
pub use ensemble::Ensemble;
pub use quantity::Quantity;
pub use trajectory::{DecayPart, Displacement, Movement, STILL_RANDOM, Trajectory};

use crate::record::{Header, MetricId, PARAM_NORM, Record, RecordError, Table, TensorKind};
use crate::stats::{MISSING, Measured, UNDERFLOW, is_missing};

/// Steps above this do not fit in `f64` exactly, and so cannot stand on an axis.
const MAX_STEP: u64 = 1 << 53;

/// Why a record cannot be summarised.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    #[error("{0}; record the run again")]
    Record(String),
    #[error("run `{run}`: the {table} table has step {step}; steps must stay below 2^53")]
    Step { run: String, table: &'static str, step: u64 },
    #[error("run `{run}`: layer {layer} has no {tensor} tensor in the header; every layer needs one for this figure")]
    NoTensor { run: String, layer: usize, tensor: &'static str },
    #[error("run `{run}`: the header names no layer; there is nothing to summarise")]
    NoLayer { run: String },
}

impl From<RecordError> for AnalysisError {
    fn from(error: RecordError) -> AnalysisError {
        AnalysisError::Record(error.to_string())
    }
}

/// One cell for each layer and column. Layer 0 is the input side.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    columns: usize,
    cells: Vec<Measured>,
}

impl Grid {
    /// Classifies `value(layer, column)`, which must follow the rules of [`crate::stats`].
    pub fn from_stored(layers: usize, columns: usize, value: impl Fn(usize, usize) -> f64) -> Grid {
        Grid::from_cells(layers, columns, |l, c| Measured::from_stored(value(l, c)))
    }

    pub fn from_cells(layers: usize, columns: usize, cell: impl Fn(usize, usize) -> Measured) -> Grid {
        let mut cells = Vec::with_capacity(layers * columns);
        for l in 0..layers {
            cells.extend((0..columns).map(|c| cell(l, c)));
        }
        Grid { columns, cells }
    }

    pub fn layers(&self) -> usize {
        self.cells.len().checked_div(self.columns).unwrap_or(0)
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn at(&self, layer: usize, column: usize) -> Measured {
        self.cells[layer * self.columns + column]
    }

    pub fn row(&self, layer: usize) -> &[Measured] {
        &self.cells[layer * self.columns..][..self.columns]
    }

    /// The grid without what comes after its first `columns` columns.
    pub fn first_columns(&self, columns: usize) -> Grid {
        Grid::from_cells(self.layers(), columns.min(self.columns), |l, c| self.at(l, c))
    }

    /// The grid without its first `columns` columns.
    pub fn without_first_columns(&self, columns: usize) -> Grid {
        let columns = columns.min(self.columns);
        Grid::from_cells(self.layers(), self.columns - columns, |l, c| self.at(l, columns + c))
    }

    pub fn cells(&self) -> &[Measured] {
        &self.cells
    }

    /// `[layer][column]`, as a heatmap wants it.
    pub fn rows(&self) -> Vec<Vec<Measured>> {
        (0..self.layers()).map(|l| self.row(l).to_vec()).collect()
    }

    /// Share of the cells of a layer for which `is` holds; 0 for an empty row.
    pub fn share(&self, layer: usize, is: impl Fn(Measured) -> bool) -> f64 {
        let row = self.row(layer);
        row.iter().filter(|&&c| is(c)).count() as f64 / row.len().max(1) as f64
    }

    /// True when nothing was measured at all.
    pub fn all_missing(&self) -> bool {
        self.cells.iter().all(|&c| c == Measured::Missing)
    }
}

/// A record whose shapes have been looked at, with the tensors of each layer found.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    record: &'a Record,
    weights: Vec<usize>,
    biases: Vec<Option<usize>>,
}

impl<'a> Summary<'a> {
    /// # Errors
    /// When the tables do not have the shapes that the header names, steps do not increase, or a layer has no
    /// weight.
    pub fn new(record: &'a Record) -> Result<Summary<'a>, AnalysisError> {
        let header = &record.header;
        if header.layers.is_empty() {
            return Err(AnalysisError::NoLayer { run: header.run.clone() });
        }
        record.check()?;
        Table::ALL.into_iter().try_for_each(|table| check_axis(header, table, record.table(table).step()))?;
        let find = |kind| (1..=header.layers.len()).map(move |l| header.tensor_index(l, kind));
        let weights = find(TensorKind::Weight)
            .enumerate()
            .map(|(l, t)| t.ok_or(AnalysisError::NoTensor { run: header.run.clone(), layer: l + 1, tensor: "weight" }));
        Ok(Summary { record, weights: weights.collect::<Result<_, _>>()?, biases: find(TensorKind::Bias).collect() })
    }

    pub fn record(&self) -> &'a Record {
        self.record
    }

    pub fn header(&self) -> &'a Header {
        &self.record.header
    }

    /// Number of weight layers, the output layer included.
    pub fn layers(&self) -> usize {
        self.weights.len()
    }

    /// Number of layers below the output layer.
    pub fn hidden(&self) -> usize {
        self.layers() - 1
    }

    /// Index of a layer's tensor, layers from 0; `None` for a layer that has none.
    pub fn tensor(&self, layer: usize, kind: TensorKind) -> Option<usize> {
        match kind {
            TensorKind::Weight => Some(self.weights[layer]),
            TensorKind::Bias => self.biases[layer],
            TensorKind::Gain | TensorKind::Shift => self.header().tensor_index(layer + 1, kind),
        }
    }

    /// The stored value of a layer's tensor metric; missing when the layer has no such tensor.
    pub fn tensor_value(&self, metric: MetricId, kind: TensorKind, row: usize, layer: usize) -> f64 {
        self.tensor(layer, kind).map_or(MISSING, |t| self.record.value(metric, row, t))
    }

    /// `[layer, step row]` of a per-tensor norm.
    pub fn grid(&self, metric: MetricId, kind: TensorKind) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| self.tensor_value(metric, kind, r, l))
    }

    /// `[layer, step row]` of a per-tensor norm divided by sqrt(number of parameters): the size of a typical
    /// entry, free of the width of a layer (the first one has as many inputs as the data has features).
    pub fn grid_per_parameter(&self, metric: MetricId, kind: TensorKind) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| {
            let count =
                self.tensor(l, kind).map_or(0, |t| self.header().tensors[t].shape.iter().product::<usize>()) as f64;
            ratio(self.tensor_value(metric, kind, r, l), count.sqrt())
        })
    }

    /// `[layer, step row]` of a per-tensor norm divided by the tensor's own norm at that step.
    pub fn grid_relative(&self, metric: MetricId, kind: TensorKind) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| {
            let norm = self.tensor_value(PARAM_NORM, kind, r, l);
            ratio(self.tensor_value(metric, kind, r, l), norm)
        })
    }

    /// `[layer, step row]` of a per-layer quantity.
    pub fn layer_grid(&self, metric: MetricId) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| self.record.value(metric, r, l))
    }

    /// `[hidden layer, snapshot row]` of an activation measure. The output layer is left out: its columns
    /// describe the logits, which have no activation.
    pub fn activation_grid(&self, metric: MetricId) -> Grid {
        Grid::from_stored(self.hidden(), self.record.snapshots.step().len(), |l, k| self.record.value(metric, k, l))
    }

    /// Chance level of the accuracy, when the number of classes is known.
    pub fn chance(&self) -> Option<f64> {
        self.header().classes.filter(|&c| c > 0).map(|c| 1.0 / c as f64)
    }

    /// Where the time axis ends: the last step that anything is known of, counted as an update's far end.
    pub fn end(&self) -> u64 {
        let after_last = self.record.steps.step().last().map_or(0, |s| s + 1);
        let snapshot = self.record.snapshots.step().last().copied().unwrap_or(0);
        let eval = self.record.evals.step().last().copied().unwrap_or(0);
        after_last.max(snapshot).max(eval)
    }
}

/// `value / reference` under the rules of [`crate::stats`]: a special value stays what it is; without a
/// positive finite reference the ratio is missing (it is unknown), and one that is lost in rounding is an
/// underflow, not a zero.
pub fn ratio(value: f64, reference: f64) -> f64 {
    if is_missing(value) || is_missing(reference) || reference == 0.0 {
        return MISSING;
    }
    if value.is_nan() || !reference.is_finite() || reference < 0.0 {
        return f64::NAN;
    }
    if value == 0.0 {
        return value;
    }
    match value / reference {
        0.0 => UNDERFLOW,
        quotient => quotient,
    }
}

/// Steps that fit on an axis; that they increase is the record's own check.
fn check_axis(header: &Header, table: Table, steps: &[u64]) -> Result<(), AnalysisError> {
    match steps.last() {
        Some(&step) if step > MAX_STEP => {
            Err(AnalysisError::Step { run: header.run.clone(), table: table.name(), step })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_keeps_the_five_special_facts_apart() {
        assert_eq!(ratio(3.0, 4.0), 0.75);
        assert_eq!(Measured::from_stored(ratio(0.0, 4.0)), Measured::Zero);
        assert_eq!(Measured::from_stored(ratio(UNDERFLOW, 4.0)), Measured::Underflow);
        assert_eq!(Measured::from_stored(ratio(5e-324, 4.0)), Measured::Underflow);
        assert_eq!(Measured::from_stored(ratio(f64::NAN, 4.0)), Measured::Nan);
        assert_eq!(Measured::from_stored(ratio(f64::INFINITY, 4.0)), Measured::Infinite);
        assert_eq!(Measured::from_stored(ratio(MISSING, 4.0)), Measured::Missing);
        assert_eq!(Measured::from_stored(ratio(1.0, 0.0)), Measured::Missing);
        assert_eq!(Measured::from_stored(ratio(0.0, 0.0)), Measured::Missing);
    }
}
