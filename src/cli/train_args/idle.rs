//! Options that were given and cannot have any effect: a person who gives one would read the run as if it had
//! one.
//!
//! Looked for on the command line only, where it is known what was given. A configuration from a record or a
//! plan names every setting, also those that mean nothing to it.

use super::{DataArgs, SharedArgs};
use crate::config::{ConfigError, TrainConfig, TrainPlan};
use crate::data::{DataError, DataSpec};
use crate::field::Field;
use crate::nn::{Normalisation, OptimizerKind};
use crate::sweep::Grid;

impl DataArgs {
    /// # Errors
    /// The first option that does nothing to data of any of these kinds.
    pub fn idle(&self, specs: &[&DataSpec]) -> Result<(), DataError> {
        let made = specs.iter().any(|s| matches!(s, DataSpec::Spiral | DataSpec::Xor | DataSpec::Gaussians));
        let table = specs.iter().any(|s| matches!(s, DataSpec::Csv(_)));
        for (field, given, applies) in [
            (Field::Samples, self.samples.is_some(), made),
            (Field::Noise, self.noise.is_some(), made),
            (Field::TestShare, self.test_share.is_some(), table),
            (Field::Image, self.image.is_some(), table),
        ] {
            if let (true, false, Some(spec)) = (given, applies, specs.first()) {
                return Err(DataError::NotApplicable { field, spec: spec.to_string() });
            }
        }
        match (&self.test_share, &self.test_file) {
            (Some(share), Some(_)) => {
                let problem = format!(
                    "has no effect, since {} is the test set; leave one of them out",
                    Field::TestFile
                );
                Err(DataError::Option { field: Field::TestShare, value: share.to_string(), problem })
            }
            _ => Ok(()),
        }
    }
}

impl SharedArgs {
    pub fn data(&self) -> &DataArgs {
        &self.data
    }

    /// For one network, or for all of a sweep with its grid: an option or an axis is idle where none of them
    /// has a use for it. `some` answers whether there is a network of which that is true.
    ///
    /// # Errors
    /// The first idle option.
    pub fn idle(
        &self,
        grid: &Grid,
        some: impl Fn(fn(&TrainConfig) -> bool) -> bool,
    ) -> Result<(), ConfigError> {
        let none = |uses: fn(&TrainConfig) -> bool| !some(uses);
        let rolls =
            |c: &TrainConfig| matches!(c.optimizer, OptimizerKind::Momentum | OptimizerKind::Nesterov);
        if (self.momentum.is_some() || grid.varies("momentum")) && none(rolls) {
            return Err(idle(
                Field::Momentum,
                "only momentum and nesterov have it; give --optimizer momentum",
            ));
        }
        if (self.l1_step.is_some() || grid.varies("l1_step")) && none(|c| c.l1 > 0.0) {
            return Err(idle(Field::L1Step, "there is no L1 to make steps of; give --l1 X"));
        }
        let of_hidden = [
            (Field::Normalisation, self.normalisation.is_some_and(|n| n != Normalisation::None)),
            (Field::Residual, self.residual),
            (Field::Dropout, self.dropout.is_some_and(|p| p > 0.0)),
            (Field::BiasStart, self.bias_start.is_some()),
        ];
        let of_hidden = of_hidden.map(|(field, given)| (field, given || grid.varies(field.name())));
        for (field, given) in of_hidden {
            if given && none(|c| c.depth() > 0) {
                return Err(idle(field, "it is of hidden layers and there are none; give --hidden-layers"));
            }
        }
        // Batch normalisation leaves the layer without a bias, layer normalisation takes a common one out.
        let starts = self.bias_start.is_some() || grid.varies(Field::BiasStart.name());
        if starts && none(|c| !matches!(c.normalisation, Normalisation::Batch | Normalisation::Layer)) {
            let why = "a normalisation before the activation takes a common bias out; give one after it";
            return Err(idle(Field::BiasStart, why));
        }
        Ok(())
    }

    /// What only the data shows: whether the first hidden layer is as wide as its input.
    ///
    /// # Errors
    /// `--residual` where there is no layer to skip.
    pub fn idle_in(&self, plan: &TrainPlan) -> Result<(), ConfigError> {
        let shape = plan.shape();
        if self.residual && !shape.has_skips() {
            let why = "no hidden layer has as many outputs as inputs; give two or more --hidden-layers of one --width";
            return Err(idle(Field::Residual, why));
        }
        Ok(())
    }
}

fn idle(field: Field, why: &str) -> ConfigError {
    ConfigError::Idle { field, why: why.into() }
}
