//! Two classical models on the same data, for contrast: the nearest neighbours and a decision tree
//! (smartcore).
//!
//! Both reach 100 % on their training set at once, by their making: the nearest neighbour of a training
//! sample is that sample itself, and a tree splits until every leaf has one class. So their accuracy on the
//! training set is never in question. A deep network may fail there, which is why its *training* accuracy
//! comes first.
//!
//! (Not quite 100 % where two equal samples have different labels.)
//!
//! **Cost.** Neighbours are searched one by one, n_train x features operations a sample; a cover tree is
//! slower from some dozens of features on, where it prunes nothing. The tree sorts every feature.

use std::ops::Range;
use std::time::Instant;

use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::error::Failed;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::metrics::distance::Distance;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};
use smartcore::tree::decision_tree_classifier::{DecisionTreeClassifier, DecisionTreeClassifierParameters};

use crate::data::{Dataset, Split};
use crate::field::Field;
use crate::pool::{self, JobEnd, Stop};

/// What a model reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    pub train_accuracy: f64,
    pub test_accuracy: Option<f64>,
    /// Wall time of fitting and of both answers.
    pub seconds: f64,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    #[error(
        "{} {k}: the training set has {samples} samples; give a number from 1 to {samples}",
        Field::Neighbours
    )]
    Neighbours { k: usize, samples: usize },
    #[error(
        "every training sample has the same class; a {model} needs two classes, so take more samples or other data"
    )]
    OneClass { model: &'static str },
    #[error("{model}: {source}")]
    Model { model: &'static str, source: Failed },
}

/// Rows that a thread answers at a time.
const ROWS: usize = 64;

/// The square of Euclid's distance, which has the same neighbours.
#[derive(Clone, Debug)]
struct Squared;

impl Distance<Vec<f32>> for Squared {
    fn distance(&self, a: &Vec<f32>, b: &Vec<f32>) -> f64 {
        // Sixteen sums side by side, which the compiler makes vectors of; four terms each in f32, the rest in
        // f64.
        const LANES: usize = 16;
        const BLOCK: usize = 4 * LANES;
        let square = |a: &f32, b: &f32| (f64::from(*a) - f64::from(*b)).powi(2);
        let (mut blocks_a, mut blocks_b) = (a.chunks_exact(BLOCK), b.chunks_exact(BLOCK));
        let mut total = 0.0;
        for (a, b) in blocks_a.by_ref().zip(blocks_b.by_ref()) {
            let mut sums = [0.0f32; LANES];
            for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
                for lane in 0..LANES {
                    let d = a[lane] - b[lane];
                    sums[lane] += d * d;
                }
            }
            total += sums.iter().map(|&s| f64::from(s)).sum::<f64>();
        }
        total + blocks_a.remainder().iter().zip(blocks_b.remainder()).map(|(a, b)| square(a, b)).sum::<f64>()
    }
}

fn matrix(split: &Split, rows: std::ops::Range<usize>) -> Result<DenseMatrix<f32>, Failed> {
    let (n, features) = (rows.len(), split.inputs.ncols());
    let values = rows.flat_map(|r| split.inputs.row(r).to_vec()).collect();
    DenseMatrix::new(n, features, values, false)
}

/// Share of right answers. Blocks of rows go to the threads; the order of the sum makes no difference to a
/// count.
fn accuracy(
    split: &Split,
    threads: usize,
    predict: impl Fn(&DenseMatrix<f32>) -> Result<Vec<u32>, Failed> + Sync,
) -> Result<f64, Failed> {
    let n = split.len();
    let blocks: Vec<Range<usize>> = (0..n).step_by(ROWS).map(|from| from..(from + ROWS).min(n)).collect();
    let count = |_: usize, rows: &Range<usize>| -> Result<usize, Failed> {
        let answers = predict(&matrix(split, rows.clone())?)?;
        Ok(answers.iter().zip(&split.labels[rows.clone()]).filter(|(a, b)| a == b).count())
    };
    let counts =
        pool::run(&blocks, threads, &Stop::new(), count, |_, _, _| ()).into_iter().map(|job| match job {
            JobEnd::Done(count) => count,
            JobEnd::Panicked(what) => panic!("{what}"),
            JobEnd::NotRun => unreachable!("nothing stops the jobs"),
        });
    let right = counts.sum::<Result<usize, Failed>>()?;
    Ok(right as f64 / n.max(1) as f64)
}

fn both(
    data: &Dataset,
    threads: usize,
    start: Instant,
    predict: impl Fn(&DenseMatrix<f32>) -> Result<Vec<u32>, Failed> + Sync,
) -> Result<Fitted, Failed> {
    let train_accuracy = accuracy(&data.train, threads, &predict)?;
    let test_accuracy = data.test.as_ref().map(|test| accuracy(test, threads, &predict)).transpose()?;
    Ok(Fitted { train_accuracy, test_accuracy, seconds: start.elapsed().as_secs_f64() })
}

/// The `k` nearest neighbours by Euclid's distance; the class that most of them have.
///
/// # Errors
/// A `k` that is not from 1 to the number of training samples; what smartcore says.
pub fn neighbours(data: &Dataset, k: usize, threads: usize) -> Result<Fitted, BaselineError> {
    let samples = data.train.len();
    if k == 0 || k > samples {
        return Err(BaselineError::Neighbours { k, samples });
    }
    let start = Instant::now();
    let settings = KNNClassifierParameters::default()
        .with_algorithm(KNNAlgorithmName::LinearSearch)
        .with_k(k)
        .with_distance(Squared);
    let fit = || {
        let inputs = matrix(&data.train, 0..samples)?;
        let model = KNNClassifier::fit(&inputs, &data.train.labels, settings)?;
        both(data, threads, start, |rows| model.predict(rows))
    };
    fit().map_err(|source| BaselineError::Model { model: "nearest neighbours", source })
}

