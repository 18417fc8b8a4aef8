//! The plotted numbers as a long table, so that a figure can be checked, or drawn again elsewhere.
//!
//! | column | heatmap | curves |
//! |---|---|---|
//! | `panel` | number of the panel from 1 and its title or scale | number and title or y axis |
//! | `series_or_layer` | label of the row | label of the curve (or of the labelled one of its colour, with its stroke); a band has `(low)` and `(high)` |
//! | `x_start`, `x_end` | edges of the cell, or the name of its column | both the point's x; empty for a reference line |
//! | `value` | the number that was recorded, in its own unit; empty where there is none | y |
//! | `kind` | `finite`, `zero`, `underflow`, `nan`, `infinite`, `missing` | `finite`, `missing` (a gap), `mark` |
//!
//! A cell of a distribution has its row's label, its ends, and the share that lies between them; what the axis
//! has no place for (zeros, values beyond it) follows with its name in brackets and no ends.
//!
//! A panel with one number a row has the row's label, no edges, and the number. A box of a path of decisions
//! has its heading as its label, no number, and as its kind `taken`, `open` or `greyed`. Of two
//! dots a row each has the row's label and, in brackets, what the dot stands for. What is drawn over a panel
//! follows its rows, with the kind `overlay`: points of a curve, ends of a band, or the x of a marked step.
//!
//! A cell of an image has its row as its label (behind the name of the image) and its column as both edges,
//! counted from 1 in the whole map; a cell with a ring stands there once more, with the kind `mark`.
//!
//! Numbers are written with as many digits as it takes to read the same `f64` back.

use std::io::Write;

use super::FigureError;
use super::chart::{ColourScale, Figure, Heatmap, Lines, Overlay, Panel};
use super::describe::series_name;
use super::maps::Maps;
use crate::stats::{Measured, ValueScale};
use crate::text::Lang;

const HEADER: [&str; 6] = ["panel", "series_or_layer", "x_start", "x_end", "value", "kind"];

/// Header and rows.
pub fn table(figure: &Figure) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    // A table in memory cannot fail.
    let _ = each_row::<()>(figure, &mut |row| {
        rows.push(row.map(str::to_string).to_vec());
        Ok(())
    });
    rows
}

/// Writes the table as CSV (RFC 4180, lines ended by `\n`).
///
/// # Errors
/// When the writer fails.
pub fn write_csv(figure: &Figure, writer: impl Write) -> Result<(), FigureError> {
    let mut csv = csv::Writer::from_writer(writer);
    each_row(figure, &mut |row| csv.write_record(row))?;
    csv.flush().map_err(csv::Error::from)?;
    Ok(())
}

type Row<'a, E> = &'a mut dyn FnMut([&str; 6]) -> Result<(), E>;

fn each_row<E>(figure: &Figure, put: Row<E>) -> Result<(), E> {
    put(HEADER)?;
    for (i, placed) in figure.panels.iter().enumerate() {
        match &placed.panel {
            Panel::Heatmap(h) => heatmap_rows(figure, i + 1, h, put)?,
            Panel::Lines(l) => line_rows(figure.lang, i + 1, l, put)?,
            Panel::Flow(f) => {
                for b in &f.boxes {
                    put([&(i + 1).to_string(), &b.heading, "", "", "", b.tone.name()])?;
                }
            }
            Panel::Maps(m) => map_rows(figure, i + 1, m, put)?,
            Panel::Dots(d) => {
                let panel = format!("{}: {}", i + 1, d.x.label);
                for row in &d.rows {
                    for (series, value) in d.series.iter().zip(row.values) {
                        let (value, kind) =
                            value.map_or((String::new(), "missing"), |v| (exact(v), "finite"));
                        put([&panel, &format!("{} ({series})", row.label), "", "", &value, kind])?;
                    }
                }
            }
            Panel::Ridges(r) => {
                let panel = format!("{}: {}", i + 1, r.title);
                for row in &r.rows {
                    for (low, high, share) in &row.cells {
                        put([&panel, &row.label, &exact(*low), &exact(*high), &exact(*share), "finite"])?;
                    }
                    for (words, share) in &row.beyond {
                        put([&panel, &format!("{} ({words})", row.label), "", "", &exact(*share), "finite"])?;
                    }
                }
            }
            Panel::Rows(r) => {
                let panel = format!("{}: {}", i + 1, r.x.label);
                for (row, value) in r.rows.iter().zip(&r.values) {
                    let (value, kind) = value.map_or((String::new(), "missing"), |v| (exact(v), "finite"));
                    put([&panel, row, "", "", &value, kind])?;
                }
            }
        }
        for overlay in &placed.overlays {
            overlay_rows(i + 1, overlay, put)?;
        }
    }
    Ok(())
}

