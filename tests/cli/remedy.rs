//! `gradfade remedy` and `gradfade baselines` through the binary.

use std::path::Path;

use super::{gradfade, json, refused, room, stdout, train};

/// Three sigmoid layers that learn a little in 800 steps: a third of the digits.
const ILL: [&str; 15] = [
    "train",
    "--quiet",
    "--hidden-layers",
    "3",
    "--width",
    "50",
    "--train-size",
    "2000",
    "--epochs",
    "20",
    "--batch-size",
    "50",
    "--record",
    "every:20",
    "--json",
];

fn ill(dir: &Path) {
    let output = gradfade(dir).args(ILL).args(["--out", "ill", "--name", "ill"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn config(run: &Path) -> serde_json::Value {
    serde_json::from_slice::<serde_json::Value>(&std::fs::read(run.join("meta.json")).unwrap()).unwrap()["config"]
        .clone()
}

#[test]
fn relu_cures_a_network_that_vanishes_and_dropout_makes_it_worse() {
    let dir = room();
    ill(dir.path());
    let result = json(dir.path(), &["remedy", "ill", "--only", "relu,dropout", "--quiet", "--json"]);
    assert_eq!(result["branch"], "training");
    let before = &result["before"];
    assert!(before["faults"].as_array().unwrap().contains(&"vanishing-gradient".into()), "{before}");
    let accuracy = |v: &serde_json::Value| v["train_accuracy"].as_f64().unwrap();
    let [relu, dropout] = [&result["remedies"][0], &result["remedies"][1]];
    assert_eq!([&relu["remedy"], &dropout["remedy"]], ["relu", "dropout"]);
    assert_eq!(
        (&relu["fits"], &relu["cured"], &relu["kind"]),
        (&true.into(), &true.into(), &"new-activation".into())
    );
    assert!(accuracy(before) < 0.5 && accuracy(relu) > 0.95, "{result}");
    assert_eq!((&dropout["fits"], &dropout["cured"]), (&false.into(), &false.into()));
    assert!(accuracy(dropout) < accuracy(before) - 0.05, "the lecture's warning: {result}");
    // The signal is back, and was gone.
    assert!(before["signal_ratio"].as_f64().unwrap() < 0.1 && relu["signal_ratio"].as_f64().unwrap() > 0.1);

    // Ordinary runs, which differ in what is said and in nothing else.
    let out = dir.path().join("ill-remedies");
    let (mut expected, made) = (config(&dir.path().join("ill")), config(&out.join("dropout")));
    expected["dropout"] = 0.5.into();
    assert_eq!(made, expected);
    // It may find something: what trains at last may overfit.
    let diagnosis = gradfade(dir.path()).args(["diagnose", "ill-remedies/relu"]).output().unwrap();
    assert!(diagnosis.stdout.starts_with(b"relu: ") && !diagnosis.stdout.starts_with(b"relu: vanishing"));
    stdout(
        dir.path(),
        &["plot", "ill-remedies/relu", "--figure", "gradient-heatmap", "--format", "svg", "--out", "p"],
    );

    // The same settings by hand give the same numbers.
    let by_hand =
        gradfade(dir.path()).args(ILL).args(["--out", "hand", "--activation", "relu"]).output().unwrap();
    let by_hand: serde_json::Value = serde_json::from_slice(&by_hand.stdout).unwrap();
    assert_eq!(by_hand["train_accuracy"], relu["train_accuracy"]);
    assert_eq!(by_hand["test_accuracy"], relu["test_accuracy"]);

    // The figure, and the same from the small file alone.
    let drawn = std::fs::read(out.join("remedy.svg")).unwrap();
    std::fs::create_dir(dir.path().join("small")).unwrap();
    std::fs::copy(out.join("remedies.json"), dir.path().join("small/remedies.json")).unwrap();
    stdout(dir.path(), &["plot", "small", "--format", "svg,pdf", "--csv", "--out", "figures"]);
    assert_eq!(std::fs::read(dir.path().join("figures/remedy.svg")).unwrap(), drawn);
    let csv = std::fs::read_to_string(dir.path().join("figures/remedy.csv")).unwrap();
    let number = |row: &str| -> f64 {
        let line = csv.lines().find(|l| l.contains(row)).unwrap_or_else(|| panic!("{row}: {csv}"));
        line.split(',').nth(4).unwrap().parse().unwrap()
    };
    assert_eq!(number("ReLU (training)"), accuracy(relu));
    assert_eq!(number("as it was (training)"), accuracy(before));
    refused(
        dir.path(),
        2,
        &["plot", "small", "--figure", "recipe"],
        &["recipe", "draws one run, but a folder of remedies was given", "draw `remedy`"],
    );
    refused(dir.path(), 2, &["plot", "small", "ill"], &["remedies"]);

    // `diagnose *` passes over what lies beside the runs.
    let both = gradfade(dir.path()).args(["diagnose", "ill", "ill-remedies", "--json"]).output().unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&both.stdout).unwrap()["runs"].as_array().unwrap().len(),
        1
    );
    assert!(String::from_utf8_lossy(&both.stderr).contains("ill-remedies: passed over"), "{both:?}");

    // What is whole is not made again; what is not whole is.
    let stamp = |name: &str| std::fs::metadata(out.join(name).join("step.npy")).unwrap().modified().unwrap();
    let (relu, dropout) = (stamp("relu"), stamp("dropout"));
    let meta = out.join("dropout/meta.json");
    let mut header: serde_json::Value = serde_json::from_slice(&std::fs::read(&meta).unwrap()).unwrap();
    header["status"] = serde_json::json!({ "state": "running" });
    std::fs::write(&meta, header.to_string()).unwrap();
    let text =
        stdout(dir.path(), &["remedy", "ill", "--only", "relu,dropout", "--format", "svg", "--lang", "en"]);
    assert!(text.starts_with("ill: vanishing gradient, learning rate too small\n"), "{text}");
    assert!(text.contains("activation sigmoid → relu, initialisation glorot-uniform → he-uniform"), "{text}");
    assert_eq!(stamp("relu"), relu);
    assert!(stamp("dropout") > dropout);
    assert_eq!(std::fs::read(out.join("remedy.svg")).unwrap(), drawn);

    // What was tried before stays.
    let more = json(dir.path(), &["remedy", "ill", "--only", "adam", "--quiet", "--json"]);
    let names: Vec<_> =
        more["remedies"].as_array().unwrap().iter().map(|r| r["remedy"].as_str().unwrap()).collect();
    assert_eq!(names, ["relu", "adam", "dropout"]);
    assert_eq!(more["remedies"][0]["train_accuracy"], result["remedies"][0]["train_accuracy"]);
    assert_eq!(stamp("relu"), relu);

    // A folder belongs to one run.
    train(dir.path(), "other", &["--activation", "relu"]);
    let args = ["remedy", "other", "--out", "ill-remedies", "--only", "adam"];
    refused(dir.path(), 1, &args, &["ill-remedies", "another run (ill)", "--force"]);
}

#[test]
fn without_only_every_advised_remedy_and_one_control_are_tried() {
    let dir = room();
    // Far too small a rate on data that is easy.
    train(
        dir.path(),
        "slow",
        &["--activation", "relu", "--learning-rate", "0.001", "--epochs", "100", "--noise", "0.1"],
    );
    let found = json_of_failure(dir.path(), &["diagnose", "slow", "--json"]);
    let verdicts = found["runs"][0]["verdicts"].as_array().unwrap();
    let faults: Vec<_> = verdicts.iter().filter(|v| v["severity"] == "fault").collect();
    assert!(!faults.is_empty());
    let advised: Vec<&str> =
        faults.iter().flat_map(|v| v["remedies"].as_array().unwrap()).map(|r| r.as_str().unwrap()).collect();
    let result = json(dir.path(), &["remedy", "slow", "--quiet", "--json", "--out", "tried"]);
    let tried = result["remedies"].as_array().unwrap();
    let left_out = result["left_out"].as_array().unwrap();
    for kind in &advised {
        let names = left_out.iter().map(|l| l["remedy"].as_str().unwrap());
        assert!(tried.iter().any(|t| t["kind"] == *kind) || names.count() > 0, "{kind}");
    }
    let controls: Vec<_> = tried.iter().filter(|t| t["fits"] == false).collect();
    assert_eq!(controls.len(), 1);
    assert_eq!(controls[0]["remedy"], "dropout");
    assert!(tried.iter().any(|t| t["cured"] == true), "{result}");
    // Advice is given as a command.
    let output = gradfade(dir.path()).args(["diagnose", "slow"]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("gradfade remedy slow\n"));
    let output = gradfade(dir.path()).args(["diagnose", "slow", "--lang", "zh"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("学习率") && said.contains("训练集") && !said.contains("learning rate"), "{said}");
}

/// `diagnose` exits with 3 where it finds something.
fn json_of_failure(dir: &Path, args: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&gradfade(dir).args(args).output().unwrap().stdout).unwrap()
}

#[test]
fn what_cannot_be_remedied_is_said_in_one_line() {
    let dir = room();
    train(dir.path(), "run", &["--activation", "relu", "--learning-rate", "0.000001"]);
    refused(dir.path(), 1, &["remedy", "nowhere"], &["nowhere"]);
    refused(
        dir.path(),
        2,
        &["remedy", "run", "--only", "rellu"],
        &["--only", "rellu", "did you mean 'relu'?"],
    );
    refused(dir.path(), 2, &["remedy", "run", "--only", "normalisatoin"], &["did you mean 'normalisation'?"]);
    std::fs::write(dir.path().join("file"), "").unwrap();
    refused(dir.path(), 1, &["remedy", "run", "--out", "file", "--quiet"], &["file"]);
    refused(dir.path(), 1, &["remedy", "run", "--out", "file/x", "--quiet"], &["file"]);
    refused(dir.path(), 2, &["remedy"], &["RUN"]);
    // A folder that holds something else under a remedy's name.
    std::fs::create_dir_all(dir.path().join("taken/adam")).unwrap();
    std::fs::write(dir.path().join("taken/adam/notes.txt"), "mine").unwrap();
    refused(dir.path(), 1, &["remedy", "run", "--only", "adam", "--out", "taken"], &["taken/adam"]);
    // Records of other programs, and of settings that are not ours.
    let meta = dir.path().join("run/meta.json");
    let header: serde_json::Value = serde_json::from_slice(&std::fs::read(&meta).unwrap()).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = header.clone();
        change(&mut changed);
        std::fs::write(&meta, changed.to_string()).unwrap();
    };
    with(&|h| h["status"] = serde_json::json!({ "state": "running" }));
    refused(dir.path(), 1, &["remedy", "run"], &["not finished", "20 of 20 steps"]);
    let output = gradfade(dir.path()).args(["diagnose", "run"]).output().unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains("gradfade remedy"));
    with(&|h| h["config"] = serde_json::Value::Null);
    refused(dir.path(), 1, &["remedy", "run"], &["does not hold the settings", "gradfade train"]);
    with(&|h| h["source"]["tool"] = "pytorch".into());
    refused(dir.path(), 1, &["remedy", "run"], &["made by pytorch"]);
    with(&|h| h["config"]["wings"] = 2.into());
    refused(dir.path(), 1, &["remedy", "run"], &["wings"]);
    refused(dir.path(), 1, &["baselines", "--run", "run"], &["wings"]);
    // Data that is gone.
    with(&|h| h["config"]["data"] = "csv:gone.csv".into());
    let output = gradfade(dir.path()).args(["remedy", "run", "--quiet"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("gone.csv") && stderr.matches('\n').count() == 1, "{stderr}");
}

