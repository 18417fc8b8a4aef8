"""The rows of one table of a run, buffered and written in blocks."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ._errors import GradfadeError
from ._format import KEYS, METRICS, MISSING, MISSING_BITS, SINGLES, metrics_of
from ._histogram import BINS
from ._npy import Column

# Bytes buffered for each table, and rows of it.
_BUFFER_BYTES = 1 << 20
_BUFFER_ROWS = 1024


class Table:
    """The columns of one table."""

    def __init__(self, folder: str, table: str, layers: int, tensors: int, buckets: int) -> None:
        self.folder = folder
        self.table = table
        width = {"run": (), "layer": (layers,), "tensor": (tensors,)}
        self.shapes: Dict[str, Tuple[int, ...]] = {m: width[METRICS[m].per] for m in metrics_of(table)}
        for name in self.shapes:
            if METRICS[name].kind == "histogram":
                self.shapes[name] = (layers, BINS)
        if "sketch" in self.shapes:
            self.shapes["sketch"] = (tensors, buckets)
        row_bytes = 8 * sum(int(np.prod(shape, dtype=np.int64)) for shape in self.shapes.values()) + 8
        self.room = max(1, min(_BUFFER_ROWS, _BUFFER_BYTES // row_bytes))
        self.steps: List[int] = []
        self.buffers: Dict[str, np.ndarray] = {}
        self.columns: Dict[str, Column] = {}
        self.key: Optional[Column] = None
        self.last: Optional[int] = None
        self.committed_step: Optional[int] = None

    @property
    def buffered(self) -> int:
        return len(self.steps)

    def open_key(self) -> None:
        if self.key is None:
            stem = KEYS[self.table]
            key = Column(os.path.join(self.folder, f"{stem}.npy"), "<i8", ())
            key.create(np.empty(0, dtype="<i8"))
            self.key = key

    def push(self, step: int, values: Mapping[str, Any]) -> None:
        if self.last is not None and step <= self.last:
            raise GradfadeError(f"it comes after step {self.last}; steps must increase")
        if step < 0:
            raise GradfadeError("a step is not negative")
        row = len(self.steps)
        try:
            for name, value in values.items():
                buffer = self.buffers.get(name)
                if value is None:
                    continue
                if buffer is None:
                    buffer = self._buffer(name)
                if buffer.ndim == 1:
                    buffer[row] = float(value)
                    continue
                if isinstance(value, (list, tuple)) and any(x is None for x in value):
                    nothing = MISSING if buffer.ndim == 2 else np.full(buffer.shape[2:], np.nan)
                    value = [nothing if x is None else x for x in value]
                shape = value.shape if type(value) is np.ndarray else np.shape(value)
                if shape != buffer.shape[1:]:
                    raise _wrong_shape(name, shape, buffer.shape[1:])
                buffer[row] = value
        except BaseException:
            # What was set of the row that is not taken.
            for buffer in self.buffers.values():
                _blank(buffer[row : row + 1])
            raise
        self.steps.append(int(step))
        self.last = int(step)

    def _buffer(self, name: str) -> np.ndarray:
        if name not in self.shapes:
            if name in METRICS:
                raise GradfadeError(f"`{name}` belongs to the {METRICS[name].table} table")
            raise GradfadeError(f"there is no metric `{name}`; {self.table} rows have {', '.join(self.shapes)}")
        shape = self.shapes[name]
        if name == "sketch" and not shape[1]:
            raise GradfadeError("a sketch needs `sketch_buckets` in the header")
        buffer = np.empty((self.room, *shape), dtype="<f4" if METRICS[name].kind in SINGLES else "<f8")
        _blank(buffer)
        self.buffers[name] = buffer
        return buffer

    def commit(self) -> None:
        """Writes the buffered rows; the steps last: once they are there, so are all columns."""
        count = len(self.steps)
        if not count:
            return
        self.open_key()
        assert self.key is not None
        for name, buffer in self.buffers.items():
            column = self.columns.get(name)
            if column is None:
                if name != "sketch" and _all_missing(buffer[:count]):
                    continue
                path = os.path.join(self.folder, f"{name}.npy")
                column = Column(path, buffer.dtype.str, self.shapes[name])
                # Missing in the rows before it was measured for the first time.
                before = np.empty((self.key.rows, *self.shapes[name]), dtype=buffer.dtype)
                _blank(before)
                column.create(np.concatenate([before, buffer[:count]]))
                self.columns[name] = column
            else:
                column.append(buffer[:count])
        self.key.append(np.array(self.steps, dtype="<i8"))
        for buffer in self.buffers.values():
            _blank(buffer[:count])
        self.committed_step = self.steps[-1]
        self.steps = []


def _blank(rows: np.ndarray) -> None:
    # By its bits: it is not any NaN.
    if rows.dtype.itemsize == 8:
        rows.view("<u8")[...] = MISSING_BITS
    else:
        rows[...] = np.nan


def _all_missing(rows: np.ndarray) -> bool:
    if rows.dtype.itemsize == 8:
        return bool((rows.view("<u8") == MISSING_BITS).all())
    return bool(np.isnan(rows).all())


def _wrong_shape(name: str, given: Tuple[int, ...], expected: Tuple[int, ...]) -> GradfadeError:
    of = {"layer": "layers", "tensor": "tensors"}[METRICS[name].per]
    wanted = str(expected[0]) if len(expected) == 1 else f"shape {expected}"
    found = f"{given[0]} values" if len(given) == 1 else ("one value" if not given else f"values of shape {tuple(given)}")
    return GradfadeError(f"`{name}`: {found}, but the header has {wanted} {of}")
