//! What a kind of panel has to say for itself, and the one list of the kinds.
//!
//! A new kind is a type in `figure`, a file here that implements [`Kind`] for it, and a line in [`kind`].

use crate::figure::chart::{Axis, ColourScale, Figure, Panel, Placed};

use super::canvas::{Canvas, Rect};
use super::layout::Place;
use super::overlay::{self, Axes};
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
    /// What contradicts itself in the panel's data, or does not fit the panels in the same `row` of the
    /// figure.
    fn problem(&self, figure: &Figure, row: usize) -> Option<String>;

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError>;

    /// The horizontal axis. A panel without one brings its own margins, and none of the room below is asked
    /// for.
    fn x(&self) -> Option<&Axis>;

    /// Does the layout make room for its title and words? A panel without axes may ask for it.
    fn framed(&self) -> bool {
        self.x().is_some()
    }

    /// Where the coordinates of overlays lie in a plot; a panel without axes has none.
    fn axes(&self, plot: Rect) -> Option<Axes<'_>>;

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

    /// Would its labels run over each other, or over the axis, at this height?
    fn crowded(&self, _height: f64) -> bool {
        false
    }

    /// The height that suits the words of the plot, where a figure's own height is free.
    fn good_height(&self, width: f64) -> f64 {
        self.least_height(width)
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

    /// Does it continue the rows of a heatmap to its left, so that the heatmap's colour bar stands right of
    /// it?
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
        Panel::Maps(panel) => panel,
        Panel::Ridges(panel) => panel,
    }
}

/// What stands between the title and the plot: the panel's own, and above it the words of what is drawn
/// over it.
fn heads(p: &Placed, plot: Rect) -> (f64, f64) {
    let panel = kind(&p.panel);
    let own = panel.head(plot.w);
    (own, overlay::head(&p.overlays, panel.axes(plot), plot))
}

/// Room above a plot, the title included.
pub fn above(p: &Placed, plot: Rect) -> f64 {
    let (own, over) = heads(p, plot);
    let head = own + over;
    panel::title_room(kind(&p.panel).title(), plot.w, kind(&p.panel).right(plot.h))
        + head
        + if head > 0.0 { 6.0 } else { 0.0 }
}

/// How far words reach beyond the right edge of a plot: those of the axis, and those above the plot.
pub fn overhang(p: &Placed, plot: Rect) -> f64 {
    let axis = kind(&p.panel).x().map_or(0.0, |x| panel::x_overhang(x, plot.w));
    axis.max(overlay::overhang(&p.overlays, kind(&p.panel).axes(plot), plot))
}

/// Draws the title, the panel and what lies over it.
pub fn draw(c: &mut Canvas, p: &Placed, place: Place, look: &Look) -> Result<(), RenderError> {
    let (panel, plot) = (kind(&p.panel), place.plot);
    let (own, over) = heads(p, plot);
    let above = if own + over > 0.0 { own + over + 4.0 } else { 0.0 };
    panel::title(c, (panel.title(), panel.right(plot.h)), plot, above, look.palette)?;
    panel.draw(c, place, look)?;
    match panel.axes(plot) {
        Some(axes) => {
            let base = if own > 0.0 { own + 6.0 } else { 0.0 };
            overlay::draw(c, &p.overlays, axes, (plot, base), look.palette)
        }
        None => Ok(()),
    }
}
