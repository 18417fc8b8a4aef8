//! The bundled font: how wide a text is, where it may be broken, and which characters it lacks.
//!
//! One family serves everything: it is registered with plotters, loaded into resvg's font database, and named first in the
//! SVG's stack. Its ascent and descent sum to 1.24 em, so all three agree on the size of a text.
//!
//! A reader's own font ([`use_font`]) helps out with the characters that the bundled one lacks, and only with those.

use std::sync::{Arc, OnceLock};

use ab_glyph::{Font, FontRef, FontVec};
use plotters::style::FontStyle;
use resvg::usvg::fontdb;

use crate::text::is_wide;

static REGULAR: &[u8] = include_bytes!("../../assets/font/GradfadeSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/font/GradfadeSans-Bold.ttf");

/// The `font-family` of every text in the SVG: the bundled font, then what a viewer without it is likely to have.
pub const STACK: &str = "Gradfade Sans, Noto Sans, Helvetica, Arial, sans-serif";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

fn face(weight: Weight) -> &'static FontRef<'static> {
    static FACES: OnceLock<[FontRef<'static>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        [REGULAR, BOLD].map(|bytes| FontRef::try_from_slice(bytes).expect("the bundled font is a valid TrueType file"))
    });
    &faces[weight as usize]
}

/// A font that helps out.
struct Extra {
    face: FontVec,
    units_per_em: f64,
    data: Arc<Vec<u8>>,
    family: String,
}

static EXTRA: OnceLock<Extra> = OnceLock::new();

/// Why a file is no font for figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    #[error("no TrueType or OpenType font; give a .ttf, .otf or .ttc file")]
    NoFont,
    #[error("another font was given before; one can help out")]
    Another,
}

/// Draws the characters that the bundled font lacks with this one (TrueType, OpenType, the first font of a collection), in every
/// figure from now on: lines are broken by one width everywhere, so a program has one such font.
///
/// # Errors
/// Bytes that are no font, or a second font.
pub fn use_font(data: Vec<u8>) -> Result<(), FontError> {
    let mut db = fontdb::Database::new();
    db.load_font_data(data.clone());
    let family = db.faces().next().and_then(|f| f.families.first()).map(|f| f.0.clone()).ok_or(FontError::NoFont)?;
    let face = FontVec::try_from_vec(data.clone()).map_err(|_| FontError::NoFont)?;
    let units_per_em = face.units_per_em().filter(|u| *u > 0.0).ok_or(FontError::NoFont)?.into();
    let extra = EXTRA.get_or_init(|| Extra { face, units_per_em, data: Arc::new(data.clone()), family });
    if *extra.data == data { Ok(()) } else { Err(FontError::Another) }
}

/// The `font-family` of an SVG: [`STACK`], and behind the bundled font the one that helps out.
pub(super) fn stack() -> String {
    let Some(extra) = EXTRA.get() else { return STACK.to_string() };
    let family: String = extra.family.chars().filter(|c| !"'\"<>&,;".contains(*c) && !c.is_control()).collect();
    match STACK.split_once(", ") {
        Some((first, rest)) => format!("{first}, '{family}', {rest}"),
        None => STACK.to_string(),
    }
}

/// Makes the font known to plotters under the whole stack, because plotters looks fonts up by that very string.
pub(super) fn register() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            // The only failure is a broken file, and `face` has a test that opens both.
            let _ = plotters::style::register_font(STACK, style, bytes);
        }
    });
}

/// resvg's fonts: the bundled family, the font that helps out, and nothing of the system's, so that a PNG does not depend on
/// the machine.
pub(super) fn database() -> Arc<fontdb::Database> {
    static BUNDLED: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    static BOTH: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let bundled = BUNDLED.get_or_init(|| {
        let mut db = fontdb::Database::new();
        db.load_font_source(fontdb::Source::Binary(Arc::new(REGULAR)));
        db.load_font_source(fontdb::Source::Binary(Arc::new(BOLD)));
        Arc::new(db)
    });
    let Some(extra) = EXTRA.get() else { return bundled.clone() };
    let both = BOTH.get_or_init(|| {
        let mut db = fontdb::Database::clone(bundled);
        db.load_font_source(fontdb::Source::Binary(extra.data.clone()));
        Arc::new(db)
    });
    both.clone()
}

