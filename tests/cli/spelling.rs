//! Names in both spellings, languages in any case, and a table without its kind.

use super::{TINY, gradfade, refused, room, stdout, train};

/// All commands, the hidden one too, with the words that call them.
fn commands() -> Vec<(Vec<String>, clap::Command)> {
    fn below(command: &clap::Command, before: &[String], all: &mut Vec<(Vec<String>, clap::Command)>) {
        for sub in command.get_subcommands() {
            let words = [before, &[sub.get_name().to_string()]].concat();
            below(sub, &words, all);
            all.push((words, sub.clone()));
        }
    }
    let mut all = Vec::new();
    below(&::gradfade::cli::command(), &[], &mut all);
    all
}

fn long_names(command: &clap::Command) -> Vec<String> {
    let names = |arg: &clap::Arg| {
        let all = arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default());
        all.map(String::from).collect::<Vec<_>>()
    };
    command.get_arguments().flat_map(names).collect()
}

#[test]
fn every_option_of_every_command_is_taken_in_both_spellings() {
    const BOTH: [(&str, &str); 6] = [
        ("isation", "ization"),
        ("isations", "izations"),
        ("ardize", "ardise"),
        ("optimizer", "optimiser"),
        ("colour", "color"),
        ("neighbours", "neighbors"),
    ];
    let mut found = 0;
    for (words, command) in commands() {
        let names = long_names(&command);
        for name in &names {
            for (a, b) in BOTH.into_iter().chain(BOTH.map(|(a, b)| (b, a))) {
                if name.contains(a) {
                    let other = name.replace(a, b);
                    assert!(names.contains(&other), "{words:?}: --{name} has no --{other}");
                    found += 1;
                }
            }
        }
    }
    assert!(found >= 40, "{found}");
}

#[test]
fn the_short_form_of_the_rate_is_taken_wherever_the_rate_is() {
    for (words, command) in commands() {
        let names = long_names(&command);
        if names.iter().any(|n| n == "learning-rate" || n == "learning-rates") {
            assert!(names.iter().any(|n| n == "lr"), "{words:?}");
        }
    }
}

#[test]
fn a_plan_and_a_list_of_remedies_are_read_in_both_spellings() {
    let dir = room();
    let plan = |text: &str| {
        std::fs::write(dir.path().join("p.toml"), text).unwrap();
        stdout(dir.path(), &["sweep", "plan", "--plan", "p.toml", "--toml"])
    };
    let ours = "[train]\nnormalisation = \"batch\"\noptimizer = \"adam\"\ninitialisation = \"he-normal\"\n\
                [train.data_options]\nstandardize = true\n[grid]\nwidth = [3, 4]\n";
    let other = ours
        .replace("normalisation", "normalization")
        .replace("optimizer", "optimiser")
        .replace("initialisation", "initialization")
        .replace("standardize", "standardise");
    assert_eq!(plan(ours), plan(&other));
    assert!(plan(ours).contains("normalisation = \"batch\""));
    let wrong = ["remedy", "nowhere", "--only", "no-such"];
    refused(dir.path(), 2, &wrong, &["unknown remedy"]);
    refused(dir.path(), 1, &["remedy", "nowhere", "--only", "normalization"], &["nowhere: no such folder"]);
    let train =
        [&["train", "--optimiser", "adam", "--normalization", "batch", "--out", "a", "--quiet"], &TINY[..]];
    stdout(dir.path(), &train.concat());
}

#[test]
fn languages_are_taken_in_any_case_everywhere() {
    let dir = room();
    let mut found = 0;
    for (words, command) in commands() {
        if command.get_arguments().any(|arg| arg.get_long() == Some("lang")) {
            gradfade(dir.path()).args(&words).args(["--lang", "ZH", "--help"]).assert().success();
            gradfade(dir.path()).args(&words).args(["--lang", "xx", "--help"]).assert().code(2);
            found += 1;
        }
    }
    assert!(found >= 8, "{found}");
    train(dir.path(), "a", &[]);
    stdout(dir.path(), &["page", "a", "--lang", "ZH", "--out", "p.html"]);
}

#[test]
fn a_table_needs_no_kind_before_its_path() {
    let dir = room();
    std::fs::write(dir.path().join("two.csv"), "a,b,kind\n1,2,x\n2,1,y\n1,3,x\n3,1,y\n").unwrap();
    let args = ["train", "--test-share", "0", "--batch-size", "full", "--steps", "2", "--hidden-layers", "1"];
    for (data, out) in [("two.csv", "a"), ("csv:two.csv", "b"), ("./two.csv", "c")] {
        let output = gradfade(dir.path()).args(args).args(["--data", data, "--out", out]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("two: 4 rows; 2 inputs: a, b; label: kind, 2 classes: x, y"), "{said}");
    }
    let bytes = |run: &str| std::fs::read(dir.path().join(run).join("grad_norm.npy")).unwrap();
    assert_eq!(bytes("a"), bytes("b"));
    refused(dir.path(), 1, &["train", "--data", "none.csv", "--out", "d"], &["none.csv"]);
}
