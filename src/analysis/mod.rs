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
pub mod histogram;
mod quantity;
pub mod trajectory;

pub use attenuation::{Attenuation, edge_rows};
pub use ensemble::Ensemble;
pub use quantity::Quantity;
pub use trajectory::{DecayPart, Displacement, Movement, STILL_RANDOM, Trajectory};

use crate::record::{
    GRAD_NORM, Header, LayerInfo, MetricId, PARAM_NORM, Record, RecordError, Role, TOTAL_GRAD_NORM, Table,
    ValueKind,
};
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

    /// True when most cells were measured; of a costly quantity another program may measure only some.
    pub fn mostly_measured(&self) -> bool {
        2 * self.cells.iter().filter(|&&c| c != Measured::Missing).count() > self.cells.len()
    }

    /// True when nothing was measured at all.
    pub fn all_missing(&self) -> bool {
        self.cells.iter().all(|&c| c == Measured::Missing)
    }
}

/// A row of a map of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A layer with weights, by its place among those.
    Layer(usize),
    /// A layer without weights, such as pooling, by its index in the header.
    Bare(usize),
}

/// A record whose shapes have been looked at, with the tensors of each layer found.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    record: &'a Record,
    /// Those with a weight, as indices into the header.
    layers: Vec<usize>,
}

impl<'a> Summary<'a> {
    /// # Errors
    /// When the tables do not have the shapes that the header names, or steps do not increase.
    pub fn new(record: &'a Record) -> Result<Summary<'a>, AnalysisError> {
        let header = &record.header;
        record.check()?;
        Table::ALL.into_iter().try_for_each(|table| check_axis(header, table, record.table(table).step()))?;
        // A log of bias gradients has layers too, as nobody recorded its weights.
        let weights = header.tensors.iter().any(|t| t.role == Role::Weight);
        let role = if weights { Role::Weight } else { Role::Bias };
        let has_tensor = |&l: &usize| header.tensor_index(l + 1, role).is_some();
        let layers: Vec<usize> = (0..header.layers.len()).filter(has_tensor).collect();
        Ok(Summary { record, layers })
    }

    pub fn record(&self) -> &'a Record {
        self.record
    }

    pub fn header(&self) -> &'a Header {
        &self.record.header
    }

    /// Number of layers with a weight, the output layer included; 0 where a record holds nothing by layer, as a
    /// log of losses. Layers without a weight (pooling) have no row in any grid.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Number of layers below the output layer.
    pub fn hidden(&self) -> usize {
        self.layers().saturating_sub(1)
    }

    /// True where only biases are recorded.
    pub fn only_biases(&self) -> bool {
        self.layers() > 0 && self.tensor(0, Role::Weight).is_none()
    }

    /// What a map of the first `layers` layers with weights has rows for, from the input: those, and the layers
    /// without parameters that stand before, among and directly behind them. A normalisation that is a layer of
    /// its own, as in PyTorch, has parameters, but no weights: it has no row.
    pub fn rows(&self, layers: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut weighted = 0;
        for index in 0..self.header().layers.len() {
            if self.layers.get(weighted) != Some(&index) {
                if self.header().tensors.iter().all(|t| t.layer != index + 1) {
                    rows.push(Row::Bare(index));
                }
            } else if weighted == layers {
                break;
            } else {
                rows.push(Row::Layer(weighted));
                weighted += 1;
            }
        }
        rows
    }

    /// What the header says of a layer.
    pub fn layer(&self, layer: usize) -> &'a LayerInfo {
        &self.header().layers[self.layers[layer]]
    }

    /// Index of a layer's first tensor of this role, layers from 0; `None` for a layer that has none.
    pub fn tensor(&self, layer: usize, role: Role) -> Option<usize> {
        self.tensors(layer, role).next()
    }

    fn tensors(&self, layer: usize, role: Role) -> impl Iterator<Item = usize> + '_ {
        self.header().tensors_of(self.layers[layer] + 1, role)
    }

    /// Number of values in a layer's tensors of this role.
    pub fn count(&self, layer: usize, role: Role) -> usize {
        self.tensors(layer, role).map(|t| self.header().tensors[t].count()).sum()
    }

    /// The stored value of a layer's metric at a row of the metric's table.
    pub fn layer_value(&self, metric: MetricId, row: usize, layer: usize) -> f64 {
        self.record.value(metric, row, self.layers[layer])
    }

    /// The stored value of a metric of a layer's tensor, of several tensors of one role together
    /// ([`together`]); missing when the layer has no such tensor.
    pub fn tensor_value(&self, metric: MetricId, role: Role, row: usize, layer: usize) -> f64 {
        let mut tensors = self.tensors(layer, role);
        let (Some(first), None) = (tensors.next(), tensors.next()) else {
            let values = self
                .tensors(layer, role)
                .map(|t| (self.record.value(metric, row, t), self.header().tensors[t].count() as f64));
            return together(metric.kind, &values.collect::<Vec<_>>());
        };
        self.record.value(metric, row, first)
    }

    /// Estimated distance of a layer's tensors of this role from their final values
    /// ([`Record::distance_to_final`]).
    pub fn distance_to_final(&self, role: Role, row: usize, layer: usize) -> Option<f64> {
        let distances: Option<Vec<f64>> =
            self.tensors(layer, role).map(|t| self.record.distance_to_final(row, t)).collect();
        match distances?.as_slice() {
            [] => None,
            [one] => Some(*one),
            several => Some(several.iter().map(|d| d * d).sum::<f64>().sqrt()),
        }
    }

    /// `[layer, step row]` of a per-tensor norm.
    pub fn grid(&self, metric: MetricId, kind: Role) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| self.tensor_value(metric, kind, r, l))
    }

    /// The norm of the gradient of all parameters together at each step row: as it was recorded, else of the
    /// tensors that have a gradient in that row (a frozen tensor has none).
    pub fn total_gradient(&self) -> Vec<f64> {
        let steps = &self.record.steps;
        if steps.has(TOTAL_GRAD_NORM) {
            return steps[TOTAL_GRAD_NORM].to_vec();
        }
        if !steps.has(GRAD_NORM) {
            return vec![MISSING; steps.len()];
        }
        let tensors = self.header().tensors.len();
        let row = |values: &[f64]| {
            let measured = values.iter().filter(|x| !is_missing(**x)).map(|&x| (x, 1.0));
            together(ValueKind::Norm, &measured.collect::<Vec<_>>())
        };
        steps[GRAD_NORM].chunks(tensors.max(1)).map(row).collect()
    }

    /// `[layer, step row]` of a per-tensor norm divided by sqrt(number of parameters): the size of a typical
    /// entry, free of the width of a layer (the first one has as many inputs as the data has features).
    pub fn grid_per_parameter(&self, metric: MetricId, kind: Role) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| {
            ratio(self.tensor_value(metric, kind, r, l), (self.count(l, kind) as f64).sqrt())
        })
    }

    /// `[layer, step row]` of a per-tensor norm divided by the tensor's own norm at that step.
    pub fn grid_relative(&self, metric: MetricId, kind: Role) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| {
            let norm = self.tensor_value(PARAM_NORM, kind, r, l);
            ratio(self.tensor_value(metric, kind, r, l), norm)
        })
    }

    /// `[layer, step row]` of a per-layer quantity.
    pub fn layer_grid(&self, metric: MetricId) -> Grid {
        Grid::from_stored(self.layers(), self.record.len(), |l, r| self.layer_value(metric, r, l))
    }

    /// `[hidden layer, snapshot row]` of an activation measure. The output layer is left out: its columns
    /// describe the logits, which have no activation.
    pub fn activation_grid(&self, metric: MetricId) -> Grid {
        Grid::from_stored(self.hidden(), self.record.snapshots.step().len(), |l, k| {
            self.layer_value(metric, k, l)
        })
    }

    /// Chance: the accuracy of an answer that is always the most frequent class. The share of that class among the
    /// training samples, where it was recorded (`majority_share`), else 1 / classes. `None` where neither is known, or
    /// where there is nothing to tell apart.
    pub fn chance(&self) -> Option<f64> {
        let facts = &self.header().facts;
        let recorded = facts.majority_share.filter(|share| *share > 0.0 && *share < 1.0);
        recorded.or_else(|| facts.classes.filter(|&classes| classes > 1).map(|classes| 1.0 / classes as f64))
    }

    /// Skill: the share of the way from [chance](Summary::chance) to no mistake that an accuracy has gone,
    /// `(accuracy - chance) / (1 - chance)`; negative below chance.
    pub fn skill(&self, accuracy: f64) -> Option<f64> {
        self.chance().map(|chance| (accuracy - chance) / (1.0 - chance))
    }

    /// Where the time axis ends: the last step that anything is known of, counted as an update's far end.
    pub fn end(&self) -> u64 {
        let after_last = self.record.steps.step().last().map_or(0, |s| s + 1);
        let snapshot = self.record.snapshots.step().last().copied().unwrap_or(0);
        let eval = self.record.evals.step().last().copied().unwrap_or(0);
        after_last.max(snapshot).max(eval)
    }
}

