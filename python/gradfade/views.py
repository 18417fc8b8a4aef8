"""What can be seen of a run folder, by the compiled program: page, verdicts, figures, tables."""

from __future__ import annotations


class Views:
    """The views of a run; a subclass has the folder's `path`, and may write what it buffers in `_flush`."""

    path: str

    def _flush(self) -> None:
        pass
