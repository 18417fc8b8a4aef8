//! Batches for a table that is too small for the default ones.

use super::{BatchSize, DEFAULT_EPOCHS, TrainConfig};
use crate::data::{DataSpec, Dataset};

/// With fewer updates a network has hardly moved, and nothing can be said of it.
const LEAST_UPDATES: u64 = 200;

/// Tried from the largest. Batches of fewer than ten make steps that are mostly noise, at a learning rate that
/// is meant for a hundred; so the epochs become more instead.
const SIZES: [usize; 4] = [100, 50, 20, 10];

/// Fewer samples are one batch: what is left over behind the last whole batch is not used in an epoch, which
/// would be up to half of them.
const LEAST_SPLIT: usize = 20;

impl TrainConfig {
    /// Chooses the batches, where nobody did, so that a table gets at least 200 updates: the largest of 100,
    /// 50, 20 and 10 that does it in the default epochs; if none does, 10 (or all samples, if they are
    /// fewer than 20) in as many epochs as it takes. Where epochs or steps are given, they stay, and the size only has
    /// to fit into the training set. Other data than tables keep the default.
    ///
    /// The answer is whether anything has changed. The settings are then those of a run that was asked for in
    /// these words: `meta.json` holds the numbers that were chosen.
    pub fn fit_batches(&mut self, data: &Dataset) -> bool {
        let samples = data.train.len().saturating_sub(self.validation_size);
        if !matches!(self.data, DataSpec::Csv(_)) || samples == 0 {
            return false;
        }
        let is_open = self.epochs.is_none() && self.steps.is_none();
        let of_epoch = |size: usize| (samples / size) as u64;
        let fits = |size: usize| match is_open {
            true => DEFAULT_EPOCHS * of_epoch(size) >= LEAST_UPDATES,
            false => size <= samples,
        };
        let size = match samples {
            ..LEAST_SPLIT => samples,
            _ => SIZES.into_iter().find(|&size| fits(size)).unwrap_or(SIZES[3]),
        };
        if size == SIZES[0] {
            return false;
        }
        self.batch_size = BatchSize::Samples(size);
        if is_open && !fits(size) {
            self.epochs = Some(LEAST_UPDATES.div_ceil(of_epoch(size)));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;

    fn table(samples: usize) -> Dataset {
        let inputs = ndarray::Array2::zeros((samples, 2));
        let labels = (0..samples as u32).map(|i| i % 2).collect();
        Dataset::new("t", Split { inputs, labels }, None, 2)
    }

    /// Size of the batches, epochs and updates of the plan.
    fn fitted(config: TrainConfig, samples: usize) -> (bool, usize, u64, u64) {
        let (mut config, data) = (config, table(samples));
        let changed = config.fit_batches(&data);
        let plan = config.plan(&data).unwrap();
        (changed, plan.batch_size, config.epochs.unwrap_or(DEFAULT_EPOCHS), plan.steps)
    }

    #[test]
    fn a_small_table_gets_at_least_two_hundred_updates() {
        let csv = || TrainConfig::default().with_data(DataSpec::Csv("t.csv".into())).with_hidden_layers(1);
        assert_eq!(fitted(csv(), 4000), (false, 100, 5, 200));
        assert_eq!(fitted(csv(), 3999), (true, 50, 5, 395));
        assert_eq!(fitted(csv(), 800), (true, 20, 5, 200));
        assert_eq!(fitted(csv(), 400), (true, 10, 5, 200));
        assert_eq!(fitted(csv(), 120), (true, 10, 17, 204));
        assert_eq!(fitted(csv(), 20), (true, 10, 100, 200));
        assert_eq!(fitted(csv(), 19), (true, 19, 200, 200));
        assert_eq!(fitted(csv(), 3), (true, 3, 200, 200));
        // Samples that are held out are no training samples.
        assert_eq!(fitted(csv().with_validation_size(20), 140), (true, 10, 17, 204));
        // What was given stays.
        assert_eq!(fitted(csv().with_epochs(3), 120), (false, 100, 3, 3));
        assert_eq!(fitted(csv().with_epochs(3), 80), (true, 50, 3, 3));
        assert_eq!(fitted(csv().with_steps(40), 15), (true, 15, 5, 40));
        // Other data are as they are.
        let spiral = TrainConfig::default().with_data(DataSpec::Spiral).with_hidden_layers(1);
        assert_eq!(fitted(spiral, 120), (false, 100, 5, 5));
    }
}
