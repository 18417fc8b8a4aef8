//! Data to train on: where it comes from, read and checked.
//!
//! A [`DataSpec`] says which data (`--data`), [`DataOptions`] how much of it and how it is prepared, [`load`]
//! makes the [`Dataset`]: inputs `[n, features]` in f32 and labels `[n]`. One file a source: [`builtin`],
//! [`idx`], [`cifar`], [`csv`], [`synthetic`].
//!
//! Whatever the source, in this order:
//! 1. The files are checked before memory is taken: header sizes are believed only when they agree with the
//!    file.
//! 2. `train_size` and `test_size` keep the first samples of each part. Asking for more than there is is an
//!    error.
//! 3. Pixels are byte / 255, in [0, 1].
//! 4. `standardize` subtracts a mean and divides by a standard deviation, both of the *training* part that is
//!    left:
//!    **images: one mean and one deviation of all pixels together** (a border pixel that is almost always
//!    black would
//!    blow up under its own), **tables and synthetic data: for each feature** (a constant feature becomes 0).
//!
//! Nothing depends on the clock, on hash order or on the number of threads: equal arguments give equal bits.

#[cfg(feature = "digits")]
pub mod builtin;
#[cfg(feature = "data-files")]
pub mod cifar;
#[cfg(feature = "data-files")]
pub mod csv;
mod error;
#[cfg(feature = "data-files")]
pub mod idx;
mod loaded;
mod spec;
mod standardize;
pub mod synthetic;
mod table;

#[cfg(feature = "data-files")]
use std::path::Path;
use std::path::PathBuf;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::names::NameError;

pub use error::DataError;
pub use loaded::Loaded;
pub use spec::DataSpec;
pub use table::{Columns, Encoding, Missing, TableChange, TableNote};

/// Inputs beyond this many bytes (as f32) are refused.
pub const MAX_BYTES: u64 = 8 << 30;
/// More classes than this are refused: such a label column holds measurements, not classes.
pub const MAX_CLASSES: usize = 1000;

/// The largest noise. Far below it the classes of synthetic data are already indistinguishable; far above it
/// f32 overflows.
pub const MAX_NOISE: f64 = 1e6;

/// Data for classification.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// Short name for captions: that of the source, folder or file.
    pub name: String,
    pub train: Split,
    pub test: Option<Split>,
    /// Columns of the inputs.
    pub features: usize,
    /// Name of each column of the inputs; empty when the source has none ([`Dataset::feature_name`]).
    pub feature_names: Vec<String>,
    /// Labels are 0..classes.
    pub classes: usize,
    /// Name of the column of a table that the labels are from.
    pub label_name: Option<String>,
    /// What was done to a table on its way to numbers.
    pub notes: Vec<TableNote>,
    /// Name of each class; empty when the source has none.
    pub class_names: Vec<String>,
    /// Height, width and channels when the inputs are images. Features are ordered `[channel][row][column]`.
    pub image: Option<(usize, usize, usize)>,
}

impl Dataset {
    /// Shape of one sample: `[channels, rows, columns]` of images, else `[features]`.
    pub fn shape(&self) -> Vec<usize> {
        match self.image {
            Some((rows, columns, channels)) => vec![channels, rows, columns],
            None => vec![self.features],
        }
    }

    /// Samples that are already in memory; `test` has as many columns as `train`, and labels are below
    /// `classes`.
    pub fn new(name: impl Into<String>, train: Split, test: Option<Split>, classes: usize) -> Dataset {
        let (feature_names, class_names) = (Vec::new(), Vec::new());
        let features = train.inputs.ncols();
        Dataset {
            name: name.into(),
            train,
            test,
            features,
            feature_names,
            classes,
            label_name: None,
            notes: Vec::new(),
            class_names,
            image: None,
        }
    }

