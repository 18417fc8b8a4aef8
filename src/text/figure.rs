//! Words of the figures: quantities and the subtitles that explain them; other subtitles are in [`super::subtitles`]. Axes and legends are in [`super::labels`], titles in
//! [`super::findings`], captions and descriptions in [`super::caption`].

use super::{Decay, Flat, Lang, Moment};
use crate::analysis::Quantity;

/// A kind of cell that has no colour on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    Zero,
    /// Zero distance from the start.
    NotMoved,
    Underflow,
    /// An update that changed no stored parameter.
    Lost,
    Nan,
    Infinite,
    Missing,
    /// There is no initial norm to measure a movement by.
    NoUnit,
    /// The parameters are all zero, so that no change is relative to them.
    NoNorm,
    /// A layer that never moved has no way of which a share could be ahead.
    NoWay,
    /// A place that no gradient reaches.
    NoGradient,
    /// A bin that holds no value.
    NothingThere,
}

impl Lang {
    /// Label of a colour bar or axis. `bias` where the tensor is a bias (else a weight matrix).
    pub fn quantity(self, q: Quantity, bias: bool) -> String {
        match self {
            Lang::En => {
                let of = if bias { "biases" } else { "weights" };
                match q {
                    Quantity::BatchGradient => format!("gradient norm ({of}, batch mean)"),
                    Quantity::GradientPerParameter => {
                        format!("gradient RMS per parameter ({of}, batch mean)")
                    }
                    Quantity::SampleGradient => "gradient norm (weights, one sample, RMS)".into(),
                    Quantity::Signal => "backward signal (one sample, RMS)".into(),
                    Quantity::Driven => format!("update norm ({of})"),
                    Quantity::DrivenRelative => format!("update norm / parameter norm ({of})"),
                    Quantity::Decay => format!("decay part of the update ({of})"),
                    Quantity::DecayRelative => format!("decay part / parameter norm ({of})"),
                    Quantity::Movement => format!("distance from initial {of}, relative"),
                    Quantity::Remaining => format!("remaining distance, share of the whole ({of})"),
                    Quantity::SaturatedShare => "saturated share".into(),
                    Quantity::DeadShare => "dead units".into(),
                    Quantity::MeanSquaredSlope => "mean squared slope of the activation".into(),
                }
            }
            Lang::Zh => {
                let of = if bias { "偏置" } else { "权重" };
                match q {
                    Quantity::BatchGradient => format!("梯度范数（{of}，批平均）"),
                    Quantity::GradientPerParameter => format!("单个参数的梯度均方根（{of}，批平均）"),
                    Quantity::SampleGradient => "梯度范数（权重，单个样本，均方根）".into(),
                    Quantity::Signal => "反向信号（单个样本，均方根）".into(),
                    Quantity::Driven => format!("更新量范数（{of}）"),
                    Quantity::DrivenRelative => format!("相对更新量：更新量范数 / 参数范数（{of}）"),
                    Quantity::Decay => format!("更新量中的衰减部分（{of}）"),
                    Quantity::DecayRelative => format!("衰减部分 / 参数范数（{of}）"),
                    Quantity::Movement => format!("离初始{of}的相对距离"),
                    Quantity::Remaining => format!("尚未走完的路程比例（{of}）"),
                    Quantity::SaturatedShare => "饱和比例".into(),
                    Quantity::DeadShare => "死亡神经元".into(),
                    Quantity::MeanSquaredSlope => "激活函数导数平方的均值".into(),
                }
            }
        }
    }

