//! **Vanishing gradient**: the per-sample backward signal falls from the last hidden layer to layer 1 by a
//! decade or more, *and* the network fails on its own training set.
//!
//! **How to read it.** Neither half is enough. Networks with a ratio of 0.01 train, and a converged network
//! has tiny gradients in all layers; a network that fails with an even signal has another fault. The quantity
//! is the signal of one sample, RMS over the batch, because the batch-mean gradient that frameworks show can
//! hide it: once the output bias knows the class frequencies, the full-batch gradient of a collapsed network
//! is the same in every layer. The finding says for each layer whether the weights, the slope or the
//! alignment take the signal away ([`super::why`]). The ratio is that of the first rows or the last ones,
//! whichever is smaller: a network may repair its signal too late. A signal that was even at the start and
//! faded during training was destroyed by the steps, and is left to the rules on rates and units.
//!
//! **When it misleads.** A failure with another cause in a network that also attenuates (wrong labels, a
//! sigmoid network that was trained for too few steps) looks the same. A network that is leaving its plateau
//! at the end is left to the rule on more steps, unless its signal began at a hundredth: then the plateau
//! used up its budget. A network whose rate is far too small is left to that rule; if the rate is only too
//! small, both are reported. Where layer 1 has moved like the others and gets its signal by the end, the
//! layers near the input do get there, and a network that is still learning is left to the rule on more steps.
//! Between normalised or residual layers the ratio is that of the pre-activations. Where only the batch-mean gradient
//! is recorded, an even profile leaves the question open.

use super::case::{Case, Part, Ratio};
use super::performance::{State, loss_fall};
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Severity, Verdict};
use crate::activation::Activation;
use crate::record::{GRAD_NORM, Role};

pub const RULE: Rule = Rule {
    ailment: Ailment::VanishingGradient,
    branch: Branch::Training,
    source: "Hochreiter 1991; Bengio, Simard, Frasconi 1994; Glorot, Bengio 2010; per-sample norms: Goodfellow 2015 (arXiv 1510.01799)",
    remedies: &[
        Remedy::NewActivation,
        Remedy::Normalisation,
        Remedy::Residual,
        Remedy::BetterInitialisation,
        Remedy::AdaptiveRate,
        Remedy::Layerwise,
        Remedy::NormaliseGradients,
    ],
    judge,
};

/// Fewer updates than this show nothing, however faint the signal was at the start.
const FEW_STEPS: u64 = 30;

/// Joint judgement of the signal and the training.
pub enum Fading {
    /// The signal does not fall by the limit, or there is no depth.
    No(Vec<Evidence>),
    /// It falls, and training fails because of it.
    Vanishing(Vec<Evidence>),
    /// It falls, and training succeeds, or is still progressing.
    Attenuated(Vec<Evidence>),
    /// It falls, and training fails for another reason.
    Otherwise(Vec<Evidence>),
}

/// The judgement that the rules on attenuation share.
pub fn fading(case: &Case) -> Result<Fading, Missing> {
    // Training repairs the signal when it gets going at all, or kills the last layer, and so all signal; what
    // it spent its budget on is seen at the start.
    let last = match case.signal_ratio(Part::Last) {
        Err(Missing::Signal) => return by_batch_mean(case),
        other => other?,
    };
    let known = [last, case.early_signal_ratio().unwrap_or(Ratio::Zero)];
    let known = known.into_iter().filter_map(|r| match r {
        Ratio::NoDepth | Ratio::Zero => None,
        Ratio::Of(ratio, steps) => Some((ratio, steps)),
    });
    let Some((ratio, steps)) = known.min_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Ok(Fading::No(Vec::new()));
    };
    let mut evidence = vec![case.attenuation(ratio, steps)];
    if ratio > case.faint().1 {
        return Ok(Fading::No(evidence));
    }
    let stalled = || loss_fall(&case.run, 0.5).is_some_and(|f| f.0 <= case.limits.stalled);
    evidence.extend(case.skill());
    let fall = loss_fall(&case.run, 0.25);
    evidence
        .extend(fall.map(|(fall, steps)| Evidence::new(Measure::LossFallQuarter, fall).at(&[], Some(steps))));
    match &case.training.state {
        State::Unknown(missing) => Err(missing.clone()),
        State::Partly if ratio <= case.limits.strong_ratio && stalled() => Ok(Fading::Vanishing(evidence)),
        State::Good | State::Partly => Ok(Fading::Attenuated(evidence)),
        // A network that had no time to move has shown nothing yet.
        State::Failed
            if case.short_path().is_some()
                && (ratio > case.limits.strong_ratio || case.run.end() < FEW_STEPS) =>
        {
            Ok(Fading::Otherwise(evidence))
        }
        State::Failed if takes_part(case) => {
            evidence.extend(case.movement_ratio());
            Ok(Fading::Attenuated(evidence))
        }
        State::Failed
            if ratio > case.limits.strong_ratio
                && fall.is_some_and(|f| f.0 >= case.limits.escaping)
                && !jumps(case) =>
        {
            Ok(Fading::Attenuated(evidence))
        }
        // Where not even the layers that get the whole signal move, or the optimiser makes up for what is missing
        // of it, it is the rate that is too small.
        State::Failed if ratio > case.limits.strong_ratio && super::rate_too_small::all_too_small(case)? => {
            Ok(Fading::Otherwise(evidence))
        }
        State::Failed if super::rate_too_small::adaptive_too_small(case, ratio)? => {
            Ok(Fading::Otherwise(evidence))
        }
        // One step down by a quarter has trained as often as not.
        State::Failed if ratio > case.limits.signal_ratio && !stalled() => Ok(Fading::Attenuated(evidence)),
        State::Failed if super::uniform::uniform(case).is_ok_and(|u| u.0) => Ok(Fading::Otherwise(evidence)),
        State::Failed if ratio > case.limits.strong_ratio && super::rate_too_small::far_too_small(case)? => {
            Ok(Fading::Otherwise(evidence))
        }
        State::Failed => Ok(Fading::Vanishing(evidence)),
    }
}

