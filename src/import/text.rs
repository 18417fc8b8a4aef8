//! Text files: numbers as programs write them, and tables row by row.

use std::fs::File;
use std::io::{BufReader, Read};

use super::{ImportError, Peek, Place};

/// A cell of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    Empty,
    Number(f64),
    Text,
}

/// Reads a number as Python, JavaScript, R and C write it; `comma` says that the comma is the decimal point.
pub fn cell(text: &str, comma: bool) -> Cell {
    let text = text.trim();
    if text.is_empty() {
        return Cell::Empty;
    }
    // The parser of Rust takes nan, inf and infinity in any case, with and without a sign.
    if let Ok(number) = text.parse::<f64>() {
        return Cell::Number(number);
    }
    if comma && let Ok(number) = text.replacen(',', ".", 1).parse::<f64>() {
        return Cell::Number(number);
    }
    match text {
        "None" | "null" | "NULL" | "NA" | "N/A" | "n/a" | "-" => Cell::Empty,
        "1.#INF" => Cell::Number(f64::INFINITY),
        "1.#QNAN" | "-1.#IND" => Cell::Number(f64::NAN),
        _ => Cell::Text,
    }
}

/// A number that counts steps: whole, in whatever form.
pub fn whole(text: &str, comma: bool) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(number);
    }
    match cell(text, comma) {
        // Numbers beyond are not exact, so that neighbours could not be told apart.
        Cell::Number(x) if x.fract() == 0.0 && x.abs() <= (1u64 << 53) as f64 => Some(x as i64),
        _ => None,
    }
}

/// A table whose rows are read one after the other.
pub struct Table {
    reader: csv::Reader<Box<dyn Read>>,
    row: csv::ByteRecord,
    file: std::path::PathBuf,
    /// Whether the decimal point is a comma.
    pub comma: bool,
}

impl Table {
    /// Opens a table; its delimiter is told from the first lines.
    ///
    /// # Errors
    /// [`ImportError::Broken`] where the file cannot be read.
    pub fn open(file: &Peek) -> Result<Table, ImportError> {
        let delimiter = delimiter(&text_of(&file.head));
        let input =
            File::open(&file.path).map_err(|e| broken(file, None, &format!("cannot read it: {e}")))?;
        let input: Box<dyn Read> = match encoding(&file.head) {
            Encoding::Utf8(skip) => {
                let mut input = BufReader::with_capacity(1 << 16, input);
                input
                    .read_exact(&mut vec![0; skip])
                    .map_err(|e| broken(file, None, &format!("cannot read it: {e}")))?;
                Box::new(input)
            }
            Encoding::Utf16(unit) => Box::new(Utf16::new(BufReader::new(input), unit)),
        };
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .from_reader(input);
        Ok(Table { reader, row: csv::ByteRecord::new(), file: file.path.clone(), comma: delimiter == b';' })
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// [`ImportError::Broken`].
    pub fn next_row(&mut self) -> Result<Option<&csv::ByteRecord>, ImportError> {
        match self.reader.read_byte_record(&mut self.row) {
            Ok(true) => Ok(Some(&self.row)),
            Ok(false) => Ok(None),
            Err(e) => Err(self.broken(&format!("cannot read it: {e}"))),
        }
    }

    /// The line at which the present row begins.
    pub fn line(&self) -> u64 {
        self.row.position().map_or(1, csv::Position::line)
    }

    pub fn broken(&self, what: &str) -> ImportError {
        ImportError::Broken {
            at: Place { file: self.file.clone(), line: Some(self.line()) },
            what: what.into(),
        }
    }
}

pub fn broken(file: &Peek, line: Option<u64>, what: &str) -> ImportError {
    ImportError::Broken { at: Place { file: file.path.clone(), line }, what: what.into() }
}

/// A field as text; what is not UTF-8 counts as Latin-1, in which every byte is a character.
pub fn field(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim().to_string(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect::<String>().trim().to_string(),
    }
}

/// The fields of the first rows of a file, for a look at it. The last row may be cut and is left out unless
/// the file is whole. None for what is no table.
pub fn first_rows(file: &Peek, most: usize) -> Vec<Vec<String>> {
    let text = text_of(&file.head);
    if text.contains('\0') || super::json::begins(file).is_some() {
        return Vec::new();
    }
    let end = if file.is_whole() { text.len() } else { text.rfind('\n').unwrap_or(0) };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(&text.as_bytes()[..end]);
    let rows = reader.byte_records().take(most).map_while(Result::ok);
    rows.map(|row| row.iter().map(field).collect()).collect()
}

/// The first bytes of a file as text.
pub fn text_of(head: &[u8]) -> String {
    match encoding(head) {
        Encoding::Utf8(skip) => match std::str::from_utf8(&head[skip..]) {
            Ok(text) => text.to_string(),
            // The head may end within a character.
            Err(e) if e.error_len().is_none() => {
                String::from_utf8_lossy(&head[skip..skip + e.valid_up_to()]).into_owned()
            }
            Err(_) => head[skip..].iter().map(|&b| char::from(b)).collect(),
        },
        Encoding::Utf16(unit) => {
            let mut text = String::new();
            let _ = Utf16::new(head, unit).read_to_string(&mut text);
            text
        }
    }
}

enum Encoding {
    /// With a byte order mark of so many bytes.
    Utf8(usize),
    Utf16(fn([u8; 2]) -> u16),
}

fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8(3),
        [0xff, 0xfe, ..] => Encoding::Utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Encoding::Utf16(u16::from_be_bytes),
        _ => Encoding::Utf8(0),
    }
}

