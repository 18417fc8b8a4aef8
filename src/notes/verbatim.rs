//! What notes only show, or hide: code, comments and scripts. A marker there is none, and nothing can be put
//! there.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

/// How a format writes code that it shows.
#[derive(Clone, Copy, Debug)]
pub enum Verbatim {
    /// Between lines with these beginnings.
    Lines(&'static [(&'static str, &'static str)]),
    /// As CommonMark says: fences, indented code, blocks of HTML, in lists and quotations too.
    Markdown,
    /// Comments, and elements whose text is no HTML.
    Html,
}

impl Verbatim {
    /// The parts of the text where a line is not the notes' own, in order: lines whose first sign lies inside
    /// are hidden.
    pub fn hidden(self, text: &[u8]) -> Vec<Range<usize>> {
        match self {
            Verbatim::Lines(pairs) => between_lines(text, pairs),
            Verbatim::Markdown => in_markdown(&same_length(text)),
            Verbatim::Html => in_html(text, &RAW),
        }
    }
}

/// Elements of HTML whose text holds no elements and no comments.
const RAW: [&str; 8] = ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"];

/// Those that CommonMark takes as they are, and `pre`.
const RAW_IN_MARKDOWN: [&str; 4] = ["script", "style", "textarea", "pre"];

/// Lines with their ranges, without line ends; a byte order mark belongs to none.
pub fn lines(text: &[u8]) -> impl Iterator<Item = (Range<usize>, &[u8])> {
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

fn find(text: &[u8], from: usize, word: &[u8]) -> Option<usize> {
    text.get(from..)?.windows(word.len()).position(|w| w.eq_ignore_ascii_case(word)).map(|n| from + n)
}

// ---- pairs of lines

fn between_lines(text: &[u8], pairs: &[(&str, &str)]) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut open: Option<(usize, String, bool)> = None;
    for (range, line) in lines(text) {
        let bare = line.trim_ascii();
        if let Some((start, end, fence)) = &open {
            let closes = match fence {
                // A longer fence closes a shorter one, with nothing behind it.
                true => bare.starts_with(end.as_bytes()) && bare.iter().all(|b| *b == end.as_bytes()[0]),
                false => find(bare, 0, end.as_bytes()).is_some(),
            };
            if closes {
                hidden.push(*start..range.end);
                open = None;
            }
            continue;
        }
        let Some((begin, end)) = pairs.iter().find(|(begin, _)| bare.starts_with(begin.as_bytes())) else {
            continue;
        };
        let fence = begin == end;
        let width = bare.iter().take_while(|b| fence && **b == begin.as_bytes()[0]).count();
        let end = if fence { begin[..1].repeat(width) } else { (*end).to_string() };
        if find(bare, if fence { width } else { 0 }, end.as_bytes()).is_none() {
            open = Some((range.start, end, fence));
        }
    }
    hidden.extend(open.map(|(start, ..)| start..text.len()));
    hidden
}

// ---- Markdown

/// What mdBook, Quarto and GitHub have beyond CommonMark and what decides where a block begins.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

/// The text with a question mark for each byte that is not UTF-8, so that places stay.
fn same_length(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out += chunk.valid();
        out.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(out)
}

fn in_markdown(text: &str) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::MetadataBlock(_)) => hidden.push(range),
            Event::Start(Tag::HtmlBlock) => {
                let inside = in_html(&text.as_bytes()[range.clone()], &RAW_IN_MARKDOWN).into_iter();
                hidden.extend(inside.map(|r| r.start + range.start..r.end + range.start));
            }
            _ => {}
        }
    }
    hidden
}

/// A fenced block of code in Markdown.
#[derive(Debug, PartialEq)]
pub struct Fence {
    /// From its first sign to the end of its last line, with the line end.
    pub range: Range<usize>,
    /// Number of its first line, from 1.
    pub line: usize,
    /// What stands in it, without the indent of a list or the marks of a quotation.
    pub body: String,
    /// False where it goes on until the end of the text, list or quotation.
    pub closed: bool,
    /// What the lines of a list or of a quotation begin with at this place.
    pub prefix: String,
}

/// The fenced blocks of a language.
pub fn fences(text: &str, language: &str) -> Vec<Fence> {
    let mut all: Vec<Fence> = Vec::new();
    let mut ours = false;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                ours = info.split([' ', ',', '\t']).next() == Some(language);
                if ours {
                    all.push(fence(text, range));
                }
            }
            Event::Start(Tag::CodeBlock(_)) => ours = false,
            Event::Text(words) if ours => {
                if let Some(last) = all.last_mut().filter(|f| f.range.contains(&range.start)) {
                    last.body += &words;
                }
            }
            _ => {}
        }
    }
    all
}

fn fence(text: &str, range: Range<usize>) -> Fence {
    let begin = text[..range.start].rfind('\n').map_or(0, |n| n + 1);
    let prefix: String =
        text[begin..range.start].chars().map(|c| if c == '>' || c == '\t' { c } else { ' ' }).collect();
    let mut end = range.end;
    if !text[..end].ends_with('\n') {
        let rest = &text[end..];
        end += ["\r\n", "\n"].iter().find(|eol| rest.starts_with(**eol)).map_or(0, |eol| eol.len());
    }
    let block = text[range.start..range.end].trim_end();
    let sign = block.chars().next().unwrap_or('`');
    let width = block.chars().take_while(|c| *c == sign).count();
    let last = block.rsplit('\n').next().unwrap_or_default().trim_start_matches(['>', ' ', '\t']);
    let closed = block.contains('\n') && last.chars().count() >= width && last.chars().all(|c| c == sign);
    Fence {
        range: range.start..end,
        line: text[..range.start].matches('\n').count() + 1,
        body: String::new(),
        closed,
        prefix,
    }
}

