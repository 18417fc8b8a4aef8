"""Every way of training that a loop may have: the recorder changes nothing, and says what was done."""

from __future__ import annotations

import copy
import io
import math
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from torch_tools import column, is_missing, loops, meta, strict, watch  # noqa: F401

torch = pytest.importorskip("torch")

import gradfade  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402


def mlp(dropout: float = 0.0, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Dropout(dropout), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)
    )  # fmt: skip


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.2, batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.encoder(x).mean(1))


def data(shape: Any = (12, 6), seed: int = 1) -> Any:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator), torch.randint(0, 3, shape[:1], generator=generator)


NETWORKS = {
    "dropout": (lambda: mlp(0.4), (12, 6)),
    "convolutions": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.3), nn.Flatten(), nn.Linear(36, 3)
        ),
        (10, 1, 8, 8),
    ),
    "attention": (Block, (6, 5, 8)),
}


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("network", NETWORKS)
def test_weights_are_bit_for_bit_those_of_a_training_that_nobody_watched(tmp_path: Path, network: str, optimizer: str) -> None:
    make, shape = NETWORKS[network]
    x, y = data(shape)
    found: List[Any] = []
    for watched in (False, True):
        torch.manual_seed(7)
        model = make()
        kinds = {"sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), "adamw": lambda p: torch.optim.AdamW(p, lr=1e-2)}
        opt = kinds[optimizer](model.parameters())
        run = watch(model, opt, tmp_path / "run", per_sample=True) if watched else None
        torch.manual_seed(8)
        losses = loops(model, opt, x, y, 100, run)
        if run is not None:
            run.close()
            assert len(column(tmp_path / "run", "step")) == 100
        found.append((losses, [p.detach().clone() for p in model.state_dict().values()], torch.rand(3)))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(a, b) for a, b in zip(found[0][1], found[1][1]))
    assert torch.equal(found[0][2], found[1][2])  # nothing was drawn


@pytest.mark.parametrize("accumulation", ["mean", "sum"])
def test_accumulated_batches_are_one_step_of_all_their_samples(tmp_path: Path, accumulation: str) -> None:
    x, y = data((12, 6))
    whole, parts = mlp(), mlp()
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (whole, parts)]
    runs = [
        watch(whole, optimizers[0], tmp_path / "whole"),
        watch(parts, optimizers[1], tmp_path / "parts", accumulation=accumulation),
    ]
    loops(whole, optimizers[0], x, y, 3, runs[0])
    for _ in range(3):
        optimizers[1].zero_grad()
        for i in range(3):
            loss = nn.functional.cross_entropy(parts(x[4 * i : 4 * i + 4]), y[4 * i : 4 * i + 4])
            if accumulation == "mean":
                loss = loss / 3
            runs[1].loss(loss)
            loss.backward()
        if accumulation == "sum":
            for group in optimizers[1].param_groups:
                group["lr"] = 0.1 / 3
        optimizers[1].step()
    for run in runs:
        run.close()
    for name in ("loss", "batch_accuracy", "grad_norm", "update_norm", "driven_norm", "signal_rms", "grad_rms"):
        a, b = column(tmp_path / "whole", name), column(tmp_path / "parts", name)
        assert np.allclose(a, b, rtol=1e-4), (name, a, b)
    assert meta(tmp_path / "parts")["facts"]["batch_size"] == 12


@pytest.mark.parametrize("how", ["norm", "value"])
def test_gradients_are_recorded_before_they_are_clipped(tmp_path: Path, how: str) -> None:
    x, y = data()
    model = mlp()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    before, after = [], []
    for _ in range(4):
        opt.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        before.append([float(p.grad.norm()) for p in model.parameters()])
        if how == "norm":
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        else:
            nn.utils.clip_grad_value_(model.parameters(), 0.01)
        after.append([float(p.grad.norm()) for p in model.parameters()])
        opt.step()
    run.close()
    assert np.allclose(column(tmp_path / "run", "grad_norm"), before, rtol=1e-5)
    assert np.allclose(column(tmp_path / "run", "driven_norm"), 0.1 * np.array(after), rtol=1e-5)
    assert meta(tmp_path / "run")["labels"]["clipped_steps"] == 4
    facts = meta(tmp_path / "run")["facts"]
    assert facts.get("clip_norm") == (pytest.approx(0.1, rel=1e-4) if how == "norm" else None)


