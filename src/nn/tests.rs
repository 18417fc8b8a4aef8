//! Networks of any layers through the real engine: the fused layers against the plain ones, and a kind of
//! layer that only exists here.

use super::gradcheck::{analytic, check};
use super::init::{generator, unit};
use super::layer::{
    ActivationLayer, Backward, Dense, Forward, Kept, Layer, Memory, PANEL_TENSORS, Panel, Part, Tensor,
};
use super::matmul::Prefetch;
use super::sequence::Sequence;
use super::signal::{rescale, row_squares};
use super::*;
use crate::activation::Activation;

/// A convolution in one dimension without padding: `y_p = sum_k w_k x_{p+k} + b`, the same w `[width]` and b
/// at every position p.
#[derive(Debug)]
struct Convolution {
    inputs: usize,
    width: usize,
}

impl Convolution {
    fn positions(&self) -> usize {
        self.inputs + 1 - self.width
    }

    /// Gradient of one sample's loss by w and b: sums over the positions.
    fn sample_gradient<T: Scalar>(&self, x: &[T], dy: &[T]) -> Vec<f64> {
        let by_weight =
            (0..self.width).map(|k| dy.iter().zip(&x[k..]).map(|(d, x)| d.to_f64() * x.to_f64()).sum());
        by_weight.chain([dy.iter().map(|d| d.to_f64()).sum()]).collect()
    }
}

impl<T: Scalar> Layer<T> for Convolution {
    fn kind(&self) -> &'static str {
        "convolution"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        match input {
            [n] if *n == self.inputs => Ok(vec![self.positions()]),
            _ => Err(format!("takes [{}], not {input:?}", self.inputs)),
        }
    }

    fn tensors(&self) -> Vec<Tensor> {
        let tensor =
            |name, part, n| Tensor { name, part, shape: vec![n], fan_in: self.width, fan_out: self.width };
        vec![tensor("weight", Part::Weight, self.width), tensor("bias", Part::Bias, 1)]
    }

    fn initial(&self, init: Initialisation, seed: u64, number: usize) -> Vec<f64> {
        let (weight, bias) = init.draw(seed, number, self.width, 1);
        [weight, bias].concat()
    }

    /// |dy_a|^2 and |dW_a|^2.
    fn memory(&self) -> Memory {
        Memory { numbers: 2, ..Memory::default() }
    }

    fn reads_input(&self) -> bool {
        true
    }

    fn keeps_signal(&self) -> bool {
        true
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let (weight, bias) = pass.parameters.tensors.split_at(self.width);
        for (x, y) in pass.x.chunks(self.inputs).zip(pass.y.chunks_mut(self.positions())) {
            for (p, y) in y.iter_mut().enumerate() {
                *y = bias[0];
                weight.iter().zip(&x[p..]).for_each(|(&w, &x)| *y += w * x);
            }
        }
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let (signal, gradient) = pass.numbers.split_at_mut(pass.numbers.len() / 2);
        row_squares(pass.dy, self.positions(), signal);
        *pass.exponent += rescale(pass.dy, signal);
        let rows = pass.x.chunks(self.inputs).zip(pass.dy.chunks(self.positions()));
        for ((x, dy), square) in rows.zip(gradient) {
            *square = self.sample_gradient(x, dy)[..self.width].iter().map(|g| g * g).sum();
        }
        if let Some(dx) = pass.dx {
            dx.fill(T::ZERO);
            for (dx, dy) in dx.chunks_mut(self.inputs).zip(pass.dy.chunks(self.positions())) {
                for (p, &dy) in dy.iter().enumerate() {
                    let weight = &pass.parameters.tensors[..self.width];
                    dx[p..].iter_mut().zip(weight).for_each(|(dx, &w)| *dx += w * dy);
                }
            }
        }
    }

    fn scale(&self, by: i32, _: &mut [T], numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|s| *s *= 4f64.powi(by));
    }

    fn sample_squares(&self, numbers: &[f64], signal: &mut [f64], gradient: &mut [f64]) -> bool {
        let (of_signal, of_gradient) = numbers.split_at(numbers.len() / 2);
        signal.copy_from_slice(of_signal);
        gradient.copy_from_slice(of_gradient);
        true
    }

    fn gradient(&self, _: &Panel, kept: Kept<'_, T>, [weight, bias]: [&mut [T]; PANEL_TENSORS], _: Prefetch) {
        let mut sums = vec![0.0; self.width + 1];
        for (x, dy) in kept.x.chunks(self.inputs).zip(kept.dy.chunks(self.positions())) {
            sums.iter_mut().zip(self.sample_gradient(x, dy)).for_each(|(s, g)| *s += g);
        }
        let out = weight.iter_mut().chain(bias);
        out.zip(sums).for_each(|(g, s)| *g = T::from_f64(s / kept.rows as f64));
    }
}

