//! How a [`Figure`] is drawn: shapes on a sheet, by a plotters backend of its own, and SVG, PNG and PDF from those
//! very shapes.
//!
//! | file | what it knows |
//! |---|---|
//! | `layout` | where everything stands |
//! | `kind` | what a kind of panel has to say for itself, and the list of the kinds |
//! | `heatmap`, `lines`, `rows`, `dots`, `flow`, `maps`, `ridges` | the kinds, one a file |
//! | `overlay` | curves, bands and marked steps over a panel |
//! | `panel`, `bar` | what panels have in common; colour bars |
//! | `raster` | a heatmap's cells as a small picture with a palette |
//! | `axis` | ticks and numbers |
//! | `code` | how lines are told apart without colour |
//! | `canvas` | the one interface that all of these draw on, through plotters |
//! | `drawing` | the plotters backend under it: the shapes that were drawn |
//! | `svg`, `bitmap`, `pdf` | the shapes as SVG, PNG and PDF |
//! | `colour`, `theme` | what a figure looks like |
//!
//! The same figure and style give the same bytes: there is no clock, no hash order, and no font but the
//! bundled one.

mod axis;
mod bar;
mod bitmap;
mod canvas;
mod code;
mod colour;
mod dots;
mod drawing;
mod flow;
mod heatmap;
mod kind;
mod layout;
mod lines;
mod maps;
mod overlay;
mod panel;
mod pdf;
mod raster;
mod ridges;
mod rows;
mod svg;
mod theme;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::figure::Size;
use crate::figure::chart::Figure;

pub use colour::{ColourMap, Rgb};
pub use layout::height;
pub use raster::special_tile;
pub use theme::{Palette, Theme, Tones};

use canvas::{Canvas, Letters, Rect};
use drawing::Drawing;
use kind::{Look, kind};

/// How figures look, whatever they show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    pub theme: Theme,
    pub colour_map: ColourMap,
    /// PNG pixels per CSS pixel, 0.25 to 16. 2 suits screens, 3 print.
    pub scale: f64,
    /// No ground: what lies under the picture shows through.
    pub transparent: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { theme: Theme::Light, colour_map: ColourMap::Viridis, scale: 2.0, transparent: false }
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
#[non_exhaustive]
pub enum RenderError {
    #[error("figure `{figure}`: {what}")]
    Invalid { figure: String, what: String },
    #[error("figure `{figure}`: {width} x {height} pixels leave no room for its plots; make it larger")]
    TooSmall { figure: String, width: u32, height: u32 },
    #[error(
        "figure `{figure}` does not fit a sheet of {field} {size}; draw it for another size, such as page or \
         screen, or with fewer runs",
        field = Field::Size
    )]
    DoesNotFit { figure: String, size: Size },
    #[error("unknown {what} `{name}`; there are: {known}")]
    Unknown { what: &'static str, name: String, known: String },
    #[error("{field} {0}: choose a number of PNG pixels per CSS pixel from 0.25 to 16", field = Field::Scale)]
    Scale(f64),
    #[error("a PNG of {width} x {height} pixels is too large; choose a smaller {}", Field::Scale)]
    TooLarge { width: u64, height: u64 },
    #[error("plotters could not draw: {0}")]
    Draw(String),
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
/// A figure that contradicts itself (ragged cells, a scale that is not there), or one too small for its
/// words.
pub fn svg(figure: &Figure, style: &Style) -> Result<String, RenderError> {
    Drawn::new(figure, style)?.svg()
}

/// Draws a figure as PNG, with [`Style::scale`] pixels per CSS pixel.
///
/// # Errors
/// Those of [`svg()`], a scale out of range, or a picture too large.
pub fn png(figure: &Figure, style: &Style) -> Result<Vec<u8>, RenderError> {
    Drawn::new(figure, style)?.png()
}

/// Draws a figure as PDF: vectors, and text that can be searched and copied.
///
/// # Errors
/// Those of [`svg()`], or a font that cannot be embedded.
pub fn pdf(figure: &Figure, style: &Style) -> Result<Vec<u8>, RenderError> {
    Drawn::new(figure, style)?.pdf()
}

/// A figure that was drawn once, to be written in several formats.
struct Drawn<'a> {
    figure: &'a Figure,
    style: &'a Style,
    drawing: Drawing,
}

impl<'a> Drawn<'a> {
    fn new(figure: &'a Figure, style: &'a Style) -> Result<Drawn<'a>, RenderError> {
        Ok(Drawn { figure, style, drawing: draw(figure, style)? })
    }

    fn svg(&self) -> Result<String, RenderError> {
        let Figure { name, title, description, lang, .. } = self.figure;
        svg::svg(&self.drawing, &svg::Said { name, title, description, lang: *lang })
    }

    fn png(&self) -> Result<Vec<u8>, RenderError> {
        bitmap::png(&self.drawing, self.style.scale)
    }

    fn pdf(&self) -> Result<Vec<u8>, RenderError> {
        pdf::pdf(&self.drawing, self.figure)
    }
}

