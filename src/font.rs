//! The one font of every figure: how wide a text is, where it may be broken, and which characters are
//! missing.
//!
//! Widths of texts are measured here, so that a figure's title is shortened, a box is made higher and a
//! text is drawn by one and the same measure. The module draws nothing: `render` asks it for the glyphs of a line
//! and their outlines, and names the font first in the SVG.
//!
//! A reader's own font ([`use_font`]) supplies the characters that the bundled one lacks, and only those.

mod glyphs;

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, name_id};

use crate::text::is_wide;

pub use glyphs::{Glyph, Metrics, Source, Step, compact_outlines, set, unshaped_letters};

/// The files of the bundled font: regular and bold, 1000 units per em, ascent and descent 1.24 em together.
pub static BUNDLED: [&[u8]; 2] = [
    include_bytes!("../assets/font/GradfadeSans-Regular.ttf"),
    include_bytes!("../assets/font/GradfadeSans-Bold.ttf"),
];

/// The `font-family` of every text: the bundled font, then what a viewer without it is likely to have.
pub const STACK: &str = "Gradfade Sans, Noto Sans, Helvetica, Arial, sans-serif";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

fn face(weight: Weight) -> &'static Face<'static> {
    static FACES: OnceLock<[Face<'static>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        BUNDLED.map(|bytes| Face::parse(bytes, 0).expect("the bundled font is a valid TrueType file"))
    });
    &faces[weight as usize]
}

/// A font that supplies what the bundled one lacks.
pub struct Extra {
    face: Face<'static>,
    pub data: &'static [u8],
    pub family: String,
}

static EXTRA: OnceLock<Extra> = OnceLock::new();

/// The font that [`use_font`] was given.
pub fn extra() -> Option<&'static Extra> {
    EXTRA.get()
}

/// Why a file is no font for figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FontError {
    #[error("no TrueType or OpenType font, or a damaged one; give a .ttf, .otf or .ttc file")]
    NoFont,
    #[error("another font is already in use; give only one")]
    Another,
}

/// Draws the characters that the bundled font lacks with this one (TrueType, OpenType, the first font of a
/// collection), in every figure from now on: lines are broken by one width everywhere, so a program has one
/// such font.
///
/// # Errors
/// Bytes that are no font, or a second font.
pub fn use_font(data: Vec<u8>) -> Result<(), FontError> {
    if !counts_its_fonts(&data) {
        return Err(FontError::NoFont);
    }
    // Only the first font of a collection is parsed, so its count of fonts reserves no memory.
    let face = Face::parse(&data, 0).map_err(|_| FontError::NoFont)?;
    let family = family(&face).unwrap_or_else(|| "Unnamed".to_string());
    if let Some(extra) = EXTRA.get() {
        return if extra.data == data { Ok(()) } else { Err(FontError::Another) };
    }
    // It serves until the program ends.
    let data: &'static [u8] = data.leak();
    let face = Face::parse(data, 0).map_err(|_| FontError::NoFont)?;
    let extra = EXTRA.get_or_init(|| Extra { face, data, family });
    if extra.data == data { Ok(()) } else { Err(FontError::Another) }
}

/// A collection (`ttcf`) has a list of as many offsets as it says, four bytes each, behind its header of
/// twelve.
fn counts_its_fonts(data: &[u8]) -> bool {
    if !data.starts_with(b"ttcf") {
        return true;
    }
    let count = data.get(8..12).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    count.is_some_and(|n| n as usize <= (data.len() - 12) / 4)
}

/// The name of a font's family, the English one if there is one.
fn family(face: &Face) -> Option<String> {
    let english = |language| language == ttf_parser::Language::English_UnitedStates;
    [name_id::TYPOGRAPHIC_FAMILY, name_id::FAMILY].into_iter().find_map(|id| {
        let named = face.names().into_iter().filter(|name| name.name_id == id);
        let all: Vec<_> =
            named.filter_map(|name| Some((english(name.language()), name.to_string()?))).collect();
        all.iter()
            .find(|name| name.0)
            .or(all.first())
            .map(|name| name.1.clone())
            .filter(|name| !name.is_empty())
    })
}

fn glyph(face: &Face, c: char) -> Option<GlyphId> {
    face.glyph_index(c).filter(|id| id.0 != 0)
}

/// Punctuation that stays with what it closes, with what it opens, and a separating dot or dash with what
/// it follows.
const CLOSES: &str = "，。、；：！？）》」』】〉％”’,.;:!?)%";
const OPENS: &str = "（《「『【〈“‘(";
const SEPARATES: &str = "·–—|";
const NBSP: char = '\u{a0}';

/// The characters of `text` that no font here can draw, each once, in order of appearance.
pub fn missing_glyphs(text: &str) -> Vec<char> {
    let mut missing = Vec::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        let has = |weight| glyph(face(weight), c).is_some();
        let supplied = || EXTRA.get().is_some_and(|extra| glyph(&extra.face, c).is_some());
        let drawn = has(Weight::Regular) && has(Weight::Bold) || supplied();
        if !drawn && !missing.contains(&c) {
            missing.push(c);
        }
    }
    missing
}

/// Width of a line in CSS pixels, without kerning (which only makes it a little narrower).
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|c| glyphs::width(c, weight)).sum::<f64>() * size
}

/// The lines of a title of this size, each as long as `limit` at most.
pub fn title_lines(title: &str, size: f64, limit: f64) -> Vec<String> {
    wrap_clauses(title, size, Weight::Bold, limit)
}