/// Punctuation that stays with what it closes, with what it opens, and a separating dot or dash with what it follows.
const CLOSES: &str = "，。、；：！？）》」』】〉％”’,.;:!?)%";
const OPENS: &str = "（《「『【〈“‘(";
const SEPARATES: &str = "·–—|";
const NBSP: char = '\u{a0}';

/// The characters of `text` that no font here can draw, each once, in order of appearance.
pub fn missing_glyphs(text: &str) -> Vec<char> {
    let mut missing = Vec::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        let has = |weight| face(weight).glyph_id(c).0 != 0;
        let helped = || EXTRA.get().is_some_and(|extra| extra.face.glyph_id(c).0 != 0);
        let drawn = has(Weight::Regular) && has(Weight::Bold) || helped();
        if !drawn && !missing.contains(&c) {
            missing.push(c);
        }
    }
    missing
}

/// Width of a line in CSS pixels, without kerning (which only makes it a little narrower).
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let face = face(weight);
    let advance = |c: char| {
        let id = face.glyph_id(c);
        match EXTRA.get() {
            Some(extra) if id.0 == 0 && extra.face.glyph_id(c).0 != 0 => {
                f64::from(extra.face.h_advance_unscaled(extra.face.glyph_id(c))) / extra.units_per_em
            }
            _ => f64::from(face.h_advance_unscaled(id)) / 1000.0,
        }
    };
    text.chars().map(advance).sum::<f64>() * size
}

