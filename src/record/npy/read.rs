//! Reading: nothing in a header is believed before the file's size has been asked.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::super::RecordError;
use super::{Element, MAGIC, parse_description};

/// A dictionary longer than this is not ours (NumPy itself refuses above 10,000 bytes by default).
const MAX_DICTIONARY: usize = 10_000;
/// Bytes converted at a time.
const CHUNK: usize = 1 << 16;

/// A column as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyArray<T> {
    /// `[rows, inner...]` of what was read.
    pub shape: Vec<usize>,
    pub data: Vec<T>,
    /// Rows that the header counts; more than `skipped` and `shape[0]` when the file is cut short.
    pub promised_rows: u64,
    /// Rows before those of `data`.
    pub skipped: u64,
}

impl<T> NpyArray<T> {
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// True when the file ends before the rows that its header counts.
    pub fn truncated(&self) -> bool {
        self.promised_rows > self.skipped + self.shape[0] as u64
    }
}

/// Reads a `.npy` file of at least one dimension. Bytes behind the rows that the header counts are ignored
/// (they are rows that were not committed); when the file is shorter than the header says, the whole rows
/// that exist are read.
///
/// # Errors
/// [`RecordError::Io`] when the file cannot be read; [`RecordError::Array`] when it is not a `.npy` file,
/// holds another type of numbers, is in Fortran order, or has an impossible shape.
pub fn read_npy<T: Element>(path: &Path) -> Result<NpyArray<T>, RecordError> {
    read_npy_from(path, 0)
}

/// As [`read_npy`], without the rows before `first`: a run that goes on for hours is looked at by its end.
///
/// # Errors
/// As [`read_npy`].
pub fn read_npy_from<T: Element>(path: &Path, first: u64) -> Result<NpyArray<T>, RecordError> {
    let cannot_read = |cause| RecordError::Io { action: "read it", path: path.to_path_buf(), cause };
    // Asked before opening: opening a named pipe would wait for ever.
    let meta = std::fs::metadata(path).map_err(cannot_read)?;
    if !meta.is_file() {
        return Err(RecordError::Array { path: path.to_path_buf(), what: "not a file".to_string() });
    }
    let mut file = File::open(path).map_err(cannot_read)?;
    read_from(&mut file, meta.len(), first).map_err(|e| match e {
        Fault::Io(cause) => cannot_read(cause),
        Fault::Format(what) => RecordError::Array { path: path.to_path_buf(), what },
    })
}

/// As [`read_npy`], of a file that is in memory.
///
/// # Errors
/// In words, as those of [`read_npy`].
pub fn parse_npy<T: Element>(bytes: &[u8]) -> Result<NpyArray<T>, String> {
    read_from(&mut io::Cursor::new(bytes), bytes.len() as u64, 0).map_err(|fault| match fault {
        Fault::Io(cause) => cause.to_string(),
        Fault::Format(what) => what,
    })
}

#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Format(String),
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Fault {
        Fault::Io(e)
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Fault {
        Fault::Format(what)
    }
}

pub(super) fn read_from<T: Element>(
    input: &mut (impl Read + Seek),
    len: u64,
    first: u64,
) -> Result<NpyArray<T>, Fault> {
    let (header_len, shape) = read_header::<T>(input, len)?;
    let impossible = || Fault::Format(format!("impossible shape {shape:?} in its header"));
    let (&promised_rows, inner) =
        shape.split_first().ok_or_else(|| "a single number, not a column".to_string())?;
    let mut row_len = 1usize;
    for &n in inner {
        row_len = usize::try_from(n).ok().and_then(|n| row_len.checked_mul(n)).ok_or_else(impossible)?;
    }
    let row_bytes = row_len.checked_mul(T::SIZE).filter(|&n| n > 0).ok_or_else(impossible)?;
    let present = len.saturating_sub(header_len) / row_bytes as u64;
    let there = promised_rows.min(present);
    let first = first.min(there);
    let rows = usize::try_from(there - first).map_err(|_| impossible())?;
    input.seek(SeekFrom::Start(header_len + first * row_bytes as u64))?;

    let mut data: Vec<T> = Vec::new();
    data.try_reserve_exact(rows * row_len).map_err(|_| format!("no memory for its {rows} rows"))?;
    let mut left = rows * row_bytes;
    let mut chunk = vec![0; CHUNK.min(left)];
    while left > 0 {
        let want = CHUNK.min(left);
        let got = read_up_to(input, &mut chunk[..want])?;
        T::extend_from(&chunk[..got], &mut data);
        left -= got;
        if got < want {
            break; // the file became shorter while it was read
        }
    }
    let rows = data.len() / row_len;
    data.truncate(rows * row_len);
    let mut found = vec![rows];
    found.extend(inner.iter().map(|&n| n as usize));
    Ok(NpyArray { shape: found, data, promised_rows, skipped: first })
}

