//! Diagnosis of a run from its record alone: rules give verdicts, and the verdicts follow the recipe of
//! Hung-yi Lee's lecture "Tips for Deep Learning".
//!
//! The recipe asks about the **training set first**. A network that is bad there does not overfit, whatever
//! its test accuracy says, and no regulariser helps it; only one that is good there and bad on the test set
//! overfits. So every rule belongs to one branch, and so do its remedies.
//!
//! One file a rule: what it looks for, how to read it, when it misleads, its source. A rule answers with an
//! [`Outcome`]: [`Found`](Outcome::Found) with evidence (layers, steps, the measured value, the threshold,
//! its unit), [`Clear`](Outcome::Clear) with what it saw, or [`Unknown`](Outcome::Unknown) with what was not
//! recorded. Every rule answers, and a record that is short of something never counts as healthy for that.
//! The numbers that rules compare with are in [`thresholds`].
//!
//! A finding is a [`Severity::Fault`], or a [`Severity::Note`] where the network does well nevertheless:
//! attenuation that training overcomes is no fault.
//!
//! The terms that verdicts are made of ([`Ailment`], [`Measure`], [`Missing`], [`Remedy`], ...) have stable
//! keys and no words; [`crate::text`] has their words. What is advised is a rule's remedies without those
//! that the run has already ([`Verdict::advice`]).
//!
//! [`diagnose`] is a pure function of a record: it costs one pass over its norms. It accepts a digest of a
//! first and a last row ([`crate::record::cell::Ends`]) as well as a whole run; rules that need more then
//! answer Unknown.

mod advice;
pub mod case;
pub mod cure;
pub mod performance;
mod terms;
pub mod thresholds;
pub mod why;

mod attenuated;
mod base_rates;
mod dead_initialisation;
mod dead_units;
mod decay_only;
pub(crate) mod diverged;
mod exploding;
mod frozen_layers;
mod healthy;
mod hidden_vanishing;
mod initialisation_too_large;
mod initialisation_too_small;
mod inputs_not_scaled;
mod loss_does_not_fit;
mod not_long_enough;
mod overfitting;
mod rate_too_large;
mod rate_too_small;
mod saturated;
mod standing;
mod stuck;
mod too_much_dropout;
mod too_narrow;
mod underflow;
mod uniform;
mod vanishing;

pub use advice::{Advice, Family};
pub use case::Case;
pub use performance::{Performance, State};
pub use standing::Standing;
pub use terms::{Ailment, Branch, Measure, Missing, Remedy, Treatment, Unfit, Unit};
pub use thresholds::{ThresholdError, Thresholds};
pub use why::{Cause, Split};

use advice::Had;

use crate::analysis::AnalysisError;
use crate::record::Record;

/// On which side of a threshold the fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    AtMost,
    AtLeast,
}

impl Bound {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Bound::AtMost => "at_most",
            Bound::AtLeast => "at_least",
        }
    }
}

/// The threshold that a value was compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Its key in [`Thresholds`].
    pub key: &'static str,
    pub value: f64,
    /// The evidence points to the ailment where the value is at most, or at least, the limit.
    pub bound: Bound,
}

/// One measured number that a verdict rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub measure: Measure,
    /// Layers, counted from 1 at the input; empty for the network as a whole.
    pub layers: Vec<usize>,
    /// The column of the inputs that it is about, by name.
    pub column: Option<String>,
    /// First and last step that it was measured at.
    pub steps: Option<(u64, u64)>,
    /// In the measure's [`unit`](Measure::unit).
    pub value: f64,
    pub limit: Option<Limit>,
}

impl Evidence {
    pub fn new(measure: Measure, value: f64) -> Evidence {
        Evidence { measure, layers: Vec::new(), column: None, steps: None, value, limit: None }
    }

    fn at(mut self, layers: &[usize], steps: Option<(u64, u64)>) -> Evidence {
        self.layers = layers.to_vec();
        self.steps = steps;
        self
    }

    fn at_most(self, key: &'static str, value: f64) -> Evidence {
        Evidence { limit: Some(Limit { key, value, bound: Bound::AtMost }), ..self }
    }