fn overlay_rows<E>(number: usize, overlay: &Overlay, put: Row<E>) -> Result<(), E> {
    let panel = format!("{number}: {}", overlay.words());
    let mut row = |series: &str, x: f64, value: &str| {
        let x = x.to_string();
        put([&panel, series, &x, &x, value, "overlay"])
    };
    match overlay {
        Overlay::Curve { label, points, .. } => {
            for (x, y) in points {
                row(label, *x, &exact(*y))?;
            }
        }
        Overlay::Band { label, points } => {
            for (end, pick) in [("low", 0), ("high", 1)] {
                for (x, low, high) in points {
                    row(&format!("{label} ({end})"), *x, &exact([*low, *high][pick]))?;
                }
            }
        }
        Overlay::Step { at, words } => row(words, *at, "")?,
    }
    Ok(())
}

fn heatmap_rows<E>(figure: &Figure, number: usize, h: &Heatmap, put: Row<E>) -> Result<(), E> {
    let scale = figure.scales.get(h.scale);
    let label = scale.map_or("", |s| s.label.as_str());
    let panel = match h.title.as_str() {
        "" => format!("{number}: {label}"),
        title if title == label => format!("{number}: {label}"),
        title => format!("{number}: {title}, {label}"),
    };
    let values = scale.map_or(ValueScale::Linear, ColourScale::values);
    let edges: Vec<String> = h.edges.iter().map(f64::to_string).collect();
    for (r, (layer, cells)) in h.rows.iter().zip(&h.cells).enumerate() {
        for (c, (edge, cell)) in edges.windows(2).zip(cells).enumerate().filter(|(c, _)| h.exists(r, *c)) {
            let (value, kind) = cell_text(*cell, values);
            // A column with a name has no place on a numeric axis.
            let (from, to) = h.columns.get(c).map_or((&edge[0], &edge[1]), |name| (name, name));
            put([&panel, layer, from, to, &value, kind])?;
        }
    }
    Ok(())
}

fn map_rows<E>(figure: &Figure, number: usize, m: &Maps, put: Row<E>) -> Result<(), E> {
    let panel = format!("{number}: {}", m.title);
    for tile in &m.tiles {
        let name = if tile.name.is_empty() { &tile.label } else { &tile.name };
        let named = |row: usize| figure.lang.map_row(name, tile.row_number(row));
        for (r, row) in tile.cells.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let column = tile.column_number(c).to_string();
                let (value, kind) = match cell {
                    Measured::Finite(x) => (exact(*x), "finite"),
                    other => cell_text(*other, ValueScale::Log10),
                };
                put([&panel, &named(r), &column, &column, &value, kind])?;
            }
        }
        for [r, c] in &tile.rings {
            let column = tile.column_number(*c).to_string();
            put([&panel, &named(*r), &column, &column, "", "mark"])?;
        }
    }
    Ok(())
}

fn cell_text(cell: Measured, scale: ValueScale) -> (String, &'static str) {
    if let Some(x) = scale.value(cell) {
        return (exact(x), "finite");
    }
    match cell {
        Measured::Finite(_) | Measured::Nan => (String::new(), "nan"),
        Measured::Zero => ("0".into(), "zero"),
        Measured::Underflow => (String::new(), "underflow"),
        Measured::Infinite => (String::new(), "infinite"),
        Measured::Missing => (String::new(), "missing"),
    }
}

/// The shortest text that reads back as the same number, with an exponent where it is very small or large.
fn exact(x: f64) -> String {
    format!("{x:?}")
}

fn line_rows<E>(lang: Lang, number: usize, l: &Lines, put: Row<E>) -> Result<(), E> {
    let title = if l.title.is_empty() { &l.y.label } else { &l.title };
    let panel = format!("{number}: {title}");
    for (i, s) in l.series.iter().enumerate() {
        let name = series_name(lang, l, i);
        for (x, y) in &s.points {
            let x = x.to_string();
            match y {
                Some(y) => put([&panel, &name, &x, &x, &exact(*y), "finite"])?,
                None => put([&panel, &name, &x, &x, "", "missing"])?,
            }
        }
        for (end, pick) in [("low", 0), ("high", 1)] {
            let label = format!("{name} ({end})");
            for (x, low, high) in &s.band {
                let x = x.to_string();
                put([&panel, &label, &x, &x, &exact(*[low, high][pick]), "finite"])?;
            }
        }
    }
    for (y, words) in &l.marks {
        put([&panel, words, "", "", &exact(*y), "mark"])?;
    }
    Ok(())
}