@pytest.mark.parametrize("told", [True, False])
def test_a_scaler_s_scale_is_taken_out_and_its_skipped_steps_are_counted(tmp_path: Path, told: bool) -> None:
    x, y = data()
    plain, scaled = mlp(), mlp()
    folders = [tmp_path / "plain", tmp_path / "scaled"]
    opts = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (plain, scaled)]
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12, growth_interval=3)
    runs = [watch(plain, opts[0], folders[0]), watch(scaled, opts[1], folders[1], scaler=scaler if told else None)]
    loops(plain, opts[0], x, y, 6, runs[0])
    for i in range(8):
        opts[1].zero_grad()
        loss = nn.functional.cross_entropy(scaled(x), y)
        # Twice the loss overflows, and the scaler throws the step away.
        scaler.scale(loss * (math.inf if i in (2, 5) else 1)).backward()
        if i % 2:
            scaler.unscale_(opts[1])
        scaler.step(opts[1])
        scaler.update()
    for run in runs:
        run.close()
    assert column(folders[1], "step").tolist() == list(range(6))
    for name in ("grad_norm", "update_norm", "driven_norm") + (("signal_rms", "grad_rms") if told else ()):
        assert np.allclose(column(folders[0], name), column(folders[1], name), rtol=1e-4), name
    assert meta(folders[1])["labels"]["skipped_steps"] == 2
    assert "clipped_steps" not in meta(folders[1])["labels"]


def test_autocast_in_bfloat16_is_recorded(tmp_path: Path) -> None:
    x, y = data()
    plain, half = mlp(), mlp()
    opts = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (plain, half)]
    runs = [watch(plain, opts[0], tmp_path / "plain"), watch(half, opts[1], tmp_path / "half")]
    loops(plain, opts[0], x, y, 3, runs[0])
    for _ in range(3):
        opts[1].zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = nn.functional.cross_entropy(half(x), y)
        runs[1].loss(loss)
        loss.backward()
        opts[1].step()
    for run in runs:
        run.close()
    for name in ("loss", "grad_norm", "signal_rms", "grad_rms", "activation_std"):
        a, b = column(tmp_path / "plain", name), column(tmp_path / "half", name)
        known = ~is_missing(a)
        assert (known == ~is_missing(b)).all()
        assert np.allclose(a[known], b[known], rtol=0.05), name


def test_each_of_several_optimisers_has_its_tensors_and_their_rates(tmp_path: Path) -> None:
    x, y = data()
    model = mlp()
    layers = list(model.children())
    one = torch.optim.SGD(layers[0].parameters(), lr=0.1)
    two = torch.optim.Adam([{"params": layers[3].parameters()}, {"params": layers[5].parameters(), "lr": 0.02}], lr=0.01)
    run = watch(model, [one, two], tmp_path / "run")
    for _ in range(5):
        one.zero_grad(), two.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        one.step()
        two.step()
        run.loss(loss)
    run.close()
    update = column(tmp_path / "run", "update_norm")
    assert update.shape == (5, 6) and (update > 0).all()
    assert np.allclose(
        update[0], [0.1 * g for g in column(tmp_path / "run", "grad_norm")[0][:2]] + list(update[0][2:]), rtol=1e-4
    )
    assert (column(tmp_path / "run", "signal_rms") > 0).all()
    assert len(column(tmp_path / "run", "loss")) == 5


