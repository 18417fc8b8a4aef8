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
fn a_table_without_its_kind_is_told_the_kind() {
    let args = ["train", "--data", "iris.csv", "--out", "a"];
    refused(room().path(), 2, &args, &["unknown source 'iris.csv'", "did you mean 'csv:iris.csv'?"]);
}
