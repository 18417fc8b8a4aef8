//! Pairs of remedies: what is tried when no single one cures.
//!
//! Kinds of remedies are paired in a fixed order, in which those pairs come first that mend what a single
//! change cannot: inputs that are too large saturate whatever activation they meet, and scaled inputs do not
//! help a sigmoid that loses the signal. Each kind is represented by its best single change, by the accuracy
//! on the set that the diagnosis is about. One of the two was tried; the other one may be what the diagnosis
//! of that trial advises, whatever the run as it was hid. Scaled inputs may join any remedy.

use super::{CHANGES, Change, Combination, Planned};
use crate::config::TrainConfig;
use crate::diagnosis::cure::{self, Cure};
use crate::diagnosis::{Branch, Remedy};
use crate::record::trial::{Trial, Trials};
use crate::record::{Header, TEST_ACCURACY, TRAIN_ACCURACY};

/// Pairs that are tried where no number is given: about as many runs as there were single changes.
pub const BUDGET: usize = 6;

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
    let singles = Singles::new(config, header, trials);
    if singles.tried.iter().any(|one| one.cure == Cure::Cured) {
        return Vec::new();
    }
    let order = order(singles.branch);
    let mut pairs: Vec<(&Change, &Change)> = Vec::new();
    for (i, (first, second)) in order.iter().enumerate() {
        pairs.extend(singles.pair(first, second));
        // What only lacks steps gets them, whatever kind it is.
        if i == 0 {
            let short = singles.best(|one| one.cure == Cure::Better).map(|one| one.change);
            pairs.extend(short.zip(singles.first(LONGER)));
        }
    }
    let mut planned: Vec<Planned> = Vec::new();
    for (one, other) in pairs {
        let Some(pair) = Combination::pair(one, other) else { continue };
        let Ok(both) = pair.apply(config, header) else { continue };
        // One change may have swallowed the other.
        let is_more = pair.changes().all(|change| change.apply(config, header).is_ok_and(|one| one != both));
        let is_new = planned.iter().all(|earlier| earlier.combination != pair);
        if is_new && is_more && both.check().is_ok() {
            planned.push(Planned { combination: pair, fits: true, config: Ok(both) });
        }
    }
    planned.truncate(budget);
    planned
}

/// A single change that fits and was tried.
struct Single<'a> {
    change: &'static Change,
    trial: &'a Trial,
    cure: Cure,
    accuracy: f64,
}

struct Singles<'a> {
    config: &'a TrainConfig,
    header: &'a Header,
    branch: Branch,
    tried: Vec<Single<'a>>,
}

impl<'a> Singles<'a> {
    fn new(config: &'a TrainConfig, header: &'a Header, trials: &'a Trials) -> Singles<'a> {
        let branch = cure::branch(trials);
        let single = |trial: &'a Trial| {
            let change = super::change(&trial.name)?;
            let (cure, accuracy) = (cure::of(trial, trials), accuracy(trial, branch));
            (trial.fits && cure != Cure::NotTrained).then_some(Single { change, trial, cure, accuracy })
        };
        Singles { config, header, branch, tried: trials.after.iter().filter_map(single).collect() }
    }

    /// The best one of some; of equals the first, which is the more usual one.
    fn best(&self, of: impl Fn(&Single) -> bool) -> Option<&Single<'a>> {
        let mut best: Option<&Single> = None;
        for one in self.tried.iter().filter(|one| of(one)) {
            if best.is_none_or(|best| one.accuracy > best.accuracy) {
                best = Some(one);
            }
        }
        best
    }

    /// The first change that the run can have, of the first of these kinds that has one.
    fn first(&self, kinds: &[Remedy]) -> Option<&'static Change> {
        let can = |change: &&Change| change.apply(self.config, self.header).is_ok();
        kinds.iter().find_map(|kind| CHANGES.iter().filter(|change| change.remedy == *kind).find(can))
    }

    /// The best of one kind with what suits it of the other.
    fn pair(&self, first: Kinds, second: Kinds) -> Option<(&'static Change, &'static Change)> {
        let best = |kinds: Kinds| self.best(|one| kinds.contains(&one.change.remedy));
        match (best(first), best(second)) {
            (Some(one), _) => Some((one.change, self.partner(one, second)?)),
            (None, Some(other)) => Some((self.partner(other, first)?, other.change)),
            (None, None) => None,
        }
    }

    /// What joins a change that was tried: the best of what is advised for what it left, then one that is
    /// advised and was not tried, then the best of what was.
    fn partner(&self, one: &Single, kinds: Kinds) -> Option<&'static Change> {
        // The most likely first, as the rules have them.
        let mut suited = cure::advised(one.trial);
        suited.push(Remedy::ScaleInputs);
        suited.retain(|remedy| kinds.contains(remedy));
        let best = |kinds: &[Remedy]| {
            self.best(|other| kinds.contains(&other.change.remedy)).map(|other| other.change)
        };
        best(&suited).or_else(|| self.first(&suited)).or_else(|| best(kinds))
    }
}

/// The last accuracy on the set that the branch is about; 0 where it is not known.
fn accuracy(trial: &Trial, branch: Branch) -> f64 {
    let of = if branch == Branch::Test { TEST_ACCURACY } else { TRAIN_ACCURACY };
    let last = trial.result.as_ref().ok().and_then(|record| record.final_eval());
    last.map(|row| row.value(of)).filter(|accuracy| accuracy.is_finite()).unwrap_or(0.0)
}
