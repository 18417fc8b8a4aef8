//! Tables: one row a sample, columns of numbers or texts and one label column.
//!
//! - **Text**: UTF-8, UTF-16 with a byte order mark, else Windows-1252, of which Latin-1 is a part. A line ends
//!   with LF, CR or both together. Lines that begin with `#` are comments.
//! - **Fields** are separated by commas, semicolons or tabs, whichever the first line has most of, or which a
//!   first line `sep=;` names; quotes as in RFC 4180; spaces around a field do not count. A field ends on the line on which it begins: a quoted
//!   line break is refused, since a quote that was never closed looks the same and would swallow the rows that
//!   follow. Only names in the first row may be broken.
//! - **Decimal commas** are read (`5,0` is 5.0) where the separator is no comma, a column has nothing but
//!   numbers then, and no number of the file has a decimal point.
//! - **Label column**: `--label-column`, a whole number counting columns **from 1**, or a name of the header.
//!   Without it: the column named `label`, `class`, `target` or `y`, else the last.
//! - **Header**: the first row is one when it has a text over a column of numbers, or texts that do not come
//!   again below, or names the label column `label`, `class` or `target`, or `--label-column` is a name. A
//!   first row of numbers that looks like names (`0,1,2,3`, or years) is asked about. `--csv-header` overrules
//!   the guess.
//! - **Inputs** are all columns but the label and those of [`DataOptions::ignore_columns`]. A column of texts
//!   becomes one input for each of its categories (one-hot), as do those of [`DataOptions::one_hot`]; the
//!   categories are those of the training file, in the order of classes. More than 50 different texts, or more
//!   than ten of which most come only once, are names of rows and are refused; a few texts in a column of
//!   numbers are a mistake in the file.
//! - **Missing values** (an empty field, NA, N/A, NaN, null, `?`) are refused, or see [`Missing`]. Means are
//!   those of the training samples that are left after splitting and [`DataOptions::train_size`].
//! - **Classes** are the different labels of the (training) file: in numeric order when all are numbers (then
//!   `1` and `1.0` are one class), else by their text. Their texts become the class names. More than
//!   [`MOST_NUMBERS`] classes that are numbers have to be confirmed by [`DataOptions::classes`], since they
//!   may be a quantity.
//! - **Test set**: a second file ([`DataOptions::test_file`]), or a share of the rows, drawn by the seed; the
//!   rows are shuffled then, so that the first N are a fair sample. With a second file both keep their order.
//!
//! What was done beyond reading numbers stands in [`Dataset::notes`].
//!
//! [`Missing`]: super::Missing

mod categories;
mod columns;
mod decode;
mod head;
mod reading;
mod source;
mod survey;
mod table;

use std::path::Path;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{
    DataError, DataOptions, Dataset, MAX_BYTES, MAX_CLASSES, Missing, Split, TableChange, TableNote, cut,
    file_size, split,
};
use crate::field::Field;
use categories::Categories;
use columns::{Kind, decimal_comma, kinds};
use head::Head;
use source::Source;
use survey::Survey;
use table::{Layout, Table};

/// More classes than this that are numbers are asked about.
pub const MOST_NUMBERS: usize = 20;

/// Stream of the generator that splits tables; see `synthetic` for the other streams of this module.
const SPLIT_STREAM: u64 = 0x6461_7461_0003;

/// Bytes of the inputs at most, from the file sizes, as long as no column is one-hot.
pub(super) fn upper_bound(file: &Path, options: &DataOptions) -> Result<u64, DataError> {
    let mut bytes = 0u64;
    for path in std::iter::once(file).chain(options.test_file.as_deref()) {
        bytes = bytes.saturating_add(file_size(path)?.saturating_mul(2));
    }
    Ok(bytes)
}

/// A file and what is known of it.
struct Opened {
    source: Source,
    survey: Survey,
    head: Head,
    comma: bool,
}

impl Opened {
    /// # Errors
    /// As [`Source::read`], [`Survey::of`] and `head`.
    fn read(
        path: &Path,
        head: impl FnOnce(&Source, &Survey) -> Result<Head, DataError>,
    ) -> Result<Opened, DataError> {
        let source = Source::read(path)?;
        let mut survey = Survey::of(&source)?;
        let head = head(&source, &survey)?;
        if head.names.is_none() {
            survey.add_first();
        }
        Ok(Opened { source, survey, head, comma: false })
    }

