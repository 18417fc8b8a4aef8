//! What the columns of a file hold, counted before anything is decided.

use super::reading::{Reading, is_decorated, is_written_whole};
use super::source::Source;
use crate::data::DataError;

/// Counts of the rows after the first, which may be names.
pub(super) struct Survey {
    /// Fields of the first row, and its place.
    pub(super) first: Vec<String>,
    pub(super) first_place: u64,
    pub(super) columns: Vec<Column>,
    /// Rows after the first.
    pub(super) rows: usize,
    /// Those of them whose numbers ascend, as [`Ascent`] says.
    ascending: usize,
    in_equal_steps: usize,
}

/// Fields of one column.
#[derive(Clone, Default)]
pub(super) struct Column {
    pub(super) numbers: usize,
    /// Numbers of digits alone.
    pub(super) whole: usize,
    /// Whole numbers that may be years.
    pub(super) years: usize,
    /// Numbers with a decimal point; the first.
    pub(super) point: Option<(u64, String)>,
    /// Fields that are numbers when a comma is a decimal point; the first.
    pub(super) commas: usize,
    pub(super) comma: Option<(u64, String)>,
    pub(super) missing: usize,
    /// Fields that are text in any case; the first.
    pub(super) texts: usize,
    pub(super) text: Option<(u64, String)>,
    /// Texts that are numbers with something around them, see [`is_decorated`].
    pub(super) decorated: usize,
    /// Fields that are the same as in the first row.
    pub(super) as_first: usize,
}

impl Column {
    fn add(&mut self, field: &str, place: u64) {
        let here = || Some((place, field.to_string()));
        match Reading::of(field) {
            Reading::Missing => self.missing += 1,
            Reading::Number(value) => {
                self.numbers += 1;
                self.whole += usize::from(is_written_whole(field));
                self.years += usize::from(is_year(value));
                if self.point.is_none() && field.contains('.') {
                    self.point = here();
                }
            }
            Reading::Infinite => self.numbers += 1,
            Reading::Comma(_) => {
                self.commas += 1;
                self.comma = self.comma.take().or_else(here);
            }
            Reading::Text => {
                self.texts += 1;
                self.decorated += usize::from(is_decorated(field));
                self.text = self.text.take().or_else(here);
            }
        }
    }

    /// Fields that are there.
    pub(super) fn present(&self) -> usize {
        self.numbers + self.commas + self.texts
    }
}

/// A whole number of this or the last century, or the next.
pub(super) fn is_year(value: f32) -> bool {
    (1900.0..=2100.0).contains(&value) && value.fract() == 0.0
}

/// Whether the numbers of a row ascend from left to right, as names of columns that are numbers often do.
#[derive(Clone, Copy, Default)]
pub(super) struct Ascent {
    pub(super) numbers: usize,
    pub(super) is_ascending: bool,
    /// All are whole and each is as much larger than the one before.
    pub(super) is_in_equal_steps: bool,
}

impl Ascent {
    pub(super) fn of<'a>(fields: impl Iterator<Item = &'a str>) -> Ascent {
        let mut ascent = Ascent { numbers: 0, is_ascending: true, is_in_equal_steps: true };
        let (mut last, mut step) = (0.0, None);
        for field in fields {
            // What is neither is no row of increasing numbers; so most rows end here early.
            if !ascent.is_ascending {
                break;
            }
            let Reading::Number(value) = Reading::of(field) else { continue };
            if ascent.numbers > 0 {
                let this = value - last;
                ascent.is_ascending &= this > 0.0;
                ascent.is_in_equal_steps &= this == *step.get_or_insert(this);
            }
            ascent.is_in_equal_steps &= value.fract() == 0.0;
            last = value;
            ascent.numbers += 1;
        }
        ascent.is_in_equal_steps &= ascent.is_ascending && ascent.numbers > 2;
        ascent.is_ascending &= ascent.numbers > 2;
        ascent
    }
}

impl Survey {
    /// # Errors
    /// A file without rows, and what [`super::source::Rows::next`] refuses.
    pub(super) fn of(source: &Source) -> Result<Survey, DataError> {
        let mut rows = source.rows();
        let Some((first, first_place)) = rows.next()? else {
            return Err(DataError::CsvEmpty { path: source.path.clone(), comments: source.comments });
        };
        let first: Vec<String> = first.iter().map(String::from).collect();
        let mut survey = Survey {
            columns: vec![Column::default(); first.len()],
            first,
            first_place,
            rows: 0,
            ascending: 0,
            in_equal_steps: 0,
        };
        while let Some((row, place)) = rows.next()? {
            for ((column, field), first) in survey.columns.iter_mut().zip(row).zip(&survey.first) {
                column.add(field, place);
                column.as_first += usize::from(field == first);
            }
            let ascent = Ascent::of(row.iter());
            survey.ascending += usize::from(ascent.is_ascending);
            survey.in_equal_steps += usize::from(ascent.is_in_equal_steps);
            survey.rows += 1;
        }
        Ok(survey)
    }

    /// Counts the first row as well: it is no row of names.
    pub(super) fn add_first(&mut self) {
        for (column, field) in self.columns.iter_mut().zip(&self.first) {
            let mut counted = Column::default();
            counted.add(field, self.first_place);
            column.numbers += counted.numbers;
            column.whole += counted.whole;
            column.years += counted.years;
            column.commas += counted.commas;
            column.missing += counted.missing;
            column.texts += counted.texts;
            column.decorated += counted.decorated;
            column.point = counted.point.or(column.point.take());
            column.comma = counted.comma.or(column.comma.take());
            column.text = counted.text.or(column.text.take());
        }
        self.rows += 1;
    }

    /// Whether the first row is made of numbers that look like names: the sign is that no other row is like
    /// it. Headerless tables begin with a row that is like the others.
    pub(super) fn first_row_looks_like_names(&self, label: usize) -> bool {
        let is_number = |field: &String| matches!(Reading::of(field), Reading::Number(_));
        // Programs leave the name of the column with the numbers of the rows empty.
        let is_there = |&i: &usize| i != label && !self.first[i].is_empty();
        let inputs: Vec<usize> = (0..self.first.len()).filter(is_there).collect();
        let label_says_no = !is_number(&self.first[label]) && self.columns[label].as_first > 0;
        if self.rows == 0 || label_says_no || !inputs.iter().all(|&i| is_number(&self.first[i])) {
            return false;
        }
        let ascent = Ascent::of(self.first.iter().map(String::as_str));
        let are_steps = ascent.is_in_equal_steps && self.in_equal_steps == 0;
        // A row of k numbers in no order ascends with probability 1/k!, eight by chance in 1 of 40,320.
        let are_many = ascent.is_ascending && ascent.numbers >= 8 && self.ascending == 0;
        let year = |&i: &usize| self.first[i].parse().is_ok_and(is_year) && self.columns[i].years == 0;
        let are_years = inputs.len() >= 2 && inputs.iter().all(year);
        let only_whole = |&i: &usize| {
            is_written_whole(&self.first[i]) && self.columns[i].whole == 0 && self.columns[i].numbers >= 5
        };
        let are_whole_over_decimals = inputs.len() >= 3 && inputs.iter().all(only_whole);
        are_steps || are_many || are_years || are_whole_over_decimals
    }
}
