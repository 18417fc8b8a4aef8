//! A diagnosis in words: names of the verdicts, their evidence, what was not recorded, and what to do. What
//! these things are, and their stable keys, is in [`crate::diagnosis`].

mod advice;
mod evidence;
mod unfit;
mod verdict;

use super::Lang;
use crate::diagnosis::Ailment;

impl Lang {
    /// The name of a verdict.
    pub fn ailment(self, ailment: Ailment) -> String {
        match self {
            Lang::En => match ailment {
                Ailment::Diverged => "diverged",
                Ailment::InputsNotScaled => "inputs not scaled",
                Ailment::FloatUnderflow => "updates lost to float rounding",
                Ailment::DeadInitialisation => "dead or symmetric initialisation",
                Ailment::InitialisationTooLarge => "initialisation too large",
                Ailment::InitialisationTooSmall => "initialisation too small",
                Ailment::LossDoesNotFit => "the loss does not fit the output",
                Ailment::ExplodingGradient => "exploding gradient",
                Ailment::VanishingGradient => "vanishing gradient",
                Ailment::UniformVanishing => "uniform vanishing",
                Ailment::HiddenVanishing => "the optimiser hides a vanishing gradient",
                Ailment::Attenuated => "attenuated but training",
                Ailment::DeadUnits => "dead units",
                Ailment::SaturatedUnits => "saturated units",
                Ailment::RateTooLarge => "learning rate too large",
                Ailment::RateTooSmall => "learning rate too small",
                Ailment::TooMuchDropout => "too much dropout",
                Ailment::FrozenLayers => "frozen layers",
                Ailment::TooNarrow => "too narrow",
                Ailment::BaseRates => "stuck at the class frequencies",
                Ailment::StuckWithLargeGradients => "stuck with large gradients",
                Ailment::DecayOnly => "movement by decay only",
                Ailment::NotLongEnough => "not trained long enough",
                Ailment::Overfitting => "overfitting",
                Ailment::Healthy => "healthy",
            },
            Lang::Zh => match ailment {
                Ailment::Diverged => "训练发散",
                Ailment::InputsNotScaled => "输入未缩放",
                Ailment::FloatUnderflow => "更新量因浮点舍入而丢失",
                Ailment::DeadInitialisation => "无效或对称的初始化",
                Ailment::InitialisationTooLarge => "初始权重过大",
                Ailment::InitialisationTooSmall => "初始权重过小",
                Ailment::LossDoesNotFit => "损失函数与输出不匹配",
                Ailment::ExplodingGradient => "梯度爆炸",
                Ailment::VanishingGradient => "梯度消失",
                Ailment::UniformVanishing => "各层一致的梯度消失",
                Ailment::HiddenVanishing => "优化器掩盖了梯度消失",
                Ailment::Attenuated => "信号衰减但仍在训练",
                Ailment::DeadUnits => "死亡神经元",
                Ailment::SaturatedUnits => "饱和神经元",
                Ailment::RateTooLarge => "学习率过大",
                Ailment::RateTooSmall => "学习率过小",
                Ailment::TooMuchDropout => "随机失活过多",
                Ailment::FrozenLayers => "不更新的层",
                Ailment::TooNarrow => "网络过窄",
                Ailment::BaseRates => "停在类别频率上",
                Ailment::StuckWithLargeGradients => "梯度不小却停滞",
                Ailment::DecayOnly => "只有权重衰减在移动权重",
                Ailment::NotLongEnough => "训练时间不够",
                Ailment::Overfitting => "过拟合",
                Ailment::Healthy => "健康",
            },
        }
        .into()
    }

