//! Figures of random sweeps: groups that lost seeds, depths that are missing, one seed or several.

use std::collections::BTreeMap;

use super::numbers::whole;
use super::of_groups::{ACCURACY, ERRORS, OF_ALL, TRIANGLE};
use super::plotted::{Plot, Point, plots};
use super::records::{self, Dice};
use super::{plain, same_in_chinese, template};
use crate::figure::sweep::SweepInput;
use crate::figure::{Options, build};
use crate::record::cell::Cell;
use crate::record::{EarlyStop, Status};
use crate::text::Lang;

const GROUPS: [(&str, &str); 5] =
    [("sigmoid", "Sigmoid"), ("relu", "ReLU"), ("tanh", "Tanh"), ("elu", "ELU"), ("selu", "SELU")];

pub struct Facts<'a> {
    pub cells: &'a [Cell],
    pub plots: BTreeMap<usize, Plot>,
}

pub type Claim = (&'static str, fn(&Facts, &[String]) -> bool);

fn sweep(dice: &mut Dice) -> Vec<Cell> {
    let depths: Vec<usize> = [1, 2, 4, 6].into_iter().filter(|_| dice.chance(0.6)).collect();
    let depths = if depths.is_empty() { vec![3] } else { depths };
    let groups = dice.whole(1, 5) as usize;
    let seeds = dice.whole(1, 3);
    let mut cells = Vec::new();
    for (key, _) in &GROUPS[..groups] {
        for depth in &depths {
            for seed in 1..=seeds {
                let mut record = records::run(dice, depth + 1);
                record.header.early_stop = None::<EarlyStop>;
                let settings = [
                    ("activation", key.to_string()),
                    ("hidden_layers", depth.to_string()),
                    ("seed", seed.to_string()),
                ];
                let settings = settings.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
                cells.push(Cell { number: cells.len() + 1, settings, result: Ok(record), seconds: 1.0 });
            }
        }
    }
    cells
}

impl Facts<'_> {
    /// How many of the runs of these cells diverged, and how many there are.
    pub fn diverged(&self, group: Option<&str>, depth: Option<usize>) -> [usize; 2] {
        let name = |cell: &Cell| GROUPS.iter().find(|g| g.0 == cell.setting("activation")).unwrap().1;
        let own = |cell: &&Cell| {
            group.is_none_or(|group| self.alone() || name(cell) == group)
                && depth.is_none_or(|depth| cell.setting("hidden_layers") == depth.to_string())
        };
        let is = |cell: &&Cell| {
            cell.result.as_ref().is_ok_and(|r| matches!(r.header.status, Status::Diverged { .. }))
        };
        let cells = || self.cells.iter().filter(own);
        [cells().filter(is).count(), cells().count()]
    }

    /// Is there one group?
    pub fn alone(&self) -> bool {
        self.cells.iter().all(|c| c.setting("activation") == self.cells[0].setting("activation"))
    }

    pub fn seeds(&self) -> usize {
        self.cells.iter().map(|c| whole(c.setting("seed"))).max().unwrap_or(0)
    }

    pub fn groups(&self) -> Vec<&'static str> {
        GROUPS
            .iter()
            .filter(|g| self.cells.iter().any(|c| c.setting("activation") == g.0))
            .map(|g| g.1)
            .collect()
    }

    /// The training curve of a group (accuracy) or of a group and a depth (error).
    pub fn curve(&self, name: &str) -> Option<&[Point]> {
        let (panel, line) = match name.split_once(", ") {
            Some((panel, line)) => (panel, line),
            None => ("", name),
        };
        let plots = || self.plots.values();
        plots().find_map(|p| p.row(name)).or_else(|| {
            let own = plots().filter(|p| p.title == panel || panel.is_empty());
            own.filter_map(|p| p.row(line)).next()
        })
    }

    pub fn at_depth(&self, group: &str, depth: usize) -> Option<f64> {
        self.curve(group)?.iter().find(|p| p.from == Some(depth as f64))?.value
    }

    pub fn end(&self, line: &str) -> Option<f64> {
        self.curve(line)?.iter().rev().find_map(|p| p.value)
    }

    /// All points of a group's training curve, with the ends of its band.
    pub fn every(&self, group: &str) -> Vec<f64> {
        let ends = ["", " (low)", " (high)"].map(|end| format!("{group}{end}"));
        ends.iter().filter_map(|e| self.curve(e)).flatten().filter_map(|p| p.value).collect()
    }

    /// A column of a triangle: the cells of a group's network of this depth.
    pub fn column(&self, group: &str, depth: usize) -> Option<Vec<&Point>> {
        let plot = self.plots.values().find(|p| {
            p.title == group
                || p.title.starts_with(&format!("{group}, "))
                || p.title.is_empty() && self.alone()
        })?;
        let cells = plot.rows.iter().filter_map(|r| r.1.iter().find(|p| p.column == depth.to_string()));
        Some(cells.collect())
    }
}

