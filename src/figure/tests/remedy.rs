//! The figure of remedies: its rows against the trials, its words, in both languages.

use super::chart::Dots;
use super::*;
use crate::diagnosis::Branch;
use crate::figure::flow::Tone;
use crate::figure::remedy::{branch, cured, result};
use crate::record::trial::{Trial, Trials, digest};
use crate::text::Lang;

fn trial(name: &str, kind: &str, fits: bool, faults: &[&str], accuracy: [f64; 2]) -> Trial {
    let mut record = Synthetic::default().record();
    record.evals.values_mut(crate::record::TRAIN_ACCURACY).fill(accuracy[0]);
    record.evals.values_mut(crate::record::TEST_ACCURACY).fill(accuracy[1]);
    Trial {
        name: name.into(),
        kind: kind.into(),
        fits,
        faults: faults.iter().map(|f| f.to_string()).collect(),
        conclusion: if faults.is_empty() { "healthy" } else { "faulty" }.into(),
        changes: Vec::new(),
        result: Ok(digest(&record).unwrap()),
        seconds: 1.0,
    }
}

fn ill() -> Trials {
    let failed = Trial {
        result: Err("a batch of one sample".into()),
        ..trial("batch-norm", "normalisation", true, &[], [0.0; 2])
    };
    Trials {
        before: trial("sigmoid", "", false, &["vanishing-gradient"], [0.25, 0.2]),
        after: vec![
            trial("dropout", "dropout", false, &["vanishing-gradient"], [0.11, 0.1]),
            trial("momentum", "momentum", false, &["vanishing-gradient"], [0.3, 0.2]),
            trial(
                "adam",
                "adaptive-rate",
                true,
                &["vanishing-gradient", "rate", "diverged", "dead-units"],
                [0.5, 0.4],
            ),
            trial("relu", "new-activation", true, &["overfitting"], [0.975, 0.85]),
            trial("selu", "new-activation", true, &[], [0.96, 0.95]),
            failed,
        ],
    }
}

fn dots(trials: &Trials, lang: Lang) -> (Figure, Dots) {
    let figure = build("remedy", trials, &Options::new(lang)).unwrap();
    match &figure.panels[0].panel {
        Panel::Dots(d) => (figure.clone(), d.clone()),
        _ => panic!("dots"),
    }
}

#[test]
fn rows_that_fit_come_first_and_the_best_of_them_at_the_top() {
    let (figure, d) = dots(&ill(), Lang::En);
    let rows: Vec<(&str, Tone)> = d.rows.iter().map(|r| (r.label.as_str(), r.tone)).collect();
    use Tone::{Greyed, Open, Taken};
    let expected = [
        ("as it was", Open),
        ("ReLU", Taken),
        ("SELU", Taken),
        ("Adam", Taken),
        ("batch normalisation", Taken),
        ("momentum", Greyed),
        ("dropout", Greyed),
    ];
    assert_eq!(rows, expected);
    assert_eq!(d.rows[1].values, [Some(0.975), Some(0.85)]);
    assert_eq!(d.rows[4].values, [None; 2]);
    assert_eq!(d.rows[4].words, "not trained: a batch of one sample");
    assert_eq!(d.rows[1].words, "overfitting");
    // A key that this program does not know is no word.
    assert_eq!(d.rows[3].words, "vanishing gradient, diverged, and 1 more");
    assert!(d.rows[5].words.ends_with("it is not advised for this verdict"));
    assert!(d.rows[6].words.contains("has not learned yet"));
    assert_eq!(
        figure.title.replace('\u{a0}', " "),
        "Sigmoid, 8 hidden layers: training accuracy 25.0 % → 97.5 % with ReLU; 2 of 4 remedies cure it; momentum does not fit: training 30.0 %"
    );
    assert_eq!((d.x.low, d.x.high), (0.0, 1.0));
}

#[test]
fn on_the_test_side_the_test_accuracy_counts() {
    let trials = Trials {
        before: trial("relu", "", false, &["overfitting"], [1.0, 0.83]),
        after: vec![
            trial("l2", "weight-decay", true, &[], [0.95, 0.9]),
            trial("dropout", "dropout", true, &["overfitting"], [1.0, 0.85]),
            trial("leaky-relu", "new-activation", false, &["overfitting"], [1.0, 0.82]),
        ],
    };
    assert_eq!(branch(&trials), crate::diagnosis::Branch::Test);
    let (figure, d) = dots(&trials, Lang::En);
    assert_eq!(d.rows[1].label, "L2");
    assert!(d.rows[3].words.ends_with("this one is already good on its training set"));
    let title = figure.title.replace('\u{a0}', " ");
    assert!(title.contains("test accuracy 83.0 % → 90.0 % with L2; 1 of 2 remedies cures it"), "{title}");
    // The axis shows what differs, and holds every number.
    assert!(d.x.low > 0.5 && d.rows.iter().flat_map(|r| r.values).flatten().all(|v| v >= d.x.low));
}

#[test]
fn cured_is_who_has_no_fault_of_the_branch_left() {
    let trials = ill();
    let cures: Vec<bool> = trials.after.iter().map(|t| cured(t, branch(&trials))).collect();
    assert_eq!(cures, [false, false, false, true, true, false]);
    for conclusion in ["unexplained", "undecided"] {
        let unsure = Trial { conclusion: conclusion.into(), ..trials.after[4].clone() };
        assert!(!cured(&unsure, Branch::Training) && !cured(&unsure, Branch::Test));
    }
    // On the test side a network that does not train any more is no cure, and neither is one that still
    // overfits.
    for fault in ["vanishing-gradient", "overfitting"] {
        assert!(!cured(&trial("l2", "weight-decay", true, &[fault], [0.2, 0.2]), Branch::Test), "{fault}");
    }
    assert!(cured(&trial("l2", "weight-decay", true, &[], [0.95, 0.9]), Branch::Test));
}

#[test]
fn numbers_are_those_of_the_digest() {
    let trials = ill();
    let r = result(&trials.before);
    // 0.6 decades a layer, 7 layers from the last hidden one to layer 1.
    assert!((r.signal.unwrap() + 4.2).abs() < 1e-9);
    assert_eq!(r.accuracy, [Some(0.25), Some(0.2)]);
}

#[test]
fn the_chinese_figure_says_the_same() {
    let (figure, d) = dots(&ill(), Lang::Zh);
    let allowed = ["ReLU", "SELU", "Adam", "a", "batch", "of", "one", "sample"];
    for text in words(&figure).into_iter().filter(|t| !t.contains(" · ") && **t != figure.caption) {
        let english: Vec<&str> = text
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|w| !w.is_empty() && !allowed.contains(w) && *w != "Sigmoid")
            .collect();
        assert!(english.is_empty(), "{text}");
    }
    assert_eq!(d.rows[1].values, [Some(0.975), Some(0.85)]);
    assert!(
        figure.title.contains("25.0")
            && figure.title.contains("97.5")
            && figure.title.contains("4 种对策中有 2 种")
    );
}

#[test]
fn the_table_has_every_dot() {
    let (figure, d) = dots(&ill(), Lang::En);
    let rows = table(&figure);
    assert_eq!(rows.len(), 1 + 2 * d.rows.len());
    assert!(rows.iter().any(|r| r[1] == "ReLU (training)" && r[4] == "0.975" && r[5] == "finite"));
    assert!(
        rows.iter().any(|r| r[1] == "batch normalisation (test)" && r[4].is_empty() && r[5] == "missing")
    );
}
