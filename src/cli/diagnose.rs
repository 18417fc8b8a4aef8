//! `gradfade diagnose`: what is wrong with a run, from its record, and what to do.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::{CommandResult, Failure, open, output, plot};
use crate::diagnosis::{self, Conclusion, Diagnosis, Thresholds};
use crate::escape;
use crate::record::Record;
use crate::remedy;
use crate::report::diagnosis::{Form, json, short, text};
use crate::source::{self, Kind};
use crate::text::{Lang, glossary};
use crate::{names, report};

/// A fault was found in at least one run.
const FOUND: u8 = 3;
/// No fault, but not shown to be healthy either.
const UNDECIDED: u8 = 4;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade diagnose runs/sigmoid
  gradfade diagnose runs/* --short
  gradfade diagnose runs/* --json | jq '.runs[] | [.run, .conclusion]'
  gradfade diagnose runs/relu --markdown > relu.md
  gradfade diagnose runs/sigmoid --thresholds mine.toml
  gradfade diagnose --list-thresholds > mine.toml
  gradfade diagnose --explain alignment skill

Exit codes: 0 all runs are healthy, 3 a fault was found, 4 no fault was found
but not every run was shown to be healthy; 1 and 2 as listed by gradfade --help.")]
pub struct Args {
    /// Run folders
    #[arg(value_name = "RUN", required_unless_present_any = ["list_thresholds", "explain"])]
    runs: Vec<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print Markdown
    #[arg(long)]
    markdown: bool,
    /// One line for each fault, with the number that shows it best and what to try first
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    short: bool,
    /// Language of all text: en or zh (Chinese); JSON keeps its keys
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = plot::language)]
    lang: Lang,
    /// A TOML file of thresholds with one `key = number` on each line
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// What words of a diagnosis mean: such as skill, alignment, 'dead units', a verdict or the key of a
    /// threshold; `all` prints the whole glossary
    #[arg(long, value_name = "WORD", num_args = 1.., conflicts_with_all = ["runs", "json", "short", "thresholds"])]
    explain: Vec<String>,
    /// Print all thresholds with their reasons, in the format of --thresholds
    #[arg(long, exclusive = true)]
    list_thresholds: bool,
}

/// Thresholds from a file, or the defaults.
pub(super) fn thresholds(file: Option<&Path>) -> Result<Thresholds, Failure> {
    let Some(path) = file else { return Ok(Thresholds::default()) };
    let text = crate::files::read_text(path)
        .with_context(|| format!("--thresholds {}: cannot read it", path.display()))?;
    Ok(Thresholds::parse(&text, &path.display().to_string())?)
}

/// `runs/*` takes in what `gradfade remedy` left beside the runs: folders of runs, which are named and passed
/// over.
fn without_remedies(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let left: Vec<PathBuf> =
        folders.extract_if(.., |dir| source::kind(dir) == Some(Kind::Remedies)).collect();
    if folders.is_empty() {
        return left;
    }
    for dir in left {
        output::say(format!(
            "gradfade: warning: {0}: passed over, since it holds remedies; `gradfade diagnose {0}/*/` judges them",
            dir.display()
        ));
    }
    folders
}

pub fn run(args: Args) -> CommandResult {
    if args.list_thresholds {
        output::print(list())?;
        return Ok(ExitCode::SUCCESS);
    }
    let lang = args.lang;
    if !args.explain.is_empty() {
        output::print(explained(
            lang,
            &args.explain,
            if args.markdown { Form::Markdown } else { Form::Text },
        )?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let thresholds = thresholds(args.thresholds.as_deref())?;
    let runs = without_remedies(args.runs);
    let records = open::read_runs(&runs)?;
    let mut all = Vec::with_capacity(records.len());
    for record in &records {
        all.push(diagnosis::diagnose(record, &thresholds)?);
    }
    if args.json {
        output::print(format!("{:#}\n", json(lang, &all, &thresholds)))?;
    } else if args.short {
        output::print(all.iter().map(|d| short(lang, d)).collect::<String>())?;
    } else {
        let form = if args.markdown { Form::Markdown } else { Form::Text };
        let block = |((d, record), dir): ((&Diagnosis, &Record), &PathBuf)| {
            let mut block = text(lang, d, form);
            // Advice that can be tried: the record holds what the run can be made again from.
            if !d.advice().is_empty()
                && remedy::settings(&record.header).is_ok()
                && remedy::finished(&record.header, 0).is_ok()
            {
                let command = format!("gradfade remedy {}", dir.display());
                let command = match form {
                    Form::Text => command,
                    Form::Markdown => escape::markdown_code(&command),
                };
                block += &format!("\n{}\n", lang.prove_it(&command));
            }
            block
        };
        let mut blocks: Vec<String> = all.iter().zip(&records).zip(&runs).map(block).collect();
        blocks.extend(words_used(lang, &all, form));
        output::print(blocks.join("\n"))?;
    }
    Ok(exit_code(&all))
}

/// The command that explains words of the glossary, without their names.
fn explaining(lang: Lang) -> String {
    let lang = if lang == Lang::default() { String::new() } else { format!("--lang {} ", lang.tag()) };
    format!("gradfade diagnose {lang}--explain")
}

/// More words than this are not asked for at once.
const MOST_WORDS: usize = 5;

/// The last line: how to learn what words of these reports mean. None where no such word was used.
fn words_used(lang: Lang, all: &[Diagnosis], form: Form) -> Option<String> {
    let words = glossary::used_in(all);
    let shown = words.get(..words.len().min(MOST_WORDS)).filter(|words| !words.is_empty())?;
    let command = format!("{} {}", explaining(lang), shown.join(" "));
    let command = match form {
        Form::Text => command,
        Form::Markdown => escape::markdown_code(&command),
    };
    Some(format!("{}\n", lang.explain_it(&command)))
}

/// The words that were asked for; `all` is the whole glossary, in Markdown a page of its own.
fn explained(lang: Lang, asked: &[String], form: Form) -> Result<String, Failure> {
    if asked.iter().any(|word| word == "all") {
        return Ok(match form {
            Form::Text => report::glossary::text(lang, &glossary::all(), form),
            Form::Markdown => report::glossary::page(lang, &format!("{} WORD", explaining(lang))),
        });
    }
    // `dead units` without quotation marks is one word.
    let whole = glossary::find(&asked.join(" "));
    let mut entries = Vec::new();
    for word in if whole.is_empty() { asked } else { &[] } {
        let found = glossary::find(word);
        if found.is_empty() {
            let hint = names::did_you_mean(word, glossary::known());
            let known: Vec<&str> = glossary::all().iter().map(|entry| entry.key).collect();
            return Err(Failure::usage(anyhow::anyhow!(
                "--explain {}: no such word{hint}; known: {}",
                escape::one_line(word),
                known.join(", ")
            )));
        }
        entries.extend(found);
    }
    entries.extend(whole);
    let mut once: Vec<&glossary::Entry> = Vec::new();
    for entry in entries {
        if !once.contains(&entry) {
            once.push(entry);
        }
    }
    Ok(report::glossary::text(lang, &once, form))
}

fn exit_code(all: &[Diagnosis]) -> ExitCode {
    let any = |which: &[Conclusion]| all.iter().any(|d| which.contains(&d.conclusion()));
    if any(&[Conclusion::Faulty]) {
        ExitCode::from(FOUND)
    } else if any(&[Conclusion::Unexplained, Conclusion::Undecided]) {
        ExitCode::from(UNDECIDED)
    } else {
        ExitCode::SUCCESS
    }
}

/// Every threshold with its reason, as TOML.
fn list() -> String {
    let mut out = String::from(
        "# Thresholds of `gradfade diagnose`, with their reasons. What is left out keeps its default.\n",
    );
    for info in Thresholds::TABLE {
        let mut line = String::from("\n#");
        for word in info.reason.split_whitespace() {
            if line.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1 + word.chars().count() > 100 {
                line += "\n#";
            }
            line += " ";
            line += word;
        }
        out += &format!("{line}\n{} = {:?}\n", info.key, info.default);
    }
    out
}
