//! Panels of cells: the raster, its frame, the rows' labels and the words at the ends of the layer axis.

use crate::figure::chart::{Axis, ColourScale, Figure, Heatmap};
use crate::font::{self, Weight};

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Letters, Pen, Rect};
use super::colour::Colours;
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::{Along, Axes};
use super::panel::{self, LABEL, LANE, TICK};
use super::theme::Palette;
use super::{RenderError, raster};

/// Labels of rows come no closer than this, CSS pixels.
const ROW_LABEL_PITCH: f64 = 13.0;
/// More rows than this are not all labelled, however high the panel is.
const MOST_ROW_LABELS: usize = 16;

/// The rows whose labels are written: all if they fit, else every 5th, 10th, ... and always the first and
/// the last, because the ends of the network are what the figure compares.
fn labelled_rows(map: &Heatmap, height: f64) -> Vec<usize> {
    let rows = map.rows.len();
    let pitch = height / rows as f64;
    let step = [1, 5, 10, 20, 50, 100, 200, 500, 1000]
        .into_iter()
        .find(|s| *s as f64 * pitch >= ROW_LABEL_PITCH && rows <= s * MOST_ROW_LABELS)
        .unwrap_or(rows);
    // Round numbers where the labels are numbers (5, 10, 15), else every so many rows.
    let number = |i: usize| map.rows[i].trim().parse::<usize>().unwrap_or(i + 1);
    let clear =
        |a: usize, b: usize| a.abs_diff(b) as f64 * pitch >= ROW_LABEL_PITCH.max(0.4 * step as f64 * pitch);
    (0..rows)
        .filter(|i| {
            let end = *i == 0 || *i == rows - 1;
            end || (number(*i).is_multiple_of(step) && (step == 1 || (clear(*i, 0) && clear(*i, rows - 1))))
        })
        .filter(|i| rows == 1 || *i != 0 || (rows - 1) as f64 * pitch >= ROW_LABEL_PITCH)
        .collect()
}

/// The notes at the ends of the layer axis, upright.
struct Notes {
    bottom: Vec<String>,
    top: Vec<String>,
    /// Lanes left of the row labels that the notes take besides the one of the y label.
    own_lanes: usize,
}

fn notes(map: &Heatmap, height: f64) -> Notes {
    let wide = |s: &str| font::width(&font::tidy(s), LABEL, Weight::Regular);
    let longest = wide(&map.bottom_note).max(wide(&map.top_note));
    let label = wide(&map.y_label);
    let room = if label > 0.0 { 0.5 * (height - label) - 10.0 } else { 0.5 * height - 5.0 };
    let limit = if longest <= room { longest + 1.0 } else { (0.5 * height - 5.0).max(20.0) };
    // A word that is broken inside is not read; the title of the axis says that rows are layers.
    let words = || map.bottom_note.split_whitespace().chain(map.top_note.split_whitespace());
    if words().any(|word| wide(word) > limit) {
        return Notes { bottom: Vec::new(), top: Vec::new(), own_lanes: 0 };
    }
    let (bottom, top) = (
        font::wrap(&map.bottom_note, LABEL, Weight::Regular, limit),
        font::wrap(&map.top_note, LABEL, Weight::Regular, limit),
    );
    let beside = longest <= room && label > 0.0;
    let own_lanes = if beside { 0 } else { bottom.len().max(top.len()) };
    Notes { bottom, top, own_lanes }
}

