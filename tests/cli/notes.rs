//! `gradfade notes` and `mdbook-gradfade`: figures in every kind of notes, and notes that are left as they
//! were.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

use super::{gradfade, refused, room, stdout, train, tree};

/// A copy of the sample notes, and a run `net`.
fn desk() -> tempfile::TempDir {
    let dir = room();
    train(dir.path(), "net", &[]);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/notes"), dir.path());
    dir
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&there).unwrap();
            copy(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}

#[test]
fn every_kind_of_notes_gets_its_figure_once() {
    let dir = desk();
    let path = dir.path();
    for (into, file, says) in [
        ("lecture.md", "lecture.md", "![Sigmoid"),
        ("lecture.qmd", "lecture.qmd", "::: {#fig-net-gradient-heatmap}"),
        ("lecture.tex", "lecture.tex", "{gradfade/net-gradient-heatmap-text.pdf}"),
        ("lecture.typ", "lecture.typ", "<fig-net-gradient-heatmap>"),
        ("lecture.html", "lecture.html", "(prefers-color-scheme: dark)"),
        ("slides.html", "slides.html", "<section id=\"net-gradient-heatmap\""),
        ("lecture.ipynb", "lecture.ipynb", "image/svg+xml"),
        ("book", "book/src/vanishing.md", "gradfade/net-gradient-heatmap-dark.svg"),
    ] {
        let call = ["notes", "net", "--into", into];
        let check = [call.as_slice(), &["--check"]].concat();
        let before = tree(path);
        gradfade(path).args(&check).assert().code(5);
        assert_eq!(tree(path), before, "{into}: --check wrote");
        stdout(path, &call);
        let text = fs::read_to_string(path.join(file)).unwrap();
        assert!(text.contains(says), "{into}: {text}");
        assert!(text.contains("How to read this."), "{into}");
        let after = tree(path);
        assert_eq!(stdout(path, &call), "", "{into}");
        assert_eq!(tree(path), after, "{into}: a second call changed something");
        gradfade(path).args(&check).assert().success();
        // In another language it is another block.
        let chinese = [call.as_slice(), &["--lang", "zh"]].concat();
        gradfade(path).args(&chinese).arg("--check").assert().code(5);
        stdout(path, &chinese);
        assert!(fs::read_to_string(path.join(file)).unwrap().contains("怎样看图"), "{into}");
        stdout(path, &call);
        let back = tree(path);
        assert!(after.iter().all(|(file, bytes)| back[file] == *bytes), "{into}: there and back");
    }
}

