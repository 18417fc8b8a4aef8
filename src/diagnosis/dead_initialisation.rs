//! **Dead or symmetric initialisation**: the weights of a hidden layer all begin at zero.
//!
//! **How to read it.** With rectifiers nothing but the output's bias ever gets a gradient; with a sigmoid all units of a layer
//! get the same one and stay copies of each other, so that the layer is one unit wide.
//!
//! **When it misleads.** Weights that are all equal, but not zero, are as symmetric and cannot be told by a norm. An output
//! layer alone that begins at zero is a choice that trains, and is not accused; nor is a network without a hidden layer.

use super::case::Case;
use super::{Branch, Evidence, Finding, Outcome, Rule, Verdict};
use crate::record::{TensorKind, TensorMetric};
use crate::stats::Measured;
use crate::text::{Ailment, Measure, Missing, Remedy};

pub const RULE: Rule = Rule {
    ailment: Ailment::DeadInitialisation,
    branch: Branch::Training,
    source: "Goodfellow, Bengio, Courville, Deep Learning (2016), section 8.4: initial parameters have to break the symmetry",
    remedies: &[Remedy::BetterInitialisation],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let record = case.record();
    if record.steps.step.first() != Some(&0) {
        return Outcome::Unknown(if record.is_empty() { Missing::Steps } else { Missing::FirstStep });
    }
    let stored: Vec<f64> =
        (0..case.hidden()).map(|l| case.run.tensor_value(TensorMetric::ParamNorm, TensorKind::Weight, 0, l)).collect();
    let cells: Vec<Measured> = stored.iter().map(|&x| Measured::from_stored(x)).collect();
    let zero: Vec<usize> = (0..cells.len()).filter(|&l| cells[l] == Measured::Zero).map(|l| l + 1).collect();
    if !zero.is_empty() {
        let evidence = Evidence::new(Measure::InitialNorm, 0.0).at(&zero, Some((0, 0)));
        return Outcome::Found(Finding::new(case.severity(), vec![evidence]));
    }
    if cells.contains(&Measured::Missing) {
        return Outcome::Unknown(Missing::Parameters);
    }
    let least = (0..stored.len()).min_by(|&a, &b| stored[a].total_cmp(&stored[b]));
    let least = least.map(|l| Evidence::new(Measure::InitialNorm, stored[l]).at(&[l + 1], Some((0, 0))));
    Outcome::Clear(least.into_iter().collect())
}
