//! **Too much dropout**: more than half of the units are dropped at every step, and the network fails on its
//! own training set even with all its units on.
//!
//! **How to read it.** With probability p every hidden layer multiplies what it passes on by noise of variance
//! p / (1 - p): 1 at a half, 4 at four fifths, and the layers multiply. The evaluation is made without
//! dropout, so that what it shows is what was learned. Dropout keeps a network from memorising its samples; one
//! that has not learned them needs less of it.
//!
//! **When it misleads.** A network that fails for another reason fails with dropout too. A step that is a jump
//! is blamed only where this rule is silent.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Measure, Outcome, Remedy, Rule, Verdict};

pub const RULE: Rule = Rule {
    ailment: Ailment::TooMuchDropout,
    branch: Branch::Training,
    source: "Srivastava et al. 2014, Dropout, section 7.3: with few units kept the training error rises",
    remedies: &[Remedy::LessDropout, Remedy::LargerNetwork],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let Some(dropped) = case.record().header.facts.dropout.filter(|p| *p > 0.0) else {
        return Outcome::Clear(Vec::new());
    };
    let limit = case.limits.large_dropout;
    let evidence = Evidence::new(Measure::Dropout, dropped).at_least("large_dropout", limit);
    match &case.training.state {
        State::Unknown(missing) => Outcome::Unknown(missing.clone()),
        State::Failed | State::Partly if dropped >= limit && case.hidden() > 0 => {
            Outcome::fault(std::iter::once(evidence).chain(case.skill()).collect())
        }
        State::Good | State::Partly | State::Failed => Outcome::Clear(vec![evidence]),
    }
}
