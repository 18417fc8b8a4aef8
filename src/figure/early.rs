//! `early-stopping`: the loss on training and validation data, and the step whose parameters were kept.
//!
//! **How to read it.** The axis is linear, so that the turn of the validation loss is seen as it is. Left of the
//! marked step both losses fall; right of it the training loss goes on falling while the validation loss does
//! not, which is the beginning of overfitting. The parameters of the marked step are the result.
//!
//! **When it misleads.** The validation loss is measured at evaluations only, and is noisy: its lowest value is
//! lower than what the parameters are worth on other samples. The accuracy may still rise while the loss does.

use super::chart::{Figure, Overlay, Stroke};
use super::frame::{lines, series, time_axis, value_axis};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options};
use crate::analysis::Summary;
use crate::analysis::curves::Curve;
use crate::field::Field;
use crate::record::{EarlyStop, TRAIN_LOSS, VALIDATION_LOSS};
use crate::text::Lang;
use crate::text::lecture::Turn;

pub const SPEC: FigureSpec = FigureSpec {
    name: "early-stopping",
    summary: "training and validation loss on a linear axis, with the step whose parameters were kept",
    build: Build::Run(build),
};

/// What a run without early stopping does not hold: that is no lack of its record.
pub const CHOICE: &str = "early stopping";

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let Some(stop) = run.header().early_stop else {
        let hint = format!("train it with {} and {}", Field::EarlyStopping, Field::ValidationSize);
        return Err(runs.nothing(run, CHOICE, hint));
    };
    let validation = run.eval_curve(VALIDATION_LOSS);
    if validation.is_empty() {
        return Err(runs.nothing(run, "finite validation loss", "draw `training-curves` instead"));
    }
    let training = run.eval_curve(TRAIN_LOSS);
    let ends = [0.0, run.end() as f64];
    let x = time_axis(run, &ends, options);
    let values: Vec<f64> = training.values().chain(validation.values()).collect();
    let y = value_axis(lang.loss(), values.into_iter(), false);
    let curves = [
        (lang.train_series(), training, Stroke::Solid, 0),
        (lang.validation_series(), validation, Stroke::Dashed, 1),
    ];
    let found = finding(lang, stop, &curves[0].1, &curves[1].1);
    let drawn = curves.into_iter().filter(|c| !c.1.is_empty());
    let drawn =
        drawn.map(|(label, curve, style, colour)| series(label, curve, style, colour, false)).collect();
    let words = Words {
        title: title(lang, run, vec![found]),
        subtitle: vec![lang.early_stopping_note(stop.stopped)],
        caption: caption(lang, run),
        reading: vec![lang.reading_early_stopping(), stopped(lang, run, stop)],
    };
    let panel = lines(String::new(), &x, y, drawn, Vec::new());
    let mut sheet = Sheet::stack(vec![(1.0, panel)], Vec::new(), (960, 480));
    let words_at = lang.kept_step(stop.best_step);
    sheet.panels[0].overlays.push(Overlay::Step { at: stop.best_step as f64, words: words_at });
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// A loss at the kept step and at the last evaluation of it, with that step.
fn ends(curve: &Curve, kept: u64) -> Option<(f64, f64, u64)> {
    let at = curve.points.iter().find(|p| p.0 == kept as f64)?.1?;
    let (step, last) = curve.points.iter().rev().find_map(|p| Some((p.0, p.1?)))?;
    Some((at, last, step as u64))
}

fn finding(lang: Lang, stop: EarlyStop, training: &Curve, validation: &Curve) -> String {
    let Some((kept, last, step)) = ends(validation, stop.best_step) else {
        return lang.kept_step(stop.best_step);
    };
    let of_training = ends(training, stop.best_step).map(|(kept, last, _)| [kept, last]);
    lang.early_stopping_found(&Turn {
        kept: stop.best_step,
        end: step,
        validation: [kept, last],
        training: of_training,
    })
}

fn stopped(lang: Lang, run: &Summary, stop: EarlyStop) -> String {
    lang.reading_stopped(stop.stopped, run.header().facts.early_stopping)
}
