//! Words: what they mean, and that one thing has one word and one number everywhere.

use super::*;
use gradfade::text::Lang;

#[test]
fn words_are_explained_without_any_run() {
    let dir = room();
    let said = |args: &[&str]| stdout(dir.path(), &[&["diagnose", "--explain"], args].concat());
    let two = said(&["Alignment", "signal_ratio"]);
    assert!(two.starts_with("alignment\n") && two.contains("\nbackward signal (signal)\n"), "{two}");
    assert!(two.contains("`signal_ratio` 0.1"), "{two}");
    // Several words of one name need no quotation marks, and a word asked for twice is told once.
    assert!(said(&["dead", "units"]).starts_with("dead units\n"));
    assert_eq!(said(&["skill", "skill"]), said(&["skill"]));
    assert!(said(&["skill", "--lang", "zh"]).starts_with("得分（skill）\n"));
    assert!(said(&["梯度消失"]).starts_with("vanishing gradient\n"));
    assert!(said(&["all"]).matches("See also").count() > 60);
    assert!(said(&["skill", "--markdown"]).starts_with("### <a id=\"skill\"></a>skill\n"));
}

#[test]
fn the_pages_of_the_documentation_are_the_glossary() {
    let docs = |name: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
    };
    let said =
        |lang: &str| stdout(room().path(), &["diagnose", "--explain", "all", "--markdown", "--lang", lang]);
    assert!(said("en") == docs("glossary.md"));
    assert!(said("zh") == docs("glossary.zh.md"));
}

#[test]
fn a_word_that_is_not_known_is_answered_with_the_nearest_and_the_list() {
    let dir = room();
    let refuse = |args: &[&str], words: &[&str]| refused(dir.path(), 2, args, words);
    refuse(
        &["diagnose", "--explain", "skill", "alignmnt"],
        &["--explain alignmnt", "did you mean 'alignment'", "known: accuracy, activation", "width"],
    );
    refuse(&["diagnose", "--explain", "a\nb"], &["--explain a\\nb"]);
    for other in [&["--json"][..], &["--short"], &["--thresholds", "x.toml"]] {
        let output =
            gradfade(dir.path()).args(["diagnose", "--explain", "skill"]).args(other).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{other:?}");
    }
}

#[test]
fn a_diagnosis_ends_with_how_to_learn_its_words_and_short_forms_do_not() {
    let dir = room();
    train(dir.path(), "a", &["--activation", "sigmoid", "--widths", "6,6,6,6", "--epochs", "20"]);
    let said = |args: &[&str]| {
        let output = gradfade(dir.path()).args([&["diagnose", "a"], args].concat()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = said(&[]);
    let last = text.lines().last().unwrap();
    let words = last
        .strip_prefix("What these words mean: gradfade diagnose --explain ")
        .unwrap_or_else(|| panic!("{text}"));
    assert!(words.starts_with("alignment ") && text.contains("alignment"), "{text}");
    // The command can be given as it stands.
    let asked: Vec<&str> = words.split(' ').collect();
    assert!(asked.len() <= 5);
    stdout(dir.path(), &[&["diagnose", "--explain"], &asked[..]].concat());
    assert!(
        said(&["--lang", "zh"]).lines().last().unwrap().contains("gradfade diagnose --lang zh --explain")
    );
    assert!(said(&["--markdown"]).lines().last().unwrap().contains("`gradfade diagnose --explain "));
    assert!(!said(&["--short"]).contains("--explain") && !said(&["--json"]).contains("--explain"));
}

#[test]
fn chance_is_one_number_everywhere() {
    let dir = room();
    // Three samples in four are of one class.
    let rows: String = (0..80).map(|i| format!("{},{},{}\n", i % 7, i % 5, u8::from(i % 4 == 0))).collect();
    std::fs::write(dir.path().join("table.csv"), format!("a,b,label\n{rows}")).unwrap();
    let out = gradfade(dir.path())
        .args([
            "train",
            "--data",
            "csv:table.csv",
            "--test-share",
            "0",
            "--widths",
            "4,4",
            "--batch-size",
            "16",
        ])
        .args(["--epochs", "8", "--learning-rate", "0.001", "--quiet", "--out", "run"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let told = gradfade(dir.path()).args(["diagnose", "run", "--json"]).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let chance = told["runs"][0]["training"]["chance"].as_f64().unwrap();
    assert_eq!(chance, 0.75);
    for (lang, word) in [("en", "chance 75\u{a0}%"), ("zh", "随机水平 75%")] {
        let text = gradfade(dir.path()).args(["diagnose", "run", "--lang", lang]).output().unwrap();
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains(word), "{text}");
        for figure in ["training-curves", "recipe", "update-heatmap", "gradient-heatmap"] {
            stdout(
                dir.path(),
                &[
                    "plot", "run", "--figure", figure, "--lang", lang, "--format", "svg", "--out", "f",
                    "--force",
                ],
            );
            let mut svg = std::fs::read_dir(dir.path().join("f")).unwrap().map(|e| e.unwrap().path());
            let svg = svg.find(|path| path.to_string_lossy().contains(figure)).unwrap();
            let svg = std::fs::read_to_string(svg).unwrap();
            assert!(svg.contains(word), "{figure}, {lang}: {word}");
            assert!(!svg.contains("50\u{a0}%</text>") || figure != "recipe", "{figure}");
        }
    }
}

#[test]
fn the_list_of_figures_is_in_the_language_that_was_asked_for() {
    let [en, zh] = ["en", "zh"].map(|lang| stdout(room().path(), &["plot", "--list", "--lang", lang]));
    assert_eq!(en.lines().count(), zh.lines().count());
    for (english, line) in en.lines().zip(zh.lines()) {
        let name = english.split(' ').next().unwrap();
        assert!(line.starts_with(name), "{line}");
        assert!(
            line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{name} is listed in English: {line}"
        );
        assert!(!english.contains(line.trim_start_matches(name).trim()), "{line}");
    }
}

#[test]
fn chance_has_no_second_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for folder in ["docs", "src/text", "src/figure", "src/report", "src/page", "src/cli", "src/diagnosis"] {
        texts.extend(tree(&root.join(folder)));
    }
    texts.insert("README.md".into(), std::fs::read(root.join("README.md")).unwrap());
    assert!(texts.len() > 50);
    for (file, bytes) in texts {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for word in ["guess", "猜测", "随机猜"] {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
    }
    assert_eq!(Lang::En.chance_mark(0.5), "chance 50\u{a0}%");
}
