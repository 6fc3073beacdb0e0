"""Which departures are reported: false discoveries over the panel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .engine import Found

__all__ = ["control", "q_values"]


def q_values(p: np.ndarray, total: float) -> np.ndarray:
    """Benjamini-Hochberg q-values of the strongest of ``total`` p-values.

    >>> q_values(np.array([0.001, 0.02]), 4)
    array([0.004, 0.04 ])
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order] * total / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def control(found: Found, months: int, setting: str, false_discovery: float) -> tuple[pd.DataFrame, float]:
    """Rows to report, and how many of them to expect false.

    A client is one hypothesis, tested by its smallest p-value; a second break of a reported client
    has to pass on its own, given the first (Benjamini and Bogomolov 2014).
    """
    rate = false_discovery if setting == "strict" else min(2 * false_discovery, 0.5)
    rows = found.rows
    p = rows.groupby("row")["p_value"].min()
    q = pd.Series(q_values(p.to_numpy(), float(found.clients["judged"].sum())), index=p.index)
    own = np.maximum(q.reindex(rows["row"]).to_numpy(), rows["p_second"].to_numpy())
    rows = rows.assign(q_value=own, p_value=np.maximum(rows["p_value"], rows["p_second"]), market=False)
    kept = rows[rows["q_value"] <= rate].sort_values(["p_value", "row", "break_month"]).reset_index(drop=True)
    return kept, float(kept["q_value"].max() * len(kept)) if len(kept) else 0.0