    fn at_least(self, key: &'static str, value: f64) -> Evidence {
        Evidence { limit: Some(Limit { key, value, bound: Bound::AtLeast }), ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something to act upon.
    Fault,
    /// Worth knowing; the network does well nevertheless.
    Note,
}

impl Severity {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Severity::Fault => "fault",
            Severity::Note => "note",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub evidence: Vec<Evidence>,
    /// Why each layer shrinks the signal, for rules on the signal.
    pub why: Vec<Split>,
    /// The step at which `why` was measured.
    pub why_step: Option<u64>,
}

impl Finding {
    fn new(severity: Severity, evidence: Vec<Evidence>) -> Finding {
        Finding { severity, evidence, why: Vec::new(), why_step: None }
    }
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Found(Finding),
    Clear(Vec<Evidence>),
    Unknown(Missing),
}

impl Outcome {
    fn fault(evidence: Vec<Evidence>) -> Outcome {
        Outcome::Found(Finding::new(Severity::Fault, evidence))
    }

    /// The stable name in JSON.
    pub fn key(&self) -> &'static str {
        match self {
            Outcome::Found(_) => "found",
            Outcome::Clear(_) => "clear",
            Outcome::Unknown(_) => "unknown",
        }
    }

    pub fn is_found(&self) -> bool {
        matches!(self, Outcome::Found(_))
    }

    pub fn is_fault(&self) -> bool {
        matches!(self, Outcome::Found(Finding { severity: Severity::Fault, .. }))
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    pub ailment: Ailment,
    pub branch: Branch,
    /// Publication that the rule comes from.
    pub source: &'static str,
    /// What helps, the most likely first, whatever the run has; [`Verdict::advice`] is what may be said.
    remedies: &'static [Remedy],
    /// Judges a run, given the verdicts of the rules before it in [`RULES`].
    judge: fn(&Case, &[Verdict]) -> Outcome,
}

/// Every rule, in the order of the recipe: numbers that are not finite, then the training set, then the test
/// set.
pub static RULES: &[Rule] = &[
    diverged::RULE,
    inputs_not_scaled::RULE,
    underflow::RULE,
    frozen_layers::RULE,
    dead_initialisation::RULE,
    initialisation_too_large::RULE,
    initialisation_too_small::RULE,
    loss_does_not_fit::RULE,
    exploding::RULE,
    vanishing::RULE,
    uniform::RULE,
    hidden_vanishing::RULE,
    attenuated::RULE,
    dead_units::RULE,
    saturated::RULE,
    rate_too_large::RULE,
    rate_too_small::RULE,
    too_much_dropout::RULE,
    too_narrow::RULE,
    base_rates::RULE,
    stuck::RULE,
    decay_only::RULE,
    not_long_enough::RULE,
    overfitting::RULE,
    healthy::RULE,
];

/// What one rule says of one run.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub rule: &'static Rule,
    pub outcome: Outcome,
    /// See [`Verdict::advice`].
    advice: Vec<Advice>,
    /// How it stands to the other faults; `None` where it is no fault.
    pub standing: Option<Standing>,
}

/// Conclusion from all verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    Healthy,
    /// At least one fault was found.
    Faulty,
    /// Training is not good, and no rule says why.
    Unexplained,
    /// No fault was found, but the record does not show that the run is healthy.
    Undecided,
}

impl Conclusion {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Conclusion::Healthy => "healthy",
            Conclusion::Faulty => "faulty",
            Conclusion::Unexplained => "unexplained",
            Conclusion::Undecided => "undecided",
        }
    }
}

/// All verdicts on a run.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    pub run: String,
    /// Layers below the output layer.
    pub hidden: usize,
    /// Names of the layers with weights in the producing program, where they say more than the numbers do.
    pub layer_names: Vec<Option<String>>,
    pub training: Performance,
    pub test: Performance,
    /// One verdict for each rule, in the order of [`RULES`].
    pub verdicts: Vec<Verdict>,
    had: Had,
}

impl Diagnosis {
    /// Own name of a layer, counted from 1.
    pub fn layer_name(&self, layer: usize) -> Option<&str> {
        self.layer_names.get(layer.checked_sub(1)?)?.as_deref()
    }

    pub fn verdict(&self, ailment: Ailment) -> Option<&Verdict> {
        self.verdicts.iter().find(|v| v.rule.ailment == ailment)
    }

    /// True where the rule found its ailment, as a fault or as a note.
    pub fn found(&self, ailment: Ailment) -> bool {
        self.verdict(ailment).is_some_and(|v| v.outcome.is_found())
    }

    /// What it comes down to, if there is any fault.
    pub fn cause(&self) -> Option<&Verdict> {
        self.verdicts.iter().find(|v| v.standing == Some(Standing::Cause))
    }

