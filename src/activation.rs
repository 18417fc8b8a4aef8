//! Activation functions phi: value, slope phi', range and names. Nothing here knows what a network is.
//!
//! A hidden unit computes `x = phi(h)` from its pre-activation h, and the backward pass multiplies by
//! `phi'(h)`. The slope is given in a form that is right *relatively* where the unit saturates: the textbook
//! `sigma (1 - sigma)` and `1 - tanh^2` fall to exactly zero in f32 from |h| = 17 and 9 on, and would show a
//! vanishing gradient that is not there. Used instead: `sigma(h) sigma(-h)` and `sech^2 h`.
//!
//! These are the plain definitions, in f64. The vectorised forms that a training step uses are in `nn` and
//! are tested against these.
//!
//! To add an activation: a variant, its name in [`Activation::ALL`], and the arms that the compiler then asks
//! for.

use std::f64::consts::FRAC_1_SQRT_2;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::NameError;

/// The function that follows a layer. Definitions are PyTorch's; `softplus` has no linear shortcut above 20
/// (a difference of less than 3e-9), `gelu` is the exact one (erf).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Activation {
    /// 1 / (1 + e^-h)
    Sigmoid,
    Tanh,
    /// max(0, h); slope 0 at 0.
    Relu,
    /// h for h > 0, else 0.01 h.
    LeakyRelu,
    /// h for h > 0, else e^h - 1.
    Elu,
    /// Klambauer et al. 2017.
    Selu,
    /// h Phi(h), Phi being the distribution function of N(0, 1).
    Gelu,
    /// h sigma(h)
    Silu,
    /// ln(1 + e^h)
    Softplus,
    /// h / (1 + |h|)
    Softsign,
    /// h / 6 + 1/2, cut at 0 and 1.
    HardSigmoid,
    Identity,
    /// `maxout:K`, the largest of K linear pieces (Goodfellow et al. 2013). A layer of W units has the weight
    /// `[K W, fan_in]`; row `k W + j` is piece k of unit j. The gradient goes to the piece that was the
    /// maximum alone, of equal ones to the first.
    Maxout(usize),
}

/// Most pieces of a maxout unit.
const MOST_PIECES: usize = 256;

/// The constants of SELU (Klambauer et al. 2017).
pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_3;
pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// Slope of leaky ReLU below 0.
pub const LEAK: f64 = 0.01;

/// Density of N(0, 1) at 0: 1 / sqrt(2 pi).
pub const NORMAL_DENSITY: f64 = 0.398_942_280_401_432_7;

/// A slope under this share of the function's largest one counts as saturated: 1 - 0.97^2, which for tanh is
/// Karpathy's
/// |tanh h| > 0.97 (makemore, part 3) and for the sigmoid the same place, an output outside [0.015, 0.985].
pub const SATURATION: f64 = 0.0591;

/// Spellings of other programs (classes of PyTorch, functions of Keras and JAX), as `folded` writes them,
/// where they differ from our own name.
const ALIASES: [(&str, Activation); 4] = [
    ("logistic", Activation::Sigmoid),
    ("lrelu", Activation::LeakyRelu),
    ("swish", Activation::Silu),
    ("linear", Activation::Identity),
];

