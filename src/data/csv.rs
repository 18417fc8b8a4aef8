//! Tables: one row a sample, numbers and one label column.
//!
//! - **Fields** are separated by commas, semicolons or tabs, whichever the first line has most of; quotes as
//!   in RFC 4180; spaces around a field do not count. A field ends on the line on which it begins: a quoted
//!   line break is refused, since a quote that was never closed looks the same and would swallow the rows that
//!   follow. Only names in the first row may be broken.
//! - **Label column**: `--label-column`, a whole number counting columns **from 1**, or a name of the header.
//!   Without it: the column named `label`, `class`, `target` or `y`, else the last.
//! - **Header**: the first row is one when it has anything that is not a number outside the label column, or
//!   names the label column `label`, `class` or `target`, or `--label-column` is a name. `--csv-header`
//!   overrules the guess.
//! - **Classes** are the different labels of the (training) file: in numeric order when all are numbers (then
//!   `1` and `1.0` are one class), else by their text. Their texts become the class names.
//! - **Test set**: a second file ([`DataOptions::test_file`]), or a share of the rows, drawn by the seed; the
//!   rows are shuffled then, so that the first N are a fair sample. With a second file both keep their order.

mod classes;
mod table;

use std::path::Path;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{DataError, DataOptions, Dataset, MAX_CLASSES, Split, cut, file_size, split};
use crate::field::Field;
use classes::Classes;
use table::Table;

/// Stream of the generator that splits tables; see `synthetic` for the other streams of this module.
const SPLIT_STREAM: u64 = 0x6461_7461_0003;

/// Bytes of the inputs at most, from the file sizes.
pub(super) fn upper_bound(file: &Path, options: &DataOptions) -> Result<u64, DataError> {
    let mut bytes = 0u64;
    for path in std::iter::once(file).chain(options.test_file.as_deref()) {
        bytes = bytes.saturating_add(file_size(path)?.saturating_mul(2));
    }
    Ok(bytes)
}

/// Reads a table; see the module docs.
///
/// # Errors
/// With file, line and column: ragged rows, fields that are not finite numbers, missing labels. Also an empty
/// file, less than two or more than [`MAX_CLASSES`] classes, a label column that does not exist, a test file
/// that is laid out otherwise or has a class that training does not know, sizes beyond what there is.
pub(super) fn load(file: &Path, options: &DataOptions) -> Result<Dataset, DataError> {
    let spec = format!("csv:{}", file.display());
    let table = Table::read(file, options)?;
    let classes = Classes::of(&table)?;
    let features = table.features();
    let label_name = table.label_column_words();
    // Pixels are named by their places.
    let feature_names = if options.image.is_some() { Vec::new() } else { table.feature_names() };
    if let Some(image) = options.image.filter(|image| image.numbers() != features) {
        let problem =
            format!("has {} numbers, and the table has {features} columns beside the label", image.numbers());
        return Err(DataError::Option { field: Field::Image, value: image.to_string(), problem });
    }
    if classes.names().len() < 2 || classes.names().len() > MAX_CLASSES {
        let why =
            if classes.names().len() < 2 { "at least 2 are needed" } else { "at most 1000 can be classes" };
        let column = table.label_column_name();
        return Err(DataError::CsvClasses {
            path: file.to_path_buf(),
            column,
            classes: classes.names().len(),
            why,
        });
    }
    let labels = classes.labels(&table, file)?;
    // One class for every other row is a measurement, mostly because another column is the label.
    if classes.are_decimals() && 2 * classes.names().len() > labels.len() {
        let why = "almost every row has its own decimal number, which is a measurement and no class";
        let column = table.label_column_name();
        return Err(DataError::CsvClasses {
            path: file.to_path_buf(),
            column,
            classes: classes.names().len(),
            why,
        });
    }

    let (train, test) = match &options.test_file {
        Some(path) => {
            let other = Table::read(path, options)?;
            other.check_layout(&table)?;
            let other_labels = classes.labels(&other, file)?;
            (split(table.inputs, features, labels), Some(split(other.inputs, features, other_labels)))
        }
        None => shuffled(table.inputs, features, labels, options),
    };
    let train_size = cut(Field::TrainSize, options.train_size, train.len(), "training rows", &spec)?;
    let test = match (test, options.test_size) {
        (None, Some(asked)) => return Err(DataError::NoTestSet { field: Field::TestSize, asked, spec }),
        (None, None) => None,
        (Some(test), asked) => {
            let size = cut(Field::TestSize, asked, test.len(), "test rows", &spec)?;
            Some(first(test, size))
        }
    };
    Ok(Dataset {
        name: file.file_stem().map_or_else(|| "csv".to_string(), |stem| stem.to_string_lossy().into_owned()),
        train: first(train, train_size),
        test,
        features,
        classes: classes.names().len(),
        feature_names,
        label_name: Some(label_name),
        class_names: classes.names().to_vec(),
        image: options.image.map(|image| (image.rows, image.columns, image.channels)),
    })
}

/// Splits the rows by the seed. The test part has the share of the rows, rounded, but at least one, and
/// leaves one.
fn shuffled(
    inputs: Vec<f32>,
    features: usize,
    labels: Vec<u32>,
    options: &DataOptions,
) -> (Split, Option<Split>) {
    let rows = labels.len();
    let mut order: Vec<usize> = (0..rows).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    rng.set_stream(SPLIT_STREAM);
    order.shuffle(&mut rng);
    let for_testing = match options.test_share {
        0.0 => 0,
        share => ((rows as f64 * share).round() as usize).clamp(1, rows - 1),
    };
    let pick = |rows: &[usize]| {
        let values =
            rows.iter().flat_map(|&row| &inputs[row * features..(row + 1) * features]).copied().collect();
        split(values, features, rows.iter().map(|&row| labels[row]).collect())
    };
    let (train, test) = order.split_at(rows - for_testing);
    (pick(train), (for_testing > 0).then(|| pick(test)))
}

fn first(part: Split, size: usize) -> Split {
    if size == part.len() {
        return part;
    }
    let inputs = part.inputs.slice(ndarray::s![..size, ..]).to_owned();
    Split { inputs, labels: part.labels[..size].to_vec() }
}
