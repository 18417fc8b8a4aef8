"""The independent witness: one training run in PyTorch, with everything that a record holds measured the slow, plain way.

Gradients come from autograd, per-sample quantities from one real backward pass for each sample, updates from
`torch.optim` (foreach=False). Only the split of an update into its driven part and its decay part is not PyTorch's: it is
written out in NumPy (`UpdateSplit`) and every step asserts that the two parts add up to the update that PyTorch made.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky-relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": lambda z: F.gelu(z, approximate="none"),
    "silu": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    # Not F.hardsigmoid: its f64 backward multiplies by 1/6 rounded to f32 (0.16666667163, seen in PyTorch 2.15).
    "hard-sigmoid": lambda z: F.relu6(z + 3) / 6,
    "identity": lambda z: z,
}

LOSSES = ("cross-entropy", "bce", "mse")
SQUARES = ("quadratic", "softmax-mse")

DTYPES = {"f32": torch.float32, "f64": torch.float64}


def batch_loss(name, outputs, labels):
    """Loss of a batch: `outputs` [B, C] are the last layer's pre-activations, `labels` [B] class indices."""
    if name == "cross-entropy":
        return F.cross_entropy(outputs, labels)
    one_hot = F.one_hot(labels, outputs.shape[1]).to(outputs.dtype)
    if name == "bce":  # summed over the outputs, mean over the batch
        return F.binary_cross_entropy_with_logits(outputs, one_hot, reduction="sum") / outputs.shape[0]
    if name == "mse":  # mean over all B * C elements
        return F.mse_loss(outputs, one_hot)
    if name == "quadratic":  # half the sum over the outputs, mean over the batch
        return 0.5 * F.mse_loss(torch.sigmoid(outputs), one_hot, reduction="sum") / outputs.shape[0]
    if name == "softmax-mse":
        return F.mse_loss(F.softmax(outputs, dim=1), one_hot)
    raise ValueError(name)


def forward(parameters, activation, inputs):
    """Pre-activations of every layer; `parameters` alternates weight [fan_out, fan_in] and bias. The last layer is linear."""
    x, pre_activations = inputs, []
    layers = len(parameters) // 2
    for layer in range(layers):
        z = F.linear(x, parameters[2 * layer], parameters[2 * layer + 1])
        pre_activations.append(z)
        if layer + 1 < layers:
            x = ACTIVATIONS[activation](z)
    return pre_activations


def norm(values):
    """L2 norm, accumulated in f64 with correct rounding of the sum."""
    return math.sqrt(math.fsum(np.square(np.asarray(values, dtype=np.float64)).ravel().tolist()))


def per_sample(parameters, activation, loss, inputs, labels):
    """signal_rms and grad_rms of every layer, from one backward pass for each sample."""
    layers = len(parameters) // 2
    signal, grad = np.zeros(layers), np.zeros(layers)
    for a in range(len(inputs)):
        zs = forward(parameters, activation, inputs[a : a + 1])
        wanted = zs + parameters[0::2]
        found = torch.autograd.grad(batch_loss(loss, zs[-1], labels[a : a + 1]), wanted)
        signal += [norm(g.numpy()) ** 2 for g in found[:layers]]
        grad += [norm(g.numpy()) ** 2 for g in found[layers:]]
    return np.sqrt(signal / len(inputs)), np.sqrt(grad / len(inputs))


def make_optimizer(case, parameters):
    """The case's torch.optim optimiser over all parameters, weights and biases alike."""
    o, lr, wd = case["optimizer"], case["learning_rate"], case["weight_decay"]
    common = dict(lr=lr, weight_decay=wd, foreach=False)
    match o["name"]:
        case "sgd":
            return torch.optim.SGD(parameters, **common)
        case "momentum":
            return torch.optim.SGD(parameters, momentum=o["momentum"], **common)
        case "nesterov":
            return torch.optim.SGD(parameters, momentum=o["momentum"], nesterov=True, **common)
        case "adagrad":
            return torch.optim.Adagrad(parameters, eps=o["eps"], **common)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, alpha=o["alpha"], eps=o["eps"], **common)
        case "adam":
            return torch.optim.Adam(parameters, betas=(o["beta1"], o["beta2"]), eps=o["eps"], **common)
        case "adamw":
            return torch.optim.AdamW(parameters, betas=(o["beta1"], o["beta2"]), eps=o["eps"], **common)
    raise ValueError(o["name"])


