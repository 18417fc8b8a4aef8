//! Remedies: what to change in a run's settings, one line a remedy, and which of them suit what is wrong.
//!
//! This module connects diagnosis and training: a diagnosis (of a record) names remedies, and a remedy edits
//! a [`TrainConfig`]. A run with a remedy has the same data, order of samples, seed and budget as the
//! original run, so that any difference is due to the remedy; the few remedies that need another budget or
//! other data list that among their [`changes`].
//!
//! A remedy of the other branch is tried too, as a control: regularisation keeps a network from memorising
//! samples and makes one that has not learned worse; another activation does nothing for a network that only
//! overfits.
//!
//! Strengths are usual ones, not tuned for the run: they show whether a remedy works, not how well it could.
//!
//! Where no single change cures, two are made at once ([`pairs`]).

mod combination;
pub mod pairs;
pub mod runner;

pub use combination::Combination;

use crate::activation::Activation;
use crate::config::{DEFAULT_EPOCHS, Precision, TrainConfig};
use crate::diagnosis::{Branch, Diagnosis, Remedy, Treatment, Unfit};
use crate::nn::architecture::Architecture;
use crate::nn::{Initialisation, L1Step, Loss, Normalisation, OptimizerKind};
use crate::record::{Header, LayerInfo, Status};
use crate::train::header::SettingsError;

/// Pieces of the maxout remedy.
const PIECES: usize = 2;
/// A network that leaves its plateau at all does so within four times the epochs.
const MORE_EPOCHS: u64 = 4;
const WIDER: usize = 4;
/// Share of the training set that early stopping watches, and the evaluations that it waits for.
const HELD_OUT: usize = 10;
const PATIENCE: u64 = 5;
/// Weight decay of 1e-3 shrinks weights by a tenth in 1,000 steps at a rate of 0.1.
const L2: f64 = 1e-3;
/// Moves every weight by a hundredth in 1,000 steps at a rate of 0.1.
const L1: f64 = 1e-4;
/// The usual limit: that of recurrent networks, for which clipping was made.
const CLIP_NORM: f64 = 1.0;
/// Srivastava et al. 2014, for hidden layers.
const DROPOUT: f64 = 0.5;

/// Something that can be changed in a run's settings.
#[derive(Debug)]
pub struct Change {
    pub treatment: Treatment,
    /// Its name on the command line, in tables and as the name of its run.
    pub name: &'static str,
    /// What diagnoses call it.
    pub remedy: Remedy,
    apply: fn(&mut TrainConfig, &Header) -> Result<(), Unfit>,
}

macro_rules! changes {
    ($($treatment:ident: $apply:expr;)*) => {
        /// Every remedy that can be tried, the training side first.
        pub static CHANGES: &[Change] =
            &[$(Change {
                treatment: Treatment::$treatment,
                name: Treatment::$treatment.key(),
                remedy: Treatment::$treatment.remedy(),
                apply: $apply,
            }),*];
    };
}

changes! {
    Relu: |c, _| activation(c, Activation::Relu);
    LeakyRelu: |c, _| activation(c, Activation::LeakyRelu);
    Selu: |c, _| activation(c, Activation::Selu);
    Maxout: |c, _| activation(c, Activation::Maxout(PIECES));
    Initialisation: |c, _| initialisation(c);
    BatchNorm: |c, _| batch_norm(c);
    LayerNorm: |c, _| layer_norm(c);
    Residual: residual;
    Adagrad: |c, _| optimizer(c, OptimizerKind::Adagrad);
    Rmsprop: |c, _| optimizer(c, OptimizerKind::Rmsprop);
    Adam: |c, _| optimizer(c, OptimizerKind::Adam);
    Layerwise: |c, _| layerwise(c);
    NormaliseGradients: |c, _| normalise_gradients(c);
    Momentum: |c, _| momentum(c);
    RateTimes10: |c, _| rate(c, |rate| rate * 10.0);
    RateTimes100: |c, _| rate(c, |rate| rate * 100.0);
    RateUpToUsual: |c, _| usual_rate(c, |usual, rate| usual > 100.0 * rate);
    RateDownToUsual: |c, _| usual_rate(c, |usual, rate| usual < rate / 100.0);
    RateOver10: |c, _| rate(c, |rate| rate / 10.0);
    RateOver100: |c, _| rate(c, |rate| rate / 100.0);
    Standardize: |c, _| new(&mut c.data_options.standardize, true);
    CrossEntropy: cross_entropy;
    ClipNorm: |c, _| clip(c);
    MoreEpochs: |c, _| more_epochs(c);
    Wider: |c, _| wider(c);
    NoDecay: |c, _| no_decay(c);
    NoDropout: |c, _| new(&mut c.dropout, 0.0);
    F64: |c, _| new(&mut c.precision, Precision::F64);
    EarlyStopping: early_stopping;
    L2: |c, _| from_zero(&mut c.weight_decay, L2);
    L1: |c, _| { c.l1_step = L1Step::Proximal; from_zero(&mut c.l1, L1) };
    Dropout: |c, _| hidden(c).and_then(|()| from_zero(&mut c.dropout, DROPOUT));
    MoreData: more_data;
}

