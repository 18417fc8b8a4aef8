//! **Learning rate too large**: training is not good, and a step changed the weights by a tenth of their norm
//! or more.
//!
//! **How to read it.** The value is the largest relative update of a hidden layer, typical of the first
//! steps, the last ones or the whole run: large rates do their damage early, and a network whose units died
//! has no updates at the end. The loss at the end over that at the start shows the result. A network that was
//! good and became bad again (the training loss ends at twice its smallest value or more) has the same fault
//! with smaller steps.
//!
//! **When it misleads.** Weights that begin at, or near, zero change by any factor in healthy networks; an
//! initialisation that already explodes needs smaller weights, not a smaller rate, and is left to that rule.
//! A signal that was faint from the start is left to its rule too: the large updates that Adam or Adagrad
//! makes there follow noise. A network that has learned something and whose loss is falling at the end has
//! recovered from its first jumps, unless that loss is still twice that of an answer which ignores the input
//! (`start_loss`): then it only bounces.

use super::case::{Case, Part, Ratio};
use super::performance::{State, loss_fall};
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::{LOSS, TRAIN_ACCURACY, TRAIN_LOSS};
use crate::stats::{Measured, median};

pub const RULE: Rule = Rule {
    ailment: Ailment::RateTooLarge,
    branch: Branch::Training,
    source: "Wardat et al. 2022, DeepDiagnosis: relative update outside [1e-5, 1e-1]; a thousandth is usual: Karpathy, makemore part 3",
    remedies: &[Remedy::SmallerRate, Remedy::AdaptiveRate, Remedy::Normalisation],
    judge,
};

/// The evidence that the updates were too large, if they were.
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
    let Some((size, layer, steps)) = first.into_iter().chain(typical).max_by(|a, b| a.0.total_cmp(&b.0))
    else {
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
    let loss = &case.record().steps[LOSS];
    let of = |part| {
        let rows = case.rows(part);
        let steps = case.steps(&rows)?;
        Some((median(loss[rows].iter().copied())?, steps))
    };
    let (start, end) = (loss.first().copied().filter(|x| x.is_finite())?, of(Part::Last)?);
    (start > 0.0).then(|| Evidence::new(Measure::LossOverStart, end.0 / start).at(&[], Some((0, end.1.1))))
}

/// The training loss at the end over its smallest value, if the network had been good before.
fn fell_back(case: &Case) -> Option<Evidence> {
    let evals = &case.record().evals;
    let last = evals.iter().rev().find(|e| e.value(TRAIN_LOSS).is_finite())?;
    let best = evals
        .iter()
        .filter(|e| e.value(TRAIN_LOSS) > 0.0)
        .min_by(|a, b| a.value(TRAIN_LOSS).total_cmp(&b.value(TRAIN_LOSS)))?;
    let was_good = case.run.skill(best.value(TRAIN_ACCURACY))? >= case.limits.good_skill;
    let limit = case.limits.train_loss_rise;
    let rise = last.value(TRAIN_LOSS) / best.value(TRAIN_LOSS);
    let evidence = Evidence::new(Measure::TrainLossRise, rise).at(&[], Some((best.step(), last.step())));
    (was_good && rise >= limit).then(|| evidence.at_least("train_loss_rise", limit))
}

/// True where the training loss ends far above that of an answer which ignores the input: what it gains or loses
/// from there is the noise of jumps, and no progress.
fn is_worse_than_ignorant(case: &Case) -> bool {
    let losses = case.training.loss.zip(super::performance::prior_loss(&case.run));
    losses.is_some_and(|(loss, prior)| loss >= case.limits.start_loss * prior)
}

/// Other causes of large updates. A signal that was faint from the start is the cause of large updates below
/// it, unless these destroyed it altogether.
fn explaining(case: &Case) -> &'static [Ailment] {
    const STARTS: &[Ailment] =
        &[Ailment::VanishingGradient, Ailment::ExplodingGradient, Ailment::DeadInitialisation];
    let drowned = match (case.signal_ratio(Part::Start), case.signal_ratio(Part::Last)) {
        (Ok(Ratio::Of(start, _)), Ok(Ratio::Of(last, _))) => last * case.limits.explosion_ratio <= start,
        _ => false,
    };
    if drowned { &STARTS[1..] } else { STARTS }
}

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    let lost = fell_back(case).filter(|_| matches!(case.training.state, State::Partly | State::Failed));
    match too_large(case) {
        _ if super::found(verdicts, Ailment::Diverged)
            && super::found(verdicts, Ailment::ExplodingGradient) =>
        {
            Outcome::Clear(Vec::new())
        }
        Err(_) if super::found(verdicts, Ailment::DeadInitialisation) => Outcome::Clear(Vec::new()),
        Err(missing) => Outcome::Unknown(missing),
        Ok((_, evidence)) if lost.is_some() => Outcome::fault(lost.into_iter().chain(evidence).collect()),
        Ok((false, evidence)) => Outcome::Clear(evidence),
        Ok((true, evidence)) => match &case.training.state {
            State::Unknown(missing) => Outcome::Unknown(missing.clone()),
            State::Good => Outcome::Clear(evidence),
            // Jumps that a network has recovered from do not hold it back.
            State::Failed if super::vanishing::takes_part(case) => Outcome::Clear(evidence),
            State::Partly
                if !is_worse_than_ignorant(case)
                    && (case.few_epochs().is_some()
                        || loss_fall(&case.run, 0.25).is_some_and(|f| f.0 >= case.limits.falling)) =>
            {
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
