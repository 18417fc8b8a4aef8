//! Everything that a record can hold, in one table: [`METRICS`].
//!
//! Rows, columns, files, exported tables, digests and the documentation walk this table; none of them names a
//! metric by its position. A new metric is one entry here and the place that measures it. An entry's meaning
//! is what `docs/format.md` says.

use std::fmt;
use std::ops::Deref;

/// The table whose rows hold a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row an update: the loss and the gradients at theta_t and the update made from them.
    Step,
    /// The state theta_t now and then, at its end too.
    Snapshot,
    /// Losses and accuracies over whole sets at theta_t.
    Evaluation,
}

impl Table {
    pub const ALL: [Table; 3] = [Table::Step, Table::Snapshot, Table::Evaluation];

    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Table::Step => "step",
            Table::Snapshot => "snapshot",
            Table::Evaluation => "evaluation",
        }
    }

    /// Stem of the file that holds the steps of its rows.
    pub fn key(self) -> &'static str {
        match self {
            Table::Step => "step",
            Table::Snapshot => "snapshot_step",
            Table::Evaluation => "eval_step",
        }
    }

    /// Its metrics, in the order of [`METRICS`].
    pub fn metrics(self) -> impl Iterator<Item = MetricId> {
        MetricId::all().filter(move |id| id.table == self)
    }
}

/// How many values of a metric a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// One.
    Run,
    /// One a layer of the header; of [`ValueKind::Histogram`] as many as there are bins for each layer.
    Layer,
    /// One a tensor of the header; of [`ValueKind::Sketch`] as many buckets as the header says for each tensor.
    Tensor,
}

/// What the values of a metric are, and so how those of several tensors are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// An L2 norm, never negative: of several tensors together it is the root of the sum of the squares.
    Norm,
    /// A number that is never negative.
    Magnitude,
    /// A share from 0 to 1: of several tensors together it is their mean, weighted by their sizes.
    Share,
    /// A number of either sign, or one that cannot underflow: -0 is a zero.
    Number,
    /// Numbers that have no meaning one by one.
    Sketch,
    /// Counts in the bins of [`crate::stats::bins`]; NaN where nothing was counted.
    Histogram,
}

impl ValueKind {
    /// Whether -0 stands for an underflow ([`crate::stats`]).
    pub fn can_underflow(self) -> bool {
        matches!(self, ValueKind::Norm | ValueKind::Magnitude | ValueKind::Share)
    }
}

/// The axis that suits a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scale {
    Linear,
    Logarithmic,
}

/// The number type of a metric's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    F64,
    F32,
}

impl Element {
    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Element::F64 => "float64",
            Element::F32 => "float32",
        }
    }
}

/// One entry of [`METRICS`].
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Stem of its file and its name in exported tables.
    pub id: &'static str,
    pub table: Table,
    pub per: Per,
    pub kind: ValueKind,
    pub scale: Scale,
    /// Empty for a pure number or one in the units of the parameters.
    pub unit: &'static str,
    pub element: Element,
    /// One sentence, in Markdown.
    pub meaning: &'static str,
}

/// An entry of [`METRICS`], by name: [`GRAD_NORM`], [`LOSS`], ...
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId(usize);

impl MetricId {
    /// Every metric, in the order of the table.
    pub fn all() -> impl Iterator<Item = MetricId> {
        (0..METRICS.len()).map(MetricId)
    }

    /// The metric of this id.
    pub fn named(id: &str) -> Option<MetricId> {
        MetricId::all().find(|metric| metric.id == id)
    }

    /// Index into [`METRICS`].
    pub(super) fn index(self) -> usize {
        self.0
    }
}

impl Deref for MetricId {
    type Target = Metric;

    fn deref(&self) -> &'static Metric {
        &METRICS[self.0]
    }
}

impl fmt::Debug for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! metrics {
    ($($name:ident = $id:literal: $table:ident, $per:ident, $kind:ident, $scale:ident, $unit:literal, $element:ident,
        $meaning:literal;)*) => {
        // Gives each name its index into the table; the names are those of the constants.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index {
            $($name),*
        }
        $(
            #[doc = concat!("`", $id, "`: ", $meaning)]
            pub const $name: MetricId = MetricId(Index::$name as usize);
        )*
        /// Number of metrics.
        pub(super) const COUNT: usize = [$($id),*].len();

        /// Everything that a record can hold.
        pub static METRICS: &[Metric] = &[$(
            Metric {
                id: $id,
                table: Table::$table,
                per: Per::$per,
                kind: ValueKind::$kind,
                scale: Scale::$scale,
                unit: $unit,
                element: Element::$element,
                meaning: $meaning,
            }
        ),*];
    };
}

