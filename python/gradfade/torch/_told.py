"""What the user tells a recorder of losses, and what the graph of a loss tells besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import nn

from .._errors import GradfadeError
from . import _facts, _graph
from ._row import Raw

if TYPE_CHECKING:
    from ._flow import Flow


class Told:
    """The part of a recorder that takes losses and accuracies."""

    _flow: "Flow"
    _facts: Dict[str, Any]
    _losses: List[Tuple[Any, float]]
    _accuracies: List[Any]
    _targets: List[torch.Tensor]
    _pending: Optional[Tuple[int, Dict[str, Any]]]
    _has_loss_facts: bool

    def loss(self, loss: Any, accuracy: Any = None, classes: Optional[int] = None) -> None:
        """Adds the loss of the batch to the row of its step, and the accuracy on the batch. Call it anywhere in the loop,
        best before `backward`: kind of the loss, classes and accuracy are then read from its graph. With accumulated
        gradients call it for each batch."""
        if not self._is_mine() or self._is_late("loss"):
            return
        if classes is not None:
            self._facts.setdefault("classes", int(classes))
        late = not self._flow.began and self._pending is not None
        found = None
        if isinstance(loss, torch.Tensor):
            if loss.numel() != 1:
                raise GradfadeError(f"loss: give one number, the loss of the batch; it has shape {tuple(loss.shape)}")
            if loss.grad_fn is not None and (self._flow.listening or not self._has_loss_facts):
                wants_facts = not self._has_loss_facts or len(self._targets) < _facts.TARGETS
                try:
                    found = _graph.loss(loss, accuracy is None and not late, wants_facts)
                    if wants_facts:
                        self._learn(found)
                except Exception:
                    found = None  # a graph of another shape than any that is known: then it says nothing
            loss = loss.detach()
        elif loss is not None:
            loss = _float("loss", loss)
        if accuracy is None and found is not None:
            accuracy = found.correct
        elif isinstance(accuracy, torch.Tensor):
            accuracy = accuracy.detach()
        elif accuracy is not None:
            accuracy = _float("accuracy", accuracy)
        if late:
            assert self._pending is not None
            step, row = self._pending
            if self._last_rows != [self.steps - 1]:
                return  # the step before was not recorded
            raw = Raw()
            if loss is not None:
                raw.put("loss", loss)
            if accuracy is not None:
                raw.put("accuracy", accuracy)
            self._set_loss(step, row, raw.fetch(), [1.0], 1, self._pending_samples)
            return
        if loss is not None:
            self._losses.append((loss, found.divisor if found is not None else 1.0))
        if accuracy is not None:
            self._accuracies.append(accuracy)

    def _learn(self, found: "_graph.Loss") -> None:
        self._has_loss_facts = True
        for key, value in found.facts.items():
            self._facts.setdefault(key, value)
        if found.targets is not None and len(self._targets) < _facts.TARGETS:
            targets = found.targets
            # Of a regression the mean of each output is what an answer knows that ignores the input.
            one_each = found.facts.get("loss") == "mse" or self._facts.get("loss") == "mse"
            self._targets.append(targets.reshape(len(targets), -1).clone() if one_each and targets.dim() else targets.reshape(-1))

    def _criterion(self, _: int, module: nn.Module, args: Any, output: Any) -> None:
        if torch.is_grad_enabled() and isinstance(output, torch.Tensor) and output.requires_grad:
            try:
                self.loss(output)
            except Exception as error:
                self._fail(error)

    def _set_loss(
        self, step: int, row: Dict[str, Any], raw: Dict[Any, np.ndarray], divisors: List[float], count: int, samples: int
    ) -> None:
        losses = [float(v[0]) for k, v in raw.items() if k == "loss" or (isinstance(k, tuple) and k[0] == "loss")]
        if count > 1:
            # Losses that were divided by the number of accumulated batches.
            losses = [v * d if abs(d - count) < 1e-6 else v for v, d in zip(losses, divisors)]
        if losses:
            row["loss"] = sum(losses) / len(losses)
            if self._options["reduction"] == "sum" and samples:
                row["loss"] *= len(losses) / samples
        right = [float(v[0]) for k, v in raw.items() if k == "accuracy" or (isinstance(k, tuple) and k[0] == "accuracy")]
        if right:
            row["batch_accuracy"] = sum(right) / len(right)


def _float(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise GradfadeError(f"{name}: {value!r} is no number") from None
