//! Help, completions and manual pages.

use std::path::Path;

use predicates::prelude::*;

use super::{gradfade, room, stdout};

/// Every command that help lists, with the words that call it: `train`, `sweep`, `sweep merge`.
fn commands() -> Vec<(String, clap::Command)> {
    fn below(command: &clap::Command, before: &str, all: &mut Vec<(String, clap::Command)>) {
        for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
            let words = format!("{before}{}", sub.get_name());
            below(sub, &format!("{words} "), all);
            all.push((words, sub.clone()));
        }
    }
    let mut all = Vec::new();
    below(&::gradfade::cli::command(), "", &mut all);
    all
}

/// The help of a command.
fn help(dir: &Path, words: &str) -> String {
    stdout(dir, &words.split(' ').chain(["--help"]).collect::<Vec<_>>())
}

#[test]
fn help_of_every_command_has_examples_that_name_it() {
    let dir = room();
    let all = stdout(dir.path(), &["--help"]);
    assert!(all.contains("Examples:\n"));
    let commands = commands();
    assert!(commands.len() >= 14, "{commands:?}");
    for (words, _) in commands {
        let (above, name) = words.rsplit_once(' ').unwrap_or(("", &words));
        let list = if above.is_empty() { all.clone() } else { help(dir.path(), above) };
        assert!(list.contains(&format!("\n  {name} ")), "{words} is not listed");
        let help = help(dir.path(), &words);
        assert!(help.contains("Example"), "{words}");
        assert!(help.contains(&format!("\n  gradfade {words}")), "{words}: {help}");
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
    for (command, _) in commands() {
        let help = help(dir.path(), &command);
        for line in help.lines().filter_map(|l| l.strip_prefix("  gradfade ")) {
            let line = line.split(['|', '>', ';']).next().unwrap();
            // Shown help ends the program before anything is done, but only where the words before it are
            // right.
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.push("--help");
            gradfade(dir.path()).args(&words).assert().success();
            // Words that are wrong would not have shown it.
            words.insert(command.split(' ').count(), "--no-such-option");
            gradfade(dir.path()).args(&words).assert().code(2);
            tried += 1;
        }
    }
    assert!(tried >= 14, "{tried}");
}

#[test]
fn the_text_around_the_options_fits_a_terminal_of_80_columns() {
    let main = ("gradfade".to_string(), ::gradfade::cli::command());
    for (words, command) in commands().into_iter().chain([main]) {
        let texts = [command.get_before_help(), command.get_after_help(), command.get_after_long_help()];
        for text in texts.into_iter().flatten() {
            for line in text.to_string().lines() {
                assert!(line.chars().count() <= 80, "{words}: {} columns: {line}", line.chars().count());
            }
        }
    }
}

#[test]
fn no_word_of_the_help_stands_twice_in_a_row() {
    let dir = room();
    for (command, _) in commands() {
        let help = help(dir.path(), &command);
        let words: Vec<&str> = help.split_whitespace().collect();
        let is_word = |word: &str| word.chars().all(char::is_alphabetic);
        if let Some(pair) = words.windows(2).find(|pair| pair[0] == pair[1] && is_word(pair[0])) {
            panic!("{command}: {} {}", pair[0], pair[1]);
        }
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
    for name in super::training::ACTIVATIONS
        .iter()
        .chain(&super::training::LOSSES)
        .chain(&super::training::OPTIMIZERS)
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
    for (words, _) in commands() {
        let file = format!("man1/gradfade-{}.1", words.replace(' ', "-"));
        let page = std::fs::read_to_string(dir.path().join(file)).unwrap();
        assert!(page.contains(".SH OPTIONS") || page.contains(".SH SYNOPSIS"), "{words}");
    }
    assert!(!dir.path().join("man1/gradfade-bench-step.1").exists());
    // Pages of somebody else are not replaced unasked.
    std::fs::write(dir.path().join("man1/gradfade-plot.1"), "mine").unwrap();
    super::refused(dir.path(), 1, &["man", "--out", "man1"], &["man1/gradfade-", "exists", "--force"]);
    stdout(dir.path(), &["man", "--out", "man1", "--force"]);
    assert!(std::fs::read_to_string(dir.path().join("man1/gradfade-plot.1")).unwrap().contains(".TH"));
}
