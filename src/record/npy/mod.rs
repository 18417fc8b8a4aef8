//! One column of a table as a NumPy `.npy` file (format version 1.0) that can grow while others read it.
//!
//! The rule: *data first, then the header*. Rows are appended behind the data, and only then the row count in
//! the header is rewritten in place. The header always takes 128 bytes, so it never moves the data. Whenever
//! writing stops - a kill, a full disk - the header counts rows that are all there, and what lies behind them
//! is not looked at: `numpy.load` reads by shape and ignores trailing bytes, with `mmap_mode="r"` too
//! (`scripts/check_npy.py` asks NumPy).
//!
//! The order is the order of the system calls. A kill keeps it; a power failure need not, because nothing
//! here waits for the disk. Then a header may count rows that are not there; [`read_npy`] takes those that
//! are and says so.

mod read;
mod write;

pub use read::{NpyArray, parse_npy, read_npy, read_npy_from};
pub use write::NpyWriter;

/// Bytes of the header that [`NpyWriter`] writes, magic and padding included.
pub const HEADER_LEN: usize = 128;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// A number type that a column can hold, stored little-endian.
pub trait Element: Copy + 'static {
    /// NumPy's name of the stored type.
    const DESCR: &'static str;
    /// The same in words, for errors.
    const NUMPY_NAME: &'static str;
    const SIZE: usize;
    /// Appends the stored form of the values.
    fn append(values: &[Self], bytes: &mut Vec<u8>);
    /// Appends the values that are stored in `bytes`, as far as they are whole.
    fn extend_from(bytes: &[u8], values: &mut Vec<Self>);
}

// The loops go over arrays of a known size and not over slices: each value is one move, also in a debug
// build.
macro_rules! element {
    ($type:ty, $descr:literal, $name:literal) => {
        impl Element for $type {
            const DESCR: &'static str = $descr;
            const NUMPY_NAME: &'static str = $name;
            const SIZE: usize = size_of::<$type>();
            fn append(values: &[$type], bytes: &mut Vec<u8>) {
                let start = bytes.len();
                bytes.resize(start + size_of_val(values), 0);
                let (stored, _) = bytes[start..].as_chunks_mut();
                for (stored, value) in stored.iter_mut().zip(values) {
                    *stored = value.to_le_bytes();
                }
            }
            fn extend_from(bytes: &[u8], values: &mut Vec<$type>) {
                values.extend(bytes.as_chunks().0.iter().map(|&stored| <$type>::from_le_bytes(stored)));
            }
        }
    };
}
element!(f32, "<f4", "float32");
element!(f64, "<f8", "float64");
element!(i64, "<i8", "int64");

/// The 128 bytes before the data; byte for byte what `numpy.save` writes for the same shape. `None` when the
/// shape is too long for them.
fn encode_header(descr: &str, rows: u64, inner: &[usize]) -> Option<[u8; HEADER_LEN]> {
    use std::io::Write;
    let mut header = [b' '; HEADER_LEN];
    header[..6].copy_from_slice(MAGIC);
    header[6..8].copy_from_slice(&[1, 0]);
    header[8..10].copy_from_slice(&((HEADER_LEN - 10) as u16).to_le_bytes());
    header[HEADER_LEN - 1] = b'\n';
    let mut text = &mut header[10..HEADER_LEN - 1];
    write!(text, "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},").ok()?;
    for (i, n) in inner.iter().enumerate() {
        write!(text, "{}{n}", if i == 0 { " " } else { ", " }).ok()?;
    }
    write!(text, "), }}").ok()?;
    Some(header)
}

/// What the dictionary of a header says.
#[derive(Debug, PartialEq, Eq)]
struct Description {
    descr: String,
    fortran_order: bool,
    shape: Vec<u64>,
}

