//! `gradfade completions` and `gradfade man`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    /// Replace pages that are already there
    #[arg(long, requires = "out")]
    force: bool,
}

pub fn completions(args: CompletionArgs) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "gradfade", &mut script);
    output::print_for_programs(script)?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(args: ManArgs) -> CommandResult {
    let mut command = super::command();
    let Some(dir) = args.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        output::print_for_programs(page)?;
        return Ok(ExitCode::SUCCESS);
    };
    // Subcommands learn their whole names.
    command.build();
    let mut pages = Vec::new();
    render_all(command, &dir, &mut pages)?;
    output::may_write(pages.iter().map(|p| &p.0), args.force)?;
    output::writable_folder(&dir)?;
    for (path, page) in &pages {
        output::write(path, page)?;
    }
    output::print(format!("{}\n", dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The page of a command and those of its subcommands, each with its place.
fn render_all(
    command: clap::Command,
    dir: &Path,
    pages: &mut Vec<(PathBuf, Vec<u8>)>,
) -> std::io::Result<()> {
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        render_all(inner.clone(), dir, pages)?;
    }
    let man = clap_mangen::Man::new(command);
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((dir.join(man.get_filename()), page));
    Ok(())
}
