"""Clients that are late against their own rhythm, with what they usually order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import read_panel
from ..months import AsOf
from ..orders import orders_of
from ..results import Note, Result, as_table
from .lifecycle import lifecycle

__all__ = ["late"]

_COLUMNS = ["client_id", "last_date", "days_silent", "expected_gap", "days_late", "p_ordered", "p_alive",
            "usual_order", "year_before", "status"]  # fmt: skip


def late(
    panel: Any, as_of: Any = None, *, life: Any = None, transactions: Any = None, chance: float = 0.95,
    not_longer: int = 183,
) -> Result:  # fmt: skip
    """Clients that should have ordered by now.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    life : result of `lifecycle`, optional
        Spares a second computation.
    transactions : canonical table or ``data.orders``, optional
        Tells what an order is: where a campaign's money is spread over its months, the panel knows only parts of it.
    chance : float, 0-1
        Shown where a living client would have ordered by now with this probability.
    not_longer : int
        Clients over their expected gap by more days are lost rather than late and left out.

    Returns
    -------
    Result
        ``.table``: client_id, last_date, days_silent, expected_gap (days), days_late, p_ordered,
        p_alive, usual_order (median of the deals of the year up to the last order, currency units; without
        ``transactions`` median over months of revenue per order), year_before (revenue of the twelve months up to the
        last order), status; the largest year first.

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
    usual = each.groupby(buys["client_id"].to_numpy()).median()
    frame = rows.reset_index(drop=True)
    if transactions is not None and len(frame):
        usual = _median_deal(transactions, frame.set_index("client_id")["last_date"], seen).combine_first(usual)
    frame["usual_order"] = frame["client_id"].map(usual)
    year = buys[buys["number"] > last - 12].groupby("client_id")["revenue"].sum()
    frame["year_before"] = frame["client_id"].map(year).astype("float64")
    order = np.argsort(-frame["year_before"].fillna(0).to_numpy(), kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)[_COLUMNS]
    note = Note("segments.late", {"clients": len(frame), "as_of": str(seen or "–")})
    return Result(frame=frame, notes=(note,), as_of=seen, options={"chance": chance, "not_longer": not_longer})


def _median_deal(transactions: Any, last: pd.Series, seen: AsOf | None) -> pd.Series:
    """Median of the deals, as they were sold, of each client's year up to its last order."""
    year = pd.DateOffset(years=1)
    end = None if seen is None else seen.end
    deals = orders_of(transactions, ["client_id", "date", "amount", "kind", "status"], last.min() - year, end)
    deals = deals[deals["client_id"].isin(last.index)]
    date = pd.to_datetime(deals["date"])
    sold = (date > deals["client_id"].map(last - year)) & (deals["amount"] > 0)
    if end is not None:
        sold &= date <= end
    if "kind" in deals:
        sold &= deals["kind"].ne("return").fillna(True).astype(bool)
    if "status" in deals:
        sold &= ~deals["status"].isin(["planned", "cancelled"])
    return deals[sold].groupby("client_id")["amount"].median().astype("float64")
