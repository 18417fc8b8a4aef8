//! What must hold of networks with normalisation, skips, dropout and maxout as a whole: bits that depend on
//! nothing but the run, signals that f32 does not lose, and the growth of the signal that theory predicts.

use gradfade::activation::Activation;
use gradfade::nn::init::{Initialisation, generator, unit};
use gradfade::nn::{
    Engine, L1Step, Loss, Network, Normalisation, Optimizer, OptimizerKind, Part, Scalar, Shape,
};

fn data<T: Scalar>(n: usize, width: usize) -> (Vec<T>, Vec<u32>) {
    let mut rng = generator(3, 77);
    // Standard normal by the sum of twelve uniform numbers.
    let inputs =
        (0..n * width).map(|_| T::from_f64((0..12).map(|_| unit(&mut rng)).sum::<f64>() - 6.0)).collect();
    (inputs, (0..n as u32).map(|i| (i * 7) % 10).collect())
}

/// Each thing alone and all together, between these sizes.
fn shapes(sizes: &[usize]) -> Vec<Shape> {
    let plain = Shape::plain(sizes, Activation::Relu);
    let mut all: Vec<Shape> = Normalisation::ALL
        .iter()
        .map(|&(normalisation, _)| Shape { normalisation, ..plain.clone() })
        .collect();
    all.push(Shape { residual: true, ..plain.clone() });
    all.push(Shape { dropout: 0.3, ..plain.clone() });
    all.push(Shape { activation: Activation::Maxout(3), ..plain.clone() });
    for (normalisation, _) in Normalisation::ALL {
        let activation = Activation::Maxout(2);
        all.push(Shape { normalisation, residual: true, dropout: 0.2, activation, ..plain.clone() });
    }
    all
}

fn engine<T: Scalar>(shape: &Shape, optimizer: Optimizer, batch: usize, threads: usize) -> Engine<T> {
    let network = Network::<T>::of(shape.clone(), Initialisation::HeNormal, 3);
    Engine::new(network, Loss::CrossEntropy, optimizer, batch, threads)
}

/// Bits of parameters and running averages after some steps, and of an evaluation; the gradient norms
/// measured last.
fn train(
    shape: &Shape,
    batch: usize,
    optimizer: Optimizer,
    threads: usize,
    measure: bool,
) -> (Vec<u64>, Vec<f64>) {
    let mut engine = engine::<f32>(shape, optimizer, batch, threads);
    if measure {
        engine.remember_initial();
    }
    let (inputs, labels) = data::<f32>(2 * batch, shape.inputs());
    for step in 0..4 {
        let order: Vec<u32> = (0..batch as u32).map(|i| (i * 3 + step) % (2 * batch as u32)).collect();
        engine.load(&inputs, &labels, &order);
        engine.step(0.01, measure, measure && step % 2 == 0);
    }
    let (loss, accuracy) = engine.evaluate(&inputs, &labels);
    let network = engine.network();
    let numbers = network.parameters.iter().chain(&network.running).map(|x| u64::from(x.to_bits()));
    (numbers.chain([loss.to_bits(), accuracy.to_bits()]).collect(), engine.measured().grad_norm.clone())
}

#[test]
fn the_bits_do_not_depend_on_threads_or_on_recording() {
    // The second is cut into several blocks of rows.
    for (sizes, batch) in [(vec![20, 20, 17, 10], 10), (vec![200, 400, 400, 10], 192)] {
        for (i, shape) in shapes(&sizes).iter().enumerate() {
            let kind = [OptimizerKind::Sgd, OptimizerKind::Adam][i % 2];
            let optimizer = Optimizer { weight_decay: 1e-3, ..Optimizer::new(kind) };
            let (plain, _) = train(shape, batch, optimizer, 1, false);
            let (_, norms) = train(shape, batch, optimizer, 1, true);
            for (threads, measure) in [(1, true), (2, false), (3, true)] {
                let (other, other_norms) = train(shape, batch, optimizer, threads, measure);
                assert!(plain == other, "{shape:?} {kind} {threads} threads, recording {measure}");
                assert!(!measure || norms == other_norms);
            }
        }
    }
}

