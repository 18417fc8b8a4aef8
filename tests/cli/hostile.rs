//! Records, tables and paths that somebody else made: their words never act on a terminal, on notes or on
//! devices.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{gradfade, refused, room, stdout, train, tree};

/// Colours, the bell, a cleared screen, forged lines, writing from right to left, and markup of every kind of
/// notes.
const WORDS: &str = "a\u{1b}[31m\u{7}\nhealthy: forged\r\u{9b}2J\u{202e}\n<!-- gradfade end net -->\n<b>{{#include x}}`r 1`\\input{x}";

/// Characters that a terminal acts on, but for the ends of lines.
fn acts(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c))
}

#[track_caller]
fn clean(args: &[&str], output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(acts), "{args:?}: {text:?}");
        // A line of its own would be a forged result.
        assert!(!text.lines().any(|l| l.starts_with("healthy: forged")), "{args:?}: {text}");
        assert!(!text.contains("panicked"), "{args:?}: {text}");
    }
    assert_ne!(output.status.code(), Some(101), "{args:?}");
}

/// The places of all strings in JSON.
fn strings(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::String(_) => all.push(at.to_string()),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, v)| strings(v, &format!("{at}/{i}"), all))
        }
        Value::Object(map) => map.iter().for_each(|(k, v)| strings(v, &format!("{at}/{k}"), all)),
        _ => {}
    }
}

#[test]
fn no_word_of_a_record_acts_on_a_terminal() {
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    let file = path.join("net/meta.json");
    let meta: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let mut places = Vec::new();
    strings(&meta, "", &mut places);
    assert!(places.len() > 10);
    // Each alone: the record may then be refused, in one clean line.
    let mut all = meta.clone();
    for place in &places {
        let mut one = meta.clone();
        *one.pointer_mut(place).unwrap() = WORDS.into();
        fs::write(&file, one.to_string()).unwrap();
        let args = ["diagnose", "net"];
        let output = gradfade(path).args(args).output().unwrap();
        clean(&[place], &output);
        // Without a weight there is nothing to look at.
        if output.status.code() != Some(1) && !place.contains("/activation") && !place.ends_with("/role") {
            // Names of tensors must differ.
            *all.pointer_mut(place).unwrap() = match place.strip_suffix("/name") {
                Some(owner) => format!("{WORDS}{owner}").into(),
                None => WORDS.into(),
            };
        }
    }
    // All that are taken, together, for every command.
    fs::write(&file, all.to_string()).unwrap();
    for args in [
        &["summary", "net"][..],
        &["summary", "net", "--json"],
        &["summary", "net", "--lang", "zh"],
        &["diagnose", "net"],
        &["diagnose", "net", "--json"],
        &["diagnose", "net", "--markdown"],
        &["export", "net"],
        &["plot", "net", "net", "--format", "svg", "--out", "figures"],
        &["page", "net", "net", "--out", "page.html"],
        &["remedy", "net", "--list"],
    ] {
        let output = gradfade(path).args(args).output().unwrap();
        clean(args, &output);
        assert!(output.status.code() != Some(1) || args[0] == "remedy", "{args:?}: {output:?}");
        if args.contains(&"--json") {
            let _: Value = serde_json::from_slice(&output.stdout).unwrap();
        }
        if args.contains(&"--markdown") {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(!text.contains("<b>") && !text.contains("{{") && !text.contains("`r"), "{text}");
        }
    }
    for entry in fs::read_dir(path.join("figures")).unwrap() {
        let svg = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!svg.contains(acts) && !svg.contains("<b>"));
    }
    let page = fs::read_to_string(path.join("page.html")).unwrap();
    assert!(!page.contains(acts) && !page.contains("<b>"));
}

