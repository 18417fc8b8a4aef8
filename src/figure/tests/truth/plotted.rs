//! The table of a figure, read back: what a text of the figure is held against.

use std::collections::BTreeMap;

use crate::figure::chart::Figure;
use crate::figure::table;

/// A row of the table without its panel and series.
#[derive(Clone, Debug)]
pub struct Point {
    pub from: Option<f64>,
    pub to: Option<f64>,
    pub column: String,
    pub value: Option<f64>,
    pub kind: String,
}

/// A panel: its series or layers in their order, each with its points.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    pub title: String,
    pub rows: Vec<(String, Vec<Point>)>,
}

impl Plot {
    pub fn row(&self, name: &str) -> Option<&[Point]> {
        self.rows.iter().find(|r| r.0 == name).map(|r| r.1.as_slice())
    }

    /// Layer (from 1): layers without weights have rows of their own, which no number counts.
    pub fn layer(&self, layer: usize) -> &[Point] {
        self.rows.get(layer - 1).map_or(&[], |r| &r.1)
    }

    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.rows.iter().flat_map(|r| &r.1)
    }

    /// log10 of (a / b) at every column at which both are positive.
    pub fn ratios(&self, a: usize, b: usize) -> Vec<f64> {
        let positive = |p: &Point| p.value.filter(|x| *x > 0.0 && x.is_finite()).map(f64::log10);
        let pairs = self.layer(a).iter().zip(self.layer(b));
        pairs.map(|(a, b)| positive(a).zip(positive(b)).map_or(f64::NAN, |(a, b)| a - b)).collect()
    }

    /// log10(largest / smallest) over the first `layers` at every column with two positive numbers.
    pub fn spreads(&self, layers: usize) -> Vec<f64> {
        let columns = self.rows.first().map_or(0, |r| r.1.len());
        let at = |c: usize| -> f64 {
            let all: Vec<f64> = (1..=layers)
                .filter_map(|l| self.layer(l).get(c)?.value)
                .filter(|x| *x > 0.0)
                .map(f64::log10)
                .collect();
            if all.len() < 2 {
                return f64::NAN;
            }
            all.iter().copied().fold(f64::MIN, f64::max) - all.iter().copied().fold(f64::MAX, f64::min)
        };
        (0..columns).map(at).collect()
    }
}

/// Panels by their number from 1.
pub fn plots(figure: &Figure) -> BTreeMap<usize, Plot> {
    let mut plots: BTreeMap<usize, Plot> = BTreeMap::new();
    for row in table(figure).into_iter().skip(1) {
        let text: Vec<String> = row.iter().map(|s| s.replace('\u{a0}', " ")).collect();
        // What is drawn over a panel follows its rows, and is none of them.
        if text[5] == "overlay" {
            continue;
        }
        let (number, title) = text[0].split_once(": ").unwrap_or((&text[0], ""));
        let plot = plots.entry(number.parse().unwrap()).or_default();
        plot.title = title.to_string();
        let point = Point {
            from: text[2].parse().ok(),
            to: text[3].parse().ok(),
            column: text[2].clone(),
            value: text[4].parse().ok(),
            kind: text[5].clone(),
        };
        match plot.rows.iter_mut().find(|r| r.0 == text[1]) {
            Some(known) => known.1.push(point),
            None => plot.rows.push((text[1].clone(), vec![point])),
        }
    }
    plots
}

/// The middle of what is there; not a number where nothing is.
pub fn middle(values: &[f64]) -> f64 {
    let mut all: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    match all.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => all[n / 2],
        n => 0.5 * (all[n / 2 - 1] + all[n / 2]),
    }
}
