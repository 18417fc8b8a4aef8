//! What a run leaves behind, and the commands that read it.

use std::collections::BTreeSet;

use super::{gradfade, json, room, stdout, train, tree};

const ARRAYS: [&str; 32] = [
    "step",
    "epoch",
    "learning_rate",
    "loss",
    "batch_accuracy",
    "grad_norm",
    "update_norm",
    "driven_norm",
    "decay_norm",
    "param_norm",
    "signal_rms",
    "grad_rms",
    "snapshot_step",
    "distance_from_init",
    "zero_share",
    "activation_mean",
    "activation_std",
    "saturated_share",
    "dead_share",
    "mean_squared_slope",
    "pre_activation_histogram",
    "activation_histogram",
    "signal_histogram",
    "sketch",
    "eval_step",
    "eval_epoch",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "validation_loss",
    "validation_accuracy",
];

#[test]
fn a_run_folder_holds_meta_json_and_the_arrays_of_the_format_and_nothing_else() {
    let dir = room();
    train(dir.path(), "run", &["--epochs", "2"]);
    let files = |run: &str| -> BTreeSet<String> {
        let paths = tree(&dir.path().join(run)).into_keys();
        paths.map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let mut expected: BTreeSet<String> = ARRAYS.map(|a| format!("{a}.npy")).into();
    expected.insert("meta.json".into());
    train(dir.path(), "validated", &["--epochs", "2", "--validation-size", "8"]);
    assert_eq!(files("validated"), expected);
    // What was not measured has no file.
    expected.remove("validation_loss.npy");
    expected.remove("validation_accuracy.npy");
    assert_eq!(files("run"), expected);
    let meta: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("run/meta.json")).unwrap()).unwrap();
    assert_eq!((meta["schema"].as_u64(), meta["status"]["state"].as_str()), (Some(2), Some("complete")));
    assert_eq!(meta["config"]["hidden_layers"], 8);
    assert_eq!(meta["config"]["widths"], serde_json::json!([6, 5]));
}

#[test]
fn arrays_have_numpys_magic_and_the_shape_of_the_run() {
    let dir = room();
    train(dir.path(), "run", &["--epochs", "2"]);
    for (name, shape) in [
        ("step", "(8,)"),
        ("grad_norm", "(8, 6)"),
        ("signal_rms", "(8, 3)"),
        // Steps 0 and, last, 8.
        ("distance_from_init", "(2, 6)"),
        ("sketch", "(2, 6, 64)"),
        ("signal_histogram", "(2, 3, 128)"),
        ("train_loss", "(3,)"),
    ] {
        let bytes = std::fs::read(dir.path().join("run").join(format!("{name}.npy"))).unwrap();
        assert!(bytes.starts_with(b"\x93NUMPY"), "{name}");
        let header = String::from_utf8_lossy(&bytes[..128]);
        assert!(header.contains(&format!("'shape': {shape}")), "{name}: {header}");
    }
}

#[test]
fn the_exported_table_has_the_documented_columns_and_every_step_layer_and_metric() {
    let dir = room();
    train(dir.path(), "run", &["--epochs", "2", "--weight-decay", "0.001"]);
    let table = stdout(dir.path(), &["export", "run", "--to", "csv"]);
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("step,layer,tensor,metric,value"));
    let mut seen = BTreeSet::new();
    let mut last = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let [step, layer, tensor, metric, value] = fields[..] else { panic!("{line}") };
        let step: u64 = step.parse().unwrap();
        assert!(step >= last && step <= 8, "{line}");
        last = step;
        assert!(["", "1", "2", "3"].contains(&layer) && ["", "weight", "bias"].contains(&tensor), "{line}");
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        seen.insert((layer.to_string(), tensor.to_string(), metric.to_string(), step));
    }
    for step in 0..8 {
        for layer in ["1", "2", "3"] {
            for metric in ["grad_norm", "update_norm", "driven_norm", "decay_norm", "param_norm"] {
                for tensor in ["weight", "bias"] {
                    assert!(
                        seen.contains(&(layer.into(), tensor.into(), metric.into(), step)),
                        "{step} {layer} {metric}"
                    );
                }
            }
            assert!(seen.contains(&(layer.into(), String::new(), "signal_rms".into(), step)));
        }
        assert!(seen.contains(&(String::new(), String::new(), "loss".into(), step)));
    }
    stdout(dir.path(), &["export", "run", "--out", "run.csv"]);
    assert_eq!(std::fs::read_to_string(dir.path().join("run.csv")).unwrap(), table);
}