impl Kind for Heatmap {
    fn problem(&self, figure: &Figure, _: usize) -> Option<String> {
        let (rows, columns) = (self.rows.len(), self.edges.len().saturating_sub(1));
        if self.masks.iter().any(|v| v.first > v.last || v.last >= rows) {
            return Some("it masks rows that it does not have".to_string());
        }
        if rows == 0 || columns == 0 {
            return Some("it has no cells".to_string());
        }
        if self.cells.len() != rows || self.cells.iter().any(|row| row.len() != columns) {
            return Some(format!("cells are not {rows} rows of {columns} columns"));
        }
        let named = self.columns.is_empty() || self.columns.len() == columns;
        let heights = self.heights.is_empty() || self.heights.len() == columns;
        if !named || !heights || self.heights.iter().any(|h| *h > rows) {
            return Some(format!("not one name and one height up to its rows for each of {columns} columns"));
        }
        if !raster::placeable(self) {
            return Some("the edges of its columns have to rise and to lie on the axis".to_string());
        }
        let scales = figure.scales.len();
        (self.scale >= scales).then(|| format!("it uses colour scale {}, there are {scales}", self.scale))
    }

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let Place { plot, left } = place;
        let palette = look.palette;
        let scale = &look.scales[self.scale];
        let colours = Colours::of(scale, look.style.colour_map);
        let (area, cells) = raster::heatmap(self, scale, plot, look.most_bins, colours, palette);
        c.image(area, cells)?;
        draw_masks(c, self, plot, palette)?;
        match self.columns.is_empty() {
            true => panel::axes(c, &self.x, None, plot, palette)?,
            false => panel::named_columns(c, self, plot, palette)?,
        }
        c.frame(plot, Pen::solid(palette.axis, 1.0))?;
        draw_row_labels(c, self, plot, palette)?;
        panel::y_label(c, &self.y_label, left, plot, palette)?;
        draw_notes(c, self, place, palette)
    }

    fn x(&self) -> Option<&Axis> {
        Some(&self.x)
    }

    fn axes(&self, plot: Rect) -> Option<Axes<'_>> {
        let x = Scale::new(&self.x, plot.x, plot.right());
        let x = if self.columns.is_empty() { Along::Axis(x) } else { Along::Columns(x, &self.edges) };
        let pitch = plot.h / self.rows.len() as f64;
        Some(Axes { x, y: Along::Rows { start: plot.bottom(), pitch: -pitch }, on_cells: true })
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn left(&self, height: f64) -> f64 {
        let labels =
            labelled_rows(self, height).into_iter().map(|i| panel::tick_width(&font::tidy(&self.rows[i])));
        let label_lanes = panel::y_label_lines(&self.y_label, height).len();
        labels.fold(0.0, f64::max) + 8.0 + LANE * (label_lanes + notes(self, height).own_lanes) as f64
    }

    fn scale(&self) -> Option<usize> {
        Some(self.scale)
    }

    fn beyond(&self, scale: &ColourScale) -> (bool, bool) {
        raster::overflow(self, scale)
    }

    fn rows_of_cells(&self) -> usize {
        self.rows.len()
    }
}

fn draw_masks(c: &mut Canvas, map: &Heatmap, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let pitch = plot.h / map.rows.len() as f64;
    for mask in &map.masks {
        let top = plot.bottom() - (mask.last + 1) as f64 * pitch;
        let ground = Rect { y: top, h: (mask.last + 1 - mask.first) as f64 * pitch, ..plot };
        // A layer without weights lets the page show: it must not look like one that has not moved.
        let bare = map.bare.contains(&mask.first);
        let (colour, ink) =
            if bare { (palette.background, palette.muted) } else { (palette.mask, palette.text) };
        // Its cells are drawn as missing below: the ground covers the pixels that they share with other rows.
        let covers = if bare { Rect { y: ground.y - 0.5, h: ground.h + 1.0, ..ground } } else { ground };
        c.fill(covers, colour)?;
        for row in mask.first + 1..=mask.last {
            let y = plot.bottom() - row as f64 * pitch;
            c.line((plot.x, y), (plot.right(), y), Pen::solid(palette.background, 1.0))?;
        }
        let middle = ground.y + 0.5 * ground.h;
        let size = LABEL + 1.0;
        let wide = font::width(&font::tidy(&mask.words), size, Weight::Regular);
        if ground.h >= size + 1.0 && wide + 8.0 <= plot.w {
            // On a line between two rows the words would be struck through.
            let plate =
                Rect { x: plot.x + 0.5 * (plot.w - wide) - 6.0, y: middle - 2.0, w: wide + 12.0, h: 4.0 };
            c.fill(plate, colour)?;
            let letters = Letters::new(size, ink).anchored(Anchor::Middle);
            c.text(&mask.words, (plot.x + 0.5 * plot.w, middle + panel::half_height(size)), letters)?;
        }
    }
    Ok(())
}

