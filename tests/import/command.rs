//! The command line: `gradfade import`, and other commands on logs.

use assert_cmd::Command;
use gradfade::record::Record;
use predicates::prelude::*;

use super::{logs, numbers};

/// Colours, the bell, writing from right to left, and markup of notes and pages.
const WORDS: &str = "a\u{1b}[31m\u{7}\u{9b}2J\u{202e}<b>{{#include x}}`r 1`\\input{x}</script>";

fn gradfade(dir: &std::path::Path) -> Command {
    let mut command = Command::cargo_bin("gradfade").unwrap();
    command.current_dir(dir);
    command
}

#[test]
fn a_log_becomes_a_run_folder_that_says_where_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let log = logs().join("lightning");
    let run = || {
        let mut command = gradfade(dir.path());
        command.arg("import").arg(&log).args(["--out", "runs/mine", "--name", "mine"]);
        command
    };
    run()
        .assert()
        .success()
        .stdout(predicate::str::contains("runs/mine: 8 steps, 2 evaluations, 11 layers: loss"));
    let (record, warnings) = Record::read(&dir.path().join("runs/mine")).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((record.header.run.as_str(), record.header.source.tool.as_str()), ("mine", "Lightning"));
    assert_eq!(numbers(&record)["grad_norm/layers.10.weight"].len(), 8);
    run().assert().code(1).stderr(predicate::str::contains("use --force to replace it, or another --out"));
    run().arg("--force").assert().success();
    let again = gradfade(dir.path()).args(["import", "runs/mine", "--out", "other"]).assert().code(1);
    again.stderr(predicate::str::contains("runs/mine: a run folder already; every command reads it"));
    gradfade(dir.path())
        .args(["plot", "runs/mine", "--figure", "gradient-heatmap", "--out", "f"])
        .assert()
        .success();
}

#[test]
fn several_runs_become_several_folders() {
    let dir = tempfile::tempdir().unwrap();
    let log = logs().join("wandb_chart.csv");
    gradfade(dir.path()).arg("import").arg(&log).args(["--out", "runs"]).assert().success();
    for (folder, name) in [("deep---sigmoid", "deep - sigmoid"), ("relu", "relu")] {
        assert_eq!(Record::read(&dir.path().join("runs").join(folder)).unwrap().0.header.run, name);
    }
    gradfade(dir.path())
        .arg("import")
        .arg(&log)
        .args(["--out", "one", "--select", "^relu/"])
        .assert()
        .success();
    assert!(dir.path().join("one/meta.json").exists());
    // Where one run is needed, the line names those that there are.
    gradfade(dir.path()).arg("summary").arg(&log).assert().code(1).stderr(predicate::str::contains(
        "2 runs (`deep - sigmoid`, `relu`); import them, or one of them with --select of import",
    ));
}

#[test]
fn other_commands_read_logs_by_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let log = logs().join("long_composer.csv");
    gradfade(dir.path())
        .arg("plot")
        .arg(&log)
        .args(["--figure", "gradient-heatmap", "--out", "f"])
        .assert()
        .success()
        .stderr(predicate::str::contains(
            "long_composer.csv: left out, a record has no place for norms of the optimiser",
        ));
    assert!(dir.path().join("f/gradient-heatmap.svg").exists());
    gradfade(dir.path()).arg("summary").arg(logs().join("tensorboard_torch")).assert().success();
}

