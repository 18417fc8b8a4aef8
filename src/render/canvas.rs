//! The sheet that panels draw on: shapes and words in CSS pixels, drawn as elements of plotters on a
//! [`Drawing`].

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PointCollection, Polygon, Rectangle};
use plotters::prelude::DrawingArea;
use plotters::style::{Color, RGBColor, ShapeStyle};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendCoord, BackendStyle, DrawingErrorKind};

use super::RenderError;
use super::colour::Rgb;
use super::drawing::{Drawing, Raster, Stroke, Words, units};
use crate::font::{self, Weight};

/// A rectangle in CSS pixels; y grows downward.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn right(self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(self) -> f64 {
        self.y + self.h
    }
}

/// A point in CSS pixels.
pub type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    pub colour: Rgb,
    /// CSS pixels.
    pub width: f64,
    /// `stroke-dasharray` in CSS pixels; empty for a solid line.
    pub dash: &'static [f64],
    pub opacity: f64,
}

impl Pen {
    pub fn solid(colour: Rgb, width: f64) -> Pen {
        Pen { colour, width, dash: &[], opacity: 1.0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set; `size` in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub struct Letters {
    pub size: f64,
    pub weight: Weight,
    pub colour: Rgb,
    pub anchor: Anchor,
    /// Reads from bottom to top.
    pub upright: bool,
}

impl Letters {
    pub fn new(size: f64, colour: Rgb) -> Letters {
        Letters { size, weight: Weight::Regular, colour, anchor: Anchor::Start, upright: false }
    }

    pub fn bold(self) -> Letters {
        Letters { weight: Weight::Bold, ..self }
    }

    pub fn anchored(self, anchor: Anchor) -> Letters {
        Letters { anchor, ..self }
    }

    pub fn upright(self) -> Letters {
        Letters { upright: true, ..self }
    }
}

pub struct Canvas {
    /// The backend, and plotters' view of it.
    drawing: Rc<RefCell<Drawing>>,
    sheet: DrawingArea<Drawing, Shift>,
}

impl Canvas {
    /// A blank sheet of `width` x `height` pixels, each `zoom` CSS pixels long.
    pub fn new(width: u32, height: u32, zoom: f64) -> Canvas {
        let drawing = Rc::new(RefCell::new(Drawing::new(width, height, zoom)));
        let sheet = DrawingArea::from(&drawing);
        Canvas { drawing, sheet }
    }

    fn draw<'a, E>(&self, element: &'a E) -> Result<(), RenderError>
    where
        &'a E: PointCollection<'a, BackendCoord>,
        E: Drawable<Drawing>,
    {
        self.sheet.draw(element).map_err(|e| RenderError::Draw(e.to_string()))
    }

    pub fn fill(&mut self, area: Rect, colour: Rgb) -> Result<(), RenderError> {
        self.draw(&Rectangle::new(corners(area), paint(colour, 1.0).filled()))
    }

    pub fn frame(&mut self, area: Rect, pen: Pen) -> Result<(), RenderError> {
        let (l, t, r, b) = (area.x, area.y, area.right(), area.bottom());
        self.curve(&[(l, t), (r, t), (r, b), (l, b), (l, t)], pen)
    }

    pub fn line(&mut self, from: Point, to: Point, pen: Pen) -> Result<(), RenderError> {
        self.curve(&[from, to], pen)
    }

    /// A line through the points. Points that fall on the same tenth of a pixel are drawn once.
    pub fn curve(&mut self, points: &[Point], pen: Pen) -> Result<(), RenderError> {
        let mut path: Vec<BackendCoord> = points.iter().copied().map(place).collect();
        path.dedup();
        if let [only] = path[..] {
            path.push(only); // a round cap makes it a dot
        }
        if path.is_empty() {
            return Ok(());
        }
        let round = points.len() > 2 || path[0] == path[1];
        self.draw(&Curve { path, pen, round })
    }

    pub fn polygon(&mut self, points: &[Point], colour: Rgb, opacity: f64) -> Result<(), RenderError> {
        let mut path: Vec<BackendCoord> = points.iter().copied().map(place).collect();
        path.dedup();
        self.draw(&Polygon::new(path, paint(colour, opacity).filled()))
    }

    pub fn dot(&mut self, at: Point, radius: f64, colour: Rgb) -> Result<(), RenderError> {
        self.draw(&Circle::new(place(at), units(radius), paint(colour, 1.0).filled()))
    }

    /// One line of text with its baseline at `at`. Blank text draws nothing.
    pub fn text(&mut self, text: &str, at: Point, letters: Letters) -> Result<(), RenderError> {
        let text = font::tidy(text);
        if text.is_empty() { Ok(()) } else { self.draw(&Line { text, at: place(at), letters }) }
    }

    /// A picture stretched over `area`, with hard pixel edges.
    pub fn image(&mut self, area: Rect, raster: Raster) -> Result<(), RenderError> {
        self.draw(&Picture { corners: corners(area), raster: Arc::new(raster) })
    }

    /// What was drawn.
    pub fn finish(self) -> Drawing {
        self.drawing.take()
    }
}

/// Elements that plotters does not have: a line with dashes and round ends, a line of text on its baseline,
/// a picture.
struct Curve {
    path: Vec<BackendCoord>,
    pen: Pen,
    round: bool,
}

struct Line {
    text: String,
    at: BackendCoord,
    letters: Letters,
}

struct Picture {
    corners: [BackendCoord; 2],
    raster: Arc<Raster>,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Curve {
    type Point = &'a BackendCoord;
    type IntoIter = &'a [BackendCoord];
    fn point_iter(self) -> &'a [BackendCoord] {
        &self.path
    }
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Line {
    type Point = &'a BackendCoord;
    type IntoIter = Option<&'a BackendCoord>;
    fn point_iter(self) -> Option<&'a BackendCoord> {
        Some(&self.at)
    }
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Picture {
    type Point = &'a BackendCoord;
    type IntoIter = &'a [BackendCoord];
    fn point_iter(self) -> &'a [BackendCoord] {
        &self.corners
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Drawable<Drawing> for Curve {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        points: I,
        drawing: &mut Drawing,
        _: (u32, u32),
    ) -> Drawn {
        let dash: Vec<i32> = self.pen.dash.iter().copied().map(units).collect();
        let stroke = Stroke {
            colour: paint(self.pen.colour, self.pen.opacity).color(),
            width: units(self.pen.width).max(1) as u32,
            dash,
            round_joins: self.round,
            round_caps: self.round && self.pen.dash.is_empty(),
        };
        drawing.stroke(points, stroke);
        Ok(())
    }
}

impl Drawable<Drawing> for Line {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        drawing: &mut Drawing,
        _: (u32, u32),
    ) -> Drawn {
        let letters = self.letters;
        let words = Words {
            size: units(letters.size),
            weight: letters.weight,
            colour: paint(letters.colour, 1.0).color(),
            anchor: match letters.anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            },
            turn: if letters.upright { 270 } else { 0 },
        };
        if let Some(at) = points.next() {
            drawing.words(&self.text, at, words);
        }
        Ok(())
    }
}

impl Drawable<Drawing> for Picture {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        drawing: &mut Drawing,
        _: (u32, u32),
    ) -> Drawn {
        if let (Some(from), Some(to)) = (points.next(), points.next()) {
            drawing.picture(from, to, self.raster.clone());
        }
        Ok(())
    }
}

