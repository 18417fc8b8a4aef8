//! The glyphs of a line of text: which ones, where they stand, and their outlines, for whoever writes pixels or
//! PDF.
//!
//! A character is a glyph. Pairs are kerned; scripts whose letters join or change places (Arabic, Devanagari)
//! need more than that and are not set here.

use std::sync::OnceLock;

use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::{Face, GlyphId, OutlineBuilder, RawFace, Tag};

use super::{BUNDLED, EXTRA, Weight, face, glyph};

/// Which file a glyph is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Regular,
    Bold,
    /// The font that supplies what the bundled one lacks.
    Extra,
}

/// A glyph on a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    pub source: Source,
    pub id: u16,
    pub character: char,
    /// Where it stands, from the beginning of the line; em.
    pub x: f64,
    /// How far it moves the next one where the two are not kerned; em.
    pub advance: f64,
}

/// One step of the outline of a glyph; em, y grows upward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Move(f64, f64),
    Line(f64, f64),
    Quadratic([f64; 4]),
    Cubic([f64; 6]),
    Close,
}

impl Source {
    fn face(self) -> &'static Face<'static> {
        match self {
            Source::Regular => face(Weight::Regular),
            Source::Bold => face(Weight::Bold),
            // Only `set` names it, which has seen it.
            Source::Extra => EXTRA.get().map_or(face(Weight::Regular), |extra| &extra.face),
        }
    }

    /// The file, of which the first font is meant.
    pub fn data(self) -> &'static [u8] {
        match self {
            Source::Regular => BUNDLED[0],
            Source::Bold => BUNDLED[1],
            Source::Extra => EXTRA.get().map_or(BUNDLED[0], |extra| extra.data),
        }
    }

    /// What a document says of the font.
    pub fn metrics(self) -> Metrics {
        let face = self.face();
        let em = 1000.0 / f64::from(face.units_per_em());
        let bounds = face.global_bounding_box();
        let scaled = |x: i16| em * f64::from(x);
        Metrics {
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(scaled),
            ascent: scaled(face.ascender()),
            descent: scaled(face.descender()),
            capital: scaled(face.capital_height().unwrap_or_else(|| face.ascender())),
            postscript: face.tables().glyf.is_none(),
        }
    }

    /// The outline of a glyph; empty for a blank.
    pub fn outline(self, id: u16) -> Vec<Step> {
        let face = self.face();
        let mut pen = Pen { steps: Vec::new(), em: 1.0 / f64::from(face.units_per_em()) };
        face.outline_glyph(GlyphId(id), &mut pen);
        pen.steps
    }
}

/// Lengths in thousandths of an em.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    pub bounds: [f64; 4],
    pub ascent: f64,
    pub descent: f64,
    /// Height of a capital letter.
    pub capital: f64,
    /// Outlines as in PostScript (CFF) and not as in TrueType.
    pub postscript: bool,
}

struct Pen {
    steps: Vec<Step>,
    em: f64,
}

