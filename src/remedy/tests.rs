//! Each remedy changes what it says and nothing else; which remedies suit which run.

use super::*;
use crate::record::trial::{Trial, Trials};
use crate::record::{MemorySink, RecordSink, Row, TEST_ACCURACY, TRAIN_ACCURACY};

fn header(widths: &[usize]) -> Header {
    use crate::record::{Facts, LayerInfo, Status, TensorInfo};
    let layer = |p: &[usize]| LayerInfo::dense("l", p[0], p[1]).with_activation("relu");
    let layers: Vec<LayerInfo> = widths.windows(2).map(layer).collect();
    let tensors = (1..=layers.len()).map(|l| TensorInfo::new("", l, "weight", &[1])).collect();
    let facts = Facts { train_size: Some(300), classes: Some(10), ..Facts::default() };
    let header = Header::builder("r", layers, tensors).facts(facts).status(Status::Complete);
    header.seed(1).steps_per_epoch(3).planned_steps(15).build().unwrap()
}

#[test]
fn a_rate_is_changed_exactly() {
    let header = header(&[784, 100, 10]);
    let rate = |name: &str| {
        let config = TrainConfig { learning_rate: Some(0.0123456), ..plain() };
        change(name).unwrap().apply(&config, &header).unwrap().learning_rate
    };
    assert_eq!(rate("rate-x10"), Some(0.123456));
    assert_eq!(rate("rate-div100"), Some(0.000123456));
    // Far from the optimiser's own rate a hundredfold is not enough.
    let usual = |name: &str, rate: f64| {
        let config = TrainConfig { learning_rate: Some(rate), ..plain() };
        change(name).unwrap().apply(&config, &header).map(|c| learning_rate(&c))
    };
    assert_eq!(usual("rate-up-to-usual", 1e-7), Ok(0.1));
    assert_eq!(usual("rate-down-to-usual", 1e3), Ok(0.1));
    assert_eq!(usual("rate-up-to-usual", 1e3), Err(Unfit::There));
    assert_eq!(usual("rate-up-to-usual", 0.01), Err(Unfit::There));
}

/// A sigmoid network that has nothing of what remedies bring.
fn plain() -> TrainConfig {
    let mut config = TrainConfig::default();
    config.data_options.train_size = Some(300);
    config
}

/// What each remedy changes in [`plain`], written down by hand.
const EXPECTED: [(&str, &[[&str; 3]]); 33] = [
    ("relu", &[["activation", "sigmoid", "relu"], ["initialisation", "glorot-uniform", "he-uniform"]]),
    (
        "leaky-relu",
        &[["activation", "sigmoid", "leaky-relu"], ["initialisation", "glorot-uniform", "he-uniform"]],
    ),
    ("selu", &[["activation", "sigmoid", "selu"], ["initialisation", "glorot-uniform", "lecun-normal"]]),
    (
        "maxout",
        &[["activation", "sigmoid", "maxout:2"], ["initialisation", "glorot-uniform", "lecun-normal"]],
    ),
    ("initialisation", &[["initialisation", "glorot-uniform", "orthogonal"]]),
    ("batch-norm", &[["normalisation", "none", "batch"]]),
    ("layer-norm", &[["normalisation", "none", "layer-after"]]),
    ("residual", &[["residual", "no", "yes"]]),
    ("adagrad", &[["learning_rate", "0.1", "0.01"], ["optimizer", "sgd", "adagrad"]]),
    ("rmsprop", &[["learning_rate", "0.1", "0.001"], ["optimizer", "sgd", "rmsprop"]]),
    ("adam", &[["learning_rate", "0.1", "0.001"], ["optimizer", "sgd", "adam"]]),
    ("layerwise", &[["layerwise", "no", "yes"]]),
    ("normalise-gradients", &[["normalise_gradients", "no", "yes"]]),
    ("momentum", &[["optimizer", "sgd", "momentum"]]),
    ("rate-x10", &[["learning_rate", "0.1", "1"]]),
    ("rate-x100", &[["learning_rate", "0.1", "10"]]),
    ("rate-up-to-usual", &[]),
    ("rate-down-to-usual", &[]),
    ("rate-div10", &[["learning_rate", "0.1", "0.01"]]),
    ("rate-div100", &[["learning_rate", "0.1", "0.001"]]),
    ("standardize", &[["standardize", "no", "yes"]]),
    ("cross-entropy", &[]),
    ("clip-norm", &[["clip_norm", "-", "1"]]),
    ("more-epochs", &[["epochs", "5", "20"]]),
    ("wider", &[["width", "100", "400"]]),
    ("no-decay", &[]),
    ("no-dropout", &[]),
    ("f64", &[["precision", "f32", "f64"]]),
    ("early-stopping", &[["early_stopping", "-", "5"], ["validation_size", "0", "30"]]),
    ("l2", &[["weight_decay", "0", "0.001"]]),
    ("l1", &[["l1", "0", "0.0001"], ["l1_step", "subgradient", "proximal"]]),
    ("dropout", &[["dropout", "0", "0.5"]]),
    ("more-data", &[["steps", "-", "15"], ["train_size", "300", "-"]]),
];

