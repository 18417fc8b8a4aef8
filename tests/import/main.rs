//! `gradfade import` and plain commands on logs of other programs.

mod bad;
mod choices;
mod command;
mod fixtures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gradfade::import::{self, IMPORTERS, ImportError, ImportOptions, Imported};
use gradfade::record::{Element, MetricId, Per, Record, Table};
use gradfade::stats::is_missing;

/// Logs that other programs wrote (`scripts/logs/write.py`).
pub fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs")
}

pub fn read(paths: &[PathBuf], options: &ImportOptions) -> Result<Imported, ImportError> {
    import::read(paths, IMPORTERS, options, None)
}

/// Reads a text that lies in a file of this name.
pub fn text(name: &str, text: impl AsRef<[u8]>) -> Result<Imported, ImportError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    read(&[path], &ImportOptions::default())
}

/// Every number of a record but epochs: steps and values by `metric` or `metric/tensor`.
pub fn numbers(record: &Record) -> BTreeMap<String, Vec<(u64, f64)>> {
    let mut all: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    for table in Table::ALL {
        let rows = record.table(table);
        for metric in table.metrics().filter(|m| !m.id.ends_with("epoch") && m.element == Element::F64) {
            for (row, &step) in rows.step().iter().enumerate() {
                for (i, name) in names(record, metric).into_iter().enumerate() {
                    let value = record.value(metric, row, i);
                    if !is_missing(value) {
                        all.entry(name).or_default().push((step, value));
                    }
                }
            }
        }
    }
    all
}

fn names(record: &Record, metric: MetricId) -> Vec<String> {
    match metric.per {
        Per::Run => vec![metric.id.to_string()],
        Per::Layer => (1..=record.header.layers.len()).map(|l| format!("{}/{l}", metric.id)).collect(),
        Per::Tensor => record.header.tensors.iter().map(|t| format!("{}/{}", metric.id, t.name)).collect(),
    }
}

pub fn layers(record: &Record) -> Vec<&str> {
    record.header.layers.iter().map(|layer| layer.name.as_str()).collect()
}
