//! The rows of one file as numbers and categories: every field is checked, and every error names line and
//! column.

use super::categories::{Categories, Texts};
use super::columns::{Kind, MOST_TEXTS};
use super::head::Head;
use super::reading::{Reading, is_missing, shortened, with_point};
use super::source::Source;
use crate::data::{DataError, DataOptions, MAX_CLASSES, Missing};
use crate::field::Field;

/// What is needed to read the rows.
pub(super) struct Layout<'a> {
    pub(super) source: &'a Source,
    pub(super) head: &'a Head,
    pub(super) kinds: &'a [Kind],
    /// A comma is a decimal point.
    pub(super) decimal_comma: bool,
    pub(super) missing: Option<Missing>,
}

/// A file in memory.
pub(super) struct Table {
    /// `[rows, number columns]`; NaN where a number is missing, under [`Missing::Mean`] alone.
    numbers: Vec<f32>,
    /// One for each one-hot column.
    pub(super) one_hot: Vec<Texts>,
    pub(super) labels: Texts,
    /// Rows that were left out.
    pub(super) dropped: usize,
}

impl Layout<'_> {
    /// Reads the rows.
    ///
    /// # Errors
    /// Fields that are not what their column holds, missing values without a choice what becomes of them, no
    /// rows at all.
    pub(super) fn table(&self, options: &DataOptions) -> Result<Table, DataError> {
        let count = self.kinds.iter().filter(|kind| matches!(kind, Kind::OneHot { .. })).count();
        let mut table = Table {
            numbers: Vec::new(),
            one_hot: (0..count).map(|_| Texts::default()).collect(),
            labels: Texts::default(),
            dropped: 0,
        };
        let mut rows = self.source.rows();
        if self.head.names.is_some() {
            rows.next()?;
        }
        while let Some((row, place)) = rows.next()? {
            let is_complete =
                || !row.iter().zip(self.kinds).any(|(f, k)| *k != Kind::Ignored && is_missing(f));
            if options.missing == Some(Missing::Drop) && !is_complete() {
                table.dropped += 1;
                continue;
            }
            let mut one_hot = 0;
            for (column, field) in row.iter().enumerate() {
                match self.kinds[column] {
                    Kind::Ignored => {}
                    Kind::Label => self.push_label(&mut table.labels, column, field, place)?,
                    Kind::Number => table.numbers.push(self.number(column, field, place)?),
                    Kind::OneHot { asked } => {
                        self.push_category(&mut table.one_hot[one_hot], column, field, place, asked)?;
                        one_hot += 1;
                    }
                }
            }
        }
        let path = || self.source.path.clone();
        match (table.labels.ids.len(), table.dropped) {
            (0, 0) => Err(DataError::CsvEmpty { path: path(), comments: self.source.comments }),
            (0, rows) => Err(DataError::CsvAllDropped { path: path(), rows }),
            _ => Ok(table),
        }
    }

    fn number(&self, column: usize, field: &str, place: u64) -> Result<f32, DataError> {
        let wrong = |problem| Err(self.source.wrong(place, column, problem));
        match Reading::of(field) {
            Reading::Number(value) => Ok(value),
            Reading::Comma(value) if self.decimal_comma => Ok(value),
            Reading::Missing if self.missing == Some(Missing::Mean) => Ok(f32::NAN),
            Reading::Missing => wrong(self.missing_problem("number", field)),
            Reading::Infinite => wrong(format!("'{}' is not a finite 32-bit number", shortened(field))),
            Reading::Comma(_) | Reading::Text => wrong(format!(
                "'{}' is not a number, as this column holds in the training file; correct it, or leave the column out with {} {}",
                shortened(field),
                Field::IgnoreColumns,
                self.head.handle(column)
            )),
        }
    }

    fn push_label(
        &self,
        labels: &mut Texts,
        column: usize,
        field: &str,
        place: u64,
    ) -> Result<(), DataError> {
        if !is_missing(field) {
            self.push(labels, field, place);
            return Ok(());
        }
        let shown = if field.is_empty() { String::new() } else { format!(" ('{field}')") };
        let no_mean = if self.missing.is_some() { "and there is no mean of classes; " } else { "" };
        let problem =
            format!("the label is missing{shown}; {no_mean}{} drop leaves such rows out", Field::Missing);
        Err(self.source.wrong(place, column, problem))
    }

    fn push_category(
        &self,
        texts: &mut Texts,
        column: usize,
        field: &str,
        place: u64,
        asked: bool,
    ) -> Result<(), DataError> {
        if !is_missing(field) {
            self.push(texts, field, place);
            let most = if asked { MAX_CLASSES } else { MOST_TEXTS };
            return if texts.texts.len() > most {
                Err(self.too_many(column, format!("more than {most} different {}", values(asked)), asked))
            } else {
                Ok(())
            };
        }
        if self.missing == Some(Missing::Mean) {
            texts.push_missing();
            return Ok(());
        }
        Err(self.source.wrong(place, column, self.missing_problem("text", field)))
    }

    /// With its comma as a point where that is what it means, so that categories sort as numbers.
    fn push(&self, texts: &mut Texts, field: &str, place: u64) {
        match with_point(field).filter(|_| self.decimal_comma) {
            Some(number) if matches!(Reading::of(field), Reading::Comma(_)) => texts.push(&number, place),
            _ => texts.push(field, place),
        }
    }

    fn missing_problem(&self, what: &str, field: &str) -> String {
        let shown = if field.is_empty() { String::new() } else { format!(" ('{field}')") };
        let missing = Field::Missing;
        let mean = if what == "number" { "fills in the mean of the column" } else { "gives it no category" };
        format!("the {what} is missing{shown}; {missing} drop leaves such rows out, {missing} mean {mean}")
    }

    /// Refuses texts that tell rows apart and no categories: more than ten of which most come only once.
    pub(super) fn check_categories(&self, table: &Table) -> Result<(), DataError> {
        let one_hot = self.kinds.iter().enumerate().filter(|(_, kind)| matches!(kind, Kind::OneHot { .. }));
        for ((column, kind), texts) in one_hot.zip(&table.one_hot) {
            let (different, rows) = (texts.texts.len(), texts.present());
            if *kind == (Kind::OneHot { asked: false }) && different > 10 && 2 * different > rows {
                return Err(self.too_many(
                    column,
                    format!("{different} different texts in {rows} rows"),
                    false,
                ));
            }
        }
        Ok(())
    }

    fn too_many(&self, column: usize, found: String, asked: bool) -> DataError {
        let handle = self.head.handle(column);
        let mut way_out = format!("leave it out with {} {handle}", Field::IgnoreColumns);
        if !asked {
            way_out += &format!(", or keep it with {} {handle}", Field::OneHot);
        }
        let problem = format!("has {found}, which tell rows apart and are no categories; {way_out}");
        DataError::CsvUnfit { path: self.source.path.clone(), column: self.head.quoted(column), problem }
    }
}

