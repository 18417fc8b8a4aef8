//! `convergence-heatmap`: which layers have arrived, and which never set out.
//!
//! **How to read it.** The colour is the share of a layer's way that is still ahead, |theta_t - theta_T| / |theta_0 - theta_T|,
//! with theta_T the last snapshot: 100 % at the left and 0 % at the right edge for *every* layer. A row that turns to "0 %"
//! early has converged early. But a share alone cannot tell a layer that converged from one that never moved, whose tiny way
//! has a beginning and an end as well. So the rows of layers that ended less than 1 % from their start are not coloured:
//! they are grey and say that they are *still random*. At the right, row for row beside the map, stands how long each way
//! was, |theta_T - theta_0| / |theta_0|, with the same grey below 1 %. One map of |theta_t - theta_T| / |theta_0| would give
//! "never moved" and "arrived" the same dark colour. (The table of the plotted numbers keeps the shares of all rows.)
//!
//! **When it misleads.** theta_T is where this run stopped, not an optimum: a run cut short "converges" to its last step by
//! construction. The share is along straight lines. Distances come from a random-projection sketch of M buckets: the square
//! has a relative standard deviation of at most sqrt(2/M), the distance about half of it (the subtitle says the number), so
//! the last per cents of a row carry an error of that share of themselves, never a bias toward "arrived".

use super::chart::{Axis, Figure, Mark, Panel, Placed, Rows, Veil};
use super::frame::{
    Legend, STRIP, Words, heatmap, log_axis, page, share_scale, show_last_labels, snapshot_edges, strips, time_axis,
};
use super::movement::layers_with;
use super::words::{MANY, caption, cell_words, described, is_bias, title_of};
use super::{FigureError, Input, Options, Runs, Spec};
use crate::analysis::{Fate, Grid, Journey, STILL_RANDOM, Summary};
use crate::stats::Cell;
use crate::text::Quantity;

pub const SPEC: Spec = Spec {
    name: "convergence-heatmap",
    summary: "share of each layer's way still ahead, beside the length of that way",
    runs: Runs::One,
    build,
};

fn build(input: &Input, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (input.run(), options.lang);
    let steps = run.record().snapshots.step();
    if steps.len() < 2 {
        return Err(input.nothing(run, "two snapshots", "record snapshots more often or train longer"));
    }
    let Some(journey) = run.journey(options.tensor) else {
        return Err(input.nothing(
            run,
            "sketch of its parameters",
            "record it with a sketch, or draw `movement-heatmap`",
        ));
    };
    let bias = is_bias(options.tensor);
    let edges = snapshot_edges(steps);
    let x = time_axis(run, &edges, options);
    let mut map = heatmap(lang, String::new(), &journey.remaining, edges, x.clone(), 0, true);
    // Of a layer that went nowhere the colours are a walk on the spot: they would look like convergence.
    map.veils = veils(&layers_with(run, options, Fate::StillRandom), &lang.still_random_rows(STILL_RANDOM));
    let veiled = |row: usize| map.veils.iter().any(|v| (v.first..=v.last).contains(&row));
    let shown: Vec<usize> = (0..run.layers()).filter(|&l| !veiled(l)).collect();
    let shown = Grid::from_cells(shown.len(), steps.len(), |l, k| journey.remaining.at(shown[l], k));
    let scale = share_scale(lang, lang.quantity(Quantity::Remaining, bias), &[&shown], Legend::PLAIN);
    let words = Words {
        title: title_of(lang, run, bias, findings(run, &journey, options)),
        subtitle: lang.sentences(&[lang.explain(Quantity::Remaining, bias), lang.sketch_note(journey.relative_error)]),
        caption: caption(lang, run),
        description: String::new(),
    };
    let labels = map.rows.clone();
    let mut panels = vec![Panel::Heatmap(map)];
    panels.extend(strips(run, &x, lang));
    show_last_labels(&mut panels);
    let row_weights = std::iter::once(1.0).chain(std::iter::repeat(STRIP)).take(panels.len()).collect();
    let mut placed: Vec<Placed> =
        panels.into_iter().enumerate().map(|(row, panel)| Placed { column: 0, row, panel }).collect();
    placed.push(Placed { column: 1, row: 0, panel: ways(run, labels, options) });
    let figure = page(input.figure, words, vec![1.0, 0.24], row_weights, placed, vec![scale], (1060, 620));
    let mut figure = described(lang, figure);
    if run.layers() > MANY {
        return Ok(figure);
    }
    let ways: Vec<String> = run
        .final_movement(options.tensor)
        .iter()
        .map(|&c| cell_words(lang, c, |x| lang.percent(10f64.powf(x))))
        .collect();
    figure.description = lang.sentences(&[figure.description, lang.describe_ways(&ways)]);
    Ok(figure)
}

/// One mask for each group of neighbours among these layers (from 1, ascending).
fn veils(layers: &[usize], words: &str) -> Vec<Veil> {
    let mut out: Vec<Veil> = Vec::new();
    for row in layers.iter().map(|l| l - 1) {
        match out.last_mut() {
            Some(v) if v.last + 1 == row => v.last = row,
            _ => out.push(Veil { first: row, last: row, words: words.to_string() }),
        }
    }
    out
}

/// Length of each layer's way, row for row beside the map.
fn ways(run: &Summary, rows: Vec<String>, options: &Options) -> Panel {
    let lang = options.lang;
    let cells = run.final_movement(options.tensor);
    let values: Vec<Option<f64>> = cells.iter().map(|c| c.log10().map(|x| 10f64.powf(x))).collect();
    // Two decades on either side of the mark at least: where a layer stands is told against it.
    let ends = [STILL_RANDOM / 100.0, STILL_RANDOM * 100.0];
    let axis = log_axis(lang.total_movement_axis(), values.iter().flatten().copied().chain(ends));
    let words = cells
        .iter()
        .map(|&c| match c {
            Cell::Zero => lang.no_way(),
            Cell::Finite(x) => lang.percent(10f64.powf(x)),
            Cell::Underflow | Cell::Nan | Cell::Infinite | Cell::Missing => lang.unknown(),
        })
        .collect();
    let mark = Mark { at: STILL_RANDOM, below: lang.still_random_side(STILL_RANDOM), above: lang.moved_side() };
    Panel::Rows(Rows { x: Axis { percent: true, ..axis }, rows, values, words, mark: Some(mark) })
}

fn findings(run: &Summary, journey: &Journey, options: &Options) -> Vec<String> {
    let lang = options.lang;
    let random = layers_with(run, options, Fate::StillRandom);
    let moved = layers_with(run, options, Fate::Moved);
    let mut clauses = Vec::new();
    if random.len() == run.layers() {
        clauses.push(lang.all_still_random_clause(STILL_RANDOM));
    } else if !random.is_empty() {
        clauses.push(lang.still_random_clause(&random, STILL_RANDOM));
    } else if moved.len() == run.layers() {
        clauses.push(lang.none_still_random_clause(run.layers()));
    }
    let carried = layers_with(run, options, Fate::DecayOnly);
    if !carried.is_empty() {
        clauses.push(lang.decay_only_clause(&carried));
    }
    // When the layers that really moved had half of their way behind them.
    let half = |l: usize| journey.first_row_below(l - 1, 0.5).map(|k| (l, run.record().snapshots.step()[k]));
    let mut halves: Vec<(usize, u64)> = moved.iter().filter_map(|&l| half(l)).collect();
    halves.sort_by_key(|h| h.1);
    if let (Some(&first), Some(&last)) = (halves.first(), halves.last()) {
        clauses.push(lang.half_way_clause(&moved, first, last));
    }
    clauses
}
