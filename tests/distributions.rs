//! Recorded histograms against a forward and a backward pass by hand, counted by the edges of docs/format.md.

use gradfade::activation::Activation;
use gradfade::config::{BatchSize, Every, TrainConfig};
use gradfade::data::{self, DataOptions, DataSpec, Dataset};
use gradfade::nn::{Network, Scalar};
use gradfade::record::*;
use gradfade::train::{Unwatched, header::header, train};

const BINS: usize = 128;

/// The document: 62 edges of magnitudes, and a bin for whatever lies between them.
fn edges(metric: MetricId) -> Vec<f64> {
    let power = |k: i32| 2f64.powi(k);
    if metric == SIGNAL_HISTOGRAM {
        return (-48..14).map(power).collect();
    }
    let parts = |k: i32| if (-2..2).contains(&k) { 8 } else { 1 };
    let octave = |k: i32| (0..parts(k)).map(move |i| power(k) * (1.0 + f64::from(i) / 8.0));
    (-25..8).flat_map(octave).chain([power(8)]).collect()
}

fn count(metric: MetricId, values: &[f64]) -> Vec<f32> {
    let (edges, mut counts) = (edges(metric), vec![0.0; BINS]);
    assert_eq!(edges.len(), 62);
    for &x in values {
        let side = edges.iter().filter(|&&edge| edge < x.abs()).count();
        let bin = match x {
            x if x.is_nan() => 127,
            0.0 => 63,
            x if x > 0.0 => 64 + side,
            _ => 62 - side,
        };
        counts[bin] += 1.0;
    }
    counts
}

/// What one batch does in a network of dense layers: pre-activations, activations and signals of each.
struct Pass {
    before: Vec<Vec<f64>>,
    after: Vec<Vec<f64>>,
    signal: Vec<Vec<f64>>,
}

fn by_hand<T: Scalar>(network: &Network<T>, data: &Dataset, activation: Activation) -> Pass {
    let layers = network.layers();
    let mut all = Pass {
        before: vec![Vec::new(); layers],
        after: vec![Vec::new(); layers],
        signal: vec![Vec::new(); layers],
    };
    let wide = |values: &[T]| values.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
    let weights: Vec<Vec<f64>> = (0..layers).map(|l| wide(network.weight(l))).collect();
    for (sample, &label) in data.train.inputs.outer_iter().zip(&data.train.labels) {
        let mut x: Vec<f64> = sample.iter().map(|&v| f64::from(v)).collect();
        let mut slopes = Vec::new();
        for (l, weight) in weights.iter().enumerate() {
            let rows = weight.chunks_exact(x.len()).zip(wide(network.bias(l)));
            let h: Vec<f64> =
                rows.map(|(w, b)| w.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + b).collect();
            let hidden = l + 1 < layers;
            x = h.iter().map(|&h| if hidden { activation.value(h) } else { h }).collect();
            slopes
                .push(h.iter().map(|&h| if hidden { activation.slope(h) } else { 1.0 }).collect::<Vec<_>>());
            all.before[l].extend(h);
            all.after[l].extend(&x);
        }
        let largest = x.iter().copied().fold(f64::MIN, f64::max);
        let total: f64 = x.iter().map(|z| (z - largest).exp()).sum();
        let mut delta: Vec<f64> = x.iter().map(|z| (z - largest).exp() / total).collect();
        delta[label as usize] -= 1.0;
        for l in (0..layers).rev() {
            all.signal[l].extend(&delta);
            if l > 0 {
                let back = |j: usize| {
                    let fan_in = weights[l].len() / delta.len();
                    let sum: f64 =
                        delta.iter().enumerate().map(|(i, d)| d * weights[l][i * fan_in + j]).sum();
                    sum * slopes[l - 1][j]
                };
                delta = (0..slopes[l - 1].len()).map(back).collect();
            }
        }
    }
    all
}

/// One step on all of so many samples at once.
fn one_step<T: Scalar>(config: TrainConfig) -> (Dataset, Network<T>, Record) {
    first_step(config.with_batch_size(BatchSize::Full))
}

fn first_step<T: Scalar>(config: TrainConfig) -> (Dataset, Network<T>, Record) {
    let config = config.with_epochs(None).with_steps(1).with_eval_every(0);
    let data = data::load(&config.data, &config.data_options).unwrap();
    let plan = config.plan(&data).unwrap();
    let mut record = Record::new(header(&plan, &data, "test"));
    let outcome = train::<T>(&plan, &data, "test", &mut record, &Unwatched).unwrap();
    (data, outcome.initial, record)
}

fn config(activation: Activation, widths: &[usize], samples: usize) -> TrainConfig {
    TrainConfig::default()
        .with_data(DataSpec::Gaussians)
        .with_data_options(DataOptions::default().with_samples(samples))
        .with_widths(Some(widths.to_vec()))
        .with_activation(activation)
        .with_snapshots(Every::Steps(1))
}

const ALL: [MetricId; 3] = [PRE_ACTIVATION_HISTOGRAM, ACTIVATION_HISTOGRAM, SIGNAL_HISTOGRAM];