/// The text, or as much of its beginning as fits with an ellipsis.
pub fn elide(text: &str, size: f64, weight: Weight, limit: f64) -> String {
    let text = tidy(text);
    if width(&text, size, weight) <= limit {
        return text;
    }
    let mut kept = text;
    while kept.pop().is_some() {
        let short = format!("{}…", kept.trim_end());
        if width(&short, size, weight) <= limit {
            return short;
        }
    }
    "…".into()
}

/// Text as one line: runs of blanks and line breaks become one space, as an SVG viewer would show them;
/// characters that XML does not allow become U+FFFD.
pub fn tidy(text: &str) -> String {
    let allowed =
        |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
    let words = text.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty());
    words.map(|w| w.chars().map(allowed).collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Breaks a text into lines no wider than `limit`, at blanks, between Chinese or Japanese characters, and
/// inside a word only where the word alone is wider than a line.
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

/// As [`wrap_evenly`], but broken between clauses (after `; ` and `. `, in Chinese `；` and `。`) where that
/// takes no more lines: a finding is read in one piece. Of the ways to do so, the one whose longest line is
/// shortest.
pub fn wrap_clauses(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let even = wrap_evenly(text, size, weight, limit);
    if even.len() != 2 {
        return even;
    }
    let text = tidy(text);
    let longest = |(a, b): &(&str, &str)| width(a, size, weight).max(width(b, size, weight));
    let ends = ["; ", ". ", "；", "。"];
    let breaks = ends
        .iter()
        .flat_map(|end| text.match_indices(end).map(|(i, end)| text.split_at(i + end.trim_end().len())));
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
            ' ' => {
                !(counts
                    || SEPARATES.contains(next)
                    || is_wide(next) && before.is_some_and(|b| b.is_numeric()))
            }
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

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_and_fits() {
        let text = "conv:4x3s2,conv:4x3,conv:8x3s2,conv:8x3,gap";
        let whole = width(text, 13.0, Weight::Bold);
        assert_eq!(elide(text, 13.0, Weight::Bold, whole), text);
        for limit in [0.9 * whole, 0.5 * whole, 30.0] {
            let short = elide(text, 13.0, Weight::Bold, limit);
            let kept = short.strip_suffix('…').unwrap();
            assert!(text.starts_with(kept) && width(&short, 13.0, Weight::Bold) <= limit, "{short}");
            // One character more would not fit.
            let more = format!("{}…", &text[..kept.len() + 1]);
            assert!(width(&more, 13.0, Weight::Bold) > limit, "{more}");
        }
        assert_eq!(elide(text, 13.0, Weight::Bold, 1.0), "…");
    }

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
    fn a_damaged_font_is_refused_and_its_count_of_fonts_reserves_nothing() {
        // A collection of 4,294,967,295 fonts in twelve bytes: fontdb made room for all of them, 34 GB.
        let mut collection = b"ttcf\0\x01\0\0\xff\xff\xff\xff".to_vec();
        assert_eq!(use_font(collection.clone()), Err(FontError::NoFont));
        // And with a first font behind it.
        collection.extend([0, 0, 0, 16]);
        collection.extend(BUNDLED[0]);
        assert_eq!(use_font(collection), Err(FontError::NoFont));
        assert_eq!(use_font(BUNDLED[0][..200].to_vec()), Err(FontError::NoFont));
        assert_eq!(use_font(Vec::new()), Err(FontError::NoFont));
        assert!(extra().is_none());
    }

    #[test]
    fn the_font_draws_what_figures_say() {
        let said = "|∂L/∂W| ≤ 1.2×10⁻³ · −5 … “layer” – 10⁰¹²³⁴⁵⁶⁷⁸⁹ θ₁ → δ ≈ ‖g‖ ≥ √2 ± ∞ ← — ‰ 100% Müller Hôpital";
        assert_eq!(missing_glyphs(said), Vec::<char>::new());
        assert_eq!(missing_glyphs("a\u{9f98}b\u{9f98}"), vec!['\u{9f98}']);
    }

    #[test]
    fn lines_stay_inside_the_limit_and_lose_nothing() {
        let text = "Under sigmoid the gradient of layer 1 is 3.1×10⁴ times smaller than that of layer 9; \
                    Donaudampfschifffahrtsgesellschaftskapitän";
        for limit in [60.0, 100.0, 250.0, 4000.0] {
            for lines in [wrap(text, 14.0, Weight::Bold, limit), wrap_evenly(text, 14.0, Weight::Bold, limit)]
            {
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
        let text =
            "Sigmoid，8 个隐藏层：第 1 层的梯度是第 8 层的 1/16,000（批平均）；训练准确率停在 11\u{a0}%。";
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

    /// Words are added in many places; whatever stands in the sources of this program can be drawn, in both
    /// weights.
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
            let words: String = text
                .lines()
                .filter(|l| !l.starts_with('#'))
                .flat_map(str::chars)
                .filter(|&c| is_wide(c))
                .collect();
            seen += words.chars().count();
            let missing = missing_glyphs(&words);
            assert!(
                missing.is_empty(),
                "{}: rebuild the font (scripts/build_font.py) for {missing:?}",
                file.display()
            );
        }
        assert!(seen > 1000, "only {seen} Chinese characters were found");
    }

    #[test]
    fn text_is_made_fit_for_xml() {
        assert_eq!(tidy(" a\n  b\u{1}c "), "a b\u{fffd}c");
    }
}
