//! `gradfade page`: an interactive page from run folders and sweeps.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;

use super::open::read_run;
use super::plot::{gradient, language};
use super::{CommandResult, Failure, diagnose, output};
use crate::figure::GradientMetric;
use crate::page::select::{Choice, Selection, select};
use crate::page::{Page, PageOptions};
use crate::render::ColourMap;
use crate::source::{self, Kind};
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Runs of one depth are shown side by side with linked cursors; a switch selects
the depth. The page of a sweep shows one seed, and all depths if they are at
most 120 networks and 1,000 layers, otherwise those of the figure heatmap-grid.
Two runs of 10 layers and 1,000 steps make a page of less than 300 kB; a sweep
of 20 networks with 2,000 recorded steps makes one of 1.3 MB.

Examples:
  gradfade page runs/sigmoid runs/relu --out page.html
  gradfade page sweeps/depth --out depth.html
  gradfade page sweeps/depth --depths 2,5,10 --seed 3 --out three.html
  gradfade page runs/sigmoid --fragment --out sigmoid.inc.html")]
pub struct Args {
    /// Run folders, folders of sweeps
    #[arg(value_name = "RUN|SWEEP", required = true)]
    runs: Vec<PathBuf>,
    /// The page
    #[arg(long, value_name = "FILE", default_value = "page.html")]
    out: PathBuf,
    /// Write an embeddable fragment instead of a full page
    #[arg(long)]
    fragment: bool,
    /// viridis or cividis
    #[arg(long, value_name = "NAME", default_value = "viridis")]
    colour_map: ColourMap,
    /// What the button "Gradient" shows: batch-mean, per-parameter, per-sample or signal [default: per-sample
    /// where it is recorded]
    #[arg(long, value_name = "NAME", value_parser = gradient)]
    gradient: Option<GradientMetric>,
    /// Depths of sweeps to show (numbers of hidden layers)
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    depths: Vec<usize>,
    /// Seed of sweeps to show [default: the first]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A TOML file of thresholds for the verdicts, as for `diagnose`
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// Language of all text: en or zh
    #[arg(long, value_name = "NAME", default_value = "en", value_parser = language)]
    lang: Lang,
    /// Replace a page that is already there
    #[arg(long)]
    force: bool,
}

pub fn run(args: Args) -> CommandResult {
    output::may_write([&args.out], args.force)?;
    if args.out.is_dir() {
        return Err(anyhow!("--out {}: is a folder; name a file in it", args.out.display()).into());
    }
    let thresholds = diagnose::thresholds(args.thresholds.as_deref())?;
    let is_sweep: Vec<bool> = args.runs.iter().map(|path| source::kind(path) == Some(Kind::Sweep)).collect();
    let choice = Choice::new(args.seed, args.depths);
    if !is_sweep.contains(&true) && !choice.is_empty() {
        let error =
            anyhow!("--depths and --seed choose among the networks of a sweep; name the folder of one");
        return Err(Failure::usage(error));
    }
    let (mut records, mut remarks) = (Vec::new(), Vec::new());
    for (path, is_sweep) in args.runs.iter().zip(is_sweep) {
        if is_sweep {
            let shown = selected(path, &choice, args.lang)?;
            records.extend(shown.records);
            remarks.extend(shown.remark);
        } else {
            records.push(read_run(path)?);
        }
    }
    let options = PageOptions {
        lang: args.lang,
        colour_map: args.colour_map,
        gradient: args.gradient,
        thresholds,
        remarks,
    };
    let page = Page::new(records, &options)?;
    let text = if args.fragment { page.fragment() } else { page.html() };
    output::write(&args.out, text.as_bytes())?;
    output::print(format!("{}\n", args.out.display()))?;
    if args.fragment {
        output::say(format!(
            "gradfade: a page with a content-security policy allows it by: {}",
            page.policy()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The networks of a sweep, and on stderr what is left out.
fn selected(path: &Path, choice: &Choice, lang: Lang) -> Result<Selection, Failure> {
    let store = source::open_sweep(path)?;
    let shown = select(&store, choice, lang).map_err(|error| match error.is_usage() {
        true => Failure::usage(error),
        false => error.into(),
    })?;
    for warning in &shown.warnings {
        output::say(format!("gradfade: {warning}"));
    }
    Ok(shown)
}
