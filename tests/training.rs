//! The training loop on the library: what recording must not change, and what the recorded rows must mean.

use std::sync::atomic::{AtomicU64, Ordering};

use gradfade::activation::Activation;
use gradfade::config::{BatchSize, Every, TrainConfig, TrainPlan};
use gradfade::data::{self, DataOptions, DataSpec, Dataset, Split};
use gradfade::nn::{Engine, Loss, Network, Normalisation, Optimizer, OptimizerKind, Scalar};
use gradfade::record::*;
use gradfade::stats::is_missing;
use gradfade::train::{
    Event, Progress, Trained, Trainer, Unwatched, Watch, header::header, initial_network, nielsen, train,
    train_timed,
};

/// 128 samples of 2 features in 4 classes, a network 2-9-7-5-4, 8 updates in an epoch.
fn config() -> TrainConfig {
    TrainConfig::default()
        .with_data(DataSpec::Gaussians)
        .with_data_options(DataOptions::default().with_samples(128))
        .with_widths(Some(vec![9, 7, 5]))
        .with_batch_size(BatchSize::Samples(16))
        .with_activation(Activation::Tanh)
        .with_epochs(4)
        .with_snapshots(Every::Steps(5))
}

fn prepare(config: &TrainConfig) -> (Dataset, TrainPlan) {
    let data = data::load(&config.data, &config.data_options).unwrap();
    let plan = config.plan(&data).unwrap();
    (data, plan)
}

fn run<T: Scalar>(config: &TrainConfig) -> (Trained<T>, Record) {
    let (data, plan) = prepare(config);
    let mut sink = MemorySink::new(header(&plan, &data, "test"));
    let outcome = train::<T>(&plan, &data, "test", &mut sink, &Unwatched).unwrap();
    sink.record.check().unwrap();
    (outcome, sink.record)
}

fn bits<T: Scalar>(network: &Network<T>) -> Vec<u64> {
    network.parameters.iter().map(|p| p.to_f64().to_bits()).collect()
}

/// Bits, so that missing values compare equal to themselves.
fn rows(record: &Record) -> Vec<Vec<u64>> {
    let mut all = Vec::new();
    for table in Table::ALL {
        let rows = record.table(table);
        all.push(rows.step().to_vec());
        all.extend(table.metrics().map(|m| rows[m].iter().map(|x| x.to_bits()).collect()));
        all.extend(table.metrics().map(|m| rows.singles(m).iter().map(|x| u64::from(x.to_bits())).collect()));
    }
    all
}

fn norm<T: Scalar>(values: &[T]) -> f64 {
    values.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt()
}

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * a.abs().max(b.abs()), "{a} is not {b} to {relative}");
}

fn recording_changes_nothing<T: Scalar>(kind: OptimizerKind) {
    let config = config().with_optimizer(kind).with_weight_decay(1e-3);
    let (data, plan) = prepare(&config);
    let header = header(&plan, &data, "test");
    let dir = tempfile::tempdir().unwrap();
    let mut ends = Vec::new();
    let rare = config.clone().with_record(Every::Log).with_snapshots(Every::Steps(1000)).with_eval_every(0);
    for plan in [&plan, &rare.plan(&data).unwrap()] {
        let mut memory = MemorySink::new(header.clone());
        let mut folder = RunWriter::create(&dir.path().join("run"), &header, true).unwrap();
        let sinks: [&mut dyn RecordSink; 3] = [&mut NullSink, &mut memory, &mut folder];
        for sink in sinks {
            ends.push(bits(&train::<T>(plan, &data, "test", sink, &Unwatched).unwrap().network));
        }
        folder.finish(&Ended::new(Status::Complete)).unwrap();
        let (read, _) = Record::read(&dir.path().join("run")).unwrap();
        assert_eq!(rows(&read), rows(&memory.record));
    }
    assert!(ends.iter().all(|end| *end == ends[0]));
    assert_ne!(ends[0], bits(&initial_network::<T>(&plan)));
}

