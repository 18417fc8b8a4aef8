//! What is drawn: a record's summary becomes a [`chart::Figure`], plain data that a test can compare with the
//! record.
//!
//! One file a figure, each with a `build` function and a line in [`FIGURES`]; each file's header says how to
//! read the figure and when it misleads. What they share lies in `frame` (axes, strips, colour scales),
//! `sheet` (how a figure is put together), `words` (titles, captions, descriptions), `options` (what can be
//! chosen) and [`table`](mod@table) (the plotted numbers as CSV).
//!
//! Rules that hold for every figure: layer 1 is the input side and lies at the bottom; a recorded step's cell
//! reaches to the next recorded step; what a run did not reach is not drawn; zero, underflow, NaN, infinity
//! and missing stay five kinds of cell; the title says the finding in numbers of *this* record, and no
//! adjective.

pub mod chart;
mod depth;
mod describe;
mod events;
pub mod flow;
mod frame;
mod lettering;
pub mod maps;
mod options;
mod reading;
pub mod ridges;
mod sheet;
pub mod size;
mod spec;
pub mod table;
mod words;

pub mod activation;
pub mod comparison;
pub mod convergence;
pub mod distribution;
pub mod distribution_time;
pub mod early;
pub mod factors;
pub mod filters;
pub mod functions;
pub mod gradient;
pub mod layers;
pub mod movement;
pub mod noise;
pub mod norm;
pub mod plateau;
pub mod profile;
pub mod profiles;
pub mod recipe;
pub mod remedy;
pub mod routes;
pub mod sweep;
pub mod training;
pub mod updates;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use frame::layer_rows;
pub use lettering::words;
pub use options::{Choice, Drawn, GradientMetric, Options, StepAxis};
pub use size::{Hidden, Size};
pub use spec::{Draws, FigureSpec, Input, Runs, build};
pub use table::{table, write_csv};
pub use words::{caption_of_many, head, name as run_name, names as run_names};

use crate::analysis::AnalysisError;

/// Every figure, in the order in which a reader meets them.
pub static FIGURES: &[FigureSpec] = &[
    gradient::GRADIENT,
    gradient::SIGNAL,
    updates::SPEC,
    movement::SPEC,
    convergence::SPEC,
    layers::SPEC,
    profile::SPEC,
    factors::SPEC,
    training::SPEC,
    early::SPEC,
    norm::SPEC,
    plateau::SPEC,
    noise::SPEC,
    activation::SPEC,
    functions::SPEC,
    distribution::SPEC,
    distribution_time::SPEC,
    recipe::SPEC,
    routes::SPEC,
    filters::SPEC,
    comparison::SPEC,
    profiles::SPEC,
    sweep::accuracy::SPEC,
    sweep::by::SPEC,
    sweep::triangle::GRADIENT,
    sweep::triangle::MOVEMENT,
    sweep::grid::SPEC,
    sweep::updates::SPEC,
    remedy::SPEC,
];

/// Why a figure cannot be drawn. [`FigureError::lacks_nothing`] tells a record that is short of something from a
/// run that was not trained in the way that the figure is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    #[error("no figure is called `{name}`{}", nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown { name: String, nearest: Option<&'static str> },
    #[error("figure `{figure}` draws {draws}, but {given}; {hint}")]
    OtherInput { figure: &'static str, draws: &'static str, given: &'static str, hint: &'static str },
    #[error("run `{run}` holds no {what}, so `{figure}` has nothing to draw; {hint}")]
    Nothing { figure: &'static str, run: String, what: &'static str, hint: String },
    #[error("sweep `{sweep}` holds no {what}, so `{figure}` has nothing to draw; {hint}")]
    NothingInSweep { figure: &'static str, sweep: String, what: &'static str, hint: String },
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error("cannot write the table of a figure: {0}")]
    Csv(#[from] csv::Error),
}

impl FigureError {
    /// True where a figure is about a choice that this run did not make.
    pub fn lacks_nothing(&self) -> bool {
        matches!(self, FigureError::Nothing { what, .. } if *what == early::CHOICE)
    }
}
