"""Writing a run folder (docs/format.md) while the run goes on.

Rows are buffered and written in blocks; a kill costs those behind the last commit, half a second of them at most while
steps come in. What the disk refuses stops the recording with one warning, and never the training.
"""

from __future__ import annotations

import json
import os
import time
import warnings
import weakref
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ._errors import GradfadeError, GradfadeWarning
from ._format import KEYS, METRICS, MISSING, MISSING_BITS, SCHEMA, metrics_of
from ._lock import NAME as LOCK_NAME
from ._lock import Lock
from ._npy import Column

META = "meta.json"
META_PART = "meta.json.part"
_WEIGHTS = ("weights-init.safetensors", "weights-final.safetensors")
_STEMS = [*KEYS.values(), *METRICS]
_OWN_FILES = {f"{stem}.npy" for stem in _STEMS} | {f"{stem}.npy.part" for stem in _STEMS} | set(_WEIGHTS)

#: Seconds after which rows are committed, at most, while steps come in ...
MAX_UNCOMMITTED = 0.5
# ... or this many times as long as a commit takes, where the disk is slow, but not longer than the last number.
_COMMIT_SHARE = 50
_LONGEST_UNCOMMITTED = 10.0
# Bytes buffered for each table, and rows of it.
_BUFFER_BYTES = 1 << 20
_BUFFER_ROWS = 1024


