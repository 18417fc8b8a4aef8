//! Distributions one above another: steps that are filled, each row as high as its own highest cell.

use crate::figure::chart::{Axis, Figure};
use crate::figure::ridges::{Ridge, Ridges};
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Letters, Pen, Point, Rect};
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::{Along, Axes};
use super::panel::{self, LANE, TICK};
use super::theme::Palette;

/// Part of a row's pitch that its highest cell takes.
const HEIGHT: f64 = 0.86;
/// Words and labels of lower rows are thinned.
const WORD_PITCH: f64 = 13.0;
const GAP: f64 = 7.0;

impl Kind for Ridges {
    fn problem(&self, _: &Figure, _: usize) -> Option<String> {
        if self.rows.is_empty() {
            return Some("it has no rows".to_string());
        }
        let inside = |&(low, high, share): &(f64, f64, f64)| {
            low < high && low >= self.x.low && high <= self.x.high && (0.0..=1.0).contains(&share)
        };
        let whole = self.rows.iter().all(|row| row.cells.iter().all(inside));
        (!whole).then(|| "the cells of its rows have to rise and to lie on the axis".to_string())
    }

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let (plot, palette) = (place.plot, look.palette);
        let x = Scale::new(&self.x, plot.x, plot.right());
        for t in panel::x_ticks(&self.x, plot.w) {
            let at = x.place_linear(t.at);
            c.line((at, plot.y), (at, plot.bottom()), Pen::solid(palette.grid, 1.0))?;
        }
        let pitch = plot.h / self.rows.len() as f64;
        for (i, row) in self.rows.iter().enumerate() {
            let ground = plot.bottom() - i as f64 * pitch;
            draw_row(c, self, row, x, (ground, pitch), (plot, palette))?;
        }
        for bound in &self.bounds {
            let at = x.place(*bound);
            let pen = Pen { dash: &[4.0, 3.0], ..Pen::solid(palette.muted, 1.2) };
            c.line((at, plot.y), (at, plot.bottom()), pen)?;
        }
        panel::axes(c, &self.x, None, plot, palette)?;
        draw_words(c, self, plot, palette)?;
        if self.labelled { panel::y_label(c, &self.y_label, place.left, plot, palette) } else { Ok(()) }
    }

    fn x(&self) -> Option<&Axis> {
        Some(&self.x)
    }

    fn axes(&self, plot: Rect) -> Option<Axes<'_>> {
        let x = Scale::new(&self.x, plot.x, plot.right());
        let pitch = plot.h / self.rows.len() as f64;
        let y = Along::Rows { start: plot.bottom(), pitch: -pitch };
        Some(Axes { x: Along::Axis(x), y, on_cells: false })
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn left(&self, height: f64) -> f64 {
        if !self.labelled {
            return GAP;
        }
        let labels = self.rows.iter().map(|row| panel::tick_width(&font::tidy(&row.label)));
        let lanes = panel::y_label_lines(&self.y_label, height).len();
        labels.fold(0.0, f64::max) + GAP + LANE * lanes as f64
    }

    fn right(&self, _: f64) -> f64 {
        let wide = |row: &Ridge| font::width(&font::tidy(&row.words), TICK, Weight::Regular);
        let widest = self.rows.iter().map(wide).fold(0.0, f64::max);
        if widest > 0.0 { GAP + widest } else { 0.0 }
    }
}

/// A row's cells as one filled outline on its ground line.
fn draw_row(
    c: &mut Canvas,
    ridges: &Ridges,
    row: &Ridge,
    x: Scale,
    (ground, pitch): (f64, f64),
    (plot, palette): (Rect, &Palette),
) -> Result<(), RenderError> {
    let tallest = row.cells.iter().map(|&cell| ridges.density(cell)).fold(0.0, f64::max);
    c.line((plot.x, ground), (plot.right(), ground), Pen::solid(palette.axis, 0.8))?;
    let Some(first) = row.cells.first().filter(|_| tallest > 0.0) else { return Ok(()) };
    let mut outline: Vec<Point> = vec![(x.place(first.0), ground)];
    for &cell in &row.cells {
        let top = ground - HEIGHT * pitch * ridges.density(cell) / tallest;
        outline.extend([(x.place(cell.0), top), (x.place(cell.1), top)]);
    }
    outline.extend(row.cells.last().map(|cell| (x.place(cell.1), ground)));
    c.polygon(&outline, palette.series[0], 0.3)?;
    c.curve(&outline, Pen::solid(palette.series[0], 1.2))
}

/// Labels at the left and words at the right, of as many rows as they have room for.
fn draw_words(c: &mut Canvas, ridges: &Ridges, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let pitch = plot.h / ridges.rows.len() as f64;
    let every = (WORD_PITCH / pitch).ceil().max(1.0) as usize;
    let last = ridges.rows.len() - 1;
    for (i, row) in ridges.rows.iter().enumerate() {
        let ends = i == 0 || i == last;
        if !ends && (!(i + 1).is_multiple_of(every) || i < every / 2 || last - i < every / 2 + 1) {
            continue;
        }
        let base =
            plot.bottom() - i as f64 * pitch - (0.5 * pitch - panel::half_height(TICK)).min(0.3 * pitch);
        if ridges.labelled {
            let letters = Letters::new(TICK, palette.muted).anchored(Anchor::End);
            c.text(&row.label, (plot.x - GAP, base), letters)?;
        }
        c.text(&row.words, (plot.right() + GAP, base), Letters::new(TICK, palette.text))?;
    }
    Ok(())
}
