"""The raw numbers of a step on their way from the device, in one transfer."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import torch

from . import _norms


class Raw:
    """Numbers by key; those on a device are fetched together at the end."""

    def __init__(self) -> None:
        self._here: Dict[Any, np.ndarray] = {}
        self._there: List[Tuple[Any, torch.Tensor]] = []

    def put(self, key: Any, values: Any) -> None:
        """A number, a list of them, or a tensor; a list may hold single numbers of a device."""
        if type(values) is list and values:
            if not isinstance(values[0], torch.Tensor):
                self._here[key] = np.array(values)
                return
            for i, value in enumerate(values):
                self.put((key, i), value)
        elif not isinstance(values, torch.Tensor):
            self._here[key] = np.atleast_1d(np.asarray(values, dtype=np.float64))
        elif _norms.is_here(values):
            self._here[key] = values.detach().double().reshape(-1).numpy()
        else:
            self._there.append((key, values.detach().reshape(-1).to(torch.float64)))

    def fetch(self) -> Dict[Any, np.ndarray]:
        """All of them on the host: one transfer for each device."""
        out = self._here
        by_device: Dict[torch.device, List[Tuple[Any, torch.Tensor]]] = {}
        for key, values in self._there:
            by_device.setdefault(values.device, []).append((key, values))
        for some in by_device.values():
            whole = torch.cat([values for _, values in some]).cpu().numpy()
            at = 0
            for key, values in some:
                out[key] = whole[at : at + values.numel()]
                at += values.numel()
        return out
