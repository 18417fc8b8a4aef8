//! gradfade: see and explain why a deep network does not train.
//!
//! Modules are listed from the bottom up. The modules that produce records (`nn`, `data`, `config`, `train`, `sweep`) and those that
//! read them (`analysis`, `diagnosis`, `figure`, `render`, `report`) share only [`record`] and [`stats`]; only [`remedy`] uses both.

pub mod activation;
pub mod field;
pub mod files;
pub mod names;
pub mod stats;

pub mod record;

pub mod data;
pub mod nn;

pub mod config;
pub mod train;

pub mod pool;
pub mod sweep;

#[cfg(feature = "figures")]
pub mod analysis;
#[cfg(feature = "figures")]
pub mod diagnosis;
#[cfg(feature = "figures")]
pub mod figure;
#[cfg(feature = "figures")]
pub mod font;
#[cfg(feature = "figures")]
pub mod notes;
#[cfg(feature = "figures")]
pub mod page;
#[cfg(feature = "figures")]
pub mod remedy;
#[cfg(feature = "figures")]
pub mod render;
#[cfg(feature = "figures")]
pub mod report;
#[cfg(feature = "figures")]
pub mod text;

#[cfg(feature = "cli")]
pub mod baselines;
#[cfg(feature = "cli")]
pub mod cli;
