//! `comparison`: two or more runs side by side, gradient above, movement in the middle, accuracy below.
//!
//! **How to read it.** Each column is a run; all gradients share one colour scale, all movements another, and
//! all columns one step axis, so that a colour means the same everywhere. A run that ended early leaves the
//! rest of its panel empty; the subtitle names those of which next to nothing is seen. The
//! gradient is that of one sample's weights (RMS over the batch) unless another one is asked for, or this one
//! was not recorded: the batch mean can hide vanishing (see `gradient-heatmap`).
//!
//! **When it misleads.** Runs that differ in more than the setting under test: the caption names every
//! difference. Loss is not drawn, since losses of different kinds have no common scale; accuracy has. Only where no run
//! has an accuracy, as in many logs, the loss takes its place.

use super::chart::{Axis, AxisKind, ColourScale, Figure, Panel, Placed, Stroke};
use super::events;
use super::frame::{
    Legend, accuracy_axis, accuracy_series, heatmap, lines, log_scale, reached_edges, series,
    show_last_labels, spacing, step_edges, time_axis, value_axis,
};
use super::sheet::{STRIP, Sheet, Words};
use super::size::{ABREAST, evenly};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{brief_outcome, caption_of_many, diverged, names, title_lines_on};
use super::{FigureError, GradientMetric, Options, StepAxis};
use crate::analysis::curves::{Curve, Spacing};
use crate::analysis::{Grid, Summary};
use crate::record::TRAIN_LOSS;
use crate::text::{Hint, Lang, Quantity};

/// A panel needs at least one part in this many of the width; in a narrower one layers and steps cannot be
/// read.
const SLIVER: u64 = 20;

pub const SPEC: FigureSpec = FigureSpec {
    name: "comparison",
    summary: "two or more runs side by side: gradient, movement and accuracy on shared scales",
    build: Build::Runs(build),
};

/// What is drawn under the heatmaps.
enum Strip {
    Accuracy,
    /// Where no run has an accuracy: the loss, on the axis of all runs.
    Loss(Axis),
    Nothing,
}

impl Strip {
    fn of(sides: &[Side], lang: Lang) -> Strip {
        if sides.iter().any(|side| !accuracy_series(side.run, lang, 0, Spacing::Even).is_empty()) {
            return Strip::Accuracy;
        }
        let losses: Vec<f64> = sides
            .iter()
            .flat_map(|side| loss_of(side.run, lang, Spacing::Even).1.values().collect::<Vec<_>>())
            .collect();
        match losses.is_empty() {
            true => Strip::Nothing,
            false => Strip::Loss(value_axis(lang.loss(), losses.into_iter(), true)),
        }
    }
}

/// The loss of the training set, of batches where it was not evaluated.
fn loss_of(run: &Summary, lang: Lang, spacing: Spacing) -> (String, Curve) {
    let evaluated = run.eval_curve(TRAIN_LOSS);
    match evaluated.is_empty() {
        true => (lang.batch_series(), run.loss_curve(spacing)),
        false => (lang.train_series(), evaluated),
    }
}

/// One run: a column of panels.
struct Side<'a> {
    run: &'a Summary<'a>,
    name: String,
    gradient: Grid,
    /// Edges of the recorded steps.
    steps: Vec<f64>,
    /// Without columns where no snapshot was taken after step 0.
    movement: Grid,
    /// Edges of the snapshots.
    snapshots: Vec<f64>,
    /// Layers whose movement has no unit.
    no_unit: bool,
}

