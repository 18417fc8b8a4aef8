//! Series as they were logged become series that increase: sorted, one value a step, norms that are norms.

use std::collections::HashSet;

use super::log::{RunLog, Series};
use super::names::Meaning;

/// Names that a warning lists.
const LISTED: usize = 3;

/// Puts the series of a run in order and says what had to be done.
pub fn tidy(run: &mut RunLog) -> Vec<String> {
    let mut said = Vec::new();
    let mut negative = Vec::new();
    let mut unsorted = Vec::new();
    let mut twice = Vec::new();
    let mut below_zero = Vec::new();
    let mut percent = Vec::new();
    let mut lost = 0;
    for series in &mut run.series {
        if drop_negative_steps(series) {
            negative.push(series.tag.clone());
        }
        // The epochs of several files follow each other again and again.
        if sort(series) && series.known.meaning != Meaning::Epoch {
            unsorted.push(series.tag.clone());
        }
        let doubles = keep_last(series);
        if doubles > 0 {
            lost += doubles;
            twice.push(series.tag.clone());
        }
        match series.known.meaning {
            Meaning::Norm(..) | Meaning::TotalGradNorm if series.values.iter().any(|v| *v < 0.0) => {
                below_zero.push(series.tag.clone());
                series.steps.clear();
            }
            Meaning::Accuracy(_) if is_in_percent(&series.values) => {
                series.values.iter_mut().for_each(|v| *v /= 100.0);
                percent.push(series.tag.clone());
            }
            _ => {}
        }
    }
    run.series.retain(|series| !series.steps.is_empty());
    let mut say = |tags: &[String], text: &str| {
        if !tags.is_empty() {
            said.push(format!("{}: {text}", listed(tags)));
        }
    };
    say(&negative, "values at negative steps were left out");
    say(&unsorted, "the steps were not in order and were sorted");
    say(&twice, &format!("more than one value at a step ({lost} times); the last one counts"));
    say(&below_zero, "negative, so this is no norm; left out");
    say(&percent, "above 1, so this is an accuracy in percent; divided by 100");
    said
}

pub fn listed(tags: &[String]) -> String {
    let first = tags.iter().take(LISTED).map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ");
    if tags.len() > LISTED { format!("{first} and {} more", tags.len() - LISTED) } else { first }
}

fn drop_negative_steps(series: &mut Series) -> bool {
    if series.steps.iter().all(|s| *s >= 0) {
        return false;
    }
    let kept: Vec<usize> = (0..series.steps.len()).filter(|&i| series.steps[i] >= 0).collect();
    choose(series, &kept);
    true
}

/// Takes the values at these indices.
fn choose(series: &mut Series, indices: &[usize]) {
    series.values = indices.iter().map(|&i| series.values[i]).collect();
    if !series.walls.is_empty() {
        series.walls = indices.iter().map(|&i| series.walls[i]).collect();
    }
    series.steps = indices.iter().map(|&i| series.steps[i]).collect();
}

/// Sorts by step, equal steps in the order in which they were logged; whether there was something to sort.
pub fn sort(series: &mut Series) -> bool {
    if series.steps.is_sorted() {
        return false;
    }
    let mut order: Vec<usize> = (0..series.steps.len()).collect();
    order.sort_by_key(|&i| series.steps[i]);
    choose(series, &order);
    true
}

/// Of several values at a step keeps the last; how many were dropped that another value contradicts.
pub fn keep_last(series: &mut Series) -> usize {
    if series.steps.windows(2).all(|pair| pair[0] < pair[1]) {
        return 0;
    }
    let is_last = |i: usize| series.steps.get(i + 1) != Some(&series.steps[i]);
    let kept: Vec<usize> = (0..series.steps.len()).filter(|&i| is_last(i)).collect();
    let differs = |i: usize| series.values[i].to_bits() != series.values[i - 1].to_bits();
    let steps: HashSet<i64> = (1..series.steps.len())
        .filter(|&i| series.steps[i] == series.steps[i - 1] && differs(i))
        .map(|i| series.steps[i])
        .collect();
    choose(series, &kept);
    steps.len()
}

/// A share is at most 1; what goes beyond it and stays within 100 is one in percent.
fn is_in_percent(values: &[f64]) -> bool {
    let largest = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    largest > 1.5 && largest <= 100.0 && values.iter().all(|v| *v >= 0.0 || v.is_nan())
}

#[cfg(test)]
mod tests {
    use super::super::log::Axis;
    use super::super::names::{Grain, Kind, Known, Set, meaning};
    use super::*;

    fn series(tag: &str, points: &[(i64, f64)]) -> Series {
        let known = meaning(tag, Kind::Number)
            .unwrap_or(Known { meaning: Meaning::Loss(Set::Train), grain: Grain::Unsaid });
        Series {
            tag: tag.into(),
            known,
            kind: Kind::Number,
            is_mapped: false,
            axis: Axis::Step,
            steps: points.iter().map(|p| p.0).collect(),
            values: points.iter().map(|p| p.1).collect(),
            walls: Vec::new(),
        }
    }

    #[test]
    fn steps_are_sorted_and_of_equal_ones_the_last_value_counts() {
        let mut run = RunLog {
            series: vec![
                series("loss", &[(9, 1.0), (7, 2.0), (9, 3.0), (8, 4.0), (-1, 5.0)]),
                series("grad_norm", &[(0, 1.0), (1, -1.0)]),
                series("acc", &[(0, 50.0), (1, 100.0)]),
                series("val_acc", &[(0, 0.5), (1, 1.0)]),
            ],
            ..RunLog::default()
        };
        let said = tidy(&mut run);
        assert_eq!((&run.series[0].steps, &run.series[0].values), (&vec![7, 8, 9], &vec![2.0, 4.0, 3.0]));
        assert_eq!(run.series.len(), 3, "a negative norm is none");
        assert_eq!(run.series[1].values, [0.5, 1.0]);
        assert_eq!(run.series[2].values, [0.5, 1.0]);
        for words in [
            "negative steps",
            "were sorted",
            "`loss`: more than one value at a step (1 times)",
            "`grad_norm`: negative",
            "`acc`: above 1",
        ] {
            assert!(said.iter().any(|line| line.contains(words)), "{words}: {said:?}");
        }
        assert_eq!(said.len(), 5);
        assert_eq!(tidy(&mut run), Vec::<String>::new(), "once is enough");
    }
}
