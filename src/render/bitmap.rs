//! A drawing as PNG, with the bundled font and nothing of the system's.

use std::collections::BTreeMap;
use std::io::Write as _;

use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord};
use tiny_skia::{
    FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Shader,
    StrokeDash, Transform,
};

use super::RenderError;
use super::drawing::{Drawing, Raster, Shape, Stroke, Words};
use crate::font::{self, Source, Step};

/// Largest picture that is drawn: 200 million pixels take 800 MB.
const MOST_PIXELS: u64 = 200_000_000;

/// The drawing at `scale` pixels per CSS pixel. The resolution, 96 dpi times the scale, is stored in the
/// file, so that it is printed at the size of the SVG.
///
/// # Errors
/// A scale out of range, or a picture too large.
pub fn png(drawing: &Drawing, scale: f64) -> Result<Vec<u8>, RenderError> {
    if !(0.25..=16.0).contains(&scale) {
        return Err(RenderError::Scale(scale));
    }
    let [width, height] = drawing.size().map(|css| (css * scale).round().max(1.0) as u64);
    let too_large = RenderError::TooLarge { width, height };
    if width.saturating_mul(height) > MOST_PIXELS {
        return Err(too_large);
    }
    let Some(pixmap) = Pixmap::new(width as u32, height as u32) else { return Err(too_large) };
    let mut sheet = Sheet { pixmap, step: drawing.step() * scale, outlines: Outlines::new() };
    drawing.shapes.iter().for_each(|shape| sheet.shape(shape));
    encode(&sheet.pixmap, scale)
}

/// How hard the pixels are packed, 1 to 9: from 5 on it takes half as long again for a thirtieth of the size.
const PACKING: u8 = 4;

/// Three bytes a pixel, or four where something shines through. Row by row: a copy of all pixels would cost as much
/// as drawing the text.
fn encode(pixmap: &Pixmap, scale: f64) -> Result<Vec<u8>, RenderError> {
    let opaque = pixmap.data().chunks_exact(4).all(|p| p[3] == 255);
    let per_metre = (96.0 * scale / 0.0254).round() as u32;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, pixmap.width(), pixmap.height());
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::Level(PACKING));
    // Rows of cells repeat downward; choosing a filter line by line takes half as long again for a tenth of
    // the size.
    encoder.set_filter(png::Filter::Up);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer_with_size(1 << 20)?;
    let across = pixmap.width() as usize;
    let mut bytes = vec![0; across * if opaque { 3 } else { 4 }];
    for row in pixmap.pixels().chunks_exact(across) {
        if opaque {
            for (to, pixel) in bytes.as_chunks_mut().0.iter_mut().zip(row) {
                *to = [pixel.red(), pixel.green(), pixel.blue()];
            }
        } else {
            for (to, pixel) in bytes.as_chunks_mut().0.iter_mut().zip(row) {
                let straight = pixel.demultiply();
                *to = [straight.red(), straight.green(), straight.blue(), straight.alpha()];
            }
        }
        stream.write_all(&bytes).map_err(png::EncodingError::from)?;
    }
    stream.finish()?;
    writer.finish()?;
    Ok(out)
}

struct Sheet {
    pixmap: Pixmap,
    /// Pixels a step.
    step: f64,
    outlines: Outlines,
}

impl Sheet {
    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rectangle { from, to, colour } => {
                let [left, top, right, bottom] = [from.0, from.1, to.0, to.1].map(|x| x as f32);
                let path = Rect::from_ltrb(left, top, right, bottom).map(PathBuilder::from_rect);
                self.fill(path, *colour);
            }
            Shape::Line { points, stroke } => {
                let (style, colour) = (pen(stroke), stroke.colour);
                self.stroke(along(points, false), &style, colour);
            }
            Shape::Polygon { corners, colour } => self.fill(along(corners, true), *colour),
            Shape::Circle { centre, radius, colour, ring } => {
                let path = PathBuilder::from_circle(centre.0 as f32, centre.1 as f32, *radius as f32);
                match ring {
                    None => self.fill(path, *colour),
                    Some(width) => self.stroke(path, &pen(&Stroke::solid(*colour, *width)), *colour),
                }
            }
            Shape::Words { text, at, words } => {
                let path = letters(&mut self.outlines, text, *at, *words);
                self.fill(path, words.colour);
            }
            Shape::Picture { from, to, raster } => self.picture(*from, *to, raster),
        }
    }

    fn to_pixels(&self) -> Transform {
        Transform::from_scale(self.step as f32, self.step as f32)
    }

    fn fill(&mut self, path: Option<Path>, colour: BackendColor) {
        let Some(path) = path.filter(|p| p.bounds().width() > 0.0 && p.bounds().height() > 0.0) else {
            return;
        };
        let to_pixels = self.to_pixels();
        self.pixmap.fill_path(&path, &paint(colour), FillRule::Winding, to_pixels, None);
    }

    fn stroke(&mut self, path: Option<Path>, style: &tiny_skia::Stroke, colour: BackendColor) {
        let Some(path) = path else { return };
        let to_pixels = self.to_pixels();
        self.pixmap.stroke_path(&path, &paint(colour), style, to_pixels, None);
    }

    /// The nearest pixel of the picture for each pixel of the sheet whose middle lies in it.
    fn picture(&mut self, from: BackendCoord, to: BackendCoord, raster: &Raster) {
        let (across, down) = (self.pixmap.width() as usize, self.pixmap.height() as usize);
        let columns = nearest([from.0, to.0], self.step, across, raster.width);
        let rows = nearest([from.1, to.1], self.step, down, raster.height);
        let (Some(&(left, _)), Some(&(right, _))) = (columns.first(), columns.last()) else { return };
        let pixels = self.pixmap.pixels_mut();
        let mut above = None;
        for (y, row) in rows {
            let line = y * across;
            // Most rows show the same cells as the one above them.
            if above == Some(row) {
                pixels.copy_within(line - across + left..=line - across + right, line + left);
                continue;
            }
            for &(x, column) in &columns {
                let [r, g, b] = raster.colour(column, row);
                if let Some(colour) = PremultipliedColorU8::from_rgba(r, g, b, 255) {
                    pixels[line + x] = colour;
                }
            }
            above = Some(row);
        }
    }
}

