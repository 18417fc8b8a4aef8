//! Running cells: every worker takes the longest cell that is left.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::{PlannedCell, Store, SweepError};
use crate::config::{BatchSize, Every, Precision, TrainConfig};
use crate::data::{self, DataSpec, Dataset};
use crate::nn::Scalar;
use crate::record::cell::{Cell, Ends};
use crate::record::{EarlyStop, Ended, Record, RecordError, RecordSink, RunWriter, Status};
use crate::train::{Progress, Watch, header::header, train};

/// Watches a sweep and may end it. Workers count from 0.
pub trait Observer: Sync {
    fn started(&self, _worker: usize, _cell: &PlannedCell) {}
    fn progress(&self, _worker: usize, _progress: &Progress) {}
    fn finished(&self, _worker: usize, _cell: &Cell) {}
    /// Asked after every step of every cell.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Sizes of a data set, as far as costs need them.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub features: usize,
    pub classes: usize,
    pub train: usize,
    pub test: usize,
}

impl Sizes {
    pub fn of(data: &Dataset) -> Sizes {
        let test = data.test.as_ref().map_or(0, data::Split::len);
        Sizes { features: data.features, classes: data.classes, train: data.train.len(), test }
    }
}

/// What a cell takes.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Multiplications and additions of all its products.
    pub flops: f64,
    pub steps: f64,
    /// Of its folder.
    pub bytes: f64,
}

/// Estimates a cell's cost.
pub fn costs(config: &TrainConfig, sizes: Sizes) -> Cost {
    let mut layers = vec![sizes.features];
    layers.extend(config.hidden_sizes());
    layers.push(sizes.classes);
    let shape = config.shape(&layers);
    let product = |l: usize| shape.fan_in(l) as f64 * shape.fan_out(l) as f64;
    let weights: f64 = (0..shape.layers()).map(product).sum();
    let first = product(0);
    let train_size = sizes.train.saturating_sub(config.validation_size).max(1);
    let batch = match config.batch_size {
        BatchSize::Full => train_size,
        BatchSize::Samples(n) => n,
    } as f64;
    let per_epoch = (train_size as f64 / batch).floor().max(1.0);
    let steps = config.steps.map_or_else(|| config.epochs.unwrap_or(5) as f64 * per_epoch, |s| s as f64);
    let evaluations = match config.eval_every {
        0 => 2.0,
        n => 2.0 + (steps / per_epoch / n as f64).floor(),
    };
    // Forward and two backward products, of which the first layer needs one.
    let flops =
        steps * batch * 2.0 * (3.0 * weights - first) + evaluations * (sizes.train + sizes.test) as f64 * 2.0 * weights;
    let rows = |every: Every| match every {
        Every::Steps(n) => (steps / n as f64).ceil() + 1.0,
        Every::Log => 20.0 * steps.max(1.0).log10() + 10.0,
        Every::Summary => 2.0,
    };
    let l = (layers.len() - 1) as f64;
    let tensors = shape.tensor_count() as f64;
    let digest = 1600.0 + 500.0 * l + 240.0 * tensors;
    let bytes = if config.record == Every::Summary {
        digest
    } else {
        let snapshot = 8.0 * (1.0 + 2.0 * tensors + 5.0 * l) + 4.0 * 64.0 * tensors;
        digest
            + rows(config.record) * 8.0 * (5.0 + 5.0 * tensors + 2.0 * l)
            + rows(config.snapshots) * snapshot
            + 29.0 * 256.0
    };
    Cost { flops, steps, bytes }
}

/// The cells of shard `k` of `n`, from 1: each cell goes to the shard that has least to do so far, longest first. Depends on
/// the costs alone, so that all shards agree wherever they run. Every cell is in exactly one.
pub fn shard(costs: &[f64], k: usize, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
    let mut load = vec![(0.0_f64, 0_usize); n];
    let mut mine = Vec::new();
    for cell in order {
        let least =
            (0..n).min_by(|&a, &b| load[a].0.total_cmp(&load[b].0).then(load[a].1.cmp(&load[b].1)).then(a.cmp(&b)));
        let Some(least) = least else { break };
        load[least].0 += costs[cell];
        load[least].1 += 1;
        if least + 1 == k {
            mine.push(cell);
        }
    }
    mine.sort_unstable();
    mine
}