/// Words that a picture draws, without its title and description for those who cannot see it.
fn drawn(svg: &str) -> String {
    let (_, drawing) = svg.split_once("</desc>").unwrap();
    let words =
        drawing.split("<text").skip(1).filter_map(|text| text.split_once('>')?.1.split("</text>").next());
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_title_stands_in_the_caption_or_in_the_picture_and_not_in_both() {
    let dir = desk();
    let path = dir.path();
    let read = |file: &str| fs::read_to_string(path.join("gradfade").join(file)).unwrap();
    for into in ["lecture.html", "slides.html", "lecture.tex"] {
        stdout(path, &["notes", "net", "--into", into]);
    }
    let title = "Sigmoid, ";
    let text = fs::read_to_string(path.join("lecture.html")).unwrap();
    assert!(text.contains(&format!("<figcaption>{title}")), "{text}");
    let page = read("net-gradient-heatmap.svg");
    assert!(page.contains(&format!(">{title}")) && !drawn(&page).contains(title), "{page}");
    assert!(drawn(&page).contains("step ("), "{page}");
    // No caption stands on a slide.
    let slide = read("net-gradient-heatmap-slide-dark.svg");
    assert!(drawn(&slide).contains(title), "{slide}");
    assert!(slide.contains("width=\"1280\" height=\"720\""), "{}", &slide[..300]);
    // A size that was asked for is another picture; that of other notes stays.
    let before = tree(path);
    stdout(path, &["notes", "net", "--into", "lecture.tex", "--size", "page"]);
    let tex = fs::read_to_string(path.join("lecture.tex")).unwrap();
    assert!(tex.contains("width=17cm") && tex.contains("net-gradient-heatmap-page.pdf"), "{tex}");
    let after = tree(path);
    assert!(before.iter().all(|(file, bytes)| file.ends_with("lecture.tex") || after[file] == *bytes));
    refused(path, 2, &["notes", "net", "--into", "lecture.tex", "--size", "paper"], &["--size", "column"]);
}

#[test]
fn a_frame_of_beamer_gets_the_picture_without_a_caption() {
    let dir = desk();
    let path = dir.path();
    let frame = "\\documentclass{beamer}\n\\begin{document}\n\\begin{frame}\n% gradfade begin net\n% gradfade end net\n\\end{frame}\n\\end{document}\n";
    fs::write(path.join("slides.tex"), frame).unwrap();
    stdout(path, &["notes", "net", "--into", "slides.tex"]);
    let tex = fs::read_to_string(path.join("slides.tex")).unwrap();
    assert!(tex.contains("net-gradient-heatmap-beamer.pdf") && !tex.contains("\\caption"), "{tex}");
    assert!(tex.contains("\\note{\\textbf{How to read this.}"), "{tex}");
    gradfade(path).args(["notes", "net", "--into", "slides.tex", "--check"]).assert().success();
}

#[test]
fn a_changed_record_makes_the_block_stale_and_an_edit_protects_it() {
    let dir = desk();
    let path = dir.path();
    let call = ["notes", "net", "--into", "lecture.md"];
    stdout(path, &call);
    fs::remove_dir_all(path.join("net")).unwrap();
    train(path, "net", &["--activation", "relu"]);
    gradfade(path).args(call).arg("--check").assert().code(5);
    let file = path.join("lecture.md");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("How to read this.", "My words.")).unwrap();
    refused(path, 1, &call, &["lecture.md", "edited", "`net`", "--force"]);
    gradfade(path).args(call).arg("--check").assert().code(5);
    stdout(path, &[call.as_slice(), &["--force"]].concat());
    assert!(!fs::read_to_string(&file).unwrap().contains("My words."));
    // Where nothing is new, the edit stays, and that is said.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("How to read this.", "My words.")).unwrap();
    let output = gradfade(path).args(call).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("as its author edited it; --force replaces it"),
        "{said}"
    );
}

#[test]
fn a_second_figure_stands_behind_the_first_and_both_are_renewed() {
    let dir = desk();
    let path = dir.path();
    train(path, "other", &["--activation", "relu"]);
    for into in ["slides.html", "lecture.html", "lecture.md", "lecture.tex", "lecture.typ", "lecture.ipynb"] {
        for call in [["notes", "net", "--into", into], ["notes", "other", "--into", into]] {
            stdout(path, &call);
        }
        for call in [["notes", "net", "--into", into], ["notes", "other", "--into", into]] {
            gradfade(path).args(call).arg("--check").assert().success();
            stdout(path, &[call.as_slice(), &["--lang", "zh"]].concat());
        }
    }
}

