//! The options that say what to train, as the command line takes them.

mod idle;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::activation::Activation;
use crate::config::{BatchSize, Every, MOST_LAYERS, MOST_WIDTH, Precision, Schedule, TrainConfig};
use crate::data::{Columns, DataOptions, DataSpec, Image, Missing};
use crate::nn::{Architecture, Initialisation, L1Step, Loss, Normalisation, OptimizerKind};
use crate::sweep::{Axis, Grid, Numbers, SweepPlan};

/// A parser for a plain enum: help lists the names, errors name the nearest.
macro_rules! names {
    ($type:ty) => {
        PossibleValuesHint::<$type>::new(<$type>::ALL.iter().map(|(_, n)| *n))
    };
}

/// Parses with `FromStr`, and lists possible values in help and completions.
#[derive(Clone)]
struct PossibleValuesHint<T> {
    names: Vec<&'static str>,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T> PossibleValuesHint<T> {
    fn new(names: impl Iterator<Item = &'static str>) -> Self {
        PossibleValuesHint { names: names.collect(), kind: std::marker::PhantomData }
    }
}

impl<T> TypedValueParser for PossibleValuesHint<T>
where
    T: std::str::FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        cmd: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<T, clap::Error> {
        let parse = |text: &str| text.parse::<T>();
        clap::builder::StringValueParser::new().try_map(move |s| parse(&s)).parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = clap::builder::PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().map(clap::builder::PossibleValue::new)))
    }
}

/// How data is truncated, split, generated and prepared. What is not given stays as it is.
#[derive(Args)]
pub struct DataArgs {
    /// Use only the first N training samples
    #[arg(long, value_name = "N", help_heading = "Data")]
    train_size: Option<usize>,
    /// Use only the first N test samples
    #[arg(long, value_name = "N", help_heading = "Data")]
    test_size: Option<usize>,
    /// Standardise the inputs: subtract the training set's mean and divide by its standard deviation
    #[arg(long, help_heading = "Data")]
    standardize: bool,
    /// csv: label column, by name or by number from 1 [default: label, class, target or y, else the last]
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    label_column: Option<String>,
    /// csv: whether the first line is a header [default: detected]
    #[arg(long, value_name = "yes|no", value_parser = yes_no(), help_heading = "Data")]
    csv_header: Option<bool>,
    /// csv: read the test set from this file instead of splitting
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    test_file: Option<std::path::PathBuf>,
    /// csv: columns that are no inputs (an identifier, a name), by name or by number from 1
    #[arg(long, value_name = "COLUMN,..", help_heading = "Data")]
    ignore_columns: Option<Columns>,
    /// csv: columns of numbers that name categories (a region code), by name or by number from 1; columns of
    /// texts are one-hot by themselves
    #[arg(long, value_name = "COLUMN,..", help_heading = "Data")]
    one_hot: Option<Columns>,
    /// csv: drop rows with a missing value, or fill in the mean of the training rows [default: refuse them]
    #[arg(long, value_name = "NAME", value_parser = names!(Missing), help_heading = "Data")]
    missing: Option<Missing>,
    /// csv: the columns are images of this shape, channel by channel and row by row, such as 1x28x28
    #[arg(long, value_name = "CxHxW", help_heading = "Data")]
    image: Option<Image>,
    /// csv: share of the rows used as the test set [default: 0.2]
    #[arg(long, value_name = "SHARE", help_heading = "Data")]
    test_share: Option<f64>,
    /// spiral, xor, gaussians: number of training samples to generate (plus a quarter as many test samples)
    /// [default: 2000]
    #[arg(long, value_name = "N", help_heading = "Data")]
    samples: Option<usize>,
    /// spiral, gaussians: number of classes; idx: number of classes, if it is not the largest label + 1; csv:
    /// confirms that so many numbers in the label column are classes
    #[arg(long, value_name = "N", help_heading = "Data")]
    classes: Option<usize>,
    /// spiral, xor, gaussians: standard deviation of the noise [default: 0.2]
    #[arg(long, value_name = "STD", help_heading = "Data")]
    noise: Option<f64>,
}