/// Data that several cells share is loaded once.
#[derive(Default)]
pub struct Loaded(Mutex<HashMap<String, Arc<Dataset>>>);

impl Loaded {
    /// The data of a cell.
    ///
    /// # Errors
    /// That of loading it, in words.
    pub fn get(&self, config: &TrainConfig) -> Result<Arc<Dataset>, String> {
        let load = || data::load(&config.data, &config.data_options).map(Arc::new).map_err(|e| e.to_string());
        // Made data and random splits differ from seed to seed: keeping all of them would fill the memory.
        let seedless = match config.data {
            DataSpec::MnistMini | DataSpec::Idx(_) | DataSpec::Cifar10(_) => true,
            DataSpec::Csv(_) => config.data_options.test_file.is_some(),
            DataSpec::Spiral | DataSpec::Xor | DataSpec::Gaussians => false,
        };
        if !seedless {
            return load();
        }
        let options = data::DataOptions { seed: 0, ..config.data_options.clone() };
        let key = format!("{} {options:?}", config.data);
        // The lock is held while loading, so that two workers do not do the same work.
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(data) = all.get(&key) {
            return Ok(Arc::clone(data));
        }
        let data = load()?;
        all.insert(key, Arc::clone(&data));
        Ok(data)
    }
}

/// Runs the cells, longest first, on `threads` workers, each cell into its folder. A cell that fails or diverges is a result
/// as any other. Returns whether all of them were run (false when the observer stopped them).
///
/// # Errors
/// When the folder of the sweep cannot be written: then no cell can be kept.
pub fn run(
    store: &Store,
    cells: &[PlannedCell],
    threads: usize,
    loaded: &Loaded,
    observer: &dyn Observer,
) -> Result<bool, SweepError> {
    let cost = |cell: &PlannedCell| match loaded.get(&cell.config) {
        Ok(data) => costs(&cell.config, Sizes::of(&data)).flops,
        Err(_) => 0.0,
    };
    let mut queue: Vec<(f64, &PlannedCell)> = cells.iter().map(|cell| (cost(cell), cell)).collect();
    queue.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.number.cmp(&b.1.number)));
    // Fewer cells than threads: each cell takes several, which changes no bit of it.
    let workers = threads.clamp(1, queue.len().max(1));
    let threads_each = (threads / workers).max(1);
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failed: Mutex<Option<SweepError>> = Mutex::new(None);
    let work = |worker: usize| {
        while let Some((_, cell)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) || observer.should_stop() {
                stop.store(true, Ordering::Relaxed);
                return;
            }
            observer.started(worker, cell);
            let watch = CellWatch { worker, observer, stop: &stop };
            match run_cell(store, cell, threads_each, loaded, &watch) {
                Ok(Some(done)) => observer.finished(worker, &done),
                Ok(None) => stop.store(true, Ordering::Relaxed),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for worker in 1..workers {
            let work = &work;
            scope.spawn(move || work(worker));
        }
        work(0);
    });
    match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(!stop.into_inner()),
    }
}

struct CellWatch<'a> {
    worker: usize,
    observer: &'a dyn Observer,
    stop: &'a AtomicBool,
}

impl Watch for CellWatch<'_> {
    fn progress(&self, progress: &Progress) {
        self.observer.progress(self.worker, progress);
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.observer.should_stop()
    }
}

