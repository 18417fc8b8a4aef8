//! Words of axes, rows, curves and legends.

use super::{Lang, Special};

impl Lang {
    pub fn step_axis(self, steps_per_epoch: Option<u64>) -> String {
        match (self, steps_per_epoch) {
            (Lang::En, Some(n)) if n > 1 => format!("step ({} = 1 epoch)", self.count(n)),
            (Lang::En, _) => "step".into(),
        }
    }

    pub fn layer_axis(self) -> String {
        match self {
            Lang::En => "layer".into(),
        }
    }

    pub fn input_side(self) -> String {
        match self {
            Lang::En => "input side".into(),
        }
    }

    pub fn output_side(self) -> String {
        match self {
            Lang::En => "output side".into(),
        }
    }

    /// Row of a heatmap; the output layer says so.
    pub fn layer_row(self, layer: usize, output: bool) -> String {
        match self {
            Lang::En if output => format!("{layer} (output)"),
            Lang::En => layer.to_string(),
        }
    }

    pub fn norm_axis(self) -> String {
        match self {
            Lang::En => "L2 norm".into(),
        }
    }

    pub fn special(self, kind: Special) -> String {
        match self {
            Lang::En => match kind {
                Special::Zero => "exactly zero",
                Special::NotMoved => "not moved at all",
                Special::Underflow => "underflow: not zero, too small to store",
                Special::Lost => "lost to rounding: changes no stored number",
                Special::Nan => "not a number (NaN)",
                Special::Infinite => "infinite",
                Special::Missing => "not recorded",
                Special::NoUnit => "no unit: initial norm is 0",
                Special::NoNorm => "no unit: all parameters are 0",
                Special::NoWay => "no way: it never moved",
            },
        }
        .to_string()
    }

    pub fn loss(self) -> String {
        match self {
            Lang::En => "loss".into(),
        }
    }

    pub fn accuracy(self) -> String {
        match self {
            Lang::En => "accuracy".into(),
        }
    }

    pub fn batch_series(self) -> String {
        match self {
            Lang::En => "batch".into(),
        }
    }

    pub fn train_series(self) -> String {
        match self {
            Lang::En => "training".into(),
        }
    }

    pub fn test_series(self) -> String {
        match self {
            Lang::En => "test".into(),
        }
    }

    pub fn chance_mark(self, chance: f64) -> String {
        match self {
            Lang::En => format!("chance {}", self.percent(chance)),
        }
    }

    pub fn step_series(self, step: u64) -> String {
        match self {
            Lang::En => format!("step {}", self.count(step)),
        }
    }

    pub fn driven_panel(self) -> String {
        match self {
            Lang::En => "driven by the gradient".into(),
        }
    }

    pub fn decay_panel(self) -> String {
        match self {
            Lang::En => "made by weight decay".into(),
        }
    }

    pub fn total_movement_axis(self) -> String {
        match self {
            Lang::En => "way / initial norm".into(),
        }
    }

    /// On the rows of layers that ended less than `limit` from their start.
    pub fn still_random_rows(self, limit: f64) -> String {
        match self {
            Lang::En => format!("still random: moved less than {}", self.mark(limit)),
        }
    }

    /// At the two sides of that limit.
    pub fn still_random_side(self, limit: f64) -> String {
        match self {
            Lang::En => format!("still random < {}", self.mark(limit)),
        }
    }

    pub fn moved_side(self) -> String {
        match self {
            Lang::En => "moved".into(),
        }
    }

    /// A length that is zero.
    pub fn no_way(self) -> String {
        match self {
            Lang::En => "none".into(),
        }
    }

    /// A number that is not there, where there is no room for the reason.
    pub fn unknown(self) -> String {
        match self {
            Lang::En => "–".into(),
        }
    }

    pub fn share_axis(self) -> String {
        match self {
            Lang::En => "share".into(),
        }
    }
}
