"""One column of a table as a `.npy` file that grows while others read it.

The rule is that of the compiled program: data first, then the header. Rows are written behind those that the header
counts, and only then are its few changed digits rewritten in place; the header always takes 128 bytes. So a kill or a full
disk at any moment leaves a file that `numpy.load` reads, with the rows committed before.

The file is opened anew for each write: a run holds no file open, a folder that vanished is noticed, and a forked process
shares nothing.
"""

from __future__ import annotations

import os
from typing import Tuple

import numpy as np

HEADER_LEN = 128


def encode_header(descr: str, rows: int, inner: Tuple[int, ...]) -> bytes:
    """The bytes before the data: those that `numpy.save` writes for the same shape."""
    shape = f"({rows},)" if not inner else f"({rows}, {', '.join(str(n) for n in inner)})"
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    body = text.ljust(HEADER_LEN - 11).encode("ascii") + b"\n"
    if len(body) != HEADER_LEN - 10:
        raise ValueError(f"rows of shape {inner} do not fit the header of a .npy file")
    return b"\x93NUMPY\x01\x00" + (HEADER_LEN - 10).to_bytes(2, "little") + body


class Column:
    """A file of shape `[rows, inner...]` with `rows` committed rows."""

    def __init__(self, path: str, descr: str, inner: Tuple[int, ...]) -> None:
        self.path = path
        self.descr = descr
        self.inner = inner
        self.rows = 0
        self.row_bytes = int(np.dtype(descr).itemsize * np.prod(inner, dtype=np.int64))
        self.header = b""

    def create(self, block: np.ndarray) -> None:
        """Makes the file beside its place with the rows of `block`, and puts it there: a reader would take an empty file
        for a damaged one, and cut the table to the rows of a short one."""
        part = self.path + ".part"
        _remove(part)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            self.header = encode_header(self.descr, 0, self.inner)
            _write(fd, 0, self.header)
            self._append(fd, block)
        finally:
            os.close(fd)
        os.replace(part, self.path)

    def append(self, block: np.ndarray) -> None:
        """Adds the rows of `block`; OSError where that cannot be done."""
        if len(block) == 0:
            return
        fd = os.open(self.path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        try:
            self._append(fd, block)
        finally:
            os.close(fd)

    def _append(self, fd: int, block: np.ndarray) -> None:
        if len(block) == 0:
            return
        data = np.ascontiguousarray(block, dtype=self.descr)
        _write(fd, HEADER_LEN + self.rows * self.row_bytes, data.tobytes())
        rows = self.rows + len(block)
        header = encode_header(self.descr, rows, self.inner)
        # Only the bytes that change: a program that reads in this very moment has little to trip over.
        differing = [i for i in range(HEADER_LEN) if header[i] != self.header[i]]
        first, last = differing[0], differing[-1]
        _write(fd, first, header[first : last + 1])
        self.header, self.rows = header, rows


def _write(fd: int, at: int, data: bytes) -> None:
    os.lseek(fd, at, os.SEEK_SET)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass
