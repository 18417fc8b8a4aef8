//! Steps and epochs as one axis.

use super::log::{Axis, Series};
use super::names::Meaning;
use super::tidy::{keep_last, sort};

/// What the steps of a record count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Steps,
    Epochs,
}

/// Brings all series onto one axis. Where some count in steps and others in epochs, epochs become the steps
/// at which they ended: as a series `epoch` says, else by the clock, else evenly.
pub fn counted(series: &mut [Series], said: &mut Vec<String>) -> Counted {
    let counts_epochs = |s: &Series| s.axis == Axis::Epoch;
    if !series.iter().any(counts_epochs) {
        return Counted::Steps;
    }
    if series.iter().all(|s| counts_epochs(s) || s.known.meaning == Meaning::Epoch) {
        return Counted::Epochs;
    }
    let mut epochs: Vec<i64> =
        series.iter().filter(|s| counts_epochs(s)).flat_map(|s| s.steps.iter().copied()).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let ends = by_series(series, &epochs).or_else(|| by_clock(series, &epochs)).unwrap_or_else(|| {
        said.push(
            "some numbers are counted in epochs and others in steps; the epochs were spread evenly".into(),
        );
        evenly(series, &epochs)
    });
    for series in series.iter_mut().filter(|s| counts_epochs(s)) {
        for step in &mut series.steps {
            let at = epochs.binary_search(step).unwrap_or_else(|at| at.min(ends.len() - 1));
            *step = ends[at];
        }
        sort(series);
        keep_last(series);
    }
    Counted::Steps
}

/// The last step of each epoch, from a series that says the epoch of each step.
fn by_series(series: &[Series], epochs: &[i64]) -> Option<Vec<i64>> {
    let said = series.iter().find(|s| s.known.meaning == Meaning::Epoch && s.axis == Axis::Step)?;
    let last_of = |epoch: i64| {
        let within = said.steps.iter().zip(&said.values).filter(|(_, v)| **v < epoch as f64 + 1.0);
        within.map(|(&step, _)| step).max()
    };
    epochs.iter().map(|&epoch| last_of(epoch)).collect()
}

/// The last step that was logged before the numbers of each epoch were.
fn by_clock(series: &[Series], epochs: &[i64]) -> Option<Vec<i64>> {
    let mut steps: Vec<(f64, i64)> = series
        .iter()
        .filter(|s| s.axis == Axis::Step)
        .flat_map(|s| s.walls.iter().copied().zip(s.steps.iter().copied()))
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wall_of = |epoch: i64| {
        let timed = series.iter().filter(|s| s.axis == Axis::Epoch && s.walls.len() == s.steps.len());
        let walls = timed.filter_map(|s| Some(s.walls[s.steps.binary_search(&epoch).ok()?]));
        walls.reduce(f64::max)
    };
    epochs
        .iter()
        .map(|&epoch| {
            let wall = wall_of(epoch)?;
            let before = steps.partition_point(|(w, _)| *w <= wall);
            steps[..before].iter().map(|(_, step)| *step).max()
        })
        .collect()
}

fn evenly(series: &[Series], epochs: &[i64]) -> Vec<i64> {
    let steps = || series.iter().filter(|s| s.axis == Axis::Step).flat_map(|s| s.steps.iter().copied());
    let (first, last) = (steps().min().unwrap_or(0), steps().max().unwrap_or(0));
    let count = (epochs[epochs.len() - 1] - epochs[0]) as f64 + 1.0;
    let length = (last - first) as f64 / count;
    let end = |epoch: i64| ((epoch - epochs[0]) as f64 + 1.0) * length;
    epochs.iter().map(|&epoch| first.saturating_add(end(epoch).round() as i64)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::names::{Kind, Known, meaning};
    use super::*;

    fn series(tag: &str, axis: Axis, points: &[(i64, f64)], walls: &[f64]) -> Series {
        let known: Known = meaning(tag, Kind::Number).unwrap();
        Series {
            tag: tag.into(),
            known,
            kind: Kind::Number,
            is_mapped: false,
            axis,
            steps: points.iter().map(|p| p.0).collect(),
            values: points.iter().map(|p| p.1).collect(),
            walls: walls.to_vec(),
        }
    }

    fn by_step(count: i64, walls: bool) -> Series {
        let points: Vec<(i64, f64)> = (0..count).map(|i| (i, 1.0)).collect();
        let at: Vec<f64> = (0..count).map(|i| i as f64).collect();
        series("loss", Axis::Step, &points, if walls { &at } else { &[] })
    }

    fn ends(mut all: Vec<Series>) -> (Vec<i64>, Counted, usize) {
        let mut said = Vec::new();
        let counted = counted(&mut all, &mut said);
        (all.pop().unwrap().steps, counted, said.len())
    }

    #[test]
    fn epochs_are_put_at_the_steps_at_which_they_ended() {
        let losses = |walls: &[f64]| series("val_loss", Axis::Epoch, &[(0, 1.0), (1, 2.0)], walls);
        // A series says the epoch of every step; here the first epoch is the shorter one.
        let said: Vec<(i64, f64)> = (0..9).map(|i| (i, if i < 3 { 0.0 } else { 1.0 })).collect();
        let epoch = series("epoch", Axis::Step, &said, &[]);
        assert_eq!(ends(vec![by_step(9, false), epoch, losses(&[])]), (vec![2, 8], Counted::Steps, 0));
        // The clock says it: written right after steps 3 and 8.
        assert_eq!(ends(vec![by_step(9, true), losses(&[3.5, 8.5])]), (vec![3, 8], Counted::Steps, 0));
        // Nothing says it.
        assert_eq!(ends(vec![by_step(9, false), losses(&[])]), (vec![4, 8], Counted::Steps, 1));
        // All count epochs, or all count steps.
        assert_eq!(ends(vec![losses(&[])]), (vec![0, 1], Counted::Epochs, 0));
        assert_eq!(ends(vec![by_step(2, false)]), (vec![0, 1], Counted::Steps, 0));
    }

    #[test]
    fn the_largest_numbers_of_epochs_and_steps_do_no_harm() {
        let far = series("val_loss", Axis::Epoch, &[(0, 1.0), (i64::MAX, 2.0)], &[]);
        let loss = series("loss", Axis::Step, &[(0, 1.0), (i64::MAX, 1.0)], &[]);
        assert_eq!(ends(vec![loss, far]).0.len(), 2);
    }
}
