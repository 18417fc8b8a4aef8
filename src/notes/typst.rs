//! Typst: a PDF picture (Typst 0.14 or later) in a figure with a label.

use super::block::Comment;
use super::verbatim::Verbatim;
use super::words::{typst, typst_string};
use super::{Item, Kind, Setting, Spec, at_end};
use crate::render::Format;

pub const SPEC: Spec = Spec {
    kind: Kind::Typst,
    name: "typst",
    endings: &["typ"],
    comment: Comment { open: "//", close: "" },
    verbatim: Verbatim::Lines(&[("```", "```")]),
    content,
    place: at_end,
    pictures: |shown| vec![(shown.first(), Format::Pdf)],
};

fn content(setting: &Setting) -> String {
    let figure = |item: &Item| {
        let lang = item.lang;
        // As wide as it was drawn, so that its text has the size that it was drawn in.
        let width = item.size.centimetres().map_or("100%".to_string(), |width| format!("{width}cm"));
        let reading = match item.reading.typst().as_str() {
            "" => String::new(),
            reading => format!("\n#strong[{}]{}{reading}\n", typst(lang.how_to_read()), lang.after_heading()),
        };
        format!(
            "#figure(\n  image({}, width: {width}, alt: {}),\n  caption: [{}],\n) <fig-{}>\n{reading}",
            typst_string(&item.picture(setting.shown.first(), Format::Pdf)),
            item.alt.typst_string(),
            item.caption.typst(),
            item.id
        )
    };
    setting.items.iter().map(figure).collect::<Vec<_>>().join("\n")
}
