//! `convergence-heatmap`: which layers have arrived, and which never set out.
//!
//! **How to read it.** The colour is the share of a layer's way that is still ahead, |theta_t - theta_T| /
//! |theta_0 - theta_T|, with theta_T the last snapshot: 100 % at the left and 0 % at the right edge for *every* layer. A row that turns to "0 %"
//! early has converged early. But a share alone cannot tell a layer that converged from one that never moved,
//! whose tiny way has a beginning and an end as well. So the rows of layers that ended less than 1 % from
//! their start are not coloured: they are grey and say that they are *still random*. At the right, row for
//! row beside the map, stands how long each way was, |theta_T - theta_0| / |theta_0|, with the same grey
//! below 1 %. One map of |theta_t - theta_T| / |theta_0| would give "never moved" and "arrived" the same dark
//! colour. (The table of the plotted numbers keeps the shares of all rows.)
//!
//! **When it misleads.** theta_T is where this run stopped, not an optimum: a run cut short "converges" to
//! its last step by construction. The share is along straight lines. Distances come from a random-projection
//! sketch of M buckets: the square has a relative standard deviation of at most sqrt(2/M), the distance about
//! half of it (the subtitle says the number), so the last per cents of a row carry an error of that share of
//! themselves, never a bias toward "arrived".

