"""The metrics of the run folder (docs/format.md), which the reader's own table must equal (a test compares them).

Every value is stored as float64, but for the sketch and the histograms (`SINGLES`), which are float32. A table has a key
column of int64.
"""

from __future__ import annotations

import difflib
import math
from typing import Any, Dict, Mapping, NamedTuple, Union

import numpy as np

from ._errors import GradfadeError

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
    "group_rate": Metric("step", "tensor", "magnitude"),
    "total_grad_norm": Metric("step", "run", "norm"),
    "clipped_grad_norm": Metric("step", "run", "norm"),
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
    "pre_activation_histogram": Metric("snapshot", "layer", "histogram"),
    "activation_histogram": Metric("snapshot", "layer", "histogram"),
    "signal_histogram": Metric("snapshot", "layer", "histogram"),
    "sketch": Metric("snapshot", "tensor", "sketch"),
    "eval_epoch": Metric("evaluation", "run", "number"),
    "train_loss": Metric("evaluation", "run", "number"),
    "train_accuracy": Metric("evaluation", "run", "number"),
    "test_loss": Metric("evaluation", "run", "number"),
    "test_accuracy": Metric("evaluation", "run", "number"),
    "validation_loss": Metric("evaluation", "run", "number"),
    "validation_accuracy": Metric("evaluation", "run", "number"),
}

#: Kinds of metrics that are stored as float32, many numbers for each layer or tensor.
SINGLES = ("sketch", "histogram")

#: What diagnoses and figures go by.
FACTS = (
    "task", "data", "classes", "majority_share", "class_entropy", "train_size", "validation_size", "test_size", "batch_size",
    "optimizer", "learning_rate", "weight_decay", "l1", "clip_norm", "clip_value", "normalise_gradients", "layerwise_steps",
    "loss", "loss_input", "ignorant_loss", "initialisation", "bias_start", "normalisation", "residual", "dropout", "precision",
    "early_stopping", "initial_deviation", "inputs",
)  # fmt: skip


def check_facts(facts: "Mapping[str, Any]") -> "Dict[str, Any]":
    """Facts as the header has them; GradfadeError for a name that is none of them."""
    for name in facts:
        if name not in FACTS:
            near = difflib.get_close_matches(name, FACTS, 1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; facts are {', '.join(FACTS)}"
            raise GradfadeError(f"there is no fact `{name}`{hint}")
    checked = {name: _checked(name, value) for name, value in facts.items() if value is not None}
    if isinstance(checked.get("optimizer"), str):
        checked["optimizer"] = {"name": checked["optimizer"]}
    return checked


_COUNTS = ("classes", "train_size", "validation_size", "test_size", "batch_size", "layerwise_steps", "early_stopping")
_NUMBERS = (
    "majority_share", "class_entropy", "learning_rate", "weight_decay", "l1", "clip_norm", "clip_value", "ignorant_loss",
    "bias_start", "dropout",
)  # fmt: skip
_WORDS = ("task", "data", "loss", "loss_input", "initialisation", "normalisation", "precision")


def _checked(name: str, value: Any) -> Any:
    """The value of a fact in the type that the reader takes."""
    try:
        if name in _COUNTS:
            if isinstance(value, bool) or int(value) != value or int(value) < 0:
                raise ValueError
            return int(value)
        if name in _NUMBERS:
            return float(value)
        if name in _WORDS and not isinstance(value, str):
            raise ValueError
    except (TypeError, ValueError):
        kind = "a whole number" if name in _COUNTS else "a number" if name in _NUMBERS else "a word"
        raise GradfadeError(f"{name}: {kind} is expected, not {value!r}") from None
    return value


def next_due(every: "Union[int, str]", step: int) -> int:
    """The step after `step` on which something is due: every so many steps, or `log`, every step at first and then about 20
    a factor of 10."""
    if every == "log":
        return max(step + 1, math.ceil(step * 1.122))
    return (step // int(every) + 1) * int(every)


def check_every(name: str, every: "Union[int, str]") -> "Union[int, str]":
    """Whether `every` is a number of steps or `log`."""
    if every == "log" or isinstance(every, int) and not isinstance(every, bool) and every >= 1:
        return every
    raise GradfadeError(f"{name}: {every!r} is neither a number of steps from 1 on nor 'log'")


def metrics_of(table: str) -> "list[str]":
    """The metrics of a table, in the order of the format."""
    return [name for name, metric in METRICS.items() if metric.table == table]


def is_missing(values: object) -> np.ndarray:
    """Where a metric was not measured; a plain NaN is a number that broke down."""
    return np.ascontiguousarray(values, dtype="<f8").view("<u8") == MISSING_BITS
