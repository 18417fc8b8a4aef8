//! Jupyter notebooks: cells of our own, and every byte of the others where it was.
//!
//! A Python notebook gets, for each figure, a code cell whose output is the picture (SVG, with a PNG and a
//! PDF for programs that cannot show that) and whose source shows it again when the notebook is run, and a
//! Markdown cell with the words. A notebook of another language gets a Markdown cell with the picture
//! attached. Cells carry the block's name in their metadata.
//!
//! The output's metadata hold the alternative text. nbconvert's pages leave it out, for SVG always; there the
//! words below the picture say what it shows. An output of HTML could carry it, but pages that clean foreign
//! HTML would show no picture.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::block::{Comment, Filling, Spliced, State, checksum, is_name, marker};
use super::verbatim::Verbatim;
use super::{Item, Kind, Problem, Shown, Spec, markdown};
use crate::render::{Format, Theme};

pub const SPEC: Spec = Spec {
    kind: Kind::Notebook,
    name: "notebook",
    endings: &["ipynb"],
    comment: Comment { open: "<!--", close: " -->" },
    verbatim: Verbatim::Lines(&[]),
    content: |_| String::new(),
    place: |text, _| Ok(text.len()),
    pictures: |shown| [Format::Svg, Format::Png, Format::Pdf].map(|format| (shown.first(), format)).into(),
};

/// A figure's pictures, as drawn.
pub(super) struct Pictures {
    pub svg: String,
    pub png: Vec<u8>,
    pub pdf: Vec<u8>,
}

/// A cell of ours: which part of the block it is, and the cell.
struct Part {
    part: String,
    cell: Value,
}

/// Where things stand in the text of a notebook.
struct Layout {
    cells: Range<usize>,
    spans: Vec<Range<usize>>,
    values: Vec<Value>,
    ids: bool,
    python: bool,
}

/// The list of cells as it stands in the text.
#[derive(Deserialize)]
struct Cells<'a> {
    #[serde(borrow)]
    cells: &'a RawValue,
}

/// The notebook with its block.
pub(super) fn splice(
    text: &[u8],
    filling: Filling,
    items: &[Item],
    drawn: &[Pictures],
    shown: Shown,
) -> Result<Spliced, Problem> {
    let Filling { name, source: runs, force } = filling;
    let layout = read(text)?;
    let old = ours(&layout, name)?;
    let parts = parts(&layout, filling, items, drawn, shown);
    let unedited = |i: &usize| {
        told(&layout.values[*i], "source") == Some(checksum(source(&layout.values[*i]).as_bytes()))
    };
    let same = old.len() == parts.len()
        && old.iter().zip(&parts).all(|(i, part)| {
            let (cell, new) = (&layout.values[*i], &part.cell);
            told(cell, "part") == told(new, "part")
                && told(cell, "content") == told(new, "content")
                && shows(cell, new)
        });
    let marker = old.len() == 1 && told(&layout.values[old[0]], "source").is_none();
    let edited = !marker && !old.iter().all(unedited);
    let of_another = old.iter().any(|i| told(&layout.values[*i], "run").is_some_and(|run| run != runs));
    if same && !((edited || of_another) && force) {
        let state = if edited { State::Kept } else { State::Current };
        return Ok(Spliced { bytes: text.to_vec(), state });
    }
    if of_another && !force {
        return Err(Problem::OtherRun { name: name.to_string() });
    }
    if edited && !force {
        return Err(Problem::Edited { name: name.to_string() });
    }
    let state = if old.is_empty() || marker { State::New } else { State::Stale };
    Ok(Spliced { bytes: written(text, &layout, &old, &parts), state })
}

/// Does the notebook hold a block of this name?
pub(super) fn holds(text: &[u8], name: &str) -> bool {
    read(text).and_then(|layout| ours(&layout, name)).is_ok_and(|found| !found.is_empty())
}

/// Names of cells that hold an empty pair of markers.
pub(super) fn empty_pairs(text: &[u8]) -> Vec<String> {
    let Ok(layout) = read(text) else { return Vec::new() };
    let named = |cell: &Value| {
        let text = source(cell);
        let name = text.lines().find_map(|line| marked(line, "begin"))?;
        (text.lines().filter(|l| !l.trim().is_empty()).count() == 2
            && text.lines().any(|l| marked(l, "end").as_ref() == Some(&name)))
        .then_some(name)
    };
    layout.values.iter().filter(|c| c["cell_type"] == "markdown").filter_map(named).collect()
}

