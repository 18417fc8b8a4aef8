//! Training a network: batches in, rows out.
//!
//! A [`Trainer`] takes a checked plan and a data set and moves on event by event: an update with its row, a
//! snapshot, an evaluation, the end. [`train`] is the loop over it that hands every recorded row to a sink.
//! Recording draws nothing from the random generator and changes no arithmetic: the weights are the same bits
//! with any sink, any schedule of recording and any number of threads. A trainer asks no clock for the time;
//! [`train_timed`] is handed the one that says how long a run took.
//!
//! Samples are drawn without replacement: each epoch has its own random order (full batches keep the data's
//! order, which makes no difference). Unlike in PyTorch's `DataLoader` by default, samples that do not fill a
//! batch at the end of an epoch are left out of that epoch.
//!
//! **Validation and early stopping.** The test set is for measuring only: a run that stops by it has chosen
//! by it. With a validation size N the trainer keeps N samples of the training set, drawn by the seed, out of
//! training and evaluates them beside the rest and the test set. Early stopping compares the validation loss
//! of every evaluation, including the one before training, with the lowest one before; after `patience`
//! evaluations in a row that were not lower the run ends, [`Status::Complete`] but short of its planned
//! steps. Then, and also when it reached its planned end, parameters and running averages go back to those of
//! the lowest validation loss; [`EarlyStop`] in the header says which step that was. The rows stay as they
//! were recorded. A run that diverges or is interrupted keeps the parameters that it had.
//!
//! **Layer by layer.** With `layerwise` the budget is shared by as many stages as there are hidden layers
//! (greedy supervised layer-wise training): stage k trains the first k hidden layers and an output layer of
//! its own, the lower layers going on from stage k - 1. The last stage is the whole network, and it is the
//! run: its steps, which count from 0, are recorded, and the fact `layerwise_steps` says how many updates
//! came before them.

mod best;
pub mod clock;
pub mod header;
mod layerwise;
mod memory;
pub mod nielsen;
#[cfg(feature = "fs")]
mod safetensors;
mod samples;
mod trainer;
#[cfg(feature = "fs")]
pub mod weights;

pub use clock::Clock;
#[cfg(feature = "fs")]
pub use clock::SystemClock;
pub use memory::{TrainError, in_memory};
pub use trainer::{Event, Trainer};

use crate::config::TrainPlan;
use crate::data::Dataset;
use crate::nn::{Network, Scalar};
use crate::record::{EarlyStop, Ended, RecordError, RecordSink, Row, Rows, Status};

/// The state of a run after an update, for progress bars.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Updates made.
    pub done: u64,
    /// Updates planned.
    pub total: u64,
    pub epoch: f64,
    /// Loss of the batch, before the update.
    pub loss: f64,
    pub batch_accuracy: f64,
    /// Weight gradient norm of the first hidden layer over that of the last hidden layer, when the step was
    /// recorded and there are two hidden layers.
    pub first_last_ratio: Option<f64>,
}

/// Watches a run and may end it.
pub trait Watch: Sync {
    /// Called after every update.
    fn progress(&self, _progress: &Progress) {}
    fn evaluated(&self, _row: &Row<'_>) {}
    /// Asked after every update.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Watches nothing.
pub struct Unwatched;

impl Watch for Unwatched {}

/// What a run made, and how it ended.
#[derive(Clone, Debug)]
pub struct Trained<T> {
    pub status: Status,
    /// What early stopping did, when it was on and the run ended by itself.
    pub early_stop: Option<EarlyStop>,
    /// Updates made.
    pub steps: u64,
    pub evals: Rows,
    pub elapsed_secs: f64,
    /// The parameters before the first recorded step.
    pub initial: Network<T>,
    pub network: Network<T>,
}

impl<T> Trained<T> {
    /// What a record says about the end.
    fn ended(&self) -> Ended {
        Ended {
            status: self.status.clone(),
            early_stop: self.early_stop,
            elapsed_secs: Some(self.elapsed_secs),
        }
    }
}

/// How a run ended: [`Trained`] without the network.
#[derive(Clone, Debug)]
pub struct Finished {
    pub status: Status,
    pub early_stop: Option<EarlyStop>,
    pub steps: u64,
    pub evals: Rows,
    pub elapsed_secs: f64,
}

impl<T> From<Trained<T>> for Finished {
    fn from(trained: Trained<T>) -> Finished {
        let Trained { status, early_stop, steps, evals, elapsed_secs, initial: _, network: _ } = trained;
        Finished { status, early_stop, steps, evals, elapsed_secs }
    }
}

impl Finished {
    /// The evaluation of the final parameters.
    pub fn last(&self) -> Option<Row<'_>> {
        match self.early_stop {
            Some(stop) => self.evals.iter().find(|e| e.step() == stop.best_step),
            None => self.evals.last(),
        }
    }
}

/// The network as a plan draws it. In layer-wise training a run goes on from other parameters:
/// [`Trained::initial`].
pub fn initial_network<T: Scalar>(plan: &TrainPlan) -> Network<T> {
    let network = Network::of(plan.shape(), plan.initialisation, plan.config.seed);
    match plan.config.bias_start {
        Some(value) => network.with_hidden_biases(value),
        None => network,
    }
}

/// Trains by the system's clock: the whole protocol of a run. The sink gets the header, in which the run is
/// called `name`, every row, and how the run ended.
///
/// # Errors
/// What the sink reports; the rows before it are stored. A run that diverges is no error: see
/// [`Trained::status`].
#[cfg(feature = "fs")]
pub fn train<T: Scalar>(
    plan: &TrainPlan,
    data: &Dataset,
    name: &str,
    sink: &mut dyn RecordSink,
    watch: &dyn Watch,
) -> Result<Trained<T>, RecordError> {
    train_timed(plan, data, name, sink, watch, &SystemClock::start())
}

/// Trains by the clock that the caller hands in.
///
/// # Errors
/// As [`train`].
pub fn train_timed<T: Scalar>(
    plan: &TrainPlan,
    data: &Dataset,
    name: &str,
    sink: &mut dyn RecordSink,
    watch: &dyn Watch,
    clock: &dyn Clock,
) -> Result<Trained<T>, RecordError> {
    let start = clock.seconds();
    sink.start(&header::header(plan, data, name))?;
    let mut trainer = Trainer::<T>::watched(plan, data, watch);
    loop {
        match trainer.step() {
            Event::Step { progress, row } => {
                if let Some(row) = row {
                    sink.row(&row)?;
                }
                watch.progress(&progress);
                if watch.should_stop() {
                    trainer.stop();
                }
            }
            Event::Snapshot(row) => sink.row(&row)?,
            Event::Evaluation(row) => {
                watch.evaluated(&row);
                sink.row(&row)?;
            }
            Event::Ended(_) => break,
        }
    }
    let trained = trainer.finish(clock.seconds() - start);
    sink.finish(&trained.ended())?;
    Ok(trained)
}
