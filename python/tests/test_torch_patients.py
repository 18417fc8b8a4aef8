"""Known patients in PyTorch are told what they have, and none of their healthy twins is accused."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest
from patients.networks import PATIENTS, Patient
from torch_tools import binary, strict, watch  # noqa: F401

torch = pytest.importorskip("torch")


def record(patient: Patient, folder: Path, evaluated: bool) -> None:
    torch.manual_seed(3)
    model = patient.model()
    x, y = patient.data()
    cut = 5 * len(x) // 6
    optimizer = patient.optimizer(model.parameters())
    run = watch(model, optimizer, folder)
    draw = torch.Generator().manual_seed(5)
    for _ in range(patient.steps):
        some = torch.randint(0, cut, (50,), generator=draw)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x[some]), y[some])
        run.loss(loss)
        loss.backward()
        optimizer.step()
    if evaluated:
        model.eval()
        with torch.no_grad():
            right = (model(x).argmax(1) == y).double()
        run.evaluation(train_accuracy=right[:cut].mean(), test_accuracy=right[cut:].mean())
    run.close()


def judged(folder: Path) -> Dict[str, Any]:
    done = subprocess.run([binary(), "diagnose", str(folder), "--json"], capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["runs"][0]


@pytest.mark.parametrize("name", [name for name, patient in PATIENTS.items() if patient.cause])
def test_a_patient_is_told_the_cause(tmp_path: Path, name: str) -> None:
    patient = PATIENTS[name]
    record(patient, tmp_path / "run", False)
    verdict = judged(tmp_path / "run")
    assert verdict["cause"] in patient.cause


@pytest.mark.parametrize("name", [name for name, patient in PATIENTS.items() if not patient.cause])
def test_a_healthy_twin_is_not_accused(tmp_path: Path, name: str) -> None:
    record(PATIENTS[name], tmp_path / "run", True)
    # The same record without the evaluation: what two lines in a script give.
    kept = shutil.ignore_patterns("eval_*", "test_*", "train_*")
    shutil.copytree(tmp_path / "run", tmp_path / "bare", ignore=kept)
    for folder, conclusion in (("run", "healthy"), ("bare", "undecided")):
        verdict = judged(tmp_path / folder)
        assert verdict["cause"] is None
        assert verdict["training"]["state"] == "good"
        assert verdict["conclusion"] == conclusion