#[test]
fn a_run_ends_in_the_same_bits_whether_and_wherever_it_is_recorded() {
    for kind in [OptimizerKind::Sgd, OptimizerKind::Adam] {
        recording_changes_nothing::<f32>(kind);
        recording_changes_nothing::<f64>(kind);
    }
}

#[test]
fn one_two_and_three_threads_give_the_same_weights_and_the_same_rows() {
    // Large enough that the work is really shared: several blocks of rows and several panels of a layer.
    let wide = config().with_widths(Some(vec![300, 200])).with_batch_size(BatchSize::Samples(64));
    for base in [config(), wide] {
        let of = |threads| {
            let (outcome, record) = run::<f32>(&base.clone().with_threads(threads));
            (bits(&outcome.network), rows(&record))
        };
        let one = of(1);
        assert!(one == of(2) && one == of(3));
    }
}

#[test]
fn recording_every_fifth_step_keeps_exactly_those_rows() {
    let (_, all) = run::<f32>(&config());
    let (_, some) = run::<f32>(&config().with_record(Every::Steps(5)));
    assert_eq!(some.steps.step(), [0, 5, 10, 15, 20, 25, 30, 31]);
    for (i, &step) in some.steps.step().iter().enumerate() {
        let (a, b) = (all.steps.row(step as usize), some.steps.row(i));
        assert_eq!(
            (a.step(), a.value(LOSS).to_bits(), a.value(BATCH_ACCURACY)),
            (b.step(), b.value(LOSS).to_bits(), b.value(BATCH_ACCURACY))
        );
        // By their bits: what is not measured is a NaN.
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        Table::Step.metrics().for_each(|m| assert_eq!(bits(&a[m]), bits(&b[m]), "{m:?}"));
    }
    let distances = |record: &Record| -> Vec<u64> {
        record.snapshots[DISTANCE_FROM_INIT].iter().map(|x| x.to_bits()).collect()
    };
    assert_eq!(distances(&all), distances(&some), "snapshots have their own schedule");
}

/// The networks theta_0, theta_1, ... of a run, from shorter runs of the same settings.
fn path<T: Scalar>(config: &TrainConfig, steps: u64) -> Vec<Network<T>> {
    let (data, plan) = prepare(config);
    let mut networks = vec![initial_network::<T>(&plan)];
    for steps in 1..=steps {
        let config = config.clone().with_epochs(None).with_steps(steps);
        let plan = config.plan(&data).unwrap();
        networks.push(train::<T>(&plan, &data, "test", &mut NullSink, &Unwatched).unwrap().network);
    }
    networks
}

#[test]
fn rows_follow_the_timing_rule() {
    let config = config().with_snapshots(Every::Steps(1)).with_epochs(None).with_steps(12);
    let (_, record) = run::<f64>(&config);
    let networks = path::<f64>(&config, 12);
    assert_eq!(record.snapshots.step(), (0..=12).collect::<Vec<u64>>());
    let difference = |a: &Network<f64>, b: &Network<f64>, t: usize| -> f64 {
        let d: Vec<f64> = a.tensor(t).iter().zip(b.tensor(t)).map(|(a, b)| a - b).collect();
        norm(&d)
    };
    for t in 0..8 {
        for (step, pair) in networks.windows(2).enumerate() {
            // Row t: parameters before, and the update that leads to t + 1.
            close(record.value(PARAM_NORM, step, t), norm(pair[0].tensor(t)), 1e-12);
            close(record.value(UPDATE_NORM, step, t), difference(&pair[1], &pair[0], t), 1e-9);
        }
        // A snapshot describes the parameters at its step; after one update the distance is that update.
        assert_eq!(record.value(DISTANCE_FROM_INIT, 0, t), 0.0);
        close(record.value(DISTANCE_FROM_INIT, 1, t), record.value(UPDATE_NORM, 0, t), 1e-12);
        for (k, network) in networks.iter().enumerate().skip(1) {
            close(record.value(DISTANCE_FROM_INIT, k, t), difference(network, &networks[0], t), 1e-9);
        }
    }
}

