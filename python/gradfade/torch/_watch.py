"""`watch`: records every step of a PyTorch optimiser.

The optimiser's own hooks say when a step is made, so the training loop stays as it was.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

import torch
from torch import nn

from .._errors import GradfadeError
from ._recorder import Watch

Optimizers = Union[torch.optim.Optimizer, Sequence[torch.optim.Optimizer]]


def watch(
    model: nn.Module,
    optimizer: Optimizers,
    path: "str | os.PathLike[str]",
    *,
    name: Optional[str] = None,
    every: int = 1,
    schedule: Optional[str] = None,
    per_sample: "bool | str" = "auto",
    reduction: str = "mean",
    accumulation: str = "mean",
    scaler: Optional[Any] = None,
    criterion: Optional[nn.Module] = None,
    batch_dim: int = 0,
    facts: Optional[Mapping[str, Any]] = None,
    labels: Optional[Mapping[str, Any]] = None,
    steps_per_epoch: Optional[int] = None,
    planned_steps: Optional[int] = None,
    force: bool = False,
) -> "Watch":
    """Records every step that `optimizer` makes of `model` into the run folder `path`.

    The loop stays as it was; `run.loss(loss)` adds the loss (before `backward`, its kind, the number of classes and the
    accuracy are read from it), or give the module that computes it as `criterion`. `close`, the end of a `with` block or
    of the program ends the record.

    - `every=N` records each N-th step; `schedule="log"` every step at first, and then about 20 for each factor of 10.
    - `per_sample`: norms of the gradients of single samples: `"auto"` at every step where they are cheap and ever more rarely
      elsewhere, True at every step, False never.
    - `reduction="sum"` if the loss is a sum over the samples; `accumulation="sum"` if the losses of several backward passes
      in one step are not divided by their number.
    - `scaler`: the GradScaler of mixed precision, whose scale is taken out.
    - `batch_dim`: the axis of the samples in the first argument of the model.
    - `facts`: what diagnoses go by, such as `{"train_size": 60000, "majority_share": 0.1}` (docs/format.md lists them).
    - Several optimisers: a list; a row is made at the step of the last of them.
    - `force=True` replaces a run that is there.
    """
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized() and distributed.get_rank():
        return Silent()  # type: ignore[return-value]
    options: Dict[str, Any] = dict(
        name=name,
        every=every,
        schedule=schedule,
        per_sample=per_sample,
        reduction=reduction,
        accumulation=accumulation,
        scaler=scaler,
        criterion=criterion,
        batch_dim=batch_dim,
        facts=facts,
        labels=labels,
        steps_per_epoch=steps_per_epoch,
        planned_steps=planned_steps,
        force=force,
    )
    return Watch(model, _checked(model, optimizer, options), path, **options)


class Silent:
    """Of several processes that train together the first one records; in the others nothing happens."""

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return _ignore


def _ignore(*_: Any, **__: Any) -> None:
    pass


def _checked(model: Any, optimizer: Any, options: Dict[str, Any]) -> List[torch.optim.Optimizer]:
    if not isinstance(model, nn.Module):
        raise GradfadeError(f"watch: the model is a {type(model).__name__}, and not a torch.nn.Module")
    optimizers = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
    if not optimizers:
        raise GradfadeError("watch: give an optimizer, or a list of them")
    for place, one in enumerate(optimizers):
        # Wrappers of libraries keep the optimiser that steps inside.
        inner = getattr(one, "optimizer", None)
        if isinstance(inner, torch.optim.Optimizer):
            optimizers[place] = one = inner
        if not isinstance(one, torch.optim.Optimizer):
            raise GradfadeError(f"watch: the optimizer is a {type(one).__name__}, and not a torch.optim.Optimizer")
    for key, words in (("reduction", ("mean", "sum")), ("accumulation", ("mean", "sum")), ("schedule", (None, "log"))):
        if options[key] not in words:
            raise GradfadeError(f"watch: {key}={options[key]!r}; it is one of {', '.join(map(repr, words))}")
    if options["per_sample"] not in (True, False, "auto"):
        raise GradfadeError(f"watch: per_sample={options['per_sample']!r}; it is True, False or 'auto'")
    if not isinstance(options["every"], int) or options["every"] < 1:
        raise GradfadeError(f"watch: every={options['every']!r}; it is a whole number from 1")
    return optimizers
