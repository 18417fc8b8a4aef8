"""Records why a deep network does not train: every step of every layer, from your own training loop.

    import gradfade
    run = gradfade.watch(model, optimizer, "runs/mine")     # PyTorch
    ...
    run.loss(loss)
    run.close()
    run.diagnose()

`gradfade.Recorder` records NumPy arrays of any framework, `gradfade.open` opens a finished run, and `gradfade.lightning`,
`gradfade.huggingface` and `gradfade.keras` have callbacks. Importing this package imports NumPy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import GradfadeError, GradfadeWarning
from ._format import MISSING, is_missing
from ._histogram import histogram
from .recorder import Recorder
from .run import Run
from .views import RecordedRun
from .views import open_path as open

if TYPE_CHECKING:
    from .torch import watch

__all__ = [
    "GradfadeError", "GradfadeWarning", "MISSING", "RecordedRun", "Recorder", "Run", "histogram", "is_missing", "open", "watch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # PyTorch is imported when it is asked for.
    if name == "watch":
        from .torch import watch

        return watch
    if name in ("huggingface", "keras", "lightning", "torch"):
        from importlib import import_module

        return import_module(f".{name}", __name__)
    if name == "__version__":
        from importlib import metadata

        try:
            return metadata.version("gradfade")
        except metadata.PackageNotFoundError:  # the source folder, not installed
            return "0+source"
    raise AttributeError(f"module 'gradfade' has no attribute {name!r}")
