//! Every number that a step records, against PyTorch. The fixtures and the program that made them:
//! `scripts/oracle`.

use gradfade::activation::Activation;
use gradfade::config::Schedule;
use gradfade::nn::{
    Engine, Initialisation, L1Step, Loss, Network, Optimizer, OptimizerKind, Part, Scalar, Shape,
    value_and_slope,
};
use serde_json::Value;

fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Relative to the expected number; an expected zero must be met exactly.
fn near(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(
            (g - w).abs() <= tolerance * w.abs(),
            "{what}[{i}]: {g:e}, PyTorch {w:e}, off by {:e}",
            (g - w).abs() / w.abs()
        );
    }
}

/// Name of a tensor in the fixtures, `l` from 0.
fn name_of(l: usize, part: Part) -> String {
    let (module, name) = match part {
        Part::Weight => ("layers", "weight"),
        Part::Bias => ("layers", "bias"),
        Part::Scale => ("norms", "weight"),
        Part::Shift => ("norms", "bias"),
        Part::Other(role) => panic!("no fixture has a {role}"),
    };
    format!("{module}.{}.{name}", l + 1)
}

/// Tensors by name; where a fixture has rows for more pieces of maxout than the network, the first ones.
fn network<T: Scalar>(shape: &Shape, initial: &Value, seed: u64) -> Network<T> {
    let mut network = Network::of(shape.clone(), Initialisation::Zeros, seed);
    for (t, (l, part, dims)) in shape.tensors().enumerate() {
        let rows = initial[name_of(l, part)].as_array().unwrap();
        let values: Vec<f64> = rows[..dims[0]].iter().flat_map(numbers).collect();
        let tensor = network.tensor_mut(t);
        assert_eq!(tensor.len(), values.len());
        tensor.iter_mut().zip(values).for_each(|(w, v)| *w = T::from_f64(v));
    }
    network
}

fn shape_of(case: &Value, widths: &[usize]) -> Shape {
    Shape {
        normalisation: case["normalisation"].as_str().unwrap_or("none").parse().unwrap(),
        residual: case["residual"].as_bool().unwrap_or(false),
        dropout: case["dropout"].as_f64().unwrap_or(0.0),
        ..Shape::plain(widths, text(&case["activation"]).parse().unwrap())
    }
}

fn schedule(value: &Value) -> (Schedule, u64) {
    let warm_up = value["warmup_steps"].as_u64().unwrap_or(0);
    let schedule = match text(&value["name"]) {
        "constant" | "warmup" => Schedule::Constant,
        "cosine" | "warmup-cosine" => Schedule::Cosine,
        "step" => Schedule::Step {
            every: value["every"].as_u64().unwrap(),
            gamma: value["gamma"].as_f64().unwrap(),
        },
        other => panic!("schedule {other}"),
    };
    (schedule, warm_up)
}

