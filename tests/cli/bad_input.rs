//! Command lines that make no sense, and places that cannot be used.

use super::{TINY, gradfade, json, refused, room, stdout, train, tree};

#[track_caller]
fn usage(more: &[&str], words: &[&str]) {
    let dir = room();
    refused(dir.path(), 2, &[&["train", "--out", "run"], more].concat(), words);
}

#[test]
fn numbers_that_cannot_be_trained_with_are_refused_by_their_option() {
    for rate in ["-0.1", "nan", "inf", "-inf"] {
        usage(
            &[&format!("--learning-rate={rate}")],
            &["--learning-rate", "must be a number that is not negative"],
        );
    }
    usage(&["--learning-rate", "fast"], &["--learning-rate", "fast"]);
    for (option, value) in [
        ("--weight-decay", "-1"),
        ("--l1", "nan"),
        ("--momentum", "1"),
        ("--momentum", "-0.5"),
        ("--epochs", "0"),
        ("--steps", "0"),
        ("--steps", "18446744073709551615"),
        ("--steps", "18446744073709551616"),
        ("--epochs", "18446744073709551615"),
        ("--steps", "-3"),
        ("--steps", "1.5"),
        ("--batch-size", "0"),
        ("--batch-size", "10001"),
        ("--batch-size", "many"),
        ("--train-size", "0"),
        ("--train-size", "10001"),
        ("--test-size", "2001"),
        ("--threads", "0"),
        ("--threads", "1000000"),
        ("--hidden-layers", "99999999999"),
        ("--hidden-layers", "99999999999999999999999"),
        ("--width", "0"),
        ("--width", "1000000000"),
        ("--width", "1e9"),
        ("--widths", "3,,4"),
        ("--widths", ""),
        ("--widths", "0"),
        ("--warm-up", "100000"),
        ("--schedule", "step:0"),
        ("--schedule", "step:5:2"),
        ("--record", "every:0"),
        ("--snapshots", "sometimes"),
        ("--initialisation", "normal:-1"),
        ("--initialisation", "normal:nan"),
        ("--csv-header", "maybe"),
        ("--test-share", "1"),
        ("--test-share", "-0.1"),
        ("--noise", "-1"),
        ("--seed", "-1"),
        ("--name", ""),
        ("--name", "two\nlines"),
        ("--out", ""),
    ] {
        // Where the number comes first in the line, so does its option's name.
        let option_word = if option == "--widths" && value == "0" { "--width" } else { option };
        let args = [option, value];
        if option == "--out" {
            refused(room().path(), 2, &["train", option, value], &[option]);
        } else {
            usage(&args, &[option_word]);
        }
    }
}

#[test]
fn options_that_contradict_each_other_or_the_data_are_refused() {
    usage(&["--epochs", "1", "--steps", "1"], &["--epochs", "--steps"]);
    usage(&["--widths", "3", "--width", "4"], &["--widths", "--width"]);
    usage(&["--label-column", "y"], &["--label-column", "does not apply to --data mnist-mini"]);
    usage(&["--csv-header", "yes"], &["--csv-header", "does not apply"]);
    usage(&["--data", "xor", "--classes", "3"], &["--classes 3", "xor has 2 classes"]);
    usage(&["--data", "spiral", "--samples", "3"], &["--samples 3", "at least 12"]);
    usage(&["--data", "mnist-mini:here"], &["mnist-mini", "takes no path"]);
    usage(&["--data", "csv"], &["csv:PATH"]);
    usage(&["--bias-start", "inf"], &["--bias-start inf", "finite"]);
    usage(&["--initialisation", "uniform:0"], &["--initialisation", "uniform:A needs a positive bound A"]);
    usage(&["--clip-norm", "0"], &["--clip-norm", "greater than 0"]);
    usage(
        &["--clip-norm", "1", "--clip-value", "1"],
        &["--clip-value", "cannot be combined with --clip-norm"],
    );
    usage(
        &["--clip-norm", "1", "--normalise-gradients"],
        &["--clip-norm 1", "cannot be combined with --normalise-gradients"],
    );
    usage(&["--layerwise", "--hidden-layers", "1"], &["--layerwise: needs two or more hidden layers"]);
    usage(
        &["--layerwise", "--normalisation", "batch"],
        &["--layerwise: trains plain layers", "--normalisation"],
    );
    usage(
        &["--layerwise", "--steps", "3", "--hidden-layers", "4", "--data", "xor"],
        &["--layerwise: has 4 stages of at least one step, and the run has only 3"],
    );
}

