//! `gradfade baselines`: two classical models on the same data, for contrast.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::open::read_run;
use super::plot::language;
use super::train_args::DataArgs;
use super::{CommandResult, Failure, output, train};
use crate::baselines::{Fitted, neighbours, tree};
use crate::data::{self, DataOptions, DataSpec, Dataset, Split};
use crate::record::{Header, TEST_ACCURACY, TRAIN_ACCURACY};
use crate::remedy;
use crate::text::{Lang, columns};

#[derive(clap::Args)]
#[command(after_help = "Both reach 100 % on their training set by construction; a deep network may not,
which is why its training accuracy is looked at first.

The built-in 10,000 digits take half a minute on two cores; the time grows
with the square of the number of training samples.

Examples:
  gradfade baselines
  gradfade baselines --run runs/sigmoid
  gradfade baselines --data csv:iris.csv --neighbours 5 --json")]
pub struct Args {
    /// mnist-mini, idx:DIR, cifar10:DIR, csv:FILE, spiral, xor or gaussians [default: mnist-mini, or that of
    /// the run]
    #[arg(long, value_name = "SOURCE", help_heading = "Data")]
    data: Option<DataSpec>,
    #[command(flatten)]
    how: DataArgs,
    /// Random seed for synthetic data and for splitting a table [default: 1]
    #[arg(long, value_name = "N", help_heading = "Data")]
    seed: Option<u64>,
    /// Compare with the accuracy of this run, on the data of this run
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Number of neighbours (k)
    #[arg(long, value_name = "K", short = 'k', default_value_t = 1)]
    neighbours: usize,
    /// Threads
    #[arg(long, value_name = "N", value_parser = super::sweep::threads)]
    threads: Option<usize>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Language of the text: en or zh (Chinese); JSON keeps its keys
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = language)]
    lang: Lang,
    /// Do not show progress on stderr
    #[arg(long, short)]
    quiet: bool,
}

/// A row of the table.
struct Row {
    /// In JSON.
    key: String,
    name: String,
    train: Option<f64>,
    test: Option<f64>,
    seconds: Option<f64>,
}

pub fn run(args: Args) -> CommandResult {
    let record = args.run.as_deref().map(read_run).transpose()?;
    let (spec, mut options) = match (&args.data, &record) {
        (None, Some(record)) => {
            let config = remedy::settings(&record.header)?;
            (config.data, config.data_options)
        }
        (spec, _) => (spec.clone().unwrap_or_default(), DataOptions { seed: 1, ..DataOptions::default() }),
    };
    options.seed = args.seed.unwrap_or(options.seed);
    args.how.apply(&mut options);
    options.check(&spec).map_err(train::data_failure)?;
    args.how.idle(&[&spec]).map_err(train::data_failure)?;
    let data = data::load(&spec, &options).map_err(train::data_failure)?;
    let mut rows = Vec::new();
    if let Some(record) = &record {
        same_data(&record.header, &data)?;
        let last = record.final_eval();
        let finite = |x: f64| x.is_finite().then_some(x);
        rows.push(Row {
            key: "run".into(),
            name: record.header.run.clone(),
            train: last.and_then(|e| finite(e.value(TRAIN_ACCURACY))),
            test: last.and_then(|e| finite(e.value(TEST_ACCURACY))),
            seconds: record.header.elapsed_secs,
        });
    }
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let say = |name: &str| {
        if !args.quiet {
            output::say(format!("{}: {} training samples: {name} ...", data.name, data.train.len()));
        }
    };
    let name = args.lang.neighbours(args.neighbours);
    say(&name);
    let near = neighbours(&data, args.neighbours, threads).map_err(Failure::usage)?;
    rows.push(row("nearest-neighbours", name, near));
    let name = args.lang.decision_tree();
    say(&name);
    rows.push(row("decision-tree", name, tree(&data, threads)?));
    let out = if args.json {
        let of = |r: &Row| json!({ "model": r.key, "name": r.name, "train_accuracy": r.train, "test_accuracy": r.test, "seconds": r.seconds });
        let models: Vec<_> = rows.iter().map(of).collect();
        let all = json!({ "data": data.name, "train_size": data.train.len(), "neighbours": args.neighbours, "models": models });
        format!("{all:#}\n")
    } else {
        text(args.lang, &rows)
    };
    output::print(out)?;
    Ok(ExitCode::SUCCESS)
}

/// Accuracies on other data are no contrast.
fn same_data(header: &Header, data: &Dataset) -> Result<(), Failure> {
    let facts = &header.facts;
    let held_out = facts.validation_size.unwrap_or(0) as usize;
    let test_size = facts.test_size.map(|n| n as usize);
    let test = data.test.as_ref().map_or(0, Split::len);
    let (name, train) =
        (facts.data.as_deref().unwrap_or_default(), facts.train_size.map(|n| n as usize + held_out));
    let sizes = train.is_none_or(|n| n == data.train.len()) && test_size.is_none_or(|n| n == test);
    if (name.is_empty() || name == data.name) && sizes {
        return Ok(());
    }
    let count = |n: Option<usize>| n.map_or("-".into(), |n| n.to_string());
    Err(Failure::usage(anyhow::anyhow!(
        "--run: '{}' was trained on other data ({name}, {} training and {} test samples) than this ({}, {} and {test}); give its --data and sizes, or leave them out",
        header.run,
        count(train),
        count(test_size),
        data.name,
        data.train.len()
    )))
}

fn row(key: &str, name: String, f: Fitted) -> Row {
    Row {
        key: key.into(),
        name,
        train: Some(f.train_accuracy),
        test: f.test_accuracy,
        seconds: Some(f.seconds),
    }
}

fn text(lang: Lang, rows: &[Row]) -> String {
    let share = |x: Option<f64>| x.map_or_else(|| lang.unknown(), |x| lang.tenths(x).replace('\u{a0}', " "));
    let mut table = vec![lang.baseline_columns()];
    for r in rows {
        let seconds = r.seconds.map_or_else(|| lang.unknown(), |s| format!("{s:.1}"));
        table.push([r.name.clone(), share(r.train), share(r.test), seconds]);
    }
    let widths: Vec<usize> =
        (0..4).map(|c| table.iter().map(|r| columns(&r[c])).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for cells in &table {
        for (c, cell) in cells.iter().enumerate() {
            let pad = " ".repeat(widths[c] - columns(cell));
            // Names to the left, numbers to the right.
            out += &if c == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        out += "\n";
    }
    out
}
