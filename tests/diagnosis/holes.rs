//! Records with holes: Unknown with the reason, never a guess.

use gradfade::diagnosis::{Ailment, Missing};
use gradfade::diagnosis::{Conclusion, Outcome};
use gradfade::record::cell::Ends;
use gradfade::record::*;
use gradfade::stats::MISSING;

use super::*;

fn missing(d: &Diagnosis, ailment: Ailment) -> Missing {
    match &d.verdict(ailment).unwrap().outcome {
        Outcome::Unknown(missing) => missing.clone(),
        other => panic!("{ailment:?}: {other:?}"),
    }
}

fn without(name: &'static str, change: impl FnOnce(&mut Record)) -> Diagnosis {
    let mut record = Record::clone(&record(name));
    change(&mut record);
    judged(&record)
}

fn blank_activations(r: &mut Record) {
    let of_layers = Table::Snapshot.metrics().filter(|m| m.per == Per::Layer);
    of_layers.for_each(|m| r.snapshots.values_mut(m).fill(MISSING));
}

/// The first `steps` updates of a run that was killed.
fn cut(record: &Record, steps: usize) -> Record {
    let mut short = Record::new(record.header.clone());
    short.header.status = Status::Running;
    (0..steps).for_each(|row| short.push(&record.steps.row(row)).unwrap());
    record.snapshots.iter().filter(|k| k.step() < steps as u64).for_each(|k| short.push(&k).unwrap());
    record.evals.iter().filter(|e| e.step() <= steps as u64).for_each(|e| short.push(&e).unwrap());
    short
}

#[test]
fn without_test_data_nobody_is_healthy_and_nobody_overfits() {
    let d = judged(&record("no-test-set"));
    assert_eq!(missing(&d, Ailment::Overfitting), Missing::TestResult);
    assert_eq!(missing(&d, Ailment::Healthy), Missing::TestResult);
    assert_eq!(d.conclusion(), Conclusion::Undecided);
    // A fault of training needs no test data.
    let sick = without("sigmoid-5", |r| {
        [TEST_LOSS, TEST_ACCURACY].iter().for_each(|&m| r.evals.values_mut(m).fill(MISSING))
    });
    assert!(sick.found(Ailment::VanishingGradient));
}

#[test]
fn without_activations_units_are_not_judged() {
    let d = without("tanh-large-weights", blank_activations);
    assert_eq!(missing(&d, Ailment::SaturatedUnits), Missing::Activations);
    assert_eq!(missing(&d, Ailment::DeadUnits), Missing::Activations);
    // The verdict stands without its reasons.
    let d = without("sigmoid-5", blank_activations);
    let Outcome::Found(finding) = &d.verdict(Ailment::VanishingGradient).unwrap().outcome else { panic!() };
    assert!(finding.why.is_empty());
}

#[test]
fn a_run_that_was_cut_short_is_not_judged_by_how_far_it_came() {
    let whole = record("sigmoid-5");
    let d = judged(&cut(&whole, 60));
    assert_eq!(missing(&d, Ailment::VanishingGradient), Missing::CutShort(60, Some(300)));
    assert_eq!(missing(&d, Ailment::Healthy), Missing::CutShort(60, Some(300)));
    assert_eq!(d.conclusion(), Conclusion::Undecided);
    // From half of its budget on it is; but nobody knows how it would have ended.
    let d = judged(&cut(&whole, 200));
    assert!(d.found(Ailment::VanishingGradient));
    let d = judged(&cut(&record("one-epoch"), 30));
    assert_eq!(missing(&d, Ailment::NotLongEnough), Missing::CutShort(30, Some(40)));
    // A network that is good already is good.
    let good = judged(&cut(&record("overfits"), 150));
    assert!(good.found(Ailment::Overfitting), "{:?}", good.training);
}

#[test]
fn gaps_are_named() {
    let blank = |from: f64| {
        move |r: &mut Record| {
            let layers = r.header.layers.len();
            let start = (from * r.len() as f64) as usize * layers;
            r.steps.values_mut(SIGNAL_RMS)[start..].fill(MISSING);
        }
    };
    let d = without("sigmoid-5", blank(0.5));
    assert_eq!(
        missing(&d, Ailment::VanishingGradient),
        Missing::Gap { column: "signal_rms", last: Some(149) }
    );
    let d = without("sigmoid-5", blank(0.0));
    assert_eq!(missing(&d, Ailment::VanishingGradient), Missing::Signal);
    assert_eq!(missing(&d, Ailment::ExplodingGradient), Missing::Signal);
    let d = without("sigmoid-zeros", |r| {
        let (steps, tensors) = (r.len(), r.header.tensors.len());
        r.steps.values_mut(PARAM_NORM)[..steps * tensors].fill(MISSING);
    });
    assert_eq!(missing(&d, Ailment::DeadInitialisation), Missing::Parameters);
}

