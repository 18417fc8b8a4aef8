//! Initial parameters.
//!
//! | name | weight `[fan_out, fan_in]` | bias |
//! |---|---|---|
//! | glorot-uniform, glorot-normal | variance 2 / (fan_in + fan_out) (Glorot, Bengio 2010) | 0 |
//! | he-uniform, he-normal | variance 2 / fan_in (He et al. 2015) | 0 |
//! | lecun-uniform, lecun-normal | variance 1 / fan_in (LeCun et al. 1998) | 0 |
//! | orthogonal | orthonormal rows or columns, gain 1 (Saxe et al. 2013) | 0 |
//! | pytorch | uniform within 1 / sqrt(fan_in), PyTorch's `Linear` default | the same |
//! | nielsen | N(0, 1) / sqrt(fan_in) (Nielsen, Neural Networks and Deep Learning, ch. 3) | N(0, 1) |
//! | normal:STD | N(0, STD^2) | 0 |
//! | uniform:A | uniform within A | 0 |
//! | zeros | 0 | 0 |
//!
//! He's factor 2 is for ReLU; it is not adapted to other activations. Normal distributions are not truncated.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::activation::Activation;

/// How parameters begin; the table is in the module's docs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Initialisation {
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    Orthogonal,
    Pytorch,
    Nielsen,
    /// Standard deviation of all weights.
    Normal(f64),
    /// Bound of all weights.
    Uniform(f64),
    Zeros,
}

/// Random streams of one seed: ChaCha has 2^64 of them, each purpose takes its own.
const STREAM_INIT: u64 = 1 << 32;

/// A generator for one purpose of a seed. The same on every platform and for every version of this program.
pub fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Uniform on [0, 1) with 53 bits.
pub fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

impl Initialisation {
    pub const NAMES: [&'static str; 12] = [
        "glorot-uniform",
        "glorot-normal",
        "he-uniform",
        "he-normal",
        "lecun-uniform",
        "lecun-normal",
        "orthogonal",
        "pytorch",
        "nielsen",
        "normal:STD",
        "uniform:A",
        "zeros",
    ];

    /// Default initialisation of an activation: He for the ReLU kind, LeCun normal for SELU (which
    /// needs it), Glorot for the rest.
    ///
    /// Maxout gets LeCun normal and not He's: exactly one piece of every unit passes the signal on, with
    /// slope 1, where ReLU loses half of it, so that a variance of 1 / fan_in keeps the backward signal's
    /// size for any number of pieces, and the forward one's for two (E max(a, b)^2 = 1); He's factor 2 would
    /// double both squares at every layer.
    pub fn default_for(activation: Activation) -> Initialisation {
        match activation {
            Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Gelu
            | Activation::Silu
            | Activation::Softplus => Initialisation::HeUniform,
            Activation::Selu | Activation::Maxout(_) => Initialisation::LecunNormal,
            Activation::Sigmoid
            | Activation::Tanh
            | Activation::Softsign
            | Activation::HardSigmoid
            | Activation::Identity => Initialisation::GlorotUniform,
        }
    }

    /// Standard deviations that weight and bias of a layer are drawn with.
    pub fn deviations(self, fan_in: usize, fan_out: usize) -> [f64; 2] {
        let (inputs, outputs) = (fan_in as f64, fan_out as f64);
        // A uniform distribution from -b to b has the deviation b / sqrt(3).
        let weight = match self {
            Initialisation::GlorotUniform | Initialisation::GlorotNormal => (2.0 / (inputs + outputs)).sqrt(),
            Initialisation::HeUniform | Initialisation::HeNormal => (2.0 / inputs).sqrt(),
            Initialisation::LecunUniform | Initialisation::LecunNormal => (1.0 / inputs).sqrt(),
            Initialisation::Pytorch => 1.0 / (3.0 * inputs).sqrt(),
            Initialisation::Normal(std) => std,
            Initialisation::Uniform(bound) => bound / 3f64.sqrt(),
            Initialisation::Nielsen => 1.0 / inputs.sqrt(),
            // Rows or columns of length 1, whichever are fewer.
            Initialisation::Orthogonal => 1.0 / inputs.max(outputs).sqrt(),
            Initialisation::Zeros => 0.0,
        };
        let bias = match self {
            Initialisation::Pytorch => weight,
            Initialisation::Nielsen => 1.0,
            _ => 0.0,
        };
        [weight, bias]
    }

    /// Draws weight `[fan_out, fan_in]` (row-major) and bias `[fan_out]` of layer `layer` (from 1), in f64.
    pub fn draw(self, seed: u64, layer: usize, fan_in: usize, fan_out: usize) -> (Vec<f64>, Vec<f64>) {
        self.draw_rows(seed, layer, fan_out, [fan_in, fan_out])
    }

