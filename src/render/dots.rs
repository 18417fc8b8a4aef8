//! Two dots a row: a full one and a ring, a line between them, words at both sides, and the first row's
//! numbers drawn on through the others.

use crate::figure::chart::{Axis, DotRow, Dots, Figure};
use crate::figure::flow::Tone;
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::colour::Rgb;
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::{Along, Axes};
use super::panel::{self, LABEL, TICK};
use super::theme::Palette;

/// Height of the line of words over the plot.
const HEAD: f64 = 20.0;
const GAP: f64 = 10.0;
const WORD_LINE: f64 = 13.5;
const LABEL_LINE: f64 = 15.0;
/// Between the words of two rows.
const ROW_GAP: f64 = 7.0;
/// A row without long words, and the least that its dots need.
const ROW: f64 = 32.0;
const LEAST_ROW: f64 = 14.0;
const DOT: f64 = 4.6;
const RING: f64 = 5.2;
/// Thickness of the ring's line.
const RIM: f64 = 1.8;
const DASH: &[f64] = &[4.0, 3.0];
const DOTTED: &[f64] = &[1.5, 3.0];

/// Dot, ring, the first row's label, the other labels.
fn colours(tone: Tone, palette: &Palette) -> ([Rgb; 2], Rgb) {
    match tone {
        Tone::Greyed => ([palette.muted; 2], palette.muted),
        Tone::Taken | Tone::Open => ([palette.series[0], palette.series[1]], palette.text),
    }
}

impl Kind for Dots {
    fn problem(&self, _: &Figure, _: usize) -> Option<String> {
        self.rows.is_empty().then(|| "it has no rows".to_string())
    }

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let (plot, palette) = (place.plot, look.palette);
        let x = Scale::new(&self.x, plot.x, plot.right());
        draw_ground(c, self, x, plot, palette)?;
        // Under the dots, some of which lie on it.
        panel::axes(c, &self.x, None, plot, palette)?;
        c.frame(plot, Pen::solid(palette.axis, 1.0))?;
        for (row, (top, height)) in self.rows.iter().zip(bounds(self, plot)) {
            draw_row(c, (self, row), top + 0.5 * height, x, plot, palette)?;
        }
        legend(c, self, plot, palette)
    }

    fn x(&self) -> Option<&Axis> {
        Some(&self.x)
    }

    fn axes(&self, plot: Rect) -> Option<Axes<'_>> {
        let x = Scale::new(&self.x, plot.x, plot.right());
        // Rows with long words are higher; what is drawn over a panel of dots knows them by their mean
        // height.
        let pitch = plot.h / self.rows.len() as f64;
        Some(Axes { x: Along::Axis(x), y: Along::Rows { start: plot.y, pitch }, on_cells: false })
    }

    fn head(&self, _: f64) -> f64 {
        HEAD
    }

    fn left(&self, _: f64) -> f64 {
        let wide = |row: &DotRow| {
            label(self, row).iter().map(|line| font::width(line, LABEL, weight(row))).fold(0.0, f64::max)
        };
        GAP + self.rows.iter().map(wide).fold(0.0, f64::max)
    }

    fn least_height(&self, _: f64) -> f64 {
        self.rows.iter().map(|row| need(self, row, LEAST_ROW)).sum()
    }

    fn good_height(&self, _: f64) -> f64 {
        self.rows.iter().map(|row| need(self, row, ROW)).sum()
    }

    fn right(&self, _: f64) -> f64 {
        let lines = self.rows.iter().flat_map(|r| words(self, r));
        let widest = lines.map(|l| font::width(&l, TICK, Weight::Regular)).fold(0.0, f64::max);
        if widest > 0.0 { GAP + widest } else { 0.0 }
    }
}

fn weight(row: &DotRow) -> Weight {
    if row.tone == Tone::Open { Weight::Bold } else { Weight::Regular }
}

/// The lines left of a row.
fn label(d: &Dots, row: &DotRow) -> Vec<String> {
    font::wrap_evenly(&row.label, LABEL, weight(row), d.beside.0)
}

/// The lines right of a row.
fn words(d: &Dots, row: &DotRow) -> Vec<String> {
    font::wrap(&row.words, TICK, Weight::Regular, d.beside.1)
}

/// The height that the words of a row need, or the least one.
fn need(d: &Dots, row: &DotRow, least: f64) -> f64 {
    let lines = (label(d, row).len() as f64 * LABEL_LINE).max(words(d, row).len() as f64 * WORD_LINE);
    least.max(lines + ROW_GAP)
}

/// Top and height of every row: what its words need, and an equal share of what is left over.
fn bounds(d: &Dots, plot: Rect) -> Vec<(f64, f64)> {
    let needs = |least: f64| d.rows.iter().map(|row| need(d, row, least)).collect::<Vec<f64>>();
    let good = needs(ROW);
    let own = if good.iter().sum::<f64>() <= plot.h { good } else { needs(LEAST_ROW) };
    let more = (plot.h - own.iter().sum::<f64>()) / own.len() as f64;
    let mut top = plot.y;
    let place = |height: f64| {
        let this = (top, height + more);
        top += height + more;
        this
    };
    own.into_iter().map(place).collect()
}

