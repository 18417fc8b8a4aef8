//! The program as its users meet it: through the binary, failures included.
#![cfg(feature = "cli")]

mod bad_data;
mod bad_input;
mod explain;
mod help;
mod hostile;
mod interrupt;
mod manners;
mod notes;
mod outputs;
mod page;
mod record;
mod remedies;
mod remedy;
mod replay;
mod source;
mod spelling;
mod sweep;
mod tables;
mod training;
mod watch;
mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The program, in `dir`.
fn gradfade(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradfade"));
    command.current_dir(dir);
    command
}

/// A folder of its own for each test.
fn room() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Settings of a network that trains in no time: 2 inputs, 6 and 5 hidden units, 4 classes, 4 updates in an
/// epoch.
const TINY: [&str; 8] = ["--data", "gaussians", "--samples", "64", "--widths", "6,5", "--batch-size", "16"];

/// `gradfade train` of a tiny network with more options; must succeed. The answer is its JSON.
fn train(dir: &Path, out: &str, more: &[&str]) -> serde_json::Value {
    let output = gradfade(dir)
        .arg("train")
        .args(TINY)
        .args(["--quiet", "--json", "--out", out])
        .args(more)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{more:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Standard output of a command that must succeed.
fn stdout(dir: &Path, args: &[&str]) -> String {
    let output = gradfade(dir).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(dir: &Path, args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout(dir, args)).unwrap()
}

/// Every file and folder under `dir`, files with their bytes.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
                all.insert(path, Vec::new());
            } else {
                all.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    all
}

/// The command fails with this exit code, says nothing on stdout and exactly one line on stderr that has all
/// `words` in it, and leaves everything in `dir` as it was.
#[track_caller]
fn refused(dir: &Path, code: i32, args: &[&str], words: &[&str]) {
    let before = tree(dir);
    let output = gradfade(dir).args(args).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert_eq!(output.stdout, b"", "{args:?}");
    assert_eq!(stderr.matches('\n').count(), 1, "{args:?}: one line, not\n{stderr}");
    assert!(stderr.starts_with("gradfade: ") && stderr.ends_with('\n'), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{args:?}: '{word}' is not in: {stderr}");
    }
    assert!(tree(dir) == before, "{args:?}: something was left behind or changed");
}