#[test]
fn the_histograms_are_those_of_a_pass_by_hand_to_the_last_count() {
    for activation in [Activation::Sigmoid, Activation::Tanh, Activation::Relu, Activation::Gelu] {
        let (data, network, record) = one_step::<f64>(config(activation, &[9, 30, 7], 64));
        let pass = by_hand(&network, &data, activation);
        for (metric, values) in ALL.into_iter().zip([&pass.before, &pass.after, &pass.signal]) {
            for (l, values) in values.iter().enumerate() {
                let recorded = record.snapshots.counts(metric, 0, l).unwrap();
                assert_eq!(recorded, count(metric, values), "{activation}, {metric:?}, layer {}", l + 1);
            }
        }
        // The state after the last update was run on no batch.
        assert_eq!(record.snapshots.len(), 2);
        assert!(ALL.into_iter().all(|metric| record.snapshots.counts(metric, 1, 0).is_none()));
    }
}

#[test]
fn of_a_large_layer_a_part_is_counted_that_has_its_shares() {
    let (data, network, record) = one_step::<f64>(config(Activation::Tanh, &[200, 70], 400));
    let pass = by_hand(&network, &data, Activation::Tanh);
    for (metric, values) in ALL.into_iter().zip([&pass.before, &pass.after, &pass.signal]) {
        for (l, values) in values.iter().enumerate() {
            let recorded = record.snapshots.counts(metric, 0, l).unwrap();
            let (counted, all) = (recorded.iter().sum::<f32>(), values.len() as f32);
            assert!(counted <= 2100.0 && counted >= 1500.0f32.min(all), "{metric:?}: {counted} of {all}");
            // Units of one sample and samples of one unit resemble each other: twice the error of free draws.
            let whole = count(metric, values);
            for (bin, (&some, &all_of_it)) in recorded.iter().zip(&whole).enumerate() {
                let (p, q) = (all_of_it / all, some / counted);
                let error = 8.0 * (p * (1.0 - p) / counted).sqrt() + 2.0 / counted;
                assert!((p - q).abs() <= error, "{metric:?} layer {}, bin {bin}: {q} of {p}", l + 1);
            }
        }
    }
}

#[test]
fn signals_below_the_range_of_f32_are_counted_where_they_are() {
    let widths = [12; 9];
    let deep = |activation| {
        config(activation, &widths, 64).with_initialisation(Some("normal:0.005".parse().unwrap()))
    };
    let (data, network, record) = one_step::<f32>(deep(Activation::Sigmoid));
    let pass = by_hand(&network, &data, Activation::Sigmoid);
    let deepest = pass.signal[0].iter().fold(0.0f64, |a, x| a.max(x.abs()));
    assert!(deepest < 1e-12, "{deepest}");
    for (l, values) in pass.signal.iter().enumerate() {
        let (recorded, expected) =
            (record.snapshots.counts(SIGNAL_HISTOGRAM, 0, l).unwrap(), count(SIGNAL_HISTOGRAM, values));
        // In f32 a number may lie on the other side of an edge.
        let apart: f32 = recorded.iter().zip(&expected).map(|(a, b)| (a - b).abs()).sum();
        assert!(apart <= 4.0, "layer {}: {apart} counts", l + 1);
    }
}

#[test]
fn layers_of_every_kind_are_counted_and_those_without_weights_are_not() {
    let network = "conv:4x3,pool:2,conv:6x3,dense:12";
    for (normalisation, activation) in [("none", "relu"), ("batch", "tanh"), ("layer", "maxout:2")] {
        let mut config =
            config(activation.parse().unwrap(), &[8], 64).with_data("mnist-mini".parse().unwrap());
        config.widths = None;
        if activation.starts_with("maxout") {
            config.widths = Some(vec![12, 12]);
        } else {
            config = config.with_network(Some(network.parse().unwrap()));
        }
        config = config.with_normalisation(normalisation.parse().unwrap()).with_threads(2);
        config.data_options = DataOptions::default().with_train_size(Some(40)).with_test_size(Some(10));
        let config = config.with_batch_size(BatchSize::Samples(20));
        let (_, _, record) = first_step::<f32>(config);
        for (l, layer) in record.header.layers.iter().enumerate() {
            for metric in ALL {
                let counts = record.snapshots.counts(metric, 0, l);
                assert_eq!(counts.is_some(), layer.fan_in.is_some(), "{metric:?} of {}", layer.name);
                assert!(counts.is_none_or(|counts| counts.iter().all(|n| n.fract() == 0.0 && *n >= 0.0)));
            }
        }
    }
}

#[test]
fn snapshots_that_are_close_together_count_only_now_and_then_and_nothing_changes_by_it() {
    let config = config(Activation::Relu, &[5], 64).with_batch_size(BatchSize::Samples(16));
    let config = config.with_epochs(None).with_steps(350);
    let data = data::load(&config.data, &config.data_options).unwrap();
    let plan = config.plan(&data).unwrap();
    let mut record = Record::new(header(&plan, &data, "test"));
    let counted = train::<f32>(&plan, &data, "test", &mut record, &Unwatched).unwrap();
    let rows = &record.snapshots;
    let has = |row: usize| ALL.map(|metric| rows.counts(metric, row, 0).is_some());
    for (row, &step) in rows.step().iter().enumerate() {
        assert_eq!(has(row), [step % 3 == 0 && step < 350; 3], "step {step}");
    }
    let rare = config.with_snapshots(Every::Steps(1000)).plan(&data).unwrap();
    let other = train::<f32>(&rare, &data, "test", &mut NullSink, &Unwatched).unwrap();
    let bits = |network: &Network<f32>| network.parameters.iter().map(|p| p.to_bits()).collect::<Vec<u32>>();
    assert_eq!(bits(&counted.network), bits(&other.network));
}
