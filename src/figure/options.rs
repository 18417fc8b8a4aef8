//! What can be chosen when a figure is built: a set of choices, each of its own type.
//!
//! A choice that only one figure knows is a type in that figure's file; nothing here changes for it:
//!
//! ```
//! use gradfade::figure::updates::Norms;
//! use gradfade::figure::{Options, StepAxis};
//! use gradfade::text::Lang;
//!
//! let options = Options::new(Lang::Zh).with(StepAxis::Log).with(Norms::Absolute);
//! assert_eq!(options.get::<Norms>(), Norms::Absolute);
//! assert_eq!(Options::default().get::<StepAxis>(), StepAxis::Linear);
//! ```

use std::any::Any;
use std::sync::Arc;

use crate::record::Role;
use crate::text::{Lang, Quantity};

/// A type of which an [`Options`] holds one value; its default counts where nothing was chosen.
pub trait Choice: Clone + Default + Send + Sync + 'static {}

/// The language of a figure and what was chosen for it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub lang: Lang,
    chosen: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Options {
    pub fn new(lang: Lang) -> Options {
        Options { lang, chosen: Vec::new() }
    }

    /// The same with this choice, in place of an earlier one of its type.
    #[must_use]
    pub fn with<C: Choice>(mut self, choice: C) -> Options {
        self.chosen.retain(|c| !c.is::<C>());
        self.chosen.push(Arc::new(choice));
        self
    }

    /// What was chosen, or the default.
    pub fn get<C: Choice>(&self) -> C {
        self.chosen.iter().find_map(|c| c.downcast_ref().cloned()).unwrap_or_default()
    }

    /// The tensors that are drawn.
    pub(super) fn tensor(&self) -> Role {
        match self.get() {
            Drawn::Weights => Role::Weight,
            Drawn::Biases => Role::Bias,
        }
    }

    /// True for a figure of bias vectors.
    pub(super) fn bias(&self) -> bool {
        self.get::<Drawn>() == Drawn::Biases
    }
}

/// The axis of steps or updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepAxis {
    #[default]
    Linear,
    /// log10 of 1 + step.
    Log,
}

impl Choice for StepAxis {}

/// Which tensor of each layer a figure draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drawn {
    #[default]
    Weights,
    Biases,
}

impl Choice for Drawn {}

/// Which gradient a figure draws; where none is chosen, each figure has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradientMetric {
    /// L2 norm of the batch-mean gradient, which every framework shows.
    BatchMean,
    /// The same over the root of the number of entries: free of the first layer's many inputs.
    PerParameter,
    /// Norm of one sample's weight gradient, RMS over the batch.
    PerSample,
    /// Norm of one sample's backward signal, RMS over the batch.
    Signal,
}

impl Choice for Option<GradientMetric> {}

impl GradientMetric {
    pub const ALL: [GradientMetric; 4] = [
        GradientMetric::BatchMean,
        GradientMetric::PerParameter,
        GradientMetric::PerSample,
        GradientMetric::Signal,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            GradientMetric::BatchMean => "batch-mean",
            GradientMetric::PerParameter => "per-parameter",
            GradientMetric::PerSample => "per-sample",
            GradientMetric::Signal => "signal",
        }
    }

    pub(crate) fn quantity(self) -> Quantity {
        match self {
            GradientMetric::BatchMean => Quantity::BatchGradient,
            GradientMetric::PerParameter => Quantity::GradientPerParameter,
            GradientMetric::PerSample => Quantity::SampleGradient,
            GradientMetric::Signal => Quantity::Signal,
        }
    }
}
