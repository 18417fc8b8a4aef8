//! Logs that the real programs wrote: every number that they were handed comes back, and no other.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gradfade::config::TrainConfig;
use gradfade::data::DataSpec;
use gradfade::import::ImportOptions;
use gradfade::record::{
    EPOCH, EVAL_EPOCH, Header, LayerInfo, Record, RecordSink, Row, Table, TensorInfo, export_csv,
};
use gradfade::stats::{MISSING, UNDERFLOW};
use serde_json::Value;

use super::{layers, logs, numbers, read, text};

fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(logs().join("expected.json")).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Value::Object(all) => all,
        other => panic!("{other}"),
    }
}

/// The files of a fixture: itself, or all files in it.
pub fn files(name: &str, of: &Value) -> Vec<PathBuf> {
    let path = logs().join(name);
    if of["files"] != true {
        return vec![path];
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

fn same(found: f64, told: &Value, tolerance: f64) -> bool {
    match told {
        Value::String(word) if word == "nan" => found.is_nan(),
        Value::String(word) => word.parse() == Ok(found),
        number => {
            let number = number.as_f64().unwrap();
            (found - number).abs() <= tolerance * number.abs().max(f64::MIN_POSITIVE)
        }
    }
}

#[test]
fn every_number_that_a_program_was_handed_comes_back_and_no_other() {
    let all = expected();
    assert!(all.len() >= 24, "{}", all.len());
    let mut compared = 0;
    for (name, told) in &all {
        let imported =
            read(&files(name, told), &ImportOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let runs = told["runs"].as_object().unwrap();
        assert_eq!(imported.records.len(), runs.len(), "{name}");
        // Norms are root and square of what programs hold in double precision.
        let tolerance = told["tolerance"].as_f64().unwrap_or(1e-13);
        for (run, told_series) in runs {
            let is_it = |r: &&Record| run.is_empty() || r.header.run == *run;
            let record =
                imported.records.iter().find(is_it).unwrap_or_else(|| panic!("{name}: no run {run}"));
            record.check().unwrap();
            let mut found = numbers(record);
            for ignored in told["ignore"].as_array().into_iter().flatten() {
                found.remove(ignored.as_str().unwrap());
            }
            let keys = |all: Vec<&String>| all.into_iter().cloned().collect::<BTreeSet<String>>();
            let told_series = told_series.as_object().unwrap();
            assert_eq!(keys(found.keys().collect()), keys(told_series.keys().collect()), "{name} {run}");
            for (key, points) in told_series {
                let points = points.as_array().unwrap();
                let steps: Vec<u64> = points.iter().map(|p| p[0].as_u64().unwrap()).collect();
                assert_eq!(found[key].iter().map(|p| p.0).collect::<Vec<_>>(), steps, "{name} {run} {key}");
                for ((step, value), point) in found[key].iter().zip(points) {
                    assert!(same(*value, &point[1], tolerance), "{name} {run} {key} {step}: {value} {point}");
                    compared += 1;
                }
            }
            let counts_epochs = record.header.label("steps_counted_in") == "epochs";
            assert_eq!(counts_epochs, told["epochs"] == true, "{name}");
            if let Some(told) = told["layers"].as_array() {
                let told: Vec<&str> = told.iter().map(|l| l.as_str().unwrap()).collect();
                assert_eq!(layers(record), told, "{name}");
            }
            assert!(record.is_foreign() && !record.header.source.tool.is_empty(), "{name}");
        }
    }
    assert!(compared > 1_500, "{compared}");
}

#[test]
fn epochs_are_kept_where_the_log_has_them() {
    let of =
        |name: &str| read(&[logs().join(name)], &ImportOptions::default()).unwrap().records.swap_remove(0);
    let keras = of("keras_history.csv");
    assert_eq!(keras.evals[EVAL_EPOCH], [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(keras.steps[EPOCH], [0.0, 1.0, 2.0, 3.0]);
    let hugging_face = of("trainer_state.json");
    assert_eq!(hugging_face.steps[EPOCH], [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]);
    assert_eq!(hugging_face.evals[EVAL_EPOCH], [1.0, 2.0]);
    assert_eq!(hugging_face.header.planned_steps, Some(8));
    let lightning = of("lightning");
    assert_eq!(lightning.evals[EVAL_EPOCH], [0.0, 1.0]);
    let tools: Vec<String> =
        [keras, hugging_face, lightning].into_iter().map(|r| r.header.source.tool).collect();
    assert_eq!(tools, ["Keras", "Hugging Face", "Lightning"]);
}

fn csv(record: &Record) -> String {
    let mut out = Vec::new();
    export_csv(record, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_export_writes_comes_back_bit_for_bit() {
    let config =
        TrainConfig::default().with_data(DataSpec::Spiral).with_hidden_layers(11).with_width(4).with_steps(6);
    let record = gradfade::train::in_memory("mine", &config).unwrap();
    let written = csv(&record);
    let imported = text("mine.csv", &written).unwrap();
    let again = &imported.records[0];
    assert_eq!(imported.warnings, Vec::<String>::new());
    assert_eq!(csv(again), written);
    assert_eq!((again.header.layers.len(), again.header.tensors.len()), (12, 24));
    for table in Table::ALL {
        assert_eq!(again.table(table).step(), record.table(table).step());
    }
}

#[test]
fn special_numbers_and_two_tensors_of_a_role_come_back_too() {
    let layers = vec![LayerInfo::new("a", "dense"), LayerInfo::new("b", "dense")];
    let tensors = vec![
        TensorInfo::new("b.q.weight", 2, "weight", &[]),
        TensorInfo::new("b.k.weight", 2, "weight", &[]),
        TensorInfo::new("a.weight", 1, "weight", &[]),
    ];
    let mut record = Record::new(Header::builder("r", layers, tensors).build().unwrap());
    use gradfade::record::{DEAD_SHARE, GRAD_NORM, LOSS, TOTAL_GRAD_NORM};
    let norms = [UNDERFLOW, 0.0, f64::INFINITY];
    record
        .row(&Row::of_step(7).with(LOSS, f64::NAN).with(GRAD_NORM, &norms).with(TOTAL_GRAD_NORM, UNDERFLOW))
        .unwrap();
    record.row(&Row::of_step(9).with(LOSS, -0.5).with(GRAD_NORM, &[MISSING, 5e-324, 1.0])).unwrap();
    record.row(&Row::of_snapshot(9).with(DEAD_SHARE, &[0.25, MISSING])).unwrap();
    let written = csv(&record);
    assert_eq!(csv(&text("r.csv", &written).unwrap().records[0]), written);
}
