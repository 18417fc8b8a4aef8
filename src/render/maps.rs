//! Small images of square cells: each a raster of its own, with lines between groups of cells, rings and a
//! box drawn over it.

use crate::figure::chart::{Axis, ColourScale, Figure};
use crate::figure::maps::{Maps, Tile};
use crate::font::{self, Weight};
use crate::stats::Measured;

use super::canvas::{Canvas, Letters, Pen, Rect};
use super::colour::Colours;
use super::kind::{Kind, Look};
use super::layout::Place;
use super::overlay::Axes;
use super::panel::TICK;
use super::theme::Palette;
use super::{RenderError, raster};

/// Between tiles.
const GAP: f64 = 8.0;
/// The line of a tile's label.
const LABEL_LINE: f64 = 15.0;
/// From this size on a cell begins and ends on whole pixels.
const WHOLE: f64 = 4.0;
/// A smaller cell is not drawn.
const SMALLEST: f64 = 1.0;
/// A ring's radius as a share of a cell, and the smallest and largest one.
const RING: f64 = 0.3;
const RING_ENDS: (f64, f64) = (1.4, 7.0);
const RIM: f64 = 1.4;
/// Smaller cells than this have no outlines.
const OUTLINED: f64 = 6.0;

impl Maps {
    /// Units of the widest tile and of the highest one.
    fn units(&self) -> (f64, f64) {
        let most =
            |of: fn(&Tile) -> usize| self.tiles.iter().map(|t| t.side * of(t)).max().unwrap_or(1).max(1);
        (most(Tile::columns) as f64, most(Tile::rows) as f64)
    }

    fn rows(&self) -> usize {
        self.tiles.len().div_ceil(self.columns.max(1))
    }

    fn label_line(&self) -> f64 {
        if self.tiles.iter().any(|t| !t.label.is_empty()) { LABEL_LINE } else { 0.0 }
    }

    /// The side of a unit in so much room.
    fn unit(&self, width: f64, height: f64) -> f64 {
        let (across, down) = self.units();
        let (columns, rows) = (self.columns as f64, self.rows() as f64);
        let unit = ((width - (columns - 1.0) * GAP) / (columns * across))
            .min((height - (rows - 1.0) * GAP - rows * self.label_line()) / (rows * down));
        if unit >= WHOLE { unit.floor() } else { (4.0 * unit).floor() / 4.0 }
    }

    /// The height of all tiles with units of this side.
    fn height(&self, unit: f64) -> f64 {
        let rows = self.rows() as f64;
        rows * (self.units().1 * unit + self.label_line()) + (rows - 1.0) * GAP
    }
}

impl Kind for Maps {
    fn problem(&self, figure: &Figure, _: usize) -> Option<String> {
        let ragged = |t: &Tile| t.cells.iter().any(|row| row.len() != t.columns());
        let empty = |t: &Tile| t.rows() == 0 || t.columns() == 0 || t.side == 0;
        let beyond = |t: &Tile| {
            let rings = t.rings.iter().any(|[r, c]| *r >= t.rows() || *c >= t.columns());
            let frame = |[r, c, rows, columns]: [usize; 4]| r + rows > t.rows() || c + columns > t.columns();
            rings || t.frame.is_some_and(frame)
        };
        if self.tiles.is_empty() || self.columns == 0 || self.tiles.iter().any(empty) {
            return Some("it has no cells".to_string());
        }
        if self.tiles.iter().any(ragged) {
            return Some("the rows of a tile are not of one length".to_string());
        }
        if self.tiles.iter().any(beyond) {
            return Some("a ring or a box lies outside its tile".to_string());
        }
        let scales = figure.scales.len();
        (self.scale >= scales).then(|| format!("it uses colour scale {}, there are {scales}", self.scale))
    }

