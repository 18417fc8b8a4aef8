//! `gradfade bench-step`: microseconds of one recorded training step, in the form that
//! `scripts/bench_peers.py` reads.

use std::process::ExitCode;
use std::time::Instant;

use clap::builder::RangedU64ValueParser;
use serde_json::json;

use super::{CommandResult, output};
use crate::activation::Activation;
use crate::nn::init::{generator, unit};
use crate::nn::{
    Architecture, Engine, Initialisation, Loss, Network, Normalisation, Optimizer, OptimizerKind, Part,
    Shape, ShapeError,
};
use crate::stats::median;

fn positive() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

#[derive(clap::Args)]
pub struct Args {
    /// Weight layers
    #[arg(long, default_value_t = 10, value_parser = positive())]
    layers: usize,
    #[arg(long, default_value_t = 100, value_parser = positive())]
    width: usize,
    #[arg(long, default_value_t = 100, value_parser = positive())]
    batch: usize,
    #[arg(long, default_value_t = 1000, value_parser = positive())]
    steps: usize,
    #[arg(long, default_value_t = 1, value_parser = positive())]
    threads: usize,
    #[arg(long, default_value = "sigmoid")]
    activation: Activation,
    /// Hidden layers of a network for 1 x 28 x 28 images, as in `train`, in place of --layers and --width;
    /// parameters and data are then those that `scripts/peers/train_torch_maps.py` makes
    #[arg(long, conflicts_with_all = ["layers", "width"])]
    network: Option<Architecture>,
    #[arg(long, default_value = "none", requires = "network")]
    normalisation: Normalisation,
    /// Do not measure
    #[arg(long)]
    no_record: bool,
    /// Timed repetitions, after one that is not timed
    #[arg(long, default_value_t = 3, value_parser = positive())]
    repeats: usize,
    #[arg(long)]
    json: bool,
}

/// Samples that batches are taken from, as in the peers' programs.
const SAMPLES: usize = 10_000;
const INPUTS: usize = 784;
const CLASSES: usize = 10;

/// Steps after which `first` describes what was measured.
const FIRST: usize = 5;

/// A number in [0, 1) for each index, without a pattern that a network would see: both programs of a
/// comparison make it from 32-bit integers, with the same bits.
fn spread(index: u32) -> f64 {
    let mut k = index.wrapping_mul(0x9E37_79B1);
    k = (k ^ (k >> 15)).wrapping_mul(0x85EB_CA77);
    k ^= k >> 13;
    f64::from(k >> 8) / f64::from(1 << 24)
}

/// The first index of the data and of the labels: parameters come before.
const DATA_FROM: u32 = 1 << 24;
const LABELS_FROM: u32 = 1 << 25;

/// What is trained, and on what.
struct Task {
    network: Network<f32>,
    data: Vec<f32>,
    labels: Vec<u32>,
}

/// Dense layers of one width, on random data.
fn dense(args: &Args) -> Task {
    let mut sizes = vec![INPUTS];
    sizes.extend(std::iter::repeat_n(args.width, args.layers.saturating_sub(1)));
    sizes.push(CLASSES);
    let mut rng = generator(1, 1);
    Task {
        network: Network::<f32>::new(&sizes, args.activation, Initialisation::GlorotUniform, 1),
        data: (0..SAMPLES * INPUTS).map(|_| unit(&mut rng) as f32).collect(),
        labels: (0..SAMPLES).map(|_| (unit(&mut rng) * CLASSES as f64) as u32).collect(),
    }
}

/// Any layers, on numbers that a program in another language makes as well.
fn of_architecture(args: &Args, architecture: Architecture) -> Result<Task, ShapeError> {
    let shape = Shape {
        normalisation: args.normalisation,
        ..Shape::of(&[1, 28, 28], architecture, CLASSES, args.activation)
    };
    shape.check()?;
    let mut network = Network::<f32>::of(shape.clone(), Initialisation::Zeros, 1);
    let mut index = 0;
    for (t, (_, part, dims)) in shape.tensors().enumerate() {
        let bound = (6.0 / dims[1..].iter().product::<usize>() as f64).sqrt();
        for value in network.tensor_mut(t) {
            *value = match part {
                Part::Weight => (bound * (2.0 * spread(index) - 1.0)) as f32,
                Part::Scale => 1.0,
                _ => 0.0,
            };
            index += 1;
        }
    }
    Ok(Task {
        network,
        data: (0..SAMPLES * INPUTS).map(|i| spread(DATA_FROM + i as u32) as f32).collect(),
        labels: (0..SAMPLES).map(|i| (spread(LABELS_FROM + i as u32) * CLASSES as f64) as u32).collect(),
    })
}

