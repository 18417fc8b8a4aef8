//! Words of the figures of sweeps: many networks side by side.

use super::{Lang, Quantity};

impl Lang {
    /// The axis of depths.
    pub fn depth_axis(self) -> String {
        match self {
            Lang::En => "hidden layers".into(),
            Lang::Zh => "隐藏层数".into(),
        }
    }

    pub fn depth_series(self, depth: usize) -> String {
        match self {
            Lang::En if depth == 1 => "1 hidden layer".into(),
            Lang::En => format!("{depth} hidden layers"),
            Lang::Zh => format!("{depth} 个隐藏层"),
        }
    }

    pub fn updates_axis(self) -> String {
        match self {
            Lang::En => "updates".into(),
            Lang::Zh => "更新次数".into(),
        }
    }

    pub fn error(self) -> String {
        match self {
            Lang::En => "error".into(),
            Lang::Zh => "错误率".into(),
        }
    }

    pub fn chance_error_mark(self, error: f64) -> String {
        match self {
            Lang::En => format!("chance {}", self.percent(error)),
            Lang::Zh => format!("随机水平 {}", self.percent(error)),
        }
    }

    /// Settings that tell one network from another, as one name.
    pub fn series_name(self, settings: &[String]) -> String {
        match self {
            Lang::En => settings.join(", "),
            Lang::Zh => settings.join("，"),
        }
    }

    /// The one of two networks that has skips, or the other.
    pub fn network_by_skips(self, has_skips: bool) -> String {
        match (self, has_skips) {
            (Lang::En, false) => "plain".into(),
            (Lang::En, true) => "residual".into(),
            (Lang::Zh, false) => "无残差连接".into(),
            (Lang::Zh, true) => "有残差连接".into(),
        }
    }

    /// A network whose notation is too long for a name.
    pub fn lettered_network(self, letter: char) -> String {
        match self {
            Lang::En => format!("network {letter}"),
            Lang::Zh => format!("网络 {letter}"),
        }
    }

    /// What such a name stands for.
    pub fn named_network(self, name: &str, notation: &str) -> String {
        match self {
            Lang::En => format!("{name}: {notation}"),
            Lang::Zh => format!("{name}：{notation}"),
        }
    }

    pub fn first_step_panel(self, name: &str) -> String {
        match self {
            Lang::En => format!("{name}, first step"),
            Lang::Zh => format!("{name}，第一步"),
        }
    }

    pub fn after_training_panel(self, name: &str) -> String {
        match self {
            Lang::En => format!("{name}, after training"),
            Lang::Zh => format!("{name}，训练后"),
        }
    }

    // ---- findings

    /// Accuracy that depth destroys: `best` is the highest up to `until` hidden layers, `rest` the highest
    /// from `from` on.
    pub fn accuracy_collapses(self, name: &str, until: usize, best: f64, from: usize, rest: f64) -> String {
        let (best, rest) = (self.percent(best), self.percent(rest));
        match self {
            Lang::En if until == 1 => {
                format!("{name}: training accuracy {best} with 1 hidden layer, at most {rest} from {from} on")
            }
            Lang::En => {
                format!(
                    "{name}: training accuracy up to {best} with {until} hidden layers or fewer, at most {rest} from {from} on"
                )
            }
            Lang::Zh if until == 1 => {
                format!("{name}：1 个隐藏层时训练准确率 {best}，从 {from} 层起最高 {rest}")
            }
            Lang::Zh => {
                format!("{name}：不超过 {until} 个隐藏层时训练准确率最高 {best}，从 {from} 层起最高 {rest}")
            }
        }
    }

    pub fn accuracy_stays_above(self, name: &str, least: f64) -> String {
        let least = self.percent(least);
        match self {
            Lang::En => format!("{name}: {least} or more at every depth"),
            Lang::Zh => format!("{name}：各深度均不低于 {least}"),
        }
    }

    pub fn accuracy_stays_below(self, name: &str, most: f64) -> String {
        let most = self.percent(most);
        match self {
            Lang::En => format!("{name}: training accuracy at most {most} at every depth"),
            Lang::Zh => format!("{name}：各深度训练准确率最高 {most}"),
        }
    }

    /// What layer 1 has in networks of `depth` hidden layers: in the series with the least of it, and in that
    /// with the most.
    pub fn first_layer_from_to(
        self,
        depth: usize,
        quantity: Quantity,
        [low, high]: [(&str, f64); 2],
    ) -> String {
        let number = |x: f64| if quantity == Quantity::Movement { self.percent(x) } else { self.number(x) };
        let (depth, least, most) = (self.depth_series(depth), number(low.1), number(high.1));
        match self {
            Lang::En => {
                let what = match quantity {
                    Quantity::Movement => "layer 1 moved by",
                    Quantity::Signal => "layer 1's backward signal is",
                    _ => "layer 1's gradient is",
                };
                format!("{depth}: {what} {least} ({}) to {most} ({})", low.0, high.0)
            }
            Lang::Zh => {
                let what = match quantity {
                    Quantity::Movement => "第 1 层移动了",
                    Quantity::Signal => "第 1 层的反向信号为",
                    _ => "第 1 层的梯度为",
                };
                format!("{depth}：{what} {least}（{}）到 {most}（{}）", low.0, high.0)
            }
        }
    }

    /// Many series at the largest depth: from the worst to the best.
    pub fn accuracy_from_to(self, depth: usize, worst: (&str, f64), best: (&str, f64)) -> String {
        let [low, high] = [worst.1, best.1].map(|x| self.percent(x));
        match self {
            Lang::En => format!(
                "{}: training accuracy from {low} ({}) to {high} ({})",
                self.depth_series(depth),
                worst.0,
                best.0
            ),
            Lang::Zh => {
                format!(
                    "{}：训练准确率从 {low}（{}）到 {high}（{}）",
                    self.depth_series(depth),
                    worst.0,
                    best.0
                )
            }
        }
    }

