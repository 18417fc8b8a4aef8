//! Words of what remedies did: their names, the figure, the table.

use super::Lang;
use crate::diagnosis::Treatment;
use crate::diagnosis::cure::Cure;

/// A column of the table of remedies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialColumn {
    Remedy,
    Train,
    Test,
    Signal,
    Seconds,
    Outcome,
    Verdict,
}

/// How many of the remedies that fit leave no fault of the kind; how many only lack steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub cured: usize,
    pub better: usize,
    pub of: usize,
}

impl Lang {
    /// What is tried, in a few words.
    pub fn treatment(self, treatment: Treatment) -> String {
        match self {
            Lang::En => match treatment {
                Treatment::Relu => "ReLU",
                Treatment::LeakyRelu => "leaky ReLU",
                Treatment::Selu => "SELU",
                Treatment::Maxout => "maxout of 2",
                Treatment::Initialisation => "initialisation",
                Treatment::BatchNorm => "batch normalisation",
                Treatment::LayerNorm => "layer normalisation",
                Treatment::Residual => "residual connections",
                Treatment::Adagrad => "Adagrad",
                Treatment::Rmsprop => "RMSprop",
                Treatment::Adam => "Adam",
                Treatment::Layerwise => "layer-wise training",
                Treatment::NormaliseGradients => "normalised gradients",
                Treatment::Momentum => "momentum",
                Treatment::RateTimes10 => "10 times the rate",
                Treatment::RateTimes100 => "100 times the rate",
                Treatment::RateOver10 => "a tenth of the rate",
                Treatment::RateOver100 => "a hundredth of the rate",
                Treatment::RateUpToUsual | Treatment::RateDownToUsual => "the usual rate",
                Treatment::Standardize => "standardised inputs",
                Treatment::CrossEntropy => "cross-entropy",
                Treatment::ClipNorm => "gradients clipped to norm 1",
                Treatment::MoreEpochs => "4 times the epochs",
                Treatment::Wider => "4 times the width",
                Treatment::NoDecay => "no weight decay",
                Treatment::NoDropout => "no dropout",
                Treatment::F64 => "f64",
                Treatment::EarlyStopping => "early stopping",
                Treatment::L2 => "L2",
                Treatment::L1 => "L1",
                Treatment::Dropout => "dropout",
                Treatment::MoreData => "all samples",
            },
            Lang::Zh => match treatment {
                Treatment::Relu => "ReLU",
                Treatment::LeakyRelu => "leaky ReLU",
                Treatment::Selu => "SELU",
                Treatment::Maxout => "maxout（2 段）",
                Treatment::Initialisation => "初始化",
                Treatment::BatchNorm => "批归一化",
                Treatment::LayerNorm => "层归一化",
                Treatment::Residual => "残差连接",
                Treatment::Adagrad => "Adagrad",
                Treatment::Rmsprop => "RMSprop",
                Treatment::Adam => "Adam",
                Treatment::Layerwise => "逐层训练",
                Treatment::NormaliseGradients => "梯度归一化",
                Treatment::Momentum => "动量",
                Treatment::RateTimes10 => "10 倍学习率",
                Treatment::RateTimes100 => "100 倍学习率",
                Treatment::RateOver10 => "1/10 学习率",
                Treatment::RateOver100 => "1/100 学习率",
                Treatment::RateUpToUsual | Treatment::RateDownToUsual => "通常的学习率",
                Treatment::Standardize => "输入标准化",
                Treatment::CrossEntropy => "交叉熵",
                Treatment::ClipNorm => "梯度范数裁剪到 1",
                Treatment::MoreEpochs => "4 倍轮次",
                Treatment::Wider => "4 倍宽度",
                Treatment::NoDecay => "无权重衰减",
                Treatment::NoDropout => "无随机失活",
                Treatment::F64 => "f64",
                Treatment::EarlyStopping => "早停",
                Treatment::L2 => "L2",
                Treatment::L1 => "L1",
                Treatment::Dropout => "随机失活",
                Treatment::MoreData => "全部样本",
            },
        }
        .into()
    }

    /// The row of the run as it was.
    pub fn as_it_was(self) -> String {
        match self {
            Lang::En => "as it was".into(),
            Lang::Zh => "原来的运行".into(),
        }
    }

    pub fn before_lines(self) -> String {
        match self {
            Lang::En => "before".into(),
            Lang::Zh => "原来".into(),
        }
    }

