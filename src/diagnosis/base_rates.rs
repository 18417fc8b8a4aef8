//! **Stuck at the base rates**: the network answers every sample alike, with the frequencies of the classes.
//!
//! **How to read it.** The bias of the output layer alone can learn how frequent each class is. A network that
//! has come so far and no farther has a training loss equal to the entropy of the labels and the accuracy of
//! the most frequent class. Its layers below have contributed nothing yet, for whatever reason.
//!
//! **When it misleads.** Every network that is slow to start passes this plateau. Where another rule says what
//! keeps it there, this is a consequence of it.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::analysis::curves::LUCK;

pub const RULE: Rule = Rule {
    ailment: Ailment::BaseRates,
    branch: Branch::Training,
    source: "Shannon 1948: the entropy of the labels is the least cross-entropy of an answer that ignores the input",
    remedies: &[
        Remedy::LargerRate,
        Remedy::MoreEpochs,
        Remedy::AdaptiveRate,
        Remedy::NewActivation,
        Remedy::Normalisation,
    ],
    judge,
};

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(case.skill().into_iter().collect()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        _ if super::found(verdicts, Ailment::Diverged) => return Outcome::Clear(Vec::new()),
        State::Partly | State::Failed => {}
    }
    let Some((loss, prior)) = case.training.loss.zip(super::performance::prior_loss(&case.run)) else {
        return Outcome::Unknown(Missing::TrainingResult);
    };
    let at = case.training.step.map(|s| (s, s));
    let near = case.limits.near_prior;
    let evidence =
        Evidence::new(Measure::LossOverPrior, loss / prior).at(&[], at).at_least("near_prior", 1.0 - near);
    let knows_nothing = case.training.skill.is_none_or(|s| s < LUCK);
    if (loss / prior - 1.0).abs() > near || !knows_nothing {
        return Outcome::Clear(vec![evidence]);
    }
    Outcome::fault(std::iter::once(evidence).chain(case.skill()).collect())
}