def test_a_generator_and_its_critic_keep_their_passes_apart(tmp_path: Path) -> None:
    torch.manual_seed(0)
    nets = nn.ModuleDict({"maker": nn.Sequential(nn.Linear(4, 6)), "critic": nn.Sequential(nn.Linear(6, 1))})
    real, noise = torch.randn(9, 6), torch.randn(9, 4)
    opts = [torch.optim.SGD(nets[k].parameters(), lr=0.05) for k in ("critic", "maker")]
    run = watch(nets, opts, tmp_path / "run")
    norms = []
    for _ in range(3):
        opts[0].zero_grad()
        (nets["critic"](nets["maker"](noise).detach()).mean() - nets["critic"](real).mean()).backward()
        mine = [p.grad.norm().item() for p in nets["critic"].parameters()]
        opts[0].step()
        opts[1].zero_grad()
        (-nets["critic"](nets["maker"](noise)).mean()).backward()
        norms.append([p.grad.norm().item() for p in nets["maker"].parameters()] + mine)
        opts[1].step()
    run.close()
    names = [t["name"] for t in meta(tmp_path / "run")["tensors"]]
    order = [names.index(n) for n in ("maker.0.weight", "maker.0.bias", "critic.0.weight", "critic.0.bias")]
    assert np.allclose(column(tmp_path / "run", "grad_norm")[:, order], norms, rtol=1e-5)


def test_frozen_tensors_stand_still_and_tensors_without_a_gradient_have_none(tmp_path: Path) -> None:
    x, y = data()

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.frozen, self.used, self.idle = nn.Linear(6, 8), nn.Linear(8, 3), nn.Linear(8, 3)
            self.frozen.requires_grad_(False)

        def forward(self, x: Any) -> Any:
            return self.used(torch.tanh(self.frozen(x)))

    model = Two()
    opt = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    loops(model, opt, x, y, 3, run)
    run.close()
    names = [t["name"].split(".")[0] for t in meta(tmp_path / "run")["tensors"]]
    grad, update, norm = (column(tmp_path / "run", f"{n}_norm")[2] for n in ("grad", "update", "param"))
    for name, g, u, p in zip(names, grad, update, norm):
        assert is_missing(g) == (name != "used"), name
        assert (u > 0) == (name == "used") and p > 0
    assert [layer["name"] for layer in meta(tmp_path / "run")["layers"]][:1] == ["frozen"]


