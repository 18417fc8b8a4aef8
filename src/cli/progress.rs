//! What a person sees while a network trains: a bar on a terminal, plain lines elsewhere, nothing when quiet.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::train::{loss, percent};
use super::{interrupt, output};
use crate::escape::one_line;
use crate::record::{Row, TEST_ACCURACY, TRAIN_ACCURACY, TRAIN_LOSS};
use crate::text::Lang;
use crate::train::{Progress, Watch};

/// Shows one run.
pub struct Show {
    name: String,
    bar: Option<ProgressBar>,
    plain: bool,
    state: Mutex<State>,
}

struct State {
    next: Instant,
    ratio: Option<f64>,
}

/// Between two updates of the bar.
const PAUSE: Duration = Duration::from_millis(100);

impl Show {
    /// For a run of `total` steps. A bar is drawn when stderr is a terminal.
    pub fn new(name: &str, total: u64, quiet: bool) -> Show {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !quiet).then(|| {
            let style =
                ProgressStyle::with_template("{prefix:>10} [{bar:28}] {pos}/{len}  ETA {eta}\n{wide_msg}")
                    .map(|s| s.progress_chars("=> "))
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_prefix(one_line(name).into_owned())
        });
        let state = Mutex::new(State { next: Instant::now(), ratio: None });
        Show { name: name.into(), bar, plain: !terminal && !quiet, state }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn ratio(ratio: Option<f64>) -> String {
    let number = |r: f64| Lang::default().number(r).replace('\u{a0}', " ");
    // Two layers without any gradient have no ratio.
    ratio
        .filter(|r| !r.is_nan())
        .map(|r| format!("  batch-mean gradient, layer 1 / last hidden layer: {}", number(r)))
        .unwrap_or_default()
}

impl Watch for Show {
    fn progress(&self, p: &Progress) {
        let Ok(mut state) = self.state.lock() else { return };
        state.ratio = p.first_last_ratio.or(state.ratio);
        let Some(bar) = &self.bar else { return };
        let now = Instant::now();
        if now < state.next {
            return;
        }
        state.next = now + PAUSE;
        bar.set_position(p.done);
        bar.set_message(format!(
            "loss {}  batch accuracy {:.0} %{}",
            loss(p.loss),
            100.0 * p.batch_accuracy,
            ratio(state.ratio)
        ));
    }

    fn evaluated(&self, row: &Row<'_>) {
        let ratio = ratio(self.state.lock().ok().and_then(|s| s.ratio));
        let test = if row.value(TEST_ACCURACY).is_nan() {
            String::new()
        } else {
            format!("  test accuracy {}", percent(row.value(TEST_ACCURACY)))
        };
        let line = format!(
            "{}: step {}  training loss {}  training accuracy {}{test}{ratio}",
            self.name,
            row.step(),
            loss(row.value(TRAIN_LOSS)),
            percent(row.value(TRAIN_ACCURACY))
        );
        if let Some(bar) = &self.bar {
            bar.println(one_line(&line));
        } else if self.plain {
            output::say(line);
        }
    }

    fn should_stop(&self) -> bool {
        interrupt::requested()
    }
}

/// Shows several runs as one: a bar of runs on a terminal, a line a run elsewhere.
pub struct Together {
    bar: Option<ProgressBar>,
    plain: bool,
    total: usize,
    done: AtomicUsize,
}

impl Together {
    pub fn new(total: usize, quiet: bool) -> Together {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !quiet && total > 0).then(|| {
            let style = ProgressStyle::with_template("[{bar:28}] {pos}/{len} runs  {msg}")
                .map(|s| s.progress_chars("=> "))
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total as u64).with_style(style)
        });
        Together { bar, plain: !terminal && !quiet, total, done: AtomicUsize::new(0) }
    }

    /// A run has ended.
    pub fn line(&self, name: &str, how: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let line = format!("{done}/{}: {name}: {how}", self.total);
        if let Some(bar) = &self.bar {
            bar.println(one_line(&line));
            bar.set_position(done as u64);
        } else if self.plain {
            output::say(line);
        }
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Together {
    fn should_stop(&self) -> bool {
        interrupt::requested()
    }
}
