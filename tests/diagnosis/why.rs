//! Why each layer shrinks the signal, against what is known of random networks.

use gradfade::activation::Activation;
use gradfade::diagnosis::{Case, Cause, Split, why};

use super::*;

fn split(name: &'static str) -> (Vec<Split>, u64) {
    let (record, thresholds) = (record(name), Thresholds::default());
    let (split, step) = why::split(&Case::new(&record, &thresholds).unwrap());
    (split, step.unwrap())
}

#[test]
fn random_sigmoid_layers_lose_by_their_slope_alone() {
    let (layers, _) = split("sigmoid-40");
    assert_eq!(layers.len(), 40);
    // The bottom half of a network that cannot learn is as random as at its start: alignment 1, weights 1,
    // slope 1/4.
    for s in &layers[..20] {
        assert!((s.alignment - 1.0).abs() < 0.3 && (s.weight_scale - 1.0).abs() < 0.1, "{s:?}");
        assert!((0.23..=0.25).contains(&s.slope), "{s:?}");
        assert_eq!(s.cause, Cause::FlatFunction(Activation::Sigmoid), "{s:?}");
    }
    let mean = layers[..20].iter().map(|s| s.alignment.ln()).sum::<f64>() / 20.0;
    assert!(mean.abs() < 0.05, "{mean}");
}

/// The width of a convolution is its channels. Without them a random one would seem to have small weights and an
/// alignment that it has not learned. At the edge of a map of 14 x 14, 3 x 3 kernels lose a tenth of the square.
#[test]
fn random_convolutions_lose_by_their_slope_alone_too() {
    let (layers, _) = split("sigmoid-conv");
    for s in &layers[..6] {
        assert!((s.alignment - 0.95).abs() < 0.2 && (s.weight_scale - 1.0).abs() < 0.2, "{s:?}");
        assert_eq!(s.cause, Cause::FlatFunction(Activation::Sigmoid), "{s:?}");
    }
}

#[test]
fn small_weights_are_named_as_such() {
    let (layers, _) = split("relu-small-weights");
    // N(0, 0.01^2) at width 30: 0.01 sqrt(30) = 0.055.
    for s in &layers[..4] {
        assert!((s.weight_scale / 0.0548 - 1.0).abs() < 0.1, "{s:?}");
        assert_eq!(s.cause, Cause::WeightScale, "{s:?}");
    }
}

#[test]
fn saturation_is_named_as_such() {
    let (layers, _) = split("tanh-large-weights");
    for s in &layers {
        assert!(s.slope < 0.5 && s.weight_scale > 2.0, "{s:?}");
        assert!(matches!(s.cause, Cause::Slope | Cause::None), "{s:?}");
    }
}

#[test]
fn the_factors_multiply_to_the_whole() {
    for name in ["healthy-relu", "sigmoid-5", "sigmoid-3", "tanh-large-weights"] {
        let (layers, step) = split(name);
        let record = record(name);
        let row = record.steps.step().iter().position(|&s| s == step).unwrap();
        for s in &layers {
            assert!((s.weight_scale * s.slope * s.alignment / s.total - 1.0).abs() < 1e-9, "{name}");
            let signal = |l| record.value(gradfade::record::SIGNAL_RMS, row, l);
            assert_eq!(s.total, signal(s.layer - 1) / signal(s.layer), "{name}");
        }
    }
}
