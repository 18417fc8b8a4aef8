//! Arrays without names of their own: `[steps]` and `[steps, layers]` in `.npy`, `.npz`, JSON and plain text.

use serde_json::Value;

use super::log::{Axis, Log};
use super::names::{self, Grain, Kind, Known, Meaning};
use super::text::{Cell, broken};
use super::{ImportError, Importer, Peek, Sniff, json};
use crate::field::Field;
use crate::record::{GRAD_NORM, MetricId, PARAM_NORM, Per, UPDATE_NORM};
use crate::stats::{MISSING, is_missing};

/// Keys whose lists name the columns of an array beside them.
const NAMES: &[&str] =
    &["layer_names", "layers", "names", "param_names", "parameter_names", "parameters", "params", "columns"];
/// Keys whose lists are the steps of the arrays beside them.
const STEPS: &[&str] = &["steps", "step", "iterations", "iteration", "iters", "global_step"];
const EPOCHS: &[&str] = &["epochs", "epoch"];

/// Numbers of one or two dimensions, a row a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// What it is called: keys from the outside in, with `/` between them.
    pub path: String,
    pub rows: usize,
    /// None in one dimension.
    pub columns: Option<usize>,
    pub data: Vec<f64>,
}

/// What stands beside arrays and says how to read them.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    pub names: Option<Vec<String>>,
    pub steps: Option<Vec<i64>>,
    pub by_epoch: bool,
}

/// The metric that the words of a path name; of an array of layers that says nothing, the gradient.
fn metric_of(path: &str, log: &mut Log) -> MetricId {
    if let Some(metric) = log.map_of(path) {
        return metric;
    }
    if let Some(metric) = log.options().metric.filter(|metric| metric.per == Per::Tensor) {
        return metric;
    }
    let path = path.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| path.contains(word));
    if says(&["grad"]) {
        GRAD_NORM
    } else if says(&["update"]) {
        UPDATE_NORM
    } else if says(&["param", "weight"]) {
        PARAM_NORM
    } else {
        GRAD_NORM
    }
}

/// Takes an array over into a run.
///
/// # Errors
/// [`ImportError::Broken`] where the names do not fit its columns.
pub fn take(
    array: &Array,
    beside: &Beside,
    run: usize,
    file: &Peek,
    log: &mut Log,
) -> Result<(), ImportError> {
    let axis = if beside.by_epoch { Axis::Epoch } else { Axis::Step };
    let step = |row: usize| beside.steps.as_ref().and_then(|s| s.get(row)).copied().unwrap_or(row as i64);
    let Some(columns) = array.columns else {
        let given = log.options().metric.filter(|m| m.per == Per::Run);
        let is_known =
            names::meaning(&array.path, Kind::Number).is_some() || log.map_of(&array.path).is_some();
        let series = match given.filter(|_| !is_known) {
            Some(metric) => {
                let known = Known { meaning: Meaning::Metric(metric), grain: Grain::Unsaid };
                log.known(run, &array.path, known, axis)?
            }
            None => log.series(run, &array.path, Kind::Number, axis)?,
        };
        if let Some(series) = series {
            // What JSON leaves empty was not measured.
            for (row, &value) in array.data.iter().enumerate().filter(|(_, value)| !is_missing(**value)) {
                log.push(series, step(row), if value == 0.0 { 0.0 } else { value });
            }
        }
        return Ok(());
    };
    let given = log.options().layers.clone();
    let names = if given.is_empty() { beside.names.clone().unwrap_or_default() } else { given };
    // With as many names as rows, and not as columns, the layers are the rows.
    let turned = names.len() == array.rows && names.len() != columns;
    let (steps, layers) = if turned { (columns, array.rows) } else { (array.rows, columns) };
    if !names.is_empty() && names.len() != layers {
        let (rows, count, field) = (array.rows, names.len(), Field::Layers);
        let what =
            format!("an array of {rows} rows and {columns} columns, but {count} names of layers ({field})");
        return Err(broken(file, None, &what));
    }
    let metric = metric_of(&array.path, log);
    if metric.per == Per::Run {
        let what = format!("`{}` has {columns} columns, and {} is one number a step", array.path, metric.id);
        return Err(broken(file, None, &what));
    }
    log.run_mut(run).is_ordered = true;
    for layer in 0..layers {
        let name = names.get(layer).cloned().unwrap_or_else(|| format!("layer {}", layer + 1));
        let known = Known { meaning: Meaning::Norm(metric, name.clone()), grain: Grain::Unsaid };
        let Some(series) = log.known(run, &format!("{}/{name}", metric.id), known, axis)? else { continue };
        for row in 0..steps {
            let value =
                if turned { array.data[layer * columns + row] } else { array.data[row * columns + layer] };
            if !is_missing(value) {
                log.push(series, step(row), if value == 0.0 { 0.0 } else { value });
            }
        }
    }
    Ok(())
}

