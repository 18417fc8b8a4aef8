"""A callback of Keras 3 that records a fit.

Parameters, updates, distance from the start, the loss and the accuracy of each batch are recorded with every backend. Gradients
are recorded with the backends PyTorch and JAX, before any clipping; not with TensorFlow, whose compiled step shows them to no
callback. Signals by sample and activations are not recorded: Keras shows them to no callback.
"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Union

import numpy as np

try:
    import keras
except ImportError as error:
    raise ImportError("gradfade.keras needs Keras 3: pip install keras") from error

from ._errors import GradfadeError
from ._folder import warn
from .recorder import Recorder

#: Losses of Keras as docs/format.md calls them.
_LOSSES = {
    "sparse_categorical_crossentropy": "cross-entropy",
    "categorical_crossentropy": "cross-entropy",
    "mean_squared_error": "mse",
    "mse": "mse",
}


class GradfadeCallback(keras.callbacks.Callback):
    """Records the training into the folder `path`, one row a batch.

        model.fit(x, y, callbacks=[gradfade.keras.GradfadeCallback("runs/mine")])

    `every`, `force`, `name`, `labels`, `seed` and facts such as `train_size=60000` are those of `gradfade.Recorder`. After the
    fit, `run` is the recorded run. A fit that an exception ends is closed when the program ends.
    """

    def __init__(self, path: "str | os.PathLike[str]", *, every: "Union[int, str]" = 1, **options: Any) -> None:
        super().__init__()
        self.path = path
        self.run: Optional[Recorder] = None
        self._options = {"every": every, **options}
        self._grads: Optional[List[Any]] = None
        self._before: Optional[List[np.ndarray]] = None
        self._restore: Any = None

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        # Before Keras compiles its step: with JAX, what watches the gradients is a part of it.
        if self._restore is None:
            self._watch_gradients(model)

    def on_train_begin(self, logs: Optional[Dict[str, Any]] = None) -> None:
        model = self.model
        if getattr(model, "steps_per_execution", 1) != 1:
            raise GradfadeError("steps_per_execution hides single steps from callbacks; compile the model with 1 to record it")
        if not model.trainable_variables:
            raise GradfadeError("the model has no trainable variables to record; build it first, or unfreeze a layer")
        steps, epochs = self.params.get("steps"), self.params.get("epochs")
        options = {
            "steps_per_epoch": steps,
            "planned_steps": steps * epochs if steps and epochs else None,
            "source": (f"keras ({keras.backend.backend()})", keras.__version__),
            "activations": _activations(model),
            **_facts(model),
            **self._options,
        }
        self._index = [_name(variable) for variable in model.trainable_variables]
        self.run = Recorder(dict(zip(self._index, self._weights())), self.path, **options)
        self._totals: Dict[str, "tuple[float, float]"] = {}
        self._before = None

    def on_epoch_begin(self, epoch: int, logs: Optional[Dict[str, Any]] = None) -> None:
        self._totals = {}

    def on_train_batch_begin(self, batch: int, logs: Optional[Dict[str, Any]] = None) -> None:
        run = self._recording()
        self._grads = None
        if not run.is_due:
            self._before = None
        elif self._before is None:
            self._before = self._weights()

    def on_train_batch_end(self, batch: int, logs: Optional[Dict[str, Any]] = None) -> None:
        run = self._recording()
        if not run.is_due:
            self._batch_values()
            run.step()
            return
        before, after = self._before, self._weights()
        assert before is not None
        values = self._batch_values()
        run.step(
            values.get("loss"),
            grads=self._gradients(),
            params=dict(zip(self._index, before)),
            updates={name: new.astype(np.float64) - old for name, old, new in zip(self._index, before, after)},
            accuracy=values.get("accuracy"),
            learning_rate=_rate(self.model),
        )
        self._before = after

    def on_epoch_end(self, epoch: int, logs: Optional[Dict[str, Any]] = None) -> None:
        logs = logs or {}
        validation = {
            "validation_loss": logs.get("val_loss"),
            "validation_accuracy": next((logs[f"val_{name}"] for name in _ACCURACIES if f"val_{name}" in logs), None),
        }
        if any(value is not None for value in validation.values()):
            self._recording().evaluation(epoch=epoch + 1, **validation)

    def on_train_end(self, logs: Optional[Dict[str, Any]] = None) -> None:
        run = self._recording()
        run.close(params=dict(zip(self._index, self._weights())))
        self._unwatch()

    def _recording(self) -> Recorder:
        if self.run is None:
            raise GradfadeError("the callback was not told of the beginning of the training; give it to `fit`")
        return self.run

    def _weights(self) -> List[np.ndarray]:
        # Asking for the model makes JAX give its state back to the variables.
        return [np.array(keras.ops.convert_to_numpy(v)) for v in self.model.trainable_variables]

    def _batch_values(self) -> Dict[str, float]:
        """Loss and accuracy of this batch: Keras keeps means over the epoch so far, as a total and a count."""
        values = {}
        for name, metric in _means(self.model).items():
            total, count = (float(keras.ops.convert_to_numpy(v)) for v in (metric.total, metric.count))
            old_total, old_count = self._totals.get(name, (0.0, 0.0))
            self._totals[name] = (total, count)
            if count > old_count:
                values[name] = (total - old_total) / (count - old_count)
        if "accuracy" in values:
            values["accuracy"] = min(max(values["accuracy"], 0.0), 1.0)
        return values

    def _gradients(self) -> "Optional[Dict[str, Any]]":
        if keras.backend.backend() == "jax" and self._restore is not None:
            import jax

            jax.effects_barrier()
        return None if self._grads is None else dict(zip(self._index, self._grads))

    def _watch_gradients(self, model: Any) -> None:
        optimizer, backend = model.optimizer, keras.backend.backend()
        if optimizer is None or backend not in ("torch", "jax"):
            return
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            warn("gradients are not recorded with a LossScaleOptimizer, which scales them")
            return
        name = "apply" if backend == "torch" else "stateless_apply"
        original = getattr(optimizer, name)

        def for_torch(grads: Any, *arguments: Any, **named: Any) -> Any:
            if self.run is not None and self.run.is_due:
                # The optimiser may clip them where they are.
                self._grads = [None if g is None else keras.ops.convert_to_numpy(g).copy() for g in grads]
            return original(grads, *arguments, **named)

        def for_jax(optimizer_variables: Any, grads: Any, *arguments: Any, **named: Any) -> Any:
            import jax

            jax.debug.callback(self._receive, list(grads))
            return original(optimizer_variables, grads, *arguments, **named)

        self._set(optimizer, name, for_torch if backend == "torch" else for_jax)
        if backend == "jax":
            model.train_function = None

        def restore() -> None:
            object.__delattr__(optimizer, name)
            if backend == "jax":
                model.train_function = None

        self._restore = restore

    @staticmethod
    def _set(optimizer: Any, name: str, function: Any) -> None:
        # Past the optimiser's own bookkeeping of what is set on it.
        object.__setattr__(optimizer, name, function)

    def _receive(self, grads: Any) -> None:
        if self.run is not None and self.run.is_due:
            self._grads = [None if g is None else np.asarray(g) for g in grads]

    def _unwatch(self) -> None:
        restore, self._restore = self._restore, None
        if restore is not None:
            restore()


_ACCURACIES = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy")


def _means(model: Any) -> Dict[str, Any]:
    """The running means of loss and accuracy."""
    flat: List[Any] = []
    for metric in model.metrics:
        flat.extend(metric.metrics if hasattr(metric, "metrics") else [metric])
    means: Dict[str, Any] = {}
    for metric in flat:
        name = "accuracy" if metric.name in _ACCURACIES else metric.name
        if name in ("loss", "accuracy") and hasattr(metric, "total") and hasattr(metric, "count"):
            means.setdefault(name, metric)
    return means


def _name(variable: Any) -> str:
    return str(variable.path).replace("/", ".")


def _rate(model: Any) -> Optional[float]:
    try:
        return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    except (AttributeError, TypeError, ValueError):
        return None


def _activations(model: Any) -> Dict[str, str]:
    """The activation of each layer by its path: its own, or that of an activation layer right behind it."""
    found: Dict[str, str] = {}
    last: Optional[str] = None
    for layer in model._flatten_layers(include_self=False):
        own = getattr(layer, "activation", None)
        word = getattr(own, "__name__", None) if callable(own) else None
        path = str(layer.path).replace("/", ".")
        if layer.trainable_variables and hasattr(layer, "kernel"):
            last = path
            found[path] = "identity" if word in (None, "linear") else str(word)
        elif not layer.weights and last is not None and found.get(last) == "identity":
            word = word or (
                layer.__class__.__name__ if layer.__class__.__module__.startswith("keras.src.layers.activations") else None
            )
            if word not in (None, "linear"):
                found[last] = str(word)
            last = None
        else:
            last = None
    return found


def _facts(model: Any) -> Dict[str, Any]:
    """What the compiled model tells."""
    optimizer, facts = model.optimizer, {}
    if optimizer is not None:
        settings = {k: v for k, v in optimizer.get_config().items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
        decay = settings.pop("weight_decay", None) or 0.0
        rate = settings.pop("learning_rate", None)
        name = type(optimizer).__name__.lower()
        if name == "sgd" and settings.get("momentum"):
            name = "nesterov" if optimizer.nesterov else "momentum"
        facts = {
            "optimizer": {"name": name, "settings": settings},
            "weight_decay": decay,
            "clip_norm": optimizer.global_clipnorm or 0,
            "clip_value": optimizer.clipvalue or 0,
            "learning_rate": rate,
        }
    loss = model.loss
    word = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", None))
    if isinstance(word, str) and word in _LOSSES:
        facts["loss"] = _LOSSES[word]
        if facts["loss"] == "cross-entropy":
            facts["task"] = "classification"
            facts["loss_input"] = "logits" if _from_logits(loss) else "probabilities"
            shape = getattr(model, "output_shape", None)
            if isinstance(shape, tuple) and isinstance(shape[-1], int):
                facts["classes"] = shape[-1]
    return facts


def _from_logits(loss: Any) -> bool:
    return bool(getattr(loss, "_fn_kwargs", {}).get("from_logits", False))