    /// The same for a weight `[rows, fan_in]` and a bias `[rows]`, where weights are shared: each input of a
    /// convolution goes into more outputs than it has channels (PyTorch's `_calculate_fan_in_and_fan_out`).
    pub fn draw_rows(
        self,
        seed: u64,
        layer: usize,
        rows: usize,
        [fan_in, fan_out]: [usize; 2],
    ) -> (Vec<f64>, Vec<f64>) {
        let mut rng = generator(seed, STREAM_INIT + layer as u64);
        let n = fan_in * rows;
        let (inputs, outputs) = (fan_in as f64, fan_out as f64);
        let mut uniform = |bound: f64, n: usize| -> Vec<f64> {
            (0..n).map(|_| bound * (2.0 * unit(&mut rng) - 1.0)).collect()
        };
        let zero_bias = vec![0.0; rows];
        match self {
            Initialisation::GlorotUniform => (uniform((6.0 / (inputs + outputs)).sqrt(), n), zero_bias),
            Initialisation::HeUniform => (uniform((6.0 / inputs).sqrt(), n), zero_bias),
            Initialisation::LecunUniform => (uniform((3.0 / inputs).sqrt(), n), zero_bias),
            Initialisation::Uniform(bound) => (uniform(bound, n), zero_bias),
            Initialisation::Pytorch => {
                let bound = 1.0 / inputs.sqrt();
                let weight = uniform(bound, n);
                (weight, uniform(bound, rows))
            }
            Initialisation::GlorotNormal => {
                (normal(&mut rng, (2.0 / (inputs + outputs)).sqrt(), n), zero_bias)
            }
            Initialisation::HeNormal => (normal(&mut rng, (2.0 / inputs).sqrt(), n), zero_bias),
            Initialisation::LecunNormal => (normal(&mut rng, (1.0 / inputs).sqrt(), n), zero_bias),
            Initialisation::Normal(std) => (normal(&mut rng, std, n), zero_bias),
            Initialisation::Nielsen => {
                let weight = normal(&mut rng, 1.0 / inputs.sqrt(), n);
                (weight, normal(&mut rng, 1.0, rows))
            }
            Initialisation::Orthogonal => (orthogonal(&mut rng, rows, fan_in), zero_bias),
            Initialisation::Zeros => (vec![0.0; n], zero_bias),
        }
    }
}

fn normal(rng: &mut ChaCha8Rng, std: f64, n: usize) -> Vec<f64> {
    (0..n).map(|_| std * Distribution::<f64>::sample(&StandardNormal, rng)).collect()
}

/// `[rows, cols]` with orthonormal rows (rows <= cols) or columns: Gram-Schmidt, twice over for full
/// precision, on a Gaussian matrix, which gives the uniform (Haar) distribution.
fn orthogonal(rng: &mut ChaCha8Rng, rows: usize, cols: usize) -> Vec<f64> {
    let (count, length) = (rows.min(cols), rows.max(cols));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut v = normal(rng, 1.0, length);
        for _ in 0..2 {
            for u in &vectors {
                let dot: f64 = u.iter().zip(&v).map(|(a, b)| a * b).sum();
                v.iter_mut().zip(u).for_each(|(a, b)| *a -= dot * b);
            }
            let norm = v.iter().map(|a| a * a).sum::<f64>().sqrt();
            v.iter_mut().for_each(|a| *a /= norm);
        }
        vectors.push(v);
    }
    if rows <= cols {
        vectors.concat()
    } else {
        (0..rows * cols).map(|i| vectors[i % cols][i / cols]).collect()
    }
}

impl fmt::Display for Initialisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Initialisation::GlorotUniform => "glorot-uniform",
            Initialisation::GlorotNormal => "glorot-normal",
            Initialisation::HeUniform => "he-uniform",
            Initialisation::HeNormal => "he-normal",
            Initialisation::LecunUniform => "lecun-uniform",
            Initialisation::LecunNormal => "lecun-normal",
            Initialisation::Orthogonal => "orthogonal",
            Initialisation::Pytorch => "pytorch",
            Initialisation::Nielsen => "nielsen",
            Initialisation::Normal(std) => return write!(f, "normal:{std}"),
            Initialisation::Uniform(bound) => return write!(f, "uniform:{bound}"),
            Initialisation::Zeros => "zeros",
        };
        f.write_str(name)
    }
}

