//! `gradfade remedy`: tries what a diagnosis advises, at the same data, seed and budget.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::open::read_run;
use super::plot::{Look, save_all};
use super::progress::Together;
use super::{CommandResult, Failure, diagnose, interrupt, output};
use crate::config::TrainConfig;
use crate::data::Loaded;
use crate::diagnosis::{self, Diagnosis, Remedy, Thresholds, Unfit};
use crate::figure;
use crate::names::did_you_mean;
use crate::record::trial::{self, Trials};
use crate::record::{Record, Status};
use crate::remedy::runner::{self, Observer, Ran, RunnerError, Try};
use crate::remedy::{self, CHANGES, Change, Combination, Planned, pairs};
use crate::render::Format;
use crate::report;
use crate::text::Lang;
use crate::train::Finished;

#[derive(clap::Args)]
#[command(after_help = "Each remedy becomes a run folder in OUT that every other command can open.
Runs that are already there and complete are not trained again, and stay in\nthe figure.

Single remedies are tried first. If none that fits cures, pairs of them are\ntried, the likeliest first: standardize+relu.

Examples:
  gradfade remedy runs/sigmoid
  gradfade remedy runs/sigmoid --budget 12
  gradfade remedy runs/sigmoid --only standardize+relu
  gradfade remedy runs/sigmoid --only relu,normalisation,dropout
  gradfade remedy --list
  gradfade plot runs/sigmoid-remedies --figure remedy --theme dark
  gradfade plot runs/sigmoid runs/sigmoid-remedies/relu")]
pub struct Args {
    /// Run folder of `gradfade train`
    #[arg(value_name = "RUN", required_unless_present = "list")]
    run: Option<PathBuf>,
    /// Try only these: names or kinds from --list, or pairs of names such as standardize+relu
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Number of pairs, one run each, to try when no single remedy that fits cures; 0: none
    #[arg(long, value_name = "N", default_value_t = pairs::BUDGET, conflicts_with = "only")]
    budget: usize,
    /// List all remedies
    #[arg(long, conflicts_with_all = ["run", "only"])]
    list: bool,
    /// Folder of the runs and the figure [default: RUN-remedies]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Number of runs at the same time [default: all cores]
    #[arg(long, value_name = "N", value_parser = super::sweep::threads, help_heading = "Output")]
    threads: Option<usize>,
    /// A TOML file of thresholds for the verdicts
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// svg, png, pdf
    #[arg(
        long,
        value_name = "FORMAT,..",
        value_delimiter = ',',
        default_value = "svg,png",
        help_heading = "Output"
    )]
    format: Vec<Format>,
    #[command(flatten)]
    look: Look,
    /// Train all runs again, and replace those with other settings
    #[arg(long, help_heading = "Output")]
    force: bool,
    /// Print the result as JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Do not show progress on stderr
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

/// What is to be remedied.
struct Job<'a> {
    record: &'a Record,
    config: &'a TrainConfig,
    found: &'a Diagnosis,
    only: Option<&'a [Combination]>,
    thresholds: &'a Thresholds,
}

