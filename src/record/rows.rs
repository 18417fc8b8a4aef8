//! One row of a table, and the columns of all of its rows; both by the names of [`super::metrics`].

use std::ops::Index;
use std::slice;

use super::metrics::{COUNT, Element, MetricId, Per, Table, ValueKind};
use super::{Header, RecordError};
use crate::stats::bins::BINS;
use crate::stats::{MISSING, is_missing};

/// What a row holds of one metric.
#[derive(Clone, Copy, Debug, Default)]
pub enum Values<'a> {
    /// It was not measured.
    #[default]
    Absent,
    One(f64),
    Many(&'a [f64]),
    Single(&'a [f32]),
}

impl<'a> Values<'a> {
    fn len(self) -> usize {
        match self {
            Values::Absent => 0,
            Values::One(_) => 1,
            Values::Many(values) => values.len(),
            Values::Single(values) => values.len(),
        }
    }

    /// Whether it holds nothing that was measured.
    pub(super) fn is_missing(self) -> bool {
        match self {
            Values::Absent => true,
            Values::One(value) => is_missing(value),
            Values::Many(values) => values.iter().all(|&x| is_missing(x)),
            Values::Single(values) => values.iter().all(|x| x.is_nan()),
        }
    }
}

impl From<f64> for Values<'_> {
    fn from(value: f64) -> Self {
        Values::One(value)
    }
}

impl<'a, A: AsRef<[f64]> + ?Sized> From<&'a A> for Values<'a> {
    fn from(values: &'a A) -> Self {
        Values::Many(values.as_ref())
    }
}

/// One row of a table: a step and the metrics that were measured there. It borrows the producer's buffers, so
/// a sink copies what it keeps.
///
/// ```
/// use gradfade::record::{GRAD_NORM, LOSS, Row};
/// let norms = [0.5, 0.25];
/// let row = Row::of_step(7).with(LOSS, 0.3).with(GRAD_NORM, &norms);
/// assert_eq!(row[GRAD_NORM], norms);
/// assert_eq!(row.value(LOSS), 0.3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    table: Table,
    step: u64,
    values: [Values<'a>; COUNT],
}

impl<'a> Row<'a> {
    /// A row of which nothing was measured yet.
    pub fn new(table: Table, step: u64) -> Row<'a> {
        Row { table, step, values: [Values::Absent; COUNT] }
    }

    pub fn of_step(step: u64) -> Row<'a> {
        Row::new(Table::Step, step)
    }

    pub fn of_snapshot(step: u64) -> Row<'a> {
        Row::new(Table::Snapshot, step)
    }

    pub fn of_evaluation(step: u64) -> Row<'a> {
        Row::new(Table::Evaluation, step)
    }

    /// Sets a metric: a number for one of the whole run, otherwise a slice of one value a layer or tensor of
    /// the header.
    pub fn set(&mut self, metric: MetricId, values: impl Into<Values<'a>>) -> &mut Row<'a> {
        self.values[metric.index()] = values.into();
        self
    }

    /// [`set`](Row::set), for chains.
    #[must_use]
    pub fn with(mut self, metric: MetricId, values: impl Into<Values<'a>>) -> Row<'a> {
        self.set(metric, values);
        self
    }

    /// Sets a metric that is stored in single precision: the sketch, `[T * M]`, tensor by tensor, or counts,
    /// `[L * BINS]`, layer by layer.
    pub fn set_singles(&mut self, metric: MetricId, values: &'a [f32]) -> &mut Row<'a> {
        self.values[metric.index()] = Values::Single(values);
        self
    }

    /// Sets the sketch, `[T * M]`, tensor by tensor.
    #[must_use]
    pub fn with_sketch(mut self, sketch: &'a [f32]) -> Row<'a> {
        self.set_singles(super::SKETCH, sketch);
        self
    }

    pub fn table(&self) -> Table {
        self.table
    }

    pub fn step(&self) -> u64 {
        self.step
    }

    /// The values of a metric; `None` when it was not measured.
    pub fn get(&self, metric: MetricId) -> Option<&[f64]> {
        match &self.values[metric.index()] {
            Values::Absent | Values::Single(_) => None,
            Values::One(value) => Some(slice::from_ref(value)),
            Values::Many(values) => Some(values),
        }
    }

    /// The value of a metric that has one a row; [`MISSING`] when it was not measured.
    pub fn value(&self, metric: MetricId) -> f64 {
        self[metric].first().copied().unwrap_or(MISSING)
    }

    /// The numbers of a metric that is stored in single precision.
    pub fn singles(&self, metric: MetricId) -> &'a [f32] {
        match self.values[metric.index()] {
            Values::Single(values) => values,
            _ => &[],
        }
    }

    pub(super) fn values(&self, metric: MetricId) -> Values<'a> {
        self.values[metric.index()]
    }

    /// The row without one of its metrics.
    pub(super) fn without(mut self, metric: MetricId) -> Row<'a> {
        self.values[metric.index()] = Values::Absent;
        self
    }
}

