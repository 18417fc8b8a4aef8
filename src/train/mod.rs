//! The training loop: batches in, rows out.
//!
//! [`train`] runs a checked plan on a data set and hands every recorded row to a sink. Recording draws nothing from the random
//! generator and changes no arithmetic: the weights are the same bits with any sink, any schedule of recording and any
//! number of threads.
//!
//! Samples are drawn without replacement: each epoch has its own random order (full batches keep the data's order, which
//! makes no difference). Other than PyTorch's `DataLoader` by default, samples that do not fill a batch at the end of an epoch
//! are left out of that epoch.
//!
//! **Validation and early stopping.** The test set is for measuring: whoever stops by it has chosen by it. With a validation size
//! N the trainer keeps N samples of the training set, drawn by the seed, out of training and evaluates them beside the rest and
//! the test set. Early stopping compares the validation loss of every evaluation, that before training included, with the lowest
//! one before; after `patience` evaluations in a row that were not lower the run ends, [`Status::Complete`] but short of its planned
//! steps. Then, and also when it reached its planned end, parameters and running averages go back to those of the lowest
//! validation loss; [`crate::record::EarlyStop`] in the header says which step that was. The rows stay as they were recorded. A run
//! that diverges or is interrupted keeps the parameters that it had.

pub mod header;
pub mod nielsen;
pub mod weights;

use std::borrow::Cow;
use std::time::Instant;

use rand::Rng;

use crate::config::{BatchSize, Every, TrainPlan};
use crate::data::{Dataset, Split};
use crate::nn::init::generator;
use crate::nn::{Engine, Network, Part, Scalar};
use crate::record::{self, EarlyStop, RecordError, RecordSink, Row, Rows, Status, VALIDATION_LOSS};

/// Random stream of the order of samples; one for each epoch follows.
const STREAM_ORDER: u64 = 1 << 40;
/// Random stream of the choice of validation samples.
const STREAM_VALIDATION: u64 = 1 << 33;

/// Where a run is, for progress bars. Made after every step; costs nothing to ignore.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Updates made.
    pub done: u64,
    pub total: u64,
    pub epoch: f64,
    pub loss: f64,
    pub batch_accuracy: f64,
    /// Weight gradient norm of the first hidden layer over that of the last hidden layer, when the step was recorded and
    /// there are two hidden layers.
    pub first_last_ratio: Option<f64>,
}

/// Watches a run and may end it.
pub trait Watch: Sync {
    fn progress(&self, _progress: &Progress) {}
    fn evaluated(&self, _row: &Row<'_>) {}
    /// Asked after every step.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Watches nothing.
pub struct Unwatched;

impl Watch for Unwatched {}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    pub status: Status,
    /// For the header: what early stopping did, when it was on and the run ended by itself.
    pub early_stop: Option<EarlyStop>,
    /// Updates made.
    pub steps: u64,
    pub evals: Rows,
    pub elapsed_secs: f64,
    pub network: Network<T>,
}

/// The network that a plan starts from.
pub fn initial_network<T: Scalar>(plan: &TrainPlan) -> Network<T> {
    Network::of(plan.shape(), plan.initialisation, plan.config.seed)
}

/// Trains.
///
/// # Errors
/// What the sink reports; the rows before are its. A run that diverges is no error: see [`Outcome::status`].
pub fn train<T: Scalar>(
    plan: &TrainPlan,
    data: &Dataset,
    sink: &mut (dyn RecordSink + Send),
    watch: &dyn Watch,
) -> Result<Outcome<T>, RecordError> {
    let start = Instant::now();
    let network = initial_network::<T>(plan);
    let mut engine = Engine::new(network, plan.config.loss, plan.optimizer, plan.batch_size, plan.config.threads);
    engine.remember_initial();
    let (samples, validation) = match plan.config.validation_size {
        0 => (Samples::new(&data.train), None),
        n => {
            let (rest, held) = hold_out(data.train.labels.len(), n, plan.config.seed);
            (Samples::some(&data.train, &rest), Some(Samples::some(&data.train, &held)))
        }
    };
    let mut run = Run {
        plan,
        train: samples,
        validation,
        test: data.test.as_ref().map(Samples::new),
        best: plan.config.early_stopping.map(|patience| Best::new(patience, engine.network())),
        sink,
        watch,
        evals: Rows::evaluations(),
    };
    let (status, steps) = run.go(&mut engine)?;
    let early_stop = run.best.filter(|_| status == Status::Complete).map(|best| {
        engine.restore(&best.network);
        EarlyStop { best_step: best.step, stopped: best.is_over() }
    });
    Ok(Outcome {
        status,
        early_stop,
        steps,
        evals: run.evals,
        elapsed_secs: start.elapsed().as_secs_f64(),
        network: engine.network().clone(),
    })
}

/// A split in the network's number type.
struct Samples<'a, T: Scalar> {
    inputs: Cow<'a, [T]>,
    labels: Cow<'a, [u32]>,
}

