//! Loss and accuracy against steps, made readable: a run of 10,000 minibatches is noise around a curve.
//!
//! Up to [`MAX_POINTS`] rows a curve is the record itself. Beyond that it is a centred running *median* over
//! [`WINDOW`] of the run (a spike of one batch must not bend it), taken at [`MAX_POINTS`] / 2 places; the
//! band is the smallest and largest finite value of the same window (a spike must not vanish either).

use super::Summary;
use crate::record::{BATCH_ACCURACY, LOSS, MetricId, TRAIN_ACCURACY};
use crate::stats::{is_missing, median};

/// More points than this on a strip of some 700 pixels are not seen as points.
pub const MAX_POINTS: usize = 400;

/// Share of the rows in the window of the running median: short beside the run, long beside the noise.
pub const WINDOW: f64 = 0.02;

/// A curve for the eye.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// (step, value); `None` where nothing finite was recorded.
    pub points: Vec<(f64, Option<f64>)>,
    /// (step, smallest, largest); empty when the points are the record itself.
    pub band: Vec<(f64, f64, f64)>,
}

impl Curve {
    pub fn is_empty(&self) -> bool {
        self.points.iter().all(|p| p.1.is_none())
    }

    /// Every finite value that will be drawn, bands included.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.points.iter().filter_map(|p| p.1).chain(self.band.iter().flat_map(|b| [b.1, b.2]))
    }
}

/// How the axis of the steps is drawn, and with it where a curve needs its points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    #[default]
    Even,
    /// Logarithmic: the first steps have most of the room, and stand there as they are.
    Log,
}

impl Spacing {
    /// Row of the `p`-th of some places among `n` rows.
    fn row(self, p: usize, places: usize, n: usize) -> usize {
        let share = p as f64 / (places - 1) as f64;
        match self {
            Spacing::Even => p * (n - 1) / (places - 1),
            Spacing::Log => ((n as f64).powf(share) - 1.0).round() as usize,
        }
    }

    /// Rows on either side of a place that its median is taken from.
    fn half_window(self, row: usize, n: usize, window: f64) -> usize {
        let half = (0.5 * window * n as f64).ceil() as usize;
        match self {
            Spacing::Even => half,
            // The neighbours of row r lie within a tenth of it on the axis.
            Spacing::Log => half.min(row / 10),
        }
    }
}

/// Running median and range, as the module's header says.
pub fn smooth(steps: &[u64], values: &[f64], spacing: Spacing) -> Curve {
    running(steps, values, spacing, MAX_POINTS, WINDOW)
}

/// The record itself up to `most` rows; beyond that the running median over this share of the rows, at half
/// as many places.
pub fn running(steps: &[u64], values: &[f64], spacing: Spacing, most: usize, window: f64) -> Curve {
    let n = steps.len().min(values.len());
    let finite = |x: f64| x.is_finite().then_some(x);
    if n <= most {
        return Curve {
            points: (0..n).map(|i| (steps[i] as f64, finite(values[i]))).collect(),
            band: Vec::new(),
        };
    }
    let mut curve = Curve::default();
    let places = most / 2;
    let mut centres: Vec<usize> = (0..places).map(|p| spacing.row(p, places, n)).collect();
    centres.dedup();
    for centre in centres {
        // From the first row to the last one; at the ends the window is cut, not moved.
        let half = spacing.half_window(centre, n, window);
        let x = steps[centre] as f64;
        let near = &values[centre.saturating_sub(half)..(centre + half + 1).min(n)];
        let bin = near.iter().copied().filter(|x| x.is_finite());
        curve.points.push((x, median(bin.clone())));
        if let Some(low) = bin.clone().reduce(f64::min) {
            curve.band.push((x, low, bin.fold(low, f64::max)));
        }
    }
    curve
}

/// The raw curve with at most about `2 * MAX_POINTS` points: the smallest and the largest of each bin, in
/// their order, so that every spike is kept.
pub fn envelope(steps: &[u64], values: &[f64]) -> Vec<(f64, Option<f64>)> {
    let n = steps.len().min(values.len());
    if n <= 2 * MAX_POINTS {
        return smooth_raw(steps, values, 0, n);
    }
    let mut points = Vec::with_capacity(2 * MAX_POINTS);
    for b in 0..MAX_POINTS {
        let rows = (b * n / MAX_POINTS)..((b + 1) * n / MAX_POINTS);
        let finite = rows.clone().filter(|&i| values[i].is_finite());
        let low = finite.clone().min_by(|&i, &j| values[i].total_cmp(&values[j]));
        let high = finite.max_by(|&i, &j| values[i].total_cmp(&values[j]));
        match (low, high) {
            (Some(i), Some(j)) => {
                let (first, second) = (i.min(j), i.max(j));
                points.push((steps[first] as f64, Some(values[first])));
                if second > first {
                    points.push((steps[second] as f64, Some(values[second])));
                }
            }
            _ => points.push((steps[rows.start] as f64, None)),
        }
    }
    points
}

