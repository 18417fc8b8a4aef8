//! `noise`: how much larger the gradient of one sample is than that of the batch, by layer over the steps.
//!
//! **How to read it.** Each line is a layer: the norm of one sample's weight gradient (RMS over the batch) over
//! the norm of the batch mean. Where all samples pull the same way the two are equal and the ratio is 1. If the
//! samples pull at random, B of them cancel down to 1 / sqrt(B), and the ratio is the root of the batch size:
//! then the step of that layer is noise, and only a larger batch or a smaller rate makes it go anywhere. Of the
//! squared batch gradient about (ratio^2 - 1) / (B - 1) is noise (McCandlish et al. 2018, appendix A; the
//! trace of the covariance of the samples over B).
//!
//! **When it misleads.** A ratio *above* the root of B says that the samples of a batch cancel each other better
//! than by chance: so does a network that has learned the class frequencies and nothing else. With batch
//! normalisation the samples of a batch are not independent.

use super::chart::{Axis, Figure};
use super::frame::{lines, step_edges, time_axis, value_axis};
use super::layers::{MOST_POINTS, WINDOW, curves, drawn};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options};
use crate::analysis::curves::Curve;
use crate::analysis::{Grid, Summary, edge_rows, ratio};
use crate::record::{GRAD_NORM, GRAD_RMS, Role, Status};
use crate::stats::median;
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "noise",
    summary: "gradient noise: the gradient of one sample over that of the batch mean, one line a layer",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let record = run.record();
    let grid = grid(run);
    if !grid.cells().iter().any(|cell| cell.positive().is_some()) {
        return Err(runs.nothing(
            run,
            "gradient of single samples beside that of the batch",
            "draw `layer-lines` instead",
        ));
    }
    let batch = run.header().facts.batch_size.filter(|&batch| batch > 1).map(|batch| batch as f64);
    let curves = curves(record.steps.step(), &grid);
    let random = batch.map(f64::sqrt);
    let y = axis(lang.noise_axis(), &curves, random);
    let x = time_axis(run, &step_edges(record.steps.step(), run.end()), options);
    let mut marks = vec![(1.0, lang.samples_agree_mark())];
    marks.extend(random.zip(batch).map(|(root, batch)| (root, lang.samples_random_mark(batch as u64, root))));
    let is_long = record.len() > MOST_POINTS;
    let drawn = drawn(lang, run, curves);
    let gaps = drawn.iter().any(|s| s.points.iter().any(|p| p.1.is_none()));
    let words = Words {
        title: title(lang, run, finding(lang, run, &grid, random)),
        subtitle: vec![
            lang.noise_note(),
            if is_long { lang.running_medians_note(WINDOW) } else { String::new() },
            if gaps { lang.gaps_note() } else { String::new() },
        ],
        caption: caption(lang, run),
        reading: vec![lang.reading_noise(batch.map(|batch| batch as u64)), lang.reading_noise_hint()],
    };
    let panel = lines(String::new(), &x, y, drawn, marks);
    Ok(Figure::new(runs.figure, lang, words, Sheet::stack(vec![(1.0, panel)], Vec::new(), (960, 540))))
}

/// `[layer, step row]` of one sample's gradient over that of the batch mean. Those of single samples are measured
/// of the weights alone.
fn grid(run: &Summary) -> Grid {
    Grid::from_stored(run.layers(), run.record().len(), |layer, row| {
        let mean = run.tensor_value(GRAD_NORM, Role::Weight, row, layer);
        ratio(run.layer_value(GRAD_RMS, row, layer), mean)
    })
}

/// With room for 1 and the root of the batch size.
fn axis(label: String, curves: &[Curve], random: Option<f64>) -> Axis {
    let values: Vec<f64> = curves.iter().flat_map(Curve::values).chain([1.0]).chain(random).collect();
    value_axis(label, values.into_iter(), true)
}

/// The least and the most noisy hidden layer at the last steps. Steps before a divergence say nothing of noise.
fn finding(lang: Lang, run: &Summary, grid: &Grid, random: Option<f64>) -> Vec<String> {
    let last = |layer: usize| {
        // Single samples may be measured in some of the steps.
        let cells: Vec<f64> = grid.row(layer).iter().filter_map(|cell| cell.positive()).collect();
        median(cells[cells.len() - edge_rows(cells.len())..].iter().copied())
    };
    if let Status::Diverged { .. } = run.header().status {
        return Vec::new();
    }
    let layers = run.hidden().max(1).min(grid.layers());
    let all: Vec<(usize, f64)> = (0..layers).filter_map(|l| Some((l + 1, last(l)?))).collect();
    let least = all.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let most = all.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
    least.zip(most).map(|(least, most)| lang.noise_found(least, most, random)).into_iter().collect()
}
