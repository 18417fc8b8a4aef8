//! The network and its arithmetic: forward, backward, update, and what is measured on the way.
//!
//! A fully connected network computes, for l = 1..L,
//!
//! ```text
//! h^l_a = W^l x^{l-1}_a + b^l        x^l_a = phi(h^l_a)        loss = 1/B sum_a loss_a(h^L_a)
//! delta^l_a = d loss_a / d h^l_a     dloss/dW^l = 1/B sum_a delta^l_a (x^{l-1}_a)^T
//! ```
//!
//! for the samples a of a batch of size B; the last layer is linear and its h^L are the logits. Shapes are
//! written as `[rows, columns]`, row-major, a row for each sample: x^l is `[batch, n_l]`, W^l `[n_l,
//! n_{l-1}]`.
//!
//! What is public is small: [`Shape`] says what a fully connected network is, [`Network`] holds its
//! parameters, [`Engine`] trains it and measures. Inside, a network is a sequence of layers, one file a kind
//! (`layer`), of which [`shape`] builds the fully connected ones. From the ground up: `scalar` (f32, f64 and
//! their elementary functions), `kernel` (f32 by hand for AVX-512; convolutions on any processor) and
//! `threads`, which alone have `unsafe` code; `matmul`, `norm`, `signal`, `normalise`, `statistics`
//! (arithmetic on rows); [`init`], [`loss`], [`optimizer`] and `update` (one fused pass that applies an
//! update and measures it); `layer`, `sequence`, `network`; `tape` (forward and backward over blocks of
//! rows), `engine` (one training step), [`mod@probe`] (one sample, with everything between) and
//! [`gradcheck`].

pub mod architecture;
pub mod clip;
mod engine;
pub mod gradcheck;
mod histogram;
pub mod init;
mod kernel;
mod layer;
pub mod loss;
mod matmul;
mod network;
mod norm;
mod normalise;
pub mod optimizer;
pub mod probe;
mod scalar;
mod sequence;
pub mod shape;
mod signal;
mod slots;
mod statistics;
mod tape;
mod threads;
mod update;
mod winners;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_maps;

pub use architecture::{Architecture, Piece, Window};
pub use clip::Clip;
pub use engine::{Engine, SKETCH_BUCKETS, SnapshotMeasure, StepMeasure};
pub use init::Initialisation;
pub use layer::{Part, Tensor, value_and_slope};
pub use loss::Loss;
pub use matmul::has_kernels;
pub use network::Network;
pub use norm::norm;
pub use normalise::Normalisation;
pub use optimizer::{L1Step, Optimizer, OptimizerKind};
pub use probe::{Choice, Probe, probe};
pub use scalar::Scalar;
pub use sequence::{NetworkLayer, NetworkTensor};
pub use shape::{Shape, ShapeError};