pub fn run(args: Args) -> CommandResult {
    let task = match args.network.clone() {
        Some(architecture) => of_architecture(&args, architecture)?,
        None => dense(&args),
    };
    let batch = args.batch.clamp(1, SAMPLES);
    let times = time(&args, task, batch);
    let micros = median(times.repeats.iter().copied()).unwrap_or(f64::NAN);
    if args.json {
        let mut line = json!({
            "program": "gradfade", "batch": batch, "steps": args.steps, "threads": args.threads,
            "record": !args.no_record, "microseconds_per_step": micros, "repeats": times.repeats,
            "cpu_repeats": times.cpu_repeats,
            "activation": args.activation.to_string(), "last_loss": times.last_loss, "first": times.first,
        });
        match &args.network {
            Some(network) => line["network"] = json!(network.to_string()),
            None => (line["layers"], line["width"]) = (json!(args.layers), json!(args.width)),
        }
        output::print(format!("{line}\n"))?;
    } else {
        output::print(format!("{micros:.1} us a step\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

struct Times {
    /// Microseconds of a step, one for each timed repetition.
    repeats: Vec<f64>,
    /// The same in processor time, where the system tells it.
    cpu_repeats: Vec<f64>,
    last_loss: f64,
    /// What the last of the [`FIRST`] steps measured.
    first: serde_json::Value,
}

fn time(args: &Args, task: Task, batch: usize) -> Times {
    let batches = SAMPLES / batch;
    let order: Vec<u32> = (0..SAMPLES as u32).collect();
    let optimizer = Optimizer::new(OptimizerKind::Sgd);
    let mut engine = Engine::new(task.network, Loss::CrossEntropy, optimizer, batch, args.threads);
    engine.remember_initial();
    // Rows stay in memory, as the peers keep theirs.
    let columns = engine.measured().columns().map(|(_, column)| column.len()).sum::<usize>() + 1;
    let mut rows: Vec<f64> = Vec::with_capacity(columns * args.steps);
    let mut times =
        Times { repeats: Vec::new(), cpu_repeats: Vec::new(), last_loss: 0.0, first: json!(null) };
    for repeat in 0..=args.repeats {
        rows.clear();
        let (start, busy) = (Instant::now(), processor_time());
        for step in 0..args.steps {
            let from = step % batches * batch;
            engine.load(&task.data, &task.labels, &order[from..from + batch]);
            (times.last_loss, _) = engine.step(0.01, !args.no_record, !args.no_record && step % 10 == 0);
            if !args.no_record {
                let m = engine.measured();
                rows.push(m.loss);
                for (_, column) in m.columns() {
                    rows.extend_from_slice(column);
                }
            }
            if repeat == 0 && step + 1 == FIRST {
                times.first = measured(&engine);
            }
        }
        if repeat > 0 {
            times.repeats.push(start.elapsed().as_secs_f64() * 1e6 / args.steps as f64);
            let busy = busy.zip(processor_time()).map(|(from, to)| (to - from) as f64);
            times.cpu_repeats.extend(busy.map(|nanoseconds| nanoseconds / 1e3 / args.steps as f64));
        }
    }
    times
}

/// Nanoseconds that this thread has run, as Linux counts them: waiting for a shared core is not in it.
fn processor_time() -> Option<u64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// What the last step measured, by which two programs are compared.
fn measured(engine: &Engine<f32>) -> serde_json::Value {
    let m = engine.measured();
    let mut all: serde_json::Map<_, _> =
        m.columns().map(|(name, values)| (name.into(), json!(values))).collect();
    all.insert("loss".into(), json!(m.loss));
    all.into()
}
