//! Diagnoses of networks that are trained here, on the embedded digits: known patients, healthy ones, and records with holes.

mod holes;
mod patients;
mod why;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use gradfade::activation::Activation;
use gradfade::config::{BatchSize, TrainConfig};
use gradfade::data::{self, DataSpec};
use gradfade::diagnosis::{Diagnosis, Outcome, Severity, Thresholds, diagnose};
use gradfade::nn::{Initialisation, OptimizerKind};
use gradfade::record::{MemorySink, Record};
use gradfade::train::{Unwatched, header::header, train};

/// A network of 3 hidden ReLU layers of 30 units that trains in 300 steps on 1,000 digits.
fn base() -> TrainConfig {
    let mut config = TrainConfig {
        hidden_layers: 3,
        width: 30,
        activation: Activation::Relu,
        learning_rate: Some(0.1),
        batch_size: BatchSize::Samples(50),
        epochs: Some(15),
        ..TrainConfig::default()
    };
    config.data_options.train_size = Some(1000);
    config.data_options.test_size = Some(500);
    config
}

fn sigmoid(depth: usize) -> TrainConfig {
    TrainConfig { activation: Activation::Sigmoid, hidden_layers: depth, learning_rate: Some(0.5), ..base() }
}

/// Every network that these tests know, by name.
fn config(name: &str) -> TrainConfig {
    let normal = |std| Some(Initialisation::Normal(std));
    let rate = |learning_rate| TrainConfig { learning_rate: Some(learning_rate), ..base() };
    let digits = |config: TrainConfig, train: usize, test: usize| {
        let mut config = config;
        (config.data_options.train_size, config.data_options.test_size) = (Some(train), Some(test));
        config
    };
    let spiral = |config: TrainConfig| {
        let mut config = TrainConfig { data: DataSpec::Spiral, ..config };
        config.data_options = data::DataOptions { samples: 500, ..data::DataOptions::default() };
        config
    };
    let gaussians = || data::DataOptions { samples: 2000, noise: 0.3, ..data::DataOptions::default() };
    match name {
        "healthy-relu" => digits(TrainConfig { epochs: Some(4), ..base() }, 8000, 2000),
        "healthy-spiral" => {
            spiral(TrainConfig { activation: Activation::Tanh, epochs: Some(200), hidden_layers: 2, ..base() })
        }
        "healthy-attenuated" => TrainConfig { data: DataSpec::Gaussians, data_options: gaussians(), ..sigmoid(3) },
        "overfits" => digits(TrainConfig { epochs: Some(40), batch_size: BatchSize::Samples(20), ..base() }, 200, 1000),
        "converged" => {
            digits(TrainConfig { batch_size: BatchSize::Full, epochs: None, steps: Some(800), ..rate(0.3) }, 200, 1000)
        }
        "sigmoid-2" => TrainConfig { epochs: Some(30), ..sigmoid(2) },
        "sigmoid-3" => TrainConfig { epochs: Some(50), ..sigmoid(3) },
        "sigmoid-5" => sigmoid(5),
        "sigmoid-5-nielsen" => {
            TrainConfig { initialisation: Some(Initialisation::Nielsen), learning_rate: Some(0.1), ..sigmoid(5) }
        }
        "sigmoid-5-full" => TrainConfig { batch_size: BatchSize::Full, epochs: None, steps: Some(200), ..sigmoid(5) },
        "sigmoid-8-adam" => {
            TrainConfig { optimizer: OptimizerKind::Adam, learning_rate: None, epochs: Some(10), ..sigmoid(8) }
        }
        "sigmoid-6-adam-rate-0.3" => {
            TrainConfig { optimizer: OptimizerKind::Adam, learning_rate: Some(0.3), epochs: Some(10), ..sigmoid(6) }
        }
        "sigmoid-6-decay" => TrainConfig { learning_rate: Some(0.1), weight_decay: 1e-2, ..sigmoid(6) },
        "sigmoid-40" => TrainConfig { epochs: Some(3), ..sigmoid(40) },
        "relu-small-weights" => TrainConfig { hidden_layers: 5, initialisation: normal(0.01), ..base() },
        "faint-adagrad" => TrainConfig {
            activation: Activation::LeakyRelu,
            hidden_layers: 7,
            initialisation: normal(0.03),
            optimizer: OptimizerKind::Adagrad,
            ..rate(0.01)
        },
        "relu-large-weights" => TrainConfig { hidden_layers: 5, initialisation: normal(1.0), ..rate(0.01) },
        "tanh-large-weights" => TrainConfig { activation: Activation::Tanh, initialisation: normal(1.0), ..rate(0.02) },
        "relu-zeros" => TrainConfig { initialisation: Some(Initialisation::Zeros), epochs: Some(5), ..base() },
        "sigmoid-zeros" => TrainConfig { initialisation: Some(Initialisation::Zeros), ..sigmoid(2) },
        "rate-1e-4" => rate(1e-4),
        "adam-rate-1e-6" => TrainConfig { optimizer: OptimizerKind::Adam, ..rate(1e-6) },
        "rate-1" => rate(1.0),
        "rate-3" => TrainConfig { hidden_layers: 5, epochs: Some(2), ..rate(3.0) },
        "one-epoch" => TrainConfig { epochs: Some(2), ..base() },
        // Of the networks of docs/verdicts.md, each at the edge of a rule.
        "two-layers-on-a-plateau" => {
            let start = TrainConfig { initialisation: Some(Initialisation::Pytorch), width: 16, seed: 4, ..sigmoid(2) };
            digits(TrainConfig { learning_rate: Some(0.1), epochs: None, steps: Some(100), ..start }, 8000, 1000)
        }
        "off-the-plateau-too-late" => {
            let data_options = data::DataOptions {
                samples: 4000,
                train_size: Some(200),
                test_size: Some(1000),
                seed: 5,
                ..data::DataOptions::default()
            };
            TrainConfig {
                data: DataSpec::Gaussians,
                data_options,
                width: 16,
                optimizer: OptimizerKind::Adam,
                learning_rate: Some(0.003),
                batch_size: BatchSize::Samples(20),
                epochs: None,
                steps: Some(300),
                seed: 5,
                ..sigmoid(10)
            }
        }
        "slow-and-falling" => {
            let selu = TrainConfig { activation: Activation::Selu, hidden_layers: 2, width: 64, ..rate(0.009) };
            digits(TrainConfig { epochs: None, steps: Some(200), ..selu }, 4000, 1000)
        }
        "over-its-jumps" => {
            let tanh = TrainConfig { activation: Activation::Tanh, width: 32, seed: 4, ..rate(0.3) };
            let normalised = TrainConfig { normalisation: "layer".parse().unwrap(), ..tanh };
            let few = TrainConfig { batch_size: BatchSize::Samples(10), epochs: None, steps: Some(200), ..normalised };
            digits(few, 2000, 1000)
        }
        "linear-spiral" => {
            spiral(TrainConfig { activation: Activation::Identity, epochs: Some(60), hidden_layers: 2, ..base() })
        }
        "no-test-set" => digits(TrainConfig { epochs: Some(6), ..base() }, 4000, 100),
        other => panic!("no network is called {other}"),
    }
}