class Folder:
    """The folder of one run, while it is written.

    `Folder(path, meta)` makes it at once. A recorder that does not know its layers yet reserves the place first
    (`Folder.reserve`), so that a folder that is taken is an error before the training, and starts it with the header later
    (`start`).
    """

    def __init__(self, path: "str | os.PathLike[str]", meta: Mapping[str, Any], force: bool = False) -> None:
        self._enter(path, force)
        try:
            self._begin(meta)
        except OSError as error:
            self.release()
            raise GradfadeError(f"{self.path}: cannot write it: {_reason(error)}") from None
        except BaseException:
            self.release()
            raise

    @classmethod
    def reserve(cls, path: "str | os.PathLike[str]", force: bool = False) -> "Folder":
        """Checks `path`, makes the folder where it is not there, and locks it. With `force` a run that is there is replaced
        by `start`; anything else never is. GradfadeError says why the place cannot be had."""
        folder = cls.__new__(cls)
        folder._enter(path, force)
        return folder

    def _enter(self, path: "str | os.PathLike[str]", force: bool) -> None:
        self.path = os.fspath(path)
        # Training scripts change their folder at times.
        self._dir = os.path.abspath(self.path)
        self.failed: Optional[str] = None
        self.started = False
        self.finished = False
        self.meta: Dict[str, Any] = {}
        self._tables: Dict[str, _Table] = {}
        # What closes the run that writes here, where the same program records into the folder anew.
        self.evict: Optional[Callable[[], None]] = None
        self._take_over(force)
        self._made = not os.path.isdir(self._dir)
        self._lock: Optional[Lock] = _lock(self.path, self._dir)
        try:
            self._replaces = _claim(self.path, self._dir, force)
            _try(self.path, self._dir)
        except BaseException:
            self.release()
            raise
        _OPEN.add(self)

    def _take_over(self, force: bool) -> None:
        for other in list(_OPEN):
            if other.finished or other._dir != self._dir:
                continue
            if not force:
                raise GradfadeError(
                    f"{self.path}: this program is recording there; end that run with close(), or replace it with force=True"
                )
            (other.evict or other.release)()

    def start(self, meta: Mapping[str, Any]) -> None:
        """Writes the header, `meta.json`, as `running`. A header that contradicts itself is a GradfadeError; a disk that
        refuses stops the recording with a warning."""
        if self.started or self.finished or self._lock is None:
            raise GradfadeError(f"{self.path}: the run was started or closed before")
        try:
            self._begin(meta)
        except OSError as error:
            self._stop(error)

    def _begin(self, meta: Mapping[str, Any]) -> None:
        header = {"schema": SCHEMA, **meta, "status": {"state": "running"}}
        _check(self.path, header)
        self.meta = header
        self.started = True
        layers, tensors = len(header["layers"]), len(header["tensors"])
        buckets = header.get("sketch_buckets") or 0
        self._tables = {table: _Table(self._dir, table, layers, tensors, buckets) for table in KEYS}
        # Beside its place first, then the old header goes before the old arrays and the new one comes after the new array:
        # whenever a kill comes, a header stands only before whole arrays of its own.
        _write_meta_part(self._dir, header)
        if self._replaces:
            for name in (META, *sorted(_OWN_FILES)):
                _remove(os.path.join(self._dir, name))
        self._tables["step"].open_key()
        os.replace(os.path.join(self._dir, META_PART), os.path.join(self._dir, META))
        self._committed_at = time.monotonic()
        self._interval = MAX_UNCOMMITTED

    def append(self, table: str, step: int, values: Mapping[str, Any]) -> None:
        """Adds a row to the `step`, `snapshot` or `evaluation` table: by the name of a metric a number, or one for each
        layer or tensor of the header. A metric that is not named, and None, is missing. Steps must increase."""
        if self.failed is not None:
            return
        if not self.started or self.finished:
            raise GradfadeError(
                f"{self.path}: a row came {'after the run was closed' if self.finished else 'before it was started'}"
            )
        rows = self._tables[table]
        try:
            if rows.buffered >= rows.room:
                self._commit()
            rows.push(step, values)
            if table == "evaluation" or time.monotonic() - self._committed_at >= self._interval:
                self._commit()
        except OSError as error:
            self._stop(error)
        except (GradfadeError, ValueError, TypeError) as error:
            raise GradfadeError(f"{self.path}: {table} row {step}: {error}") from None

    def commit(self) -> None:
        """Makes all rows that were appended readable by others."""
        if self.failed is not None or not self.started or self.finished:
            return
        try:
            self._commit()
        except OSError as error:
            self._stop(error)

    def _commit(self) -> None:
        began = time.monotonic()
        for rows in self._tables.values():
            rows.commit()
        self._committed_at = time.monotonic()
        took = self._committed_at - began
        self._interval = min(max(MAX_UNCOMMITTED, _COMMIT_SHARE * took), _LONGEST_UNCOMMITTED)

    def update_meta(self, **changes: Any) -> None:
        """Changes fields of the header, such as `facts` or `labels`, and writes it anew."""
        if self.failed is not None or not self.started or self.finished:
            return
        header = {**self.meta, **changes}
        _check(self.path, header)
        for field, count in (("layers", len(self.meta["layers"])), ("tensors", len(self.meta["tensors"]))):
            if len(header[field]) != count:
                raise GradfadeError(f"{self.path}: the run has {count} {field}; a run cannot get others while it goes on")
        self.meta = header
        try:
            self._write_meta()
        except OSError as error:
            self._stop(error)

    def finish(self, status: Mapping[str, Any], **changes: Any) -> None:
        """Commits, writes how the run ended (`{"state": "complete"}`) and gives the lock back. A second call does
        nothing."""
        if self.finished:
            return
        if self.started and self.failed is None:
            self.commit()
        if self.started:
            if self.failed is not None:
                # What was lost makes it a run that was cut off.
                last = self._tables["step"].committed_step
                status = {"state": "interrupted", "step": 0 if last is None else last + 1}
            self.meta = {**self.meta, **changes, "status": dict(status)}
            try:
                self._write_meta()
            except OSError as error:
                self._stop(error)
        self.release()

    def release(self) -> None:
        """Gives the lock back, and takes away a folder that was made for nothing."""
        self.finished = True
        if self._lock is not None:
            self._lock.release()
        self._lock = None
        if self._made and not self.started:
            try:
                os.rmdir(self._dir)
            except OSError:
                pass

    def _write_meta(self) -> None:
        _write_meta_part(self._dir, self.meta)
        os.replace(os.path.join(self._dir, META_PART), os.path.join(self._dir, META))

    def _stop(self, error: OSError) -> None:
        if self.failed is not None:
            return
        self.failed = _reason(error)
        last = self._tables["step"].committed_step if self._tables else None
        kept = "nothing was recorded" if last is None else f"the record ends with step {last}"
        warn(f"{self.path}: cannot write it: {self.failed}; {kept}, and the training goes on without it")

    def _forget(self) -> None:
        """In a forked process: the parent goes on recording, this one records nothing."""
        self.failed = "recorded by the parent process"
        self.finished = True
        if self._lock is not None:
            self._lock.forget()
            self._lock = None


class _Table:
    """The columns of one table."""

    def __init__(self, folder: str, table: str, layers: int, tensors: int, buckets: int) -> None:
        self.folder = folder
        self.table = table
        width = {"run": (), "layer": (layers,), "tensor": (tensors,)}
        self.shapes: Dict[str, Tuple[int, ...]] = {m: width[METRICS[m].per] for m in metrics_of(table)}
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
                if isinstance(value, (list, tuple)) and None in value:
                    value = [MISSING if x is None else x for x in value]
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
        buffer = np.empty((self.room, *shape), dtype="<f4" if name == "sketch" else "<f8")
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
                if _all_missing(buffer[:count]):
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
    return rows.dtype.itemsize == 8 and bool((rows.view("<u8") == MISSING_BITS).all())


