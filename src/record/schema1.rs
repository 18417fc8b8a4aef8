//! Headers of schema 1, which are still read: what their labels decided becomes facts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::facts::{Facts, Optimizer};
use super::header::{EarlyStop, LayerInfo, SCHEMA, Source, Status, TensorInfo};

/// `meta.json` of schema 1.
#[derive(Deserialize)]
pub(super) struct Header {
    source: Source,
    run: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    seed: Option<u64>,
    layers: Vec<Layer>,
    tensors: Vec<Tensor>,
    classes: Option<usize>,
    steps_per_epoch: Option<u64>,
    planned_steps: Option<u64>,
    sketch_buckets: Option<usize>,
    config: Option<serde_json::Value>,
    status: Status,
    early_stop: Option<EarlyStop>,
    elapsed_secs: Option<f64>,
}

/// A dense layer: there was no other.
#[derive(Deserialize)]
struct Layer {
    name: String,
    fan_in: usize,
    fan_out: usize,
    activation: String,
}

#[derive(Deserialize)]
struct Tensor {
    layer: usize,
    kind: Kind,
    shape: Vec<usize>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Weight,
    Bias,
    Gain,
    Shift,
}

impl From<Header> for super::Header {
    fn from(old: Header) -> super::Header {
        let layer = |l: Layer| {
            let dense = LayerInfo::dense(l.name, l.fan_in, l.fan_out);
            if l.activation.is_empty() { dense } else { dense.with_activation(l.activation) }
        };
        let tensor = |t: Tensor| {
            // The names in saved weights.
            let (group, role, part) = match t.kind {
                Kind::Weight => ("layers", "weight", "weight"),
                Kind::Bias => ("layers", "bias", "bias"),
                Kind::Gain => ("norms", "scale", "weight"),
                Kind::Shift => ("norms", "shift", "bias"),
            };
            TensorInfo::new(format!("{group}.{}.{part}", t.layer), t.layer, role, &t.shape)
        };
        super::Header {
            schema: SCHEMA,
            source: old.source,
            run: old.run,
            facts: facts(&old.labels, old.classes),
            labels: old.labels,
            seed: old.seed,
            layers: old.layers.into_iter().map(layer).collect(),
            tensors: old.tensors.into_iter().map(tensor).collect(),
            steps_per_epoch: old.steps_per_epoch,
            planned_steps: old.planned_steps,
            sketch_buckets: old.sketch_buckets,
            config: old.config,
            status: old.status,
            early_stop: old.early_stop,
            is_part: false,
            elapsed_secs: old.elapsed_secs,
        }
    }
}

/// Labels that were read as facts, by the rules of that time: a word that is no number is not known.
pub(crate) fn facts(labels: &BTreeMap<String, String>, classes: Option<usize>) -> Facts {
    let word = |key: &str| labels.get(key).filter(|word| !word.is_empty()).cloned();
    let number = |key: &str| word(key)?.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
    let count = |key: &str| word(key)?.parse::<u64>().ok();
    // `full (1000)` is the whole set.
    let batch = |text: String| text.trim_start_matches("full (").trim_end_matches(')').parse::<u64>().ok();
    Facts {
        task: classes.map(|_| "classification".into()),
        data: word("data"),
        classes,
        majority_share: number("majority_share"),
        class_entropy: number("class_entropy"),
        train_size: count("train_size"),
        validation_size: count("validation_size"),
        test_size: count("test_size"),
        batch_size: word("batch_size").and_then(batch),
        optimizer: word("optimizer").map(|name| Optimizer { name, settings: BTreeMap::new() }),
        learning_rate: number("learning_rate"),
        weight_decay: number("weight_decay"),
        l1: number("l1"),
        clip_norm: None,
        clip_value: None,
        normalise_gradients: None,
        layerwise_steps: None,
        loss: word("loss"),
        loss_input: None,
        ignorant_loss: None,
        initialisation: word("initialisation"),
        bias_start: None,
        normalisation: word("normalisation"),
        residual: word("residual").map(|word| word != "no"),
        dropout: number("dropout"),
        precision: word("precision"),
        early_stopping: count("early_stopping"),
        initial_deviation: None,
        inputs: None,
    }
}
