//! What is drawn over a panel's data: curves, bands and marked steps, in the coordinates of the data.
//!
//! They lie on any ground, also on the cells of a heatmap: each line is drawn in the colour of words on a
//! wider one in the colour of the page, and a band is hatched, so that no cell changes its colour. Over
//! curves the hatching has no such ground: it would cut them to pieces. Their words stand above the plot: a
//! key for curves and bands, and over each marked step a flag whose pole is the step's line.

use crate::figure::chart::{Overlay, Stroke};
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::Scale;
use super::canvas::{Canvas, Letters, Pen, Point, Rect};
use super::lines::clip;
use super::panel::{self, LABEL};
use super::theme::Palette;

const KEY_LINE: f64 = 18.0;
const KEY_STROKE: f64 = 26.0;
const KEY_GAP: f64 = 18.0;
const NOTE_LINE: f64 = 14.0;
/// Between the pole of a flag and its words, and between the words and the next pole.
const NOTE_GAP: f64 = 4.0;
const NOTE_APART: f64 = 8.0;
/// Between the plot and the lowest words: those at the ends of curves may reach a little above the plot.
const NOTE_FOOT: f64 = 3.0;
/// Words of a step are broken at this part of the plot's width, or at this many pixels.
const NOTE_WIDTH: (f64, f64) = (0.5, 140.0);
/// How much wider the ground of a line is than the line.
const CASING: f64 = 2.4;
const HATCH: f64 = 7.0;
const STEP_DASH: &[f64] = &[5.0, 3.0];

/// From a panel's coordinates to pixels in one direction.
#[derive(Clone, Copy, Debug)]
pub enum Along<'a> {
    Axis(Scale),
    /// Columns with names: column `i` reaches from `i` to `i + 1`.
    Columns(Scale, &'a [f64]),
    /// Rows: the middle of row `i`, counted from 1, lies at `i`.
    Rows {
        start: f64,
        pitch: f64,
    },
}

impl Along<'_> {
    fn place(&self, value: f64) -> f64 {
        match self {
            Along::Axis(scale) => scale.place(value),
            Along::Columns(scale, edges) => {
                let last = edges.len().saturating_sub(2);
                let i = (value.max(0.0) as usize).min(last);
                let (left, right) = (scale.place(edges[i]), scale.place(edges[i + 1]));
                left + (value - i as f64) * (right - left)
            }
            Along::Rows { start, pitch } => start + (value - 0.5) * pitch,
        }
    }
}

/// Both directions of a panel, and its ground.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    pub x: Along<'a>,
    pub y: Along<'a>,
    /// Is the ground one of cells?
    pub on_cells: bool,
}

/// The flag of a marked step: its words, in a row counted from the plot upward.
struct Note {
    at: f64,
    /// Where the words begin: right of the pole, or left of it where they would leave the plot.
    from: f64,
    lines: Vec<String>,
    row: usize,
}

/// The flags, from right to left. Where the words of one would reach the pole of the next, it stands in a
/// row above it; so no pole crosses words.
fn notes(overlays: &[Overlay], x: &Along, plot: Rect) -> Vec<Note> {
    let limit = (NOTE_WIDTH.0 * plot.w).max(NOTE_WIDTH.1);
    let steps = overlays
        .iter()
        .filter_map(|o| if let Overlay::Step { at, words } = o { Some((at, words)) } else { None });
    let seen = steps.map(|(at, words)| (x.place(*at), words)).filter(|(at, _)| within(*at, plot));
    let mut seen: Vec<_> = seen.collect();
    seen.sort_by(|a, b| b.0.total_cmp(&a.0));
    let poles: Vec<f64> = seen.iter().map(|s| s.0).collect();
    let mut out: Vec<Note> = Vec::new();
    for (at, words) in seen {
        let lines = font::wrap_evenly(words, LABEL, Weight::Regular, limit);
        let wide = widest(&lines);
        let left = at - NOTE_GAP - wide;
        let free = left >= plot.x && poles.iter().all(|p| *p >= at || *p < left - NOTE_APART);
        let leaves = at + NOTE_GAP + wide > plot.right();
        let from = if leaves && free { left } else { at + NOTE_GAP };
        let end = from.max(at) + if from < at { 0.0 } else { wide } + NOTE_APART;
        let row = out.iter().filter(|n| n.at.min(n.from) < end).map(|n| n.row + 1).max().unwrap_or(0);
        out.push(Note { at, from, lines, row });
    }
    out
}

fn within(x: f64, plot: Rect) -> bool {
    x >= plot.x - 0.5 && x <= plot.right() + 0.5
}

