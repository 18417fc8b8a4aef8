"""A deep sigmoid network in NumPy, by hand, recorded: what is wrong with it?"""

import sys

import gradfade
import numpy as np

out = sys.argv[1] if len(sys.argv) > 1 else "runs/numpy"
rng = np.random.default_rng(1)
classes, width, depth, rate, batch = 4, 30, 8, 0.1, 50

# Four clouds of points around centres in ten dimensions.
centres = rng.normal(size=(classes, 10)) * 2
labels = rng.integers(classes, size=2000)
inputs = centres[labels] + rng.normal(size=(2000, 10))

sizes = [10, *[width] * depth, classes]
params = {}
for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:]), 1):
    params[f"W{i}"] = rng.normal(size=(fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))
    params[f"b{i}"] = np.zeros(fan_out)


def forward(x):
    outputs = [x]
    for i in range(1, depth + 2):
        z = outputs[-1] @ params[f"W{i}"] + params[f"b{i}"]
        outputs.append(1 / (1 + np.exp(-z)) if i <= depth else z)
    z = outputs[-1] - outputs[-1].max(axis=1, keepdims=True)
    return outputs, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def scores(x, y):
    _, p = forward(x)
    return float(-np.log(p[np.arange(len(y)), y]).mean()), float((p.argmax(axis=1) == y).mean())


run = gradfade.Recorder(
    layers=params, out=out, force=True, activations="sigmoid", steps_per_epoch=len(inputs) // batch,
    task="classification", classes=classes, train_size=len(inputs), batch_size=batch, loss="cross-entropy",
    loss_input="logits", optimizer="sgd", weight_decay=0,
)  # fmt: skip
with run:
    for step in range(2000):
        if step % 400 == 0:
            loss, accuracy = scores(inputs, labels)
            run.evaluation(train_loss=loss, train_accuracy=accuracy)
        chosen = rng.integers(len(inputs), size=batch)
        x, y = inputs[chosen], labels[chosen]
        outputs, p = forward(x)
        delta = p.copy()
        delta[np.arange(batch), y] -= 1  # of each sample's own loss
        loss = -np.log(p[np.arange(batch), y]).mean()

        grads, signal = {}, []
        for i in range(depth + 1, 0, -1):
            grads[f"W{i}"] = outputs[i - 1].T @ delta / batch
            grads[f"b{i}"] = delta.mean(axis=0)
            signal.append(np.sqrt((delta**2).sum(axis=1).mean()))
            delta = delta @ params[f"W{i}"].T * outputs[i - 1] * (1 - outputs[i - 1])
        updates = {name: -rate * grad for name, grad in grads.items()}
        run.step(
            loss=loss, grads=grads, params=params, updates=updates, learning_rate=rate,
            accuracy=(p.argmax(axis=1) == y).mean(), signal_rms=signal[::-1],
        )  # fmt: skip
        for name, update in updates.items():
            params[name] += update
    loss, accuracy = scores(inputs, labels)
    run.evaluation(train_loss=loss, train_accuracy=accuracy)

run.diagnose()
run.plot("gradient-heatmap").save(f"{out}/gradient-heatmap.svg")
