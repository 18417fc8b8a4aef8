//! Every kind of data, network and training that the command line offers does train.

use std::path::Path;

use super::{gradfade, json, room, stdout, train};

pub const ACTIVATIONS: [&str; 12] = [
    "sigmoid",
    "tanh",
    "relu",
    "leaky-relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "hard-sigmoid",
    "identity",
];
const INITIALISATIONS: [&str; 12] = [
    "glorot-uniform",
    "glorot-normal",
    "he-uniform",
    "he-normal",
    "lecun-uniform",
    "lecun-normal",
    "orthogonal",
    "pytorch",
    "nielsen",
    "normal:0.05",
    "uniform:0.12",
    "zeros",
];
pub const LOSSES: [&str; 5] = ["cross-entropy", "bce", "mse", "quadratic", "softmax-mse"];
pub const OPTIMIZERS: [&str; 7] = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"];

#[test]
fn every_activation_trains_with_a_default_initialisation_that_follows_it() {
    let dir = room();
    for name in ACTIVATIONS {
        let result = train(dir.path(), name, &["--activation", name, "--steps", "2"]);
        let expected = match name {
            "relu" | "leaky-relu" | "elu" | "gelu" | "silu" | "softplus" => "he-uniform",
            "selu" => "lecun-normal",
            _ => "glorot-uniform",
        };
        assert_eq!(result["initialisation"], expected, "{name}");
        assert_eq!(result["steps"], 2);
    }
}

#[test]
fn every_initialisation_loss_and_optimiser_trains_and_is_written_down() {
    let dir = room();
    let mut settings = Vec::new();
    settings.extend(INITIALISATIONS.map(|n| ("--initialisation", "initialisation", n)));
    settings.extend(LOSSES.map(|n| ("--loss", "loss", n)));
    settings.extend(OPTIMIZERS.map(|n| ("--optimizer", "optimizer", n)));
    settings.extend(["constant", "cosine", "step:1:0.5"].map(|n| ("--schedule", "schedule", n)));
    settings.extend(["f32", "f64"].map(|n| ("--precision", "precision", n)));
    for (flag, label, name) in settings {
        let out = format!("{label}-{name}");
        let result = train(dir.path(), &out, &[flag, name, "--steps", "2"]);
        assert_eq!(result["status"]["state"], "complete", "{name}");
        let summary = json(dir.path(), &["summary", &out, "--json"]);
        assert_eq!(summary["header"]["labels"][label], name);
    }
}

#[test]
fn learning_rates_follow_their_schedule_and_warm_up() {
    let dir = room();
    let rates = |out: &str, more: &[&str]| {
        train(dir.path(), out, &[&["--learning-rate", "0.8", "--steps", "4"], more].concat());
        column(&stdout(dir.path(), &["export", out]), "learning_rate")
    };
    assert_eq!(rates("step", &["--schedule", "step:2:0.5"]), [0.8, 0.8, 0.4, 0.4]);
    // PyTorch's CosineAnnealingLR with T_max = 4: 0.8 (1 + cos(pi t / 4)) / 2.
    let cosine = rates("cosine", &["--schedule", "cosine"]);
    for (rate, expected) in cosine.iter().zip([0.8, 0.6828427124746191, 0.4, 0.11715728752538097]) {
        assert!((rate - expected).abs() < 1e-12, "{cosine:?}");
    }
    assert_eq!(rates("warm", &["--warm-up", "2"]), [0.4, 0.8, 0.8, 0.8]);
}

/// The values of a metric of the whole run, in the order of the table.
pub fn column(csv: &str, metric: &str) -> Vec<f64> {
    let parts = csv.lines().map(|l| l.split(',').collect::<Vec<_>>());
    parts.filter(|p| p[3] == metric).map(|p| p[4].parse().unwrap()).collect()
}

#[test]
fn weight_decay_and_l1_show_in_the_decay_norm() {
    let dir = room();
    let decay = |out: &str, more: &[&str]| -> f64 {
        train(dir.path(), out, &[&["--steps", "2"], more].concat());
        column(&stdout(dir.path(), &["export", out]), "decay_norm").iter().sum()
    };
    assert_eq!(decay("none", &[]), 0.0);
    assert!(decay("l2", &["--weight-decay", "0.01"]) > 0.0);
    assert!(decay("l1", &["--l1", "0.01"]) > 0.0);
    assert!(decay("adamw", &["--optimizer", "adamw", "--weight-decay", "0.01"]) > 0.0);
}