def test_a_shared_tensor_is_recorded_once(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.head = nn.Embedding(5, 4), nn.Linear(4, 5, bias=False)
            self.head.weight = self.tokens.weight

        def forward(self, x: Any) -> Any:
            return self.head(torch.tanh(self.tokens(x))).mean(1)

    model = Tied()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    loops(model, opt, torch.randint(0, 5, (6, 3)), torch.randint(0, 5, (6,)), 2, run)
    run.close()
    assert [t["name"] for t in meta(tmp_path / "run")["tensors"]] == ["tokens.weight"]
    assert meta(tmp_path / "run")["labels"]["shared_tensors"] == "head.weight"


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_parts_are_trained_as_before_and_their_signals_seen(tmp_path: Path, reentrant: bool) -> None:
    class Checkpointed(nn.Module):
        def __init__(self, is_on: bool) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.is_on = is_on
            self.first, self.body, self.head = (
                nn.Linear(6, 8),
                nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.3), nn.Tanh()),
                nn.Linear(8, 3),
            )

        def forward(self, x: Any) -> Any:
            x = torch.tanh(self.first(x))
            x = checkpoint(self.body, x, use_reentrant=reentrant) if self.is_on else self.body(x)
            return self.head(x)

    x, y = data()
    found = []
    for is_on in (False, True):
        model = Checkpointed(is_on)
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, opt, tmp_path / f"run{is_on}")
        torch.manual_seed(3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(loops(model, opt, x, y, 4, run))
        run.close()
    assert found[0] == found[1]
    a, b = (column(tmp_path / f"run{is_on}", "signal_rms") for is_on in (False, True))
    assert np.allclose(a, b, rtol=1e-6)


def test_a_compiled_network_is_recorded_by_its_tensors(tmp_path: Path) -> None:
    x, y = data()
    model = mlp()
    compiled = torch.compile(model, backend="eager")
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.warns(gradfade.GradfadeWarning, match="compiled"):
        run = watch(compiled, opt, tmp_path / "run")
        loops(compiled, opt, x, y, 3, run)
    run.close()
    assert (column(tmp_path / "run", "grad_norm") > 0).all()
    assert not (tmp_path / "run" / "signal_rms.npy").exists()
    assert "compiled" in meta(tmp_path / "run")["labels"]["not_seen"]
    assert [t["name"] for t in meta(tmp_path / "run")["tensors"]][0] == "0.weight"


def test_compiling_a_network_that_is_watched_does_not_break_it(tmp_path: Path) -> None:
    x, y = data()
    model = mlp()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = loops(compiled, opt, x, y, 3, run)
    run.close()
    plain = mlp()
    assert found == pytest.approx(loops(plain, torch.optim.SGD(plain.parameters(), lr=0.1), x, y, 3), rel=1e-6)
    assert (column(tmp_path / "run", "grad_norm") > 0).all()


@pytest.mark.parametrize("make", [lambda p: torch.optim.LBFGS(p, max_iter=4), lambda p: torch.optim.SGD(p, lr=0.1)])
def test_an_optimiser_that_calls_a_closure_is_recorded_at_the_first_call(tmp_path: Path, make: Any) -> None:
    x, y = data()
    model = mlp()
    opt = make(model.parameters())
    run = watch(model, opt, tmp_path / "run")

    def closure() -> Any:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    losses, grads = [], []
    for _ in range(3):
        loss = nn.functional.cross_entropy(model(x), y)
        losses.append(float(loss))
        grads.append([float(g.norm()) for g in torch.autograd.grad(loss, list(model.parameters()))])
        run.loss(opt.step(closure))
    run.close()
    assert np.allclose(column(tmp_path / "run", "loss"), losses, rtol=1e-6)
    assert np.allclose(column(tmp_path / "run", "grad_norm"), grads, rtol=1e-5)
    assert (column(tmp_path / "run", "signal_rms") > 0).all()


def test_passes_that_do_not_train_leave_no_trace(tmp_path: Path) -> None:
    x, y = data()
    found = []
    for extra in (False, True):
        model = mlp()
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, opt, tmp_path / f"run{extra}")
        for _ in range(3):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            if extra:
                model(2 * x)  # with a graph, and thrown away
                with torch.no_grad():
                    model(3 * x)
                inputs = x.clone().requires_grad_()
                torch.autograd.grad(model(inputs).sum(), inputs)
            loss.backward()
            opt.step()
            run.loss(loss)
        run.close()
        found.append(
            {n: column(tmp_path / f"run{extra}", n) for n in ("loss", "signal_rms", "grad_rms", "grad_norm", "activation_mean")}
        )
    for name, values in found[0].items():
        assert np.array_equal(values, found[1][name], equal_nan=True), name


def test_copies_and_pickles_of_a_watched_network_are_not_watched(tmp_path: Path) -> None:
    x, y = data()
    model = mlp()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    twin = copy.deepcopy(model)
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=False)
    for other in (twin, loaded):
        nn.functional.cross_entropy(other(5 * x), y).backward()
    loops(model, opt, x, y, 2, run)
    run.close()
    fresh = mlp()
    run = watch(fresh, torch.optim.SGD(fresh.parameters(), lr=0.1), tmp_path / "again")
    loops(fresh, run._optimizers[0], x, y, 2, run)
    run.close()
    assert np.array_equal(column(tmp_path / "run", "signal_rms"), column(tmp_path / "again", "signal_rms"))


def test_every_nth_and_ever_rarer_steps(tmp_path: Path) -> None:
    x, y = data()
    for name, options, want in (
        ("every", {"every": 4}, [0, 4, 8, 12, 16]),
        ("log", {"schedule": "log"}, [*range(9 + 1), *[s for s in (12, 14, 16, 18) if s < 18]]),
    ):
        model = mlp()
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, opt, tmp_path / name, **options)
        losses = loops(model, opt, x, y, 18, run)
        run.close()
        steps = column(tmp_path / name, "step").tolist()
        if name == "every":
            assert steps == want
        else:
            assert steps[:10] == list(range(10)) and len(steps) < 18
        assert np.allclose(column(tmp_path / name, "loss"), [losses[s] for s in steps], rtol=1e-6)
        assert column(tmp_path / name, "snapshot_step").tolist()[-1] == 18


