//! Text of other people on its way into markup or a terminal.
//!
//! A record, a table or a file name may be of unknown origin, so its words must be text wherever they are
//! shown, and never markup, a directive or a command to a terminal. What is safe depends on where the text
//! goes:
//!
//! | function | for |
//! |---|---|
//! | [`xml`] | HTML, SVG and XML |
//! | [`markdown`] | Markdown; `notes` has the escapes of the other kinds of notes |
//! | [`one_line`], [`lines`] | a terminal |
//! | [`json_words`] | the strings of a JSON file of unknown origin, once it is read |

use std::borrow::Cow;

/// Text between the tags of HTML, SVG or XML, or in an attribute with double quotes.
///
/// Control characters that XML 1.0 does not allow become the replacement character: a file with one would not
/// be XML.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push(char::REPLACEMENT_CHARACTER)
            }
            c => out.push(c),
        }
    }
    out
}

/// True for a character that makes a terminal or a line of text do something instead of showing a sign:
/// control characters, line and paragraph separators, and the marks that turn the direction of writing.
pub fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text for one line of a terminal: every character that would do something there, a line break too, is
/// written as an escape that can be read (`\u001b`, as in JSON).
pub fn one_line(text: &str) -> Cow<'_, str> {
    visible(text, is_command)
}

/// Text of several lines for a terminal: line breaks and tabs stay, everything else is as in [`one_line`].
pub fn lines(text: &str) -> Cow<'_, str> {
    visible(text, |c| !matches!(c, '\n' | '\t') && is_command(c))
}

fn visible(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if hidden(c) => out += "\\n",
            '\r' if hidden(c) => out += "\\r",
            '\t' if hidden(c) => out += "\\t",
            c if hidden(c) => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The longest word that a foreign file may bring along, in characters: no name is longer, and layouts of
/// figures take time that grows with the length of a word.
pub const LONGEST: usize = 1000;

/// A word of a foreign file: one line, at most [`LONGEST`] characters; what is longer ends in `…`.
pub fn word(text: &str) -> Cow<'_, str> {
    match one_line(text) {
        Cow::Borrowed(line) => shortened(line, LONGEST),
        Cow::Owned(line) => Cow::Owned(shortened(&line, LONGEST).into_owned()),
    }
}

/// At most this many characters of a text; where some are left out, `…` stands behind.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// JSON whose strings, keys too, are words (see [`word`]); every other byte stays. Text that is not JSON
/// comes back as it is, for a parser to say so.
pub fn json_words(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let (mut at, mut kept) = (0, 0);
    while let Some(start) = text[at..].iter().position(|b| *b == b'"').map(|n| at + n) {
        let Some(end) = end_of_string(text, start) else { break };
        let literal = &text[start..end];
        let plain =
            literal.len() <= LONGEST && literal.iter().all(|b| b.is_ascii() && *b != b'\\' && *b != 0x7f);
        if !plain
            && let Ok(string) = serde_json::from_slice::<String>(literal)
            && let Cow::Owned(word) = word(&string)
        {
            out.extend_from_slice(&text[kept..start]);
            out.extend_from_slice(serde_json::Value::from(word).to_string().as_bytes());
            kept = end;
        }
        at = end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[kept..]);
    Cow::Owned(out)
}

/// One past the closing quote of the JSON string that begins at `start`.
fn end_of_string(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Text in the middle of a line of Markdown, of every dialect that notes are written in.
///
/// What could be markup is escaped by a backslash. Where a program looks for directives before Markdown is
/// read (mdBook's and Quarto's `{{...}}`, inline code that knitr runs, links that GitHub makes of bare
/// addresses, formulas of MathJax, which reads the finished page), a backslash would not stop it: there an
/// entity stands, and an empty tag behind a backslash.
pub fn markdown(text: &str) -> String {
    markdown_with(text, "&#92;<span></span>")
}

/// Like [`markdown`], for the brackets of an image, where tags have no place.
pub fn markdown_alt(text: &str) -> String {
    markdown_with(text, "&#92;")
}

/// A command or a path as code in Markdown. Where it holds more than plain signs it is text instead: inside a
/// code span there is no escape.
pub fn markdown_code(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " ./_-+=,:\\~@".contains(c);
    if text.chars().all(plain) { format!("`{text}`") } else { markdown(text) }
}

fn markdown_with(text: &str, backslash: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '*' | '_' | '[' | ']' | '<' | '>' | '$' | '~' | '^' | '@' | '#' | '|' => out.extend(['\\', c]),
            '\\' => out += backslash,
            '&' => out += "&amp;",
            '`' => out += "&#96;",
            '{' => out += "&#123;",
            ':' if text[at..].starts_with("://") => out += "&#58;",
            '.' if ends_in_www(&text[..at]) => out += "&#46;",
            c => out.push(c),
        }
    }
    out
}