/// Reads the dictionary: the three keys in any order and spacing, each once, nothing else.
fn parse_description(text: &str) -> Result<Description, String> {
    let mut p = Parser { rest: text };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    p.expect('{')?;
    while !p.take('}') {
        let key = p.string()?;
        p.expect(':')?;
        let known = match key {
            "descr" => descr.replace(p.string()?.to_string()).is_none(),
            "fortran_order" => fortran_order.replace(p.boolean()?).is_none(),
            "shape" => shape.replace(p.tuple()?).is_none(),
            _ => return Err(format!("unknown key '{key}' in its header")),
        };
        if !known {
            return Err(format!("key '{key}' twice in its header"));
        }
        if !p.take(',') {
            p.expect('}')?;
            break;
        }
    }
    if !p.rest.trim().is_empty() {
        return Err("something behind the dictionary of its header".to_string());
    }
    match (descr, fortran_order, shape) {
        (Some(descr), Some(fortran_order), Some(shape)) => Ok(Description { descr, fortran_order, shape }),
        _ => Err("its header lacks descr, fortran_order or shape".to_string()),
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn take(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.take(c) {
            Ok(())
        } else {
            Err(format!("malformed header, `{c}` expected before `{}`", self.near()))
        }
    }

    fn near(&self) -> String {
        self.rest.chars().take(12).collect()
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.take('\'') {
            '\''
        } else if self.take('"') {
            '"'
        } else {
            return Err(format!("malformed header, a string expected before `{}`", self.near()));
        };
        let (text, rest) = self.rest.split_once(quote).ok_or("malformed header, a string without end")?;
        self.rest = rest;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("False", false), ("True", true)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(format!("malformed header, True or False expected before `{}`", self.near()))
    }

    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        let mut numbers = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            self.rest = self.rest.trim_start();
            let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = self.rest.split_at(digits);
            numbers.push(
                number
                    .parse()
                    .map_err(|_| format!("malformed shape in its header before `{}`", self.near()))?,
            );
            self.rest = rest;
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by NumPy 2.4.6:
    /// ```python
    /// import io, numpy as np
    /// for a in [np.zeros((3, 2), "<f8"), np.zeros(5, "<i8"), np.zeros((2, 3, 4), "<f4"), np.zeros((0, 20)),
    ///           np.zeros((12345, 2))]:
    ///     f = io.BytesIO(); np.save(f, a); b = f.getvalue(); print(b[:len(b) - a.nbytes])
    /// ```
    const BY_NUMPY: [(&str, u64, &[usize], &[u8]); 5] = [
        ("<f8", 3, &[2], b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }                                                          \n"),
        ("<i8", 5, &[], b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (5,), }                                                            \n"),
        ("<f4", 2, &[3, 4], b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }                                                       \n"),
        ("<f8", 0, &[20], b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (0, 20), }                                                         \n"),
        ("<f8", 12345, &[2], b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (12345, 2), }                                                      \n"),
    ];

    #[test]
    fn the_header_is_byte_for_byte_the_one_that_numpy_writes() {
        for (descr, rows, inner, expected) in BY_NUMPY {
            assert_eq!(encode_header(descr, rows, inner).unwrap().as_slice(), expected);
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_the_header_is_refused() {
        assert!(encode_header("<f8", u64::MAX, &[usize::MAX]).is_some());
        assert!(encode_header("<f8", u64::MAX, &[usize::MAX, usize::MAX]).is_none());
    }

    #[test]
    fn a_description_is_read_in_any_order_and_spacing() {
        let expected = Description { descr: "<f8".into(), fortran_order: false, shape: vec![3, 2] };
        for text in [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }   \n",
            "{\"shape\":(3,2),\"descr\":\"<f8\",\"fortran_order\":False}",
            " { 'fortran_order' : False , 'shape' : ( 3 , 2 , ) , 'descr' : '<f8' , } ",
        ] {
            assert_eq!(parse_description(text).as_ref(), Ok(&expected), "{text}");
        }
        assert!(
            parse_description("{'descr': 'x', 'fortran_order': True, 'shape': ()}").unwrap().shape.is_empty()
        );
    }

    #[test]
    fn a_malformed_description_is_an_error_and_never_a_panic() {
        let whole = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
        for end in 0..whole.len() {
            assert!(parse_description(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        for text in [
            "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': 'x'}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)} x",
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,)}",
        ] {
            assert!(parse_description(text).is_err(), "{text}");
        }
    }
}
