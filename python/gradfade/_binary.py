"""The compiled program, which draws, judges and exports: where it is, and how it is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from typing import List, Optional, Sequence

from ._errors import GradfadeError

_NAME = "gradfade.exe" if os.name == "nt" else "gradfade"


def candidates() -> List[str]:
    """Where the program may be, in the order in which it is looked for: beside this Python, where packages put their
    programs, on the PATH."""
    folders = [os.path.dirname(sys.executable), sysconfig.get_path("scripts")]
    for scheme in sysconfig.get_scheme_names():
        if scheme.endswith("_user"):
            folders.append(sysconfig.get_path("scripts", scheme))
    paths = [os.path.join(folder, _NAME) for folder in folders if folder]
    on_path = shutil.which(_NAME)
    return list(dict.fromkeys(paths + ([on_path] if on_path else [])))


def find() -> str:
    """The path of the program. The variable GRADFADE_BIN of the environment, where it is set, is the only place."""
    chosen = os.environ.get("GRADFADE_BIN")
    if chosen:
        if os.path.isfile(chosen) and os.access(chosen, os.X_OK):
            return chosen
        raise GradfadeError(f"GRADFADE_BIN is {chosen}, which is no program; correct it or unset it")
    for path in candidates():
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise GradfadeError(
        "the program `gradfade`, which draws and diagnoses, is not installed beside this Python; "
        "install the package with pip (recording works without it), or set GRADFADE_BIN to the program"
    )


def call(arguments: Sequence[str], accept: Sequence[int] = (0,), where: Optional[str] = None) -> str:
    """What the program prints. Another exit code than those of `accept` is a GradfadeError with the program's own line."""
    program = find()
    try:
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, cwd=where, check=False)
    except OSError as error:
        raise GradfadeError(f"{program}: cannot be started: {error.strerror or error}") from None
    if done.returncode in accept:
        return done.stdout.decode("utf-8", "replace")
    raise GradfadeError(_complaint(done.stderr.decode("utf-8", "replace"), arguments[0], done.returncode))


def _complaint(text: str, command: str, code: int) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Warnings come first; the line that says why it failed is the program's own or, of a wrong option, the parser's.
    for start in ("gradfade: ", "error: "):
        said = [line[len(start) :] for line in lines if line.startswith(start) and not line.startswith(f"{start}warning")]
        if said:
            return said[-1]
    return lines[-1] if lines else f"`gradfade {command}` ended with code {code}"
