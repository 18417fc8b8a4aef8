"""The Recorder: what a loop of arrays leaves in the folder."""

import json
import os
import subprocess
import sys
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

import gradfade
from gradfade import GradfadeError, GradfadeWarning, Recorder, is_missing
from gradfade._format import next_due
from gradfade._norms import norm
from gradfade._tree import describe


def network(dtype=np.float64):
    rng = np.random.default_rng(3)
    return {
        "hidden.weight": rng.normal(size=(4, 3)).astype(dtype),
        "hidden.bias": np.zeros(4, dtype=dtype),
        "out.weight": rng.normal(size=(2, 4)).astype(dtype),
        "out.bias": np.zeros(2, dtype=dtype),
    }


def meta(path):
    return json.loads((Path(path) / "meta.json").read_text())


def train(run, params, steps=30, given=("grads", "params", "updates"), **extra):
    """Gradients that are known: rate 0.1, all numbers of gradient t are t + 1."""
    for t in range(steps):
        grads = {name: np.full_like(p, t + 1) for name, p in params.items()}
        updates = {name: -0.1 * g for name, g in grads.items()}
        arrays = {"grads": grads, "params": params, "updates": updates}
        run.step(loss=1 / (t + 1), **{name: arrays[name] for name in given}, **extra)
        for name, update in updates.items():
            params[name] += update
    return params


def test_norms_are_those_of_the_arrays(tmp_path):
    params = network()
    initial = {name: p.copy() for name, p in params.items()}
    with Recorder(params, tmp_path / "run", classes=2, optimizer="sgd", weight_decay=0) as run:
        train(run, params, learning_rate=0.1, accuracy=0.5)
        run.evaluation(train_loss=0.1)
        run.evaluation(test_accuracy=1.0)
    sizes = np.sqrt([12, 4, 8, 2])
    t = np.arange(30)[:, None]
    assert np.allclose(run["grad_norm"], (t + 1) * sizes, rtol=1e-14)
    assert np.allclose(run["update_norm"], 0.1 * (t + 1) * sizes, rtol=1e-12)
    assert np.allclose(run["driven_norm"], run["update_norm"]) and (run["decay_norm"] == 0).all()
    assert np.allclose(run["param_norm"][0], [np.linalg.norm(p) for p in initial.values()])
    assert run["snapshot_step"].tolist()[:5] == [0, 1, 2, 3, 4] and run["snapshot_step"][-1] == 30
    assert np.allclose(run["distance_from_init"][-1], 0.1 * 30 * 31 / 2 * sizes, rtol=1e-12)
    assert run["zero_share"][0].tolist() == [0, 1, 0, 1]
    assert run["eval_step"].tolist() == [30] and run["test_accuracy"].tolist() == [1.0] and run["train_loss"].tolist() == [0.1]
    read = meta(tmp_path / "run")
    assert read["status"] == {"state": "complete"} and read["elapsed_secs"] >= 0
    assert read["facts"] == {
        "classes": 2, "optimizer": {"name": "sgd"}, "weight_decay": 0, "precision": "f64", "learning_rate": 0.1,
    }  # fmt: skip
    assert [(layer["name"], layer["fan_in"], layer["fan_out"]) for layer in read["layers"]] == [("hidden", 3, 4), ("out", 4, 2)]
    assert [tensor["role"] for tensor in read["tensors"]] == ["weight", "bias"] * 2


def test_without_updates_they_are_found_from_the_next_parameters(tmp_path):
    params = network()
    given, found = Recorder(params, tmp_path / "given"), Recorder(params, tmp_path / "found")
    train(given, network())
    end = train(found, network(), given=("grads", "params"))
    given.close()
    found.close(params=end)
    assert np.allclose(found["update_norm"], given["update_norm"], rtol=1e-9) and len(found["step"]) == 30
    assert np.allclose(found["distance_from_init"], given["distance_from_init"], rtol=1e-9)
    unknown_end = Recorder(network(), tmp_path / "unknown")
    train(unknown_end, network(), given=("grads", "params"))
    unknown_end.close()
    # What the last update did, nobody said.
    assert is_missing(unknown_end["update_norm"])[-1].all() and not is_missing(unknown_end["update_norm"])[:-1].any()
    assert unknown_end["snapshot_step"][-1] == 29


def test_what_is_not_given_has_no_file(tmp_path):
    run = Recorder(["a", "b"], tmp_path / "run")
    for _ in range(3):
        run.step(grads=[np.ones((2, 2)), np.ones((1, 2))])
    run.close()
    assert run.metrics() == ["grad_norm"]
    with pytest.raises(GradfadeError, match="`loss` was not recorded; this run has grad_norm"):
        run["loss"]


