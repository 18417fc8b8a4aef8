//! The settings under a figure, and the figure in words for readers who cannot see it.

use super::Lang;

impl Lang {
    /// Settings in a caption, and a run's own ones.
    pub fn caption(self, settings: &[String]) -> String {
        match self {
            Lang::En => settings.join(" · "),
            Lang::Zh => settings.join(" · "),
        }
    }

    pub fn caption_of_run(self, run: &str, settings: &[String]) -> String {
        match self {
            Lang::En => format!("{run}: {}", settings.join(", ")),
            Lang::Zh => format!("{run}：{}", settings.join("，")),
        }
    }

    // ---- description

    pub fn describe_heatmap(self, label: &str, layers: usize, columns: usize, from: u64, to: u64) -> String {
        let moments = if columns == 1 { "moment" } else { "moments" };
        let [columns, from, to] = [columns as u64, from, to].map(|n| self.count(n));
        match self {
            Lang::En => format!(
                "Heatmap of the {label}: {layers} layers, the input side at the bottom, against {columns} recorded {moments} from step {from} to step {to}."
            ),
            Lang::Zh => format!(
                "{label}的热力图：{layers} 层，输入侧在下方；横轴为第 {from} 步到第 {to} 步的 {columns} 个记录时刻。"
            ),
        }
    }

    /// Range of the finite values as log10, or plain ones already written out.
    pub fn describe_range(self, low: &str, high: &str) -> String {
        match self {
            Lang::En => format!("Finite values reach from {low} to {high}."),
            Lang::Zh => format!("有限值的范围是 {low} 到 {high}。"),
        }
    }

    /// A kind of cell that has no value, in the words of its legend, and its share of all cells.
    pub fn describe_special(self, words: &str, share: f64) -> String {
        let share = self.percent(share);
        match self {
            Lang::En => format!("{share} of the cells have no colour of the scale ({words})."),
            Lang::Zh => format!("{share} 的单元格不在色标上（{words}）。"),
        }
    }

    /// Neighbouring rows that are drawn without their values; layers from 1.
    pub fn describe_mask(self, first: usize, last: usize, words: &str) -> String {
        let (which, _) = self.layers(&(first..=last).collect::<Vec<_>>());
        match self {
            Lang::En => format!("Drawn grey, {which}: {words}."),
            Lang::Zh => format!("{which}画成灰色：{words}。"),
        }
    }

    /// A row of a layer without weights above layer `below` (0: the input), with what is written on it.
    pub fn describe_bare(self, below: usize, name: &str, words: Option<&str>) -> String {
        match (self, words) {
            (Lang::En, None) if below == 0 => format!("Before layer 1: {name}."),
            (Lang::En, Some(words)) if below == 0 => format!("Before layer 1: {name} ({words})."),
            (Lang::En, None) => format!("After layer {below}: {name}."),
            (Lang::En, Some(words)) => format!("After layer {below}: {name} ({words})."),
            (Lang::Zh, None) if below == 0 => format!("第 1 层之前：{name}。"),
            (Lang::Zh, Some(words)) if below == 0 => format!("第 1 层之前：{name}（{words}）。"),
            (Lang::Zh, None) => format!("第 {below} 层之后：{name}。"),
            (Lang::Zh, Some(words)) => format!("第 {below} 层之后：{name}（{words}）。"),
        }
    }

    pub fn describe_last(self, values: &[String]) -> String {
        let values = self.enumeration(values);
        match self {
            Lang::En => format!("Last values by layer, input side first: {values}."),
            Lang::Zh => format!("各层最后的值，从输入侧起：{values}。"),
        }
    }

    /// Lengths of the ways of all layers, already written out.
    pub fn describe_ways(self, values: &[String]) -> String {
        let values = self.enumeration(values);
        match self {
            Lang::En => format!(
                "Length of each layer's way relative to its initial norm, input side first: {values}."
            ),
            Lang::Zh => format!("各层路程的长度（相对于初始范数），从输入侧起：{values}。"),
        }
    }

    /// The step whose parameters early stopping kept.
    pub fn kept_step(self, step: u64) -> String {
        match self {
            Lang::En => format!("kept: step {}", self.count(step)),
            Lang::Zh => format!("保留的参数：第 {} 步", self.count(step)),
        }
    }

    pub fn diverged_event(self) -> String {
        match self {
            Lang::En => "diverged",
            Lang::Zh => "发散",
        }
        .into()
    }

    pub fn collapsed_event(self) -> String {
        match self {
            Lang::En => "accuracy collapsed",
            Lang::Zh => "准确率大幅下降",
        }
        .into()
    }

