#!/usr/bin/env python3
"""Times a whole sweep beside the same job in PyTorch and JAX: sigmoid and ReLU x 1..10 hidden layers, width 100, batch 100,
3 epochs of 10,000 images, every step recorded, from the start of the program to the figures on the disk.

    cargo build --release
    python scripts/bench_sweep.py [--rounds 5] [--python .venv/bin/python]

Each peer is run with one process of two threads and with two processes of one thread; the faster way counts. The programs run in
turn, so that a drift of the machine hits all of them; a ratio is the median over the rounds of (peer / ours) within one round.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "target/release/gradfade"
GRID = ["--activations", "sigmoid,relu", "--hidden-layers", "1..10", "--widths", "100", "--batch-sizes", "100", "--epochs", "3"]
WAYS = [("2 threads", ["--workers", "1", "--threads", "2"]), ("2 processes", ["--workers", "2", "--threads", "1"])]


def seconds(command):
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        return None, (done.stderr.strip() or "no message").splitlines()[-1][:200]
    return time.perf_counter() - start, None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--python", default=sys.executable, help="the interpreter that has torch, jax and matplotlib")
    p.add_argument("--skip", action="append", default=[], choices=("torch", "jax"))
    a = p.parse_args()
    if "/" in a.python:
        a.python = os.path.abspath(a.python)
    times, notes = {}, []
    with tempfile.TemporaryDirectory() as scratch:
        for r in range(a.rounds):
            out = lambda name: str(Path(scratch) / f"{name}-{r}".replace(" ", "-"))
            todo = {f"ours, {n} thread{'s' if n > 1 else ''}": [OURS, "sweep", *GRID, "--threads", str(n), "--quiet", "--out", out(f"ours{n}")] for n in (2, 1)}
            for peer in ("torch", "jax"):
                if peer not in a.skip:
                    for way, flags in WAYS:
                        script = str(ROOT / "scripts" / "peers" / f"sweep_{peer}.py")
                        todo[f"{peer}, {way}"] = [a.python, script, *flags, "--out", out(f"{peer} {way}")]
            for name, command in todo.items():
                if times.get(name, True) is None:
                    continue
                print(f"round {r + 1}/{a.rounds}: {name}", file=sys.stderr)
                t, problem = seconds(command)
                if problem:
                    notes.append(f"{name} left out: {problem}")
                    times[name] = None
                else:
                    times.setdefault(name, []).append(t)
    times = {name: t for name, t in times.items() if t}
    print("| whole sweep | median s | best s |\n|---|---|---|")
    for name, t in times.items():
        print(f"| {name} | {statistics.median(t):.2f} | {min(t):.2f} |")
    print()
    ours = times["ours, 2 threads"]
    print(f"- two threads are {statistics.median(o / t for o, t in zip(times['ours, 1 thread'], ours)):.2f} times as fast as one")
    for peer in ("torch", "jax"):
        ways = [t for name, t in times.items() if name.startswith(peer)]
        if ways:
            best = min(ways, key=statistics.median)
            print(f"- {peer} / ours: {statistics.median(t / o for t, o in zip(best, ours)):.1f}")
    print("".join(f"- {note}\n" for note in notes), end="")


if __name__ == "__main__":
    main()
