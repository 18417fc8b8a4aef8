//! What a figure in notes changes: files with their bytes before and after, as plain data. Pictures are
//! written first and the notes last, each whole or not at all.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::block::{self, Filling, Spliced, State};
use super::{
    Around, FOLDER, Item, Kind, LONGEST, NotesError, Problem, Setting, Shown, Target, html, latex, notebook,
    signature,
};
use crate::field::Field;
use crate::figure::chart::Figure;
use crate::files;
use crate::render::{self, Format, RenderError, Style, Theme};

/// A file that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    pub path: PathBuf,
    /// `None` where there is no file yet.
    pub before: Option<Vec<u8>>,
    pub after: Vec<u8>,
}

/// Everything that one call changes.
#[derive(Debug)]
pub struct Plan {
    pub state: State,
    /// Only files whose bytes change; the notes last.
    pub edits: Vec<Edit>,
    /// What the author may want to know.
    pub hints: Vec<String>,
}

/// How the block is to be made.
pub struct Wanted<'a> {
    pub name: &'a str,
    /// The folders of the runs, or of the sweep.
    pub runs: &'a [PathBuf],
    pub figures: &'a [Figure],
    pub style: Style,
    /// `None`: what the notes can show.
    pub shown: Option<Shown>,
    /// Replace what the author edited, or what another run made.
    pub force: bool,
}

/// What a block and its pictures are made from: a checksum of where the runs lie, seen from the notes. A run
/// that is trained again in the same place is the same one; and no absolute path gets into the notes.
fn source(notes: &Path, runs: &[PathBuf]) -> String {
    let paths: Vec<String> = runs.iter().map(|run| seen_from(notes, run)).collect();
    block::checksum(paths.join("\n").as_bytes())
}

