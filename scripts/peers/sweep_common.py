"""What both sweep peers share: the grid, the command line, the workers, the figures and the printed line."""

import argparse
import json
import multiprocessing
import time
from types import SimpleNamespace

START = time.perf_counter()

GRID = [(activation, depth) for activation in ("sigmoid", "relu") for depth in range(1, 11)]


def parse(program):
    p = argparse.ArgumentParser(description=f"The sweep of scripts/bench_sweep.py in {program}: train, record, draw.")
    p.add_argument("--width", type=int, default=100)
    p.add_argument("--batch", type=int, default=100)
    p.add_argument("--epochs", type=int, default=3)
    p.add_argument("--workers", type=int, default=1, help="processes that train at the same time")
    p.add_argument("--threads", type=int, default=1, help="threads of each process")
    p.add_argument("--out", required=True, help="folder of the figures")
    return p.parse_args()


def cell(a, activation, depth):
    """The arguments of one network, as `common` wants them."""
    return SimpleNamespace(
        layers=depth + 1, width=a.width, batch=a.batch, activation=activation, learning_rate=0.1, seed=1, data=None
    )


def run_all(a, train, context, initializer):
    """`train((a, activation, depth))` for every cell, the deepest first; (activation, depth) -> its result."""
    todo = [(a, activation, depth) for activation, depth in sorted(GRID, key=lambda c: -c[1])]
    if a.workers == 1:
        initializer(a)
        results = [train(job) for job in todo]
    else:
        with multiprocessing.get_context(context).Pool(a.workers, initializer, (a,)) as pool:
            results = pool.map(train, todo, chunksize=1)
    return {(activation, depth): r for (_, activation, depth), r in zip(todo, results)}


def draw(a, results):
    """Accuracy by depth and a grid of gradient heatmaps, SVG and PNG: what ours draws, but for the triangles."""
    from pathlib import Path

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    fig, ax = plt.subplots(figsize=(9.6, 5.4))
    for activation in ("sigmoid", "relu"):
        depths = [d for name, d in GRID if name == activation]
        ax.plot(depths, [results[activation, d]["train_accuracy"] for d in depths], "-o", label=activation)
        ax.plot(depths, [results[activation, d]["test_accuracy"] for d in depths], "--")
    ax.set_xlabel("hidden layers")
    ax.legend()
    for kind in ("svg", "png"):
        fig.savefig(out / f"accuracy-by-depth.{kind}", dpi=200)
    fig, axes = plt.subplots(3, 2, figsize=(10, 7.5))
    for row, depth in zip(axes, (2, 6, 10)):
        for ax, activation in zip(row, ("sigmoid", "relu")):
            norms = np.log10(np.maximum(results[activation, depth]["grad_norm"][:, ::2].T, 1e-30))
            image = ax.imshow(norms, aspect="auto", origin="lower", interpolation="nearest", vmin=-6, vmax=1)
            ax.set_title(f"{activation}, {depth} hidden layers")
    fig.colorbar(image, ax=axes)
    for kind in ("svg", "png"):
        fig.savefig(out / f"heatmap-grid.{kind}", dpi=200)


def finish(program, a, results, **facts):
    trained = time.perf_counter() - START
    draw(a, results)
    print(json.dumps({
        "program": program, "workers": a.workers, "threads": a.threads, "seconds_trained": round(trained, 2),
        "seconds": round(time.perf_counter() - START, 2), **facts,
    }))
