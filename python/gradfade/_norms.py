"""Norms and shares of arrays, summed in float64: a norm is 0 only where every number is."""

from __future__ import annotations

import math
from typing import Any, Optional

import numpy as np

from ._errors import GradfadeError

# Numbers that are converted at a time, so that the copies stay in the cache.
_BLOCK = 1 << 15
# Sums of squares outside of these may have lost numbers to the range of float64.
_SMALLEST, _LARGEST = 1e-280, 1e280


def as_array(value: Any, what: str) -> np.ndarray:
    """An array of numbers of anything that NumPy takes: arrays of JAX, variables of Keras, tensors of PyTorch, lists."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if "bfloat16" in str(value.dtype):
            value = value.float()
    try:
        array = np.asarray(value)
        # `ml_dtypes`, whose bfloat16 JAX uses, has a kind of its own.
        if array.dtype.kind not in "fiub" and array.dtype.kind != "V":
            raise TypeError(f"an array of {array.dtype}")
        if array.dtype.kind == "V":
            array = array.astype(np.float32)
    except Exception as error:
        raise GradfadeError(
            f"{what}: no array of real numbers: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from None
    return array


def norm(values: np.ndarray, minus: Optional[np.ndarray] = None) -> float:
    """L2 norm of an array, or of the difference of two; NaN and infinity stay what they are."""
    x = values.reshape(-1)
    y = None if minus is None else minus.reshape(-1)
    total = 0.0
    for block in _blocks(x, y):
        total += float(np.dot(block, block))
    if _SMALLEST < total < _LARGEST or total == 0.0 and x.dtype.itemsize <= 4:
        return float(np.sqrt(total))
    largest = max((float(np.abs(block).max()) for block in _blocks(x, y)), default=0.0)
    if largest == 0.0 or not np.isfinite(largest):
        return abs(largest)
    scaled = 0.0
    for block in _blocks(x, y):
        # Not by the inverse, which overflows for the smallest numbers.
        block = block / largest
        scaled += float(np.dot(block, block))
    return math.sqrt(scaled) * largest


def _blocks(x: np.ndarray, y: Optional[np.ndarray]):  # type: ignore[no-untyped-def]
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), _BLOCK):
            block = x[start : start + _BLOCK].astype(np.float64)
            if y is not None:
                block -= y[start : start + _BLOCK]
            yield block


def zero_share(values: np.ndarray) -> float:
    """Share of the numbers that are exactly zero."""
    return float(1.0 - np.count_nonzero(values) / values.size) if values.size else 0.0