    /// What a found verdict means, in a sentence.
    pub fn ailment_means(self, ailment: Ailment) -> String {
        match self {
            Lang::En => match ailment {
                Ailment::Diverged => "A number is no longer finite, and no later step can repair that.",
                Ailment::InputsNotScaled => {
                    "The numbers that the first layer reads are far from size 1, for which initialisations and learning rates are made."
                }
                Ailment::FloatUnderflow => "There is a gradient, but adding the update changes no stored number.",
                Ailment::DeadInitialisation => {
                    "Weights that all start at zero get the same gradient or none, so all units of a layer stay identical."
                }
                Ailment::InitialisationTooLarge => {
                    "The weights begin so large that the units are saturated, or the first answers confidently wrong, before training."
                }
                Ailment::InitialisationTooSmall => {
                    "The weights begin so small that a layer passes on almost nothing, and the network takes most of its steps to leave that state."
                }
                Ailment::LossDoesNotFit => {
                    "The output leaves too little gradient of the error: its slope is flat where an answer is confidently wrong, or the loss applies a softmax to probabilities."
                }
                Ailment::ExplodingGradient => "The error signal grows from layer to layer toward the input.",
                Ailment::VanishingGradient => {
                    "The error signal shrinks from layer to layer toward the input, and the network fails on its own training set: the layers near the input stay random."
                }
                Ailment::UniformVanishing => {
                    "All hidden layers are alike, so no ratio shows it, but the gradient of one sample is tiny compared with the weights."
                }
                Ailment::HiddenVanishing => {
                    "The optimiser makes the updates of all layers equally large, so every layer moves; but where the signal has vanished, the updates follow noise."
                }
                Ailment::Attenuated => "The error signal shrinks toward the input, but the network learns nevertheless.",
                Ailment::DeadUnits => "Units that are off or saturated for every sample get no gradient and do not recover by themselves.",
                Ailment::SaturatedUnits => "Saturated activations, at the flat ends of the function, pass back almost no gradient.",
                Ailment::RateTooLarge => "Each step changes the weights by so much that the loss cannot settle.",
                Ailment::RateTooSmall => "Each step changes the weights by so little that training ends before the network has learned.",
                Ailment::TooMuchDropout => {
                    "So many units are dropped at every step that what the layers pass on is mostly noise."
                }
                Ailment::FrozenLayers => {
                    "The weights of these layers never change: no gradient is made for them, or the optimizer was not given them. If they are to learn, set requires_grad and hand their parameters to the optimizer."
                }
                Ailment::TooNarrow => {
                    "A layer has fewer units than there are classes, and everything above knows only what these units pass on."
                }
                Ailment::BaseRates => {
                    "The network gives every sample the same answer: how frequent each class is. The output bias alone can learn that."
                }
                Ailment::StuckWithLargeGradients => {
                    "The loss stands still although every layer gets a strong signal: this is not a vanishing gradient."
                }
                Ailment::DecayOnly => "Weights moved, but no farther than weight decay alone carries them: that is not learning.",
                Ailment::NotLongEnough => "The training loss was still falling when the run ended.",
                Ailment::Overfitting => "Good on the training set, bad on the test set: it memorised its training samples.",
                Ailment::Healthy => "Good on the training set and good on the test set.",
            },
            Lang::Zh => match ailment {
                Ailment::Diverged => "某个数不再是有限数，之后的任何一步都无法挽回。",
                Ailment::InputsNotScaled => "第一层读入的数远离 1 的量级，而初始化和学习率都是按这个量级设计的。",
                Ailment::FloatUnderflow => "梯度存在，但加上更新量后存储的数不变。",
                Ailment::DeadInitialisation => "从零开始的权重得到相同的梯度或没有梯度，同一层的神经元始终彼此相同。",
                Ailment::InitialisationTooLarge => "权重一开始就过大，训练之前神经元已经饱和，或者最初的输出已经是很有把握的错误答案。",
                Ailment::InitialisationTooSmall => "权重一开始就过小，某一层几乎什么都不往上传，网络把大部分步数花在走出这个状态上。",
                Ailment::LossDoesNotFit => {
                    "误差经过输出函数后只剩下很小的梯度：回答错误却很有把握时斜率几乎为零，或者损失函数对概率又做了一次 softmax。"
                }
                Ailment::ExplodingGradient => "误差信号朝输入方向逐层放大。",
                Ailment::VanishingGradient => "误差信号朝输入方向逐层缩小，网络连训练集都没有学好：靠近输入的层仍是随机的。",
                Ailment::UniformVanishing => "各隐藏层都一样，因此没有比值能显示，但单个样本的梯度与权重相比微乎其微。",
                Ailment::HiddenVanishing => "优化器使各层更新量一样大，各层都在移动；但在信号已消失的层，它们跟随的是噪声。",
                Ailment::Attenuated => "误差信号朝输入方向缩小，但网络仍然学得到。",
                Ailment::DeadUnits => "对所有样本都未激活或饱和的神经元得不到梯度，也不会自行恢复。",
                Ailment::SaturatedUnits => "落在激活函数平坦段的神经元几乎不传回梯度。",
                Ailment::RateTooLarge => "每一步对权重的改变过大，损失无法稳定下来。",
                Ailment::RateTooSmall => "每一步对权重的改变过小，训练结束时网络还没有学会。",
                Ailment::TooMuchDropout => "每一步丢弃的神经元太多，各层往上传的大部分是噪声。",
                Ailment::FrozenLayers => "这些层的权重从不改变：没有为它们计算梯度，或者优化器里没有它们。要让它们学习，就设 requires_grad，并把它们的参数放到优化器里。",
                Ailment::TooNarrow => "某一层的神经元比类别还少，而它上面的各层只能看到这些神经元传来的信息。",
                Ailment::BaseRates => "网络对每个样本给出同样的答案，即各类别的频率；单凭输出层的偏置就能学到这一点。",
                Ailment::StuckWithLargeGradients => "损失停滞不前，但每一层都收到很强的信号：这不是梯度消失。",
                Ailment::DecayOnly => "权重移动了，但没有走得比单凭权重衰减更远：这不是学习。",
                Ailment::NotLongEnough => "训练结束时训练损失仍在下降。",
                Ailment::Overfitting => "训练集上好，测试集上差：网络把样本背了下来。",
                Ailment::Healthy => "训练集上好，测试集上也好。",
            },
        }
        .into()
    }

