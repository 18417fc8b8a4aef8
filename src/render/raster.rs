//! A heatmap's cells as one small picture with a palette.
//!
//! Columns become *bins*: one a column where they are equally wide and fit, else two a CSS pixel, each of
//! which gathers the columns that fall into it. A cell of a special kind has a ground that no colour of the
//! map has: black, greys, and for what went wrong (NaN, infinity) alarming colours with patterns, which are
//! seen without colour vision and on a grey printer too. Where a cell is too small for a pattern, its ground
//! stands alone.

use std::ops::Range;

use crate::figure::chart::{ColourScale, Heatmap};
use crate::stats::{Measured, ValueScale, typical};

use super::axis::{self, Scale};
use super::canvas::Rect;
use super::colour::{ColourMap, Colours, Rgb};
use super::drawing::Raster;
use super::theme::Palette;

/// Colours of the map in a raster; the rest of the 256 entries of a palette belongs to the paper and the
/// patterns.
pub const LEVELS: usize = 240;
const PAPER: u8 = LEVELS as u8;
const SPECIAL: u8 = PAPER + 1;
/// Raster pixels per CSS pixel where patterns or binned columns are drawn.
const FINE: f64 = 2.0;
/// More bins a heatmap than this are not drawn, whatever the number of columns: it is the resolution of
/// print at full width.
const MOST_BINS: usize = 1200;
/// Bins are made wider where all heatmaps of a figure together would have more cells than this, about a
/// byte each.
const MOST_CELLS: usize = 100_000;
/// But not wider than this many a heatmap, however many rows there are.
const FEWEST_BINS: usize = 300;
/// A run of special cells narrower or lower than this (CSS pixels) has no room for a pattern.
const PATTERN_ROOM: f64 = 4.0;

/// What has no place on a scale, in the order of [`Palette::special`].
pub fn kind(cell: Measured, scale: ValueScale) -> Option<usize> {
    // A figure may have been made by hand: what counts is the number, not the name that it travels under.
    let cell = cell.positive().map_or(cell, Measured::from_stored);
    match cell {
        _ if scale.value(cell).is_some() => None,
        Measured::Zero | Measured::Finite(_) => Some(0),
        Measured::Underflow => Some(1),
        Measured::Nan => Some(2),
        Measured::Infinite => Some(3),
        Measured::Missing => Some(4),
    }
}

/// The zero of a scale with signs: most cells of a gradient can be zero, and it is the others that are to be
/// seen.
const QUIET_ZERO: usize = 5;

/// What has no place on the scale of a map, whose numbers may be negative: as [`kind`], and the zero of a
/// scale with signs.
pub fn map_kind(cell: Measured, scale: &ColourScale) -> Option<usize> {
    match cell {
        Measured::Zero if scale.signed => Some(QUIET_ZERO),
        Measured::Finite(x) if x < 0.0 && !scale.logarithmic => None,
        cell => kind(cell, scale.values()),
    }
}

/// What one bin shows of the cells in it: NaN or infinity if it occurs at all, else what [`typical`] makes
/// of them. This is the one exception to that rule: a pixel must not hide the step at which a run broke.
pub fn gather(cells: &[Measured], scale: ValueScale) -> Measured {
    if let [only] = cells {
        return *only;
    }
    let holds = |k: usize| cells.iter().any(|c| kind(*c, scale) == Some(k));
    match (holds(2), holds(3)) {
        (true, _) => Measured::Nan,
        (false, true) => Measured::Infinite,
        _ => typical(cells, scale),
    }
}

