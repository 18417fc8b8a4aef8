//! `gradfade sweep`: a grid of networks, run, joined and drawn; alone it does all of that.

mod estimate;
mod merge;
mod script;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::plot::Look;
use super::train_args::{GridArgs, SharedArgs};
use super::{CommandResult, Failure, interrupt, output};
use crate::config::TrainConfig;
use crate::data::Loaded;
use crate::names::did_you_mean;
use crate::render::Format;
use crate::source::{self, Kind};
use crate::sweep::{
    CellState, Observer, PRESETS, PlannedCell, Ran, Sizes, Store, SweepPlan, costs, preset, run as run_cells,
    shard,
};
pub use merge::plot;
use show::Show;

#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  gradfade sweep --activations sigmoid,relu --hidden-layers 1..10
  gradfade sweep --hidden-layers 2,10 --seeds 3 --out sweeps/depth
  gradfade sweep --preset lecture --out sweeps/lecture
  gradfade sweep plan --preset 20-vs-56 --toml > mine.toml
  gradfade sweep --plan mine.toml --out sweeps/mine
  gradfade sweep run --plan mine.toml --shard 2/8 --out sweeps/mine
  gradfade sweep merge --out sweeps/mine
  gradfade sweep script slurm --plan mine.toml --out sweeps/mine > mine.sh"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    draw: Draw,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the cells with an estimate of time and disk space, or print the plan as TOML
    Plan(PlanArgs),
    /// Run the cells that are missing: all, some, or those of one shard
    Run(RunArgs),
    /// Collect the finished cells in cells.csv and draw the figures
    Merge(MergeArgs),
    /// Print a job script: a Slurm job array, or GNU parallel
    Script(script::Args),
}

/// Which networks: a preset, a plan file or flags; flags are laid over the plan.
#[derive(clap::Args)]
struct What {
    /// A built-in plan: lecture, 20-vs-56, initialisation, activations, conv-depth, 20-vs-56-conv
    #[arg(long, value_name = "NAME", conflicts_with = "plan", help_heading = "Plan")]
    preset: Option<String>,
    /// A plan file (TOML)
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    grid: GridArgs,
    #[command(flatten)]
    shared: SharedArgs,
}

#[derive(clap::Args)]
struct How {
    /// Folder of the sweep [default: sweeps/NAME]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Number of cells that run at the same time [default: all cores]; results are bit-identical for any
    /// number
    #[arg(long, value_name = "N", value_parser = threads, help_heading = "Output")]
    threads: Option<usize>,
    /// Do not show progress on stderr
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

#[derive(clap::Args)]
struct Draw {
    /// Also write cells.parquet (in a program built with `--features parquet`)
    #[arg(long, help_heading = "Output")]
    parquet: bool,
    /// Do not draw figures
    #[arg(long, help_heading = "Figures")]
    no_figures: bool,
    /// Names of the figures [default: all that the cells hold]; `gradfade plot --list` names them
    #[arg(
        long,
        value_name = "NAME,..",
        value_delimiter = ',',
        conflicts_with = "no_figures",
        help_heading = "Figures"
    )]
    figure: Vec<String>,
    /// svg, png, pdf
    #[arg(
        long,
        value_name = "FORMAT,..",
        value_delimiter = ',',
        default_value = "svg,png",
        help_heading = "Figures"
    )]
    format: Vec<Format>,
    /// Also write the plotted numbers as CSV
    #[arg(long, help_heading = "Figures")]
    csv: bool,
    #[command(flatten, next_help_heading = "Figures")]
    look: Look,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade sweep plan --preset lecture
  gradfade sweep plan --preset 20-vs-56 --toml > mine.toml")]
struct PlanArgs {
    #[command(flatten)]
    what: What,
    /// Print the plan instead of the cells
    #[arg(long)]
    toml: bool,
    /// Folder of a sweep: also show which of its cells are finished
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade sweep run --plan mine.toml --shard 2/8 --out sweeps/mine
  gradfade sweep run --cells 3,7..9 --out sweeps/mine")]
struct RunArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    how: How,
    /// Only these cells, such as 3, 1..20 or 4,7
    #[arg(long, value_name = "A..B", conflicts_with = "shard")]
    cells: Option<crate::sweep::Numbers>,
    /// Only the K-th of N parts
    #[arg(long, value_name = "K/N", value_parser = part)]
    shard: Option<(usize, usize)>,
}

