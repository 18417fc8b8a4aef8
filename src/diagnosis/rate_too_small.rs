//! **Learning rate too small**: training is not good, there is a gradient, and even the fastest hidden layer changes by less
//! than half a thousandth of itself in a step.
//!
//! **How to read it.** The value is the relative update of the fastest hidden layer over the run or at its end, whichever is larger: the
//! first steps of RMSprop and Adagrad are some times longer than the rate makes the others. Karpathy's rule of thumb is a thousandth. One sample's gradient beside the weights tells a small rate from a gradient that vanished in
//! all layers.
//!
//! **When it misleads.** With very many steps a small rate arrives all the same: then training is good and nothing is said. Where the
//! signal has faded to a hundredth or less, no rate helps, and the finding is left to the vanishing gradient.

use super::case::{Case, Part, Ratio};
use super::performance::State;
use super::{Branch, Evidence, Outcome, Rule, Verdict};
use crate::stats::Cell;
use crate::text::{Ailment, Measure, Missing, Remedy};

pub const RULE: Rule = Rule {
    ailment: Ailment::RateTooSmall,
    branch: Branch::Training,
    source: "Karpathy, makemore part 3: an update of about a thousandth of the weights; Wardat et al. 2022, DeepDiagnosis",
    remedies: &[Remedy::LargerRate, Remedy::AdaptiveRate, Remedy::Momentum, Remedy::MoreEpochs],
    judge,
};

/// Is the rate what holds the network? With the evidence.
pub fn too_small(case: &Case) -> Result<(bool, Vec<Evidence>), Missing> {
    let (size, layer, steps) = case.usual_update()?;
    let mut evidence = vec![
        Evidence::new(Measure::RelativeUpdate, size)
            .at(&[layer + 1], Some(steps))
            .at_most("small_update", case.limits.small_update),
    ];
    if size > case.limits.small_update {
        return Ok((false, evidence));
    }
    let grid = case.relative_gradients();
    if grid.all_missing() {
        return Err(Missing::SampleGradient);
    }
    let rows = case.rows(Part::First);
    let steps = case.steps(&rows);
    let profile = case.profile(&grid, rows);
    let gradient =
        case.working_layers().filter_map(|l| Some((l, profile[l].log10()?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((l, gradient)) = gradient else {
        let gap = profile.contains(&Cell::Missing);
        return if gap { Err(Missing::Gap { column: "grad_rms", last: None }) } else { Ok((false, evidence)) };
    };
    let gradient = 10f64.powf(gradient);
    let there = gradient > case.limits.relative_gradient;
    evidence.push(
        Evidence::new(Measure::RelativeGradient, gradient)
            .at(&[l + 1], steps)
            .at_least("relative_gradient", case.limits.relative_gradient),
    );
    let faded = match case.signal_ratio(Part::Last)? {
        Ratio::Of(ratio, _) => ratio <= case.limits.strong_ratio,
        Ratio::NoDepth => false,
        Ratio::Zero => true,
    };
    Ok((there && !faded, evidence))
}

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    if case.training.state == State::Good {
        return Outcome::Clear(case.skill().into_iter().collect());
    }
    match too_small(case) {
        Err(_) if super::found(verdicts, Ailment::DeadInitialisation) => Outcome::Clear(Vec::new()),
        Err(missing) => Outcome::Unknown(missing),
        Ok((false, evidence)) => Outcome::Clear(evidence),
        Ok((true, evidence)) => match &case.training.state {
            State::Unknown(missing) => Outcome::Unknown(missing.clone()),
            _ => match super::explained(verdicts, &[Ailment::DeadInitialisation]) {
                Err(missing) => Outcome::Unknown(missing),
                Ok(true) => Outcome::Clear(evidence),
                Ok(false) => Outcome::fault(evidence.into_iter().chain(case.skill()).collect()),
            },
        },
    }
}
