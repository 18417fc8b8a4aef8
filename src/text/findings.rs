//! What the figures found: the clauses of their titles.

use super::{Lang, Quantity, Special};
use crate::activation::Activation;

impl Lang {
    /// A run's name as people write it: `ReLU` for `relu`. The names that a sweep gives its cells (`relu, 2
    /// hidden layers, seed 1`) are English; in another language they are said part by part. Any other name is
    /// the author's, and stays as it is.
    pub fn run_name(self, run: &str) -> String {
        let known = |name: &str| Activation::ALL.iter().find(|(_, known)| *known == name).map(|(a, _)| *a);
        if let Some(activation) = known(run) {
            return self.activation(activation);
        }
        let mut parts = run.split(", ");
        match (self, parts.next().and_then(known), parts.next().and_then(depth_of)) {
            (Lang::Zh, Some(activation), Some(depth)) => {
                let first = [self.activation(activation), self.depth_series(depth)];
                let all: Vec<String> =
                    first.into_iter().chain(parts.map(|part| self.part_of_name(part))).collect();
                self.series_name(&all)
            }
            (Lang::En | Lang::Zh, ..) => run.to_string(),
        }
    }

    /// `seed 1`, `width 30`, `rate 0.1` and `batch 10` of a cell's name.
    fn part_of_name(self, part: &str) -> String {
        let key = match part.split_once(' ') {
            Some(("seed", _)) => "seed",
            Some(("width", _)) => "width",
            Some(("rate", _)) => "learning_rate",
            Some(("batch", _)) => "batch_size",
            _ => return part.to_string(),
        };
        self.setting(key, part.split_once(' ').map_or("", |(_, value)| value))
    }

    /// An activation as people write it, at the beginning of a title.
    pub fn activation(self, activation: Activation) -> String {
        match (self, activation) {
            (Lang::En | Lang::Zh, Activation::Sigmoid) => "Sigmoid".into(),
            (Lang::En | Lang::Zh, Activation::Tanh) => "Tanh".into(),
            (Lang::En | Lang::Zh, Activation::Relu) => "ReLU".into(),
            (Lang::En | Lang::Zh, Activation::LeakyRelu) => "Leaky ReLU".into(),
            (Lang::En | Lang::Zh, Activation::Elu) => "ELU".into(),
            (Lang::En | Lang::Zh, Activation::Selu) => "SELU".into(),
            (Lang::En | Lang::Zh, Activation::Gelu) => "GELU".into(),
            (Lang::En | Lang::Zh, Activation::Silu) => "SiLU".into(),
            (Lang::En | Lang::Zh, Activation::Softplus) => "Softplus".into(),
            (Lang::En | Lang::Zh, Activation::Softsign) => "Softsign".into(),
            (Lang::En | Lang::Zh, Activation::HardSigmoid) => "Hard sigmoid".into(),
            (Lang::En | Lang::Zh, Activation::Identity) => "Identity".into(),
            (Lang::En | Lang::Zh, Activation::Maxout(pieces)) => format!("maxout:{pieces}"),
        }
    }

    /// Two runs of one name.
    pub fn told_apart(self, run: &str, mark: &str) -> String {
        match self {
            Lang::En => format!("{run} ({mark})"),
            Lang::Zh => format!("{run}（{mark}）"),
        }
    }

    /// In front of what only holds for a run's bias vectors.
    pub fn biases_of(self, run: &str) -> String {
        match self {
            Lang::En => format!("Biases of {run}"),
            Lang::Zh => format!("{run} 的偏置"),
        }
    }

    /// `Sigmoid, 8 hidden layers`; `run` as [`Lang::run_name`] writes it.
    pub fn head(self, run: &str, hidden: usize) -> String {
        match self {
            Lang::En => match hidden {
                0 => format!("{run}, no hidden layer"),
                1 => format!("{run}, 1 hidden layer"),
                n => format!("{run}, {n} hidden layers"),
            },
            Lang::Zh => match hidden {
                0 => format!("{run}，无隐藏层"),
                n => format!("{run}，{n} 个隐藏层"),
            },
        }
    }

