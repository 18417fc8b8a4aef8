"""Which layers and parameter tensors a network has.

A layer is a module with parameters of its own. Its tensors have the roles of docs/format.md, by which diagnoses and figures
go: the weights of a normalisation are its scale and shift.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import torch
from torch import nn

from .._errors import GradfadeError

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_BATCH = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_NORMS = {
    "batch": _BATCH,
    "layer": (nn.LayerNorm,),
    "group": (nn.GroupNorm,),
    "instance": (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
    "rms": (nn.RMSNorm,) if hasattr(nn, "RMSNorm") else (),
}
# Prefixes that wrappers put before the names of a network.
_WRAPPERS = ("module.", "_orig_mod.")


class Layer:
    """A layer and what is measured of it."""

    def __init__(self, name: str, kind: str, module: nn.Module) -> None:
        self.name = name
        self.kind = kind
        self.module = module
        #: Indices of its tensors.
        self.tensors: List[int] = []
        self.fan_in: Optional[int] = None
        self.fan_out: Optional[int] = None
        self.input_shape: List[int] = []
        self.output_shape: List[int] = []
        self.activation: Optional[str] = None
        #: The place in the record, the input side first; known after the first step.
        self.place = -1
        #: Whether the function that computes the gradient of one sample is known (_per_sample).
        self.has_samples = False
        #: Whether that is cheap enough for every step; None until a first pass has shown the shapes.
        self.is_cheap: Optional[bool] = None

    @property
    def has_channels_first(self) -> bool:
        """Units are the second axis of the output, and not the last one."""
        return self.kind in ("convolution", "transposed convolution")

    def described(self) -> Dict[str, Any]:
        out: Dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.input_shape and self.output_shape:
            out["input_shape"], out["output_shape"] = self.input_shape, self.output_shape
        if self.fan_in and self.fan_out:
            out["fan_in"], out["fan_out"] = self.fan_in, self.fan_out
        if self.activation:
            out["activation"] = self.activation
        return out


class Tensor:
    """A parameter and what it is to its layer."""

    def __init__(self, name: str, layer: Layer, role: str, parameter: torch.Tensor) -> None:
        self.name = name
        self.layer = layer
        self.role = role
        self.parameter = parameter

    def described(self) -> Dict[str, Any]:
        return {
            "name": self.name,
            "layer": self.layer.place + 1,
            "role": self.role,
            "shape": list(self.parameter.shape),
        }


class Network:
    """The layers and tensors of a model, and of what else its optimisers change."""

    def __init__(self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        self.layers: List[Layer] = []
        self.tensors: List[Tensor] = []
        self.index: Dict[int, int] = {}
        #: Tensors that several modules share, under the names that they do not have here.
        self.shared: List[str] = []
        #: By module, the layers that its forward pass runs through.
        self.of_module: List[Tuple[nn.Module, List[Layer]]] = []
        for name, module in model.named_modules(remove_duplicate=True):
            self._add_module(_plain(name), module)
        outside = [p for o in optimizers for g in o.param_groups for p in g["params"] if id(p) not in self.index]
        if len(outside) == sum(len(g["params"]) for o in optimizers for g in o.param_groups):
            raise GradfadeError("watch: the optimizer has none of the model's parameters; give the pair that trains together")
        if outside:
            layer = self._layer("outside the model", "parameters", model)
            for i, parameter in enumerate(outside):
                self._add_tensor(layer, f"optimizer.{i}", "parameter", parameter)

    def _layer(self, name: str, kind: str, module: nn.Module) -> Layer:
        taken = {layer.name for layer in self.layers}
        name = name if name not in taken else next(f"{name} ({i})" for i in range(2, 10**6) if f"{name} ({i})" not in taken)
        self.layers.append(Layer(name, kind, module))
        return self.layers[-1]

    def _add_tensor(self, layer: Layer, name: str, role: str, parameter: torch.Tensor) -> None:
        if id(parameter) in self.index:
            self.shared.append(name)
            return
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise GradfadeError(f"watch: `{name}` has no shape yet; run the network once before watch")
        self.index[id(parameter)] = len(self.tensors)
        layer.tensors.append(len(self.tensors))
        self.tensors.append(Tensor(name, layer, role, parameter))

    def _add_module(self, name: str, module: nn.Module) -> None:
        own = [(key, p) for key, p in module._parameters.items() if p is not None]
        # A parametrised weight belongs to the module that computes it.
        for key, part in module._modules.items():
            if key == "parametrizations" and part is not None:
                own += [(k, p) for k, p in part.named_parameters()]
        if not own or ".parametrizations" in f".{name}":
            return
        if isinstance(module, nn.MultiheadAttention):
            return self._add_attention(name, module, own)
        if isinstance(module, nn.RNNBase):
            return self._add_recurrent(name, module, own)
        if isinstance(module, nn.Linear) and any(m is module for m, _ in self.of_module):
            return  # the output projection of an attention, which is there already
        layer = self._layer(name or type(module).__name__, _kind(module), module)
        for key, parameter in own:
            self._add_tensor(layer, f"{name}.{key}" if name else key, _role(module, key, parameter), parameter)
        _fans(layer, module)
        self.of_module.append((module, [layer]))

    def _add_attention(self, name: str, module: nn.MultiheadAttention, own: List[Tuple[str, Any]]) -> None:
        dot = f"{name}." if name else ""
        inner = self._layer(f"{dot}in_proj", "attention", module)
        inner.fan_in, inner.fan_out = module.embed_dim, 3 * module.embed_dim
        for key, parameter in own:
            role = "bias" if key == "in_proj_bias" else "weight" if key.endswith("proj_weight") else key
            self._add_tensor(inner, f"{dot}{key}", role, parameter)
        # It is called as a function, and not as a module: what leaves the attention is its output.
        outer = self._layer(f"{dot}out_proj", "attention", module.out_proj)
        outer.fan_in = outer.fan_out = module.embed_dim
        for key, parameter in module.out_proj.named_parameters():
            self._add_tensor(outer, f"{dot}out_proj.{key}", "bias" if key == "bias" else "weight", parameter)
        self.of_module += [(module, [inner, outer]), (module.out_proj, [])]

    def _add_recurrent(self, name: str, module: nn.RNNBase, own: List[Tuple[str, Any]]) -> None:
        layers = []
        kind = {nn.LSTM: "lstm", nn.GRU: "gru"}.get(type(module), "recurrent")
        for level in range(module.num_layers):
            layer = self._layer(f"{name or kind}.l{level}", kind, module)
            layer.fan_out = module.hidden_size
            wide = module.hidden_size * (2 if module.bidirectional else 1)
            layer.fan_in = module.input_size if level == 0 else wide
            layers.append(layer)
            for key, parameter in own:
                if key.removesuffix("_reverse").endswith(f"_l{level}"):
                    role = "weight" if key.startswith("weight") else "bias" if key.startswith("bias") else key
                    self._add_tensor(layer, f"{name}.{key}" if name else key, role, parameter)
        self.of_module.append((module, layers))

    def settle(self, called: Iterable[Layer]) -> None:
        """Puts the layers in the order of their first forward pass. A layer that was not called comes behind the one that
        stands before it in the model."""
        order = list(dict.fromkeys(called))
        for at, layer in enumerate(self.layers):
            if layer not in order:
                before = self.layers[at - 1] if at else None
                order.insert(order.index(before) + 1 if before is not None else 0, layer)
        # Layers all of whose tensors another one has have nothing to show.
        self.layers = [layer for layer in order if layer.tensors]
        for place, layer in enumerate(self.layers):
            layer.place = place
        for layer in order:
            if not layer.tensors:
                layer.place = -1

    def normalisation(self, model: nn.Module) -> str:
        found = [word for word, kinds in _NORMS.items() if any(isinstance(m, kinds) for m in model.modules())]
        return found[0] if len(found) == 1 else " and ".join(found) or "none"


def _plain(name: str) -> str:
    parts = [part for part in name.split(".") if part != "_orig_mod"]
    if parts and parts[0] == "module":
        parts = parts[1:]
    return ".".join(parts)


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Linear):
        return "dense"
    if isinstance(module, _CONVOLUTIONS):
        return "convolution"
    if isinstance(module, _TRANSPOSED):
        return "transposed convolution"
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return "embedding"
    for word, kinds in _NORMS.items():
        if isinstance(module, kinds):
            return f"{word} normalisation"
    if any(p is not None for child in module.children() for p in child.parameters()):
        return "parameters"
    return type(module).__name__


def _role(module: nn.Module, key: str, parameter: torch.Tensor) -> str:
    kind = _kind(module)
    if kind.endswith("normalisation"):
        return {"weight": "scale", "bias": "shift"}.get(key, key)
    if kind == "parameters":  # class tokens, positions: no weights that a signal goes through
        return key
    if key in ("weight", "bias"):
        return key
    if key.endswith("original1") or key == "weight_v":
        return "weight"
    if key.endswith(("original0", "weight_g")):
        return "magnitude"
    if key.endswith("original"):
        return key.split(".")[0]
    # Layers that people write themselves.
    if parameter.dim() >= 2:
        return "weight"
    return "bias" if key in ("b", "beta") or "bias" in key else key


def _fans(layer: Layer, module: nn.Module) -> None:
    if layer.kind == "dense":
        layer.fan_in, layer.fan_out = module.in_features, module.out_features
    elif layer.has_channels_first:
        field = 1
        for size in module.kernel_size:
            field *= size
        layer.fan_in = field * module.in_channels // module.groups
        layer.fan_out = field * module.out_channels // module.groups
    elif layer.kind == "embedding":
        layer.fan_in, layer.fan_out = module.num_embeddings, module.embedding_dim
    layer.has_samples = layer.kind == "dense" or layer.has_channels_first
    if type(module).forward not in _PLAIN:
        # A subclass may compute anything.
        layer.has_samples = False
    if any(key not in ("weight", "bias") for key, p in module._parameters.items() if p is not None):
        layer.has_samples = False
    if "parametrizations" in module._modules or getattr(module, "padding_mode", "zeros") != "zeros":
        layer.has_samples = False


_PLAIN = {kind.forward for kind in (nn.Linear, *_CONVOLUTIONS, *_TRANSPOSED)}
