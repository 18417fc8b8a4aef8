//! Optimisers as PyTorch defines them, for one element:
//!
//! g is the batch-mean gradient, d = `weight_decay` w + `l1` sign(w) the decay term (sign(0) = 0), G = g + d.
//! All parameters decay, biases included, as with `model.parameters()`.
//!
//! | name | state | update |
//! |---|---|---|
//! | sgd | | -lr G |
//! | momentum | v = mu v + G | -lr v |
//! | nesterov | v = mu v + G | -lr (G + mu v) |
//! | adagrad | s += G^2 | -lr G / (sqrt s + 1e-10) |
//! | rmsprop | s = 0.99 s + 0.01 G^2 | -lr G / (sqrt s + 1e-8) |
//! | adam | m = 0.9 m + 0.1 G, s = 0.999 s + 0.001 G^2 | -lr m^ / (sqrt s^ + 1e-8), ^ = bias-corrected |
//! | adamw | as adam, with G = g + l1 sign(w) | the same, and -lr `weight_decay` w |
//!
//! **L1 that reaches zero.** The subgradient term above is what a PyTorch user adds to the loss; its step has
//! a fixed length, so that a parameter jumps over zero again and again and is practically never exactly 0.
//! With [`L1Step::Proximal`] the term is left out of d, and after the update the parameter goes toward zero
//! by at most lr `l1`, and stops there: w <- sign(w') max(|w'| - lr `l1`, 0), w' = w + update (iterative soft
//! thresholding: Daubechies, Defrise, De Mol 2004; for sgd the proximal gradient step). The amount is lr `l1`
//! for every optimiser: not divided by an adaptive one's denominator, and not added up by momentum, beside
//! whose gradient steps of lr / (1 - mu) in all the same `l1` pulls 1 - mu times as much. The pull counts as
//! decay.
//!
//! **The part that decay made.** Every update is linear in its numerator, so it splits exactly into what came
//! from g and what came from d, with the denominator as it was: momentum and Adam keep a second first-moment
//! buffer that is fed with d alone.

use serde::{Deserialize, Serialize};

use super::clip::Clip;
use super::scalar::Scalar;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    Sgd,
    Momentum,
    Nesterov,
    Adagrad,
    Rmsprop,
    Adam,
    Adamw,
}

impl OptimizerKind {
    pub const ALL: [(OptimizerKind, &'static str); 7] = [
        (OptimizerKind::Sgd, "sgd"),
        (OptimizerKind::Momentum, "momentum"),
        (OptimizerKind::Nesterov, "nesterov"),
        (OptimizerKind::Adagrad, "adagrad"),
        (OptimizerKind::Rmsprop, "rmsprop"),
        (OptimizerKind::Adam, "adam"),
        (OptimizerKind::Adamw, "adamw"),
    ];

    /// A usual learning rate, used when none is given.
    pub fn default_learning_rate(self) -> f64 {
        match self {
            OptimizerKind::Sgd => 0.1,
            OptimizerKind::Momentum | OptimizerKind::Nesterov | OptimizerKind::Adagrad => 0.01,
            OptimizerKind::Rmsprop | OptimizerKind::Adam | OptimizerKind::Adamw => 0.001,
        }
    }

    fn has_first_moment(self) -> bool {
        matches!(
            self,
            OptimizerKind::Momentum | OptimizerKind::Nesterov | OptimizerKind::Adam | OptimizerKind::Adamw
        )
    }

    fn has_second_moment(self) -> bool {
        matches!(
            self,
            OptimizerKind::Adagrad | OptimizerKind::Rmsprop | OptimizerKind::Adam | OptimizerKind::Adamw
        )
    }
}

crate::names::named!(OptimizerKind, "optimizer", OptimizerKind::ALL);

/// How L1 acts; see the module's docs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum L1Step {
    /// l1 sign(w) joins the gradient, as in PyTorch programs.
    #[default]
    Subgradient,
    /// Soft thresholding after the update: parameters reach exactly zero.
    Proximal,
}