    // ---- clauses

    /// `2,600 times smaller`; the factor is given as its log10, negative for smaller.
    pub(super) fn compared(self, log10: f64) -> String {
        let factor = self.power(log10.abs());
        match self {
            Lang::En if log10 < 0.0 => format!("{factor} times smaller"),
            Lang::En => format!("{factor} times larger"),
            Lang::Zh => self.fraction(log10),
        }
    }

    /// Chinese: `是第 8 层的 1/2,600`. "N times smaller" is said as the fraction that it is.
    pub(super) fn beside(self, whose: &str, log10: f64) -> String {
        format!("是{whose}的 {}", self.fraction(log10))
    }

    /// `1/2,600`, `3.1 × 10⁻⁹`, `1,800 倍`; the factor is given as its log10.
    fn fraction(self, log10: f64) -> String {
        match log10 {
            // From here on `power` writes the factor with an exponent, which is not for a denominator.
            x if x <= -6.0 => self.power(x),
            x if x < 0.0 => format!("1/{}", self.power(-x)),
            x => format!("{} 倍", self.power(x)),
        }
    }

    /// Layer 1 against the last hidden layer, as log10 of the ratio.
    pub fn ratio_clause(self, q: Quantity, last_hidden: usize, log10: f64) -> String {
        match self {
            Lang::En => {
                format!("layer 1's {} is {} than layer {last_hidden}'s", self.noun(q), self.compared(log10))
            }
            Lang::Zh => {
                format!("第 1 层的{}{}", self.noun(q), self.beside(&format!("第 {last_hidden} 层"), log10))
            }
        }
    }

    /// The ratio at the start and at the end, when they differ much.
    pub fn changing_ratio_clause(self, q: Quantity, last_hidden: usize, first: f64, last: f64) -> String {
        match self {
            Lang::En => format!(
                "layer 1's {} is {} than layer {last_hidden}'s at first, {} at the end",
                self.noun(q),
                self.compared(first),
                self.compared(last)
            ),
            Lang::Zh => format!(
                "第 1 层的{}起初{}，最后是 {}",
                self.noun(q),
                self.beside(&format!("第 {last_hidden} 层"), first),
                self.fraction(last)
            ),
        }
    }

    /// All hidden layers lie within a factor, given as its log10.
    pub fn even_clause(self, q: Quantity, log10_spread: f64) -> String {
        match self {
            Lang::En => {
                format!(
                    "{}s within a factor {} across the hidden layers",
                    self.noun(q),
                    self.power(log10_spread)
                )
            }
            Lang::Zh => format!("各隐藏层的{}相差不超过 {} 倍", self.noun(q), self.power(log10_spread)),
        }
    }

    /// The drawn quantity is even, but the per-sample signal is not.
    pub fn hidden_decay_clause(
        self,
        q: Quantity,
        last_hidden: usize,
        log10_spread: f64,
        signal: f64,
    ) -> String {
        match self {
            Lang::En => format!(
                "batch-mean {}s look even (within a factor {}), but layer 1's backward signal is {} than layer {last_hidden}'s",
                self.noun(q),
                self.power(log10_spread),
                self.compared(signal)
            ),
            Lang::Zh => format!(
                "批平均{}看似均匀（相差不超过 {} 倍），但第 1 层的反向信号{}",
                self.noun(q),
                self.power(log10_spread),
                self.beside(&format!("第 {last_hidden} 层"), signal)
            ),
        }
    }

    pub fn brief_ratio_clause(self, q: Quantity, last_hidden: usize, log10: f64) -> String {
        let q = if q == Quantity::SampleGradient { Quantity::BatchGradient } else { q };
        match self {
            Lang::En => {
                format!("layer 1's {} {} than layer {last_hidden}'s", self.noun(q), self.compared(log10))
            }
            Lang::Zh => self.ratio_clause(q, last_hidden, log10),
        }
    }