pub fn run(args: Args) -> CommandResult {
    let (Some(dir), false) = (&args.run, args.list) else {
        output::print(list(args.look.lang))?;
        return Ok(ExitCode::SUCCESS);
    };
    let only = only(&args.only)?;
    args.look.prepare()?;
    let thresholds = diagnose::thresholds(args.thresholds.as_deref())?;
    let record = read_run(dir)?;
    let config = remedy::settings(&record.header)?;
    remedy::finished(&record.header, record.steps.step().last().map_or(0, |s| s + 1))?;
    let found = diagnosis::diagnose(&record, &thresholds)?;
    let only = only.as_deref();
    let job = Job { record: &record, config: &config, found: &found, only, thresholds: &thresholds };
    if remedy::plan(&config, &record.header, &found, only).is_empty() {
        return nothing(&args, &job);
    }
    let out = args.out.clone().unwrap_or_else(|| beside(dir));
    // The check itself takes the locks of the runs for a moment, so the lock of the folder comes first where
    // there is one. Why a folder cannot be locked is said better by the check.
    let early = match out.is_dir().then(|| runner::Folder::lock(&out)) {
        Some(Err(busy @ runner::RunnerError::Busy { .. })) => return Err(with_way_out(busy).into()),
        tried => tried.and_then(Result::ok),
    };
    // If the folder may not be used, nothing is left there.
    Chosen::singles(&args, &job, &out)?;
    output::writable_folder(&out)?;
    let _folder = match early {
        Some(folder) => folder,
        None => runner::Folder::lock(&out).map_err(with_way_out)?,
    };
    // Another call may have ended in between.
    let mut chosen = Chosen::singles(&args, &job, &out)?;
    let loaded = Loaded::default();
    // Data that is not there is one error, not one of every run.
    loaded.get(&config.data, &config.data_options)?;
    let mut ran = work(&chosen, &loaded, &args)?;
    if !ran.stopped && args.only.is_empty() {
        let singles = judge(&job, &chosen.tried, &ran)?;
        chosen.add(pairs::plan(&config, &record.header, &singles, args.budget), args.force, &out)?;
        if !chosen.missing.is_empty() && !args.quiet {
            let names: Vec<String> = chosen.missing.iter().map(|pair| pair.name()).collect();
            output::say(format!(
                "gradfade: no single remedy that fits cures it; pairs: {}",
                names.join(", ")
            ));
        }
        ran.add(work(&chosen, &loaded, &args)?);
    }
    if ran.stopped {
        output::say(format!("gradfade: stopped; complete runs are kept in {}", out.display()));
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    interrupt::end_at_once();
    let trials = judge(&job, &chosen.tried, &ran)?;
    output::write(&out.join(trial::FILE), &trials.to_json()?)?;
    show(&args, &trials, &chosen.left_out, &out)?;
    Ok(if ran.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A run that needs no remedy.
fn nothing(args: &Args, job: &Job) -> CommandResult {
    let lang = args.look.lang;
    output::print(if args.json {
        let none = Trials { before: runner::judged(job.record, job.found)?, after: Vec::new() };
        format!("{:#}\n", report::remedy::json(lang, &none, &[], ""))
    } else {
        let conclusion = report::diagnosis::conclusion(lang, job.found);
        let head = lang.diagnosis_head(&job.record.header.run, &conclusion);
        format!("{head}\n{}\n", lang.nothing_to_remedy("--only", "--list"))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads and judges every run that was made, now or before.
fn judge(job: &Job, tried: &[Try], ran: &Ran) -> anyhow::Result<Trials> {
    let mut after = Vec::new();
    for one in tried {
        let of = |all: &[(String, String)]| all.iter().find(|f| f.0 == one.name()).map(|f| f.1.clone());
        if of(&ran.broken).is_some() {
            continue;
        }
        after.push(match of(&ran.impossible) {
            Some(why) => one.impossible(job.config, &why),
            None => one.judged(job.config, &read_run(one.folder())?, job.thresholds)?,
        });
    }
    Ok(Trials { before: runner::judged(job.record, job.found)?, after })
}

/// Prints what the remedies did and draws the figure.
fn show(args: &Args, trials: &Trials, left_out: &[(String, Unfit)], out: &Path) -> anyhow::Result<()> {
    let lang = args.look.lang;
    let figure = figure::remedy::SPEC.build(trials, &args.look.options())?;
    if args.json {
        let folder = out.display().to_string();
        output::print(format!("{:#}\n", report::remedy::json(lang, trials, left_out, &folder)))?;
        super::plot::save_quietly(&[figure], &args.look, &args.format, out)
    } else {
        output::print(report::remedy::text(lang, trials, left_out) + "\n")?;
        save_all(&[figure], &args.look, &args.format, out, false)
    }
}

/// `runs/sigmoid` -> `runs/sigmoid-remedies`
fn beside(dir: &Path) -> PathBuf {
    // `.` and `..` have no name of their own.
    let whole = std::path::absolute(dir).ok().and_then(|d| d.canonicalize().ok());
    let name = dir.file_name().map(std::ffi::OsStr::to_os_string);
    match (name, whole) {
        (Some(mut name), _) => {
            name.push("-remedies");
            dir.with_file_name(name)
        }
        (None, Some(whole)) if whole.file_name().is_some() => beside(&whole),
        (None, _) => dir.join("remedies"),
    }
}

/// The remedies behind names, kinds and pairs of names.
fn only(names: &[String]) -> Result<Option<Vec<Combination>>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut chosen = Vec::new();
    for name in names {
        let ours = crate::names::our_spelling(name);
        if let Some((first, second)) = ours.split_once('+') {
            chosen.push(pair(name, first, second)?);
            continue;
        }
        let found: Vec<&'static Change> =
            CHANGES.iter().filter(|c| c.name == ours || c.remedy.key() == ours).collect();
        if found.is_empty() {
            let known: Vec<&str> = CHANGES.iter().map(|c| c.name).collect();
            let all = known.iter().copied().chain(CHANGES.iter().map(|c| c.remedy.key()));
            let hint = did_you_mean(name, all);
            let list = known.join(", ");
            return Err(Failure::usage(anyhow::anyhow!(
                "--only: unknown remedy '{name}'{hint}; known: {list}"
            )));
        }
        chosen.extend(found.into_iter().map(Combination::from));
    }
    Ok(Some(chosen))
}

/// The pair of these two remedies; `given` is what was given for it.
fn pair(given: &str, first: &str, second: &str) -> Result<Combination, Failure> {
    let change = |name: &str| {
        remedy::change(name).ok_or_else(|| {
            let hint = did_you_mean(name, CHANGES.iter().map(|c| c.name));
            let problem = format!("'{name}' is no name of a remedy{hint}; --list shows them");
            Failure::usage(anyhow::anyhow!("--only: {given}: {problem}"))
        })
    };
    Combination::pair(change(first)?, change(second)?).ok_or_else(|| {
        let problem = "they are of one kind, or one undoes the other; give remedies of two kinds";
        Failure::usage(anyhow::anyhow!("--only: {given}: {problem}"))
    })
}

/// Every remedy with its kind, the kinds in the words of a diagnosis.
fn list(lang: Lang) -> String {
    let mut out = String::new();
    let mut last: Option<Remedy> = None;
    for change in CHANGES {
        if last != Some(change.remedy) {
            out += &format!("{}: {}\n", change.remedy.key(), lang.remedy(change.remedy));
            last = Some(change.remedy);
        }
        out += &format!("  {:20} {}\n", change.name, lang.treatment(change.treatment));
    }
    out
}

/// The remedies to try in a folder, in the order of the table: those that were asked for, and those tried
/// before.
struct Chosen {
    tried: Vec<Try>,
    left_out: Vec<(String, Unfit)>,
    /// Those whose run is not there yet, or not whole.
    missing: Vec<Combination>,
}

impl Chosen {
    /// What was asked for, and what was tried before, pairs included.
    fn singles(args: &Args, job: &Job, out: &Path) -> anyhow::Result<Chosen> {
        output::check_folder(out)?;
        let there = runner::tried_before(out, job.record, args.force).map_err(with_way_out)?;
        let more: Vec<Combination> = there.iter().filter_map(|name| Combination::named(name)).collect();
        let mut planned = remedy::plan(job.config, &job.record.header, job.found, job.only);
        planned.extend(remedy::plan(job.config, &job.record.header, job.found, Some(&more)));
        let mut chosen = Chosen { tried: Vec::new(), left_out: Vec::new(), missing: Vec::new() };
        chosen.add(planned, args.force, out)?;
        Ok(chosen)
    }

    /// Joins more remedies to those of the table. What is missing then is missing of these.
    fn add(&mut self, mut planned: Vec<Planned>, force: bool, out: &Path) -> anyhow::Result<()> {
        remedy::sort(&mut planned);
        planned.retain(|p| self.tried.iter().all(|one| one.combination != p.combination));
        let unfit = |p: &Planned| p.config.as_ref().err().map(|why| (p.combination.name(), *why));
        self.left_out.extend(planned.iter().filter_map(unfit));
        let more: Vec<Try> = planned.iter().filter_map(|p| Try::new(p, out)).collect();
        self.missing.clear();
        for one in &more {
            if !one.is_whole(force).map_err(with_way_out)? {
                self.missing.push(one.combination);
            }
        }
        self.tried.extend(more);
        self.tried.sort_by_key(|one| one.combination.place());
        Ok(())
    }
}

/// The error of a folder with the options that help.
fn with_way_out(error: RunnerError) -> anyhow::Error {
    match error {
        RunnerError::OtherRun { .. } | RunnerError::OtherSettings { .. } => {
            anyhow::anyhow!("{error}; use --force to replace them, or another --out")
        }
        RunnerError::Busy { .. } => anyhow::anyhow!("{error}, or give another --out"),
        other => other.into(),
    }
}

impl Observer for Together {
    fn finished(&self, name: &str, finished: &Finished) {
        if !matches!(finished.status, Status::Interrupted { .. }) {
            self.line(name, &super::train::brief(finished));
        }
    }

    fn failed(&self, name: &str, why: &str) {
        self.line(name, &format!("not trained: {why}"));
    }
}

/// Trains what is missing, several at a time.
fn work(chosen: &Chosen, loaded: &Loaded, args: &Args) -> anyhow::Result<Ran> {
    let missing = |one: &&Try| chosen.missing.contains(&one.combination);
    let missing: Vec<&Try> = chosen.tried.iter().filter(missing).collect();
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    interrupt::listen();
    let show = Together::new(missing.len(), args.quiet);
    let ran = runner::run(&missing, threads, loaded, &show);
    show.clear();
    let ran = ran?;
    for (name, why) in &ran.broken {
        output::say(format!("gradfade: remedy {name} is not finished: {why}; the next call runs it again"));
    }
    Ok(ran)
}
