//! Data that is missing, broken or contradicts itself.

use std::path::Path;

use super::{refused, room};

fn images(count: u32, side: u32) -> Vec<u8> {
    let mut bytes = 0x0803u32.to_be_bytes().to_vec();
    [count, side, side].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    bytes.extend((0..count * side * side).map(|i| (i * 37 % 256) as u8));
    bytes
}

fn labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes = 0x0801u32.to_be_bytes().to_vec();
    bytes.extend((labels.len() as u32).to_be_bytes());
    bytes.extend(labels);
    bytes
}

fn alternating(count: u32) -> Vec<u8> {
    (0..count).map(|i| (i % 3) as u8).collect()
}

/// A sound folder of `train` and `test` images of 2 x 2 pixels in 3 classes.
pub fn idx_folder(dir: &Path, train: u32, test: u32) {
    std::fs::create_dir_all(dir).unwrap();
    for (name, count) in [("train", train), ("t10k", test)] {
        std::fs::write(dir.join(format!("{name}-images-idx3-ubyte")), images(count, 2)).unwrap();
        std::fs::write(dir.join(format!("{name}-labels-idx1-ubyte")), labels(&alternating(count))).unwrap();
    }
}

/// A sound folder with two records in each file.
pub fn cifar_folder(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    let mut record = vec![100; 2 * 3073];
    (record[0], record[3073]) = (3, 9);
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    {
        std::fs::write(dir.join(format!("{name}.bin")), &record).unwrap();
    }
}

/// Training on this data fails with 1 and one line with these words.
#[track_caller]
fn train_refused(dir: &Path, data: &str, more: &[&str], words: &[&str]) {
    let args =
        ["train", "--data", data, "--widths", "3", "--batch-size", "2", "--steps", "1", "--out", "run"];
    refused(dir, 1, &[&args[..], more].concat(), words);
}

#[test]
fn missing_data_is_named_with_what_was_looked_for() {
    let dir = room();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    train_refused(dir.path(), "idx:nowhere", &[], &["nowhere", "no such folder"]);
    train_refused(
        dir.path(),
        "idx:empty",
        &[],
        &["empty", "training images not found", "train-images-idx3-ubyte"],
    );
    train_refused(dir.path(), "cifar10:nowhere", &[], &["nowhere", "no such folder"]);
    train_refused(dir.path(), "cifar10:empty", &[], &["empty", "data_batch_1.bin"]);
    train_refused(dir.path(), "csv:nowhere.csv", &[], &["nowhere.csv", "No such file"]);
    train_refused(dir.path(), "csv:empty", &[], &["empty", "not a regular file"]);
    std::fs::write(dir.path().join("t.csv"), "1,2,0\n3,4,1\n1,2,0\n3,4,1\n1,2,0\n3,4,1\n").unwrap();
    train_refused(dir.path(), "csv:t.csv", &["--test-file", "gone.csv"], &["gone.csv", "No such file"]);
}

#[test]
fn idx_files_that_are_cut_swollen_or_of_another_kind_are_refused() {
    let dir = room();
    let folder = dir.path().join("d");
    let train_images = folder.join("train-images-idx3-ubyte");
    let whole = images(6, 2);
    let cut = whole[..whole.len() - 3].to_vec();
    let swollen = [&whole[..], &[0; 5]].concat();
    let mut huge = whole.clone();
    huge[4..16].fill(0xff);
    let mut other = whole.clone();
    other[2] = 0x0d;
    let mut nothing = whole.clone();
    nothing[4..8].fill(0);
    for (bytes, words) in [
        (cut, ["truncated", "37 bytes", "promises 40"]),
        (swollen, ["too long", "40", "45"]),
        (huge, ["header is impossible", "4294967295", "more than can be addressed"]),
        (other, ["not an IDX file of images", "0x00000d03", "0x00000803"]),
        (nothing, ["header is impossible", "0 x 2 x 2", "nothing in it"]),
        (whole[..7].to_vec(), ["truncated", "7 bytes", "promises 16"]),
        (Vec::new(), ["truncated", "0 bytes", "promises 16"]),
    ] {
        idx_folder(&folder, 6, 4);
        std::fs::write(&train_images, bytes).unwrap();
        train_refused(dir.path(), "idx:d", &[], &[&["d/train-images-idx3-ubyte"], &words[..]].concat());
    }
}

#[test]
fn a_gzip_file_is_never_believed_further_than_it_can_unpack() {
    use std::io::Write;
    let dir = room();
    let folder = dir.path().join("d");
    idx_folder(&folder, 6, 4);
    std::fs::remove_file(folder.join("train-images-idx3-ubyte")).unwrap();
    let path = folder.join("train-images-idx3-ubyte.gz");
    let pack = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    // A promise of 60 GB in a file of some bytes.
    let mut promise = images(0, 2);
    promise[4..16].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 3, 0xe8, 0, 0, 3, 0xe8]);
    std::fs::write(&path, pack(&promise)).unwrap();
    train_refused(
        dir.path(),
        "idx:d",
        &[],
        &["train-images-idx3-ubyte.gz", "cannot come out of a gzip file"],
    );
    // A bomb: 64 MB of zeros behind a header of six images.
    let bomb = [&images(6, 2)[..], &vec![0; 64 << 20]].concat();
    std::fs::write(&path, pack(&bomb)).unwrap();
    train_refused(dir.path(), "idx:d", &[], &["train-images-idx3-ubyte.gz", "too long"]);
    let packed = pack(&images(6, 2));
    std::fs::write(&path, &packed[..packed.len() - 6]).unwrap();
    train_refused(
        dir.path(),
        "idx:d",
        &[],
        &["train-images-idx3-ubyte.gz", "broken gzip file", "fetch it again"],
    );
}