fn widest(lines: &[String]) -> f64 {
    lines.iter().map(|l| font::width(l, LABEL, Weight::Regular)).fold(0.0, f64::max)
}

/// From the plot to the bottom of each row of flags, and to the top of the last.
fn note_rows(notes: &[Note]) -> Vec<f64> {
    let rows = notes.iter().map(|n| n.row + 1).max().unwrap_or(0);
    let height = |row: usize| notes.iter().filter(|n| n.row == row).map(|n| n.lines.len()).max().unwrap_or(0);
    let mut out = vec![if rows > 0 { NOTE_FOOT } else { 0.0 }];
    for row in 0..rows {
        out.push(out[row] + NOTE_LINE * height(row) as f64 + 2.0);
    }
    out
}

/// The rows of the key: overlays with the left edges of their entries.
fn key(overlays: &[Overlay], width: f64) -> Vec<Vec<(f64, &Overlay)>> {
    let mut rows: Vec<Vec<(f64, &Overlay)>> = Vec::new();
    let mut x = f64::INFINITY;
    let lasting = overlays.iter().filter(|o| !matches!(o, Overlay::Step { .. }));
    for overlay in lasting.filter(|o| !o.words().trim().is_empty()) {
        let needs = KEY_STROKE + 6.0 + font::width(&font::tidy(overlay.words()), LABEL, Weight::Regular);
        if x + needs > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, overlay));
        }
        x += needs + KEY_GAP;
    }
    rows
}

/// Room for the words above a plot of this width.
pub fn head(overlays: &[Overlay], axes: Option<Axes>, plot: Rect) -> f64 {
    let Some(axes) = axes else { return 0.0 };
    let notes = notes(overlays, &axes.x, plot);
    KEY_LINE * key(overlays, plot.w).len() as f64 + note_rows(&notes).last().copied().unwrap_or(0.0)
}

/// How far the words of steps reach beyond the right edge of the plot.
pub fn overhang(overlays: &[Overlay], axes: Option<Axes>, plot: Rect) -> f64 {
    let Some(axes) = axes else { return 0.0 };
    let notes = notes(overlays, &axes.x, plot);
    notes.iter().map(|n| n.from + widest(&n.lines) - plot.right()).fold(0.0, f64::max)
}

/// Draws all of them over the panel in `plot`; their words begin `above` the plot.
pub fn draw(
    c: &mut Canvas,
    overlays: &[Overlay],
    axes: Axes,
    (plot, above): (Rect, f64),
    palette: &Palette,
) -> Result<(), RenderError> {
    for overlay in overlays {
        if let Overlay::Band { points, .. } = overlay {
            draw_band(c, points, axes, plot, palette)?;
        }
    }
    for overlay in overlays {
        if let Overlay::Curve { points, style, .. } = overlay {
            let pen = curve_pen(*style, palette);
            for run in runs(points, axes) {
                for piece in clip(&run, plot) {
                    cased(c, &piece, pen, palette)?;
                }
            }
        }
    }
    let base = plot.y - above;
    let notes = notes(overlays, &axes.x, plot);
    let rows = note_rows(&notes);
    for note in &notes {
        draw_note(c, note, (base - rows[note.row], base), plot, palette)?;
    }
    draw_key(c, overlays, base - rows.last().copied().unwrap_or(0.0), plot, palette)
}

/// A line that is seen on any ground.
fn cased(c: &mut Canvas, points: &[Point], pen: Pen, palette: &Palette) -> Result<(), RenderError> {
    c.curve(points, Pen { opacity: 0.85, ..Pen::solid(palette.background, pen.width + CASING) })?;
    c.curve(points, pen)
}

fn curve_pen(style: Stroke, palette: &Palette) -> Pen {
    let pen = Pen::solid(palette.text, 1.8);
    match style {
        Stroke::Solid => pen,
        Stroke::Dashed => Pen { dash: &[7.0, 4.0], ..pen },
        Stroke::Dotted => Pen { dash: &[2.0, 3.0], ..pen },
        Stroke::Faint => Pen { opacity: 0.6, width: 1.0, ..pen },
    }
}

/// The pieces between points that have no place.
fn runs(points: &[(f64, f64)], axes: Axes) -> Vec<Vec<Point>> {
    let placed: Vec<Point> = points.iter().map(|(x, y)| (axes.x.place(*x), axes.y.place(*y))).collect();
    let there = |p: &Point| p.0.is_finite() && p.1.is_finite();
    placed
        .chunk_by(|a, b| there(a) && there(b))
        .filter(|run| run.iter().all(there))
        .map(<[Point]>::to_vec)
        .collect()
}

