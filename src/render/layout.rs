//! Where everything stands: the grid of panels with gutters measured from the words that will stand in them.
//!
//! What a gutter needs depends on the plots' sizes (which ticks fit) and the other way round, so the sizes
//! are found in a few rounds. Plots begin and end on whole pixels, so that the edges of cells are sharp.

use crate::figure::chart::{Figure, Placed};
use crate::figure::size::{LEAST_TEXT, Size};
use crate::font::{self, Weight};

use super::RenderError;
use super::bar::{self, Entry};
use super::canvas::Rect;
use super::kind::{self, kind};
use super::panel::{CAPTION, SUBTITLE};

pub const SUBTITLE_LINE: f64 = 17.0;
pub const CAPTION_LINE: f64 = 15.0;
const COLUMN_GAP: f64 = 16.0;
const ROW_GAP: f64 = 10.0;
/// Smaller plots are refused.
const SMALLEST: (f64, f64) = (40.0, 20.0);
/// How often gutters and plots are fitted to each other.
const ROUNDS: usize = 4;

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
    /// Of the sheet, layout pixels.
    pub height: u32,
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

/// A bar stands right of the last column that uses its scale, and of the numbers that stand row by row
/// beside a heatmap of it, and spans neighbouring rows that use it.
struct Span {
    scale: usize,
    column: usize,
    rows: (usize, usize),
}

fn spans(figure: &Figure) -> Vec<Span> {
    let mut out = Vec::new();
    for scale in 0..figure.scales.len() {
        let users = || figure.panels.iter().filter(|p| kind(&p.panel).scale() == Some(scale));
        let Some(column) = users().map(|p| p.column).max() else { continue };
        let mut rows: Vec<usize> = users().map(|p| p.row).collect();
        rows.sort_unstable();
        rows.dedup();
        for rows in rows.chunk_by(|a, b| a + 1 == *b) {
            let (first, last) = (rows[0], rows[rows.len() - 1]);
            let beside = |p: &&Placed| kind(&p.panel).continues_rows() && (first..=last).contains(&p.row);
            let column = figure.panels.iter().filter(beside).map(|p| p.column).fold(column, usize::max);
            out.push(Span { scale, column, rows: (first, last) });
        }
    }
    out
}

/// From line to line of a figure's title.
pub fn title_line(figure: &Figure) -> f64 {
    (23.0 / 17.0) * figure.size.title()
}

/// Type size of the footer. On a sheet of a chosen size no text is smaller than [`LEAST_TEXT`].
pub fn caption_size(figure: &Figure) -> f64 {
    if figure.size == Size::Screen { CAPTION } else { CAPTION.max(LEAST_TEXT) }
}

fn inner_width(figure: &Figure) -> f64 {
    f64::from(figure.width) - 2.0 * figure.size.margin()
}

/// The words above and below the panels, and between which heights the panels stand.
struct Words {
    title: Vec<String>,
    subtitle: Vec<String>,
    caption: Vec<String>,
    legend: Vec<Vec<(f64, Entry)>>,
    legend_top: f64,
    caption_top: f64,
    /// The ends of the panels.
    head: f64,
    foot: f64,
}

fn words(figure: &Figure, height: f64, swatches_under_bars: bool) -> Words {
    let width = f64::from(figure.width);
    let margin = figure.size.margin();
    let inner = width - 2.0 * margin;
    let shown = |hidden: bool, lines: Vec<String>| if hidden { Vec::new() } else { lines };
    let title = shown(figure.hidden.title, figure.title_lines());
    let lines = |words: &str, size: f64| font::wrap_evenly(words, size, Weight::Regular, inner);
    let subtitle = shown(figure.hidden_subtitle, lines(&figure.subtitle, SUBTITLE));
    let caption = shown(figure.hidden.footer, lines(&figure.caption, caption_size(figure)));
    let legend = if swatches_under_bars { Vec::new() } else { bar::legend(&figure.scales, inner) };
    let gap = |there: bool, size: f64| if there { size } else { 0.0 };
    let head = margin
        + title.len() as f64 * title_line(figure)
        + subtitle.len() as f64 * SUBTITLE_LINE
        + gap(!title.is_empty() || !subtitle.is_empty(), 8.0);
    let caption_top = height - margin + 4.0 - caption.len() as f64 * CAPTION_LINE;
    let legend_top = caption_top - gap(!legend.is_empty(), 8.0) - bar::legend_height(&legend);
    let foot = legend_top - gap(!caption.is_empty() || !legend.is_empty(), 12.0);
    Words { title, subtitle, caption, legend, legend_top, caption_top, head, foot }
}

impl Words {
    /// Between which heights the panels stand.
    fn ends(&self) -> (f64, f64) {
        (self.head, self.foot)
    }
}

/// Room around the plots: left and right of each column, above and below each row.
struct Gutters {
    left: Vec<f64>,
    right: Vec<f64>,
    top: Vec<f64>,
    bottom: Vec<f64>,
    /// From the right edge of its column's plots to each bar.
    bars: Vec<f64>,
}

