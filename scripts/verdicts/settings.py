"""The networks of the grid, and what may be changed in each of them.

Settings are drawn per family by a hash, so that the grid is the same everywhere and does not depend on a random generator. A family
only makes sure that its kind of network is in the grid; what a network is called is decided by the interventions alone (`labels.py`).
"""

import hashlib

# Columns of the committed table that are settings, in this order. "" is the program's default.
KEYS = ("data", "train", "depth", "width", "activation", "init", "norm", "optimizer", "rate", "batch", "steps", "seed")

TEST_SIZE = 1000
MADE_SAMPLES = 4000  # made data: a quarter, 1,000, is for testing, whatever the size of the training set
MOST_TRAIN = {"mnist-mini": 8000}

GOOD_RATE = {"sgd": (0.03, 0.1, 0.3), "momentum": (0.01, 0.03), "nesterov": (0.01, 0.03), "adam": (0.001, 0.003), "adamw": (0.001, 0.003), "rmsprop": (0.0003, 0.001), "adagrad": (0.01, 0.03)}
OPTIMIZERS = ("sgd", "sgd", "sgd", "momentum", "nesterov", "adam", "adam", "rmsprop", "adagrad", "adamw")
# The program's own choice for an activation (see `gradfade train --help`).
HE = ("relu", "leaky-relu", "elu", "gelu", "silu", "softplus")