fn ends_in_www(before: &str) -> bool {
    before
        .len()
        .checked_sub(3)
        .and_then(|n| before.get(n..))
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// What [`markdown`] made, for the beginning of a line: no list, heading, fence or definition.
pub fn at_line_start(markdown: &str) -> String {
    let line = markdown.trim_start();
    if line.starts_with(['-', '+', '=', ':', '%', '.']) {
        return format!("\\{line}");
    }
    // `1.`, `(a)`, `iv)`: the number of a list.
    let bare = line.strip_prefix('(').unwrap_or(line);
    let number = bare.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let mark = line.len() - bare.len() + number;
    match line.as_bytes().get(mark) {
        Some(b'.' | b')') if number > 0 && line.as_bytes().get(mark + 1).is_none_or(|b| *b == b' ') => {
            format!("{}\\{}", &line[..mark], &line[mark..])
        }
        _ => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(xml("a < b & c > \"d\" 'e'"), "a &lt; b &amp; c &gt; &quot;d&quot; 'e'");
        assert_eq!(xml("one\ntwo\u{1b}[31m\u{0}\u{ffff}"), "one\ntwo\u{fffd}[31m\u{fffd}\u{fffd}");
        assert_eq!(xml("梯度 10⁻⁹"), "梯度 10⁻⁹");
    }

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(one_line("plain text, 梯度 10⁻⁹"), "plain text, 梯度 10⁻⁹");
        assert_eq!(one_line("a\u{1b}[2Jb\u{7}c\nd\r\u{9b}e"), "a\\u001b[2Jb\\u0007c\\nd\\r\\u009be");
        assert_eq!(one_line("x\u{202e}y\u{2028}z"), "x\\u202ey\\u2028z");
        assert_eq!(lines("a\nb\u{1b}c\r\n"), "a\nb\\u001bc\\r\n");
        assert_eq!(word(&"x".repeat(1000)), "x".repeat(1000));
        assert_eq!(word(&"梯".repeat(1001)), "梯".repeat(1000) + "…");
        for c in (0..=0xffff_u32).filter_map(char::from_u32).filter(|c| is_command(*c)) {
            assert!(!one_line(&c.to_string()).contains(c));
        }
    }

    #[test]
    fn strings_of_a_foreign_file_become_words_and_every_other_byte_stays() {
        let text =
            r#"{ "run": "a\u001b[31m\nb", "k\u0007" : ["\\n", "梯度", 1e400, "\"", "\u202e"],  "x":"y" }"#;
        let clean = r#"{ "run": "a\\u001b[31m\\nb", "k\\u0007" : ["\\n", "梯度", 1e400, "\"", "\\u202e"],  "x":"y" }"#;
        assert_eq!(String::from_utf8_lossy(&json_words(text.as_bytes())), clean);
        assert_eq!(json_words(clean.as_bytes()), clean.as_bytes(), "cleaning twice is cleaning once");
        let long = format!("[\"{}\", 1]", "x".repeat(100_000));
        assert_eq!(json_words(long.as_bytes()).len(), 1000 + "…".len() + "[\"\", 1]".len());
        for broken in ["", "\"", "\"\\", "{\"a", "[\"\\ud800\"]", "\"\x1b\""] {
            assert_eq!(json_words(broken.as_bytes()), broken.as_bytes(), "{broken}");
        }
        assert_eq!(*json_words(b"[\"\xff\"]"), *b"[\"\xff\"]");
    }

    #[test]
    fn no_word_is_markup_in_markdown() {
        assert_eq!(
            markdown("a *b* _c_ [d](e) <f> `g` {{h}} i & j | k # l ~ m ^ n @ o $p$"),
            "a \\*b\\* \\_c\\_ \\[d\\](e) \\<f\\> \
            &#96;g&#96; &#123;&#123;h}} i &amp; j \\| k \\# l \\~ m \\^ n \\@ o \\$p\\$"
        );
        assert_eq!(markdown("\\(x\\)"), "&#92;<span></span>(x&#92;<span></span>)");
        assert_eq!(markdown_alt("\\(x"), "&#92;(x");
        assert_eq!(markdown("https://x.y www.x.y"), "https&#58;//x.y www&#46;x.y");
        assert_eq!(markdown("a\n\n# b\r"), "a&#92;<span></span>n&#92;<span></span>n\\# b&#92;<span></span>r");
        for (text, safe) in [
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("(iv) a", "(iv\\) a"),
            ("::: a", "\\::: a"),
            ("    a", "a"),
            ("1.5 a", "1.5 a"),
            ("A 9.4 % b", "A 9.4 % b"),
        ] {
            assert_eq!(at_line_start(text), safe);
        }
    }
}
