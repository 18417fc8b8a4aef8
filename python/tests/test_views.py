"""The views of a run: verdict, figures, page, tables."""

import json
import os
import stat
import subprocess
import sys

import numpy as np
import pytest

import gradfade
from gradfade import GradfadeError, Recorder, _binary, is_missing

DEPTH = 6


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A record in which the gradient shrinks by ten from layer to layer toward the input."""
    path = tmp_path_factory.mktemp("views") / "fading"
    rng = np.random.default_rng(0)
    params = {f"layers.{i}.weight": rng.normal(size=(8, 8)) for i in range(DEPTH)}
    signal = 10.0 ** (np.arange(DEPTH) - DEPTH)
    run = Recorder(params, path, activations="sigmoid", task="classification", classes=4, loss="cross-entropy", weight_decay=0)
    run.evaluation(train_loss=1.4, train_accuracy=0.25)
    for _ in range(40):
        grads = {name: np.full((8, 8), size) for name, size in zip(params, signal)}
        updates = {name: -0.01 * g for name, g in grads.items()}
        run.step(loss=1.4, accuracy=0.25, grads=grads, params=params, updates=updates, signal_rms=signal)
        params = {name: p + updates[name] for name, p in params.items()}
    run.evaluation(train_loss=1.39, train_accuracy=0.25)
    run.close()
    return gradfade.open(path)


def test_a_diagnosis_is_printed_and_is_data(finished, capsys):
    diagnosis = finished.diagnose()
    assert capsys.readouterr().out == diagnosis.text and diagnosis.text.startswith("fading: vanishing gradient")
    assert (diagnosis.conclusion, diagnosis.cause) == ("faulty", "vanishing-gradient")
    assert "vanishing-gradient" in diagnosis.found
    verdict = diagnosis.verdict("vanishing-gradient")
    assert verdict["outcome"] == "found" and verdict["evidence"]
    assert repr(diagnosis) == "<diagnosis of fading: vanishing-gradient>"
    assert json.loads(json.dumps(diagnosis))["run"] == "fading"
    with pytest.raises(GradfadeError, match="there is no rule `vanishing`; the rules are "):
        diagnosis.verdict("vanishing")


def test_a_diagnosis_speaks_chinese(finished, capsys):
    assert "梯度消失" in finished.diagnose(lang="zh").text
    with pytest.raises(GradfadeError) as raised:
        finished.diagnose(lang="xx")
    assert "xx" in str(raised.value) and "\n" not in str(raised.value)


def test_a_figure_is_drawn_shown_and_saved(finished, tmp_path):
    figure = finished.plot("gradient-heatmap")
    assert figure._repr_svg_().lstrip().startswith("<svg") and figure._repr_png_().startswith(b"\x89PNG")
    dark = finished.plot("gradient-heatmap", theme="dark", lang="zh")
    assert dark.svg != figure.svg
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        path = figure.save(tmp_path / f"a.{kind}")
        with open(path, "rb") as file:
            assert file.read(16).lstrip().startswith(start)
    with pytest.raises(GradfadeError, match="a figure is saved as .svg, .png or .pdf"):
        figure.save(tmp_path / "a.jpg")
    with pytest.raises(GradfadeError, match="a.svg: cannot write it: "):
        figure.save(tmp_path / "nowhere" / "a.svg")


def test_every_figure_of_one_run_has_its_name(finished):
    figures = finished.figures()
    assert {"gradient-heatmap", "comparison", "training-curves"} <= set(figures) and all(figures.values())
    for name in ("gradient-heatmap", "training-curves", "layer-profile", "update-heatmap"):
        assert finished.plot(name).svg
    assert finished.plot("comparison", finished).svg


@pytest.mark.parametrize(
    "figure, line",
    [
        ("gradient", "unknown figure 'gradient'"),
        ("comparison", "comparison"),
        ("pooling-routes", "does not hold the settings that it could be trained from again"),
    ],
)
def test_a_figure_that_cannot_be_drawn_is_one_line(finished, figure, line):
    with pytest.raises(GradfadeError) as raised:
        finished.plot(figure)
    assert line in str(raised.value) and "\n" not in str(raised.value)


def test_the_page_is_a_frame_that_is_apart_from_the_notebook(finished, tmp_path):
    page = finished.page()
    assert page.html.lstrip().lower().startswith("<!doctype html>") and "anishing gradient" in page.html
    frame = page._repr_html_()
    assert frame.startswith('<iframe srcdoc="') and 'sandbox="allow-scripts"' in frame
    # One attribute: no quotation mark of the page ends it.
    assert frame.count('"') == 2 * 4
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == page.html
    assert "zh" in finished.page(lang="zh").html


def test_outside_of_a_notebook_the_page_is_a_file(finished, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address))
    finished.show()
    file = capsys.readouterr().out.strip()
    assert opened == [f"file://{file}"]
    with open(file) as page:
        assert "<html" in page.read()
    os.remove(file)


def test_numbers_are_arrays(finished):
    assert finished["grad_norm"].shape == (40, DEPTH) and finished["step"].tolist() == list(range(40))
    assert np.allclose(finished["signal_rms"][0], 10.0 ** (np.arange(DEPTH) - DEPTH))
    table = finished.table("evaluation")
    assert list(table) == ["eval_step", "train_loss", "train_accuracy"] and table["eval_step"].tolist() == [0, 40]
    assert set(finished.table()) == {"step", *(m for m in finished.metrics() if gradfade._format.METRICS[m].table == "step")}
    for action, line in [
        (lambda: finished["grads"], "there is no metric `grads`; this run has "),
        (lambda: finished["grad_rms"], "`grad_rms` was not recorded; this run has "),
        (lambda: finished.table("steps"), "there is no table `steps`; tables are step, snapshot, evaluation"),
    ]:
        with pytest.raises(GradfadeError) as raised:
            action()
        assert line in str(raised.value)


def test_frames_are_long_and_wide(finished):
    pandas = pytest.importorskip("pandas")
    long = finished.frame()
    assert list(long.columns) == ["step", "layer", "tensor", "metric", "value"]
    row = long[(long.metric == "grad_norm") & (long.step == 3) & (long.layer == 2)]
    assert row.value.tolist() == [finished["grad_norm"][3, 1]] and row.tensor.tolist() == ["layers.1.weight"]
    assert len(long) == sum((~is_missing(finished[m])).sum() for m in finished.metrics())
    wide = finished.frame("grad_norm")
    assert wide.shape == (40, DEPTH) and wide.columns[0] == "layers.0.weight" and wide.index.name == "step"
    both = finished.frame(["loss", "signal_rms"])
    assert list(both.columns)[:2] == ["loss", "signal_rms/0"] or list(both.columns)[:2] == ["loss", "signal_rms/layers.0"]
    assert finished.frame("train_accuracy").loc[40].item() == 0.25
    assert isinstance(wide, pandas.DataFrame)
    for what, line in [
        ("grads", "there is no metric `grads`"),
        (["loss", "train_loss"], "give metrics of one table, not of evaluation and step"),
    ]:
        with pytest.raises(GradfadeError, match=line):
            finished.frame(what)


def test_a_frame_without_pandas_says_what_is_needed(finished):
    code = f"""