    /// Subtitle; `pairs` where two remedies were tried together, `longer` where a row had more of the budget or the samples.
    pub fn remedy_note(self, pairs: bool, longer: bool) -> String {
        let row = match self {
            Lang::En if pairs => "one remedy or a pair",
            Lang::En => "one remedy",
            Lang::Zh if pairs => "一种对策或一对对策",
            Lang::Zh => "一种对策",
        };
        let more = match self {
            Lang::En if longer => " Where a row has more epochs or more samples, its name says so.",
            Lang::Zh if longer => "轮次或样本更多的行，其名称已注明。",
            Lang::En | Lang::Zh => "",
        };
        match self {
            Lang::En => format!(
                "The same data, seed and budget; each row is {row}. Grey: a remedy that the verdict does not call for, tried as a control.{more}"
            ),
            Lang::Zh => {
                format!(
                    "数据、随机种子和训练预算都相同，每行是{row}。灰色：与诊断不符的对策，仅用于对照。{more}"
                )
            }
        }
    }

    /// How to read the figure, for the text beside it.
    pub fn remedy_reading(self) -> String {
        match self {
            Lang::En => "Each row is the same network with one remedy, or with two where no single one cured it, trained on the same samples in the same order; the full dot is its training accuracy, the ring its test accuracy, the dashed lines those of the run as it was. If the run failed on its training set, look at the full dots first: a network that now trains may overfit, which is the next question of the recipe.".into(),
            Lang::Zh => "每一行是同一个网络采用一种对策（单独一种都无效时采用两种），以相同的样本和顺序训练；实心点是训练准确率，圆圈是测试准确率，虚线是原来的运行。如果问题出在训练集，先看实心点：终于能训练的网络随后可能过拟合，那是下一个问题。".into(),
        }
    }

    /// The best remedy, on the set that matters.
    pub fn best_remedy(self, test: bool, from: f64, to: f64, remedy: &str) -> String {
        let (from, to) = (self.tenths(from), self.tenths(to));
        match self {
            Lang::En => {
                let which = if test { "test" } else { "training" };
                format!("{which} accuracy {from} → {to} with {remedy}")
            }
            Lang::Zh => {
                let which = if test { "测试" } else { "训练" };
                format!("采用{}后{which}准确率 {from} → {to}", apart(remedy, true))
            }
        }
    }

    /// How many remedies cure it, singly and in pairs, as the rows say; and how many only lack steps.
    pub fn cured(self, single: Tally, pairs: Tally) -> String {
        let (cured, better) = (single.cured + pairs.cured, single.better + pairs.better);
        let one = single.of + pairs.of == 1;
        let counts: Vec<String> = [(single, false), (pairs, true)]
            .into_iter()
            .filter(|(tally, _)| tally.of > 0)
            .map(|(Tally { cured, of, .. }, pairs)| match (self, pairs) {
                (Lang::En, false) => format!("{cured} of {of} remedies"),
                (Lang::En, true) => format!("{cured} of {of} pairs"),
                (Lang::Zh, false) => format!("{of} 种对策中有 {cured} 种"),
                (Lang::Zh, true) => format!("{of} 对对策中有 {cured} 对"),
            })
            .collect();
        let count = match self {
            Lang::En if one => if cured == 1 { "it cures it" } else { "it does not cure it" }.into(),
            Lang::En => {
                let verb = if cured == 1 && counts.len() == 1 { "cures" } else { "cure" };
                format!("{} {verb} it", counts.join(" and "))
            }
            Lang::Zh => format!("{}治好了它", counts.join("、")),
        };
        let more = match self {
            _ if better == 0 => return count,
            Lang::En if one => return "it helps, and is not trained long enough".into(),
            Lang::En if better == 1 => "1 is better and not trained long enough".into(),
            Lang::En => format!("{better} are better and not trained long enough"),
            Lang::Zh => format!("另有 {better} 种更好，只是训练时间不够"),
        };
        self.list(&[count, more])
    }

    /// What a remedy came to, in a word or two.
    pub fn cure(self, cure: Cure) -> String {
        match self {
            Lang::En => match cure {
                Cure::Cured => "cured",
                Cure::Better => "better",
                Cure::NotCured => "not cured",
                Cure::NotTrained => "not trained",
            },
            Lang::Zh => match cure {
                Cure::Cured => "已治好",
                Cure::Better => "更好",
                Cure::NotCured => "未治好",
                Cure::NotTrained => "没有训练",
            },
        }
        .into()
    }

    /// A cured network's next question.
    pub fn next_question(self, verdict: &str) -> String {
        match self {
            Lang::En => format!("the next question is {verdict}"),
            Lang::Zh => format!("下一个问题是{verdict}"),
        }
    }

    /// Two treatments at once.
    pub fn together(self, treatments: &[String]) -> String {
        treatments.join(" + ")
    }

