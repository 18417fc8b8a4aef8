"""A callback of the Hugging Face `Trainer` that records its training, by `gradfade.watch`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, Optional

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError("gradfade.huggingface needs transformers: pip install transformers accelerate") from error

from ._errors import GradfadeError

if TYPE_CHECKING:
    from .torch import Watch


class GradfadeCallback(TrainerCallback):
    """Records the training into the folder `path`, one row an optimiser step.

        trainer = Trainer(..., callbacks=[gradfade.huggingface.GradfadeCallback("runs/mine")])

    The loss of the batch is the one that the model computes from its labels; a loss that the trainer computes itself (label
    smoothing, `compute_loss_func`) is not seen. With `gradient_accumulation_steps` the trainer divides the losses of some models
    and adds up those of others: the gradients that are recorded are those that the optimiser gets, before clipping, and the loss
    is the mean of those that the model gives. Evaluations are recorded as those of the validation set. Other arguments are
    those of `gradfade.watch`. After the training, `run` is the recorded run.
    """

    def __init__(self, path: "str | os.PathLike[str]", **options: Any) -> None:
        self.path = path
        self.run: "Optional[Watch]" = None
        self._options = options
        self._hook: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **named: Any) -> None:
        if not state.is_world_process_zero:
            return
        from .torch import watch

        # The trainer wraps its optimiser.
        while optimizer is not None and hasattr(optimizer, "optimizer"):
            optimizer = optimizer.optimizer
        if model is None or optimizer is None:
            raise GradfadeError("the trainer gave its callback no model and optimiser, so there are no steps to record")
        epochs = state.num_train_epochs or 0
        options: Dict[str, Any] = {
            "planned_steps": state.max_steps if state.max_steps > 0 else None,
            "steps_per_epoch": round(state.max_steps / epochs)
            if state.max_steps > 0 and epochs >= 1 and args.max_steps <= 0
            else None,
            **self._options,
        }
        self.run = watch(model, optimizer, self.path, **options)
        self._hook = model.register_forward_hook(self._loss_of)

    def _loss_of(self, model: Any, arguments: Any, output: Any) -> None:
        loss = output.get("loss") if isinstance(output, dict) else getattr(output, "loss", None)
        if loss is not None and model.training and loss.requires_grad and loss.numel() == 1 and self.run is not None:
            self.run.loss(loss)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Optional[Dict[str, Any]] = None, **named: Any) -> None:
        if self.run is None or not metrics or self.run.folder.finished:
            return
        found = {"validation_loss": metrics.get("eval_loss"), "validation_accuracy": metrics.get("eval_accuracy")}
        if any(value is not None for value in found.values()):
            self.run.evaluation(epoch=state.epoch, **found)

    def on_train_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        if self._hook is not None:
            self._hook.remove()
            self._hook = None
        if self.run is not None:
            self.run.close()
