//! `gradfade verify`: our gradients beside published ones.

use std::process::ExitCode;

use serde_json::json;

use super::{CommandResult, output};
use crate::data::{self, DataOptions, DataSpec};
use crate::train::nielsen::{self, GROWTH, IMAGES, Verification};

#[derive(clap::Args)]
#[command(after_help = "The table is that of M. Nielsen, Neural Networks and Deep Learning, chapter 5:
norms of the bias gradients of sigmoid networks 784-30-..-30-10 at
initialisation. The exit code is 1 if a number does not agree.

Example:
  gradfade verify --seeds 50")]
pub struct Args {
    /// Number of networks of each depth
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(20..=100_000))]
    seeds: u64,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> CommandResult {
    let options = DataOptions { train_size: Some(IMAGES), test_size: Some(1), ..DataOptions::default() };
    let data = data::load(&DataSpec::MnistMini, &options)?;
    let inputs = data.train.inputs.as_slice().unwrap_or_default();
    let result = nielsen::verify(inputs, &data.train.labels, args.seeds);
    if args.json {
        let rows: Vec<_> = result
            .rows
            .iter()
            .map(|r| {
                json!({ "hidden_layers": r.hidden_layers, "layer": r.layer, "published": r.published,
                        "geometric_mean": r.geometric_mean, "low": r.low, "high": r.high, "deviations": r.deviations, "agrees": r.agrees() })
            })
            .collect();
        let line = json!({ "rows": rows, "growth": result.growth, "monotone": result.monotone,
                           "networks": result.networks, "passes": result.passes() });
        output::print(format!("{line}\n"))?;
    } else {
        output::print(text(&result, args.seeds))?;
    }
    Ok(if result.passes() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text(result: &Verification, seeds: u64) -> String {
    let mut text = format!(
        "Bias-gradient norms of sigmoid networks at initialisation (Nielsen, Neural Networks and Deep Learning, ch. 5)
measured: geometric mean and [5 %, 95 %] of {seeds} seeds, f64, the first {IMAGES} images

hidden layers  layer  published  measured  [5 %, 95 %]       deviations
"
    );
    for r in &result.rows {
        text += &format!(
            "{:>13}  {:>5}  {:>9.4}  {:>8.4}  [{:.4}, {:.4}]  {:>+10.1}  {}\n",
            r.hidden_layers,
            r.layer,
            r.published,
            r.geometric_mean,
            r.low,
            r.high,
            r.deviations,
            if r.agrees() { "agrees" } else { "DISAGREES" }
        );
    }
    let growth: Vec<String> = result.growth.iter().map(|g| format!("{g:.2}")).collect();
    text += &format!(
        "\ngrowth from a hidden layer to the next: {} (law: 5.0, accepted {} to {})\n",
        growth.join(", "),
        GROWTH.start(),
        GROWTH.end()
    );
    text += &format!("strictly growing in {} of {} networks\n", result.monotone, result.networks);
    text + if result.passes() { "everything agrees\n" } else { "NOT everything agrees\n" }
}
