//! Names as programs write them.

use super::*;

fn of(tag: &str) -> Option<(Meaning, Grain)> {
    meaning(tag, Kind::Number).map(|known| (known.meaning, known.grain))
}

#[test]
fn losses_and_accuracies_are_known_by_their_words_and_parts_of_a_loss_are_not() {
    use Grain::{Epoch, Step, Unsaid};
    use Set::{Test, Train, Validation};
    for (tag, set, grain) in [
        ("loss", Train, Unsaid),
        ("Loss/train", Train, Unsaid),
        ("train_loss_step", Train, Step),
        ("train_loss_epoch", Train, Epoch),
        ("train/epoch_loss", Train, Epoch),
        ("validation/epoch_loss", Validation, Epoch),
        ("epoch_loss", Train, Epoch),
        ("batch_loss", Train, Step),
        ("validation/evaluation_loss_vs_iterations", Validation, Step),
        ("val_loss", Validation, Unsaid),
        ("valLoss", Validation, Unsaid),
        ("eval/loss", Validation, Unsaid),
        ("loss/train/total", Train, Unsaid),
        ("metrics/train/CrossEntropy", Train, Unsaid),
        ("Test Loss", Test, Unsaid),
    ] {
        assert_eq!(of(tag), Some((Meaning::Loss(set), grain)), "{tag}");
    }
    for (tag, set) in [
        ("acc", Train),
        ("val_acc", Validation),
        ("Accuracy/test", Test),
        ("val_sparse_categorical_accuracy", Validation),
    ] {
        assert_eq!(of(tag), Some((Meaning::Accuracy(set), Unsaid)), "{tag}");
    }
    for tag in [
        "dynamics_loss_epoch",
        "initial_omega_loss",
        "eval_g0_loss",
        "train/test_loss",
        "loss_scale",
        "d_loss",
        "val_RMSE/d2m",
        "",
        "/",
        "perplexity",
        "hist-numpy",
    ] {
        assert_eq!(of(tag), None, "{tag}");
    }
}

#[test]
fn numbers_of_the_run_are_known() {
    for tag in
        ["lr", "learning_rate", "lr-Adam", "lr-SGD/pg1", "train/learning_rate", "lr-DecoupledAdamW/group0"]
    {
        assert_eq!(of(tag).unwrap().0, Meaning::LearningRate, "{tag}");
    }
    assert_eq!(of("lr-SGD-momentum"), None);
    for tag in [
        "grad_norm",
        "train/grad_norm",
        "total_norm",
        "GradNorm",
        "grad_2.0_norm_total",
        "l2_norm/grad/global",
        "gnorm",
        "total_gradient_norm",
        "grad_norm/total",
        "grad_2.0_norm_total_step",
    ] {
        assert_eq!(of(tag).unwrap().0, Meaning::TotalGradNorm, "{tag}");
    }
    assert_eq!(of("epoch").unwrap(), (Meaning::Epoch, Grain::Unsaid));
    assert_eq!(of("trainer/epoch").unwrap().0, Meaning::Epoch);
    for tag in ["_runtime", "_timestamp", "eval_steps_per_second", "trainer/global_step", "eval_runtime"] {
        assert_eq!(of(tag).unwrap().0, Meaning::Clock, "{tag}");
    }
}

#[test]
fn the_names_of_eight_programs_give_the_parameter_and_the_metric() {
    for (tag, metric, parameter) in [
        ("grad_2.0_norm/layers.0.weight", GRAD_NORM, "layers.0.weight"),
        ("grad_2.0_norm/layers.0.weight_step", GRAD_NORM, "layers.0.weight"),
        ("l2_norm/grad/fc1.weight", GRAD_NORM, "fc1.weight"),
        ("l2_norm/update/fc1.weight", UPDATE_NORM, "fc1.weight"),
        ("l2_norm/param/fc1.weight", PARAM_NORM, "fc1.weight"),
        ("gradients/features.0.bias", GRAD_NORM, "features.0.bias"),
        ("parameters/features.0.bias", PARAM_NORM, "features.0.bias"),
        ("training/grads_norm/fc1/weight", GRAD_NORM, "fc1/weight"),
        ("gradient_stats/fc1.weight", GRAD_NORM, "fc1.weight"),
        ("fc1.weight/grad", GRAD_NORM, "fc1.weight"),
        ("dense/kernel_0_grad", GRAD_NORM, "dense/kernel_0"),
        ("grad_norm/layer0", GRAD_NORM, "layer0"),
        ("grad_norm/fc1.weight", GRAD_NORM, "fc1.weight"),
        ("Grad_Norm/fc1.weight", GRAD_NORM, "fc1.weight"),
        ("fc1.weight/update_norm", UPDATE_NORM, "fc1.weight"),
    ] {
        assert_eq!(of(tag).unwrap().0, Meaning::Norm(metric, parameter.into()), "{tag}");
    }
    for tag in ["gradients/fc1.weight/mean", "fc1.weight", "gradient_stats/max_norm/max"] {
        assert_eq!(of(tag), None, "{tag}");
    }
    for tag in ["l2_norm/moment/fc1.weight", "grad_inf_norm/fc1.weight", "l2_norm/param/global"] {
        assert!(matches!(of(tag).unwrap().0, Meaning::NoPlace(_)), "{tag}");
    }
}

#[test]
fn a_histogram_under_the_name_of_a_parameter_is_that_of_its_values() {
    let of = |tag| meaning(tag, Kind::NormOfHistogram).map(|known| known.meaning);
    assert_eq!(of("conv1.weight"), Some(Meaning::Norm(PARAM_NORM, "conv1.weight".into())));
    assert_eq!(of("conv1.weight.grad"), Some(Meaning::Norm(GRAD_NORM, "conv1.weight".into())));
    assert_eq!(of("gradients/conv1.weight"), Some(Meaning::Norm(GRAD_NORM, "conv1.weight".into())));
    assert_eq!(of("hist-numpy"), None);
    assert_eq!(of("loss"), None);
}

#[test]
fn no_name_whatever_makes_it_panic() {
    let pieces = ["é", "grad_", "_norm/", "/", "GRAD", "İ", "ß", "_epoch", "epoch_", "lr", "", "1.0", "𝒳"];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let tag = format!("{a}{b}{c}");
                meaning(&tag, Kind::Number);
                meaning(&tag, Kind::NormOfHistogram);
            }
        }
    }
}