    fn layout<'a>(&'a self, kinds: &'a [Kind], options: &DataOptions) -> Layout<'a> {
        let Opened { source, head, comma, .. } = self;
        Layout { source, head, kinds, decimal_comma: *comma, missing: options.missing }
    }

    /// What is told of this file.
    fn notes(&self, kinds: &[Kind], table: &Table) -> Vec<TableNote> {
        let mut changes = Vec::new();
        changes.extend(self.source.encoding.map(TableChange::Encoding));
        if self.source.comments > 0 {
            changes.push(TableChange::Comments { lines: self.source.comments });
        }
        if self.comma {
            let has_commas = |&i: &usize| kinds[i] != Kind::Ignored && self.survey.columns[i].commas > 0;
            let columns = (0..kinds.len()).filter(has_commas).map(|i| self.head.name(i)).collect();
            changes.push(TableChange::DecimalComma { columns });
        }
        if table.dropped > 0 {
            changes.push(TableChange::Dropped { rows: table.dropped, of: self.survey.rows });
        }
        let file = self.source.name();
        changes.into_iter().map(|change| TableNote { file: file.clone(), change }).collect()
    }
}

/// Reads a table; see the module docs.
///
/// # Errors
/// With file, line and column: ragged rows, fields that are not what their column holds, missing values. Also
/// an empty file, less than two or more than [`MAX_CLASSES`] classes, numbers that are hardly classes, a
/// column that does not exist, a first row of which it is not clear whether it is a header, a test file that
/// is laid out otherwise or has a class or category that training does not know, sizes beyond what there is.
pub(super) fn load(file: &Path, options: &DataOptions) -> Result<Dataset, DataError> {
    let spec = format!("csv:{}", file.display());
    let mut opened = Opened::read(file, |source, survey| Head::of(source, survey, options))?;
    let kinds = kinds(&opened.source, &opened.head, &opened.survey, options)?;
    let ignored: Vec<usize> = (0..kinds.len()).filter(|&i| kinds[i] == Kind::Ignored).collect();
    opened.comma = decimal_comma(&opened.source, &opened.survey, &ignored);
    if kinds.iter().all(|kind| matches!(kind, Kind::Label | Kind::Ignored)) {
        let way_out = match kinds.len() {
            1 => "fields are separated by commas, semicolons or tabs".to_string(),
            _ => format!("ignore fewer columns ({})", Field::IgnoreColumns),
        };
        return Err(DataError::CsvNoInputs { path: file.to_path_buf(), way_out });
    }
    let layout = opened.layout(&kinds, options);
    let table = layout.table(options)?;
    layout.check_categories(&table)?;

    let categories: Vec<Categories> = table.one_hot.iter().map(Categories::of).collect();
    let columns = Named::of(&opened.head, &kinds, &categories);
    let features = columns.features.len();
    if let Some(image) = options.image.filter(|image| image.numbers() != features) {
        let problem =
            format!("has {} numbers, and the table has {features} columns beside the label", image.numbers());
        return Err(DataError::Option { field: Field::Image, value: image.to_string(), problem });
    }
    let classes = Categories::of(&table.labels);
    check_classes(&classes, table.labels.ids.len(), &opened, options)?;

    let mut notes = opened.notes(&kinds, &table);
    notes.extend(columns.notes(&opened, &kinds, &categories));
    let (inputs, labels) = samples(&opened, table, &kinds, &categories, &classes, file)?;
    let (mut train, mut test) = match &options.test_file {
        Some(path) => {
            let (inputs_of_test, labels_of_test) =
                test_samples(path, &opened, &kinds, &categories, &classes, options, &mut notes)?;
            (split(inputs, features, labels), Some(split(inputs_of_test, features, labels_of_test)))
        }
        None => shuffled(inputs, features, labels, options),
    };
    let train_size = cut(Field::TrainSize, options.train_size, train.len(), "training rows", &spec)?;
    train = first(train, train_size);
    test = match (test, options.test_size) {
        (None, Some(asked)) => return Err(DataError::NoTestSet { field: Field::TestSize, asked, spec }),
        (None, None) => None,
        (Some(test), asked) => {
            let size = cut(Field::TestSize, asked, test.len(), "test rows", &spec)?;
            Some(first(test, size))
        }
    };
    if options.missing == Some(Missing::Mean) {
        notes.extend(fill(&mut train, test.as_mut(), &columns, &opened)?);
    }
    Ok(Dataset {
        name: file.file_stem().map_or_else(|| "csv".to_string(), |stem| stem.to_string_lossy().into_owned()),
        train,
        test,
        features,
        classes: classes.names().len(),
        // Pixels are named by their places.
        feature_names: if options.image.is_some() { Vec::new() } else { columns.features },
        label_name: Some(opened.head.name(opened.head.label)),
        notes,
        class_names: classes.names().to_vec(),
        image: options.image.map(|image| (image.rows, image.columns, image.channels)),
    })
}

