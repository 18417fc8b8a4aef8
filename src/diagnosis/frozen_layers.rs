//! **Frozen layers**: the weights of hidden layers did not change by one bit in any step, and nothing was to
//! change them, while other layers moved.
//!
//! **How to read it.** Either no gradient was made for them (`requires_grad=False`, `detach`, `no_grad`), or the
//! optimizer was not given them. What the layers above learn rests on what these layers happened to be at the
//! start. Weights that get a gradient which is too small to change a stored number are another finding
//! (`float-underflow`), and so are those whose gradient is exactly zero.
//!
//! **When it misleads.** Fine-tuning freezes layers on purpose; a network that is good on its training set
//! nevertheless gets a note.

use super::case::Case;
use super::{Ailment, Branch, Evidence, Finding, Measure, Missing, Outcome, Rule, Verdict};
use crate::record::{DRIVEN_NORM, GRAD_NORM, GRAD_RMS, Role, SIGNAL_RMS, UPDATE_NORM};
use crate::stats::Measured;

pub const RULE: Rule = Rule {
    ailment: Ailment::FrozenLayers,
    branch: Branch::Training,
    source: "PyTorch, autograd mechanics: a parameter without requires_grad, or that no optimizer was given, is not updated",
    // Nothing that could be tried on a record: whoever froze them can let them go.
    remedies: &[],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match case.has_hidden() {
        Ok(true) => {}
        Ok(false) => return Outcome::Clear(Vec::new()),
        Err(missing) => return Outcome::Unknown(missing),
    }
    let [update, gradient, driven] =
        [UPDATE_NORM, GRAD_NORM, DRIVEN_NORM].map(|metric| case.run.grid(metric, Role::Weight));
    if update.all_missing() {
        let none = case.record().is_empty();
        return Outcome::Unknown(if none { Missing::Steps } else { Missing::Updates });
    }
    let all = |row: &[Measured], kinds: &[Measured]| row.iter().all(|cell| kinds.contains(cell));
    let still = |l: usize| {
        let row = update.row(l);
        all(row, &[Measured::Zero, Measured::Missing]) && row.contains(&Measured::Zero)
    };
    let unsought = |l: usize| {
        let (gradient, driven) = (gradient.row(l), driven.row(l));
        all(gradient, &[Measured::Missing])
            || gradient.iter().any(|cell| cell.positive().is_some()) && all(driven, &[Measured::Zero])
    };
    let frozen: Vec<usize> = (0..case.hidden()).filter(|&l| still(l) && unsought(l)).map(|l| l + 1).collect();
    let others_move = (0..case.run.layers()).any(|l| update.row(l).iter().any(|c| c.positive().is_some()));
    // Where nothing of any gradient is recorded, nobody may have asked for one: a forgotten backward pass. Where only its
    // norm is not, a gradient of exactly zero cannot be told from one that was never made.
    let record = case.record();
    let unknown = gradient.all_missing() && (record.has(SIGNAL_RMS) || record.has(GRAD_RMS));
    if frozen.is_empty() || unknown || !(others_move || gradient.all_missing()) {
        return Outcome::Clear(Vec::new());
    }
    let steps = case.steps(&(0..case.record().len()));
    let evidence = Evidence::new(Measure::RelativeUpdate, 0.0).at(&frozen, steps);
    Outcome::Found(Finding::new(case.severity(), std::iter::once(evidence).chain(case.skill()).collect()))
}
