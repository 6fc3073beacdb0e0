"""Which departures are reported: false discoveries over the panel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .model import Found

__all__ = ["control", "q_values"]


def q_values(p: np.ndarray, total: int) -> np.ndarray:
    """Benjamini-Hochberg q-values of the strongest of ``total`` p-values.

    >>> q_values(np.array([0.001, 0.02]), 4)
    array([0.004, 0.04 ])
    """
    order = np.argsort(p)
    ranked = p[order] * total / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def control(found: Found, months: int, setting: str, false_discovery: float) -> tuple[pd.DataFrame, float]:
    """Rows to report, and how many of them to expect false."""
    rate = false_discovery if setting == "strict" else min(2 * false_discovery, 0.5)
    rows = found.rows.assign(q_value=q_values(found.rows["p_value"].to_numpy(), len(found.rows)), market=False)
    kept = rows[rows["q_value"] <= rate].sort_values(["p_value", "row"]).reset_index(drop=True)
    return kept, float(kept["q_value"].max() * len(kept)) if len(kept) else 0.0