/// Whether the labels are classes, and as many as were promised.
fn check_classes(
    classes: &Categories,
    rows: usize,
    opened: &Opened,
    options: &DataOptions,
) -> Result<(), DataError> {
    let count = classes.names().len();
    let wrong = |why: String| {
        let (path, column) = (opened.source.path.clone(), opened.head.quoted(opened.head.label));
        Err(DataError::CsvClasses { path, column, classes: count, why })
    };
    let no_regression = "gradfade classifies; a numeric target needs classes (bin it)";
    let choose = format!("choose another with {}", Field::LabelColumn);
    match count {
        0 | 1 => return wrong(format!("at least 2 are needed; {choose}")),
        n if n > MAX_CLASSES => {
            let target = if classes.are_numbers() { format!("{no_regression}, or ") } else { String::new() };
            return wrong(format!("at most {MAX_CLASSES} can be classes; {target}{choose}"));
        }
        _ => {}
    }
    // One class for every other row is a measurement, mostly because another column is the label.
    if classes.are_decimals() && 2 * count > rows {
        let why = "almost every row has its own decimal number, which is a measurement and no class";
        return wrong(format!("{why}; {no_regression}, or {choose}"));
    }
    match options.classes {
        Some(asked) if asked != count => {
            let problem = format!("the label column ({}) has {count}", opened.head.quoted(opened.head.label));
            Err(DataError::Option { field: Field::Classes, value: asked.to_string(), problem })
        }
        None if classes.are_numbers() && count > MOST_NUMBERS => wrong(format!(
            "all of them numbers; {no_regression}, {choose}, or say with {} {count} that these are classes",
            Field::Classes
        )),
        _ => Ok(()),
    }
}

/// The inputs `[rows, features]` and labels `[rows]` of a file; `train` is the one that the categories are
/// from.
fn samples(
    opened: &Opened,
    table: Table,
    kinds: &[Kind],
    categories: &[Categories],
    classes: &Categories,
    train: &Path,
) -> Result<(Vec<f32>, Vec<u32>), DataError> {
    let source = &opened.source;
    let columns: Vec<usize> = (0..kinds.len()).filter(|&i| matches!(kinds[i], Kind::OneHot { .. })).collect();
    let of_rows = table.categories(categories, |column, text, place| DataError::CsvUnseen {
        path: source.path.clone(),
        line: source.line(place),
        what: format!("'{}' in column {}", reading::shortened(text), opened.head.quoted(columns[column])),
        train: train.to_path_buf(),
    })?;
    let labels = classes.of_rows(&table.labels, |label, place| DataError::CsvUnseen {
        path: source.path.clone(),
        line: source.line(place),
        what: format!("class '{}'", reading::shortened(label)),
        train: train.to_path_buf(),
    })?;
    let width = kinds.iter().filter(|kind| **kind == Kind::Number).count()
        + categories.iter().map(|of| of.names().len()).sum::<usize>();
    let bytes = 4 * (width as u64 + 1).saturating_mul(labels.len() as u64);
    if bytes > MAX_BYTES {
        let place = source.path.display().to_string();
        return Err(DataError::TooLarge { place, bytes, limit: MAX_BYTES });
    }
    // Every row has a label: a missing one is an error, or its row was dropped.
    Ok((table.inputs(kinds, categories, &of_rows), labels.into_iter().flatten().collect()))
}

/// The same of the test file, which has to be laid out as the training file.
fn test_samples(
    path: &Path,
    train: &Opened,
    kinds: &[Kind],
    categories: &[Categories],
    classes: &Categories,
    options: &DataOptions,
    notes: &mut Vec<TableNote>,
) -> Result<(Vec<f32>, Vec<u32>), DataError> {
    let of =
        |kind: fn(&Kind) -> bool| -> Vec<usize> { (0..kinds.len()).filter(|&i| kind(&kinds[i])).collect() };
    let numbers = of(|kind| *kind == Kind::Number);
    let mut opened = Opened::read(path, |source, survey| {
        train.head.of_test(source, survey, &train.source, &numbers, options)
    })?;
    opened.comma = decimal_comma(&opened.source, &opened.survey, &of(|kind| *kind == Kind::Ignored));
    let table = opened.layout(kinds, options).table(options)?;
    notes.extend(opened.notes(kinds, &table));
    samples(&opened, table, kinds, categories, classes, &train.source.path)
}

