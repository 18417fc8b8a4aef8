//! Taking a row costs no allocation: the loop of a training run must not pay for being watched.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gradfade::record::{
    EvalRow, Header, LayerInfo, RecordSink, RunWriter, SnapshotRow, Source, Status, StepRow, TensorInfo, TensorKind,
    header::SCHEMA,
};

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
    let layer = |n| LayerInfo { name: format!("layers.{n}"), fan_in: 64, fan_out: 64, activation: "sigmoid".into() };
    let tensor = |i| {
        let (layer, bias) = (i / 2 + 1, i % 2 == 1);
        let (kind, shape) = if bias { (TensorKind::Bias, vec![64]) } else { (TensorKind::Weight, vec![64, 64]) };
        TensorInfo { layer, kind, shape }
    };
    Header {
        schema: SCHEMA,
        source: Source { tool: "test".into(), version: "0".into() },
        run: "deep".into(),
        labels: Default::default(),
        seed: None,
        layers: (1..=LAYERS).map(layer).collect(),
        tensors: (0..TENSORS).map(tensor).collect(),
        classes: None,
        steps_per_epoch: None,
        planned_steps: None,
        sketch_buckets: Some(BUCKETS),
        config: None,
        status: Status::Running,
        early_stop: None,
        elapsed_secs: None,
    }
}

#[test]
fn taking_and_committing_rows_allocates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(dir.path(), &header(), false).unwrap();
    let (t, l, m) = (vec![1.5; TENSORS], vec![0.5; LAYERS], vec![0.25f32; TENSORS * BUCKETS]);
    let asked = ASKED.get();
    assert!(asked > 0, "the counter counts");
    for step in 0..3000 {
        let row = StepRow {
            step,
            epoch: 0.0,
            learning_rate: 0.1,
            loss: 2.3,
            batch_accuracy: 0.1,
            tensors: [&t; 5],
            layers: [&l; 2],
        };
        writer.step(&row).unwrap();
        if step % 10 == 0 {
            let row = SnapshotRow { step, distance_from_init: &t, zero_share: &t, activations: [&l; 5], sketch: &m };
            writer.snapshot(&row).unwrap();
        }
        if step % 500 == 0 {
            let row = EvalRow {
                step,
                epoch: 1.0,
                train_loss: 2.0,
                train_accuracy: 0.1,
                test_loss: 2.0,
                test_accuracy: 0.1,
                validation_loss: 2.0,
                validation_accuracy: 0.1,
            };
            writer.eval(&row).unwrap();
        }
    }
    writer.commit().unwrap();
    assert_eq!(ASKED.get() - asked, 0, "allocations in 3000 steps with their commits");
}
