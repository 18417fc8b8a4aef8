#!/usr/bin/env python3
"""Checks `gradfade.watch` on a CUDA device, in under three minutes and with nothing but PyTorch, NumPy and the package.

    python scripts/check_cuda.py                 # exits with 1 where a check fails
    python scripts/check_cuda.py --device cpu    # the logic of the checks, without a device

An MLP, a small CNN and a small transformer are trained plainly, with autocast and a GradScaler, with accumulated gradients
and compiled. Checked: the weights are those of the same training unwatched; norms and signals agree with what plain PyTorch
computes, at the precision's tolerance; norms are unscaled; skipped steps are counted; a recorded step adds one
synchronisation. Printed: the cost of a step.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
import gradfade  # noqa: E402

STEPS, SKIPPED = 8, (2, 5)
FAILED: List[str] = []


def check(name: str, good: bool, detail: str = "") -> None:
    print(f"  {'ok  ' if good else 'FAIL'} {name}{': ' + detail if detail else ''}")
    if not good:
        FAILED.append(name)


class Block(nn.Module):
    def __init__(self, wide: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(wide), nn.LayerNorm(wide)])
        self.attention = nn.MultiheadAttention(wide, 4, batch_first=True)
        self.up, self.down = nn.Linear(wide, 4 * wide), nn.Linear(4 * wide, wide)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norms[0](x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.down(nn.functional.gelu(self.up(self.norms[1](x))))


class Transformer(nn.Module):
    def __init__(self, wide: int) -> None:
        super().__init__()
        self.words = nn.Embedding(50, wide)
        self.blocks = nn.Sequential(Block(wide), Block(wide))
        self.head = nn.Linear(wide, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.words(x)).mean(1))


def mlp() -> nn.Module:
    layers: list = []
    for i in range(6):
        layers += [nn.Linear(784 if i == 0 else 256, 256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, 10))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(4), nn.Flatten(),
        nn.Linear(64 * 16, 10),
    )  # fmt: skip


NETWORKS: Dict[str, Any] = {
    "mlp": (mlp, lambda n, g: torch.rand(n, 784, generator=g)),
    "cnn": (cnn, lambda n, g: torch.randn(n, 3, 16, 16, generator=g)),
    "transformer": (lambda: Transformer(64), lambda n, g: torch.randint(0, 50, (n, 16), generator=g)),
}
MODES = ("plain", "autocast", "accumulation", "compiled")


class Training:
    """One way of training one network, watched or not; `witness` computes by itself what the record should say."""

    def __init__(self, network: str, mode: str, device: str, folder: Optional[Path], batch: int = 64) -> None:
        torch.manual_seed(1)
        make, inputs = NETWORKS[network]
        generator = torch.Generator().manual_seed(2)
        self.mode, self.device = mode, device
        self.x = inputs(batch, generator).to(device)
        self.y = torch.randint(0, 10, (batch,), generator=generator).to(device)
        self.model = make().to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05, momentum=0.9)
        self.called: Any = self.model
        if mode == "compiled":
            self.called = torch.compile(self.model, backend="inductor" if device == "cuda" else "eager")
        self.scaler = torch.amp.GradScaler(device, init_scale=2.0**8) if mode == "autocast" else None
        self.run = gradfade.watch(self.called, self.optimizer, folder, scaler=self.scaler) if folder else None
        self.grads: List[List[float]] = []
        self.signals: List[Dict[str, float]] = []
        self.deltas: Dict[str, List[torch.Tensor]] = {}

    def hear(self) -> None:
        """Keeps the gradients at the outputs of layers, with hooks of its own."""
        kinds = (nn.Linear, nn.Conv2d, nn.LayerNorm, nn.BatchNorm2d, nn.Embedding)
        for name, module in self.model.named_modules():
            if isinstance(module, kinds) and "out_proj" not in name:

                def hook(module: Any, args: Any, output: torch.Tensor, name: str = name) -> None:
                    output.register_hook(lambda delta: self.deltas.setdefault(name, []).append(delta.double()))

                module.register_forward_hook(hook)

    def step(self, lost: bool = False, witness: bool = False) -> None:
        self.optimizer.zero_grad()
        parts = 4 if self.mode == "accumulation" else 1
        self.deltas.clear()
        for x, y in zip(self.x.chunk(parts), self.y.chunk(parts)):
            half = {"cuda": torch.float16, "cpu": torch.bfloat16}[self.device]
            with torch.autocast(self.device, half, enabled=self.mode == "autocast"):
                loss = nn.functional.cross_entropy(self.called(x).float(), y) / parts
            if self.run is not None:
                self.run.loss(loss)
            if self.scaler is not None:
                loss = self.scaler.scale(loss * (math.inf if lost else 1.0))
            loss.backward()
        if witness and not lost:
            scale = self.scaler.get_scale() if self.scaler is not None else 1.0
            self.grads.append([float(p.grad.double().norm()) / scale for p in self.model.parameters()])
            batch = len(self.x) // parts
            squares = {n: sum(float(d.square().sum()) for d in found) for n, found in self.deltas.items()}
            self.signals.append({n: math.sqrt(s / len(self.x)) * batch * parts / scale for n, s in squares.items()})
        if self.scaler is not None:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            self.optimizer.step()

    def lost(self, i: int) -> bool:
        return self.scaler is not None and i in SKIPPED


def read(folder: Path) -> "tuple[Dict[str, Any], Dict[str, np.ndarray]]":
    return json.loads((folder / "meta.json").read_text()), {f.stem: np.load(f) for f in folder.glob("*.npy")}


def farthest(a: Any, b: Any) -> float:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return float((np.abs(a - b) / np.maximum(np.abs(b), 1e-12 + 1e-4 * np.abs(b).max())).max())


def compare(network: str, mode: str, device: str, folder: Path) -> None:
    print(f"{network}, {mode}")
    watched, plain, heard = (Training(network, mode, device, f) for f in (folder, None, None))
    if mode != "compiled":
        heard.hear()
    for i in range(STEPS + len(SKIPPED) * (mode == "autocast")):
        for training in (watched, plain, heard):
            training.step(training.lost(i), witness=training is heard)
    watched.run.close()
    # Half precision rounds each gradient; TF32 is off by default for matrices but on for convolutions.
    tolerance = 2e-2 if mode == "autocast" else 1e-3 if device == "cuda" else 1e-4
    pairs = list(zip(watched.model.parameters(), plain.model.parameters()))
    far = max(float((a - b).abs().max()) for a, b in pairs)
    same = all(torch.equal(a, b) for a, b in pairs)
    unchanged = same or (device == "cuda" and far < 1e-4)
    check("weights are those of the training unwatched", unchanged, f"largest difference {far:.1e}")
    meta, columns = read(folder)
    names = [t["name"] for t in meta["tensors"]]
    order = [names.index(n) for n, _ in watched.model.named_parameters()]
    check("a row for each step", columns["step"].tolist() == list(range(STEPS)))
    off = farthest(columns["grad_norm"][:, order], heard.grads)
    check("norms of gradients, unscaled", off < tolerance, f"{off:.1e}")
    if mode == "compiled":
        check("what cannot be seen is said", "compiled" in meta["labels"].get("not_seen", ""))
    else:
        layers = [layer["name"] for layer in meta["layers"]]
        seen = [n for n in heard.signals[0] if n in layers]
        got = columns["signal_rms"][:, [layers.index(n) for n in seen]]
        off = farthest(got, [[s[n] for n in seen] for s in heard.signals])
        check(f"signals of {len(seen)} layers", len(seen) == len(heard.signals[0]) and off < tolerance, f"{off:.1e}")
    if mode == "autocast":
        skipped = meta["labels"].get("skipped_steps")
        check("skipped steps are counted", skipped == len(SKIPPED), str(skipped))
        check("unscaling is no clipping", "clipped_steps" not in meta["labels"])


def synchronisations(training: Training, steps: int) -> int:
    torch.cuda.set_sync_debug_mode("warn")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(steps):
            training.step()
    torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(w.message) for w in said)


def cost(network: str, device: str, folder: Path) -> None:
    print(f"{network}, cost")
    plain, watched = Training(network, "plain", device, None), Training(network, "plain", device, folder)
    wait: Callable[[], Any] = torch.cuda.synchronize if device == "cuda" else lambda: None
    for training in (plain, watched):
        for _ in range(70):  # beyond the batches from which the inputs are described
            training.step()
    if device == "cuda":
        # Steps between two snapshots, 70 to 76 and 77 to 83 or so: of several the least is that of a bare step.
        counts = [synchronisations(watched, 1) for _ in range(6)]
        base = synchronisations(plain, 6) // 6
        check("one synchronisation a recorded step", min(counts) - base == 1, f"{counts}, {base} unwatched")

    def block(training: Training) -> float:
        wait()
        began = time.perf_counter()
        for _ in range(20):
            training.step()
        wait()
        return (time.perf_counter() - began) / 20

    pairs = [(block(plain), block(watched)) for _ in range(9)]
    watched.run.close()
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"  step {statistics.median(a for a, _ in pairs) * 1e6:.0f} us, watched {ratio:.2f} times that")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--without-cost", action="store_true", help="agreement alone")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device is there; --device cpu checks the logic without one", file=sys.stderr)
        return 2
    began = time.monotonic()
    torch.set_num_threads(1)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"{name}, PyTorch {torch.__version__}, gradfade {gradfade.__version__}")
    if options.device == "cuda":
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.deterministic = True
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for network in NETWORKS:
            for mode in MODES:
                compare(network, mode, options.device, Path(folder) / f"{network}-{mode}")
            if not options.without_cost:
                cost(network, options.device, Path(folder) / f"{network}-cost")
    print(f"{len(FAILED)} of the checks failed, {time.monotonic() - began:.0f} s")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
