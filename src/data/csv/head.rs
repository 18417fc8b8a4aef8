//! Whether the first row names the columns, which column holds the labels, and which column a name means.

use super::reading::{Reading, shortened};
use super::source::Source;
use super::survey::Survey;
use crate::data::{Columns, DataError, DataOptions};
use crate::field::Field;
use crate::names::{meant, nearest};

/// Names that a label column has by itself. `y` alone does not indicate a header, since it may be a value
/// (yes).
const LABEL_NAMES: [&str; 4] = ["label", "class", "target", "y"];

/// The columns of a table.
pub(super) struct Head {
    pub(super) names: Option<Vec<String>>,
    pub(super) columns: usize,
    /// Index of the label column, from 0.
    pub(super) label: usize,
}

impl Head {
    /// For the file that the network is trained on.
    ///
    /// # Errors
    /// A label column that does not exist or whose name occurs twice, and a first row of which both may be
    /// true.
    pub(super) fn of(source: &Source, survey: &Survey, options: &DataOptions) -> Result<Head, DataError> {
        let (is_header, label) = first_row(source, survey, options)?;
        let row = &survey.first;
        Ok(Head { names: is_header.then(|| row.clone()), columns: row.len(), label })
    }

    /// Name of a column for people: its own, or which one it is.
    pub(super) fn name(&self, column: usize) -> String {
        match self.names.as_ref().map(|names| names[column].trim()) {
            Some(name) if !name.is_empty() => crate::escape::word(name).into_owned(),
            _ => format!("column {}", column + 1),
        }
    }

    /// The same in a sentence that says "column".
    pub(super) fn quoted(&self, column: usize) -> String {
        match self.names.as_ref().map(|names| names[column].trim()) {
            Some(name) if !name.is_empty() => format!("'{}'", crate::escape::word(name)),
            _ => format!("number {}", column + 1),
        }
    }

    /// What stands for a column in an option: its name where that is one plain word, else its number.
    pub(super) fn handle(&self, column: usize) -> String {
        let is_plain = |name: &&String| {
            name.chars().any(char::is_alphabetic)
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
                && !name.starts_with('-')
        };
        let names = self.names.as_deref().unwrap_or_default();
        let is_unique = |name: &&String| names.iter().filter(|other| other == name).count() == 1;
        match names.get(column).filter(is_plain).filter(is_unique) {
            Some(name) => name.clone(),
            None => (column + 1).to_string(),
        }
    }

    /// The columns that an option names, in the order of the file.
    ///
    /// # Errors
    /// A column that is not there, is there twice, or is the label column.
    pub(super) fn places(
        &self,
        source: &Source,
        field: Field,
        columns: Option<&Columns>,
    ) -> Result<Vec<usize>, DataError> {
        let mut places = Vec::new();
        for column in columns.iter().flat_map(|columns| &columns.0) {
            let is_name = self.names.as_ref().is_some_and(|names| names.contains(column));
            let place = match number(column, self.columns).filter(|place| place.is_some() || !is_name) {
                Some(place) => place.ok_or_else(|| no_such(source, field, column, &self.numbers(), None))?,
                None => match &self.names {
                    Some(names) => named(source, field, column, names)?,
                    None => {
                        let known = format!("no header, only {}", self.numbers());
                        return Err(no_such(source, field, column, &known, None));
                    }
                },
            };
            if place == self.label {
                let problem = format!("this is the label column; name another with {}", Field::LabelColumn);
                return Err(DataError::Option { field, value: column.clone(), problem });
            }
            places.push(place);
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    fn numbers(&self) -> String {
        format!("columns 1 to {}", self.columns)
    }

    /// The head of a test file, whose columns are those of the training file. `numbers` are the columns that
    /// hold numbers there.
    ///
    /// # Errors
    /// Another layout.
    pub(super) fn of_test(
        &self,
        source: &Source,
        survey: &Survey,
        train: &Source,
        numbers: &[usize],
        options: &DataOptions,
    ) -> Result<Head, DataError> {
        let row = &survey.first;
        let different =
            |problem| DataError::CsvLayout { path: source.path.clone(), problem, train: train.path.clone() };
        if row.len() != self.columns {
            return Err(different(format!("it has {} columns, not {}", row.len(), self.columns)));
        }
        let is_same = self.names.as_ref() == Some(row);
        let is_text = |&column: &usize| Reading::of(&row[column]) == Reading::Text;
        let is_header = options.header.unwrap_or_else(|| match numbers {
            [] => self.names.is_some(),
            numbers => is_same || numbers.iter().any(is_text),
        });
        if let (true, Some(names)) = (is_header, &self.names)
            && let Some(i) = (0..self.columns).find(|&i| row[i] != names[i])
        {
            return Err(different(format!("column {} is named '{}', not '{}'", i + 1, row[i], names[i])));
        }
        if is_header
            && self.names.is_none()
            && let Some(label) = row.iter().position(|name| is_label(name, &LABEL_NAMES[..3]))
            && label != self.label
        {
            let problem = format!("its label column is {}, not {}", label + 1, self.label + 1);
            return Err(different(format!("{problem} (give {})", Field::LabelColumn)));
        }
        Ok(Head { names: is_header.then(|| row.clone()), columns: self.columns, label: self.label })
    }
}

fn is_label(field: &str, among: &[&str]) -> bool {
    among.iter().any(|name| field.eq_ignore_ascii_case(name))
}

/// The place of a column that goes by a number: inside, none beyond the columns. A whole number counts
/// columns, whatever the header says, as far as there are columns: a rule that a reader can hold in mind.
fn number(column: &str, columns: usize) -> Option<Option<usize>> {
    column.parse::<i64>().ok()?;
    let place = column.parse::<usize>().ok().filter(|n| (1..=columns).contains(n));
    Some(place.map(|n| n - 1))
}

fn no_such(source: &Source, field: Field, column: &str, known: &str, nearest: Option<&str>) -> DataError {
    let hint = format!("{}; it has {known}", meant(nearest));
    DataError::CsvColumn { field, path: source.path.clone(), column: column.to_string(), hint }
}

/// The place of the column of this name.
fn named(source: &Source, field: Field, column: &str, names: &[String]) -> Result<usize, DataError> {
    let place = names.iter().position(|name| name == column);
    unique(source, field, names, place)?;
    let place = place.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(column)));
    place.ok_or_else(|| {
        let some: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
        let more = if names.len() > some.len() { ", ..." } else { "" };
        let near = nearest(column, names.iter().map(String::as_str));
        no_such(source, field, column, &format!("{}{more}", some.join(", ")), near)
    })
}

