//! What a record says, before anybody draws or judges it: `Record -> Summary`.
//!
//! A [`Summary`] borrows a checked-enough record and answers in three forms:
//!
//! - [`Grid`]: one [`Measured`] for each layer and row, ready for a heatmap (`grid`, `movement`, `remaining`, ...);
//! - [`attenuation`]: what depth does to a quantity, in decades per layer and first/last ratios;
//! - [`ensemble`]: many runs side by side, by depth and seed;
//! - [`curves`]: loss and accuracy against steps, thinned and smoothed for the eye.
//!
//! Grids are computed on demand and not kept: 56 layers x 10,000 steps are 9 MB each. Layers count from 0 in
//! this room's indices, as in the record's `[.., L]` arrays; only words shown to people count from 1.

pub mod attenuation;
pub mod curves;
pub mod ensemble;
pub mod trajectory;

pub use attenuation::{Attenuation, edge_rows};
pub use ensemble::Ensemble;
pub use trajectory::{DecayPart, Displacement, Movement, STILL_RANDOM, Trajectory};

use crate::record::{ActivationMetric, Header, LayerMetric, Record, TensorKind, TensorMetric};
use crate::stats::{MISSING, Measured, UNDERFLOW, is_missing};

/// Steps above this do not fit in `f64` exactly, and so cannot stand on an axis.
const MAX_STEP: u64 = 1 << 53;

/// Why a record cannot be summarised.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnalysisError {
    #[error("run `{run}`: {what} holds {got} values where the header asks for {expected}; record the run again")]
    Shape { run: String, what: &'static str, expected: usize, got: usize },
    #[error(
        "run `{run}`: the {table} table goes from step {before} to step {after}; steps must increase (and stay below 2^53)"
    )]
    Order { run: String, table: &'static str, before: u64, after: u64 },
    #[error("run `{run}`: layer {layer} has no {tensor} tensor in the header; every layer needs one for this figure")]
    NoTensor { run: String, layer: usize, tensor: &'static str },
    #[error("run `{run}`: the header names no layer; there is nothing to summarise")]
    NoLayer { run: String },
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
        check_shapes(record)?;
        check_order(header, "step", &record.steps.step)?;
        check_order(header, "snapshot", &record.snapshots.step)?;
        check_order(header, "evaluation", &record.evals.iter().map(|e| e.step).collect::<Vec<_>>())?;
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
    pub fn tensor_value(&self, metric: TensorMetric, kind: TensorKind, row: usize, layer: usize) -> f64 {
        self.tensor(layer, kind).map_or(MISSING, |t| self.record.tensor(metric, row, t))
    }

    /// `[layer, step row]` of a per-tensor norm.
    pub fn grid(&self, metric: TensorMetric, kind: TensorKind) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| self.tensor_value(metric, kind, r, l))
    }

    /// `[layer, step row]` of a per-tensor norm divided by sqrt(number of parameters): the size of a typical
    /// entry, free of the width of a layer (the first one has as many inputs as the data has features).
    pub fn grid_per_parameter(&self, metric: TensorMetric, kind: TensorKind) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| {
            let count =
                self.tensor(l, kind).map_or(0, |t| self.header().tensors[t].shape.iter().product::<usize>()) as f64;
            ratio(self.tensor_value(metric, kind, r, l), count.sqrt())
        })
    }

    /// `[layer, step row]` of a per-tensor norm divided by the tensor's own norm at that step.
    pub fn grid_relative(&self, metric: TensorMetric, kind: TensorKind) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| {
            let norm = self.tensor_value(TensorMetric::ParamNorm, kind, r, l);
            ratio(self.tensor_value(metric, kind, r, l), norm)
        })
    }

    /// `[layer, step row]` of a per-layer quantity.
    pub fn layer_grid(&self, metric: LayerMetric) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| self.record.layer(metric, r, l))
    }

    /// `[hidden layer, snapshot row]` of an activation measure. The output layer is left out: its columns
    /// describe the logits, which have no activation.
    pub fn activation_grid(&self, metric: ActivationMetric) -> Grid {
        Grid::from_stored(self.hidden(), self.record.snapshots.step.len(), |l, k| self.record.activation(metric, k, l))
    }

    /// Chance level of the accuracy, when the number of classes is known.
    pub fn chance(&self) -> Option<f64> {
        self.header().classes.filter(|&c| c > 0).map(|c| 1.0 / c as f64)
    }

    /// Where the time axis ends: the last step that anything is known of, counted as an update's far end.
    pub fn end(&self) -> u64 {
        let after_last = self.record.steps.step.last().map_or(0, |s| s + 1);
        let snapshot = self.record.snapshots.step.last().copied().unwrap_or(0);
        let eval = self.record.evals.last().map_or(0, |e| e.step);
        after_last.max(snapshot).max(eval)
    }
}

/// `value / reference` under the rules of [`crate::stats`]: a special value stays what it is; without a
/// positive finite reference the ratio is missing (nobody can tell it), and one that is lost in rounding is
/// an underflow, not a zero.
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

fn check_shapes(record: &Record) -> Result<(), AnalysisError> {
    let (s, k) = (record.steps.step.len(), record.snapshots.step.len());
    let (t, l) = (record.header.tensors.len(), record.header.layers.len());
    let buckets = record.header.sketch_buckets.unwrap_or(0);
    let steps = &record.steps;
    let columns = [("epoch", &steps.epoch), ("learning_rate", &steps.learning_rate), ("loss", &steps.loss)]
        .into_iter()
        .chain([("batch_accuracy", &steps.batch_accuracy)])
        .map(|(name, v)| (name, s, v.len()))
        .chain(TensorMetric::ALL.iter().map(|m| (m.name(), s * t, steps.tensors[*m as usize].len())))
        .chain(LayerMetric::ALL.iter().map(|m| (m.name(), s * l, steps.layers[*m as usize].len())))
        .chain(ActivationMetric::ALL.iter().map(|m| (m.name(), k * l, record.snapshots.activations[*m as usize].len())))
        .chain([("distance_from_init", k * t, record.snapshots.distance_from_init.len())])
        .chain([("zero_share", k * t, record.snapshots.zero_share.len())])
        // A sketch may be absent although the header names its size.
        .chain((!record.snapshots.sketch.is_empty()).then_some((
            "sketch",
            k * t * buckets,
            record.snapshots.sketch.len(),
        )));
    for (what, expected, got) in columns {
        if expected != got {
            return Err(AnalysisError::Shape { run: record.header.run.clone(), what, expected, got });
        }
    }
    Ok(())
}

fn check_order(header: &Header, table: &'static str, steps: &[u64]) -> Result<(), AnalysisError> {
    let bad = steps.windows(2).find(|w| w[0] >= w[1]).map(|w| (w[0], w[1]));
    let huge = steps.iter().find(|&&s| s > MAX_STEP).map(|&s| (s, s));
    match bad.or(huge) {
        Some((before, after)) => Err(AnalysisError::Order { run: header.run.clone(), table, before, after }),
        None => Ok(()),
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