#[test]
fn labels_out_of_range_and_counts_that_differ_are_named() {
    let dir = room();
    let folder = dir.path().join("d");
    let labels_file = folder.join("train-labels-idx1-ubyte");
    idx_folder(&folder, 6, 4);
    std::fs::write(&labels_file, labels(&[0, 1, 2, 0, 1])).unwrap();
    train_refused(
        dir.path(),
        "idx:d",
        &[],
        &["train-images-idx3-ubyte has 6 images", "train-labels-idx1-ubyte has 5 labels"],
    );
    std::fs::write(&labels_file, labels(&[0, 1, 2, 0, 200, 1])).unwrap();
    train_refused(dir.path(), "idx:d", &[], &["train-labels-idx1-ubyte", "label 200 of item 5", "--classes"]);
    idx_folder(&folder, 6, 4);
    std::fs::write(folder.join("t10k-labels-idx1-ubyte"), labels(&[0, 1, 7, 0])).unwrap();
    train_refused(dir.path(), "idx:d", &[], &["t10k-labels-idx1-ubyte", "label 7 of item 3"]);
    // The way out that the line names does work.
    let args =
        ["train", "--data", "idx:d", "--classes", "10", "--widths", "3", "--batch-size", "2", "--steps", "1"];
    super::stdout(dir.path(), &[&args[..], &["--quiet", "--out", "run"]].concat());
}

#[test]
fn cifar_files_of_a_wrong_size_or_label_are_refused() {
    let dir = room();
    let folder = dir.path().join("c");
    let second = folder.join("data_batch_2.bin");
    cifar_folder(&folder);
    std::fs::write(&second, vec![0; 3072]).unwrap();
    train_refused(dir.path(), "cifar10:c", &[], &["data_batch_2.bin", "3072 bytes"]);
    let mut record = vec![0; 2 * 3073];
    record[3073] = 10;
    std::fs::write(&second, &record).unwrap();
    train_refused(dir.path(), "cifar10:c", &[], &["data_batch_2.bin", "label 10 of item 2", "0 to 9"]);
}

#[test]
fn tables_that_are_ragged_not_numbers_or_without_classes_name_line_and_column() {
    let dir = room();
    for (text, more, words) in [
        ("a,b,y\n1,2,0\n1,2,3,1\n", &[][..], &["line 3", "4 columns", "has 3"][..]),
        ("a,b,y\n1,2,0\n1,2\n", &[], &["line 3", "2 columns"]),
        ("a,b,y\n1,2,0\n1,zwei,1\n", &[], &["line 3, column 2", "'zwei' is not a number", "--label-column"]),
        ("a,b,y\n1,2,0\n1,,1\n", &[], &["line 3, column 2", "the number is missing"]),
        ("a,b,y\n1,2,0\n1,inf,1\n", &[], &["line 3, column 2", "'inf' is not a finite"]),
        ("a,b,y\n1,2,0\n1,1e99,1\n", &[], &["line 3, column 2", "'1e99' is not a finite"]),
        ("a,b,y\n1,2,0\n1,3,\n", &[], &["line 3, column 3", "the label is missing"]),
        ("a,b,y\n", &[], &["no data rows"]),
        ("", &[], &["no data rows"]),
        ("y\n0\n1\n", &[], &["only a label column"]),
        ("a,b,y\n1,2,0\n3,4,0\n", &[], &["label column ('y') has 1 value, ", "--label-column"]),
        ("a,b,y\n1,2,0\n3,4,1\n", &["--csv-header", "no"], &["line 1, column 1", "'a' is not a number"]),
    ] {
        std::fs::write(dir.path().join("t.csv"), text).unwrap();
        train_refused(dir.path(), "csv:t.csv", more, &[&["t.csv"], words].concat());
    }
    std::fs::write(dir.path().join("t.csv"), b"a,b,y\n1,\x00,0\n").unwrap();
    train_refused(dir.path(), "csv:t.csv", &[], &["t.csv", "zero bytes", "save it as CSV in UTF-8"]);
}

#[test]
fn a_test_table_that_does_not_fit_is_refused() {
    let dir = room();
    std::fs::write(dir.path().join("t.csv"), "a,b,y\n1,2,cat\n3,4,dog\n5,6,cat\n").unwrap();
    for (text, words) in [
        ("a,b,c,y\n1,2,3,cat\n", ["4 columns, not 3", "t.csv"]),
        ("a,c,y\n1,2,cat\n", ["column 2 is named 'c', not 'b'", "t.csv"]),
        ("a,b,y\n1,2,cow\n", ["line 2: class 'cow' does not occur", "t.csv"]),
    ] {
        std::fs::write(dir.path().join("u.csv"), text).unwrap();
        train_refused(dir.path(), "csv:t.csv", &["--test-file", "u.csv"], &[&["u.csv"], &words[..]].concat());
    }
}

#[test]
fn a_label_column_that_is_not_there_is_a_mistake_on_the_command_line() {
    let dir = room();
    std::fs::write(dir.path().join("t.csv"), "length,width,species\n1,2,cat\n3,4,dog\n").unwrap();
    for (column, words) in [
        ("specis", ["did you mean 'species'", "length, width, species"]),
        ("4", ["no such column", "columns 1 to 3"]),
    ] {
        let args = ["train", "--data", "csv:t.csv", "--label-column", column, "--out", "run"];
        refused(dir.path(), 2, &args, &[&["--label-column", "t.csv"], &words[..]].concat());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_source_without_end_is_refused() {
    train_refused(room().path(), "csv:/dev/zero", &[], &["/dev/zero: not a regular file"]);
}
