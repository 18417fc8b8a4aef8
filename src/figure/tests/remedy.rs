//! The figure of remedies: its rows against the trials, its words, in both languages.

use super::chart::Dots;
use super::*;
use crate::diagnosis::Branch;
use crate::diagnosis::cure::{Cure, branch, of};
use crate::figure::flow::Tone;
use crate::figure::remedy::result;
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
    assert_eq!(d.rows[1].words, "cured: the next question is overfitting");
    assert_eq!(d.rows[2].words, "cured");
    // A key that this program does not know is no word.
    assert_eq!(d.rows[3].words, "not cured: vanishing gradient, diverged, and 1 more");
    assert!(d.rows[5].words.ends_with("it is not advised for this verdict"));
    assert!(d.rows[6].words.contains("has not learned yet"));
    assert_eq!(
        figure.title.replace('\u{a0}', " "),
        "Sigmoid, 8 hidden layers: training accuracy 25.0 % → 97.5 % with ReLU; 2 of 4 remedies cure it; momentum, not advised here: training accuracy 30.0 %"
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
    use Cure::{Better, Cured, NotCured, NotTrained};
    let trials = ill();
    let cures: Vec<Cure> = trials.after.iter().map(|t| of(t, &trials)).collect();
    assert_eq!(cures, [NotCured, NotCured, NotCured, Cured, Cured, NotTrained]);
    let before = trial("relu", "", false, &["overfitting"], [1.0, 0.6]);
    let tested = Trials { before, after: Vec::new() };
    assert_eq!(branch(&tested), Branch::Test);
    for conclusion in ["unexplained", "undecided"] {
        let unsure = Trial { conclusion: conclusion.into(), ..trials.after[4].clone() };
        assert_eq!([of(&unsure, &trials), of(&unsure, &tested)], [NotCured; 2]);
    }
    // On the test side a network that does not train any more is no cure, and neither is one that still
    // overfits.
    for fault in ["vanishing-gradient", "overfitting"] {
        let l2 = trial("l2", "weight-decay", true, &[fault], [0.2, 0.2]);
        assert_eq!(of(&l2, &tested), NotCured, "{fault}");
    }
    assert_eq!(of(&trial("l2", "weight-decay", true, &[], [0.95, 0.9]), &tested), Cured);
    // Only steps are missing: better than it was, with nothing else to say of the training.
    const SHORT: &str = "not-trained-long-enough";
    let relu = |faults: &[&str], reached: f64| trial("relu", "new-activation", true, faults, [reached, 0.2]);
    assert_eq!(of(&relu(&[SHORT], 0.8), &trials), Better);
    assert_eq!(of(&relu(&[SHORT, "overfitting"], 0.8), &trials), Better);
    assert_eq!(of(&relu(&[SHORT, "dead-units"], 0.8), &trials), NotCured);
    assert_eq!(of(&relu(&[SHORT], 0.25), &trials), NotCured, "no better than before");
    // Where that was what was wrong, it still is.
    let slow = Trials { before: trial("slow", "", false, &[SHORT], [0.25, 0.2]), after: Vec::new() };
    assert_eq!(of(&relu(&[SHORT], 0.8), &slow), NotCured);
}

#[test]
fn the_title_counts_what_the_rows_say_and_knows_pairs() {
    let short: &[&str] = &["not-trained-long-enough"];
    let mut trials = ill();
    trials.after[3] = trial("relu", "new-activation", true, short, [0.8, 0.7]);
    trials.after[4] = trial("selu", "new-activation", true, &["vanishing-gradient"], [0.3, 0.3]);
    let title = |trials: &Trials| dots(trials, Lang::En).0.title.replace('\u{a0}', " ");
    assert!(
        title(&trials).contains("; 0 of 4 remedies cure it, 1 is better and not trained long enough;"),
        "{}",
        title(&trials)
    );
    let pair = |name: &str, faults: &[&str], reached: f64| {
        trial(name, "scale-inputs+new-activation", true, faults, [reached, 0.9])
    };
    assert!(!dots(&trials, Lang::En).0.subtitle.contains("pair"), "there is none yet");
    trials.after.push(pair("standardize+relu", &[], 0.99));
    trials.after.push(pair("standardize+selu", &["vanishing-gradient"], 0.4));
    let (figure, d) = dots(&trials, Lang::En);
    assert_eq!((d.rows[1].label.as_str(), d.rows[1].words.as_str()), ("standardised inputs + ReLU", "cured"));
    assert_eq!(d.rows[2].words, "better: not trained long enough");
    let title = figure.title.replace('\u{a0}', " ");
    assert!(dots(&trials, Lang::En).0.subtitle.contains("one remedy or a pair"));
    assert!(title.contains("25.0 % → 99.0 % with standardised inputs + ReLU; 0 of 4 remedies and 1 of 2 pairs cure it, 1 is better"), "{title}");
    // What stands in the rows is what was counted.
    let count = |word: &str| d.rows.iter().filter(|row| row.words.starts_with(word)).count();
    assert_eq!([count("cured"), count("better"), count("not trained")], [1, 1, 1]);
    let zh = dots(&trials, Lang::Zh).0.title;
    assert!(zh.contains("4 种对策中有 0 种、2 对对策中有 1 对治好了它，另有 1 种更好"), "{zh}");
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
