//! The network and its arithmetic: forward, backward, update, and what is measured on the way.
//!
//! A layer computes h^l = W^l x^{l-1} + b^l and x^l = phi(h^l), l = 1..L; the last layer is linear and its h^L are the
//! logits. `delta^l_a = d loss_a / d h^l` belongs to one sample a, so that the batch-mean weight gradient is
//! `1/B sum_a delta^l_a (x^{l-1}_a)^T`.
//!
//! What hidden layers can have besides, normalisation, skips, dropout and maxout, is in [`network`].
//!
//! From the ground up: [`scalar`] (f32, f64 and their elementary functions), `kernel` (f32 by hand for AVX-512, the only room
//! with vector intrinsics), [`matmul`], [`norm`], [`activation`], [`normalise`], `dropout`, [`init`], [`loss`], [`network`] (parameters), [`optimizer`] and [`update`] (one fused pass that
//! applies an update and measures it), [`pass`] (forward and backward over blocks of rows), [`engine`] (one training step)
//! and [`gradcheck`].

pub mod activation;
mod dropout;
pub mod engine;
pub mod gradcheck;
pub mod init;
mod kernel;
pub mod loss;
pub mod matmul;
pub mod network;
pub mod norm;
pub mod normalise;
pub mod optimizer;
pub mod pass;
pub mod scalar;
pub mod statistics;
pub mod threads;
pub mod update;

pub use engine::{Engine, StepMeasure};
pub use init::Initialisation;
pub use loss::Loss;
pub use network::{Network, Part, Shape};
pub use normalise::Normalisation;
pub use optimizer::{L1Step, Optimizer, OptimizerKind};
pub use scalar::Scalar;
