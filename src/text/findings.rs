//! What figures of gradients and updates found: the clauses of their titles.
//!
//! A clause says which layers, which moment, and whether a number is a median. "At most" and "up to" stand
//! only before what no drawn number exceeds.

use super::{Lang, Quantity, Special};

/// The steps that a number of a title is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Median over all recorded steps.
    Median,
    /// The same, where there is little room.
    Brief,
    /// The first step, of so many seeds.
    FirstOf(usize),
    /// The clause before says it.
    Told,
    /// One step was recorded.
    Only,
}

impl Lang {
    // ---- parts of clauses

    /// `2,600 times smaller`; the factor is given as its log10, negative for smaller.
    pub(super) fn compared(self, log10: f64) -> String {
        let factor = self.power(log10.abs());
        match self {
            Lang::En if self.is_level(log10) => "about as large".into(),
            Lang::En if log10 < 0.0 => format!("{factor} times smaller"),
            Lang::En => format!("{factor} times larger"),
            Lang::Zh => self.fraction(log10),
        }
    }

    /// English: `2,600 times smaller than layer 8's`.
    pub(super) fn than(self, log10: f64, whose: &str) -> String {
        let word = if self.is_level(log10) { "as" } else { "than" };
        format!("{} {word} {whose}", self.compared(log10))
    }

    /// Chinese: `是第 8 层的 1/2,600`. "N times smaller" is said as the fraction that it is.
    pub(super) fn beside(self, whose: &str, log10: f64) -> String {
        match self.is_level(log10) {
            true => format!("与{whose}相近"),
            false => format!("是{whose}的 {}", self.fraction(log10)),
        }
    }

