//! Words of the live view of a run in a terminal.

use super::Lang;

impl Lang {
    /// The first line: where the run is and what it has reached.
    pub fn live_head(
        self,
        run: &str,
        step: Option<u64>,
        planned: Option<u64>,
        state: &str,
        values: &[String],
    ) -> String {
        let at = match (self, step, planned) {
            (Lang::En, None, _) => "no step yet".into(),
            (Lang::En, Some(t), None) => format!("step {}", self.count(t)),
            (Lang::En, Some(t), Some(n)) => format!("step {} of {}", self.count(t), self.count(n)),
            (Lang::Zh, None, _) => "还没有任何一步".into(),
            (Lang::Zh, Some(t), None) => format!("第 {} 步", self.count(t)),
            (Lang::Zh, Some(t), Some(n)) => format!("第 {} 步，共 {} 步", self.count(t), self.count(n)),
        };
        let values: String = values.iter().map(|value| format!("{}{value}", self.comma())).collect();
        match self {
            Lang::En => format!("{run}: {at} ({state}){values}"),
            Lang::Zh => format!("{run}：{at}（{state}）{values}"),
        }
    }

    fn comma(self) -> &'static str {
        match self {
            Lang::En => ", ",
            Lang::Zh => "，",
        }
    }

    pub fn batch_accuracy_name(self) -> String {
        match self {
            Lang::En => "batch accuracy".into(),
            Lang::Zh => "小批量准确率".into(),
        }
    }

    pub fn train_loss_name(self) -> String {
        match self {
            Lang::En => "training loss".into(),
            Lang::Zh => "训练损失".into(),
        }
    }

    pub fn train_accuracy_name(self) -> String {
        match self {
            Lang::En => "training accuracy".into(),
            Lang::Zh => "训练准确率".into(),
        }
    }

    pub fn test_accuracy_name(self) -> String {
        match self {
            Lang::En => "test accuracy".into(),
            Lang::Zh => "测试准确率".into(),
        }
    }

    /// Which steps the columns are.
    pub fn live_steps(self, first: u64, last: u64) -> String {
        match self {
            Lang::En => {
                format!("steps {} to {}, one column a recorded step", self.count(first), self.count(last))
            }
            Lang::Zh => format!("第 {} 至 {} 步，每列是一个记录步", self.count(first), self.count(last)),
        }
    }

    pub fn live_without_layers(self) -> String {
        match self {
            Lang::En => "no gradient is recorded by layer".into(),
            Lang::Zh => "没有逐层记录梯度".into(),
        }
    }

    pub fn live_waiting(self, run: &str) -> String {
        match self {
            Lang::En => format!("gradfade: waiting for the first step in {run} (Ctrl-C ends)"),
            Lang::Zh => format!("gradfade：等待 {run} 的第一步（Ctrl-C 结束）"),
        }
    }

    pub fn live_left(self) -> String {
        match self {
            Lang::En => "no longer watching; the run goes on".into(),
            Lang::Zh => "已停止显示；运行仍在继续".into(),
        }
    }
}