def digest(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def key(s):
    """The name of a setting, for caches and halves."""
    return " ".join(f"{k}={s[k]}" for k in sorted(s))


def flags(s):
    """Command line of `gradfade train` for a setting."""
    out = ["--data", s["data"], "--train-size", s["train"], "--test-size", TEST_SIZE, "--hidden-layers", s["depth"], "--width", s["width"]]
    out += ["--activation", s["activation"], "--optimizer", s["optimizer"], "--learning-rate", repr(s["rate"]), "--batch-size", s["batch"]]
    out += ["--steps", s["steps"], "--seed", s["seed"]]
    if s["data"] != "mnist-mini":
        out += ["--samples", MADE_SAMPLES]
    for name, flag in (("init", "--initialisation"), ("norm", "--normalisation"), ("decay", "--weight-decay"), ("dropout", "--dropout")):
        if s.get(name):
            out += [flag, s[name]]
    if s.get("early"):
        held = max(s["train"] // 5, 10)
        out += ["--validation-size", held, "--early-stopping", 5]
        if s["batch"] != "full" and s["batch"] > s["train"] - held:
            out[out.index("--batch-size") + 1] = "full"
    return [str(x) for x in out]


def shapes(pick, data, small=False):
    """Data, size of the training set, batch and budget."""
    if data == "mnist-mini":
        train = pick("train", (100, 200, 300, 500) if small else (1000, 2000, 4000, 4000, 8000))
        steps = pick("steps", (400, 800) if small else (100, 200, 400, 800, 1200))
    else:
        train = pick("train", (30, 60, 100) if small else (200, 1000, 2000))
        steps = pick("steps", (1000, 2000) if small else (300, 1000, 2000))
    batches = [b for b in (10, 20, 50) if b < train] + (["full"] if train <= 1000 else [])
    return {"data": data, "train": train, "batch": pick("batch", batches), "steps": steps}


def draw(family, i):
    """Member `i` of a family."""

    def pick(name, options):
        return options[digest(f"{family} {i} {name}") % len(options)]

    data = pick("data", ("mnist-mini",) * 6 + ("spiral",) * 2 + ("gaussians", "xor"))
    s = shapes(pick, data, small=family == "few samples")
    s |= {"width": pick("width", (16, 32, 64)), "init": "", "norm": "", "seed": 1 + i % 5, "optimizer": pick("optimizer", OPTIMIZERS)}
    good = pick("rate", GOOD_RATE[s["optimizer"]])
    rectifiers = ("relu", "relu", "leaky-relu", "selu", "tanh", "elu", "silu", "gelu")
    if family == "anything":
        s |= {"depth": pick("depth", (1, 2, 3, 4, 5, 6, 8, 10)), "rate": good * pick("factor", (0.1, 0.3, 1, 3))}
        s["activation"] = pick("activation", ("sigmoid", "sigmoid", "tanh", "relu", "leaky-relu", "selu", "silu", "softplus", "softsign"))
        s["init"] = pick("init", ("", "", "", "glorot-uniform", "orthogonal", "lecun-normal", "pytorch"))
    elif family == "deep and flat":
        s |= {"depth": pick("depth", (3, 4, 5, 5, 6, 7, 8, 10, 12)), "rate": good * pick("factor", (1, 1, 3))}
        s["activation"] = pick("activation", ("sigmoid", "sigmoid", "sigmoid", "hard-sigmoid", "softplus", "tanh"))
        s["init"] = pick("init", ("", "", "nielsen", "glorot-uniform"))
    elif family == "weights":
        s |= {"depth": pick("depth", (2, 3, 5, 7)), "rate": good, "activation": pick("activation", ("relu", "tanh", "leaky-relu", "silu"))}
        s["init"] = pick("init", ("normal:0.001", "normal:0.01", "normal:0.03", "normal:0.3", "normal:1", "normal:2", "zeros"))
    elif family == "small rate":
        s |= {"depth": pick("depth", (1, 2, 3, 4)), "rate": good * pick("factor", (0.001, 0.003, 0.01, 0.03)), "activation": pick("activation", rectifiers)}
    elif family == "large rate":
        s |= {"depth": pick("depth", (1, 2, 3, 5, 8)), "rate": good * pick("factor", (10, 30, 100)), "activation": pick("activation", rectifiers)}
    elif family == "few samples":
        s |= {"depth": pick("depth", (1, 2, 3)), "rate": good, "activation": pick("activation", rectifiers)}
    elif family == "as usual":
        s |= {"depth": pick("depth", (1, 2, 3, 5, 8)), "rate": good, "activation": pick("activation", rectifiers)}
        s["norm"] = pick("norm", ("", "", "", "batch", "layer"))
    elif family == "linear":
        s |= {"depth": pick("depth", (1, 3)), "rate": good, "activation": "identity", "data": pick("planar", ("spiral", "xor"))}
        s["train"], s["batch"] = 1000, 20
    else:
        raise ValueError(family)
    s["rate"] = float(f"{s['rate']:.3g}")
    return s


# Members of a family in each half.
FAMILIES = {"anything": 220, "deep and flat": 160, "weights": 100, "small rate": 70, "large rate": 80, "few samples": 70, "as usual": 140, "linear": 12}

# The case that four published detectors miss, with two depths that train beside it (Nielsen, ch. 5).
TEXTBOOK = [
    {"data": "mnist-mini", "train": 4000, "depth": d, "width": 30, "activation": "sigmoid", "init": "nielsen", "norm": "", "optimizer": "sgd", "rate": 0.1, "batch": 10, "steps": 12000, "seed": 1}
    for d in (3, 4, 5, 6)
]


# Operations; dearer networks are left out, since each of them is trained up to 17 times.
DEAREST = 8e9


def cost(s):
    """Operations of a training, roughly: the products, and a fixed price of a step."""
    batch = s["train"] if s["batch"] == "full" else s["batch"]
    inputs = 784 if s["data"] == "mnist-mini" else 2
    return s["steps"] * (6 * batch * (inputs * s["width"] + s["depth"] * s["width"] ** 2) + 5e5 * s["depth"])


def base_runs(parts=("tuning", "held-out")):
    """Every network of some parts of the grid, once, with its part: a family's first members and the textbook's are "tuning", as many
    later ones "held-out", and as many again "third"."""
    runs = {key(s): (s, "tuning") for s in TEXTBOOK}
    # In turns, so that the first N of them are a small grid of the same kind.
    for again, part in enumerate(("tuning", "held-out", "third")):
        for i in range(max(FAMILIES.values())):
            for s in (draw(family, i + again * count) for family, count in FAMILIES.items() if i < count):
                if cost(s) <= DEAREST:
                    runs.setdefault(key(s), (s, part))
    return [(s, part) for s, part in runs.values() if part in parts]


def oversized(s):
    return s["init"].startswith("normal:") and float(s["init"][7:]) >= 0.3


def training_changes(s):
    """Name -> setting with one thing changed, the budget included only where that is the change."""
    out = {f"rate*{f}": s | {"rate": float(f"{s['rate'] * f:.3g}")} for f in (4, 16, 64, 256)}
    out |= {f"rate/{f}": s | {"rate": float(f"{s['rate'] / f:.3g}")} for f in (4, 16, 64)}
    out["steps*4"] = s | {"steps": s["steps"] * 4}
    # A new activation brings the initialisation that is made for it.
    out |= {f"activation={a}": s | {"activation": a, "init": ""} for a in ("relu", "selu") if (a, "") != (s["activation"], s["init"])}
    if s["activation"] == "relu":
        out["leaky"] = s | {"activation": "leaky-relu"}
    out |= {f"init={n or 'default'}": s | {"init": n} for n in ("", "orthogonal") if n != s["init"]}
    out |= {f"norm={n}": s | {"norm": n} for n in ("batch", "layer-after") if n != s["norm"]}
    out["width*4"] = s | {"width": s["width"] * 4}
    return out


def test_changes(s):
    out = {f"decay={d}": s | {"decay": d} for d in (0.001, 0.01)}
    out |= {f"dropout={p}": s | {"dropout": p} for p in (0.2, 0.5)}
    out["early-stopping"] = s | {"early": True}
    most = MOST_TRAIN.get(s["data"], MADE_SAMPLES)
    out |= {f"train*{f}": s | {"train": s["train"] * f} for f in (4, 16) if s["train"] * f <= most}
    if s["train"] * 4 > most > s["train"]:
        out[f"train={most}"] = s | {"train": most}
    return out
