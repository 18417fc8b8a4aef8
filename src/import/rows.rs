//! Logs that are lists of objects: Hugging Face's `trainer_state.json`, Cockpit's JSON, and lines of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::log::Axis;
use super::names::{self, Grain, Kind, Known, Meaning, Set};
use super::text::{Cell, broken};
use super::{ImportError, Importer, Log, Peek, Sniff, json};
use crate::record::{
    DISTANCE_FROM_INIT, GRAD_NORM, LEARNING_RATE, LOSS, MetricId, TRAIN_ACCURACY, TRAIN_LOSS, UPDATE_NORM,
};

/// Longer lines are no log.
const LONGEST_LINE: u64 = 16 << 20;

fn contains(file: &Peek, word: &str) -> bool {
    file.head.windows(word.len()).any(|w| w == word.as_bytes())
}

pub struct HuggingFace;

impl Importer for HuggingFace {
    fn name(&self) -> &'static str {
        "Hugging Face"
    }

    fn word(&self) -> &'static str {
        "huggingface"
    }

    fn about(&self) -> &'static str {
        "trainer_state.json of Hugging Face's Trainer, or a folder of checkpoints"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        (json::begins(file) == Some(b'{') && contains(file, "\"log_history\"")).into()
    }

    fn marks_folder(&self, file_name: &str) -> bool {
        file_name == "trainer_state.json"
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let state = json::load(file)?;
        let history = state["log_history"].as_array();
        let history = history.ok_or_else(|| broken(file, None, "it has no list `log_history`"))?;
        log.set_tool("Hugging Face", "");
        let run = log.run("")?;
        for (i, row) in history.iter().enumerate() {
            let Some(row) = row.as_object() else { continue };
            // The last row says the mean over the whole training and how long it took.
            let is_summary = row.contains_key("train_runtime");
            json::row(row, i as i64, run, log, |name| {
                is_summary && name == "train_loss" || name == "total_flos"
            })?;
        }
        let (planned, done) = (state["max_steps"].as_u64(), state["global_step"].as_u64());
        let log = log.run_mut(run);
        log.planned_steps = planned.filter(|&n| n > 0);
        log.interrupted_at = done.filter(|&done| planned.is_some_and(|planned| done < planned));
        Ok(())
    }
}

pub struct Cockpit;

/// Quantities of Cockpit that are a number for each parameter.
const BY_PARAMETER: [(&str, MetricId); 3] =
    [("GradNorm", GRAD_NORM), ("UpdateSize", UPDATE_NORM), ("Distance", DISTANCE_FROM_INIT)];

/// Its numbers of the whole run.
fn of_run(name: &str) -> Option<Meaning> {
    Some(match name {
        "Loss" | "mini_batch_loss" => Meaning::Metric(LOSS),
        "learning_rate" => Meaning::Metric(LEARNING_RATE),
        "train_loss" => Meaning::Metric(TRAIN_LOSS),
        "train_accuracy" => Meaning::Metric(TRAIN_ACCURACY),
        "valid_loss" => Meaning::Loss(Set::Validation),
        "valid_accuracy" => Meaning::Accuracy(Set::Validation),
        "test_loss" => Meaning::Loss(Set::Test),
        "test_accuracy" => Meaning::Accuracy(Set::Test),
        "epoch_count" => Meaning::Epoch,
        _ => return None,
    })
}