metrics! {
    EPOCH = "epoch": Step, Run, Number, Linear, "epochs", F64,
        "epochs finished before this step, with its fraction";
    LEARNING_RATE = "learning_rate": Step, Run, Number, Logarithmic, "", F64,
        "the learning rate of this step, as the schedule gave it";
    LOSS = "loss": Step, Run, Number, Logarithmic, "", F64,
        "loss of the batch, before the update";
    BATCH_ACCURACY = "batch_accuracy": Step, Run, Number, Linear, "share", F64,
        "accuracy on the batch, before the update";
    GROUP_RATE = "group_rate": Step, Tensor, Magnitude, Logarithmic, "", F64,
        "learning rate of the tensor's parameter group in this step, where groups have different ones";
    TOTAL_GRAD_NORM = "total_grad_norm": Step, Run, Norm, Logarithmic, "", F64,
        "L2 norm of the gradient of all parameters together, before clipping";
    CLIPPED_GRAD_NORM = "clipped_grad_norm": Step, Run, Norm, Logarithmic, "", F64,
        "the same after clipping, as the optimizer got it";
    GRAD_NORM = "grad_norm": Step, Tensor, Norm, Logarithmic, "", F64,
        "L2 norm of the batch-mean gradient of the loss (without weight decay and L1)";
    UPDATE_NORM = "update_norm": Step, Tensor, Norm, Logarithmic, "", F64,
        "L2 norm of the applied update, theta_{t+1} - theta_t as the numbers were stored";
    DRIVEN_NORM = "driven_norm": Step, Tensor, Norm, Logarithmic, "", F64,
        "L2 norm of the part of the update that the gradient made";
    DECAY_NORM = "decay_norm": Step, Tensor, Norm, Logarithmic, "", F64,
        "L2 norm of the part of the update that weight decay and L1 made";
    PARAM_NORM = "param_norm": Step, Tensor, Norm, Logarithmic, "", F64,
        "L2 norm of theta_t";
    SIGNAL_RMS = "signal_rms": Step, Layer, Magnitude, Logarithmic, "", F64,
        "sqrt(mean over samples of \\|delta_a\\|^2), delta_a = d loss_a / d pre-activation";
    GRAD_RMS = "grad_rms": Step, Layer, Magnitude, Logarithmic, "", F64,
        "sqrt(mean over samples of \\|G_a\\|^2), G_a = d loss_a / d weight; of a dense layer \\|G_a\\|^2 = \\|delta_a\\|^2 \\|x_a\\|^2";
    SIGNAL_BEFORE_RMS = "signal_before_rms": Step, Layer, Magnitude, Logarithmic, "", F64,
        "of a layer without weights, such as pooling: sqrt(mean over samples of \\|d loss_a / d input of the layer\\|^2)";
    DISTANCE_FROM_INIT = "distance_from_init": Snapshot, Tensor, Norm, Logarithmic, "", F64,
        "L2 norm of theta_t - theta_0";
    ZERO_SHARE = "zero_share": Snapshot, Tensor, Share, Linear, "share", F64,
        "share of the tensor's numbers that are exactly zero";
    ACTIVATION_MEAN = "activation_mean": Snapshot, Layer, Number, Linear, "", F64,
        "mean of the activations over the units and samples of the batch";
    ACTIVATION_STD = "activation_std": Snapshot, Layer, Magnitude, Logarithmic, "", F64,
        "standard deviation of the activations over the units and samples of the batch";
    SATURATED_SHARE = "saturated_share": Snapshot, Layer, Share, Linear, "share", F64,
        "share of (sample, unit) pairs with a slope under 5.91 % of the largest slope";
    DEAD_SHARE = "dead_share": Snapshot, Layer, Share, Linear, "share", F64,
        "share of units with slope 0 (under the saturation bound for smooth functions) in the whole batch";
    MEAN_SQUARED_SLOPE = "mean_squared_slope": Snapshot, Layer, Magnitude, Logarithmic, "", F64,
        "mean of phi'(pre-activation)^2 over the units and samples of the batch";
    ROUTED_SHARE = "routed_share": Snapshot, Layer, Share, Linear, "share", F64,
        "share of the places of a pooling layer's input that get a gradient: in max pooling those that won a window";
    WINNERS_CHANGED = "winners_changed": Snapshot, Layer, Share, Linear, "share", F64,
        "share of the outputs of max pooling and maxout that another input became than at the snapshot before, over \
         the first 64 training samples";
    PRE_ACTIVATION_HISTOGRAM = "pre_activation_histogram": Snapshot, Layer, Histogram, Linear, "count", F32,
        "counts of what the activation function was given, over (sample, unit) pairs of the batch";
    ACTIVATION_HISTOGRAM = "activation_histogram": Snapshot, Layer, Histogram, Linear, "count", F32,
        "counts of what the activation function made of it";
    SIGNAL_HISTOGRAM = "signal_histogram": Snapshot, Layer, Histogram, Linear, "count", F32,
        "counts of the numbers of delta_a = d loss_a / d pre-activation";
    SKETCH = "sketch": Snapshot, Tensor, Sketch, Linear, "", F32,
        "CountSketch of theta_t - theta_0, for distances between any two snapshots";
    EVAL_EPOCH = "eval_epoch": Evaluation, Run, Number, Linear, "epochs", F64,
        "epochs finished, with the fraction";
    TRAIN_LOSS = "train_loss": Evaluation, Run, Number, Logarithmic, "", F64,
        "mean loss over the training set";
    TRAIN_ACCURACY = "train_accuracy": Evaluation, Run, Number, Linear, "share", F64,
        "accuracy on the training set";
    TEST_LOSS = "test_loss": Evaluation, Run, Number, Logarithmic, "", F64,
        "mean loss over the test set";
    TEST_ACCURACY = "test_accuracy": Evaluation, Run, Number, Linear, "share", F64,
        "accuracy on the test set";
    VALIDATION_LOSS = "validation_loss": Evaluation, Run, Number, Logarithmic, "", F64,
        "mean loss over samples kept out of the training set";
    VALIDATION_ACCURACY = "validation_accuracy": Evaluation, Run, Number, Linear, "share", F64,
        "accuracy on samples kept out of the training set";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_name_their_entry() {
        assert_eq!(COUNT, METRICS.len());
        for id in MetricId::all() {
            assert_eq!(MetricId::named(id.id), Some(id));
            assert!(id.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{id:?}");
            assert!(Table::ALL.iter().all(|t| t.key() != id.id), "{id:?}");
            let is_block = matches!(id.kind, ValueKind::Sketch | ValueKind::Histogram);
            assert_eq!(id.element == Element::F32, is_block, "{id:?}");
        }
        assert_eq!((GRAD_NORM.id, VALIDATION_ACCURACY.id), ("grad_norm", "validation_accuracy"));
    }
}
