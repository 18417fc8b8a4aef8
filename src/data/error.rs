//! Errors of data, each in one line that names the file or the field and the way out.

use std::io;
use std::path::PathBuf;

use crate::field::Field;
use crate::names::meant;

/// Errors when data is found, read or generated.
///
/// `cause` is part of the message already, so it is not given again as [`std::error::Error::source`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    #[error("{}: unknown source '{name}'{}; use {}", Field::Data, meant(.nearest.as_deref()), super::spec::FORMS)]
    UnknownSource { name: String, nearest: Option<String> },

    #[error("{} {kind}: give the path of the data: {kind}:PATH", Field::Data)]
    NoPath { kind: &'static str },

    #[error("{} {kind}: takes no path, but '{path}' was given", Field::Data)]
    NeedlessPath { kind: &'static str, path: String },

    #[error("{field} {value}: {problem}")]
    Option { field: Field, value: String, problem: String },

    #[error("{field} does not apply to {} {spec}: leave it out", Field::Data)]
    NotApplicable { field: Field, spec: String },

    #[error("{field} {asked}: there are only {available} {what} in {spec}")]
    NotEnough { field: Field, asked: usize, available: usize, what: String, spec: String },

    #[error("{field} {asked}: {spec} has no test set")]
    NoTestSet { field: Field, asked: usize, spec: String },

    #[error(
        "{}: the inputs would need {} of memory as 32-bit numbers, the limit is {}; take fewer ({}, {})",
        .place, gib(*.bytes), gib(*.limit), Field::TrainSize, Field::TestSize
    )]
    TooLarge { place: String, bytes: u64, limit: u64 },

    #[error("cannot read {}: {cause}", .path.display())]
    Io { path: PathBuf, cause: io::Error },

    /// A pipe or a device, which could be without end, or a folder.
    #[error("{}: not a regular file; put the data into one", .path.display())]
    NotAFile { path: PathBuf },

    /// The reader of this data was not compiled in.
    #[error("{} {spec}: this build reads no such data; build it with the feature `{feature}`", Field::Data)]
    LeftOut { spec: String, feature: &'static str },

    #[error("{}: no such folder", .folder.display())]
    NoFolder { folder: PathBuf },

    #[error("{}: {what} not found; looked for {looked_for}", .folder.display())]
    NotFound { folder: PathBuf, what: &'static str, looked_for: String },

    #[error("{}: holds several data sets ({found}); name one by its prefix: {}", .folder.display(), .example.display())]
    SeveralSets { folder: PathBuf, found: String, example: PathBuf },

    #[error("{}: not {what}: the file begins with 0x{found:08x}, expected 0x{expected:08x}", .path.display())]
    Magic { path: PathBuf, what: &'static str, found: u32, expected: u32 },

    #[error("{}: truncated: {found} bytes, but its header promises {expected}; fetch it again", .path.display())]
    Truncated { path: PathBuf, found: u64, expected: u64 },

    #[error("{}: too long: the header promises {expected} bytes, the file has {}", .path.display(), at_least(*.found))]
    Oversized { path: PathBuf, found: Option<u64>, expected: u64 },

    #[error("{}: the header is impossible: {dimensions}", .path.display())]
    Dimensions { path: PathBuf, dimensions: String },

    #[error("{}: broken gzip file ({cause}); fetch it again", .path.display())]
    Gzip { path: PathBuf, cause: io::Error },

    #[error("{} has {images} images, but {} has {labels} labels", .image_file.display(), .label_file.display())]
    CountsDiffer { image_file: PathBuf, images: usize, label_file: PathBuf, labels: usize },

    #[error("{}: test images are {test}, training images {train}", .path.display())]
    ShapesDiffer { path: PathBuf, train: String, test: String },

    #[error("{}: label {label} of item {item} (from 1) is out of range: {why}", .path.display())]
    Label { path: PathBuf, item: usize, label: u32, why: String },

    #[error("{}: {size} bytes is not a whole number of CIFAR-10 records of 3073 bytes; fetch it again", .path.display())]
    CifarSize { path: PathBuf, size: u64 },

    #[error("{}: no data rows{}", .path.display(), only_comments(*.comments))]
    CsvEmpty { path: PathBuf, comments: usize },

    #[error("{}: {problem}", .path.display())]
    CsvNoText { path: PathBuf, problem: String },

    #[error("{}: {}; leave columns out with {}", .path.display(), none_left(*.rows), Field::IgnoreColumns)]
    CsvAllDropped { path: PathBuf, rows: usize },

    #[error(
        "{}: the first row ({row}) may be names of the columns or a sample; say with {} yes or {} no which it is",
        .path.display(), Field::Header, Field::Header
    )]
    CsvHeader { path: PathBuf, row: String },

    /// `problem` says what is wrong with it, and the way out.
    #[error("{}: column {column} {problem}", .path.display())]
    CsvUnfit { path: PathBuf, column: String, problem: String },

    #[error("{}, line {line}: {found} columns, but the first row has {expected}", .path.display())]
    CsvRagged { path: PathBuf, line: u64, expected: usize, found: usize },

    #[error("{}, line {line}, column {column}: {problem}", .path.display())]
    CsvField { path: PathBuf, line: u64, column: usize, problem: String },

    #[error("{}, line {line}: {problem}", .path.display())]
    CsvMalformed { path: PathBuf, line: u64, problem: String },

    #[error(
        "{}, line {line}: the quote (\") that begins a field here is never closed, so the rest of the file would be one field; \
         close it, or remove it", .path.display()
    )]
    CsvOpenQuote { path: PathBuf, line: u64 },

    /// `hint` names a column that may have been meant, and those that there are.
    #[error("{field} {column}: {} has no such column{hint}", .path.display())]
    CsvColumn { field: Field, path: PathBuf, column: String, hint: String },

    #[error("{}: columns {first} and {second} are both named '{column}'; choose one by its number with {field}", .path.display())]
    CsvTwice { field: Field, path: PathBuf, column: String, first: usize, second: usize },

    #[error("{}: only a label column, no inputs; {way_out}", .path.display())]
    CsvNoInputs { path: PathBuf, way_out: String },

    #[error("{}: the label column ({column}) has {}, {why}", .path.display(), values(*.classes))]
    CsvClasses { path: PathBuf, column: String, classes: usize, why: String },

    /// A class or a category.
    #[error("{}, line {line}: {what} does not occur in {}", .path.display(), .train.display())]
    CsvUnseen { path: PathBuf, line: u64, what: String, train: PathBuf },

    #[error("{}: {problem}; it has to be laid out as {}", .path.display(), .train.display())]
    CsvLayout { path: PathBuf, problem: String, train: PathBuf },

    #[error("the embedded MNIST images are damaged ({0}): build gradfade again")]
    Embedded(String),
}

impl DataError {
    /// Whether the command line is wrong rather than a file.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            DataError::UnknownSource { .. }
                | DataError::NoPath { .. }
                | DataError::NeedlessPath { .. }
                | DataError::Option { .. }
                | DataError::NotApplicable { .. }
                | DataError::NotEnough { .. }
                | DataError::NoTestSet { .. }
                | DataError::CsvColumn { .. }
        )
    }
}

fn values(count: usize) -> String {
    if count == 1 { "1 value".into() } else { format!("{count} different values") }
}

fn only_comments(lines: usize) -> String {
    match lines {
        0 => String::new(),
        1 => "; the line that begins with # is a comment".into(),
        n => format!("; the {n} lines that begin with # are comments"),
    }
}

fn none_left(rows: usize) -> String {
    if rows == 1 {
        "the only row has a missing value".into()
    } else {
        format!("all {rows} rows have a missing value")
    }
}

fn at_least(found: Option<u64>) -> String {
    found.map_or_else(|| "more".to_string(), |n| n.to_string())
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
}