/// The mean of neighbours: a layer without parameters.
#[derive(Debug)]
struct Pooling(usize);

impl<T: Scalar> Layer<T> for Pooling {
    fn kind(&self) -> &'static str {
        "pooling"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        match input {
            [n] if n % self.0 == 0 => Ok(vec![n / self.0]),
            _ => Err(format!("pools {} neighbours", self.0)),
        }
    }

    fn forward(&self, pass: Forward<'_, T>) {
        let share = T::from_f64(1.0 / self.0 as f64);
        for (x, y) in pass.x.chunks(self.0).zip(pass.y) {
            *y = x.iter().fold(T::ZERO, |sum, &x| sum + x) * share;
        }
    }

    fn backward(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        let share = T::from_f64(1.0 / self.0 as f64);
        dx.chunks_mut(self.0).zip(&*pass.dy).for_each(|(dx, &dy)| dx.fill(dy * share));
    }
}

const INPUTS: usize = 9;
const BATCH: usize = 6;

fn convolutional<T: Scalar>() -> Network<T> {
    let layers: Vec<Box<dyn Layer<T>>> = vec![
        Box::new(Convolution { inputs: INPUTS, width: 4 }),
        Box::new(ActivationLayer::new(Activation::Tanh, 6)),
        Box::new(Pooling(2)),
        Box::new(Convolution { inputs: 3, width: 2 }),
        Box::new(ActivationLayer::new(Activation::Sigmoid, 2)),
        Box::new(Dense::new(2, 3, true)),
    ];
    Network::of_layers(&[INPUTS], layers, Initialisation::Pytorch, 3).unwrap()
}

fn samples<T: Scalar>(n: usize, width: usize) -> (Vec<T>, Vec<u32>) {
    let mut rng = generator(5, 77);
    let inputs =
        (0..n * width).map(|_| T::from_f64(f64::from((2.0 * unit(&mut rng) - 1.0) as f32))).collect();
    (inputs, (0..n as u32).map(|i| i * 7 % 3).collect())
}

fn engine<T: Scalar>(network: Network<T>, batch: usize, threads: usize) -> Engine<T> {
    let width = network.sequence.inputs();
    let mut engine =
        Engine::new(network, Loss::CrossEntropy, Optimizer::new(OptimizerKind::Adam), batch, threads);
    let (inputs, labels) = samples(batch, width);
    engine.load(&inputs, &labels, &(0..batch as u32).collect::<Vec<_>>());
    engine
}

#[test]
fn shared_weights_have_the_gradients_of_central_differences() {
    let network = convolutional::<f64>();
    let (inputs, labels) = samples(BATCH, INPUTS);
    let gradient = analytic(&network, Loss::CrossEntropy, &inputs, &labels);
    assert_eq!(gradient.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, 2, 1, 6, 3]);
    let worst = check(&network, Loss::CrossEntropy, &inputs, &labels, &gradient, 100);
    assert!(worst.relative < 1e-7, "{worst:?}");
}

