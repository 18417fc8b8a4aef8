//! `gradfade summary`: a run in a page.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{CommandResult, open, output, plot};
use crate::report::summary;
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade summary runs/sigmoid
  gradfade summary runs/sigmoid --lang zh
  gradfade summary runs/sigmoid --json | jq '.layers[0].moved'")]
pub struct Args {
    /// Run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Language of the text: en or zh (Chinese); JSON keeps its keys
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = plot::language)]
    lang: Lang,
}

pub fn run(args: Args) -> CommandResult {
    let record = open::read_run(&args.run)?;
    if args.json {
        output::print(format!("{:#}\n", summary::json(&record)))?;
    } else {
        output::print(summary::text(&record, args.lang))?;
    }
    Ok(ExitCode::SUCCESS)
}
