//! Words of the figure of the three factors of the signal.

use super::super::Lang;

/// What a layer multiplies the backward signal by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    WeightScale,
    Slope,
    Alignment,
    /// The product of the three.
    All,
}

impl Lang {
    pub fn factor(self, factor: Factor) -> String {
        match self {
            Lang::En => match factor {
                Factor::WeightScale => "weight scale",
                Factor::Slope => "slope",
                Factor::Alignment => "alignment",
                Factor::All => "all three: signal / signal of the layer above",
            },
            Lang::Zh => match factor {
                Factor::WeightScale => "权重尺度",
                Factor::Slope => "斜率",
                Factor::Alignment => "对齐",
                Factor::All => "三者之积：本层信号 / 上一层信号",
            },
        }
        .into()
    }

    pub fn factor_axis(self) -> String {
        match self {
            Lang::En => "factor on the backward signal".into(),
            Lang::Zh => "反向信号乘以的倍数".into(),
        }
    }

    /// The geometric means over the hidden layers: weight scale, slope, alignment.
    pub fn signal_is_multiplied(self, all: f64, factors: [f64; 3]) -> String {
        let (all, [weight, slope, alignment]) = (self.number(all), factors.map(|x| self.number(x)));
        match self {
            Lang::En => format!(
                "per hidden layer the backward signal is multiplied by {all} = weight scale {weight} × slope {slope} × alignment {alignment}"
            ),
            Lang::Zh => format!(
                "反向信号每过一个隐藏层乘以 {all} = 权重尺度 {weight} × 斜率 {slope} × 对齐 {alignment}"
            ),
        }
    }

    pub fn factors_note(self, step: u64, layers: usize) -> String {
        let step = self.count(step);
        match self {
            Lang::En if layers == 1 => format!("The title's numbers are those of step {step}."),
            Lang::En => {
                format!("The title's numbers are geometric means over the hidden layers at step {step}.")
            }
            Lang::Zh => format!("标题中的数是第 {step} 步时对各隐藏层的几何平均。"),
        }
    }

    pub fn reading_factors(self) -> String {
        match self {
            Lang::En => "Layers stand from the input side on the left; below 1 a layer shrinks the signal on its way to the input, and the lowest of the three lines is why.",
            Lang::Zh => "各层从左边的输入侧排起；低于 1 的层使信号在传向输入的途中变小，三条线中最低的就是原因。",
        }
        .into()
    }

    pub fn reading_alignment(self) -> String {
        match self {
            Lang::En => "An alignment of 1 is that of random weights; normalisation, residual connections, dropout and pooling are contained in it.",
            Lang::Zh => "对齐为 1 是随机权重的情形；归一化、残差连接、随机失活和池化的作用也算在其中。",
        }
        .into()
    }
}
