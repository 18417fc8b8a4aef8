//! `movement-heatmap`: how far each layer has come from its random start, |theta_t - theta_0| / |theta_0|.
//!
//! **How to read it.** Each cell ends at a snapshot and shows how far the layer had come by then (at step 0,
//! where nothing has moved, there is none). A layer that stays dark to the right edge still holds the random
//! numbers it was given; 100 % means that it has gone as far as its initial norm is long.
//!
//! **When it misleads.** Weight decay moves a layer that learns nothing (it shrinks): the figure says what
//! share of the movement decay alone can have made. Adam moves layers along noise: far is not the same as
//! learned. And the distance is the straight line, not the way that was gone. Biases that start at zero have
//! no length of their own and are measured against their layer's weights; a weight matrix of zeros has no
//! unit at all, and its cells say so.

use super::chart::Figure;
use super::frame::{Legend, heatmap, log_scale, reached_edges, strips, time_axis};
use super::reading::displacements;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::updates::decay_by;
use super::words::{caption, title_of};
use super::{FigureError, Options};
use crate::analysis::{Displacement, Summary};
use crate::stats::Measured;
use crate::text::{Hint, Lang, Quantity, Special};

pub const SPEC: FigureSpec = FigureSpec {
    name: "movement-heatmap",
    summary: "distance from the initial value relative to the initial norm, layer by step",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let steps = run.record().snapshots.step();
    if steps.len() < 2 {
        return Err(runs.nothing(run, "two snapshots", "record snapshots more often or train longer"));
    }
    let movement = run.movement(options.tensor());
    if movement.grid.all_missing() && movement.without_reference.is_empty() {
        return Err(runs.nothing(run, "distance from the initial value", "draw `update-heatmap` instead"));
    }
    let bias = options.bias();
    let Some((edges, skipped)) = reached_edges(steps) else {
        return Err(runs.nothing(
            run,
            "snapshot after step 0",
            "record snapshots more often or train longer",
        ));
    };
    let grid = movement.grid.without_first_columns(skipped);
    let x = time_axis(run, &edges, options);
    let label = lang.quantity(Quantity::Movement, bias);
    let (scale, clamped) =
        log_scale(lang, label, &[&grid], true, Legend::movement(!movement.without_reference.is_empty()));

    let mut subtitle = vec![lang.explain(Quantity::Movement, bias)];
    if movement.against_weights {
        subtitle.push(lang.against_weights_note());
    }
    let no_unit: Vec<usize> = movement.without_reference.iter().map(|l| l + 1).collect();
    if !no_unit.is_empty() {
        subtitle.push(lang.no_unit_note(&no_unit));
    }
    if let Some(decay) = run.decay_parts(options.tensor()).first().copied().flatten() {
        subtitle.push(lang.decay_travel_note(decay_by(run), 1, decay.travel));
    }
    subtitle.push(clamped);
    let words = Words {
        title: title_of(lang, run, bias, findings(run, options)),
        subtitle,
        caption: caption(lang, run),
        reading: vec![
            lang.reading_axes(true),
            displacements(run, options),
            lang.reading_hint(Hint::Movement),
        ],
    };
    let map = heatmap(lang, String::new(), &grid, run, edges, x.clone(), 0);
    Ok(Figure::new(runs.figure, lang, words, Sheet::over_strips(map, strips(run, &x, lang), scale)))
}

/// First and last layer's movement in the end, and which layers decay alone may have carried.
pub(super) fn findings(run: &Summary, options: &Options) -> Vec<String> {
    let lang = options.lang;
    let movement = run.movement(options.tensor());
    let finals = run.final_movement(options.tensor());
    let mut clauses = vec![moved(lang, &finals, movement.against_weights, &movement.without_reference)];
    let carried: Vec<usize> = layers_with(run, options, Displacement::DecayOnly);
    if !carried.is_empty() {
        clauses.push(lang.decay_only_clause(decay_by(run), &carried));
    }
    clauses
}

/// How far the first and the last layer with a number came; of a first layer without a number, what it and
/// the others like it have instead. `no_unit`: layers (from 0) whose initial norm is 0 or unknown.
pub(super) fn moved(lang: Lang, finals: &[Measured], of_weights: bool, no_unit: &[usize]) -> String {
    let known: Vec<(usize, f64)> =
        finals.iter().enumerate().filter_map(|(l, c)| Some((l + 1, c.positive()?))).collect();
    let Some(first) = finals.first() else { return String::new() };
    let of = |cell: Measured| -> Vec<usize> {
        finals.iter().enumerate().filter(|(_, c)| **c == cell).map(|(l, _)| l + 1).collect()
    };
    let why = match first {
        Measured::Finite(_) => {
            return match known.as_slice() {
                [first, .., last] => lang.moved_clause(*first, *last, of_weights),
                [only] => lang.one_moved_clause(only.0, only.1, of_weights),
                [] => String::new(),
            };
        }
        Measured::Zero => Special::NotMoved,
        Measured::Underflow => Special::Underflow,
        Measured::Nan => Special::Nan,
        Measured::Infinite => Special::Infinite,
        Measured::Missing if no_unit.contains(&0) => Special::NoUnit,
        Measured::Missing => Special::Missing,
    };
    lang.no_movement_clause(&of(*first), why)
}

/// Layers (from 1) that ended so.
pub(super) fn layers_with(run: &Summary, options: &Options, displacement: Displacement) -> Vec<usize> {
    run.displacements(options.tensor())
        .iter()
        .enumerate()
        .filter(|(_, f)| **f == displacement)
        .map(|(l, _)| l + 1)
        .collect()
}
