"""A deep sigmoid network in Keras 3 (any backend), recorded by a callback."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")

import gradfade.keras
import keras
import numpy as np

out = sys.argv[1] if len(sys.argv) > 1 else "runs/keras"
keras.utils.set_random_seed(1)
rng = np.random.default_rng(1)
centres = rng.normal(size=(4, 10)) * 2
labels = rng.integers(4, size=2000)
inputs = (centres[labels] + rng.normal(size=(2000, 10))).astype("float32")

hidden = [keras.layers.Dense(30, activation="sigmoid") for _ in range(8)]
model = keras.Sequential([keras.Input((10,)), *hidden, keras.layers.Dense(4)])
model.compile(
    optimizer=keras.optimizers.SGD(0.1),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
callback = gradfade.keras.GradfadeCallback(out, force=True, train_size=2000, batch_size=50)
model.fit(inputs, labels, batch_size=50, epochs=12, verbose=0, callbacks=[callback])

callback.run.diagnose()
callback.run.plot("gradient-heatmap").save(f"{out}/gradient-heatmap.svg")
