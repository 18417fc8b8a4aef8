"""Networks with normalisation, skips, dropout and maxout as PyTorch's own modules, trained and measured like witness.run.

Weights, normalisations and running statistics are `nn.Linear`, `nn.BatchNorm1d` and `nn.LayerNorm` with their defaults; updates
are torch.optim's. Written out here are only the masks of dropout (a hash of seed, step, layer and place, so that another program can
make the same ones; `nn.Dropout`'s own generator cannot be shared) and the soft threshold of proximal L1, which torch.optim lacks.
"""

import numpy as np
import torch
import torch.nn as nn

from witness import ACTIVATIONS, DTYPES, UpdateSplit, assert_split, batch_loss, make_optimizer, norm

MASK = (1 << 64) - 1


def mix(x):
    """SplitMix64 (Steele, Lea, Flood 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def dropout_mask(seed, step, layer, share, rows, units):
    """0 or 1 / (1 - share) for each output; `layer` from 0. An element is dropped when its 32 bits are below share * 2^32."""
    key = mix(mix(mix(seed) ^ step) ^ layer)
    threshold = round(share * 2**32)
    kept = [[(mix((key + row * units + unit) & MASK) >> 32) >= threshold for unit in range(units)] for row in range(rows)]
    return torch.tensor(kept).double() / (1 - share)


class Hidden(nn.Module):
    """One hidden layer: linear, then normalisation and activation in the case's order, dropout, skip."""

    def __init__(self, case, index, fan_in, units, dtype):
        super().__init__()
        self.case, self.index = case, index
        name, _, pieces = case["activation"].partition(":")
        self.pieces = int(pieces) if name == "maxout" else 1
        kind = case["normalisation"]
        # Before batch normalisation a bias has an exactly vanishing gradient.
        self.linear = nn.Linear(fan_in, self.pieces * units, bias=kind != "batch", dtype=dtype)
        columns = units if kind.endswith("-after") else self.pieces * units
        make = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}[kind.removesuffix("-after")]
        self.norm = make(columns, dtype=dtype) if kind != "none" else make()
        self.after = kind.endswith("-after")
        self.skips = case["residual"] and fan_in == units

    def activate(self, h):
        if self.pieces == 1:
            return ACTIVATIONS[self.case["activation"]](h)
        # Row k W + j of the weight is piece k of unit j.
        return h.view(len(h), self.pieces, -1).max(1).values

    def forward(self, x, step, kept):
        h = self.linear(x)
        kept.append(h)
        f = self.norm(self.activate(h)) if self.after else self.activate(self.norm(h))
        share = self.case["dropout"]
        if self.training and share:
            mask = dropout_mask(self.case["seed"], step, self.index, share, *f.shape)
            f = f * mask.to(f.dtype)
        return x + f if self.skips else f


class Net(nn.Module):
    def __init__(self, case, network, dtype):
        super().__init__()
        widths = network["widths"]
        self.hidden = nn.ModuleList(
            Hidden(case, i, a, b, dtype) for i, (a, b) in enumerate(zip(widths[:-2], widths[1:-1]))
        )
        self.output = nn.Linear(widths[-2], widths[-1], dtype=dtype)

    def forward(self, x, step=0):
        """Logits, what each linear layer was fed with, and its pre-activations."""
        fed, kept = [], []
        for layer in self.hidden:
            fed.append(x)
            x = layer(x, step, kept)
        fed.append(x)
        kept.append(self.output(x))
        return kept[-1], fed, kept

    def named(self):
        """Tensors in the record's order: layers.N.weight, layers.N.bias, norms.N.weight, norms.N.bias."""
        linears = [h.linear for h in self.hidden] + [self.output]
        for n, linear in enumerate(linears, start=1):
            norm_ = self.hidden[n - 1].norm if n <= len(self.hidden) else None
            for prefix, module in (("layers", linear), ("norms", norm_)):
                for part in ("weight", "bias"):
                    if getattr(module, part, None) is not None:
                        yield f"{prefix}.{n}.{part}", getattr(module, part)

    def running(self):
        return {
            f"norms.{n}.{part}": getattr(h.norm, part).double().tolist()
            for n, h in enumerate(self.hidden, start=1)
            for part in ("running_mean", "running_var")
            if hasattr(h.norm, part)
        }


def initial_tensors(case, network):
    """The case's initial tensors, from the network's pool: the first rows, as many as the layer has."""
    net = Net(case, network, torch.float64)
    return {name: np.asarray(network["initial"][name])[: len(p)].tolist() for name, p in net.named()}


def copy_bits(values):
    return values.detach().numpy().astype(np.float64)


