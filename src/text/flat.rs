//! What figures of activations found, and how they say it of rectifiers and of functions with flat ends.

use super::Lang;

/// The kind of units of which much in a layer passes no gradient back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flat {
    /// At an end of their range, where the slope is small.
    Saturated,
    /// Rectifiers with a negative input, which is nothing unusual.
    Off,
}

impl Lang {
    /// Of the last batch whose activations were measured, which began at this step: the layer with the largest
    /// flat share, and the one with the largest share of dead units.
    pub fn flat_clause(self, step: u64, flat: Flat, most: (usize, f64), dead: (usize, f64)) -> String {
        let step = self.count(step);
        let [share, dead_share] = [most.1, dead.1].map(|x| self.percent(x));
        let word = self.flat(flat);
        match self {
            Lang::En => {
                let first = match most.1 > 0.0 {
                    true => format!("up to {share} of a layer's activations are {word} (layer {})", most.0),
                    false => format!("no activation is {word}"),
                };
                match dead.1 > 0.0 {
                    true => format!(
                        "at step {step} {first}, up to {dead_share} of a layer's units dead (layer {})",
                        dead.0
                    ),
                    false => format!("at step {step} {first} and no unit is dead"),
                }
            }
            Lang::Zh => {
                let first = match most.1 > 0.0 {
                    true => format!("{}最高为 {share}（第 {} 层）", self.flat_panel(flat), most.0),
                    false => format!("没有{word}的激活值"),
                };
                match dead.1 > 0.0 {
                    true => format!(
                        "第 {step} 步时{first}，死亡神经元比例最高为 {dead_share}（第 {} 层）",
                        dead.0
                    ),
                    false => format!("第 {step} 步时{first}，没有死亡神经元"),
                }
            }
        }
    }

    fn flat(self, flat: Flat) -> &'static str {
        match (self, flat) {
            (Lang::En, Flat::Saturated) => "saturated",
            (Lang::En, Flat::Off) => "off",
            (Lang::Zh, Flat::Saturated) => "饱和",
            (Lang::Zh, Flat::Off) => "未激活",
        }
    }

    /// Over the panel.
    pub fn flat_panel(self, flat: Flat) -> String {
        match (self, flat) {
            (Lang::En, Flat::Saturated) => "saturated share",
            (Lang::En, Flat::Off) => "share of activations that are off",
            (Lang::Zh, Flat::Saturated) => "饱和比例",
            (Lang::Zh, Flat::Off) => "未激活比例",
        }
        .into()
    }

    /// What the panels of activations count.
    pub fn flat_note(self, flat: Flat) -> String {
        match (self, flat) {
            (Lang::En, Flat::Saturated) => {
                "Saturated: the slope is under 5.91 % of the largest one; dead: a unit that is saturated for every sample of the batch. Hidden layers only: the output layer is linear."
            }
            (Lang::En, Flat::Off) => {
                "Off: the input is not above 0, so that the slope is small or 0, which is usual for about half of the activations; dead: a unit that is off for every sample of the batch. Hidden layers only: the output layer is linear."
            }
            (Lang::Zh, Flat::Saturated) => {
                "饱和：导数不到其最大值的 5.91%；死亡：神经元对批内每个样本都饱和。只画隐藏层：输出层是线性的。"
            }
            (Lang::Zh, Flat::Off) => {
                "未激活：输入不大于 0，导数很小或为 0，约一半的激活值如此是正常的；死亡：神经元对批内每个样本都未激活。只画隐藏层：输出层是线性的。"
            }
        }
        .into()
    }
}
