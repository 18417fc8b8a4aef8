//! `gradfade remedy`: tries what a diagnosis advises, at the same data, seed and budget.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::plot::{Look, read_run, save_all};
use super::progress::Together;
use super::train::Job;
use super::{CommandResult, Failure, diagnose, interrupt, output};
use crate::config::TrainConfig;
use crate::diagnosis::{self, Diagnosis, Remedy, Thresholds, Unfit};
use crate::figure::{self, Options};
use crate::record::trial::{self, Trial, Trials};
use crate::record::{Record, RunWriter, Status};
use crate::remedy::{self, CHANGES, Change, Planned};
use crate::render::Format;
use crate::report;
use crate::sweep::run::Loaded;
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Each remedy becomes a run folder in OUT that every other command can open.
Runs that are already there and complete are not trained again, and stay in\nthe figure.

Examples:
  gradfade remedy runs/sigmoid
  gradfade remedy runs/sigmoid --only relu,normalisation,dropout
  gradfade remedy --list
  gradfade plot runs/sigmoid-remedies --figure remedy --theme dark
  gradfade plot runs/sigmoid runs/sigmoid-remedies/relu")]
pub struct Args {
    /// Run folder of `gradfade train`
    #[arg(value_name = "RUN", required_unless_present = "list")]
    run: Option<PathBuf>,
    /// Try only these: names or kinds from --list
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    only: Vec<String>,
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
    #[arg(long, value_name = "FORMAT,..", value_delimiter = ',', default_value = "svg,png", help_heading = "Output")]
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
    let mut planned = remedy::plan(&config, &record.header, &found, only.as_deref());
    let lang = args.look.lang;
    let before = judged(&record, &found)?;
    if planned.is_empty() {
        let head = lang.diagnosis_head(&record.header.run, &report::diagnosis::conclusion(lang, &found));
        output::print(if args.json {
            let none = Trials { before, after: Vec::new() };
            format!("{:#}\n", report::remedy::json(lang, &none, &[], ""))
        } else {
            format!("{head}\n{}\n", lang.nothing_to_remedy("--only", "--list"))
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let out = args.out.clone().unwrap_or_else(|| beside(dir));
    // What was tried before stays in the table and in the figure.
    let there = may_use(&out, &record, args.force)?;
    let more: Vec<&Change> = there.iter().filter_map(|name| remedy::change(name)).collect();
    planned.extend(remedy::plan(&config, &record.header, &found, Some(&more)));
    planned.sort_by_key(|p| CHANGES.iter().position(|c| c.name == p.change.name));
    planned.dedup_by_key(|p| p.change.name);
    let left_out: Vec<(&str, Unfit)> =
        planned.iter().filter_map(|p| p.config.as_ref().err().map(|why| (p.change.name, *why))).collect();
    let tried: Vec<Try> = planned.iter().filter_map(|p| Try::new(p, &out)).collect();
    let missing = missing(&tried, &out, args.force)?;
    output::writable_folder(&out)?;
    let loaded = Loaded::default();
    // Data that is not there is one error, not one of every run.
    loaded.get(&config).map_err(|e| anyhow::anyhow!(e))?;
    interrupt::listen();
    let Some(failures) = work(&missing, &loaded, &args)? else {
        output::say(format!("gradfade: stopped; runs that are whole are kept in {}", out.display()));
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    };
    let mut after = Vec::new();
    for one in &tried {
        let failure = failures.iter().find(|f| f.0 == one.change.name).map(|f| f.1.clone());
        after.push(one.trial(&config, failure, &thresholds)?);
    }
    let trials = Trials { before, after };
    output::write(&out.join(trial::FILE), &trials.to_json()?)?;
    let figure = figure::remedy::SPEC.build(&trials, &Options::new(lang))?;
    if args.json {
        let folder = out.display().to_string();
        output::print(format!("{:#}\n", report::remedy::json(lang, &trials, &left_out, &folder)))?;
        super::plot::save_quietly(&[figure], &args.look, &args.format, &out)?;
    } else {
        output::print(report::remedy::text(lang, &trials, &left_out) + "\n")?;
        save_all(&[figure], &args.look, &args.format, &out, false)?;
    }
    Ok(ExitCode::SUCCESS)
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

/// The remedies behind names and kinds.
fn only(names: &[String]) -> Result<Option<Vec<&'static Change>>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut chosen = Vec::new();
    for name in names {
        let found: Vec<&Change> =
            CHANGES.iter().filter(|c| c.name == name.as_str() || c.remedy.key() == name.as_str()).collect();
        if found.is_empty() {
            let known: Vec<&str> = CHANGES.iter().map(|c| c.name).collect();
            let all = known.iter().copied().chain(CHANGES.iter().map(|c| c.remedy.key()));
            let hint = crate::stats::nearest(name, all).map(|n| format!(" (did you mean '{n}'?)")).unwrap_or_default();
            let list = known.join(", ");
            return Err(Failure::usage(anyhow::anyhow!("--only: unknown remedy '{name}'{hint}; known: {list}")));
        }
        chosen.extend(found);
    }
    Ok(Some(chosen))
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
        out += &format!("  {:16} {}\n", change.name, lang.treatment(change.treatment));
    }
    out
}

/// A folder of remedies belongs to one run. Names of the remedies that were tried in it.
fn may_use(out: &Path, record: &Record, force: bool) -> anyhow::Result<Vec<String>> {
    output::check_folder(out)?;
    if force || !out.join(trial::FILE).exists() {
        return Ok(Vec::new());
    }
    let there = Trials::read(out)?;
    let same = there.before.result.as_ref().is_ok_and(|r| r.header.config == record.header.config);
    anyhow::ensure!(
        same,
        "{}: holds the remedies of another run ({}); use --force to replace them, or another --out",
        out.display(),
        there.before.name
    );
    Ok(there.after.into_iter().map(|t| t.name).collect())
}

/// A remedy with its settings and its folder.
struct Try {
    change: &'static Change,
    fits: bool,
    config: TrainConfig,
    folder: PathBuf,
}

/// Names of faults, and how it stands.
fn keys(d: &Diagnosis) -> (Vec<String>, String) {
    (d.faults().map(|v| v.rule.ailment.key().to_string()).collect(), d.conclusion().key().to_string())
}

/// The run as it was.
fn judged(record: &Record, d: &Diagnosis) -> anyhow::Result<Trial> {
    let (faults, conclusion) = keys(d);
    Ok(Trial {
        name: record.header.run.clone(),
        kind: String::new(),
        fits: false,
        faults,
        conclusion,
        changes: Vec::new(),
        result: Ok(trial::digest(record)?),
        seconds: record.header.elapsed_secs.unwrap_or(0.0),
    })
}

impl Try {
    fn new(planned: &Planned, out: &Path) -> Option<Try> {
        let config = TrainConfig { threads: 1, ..planned.config.clone().ok()? };
        Some(Try { change: planned.change, fits: planned.fits, config, folder: out.join(planned.change.name) })
    }

    /// Reads its run and judges it.
    fn trial(&self, before: &TrainConfig, failure: Option<String>, thresholds: &Thresholds) -> anyhow::Result<Trial> {
        let start = Trial {
            name: self.change.name.into(),
            kind: self.change.remedy.key().into(),
            fits: self.fits,
            faults: Vec::new(),
            conclusion: "undecided".into(),
            changes: remedy::changes(before, &self.config),
            result: Err(String::new()),
            seconds: 0.0,
        };
        if let Some(why) = failure {
            return Ok(Trial { result: Err(why), ..start });
        }
        let record = read_run(&self.folder)?;
        let judged = judged(&record, &diagnosis::diagnose(&record, thresholds)?)?;
        Ok(Trial {
            faults: judged.faults,
            conclusion: judged.conclusion,
            result: judged.result,
            seconds: judged.seconds,
            ..start
        })
    }
}

/// Remedies whose run is not there yet, or not whole.
fn missing<'a>(tried: &'a [Try], out: &Path, force: bool) -> anyhow::Result<Vec<&'a Try>> {
    let mut missing = Vec::new();
    for one in tried {
        let there = one.folder.join("meta.json").exists();
        if there && !force {
            let (record, _) = Record::read(&one.folder)?;
            let same = serde_json::to_value(&one.config).ok() == record.header.config;
            anyhow::ensure!(
                same,
                "{}: holds a run of other settings; use --force to replace it, or another --out than {}",
                one.folder.display(),
                out.display()
            );
            if matches!(record.header.status, Status::Complete | Status::Diverged { .. }) {
                continue;
            }
        }
        RunWriter::check_place(&one.folder, there)?;
        missing.push(one);
    }
    Ok(missing)
}

