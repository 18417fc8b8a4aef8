//! Where everything stands: the grid of panels with gutters measured from the words that will stand in them.
//!
//! What a gutter needs depends on the plots' sizes (which ticks fit) and the other way round, so the sizes are found in a
//! few rounds. Plots begin and end on whole pixels, so that the edges of cells are sharp.

use crate::figure::chart::{Figure, Heatmap, Panel, Placed};
use crate::font::{self, MARGIN, Weight};

use super::bar::{self, Entry};
use super::canvas::Rect;
use super::panel::{self, CAPTION, SUBTITLE};
use super::{RenderError, dots, heatmap, lines, rows};

pub const TITLE_LINE: f64 = 23.0;
pub const SUBTITLE_LINE: f64 = 17.0;
pub const CAPTION_LINE: f64 = 15.0;
const COLUMN_GAP: f64 = 16.0;
const ROW_GAP: f64 = 10.0;
/// Smaller plots are refused.
const SMALLEST: (f64, f64) = (40.0, 20.0);

/// A panel's plot, and the left end of the gutter of its column, where words of the y axes line up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub plot: Rect,
    pub left: f64,
}

pub struct BarPlace {
    pub scale: usize,
    pub area: Rect,
}

pub struct Layout {
    pub title: Vec<String>,
    pub subtitle: Vec<String>,
    pub caption: Vec<String>,
    /// One a panel, in the figure's order.
    pub panels: Vec<Place>,
    pub bars: Vec<BarPlace>,
    /// Are the special kinds explained under the bars? Else in the legend.
    pub swatches_under_bars: bool,
    pub legend: Vec<Vec<(f64, Entry)>>,
    pub legend_top: f64,
    pub caption_top: f64,
}

/// The heatmaps that use a scale.
pub fn users(figure: &Figure, scale: usize) -> Vec<&Heatmap> {
    let maps = figure.panels.iter().filter_map(|p| match &p.panel {
        Panel::Heatmap(map) if map.scale == scale => Some(map),
        _ => None,
    });
    maps.collect()
}

/// A bar stands right of the last column that uses its scale, and of the numbers that stand row by row beside a heatmap of
/// it, and spans the rows that use it.
struct Span {
    scale: usize,
    column: usize,
    rows: (usize, usize),
}

fn spans(figure: &Figure) -> Vec<Span> {
    let mut out = Vec::new();
    for scale in 0..figure.scales.len() {
        let at = figure.panels.iter().filter(|p| matches!(&p.panel, Panel::Heatmap(m) if m.scale == scale));
        let at: Vec<(usize, usize)> = at.map(|p| (p.column, p.row)).collect();
        let (columns, rows) = (at.iter().map(|a| a.0), at.iter().map(|a| a.1));
        if let (Some(column), Some(first), Some(last)) = (columns.max(), rows.clone().min(), rows.max()) {
            let beside = |p: &&Placed| matches!(p.panel, Panel::Rows(_)) && (first..=last).contains(&p.row);
            let column = figure.panels.iter().filter(beside).map(|p| p.column).fold(column, usize::max);
            out.push(Span { scale, column, rows: (first, last) });
        }
    }
    out
}

pub fn layout(figure: &Figure) -> Result<Layout, RenderError> {
    let under = solve(figure, true)?;
    let fits = |b: &BarPlace| bar::swatches_fit(&figure.scales[b.scale], b.area.h);
    if under.bars.iter().all(fits) { Ok(under) } else { solve(figure, false) }
}

