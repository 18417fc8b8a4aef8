//! Words of the figure of activation functions.

use super::super::Lang;
use crate::activation::Activation;

/// Titles name so many functions one by one.
const FEW: usize = 3;

/// Layers of the stack that a title speaks of.
const STACK: i32 = 10;

impl Lang {
    pub fn functions_panel(self) -> String {
        match self {
            Lang::En => "function".into(),
            Lang::Zh => "函数".into(),
        }
    }

    pub fn slopes_panel(self) -> String {
        match self {
            Lang::En => "slope (derivative)".into(),
            Lang::Zh => "斜率（导数）".into(),
        }
    }

    pub fn function_series(self) -> String {
        match self {
            Lang::En => "function".into(),
            Lang::Zh => "函数".into(),
        }
    }

    pub fn slope_series(self) -> String {
        match self {
            Lang::En => "slope".into(),
            Lang::Zh => "斜率".into(),
        }
    }

    pub fn pre_activation_axis(self) -> String {
        match self {
            Lang::En => "pre-activation h".into(),
            Lang::Zh => "预激活值 h".into(),
        }
    }

    /// At the bound of a slope: `at most 1/4`.
    pub fn largest_slope_mark(self, slope: f64) -> String {
        let slope = self.simple_fraction(slope);
        match self {
            Lang::En => format!("at most {slope}"),
            Lang::Zh => format!("不超过 {slope}"),
        }
    }

    /// `1/4`, `1/6`, or the number.
    fn simple_fraction(self, x: f64) -> String {
        let denominator = (1.0 / x).round();
        if (1.0 / x - denominator).abs() < 1e-9 && (2.0..=9.0).contains(&denominator) {
            return format!("1/{denominator}");
        }
        let text = self.number(x);
        text.strip_suffix(".0").map_or(text.clone(), str::to_string)
    }

    /// The largest slope of each function, and what a stack of such layers multiplies a signal by at most.
    pub fn largest_slopes(self, all: &[(String, f64)]) -> String {
        let slope = |x: f64| self.simple_fraction(x);
        let stack = |x: f64| {
            let text = self.number(x.powi(STACK));
            text.strip_suffix(".0").map_or(text.clone(), str::to_string)
        };
        let named = |write: &dyn Fn(f64) -> String| {
            let each = all.iter().map(|(name, x)| match self {
                Lang::En => format!("{} ({name})", write(*x)),
                Lang::Zh => format!("{}（{name}）", write(*x)),
            });
            self.enumeration(&each.collect::<Vec<_>>())
        };
        let least = all.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let most = all.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        match (self, all, least, most) {
            (Lang::En, [(name, x)], ..) => {
                format!(
                    "{name}: slope at most {}; the slopes of {STACK} layers multiply to at most {}",
                    slope(*x),
                    stack(*x)
                )
            }
            (Lang::Zh, [(name, x)], ..) => {
                format!("{name}：斜率不超过 {}；{STACK} 层的斜率连乘不超过 {}", slope(*x), stack(*x))
            }
            (Lang::En, ..) if all.len() <= FEW => format!(
                "Slope at most {}: the slopes of {STACK} layers multiply to at most {}",
                named(&slope),
                named(&stack)
            ),
            (Lang::Zh, ..) if all.len() <= FEW => {
                format!("斜率最大为 {}：{STACK} 层的斜率连乘不超过 {}", named(&slope), named(&stack))
            }
            (Lang::En, _, Some(least), Some(most)) => format!(
                "Largest slopes from {} ({}) to {} ({}): the slopes of {STACK} layers multiply to at most {} and {}",
                slope(least.1),
                least.0,
                slope(most.1),
                most.0,
                stack(least.1),
                stack(most.1)
            ),
            (Lang::Zh, _, Some(least), Some(most)) => format!(
                "最大斜率从 {}（{}）到 {}（{}）：{STACK} 层的斜率连乘分别不超过 {} 和 {}",
                slope(least.1),
                least.0,
                slope(most.1),
                most.0,
                stack(least.1),
                stack(most.1)
            ),
            _ => self.slopes_panel(),
        }
    }