#[test]
fn options_that_cannot_have_any_effect_are_refused_with_the_way_out() {
    for (args, words) in [
        (
            &["--momentum", "0.5"][..],
            &["--momentum: has no effect", "--optimizer momentum", "leave it out"][..],
        ),
        (&["--momentum", "0.5", "--optimizer", "adam"], &["--momentum: has no effect"]),
        (&["--l1-step", "proximal"], &["--l1-step: has no effect", "--l1 X"]),
        (&["--l1-step", "proximal", "--l1", "0"], &["--l1-step: has no effect"]),
        (
            &["--residual", "--hidden-layers", "1"],
            &["--residual: has no effect", "--hidden-layers", "--width"],
        ),
        (&["--residual", "--widths", "30,20"], &["--residual: has no effect"]),
        (&["--residual", "--hidden-layers", "0"], &["--residual: has no effect", "hidden layers"]),
        (&["--dropout", "0.5", "--hidden-layers", "0"], &["--dropout: has no effect", "hidden layers"]),
        (&["--normalisation", "layer", "--hidden-layers", "0"], &["--normalisation: has no effect"]),
        (&["--bias-start", "0.1", "--hidden-layers", "0"], &["--bias-start: has no effect", "hidden layers"]),
        (&["--bias-start", "0.1", "--normalisation", "batch"], &["--bias-start: has no effect", "after it"]),
        (&["--noise", "0.2"], &["--noise", "does not apply to --data mnist-mini", "leave it out"]),
        (&["--samples", "500"], &["--samples", "does not apply to --data mnist-mini"]),
        (&["--data", "xor", "--test-share", "0.5"], &["--test-share", "does not apply to --data xor"]),
        (
            &["--data", "csv:t.csv", "--test-share", "0.5", "--test-file", "u.csv"],
            &["--test-share 0.5", "--test-file"],
        ),
    ] {
        usage(args, words);
    }
    let dir = room();
    refused(
        dir.path(),
        2,
        &["baselines", "--noise", "0.2"],
        &["--noise", "does not apply to --data mnist-mini"],
    );
    // With an effect they are taken: the first hidden layer is as wide as the two inputs.
    for (out, args) in [
        ("wide", &["--widths", "2", "--residual"][..]),
        ("rolling", &["--optimizer", "nesterov", "--momentum", "0.5"]),
        ("biased", &["--bias-start", "-3", "--normalisation", "batch-after"]),
        ("sparse", &["--l1", "0.01", "--l1-step", "proximal"]),
        ("plain", &["--hidden-layers", "0", "--dropout", "0", "--normalisation", "none"]),
    ] {
        let made =
            ["train", "--data", "gaussians", "--samples", "64", "--noise", "0.3", "--steps", "2", "--quiet"];
        stdout(dir.path(), &[&made[..], args, &["--batch-size", "16", "--out", out]].concat());
    }
}

#[test]
fn whole_numbers_are_asked_for_with_their_range() {
    let all = format!("from 0 to {}", u64::MAX);
    for (option, value, range) in [
        ("--seed", "-1", all.as_str()),
        ("--epochs", "99999999999999999999999", &all),
        ("--train-size", "many", &all),
        ("--width", "-1", "from 1 to 1000000"),
        ("--width", "99999999999999999999999", "from 1 to 1000000"),
        ("--widths", "3,0", "from 1 to 1000000"),
        ("--hidden-layers", "10001", "from 0 to 10000"),
    ] {
        usage(
            &[option, value],
            &[option, value.split(',').next_back().unwrap(), "give a whole number", range],
        );
    }
    let dir = room();
    refused(dir.path(), 2, &["demo", "--width", "0"], &["--width", "from 1 to 1000000"]);
    refused(dir.path(), 2, &["sweep", "--widths", "5,-5"], &["--widths", "from 1 to 1000000"]);
}

