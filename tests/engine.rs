//! What must hold of a training step as a whole: bits that depend on nothing but the run, and gradients that
//! f32 does not lose.

use gradfade::activation::Activation;
use gradfade::nn::{Clip, Engine, Initialisation, Loss, Network, Optimizer, OptimizerKind, Scalar};

fn data<T: Scalar>(n: usize, width: usize) -> (Vec<T>, Vec<u32>) {
    let inputs = (0..n * width).map(|i| T::from_f64(0.5 + 0.5 * (i as f64 * 0.731).sin())).collect();
    (inputs, (0..n as u32).map(|i| (i * 7) % 10).collect())
}

/// Parameters after some steps, and the last measured gradient norms.
fn train<T: Scalar>(
    sizes: &[usize],
    batch: usize,
    optimizer: Optimizer,
    threads: usize,
    measure: bool,
) -> (Vec<T>, Vec<f64>) {
    let network = Network::<T>::new(sizes, Activation::Sigmoid, Initialisation::GlorotUniform, 3);
    let mut engine = Engine::new(network, Loss::CrossEntropy, optimizer, batch, threads);
    if measure {
        engine.remember_initial();
    }
    let (inputs, labels) = data::<T>(2 * batch, sizes[0]);
    for step in 0..6 {
        let order: Vec<u32> = (0..batch as u32).map(|i| (i * 3 + step) % (2 * batch as u32)).collect();
        engine.load(&inputs, &labels, &order);
        engine.step(0.05, measure, measure && step % 2 == 0);
    }
    (engine.network().parameters.clone(), engine.measured().grad_norm.clone())
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn the_bits_do_not_depend_on_threads_or_on_recording() {
    // The widest is cut into two blocks of rows.
    for (sizes, batch) in
        [(vec![20, 33, 17, 10], 10), (vec![70, 100, 100, 10], 100), (vec![300, 500, 500, 10], 128)]
    {
        for kind in [OptimizerKind::Sgd, OptimizerKind::Adam] {
            for weight_decay in [0.0, 1e-3] {
                // With decay also clipped or normalised: that needs the norms of all panels before the first
                // update.
                let clip = match kind {
                    _ if weight_decay == 0.0 => Clip::Nothing,
                    OptimizerKind::Sgd => Clip::Norm(0.05),
                    _ => Clip::Unit,
                };
                let optimizer = Optimizer { weight_decay, clip, ..Optimizer::new(kind) };
                let (plain, _) = train::<f32>(&sizes, batch, optimizer, 1, false);
                let (_, norms) = train::<f32>(&sizes, batch, optimizer, 1, true);
                for threads in [1, 2, 3] {
                    for measure in [false, true] {
                        let (other, other_norms) = train::<f32>(&sizes, batch, optimizer, threads, measure);
                        assert!(
                            bits(&plain) == bits(&other),
                            "{sizes:?} {kind} {threads} threads, recording {measure}"
                        );
                        assert!(!measure || norms == other_norms);
                    }
                }
            }
        }
    }
}

/// Steps of plain gradient descent against the gradient of the same batch, clipped here.
#[test]
fn clipped_steps_are_those_of_the_clipped_gradient_and_the_record_has_the_norm_before() {
    let sizes = [20, 33, 17, 10];
    let (inputs, labels) = data::<f64>(12, 20);
    let order: Vec<u32> = (0..12).collect();
    for clip in [Clip::Norm(0.1), Clip::Norm(1e9), Clip::Value(0.003), Clip::Value(1e9), Clip::Unit] {
        let network = Network::<f64>::new(&sizes, Activation::Sigmoid, Initialisation::GlorotUniform, 3);
        let optimizer = Optimizer { clip, ..Optimizer::new(OptimizerKind::Sgd) };
        let mut engine = Engine::new(network, Loss::CrossEntropy, optimizer, 12, 1);
        engine.load(&inputs, &labels, &order);
        let (_, gradients) = engine.gradients();
        let before = engine.network().parameters.clone();
        engine.step(0.5, true, false);
        let all = gradients.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
        let mut largest: f64 = 0.0;
        for (t, gradient) in gradients.iter().enumerate() {
            let start = engine.network().range(t).start;
            let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            for (i, &g) in gradient.iter().enumerate() {
                let clipped = match clip {
                    Clip::Norm(most) => g * (most / (all + 1e-6)).min(1.0),
                    Clip::Value(most) => g.clamp(-most, most),
                    Clip::Unit => g / norm,
                    Clip::Nothing => g,
                };
                largest = largest.max((clipped - g).abs());
                let step = engine.network().parameters[start + i] - before[start + i];
                assert!((step + 0.5 * clipped).abs() < 1e-15, "{clip:?}: {step} for {clipped}");
            }
            assert!((engine.measured().grad_norm[t] / norm - 1.0).abs() < 1e-12, "{clip:?}");
            let driven = engine.measured().driven_norm[t];
            assert!(clip != Clip::Unit || (driven - 0.5).abs() < 1e-12, "every tensor moves by the rate");
        }
        // The small limits act, the large ones do not.
        let acts =
            matches!(clip, Clip::Unit) || matches!(clip, Clip::Norm(most) | Clip::Value(most) if most < 1.0);
        assert_eq!(largest > 1e-4, acts, "{clip:?}: {largest}");
    }
}

#[test]
fn f32_follows_f64() {
    for (sizes, batch) in
        [(vec![20, 33, 17, 10], 10), (vec![784, 30, 30, 10], 10), (vec![70, 100, 100, 10], 100)]
    {
        let optimizer = Optimizer::new(OptimizerKind::Sgd);
        let (single, norms) = train::<f32>(&sizes, batch, optimizer, 1, true);
        let (double, want) = train::<f64>(&sizes, batch, optimizer, 1, true);
        let worst = single.iter().zip(&double).map(|(&a, &b)| (a as f64 - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-5, "{sizes:?}: {worst}");
        for (got, want) in norms.iter().zip(&want) {
            assert!((got / want - 1.0).abs() < 1e-5, "{sizes:?}: {got} {want}");
        }
    }
}

/// 1e-34 or so: its square is far below what f32 holds, and so are most of its elements' squares.
#[test]
fn the_first_gradient_of_56_sigmoid_layers_is_true_in_f32() {
    fn first_norm<T: Scalar>() -> f64 {
        let mut sizes = vec![32; 58];
        sizes[57] = 10;
        let network = Network::<T>::new(&sizes, Activation::Sigmoid, Initialisation::GlorotUniform, 7);
        let optimizer = Optimizer::new(OptimizerKind::Sgd);
        let mut engine = Engine::new(network, Loss::CrossEntropy, optimizer, 16, 1);
        let (inputs, labels) = data::<T>(16, 32);
        engine.load(&inputs, &labels, &(0..16).collect::<Vec<u32>>());
        engine.step(0.1, true, false);
        engine.measured().grad_norm[0]
    }
    let (single, double) = (first_norm::<f32>(), first_norm::<f64>());
    assert!(double > 0.0 && double < 1e-25, "deep enough to be lost: {double}");
    assert!((single / double - 1.0).abs() < 1e-3, "{single} {double}");
}
