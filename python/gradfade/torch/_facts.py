"""Facts and labels of a run: what diagnoses go by, and what could not be seen."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np
import torch
from torch import nn

from . import _optim
from ._layers import Layer, Network
from ._step import Step

#: Batches whose labels are kept to know the shares of the classes.
TARGETS = 64
_DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
_PRECISIONS = {torch.float32: "f32", torch.float64: "f64", torch.float16: "f16", torch.bfloat16: "bf16"}


def of(
    model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], network: Network, options: Mapping[str, Any]
) -> Dict[str, Any]:
    """What the model and its optimisers say of themselves."""
    out = _optim.facts(list(optimizers))
    out["normalisation"] = network.normalisation(model)
    out["dropout"] = max((float(m.p) for m in model.modules() if isinstance(m, _DROPOUT)), default=0.0)
    kinds = [_PRECISIONS.get(t.parameter.dtype) for t in network.tensors]
    if kinds and kinds[0] and len(set(kinds)) == 1:
        out["precision"] = kinds[0]
    return out


def labels(facts: Mapping[str, Any], network: Network, unseen: Optional[str]) -> Dict[str, Any]:
    """Captions of figures and tables."""
    out: Dict[str, Any] = {}
    optimizer = facts.get("optimizer")
    if optimizer:
        out["optimizer"] = optimizer["name"]
    for key in ("learning_rate", "weight_decay", "batch_size", "loss", "precision"):
        if facts.get(key) is not None:
            out[key] = facts[key]
    names = [layer.activation for layer in network.layers[:-1] if layer.activation and layer.activation != "identity"]
    if names:
        out["activation"] = max(sorted(set(names)), key=names.count)
    for key in ("normalisation",):
        if facts.get(key) not in (None, "none"):
            out[key] = facts[key]
    if network.shared:
        out["shared_tensors"] = ", ".join(network.shared[:8])
    still = [t.name for t in network.tensors if not t.parameter.requires_grad]
    if still:
        out["frozen_tensors"] = ", ".join(still[:8]) + (f" and {len(still) - 8} more" if len(still) > 8 else "")
    if unseen:
        out["not_seen"] = unseen
    return out


def unseen(network: Network, step: Step, compiled: bool, recomputed: bool) -> Optional[str]:
    """What could not be measured in the first step, in one line."""
    if compiled:
        return "the network is compiled: its layers' signals and activations cannot be seen, the norms of its tensors can"
    seen = {signal.layer for signal in step.signals}
    trained = [layer for layer in network.layers if any(step.has_grad.get(t) for t in layer.tensors)]
    hidden = [layer for layer in trained if layer not in seen and layer.kind != "parameters"]
    said: List[str] = []
    if hidden:
        names = ", ".join(f"`{layer.name}`" for layer in hidden[:4])
        more = f" and {len(hidden) - 4} more" if len(hidden) > 4 else ""
        said.append(f"the signal of {names}{more} cannot be seen ({_reason(hidden)}), the norms of their tensors can")
    if recomputed:
        said.append("activations inside checkpointed parts are not read, since that would compute them again")
    return "; ".join(said) or None


def _reason(hidden: List[Layer]) -> str:
    kinds = {layer.kind for layer in hidden}
    if kinds <= {"lstm", "gru", "recurrent"}:
        return "the levels of a recurrent module below its last one are inside of it"
    return "they are not called as modules, or compiled"


def of_targets(targets: List[torch.Tensor], facts: Mapping[str, Any]) -> Dict[str, Any]:
    """Share of the most frequent class and entropy of the classes, once enough labels were seen for them."""
    if targets and facts.get("loss") == "mse":
        return _of_quantities(targets)
    classes = facts.get("classes")
    if not targets or not classes or classes > 10_000:
        return {}
    labels = torch.cat([t.reshape(-1).cpu() for t in targets]).numpy()
    labels = labels[(labels >= 0) & (labels < classes)]
    if len(labels) < 20 * classes:
        return {}
    shares = np.bincount(labels.astype(np.int64), minlength=classes) / len(labels)
    some = shares[shares > 0]
    return {"majority_share": float(shares.max()), "class_entropy": float(-(some * np.log(some)).sum())}


def _of_quantities(targets: List[torch.Tensor]) -> Dict[str, Any]:
    """Mean squared error of the best answer that ignores the input: the variance of the targets, mean over the outputs."""
    if any(t.dim() != 2 or t.shape[1:] != targets[0].shape[1:] for t in targets):
        return {}
    values = torch.cat([t.double().cpu() for t in targets])
    if len(values) < 20:
        return {}
    return {"ignorant_loss": float(values.var(dim=0, unbiased=False).mean())}


class Clipping:
    """Whether gradients were clipped between the backward pass and the step, and to what."""

    def __init__(self) -> None:
        self.steps = 0
        self._limits: List[float] = []

    def see(self, raw: Any, step: Step, row: Mapping[str, Any]) -> None:
        after, before = step.clipped_total, step.total
        if after is None or before is None:
            return
        self.steps += 1
        if step.is_by_norm and after < before * 0.999 and len(self._limits) < 1000:
            self._limits.append(after)

    def facts(self) -> Dict[str, Any]:
        if not self._limits:
            return {"clip_norm": 0.0} if not self.steps else {}
        low, high = min(self._limits), max(self._limits)
        # Clipping by the norm leaves the same norm every time.
        return {"clip_norm": round(float(np.median(self._limits)), 6)} if high <= 1.01 * low and len(self._limits) > 1 else {}

    def labels(self) -> Dict[str, Any]:
        return {"clipped_steps": self.steps} if self.steps else {}