fn solve(figure: &Figure, swatches_under_bars: bool) -> Result<Layout, RenderError> {
    let (width, height) = (f64::from(figure.width), f64::from(figure.height));
    let inner = width - 2.0 * MARGIN;
    let too_small =
        || RenderError::TooSmall { figure: figure.name.clone(), width: figure.width, height: figure.height };
    if inner < SMALLEST.0 {
        return Err(too_small());
    }
    let title = font::title_lines(&figure.title, width);
    let subtitle = font::wrap_evenly(&figure.subtitle, SUBTITLE, Weight::Regular, inner);
    let caption = font::wrap_evenly(&figure.caption, CAPTION, Weight::Regular, inner);
    let legend = if swatches_under_bars { Vec::new() } else { bar::legend(&figure.scales, inner) };
    let gap = |there: bool, size: f64| if there { size } else { 0.0 };
    let head = MARGIN
        + title.len() as f64 * TITLE_LINE
        + subtitle.len() as f64 * SUBTITLE_LINE
        + gap(!title.is_empty() || !subtitle.is_empty(), 8.0);
    let caption_top = height - MARGIN + 4.0 - caption.len() as f64 * CAPTION_LINE;
    let legend_top = caption_top - gap(!legend.is_empty(), 8.0) - bar::legend_height(&legend);
    let foot = legend_top - gap(!caption.is_empty() || !legend.is_empty(), 12.0);

    let (columns, rows) = (figure.column_weights.len(), figure.row_weights.len());
    // Words of a panel whose neighbour is empty may stand in the neighbour's place.
    let empty = |column: usize, row: usize| !figure.panels.iter().any(|p| p.column == column && p.row == row);
    let free_right = |p: &Placed| p.column + 1 < columns && empty(p.column + 1, p.row);
    let spans = spans(figure);
    let mut panels = vec![
        Place {
            plot: Rect { x: 0.0, y: 0.0, w: inner / columns as f64, h: (foot - head) / rows as f64 },
            left: 0.0
        };
        figure.panels.len()
    ];
    let mut bars = Vec::new();
    for _ in 0..4 {
        let (mut left, mut right) = (vec![0.0f64; columns], vec![0.0f64; columns]);
        let (mut top, mut bottom) = (vec![0.0f64; rows], vec![0.0f64; rows]);
        let mut words = vec![vec![0.0f64; rows]; columns];
        for (p, place) in figure.panels.iter().zip(&panels) {
            let (plot, at, row) = (place.plot, p.column, p.row);
            let (x, title, above) = match &p.panel {
                Panel::Heatmap(m) => {
                    left[at] = left[at].max(heatmap::left_room(m, plot.h));
                    (&m.x, m.title.as_str(), 0.0)
                }
                Panel::Lines(l) => {
                    left[at] = left[at].max(panel::y_room(&l.y, plot.h));
                    words[at][row] = words[at][row].max(lines::right_room(l));
                    (&l.x, l.title.as_str(), lines::legend_room(l, plot.w))
                }
                Panel::Rows(r) => {
                    words[at][row] = words[at][row].max(rows::right_room(r, plot.h));
                    (&r.x, "", rows::head_room(r))
                }
                Panel::Dots(d) => {
                    left[at] = left[at].max(dots::left_room(d));
                    words[at][row] = words[at][row].max(dots::right_room(d));
                    (&d.x, "", dots::HEAD)
                }
                // It has no axis and brings its own margins.
                Panel::Flow(_) => continue,
            };
            right[at] = right[at].max(panel::x_overhang(x, plot.w));
            if !free_right(p) {
                right[at] = right[at].max(words[at][row]);
            }
            top[row] = top[row].max(panel::title_room(title) + above + gap(above > 0.0, 6.0));
            let below = if matches!(p.panel, Panel::Rows(_)) { panel::tick_room(x) } else { panel::x_room(x) };
            bottom[row] = bottom[row].max(below);
        }
        // Bars beside the words at the curves' ends in the same rows, and beside each other.
        let mut offsets: Vec<f64> = Vec::new();
        let mut ends = words;
        for s in &spans {
            let row_tops: Vec<f64> =
                figure.panels.iter().zip(&panels).filter(|(p, _)| p.row == s.rows.0).map(|p| p.1.plot.y).collect();
            let row_ends =
                figure.panels.iter().zip(&panels).filter(|(p, _)| p.row == s.rows.1).map(|p| p.1.plot.bottom());
            let length = row_ends.fold(0.0, f64::max) - row_tops.into_iter().fold(f64::INFINITY, f64::min);
            let length = if length.is_finite() { length } else { 0.0 };
            let offset = ends[s.column][s.rows.0..=s.rows.1].iter().copied().fold(0.0, f64::max);
            let end = offset + bar::room(&figure.scales[s.scale], length, swatches_under_bars);
            ends[s.column][s.rows.0..=s.rows.1].fill(end);
            right[s.column] = right[s.column].max(end);
            offsets.push(offset);
        }
        let share = |free: f64, weights: &[f64], i: usize| free * weights[i] / weights.iter().sum::<f64>();
        let free_w = inner - left.iter().chain(&right).sum::<f64>() - COLUMN_GAP * (columns - 1) as f64;
        let free_h = foot - head - top.iter().chain(&bottom).sum::<f64>() - ROW_GAP * (rows - 1) as f64;
        let start = |before: f64, sizes: Vec<f64>| -> Vec<f64> {
            sizes
                .into_iter()
                .scan(before, |at, size| {
                    let here = *at;
                    *at += size;
                    Some(here)
                })
                .collect()
        };
        let widths: Vec<f64> = (0..columns).map(|i| share(free_w, &figure.column_weights, i)).collect();
        let heights: Vec<f64> = (0..rows).map(|i| share(free_h, &figure.row_weights, i)).collect();
        let xs = start(MARGIN, (0..columns).map(|i| left[i] + widths[i] + right[i] + COLUMN_GAP).collect());
        let ys = start(head, (0..rows).map(|i| top[i] + heights[i] + bottom[i] + ROW_GAP).collect());
        for (p, place) in figure.panels.iter().zip(&mut panels) {
            let (x, y) = ((xs[p.column] + left[p.column]).round(), (ys[p.row] + top[p.row]).round());
            let (w, h) = (widths[p.column].floor(), heights[p.row].floor());
            *place = Place { plot: Rect { x, y, w, h }, left: xs[p.column] };
            if w < SMALLEST.0 || h < SMALLEST.1 {
                return Err(too_small());
            }
        }
        bars = (spans.iter().zip(offsets))
            .map(|(s, offset)| {
                let x = (xs[s.column] + left[s.column]).round() + widths[s.column].floor() + offset;
                let y = (ys[s.rows.0] + top[s.rows.0]).round();
                let end = (ys[s.rows.1] + top[s.rows.1]).round() + heights[s.rows.1].floor();
                BarPlace { scale: s.scale, area: Rect { x, y, w: 0.0, h: end - y } }
            })
            .collect();
    }
    Ok(Layout { title, subtitle, caption, panels, bars, swatches_under_bars, legend, legend_top, caption_top })
}