#[test]
fn f32_follows_f64() {
    for shape in shapes(&[30, 40, 40, 10]) {
        let sgd = Optimizer::new(OptimizerKind::Sgd);
        let (mut single, mut double) = (engine::<f32>(&shape, sgd, 64, 1), engine::<f64>(&shape, sgd, 64, 1));
        let (inputs, labels) = data::<f32>(64, 30);
        let wide: Vec<f64> = inputs.iter().map(|&x| f64::from(x)).collect();
        let order: Vec<u32> = (0..64).collect();
        for _ in 0..3 {
            single.load(&inputs, &labels, &order);
            double.load(&wide, &labels, &order);
            single.step(0.01, true, true);
            double.step(0.01, true, true);
            let columns =
                |e: &StepAndSnapshot| e.0.iter().chain(&e.1).chain(&e.2).copied().collect::<Vec<f64>>();
            for (got, want) in columns(&measures(&single)).iter().zip(columns(&measures(&double))) {
                // The logits of normalised units have a mean of exactly 0.
                assert!((got - want).abs() <= 2e-5 * want.abs() + 1e-7, "{shape:?}: {got} {want}");
            }
        }
    }
}

/// Gradient norms, signals, activation statistics.
type StepAndSnapshot = (Vec<f64>, Vec<f64>, Vec<f64>);

fn measures<T: Scalar>(engine: &Engine<T>) -> StepAndSnapshot {
    let (m, s) = (engine.measured(), engine.snapshot());
    let layers = [&m.signal_rms, &m.grad_rms].map(|column| column.clone()).concat();
    let activations =
        [&s.activation_mean, &s.activation_std, &s.saturated_share, &s.dead_share, &s.mean_squared_slope];
    (m.grad_norm.clone(), layers, activations.map(|column| column.clone()).concat())
}

/// Mean squares of the signal at every layer, of one batch at the start.
fn squares(shape: &Shape, init: Initialisation, batch: usize, seed: u64) -> Vec<f64> {
    let network = Network::<f32>::of(shape.clone(), init, seed);
    let mut engine = Engine::new(network, Loss::CrossEntropy, Optimizer::new(OptimizerKind::Sgd), batch, 1);
    let (inputs, labels) = data::<f32>(batch, shape.inputs());
    engine.load(&inputs, &labels, &(0..batch as u32).collect::<Vec<_>>());
    engine.step(0.0, true, false);
    engine.measured().signal_rms.iter().map(|x| x * x).collect()
}

/// E of the squared slope and of phi^2, and the variance of phi, for a standard normal pre-activation
/// (Simpson).
fn moments(activation: Activation) -> [f64; 3] {
    let (n, from, to) = (4000, -10.0, 10.0);
    let h = (to - from) / n as f64;
    let mut sums = [0.0; 3];
    for i in 0..=n {
        let x = from + i as f64 * h;
        let weight = if i == 0 || i == n { 1.0 } else { [2.0, 4.0][i % 2] } * h / 3.0;
        let density = weight * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let (value, slope) = (activation.value(x), activation.slope(x));
        for (sum, f) in sums.iter_mut().zip([slope * slope, value * value, value]) {
            *sum += density * f;
        }
    }
    [sums[0], sums[1], sums[1] - sums[2] * sums[2]]
}

/// At initialisation the squared signal grows from layer to layer toward the input by E phi'^2 / Var phi with
/// batch normalisation (Yang et al. 2019), by E phi'^2 / E phi^2 with layer normalisation before a phi whose
/// preactivations have mean 0, by sigma_w^2 E phi'^2 / keep with dropout, and not at all with maxout at 1 /
/// fan_in: infinitely wide networks, large batches.
#[test]
fn the_signal_grows_as_theory_says() {
    let (width, depth, batch) = (256, 8, 128);
    let sizes: Vec<usize> = [vec![width; depth + 1], vec![10]].concat();
    let growth = |shape: &Shape, init| {
        let logs: Vec<f64> = (1..=3)
            .map(|seed| {
                let squares = squares(shape, init, batch, seed);
                // Not the last hidden layer, whose signal comes from the output layer.
                (squares[1] / squares[depth - 2]).ln() / (depth - 3) as f64
            })
            .collect();
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    };
    let lecun = Initialisation::LecunNormal;
    for activation in [Activation::Sigmoid, Activation::Tanh, Activation::Relu] {
        let [slope, square, variance] = moments(activation);
        let plain = Shape::plain(&sizes, activation);
        for (normalisation, want) in
            [(Normalisation::Batch, slope / variance), (Normalisation::Layer, slope / square)]
        {
            let got = growth(&Shape { normalisation, ..plain.clone() }, lecun);
            // Finite width and batch add a few percent.
            assert!((got / want - 1.0).abs() < 0.05, "{activation} {normalisation}: {got}, theory {want}");
        }
    }
    let relu = Shape { dropout: 0.5, ..Shape::plain(&sizes, Activation::Relu) };
    let got = growth(&relu, Initialisation::HeNormal);
    assert!((got / 2.0 - 1.0).abs() < 0.08, "dropout: {got}, theory 2");
    for pieces in [2, 4] {
        let got = growth(&Shape::plain(&sizes, Activation::Maxout(pieces)), lecun);
        assert!((got - 1.0).abs() < 0.08, "maxout {pieces}: {got}, theory 1");
    }
}