impl Importer for Cockpit {
    fn name(&self) -> &'static str {
        "Cockpit"
    }

    fn word(&self) -> &'static str {
        "cockpit"
    }

    fn about(&self) -> &'static str {
        "JSON of Cockpit: an object by iteration, with lists by parameter"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let text: String =
            super::text::text_of(&file.head).chars().filter(|c| !c.is_whitespace()).take(64).collect();
        let by_number = text.strip_prefix("{\"").is_some_and(|rest| {
            let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            digits.len() < rest.len() && digits.starts_with("\":{")
        });
        let known = BY_PARAMETER.iter().map(|(name, _)| *name).chain(["Loss", "train_loss", "iteration"]);
        (by_number && known.into_iter().any(|name| contains(file, &format!("\"{name}\"")))).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let all = json::load(file)?;
        let all = all.as_object().ok_or_else(|| broken(file, None, "not an object by iteration"))?;
        log.set_tool("Cockpit", "");
        let run = log.run("")?;
        log.run_mut(run).is_ordered = true;
        let given = log.options().layers.clone();
        let (mut has_parameters, mut unknown) = (false, std::collections::BTreeSet::new());
        // The keys are texts, and not in the order of the iterations.
        let mut iterations = Vec::with_capacity(all.len());
        for (iteration, tracked) in all {
            let (Ok(step), Some(tracked)) = (iteration.parse::<i64>(), tracked.as_object()) else {
                return Err(broken(file, None, &format!("`{iteration}` is no iteration with an object")));
            };
            iterations.push((step, tracked));
        }
        iterations.sort_by_key(|(step, _)| *step);
        for (step, tracked) in iterations {
            for (name, value) in tracked {
                if let Some((_, metric)) = BY_PARAMETER.iter().find(|(known, _)| known == name) {
                    has_parameters = true;
                    by_parameter(name, *metric, value, step, run, &given, log)?;
                    continue;
                }
                let Cell::Number(value) = json::number(value) else {
                    unknown.insert(name.clone());
                    continue;
                };
                let series = match of_run(name) {
                    Some(meaning) => log.known(run, name, known(meaning), Axis::Step)?,
                    None => log.series(run, name, Kind::Number, Axis::Step)?,
                };
                if let Some(series) = series {
                    log.push(series, step, if value == 0.0 { 0.0 } else { value });
                }
            }
        }
        if !unknown.is_empty() {
            let names: Vec<String> = unknown.into_iter().collect();
            log.warn(format!("left out, no number each: {}", super::tidy::listed(&names)));
        }
        if has_parameters && given.is_empty() {
            let field = crate::field::Field::Layers;
            log.warn(format!(
                "Cockpit names no parameters: they are counted; {field} of import names them, in their order"
            ));
        }
        Ok(())
    }
}

fn known(meaning: Meaning) -> Known {
    Known { meaning, grain: Grain::Unsaid }
}

fn by_parameter(
    quantity: &str,
    metric: MetricId,
    value: &Value,
    step: i64,
    run: usize,
    names: &[String],
    log: &mut Log,
) -> Result<(), ImportError> {
    // One number where all parameters were taken together.
    let one = std::slice::from_ref(value);
    for (i, value) in value.as_array().map_or(one, Vec::as_slice).iter().enumerate() {
        let name = names.get(i).cloned().unwrap_or_else(|| format!("parameter {}", i + 1));
        let meaning = Meaning::Norm(metric, name.clone());
        if let Cell::Number(value) = json::number(value)
            && let Some(series) = log.known(run, &format!("{quantity}/{name}"), known(meaning), Axis::Step)?
        {
            log.push(series, step, if value == 0.0 { 0.0 } else { value });
        }
    }
    Ok(())
}

pub struct JsonLines;

impl Importer for JsonLines {
    fn name(&self) -> &'static str {
        "JSON lines"
    }

    fn word(&self) -> &'static str {
        "jsonl"
    }

    fn about(&self) -> &'static str {
        "an object of JSON in each line, such as {\"step\": 1, \"loss\": 2.3}"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        if json::begins(file) != Some(b'{') {
            return Sniff::NotMine;
        }
        let text = super::text::text_of(&file.head);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().and_then(|line| json::parse(line.as_bytes()).ok());
        let is_row = first.as_ref().and_then(Value::as_object).is_some_and(|row| {
            row.iter().any(|(name, value)| {
                matches!(json::number(value), Cell::Number(_)) && names::meaning(name, Kind::Number).is_some()
            })
        });
        let is_called = file.path.extension().is_some_and(|e| e == "jsonl" || e == "ndjson");
        (is_row && (is_called || lines.next().is_none_or(|line| line.trim_start().starts_with('{')))).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let cannot = |e: std::io::Error| broken(file, None, &format!("cannot read it: {e}"));
        let mut input = BufReader::new(File::open(&file.path).map_err(cannot)?);
        log.set_tool("JSON", "");
        let run = log.run("")?;
        let (mut line, mut number, mut rows) = (Vec::new(), 0u64, 0i64);
        loop {
            line.clear();
            number += 1;
            if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(cannot)? == 0 {
                return Ok(());
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match json::parse(&line) {
                Ok(Value::Object(row)) => json::row(&row, rows, run, log, |_| false)?,
                // A program that was stopped leaves half a line.
                _ if !line.ends_with(b"\n") && rows > 0 => {
                    log.warn(format!("{}: the last line is cut short and was left out", file.file_name()));
                }
                _ => return Err(broken(file, Some(number), "not an object of JSON")),
            }
            rows += 1;
        }
    }
}