fn values(asked: bool) -> &'static str {
    if asked { "values" } else { "texts" }
}

impl Table {
    /// Numbers of the categories of each one-hot column; [`Categories::of_rows`] says what `unseen` is for.
    pub(super) fn categories<E>(
        &self,
        of: &[Categories],
        unseen: impl Fn(usize, &str, u64) -> E,
    ) -> Result<Vec<Vec<Option<u32>>>, E> {
        let columns = self.one_hot.iter().zip(of).enumerate();
        columns.map(|(i, (texts, of))| of.of_rows(texts, |text, place| unseen(i, text, place))).collect()
    }

    /// The inputs `[rows, features]`: numbers as they are, and for each one-hot column a 1 in the place of its
    /// category.
    pub(super) fn inputs(self, kinds: &[Kind], of: &[Categories], one_hot: &[Vec<Option<u32>>]) -> Vec<f32> {
        if one_hot.is_empty() {
            return self.numbers;
        }
        let width: usize = of.iter().map(|categories| categories.names().len()).sum();
        let rows = self.labels.ids.len();
        let mut inputs = Vec::with_capacity(self.numbers.len() + rows * width);
        let mut numbers = self.numbers.iter();
        for row in 0..rows {
            let mut columns = one_hot.iter().zip(of);
            for kind in kinds {
                match kind {
                    Kind::Label | Kind::Ignored => {}
                    Kind::Number => inputs.extend(numbers.next()),
                    Kind::OneHot { .. } => {
                        let Some((of_rows, categories)) = columns.next() else { continue };
                        let start = inputs.len();
                        inputs.resize(start + categories.names().len(), 0.0);
                        if let Some(category) = of_rows[row] {
                            inputs[start + category as usize] = 1.0;
                        }
                    }
                }
            }
        }
        inputs
    }
}
