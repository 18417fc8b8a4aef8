//! Panels of curves: grid, bands, curves, marks, and the words at the curves' ends or in a legend.

use crate::figure::chart::{Axis, Figure, Lines, Series, Stroke};
use crate::font::{self, Weight};

use super::RenderError;
use super::axis::{Scale, linear};
use super::canvas::{Anchor, Canvas, Letters, Pen, Point, Rect};
use super::code::{self, RADIUS, Shape};
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::{Along, Axes};
use super::panel::{self, LABEL};
use super::theme::Palette;

/// Labels at the curves' ends are broken at this width, CSS pixels.
const END_LABEL_WIDTH: f64 = 130.0;
const END_LABEL_LINE: f64 = 14.0;
const END_LABEL_GAP: f64 = 12.0;
/// Room of a shape before the words at a curve's end.
const SHAPE_ROOM: f64 = 13.0;
/// A line that ends so far from the plot's end is led to its label.
const FAR: f64 = 12.0;
const LEGEND_LINE: f64 = 18.0;
const LEGEND_STROKE: f64 = 22.0;

/// Words at the right of a panel: the curve's or mark's height, its lines, its colour.
struct EndLabel {
    at: f64,
    /// Where its line ends.
    end: f64,
    lines: Vec<String>,
    colour: super::colour::Rgb,
    /// Which labels give way first where there is no room for all of them.
    weight: u8,
    /// The shape of the curve's points, before the words.
    shape: Option<(Shape, super::colour::Rgb)>,
}

fn pen(series: &Series, palette: &Palette) -> Pen {
    let colour = code::colour(series, palette);
    match series.style {
        Stroke::Solid => Pen::solid(colour, 2.0),
        Stroke::Dashed => Pen { dash: &[7.0, 4.0], ..Pen::solid(colour, 2.0) },
        Stroke::Dotted => Pen { dash: &[2.0, 3.0], ..Pen::solid(colour, 2.0) },
        Stroke::Faint => Pen { opacity: 0.35, ..Pen::solid(colour, 1.0) },
    }
}

/// The legend as rows of series, where there is one.
fn legend(lines: &Lines, width: f64) -> Vec<Vec<(f64, usize)>> {
    let mut rows: Vec<Vec<(f64, usize)>> = Vec::new();
    if lines.direct_labels {
        return rows;
    }
    let mut x = f64::INFINITY;
    for (i, s) in lines.series.iter().enumerate().filter(|(_, s)| !s.label.trim().is_empty()) {
        let needs = LEGEND_STROKE + 6.0 + font::width(&font::tidy(&s.label), LABEL, Weight::Regular) + 16.0;
        if x + needs - 16.0 > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, i));
        }
        x += needs;
    }
    rows
}

