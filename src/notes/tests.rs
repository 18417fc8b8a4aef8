use proptest::prelude::*;

use super::block::{Filling, Spliced, State, checksum, splice};
use super::*;

fn item() -> Item {
    Item {
        id: "net-gradient-heatmap".into(),
        title: Words::new("A 9.4 % & more"),
        caption: Words::new("A 9.4 % & more. x_1 [y] $z$ #k."),
        alt: Words::new("Rows \"a\" <b> {c} \\ 3.2\u{a0}×\u{a0}10⁻⁹"),
        reading: Words::new("Here 10⁻³ falls."),
        lang: Lang::En,
        width: 960,
        height: 600,
        size: Size::Screen,
        titled: false,
    }
}

fn content(spec: &Spec, shown: Shown) -> String {
    (spec.content)(&Setting { items: &[item()], shown, around: Around::Text })
}

/// The marker of a run with this checksum.
pub(super) const SOURCE: &str = "0123456789abcdef";

fn filling(force: bool) -> Filling<'static> {
    Filling { name: "net", source: SOURCE, force }
}

pub(super) fn put(spec: &Spec, text: &[u8], content: &str) -> Result<Spliced, Problem> {
    put_as(filling(false), spec, text, content)
}

fn put_as(filling: Filling, spec: &Spec, text: &[u8], content: &str) -> Result<Spliced, Problem> {
    splice(text, (spec.comment, spec.verbatim), filling, content, || (spec.place)(text, spec))
}

fn text_formats() -> impl Iterator<Item = &'static Spec> {
    FORMATS.iter().filter(|s| s.kind != Kind::Notebook)
}

/// A file that the format could be: where it has to have a place, it has one.
pub(super) fn file_of(spec: &Spec, bytes: &[u8]) -> Vec<u8> {
    match spec.kind {
        Kind::Reveal => [b"<section></section>".as_slice(), bytes].concat(),
        _ => bytes.to_vec(),
    }
}

/// Lines of any bytes, with line ends of both kinds and none, and with words that mean something to some
/// format.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just("\u{feff}".as_bytes().to_vec()),
        Just(b"\\end{document}".to_vec()),
        Just(b"</body>".to_vec()),
        Just(b"<!-- gradfade is a program -->".to_vec()),
        Just(b"% gradfade".to_vec()),
        Just(b"\xff\xfe\x80".to_vec()),
        "[a-z <>%/]{0,12}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn every_other_byte_stays_and_a_second_call_changes_nothing(bytes in bytes()) {
        for spec in text_formats() {
            let before = file_of(spec, &bytes);
            let Ok(first) = put(spec, &before, "one\n\ntwo\n") else { continue };
            prop_assert_eq!(first.state, State::New);
            // What was put in is one piece; without it the file is the author's.
            let same = before.iter().zip(&first.bytes).take_while(|(a, b)| a == b).count();
            let mut cut = None;
            for start in (0..=same).rev() {
                let end = start + first.bytes.len() - before.len();
                if first.bytes[..start] == before[..start] && first.bytes[end..] == before[start..] {
                    cut = Some(start..end);
                    break;
                }
            }
            prop_assert!(cut.is_some(), "{}", spec.name);
            let again = put(spec, &first.bytes, "one\n\ntwo\n").unwrap();
            prop_assert_eq!(again.state, State::Current);
            prop_assert_eq!(&again.bytes, &first.bytes);
            // Another content and back: the same bytes as before.
            let other = put(spec, &first.bytes, "three\n").unwrap();
            prop_assert_eq!(other.state, State::Stale);
            prop_assert_eq!(&put(spec, &other.bytes, "one\n\ntwo\n").unwrap().bytes, &first.bytes);
        }
    }

    #[test]
    fn damaged_markers_never_panic(bytes in bytes(), cut in 0_usize..400) {
        for spec in text_formats() {
            let Ok(first) = put(spec, &file_of(spec, &bytes), "one\n") else { continue };
            let _ = put(spec, &first.bytes[..cut.min(first.bytes.len())], "two\n");
            let _ = put(spec, &first.bytes[cut.min(first.bytes.len())..], "two\n");
        }
    }
}

