"""Clients that are late against their own rhythm, with what they usually order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..grid import read_panel
from ..results import Note, Result, as_table
from .lifecycle import lifecycle

__all__ = ["late"]

_COLUMNS = ["client_id", "last_date", "days_silent", "expected_gap", "days_late", "p_ordered", "p_alive",
            "usual_order", "year_before", "status"]  # fmt: skip


def late(panel: Any, as_of: Any = None, *, life: Any = None, chance: float = 0.95, not_longer: int = 183) -> Result:
    """Clients that should have ordered by now.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    life : result of `lifecycle`, optional
        Spares a second computation.
    chance : float, 0-1
        Shown where a living client would have ordered by now with this probability.
    not_longer : int
        Clients over their expected gap by more days are lost rather than late and left out.

    Returns
    -------
    Result
        ``.table``: client_id, last_date, days_silent, expected_gap (days), days_late, p_ordered,
        p_alive, usual_order (median over months of revenue per order, currency units), year_before (revenue of the
        twelve months up to the last order), status; the largest year first.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2022-01", "2025-08", freq="M")
    >>> panel = pd.DataFrame({"client_id": 1, "month": months, "orders": 2, "revenue": 100.0})
    >>> late(panel, "2025-11").table[["client_id", "days_silent", "usual_order", "year_before"]]
       client_id  days_silent  usual_order  year_before
    0          1           91         50.0       1200.0
    """
    full, seen = read_panel(panel, as_of)
    life = as_table(lifecycle(panel, as_of) if life is None else life)
    rows = life[
        (life["p_ordered"] >= chance) & (life["days_late"] > 0) & (life["days_late"] <= not_longer)
        & ~life["status"].eq("new")
    ]  # fmt: skip
    buys = full[(full["orders"].fillna(0) > 0) & full["client_id"].isin(rows["client_id"])]
    last = buys.groupby("client_id")["number"].transform("max")
    each = buys["revenue"] / buys["orders"].astype("float64")
    frame = rows.reset_index(drop=True)
    frame["usual_order"] = frame["client_id"].map(each.groupby(buys["client_id"].to_numpy()).median())
    year = buys[buys["number"] > last - 12].groupby("client_id")["revenue"].sum()
    frame["year_before"] = frame["client_id"].map(year).astype("float64")
    order = np.argsort(-frame["year_before"].fillna(0).to_numpy(), kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)[_COLUMNS]
    note = Note("segments.late", {"clients": len(frame), "as_of": str(seen or "–")})
    return Result(frame=frame, notes=(note,), as_of=seen, options={"chance": chance, "not_longer": not_longer})
