//! `gradfade page`: an interactive page from run folders and sweeps.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;

use super::plot::{gradient, read_run};
use super::{CommandResult, output};
use crate::figure::GradientMetric;
use crate::page::{Page, PageOptions, PageRun};
use crate::record::Record;
use crate::render::ColourMap;
use crate::sweep::{CellState, Store};
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Runs of one depth stand side by side; a sweep gets a switch of depths.

Examples:
  gradfade page runs/sigmoid runs/relu --out page.html
  gradfade page sweeps/depth --out depth.html
  gradfade page runs/sigmoid --fragment --out sigmoid.inc.html")]
pub struct Args {
    /// Run folders, folders of sweeps
    #[arg(value_name = "RUN|SWEEP", required = true)]
    runs: Vec<PathBuf>,
    /// The page
    #[arg(long, value_name = "FILE", default_value = "page.html")]
    out: PathBuf,
    /// Only the inner part of the page, to stand in another one
    #[arg(long)]
    fragment: bool,
    /// viridis or cividis
    #[arg(long, value_name = "NAME", default_value = "viridis")]
    colour_map: ColourMap,
    /// What the button "Gradient" shows: batch-mean, per-parameter, per-sample or signal [default: per-sample where it is recorded]
    #[arg(long, value_name = "NAME", value_parser = gradient)]
    gradient: Option<GradientMetric>,
    /// Language of every word: en or zh
    #[arg(long, value_name = "NAME", default_value = "en", value_parser = language)]
    lang: Lang,
    /// Replace a page that is already there
    #[arg(long)]
    force: bool,
}

fn language(text: &str) -> Result<Lang, String> {
    let tags = Lang::ALL.map(Lang::tag).join(", ");
    Lang::ALL.into_iter().find(|l| l.tag() == text).ok_or_else(|| format!("unknown language; known: {tags}"))
}

pub fn run(args: Args) -> CommandResult {
    output::may_write([&args.out], args.force)?;
    if args.out.is_dir() {
        return Err(anyhow::anyhow!("--out {}: is a folder; name a file in it", args.out.display()).into());
    }
    let mut runs = Vec::new();
    for path in &args.runs {
        runs.extend(records(path)?.into_iter().map(|record| PageRun { record, verdicts: Vec::new() }));
    }
    let options = PageOptions { lang: args.lang, colour_map: args.colour_map, gradient: args.gradient };
    let page = Page::new(runs, &options)?;
    let text = if args.fragment { page.fragment() } else { page.html() };
    output::write(&args.out, text.as_bytes())?;
    output::print(format!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The records in a folder: its own, or those of the finished cells of a sweep.
fn records(path: &Path) -> anyhow::Result<Vec<Record>> {
    if !path.join("plan.toml").exists() {
        return Ok(vec![read_run(path)?]);
    }
    let store = Store::open(path)?;
    let (mut records, mut left_out) = (Vec::new(), 0);
    for planned in store.plan().cells() {
        match store.state(planned.number)? {
            CellState::Finished(cell) => match cell.result {
                // A cell that kept its summary only still has its first and its last step.
                Ok(digest) => {
                    let folder = store.cell_dir(planned.number);
                    let whole = folder.join("meta.json").exists();
                    records.push(if whole { read_run(&folder)? } else { digest });
                }
                Err(_) => left_out += 1,
            },
            CellState::Missing | CellState::Broken(_) => left_out += 1,
        }
    }
    if records.is_empty() {
        bail!("{}: no cell of this sweep is finished; run it first", path.display());
    }
    if left_out > 0 {
        let all = left_out + records.len();
        output::say(format!(
            "gradfade: {}: {left_out} of {all} cells failed or are not finished; left out",
            path.display()
        ));
    }
    Ok(records)
}
