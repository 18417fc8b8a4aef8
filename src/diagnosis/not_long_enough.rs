//! **Not trained long enough**: training is not good yet, and the training loss was still falling when the
//! run ended.
//!
//! **How to read it.** The fall is the share of itself that the loss lost over the last quarter of the run,
//! or twice that over the last half: one worse evaluation at the end does not mean that learning has ended.
//! A network that has learned half of what there is in its first two epochs is on its way, however noisy its
//! last batches are. A network whose updates sum up to a tenth of its weights in no layer has not been trained at all yet.
//!
//! **When it misleads.** A schedule that ends at a rate of zero flattens any curve; a rate that is too small
//! makes every run too short, and that rule comes first.

use super::case::Case;
use super::performance::{State, cut_short, loss_fall};
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};

pub const RULE: Rule = Rule {
    ailment: Ailment::NotLongEnough,
    branch: Branch::Training,
    source: "Goodfellow, Bengio, Courville, Deep Learning (2016), section 11.4: read the learning curve",
    remedies: &[Remedy::MoreEpochs, Remedy::AdaptiveRate, Remedy::Momentum, Remedy::LargerRate],
    judge,
};

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(case.skill().into_iter().collect()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        _ if super::found(verdicts, Ailment::Diverged) => return Outcome::Clear(Vec::new()),
        State::Partly | State::Failed => {}
    }
    // How a run ends is not known before it has.
    if let Some(cut) = cut_short(&case.run, &super::Thresholds { judged_share: 1.0, ..case.limits.clone() }) {
        return Outcome::Unknown(cut);
    }
    if let Some(path) = case.short_path()
        && !super::found(verdicts, Ailment::RateTooSmall)
    {
        return Outcome::fault(std::iter::once(path).chain(case.skill()).collect());
    }
    let few_epochs = case.few_epochs();
    let Some((fall, steps)) = loss_fall(&case.run, 0.25) else {
        return Outcome::Unknown(Missing::LossHistory);
    };
    let limit = case.limits.falling;
    let quarter =
        Evidence::new(Measure::LossFallQuarter, fall).at(&[], Some(steps)).at_least("falling", limit);
    let over_half = case.limits.falling_half;
    let half =
        loss_fall(&case.run, 0.5).filter(|half| fall < limit && half.0 >= over_half).map(|(fall, steps)| {
            Evidence::new(Measure::LossFallHalf, fall)
                .at(&[], Some(steps))
                .at_least("falling_half", over_half)
        });
    let falls = fall >= limit || half.is_some() || few_epochs.is_some();
    let evidence = match few_epochs {
        Some(epochs) if fall < limit && half.is_none() => vec![epochs],
        _ => vec![half.unwrap_or(quarter)],
    };
    if !falls {
        return Outcome::Clear(evidence);
    }
    match super::explained(verdicts, super::NAMED_CAUSES) {
        Err(missing) => Outcome::Unknown(missing),
        Ok(true) => Outcome::Clear(evidence),
        Ok(false) => Outcome::fault(evidence.into_iter().chain(case.skill()).collect()),
    }
}
