//! The command line: `gradfade import`, and other commands on logs.

use assert_cmd::Command;
use gradfade::record::Record;
use predicates::prelude::*;

use super::{logs, numbers};

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
        "2 runs (`deep - sigmoid`, `relu`); take one with --select, or import them",
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
        (&["--map", "lost=x"], "no metric is called `lost`; known: epoch, learning_rate, loss"),
        (&["--metric", "dead_share"], "known: epoch"),
        (&["--layers", "a,,b"], "--layers: an empty name"),
    ] {
        let wrong =
            gradfade(dir.path()).args(["import", "l.csv", "--out", "r"]).args(options).assert().code(2);
        wrong.stderr(predicate::str::contains(words));
    }
    gradfade(dir.path()).args(["import", "l.csv"]).assert().code(2).stderr(predicate::str::contains("--out"));
    gradfade(dir.path())
        .args(["import", "l.csv", "--from", "tensorboard", "--out", "r"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("l.csv: not an event file of TensorBoard"));
}
