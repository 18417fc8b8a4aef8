//! How the lines of a panel are told apart without colour: each group of lines has a shape of its own, in
//! which its points are marked, and an ordered quantity (depth, rate) a step on a ramp of lightness.
//!
//! What a line is drawn with says what it is *of*: solid for the training set, dashed for the test set,
//! dotted for samples kept out of training. So groups never differ by their dashes.

use crate::figure::chart::{Lines, Series, Stroke};

use super::RenderError;
use super::canvas::{Canvas, Pen, Point};
use super::colour::Rgb;
use super::theme::Palette;

/// A shape of points. Eight groups differ; then they repeat with other colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Disc,
    Square,
    Triangle,
    Ring,
    Diamond,
    Cross,
    Fallen,
    Plus,
}

const SHAPES: [Shape; 8] = [
    Shape::Disc,
    Shape::Square,
    Shape::Triangle,
    Shape::Ring,
    Shape::Diamond,
    Shape::Cross,
    Shape::Fallen,
    Shape::Plus,
];

/// Radius of a disc, CSS pixels; the other shapes are as large to the eye.
pub const RADIUS: f64 = 3.0;

impl Shape {
    pub fn of(group: usize) -> Shape {
        SHAPES[group % SHAPES.len()]
    }

    pub fn draw(self, c: &mut Canvas, at: Point, colour: Rgb, palette: &Palette) -> Result<(), RenderError> {
        let (x, y) = at;
        let corners = |list: &[(f64, f64)]| -> Vec<Point> {
            list.iter().map(|(dx, dy)| (x + RADIUS * dx, y + RADIUS * dy)).collect()
        };
        let pen = Pen::solid(colour, 1.8);
        match self {
            Shape::Disc => c.dot(at, RADIUS, colour),
            Shape::Ring => {
                c.dot(at, RADIUS + 1.0, colour)?;
                c.dot(at, RADIUS - 0.6, palette.background)
            }
            Shape::Square => c.polygon(
                &corners(&[(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)]),
                colour,
                1.0,
            ),
            Shape::Triangle => c.polygon(&corners(&[(0.0, -1.35), (1.25, 0.9), (-1.25, 0.9)]), colour, 1.0),
            Shape::Fallen => c.polygon(&corners(&[(0.0, 1.35), (1.25, -0.9), (-1.25, -0.9)]), colour, 1.0),
            Shape::Diamond => {
                c.polygon(&corners(&[(0.0, -1.5), (1.35, 0.0), (0.0, 1.5), (-1.35, 0.0)]), colour, 1.0)
            }
            Shape::Cross => {
                let p = corners(&[(-1.15, -1.15), (1.15, 1.15), (-1.15, 1.15), (1.15, -1.15)]);
                c.line(p[0], p[1], pen)?;
                c.line(p[2], p[3], pen)
            }
            Shape::Plus => {
                let p = corners(&[(-1.45, 0.0), (1.45, 0.0), (0.0, -1.45), (0.0, 1.45)]);
                c.line(p[0], p[1], pen)?;
                c.line(p[2], p[3], pen)
            }
        }
    }
}

/// Do the lines of this panel need shapes? Two that are drawn alike but for their colour.
pub fn coded(lines: &Lines) -> bool {
    let seen: Vec<(Stroke, usize)> =
        lines.series.iter().filter(|s| s.style != Stroke::Faint).map(|s| (s.style, s.colour)).collect();
    seen.iter().any(|(style, colour)| seen.iter().any(|other| other.0 == *style && other.1 != *colour))
}

/// The colour of a line.
pub fn colour(series: &Series, palette: &Palette) -> Rgb {
    match series.ramp {
        Some(place) => palette.ramp_at(place),
        None => palette.series[series.colour % palette.series.len()],
    }
}

/// Where a long line bears its shape: at about as many places as this.
const PLACES: f64 = 7.0;

/// The points of a line that bear its shape: all that are marked, else a few, at different places for each
/// group, so that shapes of neighbouring lines do not lie on each other.
pub fn places(points: &[Point], all: bool, group: usize, width: f64) -> Vec<Point> {
    if all || points.len() <= 2 {
        return points.to_vec();
    }
    let pitch = width / PLACES;
    let mut next = points[0].0 + pitch * (0.15 + 0.11 * (group % SHAPES.len()) as f64);
    let mut out = Vec::new();
    for p in points {
        if p.0 >= next {
            out.push(*p);
            next = p.0 + pitch;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Theme;

    /// Lightness, CIE L*, of a colour on a grey printer.
    fn lightness(colour: Rgb) -> f64 {
        let y = colour.luminance();
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    }

    #[test]
    fn eight_groups_have_eight_shapes() {
        let all: Vec<Shape> = (0..8).map(Shape::of).collect();
        assert!((0..8).all(|i| (0..i).all(|j| all[i] != all[j])));
    }

    #[test]
    fn a_ramp_is_ordered_by_lightness_and_seen_on_its_ground() {
        for theme in Theme::ALL {
            let p = theme.palette();
            let all: Vec<Rgb> = (0..8).map(|i| p.ramp_at(f64::from(i) / 7.0)).collect();
            let ground = lightness(p.background);
            let away: Vec<f64> = all.iter().map(|c| (lightness(*c) - ground).abs()).collect();
            assert!(away.windows(2).all(|w| w[1] - w[0] > 4.0), "{theme}: {away:?}");
            assert!(all.iter().all(|c| c.contrast(p.background) >= 3.0), "{theme}: {all:?}");
        }
    }

    #[test]
    fn a_long_line_bears_a_few_shapes_and_two_lines_bear_them_at_different_places() {
        let line: Vec<Point> = (0..1000).map(|i| (f64::from(i), 0.0)).collect();
        let (a, b) = (places(&line, false, 0, 1000.0), places(&line, false, 1, 1000.0));
        assert!((5..=8).contains(&a.len()) && a.iter().all(|p| !b.contains(p)));
        assert_eq!(places(&line[..5], true, 3, 1000.0), line[..5]);
    }
}