#[test]
fn a_loss_that_fits_takes_a_rate_that_suits_its_larger_gradients() {
    let header = header(&[784, 100, 10]);
    let changed = |loss, optimizer, rate| {
        let config = TrainConfig { loss, optimizer, learning_rate: Some(rate), ..plain() };
        let changed = change("cross-entropy").unwrap().apply(&config, &header).unwrap();
        assert_eq!(changed.loss, Loss::CrossEntropy);
        changed.learning_rate
    };
    let sgd = OptimizerKind::Sgd;
    // Nielsen's own pair of rates.
    assert_eq!(changed(Loss::Quadratic, sgd, 3.0), Some(0.5));
    assert_eq!(changed(Loss::Quadratic, sgd, 0.3), Some(0.1));
    assert_eq!(changed(Loss::Quadratic, sgd, 0.05), Some(0.05));
    assert_eq!(changed(Loss::SoftmaxMse, sgd, 20.0), Some(0.4));
    assert_eq!(changed(Loss::Quadratic, OptimizerKind::Adam, 0.1), Some(0.1));
    assert_eq!(changed(Loss::Mse, sgd, 3.0), Some(3.0));
}

#[test]
fn each_remedy_changes_exactly_what_it_says() {
    let (config, header) = (plain(), header(&[784, 100, 100, 10]));
    assert_eq!(CHANGES.iter().map(|c| c.name).collect::<Vec<_>>(), EXPECTED.map(|e| e.0));
    for (change, (name, expected)) in CHANGES.iter().zip(EXPECTED) {
        match change.apply(&config, &header) {
            Err(Unfit::There) => assert_eq!(expected, &[] as &[[&str; 3]], "{name}"),
            Err(other) => panic!("{name}: {other:?}"),
            Ok(changed) => {
                let mut found = changes(&config, &changed);
                found.sort();
                let mut expected: Vec<_> =
                    expected.iter().map(|e| (e[0].to_string(), e[1].to_string(), e[2].to_string())).collect();
                expected.sort();
                assert_eq!(found, expected, "{name}");
                changed.check().unwrap();
            }
        }
    }
}