/// A path with `/` between its parts, relative to `folder`. A link at its end stays one: what it names may
/// change.
fn seen_from(folder: &Path, run: &Path) -> String {
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let run = match (run.parent(), run.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => whole(Path::new(".")).join(name),
        (Some(parent), Some(name)) => whole(parent).join(name),
        _ => whole(run),
    };
    let shared = folder.components().zip(run.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..".to_string());
    let down = run.components().skip(shared).map(|c| c.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// Keeps other calls of the program away from these notes, from before [`plan`] until after [`Plan::write`]:
/// two at once would each write the file without the other's block. It is held until the value is dropped;
/// `None` where the system has no locks.
pub fn lock(target: &Target) -> Option<fs::File> {
    let file = fs::canonicalize(&target.file).ok()?;
    files::lock_folder(file.parent()?)
}

/// Finds out what changes; writes nothing. Hold a [`lock`] where other calls may be at work on the same
/// notes.
///
/// # Errors
/// Notes that are damaged, read-only or edited by their author; figures that cannot be drawn.
pub fn plan(target: &Target, wanted: &Wanted) -> Result<Plan, NotesError> {
    // A link stays a link: what changes is the file that it names.
    let file = fs::canonicalize(&target.file)
        .map_err(|e| NotesError::at(&target.file)(Problem::Io(e.to_string())))?;
    let here = |problem| NotesError::In { path: target.file.clone(), problem };
    let folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
    let text = files::read(&file, LONGEST).map_err(|e| here(Problem::Io(e.to_string())))?;
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(here(Problem::Utf16));
    }
    let shown = wanted.shown.unwrap_or_else(|| default_shown(target.kind, &text));
    let items: Vec<Item> = wanted.figures.iter().map(|figure| Item::new(wanted.name, figure)).collect();
    let source = source(&folder, wanted.runs);
    let filling = Filling { name: wanted.name, source: &source, force: wanted.force };
    let drawn = drawn(target.kind, wanted, &items, shown, &source)?;
    let spliced = spliced(target.kind, &text, filling, &items, &drawn, shown).map_err(here)?;
    let (mut edits, mut hints) = changed_pictures(&folder, &drawn, filling, spliced.state)?;
    if spliced.bytes != text {
        hints.extend(dropped(&folder, wanted.name, &text, &spliced.bytes));
        hints.extend(waiting(target.kind, wanted.name, &text));
        if target.kind == Kind::Latex {
            let lang = wanted.figures.first().map(|f| f.lang).unwrap_or_default();
            hints.extend(latex::hints(&text, lang));
        }
        if std::str::from_utf8(&text).is_err() {
            hints.push("not UTF-8 throughout; what gradfade puts in is".into());
        }
        edits.push(Edit { path: file, before: Some(text), after: spliced.bytes });
    }
    for edit in &edits {
        let writable = |path: &Path| fs::metadata(path).map(|m| !m.permissions().readonly()).unwrap_or(true);
        if !writable(&edit.path) {
            let shown = if edits.last() == Some(edit) { &target.file } else { &edit.path };
            return Err(NotesError::at(shown)(Problem::ReadOnly));
        }
    }
    Ok(Plan { state: spliced.state, edits, hints })
}

/// A picture as it should lie beside the notes.
struct Picture {
    /// From the folder of the notes.
    path: String,
    format: Format,
    bytes: Vec<u8>,
}

/// The pictures of each figure, signed.
fn drawn(
    kind: Kind,
    wanted: &Wanted,
    items: &[Item],
    shown: Shown,
    source: &str,
) -> Result<Vec<Vec<Picture>>, RenderError> {
    let one = |(figure, item): (&Figure, &Item)| {
        // Several pictures may stand in one page: their inner names must differ.
        let figure = Figure { name: item.id.clone(), ..figure.clone() };
        let picture = |(theme, format): (Theme, Format)| {
            let style = Style { theme, ..wanted.style };
            let bytes = match format {
                Format::Svg => render::svg(&figure, &style)?.into_bytes(),
                Format::Png => render::png(&figure, &style)?,
                Format::Pdf => render::pdf(&figure, &style)?,
            };
            let bytes = signature::signed(format, &bytes, source);
            Ok(Picture { path: item.picture(theme, format), format, bytes })
        };
        (kind.spec().pictures)(shown).into_iter().map(picture).collect()
    };
    wanted.figures.iter().zip(items).map(one).collect()
}

/// The notes with their block.
fn spliced(
    kind: Kind,
    text: &[u8],
    filling: Filling,
    items: &[Item],
    drawn: &[Vec<Picture>],
    shown: Shown,
) -> Result<Spliced, Problem> {
    let spec = kind.spec();
    if kind == Kind::Notebook {
        let held = |pictures: &Vec<Picture>| {
            let of = |format| {
                pictures.iter().find(|p| p.format == format).map(|p| p.bytes.clone()).unwrap_or_default()
            };
            let svg = String::from_utf8_lossy(&of(Format::Svg)).into_owned();
            notebook::Pictures { svg, png: of(Format::Png), pdf: of(Format::Pdf) }
        };
        let held: Vec<_> = drawn.iter().map(held).collect();
        return notebook::splice(text, filling, items, &held, shown);
    }
    let inside = block::place_of(text, spec.comment, spec.verbatim, filling.name);
    let around = match kind {
        Kind::Reveal if inside.is_some_and(|at| html::in_section(&text[..at])) => Around::Slide,
        Kind::Latex => latex::around(text),
        _ => Around::Text,
    };
    let content = (spec.content)(&Setting { items, shown, around });
    block::splice(text, (spec.comment, spec.verbatim), filling, &content, || (spec.place)(text, spec))
}

/// The pictures whose bytes change, and what to say about those that stay though they are not ours.
fn changed_pictures(
    folder: &Path,
    drawn: &[Vec<Picture>],
    filling: Filling,
    state: State,
) -> Result<(Vec<Edit>, Vec<String>), NotesError> {
    let mut edits = Vec::new();
    let mut hints = Vec::new();
    for Picture { path, format, bytes } in drawn.iter().flatten() {
        let (path, format, after) = (folder.join(path), *format, bytes.clone());
        let before = read(&path)?;
        match &before {
            Some(old) if *old == after => continue,
            Some(old) if !filling.force => match (state, signature::source_of(format, old)) {
                (_, Some(told)) if told == filling.source => {}
                (_, Some(_)) => return Err(NotesError::at(path)(Problem::PictureOfOtherRun)),
                // As it was drawn before pictures were signed.
                (_, None) if signature::signed(format, old, filling.source) == after => {}
                (State::New | State::Stale, None) => {
                    return Err(NotesError::at(path)(Problem::EditedPicture));
                }
                // The words tell the record's numbers: nothing is new.
                (State::Current | State::Kept, None) => {
                    let name = path.file_name().unwrap_or_default().display();
                    hints.push(format!(
                        "{FOLDER}/{name} was edited and is kept; {} replaces it",
                        Field::Force
                    ));
                    continue;
                }
            },
            _ => {}
        }
        edits.push(Edit { path, before, after });
    }
    Ok((edits, hints))
}

/// Empty markers for figures of other names, reported if this figure was appended at the end.
fn waiting(kind: Kind, name: &str, text: &[u8]) -> Option<String> {
    let spec = kind.spec();
    let (held, empty) = match kind {
        Kind::Notebook => (notebook::holds(text, name), notebook::empty_pairs(text)),
        _ => {
            let (comment, verbatim) = (spec.comment, spec.verbatim);
            (block::holds(text, comment, verbatim, name), block::empty_pairs(text, comment, verbatim))
        }
    };
    let first = empty.first().filter(|_| !held)?;
    let names = empty.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    Some(format!(
        "there is no block `{name}`, so the figure was appended at the end; an empty pair of markers is called {names}: {} {first} fills it",
        Field::Name
    ))
}

/// Pictures that the block showed and shows no more. They stay: other notes in the folder may show them.
fn dropped(folder: &Path, name: &str, before: &[u8], after: &[u8]) -> Option<String> {
    let shows = |notes: &[u8], picture: &str| notes.windows(picture.len()).any(|w| w == picture.as_bytes());
    let files = fs::read_dir(folder.join(FOLDER))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let ours =
        files.filter(|file| file.starts_with(&format!("{name}-"))).map(|file| format!("{FOLDER}/{file}"));
    let mut gone: Vec<String> =
        ours.filter(|picture| shows(before, picture) && !shows(after, picture)).collect();
    gone.sort();
    (!gone.is_empty())
        .then(|| format!("no longer shows {}; remove what no other notes show", gone.join(", ")))
}

/// Both variants where the notes can switch between them.
fn default_shown(kind: Kind, text: &[u8]) -> Shown {
    match kind {
        Kind::MdBook | Kind::Markdown | Kind::Quarto => Shown::Both,
        Kind::Html | Kind::Reveal => html::suits(kind, &String::from_utf8_lossy(text)),
        Kind::Latex | Kind::Typst | Kind::Notebook => Shown::Only(Theme::Light),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, NotesError> {
    match files::read(path, LONGEST) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(NotesError::at(path)(Problem::Io(e.to_string()))),
    }
}

impl Plan {
    /// Writes the files. Where one fails, the notes are as they were: they come last.
    ///
    /// # Errors
    /// Errors of the file system, and notes that were changed by another program in the meantime.
    pub fn write(&self) -> Result<(), NotesError> {
        for edit in &self.edits {
            let at = || NotesError::at(&edit.path);
            if read(&edit.path)? != edit.before {
                return Err(at()(Problem::Changed));
            }
            let folder = edit.path.parent().filter(|f| f.ends_with(FOLDER));
            let made = folder.map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| files::replace(&edit.path, &edit.after))
                .map_err(|e| at()(Problem::Io(e.to_string())))?;
        }
        Ok(())
    }
}
