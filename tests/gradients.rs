//! Analytic gradients against central differences, in f64: every activation, loss and family of
//! initialisation.

use gradfade::activation::Activation;
use gradfade::nn::gradcheck::{Disagreement, analytic, check};
use gradfade::nn::init::{generator, unit};
use gradfade::nn::{Initialisation, Loss, Network, Normalisation, Part, Shape};

/// The engine's gradient against central differences.
fn engine_error(
    network: &Network<f64>,
    loss: Loss,
    inputs: &[f64],
    labels: &[u32],
    samples: usize,
) -> Disagreement {
    let gradient = analytic(network, loss, inputs, labels);
    check(network, loss, inputs, labels, &gradient, samples)
}

#[test]
fn analytic_gradients_agree_with_central_differences() {
    let sizes = [6, 8, 7, 5, 4];
    let mut rng = generator(11, 99);
    let inputs: Vec<f64> = (0..7 * 6).map(|_| 2.0 * unit(&mut rng) - 1.0).collect();
    let labels = [0, 3, 1, 2, 2, 1, 0];
    let mut checked = 0;
    for (activation, name) in Activation::ALL {
        for (loss, loss_name) in Loss::ALL {
            for init in Initialisation::NAMES {
                let init: Initialisation = init.replace("STD", "0.5").replace(":A", ":0.9").parse().unwrap();
                if init == Initialisation::Zeros {
                    continue; // Every hidden gradient is exactly 0 there; it has a test of its own.
                }
                let mut network = Network::new(&sizes, activation, init, 5);
                if !activation.is_smooth() {
                    // With zero biases, a sample that no unit of a layer answers sits exactly on the next
                    // layer's kinks, where there is no derivative to compare with.
                    for l in 0..network.layers() {
                        network
                            .tensor_mut(2 * l + 1)
                            .iter_mut()
                            .for_each(|b| *b += 0.2 * unit(&mut rng) - 0.1);
                    }
                }
                let worst = engine_error(&network, loss, &inputs, &labels, 12);
                // A smaller h near a kink leaves fewer digits of the difference.
                let tolerance = if activation.is_smooth() { 1e-6 } else { 1e-5 };
                assert!(worst.relative < tolerance, "{name} {loss_name} {init}: {worst:?}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 12 * 5 * 11);
}

/// Every normalisation x maxout or not x skips x dropout x loss. Gains and shifts are moved away from 1 and
/// 0, where mistakes in them would not show.
#[test]
fn remedies_have_the_gradients_of_central_differences() {
    // Two hidden layers have skips, one is as wide as the input; the others change the width.
    let sizes = [6, 6, 6, 5, 4];
    let mut rng = generator(12, 99);
    let inputs: Vec<f64> = (0..7 * 6).map(|_| 2.0 * unit(&mut rng) - 1.0).collect();
    let labels = [0, 3, 1, 2, 2, 1, 0];
    let mut checked = 0;
    for (normalisation, name) in Normalisation::ALL {
        for activation in [Activation::Tanh, Activation::Relu, Activation::Maxout(2), Activation::Maxout(5)] {
            for residual in [false, true] {
                for dropout in [0.0, 0.3] {
                    for (loss, loss_name) in Loss::ALL {
                        let shape =
                            Shape { normalisation, residual, dropout, ..Shape::plain(&sizes, activation) };
                        let init = Initialisation::default_for(activation);
                        let mut network = Network::<f64>::of(shape.clone(), init, 5);
                        for (t, (_, part, _)) in shape.tensors().enumerate() {
                            let by = if part == Part::Weight { 0.0 } else { 0.4 };
                            network
                                .tensor_mut(t)
                                .iter_mut()
                                .for_each(|w| *w += by * (2.0 * unit(&mut rng) - 1.0));
                        }
                        let worst = engine_error(&network, loss, &inputs, &labels, 20);
                        let tolerance = if activation.is_smooth() { 1e-6 } else { 1e-5 };
                        let what =
                            format!("{activation} {name} residual {residual} dropout {dropout} {loss_name}");
                        assert!(worst.relative < tolerance, "{what}: {worst:?}");
                        checked += 1;
                    }
                }
            }
        }
    }
    assert_eq!(checked, 5 * 4 * 2 * 2 * 5);
}

#[test]
fn a_wrong_gradient_is_found() {
    let shape = Shape { normalisation: Normalisation::Layer, ..Shape::plain(&[3, 4, 3], Activation::Tanh) };
    let network = Network::of(shape, Initialisation::GlorotNormal, 1);
    let (loss, inputs, labels) = (Loss::CrossEntropy, [0.1, 0.5, -0.2, 0.7, 0.3, 0.9], [0, 2]);
    let right = analytic(&network, loss, &inputs, &labels);
    let check = |gradient: &[Vec<f64>]| check(&network, loss, &inputs, &labels, gradient, 100);
    assert!(check(&right).relative < 1e-8);
    // One wrong element of any tensor, or not a number, or a whole tensor of the wrong size.
    for t in 0..right.len() {
        for element in [0, right[t].len() - 1] {
            let largest = right[t].iter().fold(0.0f64, |m, g| m.max(g.abs()));
            for wrong in [right[t][element] + 1e-4 * largest, -right[t][element] - largest, f64::NAN] {
                let mut gradient = right.clone();
                gradient[t][element] = wrong;
                let found = check(&gradient);
                assert!(found.relative > 0.5e-4, "tensor {t}, element {element}: {found:?}");
                assert!(found.tensor == t && found.element == element, "{found:?}");
            }
        }
        let mut gradient = right.clone();
        gradient[t].iter_mut().for_each(|g| *g *= 1.001);
        let found = check(&gradient);
        assert!(found.tensor == t && (found.relative / 1e-3 - 1.0).abs() < 0.1, "{found:?}");
        // No gradient at all.
        gradient[t].fill(0.0);
        assert!(check(&gradient).relative > 1.0);
    }
    // The gradient of another network.
    let mut other = network.clone();
    other.tensor_mut(0)[0] += 0.01;
    let moved = analytic(&other, loss, &inputs, &labels);
    assert!(check(&moved).relative > 1e-5);
}

#[test]
fn zero_weights_give_exactly_zero_gradients_below_the_output() {
    let network = Network::<f64>::new(&[4, 5, 5, 3], Activation::Tanh, Initialisation::Zeros, 1);
    let mut engine = gradfade::nn::Engine::new(
        network,
        Loss::CrossEntropy,
        gradfade::nn::Optimizer::new(gradfade::nn::OptimizerKind::Sgd),
        2,
        1,
    );
    engine.load(&[1.0, 2.0, 3.0, 4.0, 0.5, 0.1, 0.2, 0.3], &[0, 2], &[0, 1]);
    let (loss, gradients) = engine.gradients();
    assert!((loss - 3f64.ln()).abs() < 1e-12);
    for (t, gradient) in gradients.iter().enumerate() {
        assert_eq!(gradient.iter().all(|&g| g == 0.0), t != 5, "tensor {t}");
    }
}
