"""A panel of clients and months as one array of volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..months import AsOf, from_number, to_periods
from ..months import as_of as read_as_of
from ..results import Result, as_table

__all__ = ["Volume", "read_volume"]


@dataclass(frozen=True, eq=False)
class Volume:
    """Monthly volume, clients × whole months.

    Attributes
    ----------
    ids : pandas.Index
        Clients in the order of the source.
    values : float array (clients, months)
        NaN = no data (a gap, or before the first purchase), 0 = a month without purchase.
    start : int
        Number of the first month (year·12 + month − 1).
    as_of : AsOf or None
        None where the source holds nothing.
    """

    ids: pd.Index
    values: np.ndarray
    start: int
    as_of: AsOf | None

    @property
    def months(self) -> pd.DatetimeIndex:
        """First day of each month."""
        return from_number(self.start + np.arange(self.values.shape[1]))

    def until(self, month: int) -> Volume:
        """The same panel as it was known when ``month`` (position) was the last one."""
        seen = read_as_of(from_number([self.start + month])[0])
        return Volume(self.ids, self.values[:, : month + 1], self.start, seen)


def read_volume(panel: Any, as_of: Any = None) -> Volume:
    """Read a long or wide panel up to the last whole month of ``as_of``.

    Raises
    ------
    DataError
        Columns are missing or months cannot be read.
    """
    frame = as_table(panel)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"A panel is a table, got {type(frame).__name__}.", "Make it with la.monthly_panel.")
    long = bool({"client_id", "month", "revenue"} & set(map(str, frame.columns)))
    if long:
        missing = [name for name in ("client_id", "month", "revenue") if name not in frame.columns]
        if missing:
            raise DataError(
                f"The panel lacks {', '.join(missing)}; columns: {', '.join(map(str, frame.columns))}.",
                nearest(missing[0], map(str, frame.columns)),
            )
    if as_of is None and isinstance(panel, Result):
        as_of = panel.as_of
    return _from_long(frame, as_of) if long else _from_wide(frame, as_of)


def _from_wide(frame: pd.DataFrame, as_of: Any) -> Volume:
    if not len(frame.columns) or not len(frame):
        # One month without data instead of none: the steps that follow need no case of their own.
        return Volume(
            frame.index, np.full((len(frame), 1), np.nan), 0, read_as_of(as_of) if as_of is not None else None
        )
    periods = to_periods(frame.columns, "columns")
    if periods.has_duplicates or periods.hasnans:
        raise DataError("Columns of a wide panel must be different months.", "Write them as 'yyyy-mm'.")
    numbers = _numbers(periods)
    seen = read_as_of(as_of, periods.max())
    start = int(numbers.min())
    source = frame.to_numpy(dtype=float, na_value=np.nan)
    end = min(int(numbers.max()), _last_whole(seen))
    inside = numbers <= end
    values = np.full((len(frame), max(end - start + 1, 0)), np.nan)
    values[:, numbers[inside] - start] = source[:, inside]
    return Volume(frame.index, _begin(values), start, seen)


def _from_long(frame: pd.DataFrame, as_of: Any) -> Volume:
    if not len(frame):
        empty = read_as_of(as_of) if as_of is not None else None
        return Volume(pd.Index(frame["client_id"]), np.full((0, 1), np.nan), 0, empty)
    codes, month_codes = pd.factorize(frame["month"])
    if (codes < 0).any():
        raise DataError("Column 'month' holds empty months.", "Fill them or drop these rows.")
    numbers = _numbers(to_periods(month_codes))[codes]
    seen = read_as_of(_last_seen(frame, numbers) if as_of is None else as_of)
    rows, ids = pd.factorize(frame["client_id"])
    revenue = frame["revenue"].to_numpy(dtype=float, na_value=np.nan)
    start, end = int(numbers.min()), _last_whole(seen)
    keep = (rows >= 0) & (numbers <= end)
    width = max(end - start + 1, 0)
    place = rows[keep].astype(np.int64) * width + (numbers[keep] - start)
    # A missing row is a month without purchase, a null is not known: bincount keeps the null as NaN.
    values = np.bincount(place, weights=revenue[keep], minlength=len(ids) * width).reshape(len(ids), width)
    return Volume(pd.Index(ids, name="client_id"), _begin(values), start, seen)


def _numbers(periods: pd.PeriodIndex) -> np.ndarray:
    return np.asarray(periods.year, dtype=np.int64) * 12 + np.asarray(periods.month, dtype=np.int64) - 1


def _last_whole(seen: AsOf) -> int:
    return seen.last_whole_number


def _last_seen(frame: pd.DataFrame, numbers: np.ndarray) -> Any:
    """The last month present; the month before its end where the panel says that it is unfinished."""
    month = from_number([numbers.max()])[0]
    last = numbers == numbers.max()
    if "whole" in frame and not frame["whole"].to_numpy(dtype=bool)[last].all():
        return f"{month:%Y-%m}-01"
    return month


def _begin(values: np.ndarray) -> np.ndarray:
    """Before the first purchase there is no client yet; returns above purchases are no volume."""
    values = np.where(values < 0, 0.0, values)
    begun = np.cumsum(values > 0, axis=1) > 0
    return np.where(begun, values, np.nan)
