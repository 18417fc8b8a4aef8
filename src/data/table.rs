//! How the columns of a table are taken, and what was done to them: plain values, also without files.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::NameError;

/// Columns of a table: names of its header, or numbers, **counted from 1**. Written as one string with
/// commas, on the command line and in `meta.json`; a column with a comma in its name goes by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Columns(pub Vec<String>);

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

impl FromStr for Columns {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Columns, NameError> {
        let columns: Vec<String> = text.split(',').map(|column| column.trim().to_string()).collect();
        if columns.iter().any(String::is_empty) {
            let problem = format!("'{text}': give names or numbers of columns, separated by commas");
            return Err(NameError::Value(problem));
        }
        Ok(Columns(columns))
    }
}

impl From<Columns> for String {
    fn from(columns: Columns) -> String {
        columns.to_string()
    }
}

impl TryFrom<String> for Columns {
    type Error = NameError;

    fn try_from(text: String) -> Result<Columns, NameError> {
        text.parse()
    }
}

/// What becomes of a missing value of a table: an empty field, or one of the words NA, N/A, NaN, null, `?`
/// in any case. Without a choice it is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Missing {
    /// A row with a missing value is left out, in both parts.
    Drop,
    /// A number becomes the mean of its column over the training samples; of a category all columns are 0. A
    /// missing label stays an error.
    Mean,
}

impl Missing {
    pub const ALL: [(Missing, &'static str); 2] = [(Missing::Drop, "drop"), (Missing::Mean, "mean")];
}

crate::names::named!(Missing, "treatment of missing values", Missing::ALL);

/// Something that was done to a table, which its reader wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableNote {
    /// Name of the file.
    pub file: String,
    pub change: TableChange,
}

/// What was done. Columns go by their names, or by their places (`column 3`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableChange {
    /// The text is not UTF-8, and was read so.
    Encoding(Encoding),
    /// Lines that begin with `#` were skipped.
    Comments { lines: usize },
    /// The numbers of these columns have a decimal comma.
    DecimalComma { columns: Vec<String> },
    /// Columns that are no inputs because they were named.
    Ignored { columns: Vec<String> },
    /// A column became one input for each category, 1 where the row has it and 0 elsewhere.
    OneHot { column: String, categories: Vec<String>, asked: bool },
    /// Rows with a missing value were left out.
    Dropped { rows: usize, of: usize },
    /// Missing numbers were replaced by the means of their columns over the training samples.
    Filled { values: usize, columns: Vec<String> },
    /// All columns of missing categories are 0.
    NoCategory { values: usize, columns: Vec<String> },
}

/// How the bytes of a text are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Latin-1 with the printable characters that Windows adds to it.
    Windows1252,
    Utf16,
}
