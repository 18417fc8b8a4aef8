"""Norms of parameters and of their updates, from one flat copy of what the parameters were.

Small tensors are copied and subtracted together, in a few calls for all of them; of large ones on the CPU each goes through
the cache once, and its next copy is made while it is there.
"""

from __future__ import annotations

from typing import Dict, List, Sequence

import numpy as np
import torch

from . import _norms
from ._optim import BUFFER, COUPLED, PROPORTIONAL, Parts

from ._row import Raw

_SMALL = 1 << 16


class Block:
    """Tensors of one device and number type that are handled together."""

    def __init__(self, at: List[int], parameters: List[torch.Tensor], parts: List[Parts]) -> None:
        self.at = tuple(at)
        self.parameters = parameters
        self.parts = parts
        sizes = [p.numel() for p in parameters]
        self.flat = [parameters[0].new_empty(sum(sizes)) for _ in range(3)]
        self.views = [[v.view(p.shape) for v, p in zip(flat.split(sizes), parameters)] for flat in self.flat]
        self.versions: List[int] = []
        self.norms: "_norms.Values" = []

    def remember(self) -> None:
        """Takes over what the parameters are now, unless that is known."""
        versions = [p._version for p in self.parameters]
        if versions == self.versions:
            return
        torch._foreach_copy_(self.views[0], self.parameters)
        self.norms = _norms.norms(self.views[0])
        self.versions = versions

    def old(self) -> List[torch.Tensor]:
        return self.views[0]

    def measure(self, into: Raw) -> None:
        """After the step: the updates and their parts; what the parameters are now is the old of the next step."""
        old, new, difference = self.views
        torch._foreach_copy_(new, self.parameters)
        torch.sub(self.flat[1], self.flat[0], out=self.flat[2])
        both = _norms.norms(difference + new)
        count = len(self.at)
        into.put(("update", self.at), both[:count])
        into.put(("param", self.at), self.norms)
        if any(part.passes for part in self.parts):
            _parts(into, self.parts, self.at, self.parameters, difference, old)
        self.norms = both[count:]
        self.views[0], self.views[1] = new, old
        self.flat[0], self.flat[1] = self.flat[1], self.flat[0]
        self.versions = [p._version for p in self.parameters]


class Large:
    """A tensor that is handled alone."""

    def __init__(self, at: int, parameter: torch.Tensor, part: Parts) -> None:
        self.at = (at,)
        self.parameter = parameter
        self.part = part
        self.copy = torch.empty_like(parameter)
        self.version = -1
        self.norms: "_norms.Values" = []

    def remember(self) -> None:
        if self.parameter._version == self.version:
            return
        self.copy.copy_(self.parameter)
        self.norms = _norms.norm(self.copy)
        self.version = self.parameter._version

    def old(self) -> List[torch.Tensor]:
        return [self.copy]

    def measure(self, into: Raw, scratch: torch.Tensor) -> None:
        difference = scratch[: self.parameter.numel()].view(self.parameter.shape)
        torch.sub(self.parameter, self.copy, out=difference)
        into.put(("update", self.at), _norms.norm(difference))
        into.put(("param", self.at), self.norms)
        if self.part.passes:
            _parts(into, [self.part], self.at, [self.parameter], [difference], [self.copy])
        self.copy.copy_(self.parameter)
        self.norms = _norms.norm(self.copy)
        self.version = self.parameter._version


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
        self.large: List[Large] = []
        self.blocks: List[Block] = []
        together: dict = {}
        for at, parameter, part in zip(self.at, self.parameters, self.parts):
            if parameter.device.type == "cpu" and parameter.numel() > _SMALL:
                self.large.append(Large(at, parameter, part))
            else:
                together.setdefault((parameter.device, parameter.dtype), []).append((at, parameter, part))
        for some in together.values():
            self.blocks.append(Block(*(list(column) for column in zip(*some))))
        self._scratch: dict = {}
        for one in self.large:
            size = max(one.parameter.numel(), self._scratch.get(one.parameter.dtype, torch.empty(0)).numel())
            self._scratch[one.parameter.dtype] = one.parameter.new_empty(size)

    def remember(self) -> None:
        for some in (*self.blocks, *self.large):
            some.remember()

    def measure(self, into: Raw) -> None:
        for part, _ in self.by_group:
            part.look()
        for block in self.blocks:
            block.measure(into)
        for one in self.large:
            one.measure(into, self._scratch[one.parameter.dtype])

    def old(self) -> "List[tuple[int, torch.Tensor]]":
        """Where each tensor is in the record, and what it was before the step."""
        out: list = []
        for some in (*self.blocks, *self.large):
            out += zip(some.at, some.old())
        return out


def zero_shares(tensors: Sequence[torch.Tensor]) -> List[torch.Tensor]:
    return [(t == 0).sum() for t in tensors]
