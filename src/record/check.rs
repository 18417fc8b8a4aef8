//! What makes a header and a record whole: shapes that agree and steps that increase.

use std::collections::HashSet;

use super::header::SCHEMA;
use super::rows::invalid;
use super::{Header, Record, RecordError, Table};

impl Header {
    /// Checks that the header describes arrays that can exist.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), RecordError> {
        self.problem().map_or(Ok(()), |what| Err(invalid(self, what)))
    }

    fn problem(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!("format {} is not known, expected {SCHEMA}", self.schema));
        }
        // No layers at all: a log of losses.
        let mut names = HashSet::with_capacity(self.tensors.len());
        for (i, tensor) in self.tensors.iter().enumerate() {
            let layer = tensor.layer;
            if layer == 0 || layer > self.layers.len() {
                return Some(format!(
                    "tensor {i} belongs to layer {layer}, but there are layers 1 to {}",
                    self.layers.len()
                ));
            }
            if !names.insert(tensor.name.as_str()) {
                return Some(format!("two tensors are called `{}`; give each its own name", tensor.name));
            }
        }
        match self.sketch_buckets {
            Some(0) => Some("a sketch of no buckets".to_string()),
            Some(m) if m.checked_mul(self.tensors.len()).is_none() => {
                Some(format!("a sketch of {m} buckets"))
            }
            _ => None,
        }
    }
}

impl Record {
    /// Checks that the columns are those that the header describes and that the steps of each table increase:
    /// the one place that does. A record that was read or pushed row by row under its header is whole.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), RecordError> {
        self.header.check()?;
        let problem = Table::ALL.into_iter().find_map(|table| self.table(table).problem(&self.header));
        problem.map_or(Ok(()), |what| Err(invalid(&self.header, what)))
    }
}
