//! Colour bars, and the swatches that explain the special kinds of cell.

use crate::figure::chart::ColourScale;
use crate::font::{self, Weight};

use super::axis;
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::colour::Colours;
use super::panel::{self, LABEL, TICK};
use super::theme::Palette;
use super::{RenderError, Style, raster};

/// From the plot to the bar, and the bar's own width.
const GAP: f64 = 16.0;
const BAR: f64 = 14.0;
/// Height of the arrow heads that say that values lie beyond an end.
const ARROW: f64 = 8.0;
const LABEL_LINE: f64 = 16.0;
const SWATCH_W: f64 = 18.0;
const SWATCH_H: f64 = 12.0;
const SWATCH_GAP: f64 = 6.0;
const WORD_LINE: f64 = 13.5;
/// Words beside swatches under a bar may make the bar's column at most this wide.
const BLOCK: f64 = 128.0;
/// A bar is not made shorter than this by the swatches under it.
const SHORTEST: f64 = 110.0;

/// A swatch and its words, broken into lines.
pub struct Entry {
    kind: usize,
    lines: Vec<String>,
}

impl Entry {
    fn height(&self) -> f64 {
        SWATCH_H.max(self.lines.len() as f64 * WORD_LINE) + 4.0
    }
}

fn special(scale: &ColourScale) -> impl Iterator<Item = (usize, &str)> {
    scale
        .special
        .iter()
        .filter_map(|(cell, words)| raster::map_kind(*cell, scale).map(|k| (k, words.as_str())))
}

fn ticks(scale: &ColourScale, length: f64) -> Vec<axis::Tick> {
    axis::bar_ticks(scale.low, scale.high, scale.logarithmic, scale.percent, length, 20.0)
}

fn label_lines(scale: &ColourScale, length: f64) -> Vec<String> {
    font::wrap_evenly(&scale.label, LABEL, Weight::Regular, length.max(40.0))
}

/// Width of the bar with its ticks and label.
fn own_width(scale: &ColourScale, length: f64) -> f64 {
    let widest = ticks(scale, length).iter().map(|t| panel::tick_width(&t.label)).fold(0.0, f64::max);
    BAR + 8.0 + widest + 4.0 + LABEL_LINE * label_lines(scale, length).len() as f64
}

/// The swatches of a bar's block, and the height they take.
fn block(scale: &ColourScale, length: f64) -> (Vec<Entry>, f64) {
    let limit = BLOCK.max(own_width(scale, length)) - SWATCH_W - SWATCH_GAP;
    let entries: Vec<Entry> = special(scale)
        .map(|(kind, words)| Entry { kind, lines: font::wrap(words, TICK, Weight::Regular, limit) })
        .collect();
    let height = if entries.is_empty() { 0.0 } else { entries.iter().map(Entry::height).sum::<f64>() + 10.0 };
    (entries, height)
}

/// Would the swatches leave enough of a bar that is `length` pixels long?
pub fn swatches_fit(scale: &ColourScale, length: f64) -> bool {
    length - block(scale, length).1 >= SHORTEST || scale.special.is_empty()
}

/// Width of a bar's column, the gap to the plot included.
pub fn room(scale: &ColourScale, length: f64, with_swatches: bool) -> f64 {
    let (entries, height) = if with_swatches { block(scale, length) } else { (Vec::new(), 0.0) };
    let words = entries.iter().flat_map(|e| &e.lines).map(|l| font::width(l, TICK, Weight::Regular));
    let swatches = words.fold(0.0, f64::max) + SWATCH_W + SWATCH_GAP;
    GAP + own_width(scale, length - height).max(if entries.is_empty() { 0.0 } else { swatches })
}