fn run_case<T: Scalar>(document: &Value, case: &Value, tolerance: f64) {
    let name = text(&case["name"]);
    let data = &document["networks"][text(&case["network"])];
    let widths: Vec<usize> = numbers(&data["widths"]).iter().map(|&w| w as usize).collect();
    let shape = shape_of(case, &widths);
    let kind: OptimizerKind = text(&case["optimizer"]["name"]).parse().unwrap();
    let proximal = case["proximal_l1"].as_f64().unwrap_or(0.0);
    let optimizer = Optimizer {
        weight_decay: case["weight_decay"].as_f64().unwrap(),
        l1: case["l1"].as_f64().unwrap() + proximal,
        l1_step: if proximal > 0.0 { L1Step::Proximal } else { L1Step::Subgradient },
        ..Optimizer::new(kind)
    };
    let loss: Loss = text(&case["loss"]).parse().unwrap();
    let batches = data["batches"].as_array().unwrap();
    let batch_size = batches[0]["labels"].as_array().unwrap().len();
    let start = network::<T>(&shape, &data["initial"], case["seed"].as_u64().unwrap_or(0));
    let mut engine = Engine::new(start, loss, optimizer, batch_size, 1);
    engine.remember_initial();
    let total = case["steps"].as_u64().unwrap();
    let (schedule, warm_up) = schedule(&case["schedule"]);
    let samples = |batch: &Value| -> (Vec<T>, Vec<u32>) {
        let inputs = numbers(&batch["inputs"]).into_iter().map(T::from_f64).collect();
        (inputs, numbers(&batch["labels"]).iter().map(|&l| l as u32).collect())
    };
    let evaluates = |engine: &mut Engine<T>, want: &Value, when: &str| {
        if want.is_null() {
            return;
        }
        let (inputs, labels) = samples(&batches[0]);
        let (loss, accuracy) = engine.evaluate(&inputs, &labels);
        near(&[loss], &numbers(&want["loss"]), tolerance, &format!("{name}: evaluation {when}"));
        near(&[accuracy], &numbers(&want["accuracy"]), 1e-12, &format!("{name}: evaluation {when}"));
    };
    evaluates(&mut engine, &case["expected"]["evaluation"][0], "before");
    for step in 0..total {
        let (inputs, labels) = samples(&batches[step as usize]);
        let order: Vec<u32> = (0..batch_size as u32).collect();
        engine.load(&inputs, &labels, &order);
        let want = &case["expected"]["steps"][step as usize];
        let rate = case["learning_rate"].as_f64().unwrap() * schedule.factor(step, total, warm_up);
        if !want["learning_rate"].is_null() {
            near(&[rate], &numbers(&want["learning_rate"]), 1e-12, &format!("{name}: rate"));
        }
        let (loss, accuracy) = engine.step(rate, true, false);
        near(&[loss], &numbers(&want["loss"]), tolerance, &format!("{name}, step {step}: loss"));
        near(
            &[accuracy],
            &numbers(&want["batch_accuracy"]),
            1e-12,
            &format!("{name}, step {step}: accuracy"),
        );
        let measured = engine.measured();
        for (metric, got) in [
            ("grad_norm", &measured.grad_norm),
            ("update_norm", &measured.update_norm),
            ("driven_norm", &measured.driven_norm),
            ("decay_norm", &measured.decay_norm),
            ("param_norm", &measured.param_norm),
            ("signal_rms", &measured.signal_rms),
            ("grad_rms", &measured.grad_rms),
        ] {
            // Adaptive optimisers divide by |g + d|. Where the gradient g and the decay d nearly cancel, the
            // two parts of an update are large and opposite, and amplify the last bit of g: two correct f32
            // programs, whose products add in another order, agree less well there. The update itself, their
            // sum, does not suffer.
            let is_part = matches!(metric, "driven_norm" | "decay_norm");
            let tolerance = if is_part && tolerance > 1e-6 { 4.0 * tolerance } else { tolerance };
            near(got, &numbers(&want[metric]), tolerance, &format!("{name}, step {step}: {metric}"));
        }
    }
    evaluates(&mut engine, &case["expected"]["evaluation"][1], "after");
    let snapshot = engine.final_snapshot().clone();
    let distance = &numbers(&case["expected"]["distance_from_init"]);
    near(&snapshot.distance_from_init, distance, tolerance, &format!("{name}: distance"));
    if !case["expected"]["zero_share"].is_null() {
        near(&snapshot.zero_share, &numbers(&case["expected"]["zero_share"]), 0.0, &format!("{name}: zeros"));
    }
    let end = network::<f64>(&shape, &case["expected"]["final"], 0);
    for t in 0..shape.tensor_count() {
        let scale = end.tensor(t).iter().fold(0.0f64, |m, w| m.max(w.abs()));
        for (got, want) in engine.network().tensor(t).iter().zip(end.tensor(t)) {
            assert!((got.to_f64() - want).abs() <= tolerance * scale, "{name}: final tensor {t}");
        }
    }
    for l in (0..shape.layers() - 1).filter(|_| shape.normalisation.is_batch()) {
        let (mean, variance) = engine.network().running(l);
        for (got, part) in [(mean, "running_mean"), (variance, "running_var")] {
            let want = numbers(&case["expected"]["running"][format!("norms.{}.{part}", l + 1)]);
            let scale = want.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            for (got, want) in got.iter().zip(&want) {
                assert!((got.to_f64() - want).abs() <= tolerance * scale, "{name}: {part} {l}: {got} {want}");
            }
        }
    }
}

fn run_document(file: &str) -> usize {
    let document = fixture(file);
    let cases = document["cases"].as_array().unwrap();
    for case in cases {
        match text(&case["precision"]) {
            "f64" => run_case::<f64>(&document, case, 1e-10),
            "f32" => run_case::<f32>(&document, case, 1e-5),
            other => panic!("precision {other}"),
        }
    }
    cases.len()
}

#[test]
fn every_activation_and_loss_trains_as_in_pytorch() {
    assert!(run_document("activation_loss.json") >= 46);
}

#[test]
fn every_optimizer_trains_as_in_pytorch_with_and_without_decay() {
    assert!(run_document("optimizers.json") >= 28);
}

#[test]
fn normalisation_skips_maxout_dropout_and_proximal_l1_train_as_in_pytorch() {
    assert!(run_document("remedies.json") >= 40);
}