/// The per-sample norms of one batch are those of batches of one sample; |delta|^2 |x|^2, which holds of a
/// dense layer, is another number.
#[test]
fn shared_weights_answer_exactly_for_the_norm_of_a_samples_gradient() {
    let network = convolutional::<f64>();
    let (inputs, labels) = samples::<f64>(BATCH, INPUTS);
    let mut all = engine(network.clone(), BATCH, 1);
    all.step(0.0, true, true);
    let weights = [0, 2, 4];
    let mut squares = [0.0; 3];
    for (x, label) in inputs.chunks(INPUTS).zip(labels) {
        let gradient = analytic(&network, Loss::CrossEntropy, x, &[label]);
        for (square, t) in squares.iter_mut().zip(weights) {
            *square += gradient[t].iter().map(|g| g * g).sum::<f64>() / BATCH as f64;
        }
    }
    for (l, square) in squares.iter().enumerate() {
        let got = all.measured().grad_rms[l];
        assert!((got / square.sqrt() - 1.0).abs() < 1e-12, "layer {l}: {got} {}", square.sqrt());
    }
    assert_eq!(all.measured().grad_norm.len(), 6);
    assert!(all.snapshot().activation_std.iter().all(|x| *x > 0.0));
}

#[test]
fn layers_of_any_kind_train_in_f32_as_in_f64_and_on_threads_as_alone() {
    let norms = |threads: usize| {
        let mut engine = engine(convolutional::<f32>(), 200, threads);
        for _ in 0..20 {
            engine.step(0.01, true, true);
        }
        (engine.network().parameters.clone(), engine.measured().grad_norm.clone())
    };
    let mut double = engine(convolutional::<f64>(), 200, 1);
    let first = double.step(0.01, true, true).0;
    for _ in 1..20 {
        double.step(0.01, true, true);
    }
    assert!(double.measured().loss < first);
    let (single, want) = (norms(1), &double.measured().grad_norm);
    assert!(single.1.iter().zip(want).all(|(a, b)| (a / b - 1.0).abs() < 1e-3), "{single:?} {want:?}");
    assert!(single == norms(3));
}

#[test]
fn recorded_layers_have_the_kind_of_their_weights_and_the_shapes_around_them() {
    let sequence = convolutional::<f32>().sequence;
    let layers: Vec<_> = sequence
        .groups
        .iter()
        .map(|l| (l.kind, &l.input[..], &l.output[..], l.fans.map(|f| f[0]).unwrap_or_default()))
        .collect();
    let expected: [(&str, &[usize], &[usize], usize); 3] =
        [("convolution", &[INPUTS], &[3], 4), ("convolution", &[3], &[2], 2), ("dense", &[2], &[3], 2)];
    assert_eq!(layers, expected);
    let names: Vec<String> = sequence.tensors.iter().map(|tensor| tensor.name()).collect();
    assert_eq!(names[..3], ["layers.1.weight", "layers.1.bias", "layers.2.weight"]);
    let first: Vec<Box<dyn Layer<f32>>> = vec![Box::new(Pooling(3)), Box::new(Dense::new(3, 4, true))];
    let [first] = &Sequence::new(&[INPUTS], first).unwrap().groups[..] else { panic!() };
    assert_eq!((&first.input[..], &first.output[..], first.fans.unwrap()[0]), (&[INPUTS][..], &[4][..], 3));
}

#[test]
fn layers_that_do_not_fit_are_named() {
    let layers: Vec<Box<dyn Layer<f32>>> = vec![Box::new(Dense::new(4, 5, true)), Box::new(Pooling(2))];
    let error = Network::of_layers(&[4], layers, Initialisation::Zeros, 1).unwrap_err();
    assert_eq!(error.to_string(), "layer 2 (Pooling(2)): pools 2 neighbours");
}

