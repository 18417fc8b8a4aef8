//! Why a remedy has nothing to change in a run.

use crate::text::Lang;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The run has it already.
    There,
    NoHiddenLayer,
    /// No hidden layer has as many outputs as inputs.
    NoEqualLayers,
    /// Momentum belongs to plain gradient descent.
    NotSgd,
    /// A rate of 0 has no multiples.
    NoRate,
    TooFewSamples,
    AllData,
}

impl Unfit {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Unfit::There => "there",
            Unfit::NoHiddenLayer => "no-hidden-layer",
            Unfit::NoEqualLayers => "no-equal-layers",
            Unfit::NotSgd => "not-sgd",
            Unfit::NoRate => "no-rate",
            Unfit::TooFewSamples => "too-few-samples",
            Unfit::AllData => "all-data",
        }
    }
}

impl Lang {
    pub fn unfit(self, unfit: Unfit) -> String {
        match self {
            Lang::En => match unfit {
                Unfit::There => "the run has it already",
                Unfit::NoHiddenLayer => "there is no hidden layer",
                Unfit::NoEqualLayers => "no hidden layer has as many outputs as inputs",
                Unfit::NotSgd => "it belongs to plain gradient descent (sgd)",
                Unfit::NoRate => "the learning rate is 0",
                Unfit::TooFewSamples => "there are too few samples to keep a tenth of them out of training",
                Unfit::AllData => "the run has all samples of its source",
            },
            Lang::Zh => match unfit {
                Unfit::There => "该运行已经采用",
                Unfit::NoHiddenLayer => "没有隐藏层",
                Unfit::NoEqualLayers => "没有输入输出个数相同的隐藏层",
                Unfit::NotSgd => "它只用于梯度下降（sgd）",
                Unfit::NoRate => "学习率为 0",
                Unfit::TooFewSamples => "样本太少，无法留出十分之一",
                Unfit::AllData => "该运行已经用了全部样本",
            },
        }
        .into()
    }
}
