//! Logs of other programs: one file a format, and one line in [`IMPORTERS`].
//!
//! ```text
//! file -> Importer -> Log (named series by run) -> assemble -> Record
//! ```
//!
//! An importer says of a file whether it knows it ([`Importer::sniff`]), and fills a [`Log`] with what is in
//! it. What the names in it mean is in one place ([`names`]), and so is what becomes of the series
//! (`assemble`). That a file cannot be read is one of two answers: it is of a version that this importer does
//! not know, or it is broken at a place that the error names. [`crate::source::open`] asks every importer,
//! after it found no run, sweep or remedies of our own.
//!
//! Memory grows with the numbers that are taken, not with the size of the files: events and tables are read
//! in one pass, and a name that is not understood or not asked for is not kept.

mod arrays;
mod assemble;
mod axes;
mod find;
mod json;
mod layers;
mod log;
mod long;
pub mod names;
mod numpy;
mod own;
mod pattern;
mod poutyne;
mod read;
mod rows;
mod tensorboard;
mod tensors;
mod text;
mod tidy;
mod wandb;
mod wide;

use std::fmt;
use std::path::PathBuf;

pub use find::{Peek, knows};
pub use log::{Axis, Log, MOST_NAMES, RunLog, Series, SeriesId};
pub use pattern::{Order, Pattern};
pub use read::{Imported, read, read_one};

use crate::field::Field;
use crate::record::MetricId;

/// The formats that [`crate::source::open`] knows besides our own, in the order in which they are asked:
/// those that are known by a mark come before those that are known by the names of their columns.
pub static IMPORTERS: &[&dyn Importer] = &[
    &tensorboard::TensorBoard,
    &own::Own,
    &wandb::Chart,
    &poutyne::Poutyne,
    &long::Long,
    &wide::Wide,
    &rows::HuggingFace,
    &rows::Cockpit,
    &rows::JsonLines,
    &arrays::Json,
    &numpy::NumPy,
    &arrays::Text,
];

/// Reads the logs of one other program.
pub trait Importer: Sync {
    /// The format as people call it, such as `TensorBoard`.
    fn name(&self) -> &'static str;

    /// The word that asks for this format, such as `tensorboard`.
    fn word(&self) -> &'static str;

    /// What a file of this format is, in one line.
    fn about(&self) -> &'static str;

    /// Whether a file is of this format, from its name and its first bytes: cheap, and never an error.
    fn sniff(&self, file: &Peek) -> Sniff;

    /// Whether a folder with a file of this name in it is a log of this format.
    fn marks_folder(&self, _file_name: &str) -> bool {
        false
    }

    /// Reads a file into the log. Asked where [`Importer::sniff`] said [`Sniff::Mine`], or where a person
    /// said so.
    ///
    /// # Errors
    /// [`ImportError::Incompatible`] and [`ImportError::Broken`]; what the log says.
    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError>;
}

/// What an importer says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniff {
    NotMine,
    Mine,
}

impl From<bool> for Sniff {
    fn from(mine: bool) -> Sniff {
        if mine { Sniff::Mine } else { Sniff::NotMine }
    }
}

/// What a caller may ask of an importer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The run's name in figures; without one, it is taken from the file.
    pub name: Option<String>,
    /// Only what this is found in, of `TAG` and `RUN/TAG`.
    pub select: Option<Pattern>,
    pub order: Order,
    /// Names of the layers or parameters of an array `[steps, layers]`, the input side first.
    pub layers: Vec<String>,
    /// What an array or column holds whose name does not say it.
    pub metric: Option<MetricId>,
    /// What a name of the log holds, said by a person.
    pub maps: Vec<(MetricId, String)>,
    /// The number of classes, which few logs say: with it the accuracy of chance is known.
    pub classes: Option<usize>,
}

/// Why a log cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing is wrong with the file, but it is of another version.
    #[error("version {found}, this program reads {wanted}")]
    Incompatible { found: String, wanted: String },
    /// The file contradicts its format.
    #[error("{at}: {what}")]
    Broken { at: Place, what: String },
    /// No importer knows it.
    #[error("{}: {what}", path.display())]
    NotALog { path: PathBuf, what: String },
    /// There is no importer of this name.
    #[error("{}: no format is called `{word}`; known: {known}", Field::From)]
    NoFormat { word: String, known: String },
    /// More than one program can hold.
    #[error("more than {most} {what}; take fewer with {} of import", Field::Select)]
    TooMany { most: usize, what: &'static str },
    /// Nothing in it belongs into a record.
    #[error("{}", nothing(run, names, *unselected))]
    Nothing { run: String, names: Vec<String>, unselected: usize },
    /// A person says what a name holds that is not there.
    #[error("{} {metric}={name}: no numbers in the log are called `{name}`; {}", Field::Map, there(names))]
    NoName { metric: &'static str, name: String, names: Vec<String> },
    /// A log of several runs where one is needed.
    #[error("{} runs ({}); import them, or one of them with {} of import", names.len(), short(names), Field::Select)]
    Several { names: Vec<String> },
    /// The numbers make no record.
    #[error("{what}")]
    Record { what: String },
}

fn nothing(run: &str, names: &[String], unselected: usize) -> String {
    let of = if run.is_empty() { String::new() } else { format!("{run}: ") };
    if unselected > 0 && names.is_empty() {
        return format!("{of}nothing is left: {} leaves out all {unselected} names", Field::Select);
    }
    let held = if names.is_empty() {
        "nothing that is a number".to_string()
    } else {
        format!("only {}", short(names))
    };
    format!(
        "{of}there is {held}, and neither a loss, an accuracy, a learning rate nor a norm of a gradient by a name \
         that is known; {} of import says what a name holds, {} what unnamed arrays and histograms hold",
        Field::Map,
        Field::Metric
    )
}

fn there(names: &[String]) -> String {
    if names.is_empty() { "there are no names in it".into() } else { format!("there are {}", short(names)) }
}

fn short(names: &[String]) -> String {
    const MOST: usize = 4;
    let first = names.iter().take(MOST).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{first}, ...") } else { first }
}

/// Where a file is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// From 1; none in a file without lines.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}