fn place((x, y): Point) -> BackendCoord {
    (units(x), units(y))
}

fn corners(area: Rect) -> [BackendCoord; 2] {
    [place((area.x, area.y)), place((area.right(), area.bottom()))]
}

fn paint(colour: Rgb, opacity: f64) -> ShapeStyle {
    ShapeStyle::from(RGBColor(colour.0, colour.1, colour.2).mix(opacity))
}

#[cfg(test)]
mod tests {
    use super::super::svg;
    use super::*;
    use crate::text::Lang;

    #[test]
    fn elements_carry_what_they_need_and_no_more() {
        let mut c = Canvas::new(100, 50, 1.0);
        c.text("a < b & \"c\"", (10.0, 20.0), Letters::new(12.0, Rgb(1, 2, 3)).anchored(Anchor::End))
            .unwrap();
        c.line((0.0, 0.5), (10.0, 0.5), Pen { dash: &[4.0, 2.5], ..Pen::solid(Rgb(255, 0, 0), 1.5) })
            .unwrap();
        c.fill(Rect { x: 1.0, y: 2.0, w: 3.0, h: 4.0 }, Rgb(0, 0, 255)).unwrap();
        let said = svg::Said { name: "my fig", title: "T", description: "D & d", lang: Lang::En };
        let svg = svg::svg(&c.finish(), &said).unwrap();
        let lines: Vec<&str> = svg.lines().collect();
        assert!(
            lines[0].contains("viewBox=\"0 0 1000 500\"")
                && lines[0].contains("aria-labelledby=\"my-fig-title my-fig-desc\"")
        );
        assert_eq!(lines[2], "<desc id=\"my-fig-desc\">D &amp; d</desc>");
        assert_eq!(
            lines[3],
            "<text x=\"100\" y=\"200\" text-anchor=\"end\" fill=\"#010203\" font-size=\"120\">a &lt; b &amp; &quot;c&quot;</text>"
        );
        assert_eq!(
            lines[4],
            "<polyline fill=\"none\" stroke=\"#FF0000\" stroke-width=\"15\" points=\"0,5 100,5\" stroke-dasharray=\"40 25\"/>"
        );
        assert_eq!(lines[5], "<rect x=\"10\" y=\"20\" width=\"30\" height=\"40\" fill=\"#0000FF\"/>");
    }
}
