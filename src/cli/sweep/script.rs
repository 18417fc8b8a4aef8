//! `gradfade sweep script`: a job script for Slurm or GNU parallel, on stdout.

use std::process::ExitCode;

use anyhow::Context;

use super::super::{CommandResult, Failure, output};
use super::{What, open};
use crate::sweep::script::{Job, parallel, slurm};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade sweep script slurm --preset lecture --out sweeps/lecture > lecture.sh
  bash lecture.sh --partition=short --time=1:00:00
  gradfade sweep script parallel --plan mine.toml --cells-per-task 10")]
pub struct Args {
    /// slurm or parallel
    #[arg(value_name = "ENGINE", value_parser = ["slurm", "parallel"])]
    engine: String,
    #[command(flatten)]
    what: What,
    /// Folder of the sweep, which every task must be able to access [default: sweeps/NAME]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<std::path::PathBuf>,
    /// Number of cells that one task runs, in turn or one on each thread
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Tasks")]
    cells_per_task: u32,
    /// Threads of a task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::threads, help_heading = "Tasks")]
    threads: usize,
}

pub fn run(args: &Args) -> CommandResult {
    let store = open(&args.what, args.out.as_deref())?;
    let absolute = |path: &std::path::Path| {
        std::path::absolute(path).with_context(|| format!("{}: has no absolute path", path.display()))
    };
    let program =
        std::env::current_exe().context("this program's own place is not known; put it on the PATH")?;
    let directory =
        std::env::current_dir().context("the current folder is not known; go to one that is there")?;
    let folder = absolute(store.dir())?;
    for path in [&program, &directory, &folder] {
        if path.to_str().is_none_or(|p| p.contains('\n')) {
            let error =
                anyhow::anyhow!("{}: a job script cannot name this place; use another", path.display());
            return Err(Failure::from(error));
        }
    }
    let job = Job {
        program: &program,
        folder: &folder,
        directory: &directory,
        name: &store.plan().name,
        cells: store.plan().each_cell().count(),
        cells_per_task: args.cells_per_task as usize,
        threads: args.threads,
    };
    let script = if args.engine == "slurm" { slurm(&job) } else { parallel(&job) };
    output::print_for_programs(script)?;
    Ok(ExitCode::SUCCESS)
}