    /// All faults: the cause, what stands beside it, and then what follows from these.
    pub fn faults(&self) -> impl Iterator<Item = &Verdict> {
        let follows = |v: &&Verdict| matches!(v.standing, Some(Standing::Consequence(_)));
        self.causes().chain(self.verdicts.iter().filter(follows))
    }

    /// The cause, and the faults that stand beside it.
    pub fn causes(&self) -> impl Iterator<Item = &Verdict> {
        let beside = |v: &&Verdict| v.standing == Some(Standing::Beside);
        self.cause().into_iter().chain(self.verdicts.iter().filter(beside))
    }

    /// The faults that follow from this one.
    pub fn consequences(&self, of: Ailment) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(move |v| v.standing == Some(Standing::Consequence(of)))
    }

    /// What is worth knowing of a network that does well nevertheless.
    pub fn notes(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|v| v.outcome.is_found() && !v.outcome.is_fault())
    }

    pub fn conclusion(&self) -> Conclusion {
        if self.faults().next().is_some() {
            Conclusion::Faulty
        } else if self.found(Ailment::Healthy) {
            Conclusion::Healthy
        } else if matches!(self.training.state, State::Failed | State::Partly) {
            Conclusion::Unexplained
        } else {
            Conclusion::Undecided
        }
    }
}

/// Diagnoses a run.
///
/// # Errors
/// When the record's tables contradict its header.
pub fn diagnose(record: &Record, thresholds: &Thresholds) -> Result<Diagnosis, AnalysisError> {
    let case = Case::new(record, thresholds)?;
    let had = Had::of(&record.header);
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(RULES.len());
    for rule in RULES {
        let outcome = (rule.judge)(&case, &verdicts);
        verdicts.push(Verdict { rule, outcome, advice: Vec::new(), standing: None });
    }
    standing::settle(&mut verdicts, |remedies| had.without(remedies));
    Ok(Diagnosis {
        run: record.header.run.clone(),
        hidden: case.hidden(),
        layer_names: (0..case.run.layers()).map(|l| case.run.layer(l).own_name().map(String::from)).collect(),
        training: case.training,
        test: case.test,
        verdicts,
        had,
    })
}

/// What explains a training loss that is not down yet, whatever its course: rules on the course alone report
/// nothing if one of these was found.
const NAMED_CAUSES: &[Ailment] = &[
    Ailment::DeadInitialisation,
    Ailment::VanishingGradient,
    Ailment::UniformVanishing,
    Ailment::RateTooSmall,
    Ailment::RateTooLarge,
];

/// True if an earlier rule found one of these, which then explains what this rule sees.
///
/// # Errors
/// What is missing, if one of those rules could not decide; then this one cannot either.
fn explained(verdicts: &[Verdict], by: &[Ailment]) -> Result<bool, Missing> {
    if by.iter().any(|&a| found(verdicts, a)) {
        return Ok(true);
    }
    let unknown = verdicts.iter().filter(|v| by.contains(&v.rule.ailment)).find_map(|v| match &v.outcome {
        Outcome::Unknown(missing) => Some(missing.clone()),
        _ => None,
    });
    unknown.map_or(Ok(false), Err)
}

/// True if an earlier rule found this ailment.
fn found(verdicts: &[Verdict], ailment: Ailment) -> bool {
    verdicts.iter().any(|v| v.rule.ailment == ailment && v.outcome.is_found())
}

/// The diagnosis of a record with these faults and no others, for tests of what the outputs say.
#[cfg(test)]
pub(crate) fn accused(record: &Record, ailments: &[Ailment]) -> Diagnosis {
    let mut diagnosis = diagnose(record, &Thresholds::default()).unwrap();
    for verdict in &mut diagnosis.verdicts {
        let this = ailments.contains(&verdict.rule.ailment);
        verdict.outcome = if this { Outcome::fault(Vec::new()) } else { Outcome::Clear(Vec::new()) };
        (verdict.advice, verdict.standing) = (Vec::new(), None);
        if this && verdict.rule.branch == Branch::Test {
            (diagnosis.training.state, diagnosis.test.state) = (State::Good, State::Failed);
        } else if this && verdict.rule.branch == Branch::Training {
            diagnosis.training.state = State::Failed;
        }
    }
    let Diagnosis { verdicts, had, .. } = &mut diagnosis;
    standing::settle(verdicts, |remedies| had.without(remedies));
    diagnosis
}

#[cfg(test)]
impl Rule {
    /// Its remedies, whatever the run has.
    pub(crate) fn unfiltered(&self) -> &'static [Remedy] {
        self.remedies
    }
}

#[cfg(test)]
mod tests;
