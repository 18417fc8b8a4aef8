//! A drawing: the shapes of a figure in the order in which they are laid over each other.
//!
//! It is a plotters backend, so every element and chart of plotters can be drawn on it; what plotters'
//! [`DrawingBackend`] has no words for are shapes of its own ([`Stroke`], [`Words`], [`Raster`]). `svg`,
//! `bitmap` and `pdf` write the same shapes as files, so that a figure is the same in all of them.
//!
//! plotters' coordinates are integers. Here they are fixed-point numbers with [`UNITS`] steps a pixel of the
//! sheet.

use std::convert::Infallible;
use std::sync::Arc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

use crate::font::{self, Weight};

/// Steps of the fixed-point coordinates per pixel of the sheet.
pub const UNITS: f64 = 10.0;

/// plotters' size of a text is the height of its line, and this many em.
const LINE_HEIGHT: f64 = 1.24;
/// Metrics of the bundled font, in em: from the baseline up to the top of a line, and half the height of a
/// capital letter.
const ASCENT: f64 = 0.96;
const HALF_CAPITAL: f64 = 0.357;

/// Pixels and steps: the fixed-point form of a length or a coordinate.
pub fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// How a line is drawn; lengths in steps.
#[derive(Clone)]
pub struct Stroke {
    pub colour: BackendColor,
    pub width: u32,
    /// Lengths of dashes and gaps in turn; empty for a solid line.
    pub dash: Vec<i32>,
    pub round_joins: bool,
    pub round_caps: bool,
}

impl Stroke {
    pub fn solid(colour: BackendColor, width: u32) -> Stroke {
        Stroke { colour, width, dash: Vec::new(), round_joins: false, round_caps: false }
    }
}

/// How a line of text is set; its size in steps.
#[derive(Clone, Copy)]
pub struct Words {
    pub size: i32,
    pub weight: Weight,
    pub colour: BackendColor,
    pub anchor: HPos,
    /// Degrees clockwise, about the point where it stands.
    pub turn: u32,
}

/// A small picture, from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    pub width: usize,
    pub height: usize,
    /// Three bytes a colour, 256 colours at most; none where the pixels are colours themselves.
    pub palette: Vec<u8>,
    /// A byte a pixel, which counts the colours of the palette; three without one.
    pub pixels: Vec<u8>,
}

impl Raster {
    /// Red, green and blue.
    pub fn colour(&self, x: usize, y: usize) -> [u8; 3] {
        let at = y * self.width + x;
        let (from, at) = match self.palette.is_empty() {
            true => (&self.pixels, at),
            false => (&self.palette, self.pixels[at].into()),
        };
        [from[3 * at], from[3 * at + 1], from[3 * at + 2]]
    }
}

/// One shape. Colours carry their opacity.
#[derive(Clone)]
pub enum Shape {
    /// Filled, between two corners.
    Rectangle { from: BackendCoord, to: BackendCoord, colour: BackendColor },
    /// A line through the points.
    Line { points: Vec<BackendCoord>, stroke: Stroke },
    /// Filled; the last corner is joined with the first.
    Polygon { corners: Vec<BackendCoord>, colour: BackendColor },
    /// Filled, or a ring that is so wide.
    Circle { centre: BackendCoord, radius: u32, colour: BackendColor, ring: Option<u32> },
    /// One line with its baseline at `at`.
    Words { text: String, at: BackendCoord, words: Words },
    /// Stretched between two corners, with hard pixel edges.
    Picture { from: BackendCoord, to: BackendCoord, raster: Arc<Raster> },
}

/// The shapes on a sheet.
#[derive(Clone, Default)]
pub struct Drawing {
    /// Pixels of the sheet.
    width: u32,
    height: u32,
    /// CSS pixels a pixel of the sheet.
    zoom: f64,
    pub shapes: Vec<Shape>,
}

impl Drawing {
    pub fn new(width: u32, height: u32, zoom: f64) -> Drawing {
        Drawing { width, height, zoom, shapes: Vec::new() }
    }

    /// Width and height at which it is shown: CSS pixels, to a hundredth.
    pub fn size(&self) -> [f64; 2] {
        [self.width, self.height].map(|side| (100.0 * self.zoom * f64::from(side)).round() / 100.0)
    }

    /// CSS pixels a step.
    pub fn step(&self) -> f64 {
        self.zoom / UNITS
    }

    /// Adds a shape that can be seen.
    fn add(&mut self, colour: BackendColor, shape: impl FnOnce() -> Shape) {
        if colour.alpha != 0.0 {
            self.shapes.push(shape());
        }
    }

    /// A line through the points.
    pub fn stroke(&mut self, points: impl IntoIterator<Item = BackendCoord>, stroke: Stroke) {
        self.add(stroke.colour, || Shape::Line { points: points.into_iter().collect(), stroke });
    }

    /// One line of text with its baseline at a point.
    pub fn words(&mut self, text: &str, at: BackendCoord, words: Words) {
        self.add(words.colour, || Shape::Words { text: text.to_string(), at, words });
    }

