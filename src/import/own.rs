//! Our own long table: `step,layer,tensor,metric,value` ([`crate::record::export`]). What it says comes back
//! bit for bit; names of layers, shapes and facts are not in it.

use std::collections::BTreeMap;

use super::log::Axis;
use super::names::{Grain, Known, Meaning};
use super::text::{Table, field, first_rows};
use super::{ImportError, Importer, Log, Peek, Sniff};
use crate::record::{MetricId, Per};
use crate::stats::UNDERFLOW;

const HEADER: [&str; 5] = ["step", "layer", "tensor", "metric", "value"];

pub struct Own;

fn value(text: &str) -> Option<f64> {
    match text {
        "underflow" => Some(UNDERFLOW),
        text => text.parse().ok(),
    }
}

impl Importer for Own {
    fn name(&self) -> &'static str {
        "gradfade"
    }

    fn word(&self) -> &'static str {
        "gradfade"
    }

    fn about(&self) -> &'static str {
        "the table that export writes (step,layer,tensor,metric,value)"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        first_rows(file, 1).first().is_some_and(|header| header == &HEADER).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let mut table = Table::open(file)?;
        let is_ours = table.next_row()?.is_some_and(|row| row.iter().eq(HEADER.iter().map(|h| h.as_bytes())));
        if !is_ours {
            return Err(table.broken("the first line is not step,layer,tensor,metric,value"));
        }
        log.set_tool("gradfade", "export");
        let run = log.run("")?;
        // The last layer that each name was asked for with, so that a line costs one look-up.
        let mut series = BTreeMap::new();
        let mut unknown = None;
        while let Some(row) = table.next_row()? {
            let [step, layer, tensor, metric, number] =
                match row.iter().map(field).collect::<Vec<_>>().try_into() {
                    Ok::<[String; 5], _>(five) => five,
                    Err(_) => return Err(table.broken("not five fields")),
                };
            let Some(id) = MetricId::named(&metric) else {
                unknown.get_or_insert(metric);
                continue;
            };
            let at = step.parse::<i64>().ok().filter(|s| *s >= 0);
            let at = at.ok_or_else(|| table.broken(&format!("`{step}` is no step")))?;
            let number = value(&number).ok_or_else(|| table.broken(&format!("`{number}` is no value")))?;
            let place = match id.per {
                Per::Run => 0,
                _ => layer.parse::<usize>().ok().filter(|l| (1..=100_000).contains(l)).unwrap_or(0),
            };
            if place == 0 && id.per != Per::Run {
                return Err(table.broken(&format!("`{layer}` is no layer")));
            }
            let key = (id, place, tensor);
            let found = match series.get(&key) {
                Some(found) => *found,
                None => {
                    let (id, place, tensor) = &key;
                    let meaning = Meaning::Exact { metric: *id, layer: *place, tensor: tensor.clone() };
                    let tag = format!("{metric}/{place}/{tensor}");
                    let found = log.known(run, &tag, Known { meaning, grain: Grain::Unsaid }, Axis::Step)?;
                    series.insert(key, found);
                    found
                }
            };
            if let Some(found) = found {
                log.push(found, at, number);
            }
        }
        if let Some(metric) = unknown {
            log.warn(format!("metrics of a newer version such as `{metric}` were left out"));
        }
        Ok(())
    }
}
