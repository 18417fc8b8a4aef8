//! **The optimiser hides a vanishing gradient**: the signal fades, but the updates vary less between layers
//! than the gradients, by a decade or more.
//!
//! **How to read it.** Adam, RMSprop and Adagrad divide each gradient by its own size, so that every layer
//! moves by about the learning rate, whatever its gradient. A figure of the updates or of the movement then
//! looks healthy. In a network that fails, such layers have followed noise.
//!
//! **When it misleads.** The same effect lets some attenuated networks train; then it is only a note.

use super::case::{Case, Part, Ratio};
use super::vanishing::{Fading, fading};
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Severity, Verdict};
use crate::record::{DRIVEN_NORM, GRAD_NORM, Role};

pub const RULE: Rule = Rule {
    ailment: Ailment::HiddenVanishing,
    branch: Branch::Training,
    source: "Kingma, Ba 2014: Adam's step does not depend on the scale of the gradient",
    remedies: &[Remedy::NewActivation, Remedy::Normalisation, Remedy::Residual, Remedy::BetterInitialisation],
    judge,
};

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    let (mut evidence, fails) = match fading(case) {
        Err(missing) => return Outcome::Unknown(missing),
        Ok(Fading::No(evidence) | Fading::Otherwise(evidence)) => return Outcome::Clear(evidence),
        Ok(Fading::Vanishing(evidence)) => (evidence, super::found(verdicts, Ailment::VanishingGradient)),
        Ok(Fading::Attenuated(evidence)) => (evidence, false),
    };
    let driven = case.run.grid(DRIVEN_NORM, Role::Weight);
    let gradient = case.run.grid(GRAD_NORM, Role::Weight);
    let ratio = |grid, column| case.ratio(grid, Part::Whole, column, Missing::UpdateParts);
    match (ratio(&driven, "driven_norm"), ratio(&gradient, "grad_norm")) {
        (Ok(Ratio::Of(update, steps)), Ok(Ratio::Of(gradient, _))) => {
            let layers = [1, case.hidden()];
            let factor = case.limits.even_factor;
            evidence.truncate(1);
            evidence.push(Evidence::new(Measure::UpdateRatio, update).at(&layers, Some(steps)));
            evidence.push(Evidence::new(Measure::BatchGradientRatio, gradient).at(&layers, Some(steps)));
            let evening = update / gradient;
            if evening.is_finite() {
                evidence.push(
                    Evidence::new(Measure::UpdateEvening, evening)
                        .at(&[], Some(steps))
                        .at_least("even_factor", factor),
                );
            }
            if evening.is_finite() && evening >= factor {
                let severity = if fails { Severity::Fault } else { Severity::Note };
                return Outcome::Found(Finding::new(severity, evidence));
            }
            Outcome::Clear(evidence)
        }
        (Err(missing), _) | (_, Err(missing)) => Outcome::Unknown(missing),
        _ => Outcome::Clear(evidence),
    }
}
