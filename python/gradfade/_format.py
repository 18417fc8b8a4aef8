"""The metrics of the run folder (docs/format.md), which the reader's own table must equal (a test compares them).

Every value is stored as float64, but for the sketch. A table has a key column of int64.
"""

from __future__ import annotations

from typing import Dict, NamedTuple

import numpy as np

#: Version of the format that this package writes.
SCHEMA = 2

#: "Not measured": the one NaN that does not mean that the computation broke down.
MISSING_BITS = 0x7FF80000000007A2
MISSING = np.array([MISSING_BITS], dtype="<u8").view("<f8")[0]

#: Name of a table: its key column.
KEYS = {"step": "step", "snapshot": "snapshot_step", "evaluation": "eval_step"}


class Metric(NamedTuple):
    """One column: its `table`, whether it has one value `per` run, layer or tensor, and the `kind` of the number."""

    table: str
    per: str
    kind: str


METRICS: Dict[str, Metric] = {
    "epoch": Metric("step", "run", "number"),
    "learning_rate": Metric("step", "run", "number"),
    "loss": Metric("step", "run", "number"),
    "batch_accuracy": Metric("step", "run", "number"),
    "grad_norm": Metric("step", "tensor", "norm"),
    "update_norm": Metric("step", "tensor", "norm"),
    "driven_norm": Metric("step", "tensor", "norm"),
    "decay_norm": Metric("step", "tensor", "norm"),
    "param_norm": Metric("step", "tensor", "norm"),
    "signal_rms": Metric("step", "layer", "magnitude"),
    "grad_rms": Metric("step", "layer", "magnitude"),
    "signal_before_rms": Metric("step", "layer", "magnitude"),
    "distance_from_init": Metric("snapshot", "tensor", "norm"),
    "zero_share": Metric("snapshot", "tensor", "share"),
    "activation_mean": Metric("snapshot", "layer", "number"),
    "activation_std": Metric("snapshot", "layer", "magnitude"),
    "saturated_share": Metric("snapshot", "layer", "share"),
    "dead_share": Metric("snapshot", "layer", "share"),
    "mean_squared_slope": Metric("snapshot", "layer", "magnitude"),
    "routed_share": Metric("snapshot", "layer", "share"),
    "winners_changed": Metric("snapshot", "layer", "share"),
    "sketch": Metric("snapshot", "tensor", "sketch"),
    "eval_epoch": Metric("evaluation", "run", "number"),
    "train_loss": Metric("evaluation", "run", "number"),
    "train_accuracy": Metric("evaluation", "run", "number"),
    "test_loss": Metric("evaluation", "run", "number"),
    "test_accuracy": Metric("evaluation", "run", "number"),
    "validation_loss": Metric("evaluation", "run", "number"),
    "validation_accuracy": Metric("evaluation", "run", "number"),
}


def metrics_of(table: str) -> "list[str]":
    """The metrics of a table, in the order of the format."""
    return [name for name, metric in METRICS.items() if metric.table == table]


def is_missing(values: object) -> np.ndarray:
    """Where a metric was not measured; a plain NaN is a number that broke down."""
    return np.ascontiguousarray(values, dtype="<f8").view("<u8") == MISSING_BITS