#[test]
fn files_that_are_missing_or_wrong_are_failures_and_no_wrong_command_line() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "2"]);
    std::fs::write(dir.path().join("bad.toml"), "no_such_key = 1\n").unwrap();
    std::fs::write(dir.path().join("bad.ttf"), "no font").unwrap();
    for (file, says) in [("none", "cannot read"), ("bad", "")] {
        let (toml, ttf) = (format!("{file}.toml"), format!("{file}.ttf"));
        for command in ["diagnose", "remedy"] {
            refused(dir.path(), 1, &[command, "run", "--thresholds", &toml], &[&toml, says]);
        }
        refused(dir.path(), 1, &["page", "run", "--thresholds", &toml], &[&toml, says]);
        refused(dir.path(), 1, &["sweep", "--plan", &toml, "--out", "s"], &[&toml, says]);
        refused(dir.path(), 1, &["sweep", "plan", "--plan", &toml], &[&toml, says]);
        // Before anything is trained or drawn.
        for args in [
            &["plot", "run"][..],
            &["remedy", "run"],
            &["demo", "--epochs", "1"],
            &["sweep", "--preset", "lecture", "--out", "s"],
            &["sweep", "merge", "--out", "s"],
        ] {
            refused(dir.path(), 1, &[args, &["--font", &ttf]].concat(), &["--font", &ttf]);
        }
    }
    // A collection that claims to hold 4,294,967,295 fonts.
    std::fs::write(dir.path().join("many.ttc"), b"ttcf\0\x01\0\0\xff\xff\xff\xff").unwrap();
    refused(dir.path(), 1, &["plot", "run", "--font", "many.ttc"], &["many.ttc", "damaged"]);
}

#[test]
fn unknown_names_are_answered_with_the_nearest_right_one() {
    for (option, given, nearest) in [
        ("--activation", "sigmod", "sigmoid"),
        ("--activation", "leaky-rellu", "leaky-relu"),
        ("--activation", "rlu", "relu"),
        ("--initialisation", "he-unifrom", "he-uniform"),
        ("--loss", "crossentropy", "cross-entropy"),
        ("--optimizer", "adamm", "adam"),
        ("--precision", "f23", "f32"),
        ("--data", "mnist", "mnist-mini"),
        ("--data", "cifar:here", "cifar10:here"),
    ] {
        usage(&[option, given], &[option, given, &format!("did you mean '{nearest}'?")]);
    }
    let dir = room();
    refused(dir.path(), 2, &["trian"], &["trian", "train"]);
    refused(dir.path(), 2, &["train", "--hiden-layers", "3"], &["--hiden-layers", "--hidden-layers"]);
    refused(
        dir.path(),
        2,
        &["plot", "run", "--figure", "gradient-heatmp"],
        &["--figure", "did you mean 'gradient-heatmap'?"],
    );
    let of_a_sweep = ["plot", "run", "--figure", "accuracy-by-depth"];
    refused(
        dir.path(),
        2,
        &of_a_sweep,
        &["--figure", "draws a sweep, but one run was given; name the folder of a sweep"],
    );
    refused(
        dir.path(),
        2,
        &["plot", "run", "--gradient", "per-smple"],
        &["--gradient", "did you mean 'per-sample'?"],
    );
    refused(dir.path(), 2, &["plot", "run", "--format", "svgg"], &["--format", "svg"]);
    refused(dir.path(), 2, &["plot", "run", "--theme", "drak"], &["--theme", "dark"]);
    refused(dir.path(), 2, &["plot", "run", "--colour-map", "jet"], &["--colour-map", "viridis"]);
    refused(dir.path(), 2, &["export", "run", "--to", "xlsx"], &["--to", "csv"]);
    refused(dir.path(), 2, &["completions", "bsh"], &["bash"]);
}

