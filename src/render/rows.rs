//! One number a row beside a heatmap: a stem from the left edge to the number, and the number in words at
//! the right.

use crate::figure::chart::{Axis, Figure, Panel, Rows};
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::{Along, Axes};
use super::panel::{self, LABEL, TICK};

/// Lower rows have no room for words.
const WORD_PITCH: f64 = 13.0;
/// Between the plot and the words.
const GAP: f64 = 7.0;
/// Height of the line of words over the plot.
const HEAD: f64 = 20.0;

impl Kind for Rows {
    fn problem(&self, figure: &Figure, row: usize) -> Option<String> {
        let n = self.values.len();
        let beside = figure.panels.iter().find_map(|p| match &p.panel {
            Panel::Heatmap(map) if p.row == row => Some(map.rows.len()),
            _ => None,
        });
        let fits =
            n > 0 && self.words.len() == n && self.rows.len() == n && beside.is_none_or(|rows| rows == n);
        (!fits).then(|| "not one number, word and label for each row beside it".to_string())
    }

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let (plot, palette) = (place.plot, look.palette);
        let x = Scale::new(&self.x, plot.x, plot.right());
        let inside = |v: f64| x.place(v).clamp(plot.x, plot.right());
        let mark = self.mark.as_ref().map(|m| (m, inside(m.at)));
        if let Some((_, at)) = &mark {
            c.fill(Rect { w: at - plot.x, ..plot }, palette.mask)?;
        }
        let grid = Pen::solid(palette.grid, 1.0);
        for t in panel::x_ticks(&self.x, plot.w) {
            let at = x.place_linear(t.at);
            c.line((at, plot.y), (at, plot.bottom()), grid)?;
        }
        let pitch = plot.h / self.values.len().max(1) as f64;
        let colour = palette.series[0];
        let stem = Pen::solid(colour, (0.3 * pitch).clamp(1.0, 3.0));
        let words = self.right(plot.h) > 0.0;
        for (i, value) in self.values.iter().enumerate() {
            let middle = plot.bottom() - (i as f64 + 0.5) * pitch;
            if let Some(at) = value.map(inside).filter(|a| a.is_finite()) {
                c.line((plot.x, middle), (at, middle), stem)?;
                c.dot((at, middle), (0.4 * pitch).clamp(1.5, 4.0), colour)?;
            }
            if words && let Some(text) = self.words.get(i) {
                c.text(
                    text,
                    (plot.right() + GAP, middle + panel::half_height(TICK)),
                    Letters::new(TICK, palette.text),
                )?;
            }
        }
        if let Some((mark, at)) = mark {
            c.line(
                (at, plot.y - 4.0),
                (at, plot.bottom()),
                Pen { dash: &[5.0, 3.0], ..Pen::solid(palette.text, 1.2) },
            )?;
            let letters = Letters::new(LABEL, palette.text);
            c.text(&mark.below, (at - 4.0, plot.y - 7.0), letters.anchored(Anchor::End))?;
            c.text(&mark.above, (at + 4.0, plot.y - 7.0), letters)?;
        }
        // Its label would stand among the words of the strips below; the figure's subtitle says it.
        let x = Axis { label: String::new(), ..self.x.clone() };
        panel::axes(c, &x, None, plot, palette)?;
        c.frame(plot, Pen::solid(palette.axis, 1.0))
    }

    fn x(&self) -> Option<&Axis> {
        Some(&self.x)
    }

    fn axes(&self, plot: Rect) -> Option<Axes<'_>> {
        let x = Scale::new(&self.x, plot.x, plot.right());
        let pitch = plot.h / self.rows.len() as f64;
        Some(Axes {
            x: Along::Axis(x),
            y: Along::Rows { start: plot.bottom(), pitch: -pitch },
            on_cells: false,
        })
    }

    fn head(&self, _: f64) -> f64 {
        if self.mark.is_some() { HEAD } else { 0.0 }
    }

    /// The numbers in words, where rows are high enough for them.
    fn right(&self, height: f64) -> f64 {
        if height < WORD_PITCH * self.words.len() as f64 {
            return 0.0;
        }
        let wide = |words: &String| font::width(&font::tidy(words), TICK, Weight::Regular);
        let widest = self.words.iter().map(wide).fold(0.0, f64::max);
        if widest > 0.0 { GAP + widest } else { 0.0 }
    }

    fn below(&self) -> f64 {
        panel::tick_room(&self.x)
    }

    fn continues_rows(&self) -> bool {
        true
    }
}
