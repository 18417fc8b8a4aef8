//! Words of the figures that a lecture shows beside the heatmaps: lines by layer, factors, gradient noise.

mod by;
mod early;
mod factors;
mod functions;
mod noise;
mod profiles;

pub use early::Turn;
pub use factors::Factor;

use super::{Hint, Lang};

/// A number beside an earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beside {
    /// A tenth or less, by this factor.
    Small(f64),
    Smaller(f64),
    /// About as large.
    Alike,
    Larger(f64),
    /// There is no factor between them.
    Unknown,
}

/// Two numbers within this factor are about as large: a ratio of medians of noisy steps tells no more.
const ALIKE: f64 = 1.5;

impl Beside {
    pub fn of(here: f64, before: f64) -> Beside {
        match here / before {
            r if !(r.is_finite() && r > 0.0) => Beside::Unknown,
            r if r <= 0.1 => Beside::Small(1.0 / r),
            r if r < 1.0 / ALIKE => Beside::Smaller(1.0 / r),
            r if r <= ALIKE => Beside::Alike,
            r => Beside::Larger(r),
        }
    }
}

impl Lang {
    /// At the end of a layer's line.
    pub fn layer_line(self, layer: usize, is_output: bool) -> String {
        match self {
            Lang::En if is_output => "output layer".into(),
            Lang::En => format!("layer {layer}"),
            Lang::Zh if is_output => "输出层".into(),
            Lang::Zh => format!("第 {layer} 层"),
        }
    }

    /// Long curves are thinned: the share of the steps behind each point.
    pub fn running_medians_note(self, window: f64) -> String {
        let window = self.mark(window);
        match self {
            Lang::En => format!("Lines are running medians over {window} of the steps."),
            Lang::Zh => format!("各线是 {window} 步数内的滑动中位数。"),
        }
    }

    /// What an axis leaves out; empty when that is nothing.
    pub fn outside_axis_note(self, share: f64) -> String {
        let percent = self.percent(share);
        match self {
            _ if share == 0.0 => String::new(),
            Lang::En => format!("{percent} of the points lie outside of the axis."),
            Lang::Zh => format!("{percent} 的点在坐标轴之外。"),
        }
    }

    /// One line a layer.
    pub fn reading_layer_lines(self) -> String {
        match self {
            Lang::En => "Each line is a layer and time runs to the right; on the logarithmic axis the distance between two lines is the factor between two layers.",
            Lang::Zh => "每条线是一层，时间向右；纵轴为对数轴，两条线之间的距离就是两层之间的倍数。",
        }
        .into()
    }

    /// What the order of the lines says.
    pub fn reading_layer_order(self, hint: Hint) -> String {
        match (self, hint) {
            (Lang::En, Hint::Explosion) => {
                "Lines in the order of the layers with layer 1 on top are an exploding gradient; where a network can train, the lines lie close together."
            }
            (Lang::En, _) => {
                "Lines in the order of the layers with layer 1 at the bottom are a vanishing gradient; where a network can train, the lines lie close together."
            }
            (Lang::Zh, Hint::Explosion) => {
                "各线按层的顺序排列而第 1 层在最上方，就是梯度爆炸；能训练的网络各线靠在一起。"
            }
            (Lang::Zh, _) => "各线按层的顺序排列而第 1 层在最下方，就是梯度消失；能训练的网络各线靠在一起。",
        }
        .into()
    }

    // ---- the whole gradient and the loss

    /// The curves of the single steps and of their running median.
    pub fn each_step_series(self) -> String {
        match self {
            Lang::En => "each step (faint)".into(),
            Lang::Zh => "每一步（淡线）".into(),
        }
    }

    pub fn running_median_series(self) -> String {
        match self {
            Lang::En => "running median".into(),
            Lang::Zh => "滑动中位数".into(),
        }
    }

