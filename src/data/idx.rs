//! IDX folders: MNIST, Fashion-MNIST, KMNIST, EMNIST, or anything else in that format, of any image size.
//!
//! The format (LeCun): a big-endian magic number, 0x00000803 for bytes in three dimensions and 0x00000801 for
//! bytes in one; the dimensions as u32; then the bytes. A folder holds four such files, plain or gzipped
//! (told apart by content):
//!
//! - `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`; a dot may stand for the dash before `idx`;
//! - `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`; `test-` may stand for `t10k-`;
//! - each with an optional `.gz`, and an optional prefix that all four share, such as EMNIST's
//!   `emnist-letters-`. When a folder holds several prefixes, `idx:FOLDER/emnist-letters` chooses.
//!
//! **EMNIST stores its images transposed.** They are turned upright when the prefix begins with `emnist`.
//!
//! Labels count from 0, and the number of classes is the largest training label + 1 (EMNIST letters, 1 to 26,
//! has 27 classes with class 0 unused), unless the option `classes` says more. A label beyond that in the
//! test file, or a largest label under which less than half of the values occur, is taken for damage.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{DataError, DataOptions, Dataset, MAX_CLASSES, cut, file_size, image_split, short_name};
use crate::field::Field;

const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;
/// Deflate cannot shrink further: 258 bytes in two bits (RFC 1951), rounded up.
const MAX_GZIP_RATIO: u64 = 1040;

/// The four files of a set: training images and labels, test images and labels.
struct Files {
    paths: [PathBuf; 4],
    /// Images are stored column by column.
    transposed: bool,
    name: String,
}

const KINDS: [Kind; 4] = [Kind::Images, Kind::Labels, Kind::Images, Kind::Labels];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Images,
    Labels,
}

/// How many items, and the height and width of each; 1 x 1 for labels.
#[derive(Clone, Copy)]
struct Shape {
    count: usize,
    rows: usize,
    columns: usize,
}

/// Training images to keep, test images to keep, pixels of one image: from headers and file sizes.
pub(super) fn extent(folder: &Path, options: &DataOptions) -> Result<(usize, usize, usize), DataError> {
    let files = find(folder)?;
    let [train, _, test, _] = open_all(&files)?;
    keep(folder, options, train.shape, test.shape)
}

fn keep(
    folder: &Path,
    options: &DataOptions,
    train: Shape,
    test: Shape,
) -> Result<(usize, usize, usize), DataError> {
    let spec = format!("idx:{}", folder.display());
    let train_size = cut(Field::TrainSize, options.train_size, train.count, "training images", &spec)?;
    let test_size = cut(Field::TestSize, options.test_size, test.count, "test images", &spec)?;
    Ok((train_size, test_size, train.rows * train.columns))
}

/// Reads the folder; see the module docs.
///
/// # Errors
/// Files that are missing (with the names that were looked for), truncated, oversized or of another kind;
/// counts, shapes or labels that do not fit together; sizes beyond what there is.
pub(super) fn load(folder: &Path, options: &DataOptions) -> Result<Dataset, DataError> {
    let files = find(folder)?;
    let [train_images, train_labels, test_images, test_labels] = open_all(&files)?;
    let Shape { rows, columns, .. } = train_images.shape;
    let (train_size, test_size, features) = keep(folder, options, train_images.shape, test_images.shape)?;
    let train_labels = train_labels.read_all()?;
    let test_labels = test_labels.read_all()?;
    let classes = classes(&files, &train_labels, &test_labels, options.classes)?;

    let part = |images: Opened<'_>, labels: &[u8], keep: usize| -> Result<_, DataError> {
        let mut pixels = images.read(keep)?;
        if files.transposed {
            transpose(&mut pixels, rows, columns);
        }
        Ok(image_split(&pixels, features, labels[..keep].iter().map(|&label| u32::from(label)).collect()))
    };
    Ok(Dataset {
        label_name: None,
        notes: Vec::new(),
        train: part(train_images, &train_labels, train_size)?,
        test: Some(part(test_images, &test_labels, test_size)?),
        name: files.name,
        features,
        classes,
        feature_names: Vec::new(),
        class_names: Vec::new(),
        image: Some(if files.transposed { (columns, rows, 1) } else { (rows, columns, 1) }),
    })
}

