//! Every figure of some 40 records, at every size and in both languages, against rules that a program can
//! check: no two texts overlap, none leaves the sheet, the smallest can be read, and words stand out from
//! their ground in both themes.
//!
//! What is checked is the SVG that `gradfade plot` writes.

use std::path::{Path, PathBuf};
use std::process::Command;

use gradfade::figure::Size;
use gradfade::font::{self, Weight};
use gradfade::render::{Rgb, Theme};

/// One text of a picture: its box in layout pixels, its type size, its colour.
struct Text {
    words: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    size: f64,
    colour: Rgb,
}

struct Picture {
    width: f64,
    height: f64,
    /// Width as shown, CSS pixels.
    shown: f64,
    texts: Vec<Text>,
}

/// Steps of the coordinates a layout pixel.
const UNITS: f64 = 10.0;

/// A text's box: from the top of a digit to the foot of a `g`, in em over and under the baseline.
const RISE: f64 = 0.73;
const FALL: f64 = 0.2;

/// Boxes may touch, and kerning makes a text a little narrower than its letters.
const SLACK: f64 = 1.0;

fn attribute<'a>(element: &'a str, key: &str) -> Option<&'a str> {
    let start = element.find(&format!(" {key}=\""))? + key.len() + 3;
    Some(&element[start..start + element[start..].find('"')?])
}

fn number(element: &str, key: &str) -> f64 {
    attribute(element, key).unwrap_or_else(|| panic!("no {key} in {element}")).parse().unwrap()
}

fn colour(hex: &str) -> Rgb {
    Rgb::hex(u32::from_str_radix(hex.trim_start_matches('#'), 16).unwrap())
}

fn plain(xml: &str) -> String {
    let unescaped = xml.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    unescaped.replace("&apos;", "'").replace("&amp;", "&")
}

fn text(line: &str) -> Text {
    let (head, rest) = line.split_once('>').unwrap();
    let words = plain(rest.strip_suffix("</text>").unwrap());
    let [x, y, size] = ["x", "y", "font-size"].map(|key| number(head, key) / UNITS);
    let weight = if head.contains("font-weight=\"bold\"") { Weight::Bold } else { Weight::Regular };
    let width = font::width(&words, size, weight);
    let before = match attribute(head, "text-anchor") {
        Some("middle") => 0.5 * width,
        Some("end") => width,
        _ => 0.0,
    };
    let upright = attribute(head, "transform").is_some_and(|t| t.starts_with("rotate(270"));
    let (left, right, top, bottom) = match upright {
        false => (x - before, x - before + width, y - RISE * size, y + FALL * size),
        true => (x - RISE * size, x + FALL * size, y + before - width, y + before),
    };
    let colour = colour(attribute(head, "fill").unwrap());
    Text { words, left, right, top, bottom, size, colour }
}

fn picture(svg: &str) -> Picture {
    let head = svg.lines().next().unwrap();
    let view: Vec<f64> =
        attribute(head, "viewBox").unwrap().split(' ').map(|v| v.parse::<f64>().unwrap() / UNITS).collect();
    let texts = svg.lines().filter(|line| line.starts_with("<text")).map(text).collect();
    Picture { width: view[2], height: view[3], shown: number(head, "width"), texts }
}

