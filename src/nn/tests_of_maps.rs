//! Networks of maps through the real engine: convolutions, pooling, normalisation by channel, projected
//! skips.

use super::gradcheck::{analytic, check};
use super::init::{generator, unit};
use super::layer::{
    ActivationLayer, AveragePooling, BatchNormalisation, Convolution, Dense, Dropout, Layer,
    LayerNormalisation, MaxPooling, ProjectedSkip, Skip,
};
use super::*;
use serde_json::Value;

use crate::activation::Activation;

type Layers<T> = Vec<Box<dyn Layer<T>>>;

/// Layers one after another, with the shape that the next one takes.
struct Stack<T> {
    layers: Layers<T>,
    input: [usize; 3],
    shape: [usize; 3],
    activation: Activation,
}

impl<T: Scalar> Stack<T> {
    fn new(shape: [usize; 3], activation: Activation) -> Stack<T> {
        Stack { layers: Vec::new(), input: shape, shape, activation }
    }

    fn push(&mut self, layer: impl Layer<T> + 'static) {
        let shape = layer.shape(&self.shape).unwrap();
        self.shape = shape.try_into().unwrap();
        self.layers.push(Box::new(layer));
    }

    fn width(&self) -> usize {
        self.shape.iter().product()
    }

    fn convolution(mut self, out: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        self.push(Convolution::new(self.shape, out, kernel, stride, padding, true).unwrap());
        self
    }

    fn without_bias(mut self, out: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        self.push(Convolution::new(self.shape, out, kernel, stride, padding, false).unwrap());
        self
    }

    fn active(mut self) -> Self {
        self.push(ActivationLayer::new(self.activation, self.width()));
        self
    }

    fn max(mut self, size: usize, stride: usize) -> Self {
        self.push(MaxPooling::new(self.shape, size, stride).unwrap());
        self
    }

    fn average(mut self, size: usize, stride: usize) -> Self {
        self.push(AveragePooling::new(self.shape, size, stride).unwrap());
        self
    }

    fn global(mut self) -> Self {
        self.push(AveragePooling::global(self.shape).unwrap());
        self
    }

    fn batch_norm(mut self) -> Self {
        self.push(BatchNormalisation::of_maps(self.shape[0], self.shape[1] * self.shape[2]));
        self
    }

    fn layer_norm(mut self) -> Self {
        self.push(LayerNormalisation::new(&self.shape));
        self
    }

    fn dropout(mut self) -> Self {
        self.push(Dropout { width: self.width(), share: 0.3, number: 1 });
        self
    }

    fn skip(mut self, span: usize) -> Self {
        self.push(Skip { width: self.width(), span });
        self
    }

    fn project(mut self, from: [usize; 3], span: usize) -> Self {
        self.push(ProjectedSkip::new(from, self.shape, span).unwrap());
        self
    }

    fn classes(mut self, classes: usize) -> Network<T> {
        self.layers.push(Box::new(Dense::new(self.width(), classes, true)));
        Network::of_layers(&self.input, self.layers, Initialisation::Pytorch, 3).unwrap()
    }
}

