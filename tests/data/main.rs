//! The data room through its public face: files are built byte by byte in temporary folders.

mod cifar;
mod csv;
mod idx;
mod options;
mod synthetic;
mod tables;

use std::path::Path;

use gradfade::data::{DataError, DataOptions, DataSpec, Dataset, load};

/// Loads, and returns the message of the error: one line, with the file or flag in it.
fn complaint(spec: &DataSpec, options: &DataOptions) -> String {
    let error = load(spec, options).expect_err("this data is wrong");
    let message = error.to_string();
    assert!(!message.contains('\n') && !message.is_empty(), "{message}");
    message
}

fn labels_and_values(data: &Dataset) -> (Vec<u32>, Vec<f32>) {
    (data.train.labels.clone(), data.train.inputs.iter().copied().collect())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn is<T>(result: Result<T, DataError>, expected: impl Fn(&DataError) -> bool) -> bool {
    match result {
        Ok(_) => false,
        Err(error) => expected(&error),
    }
}
