//! Evidence in words: what was measured, where, against which limit; and what was not recorded.

use crate::diagnosis::{Measure, Missing, Unit};
use crate::text::Lang;

/// Digits that tell any two numbers apart.
const ALL_DIGITS: usize = 17;

impl Lang {
    /// What was measured, as a noun phrase; `first` and `last` are the ends of the hidden layers
    /// ([`Lang::layer`]).
    pub fn measure(self, measure: Measure, [first, last]: &[String; 2]) -> String {
        match self {
            Lang::En => match measure {
                Measure::SignalRatio => format!("backward signal of one sample, {first} over {last}"),
                Measure::GradientRatio => format!("weight gradient of one sample, {first} over {last}"),
                Measure::BatchGradientRatio => format!("batch-mean weight gradient, {first} over {last}"),
                Measure::UpdateRatio => format!("gradient-driven update, {first} over {last}"),
                Measure::UpdateEvening => "that ratio of the updates over that of the gradients".into(),
                Measure::GradientSpread => {
                    "weight gradient of one sample, largest over smallest hidden layer".into()
                }
                Measure::RelativeUpdate => "update over weights".into(),
                Measure::RelativeGradient => "weight gradient of one sample over weights".into(),
                Measure::KeptSignal => "backward signal at the end over that at the start".into(),
                Measure::TrainAccuracy => "training accuracy".into(),
                Measure::TestAccuracy => "test accuracy".into(),
                Measure::Skill => "training skill (0 = chance, 100 % = no mistake)".into(),
                Measure::LossFallQuarter => "fall of the training loss over the last quarter".into(),
                Measure::LossFallHalf => "fall of the training loss over the last half".into(),
                Measure::LossOverStart => "training loss at the end over that at the start".into(),
                Measure::TrainLossRise => "training loss at the end over its smallest".into(),
                Measure::StartLoss => {
                    "first training loss over that of an answer that ignores the input".into()
                }
                Measure::LossOverPrior => {
                    "training loss at the end over that of an answer that ignores the input".into()
                }
                Measure::InputSize => "size of the inputs (root mean square)".into(),
                Measure::InitialScale => "initial weights, deviation times √(fan-in)".into(),
                Measure::Dropout => "probability of dropping a unit".into(),
                Measure::Epochs => "epochs".into(),
                Measure::LayerWidth => "units".into(),
                Measure::MovementRatio => format!("movement, {first} over the fastest hidden layer"),
                Measure::Path => "sum of all updates, relative to the weights".into(),
                Measure::PassedError => "share of the error that the slope of the output lets through".into(),
                Measure::TrainLoss => "training loss".into(),
                Measure::LossFloor => "smallest loss that such an output can reach".into(),
                Measure::NotFinite => "first step with a value that is not finite".into(),
                Measure::InitialNorm => "norm of the weights before training".into(),
                Measure::SaturatedShare => "saturated activations".into(),
                Measure::DeadShare => "units that are off for every sample of the batch".into(),
                Measure::LostShare => "steps whose update changes no stored number".into(),
                Measure::Movement => "distance from the start, relative to the initial norm".into(),
                Measure::DecayTravel => "distance that weight decay alone can account for".into(),
                Measure::AccuracyGap => "training accuracy minus test accuracy".into(),
                Measure::GapDeviations => "the gap in standard errors of the test accuracy".into(),
                Measure::TestLossRise => "test loss at the end over its smallest".into(),
            },
            Lang::Zh => match measure {
                Measure::SignalRatio => format!("单个样本的反向信号，{first}与{last}之比"),
                Measure::GradientRatio => format!("单个样本的权重梯度，{first}与{last}之比"),
                Measure::BatchGradientRatio => format!("批平均的权重梯度，{first}与{last}之比"),
                Measure::UpdateRatio => format!("梯度驱动的更新量，{first}与{last}之比"),
                Measure::UpdateEvening => "更新量的这一比值与梯度的这一比值之比".into(),
                Measure::GradientSpread => "单个样本的权重梯度，最大与最小隐藏层之比".into(),
                Measure::RelativeUpdate => "更新量与权重之比".into(),
                Measure::RelativeGradient => "单个样本的权重梯度与权重之比".into(),
                Measure::KeptSignal => "结束时与开始时反向信号之比".into(),
                Measure::TrainAccuracy => "训练集准确率".into(),
                Measure::TestAccuracy => "测试集准确率".into(),
                Measure::Skill => "训练得分（0 为随机水平，100% 为全对）".into(),
                Measure::LossFallQuarter => "最后四分之一训练中训练损失的降幅".into(),
                Measure::LossFallHalf => "后一半训练中训练损失的降幅".into(),
                Measure::LossOverStart => "结束时与开始时训练损失之比".into(),
                Measure::TrainLossRise => "结束时训练损失与其最小值之比".into(),
                Measure::StartLoss => "第一步的训练损失与不看输入的回答的损失之比".into(),
                Measure::LossOverPrior => "结束时的训练损失与不看输入的回答的损失之比".into(),
                Measure::InputSize => "输入的量级（均方根）".into(),
                Measure::InitialScale => "初始权重，标准差乘以 √(扇入)".into(),
                Measure::Dropout => "丢弃一个神经元的概率".into(),
                Measure::Epochs => "轮次".into(),
                Measure::LayerWidth => "神经元个数".into(),
                Measure::MovementRatio => format!("移动量，{first}与移动最多的隐藏层之比"),
                Measure::Path => "全部更新量之和，相对权重".into(),
                Measure::PassedError => "误差中能通过输出斜率的比例".into(),
                Measure::TrainLoss => "训练损失".into(),
                Measure::LossFloor => "这样的输出所能达到的最小损失".into(),
                Measure::NotFinite => "首次出现非有限数的步".into(),
                Measure::InitialNorm => "训练前权重的范数".into(),
                Measure::SaturatedShare => "饱和的激活值".into(),
                Measure::DeadShare => "对批内每个样本都未激活的神经元".into(),
                Measure::LostShare => "更新不改变任何存储值的步".into(),
                Measure::Movement => "离起点的距离，相对初始范数".into(),
                Measure::DecayTravel => "单凭权重衰减可能走过的距离".into(),
                Measure::AccuracyGap => "训练集准确率减测试集准确率".into(),
                Measure::GapDeviations => "差距与测试准确率标准误之比".into(),
                Measure::TestLossRise => "结束时测试损失与其最小值之比".into(),
            },
        }
    }

