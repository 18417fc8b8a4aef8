//! How to read each figure: what its axes are, the number of this record that matters, and what to look for.

use super::chart::Figure;
use super::movement::layers_with;
use super::words::Depth;
use super::{GradientMetric, Options};
use crate::analysis::curves::Outcome;
use crate::analysis::{Fate, Grid, STILL_RANDOM, Summary};
use crate::diagnosis::{Ailment, Thresholds, diagnose};
use crate::record::DRIVEN_NORM;
use crate::stats::median;
use crate::text::{Hint, Lang, Quantity};

/// Two or three sentences. `name` is the figure's in [`super::FIGURES`].
pub(super) fn of_runs(name: &str, figure: &Figure, runs: &[Summary], options: &Options) -> String {
    let Some(run) = runs.first() else { return String::new() };
    let lang = options.lang;
    let gradient = |metric: GradientMetric| {
        let grid = super::gradient::grid(run, metric, options.tensor);
        across(lang, metric.quantity(), run, &grid)
    };
    let sentences = match name {
        "gradient-heatmap" => {
            let metric = options.gradient.unwrap_or(GradientMetric::BatchMean);
            vec![lang.reading_axes(true), gradient(metric), lang.reading_hint(gradient_hint(run))]
        }
        "signal-heatmap" => {
            vec![lang.reading_axes(true), gradient(GradientMetric::Signal), lang.reading_hint(Hint::Signal)]
        }
        "update-heatmap" => {
            let relative = run.grid_relative(DRIVEN_NORM, options.tensor);
            let here = across(lang, Quantity::DrivenRelative, run, &relative);
            vec![lang.reading_axes(true), here, lang.reading_hint(Hint::Update)]
        }
        "movement-heatmap" => vec![lang.reading_axes(true), fates(run, options), lang.reading_hint(Hint::Movement)],
        "convergence-heatmap" => {
            vec![lang.reading_axes(false), fates(run, options), lang.reading_hint(Hint::Convergence)]
        }
        "layer-profile" => {
            vec![lang.reading_profile(), gradient(GradientMetric::BatchMean), lang.reading_hint(Hint::Profile)]
        }
        "training-curves" => vec![lang.reading_curves(), outcome(lang, run), lang.reading_hint(Hint::Curves)],
        "activation-heatmap" => vec![lang.reading_axes(false), lang.reading_hint(Hint::Activation)],
        "comparison" => {
            vec![lang.reading_columns(), lang.sentence(&figure.title), lang.reading_hint(Hint::Comparison)]
        }
        _ => Vec::new(),
    };
    lang.sentences(&sentences)
}

/// The same of a figure of sweeps; its title already says the numbers.
pub(super) fn of_sweep(name: &str, figure: &Figure, lang: Lang) -> String {
    let title = lang.sentence(&figure.title);
    let (axes, hint) = match name {
        "accuracy-by-depth" => (lang.reading_depths(), Hint::AccuracyByDepth),
        "gradient-by-depth" => (lang.columns_are_networks_note(), Hint::TriangleGradient),
        "movement-by-depth" => (lang.columns_are_networks_note(), Hint::TriangleMovement),
        "heatmap-grid" => (lang.reading_axes(true), Hint::Grid),
        "error-by-updates" => (lang.reading_curves(), Hint::Errors),
        _ => return String::new(),
    };
    lang.sentences(&[axes, title, lang.reading_hint(hint)])
}

/// A gradient that is somewhat larger near the input, or that is mostly zero, does not explode: that takes a diagnosis.
fn gradient_hint(run: &Summary) -> Hint {
    let explodes = diagnose(run.record(), &Thresholds::default()).is_ok_and(|d| d.found(Ailment::ExplodingGradient));
    if explodes { Hint::Explosion } else { Hint::Gradient }
}

/// Typical sizes of the last hidden layer and of layer 1, or what layer 1 is instead of a finite number in most of the steps;
/// empty where they are one layer.
fn across(lang: Lang, q: Quantity, run: &Summary, grid: &Grid) -> String {
    let last = run.hidden();
    if last < 2 || grid.layers() < last {
        return String::new();
    }
    if let special @ Depth::Special { .. } = Depth::of(grid) {
        return lang.reading_finding(&special.clause(lang, q, last));
    }
    let typical = |layer: usize| median(grid.row(layer - 1).iter().filter_map(|c| c.log10()));
    match (typical(last), typical(1)) {
        (Some(a), Some(b)) => lang.reading_across(q, last, a, b),
        _ => String::new(),
    }
}

/// Which layers never left their start.
fn fates(run: &Summary, options: &Options) -> String {
    let lang = options.lang;
    let random = layers_with(run, options, Fate::StillRandom);
    let clause = match random.len() {
        0 if layers_with(run, options, Fate::Moved).len() == run.layers() => {
            lang.none_still_random_clause(run.layers())
        }
        0 => String::new(),
        n if n == run.layers() => lang.all_still_random_clause(STILL_RANDOM),
        _ => lang.still_random_clause(&random, STILL_RANDOM),
    };
    lang.reading_finding(&clause)
}

fn outcome(lang: Lang, run: &Summary) -> String {
    let clause = match run.outcome() {
        Outcome::AtChance { accuracy } => lang.accuracy_stays(accuracy),
        Outcome::FellBack { accuracy, best } => lang.accuracy_fell(best, accuracy),
        Outcome::Reached { accuracy } => lang.accuracy_ends(accuracy),
        Outcome::NotEvaluated => String::new(),
    };
    lang.reading_finding(&clause)
}
