//! **Movement by decay only**: hidden layers moved, but no farther than weight decay or L1 alone can have
//! carried them.
//!
//! **How to read it.** Decay pulls every weight toward zero, gradient or not. A layer that moved in this way
//! looks as if it had learned. In a network that fails it is a layer near the input, whose gradient has
//! vanished.
//!
//! **When it misleads.** Strong decay could carry a layer farther than learning does; a network that has
//! learned something is not reported. The distance due to decay is estimated by the sum of its steps, an
//! upper bound; in a record with rows far apart it is estimated from the rows that are there.

use super::case::Case;
use super::performance::State;
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::analysis::Displacement;
use crate::record::{DECAY_NORM, Role};
use crate::stats::Measured;

pub const RULE: Rule = Rule {
    ailment: Ailment::DecayOnly,
    branch: Branch::Training,
    source: "Krogh, Hertz 1991: decay shrinks weights that no gradient holds; after n steps by 1 - (1 - rate x decay)^n",
    remedies: &[Remedy::LessDecay, Remedy::NewActivation, Remedy::Normalisation],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let run = &case.run;
    if case.record().is_empty() {
        return Outcome::Unknown(Missing::Steps);
    }
    let decay = run.grid(DECAY_NORM, Role::Weight);
    if decay.all_missing() {
        return Outcome::Unknown(Missing::UpdateParts);
    }
    if decay.cells().iter().all(|c| matches!(c, Measured::Zero | Measured::Missing | Measured::Nan)) {
        return Outcome::Clear(Vec::new());
    }
    let (displacements, parts) = (run.displacements(Role::Weight), run.decay_parts(Role::Weight));
    let hidden = 0..case.hidden();
    let moved: Vec<usize> = hidden.clone().filter(|&l| displacements[l] == Displacement::DecayOnly).collect();
    let end = case.record().snapshots.step().last().map(|&s| (s, s));
    let shown = moved.first().copied().or_else(|| hidden.clone().find(|&l| parts[l].is_some()));
    let mut evidence = Vec::new();
    if let Some((l, part)) = shown.and_then(|l| Some((l, parts[l]?))) {
        evidence.push(Evidence::new(Measure::Movement, part.movement).at(&[l + 1], end));
        evidence.push(Evidence::new(Measure::DecayTravel, part.travel).at(&[l + 1], end));
    }
    if moved.is_empty() {
        let unknown = hidden.clone().any(|l| displacements[l] == Displacement::Unknown);
        return if unknown { Outcome::Unknown(Missing::Movement) } else { Outcome::Clear(evidence) };
    }
    if let Some(first) = evidence.first_mut() {
        first.layers = moved.iter().map(|l| l + 1).collect();
    }
    match case.training.state {
        State::Partly => Outcome::Clear(evidence),
        _ => Outcome::Found(Finding::new(case.severity(), evidence)),
    }
}
