//! Words of the glossary as text and as Markdown; `docs/glossary.md` and `docs/glossary.zh.md` are all of them.

use super::diagnosis::{Form, wrap};
use crate::diagnosis::Thresholds;
use crate::escape;
use crate::text::Lang;
use crate::text::glossary::{Entry, all};

/// Some words with their meaning, one block each.
pub fn text(lang: Lang, entries: &[&Entry], form: Form) -> String {
    let block = |entry: &&Entry| {
        let heading = lang.glossary_heading(entry);
        let (limits, see) = (limits(lang, entry), see_also(lang, entry, form));
        match form {
            Form::Text => {
                let lines: Vec<String> = [entry.text(lang).to_string(), limits, see]
                    .into_iter()
                    .filter(|line| !line.is_empty())
                    .map(|line| format!("  {line}\n"))
                    .collect();
                format!("{heading}\n{}", lines.concat())
            }
            Form::Markdown => {
                let id = format!("<a id=\"{}\"></a>", entry.key);
                let parts = [markdown(entry.text(lang)), markdown(&limits), see];
                let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                format!("### {id}{}\n\n{}\n", escape::markdown(&heading), parts.join("\n\n"))
            }
        }
    };
    let blocks: Vec<String> = entries.iter().map(block).collect();
    wrap(&blocks.join("\n"), form)
}

/// The whole glossary as a page; `command` explains single words.
pub fn page(lang: Lang, command: &str) -> String {
    let note = lang.glossary_note(&escape::markdown_code(command));
    format!("# {}\n\n{note}\n\n{}", lang.glossary(), text(lang, &all(), Form::Markdown))
}

/// Text whose code spans stay, and whose other marks are escaped.
fn markdown(text: &str) -> String {
    let part = |(i, part): (usize, &str)| match i % 2 {
        0 => escape::markdown(part),
        _ => format!("`{part}`"),
    };
    text.split('`').enumerate().map(part).collect()
}

/// The thresholds of a text with their usual values; empty where it has none.
fn limits(lang: Lang, entry: &Entry) -> String {
    let value = |key: &str| Thresholds::default().get(key).map(|value| lang.exact(value));
    let all: Vec<String> =
        entry.thresholds().into_iter().filter_map(|key| Some(format!("`{key}` {}", value(key)?))).collect();
    if all.is_empty() {
        String::new()
    } else {
        lang.title(&lang.usual_thresholds(), &[lang.enumeration(&all)])
    }
}

fn see_also(lang: Lang, entry: &Entry, form: Form) -> String {
    let all = all();
    let link = |key: &&str| {
        let name = all.iter().find(|other| other.key == *key).map_or(*key, |other| other.name(lang));
        match form {
            // What a terminal is asked for next.
            Form::Text => key.to_string(),
            Form::Markdown => format!("[{name}](#{key})"),
        }
    };
    let links: Vec<String> = entry.see.iter().map(link).collect();
    lang.title(&lang.see_also(), &[lang.enumeration(&links)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [&str; 2] =
        ["gradfade diagnose --explain WORD", "gradfade diagnose --lang zh --explain WORD"];

    /// Written anew with `gradfade diagnose --explain all --markdown` (and `--lang zh`).
    #[test]
    fn the_pages_of_the_documentation_are_what_the_table_says() {
        let docs = [include_str!("../../docs/glossary.md"), include_str!("../../docs/glossary.zh.md")];
        for ((lang, command), written) in Lang::ALL.into_iter().zip(COMMANDS).zip(docs) {
            assert!(page(lang, command) == written, "docs/glossary for {lang:?} is not what the table says");
        }
    }

    #[test]
    fn a_word_is_told_in_lines_that_a_terminal_can_show() {
        for lang in Lang::ALL {
            let told = text(lang, &all(), Form::Text);
            assert!(told.lines().all(|line| crate::text::columns(line) <= 112), "{told}");
        }
        let one = crate::text::glossary::find("alignment");
        let told = text(Lang::En, &one, Form::Text);
        assert!(
            told.starts_with("alignment\n  What is left") && told.contains("See also: weight-scale"),
            "{told}"
        );
        let one = text(Lang::En, &crate::text::glossary::find("signal_ratio")[..1], Form::Text);
        assert!(one.contains("`signal_ratio` 0.1, `layer_ratio` 0.25"), "{one}");
    }
}
