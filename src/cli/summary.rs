//! `gradfade summary`: a run in a page.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{CommandResult, output, plot};
use crate::report::summary;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade summary runs/sigmoid
  gradfade summary runs/sigmoid --json | jq '.layers[0].moved'")]
pub struct Args {
    /// Run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> CommandResult {
    let record = plot::read_run(&args.run)?;
    if args.json {
        output::print(format!("{:#}\n", summary::json(&record)))?;
    } else {
        output::print(summary::text(&record, crate::text::Lang::default()))?;
    }
    Ok(ExitCode::SUCCESS)
}
