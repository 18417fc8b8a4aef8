//! Pictures that show whether they were changed: each carries a checksum of all its other bytes, and what it
//! was made from (see [`super::plan::source`]).
//!
//! Several notes may show one picture, each drawn from another state of the record; so the mark lies in the
//! picture and not in a block. Every reader skips it: a comment in SVG and PDF, a text chunk in PNG.

use super::block::checksum;
use crate::render::Format;

/// How PNG ends.
const IEND: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];

fn mark(format: Format, picture: &[u8], source: &str) -> Vec<u8> {
    let sum = checksum(&[picture, source.as_bytes()].concat());
    let words = format!("{sum} {source}");
    match format {
        Format::Svg => format!("<!-- gradfade {words} -->\n").into_bytes(),
        Format::Pdf => format!("% gradfade {words}\n").into_bytes(),
        Format::Png => {
            // Length of the text, its type, keyword and text, and a checksum of type and text.
            let text = format!("tEXtgradfade\0{words}").into_bytes();
            let mut crc = flate2::Crc::new();
            crc.update(&text);
            let length = u32::try_from(text.len() - 4).unwrap_or_default().to_be_bytes();
            [length.as_slice(), &text, &crc.sum().to_be_bytes()].concat()
        }
    }
}

/// Where the mark ends in a picture that has one, and where it goes in one that has none.
fn place(format: Format, picture: &[u8]) -> usize {
    let start_of = |word: &[u8]| picture.windows(word.len()).rposition(|w| w == word);
    let end = match format {
        Format::Svg => None,
        Format::Png => start_of(&IEND),
        // Behind everything whose place the file tells; XeTeX reads no comment after the end.
        Format::Pdf => start_of(b"startxref"),
    };
    end.unwrap_or(picture.len())
}

/// The picture with its mark.
pub fn signed(format: Format, picture: &[u8], source: &str) -> Vec<u8> {
    let (before, after) = picture.split_at(place(format, picture));
    [before, &mark(format, picture, source), after].concat()
}

/// What a picture was made from that is still as `signed` gave it; `None` for any other. Line ends of an SVG
/// do not count: version control may change them.
pub fn source_of(format: Format, picture: &[u8]) -> Option<String> {
    let bytes: Vec<u8> = match format {
        Format::Svg => picture.iter().copied().filter(|b| *b != b'\r').collect(),
        Format::Png | Format::Pdf => picture.to_vec(),
    };
    let end = place(format, &bytes);
    let empty = checksum(&[]);
    let start = end.checked_sub(mark(format, &[], &empty).len())?;
    let words = String::from_utf8_lossy(&bytes[start..end]).into_owned();
    let (_, source) = words.split_once("gradfade")?.1.trim_start_matches([' ', '\0']).split_once(' ')?;
    let source = source.get(..empty.len())?;
    (signed(format, &[&bytes[..start], &bytes[end..]].concat(), source) == bytes).then(|| source.to_string())
}
