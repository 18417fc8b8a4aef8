//! A plotters backend that writes SVG.
//!
//! plotters' own SVG backend draws on whole pixels and knows no dashes, images or titles. This one
//! implements the same trait, [`DrawingBackend`], and so takes every element and chart of plotters; what
//! the trait has no words for are methods of its own ([`Svg::stroke`], [`Svg::words`], [`Svg::picture`]).
//!
//! plotters' coordinates are integers. Here they are fixed-point numbers with [`UNITS`] steps a CSS pixel:
//! the same integers stand in the file, and its `width`, `height` and `viewBox` say how long a step is. A
//! default is not written.

use std::convert::Infallible;
use std::fmt::{Display, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

use super::fonts;
use crate::escape::xml;
use crate::font::{self, Weight};
use crate::text::Lang;

/// Steps of the fixed-point coordinates per CSS pixel.
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
#[derive(Clone, Copy)]
pub struct Stroke<'a> {
    pub colour: BackendColor,
    pub width: u32,
    /// Lengths of dashes and gaps in turn; empty for a solid line.
    pub dash: &'a [i32],
    pub round_joins: bool,
    pub round_caps: bool,
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

/// An SVG that is being drawn.
pub struct Svg {
    body: String,
    /// Pixels of the sheet.
    width: u32,
    height: u32,
    /// CSS pixels a pixel of the sheet.
    zoom: f64,
}

impl Svg {
    pub fn new(width: u32, height: u32, zoom: f64) -> Svg {
        Svg { body: String::new(), width, height, zoom }
    }

    fn attribute(&mut self, key: &str, value: impl Display) {
        let _ = write!(self.body, " {key}=\"{value}\"");
    }

    fn opacity(&mut self, colour: BackendColor) {
        if colour.alpha != 1.0 {
            self.attribute("opacity", colour.alpha);
        }
    }

    fn colour(&mut self, key: &str, colour: BackendColor) {
        let (r, g, b) = colour.rgb;
        self.attribute(key, format_args!("#{r:02X}{g:02X}{b:02X}"));
    }

    fn fill(&mut self, colour: BackendColor) {
        self.opacity(colour);
        self.colour("fill", colour);
        self.body.push_str("/>\n");
    }

    fn points(&mut self, points: impl IntoIterator<Item = BackendCoord>) {
        self.body.push_str(" points=\"");
        for (i, (x, y)) in points.into_iter().enumerate() {
            let blank = if i == 0 { "" } else { " " };
            let _ = write!(self.body, "{blank}{x},{y}");
        }
        self.body.push('"');
    }

    fn rectangle(&mut self, (x, y): BackendCoord, (right, bottom): BackendCoord, colour: BackendColor) {
        self.body.push_str("<rect");
        self.attribute("x", x);
        self.attribute("y", y);
        self.attribute("width", right - x);
        self.attribute("height", bottom - y);
        self.fill(colour);
    }

    /// A line through the points.
    pub fn stroke(&mut self, points: impl IntoIterator<Item = BackendCoord>, stroke: Stroke) {
        if stroke.colour.alpha == 0.0 {
            return;
        }
        self.body.push_str("<polyline fill=\"none\"");
        self.opacity(stroke.colour);
        self.colour("stroke", stroke.colour);
        self.attribute("stroke-width", stroke.width);
        self.points(points);
        if stroke.round_joins {
            self.attribute("stroke-linejoin", "round");
        }
        if stroke.round_caps {
            self.attribute("stroke-linecap", "round");
        }
        if !stroke.dash.is_empty() {
            let dash: Vec<String> = stroke.dash.iter().map(i32::to_string).collect();
            self.attribute("stroke-dasharray", dash.join(" "));
        }
        self.body.push_str("/>\n");
    }

    /// One line of text with its baseline at `(x, y)`.
    pub fn words(&mut self, text: &str, (x, y): BackendCoord, words: Words) {
        if words.colour.alpha == 0.0 {
            return;
        }
        self.body.push_str("<text");
        self.attribute("x", x);
        self.attribute("y", y);
        match words.anchor {
            HPos::Left => {}
            HPos::Center => self.attribute("text-anchor", "middle"),
            HPos::Right => self.attribute("text-anchor", "end"),
        }
        self.opacity(words.colour);
        self.colour("fill", words.colour);
        if words.weight == Weight::Bold {
            self.attribute("font-weight", "bold");
        }
        if words.turn != 0 {
            self.attribute("transform", format_args!("rotate({}, {x}, {y})", words.turn));
        }
        self.attribute("font-size", words.size);
        // No line break beside the text: some viewers would show it as a blank.
        let _ = writeln!(self.body, ">{}</text>", xml(text).replace('\'', "&apos;"));
    }

    /// A PNG stretched over the rectangle between two corners, with hard pixel edges.
    pub fn picture(&mut self, (x, y): BackendCoord, (right, bottom): BackendCoord, png: &[u8]) {
        // `image-rendering` as an attribute for readers of SVG 1.1, as a style for everybody else.
        // `xlink:href` is deprecated and the only form that every reader knows.
        let _ = write!(
            self.body,
            "<image x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" \
             xlink:href=\"data:image/png;base64,",
            right - x,
            bottom - y
        );
        STANDARD.encode_string(png, &mut self.body);
        self.body.push_str("\"/>\n");
    }

    /// The whole file. `name` makes the ids unique where several figures share a page.
    pub fn document(&self, name: &str, title: &str, description: &str, lang: Lang) -> String {
        let id: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
        let shown = |pixels: u32| (100.0 * self.zoom * f64::from(pixels)).round() / 100.0;
        let (width, height) = (shown(self.width), shown(self.height));
        let (steps_across, steps_down) = self.get_size();
        // English is what a reader assumes; in Chinese the language also chooses the forms of the characters.
        let speaks = match lang {
            Lang::En => String::new(),
            Lang::Zh => format!(" lang=\"{0}\" xml:lang=\"{0}\"", lang.bcp47()),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {steps_across} {steps_down}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\"{speaks} font-family=\"{}\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n{}</svg>\n",
            fonts::stack(),
            xml(&font::tidy(title)),
            xml(&font::tidy(description)),
            self.body
        )
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Svg {
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
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if !fill {
            return self
                .draw_path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], style);
        }
        if style.color().alpha != 0.0 {
            self.rectangle((left, top), (right, bottom), style.color());
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let (colour, width) = (style.color(), style.stroke_width());
        self.stroke(path, Stroke { colour, width, dash: &[], round_joins: false, round_caps: false });
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.body.push_str("<circle");
        self.attribute("cx", x);
        self.attribute("cy", y);
        self.attribute("r", radius);
        if fill {
            self.fill(style.color());
        } else {
            self.opacity(style.color());
            self.attribute("fill", "none");
            self.colour("stroke", style.color());
            self.attribute("stroke-width", style.stroke_width());
            self.body.push_str("/>\n");
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let colour = style.color();
        if colour.alpha != 0.0 {
            self.body.push_str("<polygon");
            self.opacity(colour);
            self.colour("fill", colour);
            self.points(corners);
            self.body.push_str("/>\n");
        }
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

    /// `rgb` has three bytes a pixel, from the top left; a pixel is a CSS pixel wide and high.
    fn blit_bitmap(&mut self, (x, y): BackendCoord, (width, height): (u32, u32), rgb: &[u8]) -> Drawn {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(rgb));
        written.map_err(|e| DrawingErrorKind::FontError(Box::new(e)))?;
        let corner = (x + units(width.into()), y + units(height.into()));
        self.picture((x, y), corner, &file);
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

    /// A chart that plotters lays out itself, to show that the backend is one like any other.
    fn chart() -> String {
        let backend = std::rc::Rc::new(std::cell::RefCell::new(Svg::new(400, 300, 1.0)));
        let sheet = DrawingArea::from(&backend);
        let mut chart = ChartBuilder::on(&sheet)
            .caption("a < b", ("any", 200).into_font().style(FontStyle::Bold))
            .margin(100)
            .x_label_area_size(400)
            .y_label_area_size(400)
            .build_cartesian_2d(0.0..10.0, 0.0..1.0)
            .unwrap();
        chart.configure_mesh().label_style(("any", 130)).y_desc("share").draw().unwrap();
        let line: Vec<(f64, f64)> = (0..=10).map(|i| (f64::from(i), 0.1 * f64::from(i))).collect();
        chart.draw_series([PathElement::new(line, ShapeStyle::from(RED).stroke_width(20))]).unwrap();
        chart.draw_series([Circle::new((5.0, 0.5), 40, BLUE)]).unwrap();
        sheet.present().unwrap();
        backend.borrow().document("chart", "T", "D", Lang::En)
    }

    #[test]
    fn a_chart_of_plotters_can_be_drawn_and_its_texts_stand_where_they_should() {
        let drawn = chart();
        let options = resvg::usvg::Options { fontdb: fonts::database(), ..Default::default() };
        let tree = resvg::usvg::Tree::from_str(&drawn, &options).unwrap();
        assert_eq!((tree.size().width(), tree.size().height()), (400.0, 300.0));
        for part in [
            "font-weight=\"bold\"",
            ">a &lt; b</text>",
            ">0.5</text>",
            "<circle cx=",
            "fill=\"none\" stroke=\"#0000FF\"",
            "transform=\"rotate(270, ",
        ] {
            assert!(drawn.contains(part), "{part} is missing from {drawn}");
        }
    }

    #[test]
    fn text_stands_at_its_anchor_for_plotters() {
        use plotters_backend::text_anchor::Pos;
        let at = |v: VPos, turn: FontTransform| {
            let mut svg = Svg::new(100, 100, 1.0);
            let style =
                TextStyle::from(("any", 124).into_font().transform(turn)).pos(Pos::new(HPos::Center, v));
            svg.draw_text("x", &style, (500, 500)).unwrap();
            svg.body
        };
        let head = |body: String| body.split(" text-anchor=\"middle\"").next().unwrap().to_string();
        assert_eq!(head(at(VPos::Top, FontTransform::None)), "<text x=\"500\" y=\"596\"");
        assert_eq!(head(at(VPos::Center, FontTransform::None)), "<text x=\"500\" y=\"536\"");
        assert_eq!(head(at(VPos::Bottom, FontTransform::None)), "<text x=\"500\" y=\"472\"");
        // Read from bottom to top: below the text is to its right.
        assert_eq!(head(at(VPos::Top, FontTransform::Rotate270)), "<text x=\"596\" y=\"500\"");
        assert!(at(VPos::Top, FontTransform::None).contains("font-size=\"100\""));
    }

    #[test]
    fn a_bitmap_becomes_a_picture_of_its_size() {
        let mut svg = Svg::new(100, 100, 1.0);
        svg.blit_bitmap((10, 20), (2, 1), &[255, 0, 0, 0, 255, 0]).unwrap();
        assert!(svg.body.starts_with("<image x=\"10\" y=\"20\" width=\"20\" height=\"10\""), "{}", svg.body);
        let data = svg.body.split("base64,").nth(1).unwrap().split('"').next().unwrap();
        let png = STANDARD.decode(data).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; 6];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [255, 0, 0, 0, 255, 0]);
    }
}