/// Empty where the metric was not measured.
impl Index<MetricId> for Row<'_> {
    type Output = [f64];

    fn index(&self, metric: MetricId) -> &[f64] {
        self.get(metric).unwrap_or(&[])
    }
}

/// Numbers of values in the rows of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Widths {
    tensors: usize,
    layers: usize,
    /// Buckets of the sketch of one tensor, 0 without a sketch.
    buckets: usize,
}

impl Widths {
    pub fn of(header: &Header) -> Widths {
        Widths {
            tensors: header.tensors.len(),
            layers: header.layers.len(),
            buckets: header.sketch_buckets.unwrap_or(0),
        }
    }

    /// Shape of a row of the metric, as the files have it.
    #[cfg(feature = "fs")]
    pub fn shape(&self, metric: MetricId) -> Vec<usize> {
        match (metric.per, metric.element) {
            (Per::Run, _) => Vec::new(),
            (Per::Layer, Element::F64) => vec![self.layers],
            (Per::Layer, Element::F32) => vec![self.layers, BINS],
            (Per::Tensor, Element::F64) => vec![self.tensors],
            (Per::Tensor, Element::F32) => vec![self.tensors, self.buckets],
        }
    }

    /// Values in a row of the metric.
    pub fn of_metric(&self, metric: MetricId) -> usize {
        match (metric.per, metric.element) {
            (Per::Run, _) => 1,
            (Per::Layer, Element::F64) => self.layers,
            (Per::Layer, Element::F32) => self.layers.saturating_mul(BINS),
            (Per::Tensor, Element::F64) => self.tensors,
            (Per::Tensor, Element::F32) => self.tensors.saturating_mul(self.buckets),
        }
    }

    /// Checks that a row has the values that the header describes.
    pub fn fits(&self, row: &Row<'_>) -> Result<(), String> {
        let table = row.table.name();
        for metric in MetricId::all() {
            let values = row.values(metric);
            let (given, expected) = (values.len(), self.of_metric(metric));
            // Snapshots have a sketch or the run has none: there is no number for one that is missing.
            let is_needed = metric.kind == ValueKind::Sketch && metric.table == row.table;
            if matches!(values, Values::Absent) && !is_needed || given == 0 && expected == 0 {
                continue;
            }
            if metric.table != row.table {
                return Err(format!(
                    "{table} row {}: {} belongs to the {} table",
                    row.step,
                    metric.id,
                    metric.table.name()
                ));
            }
            if given != expected || matches!(values, Values::Single(_)) != (metric.element == Element::F32) {
                let of = match (metric.per, metric.element) {
                    (Per::Run, _) => "a row",
                    (Per::Layer, Element::F64) => "layers",
                    (Per::Layer, Element::F32) => "bins in all",
                    (Per::Tensor, Element::F64) => "tensors",
                    (Per::Tensor, Element::F32) => "buckets in all",
                };
                return Err(format!(
                    "{table} row {}: {given} values of {}, but the header has {expected} {of}",
                    row.step, metric.id
                ));
            }
        }
        Ok(())
    }
}

