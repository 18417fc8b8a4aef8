"""The run folder: what a reader finds in it, whatever happens to the writer."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import gradfade
from gradfade import MISSING, GradfadeError, GradfadeWarning, is_missing
from gradfade._folder import Folder
from gradfade._format import KEYS, METRICS
from gradfade._npy import encode_header

DOCS = Path(__file__).parents[2] / "docs" / "format.md"


def header(layers=3, run="mine"):
    names = [f"l{i}" for i in range(layers)]
    tensors = [
        {"name": f"{name}.{role}", "layer": i, "role": role, "shape": [2]}
        for i, name in enumerate(names, 1)
        for role in ("weight", "bias")
    ]
    return {
        "source": {"tool": "numpy", "version": "1"},
        "run": run,
        "layers": [{"name": name} for name in names],
        "tensors": tensors,
    }


def row(step, tensors=6):
    return {"loss": 1.0 / (step + 1), "grad_norm": np.arange(tensors) + step + 0.5}


def status(path):
    return json.loads((Path(path) / "meta.json").read_text())["status"]


def test_the_metrics_are_those_of_the_format():
    tables = re.split(r"^## (\w+) table$", DOCS.read_text(), flags=re.M)
    read = {}
    for table, text in zip(tables[1::2], tables[2::2]):
        text = text.split("\nA norm is the L2 norm")[0]
        for stem, shape, kind in re.findall(r"^\| `(\w+)\.npy` \| `\[(.*?)\]` \w+ \| (\w+) ", text, flags=re.M):
            per = "tensor" if "T" in shape else "layer" if "L" in shape else "run"
            if kind == "key":
                assert KEYS[table.lower()] == stem
            else:
                read[stem] = (table.lower(), per, kind)
    assert read == {name: tuple(metric) for name, metric in METRICS.items()}


def test_headers_are_byte_for_byte_those_of_numpy():
    for shape, descr in [((3, 2), "<f8"), ((5,), "<i8"), ((2, 3, 4), "<f4"), ((0, 20), "<f8"), ((12345, 2), "<f8")]:
        file = io.BytesIO()
        np.save(file, np.zeros(shape, dtype=descr))
        assert file.getvalue()[:128] == encode_header(descr, shape[0], shape[1:])
    with pytest.raises(ValueError):
        encode_header("<f8", 2**63, (2**63, 2**63, 2**63))


def test_rows_are_read_back_by_numpy_and_by_the_program(tmp_path, reads):
    folder = Folder(tmp_path / "run", header())
    for step in range(0, 5000, 2):
        folder.append("step", step, row(step))
    folder.append("snapshot", 0, {"distance_from_init": [0.0] * 6})
    folder.append("evaluation", 0, {"train_loss": 2.0, "train_accuracy": 0.25})
    folder.finish({"state": "complete"})
    path = tmp_path / "run"
    assert np.load(path / "step.npy").tolist() == list(range(0, 5000, 2))
    assert np.array_equal(np.load(path / "grad_norm.npy")[7], np.arange(6) + 14.5)
    assert sorted(p.name for p in path.iterdir()) == [
        "distance_from_init.npy", "eval_step.npy", "grad_norm.npy", "loss.npy", "meta.json", "snapshot_step.npy", "step.npy",
        "train_accuracy.npy", "train_loss.npy",
    ]  # fmt: skip
    exported = list(csv.DictReader(io.StringIO(reads("export", path))))
    values = {(line["step"], line["layer"], line["tensor"], line["metric"]): line["value"] for line in exported}
    assert float(values["14", "2", "bias", "grad_norm"]) == 17.5
    assert float(values["0", "", "", "train_accuracy"]) == 0.25
    assert sum(line["metric"] == "grad_norm" for line in exported) == 2500 * 6
    assert "complete" in reads("summary", path)


def test_missing_zero_underflow_nan_and_infinity_stay_apart(tmp_path, reads):
    folder = Folder(tmp_path / "run", header())
    folder.append("step", 0, {"loss": 1.0, "grad_norm": [0.0, -0.0, float("inf"), float("nan"), None, 1e-310]})
    folder.append("step", 1, {"grad_norm": np.array([MISSING] * 6)})
    folder.append("step", 2, {"loss": None, "grad_norm": None})
    folder.finish({"state": "complete"})
    stored = np.load(tmp_path / "run" / "grad_norm.npy")
    assert stored.view("u8")[0].tolist() == [0, 1 << 63, 0x7FF << 52, 0x7FF8 << 48, 0x7FF80000000007A2, stored[0, 5].view("u8")]
    assert is_missing(stored[1:]).all() and not is_missing(stored[0, :4]).any() and is_missing(stored[0, 4])
    assert is_missing(np.load(tmp_path / "run" / "loss.npy")).tolist() == [False, True, True]
    lines = [line for line in reads("export", tmp_path / "run").splitlines() if line.startswith("0,") and "grad_norm" in line]
    assert [line.rsplit(",", 1)[1] for line in lines] == ["0", "underflow", "inf", "nan", "1e-310"], lines


def test_a_metric_that_comes_late_is_missing_before(tmp_path):
    folder = Folder(tmp_path / "run", header())
    for step in range(3000):
        values = row(step)
        if step >= 2500 and step % 2 == 0:
            values["signal_rms"] = [1.0, 2.0, 3.0]
        folder.append("step", step, values)
    folder.finish({"state": "complete"})
    signal_rms = np.load(tmp_path / "run" / "signal_rms.npy")
    assert signal_rms.shape == (3000, 3)
    there = ~is_missing(signal_rms)[:, 0]
    assert np.flatnonzero(there).tolist() == list(range(2500, 3000, 2))


def test_what_was_never_measured_has_no_file(tmp_path):
    folder = Folder(tmp_path / "run", header())
    folder.append("step", 0, {**row(0), "signal_rms": [None] * 3})
    folder.finish({"state": "complete"})
    assert not (tmp_path / "run" / "signal_rms.npy").exists()


@pytest.mark.parametrize(
    "table, step, values, line",
    [
        ("step", 5, {"loss": 1.0}, "run: step row 5: it comes after step 5; steps must increase"),
        ("step", 6, {"grad_norm": [1.0]}, "`grad_norm`: 1 values, but the header has 6 tensors"),
        ("step", 6, {"grad_norm": 1.0}, "`grad_norm`: one value, but the header has 6 tensors"),
        ("step", 6, {"signal_rms": np.ones((2, 3))}, "`signal_rms`: values of shape (2, 3), but the header has 3 layers"),
        ("step", 6, {"lost": 1.0}, "there is no metric `lost`; step rows have epoch, learning_rate, loss, "),
        ("step", 6, {"train_loss": 1.0}, "`train_loss` belongs to the evaluation table"),
        ("step", 6, {"loss": [1.0, 2.0]}, "step row 6"),
    ],
)
def test_a_row_that_does_not_fit_is_one_line_and_is_not_taken(tmp_path, table, step, values, line):
    folder = Folder(tmp_path / "run", header())
    folder.append("step", 5, row(5))
    with pytest.raises(GradfadeError) as raised:
        folder.append(table, step, {"grad_norm": [9.0] * 6, **values})
    assert line in str(raised.value) and "\n" not in str(raised.value)
    folder.append("step", 7, {"loss": 0.5})
    folder.finish({"state": "complete"})
    assert np.load(tmp_path / "run" / "step.npy").tolist() == [5, 7]
    # Nothing of the row that was refused is in the next one.
    assert is_missing(np.load(tmp_path / "run" / "grad_norm.npy")[1]).all()


def test_a_place_that_is_taken_is_an_error_before_the_training(tmp_path):
    run = tmp_path / "run"
    Folder(run, header()).finish({"state": "complete"})
    with pytest.raises(GradfadeError, match="exists and is not empty; choose another folder, or replace the run with force=True"):
        Folder.reserve(run)
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    with pytest.raises(GradfadeError, match=r"not empty and not a run folder \(it has no meta.json\), so it is not replaced"):
        Folder.reserve(other, force=True)
    (other / "meta.json").write_text('{"mine": 1}')
    with pytest.raises(GradfadeError, match="its meta.json does not describe a run"):
        Folder.reserve(other, force=True)
    assert (other / "thesis.tex").read_text() == "x"
    (tmp_path / "file").write_text("x")
    with pytest.raises(GradfadeError, match="a file, not a folder"):
        Folder.reserve(tmp_path / "file", force=True)
    with pytest.raises(GradfadeError, match="cannot create the folder"):
        Folder.reserve(tmp_path / "file" / "run")


def test_force_replaces_a_run_and_nothing_else(tmp_path):
    run = tmp_path / "run"
    first = Folder(run, header())
    first.append("step", 0, {**row(0), "signal_rms": [1, 2, 3]})
    first.finish({"state": "complete"})
    (run / "notes.txt").write_text("mine")
    second = Folder.reserve(run, force=True)
    # The old run is there until the new one starts.
    assert np.load(run / "signal_rms.npy").shape == (1, 3)
    second.start(header(layers=2))
    second.append("step", 0, row(0, 4))
    second.finish({"state": "complete"})
    assert not (run / "signal_rms.npy").exists() and (run / "notes.txt").read_text() == "mine"
    assert np.load(run / "grad_norm.npy").shape == (1, 4)


def test_a_reserved_place_that_is_given_back_leaves_nothing(tmp_path):
    Folder.reserve(tmp_path / "new").release()
    assert not (tmp_path / "new").exists()


def test_two_writers_do_not_share_a_folder(tmp_path, program):
    run = tmp_path / "run"
    folder = Folder(run, header())
    with pytest.raises(GradfadeError, match="this program is recording there"):
        Folder.reserve(run)
    code = f"import gradfade._folder as f; f.Folder.reserve({str(run)!r}, force=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "another program is recording there" in done.stderr
    # The lock is that of the compiled program too.
    train = [
        program,
        "train",
        "--hidden-layers",
        "1",
        "--width",
        "4",
        "--steps",
        "2",
        "--train-size",
        "200",
        "--out",
        run,
        "--force",
    ]
    assert "another program is writing there" in subprocess.run(train, capture_output=True, text=True).stderr
    folder.finish({"state": "complete"})
    assert not (run / ".gradfade.lock").exists()
    Folder.reserve(run, force=True).release()


def test_a_header_that_the_reader_would_refuse_is_refused(tmp_path):
    wrong = header()
    wrong["tensors"][1]["name"] = "l0.weight"
    with pytest.raises(GradfadeError, match="two tensors are called `l0.weight`"):
        Folder(tmp_path / "run", wrong)
    assert not (tmp_path / "run").exists()
    with pytest.raises(GradfadeError, match="the network has no parameters to record"):
        Folder(tmp_path / "run", {**header(), "tensors": []})
    wrong = header()
    wrong["tensors"][0]["layer"] = 4
    with pytest.raises(GradfadeError, match="`l0.weight` is of layer 4, but there are layers 1 to 3"):
        Folder(tmp_path / "run", wrong)


WRITER = """
import sys, numpy as np
sys.path.insert(0, {tests!r})
from test_folder import header, row
from gradfade._folder import Folder
folder = Folder({path!r}, header())
folder._interval = 0.0  # commits as often as it can
step = 0
while True:
    values = row(step)
    if step > 40:
        values["signal_rms"] = [1.0, 2.0, 3.0]
    folder.append("step", step, values)
    if step % 7 == 0:
        folder.append("snapshot", step, {{"distance_from_init": [float(step)] * 6}})
    if step % 50 == 0:
        folder.append("evaluation", step, {{"train_loss": 1.0, "test_loss": 2.0}})
    folder._interval = 0.0
    step += 1
    if step == 3:
        print("on", flush=True)
