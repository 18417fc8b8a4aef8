//! Outputs of one fact, compared with each other: every figure of the registry in every language, as SVG,
//! PDF, table and in notes; and the advice as text, JSON, page and picture.
//!
//! Each output is made by its own code, so each could forget the language, a sentence or a number. A figure
//! that is added to the registry is covered by itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gradfade::diagnosis::{Remedy, Thresholds, diagnose};
use gradfade::figure::{Draws, FIGURES, FigureSpec};
use gradfade::record::Record;
use gradfade::text::Lang;

use super::{gradfade, room, stdout, train};

/// Adam at a rate at which nothing moves: it is ill, and two of the rule's remedies it has already.
const ILL: [&str; 6] = ["--optimizer", "adam", "--learning-rate", "1e-7", "--epochs", "30"];

const SWEEP: &str = "sweep --activations sigmoid,relu --hidden-layers 1..3 --seeds 2 --data gaussians --samples 64 --widths 5 \
                     --batch-sizes 16 --epochs 2 --record every:1 --snapshots every:2 --no-figures --out sweep";

/// A run whose weights are kept.
const SAVED: [&str; 14] = [
    "train",
    "--save-weights",
    "--quiet",
    "--network",
    "conv:3x3,pool:2",
    "--train-size",
    "60",
    "--test-size",
    "20",
    "--batch-size",
    "20",
    "--steps",
    "6",
    "--out=saved",
];

/// A run that keeps the parameters of its lowest validation loss.
const STOPPED: [&str; 4] = ["--validation-size", "20", "--early-stopping", "2"];

/// Runs, a sweep and remedies to draw.
fn desk() -> tempfile::TempDir {
    let dir = room();
    train(dir.path(), "net", &ILL);
    train(dir.path(), "other", &["--activation", "relu"]);
    train(dir.path(), "stopped", &STOPPED);
    stdout(dir.path(), &SAVED);
    let output = gradfade(dir.path()).args(SWEEP.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stdout(dir.path(), &["remedy", "net", "--only", "relu,dropout", "--quiet"]);
    for file in ["lecture.md", "lecture.tex"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/notes").join(file);
        fs::copy(from, dir.path().join(file)).unwrap();
    }
    dir
}

/// What a figure is drawn from.
fn input(spec: &FigureSpec) -> &'static [&'static str] {
    match spec.draws() {
        Draws::Run if spec.name == "early-stopping" => &["stopped"],
        Draws::Run => &["net"],
        Draws::Runs => &["net", "other"],
        Draws::Sweep => &["sweep"],
        Draws::Trials => &["net-remedies"],
        Draws::Weights => &["saved"],
        Draws::Nothing => &[],
    }
}

fn chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// The text of the first element of this name.
fn element(svg: &str, name: &str) -> String {
    let from = svg.find(&format!("<{name} ")).unwrap_or_else(|| panic!("no <{name}>"));
    let (_, rest) = svg[from..].split_once('>').unwrap();
    let text = rest.split_once(&format!("</{name}>")).unwrap().0;
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// Panel and series of every row, and its numbers.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect();
    let words = rows.iter().map(|r| [&r[0], &r[1]].join(" ")).collect();
    let number = |text: &str| text.parse::<f64>().is_ok();
    // The name of a column stands where an edge would, and is of the figure's language.
    let numbers = rows
        .iter()
        .map(|r| [2, 3, 4, 5].map(|c| if c < 4 && !number(&r[c]) { "" } else { &r[c] }.to_string()));
    (words, numbers.map(Vec::from).collect())
}

/// One figure in one language.
struct Drawn {
    svg: String,
    pdf: Vec<u8>,
    words: Vec<String>,
    numbers: Vec<Vec<String>>,
}

fn plot(dir: &Path, spec: &FigureSpec, lang: Lang) -> Drawn {
    let out = format!("figures-{}", lang.tag());
    let asked = [
        "--figure",
        spec.name,
        "--lang",
        lang.tag(),
        "--format",
        "svg,pdf",
        "--csv",
        "--force",
        "--out",
        &out,
    ];
    stdout(dir, &[&["plot"], input(spec), &asked].concat());
    let at = |end: &str| dir.join(&out).join(format!("{}.{end}", spec.name));
    let (words, numbers) = table(&at("csv"));
    Drawn { svg: fs::read_to_string(at("svg")).unwrap(), pdf: fs::read(at("pdf")).unwrap(), words, numbers }
}

