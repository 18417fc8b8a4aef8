"""What the tests of the PyTorch recorder share: a recorder whose faults are faults of the test, and reading what it wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

torch = pytest.importorskip("torch")
# More threads than a busy machine has processors wait for each other.
torch.set_num_threads(1)

from gradfade._format import is_missing  # noqa: E402
from gradfade.torch import Watch, watch  # noqa: E402

__all__ = ["binary", "close", "column", "columns", "is_missing", "loops", "meta", "strict", "watch"]


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a training a fault of the recorder is a warning; here it is a failure."""

    def fail(self: Watch, error: BaseException) -> None:
        raise error

    monkeypatch.setattr(Watch, "_fail", fail)


def binary() -> str:
    """The compiled program, or the test is skipped."""
    found = os.environ.get("GRADFADE_BIN") or shutil.which("gradfade")
    if not found:
        pytest.skip("the program gradfade is not there: put it on PATH, or its path into GRADFADE_BIN")
    return found


def run_binary(*arguments: Any) -> str:
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def columns(folder: Path) -> Dict[str, np.ndarray]:
    return {file.stem: np.load(file) for file in Path(folder).glob("*.npy")}


def column(folder: Path, name: str) -> np.ndarray:
    return np.load(Path(folder) / f"{name}.npy")


def meta(folder: Path) -> Dict[str, Any]:
    return json.loads((Path(folder) / "meta.json").read_text())


def close(a: Any, b: Any, relative: float) -> bool:
    """Every number within `relative` of the other's, and the same things that are no numbers."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    assert a.shape == b.shape, (a.shape, b.shape)
    assert (is_missing(a) == is_missing(b)).all()
    return bool(np.allclose(a, b, rtol=relative, atol=0, equal_nan=True))


def loops(model: Any, optimizer: Any, x: Any, y: Any, steps: int, run: Any = None, criterion: Any = None) -> List[float]:
    """A plain training loop on one batch."""
    criterion = criterion or torch.nn.CrossEntropyLoss()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        if run is not None:
            run.loss(loss)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    return losses
