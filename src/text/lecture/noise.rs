//! Words of the figure of gradient noise.

use super::super::Lang;

impl Lang {
    pub fn noise_axis(self) -> String {
        match self {
            Lang::En => "gradient: one sample / batch mean".into(),
            Lang::Zh => "梯度：单个样本 / 批平均".into(),
        }
    }

    pub fn samples_agree_mark(self) -> String {
        match self {
            Lang::En => "1: all samples agree".into(),
            Lang::Zh => "1：各样本一致".into(),
        }
    }

    /// The root of the batch size.
    pub fn samples_random_mark(self, batch: u64, root: f64) -> String {
        let (batch, root) = (self.count(batch), self.number(root));
        match self {
            Lang::En => format!("√{batch} = {root}: samples at random"),
            Lang::Zh => format!("√{batch} = {root}：各样本方向随机"),
        }
    }

    pub fn noise_note(self) -> String {
        match self {
            Lang::En => "Norm of one sample's weight gradient (RMS over the batch) over the norm of the batch-mean gradient.".into(),
            Lang::Zh => "单个样本的权重梯度的范数（在批内取均方根）与批平均梯度的范数之比。".into(),
        }
    }

    /// The least and the most noisy layer at the last steps; `random` is the ratio of samples at random.
    pub fn noise_found(
        self,
        (least_layer, least): (usize, f64),
        (most_layer, most): (usize, f64),
        random: Option<f64>,
    ) -> String {
        let (low, high) = (self.number(least), self.number(most));
        let random = random.map(|x| self.number(x));
        match self {
            Lang::En => {
                let found = if low == high {
                    format!(
                        "at the end one sample's gradient is {low} times the batch mean's in every hidden layer"
                    )
                } else {
                    format!(
                        "at the end one sample's gradient is {low} (layer {least_layer}) to {high} times (layer {most_layer}) the batch mean's"
                    )
                };
                random.map_or(found.clone(), |x| format!("{found}; pure noise would give {x}"))
            }
            Lang::Zh => {
                let found = if low == high {
                    format!("最后，各隐藏层单个样本的梯度都是批平均的 {low} 倍")
                } else {
                    format!(
                        "最后，单个样本的梯度是批平均的 {low} 倍（第 {least_layer} 层）到 {high} 倍（第 {most_layer} 层）"
                    )
                };
                random.map_or(found.clone(), |x| format!("{found}；全是噪声时为 {x} 倍"))
            }
        }
    }

    pub fn reading_noise(self, batch: Option<u64>) -> String {
        let batch = batch.map(|batch| self.count(batch));
        match self {
            Lang::En => {
                let of = batch.map_or("the root of the batch size".into(), |b| {
                    format!("the root of {b}, the batch size,")
                });
                format!(
                    "Each line is a layer and time runs to the right; at 1 all samples of the batch pull the same way, at {of} they pull at random."
                )
            }
            Lang::Zh => {
                let of = batch.map_or("批大小的平方根".into(), |b| format!("批大小 {b} 的平方根"));
                format!("每条线是一层，时间向右；比值为 1 时批内各样本方向一致，为{of}时各样本方向随机。")
            }
        }
    }

    pub fn reading_noise_hint(self) -> String {
        match self {
            Lang::En => "A layer near the upper mark takes steps that are mostly noise; a larger batch or a smaller rate helps it.",
            Lang::Zh => "靠近上方标线的层，每一步大多是噪声；更大的批或更小的学习率对它有帮助。",
        }
        .into()
    }
}
