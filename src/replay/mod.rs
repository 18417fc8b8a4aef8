//! The saved parameters of a run, read again: what one sample does in the trained network.
//!
//! ```text
//! header -> settings -> data set, plan -> network
//! network, weights-init, weights-final, one sample -> Replay
//! ```
//!
//! A record holds norms, not numbers of single units; whoever wants those has to run the network again. This
//! module does it from a run folder that was trained with `save_weights`, and refuses what would show
//! something else than that run: a data set that is not the same any more, parameters of another run.
//! Everything is computed in f64, also of a run that was trained in f32.

use std::path::Path;

use crate::config::{ConfigError, TrainPlan};
use crate::data::{self, DataError, Dataset};
use crate::field::Field;
use crate::nn::{Network, Part, probe};
use crate::record::folder::{FINAL_WEIGHTS, INITIAL_WEIGHTS};
use crate::record::replay::{Choice, FirstLayer, Replay, Sample};
use crate::record::{DISTANCE_FROM_INIT, Facts, Record};
use crate::train::header::{self, SettingsError};
use crate::train::weights::{self, WeightsError};

/// A distance in the record that saved parameters have to agree with, relatively. It was measured in the
/// number type of the run, and f32 rounds the difference of two parameters at 6e-8 of their size.
const SAME_DISTANCE: f64 = 1e-3;
/// The same relative to the norm of the parameters.
const ROUNDING: f64 = 1e-6;
/// Numbers of a data set that differ by less, relatively, are those of the same set: sums of many numbers.
const SAME_NUMBER: f64 = 1e-9;

/// Why a run cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(
        "run `{run}` was trained without {}, so its network cannot be looked into; train it again with {0}",
        Field::SaveWeights
    )]
    NoWeights { run: String },
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("run `{run}`: the weights in its folder are not those that it recorded ({what}); train it again")]
    OtherWeights { run: String, what: String },
    #[error("run `{run}`: its data set cannot be read again: {cause}")]
    Data { run: String, cause: DataError },
    #[error("run `{run}`: its data set is not the one that it was trained on ({what}); train it again")]
    OtherData { run: String, what: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{} {number}: the training set of run `{run}` has {of} samples, counted from 1", Field::Sample)]
    NoSample { number: usize, run: String, of: usize },
}

impl ReplayError {
    /// Whether a caller's choice is wrong rather than a file.
    pub fn is_usage(&self) -> bool {
        matches!(self, ReplayError::NoSample { .. })
    }
}

/// Whether a run folder holds the parameters that [`replay`] needs.
pub fn has_weights(folder: &Path) -> bool {
    [INITIAL_WEIGHTS, FINAL_WEIGHTS].iter().all(|file| folder.join(file).is_file())
}

/// Runs sample `number` of the training set (from 1, in the order of the data) through the network that lies
/// in the run's folder, and the gradient of its loss back.
///
/// # Errors
/// A run of another program or without saved parameters; parameters, data or settings that are not those of
/// the record any more; a sample that is not there.
pub fn replay(folder: &Path, record: Record, number: usize) -> Result<Replay, ReplayError> {
    let run = record.header.run.clone();
    let config = header::settings(&record.header)?;
    if !has_weights(folder) {
        return Err(ReplayError::NoWeights { run });
    }
    let data = data::load(&config.data, &config.data_options)
        .map_err(|cause| ReplayError::Data { run: run.clone(), cause })?;
    let of = data.train.len();
    if !(1..=of).contains(&number) {
        return Err(ReplayError::NoSample { number, run, of });
    }
    let plan = config.plan(&data)?;
    let now = header::header(&plan, &data, &run);
    if let Some(what) = difference(&record.header.facts, &now.facts) {
        return Err(ReplayError::OtherData { run, what });
    }
    let [initial, last] = [INITIAL_WEIGHTS, FINAL_WEIGHTS].map(|file| read(&plan, &folder.join(file)));
    let (initial, last) = (initial?, last?);
    if let Some(what) = other_distance(&record, &initial, &last) {
        return Err(ReplayError::OtherWeights { run, what });
    }
    let label = data.train.labels[number - 1];
    let values: Vec<f64> = data.train.inputs.row(number - 1).iter().map(|&x| x.into()).collect();
    let probed = probe(&last, config.loss, &values, label);
    let class = data.class_names.get(label as usize).cloned().unwrap_or_else(|| label.to_string());
    let sample = Sample { number, of, class, shape: data.shape(), values, loss: probed.loss };
    let choices = probed.choices.into_iter().map(choice).collect();
    let first = first_layer(&plan, &data, &initial, &last);
    Ok(Replay { record, sample, choices, first })
}

