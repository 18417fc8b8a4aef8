//! What is known of a run besides its numbers, in types: what diagnoses and figures decide by. Each fact is
//! optional.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Facts of a run. What is not known is left out of `meta.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Facts {
    /// What is learned: `classification`, `regression`, `language-modelling`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Name of the data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<usize>,
    /// Share of the most frequent class of the training set: the accuracy of a network that knows no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub majority_share: Option<f64>,
    /// Entropy of the classes of the training set in nats: the cross-entropy of a network that knows no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_entropy: Option<f64>,
    /// Samples that are trained on, without those kept for validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<Optimizer>,
    /// The learning rate before any schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1: Option<f64>,
    /// The norm over all tensors that gradients are clipped to; 0 where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// The size that every number of a gradient is clipped to; 0 where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_value: Option<f64>,
    /// Whether the gradient of every tensor is divided by its norm before the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalise_gradients: Option<bool>,
    /// Updates that were made before the recorded ones, in the earlier stages of layer-wise training; 0 where
    /// the recorded ones begin with parameters that were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layerwise_steps: Option<u64>,
    /// `cross-entropy`, `mse`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<String>,
    /// What the loss takes: `logits` where it has the softmax or sigmoid inside, else `probabilities` or
    /// `log-probabilities`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_input: Option<String>,
    /// Loss of the best answer that ignores the input, the same for every sample: of a regression with `mse` the
    /// variance of the targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignorant_loss: Option<f64>,
    /// Name of the initialisation, such as `he-normal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialisation: Option<String>,
    /// The number that all biases of hidden layers began at, where that was chosen beside the initialisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias_start: Option<f64>,
    /// Name of the normalisation of hidden layers; `none` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalisation: Option<String>,
    /// Whether hidden layers have skip connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<bool>,
    /// Share of units that are dropped in training; 0 where none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Number type of the parameters: `f32`, `f64`, `f16`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// Evaluations that early stopping waits for; 0 without early stopping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<u64>,
    /// Standard deviation that the initial values of a tensor were drawn with, by the tensor's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_deviation: Option<BTreeMap<String, f64>>,
    /// Statistics of the inputs as they were fed to the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
}

crate::field::setters!(Facts {
    with_task = task: optional String,
    with_data = data: optional String,
    with_classes = classes: optional usize,
    with_majority_share = majority_share: optional f64,
    with_class_entropy = class_entropy: optional f64,
    with_train_size = train_size: optional u64,
    with_validation_size = validation_size: optional u64,
    with_test_size = test_size: optional u64,
    with_batch_size = batch_size: optional u64,
    with_optimizer = optimizer: optional Optimizer,
    with_learning_rate = learning_rate: optional f64,
    with_weight_decay = weight_decay: optional f64,
    with_l1 = l1: optional f64,
    with_clip_norm = clip_norm: optional f64,
    with_clip_value = clip_value: optional f64,
    with_normalise_gradients = normalise_gradients: optional bool,
    with_layerwise_steps = layerwise_steps: optional u64,
    with_loss = loss: optional String,
    with_loss_input = loss_input: optional String,
    with_ignorant_loss = ignorant_loss: optional f64,
    with_initialisation = initialisation: optional String,
    with_bias_start = bias_start: optional f64,
    with_normalisation = normalisation: optional String,
    with_residual = residual: optional bool,
    with_dropout = dropout: optional f64,
    with_precision = precision: optional String,
    with_early_stopping = early_stopping: optional u64,
    with_initial_deviation = initial_deviation: optional BTreeMap<String, f64>,
    with_inputs = inputs: optional Inputs,
});

/// An optimiser and its settings beside the learning rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// `sgd`, `momentum`, `nesterov`, `adagrad`, `rmsprop`, `adam`, `adamw`, or another name.
    pub name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, f64>,
}

/// Statistics of the inputs of the training set, after whatever is done to them before the first layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Statistics of all numbers together.
    #[serde(flatten)]
    pub all: Spread,
    /// The same of columns that stand out ([`Inputs::of`]), the farthest first, at most [`Inputs::MOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// How many columns stand out.
    #[serde(default)]
    pub standing_out: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    /// Standard deviation, of the samples themselves and not an estimate for more.
    pub deviation: f64,
}

/// One column of the inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(flatten)]
    pub spread: Spread,
}

impl Spread {
    /// Root mean square.
    pub fn size(&self) -> f64 {
        self.mean.hypot(self.deviation)
    }

    /// The largest magnitude.
    pub fn reach(&self) -> f64 {
        self.min.abs().max(self.max.abs())
    }
}

