//! Which module may name which: the direction of the dependencies in `src/`, the places of outside crates,
//! and the words that belong to the command line alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A module and the modules that it may name. `cli` may name everything, and everything may name `GROUND`.
const RULES: &[(&str, &[&str])] = &[
    ("escape", &[]),
    ("field", &[]),
    ("files", &[]),
    ("names", &[]),
    ("stats", &[]),
    ("activation", &["names"]),
    ("record", &["stats", "files"]),
    ("nn", &["stats", "names", "activation"]),
    ("data", &["stats", "files"]),
    ("baselines", &["data", "pool"]),
    ("config", &["stats", "names", "activation", "nn", "data"]),
    ("train", &["files", "stats", "activation", "record", "nn", "data", "config"]),
    ("pool", &[]),
    ("sweep", &["files", "stats", "activation", "record", "nn", "data", "config", "train", "pool"]),
    ("replay", &["stats", "record", "nn", "data", "config", "train"]),
    ("import", &["stats", "record"]),
    ("source", &["record", "sweep", "import"]),
    ("analysis", &["stats", "record"]),
    ("diagnosis", &["stats", "activation", "record", "analysis"]),
    ("text", &["activation", "analysis", "diagnosis"]),
    ("font", &["text"]),
    (
        "remedy",
        &["files", "activation", "analysis", "record", "nn", "data", "config", "train", "pool", "diagnosis"],
    ),
    ("figure", &["stats", "activation", "record", "analysis", "diagnosis", "font", "text"]),
    ("render", &["files", "stats", "figure", "font", "text"]),
    ("notes", &["files", "stats", "figure", "render", "text"]),
    ("page", &["stats", "record", "sweep", "analysis", "diagnosis", "figure", "render", "text"]),
    ("report", &["stats", "record", "analysis", "diagnosis", "figure", "render", "text"]),
];

/// For every module: the names of settings that errors carry, the names of options, text of other people made
/// harmless.
const GROUND: &[&str] = &["field", "names", "escape"];

