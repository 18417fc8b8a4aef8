//! `gradfade bench-step`: microseconds of one recorded training step, in the form that
//! `scripts/bench_peers.py` reads.

use std::process::ExitCode;
use std::time::Instant;

use clap::builder::RangedU64ValueParser;
use serde_json::json;

use super::{CommandResult, output};
use crate::activation::Activation;
use crate::nn::init::{generator, unit};
use crate::nn::{Engine, Initialisation, Loss, Network, Optimizer, OptimizerKind};
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

pub fn run(args: Args) -> CommandResult {
    let mut sizes = vec![INPUTS];
    sizes.extend(std::iter::repeat_n(args.width, args.layers.saturating_sub(1)));
    sizes.push(CLASSES);
    let network = Network::<f32>::new(&sizes, args.activation, Initialisation::GlorotUniform, 1);
    let mut rng = generator(1, 1);
    let data: Vec<f32> = (0..SAMPLES * INPUTS).map(|_| unit(&mut rng) as f32).collect();
    let labels: Vec<u32> = (0..SAMPLES).map(|_| (unit(&mut rng) * CLASSES as f64) as u32).collect();
    let order: Vec<u32> = (0..SAMPLES as u32).collect();
    let batches = SAMPLES / args.batch.clamp(1, SAMPLES);
    let batch = args.batch.clamp(1, SAMPLES);
    let mut engine =
        Engine::new(network, Loss::CrossEntropy, Optimizer::new(OptimizerKind::Sgd), batch, args.threads);
    engine.remember_initial();
    // Rows stay in memory, as the peers keep theirs.
    let width = 2 * args.layers * 5 + 2 * args.layers + 1;
    let mut rows: Vec<f64> = Vec::with_capacity(width * args.steps);
    let mut repeats = Vec::new();
    let mut last_loss = 0.0;
    for repeat in 0..=args.repeats {
        rows.clear();
        let start = Instant::now();
        for step in 0..args.steps {
            let from = step % batches * batch;
            engine.load(&data, &labels, &order[from..from + batch]);
            (last_loss, _) = engine.step(0.01, !args.no_record, !args.no_record && step % 10 == 0);
            if !args.no_record {
                let m = engine.measured();
                rows.push(m.loss);
                for (_, column) in m.columns() {
                    rows.extend_from_slice(column);
                }
            }
        }
        if repeat > 0 {
            repeats.push(start.elapsed().as_secs_f64() * 1e6 / args.steps as f64);
        }
    }
    let micros = median(repeats.iter().copied()).unwrap_or(f64::NAN);
    if args.json {
        let line = json!({
            "program": "gradfade", "layers": args.layers, "width": args.width, "batch": batch, "steps": args.steps,
            "threads": args.threads, "record": !args.no_record, "microseconds_per_step": micros, "repeats": repeats,
            "activation": args.activation.to_string(), "last_loss": last_loss,
        });
        output::print(format!("{line}\n"))?;
    } else {
        output::print(format!("{micros:.1} us a step\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