// ---- HTML

/// Comments behind their first sign (a marker is one), and elements whose text is raw.
fn in_html(text: &[u8], raw: &[&str]) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].iter().position(|b| *b == b'<').map(|n| at + n) {
        let rest = &text[start..];
        if rest.starts_with(b"<!--") {
            at = find(text, start + 4, b"-->").map_or(text.len(), |n| n + 3);
            hidden.push(start + 1..at);
        } else if let Some(name) = raw.iter().find(|name| is_tag(rest, name)) {
            at = find(text, start, format!("</{name}").as_bytes()).unwrap_or(text.len());
            hidden.push(start + 1..at);
        } else if rest.get(1).is_some_and(u8::is_ascii_alphabetic) {
            at = start + end_of_tag(rest).unwrap_or(1);
        } else {
            at = start + 1;
        }
    }
    hidden
}

fn is_tag(rest: &[u8], name: &str) -> bool {
    let after = rest.get(1 + name.len());
    rest.get(1..=name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
        && after.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
}

/// Behind the `>` of a tag; values in quotes may hold one.
fn end_of_tag(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in tag.iter().copied().enumerate() {
        match quote {
            Some(sign) if byte == sign => quote = None,
            Some(_) => {}
            None if byte == b'>' => return Some(at + 1),
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            None => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are not hidden.
    fn seen(verbatim: Verbatim, text: &str) -> Vec<&str> {
        let hidden = verbatim.hidden(text.as_bytes());
        let all = text.split_inclusive('\n').scan(0, |at, line| {
            let start = *at + (line.len() - line.trim_start().len());
            *at += line.len();
            Some((start, line.trim()))
        });
        all.filter(|(start, line)| !line.is_empty() && !hidden.iter().any(|r| r.contains(start)))
            .map(|(_, l)| l)
            .collect()
    }

    #[test]
    fn code_of_markdown_is_what_commonmark_says() {
        let seen = |text| seen(Verbatim::Markdown, text);
        assert_eq!(seen("a\n\n```\nb\n```\nc\n"), ["a", "c"]);
        assert_eq!(seen("````md\n```\nb\n````\nc\n"), ["c"]);
        assert_eq!(seen("~~~\nb\n```\nc\n"), [""; 0]);
        assert_eq!(seen("- a\n\n      code\n\n  b\n"), ["- a", "b"], "indented code in a list");
        assert_eq!(seen("1.  a\n\n    b\n"), ["1.  a", "b"], "a paragraph in a list");
        assert_eq!(seen("    a\n\nb\n"), ["b"]);
        assert_eq!(seen("> ```\n> a\n\nb\n"), ["> ```", "b"], "a fence ends with its quotation");
        assert_eq!(seen("<!-- x -->\na\n<!-- y -->\n"), ["<!-- x -->", "a", "<!-- y -->"]);
        assert_eq!(seen("<!-- x\ny\n-->\na\n"), ["<!-- x", "a"]);
        assert_eq!(seen("<div>\n<!-- x\ny -->\n</div>\n\na\n"), ["<div>", "<!-- x", "</div>", "a"]);
        assert_eq!(seen("<pre>\na\n\nb\n</pre>\nc\n"), ["<pre>", "</pre>", "c"]);
        assert_eq!(seen("---\ntitle: x\n---\na\n").last(), Some(&"a"));
        assert_eq!(Verbatim::Markdown.hidden(b"\xff\n```\n\xfe\xff\n```\na").len(), 1);
    }

    #[test]
    fn comments_and_scripts_of_html_are_hidden() {
        let seen = |text| seen(Verbatim::Html, text);
        assert_eq!(
            seen("<p>\n<script>\n</body>\n</script>\n</body>\n"),
            ["<p>", "<script>", "</script>", "</body>"]
        );
        assert_eq!(seen("<p><SCRIPT\nsrc=x>\n</body>\n"), ["<p><SCRIPT"]);
        assert_eq!(seen("<!--\n</body>\n--> a\nb\n"), ["<!--", "b"]);
        assert_eq!(seen("<!-- a\nb\n"), ["<!-- a"]);
        assert_eq!(
            seen("<a title=\"<script>\">\nb\n<scripting>\nc\n"),
            ["<a title=\"<script>\">", "b", "<scripting>", "c"]
        );
        assert_eq!(seen("<textarea>\n<!--\n</textarea>\na\n"), ["<textarea>", "</textarea>", "a"]);
        assert_eq!(seen("a < b\n<\nc"), ["a < b", "<", "c"]);
    }

    #[test]
    fn fences_are_found_wherever_markdown_has_them() {
        let text = "a\n\n- b\n\n  ```x\n  one\n    two\n  ```\n> ~~~~x y\n> three\n> ~~~~\n\n```x\nfour";
        let found = fences(text, "x");
        let told: Vec<_> =
            found.iter().map(|f| (f.line, f.body.as_str(), f.closed, f.prefix.as_str())).collect();
        assert_eq!(
            told,
            [(5, "one\n  two\n", true, "  "), (9, "three\n", true, "> "), (13, "four", false, "")]
        );
        assert!(
            text[found[0].range.clone()].starts_with("```x") && text[..found[0].range.end].ends_with("```\n")
        );
        for none in [
            "    ```x\n    a\n    ```\n",
            "<!--\n```x\na\n```\n-->\n",
            "<pre>\n```x\na\n```\n</pre>\n",
            "```y\n```x\n```\n",
        ] {
            assert!(fences(none, "x").is_empty(), "{none}");
        }
    }
}
