//! What is found in whom, and nothing else.

use gradfade::diagnosis::{Ailment, Measure};
use gradfade::diagnosis::{Conclusion, Outcome, RULES, Remedy, State};
use gradfade::record::{
    DECAY_NORM, DRIVEN_NORM, GRAD_NORM, Role, TEST_ACCURACY, TRAIN_ACCURACY, TRAIN_LOSS, UPDATE_NORM,
};
use gradfade::stats::MISSING;

use super::*;

/// Networks and everything that is found in them: a rule that speaks up where it should not fails here.
const TABLE: &[(&str, &[&str])] = &[
    ("healthy-relu", &["healthy*"]),
    ("healthy-spiral", &["healthy*"]),
    ("overfits", &["overfitting!"]),
    ("healthy-attenuated", &["attenuated-but-training*", "healthy*"]),
    ("converged", &["overfitting!"]),
    ("sigmoid-2", &["overfitting!"]),
    ("sigmoid-3", &["attenuated-but-training*", "overfitting!"]),
    ("sigmoid-5", &["vanishing-gradient!", "stuck-at-base-rates<"]),
    ("sigmoid-5-nielsen", &["vanishing-gradient!", "stuck-at-base-rates<"]),
    ("sigmoid-5-full", &["vanishing-gradient!", "stuck-at-base-rates<"]),
    ("sigmoid-8-adam", &["vanishing-gradient!", "optimiser-hides-vanishing<", "stuck-at-base-rates<"]),
    (
        "sigmoid-6-adam-rate-0.3",
        &[
            "vanishing-gradient<",
            "optimiser-hides-vanishing<",
            "saturated-units<",
            "learning-rate-too-large!",
        ],
    ),
    ("sigmoid-6-decay", &["vanishing-gradient!", "stuck-at-base-rates<", "movement-by-decay-only<"]),
    ("sigmoid-40", &["float-underflow<", "vanishing-gradient!", "stuck-at-base-rates<"]),
    ("sigmoid-conv", &["vanishing-gradient!", "stuck-at-base-rates<"]),
    ("batch-norm-conv", &[]),
    (
        "relu-small-weights",
        &["initialisation-too-small!", "uniform-vanishing<", "dead-units<", "stuck-at-base-rates<"],
    ),
    // The rate's jumps are those of weights near zero, on which Adagrad takes whole steps; a smaller rate
    // cures nothing.
    ("faint-adagrad", &["initialisation-too-small!", "vanishing-gradient<"]),
    ("relu-large-weights", &["diverged<", "initialisation-too-large!", "exploding-gradient<"]),
    ("tanh-large-weights", &["initialisation-too-large!", "saturated-units<", "not-trained-long-enough<"]),
    ("relu-zeros", &["dead-initialisation!", "dead-units<", "stuck-at-base-rates<"]),
    ("sigmoid-zeros", &["dead-initialisation!", "stuck-at-base-rates<"]),
    ("rate-1e-4", &["learning-rate-too-small!"]),
    ("adam-rate-1e-6", &["learning-rate-too-small!"]),
    ("rate-1", &["dead-units<", "learning-rate-too-large!", "stuck-at-base-rates<"]),
    ("rate-3", &["diverged<", "learning-rate-too-large!"]),
    ("one-epoch", &["not-trained-long-enough!"]),
    ("linear-spiral", &["stuck-with-large-gradients!"]),
    ("two-layers-on-a-plateau", &["vanishing-gradient!"]),
    ("off-the-plateau-too-late", &["vanishing-gradient!", "optimiser-hides-vanishing<", "saturated-units<"]),
    ("slow-and-falling", &["learning-rate-too-small!"]),
    ("over-its-jumps", &["not-trained-long-enough!"]),
    ("no-test-set", &[]),
    (
        "raw-pixels",
        &["inputs-not-scaled!", "dead-units<", "learning-rate-too-large<", "stuck-at-base-rates<"],
    ),
    ("raw-pixels-that-train", &["healthy*"]),
    ("raw-pixels-tanh", &["inputs-not-scaled!", "vanishing-gradient<", "saturated-units<"]),
    ("a-column-of-incomes", &["inputs-not-scaled!", "saturated-units<", "stuck-at-base-rates<"]),
    ("sigmoid-large-weights", &["initialisation-too-large!", "saturated-units<", "not-trained-long-enough<"]),
    (
        "tanh-tiny-weights",
        // No layer moves, not even the output layer: its rate suits weights of a usual size.
        &["initialisation-too-small!", "learning-rate-too-small<", "stuck-at-base-rates<"],
    ),
    (
        "dropout-0.9",
        &["dead-units<", "learning-rate-too-large<", "too-much-dropout!", "stuck-at-base-rates<"],
    ),
    ("four-units", &["too-narrow!", "not-trained-long-enough<"]),
    ("slope-takes-it-all", &["loss-does-not-fit!", "learning-rate-too-small<"]),
    ("the-same-with-bce", &["healthy*"]),
    ("quadratic-that-trains", &["healthy*"]),
    ("softmax-mse-that-trains", &["healthy*"]),
    ("too-few-steps", &["not-trained-long-enough!"]),
];

