//! The header of a run that this program trains.

use std::collections::BTreeMap;

use crate::config::{BatchSize, TrainConfig, TrainPlan};
use crate::data::Dataset;
use crate::nn::architecture::Architecture;
use crate::nn::{L1Step, Loss, NetworkTensor, Normalisation, OptimizerKind, Part, SKETCH_BUCKETS};
use crate::record::{self, Facts, Header, Inputs, LayerInfo, TensorInfo};

/// Why the settings of a run cannot be had from its header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    #[error(
        "run `{run}` was made by {tool}, and its record does not hold the settings that it could be trained from again; give a run of `gradfade train`"
    )]
    None { run: String, tool: String },
    #[error("run `{run}`: its settings are not those of this program ({what}); train it again")]
    Other { run: String, what: String },
}

/// The settings of a run, from the header that [`header`] made for it.
///
/// # Errors
/// When the header does not hold them, or holds others than this program knows.
pub fn settings(header: &Header) -> Result<TrainConfig, SettingsError> {
    let run = || header.run.clone();
    match &header.config {
        Some(value) if header.source.tool == env!("CARGO_PKG_NAME") => serde_json::from_value(value.clone())
            .map_err(|e| SettingsError::Other { run: run(), what: e.to_string() }),
        _ => Err(SettingsError::None { run: run(), tool: header.source.tool.clone() }),
    }
}

/// Describes the run that `plan` will make; `name` is what figures call it.
pub fn header(plan: &TrainPlan, data: &Dataset, name: &str) -> Header {
    let config = &plan.config;
    let (layers, tensors) = plan.shape().described();
    // Where all layers are of one kind, their numbers say enough.
    let alike = layers.iter().all(|layer| layer.kind == layers[0].kind) && config.network.is_none();
    let infos = layers.iter().enumerate().map(|(l, layer)| {
        let name = if alike { format!("layers.{}", l + 1) } else { layer.label.clone() };
        let info = LayerInfo::new(name, layer.kind).with_shapes(&layer.input, &layer.output);
        let Some([fan_in, fan_out]) = layer.fans else { return info };
        let fan_out = if layer.output.len() == 1 { layer.output[0] } else { fan_out };
        let activation = layer.activation.map_or("identity".into(), |activation| activation.to_string());
        info.with_fans(fan_in, fan_out).with_activation(activation)
    });
    let info = |of: &NetworkTensor| {
        TensorInfo::new(of.name(), of.layer + 1, of.tensor.part.role(), &of.tensor.shape)
    };
    let facts = facts(plan, data, &tensors);
    let mut header = Header::builder(name, infos.collect(), tensors.iter().map(info).collect())
        .labels(labels(plan, data))
        .facts(facts)
        .seed(config.seed)
        .steps_per_epoch(plan.steps_per_epoch)
        .planned_steps(plan.steps)
        .sketch_buckets(SKETCH_BUCKETS)
        .build()
        .expect("a plan describes a network that can exist");
    // Threads never change a result, so they are no part of what the run is.
    header.config = serde_json::to_value(TrainConfig { threads: 1, ..config.clone() }).ok();
    header
}

fn facts(plan: &TrainPlan, data: &Dataset, tensors: &[NetworkTensor]) -> Facts {
    let config = &plan.config;
    let (majority, entropy) = frequencies(&data.train.labels, data.classes);
    let has_momentum = matches!(config.optimizer, OptimizerKind::Momentum | OptimizerKind::Nesterov);
    let settings = has_momentum.then(|| ("momentum".to_string(), config.momentum));
    let inputs = data
        .train
        .inputs
        .as_slice()
        .and_then(|values| Inputs::of(values, data.features, |column| data.feature_name(column)));
    let output = tensors.last().map(|last| last.layer);
    let deviation = |of: &NetworkTensor| {
        let [weight, bias] = plan.initialisation.deviations(of.tensor.fan_in, of.tensor.fan_out);
        let deviation = match of.tensor.part {
            // Others are projections of skips, which begin as weights do.
            Part::Weight | Part::Other(_) => weight,
            Part::Bias if config.bias_start.is_some() && Some(of.layer) != output => 0.0,
            Part::Bias => bias,
            // The same for every network.
            Part::Scale | Part::Shift => 0.0,
        };
        (of.name(), deviation)
    };
    Facts {
        task: Some("classification".into()),
        data: Some(data.name.clone()),
        classes: Some(data.classes),
        majority_share: Some(majority),
        class_entropy: Some(entropy),
        train_size: Some((data.train.len() - config.validation_size) as u64),
        validation_size: (config.validation_size > 0).then_some(config.validation_size as u64),
        test_size: data.test.as_ref().map(|test| test.len() as u64),
        batch_size: Some(plan.batch_size as u64),
        optimizer: Some(record::Optimizer {
            name: config.optimizer.to_string(),
            settings: settings.into_iter().collect(),
        }),
        learning_rate: Some(plan.learning_rate),
        weight_decay: Some(config.weight_decay),
        l1: Some(config.l1),
        clip_norm: Some(config.clip_norm.unwrap_or(0.0)),
        clip_value: Some(config.clip_value.unwrap_or(0.0)),
        normalise_gradients: Some(config.normalise_gradients),
        layerwise_steps: Some(plan.earlier_steps()),
        loss: Some(config.loss.to_string()),
        loss_input: Some("logits".into()),
        ignorant_loss: (config.loss == Loss::CrossEntropy).then_some(entropy),
        initialisation: Some(plan.initialisation.to_string()),
        bias_start: config.bias_start,
        normalisation: Some(config.normalisation.to_string()),
        residual: Some(config.residual || config.network.as_ref().is_some_and(Architecture::has_skips)),
        dropout: Some(config.dropout),
        precision: Some(config.precision.to_string()),
        early_stopping: Some(config.early_stopping.unwrap_or(0)),
        initial_deviation: Some(tensors.iter().map(deviation).collect()),
        inputs,
    }
}