pub struct Json;

impl Importer for Json {
    fn name(&self) -> &'static str {
        "JSON"
    }

    fn word(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "JSON with lists by name (Keras' history), arrays [steps, layers], or several runs by name"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let text = super::text::text_of(&file.head);
        let begin: String = text.chars().filter(|c| !c.is_whitespace()).take(8).collect();
        let is_number = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '-' || c == 'N');
        let mut chars = begin.chars();
        match json::begins(file) {
            Some(b'[') => {
                let second = chars.nth(1);
                let numbers = second == Some('[') && is_number(chars.next()) || is_number(second);
                (numbers || second == Some('{') && has_known_key(&text)).into()
            }
            Some(_) => (has_known_key(&text) && text.contains('[')).into(),
            None => Sniff::NotMine,
        }
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let value = json::load(file)?;
        log.set_tool("JSON", "");
        match &value {
            Value::Array(rows) if rows.iter().all(Value::is_object) && !rows.is_empty() => {
                let run = log.run("")?;
                for (i, row) in rows.iter().filter_map(Value::as_object).enumerate() {
                    json::row(row, i as i64, run, log, |_| false)?;
                }
                Ok(())
            }
            Value::Array(_) => {
                let run = log.run("")?;
                let array = array(&value, &file.stem(), file)?;
                let array =
                    array.ok_or_else(|| broken(file, None, "a list of something else than numbers"))?;
                take(&array, &Beside::default(), run, file, log)
            }
            Value::Object(all) if is_by_run(all) => {
                for (name, run) in all {
                    let run_index = log.run(name)?;
                    object(
                        run,
                        "",
                        run_index,
                        &Beside { by_epoch: is_by_epoch(run), ..Beside::default() },
                        file,
                        log,
                    )?;
                }
                Ok(())
            }
            Value::Object(_) => {
                let run = log.run("")?;
                object(
                    &value,
                    "",
                    run,
                    &Beside { by_epoch: is_by_epoch(&value), ..Beside::default() },
                    file,
                    log,
                )
            }
            _ => Err(broken(file, None, "neither a list nor an object")),
        }
    }
}

/// Whether a name of an object in the text is understood, other than that of a clock.
fn has_known_key(text: &str) -> bool {
    text.split('"').skip(1).step_by(2).take(2_000).any(|key| {
        names::meaning(key, Kind::Number).is_some_and(|known| known.meaning != Meaning::Clock)
            || key.to_lowercase().contains("grad")
    })
}

/// Whether an object holds runs by name: objects that all hold lists, by names that are neither sets nor
/// metrics.
fn is_by_run(all: &serde_json::Map<String, Value>) -> bool {
    all.len() > 1
        && all.iter().all(|(name, value)| {
            let is_part = names::set_of(name).is_some()
                || NAMES.contains(&name.as_str())
                || names::meaning(&format!("{name}/x.weight"), Kind::Number).is_some();
            let holds_lists = |run: &serde_json::Map<String, Value>| {
                run.values()
                    .any(|v| v.is_array() || v.as_object().is_some_and(|o| o.values().any(Value::is_array)))
            };
            !is_part && value.as_object().is_some_and(holds_lists)
        })
}

/// Whether the rows are epochs: a list of epochs says so, or losses of a validation set, which Keras has by
/// the epoch.
fn is_by_epoch(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object.iter().any(|(name, value)| {
            EPOCHS.contains(&name.as_str()) && value.is_array()
                || name.starts_with("val_") && value.is_array()
                || value.is_object() && is_by_epoch(value)
        })
    })
}

