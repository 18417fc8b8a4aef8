//! What to do about it: remedies, whose side they are on, and why a layer's signal shrinks.

use crate::text::Lang;

/// Something that can be changed. The first group helps a network to train, the second one to do on new data what it does on
/// its training set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Remedy {
    NewActivation,
    BetterInitialisation,
    Normalisation,
    Residual,
    AdaptiveRate,
    Momentum,
    LargerRate,
    SmallerRate,
    ClipOrScale,
    MoreEpochs,
    LargerNetwork,
    LessDecay,
    LessDropout,
    MorePrecision,
    EarlyStopping,
    WeightDecay,
    Dropout,
    MoreData,
}

impl Remedy {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Remedy::NewActivation => "new-activation",
            Remedy::BetterInitialisation => "better-initialisation",
            Remedy::Normalisation => "normalisation",
            Remedy::Residual => "residual",
            Remedy::AdaptiveRate => "adaptive-rate",
            Remedy::Momentum => "momentum",
            Remedy::LargerRate => "larger-rate",
            Remedy::SmallerRate => "smaller-rate",
            Remedy::ClipOrScale => "smaller-initial-weights",
            Remedy::MoreEpochs => "more-epochs",
            Remedy::LargerNetwork => "larger-network",
            Remedy::LessDecay => "less-decay",
            Remedy::LessDropout => "less-dropout",
            Remedy::MorePrecision => "more-precision",
            Remedy::EarlyStopping => "early-stopping",
            Remedy::WeightDecay => "weight-decay",
            Remedy::Dropout => "dropout",
            Remedy::MoreData => "more-data",
        }
    }
}

impl Lang {
    /// A remedy in a few words.
    pub fn remedy(self, remedy: Remedy) -> String {
        match self {
            Lang::En => match remedy {
                Remedy::NewActivation => "another activation: ReLU, leaky ReLU, SELU, maxout",
                Remedy::BetterInitialisation => {
                    "an initialisation that fits the activation (He for ReLU, Glorot for tanh)"
                }
                Remedy::Normalisation => "batch or layer normalisation",
                Remedy::Residual => "residual connections",
                Remedy::AdaptiveRate => "an adaptive learning rate: Adagrad, RMSprop, Adam",
                Remedy::Momentum => "momentum",
                Remedy::LargerRate => "a larger learning rate",
                Remedy::SmallerRate => "a smaller learning rate, or a warm-up",
                Remedy::ClipOrScale => "smaller initial weights, or scaled inputs",
                Remedy::MoreEpochs => "more epochs",
                Remedy::LargerNetwork => {
                    "a network that can represent the task: wider, or with a non-linear activation"
                }
                Remedy::LessDecay => "less weight decay",
                Remedy::LessDropout => "less dropout",
                Remedy::MorePrecision => "f64, or a start from which gradients reach the input",
                Remedy::EarlyStopping => "early stopping",
                Remedy::WeightDecay => "regularisation: L2 or L1",
                Remedy::Dropout => "dropout",
                Remedy::MoreData => "more training data",
            },
            Lang::Zh => match remedy {
                Remedy::NewActivation => "换用其他激活函数：ReLU、leaky ReLU、SELU、maxout",
                Remedy::BetterInitialisation => "与激活函数匹配的初始化（ReLU 用 He，tanh 用 Glorot）",
                Remedy::Normalisation => "批归一化或层归一化",
                Remedy::Residual => "残差连接",
                Remedy::AdaptiveRate => "自适应学习率：Adagrad、RMSprop、Adam",
                Remedy::Momentum => "动量",
                Remedy::LargerRate => "更大的学习率",
                Remedy::SmallerRate => "更小的学习率，或预热",
                Remedy::ClipOrScale => "更小的初始权重，或缩放输入",
                Remedy::MoreEpochs => "更多轮次",
                Remedy::LargerNetwork => "能表示该任务的网络：更宽，或使用非线性激活函数",
                Remedy::LessDecay => "更小的权重衰减",
                Remedy::LessDropout => "更少的随机失活",
                Remedy::MorePrecision => "使用 f64，或让梯度能传到输入的起点",
                Remedy::EarlyStopping => "早停",
                Remedy::WeightDecay => "正则化：L2 或 L1",
                Remedy::Dropout => "随机失活（Dropout）",
                Remedy::MoreData => "更多训练数据",
            },
        }
        .into()
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
                Remedy::Momentum => "momentum",
                Remedy::LargerRate => "larger learning rate",
                Remedy::SmallerRate => "smaller learning rate",
                Remedy::ClipOrScale => "smaller initial weights",
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
                Remedy::Momentum => "动量",
                Remedy::LargerRate => "更大的学习率",
                Remedy::SmallerRate => "更小的学习率",
                Remedy::ClipOrScale => "更小的初始权重",
                Remedy::MoreEpochs => "更多轮次",
                Remedy::LargerNetwork => "更大的网络",
                Remedy::LessDecay => "更小的权重衰减",
                Remedy::LessDropout => "更少的随机失活",
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
    pub fn why_line(self, layer: usize, total: f64, [weight, slope, alignment]: [f64; 3], cause: &str) -> String {
        let [total, weight, slope, alignment] = [total, weight, slope, alignment].map(|x| self.number(x));
        match self {
            Lang::En => {
                format!(
                    "layer {layer}: {total} = weight scale {weight} × slope {slope} × alignment {alignment}; {cause}"
                )
            }
            Lang::Zh => {
                format!("第 {layer} 层：{total} = 权重尺度 {weight} × 斜率 {slope} × 对齐 {alignment}；{cause}")
            }
        }
    }

    pub fn cause_weight_scale(self) -> String {
        match self {
            Lang::En => "the weights above are too small".into(),
            Lang::Zh => "上一层的权重太小".into(),
        }
    }

    /// The slope is near the largest that the function has.
    pub fn cause_flat_function(self, activation: &str) -> String {
        match self {
            Lang::En => format!("the slope of {activation} is small everywhere"),
            Lang::Zh => format!("{activation} 的斜率处处都小"),
        }
    }

    pub fn cause_slope(self) -> String {
        match self {
            Lang::En => "the activations lie where the function is flat".into(),
            Lang::Zh => "激活落在函数的平坦段".into(),
        }
    }

    pub fn cause_alignment(self) -> String {
        match self {
            Lang::En => "the signal points where the weights pass little on".into(),
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
