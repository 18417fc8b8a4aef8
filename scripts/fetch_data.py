#!/usr/bin/env python3
"""Download MNIST, Fashion-MNIST or CIFAR-10 and check every file.

    python3 scripts/fetch_data.py mnist                # into data/mnist; then: --data idx:data/mnist
    python3 scripts/fetch_data.py fashion-mnist        # into data/fashion-mnist
    python3 scripts/fetch_data.py cifar10              # into data/cifar10; then: --data cifar10:data/cifar10
    python3 scripts/fetch_data.py all --dir elsewhere

Only the Python standard library is needed. A file is written beside its place as NAME.part, checked against its published
MD5 (those that torchvision documents; for MNIST the SHA-256 of the unpacked file too), and only then renamed: what stands
under its right name is whole. Files that are there and right are not fetched again. `--base-url URL` replaces the mirrors
(a local copy works too: file:///...); the checksums stay.

The data keep their own licences: MNIST CC BY-SA 3.0 (LeCun, Cortes, Burges), Fashion-MNIST MIT (Zalando), CIFAR-10 as its
page asks: cite Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

import argparse
import gzip
import hashlib
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
import zlib

TIMEOUT_SECS = 60

# name -> mirrors in the order of trial, and files: (name, MD5, SHA-256 of the unpacked file or None)
SETS = {
    "mnist": {
        "mirrors": [
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        "files": [
            (
                "train-images-idx3-ubyte.gz",
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "d53e105ee54ea40749a09fcbcd1e9432",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                "9fb629c4189551a2d022fa330f9573f3",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                "ec29112dd5afa0611ce80d1b7f02629c",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
    },
    "fashion-mnist": {
        "mirrors": [
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ],
        "files": [
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", None),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", None),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", None),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", None),
        ],
    },
    "cifar10": {
        "mirrors": ["https://www.cs.toronto.edu/~kriz/"],
        "files": [("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", None)],
    },
}
# What the CIFAR-10 archive has to hold: 10,000 records of 3,073 bytes each.
CIFAR_FOLDER = "cifar-10-batches-bin"
CIFAR_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
CIFAR_SIZE = 10_000 * 3_073


class Failed(Exception):
    """A message for the user."""


def md5(path):
    digest = hashlib.md5(usedforsecurity=False)  # published sums are MD5; they guard against accidents
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def unpacked_sha256(path):
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except (OSError, EOFError, zlib.error) as error:
        return f"none ({error})"
    return digest.hexdigest()


def problem(path, expected_md5, expected_sha256):
    """Why a file is not the one it should be, or None."""
    found = md5(path)
    if found != expected_md5:
        return f"MD5 {found}, expected {expected_md5}"
    if expected_sha256 is not None and (found := unpacked_sha256(path)) != expected_sha256:
        return f"SHA-256 of the unpacked file {found}, expected {expected_sha256}"
    return None


def download(url, path):
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECS) as answer, open(path, "wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
        length = answer.headers.get("Content-Length")
        if length is not None and file.tell() != int(length):
            raise OSError(f"connection lost after {file.tell()} of {length} bytes")


def fetch(name, expected_md5, expected_sha256, mirrors, folder):
    """Brings one file to folder/name, from the first mirror that has the right one."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        why = problem(path, expected_md5, expected_sha256)
        if why is None:
            print(f"{path}: there already, checksum right")
            return path
        print(f"{path}: {why}; fetching it again", file=sys.stderr)
    part = path + ".part"
    tried = []
    for mirror in mirrors:
        url = mirror.rstrip("/") + "/" + name
        try:
            download(url, part)
            why = problem(part, expected_md5, expected_sha256)
            if why is None:
                os.replace(part, path)
                print(f"{path}: fetched from {url}, checksum right")
                return path
        except (urllib.error.URLError, OSError, ValueError) as error:
            why = str(getattr(error, "reason", None) or error)
        finally:
            if os.path.exists(part):
                os.remove(part)
        tried.append(f"{url}: {why}")
    raise Failed(f"{name} could not be fetched (is there a network?):\n  " + "\n  ".join(tried))


def unpack_cifar(archive, folder):
    """Unpacks the six files, and nothing else that an archive may hold, each beside its place first."""
    target = os.path.join(folder, CIFAR_FOLDER)
    os.makedirs(target, exist_ok=True)
    with tarfile.open(archive, "r:gz") as tar:
        for name in CIFAR_FILES:
            path = os.path.join(target, name)
            try:
                source = tar.extractfile(f"{CIFAR_FOLDER}/{name}")
            except KeyError:
                source = None
            if source is None:
                raise Failed(f"{archive} holds no {CIFAR_FOLDER}/{name}")
            with source, open(path + ".part", "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            if os.path.getsize(path + ".part") != CIFAR_SIZE:
                os.remove(path + ".part")
                raise Failed(f"{name} in {archive} is not {CIFAR_SIZE} bytes long")
            os.replace(path + ".part", path)
    print(f"{target}: unpacked")


def fetch_set(name, directory, base_url=None):
    folder = os.path.join(directory, name)
    os.makedirs(folder, exist_ok=True)
    data_set = SETS[name]
    mirrors = [base_url] if base_url else data_set["mirrors"]
    for file, expected_md5, expected_sha256 in data_set["files"]:
        path = fetch(file, expected_md5, expected_sha256, mirrors, folder)
        if name == "cifar10":
            unpack_cifar(path, folder)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Download data sets for gradfade and check them.")
    parser.add_argument("sets", nargs="+", choices=[*SETS, "all"], metavar="SET", help=", ".join([*SETS, "all"]))
    parser.add_argument("--dir", default="data", help="where to put them, one folder a set (default: data)")
    parser.add_argument("--base-url", help="fetch from here instead of the known mirrors")
    args = parser.parse_args(arguments)
    try:
        for name in SETS if "all" in args.sets else args.sets:
            fetch_set(name, args.dir, args.base_url)
    except (Failed, OSError, tarfile.TarError) as error:
        print(f"fetch_data: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fetch_data: stopped; files under their right names are whole", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