#[test]
fn force_is_not_advised_to_who_gives_it() {
    let dir = room();
    train(dir.path(), "run", &["--learning-rate", "1e-7", "--epochs", "30"]);
    std::fs::create_dir_all(dir.path().join("run-remedies/adam")).unwrap();
    std::fs::write(dir.path().join("run-remedies/adam/cat.jpg"), "cat").unwrap();
    let args = ["remedy", "run", "--only", "adam", "--quiet"];
    refused(dir.path(), 1, &args, &["adam", "exists"]);
    let args = [&args[..], &["--force"]].concat();
    refused(dir.path(), 1, &args, &["adam", "not a run folder", "choose another folder"]);
    let output = gradfade(dir.path()).args(args).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("--force"));
}

#[test]
fn the_same_remedy_started_twice_is_refused_once_and_works_afterwards() {
    let dir = room();
    train(dir.path(), "run", &["--activation", "relu", "--learning-rate", "0.000001", "--epochs", "300"]);
    let start = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_gradfade"))
            .args(["remedy", "run", "--only", "adam,rate-x10", "--quiet", "--format", "svg"])
            .current_dir(dir.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let outputs = [start(), start()].map(|child| child.wait_with_output().unwrap());
    assert!(outputs.iter().any(|o| o.status.success()), "{outputs:?}");
    for output in outputs.iter().filter(|o| !o.status.success()) {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("run-remedies: another program is running remedies here"), "{stderr}");
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    }
    // While the folder is held there is one clear refusal, and nothing is lost by it.
    let out = dir.path().join("run-remedies");
    let held = gradfade::files::Lock::of_folder(&out).unwrap();
    let words = ["another program is running remedies here", "--out"];
    refused(dir.path(), 1, &["remedy", "run", "--only", "adam", "--quiet"], &words);
    drop(held);
    // A run that was cut short so that nothing can be read of it is made again.
    std::fs::write(out.join("adam/meta.json"), "").unwrap();
    let again = json(dir.path(), &["remedy", "run", "--only", "adam", "--quiet", "--json"]);
    let names: Vec<_> = again["remedies"].as_array().unwrap().iter().map(|r| r["remedy"].clone()).collect();
    assert_eq!(names, ["adam", "rate-x10"]);
}

