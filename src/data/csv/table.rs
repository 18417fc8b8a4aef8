//! Reading one file of rows: every field is checked, and every error names line and column.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use csv::{Position, ReaderBuilder, StringRecord};

use crate::data::{DataError, DataOptions};
use crate::field::Field;
use crate::names::nearest;

/// Names that a label column has by itself. `y` alone does not indicate a header, since it may be a value
/// (yes).
const LABEL_NAMES: [&str; 4] = ["label", "class", "target", "y"];

/// A table in memory: inputs as numbers, labels as indices into their different texts.
pub(super) struct Table {
    pub(super) path: PathBuf,
    header: Option<Vec<String>>,
    columns: usize,
    /// Index, from 0.
    label_column: usize,
    /// `[rows, columns - 1]`
    pub(super) inputs: Vec<f32>,
    /// `[rows]`
    pub(super) label_ids: Vec<u32>,
    /// The different label texts in the order of the file, and where each came first.
    pub(super) label_texts: Vec<String>,
    pub(super) label_places: Vec<Position>,
}

impl Table {
    pub(super) fn read(path: &Path, options: &DataOptions) -> Result<Table, DataError> {
        let io = |cause| DataError::Io { path: path.to_path_buf(), cause };
        let mut file = BufReader::new(File::open(path).map_err(io)?);
        let delimiter = delimiter(&mut file).map_err(io)?;
        file.rewind().map_err(io)?;
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(file);

        let mut record = StringRecord::new();
        // Where the last row begins: only there can a quote stay open until the end of the file.
        let mut last = 0;
        let mut next = |record: &mut StringRecord| {
            let more = reader.read_record(record).map_err(|error| malformed(path, error))?;
            last = record.position().filter(|_| more).map_or(last, Position::byte);
            if more {
                check_line_breaks(path, record, delimiter)?;
                record.trim();
            }
            Ok(more)
        };
        if !next(&mut record)? {
            return Err(DataError::CsvEmpty { path: path.to_path_buf() });
        }
        let (is_header, label_column) = first_row(path, &record, options)?;
        let columns = record.len();
        if columns < 2 {
            return Err(DataError::CsvNoInputs { path: path.to_path_buf() });
        }
        let mut table = Table {
            path: path.to_path_buf(),
            header: is_header.then(|| record.iter().map(String::from).collect()),
            columns,
            label_column,
            inputs: Vec::new(),
            label_ids: Vec::new(),
            label_texts: Vec::new(),
            label_places: Vec::new(),
        };
        let mut ids = BTreeMap::new();
        if !is_header {
            table.push(&record, &mut ids)?;
        }
        while next(&mut record)? {
            table.push(&record, &mut ids)?;
        }
        if let Some(line) = open_quote(path, last, delimiter).map_err(io)? {
            return Err(DataError::CsvOpenQuote { path: path.to_path_buf(), line });
        }
        if table.label_ids.is_empty() {
            return Err(DataError::CsvEmpty { path: path.to_path_buf() });
        }
        Ok(table)
    }

    fn push(&mut self, record: &StringRecord, ids: &mut BTreeMap<String, u32>) -> Result<(), DataError> {
        let place = record.position().cloned().unwrap_or_else(Position::new);
        if record.len() != self.columns {
            let (path, line) = (self.path.clone(), self.line(&place));
            return Err(DataError::CsvRagged { path, line, expected: self.columns, found: record.len() });
        }
        for (column, field) in record.iter().enumerate() {
            let wrong = |problem: String| DataError::CsvField {
                path: self.path.clone(),
                line: self.line(&place),
                column: column + 1,
                problem,
            };
            if column == self.label_column {
                if field.is_empty() {
                    return Err(wrong("the label is missing".to_string()));
                }
                let id = match ids.get(field) {
                    Some(&id) => id,
                    None => {
                        let id = self.label_texts.len() as u32;
                        ids.insert(field.to_string(), id);
                        self.label_texts.push(field.to_string());
                        self.label_places.push(place.clone());
                        id
                    }
                };
                self.label_ids.push(id);
                continue;
            }
            match field.parse::<f32>() {
                Ok(value) if value.is_finite() => self.inputs.push(value),
                Ok(_) => return Err(wrong(format!("'{field}' is not a finite 32-bit number"))),
                Err(_) if field.is_empty() => return Err(wrong("the number is missing".to_string())),
                Err(_) => {
                    let hint = format!("if this is the label, say so with {}", Field::LabelColumn);
                    return Err(wrong(format!("'{}' is not a number; {hint}", shortened(field))));
                }
            }
        }
        Ok(())
    }

    /// The line (from 1) of a row.
    pub(super) fn line(&self, place: &Position) -> u64 {
        line_at(&self.path, place)
    }

    /// Columns without the label.
    pub(super) fn features(&self) -> usize {
        self.columns - 1
    }

