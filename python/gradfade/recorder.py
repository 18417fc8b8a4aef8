"""Records a training loop that somebody else wrote, from its arrays: NumPy, JAX, Keras, or by hand."""

from __future__ import annotations

import difflib
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from ._errors import GradfadeError
from ._folder import Folder, warn
from ._format import check_every, check_facts, next_due
from ._norms import as_array, norm, zero_share
from ._tree import describe, leaves, named_layers
from .run import Run, _number, _share

#: Arrays in the order of the tensors; None for one that is not there.
_Arrays = List[Optional[np.ndarray]]

#: How far parameters may be from those before plus their update, relative to the norm of the update.
_DISAGREEMENT = 0.05


class Recorder(Run):
    """Records a training loop into the folder `out`.

        run = gradfade.Recorder(layers=params, out="runs/mine")     # params: {"hidden.weight": ..., "hidden.bias": ..., ...}
        for batch in batches:
            loss, grads = ...
            run.step(loss=loss, grads=grads, params=params)          # before the update
            params = ...
        run.close(params=params)

    `layers`: the parameters (a mapping by name, nested as in Flax, a list, Keras' `model.trainable_variables`), whose names
    tell the layers, the input side first; or the layers' names in order, or dicts with `name`, `kind`, `activation`, `fan_in`,
    `fan_out`, `input_shape`, `output_shape`; or nothing, for the parameters of the first step.
    `activations`: of each layer in order, or by the layer's name, or one for all but the last layer, which has none.
    `every`: a number of steps from one row to the next, or `"log"`; `snapshots`: the same for the distance from the start.
    `force` replaces a run that is there. Other arguments are facts, such as `classes=10, batch_size=32, optimizer="sgd"`
    (docs/format.md lists them). With `weight_decay=0` it is known that the gradient alone makes the updates.
    """

    def __init__(
        self,
        layers: Any = None,
        out: "str | os.PathLike[str]" = "",
        *,
        name: Optional[str] = None,
        force: bool = False,
        activations: "Union[str, Sequence[Optional[str]], Mapping[str, str], None]" = None,
        every: "Union[int, str]" = 1,
        snapshots: "Union[int, str]" = "log",
        steps_per_epoch: Optional[int] = None,
        planned_steps: Optional[int] = None,
        seed: Optional[int] = None,
        labels: Optional[Mapping[str, Any]] = None,
        source: "tuple[str, str]" = ("numpy", np.__version__),
        **facts: Any,
    ) -> None:
        if not os.fspath(out):
            raise GradfadeError('Recorder: give the folder of the run, such as out="runs/mine"')
        self._every = check_every("every", every)
        self._snapshot_every = check_every("snapshots", snapshots)
        self._activations = activations
        self._layers = layers
        checked = check_facts(facts)
        super().__init__(Folder.reserve(out, force=force), checked)
        self._header: Dict[str, Any] = {
            "source": {"tool": source[0], "version": source[1]},
            "run": name or os.path.basename(os.path.normpath(os.fspath(out))),
            "labels": dict(labels or {}),
            "seed": seed,
            "steps_per_epoch": steps_per_epoch,
            "planned_steps": planned_steps,
        }
        self.steps_per_epoch = steps_per_epoch
        self._due = 0
        self._snapshot_due = 0
        self._last_snapshot = -1
        self._initial: Optional[_Arrays] = None
        # The row whose update is found from the parameters of the next call, and its parameters.
        self._held: "Optional[tuple[int, Dict[str, Any], _Arrays]]" = None
        # The parameters after the last recorded update, where it says so, and their step.
        self._after: "Optional[tuple[int, _Arrays]]" = None
        self._compare = True
        try:
            if layers is not None and not _only_names(layers):
                self._open(layers)
        except BaseException:
            self._abandon()
            raise

    def step(
        self,
        loss: Optional[float] = None,
        grads: Any = None,
        params: Any = None,
        updates: Any = None,
        *,
        learning_rate: Optional[float] = None,
        accuracy: Optional[float] = None,
        epoch: Optional[float] = None,
        signal_rms: Optional[Sequence[float]] = None,
        grad_rms: Optional[Sequence[float]] = None,
    ) -> None:
        """Records one update; call it once for each.

        `loss`: of the batch, before the update. `grads`: of the batch mean, without weight decay. `params`: **before** the
        update. `updates`: what is added to the parameters; without it, it is found from the `params` of the next call. All
        three by name, or in the order of the parameters; what is not there is not recorded. `accuracy`: on the batch, from 0
        to 1. `signal_rms`, `grad_rms`: one number a layer, as docs/format.md defines them.
        """
        if self.folder.finished:
            raise GradfadeError(f"{self.path}: the run is closed; a step came after it")
        step, planned = self.steps, self._header["planned_steps"]
        due = step == self._due or planned == step + 1
        snapshot_due = step == self._snapshot_due and params is not None
        if self.folder.failed is None and (due or snapshot_due or self._held):
            if not self.folder.started:
                self._open(params if params is not None else grads if grads is not None else updates)
            theta = self._arrays("params", params)
            self._finish_held(theta)
            self._compare_after(theta)
            if snapshot_due:
                self._snapshot_due = next_due(self._snapshot_every, step)
                self._snapshot(step, theta)
            if due:
                self._due = next_due(self._every, step)
                row = {
                    "loss": _number("loss", loss),
                    "batch_accuracy": _share("accuracy", accuracy),
                    "learning_rate": _number("learning_rate", learning_rate),
                    "epoch": self._epoch(step) if epoch is None else _number("epoch", epoch),
                    "signal_rms": signal_rms,
                    "grad_rms": grad_rms,
                    "grad_norm": _norms(self._arrays("grads", grads)),
                    "param_norm": _norms(theta),
                }
                self._record(step, row, theta, self._arrays("updates", updates))
        self.steps += 1

    @property
    def is_due(self) -> bool:
        """Whether the next `step` is recorded: where it is not, it needs no arrays."""
        step = self.steps
        due = step in (self._due, self._snapshot_due) or step + 1 == self._header["planned_steps"]
        return self.folder.failed is None and (due or self._held is not None)

    def _record(self, step: int, row: Dict[str, Any], theta: "_Arrays", updates: "_Arrays") -> None:
        if row["learning_rate"] is not None and "learning_rate" not in self.facts:
            self.describe(learning_rate=row["learning_rate"])
        if _any(updates) or not _any(theta):
            self._after = (step + 1, _sums(theta, updates)) if _all(theta) and _all(updates) else None
            self._append(step, {**row, "update_norm": _norms(updates)})
        else:
            self._held = (step, row, _copies(theta))

    def _append(self, step: int, row: Dict[str, Any]) -> None:
        self.note_loss(step, row["loss"])
        update = row.get("update_norm")
        if update is not None and self.facts.get("weight_decay") == 0 and not self.facts.get("l1"):
            # All of it is the gradient's, where it is said that nothing decays.
            row = {**row, "driven_norm": update, "decay_norm": [None if u is None else 0.0 for u in update]}
        self.folder.append("step", step, row)

    def _finish_held(self, theta: "_Arrays") -> None:
        """Gives the row before its update, where the parameters behind it are known."""
        if self._held is not None:
            (step, row, before), self._held = self._held, None
            self._append(step, {**row, "update_norm": _norms(theta, before)})

    def _compare_after(self, theta: "_Arrays") -> None:
        """Updates and parameters that contradict each other are the mistake of a loop, and it is told once."""
        if not self._compare or self._after is None or self._initial is None or self._after[0] != self.steps or not _all(theta):
            return
        self._compare = False
        for name, now, after, before in zip(self._names, theta, self._after[1], self._initial):
            if now is None or after is None or before is None:
                continue
            moved, off = norm(after, before), norm(now, after)
            rounding = 4.0 * float(np.finfo(now.dtype).eps) * norm(now) if now.dtype.kind == "f" else 0.0
            if off > _DISAGREEMENT * moved + rounding:
                warn(
                    f"{self.path}: `{name}` after the first update is not `params` plus `updates`; give parameters before the "
                    "update, and what is added to them (for gradient descent, minus the learning rate times the gradient)"
                )
                return

    def snapshot(self, params: Any) -> None:
        """Records distance from the start and share of zeros of the parameters as they are now, after `steps` updates. Made
        by itself now and then, from the `params` of steps, and at the end."""
        if not self.folder.started:
            self._open(params)
        theta = self._arrays("params", params)
        self._finish_held(theta)
        self._snapshot(self.steps, theta)

    def _snapshot(self, step: int, theta: "_Arrays") -> None:
        if not _any(theta) or step <= self._last_snapshot:
            return
        if self._initial is None:
            self._initial = _copies(theta)
        self._last_snapshot = step
        values = {
            "distance_from_init": _norms(theta, self._initial),
            "zero_share": [None if p is None else zero_share(p) for p in theta],
        }
        self.folder.append("snapshot", step, values)

    def close(self, error: Optional[BaseException] = None, *, params: Any = None) -> None:
        """Ends the run. With `params`, the parameters after the last update, their distance from the start is recorded too.
        `error`: what interrupted the run."""
        if params is not None and not self.folder.finished:
            self.snapshot(params)
        super().close(error)

    def _before_close(self) -> None:
        if self._held is not None:
            (step, row, before), self._held = self._held, None
            self._append(step, row)
            self._snapshot(step, before)
        elif self._after is not None:
            self._snapshot(*self._after)

    def _abandon(self) -> None:
        self.folder.release()
        self.close()

    def _open(self, tree: Any) -> None:
        """Starts the folder, with the layers that were given or those of the first parameters."""
        if tree is None:
            raise GradfadeError("step: give grads, params or updates, so that the layers are known")
        if self._layers is not None and _only_names(self._layers):
            layers, tensors = named_layers(self._layers, tree)
        else:
            layers, tensors = describe(tree)
        self._give_activations(layers)
        self._names = [tensor["name"] for tensor in tensors]
        self._index = {name: index for index, name in enumerate(self._names)}
        if len(self._index) != len(tensors):
            raise GradfadeError("layers: two parameters have the same name; give a mapping with a name for each")
        self._shapes = [tuple(tensor["shape"]) for tensor in tensors]
        # Parameters in the order in which the caller gives them, where they have no names of their own.
        self._order = [self._index[leaf.name or "weight"] for leaf in leaves(tree)]
        precision = _precision(tree)
        if precision and "precision" not in self.facts:
            self.facts["precision"] = precision
        header = {key: value for key, value in self._header.items() if value is not None}
        self.folder.start({**header, "layers": layers, "tensors": tensors, "facts": self.facts})

    def _give_activations(self, layers: List[Dict[str, Any]]) -> None:
        given = self._activations
        if given is None:
            return
        if isinstance(given, str):
            given = [given] * (len(layers) - 1) + ["identity"]
        if isinstance(given, Mapping):
            # A name may be the end of a longer one: what all layers' names begin with is left out of them.
            given = [
                next((word for name, word in given.items() if f".{name}".endswith(f".{layer['name']}")), None) for layer in layers
            ]
        if len(given) != len(layers):
            raise GradfadeError(
                f"activations: {len(given)} for {len(layers)} layers; give one for each, None where there is none"
            )
        for layer, activation in zip(layers, given):
            if activation is not None:
                layer["activation"] = activation

    def _arrays(self, what: str, tree: Any) -> "_Arrays":
        """The arrays of a tree in the order of the tensors; None for those that are not there."""
        arrays: _Arrays = [None] * len(self._names)
        if tree is None:
            return arrays
        # None keeps its place in a list: a parameter without a gradient in this step.
        flat = isinstance(tree, (list, tuple)) and not any(isinstance(item, (list, tuple, Mapping)) for item in tree)
        if flat and not any(isinstance(getattr(item, "path", None), str) for item in tree):
            if len(tree) != len(self._order):
                raise GradfadeError(
                    f"{what}: {len(tree)} arrays for {len(self._order)} parameters; give None where there is none"
                )
            pairs = [(at, item) for at, item in zip(self._order, tree) if item is not None]
        else:
            pairs = [(self._at(what, leaf.name or "weight"), leaf.value) for leaf in leaves(tree)]
        for at, value in pairs:
            name = self._names[at]
            array = as_array(value, f"{what}: `{name}`")
            if array.shape != self._shapes[at]:
                raise GradfadeError(f"{what}: `{name}` has shape {array.shape}, but the parameter has {self._shapes[at]}")
            arrays[at] = array
        return arrays

    def _at(self, what: str, name: str) -> int:
        at = self._index.get(name)
        if at is None:
            near = difflib.get_close_matches(name, self._names, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"they are {', '.join(self._names[:8])}"
            raise GradfadeError(f"{what}: `{name}` is no parameter of this run; {hint}")
        return at

    def _epoch(self, step: int) -> Optional[float]:
        return step / self.steps_per_epoch if self.steps_per_epoch else None


def _only_names(layers: Any) -> bool:
    """Whether layers are named, and not given by their parameters."""
    return isinstance(layers, (list, tuple)) and all(
        isinstance(layer, str) or isinstance(layer, Mapping) and isinstance(layer.get("name"), str) for layer in layers
    )


def _norms(arrays: _Arrays, minus: Optional[_Arrays] = None) -> "Optional[List[Optional[float]]]":
    """The norms, or those of the differences; None where there is no array."""
    if not _any(arrays):
        return None
    if minus is None:
        return [None if array is None else norm(array) for array in arrays]
    return [None if a is None or b is None else norm(a, b) for a, b in zip(arrays, minus)]


def _copies(arrays: _Arrays) -> _Arrays:
    return [None if array is None else np.array(array) for array in arrays]


def _sums(arrays: _Arrays, others: _Arrays) -> _Arrays:
    """In the number type of the parameters, which is what they are stored in."""
    return [None if a is None or b is None else (a + b).astype(a.dtype) for a, b in zip(arrays, others)]


def _any(arrays: _Arrays) -> bool:
    return any(array is not None for array in arrays)


def _all(arrays: _Arrays) -> bool:
    return all(array is not None for array in arrays)


def _precision(tree: Any) -> Optional[str]:
    """The number type that all parameters have."""
    short = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}
    types = {str(getattr(leaf.value, "dtype", "")).rpartition(".")[2] for leaf in leaves(tree)}
    return short.get(types.pop()) if len(types) == 1 else None