    /// A measure of one column of the inputs.
    pub fn of_column(self, what: &str, column: &str) -> String {
        match self {
            Lang::En => format!("{what}, {column}"),
            Lang::Zh => format!("{what}，{column}"),
        }
    }

    /// A value in its unit.
    pub fn in_unit(self, unit: Unit, value: f64) -> String {
        match unit {
            Unit::Share => self.percent(value),
            Unit::Steps | Unit::Units => self.count(value.max(0.0) as u64),
            Unit::Ratio | Unit::Loss | Unit::Input | Unit::Norm | Unit::Deviations | Unit::Epochs => {
                self.number(value)
            }
        }
    }

    /// A value of a measure. A difference of two percentages is a number of percentage points.
    pub fn measured(self, measure: Measure, value: f64) -> String {
        match (measure, self) {
            (Measure::AccuracyGap, _) => self.points(value),
            _ => self.in_unit(measure.unit(), value),
        }
    }

    /// A value and the limit that it was compared with: two digits, or as many more as it takes for the two to
    /// stand to each other as the numbers themselves do.
    pub fn compared_with(self, measure: Measure, value: f64, limit: f64) -> [String; 2] {
        let short = [value, limit].map(|x| self.measured(measure, x));
        let are_apart = short[0] != short[1] && rounded(value, 2) != rounded(limit, 2);
        if value == limit || are_apart {
            let [value, rough] = short;
            let is_round = rounded(limit, 2) == limit;
            return [value, if is_round { self.in_full(measure, limit) } else { rough }];
        }
        let digits = (3..ALL_DIGITS).find(|&digits| rounded(value, digits) != rounded(limit, digits));
        [value, limit].map(|x| self.in_full(measure, rounded(x, digits.unwrap_or(ALL_DIGITS))))
    }

