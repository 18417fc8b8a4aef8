//! What `train` says of a table before it starts.

use crate::config::TrainPlan;
use crate::data::{Dataset, Encoding, TableChange};
use crate::text::Lang;

/// A line for everything that was done to a table.
pub fn notes(data: &Dataset) -> Vec<String> {
    let lang = Lang::En;
    let words = |change: &TableChange| match change {
        TableChange::Encoding(Encoding::Windows1252) => lang.table_encoding("Windows-1252 (Latin-1)"),
        TableChange::Encoding(Encoding::Utf16) => lang.table_encoding("UTF-16"),
        TableChange::Comments { lines } => lang.table_comments(*lines),
        TableChange::DecimalComma { columns } => lang.table_decimal_comma(columns),
        TableChange::Ignored { columns } => lang.table_ignored(columns),
        TableChange::OneHot { column, categories, asked } => lang.table_one_hot(column, categories, *asked),
        TableChange::Dropped { rows, of } => lang.table_dropped(*rows, *of),
        TableChange::Filled { values, columns } => lang.table_filled(*values, columns),
        TableChange::NoCategory { values, columns } => lang.table_no_category(*values, columns),
    };
    data.notes.iter().map(|note| format!("{}: {}", note.file, words(&note.change))).collect()
}

/// The line about batches that were chosen for a small table.
pub fn fitted(plan: &TrainPlan, data: &Dataset) -> String {
    let samples = data.train.len() - plan.config.validation_size;
    let epochs = plan.config.epochs.filter(|_| plan.config.steps.is_none());
    Lang::En.table_batches(samples, plan.batch_size, epochs, plan.steps)
}