/// Gradients and signals of a batch whose first three samples are answered with certainty: their signal is
/// 1e-26 of that of the other five.
fn certain_and_wrong<T: Scalar>(shape: &Shape, bounds: &[usize]) -> Vec<f64> {
    let mut network = Network::<T>::of(shape.clone(), Initialisation::GlorotNormal, 4);
    let last = network.tensor_count() - 1;
    network.tensor_mut(last)[0] = T::from_f64(60.0);
    let rows = bounds[bounds.len() - 1];
    let (inputs, _) = samples::<T>(rows, shape.inputs());
    let labels: Vec<u32> = (0..rows).map(|a| u32::from(a >= 3)).collect();
    let mut engine = engine(network, rows, 1);
    engine.cut_at(bounds);
    engine.load(&inputs, &labels, &(0..rows as u32).collect::<Vec<_>>());
    engine.step(0.01, true, false);
    let m = engine.measured();
    [&m.grad_norm, &m.signal_rms, &m.grad_rms].map(|column| column.clone()).concat()
}

#[test]
fn blocks_whose_signals_are_decades_apart_are_joined() {
    for (normalisation, _) in Normalisation::ALL {
        for (activation, residual) in
            [(Activation::Tanh, false), (Activation::Tanh, true), (Activation::Maxout(2), true)]
        {
            let shape = Shape { normalisation, residual, ..Shape::plain(&[5, 6, 6, 6, 3], activation) };
            let want = certain_and_wrong::<f64>(&shape, &[0, 8]);
            let single = certain_and_wrong::<f32>(&shape, &[0, 3, 8]);
            let double = certain_and_wrong::<f64>(&shape, &[0, 2, 3, 8]);
            for ((want, single), double) in want.iter().zip(single).zip(double) {
                assert!((single - want).abs() < 1e-5 * want.abs() + 1e-7, "{shape:?}: {single} {want}");
                assert!((double - want).abs() < 1e-12 * want.abs() + 1e-15, "{shape:?}: {double} {want}");
            }
        }
    }
}

/// Everything that some steps leave behind, as bits.
fn trained<T: Scalar>(shape: &Shape, fused: bool, batch: usize) -> Vec<u64> {
    let network = Network::with(shape.build::<T>(fused), Initialisation::HeNormal, 4);
    let mut engine = engine(network, batch, 1);
    engine.remember_initial();
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(engine.step(0.01, true, true).0);
        let (m, s) = (engine.measured(), engine.snapshot());
        for column in
            [&m.grad_norm, &m.update_norm, &m.param_norm, &m.signal_rms, &m.grad_rms, &s.distance_from_init]
        {
            all.extend(column);
        }
        for column in [&s.activation_mean, &s.activation_std, &s.saturated_share, &s.mean_squared_slope] {
            all.extend(column);
        }
    }
    let (inputs, labels) = samples::<T>(300, shape.inputs());
    let (loss, accuracy) = engine.evaluate(&inputs, &labels);
    all.extend([loss, accuracy]);
    all.extend(engine.network().parameters.iter().map(|x| x.to_f64()));
    all.into_iter().map(f64::to_bits).collect()
}

#[test]
fn the_fused_layers_have_the_bits_of_the_plain_ones() {
    // The second is cut into several blocks of rows, and its signal leaves the range of f32.
    for (sizes, batch) in [(vec![12, 9, 9, 5, 3], 10), ([vec![200; 4], vec![3]].concat(), 300)] {
        for (activation, name) in Activation::ALL {
            if sizes[0] == 200 && !matches!(activation, Activation::Sigmoid | Activation::Relu) {
                continue;
            }
            for residual in [false, true] {
                let shape = Shape { residual, ..Shape::plain(&sizes, activation) };
                let after = Shape { normalisation: Normalisation::LayerAfter, ..shape.clone() };
                for shape in [shape, after] {
                    assert!(
                        trained::<f32>(&shape, true, batch) == trained::<f32>(&shape, false, batch),
                        "{name} {shape:?}"
                    );
                    assert!(
                        trained::<f64>(&shape, true, batch) == trained::<f64>(&shape, false, batch),
                        "{name} {shape:?}"
                    );
                }
            }
        }
    }
}