impl FromStr for Initialisation {
    type Err = crate::names::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "glorot-uniform" => Initialisation::GlorotUniform,
            "glorot-normal" => Initialisation::GlorotNormal,
            "he-uniform" => Initialisation::HeUniform,
            "he-normal" => Initialisation::HeNormal,
            "lecun-uniform" => Initialisation::LecunUniform,
            "lecun-normal" => Initialisation::LecunNormal,
            "orthogonal" => Initialisation::Orthogonal,
            "pytorch" => Initialisation::Pytorch,
            "nielsen" => Initialisation::Nielsen,
            "zeros" => Initialisation::Zeros,
            _ => {
                let (size, of, needs): (&str, fn(f64) -> Initialisation, &str) =
                    if let Some(size) = text.strip_prefix("normal:") {
                        (size, Initialisation::Normal, "normal:STD needs a positive standard deviation")
                    } else if let Some(size) = text.strip_prefix("uniform:") {
                        (size, Initialisation::Uniform, "uniform:A needs a positive bound A")
                    } else {
                        return Err(crate::names::NameError::unknown("initialisation", text, Self::NAMES));
                    };
                match size.parse::<f64>() {
                    Ok(x) if x > 0.0 && x.is_finite() => of(x),
                    _ => return Err(crate::names::NameError::Value(needs.into())),
                }
            }
        })
    }
}

impl From<Initialisation> for String {
    fn from(value: Initialisation) -> String {
        value.to_string()
    }
}

impl TryFrom<String> for Initialisation {
    type Error = crate::names::NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(v: &[f64]) -> (f64, f64) {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        (mean, v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64)
    }

    #[test]
    fn variances_and_bounds_are_those_of_the_papers() {
        let (i, o) = (784usize, 100usize);
        for (init, variance, bound) in [
            (Initialisation::GlorotUniform, 2.0 / 884.0, Some((6.0f64 / 884.0).sqrt())),
            (Initialisation::GlorotNormal, 2.0 / 884.0, None),
            (Initialisation::HeUniform, 2.0 / 784.0, Some((6.0f64 / 784.0).sqrt())),
            (Initialisation::HeNormal, 2.0 / 784.0, None),
            (Initialisation::LecunUniform, 1.0 / 784.0, Some((3.0f64 / 784.0).sqrt())),
            (Initialisation::LecunNormal, 1.0 / 784.0, None),
            (Initialisation::Pytorch, 1.0 / (3.0 * 784.0), Some(1.0 / 28.0)),
            (Initialisation::Nielsen, 1.0 / 784.0, None),
            (Initialisation::Normal(0.01), 1e-4, None),
            (Initialisation::Uniform(0.12), 0.0048, Some(0.12)),
            (Initialisation::Orthogonal, 1.0 / 784.0, None),
        ] {
            let (weight, bias) = init.draw(7, 1, i, o);
            let (mean, var) = mean_and_variance(&weight);
            // 78,400 draws: the variance of a normal sample has a relative deviation of sqrt(2/78400) = 0.5
            // %.
            assert!((var / variance - 1.0).abs() < 0.025, "{init}: {var} {variance}");
            let [deviation, _] = init.deviations(i, o);
            assert!((deviation * deviation / variance - 1.0).abs() < 1e-12, "{init}");
            assert!(mean.abs() < 5.0 * (variance / 78400.0).sqrt(), "{init}");
            if let Some(bound) = bound {
                let largest = weight.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
                assert!(largest <= bound && largest > 0.999 * bound, "{init}");
            }
            assert_eq!(
                bias.iter().any(|&b| b != 0.0),
                matches!(init, Initialisation::Pytorch | Initialisation::Nielsen)
            );
        }
    }

    #[test]
    fn orthogonal_matrices_are() {
        for (rows, cols) in [(5, 9), (9, 5), (6, 6)] {
            let (w, _) = Initialisation::Orthogonal.draw(3, 2, cols, rows);
            let n = rows.min(cols);
            for a in 0..n {
                for b in 0..n {
                    let dot: f64 = if rows <= cols {
                        (0..cols).map(|k| w[a * cols + k] * w[b * cols + k]).sum()
                    } else {
                        (0..rows).map(|k| w[k * cols + a] * w[k * cols + b]).sum()
                    };
                    assert!((dot - f64::from(a == b)).abs() < 1e-13);
                }
            }
        }
    }

    #[test]
    fn names_round_trip_and_seeds_differ() {
        for name in Initialisation::NAMES {
            let name = name.replace("STD", "0.05").replace(":A", ":0.5");
            assert_eq!(name.parse::<Initialisation>().unwrap().to_string(), name);
        }
        assert!("normal:-1".parse::<Initialisation>().is_err());
        for wrong in ["uniform:0", "uniform:-1", "uniform:inf", "uniform:x", "uniform:"] {
            let error = wrong.parse::<Initialisation>().unwrap_err().to_string();
            assert!(error.contains("uniform:A needs a positive bound"), "{error}");
        }
        assert!("he".parse::<Initialisation>().is_err());
        let draw = |seed, layer| Initialisation::HeNormal.draw(seed, layer, 4, 4).0;
        assert_ne!(draw(1, 1), draw(2, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_eq!(draw(1, 1), draw(1, 1));
    }
}
