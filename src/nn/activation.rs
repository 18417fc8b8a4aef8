//! Activation functions: value and slope together, from one evaluation.
//!
//! The slope is computed at the forward pass and kept, in a form that is right *relatively* where the unit saturates: the
//! textbook sigma (1 - sigma) and 1 - tanh^2 fall to exactly zero in f32 from |h| = 17 and 9, and would invent the illness
//! that this program looks for. Used instead: sigma(h) sigma(-h) and sech^2 h.
//!
//! Maxout is the one that is no function of a single pre-activation: its layer computes K of them for each unit (`maxout`).
//!
//! To add one: a variant, its name in [`Activation::ALL`] and the arms that the compiler then asks for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::kernel;
use super::scalar::{Scalar, simd};

/// What follows a hidden layer. Definitions are PyTorch's; `softplus` has no linear shortcut above 20 (a difference of
/// less than 3e-9), `gelu` is the exact one (erf).
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
    /// h Phi(h), Phi the distribution function of N(0, 1).
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
    /// `maxout:K`, the largest of K linear pieces (Goodfellow et al. 2013). A layer of W units has the weight `[K W, fan_in]`; row
    /// `k W + j` is piece k of unit j. The gradient goes to the piece that was the maximum alone, of equal ones to the first.
    Maxout(usize),
}

/// Pieces of a maxout unit.
const MOST_PIECES: usize = 256;

/// The constants of SELU (Klambauer et al. 2017).
const SELU_ALPHA: f64 = 1.673_263_242_354_377_3;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// A slope under this share of the function's largest one counts as saturated: 1 - 0.97^2, which for tanh is Karpathy's
/// |tanh h| > 0.97 (makemore, part 3) and for the sigmoid the same place, an output outside [0.015, 0.985].
pub const SATURATION: f64 = 0.0591;

impl Activation {
    /// Those without a parameter: [`Activation::Maxout`] has one, and stands beside them in [`Activation::NAMES`].
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

    /// True when the derivative is continuous everywhere, so that central differences converge at every point.
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

    /// Value and slope at one point; of maxout, where all pieces have this value, the slope of the first.
    pub fn at<T: Scalar>(self, h: T) -> (T, T) {
        let (mut slope, mut value) = ([h], [T::ZERO]);
        let alone = if let Activation::Maxout(_) = self { Activation::Identity } else { self };
        alone.forward(&[T::ZERO], &mut slope, &mut value);
        (value[0], slope[0])
    }

    /// Adds the bias to the pre-activations of some rows, `hidden [rows, bias.len()]`, and replaces each by the slope there;
    /// `out` takes the values, of maxout `[rows, bias.len() / K]`.
    pub fn forward<T: Scalar>(self, bias: &[T], hidden: &mut [T], out: &mut [T]) {
        let c = T::from_f64;
        let one = T::ONE;
        match self {
            Activation::Sigmoid => match kernel::detect_for::<T>() {
                Some(token) => {
                    kernel::sigmoid(token, kernel::as_f32(bias), kernel::as_f32_mut(hidden), kernel::as_f32_mut(out));
                }
                None => each(
                    bias,
                    hidden,
                    out,
                    #[inline(always)]
                    |h| sigmoid(h),
                ),
            },
            Activation::Tanh => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let e = (c(-2.0) * h.abs()).exp();
                    let inverse = one / (one + e);
                    (h.tanh(), c(4.0) * e * inverse * inverse)
                },
            ),
            Activation::Relu => {
                // `max` keeps a NaN: it must not become a healthy zero.
                each(
                    bias,
                    hidden,
                    out,
                    #[inline(always)]
                    |h| (h.max(T::ZERO), T::pick(h > T::ZERO, one, T::ZERO)),
                )
            }
            Activation::LeakyRelu => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let slope = T::pick(h > T::ZERO, one, c(0.01));
                    (h * slope, slope)
                },
            ),
            Activation::Elu => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let below = h.min(T::ZERO);
                    (T::pick(h > T::ZERO, h, below.exp_m1()), T::pick(h > T::ZERO, one, below.exp()))
                },
            ),
            Activation::Selu => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let below = h.min(T::ZERO);
                    let value = T::pick(h > T::ZERO, h, c(SELU_ALPHA) * below.exp_m1());
                    let slope = T::pick(h > T::ZERO, one, c(SELU_ALPHA) * below.exp());
                    (c(SELU_SCALE) * value, c(SELU_SCALE) * slope)
                },
            ),
            Activation::Gelu => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let below = h.normal_cdf();
                    let density = c(0.398_942_280_401_432_7) * (c(-0.5) * h * h).exp();
                    (h * below, below + h * density)
                },
            ),
            Activation::Silu => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let (s, _) = sigmoid(h);
                    let (complement, _) = sigmoid(-h);
                    (h * s, s * (one + h * complement))
                },
            ),
            Activation::Softplus => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let e = (-h.abs()).exp();
                    (h.max(T::ZERO) + e.ln_1p(), sigmoid(h).0)
                },
            ),
            Activation::Softsign => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let inverse = one / (one + h.abs());
                    (h * inverse, inverse * inverse)
                },
            ),
            Activation::HardSigmoid => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| {
                    let inside = h > c(-3.0) && h < c(3.0);
                    let value = (h + c(3.0)).max(T::ZERO).min(c(6.0)) * c(1.0 / 6.0);
                    (value, T::pick(inside, c(1.0 / 6.0), T::ZERO))
                },
            ),
            Activation::Identity => each(
                bias,
                hidden,
                out,
                #[inline(always)]
                |h| (h, one),
            ),
            Activation::Maxout(pieces) => maxout(pieces, bias, hidden, out),
        }
    }
}