    pub fn warmed_up_event(self) -> String {
        match self {
            Lang::En => "warm-up ends",
            Lang::Zh => "预热结束",
        }
        .into()
    }

    /// A curve without a label of its own, by the labelled one of its colour.
    pub fn with_stroke(self, label: &str, dashed: bool) -> String {
        match (self, dashed) {
            (Lang::En, true) => format!("{label} (dashed)"),
            (Lang::En, false) => format!("{label} (second line)"),
            (Lang::Zh, true) => format!("{label}（虚线）"),
            (Lang::Zh, false) => format!("{label}（另一条线）"),
        }
    }

    /// A curve over a panel; its ends are already written out.
    pub fn describe_overlay_curve(self, label: &str, first: &str, last: &str) -> String {
        match self {
            Lang::En => format!("Drawn over it, {label}: from {first} to {last}."),
            Lang::Zh => format!("另画的曲线，{label}：从 {first} 到 {last}。"),
        }
    }

    /// A band over a panel; its right end is already written out.
    pub fn describe_overlay_band(self, label: &str, low: &str, high: &str) -> String {
        match self {
            Lang::En => format!("Drawn over it, {label}: between {low} and {high} at its right end."),
            Lang::Zh => format!("另画的区间，{label}：右端在 {low} 与 {high} 之间。"),
        }
    }

    /// A marked place of the horizontal axis.
    pub fn describe_overlay_step(self, at: &str, words: &str) -> String {
        match self {
            Lang::En => format!("Marked at {at}: {words}."),
            Lang::Zh => format!("在 {at} 处标出：{words}。"),
        }
    }

    pub fn describe_no_values(self) -> String {
        match self {
            Lang::En => "No cell holds a finite value.".into(),
            Lang::Zh => "没有一个单元格是有限值。".into(),
        }
    }

    /// What is drawn under heatmaps.
    pub fn describe_strips(self, labels: &[String]) -> String {
        let labels = self.enumeration(labels);
        match self {
            Lang::En => format!("Below, on the same step axis: {labels}."),
            Lang::Zh => format!("下方共用步轴：{labels}。"),
        }
    }

    /// Many heatmaps of one scale, with their titles.
    pub fn describe_heatmaps(self, label: &str, titles: &[String]) -> String {
        let (count, titles) = (titles.len(), self.clauses(titles));
        match self {
            Lang::En => format!("{count} heatmaps of the {label}, the input side at the bottom: {titles}."),
            Lang::Zh => format!("{count} 幅{label}的热力图，输入侧在下方：{titles}。"),
        }
    }

    /// What the columns of all of them are.
    pub fn describe_shared_columns(self, axis: &str, names: &[String]) -> String {
        let names = self.enumeration(names);
        match self {
            Lang::En => format!("Each has one column for each number of {axis}: {names}."),
            Lang::Zh => format!("每幅中每一列对应一个{axis}：{names}。"),
        }
    }

    /// Those under heatmaps of the same runs.
    pub fn describe_heatmaps_below(self, label: &str, count: usize) -> String {
        match self {
            Lang::En => format!("Below them {count} heatmaps of the {label}."),
            Lang::Zh => format!("其下是 {count} 幅{label}的热力图。"),
        }
    }

    /// Many curves of one panel: how many, and the lowest and the highest at their ends, already written out.
    pub fn describe_many_curves(self, panel: &str, curves: usize, low: [&str; 2], high: [&str; 2]) -> String {
        match self {
            Lang::En => format!(
                "{panel}, {curves} curves: at their ends from {} ({}) to {} ({}).",
                low[0], low[1], high[0], high[1]
            ),
            Lang::Zh => format!(
                "{panel}，{curves} 条曲线：最后从 {}（{}）到 {}（{}）。",
                low[0], low[1], high[0], high[1]
            ),
        }
    }

    pub fn describe_lines(self, panels: usize) -> String {
        match self {
            Lang::En if panels == 1 => "Line chart.".into(),
            Lang::En => format!("{panels} line charts."),
            Lang::Zh if panels == 1 => "折线图。".into(),
            Lang::Zh => format!("{panels} 幅折线图。"),
        }
    }

    /// One curve: name, first and last value, already written out.
    pub fn describe_series(self, panel: &str, name: &str, first: &str, last: &str) -> String {
        match self {
            Lang::En => format!("{panel}, {name}: from {first} to {last}."),
            Lang::Zh => format!("{panel}，{name}：从 {first} 到 {last}。"),
        }
    }

    pub fn sentence(self, title: &str) -> String {
        match self {
            Lang::En => format!("{title}."),
            Lang::Zh => format!("{title}。"),
        }
    }
}
