//! **The loss does not fit the output**: what stands between the last pre-activations and the loss takes the
//! gradient away from answers that are wrong.
//!
//! **How to read it.** There are two forms.
//!
//! *A squared error behind a sigmoid or a softmax.* The gradient at the pre-activations is the error a - y times
//! the slope of the output, and the slope is flat wherever the output is confident, right or wrong. The value is
//! the share of the error that passes: the per-sample backward signal of the output layer over the norm of the
//! error, which the loss itself tells (|a - y| = sqrt(2 loss) for half a sum of squares, sqrt(C loss) for a mean
//! over C outputs, whose factor 2 / C is divided out). Cross-entropy behind the same output passes all of it, and
//! so do linear outputs. It is at most 1/4 behind a sigmoid and 1/2 behind a softmax.
//!
//! *Cross-entropy that takes logits, given probabilities.* The softmax, or sigmoid, is applied twice. The best
//! answer has logits 1 and 0, and its loss is ln(1 + (C - 1) / e): 1.46 for ten classes. The evidence is this
//! floor beside the loss at the end. Outputs in [-1, 1] have the floor ln(1 + (C - 1) / e^2). A log-softmax may
//! be applied twice without harm.
//!
//! **When it misleads.** What a network that does well has left of its error are the answers that it gets
//! confidently wrong, so the share falls during training: training must not be good. Then the second form is a
//! note. A network that cannot learn for another reason ends at the frequencies of the classes, where the share
//! is about 1 / C behind either output. Steps that are jumps drive every output onto a flat end; that is left to
//! the rule on rates.

use super::case::{Case, Part};
use super::performance::State;
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::activation::Activation;
use crate::record::{Header, LOSS, SIGNAL_RMS};
use crate::stats::median;

pub const RULE: Rule = Rule {
    ailment: Ailment::LossDoesNotFit,
    branch: Branch::Training,
    source: "Nielsen, Neural Networks and Deep Learning, ch. 3 (the learning slowdown); Glorot, Bengio 2010, section 4.2 (plateaus of the quadratic cost); Golik, Doetsch, Ney 2013",
    remedies: &[Remedy::FittingLoss],
    judge,
};

/// The range of a function at the output; `None` where it is not bounded, or not known.
fn range(header: &Header) -> Option<f64> {
    let last = header.layers.last()?;
    // A softmax may be a layer of its own.
    let name = Some(last.activation()).filter(|name| !name.is_empty()).unwrap_or(&last.kind);
    let folded: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if folded == "softmax" {
        return Some(1.0);
    }
    let (lowest, highest) = name.parse::<Activation>().ok()?.range();
    Some(highest - lowest).filter(|range| range.is_finite())
}

/// What may be wrong between the loss and the output.
enum Pair {
    Fits,
    /// Squares of the errors: their norm squared over the loss, and what the gradient of the loss is
    /// multiplied by so that an error that passes as a whole counts 1.
    Squares {
        errors_in_loss: f64,
        unit: f64,
    },
    /// The range of what the cross-entropy gets.
    Twice {
        range: f64,
    },
    Unknown(Missing),
}

fn pair(header: &Header) -> Pair {
    let range = range(header);
    let outputs = || {
        let last = header.layers.iter().rev().find(|layer| layer.fan_in.is_some())?;
        let shape = Some(last.output_shape.iter().product()).filter(|_| !last.output_shape.is_empty());
        shape.or(last.fan_out).or(header.facts.classes)
    };
    let mean = || match outputs() {
        Some(n) => Pair::Squares { errors_in_loss: n as f64, unit: n as f64 / 2.0 },
        None => Pair::Unknown(Missing::Classes),
    };
    match (header.facts.loss.as_deref(), range, header.facts.loss_input.as_deref()) {
        (None, ..) => Pair::Unknown(Missing::Loss),
        (Some("quadratic"), ..) => Pair::Squares { errors_in_loss: 2.0, unit: 1.0 },
        (Some("softmax-mse"), ..) => mean(),
        (Some("mse"), Some(_), _) => mean(),
        (Some("cross-entropy"), Some(range), Some("logits")) => Pair::Twice { range },
        (Some("cross-entropy"), Some(_), None) => Pair::Unknown(Missing::LossInput),
        _ => Pair::Fits,
    }
}

/// Whether a run is known to have a loss that does not fit.
pub(super) fn is_unfit(header: &Header) -> bool {
    matches!(pair(header), Pair::Squares { .. } | Pair::Twice { .. })
}

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match pair(&case.record().header) {
        Pair::Fits => Outcome::Clear(Vec::new()),
        Pair::Squares { errors_in_loss, unit } => flat(case, errors_in_loss, unit),
        Pair::Twice { range } => twice(case, range),
        Pair::Unknown(_) if case.training.state == State::Good => Outcome::Clear(Vec::new()),
        Pair::Unknown(missing) => Outcome::Unknown(missing),
    }
}

/// The first form.
fn flat(case: &Case, errors_in_loss: f64, unit: f64) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(Vec::new()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        State::Partly | State::Failed => {}
    }
    let record = case.record();
    if case.run.layer_grid(SIGNAL_RMS).all_missing() {
        return Outcome::Unknown(if record.is_empty() { Missing::Steps } else { Missing::Signal });
    }
    let rows = case.rows(Part::Last);
    let output = case.run.layers() - 1;
    let share = |r: usize| {
        let error = (errors_in_loss * record.steps[LOSS][r]).sqrt();
        let passed = unit * case.run.layer_value(SIGNAL_RMS, r, output) / error;
        passed.is_finite().then_some(passed)
    };
    let Some(share) = median(rows.clone().filter_map(share)) else {
        return Outcome::Unknown(Missing::Gap { column: "signal_rms", last: None });
    };
    let limit = case.limits.passed_error;
    let evidence = Evidence::new(Measure::PassedError, share)
        .at(&[output + 1], case.steps(&rows))
        .at_most("passed_error", limit);
    if share > limit {
        return Outcome::Clear(vec![evidence]);
    }
    Outcome::fault(std::iter::once(evidence).chain(case.skill()).collect())
}

/// The second form.
fn twice(case: &Case, range: f64) -> Outcome {
    if let State::Unknown(missing) = &case.training.state {
        return Outcome::Unknown(missing.clone());
    }
    let Some(classes) = case.record().header.facts.classes.filter(|&k| k > 1) else {
        return Outcome::Unknown(Missing::Classes);
    };
    let floor = ((classes as f64 - 1.0) * (-range).exp()).ln_1p();
    let Some(loss) = case.training.loss else { return Outcome::Unknown(Missing::TrainingResult) };
    let at = case.training.step.map(|s| (s, s));
    let evidence =
        vec![Evidence::new(Measure::TrainLoss, loss).at(&[], at), Evidence::new(Measure::LossFloor, floor)];
    // The record says what cannot be: a loss that took these probabilities as logits would not be here.
    if loss < floor * (1.0 - ROUNDING) {
        return Outcome::Clear(evidence);
    }
    Outcome::Found(Finding::new(case.severity(), evidence.into_iter().chain(case.skill()).collect()))
}

/// What a loss that was summed in f32 may be off by.
const ROUNDING: f64 = 1e-4;