    /// A value with every digit that it has.
    fn in_full(self, measure: Measure, value: f64) -> String {
        match measure.unit() {
            Unit::Share if measure == Measure::AccuracyGap => self.exact_points(value),
            Unit::Share => self.exact_percent(value),
            Unit::Ratio
            | Unit::Loss
            | Unit::Norm
            | Unit::Deviations
            | Unit::Steps
            | Unit::Epochs
            | Unit::Units
            | Unit::Input => self.exact(value),
        }
    }

    /// One piece of evidence as a line: what, where, when, how much, and from which value on it counts for the
    /// verdict (`true`: up to which value), with the key of that threshold.
    pub fn evidence_line(
        self,
        what: &str,
        layers: Option<&str>,
        steps: Option<(u64, u64)>,
        value: &str,
        limit: Option<(bool, &str, &str)>,
    ) -> String {
        let steps = steps.map(|(a, b)| (a == b, self.count(a), self.count(b)));
        match self {
            Lang::En => {
                let mut line = what.to_string();
                if let Some(layers) = layers {
                    line += &format!(", {layers}");
                }
                line += &format!(": {value}");
                match limit {
                    Some((true, limit, key)) => line += &format!(" (counts up to {limit}, {key}"),
                    Some((false, limit, key)) => line += &format!(" (counts from {limit} on, {key}"),
                    None => {}
                }
                let at = match &steps {
                    Some((true, a, _)) => format!("step {a}"),
                    Some((false, a, b)) => format!("steps {a} to {b}"),
                    None => String::new(),
                };
                match (limit.is_some(), at.is_empty()) {
                    (true, true) => line + ")",
                    (true, false) => line + &format!("; {at})"),
                    (false, true) => line,
                    (false, false) => line + &format!(" ({at})"),
                }
            }
            Lang::Zh => {
                let mut line = what.to_string();
                if let Some(layers) = layers {
                    line += &format!("，{layers}");
                }
                line += &format!("：{value}");
                let mut notes = Vec::new();
                // No blank between Han characters.
                let apart = |limit: &str| if limit.ends_with('点') { "" } else { " " };
                match limit {
                    Some((true, limit, key)) => {
                        notes.push(format!("不超过 {limit}{}即成立，{key}", apart(limit)));
                    }
                    Some((false, limit, key)) => {
                        notes.push(format!("达到 {limit}{}即成立，{key}", apart(limit)));
                    }
                    None => {}
                }
                match &steps {
                    Some((true, a, _)) => notes.push(format!("第 {a} 步")),
                    Some((false, a, b)) => notes.push(format!("第 {a} 至 {b} 步")),
                    None => {}
                }
                if notes.is_empty() { line } else { line + &format!("（{}）", notes.join("；")) }
            }
        }
    }

