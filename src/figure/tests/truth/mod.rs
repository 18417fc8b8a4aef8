//! Every number and every bound of a title and a reading, held against the table of its figure.
//!
//! Runs and sweeps are made up: some diverged, stand still, have one step, lack metrics, or hold what is no
//! number. A text is read sentence by sentence ([`said`]); each sentence is checked by arithmetic of its own
//! ([`claims`]), and what no sentence claims must hold no digit and no bound. The Chinese text must say the
//! same numbers and as many bounds.

mod claims;
mod described;
mod numbers;
mod of_groups;
mod plotted;
mod records;
mod said;
mod sweeps;
mod template;

use std::collections::BTreeMap;

use super::*;
use claims::{Claim, Facts};
use records::Dice;

/// Words that set a bound; only a checked sentence may say them.
const BOUNDS: [[&str; 2]; 5] =
    [["at most", "至多"], ["or more", "不低于"], ["or less", "不高于"], ["up to", "至少"], ["", "最高"]];

/// What is wrong in a text: a sentence that does not hold, or a number or bound that no sentence claims.
fn wrong(text: &str, facts: &Facts, claims: &[Claim]) -> Option<String> {
    let mut rest = text.to_string();
    for claim in claims {
        while let Some((range, holes)) = template::find(claim.template, &rest) {
            if !(claim.holds)(facts, &holes) {
                return Some(format!("`{}` does not hold", &rest[range]));
            }
            rest.replace_range(range, "§");
        }
    }
    let free = rest.contains(|c: char| c.is_ascii_digit())
        || BOUNDS.iter().any(|b| !b[0].is_empty() && rest.contains(b[0]));
    free.then(|| format!("nobody claims `{rest}`"))
}

fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// The figures of one run whose sentences are checked.
const NAMES: [&str; 9] = [
    "gradient-heatmap",
    "signal-heatmap",
    "update-heatmap",
    "movement-heatmap",
    "convergence-heatmap",
    "layer-profile",
    "training-curves",
    "gradient-norm",
    "activation-heatmap",
];

fn facts<'a>(run: &'a Summary<'a>) -> Facts<'a> {
    let nouns = [
        ("batch-mean gradient", GradientMetric::BatchMean),
        ("per-sample gradient", GradientMetric::PerSample),
        ("backward signal", GradientMetric::Signal),
    ];
    let map = |(noun, metric)| {
        let options = Options::default().with(Some(metric));
        let figure = build("gradient-heatmap", std::slice::from_ref(run.record()), &options).ok()?;
        Some((noun, plotted::plots(&figure).remove(&1)?))
    };
    Facts { run, name: "", plots: BTreeMap::new(), maps: nouns.into_iter().filter_map(map).collect() }
}

/// Numbers without their order; a denominator is as good as the number.
fn sizes(text: &str) -> Vec<f64> {
    let text = text.replace("1/", "");
    let sizes = template::numbers(&text).into_iter().map(|n| numbers::log10(&n).abs());
    let mut all: Vec<f64> = sizes.collect();
    all.sort_by(f64::total_cmp);
    all
}

fn same_in_chinese(english: &str, chinese: &str) -> bool {
    // A long title leaves out how many layers there are, in one language and not in the other.
    let english = english.split_once(": ").map_or(english, |t| t.1);
    let chinese = chinese.split_once('：').map_or(chinese, |t| t.1);
    let (a, b) = (sizes(english), sizes(chinese));
    let bounds = |text: &str, lang: usize| -> usize {
        let words: std::collections::BTreeSet<&str> = BOUNDS.iter().map(|b| b[lang]).collect();
        words.iter().filter(|w| !w.is_empty()).map(|word| text.matches(word).count()).sum()
    };
    a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| a == b || (a - b).abs() < 0.05)
        && bounds(english, 0) == bounds(chinese, 1)
}

#[test]
fn titles_and_readings_of_runs_say_what_their_tables_hold() {
    let (mut checked, mut faults) = (0, Vec::new());
    for seed in 0..70 {
        let mut dice = Dice::of(seed);
        let layers = dice.whole(1, 9) as usize;
        let record = records::run(&mut dice, layers);
        let run = Summary::new(&record).unwrap();
        let mut facts = facts(&run);
        for name in NAMES {
            let one = std::slice::from_ref(&record);
            let Ok(figure) = build(name, one, &Options::default()) else { continue };
            (facts.name, facts.plots) = (name, plotted::plots(&figure));
            let chinese = build(name, one, &Options::new(Lang::Zh)).unwrap();
            for (text, zh) in [(&figure.title, &chinese.title), (&figure.reading, &chinese.reading)] {
                let (text, zh) = (plain(text), plain(zh));
                let why = wrong(&text, &facts, said::OF_A_RUN)
                    .or_else(|| (!same_in_chinese(&text, &zh)).then(|| format!("other numbers in {zh}")));
                faults.extend(why.map(|why| format!("seed {seed}, {name}: {text}\n{why}\n")));
                checked += 1;
            }
        }
    }
    assert!(faults.is_empty(), "{} of {checked}\n{}", faults.len(), faults.join("\n"));
    assert!(checked > 900, "{checked}");
}

/// The test can fail: one digit of a title changed, and one layer.
#[test]
fn a_wrong_number_or_layer_in_a_title_is_found() {
    let record = Synthetic::default().record();
    let run = Summary::new(&record).unwrap();
    let figure = one("gradient-heatmap", &record);
    let mut facts = facts(&run);
    (facts.name, facts.plots) = ("gradient-heatmap", plotted::plots(&figure));
    let wrong = |title: &str| wrong(title, &facts, said::OF_A_RUN);
    assert_eq!(wrong(&figure.title), None);
    for (right, other) in [
        ("16,000", "17,000"),
        ("smaller", "larger"),
        ("layer 8", "layer 7"),
        ("11 %", "12 %"),
        ("8 hidden", "9 hidden"),
        ("is 16,000", "is at most 16,000"),
    ] {
        let changed = figure.title.replace(right, other);
        assert!(changed != figure.title && wrong(&changed).is_some(), "{changed}");
    }
}
