//! What a person sees while a sweep runs: a bar for each worker and one for the whole, or plain lines.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::super::{interrupt, output};
use crate::record::cell::Cell;
use crate::record::{Status, TRAIN_ACCURACY};
use crate::sweep::{Observer, PlannedCell, SweepPlan};
use crate::train::Progress;

/// Between two updates of a bar.
const PAUSE: Duration = Duration::from_millis(100);
/// Sweeps of more cells than this tell their progress every few seconds instead of each cell.
const LINES: usize = 200;
const LINE_PAUSE: Duration = Duration::from_secs(2);

pub struct Show {
    plan: SweepPlan,
    /// Labels of the cells that are being run, by their numbers.
    labels: Mutex<HashMap<usize, String>>,
    total: usize,
    done: AtomicUsize,
    plain: bool,
    bars: Option<Bars>,
    told: Mutex<Instant>,
}

struct Bars {
    whole: ProgressBar,
    workers: Vec<(ProgressBar, Mutex<Instant>)>,
}

impl Show {
    pub fn new(plan: &SweepPlan, total: usize, workers: usize, quiet: bool) -> Show {
        let terminal = std::io::stderr().is_terminal();
        let style = |template: &str| {
            ProgressStyle::with_template(template)
                .map_or_else(|_| ProgressStyle::default_bar(), |s| s.progress_chars("=> "))
        };
        let bars = (terminal && !quiet).then(|| {
            let all = MultiProgress::new();
            let whole = all.add(
                ProgressBar::new(total as u64).with_style(style("[{bar:28}] {pos}/{len} cells  ETA {eta}")),
            );
            let worker = |_| {
                let bar = ProgressBar::new(1).with_style(style("[{bar:28}] {msg}"));
                (all.add(bar), Mutex::new(Instant::now()))
            };
            Bars { whole, workers: (0..workers).map(worker).collect() }
        });
        let (done, told) = (AtomicUsize::new(0), Mutex::new(Instant::now()));
        Show {
            plan: plan.clone(),
            labels: Mutex::default(),
            total,
            done,
            plain: !terminal && !quiet,
            bars,
            told,
        }
    }

    pub fn finish(&self) {
        if let Some(bars) = &self.bars {
            bars.workers.iter().for_each(|(bar, _)| bar.finish_and_clear());
            bars.whole.finish_and_clear();
        }
    }

    fn running<R>(&self, change: impl FnOnce(&mut HashMap<usize, String>) -> R) -> R {
        change(&mut self.labels.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One cell more has ended; how many have.
    fn count(&self) -> usize {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(bars) = &self.bars {
            bars.whole.set_position(done as u64);
        }
        done
    }

    fn line(&self, cell: &Cell, label: &str, done: usize) -> String {
        let how = match &cell.result {
            Err(why) => format!("failed: {why}"),
            Ok(record) => {
                let accuracy = record.final_eval().map_or(f64::NAN, |e| e.value(TRAIN_ACCURACY));
                match &record.header.status {
                    Status::Diverged { step, .. } => format!("diverged at step {step}"),
                    _ => format!("training accuracy {}", super::super::train::percent(accuracy)),
                }
            }
        };
        format!("{done}/{}: cell {} ({label}): {how}, {:.1} s", self.total, cell.number, cell.seconds)
    }
}

impl Observer for Show {
    fn started(&self, worker: usize, cell: &PlannedCell) {
        let label = cell.label(&self.plan);
        if let Some((bar, _)) = self.bars.as_ref().and_then(|b| b.workers.get(worker)) {
            bar.set_position(0);
            bar.set_message(crate::escape::one_line(&label).into_owned());
        }
        self.running(|all| all.insert(cell.number, label));
    }

    fn progress(&self, worker: usize, p: &Progress) {
        let Some((bar, next)) = self.bars.as_ref().and_then(|b| b.workers.get(worker)) else { return };
        let Ok(mut next) = next.lock() else { return };
        let now = Instant::now();
        if now >= *next {
            *next = now + PAUSE;
            bar.set_length(p.total);
            bar.set_position(p.done);
        }
    }

    fn broken(&self, _worker: usize, cell: &PlannedCell, _why: &str) {
        self.running(|all| all.remove(&cell.number));
        self.count();
    }

    fn finished(&self, _worker: usize, cell: &Cell) {
        let done = self.count();
        let label = self.running(|all| all.remove(&cell.number)).unwrap_or_default();
        if !self.plain {
            return;
        }
        if self.total <= LINES {
            output::say(self.line(cell, &label, done));
            return;
        }
        let Ok(mut told) = self.told.lock() else { return };
        if told.elapsed() >= LINE_PAUSE || done == self.total {
            *told = Instant::now();
            output::say(self.line(cell, &label, done));
        }
    }

    fn should_stop(&self) -> bool {
        interrupt::requested()
    }
}
