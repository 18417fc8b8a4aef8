//! mdBook's protocol for preprocessors: `[context, book]` as JSON comes in, the book goes out.
//!
//! A fenced block of the language `gradfade` holds a few lines of TOML and becomes a figure that needs no
//! file of its own:
//!
//! ````text
//! ```gradfade
//! run = "../runs/sigmoid"        # from the book's folder; a sweep is a run here; a list compares runs
//! figure = "gradient-heatmap"    # optional, and so are the rest
//! lang = "zh"
//! theme = "dark"                 # light or dark; without it the reader's theme decides
//! ```
//! ````
//!
//! mdBook 0.4 calls the list of chapters `sections`, 0.5 `items`. Both are found, whatever else is in the
//! book, since only chapters are looked for.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::verbatim::fences;
use super::{Item, Shown, markdown};
use crate::figure::chart::Figure;
use crate::render::{self, RenderError, Style, Theme};

/// What a block asks for.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// None for a figure that needs none.
    #[serde(default)]
    pub run: Runs,
    pub figure: Option<String>,
    pub lang: Option<String>,
    pub theme: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Runs {
    One(PathBuf),
    Many(Vec<PathBuf>),
}

impl Default for Runs {
    fn default() -> Runs {
        Runs::Many(Vec::new())
    }
}

impl Request {
    /// The run folders, seen from the book's.
    pub fn folders(&self, root: &Path) -> Vec<PathBuf> {
        match &self.run {
            Runs::One(one) => vec![root.join(one)],
            Runs::Many(many) => many.iter().map(|run| root.join(run)).collect(),
        }
    }
}

/// Why a book cannot be built.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    #[error("the input is not that of mdBook ({0}); run `mdbook build`, which calls this program")]
    Protocol(String),
    #[error("{chapter}: line {line}: {what}")]
    Block { chapter: String, line: usize, what: String },
}

/// True for renderers that show what we write.
pub fn supports(renderer: &str) -> bool {
    renderer == "html"
}

/// Is this language of a book the Chinese that figures speak? Tags as in BCP 47, whatever the case.
fn is_simplified_chinese(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase().replace('_', "-");
    tag == "zh" || ["zh-cn", "zh-sg", "zh-hans"].iter().any(|t| tag.starts_with(t))
}

/// The book with its figures; `draw` makes the HTML of one, or says why not.
///
/// # Errors
/// Input that is not mdBook's, and blocks that ask for what is not there.
pub fn run(
    input: &[u8],
    mut draw: impl FnMut(&Request, &Path, &str) -> Result<String, String>,
) -> Result<Vec<u8>, BookError> {
    let protocol = |what: &str| BookError::Protocol(what.to_string());
    let value: Value = serde_json::from_slice(input).map_err(|e| BookError::Protocol(e.to_string()))?;
    let Value::Array(mut pair) = value else { return Err(protocol("no pair of context and book")) };
    let (Some(mut book), Some(context), None) = (pair.pop(), pair.pop(), pair.pop()) else {
        return Err(protocol("no pair of context and book"));
    };
    let root =
        context.get("root").and_then(Value::as_str).ok_or_else(|| protocol("the context has no `root`"))?;
    let language = context.pointer("/config/book/language").and_then(Value::as_str).unwrap_or_default();
    let chinese = is_simplified_chinese(language).then(|| "zh".to_string());
    let mut count = 0;
    let key = if book.get("items").is_some() { "items" } else { "sections" };
    let chapters = book
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .ok_or_else(|| protocol("the book has no chapters"))?;
    for chapter in chapters {
        walk(chapter, &mut |name, content| {
            filled(name, content, |request| {
                count += 1;
                let request =
                    Request { lang: request.lang.clone().or_else(|| chinese.clone()), ..request.clone() };
                draw(&request, Path::new(root), &format!("gradfade-{count}"))
            })
        })?;
    }
    serde_json::to_vec(&book).map_err(|e| BookError::Protocol(e.to_string()))
}

type Fill<'a> = dyn FnMut(&str, &str) -> Result<Option<String>, BookError> + 'a;

fn walk(item: &mut Value, fill: &mut Fill) -> Result<(), BookError> {
    let Some(chapter) = item.get_mut("Chapter") else { return Ok(()) };
    let name = ["source_path", "path", "name"].iter().find_map(|key| chapter.get(key)?.as_str());
    let name = name.unwrap_or("a chapter").to_string();
    if let Some(content) = chapter.get("content").and_then(Value::as_str)
        && let Some(new) = fill(&name, content)?
    {
        chapter["content"] = new.into();
    }
    if let Some(items) = chapter.get_mut("sub_items").and_then(Value::as_array_mut) {
        for item in items {
            walk(item, fill)?;
        }
    }
    Ok(())
}

/// What is wrong with a block. A word without quotes is the usual mistake, and TOML takes it for a number or
/// a date.
fn wrong(block: &str, error: &toml::de::Error) -> String {
    let what = error.message().lines().collect::<Vec<_>>().join(" ");
    if block.parse::<toml::Table>().is_ok() {
        return what;
    }
    let start = error.span().map_or(0, |span| span.start.min(block.len()));
    let line = block.lines().nth(block[..start].matches('\n').count()).unwrap_or_default();
    let line = line.split_once(" #").map_or(line, |(before, _)| before);
    match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
        Some((key, value)) if !value.is_empty() && !value.starts_with(['"', '\'', '[']) => {
            format!("{what}; put it in quotes: {key} = \"{value}\"")
        }
        _ => what,
    }
}

/// The chapter's text with figures in place of its blocks; `None` where it has none.
fn filled(
    chapter: &str,
    text: &str,
    mut draw: impl FnMut(&Request) -> Result<String, String>,
) -> Result<Option<String>, BookError> {
    let all = fences(text, "gradfade");
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for fence in &all {
        let error = |what| BookError::Block { chapter: chapter.to_string(), line: fence.line, what };
        if !fence.closed {
            return Err(error("this block has no end".into()));
        }
        let request: Request = toml::from_str(&fence.body).map_err(|e| error(wrong(&fence.body, &e)))?;
        let figure = draw(&request).map_err(error)?;
        out += &text[at..fence.range.start];
        // The figure stays in the list or the quotation that its block stood in.
        let blank = fence.prefix.trim_end();
        for (number, line) in figure.split_inclusive('\n').enumerate() {
            let prefix = if line.trim().is_empty() { blank } else { &fence.prefix };
            out += if number == 0 { "" } else { prefix };
            out += line;
        }
        at = fence.range.end;
    }
    out += &text[at..];
    Ok((!all.is_empty()).then_some(out))
}

/// A figure as HTML with its pictures inside.
///
/// # Errors
/// Those of drawing.
pub fn html(figure: &Figure, id: &str, style: &Style, theme: Option<Theme>) -> Result<String, RenderError> {
    let figure = Figure { name: format!("{id}-{}", figure.name), ..figure.clone() };
    let shown = theme.map_or(Shown::Both, Shown::Only);
    let themes = theme.map_or(vec![Theme::Light, Theme::Dark], |theme| vec![theme]);
    let mut sources = Vec::new();
    for theme in themes {
        let svg = render::svg(&figure, &Style { theme, ..*style })?;
        sources.push((theme, format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg.as_bytes()))));
    }
    let source = |theme| sources.iter().find(|s| s.0 == theme).map(|s| s.1.clone()).unwrap_or_default();
    let mut item = Item::new(id, &figure);
    item.id = figure.name.clone();
    // A blank line on both sides ends the paragraph before and the HTML after.
    Ok(format!("\n{}\n", markdown::mdbook_figure(&item, shown, source)))
}