/// Every kind of layer somewhere, with odd sides, strides, and with padding and without.
fn networks<T: Scalar>(activation: Activation) -> Vec<(&'static str, Network<T>)> {
    let stack = |shape| Stack::new(shape, activation);
    vec![
        (
            "padding",
            stack([2, 5, 6]).convolution(3, 3, 1, 1).active().convolution(2, 3, 1, 0).active().classes(3),
        ),
        (
            "strides",
            stack([1, 7, 9]).convolution(3, 3, 2, 1).active().convolution(4, 2, 2, 0).active().classes(3),
        ),
        (
            "one by one",
            stack([2, 4, 4]).convolution(3, 1, 1, 0).active().convolution(2, 1, 2, 0).active().classes(3),
        ),
        (
            "pooling",
            stack([1, 7, 7]).convolution(3, 3, 1, 1).active().max(2, 2).convolution(2, 2, 1, 0).classes(3),
        ),
        (
            "overlap",
            stack([1, 7, 7]).convolution(3, 3, 1, 1).active().max(3, 2).active().max(2, 1).classes(3),
        ),
        (
            "average",
            stack([1, 7, 5]).convolution(3, 3, 1, 1).active().average(2, 2).active().average(2, 1).classes(3),
        ),
        (
            "global",
            stack([2, 5, 5])
                .convolution(4, 3, 1, 1)
                .active()
                .convolution(5, 3, 1, 0)
                .active()
                .global()
                .classes(3),
        ),
        (
            "batch norm",
            stack([1, 5, 5])
                .without_bias(3, 3, 1, 1)
                .batch_norm()
                .active()
                .without_bias(2, 3, 1, 0)
                .active()
                .batch_norm()
                .classes(3),
        ),
        (
            "layer norm",
            stack([1, 5, 5]).convolution(3, 3, 1, 1).layer_norm().active().convolution(2, 3, 1, 0).classes(3),
        ),
        (
            "dropout",
            stack([1, 5, 5]).convolution(3, 3, 1, 1).active().dropout().convolution(2, 3, 1, 0).classes(3),
        ),
        (
            "skip",
            stack([1, 5, 5])
                .convolution(3, 3, 1, 1)
                .active()
                .convolution(3, 3, 1, 1)
                .active()
                .skip(2)
                .active()
                .classes(3),
        ),
        (
            "projected",
            stack([1, 5, 7])
                .convolution(2, 3, 1, 1)
                .active()
                .convolution(3, 3, 2, 1)
                .active()
                .convolution(3, 3, 1, 1)
                .project([2, 5, 7], 3)
                .active()
                .classes(3),
        ),
        (
            "projected batch",
            stack([2, 6, 6])
                .without_bias(3, 3, 2, 1)
                .batch_norm()
                .active()
                .project([2, 6, 6], 3)
                .active()
                .global()
                .classes(3),
        ),
        (
            "projected twice",
            stack([1, 6, 6])
                .convolution(2, 3, 1, 1)
                .active()
                .without_bias(3, 3, 1, 1)
                .batch_norm()
                .project([2, 6, 6], 2)
                .active()
                .convolution(4, 2, 2, 0)
                .layer_norm()
                .project([3, 6, 6], 2)
                .max(3, 1)
                .classes(3),
        ),
    ]
}

fn samples<T: Scalar>(n: usize, width: usize) -> (Vec<T>, Vec<u32>) {
    let mut rng = generator(5, 77);
    let inputs =
        (0..n * width).map(|_| T::from_f64(f64::from((2.0 * unit(&mut rng) - 1.0) as f32))).collect();
    (inputs, (0..n as u32).map(|i| i * 7 % 3).collect())
}

fn engine<T: Scalar>(network: Network<T>, batch: usize, threads: usize) -> Engine<T> {
    let mut engine =
        Engine::new(network, Loss::CrossEntropy, Optimizer::new(OptimizerKind::Adam), batch, threads);
    load(&mut engine, batch);
    engine
}

fn load<T: Scalar>(engine: &mut Engine<T>, batch: usize) {
    let (inputs, labels) = samples(batch, engine.network().sequence.inputs());
    engine.load(&inputs, &labels, &(0..batch as u32).collect::<Vec<_>>());
}

const BATCH: usize = 5;

/// Small networks in which each kind of layer of maps stands between others.
fn kinds(activation: Activation) -> Vec<(&'static str, Network<f64>)> {
    let stack = |shape| Stack::<f64>::new(shape, activation);
    let first = || stack([1, 4, 5]).convolution(2, 3, 1, 1).active();
    vec![
        ("convolution", first().classes(3)),
        ("stride", first().convolution(2, 2, 2, 0).active().classes(3)),
        ("projected", first().convolution(3, 3, 2, 1).project([2, 4, 5], 1).active().classes(3)),
        ("max", first().max(2, 2).convolution(2, 2, 1, 0).active().classes(3)),
        ("average", first().average(2, 1).active().classes(3)),
        ("global", first().global().classes(3)),
        ("batch norm", first().without_bias(2, 3, 1, 1).batch_norm().active().classes(3)),
        ("layer norm", first().convolution(2, 3, 1, 1).layer_norm().active().classes(3)),
    ]
}

#[test]
fn every_kind_activation_and_loss_has_the_gradients_of_central_differences() {
    // Maxout is of dense layers.
    let activations = Activation::ALL.map(|(activation, _)| activation);
    for activation in activations.into_iter().filter(|a| !matches!(a, Activation::Maxout(_))) {
        for (name, network) in kinds(activation) {
            for (loss, _) in Loss::ALL {
                let (inputs, labels) = samples(3, network.sequence.inputs());
                let gradient = analytic(&network, loss, &inputs, &labels);
                let worst = check(&network, loss, &inputs, &labels, &gradient, 4);
                assert!(worst.relative < 1e-6, "{name}, {activation:?}, {loss:?}: {worst:?}");
            }
        }
    }
}