    fn draw(&self, c: &mut Canvas, place: Place, look: &Look) -> Result<(), RenderError> {
        let plot = place.plot;
        let unit = self.unit(plot.w, plot.h).max(SMALLEST);
        let (across, down) = self.units();
        let label = self.label_line();
        for (i, tile) in self.tiles.iter().enumerate() {
            let (column, row) = ((i % self.columns) as f64, (i / self.columns) as f64);
            let x = (plot.x + column * (across * unit + GAP)).round();
            let y = (plot.y + row * (down * unit + GAP + label) + label).round();
            let side = unit * tile.side as f64;
            let area = Rect { x, y, w: side * tile.columns() as f64, h: side * tile.rows() as f64 };
            let letters = Letters::new(TICK, look.palette.muted);
            // Not into the label of the next map.
            let words = font::elide(&tile.label, TICK, Weight::Regular, across * unit + GAP - 3.0);
            c.text(&words, (x, y - 4.0), letters)?;
            draw_tile(c, tile, &look.scales[self.scale], area, side, look)?;
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

    fn framed(&self) -> bool {
        true
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn good_height(&self, width: f64) -> f64 {
        self.height(self.unit(width, f64::INFINITY).max(SMALLEST)).ceil()
    }

    fn least_height(&self, _: f64) -> f64 {
        self.height(SMALLEST)
    }

    fn scale(&self) -> Option<usize> {
        self.bar.then_some(self.scale)
    }

    fn beyond(&self, scale: &ColourScale) -> (bool, bool) {
        let slack = 1e-9 * (scale.high - scale.low).abs();
        let any = |test: &dyn Fn(f64) -> bool| self.tiles.iter().flat_map(Tile::finite).any(test);
        (any(&|x| x < scale.low - slack), any(&|x| x > scale.high + slack))
    }
}

fn draw_tile(
    c: &mut Canvas,
    tile: &Tile,
    scale: &ColourScale,
    area: Rect,
    side: f64,
    look: &Look,
) -> Result<(), RenderError> {
    let palette = look.palette;
    let colours = Colours::of(scale, look.style.colour_map);
    c.image(area, raster::tile(&tile.cells, scale, area, colours, palette))?;
    let [rows, columns] = tile.groups;
    let line = if scale.signed { Pen::solid(palette.axis, 1.0) } else { Pen::solid(palette.background, 1.6) };
    for column in (1..tile.columns()).filter(|i| columns > 0 && i.is_multiple_of(columns)) {
        let x = area.x + side * column as f64;
        c.line((x, area.y), (x, area.bottom()), line)?;
    }
    for row in (1..tile.rows()).filter(|i| rows > 0 && i.is_multiple_of(rows)) {
        let y = area.y + side * row as f64;
        c.line((area.x, y), (area.right(), y), line)?;
    }
    c.frame(area, Pen::solid(palette.axis, 1.0))?;
    // Among zeros every number has an outline, which a grey printer keeps.
    let zeros = scale.signed && tile.cells.iter().flatten().any(|cell| *cell == Measured::Zero);
    if zeros && side >= OUTLINED {
        for (row, column) in
            places(tile).filter(|&(r, c)| raster::map_kind(tile.cells[r][c], scale).is_none())
        {
            let (x, y) = (area.x + side * column as f64, area.y + side * row as f64);
            c.frame(Rect { x, y, w: side, h: side }, Pen::solid(palette.text, 1.0))?;
        }
    }
    for [row, column] in &tile.rings {
        let at = (area.x + side * (*column as f64 + 0.5), area.y + side * (*row as f64 + 0.5));
        ring(c, at, side, under(tile.cells[*row][*column], scale, colours, palette))?;
    }
    if let Some([row, column, rows, columns]) = tile.frame {
        let part = Rect {
            x: area.x + side * column as f64,
            y: area.y + side * row as f64,
            w: side * columns as f64,
            h: side * rows as f64,
        };
        // Two strokes, one of which is seen on any ground.
        c.frame(part, Pen::solid(palette.background, 3.4))?;
        c.frame(part, Pen::solid(palette.series[1], 1.8))?;
    }
    Ok(())
}

/// Row and column of every cell.
fn places(tile: &Tile) -> impl Iterator<Item = (usize, usize)> {
    let columns = tile.columns();
    (0..tile.rows()).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

/// The colour of a cell.
fn under(cell: Measured, scale: &ColourScale, colours: Colours, palette: &Palette) -> super::Rgb {
    match cell.value() {
        Some(x) if raster::map_kind(cell, scale).is_none() => {
            raster::level_colour(colours, raster::level(scale, x))
        }
        _ => palette.mask,
    }
}

/// A ring in black or white, whichever the ground makes seen.
fn ring(c: &mut Canvas, at: (f64, f64), side: f64, ground: super::Rgb) -> Result<(), RenderError> {
    let radius = (RING * side).clamp(RING_ENDS.0, RING_ENDS.1);
    let [black, white] = [super::Rgb(0, 0, 0), super::Rgb(255, 255, 255)];
    let ink = if ground.contrast(black) >= ground.contrast(white) { black } else { white };
    c.dot(at, radius, ink)?;
    if radius > 2.0 * RIM { c.dot(at, radius - RIM, ground) } else { Ok(()) }
}
