#!/usr/bin/env python3
"""The peer in PyTorch, in the three ways that an expert would try; `--mode best` times each briefly and takes the fastest.

autograd   parameters with `grad`, backward(), `torch._foreach_*` for update and norms
manual     the backward pass written out under no_grad, results into preallocated buffers (`out=`, in-place)
compile    the manual step as one torch.compile'd function (Inductor; needs a C++ compiler)

The update norm is measured from the update, as the record defines it, not taken as learning_rate * gradient norm.
Norms are written into one preallocated tensor, one row a step: no `.item()` in the loop.
"""

import os

import common

MODES = ("autograd", "manual", "compile")


def extra(p):
    p.add_argument("--mode", choices=MODES + ("best",), default="best")
    p.add_argument("--keep-denormals", action="store_true", help="do not flush subnormal numbers to zero")


a = common.parse("torch", extra)
if hasattr(os, "sched_getaffinity"):
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[: a.threads])
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(a.threads)

import torch
import torch.nn.functional as F

torch.set_num_threads(a.threads)
torch.set_flush_denormal(not a.keep_denormals)

x, y = common.load_data(a)
images, labels = torch.from_numpy(x), torch.from_numpy(y).long()
ONE_HOT = F.one_hot(labels, common.CLASSES).float()
LR = a.learning_rate


