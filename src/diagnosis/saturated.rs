//! **Saturated units**: at least half of a layer's activations lie on the flat ends of a bounded function.
//!
//! **How to read it.** A saturated unit passes next to nothing back, and its output hardly depends on its input. Weights too large
//! at the start, or a jump of too large a rate, put it there.
//!
//! **When it misleads.** Vanishing needs no saturation: with Glorot's initialisation no sigmoid is saturated, and the slope of at
//! most 1/4 is enough. Networks that train well end with some saturated layers. Functions with one open end (ReLU, SELU, ...) are
//! not judged: half of a rectifier's slopes are zero in health.

use super::case::Case;
use super::dead_units::judge_shares;
use super::{Branch, Outcome, Rule, Verdict};
use crate::record::SATURATED_SHARE;
use crate::text::{Ailment, Measure, Remedy};

pub const RULE: Rule = Rule {
    ailment: Ailment::SaturatedUnits,
    branch: Branch::Training,
    source: "Glorot, Bengio 2010; 50 % of a layer: SageMaker Debugger; the flat end: Karpathy, makemore part 3 (|tanh| > 0.97)",
    remedies: &[Remedy::BetterInitialisation, Remedy::SmallerRate, Remedy::NewActivation, Remedy::Normalisation],
    judge,
};

/// Functions with two flat ends.
const BOUNDED: [&str; 4] = ["sigmoid", "tanh", "softsign", "hard-sigmoid"];

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let bounded: Vec<usize> =
        (0..case.hidden()).filter(|&l| BOUNDED.contains(&super::activation(case.run.layer(l)).as_str())).collect();
    if bounded.is_empty() {
        return Outcome::Clear(Vec::new());
    }
    let at = match case.late_activations(SATURATED_SHARE) {
        Ok(found) => found,
        Err(missing) => return Outcome::Unknown(missing),
    };
    let share = |k: usize, l: usize| case.run.layer_value(SATURATED_SHARE, k, l);
    judge_shares(case, Measure::SaturatedShare, "saturated_share", case.limits.saturated_share, bounded, at, share)
}
