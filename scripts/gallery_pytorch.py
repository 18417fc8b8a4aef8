#!/usr/bin/env python3
"""Train the PyTorch networks of the gallery and record them with `gradfade.watch`.

    python3 scripts/gallery_pytorch.py          # writes plots/records/pytorch-cnn-{sigmoid,relu}

Needs the package (`pip install ./python`) and PyTorch. The data are the digits that are embedded in the program; their layout is
described in scripts/build_mnist_mini.py. On another processor the last digits of the records differ.
"""

import pathlib
import struct
import zlib

import numpy as np
import torch
from torch import nn

import gradfade

ROOT = pathlib.Path(__file__).resolve().parent.parent
COUNT, TRAIN, SIDE, CONTEXTS = 12_000, 10_000, 28, 81
SAMPLES, BATCH, EPOCHS = 4_000, 50, 4


def digits():
    """Images [12000, 28, 28] from 0 to 1 and labels [12000] of assets/mnist-mini.zlib."""
    data = zlib.decompress((ROOT / "assets/mnist-mini.zlib").read_bytes())
    labels = np.frombuffer(data, np.uint8, COUNT)
    at = COUNT
    counts = struct.unpack_from(f"<{CONTEXTS}I", data, at)
    at += 4 * CONTEXTS
    packed = np.frombuffer(data, np.uint8, COUNT * 7 * SIDE, at).reshape(COUNT, 7, 1, SIDE)
    at += packed.size
    classes = (packed >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)) & 3
    classes = classes.reshape(COUNT, SIDE, SIDE)
    framed = np.pad(classes, ((0, 0), (1, 1), (1, 1))).astype(np.int64)
    left, right = framed[:, 1:-1, :-2], framed[:, 1:-1, 2:]
    up, down = framed[:, :-2, 1:-1], framed[:, 2:, 1:-1]
    context = (27 * left + 9 * right + 3 * up + down)[classes == 1]
    # The rim is sorted by context, and in each context it is in the order of the pixels.
    rim = np.frombuffer(data, np.uint8, sum(counts), at)
    at += rim.size
    images = np.zeros((COUNT, SIDE, SIDE), np.uint8)
    values = np.empty_like(rim)
    values[np.argsort(context, kind="stable")] = rim
    images[classes == 1] = values
    bright = classes == 2
    bits = np.frombuffer(data, np.uint8, -(-int(bright.sum()) // 4), at)
    bits = ((bits[:, None] >> np.array([0, 2, 4, 6], np.uint8)) & 3).reshape(-1)[: int(bright.sum())]
    images[bright] = 252 + bits
    return images.astype(np.float32) / 255, labels.astype(np.int64)


def network(activation):
    """Six convolutions, two max poolings and a linear layer."""

    def block(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1), activation()]

    return nn.Sequential(
        *block(1, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), *block(16, 16), nn.MaxPool2d(2),
        *block(16, 16), *block(16, 16), nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    )


def train(name, activation):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    images, labels = digits()
    images, labels = torch.tensor(images)[:, None], torch.tensor(labels)
    x, y = images[:SAMPLES], labels[:SAMPLES]
    test_x, test_y = images[TRAIN : TRAIN + 1000], labels[TRAIN : TRAIN + 1000]
    model = network(activation)
    if activation is nn.ReLU:
        # PyTorch's own initialisation is that of another function: half of the signal is lost in each layer.
        for layer in model:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    out = ROOT / "plots/records" / f"pytorch-cnn-{name}"
    steps = SAMPLES // BATCH

    def evaluate(run):
        model.eval()
        with torch.no_grad():
            numbers = {}
            for part, inputs, targets in (("train", x, y), ("test", test_x, test_y)):
                logits = torch.cat([model(chunk) for chunk in inputs.split(500)])
                numbers[f"{part}_loss"] = float(nn.functional.cross_entropy(logits, targets))
                numbers[f"{part}_accuracy"] = float((logits.argmax(1) == targets).float().mean())
        model.train()
        run.evaluation(**numbers)

    facts = {"task": "classification", "data": "mnist-mini", "train_size": SAMPLES, "test_size": 1000}
    facts["majority_share"] = float(torch.bincount(y).max()) / SAMPLES
    watched = gradfade.watch(
        model, optimizer, out, name=name, every=4, facts=facts, steps_per_epoch=steps, planned_steps=EPOCHS * steps, force=True
    )
    with watched as run:
        evaluate(run)
        for _ in range(EPOCHS):
            order = torch.randperm(SAMPLES)
            for batch in order.split(BATCH):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
                run.loss(loss)
                loss.backward()
                optimizer.step()
            evaluate(run)


if __name__ == "__main__":
    train("sigmoid", nn.Sigmoid)
    train("relu", nn.ReLU)
