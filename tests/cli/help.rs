//! Help, completions and manual pages.

use predicates::prelude::*;

use super::{gradfade, room, stdout};

const COMMANDS: [&str; 12] = [
    "demo",
    "train",
    "plot",
    "notes",
    "summary",
    "diagnose",
    "remedy",
    "baselines",
    "export",
    "verify",
    "completions",
    "man",
];

#[test]
fn help_of_every_command_has_examples_that_name_it() {
    let dir = room();
    let all = stdout(dir.path(), &["--help"]);
    assert!(all.contains("Examples:\n"));
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command} is not listed");
        let help = stdout(dir.path(), &[command, "--help"]);
        assert!(help.contains("Example"), "{command}");
        assert!(help.contains(&format!("\n  gradfade {command}")), "{command}: {help}");
    }
}

#[test]
fn the_help_names_every_exit_code() {
    let help = stdout(room().path(), &["--help"]);
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let named: Vec<i32> = codes.lines().filter_map(|l| l.split_whitespace().next()?.parse().ok()).collect();
    assert_eq!(named, [0, 1, 2, 3, 4, 5, 130]);
    assert!(codes.lines().all(|l| l.len() <= 80), "{codes}");
}

#[test]
fn every_example_of_the_help_is_a_command_line_that_parses() {
    let dir = room();
    let mut tried = 0;
    for command in COMMANDS {
        let help = stdout(dir.path(), &[command, "--help"]);
        for line in help.lines().filter_map(|l| l.strip_prefix("  gradfade ")) {
            assert!(line.len() <= 69, "a terminal of 80 columns breaks it: {line}");
            let line = line.split(['|', '>']).next().unwrap();
            // Shown help ends the program before anything is done, but only where the words before it are right.
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.push("--help");
            gradfade(dir.path()).args(&words).assert().success();
            // Words that are wrong would not have shown it.
            words.insert(1, "--no-such-option");
            gradfade(dir.path()).args(&words).assert().code(2);
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried}");
}

#[test]
fn the_text_below_the_options_of_notes_fits_a_terminal() {
    let help = stdout(room().path(), &["notes", "--help"]);
    let text = &help[help.find("The figure stands").unwrap()..];
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "a terminal of 80 columns breaks it: {line}");
    }
}

#[test]
fn the_program_without_arguments_shows_help_and_exits_with_2() {
    gradfade(room().path()).assert().code(2).stderr(predicate::str::contains("Usage: gradfade"));
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(stdout(room().path(), &["--version"]), format!("gradfade {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_names_every_activation_loss_and_optimiser() {
    let help = stdout(room().path(), &["train", "--help"]);
    for name in super::training::ACTIVATIONS.iter().chain(&super::training::LOSSES).chain(&super::training::OPTIMIZERS)
    {
        assert!(help.contains(name), "{name}");
    }
}

#[test]
fn completions_of_bash_zsh_and_fish_know_the_options() {
    let dir = room();
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(dir.path(), &["completions", shell]);
        for word in ["gradfade", "hidden-layers", "learning-rate", "leaky-relu"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn the_manual_page_is_roff_and_every_command_has_one() {
    let dir = room();
    assert!(stdout(dir.path(), &["man"]).contains(".TH gradfade 1"));
    stdout(dir.path(), &["man", "--out", "man1"]);
    for command in COMMANDS {
        let page = std::fs::read_to_string(dir.path().join(format!("man1/gradfade-{command}.1"))).unwrap();
        assert!(page.contains(".SH OPTIONS") || page.contains(".SH SYNOPSIS"), "{command}");
    }
    assert!(dir.path().join("man1/gradfade-sweep-merge.1").is_file(), "also of subcommands");
    assert!(!dir.path().join("man1/gradfade-bench-step.1").exists());
    // Pages of somebody else are not replaced unasked.
    std::fs::write(dir.path().join("man1/gradfade-plot.1"), "mine").unwrap();
    super::refused(dir.path(), 1, &["man", "--out", "man1"], &["man1/gradfade-", "exists", "--force"]);
    stdout(dir.path(), &["man", "--out", "man1", "--force"]);
    assert!(std::fs::read_to_string(dir.path().join("man1/gradfade-plot.1")).unwrap().contains(".TH"));
}
