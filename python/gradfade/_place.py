"""The place of a run: whether a folder may be taken, its lock, and its header `meta.json`."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping

import numpy as np

from ._errors import GradfadeError
from ._format import KEYS, METRICS
from ._lock import NAME as LOCK_NAME
from ._lock import Lock

META = "meta.json"
META_PART = "meta.json.part"
_WEIGHTS = ("weights-init.safetensors", "weights-final.safetensors")
_STEMS = [*KEYS.values(), *METRICS]
#: The files of a run, without its header.
OWN_FILES = {f"{stem}.npy" for stem in _STEMS} | {f"{stem}.npy.part" for stem in _STEMS} | set(_WEIGHTS)


def lock(path: str, folder: str) -> Lock:
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
                raise GradfadeError(f"{path}: cannot create the folder: {reason(error)}") from None
        except OSError as error:
            raise GradfadeError(f"{path}: cannot create the folder: {reason(error)}") from None
    raise AssertionError("the loop ends by itself")


def claim(path: str, folder: str, force: bool) -> bool:
    """Whether there is a run, or what is left of one, to be replaced; GradfadeError where the place is taken."""
    names = {name for name in os.listdir(folder) if name != LOCK_NAME}
    if not names:
        return False
    unborn = META_PART in names and META not in names
    # A writer that was killed before its header came has recorded nothing.
    if unborn and names <= OWN_FILES | {META_PART}:
        return True
    if not force:
        raise GradfadeError(f"{path}: exists and is not empty; choose another folder, or replace the run with force=True")
    try:
        with open(os.path.join(folder, META_PART if unborn else META), "rb") as file:
            meta = json.loads(file.read() or b"null")
    except FileNotFoundError:
        raise _not_ours(path, f"it has no {META}") from None
    except OSError as error:
        raise GradfadeError(f"{path}: cannot read its {META}: {reason(error)}") from None
    except ValueError:
        meta = None
    described = isinstance(meta, dict) and isinstance(meta.get("schema"), int) and isinstance(meta.get("layers"), list)
    # A header that was cut short describes nothing; the files beside it tell whose it was.
    torn = meta is None and "step.npy" in names and names <= OWN_FILES | {META, META_PART}
    if not described and not torn:
        raise _not_ours(path, f"its {META} does not describe a run")
    return True


def _not_ours(path: str, why: str) -> GradfadeError:
    return GradfadeError(f"{path}: not empty and not a run folder ({why}), so it is not replaced; choose another folder")


def try_folder(path: str, folder: str) -> None:
    """Whether a file can be made in the folder: asked before the training."""
    probe = os.path.join(folder, META_PART)
    if os.path.exists(probe):
        return
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.remove(probe)
    except OSError as error:
        raise GradfadeError(f"{path}: cannot write there: {reason(error)}") from None


def write_meta_part(folder: str, header: Mapping[str, Any]) -> None:
    text = json.dumps(_plain(header), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    part = os.path.join(folder, META_PART)
    remove(part)
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


def remove(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass


def reason(error: OSError) -> str:
    return error.strerror or str(error)
