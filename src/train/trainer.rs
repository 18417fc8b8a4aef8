//! [`Trainer`]: one run as a sequence of events.

use super::best::Best;
use super::samples::{Samples, Sets, shuffle};
use super::{Progress, Trained, Unwatched, Watch, layerwise};
use crate::config::{BatchSize, Every, TrainPlan};
use crate::data::Dataset;
use crate::nn::{Engine, Network, Part, Scalar, SnapshotMeasure, StepMeasure};
use crate::record::{self, MetricId, Row, Rows, Status};

/// Snapshots of a run that count distributions, about: as many as a picture has room for.
const MOST_COUNTS: u64 = 100;

/// What one call of [`Trainer::step`] did.
#[derive(Debug)]
pub enum Event<'t> {
    /// One update was made. The row is there on the steps that the plan records.
    Step { progress: Progress, row: Option<Row<'t>> },
    /// The parameters were measured. Where an update was made from the same parameters, its event follows.
    Snapshot(Row<'t>),
    /// The whole sets were evaluated.
    Evaluation(Row<'static>),
    /// The run has ended; every further call says the same.
    Ended(&'t Status),
}

/// One run, which the caller moves on event by event.
///
/// ```
/// use gradfade::config::TrainConfig;
/// use gradfade::train::{Event, Trainer};
///
/// let config = TrainConfig::default().with_data("spiral".parse()?).with_hidden_layers(2).with_width(8).with_steps(20);
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
/// The events of a run without divergence, for a plan that evaluates after every epoch: the evaluation before
/// training; the updates, each behind its snapshot where one is due, and an evaluation at the end of every
/// epoch but the last; the last snapshot; the last evaluation; the end.
pub struct Trainer<'a, T: Scalar> {
    plan: &'a TrainPlan,
    sets: Sets<'a, T>,
    engine: Engine<T>,
    /// Indices of the training samples in the order of this epoch.
    order: Vec<u32>,
    record: Due,
    snapshots: Due,
    /// The first step whose snapshot counts distributions again.
    next_count: u64,
    /// Steps between evaluations; 0 means never between the first and the last.
    evaluate_every: u64,
    best: Option<Best<T>>,
    /// Updates made.
    done: u64,
    next: Next,
    stop: bool,
    evals: Rows,
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
    /// Prepares the run; nothing is evaluated yet, and nothing is trained but the earlier stages of layer-wise
    /// training. Where the plan has one thread, no other is ever started.
    pub fn new(plan: &'a TrainPlan, data: &'a Dataset) -> Trainer<'a, T> {
        Trainer::watched(plan, data, &Unwatched)
    }

    /// The same; the watch sees the earlier stages, and may end them: then the run is interrupted.
    pub(super) fn watched(plan: &'a TrainPlan, data: &'a Dataset, watch: &dyn Watch) -> Trainer<'a, T> {
        let start = layerwise::start::<T>(plan, data, watch);
        let mut trainer = Trainer::from(plan, data, start.network);
        trainer.stop = start.stopped;
        trainer
    }

    /// A run that begins with these parameters.
    pub(super) fn from(plan: &'a TrainPlan, data: &'a Dataset, network: Network<T>) -> Trainer<'a, T> {
        let config = &plan.config;
        let mut engine = Engine::new(network, config.loss, plan.optimizer, plan.batch_size, config.threads);
        engine.remember_initial();
        let sets = Sets::new(plan, data);
        engine.watch(&sets.train.inputs, &sets.train.labels);
        Trainer {
            order: (0..sets.train.labels.len() as u32).collect(),
            record: Due::new(config.record),
            snapshots: Due::new(config.snapshots),
            next_count: 0,
            evaluate_every: config.eval_every.saturating_mul(plan.steps_per_epoch),
            best: config.early_stopping.map(|patience| Best::new(patience, engine.network())),
            done: 0,
            next: Next::FirstEvaluation,
            stop: false,
            evals: Rows::evaluations(),
            plan,
            sets,
            engine,
        }
    }

    /// Begins with the first update.
    pub(super) fn skip_evaluation(&mut self) {
        self.next = Next::Update;
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network<T> {
        self.engine.network()
    }

    /// Updates made.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Ends the run as interrupted before its next update. After the last update, or where the run ends by
    /// itself, this has no effect.
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

    /// What the run made, with the parameters that early stopping chose. `elapsed_secs` is what the caller
    /// measured.
    pub fn finish(self, elapsed_secs: f64) -> Trained<T> {
        let status = self.status().clone();
        let complete = status == Status::Complete;
        Trained {
            early_stop: self.best.filter(|_| complete).map(|best| best.early_stop()),
            steps: self.done,
            evals: self.evals,
            elapsed_secs,
            initial: self.engine.initial().clone(),
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
        // The last step is recorded whatever the schedule says, also when early stopping may make this one
        // the last.
        let may_stop = self.evaluates(step) && self.best.as_ref().is_some_and(Best::may_end);
        let measured = self.record.at(step) || step + 1 == plan.steps || may_stop;
        let snapshot = self.snapshots.at(step);
        let counts = snapshot && step >= self.next_count;
        if counts {
            self.next_count = step + (plan.steps / MOST_COUNTS).max(1);
        }
        self.engine.count(counts);
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
            Some(measured_row(&made, self.engine.measured()))
        } else {
            (!made.loss.is_finite()).then(|| bare_row(&made))
        };
        let progress = Progress {
            done: self.plan.earlier_steps() + self.done,
            total: self.plan.earlier_steps() + self.plan.steps,
            epoch: made.epoch,
            loss: made.loss,
            batch_accuracy: made.accuracy,
            first_last_ratio: if made.measured { first_last_ratio(&self.engine) } else { None },
        };
        Event::Step { progress, row }
    }

    /// After an update: what comes next, and the evaluation where one is due now.
    fn decide(&mut self, made: &Made) -> Option<Row<'static>> {
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

    fn evaluate(&mut self) -> Row<'static> {
        let epoch = self.done as f64 / self.plan.steps_per_epoch as f64;
        let mut row = Row::of_evaluation(self.done).with(record::EVAL_EPOCH, epoch);
        let Trainer { engine, sets, .. } = self;
        let mut of = |samples: &Samples<'_, T>| engine.evaluate(&samples.inputs, &samples.labels);
        let (loss, accuracy) = of(&sets.train);
        row.set(record::TRAIN_LOSS, loss).set(record::TRAIN_ACCURACY, accuracy);
        if let Some(test) = &sets.test {
            let (loss, accuracy) = of(test);
            row.set(record::TEST_LOSS, loss).set(record::TEST_ACCURACY, accuracy);
        }
        if let Some(validation) = &sets.validation {
            let (loss, accuracy) = of(validation);
            row.set(record::VALIDATION_LOSS, loss).set(record::VALIDATION_ACCURACY, accuracy);
        }
        if let Some(best) = &mut self.best {
            best.compare(&row, self.engine.network());
        }
        self.evals.push(&row).expect("evaluations come in the order of their steps");
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

/// The row of a step of which only the batch is known.
fn bare_row(made: &Made) -> Row<'static> {
    let mut row = Row::of_step(made.step).with(record::EPOCH, made.epoch);
    row.set(record::LEARNING_RATE, made.learning_rate);
    row.set(record::LOSS, made.loss).set(record::BATCH_ACCURACY, made.accuracy);
    row
}