/// Draws a bar in `area`, whose left edge is the plot's right edge. `beyond` says whether values lie below
/// and above.
pub fn draw(
    c: &mut Canvas,
    scale: &ColourScale,
    area: Rect,
    beyond: (bool, bool),
    with_swatches: bool,
    style: &Style,
    palette: &Palette,
) -> Result<(), RenderError> {
    let (entries, below) = if with_swatches { block(scale, area.h) } else { (Vec::new(), 0.0) };
    let (under, over) = (if beyond.0 { ARROW } else { 0.0 }, if beyond.1 { ARROW } else { 0.0 });
    let bar = Rect { x: area.x + GAP, y: area.y + over, w: BAR, h: area.h - below - over - under };
    let colours = Colours::of(scale, style.colour_map);
    c.image(bar, raster::bar(colours, palette))?;
    let pen = Pen::solid(palette.axis, 1.0);
    let (left, right, middle) = (bar.x, bar.right(), bar.x + 0.5 * bar.w);
    let mut outline = vec![(left, bar.y)];
    if over > 0.0 {
        let tip = [(left, bar.y), (middle, bar.y - over), (right, bar.y)];
        c.polygon(&tip, colours.at(1.0), 1.0)?;
        outline.push(tip[1]);
    }
    outline.extend([(right, bar.y), (right, bar.bottom())]);
    if under > 0.0 {
        let tip = [(left, bar.bottom()), (middle, bar.bottom() + under), (right, bar.bottom())];
        c.polygon(&tip, colours.at(0.0), 1.0)?;
        outline.push(tip[1]);
    }
    outline.extend([(left, bar.bottom()), (left, bar.y)]);
    c.curve(&outline, pen)?;
    let mut widest: f64 = 0.0;
    for t in ticks(scale, bar.h) {
        let share = if scale.high > scale.low { (t.at - scale.low) / (scale.high - scale.low) } else { 0.5 };
        let y = bar.bottom() - share * bar.h;
        c.line((right, y), (right + 4.0, y), pen)?;
        c.text(&t.label, (right + 8.0, y + panel::half_height(TICK)), Letters::new(TICK, palette.muted))?;
        widest = widest.max(panel::tick_width(&t.label));
    }
    for (i, line) in label_lines(scale, area.h - below).iter().enumerate() {
        let x = right + 8.0 + widest + 15.0 + LABEL_LINE * i as f64;
        let letters = Letters::new(LABEL, palette.text).anchored(Anchor::Middle).upright();
        c.text(line, (x, area.y + 0.5 * (area.h - below)), letters)?;
    }
    let mut y = area.bottom() - below + 14.0;
    for entry in &entries {
        self::entry(c, entry, (bar.x, y), palette)?;
        y += entry.height();
    }
    Ok(())
}

/// A swatch with its words; `at` is its top left corner.
fn entry(c: &mut Canvas, entry: &Entry, at: (f64, f64), palette: &Palette) -> Result<(), RenderError> {
    let box_ = Rect { x: at.0, y: at.1.round(), w: SWATCH_W, h: SWATCH_H };
    c.image(box_, raster::swatch(entry.kind, box_, palette))?;
    c.frame(box_, Pen::solid(palette.axis, 0.8))?;
    for (i, line) in entry.lines.iter().enumerate() {
        let middle = box_.y + 0.5 * SWATCH_H + i as f64 * WORD_LINE;
        let place = (box_.right() + SWATCH_GAP, middle + panel::half_height(TICK));
        c.text(line, place, Letters::new(TICK, palette.muted))?;
    }
    Ok(())
}

/// The swatches of all scales as rows of a legend, for figures whose bars are too short to have them
/// underneath: entries with their left edges.
pub fn legend(scales: &[ColourScale], width: f64) -> Vec<Vec<(f64, Entry)>> {
    let mut rows: Vec<Vec<(f64, Entry)>> = Vec::new();
    let mut seen: Vec<(usize, &str)> = Vec::new();
    let mut x = f64::INFINITY;
    for (kind, words) in scales.iter().flat_map(special) {
        if seen.contains(&(kind, words)) {
            continue;
        }
        seen.push((kind, words));
        let lines = font::wrap(words, TICK, Weight::Regular, width - SWATCH_W - SWATCH_GAP);
        let widest = lines.iter().map(|l| font::width(l, TICK, Weight::Regular)).fold(0.0, f64::max);
        let needs = SWATCH_W + SWATCH_GAP + widest;
        if x + needs > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, Entry { kind, lines }));
        }
        x += needs + 22.0;
    }
    rows
}

pub fn legend_height(rows: &[Vec<(f64, Entry)>]) -> f64 {
    rows.iter().map(|row| row.iter().map(|(_, e)| e.height() + 2.0).fold(0.0, f64::max)).sum()
}

pub fn draw_legend(
    c: &mut Canvas,
    rows: &[Vec<(f64, Entry)>],
    at: (f64, f64),
    palette: &Palette,
) -> Result<(), RenderError> {
    let mut y = at.1;
    for row in rows {
        for (x, e) in row {
            entry(c, e, (at.0 + x, y), palette)?;
        }
        y += row.iter().map(|(_, e)| e.height() + 2.0).fold(0.0, f64::max);
    }
    Ok(())
}
