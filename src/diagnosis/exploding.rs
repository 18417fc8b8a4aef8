//! **Exploding gradient**: the per-sample backward signal grows from the last hidden layer to layer 1 by a
//! large factor.
//!
//! **How to read it.** Weights too large for their width multiply the signal in each layer. The ratio is that
//! of the first rows or of the last finite ones, whichever is larger. Growth over *time* alone, the same in
//! all layers, is a matter of the learning rate.
//!
//! **When it misleads.** Batch normalisation makes gradients grow toward the input at the start; deep
//! networks with it train nevertheless, so unless training failed the finding is only a note.

use super::case::{Case, Part, Ratio};
use super::{Ailment, Branch, Evidence, Finding, Measure, Outcome, Remedy, Rule, Verdict};

pub const RULE: Rule = Rule {
    ailment: Ailment::ExplodingGradient,
    branch: Branch::Training,
    source: "Zhang et al. 2021, AutoTrainer: ratio of 70; the mechanism: Pascanu, Mikolov, Bengio 2013; batch normalisation: Yang et al. 2019",
    remedies: &[
        Remedy::BetterInitialisation,
        Remedy::ClipOrScale,
        Remedy::Normalisation,
        Remedy::SmallerRate,
    ],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let mut best: Option<(f64, (u64, u64))> = None;
    let mut missing = None;
    // After a jump of too large a rate the signal may do anything; the start still tells what depth does.
    let jumps = super::rate_too_large::too_large(case).is_ok_and(|l| l.0);
    let parts = if jumps { &[Part::First][..] } else { &[Part::First, Part::Last] };
    for &part in parts {
        match case.signal_ratio(part) {
            Ok(Ratio::Of(ratio, steps)) => best = best.filter(|b| b.0 >= ratio).or(Some((ratio, steps))),
            Ok(Ratio::NoDepth) => return Outcome::Clear(Vec::new()),
            Ok(Ratio::Zero) => {}
            Err(m) => missing = Some(m),
        }
    }
    let limit = case.limits.explosion_ratio;
    match (best, missing) {
        (Some((ratio, steps)), missing) => {
            let evidence = Evidence::new(Measure::SignalRatio, ratio)
                .at(&[1, case.hidden()], Some(steps))
                .at_least("explosion_ratio", limit);
            match missing {
                _ if ratio >= limit => {
                    let evidence = std::iter::once(evidence).chain(case.skill()).collect();
                    let mut finding = Finding::new(case.severity(), evidence);
                    (finding.why, finding.why_step) = super::why::split(case);
                    Outcome::Found(finding)
                }
                // Half of the data is not enough to rule it out.
                Some(m) => Outcome::Unknown(m),
                None => Outcome::Clear(vec![evidence]),
            }
        }
        (None, Some(m)) => Outcome::Unknown(m),
        (None, None) => Outcome::Clear(Vec::new()),
    }
}