/// Finds the four files in a folder, or beside a prefix.
fn find(place: &Path) -> Result<Files, DataError> {
    let (folder, wanted) = if place.is_dir() {
        (place.to_path_buf(), None)
    } else {
        // Not a folder: its last part may be the prefix of files in the folder above.
        let parent = place.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
        match (parent, place.file_name()) {
            (Some(parent), Some(prefix)) if parent.is_dir() => {
                (parent.to_path_buf(), Some(format!("{}-", prefix.to_string_lossy().trim_end_matches('-'))))
            }
            _ => return Err(DataError::NoFolder { folder: place.to_path_buf() }),
        }
    };
    let listing = fs::read_dir(&folder).map_err(|cause| DataError::Io { path: folder.clone(), cause })?;
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry.map_err(|cause| DataError::Io { path: folder.clone(), cause })?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();

    let prefix = match wanted {
        Some(prefix) if names.iter().any(|name| name.starts_with(&prefix)) => prefix,
        Some(_) => return Err(DataError::NoFolder { folder: place.to_path_buf() }),
        None => choose_prefix(&folder, &names)?,
    };
    let file = |what: &'static str, parts: [&str; 2], kind: &str| {
        let candidates = spellings(&prefix, parts, kind);
        match candidates.iter().find(|name| names.contains(name)) {
            Some(name) => Ok(folder.join(name)),
            None => {
                let looked_for =
                    format!("{} (each also with .gz)", candidates[..candidates.len() / 2].join(", "));
                Err(DataError::NotFound { folder: folder.clone(), what, looked_for })
            }
        }
    };
    Ok(Files {
        paths: [
            file("training images", ["train-images", "train-images"], "idx3")?,
            file("training labels", ["train-labels", "train-labels"], "idx1")?,
            file("test images", ["t10k-images", "test-images"], "idx3")?,
            file("test labels", ["t10k-labels", "test-labels"], "idx1")?,
        ],
        transposed: prefix.starts_with("emnist"),
        name: if prefix.is_empty() {
            short_name(place, "idx")
        } else {
            prefix.trim_end_matches('-').to_string()
        },
    })
}

/// The names a file may have, best first: first half plain, second half gzipped.
fn spellings(prefix: &str, parts: [&str; 2], kind: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in if parts[0] == parts[1] { &parts[..1] } else { &parts[..] } {
        for joint in ['-', '.'] {
            names.push(format!("{prefix}{part}{joint}{kind}-ubyte"));
        }
    }
    let packed: Vec<String> = names.iter().map(|name| format!("{name}.gz")).collect();
    names.extend(packed);
    names
}

/// The prefix of the training images in a folder: none, or the only one.
fn choose_prefix(folder: &Path, names: &[String]) -> Result<String, DataError> {
    let endings = spellings("", ["train-images", "train-images"], "idx3");
    let mut prefixes: Vec<&str> = names
        .iter()
        .filter_map(|name| endings.iter().find_map(|end| name.strip_suffix(end.as_str())))
        .collect();
    prefixes.sort();
    prefixes.dedup();
    match prefixes[..] {
        // None found: go on with the plain names, which the error then lists.
        [] | ["", ..] => Ok(String::new()),
        [one] => Ok(one.to_string()),
        [first, ..] => {
            let found: Vec<&str> = prefixes.iter().map(|prefix| prefix.trim_end_matches('-')).collect();
            Err(DataError::SeveralSets {
                folder: folder.to_path_buf(),
                found: found.join(", "),
                example: folder.join(first.trim_end_matches('-')),
            })
        }
    }
}

