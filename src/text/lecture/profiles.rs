//! Words of the profiles of several runs.

use super::super::{Lang, Quantity};
use super::ALIKE;

/// Titles name so many runs one by one.
const FEW: usize = 3;

impl Lang {
    pub fn first_step_title(self) -> String {
        match self {
            Lang::En => "first step".into(),
            Lang::Zh => "第一步".into(),
        }
    }

    pub fn last_step_panel(self) -> String {
        match self {
            Lang::En => "last step".into(),
            Lang::Zh => "最后一步".into(),
        }
    }

    /// The steps that are called the last ones.
    pub fn last_steps_note(self, steps: &[u64]) -> String {
        match (self, steps) {
            (_, []) => String::new(),
            (Lang::En, [one]) => format!("The last step is {}.", self.count(*one)),
            (Lang::En, [first, .., last]) => {
                format!("The last steps are {} to {}.", self.count(*first), self.count(*last))
            }
            (Lang::Zh, [one]) => format!("最后一步是第 {} 步。", self.count(*one)),
            (Lang::Zh, [first, .., last]) => {
                format!("最后一步为第 {} 到 {} 步。", self.count(*first), self.count(*last))
            }
        }
    }

    /// Layer 1 over the last hidden layer as log10, `None` where one of the two is no number above zero; of few
    /// runs each, else the least and the greatest.
    pub fn first_step_ratios(self, q: Quantity, all: &[(&str, Option<f64>)]) -> String {
        let finite: Vec<(&str, f64)> = all.iter().filter_map(|(name, x)| Some((*name, (*x)?))).collect();
        let few = all.len() <= FEW;
        let said: Vec<(&str, f64)> = if few {
            finite
        } else {
            let least = finite.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
            let most = finite.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
            let ends: Vec<_> = least.into_iter().chain(most).collect();
            if ends.first() == ends.last() { ends.into_iter().take(1).collect() } else { ends }
        };
        let alike = |x: &&(&str, f64)| x.1.abs() <= ALIKE.log10();
        let telling: Vec<(&str, f64)> = said.iter().filter(|x| !alike(x)).copied().collect();
        let names =
            |all: Vec<&str>| self.enumeration(&all.iter().map(|n| (*n).to_string()).collect::<Vec<_>>());
        let same = names(said.iter().filter(alike).map(|x| x.0).collect());
        let lost = names(all.iter().filter(|x| x.1.is_none()).map(|x| x.0).collect());
        self.ratios_said(q, &telling, few, &same, &lost)
    }

    fn ratios_said(self, q: Quantity, telling: &[(&str, f64)], few: bool, same: &str, lost: &str) -> String {
        let noun = self.noun(q);
        let one = |(name, x): &(&str, f64)| match self {
            Lang::En => format!("{} ({name})", self.compared(*x)),
            Lang::Zh => format!("{}（{name}）", self.compared(*x)),
        };
        let each: Vec<String> = telling.iter().map(one).collect();
        let factors = match (self, few) {
            (_, true) => self.enumeration(&each),
            (Lang::En, false) => each.join(" to "),
            (Lang::Zh, false) => each.join(" 到 "),
        };
        let is = match self {
            Lang::En if few || telling.len() < 2 => "is",
            Lang::En => "is from",
            Lang::Zh => "是",
        };
        let mut clauses = Vec::new();
        match (self, each.is_empty()) {
            (_, true) => {}
            (Lang::En, false) => {
                clauses.push(format!("layer 1's {noun} {is} {factors} than the last hidden layer's"));
            }
            (Lang::Zh, false) => clauses.push(format!("第 1 层的{noun}{is}最后一个隐藏层的 {factors}")),
        }
        if !same.is_empty() {
            clauses.push(match self {
                Lang::En => {
                    format!("layer 1's {noun} is about as large as the last hidden layer's in {same}")
                }
                Lang::Zh => format!("{same}：第 1 层的{noun}与最后一个隐藏层的大致相等"),
            });
        }
        if !lost.is_empty() {
            clauses.push(match self {
                Lang::En => format!("in {lost} one of the two is zero or not finite"),
                Lang::Zh => format!("{lost}：两者之一为零或非有限值"),
            });
        }
        match self {
            _ if clauses.is_empty() => String::new(),
            Lang::En => format!("At the first step {}", self.clauses(&clauses)),
            Lang::Zh => format!("第一步时，{}", self.clauses(&clauses)),
        }
    }

    /// Empty where none did.
    pub fn these_diverged(self, names: &[String]) -> String {
        let which = self.enumeration(names);
        match self {
            _ if names.is_empty() => String::new(),
            Lang::En => format!("{which} diverged"),
            Lang::Zh => format!("{which} 发散"),
        }
    }
}
