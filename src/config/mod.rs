//! What to train: [`TrainConfig`], plain values from anywhere, becomes a [`TrainPlan`] by
//! [`TrainConfig::check`]. Only a checked plan runs.

mod settings;
mod small;
mod words;

pub use settings::{Form, SETTINGS, Setting};
pub use words::{BatchSize, Every, Schedule, plain};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::data::{DataOptions, DataSpec, Dataset};
use crate::field::Field;
use crate::nn::{
    Architecture, Clip, Initialisation, L1Step, Loss, Normalisation, Optimizer, OptimizerKind, Shape,
    ShapeError,
};

/// Every setting of a run. Serialised into `meta.json`, from which the run can be repeated.
///
/// | field | default | meaning |
/// |---|---|---|
/// | `data`, `data_options` | `mnist-mini` | [`crate::data`] |
/// | `hidden_layers`, `width` | 8, 100 | equal hidden layers |
/// | `widths` | none | sizes of the hidden layers, input side first; replaces the two above |
/// | `network` | none | hidden layers of any kind ([`crate::nn::architecture`]); replaces the three above |
/// | `activation` | sigmoid | after every hidden layer; `maxout:K` has K linear pieces a unit |
/// | `normalisation` | none | of every hidden layer, [`Normalisation`] |
/// | `residual` | false | skip around every hidden layer with as many outputs as inputs, [`crate::nn::shape`] |
/// | `dropout` | 0 | share of every hidden layer's outputs that is dropped in training, in [0, 1) |
/// | `initialisation` | by activation | [`Initialisation::default_for`] |
/// | `bias_start` | none | where all biases of hidden layers begin, whatever the initialisation says of them |
/// | `loss` | cross-entropy | [`Loss`] |
/// | `optimizer`, `momentum` | sgd, 0.9 | [`crate::nn::optimizer`] |
/// | `learning_rate` | by optimiser | >= 0, [`OptimizerKind::default_learning_rate`] |
/// | `schedule`, `warm_up` | constant, 0 | [`Schedule`]; linear warm-up over this many steps |
/// | `weight_decay`, `l1` | 0 | >= 0 |
/// | `clip_norm`, `clip_value` | none | > 0: [`Clip`] |
/// | `normalise_gradients` | false | the gradient of every tensor is divided by its norm: [`Clip::Unit`] |
/// | `layerwise` | false | layer by layer in stages that share the budget ([`crate::train`]); dense layers alone |
/// | `l1_step` | subgradient | as PyTorch programs add it, or proximal, which reaches exact zeros: [`L1Step`] |
/// | `batch_size` | 100 | samples, or the whole training set; [`TrainConfig::fit_batches`] finds one for a small table |
/// | `epochs` or `steps` | 5 epochs | at least 1 |
/// | `seed` | 1 | random seed for initialisation, shuffling and synthetic data |
/// | `precision` | f32 | of parameters and arithmetic |
/// | `threads` | 1 | never changes a bit of the result |
/// | `record` | every:1 | steps whose norms are kept |
/// | `snapshots` | every:10 | steps whose distances, activations and sketch are kept |
/// | `eval_every` | 1 | epochs between evaluations; 0: only before and after training |
/// | `validation_size` | 0 | samples of the training set, drawn by the seed, that are kept out of training and evaluated |
/// | `early_stopping` | none | evaluations without a lower validation loss after which the run stops and takes back its best parameters; needs a validation set |
/// | `max_memory_mib` | 8192 | refuse to start above this estimate |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TrainConfig {
    pub data: DataSpec,
    pub data_options: DataOptions,
    pub hidden_layers: usize,
    pub width: usize,
    pub widths: Option<Vec<usize>>,
    // Left out where it is none: what earlier versions wrote stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Architecture>,
    pub activation: Activation,
    #[serde(alias = "normalization")]
    pub normalisation: Normalisation,
    pub residual: bool,
    pub dropout: f64,
    #[serde(alias = "initialization")]
    pub initialisation: Option<Initialisation>,
    // Left out where it is none: what earlier versions wrote stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias_start: Option<f64>,
    pub loss: Loss,
    #[serde(alias = "optimiser")]
    pub optimizer: OptimizerKind,
    pub momentum: f64,
    pub learning_rate: Option<f64>,
    pub schedule: Schedule,
    pub warm_up: u64,
    pub weight_decay: f64,
    pub l1: f64,
    pub l1_step: L1Step,
    // Left out where they are none: what earlier versions wrote stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_value: Option<f64>,
    #[serde(alias = "normalize_gradients", skip_serializing_if = "std::ops::Not::not")]
    pub normalise_gradients: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub layerwise: bool,
    pub batch_size: BatchSize,
    pub epochs: Option<u64>,
    pub steps: Option<u64>,
    pub seed: u64,
    pub precision: Precision,
    pub threads: usize,
    pub record: Every,
    pub snapshots: Every,
    pub eval_every: u64,
    pub validation_size: usize,
    pub early_stopping: Option<u64>,
    pub max_memory_mib: u64,
}