    /// Why a rule cannot tell.
    pub fn missing(self, missing: &Missing) -> String {
        match self {
            Lang::En => match missing {
                Missing::Layers => "nothing is recorded by layer".into(),
                Missing::Steps => "no training step is recorded".into(),
                Missing::FirstStep => "the first step is not recorded".into(),
                Missing::Signal => "the per-sample backward signal (signal_rms) is not recorded".into(),
                Missing::SampleGradient => "the per-sample weight gradient (grad_rms) is not recorded".into(),
                Missing::Updates => "the updates (update_norm) are not recorded".into(),
                Missing::UpdateParts => {
                    "what gradient and decay each made of the updates (driven_norm, decay_norm) is not recorded".into()
                }
                Missing::Parameters => "the norms of the weights (param_norm) are not recorded".into(),
                Missing::Activations => "the activations are not recorded".into(),
                Missing::Movement => {
                    "the distance from the start (distance_from_init) is not recorded".into()
                }
                Missing::TrainingResult => "neither accuracy nor loss of the training set is recorded".into(),
                Missing::TestResult => "the accuracy on a test set is not recorded".into(),
                Missing::LossScale => {
                    "no accuracy is recorded, and of the loss it is not known how large it is for an answer that ignores the input (classes, ignorant_loss)".into()
                }
                Missing::LossHistory => "the loss is recorded at too few steps to show a trend".into(),
                Missing::Classes => "the number of classes is not recorded, so chance is not known".into(),
                Missing::Optimizer => "the optimiser is not recorded".into(),
                Missing::Loss => "the loss function is not recorded".into(),
                Missing::LossInput => {
                    "whether the loss takes logits or probabilities (loss_input) is not recorded".into()
                }
                Missing::Inputs => "no statistics of the inputs are recorded".into(),
                Missing::CutShort(at, Some(planned)) => {
                    format!(
                        "the record was cut short at step {} of {}",
                        self.count(*at),
                        self.count(*planned)
                    )
                }
                Missing::CutShort(at, None) => {
                    format!("the run has not ended; the record stops at step {}", self.count(*at))
                }
                Missing::Gap { column, last: Some(last) } => {
                    format!("{column} is not recorded after step {}", self.count(*last))
                }
                Missing::Gap { column, last: None } => format!("{column} has gaps where it is needed"),
            },
            Lang::Zh => match missing {
                Missing::Layers => "没有逐层的记录".into(),
                Missing::Steps => "没有记录任何训练步".into(),
                Missing::FirstStep => "没有记录第一步".into(),
                Missing::Signal => "没有记录单个样本的反向信号（signal_rms）".into(),
                Missing::SampleGradient => "没有记录单个样本的权重梯度（grad_rms）".into(),
                Missing::Updates => "没有记录更新量（update_norm）".into(),
                Missing::UpdateParts => "没有分开记录梯度和衰减各自的更新量（driven_norm、decay_norm）".into(),
                Missing::Parameters => "没有记录权重的范数（param_norm）".into(),
                Missing::Activations => "没有记录激活值".into(),
                Missing::Movement => "没有记录离起点的距离（distance_from_init）".into(),
                Missing::TrainingResult => "没有记录训练集的准确率和损失".into(),
                Missing::TestResult => "没有记录测试集的准确率".into(),
                Missing::LossScale => "没有记录准确率，也不知道不看输入的回答的损失有多大（classes、ignorant_loss）".into(),
                Missing::LossHistory => "记录损失的步太少，看不出走势".into(),
                Missing::Classes => "没有记录类别数，因此不知道随机水平".into(),
                Missing::Optimizer => "没有记录优化器".into(),
                Missing::Loss => "没有记录损失函数".into(),
                Missing::LossInput => "没有记录损失函数的输入是 logits 还是概率（loss_input）".into(),
                Missing::Inputs => "没有记录输入的统计量".into(),
                Missing::CutShort(at, Some(planned)) => {
                    format!("记录在第 {} 步中断，计划 {} 步", self.count(*at), self.count(*planned))
                }
                Missing::CutShort(at, None) => format!("训练尚未结束，记录停在第 {} 步", self.count(*at)),
                Missing::Gap { column, last: Some(last) } => {
                    format!("第 {} 步之后没有记录 {column}", self.count(*last))
                }
                Missing::Gap { column, last: None } => format!("{column} 在需要的地方有空缺"),
            },
        }
    }
}