#[test]
fn plain_descent_moves_by_the_rate_times_the_gradient() {
    let (_, record) = run::<f32>(&config().with_learning_rate(0.25));
    let mut compared = 0;
    for row in 0..record.len() {
        for t in 0..8 {
            let (update, grad) = (record.value(UPDATE_NORM, row, t), record.value(GRAD_NORM, row, t));
            // What is stored is w + dw rounded to f32: the applied update differs by up to an ulp of w.
            let rounding = 6e-8 * record.value(PARAM_NORM, row, t);
            assert!(
                (update - 0.25 * grad).abs() <= 1e-5 * update + rounding,
                "row {row}, tensor {t}: {update} {grad}"
            );
            close(record.value(DRIVEN_NORM, row, t), 0.25 * grad, 1e-5);
            assert_eq!(record.value(DECAY_NORM, row, t), 0.0);
            compared += 1;
        }
    }
    assert_eq!(compared, 32 * 8);
    let (_, record) = run::<f64>(&config().with_learning_rate(0.25));
    for row in 0..record.len() {
        for t in 0..8 {
            close(record.value(UPDATE_NORM, row, t), 0.25 * record.value(GRAD_NORM, row, t), 1e-5);
        }
    }
}

/// Weights and the output layer stay those of the seed; PyTorch's initialisation draws biases, of maxout there
/// are more than outputs, and behind batch normalisation there is none.
#[test]
fn a_bias_start_sets_the_biases_of_hidden_layers_and_nothing_else() {
    let pytorch = config().with_initialisation("pytorch".parse::<gradfade::nn::Initialisation>().unwrap());
    let maps = config()
        .with_widths(None)
        .with_network("dense:6@maxout:2,res(dense:6)".parse::<gradfade::nn::Architecture>().unwrap());
    let normalised = pytorch.clone().with_normalisation(Normalisation::BatchAfter);
    let without = pytorch.clone().with_normalisation(Normalisation::Batch);
    for (config, hidden) in [(pytorch, 3), (maps, 2), (normalised, 3), (without, 0)] {
        let (data, plan) = prepare(&config);
        let (_, biased) = prepare(&config.clone().with_bias_start(-0.3));
        let (drawn, set) = (initial_network::<f32>(&plan), initial_network::<f32>(&biased));
        let facts = header(&biased, &data, "b").facts;
        assert_eq!(facts.bias_start, Some(-0.3));
        let mut found = 0;
        for (t, tensor) in drawn.tensors().iter().enumerate() {
            let is_output = tensor.layer + 1 == drawn.layers();
            if tensor.tensor.part == gradfade::nn::Part::Bias && !is_output {
                found += 1;
                assert!(set.tensor(t).iter().all(|&b| b == -0.3), "{}", tensor.name());
                assert_eq!(facts.initial_deviation.as_ref().unwrap()[&tensor.name()], 0.0);
            } else {
                assert_eq!(drawn.tensor(t), set.tensor(t), "{}", tensor.name());
            }
        }
        assert_eq!(found, hidden);
    }
    let (_, record) = run::<f32>(&config().with_bias_start(-0.3));
    assert!((record.value(PARAM_NORM, 0, 1) - 0.3 * 9f64.sqrt()).abs() < 1e-6);
}

#[test]
fn the_first_row_is_the_initial_network_and_the_last_evaluation_the_final_one() {
    let config = config();
    let (outcome, record) = run::<f32>(&config);
    let (data, plan) = prepare(&config);
    let initial = initial_network::<f32>(&plan);
    for t in 0..8 {
        // Squares of f32 are added in f32 over short runs.
        close(record.value(PARAM_NORM, 0, t), norm(initial.tensor(t)), 1e-6);
    }
    let last = outcome.evals.last().unwrap();
    assert_eq!((last.step(), last.value(EVAL_EPOCH)), (32, 4.0));
    assert_eq!(record.evals.last().map(|row| format!("{row:?}")), Some(format!("{last:?}")));
    let evaluate = |network: &Network<f32>, split: &Split| -> (f64, f64) { by_hand(network, split) };
    for (network, row) in [(&initial, record.evals.row(0)), (&outcome.network, last)] {
        let (loss, accuracy) = evaluate(network, &data.train);
        close(row.value(TRAIN_LOSS), loss, 1e-5);
        assert_eq!(row.value(TRAIN_ACCURACY), accuracy);
        let (loss, accuracy) = evaluate(network, data.test.as_ref().unwrap());
        close(row.value(TEST_LOSS), loss, 1e-5);
        assert_eq!(row.value(TEST_ACCURACY), accuracy);
    }
}