/// Standard error of a command that must succeed.
fn said(dir: &Path, args: &[&str]) -> String {
    let output = gradfade(dir).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

#[test]
fn a_run_of_the_same_name_elsewhere_does_not_take_a_block_or_its_pictures_over() {
    let dir = desk();
    let path = dir.path();
    train(path, "a/relu", &["--activation", "relu"]);
    train(path, "b/relu", &["--activation", "relu", "--seed", "7"]);
    let call = |run, into| ["notes", run, "--into", into];
    stdout(path, &call("a/relu", "lecture.md"));
    let block = ["lecture.md", "the block `relu` shows another run", "--name OTHER", "--force"];
    refused(path, 1, &call("b/relu", "lecture.md"), &block);
    gradfade(path).args(call("b/relu", "lecture.md")).arg("--check").assert().code(5);
    // Other notes in the folder, which have no such block, would show the same picture.
    let picture = ["relu-gradient-heatmap.svg", "shows another run", "--name OTHER", "--force"];
    refused(path, 1, &call("b/relu", "lecture.html"), &picture);
    stdout(path, &call("a/relu", "lecture.html"));
    stdout(path, &[call("b/relu", "lecture.md").as_slice(), &["--name", "relu-b"]].concat());
    // Trained again in its place it is the same run, also where its notes are seen from elsewhere.
    train(path, "a/relu", &["--force", "--activation", "relu", "--seed", "3"]);
    stdout(&path.join("a"), &call("relu", "../lecture.md"));
    gradfade(path).args(call("a/relu", "lecture.html")).arg("--check").assert().code(5);
    stdout(path, &call("a/relu", "lecture.html"));
    stdout(path, &call("a/relu", "lecture.typ"));
    stdout(path, &[call("b/relu", "lecture.md").as_slice(), &["--force"]].concat());
    refused(path, 1, &call("a/relu", "lecture.md"), &block);
    // And the other notes' picture is another run's now.
    refused(path, 1, &call("a/relu", "lecture.html"), &picture);
}

#[test]
fn an_empty_pair_of_markers_with_another_name_is_named() {
    let dir = desk();
    let path = dir.path();
    let pair = "<!-- gradfade begin sigmoid6 -->\n<!-- gradfade end sigmoid6 -->\n";
    fs::write(path.join("place.md"), pair).unwrap();
    let cell = serde_json::json!({"cell_type": "markdown", "metadata": {}, "source": pair});
    let book = serde_json::json!({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4});
    fs::write(path.join("place.ipynb"), book.to_string()).unwrap();
    for into in ["place.md", "place.ipynb"] {
        let hint = said(path, &["notes", "net", "--into", into]);
        assert!(hint.contains("called `sigmoid6`: --name sigmoid6 fills it"), "{hint}");
        let hint = said(path, &["notes", "net", "--into", into, "--name", "sigmoid6"]);
        assert!(!hint.contains("sigmoid6"), "{hint}");
    }
    let text = fs::read_to_string(path.join("place.md")).unwrap();
    assert!(text.starts_with("<!-- gradfade begin sigmoid6 "), "{text}");
}

#[test]
fn a_block_says_the_diagnosis_of_its_runs() {
    let dir = desk();
    let path = dir.path();
    let explode = ["--widths", "6,6,6,6,6,6", "--activation", "identity", "--initialisation", "normal:5"];
    train(path, "exploding", &explode);
    train(path, "zero", &["--activation", "relu", "--initialisation", "zeros"]);
    let concluded = |run: &str| {
        let output = gradfade(path).args(["diagnose", run]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().next().unwrap().split_once(": ").unwrap().1.to_string()
    };
    for run in ["net", "exploding", "zero"] {
        fs::write(path.join("x.md"), "x\n").unwrap();
        stdout(path, &["notes", run, "--into", "x.md"]);
        let text = fs::read_to_string(path.join("x.md")).unwrap();
        assert!(text.contains(&format!("The diagnosis of this run: {}.", concluded(run))), "{text}");
        // The general words speak of an explosion only where there is one.
        assert_eq!(text.contains("are an exploding gradient"), run == "exploding", "{text}");
        assert_eq!(text.contains("exactly zero"), run == "zero", "{text}");
    }
    assert!(concluded("exploding").contains("initialisation too large"));
    stdout(path, &["notes", "net", "zero", "--into", "x.md", "--lang", "zh", "--name", "both"]);
    let text = fs::read_to_string(path.join("x.md")).unwrap();
    let chinese = gradfade(path).args(["diagnose", "net", "--lang", "zh"]).output().unwrap();
    let chinese = String::from_utf8(chinese.stdout).unwrap();
    let verdict = chinese.lines().next().unwrap().split_once('：').unwrap().1;
    assert!(text.contains(&format!("seed1 的诊断：{verdict}。relu-")), "{text}");
    assert_eq!(text.matches("的诊断：").count(), 2, "{text}");
}

#[test]
fn notes_that_cannot_take_a_block_stay_as_they_are() {
    let dir = desk();
    let path = dir.path();
    let write = |name: &str, text: &[u8]| fs::write(path.join(name), text).unwrap();
    write("noend.md", b"x\n<!-- gradfade begin net -->\n");
    write(
        "twice.md",
        b"<!-- gradfade begin net -->\n<!-- gradfade end net -->\n<!-- gradfade begin net -->\n",
    );
    write("broken.ipynb", b"{\"cells\": [");
    write("wide.md", b"\xff\xfea\0");
    write("code.md", b"```\nopen");
    let nested = "<!-- gradfade begin net -->\n<!-- gradfade begin b -->\n<!-- gradfade end b -->\n<!-- gradfade end net -->";
    write("nested.md", nested.as_bytes());
    write("readonly.md", b"x\n");
    write("notes.xyz", b"x\n");
    let mut mode = fs::metadata(path.join("readonly.md")).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(path.join("readonly.md"), mode).unwrap();
    for (into, words) in [
        ("noend.md", ["line 2", "no end"]),
        ("twice.md", ["line 3", "second block"]),
        ("broken.ipynb", ["broken.ipynb", "not a notebook"]),
        ("wide.md", ["wide.md", "UTF-8"]),
        ("code.md", ["code.md", "code"]),
        ("readonly.md", ["readonly.md", "read-only"]),
        ("notes.xyz", ["notes.xyz", "--to"]),
        ("nowhere.md", ["nowhere.md", "create it"]),
        ("nowhere.docx", ["nowhere.docx: its kind of notes is unknown", "md, "]),
        ("nested.md", ["line 2", "the block `b` begins inside the block `net`"]),
        (".", ["both hold the block", "--into"]),
    ] {
        refused(path, 1, &["notes", "net", "--into", into], &words);
    }
    // The same in the comments of every other kind.
    let slide = "<div class=\"reveal\"><section></section></div>";
    for (ending, open, close, more) in [
        ("tex", "%", "", ""),
        ("typ", "//", "", ""),
        ("qmd", "<!--", " -->", ""),
        ("html", "<!--", " -->", slide),
    ] {
        let marker = |word: &str| format!("{open} gradfade {word} net{close}\n");
        for (text, words) in [
            (marker("begin"), "no end"),
            (marker("end"), "no begin"),
            (marker("begin") + &marker("end") + &marker("begin") + &marker("end"), "second block"),
        ] {
            let file = format!("damaged.{ending}");
            write(&file, (more.to_string() + "\n" + &text).as_bytes());
            refused(path, 1, &["notes", "net", "--into", &file], &[&file, "line ", words]);
        }
    }
    // A notebook's block is its cells.
    stdout(path, &["notes", "net", "--into", "lecture.ipynb"]);
    let mut book: serde_json::Value =
        serde_json::from_slice(&fs::read(path.join("lecture.ipynb")).unwrap()).unwrap();
    let twice = book["cells"].as_array().unwrap().clone();
    book["cells"].as_array_mut().unwrap().extend(twice);
    write("twice.ipynb", book.to_string().as_bytes());
    refused(path, 1, &["notes", "net", "--into", "twice.ipynb"], &["twice.ipynb", "repeats", "`net`"]);
    // A record without what a figure draws.
    train(path, "bare", &[]);
    fs::remove_file(path.join("bare/sketch.npy")).unwrap();
    let mut meta: serde_json::Value =
        serde_json::from_slice(&fs::read(path.join("bare/meta.json")).unwrap()).unwrap();
    meta["sketch_buckets"] = serde_json::Value::Null;
    write("bare/meta.json", meta.to_string().as_bytes());
    let bare = ["notes", "bare", "--into", "lecture.md", "--figure", "convergence-heatmap"];
    refused(path, 1, &bare, &["holds no sketch", "`convergence-heatmap`", "`movement-heatmap`"]);
    fs::create_dir(path.join("two")).unwrap();
    fs::write(path.join("two/a.md"), "a\n").unwrap();
    fs::write(path.join("two/b.tex"), "b\n").unwrap();
    refused(path, 1, &["notes", "net", "--into", "two"], &["several notes (a.md, b.tex", "--into FILE"]);
    fs::create_dir(path.join("empty-book")).unwrap();
    write("empty-book/book.toml", b"[book]\n");
    refused(
        path,
        1,
        &["notes", "net", "--into", "empty-book"],
        &["book.toml, but no ", "SUMMARY.md", "create it"],
    );
    refused(path, 1, &["notes", "nowhere", "--into", "lecture.md"], &["nowhere"]);
    refused(
        path,
        2,
        &["notes", "net", "--into", "lecture.md", "--figure", "comparison"],
        &["two or more runs"],
    );
    refused(path, 2, &["notes", "net", "--into", "lecture.md", "--figure", "heat"], &["--figure", "heat"]);
    refused(path, 2, &["notes", "net", "--into", "lecture.md", "--name", "a b"], &["--name"]);
    refused(path, 2, &["notes", "net", "--into", "lecture.md", "--to", "word"], &["--to", "markdown"]);
    refused(
        path,
        1,
        &["notes", "net", "--into", "lecture.md", "--font", "lecture.md"],
        &["--font", "lecture.md"],
    );
}

#[test]
fn a_picture_of_somebody_else_is_not_replaced() {
    let dir = desk();
    let path = dir.path();
    fs::create_dir(path.join("gradfade")).unwrap();
    fs::write(path.join("gradfade/net-gradient-heatmap.png"), "mine").unwrap();
    refused(path, 1, &["notes", "net", "--into", "lecture.md"], &["net-gradient-heatmap.png", "--name"]);
    stdout(path, &["notes", "net", "--into", "lecture.md", "--name", "other"]);
}

#[test]
fn a_picture_that_its_author_edited_is_left_alone_like_a_block() {
    let dir = desk();
    let path = dir.path();
    for (into, picture) in [
        ("lecture.md", ".png"),
        ("lecture.tex", "-text.pdf"),
        ("lecture.html", ".svg"),
        ("lecture.ipynb", ".pdf"),
    ] {
        train(path, "net", &["--force"]);
        let call = ["notes", "net", "--into", into, "--name", into.split_once('.').unwrap().1];
        stdout(path, &call);
        let picture = format!("gradfade/{}-gradient-heatmap{picture}", call[5]);
        let drawn = fs::read(path.join(&picture)).unwrap();
        if picture.ends_with("svg") {
            // As gradfade drew it before it signed what it drew.
            let unsigned = String::from_utf8(drawn.clone()).unwrap();
            let (unsigned, _) = unsigned.rsplit_once("<!-- gradfade ").unwrap();
            fs::write(path.join(&picture), unsigned).unwrap();
            stdout(path, &call);
            assert_eq!(fs::read(path.join(&picture)).unwrap(), drawn, "{into}");
        }
        let mine = [drawn.as_slice(), b"mine"].concat();
        fs::write(path.join(&picture), &mine).unwrap();
        // Nothing is new: it stays, and that is said.
        let before = tree(path);
        let output = gradfade(path).args(call).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains(&picture) && said.contains("--force"),
            "{into}: {said}"
        );
        assert_eq!(tree(path), before, "{into}");
        gradfade(path).args(call).arg("--check").assert().success();
        // A new record is for its author to decide.
        train(path, "net", &["--force", "--activation", "relu"]);
        refused(path, 1, &call, &[&picture, "not as gradfade wrote it", "--force"]);
        stdout(path, &[call.as_slice(), &["--force"]].concat());
        let new = fs::read(path.join(&picture)).unwrap();
        assert!(new != mine && new != drawn, "{into}");
        // What gradfade wrote itself is renewed without a question.
        train(path, "net", &["--force"]);
        stdout(path, &call);
        assert_eq!(fs::read(path.join(&picture)).unwrap(), drawn, "{into}");
    }
}

#[test]
fn pictures_that_a_block_no_longer_shows_are_named_and_stay() {
    let dir = desk();
    let path = dir.path();
    for into in ["lecture.md", "lecture.ipynb"] {
        let call = ["notes", "net", "--into", into];
        stdout(path, &[call.as_slice(), &["--figure", "gradient-heatmap,training-curves"]].concat());
        let before = tree(path);
        let output = gradfade(path).args(call).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("no longer shows gradfade/net-training-curves"), "{into}: {said}");
        assert!(!said.contains("gradient-heatmap"), "{into}: {said}");
        assert!(before.keys().all(|file| file.exists()), "{into}");
    }
}

