//! What cells cost, and how they are dealt out to shards by that.

use crate::config::{BatchSize, DEFAULT_EPOCHS, Every, TrainConfig};
use crate::data::{Dataset, Split};

/// Sizes of a data set, as far as costs need them.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// Shape of one sample.
    pub input: Vec<usize>,
    pub classes: usize,
    pub train: usize,
    pub test: usize,
}

impl Sizes {
    pub fn of(data: &Dataset) -> Sizes {
        let test = data.test.as_ref().map_or(0, Split::len);
        Sizes { input: data.shape(), classes: data.classes, train: data.train.len(), test }
    }
}

/// What a cell costs to run and to keep.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Multiplications and additions of all its products.
    pub flops: f64,
    pub steps: f64,
    /// Size of its folder.
    pub bytes: f64,
}

/// Estimates a cell's cost.
pub fn costs(config: &TrainConfig, sizes: &Sizes) -> Cost {
    let shape = config.shape(&sizes.input, sizes.classes);
    // A network that does not fit its data is refused when its turn comes, and costs nothing.
    let work = if shape.check().is_ok() { shape.work() } else { Vec::new() };
    let work: Vec<f64> = work.into_iter().map(|n| n as f64).collect();
    let first = work.first().copied().unwrap_or_default();
    let weights: f64 = work.iter().sum();
    let train_size = sizes.train.saturating_sub(config.validation_size).max(1);
    let batch = match config.batch_size {
        BatchSize::Full => train_size,
        BatchSize::Samples(n) => n,
    } as f64;
    let per_epoch = (train_size as f64 / batch).floor().max(1.0);
    let steps =
        config.steps.map_or_else(|| config.epochs.unwrap_or(DEFAULT_EPOCHS) as f64 * per_epoch, |s| s as f64);
    let evaluations = match config.eval_every {
        0 => 2.0,
        n => 2.0 + (steps / per_epoch / n as f64).floor(),
    };
    // Forward and two backward products, of which the first layer needs one.
    let training = steps * batch * 2.0 * (3.0 * weights - first);
    let flops = training + evaluations * (sizes.train + sizes.test) as f64 * 2.0 * weights;
    let rows = |every: Every| match every {
        Every::Steps(n) => (steps / n as f64).ceil() + 1.0,
        Every::Log => 20.0 * steps.max(1.0).log10() + 10.0,
        Every::Summary => 2.0,
    };
    let l = work.len() as f64;
    let tensors = if work.is_empty() { 0.0 } else { shape.tensor_count() as f64 };
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

/// The cells of shard `k` of `n`, from 1: each cell goes to the shard that has least to do so far, longest
/// first. Depends on the costs alone, so that all shards agree wherever they run. Every cell is in exactly
/// one.
pub fn shard(costs: &[f64], k: usize, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
    let mut load = vec![(0.0_f64, 0_usize); n];
    let mut mine = Vec::new();
    for cell in order {
        let least = (0..n)
            .min_by(|&a, &b| load[a].0.total_cmp(&load[b].0).then(load[a].1.cmp(&load[b].1)).then(a.cmp(&b)));
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