def _wrong_shape(name: str, given: Tuple[int, ...], expected: Tuple[int, ...]) -> GradfadeError:
    of = {"layer": "layers", "tensor": "tensors"}[METRICS[name].per]
    wanted = str(expected[0]) if len(expected) == 1 else f"shape {expected}"
    found = f"{given[0]} values" if len(given) == 1 else ("one value" if not given else f"values of shape {tuple(given)}")
    return GradfadeError(f"`{name}`: {found}, but the header has {wanted} {of}")


def _check(path: str, header: Mapping[str, Any]) -> None:
    """What the reader would refuse is told before it is written."""
    for field in ("source", "run", "layers", "tensors"):
        if field not in header:
            raise GradfadeError(f"{path}: the header has no `{field}`")
    layers, tensors = header["layers"], header["tensors"]
    if not layers or not tensors:
        raise GradfadeError(f"{path}: the network has no {'layers' if not layers else 'parameters'} to record")
    names = set()
    for tensor in tensors:
        if not 1 <= tensor["layer"] <= len(layers):
            raise GradfadeError(
                f"{path}: `{tensor['name']}` is of layer {tensor['layer']}, but there are layers 1 to {len(layers)}"
            )
        if tensor["name"] in names:
            raise GradfadeError(f"{path}: two tensors are called `{tensor['name']}`; give each its own name")
        names.add(tensor["name"])


def _lock(path: str, folder: str) -> Lock:
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise GradfadeError(f"{path}: a file, not a folder; choose another name for the run")
    for attempt in range(10):
        try:
            os.makedirs(folder, exist_ok=True)
            return Lock(folder)
        except BlockingIOError:
            raise GradfadeError(f"{path}: another program is recording there; wait for it, or choose another folder") from None
        except FileNotFoundError as error:  # another writer took its empty folder away
            if attempt == 9:
                raise GradfadeError(f"{path}: cannot create the folder: {_reason(error)}") from None
        except OSError as error:
            raise GradfadeError(f"{path}: cannot create the folder: {_reason(error)}") from None
    raise AssertionError("the loop ends by itself")


def _claim(path: str, folder: str, force: bool) -> bool:
    """Whether there is a run, or what is left of one, to be replaced; GradfadeError where the place is taken."""
    names = {name for name in os.listdir(folder) if name != LOCK_NAME}
    if not names:
        return False
    unborn = META_PART in names and META not in names
    # A writer that was killed before its header came has recorded nothing.
    if unborn and names <= _OWN_FILES | {META_PART}:
        return True
    if not force:
        raise GradfadeError(f"{path}: exists and is not empty; choose another folder, or replace the run with force=True")
    try:
        with open(os.path.join(folder, META_PART if unborn else META), "rb") as file:
            meta = json.loads(file.read() or b"null")
    except FileNotFoundError:
        raise _not_ours(path, f"it has no {META}") from None
    except OSError as error:
        raise GradfadeError(f"{path}: cannot read its {META}: {_reason(error)}") from None
    except ValueError:
        meta = None
    described = isinstance(meta, dict) and isinstance(meta.get("schema"), int) and isinstance(meta.get("layers"), list)
    # A header that was cut short describes nothing; the files beside it tell whose it was.
    torn = meta is None and "step.npy" in names and names <= _OWN_FILES | {META, META_PART}
    if not described and not torn:
        raise _not_ours(path, f"its {META} does not describe a run")
    return True


def _not_ours(path: str, why: str) -> GradfadeError:
    return GradfadeError(f"{path}: not empty and not a run folder ({why}), so it is not replaced; choose another folder")


def _try(path: str, folder: str) -> None:
    """Whether a file can be made in the folder: asked before the training."""
    probe = os.path.join(folder, META_PART)
    if os.path.exists(probe):
        return
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.remove(probe)
    except OSError as error:
        raise GradfadeError(f"{path}: cannot write there: {_reason(error)}") from None


def _write_meta_part(folder: str, header: Mapping[str, Any]) -> None:
    text = json.dumps(_plain(header), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    part = os.path.join(folder, META_PART)
    _remove(part)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(fd, "wb") as file:
        # Lone halves of surrogate pairs are no text in any encoding.
        file.write(text.encode("utf-8", "replace"))
        file.flush()
        # On the disk before it takes the old one's place, or a power failure could leave an empty file there.
        os.fsync(file.fileno())


def _plain(value: Any) -> Any:
    """For JSON: numbers of NumPy as Python's, what is not finite as null, anything else as text."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    return str(value)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def warn(text: str) -> None:
    """One line, which never becomes an exception in the training, also where warnings are errors."""
    try:
        warnings.warn(text, GradfadeWarning, stacklevel=3)
    except GradfadeWarning:
        import sys

        print(f"gradfade: {text}", file=sys.stderr)


_OPEN: "weakref.WeakSet[Folder]" = weakref.WeakSet()


def _in_child() -> None:
    for folder in list(_OPEN):
        folder._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