/// The delimiter that the first line has most of; a semicolon or tab wins over commas, which may be decimal
/// points.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or_default();
    let mut quoted = false;
    let mut counts = [0usize; 3];
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '\t' if !quoted => counts[0] += 1,
            ';' if !quoted => counts[1] += 1,
            ',' if !quoted => counts[2] += 1,
            _ => {}
        }
    }
    match counts {
        [tabs, semicolons, _] if tabs > 0 && tabs >= semicolons => b'\t',
        [_, semicolons, commas] if semicolons > 0 && semicolons + 1 >= commas => b';',
        _ => b',',
    }
}

/// UTF-16 as UTF-8, without its byte order mark.
struct Utf16<R> {
    input: R,
    unit: fn([u8; 2]) -> u16,
    /// The first half of a character that needs two.
    high: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Utf16<R> {
    fn new(input: R, unit: fn([u8; 2]) -> u16) -> Utf16<R> {
        Utf16 { input, unit, high: None, out: Vec::new(), at: 0 }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        let mut bytes = Vec::with_capacity(1 << 12);
        self.input.by_ref().take(1 << 12).read_to_end(&mut bytes)?;
        self.out.clear();
        self.at = 0;
        for pair in bytes.chunks_exact(2) {
            let unit = (self.unit)([pair[0], pair[1]]);
            let units = self.high.take().into_iter().chain([unit]);
            if (0xd800..0xdc00).contains(&unit) {
                self.high = Some(unit);
                continue;
            }
            let mut buffer = [0; 4];
            for c in char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).filter(|c| *c != '\u{feff}') {
                self.out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.out.len() {
            self.fill()?;
        }
        let n = buffer.len().min(self.out.len() - self.at);
        buffer[..n].copy_from_slice(&self.out[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_programs_write_them() {
        for (text, number) in [
            ("1e-3", 1e-3),
            (" 0.5 ", 0.5),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
            ("+Inf", f64::INFINITY),
            ("1.#INF", f64::INFINITY),
        ] {
            assert_eq!(cell(text, false), Cell::Number(number), "{text}");
        }
        for text in ["NaN", "nan", "-nan", "NAN"] {
            assert!(matches!(cell(text, false), Cell::Number(x) if x.is_nan()), "{text}");
        }
        assert_eq!(cell("0,5", true), Cell::Number(0.5));
        assert_eq!((cell("0,5", false), cell("x", false)), (Cell::Text, Cell::Text));
        assert_eq!((cell("", false), cell("None", false)), (Cell::Empty, Cell::Empty));
        assert_eq!(whole("383.0", false), Some(383));
        assert_eq!((whole("0.5", false), whole("nan", false), whole("1e300", false)), (None, None, None));
    }

    #[test]
    fn the_delimiter_and_the_encoding_are_told_from_the_first_line() {
        for (text, expected) in [
            ("a,b,c;d,e", b','),
            ("1;0,5;0,25", b';'),
            ("step;loss", b';'),
            ("step\tloss,x", b'\t'),
            ("\"a;b\",c", b','),
            ("x", b','),
        ] {
            assert_eq!(delimiter(text), expected, "{text}");
        }
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("é,𝒳".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(text_of(&utf16), "é,𝒳");
        assert_eq!(text_of(b"\xef\xbb\xbfa"), "a");
        assert_eq!(text_of(b"caf\xe9,1"), "café,1");
        assert_eq!(text_of("é".as_bytes().split_at(1).0), "");
    }
}
