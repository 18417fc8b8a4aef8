//! See and explain why a deep network does not train: a trainer that records gradient and update norms of
//! every layer at every step, rules that read such a record, and figures drawn from it.
//!
//! A run is a [`record::Record`]: what one training run left behind. It comes from the trainer of this crate,
//! from a training loop of your own, or from a run folder ([`source::open`]); [`diagnosis`] says what is
//! wrong with it and [`figure`] draws it. The program `gradfade` is built from these modules.
//!
//! Does the gradient reach the first layer of a deep sigmoid network?
//!
//! ```
//! # #[cfg(feature = "figures")] {
//! use gradfade::prelude::*;
//! use gradfade::train;
//!
//! let config = TrainConfig::default()
//!     .with_data(DataSpec::Spiral)
//!     .with_activation(Activation::Sigmoid)
//!     .with_hidden_layers(8)
//!     .with_width(12)
//!     .with_steps(40);
//! let record = train::in_memory("sigmoid", &config)?;
//! let found = diagnose(&record, &Thresholds::default())?;
//! assert_eq!(found.conclusion(), Conclusion::Faulty);
//!
//! let figure = gradfade::figure::build("gradient-heatmap", &[record], &Options::default())?;
//! assert!(gradfade::render::svg(&figure, &Style::default())?.starts_with("<svg"));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` has programs that train in memory, record a training loop of their own and draw a run folder.
//!
//! # Modules
//!
//! From the ground up: [`stats`], [`names`], [`field`] and [`activation`] know nothing of the others; [`record`] is what
//! programs that train and programs that look share. [`nn`], [`data`], [`config`] and [`train`] make records,
//! `sweep` many of them. `analysis`, `diagnosis`, `figure`, `render`, `notes`, `page` and `report` read them;
//! `remedy` changes the settings of a run as a diagnosis advises, `replay` runs a sample through its saved network.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | `record` in memory, `activation`, `nn`, synthetic `data`, `config`, `train`: no files, threads or clock |
//! | `fs` | run folders on disk, saved parameters |
//! | `threads` | several threads on a step; with `data-files` also sweeps |
//! | `data-files` | data sets from files, tables as CSV, plans as TOML, logs of other programs |
//! | `digits` | 12,000 digits of MNIST, embedded (1.5 MB) |
//! | `figures` | analysis, diagnosis, figures as SVG, PNG and PDF, notes, pages |
//! | `cli` (default) | the program `gradfade`, and all of the above |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod activation;
pub mod escape;
pub mod field;
#[cfg(feature = "fs")]
pub mod files;
pub mod names;
pub mod stats;

pub mod record;

pub mod data;
pub mod nn;

pub mod config;
pub mod train;

#[cfg(feature = "data-files")]
pub mod import;
#[cfg(feature = "threads")]
pub mod pool;
#[cfg(feature = "fs")]
pub mod replay;
#[cfg(all(feature = "data-files", feature = "threads"))]
pub mod source;
#[cfg(all(feature = "data-files", feature = "threads"))]
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
/// The command line of the program `gradfade`. Not part of the library: it changes without notice.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

/// What most programs need.
pub mod prelude {
    pub use crate::activation::Activation;
    pub use crate::config::{BatchSize, TrainConfig, TrainPlan};
    pub use crate::data::{DataOptions, DataSpec, Dataset};
    #[cfg(feature = "figures")]
    pub use crate::diagnosis::{Conclusion, Diagnosis, Thresholds, diagnose};
    #[cfg(feature = "figures")]
    pub use crate::figure::Options;
    pub use crate::record::{Header, MemorySink, Record};
    #[cfg(feature = "figures")]
    pub use crate::render::Style;
    #[cfg(all(feature = "data-files", feature = "threads"))]
    pub use crate::source::{Source, open};
    #[cfg(feature = "figures")]
    pub use crate::text::Lang;
}