/// Steps of a table must increase, and fit the signed numbers of the file.
pub(super) fn follows(table: Table, last: Option<u64>, step: u64) -> Result<(), String> {
    let table = table.name();
    if step > i64::MAX as u64 {
        return Err(format!("{table} table: step {step} is too large"));
    }
    match last {
        Some(last) if step <= last => {
            Err(format!("{table} table: step {step} comes after step {last}; steps must increase"))
        }
        _ => Ok(()),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Column {
    Double(Vec<f64>),
    Single(Vec<f32>),
}

/// The columns of a table. Its steps increase and its columns have as many rows, whatever is done to it.
///
/// A metric of the whole run has a value for every row, [`MISSING`] where it was not measured; one a layer or
/// tensor that was never measured has no values at all, so ask for single ones by [`Rows::value`].
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    table: Table,
    widths: Widths,
    step: Vec<u64>,
    columns: Vec<Column>,
}

impl Rows {
    /// No rows yet.
    pub fn new(table: Table, header: &Header) -> Rows {
        Rows::of_widths(table, Widths::of(header))
    }

    /// Evaluations, whose rows are the same whatever the network.
    pub fn evaluations() -> Rows {
        Rows::of_widths(Table::Evaluation, Widths::default())
    }

    fn of_widths(table: Table, widths: Widths) -> Rows {
        let column = |metric: MetricId| match metric.element {
            Element::F64 => Column::Double(Vec::new()),
            Element::F32 => Column::Single(Vec::new()),
        };
        Rows { table, widths, step: Vec::new(), columns: MetricId::all().map(column).collect() }
    }

    /// The step of each row.
    pub fn step(&self) -> &[u64] {
        &self.step
    }

    pub fn len(&self) -> usize {
        self.step.len()
    }

    pub fn is_empty(&self) -> bool {
        self.step.is_empty()
    }

    /// Whether any row has a value of the metric.
    pub fn has(&self, metric: MetricId) -> bool {
        match &self.columns[metric.index()] {
            Column::Double(values) => values.iter().any(|&x| !is_missing(x)),
            Column::Single(values) => !values.is_empty(),
        }
    }

    /// The stored value of a layer or tensor (0 of a metric of the run) at a row, [`MISSING`] when it was not
    /// measured.
    pub fn value(&self, metric: MetricId, row: usize, index: usize) -> f64 {
        self[metric].get(row * self.widths.of_metric(metric) + index).copied().unwrap_or(MISSING)
    }

    /// The values of a metric, to change them in place.
    pub fn values_mut(&mut self, metric: MetricId) -> &mut [f64] {
        match &mut self.columns[metric.index()] {
            Column::Double(values) => values,
            Column::Single(_) => &mut [],
        }
    }

    /// The counts of a layer at a row, by the bins of [`crate::stats::bins`]; `None` where nothing was counted.
    pub fn counts(&self, metric: MetricId, row: usize, layer: usize) -> Option<&[f32]> {
        let start = (row * self.widths.layers + layer) * BINS;
        let counts = self.singles(metric).get(start..start + BINS)?;
        counts.iter().any(|n| *n > 0.0).then_some(counts)
    }

    /// The numbers of a metric that is stored in single precision.
    pub fn singles(&self, metric: MetricId) -> &[f32] {
        match &self.columns[metric.index()] {
            Column::Single(values) => values,
            Column::Double(_) => &[],
        }
    }

    /// Row `i`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, i: usize) -> Row<'_> {
        let mut row = Row::new(self.table, self.step[i]);
        for metric in self.table.metrics() {
            let width = self.widths.of_metric(metric);
            row.values[metric.index()] = match &self.columns[metric.index()] {
                Column::Double(values) if values.is_empty() => continue,
                Column::Single(values) if values.is_empty() => continue,
                Column::Double(values) if metric.per == Per::Run => Values::One(values[i]),
                Column::Double(values) => Values::Many(&values[i * width..][..width]),
                Column::Single(values) => Values::Single(&values[i * width..][..width]),
            };
        }
        row
    }

    pub fn last(&self) -> Option<Row<'_>> {
        self.len().checked_sub(1).map(|last| self.row(last))
    }

    pub fn first(&self) -> Option<Row<'_>> {
        (!self.is_empty()).then(|| self.row(0))
    }

    /// All rows, in the order of their steps.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> + ExactSizeIterator + Clone {
        (0..self.len()).map(|i| self.row(i))
    }

    /// Appends a row.
    ///
    /// # Errors
    /// In words, when it does not fit the header or does not come after the row before it. It is then not
    /// taken.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), String> {
        if row.table != self.table {
            return Err(format!(
                "a row of the {} table among those of the {} table",
                row.table.name(),
                self.table.name()
            ));
        }
        self.widths.fits(row)?;
        follows(self.table, self.step.last().copied(), row.step)?;
        let before = self.len();
        self.step.push(row.step);
        for metric in self.table.metrics() {
            let width = self.widths.of_metric(metric);
            let values = row.values(metric);
            match (&mut self.columns[metric.index()], values) {
                (Column::Double(column), values) => {
                    if metric.per != Per::Run && column.is_empty() && values.is_missing() {
                        continue;
                    }
                    // A metric that was not measured before is missing there.
                    column.resize(before * width, MISSING);
                    match values {
                        Values::One(value) => column.push(value),
                        Values::Many(values) => column.extend_from_slice(values),
                        _ => column.resize((before + 1) * width, MISSING),
                    }
                }
                (Column::Single(column), Values::Single(values)) if metric.kind == ValueKind::Sketch => {
                    column.extend_from_slice(values);
                }
                (Column::Single(column), values) => {
                    if column.is_empty() && values.is_missing() {
                        continue;
                    }
                    column.resize(before * width, f32::NAN);
                    match values {
                        Values::Single(values) => column.extend_from_slice(values),
                        _ => column.resize((before + 1) * width, f32::NAN),
                    }
                }
            }
        }
        Ok(())
    }

    /// Forgets all rows after the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        self.step.truncate(rows);
        for metric in MetricId::all() {
            let length = rows.saturating_mul(self.widths.of_metric(metric));
            match &mut self.columns[metric.index()] {
                Column::Double(values) => values.truncate(length),
                Column::Single(values) => values.truncate(length),
            }
        }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Makes a table of whole columns, each of them as long as the steps need.
    pub(super) fn from_columns(
        table: Table,
        header: &Header,
        step: Vec<u64>,
        mut double: impl FnMut(MetricId) -> Option<Vec<f64>>,
        mut single: impl FnMut(MetricId) -> Option<Vec<f32>>,
    ) -> Rows {
        let mut rows = Rows::new(table, header);
        for metric in table.metrics() {
            let length = step.len().saturating_mul(rows.widths.of_metric(metric));
            rows.columns[metric.index()] = match metric.element {
                Element::F32 => {
                    let is_sketch = metric.kind == ValueKind::Sketch;
                    let values = single(metric).filter(|v| is_sketch || v.iter().any(|x| !x.is_nan()));
                    Column::Single(values.unwrap_or_default())
                }
                Element::F64 => {
                    let values = double(metric)
                        .filter(|v| metric.per == Per::Run || v.iter().any(|&x| !is_missing(x)));
                    let absent = if metric.per == Per::Run { vec![MISSING; length] } else { Vec::new() };
                    Column::Double(values.unwrap_or(absent))
                }
            };
        }
        rows.step = step;
        rows
    }

    /// What is wrong with the columns under this header; the one place that asks.
    pub(super) fn problem(&self, header: &Header) -> Option<String> {
        let widths = Widths::of(header);
        for metric in self.table.metrics() {
            let length = match &self.columns[metric.index()] {
                Column::Double(values) => values.len(),
                Column::Single(values) => values.len(),
            };
            let width = widths.of_metric(metric);
            let may_be_absent =
                metric.per != Per::Run && length == 0 && (metric.kind != ValueKind::Sketch || width == 0);
            if self.len().checked_mul(width) != Some(length) && !may_be_absent {
                let rows = self.len();
                return Some(format!("{} holds {length} values, expected {rows} rows of {width}", metric.id));
            }
        }
        let mut last = None;
        for &step in &self.step {
            if let Err(what) = follows(self.table, last, step) {
                return Some(what);
            }
            last = Some(step);
        }
        None
    }
}

/// Empty where a metric of layers or tensors was never measured.
impl Index<MetricId> for Rows {
    type Output = [f64];

    fn index(&self, metric: MetricId) -> &[f64] {
        match &self.columns[metric.index()] {
            Column::Double(values) => values,
            Column::Single(_) => &[],
        }
    }
}

pub(super) fn invalid(header: &Header, what: String) -> RecordError {
    RecordError::Invalid { place: format!("run `{}`", header.run), what }
}