fn draw_band(
    c: &mut Canvas,
    points: &[(f64, f64, f64)],
    axes: Axes,
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    // An end without a place on a log axis lies beyond the plot.
    let far =
        |y: f64| if y.is_nan() { y } else { y.clamp(plot.y - 9.0 * plot.h, plot.bottom() + 9.0 * plot.h) };
    let place = |(x, low, high): &(f64, f64, f64)| {
        (axes.x.place(*x), far(axes.y.place(*low)), far(axes.y.place(*high)))
    };
    let placed: Vec<(f64, f64, f64)> = points.iter().map(place).collect();
    let there = |p: &(f64, f64, f64)| p.0.is_finite() && !p.1.is_nan() && !p.2.is_nan();
    let pen = Pen::solid(palette.text, 1.1);
    for run in
        placed.chunk_by(|a, b| there(a) && there(b)).filter(|run| run.len() > 1 && run.iter().all(there))
    {
        let lower: Vec<Point> = run.iter().map(|p| (p.0, p.1)).collect();
        let upper: Vec<Point> = run.iter().map(|p| (p.0, p.2)).collect();
        let outline: Vec<Point> = upper.iter().copied().chain(lower.iter().rev().copied()).collect();
        hatch(c, &inside(&outline, plot), axes.on_cells, palette)?;
        for edge in [&lower, &upper] {
            for piece in clip(edge, plot) {
                cased(c, &piece, pen, palette)?;
            }
        }
    }
    Ok(())
}

/// The part of a polygon that lies in `area` (Sutherland and Hodgman, 1974).
fn inside(polygon: &[Point], area: Rect) -> Vec<Point> {
    // A wall is a signed distance, positive inside.
    type Wall = fn(Point, Rect) -> f64;
    let walls: [Wall; 4] =
        [|p, a| p.0 - a.x, |p, a| a.right() - p.0, |p, a| p.1 - a.y, |p, a| a.bottom() - p.1];
    walls.iter().fold(polygon.to_vec(), |corners, wall| {
        let mut kept = Vec::new();
        for (i, &to) in corners.iter().enumerate() {
            let from = corners[(i + corners.len() - 1) % corners.len()];
            let (before, here) = (wall(from, area), wall(to, area));
            if (before < 0.0) != (here < 0.0) {
                let t = before / (before - here);
                kept.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)));
            }
            if here >= 0.0 {
                kept.push(to);
            }
        }
        kept
    })
}

/// Slanted lines within a polygon, rising to the right: on each, x + y is a multiple of [`HATCH`], so that
/// the lines of neighbouring bands continue each other.
fn hatch(c: &mut Canvas, polygon: &[Point], on_cells: bool, palette: &Palette) -> Result<(), RenderError> {
    let sums = || polygon.iter().map(|p| p.0 + p.1);
    let (low, high) = (sums().fold(f64::INFINITY, f64::min), sums().fold(f64::NEG_INFINITY, f64::max));
    if !low.is_finite() || !high.is_finite() || low >= high {
        return Ok(());
    }
    for k in (low / HATCH).ceil() as i64..=(high / HATCH).floor() as i64 {
        let level = k as f64 * HATCH;
        let mut cuts: Vec<Point> = Vec::new();
        for (i, &to) in polygon.iter().enumerate() {
            let from = polygon[(i + polygon.len() - 1) % polygon.len()];
            let (before, here) = (from.0 + from.1 - level, to.0 + to.1 - level);
            if (before < 0.0) != (here < 0.0) {
                let t = before / (before - here);
                cuts.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)));
            }
        }
        cuts.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in cuts.chunks_exact(2) {
            if on_cells {
                c.line(pair[0], pair[1], Pen { opacity: 0.5, ..Pen::solid(palette.background, 2.2) })?;
            }
            c.line(pair[0], pair[1], Pen { opacity: 0.8, ..Pen::solid(palette.text, 0.7) })?;
        }
    }
    Ok(())
}

/// The line of a step and its flag, the bottom of whose words is at `foot`; what stands between the plot
/// and `base` is the panel's own and is not crossed.
fn draw_note(
    c: &mut Canvas,
    note: &Note,
    (foot, base): (f64, f64),
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let pen = Pen { dash: STEP_DASH, ..Pen::solid(palette.text, 1.3) };
    cased(c, &[(note.at, plot.y), (note.at, plot.bottom())], pen, palette)?;
    if note.lines.is_empty() {
        return Ok(());
    }
    let top = foot - NOTE_LINE * note.lines.len() as f64;
    c.line((note.at, base), (note.at, top), Pen::solid(palette.text, 1.0))?;
    for (i, line) in note.lines.iter().enumerate() {
        let baseline = top + NOTE_LINE * (i as f64 + 1.0) - 3.5;
        c.text(line, (note.from, baseline), Letters::new(LABEL, palette.text))?;
    }
    Ok(())
}