/// Opens all four files, and checks their headers against the files and each other.
fn open_all(files: &Files) -> Result<[Opened<'_>; 4], DataError> {
    let [a, b, c, d] = &files.paths;
    let opened = [open(a, KINDS[0])?, open(b, KINDS[1])?, open(c, KINDS[2])?, open(d, KINDS[3])?];
    for pair in opened.chunks_exact(2) {
        let (images, labels) = (&pair[0], &pair[1]);
        if images.shape.count != labels.shape.count {
            return Err(DataError::CountsDiffer {
                image_file: images.path.to_path_buf(),
                images: images.shape.count,
                label_file: labels.path.to_path_buf(),
                labels: labels.shape.count,
            });
        }
    }
    let (train, test) = (opened[0].shape, opened[2].shape);
    if (train.rows, train.columns) != (test.rows, test.columns) {
        let size = |s: Shape| format!("{} x {}", s.rows, s.columns);
        return Err(DataError::ShapesDiffer { path: c.clone(), train: size(train), test: size(test) });
    }
    Ok(opened)
}

/// The number of classes, after checking that all labels are below it.
fn classes(files: &Files, train: &[u8], test: &[u8], given: Option<usize>) -> Result<usize, DataError> {
    let [_, train_path, _, test_path] = &files.paths;
    let wrong = |path: &Path, labels: &[u8], first: &dyn Fn(u8) -> bool, why: String| {
        let item = labels.iter().position(|&label| first(label)).unwrap_or(0);
        DataError::Label { path: path.to_path_buf(), item: item + 1, label: u32::from(labels[item]), why }
    };
    let largest = train.iter().copied().max().unwrap_or(0);
    let classes = match given {
        Some(classes) => {
            let beyond = |label: u8| usize::from(label) >= classes;
            if beyond(largest) {
                return Err(wrong(train_path, train, &beyond, format!("{} is {classes}", Field::Classes)));
            }
            classes
        }
        None => {
            let mut seen = [false; 256];
            train.iter().for_each(|&label| seen[usize::from(label)] = true);
            let different = seen.iter().filter(|&&s| s).count();
            if different < 2 {
                return Err(wrong(train_path, train, &|_| true, "all labels are the same".to_string()));
            }
            // Class 0 may be unused (EMNIST letters).
            if 2 * seen[1..].iter().filter(|&&s| s).count() < usize::from(largest) {
                let why = format!(
                    "only {different} different labels occur; give {} if it is right",
                    Field::Classes
                );
                return Err(wrong(train_path, train, &|label| label == largest, why));
            }
            usize::from(largest) + 1
        }
    };
    let beyond = |label: u8| usize::from(label) >= classes;
    if test.iter().any(|&label| beyond(label)) {
        let why = format!("the training labels have {classes} classes, 0 to {}", classes - 1);
        return Err(wrong(test_path, test, &beyond, why));
    }
    debug_assert!(classes <= MAX_CLASSES);
    Ok(classes)
}

/// `[n, rows, columns]` to `[n, columns, rows]`, in place.
fn transpose(pixels: &mut [u8], rows: usize, columns: usize) {
    let mut upright = vec![0; rows * columns];
    for image in pixels.chunks_exact_mut(rows * columns) {
        for r in 0..rows {
            for c in 0..columns {
                upright[c * rows + r] = image[r * columns + c];
            }
        }
        image.copy_from_slice(&upright);
    }
}

/// A file whose header was read and checked.
struct Opened<'a> {
    path: &'a Path,
    reader: Box<dyn Read>,
    gzip: bool,
    header: u64,
    shape: Shape,
}