crate::field::setters!(TrainConfig {
    with_data = data: DataSpec,
    with_data_options = data_options: DataOptions,
    with_hidden_layers = hidden_layers: usize,
    with_width = width: usize,
    with_widths = widths: optional Vec<usize>,
    with_network = network: optional Architecture,
    with_activation = activation: Activation,
    with_normalisation = normalisation: Normalisation,
    with_residual = residual: bool,
    with_dropout = dropout: f64,
    with_initialisation = initialisation: optional Initialisation,
    with_bias_start = bias_start: optional f64,
    with_loss = loss: Loss,
    with_optimizer = optimizer: OptimizerKind,
    with_momentum = momentum: f64,
    with_learning_rate = learning_rate: optional f64,
    with_schedule = schedule: Schedule,
    with_warm_up = warm_up: u64,
    with_weight_decay = weight_decay: f64,
    with_l1 = l1: f64,
    with_l1_step = l1_step: L1Step,
    with_clip_norm = clip_norm: optional f64,
    with_clip_value = clip_value: optional f64,
    with_normalise_gradients = normalise_gradients: bool,
    with_layerwise = layerwise: bool,
    with_batch_size = batch_size: BatchSize,
    with_epochs = epochs: optional u64,
    with_steps = steps: optional u64,
    with_seed = seed: u64,
    with_precision = precision: Precision,
    with_threads = threads: usize,
    with_record = record: Every,
    with_snapshots = snapshots: Every,
    with_eval_every = eval_every: u64,
    with_validation_size = validation_size: usize,
    with_early_stopping = early_stopping: optional u64,
    with_max_memory_mib = max_memory_mib: u64,
});

impl Default for TrainConfig {
    fn default() -> TrainConfig {
        TrainConfig {
            data: DataSpec::default(),
            data_options: DataOptions::default(),
            hidden_layers: 8,
            width: 100,
            widths: None,
            network: None,
            activation: Activation::Sigmoid,
            normalisation: Normalisation::None,
            residual: false,
            dropout: 0.0,
            initialisation: None,
            bias_start: None,
            loss: Loss::CrossEntropy,
            optimizer: OptimizerKind::Sgd,
            momentum: 0.9,
            learning_rate: None,
            schedule: Schedule::Constant,
            warm_up: 0,
            weight_decay: 0.0,
            l1: 0.0,
            l1_step: L1Step::Subgradient,
            clip_norm: None,
            clip_value: None,
            normalise_gradients: false,
            layerwise: false,
            batch_size: BatchSize::Samples(100),
            epochs: None,
            steps: None,
            seed: 1,
            precision: Precision::F32,
            threads: 1,
            record: Every::Steps(1),
            snapshots: Every::Steps(10),
            eval_every: 1,
            validation_size: 0,
            early_stopping: None,
            max_memory_mib: 8192,
        }
    }
}

/// Epochs when neither `epochs` nor `steps` is given.
pub const DEFAULT_EPOCHS: u64 = 5;

/// More would be a slip of the keyboard: a network of this depth or width has no use here.
pub(crate) const MOST_LAYERS: usize = 10_000;
pub(crate) const MOST_WIDTH: usize = 1_000_000;
/// No data set that is read has as many samples.
const MOST_SAMPLES: usize = 1 << 31;
/// What the signed step numbers of a record hold.
const MOST_STEPS: u64 = i64::MAX as u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    F32,
    F64,
}

