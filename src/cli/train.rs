//! `gradfade train`: one network, one run folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::progress::Show;
use super::train_args::TrainArgs;
use super::{CommandResult, Failure, interrupt, output, table};
use crate::config::{ConfigError, Precision, TrainConfig, TrainPlan, plain};
use crate::data::{self, DataError, Dataset};
use crate::field::Field;
use crate::nn::{Network, Normalisation, Scalar};
use crate::record::folder::{FINAL_WEIGHTS, INITIAL_WEIGHTS};
use crate::record::{
    Ended, FolderSink, Header, Inputs, RecordError, RecordSink, Row, RunWriter, Status, TEST_ACCURACY,
    TEST_LOSS, TRAIN_ACCURACY, TRAIN_LOSS, VALIDATION_ACCURACY, VALIDATION_LOSS,
};
use crate::sweep::Grid;
use crate::text::Lang;
use crate::train::{Finished, Watch, initial_network, train, weights};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade train --activation relu --out runs/relu
  gradfade train --hidden-layers 20 --width 64 --optimizer adam --out runs/deep
  gradfade train --data csv:iris.csv --widths 32,16 --batch-size full")]
pub struct Args {
    #[command(flatten)]
    what: TrainArgs,
    /// Folder of the run [default: runs/NAME]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Name of the run in figures [default: made from the settings]
    #[arg(long, value_parser = run_label, help_heading = "Output")]
    name: Option<String>,
    /// Replace a run that is already there
    #[arg(long, help_heading = "Output")]
    force: bool,
    /// Save the parameters before and after training as safetensors files
    #[arg(long, help_heading = "Output")]
    save_weights: bool,
    /// Print the result as JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Do not show progress on stderr
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

/// Figures show the name in titles, where control characters have no form.
fn run_label(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
        return Err("give a name of 1 to 100 visible characters".into());
    }
    Ok(text.into())
}

pub(super) struct Job<'a> {
    pub plan: &'a TrainPlan,
    pub data: &'a Dataset,
    pub name: &'a str,
    pub out: &'a Path,
    pub force: bool,
    pub save_weights: bool,
    pub quiet: bool,
}

pub fn run(args: Args) -> CommandResult {
    let mut config = args.what.config();
    config.check().map_err(Failure::usage)?;
    config.data_options.check(&config.data).map_err(data_failure)?;
    let given = args.what.shared();
    given.data().idle(&[&config.data]).map_err(data_failure)?;
    given.idle(&Grid::default(), |uses| uses(&config)).map_err(Failure::usage)?;
    let name = args.name.clone().unwrap_or_else(|| run_name(&config));
    let out = args.out.clone().unwrap_or_else(|| default_folder(&name));
    // The folder is checked first, before time is spent on data or a network that could not be saved.
    RunWriter::check_place(&out, args.force)?;
    let data = data::load(&config.data, &config.data_options).map_err(data_failure)?;
    let is_fitted = !args.what.has_batch_size() && config.fit_batches(&data);
    let plan = plan_for(&config, &data)?;
    given.idle_in(&plan).map_err(Failure::usage)?;
    if !args.quiet {
        let fitted = is_fitted.then(|| table::fitted(&plan, &data));
        let of_table = read(&data).into_iter().chain(table::notes(&data)).chain(fitted);
        for line in of_table.chain([describe(&plan, &data)]).chain(unscaled(&data)) {
            output::say(line);
        }
    }
    interrupt::listen();
    let job = Job {
        plan: &plan,
        data: &data,
        name: &name,
        out: &out,
        force: args.force,
        save_weights: args.save_weights,
        quiet: args.quiet,
    };
    let finished = job.run()?;
    if args.json {
        output::print(format!("{}\n", result_json(&name, &out, &plan, &finished)))?;
    } else {
        output::print(result_text(&out, &finished))?;
    }
    Ok(exit_code(&finished.status))
}

pub(super) fn exit_code(status: &Status) -> ExitCode {
    match status {
        Status::Interrupted { .. } => ExitCode::from(interrupt::EXIT_CODE),
        _ => ExitCode::SUCCESS,
    }
}

