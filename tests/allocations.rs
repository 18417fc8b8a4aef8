//! A training step allocates nothing: memory does not grow with the number of steps, and no step waits for the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use gradfade::activation::Activation;
use gradfade::nn::{Engine, Initialisation, Loss, Network, Normalisation, Optimizer, OptimizerKind, Shape};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Of 100 steps after the first, each loaded, measured and with a snapshot.
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
    for _ in 0..100 {
        step();
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// One test, because the counter is one for all threads of the process.
#[test]
fn steps_do_not_allocate() {
    let counted = ALLOCATIONS.load(Ordering::Relaxed);
    drop(std::hint::black_box(vec![1u8]));
    assert!(ALLOCATIONS.load(Ordering::Relaxed) > counted, "the allocator counts");
    if !gradfade::nn::matmul::has_kernels::<f32>() {
        return; // `matrixmultiply` packs into memory that it allocates.
    }
    let plain = Shape::plain(&[50, 100, 60, 60, 10], Activation::Sigmoid);
    for (kind, name) in OptimizerKind::ALL {
        for threads in [1, 2] {
            assert_eq!(allocations(&plain, kind, threads), 0, "{name}, {threads} threads");
        }
    }
    for (normalisation, name) in Normalisation::ALL {
        let activation = Activation::Maxout(2);
        let shape = Shape { normalisation, residual: true, dropout: 0.2, activation, ..plain.clone() };
        for threads in [1, 2] {
            assert_eq!(allocations(&shape, OptimizerKind::Adam, threads), 0, "{name}, {threads} threads");
        }
    }
}
