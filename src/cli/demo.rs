//! `gradfade demo`: sigmoid against ReLU, from digits to figures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::open::read_run;
use super::plot::{Look, warn_of_missing_characters};
use super::train::{Job, ending, exit_code, prepare};
use super::train_args::{layers, width};
use super::{CommandResult, Failure, interrupt, output};
use crate::activation::Activation;
use crate::config::TrainConfig;
use crate::figure::{self, FigureSpec};
use crate::nn::Initialisation;
use crate::record::{Record, RunWriter, Status, TEST_ACCURACY, TRAIN_ACCURACY};
use crate::render::{self, Format};
use crate::report::summary::{self, LayerLine};
use crate::text::Lang;
use crate::train::Finished;

#[derive(clap::Args)]
#[command(after_help = "Trains two networks that differ in nothing but the activation, on 10,000
digits of MNIST.

Examples:
  gradfade demo
  gradfade demo --hidden-layers 12 --epochs 10 --out demo12 --theme dark")]
pub struct Args {
    /// Folder of the runs and pictures
    #[arg(long, value_name = "DIR", default_value = "gradfade-demo")]
    out: PathBuf,
    /// Hidden layers of both networks
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = layers)]
    hidden_layers: usize,
    /// Units in each hidden layer
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = width)]
    width: usize,
    /// Passes over the training set
    #[arg(long, value_name = "N", default_value_t = 10)]
    epochs: u64,
    /// Random seed for initialisation and shuffling
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads for each step; results are bit-identical for any number
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    #[command(flatten)]
    look: Look,
    /// Replace an earlier demo
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Do not show progress on stderr
    #[arg(long, short)]
    quiet: bool,
}

const ACTIVATIONS: [Activation; 2] = [Activation::Sigmoid, Activation::Relu];

/// Pictures of both runs together, and of each.
const TOGETHER: [FigureSpec; 1] = [figure::comparison::SPEC];
const EACH: [FigureSpec; 4] =
    [figure::gradient::GRADIENT, figure::movement::SPEC, figure::convergence::SPEC, figure::training::SPEC];

/// Both networks start from the same weights: an initialisation that suits both, so that only the activation
/// differs.
const INITIALISATION: Initialisation = Initialisation::GlorotUniform;

