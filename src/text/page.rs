//! Words of the interactive page. Its script has none of its own: phrases with places for numbers (`{step}`)
//! travel in the page's data.

use super::Lang;

/// What the page can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Gradient,
    Signal,
    Update,
    Movement,
    Convergence,
}

/// What a verdict says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictLevel {
    /// Something was found: a fault, or health.
    Found,
    /// Something was found that is no fault.
    Noted,
    /// It was looked for and is not there.
    Clear,
    /// What it needs was not recorded.
    Unknown,
}

impl Lang {
    /// On a button: one word where that is enough.
    pub fn shown(self, what: Shown) -> String {
        match self {
            Lang::En => match what {
                Shown::Gradient => "Gradient",
                Shown::Signal => "Signal",
                Shown::Update => "Update",
                Shown::Movement => "Movement",
                Shown::Convergence => "Convergence",
            },
            Lang::Zh => match what {
                Shown::Gradient => "梯度",
                Shown::Signal => "反向信号",
                Shown::Update => "更新量",
                Shown::Movement => "移动量",
                Shown::Convergence => "收敛",
            },
        }
        .to_string()
    }

    /// Name of the group of those buttons.
    pub fn shown_group(self) -> String {
        match self {
            Lang::En => "Show".into(),
            Lang::Zh => "显示".into(),
        }
    }

    pub fn verdict_level(self, level: VerdictLevel) -> String {
        match self {
            Lang::En => match level {
                VerdictLevel::Found => "found",
                VerdictLevel::Noted => "noted (no fault)",
                VerdictLevel::Clear => "clear",
                VerdictLevel::Unknown => "unknown",
            },
            Lang::Zh => match level {
                VerdictLevel::Found => "发现",
                VerdictLevel::Noted => "提示（不是问题）",
                VerdictLevel::Clear => "排除",
                VerdictLevel::Unknown => "无法判断",
            },
        }
        .to_string()
    }

    pub fn verdicts(self) -> String {
        match self {
            Lang::En => "Verdicts".into(),
            Lang::Zh => "诊断结论".into(),
        }
    }

    /// How many verdicts there are of each kind: `2 found, 1 noted, 10 clear, 4 unknown`.
    pub fn verdict_counts(self, counts: &[(VerdictLevel, usize)]) -> String {
        let part = |&(level, n): &(VerdictLevel, usize)| match (self, level) {
            (Lang::En, VerdictLevel::Found) => format!("{n} found"),
            (Lang::En, VerdictLevel::Noted) => format!("{n} noted"),
            (Lang::En, VerdictLevel::Clear) => format!("{n} clear"),
            (Lang::En, VerdictLevel::Unknown) => format!("{n} unknown"),
            (Lang::Zh, VerdictLevel::Found) => format!("发现 {n} 项"),
            (Lang::Zh, VerdictLevel::Noted) => format!("提示 {n} 项"),
            (Lang::Zh, VerdictLevel::Clear) => format!("排除 {n} 项"),
            (Lang::Zh, VerdictLevel::Unknown) => format!("无法判断 {n} 项"),
        };
        self.list(&counts.iter().map(part).collect::<Vec<_>>())
    }

    /// Heads a list that can be opened.
    pub fn counted(self, level: VerdictLevel, n: usize) -> String {
        let name = self.capitalised(&self.verdict_level(level));
        match self {
            Lang::En => format!("{name} ({n})"),
            Lang::Zh => format!("{name}（{n}）"),
        }
    }

    /// What a page of a sweep leaves out.
    pub fn sweep_selection(
        self,
        name: &str,
        seed: u64,
        seeds: usize,
        depths: &[usize],
        all: usize,
    ) -> String {
        let depths_shown =
            self.enumeration(&depths.iter().map(|&d| self.count(d as u64)).collect::<Vec<_>>());
        let some = depths.len() < all;
        match self {
            Lang::En => {
                let mut text = format!("Sweep {name}");
                if some {
                    text += &format!(": of {all} depths these are shown: {depths_shown}");
                }
                if seeds > 1 {
                    text += if some { "; " } else { ": " };
                    text += &format!("one seed of {seeds}, seed {seed}");
                }
                text + "."
            }
            Lang::Zh => {
                let mut text = format!("扫描 {name}");
                if some {
                    text += &format!("：{all} 种深度中显示 {depths_shown}");
                }
                if seeds > 1 {
                    text += if some { "；" } else { "：" };
                    text += &format!("{seeds} 个随机种子中的一个，随机种子 {seed}");
                }
                text + "。"
            }
        }
    }

    /// Title of runs whose depths differ.
    pub fn runs_of_depths(self, runs: usize, least: usize, most: usize) -> String {
        let runs = self.count(runs as u64);
        match self {
            Lang::En => format!("{runs} networks with {least} to {most} hidden layers"),
            Lang::Zh => format!("{runs} 个网络，{least} 至 {most} 个隐藏层"),
        }
    }

    /// Title of more runs than can be told in one.
    pub fn runs_of_depth(self, runs: usize, hidden: usize) -> String {
        let runs = self.count(runs as u64);
        match self {
            Lang::En if hidden == 1 => format!("{runs} networks with 1 hidden layer"),
            Lang::En => format!("{runs} networks with {hidden} hidden layers"),
            Lang::Zh => format!("{runs} 个网络，{hidden} 个隐藏层"),
        }
    }

    /// In the switch of depths: how many of all networks have so many hidden layers.
    pub fn networks_of_depth(self, hidden: usize, there: usize, all: usize) -> String {
        let [there, all] = [there, all].map(|n| self.count(n as u64));
        match self {
            Lang::En => format!("{hidden} ({there} of {all} networks)"),
            Lang::Zh => format!("{hidden}（{all} 个网络中的 {there} 个）"),
        }
    }

