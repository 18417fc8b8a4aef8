//! Synthetic data, generated from a seed: small problems with two features and any number of samples.
//!
//! With `s` the option `noise`, `z` standard normal and samples taking the classes in turn:
//!
//! | source | classes | sample of class c of K |
//! |---|---|---|
//! | spiral | 3 | radius r uniform in [0, 1), angle 2 pi c / K + 4 r + s z: arms of 4 radians (Karpathy, CS231n notes, "minimal neural network case study") |
//! | xor | 2 | a corner of (+-1, +-1) plus s z in each coordinate; class 1 where the corner's signs differ |
//! | gaussians | 4 | (cos, sin)(2 pi c / K) plus s z in each coordinate |
//!
//! The training and the test part come from separate streams of ChaCha8: more training samples do not change
//! the test set, and the first N samples do not depend on how many follow.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{DataError, DataOptions, DataSpec, Dataset, Split, bad, cut, split};
use crate::field::Field;

const FEATURES: usize = 2;
const TRAIN_STREAM: u64 = 0x6461_7461_0001; // "data" and a number: no other module uses these streams
const TEST_STREAM: u64 = 0x6461_7461_0002;

fn classes(spec: &DataSpec, options: &DataOptions) -> usize {
    match spec {
        DataSpec::Xor => 2,
        DataSpec::Gaussians => options.classes.unwrap_or(4),
        _ => options.classes.unwrap_or(3),
    }
}

/// Training samples, test samples and features.
pub(super) fn extent(spec: &DataSpec, options: &DataOptions) -> Result<(usize, usize, usize), DataError> {
    // A quarter must still hold each class once.
    let least = 4 * classes(spec, options);
    if options.samples < least {
        return Err(bad(Field::Samples, options.samples, format!("{spec} needs at least {least}")));
    }
    let name = spec.to_string();
    let of_train = format!("training samples ({})", Field::Samples);
    let of_test = format!("test samples (a quarter of {})", Field::Samples);
    let train = cut(Field::TrainSize, options.train_size, options.samples, of_train, &name)?;
    let test = cut(Field::TestSize, options.test_size, options.samples / 4, of_test, &name)?;
    Ok((train, test, FEATURES))
}

/// Generates the data; see the documentation of the module.
pub(super) fn load(spec: &DataSpec, options: &DataOptions) -> Result<Dataset, DataError> {
    let (train, test, features) = extent(spec, options)?;
    let classes = classes(spec, options);
    Ok(Dataset {
        label_name: None,
        notes: Vec::new(),
        name: spec.to_string(),
        train: draw(spec, classes, options, TRAIN_STREAM, train),
        test: Some(draw(spec, classes, options, TEST_STREAM, test)),
        features,
        classes,
        feature_names: Vec::new(),
        class_names: Vec::new(),
        image: None,
    })
}

fn draw(spec: &DataSpec, classes: usize, options: &DataOptions, stream: u64, samples: usize) -> Split {
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    rng.set_stream(stream);
    let mut values = Vec::with_capacity(samples * FEATURES);
    let mut labels = Vec::with_capacity(samples);
    for i in 0..samples {
        let class = i % classes;
        let angle = TAU * class as f64 / classes as f64;
        let mut noise = || options.noise * rng.sample::<f64, _>(StandardNormal);
        let (x, y) = match spec {
            DataSpec::Xor => {
                let (dx, dy) = (noise(), noise());
                let x = if rng.random::<bool>() { 1.0 } else { -1.0 };
                (x + dx, if class == 1 { -x } else { x } + dy)
            }
            DataSpec::Gaussians => (angle.cos() + noise(), angle.sin() + noise()),
            _ => {
                let turn = noise();
                let radius: f64 = rng.random();
                let angle = angle + 4.0 * radius + turn;
                (radius * angle.cos(), radius * angle.sin())
            }
        };
        values.extend([x as f32, y as f32]);
        labels.push(class as u32);
    }
    split(values, FEATURES, labels)
}
