//! **Initialisation too small**: the weights of a hidden layer begin at a small part of the size that keeps a
//! signal at its length, and the network fails on its own training set.
//!
//! **How to read it.** The scale is that of the rule on large weights: deviation times the square root of the
//! fan-in. A layer far below 1 makes its input and, on the way back, the signal smaller by that factor; several
//! such layers leave nothing, and all samples look alike at the output. A symmetric saddle lies at zero: a
//! network that begins beside it takes its first thousands of steps to leave it.
//!
//! **When it misleads.** Adaptive optimisers and many steps make up for a small start; then training is good
//! and nothing is said. Weights of zero have a rule of their own.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::PARAM_NORM;

pub const RULE: Rule = Rule {
    ailment: Ailment::InitialisationTooSmall,
    branch: Branch::Training,
    source: "He et al. 2015 (rectifiers): weights of too small a variance shrink both passes; Saxe et al. 2014 (arXiv 1312.6120): the saddle at zero",
    remedies: &[Remedy::BetterInitialisation, Remedy::Normalisation],
    judge,
};

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(Vec::new()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        State::Partly | State::Failed => {}
    }
    let scales: Vec<(usize, f64)> =
        (0..case.hidden()).filter_map(|l| Some((l, case.initial_scale(l)?))).collect();
    let Some(&(layer, scale)) = scales.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else {
        return match case.has_hidden() {
            Ok(false) => Outcome::Clear(Vec::new()),
            Ok(true) => Outcome::Unknown(case.without_start(PARAM_NORM, Missing::Parameters)),
            Err(missing) => Outcome::Unknown(missing),
        };
    };
    let limit = case.limits.small_start;
    let evidence = Evidence::new(Measure::InitialScale, scale)
        .at(&[layer + 1], Some((0, 0)))
        .at_most("small_start", limit);
    // Zeros have a rule of their own.
    if scale > limit || scale == 0.0 || super::found(verdicts, Ailment::DeadInitialisation) {
        return Outcome::Clear(vec![evidence]);
    }
    Outcome::fault(std::iter::once(evidence).chain(case.skill()).collect())
}
