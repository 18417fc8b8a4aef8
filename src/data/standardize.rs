//! Inputs to mean 0 and standard deviation 1, with the numbers of the training part.

use ndarray::{ArrayView1, Axis};

use super::Dataset;

/// Standardises both parts in place: x -> (x - mean) / deviation.
///
/// The mean and the population standard deviation (divisor n) are those of the training inputs, summed in
/// f64: of all pixels together for images, of each feature for the rest. What has no spread becomes 0. This
/// is as scikit-learn's `StandardScaler` for tables, but for constant features of the *test* part that differ
/// from the training value: they become 0 here too, since nothing says how far away they are.
pub(super) fn standardize(data: &mut Dataset) {
    let scales: Vec<(f64, f64)> = if data.image.is_some() {
        vec![moments(data.train.inputs.iter().copied()); data.features]
    } else {
        data.train
            .inputs
            .axis_iter(Axis(1))
            .map(|column: ArrayView1<'_, f32>| moments(column.iter().copied()))
            .collect()
    };
    for part in std::iter::once(&mut data.train).chain(data.test.as_mut()) {
        for mut row in part.inputs.rows_mut() {
            for (x, &(mean, deviation)) in row.iter_mut().zip(&scales) {
                *x = if deviation > 0.0 { ((f64::from(*x) - mean) / deviation) as f32 } else { 0.0 };
            }
        }
    }
}

/// Mean and standard deviation in two passes; a deviation that is rounding noise of the mean counts as 0.
fn moments(values: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let (mut sum, mut n) = (0.0, 0.0);
    for x in values.clone() {
        sum += f64::from(x);
        n += 1.0;
    }
    let mean = sum / n;
    let squares: f64 = values.map(|x| (f64::from(x) - mean).powi(2)).sum();
    let deviation = (squares / n).sqrt();
    // f32 inputs that differ at all differ by 2^-24 relative; a sum in f64 errs by far less than 1e-10.
    (mean, if deviation > 1e-10 * mean.abs() { deviation } else { 0.0 })
}