/// What the panels ask for when their plots have these places.
fn gutters(figure: &Figure, panels: &[Place], spans: &[Span], swatches_under_bars: bool) -> Gutters {
    let (columns, rows) = (figure.column_weights.len(), figure.row_weights.len());
    let mut gutters = Gutters {
        left: vec![0.0; columns],
        right: vec![0.0; columns],
        top: vec![0.0; rows],
        bottom: vec![0.0; rows],
        bars: Vec::new(),
    };
    // Words of a panel whose neighbour is empty may stand in the neighbour's place.
    let empty = |column: usize, row: usize| !figure.panels.iter().any(|p| p.column == column && p.row == row);
    let free_right = |p: &Placed| p.column + 1 < columns && empty(p.column + 1, p.row);
    let widen = |room: &mut f64, least: f64| *room = room.max(least);
    let mut words = vec![vec![0.0f64; rows]; columns];
    for (p, place) in figure.panels.iter().zip(panels) {
        let (plot, panel) = (place.plot, kind(&p.panel));
        if !panel.framed() {
            continue;
        }
        widen(&mut gutters.left[p.column], panel.left(plot.h));
        widen(&mut words[p.column][p.row], panel.right(plot.h));
        widen(&mut gutters.right[p.column], kind::overhang(p, plot));
        if !free_right(p) {
            widen(&mut gutters.right[p.column], words[p.column][p.row]);
        }
        widen(&mut gutters.top[p.row], kind::above(p, plot));
        widen(&mut gutters.bottom[p.row], panel.below());
    }
    // Bars beside the words at the curves' ends in the same rows, and beside each other.
    let mut ends = words;
    for s in spans {
        let plots = |row: usize| {
            figure.panels.iter().zip(panels).filter(move |(p, _)| p.row == row).map(|p| p.1.plot)
        };
        let top = plots(s.rows.0).map(|plot| plot.y).fold(f64::INFINITY, f64::min);
        let length = plots(s.rows.1).map(Rect::bottom).fold(0.0, f64::max) - top;
        let length = if length.is_finite() { length } else { 0.0 };
        let offset = ends[s.column][s.rows.0..=s.rows.1].iter().copied().fold(0.0, f64::max);
        let end = offset + bar::room(&figure.scales[s.scale], length, swatches_under_bars);
        ends[s.column][s.rows.0..=s.rows.1].fill(end);
        widen(&mut gutters.right[s.column], end);
        gutters.bars.push(offset);
    }
    gutters
}

/// Where each part begins when the first begins at `before`.
fn starts(before: f64, sizes: impl Iterator<Item = f64>) -> Vec<f64> {
    let next = |at: &mut f64, size: f64| {
        let here = *at;
        *at += size;
        Some(here)
    };
    sizes.scan(before, next).collect()
}

/// Plots and bars when the gutters are these; a plot's width or height may come out negative.
fn places(
    figure: &Figure,
    (head, foot): (f64, f64),
    spans: &[Span],
    gutters: &Gutters,
) -> (Vec<Place>, Vec<BarPlace>) {
    let Gutters { left, right, top, bottom, bars } = gutters;
    let (columns, rows) = (figure.column_weights.len(), figure.row_weights.len());
    let inner = inner_width(figure);
    let share = |free: f64, weights: &[f64], i: usize| free * weights[i] / weights.iter().sum::<f64>();
    let free_w = inner - left.iter().chain(right).sum::<f64>() - COLUMN_GAP * (columns - 1) as f64;
    let free_h = foot - head - top.iter().chain(bottom).sum::<f64>() - ROW_GAP * (rows - 1) as f64;
    let widths: Vec<f64> = (0..columns).map(|i| share(free_w, &figure.column_weights, i)).collect();
    let heights: Vec<f64> = (0..rows).map(|i| share(free_h, &figure.row_weights, i)).collect();
    let xs = starts(figure.size.margin(), (0..columns).map(|i| left[i] + widths[i] + right[i] + COLUMN_GAP));
    let ys = starts(head, (0..rows).map(|i| top[i] + heights[i] + bottom[i] + ROW_GAP));
    let place = |p: &Placed| {
        let (x, y) = ((xs[p.column] + left[p.column]).round(), (ys[p.row] + top[p.row]).round());
        let plot = Rect { x, y, w: widths[p.column].floor(), h: heights[p.row].floor() };
        Place { plot, left: xs[p.column] }
    };
    let bar = |(s, offset): (&Span, &f64)| {
        let x = (xs[s.column] + left[s.column]).round() + widths[s.column].floor() + offset;
        let y = (ys[s.rows.0] + top[s.rows.0]).round();
        let end = (ys[s.rows.1] + top[s.rows.1]).round() + heights[s.rows.1].floor();
        BarPlace { scale: s.scale, area: Rect { x, y, w: 0.0, h: end - y } }
    };
    (figure.panels.iter().map(place).collect(), spans.iter().zip(bars).map(bar).collect())
}

/// The height of a figure's sheet, layout pixels: its own, or what its words need.
pub fn height(figure: &Figure) -> u32 {
    figure.height.unwrap_or_else(|| free(figure).1)
}

