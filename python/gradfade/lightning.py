"""A callback of PyTorch Lightning that records a fit, by `gradfade.watch`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    try:
        from pytorch_lightning.callbacks import Callback  # type: ignore[no-redef]
    except ImportError as error:
        raise ImportError("gradfade.lightning needs Lightning: pip install lightning") from error

from ._errors import GradfadeError

if TYPE_CHECKING:
    from .torch import Watch

_LOSSES = ("val_loss", "valid_loss", "validation_loss", "val/loss", "valid/loss", "validation/loss")
_ACCURACIES = tuple(
    f"{start}{mark}{word}" for start in ("val", "valid", "validation") for mark in "_/" for word in ("acc", "accuracy")
)


class GradfadeCallback(Callback):
    """Records the training into the folder `path`, one row an optimiser step.

        trainer = Trainer(callbacks=[gradfade.lightning.GradfadeCallback("runs/mine")])

    Loss and accuracy of the batch are read from the loss that `training_step` returns, those of the validation from what is
    logged as `val_loss` and `val_acc` (or `validation_accuracy`, `val/loss`, ...). With manual optimisation there is no such
    loss: call `callback.run.loss(loss)`. Other arguments are those of `gradfade.watch`. After the fit, `run` is the recorded run.
    """

    def __init__(self, path: "str | os.PathLike[str]", **options: Any) -> None:
        super().__init__()
        self.path = path
        self.run: "Optional[Watch]" = None
        self._options = options

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        from .torch import watch

        batches, planned = trainer.num_training_batches, trainer.estimated_stepping_batches
        options = {
            "steps_per_epoch": _whole(batches / trainer.accumulate_grad_batches),
            "planned_steps": _whole(planned),
            "scaler": getattr(trainer.precision_plugin, "scaler", None),
            **self._options,
        }
        if not trainer.optimizers:
            raise GradfadeError("the module has no optimiser, so there are no steps to record")
        self.run = watch(_network(pl_module), list(trainer.optimizers), self.path, **options)

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
        if self.run is not None:
            flow = getattr(self.run, "_flow", None)
            if flow is not None:
                # A `training_step` may call the parts of the module without its `forward`: this loss is of the step to come.
                flow.began = True
            self.run.loss(loss)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if self.run is None or trainer.sanity_checking:
            return
        logged = trainer.callback_metrics
        found = {
            "validation_loss": next((logged[name] for name in _LOSSES if name in logged), None),
            "validation_accuracy": next((logged[name] for name in _ACCURACIES if name in logged), None),
        }
        if any(value is not None for value in found.values()):
            self.run.evaluation(**found)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        if self.run is not None:
            self.run.close(exception)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        if self.run is not None:
            self.run.close(KeyboardInterrupt() if trainer.interrupted else None)


def _network(pl_module: Any) -> Any:
    """What `training_step` calls, as a rule: the one part of the module that has parameters, or the module itself. Activations
    and inputs are seen where that is called as a whole."""
    parts = [part for part in pl_module.children() if any(True for _ in part.parameters())]
    own = list(pl_module.parameters(recurse=False))
    return parts[0] if len(parts) == 1 and not own else pl_module


def _whole(number: Any) -> Optional[int]:
    """A number of steps; None for one that is not known, such as that of a stream."""
    return int(number) if number == number and 1 <= number < float("inf") else None