/// Opens the file and checks its header: the magic number, the dimensions, and for a plain file its exact
/// size.
fn open(path: &Path, kind: Kind) -> Result<Opened<'_>, DataError> {
    let (magic, dimensions, what) = match kind {
        Kind::Images => (IMAGES, 3, "an IDX file of images"),
        Kind::Labels => (LABELS, 1, "an IDX file of labels"),
    };
    let failed = |cause: io::Error| DataError::Io { path: path.to_path_buf(), cause };
    let size = file_size(path)?; // before it is opened: a pipe would wait for its writer
    let mut file = File::open(path).map_err(failed)?;
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start).map_err(failed)?;
    file.rewind().map_err(failed)?;
    let gzip = start == [0x1f, 0x8b];
    let file = BufReader::with_capacity(1 << 16, file);
    let reader: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let header = 4 + 4 * dimensions as u64;
    let shape = Shape { count: 0, rows: 1, columns: 1 };
    let mut opened = Opened { path, reader, gzip, header, shape };

    let bytes = opened.bytes(header)?;
    let field = |i: usize| bytes.get(4 * i..4 * i + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    if let Some(found) = field(0).filter(|&found| found != magic) {
        return Err(DataError::Magic { path: path.to_path_buf(), what, found, expected: magic });
    }
    if (bytes.len() as u64) < header {
        return Err(opened.truncated(bytes.len() as u64, header));
    }
    let sizes: Vec<u64> = (1..=dimensions).filter_map(|i| field(i).map(u64::from)).collect();
    let impossible = |why: &str| {
        let shown: Vec<String> = sizes.iter().map(u64::to_string).collect();
        DataError::Dimensions {
            path: path.to_path_buf(),
            dimensions: format!("{} ({why})", shown.join(" x ")),
        }
    };
    if sizes.contains(&0) {
        return Err(impossible("nothing in it"));
    }
    // The product of u32 dimensions may overflow u64, and what fits u64 may not fit an address.
    let payload = sizes.iter().try_fold(1u64, |product, &n| product.checked_mul(n));
    let expected =
        payload.and_then(|payload| payload.checked_add(header)).filter(|&n| usize::try_from(n).is_ok());
    let expected = expected.ok_or_else(|| impossible("more than can be addressed"))?;
    if gzip {
        if expected > size.saturating_mul(MAX_GZIP_RATIO) {
            return Err(impossible(&format!("{expected} bytes cannot come out of a gzip file of {size}")));
        }
    } else if size < expected {
        return Err(opened.truncated(size, expected));
    } else if size > expected {
        return Err(DataError::Oversized { path: path.to_path_buf(), found: Some(size), expected });
    }
    opened.shape.count = sizes[0] as usize;
    if let [_, rows, columns] = sizes[..] {
        (opened.shape.rows, opened.shape.columns) = (rows as usize, columns as usize);
    }
    Ok(opened)
}

impl Opened<'_> {
    fn read_all(self) -> Result<Vec<u8>, DataError> {
        let count = self.shape.count;
        self.read(count)
    }

    /// The first `keep` items. The rest of a gzipped file is unpacked too, to nowhere, so that its length and
    /// checksum are known to be right; never more than the header promises and one byte.
    fn read(mut self, keep: usize) -> Result<Vec<u8>, DataError> {
        let item = (self.shape.rows * self.shape.columns) as u64;
        let (wanted, payload) = (keep as u64 * item, self.shape.count as u64 * item);
        let expected = self.header + payload;
        let bytes = self.bytes(wanted)?;
        let mut found = bytes.len() as u64;
        if self.gzip && found == wanted {
            found += io::copy(&mut self.reader.by_ref().take(payload - wanted + 1), &mut io::sink())
                .map_err(|cause| self.unreadable(cause))?;
        } else if found == wanted {
            found = payload; // a plain file was measured before
        }
        if found < payload {
            Err(self.truncated(self.header + found, expected))
        } else if found > payload {
            Err(DataError::Oversized { path: self.path.to_path_buf(), found: None, expected })
        } else {
            Ok(bytes)
        }
    }

    /// Up to `count` bytes; fewer at the end of the file. Memory grows with what is there, not with what was
    /// promised.
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::with_capacity(if self.gzip { 0 } else { count as usize });
        self.reader.by_ref().take(count).read_to_end(&mut bytes).map_err(|cause| self.unreadable(cause))?;
        Ok(bytes)
    }

    fn unreadable(&self, cause: io::Error) -> DataError {
        let path = self.path.to_path_buf();
        if self.gzip { DataError::Gzip { path, cause } } else { DataError::Io { path, cause } }
    }

    fn truncated(&self, found: u64, expected: u64) -> DataError {
        DataError::Truncated { path: self.path.to_path_buf(), found, expected }
    }
}