/// Index into the palette for a place on the scale.
pub fn level(scale: &ColourScale, value: f64) -> u8 {
    let span = scale.high - scale.low;
    let t = if span > 0.0 { (value - scale.low) / span } else { 0.5 };
    (t.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as u8
}

/// How many bins a heatmap may have in a figure whose heatmaps have `rows` rows together.
pub fn most_bins(rows: usize) -> usize {
    (MOST_CELLS / rows.max(1)).clamp(FEWEST_BINS, MOST_BINS)
}

/// The bins of a heatmap over `plot`: where their picture lies, and which columns each gathers (empty:
/// paper).
fn bins(map: &Heatmap, plot: Rect, most: usize) -> (Rect, Vec<Range<usize>>) {
    let columns = map.edges.len() - 1;
    let scale = Scale::new(&map.x, plot.x, plot.right());
    let edges: Vec<f64> = map.edges.iter().map(|e| scale.place(*e)).collect();
    let (first, last) = (edges[0], edges[columns]);
    let inside = first >= plot.x - 0.5 && last <= plot.right() + 0.5;
    let each = (last - first) / columns as f64;
    let even = inside && edges.windows(2).all(|w| ((w[1] - w[0]) - each).abs() <= 1e-6 * each);
    let area = if inside {
        let x = first.round();
        Rect { x, w: (last.round() - x).max(1.0), ..plot }
    } else {
        plot
    };
    let count = ((FINE * area.w) as usize).clamp(1, most);
    if even && columns <= count {
        return (area, (0..columns).map(|i| i..i + 1).collect());
    }
    let step = area.w / count as f64;
    let centre = |i: usize| {
        if edges[i].is_finite() { 0.5 * (edges[i] + edges[i + 1]) } else { edges[i + 1] }
    };
    let centres: Vec<f64> = (0..columns).map(centre).collect();
    let bins = (0..count).map(|k| {
        let (left, right) = (area.x + k as f64 * step, area.x + (k + 1) as f64 * step);
        let range = centres.partition_point(|c| *c < left)..centres.partition_point(|c| *c < right);
        if !range.is_empty() {
            return range;
        }
        // No column has its centre here: the one that covers the middle of the bin.
        let at = edges.partition_point(|e| *e <= 0.5 * (left + right));
        if at == 0 || at > columns { 0..0 } else { at - 1..at }
    });
    (area, bins.collect())
}

/// Does the pattern of a special kind put ink at this place (CSS pixels)?
fn ink(kind: usize, x: f64, y: f64) -> bool {
    let every = |v: f64, period: f64, width: f64| v.rem_euclid(period) < width;
    match kind {
        // zero and missing: flat. Lines across would be read as layers.
        0 | QUIET_ZERO | 4 => false,
        // underflow: a grey that colour maps may have too, so with a hatch that is hardly seen
        1 => every(x + y, 6.0, 1.5),
        // NaN: cross hatch
        2 => every(x + y, 8.0, 1.5) || every(x - y, 8.0, 1.5),
        // infinite: upright stripes
        _ => every(x, 6.0, 2.5),
    }
}

/// One period of the pattern of a special kind, two entries a CSS pixel, true where it has ink: for code
/// that draws cells without this room. In the order of [`Palette::special`].
pub fn special_tile(kind: usize) -> Vec<Vec<bool>> {
    let (w, h) = [(5, 5), (6, 6), (8, 8), (6, 6), (12, 6)][kind.min(4)];
    (0..2 * h)
        .map(|y| (0..2 * w).map(|x| ink(kind, f64::from(x) / FINE, f64::from(y) / FINE)).collect())
        .collect()
}

/// The picture of a heatmap's cells and where it lies.
pub fn heatmap(
    map: &Heatmap,
    scale: &ColourScale,
    plot: Rect,
    most_bins: usize,
    colours: Colours,
    palette: &Palette,
) -> (Rect, Raster) {
    let (area, bins) = bins(map, plot, most_bins);
    let rows = map.cells.len();
    let values = scale.values();
    let (cell_w, cell_h) = (area.w / bins.len() as f64, area.h / rows as f64);
    // Top row first, as pictures are stored.
    let gathered = |(r, row): (usize, &Vec<Measured>)| {
        let bin = |b: &Range<usize>| {
            if map.heights.is_empty() {
                return (!b.is_empty()).then(|| gather(&row[b.clone()], values));
            }
            let there: Vec<Measured> = b.clone().filter(|c| map.exists(r, *c)).map(|c| row[c]).collect();
            (!there.is_empty()).then(|| gather(&there, values))
        };
        bins.iter().map(bin).collect()
    };
    let mut grid: Vec<Vec<Option<Measured>>> = map.cells.iter().enumerate().rev().map(gathered).collect();
    for row in &mut grid {
        widen_alarms(row, cell_w, values);
    }
    let kinds: Vec<Vec<Option<usize>>> =
        grid.iter().map(|row| row.iter().map(|c| c.and_then(|c| kind(c, values))).collect()).collect();
    // One pixel a cell is enough for colours: the viewer stretches it with hard edges. A pattern needs
    // pixels of its own.
    let patterned = kinds.iter().flatten().any(Option::is_some);
    let (width, height) = if patterned {
        (((FINE * area.w) as usize).max(bins.len()), ((FINE * area.h) as usize).max(rows))
    } else {
        (bins.len(), rows)
    };
    let column_of: Vec<usize> = (0..width).map(|x| (2 * x + 1) * bins.len() / (2 * width)).collect();
    let mut pixels = Vec::with_capacity(width * height);
    let mut roomy = Vec::new();
    let mut row_before = usize::MAX;
    for y in 0..height {
        let r = (2 * y + 1) * rows / (2 * height);
        if r != row_before {
            roomy = room_for_patterns(&kinds, r, cell_w, cell_h);
            row_before = r;
        }
        for (x, c) in column_of.iter().enumerate() {
            pixels.push(match (grid[r][*c], kinds[r][*c]) {
                (None, _) => PAPER,
                (Some(_), Some(k)) => {
                    let marked = roomy[*c] && ink(k, x as f64 / FINE, y as f64 / FINE);
                    SPECIAL + 2 * k as u8 + u8::from(marked)
                }
                (Some(cell), None) => level(scale, values.place(cell).unwrap_or(f64::NAN)),
            });
        }
    }
    (area, coloured(pixels, width, height, colours, palette))
}

/// The picture of the cells of a map, `[rows][columns]`, that lies on `area`.
pub fn tile(
    cells: &[Vec<Measured>],
    scale: &ColourScale,
    area: Rect,
    colours: Colours,
    palette: &Palette,
) -> Raster {
    let (rows, columns) = (cells.len(), cells[0].len());
    let patterned = cells.iter().flatten().any(|cell| map_kind(*cell, scale).is_some());
    let fine =
        |length: f64, least: usize| if patterned { ((FINE * length) as usize).max(least) } else { least };
    let (width, height) = (fine(area.w, columns), fine(area.h, rows));
    let pixel = |y: usize, x: usize| {
        let cell = cells[y * rows / height][x * columns / width];
        match map_kind(cell, scale) {
            Some(k) => SPECIAL + 2 * k as u8 + u8::from(ink(k, x as f64 / FINE, y as f64 / FINE)),
            None => level(scale, cell.value().unwrap_or(f64::NAN)),
        }
    };
    let pixels: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| pixel(y, x))).collect();
    coloured(pixels, width, height, colours, palette)
}

