//! Settings of a run in words: their names in tables, and as they stand in a caption.

use super::Lang;

/// A setting whose name this program knows: keys of the header's labels and of the settings that a remedy
/// changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Activation,
    Architecture,
    Initialisation,
    BiasStart,
    Loss,
    Optimizer,
    LearningRate,
    Momentum,
    WeightDecay,
    L1,
    L1Step,
    ClipNorm,
    ClipValue,
    NormaliseGradients,
    Layerwise,
    Normalisation,
    Residual,
    Dropout,
    EarlyStopping,
    ValidationSize,
    Schedule,
    WarmUp,
    BatchSize,
    Epochs,
    Steps,
    Data,
    Standardize,
    TrainSize,
    TestSize,
    HiddenLayers,
    Width,
    Widths,
    Network,
    Precision,
    Seed,
    MajorityShare,
    ClassEntropy,
    Status,
    Recorded,
}

impl Setting {
    const ALL: [(Setting, &'static str); 39] = [
        (Setting::Activation, "activation"),
        (Setting::Architecture, "architecture"),
        (Setting::Initialisation, "initialisation"),
        (Setting::BiasStart, "bias_start"),
        (Setting::Loss, "loss"),
        (Setting::Optimizer, "optimizer"),
        (Setting::LearningRate, "learning_rate"),
        (Setting::Momentum, "momentum"),
        (Setting::WeightDecay, "weight_decay"),
        (Setting::L1, "l1"),
        (Setting::L1Step, "l1_step"),
        (Setting::ClipNorm, "clip_norm"),
        (Setting::ClipValue, "clip_value"),
        (Setting::NormaliseGradients, "normalise_gradients"),
        (Setting::Layerwise, "layerwise"),
        (Setting::Normalisation, "normalisation"),
        (Setting::Residual, "residual"),
        (Setting::Dropout, "dropout"),
        (Setting::EarlyStopping, "early_stopping"),
        (Setting::ValidationSize, "validation_size"),
        (Setting::Schedule, "schedule"),
        (Setting::WarmUp, "warm_up"),
        (Setting::BatchSize, "batch_size"),
        (Setting::Epochs, "epochs"),
        (Setting::Steps, "steps"),
        (Setting::Data, "data"),
        (Setting::Standardize, "standardize"),
        (Setting::TrainSize, "train_size"),
        (Setting::TestSize, "test_size"),
        (Setting::HiddenLayers, "hidden_layers"),
        (Setting::Width, "width"),
        (Setting::Widths, "widths"),
        (Setting::Network, "network"),
        (Setting::Precision, "precision"),
        (Setting::Seed, "seed"),
        (Setting::MajorityShare, "majority_share"),
        (Setting::ClassEntropy, "class_entropy"),
        (Setting::Status, "status"),
        (Setting::Recorded, "recorded"),
    ];

    fn from_key(key: &str) -> Option<Setting> {
        Setting::ALL.iter().find(|(_, known)| *known == key).map(|(setting, _)| *setting)
    }

    fn key(self) -> &'static str {
        Setting::ALL.iter().find(|(setting, _)| *setting == self).map_or("", |(_, key)| key)
    }
}

