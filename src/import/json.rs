//! JSON as Python writes it: numbers, lists and objects, with the words `NaN`, `Infinity` and `-Infinity`,
//! which JSON itself does not have.

use serde_json::Value;

use super::log::{Axis, Log};
use super::names::Kind;
use super::text::{Cell, broken, cell};
use super::wide::{Counter, counter};
use super::{ImportError, Peek};

/// A file of JSON is held in memory as a whole, several times its size.
const LARGEST: u64 = 256 << 20;
const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// The value in a file.
///
/// # Errors
/// [`ImportError::Broken`] with the line.
pub fn load(file: &Peek) -> Result<Value, ImportError> {
    if file.length > LARGEST {
        let what =
            format!("larger than {} MiB, which is the most for JSON; save it as CSV or .npy", LARGEST >> 20);
        return Err(broken(file, None, &what));
    }
    let bytes = std::fs::read(&file.path).map_err(|e| broken(file, None, &format!("cannot read it: {e}")))?;
    parse(&bytes).map_err(|e| broken(file, Some(e.line() as u64), &format!("not JSON: {}", said(&e))))
}

/// The words of the parser without the place, which stands before them.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_string())
}

/// Reads JSON with Python's words for numbers that are none.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Err(_) if WORDS.iter().any(|word| bytes.windows(word.len()).any(|w| w == *word)) => {
            serde_json::from_slice(&quoted(bytes))
        }
        read => read,
    }
}

/// The text with quotes around the words.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let (mut at, mut in_text) = (0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let word = WORDS.iter().find(|word| !in_text && rest.starts_with(word));
        if let Some(word) = word {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            at += word.len();
            continue;
        }
        match bytes[at] {
            b'"' => in_text = !in_text,
            b'\\' if in_text && at + 1 < bytes.len() => {
                out.push(bytes[at]);
                at += 1;
            }
            _ => {}
        }
        out.push(bytes[at]);
        at += 1;
    }
    out
}

/// A value as the cell of a table.
pub fn number(value: &Value) -> Cell {
    match value {
        Value::Number(number) => number.as_f64().map_or(Cell::Text, Cell::Number),
        Value::String(text) => cell(text, false),
        Value::Null => Cell::Empty,
        _ => Cell::Text,
    }
}

/// The buckets of a histogram as wandb writes it, `{"_type": "histogram", "bins": [...], "values": [...]}`.
pub fn buckets(value: &Value) -> Option<Vec<[f64; 3]>> {
    let list = |key: &str| -> Option<Vec<f64>> {
        let of = |value: &Value| match number(value) {
            Cell::Number(x) => Some(x),
            _ => None,
        };
        value.get(key)?.as_array()?.iter().map(of).collect()
    };
    let (bins, counts) = (list("bins")?, list("values")?);
    (bins.len() == counts.len() + 1)
        .then(|| counts.iter().enumerate().map(|(i, &n)| [bins[i], bins[i + 1], n]).collect())
}

/// As [`buckets`], of the text in a cell of a table, in which Python writes single quotes.
pub fn buckets_in(text: &str) -> Option<Vec<[f64; 3]>> {
    let is_one = text.starts_with('{') && text.contains("bins");
    is_one.then(|| parse(text.replace('\'', "\"").as_bytes()).ok()).flatten().as_ref().and_then(buckets)
}

/// The first character of a file that is no space, where that begins JSON.
pub fn begins(file: &Peek) -> Option<u8> {
    let head = file.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.head);
    head.iter().copied().find(|b| !b.is_ascii_whitespace()).filter(|b| matches!(b, b'{' | b'['))
}

/// Takes over one object as a row: one of its numbers counts the steps, the others are values. `count` is the
/// step of an object that has none of its own.
pub fn row(
    object: &serde_json::Map<String, Value>,
    count: i64,
    run: usize,
    log: &mut Log,
    skips: impl Fn(&str) -> bool,
) -> Result<(), ImportError> {
    let counters = object.iter().filter_map(|(name, value)| Some((counter(name)?, name, value)));
    let whole = |value: &Value| match number(value) {
        Cell::Number(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(x as i64),
        _ => None,
    };
    let step = counters.clone().filter(|(c, ..)| matches!(c, Counter::Step(_))).min_by_key(|(c, ..)| *c);
    let epoch = counters.clone().find(|(c, ..)| *c == Counter::Epoch);
    let (axis, at, axis_name) = match (step, epoch) {
        (Some((_, name, value)), _) => (Axis::Step, whole(value), Some(name)),
        (None, Some((_, name, value))) if whole(value).is_some() => (Axis::Epoch, whole(value), Some(name)),
        _ => (Axis::Step, Some(count), None),
    };
    let Some(at) = at else {
        log.warn("some rows without a whole number of steps were left out");
        return Ok(());
    };
    for (name, value) in object {
        if Some(name) == axis_name || skips(name) {
            continue;
        }
        let (value, kind) = match (number(value), buckets(value)) {
            (Cell::Number(value), _) => (value, Kind::Number),
            (_, Some(buckets)) => match log.norm_of_buckets(name, buckets.into_iter()) {
                Some(norm) => (norm, Kind::NormOfHistogram),
                None => continue,
            },
            _ => continue,
        };
        if let Some(series) = log.series(run, name, kind, axis)? {
            log.push(series, at, if value == 0.0 { 0.0 } else { value });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_python_are_numbers_and_texts_stay_texts() {
        let text = br#"{"a": NaN, "b": [-Infinity, Infinity, 1e-300], "NaN \" Infinity": "NaN\\"}"#;
        let value = parse(text).unwrap();
        assert!(matches!(number(&value["a"]), Cell::Number(x) if x.is_nan()));
        assert_eq!(number(&value["b"][0]), Cell::Number(f64::NEG_INFINITY));
        assert_eq!(number(&value["b"][2]), Cell::Number(1e-300));
        assert_eq!(value["NaN \" Infinity"], "NaN\\");
        assert!(parse(b"{\"a\": NaN").is_err());
        assert!(parse(b"\"\\").is_err() && parse(b"NaN\"\\").is_err());
    }
}
