"""Norms of parameters and of their updates, from a flat copy of what the parameters were.

Tensors are handled in blocks that stay in the cache of a processor, those of one size next to each other, so that few
calls do for many tensors. A block has two flat buffers that take turns: one holds theta_t, the other takes theta_{t+1},
and the difference replaces theta_t.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import torch

from . import _norms
from ._optim import BUFFER, COUPLED, PROPORTIONAL, Parts
from ._row import Raw

# Numbers in a block on the CPU.
_BLOCK = 1 << 17


class Block:
    """Tensors of one device and number type that are handled together."""

    def __init__(self, some: "List[Tuple[int, torch.Tensor, Parts]]", scratch: Dict[Any, torch.Tensor]) -> None:
        some = sorted(some, key=lambda one: one[1].numel())
        self.at = tuple(at for at, _, _ in some)
        self.parameters = [parameter for _, parameter, _ in some]
        self.parts = [part for _, _, part in some]
        self._sizes = [p.numel() for p in self.parameters]
        one = self.parameters[0]
        self._buffers = [_Buffer(one.new_empty(sum(self._sizes)), self.parameters) for _ in range(2)]
        # Where parts of an update take a pass over theta_t, the difference goes elsewhere.
        self._scratch, self._key = scratch, (one.device, one.dtype)
        self._versions: List[int] = []
        self._norms: "_norms.Values" = []

    def remember(self) -> None:
        """Takes over what the parameters are now, unless that is known."""
        versions = [p._version for p in self.parameters]
        if versions == self._versions:
            return
        torch._foreach_copy_(self.old(), self.parameters)
        self._norms = self._buffers[0].norms()
        self._versions = versions

    def old(self) -> List[torch.Tensor]:
        return self._buffers[0].views

    def measure(self, into: Raw) -> None:
        """After the step: the updates and their parts; what the parameters are now is the old of the next step."""
        old, new = self._buffers
        torch._foreach_copy_(new.views, self.parameters)
        if any(part.passes for part in self.parts):
            difference = self._elsewhere()
            torch.sub(new.flat, old.flat, out=difference.flat)
            _parts(into, self.parts, self.at, self.parameters, difference.views, old.views)
        else:
            difference = old
            torch.sub(new.flat, old.flat, out=old.flat)
        into.put(("update", self.at), difference.norms())
        into.put(("param", self.at), self._norms)
        self._norms = new.norms()
        self._buffers.reverse()
        self._versions = [p._version for p in self.parameters]

    def _elsewhere(self) -> "_Buffer":
        size = sum(self._sizes)
        flat = self._scratch.get(self._key)
        if flat is None or flat.numel() < size:
            flat = self._scratch[self._key] = self._buffers[0].flat.new_empty(size)
        return _Buffer(flat[:size], self.parameters)


class _Buffer:
    """A flat copy of the tensors of a block."""

    def __init__(self, flat: torch.Tensor, parameters: List[torch.Tensor]) -> None:
        self.flat = flat
        sizes = [p.numel() for p in parameters]
        self.views = [view.view(p.shape) for view, p in zip(flat.split(sizes), parameters)]
        #: Tensors of one size, as rows; of those that are large, rows of rows.
        self._rows: List[torch.Tensor] = []
        at = first = 0
        while first < len(sizes):
            size = sizes[first]
            last = first
            while last < len(sizes) and sizes[last] == size:
                last += 1
            rows = flat[at : at + size * (last - first)].view(last - first, size)
            self._rows.append(rows)
            at, first = at + rows.numel(), last
        self._is_here = _norms.is_here(flat) and flat.dtype in (torch.float32, torch.float64)

    def norms(self) -> "_norms.Values":
        if not self._is_here:
            return _norms.norms(self.views)
        return _norms.of_rows(self._rows)


def _parts(into: Raw, parts, at, parameters, differences, olds) -> None:
    """The parts of updates, where they take a pass. What follows from other norms is put together at the end of a step."""
    passes: Dict[str, List[int]] = {}
    for i, part in enumerate(parts):
        if part.passes and parameters[i].grad is not None:
            passes.setdefault(part.passes, []).append(i)
    some = passes.get(BUFFER)
    if some:
        buffers = [(at[i], parts[i].buffer(parameters[i])) for i in some]
        buffers = [(place, b) for place, b in buffers if b is not None]
        places = tuple(place for place, _ in buffers)
        into.put(("buffer", places), _norms.norms([b for _, b in buffers]))
    some = passes.get(PROPORTIONAL)
    if some:
        driven = torch._foreach_mul([olds[i] for i in some], [parts[i].proportion for i in some])
        torch._foreach_add_(driven, [differences[i] for i in some])
        into.put(("driven", tuple(at[i] for i in some)), _norms.norms(driven))
    for i in passes.get(COUPLED, ()):
        found = parts[i].coupled(parameters[i], olds[i])
        if found is not None:
            into.put(("driven", (at[i],)), _norms.norm(found[0]))
            into.put(("decay", (at[i],)), _norms.norm(found[1]))


class Tracker:
    """The tensors that one optimiser changes."""

    def __init__(self, optimizer: torch.optim.Optimizer, index: "Dict[int, int]") -> None:
        self.optimizer = optimizer
        self.at: List[int] = []
        self.parameters: List[torch.Tensor] = []
        self.parts: List[Parts] = []
        #: The groups, and the places of their tensors in the record.
        self.by_group: "List[tuple[Parts, np.ndarray]]" = []
        for group in optimizer.param_groups:
            part = Parts(optimizer, group)
            for parameter in group["params"]:
                if id(parameter) in index:
                    self.at.append(index[id(parameter)])
                    self.parameters.append(parameter)
                    self.parts.append(part)
            places = [index[id(p)] for p in group["params"] if id(p) in index]
            self.by_group.append((part, np.array(places, dtype=np.int64)))
        together: Dict[Any, List[Any]] = {}
        for one in zip(self.at, self.parameters, self.parts):
            together.setdefault((one[1].device, one[1].dtype), []).append(one)
        scratch: Dict[Any, torch.Tensor] = {}
        self.blocks: List[Block] = []
        for some in together.values():
            block: List[Any] = []
            size = 0
            for one in sorted(some, key=lambda one: one[1].numel()):
                if block and _norms.is_here(one[1]) and size + one[1].numel() > _BLOCK:
                    self.blocks.append(Block(block, scratch))
                    block, size = [], 0
                block.append(one)
                size += one[1].numel()
            self.blocks.append(Block(block, scratch))

    def remember(self) -> None:
        for block in self.blocks:
            block.remember()

    def measure(self, into: Raw) -> None:
        for part, _ in self.by_group:
            part.look()
        for block in self.blocks:
            block.measure(into)

    def old(self) -> "List[Tuple[int, torch.Tensor]]":
        """Where each tensor is in the record, and what it was before the step."""
        return [pair for block in self.blocks for pair in zip(block.at, block.old())]
