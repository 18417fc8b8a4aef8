//! What a figure of the registry says of itself: its name, what it is drawn from, and how it is built.
//!
//! A figure is a file of [`super`] and a line in [`FIGURES`]. `plot`, the notes, mdBook's preprocessor, the
//! page and the tests walk that list; none of them knows a figure by its name unless it shows that one
//! figure.

use super::chart::Figure;
use super::events;
use super::size::sized;
use super::sweep::{SweepInput, Sweeps};
use super::{FIGURES, FigureError, Options};
use crate::analysis::Summary;
use crate::record::Record;
use crate::record::replay::Replay;
use crate::record::trial::Trials;

/// What a figure is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// One run.
    Run,
    /// Two or more runs.
    Runs,
    Sweep,
    /// A run and what remedies made of it.
    Trials,
    /// A run and its saved parameters.
    Weights,
    /// No record: the figure shows what holds for every network, and one run where it is given.
    Nothing,
}

impl Draws {
    /// As `plot --list` says it.
    pub fn name(self) -> &'static str {
        match self {
            Draws::Run => "1 run",
            Draws::Runs => "2+ runs",
            Draws::Sweep => "sweep",
            Draws::Trials => "remedies",
            Draws::Weights => "weights",
            Draws::Nothing => "no run",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Draws::Run => "one run",
            Draws::Runs => "two or more runs",
            Draws::Sweep => "a sweep",
            Draws::Trials => "a folder of remedies",
            Draws::Weights => "one run with saved weights",
            Draws::Nothing => "no run, or one",
        }
    }

    /// The same of what somebody gave.
    fn given(self) -> &'static str {
        match self {
            Draws::Run => "one run was given",
            Draws::Runs => "several runs were given",
            Draws::Sweep => "a sweep was given",
            Draws::Trials => "a folder of remedies was given",
            Draws::Weights => "one run was given",
            Draws::Nothing => "none was given",
        }
    }

    /// How to call the figure.
    fn hint(self) -> &'static str {
        match self {
            Draws::Run => "name a run folder",
            Draws::Runs => "name at least two run folders",
            Draws::Sweep => "name the folder of a sweep",
            Draws::Trials => "name a folder that `gradfade remedy` wrote",
            Draws::Weights => "name the folder of a run that was trained with saved weights",
            Draws::Nothing => "name no folder, or one run folder",
        }
    }
}

/// What is handed to a figure.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    Runs(&'a [Record]),
    Sweep(&'a SweepInput<'a>),
    Trials(&'a Trials),
    Weights(&'a Replay),
}

impl Input<'_> {
    /// Which figures this suits.
    pub fn suits(&self) -> Draws {
        match self {
            Input::Runs([]) => Draws::Nothing,
            Input::Runs([_]) => Draws::Run,
            Input::Runs(_) => Draws::Runs,
            Input::Sweep(_) => Draws::Sweep,
            Input::Trials(_) => Draws::Trials,
            Input::Weights(_) => Draws::Weights,
        }
    }
}

impl<'a> From<&'a [Record]> for Input<'a> {
    fn from(runs: &'a [Record]) -> Input<'a> {
        Input::Runs(runs)
    }
}

impl<'a> From<&'a Vec<Record>> for Input<'a> {
    fn from(runs: &'a Vec<Record>) -> Input<'a> {
        Input::Runs(runs)
    }
}

impl<'a, const N: usize> From<&'a [Record; N]> for Input<'a> {
    fn from(runs: &'a [Record; N]) -> Input<'a> {
        Input::Runs(runs)
    }
}

impl<'a> From<&'a SweepInput<'a>> for Input<'a> {
    fn from(sweep: &'a SweepInput<'a>) -> Input<'a> {
        Input::Sweep(sweep)
    }
}

impl<'a> From<&'a Trials> for Input<'a> {
    fn from(trials: &'a Trials) -> Input<'a> {
        Input::Trials(trials)
    }
}

impl<'a> From<&'a Replay> for Input<'a> {
    fn from(replay: &'a Replay) -> Input<'a> {
        Input::Weights(replay)
    }
}

/// Runs, summarised, and the name of the figure that is built from them.
#[derive(Debug)]
pub struct Runs<'a> {
    /// For errors.
    pub figure: &'static str,
    /// At least one; exactly one for a figure of one run.
    pub all: Vec<Summary<'a>>,
}

impl<'a> Runs<'a> {
    /// The run of a figure of one run.
    pub fn run(&self) -> &Summary<'a> {
        &self.all[0]
    }

    pub(super) fn nothing(&self, run: &Summary, what: &'static str, hint: impl Into<String>) -> FigureError {
        FigureError::Nothing { figure: self.figure, run: run.header().run.clone(), what, hint: hint.into() }
    }
}

/// Runs of which only biases are recorded are drawn by those, whatever was asked for.
fn as_recorded(input: Input, options: &Options) -> Options {
    let only_biases = |run: &Record| Summary::new(run).is_ok_and(|summary| summary.only_biases());
    match input {
        Input::Runs(runs) if !runs.is_empty() && runs.iter().all(only_biases) => {
            options.clone().with(super::Drawn::Biases)
        }
        _ => options.clone(),
    }
}