impl Pen {
    fn em<const N: usize>(&self, lengths: [f32; N]) -> [f64; N] {
        lengths.map(|x| self.em * f64::from(x))
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let [x, y] = self.em([x, y]);
        self.steps.push(Step::Move(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let [x, y] = self.em([x, y]);
        self.steps.push(Step::Line(x, y));
    }

    fn quad_to(&mut self, a: f32, b: f32, x: f32, y: f32) {
        let points = self.em([a, b, x, y]);
        self.steps.push(Step::Quadratic(points));
    }

    fn curve_to(&mut self, a: f32, b: f32, c: f32, d: f32, x: f32, y: f32) {
        let points = self.em([a, b, c, d, x, y]);
        self.steps.push(Step::Cubic(points));
    }

    fn close(&mut self) {
        self.steps.push(Step::Close);
    }
}

/// The glyph of a character: of the bundled font, of the font that supplies what it lacks, or the box for
/// missing characters, which is the first glyph.
pub(super) fn find(c: char, weight: Weight) -> (Source, GlyphId) {
    let own = match weight {
        Weight::Regular => Source::Regular,
        Weight::Bold => Source::Bold,
    };
    let supplied = || EXTRA.get().and_then(|extra| Some((Source::Extra, glyph(&extra.face, c)?)));
    let found = glyph(own.face(), c).map(|id| (own, id));
    found.or_else(supplied).unwrap_or((own, GlyphId(0)))
}

/// How far a glyph moves the next one; em.
fn advance((source, id): (Source, GlyphId)) -> f64 {
    let face = source.face();
    f64::from(face.glyph_hor_advance(id).unwrap_or(0)) / f64::from(face.units_per_em())
}

/// How wide a character is; em. Those of ASCII, of which most texts are, are looked up once.
pub(super) fn width(c: char, weight: Weight) -> f64 {
    static ASCII: OnceLock<[[f64; 128]; 2]> = OnceLock::new();
    let known = ASCII.get_or_init(|| {
        [Weight::Regular, Weight::Bold]
            .map(|weight| std::array::from_fn(|i| advance(find(char::from(i as u8), weight))))
    });
    // A control character has no glyph in the bundled font, and the font that supplies it may come later.
    match known[weight as usize].get(c as usize) {
        Some(width) if !c.is_control() => *width,
        _ => advance(find(c, weight)),
    }
}

/// The glyphs of a line, and how long it is; em.
pub fn set(text: &str, weight: Weight) -> (Vec<Glyph>, f64) {
    let mut glyphs = Vec::new();
    let mut before = None;
    let mut x = 0.0;
    for character in text.chars() {
        let found = find(character, weight);
        let (source, id) = found;
        if let Some((last, previous)) = before
            && last == source
        {
            x += kerning(source.face(), previous, id);
        }
        let advance = advance(found);
        glyphs.push(Glyph { source, id: id.0, character, x, advance });
        x += advance;
        before = Some(found);
    }
    (glyphs, x)
}

/// How much nearer (negative) or farther two neighbours stand; em.
fn kerning(face: &Face, left: GlyphId, right: GlyphId) -> f64 {
    let Some(table) = face.tables().gpos else { return 0.0 };
    let Some(feature) = table.features.find(Tag::from_bytes(b"kern")) else { return 0.0 };
    let mut sum = 0;
    for lookup in feature.lookup_indices.into_iter().filter_map(|index| table.lookups.get(index)) {
        // The first subtable that knows the pair decides.
        sum += lookup
            .subtables
            .into_iter::<PositioningSubtable>()
            .find_map(|subtable| match subtable {
                PositioningSubtable::Pair(pairs) => moved(&pairs, left, right),
                _ => None,
            })
            .map_or(0, i32::from);
    }
    f64::from(sum) / f64::from(face.units_per_em())
}

fn moved(pairs: &PairAdjustment, left: GlyphId, right: GlyphId) -> Option<i16> {
    let index = pairs.coverage().get(left)?;
    let (first, _) = match pairs {
        PairAdjustment::Format1 { sets, .. } => sets.get(index)?.get(right)?,
        PairAdjustment::Format2 { classes, matrix, .. } => {
            matrix.get((classes.0.get(left), classes.1.get(right)))?
        }
    };
    Some(first.x_advance)
}

/// Scripts whose letters join, change places or run from right to left: Hebrew, Arabic and their relatives, those of
/// India, Tibet, Burma and Cambodia, Mongolian.
const SHAPED: [(char, char); 9] = [
    ('\u{590}', '\u{dff}'),
    ('\u{f00}', '\u{109f}'),
    ('\u{1780}', '\u{18af}'),
    ('\u{1900}', '\u{1cff}'),
    ('\u{fb1d}', '\u{fdff}'),
    ('\u{fe70}', '\u{fefc}'),
    ('\u{10800}', '\u{10fff}'),
    ('\u{11000}', '\u{11fff}'),
    ('\u{1e800}', '\u{1efff}'),
];

/// The characters of `text` of which [`set`] puts one beside the other although their script does not, each once.
pub fn unshaped_letters(text: &str) -> Vec<char> {
    let mut found = Vec::new();
    for c in text.chars() {
        if SHAPED.iter().any(|(from, to)| (*from..=*to).contains(&c)) && !found.contains(&c) {
            found.push(c);
        }
    }
    found
}

/// The table with the outlines of a font whose outlines are PostScript's.
pub fn compact_outlines(font: &[u8]) -> Option<&[u8]> {
    RawFace::parse(font, 0).ok()?.table(Tag::from_bytes(b"CFF "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::width;

    #[test]
    fn kerning_brings_some_pairs_together_and_moves_no_others() {
        for weight in [Weight::Regular, Weight::Bold] {
            // The pairs that every book on type names, and figures of a table, which must not move.
            for pair in ["AV", "To", "Ty"] {
                let (glyphs, length) = set(pair, weight);
                assert!(length < 0.99 * width(pair, 1.0, weight), "{pair}: {length}");
                assert!((glyphs[1].x + glyphs[1].advance - length).abs() < 1e-12);
            }
            for pair in ["HH", "10", "层的"] {
                assert_eq!(set(pair, weight).1, width(pair, 1.0, weight), "{pair}");
            }
        }
    }

    #[test]
    fn scripts_that_are_not_set_here_are_named() {
        assert_eq!(unshaped_letters("run مر א 层 é ß π я क"), ['م', 'ر', 'א', 'क']);
    }

    #[test]
    fn outlines_stand_on_the_baseline_and_blanks_have_none() {
        let heights = |c: char| -> (f64, f64) {
            let (source, id) = find(c, Weight::Regular);
            let steps = source.outline(id.0);
            let points = steps.iter().filter_map(|step| match *step {
                Step::Move(_, y) | Step::Line(_, y) => Some(y),
                Step::Quadratic([.., y]) | Step::Cubic([.., y]) => Some(y),
                Step::Close => None,
            });
            points.fold((0.0, 0.0), |(low, high), y| (f64::min(low, y), f64::max(high, y)))
        };
        let (low, high) = heights('H');
        assert!(low == 0.0 && (high - 0.714).abs() < 1e-9, "{high}");
        assert!(heights('p').0 < -0.2 && heights('层').1 > heights('H').1);
        assert_eq!(Source::Regular.outline(find(' ', Weight::Regular).1.0), []);
        // What no font has is a box.
        let (source, id) = find('\u{9f98}', Weight::Bold);
        assert_eq!((source, id.0), (Source::Bold, 0));
        assert!(!source.outline(0).is_empty());
    }
}
