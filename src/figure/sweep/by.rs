//! `accuracy-by`: the accuracy by any setting that a sweep varies, or by two of them as a map.
//!
//! **How to read it.** By one setting whose values are numbers (rate, dropout, width): lines as in
//! `accuracy-by-depth`, a line for each of the other settings, on a logarithmic axis where the values span a
//! decade. By one whose values are names (optimizer, initialisation): a row a value, the best first. By two: a
//! map, a column and a row for each value, bright where the training accuracy is high; where a third setting
//! varies, a panel for each of its values. What is drawn by is chosen by name ([`By`]); without, it is the one
//! setting that varies, or a map of two.
//!
//! **When it misleads.** A run that diverged was not evaluated at its end. It counts in no accuracy, and where
//! one is missing the words say so: the median of the survivors is not that of the setting. The best of many
//! settings is chosen by its luck too; the seeds tell how much that is.

mod lines;
mod map;

use std::collections::BTreeSet;

use super::super::chart::{DotRow, Dots, Figure, Panel};
use super::super::flow::Tone;
use super::super::frame::accuracy_axis;
use super::super::sheet::{Sheet, Words};
use super::super::spec::{Build, FigureSpec};
use super::super::{Choice, FigureError, Options};
use super::{Sweeps, caption, networks};
use crate::analysis::ensemble::{Spread, telling};
use crate::record::cell::Cell;
use crate::record::{Status, TEST_ACCURACY, TRAIN_ACCURACY};
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "accuracy-by",
    summary: "accuracy by any setting that varies (rate, optimizer, dropout, width, ...), or a map by two",
    build: Build::Sweep(build),
};

/// The settings by which it is drawn, one or two; empty where they are found in the cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct By(pub Vec<String>);

impl Choice for By {}

const DEPTH: &str = "hidden_layers";

/// What the cells of one combination of settings came to.
#[derive(Clone, Debug, Default)]
struct Point {
    /// On training and test data, over the runs that ended as planned.
    accuracy: [Option<Spread>; 2],
    runs: usize,
    diverged: usize,
    failed: usize,
}

impl Point {
    fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Point {
        let mut point = Point::default();
        let mut ended = Vec::new();
        for cell in cells {
            point.runs += 1;
            match &cell.result {
                Err(_) => point.failed += 1,
                Ok(run) if matches!(run.header.status, Status::Diverged { .. }) => point.diverged += 1,
                Ok(run) if run.header.status == Status::Complete => ended.push(run),
                Ok(_) => {}
            }
        }
        point.accuracy = [TRAIN_ACCURACY, TEST_ACCURACY].map(|metric| {
            Spread::of(ended.iter().filter_map(|run| run.final_eval().map(|e| e.value(metric))))
        });
        point
    }

    fn median(&self, set: usize) -> Option<f64> {
        self.accuracy[set].map(|spread| spread.median)
    }

    /// The training accuracy of a combination that lost no run.
    fn whole(&self) -> Option<f64> {
        self.median(0).filter(|_| self.diverged + self.failed == 0)
    }
}

/// Settings with their values, which tell a group of cells from the others.
type Key = Vec<(String, String)>;

fn build(drawn: &Sweeps, options: &Options) -> Result<Figure, FigureError> {
    let cells = drawn.input.cells;
    let varied = varied(cells);
    let by = chosen(drawn, &varied, &options.get::<By>().0)?;
    if Point::of(cells.iter()).accuracy[0].is_none() {
        let hint = "every one diverged or failed; lower the learning rate";
        return Err(drawn.nothing("accuracy of a complete run", hint));
    }
    let rest: Vec<&str> = varied.into_iter().filter(|key| !by.contains(key)).collect();
    let groups = groups(cells, &rest);
    let all = All { drawn, lang: options.lang, groups };
    match by.as_slice() {
        [x, y] => all.map(x, y),
        [x] if values(cells, x).iter().all(|v| number(v).is_some()) => Ok(all.lines(x)),
        [x] => Ok(all.dots(x)),
        _ => Err(drawn.nothing("second value of a setting", "vary one in the plan")),
    }
}