    /// Chinese, where what it is compared with was said before: `是 1/2,600`.
    fn is_fraction(self, log10: f64) -> String {
        if self.is_level(log10) { "与之相近".into() } else { format!("是 {}", self.fraction(log10)) }
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

    /// A factor that would be written as 1.0.
    pub(crate) fn is_level(self, log10: f64) -> bool {
        self.power(log10.abs()) == self.power(0.0)
    }

    /// Behind a clause.
    pub fn moment(self, moment: Moment) -> String {
        match (self, moment) {
            (_, Moment::Told) => "",
            (Lang::En, Moment::Brief) => " (median)",
            (Lang::Zh, Moment::Brief) => "（中位数）",
            (Lang::En, Moment::FirstOf(seeds)) if seeds > 1 => {
                return format!(" at the first step (median of {seeds} seeds)");
            }
            (Lang::Zh, Moment::FirstOf(seeds)) if seeds > 1 => {
                return format!("（第一步，{seeds} 个随机种子的中位数）");
            }
            (Lang::En, Moment::Median) => " (median of the steps)",
            (Lang::En, Moment::Only) => " at the only recorded step",
            (Lang::En, Moment::FirstOf(_)) => " at the first step",
            (Lang::Zh, Moment::Median) => "（各步的中位数）",
            (Lang::Zh, Moment::Only) => "（仅记录了一步）",
            (Lang::Zh, Moment::FirstOf(_)) => "（第一步）",
        }
        .into()
    }

    /// In how many of the recorded steps something holds of each of some layers: the least and the most.
    fn in_steps(self, [least, most]: [usize; 2], of: usize) -> String {
        let [least_, of_] = [least, of].map(|n| self.count(n as u64));
        match self {
            Lang::En if of == 1 => "at the only recorded step".into(),
            Lang::En if least == of => "at every recorded step".into(),
            Lang::En if least == most => format!("at {least_} of {of_} recorded steps"),
            Lang::En => format!("at {least_} or more of {of_} recorded steps"),
            Lang::Zh if of == 1 => "在仅有的一个记录步".into(),
            Lang::Zh if least == of => "在每个记录步".into(),
            Lang::Zh if least == most => format!("在 {of_} 个记录步中的 {least_} 步"),
            Lang::Zh => format!("在 {of_} 个记录步中的至少 {least_} 步"),
        }
    }

    // ---- layer 1 against the last hidden layer

    /// As log10 of the ratio.
    pub fn ratio_clause(self, q: Quantity, last_hidden: usize, log10: f64, moment: Moment) -> String {
        let noun = self.noun(q);
        match self {
            Lang::En => {
                let than = self.than(log10, &format!("layer {last_hidden}'s"));
                format!("layer 1's {noun} is {than}{}", self.moment(moment))
            }
            Lang::Zh => {
                let beside = self.beside(&format!("第 {last_hidden} 层"), log10);
                format!("第 1 层的{noun}{beside}{}", self.moment(moment))
            }
        }
    }

    /// The ratio in the first and in the last `rows` recorded steps, when they differ much.
    pub fn changing_ratio_clause(
        self,
        q: Quantity,
        last_hidden: usize,
        [first, last]: [f64; 2],
        rows: usize,
    ) -> String {
        let (noun, count) = (self.noun(q), self.count(rows as u64));
        match self {
            Lang::En => {
                let than = self.than(first, &format!("layer {last_hidden}'s"));
                let last = self.compared(last);
                match rows {
                    1 => format!("layer 1's {noun} is {than} at the first recorded step, {last} at the last"),
                    _ => format!(
                        "layer 1's {noun} is {than} in the first {count} recorded steps, {last} in the last {count} (medians)"
                    ),
                }
            }
            Lang::Zh => {
                let beside = self.beside(&format!("第 {last_hidden} 层"), first);
                let last = self.is_fraction(last);
                match rows {
                    1 => format!("第 1 层的{noun}在最初的记录步{beside}，在最后的记录步{last}"),
                    _ => format!(
                        "第 1 层的{noun}在最初 {count} 个记录步{beside}，在最后 {count} 个记录步{last}（中位数）"
                    ),
                }
            }
        }
    }

    /// At one or two steps, each with log10 of the ratio.
    pub fn profile_clause(self, q: Quantity, last_hidden: usize, at: &[(u64, f64)]) -> String {
        let noun = self.noun(q);
        let told = |log10: f64| (self.compared(log10), self.per_layer(log10, last_hidden));
        let steps: Vec<String> = at.iter().map(|(step, _)| self.count(*step)).collect();
        let Some(&(_, first)) = at.first() else { return String::new() };
        let alike =
            at.iter().all(|(_, log10)| told(*log10) == told(first) && log10.signum() == first.signum());
        let per_layer = self.per_layer(first, last_hidden);
        match self {
            Lang::En => {
                let clause =
                    format!("layer 1's {noun} is {}", self.than(first, &format!("layer {last_hidden}'s")));
                match at {
                    [_, _] if alike => format!("{clause} at steps {} and {}{per_layer}", steps[0], steps[1]),
                    [_, (_, last)] => {
                        let (last, per) = told(*last);
                        format!("{clause} at step {}{per_layer}, {last} at step {}{per}", steps[0], steps[1])
                    }
                    _ => format!("{clause} at step {}{per_layer}", steps[0]),
                }
            }
            Lang::Zh => {
                let beside = self.beside(&format!("第 {last_hidden} 层"), first);
                match at {
                    [_, _] if alike => {
                        format!("第 {} 步和第 {} 步第 1 层的{noun}{beside}{per_layer}", steps[0], steps[1])
                    }
                    [_, (_, last)] => {
                        let per = self.per_layer(*last, last_hidden);
                        let is = self.is_fraction(*last);
                        format!(
                            "第 {} 步第 1 层的{noun}{beside}{per_layer}，第 {} 步{is}{per}",
                            steps[0], steps[1]
                        )
                    }
                    _ => format!("第 {} 步第 1 层的{noun}{beside}{per_layer}", steps[0]),
                }
            }
        }
    }

    /// The factor of one layer, on average; empty where there is nothing to divide or the factor is next to 1.
    fn per_layer(self, log10: f64, last_hidden: usize) -> String {
        let one = log10.abs() / (last_hidden.max(2) - 1) as f64;
        if last_hidden < 3 || self.is_level(one) {
            return String::new();
        }
        match self {
            Lang::En => format!(" ({} times per layer)", self.power(one)),
            Lang::Zh => format!("（平均每层 {}）", self.fraction(one * log10.signum())),
        }
    }

    // ---- all hidden layers

    /// How many times the largest of the hidden layers is the smallest, as log10.
    pub fn spread_clause(self, q: Quantity, log10: f64, moment: Moment) -> String {
        let when = self.moment(moment);
        match self {
            Lang::En if self.is_level(log10) => {
                format!("the {} of the hidden layers are about equal{when}", self.nouns(q))
            }
            Lang::En => format!(
                "the {} of the hidden layers differ by a factor of {}{when}",
                self.nouns(q),
                self.power(log10)
            ),
            Lang::Zh if self.is_level(log10) => format!("各隐藏层的{}几乎相等{when}", self.noun(q)),
            Lang::Zh => format!("各隐藏层的{}相差 {} 倍{when}", self.noun(q), self.power(log10)),
        }
    }

    /// The drawn batch mean is even, but the per-sample signal is not.
    pub fn hidden_change_clause(
        self,
        q: Quantity,
        last_hidden: usize,
        spread: f64,
        signal: f64,
        moment: Moment,
    ) -> String {
        let factor = self.power(spread);
        let even = match self {
            Lang::En if self.is_level(spread) => "equal".to_string(),
            Lang::En => format!("even (a factor of {factor})"),
            Lang::Zh if self.is_level(spread) => "相等".to_string(),
            Lang::Zh => format!("均匀（相差 {factor} 倍）"),
        };
        let (of, noun) = (self.nouns(q), self.noun(Quantity::Signal));
        let when = match (self, moment) {
            (Lang::En, Moment::Median) => " (medians of the steps)".to_string(),
            _ => self.moment(moment),
        };
        match self {
            Lang::En => {
                let than = self.than(signal, &format!("layer {last_hidden}'s"));
                format!("the {of} look {even}, but layer 1's {noun} is {than}{when}")
            }
            Lang::Zh => {
                let beside = self.beside(&format!("第 {last_hidden} 层"), signal);
                format!("{of}看似{even}，但第 1 层的{noun}{beside}{when}")
            }
        }
    }

    /// The largest of all layers at the first recorded step, and at a later one.
    pub fn growth_clause(self, q: Quantity, first: (u64, f64), last: (u64, f64)) -> String {
        let noun = self.noun(q);
        let [a, b] = [first.1, last.1].map(|log10| self.power(log10));
        let [s, t] = [first.0, last.0].map(|step| self.count(step));
        let grew = last.1 > first.1 + 1.0;
        match self {
            Lang::En if grew => {
                format!("the largest {noun} of a layer grew from {a} at step {s} to {b} at step {t}")
            }
            Lang::En => format!("the largest {noun} of a layer was {a} at step {s} and {b} at step {t}"),
            Lang::Zh if grew => format!("各层{noun}的最大值从第 {s} 步的 {a} 增大到第 {t} 步的 {b}"),
            Lang::Zh => format!("各层{noun}的最大值在第 {s} 步为 {a}，在第 {t} 步为 {b}"),
        }
    }

    /// Of the recorded steps one alone has a finite number.
    pub fn only_finite_clause(self, q: Quantity, (step, log10): (u64, f64)) -> String {
        let (noun, x, step) = (self.noun(q), self.power(log10), self.count(step));
        match self {
            Lang::En => {
                format!("the largest {noun} of a layer was {x} at step {step} and not finite afterwards")
            }
            Lang::Zh => format!("各层{noun}的最大值在第 {step} 步为 {x}，此后不是有限值"),
        }
    }

    // ---- what is no number

    /// Layers that have no finite value in at least half of the steps: in how many steps at least and at most,
    /// of how many.
    pub fn special_clause(
        self,
        q: Quantity,
        layers: &[usize],
        kind: Special,
        steps: [usize; 2],
        of: usize,
    ) -> String {
        self.mostly(q, layers, kind, &self.in_steps(steps, of))
    }

    /// The same of one moment.
    pub fn special_at_clause(self, q: Quantity, layers: &[usize], kind: Special, moment: Moment) -> String {
        match self {
            Lang::En => self.mostly(q, layers, kind, self.moment(moment).trim_start()).trim_end().to_string(),
            Lang::Zh => self.mostly(q, layers, kind, "") + &self.moment(moment),
        }
    }

    fn mostly(self, q: Quantity, layers: &[usize], kind: Special, when: &str) -> String {
        let (which, many) = self.layers(layers);
        match self {
            Lang::En => {
                let what = match kind {
                    Special::Zero | Special::NotMoved | Special::NoGradient | Special::NothingThere => {
                        "exactly zero"
                    }
                    Special::Underflow => "too small to be stored",
                    Special::Lost => "lost to rounding",
                    Special::Nan => "not a number",
                    Special::Infinite => "infinite",
                    Special::NoNorm => "without a unit",
                    Special::Missing | Special::NoUnit | Special::NoWay => "not recorded",
                };
                match many {
                    true => format!("the {} of {which} are {what} {when}", self.nouns(q)),
                    false => format!("{which}'s {} is {what} {when}", self.noun(q)),
                }
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
                    Special::NoNorm => "没有单位",
                    Special::Missing | Special::NoUnit | Special::NoWay => "没有记录",
                };
                format!("{which}的{}{when}{what}", self.noun(q))
            }
        }
    }

