//! `gradfade import`: logs of other programs become run folders.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};

use super::{CommandResult, Failure, output};
use crate::import::{self, IMPORTERS, ImportError, ImportOptions, Order, Pattern};
use crate::record::{MetricId, Per, Record, Table};

#[derive(clap::Args)]
#[command(after_help = "Files that are named together become one run. A log of several runs, and several
folders, become one run folder each, OUT/NAME. Every other command reads a log
of one run by itself: gradfade plot lightning_logs/version_0

Examples:
  gradfade import runs/events.out.tfevents.1 --out runs/mine
  gradfade import lightning_logs/version_0 --out runs/mine
  gradfade import train.csv validation.csv --out runs/mine
  gradfade import wandb_export.csv --select relu --out runs/relu
  gradfade import grads.npy --layers conv1,conv2,fc --out runs/mine
  gradfade import log.csv --map validation_loss=val_mae --out runs/mine
  gradfade import history.csv --classes 10 --out runs/mine
  gradfade import --list")]
pub struct Args {
    /// Logs: files, or folders of event files
    #[arg(value_name = "SOURCE", required_unless_present = "list")]
    sources: Vec<PathBuf>,
    /// Run folder to write; with several runs, the folder that they go into
    #[arg(long, value_name = "RUN", required_unless_present = "list")]
    out: Option<PathBuf>,
    /// Name of the run in figures [default: that of the file or folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Format of the sources [default: told from their contents]
    #[arg(long, value_name = "FORMAT")]
    from: Option<String>,
    /// List the formats
    #[arg(long, conflicts_with_all = ["sources", "out"])]
    list: bool,
    /// Take only names in which this regular expression is found; the name of a run stands before them as
    /// RUN/
    #[arg(long, value_name = "REGEX")]
    select: Option<String>,
    /// Order of the layers, the input side first: a file with a name a line, or a regular expression (by the
    /// numbers and words in its groups, or by the first alternative of a|b|c that is found)
    #[arg(long, value_name = "FILE|REGEX")]
    order: Option<String>,
    /// Names of the layers of an array, the input side first: separated by commas, or a file with a name a
    /// line
    #[arg(long, value_name = "NAMES|FILE")]
    layers: Option<String>,
    /// What arrays and columns hold whose names do not say it, such as grad_norm or loss
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    metric: Option<MetricId>,
    /// Say what a name in the log holds, such as validation_loss=val_mae (may be repeated)
    #[arg(long, value_name = "METRIC=NAME", value_parser = mapping)]
    map: Vec<(MetricId, String)>,
    /// Number of classes: the accuracy of chance follows from it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    classes: Option<u32>,
    /// Replace runs that are already there
    #[arg(long)]
    force: bool,
}

/// Metrics that a log can hold.
fn metrics() -> impl Iterator<Item = MetricId> {
    MetricId::all().filter(|m| m.table != Table::Snapshot && m.per != Per::Layer)
}

fn metric(word: &str) -> Result<MetricId, String> {
    let known = || metrics().map(|m| m.id).collect::<Vec<_>>().join(", ");
    let found = metrics().find(|m| m.id == word);
    found.ok_or_else(|| format!("no metric of a log is called `{word}`; known: {}", known()))
}

fn mapping(text: &str) -> Result<(MetricId, String), String> {
    let (word, name) = text.split_once('=').ok_or("give METRIC=NAME, such as validation_loss=val_mae")?;
    Ok((metric(word)?, name.to_string()))
}

