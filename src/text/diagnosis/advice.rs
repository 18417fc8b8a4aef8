//! What to do about it, in words, and why a layer's signal shrinks.

use crate::activation::Activation;
use crate::diagnosis::{Advice, Family, Remedy, Treatment};
use crate::text::Lang;

impl Lang {
    /// What is advised, in a few words, without what the run has already.
    pub fn advice(self, advice: &Advice) -> String {
        let names: Vec<String> = advice.treatments.iter().map(|&t| self.treatment(t)).collect();
        let names = self.enumeration(&names);
        match self {
            Lang::En => match advice.remedy {
                Remedy::NewActivation => {
                    format!("another activation: {}", names.replace("maxout of 2", "maxout"))
                }
                Remedy::BetterInitialisation => match advice.family {
                    Some(family) => {
                        format!("an initialisation that fits the activation: {}", self.family(family))
                    }
                    None => {
                        "an initialisation that fits the activation (He for ReLU, Glorot for tanh)".into()
                    }
                },
                Remedy::Normalisation => "batch or layer normalisation".into(),
                Remedy::Residual => "residual connections".into(),
                Remedy::AdaptiveRate => format!("an adaptive learning rate: {names}"),
                Remedy::Layerwise => "training layer by layer".into(),
                Remedy::NormaliseGradients => "normalised gradients".into(),
                Remedy::Momentum => "momentum".into(),
                Remedy::LargerRate => "a larger learning rate".into(),
                Remedy::SmallerRate => "a smaller learning rate, or a warm-up".into(),
                Remedy::ClipOrScale => "smaller initial weights, or clipped gradients".into(),
                Remedy::ScaleInputs => "scaled inputs: mean 0 and deviation 1 in every column".into(),
                Remedy::FittingLoss => "a loss that fits the output: cross-entropy, on logits".into(),
                Remedy::MoreEpochs => "more epochs".into(),
                Remedy::LargerNetwork => {
                    "a network that can represent the task: wider, or with a non-linear activation".into()
                }
                Remedy::LessDecay => "less weight decay".into(),
                Remedy::LessDropout => "less dropout".into(),
                Remedy::MorePrecision => {
                    "f64, or an initialisation with which gradients reach the input".into()
                }
                Remedy::EarlyStopping => "early stopping".into(),
                Remedy::WeightDecay => "regularisation: L2 or L1".into(),
                Remedy::Dropout => "dropout".into(),
                Remedy::MoreData => "more training data".into(),
            },
            Lang::Zh => match advice.remedy {
                Remedy::NewActivation => {
                    format!("换用其他激活函数：{}", names.replace("maxout（2 段）", "maxout"))
                }
                Remedy::BetterInitialisation => match advice.family {
                    Some(family) => format!("与激活函数匹配的初始化：{}", self.family(family)),
                    None => "与激活函数匹配的初始化（ReLU 用 He，tanh 用 Glorot）".into(),
                },
                Remedy::Normalisation => "批归一化或层归一化".into(),
                Remedy::Residual => "残差连接".into(),
                Remedy::AdaptiveRate => format!("自适应学习率：{names}"),
                Remedy::Layerwise => "逐层训练".into(),
                Remedy::NormaliseGradients => "梯度归一化".into(),
                Remedy::Momentum => "动量".into(),
                Remedy::LargerRate => "更大的学习率".into(),
                Remedy::SmallerRate => "更小的学习率，或预热".into(),
                Remedy::ClipOrScale => "更小的初始权重，或梯度裁剪".into(),
                Remedy::ScaleInputs => "缩放输入：每列均值为 0、标准差为 1".into(),
                Remedy::FittingLoss => "与输出匹配的损失函数：作用于 logits 的交叉熵".into(),
                Remedy::MoreEpochs => "更多轮次".into(),
                Remedy::LargerNetwork => "能表示该任务的网络：更宽，或使用非线性激活函数".into(),
                Remedy::LessDecay => "更小的权重衰减".into(),
                Remedy::LessDropout => "减小 Dropout 的比例".into(),
                Remedy::MorePrecision => "使用 f64，或换用能让梯度传到输入侧的初始化".into(),
                Remedy::EarlyStopping => "早停".into(),
                Remedy::WeightDecay => "正则化：L2 或 L1".into(),
                Remedy::Dropout => "随机失活（Dropout）".into(),
                Remedy::MoreData => "更多训练数据".into(),
            },
        }
    }

    /// A kind of remedy in a few words, for any run.
    pub fn remedy(self, remedy: Remedy) -> String {
        let treatments = Treatment::ALL.iter().copied().filter(|t| t.remedy() == remedy).collect();
        self.advice(&Advice { remedy, treatments, family: None })
    }