#[test]
fn made_data_comes_in_three_kinds_with_a_size_and_a_noise() {
    let dir = room();
    for (name, classes) in [("spiral", 3), ("xor", 2), ("gaussians", 4)] {
        let args = [
            "train",
            "--data",
            name,
            "--samples",
            "40",
            "--noise",
            "0.1",
            "--widths",
            "4",
            "--batch-size",
            "full",
        ];
        stdout(dir.path(), &[&args[..], &["--steps", "2", "--quiet", "--out", name]].concat());
        let header = &json(dir.path(), &["summary", name, "--json"])["header"];
        assert_eq!(
            (&header["facts"]["classes"], &header["labels"]["train_size"]),
            (&classes.into(), &"40".into()),
            "{name}"
        );
        assert_eq!(header["labels"]["batch_size"], "full (40)");
        assert_eq!(header["steps_per_epoch"], 1);
    }
    train(dir.path(), "six", &["--classes", "6", "--steps", "1"]);
    assert_eq!(json(dir.path(), &["summary", "six", "--json"])["header"]["facts"]["classes"], 6);
}

#[test]
fn embedded_digits_are_the_default_and_can_be_cut_and_standardised() {
    let dir = room();
    let args = [
        "train",
        "--train-size",
        "200",
        "--test-size",
        "100",
        "--standardize",
        "--widths",
        "8",
        "--epochs",
        "1",
    ];
    stdout(dir.path(), &[&args[..], &["--quiet", "--out", "run"]].concat());
    let header = &json(dir.path(), &["summary", "run", "--json"])["header"];
    let label = |key: &str| header["labels"][key].as_str().unwrap().to_string();
    assert_eq!(
        (label("data"), label("train_size"), label("test_size")),
        ("mnist-mini".into(), "200".into(), "100".into())
    );
    assert_eq!(
        (header["layers"][0]["fan_in"].as_u64(), header["facts"]["classes"].as_u64()),
        (Some(784), Some(10))
    );
    assert_eq!(label("standardize"), "yes");
}

#[test]
fn files_in_idx_cifar_and_csv_form_train() {
    let dir = room();
    super::bad_data::idx_folder(&dir.path().join("digits"), 6, 4);
    super::bad_data::cifar_folder(&dir.path().join("cifar"));
    std::fs::write(dir.path().join("t.csv"), "a,b,label\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n9,1,x\n").unwrap();
    for (data, features) in [("idx:digits", 4), ("cifar10:cifar", 3072), ("csv:t.csv", 2)] {
        let out = &data[..3];
        let args = [
            "train",
            "--data",
            data,
            "--widths",
            "3",
            "--batch-size",
            "2",
            "--steps",
            "2",
            "--quiet",
            "--out",
            out,
        ];
        stdout(dir.path(), &args);
        let header = &json(dir.path(), &["summary", out, "--json"])["header"];
        assert_eq!(header["layers"][0]["fan_in"], features, "{data}");
    }
}

#[test]
fn tables_may_have_crlf_a_byte_order_mark_quotes_and_semicolons() {
    let dir = room();
    let text = "\u{feff}\"first, one\";b;class\r\n\"1.5\";2;x\r\n3;-4e-1;\"y\"\r\n 5 ; 6;x\r\n7;8;y\r\n";
    std::fs::write(dir.path().join("t.csv"), text).unwrap();
    let args =
        ["train", "--data", "csv:t.csv", "--widths", "3", "--batch-size", "full", "--steps", "2", "--quiet"];
    stdout(dir.path(), &[&args[..], &["--out", "run"]].concat());
    let header = &json(dir.path(), &["summary", "run", "--json"])["header"];
    assert_eq!((&header["layers"][0]["fan_in"], &header["facts"]["classes"]), (&2.into(), &2.into()));
    // By name, by number, with a second file for testing.
    let more = ["--label-column", "class", "--test-file", "t.csv", "--out", "named"];
    stdout(dir.path(), &[&args[..], &more].concat());
    assert_eq!(json(dir.path(), &["summary", "named", "--json"])["header"]["labels"]["test_size"], "4");
}

#[test]
fn a_single_layer_and_hundreds_of_layers_train() {
    let dir = room();
    for depth in ["0", "1", "300"] {
        let args = [
            "train",
            "--data",
            "xor",
            "--samples",
            "20",
            "--hidden-layers",
            depth,
            "--width",
            "3",
            "--batch-size",
        ];
        stdout(dir.path(), &[&args[..], &["full", "--steps", "2", "--quiet", "--out", depth]].concat());
        stdout(dir.path(), &["summary", depth]);
        let layers = json(dir.path(), &["summary", depth, "--json"])["layers"].as_array().unwrap().len();
        assert_eq!(layers, depth.parse::<usize>().unwrap() + 1);
    }
}