#[test]
fn a_signed_picture_is_known_until_one_byte_changes() {
    let png = [b"\x89PNG\r\n".as_slice(), b"....", b"\0\0\0\0IEND\xae\x42\x60\x82"].concat();
    for (format, picture) in [
        (Format::Svg, b"<svg>\n</svg>\n".to_vec()),
        (Format::Pdf, b"%PDF-1.7\r\nstartxref\n9\n%%EOF".to_vec()),
        (Format::Png, png),
    ] {
        let signed = signature::signed(format, &picture, SOURCE);
        assert_eq!(signature::source_of(format, &signed).as_deref(), Some(SOURCE));
        assert_eq!(signature::source_of(format, &picture), None);
        for i in 0..signed.len() {
            let mut other = signed.clone();
            other[i] ^= 1;
            assert_eq!(signature::source_of(format, &other), None, "{format}: byte {i}");
            assert_eq!(signature::source_of(format, &signed[..i]), None, "{format}: cut at {i}");
        }
    }
    let svg = String::from_utf8(signature::signed(Format::Svg, b"<svg>\n</svg>\n", SOURCE)).unwrap();
    assert!(signature::source_of(Format::Svg, svg.replace('\n', "\r\n").as_bytes()).is_some());
}

fn markdown(text: &str, force: bool) -> Result<Spliced, Problem> {
    let spec = Kind::Markdown.spec();
    splice(text.as_bytes(), (spec.comment, spec.verbatim), filling(force), "new\n", || Ok(text.len()))
}

#[test]
fn an_empty_pair_of_markers_is_the_place_and_its_indent_is_kept() {
    let text = "- item\r\n\r\n  <!-- gradfade begin net -->\r\n  <!-- gradfade end net -->\r\n\r\nafter";
    let spliced = markdown(text, false).unwrap();
    let sum = checksum(b"  new\n");
    let expected = format!(
        "- item\r\n\r\n  <!-- gradfade begin net {sum} {SOURCE} -->\r\n  new\r\n  <!-- gradfade end net -->\r\n\r\nafter"
    );
    assert_eq!(String::from_utf8(spliced.bytes).unwrap(), expected);
}

#[test]
fn markers_in_a_fence_of_code_are_text() {
    let text = "````md\n```\n<!-- gradfade begin net -->\n````\n";
    let spliced = markdown(text, false).unwrap();
    assert!(spliced.bytes.starts_with(text.as_bytes()));
    assert_eq!(put(Kind::Markdown.spec(), b"```\nopen", "new\n"), Err(Problem::EndsInCode));
}

#[test]
fn a_carriage_return_before_a_new_block_is_not_taken_for_its_line_ends() {
    for text in ["\r", "a\r", "a\r\nb\nc\r"] {
        let first = markdown(text, false).unwrap();
        assert_eq!(
            markdown(std::str::from_utf8(&first.bytes).unwrap(), false).unwrap().state,
            State::Current,
            "{text:?}"
        );
    }
}

#[test]
fn an_edited_block_needs_force_unless_nothing_new_would_be_written() {
    let written = String::from_utf8(markdown("", false).unwrap().bytes).unwrap();
    let edited = written.replace("new", "new, and mine");
    assert_eq!(markdown(&edited, false).unwrap().state, State::Kept);
    assert_eq!(markdown(&edited, false).unwrap().bytes, edited.as_bytes());
    let older = String::from_utf8(put(Kind::Markdown.spec(), b"", "old\n").unwrap().bytes).unwrap();
    let edited = older.replace("old", "old, and mine");
    assert_eq!(markdown(&edited, false), Err(Problem::Edited { name: "net".into() }));
    assert_eq!(markdown(&edited, true).unwrap().bytes, written.as_bytes());
    // Version control may turn line ends around: no edit.
    assert_eq!(markdown(&older.replace('\n', "\r\n"), false).unwrap().state, State::Stale);
    // Words between markers without a checksum are the author's.
    let own = "<!-- gradfade begin net -->\nmine\n<!-- gradfade end net -->\n";
    assert_eq!(markdown(own, false), Err(Problem::Edited { name: "net".into() }));
}

