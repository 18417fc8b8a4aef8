//! **Uniform vanishing**: the weight gradients of all hidden layers are alike, and all of them are tiny.
//!
//! **How to read it.** With rectifiers and weights too small, the signal falls from layer to layer downward
//! and the activations fall upward; their product, the weight gradient, is the same in every layer, and
//! small. A first/last ratio of gradients says "healthy". The gradient of one sample relative to the norm of
//! the weights shows it: at or below the limit even a rate of 10 would change the weights by less than a
//! thousandth in a step.
//!
//! **When it misleads.** A network that has converged has small gradients too, so training must have failed.

use super::case::{Case, Part};
use super::performance::State;
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Severity, Verdict};
use crate::record::GRAD_RMS;
use crate::stats::Measured;

pub const RULE: Rule = Rule {
    ailment: Ailment::UniformVanishing,
    branch: Branch::Training,
    source: "He et al. 2015 (rectifiers): variance 2 / fan_in keeps the signal; below it both passes shrink; update of a thousandth: Karpathy, makemore part 3",
    remedies: &[Remedy::BetterInitialisation, Remedy::Normalisation, Remedy::Residual, Remedy::AdaptiveRate],
    judge,
};

/// The evidence that the gradients of all hidden layers are alike and tiny at the end, if they are.
pub fn uniform(case: &Case) -> Result<(bool, Vec<Evidence>), Missing> {
    if !case.has_hidden()? {
        return Ok((false, Vec::new()));
    }
    let rows = case.rows(Part::Last);
    let (relative_all, plain) = (case.relative_gradients(), case.run.layer_grid(GRAD_RMS));
    if relative_all.all_missing() {
        return Err(if case.record().is_empty() { Missing::Steps } else { Missing::SampleGradient });
    }
    let steps = case.steps(&rows);
    let of = |grid| case.profile(grid, rows.clone())[..case.hidden()].to_vec();
    let (relative, plain): (Vec<Measured>, Vec<Measured>) = (of(&relative_all), of(&plain));
    if relative.contains(&Measured::Missing) {
        return Err(Missing::Gap { column: "grad_rms", last: None });
    }
    let sizes: Vec<f64> = plain.iter().filter_map(|c| c.positive()).collect();
    // Exact zeros come from dead units, not from a signal that vanished.
    let largest = (0..relative.len())
        .filter_map(|l| Some((l, relative[l].positive()?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((layer, largest)) = largest.filter(|_| sizes.len() == plain.len()) else {
        return Ok((false, Vec::new()));
    };
    let spread =
        sizes.iter().copied().fold(0.0, f64::max) / sizes.iter().copied().fold(f64::INFINITY, f64::min);
    let limits = case.limits;
    let evidence = vec![
        Evidence::new(Measure::RelativeGradient, largest)
            .at(&[layer + 1], steps)
            .at_most("relative_gradient", limits.relative_gradient),
        Evidence::new(Measure::GradientSpread, spread)
            .at(&[], steps)
            .at_most("even_factor", limits.even_factor),
    ];
    // Gradients that were normal at first and then vanished (saturation, dead units, a large rate) are
    // another fault.
    let first = case.profile(&relative_all, case.rows(Part::First));
    let began = first[..case.hidden()].iter().filter_map(|c| c.positive()).fold(0.0, f64::max);
    let jumps = super::rate_too_large::too_large(case).is_ok_and(|l| l.0);
    let small = !jumps
        && largest <= limits.relative_gradient
        && began <= limits.even_factor * limits.relative_gradient;
    Ok((small && spread <= limits.even_factor, evidence))
}

fn judge(case: &Case, verdicts: &[Verdict]) -> Outcome {
    match uniform(case) {
        _ if super::found(verdicts, Ailment::DeadInitialisation) => Outcome::Clear(Vec::new()),
        Err(missing) => Outcome::Unknown(missing),
        Ok((false, evidence)) => Outcome::Clear(evidence),
        Ok((true, mut evidence)) => match &case.training.state {
            State::Unknown(missing) => Outcome::Unknown(missing.clone()),
            State::Good | State::Partly => Outcome::Clear(evidence),
            State::Failed => {
                evidence.extend(case.skill());
                let mut finding = Finding::new(Severity::Fault, evidence);
                (finding.why, finding.why_step) = super::why::split(case);
                Outcome::Found(finding)
            }
        },
    }
}
