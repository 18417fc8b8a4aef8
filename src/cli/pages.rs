//! `gradfade completions` and `gradfade man`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::{CommandResult, output};

#[derive(clap::Args)]
#[command(after_help = "Example:
  gradfade completions bash > gradfade.bash && source gradfade.bash")]
pub struct CompletionArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade man | man -l -
  gradfade man --out man1")]
pub struct ManArgs {
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn completions(args: CompletionArgs) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "gradfade", &mut script);
    output::print(script)?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(args: ManArgs) -> CommandResult {
    let command = super::command();
    match args.out {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            output::print(page)?;
        }
        Some(dir) => {
            output::writable_folder(&dir)?;
            clap_mangen::generate_to(command, &dir).with_context(|| format!("{}: cannot write", dir.display()))?;
            output::print(format!("{}\n", dir.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
