"""The histograms of the run folder (docs/format.md): counts in 128 bins that are the same for every layer and step."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Bins of a histogram.
BINS = 128

# The last bin is that of NaN; those of zero and of either side of it.
_NAN, _ZERO = 127, 63
_VALUES = np.array([2.0**k * (1 + i / 8) for k in range(-25, 8) for i in range(8 if -2 <= k < 2 else 1)] + [2.0**8])
_SIGNALS = 2.0 ** np.arange(-48, 14)


def edges(signals: bool = False) -> np.ndarray:
    """The 62 edges of the magnitudes: of pre-activations and activations, or of backward signals."""
    return (_SIGNALS if signals else _VALUES).copy()


def histogram(values: Any, signals: bool = False) -> np.ndarray:
    """How many of the values lie in each of the 128 bins of docs/format.md, as a row of `activation_histogram`,
    `pre_activation_histogram` or, with `signals`, `signal_histogram` has them for a layer."""
    values = np.asarray(values, dtype=np.float64).ravel()
    # A magnitude belongs to the bin whose upper edge it does not exceed.
    side = np.searchsorted(_SIGNALS if signals else _VALUES, np.abs(values))
    bins = np.where(values > 0, _ZERO + 1 + side, _ZERO - 1 - side)
    bins = np.where(np.isnan(values), _NAN, np.where(values == 0, _ZERO, bins))
    return np.bincount(bins, minlength=BINS).astype("<f4")