import sys
sys.modules["pandas"] = None
import gradfade
try:
    gradfade.open({finished.path!r}).frame()
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "frame() needs pandas: pip install pandas (table() gives NumPy arrays without it)\n", done.stderr


def test_a_run_is_seen_while_it_is_recorded(tmp_path, program):
    run = Recorder({"a.weight": np.ones((2, 2))}, tmp_path / "run")
    for _ in range(20):
        run.step(loss=1.0, grads=[np.ones((2, 2))])
    assert len(run["loss"]) == 20 and run.plot().svg and run.diagnose(quiet=True)["run"] == "run"
    assert repr(run).endswith("recording, 20 steps>") and "running" in repr(gradfade.open(run.path))
    run.close()
    assert "complete, 20 rows" in repr(gradfade.open(run.path))


def test_a_torn_column_is_read_as_far_as_it_goes(tmp_path):
    run = Recorder({"a.weight": np.ones((2, 2))}, tmp_path / "run")
    for step in range(20):
        run.step(loss=float(step), grads=[np.ones((2, 2))])
    run.close()
    step = tmp_path / "run" / "step.npy"
    data = bytearray(step.read_bytes())
    step.write_bytes(bytes(data).replace(b"(20,)", b"(19,)"))
    assert run["loss"].tolist() == list(range(19))
    (tmp_path / "run" / "loss.npy").write_bytes(b"no numbers")
    with pytest.raises(GradfadeError, match="loss.npy: damaged"):
        run["loss"]


@pytest.mark.parametrize(
    "make, line",
    [
        (lambda path: None, "there is no such file or folder; give the folder of a run, or a log"),
        (lambda path: (path.mkdir(), (path / "meta.json").write_text("{")), "meta.json: not the header of a run: "),
        (lambda path: (path.mkdir(), (path / "meta.json").write_text("[]")), "meta.json: not the header of a run"),
        (
            lambda path: (path.mkdir(), (path / "meta.json").write_text('{"schema": 99}')),
            "written in format 99, this package reads up to 2; use a newer gradfade",
        ),
        (lambda path: path.write_bytes(b"\x00\x01nothing that is a log"), "run"),
    ],
)
def test_what_is_no_run_is_one_line(tmp_path, program, make, line):
    path = tmp_path / "run"
    make(path)
    with pytest.raises(GradfadeError) as raised:
        gradfade.open(path)
    assert line in str(raised.value) and "\n" not in str(raised.value)


def test_the_program_is_found_or_its_absence_is_said(tmp_path, monkeypatch, finished):
    monkeypatch.setenv("GRADFADE_BIN", str(tmp_path / "none"))
    with pytest.raises(GradfadeError, match="GRADFADE_BIN is .*none, which is no program; correct it or unset it"):
        finished.diagnose()
    monkeypatch.delenv("GRADFADE_BIN")
    monkeypatch.setattr(_binary, "candidates", lambda: [str(tmp_path / "gradfade")])
    with pytest.raises(
        GradfadeError, match="the program `gradfade`, which draws and diagnoses, is not installed beside this Python"
    ):
        finished.diagnose()
    fake = tmp_path / "gradfade"
    fake.write_text("#!/bin/sh\necho 'warning: x' >&2\necho 'gradfade: out of paper' >&2\nexit 1\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    assert _binary.find() == str(fake)
    with pytest.raises(GradfadeError, match="^out of paper$"):
        finished.diagnose()
