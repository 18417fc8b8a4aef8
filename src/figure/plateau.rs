//! `gradient-and-loss`: the norm of the whole gradient above the loss, and whether it is small where the loss
//! stops falling.
//!
//! **How to read it.** Upper panel: the L2 norm of the batch-mean gradient of all parameters together; lower
//! panel: the loss at the same steps; both as a running median over the single steps (faint). Where the loss
//! stops falling, an upright line goes through both. A gradient that is as large there as before tells that the
//! training is at no minimum and no saddle point, for which a small gradient is a condition: Goodfellow, Bengio
//! and Courville (2016, figure 8.1). One that shrank by a power of ten fits both, and a vanished gradient too.
//!
//! The loss stops falling at the beginning of the longest end of the run, of four tenths at least, in which
//! the median of every tenth is within 5 % of the last one. *Before* is what lies before that; of a loss that
//! never falls, the first steps.
//!
//! **When it misleads.** The gradient of a minibatch has its noise, which stays at a minimum too: `noise` tells
//! how much of the norm it can be. One number for all layers is made by those near the output: `layer-lines`
//! shows each.

use super::chart::{Axis, AxisKind, Figure, Overlay, Panel, Series, Stroke};
use super::frame::{lines, series, show_last_labels, spacing, step_edges, time_axis, value_axis};
use super::layers::{MOST_POINTS, WINDOW};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options, reading};
use crate::analysis::curves::{Curve, envelope, running};
use crate::analysis::{Summary, edge_rows};
use crate::record::{LOSS, Status};
use crate::stats::median;
use crate::text::lecture::Beside;
use crate::text::{Ends, Hint, Lang};

pub const SPEC: FigureSpec = FigureSpec {
    name: "gradient-and-loss",
    summary: "norm of the whole gradient above the loss: is it small where the loss stops falling?",
    build: Build::Run(build),
};

/// Stretches of equally many rows; what a median of one says is not the noise of a batch.
const STRETCHES: usize = 10;

/// A loss whose medians stay within this share of the last one stands still.
const STILL: f64 = 0.05;

/// It has stopped falling when it stands still for so many stretches.
const LONG: usize = 4;

/// What the loss does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Course {
    /// It stands still from this row on (0: from the beginning) at this value.
    Still { row: usize, loss: f64 },
    /// Its last stretch is its lowest.
    Falls,
    /// Neither, or there are too few rows to say.
    Other,
}

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let record = run.record();
    let steps = record.steps.step();
    let norms = run.total_gradient();
    if !norms.iter().any(|x| x.is_finite()) {
        return Err(runs.nothing(run, "gradient norm", "draw `training-curves` instead"));
    }
    let losses = &record.steps[LOSS];
    if !losses.iter().any(|x| x.is_finite()) {
        return Err(runs.nothing(run, "finite batch loss", "draw `layer-lines` instead"));
    }
    let x = time_axis(run, &step_edges(steps, run.end()), options);
    let mut panels = vec![
        panel(lang, lang.whole_gradient(), steps, &norms, &x),
        panel(lang, lang.loss(), steps, losses, &x),
    ];
    show_last_labels(&mut panels);
    let course = course(losses);
    let long = steps.len() > MOST_POINTS;
    let words = Words {
        title: title(lang, run, findings(lang, run, &norms, course)),
        subtitle: vec![
            lang.whole_gradient_note(false),
            if long { lang.faint_and_running_note(WINDOW) } else { String::new() },
            lang.plateau_note(matches!(course, Course::Still { .. })),
        ],
        caption: caption(lang, run),
        reading: vec![
            lang.reading_whole_gradient(),
            reading::outcome(lang, run),
            lang.reading_plateau(),
            lang.reading_hint(Hint::WholeGradient),
        ],
    };
    let mut sheet = Sheet::stack(panels.into_iter().map(|p| (1.0, p)).collect(), Vec::new(), (960, 540));
    if let Course::Still { row: row @ 1.., .. } = course {
        let mark = Overlay::Step { at: steps[row] as f64, words: lang.loss_stops(steps[row]) };
        sheet.panels.iter_mut().for_each(|p| p.overlays.push(mark.clone()));
    }
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// Values of the single steps, and over many of them their running median.
fn panel(lang: Lang, label: String, steps: &[u64], values: &[f64], x: &Axis) -> Panel {
    let each = Curve { points: envelope(steps, values), band: Vec::new() };
    let y = value_axis(label, each.values().collect::<Vec<_>>().into_iter(), true);
    let log = y.kind == AxisKind::Log10;
    let mut drawn: Vec<Series> = Vec::new();
    if steps.len() > MOST_POINTS {
        let middle = Curve { band: Vec::new(), ..running(steps, values, spacing(x), MOST_POINTS, WINDOW) };
        drawn.push(series(lang.each_step_series(), each, Stroke::Faint, 0, log));
        drawn.push(Series {
            markers: false,
            ..series(lang.running_median_series(), middle, Stroke::Solid, 0, log)
        });
    } else {
        drawn.push(series(lang.batch_series(), each, Stroke::Solid, 0, log));
    }
    lines(String::new(), x, y, drawn, Vec::new())
}

