"""P-values of several tests read at once."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["holm"]


def holm(p_values: Any) -> np.ndarray:
    """P-values of several tests at once by Holm's step-down rule, in the order given.

    The k-th smallest of n is multiplied by n − k + 1, made no smaller than the one before it and at most one.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.

    >>> holm([0.04, 0.01, 0.03]).round(2).tolist()
    [0.06, 0.03, 0.06]
    """
    raw = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(raw, kind="stable")
    adjusted = np.empty(len(raw))
    adjusted[order] = np.minimum(np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)), 1.0)
    return adjusted
