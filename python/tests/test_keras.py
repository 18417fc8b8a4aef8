"""The Keras callback, with the real Keras on each backend that is there, against the same network in NumPy."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gradfade

if importlib.util.find_spec("keras") is None:
    pytest.skip("Keras is not installed", allow_module_level=True)

PROGRAM = """
import sys, json
import numpy as np, keras
import gradfade
from gradfade.keras import GradfadeCallback
out, what = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(5)
x = rng.normal(size=(100, 6)).astype("float32")
y = rng.integers(3, size=100)

def network():
    keras.utils.set_random_seed(2)
    layers = [keras.Input((6,)), keras.layers.Dense(8, activation="tanh", name="hidden"),
              keras.layers.Dense(7, name="middle"), keras.layers.ReLU(),
              keras.layers.Dropout(0.3 if what == "same" else 0.0), keras.layers.Dense(3, name="out")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.1, clipvalue=0.01 if what == "clip" else None),
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"],
                  steps_per_execution=2 if what == "execution" else 1)
    if what == "frozen":
        model.get_layer("hidden").trainable = False
    return model

model = network()
initial = model.get_weights()
callback = GradfadeCallback(out, every=3 if what == "every" else 1, batch_size=32, train_size=100)
fit = dict(batch_size=32, epochs=3, shuffle=False, verbose=0)
try:
    model.fit(x, y, validation_data=(x[:50], y[:50]), callbacks=[callback], **fit)
except gradfade.GradfadeError as error:
    print(error)
    sys.exit(0)
plain = network()
plain.fit(x, y, validation_data=(x[:50], y[:50]), **fit)
assert "apply" not in vars(model.optimizer) and "stateless_apply" not in vars(model.optimizer)
np.savez(out + ".npz", x=x, y=y, **{f"initial{i}": w for i, w in enumerate(initial)},
         **{f"final{i}": w for i, w in enumerate(model.get_weights())},
         **{f"plain{i}": w for i, w in enumerate(plain.get_weights())})
