//! Words of the accuracy by any setting.

use super::super::Lang;

impl Lang {
    /// A setting as the title of an axis.
    pub fn setting_axis(self, key: &str) -> String {
        self.setting_name(key).replace('_', " ")
    }

    pub fn training_accuracy(self) -> String {
        match self {
            Lang::En => "training accuracy".into(),
            Lang::Zh => "训练准确率".into(),
        }
    }

    /// The least and the greatest accuracy, each with its settings.
    pub fn accuracy_between(self, least: (&str, f64), most: (&str, f64)) -> String {
        let [low, high] = [least.1, most.1].map(|x| self.percent(x));
        match self {
            Lang::En if least.0 == most.0 => format!("Training accuracy {high} ({})", most.0),
            Lang::En => format!("Training accuracy from {low} ({}) to {high} ({})", least.0, most.0),
            Lang::Zh if least.0 == most.0 => format!("训练准确率 {high}（{}）", most.0),
            Lang::Zh => format!("训练准确率从 {low}（{}）到 {high}（{}）", least.0, most.0),
        }
    }

    /// Of so many runs; empty where none was lost.
    pub fn lost_runs(self, diverged: usize, failed: usize, runs: usize) -> String {
        match self {
            _ if diverged + failed == 0 => String::new(),
            Lang::En if failed == 0 => format!("{diverged} of {runs} runs diverged"),
            Lang::En if diverged == 0 => format!("{failed} of {runs} runs failed"),
            Lang::En => format!("{diverged} of {runs} runs diverged and {failed} failed"),
            Lang::Zh if failed == 0 => format!("{runs} 次运行中 {diverged} 次发散"),
            Lang::Zh if diverged == 0 => format!("{runs} 次运行中 {failed} 次失败"),
            Lang::Zh => format!("{runs} 次运行中 {diverged} 次发散、{failed} 次失败"),
        }
    }

    /// At a value of the setting.
    pub fn some_diverged(self, diverged: usize, runs: usize) -> String {
        match self {
            Lang::En => format!("{diverged} of {runs} diverged"),
            Lang::Zh => format!("{runs} 次中 {diverged} 次发散"),
        }
    }

    /// Combinations of settings whose colour is that of the other runs.
    pub fn survivors_note(self, each: &[String]) -> String {
        let each = self.clauses(each);
        match self {
            Lang::En => format!("Coloured by the runs that did not diverge: {each}."),
            Lang::Zh => format!("以未发散的运行着色：{each}。"),
        }
    }

    pub fn diverged_cells(self) -> String {
        match self {
            Lang::En => "diverged".into(),
            Lang::Zh => "发散".into(),
        }
    }

    pub fn no_runs_cells(self) -> String {
        match self {
            Lang::En => "no finished run".into(),
            Lang::Zh => "没有完成的运行".into(),
        }
    }

    /// The first row's numbers, which are drawn on through the others.
    pub fn best_row_lines(self) -> String {
        match self {
            Lang::En => "the best".into(),
            Lang::Zh => "最好的".into(),
        }
    }

    pub fn medians_of_seeds_note(self, seeds: usize) -> String {
        match self {
            _ if seeds < 2 => String::new(),
            Lang::En => format!("Each dot is the median of up to {seeds} seeds."),
            Lang::Zh => format!("每个点是至多 {seeds} 个随机种子的中位数。"),
        }
    }

    pub fn map_of_accuracy_note(self, seeds: usize) -> String {
        match self {
            Lang::En if seeds < 2 => "Accuracy on the whole training set, in evaluation mode.".into(),
            Lang::En => format!(
                "Accuracy on the whole training set, in evaluation mode; each cell the median of up to {seeds} seeds."
            ),
            Lang::Zh if seeds < 2 => "整个训练集上的准确率（评估模式）。".into(),
            Lang::Zh => format!("整个训练集上的准确率（评估模式）；每格为至多 {seeds} 个随机种子的中位数。"),
        }
    }

    /// Beside a row: the range of the seeds.
    pub fn training_range(self, low: f64, high: f64) -> String {
        let (low, high) = (self.percent(low), self.percent(high));
        match self {
            Lang::En => format!("training {low} to {high}"),
            Lang::Zh => format!("训练集 {low} 至 {high}"),
        }
    }

    /// Of lines, or of a map.
    pub fn reading_accuracy_by(self, is_map: bool) -> String {
        match (self, is_map) {
            (Lang::En, false) => "Each point is a trained network; where the solid line falls, the network fails on its own training set, which is no overfitting.",
            (Lang::En, true) => "Each cell is a trained network; where it is dark, the network fails on its own training set, which is no overfitting.",
            (Lang::Zh, false) => "每个点是一个已训练的网络；实线下降之处，网络连自己的训练集都学不好，这不是过拟合。",
            (Lang::Zh, true) => "每一格是一个已训练的网络；暗处的网络连自己的训练集都学不好，这不是过拟合。",
        }
        .into()
    }

    pub fn reading_accuracy_rows(self) -> String {
        match self {
            Lang::En => "Each row is a value of the setting, the best on the training set first; rows that lost a run stand below.",
            Lang::Zh => "每一行是该设置的一个取值，训练集上最好的在前；有运行丢失的排在下方。",
        }
        .into()
    }

    /// A heatmap over two settings, each with its name (empty where a panel beside it says it) and its values.
    pub fn describe_map(self, label: &str, rows: (&str, &[String]), columns: (&str, &[String])) -> String {
        let named = |(name, values): (&str, &[String])| {
            let values = self.enumeration(values);
            match self {
                _ if name.is_empty() => values,
                Lang::En => format!("{name} {values}"),
                Lang::Zh => format!("{name} {values}"),
            }
        };
        let (rows, columns) = (named(rows), named(columns));
        match self {
            Lang::En => format!("Heatmap of the {label}, rows from the bottom: {rows}; columns: {columns}."),
            Lang::Zh => format!("{label}热力图，各行自下而上：{rows}；各列：{columns}。"),
        }
    }
}