pub fn run(args: Args) -> CommandResult {
    if args.list {
        return list();
    }
    let out = args.out.clone().ok_or_else(|| Failure::usage(anyhow!("give --out")))?;
    let options = options(&args)?;
    if !args.force && out.join("meta.json").exists() {
        return Err(anyhow!("{}: exists; use --force to replace it, or another --out", out.display()).into());
    }
    output::check_folder(&out)?;
    let imported = import::read(&args.sources, IMPORTERS, &options, args.from.as_deref()).map_err(failure)?;
    for warning in &imported.warnings {
        output::say(format!("gradfade: warning: {warning}"));
    }
    if imported.records.iter().any(lacks_classes) {
        output::say(
            "gradfade: warning: the number of classes is not known, so chance is not; --classes N says it",
        );
    }
    let several = imported.records.len() > 1;
    if several && args.name.is_some() {
        let count = imported.records.len();
        return Err(Failure::usage(anyhow!(
            "--name names one run, and there are {count}; take one with --select"
        )));
    }
    let folders = folders(&out, &imported.records, several);
    for (record, folder) in imported.records.iter().zip(&folders) {
        record.write(folder, args.force)?;
        output::print(format!("{}\n", told(record, folder)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> CommandResult {
    let width = IMPORTERS.iter().map(|i| i.word().len()).max().unwrap_or(0);
    let lines: String = IMPORTERS.iter().map(|i| format!("{:width$}  {}\n", i.word(), i.about())).collect();
    output::print(lines)?;
    Ok(ExitCode::SUCCESS)
}

fn options(args: &Args) -> Result<ImportOptions, Failure> {
    let usage = |what: String| Failure::usage(anyhow!("{what}"));
    let mut options = ImportOptions::default();
    options.name.clone_from(&args.name);
    options.select =
        args.select.as_deref().map(Pattern::new).transpose().map_err(|e| usage(format!("--select: {e}")))?;
    if let Some(order) = &args.order {
        options.order = match names_in(order)? {
            Some(names) => Order::Names(names),
            None => Order::by(order).map_err(|e| usage(format!("--order: {e}")))?,
        };
    }
    if let Some(layers) = &args.layers {
        options.layers = match names_in(layers)? {
            Some(names) => names,
            None => layers.split(',').map(|name| name.trim().to_string()).collect(),
        };
        if options.layers.iter().any(String::is_empty) {
            return Err(usage("--layers: an empty name".into()));
        }
    }
    options.metric = args.metric;
    options.maps.clone_from(&args.map);
    options.classes = args.classes.map(|classes| classes as usize);
    Ok(options)
}

/// The lines of a file, where there is one of this name.
fn names_in(text: &str) -> anyhow::Result<Option<Vec<String>>> {
    let path = Path::new(text);
    if !path.is_file() {
        return Ok(None);
    }
    let lines = std::fs::read_to_string(path).with_context(|| format!("{text}: cannot read it"))?;
    let names: Vec<String> =
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
    Ok(Some(names))
}

/// A format or a name that does not exist is a mistake of the command line; all else is one of the files.
fn failure(error: ImportError) -> Failure {
    match error {
        ImportError::NoFormat { .. } | ImportError::NoName { .. } => Failure::usage(error),
        _ => error.into(),
    }
}

/// Where the runs go: `out` itself, or folders in it by the names of the runs.
fn folders(out: &Path, records: &[Record], several: bool) -> Vec<PathBuf> {
    if !several {
        return vec![out.to_path_buf()];
    }
    let mut taken: Vec<String> = Vec::new();
    for record in records {
        let plain = plain(&record.header.run);
        let name = (1..).map(|n| if n == 1 { plain.clone() } else { format!("{plain}-{n}") });
        let free = name.into_iter().find(|name| !taken.iter().any(|t| t.eq_ignore_ascii_case(name)));
        taken.extend(free);
    }
    taken.iter().map(|name| out.join(name)).collect()
}

/// A name that every file system takes; `relu/seed 1` becomes `relu-seed-1`.
fn plain(name: &str) -> String {
    let kept = name.chars().map(|c| if c.is_alphanumeric() || "._+=".contains(c) { c } else { '-' });
    let name: String = kept.take(100).collect();
    let name = name.trim_matches(['-', '.']).to_string();
    if name.is_empty() { "run".into() } else { name }
}

/// Whether there is an accuracy that nothing says the chance of.
fn lacks_classes(record: &Record) -> bool {
    let facts = &record.header.facts;
    let has_accuracy = MetricId::all().any(|m| m.id.ends_with("accuracy") && record.has(m));
    has_accuracy && facts.classes.is_none() && facts.majority_share.is_none()
}

/// What was written, in one line.
fn told(record: &Record, folder: &Path) -> String {
    let held: Vec<&str> =
        MetricId::all().filter(|m| !m.id.ends_with("epoch") && record.has(*m)).map(|m| m.id).collect();
    let layers = match record.header.layers.len() {
        0 => "no layers".to_string(),
        n => format!("{n} layers"),
    };
    let (steps, evaluations) = (record.len(), record.evals.len());
    format!("{}: {steps} steps, {evaluations} evaluations, {layers}: {}", folder.display(), held.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_runs_become_names_of_folders() {
        for (name, folder) in
            [("relu/seed 1", "relu-seed-1"), ("../..", "run"), ("", "run"), ("é_1", "é_1"), ("a:b\n", "a-b")]
        {
            assert_eq!(plain(name), folder);
        }
    }
}
