"""Watching passes go by: outputs of layers forward, the gradients there backward, and which backward passes belong to a step.

A hook on the tensor that leaves a layer gets the whole gradient there, also where an activation works in place or where the
tensor is used several times. It only keeps the gradient; norms are taken at the end of the backward pass, of many layers in one
call. A pass counts when a gradient of a parameter came of it: `torch.autograd.grad` for a penalty does not.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

import torch
from torch import nn

from . import _norms, _per_sample
from ._hooks import Account, Hook, OutputHook, Signal, all_tensors, first_tensor, is_compiled, saved_tensor_hooks, users_of
from ._layers import Layer, Network

# Gradients above this are measured at once: keeping all of them to the end would double the memory of a backward pass.
_LARGE = 1 << 18


class Flow:
    """The passes since the last step."""

    def __init__(
        self,
        model: nn.Module,
        network: Network,
        per_sample: "bool | str",
        batch_dim: int,
        sees_input: Callable[[torch.Tensor], None],
        at_output: Callable[[Any], None],
        at_end: Callable[[int], None],
        owners: List[List[torch.Tensor]],
        fails: Callable[[BaseException], None],
    ) -> None:
        self.model = model
        self.network = network
        self.per_sample = per_sample
        self.batch_dim = batch_dim
        self.sees_input, self.at_output, self.at_end, self.fails = sees_input, at_output, at_end, fails
        #: Whether the next step is recorded, and with a snapshot.
        self.listening = False
        self.snapshot = False
        #: Whether costly gradients of single samples are measured in this step.
        self.sampled = False
        #: Whether a forward or backward pass came since the last step.
        self.began = False
        #: Layers in the order of the first forward pass; None once it is known.
        self.order: Optional[List[Layer]] = []
        #: The layer that the inputs come to first, past what only scales them.
        self.entry: Optional[Layer] = None
        self.accounts = [Account(parameters) for parameters in owners]
        places = {id(p): i for i, parameters in enumerate(owners) for p in parameters}
        tensors = network.tensors
        self._owner = {
            layer: min((places.get(id(tensors[t].parameter), 0) for t in layer.tensors), default=0) for layer in network.layers
        }
        #: Backward passes since the last row.
        self.backwards = 0
        #: Of a snapshot: layer, output, its version, and the node that made it.
        self.outputs: List[Tuple[Layer, torch.Tensor, int, Any]] = []
        #: Projections inside of attentions, which no function of single numbers follows.
        self.projections: List[Layer] = []
        #: Whether nothing but the gradients at outputs is to be kept: no snapshot, and the order of the layers is known.
        self.is_usual = False
        self.skipped = 0
        #: Layers inside a checkpointed part, whose graph is not to be read.
        self.recomputed = False
        self.batch = 0
        self._open = False
        self._inside = False
        self._calls: List[Tuple[Layer, int, torch.Tensor, Optional[torch.Tensor]]] = []
        self._measured: List[Signal] = []
        self._handles: List[Any] = []
        self._attach()

    def _attach(self) -> None:
        keep = self._handles.append
        keep(self.model.register_forward_pre_hook(Hook(self, self._before_forward), with_kwargs=True))
        if is_compiled(self.model):
            keep(self.model.register_forward_hook(Hook(self, self._after_forward)))
            return
        for module, layers in self.network.of_module:
            if not layers or layers[0].kind == "parameters":
                if layers:
                    keep(module.register_forward_pre_hook(Hook(self, partial(self._called, layers[0]))))
                continue
            if isinstance(module, nn.MultiheadAttention):
                hook = partial(self._attention, module, *layers)
            elif isinstance(module, nn.RNNBase):
                hook = partial(self._recurrent, module, layers)
            else:
                keep(module.register_forward_hook(OutputHook(self, module, layers[0])))
                continue
            keep(module.register_forward_hook(Hook(self, hook)))
        # Behind the hook of a network that is one layer.
        keep(self.model.register_forward_hook(Hook(self, self._after_forward)))

    def detach(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self.listening = False

    # Forward

    def _before_forward(self, model: nn.Module, args: Any, kwargs: Any) -> None:
        if not torch.is_grad_enabled():
            return
        self.began = True
        if not self.listening or model is not self.model:
            return
        self._inside = True
        self._drop_discarded()
        x = first_tensor([*args, *kwargs.values()])
        # Unknown where none is given: then the first axis of each output counts.
        self.batch = x.shape[self.batch_dim] if x is not None and x.dim() > self.batch_dim else 0

    def _called(self, layer: Layer, module: nn.Module, args: Any) -> None:
        if self.order is not None and self.listening and torch.is_grad_enabled():
            self.order.append(layer)

    def _output(self, mine: nn.Module, layer: Layer, module: nn.Module, args: Any, output: Any) -> None:
        if not self.listening or module is not mine:
            return
        if not isinstance(output, torch.Tensor):
            output = first_tensor(output)
            if output is None:
                return
        if not output.requires_grad:
            if self.order is not None and (torch.is_grad_enabled() or self._inside):
                self.order.append(layer)  # frozen, below all that is trained, or to be computed again
            return
        if self.order is not None:
            self.order.append(layer)
            if isinstance(args[0] if args else None, torch.Tensor) and not layer.output_shape:
                layer.input_shape, layer.output_shape = list(args[0].shape[1:]), list(output.shape[1:])
            if self.entry is None and layer.kind != "parameters" and not layer.kind.endswith("normalisation"):
                self.entry = layer
        if layer is self.entry and args and isinstance(args[0], torch.Tensor):
            self.sees_input(args[0])
        x = None
        if layer.has_samples and (layer.is_cheap is not False or self.sampled or self.per_sample is True):
            # What a checkpointed part computes is meant to be let go of.
            if self.per_sample and args and not saved_tensor_hooks(True):
                x = args[0]
        output.register_hook(partial(self._delta, layer, x, self.batch))
        if self.snapshot and self.backwards == 0:
            self._keep(layer, output)

    def _keep(self, layer: Layer, output: torch.Tensor) -> None:
        if saved_tensor_hooks(True):
            self.recomputed = True
            return
        self.outputs.append((layer, output.detach(), output._version, output.grad_fn))

    def _attention(self, mine, inner: Layer, outer: Layer, module: nn.Module, args: Any, output: Any) -> None:
        output = first_tensor(output)
        if not self.listening or module is not mine or output is None or not output.requires_grad:
            return
        if self.order is not None:
            self.order += [inner, outer]
        output.register_hook(partial(self._delta, outer, None, self.batch))
        weights = {id(self.network.tensors[t].parameter) for t in inner.tensors}
        for node in users_of(output.grad_fn, weights):
            node.register_prehook(partial(self._node_delta, inner, self.batch))
        if self.snapshot and self.backwards == 0:
            self.projections.append(inner)
            self._keep(outer, output)

    def _recurrent(self, mine, layers: List[Layer], module: nn.Module, args: Any, output: Any) -> None:
        output = first_tensor(output)
        if not self.listening or module is not mine or output is None or not output.requires_grad:
            return
        if self.order is not None:
            self.order += layers
        output.register_hook(partial(self._delta, layers[-1], None, self.batch))

    def _after_forward(self, model: nn.Module, args: Any, output: Any) -> None:
        self._inside = False
        if not self.listening or model is not self.model:
            return
        tensors = [t for t in all_tensors(output) if t.requires_grad]
        if not tensors:
            return
        for t in tensors:
            t.register_hook(self._output_delta)
        try:
            if self.snapshot and self.backwards == 0 and not self.recomputed:
                self.at_output(tensors)
        except Exception as error:
            self.fails(error)
        self.outputs, self.projections = [], []

    # Backward

    def _output_delta(self, delta: torch.Tensor) -> None:
        # The first hook of a pass, so that its end is that of the whole one, and not of a part that is computed again.
        if self.listening and not self._open:
            try:
                self._begin_backward()
            except Exception as error:
                self.fails(error)

    def _node_delta(self, layer: Layer, batch: int, deltas: Tuple[torch.Tensor, ...]) -> None:
        self._delta(layer, None, batch, deltas[0])

    def _delta(self, layer: Layer, x: Optional[torch.Tensor], batch: int, delta: Optional[torch.Tensor]) -> None:
        if not self.listening or delta is None:
            return
        try:
            if not self._open:
                self._begin_backward()
            if delta.requires_grad:
                delta = delta.detach()
            self._calls.append((layer, batch or (delta.shape[0] if delta.dim() else 1), delta, x))
            if delta.numel() > _LARGE:
                with torch.no_grad():
                    self._measured += self._measure([self._calls.pop()])
        except Exception as error:
            self.fails(error)

    def _begin_backward(self) -> None:
        self.began = True
        self._drop_discarded()
        torch.autograd.Variable._execution_engine.queue_callback(self._end_backward)
        self._open = True
        for account in self.accounts:
            account.begin()

    def _drop_discarded(self) -> None:
        for account in self.accounts:
            if account.is_discarded():
                # Of several optimisers that take turns, one throws away what the other's loss left.
                self.skipped += len(self.accounts) == 1
                account.clear()

    def _end_backward(self) -> None:
        self._open = False
        calls, self._calls = self._calls, []
        measured, self._measured = self._measured, []
        if not self.listening:
            return
        try:
            reached = [i for i, account in enumerate(self.accounts) if account.end()]
            if not reached:
                return
            with torch.no_grad():
                signals = measured + self._measure(calls)
            batch = max((signal.batch for signal in signals), default=self.batch)
            self.backwards += 1
            for i in reached:
                account = self.accounts[i]
                account.batches.append(batch)
                only = len(self.accounts) == 1
                account.signals += signals if only else [s for s in signals if self._owner[s.layer] == i]
                self.at_end(i)
        except Exception as error:
            self.fails(error)

    def forget(self) -> None:
        """Begins a row anew."""
        for account in self.accounts:
            if not account.batches or len(self.accounts) == 1:
                account.clear()
        self.backwards = 0
        self.outputs, self.projections = [], []
        self.recomputed = False

    def _measure(self, calls: List[Tuple[Layer, int, torch.Tensor, Optional[torch.Tensor]]]) -> List[Signal]:
        """Norms of the gradients that a backward pass brought."""
        signals = [Signal(layer, batch, self.backwards) for layer, batch, _, _ in calls]
        rest: Dict[Any, List[int]] = {}
        alike: Dict[Any, List[int]] = {}
        for i, (layer, batch, delta, x) in enumerate(calls):
            if x is not None and layer.is_cheap is None:
                layer.is_cheap = _per_sample.is_cheap(layer, delta, x, batch)
            if x is None or delta.dim() != 2 or layer.kind != "dense" or delta.shape[0] != batch or x.shape[0] != batch:
                rest.setdefault(delta.device, []).append(i)
            else:
                alike.setdefault((batch, delta.dtype, x.dtype, delta.device), []).append(i)
        for some in alike.values():
            self._measure_alike([calls[i] for i in some], [signals[i] for i in some])
        for some in rest.values():
            for i, value in zip(some, _norms.norms([calls[i][2] for i in some])):
                signals[i].norm = value
            for i in some:
                layer, batch, delta, x = calls[i]
                if x is not None and (layer.is_cheap or self.sampled or self.per_sample is True):
                    found = _per_sample.total(layer, delta, x, batch, self.batch_dim)
                    if found is not None:
                        signals[i].samples = float(found) if _norms.is_here(found) else found.double()
        return signals

    def _measure_alike(self, calls: List[Any], signals: List[Signal]) -> None:
        """Dense layers at one position: |G_a| = |delta_a| |x_a|, for all layers with as many samples in a few calls."""
        first = calls[0][2]
        wide = not _norms.is_here(first) or first.dtype not in (torch.float32, torch.float64) or calls[0][3].dtype != first.dtype
        dtype = torch.float64 if wide else first.dtype
        row_norms = torch.linalg.vector_norm
        if wide:
            rows = [row_norms(call[2], dim=1, dtype=dtype) for call in calls]
            rows += [row_norms(call[3], dim=1, dtype=dtype) for call in calls]
        else:
            rows = [row_norms(call[2], 2, 1) for call in calls] + [row_norms(call[3], 2, 1) for call in calls]
        count = len(calls)
        values = torch.stack(rows)
        values[count:] *= values[:count]
        found: Any = row_norms(values, dim=1)
        if wide:
            for i, signal in enumerate(signals):
                signal.norm, signal.samples = found[i], found[count + i]
            return
        found = found.tolist()
        for i, signal in enumerate(signals):
            signal.norm, signal.samples = found[i], found[count + i]
        low, high = _norms.SAFE[dtype]
        if low < min(found) and max(found) < high:
            return
        for i, signal in enumerate(signals):
            if not (low < signal.norm < high and low < signal.samples < high):
                layer, batch, delta, x = calls[i]
                signal.norm = _norms.careful(delta)
                signal.samples = float(_per_sample.total(layer, delta, x.detach(), batch, 0))