class Run:
    """Parameters and the record's rows; a mode's `step(x, y, one_hot, row)` trains once."""

    def __init__(self, mode):
        self.weights, self.biases = [], []
        for w, b in common.initial_parameters(a):
            self.weights.append(torch.from_numpy(w).clone())
            self.biases.append(torch.from_numpy(b).clone())
        self.parameters = [t for pair in zip(self.weights, self.biases) for t in pair]
        self.updates = [torch.empty_like(p) for p in self.parameters]
        self.mode = mode
        getattr(self, "prepare_" + mode)()
        self.step = getattr(self, "step_" + mode)

    def measure(self, grads, row):
        """Norms of gradients and updates; makes the update. `row` is {name: tensor [T]}."""
        if a.no_record:
            torch._foreach_add_(self.parameters, grads, alpha=-LR)
            return
        torch.stack(torch._foreach_norm(grads), out=row["grad_norm"])
        if a.param_norm:
            torch.stack(torch._foreach_norm(self.parameters), out=row["param_norm"])
        updates = torch._foreach_mul(grads, -LR)
        torch.stack(torch._foreach_norm(updates), out=row["update_norm"])
        torch._foreach_add_(self.parameters, updates)

    # autograd
    def prepare_autograd(self):
        for p in self.parameters:
            p.requires_grad_()
        self.activation = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[a.activation]

    def step_autograd(self, x, y, one_hot, row):
        with torch.enable_grad():
            for w, b in zip(self.weights[:-1], self.biases[:-1]):
                x = self.activation(torch.addmm(b, x, w))
            loss = F.cross_entropy(torch.addmm(self.biases[-1], x, self.weights[-1]), y)
            grads = torch.autograd.grad(loss, self.parameters)
        row["loss"].copy_(loss)
        self.measure(grads, row)

    # manual
    def prepare_manual(self):
        empty = lambda n: torch.empty(a.batch, n)
        self.outputs = [empty(w.shape[1]) for w in self.weights]
        self.signals = [empty(w.shape[1]) for w in self.weights]
        self.grads = [torch.empty_like(p) for p in self.parameters]
        self.ones = torch.full((a.batch,), 1.0)

    def step_manual(self, x, y, one_hot, row):
        W, B, O, D, G = self.weights, self.biases, self.outputs, self.signals, self.grads
        last = len(W) - 1
        below = [x] + O[:-1]
        for i in range(last):
            torch.addmm(B[i], below[i], W[i], out=O[i])
            if a.activation == "sigmoid":
                torch.sigmoid_(O[i])
            elif a.activation == "tanh":
                torch.tanh_(O[i])
            else:
                torch.relu_(O[i])
        z = torch.addmm(B[last], below[last], W[last], out=O[last])
        log_p = torch.log_softmax(z, 1)
        row["loss"].copy_(F.nll_loss(log_p, y))
        torch.sub(log_p.exp_(), one_hot, out=D[last]).div_(a.batch)
        for i in range(last, -1, -1):
            torch.mm(below[i].t(), D[i], out=G[2 * i])
            torch.mv(D[i].t(), self.ones, out=G[2 * i + 1])
            if i:
                torch.mm(D[i], W[i].t(), out=D[i - 1])
                # The fused kernels that autograd itself uses.
                if a.activation == "sigmoid":
                    torch.ops.aten.sigmoid_backward.grad_input(D[i - 1], O[i - 1], grad_input=D[i - 1])
                elif a.activation == "tanh":
                    torch.ops.aten.tanh_backward.grad_input(D[i - 1], O[i - 1], grad_input=D[i - 1])
                else:
                    torch.ops.aten.threshold_backward.grad_input(D[i - 1], O[i - 1], 0.0, grad_input=D[i - 1])
        self.measure(G, row)

    # compile
    def prepare_compile(self):
        activation, recording = a.activation, not a.no_record

        def whole(parameters, x, y, one_hot):
            W, B = parameters[0::2], parameters[1::2]
            outs, h = [x], x
            for w, b in zip(W[:-1], B[:-1]):
                h = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[activation](torch.addmm(b, h, w))
                outs.append(h)
            log_p = torch.log_softmax(torch.addmm(B[-1], h, W[-1]), 1)
            loss = -(log_p * one_hot).sum() / one_hot.shape[0]
            d = (log_p.exp() - one_hot) / one_hot.shape[0]
            grads = [None] * len(parameters)
            for i in range(len(W) - 1, -1, -1):
                grads[2 * i], grads[2 * i + 1] = outs[i].t() @ d, d.sum(0)
                if i:
                    d, h = d @ W[i].t(), outs[i]
                    d = {"sigmoid": lambda: d * (1 - h) * h, "tanh": lambda: d * (1 - h * h),
                         "relu": lambda: torch.where(h > 0, d, 0.0)}[activation]()
            updates = [-LR * g for g in grads]
            out = [loss]
            if recording:
                out.append(torch.stack([g.square().sum() for g in grads]).sqrt())
                out.append(torch.stack([u.square().sum() for u in updates]).sqrt())
                if a.param_norm:
                    out.append(torch.stack([p.square().sum() for p in parameters]).sqrt())
            for p, u in zip(parameters, updates):
                p.add_(u)
            return out

        self.whole = torch.compile(whole, dynamic=False, options={"cpp.threads": a.threads, "freezing": False})

    def step_compile(self, x, y, one_hot, row):
        out = self.whole(self.parameters, x, y, one_hot)
        for name, value in zip(("loss", "grad_norm", "update_norm", "param_norm"), out):
            row[name].copy_(value)

    def train(self, first, count):
        names = [] if a.no_record else ["grad_norm", "update_norm"] + ["param_norm"] * a.param_norm
        record = {name: torch.empty(count, len(self.parameters)) for name in names}
        record["loss"] = torch.empty(count)
        rows = [dict(zip(record, row)) for row in zip(*(t.unbind(0) for t in record.values()))]
        with torch.no_grad():
            if a.gather:
                indices = torch.from_numpy(common.batch_indices(a, first, count)).long()
                for where, row in zip(indices, rows):
                    self.step(images[where], labels[where], ONE_HOT[where], row)
            else:
                for start, row in zip(common.batch_starts(a, first, count), rows):
                    end = start + a.batch
                    self.step(images[start:end], labels[start:end], ONE_HOT[start:end], row)
        return {name: values.numpy() for name, values in record.items()}


trials = {}
mode = a.mode
if mode == "best":
    trial = max(10, min(a.steps // 10, 200))
    mode, trials = common.fastest(MODES, lambda mode: Run(mode).train, trial, max(trial // 4, 5))
run = Run(mode)
facts = {"version": torch.__version__, "mode": mode}
if trials:
    facts["trials"] = trials
common.time_and_print("torch", a, run.train, **facts)
