//! A path means the same to every command, and a path that is nothing useful is told what it is.

use std::path::PathBuf;

use ::gradfade::import::names::Kind as Named;
use ::gradfade::import::{Axis, ImportError, Importer, Log, Peek, Place, Sniff};
use ::gradfade::record::LOSS;
use ::gradfade::source::{self, Kind, Source, SourceError};

use super::{TINY, gradfade, refused, room, train};

/// Commands that look at one run, up to the place of its path.
const OF_A_RUN: [&[&str]; 5] =
    [&["summary"], &["diagnose"], &["remedy"], &["export"], &["baselines", "--run"]];
/// Commands that look at a run, a sweep or remedies.
const OF_ANY: [&[&str]; 3] = [&["plot"], &["page"], &["notes", "--into", "n.md"]];

#[test]
fn every_command_says_what_a_path_is_that_is_no_run() {
    let dir = room();
    train(dir.path(), "runs/a", &[]);
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("file.txt"), "x").unwrap();
    std::fs::write(dir.path().join("n.md"), "# Notes\n").unwrap();
    for command in OF_A_RUN.iter().chain(&OF_ANY) {
        let refuse = |path: &str, words: &[&str]| {
            refused(dir.path(), 1, &[*command, &[path]].concat(), words);
        };
        refuse("nowhere", &["nowhere: no such folder; give one that a training run wrote"]);
        refuse("empty", &["empty: not a run folder (it has no meta.json)"]);
        refuse("file.txt", &["file.txt: not a run folder, but a file; give the folder"]);
        for file in ["step.npy", "grad_norm.npy", "meta.json"] {
            let path = format!("runs/a/{file}");
            refuse(&path, &[&format!("{path}: not a run folder, but a file of one; give runs/a")]);
        }
        refuse("runs", &["runs: not a run folder, but a folder of them; name one: runs/a"]);
    }
}

#[test]
fn a_sweep_and_remedies_are_told_from_a_run() {
    let dir = room();
    train(dir.path(), "r/relu", &[]);
    std::fs::write(dir.path().join("r/remedies.json"), "{}").unwrap();
    let grid = ["sweep", "--activations", "tanh,relu", "--epochs", "1", "--quiet", "--no-figures", "--out"];
    let tiny: Vec<&str> = TINY.iter().copied().filter(|w| !["--widths", "6,5"].contains(w)).collect();
    for (out, more) in [("s", &["--record", "every:1"][..]), ("digests", &["--record", "summary"])] {
        gradfade(dir.path())
            .args(grid)
            .arg(out)
            .args(&tiny)
            .args(["--widths", "5"])
            .args(more)
            .assert()
            .success();
    }
    for command in OF_A_RUN {
        let refuse = |path: &str, words: &[&str]| {
            refused(dir.path(), 1, &[command, &[path]].concat(), words);
        };
        refuse(
            "s",
            &["s: the folder of a sweep, not a run folder; name one in it: s/cells/000001, s/cells/000002"],
        );
        refuse(
            "digests",
            &["digests: the folder of a sweep, not a run folder; its cells kept their summaries only"],
        );
        refuse("r", &["r: a folder of remedies, not a run folder; name one in it: r/relu"]);
    }
    for (merged, words) in
        [("r", "a folder of remedies, not"), ("r/relu", "a run folder, not the folder of a sweep")]
    {
        refused(dir.path(), 1, &["sweep", "merge", "--out", merged], &[merged, words]);
    }
    std::fs::write(dir.path().join("n.md"), "# Notes\n").unwrap();
    for several in [["plot", "s", "r/relu"].as_slice(), &["notes", "--into", "n.md", "s", "r/relu"]] {
        refused(dir.path(), 2, several, &["a sweep is drawn alone"]);
    }
    let kinds = ["s", "r", "r/relu", "n.md", "nowhere"].map(|p| source::kind(&dir.path().join(p)));
    assert_eq!(kinds, [Some(Kind::Sweep), Some(Kind::Remedies), Some(Kind::Run), None, None]);
}

/// A format of another program: `toy 1`, the name of a series, and a number a line.
struct Toy;

impl Importer for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn word(&self) -> &'static str {
        "toy"
    }

    fn about(&self) -> &'static str {
        "numbers of one series, line by line"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        file.head.starts_with(b"toy ").into()
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let at = |line: usize| Place { file: file.path.clone(), line: Some(line as u64) };
        let broken = |line: usize, what: &str| ImportError::Broken { at: at(line), what: what.into() };
        let text = std::fs::read_to_string(&file.path).map_err(|e| broken(1, &e.to_string()))?;
        let mut lines = text.lines();
        match lines.next().and_then(|first| first.strip_prefix("toy ")) {
            Some("1") => {}
            found => {
                let found = found.unwrap_or_default().to_string();
                return Err(ImportError::Incompatible { found, wanted: "1".into() });
            }
        }
        let name = lines.next().ok_or_else(|| broken(2, "the name is missing"))?;
        let run = log.run("")?;
        let series =
            log.series(run, name, Named::Number, Axis::Step)?.ok_or_else(|| broken(2, "no such name"))?;
        for (row, line) in lines.enumerate() {
            let number = line.parse().map_err(|_| broken(row + 3, "the line is no number"))?;
            log.push(series, row as i64, number);
        }
        Ok(())
    }
}

#[test]
fn an_importer_has_three_answers_and_a_record() {
    let dir = room();
    let importers: [&dyn Importer; 1] = [&Toy];
    let write = |name: &str, text: &str| -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    // Not mine.
    let foreign = write("foreign.toy", "foreign 1\n");
    let error = source::open_with(&foreign, &importers).unwrap_err();
    assert!(matches!(error, SourceError::Neither { .. }), "{error}");
    // Mine, but of another version.
    let newer = write("newer.toy", "toy 2\nloss\n");
    let error = source::open_with(&newer, &importers).unwrap_err().to_string();
    assert!(error.ends_with("newer.toy: version 2, this program reads 1"), "{error}");
    // Mine, but broken.
    let broken = write("broken.toy", "toy 1\nloss\n0.5\nhalf\n");
    let error = source::open_with(&broken, &importers).unwrap_err().to_string();
    assert!(error.contains("broken.toy, line 4: the line is no number"), "{error}");
    // A record, that every command's library part takes.
    let good = write("good.toy", "toy 1\nloss\n0.25\n0.75\n");
    assert_eq!(source::kind_with(&good, &importers), Some(Kind::Run));
    let run = source::open_run_with(&good, &importers).unwrap();
    assert_eq!((run.importer, run.record.header.run.as_str()), (Some("toy"), "good"));
    assert_eq!(run.record.steps[LOSS], [0.25, 0.75]);
    assert!(matches!(source::open_with(&good, &importers), Ok(Source::Run(_))));
    // The program itself has none.
    assert_eq!(source::kind(&good), None);
    // A folder of such files names them.
    let error = source::open_with(dir.path(), &importers).unwrap_err().to_string();
    assert!(error.contains("a folder of them; name one: ") && error.contains("good.toy"), "{error}");
}