/// A single NaN or infinity must be seen at any resolution: its run is widened to one CSS pixel where bins
/// are narrower.
fn widen_alarms(row: &mut [Option<Measured>], bin: f64, values: ValueScale) {
    let least = (1.0 / bin).ceil() as usize;
    let alarm = |c: Option<Measured>| c.and_then(|c| kind(c, values)).filter(|k| *k == 2 || *k == 3);
    let mut c = 0;
    while least > 1 && c < row.len() {
        let Some(k) = alarm(row[c]) else {
            c += 1;
            continue;
        };
        let run = row[c..].iter().take_while(|d| alarm(**d) == Some(k)).count();
        let end = (c + run.max(least)).min(row.len());
        for d in c + run..end {
            if alarm(row[d]).is_none() {
                row[d] = row[c];
            }
        }
        c = end.max(c + run);
    }
}

/// Where in row `r` a special cell belongs to a run that is wide and high enough for its pattern.
fn room_for_patterns(kinds: &[Vec<Option<usize>>], r: usize, cell_w: f64, cell_h: f64) -> Vec<bool> {
    let row = &kinds[r];
    let mut out = vec![false; row.len()];
    let mut start = 0;
    while start < row.len() {
        let end = start + row[start..].iter().take_while(|k| **k == row[start]).count();
        if row[start].is_some() && (end - start) as f64 * cell_w >= PATTERN_ROOM {
            for c in start..end {
                let same = |other: &Vec<Option<usize>>| usize::from(other[c] == row[start]);
                let above = kinds[..r]
                    .iter()
                    .rev()
                    .take(4)
                    .take_while(|o| o[c] == row[start])
                    .map(same)
                    .sum::<usize>();
                let below =
                    kinds[r + 1..].iter().take(4).take_while(|o| o[c] == row[start]).map(same).sum::<usize>();
                out[c] = (1 + above + below) as f64 * cell_h >= PATTERN_ROOM;
            }
        }
        start = end;
    }
    out
}

