//! **Updates lost to float rounding**: a layer has a gradient, but in most steps adding the update changes no
//! stored number.
//!
//! **How to read it.** In f32 a weight of size 1 cannot change by less than about 6e-8, and nothing is
//! smaller than 1e-45. The record holds both the true gradient and the applied update, which distinguishes a
//! layer whose gradient is zero from one whose update was lost.
//!
//! **When it misleads.** A network that has converged may lose updates too; then it is only a note.

use super::case::Case;
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::{GRAD_NORM, LEARNING_RATE, Role, UPDATE_NORM};
use crate::stats::Measured;

pub const RULE: Rule = Rule {
    ailment: Ailment::FloatUnderflow,
    branch: Branch::Training,
    source: "IEEE 754 binary32: 24 significant bits, least number 1.4e-45",
    remedies: &[
        Remedy::NewActivation,
        Remedy::BetterInitialisation,
        Remedy::Normalisation,
        Remedy::LargerRate,
        Remedy::MorePrecision,
    ],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let record = case.record();
    if record.is_empty() {
        return Outcome::Unknown(Missing::Steps);
    }
    let rows = case.rows(super::case::Part::Whole);
    let value = |metric, r, l| Measured::from_stored(case.run.tensor_value(metric, Role::Weight, r, l));
    let mut lost = Vec::new();
    let mut seen = false;
    for l in 0..case.run.layers() {
        // A rate of zero loses nothing.
        let judged: Vec<bool> = rows
            .clone()
            .filter(|&r| record.steps[LEARNING_RATE][r] != 0.0)
            .filter(|&r| matches!(value(GRAD_NORM, r, l), Measured::Finite(_) | Measured::Underflow))
            .filter(|&r| value(UPDATE_NORM, r, l) != Measured::Missing)
            .map(|r| matches!(value(UPDATE_NORM, r, l), Measured::Zero | Measured::Underflow))
            .collect();
        seen |= !judged.is_empty();
        let share = judged.iter().filter(|&&x| x).count() as f64 / judged.len().max(1) as f64;
        lost.push(share);
    }
    if !seen {
        let zero =
            rows.clone().all(|r| (0..case.run.layers()).all(|l| value(GRAD_NORM, r, l) == Measured::Zero));
        return if zero && !rows.is_empty() {
            Outcome::Clear(Vec::new())
        } else {
            Outcome::Unknown(Missing::Updates)
        };
    }
    let worst = lost.iter().copied().fold(0.0, f64::max);
    let layers: Vec<usize> = (0..lost.len())
        .filter(|&l| lost[l] >= case.limits.lost_share && lost[l] > 0.0)
        .map(|l| l + 1)
        .collect();
    let evidence = vec![
        Evidence::new(Measure::LostShare, worst)
            .at(&layers, case.steps(&rows))
            .at_least("lost_share", case.limits.lost_share),
    ];
    if layers.is_empty() {
        return Outcome::Clear(evidence);
    }
    Outcome::Found(Finding::new(case.severity(), evidence))
}
