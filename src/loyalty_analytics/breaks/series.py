"""Breaks of one series of any kind: a KPI, a count, a share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..results import Note, Result
from .reference import segment_costs, segmentations

__all__ = ["SERIES_COLUMNS", "find_series_breaks"]

SERIES_COLUMNS = ["position", "low", "high", "before", "after", "p_value"]


def find_series_breaks(values: Any, period: int | None = None) -> Result:
    """Where one series changes its level.

    Parameters
    ----------
    values : sequence of float
        In order of time; NaN = no data.
    period : int, optional
        Length of the season; None = no season.

    Returns
    -------
    Result
        ``.table``: position (0-based, first of the new regime), low, high (interval, inclusive),
        before, after (mean level), p_value.

    Raises
    ------
    DataError
        Values are not numbers.

    Examples
    --------
    >>> find_series_breaks([5, 6, 5, 6, 5, 6, 5, 9, 10, 9, 10, 9, 10, 9]).table[["position", "before", "after"]]
       position    before    after
    0         7  5.428571  9.428571
    """
    try:
        y = np.asarray(values, dtype=float).ravel()
    except (TypeError, ValueError):
        raise DataError("A series holds numbers.", "Turn text into numbers first.") from None
    where = np.flatnonzero(np.isfinite(y))
    x = y[where]
    if period and len(x) >= 2 * period:
        x = x - np.array([np.mean(x[where % period == k]) for k in range(period)])[where % period] + x.mean()
    rows = []
    if len(x) >= 4 and np.ptp(x) > 0:
        h = max(2, int(0.05 * len(x)))
        costs = segment_costs(x, np.ones((len(x), 1)), h)
        options = segmentations(costs, h, max(min(len(x) // h - 1, 8), 0))
        penalty = [
            len(x) * np.log(max(rss, 1e-12) / len(x)) + 3 * k * np.log(len(x)) for k, (rss, _) in enumerate(options)
        ]
        rows = _rows(x, where, [int(p) for p in options[int(np.argmin(penalty))][1]])
    table = pd.DataFrame(rows, columns=SERIES_COLUMNS)
    values_ = {"breaks": len(table), "n": len(x)}
    note = Note("breaks_scan.series_found" if len(table) else "breaks_scan.series_none", values_)
    return Result(frame=table, notes=(note,), options={"period": period})


def _rows(x: np.ndarray, where: np.ndarray, positions: list[int]) -> list[tuple[Any, ...]]:
    from scipy.special import fdtrc

    edges = [0, *positions, len(x)]
    rows = []
    for left, at, right in zip(edges[:-2], edges[1:-1], edges[2:]):
        part = x[left:right]
        n = len(part)
        cut = np.arange(1, n)
        sums = np.cumsum(part)[:-1]
        gain = sums**2 / cut + (part.sum() - sums) ** 2 / (n - cut) - part.sum() ** 2 / n
        rest = max(((part - part.mean()) ** 2).sum() - gain[at - left - 1], 1e-12)
        weight = np.exp(np.clip((gain - gain[at - left - 1]) / (2 * rest / max(n - 2, 1)), -50, 0))
        mass = np.cumsum(weight) / weight.sum()
        low, high = (left + 1 + int((mass < q).sum()) for q in (0.025, 0.975))
        p = min(float(fdtrc(1, max(n - 2, 1), gain[at - left - 1] / (rest / max(n - 2, 1)))) * (n - 1), 1.0)
        ends = int(where[min(low, at)]), int(where[min(max(high, at), len(where) - 1)])
        rows.append((int(where[at]), *ends, float(x[left:at].mean()), float(x[at:right].mean()), p))
    return rows
