//! Words of a run of unknown origin, which try to write into the notes.

use pulldown_cmark::{Event, Options, Parser, TagEnd};

use super::block::{Filling, State, splice};
use super::tests::{SOURCE, file_of, pictures, put};
use super::*;

/// Each once took over some kind of notes, or looks like what some program acts on.
const HOSTILE: &[&str] = &[
    "<!-- gradfade end net -->",
    "x\n<!-- gradfade end net -->\n# mine\n<!-- gradfade begin net -->",
    "x\n% gradfade end net\n\\input{secret}\n",
    "x\n// gradfade end net\n#read(\"secret\")\n",
    "{{#include ../../secret.txt}}",
    "{{#playground x.rs}} {{#title y}} {{ site.x }} {% include x %} {{< include x.qmd >}}",
    "`r system(\"x\")` `{python} 1` ``x`` `r 1 #\\`",
    "`{=html} ```{=latex}\\input{x}``` `",
    "\n\n---\ntitle: x\nfilter: y.lua\n---\n\n",
    "# heading\n\n    code\n\n> quote\n\n- list\n\n1. list\n\n::: {.x}\n\n:::",
    "[link](javascript:alert(1)) ![x](y) <javascript:alert(1)> [x]: y [^1] https://x.y www.x.y a@b.c",
    "\"><script>alert(1)</script><img src=x onerror=alert(1)>",
    "' onload='alert(1)' \" onload=\"alert(1)\" -->",
    "*a* _b_ ~c~ ^d^ $e$ | f | @g #h &lt; &#60;",
    "\\(\\href{javascript:alert(1)}{x}\\) $$\\href{x}$$ \\[x\\] \\begin{x}",
    "\\input{x} \\write18{x} ^^M ~ % # & _ { } $ }} \\} \\end{figure}",
    "}]{.x #y onclick=\"z\"} {#fig-x}",
    "#read(\"x\") @x <x> $x$ *x* _x_ `x` \\u{41} // x /* x */ ] ) ; #",
    "\u{1b}[31m\u{7}\r\u{0}\u{8}\u{9b}\u{2028}\u{2029}\u{85}\u{b}\u{c}\u{202e}\u{feff}",
    "- x",
    "1. x",
    "(iv) x",
    "::: x",
    "    x",
    "==== x",
    "+ x",
    "Table: x",
];

fn item_of(words: &str, lang: Lang) -> Item {
    let words = Words::new(words);
    Item {
        id: "net-gradient-heatmap".into(),
        title: words.clone(),
        caption: words.clone(),
        alt: words.clone(),
        reading: words,
        lang,
        width: 960,
        height: 600,
        size: Size::Screen,
        titled: false,
    }
}

const SHOWN: [Shown; 3] = [Shown::Both, Shown::Only(Theme::Light), Shown::Only(Theme::Dark)];

/// Every kind with what it says of these words, and of plain ones; and the kind's name for messages.
fn each(check: impl Fn(&Spec, &str, &str, &str)) {
    let long = "x ".repeat(3000);
    for words in HOSTILE.iter().copied().chain([long.as_str()]) {
        for spec in FORMATS.iter().filter(|s| s.kind != Kind::Notebook) {
            for (shown, lang) in SHOWN.iter().flat_map(|s| Lang::ALL.map(|lang| (*s, lang))) {
                for around in [Around::Text, Around::Columns, Around::Slide] {
                    let said = |words: &str| {
                        (spec.content)(&Setting { items: &[item_of(words, lang)], shown, around })
                    };
                    check(spec, words, &said(words), &said("plain words"));
                }
            }
        }
    }
}