impl Kind for Lines {
    fn problem(&self, _: &Figure, _: usize) -> Option<String> {
        None
    }

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let (plot, palette) = (place.plot, look.palette);
        let x = Scale::new(&self.x, plot.x, plot.right());
        let y = Scale::new(&self.y, plot.bottom(), plot.y);
        panel::grid(c, &self.x, &self.y, plot, palette)?;
        for (value, _) in &self.marks {
            let at = y.place(*value);
            if at >= plot.y - 0.5 && at <= plot.bottom() + 0.5 {
                let pen = Pen { dash: &[4.0, 3.0], ..Pen::solid(palette.muted, 1.0) };
                c.line((plot.x, at), (plot.right(), at), pen)?;
            }
        }
        for s in &self.series {
            band(c, s, (x, y), plot, palette)?;
        }
        panel::axes(c, &self.x, Some(&self.y), plot, palette)?;
        // Faint curves lie under the others.
        let (under, over): (Vec<&Series>, Vec<&Series>) =
            self.series.iter().partition(|s| s.style == Stroke::Faint);
        for s in under.into_iter().chain(over) {
            draw_series(c, s, (x, y), (plot, code::coded(self)), palette)?;
        }
        draw_legend(c, self, plot, palette)?;
        end_labels(c, self, (x, y), plot, palette)?;
        panel::y_label(c, &self.y.label, place.left, plot, palette)
    }

    fn x(&self) -> Option<&Axis> {
        Some(&self.x)
    }

    fn axes(&self, plot: Rect) -> Option<Axes<'_>> {
        let x = Scale::new(&self.x, plot.x, plot.right());
        let y = Scale::new(&self.y, plot.bottom(), plot.y);
        Some(Axes { x: Along::Axis(x), y: Along::Axis(y), on_cells: false })
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn head(&self, width: f64) -> f64 {
        legend_room(self, width)
    }

    fn left(&self, height: f64) -> f64 {
        panel::y_room(&self.y, height)
    }

    fn crowded(&self, height: f64) -> bool {
        let firm = self.series.iter().filter(|s| self.direct_labels && s.style != Stroke::Faint);
        let lines: usize = firm
            .filter(|s| !s.label.trim().is_empty())
            .map(|s| font::wrap_evenly(&s.label, LABEL, Weight::Regular, END_LABEL_WIDTH).len())
            .sum();
        lines as f64 * END_LABEL_LINE > height + BEYOND
    }

    fn right(&self, _: f64) -> f64 {
        let ends = self.series.iter().filter(|_| self.direct_labels).map(|s| s.label.as_str());
        let words = ends.chain(self.marks.iter().map(|m| m.1.as_str()));
        let widest = words
            .flat_map(|w| font::wrap_evenly(w, LABEL, Weight::Regular, END_LABEL_WIDTH))
            .map(|l| font::width(&l, LABEL, Weight::Regular))
            .fold(0.0, f64::max);
        let shapes = if self.direct_labels && code::coded(self) { SHAPE_ROOM } else { 0.0 };
        if widest > 0.0 { widest + END_LABEL_GAP + shapes } else { 0.0 }
    }
}

/// Pixels that the legend takes above the plot.
fn legend_room(lines: &Lines, width: f64) -> f64 {
    legend(lines, width).len() as f64 * LEGEND_LINE
}

/// The curve, and its markers.
fn draw_series(
    c: &mut Canvas,
    s: &Series,
    scales: (Scale, Scale),
    (plot, coded): (Rect, bool),
    palette: &Palette,
) -> Result<(), RenderError> {
    let pen = pen(s, palette);
    let shape = if coded { Shape::of(s.colour) } else { Shape::Disc };
    let within = |v: f64, low: f64, high: f64| v >= low - 0.5 && v <= high + 0.5;
    let inside = |p: &&Point| within(p.0, plot.x, plot.right()) && within(p.1, plot.y, plot.bottom());
    for run in runs(s, scales) {
        for piece in clip(&thin(&run), plot) {
            c.curve(&piece, pen)?;
        }
        if !s.markers && (!coded || s.style == Stroke::Faint) {
            continue;
        }
        for p in code::places(&run, s.markers, s.colour, plot.w).iter().filter(inside) {
            shape.draw(c, *p, pen.colour, palette)?;
        }
    }
    Ok(())
}

fn draw_legend(c: &mut Canvas, lines: &Lines, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    for (row, entries) in legend(lines, plot.w).iter().enumerate() {
        let rows = legend_room(lines, plot.w) / LEGEND_LINE;
        let middle = plot.y - 6.0 - (rows - row as f64 - 0.5) * LEGEND_LINE;
        for (dx, i) in entries {
            let (s, left) = (&lines.series[*i], plot.x + dx);
            c.line((left, middle), (left + LEGEND_STROKE, middle), pen(s, palette))?;
            let coded = code::coded(lines);
            if s.markers || coded {
                let shape = if coded { Shape::of(s.colour) } else { Shape::Disc };
                shape.draw(c, (left + LEGEND_STROKE / 2.0, middle), pen(s, palette).colour, palette)?;
            }
            let at = (left + LEGEND_STROKE + 6.0, middle + panel::half_height(LABEL));
            c.text(&s.label, at, Letters::new(LABEL, palette.text))?;
        }
    }
    Ok(())
}