/// On a sheet whose height is free: are the special kinds explained under the bars, because these are long
/// enough at the height that suits the panels? And that height.
fn free(figure: &Figure) -> (bool, u32) {
    let height = good_height(figure, true);
    let ends = words(figure, height, true).ends();
    match bars_fit(figure, &arranged(figure, ends, true).1) {
        true => (true, height.ceil() as u32),
        false => (false, good_height(figure, false).ceil() as u32),
    }
}

/// The height that panels and words ask for: what plots need depends on their widths, and those on the bars
/// beside them, so that it is found in a few rounds.
fn good_height(figure: &Figure, swatches_under_bars: bool) -> f64 {
    // On a sheet without height the panels would end above their beginning, by what the words take.
    let words = words(figure, 0.0, swatches_under_bars);
    let rows = figure.row_weights.len();
    let asked = |row: usize| figure.plot_heights.get(row).copied().unwrap_or(0.0);
    let mut height = 2.0 * f64::from(figure.width);
    for _ in 0..ROUNDS {
        let (panels, _) = arranged(figure, (words.head, words.foot + height), swatches_under_bars);
        let need = |(p, place): (&Placed, &Place)| {
            let panel = kind(&p.panel);
            let room = if panel.framed() { kind::above(p, place.plot) + panel.below() } else { 0.0 };
            panel.good_height(place.plot.w).max(SMALLEST.1).max(asked(p.row)) + room
        };
        let of = |row: usize| {
            let placed = figure.panels.iter().zip(&panels).filter(|(p, _)| p.row == row);
            placed.map(need).fold(0.0, f64::max)
        };
        height = words.head - words.foot
            + (0..rows).map(of).sum::<f64>()
            + ROW_GAP * rows.saturating_sub(1) as f64;
    }
    height
}

/// Plots and bars between these heights.
fn arranged(figure: &Figure, ends: (f64, f64), swatches_under_bars: bool) -> (Vec<Place>, Vec<BarPlace>) {
    let spans = spans(figure);
    let (columns, rows) = (figure.column_weights.len() as f64, figure.row_weights.len() as f64);
    let inner = inner_width(figure);
    let first = Rect { x: 0.0, y: 0.0, w: inner / columns, h: (ends.1 - ends.0) / rows };
    let mut panels = vec![Place { plot: first, left: 0.0 }; figure.panels.len()];
    let mut bars = Vec::new();
    for _ in 0..ROUNDS {
        let gutters = gutters(figure, &panels, &spans, swatches_under_bars);
        (panels, bars) = places(figure, ends, &spans, &gutters);
    }
    (panels, bars)
}

fn bars_fit(figure: &Figure, bars: &[BarPlace]) -> bool {
    bars.iter().all(|b| bar::swatches_fit(&figure.scales[b.scale], b.area.h))
}

pub fn layout(figure: &Figure) -> Result<Layout, RenderError> {
    let Some(height) = figure.height else {
        let (swatches_under_bars, height) = free(figure);
        return solve(figure, height, swatches_under_bars);
    };
    let under = solve(figure, height, true)?;
    if bars_fit(figure, &under.bars) { Ok(under) } else { solve(figure, height, false) }
}

fn solve(figure: &Figure, height: u32, swatches_under_bars: bool) -> Result<Layout, RenderError> {
    let width = figure.width;
    let name = || figure.name.clone();
    let too_small = || match figure.size {
        Size::Screen => RenderError::TooSmall { figure: name(), width, height },
        size => RenderError::DoesNotFit { figure: name(), size },
    };
    let inner = inner_width(figure);
    if inner < SMALLEST.0 {
        return Err(too_small());
    }
    let words = words(figure, height.into(), swatches_under_bars);
    let ends = words.ends();
    let spans = spans(figure);
    let (columns, rows) = (figure.column_weights.len() as f64, figure.row_weights.len() as f64);
    let first = Rect { x: 0.0, y: 0.0, w: inner / columns, h: (ends.1 - ends.0) / rows };
    let mut panels = vec![Place { plot: first, left: 0.0 }; figure.panels.len()];
    let mut bars = Vec::new();
    for _ in 0..ROUNDS {
        let gutters = gutters(figure, &panels, &spans, swatches_under_bars);
        (panels, bars) = places(figure, ends, &spans, &gutters);
        if panels.iter().any(|p| p.plot.w < SMALLEST.0 || p.plot.h < SMALLEST.1) {
            return Err(too_small());
        }
    }
    let holds = |(p, place): (&Placed, &Place)| kind(&p.panel).least_height(place.plot.w) <= place.plot.h;
    let crowded =
        |(p, place): (&Placed, &Place)| figure.size != Size::Screen && kind(&p.panel).crowded(place.plot.h);
    if !figure.panels.iter().zip(&panels).all(holds) || figure.panels.iter().zip(&panels).any(crowded) {
        return Err(too_small());
    }
    let Words { title, subtitle, caption, legend, legend_top, caption_top, .. } = words;
    Ok(Layout {
        height,
        title,
        subtitle,
        caption,
        panels,
        bars,
        swatches_under_bars,
        legend,
        legend_top,
        caption_top,
    })
}