    /// Name of the label column, or its number.
    /// Names of the columns of the inputs: those of the header, else their numbers in the file.
    pub(super) fn feature_names(&self) -> Vec<String> {
        let name = |column: usize| match self.header.as_ref().map(|names| names[column].trim()) {
            Some(name) if !name.is_empty() => crate::escape::word(name).into_owned(),
            _ => format!("column {}", column + 1),
        };
        (0..=self.features()).filter(|&column| column != self.label_column).map(name).collect()
    }

    /// The same for people: the name alone, or which column it is.
    pub(super) fn label_column_words(&self) -> String {
        match &self.header {
            Some(names) => names[self.label_column].clone(),
            None => format!("column {}", self.label_column + 1),
        }
    }

    pub(super) fn label_column_name(&self) -> String {
        match &self.header {
            Some(names) => format!("'{}'", names[self.label_column]),
            None => format!("number {}", self.label_column + 1),
        }
    }

    /// Whether a test table can follow the training table.
    pub(super) fn check_layout(&self, train: &Table) -> Result<(), DataError> {
        let different =
            |problem| DataError::CsvLayout { path: self.path.clone(), problem, train: train.path.clone() };
        if self.columns != train.columns {
            return Err(different(format!("it has {} columns, not {}", self.columns, train.columns)));
        }
        if let (Some(ours), Some(theirs)) = (&self.header, &train.header)
            && let Some(i) = (0..self.columns).find(|&i| ours[i] != theirs[i])
        {
            return Err(different(format!("column {} is named '{}', not '{}'", i + 1, ours[i], theirs[i])));
        }
        if self.label_column != train.label_column {
            let problem =
                format!("its label column is {}, not {}", self.label_column + 1, train.label_column + 1);
            return Err(different(format!("{problem} (give {})", Field::LabelColumn)));
        }
        Ok(())
    }
}

/// Whether the first row is a header, and which column (from 0) holds the labels.
fn first_row(path: &Path, row: &StringRecord, options: &DataOptions) -> Result<(bool, usize), DataError> {
    let no_such = |column: &str, columns: String, nearest: Option<String>| DataError::CsvColumn {
        path: path.to_path_buf(),
        column: column.to_string(),
        nearest,
        columns,
    };
    let name = |field: &str, among: &[&str]| among.iter().any(|name| field.eq_ignore_ascii_case(name));
    let texts_outside =
        |label: usize| row.iter().enumerate().any(|(i, f)| i != label && f.parse::<f64>().is_err());
    match options.label_column.as_deref() {
        // A whole number counts columns, whatever the header says: a rule that a reader can hold in mind.
        Some(column) if column.parse::<i64>().is_ok() => {
            let index = column.parse::<usize>().ok().filter(|n| (1..=row.len()).contains(n));
            let index =
                index.ok_or_else(|| no_such(column, format!("columns 1 to {}", row.len()), None))? - 1;
            Ok((options.header.unwrap_or_else(|| texts_outside(index)), index))
        }
        Some(column) => {
            if options.header == Some(false) {
                return Err(no_such(column, format!("no header, only columns 1 to {}", row.len()), None));
            }
            let index = row.iter().position(|field| field == column);
            unique(path, row, index)?;
            let index = index.or_else(|| row.iter().position(|field| field.eq_ignore_ascii_case(column)));
            let index = index.ok_or_else(|| {
                let some: Vec<&str> = row.iter().take(8).collect();
                let more = if row.len() > some.len() { ", ..." } else { "" };
                no_such(
                    column,
                    format!("{}{more}", some.join(", ")),
                    nearest(column, row.iter()).map(String::from),
                )
            })?;
            Ok((true, index))
        }
        None => {
            let named = row.iter().position(|field| name(field, &LABEL_NAMES));
            let last = row.len() - 1;
            let guess = named.unwrap_or(last);
            let is_header = options
                .header
                .unwrap_or_else(|| texts_outside(guess) || name(&row[guess], &LABEL_NAMES[..3]));
            unique(path, row, named.filter(|_| is_header))?;
            Ok((is_header, if is_header { guess } else { last }))
        }
    }
}

/// A label column is chosen by name only where no other column has that name.
fn unique(path: &Path, row: &StringRecord, label: Option<usize>) -> Result<(), DataError> {
    let Some(first) = label else { return Ok(()) };
    let same = |&other: &usize| row[other] == row[first];
    match (first + 1..row.len()).find(same) {
        Some(second) => {
            let (path, column) = (path.to_path_buf(), row[first].to_string());
            Err(DataError::CsvTwice { path, column, first: first + 1, second: second + 1 })
        }
        None => Ok(()),
    }
}