    /// Name of a column of the inputs, from 0: its own, or its place.
    pub fn feature_name(&self, feature: usize) -> String {
        if let Some(name) = self.feature_names.get(feature) {
            return name.clone();
        }
        match self.image {
            Some((_, width, channels)) if width > 0 && self.features.is_multiple_of(width) => {
                let pixels = self.features / channels.max(1);
                let (channel, pixel) = (feature / pixels, feature % pixels);
                let place = format!("pixel at row {}, column {}", pixel / width + 1, pixel % width + 1);
                if channels > 1 { format!("{place}, channel {}", channel + 1) } else { place }
            }
            _ => format!("column {}", feature + 1),
        }
    }
}

/// One part of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// `[n, features]`, row by row in memory.
    pub inputs: Array2<f32>,
    /// `[n]`, each below the number of classes.
    pub labels: Vec<u32>,
}

impl Split {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// The shape of images: `1x28x28` is one channel of 28 rows and 28 columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Image {
    pub channels: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Image {
    /// Numbers of one image.
    pub fn numbers(self) -> usize {
        self.channels.saturating_mul(self.rows).saturating_mul(self.columns)
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.rows, self.columns)
    }
}

impl From<Image> for String {
    fn from(image: Image) -> String {
        image.to_string()
    }
}

impl TryFrom<String> for Image {
    type Error = NameError;

    fn try_from(text: String) -> Result<Image, NameError> {
        text.parse()
    }
}

impl std::str::FromStr for Image {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Image, NameError> {
        let sizes: Vec<usize> =
            text.split('x').map_while(|n| n.trim().parse().ok().filter(|n| *n > 0)).collect();
        match (sizes.as_slice(), text.matches('x').count()) {
            (&[channels, rows, columns], 2) => Ok(Image { channels, rows, columns }),
            _ => Err(NameError::Value(format!(
                "'{text}' is no shape of an image; write channels, rows and columns, as 1x28x28"
            ))),
        }
    }
}

/// How data is truncated, split, generated and prepared.
///
/// | field | default | meaning, range |
/// |---|---|---|
/// | `train_size` | all | keep the first N training samples; 1 to what there is |
/// | `test_size` | all | keep the first N test samples; 1 to what there is |
/// | `standardize` | no | see [`crate::data`] |
/// | `seed` | 0 | random seed for splitting a table and for synthetic data |
/// | `test_share` | 0.2 | table without a test file: this share of the rows is for testing; [0, 1), 0 = no test set |
/// | `label_column` | see [`csv`] | table: a column's name, or its number, **counted from 1** |
/// | `header` | detect | table: whether the first row names the columns |
/// | `test_file` | none | table: a second file for testing, laid out as the first |
/// | `ignore_columns` | none | table: columns that are no inputs, [`Columns`] |
/// | `one_hot` | text columns | table: further columns that are taken for categories, [`Columns`] |
/// | `missing` | refuse | table: what becomes of rows with a missing value, [`Missing`] |
/// | `image` | none | table: the columns are the pixels of images of this shape, channel by channel, row by row |
/// | `samples` | 2000 | synthetic: training samples; the test set has a quarter as many more |
/// | `classes` | by source | synthetic: spiral 3, gaussians 4, xor always 2; idx: the number of classes, when not largest label + 1; table: confirms that there are so many, see [`csv`] |
/// | `noise` | 0.2 | synthetic: standard deviation, see [`synthetic`]; 0 to [`MAX_NOISE`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DataOptions {
    pub train_size: Option<usize>,
    pub test_size: Option<usize>,
    #[serde(alias = "standardise")]
    pub standardize: bool,
    pub seed: u64,
    pub test_share: f64,
    pub label_column: Option<String>,
    pub header: Option<bool>,
    pub test_file: Option<PathBuf>,
    // Left out where they are none: what earlier versions wrote stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_columns: Option<Columns>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_hot: Option<Columns>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    pub samples: usize,
    pub classes: Option<usize>,
    pub noise: f64,
}

crate::field::setters!(DataOptions {
    with_train_size = train_size: optional usize,
    with_test_size = test_size: optional usize,
    with_standardize = standardize: bool,
    with_seed = seed: u64,
    with_test_share = test_share: f64,
    with_label_column = label_column: optional String,
    with_header = header: optional bool,
    with_test_file = test_file: optional PathBuf,
    with_ignore_columns = ignore_columns: optional Columns,
    with_one_hot = one_hot: optional Columns,
    with_missing = missing: optional Missing,
    with_image = image: optional Image,
    with_samples = samples: usize,
    with_classes = classes: optional usize,
    with_noise = noise: f64,
});

