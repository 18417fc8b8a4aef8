#!/usr/bin/env python3
"""Opens a run folder with NumPy alone and compares it with what the format promises.

    python3 scripts/check_npy.py RUN [--watch SECONDS]

Every array is loaded twice, with numpy.load and as a memory map; type and shape must be those of the table in
docs/format.md, both must hold the same bytes, and the arrays of a table may differ in length only while the run goes
on. With --watch the folder is checked again and again while a run writes into it: rows once read must never change.
Needs Python 3 and NumPy. Exit code 0 when all holds, 1 with one line for the first thing that does not.
"""

import argparse
import json
import pathlib
import re
import sys
import time

import numpy as np

FORMAT = pathlib.Path(__file__).parent.parent / "docs" / "format.md"
LINE = re.compile(r"^\| `(\w+)\.npy` \| `\[(\w)((?:, \w)*)\]` (\w+) \|")


def tables():
    """The arrays of the step, snapshot and evaluation table: type and inner sizes by name, the table's steps first."""
    found = {"S": {}, "K": {}, "E": {}}
    for line in FORMAT.read_text().splitlines():
        if match := LINE.match(line):
            name, rows, inner, dtype = match.groups()
            found[rows][name] = (np.dtype(dtype).newbyteorder("<").str, inner.replace(", ", ""))
    return list(found.values())


def fail(message):
    sys.exit(f"check_npy: {message}")


def check(run, seen):
    """Checks all arrays once; `seen` holds the bytes read before, by array. Returns the rows of the three tables."""
    meta = json.loads((run / "meta.json").read_text())
    sizes = {"T": len(meta["tensors"]), "L": len(meta["layers"]), "M": meta.get("sketch_buckets"), "B": 128}
    lengths = []
    for table in tables():
        rows = {}
        for name, (dtype, inner) in table.items():
            path = run / f"{name}.npy"
            # What was not measured has no file.
            if not name.endswith("step") and not path.exists():
                continue
            shape = tuple(sizes[c] for c in inner)
            mapped = np.load(path, mmap_mode="r")
            loaded = np.load(path)
            for array in (mapped, loaded):
                if array.dtype != dtype or array.shape[1:] != shape:
                    fail(f"{path}: {array.dtype.str} {array.shape}, expected {dtype} (rows, {shape})")
            # The map was opened first, so a running writer can only have made the other one longer.
            if mapped.tobytes() != loaded[:len(mapped)].tobytes():
                fail(f"{path}: the memory map and the loaded array differ")
            before = seen.get(name, b"")
            if loaded.tobytes()[:len(before)] != before:
                fail(f"{path}: rows that were read before have changed")
            if len(loaded) and dtype == "<i8" and (np.diff(loaded) <= 0).any():
                fail(f"{path}: steps do not increase")
            seen[name] = loaded.tobytes()
            rows[name] = len(loaded)
        if meta["status"]["state"] != "running" and len(set(rows.values())) > 1:
            fail(f"{run}: arrays of one table differ in length although the run has ended: {rows}")
        lengths.append(min(rows.values()))
    return lengths


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--watch", type=float, metavar="SECONDS", default=0.0, help="check again and again for so long")
    args = parser.parse_args()
    if not (args.run / "meta.json").is_file():
        fail(f"{args.run}: not a run folder")
    seen, checks, end = {}, 0, time.monotonic() + args.watch
    while True:
        steps, snapshots, evals = check(args.run, seen)
        checks += 1
        if time.monotonic() >= end:
            break
    print(f"NumPy {np.__version__}: {args.run}: {steps} steps, {snapshots} snapshots, {evals} evaluations; checked {checks}x")


if __name__ == "__main__":
    main()
