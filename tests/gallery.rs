//! The committed gallery is what its commands draw today.
//!
//! On another processor or with another system library the last bit of a logarithm may differ: a pixel may
//! then fall on the neighbouring colour. So pictures are compared as a reader would see them, not byte by
//! byte.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Of the 255 levels of a channel.
const MEAN_DIFFERENCE: f64 = 0.25;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The arguments of every command that the gallery shows.
fn commands() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("plots/README.md")).unwrap();
    let lines = text.lines().filter_map(|l| l.strip_prefix("    gradfade "));
    lines.map(|l| l.split_whitespace().map(String::from).collect()).collect()
}

fn value<'a>(args: &'a [String], name: &str) -> &'a str {
    let at = args.iter().position(|a| a == name).unwrap();
    &args[at + 1]
}

fn pixels(path: &Path) -> (u32, u32, Vec<u8>) {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    data.truncate(info.buffer_size());
    (info.width, info.height, data)
}

fn mean_difference(a: &Path, b: &Path) -> f64 {
    let ((w, h, a), (x, y, b)) = (pixels(a), pixels(b));
    if (w, h, a.len()) != (x, y, b.len()) {
        return f64::INFINITY;
    }
    a.iter().zip(&b).map(|(p, q)| f64::from(p.abs_diff(*q))).sum::<f64>() / a.len() as f64
}

/// An SVG without its embedded rasters, numbers rounded to a pixel.
fn outline(path: &Path) -> String {
    rounded(&std::fs::read_to_string(path).unwrap())
}

fn rounded(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split("data:image/png;base64,").enumerate() {
        let part = if i == 0 { part } else { &part[part.find('"').unwrap()..] };
        let mut number = String::new();
        for c in part.chars().chain([' ']) {
            if c.is_ascii_digit() || (c == '.' && !number.is_empty()) {
                number.push(c);
                continue;
            }
            if !number.is_empty() {
                out += &number
                    .trim_end_matches('.')
                    .parse::<f64>()
                    .map_or(number.clone(), |n| format!("{n:.0}"));
                number.clear();
            }
            out.push(c);
        }
    }
    out
}

/// A page without its numbers, and without what depends on each digit of them: the prefix of its classes, and
/// hashes.
fn frame(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once("-data\">").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    let prefix = text.split_once("<body class=\"").unwrap().1.split_once("-page").unwrap().0;
    let mut out = String::new();
    for (i, part) in (before.to_owned() + after).replace(prefix, "gf").split("'sha256-").enumerate() {
        out += if i == 0 { part } else { part.split_once('\'').unwrap().1 };
    }
    out
}

#[test]
fn every_committed_picture_is_what_its_command_draws() {
    let commands = commands();
    assert!(commands.len() >= 6, "the gallery shows only {} commands", commands.len());
    let scratch = tempfile::tempdir().unwrap();
    let mut pictures = 0;
    for args in &commands {
        let out = PathBuf::from(value(args, "--out"));
        let fresh = scratch.path().join(&out);
        let args: Vec<String> = args
            .iter()
            .map(|a| if Path::new(a) == out { fresh.display().to_string() } else { a.clone() })
            .collect();
        let run =
            Command::new(env!("CARGO_BIN_EXE_gradfade")).args(&args).current_dir(root()).output().unwrap();
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
        for line in String::from_utf8(run.stdout).unwrap().lines() {
            let new = PathBuf::from(line);
            let old = root().join(new.strip_prefix(scratch.path()).unwrap());
            assert!(old.exists(), "{} is not committed: run scripts/gallery.sh", old.display());
            let same = match new.extension().and_then(|e| e.to_str()) {
                Some("png") => mean_difference(&old, &new) < MEAN_DIFFERENCE,
                Some("svg") => outline(&old) == outline(&new),
                Some("html") => rounded(&frame(&old)) == rounded(&frame(&new)),
                // Tables hold what was recorded: they are the same to the last digit everywhere.
                _ => std::fs::read(&old).unwrap() == std::fs::read(&new).unwrap(),
            };
            assert!(
                same,
                "{} is not what its command draws now: look at both, then run scripts/gallery.sh",
                old.display()
            );
            pictures += 1;
        }
    }
    assert!(pictures >= 20, "{pictures}");
}

#[test]
fn every_picture_of_the_gallery_is_shown_and_there() {
    let text = std::fs::read_to_string(root().join("plots/README.md")).unwrap();
    let shown: Vec<&str> =
        text.lines().filter_map(|l| l.strip_prefix("![](").and_then(|l| l.strip_suffix(')'))).collect();
    assert!(shown.len() >= 10);
    for picture in shown {
        assert!(root().join("plots").join(picture).exists(), "plots/{picture}");
    }
}

#[test]
fn the_pictures_of_rendered_notes_are_all_shown_and_small() {
    let text = std::fs::read_to_string(root().join("plots/README.md")).unwrap();
    let files: Vec<PathBuf> =
        std::fs::read_dir(root().join("plots/notes")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 12, "{files:?}");
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(text.contains(&format!("![](notes/{name})")), "{name} is not shown");
        let size = std::fs::metadata(file).unwrap().len();
        assert!(size < 150_000, "{name}: {size} bytes");
    }
}

#[test]
fn the_page_of_the_gallery_is_small() {
    let size = std::fs::metadata(root().join("plots/page/sigmoid-relu.html")).unwrap().len();
    assert!(size < 300_000, "{size} bytes");
}

#[test]
fn another_picture_is_noticed() {
    let plots = root().join("plots");
    let (a, b) = (plots.join("relu/gradient-heatmap"), plots.join("sigmoid/gradient-heatmap"));
    assert!(mean_difference(&a.with_extension("png"), &b.with_extension("png")) > 2.0 * MEAN_DIFFERENCE);
    assert_ne!(outline(&a.with_extension("svg")), outline(&b.with_extension("svg")));
}