#[test]
fn huge_schedules_that_never_come_due_are_no_overflow() {
    let dir = room();
    let most = "18446744073709551615";
    let args =
        ["--record", &format!("every:{most}"), "--snapshots", &format!("every:{most}"), "--eval-every", most];
    train(dir.path(), "run", &[&args[..], &["--epochs", "2"]].concat());
    let summary = json(dir.path(), &["summary", "run", "--json"]);
    // The first and the last step are always there.
    assert_eq!((summary["recorded_steps"].as_u64(), summary["last_step"].as_u64()), (Some(2), Some(7)));
    train(dir.path(), "seed", &["--seed", most, "--steps", "1"]);
    assert_eq!(json(dir.path(), &["summary", "seed", "--json"])["header"]["seed"].as_u64(), Some(u64::MAX));
}

#[test]
fn a_run_that_diverges_names_the_step_keeps_its_record_and_can_be_drawn() {
    let dir = room();
    let settings = ["--activation", "relu", "--learning-rate", "1e30", "--steps", "500"];
    let result = train(dir.path(), "run", &settings);
    assert_eq!(result["status"]["state"], "diverged");
    let step = result["status"]["step"].as_u64().unwrap();
    assert_eq!(result["steps"].as_u64(), Some(step + 1));
    let text = stdout(dir.path(), &["summary", "run"]);
    assert!(text.contains(&format!("diverged at step {step}: the loss is ")), "{text}");
    assert_eq!(json(dir.path(), &["summary", "run", "--json"])["last_step"].as_u64(), Some(step));
    stdout(dir.path(), &["plot", "run", "--format", "svg", "--out", "figures"]);
    assert!(dir.path().join("figures/gradient-heatmap.svg").is_file());
    // The same in words.
    let args = [&["train"], &super::TINY[..], &["--quiet", "--out", "again"], &settings[..]].concat();
    let text = stdout(dir.path(), &args);
    assert!(
        text.starts_with(&format!("diverged at step {step}: ")) && text.contains("--learning-rate"),
        "{text}"
    );
}

#[test]
fn the_same_settings_give_the_same_bytes_for_any_number_of_threads() {
    let dir = room();
    for (out, threads) in [("a", "1"), ("b", "1"), ("c", "2")] {
        train(dir.path(), out, &["--epochs", "3", "--threads", threads, "--save-weights"]);
    }
    for file in ["grad_norm.npy", "sketch.npy", "train_loss.npy", "weights-final.safetensors"] {
        let read = |out: &str| std::fs::read(dir.path().join(out).join(file)).unwrap();
        assert!(read("a") == read("b") && read("a") == read("c"), "{file}");
    }
    gradfade(dir.path()).args(["export", "a", "--out", "a.csv"]).assert().success();
    gradfade(dir.path()).args(["export", "c", "--out", "c.csv"]).assert().success();
    let read = |file| std::fs::read(dir.path().join(file)).unwrap();
    assert!(read("a.csv") == read("c.csv"));
}

/// Images of 1 x 6 x 6 in a table: class 1 is bright in the lower half.
fn images(dir: &Path) {
    let row = |i: usize| {
        let bright = |pixel: usize| (pixel >= 18) == (i % 2 == 1);
        let pixel = |p: usize| format!("0.{}", if bright(p) { 5 + (i * 7 + p) % 5 } else { (i + p) % 4 });
        format!("{},{}", (0..36).map(pixel).collect::<Vec<_>>().join(","), i % 2)
    };
    std::fs::write(dir.join("images.csv"), (0..80).map(row).collect::<Vec<_>>().join("\n")).unwrap();
}

const IMAGES: [&str; 6] = ["--data", "csv:images.csv", "--image", "1x6x6", "--csv-header", "no"];

