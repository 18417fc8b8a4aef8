//! **Attenuated, but training**: the signal falls by a decade or more, and the network learns nevertheless,
//! or is leaving its plateau. A note, never a fault.
//!
//! **How to read it.** The layers near the input learn slower than those near the output. With a few more
//! layers or a smaller rate this network may not train at all.
//!
//! **When it misleads.** It is no reason to change a network that does well.

use super::case::Case;
use super::vanishing::{Fading, fading};
use super::{Ailment, Branch, Finding, Outcome, Remedy, Rule, Severity, Verdict};

pub const RULE: Rule = Rule {
    ailment: Ailment::Attenuated,
    branch: Branch::Training,
    source: "Glorot, Bengio 2010; Schoenholz et al. 2017 (arXiv 1611.01232): trainable to a depth of some times the scale of the decay",
    remedies: &[Remedy::NewActivation, Remedy::BetterInitialisation],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match fading(case) {
        Err(missing) => Outcome::Unknown(missing),
        Ok(Fading::Attenuated(evidence)) => {
            let mut finding = Finding::new(Severity::Note, evidence);
            (finding.why, finding.why_step) = super::why::split(case);
            Outcome::Found(finding)
        }
        Ok(Fading::No(evidence) | Fading::Vanishing(evidence) | Fading::Otherwise(evidence)) => {
            Outcome::Clear(evidence)
        }
    }
}