impl Lang {
    /// Name of a setting in a table, `key` as in the header's labels. A label of another program keeps its
    /// name.
    pub fn setting_name(self, key: &str) -> String {
        match (self, Setting::from_key(key)) {
            (_, None) => key.into(),
            (Lang::En, Some(setting)) => setting.key().into(),
            (Lang::Zh, Some(setting)) => match setting {
                Setting::Activation => "激活函数",
                Setting::Architecture => "网络结构",
                Setting::Initialisation => "初始化",
                Setting::BiasStart => "隐藏层偏置的初始值",
                Setting::Loss => "损失函数",
                Setting::Optimizer => "优化器",
                Setting::LearningRate => "学习率",
                Setting::Momentum => "动量系数",
                Setting::WeightDecay => "权重衰减",
                Setting::L1 => "L1 正则化",
                Setting::L1Step => "L1 步骤",
                Setting::ClipNorm => "梯度范数上限",
                Setting::ClipValue => "梯度分量上限",
                Setting::NormaliseGradients => "梯度归一化",
                Setting::Layerwise => "逐层训练",
                Setting::Normalisation => "归一化",
                Setting::Residual => "残差连接",
                Setting::Dropout => "随机失活",
                Setting::EarlyStopping => "早停的耐心值",
                Setting::ValidationSize => "验证集大小",
                Setting::Schedule => "学习率调度",
                Setting::WarmUp => "预热步数",
                Setting::BatchSize => "批大小",
                Setting::Epochs => "轮次",
                Setting::Steps => "更新次数",
                Setting::Data => "数据集",
                Setting::Standardize => "标准化",
                Setting::TrainSize => "训练集大小",
                Setting::TestSize => "测试集大小",
                Setting::HiddenLayers => "隐藏层数",
                Setting::Width => "宽度",
                Setting::Widths => "各层宽度",
                Setting::Network => "网络结构",
                Setting::Precision => "精度",
                Setting::Seed => "随机种子",
                Setting::MajorityShare => "最多一类的占比",
                Setting::ClassEntropy => "类别熵",
                Setting::Status => "状态",
                Setting::Recorded => "记录",
            }
            .into(),
        }
    }

    /// A setting in a caption, with its name where the value alone does not say what it is. `key` as in the
    /// header's labels.
    pub fn setting(self, key: &str, value: &str) -> String {
        let setting = Setting::from_key(key);
        if let Some(absent) =
            setting.filter(|_| matches!(value, "none" | "no")).and_then(|s| self.absent_setting(s))
        {
            return absent.into();
        }
        let value = &*self.setting_value(key, value);
        match (self, setting) {
            (_, None) => format!("{} {value}", key.replace('_', " ")),
            (Lang::En, Some(setting)) => self.english_setting(setting, value),
            (Lang::Zh, Some(setting)) => self.chinese_setting(setting, value),
        }
    }

