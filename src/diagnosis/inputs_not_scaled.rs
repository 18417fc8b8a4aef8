//! **Inputs not scaled**: the numbers that the first layer reads are far from the size that initialisations
//! and learning rates are made for, and the network fails on its own training set because of it.
//!
//! **How to read it.** The size is the root mean square of a column as it was fed. An initialisation keeps a
//! signal of size 1; inputs of a thousand make pre-activations of a thousand, so that a layer with flat ends
//! is saturated, and a rectifier off or on for all samples alike, before the first step. The gradient of a
//! weight is proportional to its input and the curvature to its square, so that a rate which suits one column
//! is far too large for another one. A large size alone is no fault: raw pixels train with a rate to match. It
//! counts where training is not good and something shows what the size did: the state of layer 1 before the
//! first step, a loss that begins far above that of an answer which ignores the input, or steps that are
//! jumps; or where the size is a decade beyond the limit.
//!
//! **When it misleads.** Large initial weights do the same to a first layer; where the layers above are as
//! saturated as the first one, or no statistics of the inputs were recorded and the weights are large, the
//! finding is left to that rule.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::{Column, DEAD_SHARE, Inputs, MetricId, SATURATED_SHARE};

pub const RULE: Rule = Rule {
    ailment: Ailment::InputsNotScaled,
    branch: Branch::Training,
    source: "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, section 4.3: inputs of mean 0 and deviation 1; Schoop, Huang, Hartmann 2021, UMLAUT",
    remedies: &[Remedy::ScaleInputs, Remedy::SmallerRate],
    judge,
};

/// Columns that are named, the largest first.
const NAMED: usize = 3;

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(sizes(case).unwrap_or_default()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        State::Partly | State::Failed => {}
    }
    match sizes(case) {
        Some(evidence) => {
            let large = |e: &Evidence| e.value >= case.limits.input_size;
            if !evidence.iter().any(large) {
                return Outcome::Clear(evidence);
            }
            let done = harm(case);
            // A decade beyond the limit no network of a usual rate can be meant to train.
            let far = |e: &Evidence| e.value >= case.limits.even_factor * case.limits.input_size;
            if done.is_empty() && !evidence.iter().any(far) {
                return Outcome::Clear(evidence);
            }
            Outcome::fault(evidence.into_iter().chain(done).chain(case.skill()).collect())
        }
        None => by_first_layer(case),
    }
}

/// The sizes of the columns that are named, or of all inputs together; `None` where they were not recorded.
fn sizes(case: &Case) -> Option<Vec<Evidence>> {
    let inputs: &Inputs = case.record().header.facts.inputs.as_ref()?;
    let limit = case.limits.input_size;
    let evidence = |value: f64| Evidence::new(Measure::InputSize, value).at_least("input_size", limit);
    let columns = inputs.large(limit);
    if columns.is_empty() {
        return Some(vec![evidence(inputs.size())]);
    }
    let named = |c: &Column| Evidence { column: Some(c.name.clone()), ..evidence(c.spread.size()) };
    Some(columns.into_iter().take(NAMED).map(named).collect())
}

/// What inputs of that size did.
fn harm(case: &Case) -> Vec<Evidence> {
    let mut done = Vec::new();
    for (measure, metric, key, limit) in [
        (Measure::SaturatedShare, SATURATED_SHARE, "saturated_share", case.limits.saturated_share),
        (Measure::DeadShare, DEAD_SHARE, "dead_share", case.limits.dead_share),
    ] {
        // Of a function with flat ends the two are one thing.
        let first = at_start(case, metric, 0).filter(|share| *share >= limit && done.is_empty());
        done.extend(
            first.map(|share| Evidence::new(measure, share).at(&[1], Some((0, 0))).at_least(key, limit)),
        );
    }
    done.extend(case.start_loss().filter(|e| e.value >= case.limits.start_loss));
    if let Ok((true, jumps)) = super::rate_too_large::too_large(case) {
        done.extend(jumps.into_iter().next());
    }
    done
}

/// A share of a hidden layer (from 0) before the first step.
pub fn at_start(case: &Case, metric: MetricId, layer: usize) -> Option<f64> {
    let first = case.record().snapshots.step().first().copied()?;
    let value = (first == 0 && layer < case.hidden()).then(|| case.run.layer_value(metric, 0, layer))?;
    value.is_finite().then_some(value)
}

/// Without statistics of the inputs: a first layer that is saturated before the first step, with weights of a
/// usual size and layers above that are not.
fn by_first_layer(case: &Case) -> Outcome {
    let limit = case.limits.saturated_share;
    let Some(share) = at_start(case, SATURATED_SHARE, 0).filter(|_| case.is_bounded(0)) else {
        return Outcome::Unknown(Missing::Inputs);
    };
    let above = at_start(case, SATURATED_SHARE, 1).filter(|_| case.is_bounded(1)).unwrap_or(0.0);
    let usual = case.initial_scale(0).is_some_and(|scale| scale <= case.limits.large_start);
    let evidence = Evidence::new(Measure::SaturatedShare, share)
        .at(&[1], Some((0, 0)))
        .at_least("saturated_share", limit);
    if share < limit || above >= limit || !usual {
        return Outcome::Unknown(Missing::Inputs);
    }
    Outcome::fault(std::iter::once(evidence).chain(case.skill()).collect())
}
