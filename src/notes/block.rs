//! A marked block in a text file: found, checked, replaced; every byte outside stays what it was.
//!
//! The begin marker carries a name and, once the block is filled, a checksum of what was written, so that an
//! author's edit is noticed, and one of where its runs lie, so that another run does not take the block over.
//! Line ends do not count: version control may change them. Markers that notes merely show, in a fence of
//! code, are none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Problem;
use super::verbatim::{Verbatim, lines};
use crate::files;

/// How a format writes a comment that has a line of its own.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    pub open: &'static str,
    pub close: &'static str,
}

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
    (1..=60).contains(&name.len())
        && name.chars().all(letters)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// The lines of the notes themselves, with their numbers: not code that they show, nor what they hide.
fn visible(text: &[u8], verbatim: Verbatim) -> Vec<Line<'_>> {
    let hidden = verbatim.hidden(text);
    let mut ahead = hidden.iter().peekable();
    let mut shown = Vec::new();
    for (number, (range, line)) in lines(text).enumerate() {
        let first = range.start + line.len() - line.trim_ascii_start().len();
        while ahead.next_if(|r| r.end <= first).is_some() {}
        if !ahead.peek().is_some_and(|r| r.contains(&first)) {
            shown.push((number + 1, range, line));
        }
    }
    shown
}

/// The text ends inside code that it shows, or inside a comment or script, so that nothing can follow.
pub fn ends_in_code(text: &[u8], verbatim: Verbatim) -> bool {
    // Whether a line that followed would be seen.
    let longer = [text, b"\n\n<!-- x -->\n"].concat();
    visible(&longer, verbatim).last().is_none_or(|(_, range, _)| range.start < text.len())
}