impl Draw {
    /// What can be refused before the first cell is trained.
    fn prepare(&self) -> Result<(), Failure> {
        if self.parquet && !cfg!(feature = "parquet") {
            let error = anyhow::anyhow!(
                "--parquet: this program was built without Parquet; leave it out (cells.csv holds the same table), or build with `cargo install --path . --features parquet`"
            );
            return Err(Failure::usage(error));
        }
        Ok(self.look.prepare()?)
    }
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade sweep merge --out sweeps/mine
  gradfade sweep merge --out sweeps/mine --figure accuracy-by-depth")]
struct MergeArgs {
    /// Folder of the sweep
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    draw: Draw,
}

pub(super) fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err("give a number from 1 to 1024".into()),
    }
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let parsed = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((k, n)) if n >= 1 && (1..=n).contains(&k) && n <= crate::sweep::plan::MOST_CELLS => Ok((k, n)),
        Some((_, n)) if n >= 1 => Err(format!("the part must be from 1 to {n}")),
        _ => Err("give K/N, such as 2/8".into()),
    }
}

impl What {
    fn is_given(&self) -> bool {
        self.preset.is_some()
            || self.plan.is_some()
            || self.grid.is_given()
            || !self.shared.given().is_empty()
    }

    fn plan(&self) -> Result<SweepPlan, Failure> {
        let base = match (&self.preset, &self.plan) {
            (Some(name), _) => {
                let known = || PRESETS.iter().map(|p| p.name);
                let found = preset(&crate::names::our_spelling(name)).ok_or_else(|| {
                    let hint = did_you_mean(name, known());
                    let list = known().collect::<Vec<_>>().join(", ");
                    Failure::usage(anyhow::anyhow!("--preset: unknown preset '{name}'{hint}; known: {list}"))
                })?;
                found.plan()?
            }
            (None, Some(path)) => {
                let text = crate::files::read_text(path)
                    .map_err(|e| anyhow::anyhow!("{}: cannot read the plan: {e}", path.display()))?;
                SweepPlan::parse(&text, &path.display().to_string())?
            }
            (None, None) => SweepPlan::default(),
        };
        let mut plan = base;
        self.shared.apply_to_plan(&mut plan);
        let given =
            self.grid.apply(&self.shared, &mut plan).map_err(|what| Failure::usage(anyhow::anyhow!(what)))?;
        plan.check().map_err(|what| Failure::usage(anyhow::anyhow!(what)))?;
        let mut data = Vec::new();
        for cell in plan.each_cell() {
            if !data.contains(&cell.config.data) {
                data.push(cell.config.data);
            }
        }
        self.shared.data().idle(&data.iter().collect::<Vec<_>>()).map_err(Failure::usage)?;
        let some = |uses: fn(&TrainConfig) -> bool| plan.each_cell().any(|cell| uses(&cell.config));
        self.shared.idle(&given, some).map_err(Failure::usage)?;
        Ok(plan)
    }
}

/// Opens the sweep: what was given, or else what lies in the folder.
fn open(what: &What, out: Option<&Path>) -> Result<Store, Failure> {
    match (what.is_given(), out) {
        (false, Some(dir)) => {
            source::expect(dir, Kind::Sweep)?;
            Ok(Store::resume(dir)?)
        }
        (false, None) => Err(Failure::usage(anyhow::anyhow!(
            "nothing to sweep: give --preset, --plan, a grid such as --hidden-layers 1..10, or the --out of a sweep that was started"
        ))),
        (true, _) => {
            let plan = what.plan()?;
            let dir = out.map_or_else(|| default_folder(&plan.name), Path::to_path_buf);
            output::check_folder(&dir)?;
            Ok(Store::create(&dir, &plan)?)
        }
    }
}

fn default_folder(name: &str) -> PathBuf {
    let safe = name.replace(['/', '\\'], "-");
    Path::new("sweeps").join(safe.trim_start_matches('.'))
}

pub fn run(args: Args) -> CommandResult {
    match args.command {
        Some(Command::Plan(args)) => plan(&args),
        Some(Command::Run(args)) => some(&args),
        Some(Command::Merge(args)) => {
            args.draw.prepare()?;
            merge::run(&source::open_sweep(&args.out)?, &args.draw, false)
        }
        Some(Command::Script(args)) => script::run(&args),
        None => {
            args.draw.prepare()?;
            let store = open(&args.what, args.how.out.as_deref())?;
            let all = store.plan().cells();
            let ran = work(&store, all, &args.how)?;
            let merged = merge::run(&store, &args.draw, args.how.quiet)?;
            Ok(if ran.stopped { ExitCode::from(interrupt::EXIT_CODE) } else { merged })
        }
    }
}