#[test]
fn a_healthy_run_needs_no_remedy() {
    let dir = room();
    let more = ["--activation", "relu", "--epochs", "200", "--noise", "0.05", "--samples", "200"];
    let args =
        [&["train", "--data", "gaussians", "--quiet", "--out", "well", "--batch-size", "100"][..], &more]
            .concat();
    stdout(dir.path(), &args);
    let text = stdout(dir.path(), &["remedy", "well"]);
    assert!(text.contains("nothing to remedy") && text.contains("--only"), "{text}");
    let empty = json(dir.path(), &["remedy", "well", "--json"]);
    assert_eq!((&empty["branch"], empty["remedies"].as_array().unwrap().len()), (&"done".into(), 0));
    assert!(!dir.path().join("well-remedies").exists());
}

/// Three kinds of flowers as Fisher measured them, with columns of very different size: 150 rows.
fn unscaled_flowers() -> String {
    const MEANS: [[f64; 4]; 3] =
        [[5.0, 3.43, 1.46, 0.25], [5.94, 2.77, 4.26, 1.33], [6.59, 2.97, 5.55, 2.03]];
    const DEVIATIONS: [[f64; 4]; 3] =
        [[0.35, 0.38, 0.17, 0.11], [0.52, 0.31, 0.47, 0.2], [0.64, 0.32, 0.55, 0.27]];
    let mut state: u64 = 1;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut text = String::from("sepal_length,sepal_width,petal_length,petal_width,species\n");
    for row in 0..150 {
        let class = row / 50;
        for (column, unit) in [100.0, 10.0, 1000.0, 1.0].into_iter().enumerate() {
            // The sum of twelve uniform numbers has deviation 1.
            let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            let value = unit * (MEANS[class][column] + DEVIATIONS[class][column] * normal);
            text += &format!("{value:.4},");
        }
        text += ["setosa\n", "versicolor\n", "virginica\n"][class];
    }
    text
}

