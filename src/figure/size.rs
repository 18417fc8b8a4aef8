//! The sizes in which a figure is laid out anew, so that its text can be read where it is shown.
//!
//! A figure's lengths are layout pixels, in which type has fixed sizes ([`LEAST_TEXT`] is the smallest on a
//! sheet of a chosen size). A size says how wide such a sheet is and how long a layout pixel is on paper or
//! on a slide; both follow from one rule, that the smallest text comes out at 7 pt, on slides at 18 of 720
//! lines. Panels that do not fit beside each other stand below each other.

use std::fmt;
use std::str::FromStr;

use super::chart::{Axis, Figure, Panel, Placed};
use super::options::Choice;
use crate::font;

/// The smallest text of a figure of a chosen size, layout pixels.
pub const LEAST_TEXT: f64 = 11.0;

/// CSS pixels in a centimetre: 96 an inch.
const CENTIMETRE: f64 = 96.0 / 2.54;

/// More panels than this do not stand side by side, whatever the size.
pub const ABREAST: usize = 3;

/// For what a figure is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Size {
    /// A window: as wide as the figure wants.
    #[default]
    Screen,
    /// A column of a two-column paper, 8 cm wide.
    Column,
    /// The text width of a page, 17 cm.
    Page,
    /// A slide of 1280 x 720 pixels.
    Slide,
    /// The text area of a 16:9 beamer frame, 14 x 7 cm.
    Beamer,
    /// Half of a slide, 720 x 720 pixels.
    Square,
}

impl Choice for Size {}

/// The sheet of a size, in layout pixels.
struct Shape {
    width: u32,
    /// A free one is as high as the panels need.
    height: Option<u32>,
    /// Width on paper or on the slide, CSS pixels.
    shown: f64,
    /// Height of the highest plot where the sheet's is free, and of the lowest.
    plots: (f64, f64),
    /// Where labels beside dots are broken, and words.
    beside_dots: (f64, f64),
    /// Is there room for the line under the title, for the footer, and for numbers beside a heatmap?
    subtitle: bool,
    footer: bool,
    beside: bool,
}