fn draw_key(
    c: &mut Canvas,
    overlays: &[Overlay],
    foot: f64,
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let rows = key(overlays, plot.w);
    for (row, entries) in rows.iter().enumerate() {
        let middle = foot - KEY_LINE * (rows.len() - row) as f64 + 0.5 * KEY_LINE;
        for (dx, overlay) in entries {
            let (left, right) = (plot.x + dx, plot.x + dx + KEY_STROKE);
            if let Overlay::Curve { style, .. } = overlay {
                c.line((left, middle), (right, middle), curve_pen(*style, palette))?;
            } else {
                let swatch = Rect { x: left, y: middle - 5.5, w: KEY_STROKE, h: 11.0 };
                let corners =
                    [(left, swatch.y), (right, swatch.y), (right, swatch.bottom()), (left, swatch.bottom())];
                hatch(c, &corners, false, palette)?;
                c.frame(swatch, Pen::solid(palette.text, 1.1))?;
            }
            let at = (right + 6.0, middle + panel::half_height(LABEL));
            c.text(overlay.words(), at, Letters::new(LABEL, palette.text))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Rect = Rect { x: 0.0, y: 0.0, w: 100.0, h: 100.0 };

    fn step(at: f64, words: &str) -> Overlay {
        Overlay::Step { at, words: words.to_string() }
    }

    #[test]
    fn flags_stand_in_rows_where_their_words_would_meet() {
        let x = Along::Rows { start: 0.5, pitch: 1.0 };
        let marks = [
            step(10.0, "first words"),
            step(20.0, "second"),
            step(76.0, "far"),
            step(300.0, "beyond the plot"),
        ];
        let placed = notes(&marks, &x, PLOT);
        let rows: Vec<(f64, usize)> = placed.iter().map(|n| (n.at, n.row)).collect();
        assert_eq!(rows, [(76.0, 0), (20.0, 0), (10.0, 1)]);
        for n in &placed {
            let (left, right) = (n.from, n.from + widest(&n.lines));
            let poles = placed.iter().filter(|m| m.row >= n.row && m.at != n.at);
            assert!(poles.into_iter().all(|m| m.at < left || m.at > right), "{:?}", n.lines);
        }
    }

    #[test]
    fn words_that_would_leave_the_plot_stand_left_of_their_line_where_no_other_line_is() {
        let x = Along::Rows { start: 0.5, pitch: 1.0 };
        let end = &notes(&[step(96.0, "the end")], &x, PLOT)[0];
        assert!(end.from + widest(&end.lines) < end.at, "{} {}", end.from, end.at);
        let both = notes(&[step(80.0, "before"), step(96.0, "the end")], &x, PLOT);
        assert!(both[0].from > both[0].at, "it would stand on the line at 80");
    }

    #[test]
    fn a_band_is_cut_at_the_edges_of_its_plot() {
        let outside = [(-50.0, 50.0), (50.0, -50.0), (150.0, 50.0), (50.0, 150.0)];
        let cut = inside(&outside, PLOT);
        assert!(cut.iter().all(|p| (0.0..=100.0).contains(&p.0) && (0.0..=100.0).contains(&p.1)), "{cut:?}");
        let area = |p: &[Point]| {
            let next = |i: usize| p[(i + 1) % p.len()];
            0.5 * (0..p.len()).map(|i| p[i].0 * next(i).1 - next(i).0 * p[i].1).sum::<f64>().abs()
        };
        assert!((area(&cut) - 10_000.0).abs() < 1e-6, "{}", area(&cut));
        assert_eq!(area(&inside(&[(10.0, 10.0), (20.0, 10.0), (20.0, 20.0)], PLOT)), 50.0);
        assert!(inside(&[(200.0, 10.0), (210.0, 10.0), (210.0, 20.0)], PLOT).is_empty());
    }

    #[test]
    fn columns_with_names_are_placed_by_their_number() {
        use crate::figure::chart::{Axis, AxisKind};
        let axis = Axis {
            label: String::new(),
            kind: AxisKind::Linear,
            low: 0.0,
            high: 4.0,
            percent: false,
            show_labels: true,
        };
        let edges = [0.0, 1.0, 4.0];
        let x = Along::Columns(Scale::new(&axis, 0.0, 100.0), &edges);
        assert_eq!([x.place(0.0), x.place(0.5), x.place(1.5), x.place(2.0)], [0.0, 12.5, 62.5, 100.0]);
    }
}
