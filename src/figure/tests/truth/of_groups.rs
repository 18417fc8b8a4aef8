//! The sentences of sweeps, each with the arithmetic that holds it against the plotted table.

use super::claims::{kind_of, layers};
use super::numbers::{says, says_log10, says_percent, whole};
use super::plotted::Point;
use super::sweeps::{Claim, Facts};

/// Is this the smallest or the largest of a number that the groups have, of those that lost no run?
pub fn extreme(
    facts: &Facts,
    depth: usize,
    ends: [(&str, &str); 2],
    groups: usize,
    whole_only: bool,
    of: impl Fn(&str) -> Option<f64>,
    said: fn(&str, f64) -> bool,
) -> bool {
    let kept = |group: &&&str| !whole_only || facts.diverged(Some(group), Some(depth))[0] == 0;
    let all = facts.groups();
    let known: Vec<(&str, f64)> = all.iter().filter(kept).filter_map(|g| Some((*g, of(g)?))).collect();
    let low = known.iter().map(|k| k.1).fold(f64::INFINITY, f64::min);
    let high = known.iter().map(|k| k.1).fold(f64::NEG_INFINITY, f64::max);
    let is = |(text, group): (&str, &str), x: f64| {
        said(text, x) && known.iter().any(|k| k.1 == x && (group.is_empty() || k.0 == group))
    };
    known.len() == groups && is(ends[0], low) && is(ends[1], high)
}