def test_a_parameter_without_a_gradient_is_missing_and_not_zero(tmp_path):
    params = network()
    run = Recorder(params, tmp_path / "run")
    run.step(grads={"out.weight": np.zeros((2, 4))}, params=params)
    run.step(grads=[None, np.ones(4), None, None], params=params)
    run.close()
    assert is_missing(run["grad_norm"]).tolist() == [[True, True, False, True], [True, False, True, True]]
    assert run["grad_norm"][0, 2] == 0 and not np.signbit(run["grad_norm"][0, 2])


def test_rows_come_every_so_often_and_the_planned_last_one(tmp_path):
    run = Recorder(network(), tmp_path / "run", every=10, snapshots=20, planned_steps=45, steps_per_epoch=5)
    train(run, network(), steps=45, given=("grads", "params"))
    run.close()
    assert run["step"].tolist() == [0, 10, 20, 30, 40, 44]
    # The update of a single step, not of the ten to the next row.
    assert np.allclose(run["update_norm"][1], 0.1 * 11 * np.sqrt([12, 4, 8, 2]), rtol=1e-9)
    assert run["epoch"].tolist() == [0, 2, 4, 6, 8, 8.8]
    assert run["snapshot_step"].tolist() == [0, 20, 40, 44]
    log = Recorder(network(), tmp_path / "log", every="log")
    train(log, network(), steps=200)
    log.close()
    steps = log["step"].tolist()
    assert steps[:9] == list(range(9)) and len(steps) < 45
    # The trainer of the program has the same schedule.
    assert all(next_due("log", a) == b for a, b in zip(steps, steps[1:]))


@pytest.mark.parametrize("dtype, precision", [("float16", "f16"), ("float32", "f32"), ("float64", "f64")])
def test_norms_have_the_range_of_the_numbers(tmp_path, dtype, precision):
    smallest, largest = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    params = {"w": np.full((2, 2), largest, dtype=dtype)}
    run = Recorder(params, tmp_path / "run")
    run.step(loss=1.0, params=params, grads={"w": np.array([[smallest, 0], [0, smallest]], dtype=dtype)})
    run.close()
    assert meta(run.path)["facts"]["precision"] == precision
    assert run["grad_norm"][0, 0] == pytest.approx(np.sqrt(2) * float(smallest), rel=0.5)
    assert run["grad_norm"][0, 0] > 0
    expected = 2 * float(largest)
    assert run["param_norm"][0, 0] == (pytest.approx(expected, rel=1e-12) if np.isfinite(expected) else np.inf)


def test_norms_neither_overflow_nor_underflow():
    assert norm(np.array([3e-300, 4e-300])) == pytest.approx(5e-300, rel=1e-15)
    assert norm(np.array([3e300, 4e300])) == pytest.approx(5e300, rel=1e-15)
    assert norm(np.array([3e-320, 4e-320])) == pytest.approx(5e-320, rel=1e-3)
    assert np.isnan(norm(np.array([1.0, np.nan]))) and np.isinf(norm(np.array([1.0, -np.inf])))
    assert str(norm(np.array([0.0, -0.0]))) == "0.0"
    x, y = np.random.default_rng(0).normal(size=(2, 100_000))
    assert norm(x.astype("f4"), y.astype("f4")) == pytest.approx(
        np.linalg.norm(x.astype("f4").astype("f8") - y.astype("f4")), rel=1e-13
    )


def z(*shape):
    return np.zeros(shape)


@pytest.mark.parametrize(
    "tree, layers, roles",
    [
        ({"W1": z(3, 4), "b1": z(4), "W2": z(4, 2), "b2": z(2)}, ["layers.1", "layers.2"], "wbwb"),
        ([z(3, 4), z(4), z(4, 2), z(2)], ["layers.0", "layers.1"], "wbwb"),
        ([(z(3, 4), z(4)), (z(4, 2), z(2))], ["layers.0", "layers.1"], "wbwb"),
        ([{"w": z(3, 4), "b": z(4)}, {"w": z(4, 2), "b": z(2)}], ["0", "1"], "wbwb"),
        (
            {"params": {"Dense_10": {"kernel": z(3, 4)}, "Dense_2": {"bias": z(4), "kernel": z(3, 4)}}},
            ["Dense_2", "Dense_10"],
            "bww",
        ),
        ({"z_first": {"kernel": z(3, 4)}, "a_last": {"kernel": z(4, 2)}}, ["z_first", "a_last"], "ww"),
        ({"norm": {"scale": z(8), "bias": z(8)}, "dense": {"kernel": z(8, 2)}}, ["norm", "dense"], "csw"),
        ({"bn.weight": z(8), "bn.bias": z(8), "bn2.gamma": z(8), "bn2.beta": z(8)}, ["bn", "bn2"], "cscs"),
        ({"w": z(1)}, ["w"], "w"),
        (OrderedDict(embed={"embedding": z(10, 4)}, head={"kernel": z(4, 10)}), ["embed", "head"], "ww"),
    ],
)
def test_layers_and_roles_are_read_from_names(tree, layers, roles):
    found, tensors = describe(tree)
    assert [layer["name"] for layer in found] == layers
    letters = {"weight": "w", "bias": "b", "scale": "c", "shift": "s"}
    assert "".join(letters[tensor["role"]] for tensor in tensors) == roles


