//! Taking a row costs no allocation: the loop of a training run must not pay for being watched.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gradfade::record::*;
use gradfade::stats::bins::BINS;

/// The system's allocator, counting what each thread asks of it.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends may allocate after its counter is gone.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LAYERS: usize = 56;
const TENSORS: usize = 2 * LAYERS;
const BUCKETS: usize = 16;

fn header() -> Header {
    let layer = |n| LayerInfo::dense(format!("layers.{n}"), 64, 64).with_activation("sigmoid");
    let tensor = |i| match i % 2 {
        0 => TensorInfo::new("", i / 2 + 1, "weight", &[64, 64]),
        _ => TensorInfo::new("", i / 2 + 1, "bias", &[64]),
    };
    let header =
        Header::builder("deep", (1..=LAYERS).map(layer).collect(), (0..TENSORS).map(tensor).collect());
    header.sketch_buckets(BUCKETS).build().unwrap()
}

#[test]
fn taking_and_committing_rows_allocates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(dir.path(), &header(), false).unwrap();
    let (t, l, m) = (vec![1.5; TENSORS], vec![0.5; LAYERS], vec![0.25f32; TENSORS * BUCKETS]);
    let counts = vec![3.0f32; LAYERS * BINS];
    let mut row = |step: u64| {
        let mut row = Row::of_step(step);
        Table::Step.metrics().for_each(|m| _ = row.set(m, values(m, &t, &l)));
        writer.row(&row).unwrap();
        if step.is_multiple_of(10) {
            let mut row = Row::of_snapshot(step).with_sketch(&m);
            Table::Snapshot
                .metrics()
                .filter(|m| m.element == Element::F64)
                .for_each(|m| _ = row.set(m, values(m, &t, &l)));
            row.set_singles(ACTIVATION_HISTOGRAM, &counts).set_singles(SIGNAL_HISTOGRAM, &counts);
            writer.row(&row).unwrap();
        }
        if step.is_multiple_of(500) {
            let mut row = Row::of_evaluation(step);
            Table::Evaluation.metrics().for_each(|m| _ = row.set(m, 0.1));
            writer.row(&row).unwrap();
        }
    };
    // The first row of each table makes its files.
    row(0);
    let asked = ASKED.get();
    assert!(asked > 0, "the counter counts");
    (1..3000).for_each(row);
    writer.commit().unwrap();
    assert_eq!(ASKED.get() - asked, 0, "allocations in 2999 steps with their commits");
}

fn values<'a>(metric: MetricId, tensors: &'a [f64], layers: &'a [f64]) -> Values<'a> {
    match metric.per {
        Per::Run => Values::One(0.1),
        Per::Layer => Values::Many(layers),
        Per::Tensor => Values::Many(tensors),
    }
}