def make_scheduler(schedule, optimizer, total_steps):
    """PyTorch's scheduler for a schedule, or None for a constant rate. Stepped once after every update."""
    S = torch.optim.lr_scheduler
    match schedule["name"]:
        case "constant":
            return None
        case "step":
            return S.StepLR(optimizer, step_size=schedule["every"], gamma=schedule["gamma"])
        case "cosine":
            return S.CosineAnnealingLR(optimizer, T_max=total_steps, eta_min=0.0)
        case "warmup":
            w = schedule["warmup_steps"]
            return S.LinearLR(optimizer, start_factor=1.0 / w, end_factor=1.0, total_iters=w - 1)
        case "warmup-cosine":
            w = schedule["warmup_steps"]
            rise = S.LinearLR(optimizer, start_factor=1.0 / w, end_factor=1.0, total_iters=w - 1)
            fall = S.CosineAnnealingLR(optimizer, T_max=total_steps - w, eta_min=0.0)
            return S.SequentialLR(optimizer, [rise, fall], milestones=[w])
    raise ValueError(schedule["name"])


def learning_rate_formula(schedule, base, step, total_steps):
    """Closed form of the schedules; `step` counts from 0."""
    match schedule["name"]:
        case "constant":
            return base
        case "step":
            return base * schedule["gamma"] ** (step // schedule["every"])
        case "cosine":
            return base * 0.5 * (1.0 + math.cos(math.pi * step / total_steps))
        case "warmup":
            return base * min(1.0, (step + 1) / schedule["warmup_steps"])
        case "warmup-cosine":
            w = schedule["warmup_steps"]
            if step < w:
                return base * (step + 1) / w
            return base * 0.5 * (1.0 + math.cos(math.pi * (step - w) / (total_steps - w)))
    raise ValueError(schedule["name"])


class UpdateSplit:
    """One tensor's update in f64, split into what the loss gradient made and what weight decay and L1 made.

    Every optimiser here is linear in its numerator, so a second numerator buffer that is fed only with the decay gradient
    d = weight_decay * w + l1 * sign(w) gives the decay part exactly; the denominator is the real one, which for the coupled
    optimisers has seen g + d.
    """

    def __init__(self, case):
        self.case, self.t = case, 0
        self.first = self.first_decay = self.second = 0.0

    def step(self, w, g, lr):
        """(driven, decay), both added to w; `g` is the gradient of the loss alone."""
        self.t += 1
        o, wd, l1 = self.case["optimizer"], self.case["weight_decay"], self.case["l1"]
        name = o["name"]
        shrink = l1 * np.sign(w)
        if name != "adamw":
            shrink = wd * w + shrink
        whole = g + shrink

        if name == "sgd":
            return -lr * g, -lr * shrink
        if name in ("momentum", "nesterov"):
            mu = o["momentum"]
            self.first = mu * self.first + whole
            self.first_decay = mu * self.first_decay + shrink
            if name == "momentum":
                total, decay = self.first, self.first_decay
            else:
                total, decay = whole + mu * self.first, shrink + mu * self.first_decay
            return -lr * (total - decay), -lr * decay
        if name == "adagrad":
            self.second = self.second + whole**2
            scale = lr / (np.sqrt(self.second) + o["eps"])
            return -scale * g, -scale * shrink
        if name == "rmsprop":
            self.second = o["alpha"] * self.second + (1 - o["alpha"]) * whole**2
            scale = lr / (np.sqrt(self.second) + o["eps"])
            return -scale * g, -scale * shrink
        if name in ("adam", "adamw"):
            b1, b2 = o["beta1"], o["beta2"]
            self.first = b1 * self.first + (1 - b1) * whole
            self.first_decay = b1 * self.first_decay + (1 - b1) * shrink
            self.second = b2 * self.second + (1 - b2) * whole**2
            denominator = np.sqrt(self.second / (1 - b2**self.t)) + o["eps"]
            scale = lr / (1 - b1**self.t) / denominator
            decay = -scale * self.first_decay
            driven = -scale * (self.first - self.first_decay)
            if name == "adamw":
                decay = decay - lr * wd * w
            return driven, decay
        raise ValueError(name)


def assert_split(driven, decay, before, after, precision, where):
    """driven + decay must be the update that PyTorch made, up to the rounding of the stored parameter."""
    made = after - before
    unit = 2.0**-24 if precision == "f32" else 2.0**-53
    # Half an ulp of the stored value (two roundings in AdamW), and rounding inside the optimiser, where larger terms may
    # have cancelled in a small entry: relative to the tensor's largest entry.
    slack = 4 * unit * np.maximum(np.abs(before), np.abs(after)) + 64 * unit * np.max(np.abs(driven) + np.abs(decay))
    worst = np.max(np.abs(driven + decay - made) - slack)
    assert worst <= 0.0, f"{where}: driven + decay misses the update by {worst:.3e} beyond rounding"


def run(case, network, precision=None):
    """Trains one case and returns what the record should hold. `precision` overrides the case's own."""
    precision = precision or case["precision"]
    dtype = DTYPES[precision]
    parameters = [
        torch.tensor(values, dtype=dtype, requires_grad=True) for values in network["initial"].values()
    ]
    names = list(network["initial"])
    initial = [p.detach().numpy().astype(np.float64) for p in parameters]
    optimizer = make_optimizer(case, parameters)
    steps = case["steps"]
    scheduler = make_scheduler(case["schedule"], optimizer, steps)
    splits = [UpdateSplit(case) for _ in parameters]
    rows = []
    for step in range(steps):
        batch = network["batches"][step % len(network["batches"])]
        inputs = torch.tensor(batch["inputs"], dtype=dtype)
        labels = torch.tensor(batch["labels"])
        signal_rms, grad_rms = per_sample(parameters, case["activation"], case["loss"], inputs, labels)

        optimizer.zero_grad()
        outputs = forward(parameters, case["activation"], inputs)[-1]
        loss = batch_loss(case["loss"], outputs, labels)
        loss.backward()
        lr = optimizer.param_groups[0]["lr"]
        before = [p.detach().numpy().astype(np.float64) for p in parameters]
        grads = [p.grad.numpy().astype(np.float64) for p in parameters]
        with torch.no_grad():
            for p in parameters:
                if case["l1"]:
                    p.grad.add_(torch.sign(p), alpha=case["l1"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        after = [p.detach().numpy().astype(np.float64) for p in parameters]

        row = {
            "loss": float(loss.detach()),
            "learning_rate": float(lr),
            "batch_accuracy": float((outputs.argmax(1) == labels).double().mean()),
            "grad_norm": [norm(g) for g in grads],
            "update_norm": [norm(b - a) for a, b in zip(before, after)],
            "driven_norm": [],
            "decay_norm": [],
            "param_norm": [norm(w) for w in before],
            "signal_rms": signal_rms.tolist(),
            "grad_rms": grad_rms.tolist(),
        }
        for name, split, w, g, new in zip(names, splits, before, grads, after):
            driven, decay = split.step(w, g, lr)
            assert_split(driven, decay, w, new, precision, f"{case['name']} step {step} {name}")
            row["driven_norm"].append(norm(driven))
            row["decay_norm"].append(norm(decay))
        rows.append(row)
    final = [p.detach().numpy().astype(np.float64) for p in parameters]
    return {
        "steps": rows,
        "distance_from_init": [norm(b - a) for a, b in zip(initial, final)],
        "final": {name: values.tolist() for name, values in zip(names, final)},
    }


def worst_relative(found, expected):
    """Largest relative difference between two results of `run`, over every number but the final weights."""
    worst = 0.0

    def walk(a, b):
        nonlocal worst
        if isinstance(a, dict):
            for key in a:
                if key != "final":
                    walk(a[key], b[key])
        elif isinstance(a, list):
            for x, y in zip(a, b, strict=True):
                walk(x, y)
        elif a != b:
            worst = max(worst, abs(a - b) / max(abs(a), abs(b)))

    walk(found, expected)
    return worst
