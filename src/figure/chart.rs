//! What a figure shows, as plain data: the size of the sheet is all that is said in pixels, and colours and
//! shapes are names. `render` draws it.
//!
//! A [`Figure`] is a grid of panels. Every number that will be seen is in here, so a test can compare a
//! figure with the record it came from, and a table of the same numbers can be written beside the picture.

use super::size::{Hidden, Size};
use crate::stats::{Measured, ValueScale};
use crate::text::Lang;

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File stem, such as `gradient-heatmap`.
    pub name: String,
    /// The finding, in numbers. Wrapped by the renderer.
    pub title: String,
    /// A second, quieter line: what is drawn and how to read it.
    pub subtitle: String,
    /// The settings of the run, under the picture.
    pub caption: String,
    /// Plain words for a reader who cannot see the picture (`<desc>`).
    pub description: String,
    /// How to read it: two or three sentences for the text beside the picture, about this record. Not drawn.
    pub reading: String,
    /// Language of all words of the figure.
    pub lang: Lang,
    /// Relative widths of the columns and heights of the rows of the grid.
    pub column_weights: Vec<f64>,
    pub row_weights: Vec<f64>,
    pub panels: Vec<Placed>,
    /// Colour scales that heatmaps refer to by index; each is drawn once as a colour bar, beside the rows
    /// that use it.
    pub scales: Vec<ColourScale>,
    /// Size in layout pixels, of which [`Size::zoom`] says how long they are; without a height, as high as the
    /// plots and words need (the renderer measures them).
    pub width: u32,
    pub height: Option<u32>,
    /// What it is laid out for.
    pub size: Size,
    /// Words that are not drawn.
    pub hidden: Hidden,
    pub hidden_subtitle: bool,
    /// Least heights of the plots in each row where the sheet's height is free; empty for none.
    pub plot_heights: Vec<f64>,
    /// Panels stand in the order of reading and may be arranged anew; else columns and rows mean something.
    pub tiles: bool,
}

/// A panel, where it stands in the grid of the page (counted from the top left), and what is drawn over it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub column: usize,
    pub row: usize,
    pub panel: Panel,
    /// In the coordinates of the panel's data. A panel without axes ([`Panel::Flow`]) has none.
    pub overlays: Vec<Overlay>,
}

impl Placed {
    pub fn new(column: usize, row: usize, panel: Panel) -> Placed {
        Placed { column, row, panel, overlays: Vec::new() }
    }
}

/// What is drawn over a panel, such as the prediction of a theory over what was measured.
///
/// x is in the units of the panel's x axis (of a heatmap with named columns: the column's number from 0, its
/// middle at + 0.5). y is in the units of the y axis of [`Lines`]; in a panel with rows it is the row's
/// number in the panel's own order, counted from 1, and whole numbers are the middles of rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// A line through (x, y).
    Curve { label: String, points: Vec<(f64, f64)>, style: Stroke },
    /// The range between two lines: (x, low, high).
    Band { label: String, points: Vec<(f64, f64, f64)> },
    /// An upright line at one x, with words beside it.
    Step { at: f64, words: String },
}

