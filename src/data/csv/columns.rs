//! What each column of a table is: decided from the training file, and held to in the test file.

use super::head::Head;
use super::reading::shortened;
use super::source::Source;
use super::survey::Survey;
use crate::data::{DataError, DataOptions};
use crate::field::Field;

/// Different texts that a column may have before it is taken for names or identifiers: a network would learn
/// the rows by heart. `one_hot` overrules it.
pub(super) const MOST_TEXTS: usize = 50;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Label,
    Ignored,
    Number,
    /// One input for each category.
    OneHot {
        /// Named in `one_hot`, and not only found to hold texts.
        asked: bool,
    },
}

/// The kind of each column of the training file.
///
/// # Errors
/// Options that name no column or contradict each other; a column that holds a few texts among numbers.
pub(super) fn kinds(
    source: &Source,
    head: &Head,
    survey: &Survey,
    options: &DataOptions,
) -> Result<Vec<Kind>, DataError> {
    let ignored = head.places(source, Field::IgnoreColumns, options.ignore_columns.as_ref())?;
    let one_hot = head.places(source, Field::OneHot, options.one_hot.as_ref())?;
    if let Some(&both) = one_hot.iter().find(|place| ignored.contains(place)) {
        let problem =
            format!("this column is ignored ({}); leave it out here or there", Field::IgnoreColumns);
        return Err(DataError::Option { field: Field::OneHot, value: head.handle(both), problem });
    }
    let is_empty = |&column: &usize| survey.rows > 0 && survey.columns[column].present() == 0;
    if let Some(column) = (0..head.columns).filter(|column| !ignored.contains(column)).find(is_empty) {
        let way_out = match column == head.label {
            true => format!("choose another label column with {}", Field::LabelColumn),
            false => format!("leave it out with {} {}", Field::IgnoreColumns, head.handle(column)),
        };
        let (path, column) = (source.path.clone(), head.quoted(column));
        return Err(DataError::CsvUnfit { path, column, problem: format!("is empty; {way_out}") });
    }
    let comma = decimal_comma(source, survey, &ignored);
    let kind = |column: usize| {
        if column == head.label {
            return Ok(Kind::Label);
        }
        if ignored.contains(&column) {
            return Ok(Kind::Ignored);
        }
        if one_hot.contains(&column) {
            return Ok(Kind::OneHot { asked: true });
        }
        of_fields(source, head, survey, column, comma)
    };
    (0..head.columns).map(kind).collect()
}

fn of_fields(
    source: &Source,
    head: &Head,
    survey: &Survey,
    column: usize,
    comma: bool,
) -> Result<Kind, DataError> {
    let counts = &survey.columns[column];
    let numbers = counts.numbers + if comma { counts.commas } else { 0 };
    let texts = counts.present() - numbers;
    if texts == 0 {
        return Ok(Kind::Number);
    }
    if counts.texts == 0
        && let Some((place, field)) = &counts.comma
    {
        return Err(source.wrong(*place, column, comma_problem(source, survey, field)));
    }
    if counts.texts > 0
        && counts.texts == counts.decorated
        && let Some((place, field)) = &counts.text
    {
        let problem = format!(
            "'{}' is a number with something around it; write the number alone, with a decimal point and without \
             separators of thousands, or take all fields of the column for categories with {} {}",
            shortened(field),
            Field::OneHot,
            head.handle(column)
        );
        return Err(source.wrong(*place, column, problem));
    }
    if 2 * numbers < numbers + texts {
        return Ok(Kind::OneHot { asked: false });
    }
    let first = [&counts.text, &counts.comma].into_iter().flatten().min_by_key(|(place, _)| *place);
    let Some((place, field)) = first else { return Ok(Kind::Number) };
    let handle = head.handle(column);
    let problem = format!(
        "'{}' is not a number, as most fields of this column are; correct it, leave the column out with {} {handle}, \
         take all its fields for categories with {} {handle}, or, if this is the label, say so with {} {handle}",
        shortened(field),
        Field::IgnoreColumns,
        Field::OneHot,
        Field::LabelColumn
    );
    Err(source.wrong(*place, column, problem))
}

/// Whether numbers with a comma are decimal: the separator is none, no number of the file has a point, and a
/// column that has such numbers has nothing else.
pub(super) fn decimal_comma(source: &Source, survey: &Survey, ignored: &[usize]) -> bool {
    let columns = || survey.columns.iter().enumerate().filter(|(i, _)| !ignored.contains(i)).map(|(_, c)| c);
    source.delimiter != b','
        && columns().all(|column| column.point.is_none())
        && columns().any(|column| column.commas > 0 && column.texts == 0)
}

/// Why a number with a comma is none, and the way out.
fn comma_problem(source: &Source, survey: &Survey, field: &str) -> String {
    let shown = shortened(field);
    let point =
        survey.columns.iter().filter_map(|column| column.point.as_ref()).min_by_key(|(place, _)| *place);
    match point {
        Some((place, other)) => format!(
            "'{shown}' has a comma and '{}' (line {}) a point, so it is not clear which of them is the decimal \
             point; write all numbers with a decimal point and without separators of thousands",
            shortened(other),
            source.line(*place)
        ),
        None => format!(
            "'{shown}' is not a number: write it with a decimal point, or separate the fields by semicolons or \
             tabs; decimal commas are read then"
        ),
    }
}