/// Where the number of a row stands, if there is one.
fn place(value: Option<f64>, x: Scale, plot: Rect) -> Option<f64> {
    value.filter(|v| v.is_finite()).map(|v| x.place(v).clamp(plot.x, plot.right()))
}

/// Everything under the dots: grounds of rows, the grid, the mark, and the first row's numbers drawn on
/// through the others.
fn draw_ground(c: &mut Canvas, d: &Dots, x: Scale, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let rows = bounds(d, plot);
    for (row, (top, height)) in d.rows.iter().zip(&rows) {
        if row.tone == Tone::Greyed {
            c.fill(Rect { y: *top, h: *height, ..plot }, palette.mask)?;
        }
    }
    for t in panel::x_ticks(&d.x, plot.w) {
        let at = x.place_linear(t.at);
        c.line((at, plot.y), (at, plot.bottom()), Pen::solid(palette.grid, 1.0))?;
    }
    if let Some((value, _)) = &d.mark {
        let at = x.place(*value);
        c.line((at, plot.y), (at, plot.bottom()), Pen { dash: DOTTED, ..Pen::solid(palette.muted, 1.2) })?;
    }
    for (value, colour) in d.rows[0].values.iter().zip([palette.series[0], palette.series[1]]) {
        if let Some(at) = place(*value, x, plot) {
            let pen = Pen { dash: DASH, opacity: 0.8, ..Pen::solid(colour, 1.2) };
            let middle = rows[0].0 + 0.5 * rows[0].1;
            c.line((at, middle), (at, plot.bottom()), pen)?;
        }
    }
    Ok(())
}

/// The dots of a row whose middle is at this height, and its words at both sides.
fn draw_row(
    c: &mut Canvas,
    (d, row): (&Dots, &DotRow),
    middle: f64,
    x: Scale,
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let ([full, ring], text) = colours(row.tone, palette);
    let ground = if row.tone == Tone::Greyed { palette.mask } else { palette.background };
    let at = row.values.map(|v| place(v, x, plot));
    if let [Some(a), Some(b)] = at {
        c.line((a, middle), (b, middle), Pen::solid(palette.axis, 2.0))?;
    }
    if let Some(b) = at[1] {
        circle(c, (b, middle), ring, ground)?;
    }
    if let Some(a) = at[0] {
        c.dot((a, middle), if at[1].is_some_and(|b| (a - b).abs() < RING) { DOT - 2.0 } else { DOT }, full)?;
    }
    let letters = Letters::new(LABEL, text).anchored(Anchor::End);
    let letters = if row.tone == Tone::Open { letters.bold() } else { letters };
    let first = |lines: &[String], line: f64| 0.5 * line * (lines.len().max(1) - 1) as f64;
    let lines = label(d, row);
    let mut y = middle + panel::half_height(LABEL) - first(&lines, LABEL_LINE);
    for line in &lines {
        c.text(line, (plot.x - GAP, y), letters)?;
        y += LABEL_LINE;
    }
    let lines = words(d, row);
    let mut y = middle + panel::half_height(TICK) - first(&lines, WORD_LINE);
    for line in &lines {
        c.text(line, (plot.right() + GAP, y), Letters::new(TICK, text))?;
        y += WORD_LINE;
    }
    Ok(())
}

fn circle(c: &mut Canvas, at: (f64, f64), colour: Rgb, ground: Rgb) -> Result<(), RenderError> {
    c.dot(at, RING, colour)?;
    c.dot(at, RING - RIM, ground)
}

fn legend(c: &mut Canvas, d: &Dots, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let (mut left, middle) = (plot.x + RING, plot.y - 12.0);
    let letters = Letters::new(LABEL, palette.text);
    for (i, words) in d.series.iter().enumerate().filter(|s| !s.1.is_empty()) {
        match i {
            0 => c.dot((left, middle), DOT, palette.series[0])?,
            _ => circle(c, (left, middle), palette.series[1], palette.background)?,
        }
        c.text(words, (left + 11.0, middle + panel::half_height(LABEL)), letters)?;
        left += 11.0 + font::width(&font::tidy(words), LABEL, Weight::Regular) + 22.0;
    }
    let lines = [
        (DASH, palette.text, Some(d.reference.as_str())),
        (DOTTED, palette.muted, d.mark.as_ref().map(|m| m.1.as_str())),
    ];
    for (dash, colour, words) in lines {
        let Some(words) = words.filter(|w| !w.is_empty()) else { continue };
        c.line((left, middle), (left + 18.0, middle), Pen { dash, ..Pen::solid(colour, 1.2) })?;
        c.text(words, (left + 25.0, middle + panel::half_height(LABEL)), letters)?;
        left += 25.0 + font::width(&font::tidy(words), LABEL, Weight::Regular) + 22.0;
    }
    Ok(())
}