/// Where `word` stands last, outside shown code and outside a comment that goes to the end of its line.
pub fn last_place_of(
    text: &[u8],
    verbatim: Verbatim,
    line_comment: Option<&str>,
    word: &str,
) -> Option<usize> {
    let hidden = verbatim.hidden(text);
    let commented = |at: usize| {
        let line = text[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        line_comment.is_some_and(|sign| text[line..at].windows(sign.len()).any(|w| w == sign.as_bytes()))
    };
    let places =
        (0..=text.len().checked_sub(word.len())?).rev().filter(|at| text[*at..].starts_with(word.as_bytes()));
    let is_hidden = |at: usize| {
        let next = hidden.partition_point(|r| r.end <= at);
        hidden.get(next).is_some_and(|r| r.contains(&at))
    };
    places.into_iter().find(|at| !is_hidden(*at) && !commented(*at))
}

/// Every block of the file.
fn blocks(text: &[u8], comment: Comment, verbatim: Verbatim) -> Result<Vec<Found>, Problem> {
    let lines = visible(text, verbatim);
    let markers: Vec<(&Line, Vec<&str>)> =
        lines.iter().filter_map(|line| marker(line.2, comment).map(|words| (line, words))).collect();
    let mut last_ends: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, words) in &markers {
        if let ["end", name] = words.as_slice() {
            last_ends.insert(name, line.0);
        }
    }
    let ends = |name: &str, after: usize| last_ends.get(name).is_some_and(|number| *number > after);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut found: Vec<Found> = Vec::new();
    let mut open: Option<(usize, Found)> = None;
    for (line, words) in &markers {
        let number = line.0;
        match (words.as_slice(), open.take()) {
            (["begin", name, sums @ ..], None) if is_name(name) && sums.len() <= 2 => {
                if !names.insert(name) {
                    return Err(Problem::Twice { name: (*name).to_string(), line: number });
                }
                open = Some((number, begun(text, line, name, sums)));
            }
            (["begin", name, ..], Some((_, outer))) if *name != outer.name && ends(&outer.name, number) => {
                return Err(Problem::Nested { name: (*name).to_string(), line: number, outer: outer.name });
            }
            (["begin", ..], Some((line, block))) => return Err(Problem::NoEnd { name: block.name, line }),
            (["end", name], Some((_, mut block))) if *name == block.name => {
                block.inside.end = line.1.start;
                block.whole.end = line.1.end - line.2.len() + line.2.trim_ascii_end().len();
                found.push(block);
            }
            // Where the open block has an end too, it is this one that stands wrong.
            (["end", name], open)
                if is_name(name) && open.as_ref().is_none_or(|(_, b)| ends(&b.name, number)) =>
            {
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

/// A block of which the begin marker was read; where it ends is not known yet.
fn begun(text: &[u8], (_, range, line): &Line, name: &str, sums: &[&str]) -> Found {
    let blank = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let after = text[range.end..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| range.end + n + 1);
    Found {
        name: name.to_string(),
        sum: sums.first().map(ToString::to_string),
        source: sums.get(1).map(ToString::to_string),
        whole: range.start..0,
        inside: after..0,
        indent: String::from_utf8_lossy(&line[..blank]).into_owned(),
    }
}

/// The words of a marker behind `gradfade`, or `None` for any other line.
pub fn marker(line: &[u8], comment: Comment) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(line.trim_ascii()).ok()?;
    let inner = text.strip_prefix(comment.open)?.trim_start().strip_prefix("gradfade ")?;
    let words: Vec<&str> =
        inner.strip_suffix(comment.close.trim_start()).unwrap_or(inner).split_whitespace().collect();
    // A comment of the author may begin with our name.
    matches!(words.first(), Some(&"begin" | &"end")).then_some(words)
}

/// Does the file hold a block of this name? Damage is told when it is filled.
pub fn holds(text: &[u8], comment: Comment, verbatim: Verbatim, name: &str) -> bool {
    let is_ours = |line: &[u8]| marker(line, comment).is_some_and(|w| w.len() > 1 && w[1] == name);
    visible(text, verbatim).iter().any(|(_, _, line)| is_ours(line))
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
///
/// # Errors
/// Markers that contradict each other, a block that its author edited or that shows another run, and a place
/// where a block would not be seen again: it would be added once more by every call.
pub fn splice(
    text: &[u8],
    (comment, verbatim): (Comment, Verbatim),
    filling: Filling,
    content: &str,
    place: impl FnOnce() -> Result<usize, Problem>,
) -> Result<Spliced, Problem> {
    let mut all = blocks(text, comment, verbatim)?;
    let found = all.iter().position(|b| b.name == filling.name).map(|at| all.remove(at));
    // A block keeps the line ends that it has; a new one takes those of the file.
    let from = found.as_ref().map_or(text, |b| &text[b.whole.start..]);
    let eol = if from.iter().position(|b| *b == b'\n').is_some_and(|n| n > 0 && from[n - 1] == b'\r') {
        "\r\n"
    } else {
        "\n"
    };
    let indent = found.as_ref().map_or("", |b| b.indent.as_str());
    let block = Block::new(comment, filling, content, indent, eol);
    let spliced = match found {
        Some(old) => replaced(text, &old, &block, filling)?,
        None => {
            let at = place()?;
            // The last slide may be another block's.
            let at = all.iter().find(|b| b.whole.start < at && at < b.whole.end).map_or(at, |b| b.whole.end);
            inserted(text, at, &block.text, eol)
        }
    };
    if matches!(spliced.state, State::New | State::Stale) {
        let again = blocks(&spliced.bytes, comment, verbatim)?;
        let seen = again.iter().find(|b| b.name == filling.name).map(|b| &spliced.bytes[b.whole.clone()]);
        if seen != Some(block.text.as_bytes()) {
            return Err(Problem::EndsInCode);
        }
    }
    Ok(spliced)
}

/// A block as it should stand in the file.
struct Block {
    /// From the begin marker to the end marker.
    text: String,
    /// Checksum of the text between the markers.
    sum: String,
}

impl Block {
    fn new(comment: Comment, filling: Filling, content: &str, indent: &str, eol: &str) -> Block {
        let mut inside = String::new();
        for line in content.lines() {
            let blank = if line.is_empty() { "" } else { indent };
            inside += &format!("{blank}{line}{eol}");
        }
        let sum = checksum(inside.as_bytes());
        let (Comment { open, close }, Filling { name, source, .. }) = (comment, filling);
        let begin = format!("{indent}{open} gradfade begin {name} {sum} {source}{close}{eol}");
        Block { text: format!("{begin}{inside}{indent}{open} gradfade end {name}{close}"), sum }
    }
}

/// The file with the new block in place of the old one, unless that should stay.
fn replaced(text: &[u8], old: &Found, block: &Block, filling: Filling) -> Result<Spliced, Problem> {
    let Filling { name, source, force } = filling;
    let kept = &text[old.inside.clone()];
    let of_another = old.source.as_ref().is_some_and(|s| s != source);
    let state = match &old.sum {
        _ if text[old.whole.clone()] == *block.text.as_bytes() => State::Current,
        None if kept.trim_ascii().is_empty() => State::New,
        _ if force => State::Stale,
        // The same words, whichever run they were made from.
        Some(told) if *told == block.sum && of_another && *told == checksum(kept) => State::Current,
        Some(told) if *told == block.sum && *told != checksum(kept) => State::Kept,
        _ if of_another => return Err(Problem::OtherRun { name: name.to_string() }),
        Some(told) if *told == checksum(kept) => State::Stale,
        _ => return Err(Problem::Edited { name: name.to_string() }),
    };
    if matches!(state, State::Current | State::Kept) {
        return Ok(Spliced { bytes: text.to_vec(), state });
    }
    let bytes = [&text[..old.whole.start], block.text.as_bytes(), &text[old.whole.end..]].concat();
    Ok(Spliced { bytes, state })
}

/// The file with a new block at a place, and blank lines around it where there are none.
fn inserted(text: &[u8], at: usize, block: &str, eol: &str) -> Spliced {
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
    Spliced { bytes, state: State::New }
}
