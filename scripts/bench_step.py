#!/usr/bin/env python3
"""Compares the training step of two binaries of this program, in four shapes: layers x width, batch.

    python scripts/bench_step.py OLD NEW [--rounds 9] [--cpu 0] [--threads 1]

The two run in turn (OLD NEW OLD NEW ...), each pinned to one processor where the system can do that, so that a drift of the machine
hits both. A round takes the fastest of the program's own repeats; a ratio is the median over the rounds of (new / old) within one
round, and the quarter and three quarters of the rounds are shown beside it. Everything is recorded at every step, as in a run.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

# Layers, width, batch size, steps of a repeat.
SHAPES = [(10, 100, 100, 200), (5, 30, 10, 4000), (56, 64, 128, 60), (10, 500, 100, 15)]


def processor():
    try:
        with open("/proc/cpuinfo") as info:
            lines = [line.split(":", 1)[1].strip() for line in info if line.startswith(("model name", "flags"))]
    except OSError:
        return platform.processor() or platform.machine()
    widest = next((name for name in ("avx512f", "avx2", "avx") if name in lines[-1].split()), "no AVX")
    return f"{lines[0]} ({widest})"


def microseconds(binary, shape, cpu, threads):
    layers, width, batch, steps = shape
    command = [binary, "bench-step", "--json", "--layers", layers, "--width", width, "--batch", batch]
    command += ["--steps", steps, "--threads", threads, "--repeats", 3]
    if cpu is None or not hasattr(os, "sched_setaffinity"):
        pin = None
    else:
        pin = lambda: os.sched_setaffinity(0, cpu)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, preexec_fn=pin)
    if done.returncode != 0:
        sys.exit(f"{binary}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    return min(result["repeats"]), result["last_loss"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("old")
    p.add_argument("new")
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--cpu", type=lambda text: {int(n) for n in text.split(",")}, help="processors to pin to, as 0 or 0,1")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    print(processor())
    print("| layers x width, batch | old (us) | new (us) | new / old | quartiles | same loss |")
    print("|---|---|---|---|---|---|")
    for shape in SHAPES:
        rounds = [[microseconds(b, shape, a.cpu, a.threads) for b in (a.old, a.new)] for _ in range(a.rounds)]
        ratios = sorted(new[0] / old[0] for old, new in rounds)
        old, new = (statistics.median(r[k][0] for r in rounds) for k in (0, 1))
        low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
        same = "yes" if rounds[0][0][1] == rounds[0][1][1] else "no"
        name = f"{shape[0]} x {shape[1]}, {shape[2]}"
        print(f"| {name} | {old:.1f} | {new:.1f} | {statistics.median(ratios):.3f} | {low:.3f} to {high:.3f} | {same} |", flush=True)


if __name__ == "__main__":
    main()