/// Mean softmax cross-entropy and accuracy, sample by sample in f64, sharing no code with the engine.
fn by_hand(network: &Network<f32>, split: &Split) -> (f64, f64) {
    let (mut loss, mut right) = (0.0, 0);
    for (sample, &label) in split.inputs.outer_iter().zip(&split.labels) {
        let mut x: Vec<f64> = sample.iter().map(|&v| f64::from(v)).collect();
        for l in 0..network.layers() {
            let (weight, bias) = (network.weight(l), network.bias(l));
            let z = weight
                .chunks_exact(x.len())
                .zip(bias)
                .map(|(w, &b)| w.iter().zip(&x).map(|(&w, &x)| f64::from(w) * x).sum::<f64>() + f64::from(b));
            x = z.map(|z| if l + 1 < network.layers() { z.tanh() } else { z }).collect();
        }
        let largest = x.iter().copied().fold(f64::MIN, f64::max);
        let total: f64 = x.iter().map(|z| (z - largest).exp()).sum();
        loss += total.ln() + largest - x[label as usize];
        right += usize::from(x[label as usize] == largest);
    }
    (loss / split.len() as f64, right as f64 / split.len() as f64)
}

/// Stops a run after some steps, and counts what it was told.
struct Stopper {
    after: u64,
    told: AtomicU64,
}

impl Watch for Stopper {
    fn progress(&self, progress: &Progress) {
        let before = self.told.fetch_add(1, Ordering::Relaxed);
        assert_eq!((progress.done, progress.total), (before + 1, 32));
        assert!(progress.first_last_ratio.is_some_and(|r| r > 0.0));
    }

    fn should_stop(&self) -> bool {
        self.told.load(Ordering::Relaxed) >= self.after
    }
}

#[test]
fn a_watcher_can_end_a_run_whose_rows_are_then_those_of_the_whole_run() {
    let config = config();
    let (data, plan) = prepare(&config);
    let mut sink = MemorySink::new(header(&plan, &data, "test"));
    let watch = Stopper { after: 13, told: AtomicU64::new(0) };
    let outcome = train::<f32>(&plan, &data, "test", &mut sink, &watch).unwrap();
    assert_eq!((&outcome.status, outcome.steps), (&Status::Interrupted { step: 13 }, 13));
    assert_eq!(watch.told.load(Ordering::Relaxed), 13);
    let (_, whole) = run::<f32>(&config);
    let part = sink.record;
    part.check().unwrap();
    assert_eq!(part.steps.step(), (0..13).collect::<Vec<u64>>());
    assert_eq!(part.steps[LOSS][..], whole.steps[LOSS][..13]);
    // Where it was stopped there is a snapshot of the parameters as they were left.
    assert_eq!(part.snapshots.step(), [0, 5, 10, 13]);
    let left = path::<f32>(&config, 13).pop().unwrap();
    assert_eq!(bits(&left), bits(&outcome.network));
    // Asked to stop at the very end it is complete.
    let watch = Stopper { after: 32, told: AtomicU64::new(0) };
    assert_eq!(train::<f32>(&plan, &data, "test", &mut NullSink, &watch).unwrap().status, Status::Complete);
}