/// Loads the data and makes the plan.
pub(super) fn prepare(config: &TrainConfig) -> Result<(Dataset, TrainPlan), Failure> {
    let data = data::load(&config.data, &config.data_options).map_err(data_failure)?;
    let plan = plan_for(config, &data)?;
    Ok((data, plan))
}

fn plan_for(config: &TrainConfig, data: &Dataset) -> Result<TrainPlan, Failure> {
    config.plan(data).map_err(|e| match e {
        ConfigError::Memory { .. } | ConfigError::Refused { .. } => Failure::from(e),
        other => Failure::usage(other),
    })
}

pub(super) fn data_failure(error: DataError) -> Failure {
    if error.is_usage() { Failure::usage(error) } else { Failure::from(error) }
}

/// A folder for a run of this name: one folder, whatever the name holds.
fn default_folder(name: &str) -> PathBuf {
    let safe = name.replace(['/', '\\'], "-");
    Path::new("runs").join(safe.trim_start_matches('.'))
}

/// A name from what is most often changed.
fn run_name(config: &TrainConfig) -> String {
    let width = match config.architecture().dense_sizes().as_deref() {
        Some([first, rest @ ..]) if rest.iter().all(|w| w == first) => format!("{}x{first}", rest.len() + 1),
        Some([]) => "linear".into(),
        None => format!("network-of-{}", config.depth()),
        // A file name has its limits.
        Some(many) if many.len() > 8 => format!("{}x{}-{}", many.len(), many[0], many[many.len() - 1]),
        Some(few) => few.iter().map(usize::to_string).collect::<Vec<_>>().join("-"),
    };
    let mut made = config.activation.to_string().replace(':', "");
    if config.normalisation != Normalisation::None {
        made += &format!("-{}", config.normalisation);
    }
    for (on, word) in [
        (config.residual, "residual"),
        (config.dropout > 0.0, "dropout"),
        (config.early_stopping.is_some(), "early"),
        (config.normalise_gradients, "normalised"),
        (config.layerwise, "layerwise"),
    ] {
        if on {
            made += &format!("-{word}");
        }
    }
    format!("{made}-{width}-{}-seed{}", config.optimizer, config.seed)
}

/// The activation, and what else hidden layers have.
fn activation(config: &TrainConfig) -> String {
    let mut words = config.activation.to_string();
    if config.normalisation != Normalisation::None {
        words += &format!(", {} normalisation", config.normalisation);
    }
    if config.residual {
        words += ", skips";
    }
    if config.dropout > 0.0 {
        words += &format!(", dropout {}", config.dropout);
    }
    words
}

/// More columns or classes than this are counted.
const NAMED: usize = 8;

/// What was taken from a table: the inputs, the label column and its classes.
fn read(data: &Dataset) -> Option<String> {
    let label = data.label_name.as_ref()?;
    let some = |names: Vec<String>| match names.len() {
        n if n > NAMED => format!("{}, ... {}", names[..NAMED - 1].join(", "), names[n - 1]),
        _ => names.join(", "),
    };
    let inputs = match data.image {
        Some((rows, columns, channels)) => format!("{channels} x {rows} x {columns} pixels"),
        None => some((0..data.features).map(|i| data.feature_name(i)).collect()),
    };
    let rows = data.train.len() + data.test.as_ref().map_or(0, |test| test.len());
    let count = if data.features == 1 { "1 input".into() } else { format!("{} inputs", data.features) };
    let classes = some(data.class_names.clone());
    Some(format!(
        "{}: {rows} rows; {count}: {inputs}; label: {label}, {} classes: {classes}",
        data.name, data.classes
    ))
}

