"""Activation functions as the autograd graph knows them: values, slopes, names.

The graph of a forward pass names each function that was evaluated and keeps what its derivative needs, whether it was a module,
a function or in place. Nothing is computed a second time in the training for it, and what the graph does not say stays absent.
The definitions are those of the record: saturated is a slope under 5.91 % of the function's largest, dead a unit without a
slope on any sample (of a smooth function: with none above that bound).
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, NamedTuple, Optional

import torch

#: 1 - 0.97^2, as in the record's definition.
SATURATION = 0.0591
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class Function(NamedTuple):
    """An activation at the points where it was evaluated."""

    name: str
    value: torch.Tensor
    slope: torch.Tensor
    largest_slope: float
    is_smooth: bool


def _sigmoid_slope(h: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(h) * torch.sigmoid(-h)


def _tanh_slope(h: torch.Tensor) -> torch.Tensor:
    e = torch.exp(-2 * h.abs())
    return 4 * e / (1 + e) ** 2


def _sigmoid(node: Any, h: Optional[torch.Tensor]) -> Function:
    y = _wide(node._saved_result)
    # The input says how flat a saturated unit is; the output, rounded to 1, does not.
    slope = _sigmoid_slope(_wide(h)) if h is not None else y * (1 - y)
    return Function("sigmoid", y, slope, 0.25, True)


def _tanh(node: Any, h: Optional[torch.Tensor]) -> Function:
    y = _wide(node._saved_result)
    slope = _tanh_slope(_wide(h)) if h is not None else (1 - y) * (1 + y)
    return Function("tanh", y, slope, 1.0, True)


def _relu(node: Any, h: Optional[torch.Tensor]) -> Function:
    y = _wide(node._saved_result)
    return Function("relu", y, (y > 0).to(y.dtype), 1.0, False)


def _leaky_relu(node: Any, h: Optional[torch.Tensor]) -> Function:
    x, leak = _wide(node._saved_self), float(node._saved_negative_slope)
    slope = torch.where(x > 0, 1.0, leak).to(x.dtype)
    name = "leaky-relu" if leak == 0.01 else "LeakyReLU"
    return Function(name, x * slope, slope, max(1.0, abs(leak)), False)


def _elu(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    alpha, scale, inner = (float(getattr(node, f"_saved_{key}")) for key in ("alpha", "scale", "input_scale"))
    below = torch.clamp(x, max=0) * inner
    value = scale * torch.where(x > 0, x, alpha * torch.expm1(below))
    slope = scale * torch.where(x > 0, torch.ones_like(x), alpha * inner * torch.exp(below))
    is_selu = abs(scale - _SELU_SCALE) < 1e-9 and abs(alpha - _SELU_ALPHA) < 1e-9
    name = "selu" if is_selu else "elu" if (alpha, scale, inner) == (1, 1, 1) else "ELU"
    return Function(name, value, slope, scale * max(1.0, alpha * inner), alpha * inner == 1)


def _celu(node: Any, h: Optional[torch.Tensor]) -> Function:
    x, alpha = _wide(node._saved_self), float(node._saved_alpha)
    below = torch.clamp(x, max=0) / alpha
    value = torch.where(x > 0, x, alpha * torch.expm1(below))
    return Function("CELU", value, torch.where(x > 0, torch.ones_like(x), torch.exp(below)), 1.0, True)


def _gelu(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    if node._saved_approximate == "tanh":
        k = math.sqrt(2 / math.pi)
        inner = k * (x + 0.044715 * x**3)
        t = torch.tanh(inner)
        slope = 0.5 * (1 + t) + 0.5 * x * _tanh_slope(inner) * k * (1 + 3 * 0.044715 * x * x)
        return Function("gelu", 0.5 * x * (1 + t), slope, 1.128904145, True)
    below = 0.5 * torch.special.erfc(-x / math.sqrt(2))
    slope = below + x * torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return Function("gelu", x * below, slope, 1.128904145, True)


def _silu(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    s = torch.sigmoid(x)
    return Function("silu", x * s, s * (1 + x * torch.sigmoid(-x)), 1.099839320, True)


def _softplus(node: Any, h: Optional[torch.Tensor]) -> Function:
    x, beta = _wide(node._saved_self), float(node._saved_beta)
    value = torch.clamp(x, min=0) + torch.log1p(torch.exp(-(x * beta).abs())) / beta
    return Function("softplus" if beta == 1 else "Softplus", value, torch.sigmoid(beta * x), 1.0, True)


def _hardtanh(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    low, high = float(node._saved_min_val), float(node._saved_max_val)
    slope = ((x > low) & (x < high)).to(x.dtype)
    return Function("ReLU6" if (low, high) == (0, 6) else "Hardtanh", x.clamp(low, high), slope, 1.0, False)


def _hardsigmoid(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    slope = ((x > -3) & (x < 3)).to(x.dtype) / 6
    return Function("hard-sigmoid", (x + 3).clamp(0, 6) / 6, slope, 1 / 6, False)


def _hardswish(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    inside = (2 * x + 3) / 6
    slope = torch.where(x <= -3, torch.zeros_like(x), torch.where(x >= 3, torch.ones_like(x), inside))
    return Function("Hardswish", x * (x + 3).clamp(0, 6) / 6, slope, 1.5, False)


def _mish(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    soft = torch.clamp(x, min=0) + torch.log1p(torch.exp(-x.abs()))
    t = torch.tanh(soft)
    return Function("Mish", x * t, t + x * _tanh_slope(soft) * torch.sigmoid(x), 1.0884977, True)


def _log_sigmoid(node: Any, h: Optional[torch.Tensor]) -> Function:
    x = _wide(node._saved_self)
    return Function("LogSigmoid", torch.nn.functional.logsigmoid(x), torch.sigmoid(-x), 1.0, True)


def _prelu(node: Any, h: Optional[torch.Tensor]) -> Function:
    x, leak = _wide(node._saved_self), _wide(node._saved_weight)
    slope = torch.where(x > 0, torch.ones_like(x), leak.expand_as(x))
    return Function("PReLU", x * slope, slope, max(1.0, float(leak.abs().max())), False)


def _softsign(node: Any, h: Optional[torch.Tensor]) -> Function:
    x, below = _wide(node._saved_self), _wide(node._saved_other)
    return Function("softsign", x / below, 1 / below.square(), 1.0, True)


_NODES: Dict[str, Callable[[Any, Optional[torch.Tensor]], Function]] = {
    "SigmoidBackward0": _sigmoid,
    "TanhBackward0": _tanh,
    "ReluBackward0": _relu,
    "LeakyReluBackward0": _leaky_relu,
    "EluBackward0": _elu,
    "CeluBackward0": _celu,
    "GeluBackward0": _gelu,
    "SiluBackward0": _silu,
    "SoftplusBackward0": _softplus,
    "HardtanhBackward0": _hardtanh,
    "HardsigmoidBackward0": _hardsigmoid,
    "HardswishBackward0": _hardswish,
    "MishBackward0": _mish,
    "LogSigmoidBackward0": _log_sigmoid,
    "PreluKernelBackward0": _prelu,
}


def is_activation(node: Any) -> bool:
    return node.name() in _NODES or _is_softsign(node)


def _is_softsign(node: Any) -> bool:
    """x / (1 + |x|), which has no node of its own."""
    if node.name() != "DivBackward0" or len(node.next_functions) != 2 or node.next_functions[1][0] is None:
        return False
    above, (below, _) = node.next_functions
    inner = below.next_functions[0][0] if below.name() == "AddBackward0" else None
    return inner is not None and inner.name() == "AbsBackward0" and inner.next_functions[0] == above


def read(node: Any, h: Optional[torch.Tensor]) -> Optional[Function]:
    """The function of an activation's node; `h` is its input where that is known and unchanged. None where the graph no longer
    has what it kept, as after an operation in place."""
    kind = _NODES.get(node.name(), _softsign)
    try:
        return kind(node, h)
    except (RuntimeError, AttributeError):
        return None


def identity(value: torch.Tensor) -> Function:
    value = _wide(value)
    return Function("identity", value, torch.ones_like(value), 1.0, False)


def _wide(t: torch.Tensor) -> torch.Tensor:
    """In float64; of many numbers their mean has its digits as they are."""
    return t.detach() if t.dtype is torch.float32 and t.numel() > 1 << 16 else t.detach().double()


#: Metrics of the snapshot table, in the order of `statistics`.
METRICS = ("activation_mean", "activation_std", "saturated_share", "dead_share", "mean_squared_slope")


def statistics(function: Function, channels_first: bool) -> torch.Tensor:
    """The five numbers of `METRICS`. Units are the channels of a convolution, else the last axis."""
    value, slope = function.value, function.slope
    bound = SATURATION * function.largest_slope
    alive = slope > (bound if function.is_smooth else 0.0)
    if slope.dim() > 1:
        unit = 1 if channels_first else slope.dim() - 1
        alive = alive.transpose(0, unit).reshape(slope.shape[unit], -1).any(1)
    count = max(slope.numel(), 1)
    return torch.stack(
        [
            value.mean().double(),
            value.std(unbiased=False).double(),
            (slope < bound).sum().double() / count,
            1 - alive.sum().double() / alive.numel(),
            slope.square().mean().double(),
        ]
    )
