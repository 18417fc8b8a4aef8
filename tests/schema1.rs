//! Folders of schema 1, written by the last program that wrote it, read as they did there.
#![cfg(feature = "figures")]

use std::path::{Path, PathBuf};

use gradfade::record::{
    EarlyStop, Facts, Header, Record, Role, Status, VALIDATION_LOSS, Warning, ZERO_SHARE,
};
use gradfade::report::summary;

const RUNS: [&str; 6] = ["plain", "batch-norm", "early-stopping", "diverged", "interrupted", "summary"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema1").join(name)
}

fn read(name: &str) -> Record {
    let (record, warnings) = Record::read(&folder(name)).unwrap();
    assert_eq!(warnings, [], "{name}");
    record
}

/// `summary --json` of that program, without the header, beside today's.
#[test]
fn the_summary_is_the_one_that_it_was() {
    for name in RUNS {
        let text = std::fs::read(folder(&format!("{name}.json"))).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let mut now = summary::json(&read(name));
        now.as_object_mut().unwrap().remove("header");
        for layer in now["layers"].as_array_mut().unwrap() {
            // `layers.3` says no more than 3.
            assert_eq!(layer.as_object_mut().unwrap().remove("name"), Some(serde_json::Value::Null));
            // Every layer has weights here.
            let number = layer.as_object_mut().unwrap().remove("number");
            assert_eq!(number.as_ref(), layer.get("layer"));
        }
        assert_eq!(now, expected, "{name}");
    }
}

#[test]
fn labels_that_decided_become_facts() {
    let Header { facts, layers, tensors, .. } = read("batch-norm").header;
    let Facts { classes, majority_share, class_entropy, train_size, test_size, batch_size, .. } = facts;
    assert_eq!((classes, majority_share, class_entropy), (Some(4), Some(0.25), Some(1.3863)));
    assert_eq!((train_size, test_size, batch_size), (Some(60), Some(15), Some(20)));
    assert_eq!(facts.optimizer.unwrap().name, "adam");
    assert_eq!((facts.learning_rate, facts.weight_decay, facts.l1), (Some(0.001), Some(0.0), Some(0.0)));
    assert_eq!((facts.loss.as_deref(), facts.inputs), (Some("cross-entropy"), None));
    assert_eq!((layers[0].kind.as_str(), layers[0].activation()), ("dense", "relu"));
    assert_eq!((layers[0].fan_in, layers[0].fan_out), (Some(2), Some(4)));
    let roles: Vec<_> = tensors.iter().filter(|t| t.layer == 1).map(|t| (t.role, t.name.as_str())).collect();
    assert!(
        roles.contains(&(Role::Scale, "norms.1.weight")) && roles.contains(&(Role::Shift, "norms.1.bias")),
        "{roles:?}"
    );

    let header = read("early-stopping").header;
    assert_eq!((header.facts.train_size, header.facts.validation_size), (Some(40), Some(20)));
    assert_eq!(header.early_stop, Some(EarlyStop { best_step: 2, stopped: true }));
    assert_eq!(read("summary").header.facts.weight_decay, Some(0.01));
    assert!(matches!(read("diverged").header.status, Status::Diverged { step: 1, .. }));
    assert!(matches!(read("interrupted").header.status, Status::Interrupted { .. }));
}

#[test]
fn what_is_read_is_written_in_the_new_schema_and_reads_the_same() {
    for name in RUNS {
        let record = read(name);
        let dir = tempfile::tempdir().unwrap();
        record.write(dir.path(), false).unwrap();
        let (again, warnings) = Record::read(dir.path()).unwrap();
        assert_eq!((warnings, &again.header), (vec![], &record.header), "{name}");
        let without_header = |record: &Record| {
            let mut json = summary::json(record);
            json.as_object_mut().unwrap().remove("header");
            json
        };
        assert_eq!(without_header(&again), without_header(&record), "{name}");
    }
}

/// That program had a file for everything, so a lost one is said; but for those that came later.
#[test]
fn a_lost_file_is_worth_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder("plain")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    for name in ["driven_norm", "test_loss", "sketch", "zero_share", "validation_loss"] {
        std::fs::remove_file(dir.path().join(format!("{name}.npy"))).unwrap();
    }
    let (record, warnings) = Record::read(dir.path()).unwrap();
    assert_eq!(warnings.len(), 3);
    assert!(warnings.iter().all(|w| matches!(w, Warning::Absent { .. })));
    assert!(
        record.header.sketch_buckets.is_none() && !record.has(ZERO_SHARE) && !record.has(VALIDATION_LOSS)
    );
}
