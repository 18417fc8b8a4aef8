"""The same training by `gradfade train` and by PyTorch under `watch`: the records agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch_tools import column, is_missing, meta, run_binary, strict, watch  # noqa: F401

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402

FUNCTIONS = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "hard-sigmoid": nn.Hardsigmoid,
}
OPTIMIZERS = {
    "sgd": (lambda p, lr, wd: torch.optim.SGD(p, lr=lr, weight_decay=wd), 0.1),
    "momentum": (lambda p, lr, wd: torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=wd), 0.02),
    "nesterov": (lambda p, lr, wd: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True, weight_decay=wd), 0.02),
    "adam": (lambda p, lr, wd: torch.optim.Adam(p, lr=lr, weight_decay=wd), 0.005),
    "adamw": (lambda p, lr, wd: torch.optim.AdamW(p, lr=lr, weight_decay=wd), 0.005),
    "rmsprop": (lambda p, lr, wd: torch.optim.RMSprop(p, lr=lr, weight_decay=wd), 0.002),
    "adagrad": (lambda p, lr, wd: torch.optim.Adagrad(p, lr=lr, weight_decay=wd), 0.02),
}
STEPS, INPUTS, CLASSES = 20, 6, 3
STEP_COLUMNS = [
    "loss",
    "learning_rate",
    "grad_norm",
    "update_norm",
    "driven_norm",
    "decay_norm",
    "param_norm",
    "signal_rms",
    "grad_rms",
]
SNAPSHOT_COLUMNS = [
    "distance_from_init",
    "zero_share",
    "activation_mean",
    "activation_std",
    "saturated_share",
    "dead_share",
    "mean_squared_slope",
]


def table(folder: Path) -> "tuple[np.ndarray, np.ndarray]":
    rng = np.random.default_rng(3)
    x = rng.normal(size=(48, INPUTS)).astype(np.float32)
    y = (np.abs(x[:, 0]) + x[:, 1] > 0.8).astype(int) + (x[:, 2] > 0.5)
    lines = [",".join(f"x{i}" for i in range(INPUTS)) + ",label"]
    lines += [",".join(repr(float(v)) for v in row) + f",c{label}" for row, label in zip(x, y)]
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return x, y


def both(folder: Path, activation: str, optimizer: str, decay: float, precision: str) -> "tuple[Path, Path]":
    """The two records."""
    x, y = table(folder)
    make, rate = OPTIMIZERS[optimizer]
    ours, theirs = folder / "ours", folder / "theirs"
    run_binary(
        "train", "--data", f"csv:{folder / 'table.csv'}", "--test-file", folder / "table.csv", "--widths", "9,7,8",
        "--activation", activation, "--initialisation", "pytorch", "--optimizer", optimizer, "--learning-rate", rate,
        "--weight-decay", decay, "--batch-size", "full", "--steps", STEPS, "--precision", precision, "--snapshots", "log",
        "--eval-every", 0, "--save-weights", "--out", ours, "-q",
    )  # fmt: skip
    dtype = {"f32": torch.float32, "f64": torch.float64}[precision]
    sizes = [INPUTS, 9, 7, 8, CLASSES]
    layers: list = []
    for i in range(4):
        layers += [nn.Linear(sizes[i], sizes[i + 1]), FUNCTIONS[activation]()]
    model = nn.Sequential(*layers[:-1]).to(dtype)
    weights = load_file(ours / "weights-init.safetensors")
    names = [f"layers.{i}.{part}" for i in range(1, 5) for part in ("weight", "bias")]
    with torch.no_grad():
        for parameter, name in zip(model.parameters(), names):
            parameter.copy_(weights[name])
    run = watch(model, make(model.parameters(), rate, decay), theirs)
    order = {label: i for i, label in enumerate(sorted(set(y)))}
    inputs = torch.from_numpy(x).to(dtype)
    labels = torch.tensor([order[v] for v in y])
    for _ in range(STEPS):
        run._optimizers[0].zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), labels)
        run.loss(loss)
        loss.backward()
        run._optimizers[0].step()
    run.close()
    return ours, theirs


def compare(ours: Path, theirs: Path, relative: float) -> None:
    assert column(ours, "step").tolist() == column(theirs, "step").tolist()
    # An update is the difference of stored numbers: of single precision it has the digits that these leave.
    digits = {"f32": 6e-8, "f64": 1e-16}[meta(theirs)["facts"]["precision"]]
    for name in [*STEP_COLUMNS, "batch_accuracy"]:
        a, b = column(ours, name), column(theirs, name)
        assert not is_missing(b).any(), name
        allowed = relative * np.abs(a)
        if name in ("update_norm", "driven_norm", "decay_norm"):
            allowed += digits * column(ours, "param_norm")
            if "adam" in meta(theirs)["facts"]["optimizer"]["name"] and relative > 1e-6:
                allowed *= 10  # a gradient whose digits cancelled is divided by its own size, and counts like any other
        if name == "batch_accuracy":
            allowed = 1e-7  # a float32 in PyTorch
        assert (np.abs(a - b) <= allowed).all(), (name, np.abs(a / b - 1).max())
    steps = column(ours, "snapshot_step")
    assert steps.tolist() == column(theirs, "snapshot_step").tolist()
    for name in SNAPSHOT_COLUMNS:
        # The last snapshot has no forward pass of its own in PyTorch.
        rows = slice(None, -1) if name.startswith(("act", "sat", "dead", "mean")) else slice(None)
        a, b = column(ours, name)[rows], column(theirs, name)[rows]
        # A mean of numbers of both signs is known to the digits of their size.
        scale = np.maximum(np.abs(a), column(ours, "activation_std")[rows]) if name == "activation_mean" else np.abs(a)
        allowed = relative * scale
        if name == "distance_from_init":
            allowed = allowed + digits * np.sqrt(steps[:, None]) * column(ours, "param_norm")[:1]
        assert (np.abs(a - b) <= allowed).all(), (name, a, b)


@pytest.mark.parametrize(
    "activation, precision, relative",
    [(name, "f64", 1e-9) for name in FUNCTIONS]
    + [(name, "f32", 1e-5) for name in ("sigmoid", "relu", "gelu", "silu", "hard-sigmoid")],
)
def test_records_agree_for_every_activation(tmp_path: Path, activation: str, precision: str, relative: float) -> None:
    ours, theirs = both(tmp_path, activation, "sgd", 0.0, precision)
    if (activation, precision) == ("hard-sigmoid", "f64"):
        relative = 2e-7  # PyTorch's sixth is one of single precision
    compare(ours, theirs, relative)
    said = [layer["activation"] for layer in meta(theirs)["layers"]]
    assert said == [activation] * 3 + ["identity"]


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_records_agree_for_every_optimiser(tmp_path: Path, optimizer: str, decay: float) -> None:
    ours, theirs = both(tmp_path, "tanh", optimizer, decay, "f64")
    compare(ours, theirs, 1e-9)
    a, b = meta(ours)["facts"], meta(theirs)["facts"]
    for fact in (
        "learning_rate",
        "weight_decay",
        "classes",
        "batch_size",
        "loss",
        "loss_input",
        "normalisation",
        "precision",
        "dropout",
    ):
        assert a[fact] == b[fact], fact
    assert a["optimizer"]["name"] == b["optimizer"]["name"]


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "adamw"])
def test_records_agree_in_single_precision(tmp_path: Path, optimizer: str) -> None:
    ours, theirs = both(tmp_path, "relu", optimizer, 0.01, "f32")
    compare(ours, theirs, 1e-5)


def test_inputs_are_described_as_by_the_trainer(tmp_path: Path) -> None:
    ours, theirs = both(tmp_path, "relu", "sgd", 0.0, "f32")
    a, b = (meta(folder)["facts"]["inputs"] for folder in (ours, theirs))
    for key in ("min", "max", "mean", "deviation"):
        assert a[key] == pytest.approx(b[key], rel=1e-6, abs=1e-7)
    assert a["standing_out"] == b["standing_out"] == 0
