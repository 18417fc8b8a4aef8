//! docs/format.md and docs/meta.schema.json against the program: what they say is what is written.

use std::path::Path;

use gradfade::config::TrainConfig;
use gradfade::data::{self, DataSpec};
use gradfade::record::{Element, GRAD_NORM, MetricId, Per, Record, RunWriter, Table, ValueKind};
use gradfade::train::header::header;
use serde_json::Value;

fn doc(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The line of a metric in the tables of the document.
fn line(metric: MetricId) -> String {
    let rows = match metric.table {
        Table::Step => "S",
        Table::Snapshot => "K",
        Table::Evaluation => "E",
    };
    let width = match (metric.per, metric.element) {
        (Per::Run, _) => "",
        (Per::Layer, Element::F64) => ", L",
        (Per::Layer, Element::F32) => ", L, B",
        (Per::Tensor, Element::F64) => ", T",
        (Per::Tensor, Element::F32) => ", T, M",
    };
    let kind = match metric.kind {
        ValueKind::Norm => "norm",
        ValueKind::Magnitude => "magnitude",
        ValueKind::Share => "share",
        ValueKind::Number => "number",
        ValueKind::Sketch => "sketch",
        ValueKind::Histogram => "histogram",
    };
    let (element, unit, meaning) = (metric.element.name(), metric.unit, metric.meaning);
    format!("| `{}.npy` | `[{rows}{width}]` {element} | {kind} | {unit} | {meaning} |", metric.id)
}

#[test]
fn the_tables_are_those_of_the_metrics() {
    let doc = doc("format.md");
    let mut expected: Vec<String> = MetricId::all().map(line).collect();
    let mut found: Vec<&str> =
        doc.lines().filter(|l| l.starts_with("| `") && l.contains(".npy` | `[")).collect();
    found.retain(|l| !l.contains("int64"));
    for line in &expected {
        assert!(found.contains(&line.as_str()), "docs/format.md lacks this line:\n{line}");
    }
    expected.sort();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert!(Table::ALL.iter().all(|t| doc.contains(&format!("| `{}.npy` |", t.key()))));
}

/// What is wrong with a value under a schema that uses the words of ours and no others.
fn wrong(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    if !kinds.into_iter().any(is) {
        return Some(format!("{at}: {value} is no {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Some(format!("{at}: {value}"));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return Some(format!("{at}: {value}"));
    }
    if schema["minimum"].as_f64().is_some_and(|least| value.as_f64().is_some_and(|x| x < least)) {
        return Some(format!("{at}: {value} is too small"));
    }
    if let Some(items) = value.as_array() {
        return items
            .iter()
            .enumerate()
            .find_map(|(i, item)| wrong(&schema["items"], item, &format!("{at}[{i}]")));
    }
    let object = value.as_object()?;
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(absent) = required.into_iter().find(|key| !object.contains_key(*key)) {
        return Some(format!("{at}: no {absent}"));
    }
    object.iter().find_map(|(key, value)| match schema["properties"].get(key) {
        Some(schema) => wrong(schema, value, &format!("{at}.{key}")),
        None if schema["additionalProperties"].is_object() => {
            wrong(&schema["additionalProperties"], value, &format!("{at}.{key}"))
        }
        None => Some(format!("{at}: the schema does not know {key}")),
    })
}

fn schema() -> Value {
    serde_json::from_str(&doc("meta.schema.json")).unwrap()
}

/// `meta.json` of a network that has everything a header can have.
fn written() -> Value {
    let mut config = TrainConfig::default().with_data(DataSpec::Gaussians).with_validation_size(20);
    config.data_options.samples = 200;
    config.normalisation = "batch".parse().unwrap();
    config.optimizer = "momentum".parse().unwrap();
    config.bias_start = Some(0.1);
    let data = data::load(&config.data, &config.data_options).unwrap();
    let header = header(&config.plan(&data).unwrap(), &data, "r");
    let dir = tempfile::tempdir().unwrap();
    drop(RunWriter::create(dir.path(), &header, false).unwrap());
    serde_json::from_slice(&std::fs::read(dir.path().join("meta.json")).unwrap()).unwrap()
}

#[test]
fn the_schema_describes_what_is_written() {
    let meta = written();
    assert_eq!(wrong(&schema(), &meta, "meta"), None);
    let all: Vec<&String> = schema()["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect::<Vec<_>>()
        .leak()
        .iter()
        .collect();
    for key in all {
        assert!(meta.get(key).is_some(), "{key} is in the schema and never written");
    }
    // It can fail: each of these is noticed.
    for (key, value) in
        [("schema", 3.into()), ("run", 1.into()), ("layers", "x".into()), ("unknown", 1.into())]
    {
        let mut broken = meta.clone();
        broken[key] = value;
        assert!(wrong(&schema(), &broken, "meta").is_some(), "{key}");
    }
    let mut broken = meta.clone();
    broken["tensors"][0]["layer"] = 0.into();
    assert!(wrong(&schema(), &broken, "meta").is_some());
}

#[test]
fn every_fact_is_in_the_document_and_train_writes_all_of_them() {
    let (doc, schema, meta) = (doc("format.md"), schema(), written());
    for fact in schema["properties"]["facts"]["properties"].as_object().unwrap().keys() {
        assert!(doc.contains(&format!("`{fact}`")), "{fact}");
        assert!(meta["facts"].get(fact).is_some(), "{fact} is not written");
    }
    let inputs = &meta["facts"]["inputs"];
    assert!(inputs["min"].as_f64() < inputs["mean"].as_f64() && inputs["deviation"].as_f64() > Some(0.0));
    assert_eq!(meta["facts"]["optimizer"]["settings"]["momentum"], 0.9);
}

fn example() -> String {
    let doc = doc("format.md");
    let start = doc.find("```python\nimport json").unwrap() + "```python\n".len();
    doc[start..][..doc[start..].find("```").unwrap()].to_string()
}

#[test]
fn the_example_saves_only_files_that_are_read() {
    let example = example();
    let rows = example.lines().find(|l| l.starts_with("rows = ")).unwrap();
    let names: Vec<&str> = rows.split('"').skip(1).step_by(2).collect();
    assert!(names.len() >= 5 && names[0] == Table::Step.key());
    assert!(names[1..].iter().all(|name| MetricId::named(name).is_some()), "{names:?}");
}

/// Needs Python with NumPy; `.ci/run` runs it.
#[test]
#[ignore = "needs python3 with NumPy"]
fn the_example_runs_and_its_folder_is_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("python3")
        .current_dir(dir.path())
        .arg("-c")
        .arg(example())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (record, warnings) = Record::read(&dir.path().join("numpy-run")).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((record.len(), record.header.labels["learning_rate"].as_str()), (200, "0.05"));
    assert!(record.steps[GRAD_NORM].iter().all(|x| x.is_finite() && *x > 0.0));
    let text = std::fs::read(dir.path().join("numpy-run/meta.json")).unwrap();
    assert_eq!(wrong(&schema(), &serde_json::from_slice(&text).unwrap(), "meta"), None);
}
