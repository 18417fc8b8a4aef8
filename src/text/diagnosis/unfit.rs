//! Why a remedy has nothing to change in a run, in words.

use crate::diagnosis::Unfit;
use crate::text::Lang;

impl Lang {
    pub fn unfit(self, unfit: Unfit) -> String {
        match self {
            Lang::En => match unfit {
                Unfit::There => "the run has it already",
                Unfit::NoHiddenLayer => "there is no hidden layer",
                Unfit::NoEqualLayers => "no hidden layer has as many outputs as inputs",
                Unfit::Convolutions => "the network has convolutions, and maxout is for dense layers",
                Unfit::NotPlain => {
                    "it is for two or more fully connected hidden layers without normalisation and skips"
                }
                Unfit::Layerwise => {
                    "the run is trained layer by layer, which is for layers without normalisation and skips"
                }
                Unfit::NotSgd => "it belongs to plain gradient descent (sgd)",
                Unfit::NoRate => "the learning rate is 0",
                Unfit::TooFewSamples => "there are too few samples to keep a tenth of them out of training",
                Unfit::AllData => "the run has all samples of its source",
            },
            Lang::Zh => match unfit {
                Unfit::There => "该运行已经采用",
                Unfit::NoHiddenLayer => "没有隐藏层",
                Unfit::NoEqualLayers => "没有输入输出个数相同的隐藏层",
                Unfit::Convolutions => "网络有卷积层，而 maxout 只用于全连接层",
                Unfit::NotPlain => "它只用于至少两个全连接隐藏层、没有归一化和残差连接的网络",
                Unfit::Layerwise => "该运行是逐层训练的，只用于没有归一化和残差连接的网络",
                Unfit::NotSgd => "它只用于梯度下降（sgd）",
                Unfit::NoRate => "学习率为 0",
                Unfit::TooFewSamples => "样本太少，无法留出十分之一",
                Unfit::AllData => "该运行已经用了全部样本",
            },
        }
        .into()
    }
}