/// The drawable runs of a series, in pixels: a gap, or a value without a place on a log axis, ends a run.
fn runs(series: &Series, (x, y): (Scale, Scale)) -> Vec<Vec<Point>> {
    let mut out = vec![Vec::new()];
    for (px, value) in series.points.iter().map(|(a, b)| (x.place(*a), b.map(|b| y.place(b)))) {
        match value {
            Some(py) if px.is_finite() && py.is_finite() => {
                if let Some(run) = out.last_mut() {
                    run.push((px, py));
                }
            }
            _ => out.push(Vec::new()),
        }
    }
    out.retain(|run| !run.is_empty());
    out
}

/// If many points lie in one pixel column, only the first, the lowest, the highest and the last can be
/// seen; then points that lie on the line between their neighbours go. Expects ascending x, and leaves a
/// curve that runs back alone.
fn thin(run: &[Point]) -> Vec<Point> {
    let ascending = run.windows(2).all(|w| w[0].0 <= w[1].0);
    if !ascending || run.len() < 3 {
        return run.to_vec();
    }
    let mut out: Vec<Point> = Vec::new();
    let mut rest = run;
    while let Some(first) = rest.first() {
        let column = first.0.floor();
        let (here, after) = rest.split_at(rest.partition_point(|p| p.0.floor() <= column).max(1));
        rest = after;
        let extreme = |sign: f64| {
            (0..here.len()).max_by(|a, b| (sign * here[*a].1).total_cmp(&(sign * here[*b].1))).unwrap_or(0)
        };
        let mut keep = if here.len() > 4 {
            let mut ends = vec![extreme(1.0), extreme(-1.0)];
            if out.is_empty() {
                ends.push(0);
            }
            if rest.is_empty() {
                ends.push(here.len() - 1);
            }
            ends
        } else {
            (0..here.len()).collect()
        };
        keep.sort_unstable();
        keep.dedup();
        out.extend(keep.into_iter().map(|i| here[i]));
    }
    straighten(&out)
}

/// Ramer, Douglas and Peucker with a tolerance of a fifth of a pixel.
fn straighten(points: &[Point]) -> Vec<Point> {
    let mut keep = vec![false; points.len()];
    let mut todo = vec![(0, points.len() - 1)];
    (keep[0], keep[points.len() - 1]) = (true, true);
    while let Some((a, b)) = todo.pop() {
        let ((ax, ay), (bx, by)) = (points[a], points[b]);
        let length = (bx - ax).hypot(by - ay).max(1e-9);
        let away = |p: &Point| ((bx - ax) * (ay - p.1) - (ax - p.0) * (by - ay)).abs() / length;
        let far = (a + 1..b).max_by(|i, j| away(&points[*i]).total_cmp(&away(&points[*j])));
        if let Some(i) = far.filter(|i| away(&points[*i]) > 0.2) {
            keep[i] = true;
            todo.extend([(a, i), (i, b)]);
        }
    }
    points.iter().zip(keep).filter(|(_, k)| *k).map(|(p, _)| *p).collect()
}