pub fn run(args: Args) -> CommandResult {
    let config = |activation| TrainConfig {
        activation,
        initialisation: Some(INITIALISATION),
        hidden_layers: args.hidden_layers,
        width: args.width,
        epochs: Some(args.epochs),
        seed: args.seed,
        threads: args.threads,
        ..TrainConfig::default()
    };
    config(Activation::Relu).check().map_err(Failure::usage)?;
    if args.hidden_layers < 2 {
        return Err(Failure::usage(anyhow::anyhow!(
            "--hidden-layers {}: the demo compares layers, give at least 2",
            args.hidden_layers
        )));
    }
    args.look.prepare()?;
    let folders = ACTIVATIONS.map(|a| args.out.join(a.to_string()));
    for folder in &folders {
        RunWriter::check_place(folder, args.force)?;
    }
    let figures = args.out.join("figures");
    output::may_write([&figures], args.force)?;
    output::check_folder(&figures)?;
    interrupt::listen();

    let mut results = Vec::new();
    for (activation, folder) in ACTIVATIONS.into_iter().zip(&folders) {
        let (data, plan) = prepare(&config(activation))?;
        let name = activation.to_string();
        let job = Job {
            plan: &plan,
            data: &data,
            name: &name,
            out: folder,
            force: args.force,
            save_weights: false,
            quiet: args.quiet,
        };
        let finished = job.run()?;
        if let Status::Interrupted { step } = finished.status {
            let place = args.out.display();
            output::say(format!(
                "gradfade: stopped after {step} steps of {name}; what was recorded is in {place}; the same `demo` with --force starts again"
            ));
            return Ok(exit_code(&finished.status));
        }
        results.push((read_run(folder)?, finished));
    }
    interrupt::end_at_once();
    let pictures = draw(&results, &args.look, &figures)?;
    if args.json {
        output::print(format!("{:#}\n", to_json(&results, &args.out, &pictures)))?;
    } else {
        output::print(to_text(&results, &args.out, &pictures, args.look.lang))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn draw(results: &[(Record, Finished)], look: &Look, dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    output::writable_folder(dir)?;
    let records: Vec<Record> = results.iter().map(|(r, _)| r.clone()).collect();
    let (style, formats, options) = (look.style(), [Format::Svg, Format::Png], look.options());
    let mut figures = Vec::new();
    for spec in TOGETHER {
        figures.push(spec.build(&records, &options)?);
    }
    for record in &records {
        for spec in EACH {
            let mut figure = spec.build(std::slice::from_ref(record), &options)?;
            figure.name = format!("{}-{}", record.header.run, spec.name);
            figures.push(figure);
        }
    }
    warn_of_missing_characters(&figures);
    let mut paths = Vec::new();
    for figure in &figures {
        paths.extend(render::save(figure, &style, &formats, dir)?);
    }
    Ok(paths)
}

/// The numbers that the pictures show.
struct Finding {
    run: String,
    train_accuracy: f64,
    test_accuracy: f64,
    /// Backward signal of the last hidden layer over that of the first, at the first step.
    attenuation: f64,
    first: LayerLine,
    last_hidden: LayerLine,
}

fn finding(record: &Record, finished: &Finished) -> Option<Finding> {
    let lines = summary::layers(record);
    let last = finished.evals.last()?;
    let (first, last_hidden) = (lines.first()?.clone(), lines.get(lines.len().checked_sub(2)?)?.clone());
    Some(Finding {
        run: record.header.run.clone(),
        train_accuracy: last.value(TRAIN_ACCURACY),
        test_accuracy: last.value(TEST_ACCURACY),
        attenuation: last_hidden.signal[0] / first.signal[0],
        first,
        last_hidden,
    })
}

fn to_text(results: &[(Record, Finished)], out: &Path, pictures: &[PathBuf], lang: Lang) -> String {
    let mut text = String::new();
    for (record, finished) in results {
        let Some(f) = finding(record, finished) else { continue };
        let depth = f.last_hidden.layer;
        let [train, test] = [f.train_accuracy, f.test_accuracy].map(|x| lang.tenths(x));
        let lines = [
            lang.demo_accuracy(&train, &test, finished.steps, finished.elapsed_secs),
            lang.demo_signal(depth, f.last_hidden.signal[0], f.first.signal[0], f.attenuation.log10()),
            lang.demo_movement(depth, f.first.moved, f.last_hidden.moved),
        ];
        text += &format!("{:8} {}\n", f.run, lines[0]);
        if finished.status != Status::Complete {
            text += &format!("         {}\n", ending(&finished.status, finished.steps));
        }
        text += &format!("         {}\n         {}\n", lines[1], lines[2]);
    }
    text += &format!("\n{}\n", lang.demo_runs(&out.display().to_string()));
    let first = pictures.iter().find(|p| p.extension().is_some_and(|e| e == "png"));
    if let Some(first) = first {
        text += &format!("{}\n", lang.demo_look(&first.display().to_string()));
    }
    if let Some(dir) = pictures.first().and_then(|p| p.parent()) {
        text += &format!("{}\n", lang.demo_figures(pictures.len() / 2, &dir.display().to_string()));
    }
    text
}

fn to_json(results: &[(Record, Finished)], out: &Path, pictures: &[PathBuf]) -> serde_json::Value {
    let runs: Vec<_> = results
        .iter()
        .filter_map(|(record, finished)| finding(record, finished).map(|f| (f, finished)))
        .map(|(f, finished)| {
            json!({
                "run": f.run,
                "status": finished.status,
                "steps": finished.steps,
                "train_accuracy": f.train_accuracy,
                "test_accuracy": f.test_accuracy,
                "signal_layer_1_at_start": f.first.signal[0],
                "signal_last_hidden_at_start": f.last_hidden.signal[0],
                "attenuation": f.attenuation,
                "moved_layer_1": f.first.moved,
                "moved_last_hidden": f.last_hidden.moved,
                "elapsed_secs": finished.elapsed_secs,
            })
        })
        .collect();
    json!({
        "folder": out.display().to_string(),
        "runs": runs,
        "figures": pictures.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
    })
}
