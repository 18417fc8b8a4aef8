"""Parameters as people keep them: by name, nested, in lists. Their names tell the layer and the role of each."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ._errors import GradfadeError
from ._norms import as_array

# What the last part of a name says.
_ROLES = {
    "weight": "weight", "weights": "weight", "kernel": "weight", "w": "weight", "embedding": "weight",
    "embeddings": "weight", "embeddings_table": "weight", "theta": "weight", "matrix": "weight",
    "bias": "bias", "biases": "bias", "b": "bias",
    "gamma": "scale", "scale": "scale", "beta": "shift", "shift": "shift", "offset": "shift",
}  # fmt: skip
# `W1`, `b_2`, `weight3`: role and number of the layer.
_NUMBERED = re.compile(r"^([A-Za-z]+)[_.]?(\d+)$")


class Leaf(NamedTuple):
    """A parameter: the parts of its name, and its value."""

    parts: Tuple[str, ...]
    value: Any

    @property
    def name(self) -> str:
        return ".".join(self.parts)


def leaves(tree: Any) -> List[Leaf]:
    """The parameters of a mapping, a sequence or a nest of them, in order. A Keras variable has its own name; None is no
    parameter."""
    found: List[Leaf] = []
    _collect(tree, (), found)
    return found


def _collect(tree: Any, parts: Tuple[str, ...], found: List[Leaf]) -> None:
    if tree is None:
        return
    if isinstance(tree, Mapping):
        for key, item in tree.items():
            _collect(item, (*parts, *str(key).replace("/", ".").split(".")), found)
    elif isinstance(tree, (list, tuple)) and not _is_array(tree):
        for index, item in enumerate(tree):
            path = getattr(item, "path", None)
            _collect(item, tuple(path.split("/")) if isinstance(path, str) and path else (*parts, str(index)), found)
    else:
        found.append(Leaf(parts, tree))


def _is_array(items: "Sequence[Any]") -> bool:
    """Whether a list is itself an array, written as numbers."""
    return bool(items) and all(
        isinstance(item, (int, float)) or isinstance(item, (list, tuple)) and _is_array(item) for item in items
    )


def natural(text: str) -> List[Any]:
    """A key that sorts layer 2 before layer 10."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", text)]


def describe(tree: Any) -> "Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]":
    """Layers and tensors of the header, from parameters."""
    found = leaves(tree)
    if not found:
        raise GradfadeError("layers: no parameters in it")
    named: "Dict[str, List[Tuple[str, Leaf, Tuple[int, ...]]]]" = {}
    for leaf in found:
        array = as_array(leaf.value, f"layers: `{leaf.name}`")
        layer, role = _place(leaf.parts, array.ndim, list(named))
        named.setdefault(layer, []).append((role, leaf, array.shape))
    order = list(named)
    # JAX gives its mappings back sorted, which puts layer 10 before layer 2. An order of one's own is kept.
    if order == sorted(order):
        order.sort(key=natural)
    shared = _shared(order)
    layers, tensors = [], []
    for number, name in enumerate(order, 1):
        members = _normalisation(named[name])
        layers.append(_layer(name[shared:], members))
        for role, leaf, shape in members:
            tensors.append({"name": leaf.name or "weight", "layer": number, "role": role, "shape": list(shape)})
    return layers, tensors


def _shared(names: List[str]) -> int:
    """Length of what all names begin with, such as `params.` or the name of the model."""
    if len(names) < 2:
        return 0
    first, *others = [name.split(".") for name in names]
    count = 0
    while all(len(parts) > count + 1 and parts[count] == first[count] for parts in [first, *others]):
        if first[count] in ("layers", "layer"):
            break
        count += 1
    return sum(len(part) + 1 for part in first[:count])


def _place(parts: Tuple[str, ...], ndim: int, before: List[str]) -> Tuple[str, str]:
    """Layer and role of a parameter."""
    last = parts[-1] if parts else "weight"
    role = _ROLES.get(last.lower())
    if role is not None:
        return ".".join(parts[:-1]) or last, role
    numbered = _NUMBERED.match(last)
    if numbered and numbered[1].lower() in _ROLES:
        return ".".join((*parts[:-1], "layers", numbered[2])), _ROLES[numbered[1].lower()]
    if last.isdigit():
        # Lists: of pairs (weight, bias), or all of them one after the other.
        if len(parts) > 1:
            return ".".join(parts[:-1]) if not parts[
                -2
            ].isdigit() else f"layers.{'.'.join(parts[:-1])}", "weight" if ndim > 1 else "bias"
        if ndim <= 1 and before:
            return before[-1], "bias"
        return f"layers.{len(before)}", "weight"
    return ".".join(parts), "weight"


