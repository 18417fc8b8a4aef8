//! HTML pages, and reveal.js slides.
//!
//! A page that speaks of `color-scheme` gets both variants; any other stays light. Slides take the variant
//! that suits the theme they load.

use super::block::{Comment, last_place_of};
use super::verbatim::Verbatim;
use super::{Around, Item, Kind, Problem, Setting, Shown, Spec, at_end};
use crate::escape::xml;
use crate::render::{Format, Theme};

const COMMENT: Comment = Comment { open: "<!--", close: " -->" };

pub const PAGE: Spec = Spec {
    kind: Kind::Html,
    name: "html",
    endings: &["html", "htm"],
    comment: COMMENT,
    verbatim: Verbatim::Html,
    content: page,
    place: |text, spec| {
        let last = |word| last_place_of(text, spec.verbatim, None, word);
        match last("</body>").or_else(|| last("</BODY>")).or_else(|| last("</html>")) {
            // The indent before the tag stays the tag's.
            Some(place) => {
                let indent = text[..place].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
                let start = place - indent;
                Ok(if matches!(text[..start].last(), None | Some(b'\n')) { start } else { place })
            }
            None => at_end(text, spec),
        }
    },
    pictures,
};

pub const REVEAL: Spec = Spec {
    kind: Kind::Reveal,
    name: "reveal",
    endings: &[],
    comment: COMMENT,
    verbatim: Verbatim::Html,
    content: slides,
    place: |text, spec| {
        let word = "</section>";
        let last = last_place_of(text, spec.verbatim, None, word).ok_or(Problem::NoSlides)?;
        Ok(last + word.len())
    },
    pictures,
};

/// Names in the files of reveal.js's dark themes.
const DARK_SLIDES: [&str; 7] = ["black", "night", "league", "moon", "blood", "dracula", "black-contrast"];

fn pictures(shown: Shown) -> Vec<(Theme, Format)> {
    match shown {
        Shown::Both => vec![(Theme::Light, Format::Svg), (Theme::Dark, Format::Svg)],
        Shown::Only(theme) => vec![(theme, Format::Svg)],
    }
}

/// The theme that suits the page, if none was chosen.
pub fn suits(kind: Kind, text: &str) -> Shown {
    match kind {
        Kind::Reveal if DARK_SLIDES.iter().any(|name| text.contains(&format!("theme/{name}."))) => {
            Shown::Only(Theme::Dark)
        }
        Kind::Html if text.contains("color-scheme") => Shown::Both,
        _ => Shown::Only(Theme::Light),
    }
}

/// Does the text hold slides of reveal.js?
pub fn is_reveal(text: &str) -> bool {
    ["class=\"reveal\"", "class='reveal'", "class=reveal>", "class=\"reveal "]
        .iter()
        .any(|mark| text.contains(mark))
}

/// True where more sections are open than closed, comments and scripts aside.
pub fn in_section(before: &[u8]) -> bool {
    let hidden = Verbatim::Html.hidden(before);
    let is_hidden =
        |at: usize| hidden.get(hidden.partition_point(|r| r.end <= at)).is_some_and(|r| r.contains(&at));
    let count = |word: &[u8]| {
        before
            .windows(word.len())
            .enumerate()
            .filter(|(at, w)| w.eq_ignore_ascii_case(word) && !is_hidden(*at))
            .count()
    };
    count(b"<section") > count(b"</section")
}

/// How to read the figure, as HTML; empty where the figure does not say.
fn reading(item: &Item) -> String {
    if item.reading.is_empty() {
        return String::new();
    }
    let (heading, gap) = (xml(item.lang.how_to_read()), item.lang.after_heading());
    format!("<strong>{heading}</strong>{gap}{}", item.reading.html())
}

/// `<figcaption>` with the caption and how to read the figure.
pub fn caption(item: &Item) -> String {
    let reading = reading(item);
    let gap = if reading.is_empty() { "" } else { "<br>\n" };
    format!("<figcaption>{}{gap}{reading}</figcaption>\n", item.caption.html())
}

fn image(item: &Item, shown: Shown, class: &str) -> String {
    let (alt, width, height) = (item.alt.attribute(), item.width, item.height);
    let source = item.picture(shown.first(), Format::Svg);
    let size = if class.is_empty() {
        format!(" width=\"{width}\" height=\"{height}\" style=\"max-width: 100%; height: auto\"")
    } else {
        format!(" class=\"{class}\"")
    };
    let image = format!("<img src=\"{source}\" alt=\"{alt}\"{size}>");
    match shown {
        Shown::Both => {
            let dark = item.picture(Theme::Dark, Format::Svg);
            format!(
                "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{dark}\">{image}</picture>\n"
            )
        }
        Shown::Only(_) => format!("{image}\n"),
    }
}

fn page(setting: &Setting) -> String {
    let figure = |item: &Item| {
        let (image, caption, lang) = (image(item, setting.shown, ""), caption(item), item.lang.bcp47());
        format!("<figure id=\"{}\" class=\"gradfade\" lang=\"{lang}\">\n{image}{caption}</figure>\n", item.id)
    };
    setting.items.iter().map(figure).collect()
}

/// A slide for each figure: the picture says its title itself; what to say about it goes into the speaker's
/// notes.
fn slides(setting: &Setting) -> String {
    let slide = |item: &Item| {
        let notes = match reading(item).as_str() {
            "" => String::new(),
            reading => format!("<aside class=\"notes\">{reading}</aside>\n"),
        };
        let image = image(item, setting.shown, "r-stretch");
        if setting.around == Around::Slide {
            return image + &notes;
        }
        format!("<section id=\"{}\" lang=\"{}\">\n{image}{notes}</section>\n", item.id, item.lang.bcp47())
    };
    setting.items.iter().map(slide).collect()
}
