//! Paths to records: detection, reading into one [`Log`], and one record a run.

use std::path::{Path, PathBuf};

use super::find::{self, Found, Peek};
use super::log::Place;
use super::text::{Cell, cell, first_rows};
use super::{ImportError, ImportOptions, Importer, Log, assemble, names, short};
use crate::escape::{shortened, word};
use crate::field::Field;
use crate::record::Record;

/// The longest name of a run that is shown, in characters; a folder's is cut there too.
const LONGEST_NAME: usize = 200;
/// The longest name of a column in a message, in characters.
const LONGEST_COLUMN: usize = 40;

/// What was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// One record a run, each with a name of its own.
    pub records: Vec<Record>,
    /// The formats that were read, each once.
    pub formats: Vec<&'static str>,
    /// What was not understood, left out or mended.
    pub warnings: Vec<String>,
}

/// Reads logs as one or several runs: all files that are named together are of one run, but for those that
/// hold several themselves; of several folders each holds runs of its own.
///
/// `from` names the format of all of them; without it each file is looked at.
///
/// # Errors
/// [`ImportError`].
pub fn read(
    paths: &[PathBuf],
    importers: &[&dyn Importer],
    options: &ImportOptions,
    from: Option<&str>,
) -> Result<Imported, ImportError> {
    let forced = from.map(|word| named(word, importers)).transpose()?;
    let mut found = Vec::new();
    let folders = paths.iter().filter(|path| path.is_dir()).count();
    for path in paths {
        let run = if path.is_dir() && folders > 1 { run_of_folder(path) } else { String::new() };
        found.extend(files(path, importers, forced, &run)?);
    }
    let mut log = Log::new(options);
    let mut formats: Vec<&'static str> = Vec::new();
    for Found { file, importer, place } in found {
        log.place = place;
        importer.read(&file, &mut log)?;
        if !formats.contains(&importer.name()) {
            formats.push(importer.name());
        }
    }
    log.check_maps()?;
    let tool = log.tool.clone().unwrap_or_else(|| (formats.join(", "), String::new()));
    let name = options.name.clone().unwrap_or_else(|| find::name_of(&paths[0]));
    let mut imported = records(log, &name, &tool, formats, options)?;
    let first = paths[0].file_name().map(|name| name.to_string_lossy().into_owned());
    if let Some(first) = first {
        let more = if paths.len() > 1 { format!(" and {} more", paths.len() - 1) } else { String::new() };
        let log = format!("{}{more}", shortened(&word(&first), LONGEST_NAME));
        imported.records.iter_mut().for_each(|r| drop(r.header.labels.insert("log".into(), log.clone())));
    }
    Ok(imported)
}

/// Reads the log at a path, which has to hold one run.
///
/// # Errors
/// [`ImportError`]; [`ImportError::Several`].
pub fn read_one(path: &Path, importers: &[&dyn Importer]) -> Result<Imported, ImportError> {
    let imported = read(&[path.to_path_buf()], importers, &ImportOptions::default(), None)?;
    if imported.records.len() > 1 {
        let names = imported.records.iter().map(|record| record.header.run.clone()).collect();
        return Err(ImportError::Several { names });
    }
    Ok(imported)
}

/// A folder that is called by a set, as in `logs/train logs/validation`, is of the run that it lies in.
fn run_of_folder(path: &Path) -> String {
    let name = find::name_of(path);
    if names::set_of(&name).is_none() {
        return name;
    }
    let above = std::fs::canonicalize(path).ok();
    above.as_deref().and_then(Path::parent).map(find::name_of).unwrap_or(name)
}

fn named<'a>(word: &str, importers: &[&'a dyn Importer]) -> Result<&'a dyn Importer, ImportError> {
    let is_it = |i: &&&dyn Importer| i.word() == word || i.name().eq_ignore_ascii_case(word);
    importers.iter().find(is_it).copied().ok_or_else(|| ImportError::NoFormat {
        word: word.into(),
        known: importers.iter().map(|i| i.word()).collect::<Vec<_>>().join(", "),
    })
}

