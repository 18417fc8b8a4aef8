//! Which size a figure has in a kind of notes, and which of its words the notes say themselves.
//!
//! Text of a figure on paper is at least 7 pt ([`Size`]). The classes of LaTeX set a text of 12.1 cm and more,
//! Typst one of 16 cm, so a picture of 12 cm fits into both as it is; wider text takes a wider one by
//! `--size page`.

use super::{Around, Kind, LONGEST, NotesError, Problem, Target, latex};
use crate::figure::{Hidden, Options, Size};
use crate::files;

/// The options with the size that suits the notes, or with the one that was chosen, and without the words
/// that stand in the caption below the picture.
///
/// # Errors
/// Notes that cannot be read.
pub fn fit(target: &Target, chosen: Option<Size>, options: Options) -> Result<Options, NotesError> {
    let text = files::read(&target.file, LONGEST)
        .map_err(|e| NotesError::at(&target.file)(Problem::Io(e.to_string())))?;
    let size = chosen.unwrap_or_else(|| size(target.kind, &text));
    let slide = target.kind == Kind::Reveal || is_beamer(target.kind, &text);
    // The settings are not for those who look at a slide.
    let hidden = Hidden { title: !slide, footer: true };
    Ok(options.with(size).with(hidden))
}

/// The options of a figure under which the notes print its title and its settings.
pub fn captioned(options: Options) -> Options {
    options.with(Hidden { title: true, footer: true })
}

fn is_beamer(kind: Kind, text: &[u8]) -> bool {
    kind == Kind::Latex && latex::around(text) == Around::Slide
}

/// The size that suits these notes.
pub(super) fn size(kind: Kind, text: &[u8]) -> Size {
    match kind {
        Kind::MdBook | Kind::Markdown | Kind::Quarto | Kind::Notebook | Kind::Html => Size::Screen,
        Kind::Reveal => Size::Slide,
        Kind::Typst if has_columns(text) => Size::Column,
        Kind::Typst => Size::Text,
        Kind::Latex => match latex::around(text) {
            Around::Slide => Size::Beamer,
            Around::Columns => Size::Column,
            Around::Text => Size::Text,
        },
    }
}

/// Does a file of Typst set its pages in two columns?
fn has_columns(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code: String = code.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    code.contains("columns:2") || code.contains("columns(2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_follows_the_notes() {
        let article = "\\documentclass[11pt]{article}\n\\begin{document}\n";
        for (kind, text, expected) in [
            (Kind::Latex, article, Size::Text),
            (Kind::Latex, "a chapter without a class\n", Size::Text),
            (Kind::Latex, "\\documentclass[10pt, twocolumn]{article}\n", Size::Column),
            (Kind::Latex, &format!("{article}\\twocolumn[\\maketitle]"), Size::Column),
            (Kind::Latex, &format!("{article}% \\twocolumn"), Size::Text),
            (Kind::Latex, "\\documentclass{IEEEtran}\n", Size::Column),
            (Kind::Latex, "\\documentclass[onecolumn]{IEEEtran}\n", Size::Text),
            (Kind::Latex, "\\documentclass[sigconf]{acmart}\n", Size::Column),
            (Kind::Latex, "\\documentclass[manuscript]{acmart}\n", Size::Text),
            (Kind::Latex, "\\documentclass[aspectratio=169]{beamer}\n", Size::Beamer),
            (Kind::Latex, "\\documentclass{ctexbeamer}\n", Size::Beamer),
            (Kind::Typst, "= Title\n// columns: 2\n", Size::Text),
            (Kind::Typst, "#set page(paper: \"a4\",\n  columns: 2)\n", Size::Column),
            (Kind::Reveal, "<section></section>", Size::Slide),
            (Kind::Html, "", Size::Screen),
            (Kind::Notebook, "{}", Size::Screen),
            (Kind::MdBook, "", Size::Screen),
        ] {
            assert_eq!(size(kind, text.as_bytes()), expected, "{kind:?}: {text}");
        }
    }
}
