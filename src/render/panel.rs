//! What panels have in common: sizes of type, axes, ticks, grid, titles.

use crate::figure::chart::{Axis, Heatmap};
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::{self, Scale, Tick};
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::theme::Palette;

/// Sizes of type, CSS pixels; that of the figure's title is [`Size::title`](crate::figure::Size::title).
pub const SUBTITLE: f64 = 12.5;
pub const PANEL_TITLE: f64 = 13.0;
pub const LABEL: f64 = 12.0;
pub const TICK: f64 = 11.0;
pub const CAPTION: f64 = 10.5;

const TICK_LENGTH: f64 = 4.0;
/// Width of a column of upright words.
pub const LANE: f64 = 17.0;

/// How far the baseline lies under the middle of a line: half the height of a capital letter or digit
/// (0.714 em).
pub fn half_height(size: f64) -> f64 {
    0.357 * size
}

pub fn tick_width(label: &str) -> f64 {
    font::width(label, TICK, Weight::Regular)
}

pub fn x_ticks(axis: &Axis, length: f64) -> Vec<Tick> {
    axis::ticks(axis, length, |label| tick_width(label) + 14.0)
}

pub fn y_ticks(axis: &Axis, length: f64) -> Vec<Tick> {
    axis::ticks(axis, length, |_| 21.0)
}

/// From line to line of a panel's title.
const TITLE_LINE: f64 = 16.0;

/// The lines of a panel's title over a plot of this width, with words in so much room right of it: two at
/// most, the second shortened.
fn title_lines(title: &str, width: f64, right: f64) -> Vec<String> {
    let limit = width.max(60.0);
    let whole = font::width(&font::tidy(title), PANEL_TITLE, Weight::Bold);
    let mut lines = match whole <= limit + right.min(TITLE_OVERHANG) {
        true => font::wrap(title, PANEL_TITLE, Weight::Bold, f64::INFINITY),
        false => font::wrap_evenly(title, PANEL_TITLE, Weight::Bold, limit),
    };
    if lines.len() > MOST_TITLE_LINES {
        let rest = lines.split_off(MOST_TITLE_LINES - 1).join(" ");
        lines.push(font::elide(&rest, PANEL_TITLE, Weight::Bold, limit));
    }
    lines
}

/// Room for a panel's title over a plot of this width; see [`title_lines`].
pub fn title_room(title: &str, width: f64, right: f64) -> f64 {
    match title_lines(title, width, right).len() {
        0 => 4.0,
        lines => 23.0 + TITLE_LINE * (lines - 1) as f64,
    }
}

/// Room for an x axis under the plot.
pub fn x_room(axis: &Axis) -> f64 {
    match (axis.show_labels, axis.label.trim().is_empty()) {
        (false, _) => TICK_LENGTH + 2.0,
        (true, true) => 20.0,
        (true, false) => 37.0,
    }
}

/// Room for the numbers of an x axis alone.
pub fn tick_room(axis: &Axis) -> f64 {
    if axis.show_labels { 20.0 } else { x_room(axis) }
}

/// Room that the last label of an x axis needs beyond the plot's right edge.
pub fn x_overhang(axis: &Axis, length: f64) -> f64 {
    if !axis.show_labels {
        return 0.0;
    }
    let scale = Scale::new(axis, 0.0, length);
    let ends = x_ticks(axis, length)
        .into_iter()
        .map(|t| scale.place_linear(t.at) + 0.5 * tick_width(&t.label) - length);
    ends.fold(0.0, f64::max)
}

/// Room for a y axis left of the plot.
pub fn y_room(axis: &Axis, length: f64) -> f64 {
    let labels = if axis.show_labels {
        y_ticks(axis, length).iter().map(|t| tick_width(&t.label)).fold(0.0, f64::max) + TICK_LENGTH + 4.0
    } else {
        TICK_LENGTH
    };
    let lanes = y_label_lines(&axis.label, length).len();
    labels + if lanes == 0 { 0.0 } else { LANE * lanes as f64 + 2.0 }
}

/// A y axis' words, broken where they are longer than the plot is high; they may reach a little beyond it.
pub fn y_label_lines(words: &str, length: f64) -> Vec<String> {
    font::wrap_evenly(words, LABEL, Weight::Regular, (length + 12.0).max(50.0))
}

/// A title in one line may stand over the words right of its plot, so far; a longer one is broken.
const TITLE_OVERHANG: f64 = 60.0;
const MOST_TITLE_LINES: usize = 2;

pub fn title(
    c: &mut Canvas,
    (words, right): (&str, f64),
    plot: Rect,
    above: f64,
    palette: &Palette,
) -> Result<(), RenderError> {
    let letters = Letters::new(PANEL_TITLE, palette.text).bold();
    let lines = title_lines(words, plot.w, right);
    for (i, line) in lines.iter().enumerate() {
        let up = TITLE_LINE * (lines.len() - 1 - i) as f64;
        c.text(line, (plot.x, plot.y - above - 8.0 - up), letters)?;
    }
    Ok(())
}

