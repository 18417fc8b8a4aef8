"""The label of a run: what one has to change to make it do well. No rule of the program, and none of its numbers, is asked.

Skill s = (accuracy - c) / (1 - c), c being the share of the most frequent class; a run that ended in NaN has 0.
Best training skill B: of all runs on that data and that size of the training set. Best test skill T: of all runs on that data.
"""

TRAINS = 0.9  # share of the best that is known, from which on a run does well
HALF = 0.5  # share of the missing skill that the best change has to bring where none makes the run train
GAIN = 0.1  # a cure also has to gain this much skill, or half of what is missing, so that luck is none

LABELS = ("vanishing", "healthy", "overfitting", "rate-too-large", "rate-too-small", "not-long-enough", "exploding", "dead-initialisation", "dead-units", "stuck")


class Results:
    """The best of some outcomes: {"setting", "train", "test"}, the latter two in skill."""

    def __init__(self, outcomes):
        self.best_train, self.best_test = {}, {}
        for o in outcomes:
            s = o["setting"]
            # Early stopping trains on fewer samples.
            if not s.get("early"):
                place = (s["data"], s["train"])
                self.best_train[place] = max(self.best_train.get(place, 0), o["train"])
            self.best_test[s["data"]] = max(self.best_test.get(s["data"], 0), o["test"])

    def missing(self, o):
        s = o["setting"]
        return self.best_train[(s["data"], s["train"])] - o["train"]

    def trains(self, o):
        s = o["setting"]
        return o["train"] >= TRAINS * self.best_train.get((s["data"], s["train"]), 1)

    def tests(self, o):
        return o["test"] >= TRAINS * self.best_test[o["setting"]["data"]]


def training_helps(results, base, changes):
    """Names of the changes that bring at least half of what a run misses of the best that is known."""
    missing = results.missing(base)
    return [n for n, o in changes.items() if o["train"] - base["train"] >= HALF * missing > 0]


def training_cures(results, base, changes):
    """Names of the changes that make a failing run train. Where none does within the budget, the best of them stands for the best that
    is known, if it takes the run half of the way there. Second: did they make it train?"""
    missing = results.missing(base)
    gains = lambda o: o["train"] - base["train"] >= min(GAIN, HALF * missing)
    whole = [n for n, o in changes.items() if results.trains(o) and gains(o)]
    if whole:
        return whole, True
    best = max(o["train"] for o in changes.values())
    if best - base["train"] < max(GAIN, HALF * missing):
        return [], False
    return [n for n, o in changes.items() if o["train"] >= TRAINS * best and gains(o)], False


def test_cures(results, base, changes):
    """Names of the changes that close the gap, if there is one: still good on the training set, and as good as is known on the test set,
    or with less than half of the distance to it."""
    if base["train"] - base["test"] < GAIN:
        return []
    target = TRAINS * results.best_test[base["setting"]["data"]]
    closes = lambda o: target - o["test"] <= (target - base["test"]) / 2 and o["train"] - o["test"] <= (base["train"] - base["test"]) / 2
    return [n for n, o in changes.items() if closes(o) and results.trains(o)]


def label(results, base, train_changes, test_changes, oversized):
    """(label or "", other labels that fit as well, names of cures)."""
    s = base["setting"]
    if not results.trains(base):
        cures, _ = training_cures(results, base, train_changes)
        fits = training_labels(s, cures, oversized)
        return (fits[0] if fits else ""), fits[1:], cures
    cures = test_cures(results, base, test_changes)
    if not results.tests(base):
        return ("overfitting" if cures else ""), [], cures
    # Well is not best: what still helps much is a right answer too.
    helps = training_helps(results, base, train_changes)
    return "healthy", ["overfitting"] * bool(cures) + training_labels(s, helps, oversized), cures + helps


def training_labels(s, cures, oversized):
    """Labels that fit a network that these changes help, the likeliest first."""
    any_of = lambda *starts: any(c.startswith(starts) for c in cures)
    larger, smaller, longer = any_of("rate*"), any_of("rate/"), "steps*4" in cures
    # With one hidden layer there is none for the signal to vanish on the way to.
    structure = any_of("activation=", "init=", "norm=") and s["depth"] > 1
    init = any_of("init=")
    linear = s["activation"] == "identity"
    fits = []
    if s["init"] == "zeros" and init:
        fits.append("dead-initialisation")
    if smaller and not larger:
        fits.append("rate-too-large")
    if oversized and init:
        fits.append("exploding")
    if larger and not smaller:
        fits.append("rate-too-small")
    if longer:
        fits.append("not-long-enough")
    if "leaky" in cures:
        fits.append("dead-units")
    if linear and (any_of("activation=") or "width*4" in cures) and not init:
        fits.append("stuck")
    if structure and not linear and not oversized and s["init"] != "zeros":
        fits.append("vanishing")
    if "width*4" in cures and not fits:
        fits.append("stuck")
    return fits