/// The name in a marker of this kind.
fn marked(line: &str, kind: &str) -> Option<String> {
    let words = marker(line.as_bytes(), SPEC.comment)?;
    matches!(words.as_slice(), [word, name] if *word == kind && is_name(name)).then(|| words[1].to_string())
}

// ---- reading

fn read(text: &[u8]) -> Result<Layout, Problem> {
    let wrong = |what: &str| Problem::Notebook(what.to_string());
    let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let value: Value =
        serde_json::from_slice(&text[start..]).map_err(|e| Problem::Notebook(e.to_string()))?;
    let top = value.as_object().ok_or_else(|| wrong("its outermost value is no object"))?;
    if top.get("nbformat").and_then(Value::as_u64) != Some(4) {
        return Err(wrong("its `nbformat` is not 4; convert it with `jupyter nbconvert --to notebook`"));
    }
    let values =
        top.get("cells").and_then(Value::as_array).ok_or_else(|| wrong("it has no list `cells`"))?.clone();
    for (i, cell) in values.iter().enumerate() {
        let good = cell.get("cell_type").is_some_and(Value::is_string)
            && match cell.get("source") {
                Some(Value::String(_)) => true,
                Some(Value::Array(lines)) => lines.iter().all(Value::is_string),
                _ => false,
            };
        if !good {
            return Err(Problem::Notebook(format!("cell {} has no `cell_type` or no `source`", i + 1)));
        }
    }
    // Where the list and its cells stand in the text, so that no byte of the author's changes.
    let raw: Cells = serde_json::from_slice(&text[start..]).map_err(|e| Problem::Notebook(e.to_string()))?;
    let elements: Vec<&RawValue> =
        serde_json::from_str(raw.cells.get()).map_err(|e| Problem::Notebook(e.to_string()))?;
    let span = |raw: &RawValue| {
        let begin = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        begin..begin + raw.get().len()
    };
    let (cells, spans) = (span(raw.cells), elements.into_iter().map(span).collect());
    let metadata = |a: &str, b: &str| value.get("metadata")?.get(a)?.get(b)?.as_str().map(str::to_lowercase);
    let language = metadata("kernelspec", "language").or_else(|| metadata("language_info", "name"));
    Ok(Layout {
        cells,
        spans,
        values,
        ids: top.get("nbformat_minor").and_then(Value::as_u64).is_some_and(|minor| minor >= 5),
        python: language.is_none_or(|l| l.contains("python")),
    })
}

fn source(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or_default().to_string(),
    }
}

/// What our metadata says.
fn told(cell: &Value, key: &str) -> Option<String> {
    cell.get("metadata")?.get("gradfade")?.get(key)?.as_str().map(String::from)
}

/// Is the picture still there? The author may have cleared the outputs.
fn shows(cell: &Value, new: &Value) -> bool {
    let outputs = |c: &Value| c.get("outputs").and_then(Value::as_array).is_some_and(|o| !o.is_empty());
    let attached = |c: &Value| c.get("attachments").and_then(Value::as_object).is_some_and(|a| !a.is_empty());
    (outputs(cell) || !outputs(new)) && (attached(cell) || !attached(new))
}

