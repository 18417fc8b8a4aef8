"""The recorder for PyTorch: `gradfade.watch`."""

from ._recorder import Watch
from ._watch import watch

__all__ = ["Watch", "watch"]
