"""The numbers of a run folder as NumPy arrays, also of a folder that is being written."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional

import numpy as np

from ._errors import GradfadeError
from ._format import KEYS, METRICS, SCHEMA, SINGLES, is_missing, metrics_of


def read_meta(path: str) -> Dict[str, Any]:
    """The header of the run at `path`."""
    file = os.path.join(path, "meta.json")
    try:
        with open(file, encoding="utf-8") as text:
            meta = json.load(text)
    except FileNotFoundError:
        there = "has no meta.json" if os.path.isdir(path) else "there is no such folder"
        raise GradfadeError(f"{path}: not a run folder ({there})") from None
    except OSError as error:
        raise GradfadeError(f"{file}: cannot read it: {error.strerror or error}") from None
    except ValueError as error:
        raise GradfadeError(f"{file}: not the header of a run: {error}") from None
    if not isinstance(meta, dict) or not isinstance(meta.get("schema"), int):
        raise GradfadeError(f"{file}: not the header of a run")
    if meta["schema"] > SCHEMA:
        raise GradfadeError(
            f"{file}: written in format {meta['schema']}, this package reads up to {SCHEMA}; use a newer gradfade"
        )
    return meta


def recorded(path: str) -> List[str]:
    """The metrics of which the run has values, in the order of the format."""
    return [name for name in METRICS if os.path.isfile(os.path.join(path, f"{name}.npy"))]


def read(path: str, name: str) -> np.ndarray:
    """The values of a metric, `[rows]`, `[rows, layers]` or `[rows, tensors]`, or the steps of a table by the name of its key
    column. Rows that another column of the table lacks yet (the run goes on, or was cut off) are left out."""
    table = next((table for table, key in KEYS.items() if key == name), None)
    if table is None:
        if name not in METRICS:
            raise GradfadeError(f"there is no metric `{name}`; this run has {', '.join(recorded(path))}")
        table = METRICS[name].table
    rows = _rows(path, table)
    values = _load(path, name)
    if values is None:
        if name in METRICS:
            raise GradfadeError(f"{path}: `{name}` was not recorded; this run has {', '.join(recorded(path))}")
        return np.empty(0, dtype="<i8")
    return values[:rows]


def _rows(path: str, table: str) -> int:
    columns = (_load(path, name, mapped=True) for name in [KEYS[table], *metrics_of(table)])
    return min((len(column) for column in columns if column is not None), default=0)


def _load(path: str, name: str, mapped: bool = False) -> Optional[np.ndarray]:
    file = os.path.join(path, f"{name}.npy")
    try:
        return np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (ValueError, EOFError):
        # NumPy maps no file without rows, and reads none whose last rows are lost; the header counts only whole ones.
        if mapped:
            return _load(path, name)
        raise GradfadeError(f"{file}: damaged; move it away to read the run without it") from None
    except OSError as error:
        raise GradfadeError(f"{file}: cannot read it: {error.strerror or error}") from None


def columns(meta: Dict[str, Any], name: str) -> "tuple[List[Optional[int]], List[Optional[str]]]":
    """Of each value of a row of the metric: the layer, from 1 at the input, and the tensor's name."""
    per = METRICS[name].per
    if per == "run":
        return [None], [None]
    if per == "layer":
        count = len(meta["layers"])
        return list(range(1, count + 1)), [None] * count
    tensors = meta["tensors"]
    names = [tensor.get("name") or f"layers.{tensor['layer']}.{tensor['role']}" for tensor in tensors]
    return [tensor["layer"] for tensor in tensors], list(names)


def long_columns(path: str) -> Dict[str, Any]:
    """All values that were measured as columns `step, layer, tensor, metric, value`; `tensor` is its name."""
    meta = read_meta(path)
    parts: Dict[str, List[Any]] = {"step": [], "layer": [], "tensor": [], "metric": [], "value": []}
    for name in recorded(path):
        if METRICS[name].kind in SINGLES:
            continue
        steps, values = read(path, KEYS[METRICS[name].table]), read(path, name)
        values = values.reshape(len(steps), -1)
        layers, tensors = columns(meta, name)
        kept = ~is_missing(values).reshape(values.shape)
        row, column = np.nonzero(kept)
        parts["step"].append(steps[row])
        parts["layer"].append(np.array([np.nan if n is None else n for n in layers], dtype=float)[column])
        parts["tensor"].append(np.array(tensors, dtype=object)[column])
        parts["metric"].append(np.full(len(row), name, dtype=object))
        parts["value"].append(values[kept])
    return {key: np.concatenate(part) if part else np.empty(0) for key, part in parts.items()}