#[test]
fn every_figure_speaks_its_language_in_every_output_and_says_the_same_numbers() {
    let dir = desk();
    let dir = dir.path();
    for spec in FIGURES {
        let name = spec.name;
        let [en, zh] = [Lang::En, Lang::Zh].map(|lang| (lang, plot(dir, spec, lang)));
        for (lang, drawn) in [&en, &zh] {
            let foreign = *lang == Lang::Zh;
            let root = drawn.svg.split_once('>').unwrap().0;
            assert_eq!(root.contains(&format!(" lang=\"{}\"", lang.bcp47())), foreign, "{name}: {root}");
            for part in ["title", "desc"] {
                assert_eq!(
                    chinese(&element(&drawn.svg, part)),
                    foreign,
                    "{name}: <{part}> of {}",
                    lang.tag()
                );
            }
            let tag = format!("/Lang({})", lang.bcp47());
            let pdf = String::from_utf8_lossy(&drawn.pdf).replace("/Lang (", "/Lang(");
            assert!(pdf.contains(&tag), "{name}: {tag} is not in the PDF");
            assert_eq!(
                drawn.words.iter().any(|w| chinese(w)),
                foreign,
                "{name}: the table of {}",
                lang.tag()
            );
        }
        assert_eq!(en.1.numbers, zh.1.numbers, "{name}: the tables have other numbers");
        notes(dir, spec, &[&en, &zh]);
    }
}

/// The figure in Markdown and in LaTeX, in both languages one after the other.
fn notes(dir: &Path, spec: &FigureSpec, drawn: &[&(Lang, Drawn); 2]) {
    let name = spec.name;
    for (file, ending) in [("lecture.md", "svg"), ("lecture.tex", "pdf")] {
        let before = fs::read(dir.join(file)).unwrap();
        let mut pictures: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for (lang, drawn) in drawn {
            let block = format!("all-{}", lang.tag());
            let asked = ["--figure", name, "--lang", lang.tag(), "--into", file, "--name", &block];
            let output = gradfade(dir).arg("notes").args(input(spec)).args(asked).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name}: {stderr}");
            let text = fs::read_to_string(dir.join(file)).unwrap();
            let mark = if *lang == Lang::Zh { "-zh" } else { "" };
            // In LaTeX a picture is as wide as an article's text, which its name says.
            let size = if ending == "pdf" { "-text" } else { "" };
            let picture = format!("gradfade/{block}-{name}{size}{mark}.{ending}");
            assert!(text.contains(&picture), "{name}: {file} shows no {picture}:\n{text}");
            let reading = lang.how_to_read();
            assert!(text.contains(reading), "{name}: {file} does not say \"{reading}\"");
            if ending == "svg" {
                let title = element(&drawn.svg, "title");
                let first: String = title.chars().take(12).collect();
                assert!(text.contains(&first), "{name}: {file} does not say \"{title}\"");
            }
            assert_eq!(
                stderr.contains("xeCJK"),
                ending == "pdf" && *lang == Lang::Zh,
                "{name}: {file}: {stderr}"
            );
            pictures.push((dir.join(&picture), fs::read(dir.join(&picture)).unwrap()));
        }
        assert_ne!(pictures[0].1, pictures[1].1, "{name}: both languages have the same {ending}");
        assert_eq!(
            fs::read(&pictures[0].0).unwrap(),
            pictures[0].1,
            "{name}: the Chinese picture replaced the English one"
        );
        fs::write(dir.join(file), before).unwrap();
    }
}

