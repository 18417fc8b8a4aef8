//! Subtitles that say how a picture is to be read, and what it leaves out.

use super::Lang;
use crate::analysis::Quantity;

impl Lang {
    pub fn whole_gradient_note(self, clipped: bool) -> String {
        match (self, clipped) {
            (Lang::En, false) => "L2 norm of the batch-mean gradient of all parameters together.",
            (Lang::En, true) => {
                "L2 norm of the batch-mean gradient of all parameters together, before clipping and (dashed) after it."
            }
            (Lang::Zh, false) => "全部参数的批平均梯度的 L2 范数。",
            (Lang::Zh, true) => "全部参数的批平均梯度的 L2 范数：裁剪前，以及（虚线）裁剪后。",
        }
        .into()
    }

    pub fn chosen_layers_note(self, pattern: &str) -> String {
        match self {
            Lang::En => format!("Only layers that match {pattern}, numbered among themselves."),
            Lang::Zh => format!("只画匹配 {pattern} 的层，编号只在其中计。"),
        }
    }

    pub fn profile_note(self) -> String {
        match self {
            Lang::En => {
                "Norm by layer. A slope upward to the right means that less arrives at the input side.".into()
            }
            Lang::Zh => "各层的范数。曲线向右上升，说明到达输入侧的更少。".into(),
        }
    }

    pub fn gaps_note(self) -> String {
        match self {
            Lang::En => "Gaps: zero, underflow, not finite or not recorded.".into(),
            Lang::Zh => "断开处：零、下溢、非有限值或未记录。".into(),
        }
    }

    /// `validation`: whether there is a curve of samples that were kept out of training.
    pub fn curves_note(self, validation: bool) -> String {
        match (self, validation) {
            (Lang::En, false) => "Faint: minibatches; solid: the whole training set; dashed: the test set.",
            (Lang::En, true) => {
                "Faint: minibatches; solid: the whole training set; dashed: the test set; dotted: samples kept out of training."
            }
            (Lang::Zh, false) => "淡线：小批量；实线：整个训练集；虚线：测试集。",
            (Lang::Zh, true) => "淡线：小批量；实线：整个训练集；虚线：测试集；点线：不参与训练的样本。",
        }
        .into()
    }

    /// Few steps were recorded.
    pub fn sparse_note(self, steps: usize) -> String {
        match self {
            Lang::En => format!("Recorded at {steps} steps alone: each cell reaches to the next of them."),
            Lang::Zh => format!("只记录了 {steps} 步：每格画到下一个记录步。"),
        }
    }

    /// Losses that are exactly 0 and have no place on a logarithmic axis.
    pub fn zero_loss_note(self, zeros: usize) -> String {
        let count = self.count(zeros as u64);
        match self {
            _ if zeros == 0 => String::new(),
            Lang::En if zeros == 1 => "A loss is exactly 0 and has no place on the logarithmic axis.".into(),
            Lang::En => format!("{count} losses are exactly 0 and have no place on the logarithmic axis."),
            Lang::Zh => format!("{count} 个损失恰为 0，无法画在对数轴上。"),
        }
    }

    pub fn thinned_note(self) -> String {
        match self {
            Lang::En => {
                "Of each stretch of minibatches only the smallest and the largest loss are drawn.".into()
            }
            Lang::Zh => "每一段小批量只画出最小和最大的损失。".into(),
        }
    }

    /// Runs so much shorter than the longest that they are hardly seen beside it: each with its steps.
    pub fn slivers_note(self, runs: &[(String, u64)], longest: u64) -> String {
        let longest = self.count(longest);
        let each = runs.iter().map(|(name, steps)| match self {
            Lang::En => format!("{name} has {} of {longest} steps", self.count(*steps)),
            Lang::Zh => format!("{name}（{longest} 步中的 {} 步）", self.count(*steps)),
        });
        let each: Vec<String> = each.collect();
        match self {
            _ if each.is_empty() => String::new(),
            Lang::En => format!("At the left edge, too short to be readable: {}.", each.join("; ")),
            Lang::Zh => format!("太短，只在图的最左侧，几乎看不见：{}。", each.join("；")),
        }
    }

    pub fn comparison_note(self, q: Quantity, bias: bool) -> String {
        let (gradient, movement) = (self.quantity(q, bias), self.quantity(Quantity::Movement, bias));
        match self {
            Lang::En => format!("Above: {gradient}. Middle: {movement}. One colour scale for each row."),
            Lang::Zh => format!("上：{gradient}。中：{movement}。每一行共用一个色标。"),
        }
    }
}