/// A swatch that shows a special kind as the heatmap draws it.
pub fn swatch(kind: usize, area: Rect, palette: &Palette) -> Raster {
    let (w, h) = ((FINE * area.w) as usize, (FINE * area.h) as usize);
    // Shifted so that the first dots of the dotted pattern are whole.
    let place = |i: usize| i as f64 / FINE + 4.5;
    let pixels: Vec<u8> = (0..w * h)
        .map(|i| SPECIAL + 2 * kind as u8 + u8::from(ink(kind, place(i % w), place(i / w))))
        .collect();
    // None of the colours of a map is in it.
    coloured(pixels, w, h, Colours::Map(ColourMap::default()), palette)
}

/// The colours of a bar, high end first, one pixel wide.
pub fn bar(colours: Colours, palette: &Palette) -> Raster {
    let pixels: Vec<u8> = (0..LEVELS).rev().map(|l| l as u8).collect();
    coloured(pixels, 1, LEVELS, colours, palette)
}

pub fn level_colour(colours: Colours, level: u8) -> Rgb {
    colours.at(f64::from(level) / (LEVELS - 1) as f64)
}

fn coloured(pixels: Vec<u8>, width: usize, height: usize, colours: Colours, palette: &Palette) -> Raster {
    let mut table: Vec<u8> = Vec::with_capacity(3 * 256);
    let mut push = |c: Rgb| table.extend([c.0, c.1, c.2]);
    (0..LEVELS).for_each(|l| push(level_colour(colours, l as u8)));
    push(palette.background);
    for tones in palette.special {
        push(tones.ground);
        push(tones.ink);
    }
    // A quiet zero.
    push(palette.mask);
    push(faint(palette));
    Raster { width, height, palette: table, pixels }
}