#[test]
fn damaged_markers_are_named_with_their_line() {
    let problem = |text: &str| markdown(text, true).unwrap_err();
    let (begin, end) = ("<!-- gradfade begin net -->\n", "<!-- gradfade end net -->\n");
    let name = || "net".to_string();
    assert_eq!(problem(&format!("a\n{begin}b\n")), Problem::NoEnd { name: name(), line: 2 });
    assert_eq!(problem(&format!("a\n{end}")), Problem::NoBegin { name: name(), line: 2 });
    assert_eq!(problem(&format!("{begin}{begin}{end}")), Problem::NoEnd { name: name(), line: 1 });
    assert_eq!(problem(&format!("{begin}{end}\n{begin}{end}")), Problem::Twice { name: name(), line: 4 });
    assert_eq!(problem("<!-- gradfade begin -->\n"), Problem::Marker { line: 1 });
    let (other, end_of_other) = ("<!-- gradfade begin other -->\n", "<!-- gradfade end other -->\n");
    let no_begin = Problem::NoBegin { name: "other".into(), line: 2 };
    assert_eq!(problem(&format!("{begin}{end_of_other}{end}")), no_begin);
    assert_eq!(problem(&format!("{begin}{end_of_other}")), Problem::NoEnd { name: name(), line: 1 });
    // Nested and crossed: what stands wrong is the block that begins inside another.
    for text in [format!("{begin}{other}{end_of_other}{end}"), format!("{begin}{other}{end}{end_of_other}")] {
        let nested = Problem::Nested { name: "other".into(), line: 2, outer: name() };
        assert_eq!(problem(&text), nested);
    }
    // Blanks inside the comment are a matter of taste.
    let tight = "<!--gradfade begin net-->\n<!--gradfade end net-->\n";
    assert_eq!(
        markdown(tight, false).unwrap().bytes,
        markdown(&format!("{begin}{end}"), false).unwrap().bytes
    );
}

#[test]
fn a_second_block_stands_behind_the_first() {
    let other = Filling { name: "other", ..filling(false) };
    for spec in text_formats() {
        let slide = "<section>\nwords\n</section>\n";
        let words = content(spec, Shown::Only(Theme::Light));
        let first = put(spec, &file_of(spec, b"text\n"), &(words + slide)).unwrap();
        let second = put_as(other, spec, &first.bytes, "<section>\nnew\n</section>\n").unwrap();
        let at = |word: &str| String::from_utf8_lossy(&second.bytes).find(word).unwrap();
        assert!(at("gradfade end net") < at("gradfade begin other"), "{}", spec.name);
        // Both are renewed on their own from then on.
        assert_eq!(put(spec, &second.bytes, "new\n").unwrap().state, State::Stale, "{}", spec.name);
        assert_eq!(put_as(other, spec, &second.bytes, "new\n").unwrap().state, State::Stale, "{}", spec.name);
    }
    let mut drawn =
        notebook::splice(NOTEBOOK.as_bytes(), filling(false), &[item()], &pictures(), Shown::Both).unwrap();
    drawn = notebook::splice(&drawn.bytes, other, &[item()], &pictures(), Shown::Both).unwrap();
    let book = parsed(&drawn.bytes);
    let blocks: Vec<_> = (1..5).map(|i| book["cells"][i]["metadata"]["gradfade"]["block"].clone()).collect();
    assert_eq!(blocks, ["net", "net", "other", "other"]);
}