#[test]
fn pairs_are_tried_where_no_single_remedy_cures_as_many_as_the_budget_allows() {
    let dir = room();
    std::fs::write(dir.path().join("flowers.csv"), unscaled_flowers()).unwrap();
    let settings =
        ["--hidden-layers", "4", "--width", "8", "--batch-size", "10", "--epochs", "40", "--quiet"];
    let args = [&["train", "--data", "csv:flowers.csv", "--out", "ill"][..], &settings].concat();
    stdout(dir.path(), &args);
    let names = |result: &serde_json::Value| -> Vec<String> {
        let all = result["remedies"].as_array().unwrap();
        all.iter().map(|r| r["remedy"].as_str().unwrap().to_string()).collect()
    };
    // Nothing is added by a budget of none.
    let singles = json(dir.path(), &["remedy", "ill", "--budget", "0", "--quiet", "--json"]);
    let single_names = names(&singles);
    assert!(single_names.contains(&"standardize".into()) && singles["pairs"] == 0, "{singles}");
    assert!(single_names.iter().all(|name| !name.contains('+')));
    let fitting = singles["remedies"].as_array().unwrap().iter().filter(|r| r["fits"] == true);
    assert!(fitting.clone().count() > 0 && fitting.clone().all(|r| r["outcome"] != "cured"), "{singles}");

    // One pair: the likeliest, and it cures.
    let out = dir.path().join("ill-remedies");
    let stamp = |name: &str| std::fs::metadata(out.join(name).join("step.npy")).unwrap().modified().unwrap();
    let before = stamp("standardize");
    let output =
        gradfade(dir.path()).args(["remedy", "ill", "--budget", "1", "--format", "svg"]).output().unwrap();
    let (said, table) =
        (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(said.contains("no single remedy that fits cures it; pairs: standardize+relu\n"), "{said}");
    let row = table.lines().find(|line| line.trim_start().starts_with("standardize+relu ")).unwrap();
    assert!(
        row.contains(" cured ") && row.contains("standardised inputs") && row.contains("sigmoid → relu"),
        "{row}"
    );
    assert!(
        table.lines().any(|l| l.contains(" not cured ") && l.trim_start().starts_with("standardize ")),
        "{table}"
    );
    assert_eq!(stamp("standardize"), before, "single remedies are not trained again");
    let svg = std::fs::read_to_string(out.join("remedy.svg")).unwrap();
    assert!(
        svg.contains("standardised inputs + ReLU") && svg.contains("1 of 1 pairs"),
        "the figure knows it"
    );

    // The same in JSON, from the folder; the pair is not trained again, and one without a budget stays.
    let pair = stamp("standardize+relu");
    for budget in ["1", "0"] {
        let result = json(dir.path(), &["remedy", "ill", "--budget", budget, "--quiet", "--json"]);
        assert_eq!(result["pairs"], 1);
        let of = result["remedies"].as_array().unwrap().last().unwrap();
        assert_eq!(of["remedy"], "standardize+relu");
        assert_eq!(of["parts"], serde_json::json!(["standardize", "relu"]));
        assert_eq!(of["kind"], "scale-inputs+new-activation");
        assert_eq!(
            (&of["outcome"], &of["cured"], &of["fits"]),
            (&"cured".into(), &true.into(), &true.into())
        );
        assert_eq!(stamp("standardize+relu"), pair);
    }
    let mut expected = config(&dir.path().join("ill"));
    expected["activation"] = "relu".into();
    expected["data_options"]["standardize"] = true.into();
    assert_eq!(config(&out.join("standardize+relu")), expected);

    // By name, in either order and spelling; and what is no pair.
    let by_name = ["remedy", "ill", "--only", "relu+standardise", "--out", "named", "--quiet", "--json"];
    assert_eq!(names(&json(dir.path(), &by_name)), ["standardize+relu"]);
    let wrong =
        |only: &str, words: &[&str]| refused(dir.path(), 2, &["remedy", "ill", "--only", only], words);
    wrong("relu+selu", &["--only: relu+selu", "of one kind"]);
    wrong("relu+momentm", &["--only: relu+momentm", "did you mean 'momentum'?"]);
    refused(dir.path(), 2, &["remedy", "ill", "--only", "relu", "--budget", "3"], &["--budget", "--only"]);
}

#[test]
fn one_remedy_that_cures_is_enough() {
    let dir = room();
    // Far too small a rate, on data that is easy.
    train(
        dir.path(),
        "slow",
        &["--activation", "relu", "--learning-rate", "0.001", "--epochs", "100", "--noise", "0.1"],
    );
    let result = json(dir.path(), &["remedy", "slow", "--quiet", "--json"]);
    assert!(
        result["remedies"].as_array().unwrap().iter().any(|r| r["fits"] == true && r["outcome"] == "cured")
    );
    assert_eq!(result["pairs"], 0);
}

#[test]
fn layer_wise_training_shares_the_budget_and_says_so() {
    let dir = room();
    let settings = ["--epochs", "10", "--learning-rate", "0.01"];
    train(dir.path(), "ill", &settings);
    let only = ["remedy", "ill", "--only", "layerwise,normalise-gradients"];
    let result = json(dir.path(), &[&only[..], &["--quiet", "--json"]].concat());
    let [layerwise, normalised] = [&result["remedies"][0], &result["remedies"][1]];
    assert_eq!([&layerwise["remedy"], &normalised["remedy"]], ["layerwise", "normalise-gradients"]);
    let header = |run: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(dir.path().join(run).join("meta.json")).unwrap()).unwrap()
    };
    let (whole, last) = (header("ill"), header("ill-remedies/layerwise"));
    let steps = |of: &serde_json::Value| of["planned_steps"].as_u64().unwrap();
    let earlier = last["facts"]["layerwise_steps"].as_u64().unwrap();
    assert_eq!(earlier, steps(&whole) / 2);
    assert_eq!(earlier + steps(&last), steps(&whole));
    assert_eq!((&layerwise["layerwise_steps"], &normalised["layerwise_steps"]), (&earlier.into(), &0.into()));
    assert_eq!(whole["facts"]["layerwise_steps"], 0);
    let facts = |run: &str| header(run)["facts"]["normalise_gradients"].clone();
    assert_eq!([facts("ill"), facts("ill-remedies/normalise-gradients")], [false, true]);
    let table = stdout(dir.path(), &only);
    let budget =
        format!("{earlier} of {} updates in earlier stages, {} with all layers", steps(&whole), steps(&last));
    assert!(table.contains(&budget), "{table}");

    // The same by hand, in either spelling.
    train(dir.path(), "hand", &[&settings[..], &["--layerwise", "--normalize-gradients"]].concat());
    let text = stdout(dir.path(), &["summary", "hand"]);
    assert!(text.contains("layerwise") && text.contains("normalise_gradients"), "{text}");
    // The parameters that are saved are those that the record begins with: the figure checks the distance.
    let small = ["train", "--layerwise", "--hidden-layers", "2", "--width", "6", "--train-size", "100"];
    let more = ["--batch-size", "50", "--steps", "8", "--save-weights", "--quiet", "--out", "saved"];
    stdout(dir.path(), &[&small[..], &more].concat());
    stdout(dir.path(), &["plot", "saved", "--figure", "first-layer", "--format", "svg", "--out", "f"]);
}