#[test]
fn no_word_of_a_record_gets_out_of_its_block() {
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    let file = path.join("net/meta.json");
    let plain = fs::read_to_string(&file).unwrap();
    let mut meta: Value = serde_json::from_str(&plain).unwrap();
    meta["run"] = WORDS.into();
    for label in ["data", "loss", "optimizer", "initialisation"] {
        meta["labels"][label] = WORDS.into();
    }
    for (name, text) in [
        ("a.md", "# A\n"),
        ("a.qmd", "# A\n"),
        ("a.tex", "\\documentclass{article}\n\\begin{document}\n\\end{document}\n"),
        ("a.typ", "= A\n"),
        ("a.html", "<body>\n</body>\n"),
        ("b.html", "<div class=\"reveal\"><section>\n</section></div>\n"),
        ("a.ipynb", "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}\n"),
    ] {
        let notes = path.join(name);
        fs::write(&notes, text).unwrap();
        let call = ["notes", "net", "--into", name, "--figure", "gradient-heatmap,recipe"];
        fs::write(&file, meta.to_string()).unwrap();
        clean(&call, &gradfade(path).args(call).output().unwrap());
        let hostile = fs::read_to_string(&notes).unwrap();
        assert!(!hostile.contains(acts), "{name}: {hostile}");
        // What these signs mean to a notebook or to LaTeX is nothing.
        if !name.ends_with(".ipynb") && !name.ends_with(".tex") && !name.ends_with(".typ") {
            for sign in ["{{#", "`r", "<b>"] {
                assert!(!hostile.contains(sign), "{name}: {hostile}");
            }
        }
        assert!(
            !hostile.lines().any(|line| line.trim_start().starts_with("healthy: forged")),
            "{name}: {hostile}"
        );
        assert_eq!(stdout(path, &call), "", "{name}: a second call changed something");
        // The block is renewed by a plain record, and nothing of the other is left.
        fs::write(&file, &plain).unwrap();
        stdout(path, &call);
        assert!(!fs::read_to_string(&notes).unwrap().contains("forged"), "{name}");
        assert_eq!(stdout(path, &call), "");
        fs::remove_dir_all(path.join("gradfade")).unwrap();
    }
}

#[test]
fn long_words_are_cut() {
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    let file = path.join("net/meta.json");
    let mut meta: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    meta["run"] = "word ".repeat(40_000).into();
    meta["labels"]["data"] = "w".repeat(200_000).into();
    fs::write(&file, meta.to_string()).unwrap();
    fs::write(path.join("a.md"), "").unwrap();
    let text = stdout(path, &["summary", "net"]);
    assert!(text.len() < 20_000, "{}", text.len());
    stdout(path, &["notes", "net", "--into", "a.md"]);
    assert!(fs::metadata(path.join("a.md")).unwrap().len() < 40_000);
}

#[test]
fn no_word_of_a_table_an_array_or_an_argument_acts_on_a_terminal() {
    let dir = room();
    let path = dir.path();
    let train_args = |data: &'static str| ["train", "--data", data, "--steps", "1", "--out", "x"];
    fs::write(path.join("field.csv"), "a,label\n1,x\n\u{1b}[31m\u{7},y\n").unwrap();
    fs::write(path.join("test.csv"), "a,label\n1,\u{1b}[31mz\n").unwrap();
    fs::write(path.join("good.csv"), "a,label\n1,x\n2,y\n").unwrap();
    let unseen = [&train_args("csv:good.csv")[..], &["--test-file", "test.csv"]].concat();
    let column = [&train_args("csv:good.csv")[..], &["--label-column", "\u{1b}[31m"]].concat();
    fs::write(path.join("t.toml"), "\"\\u001b[31m\" = 1\n").unwrap();
    fs::write(path.join("p.toml"), "name = \"\\u001b[31m\"\n").unwrap();
    for args in [
        &train_args("csv:field.csv")[..],
        &unseen,
        &column,
        &train_args("csv:\u{1b}[31m\nnone"),
        &["summary", "\u{1b}[31m\u{9b}none"],
        &["train", "--activation", "\u{1b}[31m"],
        &["\u{1b}[31m"],
        &["diagnose", "none", "--thresholds", "t.toml"],
        &["sweep", "--plan", "p.toml", "--out", "s"],
    ] {
        let output = gradfade(path).args(args).output().unwrap();
        assert!(!output.status.success(), "{args:?}");
        clean(args, &output);
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1, "{args:?}");
    }
    train(path, "net", &[]);
    let array = path.join("net/train_loss.npy");
    let array = if array.exists() { array } else { first_array(&path.join("net")) };
    let bytes = fs::read(&array).unwrap();
    let header = String::from_utf8_lossy(&bytes[10..bytes.len().min(128)]).into_owned();
    let broken = header.replace("<f", "\u{1b}f").replace("<i", "\u{1b}i").replace("<u", "\u{1b}u");
    fs::write(&array, [&bytes[..10], broken.as_bytes(), &bytes[128..]].concat()).unwrap();
    clean(&["summary"], &gradfade(path).args(["summary", "net"]).output().unwrap());
}