/// `None` when it was stopped.
fn run_cell(
    store: &Store,
    planned: &PlannedCell,
    threads: usize,
    loaded: &Loaded,
    watch: &CellWatch,
) -> Result<Option<Cell>, SweepError> {
    let start = Instant::now();
    let made = store.start(planned.number)?;
    let attempt = AssertUnwindSafe(|| attempt(store, planned, threads, loaded, watch, made.path()));
    let result = match catch_unwind(attempt) {
        Ok(Attempt::Done(record)) => Ok(*record),
        Ok(Attempt::Stopped) => return Ok(None),
        Ok(Attempt::Unwritable(error)) => return Err(error.into()),
        Ok(Attempt::Failed(why)) => Err(why),
        Err(_) => Err("internal error: the training panicked".to_string()),
    };
    let made = match &result {
        Ok(_) => made,
        // Nothing of a run that failed may stand beside its failure.
        Err(_) => store.start(planned.number)?,
    };
    let cell =
        Cell { number: planned.number, settings: planned.settings(), result, seconds: start.elapsed().as_secs_f64() };
    store.finish(made, &cell)?;
    Ok(Some(cell))
}

enum Attempt {
    Done(Box<Record>),
    Stopped,
    Failed(String),
    Unwritable(RecordError),
}

fn attempt(
    store: &Store,
    planned: &PlannedCell,
    threads: usize,
    loaded: &Loaded,
    watch: &CellWatch,
    dir: &std::path::Path,
) -> Attempt {
    let mut config = TrainConfig { threads, ..planned.config.clone() };
    if config.record == Every::Summary {
        config.snapshots = Every::Summary;
    }
    let data = match loaded.get(&config) {
        Ok(data) => data,
        Err(why) => return Attempt::Failed(why),
    };
    let plan = match config.plan(&data) {
        Ok(plan) => plan,
        Err(error) => return Attempt::Failed(error.to_string()),
    };
    let header = header(&plan, &data, &planned.label(store.plan()));
    let mut ends = Ends::new(header.clone());
    let writer = match config.record {
        Every::Summary => Ok(None),
        _ => RunWriter::create(dir, &header, false).map(Some),
    };
    let mut writer = match writer {
        Ok(writer) => writer,
        Err(error) => return Attempt::Unwritable(error),
    };
    // The digest, and the run folder where one is kept.
    let mut both = (&mut ends, writer.as_mut());
    let trained = match config.precision {
        Precision::F32 => go::<f32>(&plan, &data, &mut both, watch),
        Precision::F64 => go::<f64>(&plan, &data, &mut both, watch),
    };
    let (status, early_stop, seconds) = match trained {
        Ok((Status::Interrupted { .. }, ..)) => return Attempt::Stopped,
        Ok(ended) => ended,
        Err(error) => return Attempt::Unwritable(error),
    };
    match both.finish(&Ended { status, early_stop, elapsed_secs: Some(seconds) }) {
        Ok(()) => Attempt::Done(Box::new(ends.record)),
        Err(error) => Attempt::Unwritable(error),
    }
}

fn go<T: Scalar>(
    plan: &crate::config::TrainPlan,
    data: &Dataset,
    sink: &mut (dyn RecordSink + Send),
    watch: &dyn Watch,
) -> Result<(Status, Option<EarlyStop>, f64), RecordError> {
    train::<T>(plan, data, sink, watch).map(|outcome| (outcome.status, outcome.early_stop, outcome.elapsed_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_hold_every_cell_once_and_are_balanced() {
        let costs: Vec<f64> = (0..37).map(|i| ((i * 7919) % 101) as f64 + 1.0).collect();
        for n in 1..=40 {
            let mut all: Vec<usize> = (1..=n).flat_map(|k| shard(&costs, k, n)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..37).collect::<Vec<_>>(), "{n} shards");
        }
        let load = |k| shard(&costs, k, 4).iter().map(|&i| costs[i]).sum::<f64>();
        let loads: Vec<f64> = (1..=4).map(load).collect();
        let total: f64 = costs.iter().sum();
        assert!(loads.iter().all(|l| (l / (total / 4.0) - 1.0).abs() < 0.1), "{loads:?}");
    }
}
