//! Normalisation, skips, dropout, maxout, validation and early stopping, from `train` to every figure and
//! table.

use safetensors::SafeTensors;

use super::{TINY, gradfade, json, refused, room, stdout, train};

/// Settings of runs of which figures and tables must know nothing.
const RUNS: [(&str, &[&str]); 6] = [
    ("batch", &["--normalisation", "batch", "--weight-decay", "0.01"]),
    ("after", &["--normalisation", "layer-after", "--widths", "6,6", "--residual", "--optimizer", "adam"]),
    ("maxout", &["--activation", "maxout:3", "--dropout", "0.2"]),
    (
        "mixed",
        &["--activation", "maxout:2", "--normalisation", "batch-after", "--widths", "2,2", "--residual"],
    ),
    ("early", &["--validation-size", "16", "--early-stopping", "1", "--learning-rate", "1"]),
    ("proximal", &["--l1", "0.01", "--l1-step", "proximal"]),
];

/// [`train`], with sizes that `settings` may give themselves.
fn tiny(dir: &std::path::Path, out: &str, settings: &[&str]) {
    let sizes = if settings.contains(&"--widths") { &TINY[..4] } else { &TINY[..6] };
    let mut command = gradfade(dir);
    let rest = [
        "--batch-size",
        "16",
        "--quiet",
        "--save-weights",
        "--out",
        out,
        "--epochs",
        "3",
        "--snapshots",
        "2",
    ];
    let output = command.arg("train").args(sizes).args(rest).args(settings).output().unwrap();
    assert!(output.status.success(), "{settings:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_figure_and_table_takes_such_runs() {
    let dir = room();
    for (name, settings) in RUNS {
        tiny(dir.path(), name, settings);
        let output =
            gradfade(dir.path()).args(["plot", name, "--out", &format!("figures/{name}")]).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let output = gradfade(dir.path())
            .args(["plot", name, "--bias", "--figure", "gradient-heatmap", "--out", &format!("bias/{name}")])
            .output();
        assert!(output.unwrap().status.success(), "{name}");
        assert!(stdout(dir.path(), &["summary", name]).contains("last evaluation"));
        assert_eq!(json(dir.path(), &["summary", name, "--json"])["layers"].as_array().unwrap().len(), 3);
    }
    let csv = stdout(dir.path(), &["export", "batch"]);
    for line in
        ["0,1,scale,grad_norm,", "0,2,shift,update_norm,", "0,1,scale,zero_share,0\n", "0,3,bias,param_norm,"]
    {
        assert!(csv.contains(&format!("\n{line}")), "{line}");
    }
    // Before batch normalisation there is no bias.
    assert!(!csv.contains("\n0,1,bias,"));
    let csv = stdout(dir.path(), &["export", "early"]);
    assert!(csv.contains(",,,validation_loss,") && csv.contains(",,,validation_accuracy,"));
}

#[test]
fn the_header_names_what_is_on_and_nothing_else() {
    let dir = room();
    tiny(dir.path(), "after", RUNS[1].1);
    tiny(dir.path(), "plain", &[]);
    let labels = |run: &str| json(dir.path(), &["summary", run, "--json"])["header"]["labels"].clone();
    let (after, plain) = (labels("after"), labels("plain"));
    assert_eq!((&after["normalisation"], &after["residual"]), (&"layer-after".into(), &"yes".into()));
    for key in ["normalisation", "residual", "dropout", "l1_step", "early_stopping", "validation_size"] {
        assert!(plain[key].is_null(), "{key}");
    }
}

#[test]
fn the_kept_parameters_of_early_stopping_are_told() {
    let dir = room();
    let result = train(
        dir.path(),
        "run",
        &[
            "--noise",
            "2",
            "--learning-rate",
            "1",
            "--epochs",
            "300",
            "--validation-size",
            "32",
            "--early-stopping",
            "2",
        ],
    );
    let best = result["early_stop"]["best_step"].as_u64().unwrap();
    assert_eq!(
        (&result["early_stop"]["stopped"], &result["status"]["state"]),
        (&true.into(), &"complete".into())
    );
    assert!(result["steps"].as_u64().unwrap() > best);
    assert_eq!(result["evaluated_at_step"].as_u64(), Some(best));
    let header = &json(dir.path(), &["summary", "run", "--json"])["header"];
    assert_eq!(header["early_stop"], result["early_stop"]);
    assert!(stdout(dir.path(), &["summary", "run"]).contains(&format!("best, kept       step {best}:")));
}

#[test]
fn saved_weights_have_the_names_of_pytorchs_modules() {
    let dir = room();
    tiny(dir.path(), "batch", RUNS[0].1);
    tiny(dir.path(), "maxout", RUNS[2].1);
    let read = |run: &str| std::fs::read(dir.path().join(run).join("weights-final.safetensors")).unwrap();
    let (batch, maxout) = (read("batch"), read("maxout"));
    let (batch, maxout) =
        (SafeTensors::deserialize(&batch).unwrap(), SafeTensors::deserialize(&maxout).unwrap());
    for (name, shape) in [
        ("layers.1.weight", &[6, 2][..]),
        ("norms.1.weight", &[6]),
        ("norms.1.bias", &[6]),
        ("norms.2.running_mean", &[5]),
        ("norms.2.running_var", &[5]),
        ("layers.3.bias", &[4]),
    ] {
        assert_eq!(batch.tensor(name).unwrap().shape(), shape, "{name}");
    }
    assert_eq!(batch.len(), 3 + 1 + 4 + 4);
    assert_eq!(maxout.tensor("layers.2.weight").unwrap().shape(), [15, 6]);
    assert_eq!(maxout.tensor("layers.2.bias").unwrap().shape(), [15]);
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let dir = room();
    for (settings, words) in [
        (&["--dropout", "1"][..], &["--dropout 1", "less than 1"][..]),
        (&["--dropout", "-0.1"], &["--dropout"]),
        (&["--activation", "maxout:1"], &["maxout:K", "from 2"]),
        (&["--activation", "maxot:2"], &["maxout:K"]),
        (&["--normalisation", "bach"], &["bach", "batch"]),
        (&["--early-stopping", "3"], &["--early-stopping 3", "--validation-size"]),
        (&["--early-stopping", "3", "--validation-size", "9", "--eval-every", "0"], &["--eval-every"]),
        (&["--l1-step", "prox"], &["prox", "proximal"]),
        (&["--normalisation", "batch", "--batch-size", "1"], &["--batch-size 1", "--normalisation batch"]),
        (&["--validation-size", "64"], &["--validation-size 64", "only 64"]),
    ] {
        let mut args =
            vec!["train", "--data", "gaussians", "--samples", "64", "--batch-size", "16", "--out", "run"];
        if settings.contains(&"--batch-size") {
            args.drain(5..7);
        }
        args.extend(settings);
        refused(dir.path(), 2, &args, words);
    }
}