fn wrong(text: &str, facts: &Facts, claims: &[Claim]) -> Option<String> {
    let mut rest = text.to_string();
    for (template, holds) in claims.iter().chain(OF_ALL) {
        while let Some((range, holes)) = template::find(template, &rest) {
            if !holds(facts, &holes) {
                return Some(format!("`{}` does not hold", &rest[range]));
            }
            // What stood behind a name may be said of it again.
            rest.replace_range(range, "§");
        }
    }
    let free =
        rest.contains(|c: char| c.is_ascii_digit()) || ["at most", "up to"].iter().any(|b| rest.contains(b));
    free.then(|| format!("nobody claims `{rest}`"))
}

/// The figure in both languages, if the sweep can be drawn so.
fn drawn(name: &str, cells: &[Cell]) -> Option<[crate::figure::chart::Figure; 2]> {
    let record = |number: usize| cells[number - 1].result.as_ref().ok().cloned();
    let input = SweepInput { name: "test", cells, planned: cells.len(), depths: None, record: &record };
    let figure = |lang| build(name, &input, &Options::new(lang)).ok();
    Some([figure(Lang::En)?, figure(Lang::Zh)?])
}

#[test]
fn titles_of_sweeps_say_what_their_tables_hold() {
    let (mut checked, mut faults) = (0, Vec::new());
    for seed in 0..200 {
        let cells = sweep(&mut Dice::of(1000 + seed));
        let figures = [
            ("accuracy-by-depth", ACCURACY),
            ("error-by-updates", ERRORS),
            ("gradient-by-depth", TRIANGLE),
            ("movement-by-depth", TRIANGLE),
        ];
        for (name, claims) in figures {
            let Some([figure, chinese]) = drawn(name, &cells) else { continue };
            let facts = Facts { cells: &cells, plots: plots(&figure) };
            let (text, zh) = (plain(&figure.title), plain(&chinese.title));
            let why = wrong(&text, &facts, claims)
                .or_else(|| (!same_in_chinese(&text, &zh)).then(|| format!("other numbers in {zh}")));
            faults.extend(why.map(|why| format!("seed {seed}, {name}: {text}\n{why}\n")));
            checked += 1;
        }
    }
    assert!(faults.is_empty(), "{} of {checked}\n{}", faults.len(), faults.join("\n"));
    assert!(checked > 500, "{checked}");
}

/// A median told as a bound, and a survivor that wins, are found.
#[test]
fn a_wrong_title_of_a_sweep_is_found() {
    let found = (0..60).find_map(|seed| {
        let cells = sweep(&mut Dice::of(1000 + seed));
        let [figure, _] = drawn("accuracy-by-depth", &cells)?;
        let title = plain(&figure.title);
        (title.contains(" or less in every run") && cells.len() > 6).then_some((cells, figure, title))
    });
    let (cells, figure, title) = found.expect("a sweep of which a title sets a bound");
    let facts = Facts { cells: &cells, plots: plots(&figure) };
    assert_eq!(wrong(&title, &facts, ACCURACY), None);
    let at = title.find(" % or less").unwrap();
    let number = title[..at].rsplit(' ').next().unwrap();
    let lower = title.replace(&format!(" {number} % or less"), " 2.0 % or less");
    assert!(lower != title && wrong(&lower, &facts, ACCURACY).is_some(), "{lower}");
    assert!(wrong(&title.replace("or less", "or more"), &facts, ACCURACY).is_some(), "{title}");
}