impl Default for DataOptions {
    fn default() -> DataOptions {
        DataOptions {
            train_size: None,
            test_size: None,
            standardize: false,
            seed: 0,
            test_share: 0.2,
            label_column: None,
            header: None,
            test_file: None,
            ignore_columns: None,
            one_hot: None,
            missing: None,
            image: None,
            samples: 2000,
            classes: None,
            noise: 0.2,
        }
    }
}

impl DataOptions {
    /// Checks what can be checked without looking at a file.
    ///
    /// # Errors
    /// Names the field whose value is out of range, or that does not apply to this source.
    pub fn check(&self, spec: &DataSpec) -> Result<(), DataError> {
        for (field, size) in [(Field::TrainSize, self.train_size), (Field::TestSize, self.test_size)] {
            if size == Some(0) {
                return Err(bad(field, 0, "at least one sample is needed"));
            }
        }
        if !(0.0..1.0).contains(&self.test_share) {
            return Err(bad(Field::TestShare, self.test_share, "must be at least 0 and less than 1"));
        }
        if !(0.0..=MAX_NOISE).contains(&self.noise) {
            return Err(bad(Field::Noise, self.noise, format!("must be from 0 to {MAX_NOISE}")));
        }
        let table = matches!(spec, DataSpec::Csv(_));
        let counted = matches!(
            spec,
            DataSpec::Spiral | DataSpec::Xor | DataSpec::Gaussians | DataSpec::Idx(_) | DataSpec::Csv(_)
        );
        for (field, given, applies) in [
            (Field::LabelColumn, self.label_column.is_some(), table),
            (Field::Header, self.header.is_some(), table),
            (Field::TestFile, self.test_file.is_some(), table),
            (Field::IgnoreColumns, self.ignore_columns.is_some(), table),
            (Field::OneHot, self.one_hot.is_some(), table),
            (Field::Missing, self.missing.is_some(), table),
            (Field::Image, self.image.is_some(), table),
            (Field::Classes, self.classes.is_some(), counted),
        ] {
            if given && !applies {
                return Err(DataError::NotApplicable { field, spec: spec.to_string() });
            }
        }
        match self.classes {
            Some(n) if *spec == DataSpec::Xor && n != 2 => Err(bad(Field::Classes, n, "xor has 2 classes")),
            Some(n) if !(2..=MAX_CLASSES).contains(&n) => {
                Err(bad(Field::Classes, n, format!("must be from 2 to {MAX_CLASSES}")))
            }
            _ => Ok(()),
        }
    }
}

/// Reads or generates the data, truncates it and prepares it.
///
/// # Errors
/// Every way in which the options or the files can be wrong, see [`DataError`]; nothing is returned in part.
/// Inputs that would need more than [`MAX_BYTES`] are refused before they are read.
pub fn load(spec: &DataSpec, options: &DataOptions) -> Result<Dataset, DataError> {
    let bytes = memory_estimate(spec, options)?;
    if bytes > MAX_BYTES {
        return Err(DataError::TooLarge {
            place: format!("{} {spec}", Field::Data),
            bytes,
            limit: MAX_BYTES,
        });
    }
    let mut data = match spec {
        DataSpec::Spiral | DataSpec::Xor | DataSpec::Gaussians => synthetic::load(spec, options),
        #[cfg(feature = "digits")]
        DataSpec::MnistMini => builtin::load(options.train_size, options.test_size),
        #[cfg(feature = "data-files")]
        DataSpec::Idx(folder) => idx::load(folder, options),
        #[cfg(feature = "data-files")]
        DataSpec::Cifar10(folder) => cifar::load(folder, options),
        #[cfg(feature = "data-files")]
        DataSpec::Csv(file) => csv::load(file, options),
        #[cfg(not(all(feature = "digits", feature = "data-files")))]
        other => Err(left_out(other)),
    }?;
    if options.standardize {
        standardize::standardize(&mut data);
    }
    Ok(data)
}

