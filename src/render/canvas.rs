//! The sheet that everything is drawn on: plotters' SVG backend, with what it lacks.
//!
//! plotters writes integer coordinates, no dashes, no images, no `<title>`, and repeats the font on every text. So each
//! element is drawn by plotters into a buffer of its own, on a canvas ten times as large as the figure, and its one tag is
//! then completed: dashes and joins are added, defaults are left out. The result has one tenth of a CSS pixel of precision
//! and `width`, `height` and `viewBox` that say so.

use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::RenderError;
use super::colour::Rgb;
use super::font::{self, Weight};
use crate::text::Lang;

/// Canvas units per CSS pixel.
pub const UNITS: f64 = 10.0;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

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
    body: String,
    buffer: String,
    width: u32,
    height: u32,
}

impl Canvas {
    /// A blank sheet of `width` x `height` CSS pixels.
    pub fn new(width: u32, height: u32) -> Canvas {
        font::register();
        Canvas { body: String::new(), buffer: String::new(), width, height }
    }

    pub fn fill(&mut self, area: Rect, colour: Rgb) -> Result<(), RenderError> {
        let corners = [units((area.x, area.y)), units((area.right(), area.bottom()))];
        self.pass(&[], |sheet| sheet.draw(&Rectangle::new(corners, paint(colour, 1.0).filled())))
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
        let mut path: Vec<(i32, i32)> = points.iter().copied().map(units).collect();
        path.dedup();
        if let [only] = path[..] {
            path.push(only); // a round cap makes it a dot
        }
        if path.is_empty() {
            return Ok(());
        }
        let mut extra = Vec::new();
        if points.len() > 2 || path[0] == path[1] {
            extra.push(("stroke-linejoin", "round".to_string()));
            if pen.dash.is_empty() {
                extra.push(("stroke-linecap", "round".to_string()));
            }
        }
        if !pen.dash.is_empty() {
            let dash: Vec<String> = pen.dash.iter().map(|d| (d * UNITS).round().to_string()).collect();
            extra.push(("stroke-dasharray", dash.join(" ")));
        }
        let style = paint(pen.colour, pen.opacity).stroke_width((pen.width * UNITS).round().max(1.0) as u32);
        self.pass(&extra, |sheet| sheet.draw(&PathElement::new(path, style)))
    }

    pub fn polygon(&mut self, points: &[Point], colour: Rgb, opacity: f64) -> Result<(), RenderError> {
        let mut path: Vec<(i32, i32)> = points.iter().copied().map(units).collect();
        path.dedup();
        self.pass(&[], |sheet| sheet.draw(&Polygon::new(path, paint(colour, opacity).filled())))
    }

    pub fn dot(&mut self, at: Point, radius: f64, colour: Rgb) -> Result<(), RenderError> {
        let style = paint(colour, 1.0).filled();
        self.pass(&[], |sheet| sheet.draw(&Circle::new(units(at), (radius * UNITS).round() as i32, style)))
    }

    /// One line of text with its baseline at `at`. Blank text draws nothing.
    pub fn text(&mut self, text: &str, at: Point, letters: Letters) -> Result<(), RenderError> {
        let text = font::tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        let position = HPosOf(letters.anchor).into();
        let style = match letters.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        // plotters' font size is the line height, 1.24 em.
        let mut font = (font::STACK, letters.size * UNITS * 1.24, style).into_font();
        if letters.upright {
            font = font.transform(FontTransform::Rotate270);
        }
        let colour = rgb(letters.colour);
        let style = TextStyle::from(font).pos(position).color(&colour);
        let extra = [("font-size", (letters.size * UNITS).round().to_string())];
        self.pass(&extra, |sheet| sheet.draw(&Text::new(text, units(at), style)))
    }

    /// A PNG stretched over `area`, with hard pixel edges.
    pub fn image(&mut self, area: Rect, png: &[u8]) {
        let (x, y) = units((area.x, area.y));
        let (r, b) = units((area.right(), area.bottom()));
        // `image-rendering` as an attribute for readers of SVG 1.1, as a style for everybody else. `xlink:href` is deprecated
        // and the only form that every reader knows.
        let _ = write!(
            self.body,
            "<image x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,",
            r - x,
            b - y
        );
        base64(png, &mut self.body);
        self.body.push_str("\"/>\n");
    }