#[test]
fn remedies_keep_the_architecture_of_convolutions() {
    let network = |text: &str| TrainConfig { network: Some(text.parse().unwrap()), ..plain() };
    let header_of = |config: &TrainConfig| {
        let config = TrainConfig { data: crate::data::DataSpec::MnistMini, ..config.clone() };
        let data = crate::data::load(&config.data, &config.data_options).unwrap();
        crate::train::header::header(&config.plan(&data).unwrap(), &data, "r")
    };
    let (plain, residual) = (network("conv:4x3s2,2*conv:4x3,gap"), network("conv:4x3s2,res(2*conv:4x3),gap"));
    let header = header_of(&plain);
    let try_it =
        |name: &str, config: &TrainConfig| super::change(name).unwrap().apply(config, &header_of(config));
    for name in ["relu", "selu", "initialisation", "batch-norm", "layer-norm", "residual", "adam"] {
        let changed = try_it(name, &plain).unwrap();
        assert_eq!(changed.network, plain.network, "{name}");
        header_of(&changed);
    }
    assert_eq!(try_it("wider", &plain).unwrap().network, network("conv:16x3s2,2*conv:16x3,gap").network);
    assert_eq!(try_it("maxout", &plain).unwrap_err(), Unfit::Convolutions);
    assert_eq!(try_it("residual", &residual).unwrap_err(), Unfit::There);
    assert_eq!(try_it("residual", &network("conv:4x3s2,conv:8x3s2,gap")).unwrap_err(), Unfit::NoEqualLayers);
    assert_eq!((header.facts.residual, header_of(&residual).facts.residual), (Some(false), Some(true)));
}

#[test]
fn what_is_there_already_is_not_tried_again() {
    let header = header(&[784, 100, 100, 10]);
    // Applied to its own result, a remedy has nothing left to change; those that multiply have.
    let repeatable =
        ["initialisation", "rate-x10", "rate-x100", "rate-div10", "rate-div100", "more-epochs", "wider"];
    for change in CHANGES.iter().filter(|c| !repeatable.contains(&c.name)) {
        let config = match change.name {
            "no-decay" => TrainConfig { weight_decay: 0.1, ..plain() },
            "cross-entropy" => TrainConfig { loss: Loss::Quadratic, ..plain() },
            "no-dropout" => TrainConfig { dropout: 0.8, ..plain() },
            "rate-up-to-usual" => TrainConfig { learning_rate: Some(1e-7), ..plain() },
            "rate-down-to-usual" => TrainConfig { learning_rate: Some(1e3), ..plain() },
            _ => plain(),
        };
        let once = change.apply(&config, &header).unwrap();
        let again = change.apply(&once, &header);
        assert!(matches!(again, Err(Unfit::There | Unfit::AllData)), "{}: {again:?}", change.name);
    }
    let unfit = |name: &str, config: &TrainConfig, header: &Header| {
        super::change(name).unwrap().apply(config, header).unwrap_err()
    };
    assert_eq!(unfit("residual", &plain(), &self::header(&[784, 100, 50, 10])), Unfit::NoEqualLayers);
    let adaptive = TrainConfig { optimizer: OptimizerKind::Rmsprop, ..plain() };
    assert_eq!(unfit("momentum", &adaptive, &header), Unfit::NotSgd);
    let linear = TrainConfig { hidden_layers: 0, ..plain() };
    assert_eq!(unfit("relu", &linear, &header), Unfit::NoHiddenLayer);
    let still = TrainConfig { learning_rate: Some(0.0), ..plain() };
    assert_eq!(unfit("rate-x10", &still, &header), Unfit::NoRate);
    assert_eq!(unfit("more-data", &TrainConfig::default(), &header), Unfit::AllData);
    for unsuited in [
        TrainConfig { hidden_layers: 1, ..plain() },
        TrainConfig { normalisation: Normalisation::Batch, ..plain() },
        TrainConfig { residual: true, ..plain() },
        TrainConfig { network: Some("conv:4x3,dense:9".parse().unwrap()), ..plain() },
    ] {
        assert_eq!(unfit("layerwise", &unsuited, &header), Unfit::NotPlain);
        let error = TrainConfig { layerwise: true, ..unsuited }.check().unwrap_err().to_string();
        assert!(error.starts_with("layerwise: "), "{error}");
    }
    let stages = TrainConfig { layerwise: true, ..plain() };
    for name in ["batch-norm", "layer-norm", "residual"] {
        assert_eq!(unfit(name, &stages, &header), Unfit::Layerwise, "{name}");
    }
    // Normalised gradients take the place of clipped ones.
    let clipped = TrainConfig { clip_norm: Some(1.0), ..plain() };
    let change = super::change("normalise-gradients").unwrap();
    let normalised = change.apply(&clipped, &header).unwrap();
    assert_eq!((normalised.clip_norm, normalised.normalise_gradients), (None, true));
    normalised.check().unwrap();
    let both = TrainConfig { clip_value: Some(1.0), normalise_gradients: true, ..plain() };
    let error = both.check().unwrap_err().to_string();
    assert_eq!(error, "clip_value 1: cannot be combined with normalise_gradients; give one of them");
}