impl Inputs {
    /// A column stands out when its root mean square is [`Inputs::LARGE`] or more, or its deviation or its largest magnitude is more than this many times that of
    /// the median column. The gradient of a weight is proportional to its input and the curvature to the
    /// input's square: at ten times the median a learning rate that suits the other columns is a hundred
    /// times too large for this one.
    pub const FACTOR: f64 = 10.0;
    /// So does one whose root mean square is at least this, beside whatever others: initialisations and usual
    /// learning rates are made for inputs of size 1.
    pub const LARGE: f64 = 10.0;
    /// Columns that are listed.
    pub const MOST: usize = 10;

    /// The listed columns whose root mean square is at least `size`, the largest first; none where more stand
    /// out than are listed: of the thousand pixels of an image no single one is the matter.
    pub fn large(&self, size: f64) -> Vec<&Column> {
        let is_listed = self.standing_out as usize <= Inputs::MOST;
        let mut large: Vec<&Column> =
            self.columns.iter().filter(|c| is_listed && c.spread.size() >= size).collect();
        large.sort_by(|a, b| b.spread.size().total_cmp(&a.spread.size()));
        large
    }

    /// The largest root mean square that is known: that of all inputs together or of a listed column.
    pub fn size(&self) -> f64 {
        self.columns.iter().map(|c| c.spread.size()).fold(self.all.size(), f64::max)
    }

    /// Statistics of rows of `features` numbers; `None` when there are none. `name` names a column, from 0.
    pub fn of(values: &[f32], features: usize, name: impl Fn(usize) -> String) -> Option<Inputs> {
        let rows = values.len().checked_div(features)?;
        if rows == 0 {
            return None;
        }
        let mut sums = vec![(f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0); features];
        for row in values.chunks_exact(features) {
            for ((min, max, sum, square), &x) in sums.iter_mut().zip(row) {
                let x = f64::from(x);
                *min = min.min(x);
                *max = max.max(x);
                *sum += x;
                *square += x * x;
            }
        }
        let spread = |n: f64, &(min, max, sum, square): &(f64, f64, f64, f64)| {
            let mean = sum / n;
            Spread { min, max, mean, deviation: (square / n - mean * mean).max(0.0).sqrt() }
        };
        let columns: Vec<Spread> = sums.iter().map(|sums| spread(rows as f64, sums)).collect();
        let together = sums.iter().fold((f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0), |a, b| {
            (a.0.min(b.0), a.1.max(b.1), a.2 + b.2, a.3 + b.3)
        });
        // Columns that never vary (the border of an image) are no measure of what is usual.
        let median = |of: fn(&Spread) -> f64| {
            crate::stats::median(columns.iter().filter(|c| c.deviation > 0.0).map(of)).filter(|&m| m > 0.0)
        };
        let (deviation, reach) = (median(|c| c.deviation), median(Spread::reach));
        let over = |value: f64, usual: Option<f64>| usual.map_or(0.0, |usual| value / usual);
        let far = |c: &Spread| over(c.deviation, deviation).max(over(c.reach(), reach));
        let stands_out = |c: &Spread| far(c) > Inputs::FACTOR || c.size() >= Inputs::LARGE;
        let mut out: Vec<usize> = (0..features).filter(|&i| stands_out(&columns[i])).collect();
        out.sort_by(|&a, &b| far(&columns[b]).total_cmp(&far(&columns[a])));
        let listed = out.iter().take(Inputs::MOST).map(|&i| Column { name: name(i), spread: columns[i] });
        Some(Inputs {
            all: spread(values.len() as f64, &together),
            columns: listed.collect(),
            standing_out: out.len() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_a_known_table_and_a_column_of_another_size_stands_out() {
        // Columns: 0 and 2; 1 and 3; 0 and 100; always 5.
        let table = [0.0, 1.0, 0.0, 5.0, 2.0, 3.0, 100.0, 5.0];
        let inputs = Inputs::of(&table, 4, |i| format!("column {}", i + 1)).unwrap();
        assert_eq!((inputs.all.min, inputs.all.max, inputs.all.mean), (0.0, 100.0, 14.5));
        let variance = table.iter().map(|&x| (f64::from(x) - 14.5).powi(2)).sum::<f64>() / 8.0;
        assert!((inputs.all.deviation - variance.sqrt()).abs() < 1e-12);
        assert_eq!(inputs.standing_out, 1);
        let column = &inputs.columns[0];
        assert_eq!(
            (column.name.as_str(), column.spread.mean, column.spread.deviation),
            ("column 3", 50.0, 50.0)
        );
        assert!(Inputs::of(&[], 3, |i| i.to_string()).is_none());
        assert!(Inputs::of(&[1.0], 0, |i| i.to_string()).is_none());
    }
}
