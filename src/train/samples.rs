//! Samples in the network's number type, and the order in which training visits them.

use std::borrow::Cow;

use rand::Rng;

use crate::config::TrainPlan;
use crate::data::{Dataset, Split};
use crate::nn::Scalar;
use crate::nn::init::generator;

/// Random stream of the order of samples; one for each epoch follows.
const STREAM_ORDER: u64 = 1 << 40;
/// Random stream of the choice of validation samples.
const STREAM_VALIDATION: u64 = 1 << 33;

/// One set of samples: `inputs [n, features]` row by row, and `labels [n]`.
pub(super) struct Samples<'a, T: Scalar> {
    pub inputs: Cow<'a, [T]>,
    pub labels: Cow<'a, [u32]>,
}

impl<'a, T: Scalar> Samples<'a, T> {
    fn new(split: &'a Split) -> Samples<'a, T> {
        let inputs = split.inputs.as_slice().expect("inputs are in C order");
        Samples { inputs: T::from_f32s(inputs), labels: Cow::Borrowed(&split.labels) }
    }

    /// Copies of the samples at `indices`.
    fn some(split: &Split, indices: &[usize]) -> Samples<'a, T> {
        let rows = indices.iter().flat_map(|&i| split.inputs.row(i).to_vec()).collect::<Vec<f32>>();
        let labels = indices.iter().map(|&i| split.labels[i]).collect();
        Samples { inputs: Cow::Owned(T::from_f32s(&rows).into_owned()), labels: Cow::Owned(labels) }
    }
}

/// The sets of one run: what is trained on, what is kept out of it for validation, and the test set.
pub(super) struct Sets<'a, T: Scalar> {
    pub train: Samples<'a, T>,
    pub validation: Option<Samples<'a, T>>,
    pub test: Option<Samples<'a, T>>,
}

impl<'a, T: Scalar> Sets<'a, T> {
    pub fn new(plan: &TrainPlan, data: &'a Dataset) -> Sets<'a, T> {
        let (train, validation) = match plan.config.validation_size {
            0 => (Samples::new(&data.train), None),
            count => {
                let (rest, held) = hold_out(data.train.labels.len(), count, plan.config.seed);
                (Samples::some(&data.train, &rest), Some(Samples::some(&data.train, &held)))
            }
        };
        Sets { train, validation, test: data.test.as_ref().map(Samples::new) }
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

/// Shuffles in place (Fisher and Yates) with the epoch's own random stream. It starts from the identity, so
/// that the order of an epoch does not depend on the epochs before it.
pub(super) fn shuffle(order: &mut [u32], seed: u64, epoch: u64) {
    let mut rng = generator(seed, STREAM_ORDER + epoch);
    order.iter_mut().enumerate().for_each(|(i, o)| *o = i as u32);
    for i in (1..order.len()).rev() {
        order.swap(i, below(&mut rng, i + 1));
    }
}

/// A number from 0 to n - 1. It is made from 64 random bits for at most 2^32 values, so the bias is below
/// 2^-32.
fn below(rng: &mut impl Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
