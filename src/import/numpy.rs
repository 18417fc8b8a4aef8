//! NumPy's `.npy` and `.npz`: arrays `[steps]` and `[steps, layers]`.

use std::io::{Cursor, Read};

use super::arrays::{Array, Beside, take};
use super::text::broken;
use super::{ImportError, Importer, Log, Peek, Sniff};
use crate::record::npy::{NpyArray, parse_npy};

/// An archive is held in memory; so is each array as it is unpacked.
const LARGEST: u64 = 1 << 30;
const MAGIC: &[u8] = b"\x93NUMPY";
const ZIP: &[u8] = b"PK\x03\x04";

pub struct NumPy;

impl Importer for NumPy {
    fn name(&self) -> &'static str {
        "NumPy"
    }

    fn word(&self) -> &'static str {
        "numpy"
    }

    fn about(&self) -> &'static str {
        ".npy and .npz: arrays [steps] and [steps, layers]; layers names the layers"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        let is_archive = file.head.starts_with(ZIP) && file.path.extension().is_some_and(|e| e == "npz");
        (file.head.starts_with(MAGIC) || is_archive).into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        if file.length > LARGEST {
            let what = format!("larger than {} MiB; save every tenth step", LARGEST >> 20);
            return Err(broken(file, None, &what));
        }
        let bytes =
            std::fs::read(&file.path).map_err(|e| broken(file, None, &format!("cannot read it: {e}")))?;
        log.set_tool("NumPy", "");
        let members = if bytes.starts_with(MAGIC) {
            vec![(file.stem(), bytes)]
        } else if !bytes.starts_with(ZIP) {
            return Err(broken(file, None, "neither .npy nor .npz"));
        } else {
            members(&bytes).map_err(|what| broken(file, None, &what))?
        };
        let run = log.run("")?;
        let (mut arrays, mut beside) = (Vec::new(), Beside::default());
        for (name, bytes) in members {
            let (array, rows_promised) =
                array(&name, &bytes).map_err(|what| broken(file, None, &format!("{name}: {what}")))?;
            if rows_promised > array.rows as u64 {
                let rows = array.rows;
                log.warn(format!(
                    "{}: cut short, {rows} of {rows_promised} rows are there",
                    file.file_name()
                ));
            }
            let is_axis = matches!(name.as_str(), "steps" | "step" | "epochs" | "epoch");
            if is_axis && array.columns.is_none() {
                beside.by_epoch = name.starts_with("epoch");
                beside.steps = Some(array.data.iter().map(|x| *x as i64).collect());
            } else {
                arrays.push(array);
            }
        }
        arrays.iter().try_for_each(|array| take(array, &beside, run, file, log))
    }
}

/// The numbers of a `.npy` file, and the rows that its header counts.
fn array(name: &str, bytes: &[u8]) -> Result<(Array, u64), String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(128)]);
    let is = |descr: &str| head.contains(&format!("'{descr}'"));
    if is("<f4") {
        return plain(name, parse_npy::<f32>(bytes)?, f64::from);
    }
    if is("<i8") {
        return plain(name, parse_npy::<i64>(bytes)?, |x| x as f64);
    }
    plain(name, parse_npy::<f64>(bytes)?, |x| x)
}

fn plain<T: Copy>(name: &str, read: NpyArray<T>, number: impl Fn(T) -> f64) -> Result<(Array, u64), String> {
    let columns = match read.shape.as_slice() {
        [_] => None,
        [_, columns] => Some(*columns),
        shape => {
            return Err(format!("an array of {} dimensions, not [steps] or [steps, layers]", shape.len()));
        }
    };
    let data = read.data.iter().map(|&x| number(x)).collect();
    let array = Array { path: name.into(), rows: read.rows(), columns, data };
    Ok((array, read.promised_rows))
}

/// The `.npy` files in an archive, by their names without the ending. Reads the directory at the end of the
/// archive, as ZIP wants it: the sizes before the members may be left open.
fn members(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let damaged = || "a damaged archive".to_string();
    let at = |from: usize, count: usize| bytes.get(from..from.checked_add(count)?);
    let u16_at =
        |from: usize| at(from, 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))).ok_or_else(damaged);
    let u32_at = |from: usize| {
        at(from, 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize).ok_or_else(damaged)
    };
    let end = bytes
        .windows(4)
        .rposition(|w| w == b"PK\x05\x06")
        .ok_or("a damaged archive: its directory is missing")?;
    let (count, mut entry) = (u16_at(end + 10)?, u32_at(end + 16)?);
    let mut found = Vec::new();
    for _ in 0..count {
        if at(entry, 4) != Some(b"PK\x01\x02") {
            return Err(damaged());
        }
        let (method, packed, size) = (u16_at(entry + 10)?, u32_at(entry + 20)?, u32_at(entry + 24)?);
        let (name_length, extra, comment) = (u16_at(entry + 28)?, u16_at(entry + 30)?, u16_at(entry + 32)?);
        let name = String::from_utf8_lossy(at(entry + 46, name_length).ok_or_else(damaged)?).into_owned();
        let local = u32_at(entry + 42)?;
        let data_at = local + 30 + u16_at(local + 26)? + u16_at(local + 28)?;
        let data = at(data_at, packed).ok_or_else(damaged)?;
        entry += 46 + name_length + extra + comment;
        let Some(name) = name.strip_suffix(".npy") else { continue };
        let unpacked = match method {
            0 => data.to_vec(),
            8 => {
                let mut out = Vec::new();
                let mut input = flate2::read::DeflateDecoder::new(Cursor::new(data)).take(LARGEST);
                input.read_to_end(&mut out).map_err(|_| damaged())?;
                out
            }
            other => return Err(format!("{name}: compressed by method {other}, which NumPy does not write")),
        };
        if unpacked.len() != size {
            return Err(damaged());
        }
        found.push((name.to_string(), unpacked));
    }
    Ok(found)
}