    /// Errors at the end; the test error when it is known.
    pub fn errors_reached(self, name: &str, train: f64, test: Option<f64>) -> String {
        let train = self.percent(train);
        match (self, test.map(|x| self.percent(x))) {
            (Lang::En, Some(test)) => format!("{name}: training error {train}, test error {test}"),
            (Lang::En, None) => format!("{name}: training error {train}"),
            (Lang::Zh, Some(test)) => format!("{name}：训练错误率 {train}，测试错误率 {test}"),
            (Lang::Zh, None) => format!("{name}：训练错误率 {train}"),
        }
    }

    pub fn errors_from_to(self, best: (&str, f64), worst: (&str, f64)) -> String {
        let [low, high] = [best.1, worst.1].map(|x| self.percent(x));
        match self {
            Lang::En => format!("training error from {low} ({}) to {high} ({})", best.0, worst.0),
            Lang::Zh => format!("训练错误率从 {low}（{}）到 {high}（{}）", best.0, worst.0),
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

    /// The budget that all networks had, in a caption.
    pub fn updates_made(self, steps: u64) -> String {
        match self {
            Lang::En => format!("{} updates", self.count(steps)),
            Lang::Zh => format!("{} 次更新", self.count(steps)),
        }
    }

    pub fn solid_and_dashed_note(self) -> String {
        match self {
            Lang::En => "Solid: the whole training set, in evaluation mode; dashed: the test set.".into(),
            Lang::Zh => "实线：整个训练集（评估模式）；虚线：测试集。".into(),
        }
    }

    pub fn seeds_note(self, seeds: usize) -> String {
        match self {
            _ if seeds < 2 => String::new(),
            Lang::En => format!("Line: median of {seeds} seeds; band: from the smallest to the largest."),
            Lang::Zh => format!("线：{seeds} 个随机种子的中位数；带：最小值到最大值。"),
        }
    }

    pub fn median_of_seeds_note(self, seeds: usize) -> String {
        match self {
            _ if seeds < 2 => String::new(),
            Lang::En => format!("Each cell is the median of {seeds} seeds."),
            Lang::Zh => format!("每格为 {seeds} 个随机种子的中位数。"),
        }
    }

    /// Small panels have no room to name their rows.
    pub fn output_on_top(self) -> String {
        match self {
            Lang::En => "The top row of each panel is the output layer.".into(),
            Lang::Zh => "每幅图最上一行是输出层。".into(),
        }
    }

    pub fn one_seed_note(self, seeds: usize) -> String {
        match self {
            _ if seeds < 2 => String::new(),
            Lang::En => format!("The first of {seeds} seeds."),
            Lang::Zh => format!("{seeds} 个随机种子中的第一个。"),
        }
    }

    pub fn training_error_note(self) -> String {
        match self {
            Lang::En => "A higher training error of a deeper network is not a sign of overfitting.".into(),
            Lang::Zh => "更深的网络训练错误率更高，这并不是过拟合。".into(),
        }
    }

    pub fn some_depths_note(self, drawn: usize, there: usize) -> String {
        match self {
            Lang::En => format!("{drawn} of {there} depths are drawn."),
            Lang::Zh => format!("画出 {there} 种深度中的 {drawn} 种。"),
        }
    }

    pub fn columns_are_networks_note(self) -> String {
        match self {
            Lang::En => "Each column is a network of that depth, its input side at the bottom.".into(),
            Lang::Zh => "每一列是一个该深度的网络，输入侧在下。".into(),
        }
    }

    /// Note on a sweep that is not finished; empty if it is.
    pub fn unfinished_note(self, there: usize, planned: usize) -> String {
        match self {
            _ if there >= planned => String::new(),
            Lang::En => format!("Unfinished: {there} of {planned} runs."),
            Lang::Zh => format!("尚未完成：{planned} 次运行中的 {there} 次。"),
        }
    }

    pub fn left_out_note(self, failed: usize, diverged: usize) -> String {
        let runs = |n: usize| if n == 1 { "1 run".to_string() } else { format!("{n} runs") };
        match self {
            Lang::En => match (failed, diverged) {
                (0, 0) => String::new(),
                (0, d) => format!("{} diverged and count in no accuracy.", runs(d)),
                (f, 0) => format!("{} failed and are not drawn.", runs(f)),
                (f, d) => {
                    format!(
                        "{} diverged and count in no accuracy; {} failed and are not drawn.",
                        runs(d),
                        runs(f)
                    )
                }
            },
            Lang::Zh => match (failed, diverged) {
                (0, 0) => String::new(),
                (0, d) => format!("{d} 次运行发散，不计入准确率。"),
                (f, 0) => format!("{f} 次运行失败，未画出。"),
                (f, d) => format!("{d} 次运行发散，不计入准确率；{f} 次运行失败，未画出。"),
            },
        }
    }

    /// A heatmap over named columns.
    pub fn describe_columns(self, label: &str, rows: usize, axis: &str, names: &[String]) -> String {
        let names = self.enumeration(names);
        match self {
            Lang::En => format!(
                "Heatmap of the {label}: up to {rows} layers, the input side at the bottom, one column for each number of {axis}: {names}."
            ),
            Lang::Zh => format!("{label}热力图：最多 {rows} 层，输入侧在下；每一列对应一个{axis}：{names}。"),
        }
    }
}