fn smooth_raw(steps: &[u64], values: &[f64], from: usize, to: usize) -> Vec<(f64, Option<f64>)> {
    (from..to).map(|i| (steps[i] as f64, values[i].is_finite().then_some(values[i]))).collect()
}

/// Course of the accuracy at the end. The thresholds are here, the words in `text`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// Never better than an answer that ignores the input, and luck.
    AtChance { accuracy: f64 },
    /// Was better once, and ended at chance.
    FellBack { accuracy: f64, best: f64 },
    /// Ended above chance, or chance is not known.
    Reached { accuracy: f64 },
    /// No evaluation of the training set.
    NotEvaluated,
}

/// A [skill](Summary::skill) below this is that of an answer which ignores the input, and luck.
pub const LUCK: f64 = 0.05;

impl Summary<'_> {
    /// Batch loss against steps.
    pub fn loss_curve(&self, spacing: Spacing) -> Curve {
        smooth(self.record().steps.step(), &self.record().steps[LOSS], spacing)
    }

    /// Accuracy on the batch against steps. Where the loss is not a number, no answer of the network is right or
    /// wrong.
    pub fn batch_accuracy_curve(&self, spacing: Spacing) -> Curve {
        let steps = &self.record().steps;
        let of = |(&accuracy, &loss): (&f64, &f64)| {
            let lost = !loss.is_finite() && !is_missing(loss);
            if lost { f64::NAN } else { accuracy }
        };
        let known: Vec<f64> = steps[BATCH_ACCURACY].iter().zip(&steps[LOSS]).map(of).collect();
        smooth(steps.step(), &known, spacing)
    }

    /// A metric of the evaluation table against steps.
    pub fn eval_curve(&self, metric: MetricId) -> Curve {
        let evals = &self.record().evals;
        Curve { points: smooth_raw(evals.step(), &evals[metric], 0, evals.len()), band: Vec::new() }
    }

    /// How the training accuracy ended, from the evaluations of the whole training set: that of the final
    /// parameters.
    pub fn ending(&self) -> Ending {
        let all = || self.record().evals[TRAIN_ACCURACY].iter().copied().filter(|x| x.is_finite());
        let Some(mut accuracy) = all().next_back() else { return Ending::NotEvaluated };
        if let (Some(_), Some(best)) = (self.header().early_stop, self.record().final_eval()) {
            accuracy = best.value(TRAIN_ACCURACY);
        }
        let best = all().fold(accuracy, f64::max);
        let lucky = |accuracy: f64| self.skill(accuracy).is_some_and(|skill| skill < LUCK);
        match (lucky(accuracy), lucky(best)) {
            (true, true) => Ending::AtChance { accuracy },
            (true, false) => Ending::FellBack { accuracy, best },
            (false, _) => Ending::Reached { accuracy },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_curve_is_the_record_itself() {
        let c = smooth(&[0, 5, 9], &[2.0, f64::NAN, 1.0], Spacing::Even);
        assert_eq!(c.points, vec![(0.0, Some(2.0)), (5.0, None), (9.0, Some(1.0))]);
        assert!(c.band.is_empty());
    }

    #[test]
    fn on_a_logarithmic_axis_the_first_steps_stand_as_they_are() {
        let steps: Vec<u64> = (0..20_000).collect();
        let values: Vec<f64> = steps.iter().map(|&s| 1.0 / (1.0 + s as f64)).collect();
        let c = smooth(&steps, &values, Spacing::Log);
        for (x, y) in c.points.iter().take(10) {
            assert_eq!(*y, Some(1.0 / (1.0 + x)));
        }
        assert_eq!((c.points[0].0, c.points[c.points.len() - 1].0), (0.0, 19_999.0));
        assert!(c.points.windows(2).all(|w| w[0].0 < w[1].0));
        // Every median is near the value at its place, which that of an even window is not at step 0.
        assert!(c.points.iter().all(|(x, y)| (y.unwrap() * (1.0 + x) - 1.0).abs() < 0.02));
        assert!(smooth(&steps, &values, Spacing::Even).points[0].1.unwrap() < 0.02);
    }

    #[test]
    fn a_spike_bends_the_band_and_not_the_curve() {
        let steps: Vec<u64> = (0..4000).collect();
        let mut values = vec![1.0; 4000];
        values[1234] = 50.0;
        let c = smooth(&steps, &values, Spacing::Even);
        assert_eq!(c.points.len(), MAX_POINTS / 2);
        assert_eq!((c.points[0].0, c.points[MAX_POINTS / 2 - 1].0), (0.0, 3999.0));
        assert!(c.points.iter().all(|p| p.1 == Some(1.0)));
        assert_eq!(c.band.iter().map(|b| b.2).fold(0.0, f64::max), 50.0);
        let e = envelope(&steps, &values);
        assert!(e.contains(&(1234.0, Some(50.0))) && e.len() <= 2 * MAX_POINTS);
        assert!(e.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