pub const ACCURACY: &[Claim] = &[
    ("{w}: median training accuracy {n} % with {i} hidden {w}, {n} % with {i}", |f, h| {
        f.seeds() > 1 && two_depths(f, [&h[0], &h[1], &h[2], &h[4], &h[5]])
    }),
    ("{w}: training accuracy {n} % with {i} hidden {w}, {n} % with {i}", |f, h| {
        f.seeds() == 1 && two_depths(f, [&h[0], &h[1], &h[2], &h[4], &h[5]])
    }),
    ("{w}: training accuracy {n} % or more in every run", |f, h| {
        let all = f.every(&h[0]);
        says_percent(&h[1], all.iter().copied().fold(f64::INFINITY, f64::min))
    }),
    ("{w}: training accuracy {n} % or less in every run", |f, h| {
        let all = f.every(&h[0]);
        says_percent(&h[1], all.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }),
    ("{i} hidden {w}: median training accuracy of {i} groups from {n} % ({w}) to {n} % ({w})", from_to),
    ("{i} hidden {w}: training accuracy of {i} groups from {n} % ({w}) to {n} % ({w})", from_to),
];

pub fn two_depths(f: &Facts, [group, a, depth_a, b, depth_b]: [&str; 5]) -> bool {
    let is = |text: &str, depth: &str| f.at_depth(group, whole(depth)).is_some_and(|x| says_percent(text, x));
    is(a, depth_a) && is(b, depth_b)
}

pub fn from_to(f: &Facts, h: &[String]) -> bool {
    let depth = whole(&h[0]);
    let ends = [(h[3].as_str(), h[4].as_str()), (h[5].as_str(), h[6].as_str())];
    extreme(f, depth, ends, whole(&h[2]), true, |g| f.at_depth(g, depth), says_percent)
}

pub const ERRORS: &[Claim] = &[
    ("Median training error of {i} groups from {n} % ({w}) to {n} % ({w})", error_from_to),
    ("Training error of {i} groups from {n} % ({w}) to {n} % ({w})", error_from_to),
    (
        "The deeper network has the higher training error: {n} % with {i} hidden layers, {n} % with {i}; test error {n} % and {n} %",
        |f, h| {
            let test = |line: String, text: &str| {
                let row = f.plots.values().find_map(|p| p.row(&format!("{line} (dashed)")));
                row.and_then(|row| row.iter().rev().find_map(|p| p.value))
                    .is_some_and(|x| says_percent(text, x))
            };
            let name = |depth: &str| {
                if depth == "1" { "1 hidden layer".into() } else { format!("{depth} hidden layers") }
            };
            let [deep, shallow] = [name(&h[1]), name(&h[3])];
            let train = |line: &str, text: &str| f.end(line).is_some_and(|x| says_percent(text, x));
            train(&deep, &h[0])
                && train(&shallow, &h[2])
                && f.end(&deep) > f.end(&shallow)
                && test(deep.clone(), &h[4])
                && test(shallow.clone(), &h[5])
        },
    ),
    ("{w}: median training error {n} %, median test error {n} %", |f, h| {
        f.seeds() > 1 && error_at(f, &h[0], &h[1], &h[2])
    }),
    ("{w}: training error {n} %, test error {n} %", |f, h| {
        f.seeds() == 1 && error_at(f, &h[0], &h[1], &h[2])
    }),
];

pub fn error_at(f: &Facts, line: &str, train: &str, test: &str) -> bool {
    let (panel, own) = line.split_once(", ").unwrap_or(("", line));
    let row = f
        .plots
        .values()
        .filter(|p| panel.is_empty() || p.title == panel)
        .find_map(|p| p.row(&format!("{own} (dashed)")));
    let last = row.and_then(|row| row.iter().rev().find_map(|p| p.value));
    f.end(line).is_some_and(|x| says_percent(train, x)) && last.is_some_and(|x| says_percent(test, x))
}

/// Every solid line of every panel whose runs all finished: its name and where it ends.
pub fn error_from_to(f: &Facts, h: &[String]) -> bool {
    let mut ends: Vec<(String, f64)> = Vec::new();
    for plot in f.plots.values() {
        for (line, points) in plot.rows.iter().filter(|r| !r.0.contains('(') && !r.0.contains("chance")) {
            let name = if plot.title == "error" { line.clone() } else { format!("{}, {line}", plot.title) };
            let depth = line.split_once(" hidden").map(|d| whole(d.0));
            let group = if f.groups().contains(&plot.title.as_str()) { &plot.title } else { line };
            let group = if f.groups().contains(&group.as_str()) { Some(group.as_str()) } else { None };
            if f.diverged(group, depth)[0] == 0
                && let Some(end) = points.iter().rev().find_map(|p| p.value)
            {
                ends.push((name, end));
            }
        }
    }
    let low = ends.iter().map(|e| e.1).fold(f64::INFINITY, f64::min);
    let high = ends.iter().map(|e| e.1).fold(f64::NEG_INFINITY, f64::max);
    let is = |text: &str, name: &str, x: f64| says_percent(text, x) && ends.contains(&(name.to_string(), x));
    ends.len() == whole(&h[0]) && is(&h[1], &h[2], low) && is(&h[3], &h[4], high)
}

pub const TRIANGLE: &[Claim] = &[
    ("{w}: the {w} of the hidden layers are about equal", |f, h| {
        let column = logs(f, &h[0]);
        let finite = || column[..column.len().saturating_sub(1)].iter().copied().filter(|x| x.is_finite());
        finite().fold(f64::MIN, f64::max) - finite().fold(f64::MAX, f64::min) < 1.06f64.log10()
    }),
    ("{i} hidden {w}: layer 1's {w} at the first step is {n} ({w}) to {n} ({w}) in {i} groups", |f, h| {
        let ends = [(h[3].as_str(), h[4].as_str()), (h[5].as_str(), h[6].as_str())];
        triangle_extremes(f, whole(&h[0]), ends, whole(&h[7]), false, says)
    }),
    ("{i} hidden {w}: layer 1's {w} at the first step is {n} in all {i} groups", |f, h| {
        let ends = [(h[3].as_str(), ""), (h[3].as_str(), "")];
        triangle_extremes(f, whole(&h[0]), ends, whole(&h[4]), false, says)
    }),
    ("{i} hidden {w}: layer 1 moved by {n} % ({w}) to {n} % ({w}) in {i} groups", |f, h| {
        let ends = [(h[2].as_str(), h[3].as_str()), (h[4].as_str(), h[5].as_str())];
        triangle_extremes(f, whole(&h[0]), ends, whole(&h[6]), true, says_percent)
    }),
    ("{i} hidden {w}: layer 1 moved by {n} % in all {i} groups", |f, h| {
        let ends = [(h[2].as_str(), ""), (h[2].as_str(), "")];
        triangle_extremes(f, whole(&h[0]), ends, whole(&h[3]), true, says_percent)
    }),
    ("{w}: layer {i} moved by {n} % of its initial norm, layer {i} by {n} %", |f, h| {
        moves(f, &h[0], &h[1], &h[2]) && moves(f, &h[0], &h[3], &h[4])
    }),
    ("{w}: layer {i} moved by {n} % of its initial norm", |f, h| moves(f, &h[0], &h[1], &h[2])),
    ("{w}: layer 1's {w} is {n} times smaller than layer {i}'s", |f, h| {
        triangle_ratio(f, &h[0], &h[2], -1.0, &h[3])
    }),
    ("{w}: layer 1's {w} is {n} times larger than layer {i}'s", |f, h| {
        triangle_ratio(f, &h[0], &h[2], 1.0, &h[3])
    }),
    ("{w}: the {w} of the hidden layers differ by a factor of {n}", |f, h| {
        let column = logs(f, &h[0]);
        let hidden = &column[..column.len().saturating_sub(1)];
        let finite = || hidden.iter().copied().filter(|x| x.is_finite());
        says_log10(&h[2], finite().fold(f64::MIN, f64::max) - finite().fold(f64::MAX, f64::min))
    }),
    ("{w}: layer 1's {w} is {n} at the first step", |f, h| {
        logs(f, &h[0]).first().is_some_and(|x| says_log10(&h[2], *x))
    }),
    ("{w}: layer 1's {w} is {n}", |f, h| logs(f, &h[0]).first().is_some_and(|x| says_log10(&h[2], *x))),
    ("{w}: the {w} of {w} are {w} at the first step", |f, h| kinds(f, &h[0], &h[2], &h[3])),
    ("{w}: layer 1's {w} is {w} at the first step", |f, h| kinds(f, &h[0], "layer 1", &h[2])),
    ("{w}: the {w} of {w} are exactly zero", |f, h| kinds(f, &h[0], &h[2], "exactly zero")),
    ("{w}: the {w} of {w} are too small to be stored", |f, h| {
        kinds(f, &h[0], &h[2], "too small to be stored")
    }),
    ("{w}: the {w} of {w} are not a number", |f, h| kinds(f, &h[0], &h[2], "not a number")),
    ("{w}: the {w} of {w} are infinite", |f, h| kinds(f, &h[0], &h[2], "infinite")),
    ("{w}: the {w} of {w} are not recorded", |f, h| kinds(f, &h[0], &h[2], "not recorded")),
    ("{w}: layer 1's {w} is exactly zero", |f, h| kinds(f, &h[0], "layer 1", "exactly zero")),
    ("{w}: layer 1's {w} is too small to be stored", |f, h| {
        kinds(f, &h[0], "layer 1", "too small to be stored")
    }),
    ("{w}: layer 1's {w} is not a number", |f, h| kinds(f, &h[0], "layer 1", "not a number")),
    ("{w}: layer 1's {w} is infinite", |f, h| kinds(f, &h[0], "layer 1", "infinite")),
    ("{w}: layer 1's {w} is not recorded", |f, h| kinds(f, &h[0], "layer 1", "not recorded")),
    ("{w}: {w} have not moved at all", |f, h| kinds(f, &h[0], &h[1], "exactly zero")),
    ("{w}: {w} has not moved at all", |f, h| kinds(f, &h[0], &h[1], "exactly zero")),
    ("{w}: {w} moved too little to be stored", |f, h| kinds(f, &h[0], &h[1], "too small to be stored")),
    ("{w}: {w} are not finite in the end", |f, h| {
        kinds(f, &h[0], &h[1], "not a number") || kinds(f, &h[0], &h[1], "infinite")
    }),
    ("{w}: {w} is not finite in the end", |f, h| {
        kinds(f, &h[0], &h[1], "not a number") || kinds(f, &h[0], &h[1], "infinite")
    }),
    ("{w}: the movement of {w} has no unit: {w} initial norm is 0 or unknown", |f, h| {
        kinds(f, &h[0], &h[1], "not recorded")
    }),
    ("{w}: the movement of {w} was not recorded", |f, h| kinds(f, &h[0], &h[1], "not recorded")),
];

/// The deepest network of a group that is named with its depth or without: log10 of its cells.
pub fn logs(f: &Facts, head: &str) -> Vec<f64> {
    cells(f, head).iter().map(|p| p.value.filter(|x| *x > 0.0).map_or(f64::NAN, f64::log10)).collect()
}

pub fn cells<'f>(f: &'f Facts, head: &str) -> Vec<&'f Point> {
    let group = head.split(", ").next().unwrap_or("").trim();
    let deepest = f.cells.iter().map(|c| whole(c.setting("hidden_layers"))).max().unwrap_or(0);
    f.column(group, deepest).unwrap_or_default()
}