/// A number with so many significant digits.
fn rounded(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        text.replace('\u{a0}', " ")
    }

    /// The number that a reader sees.
    fn seen(text: &str) -> f64 {
        const DIGITS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
        let superscript = |c: char| match DIGITS.chars().position(|digit| digit == c) {
            Some(digit) => digit.to_string(),
            None => "-".into(),
        };
        let number: String = text.chars().filter(|c| !matches!(c, ',' | '\u{a0}' | ' ')).collect();
        let number =
            number.trim_end_matches(['%', 's']).trim_end_matches("point").trim_end_matches("个百分点");
        let (mantissa, power) = match number.strip_prefix("10") {
            Some(power) if power.starts_with(|c| c == '⁻' || DIGITS.contains(c)) => ("1", power),
            _ => number.split_once("×10").unwrap_or((number, "⁰")),
        };
        let power: String = power.chars().map(superscript).collect();
        format!("{mantissa}e{power}").parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn a_limit_has_the_digits_that_a_reader_needs() {
        let of = |measure, value, limit| {
            Lang::En.compared_with(measure, value, limit).map(|text| plain(&text)).join(" / ")
        };
        assert_eq!(of(Measure::SignalRatio, 0.0451, 0.1), "0.045 / 0.1");
        assert_eq!(of(Measure::SignalRatio, 0.0996, 0.1), "0.0996 / 0.1");
        assert_eq!(of(Measure::SignalRatio, 0.100_000_1, 0.1), "0.1000001 / 0.1");
        assert_eq!(of(Measure::RelativeUpdate, 3.2e-4, 5e-4), "3.2 × 10⁻⁴ / 0.0005");
        assert_eq!(of(Measure::SignalRatio, 1234.0, 70.0), "1,200 / 70");
        assert_eq!(of(Measure::DeadShare, 0.4996, 0.5), "49.96 % / 50 %");
        assert_eq!(of(Measure::DeadShare, 1.0, 0.5), "100 % / 50 %");
        assert_eq!(of(Measure::AccuracyGap, 0.1712, 0.130_245), "17 points / 13 points");
        assert_eq!(of(Measure::AccuracyGap, 0.1304, 0.130_245), "13.04 points / 13.02 points");
        assert_eq!(of(Measure::LayerWidth, 5.0, 9.0), "5 / 9");
        assert_eq!(Lang::Zh.compared_with(Measure::AccuracyGap, 0.1712, 0.15)[0], "17 个百分点");
        let line = |limit| {
            Lang::Zh.evidence_line("差距", None, None, "17 个百分点", Some((false, limit, "accuracy_gap")))
        };
        assert_eq!(line("13 个百分点"), "差距：17 个百分点（达到 13 个百分点即成立，accuracy_gap）");
        assert_eq!(line("0.1"), "差距：17 个百分点（达到 0.1 即成立，accuracy_gap）");
    }

    proptest! {
        /// The order of a value and its limit is that of what is written, however near they are.
        #[test]
        fn a_value_and_its_limit_never_contradict_each_other(
            measure in proptest::sample::select(Measure::ALL.to_vec()),
            limit in prop_oneof![1e-6f64..1.0, 1.0f64..1e7, Just(0.1), Just(0.5), Just(10.0), Just(1.0)],
            off in prop_oneof![Just(0.0), -1e-15f64..1e-15, -1e-6f64..1e-6, -1e-2f64..1e-2, -0.9f64..9.0],
        ) {
            let value = limit * (1.0 + off);
            // Counts are whole numbers.
            let is_count = matches!(measure.unit(), Unit::Steps | Unit::Units);
            let [value, limit] = [value, limit].map(|x| if is_count { x.ceil() } else { x });
            for lang in Lang::ALL {
                let [a, b] = lang.compared_with(measure, value, limit);
                let order = |x: f64, y: f64| x.partial_cmp(&y);
                // Neighbouring numbers times 100 may be one number when they are read again; their digits differ.
                let neighbours = ((value - limit) / limit).abs() < 4.0 * f64::EPSILON;
                let alike = neighbours && a != b && seen(&a) == seen(&b);
                prop_assert!(
                    alike || order(seen(&a), seen(&b)) == order(value, limit),
                    "{} {}: {} {}", value, limit, a, b
                );
            }
        }
    }
}
