"""Norms of the weight gradients of single samples, exactly, without another backward pass.

With delta the gradient at a layer's output and x its input, the gradient of a sample is the sum over its positions of the outer
products of both (Goodfellow 2015 for one position, where its norm is |delta| |x|). For several positions either that sum is made,
or its square is had from the products of all pairs of positions, whichever is less work.
"""

from __future__ import annotations

from typing import Optional, Tuple

import torch
import torch.nn.functional as F

from . import _norms
from ._layers import Layer

# A step's own work on a layer, of which the norms may cost this share where they are made at every step.
_CHEAP = 0.1
# Numbers that a block of samples may take in memory.
_BLOCK = 1 << 24


def is_cheap(layer: Layer, delta: torch.Tensor, x: torch.Tensor, batch: int) -> bool:
    """Whether the norms may be made at every step. Convolutions unfold their input, which costs as much as the layer."""
    if layer.kind != "dense":
        return False
    positions = max(delta.numel() // max(batch * delta.shape[-1], 1), 1)
    if positions == 1:
        return True
    wide, deep = delta.shape[-1], x.shape[-1]
    return min(positions * (wide + deep), wide * deep) <= _CHEAP * wide * deep


def total(layer: Layer, delta: torch.Tensor, x: torch.Tensor, batch: int, dim: int) -> Optional[torch.Tensor]:
    """The root of the sum over samples of the squared norm of the weight gradient that `delta` makes; None where the samples
    cannot be told apart. On a device in float64, which neither mixed precision nor TF32 rounds."""
    own = delta.dtype in (torch.float32, torch.float64) and x.dtype == delta.dtype and _norms.is_here(delta)
    if not own:
        delta, x = delta.to(torch.float64), x.to(torch.float64)
    pair = _dense(delta, x, batch, dim) if layer.kind == "dense" else None
    if pair is not None:
        return _of_positions(*pair)
    if layer.kind == "dense" or delta.shape[0] != batch:
        return None
    step = max(1, _BLOCK // max(_unfolded_size(layer, delta[:1], x[:1]), 1))
    parts = []
    for at in range(0, batch, step):
        found = _convolution(layer, delta[at : at + step], x[at : at + step])
        if found is None:
            return None
        parts.append(found)
    return torch.linalg.vector_norm(torch.stack(parts))


def _dense(delta: torch.Tensor, x: torch.Tensor, batch: int, dim: int) -> Optional[Tuple[torch.Tensor, torch.Tensor]]:
    """As `[batch, positions, numbers]`."""
    if delta.dim() > 2 and dim and delta.dim() > dim and delta.shape[dim] == batch:
        delta, x = delta.movedim(dim, 0), x.movedim(dim, 0)
    if delta.shape[0] != batch and (delta.dim() != 2 or delta.shape[0] % batch):
        return None
    return delta.reshape(batch, -1, delta.shape[-1]), x.reshape(batch, -1, x.shape[-1])


def _of_positions(delta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """For `delta [batch, positions, out]` and `x [batch, positions, in]`. Both are scaled, so that no square is lost."""
    scale_delta, scale_x = _scale(delta), _scale(x)
    delta, x = delta / scale_delta, x / scale_x
    positions, wide, deep = delta.shape[1], delta.shape[2], x.shape[2]
    if positions == 1:
        squares = delta.square().sum((1, 2), dtype=torch.float64) * x.square().sum((1, 2), dtype=torch.float64)
    elif positions * (wide + deep) < wide * deep:
        # Products of pairs may cancel each other.
        delta, x = delta.double(), x.double()
        pairs = (delta @ delta.transpose(1, 2)) * (x @ x.transpose(1, 2))
        squares = pairs.sum((1, 2)).clamp_min_(0.0)
    else:
        step = max(1, _BLOCK // (wide * deep))
        squares = torch.cat(
            [
                (delta[i : i + step].transpose(1, 2) @ x[i : i + step]).square_().sum((1, 2)).double()
                for i in range(0, delta.shape[0], step)
            ]
        )
    return squares.sum().sqrt() * scale_delta.double() * scale_x.double()


def _scale(t: torch.Tensor) -> torch.Tensor:
    largest = t.abs().amax()
    return torch.where((largest > 0) & largest.isfinite(), largest, torch.ones_like(largest))


def _geometry(layer: Layer):
    m = layer.module
    return m.kernel_size, m.stride, m.padding, m.dilation, m.groups


def _unfolded_size(layer: Layer, delta: torch.Tensor, x: torch.Tensor) -> int:
    """Numbers that one sample takes once its input is unfolded."""
    kernel = 1
    for size in layer.module.kernel_size:
        kernel *= size
    if layer.kind == "convolution":
        return kernel * x.shape[1] * (delta[0, 0].numel() if delta.dim() > 2 else 1)
    return kernel * delta.shape[1] * (x[0, 0].numel() if x.dim() > 2 else 1)


def _convolution(layer: Layer, delta: torch.Tensor, x: torch.Tensor) -> Optional[torch.Tensor]:
    """Each output position sees a window of the input; in a transposed convolution each input position sees one of
    the output."""
    kernel, stride, padding, dilation, groups = _geometry(layer)
    points, windows = (delta, x) if layer.kind == "convolution" else (x, delta)
    if points.dim() != len(kernel) + 2:
        return None  # a single sample without a batch
    places = points.shape[2:]
    pads = []
    for d in range(len(kernel)):
        # What the windows of all places reach over.
        reach = (places[d] - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1
        before = padding[d] if not isinstance(padding, str) else (dilation[d] * (kernel[d] - 1) // 2 if padding == "same" else 0)
        pads.append((before, reach - before - windows.shape[2 + d]))
    windows = F.pad(windows, [n for pair in reversed(pads) for n in pair])
    for d in range(len(kernel)):
        windows = windows.unfold(2 + d, dilation[d] * (kernel[d] - 1) + 1, stride[d])
    if any(n != 1 for n in dilation):
        windows = windows[(..., *(slice(None, None, n) for n in dilation))]
    # [batch, channels, *places, *kernel] -> [batch x groups, places, channels of a group x kernel]
    batch, channels = windows.shape[:2]
    n = len(kernel)
    windows = windows.reshape(batch, groups, channels // groups, *windows.shape[2:])
    order = [0, 1, *range(3, 3 + n), 2, *range(3 + n, 3 + 2 * n)]
    windows = windows.permute(order).reshape(batch * groups, points[0, 0].numel(), -1)
    points = points.reshape(batch * groups, points.shape[1] // groups, -1).transpose(1, 2)
    return _of_positions(points, windows)
