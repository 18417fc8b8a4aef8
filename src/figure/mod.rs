//! What is drawn: a record's summary becomes a [`chart::Figure`], plain data that a test can compare with the record.
//!
//! One file a figure, each with a `build` function and a line in [`FIGURES`]; each file's header says how to read the
//! figure and when it misleads. What they share lies in `frame` (axes, strips, colour scales), `words` (titles,
//! captions, descriptions) and [`table`](mod@table) (the plotted numbers as CSV).
//!
//! Rules that hold for every figure: layer 1 is the input side and lies at the bottom; a recorded step's cell reaches to the
//! next recorded step; what a run did not reach is not drawn; zero, underflow, NaN, infinity and missing stay five kinds
//! of cell; the title says the finding in numbers of *this* record, and no adjective.

pub mod chart;
pub mod flow;
mod frame;
mod reading;
mod said;
pub mod table;
mod words;

pub mod activation;
pub mod comparison;
pub mod convergence;
pub mod gradient;
pub mod movement;
pub mod profile;
pub mod recipe;
pub mod remedy;
pub mod sweep;
pub mod training;
pub mod updates;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use said::words;
pub use table::{table, write_csv};
pub use words::{caption_of_many, name as run_name, names as run_names};

use crate::analysis::{AnalysisError, Summary};
use crate::record::{Record, TensorKind};
use crate::text::{Lang, Quantity};
use chart::Figure;

/// Which gradient a figure draws.
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

impl GradientMetric {
    pub const ALL: [GradientMetric; 4] =
        [GradientMetric::BatchMean, GradientMetric::PerParameter, GradientMetric::PerSample, GradientMetric::Signal];

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

/// | name | default | meaning |
/// |---|---|---|
/// | `x_log` | `false` | steps on a logarithmic axis (log10 of 1 + step) |
/// | `tensor` | weights | draw weight matrices or bias vectors |
/// | `gradient` | the figure's own | what `gradient-heatmap` and `comparison` draw |
/// | `absolute_updates` | `false` | `update-heatmap`: norms instead of norms relative to the parameters |
/// | `lang` | English | language of every word |
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub x_log: bool,
    pub tensor: TensorKind,
    pub gradient: Option<GradientMetric>,
    pub absolute_updates: bool,
    pub lang: Lang,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            x_log: false,
            tensor: TensorKind::Weight,
            gradient: None,
            absolute_updates: false,
            lang: Lang::default(),
        }
    }
}

/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    #[error("no figure is called `{name}`{}", nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown { name: String, nearest: Option<&'static str> },
    #[error("figure `{figure}` draws {needs}, but {got} were given{hint}")]
    RunCount { figure: &'static str, needs: &'static str, got: usize, hint: &'static str },
    #[error("run `{run}` holds no {what}, so `{figure}` has nothing to draw; {hint}")]
    Nothing { figure: &'static str, run: String, what: &'static str, hint: String },
    #[error("sweep `{sweep}` holds no {what}, so `{figure}` has nothing to draw; {hint}")]
    NothingInSweep { figure: &'static str, sweep: String, what: &'static str, hint: String },
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error("cannot write the table of a figure: {0}")]
    Csv(#[from] csv::Error),
}

/// How many runs a figure draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    One,
    /// Two or more.
    Many,
}

/// The runs of a figure.
#[derive(Debug)]
pub struct Input<'a> {
    /// Name of the figure that is being built, for its errors.
    pub figure: &'static str,
    /// At least one; exactly one for [`Runs::One`].
    pub runs: Vec<Summary<'a>>,
}

impl<'a> Input<'a> {
    /// The one run of a [`Runs::One`] figure.
    pub fn run(&self) -> &Summary<'a> {
        &self.runs[0]
    }

    pub(crate) fn nothing(&self, run: &Summary, what: &'static str, hint: impl Into<String>) -> FigureError {
        FigureError::Nothing { figure: self.figure, run: run.header().run.clone(), what, hint: hint.into() }
    }
}

/// A figure that can be asked for by name.
pub struct Spec {
    /// Name on the command line and stem of the file.
    pub name: &'static str,
    /// One line for `plot --list`.
    pub summary: &'static str,
    pub runs: Runs,
    pub build: fn(&Input, &Options) -> Result<Figure, FigureError>,
}

/// Every figure, in the order in which a reader meets them.
pub static FIGURES: &[Spec] = &[
    gradient::GRADIENT,
    gradient::SIGNAL,
    updates::SPEC,
    movement::SPEC,
    convergence::SPEC,
    profile::SPEC,
    training::SPEC,
    activation::SPEC,
    recipe::SPEC,
    comparison::SPEC,
];

/// Builds a figure by name.
///
/// # Errors
/// An unknown name (with the nearest right one), a wrong number of runs, a record whose shapes contradict its header, or
/// one that does not hold what the figure draws.
pub fn build(name: &str, runs: &[Record], options: &Options) -> Result<Figure, FigureError> {
    let spec = FIGURES.iter().find(|s| s.name == name).ok_or_else(|| FigureError::Unknown {
        name: name.to_string(),
        nearest: crate::names::nearest(name, FIGURES.iter().map(|s| s.name)),
    })?;
    let error = |needs, hint| FigureError::RunCount { figure: spec.name, needs, got: runs.len(), hint };
    match (spec.runs, runs.len()) {
        (Runs::One, 1) => {}
        (Runs::One, 0) => return Err(error("one run", "; name a run folder")),
        (Runs::One, _) => return Err(error("one run", "; draw them one by one, or use `comparison`")),
        (Runs::Many, 0 | 1) => return Err(error("two or more runs", "; name at least two run folders")),
        (Runs::Many, _) => {}
    }
    let runs = runs.iter().map(Summary::new).collect::<Result<Vec<_>, _>>()?;
    let input = Input { figure: spec.name, runs };
    let mut figure = (spec.build)(&input, options)?;
    figure.reading = reading::of_runs(spec.name, &figure, &input.runs, options);
    Ok(figure)
}
