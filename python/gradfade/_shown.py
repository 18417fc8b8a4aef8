"""What a notebook shows: a figure, a page, a diagnosis."""

from __future__ import annotations

import html
import os
import tempfile
from typing import Any, Dict, List, Optional

from . import _binary
from ._errors import GradfadeError

_FORMATS = ("svg", "png", "pdf")


def _display(thing: object) -> bool:
    """Shows it in the cell of a notebook that runs; false outside of notebooks."""
    try:
        from IPython import get_ipython  # type: ignore[import-not-found]
        from IPython.display import display  # type: ignore[import-not-found]
    except ImportError:
        return False
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return False
    display(thing)
    return True


class Figure:
    """A figure of one or more runs, drawn by the compiled program. A notebook shows it as the value of a cell."""

    def __init__(self, paths: List[str], name: str, options: List[str], keep: object = None) -> None:
        self.name = name
        self._paths = paths
        self._options = options
        self._files: Dict[str, bytes] = {}
        # The folder of an imported log goes with its run.
        self._keep = keep
        self._files["svg"] = self._draw("svg")

    def _draw(self, kind: str) -> bytes:
        if kind not in self._files:
            with tempfile.TemporaryDirectory(prefix="gradfade-") as folder:
                arguments = ["plot", *self._paths, "--figure", self.name, "--format", kind, "--out", folder, *self._options]
                _binary.call(arguments)
                drawn = [name for name in os.listdir(folder) if name.endswith(f".{kind}")]
                if len(drawn) != 1:
                    raise GradfadeError(f"{self.name}: the program drew {len(drawn)} pictures where one was expected")
                with open(os.path.join(folder, drawn[0]), "rb") as file:
                    self._files[kind] = file.read()
        return self._files[kind]

    @property
    def svg(self) -> str:
        """The figure as SVG."""
        return self._draw("svg").decode("utf-8")

    @property
    def png(self) -> bytes:
        """The figure as PNG."""
        return self._draw("png")

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path: "str | os.PathLike[str]") -> str:
        """Writes it as SVG, PNG or PDF, by the ending of `path`; what is there is replaced."""
        path = os.fspath(path)
        kind = os.path.splitext(path)[1].lstrip(".").lower()
        if kind not in _FORMATS:
            raise GradfadeError(f"{path}: a figure is saved as .svg, .png or .pdf")
        _save(path, self._draw(kind))
        return path

    def show(self) -> "Optional[Figure]":
        """Shows it in the cell of a notebook that runs, also in the middle of it."""
        return None if _display(self) else self

    def __repr__(self) -> str:
        return f"<figure {self.name}; save('{self.name}.svg') writes it>"


class Page:
    """The interactive page of a run, one HTML document that loads nothing from elsewhere."""

    def __init__(self, document: str, height: int) -> None:
        self.html = document
        self.height = height

    def _repr_html_(self) -> str:
        # A frame of its own keeps the page's style and script apart from those of the notebook, and the notebook from them.
        return (
            f'<iframe srcdoc="{html.escape(self.html, quote=True)}" sandbox="allow-scripts" title="gradfade" '
            f'style="width:100%;height:{self.height}px;border:0"></iframe>'
        )

    def save(self, path: "str | os.PathLike[str]") -> str:
        """Writes the document; what is there is replaced."""
        _save(os.fspath(path), self.html.encode("utf-8"))
        return os.fspath(path)

    def __repr__(self) -> str:
        return "<interactive page; save('page.html') writes it>"


class Diagnosis(Dict[str, Any]):
    """The verdicts on one run, as `gradfade diagnose --json` has them, and as `text`.

    `conclusion` is `healthy`, `faulty`, `undecided`, ...; `cause` is the one fault that explains the others, such as
    `vanishing-gradient`, and `found` lists every fault that was found.
    """

    def __init__(self, data: Dict[str, Any], text: str) -> None:
        super().__init__(data)
        #: The report in words.
        self.text = text

    @property
    def conclusion(self) -> str:
        return str(self["conclusion"])

    @property
    def cause(self) -> Optional[str]:
        return self["cause"]

    @property
    def verdicts(self) -> List[Dict[str, Any]]:
        """All verdicts: `rule`, `outcome` (`found`, `clear` or `unknown`), `evidence`, `remedies`, ..."""
        return list(self["verdicts"])

    @property
    def found(self) -> List[str]:
        """The rules that found a fault."""
        return [verdict["rule"] for verdict in self["verdicts"] if verdict["outcome"] == "found"]

    def verdict(self, rule: str) -> Dict[str, Any]:
        """The verdict of one rule, such as `vanishing-gradient`."""
        for verdict in self["verdicts"]:
            if verdict["rule"] == rule:
                return dict(verdict)
        raise GradfadeError(f"there is no rule `{rule}`; the rules are {', '.join(v['rule'] for v in self['verdicts'])}")

    def __repr__(self) -> str:
        return f"<diagnosis of {self['run']}: {self.cause or self.conclusion}>"


def _save(path: str, data: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise GradfadeError(f"{path}: cannot write it: {error.strerror or error}") from None