#[test]
fn the_list_names_every_remedy_under_its_kind() {
    let list = stdout(room().path(), &["remedy", "--list"]);
    for line in
        ["new-activation: ", "  relu  ", "weight-decay: ", "  l1  ", "normalisation: ", "  layer-norm "]
    {
        assert!(list.lines().any(|l| l.starts_with(line)), "{line}\n{list}");
    }
}

#[test]
fn baselines_stand_beside_a_run() {
    let dir = room();
    train(dir.path(), "run", &["--noise", "0.3"]);
    let all = json(dir.path(), &["baselines", "--run", "run", "--json", "--quiet"]);
    let models = all["models"].as_array().unwrap();
    let keys: Vec<_> = models.iter().map(|m| m["model"].as_str().unwrap()).collect();
    assert_eq!(keys, ["run", "nearest-neighbours", "decision-tree"]);
    assert_eq!((&models[1]["train_accuracy"], &models[2]["train_accuracy"]), (&1.0.into(), &1.0.into()));
    assert!(models[0]["train_accuracy"].as_f64().unwrap() <= 1.0 && models[0]["seconds"].is_number());
    assert_eq!(all["train_size"], 64);
    // The same data by hand.
    let made = ["baselines", "--data", "gaussians", "--samples", "64", "--noise", "0.3", "--json", "--quiet"];
    assert_eq!(json(dir.path(), &made)["models"][0]["test_accuracy"], models[1]["test_accuracy"]);
    let text = stdout(dir.path(), &["baselines", "--run", "run", "--quiet", "-k", "3"]);
    assert!(
        text.contains("3 nearest neighbours") && text.contains("decision tree") && text.contains("100.0 %"),
        "{text}"
    );
    refused(
        dir.path(),
        2,
        &["baselines", "--data", "xor", "--samples", "9", "-k", "10", "-q"],
        &["--neighbours 10", "9"],
    );
    refused(dir.path(), 2, &["baselines", "--data", "xor", "--test-share", "2"], &["--test-share"]);
    // A run may be named with its data, but stands beside no other.
    let beside = json(dir.path(), &[&made[..], &["--run", "run"]].concat());
    assert_eq!(beside["models"][0]["train_accuracy"], models[0]["train_accuracy"]);
    refused(
        dir.path(),
        2,
        &["baselines", "--data", "xor", "--run", "run", "-q"],
        &["--run", "other data", "gaussians", "xor"],
    );
    refused(
        dir.path(),
        2,
        &["baselines", "--run", "run", "--train-size", "10", "-q"],
        &["--run", "64 training", "10 and"],
    );
    refused(dir.path(), 1, &["baselines", "--data", "csv:gone.csv"], &["gone.csv"]);
}
