//! Who may name whom: the direction of the dependencies between the rooms of `src/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room and the rooms that it may name. `cli` may name everything.
const RULES: &[(&str, &[&str])] = &[
    ("files", &[]),
    ("stats", &[]),
    ("text", &[]),
    ("names", &["stats"]),
    ("activation", &["names"]),
    ("record", &["stats"]),
    ("nn", &["stats", "names", "activation"]),
    ("data", &["stats"]),
    ("baselines", &["data"]),
    ("config", &["names", "activation", "nn", "data"]),
    ("train", &["files", "stats", "activation", "record", "nn", "data", "config"]),
    ("sweep", &["files", "stats", "activation", "record", "nn", "data", "config", "train"]),
    ("analysis", &["stats", "record"]),
    ("diagnosis", &["stats", "activation", "record", "analysis", "text"]),
    ("remedy", &["activation", "record", "nn", "config", "diagnosis", "text"]),
    ("figure", &["stats", "record", "analysis", "diagnosis", "text"]),
    ("render", &["files", "stats", "figure", "text"]),
    ("notes", &["files", "stats", "figure", "render", "text"]),
    ("page", &["stats", "record", "analysis", "diagnosis", "figure", "render", "text"]),
    ("report", &["stats", "record", "analysis", "diagnosis", "figure", "render", "text"]),
];

/// Outside crates that only one room may name.
const ONLY: &[(&str, &str)] = &[
    ("plotters", "render"),
    ("resvg", "render"),
    ("ab_glyph", "render"),
    ("krilla", "render"),
    ("smartcore", "baselines"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("indicatif", "cli"),
    ("anyhow", "cli"),
    ("ctrlc", "cli"),
];

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Code without comments and string literals, so that a word in prose is no dependency.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        Some(at) => &line[..at],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Names that follow `prefix` in the code: `crate::a` and each of `crate::{a, b}`.
fn named(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let boundary = at == 0 || !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if !boundary {
            continue;
        }
        let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(word(item.trim()));
                        item.clear();
                        continue;
                    }
                    _ => {}
                }
                item.push(c);
            }
            names.insert(word(item.trim()));
        } else {
            names.insert(word(rest));
        }
    }
    names.remove("");
    names
}

fn violations(room: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    if let Some((_, allowed)) = RULES.iter().find(|(r, _)| *r == room) {
        let rooms: Vec<&str> = RULES.iter().map(|(r, _)| *r).chain(["cli"]).collect();
        for name in named(&code, "crate::") {
            if name != room && rooms.contains(&name.as_str()) && !allowed.contains(&name.as_str()) {
                found.push(format!("{room} names {name}"));
            }
        }
    }
    for (outside, only) in ONLY {
        let used = code.contains(&format!("{outside}::")) && room != *only;
        if used && named(&code, &format!("{outside}::")).iter().next().is_some() {
            found.push(format!("{room} names {outside}, which is {only}'s"));
        }
    }
    found
}

#[test]
fn rooms_name_only_the_rooms_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut problems = Vec::new();
    let mut rooms = BTreeSet::new();
    for file in &files {
        let inside = file.strip_prefix(&src).unwrap();
        let room =
            inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_string();
        let text = std::fs::read_to_string(file).unwrap();
        problems.extend(violations(&room, &text).into_iter().map(|v| format!("{}: {v}", inside.display())));
        if room != "lib" && room != "main" && room != "bin" {
            rooms.insert(room);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for room in rooms {
        assert!(room == "cli" || RULES.iter().any(|(r, _)| *r == room), "room {room} has no rule: add a line above");
    }
}

#[test]
fn only_one_file_names_the_matrix_library_and_one_room_the_intrinsics() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let code = code(&std::fs::read_to_string(&file).unwrap());
        if code.contains("general_mat_mul") {
            assert!(file.ends_with("nn/matmul.rs"), "{}", file.display());
        }
        if code.contains("std::arch") || code.contains("core::arch") {
            assert!(file.parent().unwrap().ends_with("nn/kernel"), "{}", file.display());
        }
    }
}

#[test]
fn the_check_finds_what_it_forbids() {
    assert_eq!(violations("nn", "use crate::data::Dataset;"), ["nn names data"]);
    assert_eq!(
        violations("analysis", "use crate::{stats, nn::{Loss, Engine}, record::Record};"),
        ["analysis names nn"]
    );
    assert_eq!(violations("figure", "fn f() { plotters::prelude::x() }"), ["figure names plotters, which is render's"]);
    assert!(violations("nn", "// see crate::data\nuse crate::stats;").is_empty());
    assert!(violations("cli", "use crate::{nn, data}; use clap::Args;").is_empty());
}
