//! The command line: arguments, progress, exit codes; one file a command.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done; also a run that diverged: its record is whole, and text and JSON say at which step |
//! | 1 | something failed: data, files (also what is written in them: a plan, thresholds), a record; the line on stderr names it. `sweep merge`: cells are missing, those that are there are joined |
//! | 2 | the command line makes no sense, by itself or for the data or sweep that it names |
//! | 3 | `diagnose`: a fault was found in at least one run |
//! | 4 | `diagnose`: no fault was found, but not every run is shown to be healthy |
//! | 5 | `notes --check`: a block is stale or missing |
//! | 130 | stopped by Ctrl-C; what was recorded is kept |
//!
//! Results go to stdout, everything else to stderr.

mod baselines;
mod bench_step;
mod demo;
mod diagnose;
mod export;
mod flags;
mod import;
mod interrupt;
mod mdbook;
mod notes;
mod open;
mod output;
mod page;
mod pages;
mod plot;
mod progress;
mod remedy;
mod summary;
mod sweep;
mod table;
mod train;
mod train_args;
mod verify;
mod watch;

use std::process::ExitCode;

pub use mdbook::run as mdbook;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "gradfade",
    version,
    about = "See and explain why a deep network does not train",
    long_about = "See and explain why a deep network does not train: trains deep networks, records gradient norms and updates of \
                  every layer at every step, and draws them layer by layer.",
    after_help = AFTER_HELP,
    arg_required_else_help = true,
    propagate_version = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "Examples:
  gradfade demo
  gradfade train --activation tanh --hidden-layers 12 --out runs/tanh
  gradfade sweep --activations sigmoid,relu --hidden-layers 1..10
  gradfade plot runs/tanh --figure gradient-heatmap --out figures
  gradfade plot runs/tanh runs/relu --figure comparison --out figures
  gradfade summary runs/tanh
  gradfade diagnose runs/tanh
  gradfade remedy runs/tanh
  gradfade import lightning_logs/version_0 --out runs/mine

Exit codes:
    0  success; also for a run that diverged, whose record says at which step
    1  failure: data, a file or its contents, a record
       sweep merge: cells are missing; the others are collected
    2  the command line is wrong
    3  diagnose: a fault was found in at least one run
    4  diagnose: no fault was found, but not every run was shown to be healthy
    5  notes --check: a figure is stale or missing
  130  stopped by Ctrl-C; recorded steps are kept";

#[derive(Subcommand)]
enum Command {
    /// Train a sigmoid and a ReLU network, record every step, and draw what happened
    Demo(demo::Args),
    /// Train one network and record it into a run folder
    Train(Box<train::Args>),
    /// Train a grid of networks and compare them by depth or by any setting
    Sweep(Box<sweep::Args>),
    /// Draw figures from run folders
    Plot(plot::Args),
    /// Draw the last steps of a run in the terminal while it trains
    Watch(watch::Args),
    /// Write an interactive page of runs or of a sweep as a single HTML file
    Page(page::Args),
    /// Insert a figure into lecture notes and keep it up to date: Markdown, mdBook, Quarto, Jupyter, LaTeX,
    /// Typst, HTML, reveal.js
    Notes(notes::Args),
    /// Print a run's header and a table by layer
    Summary(summary::Args),
    /// Diagnose runs from their records: what is wrong, and what to do
    Diagnose(diagnose::Args),
    /// Train a run again with each remedy that diagnose advises, and compare
    Remedy(remedy::Args),
    /// Train nearest neighbours and a decision tree on the same data, for comparison
    Baselines(baselines::Args),
    /// Write a run's numbers as one long table
    Export(export::Args),
    /// Make run folders of other programs' logs: TensorBoard, Lightning, wandb, Keras, Hugging Face, CSV, NumPy
    Import(import::Args),
    /// Compare the gradients with published numbers
    Verify(verify::Args),
    /// Print the completion script of a shell
    Completions(pages::CompletionArgs),
    /// Print the manual page, or write all of them into a folder
    Man(pages::ManArgs),
    /// Time one training step (for the benchmarks in scripts/)
    #[command(hide = true)]
    BenchStep(bench_step::Args),
}

/// An error with the exit code that it ends the program with.
pub(crate) struct Failure {
    pub code: u8,
    pub error: anyhow::Error,
}

