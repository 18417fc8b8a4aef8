//! **Initialisation too large**: the weights begin at several times the size that keeps a signal at its
//! length, and the network fails on its own training set.
//!
//! **How to read it.** The scale of a layer is the deviation of its initial weights times the square root of
//! its fan-in, which is what it multiplies the size of its input by: 1 for Glorot's between layers of one
//! width, 1.4 for He's, 0.6 for PyTorch's default. At several times that, functions with flat ends are
//! saturated before the first step, and the first loss lies far above that of an answer which ignores the
//! input; both are measured. The steps, relative to weights of that size, are small.
//!
//! **When it misleads.** Where the steps are jumps even when compared with these weights, the rate is too
//! large as well; unless the gradient explodes through the layers, that is said instead. A network that is
//! past its confident wrong answers and still learning, at small steps, is held back by its pace and no longer
//! by its start.

use super::case::{Case, Part, Ratio};
use super::inputs_not_scaled::at_start;
use super::performance::{State, loss_fall, prior_loss};
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::{PARAM_NORM, SATURATED_SHARE};

pub const RULE: Rule = Rule {
    ailment: Ailment::InitialisationTooLarge,
    branch: Branch::Training,
    source: "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, section 4.6; Glorot, Bengio 2010; He et al. 2015",
    remedies: &[Remedy::BetterInitialisation, Remedy::Normalisation],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Good => return Outcome::Clear(Vec::new()),
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        State::Partly | State::Failed => {}
    }
    if let Err(missing) = case.has_hidden() {
        return Outcome::Unknown(missing);
    }
    let scales: Vec<(usize, f64)> =
        case.working_layers().filter_map(|l| Some((l, case.initial_scale(l)?))).collect();
    let Some(&(layer, scale)) = scales.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Outcome::Unknown(case.without_start(PARAM_NORM, Missing::Parameters));
    };
    let limit = case.limits.large_start;
    let mut evidence = vec![
        Evidence::new(Measure::InitialScale, scale)
            .at(&[layer + 1], Some((0, 0)))
            .at_least("large_start", limit),
    ];
    if scale < limit {
        return Outcome::Clear(evidence);
    }
    let grows =
        matches!(case.signal_ratio(Part::Start), Ok(Ratio::Of(r, _)) if r >= case.limits.explosion_ratio);
    if !grows && super::rate_too_large::too_large(case).is_ok_and(|l| l.0) {
        return Outcome::Clear(evidence);
    }
    if overcome(case) {
        return Outcome::Clear(evidence);
    }
    let saturated = case.working_layers().filter(|&l| case.is_bounded(l)).find_map(|l| {
        let share = at_start(case, SATURATED_SHARE, l)?;
        let limit = case.limits.saturated_share;
        (share >= limit).then(|| {
            Evidence::new(Measure::SaturatedShare, share)
                .at(&[l + 1], Some((0, 0)))
                .at_least("saturated_share", limit)
        })
    });
    let loss = case.start_loss().filter(|e| e.value >= case.limits.start_loss);
    let done: Vec<Evidence> = saturated.into_iter().chain(loss).collect();
    if done.is_empty() && !grows {
        return Outcome::Clear(evidence);
    }
    evidence.extend(done);
    evidence.extend(case.skill());
    Outcome::fault(evidence)
}

/// True where the loss is below that of an answer which ignores the input and still falls, with small steps.
fn overcome(case: &Case) -> bool {
    let below = case.training.loss.zip(prior_loss(&case.run)).is_some_and(|(loss, prior)| loss < prior);
    let falls = loss_fall(&case.run, 0.25).is_some_and(|f| f.0 >= case.limits.falling);
    below && falls && case.usual_update().is_ok_and(|update| update.0 <= case.limits.small_update)
}
