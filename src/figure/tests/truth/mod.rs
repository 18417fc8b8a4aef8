//! Every number and every bound of a title and a reading, held against the table of its figure.
//!
//! Runs and sweeps are made up: some diverged, stand still, have one step, lack metrics, or hold what is no
//! number. A text is read sentence by sentence ([`said`]); each sentence is checked by arithmetic of its own
//! ([`claims`]), and what no sentence claims must hold no digit and no bound. The Chinese text must say the
//! same numbers and as many bounds.

mod claims;
mod numbers;
mod plotted;
mod records;
mod said;
mod template;

use super::*;
use claims::{Claim, Facts};
use records::Dice;

/// Words that set a bound; only a checked sentence may say them.
const BOUNDS: [[&str; 2]; 4] =
    [["at most", "至多"], ["or more", "不低于"], ["or less", "不高于"], ["up to", "至多"]];

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
    let free = rest.contains(|c: char| c.is_ascii_digit()) || BOUNDS.iter().any(|b| rest.contains(b[0]));
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

fn map_of(name: &str, record: &Record) -> Option<plotted::Plot> {
    let figure = build(name, std::slice::from_ref(record), &Options::default()).ok()?;
    plotted::plots(&figure).remove(&1)
}

fn facts<'a>(run: &'a Summary<'a>, name: &'static str, figure: &Figure) -> Facts<'a> {
    Facts {
        run,
        name,
        plots: plotted::plots(figure),
        signal: map_of("signal-heatmap", run.record()),
        gradient: map_of("gradient-heatmap", run.record()),
    }
}

/// Numbers without their order; a denominator is as good as the number.
fn sizes(text: &str) -> Vec<f64> {
    let sizes = template::numbers(text).into_iter().map(|n| numbers::log10(&n).abs());
    let mut all: Vec<f64> = sizes.collect();
    all.sort_by(f64::total_cmp);
    all
}

fn same_in_chinese(english: &str, chinese: &str) -> bool {
    // Chinese says one number of `layer 1's` in every clause as well.
    let (a, b) = (sizes(english), sizes(chinese));
    let bounds = |text: &str, lang: usize| -> usize {
        let words: std::collections::BTreeSet<&str> = BOUNDS.iter().map(|b| b[lang]).collect();
        words.iter().map(|word| text.matches(word).count()).sum()
    };
    a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| a == b || (a - b).abs() < 0.05)
        && bounds(english, 0) == bounds(chinese, 1)
}

#[test]
fn titles_and_readings_of_runs_say_what_their_tables_hold() {
    let mut checked = 0;
    for seed in 0..250 {
        let mut dice = Dice::of(seed);
        let layers = dice.whole(1, 9) as usize;
        let record = records::run(&mut dice, layers);
        let run = Summary::new(&record).unwrap();
        for name in NAMES {
            let one = std::slice::from_ref(&record);
            let Ok(figure) = build(name, one, &Options::default()) else { continue };
            let facts = facts(&run, name, &figure);
            let chinese = build(name, one, &Options::new(Lang::Zh)).unwrap();
            for (text, zh) in [(&figure.title, &chinese.title), (&figure.reading, &chinese.reading)] {
                let (text, zh) = (plain(text), plain(zh));
                if let Some(why) = wrong(&text, &facts, said::OF_A_RUN) {
                    panic!("seed {seed}, {name}: {text}\n{why}");
                }
                assert!(same_in_chinese(&text, &zh), "seed {seed}, {name}: {text}\n{zh}");
                checked += 1;
            }
        }
    }
    assert!(checked > 2000, "{checked}");
}

/// The test can fail: one digit of a title changed, and one layer.
#[test]
fn a_wrong_number_or_layer_in_a_title_is_found() {
    let record = Synthetic::default().record();
    let run = Summary::new(&record).unwrap();
    let figure = one("gradient-heatmap", &record);
    let facts = facts(&run, "gradient-heatmap", &figure);
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
