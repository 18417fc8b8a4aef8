"""What is done on a device, where reading a number waits for it: tried on the CPU, by telling the recorder that
nothing is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from torch_tools import columns, is_missing, loops, strict, watch  # noqa: F401

torch = pytest.importorskip("torch")

from gradfade.torch import _norms, _row  # noqa: E402
from torch import nn  # noqa: E402


def network(kind: str) -> "tuple[nn.Module, Any]":
    torch.manual_seed(0)
    if kind == "dense":
        return nn.Sequential(nn.Linear(6, 8), nn.Sigmoid(), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 3)), torch.randn(12, 6)
    return (
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)),
        torch.randn(12, 1, 6, 6),
    )


def record(folder: Path, kind: str, optimizer: str) -> None:
    model, x = network(kind)
    y = torch.arange(12) % 3
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    }
    opt = kinds[optimizer](model.parameters())
    run = watch(model, opt, folder, per_sample=True)
    loops(model, opt, x, y, 12, run)
    run.close()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adamw"])
@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_a_step_is_read_in_one_transfer_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, optimizer: str
) -> None:
    record(tmp_path / "here", kind, optimizer)
    fetched: List[int] = []
    fetch = _row.Raw.fetch

    def counted(self: _row.Raw) -> Any:
        fetched.append(len(self._there))
        return fetch(self)

    reads: List[str] = []

    def read(name: str) -> Any:
        original = getattr(torch.Tensor, name)

        def call(self: torch.Tensor, *arguments: Any) -> Any:
            reads.append(name)
            return original(self, *arguments)

        return call

    monkeypatch.setattr(_norms, "is_here", lambda tensor: False)
    monkeypatch.setattr(_row.Raw, "fetch", counted)
    model, x = network(kind)
    y = torch.arange(12) % 3
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "counted")
    loops(model, opt, x, y, 3, run)
    for name in ("item", "tolist", "__float__", "__bool__", "__int__", "cpu", "numpy"):
        monkeypatch.setattr(torch.Tensor, name, read(name))
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    run.loss(loss)
    loss.backward()
    opt.step()
    monkeypatch.undo()
    assert reads.count("cpu") == 1 and set(reads) <= {"cpu", "numpy"}, reads
    monkeypatch.setattr(_norms, "is_here", lambda tensor: False)
    run.close()
    record(tmp_path / "there", kind, optimizer)
    assert fetched and all(fetched)
    a, b = columns(tmp_path / "here"), columns(tmp_path / "there")
    assert set(a) == set(b)
    for name, values in a.items():
        assert (is_missing(values) == is_missing(b[name])).all() if values.dtype == float else True
        # Updates of a parameter are sums of float32 here and of float64 there.
        assert np.allclose(values, b[name], rtol=1e-5, atol=1e-12, equal_nan=True), name
