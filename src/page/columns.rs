//! Columns of a heatmap on a page: which steps they stand for, and which of a long run are held.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A run's columns are thinned to at most this many: what a wide screen can show.
pub const MOST: usize = 1200;
/// But never to fewer.
const FEWEST: usize = 100;
/// Cells of step tables on a whole page (two bytes each, and a third for base64), beyond which columns are
/// thinned further.
const BUDGET: usize = 300_000;

/// How many columns a run may have on a page whose step tables have `rows` rows of cells together.
pub fn most(rows: usize) -> usize {
    (BUDGET / rows.max(1)).clamp(FEWEST, MOST)
}

/// Does a page whose step tables have so many rows of cells together stay within the budget?
pub fn fit(rows: usize) -> bool {
    rows * FEWEST <= BUDGET
}

/// Neighbouring recorded moments that share a column, and the one that is held. A column is never a mean: it
/// is one real moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub rows: Range<usize>,
    pub shown: usize,
}

/// At most `most` columns for `rows` moments. Each holds its first moment, the last one the last of all; but
/// where a column has a moment with an `alarm` (NaN or infinity anywhere), it holds the first of these: one
/// bad step in ten thousand is not lost.
pub fn thin(rows: usize, most: usize, alarm: impl Fn(usize) -> bool) -> Vec<Column> {
    let count = rows.min(most);
    (0..count)
        .map(|i| {
            let rows = i * rows / count..(i + 1) * rows / count;
            let plain = if i + 1 == count { rows.end - 1 } else { rows.start };
            let shown = rows.clone().find(|r| alarm(*r)).unwrap_or(plain);
            Column { rows, shown }
        })
        .collect()
}

/// Increasing numbers as the first one and runs of equal differences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Increasing {
    pub first: f64,
    /// (difference, how often)
    pub then: Vec<(f64, u32)>,
}

impl Increasing {
    pub fn of(values: &[f64]) -> Increasing {
        let mut then: Vec<(f64, u32)> = Vec::new();
        for pair in values.windows(2) {
            let difference = pair[1] - pair[0];
            match then.last_mut() {
                Some((d, n)) if *d == difference => *n += 1,
                _ => then.push((difference, 1)),
            }
        }
        Increasing { first: values.first().copied().unwrap_or(0.0), then }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn expand(numbers: &Increasing) -> Vec<f64> {
        let mut all = vec![numbers.first];
        for (d, n) in &numbers.then {
            for _ in 0..*n {
                all.push(all[all.len() - 1] + d);
            }
        }
        all
    }

    #[test]
    fn short_runs_are_held_whole_and_long_ones_thinned_without_losing_an_alarm() {
        let whole = thin(5, 10, |_| false);
        assert_eq!(whole.iter().map(|c| c.shown).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        let thinned = thin(10_000, 1200, |r| r == 7_777);
        assert_eq!(thinned.len(), 1200);
        assert_eq!((thinned[0].shown, thinned[1199].shown), (0, 9_999));
        assert!(thinned.iter().any(|c| c.shown == 7_777));
        assert!(thinned.iter().all(|c| c.rows.contains(&c.shown)));
        assert!(thinned.windows(2).all(|w| w[0].rows.end == w[1].rows.start));
        assert_eq!(thinned[1199].rows.end, 10_000);
        assert!(thin(0, 10, |_| false).is_empty());
    }

    #[test]
    fn steps_are_runs_of_differences() {
        let steps: Vec<f64> = (0..=1000).map(f64::from).chain([1010.0, 1020.0, 1024.5]).collect();
        let short = Increasing::of(&steps);
        assert_eq!(short.then, [(1.0, 1000), (10.0, 2), (4.5, 1)]);
        assert_eq!(expand(&short), steps);
    }

    #[test]
    fn many_runs_share_the_budget() {
        assert_eq!(most(60), 1200);
        assert_eq!(most(1000), 300);
        assert_eq!(most(1_000_000), 100);
    }
}