impl<'a, T: Scalar> Samples<'a, T> {
    fn new(split: &'a Split) -> Samples<'a, T> {
        let inputs = split.inputs.as_slice().expect("inputs are in C order");
        Samples { inputs: T::from_f32s(inputs), labels: Cow::Borrowed(&split.labels) }
    }

    /// Copies of those at `indices`.
    fn some(split: &Split, indices: &[usize]) -> Samples<'a, T> {
        let rows = indices.iter().flat_map(|&i| split.inputs.row(i).to_vec()).collect::<Vec<f32>>();
        let labels = indices.iter().map(|&i| split.labels[i]).collect();
        Samples { inputs: Cow::Owned(T::from_f32s(&rows).into_owned()), labels: Cow::Owned(labels) }
    }
}

/// Indices to train on and `count` indices to hold out, drawn without replacement, both in ascending order.
fn hold_out(all: usize, count: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut rng = generator(seed, STREAM_VALIDATION);
    let mut order: Vec<usize> = (0..all).collect();
    for i in 0..count {
        order.swap(i, i + below(&mut rng, all - i));
    }
    let mut rest = order.split_off(count);
    rest.sort_unstable();
    order.sort_unstable();
    (rest, order)
}

/// The best parameters so far, by the validation loss.
struct Best<T> {
    network: Network<T>,
    step: u64,
    loss: f64,
    patience: u64,
    /// Evaluations since.
    waited: u64,
}

impl<T: Scalar> Best<T> {
    fn new(patience: u64, network: &Network<T>) -> Best<T> {
        Best { network: network.clone(), step: 0, loss: f64::INFINITY, patience, waited: 0 }
    }

    fn look(&mut self, row: &Row<'_>, network: &Network<T>) {
        // A loss that is not a number is not lower.
        let loss = row.value(VALIDATION_LOSS);
        if loss < self.loss {
            (self.step, self.loss, self.waited) = (row.step(), loss, 0);
            self.network.copy_from(network);
        } else {
            self.waited += 1;
        }
    }

    fn is_over(&self) -> bool {
        self.waited >= self.patience
    }

    /// Whether the next evaluation can be the last.
    fn may_end(&self) -> bool {
        self.waited + 1 >= self.patience
    }
}

/// When something is due next.
struct Due {
    every: Every,
    next: u64,
}

impl Due {
    fn new(every: Every) -> Due {
        Due { every, next: 0 }
    }

    fn at(&mut self, step: u64) -> bool {
        let due = step == self.next;
        if due {
            self.next = self.every.next(step);
        }
        due
    }
}

struct Run<'a, T: Scalar> {
    plan: &'a TrainPlan,
    train: Samples<'a, T>,
    validation: Option<Samples<'a, T>>,
    test: Option<Samples<'a, T>>,
    best: Option<Best<T>>,
    sink: &'a mut (dyn RecordSink + Send),
    watch: &'a dyn Watch,
    evals: Rows,
}