impl DataArgs {
    /// Lays what was given over `options`.
    pub fn apply(&self, options: &mut DataOptions) {
        set_some(&mut options.train_size, &self.train_size);
        set_some(&mut options.test_size, &self.test_size);
        options.standardize |= self.standardize;
        set_some(&mut options.label_column, &self.label_column);
        set_some(&mut options.header, &self.csv_header);
        set_some(&mut options.test_file, &self.test_file);
        set_some(&mut options.ignore_columns, &self.ignore_columns);
        set_some(&mut options.one_hot, &self.one_hot);
        set_some(&mut options.missing, &self.missing);
        set_some(&mut options.image, &self.image);
        set(&mut options.test_share, &self.test_share);
        set(&mut options.samples, &self.samples);
        set_some(&mut options.classes, &self.classes);
        set(&mut options.noise, &self.noise);
    }
}

fn set<T: Clone>(into: &mut T, given: &Option<T>) {
    if let Some(value) = given {
        *into = value.clone();
    }
}

fn set_some<T: Clone>(into: &mut Option<T>, given: &Option<T>) {
    if given.is_some() {
        into.clone_from(given);
    }
}

/// The settings that every network of a sweep shares; `train` takes them too. What is not given stays as it
/// is.
#[derive(Args)]
pub struct SharedArgs {
    #[command(flatten)]
    data: DataArgs,

    /// Hold out N training samples, drawn with the seed, as a validation set [default: 0]
    #[arg(long, value_name = "N", help_heading = "Data")]
    validation_size: Option<usize>,

    /// Normalisation of the hidden layers, before or after the activation [default: none]
    #[arg(long, value_name = "NAME", value_parser = names!(Normalisation), help_heading = "Network")]
    normalisation: Option<Normalisation>,
    /// Residual connections: add the input to the output of each hidden layer that has as many outputs as
    /// inputs
    #[arg(long, help_heading = "Network")]
    residual: bool,
    /// Dropout: share of each hidden layer's outputs that is dropped during training [default: 0]
    #[arg(long, value_name = "SHARE", help_heading = "Network")]
    dropout: Option<f64>,

    /// Start all biases of the hidden layers at this number, whatever the initialisation [default: as the
    /// initialisation says]
    #[arg(long, value_name = "C", allow_negative_numbers = true, help_heading = "Network")]
    bias_start: Option<f64>,

    /// Loss function; quadratic and softmax-mse are squared errors behind a sigmoid and a softmax [default:
    /// cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = names!(Loss), help_heading = "Training")]
    loss: Option<Loss>,
    /// Schedule of the learning rate: constant, cosine, or step:EVERY[:GAMMA] [default: constant]
    #[arg(long, value_name = "NAME", help_heading = "Training")]
    schedule: Option<Schedule>,
    /// Steps over which the learning rate increases linearly before the schedule starts [default: 0]
    #[arg(long, value_name = "STEPS", help_heading = "Training")]
    warm_up: Option<u64>,
    /// Momentum coefficient of momentum and nesterov [default: 0.9]
    #[arg(long, value_name = "MU", help_heading = "Training")]
    momentum: Option<f64>,
    /// L2 weight decay of all parameters: coupled as in PyTorch, decoupled in adamw [default: 0]
    #[arg(long, value_name = "X", help_heading = "Training")]
    weight_decay: Option<f64>,
    /// L1 penalty of all parameters [default: 0]
    #[arg(long, value_name = "X", help_heading = "Training")]
    l1: Option<f64>,
    /// Step of the L1 penalty: subgradient, as in PyTorch programs, or proximal, which gives exact zeros
    /// [default: subgradient]
    #[arg(long, value_name = "NAME", value_parser = names!(L1Step), help_heading = "Training")]
    l1_step: Option<L1Step>,
    /// Clip gradients to this L2 norm over all parameters; recorded gradient norms are those before
    #[arg(long, value_name = "X", help_heading = "Training")]
    clip_norm: Option<f64>,
    /// Clip every number of the gradient to [-X, X]; recorded gradient norms are those before
    #[arg(long, value_name = "X", help_heading = "Training")]
    clip_value: Option<f64>,
    /// Divide the gradient of every weight and bias by its L2 norm; recorded gradient norms are those before
    #[arg(long, help_heading = "Training")]
    normalise_gradients: bool,
    /// Train layer by layer: stage k has the first k hidden layers and a new output layer, all stages share
    /// the budget, and the last one, the whole network, is recorded
    #[arg(long, help_heading = "Training")]
    layerwise: bool,
    /// Stop after this many evaluations without a lower validation loss and go back to the best parameters;
    /// needs --validation-size
    #[arg(long, value_name = "PATIENCE", help_heading = "Training")]
    early_stopping: Option<u64>,
    /// Passes over the training set [default: 5]
    #[arg(long, value_name = "N", conflicts_with = "steps", help_heading = "Training")]
    epochs: Option<u64>,
    /// Number of updates, instead of epochs
    #[arg(long, value_name = "N", help_heading = "Training")]
    steps: Option<u64>,
    /// f32 or f64 [default: f32]
    #[arg(long, value_name = "NAME", value_parser = names!(Precision), help_heading = "Training")]
    precision: Option<Precision>,
    /// Refuse to start if more memory than this would be needed [default: 8192]
    #[arg(long, value_name = "MIB", help_heading = "Training")]
    max_memory: Option<u64>,