/// A line about inputs that are far from size 1.
fn unscaled(data: &Dataset) -> Option<String> {
    let inputs = Inputs::of(data.train.inputs.as_slice()?, data.features, |i| data.feature_name(i))?;
    let what = match inputs.large(Inputs::LARGE).first() {
        Some(column) => format!("{} reaches {}", column.name, Lang::En.number(column.spread.reach())),
        None if inputs.size() >= Inputs::LARGE => {
            format!("the inputs reach {}", Lang::En.number(inputs.all.reach()))
        }
        None => return None,
    };
    Some(format!("{what}: networks train best with inputs of size 1; {} makes them so", Field::Standardize))
}

fn describe(plan: &TrainPlan, data: &Dataset) -> String {
    let shape = plan.shape();
    let network = match shape.architecture.dense_sizes() {
        Some(hidden) => {
            let sizes = std::iter::once(shape.inputs()).chain(hidden).chain([shape.classes]);
            sizes.map(|n| n.to_string()).collect::<Vec<_>>().join("-")
        }
        None => shape.architecture.to_string(),
    };
    format!(
        "{}: {} training samples; network {}, {} parameters, {}, {}; {} with rate {}, batch {}, {}{} steps",
        data.name,
        data.train.labels.len() - plan.config.validation_size,
        network,
        plan.parameters(),
        activation(&plan.config),
        plan.initialisation,
        plan.config.optimizer,
        plain(plan.learning_rate),
        plan.batch_size,
        match plan.earlier_steps() {
            0 => String::new(),
            earlier => format!("layer by layer: {earlier} steps in earlier stages, recorded: "),
        },
        plan.steps
    )
}

impl Job<'_> {
    /// Trains into the run folder.
    pub fn run(&self) -> anyhow::Result<Finished> {
        let show = Show::new(self.name, self.plan.earlier_steps() + self.plan.steps, self.quiet);
        let finished = self.run_watched(&show);
        show.finish();
        finished
    }

    /// The same with a watch of the caller's.
    pub fn run_watched(&self, watch: &dyn Watch) -> anyhow::Result<Finished> {
        match self.plan.config.precision {
            Precision::F32 => self.run_in::<f32>(watch),
            Precision::F64 => self.run_in::<f64>(watch),
        }
    }

    fn run_in<T: Scalar>(&self, watch: &dyn Watch) -> anyhow::Result<Finished> {
        let mut folder = Unended { sink: FolderSink::new(self.out, self.force), ended: None };
        // What earlier stages leave is known after them.
        let is_drawn = self.plan.earlier_steps() == 0;
        let initial = (self.save_weights && is_drawn)
            .then(|| InitialWeights::<T> { job: self, network: initial_network(self.plan) });
        let trained = train::<T>(self.plan, self.data, self.name, &mut (&mut folder, initial), watch)?;
        if self.save_weights && !is_drawn {
            self.save(&trained.initial, INITIAL_WEIGHTS)?;
        }
        if self.save_weights {
            self.save(&trained.network, FINAL_WEIGHTS)?;
        }
        folder.end()?;
        Ok(Finished::from(trained))
    }

    fn save<T: Scalar>(&self, network: &Network<T>, file: &str) -> anyhow::Result<()> {
        let path = self.out.join(file);
        weights::save::<T>(network, &path).with_context(|| format!("{}: cannot write", path.display()))
    }
}

/// Keeps back that the run has ended until all its files are there: a header that says so promises them.
struct Unended {
    sink: FolderSink,
    ended: Option<Ended>,
}

impl Unended {
    fn end(&mut self) -> Result<(), RecordError> {
        self.ended.take().map_or(Ok(()), |ended| self.sink.finish(&ended))
    }
}

impl RecordSink for Unended {
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        self.sink.start(header)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.sink.row(row)
    }

    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.ended = Some(ended.clone());
        Ok(())
    }
}

/// Keeps the parameters before training, as soon as the folder of the run is there.
struct InitialWeights<'a, T> {
    job: &'a Job<'a>,
    network: Network<T>,
}

