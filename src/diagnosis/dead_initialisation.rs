//! **Dead or symmetric initialisation**: the weights of a hidden layer are all zero at the start.
//!
//! **How to read it.** With rectifiers only the bias of the output layer ever gets a gradient; with a sigmoid
//! all units of a layer get the same gradient and stay identical, so that the layer has the effect of a
//! single unit.
//!
//! **When it misleads.** Weights that are all equal but not zero are just as symmetric, but a norm does not
//! show it. An output layer alone that starts at zero can train and is not reported; nor is a network without
//! a hidden layer.

use super::case::Case;
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::{PARAM_NORM, Role};
use crate::stats::Measured;

pub const RULE: Rule = Rule {
    ailment: Ailment::DeadInitialisation,
    branch: Branch::Training,
    source: "Goodfellow, Bengio, Courville, Deep Learning (2016), section 8.4: initial parameters have to break the symmetry",
    remedies: &[Remedy::BetterInitialisation],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    if let Err(missing) = case.has_hidden() {
        return Outcome::Unknown(missing);
    }
    let record = case.record();
    if record.steps.step().first() != Some(&0) {
        return Outcome::Unknown(if record.is_empty() { Missing::Steps } else { Missing::FirstStep });
    }
    let stored: Vec<f64> =
        (0..case.hidden()).map(|l| case.run.tensor_value(PARAM_NORM, Role::Weight, 0, l)).collect();
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