#[test]
fn a_wrong_value_is_answered_with_its_option_once() {
    let dir = room();
    for (option, given, says) in [
        ("--data", "iris.xlsx", "unknown source 'iris.xlsx'"),
        ("--data", "csv", "give the path of the data: csv:PATH"),
        ("--data", "xor:here", "xor: takes no path"),
        ("--activation", "sigmod", "sigmoid"),
        ("--loss", "hinge", "cross-entropy"),
        ("--schedule", "step:0", "step"),
        ("--seed", "-1", "-1"),
    ] {
        for command in ["train", "sweep", "baselines"] {
            if command == "baselines" && !["--data", "--seed"].contains(&option) {
                continue;
            }
            let plural =
                if command == "sweep" && ["--activation", "--seed"].contains(&option) { "s" } else { "" };
            let output =
                gradfade(dir.path()).args([command, &format!("{option}{plural}"), given]).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{command}: {told}");
            assert!(told.contains(says), "{command}: {told}");
            assert_eq!(told.matches(option).count(), 1, "{command}: {told}");
        }
    }
}

#[test]
fn what_a_killed_program_left_makes_no_folder_unusable() {
    let dir = room();
    for (left, command) in [
        (".gradfade-Xk3v1a", &["train", "--quiet", "--steps", "1"][..]),
        (".gradfade-Xk3v1a.part", &["train", "--quiet", "--steps", "1"]),
        (".gradfade.lock", &["train", "--quiet", "--steps", "1"]),
        (".gradfade-Xk3v1a.part", &["sweep", "--quiet", "--no-figures", "--steps", "1"]),
        (".gradfade.lock", &["sweep", "--quiet", "--no-figures", "--steps", "1"]),
    ] {
        let out = format!("{}{left}", command[0]);
        std::fs::create_dir(dir.path().join(&out)).unwrap();
        std::fs::write(dir.path().join(&out).join(left), "x").unwrap();
        let sizes = ["--data", "gaussians", "--samples", "64", "--out", &out];
        let more: &[&str] = match command[0] {
            "train" => &["--batch-size", "16", "--widths", "5"],
            _ => &["--batch-sizes", "16", "--hidden-layers", "1,2", "--widths", "5"],
        };
        stdout(dir.path(), &[command, &sizes, more].concat());
    }
}

#[test]
fn a_network_that_does_not_fit_into_memory_is_refused_with_an_estimate() {
    let dir = room();
    let wide = ["train", "--hidden-layers", "3", "--width", "100000", "--out", "run"];
    refused(dir.path(), 1, &wide, &["MiB of memory", "limit of 8192 MiB", "--max-memory"]);
    let small = [&["train"], &TINY[..], &["--max-memory", "0", "--out", "run"]].concat();
    refused(dir.path(), 2, &small, &["--max-memory 0", "must be at least 1"]);
    // Nobody has that much, whatever the limit is.
    let wild =
        ["train", "--hidden-layers", "9000", "--width", "1000000", "--max-memory", "18446744073709551615"];
    refused(dir.path(), 1, &[&wild[..], &["--out", "run"]].concat(), &["which the system refuses"]);
    let samples = ["train", "--data", "xor", "--samples", "99999999999", "--out", "run"];
    refused(dir.path(), 1, &samples, &["xor", "GiB", "--train-size"]);
}

#[test]
fn an_existing_folder_is_never_touched_without_force() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "3", "--save-weights"]);
    let again = [&["train"], &TINY[..], &["--steps", "1", "--out", "run"]].concat();
    refused(dir.path(), 1, &again, &["run: exists", "--force", "--out"]);
    // Runs that differ in what their name does not tell have one default folder.
    let unnamed = [&["train"], &TINY[..], &["--steps", "1", "--quiet"]].concat();
    stdout(dir.path(), &unnamed);
    let other = [&unnamed[..], &["--learning-rate", "0.5"]].concat();
    refused(dir.path(), 1, &other, &["runs/sigmoid-6-5-sgd-seed1: exists", "--force", "--out"]);
}