impl Overlay {
    /// The words that are drawn with it.
    pub fn words(&self) -> &str {
        match self {
            Overlay::Curve { label, .. } | Overlay::Band { label, .. } => label,
            Overlay::Step { words, .. } => words,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    Heatmap(Heatmap),
    Lines(Lines),
    Rows(Rows),
    Flow(super::flow::Flow),
    Dots(Dots),
    Maps(super::maps::Maps),
    Ridges(super::ridges::Ridges),
}

impl Panel {
    /// The horizontal axis, where there is one.
    pub fn x(&self) -> Option<&Axis> {
        match self {
            Panel::Heatmap(h) => Some(&h.x),
            Panel::Lines(l) => Some(&l.x),
            Panel::Rows(r) => Some(&r.x),
            Panel::Dots(d) => Some(&d.x),
            Panel::Ridges(r) => Some(&r.x),
            Panel::Flow(_) | Panel::Maps(_) => None,
        }
    }

    pub(super) fn x_mut(&mut self) -> Option<&mut Axis> {
        match self {
            Panel::Heatmap(h) => Some(&mut h.x),
            Panel::Lines(l) => Some(&mut l.x),
            Panel::Rows(r) => Some(&mut r.x),
            Panel::Dots(d) => Some(&mut d.x),
            Panel::Ridges(r) => Some(&mut r.x),
            Panel::Flow(_) | Panel::Maps(_) => None,
        }
    }

    /// Does it have words over it?
    pub fn has_title(&self) -> bool {
        match self {
            Panel::Heatmap(h) => !h.title.is_empty(),
            Panel::Lines(l) => !l.title.is_empty(),
            Panel::Ridges(r) => !r.title.is_empty(),
            Panel::Rows(_) | Panel::Dots(_) | Panel::Maps(_) => true,
            Panel::Flow(_) => false,
        }
    }

    pub fn as_heatmap(&self) -> Option<&Heatmap> {
        if let Panel::Heatmap(h) = self { Some(h) } else { None }
    }

    pub fn as_maps(&self) -> Option<&super::maps::Maps> {
        if let Panel::Maps(m) = self { Some(m) } else { None }
    }

    pub fn as_lines(&self) -> Option<&Lines> {
        if let Panel::Lines(l) = self { Some(l) } else { None }
    }
}

/// Layer (or any ordered category) against a numeric axis, one colour a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// Over the panel, such as `sigmoid`.
    pub title: String,
    pub x: Axis,
    /// Drawn vertically beside the row labels, such as `layer`.
    pub y_label: String,
    /// One label a row, the bottom row first (the input side). The renderer thins them when they do not fit.
    pub rows: Vec<String>,
    /// Words at the bottom and top end of the y axis, such as `input side` and `output side`.
    pub bottom_note: String,
    pub top_note: String,
    /// Left edge of each column on the x axis and, last, the right edge of the last column: `columns + 1`
    /// values, increasing.
    pub edges: Vec<f64>,
    /// `[rows][columns]`, the bottom row first: the measurements as they are. The scale places them.
    pub cells: Vec<Vec<Measured>>,
    /// Rows of layers that have no weights, ascending.
    pub bare: Vec<usize>,
    /// Index into [`Figure::scales`].
    pub scale: usize,
    /// Rows whose colours would mislead.
    pub masks: Vec<Mask>,
    /// Names of the columns, written at their middles instead of the numbers of the axis; empty where columns
    /// are numbers.
    pub columns: Vec<String>,
    /// How many rows each column has, from the bottom: networks of different depths side by side. What is
    /// above is paper. Empty where every column has all rows.
    pub heights: Vec<usize>,
}

impl Heatmap {
    /// Is there a cell at all?
    pub fn exists(&self, row: usize, column: usize) -> bool {
        self.heights.get(column).is_none_or(|height| row < *height)
    }

    /// Every cell that is there.
    pub fn existing(&self) -> impl Iterator<Item = Measured> + '_ {
        let cells = move |(r, row): (usize, &Vec<Measured>)| {
            row.iter()
                .enumerate()
                .filter(move |(c, _)| self.exists(r, *c))
                .map(|(_, cell)| *cell)
                .collect::<Vec<_>>()
        };
        self.cells.iter().enumerate().flat_map(cells)
    }
}

impl Heatmap {
    /// The same map with rows for layers with weights alone.
    pub fn without_bare_rows(&self) -> Heatmap {
        let kept: Vec<usize> = (0..self.rows.len()).filter(|row| !self.bare.contains(row)).collect();
        let place = |row: usize| kept.iter().position(|&k| k == row);
        let mut masks: Vec<Mask> = Vec::new();
        for mask in &self.masks {
            let (Some(first), Some(last)) = (place(mask.first), place(mask.last)) else { continue };
            match masks.last_mut() {
                // A row without weights stood between them.
                Some(before) if before.last + 1 == first && before.words == mask.words => before.last = last,
                _ => masks.push(Mask { first, last, words: mask.words.clone() }),
            }
        }
        Heatmap {
            rows: kept.iter().map(|&row| self.rows[row].clone()).collect(),
            cells: kept.iter().map(|&row| self.cells[row].clone()).collect(),
            masks,
            bare: Vec::new(),
            ..self.clone()
        }
    }
}