/// What is tried though it belongs to the other branch, to show that it does: in order of preference.
fn controls(branch: Branch) -> &'static [Treatment] {
    match branch {
        Branch::Training => &[Treatment::Dropout, Treatment::L1],
        Branch::Test => &[Treatment::Relu, Treatment::LeakyRelu, Treatment::BatchNorm],
        Branch::Done => &[],
    }
}

impl Change {
    /// The settings with this change.
    ///
    /// # Errors
    /// Why there is nothing to change.
    pub fn apply(&self, config: &TrainConfig, header: &Header) -> Result<TrainConfig, Unfit> {
        let mut changed = config.clone();
        (self.apply)(&mut changed, header)?;
        Ok(changed)
    }
}

/// A remedy by its name.
pub fn change(name: &str) -> Option<&'static Change> {
    CHANGES.iter().find(|c| c.name == name)
}

fn new<T: PartialEq>(setting: &mut T, value: T) -> Result<(), Unfit> {
    if *setting == value {
        return Err(Unfit::There);
    }
    *setting = value;
    Ok(())
}

fn from_zero(setting: &mut f64, value: f64) -> Result<(), Unfit> {
    if *setting > 0.0 {
        return Err(Unfit::There);
    }
    *setting = value;
    Ok(())
}

fn hidden(c: &TrainConfig) -> Result<(), Unfit> {
    if c.depth() == 0 { Err(Unfit::NoHiddenLayer) } else { Ok(()) }
}

/// With the initialisation that goes with it: SELU's fixed point, for one, is that of LeCun's.
fn activation(c: &mut TrainConfig, activation: Activation) -> Result<(), Unfit> {
    hidden(c)?;
    let has_convolutions = c.network.as_ref().is_some_and(Architecture::has_convolutions);
    if has_convolutions && matches!(activation, Activation::Maxout(_)) {
        return Err(Unfit::Convolutions);
    }
    c.initialisation = None;
    new(&mut c.activation, activation)
}

/// The activation's own; where it has that already, orthogonal weights, which keep the length of every
/// signal.
fn initialisation(c: &mut TrainConfig) -> Result<(), Unfit> {
    let own = Initialisation::default_for(c.activation);
    let better = if c.initialisation() == own { Initialisation::Orthogonal } else { own };
    if c.initialisation() == Initialisation::Orthogonal {
        return Err(Unfit::There);
    }
    c.initialisation = Some(better);
    Ok(())
}

/// Layer-wise training is for layers without normalisation and skips.
fn not_layerwise(c: &TrainConfig) -> Result<(), Unfit> {
    if c.layerwise { Err(Unfit::Layerwise) } else { Ok(()) }
}

fn batch_norm(c: &mut TrainConfig) -> Result<(), Unfit> {
    hidden(c)?;
    not_layerwise(c)?;
    if c.normalisation.is_batch() {
        return Err(Unfit::There);
    }
    new(&mut c.normalisation, Normalisation::Batch)
}

