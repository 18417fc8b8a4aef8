#!/usr/bin/env python3
"""What `gradfade.watch` costs: a training step with everything recorded against the same loop without, on one CPU thread.

    python scripts/bench_watch.py [--repeats 15] [--only 10x100] [--clock processor]

Both loops take turns in blocks of steps, so that what else the machine does falls on both; the figure is the median of
the ratios of neighbouring blocks, behind the first hundred steps. Nothing else should run meanwhile; where it does,
`--clock processor` leaves out the time that this program waited.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

import gradfade


def dense(depth: int, width: int, inputs: int) -> nn.Sequential:
    layers: list = []
    for i in range(depth):
        layers += [nn.Linear(inputs if i == 0 else width, width), nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def small_cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )


# Name: network, shape of a batch, optimiser, steps in a block, and the ratio that is aimed at.
CASES = {
    "10x100": (lambda: dense(10, 100, 784), (100, 784), "sgd", 100, 1.25),
    "10x500": (lambda: dense(10, 500, 784), (100, 784), "sgd", 15, 1.15),
    "cnn": (small_cnn, (64, 1, 28, 28), "sgd", 10, 1.15),
    "10x100 adamw": (lambda: dense(10, 100, 784), (100, 784), "adamw", 100, None),
    "5x30": (lambda: dense(5, 30, 784), (10, 784), "sgd", 200, None),
    "10x100 every=10": (lambda: dense(10, 100, 784), (100, 784), "sgd", 100, None),
}


CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


class Loop:
    """A training loop on made-up data."""

    clock = "wall"

    def __init__(self, case: str, folder: "str | None") -> None:
        make, shape, optimizer, self.steps, _ = CASES[case]
        torch.manual_seed(1)
        self.model = make()
        self.x = torch.rand(shape)
        self.y = torch.randint(0, 10, shape[:1])
        kinds = {"sgd": lambda p: torch.optim.SGD(p, lr=0.1), "adamw": lambda p: torch.optim.AdamW(p, lr=1e-3)}
        self.optimizer = kinds[optimizer](self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()
        every = 10 if "every" in case else 1
        self.run = gradfade.watch(self.model, self.optimizer, folder, every=every) if folder else None

    def block(self) -> float:
        began = CLOCKS[self.clock]()
        for _ in range(self.steps):
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(self.x), self.y)
            if self.run is not None:
                self.run.loss(loss)
            loss.backward()
            self.optimizer.step()
        return (CLOCKS[self.clock]() - began) / self.steps


def measure(case: str, repeats: int) -> "tuple[float, float, float, float]":
    with tempfile.TemporaryDirectory() as folder:
        plain, watched = Loop(case, None), Loop(case, str(Path(folder) / "run"))
        # The first hundred steps have the most snapshots, and describe the inputs.
        for _ in range(max(2, 100 // plain.steps)):
            plain.block(), watched.block()
        pairs = [(plain.block(), watched.block()) for _ in range(repeats)]
        watched.run.close()
    ratios = sorted(b / a for a, b in pairs)
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(ratios),
        ratios[len(ratios) // 4],
        ratios[3 * len(ratios) // 4],
    )


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="blocks of each loop (default 15)")
    parser.add_argument("--only", choices=CASES, help="one case")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="what is measured (default wall)")
    options = parser.parse_args()
    Loop.clock = options.clock
    torch.set_num_threads(1)
    print(f"{processor()}, one thread, PyTorch {torch.__version__}, {options.clock} time")
    print(f"{'case':18}{'step without':>14}{'ratio':>8}{'quartiles':>16}{'aim':>7}")
    for case in [options.only] if options.only else CASES:
        plain, ratio, low, high = measure(case, options.repeats)
        aim = CASES[case][-1]
        print(f"{case:18}{plain * 1e6:11.0f} us{ratio:8.2f}{f'{low:.2f} to {high:.2f}':>16}{aim if aim else '':>7}")


if __name__ == "__main__":
    main()
