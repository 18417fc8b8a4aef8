//! **Healthy**: good on the training set, good on the test set, and no other rule found a fault.
//!
//! **How to read it.** It is a finding like the others, with evidence, not merely the absence of faults:
//! without a test set, or for a record that was cut short, it cannot be decided.
//!
//! **When it misleads.** Another network may do better; the record of this one shows no fault.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Finding, Measure, Outcome, Rule, Severity, Verdict};

pub const RULE: Rule = Rule {
    ailment: Ailment::Healthy,
    branch: Branch::Done,
    source: "the recipe: good results on the training set, then good results on the test set",
    remedies: &[],
    judge,
};

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    let mut evidence: Vec<Evidence> = case.skill().into_iter().collect();
    if let Some(limit) = evidence.first_mut() {
        *limit = limit.clone().at_least("good_skill", case.limits.good_skill);
    }
    let at = case.test.step.map(|s| (s, s));
    evidence.extend(case.test.accuracy.map(|a| Evidence::new(Measure::TestAccuracy, a).at(&[], at)));
    if verdicts.iter().any(|v| v.outcome.is_fault()) {
        return Outcome::Clear(evidence);
    }
    match (&case.training.state, &case.test.state) {
        (State::Unknown(missing), _) => Outcome::Unknown(missing.clone()),
        (State::Partly | State::Failed, _) => Outcome::Clear(evidence),
        (State::Good, State::Unknown(missing)) => Outcome::Unknown(missing.clone()),
        (State::Good, State::Good) => Outcome::Found(Finding::new(Severity::Note, evidence)),
        (State::Good, _) => Outcome::Clear(evidence),
    }
}
