"""Months and the day as of which a report sees its data.

Months are month-start timestamps in public tables, Periods in code that computes with them and
the integer year·12 + month − 1 where engines of several kinds must agree.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .errors import DataError

__all__ = ["AsOf", "as_of", "from_number", "month_number", "month_start", "to_periods"]

_MONTH = re.compile(r"\d{4}-\d\d")
_ISO = re.compile(r"\d{4}-\d\d(-\d\d([T ].*)?)?")


@dataclass(frozen=True)
class AsOf:
    """The moment up to which data are seen.

    Attributes
    ----------
    end : pandas.Timestamp
        Last second that counts.
    whole : bool
        False where ``end`` lies inside a month: that month is unfinished and is never compared
        with whole ones.
    """

    end: pd.Timestamp
    whole: bool

    @property
    def month(self) -> pd.Period:
        """Month of the last day seen, finished or not."""
        return self.end.to_period("M")

    @property
    def last_whole(self) -> pd.Period:
        """Last finished month."""
        return self.month if self.whole else self.month - 1

    @property
    def number(self) -> int:
        """`month` as year·12 + month − 1."""
        return self.month.year * 12 + self.month.month - 1

    @property
    def last_whole_number(self) -> int:
        """`last_whole` as year·12 + month − 1."""
        return self.last_whole.year * 12 + self.last_whole.month - 1

    @property
    def date(self) -> pd.Timestamp:
        """Midnight of the last day seen."""
        return self.end.normalize()

    def __str__(self) -> str:
        return str(self.month) if self.whole else f"{self.end:%Y-%m-%d}"


def as_of(value: Any = None, latest: Any = None) -> AsOf:
    """Read a month or a day.

    Parameters
    ----------
    value : str, Period, Timestamp, date, AsOf or None
        'yyyy-mm', a monthly Period or a month-start Timestamp (the way tables hold months) is a
        whole month. A date, an ISO date string or any other Timestamp is a day and counts to its
        last second; the last day of a month makes that month whole.
    latest : any of the same
        Taken where ``value`` is None: the last month present in the data.

    Raises
    ------
    DataError
        Where neither is given, or the text is no month and no day.

    Examples
    --------
    >>> as_of("2026-10").end
    Timestamp('2026-10-31 23:59:59.999999')
    >>> as_of("2026-10-15").last_whole
    Period('2026-09', 'M')
    """
    value = latest if value is None else value
    if isinstance(value, AsOf):
        return value
    if value is None or value is pd.NaT:
        raise DataError("No month is known.", "Give as_of='yyyy-mm' or data with at least one row.")
    if isinstance(value, pd.Period):
        return _whole(value.asfreq("M"))
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, str):
        text = value.strip()
        try:
            if _MONTH.fullmatch(text):
                return _whole(pd.Period(text, "M"))
            return _day(pd.Timestamp(dt.date.fromisoformat(text[:10])))
        except ValueError:
            raise DataError(f"{value!r} is neither a month nor a day.", "Write '2026-10' or '2026-10-31'.") from None
    if isinstance(value, dt.datetime):  # pandas.Timestamp too
        stamp = pd.Timestamp(value).tz_localize(None)
        return _whole(stamp.to_period("M")) if stamp == stamp.to_period("M").start_time else _day(stamp)
    if isinstance(value, dt.date):
        return _day(pd.Timestamp(value))
    raise DataError(
        f"{value!r} ({type(value).__name__}) is neither a month nor a day.", "Write '2026-10' or '2026-10-31'."
    )


def _last_second(day: pd.Timestamp) -> pd.Timestamp:
    return (day.normalize() + pd.Timedelta(days=1)).as_unit("us") - pd.Timedelta(microseconds=1)


def _whole(month: pd.Period) -> AsOf:
    return AsOf(_last_second(month.to_timestamp(how="end")), True)


def _day(day: pd.Timestamp) -> AsOf:
    return AsOf(_last_second(day), bool(day.is_month_end))


def to_periods(values: Any, name: str = "month") -> pd.PeriodIndex:
    """Months in any of the accepted forms as monthly Periods (missing stays NaT).

    >>> to_periods(["2026-09", "2026-10"])
    PeriodIndex(['2026-09', '2026-10'], dtype='period[M]')
    """
    if isinstance(values, pd.PeriodIndex):
        return values.asfreq("M")
    column = pd.Series(values)
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(column).asfreq("M")
    if pd.api.types.is_numeric_dtype(column.dtype) and len(column) and column.notna().any():
        raise DataError(f"Column {name!r} holds numbers where months are needed.", "Write months as 'yyyy-mm'.")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.PeriodIndex(column.dt.tz_localize(None), freq="M")
    try:
        known = {value: _period(value) for value in column.dropna().unique()}
    except (ValueError, TypeError) as error:
        raise DataError(f"Column {name!r} holds no months: {error}.", "Write months as 'yyyy-mm'.") from None
    return pd.PeriodIndex(column.map(known), freq="M")


def _period(value: Any) -> pd.Period:
    # pandas reads «October» as a month of the year 1 and 05.10.2026 as May.
    if isinstance(value, str) and not _ISO.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is neither yyyy-mm nor an ISO date")
    return pd.Period(value, "M")


def month_start(values: Any, name: str = "month") -> pd.DatetimeIndex:
    """Months in any of the accepted forms as month-start timestamps.

    >>> month_start(["2026-10"])[0]
    Timestamp('2026-10-01 00:00:00')
    """
    return to_periods(values, name).to_timestamp()


def month_number(values: Any, name: str = "month") -> np.ndarray:
    """year·12 + month − 1 as int64: the key on which every engine agrees.

    >>> month_number(["1970-01", "2026-10"])
    array([23640, 24321])
    """
    periods = to_periods(values, name)
    if periods.hasnans:
        raise DataError(f"Column {name!r} holds empty months.", "Fill them or drop these rows.")
    return periods.asi8 + 1970 * 12  # a monthly Period counts from January 1970


def from_number(numbers: Any) -> pd.DatetimeIndex:
    """Inverse of `month_number`: month-start timestamps.

    >>> from_number([24321])[0]
    Timestamp('2026-10-01 00:00:00')
    """
    array = np.asarray(numbers, dtype=np.int64) - 1970 * 12
    return pd.DatetimeIndex(array.astype("datetime64[M]").astype("datetime64[us]"))
