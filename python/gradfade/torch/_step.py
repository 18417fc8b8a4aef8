"""One recorded step: its raw numbers, and the rows that are made of them."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .._format import MISSING
from . import _activations, _norms, _optim
from ._flow import Signal
from ._layers import Network
from ._row import Raw

# Gradients that were changed between the backward pass and the step differ by more than rounding.
_SAME = 1e-3


class Step:
    """What is known of the step that is being made."""

    def __init__(self) -> None:
        self.raw = Raw()
        self.has_closure = False
        self.batches: List[int] = []
        self.signals: List[Signal] = []
        #: By tensor: how its update splits (kind, whether plain, proportion), its rate, whether it has a gradient.
        self.splits: Dict[int, Tuple[str, bool, float]] = {}
        self.rates: Dict[int, float] = {}
        self.has_grad: Dict[int, bool] = {}
        #: Norms over all tensors of what the backward pass made and of what the optimiser got; the scale of mixed precision.
        self.total: Optional[float] = None
        self.clipped_total: Optional[float] = None
        self.scale = 1.0

    @property
    def samples(self) -> int:
        return sum(self.batches)

    def rows(
        self, raw: Mapping[Any, np.ndarray], network: Network, options: Mapping[str, Any], frozen: Mapping[int, float]
    ) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """The row of the step table, and that of the snapshot table."""
        count = len(network.tensors)
        columns = {key: collected(raw, key, count) for key in ("before", "after", "update", "param", "driven", "decay", "buffer")}
        self.scale = float(raw["scale"][0]) if "scale" in raw else 1.0
        row = self._gradients(columns, options)
        used = columns["after"].copy()
        blank = _blank(used)
        used[blank] = columns["before"][blank] / self.scale
        for i, (split, plain, proportion) in self.splits.items():
            columns["driven"][i], columns["decay"][i] = self._parts(i, split, plain, proportion, columns, used)
        for i, norm in frozen.items():
            columns["param"][i] = norm
            columns["update"][i] = columns["driven"][i] = columns["decay"][i] = 0.0
        for key in ("update", "param", "driven", "decay"):
            row[f"{key}_norm"] = columns[key]
        row.update(self._signals(raw, network, options))
        rates = [self.rates[i] for i in sorted(self.rates)]
        if rates:
            row["learning_rate"] = rates[0]
            if len(set(rates)) > 1:
                row["group_rate"] = [self.rates.get(i) for i in range(count)]
        return row, Step.snapshot_of(raw, count, network, frozen)

    def _gradients(self, columns: Dict[str, np.ndarray], options: Mapping[str, Any]) -> Dict[str, Any]:
        before, after = columns["before"], columns["after"]
        both = ~_blank(before) & ~_blank(after)
        if "scaler" not in options or options["scaler"] is None:
            self._find_scale(before[both], after[both])
        known = ~_blank(before)
        grad = np.where(known, before / self.scale, after)
        grad[_blank(before) & _blank(after)] = MISSING
        factor = 1.0
        passes = max(len(self.batches), 1)
        if options["accumulation"] == "sum":
            factor /= passes
        if options["reduction"] == "sum" and self.samples:
            factor *= passes / self.samples
        if factor != 1.0:
            grad[~_blank(grad)] *= factor
        out: Dict[str, Any] = {"grad_norm": grad}
        some = grad[~_blank(grad)]
        if len(some):
            out["total_grad_norm"] = self.total = _norms.joined(some.tolist())
        if both.any():
            got = _norms.joined(after[both].tolist())
            was = _norms.joined((before[both] / self.scale).tolist())
            if not (was > 0 and abs(got / was - 1) <= _SAME):
                self.clipped_total = got * factor
                out["clipped_grad_norm"] = self.clipped_total
        return out

    def _find_scale(self, before: np.ndarray, after: np.ndarray) -> None:
        """A scaler that we were not told of: every gradient was divided by the same large power of two."""
        good = (before > 0) & (after > 0) & np.isfinite(before) & np.isfinite(after)
        if not good.any():
            return
        exponents = np.log2(before[good] / after[good])
        exponent = round(float(np.median(exponents)))
        if exponent >= 4 and np.abs(exponents - exponent).max() < 1e-3:
            self.scale = 2.0**exponent

    def _parts(
        self, i: int, split: str, plain: bool, proportion: float, columns: Dict[str, np.ndarray], used: np.ndarray
    ) -> Tuple[float, float]:
        """Norms of the gradient's and the decay's part of the update of tensor `i`."""
        if not self.has_grad[i] and split != _optim.UNKNOWN:
            return 0.0, 0.0
        by_gradient = used[i] * self.rates[i]
        if split == _optim.NO_DECAY:
            if plain:
                return by_gradient, 0.0
            buffer = columns["buffer"][i]
            return (columns["update"][i] if math.isnan(buffer) and _is_blank(buffer) else buffer * self.rates[i]), 0.0
        if split == _optim.PROPORTIONAL:
            return (by_gradient if plain else columns["driven"][i]), proportion * columns["param"][i]
        return columns["driven"][i], columns["decay"][i]

    def _signals(self, raw: Mapping[Any, np.ndarray], network: Network, options: Mapping[str, Any]) -> Dict[str, Any]:
        by_layer: Dict[int, Dict[int, List[Tuple[int, float, Optional[float]]]]] = {}
        for n, signal in enumerate(self.signals):
            if signal.layer.place < 0:
                continue
            samples = raw.get(("samples", n))
            one = (signal.batch, float(raw[("signal", n)][0]), None if samples is None else float(samples[0]))
            by_layer.setdefault(signal.layer.place, {}).setdefault(signal.turn, []).append(one)
        out = {}
        for column, which in (("signal_rms", 1), ("grad_rms", 2)):
            values = np.full(len(network.layers), MISSING)
            for place, turns in by_layer.items():
                values[place] = self._root_mean_square(list(turns.values()), which, options)
            if not _blank(values).all():
                out[column] = values
        return out

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
        out: Dict[str, Any] = {
            "distance_from_init": collected(raw, "distance", count),
            "zero_share": collected(raw, "zero", count),
        }
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


def collected(raw: Mapping[Any, np.ndarray], column: str, count: int) -> np.ndarray:
    """The values of a column by tensor."""
    out = np.full(count, MISSING)
    for key, values in raw.items():
        if not isinstance(key, tuple):
            continue
        if key[0] == column:
            out[list(key[1])] = values
        elif isinstance(key[0], tuple) and key[0][0] == column:
            out[key[0][1][key[1]]] = values[0]
    return out


_BITS = np.float64(MISSING).view(np.uint64)


def _blank(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view(np.uint64) == _BITS


def _is_blank(value: float) -> bool:
    return bool(_blank(np.array([value]))[0])