/// Numbers of the cells of this block: those that carry its name, or the one that holds its empty pair of
/// markers.
fn ours(layout: &Layout, name: &str) -> Result<Vec<usize>, Problem> {
    let carried: Vec<usize> = (0..layout.values.len())
        .filter(|i| told(&layout.values[*i], "block").as_deref() == Some(name))
        .collect();
    let mut seen = Vec::new();
    for i in &carried {
        let part = told(&layout.values[*i], "part");
        if seen.contains(&part) {
            return Err(Problem::Notebook(format!(
                "cell {} repeats a cell of the block `{name}`; remove one of them",
                i + 1
            )));
        }
        seen.push(part);
    }
    let mut markers = Vec::new();
    for (i, cell) in layout.values.iter().enumerate().filter(|(_, c)| c["cell_type"] == "markdown") {
        let text = source(cell);
        let lines = text.lines().filter(|l| !l.trim().is_empty()).count();
        let has = |kind: &str| text.lines().any(|line| marked(line, kind).as_deref() == Some(name));
        match (has("begin"), has("end")) {
            (false, false) => {}
            (true, true) if lines == 2 => markers.push(i),
            (true, true) => {
                let what = "holds more than the markers; give them a cell of their own";
                return Err(Problem::Notebook(format!("cell {} {what}", i + 1)));
            }
            (true, false) => {
                return Err(Problem::Notebook(format!(
                    "cell {}: the block `{name}` has no end in this cell",
                    i + 1
                )));
            }
            (false, true) => {
                return Err(Problem::Notebook(format!(
                    "cell {}: the block `{name}` has no begin in this cell",
                    i + 1
                )));
            }
        }
    }
    match (carried.is_empty(), markers.as_slice()) {
        (_, []) => Ok(carried),
        (true, [one]) => Ok(vec![*one]),
        (_, [.., last]) => {
            Err(Problem::Notebook(format!("cell {}: a second block is called `{name}`", last + 1)))
        }
    }
}

// ---- writing

/// A text as notebooks keep it: a list of lines.
fn as_lines(text: &str) -> Value {
    text.split_inclusive('\n').map(Value::from).collect::<Vec<_>>().into()
}

fn parts(layout: &Layout, filling: Filling, items: &[Item], drawn: &[Pictures], shown: Shown) -> Vec<Part> {
    let mut parts = Vec::new();
    for (item, pictures) in items.iter().zip(drawn) {
        let caption = format!("*{}*\n", item.caption.markdown());
        let reading = markdown::reading(item);
        let words = if reading.is_empty() { caption } else { format!("{caption}\n{reading}") };
        let words = words.trim_end();
        if layout.python {
            let theme = shown.first();
            let cell = json!({
                "cell_type": "code",
                "execution_count": null,
                "metadata": hidden(),
                "outputs": [output(item, pictures)],
                "source": as_lines(&program(item, theme)),
            });
            parts.push(Part { part: format!("{}-picture", item.id), cell });
            let cell = json!({"cell_type": "markdown", "metadata": {}, "source": as_lines(words)});
            parts.push(Part { part: format!("{}-words", item.id), cell });
        } else {
            let file = format!("{}.png", item.id);
            let text = format!("![{}](attachment:{file})\n\n{words}", item.alt.markdown_alt());
            let cell = json!({
                "cell_type": "markdown",
                "metadata": {},
                "attachments": {file: {"image/png": STANDARD.encode(&pictures.png)}},
                "source": as_lines(&text),
            });
            parts.push(Part { part: format!("{}-words", item.id), cell });
        }
    }
    let taken: Vec<&str> = layout.values.iter().filter_map(|c| c.get("id")?.as_str()).collect();
    for part in &mut parts {
        let content = checksum(part.cell.to_string().as_bytes());
        let ours = json!({
            "block": filling.name,
            "run": filling.source,
            "part": part.part,
            "source": checksum(source(&part.cell).as_bytes()),
            "content": content,
        });
        part.cell["metadata"]["gradfade"] = ours;
        if layout.ids {
            // A notebook's ids have 1 to 64 letters and are its own.
            let mut id = format!("gradfade-{}", checksum(part.part.as_bytes()));
            let own = |c: &Value| told(c, "part").as_ref() == Some(&part.part);
            while taken.contains(&id.as_str())
                && !layout.values.iter().any(|c| c["id"] == id.as_str() && own(c))
            {
                id.push('x');
            }
            part.cell["id"] = id.into();
        }
    }
    parts
}

/// JupyterLab and Jupyter Book fold the source away, and nbconvert leaves it out.
fn hidden() -> Value {
    json!({"tags": ["hide-input"], "jupyter": {"source_hidden": true}, "transient": {"remove_source": true}})
}