impl Precision {
    pub const ALL: [(Precision, &'static str); 2] = [(Precision::F32, "f32"), (Precision::F64, "f64")];
}

crate::names::named!(Precision, "precision", Precision::ALL);

/// A setting that cannot be trained with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("{field} {given}: {problem}")]
    Value { field: Field, given: String, problem: String },
    /// Given, and without any effect on what is trained.
    #[error("{field}: has no effect: {why}, or leave it out")]
    Idle { field: Field, why: String },
    /// Asked for of a network that it is not for.
    #[error("{field}: {problem}")]
    Unsuited { field: Field, problem: String },
    #[error("{first} and {second} say the same thing twice; give one of them")]
    Twice { first: Field, second: Field },
    #[error("{field}: {error}")]
    Network { field: Field, error: ShapeError },
    #[error(
        "this needs about {needed_mib} MiB of memory, more than the limit of {limit_mib} MiB; make the network, the batch or the data smaller, or raise {}",
        Field::MaxMemory
    )]
    Memory { needed_mib: u64, limit_mib: u64 },
    #[error(
        "this needs about {needed_mib} MiB of memory, which the system refuses; make the network, the batch or the data smaller"
    )]
    Refused { needed_mib: u64 },
}

/// Whether the system will not hand out so many bytes at once, whatever limit was asked for: then training
/// would end in an aborted allocation. The estimate is the real check, since most systems promise more than
/// they have; and memory of a browser never shrinks again, so that it is not asked.
fn is_refused(bytes: f64) -> bool {
    let most = isize::MAX as f64;
    bytes >= most
        || (cfg!(not(target_family = "wasm")) && Vec::<u8>::new().try_reserve_exact(bytes as usize).is_err())
}

/// A checked configuration with everything derived from it and the data.
#[derive(Clone, Debug)]
pub struct TrainPlan {
    pub config: TrainConfig,
    shape: Shape,
    pub initialisation: Initialisation,
    pub optimizer: Optimizer,
    pub learning_rate: f64,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Updates in one epoch: whole batches; samples left over at the end of an epoch are not used in it.
    pub steps_per_epoch: u64,
    /// Updates of the run; of layer-wise training, those of its last stage.
    pub steps: u64,
    /// Updates of each earlier stage of layer-wise training; 0 without it.
    pub stage_steps: u64,
}

