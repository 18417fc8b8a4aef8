#!/usr/bin/env python3
"""The sweep in JAX: each network is one compiled scan over all its steps. Twenty networks are twenty shapes, so that the
program compiles twenty times; that is most of its time, and belongs to the job."""

import os

import sweep_common

a = sweep_common.parse("JAX") if __name__ == "__main__" else None


def start(a):
    flags = os.environ.get("XLA_FLAGS", "")
    if a.threads == 1:
        flags += " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = flags
    os.environ.setdefault("JAX_PLATFORMS", "cpu")


def train(job):
    import common
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import lax

    a, activation, depth = job
    c = sweep_common.cell(a, activation, depth)
    act = jax.nn.sigmoid if activation == "sigmoid" else jax.nn.relu
    slope = (lambda d, h: d * h * (1 - h)) if activation == "sigmoid" else (lambda d, h: jnp.where(h > 0, d, 0.0))

    def forward(parameters, x):
        inputs = [x]
        for w, b in parameters[:-1]:
            inputs.append(act(inputs[-1] @ w + b))
        w, b = parameters[-1]
        return inputs, inputs[-1] @ w + b

    def norms(tree):
        return jnp.sqrt(jnp.stack([jnp.vdot(t, t) for t in jax.tree.leaves(tree)]))

    def whole(parameters, rows, images, one_hot, labels):
        def step(parameters, where):
            x, y = images[where], one_hot[where]
            inputs, z = forward(parameters, x)
            log_p = jax.nn.log_softmax(z)
            delta = (jnp.exp(log_p) - y) / a.batch
            grads = []
            for i in range(len(parameters) - 1, -1, -1):
                grads.append((inputs[i].T @ delta, delta.sum(0)))
                if i:
                    delta = slope(delta @ parameters[i][0].T, inputs[i])
            grads = grads[::-1]
            updates = jax.tree.map(lambda g: -c.learning_rate * g, grads)
            row = {"loss": -jnp.sum(log_p * y) / a.batch, "grad_norm": norms(grads), "update_norm": norms(updates)}
            return jax.tree.map(jnp.add, parameters, updates), row

        parameters, record = lax.scan(step, parameters, rows)
        right = forward(parameters, images)[1].argmax(1) == labels
        return record, right.mean(), right[:2000].mean()

    x, y = common.load_data(c)
    one_hot = np.eye(common.CLASSES, dtype=np.float32)[y]
    rows = common.batch_indices(c, 0, a.epochs * (common.IMAGES // a.batch))
    record, train_accuracy, test_accuracy = jax.jit(whole)(common.initial_parameters(c), rows, x, one_hot, y)
    return {**{k: np.asarray(v) for k, v in record.items()},
            "train_accuracy": float(train_accuracy), "test_accuracy": float(test_accuracy)}


if __name__ == "__main__":
    # A process that has run JAX must not be forked.
    results = sweep_common.run_all(a, train, "spawn", start)
    import jax

    sweep_common.finish("jax", a, results, version=jax.__version__)