"""


def test_a_kill_at_any_moment_leaves_all_committed_rows(tmp_path, reads):
    delays = np.random.default_rng(7)
    lengths = []
    for trial in range(12):
        path = tmp_path / f"run{trial}"
        code = WRITER.format(tests=str(Path(__file__).parent), path=str(path))
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"on\n"
            time.sleep(delays.uniform(0, 0.15))
            writer.send_signal(signal.SIGKILL)
        steps = np.load(path / "step.npy")
        assert steps.tolist() == list(range(len(steps))) and len(steps) >= 2
        for name in ("loss", "grad_norm"):
            column = np.load(path / f"{name}.npy")
            assert len(steps) <= len(column) <= len(steps) + 1
            assert np.array_equal(column[: len(steps)], np.array([row(s)[name] for s in steps]))
        assert status(path) == {"state": "running"}
        assert f"{len(steps)} steps" in reads("summary", path).replace(",", "")
        assert gradfade.open(path)["loss"].shape == steps.shape
        lengths.append(len(steps))
        # What a killed writer leaves behind locks nothing.
        Folder.reserve(path, force=True).release()
    assert len(set(lengths)) > 6, "the kills did not come at different moments"


def test_a_full_disk_stops_the_recording_with_one_warning(full_disk, reads):
    folder = Folder(full_disk / "run", header())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(20000):
            folder.append("step", step, row(step))
        folder.finish({"state": "complete"})
    told = [str(w.message) for w in caught if w.category is GradfadeWarning]
    assert len(told) == 1, told
    assert "No space left on device" in told[0] and "the training goes on without it" in told[0]
    steps = np.load(full_disk / "run" / "step.npy")
    assert 500 < len(steps) < 20000
    assert f"the record ends with step {steps[-1]}" in told[0]
    assert np.load(full_disk / "run" / "grad_norm.npy")[steps[-1], 0] == steps[-1] + 0.5
    # The status needs room too; what there is of it is readable in any case.
    assert status(full_disk / "run")["state"] in ("running", "interrupted")
    assert f"{len(steps)} steps" in reads("summary", full_disk / "run").replace(",", "")


def test_a_limit_of_the_file_size_is_a_full_disk(tmp_path):
    code = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_folder import header, row
from gradfade._folder import Folder
folder = Folder({str(tmp_path / "run")!r}, header())
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for step in range(10000):
    folder.append("step", step, row(step))
folder.finish({{"state": "complete"}})
print("trained")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stdout == "trained\n", done.stderr
    assert done.stderr.count("the training goes on without it") == 1
    steps = np.load(tmp_path / "run" / "step.npy")
    assert status(tmp_path / "run") == {"state": "interrupted", "step": int(steps[-1]) + 1}


def test_a_folder_that_vanishes_stops_the_recording(tmp_path):
    folder = Folder(tmp_path / "run", header())
    folder.append("step", 0, row(0))
    folder.commit()
    for file in (tmp_path / "run").iterdir():
        file.unlink()
    (tmp_path / "run").rmdir()
    with pytest.warns(GradfadeWarning, match="No such file or directory; the record ends with step 0"):
        folder.append("step", 1, row(1))
        folder.commit()
    for step in range(2, 5000):
        folder.append("step", step, row(step))
    folder.finish({"state": "complete"})
    assert not (tmp_path / "run").exists()


def test_a_forked_worker_neither_writes_nor_unlocks(tmp_path):
    folder = Folder(tmp_path / "run", header())
    folder.append("step", 0, row(0))
    child = os.fork()
    if child == 0:
        folder.append("step", 1, row(1))
        folder.finish({"state": "complete"})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert status(tmp_path / "run") == {"state": "running"}
    with pytest.raises(GradfadeError, match="recording there"):
        Folder.reserve(tmp_path / "run")
    folder.append("step", 1, row(1))
    folder.finish({"state": "complete"})
    assert len(np.load(tmp_path / "run" / "step.npy")) == 2


def test_a_header_is_text_whatever_is_in_it(tmp_path, reads):
    meta = header(run="naïve \ud800 </script>")
    meta["facts"] = {"classes": np.int64(3), "learning_rate": np.float32(0.5), "weight_decay": float("nan")}
    meta["labels"] = {"path": Path("a/b"), "on": True}
    folder = Folder(tmp_path / "run", meta)
    folder.append("step", 0, row(0))
    folder.finish({"state": "complete"})
    read = json.loads((tmp_path / "run" / "meta.json").read_text())
    assert read["facts"] == {"classes": 3, "learning_rate": 0.5, "weight_decay": None}
    assert read["labels"] == {"path": "a/b", "on": True}
    assert "complete" in reads("summary", tmp_path / "run")


def test_a_row_costs_microseconds(tmp_path):
    folder = Folder(tmp_path / "run", header(20))
    values = {"loss": 1.0, "learning_rate": 0.1, **{name: np.ones(40) for name in ("grad_norm", "update_norm", "param_norm")}}
    best = float("inf")
    for block in range(20):
        began = time.perf_counter()
        for step in range(block * 500, block * 500 + 500):
            folder.append("step", step, values)
        best = min(best, (time.perf_counter() - began) / 500)
    folder.finish({"state": "complete"})
    assert best < 30e-6, f"{best * 1e6:.1f} microseconds"


def test_histograms_are_counted_in_the_bins_of_the_format_and_the_program_draws_them(tmp_path, reads):
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=500) ** 3, [0.0, -0.0, 1.0, 0.9375, -0.25, np.nan, np.inf, -np.inf, 1e-30, 300.0]])
    # The document's own lines.
    code = re.search(r"```python\n(edges = np\.array.*?)```", DOCS.read_text(), flags=re.S).group(1)
    found = {"np": np, "x": values}
    with np.errstate(invalid="ignore"):
        exec(code, found)
        assert (gradfade.histogram(values) == found["counts"]).all()
        signals = code.replace("edges = np.array", "_ = np.array").replace(
            "side = np", "edges = 2.0 ** np.arange(-48, 14)\nside = np"
        )
        exec(signals, found)
        assert (gradfade.histogram(values, signals=True) == found["counts"]).all()
    # 1 lies below the edge 1, and 15/16 below that one.
    one, near = gradfade.histogram([1.0]).argmax(), gradfade.histogram([0.9375]).argmax()
    assert one == near + 1 and gradfade.histogram([np.nextafter(0.9375, 1)]).argmax() == one

    folder = Folder(tmp_path / "run", header())
    for step in range(20):
        folder.append("step", step, row(step))
        if step % 5 == 0:
            counts = [gradfade.histogram(np.tanh(rng.normal(size=100))) for _ in range(2)] + [None]
            wanted = {"distance_from_init": np.full(6, step)}
            # Measured for the first time in the middle of the run.
            folder.append("snapshot", step, {**wanted, "activation_histogram": counts if step >= 10 else None})
    folder.finish({"state": "complete"})
    stored = np.load(tmp_path / "run" / "activation_histogram.npy")
    assert stored.shape == (4, 3, 128) and stored.dtype == "<f4"
    assert np.isnan(stored[:2]).all() and (stored[2:, :2].sum(axis=2) == 100).all()
    assert (stored[3, :2] == counts[:2]).all() and np.isnan(stored[:, 2]).all()
    assert not (tmp_path / "run" / "signal_histogram.npy").exists()
    reads("summary", tmp_path / "run")
    out = tmp_path / "pictures"
    reads("plot", tmp_path / "run", "--figure", "distributions", "--format", "svg", "--out", out)
    assert "no larger than" in (out / "distributions.svg").read_text()
