//! What one run tries: one change, or two that do not undo each other.

use super::{CHANGES, Change};
use crate::config::TrainConfig;
use crate::diagnosis::{Remedy, Unfit};
use crate::record::Header;

/// Between the names of two changes.
pub const AND: char = '+';

/// One change of a run's settings, or two at once.
#[derive(Clone, Copy, Debug)]
pub struct Combination {
    first: &'static Change,
    second: Option<&'static Change>,
}

/// Where a change stands in [`CHANGES`].
fn place(change: &Change) -> usize {
    CHANGES.iter().position(|c| c.treatment == change.treatment).unwrap_or(CHANGES.len())
}

impl From<&'static Change> for Combination {
    fn from(first: &'static Change) -> Combination {
        Combination { first, second: None }
    }
}

impl PartialEq for Combination {
    fn eq(&self, other: &Combination) -> bool {
        self.name() == other.name()
    }
}

impl Combination {
    /// Two changes, in whatever order they are given; `None` where they are of one kind or one undoes the
    /// other.
    pub fn pair(one: &'static Change, other: &'static Change) -> Option<Combination> {
        let (a, b) = (one.remedy, other.remedy);
        let agree = a != b && a.opposite() != Some(b) && b.opposite() != Some(a);
        // From the input to the end of training, so that a pair has one name.
        let place = |change: &Change| (change.remedy != Remedy::ScaleInputs, place(change));
        let (first, second) = if place(one) < place(other) { (one, other) } else { (other, one) };
        agree.then_some(Combination { first, second: Some(second) })
    }

    /// The combination of this name: `relu`, or `standardize+relu`.
    pub fn named(name: &str) -> Option<Combination> {
        match name.split_once(AND) {
            None => super::change(name).map(Combination::from),
            Some((first, second)) => Combination::pair(super::change(first)?, super::change(second)?),
        }
    }

    /// Its name on the command line, in tables and as the name of its run.
    pub fn name(self) -> String {
        self.joined(|change| change.name)
    }

    /// The kinds of its changes, as diagnoses call them.
    pub fn kind(self) -> String {
        self.joined(|change| change.remedy.key())
    }

    fn joined(self, word: fn(&Change) -> &'static str) -> String {
        self.changes().map(word).collect::<Vec<_>>().join(&AND.to_string())
    }

    /// Its changes, the first one first.
    pub fn changes(self) -> impl Iterator<Item = &'static Change> {
        std::iter::once(self.first).chain(self.second)
    }

    pub fn is_pair(self) -> bool {
        self.second.is_some()
    }

    /// Where it stands in tables: single changes in the order of [`CHANGES`], pairs behind all of them.
    pub fn place(self) -> (bool, usize, usize) {
        (self.is_pair(), place(self.first), self.second.map_or(0, place))
    }

    /// The settings with its changes, made in the order of [`CHANGES`]: an initialisation is that of a new
    /// activation.
    ///
    /// # Errors
    /// Why one of them has nothing to change.
    pub fn apply(self, config: &TrainConfig, header: &Header) -> Result<TrainConfig, Unfit> {
        let mut config = config.clone();
        for change in CHANGES.iter().filter(|c| self.changes().any(|own| own.treatment == c.treatment)) {
            config = change.apply(&config, header)?;
        }
        Ok(config)
    }
}