def _normalisation(members):  # type: ignore[no-untyped-def]
    """A bias beside a scale is the shift of a normalisation; so is one beside a weight that is a vector like it."""
    roles = {role: shape for role, _, shape in members}
    if "scale" in roles and "bias" in roles:
        rename = {"bias": "shift"}
    elif len(roles.get("weight", ())) == 1 and roles["weight"] == roles.get("bias") and roles["weight"][0] > 1:
        rename = {"weight": "scale", "bias": "shift"}
    else:
        return members
    return [(rename.get(role, role), leaf, shape) for role, leaf, shape in members]


def _layer(name: str, members) -> Dict[str, Any]:  # type: ignore[no-untyped-def]
    weights = [
        (leaf.parts[-1].lower() if leaf.parts else "", shape)
        for role, leaf, shape in members
        if role == "weight" and len(shape) > 1
    ]
    layer: Dict[str, Any] = {"name": name}
    if not weights:
        if any(role == "scale" for role, _, _ in members):
            layer["kind"] = "normalisation"
        return layer
    word, shape = weights[0]
    if word.startswith("embedding"):
        layer["kind"] = "embedding"
    elif len(shape) > 2:
        layer["kind"] = "convolution"
    bias = next((shape[0] for role, _, shape in members if role == "bias" and len(shape) == 1), None)
    fans = _fans(word, shape, bias)
    if fans:
        layer["fan_in"], layer["fan_out"] = fans
    return layer


def _fans(word: str, shape: Tuple[int, ...], bias: Optional[int]) -> Optional[Tuple[int, int]]:
    """Inputs of a unit and units of an input. Kernels are `[..., in, out]`, weights `[out, in, ...]`; of a matrix that is
    called otherwise, the length of its bias tells."""
    if word == "kernel":
        area = int(np.prod(shape[:-2], dtype=np.int64))
        return area * shape[-2], area * shape[-1]
    if word != "weight":
        if len(shape) != 2 or bias is None or shape[0] == shape[1] and bias == shape[0]:
            return (shape[0], shape[1]) if len(shape) == 2 and shape[0] == shape[1] else None
        if bias == shape[1]:
            return shape[0], shape[1]
        return (shape[1], shape[0]) if bias == shape[0] else None
    area = int(np.prod(shape[2:], dtype=np.int64))
    return area * shape[1], area * shape[0]


def named_layers(layers: Sequence[Any], tree: Any) -> "Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]":
    """As `describe`, with layers that are named, in their order, and the parameters of the first step. Parameters go to the
    layer whose name theirs begins with; without such names in order, each weight beginning a layer."""
    described = [{"name": layer} if isinstance(layer, str) else dict(layer) for layer in layers]
    for index, layer in enumerate(described):
        if "name" not in layer:
            raise GradfadeError(f"layers: number {index + 1} has no `name`")
    names = [layer["name"] for layer in described]
    if len(set(names)) != len(names):
        raise GradfadeError("layers: two have the same name; give each its own")
    read, tensors = describe(tree)
    home = {number: _home(layer["name"], names) for number, layer in enumerate(read, 1)}
    if all(found is None for found in home.values()):
        # No name fits: by order.
        if len(read) != len(names):
            raise GradfadeError(
                f"layers: {len(names)} are named, but the parameters make {len(read)} ({_some([r['name'] for r in read])}); "
                "give parameters whose names begin with those of the layers"
            )
        home = {number: number - 1 for number in home}
    strays = [read[number - 1]["name"] for number, found in home.items() if found is None]
    if strays:
        raise GradfadeError(f"layers: no layer is named for the parameters of {_some(strays)}; the layers are {_some(names)}")
    for number, found in home.items():
        described[found] = {**read[number - 1], **described[found]}  # type: ignore[index]
    for tensor in tensors:
        tensor["layer"] = home[tensor["layer"]] + 1  # type: ignore[operator]
    tensors.sort(key=lambda tensor: tensor["layer"])
    return described, tensors


def _home(name: str, layers: List[str]) -> Optional[int]:
    fitting = [i for i, layer in enumerate(layers) if name == layer or name.startswith(f"{layer}.") or name.endswith(f".{layer}")]
    return max(fitting, key=lambda i: len(layers[i]), default=None)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"