/// The ink of a quiet zero: hardly more than its ground.
fn faint(palette: &Palette) -> Rgb {
    let mix = |a: u8, b: u8| (0.65 * f64::from(a) + 0.35 * f64::from(b)).round() as u8;
    let (a, b) = (palette.mask, palette.axis);
    Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Do finite values lie below or above the ends of the scale? They are drawn in the end's colour, and the
/// bar says so.
pub fn overflow(map: &Heatmap, scale: &ColourScale) -> (bool, bool) {
    let slack = 1e-9 * (scale.high - scale.low).abs();
    let (mut below, mut above) = (false, false);
    for cell in map.cells.iter().flatten() {
        if let (Some(x), None) = (scale.values().place(*cell), kind(*cell, scale.values())) {
            below |= x < scale.low - slack;
            above |= x > scale.high + slack;
        }
    }
    (below, above)
}

/// Is the x axis of a heatmap such that its first and last edge can be placed?
pub fn placeable(map: &Heatmap) -> bool {
    map.edges.iter().all(|e| e.is_finite())
        && map.edges.windows(2).all(|w| w[0] < w[1])
        && axis::linear(map.x.kind, map.edges.last().copied().unwrap_or(0.0)).is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_shows_what_must_not_be_lost() {
        use Measured::*;
        let shown = |cells: &[Measured]| gather(cells, ValueScale::Log10);
        assert_eq!(shown(&[Finite(1e-3), Finite(0.1), Finite(0.01)]), Finite(0.01));
        assert_eq!(shown(&[Finite(1e-3), Nan, Infinite, Zero]), Nan);
        assert_eq!(shown(&[Finite(1e-3), Finite(1e-3), Infinite, Zero]), Infinite);
        assert_eq!(shown(&[Finite(1e-3), Zero, Zero]), Zero);
        assert_eq!(shown(&[Finite(1e-3), Zero]), Finite(1e-3));
        assert_eq!(shown(&[Underflow, Underflow, Zero, Finite(10.0)]), Underflow);
        assert_eq!(shown(&[Missing, Missing]), Missing);
        assert_eq!(shown(&[Finite(f64::NAN), Finite(10.0)]), Nan);
        // A share of zero is a value.
        assert_eq!(gather(&[Zero, Zero, Finite(0.5)], ValueScale::Linear), Zero);
        assert_eq!(kind(Zero, ValueScale::Linear), None);
        assert_eq!(kind(Zero, ValueScale::Log10), Some(0));
    }

    #[test]
    fn tiles_repeat_into_the_patterns() {
        for kind in 0..5 {
            let tile = special_tile(kind);
            let (h, w) = (tile.len(), tile[0].len());
            for y in 0..100 {
                for x in 0..100 {
                    assert_eq!(
                        tile[y % h][x % w],
                        ink(kind, x as f64 / FINE, y as f64 / FINE),
                        "{kind} {x} {y}"
                    );
                }
            }
        }
    }

    #[test]
    fn one_bad_step_among_thousands_is_seen() {
        let mut row = vec![Some(Measured::Finite(1.0)); 9];
        row[3] = Some(Measured::Nan);
        row[8] = Some(Measured::Infinite);
        widen_alarms(&mut row, 0.5, ValueScale::Log10);
        let kinds: Vec<_> = row.iter().map(|c| c.and_then(|c| kind(c, ValueScale::Log10))).collect();
        assert_eq!(kinds, [None, None, None, Some(2), Some(2), None, None, None, Some(3)]);
    }

    #[test]
    fn patterns_differ_in_grey() {
        // Share of ink and mean luminance of each pattern over a large patch.
        for theme in super::super::Theme::ALL {
            let palette = theme.palette();
            let patch = |k: usize| -> Vec<f64> {
                (0..96 * 96)
                    .map(|i| {
                        let tones = palette.special[k];
                        let c = if ink(k, (i % 96) as f64 / 2.0, (i / 96) as f64 / 2.0) {
                            tones.ink
                        } else {
                            tones.ground
                        };
                        c.luminance()
                    })
                    .collect()
            };
            for a in 0..5 {
                let grey = patch(a);
                // What went wrong has a pattern; what is nothing, or not there, is flat.
                assert_eq!(grey.iter().any(|g| *g != grey[0]), (1..4).contains(&a), "kind {a}");
                for b in 0..a {
                    let other = patch(b);
                    let differ = grey.iter().zip(&other).filter(|(p, q)| (*p - *q).abs() > 0.05).count();
                    assert!(
                        differ > 96 * 96 / 20,
                        "{theme}: kinds {a} and {b} differ at {differ} places only"
                    );
                }
            }
        }
    }
}
