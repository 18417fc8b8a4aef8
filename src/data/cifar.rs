//! CIFAR-10, the binary version (Krizhevsky 2009): `data_batch_1.bin` to `data_batch_5.bin` and
//! `test_batch.bin`.
//!
//! A file is a row of records of 3073 bytes: one label 0..10, then 1024 red, 1024 green and 1024 blue pixels,
//! each row by row. That order, `[channel][row][column]`, is kept in the features. The files may also lie in
//! the subfolder `cifar-10-batches-bin`, as the archive unpacks.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::{DataError, DataOptions, Dataset, Split, cut, image_split, short_name};
use crate::field::Field;

const FEATURES: usize = 3 * 32 * 32;
const RECORD: usize = 1 + FEATURES;
const TRAIN_FILES: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST_FILE: [&str; 1] = ["test_batch.bin"];
const SUBFOLDER: &str = "cifar-10-batches-bin";
/// From the archive's `batches.meta.txt`.
const CLASS_NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Files with the number of their records.
type Parts = Vec<(PathBuf, usize)>;

/// Training images to keep, test images to keep, numbers in one image: from the file sizes.
pub(super) fn extent(folder: &Path, options: &DataOptions) -> Result<(usize, usize, usize), DataError> {
    let (train, test) = find(folder)?;
    let count = |parts: &Parts| parts.iter().map(|(_, n)| n).sum();
    let spec = format!("cifar10:{}", folder.display());
    let train = cut(Field::TrainSize, options.train_size, count(&train), "training images", &spec)?;
    let test = cut(Field::TestSize, options.test_size, count(&test), "test images", &spec)?;
    Ok((train, test, FEATURES))
}

/// Reads the folder; only as many records as are kept.
///
/// # Errors
/// Missing files (with their names), sizes that are no multiple of 3073, labels of 10 and more.
pub(super) fn load(folder: &Path, options: &DataOptions) -> Result<Dataset, DataError> {
    let (train_size, test_size, features) = extent(folder, options)?;
    let (train, test) = find(folder)?;
    Ok(Dataset {
        label_name: None,
        notes: Vec::new(),
        name: short_name(folder, "cifar10"),
        train: read(&train, train_size)?,
        test: Some(read(&test, test_size)?),
        features,
        classes: CLASS_NAMES.len(),
        feature_names: Vec::new(),
        class_names: CLASS_NAMES.map(String::from).to_vec(),
        image: Some((32, 32, 3)),
    })
}

fn find(folder: &Path) -> Result<(Parts, Parts), DataError> {
    if !folder.is_dir() {
        return Err(DataError::NoFolder { folder: folder.to_path_buf() });
    }
    let inside = folder.join(SUBFOLDER);
    let place = if inside.is_dir() { inside.as_path() } else { folder };
    let parts = |names: &[&str], what: &'static str| -> Result<Parts, DataError> {
        let mut parts = Vec::new();
        for name in names {
            let path = place.join(name);
            if !path.is_file() {
                let looked_for = format!("{name} there and in {SUBFOLDER} (the binary version's files)");
                return Err(DataError::NotFound { folder: folder.to_path_buf(), what, looked_for });
            }
            let size =
                fs::metadata(&path).map_err(|cause| DataError::Io { path: path.clone(), cause })?.len();
            if size == 0 || size % RECORD as u64 != 0 {
                return Err(DataError::CifarSize { path, size });
            }
            parts.push((path, (size / RECORD as u64) as usize));
        }
        Ok(parts)
    };
    Ok((parts(&TRAIN_FILES, "training images")?, parts(&TEST_FILE, "test images")?))
}

/// The first `keep` records of some files in a row.
fn read(parts: &Parts, keep: usize) -> Result<Split, DataError> {
    let mut pixels = Vec::with_capacity(keep * FEATURES);
    let mut labels = Vec::with_capacity(keep);
    let mut record = [0; RECORD];
    for (path, count) in parts {
        let wanted = (*count).min(keep - labels.len());
        if wanted == 0 {
            break;
        }
        let failed = |cause| DataError::Io { path: path.clone(), cause };
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
        for item in 1..=wanted {
            file.read_exact(&mut record).map_err(failed)?;
            let label = u32::from(record[0]);
            if label as usize >= CLASS_NAMES.len() {
                let why = "CIFAR-10 has the labels 0 to 9".to_string();
                return Err(DataError::Label { path: path.clone(), item, label, why });
            }
            labels.push(label);
            pixels.extend_from_slice(&record[1..]);
        }
    }
    Ok(image_split(&pixels, FEATURES, labels))
}
