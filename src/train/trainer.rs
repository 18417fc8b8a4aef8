//! [`Trainer`]: one run as a sequence of events.

use super::best::Best;
use super::samples::{Samples, Sets, shuffle};
use super::{Progress, Trained, initial_network};
use crate::config::{BatchSize, Every, TrainPlan};
use crate::data::Dataset;
use crate::nn::engine::{SnapshotMeasure, StepMeasure};
use crate::nn::{Engine, Network, Part, Scalar};
use crate::record::{EvalRow, SnapshotRow, Status, StepRow};
use crate::stats::MISSING;

/// What one call of [`Trainer::step`] did.
#[derive(Debug)]
pub enum Event<'t> {
    /// One update was made. The row is there on the steps that the plan records.
    Step { progress: Progress, row: Option<StepRow<'t>> },
    /// The parameters were measured. Where an update was made from the same parameters, its event follows.
    Snapshot(SnapshotRow<'t>),
    /// The whole sets were evaluated.
    Evaluation(EvalRow),
    /// The run has ended; every further call says the same.
    Ended(&'t Status),
}

/// One run, which the caller moves on event by event.
///
/// ```
/// use gradfade::config::TrainConfig;
/// use gradfade::train::{Event, Trainer};
///
/// let config = TrainConfig {
///     data: "spiral".parse()?,
///     hidden_layers: 2,
///     width: 8,
///     steps: Some(20),
///     ..TrainConfig::default()
/// };
/// let data = gradfade::data::load(&config.data, &config.data_options)?;
/// let plan = config.plan(&data)?;
/// let mut trainer = Trainer::<f32>::new(&plan, &data);
/// let mut losses = Vec::new();
/// loop {
///     match trainer.step() {
///         Event::Step { progress, .. } => losses.push(progress.loss),
///         Event::Snapshot(_) | Event::Evaluation(_) => {}
///         Event::Ended(_) => break,
///     }
/// }
/// assert_eq!(losses.len(), 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The events of a run without divergence, for a plan that evaluates after every epoch: the evaluation before training; the
/// updates, each behind its snapshot where one is due, and an evaluation at the end of every epoch but the last; the last
/// snapshot; the last evaluation; the end.
pub struct Trainer<'a, T: Scalar> {
    plan: &'a TrainPlan,
    sets: Sets<'a, T>,
    engine: Engine<T>,
    /// Indices of the training samples in the order of this epoch.
    order: Vec<u32>,
    record: Due,
    snapshots: Due,
    /// Steps between evaluations; 0 means never between the first and the last.
    evaluate_every: u64,
    best: Option<Best<T>>,
    /// Updates made.
    done: u64,
    next: Next,
    stop: bool,
    evals: Vec<EvalRow>,
    /// The values of a row that was not measured.
    missing: StepMeasure,
}

/// What the next call does.
#[derive(Clone, Debug)]
enum Next {
    FirstEvaluation,
    Update,
    /// The update was made, and its snapshot was handed out before it.
    Row(Made),
    /// Decides how it goes on after the update.
    Decide(Made),
    LastSnapshot(Status),
    LastEvaluation,
    End(Status),
    Ended(Status),
}

/// An update and the scalars of its row.
#[derive(Clone, Copy, Debug)]
struct Made {
    step: u64,
    epoch: f64,
    learning_rate: f64,
    loss: f64,
    accuracy: f64,
    /// Whether the step was measured for its row.
    measured: bool,
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

impl<'a, T: Scalar> Trainer<'a, T> {
    /// Prepares the run; nothing is trained or evaluated yet. Where the plan has one thread, no other is ever started.
    pub fn new(plan: &'a TrainPlan, data: &'a Dataset) -> Trainer<'a, T> {
        let config = &plan.config;
        let network = initial_network::<T>(plan);
        let mut engine = Engine::new(network, config.loss, plan.optimizer, plan.batch_size, config.threads);
        engine.remember_initial();
        let sets = Sets::new(plan, data);
        Trainer {
            order: (0..sets.train.labels.len() as u32).collect(),
            record: Due::new(config.record),
            snapshots: Due::new(config.snapshots),
            evaluate_every: config.eval_every.saturating_mul(plan.steps_per_epoch),
            best: config.early_stopping.map(|patience| Best::new(patience, engine.network())),
            done: 0,
            next: Next::FirstEvaluation,
            stop: false,
            evals: Vec::new(),
            missing: unmeasured(engine.network()),
            plan,
            sets,
            engine,
        }
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network<T> {
        self.engine.network()
    }

    /// Updates made.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Ends the run as interrupted before its next update. After the last update, or where the run ends by itself, this has
    /// no effect.
    pub fn stop(&mut self) {
        self.stop = true;
    }

    /// Moves on to the next event.
    pub fn step(&mut self) -> Event<'_> {
        if let Next::Decide(made) = self.next
            && let Some(row) = self.decide(&made)
        {
            return Event::Evaluation(row);
        }
        match self.next.clone() {
            Next::FirstEvaluation => {
                self.next = Next::Update;
                Event::Evaluation(self.evaluate())
            }
            Next::Update | Next::Decide(_) => self.update(),
            Next::Row(made) => self.row(made),
            Next::LastSnapshot(status) => {
                self.next = match status {
                    Status::Complete if self.done == self.plan.steps => Next::LastEvaluation,
                    status => Next::End(status),
                };
                Event::Snapshot(snapshot_row(self.done, self.engine.final_snapshot()))
            }
            Next::LastEvaluation => {
                self.next = Next::End(Status::Complete);
                Event::Evaluation(self.evaluate())
            }
            Next::End(status) => {
                self.end(status);
                Event::Ended(self.status())
            }
            Next::Ended(_) => Event::Ended(self.status()),
        }
    }

    /// The state of the run; [`Status::Running`] until it has ended.
    pub fn status(&self) -> &Status {
        match &self.next {
            Next::Ended(status) => status,
            _ => &Status::Running,
        }
    }

    /// What the run made, with the parameters that early stopping chose. `elapsed_secs` is what the caller measured.
    pub fn finish(self, elapsed_secs: f64) -> Trained<T> {
        let status = self.status().clone();
        let complete = status == Status::Complete;
        Trained {
            early_stop: self.best.filter(|_| complete).map(|best| best.early_stop()),
            steps: self.done,
            evals: self.evals,
            elapsed_secs,
            network: self.engine.network().clone(),
            status,
        }
    }

    /// Makes one update; the answer is its snapshot where one is due, else its row.
    fn update(&mut self) -> Event<'_> {
        let plan = self.plan;
        let step = self.done;
        let epoch = step / plan.steps_per_epoch;
        let batch = (step % plan.steps_per_epoch) as usize;
        if batch == 0 && plan.config.batch_size != BatchSize::Full {
            shuffle(&mut self.order, plan.config.seed, epoch);
        }
        let samples = &self.order[batch * plan.batch_size..][..plan.batch_size];
        self.engine.load(&self.sets.train.inputs, &self.sets.train.labels, samples);
        let learning_rate = plan.learning_rate_at(step);
        // The last step is recorded whatever the schedule says, also when early stopping may make this one the last.
        let may_stop = self.evaluates(step) && self.best.as_ref().is_some_and(Best::may_end);
        let measured = self.record.at(step) || step + 1 == plan.steps || may_stop;
        let snapshot = self.snapshots.at(step);
        let (loss, accuracy) = self.engine.step(learning_rate, measured, snapshot);
        self.done += 1;
        let epoch = step as f64 / plan.steps_per_epoch as f64;
        let made = Made { step, epoch, learning_rate, loss, accuracy, measured };
        if snapshot {
            self.next = Next::Row(made);
            return Event::Snapshot(snapshot_row(step, self.engine.snapshot()));
        }
        self.row(made)
    }

    /// The row of an update. A step that was not measured has one too where the run ends because of it.
    fn row(&mut self, made: Made) -> Event<'_> {
        self.next = Next::Decide(made);
        let row = if made.measured {
            Some(step_row(&made, self.engine.measured()))
        } else {
            (!made.loss.is_finite()).then(|| step_row(&made, &self.missing))
        };
        let progress = Progress {
            done: self.done,
            total: self.plan.steps,
            epoch: made.epoch,
            loss: made.loss,
            batch_accuracy: made.accuracy,
            first_last_ratio: if made.measured { first_last_ratio(&self.engine) } else { None },
        };
        Event::Step { progress, row }
    }

    /// After an update: what comes next, and the evaluation where one is due now.
    fn decide(&mut self, made: &Made) -> Option<EvalRow> {
        let last = self.done == self.plan.steps;
        self.next = if !made.loss.is_finite() {
            let what = format!("the loss is {}", made.loss);
            Next::LastSnapshot(Status::Diverged { step: made.step, what })
        } else if last {
            Next::LastSnapshot(Status::Complete)
        } else if self.stop {
            Next::LastSnapshot(Status::Interrupted { step: self.done })
        } else {
            Next::Update
        };
        if !matches!(self.next, Next::Update) || !self.evaluates(made.step) {
            return None;
        }
        let row = self.evaluate();
        if self.best.as_ref().is_some_and(Best::is_over) {
            self.next = Next::LastSnapshot(Status::Complete);
        }
        Some(row)
    }

    fn evaluates(&self, step: u64) -> bool {
        let every = self.evaluate_every;
        every > 0 && (step + 1).is_multiple_of(every) && step + 1 < self.plan.steps
    }

    fn evaluate(&mut self) -> EvalRow {
        let Trainer { engine, sets, .. } = self;
        let (train_loss, train_accuracy) = engine.evaluate(&sets.train.inputs, &sets.train.labels);
        let mut of = |samples: &Option<Samples<'_, T>>| match samples {
            Some(samples) => engine.evaluate(&samples.inputs, &samples.labels),
            None => (MISSING, MISSING),
        };
        let (test_loss, test_accuracy) = of(&sets.test);
        let (validation_loss, validation_accuracy) = of(&sets.validation);
        let row = EvalRow {
            step: self.done,
            epoch: self.done as f64 / self.plan.steps_per_epoch as f64,
            train_loss,
            train_accuracy,
            test_loss,
            test_accuracy,
            validation_loss,
            validation_accuracy,
        };
        if let Some(best) = &mut self.best {
            best.compare(&row, self.engine.network());
        }
        self.evals.push(row);
        row
    }

    /// The end; a complete run goes back to the parameters that early stopping chose.
    fn end(&mut self, status: Status) {
        if let (Status::Complete, Some(best)) = (&status, &self.best) {
            self.engine.restore(best.network());
        }
        self.next = Next::Ended(status);
    }
}