#[test]
fn force_never_replaces_what_is_not_a_run() {
    let dir = room();
    std::fs::create_dir(dir.path().join("photos")).unwrap();
    std::fs::write(dir.path().join("photos/cat.jpg"), "cat").unwrap();
    let args = [&["train"], &TINY[..], &["--force", "--out", "photos"]].concat();
    refused(dir.path(), 1, &args, &["photos", "not a run folder", "choose another folder"]);
    // Somebody else's meta.json does not make it one.
    std::fs::write(dir.path().join("photos/meta.json"), "{\"camera\": 1}").unwrap();
    refused(dir.path(), 1, &args, &["photos", "does not describe a run"]);
    // Nor does one that was cut short, when other files stand beside it.
    train(dir.path(), "run", &["--steps", "2"]);
    for (file, text) in [("meta.json", "{\"schema\": 1,"), ("diary.txt", "mine")] {
        std::fs::write(dir.path().join("run").join(file), text).unwrap();
    }
    let args = [&["train"], &TINY[..], &["--force", "--out", "run"]].concat();
    refused(dir.path(), 1, &args, &["run", "does not describe a run"]);
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_the_data_is_read() {
    let dir = room();
    std::fs::write(dir.path().join("file"), "").unwrap();
    // The data does not exist either: the place is looked at first.
    for out in ["file/run", "file"] {
        let args = ["train", "--data", "csv:nowhere.csv", "--out", out];
        refused(dir.path(), 1, &args, &["file"]);
    }
    refused(dir.path(), 1, &["demo", "--out", "file/demo"], &["file"]);
    std::fs::create_dir(dir.path().join("demo")).unwrap();
    std::fs::write(dir.path().join("demo/figures"), "").unwrap();
    refused(dir.path(), 1, &["demo", "--out", "demo", "--force"], &["demo/figures"]);
    train(dir.path(), "run", &["--steps", "2"]);
    refused(dir.path(), 1, &["plot", "run", "--out", "file/figures"], &["file/figures", "--out"]);
    refused(dir.path(), 1, &["export", "run", "--out", "file/run.csv"], &["file/run.csv"]);
    // A folder that is not there yet is made.
    let run = gradfade(dir.path()).args(["export", "run", "--out", "new/run.csv"]).output().unwrap();
    assert!(run.status.success() && dir.path().join("new/run.csv").is_file());
    refused(dir.path(), 1, &["man", "--out", "file/man"], &["file/man"]);
}

#[test]
fn reading_commands_name_a_folder_that_is_no_run() {
    let dir = room();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for command in ["plot", "summary", "export"] {
        refused(dir.path(), 1, &[command, "nowhere"], &["nowhere"]);
        refused(dir.path(), 1, &[command, "empty"], &["empty", "not a run folder", "meta.json"]);
        refused(dir.path(), 1, &[command, "file"], &["file", "not a run folder"]);
        refused(dir.path(), 2, &[command], &["RUN"]);
    }
    let none = ["plot", "--figure", "gradient-heatmap"];
    refused(dir.path(), 2, &none, &["draws one run, but none was given", "name a run folder"]);
    let unknown = ["plot", "--figure", "activation-curves", "--activations", "sigmid"];
    refused(dir.path(), 2, &unknown, &["--activations", "did you mean 'sigmoid'"]);
}

#[test]
fn a_damaged_record_is_named_by_its_file() {
    let dir = room();
    let damage = |file: &str, change: &dyn Fn(Vec<u8>) -> Option<Vec<u8>>, words: &[&str]| {
        let out = "run";
        let _ = std::fs::remove_dir_all(dir.path().join(out));
        train(dir.path(), out, &["--steps", "6"]);
        let path = dir.path().join(out).join(file);
        match change(std::fs::read(&path).unwrap()) {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        refused(dir.path(), 1, &["summary", out], &[&[file], words].concat());
    };
    let again = "train it again with --force";
    damage("step.npy", &|_| None, &["missing", again]);
    damage("step.npy", &|b| Some(b[..40].to_vec()), &["cut short", again]);
    damage("meta.json", &|b| Some(b[..b.len() / 2].to_vec()), &["line", "column", again]);
    damage("grad_norm.npy", &|b| Some([b"NOTNUMPY", &b[8..]].concat()), &["move this file away", again]);
    // Both ways out lead out.
    std::fs::remove_file(dir.path().join("run/grad_norm.npy")).unwrap();
    assert!(stdout(dir.path(), &["summary", "run"]).contains("last evaluation"));
    let meta = std::fs::read(dir.path().join("run/meta.json")).unwrap();
    std::fs::write(dir.path().join("run/meta.json"), &meta[..meta.len() / 2]).unwrap();
    train(dir.path(), "run", &["--steps", "6", "--force"]);
    assert_eq!(json(dir.path(), &["summary", "run", "--json"])["recorded_steps"], 6);
    let newer = |b: Vec<u8>| {
        Some(String::from_utf8(b).unwrap().replace("\"schema\": 2", "\"schema\": 9").into_bytes())
    };
    damage("meta.json", &newer, &["format 9"]);
}

#[test]
fn figures_say_how_many_runs_they_draw() {
    let dir = room();
    train(dir.path(), "a", &["--steps", "3"]);
    train(dir.path(), "b", &["--steps", "3"]);
    refused(
        dir.path(),
        2,
        &["plot", "a", "--figure", "comparison"],
        &["comparison", "two or more runs, but one run was given"],
    );
    refused(
        dir.path(),
        2,
        &["plot", "a", "b", "--figure", "gradient-heatmap"],
        &["gradient-heatmap", "one run, but several runs were given"],
    );
    for scale in ["0", "-1", "nan", "1e9", "16.1", "0.2"] {
        refused(dir.path(), 2, &["plot", "a", "--scale", scale], &["--scale", "from 0.25 to 16"]);
    }
}

#[test]
fn existing_pictures_and_tables_are_not_replaced_without_force() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "3"]);
    let plot = ["plot", "run", "--figure", "gradient-heatmap", "--format", "svg", "--out", "f"];
    stdout(dir.path(), &plot);
    refused(dir.path(), 1, &plot, &["f/gradient-heatmap.svg: exists", "--force"]);
    stdout(dir.path(), &[&plot[..], &["--force"]].concat());
    std::fs::write(dir.path().join("t.csv"), "precious").unwrap();
    refused(dir.path(), 1, &["export", "run", "--out", "t.csv"], &["t.csv: exists", "--force"]);
    stdout(dir.path(), &["export", "run", "--out", "t.csv", "--force"]);
    assert!(std::fs::read_to_string(dir.path().join("t.csv")).unwrap().starts_with("step,layer,"));
}