    /// Something that one run has and another one has not.
    fn absent_setting(self, setting: Setting) -> Option<&'static str> {
        Some(match (self, setting) {
            (Lang::En, Setting::Normalisation) => "no normalisation",
            (Lang::Zh, Setting::Normalisation) => "无归一化",
            (Lang::En, Setting::Residual) => "no residual connections",
            (Lang::Zh, Setting::Residual) => "无残差连接",
            (Lang::En, Setting::EarlyStopping) => "no early stopping",
            (Lang::Zh, Setting::EarlyStopping) => "无早停",
            _ => return None,
        })
    }

    fn english_setting(self, setting: Setting, value: &str) -> String {
        match setting {
            Setting::Activation
            | Setting::Loss
            | Setting::Optimizer
            | Setting::Data
            | Setting::Precision
            | Setting::Architecture => value.into(),
            Setting::Initialisation => format!("{value} initialisation"),
            Setting::BiasStart => format!("hidden biases from {value}"),
            Setting::LearningRate => format!("learning rate {value}"),
            Setting::WeightDecay => format!("weight decay {value}"),
            Setting::L1 => format!("L1 {value}"),
            Setting::Normalisation => match value.strip_suffix("-after") {
                Some(kind) => format!("{kind} normalisation after the activation"),
                None => format!("{value} normalisation"),
            },
            Setting::Residual => "residual connections".into(),
            Setting::L1Step => format!("{value} steps of L1"),
            Setting::ClipNorm => format!("gradients clipped to norm {value}"),
            Setting::ClipValue => format!("gradients clipped to ±{value}"),
            Setting::NormaliseGradients => "normalised gradients".into(),
            Setting::Layerwise => {
                format!("layer by layer, {} updates before these", self.counted_value(value))
            }
            Setting::EarlyStopping => format!("early stopping with patience {value}"),
            Setting::ValidationSize => format!("{} validation samples", self.counted_value(value)),
            Setting::Schedule => format!("{value} schedule"),
            Setting::BatchSize => format!("batch {value}"),
            Setting::TrainSize => format!("{} training samples", self.counted_value(value)),
            Setting::TestSize => format!("{} test samples", self.counted_value(value)),
            Setting::Momentum
            | Setting::Dropout
            | Setting::WarmUp
            | Setting::Epochs
            | Setting::Steps
            | Setting::Standardize
            | Setting::HiddenLayers
            | Setting::Width
            | Setting::Widths
            | Setting::Network
            | Setting::Seed
            | Setting::MajorityShare
            | Setting::ClassEntropy
            | Setting::Status
            | Setting::Recorded => format!("{} {value}", setting.key().replace('_', " ")),
        }
    }

    fn chinese_setting(self, setting: Setting, value: &str) -> String {
        match setting {
            Setting::Loss => match value {
                "cross-entropy" => "交叉熵损失".into(),
                "bce" => "二元交叉熵损失".into(),
                "mse" => "均方误差损失".into(),
                "quadratic" => "二次损失".into(),
                "softmax-mse" => "softmax 均方误差损失".into(),
                _ => value.into(),
            },
            Setting::Activation
            | Setting::Optimizer
            | Setting::Data
            | Setting::Precision
            | Setting::Architecture => value.into(),
            Setting::Initialisation => format!("{value} 初始化"),
            Setting::Normalisation => match value {
                "batch" => "批归一化".into(),
                "batch-after" => "激活后批归一化".into(),
                "layer" => "层归一化".into(),
                "layer-after" => "激活后层归一化".into(),
                _ => format!("{value} 归一化"),
            },
            Setting::L1 => format!("L1 {value}"),
            Setting::Residual => "残差连接".into(),
            Setting::ClipNorm => format!("梯度范数裁剪到 {value}"),
            Setting::ClipValue => format!("梯度裁剪到 ±{value}"),
            Setting::NormaliseGradients => "梯度归一化".into(),
            Setting::Layerwise => format!("逐层训练，此前更新 {} 次", self.counted_value(value)),
            Setting::L1Step => match value {
                "proximal" => "近端 L1".into(),
                _ => format!("L1 步骤 {value}"),
            },
            Setting::EarlyStopping => format!("早停，耐心值 {value}"),
            Setting::ValidationSize => format!("{} 个验证样本", self.counted_value(value)),
            Setting::Schedule => format!("{value} 学习率调度"),
            Setting::BatchSize => match value.strip_prefix("full") {
                Some(count) => format!("全批量{count}"),
                None => format!("批大小 {value}"),
            },
            Setting::TrainSize => format!("{} 个训练样本", self.counted_value(value)),
            Setting::TestSize => format!("{} 个测试样本", self.counted_value(value)),
            Setting::BiasStart
            | Setting::LearningRate
            | Setting::Momentum
            | Setting::WeightDecay
            | Setting::Dropout
            | Setting::WarmUp
            | Setting::Epochs
            | Setting::Steps
            | Setting::Standardize
            | Setting::HiddenLayers
            | Setting::Width
            | Setting::Widths
            | Setting::Network
            | Setting::Seed
            | Setting::MajorityShare
            | Setting::ClassEntropy
            | Setting::Status
            | Setting::Recorded => format!("{} {value}", self.setting_name(setting.key())),
        }
    }

    /// A whole number with its commas; anything else stays as it is.
    fn counted_value(self, value: &str) -> String {
        value.parse().map_or_else(|_| value.to_string(), |n| self.count(n))
    }

    /// A setting's value, long numbers as powers of ten.
    pub fn setting_value(self, key: &str, value: &str) -> String {
        match Setting::from_key(key) {
            Some(Setting::LearningRate | Setting::WeightDecay | Setting::L1) => self.chosen(value),
            _ => value.into(),
        }
    }

    /// The value of a setting that is not set.
    pub fn not_set(self, key: &str) -> String {
        match (self, Setting::from_key(key)) {
            (Lang::En, Some(Setting::TrainSize | Setting::TestSize)) => "all",
            (Lang::En, _) => "none",
            (Lang::Zh, Some(Setting::TrainSize | Setting::TestSize)) => "全部",
            (Lang::Zh, _) => "无",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_key_and_a_chinese_name() {
        for (setting, key) in Setting::ALL {
            assert_eq!((setting.key(), Setting::from_key(key)), (key, Some(setting)));
            assert!(!Lang::Zh.setting_name(key).is_ascii(), "{key}");
            assert!(!Lang::En.setting(key, "7").contains('_'), "{key}");
        }
        assert_eq!(Lang::Zh.setting_name("my_label"), "my_label");
        assert_eq!(Lang::Zh.setting("my_label", "7"), "my label 7");
    }
}