use super::chart::{Axis, Figure, Mark, Panel, Placed, Rows};
use super::frame::{
    Legend, heatmap, log_axis, masks, places_of_layers, share_scale, show_last_labels, snapshot_edges,
    strips, time_axis,
};
use super::movement::layers_with;
use super::reading::displacements;
use super::sheet::{STRIP, Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::updates::decay_by;
use super::words::{caption, title_of};
use super::{FigureError, Options};
use crate::analysis::{Displacement, Grid, STILL_RANDOM, Summary, Trajectory};
use crate::stats::Measured;
use crate::text::{Hint, Lang, Quantity, Special};

pub const SPEC: FigureSpec = FigureSpec {
    name: "convergence-heatmap",
    summary: "share of each layer's way still ahead, beside the length of that way",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let steps = run.record().snapshots.step();
    if steps.len() < 2 {
        return Err(runs.nothing(run, "two snapshots", "record snapshots more often or train longer"));
    }
    let Some(trajectory) = run.trajectory(options.tensor()) else {
        return Err(runs.nothing(
            run,
            "sketch of its parameters",
            "`gradfade train` records one; draw `movement-heatmap`",
        ));
    };
    let bias = options.bias();
    let edges = snapshot_edges(steps);
    let x = time_axis(run, &edges, options);
    let mut map = heatmap(lang, String::new(), &trajectory.remaining, run, edges, x.clone(), 0);
    // Of a layer that went nowhere the colours are a walk on the spot: they would look like convergence.
    let random = layers_with(run, options, Displacement::StillRandom);
    let places = places_of_layers(run, run.layers());
    let finals = run.final_movement(options.tensor());
    let (unmoved, near): (Vec<usize>, Vec<usize>) =
        random.iter().partition(|l| finals[**l - 1] == Measured::Zero);
    let rows = |layers: Vec<usize>| layers.into_iter().map(|l| places[l - 1]).collect::<Vec<usize>>();
    map.masks.extend(masks(&rows(unmoved), &lang.special(Special::NotMoved)));
    map.masks.extend(masks(&rows(near), &lang.still_random_rows(STILL_RANDOM)));
    map.masks.sort_by_key(|mask| mask.first);
    let shown: Vec<usize> = (0..run.layers()).filter(|l| !random.contains(&(l + 1))).collect();
    let shown = Grid::from_cells(shown.len(), steps.len(), |l, k| trajectory.remaining.at(shown[l], k));
    let stays = layers_with(run, options, Displacement::Unknown).is_empty();
    let legend = Legend { missing: if stays { Special::NoWay } else { Special::Missing }, ..Legend::PLAIN };
    let scale = share_scale(lang, lang.quantity(Quantity::Remaining, bias), &[&shown], legend);
    let words = Words {
        title: title_of(lang, run, bias, findings(run, &trajectory, options)),
        subtitle: vec![lang.explain(Quantity::Remaining, bias), lang.sketch_note(trajectory.relative_error)],
        caption: caption(lang, run),
        reading: vec![
            lang.reading_axes(false),
            displacements(run, options),
            lang.reading_hint(Hint::Convergence),
        ],
    };
    let ways = ways(run, map.rows.clone(), options);
    let mut panels = vec![Panel::Heatmap(map)];
    panels.extend(strips(run, &x, lang));
    show_last_labels(&mut panels);
    let rows = std::iter::once(1.0).chain(std::iter::repeat(STRIP)).take(panels.len()).collect();
    let mut placed: Vec<Placed> =
        panels.into_iter().enumerate().map(|(row, panel)| Placed::new(0, row, panel)).collect();
    placed.push(Placed::new(1, 0, ways));
    let sheet =
        Sheet { columns: vec![1.0, 0.24], rows, panels: placed, scales: vec![scale], size: (1060, 620) };
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// Length of each layer's way, row for row beside the map.
fn ways(run: &Summary, rows: Vec<String>, options: &Options) -> Panel {
    let lang = options.lang;
    let cells = run.final_movement(options.tensor());
    let mut values: Vec<Option<f64>> = vec![None; rows.len()];
    let mut words = vec![lang.no_weights_row(); rows.len()];
    for (place, cell) in places_of_layers(run, run.layers()).into_iter().zip(&cells) {
        values[place] = cell.positive();
        words[place] = way_in_words(lang, *cell);
    }
    // Two decades on either side of the mark at least: where a layer stands is told against it.
    let ends = [STILL_RANDOM / 100.0, STILL_RANDOM * 100.0];
    let axis = log_axis(lang.total_movement_axis(), values.iter().flatten().copied().chain(ends));
    let mark =
        Mark { at: STILL_RANDOM, below: lang.still_random_side(STILL_RANDOM), above: lang.moved_side() };
    Panel::Rows(Rows { x: Axis { percent: true, ..axis }, rows, values, words, mark: Some(mark) })
}

fn way_in_words(lang: Lang, way: Measured) -> String {
    match way {
        Measured::Zero => lang.no_way(),
        Measured::Finite(x) => lang.percent(x),
        Measured::Underflow | Measured::Nan | Measured::Infinite | Measured::Missing => lang.unknown(),
    }
}

/// With fewer snapshots a title does not say when a layer was half-way.
const FEW_SNAPSHOTS: usize = 5;

fn findings(run: &Summary, trajectory: &Trajectory, options: &Options) -> Vec<String> {
    let lang = options.lang;
    let random = layers_with(run, options, Displacement::StillRandom);
    let moved = layers_with(run, options, Displacement::Moved);
    let mut clauses = Vec::new();
    let finals = run.final_movement(options.tensor());
    let still = |l: &usize| finals[l - 1] == Measured::Zero;
    let (unmoved, random): (Vec<usize>, Vec<usize>) = random.into_iter().partition(still);
    if !unmoved.is_empty() {
        clauses.push(lang.no_movement_clause(&unmoved, Special::NotMoved));
    }
    if random.len() == run.layers() {
        clauses.push(lang.all_still_random_clause(STILL_RANDOM));
    } else if !random.is_empty() {
        clauses.push(lang.still_random_clause(&random, STILL_RANDOM));
    } else if moved.len() == run.layers() {
        clauses.push(lang.none_still_random_clause(run.layers()));
    }
    let carried = layers_with(run, options, Displacement::DecayOnly);
    if !carried.is_empty() {
        clauses.push(lang.decay_only_clause(decay_by(run), &carried));
    }
    // When the layers that really moved had half of their way behind them.
    // At the last snapshot every layer has arrived by definition, which says nothing about when it was
    // half-way.
    let steps = run.record().snapshots.step();
    let known = |k: &usize| k + 1 < steps.len();
    let half = |l: usize| trajectory.first_row_below(l - 1, 0.5).filter(known).map(|k| (l, steps[k]));
    let mut halves: Vec<(usize, u64)> = moved.iter().filter_map(|&l| half(l)).collect();
    let layers: Vec<usize> = halves.iter().map(|h| h.0).collect();
    halves.sort_by_key(|h| h.1);
    // Between few snapshots nobody knows when it was, and beside layers that stayed it is no news.
    let told = steps.len() >= FEW_SNAPSHOTS && moved.len() == run.layers();
    if let (Some(&first), Some(&last), true) = (halves.first(), halves.last(), told) {
        clauses.push(lang.half_way_clause(&layers, first, last));
    }
    clauses
}
