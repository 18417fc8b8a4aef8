"""Writing a run folder (docs/format.md) while the run goes on.

Rows are buffered and written in blocks; a kill costs those behind the last commit, half a second of them at most while
steps come in. What the disk refuses stops the recording with one warning, and never the training.
"""

from __future__ import annotations

import os
import time
import warnings
import weakref
from typing import Any, Callable, Dict, Mapping, Optional

from ._errors import GradfadeError, GradfadeWarning
from ._format import KEYS, SCHEMA
from ._lock import Lock
from ._place import META, META_PART, OWN_FILES, claim, lock, reason, remove, try_folder, write_meta_part
from ._rows import Table

#: Seconds after which rows are committed, at most, while steps come in ...
MAX_UNCOMMITTED = 0.5
# ... or this many times as long as a commit takes, where the disk is slow, but not longer than the last number.
_COMMIT_SHARE = 50
_LONGEST_UNCOMMITTED = 10.0


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
            raise GradfadeError(f"{self.path}: cannot write it: {reason(error)}") from None
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
        self._tables: Dict[str, Table] = {}
        # What closes the run that writes here, where the same program records into the folder anew.
        self.evict: Optional[Callable[[], None]] = None
        self._take_over(force)
        self._made = not os.path.isdir(self._dir)
        self._lock: Optional[Lock] = lock(self.path, self._dir)
        try:
            self._replaces = claim(self.path, self._dir, force)
            try_folder(self.path, self._dir)
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
        self._tables = {table: Table(self._dir, table, layers, tensors, buckets) for table in KEYS}
        # Beside its place first, then the old header goes before the old arrays and the new one comes after the new array:
        # whenever a kill comes, a header stands only before whole arrays of its own.
        write_meta_part(self._dir, header)
        if self._replaces:
            for name in (META, *sorted(OWN_FILES)):
                remove(os.path.join(self._dir, name))
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
        write_meta_part(self._dir, self.meta)
        os.replace(os.path.join(self._dir, META_PART), os.path.join(self._dir, META))

    def _stop(self, error: OSError) -> None:
        if self.failed is not None:
            return
        self.failed = reason(error)
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
