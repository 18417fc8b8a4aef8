#!/usr/bin/env python3
"""Networks that people asked about in public, with the cause and the cure that were published: what `gradfade diagnose` says of
them, as they were asked and as they were cured.

    cargo build --release
    python3 scripts/cases/run.py --work DIR          # trains and diagnoses; prints the table of docs/verdicts.md
    python3 scripts/cases/run.py --work DIR --judge  # diagnoses the trained runs again

`cases.tsv` has one case a line: the rules that name the published cause (any of them is right), the options of `train` as it was
asked and as it was cured. Sizes and steps are often smaller than in the original, so figures need not match; the cause must.
Exits with 1 where a case is wrong. Needs Python's standard library only.
"""

import argparse
import csv
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import made

HERE = Path(__file__).resolve().parent


def cases(path):
    with path.open() as f:
        return list(csv.DictReader(f, delimiter="\t"))


def train(program, folder, name, options):
    command = [program, "train", *options.split(), "--out", f"runs/{name}", "--force", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {' '.join(map(str, command))}\n{done.stderr}")


def diagnose(program, folder, name):
    done = subprocess.run([program, "diagnose", f"runs/{name}", "--json"], cwd=folder, capture_output=True, text=True)
    return json.loads(done.stdout)["runs"][0]


def of_standing(run, standing):
    return [v["rule"] for v in run["verdicts"] if v["standing"] == standing]


def said(run):
    return run["cause"] or run["conclusion"]


def judged(case, asked, cured):
    """What is wrong with the answers to a case; empty where they are right."""
    accepted, wrong = case["causes"].split(), []
    trains = asked["training"]["state"] == "good"
    if trains:
        wrong.append("does not fail here")
    elif asked["cause"] not in accepted:
        wrong.append("another cause")
    if cured["cause"] in accepted:
        wrong.append("the cure is accused")
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--work", type=Path, required=True, help="folder for the tables and the runs")
    p.add_argument("--program", type=Path, default=HERE.parents[1] / "target" / "release" / "gradfade")
    p.add_argument("--list", type=Path, default=HERE / "cases.tsv", help="the cases (default: cases.tsv beside this script)")
    p.add_argument("--judge", action="store_true", help="train nothing")
    p.add_argument("--jobs", type=int, default=2)
    a = p.parse_args()
    all_cases, program = cases(a.list), a.program.resolve()
    if not a.judge:
        made.make(a.work)
        jobs = [(f"{c['id']}-{kind}", c[kind]) for c in all_cases for kind in ("asked", "cured")]
        with ThreadPoolExecutor(a.jobs) as pool:
            list(pool.map(lambda job: train(program, a.work, *job), jobs))
    print("| case | published cause | conclusion | because of it | beside it | the cured network | |")
    print("|---|---|---|---|---|---|---|")
    right = 0
    for c in all_cases:
        asked, cured = (diagnose(program, a.work, f"{c['id']}-{kind}") for kind in ("asked", "cured"))
        wrong = judged(c, asked, cured)
        right += not wrong
        rest = [", ".join(of_standing(asked, standing)) for standing in ("consequence", "beside")]
        cells = [c["id"], " or ".join(c["causes"].split()), said(asked), *rest, said(cured), "; ".join(wrong)]
        print(f"| {' | '.join(cells)} |")
    print(f"\n{right} of {len(all_cases)} right")
    return int(right < len(all_cases))


if __name__ == "__main__":
    sys.exit(main())
