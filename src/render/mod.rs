//! How a [`Figure`] is drawn: one SVG through plotters, and PNG and PDF from that very SVG.
//!
//! | file | what it knows |
//! |---|---|
//! | `layout` | where everything stands |
//! | `panel`, `heatmap`, `lines`, `rows`, `dots`, `flow`, `bar` | how each part is drawn |
//! | `raster` | a heatmap's cells as a small indexed PNG |
//! | `axis` | ticks and numbers |
//! | `canvas` | plotters' SVG backend, completed |
//! | `font`, `colour`, `theme` | what a figure looks like |
//! | `bitmap`, `pdf` | SVG to PNG and to PDF |
//!
//! The same figure and style give the same bytes: there is no clock, no hash order, and no font but the bundled one.

mod axis;
mod bar;
mod bitmap;
mod canvas;
mod colour;
mod dots;
mod flow;
mod font;
mod heatmap;
mod layout;
mod lines;
mod panel;
mod pdf;
mod raster;
mod rows;
mod theme;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::figure::chart::{Figure, Panel};

pub use bitmap::png;
pub use canvas::base64;
pub use colour::{ColourMap, Rgb};
pub use font::{FontError, missing_glyphs, use_font};
pub use pdf::pdf;
pub use raster::special_tile;
pub use theme::{Palette, Theme, Tones};

use canvas::{Canvas, Letters, Rect};

/// How figures look, whatever they show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    pub theme: Theme,
    pub colour_map: ColourMap,
    /// PNG pixels per CSS pixel, 0.25 to 16. 2 suits screens, 3 print.
    pub scale: f64,
}

impl Default for Style {
    fn default() -> Style {
        Style { theme: Theme::Light, colour_map: ColourMap::Viridis, scale: 2.0 }
    }
}

/// A kind of file that a figure can be saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Svg,
    Png,
    Pdf,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Svg, Format::Png, Format::Pdf];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Svg => "svg",
            Format::Png => "png",
            Format::Pdf => "pdf",
        })
    }
}

impl FromStr for Format {
    type Err = RenderError;
    fn from_str(s: &str) -> Result<Self, RenderError> {
        by_name("format", &Format::ALL, s)
    }
}

