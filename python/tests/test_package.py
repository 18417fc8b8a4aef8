"""The package itself: what it needs, what it brings, what its examples and its README say."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import gradfade

HERE = Path(__file__).parents[1]
PACKAGE = Path(gradfade.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_numpy_is_all_that_is_imported():
    code = """
import sys
for name in ("torch", "pandas", "lightning", "transformers", "keras", "jax", "IPython"):
    sys.modules[name] = None
import numpy as np, gradfade
print(sorted(m for m in sys.modules if m.split(".")[0] in ("torch", "pandas", "keras") and sys.modules[m]))
run = gradfade.Recorder({"w": np.ones((2, 2))}, sys.argv[1])
run.step(loss=1.0, grads=[np.ones((2, 2))])
run.close()
print(run["grad_norm"].tolist())
for name in ("watch", "lightning", "huggingface", "keras"):
    try:
        getattr(gradfade, name)
    except ImportError as error:
        print(error)
"""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", code, f"{folder}/run"], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["[]", "[[2.0]]"], done.stderr
    assert [line.split(": pip install ")[1].split()[0] for line in lines[3:]] == ["lightning", "transformers", "keras"], lines
    assert "torch" in lines[2]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_sources_are_those_of_python_3_9(source):
    tree = ast.parse(source.read_text(), feature_version=(3, 9))
    future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    annotated = any(
        isinstance(node, ast.AnnAssign) or isinstance(node, ast.FunctionDef) and (node.returns or node.args.args)
        for node in ast.walk(tree)
    )
    assert future or not annotated, "annotations are evaluated without `from __future__ import annotations`"
    assert len(source.read_text().splitlines()) <= 620
    assert "guess" not in source.read_text().lower()


def test_public_names_are_there_and_documented():
    for name in gradfade.__all__:
        if name == "watch" and importlib.util.find_spec("torch") is None:
            continue
        thing = getattr(gradfade, name)
        assert name == "MISSING" or thing.__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'wach'"):
        getattr(gradfade, "wach")  # noqa: B009


def installed():
    try:
        return metadata.distribution("gradfade")
    except metadata.PackageNotFoundError:
        pytest.skip("the package runs from its source folder")


def test_the_wheel_has_both_programs_and_the_licences():
    package = installed()
    names = [str(file) for file in package.files]
    for program in ("gradfade", "mdbook-gradfade"):
        paths = [package.locate_file(name) for name in names if Path(name).stem == program and "bin" in name.lower() + "scripts"]
        ran = [subprocess.run([path, "--version"], capture_output=True, text=True) for path in paths if os.access(path, os.X_OK)]
        assert any(package.version in done.stdout for done in ran), (program, paths)
    licences = {Path(name).name for name in names if "licenses" in name}
    assert licences == {"LICENSE-MIT", "LICENSE-APACHE", "font.OFL.txt", "mnist-mini.LICENSE.md"}
    assert gradfade.__version__ == package.version
    requirements = [r for r in package.requires if "extra ==" not in r]
    assert len(requirements) == 1 and requirements[0].startswith("numpy")


def run_example(name, tmp_path, **environment):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONIOENCODING": "utf-8", **environment}
    command = [sys.executable, HERE / "examples" / name, tmp_path / "run"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "gradient-heatmap.svg").read_text().lstrip().startswith("<svg")
    return done.stdout


def test_the_example_of_jax_learns(tmp_path, program):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("JAX is not installed")
    assert "Good results on the training set? yes" in run_example("jax_loop.py", tmp_path)
    run = gradfade.open(tmp_path / "run")
    assert run.meta["source"]["tool"] == "jax"
    assert [layer["name"] for layer in run.meta["layers"]] == ["dense_0", "dense_1", "dense_2", "dense_3"]


def test_the_example_of_pytorch_finds_its_vanishing_gradient(tmp_path, program):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    assert run_example("pytorch.py", tmp_path).startswith("run: vanishing gradient")


def test_the_lines_of_the_readme_run_as_they_stand(tmp_path, program):
    """The two lines for PyTorch and the loop in NumPy of the section "Your own network"."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    readme = HERE.parent / "README.md"
    if not readme.exists():
        pytest.skip("the README is not beside the package")
    section = readme.read_text().split("## Your own network\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, flags=re.S)
    assert len(blocks) == 2
    before = """
import numpy as np, torch
from torch import nn
torch.manual_seed(0)
torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
batches = [(torch.randn(16, 4), torch.randint(3, (16,))) for _ in range(30)]
params = {"hidden.weight": np.ones((8, 4)), "out.weight": np.ones((3, 8))}
def gradients(params, batch):
    return 1.0, {name: np.full_like(p, 0.5) for name, p in params.items()}
"""
    code = before + "\n".join(blocks)
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    for name in ("mine", "loop"):
        assert json.loads((tmp_path / "runs" / name / "meta.json").read_text())["status"] == {"state": "complete"}
        assert len(gradfade.open(tmp_path / "runs" / name)["loss"]) == 30
