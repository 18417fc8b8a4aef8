//! Words of the figures of sweeps: many networks side by side. What they found is in [`super::groups`].

use super::Lang;

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
            Lang::En => {
                format!(
                    "Line: median of {seeds} seeds; band of the solid line: from the smallest to the largest."
                )
            }
            Lang::Zh => format!("线：{seeds} 个随机种子的中位数；实线的带：最小值到最大值。"),
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
