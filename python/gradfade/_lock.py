"""One writer a folder: a lock on the open file `.gradfade.lock`, which the system releases when its owner dies."""

from __future__ import annotations

import os
from typing import Optional

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NAME = ".gradfade.lock"
# How often the file may be taken away between its opening and its locking.
_ATTEMPTS = 100


class Lock:
    """Held until `release`, or until the process ends in whatever way. A file system without locks gives one to
    everybody."""

    def __init__(self, folder: str) -> None:
        """Locks `folder`, which must be there. BlockingIOError when another writer holds it."""
        self.path = os.path.join(folder, NAME)
        self.fd: Optional[int] = None
        for _ in range(_ATTEMPTS):
            fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                _take(fd)
            except BlockingIOError:
                os.close(fd)
                raise
            except OSError:  # no locks here
                os.close(fd)
                return
            # The owner before may have removed the file after it was opened here: then this locks nothing.
            if _is_at(fd, self.path):
                self.fd = fd
                return
            os.close(fd)
        raise BlockingIOError("the lock file is taken away again and again")

    def release(self) -> None:
        """Gives the lock back; a second call does nothing."""
        fd, self.fd = self.fd, None
        if fd is None:
            return
        # Removed while it is still locked, so that no other program's lock is removed.
        if fcntl is not None and _is_at(fd, self.path):
            _quietly(os.remove, self.path)
        if fcntl is not None:
            # A forked process (a worker that loads data) still has the file open; unlocking is for all of them.
            _quietly(fcntl.flock, fd, fcntl.LOCK_UN)
        _quietly(os.close, fd)

    def forget(self) -> None:
        """Closes the file without unlocking it: for a forked process, whose parent goes on recording."""
        fd, self.fd = self.fd, None
        if fd is not None:
            _quietly(os.close, fd)


def _take(fd: int) -> None:
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt

    try:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError as error:
        raise BlockingIOError(str(error)) from None


def _is_at(fd: int, path: str) -> bool:
    if fcntl is None:
        return True
    try:
        held, named = os.fstat(fd), os.lstat(path)
    except OSError:
        return False
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)


def _quietly(action, *arguments) -> None:  # type: ignore[no-untyped-def]
    try:
        action(*arguments)
    except OSError:
        pass