#[cfg(unix)]
#[test]
fn links_stay_links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = desk();
    let path = dir.path();
    fs::create_dir(path.join("real")).unwrap();
    fs::write(path.join("real/notes.md"), "x\n").unwrap();
    fs::set_permissions(path.join("real/notes.md"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real/notes.md", path.join("link.md")).unwrap();
    stdout(path, &["notes", "net", "--into", "link.md"]);
    assert!(fs::symlink_metadata(path.join("link.md")).unwrap().is_symlink());
    assert_eq!(fs::metadata(path.join("real/notes.md")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(path.join("real/gradfade/net-gradient-heatmap.svg").is_file());
    // Both names of a file with two still name one file.
    fs::hard_link(path.join("real/notes.md"), path.join("other.md")).unwrap();
    stdout(path, &["notes", "net", "--into", "link.md", "--name", "second"]);
    let text = fs::read_to_string(path.join("real/notes.md")).unwrap();
    assert!(text.contains("gradfade begin second "));
    assert_eq!(fs::read_to_string(path.join("other.md")).unwrap(), text);
}

fn preprocessor(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mdbook-gradfade"));
    command.current_dir(dir);
    command
}

#[test]
fn mdbook_gets_figures_that_need_no_file() {
    let dir = desk();
    let path = dir.path();
    preprocessor(path).args(["supports", "html"]).assert().success();
    preprocessor(path).args(["supports", "markdown"]).assert().code(1);
    preprocessor(path).arg("nonsense").assert().code(2);
    let send = |content: &str| {
        let chapter = serde_json::json!({"Chapter": {"name": "A", "content": content, "sub_items": [], "path": "a.md"}});
        let context = serde_json::json!({"root": path, "renderer": "html", "mdbook_version": "0.5.4"});
        serde_json::json!([context, {"items": [chapter]}]).to_string()
    };
    let output = preprocessor(path)
        .write_stdin(send("```gradfade\nrun = \"net\"\nlang = \"zh\"\n```\n"))
        .output()
        .unwrap();
    let book: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = book["items"][0]["Chapter"]["content"].as_str().unwrap();
    assert_eq!(text.matches("data:image/svg+xml;base64,").count(), 2);
    assert!(text.contains("lang=\"zh-Hans\"") && text.contains("怎样看图"));
    for (block, word) in [
        ("run = \"nowhere\"", "nowhere"),
        (
            "run = \"net\"\nfigure = \"gradient-heatmp\"",
            ": figure: unknown figure 'gradient-heatmp' (did you mean 'gradient-heatmap'?)",
        ),
        ("run = ../net", "put it in quotes: run = \"../net\""),
        ("run = \"net\"\nlang = \"xx\"", "lang: "),
        ("run = \"net\"\ntheme = \"xx\"", "theme: "),
        ("run = \"net\"\nx = 1", "unknown field `x`"),
    ] {
        let output =
            preprocessor(path).write_stdin(send(&format!("```gradfade\n{block}\n```\n"))).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{block}");
        assert!(error.starts_with("mdbook-gradfade: a.md: line 1: ") && error.contains(word), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_mdbook_itself_sent_comes_back_with_figures_and_nothing_else_changed() {
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    for version in ["0.4.52", "0.5.4"] {
        // Recorded by a preprocessor that kept what this version of mdBook gave it.
        let sent = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/mdbook")
            .join(format!("{version}.json"));
        let mut pair: serde_json::Value = serde_json::from_slice(&fs::read(sent).unwrap()).unwrap();
        pair[0]["root"] = path.to_str().unwrap().into();
        let output = preprocessor(path).write_stdin(pair.to_string()).output().unwrap();
        assert!(output.status.success(), "{version}: {}", String::from_utf8_lossy(&output.stderr));
        let mut book: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let place = if version < "0.5" { "sections" } else { "items" };
        let content = |book: &mut serde_json::Value| {
            book[place][2]["Chapter"]["sub_items"][0]["Chapter"]["content"]
                .take()
                .as_str()
                .unwrap()
                .to_string()
        };
        let (old, new) = (content(&mut pair[1]), content(&mut book));
        assert!(old.contains("```gradfade") && !new.contains("```gradfade"), "{version}");
        assert!(new.starts_with("# A figure\n\n") && new.ends_with("\n\nAfter “it”.\n"), "{version}: {new}");
        // The book is Chinese, and so is its figure.
        assert!(new.contains("<figcaption>Sigmoid，"), "{version}: {new}");
        assert_eq!(book, pair[1], "{version}");
    }
}
