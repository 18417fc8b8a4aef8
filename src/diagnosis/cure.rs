//! What a remedy came to: its run judged by what was wrong with the run as it was.

use super::{Ailment, Branch, RULES, Remedy};
use crate::record::TRAIN_ACCURACY;
use crate::record::trial::{Trial, Trials};

super::terms::terms! {
    /// What became of what was wrong.
    Cure {
        /// It is gone. On the training side: training is good, and a network that overfits now has come to
        /// the next question. On the test side: nothing is wrong at all; a regulariser that is so strong that
        /// training fails closes the gap too.
        Cured = "cured",
        /// Only steps are missing: the network trains better than it did, and that it was not trained long
        /// enough is all that is left to say of its training.
        Better = "better",
        NotCured = "not-cured",
        /// There is no run to judge.
        NotTrained = "not-trained",
    }
}

/// The branch that the run's faults belong to: the training set first.
pub fn branch(trials: &Trials) -> Branch {
    let mut all = trials.before.faults.iter().filter_map(|fault| side(fault));
    match all.next() {
        Some(Branch::Test) if !all.any(|b| b == Branch::Training) => Branch::Test,
        Some(_) => Branch::Training,
        // Not good, and no rule says why: that is asked of the training set.
        None if trials.before.conclusion == "unexplained" => Branch::Training,
        None => Branch::Done,
    }
}

/// The branch of the rule that this fault is of.
fn side(fault: &str) -> Option<Branch> {
    RULES.iter().find(|rule| rule.ailment.key() == fault).map(|rule| rule.branch)
}

/// What the diagnosis of a trial advises in general, whatever its run has.
pub fn advised(trial: &Trial) -> Vec<Remedy> {
    let rules = RULES.iter().filter(|rule| trial.faults.iter().any(|fault| fault == rule.ailment.key()));
    rules.flat_map(|rule| rule.remedies).copied().collect()
}

/// What a remedy of these trials came to.
pub fn of(trial: &Trial, trials: &Trials) -> Cure {
    let Ok(record) = &trial.result else { return Cure::NotTrained };
    let mut left = trial.faults.iter().filter(|fault| side(fault) == Some(Branch::Training)).peekable();
    match (trial.conclusion.as_str(), branch(trials)) {
        ("healthy", _) => return Cure::Cured,
        ("faulty", Branch::Training) if left.peek().is_none() => return Cure::Cured,
        ("faulty", Branch::Training) => {}
        _ => return Cure::NotCured,
    }
    let short = |fault: &String| fault == Ailment::NotLongEnough.key();
    let reached = |record: &crate::record::Record| record.final_eval().map(|eval| eval.value(TRAIN_ACCURACY));
    let before = trials.before.result.as_ref().ok().and_then(reached);
    let is_better = reached(record).zip(before).is_some_and(|(now, before)| now > before);
    if left.all(short) && is_better && !trials.before.faults.iter().any(short) {
        Cure::Better
    } else {
        Cure::NotCured
    }
}
