//! Ctrl-C.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{json, room, stdout};

/// Starts a run that would take hours, in the background.
fn start(dir: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradfade"));
    command.args(args).current_dir(dir).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until the first steps are on the disk, sends a signal and waits for the end.
fn signal_when_running(dir: &Path, run: &str, child: Child, signal: &str) -> Output {
    let patience = Instant::now() + Duration::from_secs(60);
    let committed = || std::fs::read(dir.join(run).join("step.npy")).is_ok_and(|b| b.len() > 128 + 8);
    while !committed() {
        assert!(Instant::now() < patience, "nothing was recorded");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait_with_output().unwrap()
}

const ENDLESS: [&str; 10] = [
    "train",
    "--data",
    "xor",
    "--widths",
    "4,4",
    "--steps",
    "1000000000",
    "--snapshots",
    "every:100",
    "--out",
];

#[test]
fn ctrl_c_keeps_the_record_marks_it_as_interrupted_and_exits_with_130() {
    let dir = room();
    let child = start(dir.path(), &[&ENDLESS[..], &["run", "--save-weights"]].concat());
    let output = signal_when_running(dir.path(), "run", child, "-INT");
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("stopped by Ctrl-C after ") && text.contains("the record up to there is kept"),
        "{text}"
    );
    let summary = json(dir.path(), &["summary", "run", "--json"]);
    let status = &summary["header"]["status"];
    assert_eq!(status["state"], "interrupted");
    let steps = status["step"].as_u64().unwrap();
    assert_eq!(
        (summary["recorded_steps"].as_u64(), summary["last_step"].as_u64()),
        (Some(steps), Some(steps - 1))
    );
    assert!(dir.path().join("run/weights-final.safetensors").is_file());
    stdout(dir.path(), &["plot", "run", "--format", "svg", "--out", "figures"]);
    assert!(dir.path().join("figures/convergence-heatmap.svg").is_file());
}

#[test]
fn a_run_whose_weights_could_not_be_saved_is_not_called_ended() {
    let dir = room();
    let child = start(dir.path(), &[&ENDLESS[..], &["run", "--quiet", "--save-weights"]].concat());
    // A folder in the place of the file, as soon as the run has begun.
    let patience = Instant::now() + Duration::from_secs(60);
    while !dir.path().join("run/weights-init.safetensors").exists() {
        assert!(Instant::now() < patience, "no run was begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::create_dir(dir.path().join("run/weights-final.safetensors")).unwrap();
    let output = signal_when_running(dir.path(), "run", child, "-INT");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("weights-final.safetensors: cannot write"), "{stderr}");
    assert_eq!(json(dir.path(), &["summary", "run", "--json"])["header"]["status"]["state"], "running");
}

#[test]
fn an_interrupted_run_says_so_in_json_and_its_place_is_not_lost() {
    let dir = room();
    let child = start(dir.path(), &[&ENDLESS[..], &["run", "--json", "--quiet"]].concat());
    let output = signal_when_running(dir.path(), "run", child, "-INT");
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(output.stderr, b"");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["status"]["state"], "interrupted");
    assert_eq!(result["status"]["step"], result["steps"]);
}

#[test]
fn ctrl_c_in_the_demo_keeps_the_run_that_was_going_on() {
    let dir = room();
    let args =
        ["demo", "--epochs", "100000", "--hidden-layers", "2", "--width", "4", "--out", "d", "--quiet"];
    let child = start(dir.path(), &args);
    let output = signal_when_running(dir.path(), "d/sigmoid", child, "-INT");
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("gradfade: stopped after ") && stderr.contains("is in d;"), "{stderr}");
    assert!(stderr.contains("`demo` with --force"), "{stderr}");
    assert_eq!(
        json(dir.path(), &["summary", "d/sigmoid", "--json"])["header"]["status"]["state"],
        "interrupted"
    );
    assert!(!dir.path().join("d/relu").exists() && !dir.path().join("d/figures").exists());
}

#[test]
fn a_signal_ends_the_demo_while_it_draws() {
    let dir = room();
    let args = [
        "demo",
        "--epochs",
        "1",
        "--hidden-layers",
        "2",
        "--width",
        "4",
        "--scale",
        "8",
        "--out",
        "d",
        "--quiet",
    ];
    let mut child = start(dir.path(), &args);
    let patience = Instant::now() + Duration::from_secs(120);
    while !dir.path().join("d/figures/comparison.svg").exists() {
        assert!(Instant::now() < patience && child.try_wait().unwrap().is_none(), "nothing was drawn");
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let pictures = std::fs::read_dir(dir.path().join("d/figures")).unwrap();
    assert!(pictures.count() < 18);
}

#[test]
fn a_killed_run_is_still_read_and_drawn_up_to_its_last_commit() {
    let dir = room();
    let child = start(dir.path(), &[&ENDLESS[..], &["run", "--quiet"]].concat());
    signal_when_running(dir.path(), "run", child, "-KILL");
    let summary = json(dir.path(), &["summary", "run", "--json"]);
    assert_eq!(summary["header"]["status"]["state"], "running");
    assert!(summary["recorded_steps"].as_u64().unwrap() > 1);
    stdout(
        dir.path(),
        &["plot", "run", "--figure", "gradient-heatmap", "--format", "svg", "--out", "figures"],
    );
}
