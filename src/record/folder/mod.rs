//! A run as a folder: `meta.json` (the [`Header`](super::Header)) and one `.npy` array for each column.
//!
//! The table of files is in the docs of [`crate::record`]. Rules of the folder:
//!
//! * A table has as many rows as the shortest of its arrays: the columns of a row are written one after the other, so
//!   a writer that was stopped leaves some of them one commit ahead.
//! * Only committed rows count ([`super::npy`]); arrays only ever grow, so whatever was read stays true.
//! * `meta.json` is written beside its place and renamed: it is the old one or the new one. `status` says `running` until
//!   the run ends; a run that was killed stays `running`.
//! * `step.npy` must be there. Another missing array reads as [`crate::stats::MISSING`]; a missing `snapshot_step.npy` or
//!   `eval_step.npy` as a table of no rows. That is worth a warning, but for the arrays that came after the first version:
//!   `zero_share.npy`, `validation_loss.npy`, `validation_accuracy.npy`.
//! * Other files may lie in the folder (weights, figures, notes): they are neither read nor removed.

mod read;
mod write;

pub use read::Warning;
pub use write::{MAX_UNCOMMITTED, RunWriter};

use super::{ActivationMetric, LayerMetric, TensorMetric};

pub(super) const META: &str = "meta.json";
const META_PART: &str = "meta.json.part";

const STEP: &str = "step";
const STEP_SCALARS: [&str; 4] = ["epoch", "learning_rate", "loss", "batch_accuracy"];
const SNAPSHOT_STEP: &str = "snapshot_step";
const DISTANCE: &str = "distance_from_init";
const ZEROS: &str = "zero_share";
const SKETCH: &str = "sketch";
const EVAL_STEP: &str = "eval_step";
const EVAL_SCALARS: [&str; 5] = ["eval_epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy"];
const EVAL_VALIDATION: [&str; 2] = ["validation_loss", "validation_accuracy"];

/// Weights that a trainer may put beside the record; they belong to the run and go when it is overwritten.
const WEIGHTS: [&str; 2] = ["weights-init.safetensors", "weights-final.safetensors"];

/// Stems of all arrays of the format.
fn array_stems() -> impl Iterator<Item = &'static str> {
    [STEP, SNAPSHOT_STEP, DISTANCE, ZEROS, SKETCH, EVAL_STEP]
        .into_iter()
        .chain(STEP_SCALARS)
        .chain(EVAL_SCALARS)
        .chain(EVAL_VALIDATION)
        .chain(TensorMetric::ALL.map(TensorMetric::name))
        .chain(LayerMetric::ALL.map(LayerMetric::name))
        .chain(ActivationMetric::ALL.map(ActivationMetric::name))
}

fn file_name(stem: &str) -> String {
    format!("{stem}.npy")
}