/// Bytes that the inputs and labels of this data set will take, from options, headers and file sizes alone:
/// nothing big is read or allocated. Exact but for a table, where it is an upper bound (a number takes two
/// characters or more in the file, four bytes here) as long as no column is one-hot, and for a gzipped file, whose header has to be believed
/// here.
///
/// # Errors
/// As [`load`], as far as headers and sizes show it.
pub fn memory_estimate(spec: &DataSpec, options: &DataOptions) -> Result<u64, DataError> {
    options.check(spec)?;
    let (train, test, features) = match spec {
        DataSpec::Spiral | DataSpec::Xor | DataSpec::Gaussians => synthetic::extent(spec, options)?,
        #[cfg(feature = "digits")]
        DataSpec::MnistMini => builtin::extent(options.train_size, options.test_size)?,
        #[cfg(feature = "data-files")]
        DataSpec::Idx(folder) => idx::extent(folder, options)?,
        #[cfg(feature = "data-files")]
        DataSpec::Cifar10(folder) => cifar::extent(folder, options)?,
        #[cfg(feature = "data-files")]
        DataSpec::Csv(file) => return csv::upper_bound(file, options),
        #[cfg(not(all(feature = "digits", feature = "data-files")))]
        other => return Err(left_out(other)),
    };
    let samples = (train as u64).saturating_add(test as u64);
    Ok(samples.saturating_mul((features as u64).saturating_add(1)).saturating_mul(4))
}

/// The error for data whose reader was not compiled in.
#[cfg(not(all(feature = "digits", feature = "data-files")))]
fn left_out(spec: &DataSpec) -> DataError {
    let feature = if *spec == DataSpec::MnistMini { "digits" } else { "data-files" };
    DataError::LeftOut { spec: spec.to_string(), feature }
}

/// Size of a regular file in bytes.
#[cfg(feature = "data-files")]
fn file_size(path: &Path) -> Result<u64, DataError> {
    let about = std::fs::metadata(path).map_err(|cause| DataError::Io { path: path.to_path_buf(), cause })?;
    if about.is_file() { Ok(about.len()) } else { Err(DataError::NotAFile { path: path.to_path_buf() }) }
}

/// How many of `available` samples to keep.
fn cut(
    field: Field,
    asked: Option<usize>,
    available: usize,
    what: impl Into<String>,
    spec: &str,
) -> Result<usize, DataError> {
    match asked {
        None => Ok(available),
        Some(0) => Err(bad(field, 0, "at least one sample is needed")),
        Some(asked) if asked > available => {
            Err(DataError::NotEnough { field, asked, available, what: what.into(), spec: spec.to_string() })
        }
        Some(asked) => Ok(asked),
    }
}

#[cfg(any(feature = "digits", feature = "data-files"))]
/// Pixels to numbers in [0, 1]. `bytes` are `[labels.len(), features]`.
fn image_split(bytes: &[u8], features: usize, labels: Vec<u32>) -> Split {
    let scale: Vec<f32> = (0..=255u8).map(|byte| f32::from(byte) / 255.0).collect();
    let values: Vec<f32> = bytes.iter().map(|&byte| scale[usize::from(byte)]).collect();
    split(values, features, labels)
}

/// A part from its values `[labels.len(), features]`.
fn split(values: Vec<f32>, features: usize, labels: Vec<u32>) -> Split {
    let inputs =
        Array2::from_shape_vec((labels.len(), features), values).expect("readers return whole samples");
    Split { inputs, labels }
}

#[cfg(feature = "data-files")]
/// The last part of a path, or `otherwise` where it has none.
fn short_name(path: &Path, otherwise: &str) -> String {
    path.file_name().map_or_else(|| otherwise.to_string(), |name| name.to_string_lossy().into_owned())
}

fn bad(field: Field, value: impl ToString, problem: impl Into<String>) -> DataError {
    DataError::Option { field, value: crate::field::shown(value), problem: problem.into() }
}
