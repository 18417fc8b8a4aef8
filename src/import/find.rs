//! Which files of a path are logs, and what their places say of run and set.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::layers::natural;
use super::log::Place;
use super::{Importer, Sniff, names};

/// Bytes of a file that are looked at to tell its format.
const HEAD: usize = 1 << 16;
/// Folders below a folder that are looked into, and files that are looked at in all.
const DEEPEST: usize = 6;
pub(super) const MOST_ENTRIES: usize = 50_000;
/// The same where a path is only asked what it is: a home folder given by mistake is not searched.
const MOST_LOOKED_AT: usize = 5_000;

/// A file and its first bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Peek {
    pub path: PathBuf,
    pub head: Vec<u8>,
    pub length: u64,
}

impl Peek {
    /// None for what is no regular file or cannot be read: opening a pipe would wait for ever.
    pub fn at(path: &Path) -> Option<Peek> {
        let meta = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let mut head = Vec::new();
        fs::File::open(path).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
        Some(Peek { path: path.to_path_buf(), head, length: meta.len() })
    }

    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The name without its ending.
    pub fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether the first bytes are the whole file.
    pub fn is_whole(&self) -> bool {
        self.head.len() as u64 == self.length
    }
}

/// A file of a log, and what its place says.
pub(super) struct Found<'a> {
    pub file: Peek,
    pub importer: &'a dyn Importer,
    pub place: Place,
}

/// Whether something at a path is a log that one of the importers knows.
pub fn knows(path: &Path, importers: &[&dyn Importer]) -> bool {
    if path.is_dir() {
        marked(path, importers, MOST_LOOKED_AT).is_some()
    } else {
        of_file(path, importers).is_some()
    }
}

/// Whether it is a file of a run, a sweep or remedies of our own, which is no log by itself.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_run = path.with_file_name("meta.json").exists() && path.with_file_name("step.npy").exists();
    is_run && (name.ends_with(".npy") || name == "meta.json")
        || ["remedies.json", "cell.json"].contains(&&*name)
}

/// The first importer that knows a file.
pub(super) fn of_file<'a>(path: &Path, importers: &[&'a dyn Importer]) -> Option<(Peek, &'a dyn Importer)> {
    let file = Peek::at(path).filter(|_| !is_ours(path))?;
    let importer = importers.iter().copied().find(|importer| importer.sniff(&file) == Sniff::Mine)?;
    Some((file, importer))
}

/// The files of a folder that make it a log of one format. Of several formats the one that is asked first
/// counts: programs that write two logs of a run write the same numbers into both.
pub(super) fn marked<'a>(
    dir: &Path,
    importers: &[&'a dyn Importer],
    most: usize,
) -> Option<(&'a dyn Importer, Vec<PathBuf>)> {
    let mut files = Vec::new();
    let mut left = most;
    let marks = |name: &str| importers.iter().any(|importer| importer.marks_folder(name));
    walk(dir, DEEPEST, &mut left, &marks, &mut files);
    importers.iter().copied().find_map(|importer| {
        let of_it = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            importer.marks_folder(&name)
                && Peek::at(path).is_some_and(|file| importer.sniff(&file) == Sniff::Mine)
        };
        let mut found: Vec<PathBuf> = files.iter().filter(of_it).cloned().collect();
        found.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
        (!found.is_empty()).then(|| (importer, latest_checkpoints(found)))
    })
}

/// The logs that lie directly in a folder, where they are of one format: Poutyne's, a file a parameter.
pub(super) fn of_one_format<'a>(
    dir: &Path,
    importers: &[&'a dyn Importer],
) -> Option<(&'a dyn Importer, Vec<PathBuf>)> {
    let entries = fs::read_dir(dir).ok()?.flatten().take(MOST_ENTRIES).map(|entry| entry.path());
    let mut found: Vec<(&'a dyn Importer, PathBuf)> =
        entries.filter_map(|path| Some((of_file(&path, importers)?.1, path))).collect();
    found.sort_by(|a, b| natural(&a.1.to_string_lossy(), &b.1.to_string_lossy()));
    let (first, _) = found.first()?;
    let (importer, word) = (*first, first.word());
    found
        .iter()
        .all(|(one, _)| one.word() == word)
        .then(|| (importer, found.into_iter().map(|(_, p)| p).collect()))
}

fn walk(dir: &Path, depth: usize, left: &mut usize, marks: &dyn Fn(&str) -> bool, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // Links are not followed: they may go round.
        let Ok(kind) = entry.file_type() else { continue };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && depth > 0 && !path.join("meta.json").exists() {
            walk(&path, depth - 1, left, marks, files);
        } else if kind.is_file() && marks(&name) {
            files.push(path);
        }
    }
}

/// A checkpoint holds the whole log up to it: of several in one folder the last is enough.
fn latest_checkpoints(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let home = |path: &PathBuf| {
        let folder = path.parent()?;
        let is_checkpoint = folder.file_name()?.to_string_lossy().starts_with("checkpoint-");
        is_checkpoint.then(|| folder.parent().map(Path::to_path_buf)).flatten()
    };
    let is_last = |i: usize| home(&files[i]).is_none() || files.get(i + 1).and_then(home) != home(&files[i]);
    let kept: Vec<PathBuf> = (0..files.len()).filter(|&i| is_last(i)).map(|i| files[i].clone()).collect();
    kept
}

/// What the place of a file below a folder says: `relu/train/events...` is of the run `relu` and the set
/// `train`.
pub(super) fn place(root: &Path, file: &Path, run: &str) -> Place {
    let inside = file.parent().and_then(|dir| dir.strip_prefix(root).ok()).unwrap_or(Path::new(""));
    let mut parts: Vec<String> =
        inside.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    parts.retain(|part| !part.starts_with("checkpoint-"));
    let own = root.file_name().map(|name| name.to_string_lossy().into_owned());
    let set = match parts.last() {
        Some(last) => names::set_of(last).is_some().then(|| parts.pop()).flatten(),
        None => own.filter(|name| names::set_of(name).is_some()),
    };
    if !run.is_empty() {
        parts.insert(0, run.to_string());
    }
    Place { run: parts.join("/"), set }
}

/// A name for the only run of a path: that of the folder where the file has the name that its program always
/// gives.
pub(super) fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let given = ["metrics", "trainer_state", "history", "log", "progress"];
    let is_given = given.contains(&stem.as_str()) || stem.starts_with("events.out.tfevents");
    let full = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = || {
        let mut above =
            full.ancestors().skip(1).filter_map(Path::file_name).map(|n| n.to_string_lossy().into_owned());
        above.find(|name| names::set_of(name).is_none())
    };
    if path.is_dir() {
        full.file_name().map_or(stem, |name| name.to_string_lossy().into_owned())
    } else if is_given {
        folder().unwrap_or(stem)
    } else {
        stem
    }
}