#[test]
fn a_block_still_ends_once_and_is_renewed() {
    each(|spec, words, said, plain| {
        let before = file_of(spec, b"before\n\n");
        let first = put(spec, &before, said).unwrap_or_else(|e| panic!("{}: {words:?}: {e}", spec.name));
        let text = String::from_utf8(first.bytes.clone()).unwrap();
        let markers = text.lines().filter(|l| block::marker(l.as_bytes(), spec.comment).is_some()).count();
        assert_eq!(markers, 2, "{}: {words:?}: {text}", spec.name);
        assert_eq!(put(spec, &first.bytes, said).unwrap().state, State::Current);
        let other = put(spec, &first.bytes, plain).unwrap();
        assert_eq!(other.state, State::Stale, "{}: {words:?}", spec.name);
        assert_eq!(put(spec, &other.bytes, said).unwrap().bytes, first.bytes);
        // A word cannot begin a line of its own.
        assert_eq!(said.lines().count(), plain.lines().count(), "{}: {words:?}: {said}", spec.name);
        assert!(!said.chars().any(|c| c != '\n' && crate::escape::is_command(c)), "{}: {said:?}", spec.name);
    });
}

/// The structure of Markdown, and what its raw HTML is.
fn structure(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    // CommonMark knows no attributes: their value, which may hold an escaped quote, is no text.
    let attribute = |text: &str| {
        let (before, rest) = text.split_once("{fig-alt=\"")?;
        let (_, after) = rest.split_once("\"}\n")?;
        Some(format!("{before}\n{after}"))
    };
    let text = attribute(text).unwrap_or_else(|| text.to_string());
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH;
    for event in Parser::new_ext(&text, options) {
        match event {
            Event::Text(_) | Event::SoftBreak => {}
            Event::Start(tag) => all.push(format!("{:?}", tag)),
            Event::End(TagEnd::HtmlBlock) => {}
            Event::End(tag) => all.push(format!("end {:?}", tag)),
            Event::Html(html) | Event::InlineHtml(html) => all.extend(elements(&html)),
            other => all.push(format!("{:?}", std::mem::discriminant(&other))),
        }
    }
    all
}

/// The tags of HTML with the names of their attributes, but for the empty ones that stand behind a backslash.
fn elements(html: &str) -> Vec<String> {
    let html = html.replace("<span></span>", "");
    let mut all = Vec::new();
    for (at, _) in html.match_indices('<') {
        let mut quoted = false;
        let end = html[at..].find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let tag = &html[at..at + end.unwrap_or(html.len() - at)];
        let outside: String = tag.split('"').step_by(2).collect();
        all.push(outside);
    }
    all
}

/// The control words of LaTeX, but for those that stand for a letter or sign.
fn commands(text: &str) -> Vec<String> {
    let name = |at: usize| text[at + 1..].chars().take_while(char::is_ascii_alphabetic).collect::<String>();
    let names = text.match_indices('\\').map(|(at, _)| name(at));
    names.filter(|n| !n.is_empty() && !n.starts_with("text") && n != "times" && n != "cdot").collect()
}

/// Signs outside strings that mean something to Typst and are not escaped.
fn code_signs(text: &str) -> String {
    let (mut escaped, mut quoted) = (false, false);
    let is_code = |c: &char| {
        let plain = !escaped;
        escaped = plain && *c == '\\';
        let was_quoted = quoted;
        quoted ^= plain && *c == '"';
        plain && !was_quoted && "#[]$*_`@<>/\"".contains(*c)
    };
    text.chars().filter(is_code).collect()
}

