//! What a kind of panel has to say for itself, and the one list of the kinds.
//!
//! A new kind is a type in `figure`, a file here that implements [`Kind`] for it, and a line in [`kind`].

use crate::figure::chart::{Axis, ColourScale, Figure, Panel};

use super::canvas::Canvas;
use super::layout::Place;
use super::theme::Palette;
use super::{RenderError, Style, panel};

/// How the figure around a panel looks.
pub struct Look<'a> {
    pub style: &'a Style,
    pub palette: &'static Palette,
    pub scales: &'a [ColourScale],
    /// See [`super::raster::most_bins`].
    pub most_bins: usize,
}

/// Lengths are CSS pixels.
pub trait Kind {
    /// What contradicts itself in the panel's data, or does not fit the panels in the same `row` of the figure.
    fn problem(&self, figure: &Figure, row: usize) -> Option<String>;

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError>;

    /// The horizontal axis. A panel without one brings its own margins, and none of the room below is asked for.
    fn x(&self) -> Option<&Axis>;

    /// In bold over the panel.
    fn title(&self) -> &str {
        ""
    }

    /// What stands between the title and the plot.
    fn head(&self, _width: f64) -> f64 {
        0.0
    }

    /// The labels and words left of a plot of this height.
    fn left(&self, _height: f64) -> f64 {
        0.0
    }

    /// The words right of a plot of this height; they may stand over an empty neighbour.
    fn right(&self, _height: f64) -> f64 {
        0.0
    }

    /// The axis and its words.
    fn below(&self) -> f64 {
        self.x().map_or(0.0, panel::x_room)
    }

    /// Less height than this does not hold the words of the plot.
    fn least_height(&self, _width: f64) -> f64 {
        0.0
    }

    /// The index of the colour scale that the panel uses.
    fn scale(&self) -> Option<usize> {
        None
    }

    /// Do values lie below and above the ends of this scale, which is the panel's?
    fn beyond(&self, _scale: &ColourScale) -> (bool, bool) {
        (false, false)
    }

    /// Rows of cells, which make a figure's file large.
    fn rows_of_cells(&self) -> usize {
        0
    }

    /// Does it continue the rows of a heatmap to its left, so that the heatmap's colour bar stands right of it?
    fn continues_rows(&self) -> bool {
        false
    }
}

/// The kinds of panel.
pub fn kind(panel: &Panel) -> &dyn Kind {
    match panel {
        Panel::Heatmap(panel) => panel,
        Panel::Lines(panel) => panel,
        Panel::Rows(panel) => panel,
        Panel::Dots(panel) => panel,
        Panel::Flow(panel) => panel,
    }
}

/// Room above a plot of this width, the title included.
pub fn above(kind: &dyn Kind, width: f64) -> f64 {
    let head = kind.head(width);
    panel::title_room(kind.title()) + head + if head > 0.0 { 6.0 } else { 0.0 }
}

/// Draws the title and the panel.
pub fn draw(c: &mut Canvas, kind: &dyn Kind, place: Place, look: &Look) -> Result<(), RenderError> {
    let head = kind.head(place.plot.w);
    let above = if head > 0.0 { head + 4.0 } else { 0.0 };
    panel::title(c, kind.title(), place.plot, above, look.palette)?;
    kind.draw(c, place, look)
}