    pub fn hidden_layers(self) -> String {
        match self {
            Lang::En => "Hidden layers".into(),
            Lang::Zh => "隐藏层数".into(),
        }
    }

    pub fn play(self) -> String {
        match self {
            Lang::En => "Play".into(),
            Lang::Zh => "播放".into(),
        }
    }

    pub fn pause(self) -> String {
        match self {
            Lang::En => "Pause".into(),
            Lang::Zh => "暂停".into(),
        }
    }

    pub fn dark(self) -> String {
        match self {
            Lang::En => "Dark".into(),
            Lang::Zh => "深色".into(),
        }
    }

    pub fn training_step(self) -> String {
        match self {
            Lang::En => "Training step".into(),
            Lang::Zh => "训练步".into(),
        }
    }

    pub fn heatmap_of(self, run: &str) -> String {
        match self {
            Lang::En => format!("{run}: heatmap, layer by step. Arrow keys move the cursor."),
            Lang::Zh => format!("{run}：热图，纵轴为层，横轴为步。用方向键移动光标。"),
        }
    }

    pub fn bars_of(self, run: &str) -> String {
        match self {
            Lang::En => format!("{run}: one bar for each layer at the chosen step"),
            Lang::Zh => format!("{run}：所选步各层的条形图"),
        }
    }

    pub fn curves_of(self, run: &str, what: &str) -> String {
        match self {
            Lang::En => format!("{run}: {what}"),
            Lang::Zh => format!("{run}：{what}"),
        }
    }

    pub fn table_summary(self) -> String {
        match self {
            Lang::En => "Numbers by layer".into(),
            Lang::Zh => "各层数值".into(),
        }
    }

    pub fn at_first_step(self, what: &str, step: u64) -> String {
        match self {
            Lang::En => format!("{what}, step\u{a0}{}", self.count(step)),
            Lang::Zh => format!("{what}，第 {} 步", self.count(step)),
        }
    }

    // ---- phrases with places, for the script

    pub fn place_cell(self) -> String {
        match self {
            Lang::En => "layer {layer}, step {step}".into(),
            Lang::Zh => "第 {layer} 层，第 {step} 步".into(),
        }
    }

    /// Value of a cell, with its place.
    pub fn place_value(self) -> String {
        match self {
            Lang::En => "{place}: {value}".into(),
            Lang::Zh => "{place}：{value}".into(),
        }
    }

    /// Value of a cell that needs a remark.
    pub fn place_remark(self) -> String {
        match self {
            Lang::En => "{value} ({remark})".into(),
            Lang::Zh => "{value}（{remark}）".into(),
        }
    }

    pub fn place_step(self) -> String {
        match self {
            Lang::En => "step {step} of {end}".into(),
            Lang::Zh => "第 {step} 步，共 {end} 步".into(),
        }
    }

    pub fn not_reached(self) -> String {
        match self {
            Lang::En => "not reached".into(),
            Lang::Zh => "未到达".into(),
        }
    }

    pub fn not_in_this_run(self) -> String {
        match self {
            Lang::En => "not recorded in this run".into(),
            Lang::Zh => "此次训练未记录".into(),
        }
    }

    // ---- notes

    pub fn explain_convergence(self, limit: f64) -> String {
        match self {
            Lang::En => format!(
                "Distance of each layer to its final weights, as a share of its whole way: bright is the whole way ahead, dark is arrived. Grey layers moved less than {} of their initial norm: they are still random.",
                self.mark(limit)
            ),
            Lang::Zh => format!(
                "各层尚未走完的路程比例：亮表示路还全在前面，暗表示已经到达。灰色的层移动不到初始范数的 {}，仍是随机的。",
                self.mark(limit)
            ),
        }
    }

    /// Titles of several runs as one headline.
    pub fn titles(self, titles: &[String]) -> String {
        titles.join(match self {
            Lang::En => ". ",
            Lang::Zh => "。",
        })
    }

    pub fn bars_note(self) -> String {
        match self {
            Lang::En => "Beside each heatmap stands its column at the cursor: bars, or dots on a logarithmic axis. A thin mark shows the first step.".into(),
            Lang::Zh => "热图右侧是光标处的一列：线性轴上为条形，对数轴上为圆点。细线标出第一步的值。".into(),
        }
    }

    pub fn keys_note(self) -> String {
        match self {
            Lang::En => "Point at a cell to read it; click to keep it selected. In a heatmap the arrow keys move by layer and step, Page Up and Page Down by a tenth of the steps, Home and End to the ends.".into(),
            Lang::Zh => "指向一格可读出其数值，点按可停在该处。在热图中，方向键按层和步移动，Page Up 和 Page Down 移动十分之一的步数，Home 和 End 到两端。".into(),
        }
    }

    pub fn digits_note(self) -> String {
        match self {
            Lang::En => "Values are those of the record, rounded to three digits.".into(),
            Lang::Zh => "数值取自记录，保留三位有效数字。".into(),
        }
    }

    pub fn columns_note(self, run: &str, held: usize, recorded: usize) -> String {
        let [held, recorded] = [held, recorded].map(|n| self.count(n as u64));
        match self {
            Lang::En => format!(
                "{run}: of {recorded} recorded steps {held} are kept, at even distances; if steps between them are not finite, the first of those is kept instead."
            ),
            Lang::Zh => format!(
                "{run}：在记录的 {recorded} 步中等距保留 {held} 步；若其间有数值非有限的步，则以其中第一步代之。"
            ),
        }
    }
}