#[test]
fn the_summary_prints_the_header_and_a_line_for_each_layer_output_side_first() {
    let dir = room();
    train(dir.path(), "run", &["--epochs", "2", "--name", "mine"]);
    let text = stdout(dir.path(), &["summary", "run"]);
    assert!(text.starts_with("run mine\n"), "{text}");
    for word in [
        "activation       sigmoid",
        "status           complete",
        "seed             1",
        "8 steps, 2 snapshots",
    ] {
        assert!(text.contains(word), "'{word}' is not in\n{text}");
    }
    let rows: Vec<&str> = text.lines().rev().take(3).collect();
    for (row, start) in rows.iter().zip(["    1  2 -> 6 ", "    2  6 -> 5 ", "    3  5 -> 4 "]) {
        assert!(row.starts_with(start), "{row}");
    }
    let summary = json(dir.path(), &["summary", "run", "--json"]);
    let layers = summary["layers"].as_array().unwrap();
    assert_eq!(layers.iter().map(|l| l["layer"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(summary["evaluations"].as_array().unwrap().len(), 3);
    // The same numbers as the table's.
    let table = stdout(dir.path(), &["export", "run"]);
    let exported =
        table.lines().find(|l| l.starts_with("0,1,weight,grad_norm,")).unwrap().rsplit(',').next().unwrap();
    assert_eq!(layers[0]["grad_norm_first"].as_f64().unwrap(), exported.parse::<f64>().unwrap());
}

#[test]
fn fewer_steps_can_be_recorded_and_the_last_one_always_is() {
    let dir = room();
    let steps = |out: &str, when: &str| {
        train(dir.path(), out, &["--record", when, "--steps", "60", "--snapshots", "every:25"]);
        let table = stdout(dir.path(), &["export", out]);
        let of = |metric: &str| -> Vec<u64> {
            let lines = table.lines().filter(|l| l.contains(&format!(",{metric},")));
            lines.map(|l| l.split(',').next().unwrap().parse().unwrap()).collect()
        };
        let mut snapshots = of("distance_from_init");
        snapshots.dedup();
        assert_eq!(snapshots, [0, 25, 50, 60], "{when}");
        of("loss")
    };
    assert_eq!(steps("every", "every:25"), [0, 25, 50, 59]);
    let log = steps("log", "log");
    assert_eq!(log[..9], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(log.len() < 40 && *log.last().unwrap() == 59, "{log:?}");
}

#[test]
fn evaluations_can_be_left_to_the_start_and_the_end() {
    let dir = room();
    let evaluated = |out: &str, every: &str| -> Vec<u64> {
        train(dir.path(), out, &["--epochs", "5", "--eval-every", every]);
        let summary = json(dir.path(), &["summary", out, "--json"]);
        summary["evaluations"].as_array().unwrap().iter().map(|e| e["step"].as_u64().unwrap()).collect()
    };
    assert_eq!(evaluated("one", "1"), [0, 4, 8, 12, 16, 20]);
    assert_eq!(evaluated("two", "2"), [0, 8, 16, 20]);
    assert_eq!(evaluated("none", "0"), [0, 20]);
}

#[test]
fn force_replaces_a_run_and_keeps_what_is_not_part_of_it() {
    let dir = room();
    train(dir.path(), "run", &["--epochs", "2", "--save-weights"]);
    std::fs::write(dir.path().join("run/notes.txt"), "mine").unwrap();
    train(dir.path(), "run", &["--steps", "3", "--force"]);
    assert_eq!(json(dir.path(), &["summary", "run", "--json"])["recorded_steps"], 3);
    assert_eq!(std::fs::read(dir.path().join("run/notes.txt")).unwrap(), b"mine");
    assert!(!dir.path().join("run/weights-final.safetensors").exists(), "weights of the old run");
}

#[test]
fn a_run_whose_array_was_cut_is_read_with_a_warning_and_can_be_drawn() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "40"]);
    let path = dir.path().join("run/grad_norm.npy");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 48 * 10 - 5]).unwrap();
    let output = gradfade(dir.path()).args(["summary", "run", "--json"]).output().unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("warning: run/grad_norm.npy: cut short, 29 of 40 rows"), "{stderr}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["recorded_steps"], 29);
    gradfade(dir.path())
        .args(["plot", "run", "--figure", "gradient-heatmap", "--out", "f"])
        .assert()
        .success();
}

#[test]
fn plot_lists_its_figures_and_draws_all_that_suit_the_number_of_runs() {
    let dir = room();
    train(dir.path(), "a", &["--epochs", "3"]);
    train(dir.path(), "b", &["--epochs", "3", "--activation", "relu"]);
    let list = stdout(dir.path(), &["plot", "--list"]);
    let names = |runs: &str| -> Vec<&str> {
        list.lines().filter(|l| l.contains(runs)).filter_map(|l| l.split_whitespace().next()).collect()
    };
    for name in
        ["gradient-heatmap", "signal-heatmap", "update-heatmap", "movement-heatmap", "convergence-heatmap"]
    {
        assert!(names(" 1 run ").contains(&name), "{list}");
    }
    assert_eq!(names(" 2+ runs "), ["comparison", "profiles"]);
    let written = stdout(dir.path(), &["plot", "a", "--csv", "--scale", "1", "--out", "one"]);
    // It is about runs that stopped early, and says nothing of others.
    let drawn = || names(" 1 run ").into_iter().filter(|name| *name != "early-stopping");
    for name in drawn() {
        for format in ["svg", "png", "csv"] {
            let file = format!("one/{name}.{format}");
            assert!(written.lines().any(|l| l == file), "{file} is not in\n{written}");
            assert!(std::fs::metadata(dir.path().join(&file)).unwrap().len() > 100, "{file}");
        }
    }
    assert_eq!(
        stdout(dir.path(), &["plot", "a", "b", "--format", "svg", "--out", "two"]),
        "two/comparison.svg\ntwo/profiles.svg\n"
    );
    // The same record gives the same bytes.
    stdout(dir.path(), &["plot", "a", "--csv", "--scale", "1", "--out", "again"]);
    for name in drawn() {
        for format in ["svg", "png", "csv"] {
            let read = |folder: &str| {
                std::fs::read(dir.path().join(folder).join(format!("{name}.{format}"))).unwrap()
            };
            assert!(read("one") == read("again"), "{name}.{format}");
        }
    }
}
