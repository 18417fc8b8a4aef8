"""The Lightning callback, with the real Lightning, against the same training by hand."""

import importlib.util
import json

import numpy as np
import pytest

if importlib.util.find_spec("lightning") is None:
    pytest.skip("Lightning is not installed", allow_module_level=True)

import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import gradfade
from gradfade.lightning import GradfadeCallback

torch.manual_seed(0)
X, Y = torch.randn(96, 6), torch.randint(3, (96,))


class Module(L.LightningModule):
    def __init__(self, fail_at=None, dropout=0.0):
        super().__init__()
        torch.manual_seed(1)
        self.net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3))
        self.fail_at = fail_at

    def training_step(self, batch, index):
        if index == self.fail_at:
            raise RuntimeError("out of luck")
        x, y = batch
        return nn.functional.cross_entropy(self.net(x), y)

    def validation_step(self, batch, index):
        x, y = batch
        scores = self.net(x)
        self.log("val_loss", nn.functional.cross_entropy(scores, y))
        self.log("val_acc", (scores.argmax(1) == y).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Parts(Module):
    """Its parts are called one by one, and its `forward` never."""

    def __init__(self):
        super().__init__()
        self.below, self.above = self.net[:2], self.net[2:]
        self.net = None

    def training_step(self, batch, index):
        return nn.functional.cross_entropy(self.above(self.below(batch[0])), batch[1])

    def validation_step(self, batch, index):
        self.log("val_loss", self.training_step(batch, index))
        self.log("val_acc", 0.5)


def fit(tmp_path, module, callbacks, **options):
    train, valid = DataLoader(TensorDataset(X, Y), 16), DataLoader(TensorDataset(X[:40], Y[:40]), 40)
    trainer = L.Trainer(
        max_epochs=2, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path, callbacks=callbacks, **options,
    )  # fmt: skip
    torch.manual_seed(2)
    trainer.fit(module, train, valid)
    return module


def by_hand(accumulate=1):
    """Loss, accuracy and gradient norms of each update of the same training in plain PyTorch."""
    net = Module().net
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses, right, norms = [], [], []
    for _ in range(2):
        for start in range(0, 96, 16 * accumulate):
            x, y = X[start : start + 16 * accumulate], Y[start : start + 16 * accumulate]
            optimizer.zero_grad()
            scores = net(x)
            loss = nn.functional.cross_entropy(scores, y)
            loss.backward()
            losses.append(loss.item())
            right.append((scores.argmax(1) == y).float().mean().item())
            norms.append([p.grad.double().norm().item() for p in net.parameters()])
            optimizer.step()
    return losses, right, norms


@pytest.mark.parametrize("module", [Module, Parts])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_every_update_is_recorded_as_it_was(tmp_path, accumulate, module):
    callback = GradfadeCallback(tmp_path / "run", facts={"train_size": 96})
    fit(tmp_path, module(), [callback], accumulate_grad_batches=accumulate)
    run = gradfade.open(tmp_path / "run")
    losses, right, norms = by_hand(accumulate)
    np.testing.assert_allclose(run["loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(run["batch_accuracy"], right, atol=1e-6)
    np.testing.assert_allclose(run["grad_norm"], norms, rtol=1e-5)
    per_epoch = 6 // accumulate
    meta = run.meta
    assert meta["status"] == {"state": "complete"}
    assert (meta["planned_steps"], meta["steps_per_epoch"]) == (2 * per_epoch, per_epoch)
    assert run["eval_step"].tolist() == [per_epoch, 2 * per_epoch] and run["eval_epoch"].tolist() == [1, 2]
    assert np.isfinite(run["validation_loss"]).all() and np.isfinite(run["validation_accuracy"]).all()
    assert meta["facts"]["loss"] == "cross-entropy" and meta["facts"]["classes"] == 3 and meta["facts"]["train_size"] == 96
    assert (run["signal_rms"] > 0).all()


def test_the_training_is_bit_for_bit_the_same(tmp_path):
    watched = fit(tmp_path, Module(dropout=0.4), [GradfadeCallback(tmp_path / "run")])
    plain = fit(tmp_path, Module(dropout=0.4), [])
    for a, b in zip(watched.parameters(), plain.parameters()):
        assert torch.equal(a, b)


def test_a_training_that_fails_is_interrupted(tmp_path):
    callback = GradfadeCallback(tmp_path / "run")
    with pytest.raises(RuntimeError, match="out of luck"):
        fit(tmp_path, Module(fail_at=4), [callback])
    assert json.loads((tmp_path / "run" / "meta.json").read_text())["status"] == {"state": "interrupted", "step": 4}


def test_its_run_is_diagnosed(tmp_path, program):
    callback = GradfadeCallback(tmp_path / "run")
    fit(tmp_path, Module(), [callback])
    assert callback.run.diagnose(quiet=True)["training"]["accuracy"] is not None
