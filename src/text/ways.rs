//! What titles say of how far layers moved.

use super::findings::Moment;
use super::{Lang, Special};

/// What pulls weights toward 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    Weights,
    L1,
    Both,
}

impl Lang {
    /// Decay changes a layer more than the gradient does, as log10 of the factor.
    pub fn decay_dominates_clause(self, by: Decay, layer: usize, log10: f64, moment: Moment) -> String {
        let (name, factor, when) = (self.decay_name(by), self.power(log10), self.moment(moment));
        match self {
            Lang::En => {
                format!("{name} changes layer {layer} {factor} times as much as its gradient does{when}")
            }
            Lang::Zh => format!("{name}对第 {layer} 层的改变是其梯度的 {factor} 倍{when}"),
        }
    }

    /// What makes the decay part of an update.
    pub fn decay_name(self, by: Decay) -> &'static str {
        match (self, by) {
            (Lang::En, Decay::Weights) => "weight decay",
            (Lang::En, Decay::L1) => "L1",
            (Lang::En, Decay::Both) => "weight decay with L1",
            (Lang::Zh, Decay::Weights) => "权重衰减",
            (Lang::Zh, Decay::L1) => "L1 ",
            (Lang::Zh, Decay::Both) => "权重衰减与 L1 ",
        }
    }

    /// First and last layer's movement (shares of the initial norm); `of_weights` where biases are measured by
    /// the norm of their layer's weights.
    pub fn moved_clause(self, first: (usize, f64), last: (usize, f64), of_weights: bool) -> String {
        let b = self.percent(last.1);
        match self {
            Lang::En => {
                format!("{}, layer {} by {b}", self.one_moved_clause(first.0, first.1, of_weights), last.0)
            }
            Lang::Zh => {
                format!("{}，第 {} 层移动了 {b}", self.one_moved_clause(first.0, first.1, of_weights), last.0)
            }
        }
    }

    pub fn one_moved_clause(self, layer: usize, share: f64, of_weights: bool) -> String {
        let share = self.percent(share);
        match self {
            Lang::En if of_weights => {
                format!("layer {layer} moved by {share} of the initial norm of its weights")
            }
            Lang::En => format!("layer {layer} moved by {share} of its initial norm"),
            Lang::Zh if of_weights => format!("第 {layer} 层移动了其权重初始范数的 {share}"),
            Lang::Zh => format!("第 {layer} 层移动了其初始范数的 {share}"),
        }
    }

    /// A movement that is no number; layers from 1.
    pub fn no_movement_clause(self, layers: &[usize], why: Special) -> String {
        let (which, many) = self.layers(layers);
        let (are, have) = if many { ("are", "have") } else { ("is", "has") };
        match (self, why) {
            (Lang::En, Special::NotMoved) => format!("{which} {have} not moved at all"),
            (Lang::En, Special::NoUnit) => {
                format!(
                    "the movement of {which} has no unit: {} initial norm is 0 or unknown",
                    if many { "their" } else { "its" }
                )
            }
            (Lang::En, Special::Nan | Special::Infinite) => format!("{which} {are} not finite in the end"),
            (Lang::En, Special::Underflow) => format!("{which} moved too little to be stored"),
            (Lang::En, _) => format!("the movement of {which} was not recorded"),
            (Lang::Zh, Special::NotMoved) => format!("{which}完全没有移动"),
            (Lang::Zh, Special::NoUnit) => format!("{which}的移动量没有单位：初始范数为 0 或未知"),
            (Lang::Zh, Special::Nan | Special::Infinite) => format!("{which}最后不是有限值"),
            (Lang::Zh, Special::Underflow) => format!("{which}的移动小到无法存储"),
            (Lang::Zh, _) => format!("{which}的移动量没有记录"),
        }
    }

    pub fn decay_only_clause(self, by: Decay, layers: &[usize]) -> String {
        let ((which, _), name) = (self.layers(layers), self.decay_name(by));
        match self {
            Lang::En => format!("{which} went no farther than {name} alone carries"),
            Lang::Zh => format!("{which}没有走得比单凭{name}更远"),
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
            Lang::Zh if layers == 2 => "两层都已离开随机初始值".into(),
            Lang::Zh => format!("全部 {layers} 层都已离开随机初始值"),
        }
    }

    /// By which snapshot layers had half of their way behind them: the first of them and the last.
    pub fn half_way_clause(self, moved: &[usize], first: (usize, u64), last: (usize, u64)) -> String {
        let (which, _) = self.layers(moved);
        let [a, b] = [first.1, last.1].map(|s| self.count(s));
        match self {
            Lang::En if first.0 != last.0 && first.1 == last.1 => {
                format!("{which} were half-way by step {a}")
            }
            Lang::En if first.0 == last.0 => format!("layer {} was half-way by step {a}", first.0),
            Lang::En => format!("half-way by step {a} (layer {}) to {b} (layer {})", first.0, last.0),
            Lang::Zh if first.0 != last.0 && first.1 == last.1 => {
                format!("{which}到第 {a} 步时已走完一半路程")
            }
            Lang::Zh if first.0 == last.0 => format!("第 {} 层到第 {a} 步时已走完一半路程", first.0),
            Lang::Zh => {
                format!("走完一半路程：第 {a} 步（第 {} 层）到第 {b} 步（第 {} 层）", first.0, last.0)
            }
        }
    }
}
