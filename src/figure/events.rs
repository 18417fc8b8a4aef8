//! What happened to a run, as upright lines through all of its panels with steps: the end of the learning
//! rate's warm-up, the step whose parameters early stopping kept, the collapse of the training accuracy, the
//! divergence.
//!
//! **When they mislead.** A collapse is seen at evaluations: it happened between the marked one and the one
//! before.

use super::chart::{AxisKind, Overlay, Panel, Placed};
use crate::analysis::Summary;
use crate::analysis::curves::Ending;
use crate::record::{LEARNING_RATE, Status, TRAIN_ACCURACY};
use crate::text::Lang;

/// A warm-up starts from less than this share of its end and has at least so many recorded steps; a rate that
/// only moves a little has no beginning of another kind.
const WARM_UP_START: f64 = 0.9;
const WARM_UP_ROWS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    WarmedUp,
    Kept,
    Collapsed,
    Diverged,
}

/// Marks the events of `run` in every panel with its steps; the words stand over the first of them.
pub(super) fn mark(panels: &mut [Placed], run: &Summary, lang: Lang) {
    let axis = lang.step_axis(run.header().steps_per_epoch);
    let events = events(run);
    // Beside numbers a heatmap has their words over it.
    let beside: Vec<usize> =
        panels.iter().filter(|p| matches!(p.panel, Panel::Rows(_))).map(|p| p.row).collect();
    let mut first = true;
    for p in panels {
        let of_steps = p.panel.x().is_some_and(|x| {
            x.label == axis && matches!(x.kind, AxisKind::Linear | AxisKind::Whole | AxisKind::Log1p)
        });
        // A figure of an event marks it itself.
        let marked = p.overlays.iter().any(|o| matches!(o, Overlay::Step { .. }));
        if !of_steps || marked {
            continue;
        }
        for (step, event) in &events {
            let words =
                if first && !beside.contains(&p.row) { words(lang, *event, *step) } else { String::new() };
            p.overlays.push(Overlay::Step { at: *step as f64, words });
        }
        first &= beside.contains(&p.row);
    }
}

fn words(lang: Lang, event: Event, step: u64) -> String {
    match event {
        Event::WarmedUp => lang.warmed_up_event(),
        Event::Kept => lang.kept_step(step),
        Event::Collapsed => lang.collapsed_event(),
        Event::Diverged => lang.diverged_event(),
    }
}

fn events(run: &Summary) -> Vec<(u64, Event)> {
    let kept = run.header().early_stop.as_ref().map(|stop| stop.best_step);
    let diverged = match run.header().status {
        Status::Diverged { step, .. } => Some(step),
        _ => None,
    };
    [
        (warmed_up(run), Event::WarmedUp),
        (kept, Event::Kept),
        (collapsed(run), Event::Collapsed),
        (diverged, Event::Diverged),
    ]
    .into_iter()
    .filter_map(|(step, event)| Some((step?, event)))
    .collect()
}

/// The first step with the largest learning rate, to which the rate rose from the beginning.
fn warmed_up(run: &Summary) -> Option<u64> {
    let steps = &run.record().steps;
    let rates = &steps[LEARNING_RATE];
    let rising = rates.windows(2).take_while(|w| w[1] > w[0]).count();
    let from = rates.first()?;
    (rising >= WARM_UP_ROWS && *from < WARM_UP_START * rates[rising]).then(|| steps.step()[rising])
}

/// The first evaluation at chance after which the training accuracy stayed there, if it had been above.
fn collapsed(run: &Summary) -> Option<u64> {
    let Ending::FellBack { best, .. } = run.ending() else { return None };
    let evals = &run.record().evals;
    let half = |accuracy: f64| run.skill(accuracy).zip(run.skill(best)).is_none_or(|(s, b)| s >= 0.5 * b);
    let last_good = evals[TRAIN_ACCURACY].iter().rposition(|a| a.is_finite() && half(*a))?;
    let at = last_good + 1;
    (at < evals.len()).then(|| evals.step()[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::testing::healthy;
    use crate::figure::{FigureSpec, Options, build};
    use crate::record::EarlyStop;

    fn marks(name: &str, record: &crate::record::Record) -> Vec<(f64, String)> {
        let figure = build(name, std::slice::from_ref(record), &Options::default()).unwrap();
        let overlays = figure.panels.iter().flat_map(|p| &p.overlays);
        let steps = overlays.filter_map(|o| match o {
            Overlay::Step { at, words } => Some((*at, words.clone())),
            _ => None,
        });
        steps.collect()
    }

    #[test]
    fn a_divergence_is_one_line_through_all_panels_of_steps_with_words_once() {
        let mut record = healthy().record();
        assert_eq!(marks("gradient-heatmap", &record), []);
        record.header.status = Status::Diverged { step: 12, what: "the loss is inf".into() };
        for name in ["gradient-heatmap", "update-heatmap", "signal-heatmap", "training-curves", "layer-lines"]
        {
            let marks = marks(name, &record);
            let panels = build(name, &[record.clone()], &Options::default()).unwrap().panels.len();
            assert_eq!(marks.len(), panels, "{name}");
            assert!(marks.iter().all(|m| m.0 == 12.0) && marks[0].1 == "diverged", "{name}: {marks:?}");
            assert!(marks[1..].iter().all(|m| m.1.is_empty()));
        }
        // Layers on the horizontal axis.
        assert_eq!(marks("layer-profile", &record), []);
        assert!(FigureSpec::find("layer-profile").is_ok());
    }

    #[test]
    fn the_kept_step_is_marked() {
        let mut record = healthy().record();
        record.header.early_stop = Some(EarlyStop { best_step: 7, stopped: true });
        assert_eq!(marks("movement-heatmap", &record)[0], (7.0, "kept: step 7".to_string()));
    }

    #[test]
    fn a_warm_up_ends_where_the_recorded_rate_is_largest_and_a_constant_rate_has_none() {
        let rates = |rate: &dyn Fn(usize) -> f64| {
            let mut record = healthy().record();
            let rows = record.steps.len();
            let values: Vec<f64> = (0..rows).map(rate).collect();
            record.steps.values_mut(LEARNING_RATE).copy_from_slice(&values);
            marks("gradient-heatmap", &record)
        };
        let marked =
            rates(&|t| if t < 6 { 0.1 * (t + 1) as f64 / 6.0 } else { 0.1 / (1.0 + (t - 5) as f64) });
        assert_eq!(marked[0], (5.0, "warm-up ends".to_string()));
        assert_eq!(rates(&|_| 0.1), []);
        assert_eq!(rates(&|t| 0.1 / (1.0 + t as f64)), []);
    }
}
