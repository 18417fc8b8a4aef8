//! `activation-heatmap`: saturated share, dead units and mean squared slope of the hidden layers.
//!
//! **How to read it.** Above, the share of (sample, unit) pairs whose slope is under 5.91 % of the largest
//! possible one; in the middle the units that are so for the whole batch, which learn nothing from it; below,
//! the mean of phi'(z)^2, the factor by which a layer shrinks the squared backward signal (sigmoid: at most
//! 1/16, ReLU: the share of active units).
//!
//! **When it misleads.** Vanishing needs no saturation: a fresh sigmoid network has practically no saturated
//! unit, and its signal still falls by the slope of 1/4 in every layer. A high share of dead units at the
//! start of a *deep* ReLU network says that all inputs have become alike there, not that units died. The
//! share is that of one batch.

use super::chart::{Figure, Mask, Panel};
use super::frame::{
    Legend, heatmap, log_scale, share_scale, show_last_labels, snapshot_edges, strips, time_axis,
};
use super::sheet::{STRIP, Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options};
use crate::analysis::{Grid, Row, Summary};
use crate::record::{DEAD_SHARE, MEAN_SQUARED_SLOPE, ROUTED_SHARE, SATURATED_SHARE};
use crate::stats::Measured;
use crate::text::{Flat, Hint, Lang, Quantity};

pub const SPEC: FigureSpec = FigureSpec {
    name: "activation-heatmap",
    summary: "saturated share, dead units and squared slope of the hidden layers by step",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let metric = MEAN_SQUARED_SLOPE;
    let slope = Grid::from_stored(run.hidden(), run.record().snapshots.step().len(), |l, k| {
        run.layer_value(metric, k, l)
    });
    let saturated = run.activation_grid(SATURATED_SHARE);
    let dead = run.activation_grid(DEAD_SHARE);
    if [&slope, &saturated, &dead].iter().all(|g| g.all_missing()) {
        return Err(runs.nothing(
            run,
            "activations of a hidden layer",
            "record a network with hidden layers",
        ));
    }
    // The last snapshot comes after the last batch, so it has no activations: it only ends the cell before
    // it.
    let known = |k: usize| {
        [&slope, &saturated, &dead].iter().any(|g| (0..g.layers()).any(|l| g.at(l, k) != Measured::Missing))
    };
    let columns = (0..slope.columns()).rev().find(|&k| known(k)).map_or(0, |k| k + 1);
    let steps = run.record().snapshots.step();
    let edges = match steps.get(columns) {
        Some(_) => steps[..=columns].iter().map(|&s| s as f64).collect(),
        None => snapshot_edges(steps),
    };
    let [slope, saturated, dead] = [slope, saturated, dead].map(|g| g.first_columns(columns));
    let x = time_axis(run, &edges, options);
    let shares = share_scale(lang, lang.share_axis(), &[&saturated, &dead], Legend::PLAIN);
    let label = lang.quantity(Quantity::MeanSquaredSlope, false);
    let (mut slopes, clamped) = log_scale(lang, label.clone(), &[&slope], false, Legend::PLAIN);
    // Slopes of 1 everywhere are the largest of most functions, and belong at the bright end.
    if slopes.low == 0.0 && slope.cells().iter().all(|c| c.log10().is_none_or(|x| x <= 0.0)) {
        (slopes.low, slopes.high) = (-1.0, 0.0);
    }
    let flat = flat(run);
    let hint = if flat == Flat::Off { Hint::Off } else { Hint::Activation };
    let words = Words {
        title: title(lang, run, findings(run, &saturated, &dead, flat, options)),
        subtitle: vec![lang.flat_note(flat), clamped],
        caption: caption(lang, run),
        reading: vec![lang.reading_axes(false), lang.reading_hint(hint)],
    };
    let map = |title: String, grid: &Grid, scale| {
        let mut map = heatmap(lang, title, grid, run, edges.clone(), x.clone(), scale);
        map.masks = bare_rows(run, lang);
        Panel::Heatmap(map)
    };
    let mut panels = vec![
        map(lang.flat_panel(flat), &saturated, 0),
        map(lang.quantity(Quantity::DeadShare, false), &dead, 0),
        map(label, &slope, 1),
    ];
    panels.extend(strips(run, &x, lang));
    show_last_labels(&mut panels);
    let weight = |p: &Panel| if matches!(p, Panel::Heatmap(_)) { 1.0 } else { 1.4 * STRIP };
    let panels = panels.into_iter().map(|p| (weight(&p), p)).collect();
    Ok(Figure::new(runs.figure, lang, words, Sheet::stack(panels, vec![shares, slopes], (960, 860))))
}

/// Rectifiers are off where others are saturated.
fn flat(run: &Summary) -> Flat {
    let of_rectifiers =
        |l: usize| run.layer(l).activation.as_deref().is_some_and(|a| RECTIFIERS.contains(&a));
    if run.hidden() > 0 && (0..run.hidden()).all(of_rectifiers) { Flat::Off } else { Flat::Saturated }
}

const RECTIFIERS: [&str; 2] = ["relu", "leaky-relu"];

/// What the rows of layers without weights say: of pooling, how many places of its input get a gradient.
fn bare_rows(run: &Summary, lang: Lang) -> Vec<Mask> {
    let record = run.record();
    let snapshots = record.snapshots.step().len();
    let rows = run.rows(run.hidden()).into_iter().enumerate();
    rows.filter_map(|(at, row)| {
        let Row::Bare(index) = row else { return None };
        let mut shares = (0..snapshots).rev().map(|k| record.value(ROUTED_SHARE, k, index));
        let share = shares.find(|share| share.is_finite());
        let words = share.map_or(lang.no_activation_row(), |share| lang.routed_share_row(share));
        Some(Mask { first: at, last: at, words })
    })
    .collect()
}

/// The layer with the largest flat share and the one with the largest dead share, at the last snapshot that
/// measured activations.
fn findings(run: &Summary, saturated: &Grid, dead: &Grid, flat: Flat, options: &Options) -> Vec<String> {
    let steps = run.record().snapshots.step();
    let largest = |grid: &Grid, k: usize| {
        (0..run.hidden())
            .filter_map(|l| Some((l + 1, grid.at(l, k).value()?)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    };
    (0..saturated.columns())
        .rev()
        .find_map(|k| Some((steps[k], largest(saturated, k)?, largest(dead, k)?)))
        .map(|(step, most, dead)| options.lang.flat_clause(step, flat, most, dead))
        .into_iter()
        .collect()
}