impl Activation {
    /// Those without a parameter. [`Activation::Maxout`] has one, and stands beside them in
    /// [`Activation::NAMES`].
    pub const ALL: [(Activation, &'static str); 12] = [
        (Activation::Sigmoid, "sigmoid"),
        (Activation::Tanh, "tanh"),
        (Activation::Relu, "relu"),
        (Activation::LeakyRelu, "leaky-relu"),
        (Activation::Elu, "elu"),
        (Activation::Selu, "selu"),
        (Activation::Gelu, "gelu"),
        (Activation::Silu, "silu"),
        (Activation::Softplus, "softplus"),
        (Activation::Softsign, "softsign"),
        (Activation::HardSigmoid, "hard-sigmoid"),
        (Activation::Identity, "identity"),
    ];

    /// All names, as messages and help list them.
    pub const NAMES: [&'static str; 13] = {
        let mut names = ["maxout:K"; 13];
        let mut i = 0;
        while i < Activation::ALL.len() {
            names[i] = Activation::ALL[i].1;
            i += 1;
        }
        names
    };

    /// Pre-activations of each unit: K for maxout, else 1.
    pub fn pieces(self) -> usize {
        match self {
            Activation::Maxout(pieces) => pieces,
            _ => 1,
        }
    }

    /// phi(h). Of maxout: the value of a unit all of whose pieces are h.
    pub fn value(self, h: f64) -> f64 {
        match self {
            Activation::Sigmoid => sigmoid(h),
            Activation::Tanh => h.tanh(),
            // Not `max`, which would turn a NaN into a healthy zero.
            Activation::Relu => {
                if h < 0.0 {
                    0.0
                } else {
                    h
                }
            }
            Activation::LeakyRelu => {
                if h > 0.0 {
                    h
                } else {
                    LEAK * h
                }
            }
            Activation::Elu => {
                if h > 0.0 {
                    h
                } else {
                    h.exp_m1()
                }
            }
            Activation::Selu => SELU_SCALE * if h > 0.0 { h } else { SELU_ALPHA * h.exp_m1() },
            Activation::Gelu => h * normal_cdf(h),
            Activation::Silu => h * sigmoid(h),
            Activation::Softplus => {
                if h.is_nan() {
                    h
                } else {
                    h.max(0.0) + (-h.abs()).exp().ln_1p()
                }
            }
            Activation::Softsign => h / (1.0 + h.abs()),
            Activation::HardSigmoid => (h + 3.0).clamp(0.0, 6.0) / 6.0,
            Activation::Identity | Activation::Maxout(_) => h,
        }
    }

    /// phi'(h), right relatively where the function is flat. At a kink: the slope on its left side.
    pub fn slope(self, h: f64) -> f64 {
        match self {
            Activation::Sigmoid => sigmoid(h) * sigmoid(-h),
            Activation::Tanh => {
                let e = (-2.0 * h.abs()).exp();
                4.0 * e / ((1.0 + e) * (1.0 + e))
            }
            Activation::Relu => {
                if h > 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Activation::LeakyRelu => {
                if h > 0.0 {
                    1.0
                } else {
                    LEAK
                }
            }
            Activation::Elu => {
                if h > 0.0 {
                    1.0
                } else {
                    h.exp()
                }
            }
            Activation::Selu => SELU_SCALE * if h > 0.0 { 1.0 } else { SELU_ALPHA * h.exp() },
            Activation::Gelu => normal_cdf(h) + h * NORMAL_DENSITY * (-0.5 * h * h).exp(),
            Activation::Silu => sigmoid(h) * (1.0 + h * sigmoid(-h)),
            Activation::Softplus => sigmoid(h),
            Activation::Softsign => 1.0 / ((1.0 + h.abs()) * (1.0 + h.abs())),
            Activation::HardSigmoid => {
                if h > -3.0 && h < 3.0 {
                    1.0 / 6.0
                } else {
                    0.0
                }
            }
            Activation::Identity | Activation::Maxout(_) => 1.0,
        }
    }

    /// The largest slope that the function has anywhere.
    pub fn largest_slope(self) -> f64 {
        match self {
            Activation::Sigmoid => 0.25,
            Activation::HardSigmoid => 1.0 / 6.0,
            Activation::Selu => SELU_SCALE * SELU_ALPHA,
            // At h = sqrt(2): Phi(h) + h phi(h).
            Activation::Gelu => 1.128_904_145,
            // At h = 2.399357.
            Activation::Silu => 1.099_839_320,
            Activation::Tanh
            | Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Softplus
            | Activation::Softsign
            | Activation::Identity
            // Of the piece that is the maximum.
            | Activation::Maxout(_) => 1.0,
        }
    }

    /// Root mean square of the slopes just left and right of 0: what a backward signal is multiplied by in a
    /// layer whose pre-activations are small and symmetric. 1/4 for the sigmoid, sqrt(1/2) for ReLU, 1 for
    /// tanh.
    pub fn slope_near_zero(self) -> f64 {
        let (left, right) = (self.slope(-f64::MIN_POSITIVE), self.slope(f64::MIN_POSITIVE));
        (0.5 * (left * left + right * right)).sqrt()
    }

    /// Infimum and supremum of phi.
    pub fn range(self) -> (f64, f64) {
        let above = |lowest: f64| (lowest, f64::INFINITY);
        match self {
            Activation::Sigmoid | Activation::HardSigmoid => (0.0, 1.0),
            Activation::Tanh | Activation::Softsign => (-1.0, 1.0),
            Activation::Relu | Activation::Softplus => above(0.0),
            Activation::Elu => above(-1.0),
            Activation::Selu => above(-SELU_SCALE * SELU_ALPHA),
            // At h = -0.751792.
            Activation::Gelu => above(-0.169_971_207_479_903_7),
            // At h = -1.278465.
            Activation::Silu => above(-0.278_464_542_761_073_8),
            Activation::LeakyRelu | Activation::Identity | Activation::Maxout(_) => above(f64::NEG_INFINITY),
        }
    }

    /// Whether the range is bounded on both sides, so that both ends of the function are flat and a unit can
    /// saturate there.
    pub fn is_bounded(self) -> bool {
        let (lowest, highest) = self.range();
        lowest.is_finite() && highest.is_finite()
    }

    /// The slope under which a unit counts as saturated: [`SATURATION`] times the largest one.
    pub fn saturated_below(self) -> f64 {
        SATURATION * self.largest_slope()
    }

    /// True when the derivative is continuous everywhere, so that central differences converge at every
    /// point.
    pub fn is_smooth(self) -> bool {
        !matches!(
            self,
            Activation::Relu
                | Activation::LeakyRelu
                | Activation::Selu
                | Activation::HardSigmoid
                | Activation::Maxout(_)
        )
    }
}

/// 1 / (1 + e^-h), right relatively for any h.
fn sigmoid(h: f64) -> f64 {
    let e = (-h.abs()).exp();
    if h < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// The distribution function of N(0, 1), right relatively in its lower tail.
fn normal_cdf(h: f64) -> f64 {
    0.5 * libm::erfc(-h * FRAC_1_SQRT_2)
}

/// Small letters and digits alone: `LeakyReLU`, `leaky_relu` and `leaky-relu` are one spelling.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Activation::ALL.iter().find(|(a, _)| a == self)) {
            (Activation::Maxout(pieces), _) => f.pad(&format!("maxout:{pieces}")),
            (_, found) => f.pad(found.map_or("", |(_, name)| name)),
        }
    }
}

