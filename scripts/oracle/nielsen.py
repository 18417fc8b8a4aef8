#!/usr/bin/env python3
"""Nielsen's table of bias-gradient norms (Neural Networks and Deep Learning, chapter 5), in plain NumPy and f64.

    python scripts/oracle/nielsen.py DIR [--seeds 50] [--json]

DIR holds the MNIST training files in IDX form (train-images-idx3-ubyte, train-labels-idx1-ubyte; .gz or not, the `.idx3`
spelling with a dot too).

Network 784-30-...-30-10, sigmoid in every layer, the output too; cross-entropy on sigmoid outputs, so that the output's
signal is a - y; W ~ N(0, 1) / sqrt(fan_in), b ~ N(0, 1); the first 1,000 training images in [0, 1]. Shown is the L2 norm,
for each hidden layer from the input side, of the bias gradient averaged over the 1,000 images. He gives no seed, so only
the distribution can be reproduced: here the geometric mean and the 5 % and 95 % quantiles over the seeds.
"""

import argparse
import gzip
import json
import struct
import sys
from pathlib import Path

import numpy as np

PUBLISHED = {
    2: [0.0657, 0.3092],
    3: [0.0118, 0.0600, 0.2831],
    4: [0.0030, 0.0171, 0.0695, 0.2851],
}
IMAGES = 1000


def read_idx(folder, stem):
    for name in (stem, stem.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            path = Path(folder) / (name + suffix)
            if path.exists():
                raw = (gzip.open(path) if suffix else open(path, "rb")).read()
                kind, dimensions = raw[2], raw[3]
                if raw[:2] != b"\0\0" or kind != 8:
                    sys.exit(f"{path}: not an IDX file of unsigned bytes")
                shape = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
                return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    sys.exit(f"{folder}: no {stem} (or .gz); point to a folder with the MNIST training files")


def sigmoid(z):
    # exp of a non-positive number on both branches: no overflow, no cancellation.
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def bias_gradient_norms(x, y, hidden_layers, rng):
    """Norms of the batch-mean bias gradient, hidden layers from the input side. x [n, 784], y one-hot [n, 10]."""
    widths = [x.shape[1]] + [30] * hidden_layers + [10]
    biases = [rng.standard_normal(n) for n in widths[1:]]
    weights = [rng.standard_normal((m, n)) / np.sqrt(n) for n, m in zip(widths, widths[1:])]
    pre, a = [], x
    for w, b in zip(weights, biases):
        pre.append(a @ w.T + b)
        a = sigmoid(pre[-1])
    delta = a - y
    norms = []
    for layer in range(hidden_layers - 1, -1, -1):
        z = pre[layer]
        delta = (delta @ weights[layer + 1]) * sigmoid(z) * sigmoid(-z)
        norms.append(np.linalg.norm(delta.mean(axis=0)))
    return norms[::-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    x = read_idx(arguments.folder, "train-images-idx3-ubyte")[:IMAGES].reshape(IMAGES, -1) / 255.0
    y = np.eye(10)[read_idx(arguments.folder, "train-labels-idx1-ubyte")[:IMAGES]]
    result = {}
    for hidden, published in PUBLISHED.items():
        norms = np.array([bias_gradient_norms(x, y, hidden, np.random.default_rng(s)) for s in range(arguments.seeds)])
        logs = np.log(norms)
        result[hidden] = {
            "published": published,
            "geometric_mean": np.exp(logs.mean(axis=0)).tolist(),
            "quantile_05": np.quantile(norms, 0.05, axis=0).tolist(),
            "quantile_95": np.quantile(norms, 0.95, axis=0).tolist(),
            "growth_per_layer": float(np.exp((logs[:, -1] - logs[:, 0]).mean() / (hidden - 1))),
            "monotone_seeds": int((np.diff(norms, axis=1) > 0).all(axis=1).sum()),
        }
    if arguments.json:
        print(json.dumps({"seeds": arguments.seeds, "hidden_layers": result}))
        return
    print("hidden layers | layer | published | geometric mean [5 %, 95 %]")
    for hidden, r in result.items():
        for i in range(hidden):
            inside = r["quantile_05"][i] <= r["published"][i] <= r["quantile_95"][i]
            print(f"{hidden:13} | {i + 1:5} | {r['published'][i]:9.4f} | {r['geometric_mean'][i]:.4f} "
                  f"[{r['quantile_05'][i]:.4f}, {r['quantile_95'][i]:.4f}]{'' if inside else '  published is outside'}")
        print(f"{'':13} | growth toward the output x{r['growth_per_layer']:.2f} a layer, "
              f"strictly monotone in {r['monotone_seeds']} of {arguments.seeds} seeds")


if __name__ == "__main__":
    main()
