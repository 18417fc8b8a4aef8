//! A drawing as SVG: text stays text, and the fixed-point numbers of the shapes stand in the file as they
//! are; its `width`, `height` and `viewBox` say how long a step is. A default is not written.

use std::fmt::{Display, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, DrawingBackend as _};

use super::RenderError;
use super::drawing::{Drawing, Raster, Shape, Stroke, Words};
use crate::escape::xml;
use crate::font::{self, STACK, Weight};
use crate::text::Lang;

/// What an SVG says to readers who cannot see it. `name` makes the ids unique where several figures share a
/// page.
pub struct Said<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    pub lang: Lang,
}

/// The whole file.
///
/// # Errors
/// What the PNG encoder says of a picture in it.
pub fn svg(drawing: &Drawing, said: &Said) -> Result<String, RenderError> {
    let mut body = Body(String::new());
    for shape in &drawing.shapes {
        body.shape(shape)?;
    }
    let id: String =
        said.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    let [width, height] = drawing.size();
    let (steps_across, steps_down) = drawing.get_size();
    // English is what a reader assumes; in Chinese the language also chooses the forms of the characters.
    let speaks = match said.lang {
        Lang::En => String::new(),
        Lang::Zh => format!(" lang=\"{0}\" xml:lang=\"{0}\"", said.lang.bcp47()),
    };
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {steps_across} {steps_down}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\"{speaks} font-family=\"{}\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n{}</svg>\n",
        stack(),
        xml(&font::tidy(said.title)),
        xml(&font::tidy(said.description)),
        body.0
    ))
}

/// The `font-family` of the whole file: [`STACK`], and behind the bundled font the one that supplies what it
/// lacks.
fn stack() -> String {
    let Some(extra) = font::extra() else { return STACK.to_string() };
    let family: String =
        extra.family.chars().filter(|c| !"'\"<>&,;".contains(*c) && !c.is_control()).collect();
    match STACK.split_once(", ") {
        Some((first, rest)) => format!("{first}, '{family}', {rest}"),
        None => STACK.to_string(),
    }
}

/// The elements, a line each.
struct Body(String);

impl Body {
    fn shape(&mut self, shape: &Shape) -> Result<(), RenderError> {
        match shape {
            Shape::Rectangle { from: (x, y), to: (right, bottom), colour } => {
                self.0.push_str("<rect");
                self.attribute("x", x);
                self.attribute("y", y);
                self.attribute("width", right - x);
                self.attribute("height", bottom - y);
                self.fill(*colour);
            }
            Shape::Line { points, stroke } => self.line(points, stroke),
            Shape::Polygon { corners, colour } => {
                self.0.push_str("<polygon");
                self.opacity(*colour);
                self.colour("fill", *colour);
                self.points(corners);
                self.0.push_str("/>\n");
            }
            Shape::Circle { centre: (x, y), radius, colour, ring } => {
                self.0.push_str("<circle");
                self.attribute("cx", x);
                self.attribute("cy", y);
                self.attribute("r", radius);
                match ring {
                    None => self.fill(*colour),
                    Some(width) => {
                        self.opacity(*colour);
                        self.attribute("fill", "none");
                        self.colour("stroke", *colour);
                        self.attribute("stroke-width", width);
                        self.0.push_str("/>\n");
                    }
                }
            }
            Shape::Words { text, at, words } => self.words(text, *at, *words),
            Shape::Picture { from, to, raster } => self.picture(*from, *to, raster)?,
        }
        Ok(())
    }

    fn attribute(&mut self, key: &str, value: impl Display) {
        let _ = write!(self.0, " {key}=\"{value}\"");
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
        self.0.push_str("/>\n");
    }

    fn points(&mut self, points: &[BackendCoord]) {
        self.0.push_str(" points=\"");
        for (i, (x, y)) in points.iter().enumerate() {
            let blank = if i == 0 { "" } else { " " };
            let _ = write!(self.0, "{blank}{x},{y}");
        }
        self.0.push('"');
    }

    fn line(&mut self, points: &[BackendCoord], stroke: &Stroke) {
        self.0.push_str("<polyline fill=\"none\"");
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
        self.0.push_str("/>\n");
    }

    fn words(&mut self, text: &str, (x, y): BackendCoord, words: Words) {
        self.0.push_str("<text");
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
        let _ = writeln!(self.0, ">{}</text>", xml(text).replace('\'', "&apos;"));
    }

    fn picture(
        &mut self,
        (x, y): BackendCoord,
        (right, bottom): BackendCoord,
        raster: &Raster,
    ) -> Result<(), RenderError> {
        // `image-rendering` as an attribute for readers of SVG 1.1, as a style for everybody else.
        // `xlink:href` is deprecated and the only form that every reader knows.
        let _ = write!(
            self.0,
            "<image x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" \
             xlink:href=\"data:image/png;base64,",
            right - x,
            bottom - y
        );
        STANDARD.encode_string(png(raster)?, &mut self.0);
        self.0.push_str("\"/>\n");
        Ok(())
    }
}

/// A picture as a file of its own.
fn png(raster: &Raster) -> Result<Vec<u8>, RenderError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, raster.width as u32, raster.height as u32);
    encoder.set_depth(png::BitDepth::Eight);
    if raster.palette.is_empty() {
        encoder.set_color(png::ColorType::Rgb);
    } else {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(&raster.palette);
        encoder.set_compression(png::Compression::Balanced);
        // Patterns repeat from line to line, colours do not repeat at all: filtering helps the first and
        // spoils the second.
        encoder.set_filter(png::Filter::NoFilter);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&raster.pixels)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::prelude::*;

    fn document(drawing: &Drawing) -> String {
        svg(drawing, &Said { name: "chart", title: "T", description: "D", lang: Lang::En }).unwrap()
    }

    /// A chart that plotters lays out itself, to show that the backend is one like any other.
    fn chart() -> Drawing {
        let backend = std::rc::Rc::new(std::cell::RefCell::new(Drawing::new(400, 300, 1.0)));
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
        backend.borrow().clone()
    }

    #[test]
    fn a_chart_of_plotters_can_be_drawn() {
        let drawn = document(&chart());
        let xml = roxmltree::Document::parse(&drawn).unwrap();
        let root = xml.root_element();
        assert_eq!((root.attribute("width"), root.attribute("height")), (Some("400"), Some("300")));
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
    fn a_picture_is_the_png_of_its_colours() {
        let mut drawing = Drawing::new(100, 100, 1.0);
        drawing.blit_bitmap((10, 20), (2, 1), &[255, 0, 0, 0, 255, 0]).unwrap();
        let drawn = document(&drawing);
        let line = drawn.lines().find(|l| l.starts_with("<image")).unwrap();
        assert!(line.starts_with("<image x=\"10\" y=\"20\" width=\"20\" height=\"10\""), "{line}");
        let data = line.split("base64,").nth(1).unwrap().split('"').next().unwrap();
        let png = STANDARD.decode(data).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; 6];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [255, 0, 0, 0, 255, 0]);
    }
}