/// The judgement where only norms of the batch-mean gradient are recorded, as in the logs of most programs. They can
/// hide that a signal fades, so an even profile says nothing; a profile that falls to a hundredth from the first steps
/// on is no accident.
fn by_batch_mean(case: &Case) -> Result<Fading, Missing> {
    let grid = case.run.grid(GRAD_NORM, Role::Weight);
    let ratio = |part| case.ratio(&grid, part, GRAD_NORM.id, Missing::Signal);
    let (Ratio::Of(ratio, steps), true) = (ratio(Part::First)?, case.hidden() > 1) else {
        return Err(Missing::Signal);
    };
    let stalled = loss_fall(&case.run, 0.5).is_some_and(|f| f.0 <= case.limits.stalled);
    let fails = match case.training.state {
        State::Failed => true,
        State::Partly => stalled,
        State::Good | State::Unknown(_) => false,
    };
    if ratio > case.limits.strong_ratio || !fails {
        return Err(Missing::Signal);
    }
    let evidence = Evidence::new(Measure::BatchGradientRatio, ratio)
        .at(&[1, case.hidden()], Some(steps))
        .at_most("strong_ratio", case.limits.strong_ratio);
    let fall = loss_fall(&case.run, 0.25);
    let fall = fall.map(|(fall, steps)| Evidence::new(Measure::LossFallQuarter, fall).at(&[], Some(steps)));
    Ok(Fading::Vanishing(std::iter::once(evidence).chain(case.skill()).chain(fall).collect()))
}

/// True where layer 1 has moved as the other hidden layers have, the signal reaches it by the end, and the loss
/// falls: what was faint at the start was repaired, and learning goes on.
pub fn takes_part(case: &Case) -> bool {
    let moved = case.movement_ratio().is_some_and(|e| e.value >= case.limits.moved_alike);
    let reached = |part| matches!(case.signal_ratio(part), Ok(Ratio::Of(r, _)) if r > case.faint().1);
    let reaches = reached(Part::Last);
    let falls = loss_fall(&case.run, 0.5).is_some_and(|f| f.0 >= case.limits.falling);
    // A slope of at most a quarter in every layer can be made up for only by weights that saturate the units.
    let steep = (0..case.hidden())
        .filter_map(|l| case.run.layer(l).activation().parse::<Activation>().ok())
        .all(|activation| activation.slope_near_zero() > case.limits.layer_ratio);
    let fell = |share, limit| loss_fall(&case.run, share).is_some_and(|f| f.0 >= limit);
    let escapes = || fell(0.25, case.limits.escaping);
    // A single decade is soon made up for; what was fainter has to have been there for half of the run.
    let was_faint = matches!(case.early_signal_ratio(), Ok(Ratio::Of(r, _)) if r <= case.limits.strong_ratio);
    let recovers = || (!was_faint || reached(Part::Middle)) && fell(0.5, case.limits.recovering);
    moved && reaches && falls && ((steep || escapes()) && !jumps(case) || recovers())
}

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    match fading(case) {
        Err(missing) => Outcome::Unknown(missing),
        Ok(Fading::No(evidence) | Fading::Attenuated(evidence) | Fading::Otherwise(evidence)) => {
            Outcome::Clear(evidence)
        }
        // A signal that was there and went was thrown out by the steps: onto flat ends, or into dead units.
        Ok(Fading::Vanishing(evidence)) if began_well(case) => Outcome::Clear(evidence),
        Ok(Fading::Vanishing(evidence)) if super::found(verdicts, Ailment::DeadInitialisation) => {
            Outcome::Clear(evidence)
        }
        Ok(Fading::Vanishing(evidence)) => accuse(case, evidence),
    }
}

fn accuse(case: &Case, mut evidence: Vec<Evidence>) -> Outcome {
    // What a framework shows, which may look even.
    let grid = case.run.grid(GRAD_NORM, Role::Weight);
    let is_said = evidence.iter().any(|e| e.measure == Measure::BatchGradientRatio);
    if let Ok(Ratio::Of(ratio, steps)) = case.ratio(&grid, Part::Last, "grad_norm", Missing::Steps)
        && !is_said
    {
        evidence.push(Evidence::new(Measure::BatchGradientRatio, ratio).at(&[1, case.hidden()], Some(steps)));
    }
    let mut finding = Finding::new(Severity::Fault, evidence);
    (finding.why, finding.why_step) = super::why::split(case);
    Outcome::Found(finding)
}

/// True when steps are so large that what the signal does at the end is their doing.
fn jumps(case: &Case) -> bool {
    super::rate_too_large::too_large(case).is_ok_and(|l| l.0)
}

/// True when the signal of the first rows was not attenuated; where steps are jumps, that of the very first
/// one.
fn began_well(case: &Case) -> bool {
    let start = if jumps(case) { case.signal_ratio(Part::Start) } else { case.early_signal_ratio() };
    matches!(start, Ok(Ratio::Of(ratio, _)) if ratio > case.faint().1)
}