impl Size {
    pub const ALL: [Size; 6] =
        [Size::Screen, Size::Column, Size::Page, Size::Slide, Size::Beamer, Size::Square];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Size::Screen => "screen",
            Size::Column => "column",
            Size::Page => "page",
            Size::Slide => "slide",
            Size::Beamer => "beamer",
            Size::Square => "square",
        }
    }

    fn shape(self) -> Option<Shape> {
        let narrow = Shape {
            width: 352,
            height: None,
            shown: 8.0 * CENTIMETRE,
            plots: (190.0, 58.0),
            beside_dots: (92.0, 100.0),
            subtitle: false,
            footer: false,
            beside: false,
        };
        Some(match self {
            Size::Screen => return None,
            Size::Column => narrow,
            Size::Page => Shape {
                width: 752,
                shown: 17.0 * CENTIMETRE,
                plots: (280.0, 80.0),
                beside_dots: (160.0, 230.0),
                subtitle: true,
                footer: true,
                beside: true,
                ..narrow
            },
            Size::Slide => Shape {
                width: 768,
                height: Some(432),
                shown: 1280.0,
                beside_dots: (160.0, 230.0),
                beside: true,
                ..narrow
            },
            Size::Beamer => Shape {
                width: 620,
                height: Some(310),
                shown: 14.0 * CENTIMETRE,
                beside_dots: (140.0, 170.0),
                ..narrow
            },
            Size::Square => {
                Shape { width: 440, height: Some(440), shown: 720.0, beside_dots: (110.0, 120.0), ..narrow }
            }
        })
    }

    /// CSS pixels a layout pixel.
    pub fn zoom(self) -> f64 {
        self.shape().map_or(1.0, |shape| shape.shown / f64::from(shape.width))
    }

    /// Type size of a figure's title, layout pixels.
    pub fn title(self) -> f64 {
        match self {
            Size::Screen | Size::Slide => 17.0,
            Size::Page | Size::Square => 15.0,
            Size::Column | Size::Beamer => 13.0,
        }
    }

    /// Blank border of the sheet, layout pixels.
    pub fn margin(self) -> f64 {
        match self {
            Size::Screen => 18.0,
            Size::Page | Size::Slide => 12.0,
            Size::Column | Size::Beamer | Size::Square => 8.0,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No size has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown size `{0}`; there are: {known}", known = Size::ALL.map(Size::name).join(", "))]
pub struct UnknownSize(String);

impl FromStr for Size {
    type Err = UnknownSize;
    fn from_str(name: &str) -> Result<Size, UnknownSize> {
        let found = Size::ALL.into_iter().find(|size| size.name().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| UnknownSize(name.to_string()))
    }
}

impl Figure {
    /// The lines of its title on its sheet.
    pub fn title_lines(&self) -> Vec<String> {
        font::title_lines(&self.title, self.size.title(), f64::from(self.width) - 2.0 * self.size.margin())
    }

    /// Width and height as shown, CSS pixels, of the layout pixels that the renderer found.
    pub fn shown(&self, (width, height): (u32, u32)) -> (f64, f64) {
        let zoom = self.size.zoom();
        (zoom * f64::from(width), zoom * f64::from(height))
    }
}

/// Words of a figure that are not drawn. They stay in its `<title>` and `<desc>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// The title, and the line under it.
    pub title: bool,
    /// The settings under the picture.
    pub footer: bool,
}

impl Choice for Hidden {}

/// How many of `n` things stand side by side, and in how many rows, when at most `most` do: rows of about
/// equal length.
pub fn evenly(n: usize, most: usize) -> (usize, usize) {
    let rows = n.div_ceil(most).max(1);
    (n.div_ceil(rows), rows)
}

/// The figure laid out for this size, without the words that are hidden.
pub fn sized(mut figure: Figure, size: Size, hidden: Hidden) -> Figure {
    figure.size = size;
    figure.hidden_subtitle = hidden.title;
    figure.hidden = hidden;
    let Some(shape) = size.shape() else {
        // Maps are as small as their pictures.
        if !figure.panels.iter().any(|p| p.panel.as_maps().is_some()) {
            wrap(&mut figure, ABREAST);
        }
        return figure;
    };
    figure.hidden_subtitle |= !shape.subtitle;
    figure.hidden.footer |= !shape.footer;
    if !shape.beside {
        without_numbers_beside(&mut figure);
    }
    for p in &mut figure.panels {
        match &mut p.panel {
            Panel::Dots(dots) => dots.beside = shape.beside_dots,
            Panel::Flow(flow) if size != Size::Page => {
                *flow = flow.taken(matches!(size, Size::Slide | Size::Beamer));
            }
            _ => {}
        }
    }
    (figure.width, figure.height) = (shape.width, shape.height);
    let mut figure = arranged(figure, &shape);
    let highest = figure.row_weights.iter().copied().fold(0.0, f64::max);
    let (most, least) = shape.plots;
    let free = |row: usize| {
        let in_row = || figure.panels.iter().filter(|p| p.row == row);
        in_row().any(|p| p.panel.x().is_none() || matches!(p.panel, Panel::Dots(_)))
    };
    figure.plot_heights = (figure.row_weights.iter().enumerate())
        .map(|(row, weight)| if free(row) { 0.0 } else { (most * weight / highest).max(least) })
        .collect();
    if figure.plot_heights.iter().all(|height| *height > 0.0) {
        figure.row_weights.clone_from(&figure.plot_heights);
    }
    figure
}

/// The panels where they can be read: as many side by side as are wide enough. On a sheet of a given height
/// the curves under heatmaps give way, and heatmaps that stood below each other stand side by side.
fn arranged(figure: Figure, shape: &Shape) -> Figure {
    let across = |figure: &Figure| (1..=units(figure).len().min(ABREAST)).rev().collect::<Vec<_>>();
    let wrapped = |figure: &Figure, most: usize| {
        let mut figure = figure.clone();
        wrap(&mut figure, most);
        figure
    };
    let mut all: Vec<Figure> = across(&figure).into_iter().map(|most| wrapped(&figure, most)).collect();
    if shape.height.is_some() {
        let bare = without_curves(&figure);
        all.extend(across(&bare).into_iter().map(|most| wrapped(&bare, most)));
        if let Some(first) = first_row(&bare) {
            all.extend(across(&first).into_iter().map(|most| wrapped(&first, most)));
        }
        let maps = Figure { tiles: true, ..bare };
        if maps.column_weights.len() == 1 && maps.panels.len() > 1 {
            let mut beside = maps;
            retile(&mut beside, ABREAST);
            label_outer_axes(&mut beside);
            all.push(beside);
        }
    }
    let fits = |figure: &&Figure| wide_enough(figure, shape) && high_enough(figure, shape);
    let last = all.len() - 1;
    let best = all.iter().find(fits).unwrap_or(&all[if shape.height.is_some() { last } else { 0 }]);
    // On a sheet of free height one panel a row is always possible.
    let narrowest = across(&figure).len() - 1;
    if shape.height.is_none() && !fits(&best) { all[narrowest].clone() } else { best.clone() }
}

/// Room of labels left of a plot, of words at the ends of curves, of a colour bar; least width of a plot.
const LABELS: f64 = 50.0;
const ENDS: f64 = 75.0;
const BAR: f64 = 95.0;
const LEAST_WIDTH: f64 = 130.0;
const LEAST_WIDTH_OF_SLIDES: f64 = 105.0;

fn wide_enough(figure: &Figure, shape: &Shape) -> bool {
    let labelled = |p: &Placed| matches!(&p.panel, Panel::Lines(l) if l.direct_labels);
    let ends = if figure.panels.iter().any(labelled) { ENDS } else { 0.0 };
    let columns = units(figure).len() as f64;
    let bar = if figure.scales.is_empty() { 0.0 } else { BAR };
    let least = if shape.height.is_some() { LEAST_WIDTH_OF_SLIDES } else { LEAST_WIDTH };
    let inner = f64::from(shape.width) - 2.0 * figure.size.margin();
    columns == 1.0 || (inner - bar) / columns - LABELS - ends >= least
}

fn high_enough(figure: &Figure, shape: &Shape) -> bool {
    let Some(height) = shape.height else { return true };
    let row = |row: usize| {
        let there = || figure.panels.iter().filter(move |p| p.row == row);
        let labels = there().any(|p| p.panel.x().is_some_and(|x| x.show_labels));
        let plot =
            if there().any(|p| p.panel.as_heatmap().is_some()) { 0.15 * f64::from(height) } else { 34.0 };
        let title = if there().any(|p| p.panel.has_title()) { 23.0 } else { 4.0 };
        plot + title + if labels { 37.0 } else { 16.0 }
    };
    let rows: f64 = (0..figure.row_weights.len()).map(row).sum();
    let title = 1.4 * figure.size.title() * figure.title_lines().len() as f64;
    let title = if figure.hidden.title { 0.0 } else { title };
    rows + title + 2.0 * figure.size.margin() <= f64::from(height)
}

/// The first row of several that show different quantities of the same runs.
fn first_row(figure: &Figure) -> Option<Figure> {
    let several = figure.scales.len() > 1 && figure.row_weights.len() > 1 && figure.column_weights.len() > 1;
    let several = several && figure.panels.iter().all(|p| p.panel.as_heatmap().is_some());
    several.then(|| {
        let mut figure = figure.clone();
        figure.panels.retain(|p| p.row == 0);
        figure.row_weights.truncate(1);
        figure.panels.iter_mut().filter_map(|p| p.panel.x_mut()).for_each(|x| x.show_labels = true);
        figure.scales.truncate(1);
        figure
    })
}

/// Heatmaps without the curves under them.
fn without_curves(figure: &Figure) -> Figure {
    let mut figure = figure.clone();
    let is_map = |p: &Placed| p.panel.as_heatmap().is_some();
    if !figure.panels.iter().any(is_map) {
        return figure;
    }
    let rows: Vec<usize> = (0..figure.row_weights.len())
        .filter(|row| figure.panels.iter().any(|p| p.row == *row && is_map(p)))
        .collect();
    figure.panels.retain(|p| rows.contains(&p.row));
    for p in &mut figure.panels {
        p.row = rows.iter().position(|row| *row == p.row).unwrap_or(0);
    }
    figure.row_weights = rows.iter().map(|row| figure.row_weights[*row]).collect();
    for column in 0..figure.column_weights.len() {
        let lowest = figure.panels.iter().filter(|p| p.column == column).map(|p| p.row).max();
        let lowest = figure.panels.iter_mut().find(|p| p.column == column && Some(p.row) == lowest);
        if let Some(x) = lowest.and_then(|p| p.panel.x_mut()) {
            x.show_labels = true;
        }
    }
    figure
}

/// A heatmap keeps its rows and loses the numbers beside them.
fn without_numbers_beside(figure: &mut Figure) {
    let is_beside = |p: &Placed| matches!(p.panel, Panel::Rows(_));
    let columns: Vec<usize> = (0..figure.column_weights.len())
        .filter(|c| {
            let mut there = figure.panels.iter().filter(|p| p.column == *c).peekable();
            there.peek().is_none() || !there.all(is_beside)
        })
        .collect();
    figure.panels.retain(|p| !is_beside(p));
    for p in &mut figure.panels {
        p.column = columns.iter().position(|c| *c == p.column).unwrap_or(0);
    }
    figure.column_weights = columns.iter().map(|c| figure.column_weights[*c]).collect();
}

/// Columns that belong together: one of panels, and those of numbers beside its heatmaps.
fn units(figure: &Figure) -> Vec<usize> {
    let beside = |c: &usize| {
        let mut there = figure.panels.iter().filter(|p| p.column == *c).peekable();
        *c > 0 && there.peek().is_some() && there.all(|p| matches!(p.panel, Panel::Rows(_)))
    };
    (0..figure.column_weights.len()).filter(|c| !beside(c)).collect()
}

/// Puts columns of panels below each other where more than `most` would stand side by side.
pub fn wrap(figure: &mut Figure, most: usize) {
    let starts = units(figure);
    if starts.len() <= most {
        return label_outer_axes(figure);
    }
    if figure.tiles {
        retile(figure, most);
    } else {
        let (across, blocks) = evenly(starts.len(), most);
        let rows = figure.row_weights.len();
        for p in &mut figure.panels {
            let unit = starts.iter().rposition(|start| *start <= p.column).unwrap_or(0);
            let within = p.column - starts[unit];
            p.row += rows * (unit / across);
            p.column = starts[unit % across] + within;
        }
        let kept = starts.get(across).copied().unwrap_or(figure.column_weights.len());
        figure.column_weights.truncate(kept);
        figure.row_weights = figure.row_weights.repeat(blocks);
    }
    label_outer_axes(figure);
}

/// Panels that have no order but that of reading.
fn retile(figure: &mut Figure, most: usize) {
    figure.panels.sort_by_key(|p| (p.row, p.column));
    let (across, rows) = evenly(figure.panels.len(), most);
    for (i, p) in figure.panels.iter_mut().enumerate() {
        (p.row, p.column) = (i / across, i % across);
    }
    figure.column_weights = vec![1.0; across];
    figure.row_weights = vec![figure.row_weights[0]; rows];
    let lowest: Vec<bool> = (0..figure.panels.len()).map(|i| i + across >= figure.panels.len()).collect();
    for (p, lowest) in figure.panels.iter_mut().zip(lowest) {
        if let Some(x) = p.panel.x_mut() {
            x.show_labels = lowest;
        }
    }
}

/// Words of an axis stand at the outer panels: those of a y axis not beside a neighbour that has the same,
/// those of an x axis not above one.
fn label_outer_axes(figure: &mut Figure) {
    let words = figure.panels.iter().find_map(|p| {
        let map = p.panel.as_heatmap().filter(|map| !map.y_label.is_empty())?;
        Some((map.y_label.clone(), map.bottom_note.clone(), map.top_note.clone()))
    });
    for p in figure.panels.iter_mut().filter(|p| p.column == 0) {
        if let (Panel::Heatmap(map), Some(words)) = (&mut p.panel, &words)
            && map.y_label.is_empty()
        {
            (map.y_label, map.bottom_note, map.top_note) = words.clone();
        }
    }
    let words_of_lines = figure.panels.iter().find_map(|p| {
        let y = &p.panel.as_lines()?.y;
        (!y.label.is_empty()).then(|| y.label.clone())
    });
    let same = |a: &Axis, b: &Axis| (a.kind, a.low, a.high, a.percent) == (b.kind, b.low, b.high, b.percent);
    let before = figure.panels.clone();
    let at = |column: usize, row: usize| before.iter().find(|p| (p.column, p.row) == (column, row));
    let rows = figure.row_weights.len();
    for p in &mut figure.panels {
        let left = p.column.checked_sub(1).and_then(|column| at(column, p.row)).map(|p| &p.panel);
        match (&mut p.panel, left) {
            (Panel::Heatmap(map), Some(Panel::Heatmap(left))) if map.rows == left.rows => {
                for words in [&mut map.y_label, &mut map.bottom_note, &mut map.top_note] {
                    words.clear();
                }
            }
            (Panel::Lines(lines), Some(Panel::Lines(left))) if same(&lines.y, &left.y) => {
                lines.y.label.clear();
                lines.y.show_labels = false;
            }
            (Panel::Lines(lines), None) if !lines.y.show_labels => {
                lines.y.show_labels = true;
                lines.y.label = words_of_lines.clone().unwrap_or_default();
            }
            _ => {}
        }
        let below = (p.row + 1..rows).filter_map(|row| at(p.column, row)).filter_map(|p| p.panel.x());
        let shared = p.panel.x().is_some_and(|x| below.clone().any(|other| other == x));
        if let (true, Some(x)) = (shared, p.panel.x_mut()) {
            x.label.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_text_can_be_read_at_every_size() {
        for size in Size::ALL.into_iter().filter(|size| *size != Size::Screen) {
            let pixels = LEAST_TEXT * size.zoom();
            match size {
                // 18 lines of a slide of 1280 x 720, or of its half.
                Size::Slide | Size::Square => assert!(pixels >= 18.0, "{size}: {pixels} px"),
                // A point is 4/3 CSS pixels.
                _ => assert!(0.75 * pixels >= 7.0, "{size}: {} pt", 0.75 * pixels),
            }
            assert_eq!(size.name().parse(), Ok(size));
        }
        assert!("paper".parse::<Size>().unwrap_err().to_string().contains("column"));
    }

    #[test]
    fn rows_are_of_about_equal_length() {
        let rows: Vec<(usize, usize)> = (1..=8).map(|n| evenly(n, 3)).collect();
        assert_eq!(rows, [(1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (3, 2), (3, 3), (3, 3)]);
    }
}
