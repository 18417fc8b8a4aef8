//! From the texts of a label column to class numbers.

use std::collections::BTreeMap;
use std::path::Path;

use super::table::Table;
use crate::data::DataError;

/// The classes of a training table, in order.
pub(super) struct Classes {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// All names are numbers, and are compared as numbers.
    numeric: bool,
}

impl Classes {
    pub(super) fn of(table: &Table) -> Result<Classes, DataError> {
        let mut texts: Vec<&String> = table.label_texts.iter().collect();
        let numeric = texts.iter().all(|text| number(text).is_some());
        if numeric {
            // Stable: of equal numbers, the spelling that comes first in the file becomes the name.
            let value = |text: &str| number(text).unwrap_or(0.0);
            texts.sort_by(|a, b| value(a).total_cmp(&value(b)));
        } else {
            texts.sort();
        }
        let mut classes = Classes { names: Vec::new(), numbers: BTreeMap::new(), numeric };
        for text in texts {
            let key = classes.key(text);
            if !classes.numbers.contains_key(&key) {
                classes.numbers.insert(key, classes.names.len() as u32);
                classes.names.push(text.clone());
            }
        }
        Ok(classes)
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names are numbers, not all of them whole.
    pub(super) fn are_decimals(&self) -> bool {
        self.numeric && self.names.iter().any(|name| number(name).is_some_and(|x| x.fract() != 0.0))
    }

    /// Class numbers of a table's rows; `train` is the file that the classes come from.
    pub(super) fn labels(&self, table: &Table, train: &Path) -> Result<Vec<u32>, DataError> {
        let mut of_text = Vec::with_capacity(table.label_texts.len());
        for (text, place) in table.label_texts.iter().zip(&table.label_places) {
            let number = self.numbers.get(&self.key(text)).ok_or_else(|| DataError::CsvUnseenLabel {
                path: table.path.clone(),
                line: table.line(place),
                label: text.clone(),
                train: train.to_path_buf(),
            })?;
            of_text.push(*number);
        }
        Ok(table.label_ids.iter().map(|&id| of_text[id as usize]).collect())
    }

    /// Texts with equal keys are one class.
    fn key(&self, text: &str) -> String {
        match number(text).filter(|_| self.numeric) {
            Some(value) => format!("{value:e}"), // Rust's shortest form: one for each value
            None => text.to_string(),
        }
    }
}

/// A finite number; -0 is 0.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(|value| value + 0.0)
}
