//! Data that several runs share, loaded once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{DataError, DataOptions, DataSpec, Dataset, load};

/// Keeps the data sets that do not depend on a seed. Synthetic data and random splits differ from seed to
/// seed: keeping all of them would fill the memory.
#[derive(Default)]
pub struct Loaded(Mutex<HashMap<String, Arc<Dataset>>>);

impl Loaded {
    /// The data set.
    ///
    /// # Errors
    /// As [`load`].
    pub fn get(&self, spec: &DataSpec, options: &DataOptions) -> Result<Arc<Dataset>, DataError> {
        if depends_on_seed(spec, options) {
            return load(spec, options).map(Arc::new);
        }
        let shared = DataOptions { seed: 0, ..options.clone() };
        let key = format!("{spec} {shared:?}");
        // The lock is held while loading, so that two workers do not do the same work.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = all.get(&key) {
            return Ok(Arc::clone(data));
        }
        let data = load(spec, options).map(Arc::new)?;
        all.insert(key, Arc::clone(&data));
        Ok(data)
    }
}

fn depends_on_seed(spec: &DataSpec, options: &DataOptions) -> bool {
    match spec {
        DataSpec::MnistMini | DataSpec::Idx(_) | DataSpec::Cifar10(_) => false,
        DataSpec::Csv(_) => options.test_file.is_none(),
        DataSpec::Spiral | DataSpec::Xor | DataSpec::Gaussians => true,
    }
}