    /// A picture stretched over the rectangle between two corners, with hard pixel edges.
    pub fn picture(&mut self, from: BackendCoord, to: BackendCoord, raster: Arc<Raster>) {
        self.shapes.push(Shape::Picture { from, to, raster });
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Drawing {
    type ErrorType = Infallible;

    /// In steps.
    fn get_size(&self) -> (u32, u32) {
        let steps = UNITS as u32;
        (self.width * steps, self.height * steps)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &colour, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((left, top), (right, bottom)) = (from, to);
        if !fill {
            return self
                .draw_path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], style);
        }
        let colour = style.color();
        self.add(colour, || Shape::Rectangle { from, to, colour });
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.stroke(path, Stroke::solid(style.color(), style.stroke_width()));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (colour, ring) = (style.color(), (!fill).then(|| style.stroke_width()));
        self.add(colour, || Shape::Circle { centre, radius, colour, ring });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let colour = style.color();
        self.add(colour, || Shape::Polygon { corners: corners.into_iter().collect(), colour });
        Ok(())
    }

    /// Only the weight of plotters' style is taken: there is one font.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let (size, weight) = text_style(style);
        let anchor = style.anchor();
        let down = match anchor.v_pos {
            VPos::Top => ASCENT * size,
            VPos::Center => HALF_CAPITAL * size,
            VPos::Bottom => (ASCENT - LINE_HEIGHT) * size,
        };
        let (dx, dy) = style.transform().transform(0, down.round() as i32);
        let turn = match style.transform() {
            FontTransform::None => 0,
            FontTransform::Rotate90 => 90,
            FontTransform::Rotate180 => 180,
            FontTransform::Rotate270 => 270,
        };
        let words =
            Words { size: size.round() as i32, weight, colour: style.color(), anchor: anchor.h_pos, turn };
        self.words(&font::tidy(text), (x + dx, y + dy), words);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let (size, weight) = text_style(style);
        Ok((font::width(text, size, weight).ceil() as u32, style.size().ceil() as u32))
    }

    /// `rgb` has three bytes a pixel, from the top left; a pixel is a pixel of the sheet wide and high.
    fn blit_bitmap(&mut self, (x, y): BackendCoord, (width, height): (u32, u32), rgb: &[u8]) -> Drawn {
        let corner = (x + units(width.into()), y + units(height.into()));
        let raster = Raster {
            width: width as usize,
            height: height as usize,
            palette: Vec::new(),
            pixels: rgb.to_vec(),
        };
        self.picture((x, y), corner, Arc::new(raster));
        Ok(())
    }
}

/// Size in steps, and weight.
fn text_style<S: BackendTextStyle>(style: &S) -> (f64, Weight) {
    let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
    (style.size() / LINE_HEIGHT, weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::prelude::*;

    #[test]
    fn text_stands_at_its_anchor_for_plotters() {
        use plotters_backend::text_anchor::Pos;
        let at = |v: VPos, turn: FontTransform| {
            let mut drawing = Drawing::new(100, 100, 1.0);
            let style =
                TextStyle::from(("any", 124).into_font().transform(turn)).pos(Pos::new(HPos::Center, v));
            drawing.draw_text("x", &style, (500, 500)).unwrap();
            let [Shape::Words { at, words, .. }] = &drawing.shapes[..] else { panic!("one line of text") };
            assert!(matches!(words.anchor, HPos::Center));
            (*at, words.size)
        };
        assert_eq!(at(VPos::Top, FontTransform::None), ((500, 596), 100));
        assert_eq!(at(VPos::Center, FontTransform::None).0, (500, 536));
        assert_eq!(at(VPos::Bottom, FontTransform::None).0, (500, 472));
        // Read from bottom to top: below the text is to its right.
        assert_eq!(at(VPos::Top, FontTransform::Rotate270).0, (596, 500));
    }

    #[test]
    fn a_bitmap_becomes_a_picture_of_its_size() {
        let mut drawing = Drawing::new(100, 100, 1.0);
        drawing.blit_bitmap((10, 20), (2, 1), &[255, 0, 0, 0, 255, 0]).unwrap();
        let [Shape::Picture { from, to, raster }] = &drawing.shapes[..] else { panic!("one picture") };
        assert_eq!((*from, *to), ((10, 20), (30, 30)));
        assert_eq!([raster.colour(0, 0), raster.colour(1, 0)], [[255, 0, 0], [0, 255, 0]]);
    }

    #[test]
    fn what_cannot_be_seen_is_no_shape() {
        let mut drawing = Drawing::new(100, 100, 1.0);
        let clear = RED.mix(0.0);
        drawing.draw_rect((0, 0), (9, 9), &clear, true).unwrap();
        drawing.draw_circle((0, 0), 9, &clear, false).unwrap();
        drawing.draw_path([(0, 0), (9, 9)], &clear).unwrap();
        assert!(drawing.shapes.is_empty());
        drawing.draw_rect((0, 0), (9, 9), &RED, true).unwrap();
        assert_eq!(drawing.shapes.len(), 1);
    }
}