impl TrainConfig {
    /// What the configuration says without data; run before any file is read.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn check(&self) -> Result<(), ConfigError> {
        let widths = self.hidden_sizes();
        count(
            Field::HiddenLayers,
            self.widths.as_ref().map_or(self.hidden_layers, Vec::len),
            0,
            MOST_LAYERS,
        )?;
        for &w in &widths {
            count(Field::Width, w, 1, MOST_WIDTH)?;
        }
        if self.network.is_some() && self.widths.is_some() {
            return Err(ConfigError::Twice { first: Field::Network, second: Field::Widths });
        }
        if self.epochs.is_some() && self.steps.is_some() {
            return Err(ConfigError::Twice { first: Field::Epochs, second: Field::Steps });
        }
        at_least_one(Field::Epochs, self.epochs)?;
        at_least_one(Field::Steps, self.steps)?;
        count(Field::Threads, self.threads, 1, 1024)?;
        if let BatchSize::Samples(n) = self.batch_size {
            count(Field::BatchSize, n, 1, MOST_SAMPLES)?;
        }
        count(Field::ValidationSize, self.validation_size, 0, MOST_SAMPLES)?;
        at_least_one(Field::MaxMemory, Some(self.max_memory_mib))?;
        not_negative(Field::LearningRate, self.learning_rate.unwrap_or(0.0))?;
        not_negative(Field::WeightDecay, self.weight_decay)?;
        not_negative(Field::L1, self.l1)?;
        if let Some(start) = self.bias_start.filter(|start| !start.is_finite()) {
            return Err(value(Field::BiasStart, start, "must be a finite number"));
        }
        for (field, limit) in [(Field::ClipNorm, self.clip_norm), (Field::ClipValue, self.clip_value)] {
            if let Some(limit) = limit.filter(|limit| !(limit.is_finite() && *limit > 0.0)) {
                return Err(value(field, limit, "must be a number greater than 0"));
            }
        }
        if self.clip_norm.is_some() && self.clip_value.is_some() {
            let problem = format!("cannot be combined with {}; give one of them", Field::ClipNorm);
            return Err(value(Field::ClipValue, self.clip_value.unwrap_or_default(), &problem));
        }
        for (field, limit) in [(Field::ClipNorm, self.clip_norm), (Field::ClipValue, self.clip_value)] {
            if let (true, Some(limit)) = (self.normalise_gradients, limit) {
                let problem =
                    format!("cannot be combined with {}; give one of them", Field::NormaliseGradients);
                return Err(value(field, limit, &problem));
            }
        }
        if self.layerwise
            && let Some(problem) = self.not_layerwise()
        {
            return Err(ConfigError::Unsuited { field: Field::Layerwise, problem });
        }
        not_negative(Field::Momentum, self.momentum)?;
        not_negative(Field::Dropout, self.dropout)?;
        if self.dropout >= 1.0 {
            return Err(value(Field::Dropout, self.dropout, "must be less than 1, or nothing is left"));
        }
        at_least_one(Field::EarlyStopping, self.early_stopping)?;
        if let Some(patience) = self.early_stopping {
            if self.validation_size == 0 {
                let problem = format!(
                    "needs {} N: samples of the training set that are kept out of training and watched; the test set \
                     is for measuring only",
                    Field::ValidationSize
                );
                return Err(value(Field::EarlyStopping, patience, &problem));
            }
            if self.eval_every == 0 {
                let problem = format!("needs evaluations; give {} 1 or more", Field::EvalEvery);
                return Err(value(Field::EarlyStopping, patience, &problem));
            }
        }
        if self.momentum >= 1.0 {
            return Err(value(
                Field::Momentum,
                self.momentum,
                "must be less than 1, or the velocity grows without bound",
            ));
        }
        Ok(())
    }

    /// Sizes of the hidden layers of the short forms: `widths`, or `hidden_layers` of `width`.
    fn hidden_sizes(&self) -> Vec<usize> {
        self.widths.clone().unwrap_or_else(|| vec![self.width; self.hidden_layers.min(MOST_LAYERS + 1)])
    }

    /// What is done to gradients before the update.
    pub fn clip(&self) -> Clip {
        match (self.clip_norm, self.clip_value) {
            _ if self.normalise_gradients => Clip::Unit,
            (Some(most), _) => Clip::Norm(most),
            (None, Some(most)) => Clip::Value(most),
            (None, None) => Clip::Nothing,
        }
    }

    /// Why this network cannot be trained layer by layer; `None` where it can.
    pub fn not_layerwise(&self) -> Option<String> {
        let with = |field: Field| {
            Some(format!("trains plain layers, and this network has {field}; leave one of them out"))
        };
        if self.architecture().dense_sizes().is_none() {
            let instead = Field::Widths;
            return Some(format!("trains fully connected layers of one activation; give {instead} instead"));
        }
        match self {
            _ if self.depth() < 2 => Some("needs two or more hidden layers, one for each stage".into()),
            _ if self.normalisation != Normalisation::None => with(Field::Normalisation),
            _ if self.residual => with(Field::Residual),
            _ => None,
        }
    }

    /// The hidden layers.
    pub fn architecture(&self) -> Architecture {
        self.network.clone().unwrap_or_else(|| Architecture::dense(&self.hidden_sizes()))
    }

    /// Number of hidden layers with weights.
    pub fn depth(&self) -> usize {
        match &self.network {
            Some(network) => network.depth(),
            None => self.widths.as_ref().map_or(self.hidden_layers, Vec::len),
        }
    }

    /// The hidden layers in a few words: `300`, where all are as wide, `300-100`, or the notation of a
    /// network; empty where there are none.
    pub fn layers_in_words(&self, separator: &str) -> String {
        let architecture = self.architecture();
        match architecture.dense_sizes().as_deref() {
            Some([]) => String::new(),
            Some([first, rest @ ..]) if rest.iter().all(|w| w == first) => first.to_string(),
            Some(sizes) => sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(separator),
            None => architecture.to_string(),
        }
    }

    /// The network for samples of shape `input`.
    pub fn shape(&self, input: &[usize], classes: usize) -> Shape {
        Shape {
            input: input.to_vec(),
            architecture: self.architecture(),
            classes,
            activation: self.activation,
            normalisation: self.normalisation,
            residual: self.residual,
            dropout: self.dropout,
        }
    }

    /// The initialisation that will be used.
    pub fn initialisation(&self) -> Initialisation {
        self.initialisation.unwrap_or_else(|| Initialisation::default_for(self.activation))
    }

    /// The plan for this data.
    ///
    /// # Errors
    /// As [`TrainConfig::check`], and settings that do not fit the data or the memory.
    pub fn plan(&self, data: &Dataset) -> Result<TrainPlan, ConfigError> {
        self.check()?;
        let all = data.train.labels.len();
        if self.validation_size >= all {
            let problem =
                format!("the training set has only {}, and some must be left to train on", samples_of(all));
            return Err(value(Field::ValidationSize, self.validation_size, &problem));
        }
        let samples = all - self.validation_size;
        let batch_size = match self.batch_size {
            BatchSize::Full => samples,
            BatchSize::Samples(n) if n <= samples => n,
            BatchSize::Samples(n) => {
                let problem =
                    format!("the training set has only {}; use 'full' for all of them", samples_of(samples));
                return Err(value(Field::BatchSize, n, &problem));
            }
        };
        if self.normalisation.is_batch() && batch_size < 2 {
            let problem = format!(
                "a batch of one sample has no standard deviation, by which {} {} divides",
                Field::Normalisation,
                self.normalisation
            );
            return Err(value(Field::BatchSize, batch_size, &problem));
        }
        let shape = self.shape(&data.shape(), data.classes);
        self.check_memory(&shape, batch_size, data)?;
        let steps_per_epoch = (samples / batch_size) as u64;
        let epochs = self.epochs.unwrap_or(DEFAULT_EPOCHS);
        let steps = match self.steps {
            Some(steps) => steps,
            None => epochs.saturating_mul(steps_per_epoch),
        };
        if steps > MOST_STEPS {
            let (field, given) = self.steps.map_or((Field::Epochs, epochs), |steps| (Field::Steps, steps));
            return Err(value(field, given, &format!("makes more than {MOST_STEPS} steps")));
        }
        let stages = if self.layerwise { self.depth() as u64 } else { 1 };
        if steps < stages {
            let problem = format!("has {stages} stages of at least one step, and the run has only {steps}");
            return Err(ConfigError::Unsuited { field: Field::Layerwise, problem });
        }
        let stage_steps = if self.layerwise { steps / stages } else { 0 };
        let steps = steps - (stages - 1) * stage_steps;
        let shortest = if self.layerwise { stage_steps } else { steps };
        if self.warm_up > shortest {
            let of = if self.layerwise { "a stage" } else { "the run" };
            return Err(value(Field::WarmUp, self.warm_up, &format!("longer than {of}'s {shortest} steps")));
        }
        Ok(TrainPlan {
            shape,
            initialisation: self.initialisation(),
            optimizer: Optimizer {
                kind: self.optimizer,
                momentum: self.momentum,
                weight_decay: self.weight_decay,
                l1: self.l1,
                l1_step: self.l1_step,
                clip: self.clip(),
            },
            learning_rate: self.learning_rate.unwrap_or(self.optimizer.default_learning_rate()),
            batch_size,
            steps_per_epoch,
            steps,
            stage_steps,
            config: self.clone(),
        })
    }

    /// Parameters, their initial copy and the optimiser's state in the chosen precision, what a step works in
    /// ([`Shape::buffers`]), and the data, which f64 needs a second time.
    fn check_memory(&self, shape: &Shape, batch_size: usize, data: &Dataset) -> Result<(), ConfigError> {
        let bytes = match self.precision {
            Precision::F32 => 4.0,
            Precision::F64 => 8.0,
        };
        let limit = |bytes: f64| {
            let needed_mib = (bytes / 1_048_576.0).ceil() as u64;
            let is_within = needed_mib <= self.max_memory_mib;
            if is_within {
                Ok(needed_mib)
            } else {
                Err(ConfigError::Memory { needed_mib, limit_mib: self.max_memory_mib })
            }
        };
        // Sizes that make no sense are refused before layers of these sizes are made.
        limit(6.0 * bytes * shape.architecture.least_weights(shape.inputs()))?;
        shape.check().map_err(|error| ConfigError::Network { field: Field::Network, error })?;
        let buffers = match self.precision {
            Precision::F32 => shape.buffers::<f32>(batch_size, self.threads),
            Precision::F64 => shape.buffers::<f64>(batch_size, self.threads),
        };
        let copies = if self.early_stopping.is_some() { 7.0 } else { 6.0 };
        let split = if self.validation_size > 0 { bytes * data.train.inputs.len() as f64 } else { 0.0 };
        let inputs = (data.train.inputs.len() + data.test.as_ref().map_or(0, |t| t.inputs.len())) as f64;
        let data_bytes = if self.precision == Precision::F64 { 12.0 } else { 4.0 };
        let needed = data_bytes * inputs + split + bytes * copies * shape.parameters() as f64 + buffers;
        let needed_mib = limit(needed)?;
        if is_refused(needed) {
            return Err(ConfigError::Refused { needed_mib });
        }
        Ok(())
    }
}

