"""The notebook, executed as nbconvert does it: verdict, figure and page are in what a reader sees."""

import html
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

for needed in ("nbconvert", "ipykernel", "torch", "pandas"):
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed", allow_module_level=True)

NOTEBOOK = Path(__file__).parents[1] / "examples" / "pytorch.ipynb"


def convert(folder, source, *options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "nbconvert", source, "--output-dir", folder, *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]


def test_the_notebook_is_committed_without_outputs():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if cell["cell_type"] == "code")


def test_verdict_figure_and_page_are_in_the_html(tmp_path, program):
    copy = tmp_path / "pytorch.ipynb"
    copy.write_text(NOTEBOOK.read_text())
    convert(tmp_path, copy, "--execute", "--to", "notebook", "--output", "executed.ipynb")
    cells = [c for c in json.loads((tmp_path / "executed.ipynb").read_text())["cells"] if c["cell_type"] == "code"]
    outputs = {i: output for i, cell in enumerate(cells) for output in cell["outputs"] if "data" in output}
    said = "".join("".join(output.get("text", "")) for output in cells[2]["outputs"])
    assert said.startswith("notebook: vanishing gradient")
    assert "<diagnosis of notebook: vanishing-gradient>" in str(outputs[2]["data"]["text/plain"])
    assert "".join(outputs[3]["data"]["image/svg+xml"]).lstrip().startswith("<svg") and "image/png" in outputs[3]["data"]
    assert "".join(outputs[4]["data"]["text/html"]).startswith('<iframe srcdoc="')

    convert(tmp_path, tmp_path / "executed.ipynb", "--to", "html", "--output", "executed.html")
    page = (tmp_path / "executed.html").read_text()
    # nbconvert writes the attributes anew, in an order of its own.
    frames = re.findall(r'<iframe[^>]*? srcdoc="(.*?)"', page, flags=re.S)
    assert len(frames) == 1 and re.search(r'<iframe[^>]*? sandbox="allow-scripts"', page, flags=re.S)
    inner = html.unescape(frames[0])
    # The page's own security policy has the hashes of its script and style: not a character may change.
    shown = re.findall(r'srcdoc="(.*?)"', "".join(outputs[4]["data"]["text/html"]), flags=re.S)
    assert inner == html.unescape(shown[0])
    assert inner.lstrip().lower().startswith("<!doctype html>") and "anishing gradient" in inner and "<script" in inner
    assert "notebook: vanishing gradient" in page and ("data:image/svg+xml;base64" in page or "<svg" in page)