/// A column is chosen by name only where no other column has that name.
fn unique(source: &Source, field: Field, names: &[String], place: Option<usize>) -> Result<(), DataError> {
    let Some(first) = place else { return Ok(()) };
    match (first + 1..names.len()).find(|&other| names[other] == names[first]) {
        Some(second) => Err(DataError::CsvTwice {
            field,
            path: source.path.clone(),
            column: names[first].clone(),
            first: first + 1,
            second: second + 1,
        }),
        None => Ok(()),
    }
}

/// What the first row is made of.
#[derive(PartialEq)]
enum FirstRow {
    Names,
    Values,
    /// Both may be true.
    Unclear,
}

/// Whether the first row is a header, and which column (from 0) holds the labels.
fn first_row(source: &Source, survey: &Survey, options: &DataOptions) -> Result<(bool, usize), DataError> {
    let row = &survey.first;
    let field = Field::LabelColumn;
    let last = row.len() - 1;
    if let Some(column) = options.label_column.as_deref() {
        // `2019` is the name of a column of years where there are not so many columns.
        let is_name = options.header == Some(true) && row.iter().any(|name| name == column);
        return match number(column, row.len()).filter(|place| place.is_some() || !is_name) {
            Some(place) => {
                let known = format!("columns 1 to {}", row.len());
                let place = place.ok_or_else(|| no_such(source, field, column, &known, None))?;
                Ok((is_header(source, survey, options, place)?, place))
            }
            None if options.header == Some(false) => {
                let known = format!("no header, only columns 1 to {}", row.len());
                Err(no_such(source, field, column, &known, None))
            }
            None => Ok((true, named(source, field, column, row)?)),
        };
    }
    let named = row.iter().position(|field| is_label(field, &LABEL_NAMES));
    let guess = named.unwrap_or(last);
    let is_header = match options.header {
        None if is_label(&row[guess], &LABEL_NAMES[..3]) => true,
        _ => is_header(source, survey, options, guess)?,
    };
    unique(source, field, row, named.filter(|_| is_header))?;
    Ok((is_header, if is_header { guess } else { last }))
}

/// Whether the first row names the columns when `label` is the label column.
fn is_header(
    source: &Source,
    survey: &Survey,
    options: &DataOptions,
    label: usize,
) -> Result<bool, DataError> {
    if let Some(given) = options.header {
        return Ok(given);
    }
    match judge(survey, label) {
        FirstRow::Names => Ok(true),
        FirstRow::Values if !survey.first_row_looks_like_names(label) => Ok(false),
        FirstRow::Values | FirstRow::Unclear => {
            let shown = |field: &String| if field.is_empty() { "''".into() } else { shortened(field) };
            let some: Vec<String> = survey.first.iter().take(4).map(shown).collect();
            let more = if survey.first.len() > some.len() { ", ..." } else { "" };
            let row = format!("{}{more}", some.join(", "));
            Err(DataError::CsvHeader { path: source.path.clone(), row })
        }
    }
}

/// Texts are names where the column holds numbers below, and values where they come again.
fn judge(survey: &Survey, label: usize) -> FirstRow {
    let with = |reading: fn(&Reading) -> bool| -> Vec<usize> {
        let outside = (0..survey.first.len()).filter(|&column| column != label);
        outside.filter(|&column| reading(&Reading::of(&survey.first[column]))).collect()
    };
    let texts = with(|reading| *reading == Reading::Text);
    // A comma of a decimal number is not known yet.
    let numbers =
        with(|reading| matches!(reading, Reading::Number(_) | Reading::Comma(_) | Reading::Infinite));
    let holds_numbers = |&column: &usize| {
        let column = &survey.columns[column];
        column.present() > 0 && 2 * (column.numbers + column.commas) >= column.present()
    };
    if texts.is_empty() {
        FirstRow::Values
    } else if survey.rows == 0 || texts.iter().any(holds_numbers) {
        FirstRow::Names
    } else if texts.iter().any(|&column| survey.columns[column].as_first > 0) {
        FirstRow::Values
    } else if numbers.iter().any(holds_numbers) {
        FirstRow::Unclear
    } else {
        FirstRow::Names
    }
}