fn read(plan: &TrainPlan, path: &Path) -> Result<Network<f64>, WeightsError> {
    let mut network = crate::train::initial_network(plan);
    weights::load(&mut network, path)?;
    Ok(network)
}

fn choice(of: crate::nn::Choice) -> Choice {
    Choice {
        layer: of.layer + 1,
        input: of.input,
        output: of.output,
        window: of.window,
        before: of.before,
        after: of.after,
        gradient_before: of.gradient_before,
        gradient_after: of.gradient_after,
        winners: of.winners,
    }
}

fn first_layer(plan: &TrainPlan, data: &Dataset, initial: &Network<f64>, last: &Network<f64>) -> FirstLayer {
    let (layers, tensors) = plan.shape().described();
    // A network ends with a dense layer, so that there is a layer with weights; pooling may come before it.
    let weight = tensors.iter().find(|t| t.tensor.part == Part::Weight).expect("a network has weights");
    let layer = weight.layer;
    // Behind pooling the weights do not see the sample itself.
    let input = if layer == 0 { data.shape() } else { layers[layer].input.clone() };
    let pieces = layers[layer].activation.map_or(1, |activation| activation.pieces());
    FirstLayer {
        shape: weight.tensor.shape.clone(),
        input,
        pieces,
        before: initial.weight(layer).to_vec(),
        after: last.weight(layer).to_vec(),
    }
}

/// The first fact about the data that is not as it was recorded. Facts that were not recorded say nothing.
fn difference(recorded: &Facts, now: &Facts) -> Option<String> {
    let count = |n: Option<u64>| n.map(|n| n as f64);
    let input =
        |facts: &Facts, of: fn(&crate::record::Spread) -> f64| facts.inputs.as_ref().map(|i| of(&i.all));
    let both = |of: &dyn Fn(&Facts) -> Option<f64>| (of(recorded), of(now));
    let all = [
        ("samples for training", both(&|f| count(f.train_size))),
        ("samples for testing", both(&|f| count(f.test_size))),
        ("classes", both(&|f| f.classes.map(|n| n as f64))),
        ("share of the most frequent class", both(&|f| f.majority_share)),
        ("entropy of the classes", both(&|f| f.class_entropy)),
        ("mean of the inputs", both(&|f| input(f, |i| i.mean))),
        ("deviation of the inputs", both(&|f| input(f, |i| i.deviation))),
        ("smallest input", both(&|f| input(f, |i| i.min))),
        ("largest input", both(&|f| input(f, |i| i.max))),
    ];
    let differs = |a: f64, b: f64| (a - b).abs() > SAME_NUMBER * a.abs().max(b.abs());
    all.into_iter().find_map(|(what, pair)| match pair {
        (Some(a), Some(b)) if differs(a, b) => Some(format!("{what}: {a} in the record, {b} now")),
        (Some(a), None) => Some(format!("{what}: {a} in the record, none now")),
        _ => None,
    })
}

/// Parameters are those of the run where they lie as far apart as it recorded at its end. After early
/// stopping they are those of an earlier step.
fn other_distance(record: &Record, initial: &Network<f64>, last: &Network<f64>) -> Option<String> {
    let rows = record.snapshots.len();
    if rows == 0 || record.header.early_stop.is_some() {
        return None;
    }
    let tensors = record.header.tensors.iter().enumerate();
    for (t, info) in tensors.filter(|(t, _)| *t < last.tensor_count()) {
        let recorded = record.value(DISTANCE_FROM_INIT, rows - 1, t);
        let pairs = || last.tensor(t).iter().zip(initial.tensor(t));
        let found = pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let norm = pairs().map(|(a, _)| a * a).sum::<f64>().sqrt();
        let allowed = SAME_DISTANCE * recorded + ROUNDING * norm;
        if recorded.is_finite() && (!found.is_finite() || (found - recorded).abs() > allowed) {
            return Some(format!(
                "`{}` moved by {recorded:.4} in the record, by {found:.4} in the files",
                info.name
            ));
        }
    }
    None
}