/// Before a sigmoid it leaves the slope at 1/4 and the mean of its values at 1/2; after it, values have
/// deviation 1.
fn layer_norm(c: &mut TrainConfig) -> Result<(), Unfit> {
    hidden(c)?;
    not_layerwise(c)?;
    match (c.normalisation, c.activation) {
        (Normalisation::LayerAfter, _) => Err(Unfit::There),
        (_, Activation::Sigmoid | Activation::HardSigmoid) => {
            new(&mut c.normalisation, Normalisation::LayerAfter)
        }
        _ => new(&mut c.normalisation, Normalisation::Layer),
    }
}

fn residual(c: &mut TrainConfig, header: &Header) -> Result<(), Unfit> {
    not_layerwise(c)?;
    if c.network.as_ref().is_some_and(Architecture::has_skips) {
        return Err(Unfit::There);
    }
    let hidden = &header.layers[..header.layers.len().saturating_sub(1)];
    let has_equal_ends =
        |layer: &LayerInfo| layer.fan_in.is_some() && layer.input_shape == layer.output_shape;
    if !hidden.iter().any(has_equal_ends) {
        return Err(Unfit::NoEqualLayers);
    }
    new(&mut c.residual, true)
}

/// Behind a slope gradients are small, and rates of such runs large: Nielsen, ch. 3, divides them by 6 for a
/// sigmoid, the mean of its slope over its range; for a softmax of C answers that know nothing the factor is
/// 2 / C^2. A rate that is usual already stays, and so do those of optimisers that divide the size of the
/// gradient out.
fn cross_entropy(c: &mut TrainConfig, header: &Header) -> Result<(), Unfit> {
    let factor = match c.loss {
        Loss::Quadratic => 1.0 / 6.0,
        Loss::SoftmaxMse => {
            header.facts.classes.map_or(1.0, |classes| 2.0 / (classes as f64 * classes as f64))
        }
        Loss::CrossEntropy | Loss::Bce | Loss::Mse => 1.0,
    };
    let usual = c.optimizer.default_learning_rate();
    let follows_size =
        matches!(c.optimizer, OptimizerKind::Sgd | OptimizerKind::Momentum | OptimizerKind::Nesterov);
    if follows_size && learning_rate(c) > usual {
        let factor = factor.max(usual / learning_rate(c));
        // The factor is a rule of thumb: two digits of the rate say as much.
        let rounded = format!("{:.1e}", learning_rate(c) * factor).parse().ok();
        c.learning_rate = rounded.filter(|_| factor < 1.0).or(c.learning_rate);
    }
    new(&mut c.loss, Loss::CrossEntropy)
}

/// Pascanu, Mikolov, Bengio 2013.
fn clip(c: &mut TrainConfig) -> Result<(), Unfit> {
    if c.clip_norm.is_some() || c.clip_value.is_some() || c.normalise_gradients {
        return Err(Unfit::There);
    }
    c.clip_norm = Some(CLIP_NORM);
    Ok(())
}

/// Bengio et al. 2007.
fn layerwise(c: &mut TrainConfig) -> Result<(), Unfit> {
    if c.not_layerwise().is_some() {
        return Err(Unfit::NotPlain);
    }
    new(&mut c.layerwise, true)
}

/// In place of clipping, of which nothing is left then.
fn normalise_gradients(c: &mut TrainConfig) -> Result<(), Unfit> {
    (c.clip_norm, c.clip_value) = (None, None);
    new(&mut c.normalise_gradients, true)
}

/// At its own usual rate: rates of different optimisers mean different things.
fn optimizer(c: &mut TrainConfig, kind: OptimizerKind) -> Result<(), Unfit> {
    if kind == OptimizerKind::Adam && c.optimizer == OptimizerKind::Adamw {
        return Err(Unfit::There);
    }
    c.learning_rate = None;
    new(&mut c.optimizer, kind)
}

fn learning_rate(c: &TrainConfig) -> f64 {
    c.learning_rate.unwrap_or(c.optimizer.default_learning_rate())
}

/// At the run's rate, which momentum multiplies by 1 / (1 - mu) along a steady gradient.
fn momentum(c: &mut TrainConfig) -> Result<(), Unfit> {
    match c.optimizer {
        OptimizerKind::Sgd => {}
        OptimizerKind::Momentum | OptimizerKind::Nesterov | OptimizerKind::Adam | OptimizerKind::Adamw => {
            return Err(Unfit::There);
        }
        OptimizerKind::Adagrad | OptimizerKind::Rmsprop => return Err(Unfit::NotSgd),
    }
    c.learning_rate = Some(learning_rate(c));
    new(&mut c.optimizer, OptimizerKind::Momentum)
}