    /// The quantity in a sentence: `layer 1's ...`.
    pub(super) fn noun(self, q: Quantity) -> &'static str {
        match self {
            Lang::En => match q {
                Quantity::BatchGradient => "batch-mean gradient",
                Quantity::GradientPerParameter => "batch-mean gradient per parameter",
                Quantity::SampleGradient => "per-sample gradient",
                Quantity::Signal => "backward signal",
                Quantity::Driven => "update",
                Quantity::DrivenRelative => "relative update",
                Quantity::Decay | Quantity::DecayRelative => "decay",
                Quantity::Movement => "movement",
                Quantity::Remaining => "remaining distance",
                Quantity::SaturatedShare => "saturated share",
                Quantity::DeadShare => "dead share",
                Quantity::MeanSquaredSlope => "squared slope",
            },
            Lang::Zh => match q {
                Quantity::BatchGradient => "批平均梯度",
                Quantity::GradientPerParameter => "单个参数的批平均梯度",
                Quantity::SampleGradient => "单样本梯度",
                Quantity::Signal => "反向信号",
                Quantity::Driven => "更新量",
                Quantity::DrivenRelative => "相对更新量",
                Quantity::Decay | Quantity::DecayRelative => "衰减量",
                Quantity::Movement => "移动量",
                Quantity::Remaining => "剩余路程",
                Quantity::SaturatedShare => "饱和比例",
                Quantity::DeadShare => "死亡比例",
                Quantity::MeanSquaredSlope => "导数平方",
            },
        }
    }

    /// The same of several layers.
    pub(super) fn nouns(self, q: Quantity) -> String {
        match (self, q) {
            (Lang::En, Quantity::GradientPerParameter) => "batch-mean gradients per parameter".into(),
            (Lang::En, _) => format!("{}s", self.noun(q)),
            (Lang::Zh, _) => self.noun(q).into(),
        }
    }

    // ---- subtitles

    /// What the drawn quantity is, in one sentence.
    pub fn explain(self, q: Quantity, bias: bool) -> String {
        match self {
            Lang::En => {
                let tensor = if bias { "bias vector" } else { "weight matrix" };
                match q {
                    Quantity::BatchGradient => format!("L2 norm of the batch-mean gradient of each layer's {tensor}."),
                    Quantity::GradientPerParameter => format!(
                        "Batch-mean gradient of each layer's {tensor}: its L2 norm over the root of the number of entries."
                    ),
                    Quantity::SampleGradient => {
                        "Norm of one sample's weight gradient, RMS over the batch: the samples cannot cancel each other.".into()
                    }
                    Quantity::Signal => {
                        "Norm of d loss / d pre-activation of one sample, RMS over the batch: what arrives at a layer."
                            .into()
                    }
                    Quantity::Driven | Quantity::Decay => {
                        format!("L2 norm of each step's change of the {tensor}, split by what made it.")
                    }
                    Quantity::DrivenRelative | Quantity::DecayRelative => {
                        format!("Each step's change of the {tensor} relative to its norm, split by what made it.")
                    }
                    Quantity::Movement => {
                        format!("Distance of each {tensor} from its random start, relative to its initial norm.")
                    }
                    Quantity::Remaining => format!(
                        "Colour: distance of each {tensor} to its final value, as a share of its whole way (bright: at its start, dark: arrived). Right: length of the way, relative to the initial norm."
                    ),
                    Quantity::SaturatedShare | Quantity::DeadShare | Quantity::MeanSquaredSlope => {
                        self.flat_note(Flat::Saturated)
                    }
                }
            }
            Lang::Zh => {
                let tensor = if bias { "偏置向量" } else { "权重矩阵" };
                match q {
                    Quantity::BatchGradient => format!("各层{tensor}的批平均梯度的 L2 范数。"),
                    Quantity::GradientPerParameter => {
                        format!("各层{tensor}的批平均梯度：L2 范数除以元素个数的平方根。")
                    }
                    Quantity::SampleGradient => {
                        "单个样本的权重梯度的范数，在批内取均方根：各样本不会相互抵消。".into()
                    }
                    Quantity::Signal => {
                        "单个样本的损失对预激活值的梯度的范数，在批内取均方根：即到达该层的信号。".into()
                    }
                    Quantity::Driven | Quantity::Decay => {
                        format!("每一步{tensor}变化的 L2 范数，按其来源分开。")
                    }
                    Quantity::DrivenRelative | Quantity::DecayRelative => {
                        format!("每一步{tensor}的变化与其范数之比，按其来源分开。")
                    }
                    Quantity::Movement => format!("各{tensor}离随机初始值的距离，相对于其初始范数。"),
                    Quantity::Remaining => format!(
                        "颜色：各{tensor}离最终值的距离占其全部路程的比例（亮：路还全在前面；暗：已经到达）。右侧：路程的长度，相对于初始范数。"
                    ),
                    Quantity::SaturatedShare | Quantity::DeadShare | Quantity::MeanSquaredSlope => {
                        self.flat_note(Flat::Saturated)
                    }
                }
            }
        }
    }

    /// The gradient's part of the updates alone.
    pub fn explain_update(self, relative: bool, bias: bool) -> String {
        match self {
            Lang::En => {
                let tensor = if bias { "bias vector" } else { "weight matrix" };
                match relative {
                    true => format!("Each step's change of the {tensor}, relative to its norm at that step."),
                    false => format!("L2 norm of each step's change of the {tensor}."),
                }
            }
            Lang::Zh => {
                let tensor = if bias { "偏置向量" } else { "权重矩阵" };
                match relative {
                    true => format!("每一步{tensor}的变化，相对于它在该步的范数。"),
                    false => format!("每一步{tensor}变化的 L2 范数。"),
                }
            }
        }
    }

    /// The first layer's norm is inflated by its many inputs.
    pub fn wide_input_note(self, inputs: usize) -> String {
        match self {
            Lang::En => format!("Layer 1 has {} inputs, which lift its norm.", self.count(inputs as u64)),
            Lang::Zh => format!("第 1 层有 {} 个输入，其范数因此偏大。", self.count(inputs as u64)),
        }
    }

    /// The per-sample signal of layer 1; `follows` where the sentence before it is about that layer.
    pub fn signal_note(self, log10: f64, follows: bool) -> String {
        match self {
            Lang::En => {
                let whose = if follows { "Its" } else { "Layer 1's" };
                format!(
                    "{whose} per-sample backward signal is {}{}.",
                    self.than(log10, "the last hidden layer's"),
                    self.moment(Moment::Median)
                )
            }
            Lang::Zh => {
                let whose = if follows { "其" } else { "第 1 层的" };
                {
                    let beside = self.beside("最后一个隐藏层", log10);
                    format!("{whose}单样本反向信号{beside}{}。", self.moment(Moment::Median))
                }
            }
        }
    }

    pub fn clamped_note(self, below: f64, above: f64) -> String {
        let [low, high] = [below, above].map(|s| self.percent(s));
        match self {
            Lang::En => match (below > 0.0, above > 0.0) {
                (true, true) => {
                    format!(
                        "{low} of the cells lie below the scale and {high} above it (drawn in its end colours)."
                    )
                }
                (true, false) => {
                    format!("{low} of the cells lie below the scale (drawn in its lowest colour).")
                }
                (false, true) => {
                    format!("{high} of the cells lie above the scale (drawn in its highest colour).")
                }
                (false, false) => String::new(),
            },
            Lang::Zh => match (below > 0.0, above > 0.0) {
                (true, true) => format!("{low} 的单元格低于色标，{high} 高于色标（画成两端的颜色）。"),
                (true, false) => format!("{low} 的单元格低于色标（画成最低一端的颜色）。"),
                (false, true) => format!("{high} 的单元格高于色标（画成最高一端的颜色）。"),
                (false, false) => String::new(),
            },
        }
    }

    pub fn no_decay_note(self) -> String {
        match self {
            Lang::En => "No weight decay and no L1: the gradient makes the whole update.".into(),
            Lang::Zh => "没有权重衰减，也没有 L1：更新量全部来自梯度。".into(),
        }
    }

    pub fn decay_not_recorded_note(self) -> String {
        match self {
            Lang::En => "The decay part was not recorded.".into(),
            Lang::Zh => "没有记录衰减部分。".into(),
        }
    }

    pub fn decay_travel_note(self, by: Decay, layer: usize, travel: f64) -> String {
        let (name, travel) = (self.decay_name(by), self.percent(travel));
        match self {
            Lang::En => {
                let name = self.capitalised(name);
                format!("{name} alone can have moved layer {layer} by up to {travel}.")
            }
            Lang::Zh => format!("单凭{name}就能使第 {layer} 层移动至多 {travel}。"),
        }
    }

    pub fn against_weights_note(self) -> String {
        match self {
            Lang::En => "Biases began at 0, so the unit is the initial norm of their layer's weights.".into(),
            Lang::Zh => "偏置从 0 开始，所以以该层权重的初始范数为单位。".into(),
        }
    }

    pub fn no_unit_note(self, layers: &[usize]) -> String {
        let (which, _) = self.layers(layers);
        match self {
            Lang::En => format!("No relative movement for {which}: the initial norm is 0 or unknown."),
            Lang::Zh => format!("{which}没有相对移动量：初始范数为 0 或未知。"),
        }
    }

    pub fn sketch_note(self, relative_error: f64) -> String {
        match self {
            Lang::En => {
                format!(
                    "Distances are sketched, each with an error of about {}.",
                    self.percent(relative_error)
                )
            }
            Lang::Zh => format!("距离由随机投影估计，每个的误差约为 {}。", self.percent(relative_error)),
        }
    }
}
