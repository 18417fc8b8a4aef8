use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use gradfade::data::{DataError, DataOptions, DataSpec, load, memory_estimate};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::{complaint, is, labels_and_values, write};

/// An IDX file by the letter of the format: magic, dimensions, bytes.
fn idx(magic: u32, dimensions: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = magic.to_be_bytes().to_vec();
    dimensions.iter().for_each(|d| file.extend(d.to_be_bytes()));
    file.extend(bytes);
    file
}

fn images(count: u32, rows: u32, columns: u32) -> Vec<u8> {
    let bytes: Vec<u8> = (0..count * rows * columns).map(|i| (i * 5 % 256) as u8).collect();
    idx(0x803, &[count, rows, columns], &bytes)
}

fn labels(bytes: &[u8]) -> Vec<u8> {
    idx(0x801, &[bytes.len() as u32], bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const TRAIN: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// Four training and two test images of 2 x 3.
fn write_set(folder: &Path) {
    write(folder, TRAIN, &images(4, 2, 3));
    write(folder, TRAIN_LABELS, &labels(&[2, 0, 1, 2]));
    write(folder, TEST, &images(2, 2, 3));
    write(folder, TEST_LABELS, &labels(&[1, 1]));
}

fn spec(folder: &Path) -> DataSpec {
    DataSpec::Idx(folder.to_path_buf())
}

fn plain() -> DataOptions {
    DataOptions::default()
}

#[test]
fn plain_gzipped_dotted_and_prefixed_files_hold_the_same_data() {
    let folder = tempdir().unwrap();
    write_set(folder.path());
    let data = load(&spec(folder.path()), &plain()).unwrap();
    assert_eq!((data.features, data.classes, data.image), (6, 3, Some((2, 3, 1))));
    let expected: Vec<f32> = (0..24).map(|i| (i * 5) as f32 / 255.0).collect();
    assert_eq!(labels_and_values(&data), (vec![2, 0, 1, 2], expected.clone()));
    assert_eq!(data.test.as_ref().unwrap().labels, [1, 1]);

    let names = |joint: &str, prefix: &str, test: &str, end: &str| {
        [
            ("train-images", 3),
            ("train-labels", 1),
            (&format!("{test}-images")[..], 3),
            (&format!("{test}-labels")[..], 1),
        ]
        .map(|(part, n)| format!("{prefix}{part}{joint}idx{n}-ubyte{end}"))
    };
    for (names, packed) in [
        (names("-", "", "t10k", ".gz"), true),
        (names(".", "", "t10k", ""), false),
        (names("-", "letters-", "test", ".gz"), true),
        // Unpacked by a browser that kept the name: the content decides.
        (names("-", "", "t10k", ".gz"), false),
    ] {
        let other = tempdir().unwrap();
        for (from, to) in [TRAIN, TRAIN_LABELS, TEST, TEST_LABELS].iter().zip(names) {
            let bytes = std::fs::read(folder.path().join(from)).unwrap();
            write(other.path(), &to, &if packed { gzip(&bytes) } else { bytes });
        }
        let same = load(&spec(other.path()), &plain()).unwrap();
        assert_eq!((&same.train, &same.test), (&data.train, &data.test));
        let few = plain().with_train_size(1);
        assert_eq!(
            labels_and_values(&load(&spec(other.path()), &few).unwrap()),
            (vec![2], expected[..6].to_vec())
        );
    }
    let options = plain().with_train_size(3);
    assert_eq!(memory_estimate(&spec(folder.path()), &options).unwrap(), 4 * 5 * (6 + 1));
    assert!(complaint(&spec(folder.path()), &plain().with_train_size(5)).contains("train_size 5"));
    assert!(complaint(&spec(folder.path()), &plain().with_test_size(3)).contains("test_size 3"));
}

#[test]
fn emnist_is_turned_upright_and_chosen_by_its_prefix() {
    let folder = tempdir().unwrap();
    for set in ["letters", "digits"] {
        write(folder.path(), &format!("emnist-{set}-train-images-idx3-ubyte"), &images(4, 2, 3));
        write(folder.path(), &format!("emnist-{set}-train-labels-idx1-ubyte"), &labels(&[1, 2, 3, 1]));
        write(folder.path(), &format!("emnist-{set}-test-images-idx3-ubyte"), &images(2, 2, 3));
        write(folder.path(), &format!("emnist-{set}-test-labels-idx1-ubyte"), &labels(&[1, 1]));
    }
    let text = complaint(&spec(folder.path()), &plain());
    assert!(text.contains("emnist-digits, emnist-letters"), "{text}");

    let data = load(&spec(&folder.path().join("emnist-letters")), &plain()).unwrap();
    assert_eq!((data.name.as_str(), data.classes, data.image), ("emnist-letters", 4, Some((3, 2, 1))));
    // Stored 0 5 10 / 15 20 25 (times 1/255): upright it reads by columns.
    let first: Vec<f32> = data.train.inputs.row(0).to_vec();
    assert_eq!(first, [0, 15, 5, 20, 10, 25].map(|x| x as f32 / 255.0));
    let misspelt = spec(&folder.path().join("emnist-lettres"));
    assert!(is(load(&misspelt, &plain()), |e| matches!(e, DataError::NoFolder { .. })));
}

#[test]
fn missing_files_list_the_names_that_were_looked_for() {
    let folder = tempdir().unwrap();
    let text = complaint(&spec(folder.path()), &plain());
    assert!(
        text.contains(TRAIN) && text.contains("train-images.idx3-ubyte") && text.contains(".gz"),
        "{text}"
    );
    for name in [TRAIN, TRAIN_LABELS, TEST, TEST_LABELS] {
        write_set(folder.path());
        std::fs::remove_file(folder.path().join(name)).unwrap();
        let text = complaint(&spec(folder.path()), &plain());
        assert!(text.contains(name), "{text}");
    }
    assert!(is(load(&spec(&folder.path().join("no/where")), &plain()), |e| matches!(
        e,
        DataError::NoFolder { .. }
    )));
}

/// Replaces one file of a good set and returns the complaint.
fn with(name: &str, bytes: &[u8]) -> String {
    let folder = tempdir().unwrap();
    write_set(folder.path());
    write(folder.path(), name, bytes);
    let text = complaint(&spec(folder.path()), &plain());
    assert!(text.contains(name), "{text}");
    text
}

#[test]
fn headers_are_not_believed() {
    let good = images(4, 2, 3);
    assert!(with(TRAIN, &labels(&[0; 40])).contains("0x00000801, expected 0x00000803"));
    assert!(with(TEST_LABELS, &images(2, 1, 1)).contains("expected 0x00000801"));
    assert!(with(TRAIN, &idx(0xd03, &[4, 2, 3], &[0; 96])).contains("0x00000d03"));
    assert!(with(TRAIN, &good[..good.len() - 1]).contains("truncated: 39 bytes, but its header promises 40"));
    assert!(with(TRAIN, &[&good[..], &[7]].concat()).contains("too long"));
    assert!(with(TRAIN, &gzip(&good[..good.len() - 1])).contains("truncated: 39 bytes"));
    assert!(with(TRAIN, &gzip(&[&good[..], &[7]].concat())).contains("too long"));
    assert!(with(TRAIN, &[]).contains("truncated: 0 bytes"));
    for sizes in [[0, 2, 3], [4, 0, 3], [4, 2, 0]] {
        assert!(with(TRAIN, &idx(0x803, &sizes, &[])).contains("nothing in it"));
    }
    // 2^96 bytes overflow; 2^63 do not, but are not there: neither is allocated.
    assert!(with(TRAIN, &idx(0x803, &[u32::MAX; 3], &[0; 9])).contains("more than can be addressed"));
    assert!(with(TRAIN, &idx(0x803, &[1 << 31, 1 << 31, 2], &[0; 9])).contains("truncated"));
    let bomb = gzip(&idx(0x803, &[1 << 20, 1 << 10, 1 << 10], &[0; 1000]));
    assert!(with(TRAIN, &bomb).contains("cannot come out of a gzip file"));
}

#[test]
fn broken_gzip_is_an_error() {
    let packed = gzip(&images(4, 2, 3));
    for cut in 2..packed.len() {
        assert!(with(TRAIN, &packed[..cut]).contains("gzip"), "{cut}");
    }
    let mut wrong_checksum = packed.clone();
    let crc = wrong_checksum.len() - 8;
    wrong_checksum[crc] ^= 1;
    assert!(with(TRAIN, &wrong_checksum).contains("broken gzip"));
}

#[test]
fn what_does_not_fit_together_is_named() {
    let text = with(TRAIN_LABELS, &labels(&[0, 1, 2]));
    assert!(text.contains("has 4 images") && text.contains("has 3 labels"), "{text}");
    let text = with(TEST, &images(2, 3, 3));
    assert!(text.contains("3 x 3") && text.contains("2 x 3"), "{text}");
    assert!(with(TEST_LABELS, &labels(&[1, 3])).contains("label 3 of item 2"));
    let text = with(TRAIN_LABELS, &labels(&[0, 1, 200, 2]));
    assert!(text.contains("label 200 of item 3") && text.contains("give classes"), "{text}");
    assert!(with(TRAIN_LABELS, &labels(&[1, 1, 1, 1])).contains("all labels are the same"));

    let folder = tempdir().unwrap();
    write_set(folder.path());
    let classes = |n| plain().with_classes(n);
    assert_eq!(load(&spec(folder.path()), &classes(7)).unwrap().classes, 7);
    let text = complaint(&spec(folder.path()), &classes(2));
    assert!(text.contains("label 2 of item 1 (from 1) is out of range: classes is 2"), "{text}");
    write(folder.path(), TRAIN_LABELS, &labels(&[0, 1, 200, 2]));
    assert_eq!(load(&spec(folder.path()), &classes(201)).unwrap().classes, 201);
}

/// A file of holes: the size is right, the images are zero, nothing is on the disk.
#[test]
fn a_set_beyond_the_memory_limit_is_refused_before_it_is_read() {
    let folder = tempdir().unwrap();
    write_set(folder.path());
    let (count, side) = (3_000_000u32, 28u32);
    let sparse = |name: &str, head: &[u8], size: u64| {
        write(folder.path(), name, head);
        std::fs::OpenOptions::new()
            .write(true)
            .open(folder.path().join(name))
            .unwrap()
            .set_len(size)
            .unwrap();
    };
    sparse(TRAIN, &idx(0x803, &[count, side, side], &[]), 16 + u64::from(count * side * side));
    sparse(TRAIN_LABELS, &idx(0x801, &[count], &[]), 8 + u64::from(count));
    write(folder.path(), TEST, &images(2, 28, 28));
    let text = complaint(&spec(folder.path()), &plain());
    assert!(text.contains("8.8 GiB") && text.contains("train_size"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_cut_anywhere_is_an_error(part in 0usize..4, share in 0.0f64..1.0, packed: bool) {
        let folder = tempdir().unwrap();
        write_set(folder.path());
        let name = [TRAIN, TRAIN_LABELS, TEST, TEST_LABELS][part];
        let whole = std::fs::read(folder.path().join(name)).unwrap();
        let whole = if packed { gzip(&whole) } else { whole };
        let cut = (share * whole.len() as f64) as usize;
        write(folder.path(), name, &whole[..cut]);
        prop_assert!(complaint(&spec(folder.path()), &plain()).contains(name));
        write(folder.path(), name, &whole);
        prop_assert!(load(&spec(folder.path()), &plain()).is_ok());
    }

    #[test]
    fn any_header_is_an_answer_and_never_a_panic(header in proptest::collection::vec(any::<u8>(), 0..40), keep_magic: bool) {
        let folder = tempdir().unwrap();
        write_set(folder.path());
        let mut bytes = header;
        if keep_magic && bytes.len() >= 4 {
            bytes[..4].copy_from_slice(&0x803u32.to_be_bytes());
        }
        write(folder.path(), TRAIN, &bytes);
        if let Ok(data) = load(&spec(folder.path()), &plain()) {
            prop_assert_eq!(data.train.len(), 4);
        }
    }
}
