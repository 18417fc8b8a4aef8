//! `gradient-norm`: the norm of the whole gradient above the loss, against steps.
//!
//! **How to read it.** Upper panel: the L2 norm of the batch-mean gradient of all parameters together, the one
//! number that most training logs keep; dashed, where the gradient was clipped, what the optimizer got. Lower
//! panel: the loss on the same steps. A norm that jumps together with the loss is a rate too large; a norm near
//! zero beside a loss that does not fall is a gradient that vanished, or a minimum.
//!
//! **When it misleads.** One number for all layers cannot tell where a gradient is lost: the layers near the
//! output make most of it. `gradient-heatmap` shows each layer.

use super::chart::{AxisKind, Figure, Panel, Series, Stroke};
use super::frame::{lines, series, show_last_labels, spacing, step_edges, time_axis, value_axis};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, diverged, title};
use super::{FigureError, Options, reading};
use crate::analysis::curves::{Curve, smooth};
use crate::analysis::{Summary, edge_rows};
use crate::record::{CLIPPED_GRAD_NORM, LOSS, TRAIN_LOSS};
use crate::stats::median;
use crate::text::{Ends, Hint, Lang};

pub const SPEC: FigureSpec = FigureSpec {
    name: "gradient-norm",
    summary: "norm of the whole gradient, and the loss, against steps: what most training logs keep",
    build: Build::Run(build),
};

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let record = run.record();
    let norms = run.total_gradient();
    let x = time_axis(run, &step_edges(record.steps.step(), run.end()), options);
    let norm = smooth(record.steps.step(), &norms, spacing(&x));
    if norm.is_empty() {
        let hint = "draw `training-curves` instead";
        return Err(runs.nothing(run, "gradient norm", hint));
    }
    let clipped = smooth(record.steps.step(), &record.steps[CLIPPED_GRAD_NORM], spacing(&x));
    let is_clipped = !clipped.is_empty();
    let curves = [
        (lang.whole_gradient_series(), norm, Stroke::Solid, 0),
        (lang.clipped_gradient_series(), clipped, Stroke::Dashed, 1),
    ];
    let mut panels = vec![panel(lang.whole_gradient(), curves, &x)];
    let loss = [
        (lang.batch_series(), run.loss_curve(spacing(&x)), Stroke::Solid, 0),
        (lang.train_series(), run.eval_curve(TRAIN_LOSS), Stroke::Dashed, 1),
    ];
    if loss.iter().any(|(_, curve, ..)| !curve.is_empty()) {
        panels.push(panel(lang.loss(), loss, &x));
    }
    show_last_labels(&mut panels);
    let found = findings(lang, run, &norms);
    let words = Words {
        title: title(lang, run, vec![found]),
        subtitle: vec![lang.whole_gradient_note(is_clipped)],
        caption: caption(lang, run),
        reading: vec![
            lang.reading_whole_gradient(),
            reading::outcome(lang, run),
            lang.reading_hint(Hint::WholeGradient),
        ],
    };
    let panels = panels.into_iter().map(|p| (1.0, p)).collect();
    Ok(Figure::new(runs.figure, lang, words, Sheet::stack(panels, Vec::new(), (960, 540))))
}

/// Those of the curves that hold anything, on one axis.
fn panel<const N: usize>(
    label: String,
    curves: [(String, Curve, Stroke, usize); N],
    x: &super::chart::Axis,
) -> Panel {
    let values: Vec<f64> = curves.iter().flat_map(|c| c.1.values()).collect();
    let y = value_axis(label, values.into_iter(), true);
    let log = y.kind == AxisKind::Log10;
    let drawn: Vec<Series> = curves
        .into_iter()
        .filter(|c| !c.1.is_empty())
        .map(|(label, curve, style, colour)| series(label, curve, style, colour, log))
        .collect();
    lines(String::new(), x, y, drawn, Vec::new())
}

/// From the first rows to the last ones, by medians: a single minibatch is noisy. Of a run that diverged the
/// first and the last finite norm.
fn findings(lang: Lang, run: &Summary, norms: &[f64]) -> String {
    if diverged(run) {
        let steps = run.record().steps.step().iter().copied();
        let mut finite = steps.zip(norms.iter().copied()).filter(|at| at.1.is_finite());
        let (first, last) = (finite.next(), finite.next_back());
        return first.map_or(String::new(), |first| lang.whole_gradient_growth(first, last));
    }
    lang.whole_gradient_course(ends(norms), ends(&run.record().steps[LOSS]), Ends::of(norms.len()))
}

/// Medians of the first rows and of the last ones.
fn ends(values: &[f64]) -> Option<[f64; 2]> {
    let width = edge_rows(values.len());
    let finite = |part: &[f64]| median(part.iter().copied().filter(|x| x.is_finite()));
    Some([finite(&values[..width])?, finite(&values[values.len() - width..])?])
}

/// How the loss of the batches went, of a run that diverged how large it grew.
pub(super) fn loss_course(lang: Lang, run: &Summary) -> String {
    let loss = &run.record().steps[LOSS];
    match diverged(run) {
        true => String::new(),
        false => lang.whole_gradient_course(None, ends(loss), Ends::of(loss.len())),
    }
}
