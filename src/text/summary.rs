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
}

impl Lang {
    /// First line of a summary.
    pub fn run_line(self, run: &str) -> String {
        match self {
            Lang::En => format!("run {run}"),
            Lang::Zh => format!("运行 {run}"),
        }
    }

    /// Name of a setting. `key` as in the header's labels, and `seed`, `status`, `recorded`; the run's own ones stay as they
    /// are.
    pub fn setting_name(self, key: &str) -> String {
        match self {
            Lang::En => key,
            Lang::Zh => match key {
                "activation" => "激活函数",
                "initialisation" => "初始化",
                "loss" => "损失函数",
                "optimizer" => "优化器",
                "learning_rate" => "学习率",
                "weight_decay" => "权重衰减",
                "l1" => "L1 正则化",
                "schedule" => "学习率调度",
                "warm_up" => "预热步数",
                "batch_size" => "批大小",
                "data" => "数据集",
                "standardize" => "标准化",
                "train_size" => "训练集大小",
                "test_size" => "测试集大小",
                "hidden_layers" => "隐藏层数",
                "width" => "宽度",
                "precision" => "精度",
                "seed" => "随机种子",
                "status" => "状态",
                "recorded" => "记录",
                other => other,
            },
        }
        .to_string()
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
    pub fn evaluation_name(self, last: bool) -> String {
        match (self, last) {
            (Lang::En, false) => "before training",
            (Lang::En, true) => "last evaluation",
            (Lang::Zh, false) => "训练前",
            (Lang::Zh, true) => "最后一次评估",
        }
        .to_string()
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

    /// Two lines over a column of the table of layers; `first` and `last` stand over the two values of a column that has two.
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
}