    /// How layer-wise training shared the budget.
    pub fn stages(self, earlier: u64, recorded: u64) -> String {
        let [earlier, recorded, all] = [earlier, recorded, earlier + recorded].map(|n| self.count(n));
        match self {
            Lang::En => format!("{earlier} of {all} updates in earlier stages, {recorded} with all layers"),
            Lang::Zh => format!("共 {all} 次更新，逐层 {earlier} 次，全部层一起 {recorded} 次"),
        }
    }

    /// What a remedy that does not fit did to the training accuracy.
    pub fn control_clause(self, remedy: &str, test: bool, to: f64) -> String {
        let to = self.tenths(to);
        match self {
            Lang::En => {
                let which = if test { "test" } else { "training" };
                format!("{remedy}, not advised here: {which} accuracy {to}")
            }
            Lang::Zh => {
                let which = if test { "测试" } else { "训练" };
                format!("{}不适用：{which}准确率 {to}", apart(remedy, false))
            }
        }
    }

    pub fn zeros(self, share: f64) -> String {
        match self {
            Lang::En => format!("{} of the weights are exactly zero", self.percent(share)),
            Lang::Zh => format!("{} 的权重恰为零", self.percent(share)),
        }
    }

    /// A run that was not made.
    pub fn not_tried(self, why: &str) -> String {
        match self {
            Lang::En => format!("not trained: {why}"),
            Lang::Zh => format!("没有训练：{why}"),
        }
    }

    /// Why a remedy of the right branch is grey.
    pub fn grey_not_advised(self, cured: bool) -> String {
        match self {
            Lang::En if cured => "it is not advised for this verdict, but it helps".into(),
            Lang::En => "it is not advised for this verdict".into(),
            Lang::Zh if cured => "这个诊断不建议采用它，但它仍然有效".into(),
            Lang::Zh => "这个诊断不建议采用它".into(),
        }
    }

    pub fn nothing_to_repair(self) -> String {
        match self {
            Lang::En => "nothing had to be repaired".into(),
            Lang::Zh => "没有需要修正的地方".into(),
        }
    }

    /// Why a remedy of the test side does not fit a network that fails on its training set.
    pub fn control_of_test_side(self) -> String {
        match self {
            Lang::En => "it keeps a network from memorising samples, and this one has not learned yet".into(),
            Lang::Zh => "它防止网络死记样本，而这个网络还没有学会".into(),
        }
    }

    /// Why a remedy of the training side does not fit a network that overfits.
    pub fn control_of_training_side(self) -> String {
        match self {
            Lang::En => {
                "it helps a network to train, and this one is already good on its training set".into()
            }
            Lang::Zh => "它帮助网络训练，而这个网络在训练集上已经很好".into(),
        }
    }

    /// An accuracy with a digit behind the point: remedies may differ by less than a per cent.
    pub fn tenths(self, share: f64) -> String {
        // 99.96 % is not all.
        let p = if share < 1.0 { (1000.0 * share).round().min(999.0) / 10.0 } else { 100.0 * share };
        format!("{p:.1}") + self.percent_sign()
    }

    /// `only` and `list` are what a user gives to try chosen remedies and to see all.
    pub fn nothing_to_remedy(self, only: &str, list: &str) -> String {
        match self {
            Lang::En => {
                format!("nothing to remedy; {only} NAMES tries some anyway, and {list} shows their names")
            }
            Lang::Zh => format!("没有需要修正的地方；可以用 {only} 指定对策，{list} 列出全部"),
        }
    }

    // ---- for contrast

    pub fn neighbours(self, k: usize) -> String {
        match self {
            Lang::En if k == 1 => "nearest neighbour".into(),
            Lang::En => format!("{k} nearest neighbours"),
            Lang::Zh => format!("{k} 近邻"),
        }
    }

    pub fn decision_tree(self) -> String {
        match self {
            Lang::En => "decision tree".into(),
            Lang::Zh => "决策树".into(),
        }
    }

    /// Model, training and test accuracy, seconds.
    pub fn baseline_columns(self) -> [String; 4] {
        match self {
            Lang::En => ["model", "training", "test", "seconds"],
            Lang::Zh => ["模型", "训练集", "测试集", "秒"],
        }
        .map(String::from)
    }

    // ---- the table

    pub fn trial_column(self, column: TrialColumn) -> String {
        match self {
            Lang::En => match column {
                TrialColumn::Remedy => "remedy",
                TrialColumn::Train => "training",
                TrialColumn::Test => "test",
                TrialColumn::Signal => "signal",
                TrialColumn::Seconds => "seconds",
                TrialColumn::Outcome => "outcome",
                TrialColumn::Verdict => "verdict, and what was changed",
            },
            Lang::Zh => match column {
                TrialColumn::Remedy => "对策",
                TrialColumn::Train => "训练",
                TrialColumn::Test => "测试",
                TrialColumn::Signal => "信号",
                TrialColumn::Seconds => "秒",
                TrialColumn::Outcome => "结果",
                TrialColumn::Verdict => "诊断与改动",
            },
        }
        .into()
    }