impl L1Step {
    pub const ALL: [(L1Step, &'static str); 2] =
        [(L1Step::Subgradient, "subgradient"), (L1Step::Proximal, "proximal")];
}

crate::names::named!(L1Step, "L1 step", L1Step::ALL);

/// An optimiser with its constants; the learning rate comes with each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    pub kind: OptimizerKind,
    /// mu of momentum and nesterov.
    pub momentum: f64,
    pub weight_decay: f64,
    pub l1: f64,
    pub l1_step: L1Step,
    pub clip: Clip,
}

impl Optimizer {
    pub fn new(kind: OptimizerKind) -> Optimizer {
        Optimizer {
            kind,
            momentum: 0.9,
            weight_decay: 0.0,
            l1: 0.0,
            l1_step: L1Step::Subgradient,
            clip: Clip::Nothing,
        }
    }

    pub fn decays(&self) -> bool {
        self.weight_decay != 0.0 || self.l1 != 0.0
    }
}

/// Buffers as long as the network's parameters, or empty where the optimiser needs none.
#[derive(Clone, Debug, Default)]
pub struct State<T> {
    pub first: Vec<T>,
    pub second: Vec<T>,
    /// First moment of the decay term alone.
    pub decay_first: Vec<T>,
}

impl<T: Scalar> State<T> {
    pub fn new(optimizer: &Optimizer, len: usize) -> State<T> {
        let zeros = |wanted: bool| vec![T::ZERO; if wanted { len } else { 0 }];
        let kind = optimizer.kind;
        // AdamW's weight decay does not pass through the moments; only L1 does.
        let l1 = optimizer.l1 != 0.0 && optimizer.l1_step == L1Step::Subgradient;
        let decay_in_moments = l1 || kind != OptimizerKind::Adamw && optimizer.weight_decay != 0.0;
        State {
            first: zeros(kind.has_first_moment()),
            second: zeros(kind.has_second_moment()),
            decay_first: zeros(kind.has_first_moment() && decay_in_moments),
        }
    }
}

/// The constants of one step, in the network's own type.
#[derive(Clone, Copy, Debug)]
pub struct Constants<T> {
    pub kind: OptimizerKind,
    pub decays: bool,
    pub learning_rate: T,
    pub weight_decay: T,
    /// Coefficient of the subgradient.
    pub l1: T,
    /// How far the proximal step goes: lr * l1, or 0.
    pub threshold: T,
    pub momentum: T,
    /// Decay rates of the first and the second moment, and their complements.
    pub beta1: T,
    pub beta1_rest: T,
    pub beta2: T,
    pub beta2_rest: T,
    pub epsilon: T,
    /// Adam: lr / (1 - beta1^t), and sqrt(1 - beta2^t).
    pub step_size: T,
    pub second_correction: T,
    /// AdamW: lr * weight_decay.
    pub decoupled: T,
}

impl<T: Scalar> Constants<T> {
    /// For update number `step` (from 0).
    pub fn new(optimizer: &Optimizer, step: u64, learning_rate: f64) -> Constants<T> {
        let c = T::from_f64;
        let (beta1, beta2, epsilon) = match optimizer.kind {
            OptimizerKind::Adagrad => (0.0, 1.0, 1e-10),
            OptimizerKind::Rmsprop => (0.0, 0.99, 1e-8),
            _ => (0.9, 0.999, 1e-8),
        };
        let t = (step + 1) as f64;
        let proximal = optimizer.l1_step == L1Step::Proximal;
        let coupled = if optimizer.kind == OptimizerKind::Adamw { 0.0 } else { optimizer.weight_decay };
        Constants {
            kind: optimizer.kind,
            decays: optimizer.decays(),
            learning_rate: c(learning_rate),
            weight_decay: c(coupled),
            l1: c(if proximal { 0.0 } else { optimizer.l1 }),
            threshold: c(if proximal { learning_rate * optimizer.l1 } else { 0.0 }),
            momentum: c(optimizer.momentum),
            beta1: c(beta1),
            beta1_rest: c(1.0 - beta1),
            beta2: c(beta2),
            beta2_rest: c(1.0 - beta2),
            epsilon: c(epsilon),
            step_size: c(learning_rate / (1.0 - f64::powf(beta1, t))),
            second_correction: c((1.0 - f64::powf(beta2, t)).sqrt()),
            decoupled: c(learning_rate * (optimizer.weight_decay - coupled)),
        }
    }
}
