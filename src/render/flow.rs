//! A path of decisions: boxes as high as their words, arrows between neighbours.

use crate::figure::chart::{Axis, Figure};
use crate::figure::flow::{Flow, FlowArrow, FlowBox, FlowLine, Tone};
use crate::font::{self, Weight};

use super::RenderError;
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::colour::Rgb;
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::Axes;
use super::panel::{LABEL, PANEL_TITLE};
use super::theme::Palette;

const PAD: f64 = 12.0;
const HEADING_LINE: f64 = 18.0;
const LINE: f64 = 16.5;
/// Between the heading and the lines.
const BREATH: f64 = 3.0;
/// A dot and the blank behind it.
const INDENT: f64 = 12.0;
/// Between columns: room for an arrow with its word.
const COLUMN_GAP: f64 = 56.0;
/// Between rows; what is left over of the height makes it larger, up to a limit.
const ROW_GAP: f64 = 34.0;
const GOOD_ROW_GAP: f64 = 44.0;
const WIDEST_ROW_GAP: f64 = 56.0;
const HEAD: f64 = 8.0;

/// Frames and arrows on the way, and off it.
const THICK: f64 = 2.4;
const THIN: f64 = 1.0;

/// A line with its size and weight, ready to be set.
struct Set {
    text: String,
    weight: Weight,
    /// The first line of an item has its dot.
    dot: bool,
    indent: f64,
}

fn set(line: &FlowLine, width: f64) -> Vec<Set> {
    let (weight, indent) =
        (if line.bold { Weight::Bold } else { Weight::Regular }, if line.item { INDENT } else { 0.0 });
    let lines = font::wrap(&line.text, LABEL, weight, width - indent);
    let make = |(i, text): (usize, String)| Set { text, weight, dot: line.item && i == 0, indent };
    lines.into_iter().enumerate().map(make).collect()
}

struct Block {
    heading: Vec<String>,
    lines: Vec<Set>,
    height: f64,
}

fn block(b: &FlowBox, width: f64) -> Block {
    let inner = width - 2.0 * PAD;
    let heading = font::wrap(&b.heading, PANEL_TITLE, Weight::Bold, inner);
    let lines: Vec<Set> = b.lines.iter().flat_map(|l| set(l, inner)).collect();
    let height = 2.0 * PAD - 4.0 + heading.len() as f64 * HEADING_LINE + BREATH + lines.len() as f64 * LINE;
    Block { heading, lines, height }
}

/// Left edges and widths of the columns.
fn columns(flow: &Flow, plot: Rect) -> Vec<(f64, f64)> {
    let n = flow.column_weights.len();
    let free = plot.w - COLUMN_GAP * n.saturating_sub(1) as f64;
    let total: f64 = flow.column_weights.iter().sum();
    let mut x = plot.x;
    let mut place = |weight: &f64| {
        let w = (free * weight / total).floor();
        let here = (x, w);
        x += w + COLUMN_GAP;
        here
    };
    flow.column_weights.iter().map(&mut place).collect()
}

/// The smallest height that holds all words at this width.
fn least_height(flow: &Flow, plot: Rect) -> f64 {
    let heights = row_heights(flow, plot);
    heights.iter().sum::<f64>() + ROW_GAP * heights.len().saturating_sub(1) as f64
}

fn row_heights(flow: &Flow, plot: Rect) -> Vec<f64> {
    let columns = columns(flow, plot);
    let rows = flow.boxes.iter().map(|b| b.row + 1).max().unwrap_or(0);
    let height = |b: &FlowBox| block(b, columns[b.column].1).height;
    (0..rows).map(|r| flow.boxes.iter().filter(|b| b.row == r).map(height).fold(0.0, f64::max)).collect()
}

impl Kind for Flow {
    fn problem(&self, _: &Figure, _: usize) -> Option<String> {
        (!placeable(self)).then(|| "a box or an arrow stands outside its grid".to_string())
    }