    /// Steps at which norms are recorded: every:N, log, or summary (the first and the last) [default:
    /// every:1]
    #[arg(long, value_name = "WHEN", help_heading = "Record")]
    record: Option<Every>,
    /// Steps at which distances, activations and sketches are recorded: every:N, log or summary [default:
    /// every:10]
    #[arg(long, value_name = "WHEN", help_heading = "Record")]
    snapshots: Option<Every>,
    /// Epochs between evaluations on the whole data sets; 0: only before and after training [default: 1]
    #[arg(long, value_name = "N", help_heading = "Record")]
    eval_every: Option<u64>,
}

impl SharedArgs {
    /// Names of the settings that were given.
    pub fn given(&self) -> Vec<&'static str> {
        let data = &self.data;
        let all = [
            ("train_size", data.train_size.is_some()),
            ("test_size", data.test_size.is_some()),
            ("standardize", data.standardize),
            ("label_column", data.label_column.is_some()),
            ("header", data.csv_header.is_some()),
            ("test_file", data.test_file.is_some()),
            ("ignore_columns", data.ignore_columns.is_some()),
            ("one_hot", data.one_hot.is_some()),
            ("missing", data.missing.is_some()),
            ("image", data.image.is_some()),
            ("test_share", data.test_share.is_some()),
            ("samples", data.samples.is_some()),
            ("classes", data.classes.is_some()),
            ("noise", data.noise.is_some()),
            ("validation_size", self.validation_size.is_some()),
            ("normalisation", self.normalisation.is_some()),
            ("residual", self.residual),
            ("dropout", self.dropout.is_some()),
            ("bias_start", self.bias_start.is_some()),
            ("loss", self.loss.is_some()),
            ("schedule", self.schedule.is_some()),
            ("warm_up", self.warm_up.is_some()),
            ("momentum", self.momentum.is_some()),
            ("weight_decay", self.weight_decay.is_some()),
            ("l1", self.l1.is_some()),
            ("l1_step", self.l1_step.is_some()),
            ("clip_norm", self.clip_norm.is_some()),
            ("clip_value", self.clip_value.is_some()),
            ("normalise_gradients", self.normalise_gradients),
            ("layerwise", self.layerwise),
            ("early_stopping", self.early_stopping.is_some()),
            ("epochs", self.epochs.is_some()),
            ("steps", self.steps.is_some()),
            ("precision", self.precision.is_some()),
            ("max_memory_mib", self.max_memory.is_some()),
            ("record", self.record.is_some()),
            ("snapshots", self.snapshots.is_some()),
            ("eval_every", self.eval_every.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// Lays what was given over a plan, in which it varies no more.
    pub fn apply_to_plan(&self, plan: &mut SweepPlan) {
        self.apply(&mut plan.train);
        for name in self.given() {
            plan.grid.remove(name);
            // One replaces the other.
            match name {
                "epochs" => plan.grid.remove("steps"),
                "steps" => plan.grid.remove("epochs"),
                _ => {}
            }
        }
    }

    /// Lays what was given over `config`.
    pub fn apply(&self, config: &mut TrainConfig) {
        self.data.apply(&mut config.data_options);
        set_some(&mut config.bias_start, &self.bias_start);
        set(&mut config.loss, &self.loss);
        set(&mut config.schedule, &self.schedule);
        set(&mut config.warm_up, &self.warm_up);
        set(&mut config.momentum, &self.momentum);
        set(&mut config.weight_decay, &self.weight_decay);
        set(&mut config.l1, &self.l1);
        set(&mut config.l1_step, &self.l1_step);
        // One replaces the other.
        if self.clip_norm.is_some() || self.clip_value.is_some() {
            (config.clip_norm, config.clip_value) = (self.clip_norm, self.clip_value);
        }
        config.normalise_gradients |= self.normalise_gradients;
        config.layerwise |= self.layerwise;
        set(&mut config.normalisation, &self.normalisation);
        config.residual |= self.residual;
        set(&mut config.dropout, &self.dropout);
        set(&mut config.validation_size, &self.validation_size);
        set_some(&mut config.early_stopping, &self.early_stopping);
        // One replaces the other.
        if self.epochs.is_some() || self.steps.is_some() {
            (config.epochs, config.steps) = (self.epochs, self.steps);
        }
        set(&mut config.precision, &self.precision);
        set(&mut config.max_memory_mib, &self.max_memory);
        set(&mut config.record, &self.record);
        set(&mut config.snapshots, &self.snapshots);
        set(&mut config.eval_every, &self.eval_every);
    }
}

#[derive(Args)]
pub struct TrainArgs {
    /// mnist-mini, idx:DIR, cifar10:DIR, csv:FILE, spiral, xor or gaussians
    #[arg(long, default_value = "mnist-mini", value_name = "SOURCE", help_heading = "Data")]
    data: DataSpec,
    /// Number of equal hidden layers
    #[arg(long, value_name = "N", default_value_t = TrainConfig::default().hidden_layers, value_parser = layers, help_heading = "Network")]
    hidden_layers: usize,
    /// Units in each hidden layer
    #[arg(long, value_name = "N", default_value_t = TrainConfig::default().width, value_parser = width, help_heading = "Network")]
    width: usize,
    /// Sizes of the hidden layers one by one, input side first, such as 300,100,50
    #[arg(long, value_name = "A,B,..", value_delimiter = ',', value_parser = width, conflicts_with_all = ["hidden_layers", "width"], help_heading = "Network")]
    widths: Option<Vec<usize>>,
    /// Hidden layers of any kind, input side first: conv:16x3 (channels x kernel; s2: stride, p0: no
    /// padding), pool:2, avg:2, gap, dense:64, res(..) with a skip, 9*.. repeated; @tanh: an activation of
    /// its own
    #[arg(long, value_name = "LAYERS", conflicts_with_all = ["hidden_layers", "width", "widths"], help_heading = "Network")]
    network: Option<Architecture>,
    /// Activation function of the hidden layers; maxout:K takes the largest of K linear pieces
    #[arg(long, value_name = "NAME", default_value = "sigmoid", value_parser = PossibleValuesHint::<Activation>::new(Activation::NAMES.into_iter()), help_heading = "Network")]
    activation: Activation,
    /// glorot-uniform, glorot-normal, he-uniform, he-normal, lecun-uniform, lecun-normal, orthogonal,
    /// pytorch, nielsen, normal:STD, uniform:A or zeros [default: follows the activation]
    #[arg(long, value_name = "NAME", alias = "init", help_heading = "Network")]
    initialisation: Option<Initialisation>,
    /// Optimiser
    #[arg(long, value_name = "NAME", default_value = "sgd", value_parser = names!(OptimizerKind), help_heading = "Training")]
    optimizer: OptimizerKind,
    /// Learning rate [default: sgd 0.1, momentum, nesterov and adagrad 0.01, rmsprop, adam and adamw 0.001]
    #[arg(long, value_name = "RATE", alias = "lr", help_heading = "Training")]
    learning_rate: Option<f64>,
    /// Samples in each batch, or full for the whole training set [default: 100; fewer for a small table]
    #[arg(long, value_name = "N|full", help_heading = "Training")]
    batch_size: Option<BatchSize>,
    /// Random seed for initialisation, shuffling and synthetic data
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Training")]
    seed: u64,
    /// Threads for each step; results are bit-identical for any number
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Training")]
    threads: usize,
    #[command(flatten)]
    shared: SharedArgs,
}

/// The settings that a sweep can vary: lists of what `train` takes one of.
#[derive(Args)]
pub struct GridArgs {
    /// Data sources, as those of train: mnist-mini, idx:DIR, cifar10:DIR, csv:FILE, spiral, xor, gaussians
    #[arg(long, value_name = "SOURCE,..", value_delimiter = ',', help_heading = "Grid")]
    data: Option<Vec<DataSpec>>,
    /// Activations, or all
    #[arg(long, value_name = "NAME,..", alias = "activation", value_parser = activations, help_heading = "Grid")]
    activations: Option<std::vec::Vec<Activation>>,
    /// Numbers of hidden layers, such as 1..10 or 1,2,5
    #[arg(long, value_name = "N,..|A..B", help_heading = "Grid")]
    hidden_layers: Option<Numbers>,
    /// Units in each hidden layer
    #[arg(long, value_name = "N,..", alias = "width", value_delimiter = ',', value_parser = width, help_heading = "Grid")]
    widths: Option<Vec<usize>>,
    /// Networks in the notation of train, separated by semicolons, such as 'conv:8x3,gap;2*conv:8x3,gap'
    #[arg(long, value_name = "LAYERS;..", alias = "network", help_heading = "Grid")]
    networks: Option<String>,
    /// Initialisations
    #[arg(
        long,
        value_name = "NAME,..",
        alias = "initialisation",
        alias = "init",
        value_delimiter = ',',
        help_heading = "Grid"
    )]
    initialisations: Option<Vec<Initialisation>>,
    /// Optimisers
    #[arg(long, value_name = "NAME,..", alias = "optimizer", value_delimiter = ',', help_heading = "Grid")]
    optimizers: Option<Vec<OptimizerKind>>,
    /// Learning rates
    #[arg(
        long,
        value_name = "RATE,..",
        alias = "learning-rate",
        alias = "lr",
        value_delimiter = ',',
        help_heading = "Grid"
    )]
    learning_rates: Option<Vec<f64>>,
    /// Samples in each batch, or full for the whole training set
    #[arg(long, value_name = "N,..", alias = "batch-size", value_delimiter = ',', help_heading = "Grid")]
    batch_sizes: Option<Vec<BatchSize>>,
    /// Number of seeds, starting at 1, or the seeds themselves, such as 4..6 or 7,9
    #[arg(long, value_name = "COUNT|A..B", value_parser = seeds, help_heading = "Grid")]
    seeds: Option<Numbers>,
    /// Any option of train as one more axis: its name and the values, such as dropout=0,0.2; may be repeated
    #[arg(long, value_name = "NAME=VALUE,..", help_heading = "Grid")]
    axis: Vec<String>,
}