impl<T: Scalar> Run<'_, T> {
    fn go(&mut self, engine: &mut Engine<T>) -> Result<(Status, u64), RecordError> {
        let plan = self.plan;
        let total = plan.steps;
        let mut order: Vec<u32> = (0..self.train.labels.len() as u32).collect();
        let (mut record, mut snapshots) = (Due::new(plan.config.record), Due::new(plan.config.snapshots));
        let every = plan.config.eval_every.saturating_mul(plan.steps_per_epoch);
        let evaluates = |step: u64| every > 0 && (step + 1).is_multiple_of(every) && step + 1 < total;
        self.evaluate(engine, 0)?;
        for step in 0..total {
            let (epoch, batch) = (step / plan.steps_per_epoch, (step % plan.steps_per_epoch) as usize);
            if batch == 0 && plan.config.batch_size != BatchSize::Full {
                shuffle(&mut order, plan.config.seed, epoch);
            }
            engine.load(&self.train.inputs, &self.train.labels, &order[batch * plan.batch_size..][..plan.batch_size]);
            let learning_rate = plan.learning_rate_at(step);
            // The last step is recorded whatever the schedule says, also when early stopping may make this one the last.
            let may_stop = evaluates(step) && self.best.as_ref().is_some_and(Best::may_end);
            let (wanted, snapshot) = (record.at(step) || step + 1 == total || may_stop, snapshots.at(step));
            let (loss, accuracy) = engine.step(learning_rate, wanted, snapshot);
            let epoch = step as f64 / plan.steps_per_epoch as f64;
            let mut row = Row::of_step(step).with(record::EPOCH, epoch).with(record::LEARNING_RATE, learning_rate);
            row.set(record::LOSS, loss).set(record::BATCH_ACCURACY, accuracy);
            if snapshot {
                self.snapshot(step, engine.snapshot())?;
            }
            let diverged = !loss.is_finite();
            if wanted {
                self.step(&row, engine)?;
            } else if diverged {
                // A step that was not measured but must be in the record, because the run ends here.
                self.sink.row(&row)?;
            }
            self.watch.progress(&Progress {
                done: step + 1,
                total,
                epoch,
                loss,
                batch_accuracy: accuracy,
                first_last_ratio: if wanted { first_last_ratio(engine) } else { None },
            });
            if diverged {
                self.snapshot(step + 1, engine.final_snapshot())?;
                let what = format!("the loss is {loss}");
                return Ok((Status::Diverged { step, what }, step + 1));
            }
            if step + 1 < total && self.watch.should_stop() {
                self.snapshot(step + 1, engine.final_snapshot())?;
                return Ok((Status::Interrupted { step: step + 1 }, step + 1));
            }
            if evaluates(step) {
                self.evaluate(engine, step + 1)?;
                if self.best.as_ref().is_some_and(Best::is_over) {
                    self.snapshot(step + 1, engine.final_snapshot())?;
                    return Ok((Status::Complete, step + 1));
                }
            }
        }
        self.snapshot(total, engine.final_snapshot())?;
        self.evaluate(engine, total)?;
        Ok((Status::Complete, total))
    }

    fn step(&mut self, row: &Row<'_>, engine: &Engine<T>) -> Result<(), RecordError> {
        let m = engine.measured();
        let [gradient, update, driven, decay, parameters] = &m.tensors;
        let [signal, sample_gradient] = &m.layers;
        let mut row = row.with(record::GRAD_NORM, gradient).with(record::UPDATE_NORM, update);
        row.set(record::DRIVEN_NORM, driven).set(record::DECAY_NORM, decay).set(record::PARAM_NORM, parameters);
        self.sink.row(row.set(record::SIGNAL_RMS, signal).set(record::GRAD_RMS, sample_gradient))
    }

    fn snapshot(&mut self, step: u64, m: &crate::nn::engine::SnapshotMeasure) -> Result<(), RecordError> {
        let [mean, std, saturated, dead, slope] = &m.activations;
        let mut row = Row::of_snapshot(step).with_sketch(&m.sketch);
        row.set(record::DISTANCE_FROM_INIT, &m.distance_from_init).set(record::ZERO_SHARE, &m.zero_share);
        row.set(record::ACTIVATION_MEAN, mean).set(record::ACTIVATION_STD, std);
        row.set(record::SATURATED_SHARE, saturated).set(record::DEAD_SHARE, dead);
        self.sink.row(row.set(record::MEAN_SQUARED_SLOPE, slope))
    }

    fn evaluate(&mut self, engine: &mut Engine<T>, step: u64) -> Result<(), RecordError> {
        let epoch = step as f64 / self.plan.steps_per_epoch as f64;
        let mut row = Row::of_evaluation(step).with(record::EVAL_EPOCH, epoch);
        let (loss, accuracy) = engine.evaluate(&self.train.inputs, &self.train.labels);
        row.set(record::TRAIN_LOSS, loss).set(record::TRAIN_ACCURACY, accuracy);
        if let Some(test) = &self.test {
            let (loss, accuracy) = engine.evaluate(&test.inputs, &test.labels);
            row.set(record::TEST_LOSS, loss).set(record::TEST_ACCURACY, accuracy);
        }
        if let Some(validation) = &self.validation {
            let (loss, accuracy) = engine.evaluate(&validation.inputs, &validation.labels);
            row.set(VALIDATION_LOSS, loss).set(record::VALIDATION_ACCURACY, accuracy);
        }
        if let Some(best) = &mut self.best {
            best.look(&row, engine.network());
        }
        self.evals.push(&row).expect("evaluations come in the order of their steps");
        self.watch.evaluated(&row);
        self.sink.row(&row)
    }
}

fn first_last_ratio<T: Scalar>(engine: &Engine<T>) -> Option<f64> {
    let (shape, norms) = (&engine.network().shape, &engine.measured().tensors[0]);
    let last_hidden = shape.layers().checked_sub(2).filter(|&l| l > 0)?;
    Some(norms[shape.index(0, Part::Weight)?] / norms[shape.index(last_hidden, Part::Weight)?])
}

/// Fisher and Yates, in place, from the epoch's own random stream. Starts from the identity, so that an epoch's order does not
/// depend on the epochs before it.
fn shuffle(order: &mut [u32], seed: u64, epoch: u64) {
    let mut rng = generator(seed, STREAM_ORDER + epoch);
    order.iter_mut().enumerate().for_each(|(i, o)| *o = i as u32);
    for i in (1..order.len()).rev() {
        order.swap(i, below(&mut rng, i + 1));
    }
}

/// One of 0 .. n - 1. 64 random bits over at most 2^32 values: the bias is below 2^-32.
fn below(rng: &mut impl Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
