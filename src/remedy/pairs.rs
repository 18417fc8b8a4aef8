//! Pairs of remedies: what is tried when no single one cures.
//!
//! Kinds of remedies are paired in a fixed order, in which the pairs come first that mend what single changes
//! cannot: inputs that are too large saturate whatever activation they meet, and scaled inputs do not help a
//! sigmoid that loses the signal. Each kind is represented by its best single change by the accuracy on the
//! set that the diagnosis is about. Scaled inputs and more epochs join a remedy that was tried even where no rule
//! advises them alone: the fault that hides the need of them may be the conclusion.

use super::{CHANGES, Change, Combination, Planned};
use crate::config::TrainConfig;
use crate::diagnosis::cure::{self, Cure};
use crate::diagnosis::{Branch, Remedy};
use crate::record::trial::{Trial, Trials};
use crate::record::{Header, TEST_ACCURACY, TRAIN_ACCURACY};

/// Pairs that are tried where no number is given: about as many runs as there were single changes.
pub const BUDGET: usize = 6;

/// What may join another remedy without having been tried.
const JOINING: &[Remedy] = &[Remedy::ScaleInputs, Remedy::MoreEpochs];

const INPUTS: &[Remedy] = &[Remedy::ScaleInputs];
const ACTIVATION: &[Remedy] = &[Remedy::NewActivation];
const INITIALISATION: &[Remedy] = &[Remedy::BetterInitialisation];
const NORMALISATION: &[Remedy] = &[Remedy::Normalisation];
const RATE: &[Remedy] = &[Remedy::AdaptiveRate, Remedy::Momentum, Remedy::LargerRate, Remedy::SmallerRate];
const LONGER: &[Remedy] = &[Remedy::MoreEpochs];
const STRUCTURE: &[Remedy] = &[Remedy::Residual, Remedy::LargerNetwork];
const RELIEF: &[Remedy] =
    &[Remedy::LessDropout, Remedy::LessDecay, Remedy::ClipOrScale, Remedy::MorePrecision];
const STOPPING: &[Remedy] = &[Remedy::EarlyStopping];
const DECAY: &[Remedy] = &[Remedy::WeightDecay];
const DROPOUT: &[Remedy] = &[Remedy::Dropout];
const DATA: &[Remedy] = &[Remedy::MoreData];

type Kinds = &'static [Remedy];

/// Which kinds are paired, the likeliest cure first.
fn order(branch: Branch) -> &'static [(Kinds, Kinds)] {
    match branch {
        Branch::Training => &[
            (INPUTS, ACTIVATION),
            (INITIALISATION, RATE),
            (NORMALISATION, RATE),
            (ACTIVATION, RATE),
            (ACTIVATION, LONGER),
            (INPUTS, RATE),
            (INPUTS, NORMALISATION),
            (ACTIVATION, NORMALISATION),
            (ACTIVATION, STRUCTURE),
            (ACTIVATION, INITIALISATION),
            (NORMALISATION, LONGER),
            (RATE, LONGER),
            (INPUTS, LONGER),
            (RELIEF, ACTIVATION),
            (RELIEF, RATE),
            (RELIEF, LONGER),
        ],
        Branch::Test => &[
            (DECAY, STOPPING),
            (DROPOUT, STOPPING),
            (DECAY, DROPOUT),
            (DATA, DECAY),
            (DATA, DROPOUT),
            (DATA, STOPPING),
        ],
        Branch::Done => &[],
    }
}

/// At most `budget` pairs; none where a single remedy that fits cures already. Whoever asks has tried the
/// single ones: `trials`.
pub fn plan(config: &TrainConfig, header: &Header, trials: &Trials, budget: usize) -> Vec<Planned> {
    let branch = cure::branch(trials);
    let single = |trial: &&Trial| Combination::named(&trial.name).is_some_and(|c| !c.is_pair());
    let cures = |trial: &Trial| trial.fits && cure::of(trial, trials) == Cure::Cured;
    if trials.after.iter().filter(single).any(cures) {
        return Vec::new();
    }
    let mut pairs: Vec<Planned> = Vec::new();
    for (first, second) in order(branch) {
        let tried = [first, second].map(|kinds| best(kinds, trials, branch));
        if tried.iter().all(Option::is_none) {
            continue;
        }
        let joining = |kinds: Kinds| {
            let joins = |c: &&Change| kinds.contains(&c.remedy) && JOINING.contains(&c.remedy);
            CHANGES.iter().find(joins)
        };
        let [first, second] = [tried[0].or_else(|| joining(first)), tried[1].or_else(|| joining(second))];
        let Some(pair) = first.zip(second).and_then(|(a, b)| Combination::pair(a, b)) else { continue };
        if pairs.iter().any(|planned| planned.combination == pair) {
            continue;
        }
        let Ok(both) = pair.apply(config, header) else { continue };
        // One change may have swallowed the other.
        let is_more = pair.changes().all(|change| change.apply(config, header).is_ok_and(|one| one != both));
        if is_more && both.check().is_ok() {
            pairs.push(Planned { combination: pair, fits: true, config: Ok(both) });
        }
    }
    pairs.truncate(budget);
    pairs
}

/// The change of these kinds that did best alone; `None` where none was tried.
fn best(kinds: Kinds, trials: &Trials, branch: Branch) -> Option<&'static Change> {
    let of_kind = |change: &&'static Change| kinds.contains(&change.remedy);
    let tried = |change: &'static Change| {
        let trial = trials.after.iter().find(|trial| trial.fits && trial.name == change.name)?;
        Some((change, accuracy(trial, branch)?))
    };
    let mut best: Option<(&'static Change, f64)> = None;
    for (change, accuracy) in CHANGES.iter().filter(of_kind).filter_map(tried) {
        // Of equals the first, which is the more usual one.
        if best.is_none_or(|(_, most)| accuracy > most) {
            best = Some((change, accuracy));
        }
    }
    best.map(|(change, _)| change)
}

/// The last accuracy on the set that the branch is about.
fn accuracy(trial: &Trial, branch: Branch) -> Option<f64> {
    let last = trial.result.as_ref().ok()?.final_eval()?;
    let of = if branch == Branch::Test { TEST_ACCURACY } else { TRAIN_ACCURACY };
    Some(last.value(of)).filter(|accuracy| accuracy.is_finite())
}