fn draw_row_labels(c: &mut Canvas, map: &Heatmap, plot: Rect, palette: &Palette) -> Result<(), RenderError> {
    let pitch = plot.h / map.rows.len() as f64;
    for i in labelled_rows(map, plot.h) {
        let middle = plot.bottom() - (i as f64 + 0.5) * pitch;
        let letters = Letters::new(TICK, palette.muted).anchored(Anchor::End);
        c.text(&map.rows[i], (plot.x - 6.0, middle + panel::half_height(TICK)), letters)?;
    }
    Ok(())
}

fn draw_notes(c: &mut Canvas, map: &Heatmap, place: Place, palette: &Palette) -> Result<(), RenderError> {
    let Place { plot, left } = place;
    let notes = notes(map, plot.h);
    // Plots and gutters are fitted to each other in a few rounds: what has no room in the end is not drawn.
    if notes.own_lanes > 0 && map.left(plot.h) > plot.x - left + 1.0 {
        return Ok(());
    }
    let letters = Letters::new(LABEL, palette.muted).upright();
    let label_lanes = if notes.own_lanes > 0 { panel::y_label_lines(&map.y_label, plot.h).len() } else { 0 };
    let lane = |i: usize| left + 11.0 + LANE * (label_lanes + i) as f64;
    for (i, line) in notes.bottom.iter().enumerate() {
        c.text(line, (lane(i), plot.bottom()), letters)?;
    }
    for (i, line) in notes.top.iter().enumerate() {
        c.text(line, (lane(i), plot.y), letters.anchored(Anchor::End))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::chart::AxisKind;

    fn map(rows: usize) -> Heatmap {
        Heatmap {
            title: String::new(),
            x: Axis {
                label: String::new(),
                kind: AxisKind::Linear,
                low: 0.0,
                high: 1.0,
                percent: false,
                show_labels: true,
            },
            y_label: "layer".to_string(),
            rows: (1..=rows).map(|i| i.to_string()).collect(),
            bottom_note: "input side".to_string(),
            top_note: "output side".to_string(),
            edges: vec![0.0, 1.0],
            cells: vec![vec![crate::stats::Measured::Zero]; rows],
            scale: 0,
            bare: Vec::new(),
            masks: Vec::new(),
            columns: Vec::new(),
            heights: Vec::new(),
        }
    }

    #[test]
    fn rows_are_labelled_as_far_as_they_fit() {
        let said = |rows: usize, height: f64| -> Vec<usize> {
            labelled_rows(&map(rows), height).into_iter().map(|i| i + 1).collect()
        };
        assert_eq!(said(10, 300.0), (1..=10).collect::<Vec<_>>());
        assert_eq!(said(56, 400.0), [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 56]);
        assert_eq!(said(20, 150.0), [1, 5, 10, 15, 20]);
        assert_eq!(said(1, 30.0), [1]);
        for rows in 1..200 {
            for height in [15.0, 60.0, 130.0, 400.0] {
                let pitch = height / rows as f64;
                let labels = said(rows, height);
                assert!(!labels.is_empty() && labels.len() <= MOST_ROW_LABELS + 2);
                assert!(
                    labels.windows(2).all(|w| (w[1] - w[0]) as f64 * pitch >= ROW_LABEL_PITCH - 1e-9),
                    "{rows} {height} {labels:?}"
                );
            }
        }
    }

    #[test]
    fn notes_take_a_lane_of_their_own_only_where_they_must() {
        assert_eq!(notes(&map(8), 300.0).own_lanes, 0);
        assert_eq!(notes(&map(8), 150.0).own_lanes, 1);
        assert_eq!(notes(&map(8), 100.0).own_lanes, 2);
        // Not even a word fits.
        let low = notes(&map(8), 60.0);
        assert!(low.own_lanes == 0 && low.bottom.is_empty() && low.top.is_empty());
    }
}
