"""What the tests share."""

import os
import shutil
import subprocess

import pytest

from gradfade import _binary
from gradfade._errors import GradfadeError

# Programs that the tests start may work in another folder.
if "PYTHONPATH" in os.environ:
    os.environ["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, os.environ["PYTHONPATH"].split(os.pathsep)))


@pytest.fixture(scope="session")
def program():
    """The compiled program; the tests that need it fail without it, and are not skipped."""
    try:
        return _binary.find()
    except GradfadeError as error:
        pytest.fail(f"{error}: these tests need it")


@pytest.fixture
def reads(program):
    """Asks the program's own reader: `reads("summary", path)` gives what it prints."""

    def ask(*arguments, accept=(0,)):
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode in accept, done.stderr
        return done.stdout

    return ask


@pytest.fixture
def full_disk(tmp_path):
    """A small file system of its own, which fills up; skipped where it cannot be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)
