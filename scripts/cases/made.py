"""The tables that the cases read, written into a folder: the same bytes at every call.

`circle`, `xor4`, `blobs`, `threshold` and `scales` are made here, `raw_digits` are the embedded digits as numbers of 0 to 255,
and the two of `data/` were posted with the questions.
"""

import random
import shutil
import zlib
from itertools import accumulate
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIGITS = HERE.parents[1] / "assets" / "mnist-mini.zlib"
IMAGES, SIDE, CONTEXTS = 12_000, 28, 81


def write(path, rows, header=None):
    lines = ([",".join(header)] if header else []) + [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def circle(rng):
    """Whether a point of the square lies within 0.8 of its middle."""
    for _ in range(1000):
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        yield f"{x:.4f}", f"{y:.4f}", int(x * x + y * y < 0.64)


def blobs(rng):
    """Two squares that do not touch."""
    for _ in range(100):
        for label, (low, high) in ((1, (0.2, 0.4)), (2, (0.5, 0.7))):
            yield f"{rng.uniform(low, high):.4f}", f"{rng.uniform(low, high):.4f}", label


def threshold(rng):
    """One number below 100,000, and whether it is in the upper half."""
    for _ in range(5000):
        x = rng.randrange(100_000)
        yield x, int(x >= 50_000)


def scales(rng):
    """Four columns of very different size, of which each tells the classes apart a little."""
    for _ in range(600):
        yes = rng.randrange(2)
        row = (
            rng.gauss(60_000 + 15_000 * yes, 20_000),
            rng.gauss(50 + 6 * yes, 12),
            rng.gauss(1e-3 * yes, 1e-3),
            rng.gauss(20_000 - 9_000 * yes, 9_000),
        )
        yield *(f"{x:.6g}" for x in row), "yes" if yes else "no"


def digits(count):
    """The first images of the asset with their labels; scripts/build_mnist_mini.py has its layout."""
    stream = zlib.decompress(DIGITS.read_bytes())
    labels, at = stream[:IMAGES], IMAGES
    counts = [int.from_bytes(stream[at + 4 * i : at + 4 * i + 4], "little") for i in range(CONTEXTS)]
    at += 4 * CONTEXTS
    classes = stream[at : at + IMAGES * SIDE * SIDE // 4]
    at += len(classes)
    rim = stream[at : at + sum(counts)]
    bright = stream[at + len(rim) :]
    place, seen = [0, *accumulate(counts)], 0
    for image in range(count):
        base = image * SIDE * SIDE // 4
        kind = [[classes[base + (r // 4) * SIDE + c] >> 2 * (r % 4) & 3 for c in range(SIDE)] for r in range(SIDE)]
        kind_at = lambda r, c: kind[r][c] if 0 <= r < SIDE and 0 <= c < SIDE else 0
        pixels = []
        for r in range(SIDE):
            for c in range(SIDE):
                if kind[r][c] == 1:
                    around = kind_at(r, c - 1), kind_at(r, c + 1), kind_at(r - 1, c), kind_at(r + 1, c)
                    context = 27 * around[0] + 9 * around[1] + 3 * around[2] + around[3]
                    pixels.append(rim[place[context]])
                    place[context] += 1
                elif kind[r][c] == 2:
                    pixels.append(252 + (bright[seen // 4] >> 2 * (seen % 4) & 3))
                    seen += 1
                else:
                    pixels.append(0)
        yield *pixels, labels[image]


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)
    write(folder / "circle.csv", circle(rng))
    write(folder / "xor4.csv", [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)])
    write(folder / "blobs.csv", blobs(rng))
    write(folder / "threshold.csv", threshold(rng))
    write(folder / "scales.csv", scales(rng), ["income", "age", "drift", "debt", "label"])
    rows = list(digits(5000))
    header = [*(f"p{i}" for i in range(SIDE * SIDE)), "label"]
    write(folder / "raw_digits_train.csv", rows[:4000], header)
    write(folder / "raw_digits_test.csv", rows[4000:], header)
    for table in (HERE / "data").glob("*.csv"):
        shutil.copy(table, folder)