#[test]
fn formats_are_listed_and_a_wrong_option_is_a_mistake_of_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let list = gradfade(dir.path()).args(["import", "--list"]).assert().success();
    let list = String::from_utf8(list.get_output().stdout.clone()).unwrap();
    for importer in gradfade::import::IMPORTERS {
        assert!(list.contains(&format!("{} ", importer.word())), "{list}");
    }
    std::fs::write(dir.path().join("l.csv"), "step,loss\n1,2\n").unwrap();
    for (options, words) in [
        (&["--from", "tensorbored"][..], "--from: no format is called `tensorbored`; known: tensorboard, "),
        (&["--select", "("], "--select: `(` is no regular expression"),
        (&["--order", "["], "--order: `[` is no regular expression"),
        (&["--map", "lost=x"], "no metric of a log is called `lost`; known: epoch, learning_rate, loss"),
        (
            &["--map", "loss=nothere"],
            "--map loss=nothere: no numbers in the log are called `nothere`; there are `loss`",
        ),
        (&["--metric", "dead_share"], "known: epoch"),
        (&["--layers", "a,,b"], "--layers: an empty name"),
    ] {
        let wrong =
            gradfade(dir.path()).args(["import", "l.csv", "--out", "r"]).args(options).assert().code(2);
        wrong.stderr(predicate::str::contains(words));
    }
    gradfade(dir.path()).args(["import", "l.csv"]).assert().code(2).stderr(predicate::str::contains("--out"));
    // Every format says in one line that a file of another one is not its own.
    for (format, words) in [
        ("tensorboard", "l.csv: not an event file of TensorBoard"),
        ("gradfade", "l.csv, line 1: the first line is not step,layer,tensor,metric,value"),
        ("wandb-chart", "l.csv, line 1: no column is called as those of a chart, RUN - metric"),
        ("poutyne", "l.csv, line 1: it has no column of the L2 norm"),
        ("long", "l.csv, line 1: the first line names no columns for a step and a value"),
        ("huggingface", "l.csv, line 1: not JSON: expected value"),
        ("cockpit", "l.csv, line 1: not JSON: expected value"),
        ("jsonl", "l.csv, line 1: not an object of JSON"),
        ("json", "l.csv, line 1: not JSON: expected value"),
        ("numpy", "l.csv: neither .npy nor .npz"),
        ("text", "l.csv, line 1: `step` is no number"),
    ] {
        let wrong = gradfade(dir.path()).args(["import", "l.csv", "--from", format, "--out", "r"]).assert();
        wrong.code(1).stderr(
            predicate::str::contains(words).and(predicate::function(|said: &str| said.lines().count() == 1)),
        );
    }
}

#[test]
fn the_number_of_classes_says_what_chance_is() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("l.csv"), "step,loss,val_acc\n1,2,0.1\n2,1,0.5\n").unwrap();
    let import = |options: &[&str]| {
        gradfade(dir.path()).args(["import", "l.csv", "--force", "--out", "r"]).args(options).assert()
    };
    let words = "the number of classes is not known, so chance is not; --classes N says it";
    import(&[]).success().stderr(predicate::str::contains(words));
    import(&["--classes", "10"]).success().stderr(predicate::str::contains(words).not());
    let (record, _) = Record::read(&dir.path().join("r")).unwrap();
    assert_eq!(record.header.facts.classes, Some(10));
    for wrong in ["1", "1000001", "ten"] {
        import(&["--classes", wrong]).code(2).stderr(predicate::str::contains("--classes"));
    }
}

#[test]
fn names_of_a_log_act_on_no_terminal_and_no_page() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = String::from("run,tag,step,value\n");
    for step in 0..4 {
        for layer in 0..3 {
            log += &format!("{WORDS},grad_norm/{WORDS}{layer}.weight,{step},1.5\n{WORDS},{WORDS},{step},1\n");
        }
        log += &format!("{WORDS},loss,{step},1\n");
    }
    std::fs::write(dir.path().join("l.csv"), log).unwrap();
    let acts = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    for arguments in [
        &["import", "l.csv", "--out", "run"][..],
        &["summary", "l.csv"],
        &["diagnose", "l.csv"],
        &["diagnose", "run"],
        &["plot", "l.csv", "--figure", "gradient-heatmap", "--out", "f"],
        &["page", "l.csv", "--out", "p.html"],
    ] {
        let output = gradfade(dir.path()).args(arguments).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3 | 4)), "{arguments:?}: {output:?}");
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains(acts), "{arguments:?}: {text:?}");
        }
    }
    let page = std::fs::read_to_string(dir.path().join("p.html")).unwrap();
    assert!(!page.contains("a\u{1b}") && !page.contains("<b>{{"), "markup of a name in the page");
    let (record, _) = Record::read(&dir.path().join("run")).unwrap();
    assert_eq!(record.header.layers.len(), 3);
}

#[test]
fn one_name_is_for_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let log = logs().join("networks.json");
    let both =
        gradfade(dir.path()).arg("import").arg(&log).args(["--out", "r", "--name", "x"]).assert().code(2);
    both.stderr(predicate::str::contains("--name names one run, and there are 2"));
    let mut one = gradfade(dir.path());
    one.arg("import").arg(&log).args(["--out", "r", "--name", "x", "--select", "plain/"]).assert().success();
    assert_eq!(Record::read(&dir.path().join("r")).unwrap().0.header.run, "x");
}
