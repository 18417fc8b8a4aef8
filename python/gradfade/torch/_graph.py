"""What the autograd graph of a forward pass says: which function follows a layer, which loss was taken of what.

The graph is only read. Where its tensors are recomputed on demand (checkpointing) nothing is read, since that would
run a part of
the network.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set

import torch

from . import _activations, _norms

# Nodes that are looked at, at most, from the output down.
_MOST = 50_000
# What may stand between a layer and its activation: shapes, normalisations, a sum with something else.
_TRANSPARENT = (
    "View",
    "UnsafeView",
    "Reshape",
    "ReshapeAlias",
    "Transpose",
    "Permute",
    "T",
    "Clone",
    "Squeeze",
    "Unsqueeze",
    "Expand",
    "Alias",
    "Contiguous",
    "Select",
    "Slice",
    "Unbind",
    "Split",
    "ToCopy",
    "Add",
    "Cat",
    "NativeBatchNorm",
    "CudnnBatchNorm",
    "MiopenBatchNorm",
    "NativeLayerNorm",
    "NativeGroupNorm",
    "FusedRmsNorm",
    "NativeDropout",
    "MaxPool1DWithIndices",
    "MaxPool2DWithIndices",
    "MaxPool3DWithIndices",
    "AvgPool2D",
    "AvgPool3D",
    "AdaptiveAvgPool2D",
    "AdaptiveAvgPool3D",
    "Mean",
    "UpsampleNearest2D",
    "UpsampleBilinear2D",
    "ConstantPadNd",
)
# Those that move the axes.
_MOVING = (
    "View",
    "UnsafeView",
    "Reshape",
    "ReshapeAlias",
    "Transpose",
    "Permute",
    "T",
    "Squeeze",
    "Unsqueeze",
    "Select",
    "Unbind",
)
# What ends the way: the signal enters another product, and no function of single numbers came before.
_ENDS = (
    "Softmax",
    "LogSoftmax",
    "Addmm",
    "Mm",
    "Bmm",
    "Baddbmm",
    "Mv",
    "Addmv",
    "Linear",
    "Convolution",
    "MkldnnConvolution",
    "ScaledDot",
    "Mul",
    "Embedding",
    "MseLoss",
    "Smooth",
    "L1Loss",
    "Huber",
    "BinaryCrossEntropyWithLogits",
)


def _stem(node: Any) -> str:
    return node.name().split("Backward")[0]


def consumers(roots: Iterable[Any]) -> Dict[Any, List[Any]]:
    """For each node under the roots, the nodes that take what it made."""
    out: Dict[Any, List[Any]] = {}
    stack = [root for root in roots if root is not None]
    seen: Set[Any] = set(stack)
    while stack and len(seen) < _MOST:
        node = stack.pop()
        for below, _ in node.next_functions:
            if below is None:
                continue
            out.setdefault(below, []).append(node)
            if below not in seen:
                seen.add(below)
                stack.append(below)
    return out


class Following(NamedTuple):
    """What follows a layer: an activation's node, or no function at all (`node` None)."""

    node: Optional[Any]
    #: It is evaluated at the layer's output itself.
    is_direct: bool
    #: The axes are those of the layer's output.
    is_layout_kept: bool


def following(node: Any, above: Dict[Any, List[Any]], layers: Set[Any], tops: Set[Any]) -> Optional[Following]:
    """The activation that follows the layer whose output `node` made; None where the graph does not say."""
    level = [(node, True, True)]
    seen = {node}
    ends = False
    while level:
        further = []
        for at, direct, kept in level:
            if at in tops:
                ends = True
            for upper in above.get(at, ()):
                if upper in seen:
                    continue
                seen.add(upper)
                stem = _stem(upper)
                if _activations.is_activation(upper):
                    return Following(upper, direct, kept)
                # The nodes that shape a layer's own output are no other layer.
                if stem.startswith(_ENDS) or (upper in layers and stem not in _TRANSPARENT):
                    ends = True
                elif stem in _TRANSPARENT:
                    further.append((upper, False, kept and stem not in _MOVING))
        level = further
    return Following(None, False, True) if ends else None


def softmax_above(node: Any, above: Dict[Any, List[Any]]) -> Optional[str]:
    """The softmax that a network has at its end, of which a loss that takes logits is to be warned."""
    names = {"Softmax": "softmax", "LogSoftmax": "log-softmax"}
    return next((names[_stem(upper)] for upper in above.get(node, ()) if _stem(upper) in names), None)


