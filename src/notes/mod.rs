//! Figures in lecture notes: a marked block of a file, with its pictures beside it.
//!
//! | file | what it knows |
//! |---|---|
//! | `block` | markers, checksums, and a text file whose other bytes stay as they are |
//! | `markdown`, `latex`, `typst`, `html` | how a format says a figure |
//! | [`notebook`] | the same for cells of a Jupyter notebook |
//! | `verbatim` | code that notes only show, comments, scripts: no place for markers |
//! | `words` | words of a run, as text of each format |
//! | `find` | which kind of notes a path is, and which file of a folder |
//! | [`plan`](mod@plan) | every file that changes, as plain data; then written, the notes last |
//! | `signature` | a picture that carries a checksum of itself |
//! | [`preprocessor`] | mdBook's protocol: a fenced block becomes a figure while the book is built |
//!
//! A kind of notes is one line in [`FORMATS`].

mod block;
mod find;
mod html;
mod latex;
mod markdown;
pub mod notebook;
pub mod plan;
pub mod preprocessor;
mod signature;
mod typst;
mod verbatim;
mod words;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use block::{State, is_name};
pub use find::{Target, find};
pub use plan::{Edit, Plan, lock, plan};

use words::Words;

use crate::field::Field;
use crate::figure::chart::Figure;
use crate::render::{self, Format, RenderError, Theme};
use crate::text::Lang;

/// The folder of the pictures, beside the notes.
pub const FOLDER: &str = "gradfade";

/// The longest file of notes, in bytes: notebooks hold their pictures.
const LONGEST: u64 = 1 << 30;

/// A kind of notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    MdBook,
    Markdown,
    Quarto,
    Notebook,
    Latex,
    Typst,
    Html,
    Reveal,
}

/// How a kind of notes is written.
pub struct Spec {
    pub kind: Kind,
    /// As in `--to`.
    pub name: &'static str,
    /// Endings of its files; where two kinds share one, `find` looks into the file.
    pub endings: &'static [&'static str],
    comment: block::Comment,
    verbatim: verbatim::Verbatim,
    /// The block's lines.
    content: fn(&Setting) -> String,
    /// Where a new block goes: an offset into the file.
    place: fn(&[u8], &Spec) -> Result<usize, Problem>,
    /// The pictures that the block shows.
    pictures: fn(Shown) -> Vec<(Theme, Format)>,
}

/// Every kind of notes.
pub static FORMATS: &[Spec] = &[
    markdown::MDBOOK,
    markdown::MARKDOWN,
    markdown::QUARTO,
    notebook::SPEC,
    latex::SPEC,
    typst::SPEC,
    html::PAGE,
    html::REVEAL,
];

impl Kind {
    pub fn spec(self) -> &'static Spec {
        FORMATS.iter().find(|s| s.kind == self).unwrap_or(&FORMATS[0])
    }
}

/// Which variants the notes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The reader's theme decides.
    Both,
    Only(Theme),
}

impl Shown {
    /// The one that stands where nothing can switch.
    fn first(self) -> Theme {
        match self {
            Shown::Both => Theme::Light,
            Shown::Only(theme) => theme,
        }
    }
}

/// A figure's words and the stem of its pictures.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    /// `BLOCK-FIGURE`: stem, label and anchor.
    id: String,
    title: Words,
    /// Title and settings.
    caption: Words,
    /// For a reader who cannot see it.
    alt: Words,
    /// Empty where the figure has none.
    reading: Words,
    lang: Lang,
    width: u32,
    height: u32,
}

impl Item {
    fn new(block: &str, figure: &Figure) -> Item {
        let lang = figure.lang;
        let size = figure.shown((figure.width, render::height(figure)));
        Item {
            id: format!("{block}-{}", figure.name),
            title: Words::new(&figure.title),
            caption: Words::new(&lang.notes_caption(&figure.title, &figure.caption)),
            alt: Words::new(&figure.description),
            reading: Words::new(&figure.reading),
            lang,
            width: size.0.round() as u32,
            height: size.1.round() as u32,
        }
    }