#[test]
fn a_diverging_run_ends_at_the_step_that_shows_it() {
    for (record, rows) in [(Every::Steps(1), None), (Every::Steps(1000), Some(2))] {
        let config = config()
            .with_activation(Activation::Relu)
            .with_learning_rate(1e30)
            .with_optimizer(OptimizerKind::Sgd)
            .with_record(record);
        let (outcome, record) = run::<f32>(&config);
        let Status::Diverged { step, what } = &outcome.status else { panic!("{:?}", outcome.status) };
        assert!(what.starts_with("the loss is "), "{what}");
        assert!(*step < 31 && outcome.steps == step + 1);
        // The step that shows it is in the record, also where its turn had not come.
        assert_eq!(record.steps.step().last(), Some(step));
        assert!(!record.steps[LOSS].last().unwrap().is_finite());
        assert!(record.steps[LOSS][..record.len() - 1].iter().all(|l| l.is_finite()));
        assert_eq!(record.len(), rows.unwrap_or(*step as usize + 1));
        if rows.is_some() {
            assert!(is_missing(record.value(GRAD_NORM, record.len() - 1, 0)));
            assert!(is_missing(record.value(SIGNAL_RMS, record.len() - 1, 0)));
        }
    }
}

/// Four samples that a network without hidden layers tells apart by its gradients: sample i has only input i.
fn unit_samples() -> Dataset {
    let mut inputs = ndarray::Array2::<f32>::zeros((4, 4));
    (0..4).for_each(|i| inputs[[i, i]] = 1.0);
    Dataset::new("units", Split { inputs, labels: vec![0, 1, 0, 1] }, None, 2)
}

#[test]
fn each_epoch_uses_every_sample_once_in_an_order_of_its_own() {
    let data = unit_samples();
    let base = TrainConfig::default().with_widths(Some(Vec::new())).with_batch_size(BatchSize::Samples(1));
    // Which sample an update used: the only column of the weight that it changed.
    let used = |seed: u64, from: u64, to: u64| -> Vec<usize> {
        let network = |steps: u64| {
            let plan = base.clone().with_seed(seed).with_steps(Some(steps.max(1))).plan(&data).unwrap();
            match steps {
                0 => initial_network::<f64>(&plan),
                _ => train::<f64>(&plan, &data, "test", &mut NullSink, &Unwatched).unwrap().network,
            }
        };
        let changed = |step: u64| {
            let (before, after) = (network(step), network(step + 1));
            let moved =
                |&i: &usize| (0..2).any(|o| before.weight(0)[4 * o + i] != after.weight(0)[4 * o + i]);
            let columns: Vec<usize> = (0..4).filter(moved).collect();
            assert_eq!(columns.len(), 1, "seed {seed}, step {step}");
            columns[0]
        };
        (from..to).map(changed).collect()
    };
    let mut orders = std::collections::BTreeSet::new();
    for seed in 1..=4 {
        for epoch in 0..4 {
            let order = used(seed, 4 * epoch, 4 * epoch + 4);
            let mut sorted = order.clone();
            sorted.sort();
            assert_eq!(sorted, [0, 1, 2, 3], "seed {seed}, epoch {epoch}");
            orders.insert(order);
        }
    }
    // 16 draws of 24 orders: 12.0 different ones on average.
    assert!(orders.len() >= 8, "{orders:?}");
}

#[test]
fn samples_that_do_not_fill_a_batch_are_left_out_of_the_epoch() {
    let config = config().with_batch_size(BatchSize::Samples(50));
    let (_, plan) = prepare(&config);
    assert_eq!((plan.steps_per_epoch, plan.steps), (2, 8));
}

#[test]
fn a_full_batch_is_the_mean_over_all_samples_whatever_their_order() {
    let config = config().with_batch_size(BatchSize::Full).with_epochs(None).with_steps(3);
    let (data, plan) = prepare(&config);
    assert_eq!((plan.batch_size, plan.steps_per_epoch), (128, 1));
    let (outcome, record) = run::<f64>(&config);
    // The batch loss is the loss over the whole set.
    close(record.steps[LOSS][0], record.evals[TRAIN_LOSS][0], 1e-12);
    let n = data.train.len();
    let mut backwards = data.clone();
    for i in 0..n {
        backwards.train.labels[i] = data.train.labels[n - 1 - i];
        backwards.train.inputs.row_mut(i).assign(&data.train.inputs.row(n - 1 - i));
    }
    let other = train::<f64>(&plan, &backwards, "test", &mut NullSink, &Unwatched).unwrap();
    for (a, b) in outcome.network.parameters.iter().zip(&other.network.parameters) {
        assert!((a - b).abs() < 1e-12);
    }
    // And every epoch sees it in the same order: another seed changes the weights only by their start.
    let mut engine = Engine::new(initial_network::<f64>(&plan), config.loss, plan.optimizer, 128, 1);
    let inputs: Vec<f64> = data.train.inputs.iter().map(|&x| f64::from(x)).collect();
    for _ in 0..3 {
        engine.load(&inputs, &data.train.labels, &(0..128).collect::<Vec<u32>>());
        engine.step(plan.learning_rate, false, false);
    }
    assert_eq!(bits(engine.network()), bits(&outcome.network));
}