/// The largest piece of each unit. `hidden [rows, pieces * units]` becomes the derivative of the unit by each of its pieces: 1
/// for the first that was the maximum, 0 for the others. A NaN among the pieces is the maximum: it must not disappear.
fn maxout<T: Scalar>(pieces: usize, bias: &[T], hidden: &mut [T], out: &mut [T]) {
    let units = bias.len() / pieces;
    simd(
        #[inline(always)]
        move || {
            for (row, best) in hidden.chunks_exact_mut(bias.len()).zip(out.chunks_exact_mut(units)) {
                row.iter_mut().zip(bias).for_each(|(h, &b)| *h += b);
                best.copy_from_slice(&row[..units]);
                for piece in row.chunks_exact(units).skip(1) {
                    for (best, &h) in best.iter_mut().zip(piece) {
                        *best = T::pick(h > *best || is_nan(h), h, *best);
                    }
                }
                for unit in 0..units {
                    let mut free = true;
                    for k in 0..pieces {
                        let h = &mut row[k * units + unit];
                        let wins = free && (*h == best[unit] || is_nan(*h));
                        *h = if wins { T::ONE } else { T::ZERO };
                        free &= !wins;
                    }
                }
            }
        },
    );
}

#[inline(always)]
#[allow(clippy::eq_op)] // The definition of NaN.
fn is_nan<T: Scalar>(x: T) -> bool {
    x != x
}

/// sigma(h) and sigma(h) sigma(-h), both relatively right for any h.
#[inline(always)]
pub fn sigmoid<T: Scalar>(h: T) -> (T, T) {
    let e = (-h.abs()).exp();
    let inverse = T::ONE / (T::ONE + e);
    let small = e * inverse;
    (T::pick(h < T::ZERO, small, inverse), small * inverse)
}

#[inline(always)]
fn each<T: Scalar>(bias: &[T], hidden: &mut [T], out: &mut [T], f: impl Fn(T) -> (T, T)) {
    assert_eq!(hidden.len(), out.len());
    simd(
        // By value, so that nothing that the loop reads can be in memory that it writes.
        #[inline(always)]
        move || {
            for (h_row, x_row) in hidden.chunks_exact_mut(bias.len()).zip(out.chunks_exact_mut(bias.len())) {
                for ((h, x), &b) in h_row.iter_mut().zip(x_row.iter_mut()).zip(bias) {
                    let (value, slope) = f(*h + b);
                    *x = value;
                    *h = slope;
                }
            }
        },
    );
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Activation::ALL.iter().find(|(a, _)| a == self)) {
            (Activation::Maxout(pieces), _) => f.pad(&format!("maxout:{pieces}")),
            (_, found) => f.pad(found.map_or("", |(_, name)| name)),
        }
    }
}

impl FromStr for Activation {
    type Err = super::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((activation, _)) = Activation::ALL.iter().find(|(_, name)| *name == text) {
            return Ok(*activation);
        }
        let wanted = || super::NameError::Value(format!("maxout:K needs a number of pieces from 2 to {MOST_PIECES}"));
        match text.split_once(':').unwrap_or((text, "")) {
            ("maxout", pieces) => match pieces.parse() {
                Ok(pieces @ 2..=MOST_PIECES) => Ok(Activation::Maxout(pieces)),
                _ => Err(wanted()),
            },
            _ => Err(super::NameError::unknown("activation", text, Activation::NAMES)),
        }
    }
}

impl From<Activation> for String {
    fn from(value: Activation) -> String {
        value.to_string()
    }
}