fn unmeasured<T: Scalar>(network: &Network<T>) -> StepMeasure {
    let tensors = network.shape.tensor_count();
    let layers = network.layers();
    StepMeasure {
        tensors: std::array::from_fn(|_| vec![MISSING; tensors]),
        layers: std::array::from_fn(|_| vec![MISSING; layers]),
        ..StepMeasure::default()
    }
}

fn step_row<'m>(made: &Made, measure: &'m StepMeasure) -> StepRow<'m> {
    StepRow {
        step: made.step,
        epoch: made.epoch,
        learning_rate: made.learning_rate,
        loss: made.loss,
        batch_accuracy: made.accuracy,
        tensors: measure.tensors.each_ref().map(Vec::as_slice),
        layers: measure.layers.each_ref().map(Vec::as_slice),
    }
}

fn snapshot_row(step: u64, measure: &SnapshotMeasure) -> SnapshotRow<'_> {
    SnapshotRow {
        step,
        distance_from_init: &measure.distance_from_init,
        zero_share: &measure.zero_share,
        activations: measure.activations.each_ref().map(Vec::as_slice),
        sketch: &measure.sketch,
    }
}

fn first_last_ratio<T: Scalar>(engine: &Engine<T>) -> Option<f64> {
    let shape = &engine.network().shape;
    let norms = &engine.measured().tensors[0];
    let last_hidden = shape.layers().checked_sub(2).filter(|&l| l > 0)?;
    Some(norms[shape.index(0, Part::Weight)?] / norms[shape.index(last_hidden, Part::Weight)?])
}