impl<'a> Side<'a> {
    fn new(run: &'a Summary<'a>, name: String, metric: GradientMetric, options: &Options) -> Side<'a> {
        let movement = run.movement(options.tensor());
        let (snapshots, skipped) =
            reached_edges(run.record().snapshots.step()).unwrap_or((Vec::new(), usize::MAX));
        Side {
            run,
            name,
            gradient: super::gradient::grid(run, metric, options.tensor()),
            steps: step_edges(run.record().steps.step(), run.end()),
            no_unit: !movement.without_reference.is_empty(),
            movement: movement.grid.without_first_columns(skipped),
            snapshots,
        }
    }

    fn moved(&self) -> bool {
        self.movement.columns() > 0 && !self.movement.all_missing()
    }

    /// Gradient, movement where there is any, accuracy; each with its row of the grid.
    fn panels(
        &self,
        span: &[f64],
        with_movement: bool,
        strip: &Strip,
        options: &Options,
    ) -> Vec<(usize, Panel)> {
        let (lang, run) = (options.lang, self.run);
        let x = time_axis(run, span, options);
        let map = |title, grid: &Grid, edges: &Vec<f64>, scale| {
            Panel::Heatmap(heatmap(lang, title, grid, run, edges.clone(), x.clone(), scale))
        };
        let mut stack = vec![map(self.name.clone(), &self.gradient, &self.steps, 0)];
        let mut rows = vec![0];
        if self.moved() {
            stack.push(map(String::new(), &self.movement, &self.snapshots, 1));
            rows.push(1);
        }
        let row = 1 + usize::from(with_movement);
        match strip {
            Strip::Accuracy => {
                let marks = run.chance().map(|c| (c, lang.chance_mark(c))).into_iter().collect();
                let curves = accuracy_series(run, lang, 0, spacing(&x));
                stack.push(lines(String::new(), &x, accuracy_axis(lang), curves, marks));
                rows.push(row);
            }
            Strip::Loss(y) => {
                let (label, curve) = loss_of(run, lang, spacing(&x));
                let curve = series(label, curve, Stroke::Solid, 0, y.kind == AxisKind::Log10);
                stack.push(lines(String::new(), &x, y.clone(), vec![curve], Vec::new()));
                rows.push(row);
            }
            Strip::Nothing => {}
        }
        show_last_labels(&mut stack);
        rows.into_iter().zip(stack).collect()
    }
}

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (all, lang, bias) = (&runs.all, options.lang, options.bias());
    if let Some(run) = all.iter().find(|r| r.record().is_empty()) {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let metric = options.get::<Option<_>>().unwrap_or_else(|| super::gradient::default_metric(all, options));
    let sides: Vec<Side> =
        all.iter().zip(names(lang, all)).map(|(run, name)| Side::new(run, name, metric, options)).collect();
    if let Some(side) = sides.iter().find(|s| s.gradient.all_missing()) {
        return Err(runs.nothing(
            side.run,
            "gradient of this kind",
            "draw another one (batch-mean, per-sample, signal)",
        ));
    }
    // Movement needs snapshots; without any in any run its row is left out.
    let with_movement = sides.iter().any(Side::moved);
    let (scales, clamped) = scales(&sides, metric, with_movement, options);
    let span = span(&sides, with_movement);
    let strip = Strip::of(&sides, lang);
    let place = |(column, side): (usize, &Side)| {
        let stack = side.panels(&span, with_movement, &strip, options);
        let mut stack: Vec<Placed> =
            stack.into_iter().map(|(row, panel)| Placed::new(column, row, panel)).collect();
        events::mark(&mut stack, side.run, lang);
        stack
    };
    let panels = sides.iter().enumerate().flat_map(place).collect();
    let (mut rows, mut height) =
        if with_movement { (vec![1.0, 1.0, 1.4 * STRIP], 720) } else { (vec![1.0, 1.4 * STRIP], 480) };
    if matches!(strip, Strip::Nothing) {
        rows.pop();
        height -= 120;
    }
    let (across, blocks) = evenly(all.len(), ABREAST);
    let size = (320 + 430 * across as u32, height * blocks as u32);
    let title = heading(lang, &sides, metric, size.0);
    let q = metric.quantity();
    let mut subtitle =
        vec![if with_movement { lang.comparison_note(q, bias) } else { lang.explain(q, bias) }];
    subtitle.extend(clamped);
    subtitle.push(slivers(&sides, options));
    let words = Words {
        reading: vec![lang.reading_columns(), lang.sentence(&title), lang.reading_hint(Hint::Comparison)],
        title,
        subtitle,
        caption: caption_of_many(lang, all),
    };
    let sheet = Sheet { columns: vec![1.0; all.len()], rows, panels, scales, size };
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// One scale for all gradients and one for all movements, each with a sentence about what it does not reach.
fn scales(
    sides: &[Side],
    metric: GradientMetric,
    with_movement: bool,
    options: &Options,
) -> (Vec<ColourScale>, [String; 2]) {
    let (lang, bias) = (options.lang, options.bias());
    let gradients: Vec<&Grid> = sides.iter().map(|s| &s.gradient).collect();
    let label = lang.quantity(metric.quantity(), bias);
    let (gradient, clamped) = log_scale(lang, label, &gradients, false, Legend::PLAIN);
    let movements: Vec<&Grid> = sides.iter().map(|s| &s.movement).collect();
    let legend = Legend::movement(sides.iter().any(|s| s.no_unit));
    let label = lang.quantity(Quantity::Movement, bias);
    let (movement, clamped_movement) = log_scale(lang, label, &movements, true, legend);
    let scales = if with_movement { vec![gradient, movement] } else { vec![gradient] };
    (scales, [clamped, clamped_movement])
}

/// The ends of the step axis that all columns share.
fn span(sides: &[Side], with_movement: bool) -> [f64; 2] {
    let all = || {
        let snapshots = sides.iter().filter(|_| with_movement).map(|s| &s.snapshots);
        let edges = sides.iter().map(|s| &s.steps).chain(snapshots).flatten().copied();
        edges.chain(sides.iter().map(|s| s.run.end() as f64))
    };
    [all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max)]
}

/// A run that diverged at once is a line beside one that went on: a reader should know where to look.
fn slivers(sides: &[Side], options: &Options) -> String {
    let longest = sides.iter().map(|s| s.run.end()).max().unwrap_or(0);
    let linear = options.get::<StepAxis>() == StepAxis::Linear;
    let short = sides.iter().filter(|s| linear && SLIVER * s.run.end() < longest);
    let short: Vec<(String, u64)> = short.map(|s| (s.name.clone(), s.run.end())).collect();
    options.lang.slivers_note(&short, longest)
}

/// The finding of each run; where that would take more than two lines, the outcome of each.
fn heading(lang: Lang, sides: &[Side], metric: GradientMetric, width: u32) -> String {
    let finding = |side: &Side| {
        let depth = super::gradient::finding(side.run, metric, &side.gradient);
        let depth = depth.brief(lang, metric.quantity(), side.run.hidden());
        let mut clauses: Vec<String> =
            [depth, brief_outcome(lang, side.run)].into_iter().filter(|c| !c.is_empty()).collect();
        if diverged(side.run) {
            clauses.reverse();
        }
        lang.title(&side.name, &[lang.list(&clauses)])
    };
    let full = lang.findings(&sides.iter().map(finding).collect::<Vec<_>>());
    if title_lines_on(&full, width.into()) <= 2 {
        return full;
    }
    let outcome = |side: &Side| lang.title(&side.name, &[brief_outcome(lang, side.run)]);
    lang.findings(&sides.iter().map(outcome).collect::<Vec<_>>())
}
