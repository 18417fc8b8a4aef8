//! One file as text: decoded, its separator found, its lines counted.

use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::decode::decode;
use super::reading::Reading;
use crate::data::{DataError, Encoding};

const SEPARATORS: [u8; 3] = *b",;\t";

/// A file in memory. The text has one line feed for each line of the file, whatever ended it there, and
/// nothing on the lines of comments: so the line of a row is a count of line feeds.
pub(super) struct Source {
    pub(super) path: PathBuf,
    text: String,
    pub(super) delimiter: u8,
    /// Where it is not UTF-8.
    pub(super) encoding: Option<Encoding>,
    /// Lines that begin with `#`.
    pub(super) comments: usize,
}

impl Source {
    /// # Errors
    /// A file that cannot be read or is no text, and a quote that is never closed.
    pub(super) fn read(path: &Path) -> Result<Source, DataError> {
        let io = |cause| DataError::Io { path: path.to_path_buf(), cause };
        let (raw, encoding) = decode(std::fs::read(path).map_err(io)?, path)?;
        let delimiter = delimiter(&raw);
        let mut source =
            Source { path: path.to_path_buf(), text: String::new(), delimiter, encoding, comments: 0 };
        match source.take_lines(&raw) {
            Some(line) => Err(DataError::CsvOpenQuote { path: source.path, line }),
            None => Ok(source),
        }
    }

    /// Takes over the lines of the file. The answer is the line of a quote that is still open at the end: the
    /// reader of rows would take the rest of the file for a field without a word. Its rules hold here: a
    /// quote opens only at the start of a field.
    fn take_lines(&mut self, raw: &str) -> Option<u64> {
        self.text.reserve_exact(raw.len() + 1);
        let (mut at, mut opened) = (At::Start, 0);
        for (index, line) in lines(raw).enumerate() {
            let is_comment = line.starts_with('#');
            let is_nothing = line.bytes().all(|byte| byte == b' ') || index == 0 && told(line).is_some();
            if at != At::Quoted && (is_comment || is_nothing) {
                self.comments += usize::from(is_comment);
            } else {
                for byte in line.bytes() {
                    if at == At::Start && byte == b'"' {
                        opened = index as u64 + 1;
                    }
                    at = at.after(byte, self.delimiter);
                }
                self.text.push_str(line);
            }
            at = if at == At::Quoted { at } else { At::Start };
            self.text.push('\n');
        }
        (at == At::Quoted).then_some(opened)
    }

    /// The rows from the first, each with its fields trimmed.
    pub(super) fn rows(&self) -> Rows<'_> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.text.as_bytes());
        Rows { source: self, reader, columns: None, row: StringRecord::new() }
    }

    /// The line (from 1) of a row whose place is `place`: the end of the row before, so that empty lines
    /// come first.
    pub(super) fn line(&self, place: u64) -> u64 {
        let place = (place as usize).min(self.text.len());
        let empty = self.text.as_bytes()[place..].iter().take_while(|byte| **byte == b'\n').count();
        1 + line_breaks(&self.text.as_bytes()[..place + empty])
    }

    /// The error of a field; `column` counts from 0.
    pub(super) fn wrong(&self, place: u64, column: usize, problem: String) -> DataError {
        DataError::CsvField { path: self.path.clone(), line: self.line(place), column: column + 1, problem }
    }

    /// Name of the file alone.
    pub(super) fn name(&self) -> String {
        crate::data::short_name(&self.path, "the table")
    }
}

/// The rows of a [`Source`] one by one.
pub(super) struct Rows<'a> {
    source: &'a Source,
    reader: Reader<&'a [u8]>,
    columns: Option<usize>,
    row: StringRecord,
}

impl Rows<'_> {
    /// The next row, and its place for [`Source::line`].
    ///
    /// # Errors
    /// A row that has more or fewer columns than the first; a field that goes on over several lines.
    pub(super) fn next(&mut self) -> Result<Option<(&StringRecord, u64)>, DataError> {
        let source = self.source;
        let more = self.reader.read_record(&mut self.row).map_err(|error| {
            let line = error.position().map_or(0, |place| source.line(place.byte()));
            DataError::CsvMalformed { path: source.path.clone(), line, problem: error.to_string() }
        })?;
        if !more {
            return Ok(None);
        }
        let place = self.row.position().map_or(0, csv::Position::byte);
        check_line_breaks(source, &self.row, place, self.columns.is_none())?;
        self.row.trim();
        // Behind a blank a quote is a letter to the reader.
        if self.row.iter().any(|field| unwrapped(field).is_some()) {
            self.row = self.row.iter().map(|field| unwrapped(field).unwrap_or(field)).collect();
        }
        let expected = *self.columns.get_or_insert(self.row.len());
        if self.row.len() != expected {
            let (path, line) = (source.path.clone(), source.line(place));
            return Err(DataError::CsvRagged { path, line, expected, found: self.row.len() });
        }
        Ok(Some((&self.row, place)))
    }
}

