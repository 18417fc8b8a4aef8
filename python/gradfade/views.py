"""What can be seen of a run folder: page, verdicts and figures by the compiled program, numbers by NumPy."""

from __future__ import annotations

import json
import os
import tempfile
import webbrowser
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np

from . import _binary, _tables
from ._errors import GradfadeError
from ._format import KEYS, METRICS, MISSING, SINGLES, is_missing
from ._shown import Diagnosis, Figure, Page, _display


class Views:
    """The views of a run; a subclass has the folder's `path`, and writes what it buffers in `_flush`."""

    path: str

    def _flush(self) -> None:
        """Makes readable what was recorded so far."""

    # Verdict and pictures

    def diagnose(self, lang: str = "en", quiet: bool = False) -> Diagnosis:
        """Prints what is wrong with the training and what to do, in English (`en`) or Chinese (`zh`), and returns the
        verdicts as data. `quiet` prints nothing."""
        self._flush()
        # 0: healthy, 3: a fault was found, 4: not everything is known.
        judged = (0, 3, 4)
        text = _binary.call(["diagnose", self.path, "--lang", lang], judged)
        data = json.loads(_binary.call(["diagnose", self.path, "--lang", lang, "--json"], judged))
        if not quiet:
            print(text, end="")
        return Diagnosis(data["runs"][0], text)

    def plot(
        self,
        figure: str = "gradient-heatmap",
        *others: "Views",
        theme: str = "light",
        lang: str = "en",
        options: Sequence[str] = (),
    ) -> Figure:
        """Draws a figure; `figures()` names them, `theme` is `light` or `dark`. Further runs stand beside this one in the
        figure `comparison`. `options`: further ones of `gradfade plot`, such as `["--x-log"]`."""
        runs: List[Views] = [self, *others]
        for run in runs:
            run._flush()
        chosen = ["--theme", theme, "--lang", lang, *options]
        return Figure([run.path for run in runs], figure, chosen, keep=runs)

    @staticmethod
    def figures() -> Dict[str, str]:
        """The figures that can be drawn, with what each shows."""
        lines = _binary.call(["plot", "--list"]).splitlines()
        # Name, what it is drawn of, what it shows; at least two spaces lie between the columns.
        rows = [[part.strip() for part in line.split("  ") if part.strip()] for line in lines if line.strip()]
        return {row[0].split(" ")[0]: row[-1] for row in rows}

    def page(self, *others: "Views", lang: str = "en", height: int = 760) -> Page:
        """The interactive page, with further runs beside this one. `height` is that of the frame in a notebook, in CSS
        pixels."""
        runs: List[Views] = [self, *others]
        for run in runs:
            run._flush()
        with tempfile.TemporaryDirectory(prefix="gradfade-") as folder:
            out = os.path.join(folder, "page.html")
            _binary.call(["page", *[run.path for run in runs], "--out", out, "--lang", lang])
            with open(out, encoding="utf-8") as file:
                return Page(file.read(), height)

    def show(self, *others: "Views", lang: str = "en", height: int = 760) -> None:
        """Shows the interactive page in a notebook. Elsewhere it is written to a temporary file, whose name is printed, and
        opened in the browser where there is one."""
        page = self.page(*others, lang=lang, height=height)
        if _display(page):
            return
        handle, file = tempfile.mkstemp(prefix="gradfade-", suffix=".html")
        os.close(handle)
        page.save(file)
        print(file)
        webbrowser.open(f"file://{file}")

    # Numbers

    @property
    def meta(self) -> Dict[str, Any]:
        """The header of the run, as meta.json has it: `layers`, `tensors`, `facts`, `status`, ..."""
        self._flush()
        return _tables.read_meta(self.path)

    def metrics(self) -> List[str]:
        """The metrics of which the run has values; docs/format.md says what each is."""
        self._flush()
        return _tables.recorded(self.path)

    def __getitem__(self, metric: str) -> np.ndarray:
        """The values of a metric: `[rows]`, `[rows, layers]` or `[rows, tensors]`, the input side first, as they are stored
        (`gradfade.is_missing` tells what was not measured). `run["step"]`, `run["snapshot_step"]` and `run["eval_step"]`
        are the steps of the rows."""
        self._flush()
        return _tables.read(self.path, metric)

    def table(self, table: str = "step") -> Dict[str, np.ndarray]:
        """All columns of the table `step`, `snapshot` or `evaluation`, its steps first."""
        if table not in KEYS:
            raise GradfadeError(f"there is no table `{table}`; tables are {', '.join(KEYS)}")
        names = [name for name in self.metrics() if METRICS[name].table == table]
        return {name: self[name] for name in [KEYS[table], *names]}

    def frame(self, metric: "Optional[Union[str, Sequence[str]]]" = None) -> Any:
        """A pandas table. Without a metric: every value that was measured, one a row, with the columns `step`, `layer` (from
        1 at the input), `tensor`, `metric` and `value`. With one or several of one table: a row for each step, and a column
        for each layer or tensor by its name; what was not measured is empty."""
        try:
            import pandas
        except ImportError:
            raise ImportError("frame() needs pandas: pip install pandas (table() gives NumPy arrays without it)") from None
        self._flush()
        if metric is None:
            long = pandas.DataFrame(_tables.long_columns(self.path))
            return long.astype({"layer": "Int64", "tensor": "category", "metric": "category"})
        names = [metric] if isinstance(metric, str) else list(metric)
        for name in names:
            if name not in METRICS:
                raise GradfadeError(f"there is no metric `{name}`; this run has {', '.join(_tables.recorded(self.path))}")
        tables = {METRICS[name].table for name in names}
        if len(tables) != 1:
            raise GradfadeError(f"frame: give metrics of one table, not of {' and '.join(sorted(tables)) or 'none'}")
        values = {name: self[name] for name in names}
        meta = self.meta
        columns: Dict[Any, np.ndarray] = {}
        for name in names:
            wide = values[name].reshape(len(values[name]), -1)
            wide = np.where(is_missing(wide), np.nan, wide)
            for index, label in enumerate(_labels(meta, name)):
                columns[label if len(names) == 1 or label == name else f"{name}/{label}"] = wide[:, index]
        steps = self[KEYS[METRICS[names[0]].table]]
        return pandas.DataFrame(columns, index=pandas.Index(steps, name="step"))


