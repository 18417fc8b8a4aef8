"""L2 norms that are zero only where every number is zero, in few calls and without a synchronisation.

On the CPU a norm is summed in float32, which vectorises: over rows first, so that a million numbers keep six digits. Squares
of float32 vanish below 1e-19, so a norm that comes out suspiciously small or large is made again in float64, in which no
square of a float32 is lost. Other devices sum in float64 at once: their result is read only at the end of a step.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import List, Sequence, Union

import numpy as np
import torch

#: Norms of some tensors: numbers where they lie on the CPU, a float64 vector on the device elsewhere.
Values = Union[List[float], torch.Tensor]

# Numbers that are summed in one go in float32.
_ROW = 4096
# Up to here a norm in one go has six digits; above, one call more a tensor costs nothing beside the sum itself.
_SMALL = 1 << 17
# The bounds within which a norm summed in the numbers' own type has lost nothing of weight.
SAFE = {torch.float32: (1e-13, 1e18), torch.float64: (1e-140, 1e150)}


def is_here(tensor: torch.Tensor) -> bool:
    """Whether a number of it can be read at once. Elsewhere reading waits for the device, and is put off to the end
    of a step."""
    return tensor.device.type == "cpu"


def norms(tensors: Sequence[torch.Tensor], are_plain: bool = False) -> Values:
    """The norm of each of the tensors, which are all on one device. `are_plain`: they are dense, on the CPU, small and of
    one type of `SAFE`, as `all_plain` has said before."""
    if not tensors:
        return []
    if are_plain:
        values = torch.stack(torch._foreach_norm(tensors)).tolist()
        low, high = SAFE[tensors[0].dtype]
        if low < min(values) and max(values) < high:
            return values
        return [v if low < v < high else careful(t) for v, t in zip(values, tensors)]
    if not is_here(tensors[0]):
        return torch.stack(torch._foreach_norm([_dense(t) for t in tensors], 2, torch.float64))
    out: List[float] = [0.0] * len(tensors)
    groups: dict = {}
    for i, t in enumerate(tensors):
        if t.layout is not torch.strided:
            t = _dense(t)
        if t.numel() > _SMALL:
            out[i] = _of_large(t)
        else:
            groups.setdefault(t.dtype, ([], []))
            at, some = groups[t.dtype]
            at.append(i)
            some.append(t)
    for dtype, (at, some) in groups.items():
        own = dtype in SAFE
        found = torch._foreach_norm(some) if own else torch._foreach_norm(some, 2, torch.float32)
        low, high = SAFE[dtype if own else torch.float32]
        for i, t, value in zip(at, some, torch.stack(found).tolist()):
            out[i] = value if low < value < high else careful(t)
    return out


def all_plain(tensors: Sequence[torch.Tensor]) -> bool:
    first = tensors[0] if tensors else None
    return first is not None and all(
        is_here(t) and t.dtype in SAFE and t.dtype == first.dtype and t.layout is torch.strided and t.numel() <= _SMALL
        for t in tensors
    )


def of_rows(groups: Sequence[torch.Tensor]) -> List[float]:
    """The norm of each row of contiguous matrices on the CPU, of float32 or float64."""
    parts = []
    for rows in groups:
        size = rows.shape[1]
        if size > _SMALL:
            # Two stages: a number is added to few others of its type.
            wide = _width(size)
            if wide:
                inner = torch.linalg.vector_norm(rows.view(-1, size // wide, wide), dim=2)
                parts.append(torch.linalg.vector_norm(inner, dim=1))
            else:
                parts.append(rows.new_tensor([_of_large(row) for row in rows]))
        else:
            parts.append(torch.linalg.vector_norm(rows, dim=1))
    dtype = groups[0].dtype
    values = torch.cat(parts).tolist()
    low, high = SAFE[dtype]
    if low < min(values) and max(values) < high:
        return values
    at = 0
    for rows in groups:
        count = rows.shape[0]
        some = values[at : at + count]
        if min(some) <= low or not max(some) < high:
            values[at : at + count] = _mended(rows, some, low, high)
        at += count
    return values


@lru_cache(maxsize=1024)
def _width(size: int) -> int:
    """A divisor that makes rows of a good length; 0 where there is none."""
    return next((w for w in range(8192, 63, -1) if size % w == 0), 0)


def _mended(rows: torch.Tensor, values: List[float], low: float, high: float) -> List[float]:
    unsafe = [i for i, v in enumerate(values) if not low < v < high]
    first, last = unsafe[0], unsafe[-1]
    if last > first and not any(values[first : last + 1]):
        # Whole layers whose updates are lost to rounding are not rare: one look at all of them.
        least, most = torch.aminmax(rows[first : last + 1].view(-1))
        if float(least) == 0.0 == float(most):
            return values
    values = list(values)
    for i in unsafe:
        values[i] = careful(rows[i])
    return values


def norm(tensor: torch.Tensor) -> Values:
    """The norm of one tensor, as a list or vector of one."""
    return norms([tensor])


def _of_large(t: torch.Tensor) -> float:
    flat = flattened(t)
    rows = flat.numel() // _ROW
    dtype = t.dtype if t.dtype in SAFE else torch.float32
    parts = [torch.linalg.vector_norm(flat[: rows * _ROW].view(rows, _ROW), dim=1, dtype=dtype)]
    if rows * _ROW < flat.numel():
        parts.append(torch.linalg.vector_norm(flat[rows * _ROW :], dtype=dtype).view(1))
    value = float(torch.linalg.vector_norm(torch.cat(parts), dtype=torch.float64))
    low, high = SAFE[dtype]
    return value if low < value < high else careful(t)


def careful(t: torch.Tensor) -> float:
    """The norm by way of the largest magnitude; -0.0 where it is not zero but too small for float64."""
    if t.numel() == 0:
        return 0.0
    t = _dense(t)
    low, high = torch.aminmax(t.view(-1) if t.is_contiguous() else t)
    largest = max(float(high), -float(low), key=lambda v: (v != v, v))
    if largest == 0.0 or not math.isfinite(largest):
        # Not the sign of a zero: that stands for an underflow.
        return abs(largest)
    return (largest * float(torch.linalg.vector_norm(t.double() / largest))) or -0.0


def is_safe(value: float, dtype: torch.dtype) -> bool:
    low, high = SAFE.get(dtype, SAFE[torch.float32])
    return low < value < high


def flattened(t: torch.Tensor) -> torch.Tensor:
    """All numbers of a tensor in one row, without a copy where its memory has no holes."""
    if t.is_contiguous():
        return t.view(-1)
    order = sorted(range(t.dim()), key=lambda d: (-t.stride(d), -t.size(d)))
    return t.permute(order).reshape(-1)


def _dense(t: torch.Tensor) -> torch.Tensor:
    if t.layout is torch.strided:
        return t
    return t.coalesce()._values() if t.is_sparse else t.to_dense()


def joined(values: Sequence[float]) -> float:
    """The root of the sum of the squares of norms, without losing any of them."""
    all_of_them = np.asarray(values, dtype=np.float64)
    largest = float(all_of_them.max()) if len(all_of_them) else 0.0
    if largest == 0.0:
        # -0.0 is an underflow, and so is a sum with one.
        return -0.0 if np.signbit(all_of_them).any() else 0.0
    if not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.square(all_of_them / largest).sum()))