def has_skips(above: Dict[Any, List[Any]]) -> bool:
    """Whether the network adds what has passed a layer to what has not: a sum, one side of which reaches the other's source."""
    nodes = {upper for uppers in above.values() for upper in uppers}
    for node in nodes:
        if not node.name().startswith("AddBackward"):
            continue
        sides = [below for below, _ in node.next_functions if below is not None]
        if len(sides) != 2 or any("AccumulateGrad" in side.name() for side in sides):
            continue
        if len(above.get(sides[0], ())) > 1 and _reaches(sides[1], sides[0]):
            return True
        if len(above.get(sides[1], ())) > 1 and _reaches(sides[0], sides[1]):
            return True
        if _share(*sides):
            return True
    return False


def _below(node: Any, most: int) -> Set[Any]:
    seen, stack = {node}, [node]
    while stack and len(seen) < most:
        for below, _ in stack.pop().next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                stack.append(below)
    return seen


def _reaches(node: Any, other: Any) -> bool:
    return other in _below(node, 300)


def _share(one: Any, other: Any) -> bool:
    """A projected skip: both sides come from one tensor that is no parameter."""
    common = _below(one, 60) & _below(other, 60)
    return any("AccumulateGrad" not in n.name() and n.name() != "TBackward0" for n in common)


def _smoothed(node: Any) -> Optional[Any]:
    """The cross-entropy inside one with smoothed labels."""
    found = [n for n in _below(node, 12) if _stem(n) in ("NllLoss", "NllLoss2D")]
    return found[0] if len(found) == 1 else None


class Loss(NamedTuple):
    """What the graph says of a loss."""

    facts: Dict[str, Any]
    correct: Optional[torch.Tensor]
    targets: Optional[torch.Tensor]
    #: The loss was divided by this before it was given.
    divisor: float


def _accuracy(node: Any) -> Any:
    """Share of the largest scores that stand at the label."""
    scores, labels = node._saved_self, node._saved_target
    ignored = node._saved_ignore_index
    right = scores.argmax(1) == labels
    # The graph hands out -100 as an unsigned number; no answer is ever -100.
    if ignored < 2**63:
        right = right & (labels != ignored)
    weighted = node._saved_weight is not None or node._saved_reduction != 1
    total = labels.numel() if weighted else node._saved_total_weight
    if _norms.is_here(right):
        return int(right.sum()) / float(total)
    return right.sum() / total


def loss(value: torch.Tensor, with_accuracy: bool, with_facts: bool) -> Loss:
    """Kind of the loss, its classes, the accuracy on the batch and the targets, as far as the graph still has them."""
    node, divisor = value.grad_fn, 1.0
    if with_accuracy and not with_facts and node is not None and node.name() == "NllLossBackward0":
        try:
            return Loss({}, _accuracy(node), None, divisor)
        except RuntimeError:
            return Loss({}, None, None, divisor)
    facts: Dict[str, Any] = {}
    if node is None:
        return Loss(facts, None, None, divisor)
    if node.name() in ("DivBackward0", "MulBackward0") and node.next_functions[-1][0] is None:
        try:
            other = node._saved_other
            if other is not None and other.numel() == 1 and other.device.type == "cpu":
                divisor = float(other) if node.name() == "DivBackward0" else 1 / float(other)
                node = node.next_functions[0][0]
        except (RuntimeError, AttributeError, ZeroDivisionError):
            pass
    correct = targets = None
    stem = _stem(node) if node is not None else ""
    try:
        smoothed = _smoothed(node) if stem == "Add" else None
        if stem in ("NllLoss", "NllLoss2D") or smoothed is not None:
            facts["task"] = "classification"
            if smoothed is None:
                facts["loss"] = "cross-entropy"
                below = node.next_functions[0][0]
                facts["loss_input"] = "logits" if below is not None and _stem(below) == "LogSoftmax" else "log-probabilities"
            else:
                node, facts["loss"] = smoothed, "smoothed cross-entropy"
            scores, labels = node._saved_self, node._saved_target
            facts["classes"] = int(scores.shape[1])
            if with_accuracy:
                correct = _accuracy(node)
                targets = labels.detach()
        elif stem == "BinaryCrossEntropyWithLogits":
            facts.update(loss="binary-cross-entropy", loss_input="logits", task="classification")
            scores, labels = node._saved_self, node._saved_target
            if scores.numel() == scores.shape[0]:
                facts["classes"] = 2
                if with_accuracy:
                    correct = ((scores > 0) == (labels > 0.5)).double().mean()
                    targets = (labels > 0.5).long().detach()
        elif stem == "BinaryCrossEntropy":
            facts.update(loss="binary-cross-entropy", loss_input="probabilities", task="classification")
        elif stem == "MseLoss":
            facts["loss"] = "mse"
            facts.setdefault("task", "regression")
            targets = node._saved_target.detach()
    except (RuntimeError, AttributeError):
        pass  # after the backward pass the graph no longer has its tensors
    return Loss(facts, correct, targets, divisor)
