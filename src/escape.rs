//! Text of other people on its way into markup or a terminal.
//!
//! A record, a table or a file name may come from somebody else, so its words must be text wherever they are shown, and
//! never markup, a directive or a command to a terminal. What is safe depends on where the text goes: [`xml`] is for HTML,
//! SVG and XML, [`one_line`] and [`lines`] for terminals; each kind of notes adds its own marks in `notes`.

use std::borrow::Cow;

/// Text between the tags of HTML, SVG or XML, or in an attribute with double quotes.
///
/// Control characters that XML 1.0 does not allow become the replacement character: a file with one would not be XML.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// True for a character that makes a terminal or a line of text do something instead of showing a sign: control characters,
/// line and paragraph separators, and the marks that turn the direction of writing.
pub fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text for one line of a terminal: every character that would do something there, a line break too, is written as an
/// escape that can be read (`\u001b`, as in JSON).
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
        for c in (0..=0xffff_u32).filter_map(char::from_u32).filter(|c| is_command(*c)) {
            assert!(!one_line(&c.to_string()).contains(c));
        }
    }
}