/// Neighbouring rows of a heatmap that are drawn as one quiet ground with words on it instead of their cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// First and last row, from the bottom.
    pub first: usize,
    pub last: usize,
    pub words: String,
}

/// One number for each row of the heatmap in the same row of the grid, at the same heights.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub x: Axis,
    /// The heatmap's labels of the rows; not drawn again.
    pub rows: Vec<String>,
    /// The bottom row first; `None` where there is no number on this axis.
    pub values: Vec<Option<f64>>,
    /// Each number in words, or why there is none.
    pub words: Vec<String>,
    /// A border on the axis; its lower side has the ground of a [`Mask`].
    pub mark: Option<Mark>,
}

/// A border, and the words over the plot at its lower and upper side.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: f64,
    pub below: String,
    pub above: String,
}

/// Two numbers a row on a common axis, with words: what is compared, and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    pub x: Axis,
    /// The top row first. The first row's numbers are drawn on through the others.
    pub rows: Vec<DotRow>,
    /// What the full dot and the ring stand for.
    pub series: [String; 2],
    /// What the lines of the first row's numbers are.
    pub reference: String,
    /// A line with words, such as the chance level.
    pub mark: Option<(f64, String)>,
    /// Labels at the left are broken at this width, words at the right at that one, layout pixels.
    pub beside: (f64, f64),
}

impl Dots {
    /// [`Dots::beside`] on a sheet of 960 pixels.
    pub const BESIDE: (f64, f64) = (190.0, 310.0);
}

#[derive(Clone, Debug, PartialEq)]
pub struct DotRow {
    pub label: String,
    /// Full dot, ring; `None` where there is no number.
    pub values: [Option<f64>; 2],
    /// At the right; wrapped.
    pub words: String,
    pub tone: super::flow::Tone,
}

/// Curves on a common pair of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// Horizontal reference lines with their words, such as the chance level.
    pub marks: Vec<(f64, String)>,
    /// Labels at the ends of the curves (true) or a legend in the panel.
    pub direct_labels: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub label: String,
    /// `None` is a gap.
    pub points: Vec<(f64, Option<f64>)>,
    pub style: Stroke,
    /// The group that the line belongs to: an index into the theme's categorical colours and shapes.
    pub colour: usize,
    /// The place of an ordered quantity, such as depth, between its least (0) and its largest value (1); it
    /// chooses the colour instead.
    pub ramp: Option<f64>,
    /// Small marks on the points, for curves with few of them.
    pub markers: bool,
    /// An optional band around the curve: (x, low, high).
    pub band: Vec<(f64, f64, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    Solid,
    Dashed,
    Dotted,
    /// Thin and pale, for the raw curve behind a smoothed one.
    Faint,
}

/// A numeric axis. Values are given in their own units; a log axis takes the logarithm itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub label: String,
    pub kind: AxisKind,
    pub low: f64,
    pub high: f64,
    /// Write tick labels as percentages (values are shares).
    pub percent: bool,
    /// False for the upper panel of a stack that shares its x axis with the one below.
    pub show_labels: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    Linear,
    /// Ticks on whole decades.
    Log10,
    /// For steps that start at 0: drawn at log10(1 + x), ticks at 0, 1, 10, 100, ...
    Log1p,
    /// Values are categories 1, 2, 3, ...: ticks only on whole numbers.
    Whole,
}

/// A colour bar: where the colours begin and end, and which special kinds of cell occur.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourScale {
    /// Such as `gradient norm (log10 colours)`.
    pub label: String,
    /// Ends of the bar: log10 of the quantity (whole decades are ticked) or plain values.
    pub low: f64,
    pub high: f64,
    pub logarithmic: bool,
    pub percent: bool,
    /// For numbers with a sign, on a plain scale whose middle is 0: an exact zero has no colour, so that it
    /// is told from a small number.
    pub signed: bool,
    /// Which kinds beyond finite values occur in the heatmaps of this scale, in the order zero, underflow,
    /// NaN, infinite, missing, with the words that explain them; each gets a swatch under the bar.
    pub special: Vec<(Measured, String)>,
}

impl ColourScale {
    /// Where values lie on the bar.
    pub fn values(&self) -> ValueScale {
        if self.logarithmic { ValueScale::Log10 } else { ValueScale::Linear }
    }
}