fn output(item: &Item, pictures: &Pictures) -> Value {
    let alt = json!({"alt": item.alt.in_json(), "width": item.width});
    json!({
        "output_type": "display_data",
        "data": {
            "image/svg+xml": as_lines(&pictures.svg),
            "image/png": STANDARD.encode(&pictures.png),
            "application/pdf": STANDARD.encode(&pictures.pdf),
            "text/plain": as_lines(item.alt.in_json()),
        },
        "metadata": {"image/png": alt, "image/svg+xml": {"alt": item.alt.in_json()}},
    })
}

/// Shows the same picture from the files beside the notebook.
fn program(item: &Item, theme: Theme) -> String {
    let picture = |format| Value::from(item.picture(theme, format)).to_string();
    // A string of Python. Quarto looks for its `{{< >}}` in code too.
    let alt = Value::from(item.alt.in_json()).to_string().replace('{', "\\u007b");
    format!(
        "import base64, pathlib\nfrom IPython.display import display\n\n\
         alt = {alt}\n\
         svg, png, pdf = (pathlib.Path(p).read_bytes() for p in ({}, {}, {}))\n\
         display(\n    {{\n        \"image/svg+xml\": svg.decode(),\n        \
         \"image/png\": base64.b64encode(png).decode(),\n        \
         \"application/pdf\": base64.b64encode(pdf).decode(),\n        \"text/plain\": alt,\n    }},\n    \
         metadata={{\"image/png\": {{\"alt\": alt, \"width\": {}}}, \"image/svg+xml\": {{\"alt\": alt}}}},\n    raw=True,\n)",
        picture(Format::Svg),
        picture(Format::Png),
        picture(Format::Pdf),
        item.width
    )
}

/// A cell as the notebook's other cells are written: one space an indent, or theirs; one line where it has no
/// lines.
fn cell_text(cell: &Value, base: &str, eol: &str, compact: bool) -> String {
    if compact {
        return cell.to_string();
    }
    let unit = match base.len() {
        0 | 1 => " ",
        n => &base[..n / 2],
    };
    let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    let object: &Map<String, Value> = match cell {
        Value::Object(object) => object,
        _ => return cell.to_string(),
    };
    if serde::Serialize::serialize(object, &mut serializer).is_err() {
        return cell.to_string();
    }
    String::from_utf8_lossy(&out).replace('\n', &format!("{eol}{base}"))
}

fn written(text: &[u8], layout: &Layout, old: &[usize], parts: &[Part]) -> Vec<u8> {
    let eol = if text.windows(2).any(|w| w == b"\r\n") { "\r\n" } else { "\n" };
    let first = layout.spans.first().map_or(layout.cells.start, |s| s.start);
    let line = text[..first].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let lead = String::from_utf8_lossy(&text[line..first]);
    let many_lines = text.trim_ascii().contains(&b'\n');
    let own_line = lead.trim().is_empty() && !layout.spans.is_empty() && line > 0;
    let compact = !(own_line || layout.spans.is_empty() && many_lines);
    let base = if own_line { lead.as_ref() } else { "  " };
    let one = |part: &Part| cell_text(&part.cell, base, eol, compact);
    let join = if compact { ", ".to_string() } else { format!(",{eol}{base}") };
    // (where, what stands there then)
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    if layout.spans.is_empty() {
        let all = parts.iter().map(one).collect::<Vec<_>>().join(&join);
        let list = if compact { format!("[{all}]") } else { format!("[{eol}{base}{all}{eol} ]") };
        edits.push((layout.cells.clone(), list));
    } else if let Some((last, _)) = old.iter().zip(parts).next_back() {
        let paired = old.len().min(parts.len());
        for (i, part) in old.iter().zip(parts) {
            let mut new = one(part);
            if i == last {
                let more = parts[paired..].iter().map(|p| join.clone() + &one(p));
                new += &more.collect::<String>();
            }
            edits.push((layout.spans[*i].clone(), new));
        }
        for i in &old[paired..] {
            // There is a cell before each of these.
            edits.push((layout.spans[i - 1].end..layout.spans[*i].end, String::new()));
        }
    } else if let Some(end) = layout.spans.last().map(|s| s.end) {
        edits.push((end..end, parts.iter().map(|p| join.clone() + &one(p)).collect()));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        out.extend_from_slice(&text[at..range.start]);
        out.extend_from_slice(new.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}