fn draw(figure: &Figure, style: &Style) -> Result<Drawing, RenderError> {
    check(figure)?;
    let palette = style.theme.palette();
    let place = layout::layout(figure)?;
    let height = place.height;
    let mut c = Canvas::new(figure.width, height, figure.size.zoom());
    if !style.transparent {
        c.fill(Rect { x: 0.0, y: 0.0, w: figure.width.into(), h: height.into() }, palette.background)?;
    }
    let margin = figure.size.margin();
    let mut y = margin - 4.0;
    for line in &place.title {
        y += layout::title_line(figure);
        c.text(line, (margin, y - 3.0), Letters::new(figure.size.title(), palette.text).bold())?;
    }
    for line in &place.subtitle {
        y += layout::SUBTITLE_LINE;
        c.text(line, (margin, y), Letters::new(panel::SUBTITLE, palette.muted))?;
    }
    let rows = figure.panels.iter().map(|p| kind(&p.panel).rows_of_cells()).sum();
    let look = Look { style, palette, scales: &figure.scales, most_bins: raster::most_bins(rows) };
    for (placed, at) in figure.panels.iter().zip(&place.panels) {
        kind::draw(&mut c, placed, *at, &look)?;
    }
    for b in &place.bars {
        let scale = &figure.scales[b.scale];
        let users = figure.panels.iter().map(|p| kind(&p.panel)).filter(|p| p.scale() == Some(b.scale));
        let (below, above): (Vec<bool>, Vec<bool>) = users.map(|p| p.beyond(scale)).unzip();
        let beyond = (below.contains(&true), above.contains(&true));
        bar::draw(&mut c, scale, b.area, beyond, place.swatches_under_bars, style, palette)?;
    }
    bar::draw_legend(&mut c, &place.legend, (margin, place.legend_top), palette)?;
    let mut y = place.caption_top;
    for line in &place.caption {
        y += layout::CAPTION_LINE;
        c.text(line, (margin, y - 4.0), Letters::new(layout::caption_size(figure), palette.muted))?;
    }
    Ok(c.finish())
}

/// Is there room for a figure's plots and words?
///
/// # Errors
/// Those of [`svg()`] that say why not.
pub fn fits(figure: &Figure) -> Result<(), RenderError> {
    check(figure)?;
    layout::layout(figure).map(|_| ())
}

/// Saves a figure in a folder that exists, as `NAME.FORMAT`; returns the paths in the order of `formats`.
/// Each file is written beside its place and renamed, so a crash leaves the old file or the new one.
///
/// # Errors
/// Those of [`svg()`], [`png()`] and [`pdf()`], and what the file system says, with the path.
pub fn save(
    figure: &Figure,
    style: &Style,
    formats: &[Format],
    dir: &Path,
) -> Result<Vec<PathBuf>, RenderError> {
    let drawn = Drawn::new(figure, style)?;
    let mut paths = Vec::new();
    for format in formats {
        let path = dir.join(format!("{}.{format}", figure.name));
        match format {
            Format::Svg => write_whole(&path, drawn.svg()?.as_bytes())?,
            Format::Png => write_whole(&path, &drawn.png()?)?,
            Format::Pdf => write_whole(&path, &drawn.pdf()?)?,
        }
        paths.push(path);
    }
    Ok(paths)
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RenderError> {
    crate::files::write_whole(path, bytes)
        .map_err(|source| RenderError::Io { path: path.to_path_buf(), source })
}

/// Refuses a figure that contradicts itself, so that drawing can rely on its shapes.
fn check(figure: &Figure) -> Result<(), RenderError> {
    let invalid = |what: String| Err(RenderError::Invalid { figure: figure.name.clone(), what });
    if figure.name.is_empty() || figure.name.starts_with('.') || figure.name.contains(['/', '\\', '\0']) {
        return invalid("its name is not a file stem".to_string());
    }
    let sizes = 1..=20_000;
    if !sizes.contains(&figure.width) || figure.height.is_some_and(|height| !sizes.contains(&height)) {
        let (width, height) = (figure.width, figure.height.unwrap_or_default());
        return invalid(format!("its size is {width} x {height}, expected 1 to 20,000 pixels"));
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
    for (i, p) in figure.panels.iter().enumerate() {
        if p.column >= figure.column_weights.len() || p.row >= figure.row_weights.len() {
            return invalid(format!(
                "panel {i} stands in column {}, row {}, outside the grid",
                p.column, p.row
            ));
        }
        if let Some(what) = kind(&p.panel).problem(figure, p.row) {
            return invalid(format!("panel {i}: {what}"));
        }
        if !p.overlays.is_empty() && kind(&p.panel).axes(Rect::default()).is_none() {
            return invalid(format!("panel {i}: it has no axes for what is drawn over it"));
        }
    }
    Ok(())
}