def _labels(meta: Dict[str, Any], name: str) -> List[str]:
    if METRICS[name].kind in SINGLES:
        raise GradfadeError(f"frame: a {METRICS[name].kind} has no columns; take it as an array")
    _, tensors = _tables.columns(meta, name)
    if METRICS[name].per == "run":
        return [name]
    if METRICS[name].per == "layer":
        # Layers of one name stay apart.
        names = [layer["name"] for layer in meta["layers"]]
        return [n if names.count(n) == 1 else f"{n} ({i})" for i, n in enumerate(names, 1)]
    return [str(tensor) for tensor in tensors]


class RecordedRun(Views):
    """A run that was recorded before; made by `gradfade.open`."""

    def __init__(self, path: "str | os.PathLike[str]", keep: object = None) -> None:
        self.path = os.fspath(path)
        self._keep = keep
        _tables.read_meta(self.path)

    def __repr__(self) -> str:
        meta = self.meta
        return f"<gradfade run {meta['run']!r} in {self.path!r}, {meta['status']['state']}, {len(self['step'])} rows>"


def open_path(path: "str | os.PathLike[str]", *, run: Optional[str] = None, options: Sequence[str] = ()) -> RecordedRun:
    """Opens a run folder, finished or not, or a log of another program that `gradfade import` reads (TensorBoard,
    Lightning's metrics.csv, wandb's export, ...).

    A log may hold several runs: `run` names one. `options`: further ones of `gradfade import`, such as
    `["--order", "encoder|decoder"]`.
    """
    path = os.fspath(path)
    if os.path.exists(os.path.join(path, "meta.json")):
        return RecordedRun(path)
    if not os.path.exists(path):
        raise GradfadeError(f"{path}: there is no such file or folder; give the folder of a run, or a log")
    keep = tempfile.TemporaryDirectory(prefix="gradfade-")
    out = os.path.join(keep.name, os.path.basename(os.path.normpath(os.path.abspath(path))))
    try:
        _binary.call(["import", path, "--out", out, *options])
        return RecordedRun(_chosen(path, out, run), keep)
    except GradfadeError as error:
        keep.cleanup()
        if "unrecognized subcommand" in str(error):
            raise GradfadeError(f"{path}: not a run folder (it has no meta.json), and this gradfade reads no logs") from None
        raise


def _chosen(path: str, out: str, run: Optional[str]) -> str:
    """The folder of the run that was asked for, among those that were read from one log."""
    if os.path.exists(os.path.join(out, "meta.json")):
        return out
    runs = sorted(name for name in os.listdir(out) if os.path.exists(os.path.join(out, name, "meta.json")))
    if run in runs:
        return os.path.join(out, run)
    asked = f"no run `{run}` in it" if run else f"{len(runs)} runs in it"
    raise GradfadeError(f'{path}: {asked}; choose one with run="...": {", ".join(runs)}')


__all__ = ["Diagnosis", "Figure", "MISSING", "Page", "RecordedRun", "Views", "open_path"]
