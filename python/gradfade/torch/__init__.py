"""The recorder for PyTorch: `gradfade.watch`."""

from ._watch import Watch, watch

__all__ = ["Watch", "watch"]