/// The columns of the inputs.
struct Named {
    features: Vec<String>,
    /// For each: the column of the file, and whether it is one of several that stand for its categories.
    places: Vec<(usize, bool)>,
}

impl Named {
    fn of(head: &Head, kinds: &[Kind], categories: &[Categories]) -> Named {
        let mut named = Named { features: Vec::new(), places: Vec::new() };
        let mut categories = categories.iter();
        for (column, kind) in kinds.iter().enumerate() {
            match kind {
                Kind::Label | Kind::Ignored => {}
                Kind::Number => {
                    named.features.push(head.name(column));
                    named.places.push((column, false));
                }
                Kind::OneHot { .. } => {
                    for text in categories.next().map(Categories::names).unwrap_or_default() {
                        named.features.push(format!("{}={}", head.name(column), crate::escape::word(text)));
                        named.places.push((column, true));
                    }
                }
            }
        }
        named
    }

    /// What is told of the columns.
    fn notes(&self, opened: &Opened, kinds: &[Kind], categories: &[Categories]) -> Vec<TableNote> {
        let head = &opened.head;
        let mut changes = Vec::new();
        let ignored = (0..kinds.len()).filter(|&i| kinds[i] == Kind::Ignored);
        let columns: Vec<String> = ignored.map(|i| head.name(i)).collect();
        if !columns.is_empty() {
            changes.push(TableChange::Ignored { columns });
        }
        let mut categories = categories.iter();
        for (column, kind) in kinds.iter().enumerate() {
            if let Kind::OneHot { asked } = *kind
                && let Some(of) = categories.next()
            {
                let categories =
                    of.names().iter().map(|text| crate::escape::word(text).into_owned()).collect();
                changes.push(TableChange::OneHot { column: head.name(column), categories, asked });
            }
        }
        let file = opened.source.name();
        changes.into_iter().map(|change| TableNote { file: file.clone(), change }).collect()
    }
}

/// Fills in the means of the training samples where a number is missing, and tells how often. Categories that
/// are missing are told too; their columns are 0 already.
///
/// # Errors
/// A column without any number in the training samples.
fn fill(
    train: &mut Split,
    mut test: Option<&mut Split>,
    columns: &Named,
    opened: &Opened,
) -> Result<Vec<TableNote>, DataError> {
    let (mut values, mut filled) = (0, Vec::new());
    let (mut without, mut empty) = (0, Vec::new());
    let mut feature = 0;
    while feature < columns.places.len() {
        let (column, is_one_hot) = columns.places[feature];
        let width = columns.places[feature..].iter().take_while(|(c, _)| *c == column).count();
        let mut count = 0;
        if is_one_hot {
            for part in std::iter::once(&*train).chain(test.as_deref()) {
                let places = part.inputs.slice(ndarray::s![.., feature..feature + width]);
                count += places.rows().into_iter().filter(|row| row.iter().all(|&x| x == 0.0)).count();
            }
        } else {
            let known = train.inputs.column(feature);
            let known = known.iter().filter(|x| !x.is_nan());
            let (sum, n) = known.fold((0.0, 0), |(sum, n), &x| (sum + f64::from(x), n + 1));
            for part in std::iter::once(&mut *train).chain(test.as_deref_mut()) {
                for x in part.inputs.column_mut(feature).iter_mut().filter(|x| x.is_nan()) {
                    *x = (sum / f64::from(n)) as f32;
                    count += 1;
                }
            }
            if n == 0 {
                let handle = opened.head.handle(column);
                let problem = format!(
                    "has no number in the training rows, so there is no mean; leave it out with {} {handle}",
                    Field::IgnoreColumns
                );
                let (path, column) = (opened.source.path.clone(), opened.head.quoted(column));
                return Err(DataError::CsvUnfit { path, column, problem });
            }
        }
        let (total, names) = if is_one_hot { (&mut without, &mut empty) } else { (&mut values, &mut filled) };
        if count > 0 {
            *total += count;
            names.push(opened.head.name(column));
        }
        feature += width;
    }
    let filled = (values > 0).then_some(TableChange::Filled { values, columns: filled });
    let empty = (without > 0).then_some(TableChange::NoCategory { values: without, columns: empty });
    let file = opened.source.name();
    Ok(filled.into_iter().chain(empty).map(|change| TableNote { file: file.clone(), change }).collect())
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