def test_kernels_and_weights_have_their_fans():
    found, _ = describe({"conv.kernel": z(3, 3, 2, 8), "conv.bias": z(8), "dense.weight": z(5, 7), "torch.weight": z(8, 2, 3, 3)})
    assert [(layer.get("kind"), layer["fan_in"], layer["fan_out"]) for layer in found] == [
        ("convolution", 18, 72), (None, 7, 5), ("convolution", 18, 72),
    ]  # fmt: skip


def test_named_layers_take_their_parameters_in_any_order(tmp_path):
    layers = ["encoder", {"name": "decoder", "activation": "identity", "kind": "dense", "fan_in": 4}]
    tree = {"decoder": {"kernel": z(4, 2)}, "encoder": {"kernel": z(3, 4), "bias": z(4)}}
    run = Recorder(layers, tmp_path / "run", activations=["relu", None])
    run.step(loss=1.0, grads=tree)
    run.close()
    read = meta(run.path)
    assert [(layer["name"], layer.get("activation")) for layer in read["layers"]] == [
        ("encoder", "relu"),
        ("decoder", "identity"),
    ]
    assert [(t["name"], t["layer"]) for t in read["tensors"]] == [
        ("encoder.kernel", 1),
        ("encoder.bias", 1),
        ("decoder.kernel", 2),
    ]


