//! **Diverged**: a loss, a gradient, an update or a parameter is no longer finite.
//!
//! **How to read it.** The step is the first one whose recorded row holds such a number. The layer is the one
//! that held it first; if a whole row became invalid at once, which is usual (one infinite activation makes
//! every gradient NaN), it is the layer whose weights changed most, relative to their norm, in the last
//! finite step before.
//!
//! **When it misleads.** Only recorded rows are seen: with rows far apart the first layer may have been
//! another one. A loss that is huge but finite is no divergence; see the learning rate.

use super::case::Case;
use super::{Ailment, Branch, Evidence, Measure, Missing, Outcome, Remedy, Rule, Verdict};
use crate::record::{GRAD_NORM, LOSS, Per, Record, Role, Row, Status, TRAIN_LOSS, Table};
use crate::stats::{Measured, is_missing};

pub const RULE: Rule = Rule {
    ailment: Ailment::Diverged,
    branch: Branch::Training,
    source: "IEEE 754: a NaN or an infinity stays in every sum that it enters; SageMaker Debugger and AutoTrainer have the same rule",
    remedies: &[Remedy::SmallerRate, Remedy::ClipOrScale, Remedy::BetterInitialisation],
    judge,
};

fn bad(value: f64) -> bool {
    !value.is_finite() && !is_missing(value)
}

/// The first of the last rows of the step table that all hold a number that is not finite.
pub fn first_bad_row(record: &Record) -> Option<usize> {
    let watched = || Table::Step.metrics().filter(|m| *m == LOSS || m.per != Per::Run);
    // What another program wrote as NaN under a finite loss was not measured.
    let gaps_end = record.gaps_end();
    let counts = |x: f64, step: u64| bad(x) && !(x.is_nan() && step < gaps_end);
    let holds = |row: Row<'_>| watched().any(|metric| row[metric].iter().any(|&x| counts(x, row.step())));
    // A number that is finite again in a later row was one bad batch, or one that was logged wrongly: what broke
    // down stays so, since parameters that are not finite are never repaired.
    let rows = record.steps.len();
    let broken = record.steps.iter().rev().take_while(|row| holds(*row)).count();
    (broken > 0).then(|| rows - broken)
}

/// The layer (from 1) that held a bad number first in this row, where not all of them did.
fn first_layer(case: &Case, row: usize) -> Option<usize> {
    let run = &case.run;
    let holds = |l: usize| {
        Table::Step.metrics().any(|m| match m.per {
            Per::Run => false,
            Per::Layer => bad(run.layer_value(m, row, l)),
            Per::Tensor => {
                [Role::Weight, Role::Bias].iter().any(|&kind| bad(run.tensor_value(m, kind, row, l)))
            }
        })
    };
    let held: Vec<usize> = (0..run.layers()).filter(|&l| holds(l)).collect();
    if !held.is_empty() && held.len() < run.layers() {
        // The signal runs from the output down: the highest of them made it.
        return held.last().map(|l| l + 1);
    }
    let updates = case.relative_updates();
    let size = |l: usize| match updates.at(l, row.checked_sub(1)?) {
        Measured::Finite(x) => Some(x),
        _ => None,
    };
    (0..run.layers())
        .filter_map(|l| Some((l, size(l)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(l, _)| l + 1)
}

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    let record = case.record();
    let row = first_bad_row(record);
    let told = match record.header.status {
        Status::Diverged { step, .. } => Some(step),
        _ => None,
    };
    // A loss in the evaluations counts too: rows between may not have been recorded.
    let eval = record
        .evals
        .iter()
        .rev()
        .filter(|e| !is_missing(e.value(TRAIN_LOSS)))
        .take_while(|e| {
            let loss = e.value(TRAIN_LOSS);
            bad(loss) && !(loss.is_nan() && e.step() < record.gaps_end())
        })
        .last()
        .map(|e| e.step());
    let step = row.map(|r| record.steps.step()[r]).into_iter().chain(told).chain(eval).min();
    match step {
        Some(step) => {
            let layer = row.and_then(|r| first_layer(case, r));
            let mut evidence = vec![
                Evidence::new(Measure::NotFinite, step as f64)
                    .at(&layer.into_iter().collect::<Vec<_>>(), Some((step, step))),
            ];
            if let Ok((size, layer, steps)) = case.fastest_update() {
                evidence.push(
                    Evidence::new(Measure::RelativeUpdate, size)
                        .at(&[layer + 1], Some(steps))
                        .at_least("large_update", case.limits.large_update),
                );
            }
            Outcome::fault(evidence)
        }
        None if record.is_empty() => Outcome::Unknown(Missing::Steps),
        None if !record.has(LOSS) && !record.has(GRAD_NORM) => Outcome::Unknown(Missing::LossHistory),
        None => Outcome::Clear(Vec::new()),
    }
}