    pub fn brief_even_clause(self, q: Quantity, log10_spread: f64) -> String {
        let q = if q == Quantity::SampleGradient { Quantity::BatchGradient } else { q };
        match self {
            Lang::En => format!("{}s within a factor {}", self.noun(q), self.power(log10_spread)),
            Lang::Zh => format!("各层{}相差不超过 {} 倍", self.noun(q), self.power(log10_spread)),
        }
    }

    pub fn brief_accuracy(self, accuracy: f64) -> String {
        match self {
            Lang::En => format!("accuracy {}", self.percent(accuracy)),
            Lang::Zh => format!("准确率 {}", self.percent(accuracy)),
        }
    }

    pub fn brief_diverged(self, step: u64) -> String {
        match self {
            Lang::En => format!("diverged at step {}", self.count(step)),
            Lang::Zh => format!("第 {} 步发散", self.count(step)),
        }
    }

    /// A layer mostly has no finite value.
    pub fn special_clause(self, q: Quantity, layer: usize, kind: Special, share: f64) -> String {
        let share = self.percent(share);
        match self {
            Lang::En => {
                let what = match kind {
                    Special::Zero | Special::NotMoved | Special::NoGradient | Special::NothingThere => {
                        "is exactly zero"
                    }
                    Special::Underflow => "is too small to be stored",
                    Special::Lost => "is lost to rounding",
                    Special::Nan => "is not a number",
                    Special::Infinite => "is infinite",
                    Special::Missing | Special::NoUnit | Special::NoNorm | Special::NoWay => {
                        "was not recorded"
                    }
                };
                format!("layer {layer}'s {} {what} in {share} of the steps", self.noun(q))
            }
            Lang::Zh => {
                let what = match kind {
                    Special::Zero | Special::NotMoved | Special::NoGradient | Special::NothingThere => {
                        "恰为零"
                    }
                    Special::Underflow => "小到无法存储",
                    Special::Lost => "因舍入而丢失",
                    Special::Nan => "是非数",
                    Special::Infinite => "为无穷大",
                    Special::Missing | Special::NoUnit | Special::NoNorm | Special::NoWay => "没有记录",
                };
                format!("第 {layer} 层的{}在 {share} 的步中{what}", self.noun(q))
            }
        }
    }

    /// Updates that change no stored number in at least half of the steps.
    pub fn lost_clause(self, layers: &[usize]) -> String {
        let (which, _) = self.layers(layers);
        match self {
            Lang::En => format!("the updates of {which} are lost to rounding"),
            Lang::Zh => format!("{which}的更新量因舍入而丢失"),
        }
    }

    /// There are not two hidden layers to compare.
    pub fn size_clause(self, q: Quantity, first: f64, last: f64) -> String {
        match self {
            Lang::En => {
                format!("layer 1's {} goes from {} to {}", self.noun(q), self.power(first), self.power(last))
            }
            Lang::Zh => {
                format!("第 1 层的{}从 {} 变为 {}", self.noun(q), self.power(first), self.power(last))
            }
        }
    }

    pub fn accuracy_stays(self, accuracy: f64) -> String {
        match self {
            Lang::En => format!("training accuracy stays at {}", self.percent(accuracy)),
            Lang::Zh => format!("训练准确率停在 {}", self.percent(accuracy)),
        }
    }

    pub fn accuracy_fell(self, best: f64, accuracy: f64) -> String {
        match self {
            Lang::En => {
                format!(
                    "training accuracy falls back from {} to {}",
                    self.percent(best),
                    self.percent(accuracy)
                )
            }
            Lang::Zh => format!("训练准确率从 {} 回落到 {}", self.percent(best), self.percent(accuracy)),
        }
    }

    pub fn accuracy_reached(self, accuracy: f64) -> String {
        match self {
            Lang::En => format!("training accuracy {}", self.percent(accuracy)),
            Lang::Zh => format!("训练准确率 {}", self.percent(accuracy)),
        }
    }

