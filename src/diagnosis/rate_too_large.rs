//! **Learning rate too large**: training is not good, and the weights were changed by a tenth or more of themselves in a step.
//!
//! **How to read it.** The value is the largest relative update of a hidden layer, typical of the first steps, the last ones or the
//! whole run: rates do their damage early, and a network whose units died has no updates left at the end. The loss at the end over
//! that of the start says what it came to. A network that was good and lost it again (the training loss ends at twice its
//! smallest value or more) has the same illness, with smaller steps.
//!
//! **When it misleads.** Weights that begin at, or near, zero change by any factor in health; a start that already explodes needs
//! smaller weights, not a smaller rate, and is left to that rule. So is a signal that faded from the start on: the weights that Adam or
//! Adagrad throws about there are those that hear nothing. A network that has learned something and whose loss is falling at the end
//! has got over its first jumps.

use super::case::{Case, Part, Ratio};
use super::performance::{State, loss_fall};
use super::{Branch, Evidence, Outcome, Rule, Verdict};
use crate::stats::{Measured, median};
use crate::text::{Ailment, Measure, Missing, Remedy};

pub const RULE: Rule = Rule {
    ailment: Ailment::RateTooLarge,
    branch: Branch::Training,
    source: "Wardat et al. 2022, DeepDiagnosis: relative update outside [1e-5, 1e-1]; a thousandth is usual: Karpathy, makemore part 3",
    remedies: &[Remedy::SmallerRate, Remedy::AdaptiveRate, Remedy::Normalisation],
    judge,
};

/// Were the updates jumps? With the evidence.
pub fn too_large(case: &Case) -> Result<(bool, Vec<Evidence>), Missing> {
    let grid = case.relative_updates();
    if grid.all_missing() {
        return Err(if case.record().is_empty() { Missing::Steps } else { Missing::Updates });
    }
    // The largest step of the first rows too: one jump is enough to kill a layer.
    let rows = case.rows(Part::First);
    let mut jump: Option<(f64, usize)> = None;
    for l in case.working_layers() {
        for r in rows.clone() {
            if let Measured::Finite(x) = grid.at(l, r) {
                jump = jump.filter(|j| j.0 >= x).or(Some((x, l)));
            }
        }
    }
    let typical = case.fastest_update().ok();
    let first = jump.map(|(x, l)| (x, l, case.steps(&rows).unwrap_or_default()));
    let Some((size, layer, steps)) = first.into_iter().chain(typical).max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Err(Missing::Gap { column: "update_norm", last: None });
    };
    let mut evidence = vec![
        Evidence::new(Measure::RelativeUpdate, size)
            .at(&[layer + 1], Some(steps))
            .at_least("large_update", case.limits.large_update),
    ];
    evidence.extend(loss_over_start(case));
    Ok((size >= case.limits.large_update, evidence))
}

fn loss_over_start(case: &Case) -> Option<Evidence> {
    let loss = &case.record().steps.loss;
    let of = |part| {
        let rows = case.rows(part);
        let steps = case.steps(&rows)?;
        Some((median(loss[rows].iter().copied())?, steps))
    };
    let (start, end) = (loss.first().copied().filter(|x| x.is_finite())?, of(Part::Last)?);
    (start > 0.0).then(|| Evidence::new(Measure::LossOverStart, end.0 / start).at(&[], Some((0, end.1.1))))
}

/// The training loss at the end over its smallest value, where the network had been good once and lost it.
fn fell_back(case: &Case) -> Option<Evidence> {
    let evals = &case.record().evals;
    let last = evals.iter().rev().find(|e| e.train_loss.is_finite())?;
    let best = evals.iter().filter(|e| e.train_loss > 0.0).min_by(|a, b| a.train_loss.total_cmp(&b.train_loss))?;
    let (chance, skill) = (case.training.chance?, |a: f64, c: f64| (a - c) / (1.0 - c));
    let was_good = skill(best.train_accuracy, chance) >= case.limits.good_skill;
    let limit = case.limits.train_loss_rise;
    let rise = last.train_loss / best.train_loss;
    let evidence = Evidence::new(Measure::TrainLossRise, rise).at(&[], Some((best.step, last.step)));
    (was_good && rise >= limit).then(|| evidence.at_least("train_loss_rise", limit))
}

/// What jumps may be laid to instead. A signal that was faint is the reason for jumps below it, unless these drowned it altogether.
fn explaining(case: &Case) -> &'static [Ailment] {
    const STARTS: &[Ailment] = &[Ailment::VanishingGradient, Ailment::ExplodingGradient, Ailment::DeadInitialisation];
    let drowned = match (case.signal_ratio(Part::Start), case.signal_ratio(Part::Last)) {
        (Ok(Ratio::Of(start, _)), Ok(Ratio::Of(last, _))) => last * case.limits.explosion_ratio <= start,
        _ => false,
    };
    if drowned { &STARTS[1..] } else { STARTS }
}

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    let lost = fell_back(case).filter(|_| matches!(case.training.state, State::Partly | State::Failed));
    match too_large(case) {
        _ if super::found(verdicts, Ailment::Diverged) && super::found(verdicts, Ailment::ExplodingGradient) => {
            Outcome::Clear(Vec::new())
        }
        Err(_) if super::found(verdicts, Ailment::DeadInitialisation) => Outcome::Clear(Vec::new()),
        Err(missing) => Outcome::Unknown(missing),
        Ok((_, evidence)) if lost.is_some() => Outcome::fault(lost.into_iter().chain(evidence).collect()),
        Ok((false, evidence)) => Outcome::Clear(evidence),
        Ok((true, evidence)) => match &case.training.state {
            State::Unknown(missing) => Outcome::Unknown(missing.clone()),
            State::Good => Outcome::Clear(evidence),
            State::Partly if loss_fall(&case.run, 0.25).is_some_and(|f| f.0 >= case.limits.falling) => {
                Outcome::Clear(evidence)
            }
            _ => match super::explained(verdicts, explaining(case)) {
                Err(missing) => Outcome::Unknown(missing),
                Ok(true) => Outcome::Clear(evidence),
                Ok(false) => Outcome::fault(evidence.into_iter().chain(case.skill()).collect()),
            },
        },
    }
}
