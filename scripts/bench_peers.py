#!/usr/bin/env python3
"""One command for the comparison with the peers: prints a Markdown table of microseconds per training step.

    cargo build --release
    python scripts/bench_peers.py [--rounds 5] [--python .venv/bin/python] [--only 10x100]
    python scripts/bench_peers.py --plot RUN          drawing a heatmap, whole processes

All programs train the same network on the same shape of data in f32 and record the gradient norm and the update norm of
every tensor at every step. They run in turn, A B C A B C ..., pinned to the same cores, so that a drift of the machine hits
all of them; a ratio is the median over the rounds of (peer / ours) within one round. A program that is missing or fails is
named below the table and the rest goes on.

Wall time is what counts. On a machine that is shared, `--cpu-time` also prints each program's processor time per step
(from the programs that report it), which waiting for a core does not inflate.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "scripts" / "peers"
OURS = "target/release/gradfade bench-step --layers {layers} --width {width} --batch {batch} --threads {threads} --steps {steps} --json"
OURS_PLOT = "target/release/gradfade plot {run} --figure gradient-heatmap --format svg,png --out {out}"

# weight layers, width, batch, threads, steps of one timed repeat (about a second for the slowest program)
CONFIGURATIONS = [
    (10, 100, 100, 1, 1000),
    (5, 30, 10, 1, 5000),
    (56, 64, 128, 1, 300),
    (10, 500, 100, 1, 100),
    (10, 500, 100, 2, 100),
]


def pinned(threads):
    """A taskset prefix for the first `threads` cores that this process may use."""
    if not shutil.which("taskset") or not hasattr(os, "sched_getaffinity"):
        return []
    cores = sorted(os.sched_getaffinity(0))[:threads]
    return ["taskset", "-c", ",".join(map(str, cores))]


def missing(command):
    """Why a command cannot start, or None; taskset would only say exit code 127."""
    program = command[0] if "/" not in command[0] else str(ROOT / command[0])
    if shutil.which(program):
        return None
    return f"{command[0]} not found" + (" (cargo build --release makes it)" if "target/" in command[0] else "")


def run_json(command, threads):
    """(the JSON line, None) or (None, why not)."""
    if missing(command):
        return None, missing(command)
    command = pinned(threads) + command
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        return None, "no answer in 600 s"
    if done.returncode != 0:
        lines = (done.stderr.strip() or "no message").splitlines()
        return None, f"exit code {done.returncode}: {lines[-1][:160]}"
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return json.loads(line), None
    return None, "printed no JSON line"


def commands(a, layers, width, batch, threads, steps):
    sizes = dict(layers=layers, width=width, batch=batch, threads=threads, steps=steps)
    flags = [w for k, v in sizes.items() for w in (f"--{k}", str(v))]
    ours = shlex.split(a.ours.format(**sizes))
    peer = lambda name: [a.python, str(PEERS / f"train_{name}.py"), *flags, "--json"]
    all_of_them = {"ours": ours, "torch": peer("torch"), "jax": peer("jax")}
    extra = ["--no-record"] if a.no_record else []
    return {k: v + extra for k, v in all_of_them.items() if k not in a.skip}


def compare_steps(a):
    names = [n for n in ("ours", "torch", "jax") if n not in a.skip]
    peers = [n for n in names if n != "ours"]
    header = ["layers x width, batch", "threads"] + [f"{n} us" for n in names]
    header += [f"{p} / ours" for p in peers if "ours" in names]
    if a.cpu_time:
        header += [f"{n} cpu us" for n in names]
    rows, notes, two_threads = [], [], {}
    for configuration in CONFIGURATIONS:
        layers, width, batch, threads, steps = configuration
        label = f"{layers} x {width}, {batch}"
        if a.only and f"{layers}x{width}" not in a.only:
            continue
        if threads > (os.cpu_count() or 1):
            notes.append(f"{label}: {threads} threads wanted, this machine has {os.cpu_count()}")
            continue
        wall, cpu = {n: [] for n in names}, {n: [] for n in names}
        todo = commands(a, layers, width, batch, threads, steps)
        for round_ in range(a.rounds):
            for name in list(todo):
                print(f"{label}, {threads} threads, round {round_ + 1}/{a.rounds}: {name}", file=sys.stderr)
                line, problem = run_json(todo[name], threads)
                if problem:
                    notes.append(f"{label}, {threads} threads: {name} left out: {problem}")
                    del todo[name]
                    wall[name], cpu[name] = [], []
                    continue
                wall[name].append(line["microseconds_per_step"])
                if "cpu_microseconds_per_step" in line:
                    cpu[name].append(line["cpu_microseconds_per_step"])
                if line.get("mode") and round_ == 0:
                    notes.append(f"{label}, {threads} threads: {name} mode {line['mode']} of {line.get('trials', {})}")
        show = lambda v: f"{statistics.median(v):.0f}" if v else "-"
        row = [label, str(threads)] + [show(wall[n]) for n in names]
        if "ours" in names:
            for p in peers:
                # Pair by pair: both from the same round, seconds apart.
                ratios = [theirs / ours for theirs, ours in zip(wall[p], wall["ours"])]
                row.append(f"{statistics.median(ratios):.2f}" if ratios else "-")
            two_threads[(layers, width, threads)] = wall["ours"]
        if a.cpu_time:
            row += [show(cpu[n]) for n in names]
        rows.append(row)
    print_table(header, rows)
    one, two = two_threads.get((10, 500, 1)), two_threads.get((10, 500, 2))
    if one and two:
        print(f"\nours, 10 x 500: two threads are {statistics.median(one) / statistics.median(two):.2f} times as fast as one.")
    print_notes(notes)


def compare_plots(a):
    """Whole processes: interpreter or program start, reading, drawing, SVG and PNG on disk."""
    times, notes = {"ours": [], "matplotlib": []}, []
    with tempfile.TemporaryDirectory() as scratch:
        for round_ in range(a.rounds + 1):
            out = Path(scratch) / str(round_)
            record = Path(a.plot) / "grad_norm.npy"
            matplotlib = [a.python, str(PEERS / "plot_matplotlib.py"), "--out", str(out / "matplotlib")]
            if record.exists():
                matplotlib += ["--record", str(record.resolve())]
            elif round_ == 0:
                notes.append(f"{record} is missing: matplotlib draws a random 10 x 1,000 record")
            ours = shlex.split(a.ours_plot.format(run=shlex.quote(str(Path(a.plot).resolve())), out=shlex.quote(str(out / "ours"))))
            for name, command in (("ours", ours), ("matplotlib", matplotlib)):
                if name not in times:
                    continue
                start = time.perf_counter()
                problem = missing(command)
                if not problem:
                    done = subprocess.run(pinned(1) + command, cwd=ROOT, capture_output=True, text=True)
                    if done.returncode != 0:
                        problem = (done.stderr.strip() or "no message").splitlines()[-1][:160]
                if problem:
                    notes.append(f"{name} left out: {problem}")
                    del times[name]
                elif round_ > 0:  # the first round fills caches (font list, file pages)
                    times[name].append((time.perf_counter() - start) * 1e3)
    rows = [[n, f"{statistics.median(t):.0f}", f"{min(t):.0f}"] for n, t in times.items()]
    if len(times) == 2:
        ratio = statistics.median(m / o for m, o in zip(times["matplotlib"], times["ours"]))
        notes.append(f"matplotlib / ours, pair by pair: {ratio:.1f}")
    print_table(["drawing one heatmap as SVG and PNG", "median ms", "best ms"], rows)
    print_notes(notes)


def print_table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def print_notes(notes):
    if notes:
        print()
        print("\n".join(f"- {note}" for note in notes))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--python", default=sys.executable, help="the interpreter that has torch, jax and matplotlib")
    p.add_argument("--ours", default=OURS, help="command template of our program (default: %(default)s)")
    p.add_argument("--ours-plot", default=OURS_PLOT, help="command template of our drawing (default: %(default)s)")
    p.add_argument("--skip", action="append", default=[], choices=("ours", "torch", "jax"))
    p.add_argument("--only", action="append", help="layersxwidth, such as 10x100; may be repeated")
    p.add_argument("--no-record", action="store_true", help="all programs train without recording")
    p.add_argument("--cpu-time", action="store_true", help="also print processor time per step where reported")
    p.add_argument("--plot", metavar="RUN", help="compare drawing this run folder instead of training")
    a = p.parse_args()
    if a.rounds < 1:
        p.error("--rounds must be at least 1")
    # The programs run in the project's folder; a relative interpreter is meant from here. Not resolved through links, which
    # would leave a virtual environment.
    if "/" in a.python:
        a.python = os.path.abspath(a.python)
    compare_plots(a) if a.plot else compare_steps(a)


if __name__ == "__main__":
    main()