#[test]
fn layers_of_maps_have_the_gradients_of_central_differences() {
    for (activation, loss) in
        [Activation::Tanh, Activation::Relu].map(|activation| (activation, Loss::CrossEntropy))
    {
        for (name, network) in networks::<f64>(activation) {
            let (inputs, labels) = samples(BATCH, network.sequence.inputs());
            let gradient = analytic(&network, loss, &inputs, &labels);
            let worst = check(&network, loss, &inputs, &labels, &gradient, 8);
            assert!(worst.relative < 1e-6, "{name}, {activation:?}, {loss:?}: {worst:?}");
        }
    }
}

/// The check can fail: a gradient that is off by a ten-thousandth in one element of any tensor is found, for
/// every kind of layer.
#[test]
fn another_gradient_is_found() {
    for (name, network) in kinds(Activation::Tanh) {
        let (inputs, labels) = samples(3, network.sequence.inputs());
        let right = analytic(&network, Loss::Mse, &inputs, &labels);
        for t in 0..right.len() {
            let mut gradient = right.clone();
            let largest = gradient[t].iter().fold(0.0f64, |m, g| m.max(g.abs()));
            gradient[t][0] += 1e-4 * largest;
            let worst = check(&network, Loss::Mse, &inputs, &labels, &gradient, 2);
            assert!(worst.relative > 5e-5 && worst.tensor == t, "{name}, tensor {t}: {worst:?}");
        }
    }
}

/// Recorded layers with weights.
fn weighted<T: Scalar>(network: &Network<T>) -> Vec<usize> {
    (0..network.layers()).filter(|&l| network.index(l, Part::Weight).is_some()).collect()
}

/// The per-sample norms of one batch are those of batches of one sample.
#[test]
fn the_norm_of_a_samples_gradient_is_exact() {
    for (name, network) in networks::<f64>(Activation::Tanh) {
        if name.contains("batch") || name.contains("dropout") || name.contains("twice") {
            continue; // There a sample alone is another thing.
        }
        let (inputs, labels) = samples::<f64>(BATCH, network.sequence.inputs());
        let mut all = engine(network.clone(), BATCH, 1);
        all.step(0.0, true, true);
        let groups = weighted(&network);
        let mut squares = vec![0.0; groups.len()];
        for (x, label) in inputs.chunks(network.sequence.inputs()).zip(labels) {
            let gradient = analytic(&network, Loss::CrossEntropy, x, &[label]);
            for (&l, square) in groups.iter().zip(&mut squares) {
                let weight = &gradient[network.index(l, Part::Weight).unwrap()];
                *square += weight.iter().map(|g| g * g).sum::<f64>() / BATCH as f64;
            }
        }
        for (&l, square) in groups.iter().zip(&squares) {
            let got = all.measured().grad_rms[l];
            assert!((got / square.sqrt() - 1.0).abs() < 1e-12, "{name}, layer {l}: {got} {}", square.sqrt());
            assert!(all.snapshot().activation_std[l] > 0.0, "{name}");
        }
        // Pooling has a signal, and neither a gradient of its own nor activations.
        for l in (0..network.layers()).filter(|l| !groups.contains(l)) {
            let (m, s) = (all.measured(), all.snapshot());
            let is_active = network.sequence.groups[l].activation.is_some();
            assert!(m.signal_rms[l] > 0.0 && m.grad_rms[l].is_nan(), "{name}");
            assert_eq!(s.activation_std[l].is_nan(), !is_active, "{name}");
            assert!(s.routed_share[l] > 0.0 && s.routed_share[l] <= 1.0, "{name}");
        }
    }
}

/// Parameters and norms after some steps, as bits; `bounds` cuts the batch into blocks.
fn trained<T: Scalar>(
    network: Network<T>,
    threads: usize,
    measure: bool,
    bounds: Option<&[usize]>,
) -> Vec<f64> {
    let mut engine = engine(network, 24, threads);
    if let Some(bounds) = bounds {
        engine.cut_at(bounds);
        load(&mut engine, 24);
    }
    for _ in 0..6 {
        engine.step(0.01, measure, measure);
    }
    let (inputs, labels) = samples::<T>(30, engine.network().sequence.inputs());
    let evaluated = engine.evaluate(&inputs, &labels);
    let mut all = vec![engine.measured().loss, evaluated.0];
    all.extend(engine.network().parameters.iter().chain(&engine.network().running).map(|x| x.to_f64()));
    if measure {
        let m = engine.measured();
        let known = |x: &&f64| !x.is_nan();
        all.extend(
            m.grad_norm
                .iter()
                .chain(&m.grad_rms)
                .chain(&m.signal_rms)
                .chain(&engine.snapshot().dead_share)
                .filter(known),
        );
    }
    all
}