#[test]
fn without_evaluations_the_last_batches_speak_and_it_is_said() {
    let d = without("sigmoid-5", |r| r.evals.clear());
    assert!(d.training.from_batches && d.found(Ailment::VanishingGradient));
    let d = without("sigmoid-5", |r| {
        r.evals.clear();
        r.steps.values_mut(BATCH_ACCURACY).fill(MISSING);
    });
    // The loss alone, beside the entropy of the classes.
    assert!(d.training.accuracy.is_none() && d.found(Ailment::VanishingGradient), "{:?}", d.training);
    let d = without("sigmoid-5", |r| {
        r.evals.clear();
        r.steps.values_mut(BATCH_ACCURACY).fill(MISSING);
        r.steps.values_mut(LOSS).fill(MISSING);
    });
    assert_eq!(missing(&d, Ailment::VanishingGradient), Missing::TrainingResult);
    let nameless = |r: &mut Record| {
        let facts = r.header.facts.clone().with_classes(None).with_majority_share(None);
        r.header.facts = facts.with_class_entropy(None).with_ignorant_loss(None);
    };
    assert_eq!(missing(&without("sigmoid-5", nameless), Ailment::VanishingGradient), Missing::Classes);
    assert_eq!(missing(&without("healthy-relu", nameless), Ailment::NotLongEnough), Missing::Classes);
}

#[test]
fn an_empty_record_says_nothing_at_all() {
    let d = without("sigmoid-5", |r| *r = Record::new(r.header.clone()));
    assert_eq!(found(&d), Vec::<String>::new());
    assert_eq!(d.conclusion(), Conclusion::Undecided);
}

const NAMES: &[&str] = &[
    "healthy-relu",
    "healthy-attenuated",
    "overfits",
    "sigmoid-5",
    "sigmoid-5-full",
    "sigmoid-8-adam",
    "sigmoid-6-decay",
    "relu-small-weights",
    "relu-large-weights",
    "tanh-large-weights",
    "relu-zeros",
    "rate-1e-4",
    "rate-1",
    "rate-3",
    "one-epoch",
    "linear-spiral",
];

/// What `less` found, the whole record had found too.
fn no_more(name: &str, what: &str, less: &Diagnosis, whole: &Diagnosis) {
    // Without the norms of the weights, vanishing in all layers alike goes by its general name.
    let stem = |d: &Diagnosis| {
        let name = |f: &String| {
            f.trim_end_matches(['*', '!', '<']).replace("uniform-vanishing", "vanishing-gradient")
        };
        found(d).iter().map(name).collect::<Vec<_>>()
    };
    for f in stem(less) {
        assert!(stem(whole).contains(&f), "{name} without {what}: {f} is a guess");
    }
    if less.conclusion() == Conclusion::Healthy {
        assert_eq!(whole.conclusion(), Conclusion::Healthy, "{name} without {what}");
    }
}

#[test]
fn a_column_that_is_missing_makes_no_rule_speak_up() {
    for name in NAMES {
        let whole = judged(&record(name));
        for m in Table::Step.metrics().chain(Table::Snapshot.metrics()).filter(|m| *m != EPOCH) {
            no_more(name, m.id, &without(name, |r| r.table_mut(m.table).values_mut(m).fill(MISSING)), &whole);
        }
        no_more(name, "facts", &without(name, |r| r.header.facts = Facts::default()), &whole);
        assert_eq!(
            found(&without(name, |r| r.header.labels.clear())),
            found(&whole),
            "{name}: labels decide nothing"
        );
        no_more(name, "snapshots", &without(name, |r| r.snapshots.clear()), &whole);
    }
}

#[test]
fn a_digest_finds_no_more_than_its_record_and_still_finds_vanishing() {
    for name in NAMES {
        let whole = record(name);
        let mut ends = Ends::new(whole.header.clone());
        for table in Table::ALL {
            whole.table(table).iter().for_each(|row| ends.row(&row).unwrap());
        }
        no_more(name, "its middle", &judged(&ends.record), &judged(&whole));
        let sick = ["sigmoid-5", "sigmoid-5-full", "sigmoid-8-adam"].contains(name);
        assert_eq!(
            judged(&ends.record).found(Ailment::VanishingGradient),
            sick || *name == "sigmoid-6-decay",
            "{name}"
        );
    }
}