/// What stands between two quotes around a whole field.
fn unwrapped(field: &str) -> Option<&str> {
    let inside = field.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains('"')).then(|| inside.trim())
}

/// Refuses a field that goes on over several lines: mostly its quote was never closed, and it has swallowed
/// the rows that follow. A name in the first row may be broken, as spreadsheets do, as long as no line of it
/// looks like a row.
fn check_line_breaks(
    source: &Source,
    row: &StringRecord,
    place: u64,
    is_first: bool,
) -> Result<(), DataError> {
    for (column, field) in row.iter().enumerate() {
        let mut lines = field.split('\n');
        let broken = lines.next().is_some_and(|first| first.len() < field.len());
        if broken && !(is_first && lines.all(|line| !line.as_bytes().contains(&source.delimiter))) {
            let problem = "this field in quotes goes on over several lines; close its quote (\") where the field \
                           ends, or put the field on one line";
            return Err(source.wrong(place, column, problem.to_string()));
        }
    }
    Ok(())
}

/// Where the scan of a line stands.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Bare,
    Quoted,
    /// Behind a quote inside quotes: the end of the field, or the first half of an escaped quote.
    Quote,
}

impl At {
    fn after(self, byte: u8, delimiter: u8) -> At {
        match (self, byte) {
            (At::Start | At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter => At::Start,
            (At::Start | At::Bare | At::Quote, _) => At::Bare,
        }
    }
}

/// The lines of a text, each without what ends it: a line feed, a carriage return, or both together.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let all = rest?;
        let end = all.find(['\n', '\r']).unwrap_or(all.len());
        let behind = &all[end..];
        let behind = behind.strip_prefix("\r\n").or_else(|| behind.get(1..)).unwrap_or_default();
        rest = Some(behind).filter(|behind| !behind.is_empty());
        Some(&all[..end])
    })
}

/// Number of ends of lines.
pub(super) fn line_breaks(text: &[u8]) -> u64 {
    let mut after_return = false;
    text.iter().fold(0, |count, &byte| {
        let is_end = byte == b'\r' || byte == b'\n' && !after_return;
        after_return = byte == b'\r';
        count + u64::from(is_end)
    })
}

/// The separator that a spreadsheet names in a first line `sep=;`, which is no row.
fn told(line: &str) -> Option<u8> {
    let (separator, name) = line.as_bytes().split_last()?;
    (name.eq_ignore_ascii_case(b"sep=") && SEPARATORS.contains(separator)).then_some(*separator)
}

/// The separator that the first line with anything on it has most of; a comma where it has none. Comments do
/// not count, nor do commas where all of them are decimal points between other separators.
fn delimiter(text: &str) -> u8 {
    if let Some(separator) = lines(text).next().and_then(told) {
        return separator;
    }
    let is_row = |line: &&str| !line.starts_with('#') && !line.trim().is_empty();
    let mut counts = [0usize; 3];
    let mut quoted = false;
    if let Some(first) = lines(text).find(is_row)
        && let Some(&separator) = SEPARATORS[1..].iter().find(|&&c| has_decimal_commas(first, char::from(c)))
    {
        return separator;
    }
    for line in lines(text).skip_while(|line| !is_row(line)) {
        for byte in line.bytes() {
            if byte == b'"' {
                quoted = !quoted;
            }
            if let Some(i) = SEPARATORS.iter().position(|&c| c == byte).filter(|_| !quoted) {
                counts[i] += 1;
            }
        }
        if !quoted {
            break;
        }
    }
    let best = (0..3).rev().max_by_key(|&i| counts[i]).unwrap_or(0);
    SEPARATORS[best]
}

/// Whether this separates a row in which every field that has a comma is a number with a decimal comma.
fn has_decimal_commas(row: &str, separator: char) -> bool {
    let fields = || row.split(separator).map(str::trim).filter(|field| field.contains(','));
    row.contains(separator)
        && fields().next().is_some()
        && fields().all(|field| matches!(Reading::of(field), Reading::Comma(_)))
}
