//! Words of the summary of a run, for a terminal.

use super::Lang;

/// A column of the table of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Layer,
    Widths,
    Activation,
    Signal,
    Gradient,
    RelativeUpdate,
    Moved,
    Saturated,
    Dead,
    Name,
}

impl Lang {
    /// First line of a summary.
    pub fn run_line(self, run: &str) -> String {
        match self {
            Lang::En => format!("run {run}"),
            Lang::Zh => format!("运行 {run}"),
        }
    }

    pub fn running_or_killed(self) -> String {
        match self {
            Lang::En => "running, or killed".into(),
            Lang::Zh => "正在运行，或已被终止".into(),
        }
    }

    pub fn complete(self) -> String {
        match self {
            Lang::En => "complete".into(),
            Lang::Zh => "已完成".into(),
        }
    }

    pub fn interrupted_after(self, steps: u64) -> String {
        match self {
            Lang::En => format!("interrupted after {steps} steps"),
            Lang::Zh => format!("{steps} 步后中断"),
        }
    }

    pub fn diverged_line(self, step: u64, what: &str) -> String {
        match self {
            Lang::En => format!("diverged at step {step}: {what}"),
            Lang::Zh => format!("在第 {step} 步发散：{}", self.reason(what)),
        }
    }

    pub fn recorded_line(self, steps: usize, snapshots: usize) -> String {
        match self {
            Lang::En => format!("{steps} steps, {snapshots} snapshots"),
            Lang::Zh => format!("{steps} 步，{snapshots} 个快照"),
        }
    }

    /// Name of the first evaluation or of the last one.
    /// Name of the first evaluation, at this step, or of the last one.
    pub fn evaluation_name(self, first: Option<u64>) -> String {
        match (self, first) {
            (Lang::En, Some(0)) => "before training",
            (Lang::En, Some(_)) => "first evaluation",
            (Lang::En, None) => "last evaluation",
            (Lang::Zh, Some(0)) => "训练前",
            (Lang::Zh, Some(_)) => "第一次评估",
            (Lang::Zh, None) => "最后一次评估",
        }
        .to_string()
    }

    /// Name of the evaluation of the parameters that early stopping kept.
    pub fn kept_evaluation_name(self) -> String {
        match self {
            Lang::En => "best, kept",
            Lang::Zh => "保留的最佳参数",
        }
        .to_string()
    }

    /// Follows [`Lang::evaluation_line`] where samples were kept out of training.
    pub fn validation_part(self, loss: &str, accuracy: &str) -> String {
        match self {
            Lang::En => format!("; validation loss {loss}, accuracy {accuracy}"),
            Lang::Zh => format!("；验证损失 {loss}，准确率 {accuracy}"),
        }
    }

    /// Shares of weights that are exactly zero, layer by layer from the input side.
    pub fn zeros_line(self, shares: &[String]) -> [String; 2] {
        match self {
            Lang::En => {
                ["zero weights".into(), format!("{} (layer 1 to {})", shares.join(", "), shares.len())]
            }
            Lang::Zh => {
                ["为零的权重".into(), format!("{}（第 1 层到第 {} 层）", shares.join("，"), shares.len())]
            }
        }
    }

    /// Loss and accuracy of training and test set, already written out.
    pub fn evaluation_line(self, step: u64, train: [&str; 2], test: [&str; 2]) -> String {
        let ([loss, accuracy], [test_loss, test_accuracy]) = (train, test);
        match self {
            Lang::En => format!(
                "step {step}: training loss {loss}, accuracy {accuracy}; test loss {test_loss}, accuracy {test_accuracy}"
            ),
            Lang::Zh => format!(
                "第 {step} 步：训练损失 {loss}，准确率 {accuracy}；测试损失 {test_loss}，准确率 {test_accuracy}"
            ),
        }
    }

    /// Two lines over a column of the table of layers; `first` and `last` stand over the two values of a
    /// column that has two.
    pub fn column_head(self, column: Column) -> [String; 2] {
        match self {
            Lang::En => match column {
                Column::Layer => ["layer", ""],
                Column::Widths => ["in -> out", ""],
                Column::Activation => ["activation", ""],
                Column::Signal => ["backward signal", ""],
                Column::Gradient => ["weight gradient", ""],
                Column::RelativeUpdate => ["update/weight", "(median)"],
                Column::Moved => ["moved", "(of |W0|)"],
                Column::Saturated => ["saturated", ""],
                Column::Dead => ["dead", ""],
                Column::Name => ["name", ""],
            },
            Lang::Zh => match column {
                Column::Layer => ["层", ""],
                Column::Widths => ["输入 -> 输出", ""],
                Column::Activation => ["激活函数", ""],
                Column::Signal => ["反向信号", ""],
                Column::Gradient => ["权重梯度", ""],
                Column::RelativeUpdate => ["相对更新量", "（中位数）"],
                Column::Moved => ["移动量", "（占 |W0|）"],
                Column::Saturated => ["饱和", ""],
                Column::Dead => ["死亡", ""],
                Column::Name => ["名称", ""],
            },
        }
        .map(str::to_string)
    }

    /// Over the values at the first and at the last recorded step.
    pub fn first_and_last(self) -> [String; 2] {
        match self {
            Lang::En => ["first", "last"],
            Lang::Zh => ["起初", "最后"],
        }
        .map(str::to_string)
    }

    // ---- what the demo says when it is done

    /// Accuracies already written out.
    pub fn demo_accuracy(self, train: &str, test: &str, steps: u64, secs: f64) -> String {
        match self {
            Lang::En => {
                format!("training accuracy {train}, test accuracy {test} after {steps} steps ({secs:.1} s)")
            }
            Lang::Zh => format!("训练准确率 {train}，测试准确率 {test}，共 {steps} 步（{secs:.1} 秒）"),
        }
    }

    /// Backward signals of the last hidden layer and of the first, and the log10 of their ratio.
    pub fn demo_signal(self, depth: usize, last: f64, first: f64, log10: f64) -> String {
        match self {
            Lang::En => format!(
                "backward signal at step 0: layer {depth} {}, layer 1 {}: {}",
                self.number(last),
                self.number(first),
                self.compared(-log10)
            ),
            Lang::Zh => format!(
                "第 0 步的反向信号：第 {depth} 层 {}，第 1 层 {}：后者是前者的 {}",
                self.number(last),
                self.number(first),
                self.compared(-log10)
            ),
        }
    }

    /// Shares of the initial norm.
    pub fn demo_movement(self, depth: usize, first: f64, last: f64) -> String {
        let [first, last] = [first, last].map(|share| self.percent(share));
        match self {
            Lang::En => {
                format!(
                    "weights moved, relative to their initial norm: layer 1 by {first}, layer {depth} by {last}"
                )
            }
            Lang::Zh => format!("权重的移动，相对于初始范数：第 1 层 {first}，第 {depth} 层 {last}"),
        }
    }

    pub fn demo_runs(self, dir: &str) -> String {
        match self {
            Lang::En => format!("runs:    {dir}"),
            Lang::Zh => format!("运行：   {dir}"),
        }
    }

    pub fn demo_look(self, file: &str) -> String {
        match self {
            Lang::En => format!("look at: {file}"),
            Lang::Zh => format!("请看：   {file}"),
        }
    }

    pub fn demo_figures(self, count: usize, dir: &str) -> String {
        match self {
            Lang::En => format!("figures: {count} in {dir} (SVG and PNG)"),
            Lang::Zh => format!("图：     {count} 幅，在 {dir}（SVG 和 PNG）"),
        }
    }
}