impl TryFrom<String> for Activation {
    type Error = super::NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_agree_with_central_differences_in_f64() {
        for (activation, name) in Activation::ALL {
            for i in -400..400 {
                let h = i as f64 * 0.02 + 0.003;
                if !activation.is_smooth() && (h.abs() < 1e-4 || (h.abs() - 3.0).abs() < 1e-2) {
                    continue;
                }
                let e = 1e-5 * (1.0 + h.abs());
                let difference = (activation.at(h + e).0 - activation.at(h - e).0) / (2.0 * e);
                let slope = activation.at(h).1;
                assert!((slope - difference).abs() < 1e-8 + 2e-6 * slope.abs(), "{name} at {h}: {slope} {difference}");
            }
        }
    }

    #[test]
    fn the_largest_slope_is_a_tight_bound() {
        for (activation, name) in Activation::ALL {
            let seen = (-80_000..80_000).map(|i| activation.at(i as f64 * 1e-4 + 5e-5).1).fold(0.0, f64::max);
            let bound = activation.largest_slope();
            assert!(seen <= bound * (1.0 + 1e-8) && seen > bound * 0.999, "{name}: {seen} {bound}");
        }
    }

    #[test]
    fn f32_and_f64_agree() {
        for (activation, name) in Activation::ALL {
            for i in -300..300 {
                let h = i as f32 * 0.04 + 0.001;
                let (v32, s32) = activation.at(h);
                let (v64, s64) = activation.at(h as f64);
                // gelu and silu pass through zero: compare on the scale of the argument there.
                let floor = if matches!(activation, Activation::Gelu | Activation::Silu) { 1e-2 } else { 0.0 };
                assert!(
                    (v32 as f64 - v64).abs() <= 2e-6 * v64.abs().max(floor * h.abs() as f64),
                    "{name} value at {h}"
                );
                assert!((s32 as f64 - s64).abs() <= 2e-6 * s64.abs().max(floor), "{name} slope at {h}: {s32} {s64}");
            }
        }
    }

    #[test]
    fn saturated_slopes_are_right_relatively() {
        // e^-h (1 - 2 e^-h + ..) for the sigmoid, 4 e^-2h for tanh.
        for h in [17.0f32, 20.0, 37.0, 50.0, 80.0] {
            for h in [h, -h] {
                let slope = Activation::Sigmoid.at(h).1 as f64;
                assert!((slope / (-h.abs() as f64).exp() - 1.0).abs() < 1e-6);
                if h.abs() < 43.0 {
                    let slope = Activation::Tanh.at(h).1 as f64;
                    assert!((slope / (4.0 * (-2.0 * h.abs() as f64).exp()) - 1.0).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn maxout_gives_the_slope_to_the_first_largest_piece() {
        let largest = |pieces: [f64; 6], bias: [f64; 6]| {
            let (mut slopes, mut out) = (pieces, [f64::INFINITY; 2]);
            Activation::Maxout(3).forward(&bias, &mut slopes, &mut out);
            (out, slopes)
        };
        // Rows k W + j: pieces of unit 0 are 1, 3, 2; those of unit 1 are 5, 5, 4.
        let none = [0.0; 6];
        assert_eq!(largest([1.0, 5.0, 3.0, 5.0, 2.0, 4.0], none), ([3.0, 5.0], [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]));
        let bias = [9.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        assert_eq!(largest([1.0, 5.0, 3.0, 5.0, 2.0, 4.0], bias), ([10.0, 6.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]));
        for at in [0, 2, 4] {
            let mut row = [1.0, 5.0, 3.0, 5.0, 2.0, 4.0];
            row[at] = f64::NAN;
            let (out, slopes) = largest(row, none);
            assert!(out[0].is_nan() && slopes[at] == 1.0 && out[1] == 5.0, "{slopes:?}");
        }
    }

    #[test]
    fn names_round_trip_and_wrong_ones_are_explained() {
        for name in Activation::NAMES {
            let name = name.replace('K', "4");
            assert_eq!(name.parse::<Activation>().unwrap().to_string(), name);
        }
        assert_eq!(serde_json::to_string(&Activation::LeakyRelu).unwrap(), "\"leaky-relu\"");
        for bad in ["maxout", "maxout:", "maxout:1", "maxout:x", "maxout:1000"] {
            assert!(bad.parse::<Activation>().unwrap_err().to_string().contains("pieces from 2"), "{bad}");
        }
        assert!("sigmod".parse::<Activation>().unwrap_err().to_string().contains("did you mean 'sigmoid'?"));
    }

    #[test]
    fn not_a_number_is_never_made_healthy() {
        for (activation, name) in Activation::ALL {
            assert!(activation.at(f32::NAN).0.is_nan(), "{name}");
        }
    }
}
