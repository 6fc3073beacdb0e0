"""Clients by the month of their first order: who comes back and what they bring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..grid import read_panel
from ..money import to_minor
from ..months import from_number
from ..results import Note, Result, no_rows
from . import pictures

__all__ = ["cohorts"]

_STEP = {"month": 1, "quarter": 3, "year": 12}
_COLUMNS = ["cohort", "age", "clients", "active", "share", "orders", "revenue", "gross_profit",
            "revenue_to_date", "gross_profit_to_date", "censored"]  # fmt: skip


def cohorts(panel: Any, as_of: Any = None, *, by: str = "quarter", censored_months: int = 3) -> Result:
    """Share of each cohort that buys at each age, and its money.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        Only whole months count; an age appears where it is whole for every client of the cohort.
    by : {'month', 'quarter', 'year'}
        Width of cohorts and of ages.
    censored_months : int
        A cohort that starts within so many months of the first data holds old clients whose first
        orders were not recorded: ``censored`` is True and it is no cohort of new clients.

    Returns
    -------
    Result
        ``.table``: cohort (start), age (0, 1 … in units of ``by``), clients (size of the cohort),
        active (clients with an order at this age), share, orders, revenue, gross_profit,
        revenue_to_date, gross_profit_to_date (sums up to this age), censored.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 1, 2], "month": ["2026-01", "2026-02", "2026-01"],
    ...                       "revenue": [5.0, 7.0, 1.0]})
    >>> cohorts(panel, by="month", censored_months=0).table[["cohort", "age", "clients", "active", "share"]]
          cohort  age  clients  active  share
    0 2026-01-01    0        2       2    1.0
    1 2026-01-01    1        2       1    0.5
    """
    if by not in _STEP:
        raise DataError(f"by={by!r} is no width of a cohort.", "Allowed: month, quarter, year.")
    step = _STEP[by]
    full, seen = read_panel(panel, as_of)
    if seen is None or full.empty:
        return Result(frame=_none(), as_of=seen, options={"by": by})
    end = seen.last_whole_number
    full = full[full["number"] <= end]
    rows, size = _rows_by_period(full, step)
    grid = [(c, p) for c in size.index for p in range(int(c), (end + 1) // step)]  # whole periods only
    if not grid:
        return Result(frame=_none(), as_of=seen, options={"by": by})
    table = _sums(rows, grid)
    table["age"] = table["period"] - table["cohort"]
    table["clients"] = table["cohort"].map(size)
    table["share"] = table["active"] / table["clients"]
    for name in ("revenue", "gross_profit"):
        table[f"{name}_to_date"] = table.groupby("cohort")[name].cumsum() / 100
        table[name] = table[name] / 100
    earliest = int(full["number"].min())
    table["censored"] = table["cohort"] * step < earliest + censored_months
    table["cohort"] = from_number(table["cohort"].to_numpy() * step)
    fresh = table[~table["censored"] & (table["age"] == 0)]
    note = Note("segments.cohorts", {"cohorts": len(fresh), "clients": int(fresh["clients"].sum())})
    return Result(frame=table[_COLUMNS], notes=(note,), as_of=seen, options={"by": by}, draw=pictures.cohorts)


def _none() -> pd.DataFrame:
    whole = dict.fromkeys(["age", "clients", "active", "orders"], "int64")
    return no_rows(_COLUMNS, cohort="datetime64[us]", censored="bool", **whole)


def _rows_by_period(full: pd.DataFrame, step: int) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of clients from their first order on, with cohort and period in steps; and the size of each cohort."""
    rows = pd.DataFrame({
        "client": pd.factorize(full["client_id"])[0],
        "period": full["number"].to_numpy() // step,
        "orders": full["orders"].fillna(0).to_numpy(dtype="int64"),
        "revenue": to_minor(full["revenue"]).fillna(0).to_numpy(dtype="int64"),
        "gross_profit": to_minor(full["gross_profit"]).to_numpy(dtype="float64", na_value=np.nan),
    })  # fmt: skip
    first = rows[rows["orders"] > 0].groupby("client")["period"].min()
    rows["cohort"] = rows["client"].map(first)
    rows = rows[rows["cohort"].notna() & (rows["period"] >= rows["cohort"])].astype({"cohort": "int64"})
    rows["active"] = np.where(rows["orders"] > 0, rows["client"], -1)
    return rows, first.value_counts().sort_index()


def _sums(rows: pd.DataFrame, grid: list[tuple[int, int]]) -> pd.DataFrame:
    """Active clients, orders and money of each cohort and period of the grid, quiet ones too."""
    sums = rows.groupby(["cohort", "period"]).agg(
        active=("active", lambda column: column[column >= 0].nunique()),
        orders=("orders", "sum"), revenue=("revenue", "sum"),
        gross_profit=("gross_profit", lambda column: column.sum(min_count=1)),
    )  # fmt: skip
    table = sums.reindex(pd.MultiIndex.from_tuples(grid, names=["cohort", "period"])).reset_index()
    whole = ["active", "orders", "revenue"]
    table[whole] = table[whole].fillna(0).astype("int64")
    if rows["gross_profit"].notna().any():
        table["gross_profit"] = table["gross_profit"].fillna(0)
    return table