    /// Initialisations by the names of those who proposed them.
    fn family(self, family: Family) -> &'static str {
        match (self, family) {
            (Lang::En | Lang::Zh, Family::Glorot) => "Glorot",
            (Lang::En | Lang::Zh, Family::He) => "He",
            (Lang::En | Lang::Zh, Family::Lecun) => "LeCun",
        }
    }

    /// A remedy in as few words as a box has room for.
    pub fn brief_remedy(self, remedy: Remedy) -> String {
        match self {
            Lang::En => match remedy {
                Remedy::NewActivation => "new activation",
                Remedy::BetterInitialisation => "better initialisation",
                Remedy::Normalisation => "normalisation",
                Remedy::Residual => "residual connections",
                Remedy::AdaptiveRate => "adaptive learning rate",
                Remedy::Layerwise => "layer-wise training",
                Remedy::NormaliseGradients => "normalised gradients",
                Remedy::Momentum => "momentum",
                Remedy::LargerRate => "larger learning rate",
                Remedy::SmallerRate => "smaller learning rate",
                Remedy::ClipOrScale => "smaller initial weights",
                Remedy::ScaleInputs => "scaled inputs",
                Remedy::FittingLoss => "a loss that fits",
                Remedy::MoreEpochs => "more epochs",
                Remedy::LargerNetwork => "larger network",
                Remedy::LessDecay => "less weight decay",
                Remedy::LessDropout => "less dropout",
                Remedy::MorePrecision => "more precision",
                Remedy::EarlyStopping => "early stopping",
                Remedy::WeightDecay => "regularisation (L2, L1)",
                Remedy::Dropout => "dropout",
                Remedy::MoreData => "more data",
            },
            Lang::Zh => match remedy {
                Remedy::NewActivation => "新的激活函数",
                Remedy::BetterInitialisation => "更好的初始化",
                Remedy::Normalisation => "归一化",
                Remedy::Residual => "残差连接",
                Remedy::AdaptiveRate => "自适应学习率",
                Remedy::Layerwise => "逐层训练",
                Remedy::NormaliseGradients => "梯度归一化",
                Remedy::Momentum => "动量",
                Remedy::LargerRate => "更大的学习率",
                Remedy::SmallerRate => "更小的学习率",
                Remedy::ClipOrScale => "更小的初始权重",
                Remedy::ScaleInputs => "缩放输入",
                Remedy::FittingLoss => "匹配的损失函数",
                Remedy::MoreEpochs => "更多轮次",
                Remedy::LargerNetwork => "更大的网络",
                Remedy::LessDecay => "更小的权重衰减",
                Remedy::LessDropout => "减小 Dropout 的比例",
                Remedy::MorePrecision => "更高的精度",
                Remedy::EarlyStopping => "早停",
                Remedy::WeightDecay => "正则化（L2、L1）",
                Remedy::Dropout => "随机失活（Dropout）",
                Remedy::MoreData => "更多数据",
            },
        }
        .into()
    }

    /// Why a layer shrinks the signal, with the factors on its norm.
    pub fn why_line(
        self,
        layer: &str,
        total: &str,
        [weight, slope, alignment]: &[String; 3],
        cause: &str,
    ) -> String {
        match self {
            Lang::En => {
                format!(
                    "{layer}: {total} = weight scale {weight} × slope {slope} × alignment {alignment}; {cause}"
                )
            }
            Lang::Zh => {
                format!("{layer}：{total} = 权重尺度 {weight} × 斜率 {slope} × 对齐 {alignment}；{cause}")
            }
        }
    }

    pub fn cause_weight_scale(self) -> String {
        match self {
            Lang::En => "the weights of the layer above are too small".into(),
            Lang::Zh => "上一层的权重太小".into(),
        }
    }

    /// The slope is as large as it is for small pre-activations, and that is not large.
    pub fn cause_flat_function(self, activation: Activation) -> String {
        match self {
            Lang::En => format!("the slope of {activation} is small even without saturation"),
            Lang::Zh => format!("{activation} 即使不饱和，斜率也小"),
        }
    }

    pub fn cause_slope(self) -> String {
        match self {
            Lang::En => "the activations lie where the function is flat".into(),
            Lang::Zh => "激活值落在函数的平坦段".into(),
        }
    }

    pub fn cause_alignment(self) -> String {
        match self {
            Lang::En => "the signal points in directions that the weights hardly pass on".into(),
            Lang::Zh => "信号指向权重几乎不传递的方向".into(),
        }
    }

    pub fn cause_none(self) -> String {
        match self {
            Lang::En => "no loss here".into(),
            Lang::Zh => "这里没有损失".into(),
        }
    }

    /// An alignment of 1 after training.
    pub fn untrained_note(self, layers: &[usize]) -> String {
        let (which, many) = self.layers(layers);
        match self {
            Lang::En => format!(
                "Alignment 1 is that of random weights: {which} {} not learned to pass the signal.",
                if many { "have" } else { "has" }
            ),
            Lang::Zh => format!("对齐为 1 是随机权重的特征：{which}没有学会传递信号。"),
        }
    }
}
