"""Statistics of the inputs as they were fed, from the first batches: by them a network is said to read unscaled numbers.

The rule for columns that stand out is that of the record's own trainer: a root mean square of 10 or more, or a deviation or a
largest magnitude more than ten times that of the median column that varies.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np
import torch

_FACTOR, _LARGE, _MOST = 10.0, 10.0, 10
# Samples and batches after which the inputs are known well enough, and columns that are told apart.
_ENOUGH, _BATCHES, _COLUMNS = 4096, 32, 1 << 16


class Inputs:
    """Sums over the samples that were seen."""

    def __init__(self, batch_dim: int) -> None:
        self.batch_dim = batch_dim
        self.samples = 0
        self.batches = 0
        self.is_done = False
        self._sums: Optional[torch.Tensor] = None

    def see(self, x: torch.Tensor) -> None:
        """Takes a batch in; on its device, without reading it."""
        if self.is_done:
            return
        if not x.is_floating_point() or x.dim() < 1 + self.batch_dim or x.numel() == 0 or x.layout is not torch.strided:
            self.is_done = True
            return
        x = x.detach().movedim(self.batch_dim, 0)
        x = x.reshape(x.shape[0], -1).double()
        if x.shape[1] > _COLUMNS:
            x = x.reshape(-1, 1)
        if self._sums is not None and self._sums.shape[1] != x.shape[1]:
            # Sequences of several lengths: no columns, but all numbers together.
            total = self._sums
            together = [total[0].amin(), total[1].amax(), total[2].sum(), total[3].sum(), total[4].sum()]
            self._sums = torch.stack(together).view(5, 1)
            x = x.reshape(-1, 1)
        count = torch.full_like(x[0], x.shape[0])
        now = torch.stack([x.amin(0), x.amax(0), x.sum(0), x.square().sum(0), count])
        if self._sums is None:
            self._sums = now
        else:
            low, high = torch.minimum(self._sums[0], now[0]), torch.maximum(self._sums[1], now[1])
            self._sums = torch.cat([torch.stack([low, high]), self._sums[2:] + now[2:]])
        self.samples += x.shape[0]
        self.batches += 1
        self.is_done = self.samples >= _ENOUGH or self.batches >= _BATCHES

    def fact(self) -> Optional[Dict[str, Any]]:
        """The fact `inputs`; None where there were no numbers."""
        if self._sums is None:
            return None
        low, high, total, square, count = (row for row in self._sums.cpu().numpy())
        if not np.isfinite(self._sums.cpu().numpy()).all():
            return None
        mean = total / count
        deviation = np.sqrt(np.maximum(square / count - mean * mean, 0.0))
        everywhere = total.sum() / count.sum()
        spread = {
            "min": float(low.min()),
            "max": float(high.max()),
            "mean": float(everywhere),
            "deviation": float(np.sqrt(max(square.sum() / count.sum() - everywhere**2, 0.0))),
        }
        if len(mean) == 1:
            return spread
        reach = np.maximum(np.abs(low), np.abs(high))
        varies = deviation > 0

        def over(values: np.ndarray) -> np.ndarray:
            usual = float(np.median(values[varies])) if varies.any() else 0.0
            return values / usual if usual > 0 else np.zeros_like(values)

        far = np.maximum(over(deviation), over(reach))
        stands_out = (far > _FACTOR) | (np.hypot(mean, deviation) >= _LARGE)
        out: List[int] = [int(i) for i in np.argsort(-far, kind="stable") if stands_out[i]]
        columns = [
            {
                "name": f"column {i + 1}",
                "min": float(low[i]),
                "max": float(high[i]),
                "mean": float(mean[i]),
                "deviation": float(deviation[i]),
            }
            for i in out[:_MOST]
        ]
        return {**spread, "columns": columns, "standing_out": len(out)}