/// The separator that the first line with anything on it has most of; a comma where it has none.
fn delimiter(file: &mut impl BufRead) -> std::io::Result<u8> {
    const CANDIDATES: [u8; 3] = *b",;\t";
    let mut counts = [0usize; 3];
    let (mut quoted, mut seen) = (false, false);
    loop {
        let chunk = file.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        let length = chunk.len();
        let mut done = false;
        for &byte in chunk {
            if byte == b'"' {
                quoted = !quoted;
            }
            if (byte == b'\n' || byte == b'\r') && !quoted && seen {
                done = true;
                break;
            }
            seen |= !byte.is_ascii_whitespace();
            if let Some(i) = CANDIDATES.iter().position(|&c| c == byte).filter(|_| !quoted) {
                counts[i] += 1;
            }
        }
        if done {
            break;
        }
        file.consume(length);
    }
    let best = (0..3).rev().max_by_key(|&i| counts[i]).unwrap_or(0);
    Ok(CANDIDATES[best])
}

/// The line (from 1) of a row, for an error.
///
/// The reader counts line feeds only, and the row's place is the end of the row before. So the file is read
/// again: a line ends with a line feed, a carriage return, or both together, and the empty lines before the
/// row count too.
fn line_at(path: &Path, place: &Position) -> u64 {
    let counted = || -> std::io::Result<u64> {
        let (mut lines, mut after_return) = (1, false);
        for (at, byte) in BufReader::new(File::open(path)?).bytes().enumerate() {
            let byte = byte?;
            if at as u64 >= place.byte() && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            lines += u64::from(byte == b'\r' || byte == b'\n' && !after_return);
            after_return = byte == b'\r';
        }
        Ok(lines)
    };
    counted().unwrap_or(place.line())
}

/// Refuses a field that goes on over several lines: mostly its quote was never closed, and it has swallowed
/// the rows that follow. A name in the first row may be broken, as spreadsheets do, as long as no line of it
/// looks like a row.
fn check_line_breaks(path: &Path, record: &StringRecord, delimiter: u8) -> Result<(), DataError> {
    let place = record.position().cloned().unwrap_or_else(Position::new);
    let is_first = place.record() == 0;
    for (column, field) in record.iter().enumerate() {
        let mut lines = field.split(['\n', '\r']);
        let broken = lines.next().is_some_and(|first| first.len() < field.len());
        if broken && !(is_first && lines.all(|line| !line.as_bytes().contains(&delimiter))) {
            let path = path.to_path_buf();
            return Err(match open_quote(&path, place.byte(), delimiter) {
                Err(cause) => DataError::Io { path, cause },
                Ok(Some(line)) => DataError::CsvOpenQuote { path, line },
                Ok(None) => {
                    let problem = "this field in quotes goes on over several lines; close its quote (\") where the \
                                   field ends, or put the field on one line";
                    let line = line_at(&path, &place);
                    DataError::CsvField { path, line, column: column + 1, problem: problem.to_string() }
                }
            });
        }
    }
    Ok(())
}

/// The line of a quote that is still open at the end of the file, looking from the start of the last row: the
/// reader takes the rest of the file for a field without a word. The rules are the reader's: a quote opens
/// only at the start of a field.
fn open_quote(path: &Path, last_row: u64, delimiter: u8) -> std::io::Result<Option<u64>> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Bare,
        Quoted,
        /// Behind a quote inside quotes: the end of the field, or the first half of an escaped quote.
        Quote,
    }
    let (mut at, mut lines, mut opened, mut after_return) = (At::Start, 1, 0, false);
    for (offset, byte) in BufReader::new(File::open(path)?).bytes().enumerate() {
        let byte = byte?;
        let is_end = byte == b'\r' || byte == b'\n';
        lines += u64::from(byte == b'\r' || byte == b'\n' && !after_return);
        after_return = byte == b'\r';
        let is_mark = offset < 3 && matches!(byte, 0xef | 0xbb | 0xbf);
        if (offset as u64) < last_row || is_mark {
            continue;
        }
        if at == At::Start && byte == b'"' {
            opened = lines;
        }
        at = match (at, byte) {
            (At::Start | At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if is_end || byte == delimiter => At::Start,
            (At::Start | At::Bare | At::Quote, _) => At::Bare,
        };
    }
    Ok((at == At::Quoted).then_some(opened))
}

fn malformed(path: &Path, error: csv::Error) -> DataError {
    let line = error.position().map_or(0, |place| line_at(path, place));
    let problem = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_string(),
        _ => error.to_string(),
    };
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => DataError::Io { path: path.to_path_buf(), cause },
        _ => DataError::CsvMalformed { path: path.to_path_buf(), line, problem },
    }
}

fn shortened(field: &str) -> String {
    if field.chars().count() <= 40 {
        field.to_string()
    } else {
        field.chars().take(37).chain("...".chars()).collect()
    }
}