#[test]
fn another_run_does_not_take_a_block_over() {
    let of_other = |force| Filling { source: "fedcba9876543210", ..filling(force) };
    let refused = Err(Problem::OtherRun { name: "net".into() });
    for spec in text_formats() {
        let first = put(spec, &file_of(spec, b"text\n"), "old\n").unwrap();
        assert_eq!(put_as(of_other(false), spec, &first.bytes, "new\n"), refused, "{}", spec.name);
        // Nothing would be new.
        let same = put_as(of_other(false), spec, &first.bytes, "old\n").unwrap();
        assert_eq!((same.state, &same.bytes), (State::Current, &first.bytes));
        let forced = put_as(of_other(true), spec, &first.bytes, "new\n").unwrap();
        assert_eq!(put_as(of_other(false), spec, &forced.bytes, "newer\n").unwrap().state, State::Stale);
    }
    let put = |text: &[u8], filling, svg: &str| {
        let drawn = [notebook::Pictures { svg: svg.into(), ..pictures().remove(0) }];
        notebook::splice(text, filling, &[item()], &drawn, Shown::Only(Theme::Light))
    };
    let first = put(NOTEBOOK.as_bytes(), filling(false), "<svg/>").unwrap();
    assert_eq!(put(&first.bytes, of_other(false), "<svg id='2'/>"), refused);
    assert_eq!(put(&first.bytes, of_other(false), "<svg/>").unwrap().state, State::Current);
    let forced = put(&first.bytes, of_other(true), "<svg id='2'/>").unwrap();
    assert_eq!(put(&forced.bytes, of_other(false), "<svg id='3'/>").unwrap().state, State::Stale);
}

#[test]
fn a_document_loads_graphicx_where_its_preamble_does() {
    let hints = |text: &str| latex::hints(text.as_bytes(), Lang::En);
    let body = "\\begin{document}\nuse graphicx\n";
    let class = "\\documentclass{article}\n";
    assert_eq!(hints(&format!("{class}\\usepackage{{graphicx}}\n{body}")), [""; 0]);
    assert_eq!(hints(&format!("{class}5 \\% \\usepackage{{amsmath,graphicx}}{body}")), [""; 0]);
    for line in ["", "% \\usepackage{graphicx}\n", "x \\\\% \\usepackage{graphicx}\n"] {
        assert_eq!(
            hints(&format!("{class}{line}{body}")),
            ["add \\usepackage{graphicx} to the preamble"],
            "{line}"
        );
    }
}

#[test]
fn new_blocks_go_where_the_format_ends() {
    let after = |kind: Kind, text: &str| {
        let bytes = put(kind.spec(), text.as_bytes(), "new\n").unwrap().bytes;
        String::from_utf8(bytes).unwrap()
    };
    let tex = after(Kind::Latex, "text\n\\end{document}\n% \\end{document}\n");
    assert!(tex.ends_with("% gradfade end net\n\\end{document}\n% \\end{document}\n"), "{tex}");
    let html = after(Kind::Html, "<p>x</p></body></html>");
    assert!(html.ends_with("<!-- gradfade end net -->\n</body></html>"), "{html}");
    let html = after(Kind::Html, "<p>x</p>\n\t </body>\n");
    assert!(html.ends_with("<!-- gradfade end net -->\n\t </body>\n"), "{html}");
    let slides = after(Kind::Reveal, "<section>a</section>\n</div>\n");
    assert!(slides.ends_with("<!-- gradfade end net -->\n</div>\n"), "{slides}");
    assert_eq!(put(Kind::Reveal.spec(), b"<p>", "new\n"), Err(Problem::NoSlides));
    assert_eq!(put(Kind::Latex.spec(), b"\\documentclass[a4]{beamer}\n", "new\n"), Err(Problem::Beamer));
}