/// Outlines of the glyphs seen so far; most are drawn many times.
type Outlines = BTreeMap<(Source, u16), Vec<Step>>;

/// The outlines of a line of text.
pub fn letters(known: &mut Outlines, text: &str, (x, y): BackendCoord, words: Words) -> Option<Path> {
    let (glyphs, length) = font::set(text, words.weight);
    let size = f64::from(words.size);
    let start = f64::from(x) - size * length * before(words.anchor);
    let mut path = PathBuilder::new();
    for glyph in glyphs {
        let outline = known.entry((glyph.source, glyph.id)).or_insert_with(|| glyph.source.outline(glyph.id));
        let origin = start + size * glyph.x;
        let at = |u: f64, v: f64| ((origin + size * u) as f32, (f64::from(y) - size * v) as f32);
        for step in outline {
            match *step {
                Step::Move(u, v) => path.move_to(at(u, v).0, at(u, v).1),
                Step::Line(u, v) => path.line_to(at(u, v).0, at(u, v).1),
                Step::Quadratic([a, b, u, v]) => {
                    let ((a, b), (u, v)) = (at(a, b), at(u, v));
                    path.quad_to(a, b, u, v);
                }
                Step::Cubic([a, b, c, d, u, v]) => {
                    let ((a, b), (c, d), (u, v)) = (at(a, b), at(c, d), at(u, v));
                    path.cubic_to(a, b, c, d, u, v);
                }
                Step::Close => path.close(),
            }
        }
    }
    let path = path.finish()?;
    match words.turn {
        0 => Some(path),
        turn => path.transform(Transform::from_rotate_at(turn as f32, x as f32, y as f32)),
    }
}

/// The pixels of a sheet of so many between two ends, in steps, each with the one of `count` that it shows.
fn nearest(ends: [i32; 2], step: f64, sheet: usize, count: usize) -> Vec<(usize, usize)> {
    let [low, high] = ends.map(|end| f64::from(end) * step);
    let pixels = low.round().max(0.0) as usize..(high.round().max(0.0) as usize).min(sheet);
    let share = |pixel: usize| (pixel as f64 + 0.5 - low) / (high - low);
    pixels.map(|pixel| (pixel, ((share(pixel) * count as f64).max(0.0) as usize).min(count - 1))).collect()
}

/// Which share of a text stands before its place.
pub fn before(anchor: HPos) -> f64 {
    match anchor {
        HPos::Left => 0.0,
        HPos::Center => 0.5,
        HPos::Right => 1.0,
    }
}

fn paint(colour: BackendColor) -> Paint<'static> {
    let (r, g, b) = colour.rgb;
    let opacity = (255.0 * colour.alpha.clamp(0.0, 1.0)).round() as u8;
    let shader = Shader::SolidColor(tiny_skia::Color::from_rgba8(r, g, b, opacity));
    Paint { shader, ..Paint::default() }
}

fn along(points: &[BackendCoord], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        let (x, y) = (x as f32, y as f32);
        if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn pen(stroke: &Stroke) -> tiny_skia::Stroke {
    tiny_skia::Stroke {
        width: stroke.width as f32,
        line_cap: if stroke.round_caps { LineCap::Round } else { LineCap::Butt },
        line_join: if stroke.round_joins { LineJoin::Round } else { LineJoin::Miter },
        dash: StrokeDash::new(stroke.dash.iter().map(|length| *length as f32).collect(), 0.0),
        ..tiny_skia::Stroke::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_of_a_picture_has_the_colour_of_the_cell_under_its_middle() {
        // Three cells on six pixels, on seven, and on two.
        let shown = |high: i32| -> Vec<usize> {
            nearest([20, high], 0.1, 100, 3).iter().map(|(_, cell)| *cell).collect()
        };
        assert_eq!(shown(80), [0, 0, 1, 1, 2, 2]);
        assert_eq!(shown(90), [0, 0, 1, 1, 1, 2, 2]);
        assert_eq!(shown(40), [0, 2]);
        assert_eq!(nearest([20, 80], 0.1, 100, 3)[0].0, 2);
        // What lies beside the sheet is not drawn.
        assert_eq!(nearest([-20, 30], 0.1, 2, 5), [(0, 2), (1, 3)]);
        assert_eq!(nearest([-20, -10], 0.1, 2, 5), []);
    }
}