#[test]
fn schedules_are_those_of_pytorch() {
    for case in fixture("schedules.json")["cases"].as_array().unwrap() {
        let total = case["total_steps"].as_u64().unwrap();
        let (schedule, warm_up) = schedule(&case["schedule"]);
        let rate = case["learning_rate"].as_f64().unwrap();
        let got: Vec<f64> = (0..total).map(|t| rate * schedule.factor(t, total, warm_up)).collect();
        for (g, w) in got.iter().zip(numbers(&case["expected"])) {
            assert!((g - w).abs() <= 1e-12 * rate, "{}: {got:?}", case["schedule"]);
        }
    }
}

#[test]
fn values_and_saturated_slopes_are_right_relatively() {
    let document = fixture("activation_functions.json");
    let z = numbers(&document["z"]);
    let mut checked = 0;
    for (activation, name) in Activation::ALL {
        let expected = &document["activations"][name];
        let (values, slopes) = (numbers(&expected["value"]), numbers(&expected["derivative"]));
        for (i, &h) in z.iter().enumerate() {
            let (value, slope) = value_and_slope(activation, h);
            for (what, got, want) in [
                ("value", value, values[i]),
                ("slope", slope, slopes[i]),
                ("defined value", activation.value(h), values[i]),
                ("defined slope", activation.slope(h), slopes[i]),
            ] {
                // The exponent's argument is rounded: e^-h^2/2 at |h| = 38 can be off by 38^2/2 units.
                let tolerance = if activation == Activation::Gelu { 3e-13 } else { 1e-14 };
                // gelu's and silu's slopes cross zero, where only an absolute error means something.
                let floor = if matches!(activation, Activation::Gelu | Activation::Silu) && h.abs() < 2.0 {
                    1e-15
                } else {
                    0.0
                };
                let subnormal = want.abs() < 1e-300;
                assert!(
                    (got - want).abs() <= tolerance * want.abs() + floor
                        || subnormal && (got - want).abs() < 1e-300,
                    "{name} {what} at {h}: {got:e}, exact {want:e}"
                );
                checked += 1;
            }
            // In f32, where the result is a normal number.
            if h as f32 as f64 == h && slopes[i].abs() > 1.2e-38 && slopes[i].abs() < 1e38 && h.abs() > 2.0 {
                let got = value_and_slope(activation, h as f32).1 as f64;
                let tolerance = if activation == Activation::Gelu { 6e-6 } else { 1e-6 };
                assert!(
                    (got - slopes[i]).abs() <= tolerance * slopes[i].abs(),
                    "{name} f32 slope at {h}: {got:e}"
                );
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

#[test]
fn a_56_layer_sigmoid_network_is_measured_where_f32_underflows() {
    let document = fixture("deep.json");
    let widths: Vec<usize> = numbers(&document["widths"]).iter().map(|&w| w as usize).collect();
    let labels: Vec<u32> = numbers(&document["labels"]).iter().map(|&l| l as u32).collect();
    let order: Vec<u32> = (0..labels.len() as u32).collect();
    for case in document["cases"].as_array().unwrap() {
        let scale = case["weight_scale"].as_f64().unwrap() / document["weight_denominator"].as_f64().unwrap();
        let mut net = Network::<f32>::new(&widths, Activation::Sigmoid, Initialisation::Zeros, 0);
        for (l, layer) in document["weights"].as_array().unwrap().iter().enumerate() {
            net.tensor_mut(2 * l).iter_mut().zip(numbers(layer)).for_each(|(w, v)| *w = (v * scale) as f32);
        }
        let sgd = Optimizer::new(OptimizerKind::Sgd);
        let mut engine = Engine::new(net, Loss::CrossEntropy, sgd, labels.len(), 1);
        let inputs: Vec<f32> = numbers(&document["inputs"]).iter().map(|&x| x as f32).collect();
        engine.load(&inputs, &labels, &order);
        engine.step(0.1, true, false);
        let (want, measured) = (&case["expected"], engine.measured());
        let name = text(&case["name"]);
        near(&measured.grad_norm, &numbers(&want["grad_norm"]), 1e-3, &format!("{name}: grad_norm"));
        near(&measured.signal_rms, &numbers(&want["signal_rms"]), 1e-3, &format!("{name}: signal_rms"));
        near(&measured.grad_rms, &numbers(&want["grad_rms"]), 1e-3, &format!("{name}: grad_rms"));
        // The parameters cannot follow: the update is lost to rounding, which is not the same as no update.
        assert_eq!(measured.update_norm[0].to_bits(), gradfade::stats::UNDERFLOW.to_bits(), "{name}");
    }
}
