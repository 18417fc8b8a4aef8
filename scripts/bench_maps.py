#!/usr/bin/env python3
"""Compares the recorded training step of networks of maps with PyTorch, and says what share of the processor is reached.

    cargo build --release
    python scripts/bench_maps.py [--rounds 7] [--python PYTHON_WITH_TORCH] [--old BINARY]

Both programs train the same network on the same numbers, one thread each, in turn on the same core. First it is checked
that they do the same work: after five steps the loss and every recorded norm agree to 1e-3 (of 18 convolutions the losses alone,
and of 3 of them everything: rounding grows through so many batch-normalised layers). Then three comparisons, each a
median over the rounds of (PyTorch / ours) within one round: everything recorded, per-sample norms included; PyTorch without
the per-sample norms, which gradfade cannot leave out; and neither recording. PyTorch runs in the fastest of the ways of
`scripts/peers/train_torch_maps.py` for each of them. gradfade also records the norm of the signal before pooling, and
every tenth step statistics of activations and distances, which PyTorch does not.

The product rate is that of a dense layer of 512 units and 512 samples in our own kernels.
"""

import argparse
import os
import shlex
import statistics
import sys

from bench_peers import ROOT, print_notes, print_table, run_json
from bench_step import processor

OURS = "target/release/gradfade"
PEER = str(ROOT / "scripts" / "peers" / "train_torch_maps.py")
PLAIN = "conv:16x3,pool:2,conv:32x3,pool:2,dense:64"
# name, hidden layers, those of which all norms are compared, normalisation, batch
NETWORKS = [
    ("2 convolutions, max pooling, dense 64", PLAIN, PLAIN, "none", 64),
    ("18 convolutions, batch normalisation, global pooling", "18*conv:8x3,gap", "3*conv:8x3,gap", "batch", 64),
]
KINDS = [("everything", []), ("norms of tensors alone", ["--light"]), ("nothing", ["--no-record"])]
TOLERANCE = 1e-3


def multiply_adds(network):
    """Of a step for one sample: forward, by the weights, and, but for the first layer, by the input."""
    channels, side, work = 1, 28, []
    for piece in network.split(","):
        times, _, piece = piece.rpartition("*")
        for _ in range(int(times or 1)):
            kind, _, size = piece.partition(":")
            if kind == "conv":
                out, kernel = map(int, size.split("x"))
                work.append(out * channels * kernel * kernel * side * side)
                channels = out
            elif kind == "pool":
                side //= int(size)
            elif kind == "gap":
                side = 1
            else:
                work.append(int(size) * channels * side * side)
                channels, side = int(size), 1
    work.append(10 * channels * side * side)
    return 3 * sum(work) - work[0]


def ours(binary, network, normalisation, batch, steps, kind):
    flags = ["--no-record"] if kind == "nothing" else []
    command = [binary, "bench-step", "--json", "--network", network, "--normalisation", normalisation]
    return command + ["--batch", str(batch), "--steps", str(steps), "--activation", "relu", *flags]


def peer(python, network, normalisation, batch, steps, flags, mode):
    command = [python, PEER, "--json", "--network", network, "--normalisation", normalisation, "--mode", mode]
    return command + ["--batch", str(batch), "--steps", str(steps), "--repeats", "3", *flags]


def must(command):
    line, problem = run_json(command, 1)
    if problem:
        sys.exit(f"{shlex.join(command[:3])}: {problem}")
    return line


def flat(first):
    """Every number that both programs measured, by name. Theirs say NaN where ours say null."""
    return {
        (name, i): value
        for name, values in first.items()
        for i, value in enumerate(values if isinstance(values, list) else [values])
        if value is not None and value == value
    }


def same_work(a, network, normalisation, batch):
    mine = flat(must(ours(a.ours, network, normalisation, batch, 5, "everything"))["first"])
    theirs = flat(must(peer(a.python, network, normalisation, batch, 5, [], "hooks"))["first"])
    missing = {name for name, _ in theirs.keys() - mine.keys()}
    if missing:
        sys.exit(f"{network}: we do not record what PyTorch does: {', '.join(sorted(missing))}")
    largest = {name: max(abs(v) for (n, _), v in theirs.items() if n == name) for name, _ in theirs}
    worst = max(abs(mine[k] - v) / largest[k[0]] for k, v in theirs.items())
    if worst > TOLERANCE:
        sys.exit(f"{network}: the programs disagree by {worst:.1e}, so that they do not do the same work")
    return f"{network}: {len(theirs)} numbers of step 5 agree to {worst:.0e} of the largest of their metric"


