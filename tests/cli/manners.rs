//! What goes where: results to stdout, progress to stderr, and pipes that end early.

use std::io::Read;
use std::process::{Command, Stdio};

use super::{TINY, gradfade, json, room, stdout, train};

#[test]
fn progress_without_a_terminal_is_plain_lines_on_stderr_and_results_are_on_stdout() {
    let dir = room();
    let output = gradfade(dir.path())
        .arg("train")
        .args(TINY)
        .args(["--epochs", "2", "--out", "run"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success());
    assert!(!err.contains(['\r', '\x1b']), "control characters: {err:?}");
    assert!(err.starts_with("gaussians: 64 training samples; network 2-6-5-4, "), "{err}");
    assert!(err.contains("glorot-uniform"), "the default initialisation is told: {err}");
    for step in [0, 4, 8] {
        assert!(err.contains(&format!(": step {step}  training loss ")), "{err}");
    }
    assert!(err.contains("batch-mean gradient, layer 1"), "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "8 steps");
    assert!(lines[1].starts_with("training loss ") && lines[1].contains("test accuracy "), "{out}");
    assert_eq!(lines[2..], ["run: run"]);
}

#[test]
fn quiet_leaves_stderr_empty() {
    let dir = room();
    gradfade(dir.path())
        .arg("train")
        .args(TINY)
        .args(["-q", "--steps", "2", "--out", "run"])
        .assert()
        .success()
        .stderr("");
}

#[test]
fn every_json_output_parses_and_says_what_was_done() {
    let dir = room();
    let result = train(dir.path(), "run", &["--epochs", "3", "--name", "tiny one"]);
    assert_eq!((&result["run"], &result["folder"]), (&"tiny one".into(), &"run".into()));
    assert_eq!((result["status"]["state"].as_str(), result["steps"].as_u64()), (Some("complete"), Some(12)));
    // 2-6-5-4: 2*6+6 + 6*5+5 + 5*4+4
    assert_eq!(result["parameters"], 77);
    assert_eq!(
        (&result["initialisation"], &result["learning_rate"]),
        (&"glorot-uniform".into(), &0.1.into())
    );
    assert!(result["train_loss"].as_f64().unwrap() > 0.0 && result["test_accuracy"].as_f64().unwrap() <= 1.0);
    assert_eq!(json(dir.path(), &["summary", "run", "--json"])["header"]["run"], "tiny one");
    let bench = json(dir.path(), &["bench-step", "--layers", "3", "--width", "8", "--steps", "5", "--json"]);
    assert!(bench["microseconds_per_step"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_demo_trains_two_networks_from_the_same_weights_and_draws_them() {
    let dir = room();
    let args = [
        "demo",
        "--hidden-layers",
        "3",
        "--width",
        "12",
        "--epochs",
        "1",
        "--scale",
        "0.5",
        "--quiet",
        "--out",
        "d",
    ];
    let result = json(dir.path(), &[&args[..], &["--json"]].concat());
    let runs = result["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|r| r["run"].as_str().unwrap()).collect::<Vec<_>>(), ["sigmoid", "relu"]);
    for run in runs {
        assert_eq!((run["status"]["state"].as_str(), run["steps"].as_u64()), (Some("complete"), Some(100)));
    }
    // Sigmoid's slope is at most 1/4, ReLU's 1: over two layers that is more than a factor of 10 apart here.
    let attenuation = |i: usize| runs[i]["attenuation"].as_f64().unwrap();
    assert!(attenuation(0) > 5.0 * attenuation(1), "{} {}", attenuation(0), attenuation(1));
    for file in result["figures"].as_array().unwrap() {
        let bytes = std::fs::read(dir.path().join(file.as_str().unwrap())).unwrap();
        assert!(bytes.starts_with(b"<") || bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{file}");
    }
    let first = |run: &str| {
        let read = |file| std::fs::read(dir.path().join("d").join(run).join(file)).unwrap();
        // Before the first update only the activation differs.
        read("param_norm.npy")[128..][..8 * 8].to_vec()
    };
    assert_eq!(first("sigmoid"), first("relu"));
    // A second demo in the same place needs --force.
    gradfade(dir.path()).args(args).assert().code(1);
    let text = stdout(dir.path(), &[&args[..], &["--force"]].concat());
    assert!(text.contains("times smaller") && text.contains("look at: d/figures/comparison.png"), "{text}");
}

#[test]
fn verify_prints_the_nine_published_numbers_and_json() {
    let dir = room();
    let result = json(dir.path(), &["verify", "--seeds", "20", "--json"]);
    let published: Vec<f64> =
        result["rows"].as_array().unwrap().iter().map(|r| r["published"].as_f64().unwrap()).collect();
    assert_eq!(published, [0.0657, 0.3092, 0.0118, 0.0600, 0.2831, 0.0030, 0.0171, 0.0695, 0.2851]);
    assert_eq!(result["networks"], 60);
}

/// Starts the program, reads a little of its stdout and goes away.
fn stops_listening(dir: &std::path::Path, args: &[&str]) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradfade"))
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 1];
    // Some commands print at once, some only at the end: with nothing read the pipe is closed before they
    // print.
    if args[0] == "export" {
        out.read_exact(&mut first).unwrap();
    }
    drop(out);
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{args:?}: {:?} {stderr}", ended.status);
    assert_eq!(stderr, "", "{args:?}");
}

#[test]
fn a_reader_that_stops_early_is_no_failure_of_any_command() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "200"]);
    for args in [
        &["export", "run", "--to", "csv"][..],
        &["summary", "run"],
        &["summary", "run", "--json"],
        &["plot", "--list"],
        &["plot", "run", "--figure", "layer-profile", "--format", "svg"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["train", "--help"],
        &["bench-step", "--layers", "2", "--width", "4", "--steps", "2"],
        &["train", "--data", "xor", "--widths", "3", "--steps", "2", "--quiet", "--out", "other"],
    ] {
        stops_listening(dir.path(), args);
    }
}

#[test]
fn a_closed_stderr_does_not_stop_training() {
    let dir = room();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradfade"))
        .arg("train")
        .args(TINY)
        .args(["--epochs", "3", "--out", "run"])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(json(dir.path(), &["summary", "run", "--json"])["recorded_steps"], 12);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_stdout_is_an_error_that_says_so() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "2"]);
    for command in ["summary", "export"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_gradfade"))
            .args([command, "run"])
            .current_dir(dir.path())
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("gradfade: standard output: cannot write"), "{stderr}");
    }
}