/// The parts of a line inside `area` (Liang and Barsky 1984, segment by segment).
pub fn clip(points: &[Point], area: Rect) -> Vec<Vec<Point>> {
    if let [only] = points {
        return clip(&[*only, *only], area);
    }
    let mut out: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for w in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (w[0], w[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let walls =
            [(-dx, x0 - area.x), (dx, area.right() - x0), (-dy, y0 - area.y), (dy, area.bottom() - y0)];
        let mut visible = true;
        for (p, q) in walls {
            if p == 0.0 {
                visible &= q >= -1e-9;
            } else if p < 0.0 {
                enter = enter.max(q / p);
            } else {
                leave = leave.min(q / p);
            }
        }
        if !visible || enter > leave {
            open = false;
            continue;
        }
        let at = |t: f64| (x0 + t * dx, y0 + t * dy);
        if !open || enter > 0.0 {
            out.push(vec![at(enter)]);
        }
        if let Some(piece) = out.last_mut() {
            piece.push(at(leave));
        }
        open = leave >= 1.0;
    }
    out
}

fn band(
    c: &mut Canvas,
    s: &Series,
    (x, y): (Scale, Scale),
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let inside = |v: f64| v.clamp(plot.y, plot.bottom());
    let points: Vec<(f64, f64, f64)> = (s.band.iter())
        .map(|(at, low, high)| (x.place(*at), y.place(*low), y.place(*high)))
        // A low end without a place on a log axis reaches down to the axis.
        .map(|(at, low, high)| (at, if low.is_nan() { high } else { inside(low) }, inside(high)))
        .filter(|(at, low, high)| {
            *at >= plot.x - 0.5 && *at <= plot.right() + 0.5 && !low.is_nan() && !high.is_nan()
        })
        .collect();
    if points.len() < 2 {
        return Ok(());
    }
    let lower: Vec<Point> = points.iter().map(|p| (p.0, p.1)).collect();
    let upper: Vec<Point> = points.iter().map(|p| (p.0, p.2)).collect();
    let mut outline = thin(&upper);
    outline.extend(thin(&lower).into_iter().rev());
    c.polygon(&outline, code::colour(s, palette), 0.18)
}

fn end_labels(
    c: &mut Canvas,
    lines: &Lines,
    (x, y): (Scale, Scale),
    plot: Rect,
    palette: &Palette,
) -> Result<(), RenderError> {
    let mut labels = Vec::new();
    let broken = |text: &str| font::wrap_evenly(text, LABEL, Weight::Regular, END_LABEL_WIDTH);
    for s in lines.series.iter().filter(|s| lines.direct_labels && !s.label.trim().is_empty()) {
        let seen = runs(s, (x, y)).into_iter().flatten().rfind(|p| p.0 <= plot.right() + 0.5);
        if let Some((end, at)) = seen {
            let at = at.clamp(plot.y, plot.bottom());
            let own = pen(s, palette).colour;
            let shape = code::coded(lines).then(|| (Shape::of(s.colour), own));
            // A ramp's colours are those of lines, too pale for words at its beginning.
            let colour = if s.ramp.is_some() { palette.text } else { own };
            let weight = if s.style == Stroke::Faint { 0 } else { 2 };
            labels.push(EndLabel { at, end, lines: broken(&s.label), colour, weight, shape });
        }
    }
    for (value, words) in lines.marks.iter().filter(|m| !m.1.trim().is_empty()) {
        let at = y.place(*value);
        if linear(lines.y.kind, *value).is_finite() && at >= plot.y - 0.5 && at <= plot.bottom() + 0.5 {
            let end = plot.right();
            let colour = palette.muted;
            labels.push(EndLabel { at, end, lines: broken(words), colour, weight: 1, shape: None });
        }
    }
    give_way(&mut labels, plot.h);
    labels.sort_by(|a, b| a.at.total_cmp(&b.at));
    let heights: Vec<f64> = labels.iter().map(|l| l.lines.len() as f64 * END_LABEL_LINE).collect();
    let wanted: Vec<f64> = labels.iter().map(|l| l.at).collect();
    let middles = spread(&wanted, &heights, plot.y - 6.0, plot.bottom() + 6.0);
    for (label, middle) in labels.iter().zip(middles) {
        let left = plot.right() + END_LABEL_GAP;
        let words = left + if label.shape.is_some() { SHAPE_ROOM } else { 0.0 };
        if let Some((shape, colour)) = label.shape {
            shape.draw(c, (left + RADIUS + 1.0, middle), colour, palette)?;
        }
        if plot.right() - label.end > FAR {
            // Its line ends before the plot does.
            let pen = Pen { dash: &[1.0, 4.0], ..Pen::solid(label.colour, 1.0) };
            c.line((label.end + 5.0, label.at), (plot.right(), label.at), pen)?;
        }
        if (middle - label.at).abs() > 3.0 {
            let pen = Pen::solid(label.colour, 0.8);
            c.curve(&[(plot.right() + 1.5, label.at), (left - 2.5, middle)], pen)?;
        }
        for (i, line) in label.lines.iter().enumerate() {
            let row = middle + (i as f64 - 0.5 * (label.lines.len() as f64 - 1.0)) * END_LABEL_LINE;
            let letters = Letters::new(LABEL, label.colour).anchored(Anchor::Start);
            c.text(line, (words, row + panel::half_height(LABEL)), letters)?;
        }
    }
    Ok(())
}

/// Labels may reach this far beyond the plot at its top and bottom together.
const BEYOND: f64 = 12.0;

/// Beside a low plot the labels of faint curves give way, then those of marks.
fn give_way(labels: &mut Vec<EndLabel>, height: f64) {
    for weight in 0..2 {
        let lines: usize = labels.iter().map(|l| l.lines.len()).sum();
        if lines as f64 * END_LABEL_LINE > height + BEYOND {
            labels.retain(|l| l.weight != weight);
        }
    }
}

/// Middles as near to the wanted ones (ascending) as they can be without overlap, between `top` and
/// `bottom` if that is possible at all. Overlapping labels form a block that is centred on the mean of what
/// its members want.
fn spread(wanted: &[f64], heights: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    struct Block {
        first: usize,
        count: usize,
        height: f64,
        start: f64,
    }
    let mut blocks: Vec<Block> = Vec::new();
    for i in 0..wanted.len() {
        blocks.push(Block { first: i, count: 1, height: heights[i], start: 0.0 });
        while let Some(last) = blocks.last_mut() {
            let members = last.first..last.first + last.count;
            let mut offset = 0.0;
            let mut sum = 0.0;
            for k in members {
                sum += wanted[k] - (offset + 0.5 * heights[k]);
                offset += heights[k];
            }
            // Rather over the top than over the numbers of the axis.
            last.start = (sum / last.count as f64).max(top).min(bottom - last.height);
            let (start, count, height) = (last.start, last.count, last.height);
            let n = blocks.len();
            if n > 1 && blocks[n - 2].start + blocks[n - 2].height > start {
                blocks.pop();
                let before = &mut blocks[n - 2];
                before.count += count;
                before.height += height;
            } else {
                break;
            }
        }
    }
    let mut out = Vec::new();
    for b in blocks {
        let mut at = b.start;
        for height in &heights[b.first..b.first + b.count] {
            out.push(at + 0.5 * height);
            at += height;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect { x: 0.0, y: 0.0, w: 100.0, h: 100.0 };

    #[test]
    fn curves_end_at_the_edge_of_the_panel() {
        let pieces = clip(&[(-50.0, 50.0), (50.0, 50.0), (50.0, 1e12), (60.0, 1e12), (60.0, 20.0)], AREA);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0], [(0.0, 50.0), (50.0, 50.0), (50.0, 100.0)]);
        assert!((pieces[1][0].1 - 100.0).abs() < 1e-3 && pieces[1][1] == (60.0, 20.0));
        assert!(clip(&[(-1.0, -1.0), (-5.0, 200.0)], AREA).is_empty());
    }

    #[test]
    fn a_long_curve_keeps_its_peaks_and_loses_its_bulk() {
        let mut run: Vec<Point> =
            (0..10_000).map(|i| (f64::from(i) / 100.0, (f64::from(i) * 0.7).sin() * 10.0)).collect();
        run[5005].1 = -77.0;
        run[7003].1 = 88.0;
        let thinned = thin(&run);
        assert!(thinned.len() <= 2 * 102, "{} points", thinned.len());
        assert!(thinned.contains(&run[5005]) && thinned.contains(&run[7003]));
        assert_eq!((thinned.first(), thinned.last()), (run.first(), run.last()));
        let straight: Vec<Point> = (0..100).map(|i| (f64::from(i), 2.0 * f64::from(i))).collect();
        assert_eq!(thin(&straight), [(0.0, 0.0), (99.0, 198.0)]);
    }

    #[test]
    fn labels_move_apart_and_no_further() {
        let middles = spread(&[10.0, 11.0, 50.0, 99.0], &[14.0, 14.0, 14.0, 14.0], 0.0, 100.0);
        assert_eq!(middles, [7.0, 21.0, 50.0, 93.0]);
        for w in spread(&[5.0; 6], &[14.0; 6], 0.0, 100.0).windows(2) {
            assert!(w[1] - w[0] >= 14.0 - 1e-9);
        }
    }
}
