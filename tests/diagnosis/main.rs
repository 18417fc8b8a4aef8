//! Diagnoses of networks that are trained here, on the embedded digits: known patients, healthy ones, and
//! records with holes.

mod holes;
mod outputs;
mod patients;
mod why;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use gradfade::activation::Activation;
use gradfade::config::{BatchSize, TrainConfig};
use gradfade::data::{self, DataSpec};
use gradfade::diagnosis::{Diagnosis, Outcome, Severity, Standing, Thresholds, diagnose};
use gradfade::nn::{Initialisation, Loss, Normalisation, OptimizerKind};
use gradfade::record::{MemorySink, Record};
use gradfade::train::{Unwatched, header::header, train};

/// A network of 3 hidden ReLU layers of 30 units that trains in 300 steps on 1,000 digits.
fn base() -> TrainConfig {
    let mut config = TrainConfig::default()
        .with_hidden_layers(3)
        .with_width(30)
        .with_activation(Activation::Relu)
        .with_learning_rate(0.1)
        .with_batch_size(BatchSize::Samples(50))
        .with_epochs(15);
    config.data_options.train_size = Some(1000);
    config.data_options.test_size = Some(500);
    config
}

fn sigmoid(depth: usize) -> TrainConfig {
    base().with_activation(Activation::Sigmoid).with_hidden_layers(depth).with_learning_rate(0.5)
}

/// Six clouds of points in the plane, six hidden layers of weights that are twice too large.
fn confident(loss: Loss, learning_rate: f64) -> TrainConfig {
    let options =
        data::DataOptions::default().with_samples(1000).with_noise(0.2).with_classes(6).with_seed(2);
    base()
        .with_data(DataSpec::Gaussians)
        .with_data_options(options)
        .with_hidden_layers(6)
        .with_initialisation(Initialisation::Normal(0.5))
        .with_loss(loss)
        .with_learning_rate(learning_rate)
        .with_batch_size(BatchSize::Samples(20))
        .with_epochs(None)
        .with_steps(400)
        .with_seed(2)
}

fn maps(mut config: TrainConfig, network: &str) -> TrainConfig {
    config.network = Some(network.parse().unwrap());
    config
}