/// Bytes before the data, and the shape.
fn read_header<T: Element>(input: &mut impl Read, len: u64) -> Result<(u64, Vec<u64>), Fault> {
    let mut start = [0; 12];
    let got = read_up_to(input, &mut start[..10])?;
    if !start[..got].starts_with(&MAGIC[..got.min(6)]) {
        return Err(Fault::Format("not a NumPy .npy file".to_string()));
    }
    let cut = |what: &str| Fault::Format(format!("cut short, {len} bytes {what}"));
    if got < 10 {
        return Err(cut("do not hold a .npy header"));
    }
    // Versions 2 and 3 differ only in a longer length field.
    let (prefix, dictionary) = match (start[6], start[7]) {
        (1, 0) => (10, u16::from_le_bytes([start[8], start[9]]) as usize),
        (2 | 3, 0) => {
            if read_up_to(input, &mut start[10..12])? < 2 {
                return Err(cut("do not hold a .npy header"));
            }
            (12, u32::from_le_bytes([start[8], start[9], start[10], start[11]]) as usize)
        }
        (major, minor) => return Err(Fault::Format(format!(".npy version {major}.{minor}, expected 1.0"))),
    };
    if dictionary > MAX_DICTIONARY {
        return Err(Fault::Format(format!(
            "a .npy header of {dictionary} bytes, at most {MAX_DICTIONARY} are read"
        )));
    }
    let mut text = vec![0; dictionary];
    if read_up_to(input, &mut text)? < dictionary {
        return Err(cut("do not hold its .npy header"));
    }
    let text = std::str::from_utf8(&text).map_err(|_| "malformed header, not text".to_string())?;
    let found = parse_description(text)?;
    if found.descr != T::DESCR {
        let (descr, want) = (&found.descr, T::DESCR);
        return Err(Fault::Format(format!(
            "numbers of type '{descr}', expected '{want}' (numpy.{})",
            T::NUMPY_NAME
        )));
    }
    // With one dimension both orders are the same.
    if found.fortran_order && found.shape.len() > 1 {
        return Err(Fault::Format("in Fortran order; save it with numpy.ascontiguousarray".to_string()));
    }
    Ok(((prefix + dictionary) as u64, found.shape))
}

/// Fills the buffer or stops at the end of the file.
fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: [u8; 2], dictionary: &str, data: usize) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(version);
        match version[0] {
            1 => bytes.extend((dictionary.len() as u16).to_le_bytes()),
            _ => bytes.extend((dictionary.len() as u32).to_le_bytes()),
        }
        bytes.extend(dictionary.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<NpyArray<f64>, String> {
        read_from(&mut io::Cursor::new(bytes), bytes.len() as u64, 0).map_err(|fault| match fault {
            Fault::Io(e) => e.to_string(),
            Fault::Format(what) => what,
        })
    }

    #[test]
    fn other_header_versions_and_lengths_are_read() {
        let dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}\n";
        for version in [[1, 0], [2, 0], [3, 0]] {
            let read = read(&file(version, dictionary, 48)).unwrap();
            assert_eq!((read.shape, read.data, read.promised_rows), (vec![2, 3], vec![0.0; 6], 2));
        }
        assert_eq!(read(&file([4, 0], dictionary, 48)).unwrap_err(), ".npy version 4.0, expected 1.0");
    }

    #[test]
    fn the_end_of_a_column_is_read_alone() {
        let mut bytes = file([1, 0], "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}", 0);
        (0..6).for_each(|x| bytes.extend(f64::from(x).to_le_bytes()));
        // What was not committed, or is torn, is not looked at.
        bytes.extend([7; 20]);
        let last = |first: u64, len: usize| {
            read_from::<f64>(&mut io::Cursor::new(&bytes), len as u64, first).ok().unwrap()
        };
        let whole = last(2, bytes.len());
        assert_eq!(
            (whole.shape.as_slice(), whole.data.as_slice()),
            ([1, 2].as_slice(), [4.0, 5.0].as_slice())
        );
        assert!(!whole.truncated() && whole.promised_rows == 3);
        assert!(last(u64::MAX, bytes.len()).data.is_empty());
        let torn = last(1, bytes.len() - 28);
        assert_eq!((torn.data.as_slice(), torn.truncated()), ([2.0, 3.0].as_slice(), true));
    }

    #[test]
    fn a_header_is_not_believed() {
        let shaped = |shape: &str, data| {
            read(&file(
                [1, 0],
                &format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"),
                data,
            ))
        };
        // More rows than any memory holds: the rows that are there.
        let huge = shaped("(18446744073709551615, 2)", 40).unwrap();
        assert_eq!((huge.shape.as_slice(), huge.truncated()), ([2, 2].as_slice(), true));
        for shape in [
            "()",
            "(3, 0)",
            "(1, 18446744073709551615)",
            "(1, 4294967296, 4294967296)",
            "(1, 2305843009213693952)",
        ] {
            assert!(shaped(shape, 64).is_err(), "{shape}");
        }
        let mut long = file([2, 0], "{}", 0);
        long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&long).unwrap_err(), "a .npy header of 4294967295 bytes, at most 10000 are read");
    }

    #[test]
    fn other_kinds_of_files_are_refused_with_the_way_out() {
        let of = |descr: &str, order: &str, shape: &str| {
            read(&file(
                [1, 0],
                &format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}}}"),
                64,
            ))
        };
        assert_eq!(
            of("<f4", "False", "(2,)").unwrap_err(),
            "numbers of type '<f4', expected '<f8' (numpy.float64)"
        );
        assert_eq!(
            of(">f8", "False", "(2,)").unwrap_err(),
            "numbers of type '>f8', expected '<f8' (numpy.float64)"
        );
        assert!(of("<f8", "True", "(2, 2)").unwrap_err().contains("numpy.ascontiguousarray"));
        assert!(of("<f8", "True", "(2,)").is_ok());
        assert_eq!(read(b"step,layer\n0,1\n").unwrap_err(), "not a NumPy .npy file");
        assert_eq!(read(b"PK\x03").unwrap_err(), "not a NumPy .npy file");
        assert_eq!(read(b"").unwrap_err(), "cut short, 0 bytes do not hold a .npy header");
    }

    #[test]
    fn a_folder_or_a_missing_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read_npy::<f64>(dir.path()).unwrap_err().to_string().ends_with(": not a file"));
        let path = dir.path().join("loss.npy");
        assert!(read_npy::<f64>(&path).unwrap_err().to_string().contains("loss.npy: cannot read it: "));
    }
}
