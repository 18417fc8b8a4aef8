#!/usr/bin/env python3
"""How good the verdicts are: a grid of networks, labelled by what cures them, beside what `gradfade diagnose` and four published
rule sets say.

    cargo build --release
    python3 scripts/verdicts/grid.py --work DIR         # trains (some ten minutes; goes on where it stopped), writes the CSV
    python3 scripts/verdicts/grid.py --judge --work DIR # diagnoses the trained runs again, after a change of a rule
    python3 scripts/verdicts/grid.py --again --work DIR # trains and judges the networks alone; their labels stay
    python3 scripts/verdicts/grid.py --table            # the tables of docs/verdicts.md from the committed CSV

With --third it is the third part of the grid, whose networks no rule was chosen with; its table is third.csv.

Needs Python's standard library only. `settings.py` has the networks, `labels.py` the definition of the labels, `published.py` the
four rule sets.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import labels
import published
import tables
from settings import KEYS, base_runs, digest, flags, key, oversized, test_changes, training_changes

ROOT = Path(__file__).resolve().parents[2]
CSV = Path(__file__).with_name("labels.csv")
THIRD = Path(__file__).with_name("third.csv")


class Trainer:
    """Trains settings, and remembers what came out of them."""

    def __init__(self, program, work):
        self.program, self.work = program, work
        self.cache = work / "outcomes.jsonl"
        self.lock = threading.Lock()
        work.mkdir(parents=True, exist_ok=True)
        lines = self.cache.read_text().splitlines() if self.cache.exists() else []
        self.outcomes = {key(o["setting"]): o for o in map(json.loads, lines)}

    def folder(self, s):
        return self.work / "runs" / f"{digest(key(s)):012x}"

    def record(self, s):
        """Trains into the folder of the setting, unless that is there."""
        if not (self.folder(s) / "meta.json").exists():
            command = [self.program, "train", *flags(s), "--out", self.folder(s), "--force", "--quiet"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def train(self, s, keep):
        """Skill on both sets; `keep` leaves the record of every step in the folder."""
        if key(s) in self.outcomes and (not keep or (self.folder(s) / "meta.json").exists()):
            return self.outcomes[key(s)]
        folder = self.folder(s) if keep else self.work / "scratch" / str(threading.get_ident())
        few = [] if keep or s.get("early") else ["--eval-every", "0"]
        record = [] if keep else ["--record", "summary", "--snapshots", "summary"]
        command = [self.program, "train", *flags(s), *few, *record, "--out", folder, "--force", "--json", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        if not done.stdout.strip():
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        result = json.loads(done.stdout)
        chance = float(json.loads((folder / "meta.json").read_text())["labels"]["majority_share"])
        bad = result["status"]["state"] != "complete"
        skill = lambda accuracy: 0.0 if bad or accuracy is None else round((accuracy - chance) / (1 - chance), 4)
        out = {"setting": s, "train": skill(result["train_accuracy"]), "test": skill(result["test_accuracy"])}
        with self.lock:
            with self.cache.open("a") as f:
                f.write(json.dumps(out) + "\n")
            self.outcomes[key(s)] = out
        return out


def ask(get, s, base):
    """(outcomes of the changes for the training set, outcomes of those for the test set), by name; `get` gives an outcome."""
    # The best that is known is at most 1: these are all runs that may turn out to fail, and some more.
    if base["train"] < labels.TRAINS:
        changes = training_changes(s)
        wider = changes.pop("width*4")
        out = {name: get(c) for name, c in changes.items()}
        # The dearest one: asked where nothing else helps, and of networks that can represent no more than a line.
        if max(o["train"] for o in out.values()) < labels.TRAINS or s["activation"] == "identity":
            out["width*4"] = get(wider)
        return out, {}
    return {}, {name: get(c) for name, c in test_changes(s).items()} if base["test"] < labels.TRAINS else {}


def train_all(trainer, runs):
    start = time.monotonic()

    def train(run):
        ask(lambda c: trainer.train(c, keep=False), run[0], trainer.train(run[0], keep=True))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, _ in enumerate(pool.map(train, runs)):
            if (i + 1) % 20 == 0:
                print(f"{i + 1}/{len(runs)} after {time.monotonic() - start:.0f} s", file=sys.stderr)


def diagnosis(program, folder):
    """What `diagnose` says of a run, with whether its numbers stayed finite."""
    done = subprocess.run([program, "diagnose", folder, "--json"], capture_output=True, text=True)
    run = json.loads(done.stdout)["runs"][0]
    assert (done.returncode == 0) == (run["conclusion"] == "healthy"), folder
    status = json.loads((Path(folder) / "meta.json").read_text())["status"]
    return run | {"diverged": status["state"] != "complete"}


def faults(run):
    """The faults that were found, or "healthy", or the conclusion when it is neither."""
    found = [v["rule"] for v in run["verdicts"] if v["outcome"] == "found" and v["severity"] == "fault"]
    return found or [run["conclusion"]]


def diagnose(program, folder):
    return faults(diagnosis(program, folder))


def judge(trainer, runs, path):
    of = trainer.outcomes
    asked = {key(s): ask(lambda c: of[key(c)], s, of[key(s)]) for s, _ in runs}
    # The folder may hold more than this grid.
    mine = [of[key(s)] for s, _ in runs] + [o for pair in asked.values() for part in pair for o in part.values()]
    results = labels.Results(mine)
    rows = []
    for s, half in runs:
        base = of[key(s)]
        name, others, cures = labels.label(results, base, *asked[key(s)], oversized(s))
        folder = trainer.folder(s)
        row = {k: s[k] for k in KEYS} | {"half": half, "train_skill": f"{base['train']:.3f}", "test_skill": f"{base['test']:.3f}"}
        row |= {"label": name, "also": " ".join(others), "cures": " ".join(cures), "gradfade": " ".join(diagnose(trainer.program, folder))}
        row |= {tool: " ".join(said) for tool, said in published.verdicts(folder).items()}
        rows.append(row)
    with path.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# A network whose skill differs by more than this from that of the table came out otherwise on this processor.
SAME = 0.03


def judge_again(trainer, runs, path):
    """Writes new verdicts beside the labels that the CSV has: what cures a network does not depend on a rule. A network that came
    out otherwise on this processor loses its label, which was measured of another course."""
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == len(runs), f"{path} has {len(rows)} networks, the grid {len(runs)}"

    def said(run):
        trainer.record(run[0])
        return diagnosis(trainer.program, trainer.folder(run[0]))

    otherwise = 0
    with ThreadPoolExecutor() as pool:
        for row, verdicts in zip(rows, pool.map(said, runs)):
            row["gradfade"] = " ".join(faults(verdicts))
            skill = 0.0 if verdicts["diverged"] else verdicts["training"]["skill"]
            if abs(skill - float(row["train_skill"])) > SAME:
                row["train_skill"] = f"{skill:.3f}"
                row["label"] = row["also"] = row["cures"] = ""
                otherwise += 1
    print(f"{otherwise} networks came out otherwise here and have no label", file=sys.stderr)
    with path.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--work", type=Path, help="folder for the runs and their outcomes, some hundred megabytes")
    p.add_argument("--program", default=ROOT / "target" / "release" / "gradfade")
    p.add_argument("--third", action="store_true", help="the third part of the grid")
    p.add_argument("--csv", type=Path, help="the table to write or read (default: labels.csv or third.csv beside this script)")
    p.add_argument("--first", type=int, help="only so many networks")
    p.add_argument("--judge", action="store_true", help="train nothing")
    p.add_argument("--again", action="store_true", help="train the networks alone and keep the labels of the CSV")
    p.add_argument("--table", action="store_true", help="print the tables of a CSV and stop")
    a = p.parse_args()
    a.csv = a.csv or (THIRD if a.third else CSV)
    if not a.table:
        if not a.work:
            p.error("--work DIR says where the runs go")
        runs = (base_runs(("third",)) if a.third else base_runs())[: a.first]
        trainer = Trainer(a.program, a.work)
        if a.again:
            judge_again(trainer, runs, a.csv)
        elif not a.judge:
            train_all(trainer, runs)
            shutil.rmtree(a.work / "scratch", ignore_errors=True)
        if not a.again:
            judge(trainer, runs, a.csv)
    print(tables.markdown(list(csv.DictReader(a.csv.open()))))


if __name__ == "__main__":
    main()
