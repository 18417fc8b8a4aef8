"""Signals and single samples' gradients of other layers, against per-sample gradients of torch.func."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from torch_tools import column, is_missing, meta, strict, watch  # noqa: F401

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.func import functional_call, grad, vmap  # noqa: E402


def witness(model: nn.Module, x: Any, y: Any) -> Dict[str, float]:
    """By tensor, the root mean square over the samples of the norm of its gradient."""
    parameters = {k: v.detach() for k, v in model.named_parameters()}

    def loss(p: Any, one: Any, label: Any) -> Any:
        return nn.functional.cross_entropy(functional_call(model, p, (one[None],)), label[None])

    grads = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    return {k: float(g.flatten(1).square().sum(1).mean().sqrt()) for k, g in grads.items()}


def signals(model: nn.Module, x: Any, y: Any, modules: Dict[str, nn.Module]) -> Dict[str, float]:
    """By layer, the root mean square of the norm of each sample's own gradient at the layer's output, sample by sample."""
    squares = {name: [] for name in modules}
    for one, label in zip(x, y):
        kept = {}

        def hook(name: str, kept: Any = kept) -> Any:
            def keep(module: Any, args: Any, output: Any) -> None:
                output = output[0] if isinstance(output, tuple) else output
                # Not retain_grad, which follows an operation in place.
                output.register_hook(lambda delta: kept.__setitem__(name, delta))

            return keep

        handles = [m.register_forward_hook(hook(name)) for name, m in modules.items()]
        nn.functional.cross_entropy(model(one[None]), label[None]).backward()
        for handle in handles:
            handle.remove()
        for name, output in kept.items():
            squares[name].append(float(output.square().sum()))
    model.zero_grad()
    return {name: math.sqrt(sum(values) / len(values)) for name, values in squares.items()}


def record(model: nn.Module, x: Any, y: Any, folder: Path, **options: Any) -> "tuple[Dict[str, float], Dict[str, float]]":
    """One step; by layer, what was recorded of signal and samples' gradients."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = watch(model, optimizer, folder, **options)
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    run.close()
    names = [layer["name"] for layer in meta(folder)["layers"]]
    found = []
    for name in ("signal_rms", "grad_rms"):
        values = column(folder, name)[0]
        found.append({n: float(v) for n, v, gone in zip(names, values, is_missing(values)) if not gone})
    return found[0], found[1]


