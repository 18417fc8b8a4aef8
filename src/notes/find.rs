//! Which kind of notes a path is, and which file of a folder gets the block.

use std::path::{Path, PathBuf};

use super::{FORMATS, Kind, LONGEST, NotesError, Problem, block, html, notebook};
use crate::field::Field;
use crate::files;

/// A file of notes.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub file: PathBuf,
    pub kind: Kind,
}

/// The file that gets the block `name`, and its kind; `to` overrules the kind.
///
/// In a folder that is the file which holds the block already, else a book's last chapter, a Quarto project's
/// `index.qmd`, or the only file of notes.
///
/// # Errors
/// A path that is not there or holds no notes, and a folder with several.
pub fn find(into: &Path, to: Option<Kind>, name: &str) -> Result<Target, NotesError> {
    let here = NotesError::at(into);
    let problem = match std::fs::metadata(into) {
        // Creating it would not help where its kind is none that we know.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => match into.extension() {
            Some(_) if to.is_none() && kind_of(into).is_none() => unknown(),
            _ => Problem::Missing,
        },
        Err(e) => Problem::Io(e.to_string()),
        Ok(m) if m.is_dir() => match in_folder(into, to, name) {
            Ok(target) => return Ok(target),
            Err(problem) => problem,
        },
        Ok(_) => match to.or_else(|| kind_of(into)) {
            Some(kind) => return Ok(Target { file: into.to_path_buf(), kind }),
            None => unknown(),
        },
    };
    Err(here(problem))
}

fn unknown() -> Problem {
    let endings: Vec<&str> = FORMATS.iter().flat_map(|s| s.endings).copied().collect();
    Problem::Unknown(format!("{}; {} names the kind of any other", endings.join(", "), Field::To))
}

/// The kind of a file by its name, its surroundings and, for slides, its text.
fn kind_of(file: &Path) -> Option<Kind> {
    let ending = file.extension()?.to_str()?.to_ascii_lowercase();
    let kind = FORMATS.iter().find(|s| s.endings.contains(&ending.as_str()))?.kind;
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let above = |name: &str| whole.ancestors().skip(1).find(|dir| dir.join(name).is_file());
    Some(match kind {
        Kind::Markdown if above("book.toml").is_some_and(|book| whole.starts_with(source(book))) => {
            Kind::MdBook
        }
        Kind::Markdown if above("_quarto.yml").is_some() => Kind::Quarto,
        Kind::Html => {
            let text = files::read(file, LONGEST).unwrap_or_default();
            if html::is_reveal(&String::from_utf8_lossy(&text)) { Kind::Reveal } else { Kind::Html }
        }
        kind => kind,
    })
}

/// A book's folder of chapters.
fn source(book: &Path) -> PathBuf {
    let text = files::read_text(&book.join("book.toml")).unwrap_or_default();
    let table: toml::Table = text.parse().unwrap_or_default();
    let src = table.get("book").and_then(|b| b.get("src")).and_then(toml::Value::as_str).unwrap_or("src");
    book.join(src)
}

/// Chapters in the order of the summary.
fn chapters(book: &Path) -> Vec<PathBuf> {
    let folder = source(book);
    let summary = files::read_text(&folder.join("SUMMARY.md")).unwrap_or_default();
    let links =
        summary.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.trim());
    let paths = links.map(|link| link.trim_start_matches('<').trim_end_matches('>').replace("%20", " "));
    paths
        .filter(|link| link.ends_with(".md"))
        .map(|link| folder.join(link))
        .filter(|path| path.is_file())
        .collect()
}

fn in_folder(folder: &Path, to: Option<Kind>, name: &str) -> Result<Target, Problem> {
    let is_book = folder.join("book.toml").is_file();
    let mut files = if is_book {
        let all = chapters(folder);
        if all.is_empty() {
            let summary = source(folder).join("SUMMARY.md");
            let what = match summary.is_file() {
                true => {
                    format!("its SUMMARY.md names no chapter that is there; name a file with {}", Field::Into)
                }
                false => {
                    format!(
                        "a book.toml, but no {}; create it, or name a file with {}",
                        summary.display(),
                        Field::Into
                    )
                }
            };
            return Err(Problem::Folder(what));
        }
        all
    } else {
        let entries = std::fs::read_dir(folder).map_err(|e| Problem::Io(e.to_string()))?;
        let files = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_file());
        files.filter(|p| kind_of(p).is_some_and(|kind| to.is_none_or(|to| to == kind))).collect()
    };
    if !is_book {
        files.sort();
    }
    let target = |file: &Path| {
        let kind =
            to.or_else(|| if is_book { Some(Kind::MdBook) } else { kind_of(file) }).ok_or_else(unknown)?;
        Ok(Target { file: file.to_path_buf(), kind })
    };
    let holds = |file: &&PathBuf| {
        let Ok(text) = files::read(file, LONGEST) else { return false };
        match to.or_else(|| kind_of(file)) {
            Some(Kind::Notebook) => notebook::holds(&text, name),
            Some(kind) => block::holds(&text, kind.spec().comment, kind.spec().verbatim, name),
            None => false,
        }
    };
    let index = folder.join("index.qmd");
    match files.iter().filter(holds).collect::<Vec<_>>().as_slice() {
        [one] => return target(one),
        [one, two, ..] => {
            let (one, two) = (one.display(), two.display());
            return Err(Problem::Folder(format!(
                "{one} and {two} both hold the block `{name}`; name one of them with {}",
                Field::Into
            )));
        }
        [] => {}
    }
    match files.as_slice() {
        [] => Err(Problem::Folder(format!("holds no notes; name a file with {}", Field::Into))),
        [.., last] if is_book => target(last),
        [one] => target(one),
        _ if files.contains(&index) => target(&index),
        [one, two, ..] => {
            let name = |p: &Path| p.file_name().unwrap_or_default().display().to_string();
            let what = format!("holds several notes ({}, {}, ...)", name(one), name(two));
            Err(Problem::Folder(format!("{what}; name one with {} FILE", Field::Into)))
        }
    }
}