def test_a_loss_may_be_told_before_and_after_the_step_or_by_its_criterion(tmp_path: Path) -> None:
    x, y = data()
    found = []
    for how in ("before", "between", "after", "criterion"):
        model, criterion = mlp(), nn.CrossEntropyLoss()
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, opt, tmp_path / how, criterion=criterion if how == "criterion" else None)
        for _ in range(3):
            opt.zero_grad()
            loss = criterion(model(x), y)
            if how == "before":
                run.loss(loss)
            loss.backward()
            if how == "between":
                run.loss(loss.item())
            opt.step()
            if how == "after":
                run.loss(loss, accuracy=0.5)
        run.close()
        found.append(column(tmp_path / how, "loss"))
    assert all(np.allclose(found[0], other, rtol=1e-6) for other in found[1:])
    assert column(tmp_path / "after", "batch_accuracy").tolist() == [0.5] * 3
    facts = meta(tmp_path / "criterion")["facts"]
    assert (facts["loss"], facts["loss_input"], facts["classes"], facts["task"]) == (
        "cross-entropy",
        "logits",
        3,
        "classification",
    )


def test_a_softmax_before_a_loss_that_takes_logits_is_told(tmp_path: Path) -> None:
    x, y = data()
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1))
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    loops(model, opt, x, y, 2, run)
    run.close()
    assert meta(tmp_path / "run")["layers"][-1]["activation"] == "softmax"
    assert meta(tmp_path / "run")["facts"]["loss_input"] == "logits"


def test_evaluations_and_facts_may_come_before_the_first_step(tmp_path: Path) -> None:
    x, y = data()
    model = mlp()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, opt, tmp_path / "run", facts={"train_size": 12}) as run:
        run.evaluation(train_loss=1.1, train_accuracy=0.3)
        run.describe(data="made up")
        loops(model, opt, x, y, 5, run)
        run.evaluation(train_loss=0.9, test_accuracy=0.4)
    assert column(tmp_path / "run", "eval_step").tolist() == [0, 5]
    assert column(tmp_path / "run", "train_loss").tolist() == [1.1, 0.9]
    facts = meta(tmp_path / "run")["facts"]
    assert facts["train_size"] == 12 and facts["data"] == "made up"
    assert meta(tmp_path / "run")["status"] == {"state": "complete"}


def test_inputs_are_described_as_the_first_layer_gets_them(tmp_path: Path) -> None:
    class Scaling(nn.Module):
        def __init__(self, norm: bool) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(6) if norm else None
            self.one = nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            return self.one(self.norm(x) if self.norm is not None else x / 255)

    x, y = data((50, 6))
    for norm in (False, True):
        model = Scaling(norm)
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, opt, tmp_path / f"run{norm}")
        loops(model, opt, 255 * x, y, 3, run)
        run.close()
        inputs = meta(tmp_path / f"run{norm}")["facts"]["inputs"]
        assert inputs["deviation"] == pytest.approx(1.0, rel=0.1)
        assert inputs["standing_out"] == 0


def test_wrappers_for_several_devices_keep_the_names_of_layers(tmp_path: Path) -> None:
    x, y = data()
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        found = []
        for name, wrap in (
            ("plain", lambda m: m),
            ("several", nn.DataParallel),
            ("distributed", nn.parallel.DistributedDataParallel),
        ):
            model = wrap(mlp())
            opt = torch.optim.SGD(model.parameters(), lr=0.1)
            run = watch(model, opt, tmp_path / name)
            loops(model, opt, x, y, 3, run)
            run.close()
            found.append(([t["name"] for t in meta(tmp_path / name)["tensors"]], column(tmp_path / name, "signal_rms")))
    finally:
        torch.distributed.destroy_process_group()
    for names, signals in found[1:]:
        assert names == found[0][0]
        assert np.allclose(signals, found[0][1], rtol=1e-6)