fn files<'a>(
    path: &Path,
    importers: &[&'a dyn Importer],
    forced: Option<&'a dyn Importer>,
    run: &str,
) -> Result<Vec<Found<'a>>, ImportError> {
    let not = |what: &str| ImportError::NotALog { path: path.to_path_buf(), what: what.into() };
    if path.join("meta.json").exists() && path.join("step.npy").exists() {
        return Err(not("a run folder already; every command reads it"));
    }
    if path.is_dir() {
        let importers = forced.map_or(importers.to_vec(), |one| vec![one]);
        let found = find::marked(path, &importers, find::MOST_ENTRIES)
            .or_else(|| find::of_one_format(path, &importers));
        let neither =
            "no log in this folder that is known by its name, nor files of one format; name the files";
        let (importer, files) = found.ok_or_else(|| not(neither))?;
        let found = files.iter().filter_map(|file| Some((file, Peek::at(file)?)));
        return Ok(found
            .map(|(path_of_file, file)| Found { file, importer, place: find::place(path, path_of_file, run) })
            .collect());
    }
    if std::fs::metadata(path).is_err() {
        return Err(not("no such file or folder"));
    }
    let found = match forced {
        Some(importer) => Peek::at(path).map(|file| (file, importer)),
        None => find::of_file(path, importers),
    };
    let (file, importer) = found.ok_or_else(|| not(&looks(path)))?;
    let above = std::fs::canonicalize(path).ok().and_then(|p| p.parent().map(Path::to_path_buf));
    let place = match above {
        Some(dir) if importer.marks_folder(&file.file_name()) => find::place(&dir, &dir.join("x"), run),
        _ => Place { run: run.into(), ..Place::default() },
    };
    Ok(vec![Found { file, importer, place }])
}

/// What a file seems to be that no importer knows.
fn looks(path: &Path) -> String {
    let Some(file) = Peek::at(path) else { return "not a file that can be read".into() };
    let begins = |bytes: &[u8]| file.head.starts_with(bytes);
    let what = if file.length == 0 {
        "empty"
    } else if file.file_name().contains("tfevents") {
        "its first record contradicts its checksum: damaged, or no event file of TensorBoard"
    } else if begins(b"\x1f\x8b") {
        "a gzip file; unpack it"
    } else if begins(b"PK\x03\x04") {
        "an archive: a spreadsheet or parameters of PyTorch; export the numbers as CSV"
    } else if begins(b"PAR1") {
        "a Parquet file; export the table as CSV"
    } else if begins(b"SQLite format 3") {
        "a database; export the run as CSV"
    } else if begins(b"\x80") && file.head.get(1).is_some_and(|v| (2..=5).contains(v)) {
        "a pickle of Python, which runs code when it is read; save the numbers as CSV, JSON or .npy"
    } else if path.extension().is_some_and(|e| e == "wandb") {
        "the binary log of wandb; export the run's history as CSV"
    } else if let Some(columns) = unknown_columns(&file) {
        return format!(
            "not a log of a known format, but it looks like a table with the columns {}; {} table reads it, and {} \
             says what a column holds",
            short(&columns),
            Field::From,
            Field::Map
        );
    } else {
        "not a log of a known format"
    };
    what.into()
}

/// The names above the columns of a table of numbers.
fn unknown_columns(file: &Peek) -> Option<Vec<String>> {
    let rows = first_rows(file, 2);
    let [header, row] = rows.as_slice() else { return None };
    let is_number = |text: &String| matches!(cell(text, true), Cell::Number(_));
    let is_table = header.len() > 1 && header.len() == row.len() && row.iter().any(is_number);
    (is_table && !header.iter().any(is_number))
        .then(|| header.iter().map(|name| shortened(&word(name), LONGEST_COLUMN).into_owned()).collect())
}

fn records(
    log: Log,
    name: &str,
    tool: &(String, String),
    formats: Vec<&'static str>,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    let (runs, mut warnings) = log.finish();
    let several = runs.len() > 1;
    let mut records = Vec::new();
    let mut failed = None;
    for run in runs {
        let own = match (&options.name, run.name.as_str()) {
            (Some(name), _) if !several => name.clone(),
            (_, "") => name.to_string(),
            (_, own) => own.to_string(),
        };
        let own = shortened(&word(&own), LONGEST_NAME).into_owned();
        match assemble::record(run, &own, tool, options) {
            Ok((record, said)) => {
                let of = if several { format!("{own}: ") } else { String::new() };
                warnings.extend(said.into_iter().map(|line| format!("{of}{line}")));
                records.push(record);
            }
            // Of several runs some may hold nothing that is known.
            Err(error @ ImportError::Nothing { .. }) if several => {
                if !matches!(&error, ImportError::Nothing { unselected, .. } if *unselected > 0) {
                    warnings.push(error.to_string());
                }
                failed = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    match failed {
        Some(error) if records.is_empty() => Err(error),
        _ if records.is_empty() => {
            Err(ImportError::Nothing { run: String::new(), names: vec![], unselected: 0 })
        }
        _ => {
            if let (Some(name), [only]) = (&options.name, records.as_mut_slice()) {
                only.header.run.clone_from(name);
            }
            Ok(Imported { records, formats, warnings })
        }
    }
}