#[test]
fn each_network_has_its_illness_and_no_other() {
    let mut wrong = Vec::new();
    for (name, expected) in TABLE {
        let d = judged(&record(name));
        if found(&d) != *expected {
            wrong.push(format!(
                "{name}: {:?} (accuracy {:?}, {:?})",
                found(&d),
                d.training.accuracy,
                d.test.accuracy
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_threshold_has_one_number() {
    for (name, _) in TABLE {
        let d = judged(&record(name));
        let mut seen: Vec<(&str, f64)> = Vec::new();
        for verdict in &d.verdicts {
            let evidence = match &verdict.outcome {
                Outcome::Found(finding) => finding.evidence.as_slice(),
                Outcome::Clear(evidence) => evidence.as_slice(),
                Outcome::Unknown(_) => &[],
            };
            for limit in evidence.iter().filter_map(|e| e.limit) {
                match seen.iter().find(|(key, _)| *key == limit.key) {
                    Some((key, value)) => assert_eq!(*value, limit.value, "{name}: {key}"),
                    None => seen.push((limit.key, limit.value)),
                }
            }
        }
    }
}

#[test]
fn a_layer_with_two_flat_ends_is_saturated_and_not_dead_as_well() {
    let mut saturated_for_all = 0;
    for (name, _) in TABLE {
        let (record, d) = (record(name), judged(&record(name)));
        let Outcome::Found(dead) = &d.verdict(Ailment::DeadUnits).unwrap().outcome else { continue };
        let bounded = ["sigmoid", "tanh", "softsign", "hard-sigmoid"];
        for &layer in &dead.evidence[0].layers {
            assert!(
                !bounded.contains(&record.header.layers[layer - 1].activation()),
                "{name}: layer {layer}"
            );
        }
    }
    for name in ["raw-pixels-tanh", "a-column-of-incomes"] {
        let d = judged(&record(name));
        let Outcome::Found(saturated) = &d.verdict(Ailment::SaturatedUnits).unwrap().outcome else {
            panic!("{name} is not saturated")
        };
        // That its units are so for every sample is said with it.
        saturated_for_all += saturated.evidence.iter().filter(|e| e.measure == Measure::DeadShare).count();
    }
    assert_eq!(saturated_for_all, 2);
}

/// The record of a network whose two lowest layers were frozen, as another program leaves it: no gradient, and
/// updates of exactly zero.
fn frozen(name: &'static str) -> Record {
    let mut record = Record::clone(&record(name));
    let tensors = record.header.tensors.len();
    let lowest = |t: &usize| record.header.tensors[*t].layer <= 2;
    let lowest: Vec<usize> = (0..tensors).filter(lowest).collect();
    for (metric, value) in [(GRAD_NORM, MISSING), (UPDATE_NORM, 0.0), (DRIVEN_NORM, 0.0), (DECAY_NORM, 0.0)] {
        for row in record.steps.values_mut(metric).chunks_mut(tensors) {
            lowest.iter().for_each(|&t| row[t] = value);
        }
    }
    record
}

#[test]
fn a_loss_that_bounces_far_above_chance_has_not_recovered() {
    let with = |scale: f64| {
        let mut run = Record::clone(&record("rate-1"));
        let last = run.evals.len() as f64;
        let losses = run.evals.values_mut(TRAIN_LOSS);
        losses.iter_mut().enumerate().for_each(|(i, loss)| *loss = scale * (2.0 - i as f64 / last));
        run.evals.values_mut(TRAIN_ACCURACY).fill(0.7);
        judged(&run).found(Ailment::RateTooLarge)
    };
    // An answer that ignores the input has a loss of 2.3.
    assert!(!with(0.5) && with(20.0));
}

#[test]
fn layers_that_nothing_was_to_change_are_frozen_and_others_are_not() {
    let d = judged(&frozen("one-epoch"));
    assert_eq!(d.cause().unwrap().rule.ailment, Ailment::FrozenLayers);
    let Outcome::Found(finding) = &d.cause().unwrap().outcome else { unreachable!() };
    assert_eq!(finding.evidence[0].layers, [1, 2]);
    // A gradient that is exactly zero, or lost to rounding, is another fault; a good network gets a note.
    for name in ["relu-zeros", "sigmoid-40", "one-epoch"] {
        assert!(!judged(&record(name)).found(Ailment::FrozenLayers), "{name}");
    }
    let good = judged(&frozen("healthy-relu"));
    assert!(good.found(Ailment::FrozenLayers) && good.conclusion() == Conclusion::Healthy);
}

#[test]
fn every_rule_finds_somebody_and_leaves_somebody_alone() {
    let all: Vec<Diagnosis> =
        TABLE.iter().map(|(name, _)| judged(&record(name))).chain([judged(&frozen("one-epoch"))]).collect();
    for rule in RULES {
        let outcome = |d: &Diagnosis| d.verdict(rule.ailment).unwrap().outcome.clone();
        assert!(all.iter().any(|d| d.found(rule.ailment)), "{:?} finds nobody", rule.ailment);
        assert!(
            all.iter().any(|d| matches!(outcome(d), Outcome::Clear(_))),
            "{:?} clears nobody",
            rule.ailment
        );
    }
    assert_eq!(RULES.iter().map(|r| r.ailment).collect::<Vec<_>>(), Ailment::ALL);
    for d in &all {
        assert_eq!(d.verdicts.len(), RULES.len(), "{}: no rule is silent", d.run);
    }
}

/// The value of a measure in a verdict's evidence.
fn value(d: &Diagnosis, ailment: Ailment, measure: Measure) -> f64 {
    let (Outcome::Found(finding), evidence) = (&d.verdict(ailment).unwrap().outcome, measure) else {
        panic!("{}: {ailment:?} was not found", d.run)
    };
    finding.evidence.iter().find(|e| e.measure == evidence).unwrap().value
}

#[test]
fn full_batches_hide_vanishing_from_the_batch_mean_and_not_from_us() {
    let d = judged(&record("sigmoid-5-full"));
    // What a framework shows looks even; one sample's signal does not.
    assert!(value(&d, Ailment::VanishingGradient, Measure::BatchGradientRatio) > 0.3);
    assert!(value(&d, Ailment::VanishingGradient, Measure::SignalRatio) < 0.01);
}

#[test]
fn absolute_cuts_that_others_use_stay_silent_on_the_five_sigmoid_layers() {
    // The first weight gradient never falls as low as 1e-4 (AutoTrainer, norm), and we name the illness.
    let (sick, converged) = (record("sigmoid-5-nielsen"), record("converged"));
    let first = |r: &Record| {
        let t = r.header.tensor_index(1, Role::Weight).unwrap();
        (0..r.len()).map(|row| r.value(GRAD_NORM, row, t)).fold(f64::INFINITY, f64::min)
    };
    assert!(first(&sick) > 1e-4, "{}", first(&sick));
    assert!(judged(&sick).found(Ailment::VanishingGradient));
    // A network that has learned everything ends with a smaller gradient than the one that learns nothing
    // starts with.
    let start = sick.value(GRAD_NORM, 0, 0);
    assert!(first(&converged) < start, "{} {start}", first(&converged));
    assert_eq!(found(&judged(&converged)), ["overfitting!"]);
}

#[test]
fn adam_moves_what_it_does_not_teach() {
    let d = judged(&record("sigmoid-8-adam"));
    let (update, signal) = (
        value(&d, Ailment::HiddenVanishing, Measure::UpdateRatio),
        value(&d, Ailment::HiddenVanishing, Measure::SignalRatio),
    );
    assert!(update > 0.1 && signal < 1e-3, "{update} {signal}");
}

#[test]
fn decay_travels_as_far_as_its_formula_says() {
    let record = record("sigmoid-6-decay");
    // Each of n steps takes rate x decay of the weights: 1 - (1 - 0.1 x 0.01)^300 of the way, at most their
    // sum.
    let formula = 1.0 - (1.0f64 - 0.1 * 0.01).powi(300);
    let d = judged(&record);
    let (movement, travel) = (
        value(&d, Ailment::DecayOnly, Measure::Movement),
        value(&d, Ailment::DecayOnly, Measure::DecayTravel),
    );
    assert!((movement / formula - 1.0).abs() < 0.01, "{movement} {formula}");
    assert!(travel >= movement && (travel / formula - 1.0).abs() < 0.01, "{travel} {formula}");
}

#[test]
fn after_early_stopping_the_parameters_that_were_kept_are_judged() {
    let record = record("early-stopped");
    let stop = record.header.early_stop.unwrap();
    assert!(stop.stopped && stop.best_step < record.evals.last().unwrap().step());
    let d = judged(&record);
    let kept = record.evals.iter().find(|e| e.step() == stop.best_step).unwrap();
    assert_eq!((d.training.step, d.test.step), (Some(stop.best_step), Some(stop.best_step)));
    assert_eq!(d.training.accuracy, Some(kept.value(TRAIN_ACCURACY)));
    assert_eq!(d.test.accuracy, Some(kept.value(TEST_ACCURACY)));
    assert!(d.training.kept && d.test.kept);
    assert!(d.advice().iter().all(|advice| advice.remedy != Remedy::EarlyStopping));
}

#[test]
fn the_recipe_asks_about_the_training_set_first() {
    let sick = judged(&record("tanh-large-weights"));
    // It does far worse on the test set, and still does not overfit: it is not good on the training set.
    assert!(sick.training.accuracy.unwrap() - sick.test.accuracy.unwrap() > 0.2);
    assert!(!sick.found(Ailment::Overfitting));
    assert_eq!(judged(&record("overfits")).training.state, State::Good);
    assert_eq!(judged(&record("healthy-relu")).conclusion(), Conclusion::Healthy);
    assert_eq!(sick.conclusion(), Conclusion::Faulty);
}

#[test]
fn the_training_state_is_that_of_the_evaluations() {
    for (name, _) in TABLE {
        let (record, d) = (record(name), judged(&record(name)));
        let last = record.evals.last().unwrap();
        if last.step() > 0 && last.step() == record.steps.step().last().unwrap() + 1 {
            assert_eq!(d.training.accuracy, Some(last.value(TRAIN_ACCURACY)), "{name}");
            let chance = record.header.facts.majority_share.unwrap();
            let skill = (last.value(TRAIN_ACCURACY) - chance) / (1.0 - chance);
            assert!((d.training.skill.unwrap() - skill).abs() < 1e-12, "{name}");
        }
    }
}

#[test]
fn thresholds_decide() {
    let run = record("sigmoid-5");
    let strict =
        Thresholds::default().with("strong_ratio", 1e-6).and_then(|t| t.with("signal_ratio", 1e-6)).unwrap();
    assert!(!diagnose(&run, &strict).unwrap().found(Ailment::VanishingGradient));
    let lenient = Thresholds::default().with("accuracy_gap", 0.9).unwrap();
    assert!(diagnose(&record("overfits"), &lenient).unwrap().found(Ailment::Healthy));
}