impl TrainPlan {
    /// Updates that the stages before the last one make, in layer-wise training; 0 without it.
    pub fn earlier_steps(&self) -> u64 {
        self.stage_steps * (self.config.depth() as u64).saturating_sub(1)
    }

    /// The stage of layer-wise training with the first `layers` hidden layers, of which only parameters are
    /// wanted: it is not evaluated, and nothing stops it early.
    pub(crate) fn stage(&self, layers: usize) -> TrainPlan {
        let sizes = self.shape.architecture.dense_sizes().unwrap_or_default();
        let config = TrainConfig {
            layerwise: false,
            record: Every::Summary,
            snapshots: Every::Summary,
            eval_every: 0,
            early_stopping: None,
            ..self.config.clone()
        };
        let shape = Shape { architecture: Architecture::dense(&sizes[..layers]), ..self.shape.clone() };
        TrainPlan { config, shape, steps: self.stage_steps, stage_steps: 0, ..self.clone() }
    }

    /// The learning rate of update `step`.
    pub fn learning_rate_at(&self, step: u64) -> f64 {
        self.learning_rate * self.config.schedule.factor(step, self.steps, self.config.warm_up)
    }

    /// Number of parameters of the network.
    pub fn parameters(&self) -> usize {
        self.shape().parameters()
    }

