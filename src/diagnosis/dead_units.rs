//! **Dead units**: in a hidden layer, at least the given share of the units is off for every sample of the
//! batch. Of functions with two flat ends a unit that is always on one of them is a saturated one, and is left
//! to that rule.
//!
//! **How to read it.** Such a unit gets no gradient, so it does not change any more. One step with too large
//! a learning rate can kill a whole layer. The share is that of the last snapshot; a high share already at
//! the first one means that all samples look alike in that layer (the signal collapsed on its way up), not
//! that units died.
//!
//! **When it misleads.** A batch is not the training set: a unit that is off for 50 samples may be on for the
//! 51st. For smooth functions a unit counts as dead if its slope is under 5.91 % of the largest slope for the
//! whole batch.

use super::case::Case;
use super::{Ailment, Branch, Evidence, Finding, Measure, Outcome, Remedy, Rule, Verdict};
use crate::record::DEAD_SHARE;

pub const RULE: Rule = Rule {
    ailment: Ailment::DeadUnits,
    branch: Branch::Training,
    source: "SageMaker Debugger, rule DeadRelu: more than 50 % of a layer; Lu et al. 2019 (arXiv 1903.06733)",
    remedies: &[
        Remedy::SmallerRate,
        Remedy::NewActivation,
        Remedy::BetterInitialisation,
        Remedy::Normalisation,
    ],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match case.has_hidden() {
        Ok(true) => {}
        Ok(false) => return Outcome::Clear(Vec::new()),
        Err(missing) => return Outcome::Unknown(missing),
    }
    let (k, step) = match case.late_activations(DEAD_SHARE) {
        Ok(found) => found,
        Err(missing) => return Outcome::Unknown(missing),
    };
    let share = |k: usize, l: usize| case.run.layer_value(DEAD_SHARE, k, l);
    let limit = case.limits.dead_share;
    let layers = (0..case.hidden()).filter(|&l| !case.is_bounded(l)).collect();
    judge_shares(case, Measure::DeadShare, "dead_share", limit, layers, (k, step), share)
}

/// The layers whose share is at least the limit at snapshot `k`, and what their worst one was at the first
/// snapshot.
pub fn judge_shares(
    case: &Case,
    measure: Measure,
    key: &'static str,
    limit: f64,
    layers: Vec<usize>,
    (k, step): (usize, u64),
    share: impl Fn(usize, usize) -> f64,
) -> Outcome {
    let Some(&worst) = layers.iter().max_by(|&&a, &&b| share(k, a).total_cmp(&share(k, b))) else {
        return Outcome::Clear(Vec::new());
    };
    let ill: Vec<usize> = layers.iter().filter(|&&l| share(k, l) >= limit).map(|l| l + 1).collect();
    let shown = if ill.is_empty() { vec![worst + 1] } else { ill.clone() };
    let mut evidence =
        vec![Evidence::new(measure, share(k, worst)).at(&shown, Some((step, step))).at_least(key, limit)];
    if ill.is_empty() {
        return Outcome::Clear(evidence);
    }
    let first = share(0, worst);
    if k > 0 && first.is_finite() {
        let start = case.record().snapshots.step()[0];
        evidence.push(Evidence::new(measure, first).at(&[worst + 1], Some((start, start))));
    }
    evidence.extend(case.skill());
    Outcome::Found(Finding::new(case.severity(), evidence))
}