fn rate(c: &mut TrainConfig, change: fn(f64) -> f64) -> Result<(), Unfit> {
    let rate = learning_rate(c);
    if rate == 0.0 {
        return Err(Unfit::NoRate);
    }
    // As a person would write it: 0.00001, not 0.000009999999999999999.
    let changed = change(rate);
    c.learning_rate = Some(format!("{changed:.12e}").parse().unwrap_or(changed));
    Ok(())
}

/// The optimiser's own rate, where it is farther away than a hundredfold takes.
fn usual_rate(c: &mut TrainConfig, far: fn(f64, f64) -> bool) -> Result<(), Unfit> {
    let rate = learning_rate(c);
    if !far(c.optimizer.default_learning_rate(), rate) {
        return Err(Unfit::There);
    }
    c.learning_rate = None;
    Ok(())
}

fn more_epochs(c: &mut TrainConfig) -> Result<(), Unfit> {
    match c.steps {
        Some(steps) => c.steps = Some(steps.saturating_mul(MORE_EPOCHS)),
        None => c.epochs = Some(c.epochs.unwrap_or(DEFAULT_EPOCHS).saturating_mul(MORE_EPOCHS)),
    }
    Ok(())
}

fn wider(c: &mut TrainConfig) -> Result<(), Unfit> {
    hidden(c)?;
    if let Some(network) = &mut c.network {
        network.widen(WIDER);
        return Ok(());
    }
    match &mut c.widths {
        Some(widths) => widths.iter_mut().for_each(|w| *w = w.saturating_mul(WIDER)),
        None => c.width = c.width.saturating_mul(WIDER),
    }
    Ok(())
}

fn no_decay(c: &mut TrainConfig) -> Result<(), Unfit> {
    if c.weight_decay == 0.0 && c.l1 == 0.0 {
        return Err(Unfit::There);
    }
    (c.weight_decay, c.l1) = (0.0, 0.0);
    Ok(())
}

fn early_stopping(c: &mut TrainConfig, header: &Header) -> Result<(), Unfit> {
    if c.validation_size == 0 {
        let samples = header.facts.train_size.ok_or(Unfit::TooFewSamples)?;
        c.validation_size = samples as usize / HELD_OUT;
        if c.validation_size == 0 {
            return Err(Unfit::TooFewSamples);
        }
    }
    c.eval_every = c.eval_every.max(1);
    if c.early_stopping.is_some() {
        return Err(Unfit::There);
    }
    c.early_stopping = Some(PATIENCE);
    Ok(())
}

/// All samples that the source has, in as many updates.
fn more_data(c: &mut TrainConfig, header: &Header) -> Result<(), Unfit> {
    if c.data_options.train_size.take().is_none() {
        return Err(Unfit::AllData);
    }
    if let (None, Some(planned)) = (c.steps, header.planned_steps) {
        (c.epochs, c.steps) = (None, Some(planned));
    }
    Ok(())
}

/// Why a header's run cannot be made again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemedyError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(
        "run `{run}` is not finished (it made {done} of {planned} steps), so nothing has the same budget; train it to its end first"
    )]
    Unfinished { run: String, done: u64, planned: u64 },
}

/// The settings of a run.
///
/// # Errors
/// When its header does not hold them, or holds others than this program knows.
pub fn settings(header: &Header) -> Result<TrainConfig, RemedyError> {
    Ok(crate::train::header::settings(header)?)
}

/// A run that was stopped or killed has had another budget than its remedies would have.
///
/// # Errors
/// When the run neither came to its end nor diverged.
pub fn finished(header: &Header, done: u64) -> Result<(), RemedyError> {
    match header.status {
        Status::Complete | Status::Diverged { .. } => Ok(()),
        Status::Running | Status::Interrupted { .. } => {
            let planned = header.planned_steps.unwrap_or(done);
            Err(RemedyError::Unfinished { run: header.run.clone(), done, planned })
        }
    }
}