fn some(args: &RunArgs) -> CommandResult {
    let store = open(&args.what, args.how.out.as_deref())?;
    let all = store.plan().cells();
    let count = all.len();
    let loaded = Loaded::default();
    let chosen: Vec<PlannedCell> = match (&args.cells, args.shard) {
        (Some(numbers), _) => {
            let beyond = numbers.0.iter().find(|&&n| n == 0 || n > all.len() as u64);
            if let Some(n) = beyond {
                let error =
                    anyhow::anyhow!("--cells: there is no cell {n}; the plan has cells 1 to {}", all.len());
                return Err(Failure::usage(error));
            }
            all.iter().filter(|cell| numbers.0.contains(&(cell.number as u64))).cloned().collect()
        }
        (None, Some((k, n))) => {
            let flops: Vec<f64> = all.iter().map(|cell| cost(cell, &loaded)).collect();
            shard(&flops, k, n).into_iter().map(|i| all[i].clone()).collect()
        }
        (None, None) => all,
    };
    let are_all = chosen.len() == count;
    let ran = work(&store, chosen, &args.how)?;
    Ok(match &ran {
        ran if ran.stopped => ExitCode::from(interrupt::EXIT_CODE),
        // The settings of a part may be impossible while those of the others are not.
        ran if !ran.broken.is_empty() || (are_all && ran.none_trained()) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// For the order and the shares of the cells. A cell whose data cannot be loaded costs nothing: it will fail.
fn cost(cell: &PlannedCell, loaded: &Loaded) -> f64 {
    let data = loaded.get(&cell.config.data, &cell.config.data_options);
    data.map_or(0.0, |data| costs(&cell.config, &Sizes::of(&data)).flops)
}

/// Cells as they were found before any of them is run.
#[derive(Default)]
struct Found {
    missing: Vec<PlannedCell>,
    trained: usize,
    impossible: usize,
}

fn look(store: &Store, cells: Vec<PlannedCell>) -> Result<Found, Failure> {
    let mut found = Found::default();
    for cell in cells {
        match store.state(cell.number)? {
            CellState::Finished(there) if there.result.is_ok() => found.trained += 1,
            CellState::Finished(_) => found.impossible += 1,
            CellState::Missing => found.missing.push(cell),
            CellState::Broken(what) => {
                output::say(format!(
                    "gradfade: cell {} cannot be trusted ({what}); it is run again",
                    cell.number
                ));
                found.missing.push(cell);
            }
        }
    }
    Ok(found)
}

/// Runs what is missing of these cells. The answer counts those that were finished before, too.
fn work(store: &Store, cells: Vec<PlannedCell>, how: &How) -> Result<Ran, Failure> {
    let asked = cells.len();
    let Found { missing, trained, impossible } = look(store, cells)?;
    let threads = how.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    if !how.quiet {
        let done = asked - missing.len();
        let kept = if done > 0 { format!(", {done} of them finished before") } else { String::new() };
        output::say(format!("{}: {} cells{kept}, {threads} at a time", store.dir().display(), asked));
    }
    let mut ran = Ran::default();
    if !missing.is_empty() {
        let loaded = Loaded::default();
        check_data(&missing, &loaded)?;
        interrupt::listen();
        let show = Show::new(store.plan(), missing.len(), threads.min(missing.len()), how.quiet);
        let result = run_cells(store, &missing, threads, &loaded, &show as &dyn Observer);
        show.finish();
        interrupt::end_at_once();
        ran = result?;
        for (number, why) in &ran.broken {
            output::say(format!(
                "gradfade: cell {number} is not finished: {why}; the next call runs it again"
            ));
        }
    }
    ran.trained += trained;
    ran.impossible += impossible;
    Ok(ran)
}

/// Data that is not there at all is one error, not one of every cell.
fn check_data(missing: &[PlannedCell], loaded: &Loaded) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for config in missing.iter().map(|cell| &cell.config) {
        if !seen.contains(&&config.data) {
            loaded.get(&config.data, &config.data_options)?;
            seen.push(&config.data);
        }
    }
    Ok(())
}

fn plan(args: &PlanArgs) -> CommandResult {
    let plan = match (&args.out, args.what.is_given()) {
        // How it was grown belongs to that folder.
        (Some(dir), false) => SweepPlan { earlier: Vec::new(), ..source::open_sweep(dir)?.plan().clone() },
        (None, false) => {
            let mut list = String::from(
                "presets (gradfade sweep plan --preset NAME lists the cells, --toml prints the plan):\n",
            );
            for preset in PRESETS {
                list += &format!("  {:16} {}\n", preset.name, preset.summary);
            }
            output::print(list)?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => args.what.plan()?,
    };
    if args.toml {
        let text = match &args.what.preset {
            // With its comments, when nothing was laid over it.
            Some(name) => {
                preset(name).filter(|p| p.plan().is_ok_and(|p| p == plan)).map(|p| p.toml.to_string())
            }
            None => None,
        };
        output::print(text.map_or_else(|| plan.to_toml(), Ok)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let store = match &args.out {
        Some(dir) if source::kind(dir) == Some(Kind::Sweep) => Store::find(dir, &plan)?,
        _ => None,
    };
    let plan = store.as_ref().map_or(&plan, Store::plan);
    output::print(estimate::table(plan, store.as_ref())?)?;
    Ok(ExitCode::SUCCESS)
}