def same_loss(a, network, normalisation, batch):
    mine = must(ours(a.ours, network, normalisation, batch, 5, "everything"))["first"]["loss"]
    theirs = must(peer(a.python, network, normalisation, batch, 5, [], "hooks"))["first"]["loss"]
    if abs(mine / theirs - 1) > TOLERANCE:
        sys.exit(f"{network}: losses of {mine} and {theirs}, so that the programs do not do the same work")
    return f"{network}: the loss of step 5 is {mine:.6f} and {theirs:.6f}"


def product_rate(a):
    """GFLOP/s of the products of a step of dense layers, which are nearly all of it."""
    command = [a.ours, "bench-step", "--json", "--layers", "4", "--width", "512", "--batch", "512", "--steps", "2"]
    line = must(command + ["--repeats", str(2 * a.rounds), "--no-record"])
    work = [784 * 512, 512 * 512, 512 * 512, 512 * 10]
    return 2 * 512 * (3 * sum(work) - work[0]) / min(times(a, line)) / 1e3


def times(a, line):
    return line["cpu_repeats"] if a.cpu_time else line["repeats"]


def compare(a, name, network, short, normalisation, batch, rate):
    notes, rows = [same_work(a, short, normalisation, batch), same_loss(a, network, normalisation, batch)], []
    for kind, flags in KINDS:
        trial = must(peer(a.python, network, normalisation, batch, a.steps, flags, "best"))
        notes.append(f"{kind}: PyTorch {trial['version']} as {trial['mode']} of {trial['trials']} us")
        todo = {
            "ours": ours(a.ours, network, normalisation, batch, a.steps, kind),
            "torch": peer(a.python, network, normalisation, batch, a.steps, flags, trial["mode"]),
        }
        if a.old:
            todo["old"] = ours(a.old, network, normalisation, batch, a.steps, kind)
        taken = {program: [] for program in todo}
        for round_ in range(a.rounds):
            print(f"{name}, {kind}: round {round_ + 1}/{a.rounds}", file=sys.stderr)
            for program, command in todo.items():
                line = must(command)
                taken[program].append(min(times(a, line)) / 1e3)
        ratio = lambda program: sorted(t / o for t, o in zip(taken[program], taken["ours"]))
        low, high = ratio("torch")[a.rounds // 4], ratio("torch")[-1 - a.rounds // 4]
        middle = {program: statistics.median(t) for program, t in taken.items()}
        reached = 2e-6 * batch * multiply_adds(network) / middle["ours"]
        row = [kind, f"{middle['ours']:.1f}", f"{middle['torch']:.1f}", f"{statistics.median(ratio('torch')):.2f}"]
        row += [f"{low:.2f} to {high:.2f}", f"{reached:.1f}, {100 * reached / rate:.0f} %"]
        rows.append(row + ([f"{statistics.median(ratio('old')):.2f}"] if a.old else []))
    print(f"\n{name} (`--network {network}`, batch {batch}):\n")
    header = ["recorded", "ours ms", "PyTorch ms", "PyTorch / ours", "quartiles", "our GFLOP/s, share"]
    print_table(header + (["old / ours"] if a.old else []), rows)
    print_notes(notes)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--only", type=int, action="append", help="0 or 1: which network; may be repeated")
    p.add_argument("--steps", type=int, default=10, help="steps of a timed repeat (default: %(default)s)")
    p.add_argument("--python", default=sys.executable, help="the interpreter that has torch")
    p.add_argument("--ours", default=OURS, help="our program (default: %(default)s)")
    p.add_argument("--old", help="an older binary of our program, for comparison")
    p.add_argument("--cpu-time", action="store_true", help="processor time, which waiting for a core does not inflate")
    a = p.parse_args()
    if "/" in a.python:
        a.python = os.path.abspath(a.python)
    rate = product_rate(a)
    print(f"{processor()}: {rate:.1f} GFLOP/s in large products")
    for i, network in enumerate(NETWORKS):
        if not a.only or i in a.only:
            compare(a, *network, rate)


if __name__ == "__main__":
    main()
