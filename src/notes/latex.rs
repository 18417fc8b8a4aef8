//! LaTeX: a PDF picture in a floating figure, or alone on a slide of beamer. English needs `graphicx` only; Chinese needs XeLaTeX or
//! LuaLaTeX with `xeCJK` or a class of `ctex`.

use super::block::{Comment, last_place_of};
use super::verbatim::Verbatim;
use super::words::latex;
use super::{Around, Item, Kind, Problem, Setting, Spec, at_end};
use crate::figure::Size;
use crate::render::Format;
use crate::text::Lang;

pub const SPEC: Spec = Spec {
    kind: Kind::Latex,
    name: "latex",
    endings: &["tex", "ltx"],
    comment: Comment { open: "%", close: "" },
    verbatim: Verbatim::Lines(&[
        ("\\begin{verbatim", "\\end{verbatim"),
        ("\\begin{lstlisting}", "\\end{lstlisting}"),
        ("\\begin{minted}", "\\end{minted}"),
        ("\\begin{comment}", "\\end{comment}"),
    ]),
    content,
    place: |text, spec| {
        if around(text) == Around::Slide {
            return Err(Problem::Beamer);
        }
        match last_place_of(text, spec.verbatim, Some("%"), "\\end{document}") {
            Some(place) => Ok(place),
            None => at_end(text, spec),
        }
    },
    pictures: |shown| vec![(shown.first(), Format::Pdf)],
};

/// The text without comments.
fn code(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let commented = |line: &str| {
        // `\%` is a percent sign, `\\%` a line break and a comment.
        let escaped = |at: usize| line[..at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        line.match_indices('%').map(|(at, _)| at).find(|at| !escaped(*at))
    };
    let lines = text.lines().map(|line| &line[..commented(line).unwrap_or(line.len())]);
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands before the body, without comments.
fn preamble(text: &[u8]) -> String {
    code(text).split("\\begin{document}").next().unwrap_or_default().to_string()
}

/// Classes whose text has two columns unless their options say otherwise.
const COLUMNS: [&str; 3] = ["IEEEtran", "acmart", "sig-alternate"];

/// Slides, or text in one or two columns, as this file says.
pub fn around(text: &[u8]) -> Around {
    let class = class_of(text).unwrap_or_default();
    if class.ends_with("beamer") {
        return Around::Slide;
    }
    let text = code(text);
    let before_class = text.split_once("\\documentclass").and_then(|(_, rest)| rest.split_once('{'));
    let options = before_class.map_or("", |(options, _)| options).trim();
    let options = options.trim_start_matches('[').trim_end_matches(']');
    let says = |word: &str| options.split(',').any(|option| option.trim() == word);
    // acmart has one column for manuscripts, which is its default.
    let by_class = COLUMNS.contains(&class.as_str()) && (class != "acmart" || says("sigconf"));
    let two = says("twocolumn") || says("reprint") || text.contains("\\twocolumn") || by_class;
    if two && !says("onecolumn") { Around::Columns } else { Around::Text }
}

/// The document class, where this file names one.
fn class_of(text: &[u8]) -> Option<String> {
    let text = preamble(text);
    let line = text.lines().map(str::trim_start).find(|l| l.starts_with("\\documentclass"))?;
    let class = &line[line.find('{')? + 1..];
    Some(class.split('}').next()?.trim().to_string())
}

/// What the document still needs to show the block, said to its author.
pub fn hints(text: &[u8], lang: Lang) -> Vec<String> {
    let Some(class) = class_of(text) else {
        return vec![
            "no \\documentclass here: LaTeX looks for pictures from the folder of the main document".into(),
        ];
    };
    let text = preamble(text);
    let mut hints = Vec::new();
    if class != "beamer" && !text.contains("graphicx") {
        hints.push("add \\usepackage{graphicx} to the preamble".to_string());
    }
    if lang == Lang::Zh
        && !class.starts_with("ctex")
        && !["xeCJK", "ctex", "CJK"].iter().any(|p| text.contains(p))
    {
        hints.push("Chinese needs \\usepackage{xeCJK} or a class of ctex, and XeLaTeX".to_string());
    }
    hints
}

/// An older graphicx does not know the key `alt`: there it is swallowed.
const ALT: &str = "\\expandafter\\ifx\\csname KV@Gin@alt\\endcsname\\relax\n  \
    \\expandafter\\let\\csname KV@Gin@alt\\expandafter\\endcsname\\csname @gobble\\endcsname\\fi\n";

/// The picture as wide as it was drawn, so that its text has the size that it was drawn in: centred where the
/// text is narrower, and only on a slide never wider than that.
fn picture(item: &Item, setting: &Setting) -> String {
    let (alt, path) = (item.alt.latex_alt(), item.picture(setting.shown.first(), Format::Pdf));
    let included = |width: &str| format!("\\includegraphics[width={width},alt={{{alt}}}]{{{path}}}");
    match item.size.centimetres() {
        None => included("\\linewidth"),
        Some(width) if setting.around == Around::Slide => {
            included(&format!("\\ifdim\\linewidth<{width}cm\\linewidth\\else{width}cm\\fi"))
        }
        Some(width) => format!("\\makebox[\\linewidth][c]{{{}}}", included(&format!("{width}cm"))),
    }
}

/// On a slide the picture says its title, and its author says how to read it.
fn on_slide(item: &Item, setting: &Setting) -> String {
    let note = match item.reading.latex().as_str() {
        "" => String::new(),
        reading => format!(
            "\\note{{\\textbf{{{}}}{}{reading}}}\n",
            latex(item.lang.how_to_read()),
            item.lang.after_heading()
        ),
    };
    format!("\\begin{{center}}\n  {}\n\\end{{center}}\n{note}", picture(item, setting))
}

fn floating(item: &Item, setting: &Setting) -> String {
    let lang = item.lang;
    let reading = match item.reading.latex().as_str() {
        "" => String::new(),
        reading => format!(
            "  \\par\\medskip\n  \\parbox{{\\linewidth}}{{\\small\\textbf{{{}}}{}{reading}}}\n",
            latex(lang.how_to_read()),
            lang.after_heading(),
        ),
    };
    // A star lets a figure stand across both columns.
    let across = setting.around == Around::Columns && item.size != Size::Column;
    let star = if across { "*" } else { "" };
    format!(
        "\\begin{{figure{star}}}[htbp]\n  \\centering\n  {}\n  \\caption[{{{}}}]{{{}}}\n  \
         \\label{{fig:{}}}\n{reading}\\end{{figure{star}}}\n",
        picture(item, setting),
        item.title.latex(),
        item.caption.latex(),
        item.id
    )
}

fn content(setting: &Setting) -> String {
    let figure = |item: &Item| match setting.around {
        Around::Slide => on_slide(item, setting),
        Around::Text | Around::Columns => floating(item, setting),
    };
    ALT.to_string() + &setting.items.iter().map(figure).collect::<String>()
}
