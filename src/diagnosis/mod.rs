//! What is wrong with a run, from its record alone: rules become verdicts, verdicts the recipe of the lecture.
//!
//! The recipe asks about the **training set first**. A network that is bad there does not overfit, whatever its test accuracy
//! says, and no regulariser helps it; only one that is good there and bad on the test set overfits. So every rule belongs to
//! one branch, and so do its remedies.
//!
//! One file a rule: what it looks for, how to read it, when it misleads, its source. A rule answers with an [`Outcome`]:
//! [`Found`](Outcome::Found) with evidence (layers, steps, the measured value, the threshold, its unit), [`Clear`](Outcome::Clear)
//! with what it saw, or [`Unknown`](Outcome::Unknown) with what was not recorded. No rule is ever silent, and a record that is
//! short of something never counts as healthy for that. The numbers that rules compare with are in [`thresholds`].
//!
//! A finding is a [`Severity::Fault`], or a [`Severity::Note`] where the network does well all the same: attenuation that
//! training overcomes is no illness.
//!
//! [`diagnose`] is a pure function of a record: it costs a pass over its norms, and it takes a digest of a first and a last row
//! ([`crate::record::cell::Ends`]) as it takes a whole run; rules that need more then answer Unknown.

pub mod case;
pub mod performance;
pub mod thresholds;
pub mod why;

mod attenuated;
mod dead_initialisation;
mod dead_units;
mod decay_only;
pub(crate) mod diverged;
mod exploding;
mod healthy;
mod hidden_vanishing;
mod not_long_enough;
mod overfitting;
mod rate_too_large;
mod rate_too_small;
mod saturated;
mod stuck;
mod underflow;
mod uniform;
mod vanishing;
mod words;

pub use case::Case;
pub use performance::{Performance, State};
pub use thresholds::{ThresholdError, Thresholds};
pub use why::{Cause, Split};

use crate::activation::Activation;
use crate::analysis::AnalysisError;
use crate::record::{Header, LayerInfo, Record};
use crate::text::{Ailment, Measure, Missing, Remedy};

/// Which question of the recipe a rule helps to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Why is it not good on the training set?
    Training,
    /// Why is it not good on the test set?
    Test,
    /// Neither: nothing is wrong.
    Done,
}

/// Which side of a threshold is the ill one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    AtMost,
    AtLeast,
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
    /// From 1 at the input; empty for the network as a whole.
    pub layers: Vec<usize>,
    /// First and last step that it was measured at.
    pub steps: Option<(u64, u64)>,
    /// In the measure's [`unit`](Measure::unit).
    pub value: f64,
    pub limit: Option<Limit>,
}

impl Evidence {
    pub fn new(measure: Measure, value: f64) -> Evidence {
        Evidence { measure, layers: Vec::new(), steps: None, value, limit: None }
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
    /// Worth knowing; the network does well all the same.
    Note,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub evidence: Vec<Evidence>,
    /// Why each layer shrinks the signal, where that is the question.
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
    /// Where the rule comes from.
    pub source: &'static str,
    /// What helps, the most likely first.
    pub remedies: &'static [Remedy],
    /// The verdicts of the rules before it in [`RULES`] are handed over.
    judge: fn(&Case, &[Verdict]) -> Outcome,
}

/// Every rule, in the order of the recipe: numbers that are none, then the training set, then the test set.
pub static RULES: &[Rule] = &[
    diverged::RULE,
    underflow::RULE,
    dead_initialisation::RULE,
    exploding::RULE,
    vanishing::RULE,
    uniform::RULE,
    hidden_vanishing::RULE,
    attenuated::RULE,
    dead_units::RULE,
    saturated::RULE,
    rate_too_large::RULE,
    rate_too_small::RULE,
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
}

impl Verdict {
    /// What helps, the most likely first, but for what the run has already.
    pub fn remedies(&self, header: &Header) -> impl Iterator<Item = Remedy> {
        let optimizer = header.facts.optimizer.as_ref().map(|o| o.name.to_lowercase());
        let is = |words: &[&str]| optimizer.as_deref().is_some_and(|name| words.contains(&name));
        let adaptive = is(&["adagrad", "rmsprop", "adam", "adamw"]);
        let momentum = is(&["momentum", "nesterov", "adam", "adamw"]);
        let has = move |remedy| match remedy {
            Remedy::AdaptiveRate => adaptive,
            Remedy::Momentum => momentum,
            _ => false,
        };
        self.rule.remedies.iter().copied().filter(move |&r| !has(r))
    }
}

/// Our name of the activation that a layer has, however its program spells it; any other as it is.
fn activation(layer: &LayerInfo) -> String {
    let name = layer.activation();
    name.parse::<Activation>().map_or_else(|_| name.to_string(), |known| known.to_string())
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    Healthy,
    /// At least one fault was found.
    Faulty,
    /// Training is not good, and no rule says why.
    Unexplained,
    /// No fault was found, but what would show health is not recorded.
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
    pub training: Performance,
    pub test: Performance,
    /// One a rule, in the order of [`RULES`].
    pub verdicts: Vec<Verdict>,
}

impl Diagnosis {
    pub fn verdict(&self, ailment: Ailment) -> Option<&Verdict> {
        self.verdicts.iter().find(|v| v.rule.ailment == ailment)
    }

    /// True where the rule found its ailment, as a fault or as a note.
    pub fn found(&self, ailment: Ailment) -> bool {
        self.verdict(ailment).is_some_and(|v| v.outcome.is_found())
    }

    /// Faults, in the order of the recipe; units that are dead or saturated come last, since something put them there.
    pub fn faults(&self) -> impl Iterator<Item = &Verdict> {
        self.causes_first().filter(|v| v.outcome.is_fault())
    }

    /// All verdicts, in that order.
    pub fn causes_first(&self) -> impl Iterator<Item = &Verdict> {
        let symptom = |v: &&Verdict| matches!(v.rule.ailment, Ailment::DeadUnits | Ailment::SaturatedUnits);
        self.verdicts.iter().filter(move |v| !symptom(v)).chain(self.verdicts.iter().filter(symptom))
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

/// Judges a run.
///
/// # Errors
/// When the record's tables contradict its header.
pub fn diagnose(record: &Record, thresholds: &Thresholds) -> Result<Diagnosis, AnalysisError> {
    let case = Case::new(record, thresholds)?;
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(RULES.len());
    for rule in RULES {
        let outcome = (rule.judge)(&case, &verdicts);
        verdicts.push(Verdict { rule, outcome });
    }
    Ok(Diagnosis {
        run: record.header.run.clone(),
        hidden: case.hidden(),
        training: case.training,
        test: case.test,
        verdicts,
    })
}

/// What explains a training loss that is not down yet, whatever its course: rules on the course alone are silent where one of these spoke.
const NAMED_CAUSES: &[Ailment] = &[
    Ailment::DeadInitialisation,
    Ailment::VanishingGradient,
    Ailment::UniformVanishing,
    Ailment::RateTooSmall,
    Ailment::RateTooLarge,
];

/// Did an earlier rule find one of these, which then explains what this one sees? Where one of them cannot tell, neither can
/// this one.
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

/// Did an earlier rule find this?
fn found(verdicts: &[Verdict], ailment: Ailment) -> bool {
    verdicts.iter().any(|v| v.rule.ailment == ailment && v.outcome.is_found())
}
