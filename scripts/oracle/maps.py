"""Networks of maps in PyTorch: convolution, pooling, normalisation by channel, skips with and without projection."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from witness import ACTIVATIONS, batch_loss, make_optimizer, norm

QUANTUM = 1024


class Net(nn.Module):
    """`layers` are lists: a name and its numbers. Skips name how many layers below they begin."""

    def __init__(self, case, dtype):
        super().__init__()
        self.case = case
        self.modules_ = nn.ModuleList()
        shapes = [tuple(case["input"])]
        for name, *args in case["layers"]:
            channels, height, width = shapes[-1]
            match name:
                case "conv":
                    out, kernel, stride, padding, bias = args
                    module = nn.Conv2d(channels, out, kernel, stride, padding, bias=bias, dtype=dtype)
                case "max":
                    module = nn.MaxPool2d(*args)
                case "average":
                    module = nn.AvgPool2d(*args)
                case "global":
                    module = nn.AdaptiveAvgPool2d(1)
                case "batch-norm":
                    module = nn.BatchNorm2d(channels, dtype=dtype)
                case "layer-norm":
                    module = nn.LayerNorm([channels, height, width], dtype=dtype)
                case "project":
                    source = shapes[-1 - args[0]]
                    stride = -(-source[1] // height)
                    module = nn.Conv2d(source[0], channels, 1, stride, bias=False, dtype=dtype)
                case "skip" | "activation":
                    module = nn.Identity()
            self.modules_.append(module)
            if name in ("skip", "project", "activation"):
                shapes.append(shapes[-1])
            else:
                shapes.append(tuple(module.eval()(torch.zeros((1, *shapes[-1]), dtype=dtype)).shape[1:]))
        self.dense = nn.Linear(int(np.prod(shapes[-1])), case["classes"], dtype=dtype)
        self.train()

    def weighted(self):
        return [m for m in self.modules_ if isinstance(m, nn.Conv2d)] + [self.dense]

    def forward(self, x):
        """Logits; what each layer with weights read, and what it made (of a projection: the sum)."""
        values, fed, made = [x], [], []
        for (name, *args), module in zip(self.case["layers"], self.modules_):
            x = values[-1]
            if name == "activation":
                y = ACTIVATIONS[self.case["activation"]](x)
            elif name == "skip":
                y = x + values[-1 - args[0]]
            elif name == "project":
                fed.append(values[-1 - args[0]])
                y = x + module(fed[-1])
            else:
                y = module(x)
            if name == "conv":
                fed.append(x)
            if name in ("conv", "project"):
                made.append(y)
            values.append(y)
        fed.append(values[-1].flatten(1))
        made.append(self.dense(fed[-1]))
        return made[-1], fed, made


def sample_gradients(module, x, dy):
    """The gradient of every sample's own loss by the weight, `[B, ...]`."""
    if isinstance(module, nn.Linear):
        return torch.einsum("bo,bi->boi", dy, x)
    patches = F.unfold(x, module.kernel_size, padding=module.padding, stride=module.stride)
    return torch.einsum("bop,bkp->bok", dy.flatten(2), patches)


def quantised(rng, shape, deviation):
    values = [round(rng.gauss(0, deviation) * QUANTUM) / QUANTUM for _ in range(int(np.prod(shape)))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def run_maps(case, seed):
    """The case with its tensors, batches and what PyTorch says of them."""
    rng = random.Random(seed)
    net = Net(case, torch.float64)
    case["initial"] = []
    with torch.no_grad():
        for p in net.parameters():
            base, deviation = (1.0, 0.2) if p.dim() in (1, 3) and p.min() == 1 else (0.0, 0.4)
            fan_in = p[0].numel() if p.dim() in (2, 4) else 1
            values = base + quantised(rng, p.shape, deviation if fan_in == 1 else 1 / np.sqrt(fan_in))
            if case.get("ties") and p.dim() == 4:
                values = torch.full_like(p, 0.5)
            p.copy_(values)
            case["initial"].append(p.flatten().tolist())
    levels = case.pop("ties", False)
    case["batches"] = []
    for _ in range(2):
        inputs = [rng.randrange(3) / 4 if levels else round(rng.gauss(0, 1) * 64) / 64
                  for _ in range(case["batch"] * int(np.prod(case["input"])))]
        case["batches"].append({"inputs": inputs, "labels": [rng.randrange(case["classes"]) for _ in range(case["batch"])]})
    parameters = list(net.parameters())
    optimizer = make_optimizer(case, parameters)
    tensors = lambda b: (torch.tensor(b["inputs"], dtype=torch.float64).reshape(-1, *case["input"]), torch.tensor(b["labels"]))
    steps = []
    for step in range(case["steps"]):
        inputs, labels = tensors(case["batches"][step % 2])
        optimizer.zero_grad()
        logits, fed, made = net(inputs)
        loss = batch_loss(case["loss"], logits, labels)
        signals = torch.autograd.grad(loss * len(inputs), made, retain_graph=True)
        loss.backward()
        own = [sample_gradients(*of) for of in zip(net.weighted(), fed, signals)]
        for module, gradients in zip(net.weighted(), own):
            # The mean of the samples' gradients is the batch's.
            np.testing.assert_allclose(
                gradients.mean(0).flatten().detach(), module.weight.grad.flatten(), rtol=1e-9, atol=1e-13)
        before = [p.detach().clone() for p in parameters]
        optimizer.step()
        root = lambda d: float(d.detach().flatten(1).square().sum(1).mean().sqrt())
        row = {
            "loss": float(loss.detach()),
            "grad_norm": [norm(p.grad.numpy()) for p in parameters],
            "update_norm": [norm((p.detach() - b).numpy()) for p, b in zip(parameters, before)],
            "signal_rms": [root(d) for d in signals],
            "grad_rms": [root(g) for g in own],
        }
        if step == 0:
            row["gradients"] = [p.grad.flatten().tolist() for p in parameters]
        steps.append(row)
    net.eval()
    with torch.no_grad():
        inputs, labels = tensors(case["batches"][0])
        evaluation = float(batch_loss(case["loss"], net(inputs)[0], labels))
    norms = [m for m in net.modules_ if isinstance(m, nn.BatchNorm2d)]
    case["expected"] = {
        "steps": steps,
        "final": [p.detach().flatten().tolist() for p in parameters],
        "running": [values.tolist() for m in norms for values in (m.running_mean, m.running_var)],
        "evaluation": evaluation,
    }
    return case
