"""Hooks on modules and tensors, and what a backward pass brought.

A hook never raises into the training, is left out of copies and pickles of the network, and does nothing in a compiled one.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple

import torch
from torch import nn

from ._layers import Layer

if TYPE_CHECKING:
    from ._flow import Flow

_is_compiling = torch.compiler.is_compiling


def saved_tensor_hooks(also_without_tracing: bool) -> Any:
    return None


saved_tensor_hooks = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", saved_tensor_hooks)


def _nothing(*_: Any) -> None:
    """What is left of a hook in a pickled model."""


def _restored() -> Callable[..., None]:
    return _nothing


class Hook:
    """A hook that a copied or pickled network does not take along, and that a compiler leaves out."""

    def __init__(self, flow: "Flow", call: Callable[..., None]) -> None:
        self.flow, self.call = flow, call

    def __call__(self, *args: Any) -> None:
        if _is_compiling():
            return
        try:
            self.call(*args)
        except Exception as error:
            self.flow.fails(error)

    def __deepcopy__(self, memo: Any) -> Callable[..., None]:
        return _nothing

    def __reduce__(self) -> Any:
        return _restored, ()


class OutputHook(Hook):
    """The hook of most layers, which is called for each of them at every step: the usual case comes first."""

    def __init__(self, flow: "Flow", module: nn.Module, layer: Layer) -> None:
        super().__init__(flow, partial(flow._output, module, layer))
        self.module, self.layer = module, layer

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        flow = self.flow
        if _is_compiling() or not flow.listening:
            return
        try:
            if flow.is_usual and module is self.module and type(output) is torch.Tensor and output.requires_grad:
                layer = self.layer
                x = args[0] if layer.is_cheap and args and not saved_tensor_hooks(True) else None
                hook = partial(flow._delta, layer, x, flow.batch)
                if output._backward_hooks is None and output.grad_fn is not None:
                    # What register_hook does, without the handle that would remove it again.
                    output._backward_hooks = OrderedDict(gradfade=hook)
                    output.grad_fn._register_hook_dict(output)
                else:
                    output.register_hook(hook)
            else:
                self.call(module, args, output)
        except Exception as error:
            flow.fails(error)


class Signal:
    """What one backward pass brought to a layer."""

    __slots__ = ("layer", "batch", "turn", "norm", "samples")

    def __init__(self, layer: Layer, batch: int, turn: int) -> None:
        self.layer = layer
        self.batch = batch
        #: The backward pass of the step that it came with.
        self.turn = turn
        #: The norm of the gradient at the output over the whole batch; a number, or one on the device.
        self.norm: Any = None
        #: The root of the sum of the squared norms of the samples' weight gradients.
        self.samples: Any = None


class Account:
    """What came for one optimiser since its last step."""

    def __init__(self, parameters: List[torch.Tensor]) -> None:
        self.parameters = parameters
        #: Samples of each backward pass that reached a parameter.
        self.batches: List[int] = []
        self.signals: List[Signal] = []
        #: Whether backward passes still count: of a closure that is called again and again the first does.
        self.accepts = True
        self._before: List[Tuple[Any, int]] = []
        self._witness: Optional[Tuple[torch.Tensor, Any, int]] = None

    def clear(self) -> None:
        self.batches, self.signals, self.accepts, self._witness = [], [], True, None

    def begin(self) -> None:
        grads = [p.grad for p in self.parameters]
        self._before = [(g, 0 if g is None else g._version) for g in grads]

    def end(self) -> bool:
        """Whether the pass has added to the gradient of a parameter."""
        before, self._before = self._before, []
        for parameter, (grad, version) in zip(self.parameters, before):
            now = parameter.grad
            if now is not None and (now is not grad or now._version != version):
                self._witness = (parameter, now, now._version)
                return self.accepts
        return False

    def is_discarded(self) -> bool:
        """Whether the gradients of the passes before were thrown away, without a step: a scaler skips those that overflowed."""
        if self._witness is None or not self.batches or not self.accepts:
            return False
        parameter, grad, version = self._witness
        if parameter.grad is not grad:
            return True
        # The same tensor, changed: set to zero, or clipped between the passes.
        return grad._version != version and not bool(grad.any())


def users_of(node: Any, weights: "set[int]") -> List[Any]:
    """The nodes near `node` that multiply with one of these parameters."""
    found: List[Any] = []
    seen, stack = {node}, [node]
    while stack and len(seen) < 100:
        at = stack.pop()
        below = [n for n, _ in at.next_functions if n is not None]
        kinds = [_is_weight(n, weights) for n in below]
        if "whole" in kinds:
            return [at]
        if "part" in kinds:
            found.append(at)
            continue
        for n in below:
            if n not in seen:
                seen.add(n)
                stack.append(n)
    return found


def _is_weight(node: Any, weights: "set[int]") -> str:
    """Whether the node hands out the `whole` of one of the parameters or a `part` of it."""
    answer = "whole"
    for _ in range(5):
        if node is None:
            return ""
        if hasattr(node, "variable"):
            return answer if id(node.variable) in weights and node.variable.dim() > 1 else ""
        stem = node.name().split("Backward")[0]
        if stem in ("Slice", "Split", "SplitWithSizes", "Unbind"):
            answer = "part"
        elif stem not in ("T", "Transpose", "ToCopy"):
            return ""
        node = node.next_functions[0][0]
    return ""


def is_compiled(model: nn.Module) -> bool:
    return type(model).__name__ == "OptimizedModule" or getattr(model, "_compiled_call_impl", None) is not None


def first_tensor(value: Any) -> Optional[torch.Tensor]:
    return next(iter(all_tensors(value)), None)


def all_tensors(value: Any, depth: int = 0) -> List[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if depth > 3 or value is None:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    elif hasattr(value, "__dataclass_fields__"):
        value = [getattr(value, name) for name in value.__dataclass_fields__]
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in all_tensors(item, depth + 1)]
    return []