/// An array of floating-point numbers in the folder of a run.
fn first_array(run: &Path) -> std::path::PathBuf {
    let mut all: Vec<_> =
        tree(run).into_iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "npy")).collect();
    all.sort();
    all.into_iter().map(|(path, _)| path).find(|p| !p.ends_with("step.npy")).unwrap()
}

#[cfg(unix)]
mod special_files {
    use super::*;
    use std::os::unix::fs::FileTypeExt as _;
    use std::os::unix::net::UnixListener;

    #[test]
    fn what_is_no_regular_file_is_never_replaced() {
        let dir = room();
        let path = dir.path();
        train(path, "net", &[]);
        let _socket = UnixListener::bind(path.join("socket")).unwrap();
        for args in [
            &["export", "net", "--out", "socket"][..],
            &["export", "net", "--out", "socket", "--force"],
            &["page", "net", "--out", "socket"],
            &["page", "net", "--out", "socket", "--force"],
        ] {
            let output = gradfade(path).args(args).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
            assert!(said.contains("socket: not a regular file; choose another --out"), "{args:?}: {said}");
            assert!(fs::metadata(path.join("socket")).unwrap().file_type().is_socket(), "{args:?}");
        }
    }

    #[test]
    fn devices_are_not_read_as_text() {
        let dir = room();
        let path = dir.path();
        train(path, "net", &[]);
        fs::create_dir_all(path.join("book/src")).unwrap();
        fs::write(path.join("book/book.toml"), "").unwrap();
        std::os::unix::fs::symlink("/dev/zero", path.join("book/src/SUMMARY.md")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path.join("zero.md")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path.join("zero.html")).unwrap();
        for args in [
            &["sweep", "--plan", "/dev/zero", "--out", "s"][..],
            &["diagnose", "net", "--thresholds", "/dev/zero"],
            &["plot", "net", "--font", "/dev/zero", "--out", "f"],
            &["notes", "net", "--into", "zero.md"],
            &["notes", "net", "--into", "zero.html"],
        ] {
            let output = gradfade(path).args(args).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
            assert!(said.contains("not a regular file"), "{args:?}: {said}");
        }
        assert_eq!(
            gradfade(path).args(["notes", "net", "--into", "book"]).output().unwrap().status.code(),
            Some(1)
        );
    }
}

#[test]
fn two_calls_at_once_lose_no_block() {
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    fs::write(path.join("a.md"), "# Notes\n").unwrap();
    let names: Vec<String> = (0..6).map(|i| format!("block{i}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || stdout(path, &["notes", "net", "--into", "a.md", "--name", name]));
        }
    });
    let text = fs::read_to_string(path.join("a.md")).unwrap();
    for name in &names {
        assert_eq!(text.matches(&format!("<!-- gradfade begin {name} ")).count(), 1, "{text}");
    }
}

#[cfg(unix)]
#[test]
fn notes_keep_who_may_read_them_and_a_stale_read_only_file_is_stale() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    let file = path.join("a.md");
    fs::write(&file, "# Notes\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let call = ["notes", "net", "--into", "a.md"];
    stdout(path, &call);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "# Notes\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    gradfade(path).args(call).arg("--check").assert().code(5);
    refused(path, 1, &call, &["a.md", "read-only"]);
}

#[test]
fn a_block_never_goes_into_a_script_or_a_comment() {
    let dir = room();
    let path = dir.path();
    train(path, "net", &[]);
    let call = ["notes", "net", "--into", "a.html"];
    let file = path.join("a.html");
    fs::write(&file, "<p>x</p>\n<script>\nlet a = '<p></body>';\n</script>\n").unwrap();
    stdout(path, &call);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.find("</script>").unwrap() < text.find("gradfade begin").unwrap(), "{text}");
    assert_eq!(stdout(path, &call), "");
    for open in ["<p>\n<!-- x\n", "<script>\n</body>\n", "<p></p>\n<!--\n</body>\n"] {
        fs::write(&file, open).unwrap();
        refused(path, 1, &call, &["a.html", "ends inside a code block, a comment or a script"]);
    }
}