/// `--hidden-layers`
pub fn layers(text: &str) -> Result<usize, String> {
    within(text, 0, MOST_LAYERS)
}

/// `--width`
pub fn width(text: &str) -> Result<usize, String> {
    within(text, 1, MOST_WIDTH)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (least..=most).contains(n));
    number.ok_or_else(|| format!("give a whole number from {least} to {most}"))
}

/// `all`, or a list. One value for clap, so that the list is not taken apart before `all` is seen.
fn activations(text: &str) -> Result<Vec<Activation>, String> {
    if text == "all" {
        return Ok(Activation::ALL.iter().map(|(activation, _)| *activation).collect());
    }
    text.split(',').map(|name| name.parse::<Activation>().map_err(|e| e.to_string())).collect()
}

fn seeds(text: &str) -> Result<Numbers, String> {
    match text.parse::<u64>() {
        Ok(0) => Err("at least one seed is needed".into()),
        Ok(count) if count <= 1_000_000 => Ok(Numbers((1..=count).collect())),
        Ok(_) => Err("more than 1000000 seeds".into()),
        Err(_) => text.parse(),
    }
}

impl GridArgs {
    /// The axes that were given; a setting with one value is one of them.
    ///
    /// # Errors
    /// One line that names the option, the setting and the value.
    fn axes(&self) -> Result<Vec<Axis>, String> {
        fn of<V: serde::Serialize>(name: &str, given: Option<&[V]>) -> Option<Result<Axis, String>> {
            given.map(|values| Axis::of(name, values))
        }
        let numbers = |given: &Option<Numbers>| given.as_ref().map(|numbers| numbers.0.clone());
        let named = [
            of("data", self.data.as_deref()),
            of("activation", self.activations.as_deref()),
            of("width", self.widths.as_deref()),
            of("initialisation", self.initialisations.as_deref()),
            of("optimizer", self.optimizers.as_deref()),
            of("learning_rate", self.learning_rates.as_deref()),
            of("batch_size", self.batch_sizes.as_deref()),
            of("hidden_layers", numbers(&self.hidden_layers).as_deref()),
            of("seed", numbers(&self.seeds).as_deref()),
        ];
        let mut axes = named.into_iter().flatten().collect::<Result<Vec<Axis>, String>>()?;
        if let Some(networks) = &self.networks {
            axes.push(
                Axis::parse(&format!("network={networks}")).map_err(|what| format!("--networks {what}"))?,
            );
        }
        for text in &self.axis {
            let axis = Axis::parse(text).map_err(|what| format!("--axis {what}"))?;
            if axes.iter().any(|other| other.setting == axis.setting) {
                return Err(format!(
                    "--axis {}: the values of this setting are given twice; write them as one list, {}=A,B",
                    axis.setting.name, axis.setting.name
                ));
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    /// Lays what was given over `plan`: a setting with one value is set for all cells, one with several
    /// varies. The answer is what varies because it was given.
    ///
    /// # Errors
    /// One line that names the option, the setting and the value.
    pub fn apply(&self, shared: &SharedArgs, plan: &mut SweepPlan) -> Result<Grid, String> {
        let fixed = shared.given();
        let mut given = Grid::default();
        for axis in self.axes()? {
            let setting = axis.setting;
            if fixed.contains(&setting.name) {
                return Err(format!("--axis {}: one value for all cells is given as well", setting.name));
            }
            // One replaces the other.
            match setting.name {
                "epochs" => (plan.train.steps, plan.train.epochs) = (None, None),
                "steps" => plan.train.epochs = None,
                _ => {}
            }
            plan.grid.remove(setting.name);
            match axis.values() {
                [one] => setting.set(&mut plan.train, one)?,
                _ => {
                    given.set(axis.clone());
                    plan.grid.set(axis);
                }
            }
        }
        Ok(given)
    }

    /// Whether anything was given.
    pub fn is_given(&self) -> bool {
        self.axes().map_or(true, |axes| !axes.is_empty())
    }
}

fn yes_no() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["yes", "no"]).map(|s| s == "yes")
}

impl TrainArgs {
    pub fn shared(&self) -> &SharedArgs {
        &self.shared
    }

