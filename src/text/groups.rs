//! What figures of sweeps found: the clauses of their titles, over groups of networks.
//!
//! A group that lost a seed to divergence is neither the best nor the worst: its median is that of the
//! survivors. Bounds are those of all runs, never of medians.

use super::{Lang, Quantity};

/// Runs of a group that diverged, of how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub group: String,
    pub diverged: usize,
    pub of: usize,
}

/// What becomes of runs that diverged in the medians of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Never,
    /// At the evaluations before.
    UntilThen,
    Like,
}

impl Lang {
    /// Behind a number: of how many seeds it is the median; empty for one.
    pub fn median_of(self, seeds: usize) -> String {
        match self {
            _ if seeds < 2 => String::new(),
            Lang::En => format!(" (median of {seeds} seeds)"),
            Lang::Zh => format!("（{seeds} 个随机种子的中位数）"),
        }
    }

    fn median(self, seeds: usize) -> &'static str {
        match self {
            Lang::Zh if seeds < 2 => " ",
            Lang::En if seeds < 2 => "",
            Lang::En => "median ",
            Lang::Zh => "（中位数）",
        }
    }

    /// Which groups lost runs, of many the number; empty where none did.
    pub fn lost_clause(self, lost: &[Lost]) -> String {
        let one = |l: &Lost| {
            let Lost { group, diverged, of } = l;
            match self {
                Lang::En if *of == 1 => format!("{group} diverged"),
                Lang::En => format!("{diverged} of {of} seeds diverged with {group}"),
                Lang::Zh if *of == 1 => format!("{group} 发散"),
                Lang::Zh => format!("{group} 的 {of} 个随机种子中有 {diverged} 个发散"),
            }
        };
        match (self, lost.len()) {
            (_, 0) => String::new(),
            (_, 1 | 2) => self.clauses(&lost.iter().map(one).collect::<Vec<_>>()),
            (Lang::En, n) => format!("runs of {n} groups diverged"),
            (Lang::Zh, n) => format!("{n} 组中有运行发散"),
        }
    }

    /// Of one group with several depths, behind its name or its numbers.
    pub fn runs_diverged(self, diverged: usize, of: usize) -> String {
        match self {
            _ if diverged == 0 => String::new(),
            Lang::En => format!("{diverged} of {of} runs diverged"),
            Lang::Zh => format!("{of} 次运行中有 {diverged} 次发散"),
        }
    }

    // ---- accuracy

    /// Accuracies at two depths.
    pub fn accuracy_at_depths(self, name: &str, [a, b]: [(usize, f64); 2], seeds: usize) -> String {
        let [x, y] = [a.1, b.1].map(|x| self.percent(x));
        let median = self.median(seeds);
        match self {
            Lang::En => {
                format!(
                    "{name}: {median}training accuracy {x} with {}, {y} with {}",
                    self.depth_series(a.0),
                    b.0
                )
            }
            Lang::Zh => format!(
                "{name}：{}时训练准确率{median}{x}，{}时 {y}",
                self.depth_series(a.0),
                self.depth_series(b.0)
            ),
        }
    }

    /// No run, whatever its depth and seed, has less.
    pub fn every_accuracy_above(self, name: &str, least: f64) -> String {
        let least = self.percent(least);
        match self {
            Lang::En => format!("{name}: training accuracy {least} or more in every run"),
            Lang::Zh => format!("{name}：每次运行的训练准确率都不低于 {least}"),
        }
    }

    /// No run has more.
    pub fn every_accuracy_below(self, name: &str, most: f64) -> String {
        let most = self.percent(most);
        match self {
            Lang::En => format!("{name}: training accuracy {most} or less in every run"),
            Lang::Zh => format!("{name}：每次运行的训练准确率都不高于 {most}"),
        }
    }

    /// Many groups at one depth: the worst and the best, and of how many.
    pub fn accuracy_from_to(
        self,
        depth: usize,
        worst: (&str, f64),
        best: (&str, f64),
        [groups, seeds]: [usize; 2],
    ) -> String {
        let [low, high] = [worst.1, best.1].map(|x| self.percent(x));
        let (depth, median) = (self.depth_series(depth), self.median(seeds));
        match self {
            Lang::En => format!(
                "{depth}: {median}training accuracy of {groups} groups from {low} ({}) to {high} ({})",
                worst.0, best.0
            ),
            Lang::Zh => format!(
                "{depth}：{groups} 组的训练准确率{}从 {low}（{}）到 {high}（{}）",
                median.trim(),
                worst.0,
                best.0
            ),
        }
    }

    // ---- errors

    /// Errors at the end; the test error when it is known.
    pub fn errors_reached(self, name: &str, train: f64, test: Option<f64>, seeds: usize) -> String {
        let (train, median) = (self.percent(train), self.median(seeds));
        match (self, test.map(|x| self.percent(x))) {
            (Lang::En, Some(test)) => {
                format!("{name}: {median}training error {train}, {median}test error {test}")
            }
            (Lang::En, None) => format!("{name}: {median}training error {train}"),
            (Lang::Zh, Some(test)) => {
                format!("{name}：训练错误率{median}{train}，测试错误率{median}{test}")
            }
            (Lang::Zh, None) => format!("{name}：训练错误率{median}{train}"),
        }
    }

    /// The deeper of two networks is worse on its own training set: each by its depth, and both test errors.
    pub fn deeper_is_worse(
        self,
        shallow: (usize, f64),
        deep: (usize, f64),
        test: Option<[f64; 2]>,
        seeds: usize,
    ) -> String {
        let [a, b] = [shallow.1, deep.1].map(|x| self.percent(x));
        let test = test.map(|both| both.map(|x| self.percent(x)));
        let medians = match self {
            _ if seeds < 2 => "",
            Lang::En => " (medians)",
            Lang::Zh => "（中位数）",
        };
        match self {
            Lang::En => {
                let test = test.map_or(String::new(), |[a, b]| format!("; test error {b} and {a}"));
                format!(
                    "The deeper network has the higher training error: {b} with {}, {a} with {}{test}{medians}",
                    self.depth_series(deep.0),
                    shallow.0
                )
            }
            Lang::Zh => {
                let test = test.map_or(String::new(), |[a, b]| format!("；测试错误率 {b} 和 {a}"));
                format!(
                    "更深的网络训练错误率更高：{} {b}，{} {a}{test}{medians}",
                    self.depth_series(deep.0),
                    self.depth_series(shallow.0)
                )
            }
        }
    }

    pub fn errors_from_to(self, best: (&str, f64), worst: (&str, f64), [lines, seeds]: [usize; 2]) -> String {
        let [low, high] = [best.1, worst.1].map(|x| self.percent(x));
        let median = self.median(seeds);
        match self {
            Lang::En => self.capitalised(&format!(
                "{median}training error of {lines} groups from {low} ({}) to {high} ({})",
                best.0, worst.0
            )),
            Lang::Zh => {
                format!(
                    "{lines} 组的训练错误率{}从 {low}（{}）到 {high}（{}）",
                    median.trim(),
                    best.0,
                    worst.0
                )
            }
        }
    }

    // ---- layer 1

    /// What layer 1 has in networks of `depth` hidden layers, in so many groups of so many seeds: in the group
    /// with the least of it, and in that with the most. Gradients are those of the first step.
    pub fn first_layer_from_to(
        self,
        depth: usize,
        quantity: Quantity,
        [low, high]: [(&str, f64); 2],
        [groups, seeds]: [usize; 2],
    ) -> String {
        let moved = quantity == Quantity::Movement;
        let number = |x: f64| if moved { self.percent(x) } else { self.number(x) };
        let (depth, least, most) = (self.depth_series(depth), number(low.1), number(high.1));
        let (noun, median) = (self.noun(quantity), self.median_of(seeds));
        match self {
            Lang::En => {
                let what = match moved {
                    true => "layer 1 moved by".to_string(),
                    false => format!("layer 1's {noun} at the first step is"),
                };
                match least == most {
                    true => format!("{depth}: {what} {least} in all {groups} groups{median}"),
                    false => format!(
                        "{depth}: {what} {least} ({}) to {most} ({}) in {groups} groups{median}",
                        low.0, high.0
                    ),
                }
            }
            Lang::Zh => {
                let what = match moved {
                    true => "第 1 层移动了".to_string(),
                    false => format!("第一步第 1 层的{noun}为"),
                };
                match least == most {
                    true => format!("{depth}：全部 {groups} 组中，{what} {least}{median}"),
                    false => format!(
                        "{depth}：{groups} 组中，{what} {least}（{}）到 {most}（{}）{median}",
                        low.0, high.0
                    ),
                }
            }
        }
    }

    /// In front of the two extremes of many groups at one depth.
    pub fn extremes_of(self, groups: usize, depth: usize) -> String {
        let depth = self.depth_series(depth);
        match self {
            Lang::En => format!("Extremes of {groups} groups with {depth}"),
            Lang::Zh => format!("{depth}的 {groups} 组中的两端"),
        }
    }

    /// A clause at the beginning of a title.
    pub fn capitalised(self, clause: &str) -> String {
        match self {
            Lang::En => {
                let mut letters = clause.chars();
                letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
            }
            Lang::Zh => clause.into(),
        }
    }

    // ---- subtitles

    /// Which runs diverged and what became of them, and how many failed.
    pub fn left_out_note(self, failed: usize, lost: &[Lost], counted: Counted) -> String {
        let one = |l: &Lost| {
            let Lost { group, diverged, of } = l;
            match self {
                Lang::En => format!("{group} ({diverged} of {of})"),
                Lang::Zh => format!("{group}（{of} 次中 {diverged} 次）"),
            }
        };
        let names = self.cut(lost.iter().map(one).collect(), MOST_LOST);
        let names = self.enumeration(&names);
        let diverged = match (self, counted) {
            _ if lost.is_empty() => String::new(),
            (Lang::En, Counted::Never) => format!("Runs that diverged are in no line: {names}."),
            (Lang::En, Counted::UntilThen) => format!("Runs that diverged count until then: {names}."),
            (Lang::En, Counted::Like) => format!("Runs that diverged count like the others: {names}."),
            (Lang::Zh, Counted::Never) => format!("发散的运行不计入曲线：{names}。"),
            (Lang::Zh, Counted::UntilThen) => format!("发散的运行只计到发散为止：{names}。"),
            (Lang::Zh, Counted::Like) => format!("发散的运行与其他运行一样计入：{names}。"),
        };
        let failed = match self {
            _ if failed == 0 => String::new(),
            Lang::En if failed == 1 => "1 run failed and is not drawn.".into(),
            Lang::En => format!("{failed} runs failed and are not drawn."),
            Lang::Zh => format!("{failed} 次运行失败，未画出。"),
        };
        self.sentences(&[diverged, failed])
    }

    pub fn some_groups_note(self, drawn: usize, there: usize) -> String {
        match self {
            _ if drawn >= there => String::new(),
            Lang::En => format!("{drawn} of {there} groups are drawn."),
            Lang::Zh => format!("画出 {there} 组中的 {drawn} 组。"),
        }
    }
}

/// Groups that a note names one by one.
const MOST_LOST: usize = 6;