/// A text as it reads: terminals break lines, and ties between a number and its unit are no matter here.
fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn text_json_page_and_picture_give_the_same_advice() {
    let dir = room();
    let dir = dir.path();
    train(dir, "net", &ILL);
    let record = Record::read(&dir.join("net")).unwrap().0;
    let diagnosis = diagnose(&record, &Thresholds::default()).unwrap();
    let advice = diagnosis.advice();
    let keys: BTreeSet<&str> = advice.iter().map(|a| a.remedy.key()).collect();
    // What the run has is no advice.
    assert!(!keys.is_empty());
    assert!(!keys.contains(Remedy::AdaptiveRate.key()) && !keys.contains(Remedy::Momentum.key()), "{keys:?}");
    for lang in [Lang::En, Lang::Zh] {
        let tag = lang.tag();
        let say = |more: &[&str]| {
            let output = gradfade(dir).args(["diagnose", "net", "--lang", tag]).args(more).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let json: serde_json::Value = serde_json::from_str(&say(&["--json"])).unwrap();
        let verdicts = json["runs"][0]["verdicts"].as_array().unwrap();
        let faults = verdicts.iter().filter(|v| v["severity"] == "fault");
        let in_json: BTreeSet<&str> =
            faults.flat_map(|v| v["remedies"].as_array().unwrap()).map(|r| r.as_str().unwrap()).collect();
        assert_eq!(in_json, keys, "JSON, {tag}");
        stdout(dir, &["page", "net", "--lang", tag, "--out", "page.html", "--force"]);
        let page = fs::read_to_string(dir.join("page.html")).unwrap();
        assert!(page.contains(&format!("<html lang=\"{}\"", lang.bcp47())), "page, {tag}");
        let picture = element(&plot(dir, FigureSpec::find("recipe").unwrap(), lang).svg, "desc");
        for (output, said) in [("text", say(&[])), ("page", page), ("picture", picture)] {
            // 动量 (momentum) is a part of 移动量 (movement), which is another word.
            let said = plain(&said).replace("移动量", "");
            for one in &advice {
                let words = plain(&lang.advice(one));
                assert!(said.contains(&words), "{output}, {tag}: \"{words}\" is not in {said}");
            }
            for has in [Remedy::AdaptiveRate, Remedy::Momentum] {
                assert!(!said.contains(&plain(&lang.remedy(has))), "{output}, {tag}: advises {}", has.key());
            }
        }
    }
}

/// A run as another program would have written it: its layers have names of their own.
fn named(dir: &Path, names: &[&str]) {
    let size =
        ["--samples", "64", "--hidden-layers", "5", "--width", "6", "--batch-size", "16", "--epochs", "10"];
    stdout(dir, &[&["train", "--data", "gaussians", "--quiet", "--out", "net"], &size[..]].concat());
    let path = dir.join("net/meta.json");
    let mut meta: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (layer, name) in meta["layers"].as_array_mut().unwrap().iter_mut().zip(names) {
        layer["name"] = (*name).into();
    }
    fs::write(&path, meta.to_string()).unwrap();
}

#[test]
fn names_of_layers_stand_beside_their_numbers_wherever_layers_are_named() {
    let dir = room();
    let dir = dir.path();
    let names =
        ["encoder.in", "block0.q", "block1.q", "layers.3", "transformer.blocks.11.mlp.projection", "head"];
    named(dir, &names);
    let rows = ["1 · encoder.in", "2 · block0.q", "4", "5 · …11.mlp.projection", "6 · head (output)"];
    stdout(dir, &["plot", "net", "--figure", "gradient-heatmap", "--csv", "--out", "f"]);
    let svg = fs::read_to_string(dir.join("f/gradient-heatmap.svg")).unwrap();
    let page = {
        stdout(dir, &["page", "net", "--out", "p.html"]);
        fs::read_to_string(dir.join("p.html")).unwrap()
    };
    for row in rows {
        assert!(svg.contains(&format!(">{row}<")), "{row}");
        assert!(page.contains(&format!("<th scope=\"row\">{row}</th>")), "{row}");
    }
    for (lang, one, ends) in [
        ("en", "layer 1 (encoder.in)", "layer 1 (encoder.in) over layer 5 (…11.mlp.projection)"),
        ("zh", "第 1 层（encoder.in）", "第 1 层（encoder.in）与第 5 层（…11.mlp.projection）之比"),
    ] {
        // Its exit code says that a fault was found.
        let output = gradfade(dir).args(["diagnose", "net", "--lang", lang]).output().unwrap();
        let whole = String::from_utf8(output.stdout).unwrap();
        let text = whole.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(one) && text.contains(ends), "{text}");
    }
    let output = gradfade(dir).args(["diagnose", "net", "--json"]).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = &told["runs"][0]["layer_names"];
    assert_eq!(told[4], "transformer.blocks.11.mlp.projection");
    assert_eq!(told[3], serde_json::Value::Null);
}
