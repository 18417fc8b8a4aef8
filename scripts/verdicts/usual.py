#!/usr/bin/env python3
"""Healthy networks of the usual PyTorch kind: its initialisation, Adam or SGD with momentum at a usual rate, 1 to 20 epochs, every
activation. None of them may be told that its gradient vanishes.

    python3 scripts/verdicts/usual.py --work DIR [--program PROGRAM]      # writes usual.csv beside this script, prints the table

A network is healthy when it comes to a training skill of 0.9 within its epochs; no rule and no threshold of the program is asked. Those
that come there within four times as many ("needs more steps") are counted beside them: some of these stand on a plateau to the end,
where a faint signal is what holds them. The others (deep sigmoid networks mostly) are drawn and left out. Networks are drawn by a hash
until there are 200 healthy ones. Exit code 1 if a healthy one is accused.
"""

import argparse
import csv
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grid import ROOT, Trainer, diagnosis, faults
from settings import digest

CSV = Path(__file__).with_name("usual.csv")
WANTED = 200
TRAINS = 0.9
ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "silu", "leaky-relu", "elu", "selu", "softplus", "softsign", "hard-sigmoid", "maxout:2")
RATES = {"adam": (0.001, 0.001, 0.0003), "momentum": (0.01, 0.01, 0.03, 0.003)}
VANISHING = {"vanishing-gradient", "uniform-vanishing"}
COLUMNS = ("train", "depth", "width", "activation", "optimizer", "rate", "batch", "epochs", "seed")


def draw(i):
    pick = lambda name, options: options[digest(f"usual {i} {name}") % len(options)]
    s = {"data": "mnist-mini", "init": "pytorch", "norm": "", "seed": 1 + i % 5, "activation": ACTIVATIONS[i % len(ACTIVATIONS)]}
    s |= {"train": pick("train", (2000, 4000, 8000)), "depth": pick("depth", (1, 2, 3, 4, 6, 8)), "width": pick("width", (32, 64, 100))}
    s |= {"optimizer": pick("optimizer", ("adam", "momentum")), "batch": pick("batch", (32, 64, 100)), "epochs": pick("epochs", (1, 2, 3, 5, 10, 20))}
    s["rate"] = pick("rate", RATES[s["optimizer"]])
    return s


def steps(s, times=1):
    """The setting as the grid has it, which counts in steps."""
    out = {k: v for k, v in s.items() if k != "epochs"}
    return out | {"steps": times * s["epochs"] * (s["train"] // s["batch"])}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--work", type=Path, required=True, help="folder for the runs and their outcomes")
    p.add_argument("--program", default=ROOT / "target" / "release" / "gradfade")
    a = p.parse_args()
    trainer = Trainer(a.program, a.work)

    def look(i):
        s = draw(i)
        base = trainer.train(steps(s), keep=True)
        if base["train"] >= TRAINS:
            kind = "trains"
        elif trainer.train(steps(s, 4), keep=False)["train"] >= TRAINS:
            kind = "needs more steps"
        else:
            return s, base, "", ()
        return s, base, kind, faults(diagnosis(a.program, trainer.folder(steps(s))))

    rows, drawn = [], 0
    healthy = lambda: sum(r["kind"] == "trains" for r in rows)
    with ThreadPoolExecutor() as pool:
        while healthy() < WANTED:
            for s, base, kind, said in pool.map(look, range(drawn, drawn + 24)):
                if kind and healthy() < WANTED:
                    row = {k: s[k] for k in COLUMNS} | {"train_skill": f"{base['train']:.3f}", "kind": kind, "gradfade": " ".join(said)}
                    rows.append(row)
            drawn += 24
    with CSV.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    said = sorted({r["gradfade"] for r in rows}, key=lambda w: -sum(r["gradfade"] == w for r in rows))
    kinds = ("trains", "needs more steps")
    print(f"{healthy()} healthy of {drawn} drawn\n\n| verdict | {' | '.join(kinds)} |\n|---|---|---|")
    for words in said:
        print(f"| {words} | " + " | ".join(str(sum(r["gradfade"] == words and r["kind"] == k for r in rows)) for k in kinds) + " |")
    accused = [r for r in rows if VANISHING & set(r["gradfade"].split())]
    for kind in kinds:
        some = [r for r in rows if r["kind"] == kind]
        print(f"\n{kind}: {len([r for r in accused if r['kind'] == kind])} of {len(some)} accused of vanishing")
    for r in accused:
        print(r, file=sys.stderr)
    sys.exit(1 if any(r["kind"] == "trains" for r in accused) else 0)


if __name__ == "__main__":
    main()