pub fn grid(c: &mut Canvas, x: &Axis, y: &Axis, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let pen = Pen::solid(palette.grid, 1.0);
    let scale = Scale::new(x, plot.x, plot.right());
    for t in x_ticks(x, plot.w) {
        let at = scale.place_linear(t.at);
        c.line((at, plot.y), (at, plot.bottom()), pen)?;
    }
    let scale = Scale::new(y, plot.bottom(), plot.y);
    for t in y_ticks(y, plot.h) {
        let at = scale.place_linear(t.at);
        c.line((plot.x, at), (plot.right(), at), pen)?;
    }
    Ok(())
}

/// The x axis, and the y axis where it is numeric.
pub fn axes(
    c: &mut Canvas,
    x: &Axis,
    y: Option<&Axis>,
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let pen = Pen::solid(palette.axis, 1.0);
    let fine = Pen::solid(palette.axis, 0.8);
    let letters = Letters::new(TICK, palette.muted);
    let scale = Scale::new(x, plot.x, plot.right());
    for at in axis::minor_ticks(x, plot.w) {
        let at = scale.place_linear(at);
        c.line((at, plot.bottom()), (at, plot.bottom() + 0.5 * TICK_LENGTH), fine)?;
    }
    for t in x_ticks(x, plot.w) {
        let at = scale.place_linear(t.at);
        c.line((at, plot.bottom()), (at, plot.bottom() + TICK_LENGTH), pen)?;
        if x.show_labels {
            c.text(&t.label, (at, plot.bottom() + 16.0), letters.anchored(Anchor::Middle))?;
        }
    }
    if x.show_labels {
        let words = Letters::new(LABEL, palette.text).anchored(Anchor::Middle);
        c.text(&x.label, (plot.x + 0.5 * plot.w, plot.bottom() + 33.0), words)?;
    }
    c.line((plot.x, plot.bottom()), (plot.right(), plot.bottom()), pen)?;
    let Some(y) = y else { return Ok(()) };
    let scale = Scale::new(y, plot.bottom(), plot.y);
    for at in axis::minor_ticks(y, plot.h) {
        let at = scale.place_linear(at);
        c.line((plot.x - 0.5 * TICK_LENGTH, at), (plot.x, at), fine)?;
    }
    for t in y_ticks(y, plot.h) {
        let at = scale.place_linear(t.at);
        c.line((plot.x - TICK_LENGTH, at), (plot.x, at), pen)?;
        if y.show_labels {
            let place = (plot.x - TICK_LENGTH - 4.0, at + half_height(TICK));
            c.text(&t.label, place, letters.anchored(Anchor::End))?;
        }
    }
    c.line((plot.x, plot.y), (plot.x, plot.bottom()), pen)
}

/// A y axis' words, upright, in the outermost lanes of the panel's column.
pub fn y_label(
    c: &mut Canvas,
    words: &str,
    left: f64,
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let letters = Letters::new(LABEL, palette.text).anchored(Anchor::Middle).upright();
    for (i, line) in y_label_lines(words, plot.h).iter().enumerate() {
        c.text(line, (left + 11.0 + LANE * i as f64, plot.y + 0.5 * plot.h), letters)?;
    }
    Ok(())
}

/// The x axis of a heatmap whose columns have names: each under the middle of its column, as many as fit,
/// and the last one.
pub fn named_columns(
    c: &mut Canvas,
    map: &Heatmap,
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let pen = Pen::solid(palette.axis, 1.0);
    let scale = Scale::new(&map.x, plot.x, plot.right());
    let middle = |i: usize| 0.5 * (scale.place(map.edges[i]) + scale.place(map.edges[i + 1]));
    let wide = map.columns.iter().map(|name| tick_width(name)).fold(0.0, f64::max) + 6.0;
    let pitch = plot.w / map.columns.len() as f64;
    let every = (wide / pitch).ceil().max(1.0) as usize;
    let last = map.columns.len() - 1;
    for (i, name) in map.columns.iter().enumerate() {
        let at = middle(i);
        c.line((at, plot.bottom()), (at, plot.bottom() + TICK_LENGTH), pen)?;
        if map.x.show_labels && (last - i).is_multiple_of(every) {
            let letters = Letters::new(TICK, palette.muted).anchored(Anchor::Middle);
            c.text(name, (at, plot.bottom() + 16.0), letters)?;
        }
    }
    if map.x.show_labels {
        let words = Letters::new(LABEL, palette.text).anchored(Anchor::Middle);
        c.text(&map.x.label, (plot.x + 0.5 * plot.w, plot.bottom() + 33.0), words)?;
    }
    Ok(())
}
