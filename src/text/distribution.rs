//! Words of the figures that show how activations and signals are distributed.

use super::Lang;
use crate::analysis::histogram::Counted;

/// A step and a share or a size there.
pub type At = (u64, f64);

impl Lang {
    /// What is counted, in the plural.
    pub fn counted_noun(self, counted: Counted) -> &'static str {
        match (self, counted) {
            (Lang::En, Counted::Activation) => "activations",
            (Lang::En, Counted::PreActivation) => "pre-activations",
            (Lang::En, Counted::Signal) => "backward signals",
            (Lang::Zh, Counted::Activation) => "激活值",
            (Lang::Zh, Counted::PreActivation) => "预激活值",
            (Lang::Zh, Counted::Signal) => "反向信号",
        }
    }

    /// The axis of values; of magnitudes where both signs are put together.
    pub fn counted_axis(self, counted: Counted, magnitudes: bool) -> String {
        let noun = match (self, counted) {
            (Lang::En, Counted::Activation) => "activation",
            (Lang::En, Counted::PreActivation) => "pre-activation",
            (Lang::En, Counted::Signal) => "d loss / d pre-activation, one sample",
            (Lang::Zh, Counted::Signal) => "单个样本的 d 损失 / d 预激活值",
            (Lang::Zh, _) => self.counted_noun(counted),
        };
        match (self, magnitudes) {
            (_, false) => noun.into(),
            (Lang::En, true) => format!("|{noun}|"),
            (Lang::Zh, true) => format!("|{noun}|"),
        }
    }

    /// The layer that lies most at the ends of its function.
    pub fn ends_clause(self, function: &str, layer: usize, (step, share): At, before: Option<At>) -> String {
        let (step, share, before) = (self.count(step), self.percent(share), self.share_before(before));
        match self {
            Lang::En => format!(
                "at step {step}, {share} of the activations of layer {layer} lie within 1/16 of an end of {function}{before}"
            ),
            Lang::Zh => format!(
                "第 {step} 步，第 {layer} 层 {share} 的激活值距 {function} 的上限或下限不超过 1/16{before}"
            ),
        }
    }

    /// The layer whose function is given the most on its flat parts, beyond this bound on either side.
    pub fn flat_share_clause(
        self,
        function: &str,
        bound: f64,
        layer: usize,
        (step, share): At,
        before: Option<At>,
    ) -> String {
        let (step, share, before) = (self.count(step), self.percent(share), self.share_before(before));
        let bound = self.exact(bound);
        match self {
            Lang::En => format!(
                "at step {step}, {share} of the pre-activations of layer {layer} lie beyond ±{bound}, where the slope of {function} is at most a tenth of its largest{before}"
            ),
            Lang::Zh => format!(
                "第 {step} 步，第 {layer} 层 {share} 的预激活值在 ±{bound} 之外，{function} 在那里的导数不超过其最大值的十分之一{before}"
            ),
        }
    }

    /// The layer that lies most at the ends of its function, where that is not much; of pre-activations beyond a
    /// bound.
    pub fn few_at_ends_clause(
        self,
        function: &str,
        bound: Option<f64>,
        layer: usize,
        (step, share): At,
    ) -> String {
        let (step, share) = (self.count(step), self.percent(share));
        match (self, bound.map(|bound| self.exact(bound))) {
            (Lang::En, None) => format!(
                "at step {step}, activations keep off the ends of {function}: {share} within 1/16 of one in layer {layer}, in no layer more"
            ),
            (Lang::En, Some(bound)) => format!(
                "at step {step}, pre-activations keep off the flat ends of {function}: {share} beyond ±{bound} in layer {layer}, in no layer more"
            ),
            (Lang::Zh, None) => format!(
                "第 {step} 步，激活值远离 {function} 的上下限：相距不超过 1/16 的在第 {layer} 层最多，为 {share}"
            ),
            (Lang::Zh, Some(bound)) => format!(
                "第 {step} 步，预激活值远离 {function} 的平坦两端：±{bound} 之外的在第 {layer} 层最多，为 {share}"
            ),
        }
    }

    /// The layer with the most exact zeros.
    pub fn zeros_clause(
        self,
        counted: Counted,
        layer: usize,
        (step, share): At,
        before: Option<At>,
    ) -> String {
        let (step, share, before) = (self.count(step), self.percent(share), self.share_before(before));
        let noun = self.counted_noun(counted);
        match self {
            Lang::En => {
                format!("at step {step}, {share} of the {noun} of layer {layer} are exactly 0{before}")
            }
            Lang::Zh => format!("第 {step} 步，第 {layer} 层 {share} 的{noun}恰为 0{before}"),
        }
    }

    fn share_before(self, before: Option<At>) -> String {
        let Some((step, share)) = before else { return String::new() };
        let (step, share) = (self.count(step), self.percent(share));
        match self {
            Lang::En => format!(" ({share} at step {step})"),
            Lang::Zh => format!("（第 {step} 步为 {share}）"),
        }
    }

    /// How large the numbers of two layers are at a step: at least half of them are not larger.
    pub fn halves_clause(self, counted: Counted, step: u64, layers: [(usize, f64); 2]) -> String {
        let (noun, step) = (self.counted_noun(counted), self.count(step));
        let [(a, x), (b, y)] = layers.map(|(layer, x)| (layer, self.number(x)));
        match self {
            Lang::En => format!(
                "at step {step}, half of the {noun} are no larger than {x} in layer {a}, than {y} in layer {b}"
            ),
            Lang::Zh => {
                format!("第 {step} 步，半数{noun}的绝对值在第 {a} 层不超过 {x}，在第 {b} 层不超过 {y}")
            }
        }
    }

    /// The same of one layer at two steps.
    pub fn halves_over_time_clause(self, counted: Counted, layer: usize, [first, last]: [At; 2]) -> String {
        let noun = self.counted_noun(counted);
        if first.1 == last.1 {
            let [s, t, x] = [self.count(first.0), self.count(last.0), self.number(first.1)];
            return match self {
                Lang::En => format!(
                    "half of the {noun} of layer {layer} are no larger than {x}, at step {t} as at step {s}"
                ),
                Lang::Zh => format!("第 {layer} 层半数{noun}的绝对值不超过 {x}，第 {t} 步与第 {s} 步相同"),
            };
        }
        let [(s, x), (t, y)] = [first, last].map(|(step, x)| (self.count(step), self.number(x)));
        match self {
            Lang::En => format!(
                "half of the {noun} of layer {layer} are no larger than {x} at step {s}, than {y} at step {t}"
            ),
            Lang::Zh => {
                format!("第 {layer} 层半数{noun}的绝对值在第 {s} 步不超过 {x}，在第 {t} 步不超过 {y}")
            }
        }
    }

    /// What ridges are.
    pub fn ridges_note(self, magnitudes: bool) -> String {
        match (self, magnitudes) {
            (Lang::En, false) => "Each row: how the numbers of one layer are distributed over the batch, each as high as its own peak.",
            (Lang::En, true) => "Each row: how the sizes of one layer's numbers are distributed over the batch, both signs together, each as high as its own peak.",
            (Lang::Zh, false) => "每一行：一层的数在一个批内的分布，各行的高度以自己的最大值为准。",
            (Lang::Zh, true) => "每一行：一层的数的绝对值在一个批内的分布（正负合并），各行的高度以自己的最大值为准。",
        }
        .into()
    }

    /// What the dashed lines of the distributions are.
    pub fn bounds_note(self, counted: Counted, function: &str) -> String {
        match (self, counted) {
            (Lang::En, Counted::Activation) => format!("Dashed: 1/16 from the ends of {function}."),
            (Lang::En, _) => {
                format!("Dashed: beyond it the slope of {function} is at most a tenth of its largest.")
            }
            (Lang::Zh, Counted::Activation) => format!("虚线：距 {function} 的上限和下限 1/16。"),
            (Lang::Zh, _) => format!("虚线：之外 {function} 的导数不超过其最大值的十分之一。"),
        }
    }

    /// A share that the axis has no place for, in a table and at the right of a row.
    pub fn beyond_axis(self) -> &'static str {
        match self {
            Lang::En => "outside",
            Lang::Zh => "轴外",
        }
    }

    pub fn beyond_beside(self, what: &str, share: f64) -> String {
        match self {
            Lang::En => format!("{what}: {}", self.percent(share)),
            Lang::Zh => format!("{what}：{}", self.percent(share)),
        }
    }

    /// What the words right of the rows are.
    pub fn beyond_note(self) -> String {
        match self {
            Lang::En => "Right of a row: what its axis has no place for, such as exact zeros.".into(),
            Lang::Zh => "行右侧：横轴上没有位置的部分，例如恰为 0 的比例。".into(),
        }
    }

    /// How to read the ridges.
    pub fn reading_ridges(self, counted: Counted) -> String {
        match (self, counted) {
            (Lang::En, Counted::Signal) => "Each row is a layer, the input side at the bottom; a row that stands further left has smaller signals: rows that wander left toward the input are a vanishing gradient.",
            (Lang::En, _) => "Each row is a layer, the input side at the bottom; peaks at the ends of a bounded function are saturated units, a narrow peak at 0 is a layer whose output hardly depends on its input.",
            (Lang::Zh, Counted::Signal) => "每一行是一层，输入侧在下方；越靠左信号越小：越往输入侧越偏左就是梯度消失。",
            (Lang::Zh, _) => "每一行是一层，输入侧在下方；集中在有界函数两端的是饱和的神经元；集中在 0 附近的层，其输出几乎不随输入变化。",
        }
        .into()
    }

    /// A row of the figure for those who cannot see it: where it is densest.
    pub fn describe_ridge(self, label: &str, peak: &str, words: &str) -> String {
        let mark = if self == Lang::Zh { "；" } else { "; " };
        let words = if words.is_empty() { String::new() } else { format!("{mark}{words}") };
        match self {
            Lang::En => format!("Layer {label}: densest at {peak}{words}."),
            Lang::Zh => format!("层 {label}：集中在 {peak}{words}。"),
        }
    }

    /// The panel of the ridges: what it shows, and of when.
    pub fn describe_ridges(self, title: &str, axis: &str, rows: usize) -> String {
        match self {
            Lang::En => {
                format!("Distributions of {rows} layers over {axis}, {title}, the input side at the bottom.")
            }
            Lang::Zh => format!("{title}，{rows} 层的分布，横轴为{axis}，输入侧在下方。"),
        }
    }

    /// From a value to another.
    pub fn interval(self, low: f64, high: f64) -> String {
        let [low, high] = [low, high].map(|x| self.number(x));
        match self {
            Lang::En => format!("{low} to {high}"),
            Lang::Zh => format!("{low} 至 {high}"),
        }
    }

    /// The colour of a distribution over time: the share of a row, or in so much of the values.
    pub fn share_of_layer(self, counted: Counted, unit: Option<f64>) -> String {
        let noun = self.counted_noun(counted);
        match (self, unit.map(|unit| self.power_of_two(unit))) {
            (Lang::En, None) => format!("share of the {noun} in a row"),
            (Lang::En, Some(unit)) => format!("share of the {noun} in a range of {unit}"),
            (Lang::Zh, None) => format!("每一行中{noun}的比例"),
            (Lang::Zh, Some(unit)) => format!("每 {unit} 宽的取值范围中{noun}的比例"),
        }
    }

    fn power_of_two(self, x: f64) -> String {
        if x < 1.0 { format!("1/{}", self.exact(1.0 / x)) } else { self.exact(x) }
    }

    /// A row of values: by the end that is farther from zero; around zero by the size that none exceeds.
    pub fn band_label(self, low: f64, high: f64) -> String {
        let text = match (low, high) {
            (low, high) if low < 0.0 && high > 0.0 => format!("|x| ≤ {}", self.number(high)),
            (low, _) if low < 0.0 => format!("≥ {}", self.number(low)),
            (_, high) => format!("≤ {}", self.number(high)),
        };
        text.replace('-', "−")
    }

    /// What the rows of a distribution over time are.
    pub fn bins_note(self, layer: &str, counted: Counted) -> String {
        let noun = self.counted_noun(counted);
        match self {
            Lang::En => format!("The {noun} of {layer}; each row is a range of values, the largest on top."),
            Lang::Zh => format!("{layer}的{noun}；每一行是一个取值范围，最大的在上方。"),
        }
    }

    /// What lies outside all rows, at most at any moment.
    pub fn outside_note(self, share: f64) -> String {
        let share = self.percent(share);
        match self {
            Lang::En => format!("Outside the rows: up to {share}."),
            Lang::Zh => format!("各行之外：最多 {share}。"),
        }
    }

    pub fn reading_over_time(self) -> String {
        match self {
            Lang::En => "Time runs to the right; each column is the distribution of one batch: a band that narrows or moves to an end of the function is a layer that collapses or saturates.",
            Lang::Zh => "时间向右；每一列是一个批的分布：变窄或移向函数两端的色带，说明该层在退化或饱和。",
        }
        .into()
    }

    pub fn bins_axis(self, counted: Counted) -> String {
        match (self, counted) {
            (Lang::En, Counted::Signal) => "value of the signal".into(),
            (Lang::En, _) => self.counted_axis(counted, false),
            (Lang::Zh, _) => format!("{}的取值", self.counted_noun(counted)),
        }
    }
}
