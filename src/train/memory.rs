//! A whole run in memory: from settings to its record, without a file.

use super::Unwatched;
use super::header::header;
use crate::config::{ConfigError, Precision, TrainConfig, TrainPlan};
use crate::data::{self, DataError, Dataset};
use crate::nn::Scalar;
use crate::record::{MemorySink, Record, RecordError};

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Loads the data, trains a network and returns what was recorded; `name` is what figures call the run.
///
/// # Errors
/// Settings that make no sense, by themselves or for the data; data that cannot be loaded. A run that
/// diverges is no error: its record says so.
pub fn in_memory(name: &str, config: &TrainConfig) -> Result<Record, TrainError> {
    config.check()?;
    let data = data::load(&config.data, &config.data_options)?;
    let plan = config.plan(&data)?;
    match config.precision {
        Precision::F32 => Ok(recorded::<f32>(&plan, &data, name)?),
        Precision::F64 => Ok(recorded::<f64>(&plan, &data, name)?),
    }
}

fn recorded<T: Scalar>(plan: &TrainPlan, data: &Dataset, name: &str) -> Result<Record, RecordError> {
    let mut sink = MemorySink::new(header(plan, data, name));
    #[cfg(feature = "fs")]
    super::train::<T>(plan, data, name, &mut sink, &Unwatched)?;
    // Without an operating system the duration is unknown.
    #[cfg(not(feature = "fs"))]
    {
        super::train_timed::<T>(plan, data, name, &mut sink, &Unwatched, &|| 0.0)?;
        sink.record.header.elapsed_secs = None;
    }
    Ok(sink.record)
}