/// The cells of these layers are what the words say, and those of no other layer are.
pub fn kinds(f: &Facts, head: &str, which: &str, words: &str) -> bool {
    let Some(named) = layers(which) else { return false };
    let kind = kind_of(words);
    let cells = cells(f, head);
    let of_kind = (1..=cells.len()).filter(|l| kind == Some(cells[l - 1].kind.as_str()));
    if which == "layer 1" { cells[0].kind == kind.unwrap_or("") } else { of_kind.eq(named) }
}

pub fn triangle_ratio(f: &Facts, head: &str, factor: &str, sign: f64, layer: &str) -> bool {
    let logs = logs(f, head);
    whole(layer) + 1 == logs.len() && says_log10(factor, sign * (logs[0] - logs[whole(layer) - 1]))
}

pub fn triangle_extremes(
    f: &Facts,
    depth: usize,
    ends: [(&str, &str); 2],
    groups: usize,
    whole_only: bool,
    said: fn(&str, f64) -> bool,
) -> bool {
    extreme(f, depth, ends, groups, whole_only, |g| f.column(g, depth)?.first()?.value, said)
}

pub fn moves(f: &Facts, head: &str, layer: &str, share: &str) -> bool {
    let cells = cells(f, head);
    cells.get(whole(layer) - 1).and_then(|p| p.value).is_some_and(|x| says_percent(share, x))
}