/// The value of a metric for several tensors together, from each one's value and size: of norms the root of
/// the sum of the squares, of shares the mean weighted by the sizes. Missing when one is missing, and not a
/// number or infinite when one is; an underflow among zeros is an underflow.
pub fn together(kind: ValueKind, parts: &[(f64, f64)]) -> f64 {
    let values = || parts.iter().map(|part| part.0);
    if parts.is_empty() || values().any(is_missing) {
        return MISSING;
    }
    let total = match kind {
        ValueKind::Norm => {
            // Scaled, so that squares neither overflow nor underflow.
            let largest = values().fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) });
            if !largest.is_finite() || largest == 0.0 {
                largest
            } else {
                largest * values().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
            }
        }
        ValueKind::Share => {
            parts.iter().map(|(x, n)| x * n).sum::<f64>() / parts.iter().map(|part| part.1).sum::<f64>()
        }
        // Nothing says how to put others together.
        _ => return MISSING,
    };
    let nan = values().any(f64::is_nan);
    if nan {
        f64::NAN
    } else if total == 0.0 && values().any(|x| x.to_bits() == UNDERFLOW.to_bits()) {
        UNDERFLOW
    } else {
        total.abs()
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
    fn several_tensors_together_keep_the_special_facts_apart() {
        let norm =
            |values: &[f64]| together(ValueKind::Norm, &values.iter().map(|&x| (x, 1.0)).collect::<Vec<_>>());
        assert_eq!(norm(&[3.0, 4.0]), 5.0);
        assert_eq!(norm(&[3e-200, 4e-200]), 5e-200);
        assert_eq!(Measured::from_stored(norm(&[0.0, 0.0])), Measured::Zero);
        assert_eq!(Measured::from_stored(norm(&[0.0, UNDERFLOW])), Measured::Underflow);
        assert_eq!(Measured::from_stored(norm(&[1.0, f64::NAN, 2.0])), Measured::Nan);
        assert_eq!(Measured::from_stored(norm(&[1.0, f64::INFINITY])), Measured::Infinite);
        assert_eq!(Measured::from_stored(norm(&[1.0, MISSING])), Measured::Missing);
        assert_eq!(Measured::from_stored(norm(&[])), Measured::Missing);
        assert_eq!(together(ValueKind::Share, &[(1.0, 1.0), (0.0, 3.0)]), 0.25);
    }

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
