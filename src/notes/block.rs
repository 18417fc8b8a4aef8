//! A marked block in a text file: found, checked, replaced; every byte outside stays what it was.
//!
//! The begin marker carries a name and, once the block is filled, a checksum of what was written, so that an author's edit
//! is noticed, and one of where its runs lie, so that another run does not take the block over. Line ends do not count:
//! version control may change them. Markers that notes merely show, in a fence of code, are none.

use std::ops::Range;

use super::Problem;
use crate::files;

/// How a format writes a comment that has a line of its own.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    pub open: &'static str,
    pub close: &'static str,
}

/// What encloses text that only shows code: pairs of line beginnings.
pub type Verbatim = &'static [(&'static str, &'static str)];

/// A line with its number and its place, without its end.
type Line<'a> = (usize, Range<usize>, &'a [u8]);

/// A block that stands in the file.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    name: String,
    sum: Option<String>,
    /// See [`super::plan::source`].
    source: Option<String>,
    /// From the first byte of the begin marker's line to the last of the end marker, without its line end.
    whole: Range<usize>,
    /// What stands between the marker lines.
    inside: Range<usize>,
    indent: String,
}

/// What a block in a file is, compared with what should stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is none, or an empty pair of markers.
    New,
    Current,
    Stale,
    /// An author changed it, but what we would write has not changed since.
    Kept,
}

/// The file with its block, and what the block was before.
#[derive(Debug, PartialEq)]
pub struct Spliced {
    pub bytes: Vec<u8>,
    pub state: State,
}

/// The checksum of a text, whatever its line ends ([`files::checksum`] without carriage returns).
pub fn checksum(text: &[u8]) -> String {
    files::checksum(text.iter().copied().filter(|b| *b != b'\r'))
}

/// Is this a name that a marker can carry?
pub fn is_name(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=60).contains(&name.len()) && name.chars().all(letters) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Lines with their ranges, without line ends; a byte order mark belongs to none.
fn lines(text: &[u8]) -> impl Iterator<Item = (Range<usize>, &[u8])> {
    let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut at = start;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let end = text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n);
        let line = at..if end > at && text[end - 1] == b'\r' { end - 1 } else { end };
        at = end + 1;
        Some((line.clone(), &text[line]))
    })
}

/// The lines that are not code that the notes show, with their numbers; and whether the text ends in such code.
fn visible(text: &[u8], verbatim: Verbatim) -> (Vec<Line<'_>>, bool) {
    let mut shown = Vec::new();
    let mut until: Option<(String, bool)> = None;
    for (number, (range, line)) in lines(text).enumerate() {
        let bare = line.trim_ascii();
        if let Some((end, fence)) = &until {
            let closes = if *fence {
                // A longer fence closes a shorter one, with nothing behind it.
                bare.starts_with(end.as_bytes()) && bare.iter().all(|b| *b == end.as_bytes()[0])
            } else {
                bare.windows(end.len()).any(|w| w == end.as_bytes())
            };
            if closes {
                until = None;
            }
            continue;
        }
        if let Some((begin, end)) = verbatim.iter().find(|(begin, _)| bare.starts_with(begin.as_bytes())) {
            let fence = begin == end;
            let width = bare.iter().take_while(|b| fence && **b == begin.as_bytes()[0]).count();
            let end = if fence { begin[..1].repeat(width) } else { (*end).to_string() };
            let same_line = if fence {
                bare[width..].windows(width).any(|w| w == end.as_bytes())
            } else {
                bare.windows(end.len()).any(|w| w == end.as_bytes())
            };
            if !same_line {
                until = Some((end, fence));
                continue;
            }
        }
        shown.push((number + 1, range, line));
    }
    (shown, until.is_some())
}

/// The text ends inside code that it shows, so that nothing can follow.
pub fn ends_in_code(text: &[u8], verbatim: Verbatim) -> bool {
    visible(text, verbatim).1
}

