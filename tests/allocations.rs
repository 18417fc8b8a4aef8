//! A training step allocates nothing, but for the products on processors without our kernels: memory does not
//! grow with the number of steps, and no step waits for the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use gradfade::activation::Activation;
use gradfade::nn::{
    Engine, Initialisation, Loss, Network, Normalisation, Optimizer, OptimizerKind, Part, Shape,
};
use ndarray::Array2;
use ndarray::linalg::general_mat_mul;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are allocated now, and the most that were since it was last set.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Steps that are counted: few enough that the test takes less than a minute without optimisation, after which
/// its harness prints a line, and allocates.
const STEPS: usize = 10;

/// Of some steps after the first, each loaded, measured and with a snapshot.
fn allocations(shape: &Shape, kind: OptimizerKind, threads: usize) -> usize {
    let network = Network::<f32>::of(shape.clone(), Initialisation::GlorotUniform, 1);
    let mut engine = Engine::new(network, Loss::CrossEntropy, Optimizer::new(kind), 100, threads);
    engine.remember_initial();
    let data: Vec<f32> = (0..200 * 50).map(|i| (i as f32 * 0.37).sin()).collect();
    let labels: Vec<u32> = (0..200).map(|i| i % 10).collect();
    let order: Vec<u32> = (0..200).step_by(2).collect();
    let mut step = || {
        engine.load(&data, &labels, &order);
        engine.step(0.01, true, true)
    };
    step();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..STEPS {
        step();
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// Matrix products of a step whose batch is one block of rows: of dense layers, forward, back to all layers
/// but the first, and of each panel of at most 48 rows of a weight. Convolutions have kernels on every
/// processor.
fn products(shape: &Shape) -> usize {
    let weights: Vec<_> = shape.tensors().filter(|(_, part, _)| *part == Part::Weight).collect();
    let dense = weights.iter().filter(|(_, _, dims)| dims.len() == 2).map(|(_, _, dims)| dims[0]);
    let rows: Vec<usize> = dense.collect();
    let of_the_first = usize::from(weights[0].2.len() == 2);
    2 * rows.len() - of_the_first + rows.iter().map(|n| n.div_ceil(16).div_ceil(3)).sum::<usize>()
}

/// What one product allocates: nothing where our kernels run, memory to pack into where `matrixmultiply`
/// does.
fn allocations_of_a_product() -> usize {
    if gradfade::nn::has_kernels::<f32>() {
        return 0;
    }
    let (a, mut c) = (Array2::<f32>::ones((20, 20)), Array2::<f32>::zeros((20, 20)));
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    general_mat_mul(1.0, &a, &a, 0.0, &mut c);
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// One test, because the counter is one for all threads of the process.
#[test]
fn steps_do_not_allocate() {
    let counted = ALLOCATIONS.load(Ordering::Relaxed);
    drop(std::hint::black_box(vec![1u8]));
    assert!(ALLOCATIONS.load(Ordering::Relaxed) > counted, "the allocator counts");
    let of_a_product = allocations_of_a_product();
    let expected = |shape: &Shape| STEPS * of_a_product * products(shape);
    let plain = Shape::plain(&[50, 100, 60, 60, 10], Activation::Sigmoid);
    for (kind, name) in OptimizerKind::ALL {
        for threads in [1, 2] {
            assert_eq!(allocations(&plain, kind, threads), expected(&plain), "{name}, {threads} threads");
        }
    }
    for (normalisation, name) in Normalisation::ALL {
        let activation = Activation::Maxout(2);
        let shape = Shape { normalisation, residual: true, dropout: 0.2, activation, ..plain.clone() };
        for threads in [1, 2] {
            let counted = allocations(&shape, OptimizerKind::Adam, threads);
            assert_eq!(counted, expected(&shape), "{name}, {threads} threads");
        }
    }
    for (normalisation, name) in Normalisation::ALL {
        for threads in [1, 2] {
            let shape = Shape { normalisation, dropout: 0.2, ..of_maps([2, 5, 5], [4, 6, 20]) };
            let counted = allocations(&shape, OptimizerKind::Adam, threads);
            assert_eq!(counted, expected(&shape), "maps, {name}, {threads} threads");
        }
    }
    the_estimate_is_what_a_step_takes();
}

/// Convolutions with and without a stride, pooling, a projected skip, a plain one and a dense layer.
fn of_maps(input: [usize; 3], [first, second, units]: [usize; 3]) -> Shape {
    let network = format!(
        "conv:{first}x3,pool:2,res(conv:{second}x3s2,conv:{second}x3),res(conv:{second}x3),dense:{units}"
    );
    Shape::of(&input, network.parse().unwrap(), 10, Activation::Relu)
}

/// How much larger than what is allocated the estimate may be, and how much smaller: tables of a layer, slots
/// of a step, and what `matrixmultiply` packs matrices into, at most a MB, are not counted.
const MARGIN: f64 = 1.1;

/// Before a run starts its memory is estimated, and refused where it is too much: the peak of what is
/// allocated is the estimate to within the margin.
fn the_estimate_is_what_a_step_takes() {
    let dense = Shape::plain(&[784, 300, 300, 10], Activation::Tanh);
    for (name, shape) in [("maps", of_maps([1, 28, 28], [16, 32, 64])), ("dense", dense)] {
        for (normalisation, batch, threads) in
            [(Normalisation::None, 64, 1), (Normalisation::Batch, 64, 2), (Normalisation::Layer, 300, 2)]
        {
            let shape = Shape { normalisation, ..shape.clone() };
            let data = vec![0.5f32; 300 * 784];
            let (labels, order) = (vec![1; 300], (0..batch as u32).collect::<Vec<_>>());
            let before = LIVE.load(Ordering::Relaxed);
            PEAK.store(before, Ordering::Relaxed);
            let network = Network::<f32>::of(shape.clone(), Initialisation::Zeros, 1);
            let optimizer = Optimizer::new(OptimizerKind::Adam);
            let mut engine = Engine::new(network, Loss::CrossEntropy, optimizer, batch, threads);
            engine.remember_initial();
            engine.watch(&data, &labels);
            engine.load(&data, &labels, &order);
            engine.step(0.01, true, true);
            engine.evaluate(&data, &labels);
            let taken = (PEAK.load(Ordering::Relaxed) - before) as f64;
            // The parameters, the first ones, Adam's two moments, and the copy that our kernels read.
            let copies = if gradfade::nn::has_kernels::<f32>() { 5.0 } else { 4.0 };
            let parameters = 4.0 * copies * shape.parameters() as f64;
            let estimate = shape.buffers::<f32>(batch, threads) + parameters;
            assert!(taken <= MARGIN * estimate, "{name}, {normalisation}: {taken} of {estimate}");
            assert!(estimate <= MARGIN * taken, "{name}, {normalisation}: {taken} of {estimate}");
        }
    }
}
