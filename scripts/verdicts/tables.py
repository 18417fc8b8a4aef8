"""Precision and recall per verdict from the rows of the CSV.

A label's recall is over the runs whose (first) label it is. A verdict is right when it is the label, or one of the others that fit
as well (column `also`): a network that both more steps and another activation cure has two right answers.
"""

from labels import LABELS

# What gradfade's rules call the labels; the rest (saturated units, movement by decay only, lost updates, a hiding optimiser) are
# symptoms beside these and are not scored.
GRADFADE = {
    "vanishing-gradient": "vanishing",
    "uniform-vanishing": "vanishing",
    "healthy": "healthy",
    "overfitting": "overfitting",
    "learning-rate-too-large": "rate-too-large",
    "learning-rate-too-small": "rate-too-small",
    "not-trained-long-enough": "not-long-enough",
    "exploding-gradient": "exploding",
    # That is what the label says: large weights at the start, which another initialisation cures.
    "initialisation-too-large": "exploding",
    "dead-initialisation": "dead-initialisation",
    "dead-units": "dead-units",
    "stuck-with-large-gradients": "stuck",
}
TOOLS = {"gradfade": "gradfade", "sagemaker": "SageMaker Debugger", "deepdiagnosis": "DeepDiagnosis", "thedeepchecker": "TheDeepChecker", "autotrainer": "AutoTrainer"}


def said(row, tool):
    words = row[tool].split()
    return {GRADFADE.get(w) for w in words} if tool == "gradfade" else set(words)


def counts(rows, tool, label):
    """(right among the runs with the label, runs with the label, right verdicts, verdicts)."""
    mine = [r for r in rows if r["label"] == label]
    spoken = [r for r in rows if r["label"] and label in said(r, tool)]
    fits = lambda r: label == r["label"] or label in r["also"].split()
    return sum(label in said(r, tool) for r in mine), len(mine), sum(map(fits, spoken)), len(spoken)


def share(a, b):
    return f"{a / b:.2f}" if b else "-"


def table(rows, head, labels):
    out = [f"| {head} | runs | " + " | ".join(TOOLS.values()) + " |", "|---|---|" + "---|" * len(TOOLS)]
    for label in labels:
        cells = []
        for tool in TOOLS:
            found, mine, right, spoken = counts(rows, tool, label)
            cells.append(f"{share(right, spoken)} / {share(found, mine)}" if spoken else ("- / " + share(0, mine)))
        out.append(f"| {label} | {mine} | " + " | ".join(cells) + " |")
    healthy = [r for r in rows if r["label"] == "healthy"]
    accused = [sum(not said(r, tool) & {"healthy", *r["also"].split()} for r in healthy) for tool in TOOLS]
    out.append(f"| *healthy runs with a fault* | {len(healthy)} | " + " | ".join(map(str, accused)) + " |")
    ill = [r for r in rows if r["label"] and r["label"] != "healthy"]
    right = [sum(bool(said(r, tool) & {r["label"], *r["also"].split()}) for r in ill) for tool in TOOLS]
    out.append(f"| *faulty runs with a right verdict* | {len(ill)} | " + " | ".join(map(str, right)) + " |")
    silent = [sum("healthy" in said(r, tool) for r in ill) for tool in TOOLS]
    out.append(f"| *faulty runs called healthy* | {len(ill)} | " + " | ".join(map(str, silent)) + " |")
    slow = [r for r in ill if r["label"] in ("rate-too-small", "not-long-enough")]
    either = [sum(bool(said(r, tool) & {"rate-too-small", "not-long-enough"}) for r in slow) for tool in TOOLS]
    out.append(f"| *rate too small or not long enough, called either* | {len(slow)} | " + " | ".join(map(str, either)) + " |")
    spoken = [[r for r in rows if r["label"] and "vanishing" in said(r, tool)] for tool in TOOLS]
    also = lambda r: {r["label"], *r["also"].split()}
    only = [sum("vanishing" in also(r) and not also(r) & {"rate-too-small", "not-long-enough"} for r in some) for some in spoken]
    out.append("| *vanishing, and neither rate nor steps cure it* | | " + " | ".join(share(a, len(some)) for a, some in zip(only, spoken)) + " |")
    return "\n".join(out)


def markdown(rows):
    out = []
    labels = [label for label in LABELS if any(r["label"] == label for r in rows)]
    for name in dict.fromkeys(r["half"] for r in rows):
        part = [r for r in rows if r["half"] == name]
        none = sum(not r["label"] for r in part)
        out.append(table(part, f"{name} ({len(part)} runs, {none} without a label)", labels))
    return "\n\n".join(out)
