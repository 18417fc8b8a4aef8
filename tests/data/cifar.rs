use std::path::Path;

use gradfade::data::{DataError, DataOptions, DataSpec, load};
use tempfile::tempdir;

use crate::{complaint, is, write};

/// A record whose pixels count on from `start`.
fn record(label: u8, start: u8) -> Vec<u8> {
    std::iter::once(label).chain((0..3072).map(|i| start.wrapping_add((i % 251) as u8))).collect()
}

fn write_all(folder: &Path) {
    for batch in 1..=5u8 {
        let bytes = [record(batch, batch), record(9 - batch, 0)].concat();
        write(folder, &format!("data_batch_{batch}.bin"), &bytes);
    }
    write(folder, "test_batch.bin", &record(3, 100));
}

fn spec(folder: &Path) -> DataSpec {
    DataSpec::Cifar10(folder.to_path_buf())
}

#[test]
fn records_are_read_in_order_from_the_folder_or_its_subfolder() {
    let folder = tempdir().unwrap();
    let inside = folder.path().join("cifar-10-batches-bin");
    std::fs::create_dir(&inside).unwrap();
    write_all(&inside);
    let data = load(&spec(folder.path()), &DataOptions::default()).unwrap();
    let same = load(&spec(&inside), &DataOptions::default()).unwrap();
    assert_eq!((&same.train, &same.test), (&data.train, &data.test));
    assert_eq!(data.train.labels, [1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);
    assert_eq!((data.features, data.classes, data.image), (3072, 10, Some((32, 32, 3))));
    assert_eq!(data.class_names[3], "cat");
    assert_eq!(data.train.inputs[[2, 0]], 2.0 / 255.0); // batch 2, first red pixel
    assert_eq!(data.train.inputs[[2, 1024]], ((2 + 1024 % 251) as f32) / 255.0); // first green pixel
    let test = data.test.unwrap();
    assert_eq!((test.labels[..].to_vec(), test.inputs[[0, 1]]), (vec![3], 101.0 / 255.0));

    let few = load(&spec(&inside), &DataOptions::default().with_train_size(3)).unwrap();
    assert_eq!(few.train.labels, [1, 8, 2]);
    assert_eq!(few.train.inputs, data.train.inputs.slice(ndarray::s![..3, ..]));
    let text = complaint(&spec(&inside), &DataOptions::default().with_train_size(11));
    assert!(text.contains("train_size 11") && text.contains("only 10"), "{text}");
}

#[test]
fn wrong_files_are_named() {
    let folder = tempdir().unwrap();
    let spec = spec(folder.path());
    let options = DataOptions::default();
    assert!(complaint(&spec, &options).contains("data_batch_1.bin"));
    write_all(folder.path());

    write(folder.path(), "data_batch_4.bin", &record(1, 1)[..3072]);
    let text = complaint(&spec, &options);
    assert!(text.contains("data_batch_4.bin") && text.contains("3073"), "{text}");
    write(folder.path(), "data_batch_4.bin", &[]);
    assert!(is(load(&spec, &options), |e| matches!(e, DataError::CifarSize { size: 0, .. })));
    write(folder.path(), "data_batch_4.bin", &[record(1, 1), record(10, 1)].concat());
    let text = complaint(&spec, &options);
    assert!(text.contains("data_batch_4.bin") && text.contains("label 10 of item 2"), "{text}");
    write(folder.path(), "data_batch_4.bin", &record(1, 1));

    std::fs::remove_file(folder.path().join("test_batch.bin")).unwrap();
    assert!(complaint(&spec, &options).contains("test_batch.bin"));
    let nowhere = DataSpec::Cifar10(folder.path().join("nowhere"));
    assert!(is(load(&nowhere, &options), |e| matches!(e, DataError::NoFolder { .. })));
}