#[test]
fn threads_and_measuring_leave_the_bits_and_blocks_and_f32_nearly_do() {
    let blocks: &[usize] = &[0, 5, 12, 13, 24];
    for at in 0..networks::<f32>(Activation::Tanh).len() {
        let network = || networks::<f32>(Activation::Tanh).swap_remove(at);
        let name = network().0;
        let double = || networks::<f64>(Activation::Tanh).swap_remove(at).1;
        let alone = trained(network().1, 1, true, Some(blocks));
        assert!(alone == trained(network().1, 3, true, Some(blocks)), "{name}: threads");
        let quiet = trained(network().1, 2, false, Some(blocks));
        assert!(alone[..quiet.len()] == quiet, "{name}: measuring");
        let want = trained(double(), 1, true, None);
        let cut = trained(double(), 1, true, Some(blocks));
        for (i, ((single, cut), want)) in alone.iter().zip(&cut).zip(&want).enumerate() {
            assert!((cut - want).abs() < 1e-9 * (1.0 + want.abs()), "{name}, {i}: {cut} {want}");
            assert!((single - want).abs() < 2e-3 * (0.1 + want.abs()), "{name}, {i}: {single} {want}");
        }
    }
}

/// A signal of 1e-26 beside one of 1: the blocks' sums of a convolution are brought to one power of two.
#[test]
fn blocks_of_maps_whose_signals_are_decades_apart_are_joined() {
    fn measured<T: Scalar>(at: usize, bounds: &[usize]) -> Vec<f64> {
        let mut network = networks::<T>(Activation::Tanh).swap_remove(at).1;
        let last = network.tensor_count() - 1;
        network.tensor_mut(last)[0] = T::from_f64(60.0);
        let (inputs, _) = samples::<T>(8, network.sequence.inputs());
        let labels: Vec<u32> = (0..8).map(|a| u32::from(a >= 3)).collect();
        let mut engine = engine(network, 8, 1);
        engine.cut_at(bounds);
        engine.load(&inputs, &labels, &(0..8).collect::<Vec<_>>());
        engine.step(0.01, true, false);
        let m = engine.measured();
        let columns = [&m.grad_norm, &m.signal_rms, &m.grad_rms];
        columns.into_iter().flatten().copied().filter(|x| !x.is_nan()).collect()
    }
    for at in 0..networks::<f32>(Activation::Tanh).len() {
        let want = measured::<f64>(at, &[0, 8]);
        let single = measured::<f32>(at, &[0, 3, 8]);
        let double = measured::<f64>(at, &[0, 2, 3, 8]);
        for (i, ((want, single), double)) in want.iter().zip(single).zip(double).enumerate() {
            assert!((single - want).abs() < 1e-4 * want.abs() + 1e-6, "{at}, {i}: {single} {want}");
            assert!((double - want).abs() < 1e-11 * want.abs() + 1e-14, "{at}, {i}: {double} {want}");
        }
    }
}

#[test]
fn convolutions_begin_as_in_pytorch() {
    let layer: Box<dyn Layer<f64>> = Box::new(Convolution::new([16, 8, 8], 32, 3, 1, 1, true).unwrap());
    let tensors = layer.tensors();
    assert_eq!(tensors[0].shape, [32, 16, 3, 3]);
    assert_eq!((tensors[0].fan_in, tensors[0].fan_out), (144, 288));
    let (n, variance) = (32 * 144, |init: Initialisation| {
        let values = layer.initial(init, 7, 1);
        assert_eq!(values.len(), 32 * 144 + 32);
        values[..32 * 144].iter().map(|w| w * w).sum::<f64>() / (32.0 * 144.0)
    });
    for (init, want) in [
        (Initialisation::HeUniform, 2.0 / 144.0),
        (Initialisation::GlorotNormal, 2.0 / 432.0),
        (Initialisation::Pytorch, 1.0 / 432.0),
        (Initialisation::Orthogonal, 1.0 / 144.0),
    ] {
        // Five standard deviations of the variance of normal draws.
        let tolerance = 5.0 * (2.0 / n as f64).sqrt();
        assert!((variance(init) / want - 1.0).abs() < tolerance, "{init}");
    }
}

