"""The recorder behind `watch`: from the hooks of optimisers to rows of the run folder.

Nothing is drawn from a random generator, no pass is made a second time, and what is measured is never handed back to
the training. A fault of the recorder ends the recording with a warning.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import nn

from .._folder import Folder, warn
from .._format import METRICS, MISSING, check_facts
from ..run import Run
from . import _activations, _facts, _graph, _norms
from ._flow import Flow
from ._hooks import is_compiled
from ._inputs import Inputs
from ._layers import Layer, Network
from ._parameters import Tracker
from ._row import Raw
from ._step import Step, blank
from ._told import Told


class Watch(Told, Run):
    """A PyTorch training that is being recorded; made by `watch`."""

    def __init__(self, model: nn.Module, optimizers: List[torch.optim.Optimizer], path: Any, **options: Any) -> None:
        self._model = model
        self._optimizers = optimizers
        self._options = options
        self._network = Network(model, optimizers)
        super().__init__(Folder.reserve(path, force=bool(options["force"])))
        self._inputs = Inputs(options["batch_dim"])
        self._flow = Flow(
            model,
            self._network,
            options["per_sample"],
            options["batch_dim"],
            self._inputs.see,
            self._at_output,
            self._at_backward_end,
            [[p for g in o.param_groups for p in g["params"]] for o in optimizers],
            self._fail,
        )
        self._facts: Dict[str, Any] = {}
        self._given = dict(options["facts"] or {})
        self._trackers: List[Tracker] = []
        self._groups = [len(o.param_groups) for o in optimizers]
        self._initial: Dict[int, torch.Tensor] = {}
        self._frozen_versions: Dict[int, int] = {}
        self._frozen_norms: Dict[int, float] = {}
        # Whether gradients are of the kind that needs no look at each of them.
        self._plain_grads: Optional[bool] = None
        self._expected = [1] * len(optimizers)
        # By optimiser: norms of the gradients at the end of the last backward pass.
        self._before: Dict[int, Tuple[List[int], Any, List[Tuple[Any, int]]]] = {}
        self._step: Optional[Step] = None
        self._pending: Optional[Tuple[int, Dict[str, Any]]] = None
        self._snapshot: Dict[str, Any] = {}
        self._functions: Dict[Layer, Any] = {}
        self._evaluations: List[Tuple[int, Dict[str, Any]]] = []
        self._losses: List[Tuple[Any, float]] = []
        self._accuracies: List[Any] = []
        self._targets: List[torch.Tensor] = []
        self._has_loss_facts = False
        self._next_row = 0
        self._next_snapshot = 0
        self._next_sample = 0
        self._clipped = _facts.Clipping()
        self._last_rows: List[int] = []
        self._hooks: List[Any] = []
        for i, one in enumerate(optimizers):
            self._hooks.append(one.register_step_pre_hook(_Caller(self._before_step, i)))
            self._hooks.append(one.register_step_post_hook(_Caller(self._after_step, i)))
        if options["criterion"] is not None:
            self._hooks.append(options["criterion"].register_forward_hook(_Caller(self._criterion, 0)))
        self._schedule()

    def describe(self, **facts: Any) -> None:
        """Adds facts that diagnoses and figures go by, such as `classes=10, train_size=60000` (docs/format.md lists them)."""
        if self._is_late("describe"):
            return
        self._given.update(check_facts(facts))
        if self.folder.started:
            self.folder.update_meta(facts=self._all_facts())

    # When

    def _schedule(self) -> None:
        """Decides about the step that comes next."""
        due = self.steps >= self._next_row
        snapshot = due and self.steps >= self._next_snapshot
        if due:
            every = self._options["every"]
            log = self._options["schedule"] == "log"
            self._next_row = _after(self.steps) if log else (self.steps // every + 1) * every
        if snapshot:
            self._next_snapshot = _after(self.steps)
        sampled = due and self.steps >= self._next_sample
        if sampled:
            # So often that one is among the last twentieth of the rows, which diagnoses judge.
            self._next_sample = max(self.steps + 1, int(np.ceil(self.steps * 1.04)))
        flow = self._flow
        flow.forget()
        flow.listening, flow.snapshot, flow.sampled, flow.began = due, snapshot, sampled, False
        flow.is_usual = (
            due and not snapshot and not sampled and flow.order is None and self._inputs.is_done and self._options["per_sample"] == "auto"
        )
        self._step = Step() if due else None
        self._before = {}

    # The passes

    @torch.no_grad()
    def _at_output(self, tensors: List[torch.Tensor]) -> None:
        """The forward pass of a snapshot: what follows each layer, and its statistics."""
        roots = [t.grad_fn for t in tensors]
        above = _graph.consumers(roots)
        outputs = self._flow.outputs
        layers = {node for _, _, _, node in outputs}
        tops = set(roots)
        seen = set()
        for layer, output, version, node in outputs:
            if layer in seen:
                continue
            seen.add(layer)
            follows = _graph.following(node, above, layers, tops)
            if follows is None:
                continue
            if follows.node is None:
                function = _activations.identity(output) if output._version == version else None
            else:
                h = output if follows.is_direct and output._version == version else None
                function = _activations.read(follows.node, h)
            if function is None:
                continue
            if layer.activation is None:
                layer.activation = _graph.softmax_above(node, above) if follows.node is None else function.name
                layer.activation = layer.activation or function.name
            channels = layer.has_channels_first and follows.is_layout_kept
            self._functions[layer] = _activations.statistics(function, channels)
        for layer in self._flow.projections:
            layer.activation = layer.activation or "identity"
            self._functions.setdefault(layer, torch.tensor([MISSING, MISSING, 0.0, 0.0, 1.0], dtype=torch.float64))
        if self.steps == 0 and "residual" not in self._facts:
            self._facts["residual"] = _graph.has_skips(above)

    @torch.no_grad()
    def _at_backward_end(self, index: int) -> None:
        """Norms of the gradients as the backward pass left them, before they are clipped or unscaled."""
        account = self._flow.accounts[index]
        if self._step is not None and index in self._step.closures:
            account.accepts = False
        if len(account.batches) < self._expected[index]:
            self._before.pop(index, None)
            return
        places = self._network.index
        self._before[index] = self._gradients([places[id(p)] for p in account.parameters])

    def _gradients(self, places: Any) -> Tuple[List[int], Any, List[Tuple[Any, int]]]:
        tensors = self._network.tensors
        found = [(i, tensors[i].parameter.grad) for i in places]
        at = [i for i, grad in found if grad is not None]
        grads = [grad for _, grad in found if grad is not None]
        marks = [(grad, grad._version) for grad in grads]
        if self._plain_grads is None:
            self._plain_grads = _norms.all_plain(grads) and not any(getattr(m, "sparse", False) for m in self._model.modules())
        if self._plain_grads or len({g.device for g in grads}) <= 1:
            return at, _norms.norms(grads, self._plain_grads), marks
        return at, [v for g in grads for v in _norms.norm(g)], marks

    # The step

    @torch.no_grad()
    def _before_step(self, index: int, optimizer: Any, args: Any, kwargs: Any) -> None:
        step = self._step
        if step is None or not self._is_mine():
            return
        try:
            if not self._trackers or self._groups != [len(o.param_groups) for o in self._optimizers]:
                self._groups = [len(o.param_groups) for o in self._optimizers]
                self._trackers = [Tracker(o, self._network.index) for o in self._optimizers]
                if self._options["scaler"] is None:
                    self._options["scaler"] = calling_scaler()
            tracker = self._trackers[index]
            tracker.remember()
            for i, old in tracker.old():
                if i not in self._initial:
                    self._initial[i] = old.clone()
            if self._flow.snapshot:
                self._look_at(step.raw, tracker.old())
            # The first of the arguments is the optimiser itself.
            closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
            if callable(closure):
                step.closures.append(index)
                # What was accumulated before counts, if the closure does not throw it away; its own first pass is the last one.
                self._expected[index] = len(self._flow.accounts[index].batches) + 1
                return
            self._take_gradients(step, index)
        except Exception as error:
            self._fail(error)

    def _take_gradients(self, step: Step, index: int) -> None:
        """Norms before and after whatever was done to the gradients since the backward pass."""
        before = self._before.get(index)
        if before is not None:
            step.raw.put(("before", tuple(before[0])), before[1])
            tensors = self._network.tensors
            if all(
                tensors[i].parameter.grad is grad and grad._version == version for i, (grad, version) in zip(before[0], before[2])
            ):
                return
        at, values, _ = self._gradients(self._trackers[index].at)
        step.raw.put(("after", tuple(at)), values)
        step.is_changed = True

    @torch.no_grad()
    def _look_at(self, raw: Raw, tensors: List[Tuple[int, torch.Tensor]]) -> None:
        """Of a snapshot: how far the parameters are from the start, and how many are zero."""
        at = tuple(i for i, _ in tensors)
        far = [now - self._initial[i] if i in self._initial else torch.zeros_like(now[:0]) for i, now in tensors]
        devices = {t.device for t in far}
        values = _norms.norms(far) if len(devices) == 1 else [v for t in far for v in _norms.norm(t)]
        raw.put(("distance", at), values)
        raw.put(("zero", at), [(now == 0).double().mean() for _, now in tensors])

    @torch.no_grad()
    def _after_step(self, index: int, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self._is_mine() or self.folder.finished:
            return
        is_last = index == len(self._optimizers) - 1
        step = self._step
        try:
            if step is not None and self._trackers:
                self._measure(step, index)
                if is_last and not self._finish(step):
                    self._flow.skipped += 1
                    is_last = False
                    self._step = Step()
        except Exception as error:
            self._fail(error)
        if is_last:
            self.steps += 1
            self._losses, self._accuracies = [], []
            self._schedule()

    def _measure(self, step: Step, index: int) -> None:
        flow, tracker = self._flow, self._trackers[index]
        before = self._before.pop(index, None)
        if index in step.closures and before is not None:
            # The gradients of the first pass, at theta_t.
            step.raw.put(("before", tuple(before[0])), before[1])
        tracker.measure(step.raw)
        step.parts += tracker.by_group
        for i, parameter in zip(tracker.at, tracker.parameters):
            step.has_grad[i] = has = parameter.grad is not None
            if not has:
                step.idle.append(i)
        account = flow.accounts[index]
        step.signals += account.signals
        step.batches = list(account.batches)
        self._expected[index] = max(len(account.batches), 1)
        account.clear()

    def _finish(self, step: Step) -> bool:
        """Makes the row; False where the step was none: a fused optimiser leaves out what overflowed by itself."""
        flow = self._flow
        first = not self.folder.started
        if first:
            if not flow.order:
                flow.order = []
            self._network.settle(flow.order)
            flow.order = None
        scaler = self._options["scaler"]
        if scaler is not None and getattr(scaler, "_scale", None) is not None:
            step.raw.put("scale", scaler._scale)
        for n, (loss, _) in enumerate(self._losses):
            step.raw.put(("loss", n), loss)
        for n, accuracy in enumerate(self._accuracies):
            step.raw.put(("accuracy", n), accuracy)
        for layer, statistics in self._functions.items():
            step.raw.put(("activation", layer.place), statistics)
        for n, signal in enumerate(step.signals):
            # Numbers that are here already need no transfer.
            if isinstance(signal.norm, torch.Tensor):
                step.raw.put(("signal", n), signal.norm)
            if isinstance(signal.samples, torch.Tensor):
                step.raw.put(("samples", n), signal.samples)
        raw = step.raw.fetch()
        frozen = self._frozen(step)
        row = step.row(raw, self._network, self._options, frozen)
        if (
            scaler is not None
            and not np.isfinite(row["grad_norm"][~blank(row["grad_norm"])]).all()
            and not row["update_norm"].any()
        ):
            return False
        self._set_loss(self.steps, row, raw, [d for _, d in self._losses], max(len(step.batches), 1), step.samples)
        self._clipped.see(raw, step, row)
        if first:
            self._start(step)
        if flow.snapshot:
            snapshot = Step.snapshot_of(raw, len(self._network.tensors), self._network, frozen)
            self.folder.append("snapshot", self.steps, snapshot)
        self._functions = {}
        self._flush_pending()
        self._pending = (self.steps, row)
        self._pending_samples = step.samples
        self._last_rows = [self.steps]
        if self._inputs.is_done and "inputs" not in self._facts:
            self._tell_inputs()
        return True

    def _flush_pending(self) -> None:
        if self._pending is None or not self.folder.started:
            return
        step, row = self._pending
        self._pending = None
        self._last_rows = []
        self.note_loss(step, row.get("loss"))
        per_epoch = self._options["steps_per_epoch"]
        if per_epoch:
            row["epoch"] = step / per_epoch
        self.folder.append("step", step, {key: value for key, value in row.items() if key in METRICS})

    def commit(self) -> None:
        if self._is_mine() and not self.folder.finished:
            self.folder.commit()

    def _frozen(self, step: Step) -> Dict[int, float]:
        """Norms of the tensors that no optimiser has; they change only when somebody else changes them."""
        for i, tensor in enumerate(self._network.tensors):
            if i in step.has_grad:
                continue
            version = tensor.parameter._version
            if self._frozen_versions.get(i) != version:
                self._frozen_versions[i] = version
                self._frozen_norms[i] = float(_norms.norm(tensor.parameter.detach())[0])
        return {i: v for i, v in self._frozen_norms.items() if i not in step.has_grad}

    # The record

    def _start(self, step: Step) -> None:
        options, network = self._options, self._network
        self._facts = {**_facts.of(self._model, self._optimizers, network, options), **self._facts}
        if step.samples:
            self._facts["batch_size"] = step.samples
        unseen = _facts.unseen(network, step, is_compiled(self._model), self._flow.recomputed)
        meta: Dict[str, Any] = {
            "source": {"tool": "pytorch", "version": str(torch.__version__)},
            "run": options["name"] or os.path.basename(os.path.abspath(self.path)),
            "layers": [layer.described() for layer in network.layers],
            "tensors": [t.described() for t in network.tensors],
            "facts": self._all_facts(),
            "labels": {**_facts.labels(self._facts, network, unseen), **dict(options["labels"] or {})},
        }
        for key in ("steps_per_epoch", "planned_steps"):
            if options[key]:
                meta[key] = int(options[key])
        self.folder.start(meta)
        if unseen:
            warn(f"{self.path}: {unseen}")
        for at, values in self._evaluations:
            self.folder.append("evaluation", at, values)
        self._evaluations = []

    def _all_facts(self) -> Dict[str, Any]:
        return {**{k: v for k, v in self._facts.items() if v is not None}, **self._given}

    def _tell_inputs(self) -> None:
        self._facts["inputs"] = self._inputs.fact()
        if self.folder.started:
            self.folder.update_meta(facts=self._all_facts())

    @torch.no_grad()
    def _before_close(self) -> None:
        self._let_go()
        try:
            self._flush_pending()
            last = self._trackers and self._initial
            if last:
                raw = Raw()
                self._look_at(raw, [(i, self._network.tensors[i].parameter.detach()) for i in sorted(self._initial)])
                values = Step.snapshot_of(raw.fetch(), len(self._network.tensors), self._network, {})
                self.folder.append("snapshot", self.steps, values)
            self._facts.update(_facts.of_targets(self._targets, self._facts))
            if "inputs" not in self._facts:
                self._facts["inputs"] = self._inputs.fact()
            self._facts.update({k: v for k, v in self._clipped.facts().items() if k not in self._facts})
            labels = dict(self.folder.meta.get("labels") or {})
            if self._flow.skipped:
                labels["skipped_steps"] = self._flow.skipped
            labels.update(self._clipped.labels())
            self.folder.update_meta(facts=self._all_facts(), labels=labels)
        except Exception as error:
            self._fail(error)

    def _status(self, error: Optional[BaseException]) -> Dict[str, Any]:
        status = super()._status(error)
        self._let_go()
        return status

    def _let_go(self) -> None:
        self._flow.detach()
        for handle in self._hooks:
            handle.remove()
        self._hooks = []

    def _fail(self, error: BaseException) -> None:
        """A fault of the recorder stops the recording, and never the training."""
        self._flow.listening = False
        self._step = None
        self._next_row = 1 << 62
        if self.folder.failed is None:
            what = (str(error) or type(error).__name__).splitlines()[0]
            where = f"{self.path}: the recording stopped at step {self.steps}"
            warn(f"{where} ({type(error).__name__}: {what}); the training goes on")
            self.folder.failed = what


class _Caller:
    """A hook of an optimiser, which a copy of it does not take along."""

    def __init__(self, call: Callable[..., None], index: int) -> None:
        self.call, self.index = call, index

    def __call__(self, *args: Any) -> None:
        self.call(self.index, *args)

    def __deepcopy__(self, memo: Any) -> Callable[..., None]:
        return _ignore

    def __reduce__(self) -> Any:
        return _ignored, ()


def _ignore(*_: Any, **__: Any) -> None:
    """What is left of a hook in a copied optimiser."""


def _ignored() -> Callable[..., None]:
    return _ignore


def calling_scaler() -> Optional[Any]:
    """The GradScaler that makes the step which is being made, for those who did not name theirs."""
    frame: Any = sys._getframe(1)
    for _ in range(16):
        if frame is None:
            return None
        if frame.f_code.co_name == "_maybe_opt_step":
            return frame.f_locals.get("self")
        frame = frame.f_back
    return None


def _after(step: int) -> int:
    """The step after `step` on a schedule of about 20 steps for each factor of 10."""
    return max(step + 1, int(np.ceil(step * 1.122)))
