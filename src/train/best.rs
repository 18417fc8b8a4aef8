//! Early stopping: the parameters with the lowest validation loss so far.

use crate::nn::{Network, Scalar};
use crate::record::{EarlyStop, Row, VALIDATION_LOSS};

/// The best parameters so far, by the validation loss.
pub(super) struct Best<T> {
    network: Network<T>,
    step: u64,
    loss: f64,
    patience: u64,
    /// Evaluations since the best one.
    waited: u64,
}

impl<T: Scalar> Best<T> {
    pub fn new(patience: u64, network: &Network<T>) -> Best<T> {
        Best { network: network.clone(), step: 0, loss: f64::INFINITY, patience, waited: 0 }
    }

    /// Takes an evaluation of `network`. A loss that is not a number is not lower.
    pub fn compare(&mut self, row: &Row<'_>, network: &Network<T>) {
        let loss = row.value(VALIDATION_LOSS);
        if loss < self.loss {
            self.step = row.step();
            self.loss = loss;
            self.waited = 0;
            self.network.copy_from(network);
        } else {
            self.waited += 1;
        }
    }

    /// Whether the patience is used up.
    pub fn is_over(&self) -> bool {
        self.waited >= self.patience
    }

    /// Whether the next evaluation can be the last.
    pub fn may_end(&self) -> bool {
        self.waited + 1 >= self.patience
    }

    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    pub fn early_stop(&self) -> EarlyStop {
        EarlyStop { best_step: self.step, stopped: self.is_over() }
    }
}