    // ---- headings and joints of the report

    pub fn diagnosis_head(self, run: &str, conclusion: &str) -> String {
        match self {
            Lang::En => format!("{run}: {conclusion}"),
            Lang::Zh => format!("{run}：{conclusion}"),
        }
    }

    pub fn concluded_healthy(self) -> String {
        match self {
            Lang::En => "healthy".into(),
            Lang::Zh => "健康".into(),
        }
    }

    pub fn concluded_undecided(self) -> String {
        match self {
            Lang::En => "nothing found, but not shown to be healthy".into(),
            Lang::Zh => "没有发现问题，但也未能证明健康".into(),
        }
    }

    /// Training fails or is only half good, and no rule says why.
    pub fn concluded_unexplained(self) -> String {
        match self {
            Lang::En => "not good on the training set, and no rule says why".into(),
            Lang::Zh => "训练集上不好，没有规则能说明原因".into(),
        }
    }

    pub fn training_question(self) -> String {
        match self {
            Lang::En => "Good results on the training set?".into(),
            Lang::Zh => "训练集上的结果好吗？".into(),
        }
    }

    pub fn test_question(self) -> String {
        match self {
            Lang::En => "Good results on the test set?".into(),
            Lang::Zh => "测试集上的结果好吗？".into(),
        }
    }

    pub fn yes(self) -> String {
        match self {
            Lang::En => "yes".into(),
            Lang::Zh => "好".into(),
        }
    }

    pub fn no(self) -> String {
        match self {
            Lang::En => "no".into(),
            Lang::Zh => "不好".into(),
        }
    }

    pub fn partly(self) -> String {
        match self {
            Lang::En => "not yet".into(),
            Lang::Zh => "还不够好".into(),
        }
    }

    pub fn not_known(self) -> String {
        match self {
            Lang::En => "not known".into(),
            Lang::Zh => "未知".into(),
        }
    }

    /// `accuracy 11 %, chance 10 %`, as far as known.
    pub fn performance_numbers(
        self,
        accuracy: Option<f64>,
        chance: Option<f64>,
        loss: Option<f64>,
    ) -> String {
        let mut parts = Vec::new();
        match self {
            Lang::En => {
                parts.extend(accuracy.map(|a| format!("accuracy {}", self.percent(a))));
                parts.extend(accuracy.and(chance).map(|c| format!("chance {}", self.percent(c))));
                parts.extend(loss.map(|l| format!("loss {}", self.number(l))));
            }
            Lang::Zh => {
                parts.extend(accuracy.map(|a| format!("准确率 {}", self.percent(a))));
                parts.extend(accuracy.and(chance).map(|c| format!("随机水平 {}", self.percent(c))));
                parts.extend(loss.map(|l| format!("损失 {}", self.number(l))));
            }
        }
        self.list(&parts)
    }

    /// Where the numbers are not those of an evaluation.
    pub fn from_batches(self) -> String {
        match self {
            Lang::En => "measured on the last batches, since there is no evaluation".into(),
            Lang::Zh => "没有评估数据，取自最后几个批次".into(),
        }
    }

    /// Whose numbers these are after early stopping.
    pub fn kept_parameters(self, step: u64) -> String {
        let step = self.count(step);
        match self {
            Lang::En => format!("of the parameters that early stopping kept, at step {step}"),
            Lang::Zh => format!("早停所保留的第 {step} 步的参数"),
        }
    }

    pub fn not_asked(self) -> String {
        match self {
            Lang::En => "not asked: the training set comes first".into(),
            Lang::Zh => "先看训练集".into(),
        }
    }

    pub fn found_heading(self) -> String {
        match self {
            Lang::En => "Found".into(),
            Lang::Zh => "发现".into(),
        }
    }

    pub fn noted_heading(self) -> String {
        match self {
            Lang::En => "Noted (no fault)".into(),
            Lang::Zh => "提示（不是问题）".into(),
        }
    }

    /// A fault and what to try first.
    pub fn with_first_advice(self, fault: &str, advice: &str) -> String {
        match self {
            Lang::En => format!("{fault}. First try {advice}."),
            Lang::Zh => format!("{fault}。先试：{advice}。"),
        }
    }