// ---- pairs ------------------------------------------------------------------------------------------------------

/// A trial whose run ends with these accuracies.
fn trial(name: &str, fits: bool, faults: &[&str], accuracy: [f64; 2]) -> Trial {
    let mut sink = MemorySink::new(header(&[4, 9, 9, 3]));
    let mut row = Row::of_evaluation(15);
    row.set(TRAIN_ACCURACY, accuracy[0]).set(TEST_ACCURACY, accuracy[1]);
    sink.row(&row).unwrap();
    Trial {
        name: name.into(),
        kind: Combination::named(name).map_or_else(String::new, Combination::kind),
        fits,
        faults: faults.iter().map(|f| f.to_string()).collect(),
        conclusion: if faults.is_empty() { "healthy" } else { "faulty" }.into(),
        changes: Vec::new(),
        result: Ok(sink.record),
        seconds: 0.0,
    }
}

fn pairs_of(trials: &Trials, budget: usize) -> Vec<String> {
    let planned = pairs::plan(&plain(), &header(&[4, 9, 9, 3]), trials, budget);
    planned.iter().map(|p| p.combination.name()).collect()
}

const ILL: &[&str] = &["vanishing-gradient"];

#[test]
fn pairs_are_made_of_the_best_single_remedy_of_each_kind() {
    let before = trial("run", false, ILL, [0.3, 0.3]);
    let after = vec![
        trial("relu", true, ILL, [0.4, 0.3]),
        trial("selu", true, ILL, [0.5, 0.3]),
        trial("batch-norm", true, ILL, [0.35, 0.3]),
        trial("adam", true, ILL, [0.3, 0.3]),
        trial("rmsprop", true, ILL, [0.45, 0.3]),
        trial("layerwise", true, ILL, [0.2, 0.2]),
        // What does not fit is in no pair, however good.
        trial("leaky-relu", false, ILL, [0.9, 0.3]),
        trial("dropout", false, ILL, [0.9, 0.3]),
    ];
    let trials = Trials { before, after };
    let expected = [
        "standardize+selu",
        // What was not tried, and is advised for what the best of the other kind left.
        "initialisation+rmsprop",
        "batch-norm+rmsprop",
        "selu+rmsprop",
        "standardize+rmsprop",
        "standardize+batch-norm",
    ];
    assert_eq!(pairs_of(&trials, pairs::BUDGET), expected);
    assert_eq!(pairs_of(&trials, 2), expected[..2]);
    assert_eq!(pairs_of(&trials, 0), Vec::<String>::new());
    assert_eq!(pairs_of(&trials, 99)[..6], expected);
    // Two that are scaled already are no pair.
    let mut scaled = plain();
    scaled.data_options.standardize = true;
    let planned = pairs::plan(&scaled, &header(&[4, 9, 9, 3]), &trials, 99);
    assert!(!planned.is_empty());
    assert!(planned.iter().all(|p| !p.combination.name().contains("standardize")));

    // One that fits and cures ends the search; one that does not fit, or that only lacks steps, does not.
    let with = |more: Trial| {
        let after = trials.after.iter().cloned().chain([more]).collect();
        pairs_of(&Trials { before: trials.before.clone(), after }, 9).is_empty()
    };
    assert!(with(trial("residual", true, &[], [1.0, 0.9])));
    assert!(with(trial("residual", true, &["overfitting"], [1.0, 0.5])), "the next question");
    assert!(!with(trial("residual", false, &[], [1.0, 0.9])));
    assert!(!with(trial("residual", true, &["not-trained-long-enough"], [0.8, 0.8])));
    // A pair that was tried before is no single remedy.
    assert!(!with(trial("standardize+relu", true, &[], [1.0, 0.9])));
}