    /// The network.
    pub fn shape(&self) -> Shape {
        self.shape.clone()
    }
}

fn samples_of(count: usize) -> String {
    if count == 1 { "1 sample".into() } else { format!("{count} samples") }
}

fn value(field: Field, given: impl fmt::Display, problem: &str) -> ConfigError {
    ConfigError::Value { field, given: crate::field::shown(given), problem: problem.into() }
}

fn count(field: Field, given: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if given < least {
        return Err(value(field, given, &format!("must be at least {least}")));
    }
    if given > most {
        return Err(value(field, given, &format!("must be at most {most}")));
    }
    Ok(())
}

fn at_least_one(field: Field, given: Option<u64>) -> Result<(), ConfigError> {
    if given == Some(0) { Err(value(field, 0, "must be at least 1")) } else { Ok(()) }
}

fn not_negative(field: Field, given: f64) -> Result<(), ConfigError> {
    if given.is_finite() && given >= 0.0 {
        Ok(())
    } else {
        Err(value(field, given, "must be a number that is not negative"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_json() {
        let config =
            TrainConfig { learning_rate: Some(0.05), widths: Some(vec![30, 20]), ..TrainConfig::default() };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), config);
        assert!(serde_json::from_str::<TrainConfig>("{\"learning_rat\": 1}").is_err());
    }

    #[test]
    fn nonsense_is_named() {
        let check = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(check(|c| c.learning_rate = Some(-0.1)).starts_with("learning_rate -0.1: must be"));
        assert!(check(|c| c.learning_rate = Some(f64::NAN)).contains("learning_rate NaN"));
        assert!(check(|c| c.momentum = 1.0).contains("momentum 1"));
        assert!(check(|c| c.dropout = 1.0).contains("dropout 1"));
        assert!(check(|c| c.early_stopping = Some(3)).contains("early_stopping 3: needs validation_size"));
        assert!(
            check(|c| (c.early_stopping, c.validation_size) = (Some(0), 10)).contains("early_stopping 0")
        );
        assert!(
            check(|c| (c.early_stopping, c.validation_size, c.eval_every) = (Some(3), 10, 0))
                .contains("eval_every")
        );
        assert!(check(|c| c.width = 0).contains("width 0"));
        assert!(check(|c| c.widths = Some(vec![3, 0])).contains("width 0"));
        assert!(check(|c| (c.epochs, c.steps) = (Some(1), Some(1))).contains("epochs and steps"));
        assert!(check(|c| c.steps = Some(0)).contains("steps 0"));
    }
}
