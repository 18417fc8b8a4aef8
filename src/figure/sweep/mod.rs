//! Figures of sweeps: many networks side by side, by depth. One file a figure, each with a line in
//! [`FIGURES`](super::FIGURES).
//!
//! They are built from the digests of finished cells ([`crate::record::cell`]), which every sweep keeps; only
//! `heatmap-grid` needs whole records, and asks for those that it draws. What a colour or a panel stands for
//! is found in the cells: see [`crate::analysis::ensemble`].

pub mod accuracy;
pub mod by;
pub mod grid;
mod networks;
pub mod triangle;
pub mod updates;

#[cfg(test)]
mod tests;

use super::FigureError;
use super::size::ABREAST;
use super::words::settings;
use crate::analysis::Ensemble;
use crate::analysis::ensemble::Series;
use crate::record::Record;
use crate::record::cell::Cell;
use crate::text::{Lang, Lost};

/// Titles name up to this many series one by one.
const FEW: usize = 3;

/// What a figure of a sweep is drawn from.
pub struct SweepInput<'a> {
    /// Name of the sweep, for errors.
    pub name: &'a str,
    /// Finished cells, in the order of their numbers.
    pub cells: &'a [Cell],
    /// How many cells the finished sweep will have.
    pub planned: usize,
    /// Depths of `heatmap-grid`, where the plan names some.
    pub depths: Option<&'a [usize]>,
    /// The whole record of a cell, where one was kept.
    pub record: &'a dyn Fn(usize) -> Option<Record>,
}

/// A sweep, its finished cells sorted into series, and the name of the figure that is built from it.
pub struct Sweeps<'a> {
    figure: &'static str,
    input: &'a SweepInput<'a>,
    all: Ensemble<'a>,
}

impl<'a> Sweeps<'a> {
    pub(super) fn new(figure: &'static str, input: &'a SweepInput<'a>) -> Result<Sweeps<'a>, FigureError> {
        let sweeps = Sweeps { figure, input, all: Ensemble::new(input.cells)? };
        if sweeps.all.series.is_empty() {
            return Err(sweeps.nothing("cell with a record", "run it first"));
        }
        Ok(sweeps)
    }

    /// A reader must not take a part of a sweep for the whole.
    fn unfinished(&self, lang: Lang) -> String {
        lang.unfinished_note(self.input.cells.len(), self.input.planned)
    }

    /// Groups of which runs diverged: at this depth, or at any.
    fn lost(&self, names: &[String], depth: Option<usize>) -> Vec<Lost> {
        let groups = self.all.series.iter().zip(names);
        let lost = groups.map(|(series, name)| {
            let [diverged, of] = series.diverged(depth);
            Lost { group: name.clone(), diverged, of }
        });
        lost.filter(|l| l.diverged > 0).collect()
    }

    fn nothing(&self, what: &'static str, hint: impl Into<String>) -> FigureError {
        FigureError::NothingInSweep {
            figure: self.figure,
            sweep: self.input.name.to_string(),
            what,
            hint: hint.into(),
        }
    }
}

/// What a series is called: the settings that tell it from the others, or its activation where there are no
/// others.
fn name(lang: Lang, all: &Ensemble, series: &Series, of: &[(String, String)]) -> String {
    let networks = networks::named(lang, all);
    let word = |key: &str, value: &str| match (key, networks::name_of(&networks, key, value)) {
        (_, Some(network)) => network.to_string(),
        ("activation", None) => lang.run_name(value),
        // These say by themselves what they are.
        ("initialisation" | "optimizer" | "data", None) => value.to_string(),
        (key, None) => lang.setting(key, value),
    };
    let words: Vec<String> = of.iter().map(|(key, value)| word(key, value)).collect();
    if words.is_empty() { lang.run_name(&series.activation) } else { lang.series_name(&words) }
}

/// The whole name of each series.
fn names(lang: Lang, all: &Ensemble) -> Vec<String> {
    all.series.iter().map(|s| name(lang, all, s, &s.key)).collect()
}

/// Series that share a panel: where more than one setting tells them apart, those of one value of the first;
/// else all. Each panel has its title (empty for the only one) and its series by index, with the name that
/// each has there.
fn panels(lang: Lang, all: &Ensemble) -> Vec<(String, Vec<(usize, String)>)> {
    let mut panels: Vec<(String, Vec<(usize, String)>)> = Vec::new();
    for (i, series) in all.series.iter().enumerate() {
        let (title, own) = match series.key.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                (name(lang, all, series, std::slice::from_ref(first)), name(lang, all, series, rest))
            }
            key => (String::new(), name(lang, all, series, key)),
        };
        match panels.iter_mut().find(|p| p.0 == title) {
            Some(panel) => panel.1.push((i, own)),
            None => panels.push((title, vec![(i, own)])),
        }
    }
    panels
}

/// Where each series' panel stands when every series has one: (row, column), and the numbers of rows and
/// columns.
fn places(all: &Ensemble) -> (Vec<(usize, usize)>, usize, usize) {
    let n = all.series.len();
    let firsts: Vec<&str> = all.series.iter().filter_map(|s| s.key.first().map(|k| k.1.as_str())).collect();
    let two = all.series.iter().all(|s| s.key.len() > 1);
    let mut rows: Vec<(&str, usize)> = Vec::new();
    if two {
        for first in firsts {
            match rows.iter_mut().find(|r| r.0 == first) {
                Some(row) => row.1 += 1,
                None => rows.push((first, 1)),
            }
        }
        let widest = rows.iter().map(|r| r.1).max().unwrap_or(1);
        if widest <= ABREAST + 2 {
            let mut seen = vec![0; rows.len()];
            let place = |s: &Series| {
                let row = rows.iter().position(|r| r.0 == s.key[0].1).unwrap_or(0);
                seen[row] += 1;
                (row, seen[row] - 1)
            };
            return (all.series.iter().map(place).collect(), rows.len(), widest);
        }
    }
    let columns = n.min(ABREAST);
    ((0..n).map(|i| (i / columns, i % columns)).collect(), n.div_ceil(columns), columns)
}

/// The settings that all cells share.
fn caption(lang: Lang, drawn: &Sweeps) -> String {
    // What the figure itself varies, or what belongs to a single run.
    const OWN: [&str; 3] = ["architecture", "seed", "status"];
    let mut all = drawn.all.runs().map(|run| settings(lang, &run.summary));
    let mut shared = all.next().unwrap_or_default();
    shared.retain(|(key, _)| !OWN.contains(key));
    for other in all {
        shared.retain(|setting| other.contains(setting));
    }
    let mut words: Vec<String> = shared.into_iter().map(|s| s.1).collect();
    let width = |cell: &Cell| cell.setting("width").to_string();
    if let Some(first) = drawn.input.cells.first().map(width).filter(|w| !w.is_empty())
        && drawn.input.cells.iter().all(|cell| width(cell) == first)
    {
        words.insert(0, lang.setting("width", &first));
    }
    for (notation, name) in networks::named(lang, &drawn.all) {
        if name != notation {
            words.push(lang.named_network(&name, &notation));
        }
    }
    let ends: Vec<u64> = drawn.all.runs().map(|run| run.summary.end()).collect();
    if let Some(first) = ends.first().filter(|first| ends.iter().all(|end| end == *first)) {
        words.push(lang.updates_made(*first));
    }
    lang.caption(&words)
}

/// At most `count` of these, the first and the last among them, evenly spread.
fn spread(all: &[usize], count: usize) -> Vec<usize> {
    if all.len() <= count {
        return all.to_vec();
    }
    (0..count).map(|i| all[i * (all.len() - 1) / (count - 1)]).collect()
}