/// Takes over the lists in an object, however deep they lie.
fn object(
    value: &Value,
    path: &str,
    run: usize,
    above: &Beside,
    file: &Peek,
    log: &mut Log,
) -> Result<(), ImportError> {
    let Some(object_of) = value.as_object() else { return Ok(()) };
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|v| v.as_str().map(String::from)).collect()
    };
    let whole = |value: &Value| -> Option<Vec<i64>> { value.as_array()?.iter().map(Value::as_i64).collect() };
    let find = |keys: &[&str]| keys.iter().find_map(|key| object_of.get(*key));
    let mut beside = above.clone();
    beside.names = find(NAMES).and_then(texts).or(beside.names);
    beside.steps = find(STEPS).and_then(whole).or_else(|| find(EPOCHS).and_then(whole)).or(beside.steps);
    beside.by_epoch = above.by_epoch && find(STEPS).and_then(whole).is_none();
    for (name, value) in object_of {
        let is_axis = (STEPS.contains(&name.as_str()) || EPOCHS.contains(&name.as_str())) && value.is_array();
        if is_axis || texts(value).is_some_and(|texts| !texts.is_empty()) {
            continue;
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        if value.is_object() {
            object(value, &path, run, &beside, file, log)?;
        } else if let Some(array) = array(value, &path, file)? {
            take(&array, &beside, run, file, log)?;
        }
    }
    Ok(())
}

/// A list of numbers or of lists of numbers; none for any other value.
fn array(value: &Value, path: &str, file: &Peek) -> Result<Option<Array>, ImportError> {
    let Some(list) = value.as_array() else { return Ok(None) };
    let number = |value: &Value| match json::number(value) {
        Cell::Number(x) if x.is_nan() => Some(f64::NAN),
        Cell::Number(x) => Some(x),
        Cell::Empty => Some(MISSING),
        Cell::Text => None,
    };
    let path = path.to_string();
    if !list.iter().any(Value::is_array) {
        let data: Option<Vec<f64>> = list.iter().map(number).collect();
        return Ok(data.filter(|d| !d.is_empty()).map(|data| Array {
            path,
            rows: data.len(),
            columns: None,
            data,
        }));
    }
    let mut data = Vec::new();
    let mut columns = None;
    for (i, row) in list.iter().enumerate() {
        let Some(row) = row.as_array() else { return Ok(None) };
        let wide = *columns.get_or_insert(row.len());
        if row.len() != wide {
            let what =
                format!("`{path}`: row {} has {} numbers, and those before it have {wide}", i + 1, row.len());
            return Err(broken(file, None, &what));
        }
        for value in row {
            let Some(x) = number(value) else { return Ok(None) };
            data.push(x);
        }
    }
    Ok(columns.filter(|&c| c > 0).map(|columns| Array {
        path,
        rows: list.len(),
        columns: Some(columns),
        data,
    }))
}

pub struct Text;

impl Importer for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn word(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "numbers without names (numpy.savetxt): a step a line, a layer a column"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let text = super::text::text_of(&file.head);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).take(4);
        let is_row =
            |line: &str| split(line).next().is_some() && split(line).all(|word| word.parse::<f64>().is_ok());
        (lines.next().is_some_and(is_row) && lines.next().is_some_and(is_row)).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        use std::io::BufRead as _;
        let cannot = |e: std::io::Error| broken(file, None, &format!("cannot read it: {e}"));
        let input = std::io::BufReader::new(std::fs::File::open(&file.path).map_err(cannot)?);
        let (mut data, mut rows, mut columns) = (Vec::new(), 0, None);
        for (i, line) in input.lines().enumerate() {
            let line = line.map_err(cannot)?;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let at = Some(i as u64 + 1);
            let before = data.len();
            for word in split(&line) {
                let number: f64 =
                    word.parse().map_err(|_| broken(file, at, &format!("`{word}` is no number")))?;
                data.push(if number.is_nan() { f64::NAN } else { number });
            }
            let found = data.len() - before;
            let wide = *columns.get_or_insert(found);
            if found != wide {
                return Err(broken(file, at, &format!("{found} numbers, and the lines before have {wide}")));
            }
            rows += 1;
        }
        log.set_tool("text", "");
        let run = log.run("")?;
        let columns = columns.filter(|&c| c > 1);
        take(&Array { path: file.stem(), rows, columns, data }, &Beside::default(), run, file, log)
    }
}

fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '\t', ',', ';', '\r']).filter(|word| !word.is_empty())
}