/// Every network that these tests know, by name.
fn config(name: &str) -> TrainConfig {
    let normal = |std| Some(Initialisation::Normal(std));
    let rate = |learning_rate| base().with_learning_rate(learning_rate);
    let digits = |config: TrainConfig, train: usize, test: usize| {
        let mut config = config;
        (config.data_options.train_size, config.data_options.test_size) = (Some(train), Some(test));
        config
    };
    let spiral = |config: TrainConfig| {
        let mut config = config.with_data(DataSpec::Spiral);
        config.data_options = data::DataOptions::default().with_samples(500);
        config
    };
    let gaussians = || data::DataOptions::default().with_samples(2000).with_noise(0.3);
    match name {
        "healthy-relu" => digits(base().with_epochs(4), 8000, 2000),
        "healthy-spiral" => {
            spiral(base().with_activation(Activation::Tanh).with_epochs(200).with_hidden_layers(2))
        }
        "healthy-attenuated" => sigmoid(3).with_data(DataSpec::Gaussians).with_data_options(gaussians()),
        "overfits" => digits(base().with_epochs(40).with_batch_size(BatchSize::Samples(20)), 200, 1000),
        "converged" => {
            digits(rate(0.3).with_batch_size(BatchSize::Full).with_epochs(None).with_steps(800), 200, 1000)
        }
        "sigmoid-2" => sigmoid(2).with_epochs(30),
        "sigmoid-3" => sigmoid(3).with_epochs(50),
        "sigmoid-5" => sigmoid(5),
        "sigmoid-5-nielsen" => {
            sigmoid(5).with_initialisation(Initialisation::Nielsen).with_learning_rate(0.1)
        }
        "sigmoid-5-full" => sigmoid(5).with_batch_size(BatchSize::Full).with_epochs(None).with_steps(200),
        "sigmoid-8-adam" => {
            sigmoid(8).with_optimizer(OptimizerKind::Adam).with_learning_rate(None).with_epochs(10)
        }
        "sigmoid-6-adam-rate-0.3" => {
            sigmoid(6).with_optimizer(OptimizerKind::Adam).with_learning_rate(0.3).with_epochs(10)
        }
        "sigmoid-6-decay" => sigmoid(6).with_learning_rate(0.1).with_weight_decay(1e-2),
        "sigmoid-40" => sigmoid(40).with_epochs(3),
        "sigmoid-conv" => maps(sigmoid(9), "conv:4x3s2,7*conv:4x3,dense:30").with_epochs(8),
        // As deep, and with batch normalisation: it trains badly, and not because a gradient vanishes.
        "batch-norm-conv" => maps(rate(0.05), "conv:4x3s2,17*conv:4x3,gap")
            .with_normalisation(Normalisation::Batch)
            .with_epochs(4),
        "relu-small-weights" => base().with_hidden_layers(5).with_initialisation(normal(0.01)),
        "faint-adagrad" => rate(0.01)
            .with_activation(Activation::LeakyRelu)
            .with_hidden_layers(7)
            .with_initialisation(normal(0.03))
            .with_optimizer(OptimizerKind::Adagrad),
        "relu-large-weights" => rate(0.01).with_hidden_layers(5).with_initialisation(normal(1.0)),
        "tanh-large-weights" => rate(0.02).with_activation(Activation::Tanh).with_initialisation(normal(1.0)),
        "relu-zeros" => base().with_initialisation(Initialisation::Zeros).with_epochs(5),
        "sigmoid-zeros" => sigmoid(2).with_initialisation(Initialisation::Zeros),
        "rate-1e-4" => rate(1e-4),
        "adam-rate-1e-6" => rate(1e-6).with_optimizer(OptimizerKind::Adam),
        "rate-1" => rate(1.0),
        "rate-3" => rate(3.0).with_hidden_layers(5).with_epochs(2),
        "one-epoch" => base().with_epochs(2),
        // Of the networks of docs/verdicts.md, each at the edge of a rule.
        "two-layers-on-a-plateau" => {
            let start = sigmoid(2).with_initialisation(Initialisation::Pytorch).with_width(16).with_seed(4);
            digits(start.with_learning_rate(0.1).with_epochs(None).with_steps(100), 8000, 1000)
        }
        "off-the-plateau-too-late" => {
            let data_options = data::DataOptions::default()
                .with_samples(4000)
                .with_train_size(200)
                .with_test_size(1000)
                .with_seed(5);
            sigmoid(10)
                .with_data(DataSpec::Gaussians)
                .with_data_options(data_options)
                .with_width(16)
                .with_optimizer(OptimizerKind::Adam)
                .with_learning_rate(0.003)
                .with_batch_size(BatchSize::Samples(20))
                .with_epochs(None)
                .with_steps(300)
                .with_seed(5)
        }
        "slow-and-falling" => {
            let selu = rate(0.009).with_activation(Activation::Selu).with_hidden_layers(2).with_width(64);
            digits(selu.with_epochs(None).with_steps(200), 4000, 1000)
        }
        "over-its-jumps" => {
            let tanh = rate(0.3).with_activation(Activation::Tanh).with_width(32).with_seed(4);
            let normalised = tanh.with_normalisation("layer".parse().unwrap());
            let few = normalised.with_batch_size(BatchSize::Samples(10)).with_epochs(None).with_steps(200);
            digits(few, 2000, 1000)
        }
        "linear-spiral" => {
            spiral(base().with_activation(Activation::Identity).with_epochs(60).with_hidden_layers(2))
        }
        "no-test-set" => digits(base().with_epochs(6), 4000, 100),
        "raw-pixels" => rate(0.1).with_initialisation(Initialisation::Pytorch),
        "raw-pixels-that-train" => {
            digits(rate(1e-3).with_initialisation(Initialisation::Pytorch).with_epochs(8), 8000, 2000)
        }
        "raw-pixels-tanh" => rate(0.05).with_activation(Activation::Tanh).with_hidden_layers(6),
        "a-column-of-incomes" => rate(0.05).with_activation(Activation::Tanh).with_hidden_layers(2),
        "sigmoid-large-weights" => sigmoid(3).with_initialisation(normal(5.0)).with_learning_rate(0.02),
        "tanh-tiny-weights" => rate(0.02)
            .with_activation(Activation::Tanh)
            .with_hidden_layers(2)
            .with_initialisation(normal(0.002)),
        "dropout-0.9" => base().with_dropout(0.9),
        "four-units" => base().with_width(3).with_hidden_layers(2),
        "early-stopped" => digits(base().with_epochs(60).with_batch_size(BatchSize::Samples(20)), 500, 1000)
            .with_validation_size(100)
            .with_early_stopping(5),
        // Weights of twice the size that keeps a signal make the outputs confident before training. Nielsen's
        // pair of rates.
        "slope-takes-it-all" => confident(Loss::Quadratic, 0.06),
        "the-same-with-bce" => confident(Loss::Bce, 0.01),
        "quadratic-that-trains" => digits(rate(0.5).with_loss(Loss::Quadratic).with_epochs(8), 4000, 1000),
        "softmax-mse-that-trains" => {
            digits(rate(2.0).with_hidden_layers(1).with_loss(Loss::SoftmaxMse).with_epochs(4), 4000, 1000)
        }
        "too-few-steps" => base().with_epochs(None).with_steps(5).with_learning_rate(0.05),
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
        let pixels = name.starts_with("raw-pixels");
        for part in std::iter::once(&mut data.train).chain(data.test.as_mut()) {
            if pixels {
                part.inputs.mapv_inplace(|x| 255.0 * x);
            } else if name == "a-column-of-incomes" {
                // The label has nothing to do with it.
                for (i, mut row) in part.inputs.rows_mut().into_iter().enumerate() {
                    row[0] = 20_000.0 + 1_000.0 * (i * 7919 % 97) as f32;
                }
            }
        }
        let plan = config.plan(&data).unwrap();
        let mut sink = MemorySink::new(header(&plan, &data, name));
        let outcome = train::<f32>(&plan, &data, "test", &mut sink, &Unwatched).unwrap();
        sink.record.header.status = outcome.status;
        sink.record.header.early_stop = outcome.early_stop;
        Arc::new(sink.record)
    }))
}

fn judged(record: &Record) -> Diagnosis {
    diagnose(record, &Thresholds::default()).unwrap()
}

/// Keys of what was found: the cause with `!`, what follows from it with `<`, notes with a star.
fn found(d: &Diagnosis) -> Vec<String> {
    let all = d.verdicts.iter().filter_map(|v| match &v.outcome {
        Outcome::Found(f) if f.severity == Severity::Note => Some(format!("{}*", v.rule.ailment.key())),
        Outcome::Found(_) => Some(match v.standing {
            Some(Standing::Cause) => format!("{}!", v.rule.ailment.key()),
            Some(Standing::Consequence(_)) => format!("{}<", v.rule.ailment.key()),
            Some(Standing::Beside) | None => v.rule.ailment.key().to_string(),
        }),
        _ => None,
    });
    all.collect()
}