pub const OF_ALL: &[Claim] = &[
    ("{i} of {i} seeds diverged with {w}", |f, h| lost(f, &h[0], &h[1], &h[2])),
    ("{i} of {i} runs diverged", |f, h| {
        let groups = f.groups();
        let mut counts = groups.iter().flat_map(|g| {
            let depths = [None, Some(1), Some(2), Some(3), Some(4), Some(6)];
            depths.map(|depth| f.diverged(Some(g), depth))
        });
        counts.any(|c| c == [whole(&h[0]), whole(&h[1])])
    }),
    ("runs of {i} groups diverged", |_, h| whole(&h[0]) > 2),
    ("Runs of {i} groups diverged", |_, h| whole(&h[0]) > 2),
    ("(median of {i} seeds)", |f, h| whole(&h[0]) == f.seeds() && f.seeds() > 1),
    ("(medians)", |f, _| f.seeds() > 1),
    ("{i} hidden layers", |f, h| f.cells.iter().any(|c| c.setting("hidden_layers") == h[0])),
    ("1 hidden layer", |f, _| f.cells.iter().any(|c| c.setting("hidden_layers") == "1")),
];

pub fn lost(f: &Facts, diverged: &str, of: &str, name: &str) -> bool {
    let groups = f.groups();
    let group = groups.iter().find(|g| name.starts_with(**g)).copied();
    let depths = [None, Some(1), Some(2), Some(3), Some(4), Some(6)];
    depths.iter().any(|depth| f.diverged(group, *depth) == [whole(diverged), whole(of)])
}
