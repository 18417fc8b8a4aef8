//! Alt texts: short, without nameless things, and true of the table.

use std::collections::BTreeMap;

use super::numbers::{says, says_percent, whole};
use super::plotted::{Plot, Point, plots};
use super::records::{self, Dice};
use super::{NAMES, plain, template};
use crate::figure::chart::Figure;
use crate::figure::tests::testing::healthy;
use crate::figure::{Options, build};
use crate::text::Lang;

/// Longer ones are not listened to.
const LONGEST: usize = 1500;

struct Facts {
    plots: BTreeMap<usize, Plot>,
}

impl Facts {
    /// Every map alone, and those that share a scale: the label of the scale ends their titles.
    fn groups(&self) -> Vec<Vec<&Plot>> {
        let maps: Vec<&Plot> = self.plots.values().filter(|p| !is_curves(p)).collect();
        let label = |p: &Plot| p.title.rsplit(", ").next().unwrap_or("").to_string();
        let of_one_scale =
            maps.iter().map(|m| maps.iter().copied().filter(|o| label(o) == label(m)).collect());
        maps.iter().map(|m| vec![*m]).chain(of_one_scale).collect()
    }

    fn reaches(&self, low: &str, high: &str) -> bool {
        self.groups().iter().any(|group| {
            let finite = || {
                group.iter().flat_map(|p| p.points()).filter(|p| p.kind == "finite").filter_map(|p| p.value)
            };
            let (a, b) = (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
            written(low, a) && written(high, b)
        })
    }

    fn special(&self, share: &str) -> bool {
        self.groups().iter().any(|group| {
            let all = || group.iter().flat_map(|p| p.points());
            ["zero", "underflow", "nan", "infinite", "missing"].iter().any(|kind| {
                let count = all().filter(|p| p.kind == *kind).count();
                count > 0 && says_percent(share, count as f64 / all().count() as f64)
            })
        })
    }

    fn curve(&self, panel: &str, name: &str) -> Option<&[Point]> {
        self.plots.values().filter(|p| p.title == panel).find_map(|p| p.row(name))
    }
}

fn is_curves(plot: &Plot) -> bool {
    ["loss", "accuracy", "error"].contains(&plot.title.as_str()) || plot.points().any(|p| p.from == p.to)
}

/// A number, or a share in per cent.
fn written(text: &str, x: f64) -> bool {
    match text.strip_suffix(" %") {
        Some(percent) => says_percent(percent, x),
        None => says(text, x),
    }
}

fn ends(points: &[Point]) -> Option<(f64, f64)> {
    let mut finite = points.iter().filter_map(|p| p.value);
    let first = finite.next()?;
    Some((first, finite.next_back().unwrap_or(first)))
}

type Claim = (&'static str, fn(&Facts, &[String]) -> bool);

const CLAIMS: &[Claim] = &[
    (
        "Heatmap of the {w}: {i} layers, the input side at the bottom, against {i} recorded {w} from step {i} to step {i}",
        |f, h| {
            f.groups().iter().any(|group| {
                let row = &group[0].rows[0].1;
                let edge = |p: &Point, text: &str| p.from.is_some_and(|x| x as usize == whole(text));
                group[0].rows.len() == whole(&h[1])
                    && row.len() == whole(&h[2])
                    && edge(&row[0], &h[4])
                    && edge(&row[row.len() - 1], &h[5])
            })
        },
    ),
    ("{i} heatmaps of the {w}", |f, h| f.groups().iter().any(|g| g.len() == whole(&h[0]))),
    ("Finite values reach from {n} % to {n} %.", |f, h| {
        f.reaches(&format!("{} %", h[0]), &format!("{} %", h[1]))
    }),
    ("Finite values reach from {n} to {n}.", |f, h| f.reaches(&h[0], &h[1])),
    ("{n} % of the cells have no colour of the scale", |f, h| f.special(&h[0])),
    ("(no unit: initial norm is 0)", |_, _| true),
    ("(no unit: all parameters are 0)", |_, _| true),
    ("Marked at {i}: kept: step {i}.", |_, h| h[0] == h[1]),
    ("Marked at {i}: diverged.", |_, _| true),
    ("Marked at {i}: accuracy collapsed.", |_, _| true),
    ("{w}: from {n} % to {n} %.", |f, h| course(f, h, " %")),
    ("{w}: from {n} to {n}.", |f, h| course(f, h, "")),
    ("{w} line charts", |_, _| true),
    ("Drawn grey, {w}: still random: moved less than 1 %", |_, h| super::claims::layers(&h[0]).is_some()),
    ("Drawn grey, {w}: {w}", |_, h| super::claims::layers(&h[0]).is_some()),
];

/// `panel, name` from its first to its last value.
fn course(f: &Facts, h: &[String], unit: &str) -> bool {
    let cuts = h[0].match_indices(", ").map(|(i, _)| (&h[0][..i], &h[0][i + 2..]));
    let known = cuts.filter_map(|(panel, name)| ends(f.curve(panel, name)?));
    let both =
        |(a, b): (f64, f64)| written(&format!("{}{unit}", h[1]), a) && written(&format!("{}{unit}", h[2]), b);
    known.into_iter().any(both)
}

/// What is wrong in the description of a figure.
fn wrong(figure: &Figure) -> Option<String> {
    let facts = Facts { plots: plots(figure) };
    let text = plain(&figure.description);
    if text.chars().count() > LONGEST || text.contains(", :") || text.contains(": :") {
        return Some(format!("{} characters, or something without a name", text.chars().count()));
    }
    let mut rest = text.replacen(&plain(&figure.title), "", 1).replacen(&plain(&figure.subtitle), "", 1);
    if let Some(why) = last_values(&facts, &mut rest) {
        return Some(why);
    }
    for (template, holds) in CLAIMS {
        while let Some((range, holes)) = template::find(template, &rest) {
            if !holds(&facts, &holes) {
                return Some(format!("`{}` does not hold", &rest[range]));
            }
            rest.replace_range(range, "§");
        }
    }
    rest.contains(|c: char| c.is_ascii_digit()).then(|| format!("nobody claims `{rest}`"))
}

/// Each layer's last value is the last one of its row that was recorded.
fn last_values(facts: &Facts, rest: &mut String) -> Option<String> {
    for start in
        ["Last values by layer, input side first: ", "relative to its initial norm, input side first: "]
    {
        while let Some(at) = rest.find(start) {
            let from = at + start.len();
            let end = rest[from..].find(". ").map_or(rest.len() - 1, |e| from + e);
            let said: Vec<String> = rest[from..end].split(", ").map(str::to_string).collect();
            let right = |plot: &&Plot| {
                plot.rows.len() == said.len()
                    && plot.rows.iter().zip(&said).all(|((_, row), text)| {
                        let last = row.iter().rev().find(|p| p.kind != "missing");
                        match last
                            .and_then(|p| p.value)
                            .filter(|_| text.contains(|c: char| c.is_ascii_digit()))
                        {
                            Some(x) => written(text, x),
                            None => last.is_none_or(|p| p.kind != "finite"),
                        }
                    })
            };
            if !facts.plots.values().any(|plot| right(&plot)) {
                return Some(format!("`{}` does not hold", &rest[from..end]));
            }
            rest.replace_range(at..end, "§");
        }
    }
    None
}

#[test]
fn alt_texts_are_short_and_say_what_the_table_holds() {
    let (mut checked, mut faults) = (0, Vec::new());
    for seed in 0..40 {
        let mut dice = Dice::of(5000 + seed);
        let layers = dice.whole(2, 9) as usize;
        let mut record = records::run(&mut dice, layers);
        // Names without numbers: those of a text are checked.
        record.header.run = "first".into();
        let pair = [record.clone(), healthy().record()];
        let figures = NAMES.iter().map(|name| (*name, &pair[..1])).chain([("comparison", &pair[..])]);
        for (name, runs) in figures {
            let Ok(figure) = build(name, runs, &Options::default()) else { continue };
            faults.extend(
                wrong(&figure)
                    .map(|why| format!("seed {seed}, {name}: {why}\n{}\n", plain(&figure.description))),
            );
            let chinese = build(name, runs, &Options::new(Lang::Zh)).unwrap().description;
            assert!(
                chinese.chars().count() <= LONGEST && !chinese.contains("，：") && !chinese.contains("：："),
                "{chinese}"
            );
            checked += 1;
        }
    }
    assert!(faults.is_empty(), "{} of {checked}\n{}", faults.len(), faults.join("\n"));
    assert!(checked > 250, "{checked}");
}

#[test]
fn a_wrong_alt_text_is_found() {
    let mut figure =
        build("movement-heatmap", std::slice::from_ref(&healthy().record()), &Options::default()).unwrap();
    assert_eq!(wrong(&figure), None);
    let right = figure.description.clone();
    figure.description = right.replace("9 layers", "8 layers");
    assert!(right != figure.description && wrong(&figure).is_some());
    figure.description = right.replacen("reach from ", "reach from 1", 1);
    assert!(right != figure.description && wrong(&figure).is_some());
}