#[test]
fn words_cannot_break_the_format_that_they_stand_in() {
    let html = content(Kind::Html.spec(), Shown::Both);
    assert!(html.contains("alt=\"Rows &quot;a&quot; &lt;b&gt; &#123;c} \\ 3.2"), "{html}");
    assert!(html.contains("(prefers-color-scheme: dark)") && html.contains("-dark.svg"));
    let tex = content(Kind::Latex.spec(), Shown::Only(Theme::Light));
    assert!(tex.contains("A 9.4 \\% \\& more. x\\_1 [y] \\$z\\$ \\#k."), "{tex}");
    assert!(tex.contains("Here 10$^{-3}$ falls."), "{tex}");
    assert!(tex.contains("alt={Rows \"a\" <b> \\{c\\}   3.2 ×"), "{tex}");
    let typ = content(Kind::Typst.spec(), Shown::Only(Theme::Light));
    assert!(
        typ.contains("x\\_1 \\[y\\] \\$z\\$ \\#k.") && typ.contains("alt: \"Rows \\\"a\\\" <b>"),
        "{typ}"
    );
    let md = content(Kind::Markdown.spec(), Shown::Both);
    assert!(md.contains("x\\_1 \\[y\\] \\$z\\$ \\#k."), "{md}");
    let qmd = content(Kind::Quarto.spec(), Shown::Only(Theme::Light));
    assert!(qmd.contains(r#"heatmap.png){fig-alt="Rows \"a\" &lt;b> &#123;c} \\ 3.2"#), "{qmd}");
    // Emphasis that ends between punctuation and a Han character is none in CommonMark.
    let chinese = Item { lang: Lang::Zh, ..item() };
    let md = (Kind::Markdown.spec().content)(&Setting {
        items: &[chinese],
        shown: Shown::Both,
        around: Around::Text,
    });
    assert!(md.contains("**怎样看图**：Here"), "{md}");
    // A blank line would end the HTML of an mdBook figure.
    let book = content(Kind::MdBook.spec(), Shown::Both);
    assert!(!book.trim_end().contains("\n\n") && book.matches("<img").count() == 2, "{book}");
}

#[test]
fn a_picture_on_paper_is_included_as_wide_as_it_was_drawn() {
    let said = |kind: Kind, size: Size, around: Around| {
        let item = Item { size, ..item() };
        (kind.spec().content)(&Setting { items: &[item], shown: Shown::Only(Theme::Light), around })
    };
    let tex = said(Kind::Latex, Size::Text, Around::Text);
    // The text of a plain article is 345 pt wide, and 72.27 pt are an inch.
    assert!(12.0 < 345.0 / 72.27 * 2.54 && tex.contains("\\includegraphics[width=12cm,"), "{tex}");
    assert!(tex.contains("\\makebox[\\linewidth][c]{") && tex.contains("heatmap-text.pdf}"), "{tex}");
    let narrow = said(Kind::Latex, Size::Column, Around::Columns);
    assert!(narrow.contains("\\begin{figure}[htbp]") && narrow.contains("width=8cm"), "{narrow}");
    // What is wider than a column stands across both.
    let wide = said(Kind::Latex, Size::Page, Around::Columns);
    assert!(
        wide.contains("\\begin{figure*}") && wide.contains("\\end{figure*}") && wide.contains("width=17cm")
    );
    let slide = said(Kind::Latex, Size::Beamer, Around::Slide);
    assert!(slide.contains("\\ifdim\\linewidth<14cm") && !slide.contains("\\caption"), "{slide}");
    assert!(slide.contains("\\note{\\textbf{How to read this.} Here"), "{slide}");
    let typ = said(Kind::Typst, Size::Text, Around::Text);
    assert!(typ.contains("width: 12cm,"), "{typ}");
    // A picture for a screen has no width on paper.
    assert!(said(Kind::Latex, Size::Screen, Around::Text).contains("width=\\linewidth"));
    assert!(said(Kind::Typst, Size::Screen, Around::Text).contains("width: 100%"));
}

#[test]
fn pictures_of_one_figure_for_different_notes_have_different_names() {
    let mut names = Vec::new();
    for size in Size::ALL {
        for titled in [false, true] {
            for lang in Lang::ALL {
                for theme in [Theme::Light, Theme::Dark] {
                    names.push(Item { size, titled, lang, ..item() }.picture(theme, Format::Svg));
                }
            }
        }
    }
    let drawn: std::collections::BTreeSet<&String> = names.iter().collect();
    // Titled or not makes no difference except for a screen: no kind of notes shows one size both ways.
    assert_eq!(drawn.len(), (Size::ALL.len() + 1) * 4, "{names:?}");
    assert!(drawn.contains(&"gradfade/net-gradient-heatmap-dark.svg".to_string()));
}

// ---- notebooks

const NOTEBOOK: &str = "{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\",\n   \"id\": \"a\",\n   \"metadata\": {},\n   \
    \"source\": [\"\\\"x]}\\\\\"]\n  }\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";

pub(super) fn pictures() -> Vec<notebook::Pictures> {
    vec![notebook::Pictures { svg: "<svg/>\n".into(), png: vec![1, 2], pdf: vec![3] }]
}

fn cells(text: &[u8], svg: &str, force: bool) -> Result<Spliced, Problem> {
    let mut drawn = pictures();
    drawn[0].svg = svg.to_string();
    notebook::splice(text, filling(force), &[item()], &drawn, Shown::Only(Theme::Light))
}

fn parsed(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_notebook_gets_cells_and_keeps_every_other_byte() {
    for text in
        [NOTEBOOK.to_string(), NOTEBOOK.replace('\n', "\r\n"), parsed(NOTEBOOK.as_bytes()).to_string()]
    {
        let first = cells(text.as_bytes(), "<svg/>", false).unwrap();
        let book = parsed(&first.bytes);
        assert_eq!(book["cells"].as_array().unwrap().len(), 3);
        assert!(book["cells"][1]["id"].as_str().unwrap().starts_with("gradfade-"));
        let same = text.bytes().zip(&first.bytes).take_while(|(a, b)| a == *b).count();
        assert!(first.bytes.ends_with(&text.as_bytes()[same..]), "{text}");
        let again = cells(&first.bytes, "<svg/>", false).unwrap();
        assert_eq!((again.state, &again.bytes), (State::Current, &first.bytes));
        let other = cells(&first.bytes, "<svg id='2'/>", false).unwrap();
        assert_eq!(other.state, State::Stale);
        assert_eq!(cells(&other.bytes, "<svg/>", false).unwrap().bytes, first.bytes);
        if text.contains('\r') {
            assert_eq!(
                first.bytes.iter().filter(|b| **b == b'\n').count(),
                first.bytes.windows(2).filter(|w| w == b"\r\n").count()
            );
        }
    }
}

#[test]
fn cells_that_were_run_are_no_edit_and_cleared_ones_are_stale() {
    let first = cells(NOTEBOOK.as_bytes(), "<svg/>", false).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut book = parsed(&first.bytes);
        change(&mut book["cells"][1]);
        cells(book.to_string().as_bytes(), "<svg/>", false).map(|s| s.state)
    };
    assert_eq!(with(&|cell| cell["execution_count"] = 7.into()), Ok(State::Current));
    assert_eq!(with(&|cell| cell["outputs"] = serde_json::json!([])), Ok(State::Stale));
    assert_eq!(with(&|cell| cell["source"] = "mine".into()), Ok(State::Kept));
    let mut book = parsed(&first.bytes);
    book["cells"][2]["source"] = "mine".into();
    let text = book.to_string();
    assert_eq!(cells(text.as_bytes(), "<svg id='2'/>", false), Err(Problem::Edited { name: "net".into() }));
    assert_eq!(cells(text.as_bytes(), "<svg id='2'/>", true).unwrap().state, State::Stale);
}

#[test]
fn a_notebook_of_another_language_or_an_older_format_gets_what_it_can_hold() {
    let julia = NOTEBOOK.replace(
        "\"metadata\": {},\n \"nbformat\"",
        "\"metadata\": {\"kernelspec\": {\"language\": \"julia\"}},\n \"nbformat\"",
    );
    let book = parsed(&cells(julia.as_bytes(), "<svg/>", false).unwrap().bytes);
    assert_eq!(book["cells"].as_array().unwrap().len(), 2);
    assert_eq!(book["cells"][1]["attachments"]["net-gradient-heatmap.png"]["image/png"], "AQI=");
    let older = NOTEBOOK.replace("\"nbformat_minor\": 5", "\"nbformat_minor\": 4");
    assert!(parsed(&cells(older.as_bytes(), "<svg/>", false).unwrap().bytes)["cells"][1].get("id").is_none());
    let empty = "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}";
    assert_eq!(
        parsed(&cells(empty.as_bytes(), "<svg/>", false).unwrap().bytes)["cells"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn an_empty_pair_of_markers_in_a_cell_is_the_place() {
    let place =
        NOTEBOOK.replace("[\"\\\"x]}\\\\\"]", "\"<!-- gradfade begin net -->\\n<!-- gradfade end net -->\"");
    assert_ne!(place, NOTEBOOK);
    let first = cells(place.as_bytes(), "<svg/>", false).unwrap();
    let book = parsed(&first.bytes);
    assert_eq!(book["cells"].as_array().unwrap().len(), 2);
    assert_eq!(book["cells"][0]["cell_type"], "code");
    let half = place.replace("\\n<!-- gradfade end net -->", "");
    assert!(
        matches!(cells(half.as_bytes(), "<svg/>", true), Err(Problem::Notebook(what)) if what.contains("no end"))
    );
    let tight = place.replace("<!-- ", "<!--").replace(" -->", "-->");
    assert_eq!(cells(tight.as_bytes(), "<svg/>", false).unwrap().bytes, first.bytes);
    assert_eq!(notebook::empty_pairs(tight.as_bytes()), ["net"]);
}

#[test]
fn malformed_notebooks_are_refused() {
    for text in [
        "",
        "[]",
        "{",
        "{\"nbformat\": 3, \"cells\": []}",
        "{\"nbformat\": 4}",
        "{\"nbformat\": 4, \"cells\": [1]}",
        "{\"nbformat\": 4, \"cells\": [], \"cells\": []}",
        "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\"}]}",
    ] {
        assert!(matches!(cells(text.as_bytes(), "<svg/>", true), Err(Problem::Notebook(_))), "{text}");
    }
}

// ---- mdBook

/// What mdBook sends; 0.4 calls the list `sections`, 0.5 `items`.
fn sent(key: &str, content: &str) -> String {
    let inner = serde_json::json!({"Chapter": {"name": "B", "content": content, "number": [1, 1], "sub_items": [], "path": "b.md", "source_path": "b.md", "parent_names": ["A"]}});
    let chapter = serde_json::json!({"Chapter": {"name": "A", "content": "text", "number": [1], "sub_items": [inner], "path": "a.md", "source_path": "a.md", "parent_names": []}});
    let book = serde_json::json!({key: ["Separator", {"PartTitle": "P"}, chapter], "__non_exhaustive": null});
    serde_json::json!([{"root": "/book", "config": {}, "renderer": "html", "mdbook_version": "0"}, book])
        .to_string()
}

#[test]
fn the_preprocessor_fills_blocks_of_both_versions_of_mdbook() {
    let chapter = "before\n\n```gradfade\nrun = \"../runs/a\"\nlang = \"zh\"\n```\n\n````md\n```gradfade\nrun = 1\n```\n````\nafter";
    for key in ["sections", "items"] {
        let mut asked = Vec::new();
        let out = preprocessor::run(sent(key, chapter).as_bytes(), |request, root, id| {
            asked.push((request.folders(root), request.lang.clone(), id.to_string()));
            Ok("\n<figure></figure>\n".into())
        })
        .unwrap();
        assert_eq!(asked, [(vec![PathBuf::from("/book/../runs/a")], Some("zh".into()), "gradfade-1".into())]);
        let new = "before\n\n\n<figure></figure>\n\n````md\n```gradfade\nrun = 1\n```\n````\nafter";
        let expected: serde_json::Value = parsed(sent(key, new).as_bytes());
        assert_eq!(parsed(&out), expected[1]);
    }
}

#[test]
fn the_preprocessor_sees_what_mdbook_takes_for_code() {
    let filled = |content: &str| {
        let out = preprocessor::run(sent("items", content).as_bytes(), |_, _, _| {
            Ok("\n<figure>\n</figure>\n\n".into())
        });
        parsed(&out.unwrap())["items"][2]["Chapter"]["sub_items"][0]["Chapter"]["content"]
            .as_str()
            .unwrap()
            .to_string()
    };
    let block = "```gradfade\nrun = \"a\"\n```\n";
    let indented = block.replace("```", "    ```").replace("run", "    run");
    assert_eq!(
        filled(&format!("1.  one\n\n{indented}    after\n")),
        "1.  one\n\n    \n    <figure>\n    </figure>\n\n    after\n"
    );
    assert_eq!(
        filled(&format!("> {}after\n", block.replace('\n', "\n> "))),
        "> \n> <figure>\n> </figure>\n>\n> after\n"
    );
    for code in [
        indented.as_str(),
        "<!--\n```gradfade\nrun = 1\n```\n-->\n",
        "<pre>\n```gradfade\nrun = 1\n```\n</pre>\n",
    ] {
        assert_eq!(filled(code), code);
    }
}

#[test]
fn a_figure_speaks_the_language_of_its_book_unless_its_block_says_otherwise() {
    let speaks = |book: &str, block: &str| {
        let mut pair = parsed(sent("items", &format!("```gradfade\nrun = \"a\"\n{block}```\n")).as_bytes());
        pair[0]["config"] = serde_json::json!({"book": {"language": book}});
        let mut said = None;
        preprocessor::run(pair.to_string().as_bytes(), |request, _, _| {
            said = Some(request.lang.clone());
            Ok(String::new())
        })
        .unwrap();
        said.unwrap()
    };
    let chinese = Some("zh".to_string());
    for (book, lang) in
        [("zh", &chinese), ("zh_CN", &chinese), ("zh-Hans-CN", &chinese), ("zh-TW", &None), ("de", &None)]
    {
        assert_eq!(speaks(book, ""), *lang, "{book}");
    }
    assert_eq!(speaks("zh", "lang = \"en\"\n"), Some("en".to_string()));
}

#[test]
fn the_preprocessor_names_the_chapter_and_line_of_a_mistake() {
    let problem = |content: &str| {
        let error =
            preprocessor::run(sent("items", content).as_bytes(), |_, _, _| Err("no run".into())).unwrap_err();
        error.to_string()
    };
    assert_eq!(problem("a\n```gradfade\nrun = \"x\"\n```\n"), "b.md: line 2: no run");
    assert!(problem("```gradfade\nruns = \"x\"\n```\n").starts_with("b.md: line 1: "));
    let quoted = problem("```gradfade\nrun = ../runs/deep  # mine\n```\n");
    assert!(quoted.ends_with("put it in quotes: run = \"../runs/deep\""), "{quoted}");
    assert!(!problem("```gradfade\nruns = 1\n```\n").contains("quotes"));
    assert_eq!(problem("```gradfade\nrun = \"x\"\n"), "b.md: line 1: this block has no end");
    for input in ["", "{}", "[{}]", "[{\"root\": \"/\"}, {}]"] {
        assert!(preprocessor::run(input.as_bytes(), |_, _, _| Ok(String::new())).is_err(), "{input}");
    }
}

#[test]
fn a_block_shows_every_picture_that_is_written() {
    // Every kind says which pictures it shows, in each of the three ways.
    for spec in FORMATS {
        for shown in [Shown::Both, Shown::Only(Theme::Light), Shown::Only(Theme::Dark)] {
            let pictures = (spec.pictures)(shown);
            assert!(!pictures.is_empty(), "{}", spec.name);
            let said = content(spec, shown);
            for (theme, format) in pictures {
                let picture = item().picture(theme, format);
                assert!(spec.kind == Kind::Notebook || said.contains(&picture), "{}: {picture}", spec.name);
            }
        }
    }
}