/// Where the last line stands that begins with `word` and is not shown code.
pub fn last_line_with(text: &[u8], verbatim: Verbatim, comment: &str, word: &str) -> Option<usize> {
    let at = |(_, range, line): Line| {
        let place = line.windows(word.len()).rposition(|w| w == word.as_bytes())?;
        let before = &line[..place];
        (!before.windows(comment.len()).any(|w| w == comment.as_bytes())).then_some(range.start + place)
    };
    visible(text, verbatim).0.into_iter().rev().find_map(at)
}

/// Every block of the file.
fn blocks(text: &[u8], comment: Comment, verbatim: Verbatim) -> Result<Vec<Found>, Problem> {
    let mut found: Vec<Found> = Vec::new();
    let mut open: Option<(usize, Found)> = None;
    let lines = visible(text, verbatim).0;
    let ends = |name: &str, after: usize| {
        let mut later = lines.iter().filter(|(number, ..)| *number > after);
        later.any(|(_, _, line)| marker(line, comment).is_some_and(|words| words == ["end", name]))
    };
    for (number, range, line) in lines.iter().cloned() {
        let Some(words) = marker(line, comment) else { continue };
        match (words.as_slice(), open.take()) {
            (["begin", name, sums @ ..], None) if is_name(name) && sums.len() <= 2 => {
                if found.iter().any(|f| f.name == *name) {
                    return Err(Problem::Twice { name: (*name).to_string(), line: number });
                }
                let blank = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
                let indent = String::from_utf8_lossy(&line[..blank]).into_owned();
                let after =
                    text[range.end..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| range.end + n + 1);
                let block = Found {
                    name: (*name).to_string(),
                    sum: sums.first().map(ToString::to_string),
                    source: sums.get(1).map(ToString::to_string),
                    whole: range.start..0,
                    inside: after..0,
                    indent,
                };
                open = Some((number, block));
            }
            (["begin", name, ..], Some((_, outer))) if *name != outer.name && ends(&outer.name, number) => {
                return Err(Problem::Nested { name: (*name).to_string(), line: number, outer: outer.name });
            }
            (["begin", ..], Some((line, block))) => return Err(Problem::NoEnd { name: block.name, line }),
            (["end", name], Some((_, mut block))) if *name == block.name => {
                block.inside.end = range.start;
                let end = range.end - line.len() + line.trim_ascii_end().len();
                block.whole.end = end;
                found.push(block);
            }
            // Where the open block has an end too, it is this one that stands wrong.
            (["end", name], open) if is_name(name) && open.as_ref().is_none_or(|(_, b)| ends(&b.name, number)) => {
                return Err(Problem::NoBegin { name: (*name).to_string(), line: number });
            }
            (["end", ..], Some((line, block))) => return Err(Problem::NoEnd { name: block.name, line }),
            _ => return Err(Problem::Marker { line: number }),
        }
    }
    match open {
        Some((line, block)) => Err(Problem::NoEnd { name: block.name, line }),
        None => Ok(found),
    }
}

/// The words of a marker behind `gradfade`, or `None` for any other line.
pub fn marker(line: &[u8], comment: Comment) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(line.trim_ascii()).ok()?;
    let inner = text.strip_prefix(comment.open)?.trim_start().strip_prefix("gradfade ")?;
    let words: Vec<&str> = inner.strip_suffix(comment.close.trim_start()).unwrap_or(inner).split_whitespace().collect();
    // A comment of the author may begin with our name.
    matches!(words.first(), Some(&"begin" | &"end")).then_some(words)
}

/// Does the file hold a block of this name? Damage is told when it is filled.
pub fn holds(text: &[u8], comment: Comment, verbatim: Verbatim, name: &str) -> bool {
    let is_ours = |line: &[u8]| marker(line, comment).is_some_and(|w| w.len() > 1 && w[1] == name);
    visible(text, verbatim).0.iter().any(|(_, _, line)| is_ours(line))
}

/// Where the block of this name begins.
pub fn place_of(text: &[u8], comment: Comment, verbatim: Verbatim, name: &str) -> Option<usize> {
    blocks(text, comment, verbatim).ok()?.into_iter().find(|b| b.name == name).map(|b| b.whole.start)
}