/// The settings that vary, without those that follow from others; the depth last.
fn varied(cells: &[Cell]) -> Vec<&str> {
    let mut all = telling(cells);
    let count = |keys: &[&str]| {
        let key = |cell: &Cell| keys.iter().map(|k| cell.setting(k).to_string()).collect::<Vec<_>>();
        cells.iter().map(key).collect::<BTreeSet<_>>().len()
    };
    let with_depth: Vec<&str> = all.iter().copied().chain([DEPTH]).collect();
    if count(&with_depth) > count(&all) {
        all.push(DEPTH);
    }
    all
}

/// What was asked for, else the only setting that varies or a map of two: numbers before names, the depth
/// upward.
fn chosen<'a>(drawn: &Sweeps, varied: &[&'a str], asked: &[String]) -> Result<Vec<&'a str>, FigureError> {
    let cells = drawn.input.cells;
    if !asked.is_empty() {
        if asked.len() > 2 {
            return Err(drawn.nothing("map by more than two settings", "choose one or two"));
        }
        let known = |name: &String| varied.iter().copied().find(|key| key == name);
        let found: Option<Vec<&str>> = asked.iter().map(known).collect();
        return found.ok_or_else(|| {
            let hint = format!("it varies {}", varied.join(", "));
            drawn.nothing("second value of that setting", hint)
        });
    }
    let is_number = |key: &&&str| values(cells, key).iter().all(|value| number(value).is_some());
    let (numbers, names): (Vec<&str>, Vec<&str>) = varied.iter().partition(is_number);
    let mut by: Vec<&str> = numbers.into_iter().chain(names).take(2).collect();
    by.sort_by_key(|key| *key == DEPTH);
    Ok(by)
}

fn number(value: &str) -> Option<f64> {
    value.parse().ok().filter(|x: &f64| x.is_finite())
}

/// Values of a setting: numbers by their size, names in the order of the cells.
fn values(cells: &[Cell], key: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for cell in cells {
        if !all.iter().any(|value| value == cell.setting(key)) {
            all.push(cell.setting(key).to_string());
        }
    }
    if all.iter().all(|value| number(value).is_some()) {
        all.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    }
    all
}

/// The cells by the values of these settings, in their order.
fn groups<'a>(cells: &'a [Cell], keys: &[&str]) -> Vec<(Key, Vec<&'a Cell>)> {
    let mut all: Vec<(Key, Vec<&Cell>)> = Vec::new();
    for cell in cells {
        let own: Key = keys.iter().map(|key| ((*key).to_string(), cell.setting(key).to_string())).collect();
        match all.iter_mut().find(|group| group.0 == own) {
            Some(group) => group.1.push(cell),
            None => all.push((own, vec![cell])),
        }
    }
    all
}

/// A sweep with its cells sorted into groups that share a line or a panel.
struct All<'a> {
    drawn: &'a Sweeps<'a>,
    lang: Lang,
    groups: Vec<(Key, Vec<&'a Cell>)>,
}