    /// There are not two hidden layers to compare: layer 1 at its first and at its last finite step.
    pub fn size_clause(self, q: Quantity, first: f64, last: f64, moment: Moment) -> String {
        let [a, b] = [first, last].map(|x| self.power(x));
        let noun = self.noun(q);
        match self {
            Lang::En if moment != Moment::Median => format!("layer 1's {noun} is {a}{}", self.moment(moment)),
            Lang::En if a == b => format!("layer 1's {noun} is {a} at first and at the end"),
            Lang::En => format!("layer 1's {noun} goes from {a} at first to {b} at the end"),
            Lang::Zh if moment != Moment::Median => format!("第 1 层的{noun}为 {a}{}", self.moment(moment)),
            Lang::Zh if a == b => format!("第 1 层的{noun}起初和最后都为 {a}"),
            Lang::Zh => format!("第 1 层的{noun}从起初的 {a} 变为最后的 {b}"),
        }
    }

    // ---- updates

    /// Updates of the gradient: even although the gradients are not.
    pub fn masked_clause(
        self,
        q: Quantity,
        update_spread: f64,
        gradient: f64,
        of: Quantity,
        moment: Moment,
    ) -> String {
        let spread = self.spread_clause(q, update_spread, moment);
        let noun = self.noun(of);
        match self {
            Lang::En => {
                let than = self.than(gradient, "the last hidden layer's");
                format!("{spread}, although layer 1's {noun} is {than}")
            }
            Lang::Zh => format!("{spread}，而第 1 层的{noun}{}", self.beside("最后一个隐藏层", gradient)),
        }
    }
}
