//! LaTeX: a PDF picture in a floating figure. English needs `graphicx` only; Chinese needs XeLaTeX or
//! LuaLaTeX with `xeCJK` or a class of `ctex`.

use super::block::{Comment, last_place_of};
use super::verbatim::Verbatim;
use super::words::latex;
use super::{Item, Kind, Problem, Setting, Spec, at_end};
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
        if class_of(text).is_some_and(|class| class.ends_with("beamer")) {
            return Err(Problem::Beamer);
        }
        match last_place_of(text, spec.verbatim, Some("%"), "\\end{document}") {
            Some(place) => Ok(place),
            None => at_end(text, spec),
        }
    },
    pictures: |shown| vec![(shown.first(), Format::Pdf)],
};

/// What stands before the body, without comments.
fn preamble(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let commented = |line: &str| {
        // `\%` is a percent sign, `\\%` a line break and a comment.
        let escaped = |at: usize| line[..at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        line.match_indices('%').map(|(at, _)| at).find(|at| !escaped(*at))
    };
    let lines = text.lines().map(|line| &line[..commented(line).unwrap_or(line.len())]);
    let code = lines.collect::<Vec<_>>().join("\n");
    code.split("\\begin{document}").next().unwrap_or_default().to_string()
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

fn content(setting: &Setting) -> String {
    let figure = |item: &Item| {
        let lang = item.lang;
        let reading = match item.reading.latex().as_str() {
            "" => String::new(),
            reading => format!(
                "  \\par\\medskip\n  \\parbox{{\\linewidth}}{{\\small\\textbf{{{}}}{}{reading}}}\n",
                latex(lang.how_to_read()),
                lang.after_heading(),
            ),
        };
        format!(
            "\\begin{{figure}}[htbp]\n  \\centering\n  \\includegraphics[width=\\linewidth,alt={{{}}}]{{{}}}\n  \
             \\caption[{{{}}}]{{{}}}\n  \\label{{fig:{}}}\n{reading}\\end{{figure}}\n",
            item.alt.latex_alt(),
            item.picture(setting.shown.first(), Format::Pdf),
            item.title.latex(),
            item.caption.latex(),
            item.id
        )
    };
    ALT.to_string() + &setting.items.iter().map(figure).collect::<String>()
}