    /// Path of a picture as the notes write it.
    fn picture(&self, theme: Theme, format: Format) -> String {
        let dark = if theme == Theme::Dark { "-dark" } else { "" };
        // Notes in two languages may lie side by side.
        let lang = if self.lang == Lang::default() { String::new() } else { format!("-{}", self.lang.tag()) };
        format!("{FOLDER}/{}{lang}{dark}.{format}", self.id)
    }
}

/// What a block is made of.
struct Setting<'a> {
    items: &'a [Item],
    shown: Shown,
    /// The block stands inside a slide.
    inside_slide: bool,
}

/// What is wrong with notes.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    #[error("line {line}: the block `{name}` has no end; add its end marker, or remove the begin marker")]
    NoEnd { name: String, line: usize },
    #[error("line {line}: the end of the block `{name}` has no begin; remove it, or add the begin marker")]
    NoBegin { name: String, line: usize },
    #[error(
        "line {line}: the block `{name}` begins inside the block `{outer}`; move it with its markers behind the end of that block"
    )]
    Nested { name: String, line: usize, outer: String },
    #[error("line {line}: a second block is called `{name}`; rename or remove one")]
    Twice { name: String, line: usize },
    #[error(
        "line {line}: not a marker that gradfade knows; write `gradfade begin NAME` or `gradfade end NAME` as the whole comment"
    )]
    Marker { line: usize },
    #[error(
        "the block `{name}` was edited by its author; {} replaces it, {} NAME makes another block",
        Field::Force,
        Field::Name
    )]
    Edited { name: String },
    #[error(
        "the block `{name}` shows another run; {} OTHER writes this run into a block of its own, {} replaces it",
        Field::Name,
        Field::Force
    )]
    OtherRun { name: String },
    #[error(
        "ends inside a code block, a comment or a script, so nothing can follow; close it, or put a pair of markers elsewhere"
    )]
    EndsInCode,
    #[error(
        "a beamer file: put the lines `% gradfade begin NAME` and `% gradfade end NAME` into a frame, then call again with {} NAME",
        Field::Name
    )]
    Beamer,
    #[error("has no <section>, so where the slide goes is unknown; put a pair of markers there")]
    NoSlides,
    #[error("is encoded as UTF-16; save it as UTF-8")]
    Utf16,
    #[error("not a notebook: {0}")]
    Notebook(String),
    #[error("is read-only; make it writable")]
    ReadOnly,
    #[error("there is no such file or folder; create it first")]
    Missing,
    #[error("its kind of notes is unknown; known endings: {0}")]
    Unknown(String),
    #[error("{0}")]
    Folder(String),
    #[error(
        "is not as gradfade wrote it; {} replaces it, {} NAME makes another block",
        Field::Force,
        Field::Name
    )]
    EditedPicture,
    #[error(
        "shows another run, perhaps in other notes beside these; {} OTHER gives this one its own pictures, {} replaces it",
        Field::Name,
        Field::Force
    )]
    PictureOfOtherRun,
    #[error("was changed while gradfade was working; call again")]
    Changed,
    #[error("cannot read or write: {0}")]
    Io(String),
}

impl Problem {
    /// True where the notes are not up to date and their author has to do something, while nothing is broken.
    fn is_stale(&self) -> bool {
        use Problem::{Edited, EditedPicture, OtherRun, PictureOfOtherRun, ReadOnly};
        matches!(self, Edited { .. } | OtherRun { .. } | EditedPicture | PictureOfOtherRun | ReadOnly)
    }
}

/// Why notes did not get their figure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotesError {
    #[error("{}: {problem}", path.display())]
    In { path: PathBuf, problem: Problem },
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl NotesError {
    /// True where the notes are stale, but their author must decide.
    pub fn is_stale(&self) -> bool {
        matches!(self, NotesError::In { problem, .. } if problem.is_stale())
    }

    fn at(path: impl Into<PathBuf>) -> impl FnOnce(Problem) -> NotesError {
        let path = path.into();
        |problem| NotesError::In { path, problem }
    }
}

/// The end of the file.
fn at_end(text: &[u8], spec: &Spec) -> Result<usize, Problem> {
    if block::ends_in_code(text, spec.verbatim) { Err(Problem::EndsInCode) } else { Ok(text.len()) }
}