#[test]
fn layers_that_do_not_fit_say_why() {
    let error = Convolution::new([3, 4, 9], 8, 7, 1, 1, true).unwrap_err();
    assert_eq!(error, "a kernel of 7 x 7 is larger than the padded map of 6 x 11");
    assert!(Convolution::new([3, 4, 4], 8, 0, 1, 0, true).is_err());
    assert!(Convolution::new([3, 4, 4], 8, 3, 0, 0, true).is_err());
    assert!(Convolution::new([3, 4, 4], 0, 3, 1, 0, true).is_err());
    assert!(Convolution::new([3, 0, 4], 2, 1, 1, 1, true).is_err());
    let error = ProjectedSkip::new([3, 8, 8], [6, 4, 3], 2).unwrap_err();
    assert_eq!(error, "a skip from maps of 8 x 8 to 4 x 3 has no stride that fits");
    let wrong: Layers<f32> = vec![Box::new(Convolution::new([1, 8, 8], 2, 3, 1, 1, true).unwrap())];
    let error = Network::of_layers(&[1, 4, 16], wrong, Initialisation::Zeros, 1).unwrap_err();
    assert!(error.problem.contains("takes 1 x 8 x 8, not [1, 4, 16]"), "{error}");
    // A projection from maps of another size than are there.
    let skip = ProjectedSkip::new([2, 8, 8], [2, 8, 8], 1).unwrap();
    let layers: Layers<f32> =
        vec![Box::new(Convolution::new([1, 8, 8], 2, 3, 1, 1, true).unwrap()), Box::new(skip)];
    assert!(Network::of_layers(&[1, 8, 8], layers, Initialisation::Zeros, 1).is_err());
}

/// A channel is dead where it is off at every position of every sample; one position is enough to live.
#[test]
fn the_unit_of_a_map_is_its_channel() {
    let mut network =
        Stack::<f32>::new([1, 4, 4], Activation::Relu).convolution(4, 3, 1, 1).active().classes(3);
    network.tensor_mut(0).fill(0.0);
    // Channel 0 reads the middle of its window less what no position but one exceeds; the others are
    // constant.
    network.tensor_mut(0)[4] = 1.0;
    let mut engine = engine(network.clone(), 2, 1);
    let mut x = vec![0.0; 32];
    x[21] = 1.0;
    network.tensor_mut(1).copy_from_slice(&[-0.5, -1.0, 1.0, -2.0]);
    engine.restore(&network);
    engine.load(&x, &[0, 1], &[0, 1]);
    engine.step(0.0, false, true);
    assert_eq!(engine.snapshot().dead_share[0], 0.5);
    // 1 of 32 activations of channel 0 and all of channel 2 have a slope.
    assert_eq!(engine.snapshot().saturated_share[0], 1.0 - 33.0 / 128.0);
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The network of a case of `tests/fixtures/convolution.json`, with its initial values.
fn of_case<T: Scalar>(case: &Value) -> Network<T> {
    let input = numbers(&case["input"]).iter().map(|&n| n as usize).collect::<Vec<_>>().try_into().unwrap();
    let mut stack = Stack::<T>::new(input, case["activation"].as_str().unwrap().parse().unwrap());
    let mut shapes = vec![input];
    for layer in case["layers"].as_array().unwrap() {
        let n = |i: usize| layer[i].as_u64().unwrap() as usize;
        let shape = stack.shape;
        stack = match layer[0].as_str().unwrap() {
            "conv" => {
                let bias = layer[5].as_bool().unwrap();
                stack.push(Convolution::new(shape, n(1), n(2), n(3), n(4), bias).unwrap());
                stack
            }
            "activation" => stack.active(),
            "max" => stack.max(n(1), n(2)),
            "average" => stack.average(n(1), n(2)),
            "global" => stack.global(),
            "batch-norm" => stack.batch_norm(),
            "layer-norm" => stack.layer_norm(),
            "skip" => stack.skip(n(1)),
            "project" => stack.project(shapes[shapes.len() - 1 - n(1)], n(1)),
            other => panic!("{other}"),
        };
        shapes.push(stack.shape);
    }
    let mut network = stack.classes(case["classes"].as_u64().unwrap() as usize);
    let initial: Vec<f64> = case["initial"].as_array().unwrap().iter().flat_map(numbers).collect();
    assert_eq!(initial.len(), network.parameters.len());
    network.parameters = initial.into_iter().map(T::from_f64).collect();
    network
}

/// Relative to the largest of the expected numbers.
fn near(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let scale = want.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= tolerance * scale, "{what}[{i}]: {g:e}, PyTorch {w:e}");
    }
}

