//! **Saturated units**: at least half of a layer's activations lie on the flat ends of a bounded function.
//!
//! **How to read it.** A saturated unit passes back almost nothing, and its output hardly depends on its
//! input. The cause is weights or inputs that are too large, or a step with too large a learning rate. Where at
//! least half of the units are saturated for every sample of the batch, that share is named as well: such units
//! are dead, and do not recover by themselves.
//!
//! **When it misleads.** Vanishing needs no saturation: with Glorot's initialisation no sigmoid is saturated,
//! and the slope of at most 1/4 is enough. Networks that train well end with some saturated layers. Functions
//! with one open end (ReLU, SELU, ...) are not judged: half of the slopes of a rectifier are zero in a
//! healthy network.

use super::case::Case;
use super::dead_units::judge_shares;
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::activation::Activation;
use crate::record::{DEAD_SHARE, SATURATED_SHARE};

pub const RULE: Rule = Rule {
    ailment: Ailment::SaturatedUnits,
    branch: Branch::Training,
    source: "Glorot, Bengio 2010; 50 % of a layer: SageMaker Debugger; the flat end: Karpathy, makemore part 3 (|tanh| > 0.97)",
    remedies: &[
        Remedy::BetterInitialisation,
        Remedy::SmallerRate,
        Remedy::NewActivation,
        Remedy::Normalisation,
    ],
    judge,
};

/// True for functions with two flat ends, in any program's spelling.
pub(super) fn is_bounded(name: &str) -> bool {
    name.parse::<Activation>().is_ok_and(Activation::is_bounded)
}

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    if let Err(missing) = case.has_hidden() {
        return Outcome::Unknown(missing);
    }
    let bounded: Vec<usize> = (0..case.hidden()).filter(|&l| case.is_bounded(l)).collect();
    if bounded.is_empty() {
        // Of a layer whose activation is not known nobody can tell.
        let known = (0..case.hidden()).all(|l| !case.run.layer(l).activation().is_empty());
        return if known { Outcome::Clear(Vec::new()) } else { Outcome::Unknown(Missing::Activations) };
    }
    let at = match case.late_activations(SATURATED_SHARE) {
        Ok(found) => found,
        Err(missing) => return Outcome::Unknown(missing),
    };
    let share = |k: usize, l: usize| case.run.layer_value(SATURATED_SHARE, k, l);
    let limit = case.limits.saturated_share;
    let mut outcome =
        judge_shares(case, Measure::SaturatedShare, "saturated_share", limit, bounded.clone(), at, share);
    if let Outcome::Found(finding) = &mut outcome {
        finding.evidence.extend(dead(case, &bounded, at));
    }
    outcome
}

/// The layers that are mostly saturated for every sample of the batch, with the share of the worst.
fn dead(case: &Case, layers: &[usize], (k, step): (usize, u64)) -> Option<Evidence> {
    let limit = case.limits.dead_share;
    let shares = layers.iter().map(|&l| (l + 1, case.run.layer_value(DEAD_SHARE, k, l)));
    let dead: Vec<(usize, f64)> = shares.filter(|of| of.1 >= limit).collect();
    let worst = dead.iter().map(|of| of.1).reduce(f64::max)?;
    let layers: Vec<usize> = dead.iter().map(|of| of.0).collect();
    let evidence = Evidence::new(Measure::DeadShare, worst).at(&layers, Some((step, step)));
    Some(evidence.at_least("dead_share", limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_functions_are_known_in_any_spelling() {
        for name in ["sigmoid", "Sigmoid", "nn.Tanh", "tanh", "Softsign", "HardSigmoid", "hard-sigmoid"] {
            assert_eq!(is_bounded(name), name != "nn.Tanh", "{name}");
        }
        for name in ["relu", "ReLU", "SELU", "softplus", "identity", "maxout:2", ""] {
            assert!(!is_bounded(name), "{name}");
        }
    }
}
