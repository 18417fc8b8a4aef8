//! Sentences on how to read a figure that several figures share: the number of this record that matters, and
//! what to look for.
//!
//! Each figure hands its own two or three sentences to [`super::sheet::Words`].

use super::Options;
use super::depth::{Depth, explodes};
use super::movement::layers_with;
use super::words::kept;
use crate::analysis::curves::Ending;
use crate::analysis::{Displacement, Grid, STILL_RANDOM, Summary};
use crate::stats::median;
use crate::text::{Hint, Lang, Quantity};

pub(super) fn gradient_hint(run: &Summary) -> Hint {
    if explodes(run) { Hint::Explosion } else { Hint::Gradient }
}

/// Typical sizes of the last hidden layer and of layer 1, or what layer 1 is instead of a finite number in
/// most of the steps; empty where they are one layer.
pub(super) fn across(lang: Lang, q: Quantity, run: &Summary, grid: &Grid) -> String {
    let last = run.hidden();
    if last < 2 || grid.layers() < last {
        return String::new();
    }
    if let told @ (Depth::Special { .. } | Depth::Grew { .. }) = Depth::of(run, grid) {
        return lang.reading_finding(&told.clause(lang, q, last));
    }
    let typical = |layer: usize| median(grid.row(layer - 1).iter().filter_map(|c| c.log10()));
    match (typical(last), typical(1)) {
        (Some(a), Some(b)) => lang.reading_across(q, last, a, b),
        _ => String::new(),
    }
}

/// Which layers never left their start.
pub(super) fn displacements(run: &Summary, options: &Options) -> String {
    let lang = options.lang;
    let random = layers_with(run, options, Displacement::StillRandom);
    let clause = match random.len() {
        0 if layers_with(run, options, Displacement::Moved).len() == run.layers() => {
            lang.none_still_random_clause(run.layers())
        }
        0 => String::new(),
        n if n == run.layers() => lang.all_still_random_clause(STILL_RANDOM),
        _ => lang.still_random_clause(&random, STILL_RANDOM),
    };
    lang.reading_finding(&clause)
}

/// How the training ended.
pub(super) fn outcome(lang: Lang, run: &Summary) -> String {
    let clause = match run.ending() {
        Ending::AtChance { accuracy } | Ending::FellBack { accuracy, .. } if kept(run).is_some() => {
            lang.accuracy_ends(accuracy, kept(run))
        }
        Ending::AtChance { accuracy } => lang.accuracy_stays(accuracy),
        Ending::FellBack { accuracy, best } => lang.accuracy_fell(best, accuracy),
        Ending::Reached { accuracy } => lang.accuracy_ends(accuracy, kept(run)),
        Ending::NotEvaluated => String::new(),
    };
    lang.reading_finding(&clause)
}
