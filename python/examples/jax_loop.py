"""A training loop in JAX, recorded: parameters, gradients and updates are nested dictionaries of arrays."""

import sys

import gradfade
import jax
import jax.numpy as jnp
import numpy as np

out = sys.argv[1] if len(sys.argv) > 1 else "runs/jax"
rng = np.random.default_rng(1)
centres = rng.normal(size=(4, 10)) * 2
labels = rng.integers(4, size=2000)
inputs = (centres[labels] + rng.normal(size=(2000, 10))).astype("float32")

sizes = [10, 30, 30, 30, 4]
params = {
    f"dense_{i}": {
        "kernel": jnp.asarray(rng.normal(size=(a, b)) * np.sqrt(2 / a), dtype=jnp.float32),
        "bias": jnp.zeros(b),
    }
    for i, (a, b) in enumerate(zip(sizes, sizes[1:]))
}


def scores(params, x):
    for i in range(len(sizes) - 1):
        x = x @ params[f"dense_{i}"]["kernel"] + params[f"dense_{i}"]["bias"]
        x = jax.nn.relu(x) if i < len(sizes) - 2 else x
    return x


def loss_of(params, x, y):
    logits = scores(params, x)
    loss = -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()
    return loss, (logits.argmax(axis=1) == y).mean()


@jax.jit
def step(params, x, y):
    (loss, accuracy), grads = jax.value_and_grad(loss_of, has_aux=True)(params, x, y)
    return loss, accuracy, grads, jax.tree.map(lambda g: -0.1 * g, grads)


run = gradfade.Recorder(
    layers=params, out=out, force=True, activations="relu", steps_per_epoch=40, source=("jax", jax.__version__),
    task="classification", classes=4, train_size=2000, batch_size=50, loss="cross-entropy", loss_input="logits",
    optimizer="sgd", weight_decay=0,
)  # fmt: skip
with run:
    for _ in range(400):
        chosen = rng.integers(2000, size=50)
        loss, accuracy, grads, updates = step(params, inputs[chosen], labels[chosen])
        run.step(loss=loss, accuracy=accuracy, grads=grads, params=params, updates=updates, learning_rate=0.1)
        params = jax.tree.map(jnp.add, params, updates)
    train_loss, train_accuracy = loss_of(params, inputs, labels)
    run.evaluation(train_loss=train_loss, train_accuracy=train_accuracy)

run.diagnose()
run.plot("gradient-heatmap").save(f"{out}/gradient-heatmap.svg")
