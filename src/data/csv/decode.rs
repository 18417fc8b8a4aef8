//! From the bytes of a file to UTF-8.

use std::path::Path;

use crate::data::{DataError, Encoding};

/// Windows-1252 from 0x80 to 0x9f; all other bytes are those of Latin-1. The five that have no character
/// there stay control characters, as the WHATWG encoding standard has them.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Beginnings of files that are often called a table and are none, what they are and the way out.
const OTHERS: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "this is a spreadsheet or a ZIP archive; export the sheet as CSV, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "this is a spreadsheet of old Excel; export the sheet as CSV"),
    (b"\x1f\x8b", "this is a gzip file; unpack it"),
    (b"PAR1", "this is a Parquet file; export the table as CSV"),
];

/// The text without its byte order mark, and its encoding where that is not UTF-8.
///
/// # Errors
/// Files that are no text.
pub(super) fn decode(bytes: Vec<u8>, path: &Path) -> Result<(String, Option<Encoding>), DataError> {
    let no_text = |problem: &str| DataError::CsvNoText { path: path.to_path_buf(), problem: problem.into() };
    if let Some((_, what)) = OTHERS.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return Err(no_text(what));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes)
            .ok_or_else(|| no_text("the UTF-16 is damaged; save it as UTF-8"));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes)
            .ok_or_else(|| no_text("the UTF-16 is damaged; save it as UTF-8"));
    }
    if bytes.contains(&0) {
        return Err(no_text("this is no text (it has zero bytes); save it as CSV in UTF-8"));
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok((text, None))
        }
        Err(error) => {
            let (valid, bytes) = (error.utf8_error().valid_up_to(), error.into_bytes());
            if bytes.starts_with(b"\xef\xbb\xbf") {
                let line = 1 + super::source::line_breaks(&bytes[..valid]);
                let problem =
                    "the file says that it is UTF-8 and here is a byte that is not; save it as UTF-8";
                return Err(DataError::CsvMalformed {
                    path: path.to_path_buf(),
                    line,
                    problem: problem.into(),
                });
            }
            Ok((bytes.into_iter().map(latin).collect(), Some(Encoding::Windows1252)))
        }
    }
}

fn latin(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// None where the bytes are no whole number of characters.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<(String, Option<Encoding>)> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| unit(pair));
    let text: Option<String> = char::decode_utf16(units).map(Result::ok).collect();
    text.filter(|_| rest.is_empty()).map(|text| (text, Some(Encoding::Utf16)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(String, Option<Encoding>), String> {
        decode(bytes.to_vec(), Path::new("t.csv")).map_err(|e| e.to_string())
    }

    #[test]
    fn bytes_are_read_in_the_encoding_that_they_have() {
        assert_eq!(read(b"a\n").unwrap(), ("a\n".into(), None));
        assert_eq!(read("\u{feff}Größe".as_bytes()).unwrap(), ("Größe".into(), None));
        assert_eq!(read(b"Gr\xf6\xdfe \x80").unwrap(), ("Größe €".into(), Some(Encoding::Windows1252)));
        assert_eq!(read(b"\xff\xfea\x00\xf6\x00").unwrap(), ("aö".into(), Some(Encoding::Utf16)));
        assert_eq!(
            read(b"\xfe\xff\x00a\xd8\x3d\xde\x00").unwrap(),
            ("a\u{1f600}".into(), Some(Encoding::Utf16))
        );
    }

    #[test]
    fn what_is_no_text_says_what_it_is() {
        for (bytes, words) in [
            (&b"PK\x03\x04xl"[..], "export the sheet as CSV"),
            (b"\x1f\x8b\x08", "unpack it"),
            (b"1,2\x00,3", "zero bytes"),
            (b"\xff\xfea", "UTF-16 is damaged"),
            (b"\xff\xfe\x00\xd8a\x00", "UTF-16 is damaged"),
            (b"\xef\xbb\xbfa\r\nb\xff", "line 2: the file says that it is UTF-8"),
        ] {
            let said = read(bytes).unwrap_err();
            assert!(said.starts_with("t.csv") && said.contains(words), "{said}");
        }
    }
}