/// What a strict reader would object to.
fn faults(picture: &Picture, size: Size, theme: Theme) -> Vec<String> {
    let mut faults = Vec::new();
    let ground = theme.palette();
    for t in &picture.texts {
        let outside = t.left < -SLACK || t.top < -SLACK;
        if outside || t.right > picture.width + SLACK || t.bottom > picture.height + SLACK {
            faults.push(format!("`{}` leaves the sheet", t.words));
        }
        // On the ground of a sheet, and on that of rows whose colours are not shown.
        let least = if size == Size::Screen { 10.5 } else { gradfade::figure::size::LEAST_TEXT };
        if t.size < least {
            faults.push(format!("`{}` is set at {} px", t.words, t.size));
        }
        if t.colour.contrast(ground.background) < 4.5 {
            faults.push(format!("`{}` is too pale: {}", t.words, t.colour));
        }
    }
    for (i, a) in picture.texts.iter().enumerate() {
        for b in &picture.texts[..i] {
            let across = a.right.min(b.right) - a.left.max(b.left);
            let down = a.bottom.min(b.bottom) - a.top.max(b.top);
            if across > SLACK && down > SLACK {
                faults.push(format!("`{}` overlaps `{}`", a.words, b.words));
            }
        }
    }
    let zoom = picture.shown / picture.width;
    if (zoom - size.zoom()).abs() > 1e-3 {
        faults.push(format!("{zoom} CSS pixels a pixel"));
    }
    faults
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The arguments that name what is drawn, one a record or a group of them.
fn subjects() -> Vec<Vec<PathBuf>> {
    let records = root().join("plots/records");
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(&records).unwrap().map(|entry| entry.unwrap().path()).collect();
    let old = std::fs::read_dir(root().join("tests/fixtures/schema1")).unwrap();
    all.extend(old.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
    let logs = ["keras_history.csv", "trainer_state.json", "wandb_history.csv", "lightning"]
        .map(|name| root().join("tests/fixtures/logs").join(name));
    all.extend(logs);
    all.sort();
    let mut subjects: Vec<Vec<PathBuf>> = all.iter().map(|path| vec![path.clone()]).collect();
    let runs =
        ["sigmoid", "relu", "adam", "decay", "deep", "diverged", "first-relu", "cnn-relu", "vanishing"]
            .map(|name| records.join(name));
    // Two, three, five, nine and twelve beside each other.
    for count in [2, 3, 5, 9, 12] {
        subjects.push(runs.iter().cycle().take(count).cloned().collect());
    }
    subjects
}

/// Draws everything of these at this size into a folder and returns the SVG of each figure.
fn drawn(subject: &[PathBuf], size: Size, lang: &str, theme: Theme) -> Vec<(String, String)> {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradfade"));
    command.arg("plot").args(subject).args(["--format", "svg", "--lang", lang]);
    command.args(["--size", size.name(), "--theme", &theme.to_string(), "--out"]).arg(out.path());
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    // What a sheet of a given height does not hold is left out, with a line.
    assert!(done.status.success(), "{subject:?} {size} {lang}: {said}");
    let mut all: Vec<(String, String)> = std::fs::read_dir(out.path())
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// Sizes and languages of all subjects, shared among the tests below so that they run side by side.
fn check(sizes: &[Size]) {
    let mut found = Vec::new();
    let mut count = 0;
    for subject in subjects() {
        let name =
            subject.iter().map(|p| p.file_name().unwrap().to_string_lossy()).collect::<Vec<_>>().join("+");
        for &size in sizes {
            // Where lines break differs between languages, which two sizes show.
            let both: &[&str] =
                if matches!(size, Size::Screen | Size::Column) { &["en", "zh"] } else { &["en"] };
            for lang in both {
                for (figure, svg) in drawn(&subject, size, lang, Theme::Light) {
                    count += 1;
                    let faults = faults(&picture(&svg), size, Theme::Light);
                    found.extend(faults.into_iter().map(|f| format!("{name} {figure} {size} {lang}: {f}")));
                }
            }
        }
    }
    assert!(count > 300 * sizes.len(), "only {count} pictures were looked at");
    assert!(found.is_empty(), "{} faults in {count} pictures:\n{}", found.len(), found.join("\n"));
}

#[test]
fn pictures_of_a_window_and_a_page_can_be_read() {
    check(&[Size::Screen, Size::Page]);
}

#[test]
fn pictures_of_a_column_can_be_read() {
    check(&[Size::Column]);
}

#[test]
fn pictures_of_slides_can_be_read() {
    check(&[Size::Slide, Size::Square, Size::Beamer]);
}

#[test]
fn dark_pictures_can_be_read() {
    for subject in subjects() {
        for (figure, svg) in drawn(&subject, Size::Screen, "en", Theme::Dark) {
            let faults = faults(&picture(&svg), Size::Screen, Theme::Dark);
            assert!(faults.is_empty(), "{figure}: {faults:?}");
        }
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let sheet = |body: &str| {
        let head = "<svg width=\"100\" height=\"50\" viewBox=\"0 0 1000 500\" role=\"img\">";
        faults(&picture(&format!("{head}\n{body}\n</svg>")), Size::Screen, Theme::Light)
    };
    let line = |x: u32, y: u32, size: u32, fill: &str, words: &str| {
        format!("<text x=\"{x}\" y=\"{y}\" fill=\"{fill}\" font-size=\"{size}\">{words}</text>")
    };
    assert_eq!(sheet(&line(100, 200, 120, "#1C1C1E", "a word")), Vec::<String>::new());
    let two = [line(100, 200, 120, "#1C1C1E", "one"), line(150, 205, 120, "#1C1C1E", "two")].join("\n");
    assert!(sheet(&two)[0].contains("`two` overlaps `one`"));
    assert!(sheet(&line(950, 200, 120, "#1C1C1E", "outside"))[0].contains("leaves the sheet"));
    assert!(sheet(&line(100, 200, 70, "#1C1C1E", "small"))[0].contains("7 px"));
    assert!(sheet(&line(100, 200, 120, "#BBBBBB", "pale"))[0].contains("too pale"));
}
