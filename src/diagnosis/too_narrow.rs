//! **Too narrow**: a hidden layer has fewer units than there are classes to tell apart, and the network fails
//! on its own training set.
//!
//! **How to read it.** Everything that the layers above know of a sample passes through that layer. A layer
//! of five units can tell ten classes apart in principle, by combinations; but each class then needs a
//! pattern of its own, which gradient descent does not find from a random start in the usual number of steps.
//!
//! **When it misleads.** Two classes need one unit, which a narrow layer of two has to spare; a network that is
//! good on its training set is wide enough, whatever its layers have.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};

pub const RULE: Rule = Rule {
    ailment: Ailment::TooNarrow,
    branch: Branch::Training,
    source: "Goodfellow, Bengio, Courville, Deep Learning (2016), section 5.2: too little capacity shows on the training set",
    remedies: &[Remedy::LargerNetwork],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let Some(classes) = case.record().header.facts.classes else { return Outcome::Unknown(Missing::Classes) };
    if let Err(missing) = case.has_hidden() {
        return Outcome::Unknown(missing);
    }
    let widths = (0..case.hidden()).filter_map(|l| Some((l, case.outputs(l)?)));
    let Some((layer, width)) = widths.min_by_key(|of| of.1) else { return Outcome::Clear(Vec::new()) };
    let evidence = Evidence {
        limit: Some(super::Limit {
            key: "classes",
            value: classes.saturating_sub(1) as f64,
            bound: super::Bound::AtMost,
        }),
        ..Evidence::new(Measure::LayerWidth, width as f64).at(&[layer + 1], None)
    };
    match &case.training.state {
        State::Unknown(missing) => Outcome::Unknown(missing.clone()),
        State::Failed | State::Partly if classes > 2 && width < classes => {
            Outcome::fault(std::iter::once(evidence).chain(case.skill()).collect())
        }
        State::Good | State::Partly | State::Failed => Outcome::Clear(vec![evidence]),
    }
}