fn measured_row<'m>(made: &Made, measure: &'m StepMeasure) -> Row<'m> {
    let mut row: Row<'m> = bare_row(made);
    set_all(&mut row, measure.columns());
    row
}

fn snapshot_row(step: u64, measure: &SnapshotMeasure) -> Row<'_> {
    let mut row = Row::of_snapshot(step);
    for (id, values) in measure.singles() {
        row.set_singles(named(id), values);
    }
    set_all(&mut row, measure.columns());
    row
}

/// Sets columns by the ids of their metrics.
fn set_all<'m>(row: &mut Row<'m>, columns: impl Iterator<Item = (&'static str, &'m [f64])>) {
    for (id, values) in columns {
        row.set(named(id), values);
    }
}

fn named(id: &str) -> MetricId {
    MetricId::named(id).unwrap_or_else(|| panic!("{id} is measured but no metric of a record"))
}

fn first_last_ratio<T: Scalar>(engine: &Engine<T>) -> Option<f64> {
    let network = engine.network();
    let norms = &engine.measured().grad_norm;
    let last_hidden = network.layers().checked_sub(2).filter(|&l| l > 0)?;
    Some(norms[network.index(0, Part::Weight)?] / norms[network.index(last_hidden, Part::Weight)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Element, GROUP_RATE, Per, Table};

    #[test]
    fn the_engine_measures_the_columns_of_both_tables_and_no_others() {
        let measured = |table| -> Vec<&str> {
            let (step, snapshot) = (StepMeasure::default(), SnapshotMeasure::default());
            let ids =
                |columns: &mut dyn Iterator<Item = (&'static str, &[f64])>| columns.map(|c| c.0).collect();
            if table == Table::Step { ids(&mut step.columns()) } else { ids(&mut snapshot.columns()) }
        };
        let singles = SnapshotMeasure::default().singles().map(|(id, _)| named(id));
        assert!(singles.iter().all(|metric| metric.element == Element::F32));
        assert_eq!(singles.len(), Table::Snapshot.metrics().filter(|m| m.element == Element::F32).count());
        for table in [Table::Step, Table::Snapshot] {
            // The engine has one group of parameters, whose rate is that of the step.
            let is_column = |metric: &MetricId| {
                metric.per != Per::Run && metric.element == Element::F64 && *metric != GROUP_RATE
            };
            let mut recorded: Vec<&str> = table.metrics().filter(is_column).map(|metric| metric.id).collect();
            let mut measured: Vec<&str> = measured(table);
            recorded.sort_unstable();
            measured.sort_unstable();
            assert_eq!(measured, recorded);
        }
    }
}