class Net(nn.Module):
    """Convolutions of every kind; activations are functions, one of them in place."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = nn.Conv2d(2, 6, 3, padding=1)
        self.strided = nn.Conv2d(6, 6, (3, 2), stride=2, padding=(1, 0), bias=False)
        self.grouped = nn.Conv2d(6, 9, 3, groups=3, padding="same", dilation=2)
        self.norm = nn.GroupNorm(3, 9)
        self.up = nn.ConvTranspose2d(9, 4, 3, stride=2, padding=1, output_padding=1, groups=1)
        self.line = nn.Conv1d(4, 5, 3)
        self.deep = nn.Conv3d(1, 2, 2)
        self.head = nn.Linear(2 * 4 * 1 * 13, 3)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.plain(x))
        x = torch.nn.functional.gelu(self.strided(x))
        x = torch.relu_(self.norm(self.grouped(x)))
        x = torch.tanh(self.up(x))
        x = self.line(x.mean(2))  # [batch, 5, 6 or so]
        x = torch.nn.functional.pad(x, (0, 14 - x.shape[2]))
        x = self.deep(x[:, None, :, None, :].expand(-1, -1, -1, 2, -1))
        return self.head(x.flatten(1))


def batch(shape: Any, classes: int = 3, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator), torch.randint(0, classes, shape[:1], generator=generator)


def test_convolutions_agree_with_gradients_of_single_samples(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = Net()
    x, y = batch((7, 2, 8, 8))
    want, heard = witness(model, x, y), signals(model, x, y, dict(model.named_children()))
    signal, samples = record(model, x, y, tmp_path / "run")
    for name in ("plain", "strided", "grouped", "up", "line", "deep", "head"):
        assert samples[name] == pytest.approx(want[f"{name}.weight"], rel=1e-5), name
    assert set(signal) == {name for name, _ in model.named_children()}
    for name, value in heard.items():
        assert signal[name] == pytest.approx(value, rel=1e-5), name
    kinds = {layer["name"]: (layer["kind"], layer.get("activation")) for layer in meta(tmp_path / "run")["layers"]}
    assert kinds["plain"] == ("convolution", "relu")
    assert kinds["strided"] == ("convolution", "gelu")
    assert kinds["grouped"] == ("convolution", "relu")
    assert kinds["up"] == ("transposed convolution", "tanh")
    assert kinds["norm"][0] == "group normalisation"
    assert kinds["head"] == ("dense", "identity")


class Block(nn.Module):
    def __init__(self, wide: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(wide)
        self.attention = nn.MultiheadAttention(wide, 2, batch_first=True)
        self.middle = nn.LayerNorm(wide)
        self.up = nn.Linear(wide, 3 * wide)
        self.down = nn.Linear(3 * wide, wide)

    def forward(self, x: Any) -> Any:
        h = self.before(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.down(nn.functional.gelu(self.up(self.middle(x))))


class Transformer(nn.Module):
    def __init__(self, wide: int = 8, words: int = 11, length: int = 5) -> None:
        super().__init__()
        self.tokens = nn.Embedding(words, wide)
        self.places = nn.Parameter(torch.randn(1, length, wide) * 0.1)
        self.blocks = nn.ModuleList(Block(wide) for _ in range(2))
        self.head = nn.Linear(wide, 3)

    def forward(self, x: Any) -> Any:
        h = self.tokens(x) + self.places
        for block in self.blocks:
            h = block(h)
        return self.head(h.mean(1))


def test_a_transformer_agrees_with_gradients_of_single_samples(tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = Transformer()
    x, y = torch.randint(0, 11, (6, 5)), torch.randint(0, 3, (6,))
    want = witness(model, x, y)
    modules = {
        n: m for n, m in model.named_modules() if isinstance(m, (nn.Linear, nn.LayerNorm, nn.Embedding)) and "out_proj" not in n
    }
    modules.update({f"{n}.out_proj": m for n, m in model.named_modules() if isinstance(m, nn.MultiheadAttention)})
    heard = signals(model, x, y, modules)
    signal, samples = record(model, x, y, tmp_path / "run")
    for name in [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and "out_proj" not in n]:
        assert samples[name] == pytest.approx(want[f"{name}.weight"], rel=1e-5), name
    for name, value in heard.items():
        assert signal[name] == pytest.approx(value, rel=1e-5), name
    names = [layer["name"] for layer in meta(tmp_path / "run")["layers"]]
    block = ["before", "attention.in_proj", "attention.out_proj", "middle", "up", "down"]
    order = ["Transformer", "tokens", *[f"blocks.{i}.{n}" for i in (0, 1) for n in block], "head"]
    assert names == order
    # The packed projection is called as a function; the node that multiplies with it tells its signal all the same. A bias's
    # gradient is the sum of its signal over the positions, so of one position it is the signal.
    assert all(f"blocks.{i}.attention.in_proj" in signal for i in (0, 1))
    facts = meta(tmp_path / "run")["facts"]
    assert facts["residual"] is True and facts["normalisation"] == "layer"


def test_the_signal_of_a_packed_projection_is_the_gradient_of_its_bias_at_one_position(tmp_path: Path) -> None:
    torch.manual_seed(3)

    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
            self.head = nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            return self.head(self.attention(x, x, x)[0].mean(1))

    model = One()
    x, y = batch((5, 1, 6))
    want = witness(model, x, y)["attention.in_proj_bias"]
    signal, _ = record(model, x, y, tmp_path / "run")
    assert signal["attention.in_proj"] == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("flat", [False, True])
def test_linear_layers_over_positions_agree(tmp_path: Path, flat: bool) -> None:
    torch.manual_seed(4)

    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 9), nn.Linear(9, 3)

        def forward(self, x: Any) -> Any:
            batch, length = x.shape[:2]
            if flat:
                x = x.reshape(batch * length, 4)
            return self.two(torch.sigmoid(self.one(x))).view(batch, length, 3).mean(1)

    model = Positions()
    x, y = batch((6, 7, 4))
    want = witness(model, x, y)
    _, samples = record(model, x, y, tmp_path / "run", per_sample=True)
    for name in ("one", "two"):
        assert samples[name] == pytest.approx(want[f"{name}.weight"], rel=1e-5)


def test_sequences_first_need_their_batch_axis(tmp_path: Path) -> None:
    torch.manual_seed(5)

    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 9), nn.Linear(9, 3)

        def forward(self, x: Any) -> Any:
            return self.two(torch.tanh(self.one(x))).mean(0)

    model = First()
    x, y = batch((6, 7, 4))
    want: Dict[str, list] = {}
    for one, label in zip(x, y):
        model.zero_grad()
        nn.functional.cross_entropy(model(one[:, None]), label[None]).backward()
        for name, parameter in model.named_parameters():
            want.setdefault(name, []).append(float(parameter.grad.norm()) ** 2)
    model.zero_grad()
    _, samples = record(model, x.transpose(0, 1), y, tmp_path / "run", per_sample=True, batch_dim=1)
    for name in ("one", "two"):
        assert samples[name] == pytest.approx(math.sqrt(np.mean(want[f"{name}.weight"])), rel=1e-5)
    assert meta(tmp_path / "run")["facts"]["batch_size"] == 6


def test_a_shared_layer_has_the_signal_of_all_its_uses(tmp_path: Path) -> None:
    torch.manual_seed(6)

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.again, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return self.head(torch.tanh(self.again(torch.tanh(self.again(x)))))

    model = Twice()
    x, y = batch((6, 4))
    squares = 0.0
    for one, label in zip(x, y):
        first = model.again(one[None])
        second = model.again(torch.tanh(first))
        loss = nn.functional.cross_entropy(model.head(torch.tanh(second)), label[None])
        squares += sum(float(g.square().sum()) for g in torch.autograd.grad(loss, (first, second)))
    signal, samples = record(model, x, y, tmp_path / "run")
    assert signal["again"] == pytest.approx(math.sqrt(squares / 6), rel=1e-5)
    assert set(samples) == {"head"}  # the uses of one weight cannot be told apart


def test_signals_below_the_range_of_squares_are_kept(tmp_path: Path) -> None:
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 3))
    with torch.no_grad():
        model[1].weight *= 1e-25
        model[2].weight.mul_(1e-5)
    x, y = batch((6, 5))
    double = [p.detach().double() for p in model.parameters()]
    delta = torch.softmax(model(x).detach().double(), 1) - nn.functional.one_hot(y, 3)
    back = delta @ double[4] @ double[2]
    signal, samples = record(model, x, y, tmp_path / "run")
    assert signal["0"] == pytest.approx(float(back.square().sum(1).mean().sqrt()), rel=1e-5)
    assert samples["0"] == pytest.approx(float((back.square().sum(1) * x.double().square().sum(1)).mean().sqrt()), rel=1e-5)
    grads = column(tmp_path / "run", "grad_norm")[0]
    assert 0 < grads[0] < 1e-28 and grads[0] == pytest.approx(float((back.T @ x.double() / 6).norm()), rel=1e-4)


def test_a_sum_of_losses_has_the_signals_of_their_mean(tmp_path: Path) -> None:
    x, y = batch((8, 5))
    found = []
    for reduction in ("mean", "sum"):
        torch.manual_seed(8)
        model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        folder = tmp_path / reduction
        run = watch(model, optimizer, folder, reduction=reduction)
        loss = nn.functional.cross_entropy(model(x), y, reduction=reduction)
        run.loss(loss)
        loss.backward()
        optimizer.step()
        run.close()
        found.append([column(folder, name)[0] for name in ("signal_rms", "grad_rms", "grad_norm", "loss")])
    for a, b in zip(*found):
        assert np.allclose(a, b, rtol=1e-5)