@pytest.mark.parametrize(
    "action, line",
    [
        (
            lambda run: run.step(grads={"hidden.wieght": z(4, 3)}),
            "grads: `hidden.wieght` is no parameter of this run; did you mean `hidden.weight`?",
        ),
        (
            lambda run: run.step(grads={"hidden.weight": z(3, 4)}),
            "grads: `hidden.weight` has shape (3, 4), but the parameter has (4, 3)",
        ),
        (lambda run: run.step(params=[z(4, 3)]), "params: 1 arrays for 4 parameters; give None where there is none"),
        (lambda run: run.step(grads={"hidden.weight": np.full((4, 3), "x")}), "grads: `hidden.weight`: no array of real numbers"),
        (lambda run: run.step(loss=z(2)), "loss: one number is expected, not ndarray of shape (2,)"),
        (lambda run: run.step(loss=1.0, accuracy=93.0), "accuracy: 93 is not a share from 0 to 1; divide per cent by 100"),
        (lambda run: run.step(signal_rms=[1.0]), "`signal_rms`: 1 values, but the header has 2 layers"),
        (lambda run: run.evaluation(), "evaluation: give at least one of train_loss, "),
        (lambda run: run.evaluation(test_accuracy=-1.0), "test_accuracy: -1 is not a share from 0 to 1"),
        (lambda run: run.describe(clases=3), "there is no fact `clases`; did you mean `classes`?"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, action, line):
    run = Recorder(network(), tmp_path / "run")
    with pytest.raises(GradfadeError) as raised:
        action(run)
    assert line in str(raised.value) and "\n" not in str(raised.value)
    run.close()


@pytest.mark.parametrize(
    "arguments, line",
    [
        (dict(layers=["a"]), 'give the folder of the run, such as out="runs/mine"'),
        (dict(layers=["a", "a"], out="run"), "two have the same name"),
        (
            dict(layers=[{"name": "a"}, {"name": "b"}, {"name": "c"}], out="run"),
            "3 are named, but the parameters make 2 (`hidden`, `out`)",
        ),
        (dict(layers=["hidden"], out="run"), "no layer is named for the parameters of `out`; the layers are `hidden`"),
        (dict(layers={}, out="run"), "layers: no parameters in it"),
        (dict(out="run", activations=["relu"]), "activations: 1 for 2 layers"),
        (dict(out="run", every=0), "every: 0 is neither a number of steps from 1 on nor 'log'"),
        (dict(out="run", optimiser="sgd"), "there is no fact `optimiser`; did you mean `optimizer`?"),
    ],
)
def test_a_mistake_at_the_start_is_one_line_and_leaves_no_folder(tmp_path, monkeypatch, arguments, line):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GradfadeError) as raised:
        Recorder(**arguments).step(loss=1.0, params=network())
    assert line in str(raised.value) and "\n" not in str(raised.value)
    from gradfade.run import _close_all

    _close_all()
    assert list(tmp_path.iterdir()) == []


def test_updates_that_contradict_the_parameters_are_told_once(tmp_path):
    params = network()
    run = Recorder(params, tmp_path / "run")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(5):
            grads = {name: np.ones_like(p) for name, p in params.items()}
            run.step(loss=1.0, grads=grads, params=params, updates=grads)  # the gradient is not the update
            params = {name: p - 0.1 for name, p in params.items()}
    run.close()
    assert [w.category for w in caught] == [GradfadeWarning]
    assert "`hidden.weight` after the first update is not `params` plus `updates`" in str(caught[0].message)


def test_the_end_of_a_run_is_what_happened(tmp_path):
    with pytest.raises(KeyboardInterrupt), Recorder(network(), tmp_path / "stopped") as run:
        train(run, network(), steps=3)
        raise KeyboardInterrupt
    assert meta(run.path)["status"] == {"state": "interrupted", "step": 3}

    with Recorder(network(), tmp_path / "lost") as run:
        for loss in (1.0, float("nan"), 1.0, float("inf"), float("nan")):
            run.step(loss=loss, params=network(), grads=network())
    assert meta(run.path)["status"] == {"state": "diverged", "step": 3, "what": "the loss is inf"}
    with pytest.raises(GradfadeError, match="the run is closed"):
        run.step(loss=1.0)
    run.close()


@pytest.mark.parametrize(
    "ending, state",
    [
        ("", "complete"),
        ("raise ValueError('x')", "interrupted"),
        ("sys.exit(0)", "complete"),
        ("os.kill(os.getpid(), 9)", "running"),
    ],
)
def test_a_run_that_nobody_closes_is_closed_at_exit(tmp_path, ending, state):
    code = f"""
import os, sys, numpy as np, gradfade
def go():
    run = gradfade.Recorder({{"a.weight": np.ones((2, 2))}}, {str(tmp_path / "run")!r})
    for _ in range(5):
        run.step(loss=1.0, grads=[np.ones((2, 2))])
    run.commit()
go()
{ending}
"""
    subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert meta(tmp_path / "run")["status"]["state"] == state
    assert len(np.load(tmp_path / "run" / "step.npy")) == 5


def test_a_cell_that_is_run_again_takes_its_folder_over(tmp_path):
    first = Recorder(network(), tmp_path / "run", force=True)
    first.step(loss=1.0, grads=network())
    with pytest.raises(GradfadeError, match="this program is recording there; end that run with close"):
        Recorder(network(), tmp_path / "run")
    second = Recorder(network(), tmp_path / "run", force=True)
    second.step(loss=2.0, grads=network())
    second.close()
    assert second["loss"].tolist() == [2.0]


def test_an_evaluation_may_come_before_the_first_step(tmp_path):
    run = Recorder(out=tmp_path / "run", steps_per_epoch=2)
    run.evaluation(train_loss=3.0)
    run.describe(classes=4)
    for _ in range(4):
        run.step(loss=1.0, params=network())
    run.evaluation(train_loss=2.0, epoch=7)
    # The views see what there is while the run goes on.
    assert run["train_loss"].tolist() == [3.0, 2.0]
    run.close()
    assert run["eval_step"].tolist() == [0, 4] and run["eval_epoch"].tolist() == [0, 7]
    assert meta(run.path)["facts"]["classes"] == 4


def test_arrays_of_jax_are_taken_by_name_and_in_order(tmp_path):
    jax = pytest.importorskip("jax")
    params = {f"Dense_{i}": {"kernel": jax.numpy.ones((3, 3), dtype="bfloat16"), "bias": jax.numpy.zeros(3)} for i in range(12)}
    run = Recorder(params, tmp_path / "run")
    grads = jax.tree.map(lambda p: p + 1, params)  # sorted by JAX
    assert list(grads) != list(params)
    run.step(loss=jax.numpy.float32(0.5), grads=grads, params=params)
    run.close()
    read = meta(run.path)
    assert [layer["name"] for layer in read["layers"]] == [f"Dense_{i}" for i in range(12)]
    kernels = [i for i, tensor in enumerate(read["tensors"]) if tensor["role"] == "weight"]
    assert run["grad_norm"][0, kernels].tolist() == [6.0] * 12 and run["param_norm"][0, kernels].tolist() == [3.0] * 12


def test_the_example_by_hand_finds_its_vanishing_gradient(tmp_path, program):
    example = Path(__file__).parents[1] / "examples" / "numpy_loop.py"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, example, tmp_path / "run"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "vanishing gradient" in done.stdout.splitlines()[0]
    assert gradfade.open(tmp_path / "run").diagnose(quiet=True).cause == "vanishing-gradient"