#[test]
fn networks_of_convolutions_are_trained_recorded_and_drawn() {
    let dir = room();
    let dir = dir.path();
    images(dir);
    let network = "conv:4x3,pool:2,res(conv:4x3,conv:4x3),res(conv:6x3s2,conv:6x3),gap,dense:5@tanh";
    let of = ["--network", network, "--activation", "relu", "--normalisation", "batch", "--batch-size", "8"];
    let more = ["--epochs", "30", "--save-weights", "--quiet", "--out", "cnn"];
    stdout(dir, &[&["train"], &IMAGES[..], &of, &more].concat());
    let summary = json(dir, &["summary", "cnn", "--json"]);
    let layers = summary["layers"].as_array().unwrap();
    let column = |name: &str| layers.iter().map(|l| l[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        column("name"),
        [
            "conv 3x3, 4",
            "max pool 2x2",
            "conv 3x3, 4",
            "conv 3x3, 4",
            "conv 3x3 stride 2, 6",
            "conv 3x3, 6",
            "mean pool, whole map",
            "dense 5",
            "dense 2"
        ]
    );
    let number = |l: usize| layers[l]["number"].as_u64();
    assert_eq!(
        [number(0), number(1), number(2), number(6), number(8)],
        [Some(1), None, Some(2), None, Some(7)]
    );
    assert_eq!(layers[7]["activation"], "tanh");
    let header = &summary["header"];
    assert_eq!(header["layers"][0]["input_shape"], serde_json::json!([1, 6, 6]));
    assert_eq!(header["layers"][1]["output_shape"], serde_json::json!([4, 3, 3]));
    assert_eq!(header["layers"][0]["fan_in"], 9);
    let last = summary["evaluations"].as_array().unwrap().last().unwrap();
    assert!(last["train_accuracy"].as_f64().unwrap() > 0.9, "{last}");
    // Pooling has a signal; a fourth of its places get a gradient.
    assert!(layers[1]["signal_rms_first"].as_f64().unwrap() > 0.0 && layers[1]["grad_norm_first"].is_null());
    let exported = stdout(dir, &["export", "cnn"]);
    assert!(exported.contains("routed_share"), "{}", &exported[..400]);
    stdout(dir, &["plot", "cnn", "--out", "figures"]);
    let svg = std::fs::read_to_string(dir.join("figures/gradient-heatmap.svg")).unwrap();
    assert!(svg.contains(">5 · conv 3x3, 6<") && svg.contains("1×6×6: conv:4x3,pool:2"), "{svg}");
    stdout(dir, &["page", "cnn", "--out", "page.html"]);
    stdout(dir, &["remedy", "cnn", "--only", "leaky-relu", "--quiet"]);
    // Any number of threads gives the same bits.
    stdout(
        dir,
        &[&["train"], &IMAGES[..], &of, &more[..4], &["--threads", "3", "--out", "threads"]].concat(),
    );
    for file in ["grad_norm.npy", "weights-final.safetensors"] {
        let [a, b] = ["cnn", "threads"].map(|run| std::fs::read(dir.join(run).join(file)).unwrap());
        assert!(a == b, "{file}");
    }
    let sweep = "sweep --networks conv:2x3,gap;2*conv:2x3,gap --activations relu --steps 4 --batch-sizes 8 --no-figures --quiet --out s";
    stdout(dir, &[sweep.split(' ').collect::<Vec<_>>(), IMAGES.to_vec()].concat());
    let cells = stdout(dir, &["sweep", "merge", "--out", "s", "--no-figures"]);
    assert!(cells.is_empty() || !cells.contains("error"), "{cells}");
    let table = std::fs::read_to_string(dir.join("s/cells.csv")).unwrap();
    assert!(table.contains("\"conv:2x3,gap\"") && table.contains("\"2*conv:2x3,gap\""), "{table}");
}

#[test]
fn networks_that_do_not_fit_are_named_with_the_piece_and_what_comes_to_it() {
    let dir = room();
    let dir = dir.path();
    images(dir);
    for (network, words) in [
        ("conv:4x9p0", "--network: 'conv:4x9p0' (layer 1) cannot take 1 channel of 6 x 6: "),
        ("conv:4x3,pool:2,pool:4", "'pool:4' (layer 3) cannot take 4 channels of 3 x 3: "),
        ("dense:4,conv:4x3", "'conv:4x3' (layer 2) cannot take 4 numbers: it needs a map"),
        ("res(dense:5)", "cannot take"),
        ("conv:4x15", "most of a kernel of 15 x 15 would lie outside a map of 6 x 6"),
        ("conv:4", "'conv:4': it needs channels and kernel; write conv:16x3"),
        ("conv:60000x3,conv:60000x3", "MiB of memory"),
    ] {
        let args =
            [&["train"], &IMAGES[..], &["--batch-size", "8", "--network", network, "--out", "x"]].concat();
        let output = gradfade(dir).args(&args).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && error.lines().filter(|l| !l.is_empty()).count() == 1,
            "{network}: {error}"
        );
        assert!(error.contains(words), "{network}: {error}");
        assert!(!dir.join("x").exists(), "{network}");
    }
    for (args, words) in [
        (vec!["--image", "1x6x7"], "--image 1x6x7: has 42 numbers, and the table has 36 columns"),
        (vec!["--image", "6x6"], "'6x6' is no shape of an image"),
        (vec!["--image", "1x6x6", "--network", "gap", "--widths", "3"], "cannot be used with"),
    ] {
        let whole = [&["train", "--data", "csv:images.csv", "--out", "x"], &args[..]].concat();
        let output = gradfade(dir).args(&whole).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(words), "{args:?}: {error}");
    }
    let table = ["train", "--data", "gaussians", "--network", "conv:4x3", "--out", "x"];
    let output = gradfade(dir).args(table).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("for a table say which image"));
}