    /// The same as a clause with a verb.
    pub fn accuracy_ends(self, accuracy: f64) -> String {
        match self {
            Lang::En => format!("training accuracy ends at {}", self.percent(accuracy)),
            Lang::Zh => format!("训练准确率最后为 {}", self.percent(accuracy)),
        }
    }

    pub fn accuracies_reached(self, train: f64, test: f64) -> String {
        match self {
            Lang::En => {
                format!("accuracy {} in training, {} on test data", self.percent(train), self.percent(test))
            }
            Lang::Zh => format!("训练集准确率 {}，测试集准确率 {}", self.percent(train), self.percent(test)),
        }
    }

    pub fn whole_gradient_course(self, first: f64, last: f64) -> String {
        match self {
            Lang::En => format!("gradient norm from {} to {}", self.number(first), self.number(last)),
            Lang::Zh => format!("梯度范数从 {} 到 {}", self.number(first), self.number(last)),
        }
    }

    pub fn batch_loss_course(self, first: f64, last: f64) -> String {
        match self {
            Lang::En => format!("batch loss from {} to {}", self.number(first), self.number(last)),
            Lang::Zh => format!("小批量损失从 {} 到 {}", self.number(first), self.number(last)),
        }
    }

    pub fn loss_fell(self, first: f64, last: f64) -> String {
        match self {
            Lang::En => format!("training loss from {} to {}", self.number(first), self.number(last)),
            Lang::Zh => format!("训练损失从 {} 到 {}", self.number(first), self.number(last)),
        }
    }

    pub fn diverged(self, step: u64) -> String {
        match self {
            Lang::En => format!("training diverged at step {}", self.count(step)),
            Lang::Zh => format!("训练在第 {} 步发散", self.count(step)),
        }
    }

    pub fn interrupted(self, step: u64) -> String {
        match self {
            Lang::En => format!("interrupted at step {}", self.count(step)),
            Lang::Zh => format!("在第 {} 步中断", self.count(step)),
        }
    }

    pub fn diverged_because(self, step: u64, what: &str) -> String {
        match self {
            Lang::En if what.is_empty() => format!("diverged at step {}", self.count(step)),
            Lang::En => format!("diverged at step {} ({what})", self.count(step)),
            Lang::Zh if what.is_empty() => format!("在第 {} 步发散", self.count(step)),
            Lang::Zh => format!("在第 {} 步发散（{}）", self.count(step), self.reason(what)),
        }
    }

    /// Why a run was stopped, as its record says it (in English).
    pub(super) fn reason(self, what: &str) -> String {
        match (self, what.strip_prefix("the loss is ")) {
            (Lang::En, _) | (Lang::Zh, None) => what.into(),
            (Lang::Zh, Some(value)) => {
                format!("损失为{}", value.parse().map_or(value.to_string(), |x: f64| self.number(x)))
            }
        }
    }

    pub fn still_running(self) -> String {
        match self {
            Lang::En => "not finished".into(),
            Lang::Zh => "尚未结束".into(),
        }
    }

    /// Updates of the gradient: even although the gradients are not.
    pub fn masked_clause(self, update_spread: f64, gradient: f64, of: Quantity) -> String {
        match self {
            Lang::En => format!(
                "updates within a factor {} across the hidden layers, although layer 1's {} is {}",
                self.power(update_spread),
                self.noun(of),
                self.compared(gradient)
            ),
            Lang::Zh => format!(
                "各隐藏层的更新量相差不超过 {} 倍，而第 1 层的{}{}",
                self.power(update_spread),
                self.noun(of),
                self.beside("最后一个隐藏层", gradient)
            ),
        }
    }

    /// Decay changes a layer more than the gradient does, as log10 of the factor.
    pub fn decay_dominates_clause(self, layer: usize, log10: f64) -> String {
        match self {
            Lang::En => {
                format!(
                    "weight decay changes layer {layer} by {} times what its gradient does",
                    self.power(log10)
                )
            }
            Lang::Zh => format!("权重衰减对第 {layer} 层的改变是其梯度的 {} 倍", self.power(log10)),
        }
    }