fn as_in_pytorch<T: Scalar>(case: &Value, tolerance: f64) {
    let name = case["name"].as_str().unwrap();
    let kind: OptimizerKind = case["optimizer"]["name"].as_str().unwrap().parse().unwrap();
    let loss: Loss = case["loss"].as_str().unwrap().parse().unwrap();
    let batch = case["batch"].as_u64().unwrap() as u32;
    let mut engine = Engine::new(of_case::<T>(case), loss, Optimizer::new(kind), batch as usize, 1);
    let batches = case["batches"].as_array().unwrap();
    let samples = |i: usize| -> (Vec<T>, Vec<u32>) {
        let inputs = numbers(&batches[i]["inputs"]).into_iter().map(T::from_f64).collect();
        (inputs, numbers(&batches[i]["labels"]).iter().map(|&l| l as u32).collect())
    };
    let expected = &case["expected"];
    // PyTorch's metrics of layers are also those of projections, which here belong to the layer they join.
    let weighted_pieces = case["layers"].as_array().unwrap().iter().map(|piece| piece[0].as_str().unwrap());
    let mut counted: Vec<bool> =
        weighted_pieces.filter(|p| ["conv", "project"].contains(p)).map(|p| p == "conv").collect();
    counted.push(true);
    for (step, want) in expected["steps"].as_array().unwrap().iter().enumerate() {
        let (inputs, labels) = samples(step % 2);
        engine.load(&inputs, &labels, &(0..batch).collect::<Vec<_>>());
        if step == 0 {
            let (_, gradients) = engine.gradients();
            for (t, (got, want)) in gradients.iter().zip(want["gradients"].as_array().unwrap()).enumerate() {
                near(got, &numbers(want), tolerance, &format!("{name}: gradient {t}"));
            }
        }
        let got = engine.step(case["learning_rate"].as_f64().unwrap(), true, true).0;
        near(&[got], &[want["loss"].as_f64().unwrap()], tolerance, &format!("{name}, step {step}: loss"));
        let m = engine.measured();
        let layers = weighted(engine.network());
        let of_layers = |column: &[f64]| layers.iter().map(|&l| column[l]).collect::<Vec<f64>>();
        let (signal, gradient) = (of_layers(&m.signal_rms), of_layers(&m.grad_rms));
        let columns = [&m.grad_norm, &m.update_norm, &signal, &gradient];
        for (metric, got) in ["grad_norm", "update_norm", "signal_rms", "grad_rms"].iter().zip(columns) {
            // How the stored sum of a parameter and a small update is rounded is already 1e-5 of it in f32.
            if *metric == "update_norm" && T::NAME == "f32" {
                continue;
            }
            let mut want = numbers(&want[metric]);
            if metric.ends_with("_rms") {
                let mut counted = counted.iter();
                want.retain(|_| *counted.next().unwrap());
            }
            assert_eq!(got.len(), want.len(), "{name}: {metric}");
            for (i, (got, want)) in got.iter().zip(want).enumerate() {
                near(&[*got], &[want], tolerance, &format!("{name}, step {step}: {metric} {i}"));
            }
        }
    }
    let network = engine.network();
    for (t, want) in expected["final"].as_array().unwrap().iter().enumerate() {
        let got: Vec<f64> = network.tensor(t).iter().map(|x| x.to_f64()).collect();
        near(&got, &numbers(want), tolerance, &format!("{name}: tensor {t}"));
    }
    let running: Vec<f64> = network.running.iter().map(|x| x.to_f64()).collect();
    let want: Vec<f64> = expected["running"].as_array().unwrap().iter().flat_map(numbers).collect();
    near(&running, &want, tolerance, &format!("{name}: running"));
    let (inputs, labels) = samples(0);
    let want = expected["evaluation"].as_f64().unwrap();
    near(&[engine.evaluate(&inputs, &labels).0], &[want], tolerance, &format!("{name}: evaluation"));
}

#[test]
fn five_steps_are_those_of_pytorch() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/convolution.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 9);
    for case in cases {
        as_in_pytorch::<f64>(case, 1e-10);
        as_in_pytorch::<f32>(case, 1e-5);
    }
}
