"""A run that is being recorded: what every recorder has in common.

A recorder has a `Folder`, counts its updates in `steps` and appends their rows itself; `Run` does the rest: evaluations, how
the run ended, and the views.
"""

from __future__ import annotations

import atexit
import math
import os
import sys
import time
from typing import Any, Dict, List, Mapping, Optional

from ._errors import GradfadeError
from ._folder import Folder, warn
from ._format import check_facts, metrics_of
from .views import Views

_EVALUATED = [name for name in metrics_of("evaluation") if name != "eval_epoch"]


class Run(Views):
    """A run that is being recorded into `folder`.

    Closed by `close`, at the end of a `with` block (as interrupted where an exception leaves it), or when the program ends.
    """

    def __init__(self, folder: Folder, facts: Optional[Mapping[str, Any]] = None) -> None:
        self.folder = folder
        self.path = folder.path
        #: What diagnoses go by, as `describe` was told; a recorder puts them into its header.
        self.facts: Dict[str, Any] = check_facts(facts or {})
        #: Updates made so far: the number of the next step.
        self.steps = 0
        #: Updates in an epoch, where that is known: evaluations have their epoch by it.
        self.steps_per_epoch: Optional[int] = None
        self._began = time.monotonic()
        # The first of the losses at the end that are not finite: (step, loss).
        self._lost: Optional["tuple[int, float]"] = None
        # Evaluations that are not in the folder yet: more values of the last one may come, and the first may come before the
        # folder is started.
        self._evaluations: List["tuple[int, Dict[str, Optional[float]]]"] = []
        self._pid = os.getpid()
        # Kinds of calls that came after the end, and were told so.
        self._late: "set[str]" = set()
        folder.evict = self._evicted
        _RUNS.add(self)

    def evaluation(
        self,
        *,
        train_loss: Optional[float] = None,
        train_accuracy: Optional[float] = None,
        test_loss: Optional[float] = None,
        test_accuracy: Optional[float] = None,
        validation_loss: Optional[float] = None,
        validation_accuracy: Optional[float] = None,
        epoch: Optional[float] = None,
        step: Optional[int] = None,
    ) -> None:
        """Records an evaluation of the parameters as they are now, after `steps` updates: mean losses over a whole set, and
        accuracies from 0 to 1. Give what there is; a second call at the same step adds to the first. `epoch`: epochs
        finished, with the fraction."""
        if self._is_late("evaluation"):
            return
        values: Dict[str, Optional[float]] = {
            "train_loss": _number("train_loss", train_loss),
            "train_accuracy": _share("train_accuracy", train_accuracy),
            "test_loss": _number("test_loss", test_loss),
            "test_accuracy": _share("test_accuracy", test_accuracy),
            "validation_loss": _number("validation_loss", validation_loss),
            "validation_accuracy": _share("validation_accuracy", validation_accuracy),
        }
        if all(value is None for value in values.values()):
            raise GradfadeError(f"evaluation: give at least one of {', '.join(_EVALUATED)}")
        at = self.steps if step is None else step
        per_epoch = self.steps_per_epoch or self.folder.meta.get("steps_per_epoch")
        if epoch is None and per_epoch:
            epoch = at / per_epoch
        values["eval_epoch"] = _number("epoch", epoch)
        last_step, last = self._evaluations[-1] if self._evaluations else (None, {})
        if last_step == at:
            last.update({name: value for name, value in values.items() if value is not None})
            return
        if last_step is not None and at < last_step:
            raise GradfadeError(f"evaluation: step {at} comes after step {last_step}; steps must increase")
        self._write_evaluations()
        self._evaluations.append((at, values))

    def _write_evaluations(self) -> None:
        if self.folder.started:
            held, self._evaluations = self._evaluations, []
            for step, values in held:
                self.folder.append("evaluation", step, values)

    def describe(self, **facts: Any) -> None:
        """Adds facts that diagnoses and figures go by, such as `classes=10, train_size=60000, task="classification"`
        (docs/format.md lists them). They may come at any time before `close`."""
        if self._is_late("describe"):
            return
        self.facts.update(check_facts(facts))
        if self.folder.started:
            self.folder.update_meta(facts=self.facts)

    def _is_late(self, what: str) -> bool:
        """Whether the run has ended; says once for each kind of call that it came too late."""
        if self.folder.finished and what not in self._late:
            self._late.add(what)
            warn(f"{what}: it came after the run was closed, and is not recorded")
        return self.folder.finished

    def note_loss(self, step: int, loss: Optional[float]) -> None:
        """For recorders, at each step: remembers whether the run ends with losses that are not finite, which is a
        divergence."""
        if self._evaluations and step >= self._evaluations[-1][0]:
            self._write_evaluations()
        if loss is None:
            return
        if math.isfinite(loss):
            self._lost = None
        elif self._lost is None:
            self._lost = (step, loss)

    def commit(self) -> None:
        """Makes everything that was recorded so far readable by others."""
        if self._is_mine():
            self._write_evaluations()
            self.folder.commit()

    def close(self, error: Optional[BaseException] = None) -> None:
        """Ends the run: complete, diverged where its last losses are not finite, interrupted after an `error`. A second call
        does nothing."""
        if self.folder.finished or not self._is_mine():
            return
        _RUNS.discard(self)
        if not self.folder.started and error is None:
            warn(f"{self.path}: no step was recorded; was a step made between the start and the end of the run?")
        if self.folder.started and self.folder.failed is None:
            self._before_close()
            self._write_evaluations()
        self.folder.finish(self._status(error), elapsed_secs=round(time.monotonic() - self._began, 3))

    def _evicted(self) -> None:
        # A cell of a notebook that is run again takes the folder of the run before.
        self.close(GradfadeError("another run took its folder"))

    def _before_close(self) -> None:
        """For recorders: the last snapshot, and to let go of the network."""

    def _status(self, error: Optional[BaseException]) -> "Dict[str, Any]":
        if self._lost is not None:
            step, loss = self._lost
            return {"state": "diverged", "step": step, "what": f"the loss is {loss}"}
        if error is not None:
            return {"state": "interrupted", "step": self.steps}
        return {"state": "complete"}

    def _flush(self) -> None:
        if self._is_mine():
            self._write_evaluations()
        self.commit()

    def _is_mine(self) -> bool:
        # A forked worker that loads data has a copy of the run, which is the parent's.
        return self._pid == os.getpid()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        self.close(error)

    def __repr__(self) -> str:
        state = "closed" if self.folder.finished else "recording"
        return f"<gradfade run {self.path!r}, {state}, {self.steps} steps>"


def _number(name: str, value: Any) -> Optional[float]:
    """A number of any kind (a tensor of one element too); None stays None."""
    if value is None:
        return None
    try:
        return float(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError):
        raise GradfadeError(f"{name}: one number is expected, not {type(value).__name__} {_short(value)}") from None


def _share(name: str, value: Any) -> Optional[float]:
    number = _number(name, value)
    if number is not None and math.isfinite(number) and not 0.0 <= number <= 1.0:
        raise GradfadeError(
            f"{name}: {number:g} is not a share from 0 to 1" + ("; divide per cent by 100" if 1.0 < number <= 100.0 else "")
        )
    return number


def _short(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"of shape {tuple(shape)}"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


# Held until they are closed: a script need not keep the name of its run.
_RUNS: "set[Run]" = set()


def _unhandled() -> Optional[BaseException]:
    """The exception that ends the program. In an interactive session it is one that was shown and survived."""
    if hasattr(sys, "ps1") or "ipykernel" in sys.modules:
        return None
    return getattr(sys, "last_value", None)


@atexit.register
def _close_all() -> None:
    for run in list(_RUNS):
        run.close(_unhandled())
