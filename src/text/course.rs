//! How a training went: accuracies, losses, and how it ended.

use super::Lang;
use crate::analysis::edge_rows;

/// What stands for the beginning and the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// One step was recorded.
    Only,
    /// The first and the last step.
    Single,
    /// Medians of so many steps each.
    Medians(usize),
}

impl Ends {
    pub fn of(rows: usize) -> Ends {
        match (rows, edge_rows(rows)) {
            (0 | 1, _) => Ends::Only,
            (_, 0 | 1) => Ends::Single,
            (_, n) => Ends::Medians(n),
        }
    }
}

impl Lang {
    pub fn accuracy_stays(self, accuracy: f64) -> String {
        match self {
            Lang::En => format!("training accuracy stays at {}", self.percent(accuracy)),
            Lang::Zh => format!("训练准确率停在 {}", self.percent(accuracy)),
        }
    }

    pub fn accuracy_fell(self, best: f64, accuracy: f64) -> String {
        match self {
            Lang::En => {
                format!(
                    "training accuracy falls back from {} to {}",
                    self.percent(best),
                    self.percent(accuracy)
                )
            }
            Lang::Zh => format!("训练准确率从 {} 回落到 {}", self.percent(best), self.percent(accuracy)),
        }
    }

    /// `kept`: the step of the parameters that early stopping kept, where these are not the last ones.
    pub fn accuracy_reached(self, accuracy: f64, kept: Option<u64>) -> String {
        let accuracy = self.percent(accuracy);
        match (self, kept) {
            (Lang::En, None) => format!("training accuracy {accuracy}"),
            (Lang::En, Some(step)) => {
                format!("training accuracy {accuracy} at the kept step {}", self.count(step))
            }
            (Lang::Zh, None) => format!("训练准确率 {accuracy}"),
            (Lang::Zh, Some(step)) => format!("保留的第 {} 步训练准确率 {accuracy}", self.count(step)),
        }
    }

    /// The same as a clause with a verb.
    pub fn accuracy_ends(self, accuracy: f64, kept: Option<u64>) -> String {
        let accuracy = self.percent(accuracy);
        match (self, kept) {
            (Lang::En, None) => format!("training accuracy ends at {accuracy}"),
            (Lang::En, Some(step)) => {
                format!("training accuracy is {accuracy} at the kept step {}", self.count(step))
            }
            (Lang::Zh, None) => format!("训练准确率最后为 {accuracy}"),
            (Lang::Zh, Some(step)) => format!("保留的第 {} 步训练准确率为 {accuracy}", self.count(step)),
        }
    }

    pub fn accuracies_reached(self, train: f64, test: f64, kept: Option<u64>) -> String {
        let [train, test] = [train, test].map(|x| self.percent(x));
        match (self, kept) {
            (Lang::En, None) => format!("accuracy {train} in training, {test} on test data"),
            (Lang::En, Some(step)) => format!(
                "accuracy {train} in training, {test} on test data at the kept step {}",
                self.count(step)
            ),
            (Lang::Zh, None) => format!("训练集准确率 {train}，测试集准确率 {test}"),
            (Lang::Zh, Some(step)) => {
                format!("保留的第 {} 步训练集准确率 {train}，测试集准确率 {test}", self.count(step))
            }
        }
    }

    pub fn brief_accuracy(self, accuracy: f64) -> String {
        match self {
            Lang::En => format!("training accuracy {}", self.percent(accuracy)),
            Lang::Zh => format!("训练准确率 {}", self.percent(accuracy)),
        }
    }

    /// Norm of the whole gradient and loss of the batches, each at first and at the end.
    pub fn whole_gradient_course(self, norm: Option<[f64; 2]>, loss: Option<[f64; 2]>, ends: Ends) -> String {
        let words = match self {
            Lang::En => ["gradient norm", "batch loss"],
            Lang::Zh => ["梯度范数", "小批量损失"],
        };
        let clauses: Vec<String> = words
            .iter()
            .zip([norm, loss])
            .filter_map(|(word, course)| Some(format!("{word}{}", self.course_words(course?, ends))))
            .collect();
        match clauses.is_empty() {
            true => String::new(),
            false => self.list(&clauses) + &self.ends(ends),
        }
    }

