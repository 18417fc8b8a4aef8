//! **Learning rate too small**: training is not good, there is a gradient, and even the fastest hidden layer
//! changes by less than half a thousandth of its norm in a step, or by less than three thousandths while the
//! training loss is still falling: the same budget would have taken the network further.
//!
//! **How to read it.** The value is the relative update of the fastest hidden layer over the run or at its
//! end, whichever is larger: the first steps of RMSprop and Adagrad are several times longer than the later
//! ones. Karpathy's rule of thumb is a thousandth. One sample's gradient compared with the weights
//! distinguishes a small rate from a gradient that vanished in all layers.
//!
//! An adaptive optimiser whose signal is only faint is held to three thousandths in any case: its rate alone
//! says how long a step is. Where no layer moves at all, not even the output layer, a faint signal is no excuse.
//!
//! **When it misleads.** With very many steps a small rate succeeds too: then training is good and nothing is
//! reported. Where the signal has faded to a hundredth or less, no rate helps, and the finding is left to the
//! vanishing gradient, unless the output layer stands still as well.

use super::case::{Case, Part, Ratio};
use super::performance::{State, loss_fall};
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::stats::Measured;

pub const RULE: Rule = Rule {
    ailment: Ailment::RateTooSmall,
    branch: Branch::Training,
    source: "Karpathy, makemore part 3: an update of about a thousandth of the weights; Wardat et al. 2022, DeepDiagnosis",
    remedies: &[Remedy::LargerRate, Remedy::AdaptiveRate, Remedy::Momentum, Remedy::MoreEpochs],
    judge,
};

/// True if the updates are a tenth or less of what is too small; then nothing else can be said about the
/// network.
///
/// # Errors
/// What is missing.
pub fn far_too_small(case: &Case) -> Result<bool, Missing> {
    Ok(case.usual_update()?.0 <= case.limits.small_update / case.limits.even_factor)
}

/// True if no layer at all moves, not even the output layer, which gets the whole signal.
///
/// # Errors
/// What is missing.
pub fn all_too_small(case: &Case) -> Result<bool, Missing> {
    Ok(case.fastest_update_anywhere()? <= case.limits.small_update)
}

/// True if the steps of an adaptive optimiser are short, which only its rate makes them: it divides the gradient
/// by its usual size. `ratio` is that of the signal; where hardly anything is left of it, such steps follow noise,
/// and longer ones would not help.
///
/// # Errors
/// What is missing.
pub fn adaptive_too_small(case: &Case, ratio: f64) -> Result<bool, Missing> {
    let limits = case.limits;
    Ok(case.is_adaptive()
        && ratio > limits.strong_ratio / limits.even_factor
        && case.usual_update()?.0 <= limits.slow_update)
}

/// The evidence that the rate is too small, if it is.
pub fn too_small(case: &Case) -> Result<(bool, Vec<Evidence>), Missing> {
    let (size, layer, steps) = case.usual_update()?;
    let limits = case.limits;
    let falling = loss_fall(&case.run, 0.5).filter(|f| f.0 > limits.stalled);
    let adaptive = match case.early_signal_ratio() {
        Ok(Ratio::Of(ratio, _)) if ratio <= case.faint().1 => adaptive_too_small(case, ratio)?,
        _ => false,
    };
    let (key, limit) = match falling {
        Some(_) => ("slow_update", limits.slow_update),
        None if adaptive => ("slow_update", limits.slow_update),
        None => ("small_update", limits.small_update),
    };
    let mut evidence =
        vec![Evidence::new(Measure::RelativeUpdate, size).at(&[layer + 1], Some(steps)).at_most(key, limit)];
    if size > limit {
        return Ok((false, evidence));
    }
    evidence.extend(falling.map(|(fall, steps)| {
        Evidence::new(Measure::LossFallHalf, fall).at(&[], Some(steps)).at_least("stalled", limits.stalled)
    }));
    let grid = case.relative_gradients();
    if grid.all_missing() {
        return Err(Missing::SampleGradient);
    }
    let rows = case.rows(Part::First);
    let steps = case.steps(&rows);
    let profile = case.profile(&grid, rows);
    let gradient = case
        .working_layers()
        .filter_map(|l| Some((l, profile[l].positive()?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((l, gradient)) = gradient else {
        let gap = profile.contains(&Measured::Missing);
        return if gap {
            Err(Missing::Gap { column: "grad_rms", last: None })
        } else {
            Ok((false, evidence))
        };
    };
    let there = gradient > limits.relative_gradient;
    evidence.push(
        Evidence::new(Measure::RelativeGradient, gradient)
            .at(&[l + 1], steps)
            .at_least("relative_gradient", limits.relative_gradient),
    );
    // If not even the output layer moves, the signal below it does not matter yet.
    let absurd = case.fastest_update_anywhere()? <= limits.small_update / limits.even_factor.powi(2);
    let faded = match case.signal_ratio(Part::Last)? {
        Ratio::Of(ratio, _) => ratio <= limits.strong_ratio,
        Ratio::NoDepth => false,
        Ratio::Zero => true,
    };
    Ok((there && (absurd || adaptive || !faded), evidence))
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
            // Compared with weights that are far too large, which also saturate the units, any step is small.
            _ => match super::explained(
                verdicts,
                &[Ailment::DeadInitialisation, Ailment::ExplodingGradient, Ailment::SaturatedUnits],
            ) {
                Err(missing) => Outcome::Unknown(missing),
                Ok(true) => Outcome::Clear(evidence),
                Ok(false) => Outcome::fault(evidence.into_iter().chain(case.skill()).collect()),
            },
        },
    }
}
