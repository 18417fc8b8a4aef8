"""The rules of four published detectors, on our records, for comparison only.

Their cuts are on the mean of |g| over a tensor; a record has its L2 norm. norm / sqrt(n) is the root mean square, never less than the
mean; of a normal distribution the mean is sqrt(2 / pi) = 0.798 of it, and that is what is used here.

Every rule looks at every recorded step and at all weight tensors, and speaks for the run when it spoke once, unless it says otherwise.
"""

import ast
import json
import math
import struct
from pathlib import Path

MEAN_OF_RMS = math.sqrt(2 / math.pi)


def npy(path):
    """Rows of an array of up to two dimensions; a flat list of one."""
    raw = Path(path).read_bytes()
    size = struct.unpack_from("<H" if raw[6] == 1 else "<I", raw, 8)[0]
    start = (10 if raw[6] == 1 else 12) + size
    head = ast.literal_eval(raw[start - size : start].decode("latin-1"))
    count = math.prod(head["shape"])
    kind = {"f8": "d", "f4": "f", "i8": "q", "u8": "Q"}[head["descr"][1:]]
    values = struct.unpack_from(f"<{count}{kind}", raw, start)
    if len(head["shape"]) == 1:
        return list(values)
    width = math.prod(head["shape"][1:])
    return [values[i : i + width] for i in range(0, count, width)]


class Run:
    def __init__(self, folder):
        folder = Path(folder)
        meta = json.loads((folder / "meta.json").read_text())
        weights = [i for i, t in enumerate(meta["tensors"]) if t["role"] == "weight"]
        sizes = [math.prod(meta["tensors"][i]["shape"]) for i in weights]
        self.norms = [[row[i] for i in weights] for row in npy(folder / "grad_norm.npy")]
        self.params = [[row[i] for i in weights] for row in npy(folder / "param_norm.npy")]
        self.means = [[MEAN_OF_RMS * g / math.sqrt(n) for g, n in zip(row, sizes)] for row in self.norms]
        self.rates, self.loss = npy(folder / "learning_rate.npy"), npy(folder / "loss.npy")
        self.evals = list(zip(npy(folder / "eval_step.npy"), npy(folder / "train_loss.npy"), npy(folder / "test_loss.npy")))
        self.dead = npy(folder / "dead_share.npy") if meta["labels"]["activation"] == "relu" else []
        self.hidden = len(weights) - 1

    def not_finite(self):
        return not all(math.isfinite(x) for row in self.norms for x in row) or not all(map(math.isfinite, self.loss))

    def smallest(self):
        return min((x for row in self.means for x in row if math.isfinite(x)), default=math.inf)

    def most_dead(self):
        return max((x for row in self.dead for x in row[: self.hidden] if math.isfinite(x)), default=0)


def sagemaker(run):
    """SageMaker Debugger's built-in rules VanishingGradient, ExplodingTensor, DeadRelu and Overfit with their defaults.
    PoorWeightInitialization is left out: its ratio of weight variances, 10, is passed by any default start on 784 pixels."""
    out = set()
    if run.smallest() < 1e-7:
        out.add("vanishing")
    if run.not_finite():
        out.add("diverged")
    if run.most_dead() > 0.5:
        out.add("dead-units")
    if any(train > 0 and (test - train) / train > 0.1 for step, train, test in run.evals if step > 0):
        out.add("overfitting")
    return out


def deepdiagnosis(run):
    """Vanishing by the mean, the rate by rate x |g| / |w| outside [1e-5, 1e-1] in half of the steps of a layer."""
    out = set()
    if run.smallest() < 1e-7:
        out.add("vanishing")
    if run.not_finite():
        out.add("diverged")
    for layer in range(run.hidden + 1):
        sizes = [r * g[layer] / w[layer] for r, g, w in zip(run.rates, run.norms, run.params) if w[layer] > 0 and math.isfinite(g[layer])]
        if sizes and 2 * sum(x < 1e-5 for x in sizes) >= len(sizes):
            out.add("rate-too-small")
        if sizes and 2 * sum(x > 1e-1 for x in sizes) >= len(sizes):
            out.add("rate-too-large")
    return out


def thedeepchecker(run):
    """Vanishing below a mean of 1e-6; exploding above 1e6, or when it more than doubles at five checks in a row, one every ten steps."""
    out = set()
    if run.smallest() < 1e-6:
        out.add("vanishing")
    checks = run.means[::10]
    doubled = lambda i, l: checks[i][l] > 2 * checks[i - 1][l] > 0
    grows = any(all(doubled(i + k, l) for k in range(5)) for l in range(run.hidden + 1) for i in range(1, len(checks) - 4))
    if run.not_finite() or grows or any(x > 1e6 for row in run.means for x in row):
        out.add("exploding")
    return out


def autotrainer(run):
    """Ratio of the norms of the first and the last layer, both hidden and output; dead units by the share of zero gradients, of which
    the share of units that no sample switches on is the least. Its rules on slow and oscillating training are left out."""
    out = set()
    pairs = [(row[0], row[-1]) for row in run.norms if math.isfinite(row[0]) and math.isfinite(row[-1])]
    if any(first < 1e-3 * last and first < 1e-4 for first, last in pairs):
        out.add("vanishing")
    if run.not_finite() or any(x >= 1e3 for x in run.loss) or any(first > 70 * last > 0 for first, last in pairs):
        out.add("exploding")
    if run.most_dead() >= 0.7:
        out.add("dead-units")
    return out


TOOLS = {"sagemaker": sagemaker, "deepdiagnosis": deepdiagnosis, "thedeepchecker": thedeepchecker, "autotrainer": autotrainer}


def verdicts(folder):
    """Tool -> what it says, sorted; "healthy" when it says nothing."""
    run = Run(folder)
    return {name: sorted(rule(run)) or ["healthy"] for name, rule in TOOLS.items()}