/// Outside crates that only some modules may name.
const ONLY: &[(&str, &[&str])] = &[
    ("plotters", &["render"]),
    ("tiny_skia", &["render"]),
    ("plotters_backend", &["render"]),
    ("ttf_parser", &["font"]),
    ("pdf_writer", &["render"]),
    ("subsetter", &["render"]),
    ("roxmltree", &["render"]),
    ("png", &["render"]),
    ("pulp", &["nn"]),
    ("libm", &["activation", "nn"]),
    ("smartcore", &["baselines"]),
    ("safetensors", &["train"]),
    // Tables: data sets; and numbers of runs, figures and sweeps, written out.
    ("csv", &["data", "record", "import", "figure", "report"]),
    ("parquet", &["report"]),
    // Data sets and arrays of a log come gzipped, and a signed SVG and what a PDF holds are kept small.
    ("flate2", &["data", "import", "notes", "render"]),
    // What people choose of a log.
    ("regex_lite", &["import"]),
    // Plans, thresholds, `book.toml`.
    ("toml", &["sweep", "diagnosis", "notes"]),
    ("tempfile", &["files", "record", "render", "report", "sweep"]),
    ("strsim", &["names"]),
    ("fnv", &["files"]),
    ("sha2", &["page"]),
    ("unicode_width", &["text"]),
    ("pulldown_cmark", &["notes"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
    ("anyhow", &["cli"]),
    ("console", &["cli"]),
    ("ctrlc", &["cli"]),
];

/// Libraries name fields, the command line turns them into options. Where an option stands in a library all
/// the same, it is another program's, or goes into a script that calls programs.
const OPTIONS_IN: &[(&str, &str)] = &[("sweep/script.rs", ""), ("notes/notebook.rs", "jupyter nbconvert")];

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

/// A source file without comments, and its string literals, which are empty in the code.
struct Source {
    code: String,
    literals: Vec<String>,
}

/// The end of a string literal whose quote stands before `at`: where its text ends, and where the code goes
/// on.
fn string_end(text: &[char], mut at: usize) -> (usize, usize) {
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at.min(text.len()), (at + 1).min(text.len()))
}

/// As [`string_end`], of a raw string with this many `#`.
fn raw_end(text: &[char], mut at: usize, hashes: usize) -> (usize, usize) {
    let closes = |at: usize| text[at] == '"' && (1..=hashes).all(|i| text.get(at + i) == Some(&'#'));
    while at < text.len() && !closes(at) {
        at += 1;
    }
    (at, (at + 1 + hashes).min(text.len()))
}

/// Where a block comment that begins at `at` ends; they nest.
fn block_end(text: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Where a character literal that begins at `at` ends; none where it is a lifetime.
fn char_end(text: &[char], at: usize) -> Option<usize> {
    if text.get(at + 1) == Some(&'\\') {
        return (at + 3..text.len()).find(|&i| text[i] == '\'').map(|i| i + 1);
    }
    (text.get(at + 2) == Some(&'\'')).then_some(at + 3)
}

/// Strips comments, strings (plain, raw, of bytes) and characters.
fn source(text: &str) -> Source {
    let text: Vec<char> = text.chars().collect();
    let mut out = Source { code: String::new(), literals: Vec::new() };
    let mut at = 0;
    while at < text.len() {
        let in_word = at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_');
        let hashes = text[at + 1..].iter().take_while(|c| **c == '#').count();
        match text[at] {
            '/' if text.get(at + 1) == Some(&'/') => {
                at = (at..text.len()).find(|&i| text[i] == '\n').unwrap_or(text.len());
            }
            '/' if text.get(at + 1) == Some(&'*') => {
                at = block_end(&text, at);
                out.code.push(' ');
            }
            // The `r` of `br"` and `cr"` follows a letter that is a prefix, not the end of a word.
            'r' if text.get(at + 1 + hashes) == Some(&'"') && (!in_word || is_prefix(&text, at)) => {
                let begin = at + 2 + hashes;
                let (end, next) = raw_end(&text, begin, hashes);
                out.literals.push(text[begin..end].iter().collect());
                out.code.push_str("\"\"");
                at = next;
            }
            '"' => {
                let (end, next) = string_end(&text, at + 1);
                out.literals.push(text[at + 1..end].iter().collect());
                out.code.push_str("\"\"");
                at = next;
            }
            '\'' => match char_end(&text, at) {
                Some(end) => {
                    out.code.push_str("' '");
                    at = end;
                }
                None => {
                    out.code.push('\'');
                    at += 1;
                }
            },
            c => {
                out.code.push(c);
                at += 1;
            }
        }
    }
    out
}

/// Is the letter before `at` a literal's prefix `b` or `c` by itself?
fn is_prefix(text: &[char], at: usize) -> bool {
    let alone = at < 2 || !(text[at - 2].is_alphanumeric() || text[at - 2] == '_');
    matches!(text[at - 1], 'b' | 'c') && alone
}

/// The source before its unit tests, which may say what users write.
fn without_tests(text: &str) -> &str {
    let module = text.find("\nmod tests {").map(|at| (at, text[..at].rfind('\n').map_or(0, |line| line + 1)));
    match module {
        Some((at, line)) if text[line..at].starts_with("#[cfg(") && text[line..at].contains("test") => {
            &text[..line]
        }
        _ => text,
    }
}

/// Options of the command line in the literals of a library file.
fn options(file: &str, text: &str) -> Vec<String> {
    let is_option = |word: &str| {
        word.strip_prefix("--").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let excused = |literal: &str| OPTIONS_IN.iter().any(|(f, word)| *f == file && literal.contains(word));
    let literals = source(without_tests(text)).literals.into_iter().filter(|literal| !excused(literal));
    let words = |literal: String| {
        let split = literal.split(|c: char| !(c.is_alphanumeric() || c == '-')).map(String::from);
        split.filter(|word| is_option(word)).collect::<Vec<_>>()
    };
    literals.flat_map(words).collect()
}

/// Names that follow `prefix` in the code: `crate::a` and each of `crate::{a, b}`.
fn named(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let boundary =
            at == 0 || !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
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

fn violations(module: &str, text: &str) -> Vec<String> {
    let code = source(text).code;
    let mut found = Vec::new();
    if let Some((_, allowed)) = RULES.iter().find(|(r, _)| *r == module) {
        let modules: Vec<&str> = RULES.iter().map(|(r, _)| *r).chain(["cli"]).collect();
        for name in named(&code, "crate::") {
            let known = modules.contains(&name.as_str());
            let free = name == module || allowed.contains(&name.as_str()) || GROUND.contains(&name.as_str());
            if known && !free {
                found.push(format!("{module} names {name}"));
            }
        }
    }
    for (outside, only) in ONLY {
        if !only.contains(&module) && !named(&code, &format!("{outside}::")).is_empty() {
            found.push(format!("{module} names {outside}, which is for {}", only.join(", ")));
        }
    }
    found
}

/// Every source file by its path in `src/`, with its module and text.
fn all() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let read = |file: &PathBuf| {
        let inside = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let module = inside.split('/').next().unwrap().trim_end_matches(".rs").to_string();
        (inside, module, std::fs::read_to_string(file).unwrap())
    };
    files.iter().map(read).collect()
}

#[test]
fn modules_name_only_the_modules_below_them() {
    let mut problems = Vec::new();
    let mut modules = BTreeSet::new();
    for (file, module, text) in all() {
        problems.extend(violations(&module, &text).into_iter().map(|v| format!("{file}: {v}")));
        if module != "lib" && module != "main" && module != "bin" {
            modules.insert(module);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for module in &modules {
        let known = module == "cli" || RULES.iter().any(|(r, _)| r == module);
        assert!(known, "module {module} has no rule: add a line above");
    }
    for (module, allowed) in RULES {
        for name in [module].into_iter().chain(*allowed) {
            assert!(modules.contains(*name), "a rule names {name}, which is no module");
        }
    }
}

#[test]
fn only_the_command_line_speaks_of_its_options() {
    let mut problems = Vec::new();
    for (file, module, text) in all() {
        let is_test =
            file.ends_with("/tests.rs") || file.contains("/tests/") || file.ends_with("/testing.rs");
        if !is_test && module != "cli" && module != "bin" {
            problems.extend(options(&file, &text).into_iter().map(|word| format!("{file}: {word}")));
        }
    }
    assert!(problems.is_empty(), "errors name fields (`crate::field`):\n{}", problems.join("\n"));
}

#[test]
fn only_one_file_names_the_matrix_library_and_one_module_the_intrinsics() {
    for (file, _, text) in all() {
        let code = source(&text).code;
        if code.contains("general_mat_mul") {
            assert_eq!(file, "nn/matmul.rs");
        }
        if code.contains("std::arch") || code.contains("core::arch") {
            assert!(file.starts_with("nn/kernel/"), "{file}");
        }
    }
}

/// Whether a source file has `unsafe` code.
fn is_unsafe(text: &str) -> bool {
    source(text).code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

/// The modules with `unsafe` code, which nothing outside `nn` can name.
const UNSAFE: &[&str] = &["nn/kernel/", "nn/threads"];

#[test]
fn only_the_kernels_and_the_threads_are_unsafe_and_neither_is_public() {
    let files = all();
    for (file, _, text) in &files {
        let allowed = UNSAFE.iter().any(|place| file.starts_with(place));
        assert!(allowed || !is_unsafe(text), "{file} has unsafe code; its place is in {UNSAFE:?}");
    }
    for place in UNSAFE {
        assert!(
            files.iter().any(|(file, _, text)| file.starts_with(place) && is_unsafe(text)),
            "{place} has none"
        );
    }
    let (_, _, nn) = files.iter().find(|(file, _, _)| file == "nn/mod.rs").unwrap();
    let code = source(nn).code;
    for line in ["mod kernel;", "mod threads;"] {
        assert!(code.lines().any(|l| l == line), "nn keeps '{line}' to itself");
    }
    assert!(is_unsafe("fn f() { unsafe { g() } }"));
    assert!(!is_unsafe("// unsafe\nlet unsafe_code = \"unsafe\";"));
}

#[test]
fn the_check_finds_what_it_forbids() {
    assert_eq!(violations("nn", "use crate::data::Dataset;"), ["nn names data"]);
    assert_eq!(
        violations("analysis", "use crate::{stats, nn::{Loss, Engine}, record::Record};"),
        ["analysis names nn"]
    );
    assert_eq!(
        violations("figure", "fn f() { plotters::prelude::x() }"),
        ["figure names plotters, which is for render"]
    );
    assert!(violations("nn", "// see crate::data\nuse crate::stats;").is_empty());
    assert!(violations("cli", "use crate::{nn, data}; use clap::Args;").is_empty());
    assert!(violations("data", "use crate::field::Field;").is_empty());
    assert_eq!(
        options("data/mod.rs", "bad(\"--noise\", \"give (--train-size)\")"),
        ["--noise", "--train-size"]
    );
    assert!(
        options("data/mod.rs", "let a = \"a -- b\"; // --noise\n#[cfg(test)]\nmod tests { \"--x\" }")
            .is_empty()
    );
    assert!(options("notes/notebook.rs", "\"call jupyter nbconvert --to notebook\"").is_empty());
    assert_eq!(options("notes/notebook.rs", "\"give --to\""), ["--to"]);
}

#[test]
fn comments_and_literals_are_no_code() {
    let stripped = |text: &str| source(text).code;
    assert_eq!(stripped("let a = \"https://x\"; crate::data::f();"), "let a = \"\"; crate::data::f();");
    assert_eq!(stripped("a /* b /* c */ d */ e"), "a   e");
    assert_eq!(stripped("r#\"a\"b\"# x"), "\"\" x");
    assert_eq!(stripped("br\"\\\" x"), "b\"\" x");
    assert_eq!(stripped("\"a\\\"b\" x"), "\"\" x");
    assert_eq!(stripped("f('\"', '\\'', b'\\\\', '/') // \""), "f(' ', ' ', b' ', ' ') ");
    assert_eq!(stripped("fn f<'a>(x: &'a str) -> &'a str"), "fn f<'a>(x: &'a str) -> &'a str");
    assert_eq!(source("(\"a\", r\"b\", b\"c\")").literals, ["a", "b", "c"]);
    // What the text says is no dependency; what follows on its line is one.
    assert_eq!(violations("nn", "let url = \"http://a\"; use crate::data;"), ["nn names data"]);
    assert!(violations("nn", "let told = \"see crate::data::load\";").is_empty());
}

/// The source files that are compiled without any feature, from `lib.rs` down.
fn without_features() -> Vec<(String, String)> {
    let files: std::collections::BTreeMap<String, String> =
        all().into_iter().map(|(file, _, text)| (file, text)).collect();
    let mut found = Vec::new();
    let mut open = vec![("lib.rs".to_string(), String::new())];
    while let Some((file, folder)) = open.pop() {
        let text = without_tests(&files[&file]).to_string();
        for name in plain_modules(&text) {
            let places = [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")];
            let place = places.into_iter().find(|place| files.contains_key(place)).unwrap();
            open.push((place, format!("{folder}{name}/")));
        }
        found.push((file, text));
    }
    found
}

/// The modules that a file declares without any condition.
fn plain_modules(text: &str) -> Vec<String> {
    let code = source(text).code;
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let declared = |line: &str| {
        let rest = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?;
        rest.strip_suffix(';').map(String::from)
    };
    let free = |i: usize| {
        lines[..i].iter().rev().take_while(|l| l.starts_with('#')).all(|l| !l.starts_with("#[cfg("))
    };
    (0..lines.len()).filter(|&i| free(i)).filter_map(|i| declared(lines[i])).collect()
}

/// Names of the operating system in code that no feature asks for: files, threads, clocks.
fn system_names(text: &str) -> Vec<&'static str> {
    const SYSTEM: [&str; 7] =
        ["std::fs", "std::thread", "std::time", "std::env", "std::process", "tempfile::", "File::open"];
    let code = source(text).code;
    let mut kept = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if !line.trim().starts_with("#[cfg(feature") {
            kept.push(line);
            continue;
        }
        // The item under the condition: up to the end of its line, or of its block.
        let mut depth = 0;
        for item in lines.by_ref() {
            depth += item.matches('{').count() as i64 - item.matches('}').count() as i64;
            let ends = item.trim_end().ends_with([';', ',', '}']);
            if depth <= 0 && ends {
                break;
            }
        }
    }
    let kept = kept.join("\n");
    SYSTEM.into_iter().filter(|name| kept.contains(name)).collect()
}

#[test]
fn without_features_there_are_no_files_threads_or_clocks() {
    let files = without_features();
    for module in ["activation.rs", "record/mod.rs", "nn/mod.rs", "train/mod.rs", "data/synthetic.rs"] {
        assert!(files.iter().any(|(file, _)| file == module), "{module} needs a feature");
    }
    for module in ["files.rs", "source.rs", "record/folder/mod.rs", "data/csv.rs", "nn/threads/pool.rs"] {
        assert!(files.iter().all(|(file, _)| file != module), "{module} needs no feature");
    }
    for (file, text) in &files {
        assert!(system_names(text).is_empty(), "{file} names {:?} without a feature", system_names(text));
    }
    assert_eq!(system_names("fn f() { std::fs::read(p) }"), ["std::fs"]);
    assert!(
        system_names("#[cfg(feature = \"fs\")]\nfn f() {\n    std::fs::read(p)\n}\nfn g() {}").is_empty()
    );
    assert_eq!(
        system_names("#[cfg(feature = \"fs\")]\nuse std::fs;\nuse std::time::Instant;"),
        ["std::time"]
    );
    assert_eq!(
        plain_modules("mod a;\n#[cfg(feature = \"x\")]\n#[doc(hidden)]\npub mod b;\npub mod c;"),
        ["a", "c"]
    );
}