#[test]
fn a_run_has_a_default_folder_that_tells_what_it_is() {
    let dir = room();
    gradfade(dir.path())
        .arg("train")
        .args(TINY)
        .args(["-q", "--steps", "1", "--activation", "tanh"])
        .assert()
        .success();
    assert!(dir.path().join("runs/tanh-6-5-sgd-seed1/meta.json").is_file());
    // A name is never a way out of that folder.
    for (name, folder) in [("../../up", "-..-up"), ("a/b", "a-b"), ("grün ∇", "grün ∇")] {
        gradfade(dir.path())
            .arg("train")
            .args(TINY)
            .args(["-q", "--steps", "1", "--name", name])
            .assert()
            .success();
        assert!(dir.path().join("runs").join(folder).join("meta.json").is_file(), "{name}");
    }
}

#[test]
fn paths_with_spaces_and_unicode_work_everywhere() {
    let dir = room();
    let run = "läufe und runs/sigmoïd ∂";
    train(dir.path(), run, &["--steps", "3"]);
    stdout(dir.path(), &["summary", run]);
    stdout(dir.path(), &["export", run, "--out", "tabelle ß.csv"]);
    stdout(dir.path(), &["plot", run, "--figure", "gradient-heatmap", "--out", "bilder ü", "--csv"]);
    for file in ["tabelle ß.csv", "bilder ü/gradient-heatmap.svg", "bilder ü/gradient-heatmap.png"] {
        assert!(dir.path().join(file).is_file(), "{file}");
    }
}

/// A command for which the system starts no thread: the stacks that it asks for are larger than any memory.
#[cfg(target_os = "linux")]
fn without_threads(dir: &std::path::Path, args: &[&str]) -> String {
    let output = gradfade(dir).args(args).env("RUST_MIN_STACK", (1_u64 << 46).to_string()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn threads_that_the_system_refuses_cost_time_and_no_result() {
    let dir = room();
    let ill = ["--learning-rate", "1e-7", "--epochs", "30", "--threads", "4"];
    train(dir.path(), "with", &ill);
    without_threads(
        dir.path(),
        &[&["train", "--quiet", "--out", "without"], &super::TINY[..], &ill].concat(),
    );
    let read = |run: &str| std::fs::read(dir.path().join(run).join("weight_grad_norm.npy"));
    assert_eq!(read("with").ok(), read("without").ok());
    let lone = |args: &[&str]| without_threads(dir.path(), args);
    let grid = ["sweep", "--hidden-layers", "1,2", "--widths", "5", "--data", "gaussians", "--samples", "64"];
    let grid = [&grid[..], &["--batch-sizes", "16", "--steps", "3", "--out", "s"]].concat();
    lone(&[&grid[..], &["--threads", "4"]].concat());
    lone(&["remedy", "with", "--only", "adam,rate-x10", "--threads", "4"]);
    let baselines = ["baselines", "--data", "gaussians", "--samples", "300", "--threads", "4", "--json"];
    let models = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let models = json["models"].as_array().unwrap().clone();
        models.iter().map(|m| (m["train_accuracy"].clone(), m["test_accuracy"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(models(&lone(&baselines)), models(&stdout(dir.path(), &baselines)));
    lone(&["plot", "with", "--figure", "layer-profile", "--out", "figures"]);
    lone(&["page", "with", "--out", "page.html"]);
}