    pub fn faint_and_running_note(self, window: f64) -> String {
        let window = self.mark(window);
        match self {
            Lang::En => format!("Faint: each step; solid: running median over {window} of the steps."),
            Lang::Zh => format!("淡线：每一步；实线：{window} 步数内的滑动中位数。"),
        }
    }

    /// What the title calls standing still; `stands` where the loss does.
    pub fn plateau_note(self, stands: bool) -> String {
        match self {
            _ if !stands => String::new(),
            Lang::En => "Standing still: from there on the median loss of every tenth of the run is within 5\u{a0}% of the last.".into(),
            Lang::Zh => "不再下降：从那里起，每十分之一步数的损失中位数与最后的相差不超过 5%。".into(),
        }
    }

    /// At the line where the loss stops falling.
    pub fn loss_stops(self, step: u64) -> String {
        match self {
            Lang::En => format!("step {}: the loss stops falling", self.count(step)),
            Lang::Zh => format!("第 {} 步：损失不再下降", self.count(step)),
        }
    }

    /// A loss that stands still from a step on (else from the beginning), and the gradient there beside that
    /// before (else at first).
    pub fn loss_stands_still(self, from: Option<u64>, loss: f64, gradient: f64, beside: Beside) -> String {
        let (loss, gradient) = (self.number(loss), self.number(gradient));
        let factor = |x: f64| self.number(x);
        match self {
            Lang::En => {
                let before = if from.is_some() { "before" } else { "at first" };
                let stands = match from {
                    Some(step) => format!("the loss stops falling at step {} ({loss})", self.count(step)),
                    None => format!("the loss stays at {loss}"),
                };
                match beside {
                    Beside::Small(x) => format!(
                        "{stands}, and the gradient there is small: {gradient}, {} times smaller than {before}",
                        factor(x)
                    ),
                    Beside::Smaller(x) => format!(
                        "{stands}, where the gradient is {gradient}, {} times smaller than {before}",
                        factor(x)
                    ),
                    Beside::Alike => format!(
                        "{stands}, but the gradient is not small: {gradient}, about as large as {before}"
                    ),
                    Beside::Larger(x) => format!(
                        "{stands}, but the gradient is not small: {gradient}, {} times larger than {before}",
                        factor(x)
                    ),
                    Beside::Unknown => format!("{stands}, where the gradient is {gradient}"),
                }
            }
            Lang::Zh => {
                let before = if from.is_some() { "之前" } else { "起初" };
                let stands = match from {
                    Some(step) => format!("损失从第 {} 步起不再下降（{loss}）", self.count(step)),
                    None => format!("损失一直停在 {loss}"),
                };
                match beside {
                    Beside::Small(x) => {
                        format!("{stands}，那里的梯度很小：{gradient}，是{before}的 1/{}", factor(x))
                    }
                    Beside::Smaller(x) => {
                        format!("{stands}，那里的梯度为 {gradient}，是{before}的 1/{}", factor(x))
                    }
                    Beside::Alike => format!("{stands}，但梯度并不小：{gradient}，与{before}差不多"),
                    Beside::Larger(x) => {
                        format!("{stands}，但梯度并不小：{gradient}，是{before}的 {} 倍", factor(x))
                    }
                    Beside::Unknown => format!("{stands}，那里的梯度为 {gradient}"),
                }
            }
        }
    }

    pub fn loss_falls_to_the_end(self) -> String {
        match self {
            Lang::En => "the loss falls to the end".into(),
            Lang::Zh => "损失直到最后仍在下降".into(),
        }
    }

    pub fn reading_plateau(self) -> String {
        match self {
            Lang::En => "A loss that stands still is at a minimum or a saddle point only where the gradient is small; a minibatch's gradient keeps its noise even there.",
            Lang::Zh => "损失不再下降时，只有梯度很小才可能是在极小值或鞍点；即使在那里，小批量的梯度仍带有噪声。",
        }
        .into()
    }
}