impl Failure {
    /// The command line makes no sense.
    pub fn usage(error: impl Into<anyhow::Error>) -> Failure {
        Failure { code: 2, error: error.into() }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { code: 1, error: error.into() }
    }
}

pub(crate) type CommandResult = Result<ExitCode, Failure>;

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    crate::field::spell_with(flags::write);
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return parse_failure(&error),
    };
    let result = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Train(args) => train::run(*args),
        Command::Sweep(args) => sweep::run(*args),
        Command::Plot(args) => plot::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Page(args) => page::run(args),
        Command::Notes(args) => notes::run(args),
        Command::Summary(args) => summary::run(args),
        Command::Diagnose(args) => diagnose::run(args),
        Command::Remedy(args) => remedy::run(args),
        Command::Baselines(args) => baselines::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Completions(args) => pages::completions(args),
        Command::Man(args) => pages::man(args),
        Command::BenchStep(args) => bench_step::run(args),
    };
    ended("gradfade", result)
}

/// The exit code, after one line about a failure.
fn ended(program: &str, result: CommandResult) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(failure) => {
            output::say(format!("{program}: {}", one_line(&with_causes(&failure.error))));
            ExitCode::from(failure.code)
        }
    }
}

/// The whole command line as clap sees it, for manual pages, completions and tests.
pub fn command() -> clap::Command {
    // A negative number is the value of the option before it, whose own check then names it; never an unknown
    // `-1`.
    fn completed(command: clap::Command) -> clap::Command {
        command.mut_subcommands(completed).mut_args(|arg| {
            let takes_number = arg.get_long().is_some() && arg.get_action().takes_values();
            both_spellings(arg.allow_negative_numbers(takes_number))
        })
    }
    completed(Cli::command())
}

/// `--optimiser` is `--optimizer`: every option is taken in both spellings of its words, without being listed
/// twice.
fn both_spellings(arg: clap::Arg) -> clap::Arg {
    let aliases = arg.get_all_aliases().unwrap_or_default();
    let names: Vec<&str> = arg.get_long().into_iter().chain(aliases).collect();
    let others: Vec<String> = names.iter().filter_map(|name| crate::names::other_spelling(name)).collect();
    arg.aliases(others)
}

/// Help and version go to stdout and are no error; everything else is one line on stderr.
fn parse_failure(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            let text = error.render().to_string();
            let kept: Vec<&str> = text
                .lines()
                .map(str::trim)
                .filter(|l| {
                    !l.is_empty() && !l.starts_with("Usage:") && !l.starts_with("For more information")
                })
                .collect();
            let line = kept.join(" ").replace(" tip: ", "; ");
            let line = with_range(named_once(line, error), error);
            output::say(format!("gradfade: {} (see --help)", line.strip_prefix("error: ").unwrap_or(&line)));
            ExitCode::from(2)
        }
    }
}

/// The library's errors begin with their option, which the parser has named by then: `invalid value 'x' for
/// '--data <SOURCE>': --data: unknown source 'x'`.
fn named_once(line: String, error: &clap::Error) -> String {
    use clap::error::{ContextKind, ContextValue};
    let Some(ContextValue::String(arg)) = error.get(ContextKind::InvalidArg) else { return line };
    let option = arg.split_whitespace().next().unwrap_or_default();
    let cause =
        std::error::Error::source(error).map(|cause| one_line(&cause.to_string())).unwrap_or_default();
    match cause.strip_prefix(option).filter(|rest| !option.is_empty() && rest.starts_with([':', ' '])) {
        Some(rest) => line.replace(&cause, rest.trim_start_matches([':', ' '])),
        None => line,
    }
}

/// Numbers whose option says no other range are those of 64 bits; the parser's own words are "invalid digit
/// found in string".
fn with_range(line: String, error: &clap::Error) -> String {
    let cause = std::error::Error::source(error).and_then(|e| e.downcast_ref::<std::num::ParseIntError>());
    let Some(cause) = cause else { return line };
    line.replace(&cause.to_string(), &format!("give a whole number from 0 to {}", u64::MAX))
}

/// The message and its causes, but for those that it has told already.
fn with_causes(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told += &format!(": {cause}");
        }
    }
    told
}

fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}