    /// First and last layer's movement (shares of the initial norm).
    pub fn moved_clause(self, first: (usize, f64), last: (usize, f64)) -> String {
        let [a, b] = [first.1, last.1].map(|x| self.percent(x));
        match self {
            Lang::En => {
                format!("layer {} moved by {a} of its initial norm, layer {} by {b}", first.0, last.0)
            }
            Lang::Zh => format!("第 {} 层移动了其初始范数的 {a}，第 {} 层移动了 {b}", first.0, last.0),
        }
    }

    pub fn one_moved_clause(self, layer: usize, share: f64) -> String {
        match self {
            Lang::En => format!("layer {layer} moved by {} of its initial norm", self.percent(share)),
            Lang::Zh => format!("第 {layer} 层移动了其初始范数的 {}", self.percent(share)),
        }
    }

    pub fn not_moved_clause(self, layers: &[usize]) -> String {
        let (which, many) = self.layers(layers);
        match self {
            Lang::En => format!("{which} {} not moved at all", if many { "have" } else { "has" }),
            Lang::Zh => format!("{which}完全没有移动"),
        }
    }

    pub fn decay_only_clause(self, layers: &[usize]) -> String {
        let (which, _) = self.layers(layers);
        match self {
            Lang::En => {
                format!("{which} went no farther than weight decay alone carries")
            }
            Lang::Zh => format!("{which}没有走得比单凭权重衰减更远"),
        }
    }

    pub fn still_random_clause(self, layers: &[usize], limit: f64) -> String {
        let (which, many) = self.layers(layers);
        match self {
            Lang::En => format!(
                "{which} {} still random (moved less than {})",
                if many { "are" } else { "is" },
                self.mark(limit)
            ),
            Lang::Zh => format!("{which}仍是随机的（移动不到 {}）", self.mark(limit)),
        }
    }

    pub fn all_still_random_clause(self, limit: f64) -> String {
        match self {
            Lang::En => format!("every layer is still random (moved less than {})", self.mark(limit)),
            Lang::Zh => format!("所有层仍是随机的（移动不到 {}）", self.mark(limit)),
        }
    }

    pub fn none_still_random_clause(self, layers: usize) -> String {
        match self {
            Lang::En if layers == 1 => "the only layer left its random start".into(),
            Lang::En if layers == 2 => "both layers left their random start".into(),
            Lang::En => format!("all {layers} layers left their random start"),
            Lang::Zh if layers == 1 => "唯一的一层已离开随机初始值".into(),
            Lang::Zh => format!("全部 {layers} 层都已离开随机初始值"),
        }
    }

    /// When two layers had half of their way behind them.
    pub fn half_way_clause(self, moved: &[usize], first: (usize, u64), last: (usize, u64)) -> String {
        let (which, _) = self.layers(moved);
        let [a, b] = [first.1, last.1].map(|s| self.count(s));
        match self {
            Lang::En if first.0 != last.0 && first.1 == last.1 => {
                format!("{which} were half-way at step {a}")
            }
            Lang::En if first.0 == last.0 => format!("layer {} was half-way at step {a}", first.0),
            Lang::En => format!("half-way at step {a} (layer {}) to {b} (layer {})", first.0, last.0),
            Lang::Zh if first.0 != last.0 && first.1 == last.1 => format!("{which}在第 {a} 步走完一半路程"),
            Lang::Zh if first.0 == last.0 => format!("第 {} 层在第 {a} 步走完一半路程", first.0),
            Lang::Zh => {
                format!("走完一半路程：第 {a} 步（第 {} 层）到第 {b} 步（第 {} 层）", first.0, last.0)
            }
        }
    }