/// Names of empty pairs of markers, which wait for a figure.
pub fn empty_pairs(text: &[u8], comment: Comment, verbatim: Verbatim) -> Vec<String> {
    let all = blocks(text, comment, verbatim).unwrap_or_default();
    let empty = |b: &Found| b.sum.is_none() && text[b.inside.clone()].trim_ascii().is_empty();
    all.into_iter().filter(empty).map(|b| b.name).collect()
}

/// What goes into a block, and which one.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    pub name: &'a str,
    /// See [`super::plan::source`].
    pub source: &'a str,
    /// Replace what the author edited, or what another run made.
    pub force: bool,
}

/// Puts `content` (lines that end in `\n`) into the block, or into a new one at `place`.
pub fn splice(
    text: &[u8],
    (comment, verbatim): (Comment, Verbatim),
    filling: Filling,
    content: &str,
    place: impl FnOnce() -> Result<usize, Problem>,
) -> Result<Spliced, Problem> {
    let Filling { name, source, force } = filling;
    let mut all = blocks(text, comment, verbatim)?;
    let found = all.iter().position(|b| b.name == name).map(|at| all.remove(at));
    // A block keeps the line ends that it has; a new one takes those of the file.
    let from = found.as_ref().map_or(text, |b| &text[b.whole.start..]);
    let eol = if from.iter().position(|b| *b == b'\n').is_some_and(|n| n > 0 && from[n - 1] == b'\r') {
        "\r\n"
    } else {
        "\n"
    };
    let indent = found.as_ref().map_or("", |b| b.indent.as_str());
    let mut inside = String::new();
    for line in content.lines() {
        let blank = if line.is_empty() { "" } else { indent };
        inside += &format!("{blank}{line}{eol}");
    }
    let sum = checksum(inside.as_bytes());
    let Comment { open, close } = comment;
    let block = format!(
        "{indent}{open} gradfade begin {name} {sum} {source}{close}{eol}{inside}{indent}{open} gradfade end {name}{close}"
    );
    if let Some(old) = found {
        let kept = &text[old.inside.clone()];
        let of_another = old.source.as_ref().is_some_and(|s| s != source);
        let state = match &old.sum {
            _ if text[old.whole.clone()] == *block.as_bytes() => State::Current,
            None if kept.trim_ascii().is_empty() => State::New,
            _ if force => State::Stale,
            // The same words, whichever run they were made from.
            Some(told) if *told == sum && of_another && *told == checksum(kept) => State::Current,
            Some(told) if *told == sum && *told != checksum(kept) => State::Kept,
            _ if of_another => return Err(Problem::OtherRun { name: name.to_string() }),
            Some(told) if *told == checksum(kept) => State::Stale,
            _ => return Err(Problem::Edited { name: name.to_string() }),
        };
        if matches!(state, State::Current | State::Kept) {
            return Ok(Spliced { bytes: text.to_vec(), state });
        }
        let bytes = [&text[..old.whole.start], block.as_bytes(), &text[old.whole.end..]].concat();
        return Ok(Spliced { bytes, state });
    }
    let at = place()?;
    // The last slide may be another block's.
    let at = all.iter().find(|b| b.whole.start < at && at < b.whole.end).map_or(at, |b| b.whole.end);
    let (before, after) = text.split_at(at);
    let bom = before == b"\xef\xbb\xbf";
    let gap = if before.is_empty() || bom || before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n") {
        ""
    } else if before.ends_with(b"\n") {
        eol
    } else {
        &format!("{eol}{eol}")
    };
    // A file without a final line end keeps having none.
    let tail = match (after.is_empty(), before.ends_with(b"\n")) {
        (true, true) => eol,
        (true, false) => "",
        (false, _) if after.starts_with(b"\n") || after.starts_with(b"\r\n") => "",
        (false, _) => eol,
    };
    let bytes = [before, gap.as_bytes(), block.as_bytes(), tail.as_bytes(), after].concat();
    Ok(Spliced { bytes, state: State::New })
}
