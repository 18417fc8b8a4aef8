"""What both peer programs share: the command line, the data, the initial weights, the timing and the printed line."""

import argparse
import gzip
import json
import statistics
import struct
import sys
import time
from pathlib import Path

import numpy as np

INPUTS, CLASSES, IMAGES = 784, 10, 10_000
ACTIVATIONS = ("sigmoid", "tanh", "relu")


def fastest(modes, train_in, steps, first, clock=time.perf_counter):
    """The fastest of some modes, each tried briefly, and the microseconds of a step of each; `train_in(mode)` gives the function
    that trains. A mode that cannot run here is reported and left out."""
    trials = {}
    for mode in modes:
        try:
            train = train_in(mode)
            train(0, first)
            # The best of three: another process on the core must not choose the mode.
            t = float("inf")
            for _ in range(3):
                start = clock()
                train(0, steps)
                t = min(t, (clock() - start) / steps * 1e6)
        except Exception as error:  # a missing compiler shows as many kinds of error
            print(f"torch: mode {mode} left out: {type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        trials[mode] = round(t, 1)
    if not trials:
        sys.exit("torch: no mode runs here")
    return min(trials, key=trials.get), trials


def parse(program, extra=None):
    p = argparse.ArgumentParser(description=f"Trains a multilayer perceptron with {program} and times one step.")
    p.add_argument("--layers", type=int, default=10, help="weight layers, the output layer included")
    p.add_argument("--width", type=int, default=100, help="units of every hidden layer")
    p.add_argument("--batch", type=int, default=100)
    p.add_argument("--steps", type=int, default=2000, help="steps of one timed repeat")
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--warm-up", type=int, default=200, help="untimed steps before the first repeat")
    p.add_argument("--activation", choices=ACTIVATIONS, default="sigmoid")
    p.add_argument("--learning-rate", type=float, default=0.1)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--no-record", action="store_true", help="train only; measure nothing but the last loss")
    p.add_argument("--param-norm", action="store_true", help="record each parameter's norm too")
    p.add_argument("--data", help="folder with the MNIST training files in IDX form; default: random data of that shape")
    p.add_argument("--gather", action="store_true", help="gather each batch by a random index (default: contiguous rows)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--json", action="store_true", help="print one JSON line")
    p.add_argument("--dump", help="write the recorded arrays to this .npz, to compare programs")
    if extra:
        extra(p)
    a = p.parse_args()
    if a.layers < 2 or min(a.width, a.batch, a.steps, a.repeats, a.threads) < 1 or a.batch > IMAGES:
        p.error("need --layers >= 2, positive sizes, and --batch at most 10000")
    return a


def read_idx(folder, stem):
    for name in (stem, stem + ".gz"):
        path = Path(folder) / name
        if path.exists():
            raw = (gzip.open(path) if name.endswith(".gz") else open(path, "rb")).read()
            shape = struct.unpack(f">{raw[3]}I", raw[4 : 4 + 4 * raw[3]])
            return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)
    sys.exit(f"{folder}: no {stem} (or .gz)")


def load_data(a):
    """Images [10000, 784] f32 in [0, 1] and labels [10000] int32."""
    rng = np.random.default_rng(a.seed)
    if a.data:
        x = read_idx(a.data, "train-images-idx3-ubyte")[:IMAGES].reshape(-1, INPUTS).astype(np.float32) / 255
        y = read_idx(a.data, "train-labels-idx1-ubyte")[:IMAGES].astype(np.int32)
        return np.ascontiguousarray(x), y
    return rng.random((IMAGES, INPUTS), dtype=np.float32), rng.integers(0, CLASSES, IMAGES, dtype=np.int32)


def initial_parameters(a):
    """[(weight [fan_in, fan_out], bias [fan_out])], Glorot uniform and zero; inputs side first."""
    rng = np.random.default_rng(a.seed + 1)
    widths = [INPUTS] + [a.width] * (a.layers - 1) + [CLASSES]
    out = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        bound = np.sqrt(6 / (fan_in + fan_out))
        out.append((rng.uniform(-bound, bound, (fan_in, fan_out)).astype(np.float32), np.zeros(fan_out, np.float32)))
    return out


def batch_starts(a, first, count):
    """First row of each batch: contiguous batches in turn, wrapping before a short one."""
    return [(s % (IMAGES // a.batch)) * a.batch for s in range(first, first + count)]


def batch_indices(a, first, count):
    """Row indices [count, batch], a new permutation each epoch."""
    per_epoch = IMAGES // a.batch
    rows = np.empty((count, a.batch), np.int32)
    for i, s in enumerate(range(first, first + count)):
        epoch, k = divmod(s, per_epoch)
        if i == 0 or k == 0:
            order = np.random.default_rng([a.seed, 7, epoch]).permutation(IMAGES).astype(np.int32)
        rows[i] = order[k * a.batch : (k + 1) * a.batch]
    return rows


def time_and_print(program, a, train, **facts):
    """`train(first_step, steps)` trains on and returns {name: array [steps, ...]} in host memory."""
    train(0, a.warm_up)
    done, repeats, cpu, record = a.warm_up, [], [], {}
    for _ in range(a.repeats):
        t, c = time.perf_counter(), time.process_time()
        record = train(done, a.steps)
        repeats.append((time.perf_counter() - t) / a.steps * 1e6)
        cpu.append((time.process_time() - c) / a.steps * 1e6)
        done += a.steps
    if not np.isfinite(record["loss"][-1]):
        sys.exit(f"{program}: the loss is not finite; lower --learning-rate")
    if a.dump:
        np.savez(a.dump, **record)
    line = {
        "program": program,
        "layers": a.layers,
        "width": a.width,
        "batch": a.batch,
        "steps": a.steps,
        "threads": a.threads,
        "record": not a.no_record,
        "microseconds_per_step": round(statistics.median(repeats), 2),
        "repeats": [round(r, 2) for r in repeats],
        # Summed over the threads; on a shared machine the honest number for one thread.
        "cpu_microseconds_per_step": round(statistics.median(cpu), 2),
        "cpu_repeats": [round(c, 2) for c in cpu],
        "activation": a.activation,
        "last_loss": float(record["loss"][-1]),
        **facts,
    }
    if a.json:
        print(json.dumps(line))
    else:
        print(f"{program}: {line['microseconds_per_step']:.1f} us a step (repeats {line['repeats']})")
