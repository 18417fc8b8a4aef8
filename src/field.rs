//! The settings that an error can name: [`Field`].
//!
//! An error of this library names a setting as its field is called (`train_size`), since that is what a
//! caller wrote. A program whose users write something else says so once, with [`spell_with`]: the command
//! line turns `train_size` into `--train-size` in every message, in one place.

use std::fmt;
use std::sync::OnceLock;

/// Writes a field as the users of a program know it.
pub type Spelling = fn(Field, &mut fmt::Formatter<'_>) -> fmt::Result;

static SPELLING: OnceLock<Spelling> = OnceLock::new();

/// From now on every [`Field`] is written by `spelling`, in the whole process. To be called once, when a
/// program starts; a second call has no effect and returns false.
pub fn spell_with(spelling: Spelling) -> bool {
    SPELLING.set(spelling).is_ok()
}

/// Setters of a struct to which fields will be added: `with_epochs = epochs: optional u64` makes
/// `with_epochs(3)` and `with_epochs(None)`.
macro_rules! setters {
    ($type:ident { $($rows:tt)* }) => {
        impl $type {
            $crate::field::setters!(@ $type $($rows)*);
        }
    };
    (@ $type:ident) => {};
    (@ $type:ident $setter:ident = $name:ident: optional $value:ty, $($rows:tt)*) => {
        #[doc = concat!("The same with this `", stringify!($name), "`, or with none.")]
        #[must_use]
        pub fn $setter(mut self, $name: impl Into<Option<$value>>) -> $type {
            self.$name = $name.into();
            self
        }
        $crate::field::setters!(@ $type $($rows)*);
    };
    (@ $type:ident $setter:ident = $name:ident: $value:ty, $($rows:tt)*) => {
        #[doc = concat!("The same with this `", stringify!($name), "`.")]
        #[must_use]
        pub fn $setter(mut self, $name: $value) -> $type {
            self.$name = $name;
            self
        }
        $crate::field::setters!(@ $type $($rows)*);
    };
}
pub(crate) use setters;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A setting that a caller gives: a field of a configuration or an argument of a function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Field {
            $($(#[$doc])* $variant,)*
        }

        impl Field {
            /// Every field.
            pub const ALL: &[Field] = &[$(Field::$variant,)*];

            /// Its name in this library, such as `train_size`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Field::$variant => $name,)*
                }
            }
        }
    };
}

fields! {
    // What is trained: the fields of `config::TrainConfig`.
    Data = "data",
    HiddenLayers = "hidden_layers",
    Width = "width",
    Widths = "widths",
    Network = "network",
    Activation = "activation",
    Normalisation = "normalisation",
    Residual = "residual",
    Dropout = "dropout",
    Initialisation = "initialisation",
    BiasStart = "bias_start",
    Loss = "loss",
    Optimizer = "optimizer",
    Momentum = "momentum",
    LearningRate = "learning_rate",
    Schedule = "schedule",
    WarmUp = "warm_up",
    WeightDecay = "weight_decay",
    L1 = "l1",
    L1Step = "l1_step",
    ClipNorm = "clip_norm",
    ClipValue = "clip_value",
    NormaliseGradients = "normalise_gradients",
    Layerwise = "layerwise",
    BatchSize = "batch_size",
    Epochs = "epochs",
    Steps = "steps",
    Seed = "seed",
    Precision = "precision",
    Threads = "threads",
    Record = "record",
    Snapshots = "snapshots",
    EvalEvery = "eval_every",
    ValidationSize = "validation_size",
    EarlyStopping = "early_stopping",
    MaxMemory = "max_memory_mib",
    // How data is cut and made: the fields of `data::DataOptions`.
    TrainSize = "train_size",
    TestSize = "test_size",
    Standardize = "standardize",
    TestShare = "test_share",
    LabelColumn = "label_column",
    Header = "header",
    TestFile = "test_file",
    IgnoreColumns = "ignore_columns",
    OneHot = "one_hot",
    Missing = "missing",
    Image = "image",
    Samples = "samples",
    Classes = "classes",
    Noise = "noise",
    // What is looked at, and where it goes: arguments of functions.
    /// Number of nearest neighbours of a baseline.
    Neighbours = "neighbours",
    /// Whether parameters are saved before and after training.
    SaveWeights = "save_weights",
    /// The sample of the training set that a figure follows.
    Sample = "sample",
    /// Which of the layers that take a maximum a figure shows.
    Pooling = "pooling",
    /// Names of figures.
    Figure = "figure",
    /// Depths of a sweep that a page shows.
    Depths = "depths",
    /// PNG pixels for each CSS pixel.
    Scale = "scale",
    Size = "size",
    /// The folder that is written.
    Out = "out",
    /// Whether something that is there may be replaced.
    Force = "force",
    /// The notes that a figure goes into.
    Into = "into",
    /// The kind of those notes.
    To = "to",
    /// Name of a block in notes.
    Name = "name",
    /// A built-in plan of a sweep.
    Preset = "preset",
    /// The file of a plan of a sweep.
    Plan = "plan",
    /// The format of a log.
    From = "from",
    /// What is taken of a log.
    Select = "select",
    /// What a name in a log holds.
    Map = "map",
    /// Names of the layers of an array.
    Layers = "layers",
    /// What an array or column holds whose name does not say it.
    Metric = "metric",
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SPELLING.get() {
            Some(spelling) => spelling(*self, f),
            None => f.write_str(self.name()),
        }
    }
}

/// A value as errors show it: `1e308` and `1e-300` instead of hundreds of digits.
pub fn shown(value: impl ToString) -> String {
    let text = value.to_string();
    match text.parse::<f64>() {
        Ok(x) if text.len() > MOST_DIGITS => format!("{x:e}"),
        _ => text,
    }
}

/// No 64-bit whole number is longer.
const MOST_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_shown_with_an_exponent() {
        assert_eq!(shown(1e308), "1e308");
        assert_eq!(shown(-2.5e-300), "-2.5e-300");
        assert_eq!(shown(u64::MAX), "18446744073709551615");
        assert_eq!((shown(0.1), shown("full")), ("0.1".into(), "full".into()));
    }

    #[test]
    fn a_field_is_written_as_the_library_calls_it_unless_a_program_says_otherwise() {
        assert_eq!(Field::TrainSize.to_string(), "train_size");
        let mut names: Vec<&str> = Field::ALL.iter().map(|f| f.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Field::ALL.len(), "two fields of one name");
    }
}
