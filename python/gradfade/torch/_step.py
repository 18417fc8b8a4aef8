"""One recorded step: its raw numbers, and the rows that are made of them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .._format import MISSING
from . import _activations, _norms, _optim
from ._hooks import Signal
from ._layers import Network
from ._row import Raw

# Gradients that were changed between the backward pass and the step differ by more than rounding.
_SAME = 1e-3


class Step:
    """What is known of the step that is being made."""

    def __init__(self) -> None:
        self.raw = Raw()
        #: Optimisers that call a closure in this step.
        self.closures: List[int] = []
        #: Whether the gradients were changed between the backward pass and the step, or not seen before it.
        self.is_changed = False
        self.batches: List[int] = []
        self.signals: List[Signal] = []
        #: The groups of the optimisers, with the places of their tensors.
        self.parts: List[Tuple["_optim.Parts", np.ndarray]] = []
        #: Tensors without a gradient, which no optimiser changes.
        self.idle: List[int] = []
        #: By tensor, whether it has a gradient.
        self.has_grad: Dict[int, bool] = {}
        #: Norms over all tensors of what the backward pass made and of what the optimiser got; the scale of mixed precision.
        self.total: Optional[float] = None
        self.clipped_total: Optional[float] = None
        #: Every tensor's gradient became smaller by the same factor.
        self.is_by_norm = False
        self.scale = 1.0

    @property
    def samples(self) -> int:
        return sum(self.batches)

    def row(
        self, raw: Mapping[Any, np.ndarray], network: Network, options: Mapping[str, Any], frozen: Mapping[int, float]
    ) -> Dict[str, Any]:
        """The row of the step table."""
        count = len(network.tensors)
        columns = collected(raw, count)
        self.scale = float(raw["scale"][0]) if "scale" in raw else 1.0
        row = self._gradients(columns, options)
        used = columns["before"] if self.scale == 1.0 else _scaled(columns["before"], 1 / self.scale)
        if self.is_changed:
            used = np.where(blank(columns["after"]), used, columns["after"])
        for part, places in self.parts:
            self._parts(part, places, columns, used)
        for i, norm in frozen.items():
            columns["param"][i] = norm
            columns["update"][i] = columns["driven"][i] = columns["decay"][i] = 0.0
        for key in ("update", "param", "driven", "decay"):
            row[f"{key}_norm"] = columns[key]
        row.update(self._signals(raw, network, options))
        if self.parts:
            row["learning_rate"] = self.parts[0][0].rate
            if len({part.rate for part, _ in self.parts}) > 1:
                row["group_rate"] = np.full(count, MISSING)
                for part, places in self.parts:
                    row["group_rate"][places] = part.rate
        return row

    def _gradients(self, columns: Dict[str, np.ndarray], options: Mapping[str, Any]) -> Dict[str, Any]:
        before, after = columns["before"], columns["after"]
        both = None
        if self.is_changed:
            both = ~blank(before) & ~blank(after)
            before = _scaled(before, 1 / self.scale)
            grad = np.where(blank(before), after, before)
        else:
            grad = before if self.scale == 1.0 else _scaled(before, 1 / self.scale)
        factor = 1.0
        passes = max(len(self.batches), 1)
        if options["accumulation"] == "sum":
            factor /= passes
        if options["reduction"] == "sum" and self.samples:
            factor *= passes / self.samples
        if factor != 1.0:
            grad = _scaled(grad, factor)
        out: Dict[str, Any] = {"grad_norm": grad}
        some = grad if not self.idle and not self.is_changed else grad[~blank(grad)]
        if len(some):
            total = float(np.dot(some, some))
            # Squares that are safe as they are.
            self.total = math.sqrt(total) if 1e-250 < total < 1e250 else _norms.joined(some[~blank(some)])
            out["total_grad_norm"] = self.total
        if both is not None and both.any():
            got, was = _norms.joined(after[both]), _norms.joined(before[both])
            if not (was > 0 and abs(got / was - 1) <= _SAME):
                self.clipped_total = got * factor
                ratios = after[both & (before > 0)] / before[both & (before > 0)]
                self.is_by_norm = bool(len(ratios) > 1 and np.ptp(ratios) <= _SAME * ratios.max())
                out["clipped_grad_norm"] = self.clipped_total
        return out

    def _parts(self, part: "_optim.Parts", at: np.ndarray, columns: Dict[str, np.ndarray], used: np.ndarray) -> None:
        """Norms of the gradient's and the decay's part of the updates of one group, where they took no pass."""
        driven, decay = columns["driven"], columns["decay"]
        if part.split == _optim.UNKNOWN:
            return
        if part.split == _optim.NO_DECAY:
            decay[at] = 0.0
            if part.is_plain:
                driven[at] = used[at] * part.rate
            else:
                buffer = columns["buffer"][at]
                driven[at] = np.where(blank(buffer), columns["update"][at], buffer * part.rate)
        elif part.split == _optim.PROPORTIONAL:
            decay[at] = part.proportion * columns["param"][at]
            if part.is_plain:
                driven[at] = used[at] * part.rate
        if self.idle:
            some = [i for i in self.idle if i in at]
            driven[some] = decay[some] = 0.0

    def _signals(self, raw: Mapping[Any, np.ndarray], network: Network, options: Mapping[str, Any]) -> Dict[str, Any]:
        signals = [(n, signal) for n, signal in enumerate(self.signals) if signal.layer.place >= 0]
        columns = {name: np.full(len(network.layers), MISSING) for name in ("signal_rms", "grad_rms")}
        if len(self.batches) <= 1 and len({signal.layer.place for _, signal in signals}) == len(signals):
            self._signals_of_one_pass(signals, raw, columns, options)
        else:
            by_layer: Dict[int, Dict[int, List[Any]]] = {}
            for n, signal in signals:
                one = (signal.batch, _value(raw, "signal", n, signal.norm), _value(raw, "samples", n, signal.samples))
                by_layer.setdefault(signal.layer.place, {}).setdefault(signal.turn, []).append(one)
            for which, column in enumerate(columns.values(), 1):
                for place, turns in by_layer.items():
                    column[place] = self._root_mean_square(list(turns.values()), which, options)
        # By the bits of the missing NaN: one value is enough.
        return {name: column for name, column in columns.items() if (column.view(np.uint64) != _BITS).any()}

    def _signals_of_one_pass(self, signals: Any, raw: Any, columns: Any, options: Mapping[str, Any]) -> None:
        """The usual case, all layers at once."""
        root, divides = math.sqrt, options["reduction"] == "sum"
        signal_rms, grad_rms, scale = columns["signal_rms"], columns["grad_rms"], self.scale
        for n, signal in signals:
            factor = (1 / root(signal.batch) if divides else root(signal.batch)) / scale
            norm, samples, place = signal.norm, signal.samples, signal.layer.place
            signal_rms[place] = factor * (norm if type(norm) is float else _value(raw, "signal", n, norm))
            if samples is not None:
                grad_rms[place] = factor * (samples if type(samples) is float else _value(raw, "samples", n, samples))

    def _root_mean_square(self, turns: List[List[Any]], which: int, options: Mapping[str, Any]) -> float:
        """Over the samples of all backward passes; several uses of a layer in one pass are positions of the same sample."""
        norms, samples = [], 0
        for uses in turns:
            batch = uses[0][0]
            if which == 2 and (len(uses) > 1 or uses[0][2] is None):
                return MISSING
            whole = _norms.joined([use[which] for use in uses]) if len(uses) > 1 else uses[0][which]
            norms.append(whole * batch if options["reduction"] == "mean" else whole)
            samples += batch
        factor = max(len(self.batches), 1) if options["accumulation"] == "mean" else 1
        return (_norms.joined(norms) if len(norms) > 1 else norms[0]) * factor / math.sqrt(samples) / self.scale

    @staticmethod
    def snapshot_of(raw: Mapping[Any, np.ndarray], count: int, network: Network, frozen: Mapping[int, float]) -> Dict[str, Any]:
        columns = collected(raw, count)
        out: Dict[str, Any] = {"distance_from_init": columns["distance"], "zero_share": columns["zero"]}
        for i in frozen:
            out["distance_from_init"][i] = 0.0
        places = {key[1]: values for key, values in raw.items() if isinstance(key, tuple) and key[0] == "activation"}
        for n, name in enumerate(_activations.METRICS):
            values = np.full(len(network.layers), MISSING)
            for place, found in places.items():
                if place >= 0:
                    values[place] = found[n]
            if places:
                out[name] = values
        return out


def _value(raw: Mapping[Any, np.ndarray], key: str, n: int, here: Any) -> Optional[float]:
    """A number that is here already, or was fetched from the device."""
    if here is None or type(here) is float:
        return here
    return float(raw[(key, n)][0])


def collected(raw: Mapping[Any, np.ndarray], count: int) -> Dict[str, np.ndarray]:
    """The columns of numbers by tensor."""
    out: Dict[str, np.ndarray] = dict(zip(COLUMNS, np.full((len(COLUMNS), count), MISSING)))
    for key, values in raw.items():
        if type(key) is not tuple:
            continue
        column, at = key
        if column in out:
            out[column][_index(at)] = values
        elif type(column) is tuple and column[0] in out:
            out[column[0]][column[1][at]] = values[0]
    return out


@lru_cache(maxsize=64)
def _index(at: Tuple[int, ...]) -> np.ndarray:
    return np.array(at, dtype=np.int64)


COLUMNS = ("before", "after", "update", "param", "driven", "decay", "buffer", "distance", "zero")

_BITS = np.float64(MISSING).view(np.uint64)


def blank(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view(np.uint64) == _BITS


def _scaled(values: np.ndarray, factor: float) -> np.ndarray:
    """Times a factor; what is missing stays so."""
    return np.where(blank(values), values, values * factor)