def measure_samples(net, case, inputs, labels, step):
    """signal_rms and grad_rms: from one backward pass of the sum of the batch's losses; where samples do not meet, one real pass
    for each sample must say the same."""
    training = net.training
    rows = len(inputs)
    logits, fed, kept = net(inputs, step)
    found = torch.autograd.grad(batch_loss(case["loss"], logits, labels) * rows, kept)
    found = [d.detach() for d in found]
    fed = [x.detach() for x in fed]
    signal = [float(d.double().square().sum(1).mean().sqrt()) for d in found]
    grad = [
        float((d.double().square().sum(1) * x.double().square().sum(1)).mean().sqrt()) for d, x in zip(found, fed)
    ]
    if not case["normalisation"].startswith("batch") and not case["dropout"]:
        alone = np.zeros((2, len(kept)))
        for a in range(rows):
            logits, _, one = net(inputs[a : a + 1], step)
            weights = [h.linear.weight for h in net.hidden] + [net.output.weight]
            parts = torch.autograd.grad(batch_loss(case["loss"], logits, labels[a : a + 1]), one + weights)
            squares = [float(p.double().square().sum()) for p in parts]
            alone += np.reshape(squares, alone.shape)
        tolerance = 1e-5 if inputs.dtype == torch.float32 else 1e-12
        np.testing.assert_allclose(np.sqrt(alone / rows), [signal, grad], rtol=tolerance)
    net.train(training)
    return signal, grad


def evaluate(net, case, inputs, labels):
    net.eval()
    with torch.no_grad():
        logits, _, _ = net(inputs)
    net.train()
    return {
        "loss": float(batch_loss(case["loss"], logits, labels)),
        "accuracy": float((logits.argmax(1) == labels).double().mean()),
    }


def run_remedy(case, network, precision=None):
    """As witness.run; `expected` also has `evaluation` (on the first batch, before training and after) and `running`."""
    precision = precision or case["precision"]
    dtype = DTYPES[precision]
    net = Net(case, network, dtype)
    names = [name for name, _ in net.named()]
    parameters = [p for _, p in net.named()]
    assert len(parameters) == len(list(net.parameters()))
    with torch.no_grad():
        for name, p in net.named():
            p.copy_(torch.tensor(initial_tensors(case, network)[name], dtype=dtype))
    initial = [copy_bits(p) for p in parameters]
    optimizer = make_optimizer(case, parameters)
    splits = [UpdateSplit(case) for _ in parameters]
    batch = lambda step: network["batches"][step % len(network["batches"])]
    tensors = lambda b: (torch.tensor(b["inputs"], dtype=dtype), torch.tensor(b["labels"]))
    evaluation = [evaluate(net, case, *tensors(batch(0)))]
    rows = []
    for step in range(case["steps"]):
        inputs, labels = tensors(batch(step))
        # The measuring passes must not move the running statistics.
        state = {k: v.clone() for k, v in net.state_dict().items()}
        signal_rms, grad_rms = measure_samples(net, case, inputs, labels, step)
        net.load_state_dict(state)

        optimizer.zero_grad()
        outputs, _, _ = net(inputs, step)
        loss = batch_loss(case["loss"], outputs, labels)
        loss.backward()
        lr = optimizer.param_groups[0]["lr"]
        before = [copy_bits(p) for p in parameters]
        grads = [p.grad.numpy().astype(np.float64) for p in parameters]
        optimizer.step()
        pulls = [0.0] * len(parameters)
        with torch.no_grad():
            for i, p in enumerate(parameters):
                if case["proximal_l1"]:
                    stepped = copy_bits(p)
                    p.copy_(torch.sign(p) * torch.clamp(p.abs() - lr * case["proximal_l1"], min=0))
                    pulls[i] = copy_bits(p) - stepped
        after = [copy_bits(p) for p in parameters]
        row = {
            "loss": float(loss.detach()),
            "batch_accuracy": float((outputs.argmax(1) == labels).double().mean()),
            "grad_norm": [norm(g) for g in grads],
            "update_norm": [norm(b - a) for a, b in zip(before, after)],
            "driven_norm": [],
            "decay_norm": [],
            "param_norm": [norm(w) for w in before],
            "signal_rms": signal_rms,
            "grad_rms": grad_rms,
        }
        for name, split, w, g, pull, new in zip(names, splits, before, grads, pulls, after):
            driven, decay = split.step(w, g, lr)
            assert_split(driven, decay + pull, w, new, precision, f"{case['name']} step {step} {name}")
            row["driven_norm"].append(norm(driven))
            row["decay_norm"].append(norm(decay + pull))
        rows.append(row)
    final = [copy_bits(p) for p in parameters]
    evaluation.append(evaluate(net, case, *tensors(batch(0))))
    return {
        "steps": rows,
        "distance_from_init": [norm(b - a) for a, b in zip(initial, final)],
        "zero_share": [float((w == 0).mean()) for w in final],
        "evaluation": evaluation,
        "running": net.running(),
        "final": {name: values.tolist() for name, values in zip(names, final)},
    }