    /// From the top of its place.
    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let (plot, palette) = (place.plot, look.palette);
        let (columns, heights) = (columns(self, plot), row_heights(self, plot));
        let gaps = heights.len().saturating_sub(1).max(1) as f64;
        let spare = (plot.h - least_height(self, plot)).max(0.0) / gaps;
        let gap = (ROW_GAP + spare).min(WIDEST_ROW_GAP).floor();
        let mut tops = Vec::with_capacity(heights.len());
        // One row on a sheet of a given height stands in its middle.
        let alone = if heights.len() == 1 { 0.4 * (plot.h - least_height(self, plot)).max(0.0) } else { 0.0 };
        let mut y = (plot.y + alone).round();
        for h in &heights {
            tops.push(y);
            y += h.ceil() + gap;
        }
        let places: Vec<Rect> = self
            .boxes
            .iter()
            .map(|b| Rect {
                x: columns[b.column].0,
                y: tops[b.row],
                w: columns[b.column].1,
                h: heights[b.row].ceil(),
            })
            .collect();
        for (b, place) in self.boxes.iter().zip(&places) {
            draw_box(c, b, *place, palette)?;
        }
        // What was taken lies above what was not.
        let (taken, open): (Vec<_>, Vec<_>) = self.arrows.iter().partition(|a| a.taken);
        for arrow in open.into_iter().chain(taken) {
            draw_arrow(c, arrow, places[arrow.from], places[arrow.to], palette)?;
        }
        Ok(())
    }

    /// It has no axis.
    fn x(&self) -> Option<&Axis> {
        None
    }

    fn axes(&self, _: Rect) -> Option<Axes<'_>> {
        None
    }

    fn least_height(&self, width: f64) -> f64 {
        least_height(self, Rect { w: width, ..Rect::default() })
    }

    fn good_height(&self, width: f64) -> f64 {
        let rows = self.boxes.iter().map(|b| b.row + 1).max().unwrap_or(0);
        // Rows begin on whole pixels, each a little further down.
        self.least_height(width) + (GOOD_ROW_GAP - ROW_GAP) * rows.saturating_sub(1) as f64 + rows as f64
    }
}

/// Does everything stand in the grid, and does every arrow join neighbours of a row or a column?
fn placeable(flow: &Flow) -> bool {
    let columns = flow.column_weights.len();
    let boxes = flow.boxes.iter().all(|b| b.column < columns && b.row < 100);
    let weights = flow.column_weights.iter().all(|w| w.is_finite() && *w > 0.0);
    let joins = |a: &FlowArrow| match (flow.boxes.get(a.from), flow.boxes.get(a.to)) {
        (Some(f), Some(t)) => {
            (f.row == t.row && f.column + 1 == t.column) || (f.column == t.column && f.row + 1 == t.row)
        }
        _ => false,
    };
    weights && columns > 0 && boxes && flow.arrows.iter().all(joins)
}

fn draw_box(c: &mut Canvas, b: &FlowBox, place: Rect, palette: &Palette) -> Result<(), RenderError> {
    let (frame, width, text) = match b.tone {
        Tone::Taken => (palette.series[0], THICK, palette.text),
        Tone::Open => (palette.axis, THIN, palette.muted),
        Tone::Greyed => (palette.mask, THIN, palette.muted),
    };
    if b.tone == Tone::Greyed {
        c.fill(place, palette.mask)?;
    }
    c.frame(place, Pen::solid(frame, width))?;
    let block = block(b, place.w);
    let mut y = place.y + PAD - 3.0;
    for line in &block.heading {
        y += HEADING_LINE;
        c.text(line, (place.x + PAD, y - 4.0), Letters::new(PANEL_TITLE, text).bold())?;
    }
    y += BREATH;
    for line in &block.lines {
        y += LINE;
        if line.dot {
            c.dot((place.x + PAD + 3.5, y - 8.2), 1.8, text)?;
        }
        let letters = Letters { weight: line.weight, ..Letters::new(LABEL, text) };
        c.text(&line.text, (place.x + PAD + line.indent, y - 4.0), letters)?;
    }
    Ok(())
}

fn draw_arrow(
    c: &mut Canvas,
    arrow: &FlowArrow,
    from: Rect,
    to: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let (colour, width, text) = match arrow.taken {
        true => (palette.series[0], THICK, palette.text),
        false => (palette.axis, THIN, palette.muted),
    };
    let letters = Letters::new(LABEL, text);
    let letters = if arrow.taken { letters.bold() } else { letters };
    let pen = Pen::solid(colour, width);
    if from.y == to.y {
        let y = from.y + 0.5 * from.h.min(to.h);
        let (start, end) = (from.right() + 3.0, to.x - 3.0);
        c.line((start, y), (end - HEAD, y), pen)?;
        head(c, (end, y), (-1.0, 0.0), colour)?;
        let middle = 0.5 * (start + end - HEAD);
        return c.text(&arrow.label, (middle, y - 7.0), letters.anchored(Anchor::Middle));
    }
    let x = from.x + 0.5 * from.w.min(to.w);
    let (start, end) = (from.bottom() + 3.0, to.y - 3.0);
    c.line((x, start), (x, end - HEAD), pen)?;
    head(c, (x, end), (0.0, -1.0), colour)?;
    c.text(&arrow.label, (x + 9.0, 0.5 * (start + end - HEAD) + 4.5), letters)
}

/// An arrow head with its tip at `tip`; `back` points along the shaft.
fn head(c: &mut Canvas, tip: (f64, f64), back: (f64, f64), colour: Rgb) -> Result<(), RenderError> {
    let base = (tip.0 + HEAD * back.0, tip.1 + HEAD * back.1);
    let side = (0.5 * HEAD * back.1, 0.5 * HEAD * back.0);
    c.polygon(&[tip, (base.0 + side.0, base.1 + side.1), (base.0 - side.0, base.1 - side.1)], colour, 1.0)
}