impl All<'_> {
    fn values(&self, key: &str) -> Vec<String> {
        values(self.drawn.input.cells, key)
    }

    fn point(&self, group: usize, at: &[(&str, &str)]) -> Point {
        let cells = self.groups[group].1.iter().copied();
        Point::of(cells.filter(|cell| at.iter().all(|(key, value)| cell.setting(key) == *value)))
    }

    /// A setting as one says it, such as `learning rate 0.1`, or `ReLU`.
    fn said(&self, key: &str, value: &str) -> String {
        let networks = networks::named(self.lang, &self.drawn.all);
        match (key, networks::name_of(&networks, key, value)) {
            (_, Some(network)) => network.to_string(),
            ("activation", None) => self.lang.run_name(value),
            ("initialisation" | "optimizer" | "data", None) => value.to_string(),
            ("hidden_layers", None) => {
                value.parse().map_or_else(|_| value.into(), |depth| self.lang.depth_series(depth))
            }
            (key, None) => self.lang.setting(key, value),
        }
    }

    fn said_all<'k>(&self, key: impl IntoIterator<Item = (&'k str, &'k str)>) -> String {
        let words: Vec<String> = key.into_iter().map(|(key, value)| self.said(key, value)).collect();
        self.lang.series_name(&words)
    }

    /// What a group is called; empty where there is one.
    fn group_name(&self, group: usize) -> String {
        self.said_all(self.groups[group].0.iter().map(|(k, v)| (k.as_str(), v.as_str())))
    }

    /// The least and the greatest training accuracy among combinations that lost no run, and how many runs did
    /// not end.
    fn heading(&self, points: &[(String, Point)]) -> String {
        let whole = || points.iter().filter_map(|(name, p)| Some((name.as_str(), p.whole()?)));
        let least = whole().min_by(|a, b| a.1.total_cmp(&b.1));
        let most = whole().max_by(|a, b| a.1.total_cmp(&b.1));
        let sum = |of: fn(&Point) -> usize| points.iter().map(|p| of(&p.1)).sum::<usize>();
        let mut clauses = Vec::new();
        clauses.extend(least.zip(most).map(|(least, most)| self.lang.accuracy_between(least, most)));
        clauses.push(self.lang.lost_runs(sum(|p| p.diverged), sum(|p| p.failed), sum(|p| p.runs)));
        clauses.retain(|clause| !clause.is_empty());
        if clauses.is_empty() { self.lang.accuracy() } else { self.lang.clauses(&clauses) }
    }

    fn figure(&self, title: String, notes: Vec<String>, reading: String, sheet: Sheet) -> Figure {
        let mut subtitle = notes;
        subtitle.push(self.drawn.unfinished(self.lang));
        let words = Words {
            reading: vec![reading, self.lang.sentence(&title)],
            title,
            subtitle,
            caption: caption(self.lang, self.drawn),
        };
        Figure::new(self.drawn.figure, self.lang, words, sheet)
    }

    fn seeds(&self) -> usize {
        self.drawn.all.seeds
    }

    // ---- one setting of names

    fn dots(&self, key: &str) -> Figure {
        let lang = self.lang;
        let mut all: Vec<(String, Point)> = Vec::new();
        for value in self.values(key) {
            for group in 0..self.groups.len() {
                let own = self.groups[group].0.iter().map(|(k, v)| (k.as_str(), v.as_str()));
                let name = self.said_all([(key, value.as_str())].into_iter().chain(own));
                all.push((name, self.point(group, &[(key, &value)])));
            }
        }
        all.retain(|(_, point)| point.runs > 0);
        // The best first; one that lost a run is not the best, whatever the others reached.
        let rank = |p: &Point| (p.whole().is_none(), -p.median(0).unwrap_or(-1.0));
        all.sort_by(|a, b| {
            let (a, b) = (rank(&a.1), rank(&b.1));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let row = |(name, point): &(String, Point)| DotRow {
            label: name.clone(),
            values: [point.median(0), point.median(1)],
            words: self.row_words(point),
            tone: if point.median(0).is_some() { Tone::Taken } else { Tone::Greyed },
        };
        let tested = all.iter().any(|(_, p)| p.median(1).is_some());
        let chance = self.drawn.all.chance();
        let panel = Dots {
            x: accuracy_axis(lang),
            rows: all.iter().map(row).collect(),
            series: [lang.train_series(), if tested { lang.test_series() } else { String::new() }],
            reference: if all.len() > 1 { lang.best_row_lines() } else { String::new() },
            mark: chance.map(|c| (c, lang.chance_mark(c))),
            beside: Dots::BESIDE,
        };
        let sheet = Sheet::stack(vec![(1.0, Panel::Dots(panel))], Vec::new(), (960, 0));
        let notes = vec![lang.medians_of_seeds_note(self.seeds())];
        self.figure(self.heading(&all), notes, lang.reading_accuracy_rows(), sheet)
    }

    fn row_words(&self, point: &Point) -> String {
        let lang = self.lang;
        let range = point.accuracy[0].filter(|s| s.high > s.low).map(|s| lang.training_range(s.low, s.high));
        let lost = lang.lost_runs(point.diverged, point.failed, point.runs);
        lang.clauses(&range.into_iter().chain([lost]).filter(|w| !w.is_empty()).collect::<Vec<_>>())
    }
}
