"""A panel as dense arrays: clients × months, the form in which the engines compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .errors import DataError
from .money import to_minor
from .months import AsOf, month_number, to_periods
from .months import as_of as read_as_of
from .panel import id_rank
from .results import Result, as_table

__all__ = ["Grid", "grid", "read_panel", "seen_as_of"]


@dataclass(frozen=True, eq=False)
class Grid:
    """A panel as dense arrays, clients × whole months up to the last whole one.

    Attributes
    ----------
    ids : pandas.Index
        Clients with at least one order, sorted.
    start : int
        Number of the first month (year·12 + month − 1).
    orders, days : int64 arrays (clients, months)
    revenue : int64 array in minor units
    known : bool array
        False where the month is a gap (no data), not a month without purchase.
    first, last : int arrays
        Position of the first and last month with an order; ``last`` may stand one past the whole
        months where the client bought in the unfinished month.
    last_date : datetime64[D] array
    returns_only : bool array
        Clients without any order: their returns stand for orders, so that they have a history.
    as_of : AsOf
    """

    ids: pd.Index
    start: int
    orders: np.ndarray
    days: np.ndarray
    revenue: np.ndarray
    known: np.ndarray
    first: np.ndarray
    last: np.ndarray
    last_date: np.ndarray
    as_of: AsOf
    returns_only: np.ndarray

    @property
    def months(self) -> int:
        """Number of whole months."""
        return self.orders.shape[1]

    @property
    def calendar(self) -> np.ndarray:
        """Month of the year 0-11 of each column."""
        return (self.start + np.arange(self.months)) % 12

    def by_calendar(self, values: np.ndarray) -> np.ndarray:
        """Sums of (clients, months) over the years: (clients, 12)."""
        return values.astype(float) @ np.eye(12)[self.calendar]


def seen_as_of(panel: Any, frame: pd.DataFrame, as_of: Any = None) -> AsOf | None:
    """The moment a panel is seen at: given, kept with the result, or the last month present."""
    if as_of is not None:
        return read_as_of(as_of)
    if isinstance(panel, Result) and panel.as_of is not None:
        return panel.as_of
    if frame.empty:
        return None
    last = to_periods(frame["month"]).max()
    if "whole" in frame and not frame.loc[to_periods(frame["month"]) == last, "whole"].all():
        return read_as_of(pd.Timestamp(frame["last_date"].max()).strftime("%Y-%m-%d"))
    return read_as_of(last)


def read_panel(panel: Any, as_of: Any = None) -> tuple[pd.DataFrame, AsOf | None]:
    """A long or wide panel as a long table with every column, up to ``as_of``, and that moment."""
    frame = as_table(panel)
    if "client_id" not in frame.columns and "month" not in frame.columns and len(frame.columns):
        frame = _longer(frame)
    missing = [name for name in ("client_id", "month") if name not in frame.columns]
    if missing or not {"revenue", "orders"} & set(frame.columns):
        raise DataError(
            f"A panel needs client_id, month and revenue or orders; columns: {', '.join(map(str, frame.columns))}.",
            "Make it with la.monthly_panel.",
        )
    if frame["client_id"].isna().any():  # nobody's money: `load` counts such rows among the findings
        frame = frame[frame["client_id"].notna()]
    seen = seen_as_of(panel, frame, as_of)
    number = month_number(frame["month"]) if len(frame) else np.array([], dtype=np.int64)
    revenue = (frame["revenue"] if "revenue" in frame else pd.Series(np.nan, frame.index)).astype("float64")
    if "orders" in frame:
        orders = frame["orders"].astype("Float64")
    else:
        orders = (revenue > 0).astype("Float64").mask(revenue.isna())
    if "last_date" in frame:
        last = pd.to_datetime(frame["last_date"]).to_numpy().astype("datetime64[D]")
    else:
        last = _month_ends(number)
        last[orders.fillna(0).to_numpy() == 0] = np.datetime64("NaT")
    if seen is not None:
        last = np.minimum(last, seen.date.to_datetime64().astype("datetime64[D]"))
    full = pd.DataFrame({
        "client_id": _plain(frame["client_id"]).array,
        "number": number,
        "orders": orders.array,
        "revenue": revenue.to_numpy(),
        "gross_profit": (
            frame["gross_profit"].astype("float64").to_numpy() if "gross_profit" in frame else np.nan
        ),
        "last_date": last.astype("datetime64[us]"),
        "days": frame.get("days", orders).astype("Float64").array,
    })  # fmt: skip
    if seen is not None:
        limit = seen.number
        full = full[full["number"] <= limit].reset_index(drop=True)
    return full, seen


def _month_ends(number: np.ndarray) -> np.ndarray:
    """Last day of each month by its number, datetime64[D]."""
    next_month = np.asarray(number, dtype=np.int64) - 1970 * 12 + 1
    return next_month.astype("datetime64[M]").astype("datetime64[D]") - 1


def _plain(ids: pd.Series) -> pd.Series:
    """Ids without their categories, which cannot be compared or sorted."""
    return ids.astype(ids.cat.categories.dtype) if isinstance(ids.dtype, pd.CategoricalDtype) else ids


def _longer(wide: pd.DataFrame) -> pd.DataFrame:
    months = to_periods(wide.columns)
    rows, columns = wide.shape
    return pd.DataFrame({
        "client_id": wide.index.repeat(columns),
        "month": np.tile(months.to_timestamp(), rows),
        "revenue": wide.to_numpy(dtype=float).ravel(),
    })  # fmt: skip


def grid(panel: Any, as_of: Any = None) -> Grid | None:
    """The dense arrays of a panel, or None where no client has an order."""
    full, seen = read_panel(panel, as_of)
    buys = full["orders"].fillna(0).to_numpy() > 0
    if seen is None or not buys.any():
        return None
    codes, ids = pd.factorize(full["client_id"])
    rank = id_rank(pd.Index(ids))
    ids = pd.Index(ids)[np.argsort(rank)]
    row = rank[codes]
    # A client known by returns alone has bought before: its returns stand for orders.
    bought = np.zeros(len(ids), dtype=bool)
    bought[row[buys]] = True
    returned = ~bought[row] & full["revenue"].fillna(0).ne(0).to_numpy()
    buys |= returned
    full = full.assign(orders=full["orders"].mask(returned, 1), days=full["days"].mask(returned, 1))
    ordered = bought.copy()
    bought[row[buys]] = True
    returns_only = ~ordered[bought]
    ids, row, keep = ids[bought], (np.cumsum(bought) - 1)[row], bought[row]
    full, row, buys = full[keep], row[keep], buys[keep]
    number = full["number"].to_numpy()
    start = int(number[buys].min())
    end = max(seen.last_whole_number, start - 1)
    shape = (len(ids), end - start + 1)
    inside = (number >= start) & (number <= end)
    place = (row[inside], number[inside] - start)
    orders, days, revenue = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    known = np.ones(shape, dtype=bool)
    np.add.at(orders, place, full["orders"].fillna(0).to_numpy(dtype=np.int64)[inside])
    np.add.at(days, place, full["days"].fillna(0).to_numpy(dtype=np.int64)[inside])
    np.add.at(revenue, place, to_minor(full["revenue"]).fillna(0).to_numpy(dtype=np.int64)[inside])
    gap = inside & full["revenue"].isna().to_numpy() & full["orders"].isna().to_numpy()
    known[row[gap], number[gap] - start] = False
    first = np.full(len(ids), np.iinfo(np.int64).max)
    last = np.full(len(ids), -1)
    np.minimum.at(first, row[buys], number[buys] - start)
    np.maximum.at(last, row[buys], number[buys] - start)
    day = np.full(len(ids), np.iinfo(np.int64).min)
    ends = _month_ends(number)
    dates = full["last_date"].to_numpy().astype("datetime64[D]")
    dates = np.where(np.isnat(dates), np.minimum(ends, seen.date.to_datetime64().astype("datetime64[D]")), dates)
    np.maximum.at(day, row[buys], dates[buys].astype(np.int64))
    return Grid(ids, start, orders, days, revenue, known, first, last, day.astype("datetime64[D]"), seen, returns_only)