    /// Of a run that diverged: at its first finite step, and at its last one where that is another.
    pub fn whole_gradient_growth(self, first: (u64, f64), last: Option<(u64, f64)>) -> String {
        let (a, s) = (self.number(first.1), self.count(first.0));
        let last = last.map(|(step, x)| (self.number(x), self.count(step)));
        match (self, last) {
            (Lang::En, None) => format!("gradient norm {a} at step {s}"),
            (Lang::En, Some((b, t))) => format!("gradient norm from {a} at step {s} to {b} at step {t}"),
            (Lang::Zh, None) => format!("第 {s} 步梯度范数 {a}"),
            (Lang::Zh, Some((b, t))) => format!("梯度范数从第 {s} 步的 {a} 到第 {t} 步的 {b}"),
        }
    }

    fn course_words(self, course: [f64; 2], ends: Ends) -> String {
        let [a, b] = course.map(|x| self.number(x));
        match self {
            _ if ends == Ends::Only => format!(" {a}"),
            Lang::En if a == b => format!(" {a} at first and at the end"),
            Lang::En => format!(" from {a} to {b}"),
            Lang::Zh if a == b => format!("起初和最后都为 {a}"),
            Lang::Zh => format!("从 {a} 到 {b}"),
        }
    }

    fn ends(self, ends: Ends) -> String {
        match (self, ends) {
            (_, Ends::Single) => String::new(),
            (Lang::En, Ends::Only) => " at the only recorded step".into(),
            (Lang::Zh, Ends::Only) => "（仅记录了一步）".into(),
            (Lang::En, Ends::Medians(n)) => {
                format!(" (medians of the first and the last {} recorded steps)", self.count(n as u64))
            }
            (Lang::Zh, Ends::Medians(n)) => {
                format!("（最初和最后各 {} 个记录步的中位数）", self.count(n as u64))
            }
        }
    }

    pub fn diverged(self, step: u64) -> String {
        match self {
            Lang::En => format!("training diverged at step {}", self.count(step)),
            Lang::Zh => format!("训练在第 {} 步发散", self.count(step)),
        }
    }

    pub fn brief_diverged(self, step: u64) -> String {
        match self {
            Lang::En => format!("diverged at step {}", self.count(step)),
            Lang::Zh => format!("第 {} 步发散", self.count(step)),
        }
    }

    pub fn interrupted(self, step: u64) -> String {
        match self {
            Lang::En => format!("interrupted at step {}", self.count(step)),
            Lang::Zh => format!("在第 {} 步中断", self.count(step)),
        }
    }

    pub fn diverged_because(self, step: u64, what: &str) -> String {
        match self {
            Lang::En if what.is_empty() => format!("diverged at step {}", self.count(step)),
            Lang::En => format!("diverged at step {} ({what})", self.count(step)),
            Lang::Zh if what.is_empty() => format!("在第 {} 步发散", self.count(step)),
            Lang::Zh => format!("在第 {} 步发散（{}）", self.count(step), self.reason(what)),
        }
    }

    /// Why a run was stopped, as its record says it (in English).
    pub(super) fn reason(self, what: &str) -> String {
        match (self, what.strip_prefix("the loss is ")) {
            (Lang::En, _) | (Lang::Zh, None) => what.into(),
            (Lang::Zh, Some(value)) => {
                format!("损失为{}", value.parse().map_or(value.to_string(), |x: f64| self.number(x)))
            }
        }
    }

    pub fn still_running(self) -> String {
        match self {
            Lang::En => "not finished".into(),
            Lang::Zh => "尚未结束".into(),
        }
    }
}
