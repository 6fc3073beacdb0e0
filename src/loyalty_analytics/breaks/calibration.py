"""p-values of the break statistic, from simulated quiet clients."""

from __future__ import annotations

import numpy as np

__all__ = ["p_value"]


def p_value(statistic: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Chance that a quiet client reaches the statistic."""
    return np.clip(0.29 * np.exp(-1.3 * np.asarray(statistic, dtype=float)), 1e-12, 1.0)
