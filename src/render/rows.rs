//! One number a row beside a heatmap: a stem from the left edge to the number, and the number in words at the right.

use crate::figure::chart::{Axis, Rows};
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::panel::{self, LABEL, TICK};
use super::theme::Palette;

/// Lower rows have no room for words.
const WORD_PITCH: f64 = 13.0;
/// Between the plot and the words.
const GAP: f64 = 7.0;
/// Height of the line of words over the plot.
const HEAD: f64 = 20.0;

/// Pixels that the words at the right take, where rows are high enough for them.
pub fn right_room(rows: &Rows, height: f64) -> f64 {
    if height < WORD_PITCH * rows.words.len() as f64 {
        return 0.0;
    }
    let widest = rows.words.iter().map(|w| font::width(&font::tidy(w), TICK, Weight::Regular)).fold(0.0, f64::max);
    if widest > 0.0 { GAP + widest } else { 0.0 }
}

/// Pixels that the words over the plot take.
pub fn head_room(rows: &Rows) -> f64 {
    if rows.mark.is_some() { HEAD } else { 0.0 }
}

pub fn draw(c: &mut Canvas, rows: &Rows, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let x = Scale::new(&rows.x, plot.x, plot.right());
    let inside = |v: f64| x.place(v).clamp(plot.x, plot.right());
    let mark = rows.mark.as_ref().map(|m| (m, inside(m.at)));
    if let Some((_, at)) = &mark {
        c.fill(Rect { w: at - plot.x, ..plot }, palette.veil)?;
    }
    let grid = Pen::solid(palette.grid, 1.0);
    for t in panel::x_ticks(&rows.x, plot.w) {
        let at = x.place_linear(t.at);
        c.line((at, plot.y), (at, plot.bottom()), grid)?;
    }
    let pitch = plot.h / rows.values.len().max(1) as f64;
    let colour = palette.series[0];
    let stem = Pen::solid(colour, (0.3 * pitch).clamp(1.0, 3.0));
    let words = right_room(rows, plot.h) > 0.0;
    for (i, value) in rows.values.iter().enumerate() {
        let middle = plot.bottom() - (i as f64 + 0.5) * pitch;
        if let Some(at) = value.map(inside).filter(|a| a.is_finite()) {
            c.line((plot.x, middle), (at, middle), stem)?;
            c.dot((at, middle), (0.4 * pitch).clamp(1.5, 4.0), colour)?;
        }
        if words && let Some(text) = rows.words.get(i) {
            c.text(text, (plot.right() + GAP, middle + panel::half_height(TICK)), Letters::new(TICK, palette.text))?;
        }
    }
    if let Some((mark, at)) = mark {
        c.line((at, plot.y - 4.0), (at, plot.bottom()), Pen { dash: &[5.0, 3.0], ..Pen::solid(palette.text, 1.2) })?;
        let letters = Letters::new(LABEL, palette.text);
        c.text(&mark.below, (at - 4.0, plot.y - 7.0), letters.anchored(Anchor::End))?;
        c.text(&mark.above, (at + 4.0, plot.y - 7.0), letters)?;
    }
    // Its label would stand among the words of the strips below; the figure's subtitle says it.
    let x = Axis { label: String::new(), ..rows.x.clone() };
    panel::axes(c, &x, None, plot, palette)?;
    c.frame(plot, Pen::solid(palette.axis, 1.0))
}
