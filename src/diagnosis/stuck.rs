//! **Stuck with large gradients**: the training loss stands still, training is not good, and yet every layer
//! gets a strong signal.
//!
//! **How to read it.** This is not a vanishing gradient: the signal of one sample is as strong in layer 1 as
//! above it, and as strong as at the start. The samples pull in different directions. The network cannot
//! represent the task (too narrow, no non-linearity), the labels are noise, or the steps jump across the
//! minimum.
//!
//! **When it misleads.** A rate that is too small also makes a loss stand still; that rule comes first. He et
//! al. 2016 saw a 56-layer network with a higher *training* error than one of 20 layers although batch
//! normalisation kept its gradients alive: this rule finds such a case.

use super::case::{Case, Part, Ratio};
use super::performance::{State, loss_fall};
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::SIGNAL_RMS;

pub const RULE: Rule = Rule {
    ailment: Ailment::StuckWithLargeGradients,
    branch: Branch::Training,
    source: "He et al. 2016, Deep residual learning: degradation without vanishing gradients",
    remedies: &[
        Remedy::LargerNetwork,
        Remedy::NewActivation,
        Remedy::Residual,
        Remedy::AdaptiveRate,
        Remedy::SmallerRate,
    ],
    judge,
};

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(case.skill().into_iter().collect()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        _ if super::found(verdicts, Ailment::Diverged) => return Outcome::Clear(Vec::new()),
        // It has not begun.
        _ if case.short_path().is_some() => return Outcome::Clear(case.short_path().into_iter().collect()),
        // Its last batches say little of how it goes on.
        _ if case.few_epochs().is_some() => return Outcome::Clear(case.few_epochs().into_iter().collect()),
        State::Partly | State::Failed => {}
    }
    let Some((fall, steps)) = loss_fall(&case.run, 0.5) else {
        return Outcome::Unknown(Missing::LossHistory);
    };
    let mut evidence = vec![
        Evidence::new(Measure::LossFallHalf, fall)
            .at(&[], Some(steps))
            .at_most("stalled", case.limits.stalled),
    ];
    if fall > case.limits.stalled {
        return Outcome::Clear(evidence);
    }
    let limits = case.limits;
    let even = match case.signal_ratio(Part::Last) {
        Err(missing) => return Outcome::Unknown(missing),
        Ok(Ratio::Zero) => false,
        Ok(Ratio::NoDepth) => true,
        Ok(Ratio::Of(ratio, steps)) => {
            let at = Evidence::new(Measure::SignalRatio, ratio).at(&[1, case.hidden()], Some(steps));
            let (key, limit) = case.faint();
            evidence.push(at.at_least(key, limit));
            ratio > limit
        }
    };
    let grid = case.run.layer_grid(SIGNAL_RMS);
    let of = |part| case.profile(&grid, case.rows(part))[0].positive();
    let kept = match (of(Part::First), of(Part::Last)) {
        (Some(first), Some(last)) => last / first,
        _ if grid.all_missing() => return Outcome::Unknown(Missing::Signal),
        _ => 0.0,
    };
    let over = case.steps(&case.rows(Part::Whole));
    evidence.push(
        Evidence::new(Measure::KeptSignal, kept).at(&[1], over).at_least("kept_signal", limits.kept_signal),
    );
    if !even || kept < limits.kept_signal {
        return Outcome::Clear(evidence);
    }
    match super::explained(verdicts, super::NAMED_CAUSES) {
        Err(missing) => Outcome::Unknown(missing),
        Ok(true) => Outcome::Clear(evidence),
        Ok(false) => Outcome::fault(evidence.into_iter().chain(case.skill()).collect()),
    }
}