    /// Whether the size of the batches was given.
    pub fn has_batch_size(&self) -> bool {
        self.batch_size.is_some()
    }

    pub fn config(&self) -> TrainConfig {
        let mut config = TrainConfig {
            data: self.data.clone(),
            hidden_layers: self.hidden_layers,
            width: self.width,
            widths: self.widths.clone(),
            network: self.network.clone(),
            activation: self.activation,
            initialisation: self.initialisation,
            optimizer: self.optimizer,
            learning_rate: self.learning_rate,
            seed: self.seed,
            threads: self.threads,
            ..TrainConfig::default()
        };
        set(&mut config.batch_size, &self.batch_size);
        config.data_options.seed = self.seed;
        self.shared.apply(&mut config);
        config
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        shared: SharedArgs,
    }

    /// The defaults stand in the help as words, because an option that was not given must be told from one
    /// that was.
    #[test]
    fn the_defaults_in_the_help_are_those_of_the_configuration() {
        let defaults = serde_json::to_value(TrainConfig::default()).unwrap();
        for arg in Only::command().get_arguments() {
            let Some(told) = arg.get_help().map(ToString::to_string).and_then(|h| {
                let (_, rest) = h.split_once("[default: ")?;
                Some(rest.trim_end_matches(']').to_string())
            }) else {
                continue;
            };
            let key = arg.get_id().as_str();
            let key = if key == "max_memory" { "max_memory_mib" } else { key };
            let value = defaults.get(key).or_else(|| defaults["data_options"].get(key));
            let Some(value) = value.filter(|v| !v.is_null()) else { continue };
            let shown = value.as_str().map_or_else(|| value.to_string(), String::from);
            let same = shown == told || shown.parse::<f64>().is_ok_and(|x| told.parse() == Ok(x));
            assert!(same, "--{key} says {told}, the configuration {shown}");
        }
    }
}