#[test]
fn a_demo_that_has_nothing_to_compare_is_refused() {
    let dir = room();
    for depth in ["0", "1"] {
        refused(dir.path(), 2, &["demo", "--hidden-layers", depth], &["--hidden-layers", "at least 2"]);
    }
    refused(dir.path(), 2, &["demo", "--epochs", "0"], &["--epochs 0"]);
    refused(dir.path(), 2, &["verify", "--seeds", "3"], &["--seeds"]);
}

#[test]
fn a_run_without_a_test_set_trains_and_says_nothing_about_it() {
    let dir = room();
    std::fs::write(dir.path().join("t.csv"), "1,2,0\n3,4,1\n5,6,0\n7,8,1\n").unwrap();
    let args = [
        "train",
        "--data",
        "csv:t.csv",
        "--test-share",
        "0",
        "--widths",
        "3",
        "--batch-size",
        "2",
        "--steps",
        "2",
    ];
    let output = gradfade(dir.path()).args(args).args(["--out", "run"]).output().unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8(output.stdout).unwrap().contains("test"));
    assert!(json(dir.path(), &["summary", "run", "--json"])["evaluations"][0]["test_loss"].is_null());
    refused(
        dir.path(),
        2,
        &[&args[..], &["--test-size", "1", "--out", "other"]].concat(),
        &["--test-size", "no test set"],
    );
}

#[test]
#[cfg(unix)]
fn a_run_whose_files_cannot_all_be_made_leaves_nothing_behind() {
    let dir = room();
    // Fewer open files than a run has arrays: the system refuses in the middle of making them.
    let limited = |out: &str| {
        let program = env!("CARGO_BIN_EXE_gradfade");
        let script = format!("ulimit -n 16; exec '{program}' train {} --quiet --out {out}", TINY.join(" "));
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.matches('\n').count()), (Some(1), 1), "{stderr}");
        assert!(stderr.contains(&format!("{out}/")) && stderr.contains("Too many open files"), "{stderr}");
    };
    limited("run");
    assert!(tree(dir.path()).is_empty(), "{:?}", tree(dir.path()).keys());
    // A folder of the user stays, and is as empty as it was.
    std::fs::create_dir(dir.path().join("mine")).unwrap();
    limited("mine");
    assert_eq!(tree(dir.path()).len(), 1);
}