#[test]
fn the_sketch_estimates_distances_within_its_stated_error() {
    let steps = 20;
    let config = config().with_snapshots(Every::Steps(1)).with_epochs(None).with_steps(steps);
    let (mut compared, mut beyond_two, mut sum) = (0, 0, 0.0);
    for seed in 1..=3 {
        let config = config.clone().with_seed(seed);
        let (_, record) = run::<f64>(&config);
        let networks = path::<f64>(&config, steps);
        let last = networks.last().unwrap();
        assert_eq!(record.header.sketch_buckets, Some(64));
        // Half of sqrt(2 / 64): the relative deviation of a distance.
        let sigma = 0.5 * (2.0f64 / 64.0).sqrt();
        for t in 0..8 {
            for (k, network) in networks.iter().enumerate() {
                let d: Vec<f64> = network.tensor(t).iter().zip(last.tensor(t)).map(|(a, b)| a - b).collect();
                let (exact, estimate) = (norm(&d), record.distance_to_final(k, t).unwrap());
                if k == steps as usize {
                    assert_eq!(estimate, 0.0);
                    continue;
                }
                let error = estimate / exact - 1.0;
                assert!(
                    error.abs() < 4.0 * sigma,
                    "seed {seed} tensor {t} snapshot {k}: {estimate} for {exact}"
                );
                beyond_two += usize::from(error.abs() > 2.0 * sigma);
                sum += error;
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 3 * 8 * 20);
    // Snapshots of one tensor are correlated, so the bounds are loose: most within two sigma, no large bias.
    assert!(beyond_two < compared / 5 && (sum / compared as f64).abs() < 0.05, "{beyond_two} {sum}");
}

#[test]
fn bias_gradients_at_initialisation_agree_with_nielsens_published_table() {
    let options = DataOptions::default().with_train_size(nielsen::IMAGES).with_test_size(1);
    let data = data::load(&DataSpec::MnistMini, &options).unwrap();
    let result = nielsen::verify(data.train.inputs.as_slice().unwrap(), &data.train.labels, 50);
    assert_eq!((result.rows.len(), result.growth.len(), result.networks), (9, 6, 150));
    for row in &result.rows {
        assert!(row.agrees(), "{row:?}");
        // The interval is no wide net: its ends are within a factor of 2.2 of its middle.
        assert!(row.low > row.geometric_mean / 2.2 && row.high < row.geometric_mean * 2.2, "{row:?}");
    }
    assert!(result.passes(), "{result:?}");
}

/// Noisy classes that 60 samples cannot tell apart: the validation loss falls, and rises when the network
/// memorises them.
fn overfitting() -> TrainConfig {
    config()
        .with_data_options(DataOptions::default().with_samples(100).with_noise(1.5))
        .with_widths(Some(vec![60, 60]))
        .with_learning_rate(0.2)
        .with_batch_size(BatchSize::Samples(20))
        .with_epochs(400)
        .with_validation_size(40)
        .with_early_stopping(5)
}

#[test]
fn early_stopping_keeps_the_parameters_of_the_lowest_validation_loss() {
    let config = overfitting();
    let (outcome, record) = run::<f64>(&config);
    let stop = outcome.early_stop.expect("the run ended by itself");
    assert!(
        stop.stopped && outcome.status == Status::Complete && outcome.steps < 3 * 400,
        "{stop:?} {}",
        outcome.steps
    );
    let best = record
        .evals
        .iter()
        .min_by(|a, b| a.value(VALIDATION_LOSS).total_cmp(&b.value(VALIDATION_LOSS)))
        .unwrap();
    let last = record.evals.last().unwrap();
    assert_eq!(stop.best_step, best.step());
    // Five evaluations, one each epoch of three steps, were not lower.
    assert_eq!((last.step(), outcome.steps), (best.step() + 15, best.step() + 15));
    assert!(last.value(TRAIN_LOSS) < best.value(TRAIN_LOSS), "it went on learning the training set");
    assert_eq!(record.snapshots.step().last(), Some(&outcome.steps));
    let (_, sparse) = run::<f64>(&config.clone().with_record(Every::Summary));
    assert_eq!(sparse.steps.step().first(), Some(&0));
    assert_eq!(sparse.steps.step().last(), Some(&(outcome.steps - 1)), "the last step is recorded");

    // The same run, stopped by hand at that step, ends in the same bits.
    let short = config.clone().with_epochs(None).with_steps(Some(best.step())).with_early_stopping(None);
    let (until, _) = run::<f64>(&short);
    assert_eq!(bits(&outcome.network), bits(&until.network));
    let (data, _) = prepare(&config);
    let (loss, accuracy) = by_hand_f64(&outcome.network, data.test.as_ref().unwrap());
    close(best.value(TEST_LOSS), loss, 1e-10);
    assert_eq!(best.value(TEST_ACCURACY), accuracy);

    // With more patience than the run has, it goes to its end and keeps the best all the same.
    let patient = config.clone().with_early_stopping(1_000_000).with_epochs(60);
    let (to_the_end, _) = run::<f64>(&patient);
    assert_eq!((to_the_end.steps, to_the_end.early_stop.map(|s| s.stopped)), (180, Some(false)));
    let (without, _) = run::<f64>(&patient.with_early_stopping(None));
    assert!(without.early_stop.is_none() && bits(&without.network) != bits(&to_the_end.network));
}

fn by_hand_f64(network: &Network<f64>, split: &Split) -> (f64, f64) {
    let mut engine =
        Engine::new(network.clone(), Loss::CrossEntropy, Optimizer::new(OptimizerKind::Sgd), 1, 1);
    let inputs: Vec<f64> = split.inputs.iter().map(|&x| f64::from(x)).collect();
    engine.evaluate(&inputs, &split.labels)
}

#[test]
fn validation_samples_are_drawn_by_the_seed_and_not_trained_on() {
    let config = config().with_validation_size(28).with_batch_size(BatchSize::Full).with_eval_every(0);
    let (data, plan) = prepare(&config);
    assert_eq!((plan.batch_size, plan.steps_per_epoch), (100, 1));
    let (outcome, record) = run::<f64>(&config);
    let first = outcome.evals.row(0);
    // What was held out and what was trained on make the whole training set.
    let initial = initial_network::<f64>(&plan);
    let (all, _) = by_hand_f64(&initial, &data.train);
    close((100.0 * first.value(TRAIN_LOSS) + 28.0 * first.value(VALIDATION_LOSS)) / 128.0, all, 1e-12);
    assert!((first.value(TRAIN_LOSS) - first.value(VALIDATION_LOSS)).abs() > 1e-6);
    // A full batch is the training set without them.
    close(record.steps[LOSS][0], first.value(TRAIN_LOSS), 1e-12);
    assert_eq!(record.header.labels["train_size"], "100");

    let other = run::<f64>(&config.clone().with_seed(2)).0;
    assert_ne!(other.evals[VALIDATION_LOSS][0], first.value(VALIDATION_LOSS));
    let without = config.with_validation_size(0);
    assert!(is_missing(run::<f64>(&without).0.evals[VALIDATION_LOSS][0]));
}

#[test]
fn a_batch_of_one_cannot_be_normalised() {
    let config = config().with_normalisation(Normalisation::Batch).with_batch_size(BatchSize::Samples(1));
    let data = data::load(&config.data, &config.data_options).unwrap();
    let problem = config.plan(&data).unwrap_err().to_string();
    assert!(problem.starts_with("batch_size 1: ") && problem.contains("normalisation batch"), "{problem}");
    let config = config.with_validation_size(128).with_normalisation(Normalisation::Layer);
    let problem = config.plan(&data).unwrap_err().to_string();
    assert!(problem.starts_with("validation_size 128: the training set has only 128 samples"), "{problem}");
}

/// The events of a run in the order in which they come: `e` evaluation, `n` snapshot, `r` update with a row,
/// `u` without.
fn events(trainer: &mut Trainer<'_, f32>, mut after: impl FnMut(u64) -> bool) -> String {
    let mut seen = String::new();
    loop {
        let (letter, stop) = match trainer.step() {
            Event::Evaluation(_) => ('e', false),
            Event::Snapshot(_) => ('n', false),
            Event::Step { row, progress } => (if row.is_some() { 'r' } else { 'u' }, after(progress.done)),
            Event::Ended(_) => return seen,
        };
        seen.push(letter);
        if stop {
            trainer.stop();
        }
    }
}

#[test]
fn a_trainer_moves_on_event_by_event() {
    let config = config()
        .with_record(Every::Steps(2))
        .with_snapshots(Every::Steps(3))
        .with_epochs(None)
        .with_steps(10);
    let (data, plan) = prepare(&config);
    let mut trainer = Trainer::<f32>::new(&plan, &data);
    assert_eq!((trainer.status(), trainer.done()), (&Status::Running, 0));
    // 8 updates are an epoch. A snapshot comes before the update that is made from its parameters.
    assert_eq!(events(&mut trainer, |_| false), "enrurnurunruernrne");
    assert_eq!((trainer.status(), trainer.done()), (&Status::Complete, 10));
    assert!(matches!(trainer.step(), Event::Ended(Status::Complete)), "the end is said again");
    let stepped = trainer.finish(1.5);
    let whole = train::<f32>(&plan, &data, "test", &mut NullSink, &Unwatched).unwrap();
    assert_eq!(bits(&stepped.network), bits(&whole.network));
    assert_eq!((stepped.elapsed_secs, stepped.steps, stepped.evals.len()), (1.5, 10, whole.evals.len()));
    // Stopped by hand, it ends with a snapshot and no evaluation; after the last update it is too late to
    // stop.
    let mut trainer = Trainer::<f32>::new(&plan, &data);
    assert_eq!(events(&mut trainer, |done| done == 5), "enrurnurn");
    assert_eq!(trainer.status(), &Status::Interrupted { step: 5 });
    let mut trainer = Trainer::<f32>::new(&plan, &data);
    events(&mut trainer, |done| done == 10);
    assert_eq!(trainer.status(), &Status::Complete);
}

#[test]
fn the_time_comes_from_the_clock_that_is_handed_in() {
    let (data, plan) = prepare(&config());
    let calls = std::cell::Cell::new(0.0);
    let clock = || {
        calls.set(calls.get() + 1.0);
        100.0 * calls.get()
    };
    let trained = train_timed::<f32>(&plan, &data, "test", &mut NullSink, &Unwatched, &clock).unwrap();
    // Asked at the start and at the end, and never between: 200 - 100.
    assert_eq!((trained.elapsed_secs, calls.get()), (100.0, 2.0));
}

#[test]
fn early_stopping_gives_the_best_parameters_back_when_the_run_has_ended() {
    let config =
        config().with_validation_size(16).with_early_stopping(1).with_learning_rate(5.0).with_epochs(50);
    let (data, plan) = prepare(&config);
    let mut trainer = Trainer::<f32>::new(&plan, &data);
    events(&mut trainer, |_| false);
    let trained = trainer.finish(0.0);
    let stop = trained.early_stop.unwrap();
    assert!(stop.stopped && trained.steps < plan.steps && stop.best_step < trained.steps);
    let best = path::<f32>(&config.with_early_stopping(None), stop.best_step).pop().unwrap();
    assert_eq!(bits(&trained.network), bits(&best));
}