type Built = Result<Figure, FigureError>;

/// How a figure is built; the variant says from what.
pub(super) enum Build {
    Run(fn(&Runs, &Options) -> Built),
    Runs(fn(&Runs, &Options) -> Built),
    Sweep(fn(&Sweeps, &Options) -> Built),
    Trials(fn(&Trials, &Options) -> Built),
    Weights(fn(&Replay, &Options) -> Built),
    /// For figures that need no record, and show a run where one is given.
    Nothing(fn(Option<&Runs>, &Options) -> Built),
}

/// A figure that can be asked for by name.
pub struct FigureSpec {
    /// Name on the command line and stem of the file.
    pub name: &'static str,
    /// One line for `plot --list`.
    pub summary: &'static str,
    pub(super) build: Build,
}

impl FigureSpec {
    /// The figure of this name.
    ///
    /// # Errors
    /// An unknown name, with the nearest right one.
    pub fn find(name: &str) -> Result<&'static FigureSpec, FigureError> {
        FIGURES.iter().find(|s| s.name == name).ok_or_else(|| FigureError::Unknown {
            name: name.to_string(),
            nearest: crate::names::nearest(name, FIGURES.iter().map(|s| s.name)),
        })
    }

    /// Every figure that is drawn from this.
    pub fn all_of(draws: Draws) -> impl Iterator<Item = &'static FigureSpec> {
        FIGURES.iter().filter(move |s| s.draws() == draws)
    }

    /// What the figure is drawn from.
    pub fn draws(&self) -> Draws {
        match self.build {
            Build::Run(_) => Draws::Run,
            Build::Runs(_) => Draws::Runs,
            Build::Sweep(_) => Draws::Sweep,
            Build::Trials(_) => Draws::Trials,
            Build::Weights(_) => Draws::Weights,
            Build::Nothing(_) => Draws::Nothing,
        }
    }

    /// Is this what the figure is drawn from? Whether a run has saved parameters, its folder says.
    ///
    /// # Errors
    /// [`FigureError::OtherInput`] when it is not.
    pub fn accepts(&self, given: Draws) -> Result<(), FigureError> {
        let of_a_run = matches!(self.draws(), Draws::Weights | Draws::Nothing) && given == Draws::Run;
        if self.draws() == given || of_a_run { Ok(()) } else { Err(self.refusal(given)) }
    }

    fn refusal(&self, given: Draws) -> FigureError {
        let hint = match (self.draws(), given) {
            (Draws::Run | Draws::Weights, Draws::Runs) => "draw them one by one, or use `comparison`",
            (Draws::Run, Draws::Trials) => "name a run folder, or draw `remedy`",
            (Draws::Runs, Draws::Trials) => "name at least two run folders, or draw `remedy`",
            (Draws::Sweep, Draws::Trials) => "name the folder of a sweep, or draw `remedy`",
            (draws, _) => draws.hint(),
        };
        let draws = self.draws().words();
        FigureError::OtherInput { figure: self.name, draws, given: given.given(), hint }
    }

    /// Builds the figure.
    ///
    /// # Errors
    /// An input of another kind, a record whose shapes contradict its header, or one that does not hold what
    /// the figure draws.
    pub fn build<'a>(&self, input: impl Into<Input<'a>>, options: &Options) -> Result<Figure, FigureError> {
        let input = input.into();
        let runs = |runs: &'a [Record]| {
            let all = runs.iter().map(Summary::new).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, FigureError>(Runs { figure: self.name, all })
        };
        let options = &as_recorded(input, options);
        let built = match (&self.build, input) {
            (Build::Run(build), Input::Runs(one @ [_])) => {
                let run = runs(one)?;
                build(&run, options).map(|mut figure| {
                    events::mark(&mut figure.panels, run.run(), options.lang);
                    figure
                })
            }
            (Build::Runs(build), Input::Runs(many @ [_, _, ..])) => build(&runs(many)?, options),
            (Build::Sweep(build), Input::Sweep(sweep)) => build(&Sweeps::new(self.name, sweep)?, options),
            (Build::Trials(build), Input::Trials(trials)) => build(trials, options),
            (Build::Weights(build), Input::Weights(replay)) => build(replay, options),
            (Build::Nothing(build), Input::Runs([])) => build(None, options),
            (Build::Nothing(build), Input::Runs(one @ [_])) => build(Some(&runs(one)?), options),
            (_, other) => Err(self.refusal(other.suits())),
        };
        built.map(|figure| sized(figure, options.get(), options.get()))
    }
}

/// Builds a figure by name.
///
/// # Errors
/// Those of [`FigureSpec::find`] and [`FigureSpec::build`].
pub fn build<'a>(name: &str, input: impl Into<Input<'a>>, options: &Options) -> Result<Figure, FigureError> {
    FigureSpec::find(name)?.build(input, options)
}
