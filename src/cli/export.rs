//! `gradfade export`: a run's numbers as one long table.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{CommandResult, open, output};
use crate::record::export_csv;

#[derive(clap::Args)]
#[command(after_help = "The table has the columns step,layer,tensor,metric,value: steps from 0, layers
from 1 at the input.

Examples:
  gradfade export runs/sigmoid --to csv > sigmoid.csv
  gradfade export runs/sigmoid --to csv --out sigmoid.csv")]
pub struct Args {
    /// Run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Kind of table
    #[arg(long, value_name = "KIND", default_value = "csv", value_parser = ["csv"])]
    to: String,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is already there
    #[arg(long)]
    force: bool,
}

pub fn run(args: Args) -> CommandResult {
    if let Some(path) = &args.out {
        output::may_write([path], args.force)?;
    }
    let record = open::read_run(&args.run)?;
    match &args.out {
        Some(path) => output::write_streamed(path, |out| export_csv(&record, out))?,
        None => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            output::seen(export_csv(&record, &mut out).and_then(|()| out.flush()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