/// Text as one line: runs of blanks and line breaks become one space, as an SVG viewer would show them; characters that XML
/// does not allow become U+FFFD.
pub fn tidy(text: &str) -> String {
    let allowed = |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
    let words = text.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty());
    words.map(|w| w.chars().map(allowed).collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Breaks a text into lines no wider than `limit`, at blanks, between Chinese or Japanese characters, and inside a word
/// only where the word alone is wider than a line.
pub fn wrap(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(&tidy(text)) {
        let whole = format!("{line}{piece}");
        if width(whole.trim_end(), size, weight) <= limit {
            line = whole;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in piece.chars() {
            line.push(c);
            if line.chars().count() > 1 && width(line.trim_end(), size, weight) > limit {
                line.pop();
                lines.push(std::mem::replace(&mut line, c.to_string()));
            }
        }
    }
    if !line.trim_end().is_empty() {
        lines.push(line);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// As [`wrap`], but with lines of about equal length, so that no single word is left over on the last one.
pub fn wrap_evenly(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let greedy = wrap(text, size, weight, limit);
    if greedy.len() < 2 {
        return greedy;
    }
    // Not narrower than a word: it would be broken inside.
    let text_pieces = pieces(&tidy(text));
    let widest = text_pieces.iter().map(|p| width(p.trim_end(), size, weight)).fold(0.0, f64::max);
    let (mut low, mut high) = ((limit / greedy.len() as f64).max(widest).min(limit), limit);
    for _ in 0..12 {
        let middle = 0.5 * (low + high);
        if wrap(text, size, weight, middle).len() <= greedy.len() { high = middle } else { low = middle }
    }
    wrap(text, size, weight, high)
}

/// As [`wrap_evenly`], but broken between clauses (after `; ` and `. `, in Chinese `；` and `。`) where that takes no more lines: a finding is read in
/// one piece. Of the ways to do so, the one whose longest line is shortest.
pub fn wrap_clauses(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let even = wrap_evenly(text, size, weight, limit);
    if even.len() != 2 {
        return even;
    }
    let text = tidy(text);
    let longest = |(a, b): &(&str, &str)| width(a, size, weight).max(width(b, size, weight));
    let ends = ["; ", ". ", "；", "。"];
    let breaks =
        ends.iter().flat_map(|end| text.match_indices(end).map(|(i, end)| text.split_at(i + end.trim_end().len())));
    let best = breaks
        .map(|(a, b)| (a, b.trim_start()))
        .filter(|lines| !lines.1.is_empty() && longest(lines) <= limit)
        .min_by(|a, b| longest(a).total_cmp(&longest(b)));
    best.map_or(even, |(a, b)| vec![a.to_string(), b.to_string()])
}

/// The pieces between which a line may be broken, each with the blank that follows it.
fn pieces(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let chars: Vec<char> = text.chars().collect();
    let mut last_letter = false;
    for (i, &c) in chars.iter().enumerate() {
        if let Some(last) = out.last_mut() {
            last.push(c);
        }
        let Some(&next) = chars.get(i + 1) else { break };
        let before = i.checked_sub(1).and_then(|i| chars.get(i)).copied();
        // A number stays with the word before it: "layer 10", "step 500".
        let counts = next.is_ascii_digit() && last_letter;
        last_letter = c.is_alphabetic() || (c == ' ' && last_letter);
        let breaks = match c {
            // And with the Chinese word behind it, which is its unit: `8 层`.
            ' ' => !(counts || SEPARATES.contains(next) || is_wide(next) && before.is_some_and(|b| b.is_numeric())),
            _ => (is_wide(c) || is_wide(next)) && !OPENS.contains(c) && !CLOSES.contains(next) && next != ' ',
        };
        if breaks && c != NBSP && next != NBSP {
            out.push(String::new());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::IntoFont;

    #[test]
    fn a_title_is_broken_between_its_findings() {
        let wrapped = |text: &str, limit: f64| wrap_clauses(text, 17.0, Weight::Bold, limit);
        let text = "Net: layer 1's gradient is 25,000 times smaller than layer 8's; accuracy stays at 9.4";
        let whole = width(text, 17.0, Weight::Bold);
        assert_eq!(wrapped(text, whole + 1.0), [text]);
        let (a, b) = text.split_once("; ").unwrap();
        assert_eq!(wrapped(text, 0.9 * whole), [format!("{a};"), b.to_string()]);
        // The first finding alone is too long for a line: then evenly.
        assert_eq!(wrapped(text, 0.6 * whole), wrap_evenly(text, 17.0, Weight::Bold, 0.6 * whole));
    }

    #[test]
    fn the_font_draws_what_figures_say() {
        let said = "|∂L/∂W| ≤ 1.2×10⁻³ · −5 … “layer” – 10⁰¹²³⁴⁵⁶⁷⁸⁹ θ₁ → δ ≈ ‖g‖ ≥ √2 ± ∞ ← — ‰ 100% Müller Hôpital";
        assert_eq!(missing_glyphs(said), Vec::<char>::new());
        assert_eq!(missing_glyphs("a\u{9f98}b\u{9f98}"), vec!['\u{9f98}']);
    }

    #[test]
    fn widths_agree_with_plotters_and_with_resvg() {
        register();
        let text = "gradient norm 10⁻³ at layer 12 is lost";
        for (weight, style) in [(Weight::Regular, FontStyle::Normal), (Weight::Bold, FontStyle::Bold)] {
            let ours = width(text, 100.0, weight);
            let font = (STACK, 124.0, style).into_font();
            let ((x0, _), (x1, _)) = font.layout_box(text).unwrap();
            assert!((ours - f64::from(x1 - x0)).abs() < 2.0, "plotters: {ours} against {}", x1 - x0);

            let bold = if weight == Weight::Bold { "bold" } else { "normal" };
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='3000' height='200'><text x='10' y='100' font-size='100' \
                 font-family='{STACK}' font-weight='{bold}'>{text}</text></svg>"
            );
            let options = resvg::usvg::Options { fontdb: database(), ..Default::default() };
            let tree = resvg::usvg::Tree::from_str(&svg, &options).unwrap();
            let drawn = f64::from(tree.root().abs_bounding_box().width());
            // The box is that of the ink, so side bearings and kerning are missing from it.
            assert!(drawn < ours && drawn > 0.97 * ours, "resvg: {ours} against {drawn}");
        }
    }

    #[test]
    fn lines_stay_inside_the_limit_and_lose_nothing() {
        let text = "Under sigmoid the gradient of layer 1 is 3.1×10⁴ times smaller than that of layer 9; \
                    Donaudampfschifffahrtsgesellschaftskapitän";
        for limit in [60.0, 100.0, 250.0, 4000.0] {
            for lines in [wrap(text, 14.0, Weight::Bold, limit), wrap_evenly(text, 14.0, Weight::Bold, limit)] {
                assert!(lines.iter().all(|l| width(l, 14.0, Weight::Bold) <= limit), "{limit}: {lines:?}");
                let strip = |s: &str| s.replace(' ', "");
                assert_eq!(strip(&lines.concat()), strip(text));
            }
        }
        let numbered = wrap("of layer 10", 10.0, Weight::Regular, width("of layer 1", 10.0, Weight::Regular));
        assert_eq!(numbered, ["of", "layer 10"]);
        let dotted = wrap("one · two", 10.0, Weight::Regular, width("one · tw", 10.0, Weight::Regular));
        assert_eq!(dotted, ["one ·", "two"]);
        assert!(wrap("  ", 14.0, Weight::Bold, 100.0).is_empty());
        let chinese = wrap("梯度消失，网络学不动。", 10.0, Weight::Regular, 40.0);
        assert!(chinese.len() > 1 && chinese.iter().all(|l| !l.starts_with('，')), "{chinese:?}");
    }

    #[test]
    fn chinese_is_broken_between_characters_but_not_beside_punctuation_or_inside_a_number() {
        let text = "Sigmoid，8 个隐藏层：第 1 层的梯度是第 8 层的 1/16,000（批平均）；训练准确率停在 11\u{a0}%。";
        for limit in (70..400).step_by(7) {
            for lines in [
                wrap(text, 10.0, Weight::Regular, limit.into()),
                wrap_evenly(text, 10.0, Weight::Regular, limit.into()),
            ] {
                for line in &lines {
                    assert!(width(line, 10.0, Weight::Regular) <= limit.into(), "{limit}: {lines:?}");
                    assert!(!line.starts_with(|c: char| CLOSES.contains(c)), "{limit}: {lines:?}");
                    assert!(!line.ends_with(|c: char| OPENS.contains(c)), "{limit}: {lines:?}");
                }
                for kept in ["第 1 层", "第 8 层", "8 个", "1/16,000", "11\u{a0}%"] {
                    assert!(lines.iter().any(|l| l.contains(kept)), "{limit}: {kept} in {lines:?}");
                }
            }
        }
        let two = wrap_clauses(text, 10.0, Weight::Regular, 0.8 * width(text, 10.0, Weight::Regular));
        assert!(two.len() == 2 && two[0].ends_with('；'), "{two:?}");
    }

    /// Words are added in many places; whatever stands in the sources of this program can be drawn, in both weights.
    #[test]
    fn the_font_holds_every_chinese_character_of_the_sources_and_of_the_reserve() {
        fn walk(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, out) } else { out.push(path) }
            }
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = vec![root.join("scripts/font_reserve.txt")];
        walk(&root.join("src"), &mut files);
        let mut seen = 0;
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let words: String =
                text.lines().filter(|l| !l.starts_with('#')).flat_map(str::chars).filter(|&c| is_wide(c)).collect();
            seen += words.chars().count();
            let missing = missing_glyphs(&words);
            assert!(missing.is_empty(), "{}: rebuild the font (scripts/build_font.py) for {missing:?}", file.display());
        }
        assert!(seen > 1000, "only {seen} Chinese characters were found");
    }

    #[test]
    fn text_is_made_fit_for_xml() {
        assert_eq!(tidy(" a\n  b\u{1}c "), "a b\u{fffd}c");
    }
}