    /// The SVG. `name` makes the ids unique where several figures share a page.
    pub fn finish(self, name: &str, title: &str, description: &str, lang: Lang) -> String {
        let id: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
        let (w, h) = (self.width, self.height);
        // English is what a reader assumes; in Chinese the language also chooses the forms of the characters.
        let speaks = match lang {
            Lang::En => String::new(),
            Lang::Zh => format!(" lang=\"{0}\" xml:lang=\"{0}\"", lang.bcp47()),
        };
        let (vw, vh) = (f64::from(w) * UNITS, f64::from(h) * UNITS);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {vw} {vh}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"{speaks} font-family=\"{}\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n{}</svg>\n",
            font::stack(),
            escape(&font::tidy(title)),
            escape(&font::tidy(description)),
            self.body
        )
    }

    /// Lets plotters draw one element and completes its tag with `extra` (which wins over what plotters wrote).
    fn pass<F, E>(&mut self, extra: &[(&str, String)], draw: F) -> Result<(), RenderError>
    where
        F: FnOnce(&Area<'_>) -> Result<(), E>,
        E: std::fmt::Display,
    {
        self.buffer.clear();
        let size = (self.width * UNITS as u32, self.height * UNITS as u32);
        {
            let sheet = SVGBackend::with_string(&mut self.buffer, size).into_drawing_area();
            draw(&sheet).map_err(|e| RenderError::Draw(e.to_string()))?;
            sheet.present().map_err(|e| RenderError::Draw(e.to_string()))?;
        }
        let inner = self.buffer.split_once('\n').map_or("", |(_, rest)| rest);
        let element = inner.strip_suffix("</svg>\n").unwrap_or(inner);
        complete(element, extra, &mut self.body);
        Ok(())
    }
}

/// plotters' anchor: every text hangs from the top, because that is the one vertical position whose offset (0.76 em) does
/// not depend on the font; [`complete`] takes the offset out again.
struct HPosOf(Anchor);

impl From<HPosOf> for Pos {
    fn from(anchor: HPosOf) -> Pos {
        let h = match anchor.0 {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        Pos::new(h, VPos::Top)
    }
}

fn units((x, y): Point) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn rgb(c: Rgb) -> RGBColor {
    RGBColor(c.0, c.1, c.2)
}

fn paint(colour: Rgb, opacity: f64) -> ShapeStyle {
    ShapeStyle::from(rgb(colour).mix(opacity))
}

/// Appends plotters' element to `out` without what is default or said on the root, and with `extra`.
fn complete(element: &str, extra: &[(&str, String)], out: &mut String) {
    let Some((tag, rest)) = element.split_once('>') else { return };
    let closed = tag.ends_with('/');
    let tag = tag.trim_end_matches('/');
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let fills = name == "<rect" || name == "<circle" || name == "<polygon";
    out.push_str(name);
    let mut parts = attributes.split('"');
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        let key = key.trim().trim_end_matches('=');
        let default = match key {
            "dy" | "font-family" => true,
            "opacity" => value == "1",
            "text-anchor" => value == "start",
            "stroke" => value == "none",
            "stroke-width" => fills,
            _ => extra.iter().any(|(k, _)| *k == key),
        };
        if !default {
            let _ = write!(out, " {key}=\"{}\"", value.trim_end());
        }
    }
    for (key, value) in extra {
        let _ = write!(out, " {key}=\"{value}\"");
    }
    if closed {
        out.push_str("/>\n");
    } else {
        // The line breaks that plotters puts around a text would count as blanks in some viewers.
        let (text, end) = rest.rsplit_once("</").unwrap_or((rest, ""));
        let _ = writeln!(out, ">{}</{}", text.trim_matches('\n'), end.trim_end());
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// RFC 4648, with padding.
pub fn base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(DIGITS[(word >> (18 - 6 * i)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            let mut out = String::new();
            base64(plain.as_bytes(), &mut out);
            assert_eq!(out, coded);
        }
    }

    #[test]
    fn elements_carry_what_they_need_and_no_more() {
        let mut c = Canvas::new(100, 50);
        c.text("a < b & \"c\"", (10.0, 20.0), Letters::new(12.0, Rgb(1, 2, 3)).anchored(Anchor::End)).unwrap();
        c.line((0.0, 0.5), (10.0, 0.5), Pen { dash: &[4.0, 2.5], ..Pen::solid(Rgb(255, 0, 0), 1.5) }).unwrap();
        c.fill(Rect { x: 1.0, y: 2.0, w: 3.0, h: 4.0 }, Rgb(0, 0, 255)).unwrap();
        let svg = c.finish("my fig", "T", "D & d", Lang::En);
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