    /// Over the faults that follow from another one.
    pub fn because_heading(self) -> String {
        match self {
            Lang::En => "Because of this".into(),
            Lang::Zh => "由此引起".into(),
        }
    }

    pub fn clear_heading(self) -> String {
        match self {
            Lang::En => "Clear".into(),
            Lang::Zh => "排除".into(),
        }
    }

    pub fn unknown_heading(self) -> String {
        match self {
            Lang::En => "Unknown".into(),
            Lang::Zh => "无法判断".into(),
        }
    }

    pub fn why_heading(self) -> String {
        match self {
            Lang::En => "Why, layer by layer (factor on the signal, output side first)".into(),
            Lang::Zh => "逐层原因（信号的倍数，从输出侧起）".into(),
        }
    }

    pub fn remedies_heading(self) -> String {
        match self {
            Lang::En => "What to do".into(),
            Lang::Zh => "对策".into(),
        }
    }

    pub fn source_heading(self) -> String {
        match self {
            Lang::En => "Source".into(),
            Lang::Zh => "出处".into(),
        }
    }

    // ---- the recipe as a picture

    pub fn recipe_note(self) -> String {
        match self {
            Lang::En => "The training set comes first: a network that is bad on it does not overfit. Thick: the path of this run. Grey: remedies that do not apply, and why.".into(),
            Lang::Zh => "先看训练集：在训练集上就不好的网络不是过拟合。粗线：这次训练所走的路径。灰色：不适用的对策及其原因。".into(),
        }
    }

    pub fn done_heading(self) -> String {
        match self {
            Lang::En => "Done".into(),
            Lang::Zh => "完成".into(),
        }
    }

    pub fn done_note(self) -> String {
        match self {
            Lang::En => "good on both sets".into(),
            Lang::Zh => "两个数据集上都好".into(),
        }
    }

    pub fn why_not(self) -> String {
        match self {
            Lang::En => "Why not?".into(),
            Lang::Zh => "为什么不好？".into(),
        }
    }

    pub fn nothing_found(self) -> String {
        match self {
            Lang::En => "no fault found".into(),
            Lang::Zh => "没有发现问题".into(),
        }
    }

    pub fn no_rule_says_why(self) -> String {
        match self {
            Lang::En => "no rule says why".into(),
            Lang::Zh => "没有规则能说明原因".into(),
        }
    }

    pub fn brief_evidence(self, what: &str, value: &str) -> String {
        match self {
            Lang::En => format!("{what}: {value}"),
            Lang::Zh => format!("{what}：{value}"),
        }
    }

    pub fn and_more(self, count: usize) -> String {
        match self {
            Lang::En => format!("and {count} more"),
            Lang::Zh => format!("另有 {count} 项"),
        }
    }

    pub fn grey_heading(self) -> String {
        match self {
            Lang::En => "Not for this run".into(),
            Lang::Zh => "不适用".into(),
        }
    }

    /// Why nothing is to be done.
    pub fn grey_done(self) -> String {
        match self {
            Lang::En => "Nothing has to be repaired.".into(),
            Lang::Zh => "没有需要修正的地方。".into(),
        }
    }

    pub fn grey_unknown(self) -> String {
        match self {
            Lang::En => "It is not known whether training or the test set needs help.".into(),
            Lang::Zh => "尚不知道哪一边需要帮助。".into(),
        }
    }

    /// Why the remedies of the test side do not help a network that fails on its training set.
    pub fn grey_test_side(self) -> String {
        match self {
            Lang::En => {
                "They keep a network from memorising its samples; this one has not learned yet, and they would make training worse.".into()
            }
            Lang::Zh => "它们防止网络死记样本；这个网络还没有学会，用了只会让训练更差。".into(),
        }
    }

    /// Why the remedies of the training side do not help a network that overfits.
    pub fn grey_training_side(self) -> String {
        match self {
            Lang::En => "They help a network to train; this one is already good on its training set.".into(),
            Lang::Zh => "它们帮助网络训练；这个网络在训练集上已经很好。".into(),
        }
    }

    /// A box in words.
    pub fn describe_box(self, heading: &str, lines: &[String], taken: bool, grey: bool) -> String {
        let mark = match self {
            Lang::En if taken => " (on the path)",
            Lang::En if grey => " (grey)",
            Lang::Zh if taken => "（在路径上）",
            Lang::Zh if grey => "（灰色）",
            Lang::En | Lang::Zh => "",
        };
        let lines: Vec<&str> = lines.iter().map(|l| l.trim_end_matches(['.', '。'])).collect();
        match self {
            Lang::En => format!("{heading}{mark}: {}.", lines.join("; ")),
            Lang::Zh => format!("{heading}{mark}：{}。", lines.join("；")),
        }
    }
}