/// Our names in any case, and the spellings of PyTorch and Keras: `ReLU`, `LeakyReLU`, `leaky_relu`, `swish`,
/// `linear`. A foreign leaky ReLU or ELU may have been given another parameter than ours: of such a name only
/// what holds of the whole family may be used (range, smoothness, whether it saturates).
impl FromStr for Activation {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.trim().to_lowercase();
        if let Some(pieces) =
            lower.strip_prefix("maxout").filter(|rest| rest.is_empty() || rest.starts_with(':'))
        {
            return match pieces.trim_start_matches(':').parse() {
                Ok(pieces @ 2..=MOST_PIECES) => Ok(Activation::Maxout(pieces)),
                _ => Err(NameError::Value(format!(
                    "maxout:K needs a number of pieces from 2 to {MOST_PIECES}"
                ))),
            };
        }
        let name = folded(text);
        let ours =
            Activation::ALL.iter().find(|(_, ours)| folded(ours) == name).map(|(activation, _)| *activation);
        let theirs = || ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, activation)| *activation);
        ours.or_else(theirs).ok_or_else(|| NameError::unknown("activation", text, Activation::NAMES))
    }
}

impl From<Activation> for String {
    fn from(value: Activation) -> String {
        value.to_string()
    }
}

impl TryFrom<String> for Activation {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_agree_with_central_differences() {
        for (activation, name) in Activation::ALL {
            for i in -400..400 {
                let h = i as f64 * 0.02 + 0.003;
                if !activation.is_smooth() && (h.abs() < 1e-4 || (h.abs() - 3.0).abs() < 1e-2) {
                    continue;
                }
                let e = 1e-5 * (1.0 + h.abs());
                let difference = (activation.value(h + e) - activation.value(h - e)) / (2.0 * e);
                let slope = activation.slope(h);
                assert!(
                    (slope - difference).abs() < 1e-8 + 2e-6 * slope.abs(),
                    "{name} at {h}: {slope} {difference}"
                );
            }
        }
    }