#[test]
fn no_word_is_markup() {
    each(|spec, words, said, plain| {
        let told = format!("{}: {words:?}: {said}", spec.name);
        match spec.kind {
            Kind::Markdown | Kind::MdBook | Kind::Quarto => {
                assert_eq!(
                    structure(said).into_iter().filter(|s| !s.contains("span")).collect::<Vec<_>>(),
                    structure(plain),
                    "{told}"
                );
                // A bare address would become a link; in HTML it does not.
                let addresses: &[&str] = if spec.kind == Kind::Markdown { &["://", "www."] } else { &[] };
                for sign in ["{{", "{%"].iter().chain(addresses) {
                    assert!(!said.contains(sign), "{told}");
                }
                assert_eq!(said.matches('`').count(), plain.matches('`').count(), "{told}");
            }
            Kind::Html | Kind::Reveal => {
                assert_eq!(elements(said), elements(plain), "{told}");
                for sign in ["{{", "{%", "`"] {
                    assert!(!said.contains(sign), "{told}");
                }
                // MathJax reads the text of the page, not its attributes.
                let after_alt =
                    |part: &'_ str| part.split_once('"').map_or(String::new(), |(_, rest)| rest.to_string());
                let mut parts = said.split("alt=\"");
                let text =
                    parts.next().unwrap_or_default().to_string() + &parts.map(after_alt).collect::<String>();
                for sign in ["\\(", "\\[", "\\begin"] {
                    assert!(!text.contains(sign), "{told}");
                }
            }
            Kind::Latex => {
                assert_eq!(commands(said), commands(plain), "{told}");
                let bare = said.replace("\\\\", "").replace("\\%", "").replace("\\{", "").replace("\\}", "");
                assert!(
                    !bare.contains('%') && bare.matches('{').count() == bare.matches('}').count(),
                    "{told}"
                );
            }
            // Every sign of code is ours.
            Kind::Typst => assert_eq!(code_signs(said), code_signs(plain), "{told}"),
            Kind::Notebook => {}
        }
    });
}

#[test]
fn cells_of_a_notebook_hold_the_words_as_text() {
    let empty = "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}";
    let julia = "{\"cells\": [], \"metadata\": {\"kernelspec\": {\"language\": \"julia\"}}, \"nbformat\": 4, \
                 \"nbformat_minor\": 5}";
    let filling = Filling { name: "net", source: SOURCE, force: false };
    for words in HOSTILE {
        for book in [empty, julia] {
            let put = |text: &[u8], words: &str| {
                let items = [item_of(words, Lang::En)];
                notebook::splice(text, filling, &items, &pictures(), Shown::Only(Theme::Light)).unwrap()
            };
            let first = put(book.as_bytes(), words);
            assert_eq!(put(&first.bytes, words).state, State::Current, "{words:?}");
            assert_eq!(put(&put(&first.bytes, "plain words").bytes, words).bytes, first.bytes, "{words:?}");
            let cells = |bytes: &[u8]| {
                let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                let cells = value["cells"].as_array().unwrap().clone();
                let source = |cell: &serde_json::Value| {
                    let lines = cell["source"].as_array().unwrap().iter();
                    lines.map(|l| l.as_str().unwrap().to_string()).collect::<String>()
                };
                cells
                    .iter()
                    .map(|c| (c["cell_type"].as_str().unwrap().to_string(), source(c)))
                    .collect::<Vec<_>>()
            };
            let plain = put(book.as_bytes(), "plain words");
            for ((kind, said), (_, plain)) in cells(&first.bytes).iter().zip(cells(&plain.bytes)) {
                assert_eq!(said.lines().count(), plain.lines().count(), "{words:?}: {said}");
                if kind == "markdown" {
                    let said =
                        structure(said).into_iter().filter(|s| !s.contains("span")).collect::<Vec<_>>();
                    assert_eq!(said, structure(&plain), "{words:?}");
                } else {
                    // A string of Python: what stands in it is JSON's, which Python reads alike.
                    let line = said.lines().find(|l| l.starts_with("alt = ")).unwrap();
                    let read: String = serde_json::from_str(line.trim_start_matches("alt = ")).unwrap();
                    assert_eq!(read, item_of(words, Lang::En).alt.in_json());
                }
            }
        }
    }
}

#[test]
fn pairs_of_markers_are_the_only_way_into_a_file() {
    // Words that hold another block's markers do not close that block either.
    let spec = Kind::Markdown.spec();
    let other = Filling { name: "other", source: SOURCE, force: false };
    let said = (spec.content)(&Setting {
        items: &[item_of(HOSTILE[1], Lang::En)],
        shown: Shown::Both,
        around: Around::Text,
    });
    let first = put(spec, b"a\n", &said).unwrap();
    let both =
        splice(&first.bytes, (spec.comment, spec.verbatim), other, &said, || Ok(first.bytes.len())).unwrap();
    assert_eq!(put(spec, &both.bytes, &said).unwrap().state, State::Current);
}
