//! Distributions one above another as plain data.

use super::chart::Axis;

/// One distribution a row, all on one axis of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridges {
    /// Over the panel.
    pub title: String,
    /// Linear, or logarithmic for magnitudes.
    pub x: Axis,
    /// Drawn vertically beside the labels.
    pub y_label: String,
    /// The bottom row first.
    pub rows: Vec<Ridge>,
    /// Values at which upright lines stand, such as the ends of a function.
    pub bounds: Vec<f64>,
    /// Whether the labels of rows are written.
    pub labelled: bool,
}

/// The distribution of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    pub label: String,
    /// From a value to a value, and the share of all that lies there; ascending, none of them beyond the
    /// axis.
    pub cells: Vec<(f64, f64, f64)>,
    /// What the axis has no place for: its name and its share.
    pub beyond: Vec<(String, f64)>,
    /// The largest of that in words, at the right.
    pub words: String,
}

impl Ridges {
    /// Height of a cell on this axis: its share over its width, of a logarithmic axis in decades.
    pub fn density(&self, (low, high, share): (f64, f64, f64)) -> f64 {
        let width = match self.x.kind {
            super::chart::AxisKind::Log10 => (high / low).log10(),
            _ => high - low,
        };
        share / width
    }
}
