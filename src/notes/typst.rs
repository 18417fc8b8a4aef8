//! Typst: a PDF picture (Typst 0.14 or later) in a figure with a label.

use super::block::Comment;
use super::{Item, Kind, Setting, Spec, at_end};
use crate::render::Format;

pub const SPEC: Spec = Spec {
    kind: Kind::Typst,
    name: "typst",
    endings: &["typ"],
    comment: Comment { open: "//", close: "" },
    verbatim: &[("```", "```")],
    content,
    place: at_end,
    pictures: |shown| vec![(shown.first(), Format::Pdf)],
};

/// Text in markup: everything that could mean something is escaped.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, ',' | '.' | ';' | '!' | '?' | '%' | '(' | ')') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A string of code.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn content(setting: &Setting) -> String {
    let figure = |item: &Item| {
        let lang = item.lang;
        let reading = match item.reading.as_str() {
            "" => String::new(),
            reading => {
                format!("\n#strong[{}]{}{}\n", literal(lang.how_to_read()), lang.after_heading(), literal(reading))
            }
        };
        format!(
            "#figure(\n  image({}, width: 100%, alt: {}),\n  caption: [{}],\n) <fig-{}>\n{reading}",
            quoted(&item.picture(setting.shown.first(), Format::Pdf)),
            quoted(&item.alt),
            literal(&item.caption),
            item.id
        )
    };
    setting.items.iter().map(figure).collect::<Vec<_>>().join("\n")
}