/// 1e-50 and less: far below what f32 holds, with the skip's signal and the branch's many decades apart.
#[test]
fn signals_that_f32_cannot_hold_are_true() {
    for (activation, normalisation, residual, dropout, init) in [
        (Activation::Maxout(2), Normalisation::None, false, 0.1, Initialisation::Normal(0.01)),
        (Activation::Sigmoid, Normalisation::Layer, false, 0.0, Initialisation::GlorotUniform),
        (Activation::Sigmoid, Normalisation::LayerAfter, false, 0.0, Initialisation::Normal(0.01)),
        (Activation::Tanh, Normalisation::None, true, 0.0, Initialisation::Normal(1e-25)),
    ] {
        let mut sizes = vec![32; 58];
        sizes[57] = 10;
        let shape = Shape { normalisation, residual, dropout, ..Shape::plain(&sizes, activation) };
        fn norms<T: Scalar>(shape: &Shape, init: Initialisation) -> (Vec<f64>, Vec<f64>) {
            let mut network = Network::<T>::of(shape.clone(), init, 7);
            let mut rng = generator(4, 78);
            for l in 0..shape.layers() {
                // What goes forward must be in the range of f32, which has no power of two there.
                let bias = network.tensor_mut(shape.index(l, Part::Bias).unwrap());
                bias.iter_mut().for_each(|b| *b = T::from_f64(f64::from((unit(&mut rng) - 0.5) as f32)));
            }
            let mut engine =
                Engine::new(network, Loss::CrossEntropy, Optimizer::new(OptimizerKind::Sgd), 16, 1);
            let (inputs, labels) = data::<f32>(16, 32);
            let inputs: Vec<T> = inputs.iter().map(|&x| T::from_f64(x.into())).collect();
            engine.load(&inputs, &labels, &(0..16).collect::<Vec<_>>());
            engine.step(0.1, true, false);
            (engine.measured().grad_norm.clone(), engine.measured().signal_rms.clone())
        }
        let (single, double) = (norms::<f32>(&shape, init), norms::<f64>(&shape, init));
        let lowest = double.1.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(lowest > 0.0 && lowest < 1e-20, "deep enough to be lost: {activation} {lowest:e}");
        for (got, want) in single.0.iter().chain(&single.1).zip(double.0.iter().chain(&double.1)) {
            assert!((got / want - 1.0).abs() < 1e-3, "{activation} {normalisation}: {got:e} {want:e}");
        }
    }
}

#[test]
fn dropout_is_off_in_evaluation_and_the_same_in_every_run() {
    let sizes = [20, 30, 30, 10];
    let plain = Shape::plain(&sizes, Activation::Relu);
    let dropped = Shape { dropout: 0.4, ..plain.clone() };
    let sgd = Optimizer::new(OptimizerKind::Sgd);
    let (inputs, labels) = data::<f32>(50, 20);
    let order: Vec<u32> = (0..50).collect();
    let [mut without, mut with, mut again] =
        [&plain, &dropped, &dropped].map(|shape| engine::<f32>(shape, sgd, 50, 1));
    assert_eq!(without.evaluate(&inputs, &labels), with.evaluate(&inputs, &labels));
    let mut losses = Vec::new();
    for engine in [&mut without, &mut with, &mut again] {
        engine.load(&inputs, &labels, &order);
        // Without a step in parameters, two steps differ in their masks alone.
        losses.push([engine.step(0.0, false, false).0, engine.step(0.0, false, false).0]);
    }
    assert_eq!(losses[0][0], losses[0][1]);
    assert_ne!(losses[1][0], losses[1][1]);
    assert_eq!(losses[1], losses[2]);
}

#[test]
fn proximal_l1_makes_zeros_and_the_subgradient_does_not() {
    let shape = Shape::plain(&[20, 30, 10], Activation::Tanh);
    let (inputs, labels) = data::<f32>(100, 20);
    let order: Vec<u32> = (0..100).collect();
    for kind in OptimizerKind::ALL.map(|(kind, _)| kind) {
        let [pulled, jumped] = [L1Step::Proximal, L1Step::Subgradient].map(|l1_step| {
            let mut engine =
                engine::<f32>(&shape, Optimizer { l1: 0.02, l1_step, ..Optimizer::new(kind) }, 100, 1);
            engine.load(&inputs, &labels, &order);
            for _ in 0..400 {
                engine.step(0.02, false, false);
            }
            engine.final_snapshot().zero_share[shape.index(0, Part::Weight).unwrap()]
        });
        assert!(pulled > 0.02 && jumped < 0.001, "{kind}: {pulled} {jumped}");
    }
}