    /// `layers 1–6`, `layer 3`, `layers 1, 4 and 9`, and whether it is more than one.
    pub fn layers(self, layers: &[usize]) -> (String, bool) {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &l in layers {
            match runs.last_mut() {
                Some(r) if r.1 + 1 == l => r.1 = l,
                _ => runs.push((l, l)),
            }
        }
        let parts: Vec<String> = runs
            .iter()
            .map(|&(a, b)| match b - a {
                0 => a.to_string(),
                1 => self.enumeration(&[a.to_string(), b.to_string()]),
                _ => format!("{a}–{b}"),
            })
            .collect();
        let many = layers.len() > 1;
        match self {
            Lang::En => {
                (format!("{} {}", if many { "layers" } else { "layer" }, self.enumeration(&parts)), many)
            }
            Lang::Zh => (format!("第 {} 层", self.enumeration(&parts)), many),
        }
    }

    /// Factor per layer toward the input at two steps, as decades per layer.
    pub fn per_layer_clause(self, q: Quantity, first: f64, last: f64) -> String {
        let per_layer = |decades: f64| match self {
            Lang::En if decades >= 0.0 => format!("{} times smaller", self.power(decades)),
            Lang::En => format!("{} times larger", self.power(-decades)),
            Lang::Zh => self.fraction(-decades),
        };
        match self {
            // Less than a tenth apart: one number says it.
            Lang::En if (first - last).abs() < 0.04 => {
                format!(
                    "per layer toward the input the {} gets {}",
                    self.noun(q),
                    per_layer(0.5 * (first + last))
                )
            }
            Lang::En => format!(
                "per layer toward the input the {} gets {} at first, {} at the end",
                self.noun(q),
                per_layer(first),
                per_layer(last)
            ),
            Lang::Zh if (first - last).abs() < 0.04 => {
                format!("向输入侧每过一层，{}变为 {}", self.noun(q), per_layer(0.5 * (first + last)))
            }
            Lang::Zh => {
                format!(
                    "向输入侧每过一层，{}起初变为 {}，最后变为 {}",
                    self.noun(q),
                    per_layer(first),
                    per_layer(last)
                )
            }
        }
    }

    pub fn saturated_clause(self, layer: usize, saturated: f64, dead: f64) -> String {
        match self {
            Lang::En if saturated == 0.0 && dead == 0.0 => {
                "at the end no activation is saturated and no unit is dead".into()
            }
            Lang::En => format!(
                "at the end up to {} of activations are saturated (layer {layer}) and up to {} of units dead",
                self.percent(saturated),
                self.percent(dead)
            ),
            Lang::Zh if saturated == 0.0 && dead == 0.0 => "最后没有激活值饱和，也没有神经元死亡".into(),
            Lang::Zh => format!(
                "最后至多 {} 的激活值饱和（第 {layer} 层），至多 {} 的神经元死亡",
                self.percent(saturated),
                self.percent(dead)
            ),
        }
    }
}

/// The number in `2 hidden layers`.
fn depth_of(part: &str) -> Option<usize> {
    let (number, rest) = part.split_once(' ')?;
    number.parse().ok().filter(|_| rest.starts_with("hidden layer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cells_are_chinese_in_chinese() {
        let name = "sigmoid, 10 hidden layers, rate 0.1, seed 1";
        assert_eq!(Lang::Zh.run_name(name), "Sigmoid，10 个隐藏层，学习率 0.1，随机种子 1");
        assert_eq!(Lang::En.run_name(name), name);
        assert_eq!(Lang::Zh.run_name("my run, 10 hidden layers"), "my run, 10 hidden layers");
        assert_eq!(Lang::Zh.run_name("relu"), "ReLU");
    }

    #[test]
    fn layers_are_listed_as_ranges() {
        let en = Lang::En;
        assert_eq!(en.layers(&[1, 2, 3, 4, 5, 6]).0, "layers 1–6");
        assert_eq!(en.layers(&[3]), ("layer 3".into(), false));
        assert_eq!(en.layers(&[1, 2, 4]).0, "layers 1, 2, 4");
    }
}
