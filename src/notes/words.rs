//! Words that a block shows, which may come from a run of unknown origin: they leave this type only as text
//! of the format that they stand in, so that no kind of notes can forget to escape them.

use crate::escape;

/// Title, caption, description or reading of a figure, with the names of a run in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words(String);

impl Words {
    /// One line, whatever the text: a line break would end a paragraph, and could begin a marker or a
    /// directive.
    pub fn new(text: &str) -> Words {
        Words(escape::one_line(text.trim()).into_owned())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For the strings of JSON, whose writer escapes them.
    pub fn in_json(&self) -> &str {
        &self.0
    }

    /// Text of an HTML element. Braces and backticks are entities: programs that read the page's source for
    /// directives (mdBook, Quarto, Jekyll) must find none. An empty tag behind a backslash keeps MathJax,
    /// which reads the finished page, from taking it for a formula.
    pub fn html(&self) -> String {
        escape::xml(&self.0).replace('{', "&#123;").replace('`', "&#96;").replace('\\', "&#92;<span></span>")
    }

    /// An attribute of HTML, in double quotes.
    pub fn attribute(&self) -> String {
        escape::xml(&self.0).replace('{', "&#123;").replace('`', "&#96;")
    }

    pub fn markdown(&self) -> String {
        escape::markdown(&self.0)
    }

    /// Markdown that begins a line.
    pub fn markdown_line(&self) -> String {
        escape::at_line_start(&escape::markdown(&self.0))
    }

    /// Between the brackets of an image of Markdown.
    pub fn markdown_alt(&self) -> String {
        escape::markdown_alt(&self.0)
    }

    /// A quoted attribute of pandoc's Markdown, which knows backslashes and entities. Quarto looks for `{{`
    /// and knitr for backticks before that is read.
    pub fn pandoc_attribute(&self) -> String {
        let text = self.0.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"");
        text.replace('{', "&#123;").replace('`', "&#96;").replace('<', "&lt;")
    }

    /// Text as LaTeX reads it, whatever the engine.
    pub fn latex(&self) -> String {
        latex(&self.0)
    }

    /// Letters and signs only: the key `alt` is read by tagged PDF, which shows no formula.
    pub fn latex_alt(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            match c {
                '{' | '}' | '$' | '&' | '#' | '_' | '%' => out.extend(['\\', c]),
                '\\' | '~' | '^' | '\u{a0}' => out.push(' '),
                c => out.push(c),
            }
        }
        out
    }

    /// Markup of Typst: everything that could mean something is escaped.
    pub fn typst(&self) -> String {
        typst(&self.0)
    }

    /// A string of Typst's code.
    pub fn typst_string(&self) -> String {
        typst_string(&self.0)
    }
}

/// Text as LaTeX reads it.
pub(super) fn latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut raised = String::new();
    for c in text.chars() {
        if let Some(at) = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars().position(|r| r == c) {
            raised.push("0123456789-".as_bytes()[at] as char);
            continue;
        }
        raise(&mut out, &mut raised);
        match c {
            '\\' => out += "\\textbackslash{}",
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '<' => out += "\\textless{}",
            '>' => out += "\\textgreater{}",
            // A document may make this the sign that begins verbatim text.
            '|' => out += "\\textbar{}",
            '"' => out += "''",
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
                out.push('\\');
                out.push(c);
            }
            '\u{a0}' => out.push('~'),
            '×' => out += "$\\times$",
            '·' => out += "$\\cdot$",
            '–' => out += "--",
            '−' => out += "$-$",
            c => out.push(c),
        }
    }
    raise(&mut out, &mut raised);
    out
}

fn raise(out: &mut String, raised: &mut String) {
    if !raised.is_empty() {
        *out += &format!("$^{{{raised}}}$");
        raised.clear();
    }
}

/// Text in Typst's markup.
pub(super) fn typst(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // `1.` at the start would begin a list.
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    for (at, c) in text.char_indices() {
        let in_words = matches!(c, ',' | '.' | ';' | '!' | '?' | '%' | '(' | ')');
        if c.is_ascii_punctuation() && !(in_words && !(c == '.' && at == number && number > 0)) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A string of Typst's code.
pub(super) fn typst_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