@pytest.mark.parametrize("how", ["a dictionary", "by name", "one sample"])
def test_a_batch_may_be_given_in_any_way(tmp_path: Path, how: str) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 3)

        def forward(self, batch: Any = None, x: Any = None) -> Any:
            x = batch["x"] if batch is not None else x
            return {"logits": self.two(torch.relu(self.one(x)))}

    x, y = data()
    if how == "one sample":
        x, y = x[0], y[0]
    model = Named()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)

    class Wrapper:
        optimizer = opt

    run = watch(model, Wrapper(), tmp_path / "run")
    for _ in range(3):
        opt.zero_grad()
        output = model({"x": x}) if how == "a dictionary" else model(x=x)
        loss = nn.functional.cross_entropy(output["logits"], y)
        run.loss(loss)
        loss.backward()
        opt.step()
    run.close()
    assert np.isfinite(column(tmp_path / "run", "loss")).all()
    assert np.isfinite(column(tmp_path / "run", "signal_rms")).all()
    if how != "one sample":
        assert meta(tmp_path / "run")["facts"]["batch_size"] == 12
        assert [layer["activation"] for layer in meta(tmp_path / "run")["layers"]] == ["relu", "identity"]


def test_a_recurrent_network_is_recorded(tmp_path: Path) -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.head = nn.LSTM(4, 5, num_layers=2, batch_first=True), nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            return self.head(self.rnn(x)[0][:, -1])

    model = Recurrent()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = data((6, 7, 4))
    with pytest.warns(gradfade.GradfadeWarning, match="rnn.l0"):
        run = watch(model, opt, tmp_path / "run")
        loops(model, opt, x, y, 2, run)
    run.close()
    assert [layer["name"] for layer in meta(tmp_path / "run")["layers"]] == ["rnn.l0", "rnn.l1", "head"]
    assert is_missing(column(tmp_path / "run", "signal_rms")).tolist() == [[True, False, False]] * 2


KILLED = """
import sys, torch
from torch import nn
import gradfade
model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
run = gradfade.watch(model, opt, sys.argv[1])
x, y = torch.randn(12, 6), torch.randint(0, 3, (12,))
for i in range(10**9):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    run.loss(loss)
    loss.backward()
    opt.step()
    if i == 50:
        run.commit()
        print("go", flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_kill_leaves_what_was_committed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None and process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    steps = column(folder, "step")
    assert len(steps) >= 50 and steps.tolist() == list(range(len(steps)))
    assert len(column(folder, "grad_norm")) >= len(steps) and len(column(folder, "loss")) >= len(steps)
    assert meta(folder)["status"] == {"state": "running"}


def test_a_fault_of_the_recorder_is_one_warning_and_the_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    x, y = data()
    model = mlp()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, opt, tmp_path / "run")
    losses = loops(model, opt, x, y, 3, run)
    monkeypatch.setattr(run, "_finish", lambda step: 1 / 0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        losses += loops(model, opt, x, y, 3, run)
        run.close()
    assert len([w for w in said if "recording stopped at step 3" in str(w.message)]) == 1
    plain = mlp()
    assert losses == loops(plain, torch.optim.SGD(plain.parameters(), lr=0.1), x, y, 6)


def test_mistakes_are_told_in_one_line(tmp_path: Path) -> None:
    model = mlp()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    other = torch.optim.SGD(mlp().parameters(), lr=0.1)
    for call, words in (
        (lambda: watch([1], opt, tmp_path / "a"), "not a torch.nn.Module"),
        (lambda: watch(model, 3, tmp_path / "a"), "not a torch.optim.Optimizer"),
        (lambda: watch(model, other, tmp_path / "a"), "none of the model's parameters"),
        (lambda: watch(model, opt, tmp_path / "a", reduction="max"), "reduction"),
        (lambda: watch(model, opt, tmp_path / "a", every=0), "every"),
    ):
        with pytest.raises(gradfade.GradfadeError, match=words) as error:
            call()
        assert "\n" not in str(error.value)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    with pytest.raises(gradfade.GradfadeError, match="not empty"):
        watch(model, opt, tmp_path / "full")
    assert not (tmp_path / "a").exists()
    run = watch(model, opt, tmp_path / "run")
    with pytest.raises(gradfade.GradfadeError, match="one number"):
        run.loss(torch.ones(3))
    run.close()
