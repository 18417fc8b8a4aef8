//! The operators that draw the shapes of a page.

use std::collections::BTreeSet;
use std::sync::Arc;

use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Finish, Name, Str};
use plotters_backend::{BackendColor, BackendCoord};

use super::POINTS;
use super::fonts::Used;
use crate::font::{self, Glyph};
use crate::render::bitmap::before;
use crate::render::drawing::{Drawing, Raster, Shape, Stroke, Words};

/// The number of the one piece of marked content.
pub const MARKED: i32 = 0;

/// Control points of the cubic curve that is closest to a quarter of a circle.
const QUARTER: f32 = 0.552_284_8;

/// Less of a difference between two places than this many thousandths of an em is rounding.
const ROUNDING: f64 = 0.01;

pub struct Content {
    pub operators: pdf_writer::Content,
    pub fonts: Vec<Used>,
    pub images: Vec<Arc<Raster>>,
    /// Of 255, those that are used.
    pub opacities: BTreeSet<u8>,
}

impl Content {
    /// The page, with the steps of the drawing as its unit and y downward.
    pub fn of(drawing: &Drawing) -> Content {
        let operators = pdf_writer::Content::new();
        let mut content =
            Content { operators, fonts: Vec::new(), images: Vec::new(), opacities: BTreeSet::new() };
        content.operators.begin_marked_content_with_properties(Name(b"Figure")).properties().identify(MARKED);
        let step = (drawing.step() * POINTS) as f32;
        let height = (drawing.size()[1] * POINTS) as f32;
        content.operators.save_state().transform([step, 0.0, 0.0, -step, 0.0, height]);
        for shape in &drawing.shapes {
            content.shape(shape);
        }
        content.operators.restore_state().end_marked_content();
        content
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rectangle { from, to, colour } => self.seen(*colour, |c| {
                c.fill(*colour);
                let ((x, y), (right, bottom)) = (point(*from), point(*to));
                c.operators.rect(x, y, right - x, bottom - y).fill_nonzero();
            }),
            Shape::Line { points, stroke } => self.seen(stroke.colour, |c| {
                c.pen(stroke);
                c.path(points);
                c.operators.stroke();
            }),
            Shape::Polygon { corners, colour } => self.seen(*colour, |c| {
                c.fill(*colour);
                c.path(corners);
                c.operators.close_path().fill_nonzero();
            }),
            Shape::Circle { centre, radius, colour, ring } => self.seen(*colour, |c| match ring {
                None => {
                    c.fill(*colour);
                    c.circle(*centre, *radius);
                    c.operators.fill_nonzero();
                }
                Some(width) => {
                    c.pen(&Stroke::solid(*colour, *width));
                    c.circle(*centre, *radius);
                    c.operators.close_and_stroke();
                }
            }),
            Shape::Words { text, at, words } => self.seen(words.colour, |c| c.words(text, *at, *words)),
            Shape::Picture { from, to, raster } => {
                let name = format!("I{}", self.images.len());
                self.images.push(raster.clone());
                let ((x, y), (right, bottom)) = (point(*from), point(*to));
                // Images stand upright where y grows upward.
                self.operators.save_state().transform([right - x, 0.0, 0.0, y - bottom, x, bottom]);
                self.operators.x_object(Name(name.as_bytes())).restore_state();
            }
        }
    }

    /// Draws with the opacity of a colour.
    fn seen(&mut self, colour: BackendColor, draw: impl FnOnce(&mut Content)) {
        let opacity = (255.0 * colour.alpha.clamp(0.0, 1.0)).round() as u8;
        if opacity == u8::MAX {
            return draw(self);
        }
        self.opacities.insert(opacity);
        self.operators.save_state().set_parameters(Name(format!("O{opacity}").as_bytes()));
        draw(self);
        self.operators.restore_state();
    }

    fn fill(&mut self, colour: BackendColor) {
        let [r, g, b] = shares(colour);
        self.operators.set_fill_rgb(r, g, b);
    }

    fn pen(&mut self, stroke: &Stroke) {
        let [r, g, b] = shares(stroke.colour);
        let cap = if stroke.round_caps { LineCapStyle::RoundCap } else { LineCapStyle::ButtCap };
        let join = if stroke.round_joins { LineJoinStyle::RoundJoin } else { LineJoinStyle::MiterJoin };
        self.operators.set_stroke_rgb(r, g, b).set_line_width(stroke.width as f32);
        // The limit of SVG; that of PDF is 10.
        self.operators.set_line_cap(cap).set_line_join(join).set_miter_limit(4.0);
        self.operators.set_dash_pattern(stroke.dash.iter().map(|length| *length as f32), 0.0);
    }

    fn path(&mut self, points: &[BackendCoord]) {
        for (i, at) in points.iter().enumerate() {
            let (x, y) = point(*at);
            if i == 0 {
                self.operators.move_to(x, y)
            } else {
                self.operators.line_to(x, y)
            };
        }
    }

    fn circle(&mut self, centre: BackendCoord, radius: u32) {
        let ((x, y), r) = (point(centre), radius as f32);
        let q = QUARTER * r;
        self.operators.move_to(x + r, y);
        self.operators.cubic_to(x + r, y + q, x + q, y + r, x, y + r);
        self.operators.cubic_to(x - q, y + r, x - r, y + q, x - r, y);
        self.operators.cubic_to(x - r, y - q, x - q, y - r, x, y - r);
        self.operators.cubic_to(x + q, y - r, x + r, y - q, x + r, y);
        self.operators.close_path();
    }

    fn words(&mut self, text: &str, (x, y): BackendCoord, words: Words) {
        let (glyphs, length) = font::set(text, words.weight);
        let size = f64::from(words.size);
        self.fill(words.colour);
        self.operators.begin_text();
        let turn = f64::from(words.turn).to_radians();
        // Exact for the quarters of a turn, which are the only ones.
        let (sin, cos) = (turn.sin().round(), turn.cos().round());
        // Neighbours in one font are one run.
        for run in glyphs.chunk_by(|a, b| a.source == b.source) {
            let along = size * (run[0].x - length * before(words.anchor));
            let place = [f64::from(x) + along * cos, f64::from(y) + along * sin];
            let matrix = [cos, sin, sin, -cos, place[0], place[1]];
            self.operators.set_text_matrix(matrix.map(|x| x as f32));
            self.run(run, size as f32);
        }
        self.operators.end_text();
    }

    /// Glyphs of one font, from where the text stands.
    fn run(&mut self, run: &[Glyph], size: f32) {
        let at = self.fonts.iter().position(|used| used.source == run[0].source);
        let at = at.unwrap_or_else(|| {
            self.fonts.push(Used::new(run[0].source));
            self.fonts.len() - 1
        });
        let used = &mut self.fonts[at];
        self.operators.set_font(Name(used.name().as_bytes()), size);
        let mut shown = self.operators.show_positioned();
        let mut items = shown.items();
        let mut bytes = Vec::new();
        for (i, glyph) in run.iter().enumerate() {
            bytes.extend(used.number(glyph).to_be_bytes());
            let Some(next) = run.get(i + 1) else { break };
            let back = 1000.0 * (glyph.x + glyph.advance - next.x);
            if back.abs() > ROUNDING {
                items.show(Str(&bytes)).adjust(back as f32);
                bytes.clear();
            }
        }
        items.show(Str(&bytes));
        items.finish();
        shown.finish();
    }
}

fn point((x, y): BackendCoord) -> (f32, f32) {
    (x as f32, y as f32)
}

fn shares(colour: BackendColor) -> [f32; 3] {
    let (r, g, b) = colour.rgb;
    [r, g, b].map(|part| f32::from(part) / 255.0)
}