/// The record of a network, trained once.
fn record(name: &'static str) -> Arc<Record> {
    type Slot = Arc<OnceLock<Arc<Record>>>;
    static ALL: OnceLock<Mutex<HashMap<&'static str, Slot>>> = OnceLock::new();
    let slot = Arc::clone(ALL.get_or_init(Mutex::default).lock().unwrap().entry(name).or_default());
    Arc::clone(slot.get_or_init(|| {
        let config = config(name);
        let mut data = data::load(&config.data, &config.data_options).unwrap();
        if name == "no-test-set" {
            data.test = None;
        }
        let plan = config.plan(&data).unwrap();
        let mut sink = MemorySink::new(header(&plan, &data, name));
        let outcome = train::<f32>(&plan, &data, "test", &mut sink, &Unwatched).unwrap();
        sink.record.header.status = outcome.status;
        Arc::new(sink.record)
    }))
}

fn judged(record: &Record) -> Diagnosis {
    diagnose(record, &Thresholds::default()).unwrap()
}

/// Keys of what was found, notes with a star.
fn found(d: &Diagnosis) -> Vec<String> {
    let all = d.verdicts.iter().filter_map(|v| match &v.outcome {
        Outcome::Found(f) if f.severity == Severity::Note => Some(format!("{}*", v.rule.ailment.key())),
        Outcome::Found(_) => Some(v.rule.ailment.key().to_string()),
        _ => None,
    });
    all.collect()
}