/// A decision tree by Gini impurity, split until every leaf has one class.
///
/// # Errors
/// A training set with a single class; what smartcore says.
pub fn tree(data: &Dataset, threads: usize) -> Result<Fitted, BaselineError> {
    if data.train.labels.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err(BaselineError::OneClass { model: "decision tree" });
    }
    let start = Instant::now();
    let settings =
        DecisionTreeClassifierParameters { seed: Some(0), ..DecisionTreeClassifierParameters::default() };
    let fit = || {
        let inputs = matrix(&data.train, 0..data.train.len())?;
        let model = DecisionTreeClassifier::fit(&inputs, &data.train.labels, settings)?;
        both(data, threads, start, |rows| model.predict(rows))
    };
    fit().map_err(|source| BaselineError::Model { model: "decision tree", source })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::data::{DataOptions, DataSpec, load};

    fn data(seed: u64) -> Dataset {
        let options = DataOptions { samples: 120, noise: 0.4, seed, ..DataOptions::default() };
        load(&DataSpec::Spiral, &options).unwrap()
    }

    /// The nearest neighbours by sorting all distances, in f64.
    fn by_sorting(data: &Dataset, split: &Split, k: usize) -> f64 {
        let right = (0..split.len()).filter(|&i| {
            let distance = |j: usize| -> f64 {
                let pairs = split.inputs.row(i).to_vec().into_iter().zip(data.train.inputs.row(j).to_vec());
                pairs.map(|(a, b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
            };
            let mut order: Vec<usize> = (0..data.train.len()).collect();
            order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            let mut votes = vec![0; data.classes];
            order[..k].iter().for_each(|&j| votes[data.train.labels[j] as usize] += 1);
            let most = votes.iter().max().unwrap();
            votes[split.labels[i] as usize] == *most && votes.iter().filter(|v| *v == most).count() == 1
        });
        right.count() as f64 / split.len() as f64
    }

    #[test]
    fn the_nearest_neighbour_is_the_one_that_sorting_finds() {
        for seed in 0..3 {
            let data = data(seed);
            let fitted = neighbours(&data, 1, 2).unwrap();
            assert_eq!(fitted.train_accuracy, 1.0);
            assert_eq!(fitted.test_accuracy, Some(by_sorting(&data, data.test.as_ref().unwrap(), 1)));
            // One thread, or more than there are blocks: the same.
            for threads in [1, 9] {
                let again = neighbours(&data, 1, threads).unwrap();
                assert_eq!(
                    (again.train_accuracy, again.test_accuracy),
                    (fitted.train_accuracy, fitted.test_accuracy)
                );
            }
        }
    }

    #[test]
    fn five_neighbours_vote() {
        // Two clusters and one wrong label in each: one neighbour follows it, five do not.
        let x: Vec<f32> =
            (0..20).map(|i| if i < 10 { i as f32 * 0.01 } else { 5.0 + i as f32 * 0.01 }).collect();
        let labels: Vec<u32> = (0..20).map(|i| u32::from((i >= 10) != (i == 5 || i == 15))).collect();
        let inputs = Array2::from_shape_vec((20, 1), x).unwrap();
        let split = Split { inputs, labels };
        let data = Dataset {
            name: "t".into(),
            train: split.clone(),
            test: Some(split),
            features: 1,
            classes: 2,
            feature_names: Vec::new(),
            label_name: None,
            notes: Vec::new(),
            class_names: Vec::new(),
            image: None,
        };
        assert_eq!(neighbours(&data, 1, 1).unwrap().train_accuracy, 1.0);
        assert_eq!(neighbours(&data, 5, 1).unwrap().train_accuracy, 0.9);
        assert!(
            neighbours(&data, 21, 1)
                .unwrap_err()
                .to_string()
                .starts_with("neighbours 21: the training set has 20")
        );
        assert!(neighbours(&data, 0, 1).is_err());
    }

    #[test]
    fn a_tree_memorises_its_training_set_and_equal_samples_of_two_classes_stop_it() {
        let mut data = data(1);
        let fitted = tree(&data, 2).unwrap();
        assert_eq!(fitted.train_accuracy, 1.0);
        assert!(fitted.test_accuracy.unwrap() > 0.5, "{fitted:?}");
        // The same point twice with two labels: one of the two answers is wrong.
        let row = data.train.inputs.row(0).to_owned();
        data.train.inputs.row_mut(1).assign(&row);
        (data.train.labels[0], data.train.labels[1]) = (0, 1);
        let fitted = tree(&data, 1).unwrap();
        assert_eq!(fitted.train_accuracy, 119.0 / 120.0);
    }

    #[test]
    fn the_distance_is_euclids_for_any_number_of_features() {
        for n in [1, 2, 63, 64, 65, 784] {
            let a: Vec<f32> = (0..n).map(|i| i as f32 * 0.5).collect();
            let b: Vec<f32> = (0..n).map(|i| 1.0 - i as f32 * 0.25).collect();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
            assert!((Squared.distance(&a, &b) - expected).abs() < 1e-6 * expected.max(1.0), "{n}");
        }
    }
}