/// Why a figure could not be drawn or saved.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("figure `{figure}`: {what}")]
    Invalid { figure: String, what: String },
    #[error("figure `{figure}`: {width} x {height} pixels leave no room for its plots; make it larger")]
    TooSmall { figure: String, width: u32, height: u32 },
    #[error("unknown {what} `{name}`; there are: {known}")]
    Unknown { what: &'static str, name: String, known: String },
    #[error("{field} {0}: choose a number of PNG pixels per CSS pixel from 0.25 to 16", field = Field::Scale)]
    Scale(f64),
    #[error("a PNG of {width} x {height} pixels is too large; choose a smaller {}", Field::Scale)]
    TooLarge { width: u64, height: u64 },
    #[error("plotters could not draw: {0}")]
    Draw(String),
    #[error("could not read the SVG back: {0}")]
    Svg(#[from] resvg::usvg::Error),
    #[error("could not write the PDF: {0}")]
    Pdf(String),
    #[error("could not write PNG data: {0}")]
    Png(#[from] png::EncodingError),
    #[error("{}: {source}; choose another output folder", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// Finds a value by its displayed name, whatever the case.
fn by_name<T: Copy + fmt::Display>(what: &'static str, all: &[T], name: &str) -> Result<T, RenderError> {
    let found = all.iter().find(|v| v.to_string().eq_ignore_ascii_case(name.trim()));
    found.copied().ok_or_else(|| RenderError::Unknown {
        what,
        name: name.to_string(),
        known: all.iter().map(T::to_string).collect::<Vec<_>>().join(", "),
    })
}

/// Draws a figure as SVG: text stays text, with title, description and a fixed size in CSS pixels.
///
/// # Errors
/// A figure that contradicts itself (ragged cells, a scale that is not there), or one too small for its words.
pub fn svg(figure: &Figure, style: &Style) -> Result<String, RenderError> {
    check(figure)?;
    let palette = style.theme.palette();
    let place = layout::layout(figure)?;
    let mut c = Canvas::new(figure.width, figure.height);
    c.fill(Rect { x: 0.0, y: 0.0, w: figure.width.into(), h: figure.height.into() }, palette.background)?;
    let mut y = layout::MARGIN - 4.0;
    for line in &place.title {
        y += layout::TITLE_LINE;
        c.text(line, (layout::MARGIN, y - 3.0), Letters::new(panel::TITLE, palette.text).bold())?;
    }
    for line in &place.subtitle {
        y += layout::SUBTITLE_LINE;
        c.text(line, (layout::MARGIN, y), Letters::new(panel::SUBTITLE, palette.muted))?;
    }
    let rows = figure.panels.iter().map(|p| if let Panel::Heatmap(m) = &p.panel { m.rows.len() } else { 0 });
    let most_bins = raster::most_bins(rows.sum());
    for (placed, at) in figure.panels.iter().zip(&place.panels) {
        match &placed.panel {
            Panel::Heatmap(map) => {
                panel::title(&mut c, &map.title, at.plot, 0.0, palette)?;
                heatmap::draw(&mut c, map, &figure.scales[map.scale], (at.plot, at.left), most_bins, style, palette)?;
            }
            Panel::Lines(l) => {
                let legend = lines::legend_room(l, at.plot.w);
                panel::title(&mut c, &l.title, at.plot, if legend > 0.0 { legend + 4.0 } else { 0.0 }, palette)?;
                lines::draw(&mut c, l, at.plot, palette)?;
                panel::y_label(&mut c, &l.y.label, at.left, at.plot, palette)?;
            }
            Panel::Rows(r) => rows::draw(&mut c, r, at.plot, palette)?,
            Panel::Dots(d) => dots::draw(&mut c, d, at.plot, palette)?,
            Panel::Flow(f) if flow::least_height(f, at.plot) > at.plot.h => {
                let (width, height) = (figure.width, figure.height);
                return Err(RenderError::TooSmall { figure: figure.name.clone(), width, height });
            }
            Panel::Flow(f) => flow::draw(&mut c, f, at.plot, palette)?,
        }
    }
    for b in &place.bars {
        let scale = &figure.scales[b.scale];
        let beyond = raster::overflow(&layout::users(figure, b.scale), scale);
        bar::draw(&mut c, scale, b.area, beyond, place.swatches_under_bars, style, palette)?;
    }
    bar::draw_legend(&mut c, &place.legend, (layout::MARGIN, place.legend_top), style, palette)?;
    let mut y = place.caption_top;
    for line in &place.caption {
        y += layout::CAPTION_LINE;
        c.text(line, (layout::MARGIN, y - 4.0), Letters::new(panel::CAPTION, palette.muted))?;
    }
    Ok(c.finish(&figure.name, &figure.title, &figure.description, figure.lang))
}

/// Saves a figure in a folder that exists, as `NAME.FORMAT`; returns the paths in the order of `formats`. Each file is written
/// beside its place and renamed, so a crash leaves the old file or the new one.
///
/// # Errors
/// Those of [`svg()`], [`png()`] and [`pdf()`], and what the file system says, with the path.
pub fn save(figure: &Figure, style: &Style, formats: &[Format], dir: &Path) -> Result<Vec<PathBuf>, RenderError> {
    let drawn = svg(figure, style)?;
    let mut paths = Vec::new();
    for format in formats {
        let path = dir.join(format!("{}.{format}", figure.name));
        match format {
            Format::Svg => write_whole(&path, drawn.as_bytes())?,
            Format::Png => write_whole(&path, &png(&drawn, style)?)?,
            Format::Pdf => write_whole(&path, &pdf(figure, &drawn)?)?,
        }
        paths.push(path);
    }
    Ok(paths)
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RenderError> {
    crate::files::write_whole(path, bytes).map_err(|source| RenderError::Io { path: path.to_path_buf(), source })
}

/// Refuses a figure that contradicts itself, so that drawing can rely on its shapes.
fn check(figure: &Figure) -> Result<(), RenderError> {
    let invalid = |what: String| Err(RenderError::Invalid { figure: figure.name.clone(), what });
    if figure.name.is_empty() || figure.name.starts_with('.') || figure.name.contains(['/', '\\', '\0']) {
        return invalid("its name is not a file stem".to_string());
    }
    if !(1..=20_000).contains(&figure.width) || !(1..=20_000).contains(&figure.height) {
        return invalid(format!("its size is {} x {}, expected 1 to 20,000 pixels", figure.width, figure.height));
    }
    for (what, weights) in [("column", &figure.column_weights), ("row", &figure.row_weights)] {
        if weights.is_empty() || !weights.iter().all(|w| w.is_finite() && *w > 0.0) {
            return invalid(format!("its {what} weights are {weights:?}, expected positive numbers"));
        }
    }
    for (i, scale) in figure.scales.iter().enumerate() {
        if !scale.low.is_finite() || !scale.high.is_finite() {
            return invalid(format!("colour scale {i} goes from {} to {}", scale.low, scale.high));
        }
    }
    let heatmap_rows = |row: usize| {
        figure.panels.iter().find_map(|p| match &p.panel {
            Panel::Heatmap(m) if p.row == row => Some(m.rows.len()),
            _ => None,
        })
    };
    for (i, p) in figure.panels.iter().enumerate() {
        if p.column >= figure.column_weights.len() || p.row >= figure.row_weights.len() {
            return invalid(format!("panel {i} stands in column {}, row {}, outside the grid", p.column, p.row));
        }
        let map = match &p.panel {
            Panel::Heatmap(map) => map,
            Panel::Lines(_) => continue,
            Panel::Dots(d) => {
                if d.rows.is_empty() {
                    return invalid(format!("panel {i} has no rows"));
                }
                continue;
            }
            Panel::Flow(f) => {
                if !flow::placeable(f) {
                    return invalid(format!("panel {i}: a box or an arrow stands outside its grid"));
                }
                continue;
            }
            Panel::Rows(r) => {
                let n = r.values.len();
                if n == 0 || r.words.len() != n || r.rows.len() != n || heatmap_rows(p.row).is_some_and(|m| m != n) {
                    return invalid(format!("panel {i}: not one number, word and label for each row beside it"));
                }
                continue;
            }
        };
        if map.veils.iter().any(|v| v.first > v.last || v.last >= map.rows.len()) {
            return invalid(format!("panel {i} veils rows that it does not have"));
        }
        let columns = map.edges.len().saturating_sub(1);
        if map.rows.is_empty() || columns == 0 {
            return invalid(format!("panel {i} has no cells"));
        }
        if map.cells.len() != map.rows.len() || map.cells.iter().any(|row| row.len() != columns) {
            return invalid(format!("panel {i}: cells are not {} rows of {columns} columns", map.rows.len()));
        }
        let named = map.columns.is_empty() || map.columns.len() == columns;
        let heights = map.heights.is_empty() || map.heights.len() == columns;
        if !named || !heights || map.heights.iter().any(|h| *h > map.rows.len()) {
            return invalid(format!(
                "panel {i}: not one name and one height up to its rows for each of {columns} columns"
            ));
        }
        if !raster::placeable(map) {
            return invalid(format!("panel {i}: the edges of its columns have to rise and to lie on the axis"));
        }
        if map.scale >= figure.scales.len() {
            return invalid(format!("panel {i} uses colour scale {}, there are {}", map.scale, figure.scales.len()));
        }
    }
    Ok(())
}
