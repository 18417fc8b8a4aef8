//! What a plan will take: the list of its cells with time and disk.

use std::time::Instant;

use crate::config::{Precision, TrainConfig};
use crate::data::Loaded;
use crate::record::NullSink;
use crate::sweep::{CellState, Cost, PlannedCell, Sizes, Store, SweepPlan, costs};
use crate::train::{Unwatched, train};

/// Steps of the trial run that measures this machine.
const TRIAL_STEPS: u64 = 20;

/// One line a cell, and the sum.
pub fn table(plan: &SweepPlan, store: Option<&Store>) -> anyhow::Result<String> {
    let loaded = Loaded::default();
    let cells = plan.cells();
    let mut rows: Vec<(&PlannedCell, Cost)> = Vec::new();
    for cell in &cells {
        let data = loaded.get(&cell.config.data, &cell.config.data_options)?;
        rows.push((cell, costs(&cell.config, &Sizes::of(&data))));
    }
    let longest = rows.iter().max_by(|a, b| a.1.flops.total_cmp(&b.1.flops));
    let Some((cell, cost)) = longest else { return Ok(String::new()) };
    let per_flop = seconds_per_flop(cell, cost, &loaded)?;
    let mut text = format!("{:>6}  {:>9}  {:>9}  cell\n", "number", "seconds", "disk");
    let mut seconds = 0.0;
    let mut bytes = 0.0;
    let mut finished = 0;
    for (cell, cost) in &rows {
        let state = match store.map(|s| s.state(cell.number)).transpose()? {
            Some(CellState::Finished(_)) => {
                finished += 1;
                "  (finished)"
            }
            Some(CellState::Broken(_)) => "  (to be run again)",
            _ => "",
        };
        let time = cost.flops * per_flop;
        text += &format!(
            "{:>6}  {:>9}  {:>9}  {}{state}\n",
            cell.number,
            short(time),
            size(cost.bytes),
            cell.label(plan)
        );
        seconds += time;
        bytes += cost.bytes;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let wall = (seconds / cores as f64).max(cost.flops * per_flop);
    text += &format!(
        "{} cells{}; about {} s of one core, {} s on the {cores} here (rate measured now); about {} on disk\n",
        cells.len(),
        if finished > 0 { format!(", {finished} finished") } else { String::new() },
        short(seconds),
        short(wall),
        size(bytes)
    );
    Ok(text)
}

/// Trains the longest cell for a few steps.
fn seconds_per_flop(cell: &PlannedCell, whole: &Cost, loaded: &Loaded) -> anyhow::Result<f64> {
    let data = loaded.get(&cell.config.data, &cell.config.data_options)?;
    let steps = TRIAL_STEPS.min(whole.steps as u64).max(1);
    let config =
        TrainConfig { epochs: None, steps: Some(steps), eval_every: 0, warm_up: 0, ..cell.config.clone() };
    let plan = config.plan(&data)?;
    let start = Instant::now();
    match config.precision {
        Precision::F32 => train::<f32>(&plan, &data, "trial", &mut NullSink, &Unwatched).map(drop)?,
        Precision::F64 => train::<f64>(&plan, &data, "trial", &mut NullSink, &Unwatched).map(drop)?,
    }
    Ok(start.elapsed().as_secs_f64() / costs(&config, &Sizes::of(&data)).flops)
}

fn short(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.2}") } else { format!("{seconds:.0}") }
}

fn size(bytes: f64) -> String {
    match bytes {
        b if b < 1e6 => format!("{:.0} kB", (b / 1e3).max(1.0)),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}