impl<T: Scalar> RecordSink for InitialWeights<'_, T> {
    fn start(&mut self, _header: &Header) -> Result<(), RecordError> {
        let path = self.job.out.join(INITIAL_WEIGHTS);
        weights::save::<T>(&self.network, &path).map_err(RecordError::io("write it", &path))
    }

    fn row(&mut self, _row: &Row<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

fn count(steps: u64) -> String {
    if steps == 1 { "1 step".into() } else { format!("{steps} steps") }
}

/// A loss with four digits behind the point, or in scientific notation where these would not show it.
pub(super) fn loss(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e4).contains(&x) { format!("{x:.2e}") } else { format!("{x:.4}") }
}

/// How a run ended, in words.
pub(super) fn ending(status: &Status, steps: u64) -> String {
    match status {
        Status::Complete => count(steps),
        Status::Interrupted { step } => {
            format!("stopped by Ctrl-C after {}; the record up to there is kept", count(*step))
        }
        Status::Diverged { step, what } => {
            // Before the first update it was not the learning rate.
            let hint = match step {
                0 => {
                    "the initial weights or the inputs are too large: another --initialisation or --standardize may help"
                }
                _ => "a smaller --learning-rate may help",
            };
            format!("diverged at step {step}: {what}; the record up to there is kept ({hint})")
        }
        Status::Running => "unfinished".into(),
    }
}

/// An accuracy as every table writes it.
pub(super) fn percent(share: f64) -> String {
    crate::text::Lang::default().tenths(share).replace('\u{a0}', " ")
}

/// How a run ended, in as few words as a line of many runs has.
pub(super) fn brief(finished: &Finished) -> String {
    let accuracy = percent(finished.last().map_or(f64::NAN, |e| e.value(TRAIN_ACCURACY)));
    match &finished.status {
        Status::Diverged { step, .. } => format!("diverged at step {step}, {:.1} s", finished.elapsed_secs),
        _ => format!("training accuracy {accuracy}, {:.1} s", finished.elapsed_secs),
    }
}

fn result_text(out: &Path, finished: &Finished) -> String {
    let mut text = format!("{}\n", ending(&finished.status, finished.steps));
    if let Some(stop) = finished.early_stop {
        let why = if stop.stopped { "stopped early; " } else { "" };
        text += &format!(
            "{why}the validation loss was lowest at step {}, whose parameters are kept\n",
            stop.best_step
        );
    }
    if let (Status::Complete, Some(last)) = (&finished.status, finished.last()) {
        let [train, test, validation] =
            [TRAIN_ACCURACY, TEST_ACCURACY, VALIDATION_ACCURACY].map(|m| last.value(m));
        text +=
            &format!("training loss {}, training accuracy {}", loss(last.value(TRAIN_LOSS)), percent(train));
        if !test.is_nan() {
            text += &format!("; test loss {}, test accuracy {}", loss(last.value(TEST_LOSS)), percent(test));
        }
        if !validation.is_nan() {
            let validation_loss = loss(last.value(VALIDATION_LOSS));
            text +=
                &format!("; validation loss {validation_loss}, validation accuracy {}", percent(validation));
        }
        text += "\n";
    }
    text + &format!("run: {}\n", out.display())
}

fn result_json(name: &str, out: &Path, plan: &TrainPlan, finished: &Finished) -> serde_json::Value {
    let last = finished.last();
    let number = |metric| last.map(|row| row.value(metric)).filter(|x| x.is_finite());
    json!({
        "run": name,
        "folder": out.display().to_string(),
        "status": finished.status,
        "steps": finished.steps,
        "early_stop": finished.early_stop,
        "parameters": plan.parameters(),
        "initialisation": plan.initialisation,
        "learning_rate": plan.learning_rate,
        "evaluated_at_step": last.map(|r| r.step()),
        "train_loss": number(TRAIN_LOSS),
        "train_accuracy": number(TRAIN_ACCURACY),
        "test_loss": number(TEST_LOSS),
        "test_accuracy": number(TEST_ACCURACY),
        "validation_loss": number(VALIDATION_LOSS),
        "validation_accuracy": number(VALIDATION_ACCURACY),
        "elapsed_secs": finished.elapsed_secs,
    })
}