fn labels(plan: &TrainPlan, data: &Dataset) -> BTreeMap<String, String> {
    let config = &plan.config;
    let width = if config.network.is_none() { config.layers_in_words(", ") } else { String::new() };
    let batch = match config.batch_size {
        BatchSize::Full => format!("full ({})", plan.batch_size),
        BatchSize::Samples(n) => n.to_string(),
    };
    let mut labels: BTreeMap<String, String> = [
        ("activation", config.activation.to_string()),
        ("initialisation", plan.initialisation.to_string()),
        ("loss", config.loss.to_string()),
        ("optimizer", config.optimizer.to_string()),
        ("learning_rate", plan.learning_rate.to_string()),
        ("weight_decay", config.weight_decay.to_string()),
        ("l1", config.l1.to_string()),
        ("schedule", config.schedule.to_string()),
        ("batch_size", batch),
        ("data", data.name.clone()),
        ("train_size", (data.train.labels.len() - config.validation_size).to_string()),
        ("hidden_layers", config.depth().to_string()),
        ("width", width),
        ("precision", config.precision.to_string()),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_string(), v))
    .collect();
    let (majority, entropy) = frequencies(&data.train.labels, data.classes);
    labels.insert("majority_share".into(), format!("{majority:.4}"));
    labels.insert("class_entropy".into(), format!("{entropy:.4}"));
    if let Some(test) = &data.test {
        labels.insert("test_size".into(), test.labels.len().to_string());
    }
    if config.warm_up > 0 {
        labels.insert("warm_up".into(), config.warm_up.to_string());
    }
    let mut set = |key: &str, on: bool, value: String| {
        if on {
            labels.insert(key.into(), value);
        }
    };
    set("network", config.network.is_some(), config.architecture().to_string());
    set("standardize", config.data_options.standardize, "yes".into());
    set("normalisation", config.normalisation != Normalisation::None, config.normalisation.to_string());
    set("residual", config.residual, "yes".into());
    set("dropout", config.dropout > 0.0, config.dropout.to_string());
    set("l1_step", config.l1 > 0.0 && config.l1_step == L1Step::Proximal, config.l1_step.to_string());
    if let Some(start) = config.bias_start {
        set("bias_start", true, start.to_string());
    }
    for (key, limit) in [("clip_norm", config.clip_norm), ("clip_value", config.clip_value)] {
        if let Some(limit) = limit {
            set(key, true, limit.to_string());
        }
    }
    set("normalise_gradients", config.normalise_gradients, "yes".into());
    set("layerwise", config.layerwise, plan.earlier_steps().to_string());
    set("validation_size", config.validation_size > 0, config.validation_size.to_string());
    if let Some(patience) = config.early_stopping {
        set("early_stopping", true, patience.to_string());
    }
    labels
}

/// Share of the most frequent class, which is the accuracy of a network that knows no more, and the entropy
/// of the classes in nats, its cross-entropy.
fn frequencies(labels: &[u32], classes: usize) -> (f64, f64) {
    let mut counts = vec![0u64; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    let share = |n: u64| n as f64 / labels.len().max(1) as f64;
    let majority = counts.iter().copied().max().map_or(0.0, share);
    let entropy = counts.iter().map(|&n| share(n)).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    (majority, entropy)
}

#[cfg(test)]
mod tests {
    use crate::config::TrainConfig;
    use crate::data::{self, DataSpec};
    use crate::nn::Network;

    #[test]
    fn initial_deviations_are_those_of_the_weights() {
        for activation in ["tanh", "maxout:4"] {
            let config = TrainConfig {
                data: DataSpec::Gaussians,
                activation: activation.parse().unwrap(),
                initialisation: Some("glorot-normal".parse().unwrap()),
                ..TrainConfig::default()
            };
            let data = data::load(&config.data, &config.data_options).unwrap();
            let plan = config.plan(&data).unwrap();
            let network = Network::<f64>::of(plan.shape(), plan.initialisation, 1);
            let weight = network.weight(1);
            let measured = (weight.iter().map(|w| w * w).sum::<f64>() / weight.len() as f64).sqrt();
            let header = super::header(&plan, &data, "r");
            let said = header.facts.initial_deviation.unwrap()["layers.2.weight"];
            // Ten thousand draws and more: their deviation is known to 1 %.
            assert!((said / measured - 1.0).abs() < 0.03, "{activation}: {said} {measured}");
        }
    }

    #[test]
    fn frequencies_of_a_known_set() {
        // 3, 1 and 0 of 4: entropy 2 ln 2 - 3/4 ln 3.
        let (majority, entropy) = super::frequencies(&[0, 1, 0, 0], 3);
        assert_eq!(majority, 0.75);
        assert!((entropy - (2.0 * 2f64.ln() - 0.75 * 3f64.ln())).abs() < 1e-15);
    }
}