/// Trains, several at a time. `None` when the user stopped it; else which could not be trained, and why.
fn work(missing: &[&Try], loaded: &Loaded, args: &Args) -> anyhow::Result<Option<Vec<(&'static str, String)>>> {
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let workers = threads.clamp(1, missing.len().max(1));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failures: Mutex<Vec<(&'static str, String)>> = Mutex::new(Vec::new());
    let broken: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let show = Together::new(missing.len(), args.quiet);
    let one = || {
        while let Some(one) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) || interrupt::requested() {
                return;
            }
            let mut config = one.config.clone();
            // Fewer runs than threads: each takes several, which changes no bit of it.
            config.threads = (threads / workers).max(1);
            let data = loaded.get(&config);
            let plan = data.and_then(|d| config.plan(&d).map(|p| (d, p)).map_err(|e| e.to_string()));
            let (data, plan) = match plan {
                Ok(both) => both,
                Err(why) => {
                    show.finished(one.change.name, &format!("not trained: {why}"));
                    failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((one.change.name, why));
                    continue;
                }
            };
            let job = Job {
                plan: &plan,
                data: &data,
                name: one.change.name,
                out: &one.folder,
                force: true,
                save_weights: false,
                quiet: true,
            };
            match job.run_watched(&show) {
                Ok(done) if matches!(done.status, Status::Interrupted { .. }) => stop.store(true, Ordering::Relaxed),
                Ok(done) => show.finished(one.change.name, &super::train::brief(&done)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    broken.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(one);
        }
        one();
    });
    show.clear();
    if let Some(error) = broken.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    let failures = failures.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((!stop.into_inner() && !interrupt::requested()).then_some(failures))
}