"""

BACKENDS = [name for name in ("torch", "jax", "tensorflow") if importlib.util.find_spec(name)]


@pytest.fixture(scope="module")
def finished():
    """What was trained before, by backend: starting Keras takes seconds."""
    return {}


@pytest.fixture(params=BACKENDS)
def fit(request, tmp_path_factory, finished):
    def run(what):
        if (request.param, what) not in finished:
            finished[request.param, what] = train(what)
        return finished[request.param, what]

    def train(what):
        out = str(tmp_path_factory.mktemp("keras") / "run")
        environment = {**os.environ, "KERAS_BACKEND": request.param, "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run([sys.executable, "-c", PROGRAM, out, what], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        if done.stdout:
            return done.stdout.strip()
        return gradfade.open(out), np.load(out + ".npz")

    run.backend = request.param
    return run


def reference(data, clip=np.inf, epochs=3, batch=32, rate=0.1):
    """The same training in float64: loss, accuracy, gradients and updates of every batch."""
    params = [data[f"initial{i}"].astype("f8") for i in range(6)]
    for _ in range(epochs):
        for start in range(0, 100, batch):
            x, y = data["x"][start : start + batch].astype("f8"), data["y"][start : start + batch]
            w1, b1, w2, b2, w3, b3 = params
            h1 = np.tanh(x @ w1 + b1)
            z2 = h1 @ w2 + b2
            h2 = np.maximum(z2, 0)
            z3 = h2 @ w3 + b3
            p = np.exp(z3 - z3.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            loss, accuracy = -np.log(p[np.arange(len(y)), y]).mean(), (z3.argmax(axis=1) == y).mean()
            d3 = p.copy()
            d3[np.arange(len(y)), y] -= 1
            d3 /= len(y)
            d2 = d3 @ w3.T * (z2 > 0)
            d1 = d2 @ w2.T * (1 - h1**2)
            grads = [x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)]
            updates = [-rate * np.clip(g, -clip, clip) for g in grads]
            norms = [[np.linalg.norm(a) for a in arrays] for arrays in (grads, updates, params)]
            yield loss, accuracy, *norms
            params = [p + u for p, u in zip(params, updates)]


@pytest.mark.parametrize("clip", [np.inf, 0.01])
def test_every_batch_is_recorded_as_it_was(fit, clip):
    run, data = fit("plain" if np.isinf(clip) else "clip")
    loss, accuracy, grads, updates, params = (np.array(column) for column in zip(*reference(data, clip)))
    assert run["step"].tolist() == list(range(12))
    np.testing.assert_allclose(run["loss"], loss, rtol=2e-5)
    np.testing.assert_allclose(run["batch_accuracy"], accuracy, atol=1e-5)
    np.testing.assert_allclose(run["param_norm"], params, rtol=2e-5)
    # An update is what was stored: the difference of two float32.
    np.testing.assert_allclose(run["update_norm"], updates, rtol=1e-3)
    np.testing.assert_allclose(run["learning_rate"], 0.1, rtol=1e-6)
    if fit.backend == "tensorflow":
        assert "grad_norm" not in run.metrics()
    else:
        np.testing.assert_allclose(run["grad_norm"], grads, rtol=5e-5)
    moved = [np.linalg.norm(data[f"final{i}"].astype("f8") - data[f"initial{i}"]) for i in range(6)]
    np.testing.assert_allclose(run["distance_from_init"][-1], moved, rtol=1e-6)
    assert run["snapshot_step"][-1] == 12


def test_the_header_says_what_the_model_is(fit):
    run, _ = fit("plain")
    meta = run.meta
    named = [(layer["name"], layer["fan_in"], layer["fan_out"], layer["activation"]) for layer in meta["layers"]]
    assert [(n, i, o, a.lower()) for n, i, o, a in named] == [
        ("hidden", 6, 8, "tanh"), ("middle", 8, 7, "relu"), ("out", 7, 3, "identity"),
    ]  # fmt: skip
    facts = meta["facts"]
    assert (facts["loss"], facts["loss_input"], facts["classes"], facts["optimizer"]["name"]) == (
        "cross-entropy",
        "logits",
        3,
        "sgd",
    )
    assert (facts["batch_size"], facts["train_size"], facts["weight_decay"]) == (32, 100, 0)
    assert meta["status"]["state"] == "complete" and meta["planned_steps"] == 12
    assert run["eval_epoch"].tolist() == [1, 2, 3] and run["eval_step"].tolist() == [4, 8, 12]
    assert np.isfinite(run["validation_loss"]).all() and np.isfinite(run["validation_accuracy"]).all()


def test_the_training_is_bit_for_bit_the_same_with_dropout_too(fit):
    _, data = fit("same")
    for i in range(6):
        assert data[f"final{i}"].tobytes() == data[f"plain{i}"].tobytes()


def test_rows_may_be_further_apart(fit):
    run, data = fit("every")
    loss, _, _, updates, _ = (np.array(column) for column in zip(*reference(data)))
    steps = run["step"]
    assert steps.tolist() == [0, 3, 6, 9, 11]
    np.testing.assert_allclose(run["loss"], loss[steps], rtol=2e-5)
    np.testing.assert_allclose(run["update_norm"], updates[steps], rtol=1e-3)


def test_frozen_layers_are_left_out(fit):
    run, _ = fit("frozen")
    assert [layer["name"] for layer in run.meta["layers"]] == ["middle", "out"]


def test_steps_that_cannot_be_seen_are_said(fit):
    if fit.backend == "torch":
        pytest.skip("Keras itself refuses more than one step an execution with PyTorch")
    assert fit("execution") == "steps_per_execution hides single steps from callbacks; compile the model with 1 to record it"


def test_the_example_runs(fit, tmp_path, program):
    example = Path(__file__).parents[1] / "examples" / "keras_fit.py"
    environment = {**os.environ, "KERAS_BACKEND": fit.backend, "CUDA_VISIBLE_DEVICES": "", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, example, tmp_path / "run"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "meta.json").read_text())["status"] == {"state": "complete"}
    assert "good results on the training set? no" in done.stdout.lower()
