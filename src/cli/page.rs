//! `gradfade page`: an interactive page from run folders and sweeps.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;

use super::plot::{gradient, read_run};
use super::{CommandResult, Failure, diagnose, output, sweep};
use crate::figure::GradientMetric;
use crate::figure::sweep::grid::chosen;
use crate::page::{self, Page, PageOptions};
use crate::record::Record;
use crate::render::ColourMap;
use crate::sweep::{CellState, PlannedCell, Store};
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Runs of one depth are shown side by side with linked cursors; a switch selects
the depth. The page of a sweep shows one seed, and all depths if they are at most
120 networks and 1,000 layers, otherwise the depths of the figure heatmap-grid.
Two runs of 10 layers and 1,000 steps make a page of less than 300 kB; a sweep of
20 networks with 2,000 recorded steps makes one of 1.3 MB.

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
    /// What the button "Gradient" shows: batch-mean, per-parameter, per-sample or signal [default: per-sample where it is recorded]
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

fn language(text: &str) -> Result<Lang, String> {
    let tags = Lang::ALL.map(Lang::tag).join(", ");
    Lang::ALL.into_iter().find(|l| l.tag() == text).ok_or_else(|| format!("unknown language; known: {tags}"))
}

pub fn run(args: Args) -> CommandResult {
    output::may_write([&args.out], args.force)?;
    if args.out.is_dir() {
        return Err(anyhow!("--out {}: is a folder; name a file in it", args.out.display()).into());
    }
    let thresholds = diagnose::thresholds(args.thresholds.as_deref())?;
    let is_sweep: Vec<bool> = args.runs.iter().map(|path| sweep::is_sweep(path)).collect();
    if !is_sweep.contains(&true) && (!args.depths.is_empty() || args.seed.is_some()) {
        let error = anyhow!("--depths and --seed choose among the networks of a sweep; name the folder of one");
        return Err(Failure::usage(error));
    }
    let (mut records, mut remarks) = (Vec::new(), Vec::new());
    for (path, is_sweep) in args.runs.iter().zip(is_sweep) {
        if is_sweep {
            let (cells, remark) = cells(path, &args)?;
            records.extend(cells);
            remarks.extend(remark);
        } else {
            records.push(read_run(path)?);
        }
    }
    let options =
        PageOptions { lang: args.lang, colour_map: args.colour_map, gradient: args.gradient, thresholds, remarks };
    let page = Page::new(records, &options)?;
    let text = if args.fragment { page.fragment() } else { page.html() };
    output::write(&args.out, text.as_bytes())?;
    output::print(format!("{}\n", args.out.display()))?;
    if args.fragment {
        output::say(format!("gradfade: a page with a content-security policy allows it by: {}", page.policy()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The finished cells of a sweep that a page shows, and what it leaves out, as a sentence.
fn cells(path: &Path, args: &Args) -> Result<(Vec<Record>, Option<String>), Failure> {
    let store = Store::open(path)?;
    let plan = store.plan();
    let all = plan.cells();
    let mut seeds: Vec<u64> = all.iter().map(|c| c.config.seed).collect();
    let first = seeds.first().copied().unwrap_or_default();
    seeds.sort_unstable();
    seeds.dedup();
    let seed = args.seed.unwrap_or(first);
    if !seeds.contains(&seed) {
        let error = anyhow!("--seed {seed}: {} has no such seed; it has {}", path.display(), listed(&seeds));
        return Err(Failure::usage(error));
    }
    let depth = |cell: &PlannedCell| cell.config.hidden_sizes().len();
    let mut there: Vec<usize> = all.iter().map(depth).collect();
    there.sort_unstable();
    there.dedup();
    if let Some(other) = args.depths.iter().find(|d| !there.contains(d)) {
        let error = anyhow!("--depths {other}: {} has no such depth; it has {}", path.display(), listed(&there));
        return Err(Failure::usage(error));
    }
    let of_seed = || all.iter().filter(|c| c.config.seed == seed);
    // A cell that kept its summary only has two columns, and always room.
    let whole = |c: &&PlannedCell| store.cell_dir(c.number).join("meta.json").exists();
    let layers: Vec<usize> = of_seed().filter(whole).map(|c| depth(c) + 1).collect();
    let depths = if !args.depths.is_empty() {
        there.iter().copied().filter(|d| args.depths.contains(d)).collect()
    } else if page::fits(&layers) && of_seed().count() <= page::MOST_RUNS {
        there.clone()
    } else {
        let depths = chosen(&there, plan.depths.as_deref());
        output::say(format!(
            "gradfade: {}: {} depths are too much for one page; it shows {} (--depths chooses)",
            path.display(),
            there.len(),
            listed(&depths)
        ));
        depths
    };
    let (mut records, mut left_out) = (Vec::new(), 0);
    for planned in of_seed().filter(|c| depths.contains(&depth(c))) {
        match store.state(planned.number)? {
            CellState::Finished(cell) => match cell.result {
                Ok(digest) => {
                    let folder = store.cell_dir(planned.number);
                    records.push(if whole(&planned) { read_run(&folder)? } else { digest });
                }
                Err(_) => left_out += 1,
            },
            CellState::Missing | CellState::Broken(_) => left_out += 1,
        }
    }
    if records.is_empty() {
        return Err(
            anyhow!("{}: no cell that this page would show is finished; run the sweep first", path.display()).into()
        );
    }
    if left_out > 0 {
        let all = left_out + records.len();
        output::say(format!(
            "gradfade: {}: {left_out} of {all} cells failed or are not finished; left out",
            path.display()
        ));
    }
    let all_shown = depths.len() == there.len() && seeds.len() == 1;
    let remark = args.lang.sweep_selection(&plan.name, seed, seeds.len(), &depths, there.len());
    Ok((records, (!all_shown).then_some(remark)))
}

/// `2, 4, 6 and 17 more`.
fn listed<T: ToString>(all: &[T]) -> String {
    const MOST: usize = 12;
    let text = all.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if all.len() > MOST { format!("{text} and {} more", all.len() - MOST) } else { text }
}