/// A remedy that will be tried, or why not.
#[derive(Debug)]
pub struct Planned {
    pub combination: Combination,
    /// Whether it suits what is wrong.
    pub fits: bool,
    pub config: Result<TrainConfig, Unfit>,
}

/// Which remedies to try: those in `only`, or all that are advised and one of the other branch. A pair fits
/// when one of its changes does.
pub fn plan(
    config: &TrainConfig,
    header: &Header,
    d: &Diagnosis,
    only: Option<&[Combination]>,
) -> Vec<Planned> {
    let advised = d.advice();
    let own = d.branch();
    let fits = |c: &Change| advised.iter().any(|advice| advice.treatments.contains(&c.treatment));
    let combined = |combination: Combination| Planned {
        combination,
        fits: combination.changes().any(fits),
        config: combination.apply(config, header),
    };
    let planned = |change: &'static Change| combined(change.into());
    if let Some(only) = only {
        let mut all: Vec<Planned> = only.iter().copied().map(combined).collect();
        sort(&mut all);
        return all;
    }
    let mut all: Vec<Planned> = CHANGES.iter().filter(|c| fits(c)).map(planned).collect();
    let controls = own.map_or(&[][..], controls);
    let of = |treatment: &Treatment| CHANGES.iter().find(|c| c.treatment == *treatment);
    all.extend(controls.iter().filter_map(of).map(planned).find(|p| p.config.is_ok()));
    all
}

/// Brings them into the order of tables, each once.
pub fn sort(planned: &mut Vec<Planned>) {
    planned.sort_by_key(|p| p.combination.place());
    planned.dedup_by_key(|p| p.combination.place());
}

/// Settings that differ: (name, before, after), as they act: a rate or an initialisation that follows from
/// others is resolved.
pub fn changes(before: &TrainConfig, after: &TrainConfig) -> Vec<(String, String, String)> {
    let (before, after) = (flat(before), flat(after));
    // What is not set may be left out of one of them.
    let of = |all: &[(String, String)], key: &str| {
        all.iter().find(|pair| pair.0 == key).map_or_else(|| "-".to_string(), |pair| pair.1.clone())
    };
    let new = after.iter().filter(|pair| before.iter().all(|old| old.0 != pair.0));
    let keys = before.iter().chain(new).map(|pair| pair.0.clone());
    let all: Vec<_> = keys
        .map(|key| (of(&before, &key), of(&after, &key), key))
        .filter(|(a, b, _)| a != b)
        .map(|(a, b, key)| (key, a, b))
        .collect();
    // A budget in steps takes the place of one in epochs.
    let replaced = |c: &(String, String, String)| c.0 == "epochs" && c.2 == "-";
    all.into_iter().filter(|c| !replaced(c)).collect()
}

fn flat(config: &TrainConfig) -> Vec<(String, String)> {
    let config = TrainConfig {
        learning_rate: Some(learning_rate(config)),
        initialisation: Some(config.initialisation()),
        epochs: config.epochs.or(if config.steps.is_some() { None } else { Some(DEFAULT_EPOCHS) }),
        threads: 1,
        ..config.clone()
    };
    // Plain settings have a form in JSON.
    let value = serde_json::to_value(config).unwrap_or_default();
    let mut all = Vec::new();
    put(&value, &mut all);
    // Left out where they are off.
    for key in ["normalise_gradients", "layerwise"] {
        if all.iter().all(|(name, _)| name != key) {
            all.push((key.into(), "no".into()));
        }
    }
    all
}

fn put(value: &serde_json::Value, into: &mut Vec<(String, String)>) {
    use serde_json::Value;
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => put(value, into),
            Value::String(s) => into.push((key.clone(), s.clone())),
            Value::Null => into.push((key.clone(), "-".into())),
            // 1.0 is 1, and 0.00001 is not 1e-5.
            Value::Number(n) => into.push((key.clone(), n.as_f64().map_or(n.to_string(), |x| x.to_string()))),
            Value::Bool(b) => into.push((key.clone(), if *b { "yes" } else { "no" }.into())),
            Value::Array(_) => into.push((key.clone(), value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
