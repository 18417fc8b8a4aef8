#!/usr/bin/env python3
"""The sweep in PyTorch: eager, the backward pass written out into preallocated buffers, norms with `torch._foreach_norm`.
torch.compile is no help here: it would compile each of the twenty networks for longer than this whole program takes."""

import sweep_common

import common
import numpy as np
import torch
import torch.nn.functional as F

STATE = {}


def start(a):
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    x, y = common.load_data(sweep_common.cell(a, "sigmoid", 1))
    STATE["x"], STATE["y"] = torch.from_numpy(x), torch.from_numpy(y).long()
    STATE["one_hot"] = F.one_hot(STATE["y"], common.CLASSES).float()


def forward(weights, biases, x, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = torch.addmm(b, x, w)
        x = torch.sigmoid_(x) if activation == "sigmoid" else torch.relu_(x)
    return torch.addmm(biases[-1], x, weights[-1])


@torch.no_grad()
def train(job):
    a, activation, depth = job
    c = sweep_common.cell(a, activation, depth)
    x, y, one_hot = STATE["x"], STATE["y"], STATE["one_hot"]
    pairs = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in common.initial_parameters(c)]
    W, B = [w for w, _ in pairs], [b for _, b in pairs]
    parameters = [t for pair in pairs for t in pair]
    G = [torch.empty_like(p) for p in parameters]
    O = [torch.empty(a.batch, w.shape[1]) for w in W]
    D = [torch.empty(a.batch, w.shape[1]) for w in W]
    ones = torch.ones(a.batch)
    steps, last = a.epochs * (common.IMAGES // a.batch), len(W) - 1
    grad_norm, update_norm = torch.empty(steps, len(parameters)), torch.empty(steps, len(parameters))
    losses = torch.empty(steps)
    for step, rows in enumerate(torch.from_numpy(common.batch_indices(c, 0, steps)).long()):
        xb, yb, hot = x[rows], y[rows], one_hot[rows]
        below = [xb] + O[:-1]
        for i in range(last):
            torch.addmm(B[i], below[i], W[i], out=O[i])
            torch.sigmoid_(O[i]) if activation == "sigmoid" else torch.relu_(O[i])
        log_p = torch.log_softmax(torch.addmm(B[last], below[last], W[last], out=O[last]), 1)
        losses[step] = F.nll_loss(log_p, yb)
        torch.sub(log_p.exp_(), hot, out=D[last]).div_(a.batch)
        for i in range(last, -1, -1):
            torch.mm(below[i].t(), D[i], out=G[2 * i])
            torch.mv(D[i].t(), ones, out=G[2 * i + 1])
            if i:
                torch.mm(D[i], W[i].t(), out=D[i - 1])
                if activation == "sigmoid":
                    torch.ops.aten.sigmoid_backward.grad_input(D[i - 1], O[i - 1], grad_input=D[i - 1])
                else:
                    torch.ops.aten.threshold_backward.grad_input(D[i - 1], O[i - 1], 0.0, grad_input=D[i - 1])
        torch.stack(torch._foreach_norm(G), out=grad_norm[step])
        updates = torch._foreach_mul(G, -c.learning_rate)
        torch.stack(torch._foreach_norm(updates), out=update_norm[step])
        torch._foreach_add_(parameters, updates)
    accuracy = lambda n: float((forward(W, B, x[:n], activation).argmax(1) == y[:n]).float().mean())
    return {"grad_norm": grad_norm.numpy(), "update_norm": update_norm.numpy(), "loss": losses.numpy(),
            "train_accuracy": accuracy(common.IMAGES), "test_accuracy": accuracy(2000)}


if __name__ == "__main__":
    a = sweep_common.parse("PyTorch")
    torch.set_num_threads(a.threads)
    results = sweep_common.run_all(a, train, "fork", start)
    assert all(np.isfinite(r["loss"][-1]) for r in results.values())
    sweep_common.finish("torch", a, results, version=torch.__version__)