    /// Over the table.
    pub fn trials_head(self, run: &str, verdict: &str, hidden: usize) -> String {
        match self {
            Lang::En => format!(
                "{run}: {verdict}\nThe same data, seed and budget, but where a row says otherwise; one remedy or pair a row with all that it changes; accuracy before → after; signal: that of one sample, layer 1 over layer {hidden}\n"
            ),
            Lang::Zh => format!(
                "{run}：{verdict}\n除行内注明的以外，数据、随机种子和训练预算都相同；每行一种或一对对策，列出全部改动；准确率为改动前 → 改动后；信号：单个样本，第 1 层 / 第 {hidden} 层\n"
            ),
        }
    }

    pub fn fits_heading(self) -> String {
        match self {
            Lang::En => "Fit the verdict".into(),
            Lang::Zh => "与诊断相符".into(),
        }
    }

    pub fn unfit_heading(self) -> String {
        match self {
            Lang::En => "Do not fit, tried as a control".into(),
            Lang::Zh => "与诊断不符，仅作对照".into(),
        }
    }

    pub fn left_out_heading(self) -> String {
        match self {
            Lang::En => "Left out".into(),
            Lang::Zh => "未采用".into(),
        }
    }

    /// `activation sigmoid → relu`; a setting without a value is `-` in the record. What is switched on is
    /// said without what it was before.
    pub fn changed(self, name: &str, from: &str, to: &str) -> String {
        match (self, name, from, to) {
            // Only a remedy that takes more samples sets the updates in place of epochs: to as many as there
            // were.
            (Lang::En, "steps", "-", _) => return format!("as many updates ({to})"),
            (Lang::Zh, "steps", "-", _) => return format!("更新次数不变（{to}）"),
            (Lang::En, "train_size", _, "-") => return format!("all training samples, not {from}"),
            (Lang::Zh, "train_size", _, "-") => return format!("全部训练样本（原来 {from} 个）"),
            (Lang::En, "layerwise", "no", "yes") => return "layer by layer".into(),
            (Lang::Zh, "layerwise", "no", "yes") => return self.setting_name(name),
            (_, "standardize", "no", "yes") => return self.treatment(Treatment::Standardize),
            (_, "residual" | "normalise_gradients", "no", "yes")
            | (_, "early_stopping" | "clip_norm", "-", _)
            | (_, "validation_size", "0", _) => return self.setting(name, to),
            _ => {}
        }
        let [from, to] =
            [from, to].map(|value| if value == "-" { self.not_set(name) } else { value.to_string() });
        match self {
            Lang::En => format!("{} {from} → {to}", name.replace('_', " ")),
            Lang::Zh => format!("{} {from} → {to}", self.setting_name(name)),
        }
    }

    /// Under a diagnosis: the command that tries what is advised.
    pub fn prove_it(self, command: &str) -> String {
        match self {
            Lang::En => format!("Try the remedies at the same seed and budget: {command}"),
            Lang::Zh => format!("以相同的种子和预算试用这些对策：{command}"),
        }
    }
}

/// A name between Han characters: a blank where Latin letters or digits meet them. `inside`: also before it.
fn apart(name: &str, inside: bool) -> String {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let before = if inside && latin(name.chars().next()) { " " } else { "" };
    let after = if latin(name.chars().next_back()) { " " } else { "" };
    format!("{before}{name}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_names_stand_apart_from_han_characters() {
        let title = |tried: Treatment| Lang::Zh.best_remedy(false, 0.5, 1.0, &Lang::Zh.treatment(tried));
        assert!(title(Treatment::Relu).starts_with("采用 ReLU 后训练"), "{}", title(Treatment::Relu));
        assert!(title(Treatment::BatchNorm).starts_with("采用批归一化后训练"));
        assert!(title(Treatment::Maxout).starts_with("采用 maxout（2 段）后训练"));
        assert!(Lang::Zh.control_clause("L2", true, 0.5).starts_with("L2 不适用"));
    }

    #[test]
    fn an_accuracy_below_all_is_never_rounded_up_to_all() {
        let plain = |x: f64| Lang::En.tenths(x).replace('\u{a0}', " ");
        assert_eq!(plain(0.9999), "99.9 %");
        assert_eq!(plain(1.0), "100.0 %");
        assert_eq!(plain(0.19825), "19.8 %");
    }
}
