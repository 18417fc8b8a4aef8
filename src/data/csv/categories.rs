//! From the texts of a column to numbers of categories: classes, and what becomes one-hot.

use std::collections::BTreeMap;

use super::reading::number;

/// The fields of a column as indices into its different texts.
#[derive(Default)]
pub(super) struct Texts {
    /// For each row; [`Texts::MISSING`] where there is none.
    pub(super) ids: Vec<u32>,
    /// The different texts in the order of the file, and where each came first.
    pub(super) texts: Vec<String>,
    pub(super) places: Vec<u64>,
    known: BTreeMap<String, u32>,
}

impl Texts {
    pub(super) const MISSING: u32 = u32::MAX;

    pub(super) fn push(&mut self, field: &str, place: u64) {
        let id = match self.known.get(field) {
            Some(&id) => id,
            None => {
                let id = self.texts.len() as u32;
                self.known.insert(field.to_string(), id);
                self.texts.push(field.to_string());
                self.places.push(place);
                id
            }
        };
        self.ids.push(id);
    }

    pub(super) fn push_missing(&mut self) {
        self.ids.push(Texts::MISSING);
    }

    /// Rows that have a text.
    pub(super) fn present(&self) -> usize {
        self.ids.iter().filter(|&&id| id != Texts::MISSING).count()
    }
}

/// The categories of a column of the training table, in order: as numbers when all are numbers, else as text.
pub(super) struct Categories {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// All names are numbers, and are compared as numbers: `1` and `1.0` are one category.
    numeric: bool,
}

impl Categories {
    pub(super) fn of(column: &Texts) -> Categories {
        let mut texts: Vec<&String> = column.texts.iter().collect();
        let numeric = texts.iter().all(|text| number(text).is_some());
        if numeric {
            // Stable: of equal numbers, the spelling that comes first in the file becomes the name.
            let value = |text: &str| number(text).unwrap_or(0.0);
            texts.sort_by(|a, b| value(a).total_cmp(&value(b)));
        } else {
            texts.sort();
        }
        let mut categories = Categories { names: Vec::new(), numbers: BTreeMap::new(), numeric };
        for text in texts {
            let key = categories.key(text);
            if !categories.numbers.contains_key(&key) {
                categories.numbers.insert(key, categories.names.len() as u32);
                categories.names.push(text.clone());
            }
        }
        categories
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn are_numbers(&self) -> bool {
        self.numeric
    }

    /// The names are numbers, not all of them whole.
    pub(super) fn are_decimals(&self) -> bool {
        self.numeric && self.names.iter().any(|name| number(name).is_some_and(|x| x.fract() != 0.0))
    }

    /// For each row of a column the number of its category, none where there is no text. `unseen` makes the
    /// error for a text, first seen at a place, that is none of the categories.
    pub(super) fn of_rows<E>(
        &self,
        column: &Texts,
        unseen: impl Fn(&str, u64) -> E,
    ) -> Result<Vec<Option<u32>>, E> {
        let of_text = column.texts.iter().zip(&column.places).map(|(text, &place)| {
            self.numbers.get(&self.key(text)).copied().ok_or_else(|| unseen(text, place))
        });
        let of_text = of_text.collect::<Result<Vec<u32>, E>>()?;
        Ok(column.ids.iter().map(|&id| of_text.get(id as usize).copied()).collect())
    }

    /// Texts with equal keys are one category.
    fn key(&self, text: &str) -> String {
        match number(text).filter(|_| self.numeric) {
            Some(value) => format!("{value:e}"), // Rust's shortest form: one for each value
            None => text.to_string(),
        }
    }
}
