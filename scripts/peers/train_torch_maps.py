#!/usr/bin/env python3
"""The peer in PyTorch for networks of maps, in the ways that an expert would try; `--mode best` times each briefly and takes
the fastest.

hooks      autograd; hooks on the outputs catch the signal; per-sample gradients by a batched product with the unfolded input
own        as hooks, but the weight's gradient is the sum of those per-sample gradients, so that it is not computed twice
compile    as hooks, the forward and backward pass by torch.compile (Inductor; needs a C++ compiler)
vmap       torch.func: every per-sample gradient by vmap(grad), the batch's as their mean; not with batch normalisation

`-last` behind the first three: channels_last memory. Recorded are what gradfade records at every step: norms of gradient,
update and parameter of every tensor; of every layer with weights or pooling the root mean square over the samples of the
norm of the signal, and of the exact gradient of the sample's own loss by the weight (vmap leaves out the signal). Norms
are written into preallocated tensors; no `.item()` in the loop. `--light` leaves out what is per sample.

Parameters and data are those of `gradfade bench-step --network`: made of 32-bit integers, with the same bits.
"""

import argparse
import os
import re
import sys
import time

import common
import numpy as np

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--network", default="conv:16x3,pool:2,conv:32x3,pool:2,dense:64")
p.add_argument("--normalisation", choices=("none", "batch"), default="none")
p.add_argument("--activation", choices=common.ACTIVATIONS, default="relu")
p.add_argument("--batch", type=int, default=64)
p.add_argument("--steps", type=int, default=20, help="steps of one timed repeat")
p.add_argument("--repeats", type=int, default=5)
p.add_argument("--warm-up", type=int, default=10)
p.add_argument("--threads", type=int, default=1)
p.add_argument("--mode", default="best")
p.add_argument("--light", action="store_true", help="norms of tensors alone, nothing per sample")
p.add_argument("--no-record", action="store_true")
p.add_argument("--json", action="store_true")
a = p.parse_args()
a.layers = a.width = a.dump = None
if hasattr(os, "sched_getaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: a.threads])
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(a.threads)

import torch
import torch.nn.functional as F

torch.set_num_threads(a.threads)
torch.set_flush_denormal(True)

SIDE, LR, FIRST = 28, 0.01, 5
ACTIVATION = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[a.activation]
SAMPLED = not (a.light or a.no_record)


def spread(index):
    """The same numbers in [0, 1) as `spread` in src/cli/bench_step.rs."""
    k = index.astype(np.uint32) * np.uint32(0x9E3779B1)
    k = (k ^ (k >> np.uint32(15))) * np.uint32(0x85EBCA77)
    k ^= k >> np.uint32(13)
    return (k >> np.uint32(8)).astype(np.float64) / 2.0**24


def pieces(text):
    for piece in text.split(","):
        times, star, rest = piece.partition("*")
        yield from [rest] * int(times) if star else [piece]


class Layer:
    """One recorded layer: its sizes, and the places of its tensors among all parameters."""

    def __init__(self, kind, size, tensors=(), numbers=()):
        self.kind, self.size, self.tensors, self.numbers = kind, size, list(tensors), numbers


def build():
    """The recorded layers and the initial parameters."""
    layers, values, shape, index = [], [], (1, SIDE, SIDE), 0

    def weights(kind, size, numbers=()):
        nonlocal index
        last = kind == "output"
        normal = a.normalisation == "batch" and not last
        count, fan_in = int(np.prod(size)), int(np.prod(size[1:]))
        places = [len(values)]
        w = np.sqrt(6 / fan_in) * (2 * spread(np.arange(index, index + count)) - 1)
        values.append(w.astype(np.float32).reshape(size))
        index += count
        for one in ([1.0, 0.0] if normal else [0.0]):
            places.append(len(values))
            values.append(np.full(size[0], one, np.float32))
            index += size[0]
        layers.append(Layer(kind, size, places, numbers))

    for piece in pieces(a.network):
        if found := re.fullmatch(r"conv:(\d+)x(\d+)(?:s(\d+))?(?:p(\d+))?", piece):
            out, k = int(found[1]), int(found[2])
            stride, padding = int(found[3] or 1), int(found[4]) if found[4] else k // 2
            weights("conv", (out, shape[0], k, k), (stride, padding))
            shape = (out, *((n + 2 * padding - k) // stride + 1 for n in shape[1:]))
        elif found := re.fullmatch(r"pool:(\d+)", piece):
            k = int(found[1])
            layers.append(Layer("pool", k))
            shape = (shape[0], shape[1] // k, shape[2] // k)
        elif piece == "gap":
            layers.append(Layer("gap", None))
            shape = (shape[0], 1, 1)
        elif found := re.fullmatch(r"dense:(\d+)", piece):
            weights("dense", (int(found[1]), int(np.prod(shape))))
            shape = (int(found[1]),)
        else:
            sys.exit(f"this program does not know the piece '{piece}'")
    weights("output", (common.CLASSES, int(np.prod(shape))))
    return layers, values


LAYERS, INITIAL = build()
N = common.IMAGES
images = torch.from_numpy(spread(2**24 + np.arange(N * SIDE * SIDE)).astype(np.float32)).view(N, 1, SIDE, SIDE)
labels = torch.from_numpy((spread(2**25 + np.arange(N)) * common.CLASSES).astype(np.int64))


def patches(layer, x):
    """[batch, positions, fan_in]"""
    stride, padding = layer.numbers
    return F.unfold(x, layer.size[2:], padding=padding, stride=stride).transpose(1, 2)


def own_gradients(layer, x, dy):
    """The gradient of each sample's own loss by the weight, summed over positions: [batch, out, fan_in]"""
    return dy.reshape(dy.shape[0], dy.shape[1], -1) @ patches(layer, x)


class OwnConvolution(torch.autograd.Function):
    """A convolution whose weight gradient is the sum of the per-sample ones, which `layer.own` keeps."""

    @staticmethod
    def forward(ctx, x, w, b, layer):
        ctx.save_for_backward(x, w)
        ctx.layer = layer
        stride, padding = layer.numbers
        return F.conv2d(x, w, b, stride, padding)

    @staticmethod
    def backward(ctx, dy):
        (x, w), layer = ctx.saved_tensors, ctx.layer
        own = own_gradients(layer, x, dy)
        layer.own = own.flatten(1).square().sum(1)
        dx = None
        if ctx.needs_input_grad[0]:
            stride, padding = layer.numbers
            dx = torch.ops.aten.convolution_backward(
                dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, [True, False, False]
            )[0]
        db = dy.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return dx, own.sum(0).view_as(w), db, None


def forward(parameters, x, y, seen, own=False):
    """The loss; `seen(i, x, out)` is told of every recorded layer and may replace its output."""
    for i, layer in enumerate(LAYERS):
        at = [parameters[t] for t in layer.tensors]
        normal = a.normalisation == "batch" and layer.kind in ("conv", "dense")
        bias = None if normal else (at[1] if at else None)
        below = x
        if layer.kind == "conv":
            stride, padding = layer.numbers
            x = OwnConvolution.apply(x, at[0], bias, layer) if own else F.conv2d(x, at[0], bias, stride, padding)
        elif layer.kind == "pool":
            x = F.max_pool2d(x, layer.size)
        elif layer.kind == "gap":
            x = F.adaptive_avg_pool2d(x, 1)
        else:
            below = x.flatten(1)
            x = F.linear(below, at[0], bias)
        x = seen(i, below, x)
        if normal:
            x = F.batch_norm(x, None, None, at[1], at[2], training=True)
        if layer.kind in ("conv", "dense"):
            x = ACTIVATION(x)
    return F.cross_entropy(x, y)


class Run:
    def __init__(self, mode):
        self.last = mode.endswith("-last")
        self.mode = mode.removesuffix("-last")
        self.parameters = [self.laid_out(torch.from_numpy(v).clone()).requires_grad_() for v in INITIAL]
        self.inputs, self.signals = [None] * len(LAYERS), [None] * len(LAYERS)
        if self.mode == "compile":
            self.prepare_compile()
        elif self.mode == "vmap":
            self.prepare_vmap()

    def laid_out(self, x):
        return x.contiguous(memory_format=torch.channels_last) if self.last and x.dim() == 4 else x

    def step(self, x, y, row):
        x = self.laid_out(x)
        loss, gradients = getattr(self, self.mode)(x, y, row)
        row["loss"].copy_(loss.detach())
        with torch.no_grad():
            self.update(gradients, row)

    def update(self, gradients, row):
        if a.no_record:
            torch._foreach_add_(self.parameters, gradients, alpha=-LR)
            return
        torch.stack(torch._foreach_norm(gradients), out=row["grad_norm"])
        torch.stack(torch._foreach_norm(self.parameters), out=row["param_norm"])
        updates = torch._foreach_mul(gradients, -LR)
        torch.stack(torch._foreach_norm(updates), out=row["update_norm"])
        torch._foreach_add_(self.parameters, updates)

    def hooks(self, x, y, row, own=False):
        def seen(i, below, out):
            if SAMPLED:
                self.inputs[i] = below.detach()
                out.register_hook(lambda dy: self.signals.__setitem__(i, dy))
            return out

        loss = forward(self.parameters, x, y, seen, own)
        gradients = torch.autograd.grad(loss, self.parameters)
        if SAMPLED:
            with torch.no_grad():
                self.sampled(row, own)
        return loss, gradients

    def own(self, x, y, row):
        return self.hooks(x, y, row, own=SAMPLED)

    def sampled(self, row, own):
        """Root mean squares over the samples; the loss is a mean, so a sample's signal is batch times what came back."""
        for i, (layer, dy) in enumerate(zip(LAYERS, self.signals)):
            squares = dy.reshape(dy.shape[0], -1).square().sum(1)
            row["signal_rms"][i] = (squares.sum() * a.batch).sqrt()
            if layer.kind == "conv":
                of = layer.own if own else own_gradients(layer, self.inputs[i], dy).flatten(1).square().sum(1)
                row["grad_rms"][i] = (of.sum() * a.batch).sqrt()
            elif layer.tensors:
                of = squares * self.inputs[i].square().sum(1)
                row["grad_rms"][i] = (of.sum() * a.batch).sqrt()

    # compile: zeros are added to every output; their gradient is the signal.
    def prepare_compile(self):
        def whole(parameters, taps, x, y):
            inputs = []

            def seen(i, below, out):
                inputs.append(below.detach())
                return out + taps[i] if SAMPLED else out

            return forward(parameters, x, y, seen), inputs if SAMPLED else []

        self.whole, self.taps = torch.compile(whole, dynamic=False, options={"cpp.threads": a.threads}), []
        if SAMPLED:
            shapes = []
            forward(self.parameters, images[: a.batch], labels[: a.batch], lambda i, below, out: shapes.append(out.shape) or out)
            self.taps = [self.laid_out(torch.zeros(s)).requires_grad_() for s in shapes]

    def compile(self, x, y, row):
        loss, self.inputs = self.whole(self.parameters, self.taps, x, y)
        gradients = torch.autograd.grad(loss, [*self.parameters, *self.taps])
        self.signals = gradients[len(self.parameters) :]
        if SAMPLED:
            with torch.no_grad():
                self.sampled(row, False)
        return loss, gradients[: len(self.parameters)]

    def prepare_vmap(self):
        if a.normalisation == "batch":
            raise ValueError("a sample has no gradient of its own behind batch normalisation")
        one = lambda parameters, x, y: forward(parameters, x[None], y[None], lambda i, below, out: out)
        self.each = torch.func.vmap(torch.func.grad_and_value(one), in_dims=(None, 0, 0))

    def vmap(self, x, y, row):
        with torch.no_grad():
            gradients, losses = self.each(self.parameters, x, y)
            for i, layer in enumerate(LAYERS):
                if SAMPLED and layer.tensors:
                    squares = gradients[layer.tensors[0]].flatten(1).square().sum(1)
                    row["grad_rms"][i] = squares.mean().sqrt()
            return losses.mean(), [g.mean(0) for g in gradients]

    def train(self, first, count):
        tensors = [] if a.no_record else ["grad_norm", "update_norm", "param_norm"]
        record = {name: torch.empty(count, len(self.parameters)) for name in tensors}
        record.update({name: torch.full((count, len(LAYERS)), torch.nan) for name in ("signal_rms", "grad_rms") if SAMPLED})
        record["loss"] = torch.empty(count)
        rows = [dict(zip(record, row)) for row in zip(*(t.unbind(0) for t in record.values()))]
        for start, row in zip(common.batch_starts(a, first, count), rows):
            self.step(images[start : start + a.batch], labels[start : start + a.batch], row)
        return {name: values.numpy() for name, values in record.items()}


MODES = ("hooks", "hooks-last", "own", "own-last", "compile", "compile-last", "vmap")
if not SAMPLED:
    MODES = ("hooks", "hooks-last", "compile", "compile-last")


trials = {}
mode = a.mode
if mode == "best":
    # One thread's processor time is not inflated by waiting for a shared core.
    clock = time.process_time if a.threads == 1 else time.perf_counter
    mode, trials = common.fastest(MODES, lambda mode: Run(mode).train, max(3, a.steps // 4), 3, clock)
run = Run(mode)
measured = {name: values[-1].tolist() for name, values in Run("hooks").train(0, FIRST).items()}
facts = {"version": torch.__version__, "mode": mode, "network": a.network, "first": measured}
if trials:
    facts["trials"] = trials
common.time_and_print("torch", a, run.train, **facts)