/// First rows of the stretches, each with the median of its finite values.
fn stretches(values: &[f64]) -> Option<Vec<(usize, f64)>> {
    let n = values.len();
    let count = n.min(STRETCHES);
    let part = |i: usize| (i * n / count, median(values[i * n / count..(i + 1) * n / count].iter().copied()));
    (0..count).map(part).map(|(row, middle)| Some((row, middle?))).collect()
}

fn course(losses: &[f64]) -> Course {
    let Some(parts) = stretches(losses).filter(|parts| parts.len() > LONG) else { return Course::Other };
    let Some(&(_, end)) = parts.last() else { return Course::Other };
    let still = |part: &&(usize, f64)| (part.1 - end).abs() <= STILL * end.abs();
    let count = parts.iter().rev().take_while(still).count();
    if count >= LONG {
        return Course::Still { row: parts[parts.len() - count].0, loss: end };
    }
    let lowest = parts.iter().all(|part| part.1 >= end);
    if lowest { Course::Falls } else { Course::Other }
}

fn findings(lang: Lang, run: &Summary, norms: &[f64], course: Course) -> Vec<String> {
    let steps = run.record().steps.step();
    let middle = |values: &[f64]| median(values.iter().copied());
    let first = middle(&norms[..edge_rows(norms.len())]);
    let last = middle(&norms[norms.len() - edge_rows(norms.len())..]);
    if let Status::Diverged { .. } = run.header().status {
        let mut finite = steps.iter().copied().zip(norms.iter().copied()).filter(|at| at.1.is_finite());
        let (first, last) = (finite.next(), finite.next_back());
        return first.map(|first| lang.whole_gradient_growth(first, last)).into_iter().collect();
    }
    if let Course::Still { row, loss } = course
        && let Some(here) = middle(&norms[row..])
        && let Some(before) = if row == 0 { first } else { middle(&norms[..row]) }
    {
        let from = (row > 0).then(|| steps[row]);
        return vec![lang.loss_stands_still(from, loss, here, Beside::of(here, before))];
    }
    let mut clauses = Vec::new();
    if course == Course::Falls {
        clauses.push(lang.loss_falls_to_the_end());
    }
    if let (Some(first), Some(last)) = (first, last) {
        clauses.push(lang.whole_gradient_course(Some([first, last]), None, Ends::of(norms.len())));
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_stands_still_from_where_its_medians_stay() {
        let falls: Vec<f64> = (0..100).map(|i| 2.0 * 0.95f64.powi(i)).collect();
        assert_eq!(course(&falls), Course::Falls);
        let stops: Vec<f64> = (0..100).map(|i| if i < 40 { 3.0 - 0.05 * i as f64 } else { 1.0 }).collect();
        assert_eq!(course(&stops), Course::Still { row: 40, loss: 1.0 });
        // A spike in every stretch is not its median, and a flat loss stands still from the beginning.
        let spiky: Vec<f64> = (0..100).map(|i| if i % 10 == 3 { 50.0 } else { 2.3 }).collect();
        assert_eq!(course(&spiky), Course::Still { row: 0, loss: 2.3 });
        let rises: Vec<f64> = (0..100).map(|i| 1.0 + 0.1 * i as f64).collect();
        assert_eq!(course(&rises), Course::Other);
        for too_few in [&[][..], &[1.0], &[1.0; 4]] {
            assert_eq!(course(too_few), Course::Other);
        }
        assert_eq!(course(&[f64::NAN; 20]), Course::Other);
    }
}
