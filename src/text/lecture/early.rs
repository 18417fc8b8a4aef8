//! Words of the figure of early stopping.

use super::super::Lang;

/// What the losses do from the kept step to the last evaluation: each at both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    pub kept: u64,
    pub end: u64,
    pub validation: [f64; 2],
    pub training: Option<[f64; 2]>,
}

impl Lang {
    pub fn early_stopping_found(self, turn: &Turn) -> String {
        let [kept, end] = [turn.kept, turn.end].map(|step| self.count(step));
        let [low, last] = turn.validation.map(|x| self.number(x));
        let training = turn.training.map(|all| all.map(|x| self.number(x)));
        match self {
            Lang::En if turn.kept == turn.end => {
                format!(
                    "the validation loss is lowest at the last evaluation, {low} at step {kept}: nothing was taken back"
                )
            }
            Lang::En => {
                let found = if low == last {
                    format!("the validation loss is lowest at step {kept} ({low})")
                } else {
                    format!("the validation loss is lowest at step {kept} ({low}) and {last} at step {end}")
                };
                match training {
                    Some([a, b]) if a != b => {
                        format!("{found}, while the training loss goes from {a} to {b}")
                    }
                    _ => found,
                }
            }
            Lang::Zh if turn.kept == turn.end => {
                format!("验证损失在最后一次评估时最低（第 {kept} 步，{low}）：没有退回")
            }
            Lang::Zh => {
                let found = if low == last {
                    format!("验证损失在第 {kept} 步最低（{low}）")
                } else {
                    format!("验证损失在第 {kept} 步最低（{low}），到第 {end} 步为 {last}")
                };
                match training {
                    Some([a, b]) if a != b => format!("{found}，而训练损失从 {a} 变为 {b}"),
                    _ => found,
                }
            }
        }
    }

    pub fn early_stopping_note(self, stopped: bool) -> String {
        match (self, stopped) {
            (Lang::En, true) => "Losses over whole sets, in evaluation mode. The parameters of the marked step are the result.",
            (Lang::En, false) => "Losses over whole sets, in evaluation mode. The run went to its planned end; the parameters of the marked step are the result.",
            (Lang::Zh, true) => "整个数据集上的损失（评估模式）。结果是所标步的参数。",
            (Lang::Zh, false) => "整个数据集上的损失（评估模式）。训练到了计划的终点；结果是所标步的参数。",
        }
        .into()
    }

    pub fn reading_early_stopping(self) -> String {
        match self {
            Lang::En => "Time runs to the right; where the training loss goes on falling and the validation loss does not, the network begins to learn its samples by heart.",
            Lang::Zh => "时间向右；训练损失继续下降而验证损失不再下降时，网络开始死记样本。",
        }
        .into()
    }

    /// Whether patience ran out, and how many evaluations it was.
    pub fn reading_stopped(self, stopped: bool, patience: Option<u64>) -> String {
        match (self, stopped, patience.filter(|n| *n > 0)) {
            (_, false, _) | (_, true, None) => String::new(),
            (Lang::En, true, Some(1)) => {
                "Training stopped at the first evaluation without a lower validation loss.".into()
            }
            (Lang::En, true, Some(n)) => {
                format!("Training stopped after {n} evaluations without a lower validation loss.")
            }
            (Lang::Zh, true, Some(n)) => format!("连续 {n} 次评估验证损失没有降低，训练就停止了。"),
        }
    }
}