    #[test]
    fn the_largest_slope_and_the_range_are_tight_bounds() {
        for (activation, name) in Activation::ALL {
            let points = || (-800_000..800_000).map(|i| i as f64 * 1e-4 + 5e-5);
            let seen = points().map(|h| activation.slope(h)).fold(0.0, f64::max);
            let bound = activation.largest_slope();
            assert!(seen <= bound * (1.0 + 1e-8) && seen > bound * 0.999, "{name}: {seen} {bound}");
            let (lowest, highest) = activation.range();
            let least = points().map(|h| activation.value(h)).fold(f64::INFINITY, f64::min);
            let most = points().map(|h| activation.value(h)).fold(f64::NEG_INFINITY, f64::max);
            // Softsign comes to 1 as slowly as 1 / h.
            let meets = |seen: f64, bound: f64, far: bool| {
                if bound.is_finite() { (seen - bound).abs() < 0.02 } else { far }
            };
            assert!(
                least >= lowest - 1e-12 && meets(least, lowest, least < -0.7),
                "{name}: {least} {lowest}"
            );
            assert!(most <= highest + 1e-12 && meets(most, highest, most > 70.0), "{name}: {most} {highest}");
        }
    }

    #[test]
    fn two_flat_ends_are_what_bounded_means() {
        for (activation, name) in Activation::ALL {
            let flat = |h: f64| activation.slope(h) < activation.saturated_below();
            assert_eq!(activation.is_bounded(), flat(30.0) && flat(-30.0), "{name}");
        }
        assert!(!Activation::Maxout(3).is_bounded());
    }

    #[test]
    fn saturated_slopes_are_right_relatively() {
        // e^-h (1 - 2 e^-h + ..) for the sigmoid, 4 e^-2h for tanh.
        for h in [40.0, 100.0, 300.0, 700.0] {
            for h in [h, -h] {
                assert!((Activation::Sigmoid.slope(h) / (-f64::abs(h)).exp() - 1.0).abs() < 1e-14);
                if h.abs() < 350.0 {
                    let tanh = Activation::Tanh.slope(h);
                    assert!((tanh / (4.0 * (-2.0 * f64::abs(h)).exp()) - 1.0).abs() < 1e-14, "{h} {tanh}");
                }
            }
        }
    }

    #[test]
    fn slopes_near_zero_are_those_of_small_inputs() {
        for (activation, want) in [
            (Activation::Sigmoid, 0.25),
            (Activation::HardSigmoid, 1.0 / 6.0),
            (Activation::Relu, 0.5f64.sqrt()),
            (Activation::Softplus, 0.5),
            (Activation::Tanh, 1.0),
            (Activation::Gelu, 0.5),
            (Activation::Maxout(2), 1.0),
        ] {
            assert!((activation.slope_near_zero() - want).abs() < 1e-15, "{activation}");
        }
    }

    #[test]
    fn names_round_trip_and_wrong_ones_are_explained() {
        for name in Activation::NAMES {
            let name = name.replace('K', "4");
            assert_eq!(name.parse::<Activation>().unwrap().to_string(), name);
            assert_eq!(name.to_uppercase().parse::<Activation>().unwrap().to_string(), name);
        }
        assert_eq!(serde_json::to_string(&Activation::LeakyRelu).unwrap(), "\"leaky-relu\"");
        for bad in ["maxout", "maxout:", "maxout:1", "maxout:x", "maxout:1000"] {
            assert!(bad.parse::<Activation>().unwrap_err().to_string().contains("pieces from 2"), "{bad}");
        }
        assert!("sigmod".parse::<Activation>().unwrap_err().to_string().contains("did you mean 'sigmoid'?"));
    }

    #[test]
    fn spellings_of_other_programs_are_known() {
        let pytorch = [
            "Sigmoid",
            "Tanh",
            "ReLU",
            "LeakyReLU",
            "ELU",
            "SELU",
            "GELU",
            "SiLU",
            "Softplus",
            "Softsign",
            "Hardsigmoid",
            "Identity",
        ];
        for ((activation, _), theirs) in Activation::ALL.into_iter().zip(pytorch) {
            assert_eq!(theirs.parse::<Activation>(), Ok(activation), "{theirs}");
        }
        for (theirs, activation) in [
            ("leaky_relu", Activation::LeakyRelu),
            ("hard_sigmoid", Activation::HardSigmoid),
            ("swish", Activation::Silu),
            ("linear", Activation::Identity),
        ] {
            assert_eq!(theirs.parse::<Activation>(), Ok(activation), "{theirs}");
        }
        assert!("ReLU6".parse::<Activation>().is_err());
    }

    #[test]
    fn not_a_number_is_never_made_healthy() {
        for (activation, name) in Activation::ALL {
            assert!(activation.value(f64::NAN).is_nan(), "{name}");
        }
    }
}
