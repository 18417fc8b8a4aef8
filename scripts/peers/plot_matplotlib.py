#!/usr/bin/env python3
"""The peer in drawing: one layer x step heatmap with matplotlib, logarithmic colours, colour bar and title, as SVG and PNG.

    plot_matplotlib.py --out DIR [--layers 10] [--steps 1000] [--record grad_norm.npy]

Time the whole process. The random record falls by a decade a layer toward the input, so that all colours are used.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
p.add_argument("--out", required=True)
p.add_argument("--layers", type=int, default=10)
p.add_argument("--steps", type=int, default=1000)
p.add_argument("--record", help="an array [steps, tensors] as a run folder holds it; weights are every other column")
a = p.parse_args()

if a.record:
    values = np.load(a.record)[:, 0::2].T
else:
    rng = np.random.default_rng(1)
    values = 10.0 ** (np.arange(a.layers)[:, None] - a.layers + rng.normal(0, 0.2, (a.layers, a.steps)))
layers, steps = values.shape

figure, axes = plt.subplots(figsize=(8, 4), constrained_layout=True)
positive = values[np.isfinite(values) & (values > 0)]
image = axes.imshow(
    values, norm=LogNorm(positive.min(), positive.max()), cmap="viridis", aspect="auto", origin="lower",
    interpolation="nearest", extent=(0, steps, 0.5, layers + 0.5),
)
axes.set_xlabel("step")
axes.set_ylabel("layer (1 at the input)")
axes.set_yticks(range(1, layers + 1))
axes.set_title("Gradient norm of each layer's weight")
figure.colorbar(image, label="gradient norm")
out = Path(a.out)
out.mkdir(parents=True, exist_ok=True)
plt.rcParams["svg.fonttype"] = "none"  # text stays text, and no glyph has to be outlined: the fast way
figure.savefig(out / "heatmap.svg")
figure.savefig(out / "heatmap.png", dpi=200)