    /// The smallest and the largest root mean square slope of a run's layers, and the product of all (log10).
    pub fn measured_slopes(
        self,
        (least_layer, least): (usize, f64),
        (most_layer, most): (usize, f64),
        layers: usize,
        product: f64,
    ) -> String {
        let (low, high, product) = (self.number(least), self.number(most), self.power(product));
        match self {
            Lang::En if low == high && layers == 1 => {
                format!("the slopes of its hidden layer are {low} (RMS)")
            }
            Lang::En if low == high => {
                format!(
                    "the slopes are {low} (RMS) in every hidden layer, and those of all {layers} multiply to {product}"
                )
            }
            Lang::En => format!(
                "the slopes are {low} (RMS) in layer {least_layer} to {high} in layer {most_layer}, and those of all {layers} hidden layers multiply to {product}"
            ),
            Lang::Zh if low == high && layers == 1 => format!("隐藏层的斜率（均方根）为 {low}"),
            Lang::Zh if low == high => {
                format!("各隐藏层的斜率（均方根）均为 {low}，{layers} 层连乘为 {product}")
            }
            Lang::Zh => format!(
                "斜率（均方根）从第 {least_layer} 层的 {low} 到第 {most_layer} 层的 {high}，{layers} 个隐藏层连乘为 {product}"
            ),
        }
    }

    pub fn curves_beside_note(self) -> String {
        match self {
            Lang::En => "Left: the functions; right: their slopes, which the backward signal is multiplied by in each layer.".into(),
            Lang::Zh => "左：函数；右：斜率，反向信号每过一层就乘以它。".into(),
        }
    }

    pub fn curves_apart_note(self) -> String {
        match self {
            Lang::En => "Solid: the function; dashed: its slope, which the backward signal is multiplied by in each layer.".into(),
            Lang::Zh => "实线：函数；虚线：斜率，反向信号每过一层就乘以它。".into(),
        }
    }

    /// What the band of a run is.
    pub fn layers_on_curves_note(self, layers: usize, step: u64) -> String {
        let step = self.count(step);
        match self {
            Lang::En if layers == 1 => {
                format!("Hatched: the slope of its hidden layer at step {step}, RMS over units and samples.")
            }
            Lang::En => format!(
                "Hatched: the slopes of its {layers} hidden layers at step {step}, each RMS over units and samples."
            ),
            Lang::Zh => format!("斜线：第 {step} 步时 {layers} 个隐藏层的斜率，各为对单元和样本的均方根。"),
        }
    }

    pub fn no_activations_note(self) -> String {
        match self {
            Lang::En => {
                "The slopes of the run's layers were not recorded, so the layers are not on the curves."
                    .into()
            }
            Lang::Zh => "这次运行没有记录各层的斜率，所以曲线上没有标出各层。".into(),
        }
    }

    pub fn slopes_of_layers(self, layers: usize, low: f64, high: f64) -> String {
        let (low, high) = (self.number(low), self.number(high));
        match self {
            Lang::En if low == high => format!("slopes of the layers (RMS): {low}"),
            Lang::En if layers == 1 => format!("slopes of the layer (RMS): {low}"),
            Lang::En => format!("slopes of the layers (RMS): {low} to {high}"),
            Lang::Zh if low == high => format!("各层斜率（均方根）：{low}"),
            Lang::Zh => format!("各层斜率（均方根）：{low} 至 {high}"),
        }
    }

    pub fn reading_functions(self) -> String {
        match self {
            Lang::En => {
                "On its way back the signal is multiplied by the slope of each unit that it passes.".into()
            }
            Lang::Zh => "反向信号每经过一个单元，就乘以该处的斜率。".into(),
        }
    }

    pub fn reading_slopes(self) -> String {
        match self {
            Lang::En => "Where the slope is below 1, only larger weights keep the signal; where the function is flat, nothing passes.".into(),
            Lang::Zh => "斜率小于 1 之处，只有更大的权重才能保持信号；函数平坦之处，信号过不去。".into(),
        }
    }

    /// What the function is.
    pub fn definition(self, activation: Activation) -> String {
        match activation {
            Activation::Sigmoid => "1 / (1 + exp(−h))",
            Activation::Tanh => "(exp(h) − exp(−h)) / (exp(h) + exp(−h))",
            Activation::Relu => "max(0, h)",
            Activation::LeakyRelu => "max(0.01 h, h)",
            Activation::Elu => "min(exp(h) − 1, max(0, h))",
            Activation::Selu => "1.05 max(0, h) + 1.76 min(0, exp(h) − 1)",
            Activation::Gelu => "h Φ(h)",
            Activation::Silu => "h / (1 + exp(−h))",
            Activation::Softplus => "ln(1 + exp(h))",
            Activation::Softsign => "h / (1 + |h|)",
            Activation::HardSigmoid => "min(1, max(0, h / 6 + 1/2))",
            Activation::Identity => "h",
            Activation::Maxout(_) => match self {
                Lang::En => "the largest of its pieces",
                Lang::Zh => "各段中的最大值",
            },
        }
        .into()
    }
}