#[test]
fn a_partner_is_what_the_diagnosis_of_the_trial_advises() {
    let before = trial("run", false, &["inputs-not-scaled"], [0.3, 0.3]);
    let of = |after: Vec<Trial>| pairs_of(&Trials { before: before.clone(), after }, 2);
    // Scaled inputs leave a vanishing gradient, for which another activation is advised.
    let scaled = trial("standardize", true, ILL, [0.4, 0.3]);
    assert_eq!(of(vec![scaled.clone()])[0], "standardize+relu");
    // Only steps are missing.
    let short = trial("standardize", true, &["not-trained-long-enough"], [0.8, 0.8]);
    assert_eq!(of(vec![short])[0], "standardize+more-epochs");
    // A rate that is too large for the activation is made smaller, whatever else was tried.
    let jumps = trial("relu", true, &["learning-rate-too-large"], [0.4, 0.3]);
    let others = vec![scaled, jumps, trial("rate-x10", true, ILL, [0.5, 0.3])];
    let names = pairs_of(&Trials { before: before.clone(), after: others }, 9);
    assert!(names.contains(&"relu+rate-div10".to_string()), "{names:?}");
}

#[test]
fn pairs_of_the_test_side_are_judged_by_the_test_set() {
    let before = trial("run", false, &["overfitting"], [1.0, 0.6]);
    let after = vec![
        trial("early-stopping", true, &["overfitting"], [0.9, 0.65]),
        trial("l2", true, &["overfitting"], [1.0, 0.7]),
        trial("l1", true, &["overfitting"], [0.9, 0.75]),
        trial("dropout", true, &["overfitting"], [1.0, 0.7]),
    ];
    let names = pairs_of(&Trials { before, after }, 3);
    assert_eq!(names, ["early-stopping+l1", "early-stopping+dropout", "l1+dropout"]);
}

#[test]
fn a_pair_has_one_name_and_makes_both_changes() {
    let (config, header) = (plain(), header(&[784, 100, 100, 10]));
    let named = |name: &str| Combination::named(name);
    assert_eq!(named("relu+standardize").unwrap().name(), "standardize+relu");
    assert_eq!(named("standardize+relu").unwrap().kind(), "scale-inputs+new-activation");
    assert!(named("standardize+relu").unwrap().is_pair() && !named("relu").unwrap().is_pair());
    // An initialisation after its activation, whichever is named first.
    let both = named("initialisation+relu").unwrap().apply(&config, &header).unwrap();
    assert_eq!((both.activation, both.initialisation), (Activation::Relu, Some(Initialisation::Orthogonal)));
    let both = named("standardize+relu").unwrap().apply(&config, &header).unwrap();
    assert!(both.data_options.standardize && both.activation == Activation::Relu);
    for no_pair in
        ["relu+relu", "relu+selu", "rate-x10+rate-div10", "more-epochs+early-stopping", "relu+", "a+b"]
    {
        assert!(named(no_pair).is_none(), "{no_pair}");
    }
}

#[test]
fn every_treatment_can_be_made() {
    assert_eq!(CHANGES.iter().map(|c| c.treatment).collect::<Vec<_>>(), Treatment::ALL);
}

#[test]
fn settings_come_from_this_programs_runs_alone() {
    let mut h = header(&[784, 100, 10]);
    assert!(settings(&h).unwrap_err().to_string().contains("does not hold the settings"));
    h.config = serde_json::to_value(plain()).ok();
    assert_eq!(settings(&h).unwrap(), plain());
    h.source.tool = "pytorch".into();
    assert!(settings(&h).unwrap_err().to_string().contains("made by pytorch"));
    h.source.tool = "gradfade".into();
    h.config = Some(serde_json::json!({"activation": "wave"}));
    assert!(settings(&h).unwrap_err().to_string().contains("wave"));
}
